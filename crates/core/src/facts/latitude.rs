//! What a value of a part of a connection leaves open.

use socklab_packets::types::FrameNumber;

/// What a value may be instead in a capture that has more of the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Latitude {
    /// Nothing: what was not captured does not change it.
    #[default]
    None,
    /// More of it: a larger number, frames after this one besides, yes instead of no.
    More(Option<FrameNumber>),
    /// Any other value.
    Any,
    /// More of it, and that it is no more is not shown either: nobody has closed the connection so far.
    Unproved(Option<FrameNumber>),
}
