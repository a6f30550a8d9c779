//! How a connection ended, in a sentence: who closed it, and in which frames.

use crate::analyze::analysis::{AddressRole, Verdict};
use crate::analyze::claims::unseen::{self, closed_by};
use crate::analyze::claims::words::{client, clients, frame};
use crate::analyze::conversation::{Frames, ResetCause, TcpSighting};
use crate::analyze::matching::{Known, LabView};
use crate::analyze::row::RowFrame;
use crate::analyze::story::{Moment, Seen};
use crate::analyze::text::{FrameRanges, Text, say};
use crate::lab::Step;
use crate::wording;

/// `B closed the connection (FIN, frame 10).` Of several connections of one host, the sentence says which one, unless it
/// `is_named` before.
pub(crate) fn closing_sentence(view: &LabView<'_>, known: &Known<'_>, sighting: &TcpSighting, is_named: bool) -> Text {
    let Some(seen) = known.timeline.of(sighting) else { return Text::default() };
    if let Some(fin) = unseen::fin_before(view, sighting) {
        return one_fin(view, known, sighting, fin);
    }
    let ending = Ending::of(view, known, sighting, seen, is_named);
    match (ending.first_fin(), ending.first_reset()) {
        (Some(fin), None) => ending.closed(fin),
        (Some(fin), Some(reset)) if fin.frame < reset.frame => ending.closed_and_reset(fin, reset),
        (_, Some(reset)) => reset_sentence(view, sighting, [ending.by, ending.what], reset.frame),
        (None, None) => say!["The connection ended (", FrameRanges::of(view.frames(sighting).closing()), ")."],
    }
}

/// That an end sent this FIN, where the capture may lack an earlier one of the other end.
fn one_fin(view: &LabView<'_>, known: &Known<'_>, sighting: &TcpSighting, fin: RowFrame) -> Text {
    let [own, other] = match sighting.connection.fin(sighting.client_side) == Some(fin) {
        true => [client(view, known), say!["the server"]],
        false => [say!["The server"], client(view, known)],
    };
    let [sent, whether] = [" sent FIN (", "); the capture does not show whether "];
    say![own, sent, fin, whether, other, " had sent its own before."]
}

/// The end of a connection as one capture shows it: who ended it, and what to call it in a sentence.
struct Ending<'a, 'v> {
    view: &'a LabView<'v>,
    known: &'a Known<'a>,
    sighting: &'a TcpSighting,
    seen: &'a Seen,
    frames: Frames,
    by: Text,
    what: Text,
}

impl<'a, 'v> Ending<'a, 'v> {
    fn of(
        view: &'a LabView<'v>,
        known: &'a Known<'a>,
        sighting: &'a TcpSighting,
        seen: &'a Seen,
        is_named: bool,
    ) -> Self {
        // Of several connections of one host, the server's side does not say which one.
        let of_server = !is_named
            && closed_by(view, sighting) == Some(AddressRole::Server)
            && view.has_several_from(known.step, sighting.client().ip);
        let what = if of_server { say!["the connection of ", sighting.client()] } else { say!["the connection"] };
        Ending { view, known, sighting, seen, frames: view.frames(sighting), by: ender(view, known, sighting), what }
    }

    /// The FIN that was sent first.
    fn first_fin(&self) -> Option<Moment> {
        match self.frames.closed_first_but_captured_later() {
            Some(true) => self.seen.client_fin,
            Some(false) => self.seen.server_fin,
            None => earlier([self.seen.client_fin, self.seen.server_fin]),
        }
    }

    /// The first RST that ends the connection.
    fn first_reset(&self) -> Option<Moment> {
        earlier(self.resets().map(|reset| reset.filter(|one| self.frames.ends_with(one.frame))))
    }

    fn resets(&self) -> [Option<Moment>; 2] {
        [self.seen.client_reset, self.seen.server_reset]
    }

    /// That it was closed with this FIN, and by the other end, too.
    fn closed(self, fin: Moment) -> Text {
        let seen = self.seen;
        let is_half = if Some(fin) == seen.client_fin { seen.client_half_closed } else { seen.server_half_closed };
        let other = [seen.client_fin, seen.server_fin].into_iter().flatten().find(|other| *other != fin);
        let resets = self.resets().into_iter().flatten();
        let over: Vec<Text> =
            resets.filter_map(|reset| too_late(self.view, self.known, self.sighting, reset.frame, other)).collect();
        let closed = if is_half { " closed its sending half of " } else { " closed " };
        let opening = say![self.by, closed, self.what, " (FIN, ", fin.frame];
        let closed = match (other, is_half) {
            (Some(other), true) => {
                let until = ") and went on receiving, until the other side closed, too (FIN, ";
                say![opening, until, other.frame, ")."]
            }
            (Some(other), false) => say![opening, "), and so did the other side (FIN, ", other.frame, ")."],
            (None, true) => say![opening, ") and went on receiving."],
            (None, false) => say![opening, ")."],
        };
        Text::join([closed].into_iter().chain(over))
    }

    /// That it was closed with this FIN, and what the RST after it refused.
    fn closed_and_reset(self, fin: Moment, reset: Moment) -> Text {
        let (view, sighting) = (self.view, self.sighting);
        let end = say![self.by, " closed ", self.what, " (FIN, ", fin.frame, ")"];
        let is_of_client = self.seen.client_reset == Some(reset);
        let late = late_data(view, sighting, self.seen.client_fin).filter(|_| is_of_client);
        if let Some(late) = late.filter(|late| *late < reset.frame) {
            let refused = "), and the client's system refused it with RST (";
            return say![end, "; the server's data came after that (", late, refused, reset.frame, ")."];
        }
        let [own, other] = if is_of_client { ["client", "server"] } else { ["server", "client"] };
        match self.frames.cause_of(reset.frame) {
            ResetCause::Incomplete(late) => say![
                end,
                format!("; the {other}'s FIN ("),
                late,
                format!(") came without the data before it, and the {own}'s system refused that with RST ("),
                reset.frame,
                ")."
            ],
            _ => say![end, format!("; a RST of the {own} followed ("), reset.frame, ")."],
        }
    }
}

fn earlier(moments: [Option<Moment>; 2]) -> Option<Moment> {
    moments.into_iter().flatten().min_by_key(|moment| moment.frame)
}

/// `The server's system no longer had the connection and answered that FIN with RST (frame 11).` Of a RST that ends nothing, behind
/// the sentence on the two FINs, of which `told` is the later one.
fn too_late(
    view: &LabView<'_>,
    known: &Known<'_>,
    sighting: &TcpSighting,
    reset: RowFrame,
    told: Option<Moment>,
) -> Option<Text> {
    let frames = view.frames(sighting);
    let whose = match sighting.connection.rst(sighting.client_side) == Some(reset) {
        true => clients(view, known),
        false => "The server's".into(),
    };
    let (what, answered) = match frames.cause_of(reset) {
        ResetCause::Unseen => {
            let answers = ") answers something that is not in the capture.";
            return Some(say![whose, " system no longer had the connection: its RST (", reset, answers]);
        }
        ResetCause::Over(fin) if told.is_some_and(|told| told.frame == fin) => {
            (say![" and answered that FIN with RST ("], None)
        }
        ResetCause::Over(fin) => (say![" when a FIN came ("], Some(fin)),
        ResetCause::Ended(late) if frames.without_payload().contains(&late) => {
            (say![" when a further acknowledgement came ("], Some(late))
        }
        ResetCause::Ended(late) => (say![" when a further segment came ("], Some(late)),
        _ => return None,
    };
    let answered = answered.map(|frame| say![frame, "), and answered that with RST ("]).unwrap_or_default();
    Some(say![whose, " system no longer had the connection", what, answered, reset, ")."])
}

/// `B's connection had ended (frame 10)`, or `the server had closed B's connection (FIN, frame 10)` where B's client had not
/// left: told beside frames of this capture, `end` being the first frame of the end, with the words of a time.
pub(crate) fn had_ended(view: &LabView<'_>, known: &Known<'_>, capture: usize, end: &Moment, time: &str) -> Text {
    let (whose, at) = (clients(view, known), frame(view, capture, end));
    let (seen, sighting) = (known.timeline.with_moment(end), known.connection.with_frame(end.capture, end.frame));
    let is_end = |moment: Option<Moment>| moment.is_some_and(|moment| moment.frame == end.frame);
    // The client's FIN may be missing, or be captured after the server's.
    let is_known = sighting.is_some_and(|sighting| {
        let is_first = view.frames(sighting).closed_first_but_captured_later() != Some(true);
        is_first && unseen::fin_before(view, sighting) != Some(end.frame)
    });
    match seen.filter(|_| is_known) {
        Some(seen) if is_end(seen.server_fin) => {
            say!["the server had closed ", whose, format!(" connection{time} (FIN, "), at, ")"]
        }
        Some(seen) if is_end(seen.server_reset) => {
            say!["the server's system had reset ", whose, format!(" connection{time} (RST, "), at, ")"]
        }
        _ => say![whose, format!(" connection had ended{time} ("), at, ")"],
    }
}

/// `B ended the connection with RST (frame 10).` Who did, and what it ended, are given.
pub(crate) fn reset_sentence(
    view: &LabView<'_>,
    sighting: &TcpSighting,
    [by, what]: [Text; 2],
    reset: RowFrame,
) -> Text {
    match view.frames(sighting).cause_of(reset) {
        ResetCause::NoConnection(segment) => no_connection(sighting, [by, what], segment, reset),
        ResetCause::Over(segment) | ResetCause::Ended(segment) => say![
            by,
            "'s system no longer had ",
            what,
            ": it answered what came (",
            segment,
            ") with RST (",
            reset,
            ")."
        ],
        ResetCause::Incomplete(fin) => {
            say![by, " had closed ", what, "; its system refused with RST (", reset, ") what came after (", fin, ")."]
        }
        ResetCause::NobodyThere(probes) => say![
            by,
            " gave up ",
            what,
            ": it had asked whether the other side is there (keep-alive, ",
            FrameRanges::of(probes),
            "), got no answer, and sent RST (",
            reset,
            ")."
        ],
        ResetCause::NoAnswer(repeated) => say![
            by,
            " ended ",
            what,
            " with RST (",
            reset,
            "): what it had sent again before (",
            FrameRanges::of(repeated),
            ") was not answered."
        ],
        ResetCause::Unseen => say![
            by,
            "'s system no longer had ",
            what,
            ": its RST (",
            reset,
            ") answers something that is not in the capture."
        ],
        ResetCause::Aborted => say![by, " ended ", what, " with RST (", reset, ")."],
    }
}

/// The same, where the system had no connection to which this segment belongs.
fn no_connection(sighting: &TcpSighting, [by, what]: [Text; 2], segment: RowFrame, reset: RowFrame) -> Text {
    // Its program may have made the handshake by hand, behind its back.
    if sighting.connection.syn_ack == Some(segment) {
        let refused = "'s system refused the SYN-ACK (";
        return say![by, refused, segment, ") with RST (", reset, "): it had no such connection then."];
    }
    // Linux does so where the accept queue is full, if `tcp_abort_on_overflow` is set.
    if sighting.connection.completing_ack() == Some(segment) {
        let answered = ": it answered the ACK of the handshake (";
        return say![by, "'s system did not take ", what, answered, segment, ") with RST (", reset, ")."];
    }
    // A system may still have had it, with data that it could not send when the program ended.
    say![
        by,
        "'s system refused what came (",
        segment,
        ") with RST (",
        reset,
        "): no program there had ",
        what,
        " any more."
    ]
}

/// When a server's system sends such RSTs, as far as the frames leave it open. A connection that was served does not wait, one
/// that was in the queue is no socket of the program's, and a server that has sent back as much as it got has left nothing unread,
/// unless it sends of its own accord.
pub(crate) fn why_reset<'k>(
    view: &LabView<'_>,
    resets: impl IntoIterator<Item = (Known<'k>, &'k TcpSighting)>,
) -> Text {
    let (mut may_wait, mut may_have_left, mut may_linger) = (false, false, false);
    for (known, sighting) in resets {
        let frames = view.frames(sighting);
        let [sent, got] = [false, true].map(|of_client| frames.bytes_from(of_client));
        // What is as long as the lines and comes after each of them repeats them, however late.
        let is_answered = |seen: &Seen| seen.unanswered.is_none() && (seen.unasked.is_empty() || sent == got);
        let is_echoed =
            sent >= got && view.notes_complete(sighting) && known.timeline.of(sighting).is_some_and(is_answered);
        may_wait |= !known.service.served();
        may_have_left |= !is_echoed;
        may_linger |= known.service.verdict != Verdict::Queued;
    }
    let causes = [
        (may_wait, "ends while a connection waits"),
        (may_have_left, "leaves data unread"),
        (may_linger, "closes a socket with SO_LINGER 0"),
    ];
    let causes: Vec<&str> = causes.into_iter().filter(|(may, _)| *may).map(|(_, cause)| cause).collect();
    let when = causes.join(", or ");
    format!("The server's system sends RST when the program {when}; Windows does, too, when a program is killed.")
        .into()
}

/// Which steps of some connections leave these open, with the place of the sheet that says so; where it is a guess whose they
/// are, so far as that is right.
pub(crate) fn left_open<'k>(view: &LabView<'_>, ended: impl IntoIterator<Item = &'k Known<'k>>) -> Text {
    let ended: Vec<&Known<'_>> = ended.into_iter().collect();
    let sheet = &view.config.sheet;
    let mut clients = ended.iter().map(|known| known.connection.client().ip);
    let guess = clients.find(|client| view.hosts.is_guess(*client, sheet));
    let guess = guess.and_then(|client| view.hosts.name_of_client(client, sheet));
    let steps = ended.iter().map(|known| known.step);
    let mut open: Vec<(&Step, &str)> = steps.filter_map(|step| Some((step, step.at().open.as_deref()?))).collect();
    open.sort();
    open.dedup();
    let places = wording::list(open.iter().map(|(step, place)| step.mention(place)));
    let step = guess.map_or_else(|| "Step".to_owned(), |host| format!("If this is host {host}, step"));
    match open.as_slice() {
        [] => Text::default(),
        [(only, _)] if only.clients() == 1 => format!("{step} {places} leaves the connection open.").into(),
        [_] => format!("{step} {places} leaves the connections open.").into(),
        _ => format!("{step}s {places} leave the connections open.").into(),
    }
}

/// Who sent the first FIN or RST.
fn ender(view: &LabView<'_>, known: &Known<'_>, sighting: &TcpSighting) -> Text {
    let (client, server) = (sighting.client().ip, sighting.server().ip);
    // A name that is a guess says too much.
    let several = view.has_several_from(known.step, client) || view.hosts.is_guess(client, &view.config.sheet);
    match closed_by(view, sighting) {
        Some(AddressRole::Client) if several || view.hosts.is_one_computer() && view.connections().len() > 1 => {
            say![sighting.client()]
        }
        Some(AddressRole::Client) if client != server => view.client_host(client).into(),
        Some(AddressRole::Client) => say!["The client"],
        _ => say!["The server"],
    }
}

/// The first data of the server that came after the client's FIN.
fn late_data(view: &LabView<'_>, sighting: &TcpSighting, client_fin: Option<Moment>) -> Option<RowFrame> {
    let fin = client_fin?;
    view.frames(sighting).data_from(false).into_iter().find(|frame| *frame > fin.frame)
}
