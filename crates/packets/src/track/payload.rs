//! What kind of payload each side of a stream sends, judged by its first bytes: text as the lab's programs send it, or
//! another protocol. One look per side and stream; it is evidence for finding the lab, never an answer.

use super::protocols::{Ends, is_known_binary, is_known_text};
use super::sides::Side;

/// Bytes of a payload that are looked at.
const LOOKED_AT: usize = 64;

/// The kind of a side's first payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PayloadKind {
    /// No payload was captured.
    #[default]
    None,
    /// Text, of no protocol that is known here; its length may stand before it in binary, and zeros after it.
    Text,
    /// Binary data, of no protocol that is known here: a student's program may well send it.
    Binary,
    /// TLS (RFC 8446): which protocol is inside cannot be told.
    Tls,
    /// Another protocol than the lab's: HTTP, SSH, SIP, QUIC and the like.
    Protocol,
}

impl PayloadKind {
    /// In the order of their numbers.
    const ALL: [PayloadKind; 5] =
        [PayloadKind::None, PayloadKind::Text, PayloadKind::Binary, PayloadKind::Tls, PayloadKind::Protocol];

    pub(super) fn of(payload: &[u8], ends: Ends) -> PayloadKind {
        let start = payload.get(..LOOKED_AT).unwrap_or(payload);
        if start.is_empty() {
            return PayloadKind::None;
        }
        let ascii = |byte: &u8| matches!(byte, b'\t' | b'\n' | b'\r' | b' '..=b'~');
        // The ordinary case in a few instructions, for all bytes at once; the rest of this function says the same of it.
        if start.iter().fold(true, |all, byte| all & ascii(byte)) {
            return if is_known_text(start, payload, ends) { PayloadKind::Protocol } else { PayloadKind::Text };
        }
        if is_tls(start) {
            return PayloadKind::Tls;
        }
        let plain = |chunk: std::str::Utf8Chunk<'_>| {
            !chunk.valid().contains(|c: char| c.is_control() && !c.is_ascii_whitespace())
        };
        let mut chunks = start.utf8_chunks();
        // The last character may be cut in its middle by the look's end.
        let valid =
            chunks.next().is_some_and(|first| first.invalid().len() < 4 && plain(first)) && chunks.next().is_none();
        let cut_well = std::str::from_utf8(start).is_ok() || payload.len() > LOOKED_AT;
        let is_text = valid && cut_well || is_framed_text(payload);
        match (is_text, is_known_text(start, payload, ends)) {
            (_, true) => PayloadKind::Protocol,
            (true, false) => PayloadKind::Text,
            (false, false) if is_known_binary(payload, ends) => PayloadKind::Protocol,
            // What was cut may have gone on with anything.
            (false, false) if ends.is_whole && is_padded_text(start) => PayloadKind::Text,
            (false, false) => PayloadKind::Binary,
        }
    }
}

/// Whether this is one text behind its length in bytes, as a number of two bytes, such as Java's `writeUTF()` writes, or of four
/// in either order.
fn is_framed_text(payload: &[u8]) -> bool {
    let framed = |prefix: Option<(u64, &[u8])>| {
        prefix.is_some_and(|(length, text)| {
            let start = text.get(..LOOKED_AT).unwrap_or(text);
            let printable = |byte: &u8| matches!(byte, b'\t' | b'\n' | b'\r' | b' '..=b'~' | 0x80..);
            length == text.len() as u64 && !text.is_empty() && start.iter().all(printable)
        })
    };
    let two = payload.split_first_chunk().map(|(length, text)| (u64::from(u16::from_be_bytes(*length)), text));
    let four = payload.split_first_chunk();
    let big = four.map(|(length, text)| (u64::from(u32::from_be_bytes(*length)), text));
    let little = four.map(|(length, text)| (u64::from(u32::from_le_bytes(*length)), text));
    [two, big, little].into_iter().any(framed)
}

/// Whether this is a text with nothing but zeros after it: C programs send the one that ends a string, or a whole buffer.
fn is_padded_text(start: &[u8]) -> bool {
    let Some(last) = start.iter().rposition(|byte| *byte != 0) else { return false };
    let text = start.get(..=last).and_then(|text| std::str::from_utf8(text).ok());
    last.saturating_add(1) < start.len()
        && text.is_some_and(|text| !text.contains(|c: char| c.is_control() && !c.is_ascii_whitespace()))
}

/// A record of the TLS handshake (RFC 8446, section 5.1).
fn is_tls(start: &[u8]) -> bool {
    matches!(start, [0x16, 0x03, 0..=4, ..])
}

/// The kinds of both sides in one byte: four bits each, the originator's the lower ones.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct PayloadKinds(u8);

impl PayloadKinds {
    /// Takes note of a payload; only the first of each side counts.
    #[inline]
    pub(super) fn note(&mut self, sender: Side, payload: &[u8], ends: Ends) {
        let shift = 4 * sender as u8;
        if self.0 >> shift & 0xf == PayloadKind::None as u8 {
            self.0 |= (PayloadKind::of(payload, ends) as u8) << shift;
        }
    }

    /// The kinds, [`Side::Originator`] first.
    pub(super) fn get(self) -> [PayloadKind; 2] {
        [self.0 & 0xf, self.0 >> 4].map(|kind| PayloadKind::ALL.get(usize::from(kind)).copied().unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::Protocol;

    /// Of a client's connection to a port that no protocol is known for.
    const ENDS: Ends = Ends { protocol: Protocol::Tcp, ports: [50_000, 12_000], is_whole: true };

    fn kind_of(payload: &[u8]) -> PayloadKind {
        PayloadKind::of(payload, ENDS)
    }

    #[test]
    fn the_kinds_of_both_sides_find_room_in_a_byte() {
        for (number, kind) in (0..).zip(PayloadKind::ALL) {
            assert_eq!(kind as u8, number);
        }
        let mut kinds = PayloadKinds::default();
        kinds.note(Side::Responder, b"GET / HTTP/1.1", ENDS);
        assert_eq!(kinds.get(), [PayloadKind::None, PayloadKind::Protocol]);
        kinds.note(Side::Originator, b"\x16\x03\x01\0", ENDS);
        kinds.note(Side::Responder, b"hello", ENDS);
        assert_eq!(kinds.get(), [PayloadKind::Tls, PayloadKind::Protocol]);
    }

    #[test]
    fn typed_lines_are_text_and_protocols_are_not() {
        let long = "gr\u{fc}\u{df}e ".repeat(30);
        for text in ["hello\n", "h\u{e9}llo", "a", long.as_str()] {
            assert_eq!(kind_of(text.as_bytes()), PayloadKind::Text, "{text}");
        }
        for other in [&b"GET / HTTP/1.1\r\n"[..], b"SSH-2.0-OpenSSH", b"M-SEARCH * HTTP/1.1", b"GET /x\xff"] {
            assert_eq!(kind_of(other), PayloadKind::Protocol, "{other:?}");
        }
        for other in [
            &b"<30>Nov 29 10:00:00 raspberrypi systemd[1]: Started"[..],
            b"<165>1 2003-10-11T22:14:15.003Z mymachine.example.com evntslog - ID47",
            b"web.requests:0|c",
            b"*1\r\n$4\r\nPING\r\n",
            b"api.login.time:12.5|ms|@0.1\nweb.requests:1|c",
        ] {
            assert_eq!(kind_of(other), PayloadKind::Protocol, "{other:?}");
        }
        for own in ["<3", "<1>one", "<999>Nov 29", "a:b|c", "temperature:20|C", "temperature:20|c", "10.0:1|2|3"] {
            assert_eq!(kind_of(own.as_bytes()), PayloadKind::Text, "{own}");
        }
        for own in ["*1\r\n", "*** $5", "GET name", "REGISTER echo 127.0.0.1 3000", "PUT it there"] {
            assert_eq!(kind_of(own.as_bytes()), PayloadKind::Text, "{own}");
        }
        for framed in [&b"\0\0\0\x05hello"[..], b"\x05\0\0\0hello", b"\0\x05hello", b"\0\x06gr\xc3\xbc\xc3\x9f"] {
            assert_eq!(kind_of(framed), PayloadKind::Text, "{framed:?}");
        }
        let buffer = [&b"gr\xc3\xbc\xc3\x9fe\n"[..], &[0; 1016]].concat();
        for padded in [&b"hello\0"[..], b"a\0\0\0", &buffer] {
            assert_eq!(kind_of(padded), PayloadKind::Text, "{padded:?}");
            let cut = Ends { is_whole: false, ..ENDS };
            assert_eq!(PayloadKind::of(padded, cut), PayloadKind::Binary, "{padded:?}");
        }
        for other in [&b"/ping\0\0\0,\0\0\0"[..], b"<30>Nov 29 10:00:00 raspberrypi systemd[1]: Started\0"] {
            assert_eq!(
                PayloadKind::of(other, Ends { protocol: Protocol::Udp, ..ENDS }),
                PayloadKind::Protocol,
                "{other:?}"
            );
        }
        let numbers = b"\0\x02\x01a";
        for binary in [&b"ab\xff\xfe"[..], b"\0\0\0", b"\0\0\0\x06hello", numbers, b"\0\0\0\0", b"a\0b\0", b"a\x01\0"] {
            assert_eq!(kind_of(binary), PayloadKind::Binary, "{binary:?}");
        }
        assert_eq!(kind_of(b"\x16\x03\x01\0"), PayloadKind::Tls);
        assert_eq!(kind_of(b""), PayloadKind::None);
    }
}
