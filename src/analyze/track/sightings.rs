//! Which way one side's frames went, as seen from the capturing computer.

use crate::capfile::Direction;

/// Frames of one side that were evidently sent, or evidently received, by the capturing computer. Counts stay at 65,535:
/// they are evidence, not statistics.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Sightings {
    pub(super) outbound: u16,
    pub(super) inbound: u16,
}

impl Sightings {
    /// Counts a frame that went this way.
    #[inline]
    pub(super) fn add(&mut self, way: Option<Direction>) {
        match way {
            Some(Direction::Outbound) => self.outbound = self.outbound.saturating_add(1),
            Some(Direction::Inbound) => self.inbound = self.inbound.saturating_add(1),
            None => {}
        }
    }
}
