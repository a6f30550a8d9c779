//! Choosing between the two sides of a stream, whose parts stand in arrays with [`Side::A`] first.

use super::model::Side;

/// The part that belongs to one side.
#[inline]
pub(super) const fn side<T>(sides: &[T; 2], side: Side) -> &T {
    let [a, b] = sides;
    match side {
        Side::A => a,
        Side::B => b,
    }
}

/// The part that belongs to one side, to change it.
#[inline]
pub(super) const fn side_mut<T>(sides: &mut [T; 2], side: Side) -> &mut T {
    let [a, b] = sides;
    match side {
        Side::A => a,
        Side::B => b,
    }
}
