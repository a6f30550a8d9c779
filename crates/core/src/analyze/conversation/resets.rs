//! Why a RST was sent, as far as the frames before it show (RFC 9293, section 3.5.2).

use crate::analyze::conversation::frames::Frames;
use crate::analyze::conversation::roles::{FrameRole, RoleOfFrame};
use socklab_packets::types::FrameNumber;

/// Why a RST was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ResetCause {
    /// It answers this segment, for which its system had no connection: then it has the number that the segment
    /// acknowledges, and no ACK of its own. One that ends a connection has.
    NoConnection(FrameNumber),
    /// Its sender's system had asked in these frames whether the other end is there, and got no answer.
    NobodyThere(Vec<FrameNumber>),
    /// A program ended, or closed its socket, with something left to do; or nothing tells.
    Aborted,
}

impl Frames {
    /// Why this RST was sent.
    pub(crate) fn cause_of(&self, reset: FrameNumber) -> ResetCause {
        let Some((rst, by_client)) = self.iter().find(|(frame, _)| frame.note.frame == reset) else {
            return ResetCause::Aborted;
        };
        let before = || self.iter().rev().filter(|(frame, _)| frame.note.frame < reset);
        let has_closed = before().any(|(frame, client)| client == by_client && frame.has_fin());
        let answered = before().next().filter(|(frame, client)| {
            let note = &frame.note;
            *client != by_client && note.acknowledges() && !frame.has_rst() && note.acknowledgement == rst.note.sequence
        });
        if let Some((segment, _)) = answered.filter(|_| !rst.note.acknowledges() && !has_closed) {
            return ResetCause::NoConnection(segment.note.frame);
        }
        let asks = |(frame, client): &(&RoleOfFrame, bool)| *client == by_client && frame.role == FrameRole::KeepAlive;
        let mut probes: Vec<FrameNumber> = before().take_while(asks).map(|(frame, _)| frame.note.frame).collect();
        probes.reverse();
        if probes.is_empty() { ResetCause::Aborted } else { ResetCause::NobodyThere(probes) }
    }
}
