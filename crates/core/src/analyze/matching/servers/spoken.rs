//! What the text of a connection tells of the protocol that its two ends speak.

use crate::analyze::matching::servers::services::is_other_service;
use socklab_packets::pipeline::CaptureFacts;
use socklab_packets::track::{Exchanged, PayloadKind, PayloadStart};
use socklab_packets::types::{Protocol, StreamNumber};

/// Commands of FTP and SMTP with which their clients begin (RFC 959, 2228, 2389, 2428, 5321).
const FTP_COMMANDS: [&str; 14] = [
    "USER ", "PASS ", "AUTH ", "OPTS ", "PORT ", "EPRT ", "EHLO ", "HELO ", "MAIL ", "FEAT", "PASV", "EPSV", "SYST",
    "QUIT",
];

/// With what clients of POP3 begin (RFC 1939, 2449, 2595, 5034).
const FIRST_OF_POP3: [&str; 7] = ["USER ", "APOP ", "AUTH", "CAPA", "STLS", "QUIT", "NOOP"];

/// How requests of HTTP for a path begin (RFC 9110, section 9).
const HTTP_METHODS: [&str; 6] = ["GET /", "HEAD /", "POST /", "PUT /", "DELETE /", "OPTIONS /"];

/// Whether one end sends what is like another protocol's, and the other one plain text.
pub(crate) fn is_mixed(kinds: [PayloadKind; 2]) -> bool {
    kinds.contains(&PayloadKind::Protocol) && kinds.contains(&PayloadKind::Text)
}

/// Whether a server greets as those of FTP, SMTP and POP3 do, but not on a port of a service, and is told no command of theirs:
/// then it is some other program's that says 220, or `+OK`.
pub(crate) fn only_greets_like_ftp(capture: &CaptureFacts, stream: StreamNumber, connection: &Exchanged) -> bool {
    let ports = connection.ends.addresses.map(|address| address.port);
    if !is_mixed(connection.payload_kinds) || ports.into_iter().any(|port| is_other_service(Protocol::Tcp, port)) {
        return false;
    }
    let texts = || {
        capture.traffic.tcp_starts(stream).map(|(_, start)| match start {
            PayloadStart::Text { text, .. } => text,
            PayloadStart::Binary => "",
        })
    };
    let is_told = |commands: &[&str]| texts().any(|text| commands.iter().any(|command| text.starts_with(command)));
    let greets = texts().next().is_some_and(|first| first.starts_with("220 ") || first.starts_with("220-"));
    let is_positive = || texts().any(|text| text.starts_with("+OK "));
    greets && !is_told(&FTP_COMMANDS) || is_positive() && !is_told(&FIRST_OF_POP3)
}

/// Whether another program's protocol is spoken here, or FTP announced the port for data. HTTP does not count: a lab may have a
/// web server of its own.
pub(crate) fn is_of_known_program(capture: &CaptureFacts, stream: StreamNumber, connection: &Exchanged) -> bool {
    let speaks = || connection.payload_kinds.contains(&PayloadKind::Protocol);
    connection.announced || speaks() && !capture.traffic.tcp_starts(stream).any(|(_, start)| is_http(start))
}

/// A request of HTTP that no web server answered, as far as the capture has an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Request {
    /// The server sent it back, or it is one typed line, without the end that a request has: the lab's programs do that.
    OfLab,
    /// A browser's, with another answer or none: that tells nothing of the server.
    Untold,
}

/// Whether the client begins with a request of HTTP, and the server does not answer as HTTP does.
pub(crate) fn request(capture: &CaptureFacts, stream: StreamNumber, connection: &Exchanged) -> Option<Request> {
    let client = connection.ends.syn_sender.filter(|_| connection.payload_kinds.contains(&PayloadKind::Protocol))?;
    let mut notes = capture.traffic.tcp_notes(stream);
    let starts = capture.traffic.tcp_starts(stream);
    let starts = starts.map_while(|(frame, start)| Some((notes.find(|note| note.frame == frame)?, start)));
    // What is captured first of each end; a server's first words may be missing.
    let (mut asked, mut answered) = (None, None);
    for (note, start) in starts {
        let text = if let PayloadStart::Text { text, .. } = start { text } else { "" };
        let first = if note.sender == client { &mut asked } else { &mut answered };
        first.get_or_insert((note, text));
    }
    let (asked, line) = asked.filter(|(_, line)| is_request(line))?;
    let is_typed = usize::try_from(asked.payload_length).is_ok_and(|length| length <= line.len().saturating_add(1));
    match answered {
        Some((note, text)) if note.relative_sequence == 1 => {
            let is_sent_back =
                line.chars().zip(text.chars()).all(|(one, other)| one.eq_ignore_ascii_case(&other)) && !text.is_empty();
            let of_server = connection.payload_kinds.get(client.other() as usize).copied().unwrap_or_default();
            match is_sent_back || is_typed && of_server != PayloadKind::Protocol {
                true => Some(Request::OfLab),
                false => (of_server != PayloadKind::Protocol).then_some(Request::Untold),
            }
        }
        Some(_) => None,
        None if is_typed => Some(Request::OfLab),
        None => Some(Request::Untold),
    }
}

/// Whether a payload begins as HTTP does (RFC 9112, section 2.1): with a request for a path, or with a status.
fn is_http(start: PayloadStart<'_>) -> bool {
    matches!(start, PayloadStart::Text { text, .. } if text.starts_with("HTTP/1.") || is_request(text))
}

fn is_request(text: &str) -> bool {
    HTTP_METHODS.iter().any(|method| text.starts_with(method))
}
