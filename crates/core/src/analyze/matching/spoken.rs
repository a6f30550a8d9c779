//! What the text of a connection tells of the protocol that its two ends speak.

use crate::analyze::matching::services::is_other_service;
use socklab_packets::pipeline::CaptureFacts;
use socklab_packets::track::{Exchanged, PayloadKind, PayloadStart};
use socklab_packets::types::{Protocol, StreamNumber};

/// Commands of FTP and SMTP with which their clients begin (RFC 959, 2228, 2389, 2428, 5321).
const FTP_COMMANDS: [&str; 14] = [
    "USER ", "PASS ", "AUTH ", "OPTS ", "PORT ", "EPRT ", "EHLO ", "HELO ", "MAIL ", "FEAT", "PASV", "EPSV", "SYST",
    "QUIT",
];

/// How requests of HTTP for a path begin (RFC 9110, section 9).
const HTTP_METHODS: [&str; 6] = ["GET /", "HEAD /", "POST /", "PUT /", "DELETE /", "OPTIONS /"];

/// Whether one end sends what is like another protocol's, and the other one plain text.
pub(super) fn is_mixed(kinds: [PayloadKind; 2]) -> bool {
    kinds.contains(&PayloadKind::Protocol) && kinds.contains(&PayloadKind::Text)
}

/// Whether a server greets as those of FTP and SMTP do, but not on a port of a service, and is told no command of theirs: then it
/// is some other program's that says 220.
pub(super) fn only_greets_like_ftp(capture: &CaptureFacts, stream: StreamNumber, connection: &Exchanged) -> bool {
    let ports = connection.ends.addresses.map(|address| address.port);
    if !is_mixed(connection.payload_kinds) || ports.into_iter().any(|port| is_other_service(Protocol::Tcp, port)) {
        return false;
    }
    let mut texts = capture.traffic.tcp_starts(stream).map(|(_, start)| match start {
        PayloadStart::Text { text, .. } => text,
        PayloadStart::Binary => "",
    });
    let greets = texts.next().is_some_and(|first| first.starts_with("220 ") || first.starts_with("220-"));
    greets && texts.all(|text| !FTP_COMMANDS.iter().any(|command| text.starts_with(command)))
}

/// Whether another program's protocol is spoken here, or FTP announced the port for data. HTTP does not count: a lab may have a
/// web server of its own.
pub(super) fn is_of_known_program(capture: &CaptureFacts, stream: StreamNumber, connection: &Exchanged) -> bool {
    let speaks = || connection.payload_kinds.contains(&PayloadKind::Protocol);
    connection.announced || speaks() && !capture.traffic.tcp_starts(stream).any(|(_, start)| is_http(start))
}

/// Whether a payload begins as HTTP does (RFC 9112, section 2.1): with a request for a path, or with a status.
fn is_http(start: PayloadStart<'_>) -> bool {
    match start {
        PayloadStart::Text { text, .. } => {
            text.starts_with("HTTP/1.") || HTTP_METHODS.iter().any(|method| text.starts_with(method))
        }
        PayloadStart::Binary => false,
    }
}
