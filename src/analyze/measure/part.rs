//! What of a connection or conversation is asked.

use crate::facts::{End, FlagName};

/// A part of a connection or conversation; the default is all of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Part {
    /// The side.
    pub side: Option<End>,
    /// The n-th segment with data of the side, or datagram, from 1.
    pub segment: Option<u32>,
    /// The first frame with this flag.
    pub flag: Option<FlagName>,
}
