//! The lab's connections and conversations, each once, however many captures show it.
//!
//! A conversation is one thing, its sightings are several: the same connection in two files, or begun late in one, is one
//! conversation. What each of its frames does is decided in [`roles`].

mod acknowledgements;
mod checksums;
mod copies;
mod frames;
mod identity;
mod merge;
mod pieces;
mod relays;
mod resets;
pub mod role;
pub mod roles;
mod tcp;
mod udp;
mod unseen;
mod whole;
mod whole_udp;

pub(crate) use acknowledgements::{lacks_acknowledgements, without_ack_of_handshake};
pub use copies::captured_twice;
pub(crate) use frames::Frames;
pub(crate) use merge::{merge_connections, merge_conversations};
pub(crate) use pieces::{COPIED_WITHIN, Piece, SameClock};
pub(crate) use relays::{PassedOn, Relays};
pub(crate) use resets::ResetCause;
pub(crate) use tcp::{LabConnection, TcpSighting};
pub(crate) use udp::{LabConversation, UdpSighting};
pub(crate) use unseen::Unseen;
