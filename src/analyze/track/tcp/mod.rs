//! TCP connections as Wireshark numbers and judges them: port reuse, completeness, retransmissions.
//!
//! Each rule stands in a function of its own: [`TcpRecord::is_reused_by`], [`TcpRecord::note_bases`],
//! [`TcpRecord::set_opening`], [`rules::completeness_of`], [`Sender::sent_before`]. What every frame touches is
//! in [`TcpRecord`], the rest in [`TcpDetails`]; `view` makes of both what others see.

mod details;
mod rules;
mod view;

pub(super) use details::TcpDetails;

use super::arrival::At;
use super::directions::BothDirections;
use super::model::Side;
use super::pair::{Pair, Paired};
use super::sides::{side, side_mut};
use crate::analyze::packet::{TcpFlags, TcpSegment};
use crate::capfile::{Direction, FrameTime};
use crate::types::FrameNumber;
use rules::{SYN_ACK, SYN_FIN_RST, completeness, completeness_of, is_after, is_syn};

/// What is remembered of one side, packed. Counts of frames stay at 4,294,967,295.
#[derive(Debug, Default, Clone, Copy)]
struct Sender {
    payload_bytes: u64,
    frames: u32,
    data_frames: u32,
    acknowledgement_frames: u32,
    /// Sequence number before the first byte, if [`Marks::base`] says that it is known.
    base: u32,
    /// Sequence number after the last byte sent, if [`Marks::next`] says that any was sent.
    next: u32,
    /// The peer's latest acknowledgement number; 0 before the first.
    acknowledged: u32,
}

/// Small facts, one bit each.
#[derive(Debug, Default, Clone, Copy)]
struct Marks(u16);

impl Marks {
    const SYN: u16 = 1;
    const SYN_FROM_B: u16 = 2;
    const SYN_ACK: u16 = 4;
    const SYN_ACK_FROM_B: u16 = 8;

    const fn base(of: Side) -> u16 {
        side_bit(of, 4)
    }
    const fn next(of: Side) -> u16 {
        side_bit(of, 6)
    }
    const fn ack(of: Side) -> u16 {
        side_bit(of, 8)
    }
    const fn data(of: Side) -> u16 {
        side_bit(of, 10)
    }
    const fn fin(of: Side) -> u16 {
        side_bit(of, 12)
    }
    const fn rst(of: Side) -> u16 {
        side_bit(of, 14)
    }

    const fn has(self, mark: u16) -> bool {
        self.0 & mark != 0
    }

    #[inline]
    const fn has_both_bases(self) -> bool {
        let both = Marks::base(Side::A) | Marks::base(Side::B);
        self.0 & both == both
    }

    /// Sets the mark; true where it was not set before.
    #[inline]
    fn set(&mut self, mark: u16) -> bool {
        let new = self.0 & mark == 0;
        self.0 |= mark;
        new
    }
}

const fn side_bit(of: Side, shift: u16) -> u16 {
    match of {
        Side::A => 1 << shift,
        Side::B => 2 << shift,
    }
}

/// What every frame of a TCP connection touches, in two cache lines.
#[derive(Debug)]
#[repr(C, align(64))]
pub(super) struct TcpRecord {
    pair: Pair,
    completeness: u8,
    marks: Marks,
    last_frame: u64,
    last_time: Option<FrameTime>,
    directions: BothDirections,
    senders: [Sender; 2],
}

impl Paired for TcpRecord {
    #[inline]
    fn pair(&self) -> &Pair {
        &self.pair
    }

    fn directions(&self) -> BothDirections {
        self.directions
    }

    #[inline(always)]
    fn lines(&self) -> (&u8, &u64) {
        let [_, sender] = &self.senders;
        (&self.completeness, &sender.payload_bytes)
    }
}

/// How a stream came to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Opening {
    /// The first frame of its pair of addresses in the file.
    FirstOfPair,
    /// A SYN on a pair that had a stream before.
    PortReuse,
}

/// What a frame brings that is noted in [`TcpDetails`], one bit each. Most bring nothing.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seldom(u8);

impl Seldom {
    const FIRST_OF_SIDE: u8 = 1;
    const FIRST_DATA: u8 = 2;
    const CONTROL: u8 = 4;
    const FIRST_ACK: u8 = 8;
    const RETRANSMISSION: u8 = 16;

    const NOTHING: Seldom = Seldom(0);

    #[inline]
    pub(super) const fn any(self) -> bool {
        self.0 != 0
    }

    /// The first frame of its side.
    #[inline]
    pub(super) const fn first_of_side(self) -> bool {
        self.0 & Seldom::FIRST_OF_SIDE != 0
    }

    /// A frame whose SYN, payload or FIN was sent before.
    #[inline]
    pub(super) const fn retransmission(self) -> bool {
        self.0 & Seldom::RETRANSMISSION != 0
    }

    #[inline]
    fn when(condition: bool, bit: u8) -> u8 {
        if condition { bit } else { 0 }
    }
}

impl TcpRecord {
    /// A stream that begins with this frame, which is not yet counted.
    pub(super) fn new(pair: Pair, at: At) -> Self {
        TcpRecord {
            pair,
            completeness: 0,
            marks: Marks::default(),
            last_frame: at.number.0,
            last_time: at.time,
            directions: BothDirections::default(),
            senders: Default::default(),
        }
    }

    /// Sets the completeness of a stream after its first frame was counted: 1 for a SYN; 8 for a SYN with payload that is
    /// the first frame of its pair. The other bits of that frame come late.
    pub(super) fn set_opening(&mut self, details: &mut TcpDetails, segment: &TcpSegment<'_>, opening: Opening) {
        let has_data = segment.payload_length.is_some_and(|length| length > 0);
        let syn = if is_syn(segment.flags) { completeness::SYN } else { 0 };
        let data = if syn != 0 && has_data { completeness::DATA } else { 0 };
        match opening {
            Opening::PortReuse => self.completeness |= syn,
            Opening::FirstOfPair if segment.bogus_header => {}
            Opening::FirstOfPair => {
                details.late_completeness = self.completeness;
                self.completeness = syn | data;
            }
        }
    }

    /// Port reuse: a SYN without ACK whose sequence number is not its direction's base opens a new stream.
    #[inline]
    pub(super) fn is_reused_by(&self, sender: Side, segment: &TcpSegment<'_>) -> bool {
        is_syn(segment.flags)
            && self.marks.has(Marks::base(sender))
            && side(&self.senders, sender).base != segment.sequence
    }

    /// Counts a frame; [`TcpRecord::add_seldom`] must follow where there is anything seldom.
    #[inline(always)]
    pub(super) fn add(&mut self, at: At, sender: Side, segment: &TcpSegment<'_>, way: Option<Direction>) -> Seldom {
        let length = segment.payload_length.unwrap_or(0);
        let has_data = length > 0;
        self.last_frame = at.number.0;
        self.last_time = at.time;
        self.directions.add(sender, way);
        let expected = self.expects(sender, segment, length);
        let side = side_mut(&mut self.senders, sender);
        side.frames = side.frames.saturating_add(1);
        side.data_frames = side.data_frames.saturating_add(u32::from(has_data));
        side.payload_bytes = side.payload_bytes.saturating_add(u64::from(length));
        if !expected {
            return self.add_unexpected(sender, segment, length);
        }
        side.acknowledgement_frames = side.acknowledgement_frames.saturating_add(u32::from(!has_data));
        side.next = segment.sequence.wrapping_add(length);
        side_mut(&mut self.senders, sender.other()).acknowledged = segment.acknowledgement;
        self.completeness |= completeness_of(segment);
        Seldom::NOTHING
    }

    /// Whether this is the next segment of a connection that stands: nothing is to be done but to count it. Most are;
    /// all that follows here says the same of them.
    #[inline(always)]
    fn expects(&self, sender: Side, segment: &TcpSegment<'_>, length: u32) -> bool {
        let (marks, side) = (self.marks, side(&self.senders, sender));
        let data = if length > 0 { Marks::data(sender) } else { 0 };
        let known = Marks::base(Side::A) | Marks::base(Side::B) | Marks::next(sender) | data;
        let end = segment.sequence.wrapping_add(length);
        let acknowledged = (length > 0) & (side.acknowledged != 0) & !is_after(end, side.acknowledged);
        let first_ack = marks.has(Marks::SYN_ACK) & !marks.has(Marks::ack(sender));
        (segment.flags.0 & (SYN_FIN_RST | TcpFlags::ACK.0) == TcpFlags::ACK.0)
            & (marks.0 & known == known)
            & (segment.sequence == side.next)
            & !(acknowledged | first_ack | segment.bogus_header)
    }

    /// Takes in what is not the next segment of a connection that stands; it is counted already.
    #[inline(never)]
    fn add_unexpected(&mut self, sender: Side, segment: &TcpSegment<'_>, length: u32) -> Seldom {
        let (flags, has_data) = (segment.flags, length > 0);
        if !self.marks.has_both_bases() || flags.has(TcpFlags::SYN) {
            self.note_bases(sender, segment);
        }
        let side = side_mut(&mut self.senders, sender);
        let mut seldom = Seldom::when(side.frames == 1, Seldom::FIRST_OF_SIDE);
        seldom |= Seldom::when(has_data & !self.marks.has(Marks::data(sender)), Seldom::FIRST_DATA);
        if segment.bogus_header {
            return Seldom(seldom);
        }
        self.completeness |= completeness_of(segment);
        let control = flags.0 & SYN_FIN_RST != 0;
        let pure = flags.has(TcpFlags::ACK) & !has_data & !control;
        side.acknowledgement_frames = side.acknowledgement_frames.saturating_add(u32::from(pure));
        seldom |= Seldom::when(control, Seldom::CONTROL);
        let acknowledges = flags.0 & SYN_ACK.0 == TcpFlags::ACK.0;
        let first_ack = acknowledges & self.marks.has(Marks::SYN_ACK) & !self.marks.has(Marks::ack(sender));
        seldom |= Seldom::when(first_ack, Seldom::FIRST_ACK);
        seldom |= Seldom::when(self.note_sequence(sender, segment, length), Seldom::RETRANSMISSION);
        Seldom(seldom)
    }

    /// Notes what a frame brings that is seldom.
    pub(super) fn add_seldom(
        &mut self,
        details: &mut TcpDetails,
        seldom: Seldom,
        frame: FrameNumber,
        sender: Side,
        segment: &TcpSegment<'_>,
    ) {
        if seldom.0 & Seldom::FIRST_DATA != 0 && self.marks.set(Marks::data(sender)) {
            details.note_data(frame, sender, segment.payload);
        }
        if seldom.0 & Seldom::FIRST_ACK != 0 && self.marks.set(Marks::ack(sender)) {
            details.note_ack(frame, sender);
        }
        if seldom.0 & Seldom::CONTROL != 0 {
            details.note_control(&mut self.marks, frame, sender, segment.flags);
        }
        if seldom.retransmission() {
            details.note_retransmission(sender);
        }
    }

    /// Frames of both sides so far.
    #[inline]
    pub(super) fn frames(&self) -> u64 {
        let [a, b] = &self.senders;
        u64::from(a.frames).wrapping_add(u64::from(b.frames))
    }

    /// Whether a count has reached what a record can hold.
    pub(super) fn is_full(&self) -> bool {
        self.senders.iter().any(|sender| sender.frames == u32::MAX)
    }

    /// The last frame so far.
    pub(super) fn last_frame(&self) -> FrameNumber {
        FrameNumber(self.last_frame)
    }

    /// Base sequence numbers: the first frame of a direction sets its own; an acknowledgement sets the other one if that
    /// has none; a SYN-ACK replaces its direction's. So do frames whose header is too short to be evaluated otherwise, but
    /// those of unknown payload length only replace.
    fn note_bases(&mut self, sender: Side, segment: &TcpSegment<'_>) {
        let flags = segment.flags;
        if segment.payload_length.is_some() {
            if self.marks.set(Marks::base(sender)) {
                let before = u32::from(!flags.has(TcpFlags::SYN));
                side_mut(&mut self.senders, sender).base = segment.sequence.wrapping_sub(before);
            }
            if flags.has(TcpFlags::ACK) && self.marks.set(Marks::base(sender.other())) {
                side_mut(&mut self.senders, sender.other()).base = segment.acknowledgement.wrapping_sub(1);
            }
        }
        if flags.has(SYN_ACK) && self.marks.has(Marks::base(sender)) {
            side_mut(&mut self.senders, sender).base = segment.sequence;
        }
    }

    /// Follows the sequence numbers of one side; true where the segment repeats something sent before.
    fn note_sequence(&mut self, sender: Side, segment: &TcpSegment<'_>, length: u32) -> bool {
        let flags = segment.flags;
        let controls = u32::from(flags.has(TcpFlags::SYN)).wrapping_add(u32::from(flags.has(TcpFlags::FIN)));
        let occupied = length.wrapping_add(controls);
        let end = segment.sequence.wrapping_add(occupied);
        let known = !self.marks.set(Marks::next(sender));
        let side = side_mut(&mut self.senders, sender);
        let retransmission = (occupied > 0) & side.sent_before(known, segment, length);
        side.next = if !known | is_after(end, side.next) { end } else { side.next };
        let peer = side_mut(&mut self.senders, sender.other());
        peer.acknowledged = if flags.has(TcpFlags::ACK) { segment.acknowledgement } else { peer.acknowledged };
        retransmission
    }
}

impl Sender {
    /// Whether some of a segment was sent before: it begins before the next sequence number (which must be `known`), or
    /// the peer has acknowledged all its payload. A segment that begins one byte before does not count: a keep-alive has
    /// at most that byte (RFC 9293, section 3.8.4), and a zero-window probe may have sent it ahead of a longer segment
    /// (section 3.8.6.1).
    ///
    /// Wireshark's `tcp.analysis.retransmission`, but for segments that it takes for reordered because they come within a
    /// round-trip time of the highest one: here they count.
    #[inline(always)]
    fn sent_before(&self, known: bool, segment: &TcpSegment<'_>, length: u32) -> bool {
        let one_before = known & (segment.sequence == self.next.wrapping_sub(1));
        let keep_alive = one_before & (length <= 1) & (segment.flags.0 & SYN_FIN_RST == 0);
        let end = segment.sequence.wrapping_add(length);
        let acknowledged = (length > 0) & (self.acknowledged != 0) & !is_after(end, self.acknowledged);
        let repeats = known & is_after(self.next, segment.sequence) & !(one_before & (length > 1));
        !keep_alive & (repeats | acknowledged)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_takes_the_memory_it_is_meant_to() {
        assert_eq!(size_of::<TcpRecord>(), 128);
        assert!(size_of::<TcpDetails>() <= 80);
    }
}
