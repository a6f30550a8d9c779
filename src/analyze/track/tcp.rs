//! TCP connections as Wireshark numbers and judges them: port reuse, completeness, retransmissions.
//!
//! The rules stand in named functions: [`TcpRecord::is_reused_by`], [`TcpRecord::note_bases`], [`completeness_of`],
//! [`Sender::sent_before`].

use super::model::{Close, HandshakeState, Side, SideCounts, TcpConnection};
use super::packed::{PackedFrame, PackedTime};
use super::pair::{Pair, Paired};
use super::payload::PayloadKinds;
use super::sides::{side, side_mut};
use super::sightings::Sightings;
use crate::analyze::packet::TcpFlags;
use crate::analyze::packet::TcpSegment;
use crate::capfile::{Direction, Frame};
use crate::types::{FrameNumber, StreamNumber};

/// The bits of `tcp.completeness`.
mod completeness {
    pub(super) const SYN: u8 = 1;
    pub(super) const SYN_ACK: u8 = 2;
    pub(super) const ACK: u8 = 4;
    pub(super) const DATA: u8 = 8;
    pub(super) const FIN: u8 = 16;
    pub(super) const RST: u8 = 32;
}

const SYN_ACK: TcpFlags = TcpFlags(TcpFlags::SYN.0 | TcpFlags::ACK.0);

/// Flags of a segment that is no keep-alive and no pure acknowledgement.
const SYN_FIN_RST: u8 = TcpFlags::SYN.0 | TcpFlags::FIN.0 | TcpFlags::RST.0;

/// What is remembered of one side, packed.
#[derive(Debug, Default, Clone, Copy)]
struct Sender {
    frames: u64,
    data_frames: u64,
    acknowledgement_frames: u64,
    payload_bytes: u64,
    /// Sequence number before the first byte, if [`Marks::base`] says that it is known.
    base: u32,
    /// Sequence number after the last byte sent, if [`Marks::next`] says that any was sent.
    next: u32,
    /// The peer's latest acknowledgement number; 0 before the first.
    acknowledged: u32,
    /// Stays at 4,294,967,295.
    retransmissions: u32,
    sightings: Sightings,
}

/// The first frame of each kind.
#[derive(Debug, Default, Clone, Copy)]
struct Firsts {
    any: PackedFrame,
    syn: PackedFrame,
    syn_ack: PackedFrame,
    /// First frame after the SYN-ACK with ACK set and SYN clear, of each side.
    ack: [PackedFrame; 2],
    data: [PackedFrame; 2],
    fin: [PackedFrame; 2],
    rst: [PackedFrame; 2],
}

/// Small facts, one bit each.
#[derive(Debug, Default, Clone, Copy)]
struct Marks(u16);

impl Marks {
    const SYN: u16 = 1;
    const SYN_FROM_B: u16 = 2;
    const SYN_ACK: u16 = 4;
    const SYN_ACK_FROM_B: u16 = 8;

    const fn base(side: Side) -> u16 {
        side_bit(side, 4)
    }
    const fn next(side: Side) -> u16 {
        side_bit(side, 6)
    }
    const fn ack(side: Side) -> u16 {
        side_bit(side, 8)
    }
    const fn data(side: Side) -> u16 {
        side_bit(side, 10)
    }
    const fn fin(side: Side) -> u16 {
        side_bit(side, 12)
    }
    const fn rst(side: Side) -> u16 {
        side_bit(side, 14)
    }

    const fn has(self, mark: u16) -> bool {
        self.0 & mark != 0
    }

    /// Sets the mark; true where it was not set before.
    fn set(&mut self, mark: u16) -> bool {
        let new = self.0 & mark == 0;
        self.0 |= mark;
        new
    }
}

const fn side_bit(side: Side, shift: u16) -> u16 {
    match side {
        Side::A => 1 << shift,
        Side::B => 2 << shift,
    }
}

/// A TCP connection, packed. What every frame touches stands together.
#[derive(Debug)]
#[repr(C)]
pub(super) struct TcpRecord {
    pair: Pair,
    senders: [Sender; 2],
    last_frame: u64,
    last_time: PackedTime,
    marks: Marks,
    completeness: u8,
    /// Bits of the first frame, which Wireshark adds one pass late: they show in streams of two or more frames.
    late_completeness: u8,
    payload_kinds: PayloadKinds,
    first_time: PackedTime,
    firsts: Firsts,
}

impl Paired for TcpRecord {
    #[inline]
    fn pair(&self) -> &Pair {
        &self.pair
    }

    fn sightings(&self) -> [Sightings; 2] {
        [self.senders[0].sightings, self.senders[1].sightings]
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
    pub(super) fn new(pair: Pair, frame: &Frame<'_>, segment: &TcpSegment<'_>, opening: Opening) -> Self {
        let mut record = TcpRecord {
            pair,
            senders: Default::default(),
            last_frame: frame.number.0,
            last_time: PackedTime::new(frame.time),
            marks: Marks::default(),
            completeness: 0,
            late_completeness: 0,
            payload_kinds: PayloadKinds::default(),
            first_time: PackedTime::new(frame.time),
            firsts: Firsts { any: PackedFrame::new(frame.number), ..Firsts::default() },
        };
        record.note_opening(segment, opening);
        record
    }

    /// Completeness that only a stream's first frame gives: 1 for a SYN; 8 for a SYN with payload that is the first
    /// frame of its pair. That frame's other bits come late.
    fn note_opening(&mut self, segment: &TcpSegment<'_>, opening: Opening) {
        let first_of_pair = opening == Opening::FirstOfPair;
        let syn = is_syn(segment.flags) && !(first_of_pair && segment.bogus_header);
        if syn {
            self.completeness |= completeness::SYN;
            if first_of_pair && segment.payload_length.is_some_and(|length| length > 0) {
                self.completeness |= completeness::DATA;
            }
        }
        if first_of_pair && !segment.bogus_header {
            self.late_completeness = completeness_of(segment);
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
        frame: &Frame<'_>,
        sender: Side,
        segment: &TcpSegment<'_>,
        way: Option<Direction>,
    ) -> bool {
        let first = self.frames() == 0;
        self.last_frame = frame.number.0;
        self.last_time = PackedTime::new(frame.time);
        let length = segment.payload_length.unwrap_or(0);
        let has_data = length > 0;
        let side = side_mut(&mut self.senders, sender);
        side.frames = side.frames.saturating_add(1);
        side.sightings.add(way);
        if has_data {
            self.payload_kinds.note(sender, segment.payload);
            side.data_frames = side.data_frames.saturating_add(1);
            side.payload_bytes = side.payload_bytes.saturating_add(u64::from(length));
            if self.marks.set(Marks::data(sender)) {
                *side_mut(&mut self.firsts.data, sender) = PackedFrame::new(frame.number);
            }
        }
        self.note_bases(sender, segment);
        if segment.bogus_header {
            return false;
        }
        if !(first && self.late_completeness != 0) {
            self.completeness |= completeness_of(segment);
        }
        self.note_flags(frame.number, sender, segment, has_data);
        self.note_sequence(sender, segment, length)
    }

    /// Frames of both sides so far.
    #[inline]
    pub(super) fn frames(&self) -> u64 {
        self.senders[0].frames.saturating_add(self.senders[1].frames)
    }

    /// Frames of one side so far.
    #[inline]
    pub(super) fn sent(&self, sender: Side) -> u64 {
        side(&self.senders, sender).frames
    }

    /// Base sequence numbers: the first frame of a direction sets its own; an acknowledgement sets the other one if that
    /// has none; a SYN-ACK replaces its direction's. So do frames whose header is too short to be evaluated otherwise, but
    /// those of unknown payload length only replace.
    #[inline]
    fn note_bases(&mut self, sender: Side, segment: &TcpSegment<'_>) {
        if segment.payload_length.is_none() {
            self.note_base_of_syn_ack(sender, segment);
            return;
        }
        if self.marks.set(Marks::base(sender)) {
            let syn = segment.flags.has(TcpFlags::SYN);
            let base = if syn { segment.sequence } else { segment.sequence.wrapping_sub(1) };
            side_mut(&mut self.senders, sender).base = base;
        }
        if segment.flags.has(TcpFlags::ACK) && self.marks.set(Marks::base(sender.other())) {
            side_mut(&mut self.senders, sender.other()).base = segment.acknowledgement.wrapping_sub(1);
        }
        self.note_base_of_syn_ack(sender, segment);
    }

    #[inline]
    fn note_base_of_syn_ack(&mut self, sender: Side, segment: &TcpSegment<'_>) {
        if segment.flags.has(SYN_ACK) && self.marks.has(Marks::base(sender)) {
            side_mut(&mut self.senders, sender).base = segment.sequence;
        }
    }

    /// First frames of each kind, and pure acknowledgements.
    #[inline]
    fn note_flags(&mut self, frame: FrameNumber, sender: Side, segment: &TcpSegment<'_>, has_data: bool) {
        let flags = segment.flags;
        if flags.0 & SYN_FIN_RST != 0 {
            self.note_control(frame, sender, flags);
        } else if flags.has(TcpFlags::ACK) && !has_data {
            let side = side_mut(&mut self.senders, sender);
            side.acknowledgement_frames = side.acknowledgement_frames.saturating_add(1);
        }
        let acknowledges = flags.0 & SYN_ACK.0 == TcpFlags::ACK.0;
        if acknowledges && self.marks.has(Marks::SYN_ACK) && self.marks.set(Marks::ack(sender)) {
            *side_mut(&mut self.firsts.ack, sender) = PackedFrame::new(frame);
        }
    }

    /// First SYN, SYN-ACK, FIN and RST.
    fn note_control(&mut self, frame: FrameNumber, sender: Side, flags: TcpFlags) {
        let frame = PackedFrame::new(frame);
        if flags.has(SYN_ACK) {
            if self.marks.set(Marks::SYN_ACK) {
                self.firsts.syn_ack = frame;
                self.marks.0 |= if sender == Side::B { Marks::SYN_ACK_FROM_B } else { 0 };
            }
        } else if flags.has(TcpFlags::SYN) && self.marks.set(Marks::SYN) {
            self.firsts.syn = frame;
            self.marks.0 |= if sender == Side::B { Marks::SYN_FROM_B } else { 0 };
        }
        if flags.has(TcpFlags::FIN) && self.marks.set(Marks::fin(sender)) {
            *side_mut(&mut self.firsts.fin, sender) = frame;
        }
        if flags.has(TcpFlags::RST) && self.marks.set(Marks::rst(sender)) {
            *side_mut(&mut self.firsts.rst, sender) = frame;
        }
    }

    /// Follows the sequence numbers of one side; true where the segment repeats something sent before.
    #[inline]
    fn note_sequence(&mut self, sender: Side, segment: &TcpSegment<'_>, length: u32) -> bool {
        let flags = segment.flags;
        let controls = u32::from(flags.has(TcpFlags::SYN)).wrapping_add(u32::from(flags.has(TcpFlags::FIN)));
        let occupied = length.wrapping_add(controls);
        let end = segment.sequence.wrapping_add(occupied);
        let first = self.marks.set(Marks::next(sender));
        let side = side_mut(&mut self.senders, sender);
        let retransmission = occupied > 0 && side.sent_before(!first, segment, length);
        if first || is_after(end, side.next) {
            side.next = end;
        }
        side.retransmissions = side.retransmissions.saturating_add(u32::from(retransmission));
        if flags.has(TcpFlags::ACK) {
            side_mut(&mut self.senders, sender.other()).acknowledged = segment.acknowledgement;
        }
        retransmission
    }

    /// The connection as others see it.
    pub(super) fn expand(&self, stream: StreamNumber) -> TcpConnection {
        let syn_sender = self.marks.has(Marks::SYN).then_some(side_where(self.marks.has(Marks::SYN_FROM_B)));
        let syn_ack_sender =
            self.marks.has(Marks::SYN_ACK).then_some(side_where(self.marks.has(Marks::SYN_ACK_FROM_B)));
        TcpConnection {
            stream,
            addresses: self.pair.addresses(),
            counts: [self.senders[0].counts(), self.senders[1].counts()],
            syn: self.firsts.syn.get(),
            syn_sender,
            syn_ack: self.firsts.syn_ack.get(),
            syn_ack_sender,
            ack: self.completing_ack(syn_sender, syn_ack_sender),
            handshake: self.handshake(syn_sender, syn_ack_sender),
            base_sequence: self.bases(),
            first_data: self.firsts.data.map(PackedFrame::get),
            fin: self.firsts.fin.map(PackedFrame::get),
            rst: self.firsts.rst.map(PackedFrame::get),
            payload_kinds: self.payload_kinds.get(),
            completeness: self.final_completeness(),
            close: self.close(),
            first_frame: self.firsts.any.get().unwrap_or(FrameNumber(0)),
            last_frame: FrameNumber(self.last_frame),
            first_time: self.first_time.get(),
            last_time: self.last_time.get(),
        }
    }

    /// Base sequence numbers of both sides.
    pub(super) fn bases(&self) -> [Option<u32>; 2] {
        let [a, b] = &self.senders;
        [(Side::A, a), (Side::B, b)].map(|(side, sender)| self.marks.has(Marks::base(side)).then_some(sender.base))
    }

    /// Wireshark's value after two passes.
    fn final_completeness(&self) -> u8 {
        self.completeness | if self.frames() > 1 { self.late_completeness } else { 0 }
    }

    /// The frame that completes the handshake: from the sender of the SYN, without a SYN from the receiver of the
    /// SYN-ACK.
    fn completing_ack(&self, syn_sender: Option<Side>, syn_ack_sender: Option<Side>) -> Option<FrameNumber> {
        let client = syn_sender.or(syn_ack_sender.map(Side::other))?;
        let [a, b] = self.firsts.ack;
        if client == Side::A || self.pair.is_loop() { a.get() } else { b.get() }
    }

    fn handshake(&self, syn_sender: Option<Side>, syn_ack_sender: Option<Side>) -> HandshakeState {
        match (syn_sender, syn_ack_sender) {
            (Some(_), Some(_)) if self.completing_ack(syn_sender, syn_ack_sender).is_some() => HandshakeState::Complete,
            (_, Some(_)) => HandshakeState::SynAckSeen,
            (Some(client), None) if self.marks.has(Marks::rst(client.other())) => HandshakeState::Refused,
            (Some(_), None) => HandshakeState::SynOnly,
            (None, None) => HandshakeState::NotCaptured,
        }
    }

    fn close(&self) -> Close {
        if self.marks.has(Marks::rst(Side::A) | Marks::rst(Side::B)) {
            Close::Reset
        } else if self.marks.has(Marks::fin(Side::A) | Marks::fin(Side::B)) {
            Close::Fin
        } else {
            Close::Open
        }
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

    fn counts(&self) -> SideCounts {
        SideCounts {
            frames: self.frames,
            data_frames: self.data_frames,
            acknowledgement_frames: self.acknowledgement_frames,
            payload_bytes: self.payload_bytes,
            retransmissions: u64::from(self.retransmissions),
        }
    }
}

/// The completeness bits of a segment on its own. Without ACK, payload and FIN add nothing; payload takes the place of
/// the ACK bit; payload of a SYN does not count.
#[inline]
fn completeness_of(segment: &TcpSegment<'_>) -> u8 {
    let flags = segment.flags;
    let mut bits = if flags.has(TcpFlags::RST) { completeness::RST } else { 0 };
    if flags.has(TcpFlags::ACK) {
        bits |= if flags.has(TcpFlags::SYN) {
            completeness::SYN_ACK
        } else if segment.payload_length.is_some_and(|length| length > 0) {
            completeness::DATA
        } else {
            completeness::ACK
        };
        bits |= if flags.has(TcpFlags::FIN) { completeness::FIN } else { 0 };
    }
    bits
}

/// SYN set and ACK clear.
#[inline]
fn is_syn(flags: TcpFlags) -> bool {
    flags.0 & SYN_ACK.0 == TcpFlags::SYN.0
}

/// Whether sequence number `a` comes after `b`, modulo 2^32 (RFC 9293, section 3.4).
#[inline]
fn is_after(a: u32, b: u32) -> bool {
    a.wrapping_sub(b).wrapping_sub(1) < 0x7fff_ffff
}

fn side_where(b: bool) -> Side {
    if b { Side::B } else { Side::A }
}
