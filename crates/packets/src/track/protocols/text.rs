//! Protocols whose messages are text, told by their first one. What students' programs send is text as well, at any port: a
//! word alone makes nothing a protocol's.

use super::ends::Ends;
use crate::types::Protocol;

/// How other protocols begin, whatever follows: SSH (RFC 4253), HTTP (RFC 9112, 9113) and RTSP answers, SIP, RFB (RFC 6143),
/// the greetings of NATS, gpsd and rsync, of the Music Player Daemon and debuggers of Java, STOMP, requests of RTSP (RFC 7826)
/// and SIP (RFC 3261) that name what they are for, and registering at IRC (RFC 2812).
const BEGINNINGS: [&[u8]; 27] = [
    b"SSH-",
    b"HTTP/",
    b"PRI * HTTP/2.0\r\n",
    b"RTSP/",
    b"SIP/",
    b"RFB 0",
    b"INFO {\"server_id\":",
    b"{\"class\":\"VERSION\",\"release\":",
    b"@RSYNCD: ",
    b"OK MPD ",
    b"JDWP-Handshake",
    b"CONNECT\naccept-version:",
    b"STOMP\naccept-version:",
    b"SETUP rtsp:",
    b"PLAY rtsp:",
    b"ANNOUNCE rtsp:",
    b"ACK sip:",
    b"BYE sip:",
    b"CANCEL sip:",
    b"MESSAGE sip:",
    b"PUBLISH sip:",
    b"SUBSCRIBE sip:",
    b"CAP LS 30",
    b"CAP LS\r\n",
    b"NOTICE AUTH :",
    b"DIST00000001",
    b"# munin node at ",
];

/// The same of programs that have connections only, and no datagrams: the greetings of SMTP and FTP, POP3 and IMAP servers
/// (RFC 5321, 959, 1939, 9051), and printers (HP's Printer Job Language).
const GREETINGS: [&[u8]; 5] = [b"220 ", b"220-", b"+OK ", b"* OK ", b"\x1b%-12345X@PJL"];

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

/// Whether this is the start of a message of a protocol of text; `payload` is all of it.
pub(in crate::track) fn is_known(start: &[u8], payload: &[u8], ends: Ends) -> bool {
    // The first byte rules out nearly all.
    let likely = |beginning: &&&[u8]| beginning.first() == start.first();
    is_log(start)
        || is_metric(start)
        || is_redis(start)
        || is_irc(start)
        || names_protocol(start)
        || ends.protocol == Protocol::Tcp && (is_debuggers(payload) || is_of_clamd(payload) || is_of_adb(payload))
        || BEGINNINGS.iter().filter(likely).any(|beginning| start.starts_with(beginning))
        || ends.protocol == Protocol::Tcp && GREETINGS.iter().any(|greeting| start.starts_with(greeting))
        || METHODS
            .iter()
            .filter(likely)
            .filter_map(|method| start.strip_prefix(*method))
            .any(|rest| is_target(rest, ends))
        || is_on_its_port(start, payload, ends)
}

/// Whether this is like the protocol that a port is known for, which without it would not be enough.
fn is_on_its_port(start: &[u8], payload: &[u8], ends: Ends) -> bool {
    let line = start.split(|byte| *byte == b'\n').next().unwrap_or(start);
    ends.protocol == Protocol::Tcp
        && ends.ports.into_iter().any(|port| match port {
            // An answer of Redis (RESP): its kind, and behind its first line the end that it has.
            6379 => matches!(start, [b'+' | b'-' | b':' | b'$' | b'*', ..]) && line.ends_with(b"\r"),
            11_211 => line.ends_with(b"\r") && is_memcached(line),
            2003 => is_graphite(line),
            5201 => is_iperf(payload),
            _ => false,
        })
        || ends.protocol == Protocol::Udp && ends.is_on([8089]) && is_influx(line)
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
/// 3261, section 7.1); or, as CONNECT has it, anything with the protocol's version after it. In datagrams nobody asks for a path.
fn is_target(rest: &[u8], ends: Ends) -> bool {
    let begins = |with: &[u8]| rest.starts_with(with);
    let schemes: [&[u8]; 5] = [b"*", b"http:", b"https:", b"rtsp:", b"sip:"];
    let is_path = ends.protocol == Protocol::Tcp && (begins(b"/") || rest.windows(6).any(|part| part == b" HTTP/"));
    is_path || schemes.into_iter().any(begins)
}

/// Whether this begins as what a server of IRC says, with its name and a number of three digits, or what it says on with who said
/// it; or as a client registers, with both of its names in as many lines (RFC 2812, sections 2.3 and 3.1).
fn is_irc(start: &[u8]) -> bool {
    let words = |line: &[u8]| -> usize { line.split(|byte| *byte == b' ').filter(|word| !word.is_empty()).count() };
    match start {
        [b':', rest @ ..] => {
            let mut words = rest.split(|byte| *byte == b' ');
            let sender = words.next().unwrap_or_default();
            let (word, more) = (words.next().unwrap_or_default(), words.next().is_some());
            let is_server = sender.contains(&b'.') && (word == b"NOTICE" || word.iter().all(u8::is_ascii_digit));
            let is_user = sender.contains(&b'!') && sender.contains(&b'@') && word.iter().all(u8::is_ascii_uppercase);
            more && word.len() >= 3 && (is_server && matches!(word.len(), 3 | 6) || is_user)
        }
        [b'N' | b'P' | b'U', ..] => {
            let mut lines = start.split(|byte| *byte == b'\n').filter_map(|line| line.strip_suffix(b"\r"));
            let (first, second) = (lines.next().unwrap_or_default(), lines.next().unwrap_or_default());
            let is_user = |line: &[u8]| line.starts_with(b"USER ") && words(line) >= 5;
            let is_nick = |line: &[u8]| [&b"NICK "[..], b"PASS "].iter().any(|word| line.starts_with(word));
            is_nick(first) && (is_user(second) || is_nick(second)) || is_user(first) && is_nick(second)
        }
        _ => false,
    }
}

/// Whether this is JSON that names its protocol: KDE Connect's, or, behind the length of it, that of debuggers and language
/// servers; or XML that opens a stream of XMPP (RFC 6120, section 4.2), or a line of Git's (its pack protocol).
fn names_protocol(start: &[u8]) -> bool {
    let has = |part: &[u8]| start.windows(part.len()).any(|window| window == part);
    match start {
        [b'{', ..] => has(b"\"kdeconnect."),
        [b'C', ..] => {
            let rest = start.strip_prefix(b"Content-Length: ").unwrap_or_default();
            let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
            digits > 0 && rest.get(digits..).is_some_and(|rest| rest.starts_with(b"\r\n\r\n{"))
        }
        [b'<', ..] => has(b"<stream:stream"),
        [b'0', ..] => start.get(4..).is_some_and(|rest| rest.starts_with(b"git-")),
        _ => false,
    }
}

/// Whether this is a request to the server of Android's debugger (its `SERVICES.TXT`): its length in four hexadecimal digits, and
/// what of a host it is about. Programs that put a length before their text count otherwise, most of them.
fn is_of_adb(payload: &[u8]) -> bool {
    let Some((digits, request)) = payload.split_first_chunk::<4>() else { return false };
    let length = || std::str::from_utf8(digits).ok().and_then(|digits| usize::from_str_radix(digits, 16).ok());
    (request.starts_with(b"host:") || request.starts_with(b"host-")) && length() == Some(request.len())
}

/// Whether this is a packet of GDB's remote protocol ("Overview" in its manual): behind `$` the data, then `#` and the sum of its
/// bytes in two digits; or what begins a session of DBGp, as of PHP's debugger: a length, a zero, and XML that names it.
fn is_debuggers(payload: &[u8]) -> bool {
    match payload {
        [b'+' | b'$', ..] => {
            let packet = payload.strip_prefix(b"+").unwrap_or(payload).strip_prefix(b"$").unwrap_or_default();
            let Some((data, [b'#', sum @ ..])) = packet.split_last_chunk::<3>() else { return false };
            let all = data.iter().fold(0_u8, |all, byte| all.wrapping_add(*byte));
            let sum = std::str::from_utf8(sum).ok().and_then(|sum| u8::from_str_radix(sum, 16).ok());
            !data.contains(&b'#') && sum == Some(all)
        }
        [b'1'..=b'9', ..] => {
            let mut parts = payload.splitn(2, |byte| *byte == 0);
            let (length, xml) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
            let has = |part: &[u8]| xml.windows(part.len()).take(256).any(|window| window == part);
            length.iter().all(u8::is_ascii_digit) && xml.starts_with(b"<?xml") && has(b"urn:debugger_protocol")
        }
        _ => false,
    }
}

/// Whether this is a command of ClamAV's daemon (its manual, "COMMANDS"): `z` before it and a zero behind, or `n` and a new line.
fn is_of_clamd(payload: &[u8]) -> bool {
    const COMMANDS: [&[u8]; 7] =
        [b"PING", b"VERSION", b"INSTREAM", b"IDSESSION", b"STATS", b"VERSIONCOMMANDS", b"RELOAD"];
    let (end, rest) = match payload {
        [b'z', rest @ ..] => (0, rest),
        [b'n', rest @ ..] => (b'\n', rest),
        _ => return false,
    };
    let is_first = |command: &&[u8]| rest.strip_prefix(*command).is_some_and(|behind| behind.first() == Some(&end));
    COMMANDS.iter().any(is_first)
}

/// A command of memcached, or an answer (its `doc/protocol.txt`).
fn is_memcached(line: &[u8]) -> bool {
    const WORDS: [&[u8]; 20] = [
        b"get ",
        b"gets ",
        b"set ",
        b"add ",
        b"replace ",
        b"append ",
        b"prepend ",
        b"cas ",
        b"delete ",
        b"incr ",
        b"decr ",
        b"touch ",
        b"stats",
        b"version",
        b"VALUE ",
        b"STAT ",
        b"VERSION ",
        b"END\r",
        b"STORED\r",
        b"mg ",
    ];
    WORDS.iter().any(|word| line.starts_with(word))
}

/// A value for Graphite: a name of several parts, a number and a time in seconds.
fn is_graphite(line: &[u8]) -> bool {
    let words: Vec<&[u8]> = line.trim_ascii_end().split(|byte| *byte == b' ').take(4).collect();
    let [name, value, time] = words.as_slice() else { return false };
    let is_number =
        |word: &[u8]| !word.is_empty() && word.iter().all(|byte| byte.is_ascii_digit() || b"+-.e".contains(byte));
    name.contains(&b'.') && is_number(value) && is_number(time) && time.len() >= 10
}

/// A value for InfluxDB (its line protocol): a name, perhaps with tags, then fields, each with its value.
fn is_influx(line: &[u8]) -> bool {
    let mut words = line.trim_ascii_end().split(|byte| *byte == b' ');
    let (name, fields) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let has_value = |part: &[u8]| part.iter().skip(1).any(|byte| *byte == b'=');
    let mut parts = name.split(|byte| *byte == b',');
    parts.next().is_some_and(|name| !name.is_empty())
        && parts.all(has_value)
        && fields.split(|byte| *byte == b',').all(has_value)
}

/// The cookie with which a client of iperf3 begins: 36 characters, and a zero.
fn is_iperf(payload: &[u8]) -> bool {
    matches!(payload.len(), 36 | 37)
        && payload.iter().take(36).all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
}
