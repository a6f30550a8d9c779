//! Facts of one frame.

use super::outcome::{Found, Missing, Outcome};
use super::part::Part;
use super::stream::Stream;
use crate::facts::{End, FrameFact, Ordinal, Value};
use socklab_packets::track::FrameNote;
use socklab_packets::types::Protocol;

/// Bytes of a UDP header.
const UDP_HEADER: u32 = 8;

/// The frame that is asked about.
pub(super) fn selected(stream: &Stream, part: Part) -> Result<FrameNote, Missing> {
    if let Some(flag) = part.flag {
        return stream.flagged(flag, part.side);
    }
    let (place, all) = match (part.segment, part.frame) {
        (Some(place), _) => (place, stream.data(Some(part.side.unwrap_or(End::Client)))),
        (None, Some(place)) => {
            (place, stream.notes.iter().filter(|note| stream.is_of(note, part.side)).copied().collect())
        }
        (None, None) => return Err(Missing::NoData),
    };
    if place == Ordinal::Last {
        stream.all_noted()?;
    }
    match place.of(&all) {
        Some(note) => Ok(*note),
        None if !stream.complete => Err(Missing::TooMany),
        None if part.segment.is_none() => Err(Missing::Frame(all.len())),
        None if all.is_empty() && stream.protocol == Protocol::Udp => Err(Missing::Datagram),
        None => Err(Missing::Segment(all.len())),
    }
}

pub(super) fn frame(stream: &Stream, which: FrameFact, note: &FrameNote) -> Outcome {
    let sender = stream.end(note.sender);
    let receiver = if sender == End::Client { End::Server } else { End::Client };
    let (source, destination) = (stream.address(sender), stream.address(receiver));
    let value = match which {
        FrameFact::FrameNumber => Value::Number(note.frame.0),
        FrameFact::Time => Value::Time(Stream::between(stream.start, note.time)?),
        FrameFact::TimeInConnection => Value::Time(Stream::between(stream.first_time, note.time)?),
        FrameFact::TimeSincePrevious => Value::Time(since_previous(stream, note)?),
        FrameFact::PayloadText => Value::Text(stream.text(note)?),
        FrameFact::SourceAddress => Value::Ip(source.ip),
        FrameFact::DestinationAddress => Value::Ip(destination.ip),
        FrameFact::SourceSocketAddress => Value::Socket(source),
        FrameFact::DestinationSocketAddress => Value::Socket(destination),
        FrameFact::SourcePort => Value::Number(source.port.into()),
        FrameFact::DestinationPort => Value::Number(destination.port.into()),
        FrameFact::Ttl => Value::Number(note.hop_limit.ok_or(Missing::NotShown)?.into()),
        FrameFact::IpLength => Value::Number(note.ip_length.ok_or(Missing::NotShown)?.into()),
        FrameFact::FrameLength => Value::Number(note.frame_length.into()),
        FrameFact::HeaderLength => Value::Number(note.header_length.into()),
        FrameFact::PayloadLength => Value::Number(note.payload_length.into()),
        FrameFact::SegmentLength => {
            Value::Number(u64::from(note.header_length).saturating_add(note.payload_length.into()))
        }
        FrameFact::Checksum => Value::Number(note.checksum.into()),
        FrameFact::UdpLength => Value::Number(note.payload_length.saturating_add(UDP_HEADER).into()),
        FrameFact::Flags => Value::Flags(note.flags.0),
        FrameFact::Window => Value::Number(note.window.into()),
        FrameFact::ScaledWindow => {
            let segment = stream.segments(None).find(|segment| segment.note.frame == note.frame);
            Value::Number(segment.ok_or(Missing::NotShown)?.window.into())
        }
        FrameFact::SequenceNumber
        | FrameFact::RawSequenceNumber
        | FrameFact::NextSequenceNumber
        | FrameFact::AcknowledgementNumber
        | FrameFact::RawAcknowledgementNumber => return number(which, note),
    };
    if stream.protocol == Protocol::Tcp && note.header_length < 20 {
        return Err(Missing::NotShown);
    }
    Ok(Found::new(value, [note.frame]))
}

/// The time since the frame before it, in nanoseconds. Wireshark gives a datagram without payload no time, and counts from it
/// only where it is the first one.
fn since_previous(stream: &Stream, note: &FrameNote) -> Result<i128, Missing> {
    let is_timed = |note: &FrameNote| stream.protocol == Protocol::Tcp || note.payload_length > 0;
    if !is_timed(note) {
        return Err(Missing::NotShown);
    }
    let mut earlier = stream.notes.iter().rev().filter(|before| before.frame < note.frame);
    let before = earlier.find(|before| is_timed(before)).or(stream.notes.first()).unwrap_or(note);
    // The first one comes after nothing, which Wireshark shows as 0.
    Stream::between(before.time, note.time)
}

/// A sequence or acknowledgement number, in both ways of counting.
fn number(which: FrameFact, note: &FrameNote) -> Outcome {
    // Where ACK is clear the number means nothing, and Wireshark shows it as it is.
    let acknowledged = if note.acknowledges() { note.relative_acknowledgement } else { note.acknowledgement };
    let relative = |number: u32| Value::Number(number.into());
    let next = |number: u32| relative(number.wrapping_add(note.occupied()));
    let (value, other) = match which {
        FrameFact::SequenceNumber => (relative(note.relative_sequence), relative(note.sequence)),
        FrameFact::RawSequenceNumber => (relative(note.sequence), relative(note.relative_sequence)),
        FrameFact::NextSequenceNumber => (next(note.relative_sequence), next(note.sequence)),
        FrameFact::AcknowledgementNumber => (relative(acknowledged), relative(note.acknowledgement)),
        _ => (relative(note.acknowledgement), relative(acknowledged)),
    };
    Ok(Found::new(value, [note.frame]).or(other))
}
