//! Choosing between the two sides of a stream, whose parts stand in arrays with [`Side::A`] first. Which
//! side sends next cannot be predicted: no branches.

use super::model::Side;

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
