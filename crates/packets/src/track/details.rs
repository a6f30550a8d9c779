//! What is remembered of a stream besides what every frame touches, packed: a capture may hold millions of streams.
//!
//! Frames are kept as distances from the stream's first one, and counts in four bits. What finds no room so is kept apart;
//! [`Known`] and [`Noting`] hide the difference.

use foldhash::{HashMap, HashMapExt};

use super::arrival::At;
use super::marks::Marks;
use super::packed::PackedFrame;
use super::payload::PayloadKinds;
use super::place::Place;
use super::protocols::Ends;
use super::records::Records;
use super::rules::SYN_ACK;
use super::sides::{Side, side};
use crate::capfile::FrameTime;
use crate::packet::TcpFlags;
use crate::track::payload::PayloadKind;
use crate::types::FrameNumber;

/// A kind of frame of which each stream's first one is remembered; of a UDP conversation only data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum First {
    Syn,
    SynAck,
    /// After the SYN-ACK, with ACK set and SYN clear.
    AckOfOriginator,
    AckOfResponder,
    DataOfOriginator,
    DataOfResponder,
    FinOfOriginator,
    FinOfResponder,
    RstOfOriginator,
    RstOfResponder,
}

impl First {
    const COUNT: usize = 10;

    pub(super) const ACK: [First; 2] = [First::AckOfOriginator, First::AckOfResponder];
    pub(super) const DATA: [First; 2] = [First::DataOfOriginator, First::DataOfResponder];
    pub(super) const FIN: [First; 2] = [First::FinOfOriginator, First::FinOfResponder];
    pub(super) const RST: [First; 2] = [First::RstOfOriginator, First::RstOfResponder];
}

/// How many frames after the stream's first one, plus one; 0 for none.
#[derive(Debug, Clone, Copy, Default)]
struct Distance([u8; 3]);

impl Distance {
    /// It is kept apart.
    const FAR: u32 = 0xff_ffff;

    fn new(frames: u64) -> Distance {
        let [a, b, c, _] =
            u32::try_from(frames).map_or(Distance::FAR, |n| n.saturating_add(1).min(Distance::FAR)).to_le_bytes();
        Distance([a, b, c])
    }

    fn get(self) -> u32 {
        let [a, b, c] = self.0;
        u32::from_le_bytes([a, b, c, 0])
    }
}

/// Retransmissions of both sides, four bits each, the originator's the lower ones; more than 15 are kept apart.
#[derive(Debug, Clone, Copy, Default)]
struct Retransmissions(u8);

impl Retransmissions {
    const MOST: u8 = 15;

    fn of(self, side: Side) -> u8 {
        self.0 >> (4 * side as u8) & Self::MOST
    }

    /// One more. False where there is no room.
    fn add(&mut self, side: Side) -> bool {
        let room = self.of(side) < Self::MOST;
        self.0 = self.0.wrapping_add(u8::from(room) << (4 * side as u8));
        room
    }
}

/// Those of one stream, in 48 bytes.
#[derive(Debug)]
pub(super) struct Details {
    first_time: Option<FrameTime>,
    first_frame: PackedFrame,
    firsts: [Distance; First::COUNT],
    payload_kinds: PayloadKinds,
    /// Bits of the first frame, which Wireshark adds one pass late: they show in streams of two or more frames.
    late_completeness: u8,
    retransmissions: Retransmissions,
}

impl Details {
    fn new(at: At) -> Self {
        Details {
            first_time: at.time,
            first_frame: PackedFrame::new(at.number),
            firsts: Default::default(),
            payload_kinds: PayloadKinds::default(),
            late_completeness: 0,
            retransmissions: Retransmissions::default(),
        }
    }
}

/// What finds no room in [`Details`].
#[derive(Debug)]
struct Far {
    frames: HashMap<(Place, First), FrameNumber>,
    retransmissions: HashMap<(Place, Side), u32>,
}

/// Those of all streams.
#[derive(Debug)]
pub(super) struct AllDetails {
    near: Records<Details>,
    far: Far,
}

impl AllDetails {
    pub(super) fn new() -> Self {
        AllDetails { near: Records::new(), far: Far { frames: HashMap::new(), retransmissions: HashMap::new() } }
    }

    /// How many streams there are.
    pub(super) fn len(&self) -> usize {
        self.near.len()
    }

    /// Adds a stream that begins with this frame.
    pub(super) fn push(&mut self, at: At) {
        self.near.push(Details::new(at));
    }

    /// Something of each cache line that holds those of a stream. To look at it brings them into the processor.
    #[inline(always)]
    pub(super) fn lines(&self, place: Place) -> u64 {
        let of = |details: &Details| u8::from(details.first_time.is_some()) ^ details.late_completeness;
        self.near.get(place.index()).map_or(0, |details| u64::from(of(details)))
    }

    /// What is known of a stream.
    pub(super) fn get(&self, place: Place) -> Option<Known<'_>> {
        self.near.get(place.index()).map(|details| Known { details, far: &self.far, place })
    }

    /// The same, to note more.
    pub(super) fn get_mut(&mut self, place: Place) -> Option<Noting<'_>> {
        self.near.get_mut(place.index()).map(|details| Noting { details, far: &mut self.far, place })
    }
}

/// What is known of a stream.
#[derive(Clone, Copy)]
pub(super) struct Known<'a> {
    details: &'a Details,
    far: &'a Far,
    place: Place,
}

impl Known<'_> {
    pub(super) fn first_frame(&self) -> FrameNumber {
        self.details.first_frame.get().unwrap_or(FrameNumber(0))
    }

    pub(super) fn first_time(&self) -> Option<FrameTime> {
        self.details.first_time
    }

    /// The first frame of this kind.
    pub(super) fn first(&self, kind: First) -> Option<FrameNumber> {
        match self.details.firsts.get(kind as usize)?.get() {
            0 => None,
            Distance::FAR => self.far.frames.get(&(self.place, kind)).copied(),
            near => Some(FrameNumber(self.first_frame().0.saturating_add(u64::from(near)).saturating_sub(1))),
        }
    }

    pub(super) fn payload_kinds(&self) -> [PayloadKind; 2] {
        self.details.payload_kinds.get()
    }

    pub(super) fn late_completeness(&self) -> u8 {
        self.details.late_completeness
    }

    /// Retransmissions of each side; they stay at 4,294,967,295.
    pub(super) fn retransmissions(&self) -> [u32; 2] {
        [Side::Originator, Side::Responder].map(|of| {
            let more = self.far.retransmissions.get(&(self.place, of)).copied().unwrap_or(0);
            u32::from(self.details.retransmissions.of(of)).saturating_add(more)
        })
    }
}

/// What is known of a stream, to note more.
pub(super) struct Noting<'a> {
    details: &'a mut Details,
    far: &'a mut Far,
    place: Place,
}

impl Noting<'_> {
    /// The stream's first frame so far.
    pub(super) fn first_frame(&self) -> FrameNumber {
        self.details.first_frame.get().unwrap_or(FrameNumber(0))
    }

    /// The stream has its first frame now: so far only quotes of it were seen.
    pub(super) fn begin(&mut self, at: At) {
        (self.details.first_time, self.details.first_frame) = (at.time, PackedFrame::new(at.number));
    }

    pub(super) fn set_late_completeness(&mut self, bits: u8) {
        self.details.late_completeness = bits;
    }

    fn set(&mut self, kind: First, frame: FrameNumber) {
        let distance = Distance::new(frame.0.saturating_sub(self.first_frame().0));
        if distance.get() == Distance::FAR {
            self.far.frames.insert((self.place, kind), frame);
        }
        if let Some(there) = self.details.firsts.get_mut(kind as usize) {
            *there = distance;
        }
    }

    /// First frame with payload of a side.
    pub(super) fn note_data(&mut self, frame: FrameNumber, sender: Side, payload: &[u8], ends: Ends) {
        self.set(*side(&First::DATA, sender), frame);
        self.details.payload_kinds.note(sender, payload, ends);
    }

    /// First acknowledgement of a side after the SYN-ACK.
    pub(super) fn note_ack(&mut self, frame: FrameNumber, sender: Side) {
        self.set(*side(&First::ACK, sender), frame);
    }

    /// The same, where it came behind a later segment of its side, which is none or carries data.
    pub(super) fn note_overtaken_ack(&mut self, frame: FrameNumber, sender: Side) {
        let (ack, data) = (*side(&First::ACK, sender), *side(&First::DATA, sender));
        let distance = |kind: First| self.details.firsts.get(kind as usize).map_or(0, |distance| distance.get());
        if distance(ack) == 0 || distance(ack) == distance(data) && distance(ack) != Distance::FAR {
            self.set(ack, frame);
        }
    }

    /// First SYN, SYN-ACK, FIN and RST.
    pub(super) fn note_control(&mut self, marks: &mut Marks, frame: FrameNumber, sender: Side, flags: TcpFlags) {
        if flags.has(SYN_ACK) {
            if marks.set(Marks::SYN_ACK) {
                self.set(First::SynAck, frame);
                marks.0 |= if sender == Side::Responder { Marks::SYN_ACK_FROM_RESPONDER } else { 0 };
            }
        } else if flags.has(TcpFlags::SYN) && marks.set(Marks::SYN) {
            self.set(First::Syn, frame);
            marks.0 |= if sender == Side::Responder { Marks::SYN_FROM_RESPONDER } else { 0 };
        }
        if flags.has(TcpFlags::FIN) && marks.set(Marks::fin(sender)) {
            self.set(*side(&First::FIN, sender), frame);
        }
        if flags.has(TcpFlags::RST) && marks.set(Marks::rst(sender)) {
            self.set(*side(&First::RST, sender), frame);
        }
    }

    /// One more retransmission of a side.
    pub(super) fn note_retransmission(&mut self, sender: Side) {
        if !self.details.retransmissions.add(sender) {
            let more = self.far.retransmissions.entry((self.place, sender)).or_insert(0);
            *more = more.saturating_add(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_takes_the_memory_it_is_meant_to() {
        assert!(size_of::<Details>() <= 48);
    }

    #[test]
    fn frames_and_counts_of_any_size_are_remembered() {
        let mut all = AllDetails::new();
        all.push(At { number: FrameNumber(1), time: None });
        all.push(At { number: FrameNumber(10), time: None });
        let place = Place::new(1);
        let near_end = 10 + u64::from(Distance::FAR) - 2;
        for (kind, frame) in [
            (First::Syn, 10),
            (First::SynAck, near_end),
            (First::FinOfOriginator, near_end + 1),
            (First::RstOfResponder, 1 << 39),
        ] {
            all.get_mut(place).unwrap().set(kind, FrameNumber(frame));
            assert_eq!(all.get(place).unwrap().first(kind), Some(FrameNumber(frame)));
        }
        assert_eq!(all.far.frames.len(), 2);
        for _ in 0..700 {
            all.get_mut(place).unwrap().note_retransmission(Side::Responder);
        }
        assert_eq!(all.get(place).unwrap().retransmissions(), [0, 700]);
        all.get_mut(place).unwrap().note_retransmission(Side::Originator);
        assert_eq!(all.get(place).unwrap().retransmissions(), [1, 700]);
        let other = all.get(Place::new(0)).unwrap();
        assert_eq!(
            (other.first(First::Syn), other.first(First::FinOfOriginator), other.retransmissions()),
            (None, None, [0, 0])
        );
    }
}
