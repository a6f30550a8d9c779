//! What kind of payload each side of a stream sends, judged by its first bytes: text as the lab's programs send it, or
//! another protocol. One look per side and stream; it is evidence for finding the lab, never an answer.

use super::sides::Side;

/// Bytes of a payload that are looked at.
const LOOKED_AT: usize = 64;

/// How other protocols begin, whatever follows: SSH (RFC 4253), HTTP (RFC 9112) and RTSP answers, SIP, RFB (RFC 6143), and
/// the greetings of SMTP and FTP, POP3 and IMAP servers (RFC 5321, 959, 1939, 9051).
const BEGINNINGS: [&[u8]; 9] = [b"SSH-", b"HTTP/", b"RTSP/", b"SIP/", b"RFB 0", b"220 ", b"220-", b"+OK ", b"* OK "];

/// The methods of HTTP (RFC 9110, section 9), RTSP, SSDP and SIP. A line of a student's program may begin so too: only a
/// target behind it that these protocols have makes it theirs.
const METHODS: [&[u8]; 12] = [
    b"GET ",
    b"POST ",
    b"HEAD ",
    b"PUT ",
    b"DELETE ",
    b"OPTIONS ",
    b"CONNECT ",
    b"DESCRIBE ",
    b"NOTIFY ",
    b"M-SEARCH ",
    b"REGISTER ",
    b"INVITE ",
];

/// The kind of a side's first payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PayloadKind {
    /// No payload was captured.
    #[default]
    None,
    /// Text, of no protocol that is known here; its length may stand before it in binary.
    Text,
    /// Binary data, of no protocol that is known here: a student's program may well send it.
    Binary,
    /// TLS (RFC 8446): which protocol is inside cannot be told.
    Tls,
    /// Another protocol: HTTP, SSH, SIP, SSDP and the like.
    Protocol,
}

impl PayloadKind {
    /// In the order of their numbers.
    const ALL: [PayloadKind; 5] =
        [PayloadKind::None, PayloadKind::Text, PayloadKind::Binary, PayloadKind::Tls, PayloadKind::Protocol];

    fn of(payload: &[u8]) -> PayloadKind {
        let start = payload.get(..LOOKED_AT).unwrap_or(payload);
        if start.is_empty() {
            return PayloadKind::None;
        }
        let ascii = |byte: &u8| matches!(byte, b'\t' | b'\n' | b'\r' | b' '..=b'~');
        // The ordinary case in a few instructions, for all bytes at once; the rest of this function says the same of it.
        if start.iter().fold(true, |all, byte| all & ascii(byte)) {
            return if is_other_protocol(start) { PayloadKind::Protocol } else { PayloadKind::Text };
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
        match (is_other_protocol(start), valid && cut_well || is_framed_text(payload)) {
            (true, _) => PayloadKind::Protocol,
            (false, true) => PayloadKind::Text,
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

/// A record of the TLS handshake (RFC 8446, section 5.1).
fn is_tls(start: &[u8]) -> bool {
    matches!(start, [0x16, 0x03, 0..=4, ..])
}

fn is_other_protocol(start: &[u8]) -> bool {
    // The first byte rules out nearly all.
    let likely = |beginning: &&&[u8]| beginning.first() == start.first();
    is_log(start)
        || is_metric(start)
        || is_redis(start)
        || BEGINNINGS.iter().filter(likely).any(|beginning| start.starts_with(beginning))
        || METHODS.iter().filter(likely).filter_map(|method| start.strip_prefix(*method)).any(is_target)
}

/// Whether this begins as a message of syslog: the priority in angle brackets, up to 191, and behind it the version 1 (RFC
/// 5424, section 6) or the name of a month (RFC 3164, section 4.1.2).
fn is_log(start: &[u8]) -> bool {
    const MONTHS: [&[u8]; 12] =
        [b"Jan ", b"Feb ", b"Mar ", b"Apr ", b"May ", b"Jun ", b"Jul ", b"Aug ", b"Sep ", b"Oct ", b"Nov ", b"Dec "];
    let Some(rest) = start.strip_prefix(b"<") else { return false };
    let Some(end) = rest.iter().take(4).position(|byte| *byte == b'>') else { return false };
    let (priority, message) = rest.split_at(end);
    let message = message.strip_prefix(b">").unwrap_or(message);
    let priority = std::str::from_utf8(priority).ok().filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
    priority.and_then(|digits| digits.parse::<u8>().ok()).is_some_and(|priority| priority <= 191)
        && (message.starts_with(b"1 ") || MONTHS.iter().any(|month| message.starts_with(month)))
}

/// Whether this begins as a metric of StatsD, `name:value|type`, with nothing behind the type but a rate, tags or the next
/// metric (the specification of its repository, `docs/metric_types.md`).
fn is_metric(start: &[u8]) -> bool {
    const TYPES: [&[u8]; 6] = [b"c", b"g", b"h", b"ms", b"s", b"d"];
    // Of all bytes at once, which is soon done: nearly no payload has one.
    if !start.iter().fold(false, |any, byte| any | (*byte == b'|')) {
        return false;
    }
    let Some(colon) = start.iter().position(|byte| *byte == b':') else { return false };
    let (name, rest) = start.split_at(colon);
    let mut parts = rest.split(|byte| *byte == b'\n').next().unwrap_or(rest).split(|byte| *byte == b'|');
    let (Some(value), Some(kind)) = (parts.next().and_then(|value| value.strip_prefix(b":")), parts.next()) else {
        return false;
    };
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || b"._-/".contains(byte);
    let is_number = |byte: &u8| byte.is_ascii_digit() || b"+-.".contains(byte);
    let is_known = TYPES.contains(&kind.strip_suffix(b"\r").unwrap_or(kind));
    let goes_on = |part: &[u8]| part.starts_with(b"@") || part.starts_with(b"#");
    // A name of several parts: a student's program may well send a letter behind a number.
    let is_path = name.contains(&b'.') && name.iter().all(is_name);
    is_path && is_known && !value.is_empty() && value.iter().all(is_number) && parts.all(goes_on)
}

/// Whether this begins as a command of Redis: an array of strings, each behind its length (its protocol's specification,
/// RESP, "Sending commands to a Redis server").
fn is_redis(start: &[u8]) -> bool {
    let number = |mark: u8, rest: &[u8]| -> Option<usize> {
        let digits = rest.strip_prefix(&[mark])?;
        let length = digits.iter().take_while(|byte| byte.is_ascii_digit()).count();
        (length > 0 && digits.get(length..)?.starts_with(b"\r\n")).then_some(length.saturating_add(3))
    };
    let array = number(b'*', start).and_then(|length| start.get(length..));
    array.is_some_and(|strings| number(b'$', strings).is_some())
}

/// Whether this begins as the target of a request: a path, `*`, or an address with its scheme (RFC 9112, section 3.2; RFC
/// 3261, section 7.1); or, as CONNECT has it, anything with the protocol's version after it.
fn is_target(rest: &[u8]) -> bool {
    let begins = |with: &[u8]| rest.starts_with(with);
    let schemes: [&[u8]; 6] = [b"/", b"*", b"http:", b"https:", b"rtsp:", b"sip:"];
    schemes.into_iter().any(begins) || rest.windows(6).any(|part| part == b" HTTP/")
}

/// The kinds of both sides in one byte: four bits each, the originator's the lower ones.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct PayloadKinds(u8);

impl PayloadKinds {
    /// Takes note of a payload; only the first of each side counts.
    #[inline]
    pub(super) fn note(&mut self, sender: Side, payload: &[u8]) {
        let shift = 4 * sender as u8;
        if self.0 >> shift & 0xf == PayloadKind::None as u8 {
            self.0 |= (PayloadKind::of(payload) as u8) << shift;
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

    #[test]
    fn the_kinds_of_both_sides_find_room_in_a_byte() {
        for (number, kind) in (0..).zip(PayloadKind::ALL) {
            assert_eq!(kind as u8, number);
        }
        let mut kinds = PayloadKinds::default();
        kinds.note(Side::Responder, b"GET / HTTP/1.1");
        assert_eq!(kinds.get(), [PayloadKind::None, PayloadKind::Protocol]);
        kinds.note(Side::Originator, b"\x16\x03\x01\0");
        kinds.note(Side::Responder, b"hello");
        assert_eq!(kinds.get(), [PayloadKind::Tls, PayloadKind::Protocol]);
    }

    #[test]
    fn typed_lines_are_text_and_protocols_are_not() {
        let long = "gr\u{fc}\u{df}e ".repeat(30);
        for text in ["hello\n", "h\u{e9}llo", "a", long.as_str()] {
            assert_eq!(PayloadKind::of(text.as_bytes()), PayloadKind::Text, "{text}");
        }
        for other in [&b"GET / HTTP/1.1\r\n"[..], b"SSH-2.0-OpenSSH", b"M-SEARCH * HTTP/1.1", b"GET /x\xff"] {
            assert_eq!(PayloadKind::of(other), PayloadKind::Protocol, "{other:?}");
        }
        for other in [
            &b"<30>Nov 29 10:00:00 raspberrypi systemd[1]: Started"[..],
            b"<165>1 2003-10-11T22:14:15.003Z mymachine.example.com evntslog - ID47",
            b"web.requests:0|c",
            b"*1\r\n$4\r\nPING\r\n",
            b"api.login.time:12.5|ms|@0.1\nweb.requests:1|c",
        ] {
            assert_eq!(PayloadKind::of(other), PayloadKind::Protocol, "{other:?}");
        }
        for own in ["<3", "<1>one", "<999>Nov 29", "a:b|c", "temperature:20|C", "temperature:20|c", "10.0:1|2|3"] {
            assert_eq!(PayloadKind::of(own.as_bytes()), PayloadKind::Text, "{own}");
        }
        for own in ["*1\r\n", "*** $5", "GET name", "REGISTER echo 127.0.0.1 3000", "PUT it there"] {
            assert_eq!(PayloadKind::of(own.as_bytes()), PayloadKind::Text, "{own}");
        }
        for framed in [&b"\0\0\0\x05hello"[..], b"\x05\0\0\0hello", b"\0\x05hello", b"\0\x06gr\xc3\xbc\xc3\x9f"] {
            assert_eq!(PayloadKind::of(framed), PayloadKind::Text, "{framed:?}");
        }
        for binary in [&b"ab\xff\xfe"[..], b"\0\0\0", b"\0\0\0\x06hello", b"\0\x02\x01a", b"\0\0\0\0", b"\0\0"] {
            assert_eq!(PayloadKind::of(binary), PayloadKind::Binary, "{binary:?}");
        }
        assert_eq!(PayloadKind::of(b"\x16\x03\x01\0"), PayloadKind::Tls);
        assert_eq!(PayloadKind::of(b""), PayloadKind::None);
    }
}
