//! When things happened, by whose clock: what a ladder across hosts is drawn from.

use std::net::IpAddr;

use socklab_packets::types::{SocketAddress, Timestamp};

/// The clock of a capture or a journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Clock {
    /// Times of the same group can be compared; of different groups nothing shows how far their clocks are apart.
    pub group: usize,
    /// By how many nanoseconds it is ahead of the others of its group.
    pub ahead: i128,
}

impl Clock {
    /// Nanoseconds since an arbitrary time that all clocks of the group share.
    pub fn nanoseconds(self, time: Timestamp) -> i128 {
        let epoch = Timestamp { seconds: 0, nanoseconds: 0, digits: 9 };
        time.nanoseconds_since(epoch).saturating_sub(self.ahead)
    }
}

/// A system call of a program, as its journal has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// The address of the program's host.
    pub host: IpAddr,
    /// Whether the program is a server: where hosts share an address, that tells on whose line it stands.
    pub server: bool,
    /// When it returned.
    pub time: Timestamp,
    /// By which clock.
    pub clock: Clock,
    /// The client's socket address, where the call is about one client.
    pub client: Option<SocketAddress>,
    /// What was called, with what came of it: `recv 12 bytes`.
    pub what: String,
    /// The journal, as named.
    pub file: String,
    /// Its line, from 1.
    pub line: u64,
}

/// The calls of all journals, in the order of the journals, and what could not be placed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Calls {
    /// Those whose time can be compared with captures.
    pub placed: Vec<Call>,
    /// The hosts whose journals cannot be compared with any capture.
    pub apart: Vec<IpAddr>,
    /// For each client from which a UDP server's program received something: the server's own address, as far as it was bound
    /// to one, and the client's.
    pub received: Vec<[SocketAddress; 2]>,
    /// Calls of programs whose host cannot be told, and calls beyond the limit.
    pub left_out: u64,
    /// Whether clocks are compared because a journal and a capture show the same connections: then they agree to a hundredth
    /// of a second only.
    pub joined: bool,
}
