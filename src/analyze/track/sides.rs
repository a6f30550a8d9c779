//! Choosing between the two sides of a stream, whose parts stand in arrays with [`Side::A`] first. Which
//! side sends next cannot be predicted: no branches.

use std::hint::select_unpredictable;

use super::model::Side;

/// The part that belongs to one side.
#[inline(always)]
pub(super) fn side<T>(sides: &[T; 2], side: Side) -> &T {
    let [a, b] = sides;
    select_unpredictable(side == Side::A, a, b)
}

/// The part that belongs to one side, to change it.
#[inline(always)]
pub(super) fn side_mut<T>(sides: &mut [T; 2], side: Side) -> &mut T {
    let [a, b] = sides;
    select_unpredictable(side == Side::A, a, b)
}
