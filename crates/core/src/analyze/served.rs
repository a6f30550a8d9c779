//! What becomes of clients at a TCP server, as frames and journals show it.

use serde::Serialize;

/// What became of a TCP connection at its server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It was established and waited in the server's accept queue; no program had accepted it.
    Queued,
    /// The server's program had accepted it.
    Served,
    /// The SYN was answered with a RST.
    Refused,
    /// The SYN was not answered.
    Unanswered,
    /// Nothing shows it.
    Unknown,
}

/// Of what kind a TCP server is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ServerKind {
    /// It serves one client at a time; others wait in its queue.
    Iterative,
    /// It serves several clients at the same time.
    Concurrent,
    /// It serves one client and ends.
    OneShot,
    /// Nothing shows it.
    Unknown,
}
