//! Small facts of a stream, packed.

use super::sides::Side;

/// Small facts, one bit each.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Marks(pub(super) u16);

impl Marks {
    pub(super) const SYN: u16 = 1;
    pub(super) const SYN_FROM_RESPONDER: u16 = 2;
    pub(super) const SYN_ACK: u16 = 4;
    pub(super) const SYN_ACK_FROM_RESPONDER: u16 = 8;

    pub(super) const fn base(of: Side) -> u16 {
        side_bit(of, 4)
    }
    pub(super) const fn next(of: Side) -> u16 {
        side_bit(of, 6)
    }
    pub(super) const fn ack(of: Side) -> u16 {
        side_bit(of, 8)
    }
    /// A segment with payload; or a datagram with captured payload.
    pub(super) const fn data(of: Side) -> u16 {
        side_bit(of, 10)
    }
    pub(super) const fn fin(of: Side) -> u16 {
        side_bit(of, 12)
    }
    pub(super) const fn rst(of: Side) -> u16 {
        side_bit(of, 14)
    }

    pub(super) const fn has(self, mark: u16) -> bool {
        self.0 & mark != 0
    }

    #[inline]
    pub(super) const fn has_both_bases(self) -> bool {
        let both = Marks::base(Side::Originator) | Marks::base(Side::Responder);
        self.0 & both == both
    }

    /// Sets the mark; true where it was not set before.
    #[inline]
    pub(super) fn set(&mut self, mark: u16) -> bool {
        let new = self.0 & mark == 0;
        self.0 |= mark;
        new
    }
}

const fn side_bit(of: Side, shift: u16) -> u16 {
    match of {
        Side::Originator => 1 << shift,
        Side::Responder => 2 << shift,
    }
}
