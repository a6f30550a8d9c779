//! What every frame of a stream touches, and what it adds there.
//!
//! TCP connections and UDP conversations have the same record: most frames are counted without asking which it is. `tcp`
//! has the rules for segments; what frames bring now and then is in [`Details`].

use super::arrival::{At, Header};
use super::details::Noting;
use super::directions::BothDirections;
use super::marks::Marks;
use super::pair::Pair;
use super::protocols::Ends;
use super::rules::{SYN_FIN_RST, completeness, is_after};
use super::sides::{Side, side, side_mut};
use crate::capfile::{Direction, FrameTime};
use crate::packet::TcpFlags;
use crate::types::{FrameNumber, Protocol};

const SYN_FIN_RST_ACK: u8 = SYN_FIN_RST | TcpFlags::ACK.0;

/// What is remembered of one side, packed. Counts of frames stay at 4,294,967,295. Of a UDP conversation only the first
/// two mean something.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Sender {
    pub(super) payload_bytes: u64,
    pub(super) frames: u32,
    pub(super) data_frames: u32,
    pub(super) acknowledgement_frames: u32,
    /// Sequence number before the first byte, if [`Marks::base`] says that it is known.
    pub(super) base: u32,
    /// Sequence number after the last byte sent, if [`Marks::next`] says that any was sent.
    pub(super) next: u32,
    /// The peer's latest acknowledgement number; 0 before the first.
    pub(super) acknowledged: u32,
}

/// Whether frames of each side without and with payload may be ones that [`Record::add_expected`] takes.
#[derive(Debug, Default, Clone, Copy)]
struct Ready(u8);

impl Ready {
    #[inline(always)]
    const fn bit(of: Side, data: bool) -> u8 {
        1 << (of as u8 * 2 + data as u8)
    }

    #[inline(always)]
    const fn has(self, of: Side, data: bool) -> bool {
        self.0 & Ready::bit(of, data) != 0
    }

    fn set(&mut self, of: Side, data: bool, ready: bool) {
        self.0 |= if ready { Ready::bit(of, data) } else { 0 };
    }
}

/// What a frame brings that is noted in [`Details`], one bit each. Most bring nothing.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seldom(pub(super) u8);

impl Seldom {
    pub(super) const FIRST_OF_SIDE: u8 = 1;
    pub(super) const FIRST_DATA: u8 = 2;
    pub(super) const CONTROL: u8 = 4;
    pub(super) const FIRST_ACK: u8 = 8;
    pub(super) const RETRANSMISSION: u8 = 16;
    /// Some of what its sender sent before it is missing.
    pub(super) const AFTER_GAP: u8 = 32;
    /// The ACK that completes the handshake, if it comes out of order: behind a segment that was sent after it.
    pub(super) const OVERTAKEN_ACK: u8 = 64;

    #[inline]
    pub(super) const fn any(self) -> bool {
        self.0 != 0
    }

    #[inline]
    pub(super) const fn has(self, bit: u8) -> bool {
        self.0 & bit != 0
    }

    /// The bit, where the condition holds.
    #[inline]
    pub(super) const fn when(condition: bool, bit: u8) -> u8 {
        if condition { bit } else { 0 }
    }
}

/// What every frame of a stream touches, in two cache lines.
#[derive(Debug)]
#[repr(C, align(64))]
pub(super) struct Record {
    pub(super) pair: Pair,
    pub(super) completeness: u8,
    pub(super) marks: Marks,
    last_frame: u64,
    last_time: Option<FrameTime>,
    ready: Ready,
    directions: BothDirections,
    pub(super) senders: [Sender; 2],
}

impl Record {
    /// A stream that begins with this frame, which is not yet counted.
    pub(super) fn new(pair: Pair, at: At) -> Self {
        Record {
            pair,
            completeness: 0,
            marks: Marks::default(),
            last_frame: at.number.0,
            last_time: at.time,
            ready: Ready::default(),
            directions: BothDirections::default(),
            senders: Default::default(),
        }
    }

    /// The stream has its first frame now: so far only quotes of it were seen, which tell no side.
    pub(super) fn begin(&mut self, pair: Pair) {
        self.pair = pair;
    }

    /// Its two socket addresses, the first side's first, and the transport.
    #[inline(always)]
    pub(super) fn pair(&self) -> &Pair {
        &self.pair
    }

    /// Something of each of the two cache lines. To look at it brings them into the processor.
    #[inline(always)]
    pub(super) fn lines(&self) -> u64 {
        let [_, sender] = &self.senders;
        u64::from(self.completeness) ^ sender.payload_bytes
    }

    /// Whether there are frames that [`Record::add_expected`] takes.
    #[inline(always)]
    pub(super) fn is_ready(&self) -> bool {
        self.ready.0 != 0
    }

    /// Counts a frame of which nothing else is to be noted: a datagram like those before, or the next segment of a
    /// connection that stands. Most are. False where it is another one, which is not counted.
    ///
    /// All that [`Record::add`] does says the same of them. What cannot be predicted is not branched on: which side sent,
    /// whether there is payload, which transport it is.
    #[inline(always)]
    pub(super) fn add_expected(&mut self, at: At, sender: Side, header: &Header, way: Option<Direction>) -> bool {
        let length = header.payload_length.unwrap_or(0);
        let has_data = length > 0;
        let end = header.sequence.wrapping_add(length);
        let (tcp, own) = (self.pair.protocol() == Protocol::Tcp, side(&self.senders, sender));
        let acknowledged = has_data & (own.acknowledged != 0) & !is_after(end, own.acknowledged);
        let gap = (header.sequence != own.next) | acknowledged;
        let flags = if tcp { TcpFlags::ACK.0 } else { 0 };
        if !self.ready.has(sender, has_data) || header.flags.0 & SYN_FIN_RST_ACK != flags || tcp & gap {
            return false;
        }
        self.count(at, sender, length, way);
        // This means nothing to a datagram.
        let side = side_mut(&mut self.senders, sender);
        side.acknowledgement_frames = side.acknowledgement_frames.saturating_add(u32::from(!has_data));
        side.next = end;
        side_mut(&mut self.senders, sender.other()).acknowledged = header.acknowledgement;
        true
    }

    /// Counts a frame; [`Record::add_seldom`] must follow where there is anything seldom.
    pub(super) fn add(&mut self, at: At, sender: Side, header: &Header, way: Option<Direction>) -> Seldom {
        let length = header.payload_length.unwrap_or(0);
        self.count(at, sender, length, way);
        let first = Seldom::when(side(&self.senders, sender).frames == 1, Seldom::FIRST_OF_SIDE);
        Seldom(
            first
                | match self.pair.protocol() {
                    Protocol::Tcp => self.add_segment(sender, header, length),
                    Protocol::Udp => Seldom::when(!self.marks.has(Marks::data(sender)), Seldom::FIRST_DATA),
                },
        )
    }

    /// What is the same for each frame.
    #[inline(always)]
    fn count(&mut self, at: At, sender: Side, length: u32, way: Option<Direction>) {
        self.last_frame = at.number.0;
        self.last_time = at.time;
        self.directions.add(sender, way);
        let side = side_mut(&mut self.senders, sender);
        side.frames = side.frames.saturating_add(1);
        side.data_frames = side.data_frames.saturating_add(u32::from(length > 0));
        side.payload_bytes = side.payload_bytes.saturating_add(u64::from(length));
    }

    /// Finds out which frames are to be expected from now on. `noted` says that frames are still noted one by one.
    pub(super) fn get_ready(&mut self, noted: bool) {
        self.ready = Ready::default();
        if noted || self.is_full() {
            return;
        }
        for sender in [Side::Originator, Side::Responder] {
            let has_sent_data = self.marks.has(Marks::data(sender));
            let [without, with] = match self.pair.protocol() {
                Protocol::Udp => [has_sent_data; 2],
                Protocol::Tcp => {
                    let first_ack = self.awaits_ack(sender);
                    let stands = self.marks.has_both_bases() && self.marks.has(Marks::next(sender)) && !first_ack;
                    let complete = |bit| stands && self.completeness & bit != 0;
                    [complete(completeness::ACK), complete(completeness::DATA) && has_sent_data]
                }
            };
            self.ready.set(sender, false, without);
            self.ready.set(sender, true, with);
        }
    }

    /// Notes what a frame brings that is seldom.
    pub(super) fn add_seldom(
        &mut self,
        details: &mut Noting<'_>,
        seldom: Seldom,
        frame: FrameNumber,
        sender: Side,
        header: &Header,
        payload: &[u8],
    ) {
        if seldom.has(Seldom::FIRST_DATA) && (self.pair.protocol() == Protocol::Tcp || !payload.is_empty()) {
            self.marks.set(Marks::data(sender));
            let is_whole = header.payload_length.is_some_and(|length| usize::try_from(length) == Ok(payload.len()));
            let ends = Ends { protocol: self.pair.protocol(), ports: self.pair.ports(), is_whole };
            details.note_data(frame, sender, payload, ends);
        }
        if seldom.has(Seldom::FIRST_ACK) && self.marks.set(Marks::ack(sender)) && !seldom.has(Seldom::AFTER_GAP) {
            details.note_ack(frame, sender);
        }
        if seldom.has(Seldom::OVERTAKEN_ACK) {
            details.note_overtaken_ack(frame, sender);
        }
        if seldom.has(Seldom::CONTROL) {
            details.note_control(&mut self.marks, frame, sender, header.flags);
        }
        if seldom.has(Seldom::RETRANSMISSION) {
            details.note_retransmission(sender);
        }
    }

    /// Frames of both sides so far.
    #[inline]
    pub(super) fn frames(&self) -> u64 {
        let [a, b] = &self.senders;
        u64::from(a.frames).wrapping_add(u64::from(b.frames))
    }

    /// Frames with payload of one side so far.
    pub(super) fn data_frames(&self, of: Side) -> u32 {
        side(&self.senders, of).data_frames
    }

    /// Whether a count has reached what a record can hold.
    pub(super) fn is_full(&self) -> bool {
        self.senders.iter().any(|sender| sender.frames == u32::MAX)
    }

    /// The last frame so far.
    pub(super) fn last_frame(&self) -> FrameNumber {
        FrameNumber(self.last_frame)
    }

    /// When that was captured.
    pub(super) fn last_time(&self) -> Option<FrameTime> {
        self.last_time
    }

    /// Which way each side's frames went.
    pub(super) fn directions(&self) -> BothDirections {
        self.directions
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_takes_the_memory_it_is_meant_to() {
        assert_eq!(size_of::<Record>(), 128);
    }
}
