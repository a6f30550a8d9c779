//! What a capture holds of a connection: one that began late or ended early shows a part, and what it lacks may be elsewhere.

use super::outcome::Uncaptured;
use super::stream::Stream;
use crate::facts::{Closing, Handshake, Name, Value, Whole};
use socklab_packets::track::{FrameNote, HandshakeState, Side};

/// What the value would need that the capture does not hold; `None` where it is the same whatever came before and after.
pub(super) fn uncaptured(stream: &Stream, name: Name, value: &Value) -> Option<Uncaptured> {
    let beginning = || stream.lacks_beginning().then_some(Uncaptured::Beginning);
    let end = || stream.lacks_end().then_some(Uncaptured::End);
    match name {
        // What was there once was there.
        Name::Any(_) | Name::Closing(_) if matches!(value, Value::YesNo(true)) => None,
        Name::Handshake(Handshake::HandshakeFrames | Handshake::HandshakeCompleted | Handshake::SynFrames)
        | Name::Count("syn_frames")
        | Name::Whole(Whole::FirstDataFrame | Whole::FirstDataBy) => beginning(),
        Name::Closing(Closing::ClosedBy | Closing::ResetBy | Closing::ResetReason)
            if !matches!(value, Value::Word("nobody" | "none")) =>
        {
            None
        }
        Name::Closing(_) | Name::Count("closing_frames" | "fin_frames" | "rst_frames") => end(),
        Name::Whole(_) | Name::Marked(_) | Name::Count(_) | Name::Any(_) | Name::Flow(_) => beginning().or_else(end),
        _ => None,
    }
}

impl Stream {
    /// Whether the connection began before the capture, or without it.
    fn lacks_beginning(&self) -> bool {
        self.connection.as_ref().is_some_and(|connection| connection.syn.is_none())
    }

    /// Whether the connection was made, and had not ended when the capture did.
    fn lacks_end(&self) -> bool {
        let Some(connection) = &self.connection else { return false };
        let is_made = !matches!(connection.handshake, HandshakeState::Refused | HandshakeState::SynOnly);
        let is_reset = connection.rst.iter().any(Option::is_some);
        is_made && !is_reset && ![Side::Originator, Side::Responder].into_iter().all(|side| self.has_closed(side))
    }

    /// Whether a side's FIN and its acknowledgement are there; where not all frames are remembered, the FIN.
    fn has_closed(&self, side: Side) -> bool {
        let has_fin = self.connection.as_ref().is_some_and(|connection| connection.fin(side).is_some());
        has_fin && (!self.complete || self.answer_to_fin(side).is_some())
    }

    /// The first frame of the other side that acknowledges a side's FIN.
    pub(super) fn answer_to_fin(&self, side: Side) -> Option<&FrameNote> {
        let fin = self.connection.as_ref()?.fin(side)?;
        let fin = self.notes.iter().find(|note| note.frame == fin)?;
        let end = fin.relative_sequence.wrapping_add(fin.occupied());
        let mut later = self.notes.iter().filter(|note| note.frame > fin.frame && note.sender != side);
        later.find(|note| note.acknowledges() && note.relative_acknowledgement.wrapping_sub(end) <= u32::MAX / 2)
    }
}
