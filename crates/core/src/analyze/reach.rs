//! Whether a server's clients got there.

use serde::Serialize;

/// Whether a server's clients got there, as far as the captures show it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reach {
    /// None did: no TCP connection was established, or each UDP datagram came back as ICMP unreachable.
    Never,
    /// Its UDP datagrams got no answer, and others went to another socket address: perhaps nobody was there.
    Unanswered,
    /// Some did, or nothing speaks against it.
    Reached,
}
