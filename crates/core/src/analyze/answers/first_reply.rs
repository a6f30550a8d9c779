//! Whether a server answers a client, or sends by itself: what its first data came after.

use std::cell::OnceCell;

use crate::analyze::answers::own_words::{Words, of_other_clients};
use crate::analyze::conversation::Frames;
use crate::analyze::conversation::roles::{FrameRole, RowRole};
use crate::analyze::matching::{Known, LabView};
use crate::analyze::row::RowFrame;
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
    /// With answers alone: all its data comes soon after a line of the client, and nothing else that the files show may have
    /// brought it about; or it has the client's own words.
    Answers,
    /// By itself, for all that is shown: it may answer, or send on what other clients say, or tell who comes and goes.
    Later,
}

/// How the server of a connection with these frames begins, which sends data.
pub(super) fn begins(view: &LabView<'_>, known: &Known<'_>, frames: &Frames) -> Begins {
    let judge = Judge::of(view, known, frames);
    let mut heard: Vec<&RowRole> = Vec::new();
    let mut before: Option<&RowRole> = None;
    for (frame, client) in frames.iter() {
        if client {
            heard.extend(Some(frame).filter(|frame| judge.may_be_answered(frame)));
            continue;
        }
        if !frame.carries_data() {
            continue;
        }
        if before.is_none() && !judge.has_heard(frame) {
            return Begins::Unheard;
        }
        // What is sent in several segments answers as the first of them does.
        let last = heard.iter().rfind(|line| has_got(frame, line)).copied();
        let is_answer = [last, before].into_iter().flatten().any(|after| judge.is_brought_about(after, frame));
        if !is_answer && !judge.has_own_words(frame) {
            return Begins::Later;
        }
        before = Some(frame);
    }
    if before.is_some() { Begins::Answers } else { Begins::Unheard }
}

/// Whether the server's system had got something of a line, or the client's FIN, when the server sent this, as it acknowledges:
/// frames cross on their way, so that their order does not tell.
fn has_got(sent: &RowRole, line: &RowRole) -> bool {
    sent.acknowledges(line.note.relative_sequence.wrapping_add(1))
}

/// What tells whether data of a connection's server answers its client.
struct Judge<'v> {
    view: &'v LabView<'v>,
    known: &'v Known<'v>,
    frames: &'v Frames,
    /// The way there and back, as the handshake shows it, which is not the server's time.
    way: i128,
    /// What other clients of the server did, in order: the file and the frame.
    news: OnceCell<Vec<(usize, FrameNumber)>>,
    words: OnceCell<Words>,
    /// Whether another client's line was passed on to this one, in whatever file that client is.
    is_told_of_others: OnceCell<bool>,
}

impl<'v> Judge<'v> {
    fn of(view: &'v LabView<'v>, known: &'v Known<'v>, frames: &'v Frames) -> Judge<'v> {
        let time = |wanted: RowFrame| frames.iter().find(|(frame, _)| frame.note.frame == wanted)?.0.note.time;
        let connection = &known.connection.whole().connection;
        let [syn, syn_ack] = [connection.syn, connection.syn_ack].map(|frame| frame.and_then(time));
        let way = syn.zip(syn_ack).map_or(0, |(syn, syn_ack)| syn_ack.nanoseconds_since(syn).max(0));
        let (news, words, is_told_of_others) = (OnceCell::new(), OnceCell::new(), OnceCell::new());
        Judge { view, known, frames, way, news, words, is_told_of_others }
    }

    /// The file of a frame.
    fn file(&self, frame: &RowRole) -> usize {
        frame.note.frame.capture().unwrap_or(self.known.connection.whole().capture)
    }

    /// Whether the server's own computer captured a frame.
    fn is_at_server(&self, frame: &RowRole) -> bool {
        self.view.made_at(self.file(frame), self.known.connection.server().ip)
    }

    /// Whether the server may answer this frame of the client: a line or the client's end; elsewhere than at the server, one that
    /// was sent again, too, since the first may not have arrived.
    fn may_be_answered(&self, frame: &RowRole) -> bool {
        let is_first = frame.role != FrameRole::Retransmission;
        match frame.note.payload_length > 0 {
            true => frame.carries_data() || (!is_first && !self.is_at_server(frame)),
            false => is_first && frame.has_fin(),
        }
    }

    /// Whether the server's system had got something of a line.
    fn has_heard(&self, sent: &RowRole) -> bool {
        self.frames.iter().any(|(line, client)| client && line.carries_data() && has_got(sent, line))
    }

    /// Whether the server's data came soon after this frame, and nothing that others did may have brought it about.
    fn is_brought_about(&self, after: &RowRole, sent: &RowRole) -> bool {
        let longest = if self.is_at_server(sent) { LONGEST_ANSWER } else { PROMPT };
        let passed = after.note.time.zip(sent.note.time).map(|(after, sent)| sent.nanoseconds_since(after));
        passed.is_none_or(|passed| passed.saturating_sub(self.way) < longest) && !self.is_of_others(after, sent)
    }

    /// Whether the server's data may be about others: one said something, came or left between that frame and the data.
    fn is_of_others(&self, after: &RowRole, sent: &RowRole) -> bool {
        let file = self.file(sent);
        // What others did meanwhile, in two files, is not in one order.
        let is_told_of_others = || {
            let mut said_on = self.view.known().flat_map(|other| other.timeline.said_on());
            said_on.any(|said| said.to == self.known.index)
        };
        if file != self.file(after) || *self.is_told_of_others.get_or_init(is_told_of_others) {
            return true;
        }
        let [after, sent] = [after, sent].map(|frame| (file, frame.note.frame.number()));
        let news = self.news.get_or_init(|| news(self.view, self.known));
        news.get(news.partition_point(|news| *news <= after)).is_some_and(|news| *news < sent)
    }

    /// Whether the server's data has words of the client that no other client said.
    fn has_own_words(&self, sent: &RowRole) -> bool {
        let words = self.words.get_or_init(|| Words::of(self.view, self.known));
        let lines = self.frames.iter().filter(|(line, client)| *client && line.carries_data() && has_got(sent, line));
        words.are_in(sent.note.frame, lines.map(|(line, _)| line.note.frame))
    }
}

/// What other clients of the server said, and who of them came or left, in order.
fn news(view: &LabView<'_>, known: &Known<'_>) -> Vec<(usize, FrameNumber)> {
    let is_news = |frame: &RowRole, client: bool| {
        let left = frame.has_fin() || frame.role == FrameRole::Reset;
        client && (frame.carries_data() || frame.role == FrameRole::Handshake || left)
    };
    let mut news: Vec<(usize, FrameNumber)> = Vec::new();
    for sighting in of_other_clients(view, known) {
        let frames = view.frames(sighting);
        let told = frames.iter().filter(|(frame, client)| is_news(frame, *client));
        news.extend(told.map(|(frame, _)| (sighting.capture, frame.note.frame.number())));
    }
    news.sort_unstable();
    news
}
