//! Payload that was sent though no captured frame carries it: a capture filter kept its frame out, or the capturing computer
//! lost it. The numbers of the other frames tell of it (RFC 9293, section 3.4).

use crate::analyze::conversation::frames::Frames;
use crate::analyze::conversation::resets::ResetCause;
use crate::analyze::conversation::roles::{RowRole, unwrapped};
use crate::analyze::conversation::tcp::TcpSighting;
use crate::analyze::row::RowFrame;
use socklab_packets::packet::TcpFlags;
use socklab_packets::track::HandshakeState;

/// Gaps of which the frames that show them are named.
const NAMED: usize = 8;

/// Payload of one end that no captured frame carries.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Unseen {
    /// How many bytes.
    pub(crate) bytes: u64,
    /// One more byte may be missing: the last number may be that of a FIN, which was not captured either.
    pub(crate) or_one_more: bool,
    /// The frames that show it.
    pub(crate) frames: Vec<RowFrame>,
    /// All of those are acknowledgements of the other end.
    pub(crate) is_acknowledged: bool,
}

/// The numbers of one end: what the captured frames carry, and what they say was sent.
#[derive(Default)]
struct Numbers {
    next: Option<i64>,
    carried: Vec<(i64, i64)>,
    /// The number of the FIN.
    fin: Option<i64>,
    /// All before this number was sent, as this frame shows; true where it is an acknowledgement.
    shown: Vec<(i64, RowFrame, bool)>,
}

impl Numbers {
    /// A relative number unwrapped; what comes next is near the highest one.
    fn take(&mut self, relative: u32) -> i64 {
        let number = unwrapped(self.next, relative);
        self.next = Some(self.next.map_or(number, |next| next.max(number)));
        number
    }

    fn take_own(&mut self, frame: &RowRole) {
        let note = &frame.note;
        let start = self.take(note.relative_sequence).saturating_add(i64::from(frame.has_syn()));
        let end = start.saturating_add(i64::from(note.payload_length));
        self.carried.push((start, end));
        self.shown.push((start, note.frame, false));
        self.fin = self.fin.or(frame.has_fin().then_some(end));
        self.next = self.next.map(|next| next.max(end));
    }

    fn take_others(&mut self, frame: &RowRole) {
        let number = self.take(frame.note.relative_acknowledgement);
        self.shown.push((number, frame.note.frame, true));
    }

    /// Where payload begins: after the SYN; of a connection that the capture began in, what came before is not known.
    fn begin(&self, handshake: HandshakeState) -> Option<i64> {
        if handshake != HandshakeState::NotCaptured {
            return Some(1);
        }
        let first = |by_peer: bool| Some(self.shown.iter().find(|(_, _, by)| *by == by_peer)?.0);
        [first(true), first(false)].into_iter().flatten().max()
    }

    /// The ranges that no frame carries, and whether the last one may be a FIN, or end with one.
    fn gaps(&self, handshake: HandshakeState) -> Option<(Vec<(i64, i64)>, bool)> {
        let begin = self.begin(handshake)?;
        let last = self.shown.iter().map(|(number, ..)| *number).max()?;
        let end = self.fin.map_or(last, |fin| fin.min(last));
        let mut carried = self.carried.clone();
        carried.sort_unstable();
        let mut gaps: Vec<(i64, i64)> = Vec::new();
        let mut from = begin;
        for (start, until) in carried.into_iter().chain([(end, end)]) {
            if start.min(end) > from {
                gaps.push((from, start.min(end)));
            }
            from = from.max(until);
        }
        let may_be_fin = self.fin.is_none() && gaps.last().is_some_and(|(_, until)| *until == end);
        Some((gaps, may_be_fin))
    }

    /// The first frame that shows that all before this number was sent, and whether it is an acknowledgement of it.
    fn shows(&self, until: i64) -> Option<(RowFrame, bool)> {
        let first = |by_peer: bool| self.shown.iter().find(|(number, _, by)| *by == by_peer && *number >= until);
        first(true).or_else(|| first(false)).map(|(_, frame, by_peer)| (*frame, *by_peer))
    }

    fn unseen(&self, handshake: HandshakeState) -> Option<Unseen> {
        let (gaps, or_one_more) = self.gaps(handshake)?;
        let bytes = gaps.iter().fold(0_i64, |sum, (from, until)| sum.saturating_add(until.saturating_sub(*from)));
        let bytes = u64::try_from(bytes.saturating_sub(i64::from(or_one_more))).ok().filter(|bytes| *bytes > 0)?;
        let shown: Vec<(RowFrame, bool)> =
            gaps.iter().take(NAMED).filter_map(|(_, until)| self.shows(*until)).collect();
        let is_acknowledged = shown.iter().all(|(_, by_peer)| *by_peer);
        Some(Unseen {
            bytes,
            or_one_more,
            frames: shown.into_iter().map(|(frame, _)| frame).collect(),
            is_acknowledged,
        })
    }
}

impl Frames {
    /// The payload of the client, or of the server, that no frame carries; `None` where the numbers do not show any.
    pub(crate) fn unseen(&self, sighting: &TcpSighting, of_client: bool) -> Option<Unseen> {
        self.numbers(sighting, of_client).unseen(sighting.connection.handshake)
    }

    /// The frame that shows that the client, or the server, may have sent a FIN that was not captured: it acknowledges a number
    /// that no captured frame has, or its sender goes on after one.
    pub(crate) fn may_lack_fin(&self, sighting: &TcpSighting, of_client: bool) -> Option<RowFrame> {
        let numbers = self.numbers(sighting, of_client);
        let (gaps, may_be_fin) = numbers.gaps(sighting.connection.handshake)?;
        let (_, until) = gaps.last().filter(|_| may_be_fin)?;
        numbers.shows(*until).map(|(frame, _)| frame)
    }

    /// The frame that shows that the server sent something that was not captured: it acknowledges that, or is a RST of the client,
    /// which had closed, and answers it.
    pub(crate) fn shows_more_of_server(&self, sighting: &TcpSighting) -> Option<RowFrame> {
        let payload = || self.unseen(sighting, false).and_then(|unseen| unseen.frames.first().copied());
        let rst = || sighting.connection.rst(sighting.client_side);
        let answer = || rst().filter(|rst| self.cause_of(*rst) == ResetCause::Unseen);
        payload().or_else(|| self.may_lack_fin(sighting, false)).or_else(answer)
    }

    fn numbers(&self, sighting: &TcpSighting, of_client: bool) -> Numbers {
        let connection = &sighting.connection;
        let mut numbers = Numbers::default();
        if !sighting.established() {
            return numbers;
        }
        for (frame, from_client) in self.iter() {
            // A RST may answer a segment of another connection, and so may what comes before the handshake (RFC 5961).
            let early = connection.syn_ack.is_some_and(|syn_ack| frame.note.frame < syn_ack) && !frame.has_syn();
            if frame.has_rst() || frame.note.flags == TcpFlags(0) || early {
                continue;
            }
            match from_client == of_client {
                true => numbers.take_own(frame),
                false if frame.note.acknowledges() => numbers.take_others(frame),
                false => {}
            }
        }
        numbers
    }
}
