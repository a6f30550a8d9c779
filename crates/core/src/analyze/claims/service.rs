//! What became of a connection, in sentences: the story's verdict, its reasons and its evidence.

use crate::analyze::analysis::{Basis, Claim, Evidence, Verdict};
use crate::analyze::claims::closing::{had_ended, reset_sentence, why_reset};
use crate::analyze::claims::draft::tcp_evidence;
use crate::analyze::claims::words::{capture_of, client, clients, frame};
use crate::analyze::claims::{queue, rejection, unseen};
use crate::analyze::conversation::{ResetCause, TcpSighting};
use crate::analyze::matching::{Known, LabView};
use crate::analyze::row::RowFrame;
use crate::analyze::story::{Grounds, Listener, Moment, SaidOn, Sharing, Wait};
use crate::analyze::text::{FrameRanges, Text, say};
use crate::wording::span;
use socklab_packets::types::SocketAddress;

/// The claims about what became of a connection, in the order in which they are to be said.
pub(crate) fn claims(view: &LabView<'_>, known: &Known<'_>) -> Vec<Claim> {
    let mut claims = Claims { view, known, claims: Vec::new() };
    match &known.service.grounds {
        Grounds::Reply { line, reply } => claims.replied(line.as_ref(), reply),
        Grounds::PassedOn { line, passed, to: Listener::Server(to) } => claims.passed_on(line, passed, *to),
        Grounds::PassedOn { line, passed, to: Listener::Client(to) } => claims.said_on(line, passed, *to),
        Grounds::Closed { client_fin, server_fin } => claims.closed(client_fin.as_ref(), server_fin),
        Grounds::NoAnswer { line, other } => claims.not_answered(line, *other),
        Grounds::NotClosed { client_fin, other } => claims.not_closed(client_fin, *other),
        Grounds::Reset { line, reset, other } => claims.reset(line, reset, *other),
        Grounds::Unread { reset, other, fin, .. } => claims.unread(reset, *other, fin),
        Grounds::NoConnection => claims.no_connection(),
        Grounds::Nothing if known.service.journal.is_some() => {}
        Grounds::Nothing => claims.nothing(),
    }
    claims.claims.extend(queue::claims(view, known));
    claims.claims
}

/// That the server sent a line on to another of its clients, where more is not said.
pub(crate) fn sent_on(view: &LabView<'_>, known: &Known<'_>, said: &SaidOn) -> Vec<Claim> {
    let mut claims = Claims { view, known, claims: Vec::new() };
    claims.sent_on(&said.line, &said.passed, said.to, say![")."]);
    claims.claims
}

struct Claims<'a> {
    view: &'a LabView<'a>,
    known: &'a Known<'a>,
    claims: Vec<Claim>,
}

impl<'a> Claims<'a> {
    fn add(&mut self, basis: Basis, text: Text, evidence: Vec<Evidence>) {
        self.claims.push(Claim { text, basis, evidence, in_answer: true });
    }

    /// The capture that shows a moment of this connection.
    fn sighting(&self, moment: &Moment) -> &'a TcpSighting {
        let connection = self.known.connection;
        connection.with_frame(moment.capture, moment.frame).unwrap_or_else(|| connection.whole())
    }

    fn evidence<'m>(&self, moments: impl IntoIterator<Item = &'m Moment>) -> Vec<Evidence> {
        let of_one = |moment: &Moment| tcp_evidence(self.view, self.sighting(moment), [moment.frame]);
        Evidence::by_file(moments.into_iter().flat_map(of_one))
    }

    /// The whole connection as the capture of this moment shows it, which is what a claim of absence rests on.
    fn whole(&self, moment: &Moment) -> Vec<Evidence> {
        let sighting = self.sighting(moment);
        tcp_evidence(self.view, sighting, self.view.frames(sighting).all())
    }

    fn here(&self, moment: &Moment) -> Text {
        frame(self.view, moment.capture, moment)
    }

    /// That the server sent data, so long after a line.
    fn sent_after(&self, line: &Moment, reply: &Moment) -> Text {
        let (view, known) = (self.view, self.known);
        let after = view.clocks.between(line, reply).map(|n| say![" ", span(n)]);
        say![
            "The server sent data to ",
            client(view, known),
            " (",
            self.here(reply),
            ")",
            after.unwrap_or_default(),
            " after ",
            clients(view, known),
            " line (",
            self.here(line),
            ")"
        ]
    }

    fn replied(&mut self, line: Option<&Moment>, reply: &Moment) {
        let (view, known) = (self.view, self.known);
        let text = match line {
            Some(line) => say![self.sent_after(line, reply), ": its program had accepted the connection."],
            None => say![
                "The server sent data to ",
                client(view, known),
                if self.is_first(reply) { " first (" } else { " (" },
                self.here(reply),
                "): its program had accepted the connection."
            ],
        };
        let evidence = self.evidence(line.into_iter().chain([reply]));
        self.add(Basis::Proved, text, evidence);
        self.waited();
    }

    /// Whether the client had sent nothing when the server sent this, as its number shows.
    fn is_first(&self, reply: &Moment) -> bool {
        let sighting = self.sighting(reply);
        let is_begun = [sighting.connection.syn, sighting.connection.syn_ack].iter().any(Option::is_some);
        let frames = self.view.frames(sighting);
        let sent = frames.iter().find(|(frame, _)| frame.note.frame == reply.frame);
        is_begun && sent.is_some_and(|(frame, _)| frame.note.relative_acknowledgement == 1)
    }

    fn passed_on(&mut self, line: &Moment, passed: &Moment, to: SocketAddress) {
        let (view, known) = (self.view, self.known);
        self.answered_later(line);
        let after = view.clocks.between(line, passed).map(|n| say![" ", span(n)]);
        let text = say![
            "The server's computer sent the same text on to ",
            to,
            " (",
            self.here(passed),
            ")",
            after.unwrap_or_default(),
            " after ",
            clients(view, known),
            " line (",
            self.here(line),
            "): its program had accepted the connection."
        ];
        let evidence = self.evidence([line, passed]);
        self.add(Basis::Inferred, text, evidence);
    }

    /// That the server sent the line on to another of its clients, beside what it answered.
    fn said_on(&mut self, line: &Moment, passed: &Moment, to: usize) {
        if self.view.known_at(to).is_some() {
            self.answered_later(line);
            let whose = clients(self.view, self.known);
            self.sent_on(line, passed, to, say!["): its program had accepted ", whose, " connection."]);
        }
    }

    /// That the server sent the line on to another of its clients, and how that ends.
    fn sent_on(&mut self, line: &Moment, passed: &Moment, to: usize, end: Text) {
        let (view, known) = (self.view, self.known);
        let Some(other) = view.known_at(to) else { return };
        let after = view.clocks.between(line, passed).map(|n| say![" ", span(n), " later"]);
        let text = say![
            "The server sent the text of ",
            clients(view, known),
            " line (",
            self.here(line),
            ") on to ",
            client(view, &other),
            after.unwrap_or_default(),
            " (",
            frame(view, line.capture, passed),
            end
        ];
        let onward = other.connection.with_frame(passed.capture, passed.frame);
        let passed = onward.map(|onward| tcp_evidence(view, onward, [passed.frame])).unwrap_or_default();
        let evidence = Evidence::by_file(self.evidence([line]).into_iter().chain(passed));
        self.add(Basis::Inferred, text, evidence);
    }

    /// When a line that was passed on got its own answer, if it did.
    fn answered_later(&mut self, line: &Moment) {
        if let Some(answer) = self.known.timeline.find(|seen| seen.answer) {
            let evidence = self.evidence([line, &answer]);
            self.add(Basis::Proved, say![self.sent_after(line, &answer), "."], evidence);
        }
    }

    fn closed(&mut self, client_fin: Option<&Moment>, server_fin: &Moment) {
        let (view, known) = (self.view, self.known);
        let text = match client_fin {
            Some(client_fin) => {
                let after = view.clocks.between(client_fin, server_fin).map(|n| say![" ", span(n), " later"]);
                say![
                    "After ",
                    clients(view, known),
                    " FIN (",
                    self.here(client_fin),
                    "), the server sent its own FIN",
                    after.unwrap_or_default(),
                    " (",
                    self.here(server_fin),
                    "): its program had accepted the connection."
                ]
            }
            None => say![
                "The server closed ",
                clients(view, known),
                " connection with a FIN (",
                self.here(server_fin),
                "): its program had accepted it."
            ],
        };
        let evidence = self.evidence(client_fin.into_iter().chain([server_fin]));
        self.add(Basis::Inferred, text, evidence);
        self.waited();
    }

    /// What shows that the connection waited before it was served.
    fn waited(&mut self) {
        let Some(Wait { from, to, nanoseconds, released_by, is_of_quick }) = &self.known.service.waited else { return };
        let (view, known) = (self.view, self.known);
        // Frames of two captures have numbers that say nothing of their order.
        let is_greeting = |reply: &Moment| reply.is_before(to) == Some(true);
        let was_greeted = known.timeline.find(|seen| seen.reply.filter(is_greeting)).is_some();
        let text = match released_by {
            Some((other, end)) => {
                let Some(other) = view.known_at(*other) else { return };
                say![
                    "That came right after ",
                    had_ended(view, &other, from.capture, end, ""),
                    ": until then ",
                    clients(view, known),
                    // A server of several threads may have accepted it before one of them was free, as one that greeted has.
                    if known.service.sharing != Sharing::Never || was_greeted {
                        " connection waited."
                    } else {
                        " connection waited in the queue."
                    }
                ]
            }
            None => say![
                format!("That took {}, and ", span(*nanoseconds)),
                client(view, known),
                " had closed before: it fits a connection that waited in the queue",
                if *is_of_quick { "." } else { ", or a program that takes its time." }
            ],
        };
        let mut evidence = self.evidence([from, to]);
        if let Some((other, end)) = released_by
            && let Some(other) = view.known_at(*other)
            && let Some(sighting) = other.connection.with_frame(end.capture, end.frame)
        {
            evidence.extend(tcp_evidence(view, sighting, [end.frame]));
            evidence = Evidence::by_file(evidence);
        }
        self.add(Basis::Inferred, text, evidence);
    }

    fn not_answered(&mut self, line: &Moment, other: usize) {
        let (view, known) = (self.view, self.known);
        let text = say![
            clients(view, known),
            " line (",
            self.here(line),
            ") was acknowledged, but not answered before the capture ended."
        ];
        let evidence = self.whole(line);
        self.add(Basis::Proved, text, evidence);
        let answer = view.known_at(other).and_then(|other| {
            let (sighting, answer) = (other.connection, other.timeline.find(|seen| seen.answer)?);
            let evidence = tcp_evidence(view, sighting.with_frame(answer.capture, answer.frame)?, [answer.frame]);
            Some((clients(view, &other), frame(view, line.capture, &answer), evidence))
        });
        if let Some((others, answer, evidence)) = answer {
            let text = say!["The server answered ", others, " line (", answer, ")."];
            self.add(Basis::Proved, text, evidence);
        }
        let text = say!["So ", clients(view, known), " connection waited in the queue."];
        self.add(Basis::Inferred, text, Vec::new());
    }

    fn not_closed(&mut self, client_fin: &Moment, other: usize) {
        let (view, known) = (self.view, self.known);
        let sighting = self.sighting(client_fin);
        let acknowledged = view.frames(sighting).acknowledgement_of_fin(true);
        let text = say![
            clients(view, known),
            " FIN (",
            self.here(client_fin),
            ")",
            match acknowledged {
                Some(frame) => say![" was acknowledged (", frame, "), but"],
                None => say![" is there, but"],
            },
            " no FIN of the server follows before the capture ended."
        ];
        let evidence = self.whole(client_fin);
        self.add(Basis::Proved, text, evidence);
        let others = view.known_at(other).map(|other| clients(view, &other)).unwrap_or_default();
        let text = say![
            "The server closed ",
            others,
            " connection at once, so ",
            clients(view, known),
            " seems to have waited in the queue."
        ];
        self.add(Basis::Inferred, text, Vec::new());
    }

    fn reset(&mut self, line: &Moment, reset: &Moment, other: usize) {
        let (view, known) = (self.view, self.known);
        let text = say![
            clients(view, known),
            " line (",
            self.here(line),
            ") was never answered: the server's system reset the connection (RST, ",
            self.here(reset),
            ")."
        ];
        let evidence = self.whole(line);
        self.add(Basis::Proved, text, evidence);
        let text = in_queue_until_end(view, known, other);
        self.add(Basis::Inferred, text, Vec::new());
    }

    fn unread(&mut self, reset: &Moment, other: usize, fin: &Moment) {
        let (view, known) = (self.view, self.known);
        let others = view.known_at(other).map(|other| clients(view, &other)).unwrap_or_default();
        let text = say![
            "The server's system reset ",
            clients(view, known),
            " connection (RST, ",
            self.here(reset),
            ") when it closed ",
            others,
            " (FIN, ",
            self.here(fin),
            ")."
        ];
        let of_other = view.known_at(other).and_then(|other| {
            let sighting = other.connection.with_frame(fin.capture, fin.frame)?;
            Some(tcp_evidence(view, sighting, [fin.frame]))
        });
        let evidence = self.whole(reset).into_iter().chain(of_other.into_iter().flatten());
        self.add(Basis::Proved, text, Evidence::by_file(evidence));
        self.add(Basis::Inferred, unread_until_end(view, known), Vec::new());
    }

    fn no_connection(&mut self) {
        let (view, known) = (self.view, self.known);
        let sighting = known.connection.whole();
        let frames = view.frames(sighting);
        let syns = FrameRanges::of(frames.from(true));
        let rejection = rejection::of(view, sighting);
        let text = match known.service.verdict {
            Verdict::Refused => {
                let resets = FrameRanges::of(frames.from(false));
                say![clients(view, known), " SYN (", syns, ") was refused with RST (", resets, ")."]
            }
            _ if let Some(rejection) = &rejection => {
                let messages = FrameRanges::of(rejection.frames.iter().copied());
                let came = format!(") was rejected: {} came back (", rejection.name);
                say![clients(view, known), " SYN (", syns, came, messages, ")."]
            }
            _ if sighting.server_sent().frames > 0 => {
                say![clients(view, known), " SYN (", syns, ") got no SYN-ACK before the capture ended."]
            }
            _ => say![clients(view, known), " SYN (", syns, ") was not answered before the capture ended."],
        };
        let messages = rejection.map(|rejection| FrameRanges::of(rejection.frames));
        let messages = messages.map(|messages| Evidence::of_frames(view.file(sighting.capture), messages));
        let evidence = tcp_evidence(view, sighting, frames.all()).into_iter().chain(messages);
        self.add(Basis::Proved, text, evidence.collect());
    }

    fn nothing(&mut self) {
        let (view, known) = (self.view, self.known);
        if !known.connection.established() {
            return;
        }
        let reset = known.timeline.find(|seen| {
            let reset = seen.server_reset?;
            seen.client_reset.is_none_or(|end| reset.frame < end.frame).then_some(reset)
        });
        if let Some(reset) = reset {
            let sighting = self.sighting(&reset);
            if view.frames(sighting).cause_of(reset.frame) != ResetCause::Aborted {
                let what = say![clients(view, known), " connection"];
                let text = reset_sentence(view, sighting, [say!["The server"], what], reset.frame);
                let evidence = tcp_evidence(view, sighting, text.frames_of_row().collect::<Vec<_>>());
                self.add(Basis::Proved, text, evidence);
                return;
            }
            let text =
                say!["The server's system reset ", clients(view, known), " connection (RST, ", self.here(&reset), ")."];
            let evidence = self.evidence([&reset]);
            self.add(Basis::Proved, text, evidence);
            self.add(Basis::Inferred, why_reset(view, [(*known, sighting)]), Vec::new());
            return;
        }
        let (what, whose) = ("whether the server's program accepted ", clients(view, known));
        let sightings = || known.connection.sightings().iter().chain([known.connection.whole()]);
        // The client may have acknowledged what the capture does not have.
        let text = if sightings().all(|sighting| sighting.server_sent().frames == 0) {
            say![
                "The server's frames are not in ",
                capture_of(view, known),
                ", so it is unknown ",
                what,
                whose,
                " connection."
            ]
        } else if sightings().any(|sighting| unseen::lacks_frames_of_server(view, sighting)) {
            say!["No frame shows ", what, whose, " connection; some of the server's frames are missing."]
        } else {
            say!["No frame shows ", what, whose, " connection: it neither answered nor closed it."]
        };
        self.add(Basis::Unknown, text, Vec::new());
    }
}

/// Why a connection whose line was never answered was reset, while another one was served.
pub(crate) fn why_never_accepted(view: &LabView<'_>, known: &Known<'_>) -> Option<Text> {
    match known.service.grounds {
        Grounds::Reset { other, .. } => Some(in_queue_until_end(view, known, other)),
        Grounds::Unread { .. } => Some(unread_until_end(view, known)),
        _ => None,
    }
}

fn unread_until_end(view: &LabView<'_>, known: &Known<'_>) -> Text {
    let sends = "When a program ends, its system sends FIN where the program has read all that came, and RST where it has not, or \
                 has not accepted the connection: ";
    let until = " connection seems to have been in the queue until the server ended.";
    say![sends, clients(view, known), until]
}

fn in_queue_until_end(view: &LabView<'_>, known: &Known<'_>, other: usize) -> Text {
    let others = view.known_at(other).map(|other| client(view, &other)).unwrap_or_default();
    let until = " connection seems to have been in the queue until the server ended.";
    say!["The server answers ", others, ", so ", clients(view, known), until]
}

/// The frames that acknowledge a client's lines: what the server's system did, not its program.
pub(crate) fn acknowledged(view: &LabView<'_>, sighting: &TcpSighting) -> Option<(RowFrame, Vec<Evidence>)> {
    let frames = view.frames(sighting);
    let first = *frames.data_from(true).first()?;
    let acknowledgement = frames.acknowledgements_from(false).into_iter().find(|frame| *frame > first)?;
    Some((acknowledgement, tcp_evidence(view, sighting, [first, acknowledgement])))
}
