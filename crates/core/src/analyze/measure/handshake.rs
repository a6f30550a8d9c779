//! Facts of the handshake (RFC 9293, section 3.5) and of what it agrees on.

use super::outcome::{Found, Missing, Outcome};
use super::stream::{Stream, frames};
use crate::facts::{End, FlagName, Handshake, Value};
use socklab_packets::decode::TcpOptions;
use socklab_packets::track::FrameNote;

/// SYN, SYN-ACK and ACK in `tcp.completeness`.
const COMPLETE: u8 = 1 | 2 | 4;

pub(super) fn handshake(stream: &Stream, which: Handshake, side: Option<End>) -> Outcome {
    let end = side.unwrap_or(End::Client);
    let connection = stream.connection.as_ref().ok_or(Missing::Protocol)?;
    let handshake = || [connection.syn, connection.syn_ack, stream.third()].into_iter().flatten();
    match which {
        Handshake::HandshakeFrames => Ok(frames(handshake().collect())),
        Handshake::HandshakeCompleted => {
            let completed = connection.completeness & COMPLETE == COMPLETE;
            Ok(Found::new(Value::YesNo(completed), handshake()))
        }
        Handshake::SynFrames => {
            let syns = stream.roles.iter().filter(|frame| frame.has_syn() && stream.is_of(&frame.note, side));
            stream.listed(syns.map(|frame| &frame.note)).map(frames)
        }
        Handshake::SynAckRtt => {
            let (syn, syn_ack) = (stream.syn(End::Client)?, stream.syn(End::Server)?);
            Ok(Found::new(Value::Time(Stream::between(syn.time, syn_ack.time)?), [syn.frame, syn_ack.frame]))
        }
        Handshake::SynOptions => {
            let (syn, options) = options(stream, end)?;
            if options.others { Err(Missing::OtherOption) } else { Ok(of(&syn, Value::Words(names(&options)))) }
        }
        Handshake::InitialRtt => {
            // Also to the RST that refuses a connection, as Wireshark has it.
            let round_trip = stream.analysis.initial_round_trip.ok_or(Missing::Third)?;
            Ok(Found::new(Value::Time(round_trip), handshake()))
        }
        Handshake::InitialSequenceNumber => {
            let syn = stream.syn(end)?;
            let relative = Value::Number(syn.relative_sequence.into());
            Ok(of(&syn, Value::Number(syn.sequence.into())).or(relative))
        }
        Handshake::SynAckAcknowledges => {
            let syn_ack = stream.flagged(FlagName::SynAck, None)?;
            let relative = Value::Number(syn_ack.relative_acknowledgement.into());
            let frames = connection.syn.into_iter().chain([syn_ack.frame]);
            Ok(Found::new(Value::Number(syn_ack.acknowledgement.into()), frames).or(relative))
        }
        Handshake::WindowAtSyn => {
            let syn = stream.syn(end)?;
            Ok(of(&syn, Value::Number(syn.window.into())))
        }
        Handshake::SackUsable => sack_usable(stream),
        Handshake::MaximumSegmentSize => option(stream, end, |options| options.maximum_segment_size.map(u64::from)),
        Handshake::WindowScale => option(stream, end, |options| options.window_scale.map(u64::from)),
        Handshake::WindowScaleFactor => {
            option(stream, end, |options| options.window_scale.and_then(|shift| 1_u64.checked_shl(shift.into())))
        }
        Handshake::TimestampValue => {
            option(stream, end, |options| options.timestamps.map(|[value, _]| u64::from(value)))
        }
        Handshake::SackPermitted => {
            let (syn, options) = options(stream, end)?;
            Ok(of(&syn, Value::YesNo(options.sack_permitted)))
        }
        Handshake::TimestampsOffered => {
            let (syn, options) = options(stream, end)?;
            Ok(of(&syn, Value::YesNo(options.timestamps.is_some())))
        }
    }
}

/// Whether both ends permit selective acknowledgements (RFC 2018).
fn sack_usable(stream: &Stream) -> Outcome {
    let (ours, theirs) = (options(stream, End::Client)?, options(stream, End::Server)?);
    let usable = ours.1.sack_permitted && theirs.1.sack_permitted;
    Ok(Found::new(Value::YesNo(usable), [ours.0.frame, theirs.0.frame]))
}

/// What the options are called.
fn names(options: &TcpOptions) -> Vec<&'static str> {
    let all = [
        ("maximum segment size", options.maximum_segment_size.is_some()),
        ("window scale", options.window_scale.is_some()),
        ("SACK permitted", options.sack_permitted),
        ("timestamps", options.timestamps.is_some()),
    ];
    all.into_iter().filter(|(_, has)| *has).map(|(name, _)| name).collect()
}

fn of(note: &FrameNote, value: Value) -> Found {
    Found::new(value, [note.frame])
}

/// The SYN or SYN-ACK of an end, and its options.
fn options(stream: &Stream, end: End) -> Result<(FrameNote, TcpOptions), Missing> {
    let syn = stream.syn(end)?;
    Ok((syn, syn.options.unwrap_or_default()))
}

fn option(stream: &Stream, end: End, number: impl Fn(&TcpOptions) -> Option<u64>) -> Outcome {
    let (syn, options) = options(stream, end)?;
    number(&options).map(|number| of(&syn, Value::Number(number))).ok_or(Missing::Option)
}
