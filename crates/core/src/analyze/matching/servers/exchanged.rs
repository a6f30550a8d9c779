//! What a socket address exchanged with another one: what of it speaks for a program of the lab.

use crate::analyze::matching::servers::services::{may_be_ephemeral, same_computer};
use socklab_packets::track::{Close, Exchanged, HandshakeState, PayloadKind, Side, StreamEnds};

/// How near two ports are that a process takes for both ends of a connection with itself.
const NEIGHBOURING_PORTS: u16 = 4;

/// Bytes of payload per frame up to which a connection between neighbouring ports of one host only wakes a process up.
const WAKE_UP_BYTES: u64 = 1;

/// Random bytes with which runtimes try such a pair out before.
const TOKEN_BYTES: [u64; 2] = [8, 16];

/// What a socket address exchanged with others that speaks for a program of the lab, strongest last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Exchange {
    /// Attempts that were refused or not answered.
    Attempts,
    /// Connections without any payload.
    Silence,
    /// TLS.
    Encrypted,
    /// Binary data.
    Binary,
    /// Text.
    Text,
}

/// What a TCP connection exchanged; `None` for another protocol, for what belongs to another connection, such as FTP's data,
/// for a process that talks to itself, and for what was given up at once.
pub(crate) fn tcp_exchange(connection: &Exchanged, is_given_up: bool) -> Option<Exchange> {
    if connection.announced || is_self_connection(connection) {
        return None;
    }
    if connection.data_frames > 0 {
        return exchange_of(connection.payload_kinds);
    }
    match (connection.handshake, connection.close) {
        (state, _) if state.is_in_vain() => Some(Exchange::Attempts),
        (HandshakeState::Complete | HandshakeState::SynAckMissed, _) if !is_given_up => Some(Exchange::Silence),
        // A filter may have kept the rest out.
        (HandshakeState::SynAckSeen, Close::Fin) if connection.ends.syn_sender.is_some() => Some(Exchange::Silence),
        // What is left of an earlier connection, or one that nobody meant to use.
        _ => None,
    }
}

/// The strongest of what both sides sent. Text of one side may be answered with binary data.
pub(crate) fn exchange_of(kinds: [PayloadKind; 2]) -> Option<Exchange> {
    if kinds.contains(&PayloadKind::Protocol) {
        return None;
    }
    let of = |kind: PayloadKind| match kind {
        PayloadKind::Text => Some(Exchange::Text),
        PayloadKind::Binary => Some(Exchange::Binary),
        PayloadKind::Tls => Some(Exchange::Encrypted),
        PayloadKind::None | PayloadKind::Protocol => None,
    };
    // Of a frame cut short there may be a length and no payload to look at.
    if kinds == [PayloadKind::None; 2] {
        return Some(Exchange::Binary);
    }
    // TLS is binary in the direction that was first seen in the middle of it.
    if kinds.contains(&PayloadKind::Tls) {
        return Some(Exchange::Encrypted);
    }
    kinds.into_iter().filter_map(of).max()
}

/// Whether both ends are of one process, as runtimes make pairs of sockets to wake themselves up: between neighbouring ports of
/// one host, and hardly any payload goes through. A socket that connects to its own address is such a pair, too (RFC 9293, section
/// 3.5, figure 7, with one socket as both). Between other ports, a student's client may say as little to a server that never answers.
fn is_self_connection(connection: &Exchanged) -> bool {
    let [a, b] = connection.ends.addresses;
    if a == b {
        return true;
    }
    if !same_computer(a.ip, b.ip) || a.port.abs_diff(b.port) > NEIGHBOURING_PORTS {
        return false;
    }
    // A pair of sockets is often tried out by some random bytes before it is used.
    let is_tried_out = || {
        let kinds = connection.payload_kinds;
        let wake_ups = connection.data_frames.saturating_sub(1);
        kinds.contains(&PayloadKind::None)
            && kinds.contains(&PayloadKind::Binary)
            && may_be_ephemeral(a.port)
            && may_be_ephemeral(b.port)
            && connection.payload_bytes.checked_sub(wake_ups).is_some_and(|token| TOKEN_BYTES.contains(&token))
    };
    connection.payload_bytes <= connection.data_frames.saturating_mul(WAKE_UP_BYTES) || is_tried_out()
}

/// The server's side as the handshake shows it: the receiver of the SYN, else the sender of the SYN-ACK.
pub(crate) fn server_side(syn_sender: Option<Side>, syn_ack_sender: Option<Side>) -> Option<Side> {
    syn_sender.map(Side::other).or(syn_ack_sender)
}

/// Whether both sides opened the connection at the same time (RFC 9293, section 3.5, figure 7): whoever sends a SYN answers
/// the other's with a SYN-ACK, and nobody listens.
pub(crate) fn is_simultaneous(ends: &StreamEnds) -> bool {
    let [a, b] = ends.addresses;
    ends.syn_sender.is_some() && ends.syn_sender == ends.syn_ack_sender && a != b
}
