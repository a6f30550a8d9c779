//! TCP connections as Wireshark numbers and judges them: port reuse, completeness, retransmissions.
//!
//! Each rule stands in a function of its own: [`TcpRecord::is_reused_by`], [`TcpRecord::note_bases`],
//! [`TcpRecord::opening_completeness`], [`rules::completeness_of`], [`Sender::sent_before`]. What every frame touches is
//! in [`TcpRecord`], the rest in [`TcpDetails`]; `view` makes of both what others see.

mod details;
mod rules;
mod view;

pub(super) use details::TcpDetails;

use super::directions::BothDirections;
use super::model::Side;
use super::packed::PackedTime;
use super::pair::{Pair, Paired};
use super::sides::{side, side_mut};
use crate::analyze::packet::{TcpFlags, TcpSegment};
use crate::capfile::{Direction, Frame};
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
    last_time: PackedTime,
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
}

/// How a stream came to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Opening {
    /// The first frame of its pair of addresses in the file.
    FirstOfPair,
    /// A SYN on a pair that had a stream before.
    PortReuse,
}

impl TcpRecord {
    /// A stream that begins with this frame, which is not yet counted.
    pub(super) fn open(
        pair: Pair,
        frame: &Frame<'_>,
        segment: &TcpSegment<'_>,
        opening: Opening,
    ) -> (TcpRecord, TcpDetails) {
        let (completeness, late_completeness) = Self::opening_completeness(segment, opening);
        let record = TcpRecord {
            pair,
            completeness,
            marks: Marks::default(),
            last_frame: frame.number.0,
            last_time: PackedTime::new(frame.time),
            directions: BothDirections::default(),
            senders: Default::default(),
        };
        (record, TcpDetails::new(frame, late_completeness))
    }

    /// Completeness that only a stream's first frame gives: 1 for a SYN; 8 for a SYN with payload that is the first
    /// frame of its pair. That frame's other bits come late.
    fn opening_completeness(segment: &TcpSegment<'_>, opening: Opening) -> (u8, u8) {
        let has_data = segment.payload_length.is_some_and(|length| length > 0);
        let syn = if is_syn(segment.flags) { completeness::SYN } else { 0 };
        let data = if syn != 0 && has_data { completeness::DATA } else { 0 };
        match opening {
            Opening::PortReuse => (syn, 0),
            Opening::FirstOfPair if segment.bogus_header => (0, 0),
            Opening::FirstOfPair => (syn | data, completeness_of(segment)),
        }
    }

    /// Port reuse: a SYN without ACK whose sequence number is not its direction's base opens a new stream.
    #[inline]
    pub(super) fn is_reused_by(&self, sender: Side, segment: &TcpSegment<'_>) -> bool {
        is_syn(segment.flags)
            && self.marks.has(Marks::base(sender))
            && side(&self.senders, sender).base != segment.sequence
    }

    /// Counts a frame; true where it is a retransmission.
    #[inline]
    pub(super) fn add(
        &mut self,
        details: &mut TcpDetails,
        frame: &Frame<'_>,
        sender: Side,
        segment: &TcpSegment<'_>,
        way: Option<Direction>,
    ) -> bool {
        let first = self.frames() == 0;
        let length = segment.payload_length.unwrap_or(0);
        let has_data = length > 0;
        self.last_frame = frame.number.0;
        self.last_time = PackedTime::new(frame.time);
        self.directions.add(sender, way);
        let side = side_mut(&mut self.senders, sender);
        side.frames = side.frames.saturating_add(1);
        side.data_frames = side.data_frames.saturating_add(u32::from(has_data));
        side.payload_bytes = side.payload_bytes.saturating_add(u64::from(length));
        if has_data && self.marks.set(Marks::data(sender)) {
            details.note_data(frame.number, sender, segment.payload);
        }
        self.note_bases(sender, segment);
        if segment.bogus_header {
            return false;
        }
        if !(first && details.late_completeness != 0) {
            self.completeness |= completeness_of(segment);
        }
        self.note_flags(details, frame, sender, segment, has_data);
        let retransmission = self.note_sequence(sender, segment, length);
        if retransmission {
            details.note_retransmission(sender);
        }
        retransmission
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

    /// Frames of one side so far.
    #[inline]
    pub(super) fn sent(&self, sender: Side) -> u32 {
        side(&self.senders, sender).frames
    }

    /// Base sequence numbers: the first frame of a direction sets its own; an acknowledgement sets the other one if that
    /// has none; a SYN-ACK replaces its direction's. So do frames whose header is too short to be evaluated otherwise, but
    /// those of unknown payload length only replace.
    #[inline]
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

    /// First frames of each kind, and pure acknowledgements.
    #[inline]
    fn note_flags(
        &mut self,
        details: &mut TcpDetails,
        frame: &Frame<'_>,
        sender: Side,
        segment: &TcpSegment<'_>,
        has_data: bool,
    ) {
        let flags = segment.flags;
        let control = flags.0 & SYN_FIN_RST != 0;
        let pure = flags.has(TcpFlags::ACK) & !has_data & !control;
        let side = side_mut(&mut self.senders, sender);
        side.acknowledgement_frames = side.acknowledgement_frames.saturating_add(u32::from(pure));
        if control {
            details.note_control(&mut self.marks, frame.number, sender, flags);
        }
        let acknowledges = flags.0 & SYN_ACK.0 == TcpFlags::ACK.0;
        if acknowledges && self.marks.has(Marks::SYN_ACK) && self.marks.set(Marks::ack(sender)) {
            details.note_ack(frame.number, sender);
        }
    }

    /// Follows the sequence numbers of one side; true where the segment repeats something sent before.
    #[inline]
    fn note_sequence(&mut self, sender: Side, segment: &TcpSegment<'_>, length: u32) -> bool {
        let flags = segment.flags;
        let controls = u32::from(flags.has(TcpFlags::SYN)).wrapping_add(u32::from(flags.has(TcpFlags::FIN)));
        let occupied = length.wrapping_add(controls);
        let end = segment.sequence.wrapping_add(occupied);
        let known = !self.marks.set(Marks::next(sender));
        let side = side_mut(&mut self.senders, sender);
        let retransmission = occupied > 0 && side.sent_before(known, segment, length);
        if !known || is_after(end, side.next) {
            side.next = end;
        }
        if flags.has(TcpFlags::ACK) {
            side_mut(&mut self.senders, sender.other()).acknowledged = segment.acknowledgement;
        }
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
    fn sent_before(&self, known: bool, segment: &TcpSegment<'_>, length: u32) -> bool {
        let one_before = known && segment.sequence == self.next.wrapping_sub(1);
        let keep_alive = one_before && length <= 1 && segment.flags.0 & SYN_FIN_RST == 0;
        let acknowledged =
            length > 0 && self.acknowledged != 0 && !is_after(segment.sequence.wrapping_add(length), self.acknowledged);
        let repeats = known && is_after(self.next, segment.sequence) && !(one_before && length > 1);
        !keep_alive && (repeats || acknowledged)
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
