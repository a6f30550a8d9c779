//! The event log of the socket programs: one JSON object a line (`--journal FILE`).
//!
//! The programs write it, the analyzer reads it as evidence where a capture cannot speak: whether `bind` succeeded, when
//! `accept` returned, which line was received from whom.

use serde::{Deserialize, Serialize};

use crate::types::{Protocol, SocketAddress, Timestamp};

/// What happened to a socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EventKind {
    /// `socket()` made it.
    Socket,
    /// `bind()` gave it its local address.
    Bind,
    /// `listen()` made it a listening socket.
    Listen,
    /// `connect()` returned: the handshake is complete (TCP client).
    Connect,
    /// `accept()` returned it: a new socket for one client.
    Accept,
    /// Data arrived on it: one event a line or datagram, as shown on the screen.
    Receive,
    /// Data was handed to the system to send.
    Send,
    /// The peer closed its side: end of file was read.
    Eof,
    /// It was closed.
    Close,
    /// A call failed; `operation` and `errno` say which and why.
    Error,
}

/// One line of a journal. Absent fields do not apply to the event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JournalEvent {
    /// When it happened, in UTC with microseconds.
    pub time: Timestamp,
    /// The program: `tcp-server`, `tcp-client`, `tcp-threaded-server`, `udp-server`, `udp-client`.
    pub program: String,
    /// The process number.
    pub pid: u32,
    /// What happened.
    pub event: EventKind,
    /// The socket's protocol.
    pub protocol: Protocol,
    /// The socket's number in its process, from 1 in the order of creation.
    pub socket: u32,
    /// For `accept`: the number of the listening socket that it came from.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub listener: Option<u32>,
    /// The socket's local address.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub local: Option<SocketAddress>,
    /// The socket's remote address; for UDP, of the datagram's other end.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub remote: Option<SocketAddress>,
    /// For `listen`: the backlog asked for.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub backlog: Option<u32>,
    /// For `receive` and `send`: bytes.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub bytes: Option<u64>,
    /// For `receive` and `send`: the text as shown on the screen, made harmless.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub text: Option<String>,
    /// For `error`: the call that failed (`bind`, `connect`, `accept` …).
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub operation: Option<String>,
    /// For `error`: the errno name (`EADDRINUSE`), or the system's number where it has no name here.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub errno: Option<String>,
    /// For `error`: the system's message.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub message: Option<String>,
}
