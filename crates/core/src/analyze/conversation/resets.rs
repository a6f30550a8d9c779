//! Why a RST was sent, as far as the frames before it show (RFC 9293, section 3.5.2).

use crate::analyze::conversation::frames::Frames;
use crate::analyze::conversation::roles::{FrameRole, RowRole};
use crate::analyze::row::{RowFrame, RowNote};

/// Nanoseconds that a system waits at least for an answer before it gives up: Linux lets programs set whole seconds
/// (`TCP_KEEPINTVL`), and clocks are a little off.
const SHORTEST_PATIENCE: i128 = 900_000_000;

/// Why a RST was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ResetCause {
    /// It answers this segment, for which its system had no connection: then it has the number that the segment
    /// acknowledges, and no ACK of its own. One that ends a connection has.
    NoConnection(RowFrame),
    /// It answers this FIN, as one for which its system has no connection any more: both ends had closed. Linux waits a minute
    /// for the other end's FIN (`tcp_fin_timeout`).
    Over(RowFrame),
    /// It answers this FIN, before which data is missing: its sender's program had closed, and its system (Linux) takes no more
    /// data then.
    Incomplete(RowFrame),
    /// It answers this segment, which came when each end had closed: such as an acknowledgement of a repeated FIN.
    Ended(RowFrame),
    /// It answers something that the capture does not have: its sender had closed, and a RST that ends a connection has an ACK of its
    /// own.
    Unseen,
    /// Its sender's system had asked in these frames whether the other end is there, and got no answer.
    NobodyThere(Vec<RowFrame>),
    /// Its sender's system had sent data again in these frames, and got no answer.
    NoAnswer(Vec<RowFrame>),
    /// A program ended, or closed its socket, with something left to do; or nothing tells.
    Aborted,
}

impl Frames {
    /// Whether this RST ended the connection: one may come when both ends have closed it.
    pub(crate) fn ends_with(&self, reset: RowFrame) -> bool {
        !matches!(self.cause_of(reset), ResetCause::Over(_) | ResetCause::Ended(_) | ResetCause::Unseen)
    }

    /// Why this RST was sent.
    pub(crate) fn cause_of(&self, reset: RowFrame) -> ResetCause {
        let Some((rst, by_client)) = self.iter().find(|(frame, _)| frame.note.frame == reset) else {
            return ResetCause::Aborted;
        };
        let before = || self.iter().rev().filter(|(frame, _)| frame.note.frame < reset);
        let has_closed = before().any(|(frame, client)| client == by_client && frame.has_fin());
        let is_answered = |(frame, client): &(&RowRole, bool)| {
            let note = &frame.note;
            *client != by_client && note.acknowledges() && !frame.has_rst() && note.acknowledgement == rst.note.sequence
        };
        let is_bare = !rst.note.acknowledges();
        if let Some((segment, _)) = before().next().filter(is_answered).filter(|_| is_bare && !has_closed) {
            return ResetCause::NoConnection(segment.note.frame);
        }
        // The closing may have crossed it on its way. Data that comes after the program has closed is refused, too.
        let is_fin_again = |frame: &RowRole| frame.has_fin() && frame.role == FrameRole::Retransmission;
        let refuses_data = before().filter(is_answered).any(|(frame, _)| frame.note.payload_length > 0);
        let fin =
            before().filter(is_answered).find(|(frame, _)| is_fin_again(frame) || (frame.has_fin() && !refuses_data));
        if let Some((fin, _)) = fin.filter(|_| is_bare && has_closed) {
            let got_all = |(frame, client): (&RowRole, bool)| {
                client == by_client && frame.acknowledges(fin.note.relative_sequence)
            };
            return match before().any(got_all) {
                true => ResetCause::Over(fin.note.frame),
                false => ResetCause::Incomplete(fin.note.frame),
            };
        }
        let has_ended = |(late, _): &(&RowRole, bool)| is_bare && self.has_ended_before(late.note.frame);
        if let Some((late, _)) = before().next().filter(is_answered).filter(has_ended) {
            return ResetCause::Ended(late.note.frame);
        }
        if is_bare && has_closed && !refuses_data {
            // What it answers may be captured behind it: who gets a RST sends nothing more.
            let mut behind = self.iter().filter(|(frame, _)| frame.note.frame > reset).filter(is_answered);
            return match behind.next() {
                Some((fin, _)) if fin.has_fin() => ResetCause::Over(fin.note.frame),
                Some((late, _)) => ResetCause::Ended(late.note.frame),
                None => ResetCause::Unseen,
            };
        }
        // A program may end at any time; a system gives up when it has waited for the last answer.
        let has_waited = before().next().is_some_and(|(last, _)| waited(&last.note, &rst.note) != Some(false));
        // It asks with the last number that it has sent (RFC 9293, section 3.8.4); who answers has the next one.
        let asks = |frame: &RowRole| {
            frame.role == FrameRole::KeepAlive && frame.note.sequence.wrapping_add(1) == rst.note.sequence
        };
        let repeats = |frame: &RowRole| frame.role == FrameRole::Retransmission && !frame.has_syn();
        let last = |is_one: &dyn Fn(&RowRole) -> bool| {
            let frames = before().take_while(|(frame, client)| has_waited && *client == by_client && is_one(frame));
            let mut frames: Vec<RowFrame> = frames.map(|(frame, _)| frame.note.frame).collect();
            frames.reverse();
            frames
        };
        let (mut probes, repeated) = (last(&asks), last(&repeats));
        // Who has no room answers, and is asked for room.
        let for_room = self.probes(true);
        probes.retain(|frame| !for_room.contains(frame));
        match (probes.is_empty(), repeated.is_empty()) {
            (false, _) => ResetCause::NobodyThere(probes),
            (_, false) => ResetCause::NoAnswer(repeated),
            _ => ResetCause::Aborted,
        }
    }

    /// Whether each end had closed the connection before this frame.
    fn has_ended_before(&self, frame: RowFrame) -> bool {
        [true, false].into_iter().all(|of_client| self.fin(of_client).is_some_and(|fin| fin.note.frame < frame))
    }
}

/// Whether so much time passed between two frames as a system waits for an answer at least; `None` where times are not known.
fn waited(earlier: &RowNote, later: &RowNote) -> Option<bool> {
    let nanoseconds = later.time?.nanoseconds_since(earlier.time?);
    Some(nanoseconds >= SHORTEST_PATIENCE)
}
