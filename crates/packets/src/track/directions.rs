//! Which way one side's frames went, as seen from the capturing computer.

use super::sides::{Side, side_mut};
use crate::capfile::Direction;

/// Frames of one side that were evidently sent, or evidently received, by the capturing computer. Counts stay at 255:
/// they are evidence, not statistics.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Directions {
    pub(super) outbound: u8,
    pub(super) inbound: u8,
}

impl Directions {
    /// Counts a frame that went this way.
    #[inline]
    pub(super) fn add(&mut self, way: Option<Direction>) {
        self.outbound = self.outbound.saturating_add(u8::from(way == Some(Direction::Outbound)));
        self.inbound = self.inbound.saturating_add(u8::from(way == Some(Direction::Inbound)));
    }
}

/// The directions of both sides, [`Side::Originator`] first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct BothDirections(pub(super) [Directions; 2]);

impl BothDirections {
    /// Counts a frame of one side that went this way.
    #[inline]
    pub(super) fn add(&mut self, sender: Side, way: Option<Direction>) {
        if way.is_none() {
            return;
        }
        side_mut(&mut self.0, sender).add(way);
    }
}
