//! Facts of the end of a connection (RFC 9293, sections 3.5.2 and 3.6).

use super::outcome::{Found, Missing, Outcome};
use super::stream::{Stream, frames};
use crate::analyze::conversation::roles::RoleOfFrame;
use crate::facts::{Closing, End, Value};
use socklab_packets::track::{HandshakeState, Side};
use socklab_packets::types::FrameNumber;

pub(super) fn closing(stream: &Stream, which: Closing, end: Option<End>) -> Outcome {
    let list = |wanted: &dyn Fn(&RoleOfFrame) -> bool| {
        let of_end = stream.roles.iter().filter(|frame| stream.is_of(&frame.note, end) && wanted(frame));
        of_end.map(|frame| frame.note.frame).collect::<Vec<FrameNumber>>()
    };
    let whole = |found: Vec<FrameNumber>| stream.all_noted().map(|()| frames(found));
    match which {
        Closing::ClosingFrames => {
            let answers = answers_to_fins(stream);
            whole(list(&|frame| closes(frame, &answers)))
        }
        Closing::FinFrames => whole(list(&RoleOfFrame::has_fin)),
        Closing::HalfClosed => half_closed(stream),
        Closing::ClosingTime => {
            let answers = answers_to_fins(stream);
            let closing = stream.roles.iter().filter(|frame| closes(frame, &answers));
            let mut closing = closing.map(|frame| frame.note);
            stream.all_noted()?;
            let first = closing.next().ok_or(Missing::Flag("FIN or RST"))?;
            let last = closing.next_back().unwrap_or(first);
            Ok(Found::new(Value::Time(Stream::between(first.time, last.time)?), [first.frame, last.frame]))
        }
        Closing::RstFrames => whole(list(&RoleOfFrame::has_rst)),
        Closing::Reset => {
            let first = first_reset(stream)?;
            Ok(shown(stream, Value::YesNo(first.is_some()), first.map(|(frame, _)| frame)))
        }
        Closing::ClosedBy => {
            let first = first_of(stream, true)?;
            Ok(shown(stream, who(first.map(|(_, end)| end)), first.map(|(frame, _)| frame)))
        }
        Closing::ResetBy => {
            let first = first_reset(stream)?;
            Ok(shown(stream, who(first.map(|(_, end)| end)), first.map(|(frame, _)| frame)))
        }
        Closing::ResetReason => reason(stream),
    }
}

/// Whether a frame is of the end of the connection. A FIN or RST that is sent again closes as well.
fn closes(frame: &RoleOfFrame, answers: &[FrameNumber]) -> bool {
    frame.closes() || frame.has_fin() || frame.has_rst() || answers.contains(&frame.note.frame)
}

/// The frames that first acknowledge each side's FIN, which may carry data: the other side may go on sending.
fn answers_to_fins(stream: &Stream) -> Vec<FrameNumber> {
    let sides = [Side::Originator, Side::Responder];
    sides.into_iter().filter_map(|side| stream.answer_to_fin(side)).map(|note| note.frame).collect()
}

/// A value that a frame shows; where there is none, it is the whole connection that shows that.
fn shown(stream: &Stream, value: Value, frame: Option<FrameNumber>) -> Found {
    match frame {
        Some(frame) => Found::new(value, [frame]),
        None => Found::new(value, stream.frames),
    }
}

fn who(end: Option<End>) -> Value {
    Value::Word(match end {
        Some(End::Client) => "client",
        Some(End::Server) => "server",
        None => "nobody",
    })
}

/// The first RST, or with `fins` the first FIN or RST, and whose it is.
fn first_of(stream: &Stream, fins: bool) -> Result<Option<(FrameNumber, End)>, Missing> {
    let connection = stream.connection.as_ref().ok_or(Missing::Protocol)?;
    let ends = [End::Client, End::Server];
    let frames = ends.into_iter().flat_map(|end| {
        let side = stream.side(end);
        let fin = connection.fin(side).filter(|_| fins);
        [fin, connection.rst(side)].into_iter().flatten().map(move |frame| (frame, end))
    });
    Ok(frames.min_by_key(|(frame, _)| *frame))
}

fn first_reset(stream: &Stream) -> Result<Option<(FrameNumber, End)>, Missing> {
    first_of(stream, false)
}

/// Whether a side sent data after the other one's FIN.
fn half_closed(stream: &Stream) -> Outcome {
    stream.all_noted()?;
    let connection = stream.connection.as_ref().ok_or(Missing::Protocol)?;
    let late = stream.roles.iter().find_map(|frame| {
        let fin = connection.fin(frame.note.sender.other()).filter(|fin| *fin < frame.note.frame)?;
        frame.carries_data().then_some([fin, frame.note.frame])
    });
    Ok(match late {
        Some(frames) => Found::new(Value::YesNo(true), frames),
        None => Found::new(Value::YesNo(false), stream.frames),
    })
}

/// Why the connection was reset: what a reader sees in the frames before the first RST.
fn reason(stream: &Stream) -> Outcome {
    let connection = stream.connection.as_ref().ok_or(Missing::Protocol)?;
    let Some((rst, end)) = first_reset(stream)? else {
        return Ok(Found::new(Value::Word("none"), stream.frames));
    };
    let own_fin = connection.fin(stream.side(end)).filter(|fin| *fin < rst);
    if connection.handshake == HandshakeState::Refused {
        return Ok(Found::new(Value::Word("refused"), connection.syn.into_iter().chain([rst])));
    }
    Ok(match own_fin {
        Some(fin) => Found::new(Value::Word("after closing"), [fin, rst]),
        None => Found::new(Value::Word("aborted"), [rst]),
    })
}
