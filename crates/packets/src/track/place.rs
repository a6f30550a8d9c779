//! The place of a stream among all of a capture.

/// Which stream it is of all in the capture, TCP and UDP, by the order of their first frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Place(u32);

impl Place {
    /// No stream has this place: the index does not give it away.
    pub(super) const NONE: Place = Place(u32::MAX);

    /// The place with this number.
    pub(super) const fn new(number: u32) -> Place {
        Place(number)
    }

    /// The number of the place.
    pub(super) const fn number(self) -> u32 {
        self.0
    }

    /// The place as an index.
    #[inline(always)]
    pub(super) const fn index(self) -> usize {
        self.0 as usize
    }
}
