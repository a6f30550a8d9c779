//! UDP conversations: one for each pair of socket addresses in the whole file.

use super::arrival::At;
use super::directions::BothDirections;
use super::model::{Side, UdpConversation, UdpSide};
use super::packed::PackedFrame;
use super::pair::{Pair, Paired};
use super::payload::PayloadKinds;
use super::sides::{side, side_mut};
use crate::analyze::packet::UdpDatagram;
use crate::capfile::{Direction, FrameTime};
use crate::types::{FrameNumber, StreamNumber};

/// A UDP conversation, packed. What every frame touches stands together.
#[derive(Debug)]
#[repr(C, align(64))]
pub(super) struct UdpRecord {
    pair: Pair,
    last_frame: PackedFrame,
    payload_kinds: PayloadKinds,
    directions: BothDirections,
    last_time: Option<FrameTime>,
    sides: [UdpSide; 2],
    first_frame: PackedFrame,
    first_time: Option<FrameTime>,
}

impl Paired for UdpRecord {
    #[inline]
    fn pair(&self) -> &Pair {
        &self.pair
    }

    fn directions(&self) -> BothDirections {
        self.directions
    }

    #[inline(always)]
    fn lines(&self) -> (&u8, &u64) {
        let ([directions, _], [_, side]) = (&self.directions.0, &self.sides);
        (&directions.outbound, &side.datagrams)
    }
}

impl UdpRecord {
    /// A conversation that begins with this frame, which is not yet counted.
    pub(super) fn new(pair: Pair, at: At) -> Self {
        UdpRecord {
            pair,
            last_frame: PackedFrame::new(at.number),
            payload_kinds: PayloadKinds::default(),
            directions: BothDirections::default(),
            last_time: at.time,
            sides: Default::default(),
            first_frame: PackedFrame::new(at.number),
            first_time: at.time,
        }
    }

    /// Counts a datagram.
    #[inline]
    pub(super) fn add(&mut self, at: At, sender: Side, datagram: &UdpDatagram<'_>, way: Option<Direction>) {
        self.last_frame = PackedFrame::new(at.number);
        self.last_time = at.time;
        self.payload_kinds.note(sender, datagram.payload);
        self.directions.add(sender, way);
        let side = side_mut(&mut self.sides, sender);
        side.datagrams = side.datagrams.saturating_add(1);
        side.payload_bytes = side.payload_bytes.saturating_add(u64::from(datagram.payload_length));
    }

    /// Datagrams of one side so far.
    #[inline]
    pub(super) fn sent(&self, sender: Side) -> u64 {
        side(&self.sides, sender).datagrams
    }

    /// Datagrams of both sides so far.
    #[inline]
    pub(super) fn frames(&self) -> u64 {
        let [a, b] = &self.sides;
        a.datagrams.saturating_add(b.datagrams)
    }

    /// The conversation as others see it.
    pub(super) fn expand(&self, stream: StreamNumber) -> UdpConversation {
        UdpConversation {
            stream,
            addresses: self.pair.addresses(),
            counts: self.sides,
            first_frame: self.first_frame.get().unwrap_or(FrameNumber(0)),
            last_frame: self.last_frame.get().unwrap_or(FrameNumber(0)),
            first_time: self.first_time.map(FrameTime::timestamp),
            last_time: self.last_time.map(FrameTime::timestamp),
            payload_kinds: self.payload_kinds.get(),
        }
    }
}
