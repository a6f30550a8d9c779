//! TCP connections as Wireshark numbers and judges them: port reuse, completeness, retransmissions.
//!
//! Each rule stands in a function of its own: [`Record::is_reused_by`], [`Record::note_bases`],
//! [`Record::set_opening`], [`Record::add_quoted`], [`completeness_of`], [`Sender::sent_before`]. `view` makes of a
//! stream what others see.

mod view;

use super::arrival::Header;
use super::details::Noting;
use super::marks::Marks;
use super::record::{Record, Seldom, Sender};
use super::rules::{SYN_ACK, SYN_FIN_RST, completeness, completeness_of, is_after, is_syn};
use super::sides::{Side, side, side_mut};
use crate::packet::TcpFlags;

/// How a stream came to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Opening {
    /// The first frame of its pair of addresses in the file.
    FirstOfPair,
    /// A SYN on a pair that had a stream before.
    PortReuse,
}

impl Record {
    /// Sets the completeness of a stream after its first frame was counted: 1 for a SYN; 8 for a SYN with payload that is
    /// the first frame of its pair. The other bits of that frame come late.
    pub(super) fn set_opening(&mut self, details: &mut Noting<'_>, header: &Header, opening: Opening) {
        let has_data = header.payload_length.is_some_and(|length| length > 0);
        let syn = if is_syn(header.flags) { completeness::SYN } else { 0 };
        let data = if syn != 0 && has_data { completeness::DATA } else { 0 };
        match opening {
            Opening::PortReuse => self.completeness |= syn,
            Opening::FirstOfPair if header.bogus => {}
            Opening::FirstOfPair => {
                details.set_late_completeness(self.completeness);
                self.completeness = syn | data;
            }
        }
    }

    /// Sets the completeness of a stream that a quoted segment opened. What counts late in other streams shows in this one
    /// as soon as it has a frame.
    pub(super) fn set_quoted_opening(&mut self, header: &Header, opening: Opening) {
        let syn = if is_syn(header.flags) { completeness::SYN } else { 0 };
        self.completeness = match (header.bogus, opening) {
            (false, _) => syn | completeness_of(header),
            (true, Opening::PortReuse) => syn,
            (true, Opening::FirstOfPair) => 0,
        };
    }

    /// Takes in a quoted segment, which counts for completeness, but not its payload, and for a base sequence number that
    /// it replaces.
    pub(super) fn add_quoted(&mut self, sender: Side, header: &Header) {
        self.replace_base(sender, header);
        self.completeness |= if header.bogus { 0 } else { completeness_of(header) };
    }

    /// Port reuse: a SYN without ACK whose sequence number is not its direction's base opens a new stream.
    #[inline]
    pub(super) fn is_reused_by(&self, sender: Side, header: &Header) -> bool {
        is_syn(header.flags)
            && self.marks.has(Marks::base(sender))
            && side(&self.senders, sender).base != header.sequence
    }

    /// Takes in a segment that is counted already. What it brings, in the bits of [`Seldom`].
    pub(super) fn add_segment(&mut self, sender: Side, header: &Header, length: u32) -> u8 {
        let (flags, has_data) = (header.flags, length > 0);
        if !self.marks.has_both_bases() || flags.has(TcpFlags::SYN) {
            self.note_bases(sender, header);
        }
        let mut seldom = Seldom::when(has_data & !self.marks.has(Marks::data(sender)), Seldom::FIRST_DATA);
        if header.bogus {
            return seldom;
        }
        self.completeness |= completeness_of(header);
        let control = flags.0 & SYN_FIN_RST != 0;
        let pure = flags.has(TcpFlags::ACK) & !has_data & !control;
        let side = side_mut(&mut self.senders, sender);
        side.acknowledgement_frames = side.acknowledgement_frames.saturating_add(u32::from(pure));
        seldom |= Seldom::when(control, Seldom::CONTROL);
        let acknowledges = flags.0 & SYN_ACK.0 == TcpFlags::ACK.0;
        let first_ack = acknowledges & self.awaits_ack(sender);
        seldom |= Seldom::when(first_ack, Seldom::FIRST_ACK);
        seldom |= Seldom::when(first_ack && self.skips_numbers(sender, header), Seldom::AFTER_GAP);
        seldom |= Seldom::when(pure && self.is_overtaken_ack(sender, header), Seldom::OVERTAKEN_ACK);
        seldom | Seldom::when(self.note_sequence(sender, header, length), Seldom::RETRANSMISSION)
    }

    /// Whether a segment of this side with ACK may be the one that completes the handshake.
    pub(super) fn awaits_ack(&self, sender: Side) -> bool {
        let from = if self.marks.has(Marks::SYN_FROM_RESPONDER) { Side::Responder } else { Side::Originator };
        let has_opened = self.marks.has(Marks::SYN) && from == sender;
        (self.marks.has(Marks::SYN_ACK) || has_opened) && !self.marks.has(Marks::ack(sender))
    }

    /// Whether a segment of this side that only acknowledges has the numbers of the one that completes the handshake (RFC 9293,
    /// section 3.5), though one that was sent after it came before.
    fn is_overtaken_ack(&self, sender: Side, header: &Header) -> bool {
        let follows = |of: Side, number: u32| number == side(&self.senders, of).base.wrapping_add(1);
        let has_sent_more = is_after(side(&self.senders, sender).next, header.sequence);
        self.marks.has(Marks::ack(sender))
            && self.marks.has(Marks::next(sender))
            && has_sent_more
            && follows(sender, header.sequence)
            && follows(sender.other(), header.acknowledgement)
            && !self.pair.is_loop()
    }

    /// Whether sequence numbers of this side are missing before a segment.
    fn skips_numbers(&self, sender: Side, header: &Header) -> bool {
        let own = side(&self.senders, sender);
        let next = if self.marks.has(Marks::next(sender)) { own.next } else { own.base.wrapping_add(1) };
        is_after(header.sequence, next)
    }

    /// Base sequence numbers: the first frame of a direction sets its own; an acknowledgement sets the other one if that
    /// has none; a SYN-ACK replaces its direction's. So do frames whose header is too short to be evaluated otherwise, but
    /// those of unknown payload length only replace.
    fn note_bases(&mut self, sender: Side, header: &Header) {
        let flags = header.flags;
        if header.payload_length.is_some() {
            if self.marks.set(Marks::base(sender)) {
                let before = u32::from(!flags.has(TcpFlags::SYN));
                side_mut(&mut self.senders, sender).base = header.sequence.wrapping_sub(before);
            }
            if flags.has(TcpFlags::ACK) && self.marks.set(Marks::base(sender.other())) {
                side_mut(&mut self.senders, sender.other()).base = header.acknowledgement.wrapping_sub(1);
            }
        }
        self.replace_base(sender, header);
    }

    /// A SYN-ACK replaces the base of its direction, where there is one.
    fn replace_base(&mut self, sender: Side, header: &Header) {
        if header.flags.has(SYN_ACK) && self.marks.has(Marks::base(sender)) {
            side_mut(&mut self.senders, sender).base = header.sequence;
        }
    }

    /// Follows the sequence numbers of one side; true where the segment repeats something sent before.
    fn note_sequence(&mut self, sender: Side, header: &Header, length: u32) -> bool {
        let flags = header.flags;
        let controls = u32::from(flags.has(TcpFlags::SYN)).wrapping_add(u32::from(flags.has(TcpFlags::FIN)));
        let occupied = length.wrapping_add(controls);
        let end = header.sequence.wrapping_add(occupied);
        let known = !self.marks.set(Marks::next(sender));
        let side = side_mut(&mut self.senders, sender);
        let retransmission = (occupied > 0) & side.sent_before(known, header, length);
        side.next = if !known | is_after(end, side.next) { end } else { side.next };
        let peer = side_mut(&mut self.senders, sender.other());
        peer.acknowledged = if flags.has(TcpFlags::ACK) { header.acknowledgement } else { peer.acknowledged };
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
    fn sent_before(&self, known: bool, header: &Header, length: u32) -> bool {
        let one_before = known & (header.sequence == self.next.wrapping_sub(1));
        let keep_alive = one_before & (length <= 1) & (header.flags.0 & SYN_FIN_RST == 0);
        let end = header.sequence.wrapping_add(length);
        let acknowledged = (length > 0) & (self.acknowledged != 0) & !is_after(end, self.acknowledged);
        let repeats = known & is_after(self.next, header.sequence) & !(one_before & (length > 1));
        !keep_alive & (repeats | acknowledged)
    }
}
