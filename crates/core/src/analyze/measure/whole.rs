//! Facts of a connection or conversation as a whole: its ends, its frames, what it carries.

use std::cmp::Reverse;

use super::outcome::{Found, Missing, Outcome};
use super::stream::{Stream, frames};
use crate::facts::{End, Ends, Marked, Value, Whole};
use socklab_packets::packet::TcpFlags;
use socklab_packets::track::{FrameNote, Segment, Verdicts};
use socklab_packets::types::Protocol;

/// Facts of the two ends, which the first frame shows.
pub(super) fn ends(stream: &Stream, which: Ends) -> Found {
    let [client, server] = stream.addresses;
    let value = match which {
        Ends::ClientSocketAddress => Value::Socket(client),
        Ends::ServerSocketAddress => Value::Socket(server),
        Ends::ClientAddress => Value::Ip(client.ip),
        Ends::ServerAddress => Value::Ip(server.ip),
        Ends::ClientPort => Value::Number(client.port.into()),
        Ends::ServerPort => Value::Number(server.port.into()),
        Ends::IpVersion => Value::Number(if client.ip.is_ipv4() { 4 } else { 6 }),
        Ends::ProtocolNumber => Value::Number(match stream.protocol {
            Protocol::Tcp => 6,
            Protocol::Udp => 17,
        }),
        Ends::Stream => Value::Number(stream.number.0.into()),
    };
    Found::new(value, stream.frames.first().copied())
}

/// Facts of all frames, or of those of one side.
pub(super) fn whole(stream: &Stream, which: Whole, end: Option<End>) -> Outcome {
    let [first, last] = stream.frames;
    let of_end = || stream.notes.iter().filter(|note| stream.is_of(note, end));
    match which {
        Whole::Frames => stream.listed(of_end()).map(frames),
        Whole::FrameCount => Ok(Found::new(Value::Number(stream.total(end).frames), [first, last])),
        Whole::Duration => {
            let duration = Stream::between(stream.first_time, stream.last_time)?;
            Ok(Found::new(Value::Time(duration), [first, last]))
        }
        Whole::PayloadBytes => {
            let with_payload = of_end().filter(|note| note.payload_length > 0).map(|note| note.frame);
            Ok(Found::new(Value::Number(stream.total(end).payload), with_payload))
        }
        Whole::DataFrames => {
            let data = stream.data(end);
            stream.listed(data.iter().filter(|note| note.payload_length > 0)).map(frames)
        }
        Whole::DataFrameCount => {
            let data = stream.data(end);
            let list = stream.listed(data.iter().filter(|note| note.payload_length > 0))?;
            Ok(Found::new(Value::Number(list.len() as u64), list))
        }
        Whole::DataBytes => data_bytes(stream, end),
        Whole::PushFrames => {
            let push = stream.roles.iter().filter(|frame| frame.note.flags.has(TcpFlags::PSH));
            stream.listed(push.map(|frame| &frame.note).filter(|note| stream.is_of(note, end))).map(frames)
        }
        Whole::FirstDataFrame => {
            let first = first_data(stream, end)?;
            Ok(Found::new(Value::Number(first.frame.0), [first.frame]))
        }
        Whole::FirstDataBy => {
            let first = first_data(stream, None)?;
            let by = stream.end(first.sender);
            Ok(Found::new(Value::Word(if by == End::Client { "client" } else { "server" }), [first.frame]))
        }
        Whole::LargestPayload => {
            stream.all_noted()?;
            let largest = of_end().min_by_key(|note| Reverse(note.payload_length)).ok_or(Missing::NoData)?;
            Ok(Found::new(Value::Number(largest.payload_length.into()), [largest.frame]))
        }
        Whole::AveragePayload => average_payload(stream, end),
        Whole::FrameBytes | Whole::HeaderBytes => {
            stream.all_noted()?;
            let bytes = of_end().map(|note| {
                let payload = if which == Whole::HeaderBytes { note.payload_length } else { 0 };
                u64::from(note.frame_length.saturating_sub(payload))
            });
            Ok(Found::new(Value::Number(bytes.sum()), of_end().map(|note| note.frame)))
        }
        Whole::AcknowledgementFrames => {
            stream.all_noted()?;
            let only = stream.roles.iter().filter(|frame| {
                let bare = frame.note.payload_length == 0 && !frame.has_syn() && !frame.has_fin() && !frame.has_rst();
                stream.is_of(&frame.note, end) && bare && frame.note.acknowledges()
            });
            Ok(frames(only.map(|frame| frame.note.frame).collect()))
        }
    }
}

/// The first frame with payload, whatever the analysis says of it: it may have been sent before and not captured.
fn first_data(stream: &Stream, end: Option<End>) -> Result<FrameNote, Missing> {
    let missing = match stream.protocol {
        _ if !stream.complete => Missing::TooMany,
        Protocol::Tcp => Missing::Segment(0),
        Protocol::Udp => Missing::Datagram,
    };
    let mut sent = stream.notes.iter().filter(|note| stream.is_of(note, end));
    sent.find(|note| note.payload_length > 0).copied().ok_or(missing)
}

/// The average payload of the frames that carry data.
fn average_payload(stream: &Stream, end: Option<End>) -> Outcome {
    stream.all_noted()?;
    let data: Vec<FrameNote> = stream.data(end).into_iter().filter(|note| note.payload_length > 0).collect();
    if data.is_empty() {
        return Err(Missing::NoData);
    }
    let bytes = data.iter().map(|note| u64::from(note.payload_length)).sum();
    let value = Value::Average { bytes, frames: data.len() as u64 };
    Ok(Found::new(value, data.iter().map(|note| note.frame)))
}

/// The payload, each byte once.
pub(super) fn data_bytes(stream: &Stream, end: Option<End>) -> Outcome {
    if stream.protocol == Protocol::Udp {
        return whole(stream, Whole::PayloadBytes, end);
    }
    stream.all_noted()?;
    let new = stream.roles.iter().filter(|frame| frame.carries_data() && stream.is_of(&frame.note, end));
    let bytes = new.clone().map(|frame| u64::from(frame.new_bytes)).sum();
    Ok(Found::new(Value::Number(bytes), new.map(|frame| frame.note.frame)))
}

/// Frames that Wireshark's sequence analysis marks.
pub(super) fn marked(stream: &Stream, which: Marked, end: Option<End>) -> Outcome {
    let is_marked = |verdicts: Verdicts| match which {
        Marked::ZeroWindowFrames => verdicts.zero_window,
        Marked::Retransmissions | Marked::RetransmittedFrames => verdicts.retransmission,
        Marked::FastRetransmissions => verdicts.fast_retransmission,
        Marked::OutOfOrderFrames => verdicts.out_of_order,
        Marked::DuplicateAcknowledgements => verdicts.duplicate_acknowledgement,
        Marked::KeepAliveFrames => verdicts.keep_alive,
    };
    let list: Vec<&Segment> = stream.segments(end).filter(|segment| is_marked(segment.verdicts)).collect();
    let list = stream.listed(list.iter().map(|segment| &segment.note))?;
    match which {
        Marked::Retransmissions if list.is_empty() => Ok(Found::new(Value::Number(0), stream.frames)),
        Marked::Retransmissions => Ok(Found::new(Value::Number(list.len() as u64), list)),
        _ => Ok(frames(list)),
    }
}

/// A count of bytes and the time that they took, as a rate.
pub(super) fn rate(bytes: u64, nanoseconds: i128) -> Result<Value, Missing> {
    match u64::try_from(nanoseconds) {
        Ok(nanoseconds) if nanoseconds > 0 => Ok(Value::Rate { bytes, nanoseconds }),
        _ => Err(Missing::NoTime),
    }
}
