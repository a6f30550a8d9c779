//! The frames of a TCP client: handshake, data, acknowledgements, closing.

use crate::analyze::analysis::{Answer, Basis, Evidence, Facts, Status};
use crate::analyze::answers::first_reply::{Begins, begins};
use crate::analyze::answers::frame_lists::FrameLists;
use crate::analyze::answers::kind::{AskedFact, Needs, QuestionKind, ValueType, fact};
use crate::analyze::claims::closing::{closing_sentence, left_open};
use crate::analyze::claims::words::{capital, capture_of, marked_late};
use crate::analyze::claims::{Draft, all_of, handshake, service, tcp_evidence, unseen};
use crate::analyze::conversation::{Frames, TcpSighting};
use crate::analyze::matching::{Known, LabView};
use crate::analyze::row::RowFrame;
use crate::analyze::text::{FrameRanges, Text, say};
use crate::lab::{Places, Question, Step};
use crate::wording::count;
use socklab_packets::track::{Close, HandshakeState};
use socklab_packets::types::Protocol;

/// Connections that are described one by one.
const DESCRIBED: usize = 3;

/// The kind of question.
pub(super) const KIND: QuestionKind = QuestionKind {
    name: "tcp-frames",
    about: "The frames of a step's TCP connections, by what they do.",
    needs: Needs::Clients(&[Protocol::Tcp]),
    facts: &FACTS,
    answer,
};

const FACTS: [AskedFact; 4] = [
    fact("handshake_frames", ValueType::Frames),
    fact("data_frames", ValueType::Frames),
    fact("acknowledgement_frames", ValueType::Frames),
    fact("closing_frames", ValueType::Frames),
];

/// How connections are told apart, those from one socket address by their order.
const ORDINALS: [&str; DESCRIBED] = ["Connection of ", "Second connection of ", "Third connection of "];

/// Answers from the connections of the question's step.
fn answer(view: &LabView<'_>, question: &Question) -> Answer {
    let mut draft = Draft::default();
    let connections = view.runs_of(question.steps());
    if connections.is_empty() {
        let wanted = refused_as_wanted(view, question);
        if !wanted.is_empty() {
            return of_refused(view, question, &wanted);
        }
        return without_connection(view, question, draft);
    }
    let mut lists = FrameLists::default();
    let several = connections.len() > 1;
    for (place, known) in connections.iter().enumerate() {
        let frames = view.frames(known.connection.whole());
        if place < DESCRIBED {
            let client = known.connection.client();
            // A client may use its port again.
            let earlier = connections.iter().take(place).filter(|other| other.connection.client() == client).count();
            let connection = ORDINALS.get(earlier).copied().unwrap_or_default();
            let of = if several { say![connection, client, ": "] } else { Text::default() };
            Story { view, known, frames: &frames, of, draft: &mut draft }.tell();
        }
        lists.add(&frames);
        if !view.notes_complete(known.connection.whole()) {
            draft.missing("a shorter capture: this connection has more frames than are listed one by one");
        }
    }
    further(view, question, &connections, "further connection", &mut draft);
    let whole = connections.iter().all(|known| known.connection.handshake_complete());
    let lines = connections.iter().any(|known| known.connection.has_lines() || needs_no_lines(known));
    let lacking = connections.iter().any(|known| unseen::lacks_frames(view, known.connection.whole()));
    let status = if whole && lines && !lacking {
        Status::Observed
    } else {
        if let Some(step) = question.step() {
            let joined = connections.iter().any(|known| known.connection.joined().is_some());
            draft.missing(match (lacking, joined) {
                (true, true) => unbroken(step),
                (true, false) if began_within(view, &connections) => longer(step),
                (true, false) => unfiltered(step),
                (false, _) => longer(step),
            });
        }
        Status::Partial
    };
    // What numbers show to be missing is told; of what came before the capture nothing is known.
    let basis = match (whole && !lacking, draft.has_unknown()) {
        (true, _) => Basis::Proved,
        (false, false) => Basis::Inferred,
        (false, true) => Basis::Unknown,
    };
    draft.short_as(basis, lists.short());
    draft.finish(view, question, status, lists.facts())
}

/// Whether a connection is whole without a line of its client: the sheet does not say where lines are typed, the server sent data,
/// and both sides ended it.
fn needs_no_lines(known: &Known<'_>) -> bool {
    let is_over = |sighting: &TcpSighting| {
        sighting.server_sent().data_frames > 0 && sighting.connection.fin.iter().all(Option::is_some)
    };
    known.step.at().lines.is_none() && is_over(known.connection.whole())
}

/// Whether nothing is missing but what came before the first frame of the file.
fn began_within(view: &LabView<'_>, connections: &[Known<'_>]) -> bool {
    let mut lacking = connections.iter().filter(|known| unseen::lacks_frames(view, known.connection.whole()));
    lacking.all(|known| unseen::may_begin_within_handshake(view, known.connection.whole()))
}

/// Those that are not described one by one.
fn further(view: &LabView<'_>, question: &Question, all: &[Known<'_>], what: &str, draft: &mut Draft) {
    let further = all.get(DESCRIBED..).unwrap_or_default();
    if further.is_empty() {
        return;
    }
    let evidence = further.iter().flat_map(|known| all_of(view, known));
    let belong = if further.len() == 1 { "belongs" } else { "belong" };
    let step = question.step().map(Step::short).unwrap_or_default();
    let text = format!("{} {belong} to {step}.", count(further.len() as u64, what));
    draft.proved(text, Evidence::by_file(evidence));
}

/// The attempts of a step that wants them refused.
fn refused_as_wanted<'v>(view: &'v LabView<'_>, question: &'v Question) -> Vec<Known<'v>> {
    let is_wanted =
        |known: &Known<'_>| known.step.is_refused() && known.connection.handshake() == HandshakeState::Refused;
    view.of_steps(question.steps()).filter(is_wanted).collect()
}

/// The answer of attempts that were refused, as the step wants it: they have no more frames.
fn of_refused(view: &LabView<'_>, question: &Question, attempts: &[Known<'_>]) -> Answer {
    let (mut draft, mut lists) = (Draft::default(), FrameLists::default());
    for (place, attempt) in attempts.iter().enumerate() {
        if place < DESCRIBED {
            service::claims(view, attempt).into_iter().for_each(|claim| draft.add(claim));
        }
        lists.add(&view.frames(attempt.connection.whole()));
    }
    further(view, question, attempts, "further attempt", &mut draft);
    draft.short_as(Basis::Proved, lists.short());
    draft.finish(view, question, Status::Observed, lists.facts())
}

/// A capture that shows the whole step.
fn longer(step: &Step) -> String {
    let capture = step.capture();
    let capture = capture.strip_prefix("the ").unwrap_or(&capture);
    let (begin, lines) = (in_brackets(step.at().begin.as_deref()), in_brackets(step.at().lines.as_deref()));
    format!("a {capture}, that begins before the client starts{begin} and ends after the lines{lines}")
}

/// One that was not stopped in between.
fn unbroken(step: &Step) -> String {
    let capture = step.capture();
    let capture = capture.strip_prefix("the ").unwrap_or(&capture);
    format!("a {capture}, that was not stopped in between, or its other files")
}

/// A capture that lacks no frame between the first and the last one.
fn unfiltered(step: &Step) -> String {
    let capture = step.capture();
    let capture = capture.strip_prefix("the ").unwrap_or(&capture);
    format!("a {capture}, that has all frames of the connection (no capture filter)")
}

/// A place of the sheet in brackets: ` (8c)`; nothing where there is none.
fn in_brackets(place: Option<&str>) -> String {
    place.map(|place| format!(" ({})", Places::bare(place))).unwrap_or_default()
}

fn without_connection(view: &LabView<'_>, question: &Question, mut draft: Draft) -> Answer {
    let facts = Facts::TcpFrames {
        handshake_frames: None,
        data_frames: None,
        acknowledgement_frames: None,
        closing_frames: None,
        retransmitted_frames: None,
    };
    draft.missing_captures(question);
    let status = match view.of_steps(question.steps()).next() {
        None => {
            draft.short("Expected: 3 handshake frames, then data and ACKs");
            Status::NotInCapture
        }
        // Of a connection only the end is there: whether its client connected is not the question.
        Some(_) if view.of_steps(question.steps()).any(|known| view.is_leftover(&known)) => {
            let has_lines = view.of_steps(question.steps()).any(|known| known.connection.has_lines());
            draft.short("Expected: 3 handshake frames, then data and ACKs");
            draft.unknown(match has_lines {
                true => "A connection that was there before had ended for the server's system; no later one is in the capture.",
                false => "Of a connection that was there before, the capture has neither handshake nor lines.",
            });
            Status::Partial
        }
        // A SYN-ACK comes from a server that listens; a filter may have kept out what follows it.
        Some(_) if let Some(attempt) = view.of_steps(question.steps()).find(|known| known.connection.lacks_ack()) => {
            let sighting = attempt.connection.whole();
            draft.short("Expected: 3 handshake frames, then data and ACKs");
            let server = view.host(sighting.server().ip);
            let shown = Vec::from_iter(sighting.connection.syn_ack);
            let frames = FrameRanges::of(shown.iter().copied());
            let text = say!["A server listens: ", server, "'s system sends SYN-ACK (", frames, ")."];
            draft.proved(text, tcp_evidence(view, sighting, shown));
            draft.unknown("Whether the client connected is not known: no later frame of it is in the capture.");
            Status::Partial
        }
        Some(attempt) => {
            draft.short_as(Basis::Proved, "The client did not connect before the capture ended");
            service::claims(view, &attempt).into_iter().for_each(|claim| draft.add(claim));
            draft.inferred("With a server listening there, you would see the following.", Vec::new());
            Status::Partial
        }
    };
    draft.expected(question);
    draft.finish(view, question, status, facts)
}

/// The sentences on one connection, each a claim.
struct Story<'a, 'b> {
    view: &'a LabView<'a>,
    known: &'a Known<'a>,
    frames: &'a Frames,
    /// Names the connection in each claim, where there are several.
    of: Text,
    draft: &'b mut Draft,
}

impl Story<'_, '_> {
    fn tell(&mut self) {
        self.handshake();
        self.lines();
        self.replies();
        self.acknowledgements();
        self.probes();
        self.repetitions();
        self.closing();
    }

    fn proved(&mut self, sentence: Text, frames: Vec<RowFrame>) {
        let evidence = tcp_evidence(self.view, self.known.connection.whole(), frames);
        self.draft.proved(say![self.of.clone(), sentence], evidence);
    }

    /// Where the sheet has something done, in brackets: ` (8c)`.
    fn place(&self, of: fn(&Places) -> Option<&str>) -> String {
        in_brackets(of(self.known.step.at()))
    }

    /// What holds the connection: one capture, or several together.
    fn capture(&self) -> &'static str {
        if self.known.connection.joined().is_some() { "the captures" } else { "the capture" }
    }

    /// The client and the server. On one computer both have one address, and only the roles tell them apart.
    fn ends(&self) -> [Text; 2] {
        let [client, server] = [self.known.connection.client().ip, self.known.connection.server().ip];
        if client == server {
            return ["the client", "the server"].map(Text::from);
        }
        [self.view.client_host(client).into(), self.view.host(server).into()]
    }

    fn handshake(&mut self) {
        let connection = &self.known.connection.whole().connection;
        let [client, server] = self.ends();
        let (Some(syn), Some(syn_ack), Some(ack)) = (connection.syn, connection.syn_ack, connection.ack) else {
            return self.handshake_in_part();
        };
        let starting = format!("Starting the client{} makes the handshake:", self.place(|at| at.start.as_deref()));
        let with_data = self.frames.data_from(true);
        let text = handshake::whole(starting, [client, server], [syn, syn_ack, ack], &with_data);
        self.proved(text, vec![syn, syn_ack, ack]);
    }

    fn handshake_in_part(&mut self) {
        if let Some((text, shown)) = handshake::in_part(self.view, self.known) {
            return self.proved(text, shown);
        }
        let seen = FrameRanges::of(self.frames.handshake());
        let (are, capture) = (if seen.count() == 1 { " is" } else { " are" }, self.capture());
        let are = format!("{are} in {capture}.");
        let why = handshake::why_absent(self.known.connection.whole().has_only_payload(), 1);
        let text = match seen.is_empty() {
            true => say![format!("The handshake is not in {capture}{why}.")],
            false => say!["Of the handshake only ", seen, are],
        };
        let text = say![self.of.clone(), text];
        self.draft.unknown(text);
    }

    /// What an end sent that is in no frame, in words, and the frames that show it.
    fn unseen(&self, of_client: bool, more: bool) -> Option<(Text, Vec<RowFrame>)> {
        let [client, server] = self.ends();
        let (own, other) = if of_client { (client, server) } else { (server, client) };
        let unseen = unseen::unseen(self.view, self.known.connection.whole(), of_client)?;
        Some((unseen::shows(&unseen, own, other, more), unseen.frames))
    }

    /// That no frame of an end carries payload, where numbers show that it sent some, or where none of its frames is there.
    fn no_payload_captured(&mut self, of_client: bool) -> bool {
        let [client, server] = self.ends();
        let end = if of_client { client } else { server };
        if let Some((shows, _)) = self.unseen(of_client, false) {
            let capture = capture_of(self.view, self.known);
            let text = say!["No frame from ", end, format!(" with payload is in {capture}, but "), shows, "."];
            self.proved(text, self.frames.all());
            return true;
        }
        let is_absent = self.frames.from(of_client).is_empty();
        if is_absent {
            let capture = capture_of(self.view, self.known);
            let text = say!["No frame from ", end, format!(" is in {capture}: what it sent is not known.")];
            let text = say![self.of.clone(), text];
            self.draft.unknown(text);
        }
        is_absent
    }

    /// That an end sent more than the frames that are there.
    fn more_payload(&mut self, of_client: bool) {
        if let Some((shows, frames)) = self.unseen(of_client, true) {
            let capture = capture_of(self.view, self.known);
            self.proved(say![format!("Some of its payload is not in {capture}: "), shows, "."], frames);
        }
    }

    fn lines(&mut self) {
        let [client, server] = self.ends();
        let (data, bytes) = (self.frames.data_from(true), self.frames.bytes_from(true));
        if data.is_empty() && self.no_payload_captured(true) {
            return;
        }
        if data.is_empty() {
            let connection = self.known.connection;
            let so = match (connection.handshake_complete(), connection.whole().connection.close == Close::Open) {
                (true, true) => ": no line was sent before the capture ended",
                (true, false) => ": no line was sent",
                // What came before is not in the capture.
                (false, _) => "",
            };
            let text = say!["No frame from ", client, format!(" carries payload{so}.")];
            return self.proved(text, self.frames.all());
        }
        let text = say![
            format!("The lines{} are in ", self.place(|at| at.lines.as_deref())),
            count(data.len() as u64, "data segment"),
            " from ",
            client,
            " to ",
            server,
            " (",
            FrameRanges::of(data.clone()),
            format!("; {}).", count(bytes, "byte"))
        ];
        self.proved(text, data);
        self.more_payload(true);
    }

    fn replies(&mut self) {
        let [client, server] = self.ends();
        let data = self.frames.data_from(false);
        let lines = self.frames.data_from(true);
        if data.is_empty() && self.no_payload_captured(false) {
            return;
        }
        if data.is_empty() {
            // A server that was sent nothing had nothing to reply to.
            if !lines.is_empty() {
                // Of a connection that was there before, something may have come before the first frame.
                let here = match (self.known.connection.handshake_complete(), self.known.connection.joined().is_some())
                {
                    (true, _) => "",
                    (false, false) => " in this capture",
                    (false, true) => " in these captures",
                };
                let text = say!["Only ", client, format!(" sends data{here}; "), server, "'s frames carry none."];
                self.proved(text, self.frames.all());
            }
            return;
        }
        // An answer on the wire may have been sent before the program had read the line.
        let account = self.known.service.journal.as_ref();
        let greeted = account.and_then(|account| self.view.accounts.greeted(account));
        let begins = begins(self.view, self.known, self.frames);
        // What came before a capture that began late is not known, nor when what was not captured came.
        let all_seen = self.known.connection.handshake_complete() && self.unseen(true, false).is_none();
        let text = say![
            match begins {
                Begins::Unheard if all_seen => "The server sends first: its data is in ",
                Begins::Answers if greeted.is_none() => "The server answers in ",
                Begins::Unheard | Begins::Answers | Begins::Later => "The server's data is in ",
            },
            count(data.len() as u64, "data segment"),
            " from ",
            server,
            " to ",
            client,
            " (",
            FrameRanges::of(data.clone()),
            format!("; {}).", count(self.frames.bytes_from(false), "byte"))
        ];
        self.proved(text, data);
        if let Some(entry) = greeted.filter(|_| begins == Begins::Answers) {
            let text = say![self.of.clone(), "The server's journal: its program sent data before it had read any."];
            self.draft.proved(text, vec![entry.evidence()]);
        }
        self.more_payload(false);
    }

    fn acknowledgements(&mut self) {
        let of_nothing = self.frames.acknowledgements_of_nothing();
        if !of_nothing.is_empty() {
            let is_one = of_nothing.len() == 1;
            let text = if self.known.connection.handshake_complete() {
                match is_one {
                    true => " carries no payload and acknowledges none: its number is still that of the handshake.",
                    false => " carry no payload and acknowledge none: their number is still that of the handshake.",
                }
                .to_owned()
            } else {
                let capture = capture_of(self.view, self.known);
                let (carries, they) =
                    if is_one { ("carries", "it acknowledges") } else { ("carry", "they acknowledge") };
                format!(" {carries} no payload, and none that {they} is in {capture}.")
            };
            self.proved(say![capital(say![FrameRanges::of(of_nothing.clone())]), text], of_nothing.clone());
        }
        let is_of_data = |frame: &RowFrame| !of_nothing.contains(frame);
        let acks: Vec<RowFrame> = self.frames.acknowledgements().into_iter().filter(is_of_data).collect();
        if acks.is_empty() {
            return;
        }
        let [client, server] = self.ends();
        let by_server = self.frames.acknowledgements_from(false).into_iter().filter(is_of_data).count();
        let who = match (by_server == acks.len(), by_server) {
            (true, _) => say![server],
            (false, 0) => say![client],
            (false, _) => say!["Both sides"],
        };
        let text = say![
            capital(who),
            if by_server > 0 && by_server < acks.len() { " acknowledge" } else { " acknowledges" },
            " data without sending any (",
            FrameRanges::of(acks.clone()),
            ")."
        ];
        self.proved(text, acks);
        self.draft.inferred("The operating systems acknowledge; the programs do not.", Vec::new());
    }

    /// Keep-alives, and an end whose buffer is full.
    fn probes(&mut self) {
        let [client, server] = self.ends();
        for (of_client, end) in [(true, client), (false, server)] {
            let full = self.frames.zero_windows(of_client);
            if !full.is_empty() {
                let frames = FrameRanges::of(full.clone());
                self.proved(say![end, " has no room for more data of this connection (window 0, ", frames, ")."], full);
            }
        }
        let for_room = self.frames.probes(true);
        if !for_room.is_empty() {
            let frames = FrameRanges::of(for_room.clone());
            let (ask, answer) = if for_room.len() == 1 { (" asks", " answers") } else { (" ask", " answer") };
            let text = format!("{ask} whether there is room again, or{answer} that.");
            self.proved(say![capital(say![frames]), text], for_room);
        }
        let probes = self.frames.probes(false);
        if !probes.is_empty() {
            let frames = FrameRanges::of(probes.clone());
            let (ask, answer) = if probes.len() == 1 { (" asks", " answers") } else { (" ask", " answer") };
            let text = format!("{ask} whether the other side is still there, or{answer} that (keep-alive).");
            self.proved(say![capital(say![frames]), text], probes);
        }
    }

    fn repetitions(&mut self) {
        let copies = self.frames.copies();
        if !copies.is_empty() {
            let frames = FrameRanges::of(copies.clone());
            let (are, their) = if copies.len() == 1 { (" is a copy", "its") } else { (" are copies", "their") };
            let what = format!("{are} of what was captured just before: {their} bytes do not count again.");
            self.proved(say![capital(say![frames]), what], copies);
        }
        let late = self.view.late(self.known.connection.whole());
        if !late.is_empty() {
            let frames = FrameRanges::of(late.clone());
            self.proved(marked_late(say![frames], late.len() as u64), late);
        }
        let again = self.frames.sent_again();
        if again.is_empty() {
            return;
        }
        let is_syn = |frame: &RowFrame| self.frames.iter().any(|(role, _)| role.note.frame == *frame && role.has_syn());
        let what = if again.iter().all(is_syn) {
            " of the handshake: what was sent first got lost or was answered late."
        } else {
            ": they repeat what was sent before; it counts once in these answers."
        };
        let frames = FrameRanges::of(again.clone());
        let are = if again.len() == 1 { " is a retransmission" } else { " are retransmissions" };
        let what = if again.len() == 1 { what.replace("they repeat", "it repeats") } else { what.to_owned() };
        self.proved(say![capital(say![frames]), are, what], again);
    }

    /// Whether the file goes on with the host's clients of another run, at the same server address: captures of several
    /// steps were merged into one.
    fn ended_unseen(&self) -> bool {
        let sighting = self.known.connection.whole();
        let (file, last) = (self.last_file(), sighting.connection.last_frame.number());
        let is_later = |later: &TcpSighting| {
            (later.client().ip, later.server()) == (sighting.client().ip, sighting.server())
                && later.connection.first_frame.number() > last
        };
        let mut parallel = self.view.parallel();
        !self.known.step.is_parallel() && parallel.any(|other| other.connection.in_capture(file).is_some_and(is_later))
    }

    /// The file of the last frame.
    fn last_file(&self) -> usize {
        let sighting = self.known.connection.whole();
        sighting.connection.last_frame.capture().unwrap_or(sighting.capture)
    }

    /// A file that has the end of the connection, where those of the answer were stopped before.
    fn closed_in(&self) -> Option<usize> {
        let connection = self.known.connection;
        let is_other =
            |seen: &&TcpSighting| seen.capture != connection.whole().capture && !connection.is_piece(seen.capture);
        let ends = |seen: &&TcpSighting| seen.connection.close != Close::Open && seen.connection.syn.is_none();
        connection.sightings().iter().filter(is_other).find(ends).map(|seen| seen.capture)
    }

    fn closing(&mut self) {
        let closing = self.frames.closing();
        let sighting = self.known.connection.whole();
        let lacking = || [true, false].into_iter().find_map(|client| self.frames.may_lack_fin(sighting, client));
        if let Some(shown) = lacking().filter(|_| closing.is_empty()) {
            let text = say![
                format!(
                    "No frame of this connection carries FIN or RST, but a FIN may be missing in {}: ",
                    self.capture()
                ),
                shown,
                " shows that something was sent before it that is not there."
            ];
            return self.proved(text, self.frames.all());
        }
        if closing.is_empty() {
            let (begin, frames) = ("No frame of this connection carries FIN or RST", self.frames.all());
            if let Some(later) = self.closed_in() {
                let [last, later] = [self.last_file(), later].map(|capture| self.view.file(capture));
                let text = format!("{begin} in {last}: it is still open when {last} ends. Its closing is in {later}.");
                return self.proved(text.into(), frames);
            }
            if sighting.has_only_payload() {
                let capture = self.capture();
                let text =
                    format!("{begin}, but none without payload is in {capture}: whether it was closed is not known.");
                return self.proved(text.into(), frames);
            }
            let end = if self.ended_unseen() {
                "the file does not show its end"
            } else {
                match self.known.connection.joined() {
                    None => "it is still open when the capture ends",
                    Some(_) => "it is still open when the last capture of it ends",
                }
            };
            return self.proved(format!("{begin}: {end}.").into(), frames);
        }
        let text = closing_sentence(self.view, self.known, self.known.connection.whole(), !self.of.is_empty());
        // The sentence may name data that met a closed client.
        let named = text.frames_of_row().collect::<Vec<_>>();
        self.proved(text, closing.into_iter().chain(named).collect());
        self.draft.beside(Basis::Inferred, left_open(self.view, [self.known]), Vec::new());
    }
}
