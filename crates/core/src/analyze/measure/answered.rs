//! Facts of a segment with data and its acknowledgement (RFC 6298 for the estimate of round-trip times).

use super::frame::selected;
use super::outcome::{Found, Missing, Outcome};
use super::part::Part;
use super::stream::Stream;
use crate::facts::{Answered, Followed, Value};
use socklab_packets::track::FrameNote;
use socklab_packets::types::Protocol;

pub(super) fn answered(stream: &Stream, which: Answered, part: Part) -> Outcome {
    let segment = selected(stream, part)?;
    if which == Answered::EstimatedRtt {
        return estimated(stream, segment);
    }
    let answer = acknowledgement(stream, &segment)?;
    let number = |number: u32| Value::Number(number.into());
    let found = match which {
        Answered::AcknowledgingFrame => Found::new(Value::Number(answer.frame.0), [answer.frame]),
        Answered::AcknowledgingTime => {
            let time = Stream::between(stream.start, answer.time)?;
            Found::new(Value::Time(time), [answer.frame])
        }
        Answered::AcknowledgingNumber => {
            Found::new(number(answer.relative_acknowledgement), [answer.frame]).or(number(answer.acknowledgement))
        }
        Answered::RawAcknowledgingNumber => {
            Found::new(number(answer.acknowledgement), [answer.frame]).or(number(answer.relative_acknowledgement))
        }
        Answered::AcknowledgingWindow => {
            let segment = stream.segments(None).find(|segment| segment.note.frame == answer.frame);
            let window = segment.ok_or(Missing::NotShown)?.window;
            Found::new(Value::Number(window.into()), [answer.frame])
        }
        Answered::RoundTripTime | Answered::EstimatedRtt => {
            Found::new(Value::Time(Stream::between(segment.time, answer.time)?), [segment.frame, answer.frame])
        }
        Answered::AckRtt => {
            let shown = stream.segments(None).find(|shown| shown.acknowledges == Some(segment.frame));
            let shown = shown.ok_or(Missing::NotShown)?;
            let time = shown.round_trip.ok_or(Missing::NotShown)?;
            Found::new(Value::Time(time), [segment.frame, shown.note.frame])
        }
    };
    Ok(found)
}

/// What comes after a segment with data or a datagram.
pub(super) fn followed(stream: &Stream, which: Followed, part: Part) -> Outcome {
    let segment = selected(stream, part)?;
    let is_reply = which != Followed::TimeToNext;
    let comes = |note: &&FrameNote| note.frame > segment.frame && (note.sender != segment.sender) == is_reply;
    let missing = match is_reply {
        _ if !stream.complete => Missing::TooMany,
        true if stream.protocol == Protocol::Udp => Missing::ReplyDatagram,
        true => Missing::Reply,
        false => Missing::Next,
    };
    let all = stream.data(None);
    let next = all.iter().find(comes).ok_or(missing)?;
    match which {
        Followed::ReplyFrame => Ok(Found::new(Value::Number(next.frame.0), [next.frame])),
        Followed::ReplyTime | Followed::TimeToNext => {
            Ok(Found::new(Value::Time(Stream::between(segment.time, next.time)?), [segment.frame, next.frame]))
        }
    }
}

/// The first frame of the other side that acknowledges all of a segment.
fn acknowledgement<'s>(stream: &'s Stream, segment: &FrameNote) -> Result<&'s FrameNote, Missing> {
    let end = segment.relative_sequence.wrapping_add(segment.occupied());
    let covers = |note: &&FrameNote| {
        note.sender != segment.sender
            && note.frame > segment.frame
            && note.acknowledges()
            && note.relative_acknowledgement.wrapping_sub(end) <= u32::MAX / 2
    };
    let missing = if stream.complete { Missing::Acknowledgement } else { Missing::TooMany };
    stream.notes.iter().find(covers).ok_or(missing)
}

/// The estimate after this segment: a moving average over the side's segments up to it.
fn estimated(stream: &Stream, segment: FrameNote) -> Outcome {
    let data = stream.data(Some(stream.end(segment.sender)));
    let up_to = data.iter().filter(|note| note.frame <= segment.frame && note.payload_length > 0);
    let mut estimate: Option<i128> = None;
    let mut shown = Vec::new();
    for note in up_to {
        let answer = acknowledgement(stream, note)?;
        let sample = Stream::between(note.time, answer.time)?;
        // 7/8 of the old estimate and 1/8 of the sample.
        let next = estimate.map_or(sample, |old| old.saturating_mul(7).saturating_add(sample) / 8);
        estimate = Some(next);
        shown.extend([note.frame, answer.frame]);
    }
    shown.sort_unstable();
    shown.dedup();
    Ok(Found::new(Value::Time(estimate.ok_or(Missing::NoData)?), shown))
}
