//! Whether a server answers a client, or sends by itself: what its first data came after.

use crate::analyze::conversation::Frames;
use crate::analyze::conversation::roles::{FrameRole, RoleOfFrame};
use crate::analyze::matching::{Known, LabView};
use crate::analyze::text::row::apart;
use socklab_packets::types::FrameNumber;

/// Nanoseconds after a line within which the server's data is called its answer in a capture of the client's: later, it may be
/// what another client has said.
const PROMPT: i128 = 100_000_000;

/// The same in a capture of the server's, which shows what other clients do.
const LONGEST_ANSWER: i128 = 3_000_000_000;

/// How a server that sends data begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Begins {
    /// Its system had got nothing of what the client sent.
    Unheard,
    /// Soon after a line of the client, and nothing else that the files show may have brought it about.
    Answers,
    /// By itself, for all that is shown: it may answer, or send on what other clients say, or tell who comes and goes.
    Later,
}

/// How the server of a connection with these frames begins, which sends data.
pub(super) fn begins(view: &LabView<'_>, known: &Known<'_>, frames: &Frames) -> Begins {
    let is_data = |(frame, client): &(&RoleOfFrame, bool)| !client && frame.carries_data();
    let Some((first, _)) = frames.iter().find(is_data) else { return Begins::Unheard };
    match heard_before(frames, first) {
        None => Begins::Unheard,
        Some(line) if is_soon(view, known, frames, [line, first]) && !is_of_others(view, known, [line, first]) => {
            Begins::Answers
        }
        Some(_) => Begins::Later,
    }
}

/// The last frame with a line of which the server's system had got something when the server sent this, as it acknowledges:
/// frames cross on their way, so that their order does not tell.
fn heard_before<'f>(frames: &'f Frames, sent: &RoleOfFrame) -> Option<&'f RoleOfFrame> {
    let mut lines = frames.iter().filter(|(frame, client)| *client && frame.carries_data()).map(|(line, _)| line);
    lines.rfind(|line| sent.acknowledges(line.note.relative_sequence.wrapping_add(1)))
}

/// Whether the server's data came soon after the line.
fn is_soon(view: &LabView<'_>, known: &Known<'_>, frames: &Frames, [line, sent]: [&RoleOfFrame; 2]) -> bool {
    let time = |wanted: FrameNumber| frames.iter().find(|(frame, _)| frame.note.frame == wanted)?.0.note.time;
    let sighting = known.connection.whole();
    let file = apart(sent.note.frame).0.unwrap_or(sighting.capture);
    let is_of_server = view.places.get(file).and_then(|place| place.host()) == Some(known.connection.server().ip);
    let longest = if is_of_server { LONGEST_ANSWER } else { PROMPT };
    // The way there and back, as the handshake shows it, is not the server's time.
    let [syn, syn_ack] = [sighting.connection.syn, sighting.connection.syn_ack].map(|frame| frame.and_then(time));
    let way = syn.zip(syn_ack).map_or(0, |(syn, syn_ack)| syn_ack.nanoseconds_since(syn).max(0));
    let passed = line.note.time.zip(sent.note.time).map(|(line, sent)| sent.nanoseconds_since(line));
    passed.is_none_or(|passed| passed.saturating_sub(way) < longest)
}

/// Whether the server's data may be about others: one said something, came or left between the line and the data.
fn is_of_others(view: &LabView<'_>, known: &Known<'_>, [line, sent]: [&RoleOfFrame; 2]) -> bool {
    let ((file, line), (other_file, sent)) = (apart(line.note.frame), apart(sent.note.frame));
    // What others did meanwhile, in two files, is not in one order.
    if is_told_of_others(view, known) || file != other_file {
        return true;
    }
    let own = known.connection;
    let file = file.unwrap_or(own.whole().capture);
    let is_between = |frame: FrameNumber| line < frame && frame < sent;
    let is_news = |(frame, client): (&RoleOfFrame, bool)| {
        let tells = frame.carries_data() || frame.role == FrameRole::Handshake || frame.closes();
        client && tells && is_between(frame.note.frame)
    };
    view.known().any(|other| {
        let is_other = (other.connection.server() == own.server()) && other.connection.client() != own.client();
        let sighting = other.connection.in_capture(file).filter(|_| is_other);
        sighting.is_some_and(|sighting| view.frames(sighting).iter().any(is_news))
    })
}

/// Whether another client's line was passed on to this one, in whatever file that client is.
fn is_told_of_others(view: &LabView<'_>, known: &Known<'_>) -> bool {
    view.known().any(|other| other.timeline.said_on().any(|said| said.to == known.index))
}
