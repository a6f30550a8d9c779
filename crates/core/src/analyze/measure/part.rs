//! What of a connection or conversation is asked.

use crate::facts::{End, FlagName, Ordinal};

/// A part of a connection or conversation; the default is all of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Part {
    /// The side.
    pub side: Option<End>,
    /// The segment with data of the side, or the datagram.
    pub segment: Option<Ordinal>,
    /// The frame of the connection, or of the side.
    pub frame: Option<Ordinal>,
    /// The first frame with this flag.
    pub flag: Option<FlagName>,
}
