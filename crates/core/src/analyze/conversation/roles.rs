//! What each frame of a TCP connection does there: decided here, once, and read by answers, ladders, forms and tables.
//!
//! A frame has one role. Which of its bytes are new is worked out from the sequence numbers of all frames before it, so
//! that a segment that is merely out of order is not taken for a repetition, and repeated bytes are counted once.

use crate::analyze::row::RowFrame;
use socklab_packets::packet::TcpFlags;
use socklab_packets::track::{FrameNote, Side, TcpConnection};
use socklab_packets::types::{FrameNumber, Timestamp};

/// Nanoseconds for which no system that has just sent something asks whether the other end is there, or has room: its least
/// retransmission timeout (Linux `TCP_RTO_MIN`; RFC 6298, section 2, has more).
const SOONEST_PROBE: i128 = 200_000_000;

/// Nanoseconds within which a byte that is sent again is a repetition, though it was acknowledged: the acknowledgement was lost on
/// its way (RFC 6298, section 2: the timeout begins with a second). Keep-alives come after longer.
const SOONEST_PROBE_WITH_BYTE: i128 = 1_000_000_000;

/// What a frame does in its TCP connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FrameRole {
    /// SYN, SYN-ACK, or the ACK that completes the three-way handshake (RFC 9293, section 3.5).
    Handshake,
    /// Carries payload that was not sent before.
    Data,
    /// Only acknowledges.
    Acknowledgement,
    /// A FIN, or the acknowledgement of one (RFC 9293, section 3.6).
    Closing,
    /// A RST (RFC 9293, section 3.5.2).
    Reset,
    /// Repeats a SYN, payload or a FIN that was sent before (RFC 9293, section 3.8.1).
    Retransmission,
    /// Asks whether the peer is still there, or answers that (RFC 9293, section 3.8.4).
    KeepAlive,
    /// None of these, such as a segment without any flag.
    Other,
}

/// A frame of a TCP connection with its role. `F` is as in [`TcpConnection`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RoleOfFrame<F = FrameNumber> {
    /// The frame as it was noted; sent again or not as its role says.
    pub note: FrameNote<F>,
    /// What it does.
    pub role: FrameRole,
    /// Bytes of its payload that no earlier frame carried.
    pub new_bytes: u32,
}

/// One of a sighting.
pub(crate) type RowRole = RoleOfFrame<RowFrame>;

impl<F> RoleOfFrame<F> {
    /// Whether it belongs to the end of the connection: a FIN, its acknowledgement, or a RST. A frame with payload and FIN
    /// carries data and closes.
    pub fn closes(&self) -> bool {
        matches!(self.role, FrameRole::Closing | FrameRole::Reset)
            || (self.role != FrameRole::Retransmission && self.has_fin())
    }

    /// Whether it is a SYN or a SYN-ACK, the first or a repeated one.
    pub fn has_syn(&self) -> bool {
        self.note.flags.has(TcpFlags::SYN)
    }

    /// Whether its sender ends its side of the connection with it, for the first time or again.
    pub fn has_fin(&self) -> bool {
        self.note.flags.has(TcpFlags::FIN)
    }

    /// Whether it acknowledges all before this relative sequence number. They wrap (RFC 9293, section 3.4).
    pub fn acknowledges(&self, end: u32) -> bool {
        self.note.acknowledges() && self.note.relative_acknowledgement.wrapping_sub(end) < u32::MAX / 2
    }

    /// Whether it has RST set.
    pub fn has_rst(&self) -> bool {
        self.note.flags.has(TcpFlags::RST)
    }

    /// Whether it carries payload that no earlier frame carried.
    pub fn carries_data(&self) -> bool {
        self.new_bytes > 0
    }
}

/// The roles of a connection's noted frames, which come in the order of the capture.
pub fn roles<F: Copy + Ord>(
    connection: &TcpConnection<F>,
    notes: impl IntoIterator<Item = FrameNote<F>>,
) -> impl Iterator<Item = RoleOfFrame<F>> {
    let mut judge = Judge::of(connection);
    notes.into_iter().map(move |note| judge.role_of(note))
}

/// Whether a frame has SYN set.
pub(super) fn opens<F>(note: &FrameNote<F>) -> bool {
    note.flags.has(TcpFlags::SYN)
}

/// Whether a frame has RST set.
pub(super) fn resets<F>(note: &FrameNote<F>) -> bool {
    note.flags.has(TcpFlags::RST)
}

/// Whether a frame has SYN, FIN or RST set.
pub(super) fn is_control<F>(note: &FrameNote<F>) -> bool {
    opens(note) || resets(note) || note.flags.has(TcpFlags::FIN)
}

/// The frames of a connection's handshake, of its noted frames, which come in the order of the capture. Those after it are
/// not looked at.
pub fn handshake<F: Copy + Ord>(
    connection: &TcpConnection<F>,
    notes: impl IntoIterator<Item = FrameNote<F>>,
) -> Vec<F> {
    Judge::of(connection).handshake(notes)
}

/// What is known of both sides when a frame comes.
struct Judge<F> {
    handshake: [Option<F>; 3],
    senders: [Sender; 2],
}

/// What one side has sent. Sequence numbers are relative and unwrapped, so that they only grow.
#[derive(Default)]
struct Sender {
    /// The highest sequence number after anything sent; `None` before the first frame.
    next: Option<i64>,
    /// When that was sent.
    sent: Option<Timestamp>,
    /// Payload that was captured, as ranges in order that neither touch nor overlap.
    covered: Vec<(i64, i64)>,
    /// The sequence number after the FIN.
    fin_end: Option<i64>,
    syn_seen: bool,
    /// Its last frame was a keep-alive that was not answered yet.
    has_probed: bool,
    /// The highest sequence number before which the other side has acknowledged all.
    acknowledged: Option<i64>,
}

impl<F: Copy + Ord> Judge<F> {
    fn of(connection: &TcpConnection<F>) -> Judge<F> {
        let handshake = [connection.syn, connection.syn_ack, connection.ack];
        Judge { handshake, senders: [Sender::default(), Sender::default()] }
    }

    fn handshake(&mut self, notes: impl IntoIterator<Item = FrameNote<F>>) -> Vec<F> {
        let mut frames = Vec::new();
        for note in notes {
            if self.role_of(note).role == FrameRole::Handshake {
                frames.push(note.frame);
            }
            if self.has_seen_handshake(note.frame) {
                break;
            }
        }
        frames
    }

    /// Whether no frame after this one can belong to the handshake: both sides have sent a SYN, and every further one
    /// repeats it.
    fn has_seen_handshake(&self, frame: F) -> bool {
        self.senders.iter().all(|sender| sender.syn_seen)
            && self.handshake.iter().flatten().all(|handshake| *handshake <= frame)
    }

    fn role_of(&mut self, note: FrameNote<F>) -> RoleOfFrame<F> {
        let [a, b] = &mut self.senders;
        let (own, peer) = if note.sender == Side::Originator { (a, b) } else { (b, a) };
        let start = own.unwrapped(note.relative_sequence);
        let length = i64::from(note.payload_length);
        let has = |flag| note.flags.has(flag);
        let controls = i64::from(has(TcpFlags::SYN)) + i64::from(has(TcpFlags::FIN));
        let end = start.saturating_add(length).saturating_add(controls);
        let before_next = own.next.is_some_and(|next| start == next.saturating_sub(1));
        // One that was sent before, and overtaken on its way, has the same number.
        let passed = note.time.zip(own.sent).map(|(now, sent)| now.nanoseconds_since(sent));
        let soonest = if length == 0 { SOONEST_PROBE } else { SOONEST_PROBE_WITH_BYTE };
        let is_soon = passed.is_some_and(|passed| (0..soonest).contains(&passed));
        // What is still to be acknowledged is sent again. Of a side without frames nothing tells.
        let is_due = length > 0 && peer.next.is_some() && own.acknowledged < own.next;
        let probes = before_next && length <= 1 && controls == 0 && !has(TcpFlags::RST) && !is_soon && !is_due;
        let new_bytes = if probes { 0 } else { own.cover(start, length) };
        let syn_again = has(TcpFlags::SYN) && std::mem::replace(&mut own.syn_seen, true);
        let fin_again = has(TcpFlags::FIN) && own.fin_end == Some(end);
        let role = if self.handshake.contains(&Some(note.frame)) {
            FrameRole::Handshake
        } else if has(TcpFlags::RST) {
            FrameRole::Reset
        } else if new_bytes > 0 {
            FrameRole::Data
        } else if probes {
            FrameRole::KeepAlive
        } else if length > 0 || syn_again || fin_again {
            FrameRole::Retransmission
        } else if has(TcpFlags::FIN) {
            FrameRole::Closing
        } else if has(TcpFlags::SYN) {
            FrameRole::Handshake
        } else if has(TcpFlags::ACK) {
            let acknowledged = peer.unwrapped(note.relative_acknowledgement);
            let of_fin = peer.fin_end.is_some_and(|fin| acknowledged >= fin);
            match (of_fin, std::mem::take(&mut peer.has_probed)) {
                (true, _) => FrameRole::Closing,
                (false, true) => FrameRole::KeepAlive,
                (false, false) => FrameRole::Acknowledgement,
            }
        } else {
            FrameRole::Other
        };
        if has(TcpFlags::ACK) {
            peer.acknowledged = peer.acknowledged.max(Some(peer.unwrapped(note.relative_acknowledgement)));
        }
        if has(TcpFlags::FIN) {
            own.fin_end = Some(end);
        }
        own.has_probed = probes && role == FrameRole::KeepAlive;
        if own.next.is_none_or(|next| next < end) {
            (own.next, own.sent) = (Some(end), note.time);
        }
        let note = FrameNote { retransmission: role == FrameRole::Retransmission, ..note };
        RoleOfFrame { note, role, new_bytes }
    }
}

/// A relative sequence number as the one nearest to what it follows (RFC 9293, section 3.4: they wrap).
pub(super) fn unwrapped(before: Option<i64>, relative: u32) -> i64 {
    let Some(before) = before else { return i64::from(relative) };
    // The low 32 bits are what a sequence number is.
    let step = relative.wrapping_sub(before as u32).cast_signed();
    before.saturating_add(i64::from(step))
}

impl Sender {
    /// A relative sequence number as the one nearest to what this side sent last.
    fn unwrapped(&self, relative: u32) -> i64 {
        unwrapped(self.next, relative)
    }

    /// Takes in payload; gives how many of its bytes are new.
    fn cover(&mut self, start: i64, length: i64) -> u32 {
        if length == 0 {
            return 0;
        }
        let end = start.saturating_add(length);
        let from = self.covered.partition_point(|(_, there)| *there < start);
        let to = self.covered.partition_point(|(there, _)| *there <= end);
        let touched = self.covered.get(from..to).unwrap_or_default();
        let known: i64 = touched.iter().map(|(a, b)| (*b).min(end).saturating_sub((*a).max(start)).max(0)).sum();
        let merged = touched.iter().fold((start, end), |(a, b), (c, d)| (a.min(*c), b.max(*d)));
        self.covered.splice(from..to.max(from), [merged]);
        u32::try_from(length.saturating_sub(known)).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use socklab_packets::testing::segment;

    fn note(frame: u64, sender: Side, flags: u8, sequence: u32, acknowledgement: u32, length: u32) -> FrameNote {
        FrameNote { frame: FrameNumber(frame), ..segment(sender, flags, [sequence, acknowledgement], length) }
    }

    fn judged(notes: Vec<FrameNote>) -> Vec<(FrameRole, u32)> {
        let number = |frame| Some(FrameNumber(frame));
        let mut judge =
            Judge { handshake: [number(1), number(2), number(3)], senders: [Sender::default(), Sender::default()] };
        notes.into_iter().map(|note| judge.role_of(note)).map(|role| (role.role, role.new_bytes)).collect()
    }

    #[test]
    fn the_answer_to_a_keep_alive_acknowledges_no_data() {
        let (a, b) = (Side::Originator, Side::Responder);
        let mut frames = vec![
            note(1, a, 0x02, 0, 0, 0),
            note(2, b, 0x12, 0, 1, 0),
            note(3, a, 0x10, 1, 1, 0),
            note(4, a, 0x10, 0, 1, 0),
            note(5, b, 0x10, 1, 1, 0),
        ];
        frames.extend([note(6, a, 0x18, 1, 1, 5), note(7, b, 0x10, 1, 6, 0)]);
        let roles: Vec<FrameRole> = judged(frames).into_iter().map(|(role, _)| role).skip(3).collect();
        use FrameRole::*;
        assert_eq!(roles, [KeepAlive, KeepAlive, Data, Acknowledgement]);
    }

    /// A FIN, and within milliseconds an acknowledgement that was sent before it; the same number two minutes later.
    #[test]
    fn an_acknowledgement_that_was_overtaken_is_no_keep_alive() {
        let (a, b) = (Side::Originator, Side::Responder);
        let at = |seconds: i64, nanoseconds, note: FrameNote| FrameNote {
            time: Some(Timestamp { seconds, nanoseconds, digits: 9 }),
            ..note
        };
        let roles = judged(vec![
            at(0, 0, note(4, a, 0x18, 1, 1, 9)),
            at(0, 1, note(5, b, 0x18, 1, 10, 50)),
            at(1, 0, note(6, a, 0x11, 10, 51, 0)),
            at(1, 11_000_000, note(7, a, 0x10, 10, 51, 0)),
            at(121, 0, note(8, a, 0x10, 10, 51, 0)),
        ]);
        let roles: Vec<FrameRole> = roles.into_iter().map(|(role, _)| role).skip(2).collect();
        assert_eq!(roles, [FrameRole::Closing, FrameRole::Acknowledgement, FrameRole::KeepAlive]);
    }

    /// A line of one byte that was lost, or its acknowledgement: it is repeated soon, or not acknowledged before. A keep-alive that
    /// has the last byte in it comes later (RFC 9293, section 3.8.4).
    #[test]
    fn a_line_of_one_byte_that_is_repeated_is_no_keep_alive() {
        let (a, b) = (Side::Originator, Side::Responder);
        let at = |milliseconds: u32, note: FrameNote| FrameNote {
            time: Some(Timestamp {
                seconds: i64::from(milliseconds / 1000),
                nanoseconds: milliseconds % 1000 * 1_000_000,
                digits: 9,
            }),
            ..note
        };
        let roles = judged(vec![
            at(0, note(4, b, 0x10, 1, 1, 0)),
            at(0, note(5, a, 0x18, 1, 1, 1)),
            at(210, note(6, a, 0x18, 1, 1, 1)),
            at(1500, note(7, a, 0x18, 1, 1, 1)),
            at(1501, note(8, b, 0x10, 1, 2, 0)),
            at(3000, note(9, a, 0x18, 2, 1, 1)),
            at(3001, note(10, b, 0x10, 1, 3, 0)),
            at(3210, note(11, a, 0x18, 2, 1, 1)),
            at(9000, note(12, a, 0x10, 2, 1, 1)),
            at(9001, note(13, b, 0x10, 1, 3, 0)),
        ]);
        let roles: Vec<FrameRole> = roles.into_iter().map(|(role, _)| role).skip(1).collect();
        use FrameRole::{Acknowledgement, Data, KeepAlive, Retransmission};
        let lost = [Data, Retransmission, Retransmission, Acknowledgement];
        let acknowledged = [Data, Acknowledgement, Retransmission, KeepAlive, KeepAlive];
        assert_eq!(roles, [&lost[..], &acknowledged[..]].concat());
    }

    /// Frames and roles as RFC 9293 has them (figures 6 and 12), with a line sent twice and a keep-alive.
    #[test]
    fn every_frame_of_a_connection_has_one_role() {
        let (a, b) = (Side::Originator, Side::Responder);
        let roles = judged(vec![
            note(1, a, 0x02, 0, 0, 0),
            note(2, b, 0x12, 0, 1, 0),
            note(3, a, 0x10, 1, 1, 0),
            note(4, a, 0x18, 1, 1, 5),
            note(5, a, 0x18, 1, 1, 5),
            note(6, b, 0x10, 1, 6, 0),
            note(7, a, 0x10, 5, 1, 0),
            note(8, a, 0x11, 6, 1, 0),
            note(9, a, 0x11, 6, 1, 0),
            note(10, b, 0x10, 1, 7, 0),
            note(11, b, 0x19, 1, 7, 3),
            note(12, a, 0x04, 7, 0, 0),
        ]);
        use FrameRole::*;
        let expected = [
            (Handshake, 0),
            (Handshake, 0),
            (Handshake, 0),
            (Data, 5),
            (Retransmission, 0),
            (Acknowledgement, 0),
            (KeepAlive, 0),
            (Closing, 0),
            (Retransmission, 0),
            (Closing, 0),
            (Data, 3),
            (Reset, 0),
        ];
        assert_eq!(roles, expected);
    }

    #[test]
    fn a_segment_out_of_order_is_no_repetition() {
        let roles = judged(vec![
            note(3, Side::Originator, 0x10, 1, 1, 0),
            note(4, Side::Originator, 0x19, 7, 1, 2),
            note(5, Side::Originator, 0x18, 1, 1, 6),
            note(6, Side::Originator, 0x18, 4, 1, 4),
        ]);
        let expected =
            [(FrameRole::Handshake, 0), (FrameRole::Data, 2), (FrameRole::Data, 6), (FrameRole::Retransmission, 0)];
        assert_eq!(roles, expected);
    }

    proptest! {
        /// Whatever comes: to stop after the handshake loses none of its frames.
        #[test]
        fn the_handshake_alone_is_that_of_the_whole(
            frames in proptest::collection::vec((any::<bool>(), 0_u8..32, 0_u32..4, 0_u32..4, 0_u32..3), 0..30),
            numbered in [proptest::option::of(1_u64..30), proptest::option::of(1_u64..30), proptest::option::of(1_u64..30)],
        ) {
            let notes: Vec<FrameNote> = (1..).zip(&frames).map(|(number, (back, flags, sequence, acknowledgement, length))| {
                let sender = if *back { Side::Responder } else { Side::Originator };
                note(number, sender, *flags, *sequence, *acknowledgement, *length)
            }).collect();
            let judge = || Judge {
                handshake: numbered.map(|number| number.map(FrameNumber)),
                senders: [Sender::default(), Sender::default()],
            };
            let mut whole = judge();
            let roles = notes.iter().map(|note| whole.role_of(*note));
            let expected: Vec<FrameNumber> =
                roles.filter(|role| role.role == FrameRole::Handshake).map(|role| role.note.frame).collect();
            prop_assert_eq!(judge().handshake(notes), expected);
        }

        /// However segments are cut, repeated and put out of order: the new bytes add up to the bytes that there are.
        #[test]
        fn every_byte_is_new_once(
            segments in proptest::collection::vec((0_u32..200, 1_u32..60), 1..40),
            base in prop_oneof![Just(1_u32), Just(u32::MAX - 100), any::<u32>()],
        ) {
            let mut bytes = std::collections::BTreeSet::new();
            // The first frame sets where sequence numbers count from.
            let mut notes = vec![note(3, Side::Originator, 0x10, base, 1, 0)];
            for (number, (start, length)) in (4..).zip(&segments) {
                notes.push(note(number, Side::Originator, 0x18, base.wrapping_add(start + 1), 1, length + 1));
                bytes.extend(*start..start + length + 1);
            }
            let new: u64 = judged(notes).into_iter().map(|(_, new)| u64::from(new)).sum();
            prop_assert_eq!(new, bytes.len() as u64);
        }
    }
}
