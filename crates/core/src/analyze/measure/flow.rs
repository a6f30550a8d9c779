//! Facts of the data that one side sends, and of what it accepts.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::outcome::{Found, Missing, Outcome};
use super::stream::Stream;
use super::whole::{data_bytes, rate};
use crate::facts::{End, Flow, Value};
use socklab_packets::track::{FrameNote, Segment};
use socklab_packets::types::{FrameNumber, Protocol};

pub(super) fn flow(stream: &Stream, which: Flow, side: Option<End>) -> Outcome {
    let end = side.unwrap_or(End::Client);
    match which {
        Flow::MinimumWindow => window(stream, end, |windows| windows.min_by_key(|segment| segment.window)),
        // Of several that are as large, the first one.
        Flow::MaximumWindow => window(stream, end, |windows| windows.min_by_key(|segment| Reverse(segment.window))),
        Flow::TransferTime => {
            let (first, last, _) = transfer(stream, end)?;
            Ok(Found::new(Value::Time(Stream::between(first.time, last.time)?), [first.frame, last.frame]))
        }
        Flow::TypicalAcknowledgement => typical_acknowledgement(stream, end),
        Flow::ThroughputAcknowledged => acknowledged(stream, end),
        Flow::ThroughputData => {
            let Found { value, frames, .. } = data_bytes(stream, side)?;
            let Value::Number(bytes) = value else { return Err(Missing::NoData) };
            Ok(Found::new(rate(bytes, Stream::between(stream.first_time, stream.last_time)?)?, frames))
        }
        Flow::ThroughputFrames => {
            stream.all_noted()?;
            let frames: Vec<&FrameNote> = stream.notes.iter().filter(|note| stream.is_of(note, side)).collect();
            let bytes = frames.iter().map(|note| u64::from(note.frame_length)).sum();
            let value = rate(bytes, Stream::between(stream.first_time, stream.last_time)?)?;
            Ok(Found::new(value, frames.into_iter().map(|note| note.frame)))
        }
    }
}

/// The smallest or largest window of a side. A RST has no use for its window.
fn window<'s>(
    stream: &'s Stream,
    end: End,
    pick: impl Fn(&mut dyn Iterator<Item = &'s Segment>) -> Option<&'s Segment>,
) -> Outcome {
    stream.all_noted()?;
    let resets: Vec<FrameNumber> =
        stream.roles.iter().filter(|frame| frame.has_rst()).map(|frame| frame.note.frame).collect();
    let mut windows = stream.segments(Some(end)).filter(|segment| resets.binary_search(&segment.note.frame).is_err());
    let found = pick(&mut windows).ok_or(Missing::NoData)?;
    Ok(Found::new(Value::Number(found.window.into()), [found.note.frame]))
}

/// By how much the acknowledgement number of a side grows most often, from one of its frames to the next that it grows in.
fn typical_acknowledgement(stream: &Stream, end: End) -> Outcome {
    stream.all_noted()?;
    let mut counts: BTreeMap<u32, u64> = BTreeMap::new();
    let mut latest: Option<u32> = None;
    let mut shown = Vec::new();
    for note in stream.notes.iter().filter(|note| stream.is_of(note, Some(end)) && note.relative_acknowledgement > 0) {
        let grown = latest.map_or(0, |latest| note.relative_acknowledgement.wrapping_sub(latest));
        if latest.is_none() || (1..=u32::MAX / 2).contains(&grown) {
            latest = Some(note.relative_acknowledgement);
        }
        if (1..=u32::MAX / 2).contains(&grown) {
            let count = counts.entry(grown).or_default();
            *count = count.saturating_add(1);
            shown.push(note.frame);
        }
    }
    let most = counts.into_iter().max_by_key(|(bytes, count)| (*count, *bytes)).ok_or(Missing::NoData)?;
    Ok(Found::new(Value::Number(most.0.into()), shown))
}

/// The bytes that the peer acknowledged, by the time from the first segment with data to the last frame that acknowledges
/// more.
fn acknowledged(stream: &Stream, end: End) -> Outcome {
    let (first, last, bytes) = transfer(stream, end)?;
    Ok(Found::new(rate(bytes, Stream::between(first.time, last.time)?)?, [first.frame, last.frame]))
}

/// The first segment with data, the last frame that acknowledges more of them, and the bytes acknowledged.
///
/// Data takes the numbers from the lowest that was captured to the highest, in whatever order they came: what of them was sent
/// though no frame shows it was acknowledged as well. A FIN takes a number too, but is no data.
fn transfer(stream: &Stream, end: End) -> Result<(FrameNote, FrameNote, u64), Missing> {
    if stream.protocol == Protocol::Udp {
        return Err(Missing::Protocol);
    }
    stream.all_noted()?;
    let data = stream.data(Some(end));
    let first = *data.first().ok_or(Missing::Segment(0))?;
    let is_before = |one: u32, other: u32| one != other && other.wrapping_sub(one) <= u32::MAX / 2;
    let (mut lowest, mut highest) = (first.relative_sequence, first.relative_sequence);
    for note in &data {
        let behind = note.relative_sequence.wrapping_add(note.payload_length);
        lowest = if is_before(note.relative_sequence, lowest) { note.relative_sequence } else { lowest };
        highest = if is_before(highest, behind) { behind } else { highest };
    }
    let peer = stream.notes.iter().filter(|note| !stream.is_of(note, Some(end)) && note.acknowledges());
    let (mut acknowledged, mut last) = (lowest, None);
    for note in peer.filter(|note| note.frame > first.frame) {
        let number = note.relative_acknowledgement;
        let number = if is_before(highest, number) { highest } else { number };
        if is_before(acknowledged, number) {
            (acknowledged, last) = (number, Some(note));
        }
    }
    let last = last.ok_or(Missing::Acknowledgement)?;
    Ok((first, *last, u64::from(acknowledged.wrapping_sub(lowest))))
}
