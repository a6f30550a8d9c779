//! A connection or conversation of the lab, as reports have it.

use crate::lab::Step;
use socklab_packets::types::{Protocol, SocketAddress, StreamNumber};

/// A connection or conversation of the lab, once, however many captures show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabStream {
    /// TCP or UDP.
    pub protocol: Protocol,
    /// The client's socket address.
    pub client: SocketAddress,
    /// The server's socket address.
    pub server: SocketAddress,
    /// The step of the sheet that it belongs to.
    pub step: Step,
    /// For TCP, whether it was more than an attempt; for UDP, that no ICMP error denied the server.
    pub established: bool,
    /// Whether the server sent payload.
    pub answered: bool,
    /// Whether the server's program is known to have accepted the connection, or received a datagram.
    pub served: bool,
    /// Frames both ways, in the capture that shows most of it, or in those that show it one after the other.
    pub frames: u64,
    /// The captures that show it, with its stream number there; the fullest view first.
    pub sightings: Vec<(usize, StreamNumber)>,
    /// Those captures that show it one after the other, so that no one of them has all of it.
    pub pieces: Vec<usize>,
}
