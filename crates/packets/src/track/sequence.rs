//! What Wireshark's sequence analysis (`tcp.analysis`) says of the segments of a connection, and its windows as scaled.
//!
//! The rules are those of Wireshark 4.0 with its default settings: which segment is a retransmission depends on round-trip
//! times and on duplicate acknowledgements, so that they are followed in order.

use super::model::FrameNote;
use super::rules::{SYN_FIN_RST, is_after};
use super::sides::Side;
use crate::packet::TcpFlags;
use crate::types::{FrameNumber, Timestamp};

/// Bytes of a TCP header without options; a shorter one is not evaluated.
const TCP_HEADER: u8 = 20;

/// Segments of one side that may wait for their acknowledgement; further ones are not matched with theirs.
const MOST_UNACKNOWLEDGED: usize = 10_000;

/// A repetition within this time of the latest of two duplicate acknowledgements is a fast one.
const FAST: i128 = 20_000_000;

/// A segment within this time of the highest one is out of order, where the initial round-trip time is not known.
const REORDERED: i128 = 3_000_000;

/// What Wireshark 4.0 counts as duplicate acknowledgements of a side of which a segment was acknowledged that was not captured:
/// -1 without sign, and so more than enough for a fast retransmission of the other side.
const UNSEEN: u32 = u32::MAX;

/// The largest shift of a window (RFC 7323, section 2.3).
const MOST_SHIFT: u8 = 14;

/// What the analysis says of one segment besides its place in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Verdicts {
    /// Some of it was sent before (`tcp.analysis.retransmission`), the two kinds below included.
    pub retransmission: bool,
    /// So soon after duplicate acknowledgements that they caused it (`tcp.analysis.fast_retransmission`).
    pub fast_retransmission: bool,
    /// All of it had been acknowledged (`tcp.analysis.spurious_retransmission`).
    pub spurious_retransmission: bool,
    /// It comes after a later one, too soon to be a repetition (`tcp.analysis.out_of_order`).
    pub out_of_order: bool,
    /// An earlier segment is missing (`tcp.analysis.lost_segment`).
    pub lost_segment: bool,
    /// It begins one byte before what comes next, to see whether the peer is there (`tcp.analysis.keep_alive`).
    pub keep_alive: bool,
    /// It answers such a segment (`tcp.analysis.keep_alive_ack`).
    pub keep_alive_answer: bool,
    /// It repeats an acknowledgement (`tcp.analysis.duplicate_ack`).
    pub duplicate_acknowledgement: bool,
    /// Its window is 0 (`tcp.analysis.zero_window`).
    pub zero_window: bool,
    /// One byte, sent into a window of 0 (`tcp.analysis.zero_window_probe`).
    pub zero_window_probe: bool,
    /// It answers such a byte (`tcp.analysis.zero_window_probe_ack`).
    pub zero_window_probe_answer: bool,
}

/// A segment with what the analysis says of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Segment {
    /// The frame as it was noted.
    pub note: FrameNote,
    /// The window in bytes (`tcp.window_size`): shifted where both sides agreed on scaling; that of a SYN is not.
    pub window: u32,
    /// What is said of it.
    pub verdicts: Verdicts,
    /// The frame whose end it acknowledges (`tcp.analysis.acks_frame`).
    pub acknowledges: Option<FrameNumber>,
    /// Nanoseconds since that frame (`tcp.analysis.ack_rtt`), where they are not 0.
    pub round_trip: Option<i128>,
}

/// The segments of a connection, in the order of the capture.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SequenceAnalysis {
    /// The segments; without those whose header is too short to be one.
    pub segments: Vec<Segment>,
    /// Nanoseconds from the latest SYN to the first segment with ACK and without SYN after it (`tcp.analysis.initial_rtt`).
    pub initial_round_trip: Option<i128>,
    /// The window scale of each side, [`Side::Originator`] first, where both sides offered one: the shift.
    pub scales: [Option<u8>; 2],
}

impl SequenceAnalysis {
    /// Analyses the noted segments of a connection, which come in the order of the capture.
    pub fn of(notes: impl IntoIterator<Item = FrameNote>) -> SequenceAnalysis {
        let mut following = Following::default();
        let whole = notes.into_iter().filter(|note| note.header_length >= TCP_HEADER);
        let segments = whole.map(|note| following.segment(note)).collect();
        let Following { flows: [a, b], initial_round_trip, .. } = following;
        let scales = [a.scale, b.scale].map(Scale::shift);
        let agreed = scales.iter().all(Option::is_some);
        SequenceAnalysis { segments, initial_round_trip, scales: if agreed { scales } else { [None; 2] } }
    }
}

/// What is known of a side's window scale.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Scale {
    /// No SYN of it was seen.
    #[default]
    Unknown,
    /// One side offered none.
    Unused,
    /// Its SYN offered this shift.
    Shift(u8),
}

impl Scale {
    fn shift(self) -> Option<u8> {
        match self {
            Scale::Shift(shift) => Some(shift),
            _ => None,
        }
    }
}

/// A segment that waits for its acknowledgement.
#[derive(Debug, Clone, Copy)]
struct Waiting {
    frame: FrameNumber,
    time: i128,
    next: u32,
}

/// What is known of one side. Numbers are raw; 0 stands for none, as in Wireshark.
#[derive(Debug, Default)]
struct Flow {
    waiting: Vec<Waiting>,
    next: u32,
    /// When the segment came that ends there.
    next_time: i128,
    acknowledged: u32,
    acknowledged_time: i128,
    duplicates: u32,
    /// Up to here everything was captured without a gap.
    without_gap: u32,
    window: Option<u16>,
    scale: Scale,
    /// Verdicts on its latest segment.
    latest: Verdicts,
}

/// Both sides, [`Side::Originator`] first.
#[derive(Debug, Default)]
struct Following {
    flows: [Flow; 2],
    latest_syn: Option<i128>,
    initial_round_trip: Option<i128>,
}

impl Following {
    fn segment(&mut self, note: FrameNote) -> Segment {
        let Following { flows: [a, b], latest_syn, initial_round_trip } = self;
        let (own, peer) = if note.sender == Side::Originator { (a, b) } else { (b, a) };
        let time = note.time.map_or(0, nanoseconds);
        let verdicts = own.judge(peer, &note, time, *initial_round_trip);
        own.take_in(&note, time, verdicts);
        let acknowledged = peer.acknowledge(note.acknowledgement);
        let window = own.window_of(&note);
        own.agree(peer, &note);
        if note.flags.has(TcpFlags::SYN) {
            if !note.flags.has(TcpFlags::ACK) {
                *latest_syn = Some(time);
            }
        } else if note.flags.has(TcpFlags::ACK) && initial_round_trip.is_none() {
            *initial_round_trip = latest_syn.map(|syn| time.saturating_sub(syn)).filter(|passed| *passed != 0);
        }
        let round_trip = acknowledged.map(|sent| time.saturating_sub(sent.time)).filter(|passed| *passed != 0);
        Segment { note, window, verdicts, acknowledges: acknowledged.map(|sent| sent.frame), round_trip }
    }
}

impl Flow {
    /// The verdicts on the next segment of this side.
    fn judge(&mut self, peer: &mut Flow, note: &FrameNote, time: i128, initial: Option<i128>) -> Verdicts {
        let mut verdicts = Verdicts::default();
        let (length, sequence) = (note.payload_length, note.sequence);
        let plain = note.flags.0 & SYN_FIN_RST == 0;
        if length == 1 && sequence == self.next && peer.window == Some(0) {
            verdicts.zero_window_probe = true;
        } else {
            verdicts.zero_window = note.window == 0 && plain;
            verdicts.lost_segment = self.next != 0 && is_after(sequence, self.next) && !note.flags.has(TcpFlags::RST);
            verdicts.keep_alive = length <= 1 && sequence == self.next.wrapping_sub(1) && plain;
            self.judge_repetition(peer, note, &mut verdicts);
        }
        if note.acknowledgement != self.acknowledged {
            self.duplicates = 0;
        }
        if peer.without_gap != 0 && is_after(note.acknowledgement, peer.without_gap) && note.flags.has(TcpFlags::ACK) {
            // It acknowledges what was not captured.
            if is_after(peer.next, peer.without_gap) {
                peer.without_gap = peer.next;
            } else {
                peer.duplicates = UNSEEN;
            }
        }
        let occupies = length > 0 || note.flags.0 & (TcpFlags::SYN.0 | TcpFlags::FIN.0) != 0;
        if occupies && !verdicts.keep_alive {
            self.judge_order(peer, note, time, initial, &mut verdicts);
        }
        verdicts
    }

    /// Whether a segment without payload repeats the one before, and why.
    fn judge_repetition(&mut self, peer: &Flow, note: &FrameNote, verdicts: &mut Verdicts) {
        let same = note.payload_length == 0
            && self.window == Some(note.window)
            && note.sequence == self.next
            && note.acknowledgement == self.acknowledged
            && note.flags.0 & SYN_FIN_RST == 0;
        if !same {
            return;
        }
        if note.window == 0 {
            verdicts.zero_window_probe_answer = peer.latest.zero_window_probe;
        } else if peer.latest.keep_alive {
            verdicts.keep_alive_answer = true;
        } else {
            verdicts.duplicate_acknowledgement = true;
            self.duplicates = if self.duplicates == UNSEEN { 1 } else { self.duplicates.saturating_add(1) };
        }
    }

    /// Whether a segment that occupies sequence numbers comes again, or late.
    fn judge_order(&self, peer: &Flow, note: &FrameNote, time: i128, initial: Option<i128>, verdicts: &mut Verdicts) {
        let (length, sequence) = (note.payload_length, note.sequence);
        let end = sequence.wrapping_add(length);
        let after_probe = length > 1 && sequence == self.next.wrapping_sub(1);
        let repeats = self.next != 0 && is_after(self.next, sequence) && !after_probe;
        if length > 0 && peer.acknowledged != 0 && !is_after(end, peer.acknowledged) {
            verdicts.spurious_retransmission = true;
            verdicts.retransmission = true;
            return;
        }
        if !repeats {
            return;
        }
        let control = u32::from(note.flags.0 & (TcpFlags::SYN.0 | TcpFlags::FIN.0) != 0);
        let asked_for = peer.duplicates >= 2 && peer.acknowledged == sequence;
        if asked_for && is_within(time, peer.acknowledged_time, FAST) {
            verdicts.fast_retransmission = true;
            verdicts.retransmission = true;
        } else if is_within(time, self.next_time, initial.unwrap_or(REORDERED))
            && self.next != end.wrapping_add(control)
        {
            verdicts.out_of_order = true;
        } else {
            verdicts.retransmission = true;
        }
    }

    /// Remembers the segment.
    fn take_in(&mut self, note: &FrameNote, time: i128, verdicts: Verdicts) {
        let control = note.flags.0 & (TcpFlags::SYN.0 | TcpFlags::FIN.0) != 0;
        let mut next = note.sequence.wrapping_add(note.payload_length);
        if (note.payload_length > 0 || control) && self.waiting.len() < MOST_UNACKNOWLEDGED {
            next = next.wrapping_add(u32::from(control));
            self.waiting.push(Waiting { frame: note.frame, time, next });
        }
        if (is_after(next, self.next) || self.next == 0) && !verdicts.zero_window_probe {
            self.next = next;
            self.next_time = time;
        }
        if (note.sequence == self.without_gap || self.without_gap == 0) && !verdicts.zero_window_probe {
            self.without_gap = self.next;
        }
        self.window = Some(note.window);
        self.acknowledged = note.acknowledgement;
        self.acknowledged_time = time;
        self.latest = verdicts;
    }

    /// Takes away what this acknowledgement number of the peer covers; gives the first segment that ends just there.
    fn acknowledge(&mut self, number: u32) -> Option<Waiting> {
        let found = self.waiting.iter().find(|sent| sent.next == number).copied();
        self.waiting.retain(|sent| is_after(sent.next, number));
        found
    }

    /// The window of a segment in bytes.
    fn window_of(&self, note: &FrameNote) -> u32 {
        match self.scale {
            Scale::Shift(shift) if !note.flags.has(TcpFlags::SYN) => u32::from(note.window) << shift,
            _ => u32::from(note.window),
        }
    }

    /// Takes in what a SYN or SYN-ACK says of window scaling (RFC 7323, section 2.2: both must offer it).
    fn agree(&mut self, peer: &mut Flow, note: &FrameNote) {
        let Some(options) = note.options else { return };
        if let Some(shift) = options.window_scale {
            self.scale = Scale::Shift(shift.min(MOST_SHIFT));
        }
        if self.scale == Scale::Unknown {
            self.scale = Scale::Unused;
            peer.scale = Scale::Unused;
        } else if note.flags.has(TcpFlags::ACK) && peer.scale == Scale::Unused {
            self.scale = Scale::Unused;
        }
    }
}

/// Whether a time is less than so long after another one. A time before it never is, as Wireshark counts without sign.
fn is_within(time: i128, since: i128, bound: i128) -> bool {
    let passed = time.saturating_sub(since);
    (0..bound).contains(&passed)
}

fn nanoseconds(time: Timestamp) -> i128 {
    i128::from(time.seconds).saturating_mul(1_000_000_000).saturating_add(i128::from(time.nanoseconds))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::TcpOptions;
    use crate::testing::segment;

    const SYN: u8 = TcpFlags::SYN.0;
    const SYN_ACK: u8 = SYN | ACK;
    const ACK: u8 = TcpFlags::ACK.0;

    /// A segment of the originator (true) or the responder at so many milliseconds: flags, sequence number, acknowledgement number, payload.
    fn at(milliseconds: i64, of_a: bool, flags: u8, sequence: u32, acknowledgement: u32, length: u32) -> FrameNote {
        let time = Timestamp {
            seconds: milliseconds / 1000,
            nanoseconds: u32::try_from(milliseconds % 1000).unwrap() * 1_000_000,
            digits: 9,
        };
        let sender = if of_a { Side::Originator } else { Side::Responder };
        FrameNote { time: Some(time), window: 500, ..segment(sender, flags, [sequence, acknowledgement], length) }
    }

    /// Numbers the frames and analyses them.
    fn analysed(mut notes: Vec<FrameNote>) -> SequenceAnalysis {
        for (number, note) in (1..).zip(&mut notes) {
            note.frame = FrameNumber(number);
        }
        SequenceAnalysis::of(notes)
    }

    fn scaled(note: FrameNote, shift: Option<u8>) -> FrameNote {
        FrameNote { options: Some(TcpOptions { window_scale: shift, ..TcpOptions::default() }), ..note }
    }

    /// A handshake whose ACK comes 40 ms after the SYN.
    fn handshake() -> Vec<FrameNote> {
        vec![at(0, true, SYN, 1000, 0, 0), at(20, false, SYN_ACK, 7000, 1001, 0), at(40, true, ACK, 1001, 7001, 0)]
    }

    fn after_handshake(more: &[FrameNote]) -> Vec<Segment> {
        let mut notes = handshake();
        notes.extend(more);
        analysed(notes).segments.split_off(3)
    }

    #[test]
    fn the_initial_round_trip_runs_from_the_latest_syn_to_the_ack() {
        assert_eq!(analysed(handshake()).initial_round_trip, Some(40_000_000));
        let mut again = vec![at(0, true, SYN, 1000, 0, 0)];
        again.extend(handshake().into_iter().map(|note| FrameNote {
            time: note.time.map(|time| Timestamp { seconds: time.seconds + 1, ..time }),
            ..note
        }));
        assert_eq!(analysed(again).initial_round_trip, Some(40_000_000));
        assert_eq!(analysed(vec![at(0, true, ACK, 5, 5, 0)]).initial_round_trip, None);
    }

    /// RFC 7323, section 2.2: scaling counts where both SYNs offer it, and never in a SYN itself.
    #[test]
    fn windows_are_scaled_where_both_sides_offer_it() {
        let windows = |a: Option<u8>, b: Option<u8>| {
            let [syn, syn_ack, ack] = handshake().try_into().unwrap();
            let all = analysed(vec![scaled(syn, a), scaled(syn_ack, b), ack]);
            (all.segments.iter().map(|segment| segment.window).collect::<Vec<_>>(), all.scales)
        };
        assert_eq!(windows(Some(7), Some(2)), (vec![500, 500, 64000], [Some(7), Some(2)]));
        assert_eq!(windows(Some(7), None), (vec![500, 500, 500], [None; 2]));
        assert_eq!(windows(None, Some(7)), (vec![500, 500, 500], [None; 2]));
        assert_eq!(windows(Some(200), Some(0)).0, [500, 500, 500 << 14]);
    }

    #[test]
    fn an_acknowledgement_is_timed_by_the_segment_that_ends_there() {
        let segments = after_handshake(&[
            at(50, true, ACK, 1001, 7001, 100),
            at(51, true, ACK, 1101, 7001, 100),
            at(75, false, ACK, 7001, 1201, 0),
            at(80, true, ACK, 1201, 7001, 100),
            at(90, false, ACK, 7001, 1250, 0),
        ]);
        let timed: Vec<_> = segments.iter().map(|segment| (segment.acknowledges, segment.round_trip)).collect();
        let none = (None, None);
        assert_eq!(timed, [none, none, (Some(FrameNumber(5)), Some(24_000_000)), none, none]);
    }

    #[test]
    fn what_comes_again_is_told_apart_by_time_and_by_acknowledgements() {
        let kinds = |more: &[FrameNote]| {
            let last = after_handshake(more).pop().unwrap().verdicts;
            let names = [
                (last.retransmission, "retransmission"),
                (last.fast_retransmission, "fast"),
                (last.spurious_retransmission, "spurious"),
                (last.out_of_order, "out of order"),
                (last.keep_alive, "keep-alive"),
            ];
            names.into_iter().filter(|(set, _)| *set).map(|(_, name)| name).collect::<Vec<_>>()
        };
        let (first, second) = (at(50, true, ACK, 1001, 7001, 100), at(51, true, ACK, 1101, 7001, 100));
        assert_eq!(kinds(&[first, at(400, true, ACK, 1001, 7001, 100)]), ["retransmission"]);
        // The one that comes late within a round-trip time of the highest one.
        assert_eq!(kinds(&[second, at(60, true, ACK, 1001, 7001, 100)]), ["out of order"]);
        assert_eq!(kinds(&[second, at(95, true, ACK, 1001, 7001, 100)]), ["retransmission"]);
        let acknowledged = at(75, false, ACK, 7001, 1101, 0);
        assert_eq!(kinds(&[first, acknowledged, at(80, true, ACK, 1001, 7001, 100)]), ["retransmission", "spurious"]);
        // Two duplicate acknowledgements, and the segment that they ask for within 20 ms.
        let again = |milliseconds| at(milliseconds, false, ACK, 7001, 1001, 0);
        let asked = [again(45), second, again(71), again(72), at(80, true, ACK, 1001, 7001, 100)];
        assert_eq!(kinds(&asked), ["retransmission", "fast"]);
        // The peer acknowledges what was not captured, and repeats its own segment at once: a fast one for Wireshark 4.0, unless
        // one duplicate acknowledgement came in between.
        let answer = |milliseconds, acknowledgement| at(milliseconds, false, ACK, 7001, acknowledgement, 11);
        assert_eq!(kinds(&[first, answer(51, 1101), answer(52, 1101)]), ["retransmission"]);
        assert_eq!(kinds(&[first, answer(51, 1201), answer(52, 1201)]), ["retransmission", "fast"]);
        assert_eq!(kinds(&[first, answer(51, 1201), answer(90, 1201)]), ["retransmission"]);
        let (unseen, duplicate) = (at(52, false, ACK, 7012, 1201, 0), at(53, true, ACK, 1101, 7001, 0));
        assert_eq!(kinds(&[first, answer(51, 1101), unseen, answer(54, 1101)]), ["retransmission", "fast"]);
        assert_eq!(kinds(&[first, answer(51, 1101), unseen, duplicate, answer(54, 1101)]), ["retransmission"]);
        assert_eq!(kinds(&[first, at(400, true, ACK, 1100, 7001, 1)]), ["keep-alive"]);
        assert_eq!(kinds(&[first, at(400, true, ACK, 1101, 7001, 100)]), [""; 0]);
    }

    #[test]
    fn a_window_of_zero_is_marked_and_so_is_the_byte_that_tries_it() {
        let closed = |milliseconds| FrameNote { window: 0, ..at(milliseconds, false, ACK, 7001, 1101, 0) };
        let segments = after_handshake(&[
            at(50, true, ACK, 1001, 7001, 100),
            closed(70),
            at(300, true, ACK, 1101, 7001, 1),
            closed(320),
        ]);
        let marks: Vec<_> = segments
            .iter()
            .map(|segment| {
                let Verdicts { zero_window, zero_window_probe, zero_window_probe_answer, .. } = segment.verdicts;
                (zero_window, zero_window_probe, zero_window_probe_answer)
            })
            .collect();
        assert_eq!(marks, [(false, false, false), (true, false, false), (false, true, false), (true, false, true)]);
    }
}
