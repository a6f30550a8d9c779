//! The two sides of a stream, and choosing between them: their parts stand in arrays with [`Side::Originator`] first. Which
//! side sends next cannot be predicted: no branches.

/// One of the two ends of a connection or conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Side {
    /// The sender of the first frame.
    Originator,
    /// Its peer.
    Responder,
}

impl Side {
    /// The other end.
    pub const fn other(self) -> Side {
        match self {
            Side::Originator => Side::Responder,
            Side::Responder => Side::Originator,
        }
    }
}

/// The part that belongs to one side.
#[inline(always)]
#[expect(clippy::indexing_slicing, reason = "either 0 or 1")]
pub(super) fn side<T>(sides: &[T; 2], side: Side) -> &T {
    &sides[side as usize & 1]
}

/// The part that belongs to one side, to change it.
#[inline(always)]
#[expect(clippy::indexing_slicing, reason = "either 0 or 1")]
pub(super) fn side_mut<T>(sides: &mut [T; 2], side: Side) -> &mut T {
    &mut sides[side as usize & 1]
}
