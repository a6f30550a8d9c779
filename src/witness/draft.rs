//! What is noted of a call while the program waits, before it is a journal's event.

use crate::witness::descriptors::{Socket, Who};
use socklab_core::journal::{EventKind, JournalEvent};
use socklab_packets::types::{SocketAddress, Timestamp};

/// What is to be written.
pub(super) enum Draft {
    Event(JournalEvent),
    /// Most calls by far move data, and the program waits until they are noted: they become events when it goes on.
    Transfer(Transfer),
}

/// Data that a call moved, and the socket as it was then.
pub(super) struct Transfer {
    pub(super) who: Who,
    pub(super) kind: EventKind,
    pub(super) socket: Socket,
    pub(super) moved: Moved,
}

/// Data that went one way.
pub(super) struct Moved {
    /// The socket's descriptor.
    pub(super) fd: i32,
    pub(super) time: Timestamp,
    pub(super) bytes: u64,
    /// The other end's address, where the call has it.
    pub(super) peer: Option<SocketAddress>,
    /// The beginning of the data; `None` where no buffer of the program had it.
    pub(super) data: Option<Vec<u8>>,
}
