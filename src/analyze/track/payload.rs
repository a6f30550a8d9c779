//! What kind of payload each side of a stream sends, judged by its first bytes: text as the lab's programs send it, or
//! another protocol. One look per side and stream; it is evidence for finding the lab, never an answer.

use super::model::Side;

/// Bytes of a payload that are looked at.
const LOOKED_AT: usize = 64;

/// How protocols begin that are text but not the lab's: HTTP (RFC 9112), RTSP, SSDP, SSH (RFC 4253), SIP, SMTP and FTP.
const OTHER_PROTOCOLS: [&[u8]; 15] = [
    b"GET ",
    b"POST ",
    b"HEAD ",
    b"PUT ",
    b"OPTIONS ",
    b"CONNECT ",
    b"HTTP/",
    b"RTSP/",
    b"NOTIFY ",
    b"M-SEARCH ",
    b"SSH-",
    b"REGISTER ",
    b"INVITE ",
    b"EHLO ",
    b"SIP/",
];

/// The kind of a side's first payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PayloadKind {
    /// No payload was captured.
    #[default]
    None,
    /// Text, of no protocol that is known here.
    Text,
    /// Binary data, or text of another protocol.
    Other,
}

impl PayloadKind {
    fn of(payload: &[u8]) -> PayloadKind {
        let start = payload.get(..LOOKED_AT).unwrap_or(payload);
        if start.is_empty() {
            return PayloadKind::None;
        }
        let ascii = |byte: &u8| matches!(byte, b'\t' | b'\n' | b'\r' | b' '..=b'~');
        // The ordinary case in a few instructions, for all bytes at once; the rest of this function says the same of it.
        if start.iter().fold(true, |all, byte| all & ascii(byte)) {
            return if is_other_protocol(start) { PayloadKind::Other } else { PayloadKind::Text };
        }
        let plain = |chunk: std::str::Utf8Chunk<'_>| {
            !chunk.valid().contains(|c: char| c.is_control() && !c.is_ascii_whitespace())
        };
        let mut chunks = start.utf8_chunks();
        // The last character may be cut in its middle by the look's end.
        let valid =
            chunks.next().is_some_and(|first| first.invalid().len() < 4 && plain(first)) && chunks.next().is_none();
        let cut_well = std::str::from_utf8(start).is_ok() || payload.len() > LOOKED_AT;
        if valid && cut_well && !is_other_protocol(start) { PayloadKind::Text } else { PayloadKind::Other }
    }
}

fn is_other_protocol(start: &[u8]) -> bool {
    start.first().is_some_and(u8::is_ascii_uppercase)
        && OTHER_PROTOCOLS.iter().any(|protocol| start.starts_with(protocol))
}

/// The kinds of both sides, packed.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct PayloadKinds([PayloadKind; 2]);

impl PayloadKinds {
    /// Takes note of a payload; only the first of each side counts.
    #[inline]
    pub(super) fn note(&mut self, sender: Side, payload: &[u8]) {
        let kind = super::sides::side_mut(&mut self.0, sender);
        if *kind == PayloadKind::None {
            *kind = PayloadKind::of(payload);
        }
    }

    /// The kinds, [`Side::A`] first.
    pub(super) fn get(self) -> [PayloadKind; 2] {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typed_lines_are_text_and_protocols_are_not() {
        let long = "gr\u{fc}\u{df}e ".repeat(30);
        for text in ["hello\n", "h\u{e9}llo", "a", long.as_str()] {
            assert_eq!(PayloadKind::of(text.as_bytes()), PayloadKind::Text, "{text}");
        }
        for other in [&b"\x16\x03\x01"[..], b"GET / HTTP/1.1\r\n", b"SSH-2.0-OpenSSH", b"ab\xff\xfe", b"\0\0\0"] {
            assert_eq!(PayloadKind::of(other), PayloadKind::Other, "{other:?}");
        }
        assert_eq!(PayloadKind::of(b""), PayloadKind::None);
    }
}
