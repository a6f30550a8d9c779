//! What a capture holds of a connection: one that began late or ended early shows a part, and what it lacks may be elsewhere.

use super::outcome::{Found, Uncaptured};
use super::part::Part;
use super::stream::Stream;
use crate::facts::{Closing, Flow, Handshake, Latitude, Name, Value, Whole};
use socklab_packets::track::{FrameNote, Side};

/// A value with what it would need that the capture does not hold, and what it may be then.
pub(super) fn with_extent(stream: &Stream, name: Name, part: Part, found: Found) -> Found {
    let uncaptured = uncaptured(stream, name, part, &found.value);
    let room = uncaptured.map_or(Latitude::None, |uncaptured| room(stream, name, uncaptured, &found.value));
    Found { uncaptured, room, ..found }
}

/// What the value would need that the capture does not hold; `None` where it is the same whatever came before and after.
fn uncaptured(stream: &Stream, name: Name, part: Part, value: &Value) -> Option<Uncaptured> {
    let sides = match part.side {
        Some(end) => vec![stream.side(end)],
        None => vec![Side::Originator, Side::Responder],
    };
    let both = || [Side::Originator, Side::Responder].into_iter().all(|side| stream.has_closed(side));
    let beginning = || stream.lacks_beginning().then_some(Uncaptured::Beginning);
    let lacks = |is_complete: bool| (stream.is_open() && !is_complete).then_some(Uncaptured::End);
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
        Name::Closing(Closing::FinFrames) | Name::Count("fin_frames") => {
            lacks(sides.iter().all(|side| stream.has_closed(*side)))
        }
        Name::Closing(_) | Name::Count("closing_frames" | "rst_frames") => lacks(both()),
        // A side sends no new data after its FIN; it may have to send again what was not acknowledged.
        Name::Whole(
            Whole::PayloadBytes
            | Whole::DataFrames
            | Whole::DataFrameCount
            | Whole::DataBytes
            | Whole::LargestPayload
            | Whole::AveragePayload,
        ) => beginning().or_else(|| lacks(sides.iter().all(|side| stream.has_closed(*side)))),
        Name::Whole(_) | Name::Marked(_) | Name::Count(_) | Name::Any(_) | Name::Flow(_) => {
            beginning().or_else(|| lacks(both()))
        }
        _ => None,
    }
}

/// What a value may be in a capture that holds what this one lacks. Frames after the last one of the connection have a number
/// in this capture's row as well; those before its beginning have not.
fn room(stream: &Stream, name: Name, uncaptured: Uncaptured, value: &Value) -> Latitude {
    let [_, last] = stream.frames;
    let after = (uncaptured == Uncaptured::End).then_some(last);
    let is_none = match value {
        Value::Number(count) => *count == 0,
        Value::Frames(frames) => frames.is_empty(),
        _ => true,
    };
    match name {
        Name::Handshake(_) | Name::Count("syn_frames") | Name::Whole(Whole::FirstDataFrame | Whole::FirstDataBy) => {
            Latitude::Unproved(after)
        }
        Name::Closing(Closing::ClosingTime) => Latitude::More(after),
        Name::Closing(_) | Name::Count("closing_frames" | "fin_frames" | "rst_frames") if is_none => {
            Latitude::Unproved(after)
        }
        // Numbers that more frames change in either direction.
        Name::Whole(Whole::AveragePayload) => Latitude::Any,
        Name::Flow(Flow::MaximumWindow | Flow::TransferTime) => Latitude::More(after),
        Name::Flow(_) => Latitude::Any,
        _ => Latitude::More(after),
    }
}

impl Stream {
    /// Whether the connection began before the capture, or without it.
    fn lacks_beginning(&self) -> bool {
        self.connection.as_ref().is_some_and(|connection| connection.syn.is_none())
    }

    /// Whether the connection was made and not reset: it ends with both sides' closing.
    fn is_open(&self) -> bool {
        let Some(connection) = &self.connection else { return false };
        let is_made = !connection.handshake.is_in_vain();
        is_made && !connection.rst.iter().any(Option::is_some)
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
