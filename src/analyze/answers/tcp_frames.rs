//! I.1(a): the frames of steps 8(b) and 8(c).

use crate::analyze::analysis::{Answer, Facts, Status};
use crate::analyze::answers::draft::{Draft, tcp_frames};
use crate::analyze::answers::phases::Phases;
use crate::analyze::topology::{LabConnection, LabView, TcpSighting};
use crate::analyze::track::{Close, HandshakeState};
use crate::lab::{Question, Step};
use crate::types::FrameNumber;
use crate::wording::{count, frames_in_sentence};

const EXPECTED: &str = "Starting the client makes three frames, the handshake: SYN from the client to the server, SYN-ACK \
    back, ACK from the client. Each line typed then travels in a segment with payload (PSH, ACK) from the client to the \
    server, and the server's system acknowledges it. No frame carries FIN or RST while the connection is left open.";

/// Answers I.1(a) from the connections of step 8.
pub(super) fn answer(view: &LabView<'_>) -> Answer {
    let mut draft = Draft::default();
    let connections: Vec<&LabConnection> =
        view.of_step(Step::TcpClient).filter(|connection| connection.established()).collect();
    if connections.is_empty() {
        return without_connection(view, draft);
    }
    let mut texts = Vec::new();
    let mut all = Lists::default();
    for connection in &connections {
        let sighting = connection.best();
        let phases = Phases::of(view, sighting);
        let of = if connections.len() > 1 { format!("Connection of {}: ", sighting.client()) } else { String::new() };
        let mut text = Text { view, sighting, phases: &phases, of: &of, draft: &mut draft, sentences: Vec::new() };
        text.handshake();
        text.lines();
        text.replies();
        text.acknowledgements();
        text.closing();
        texts.push(format!("{of}{}", text.sentences.join(" ")));
        all.add(&phases);
        if !view.notes_complete(sighting) {
            draft.missing("a shorter capture: this connection has more frames than are listed one by one");
        }
    }
    if connections.iter().any(|connection| connection.best().client_sent().data_frames > 0) {
        draft.unknown(
            "How many lines were typed: TCP is a byte stream, so one segment may carry several lines or a part of one.",
        );
    }
    draft.inferred(
        "connect() at the client makes the handshake; the programs send nothing themselves until a line is typed.",
        Vec::new(),
    );
    let whole = connections.iter().all(|connection| connection.handshake_complete());
    let status = if whole && connections.iter().any(|connection| connection.has_lines()) {
        Status::Observed
    } else {
        draft.missing("a capture of Part I step 8 made at host B that begins before the client starts (7a) and ends after the lines (8c)");
        Status::Partial
    };
    draft.finish(view, Question::I1a, status, texts.join("\n"), all.facts())
}

fn without_connection(view: &LabView<'_>, mut draft: Draft) -> Answer {
    let facts = Facts::TcpFrames {
        handshake_frames: None,
        data_frames: None,
        acknowledgement_frames: None,
        closing_frames: None,
    };
    draft.missing("the capture of Part I step 8, made at host B");
    let attempt = view.of_step(Step::TcpClient).next();
    let Some(attempt) = attempt else {
        draft.inferred(EXPECTED, Vec::new());
        return draft.finish(view, Question::I1a, Status::NotInCapture, format!("Expected: {EXPECTED}"), facts);
    };
    let sighting = attempt.best();
    let seen = Phases::of(view, sighting);
    let frames = seen.all();
    let what = match sighting.connection.handshake {
        HandshakeState::Refused => {
            "the client's SYN was answered with RST: nobody listened at the server's socket address"
        }
        _ => "the client's SYN was never answered",
    };
    let text = format!("No connection came about: {what} ({}).", frames_in_sentence(&frames));
    draft.proved(text.clone(), vec![tcp_frames(view, sighting, frames)]);
    let expected = format!("Expected with a server that answers: {EXPECTED}");
    draft.inferred(expected.clone(), Vec::new());
    draft.finish(view, Question::I1a, Status::Partial, format!("{text} {expected}"), facts)
}

/// The sentences on one connection, each with its claim.
struct Text<'a, 'b> {
    view: &'a LabView<'a>,
    sighting: &'a TcpSighting,
    phases: &'a Phases,
    /// Names the connection in each claim, where there are several.
    of: &'a str,
    draft: &'b mut Draft,
    sentences: Vec<String>,
}

impl Text<'_, '_> {
    fn proved(&mut self, sentence: String, frames: Vec<FrameNumber>) {
        let claim = format!("{}{sentence}", self.of);
        self.draft.proved(claim, vec![tcp_frames(self.view, self.sighting, frames)]);
        self.sentences.push(sentence);
    }

    /// The client and the server for `B → A`. On one computer both have one address, and only the roles tell them apart.
    fn ends(&self) -> [String; 2] {
        let [client, server] = [self.sighting.client().ip, self.sighting.server().ip];
        if client == server {
            return ["client", "server"].map(str::to_owned);
        }
        [client, server].map(|ip| self.view.short_name(ip))
    }

    /// The same within a sentence.
    fn names(&self) -> [String; 2] {
        let article = if self.sighting.client().ip == self.sighting.server().ip { "the " } else { "" };
        self.ends().map(|end| format!("{article}{end}"))
    }

    fn handshake(&mut self) {
        let connection = &self.sighting.connection;
        let [client, server] = self.ends();
        let (Some(syn), Some(syn_ack), Some(ack)) = (connection.syn, connection.syn_ack, connection.ack) else {
            let seen = &self.phases.handshake;
            let text = if seen.is_empty() {
                "The handshake (SYN, SYN-ACK, ACK) was not captured: the capture began after it.".to_owned()
            } else {
                format!("Of the handshake only {} was captured.", frames_in_sentence(seen))
            };
            self.draft.unknown(format!("{}{text}", self.of));
            self.sentences.push(text);
            return;
        };
        let text = format!(
            "8(b), starting the client, makes the three-way handshake: SYN {client} → {server} (frame {syn}), SYN-ACK \
             {server} → {client} (frame {syn_ack}), ACK {client} → {server} (frame {ack}); none of the three carries \
             data."
        );
        let text = if self.phases.client_data.contains(&ack) {
            text.replace("; none of the three carries data", "")
        } else {
            text
        };
        self.proved(text, vec![syn, syn_ack, ack]);
        if !self.phases.repeated_syns.is_empty() {
            let text = format!(
                "{} the handshake again: what was sent first got lost or was answered late.",
                verb(&self.phases.repeated_syns, "repeats", "repeat")
            );
            self.proved(text, self.phases.repeated_syns.clone());
        }
    }

    fn lines(&mut self) {
        let [client, server] = self.ends();
        let data = self.phases.client_data.clone();
        let counts = self.sighting.client_sent();
        if data.is_empty() && counts.data_frames == 0 {
            let [client, _] = self.names();
            let text =
                format!("8(c): no frame from {client} carries payload, so no line was sent while the capture ran.");
            self.proved(text, self.phases.from_client.clone());
            return;
        }
        let text = format!(
            "8(c), typing lines, makes {} with payload {client} → {server} ({}; {}).",
            count(counts.data_frames, "data segment"),
            frames_in_sentence(&data),
            count(counts.payload_bytes, "byte")
        );
        self.proved(text, data);
        if !self.phases.retransmissions.is_empty() {
            let text = format!(
                "{} data that had been sent before (retransmission).",
                verb(&self.phases.retransmissions, "carries", "carry")
            );
            self.proved(text, self.phases.retransmissions.clone());
        }
    }

    fn replies(&mut self) {
        let [client, server] = self.ends();
        let data = self.phases.server_data.clone();
        let counts = self.sighting.server_sent();
        if counts.data_frames == 0 {
            let [_, server] = self.names().map(|name| capital(&name));
            // A server that was sent nothing had nothing to reply to.
            let text = if self.sighting.client_sent().data_frames == 0 {
                format!("{server} sends no payload either.")
            } else {
                format!("{server} sends no payload: the server only acknowledges, it does not reply.")
            };
            self.proved(text, self.phases.from_server.clone());
            return;
        }
        let greets = data.first() < self.phases.client_data.first() || self.phases.client_data.is_empty();
        let what = if greets { "speaks first and" } else { "replies and" };
        let text = format!(
            "The server {what} sends {} with payload {server} → {client} ({}; {}).",
            count(counts.data_frames, "data segment"),
            frames_in_sentence(&data),
            count(counts.payload_bytes, "byte")
        );
        self.proved(text, data);
    }

    fn acknowledgements(&mut self) {
        let acks = self.phases.acknowledgements.clone();
        if acks.is_empty() {
            return;
        }
        let both = self.phases.server_acknowledgements.len() < acks.len();
        let [client, server] = self.names();
        let who = match (both, self.phases.server_acknowledgements.is_empty()) {
            (false, _) => server,
            (true, true) => client,
            (true, false) => "each side".to_owned(),
        };
        let text = format!(
            "{} only {} what arrived (ACK without payload, sent by {who}'s system, not by the program).",
            capital(&frames_in_sentence(&acks)),
            if acks.len() == 1 { "acknowledges" } else { "acknowledge" },
        );
        let text = text
            .replace("each side's system", "the systems of both sides")
            .replace("not by the program", "not by the programs");
        self.proved(text, acks);
    }

    fn closing(&mut self) {
        let closing = self.phases.closing.clone();
        let text = match self.sighting.connection.close {
            Close::Open => {
                "No frame carries FIN or RST: the connection is still open when the capture ends.".to_owned()
            }
            Close::Fin => format!(
                "{} FIN: the connection was closed before the capture was stopped, though step 8 leaves it open.",
                verb(&closing, "carries", "carry")
            ),
            Close::Reset => format!(
                "{} the connection with RST or FIN, though step 8 leaves it open: a RST comes when a program ends with \
                 data unread.",
                verb(&closing, "ends", "end")
            ),
        };
        let shown = if closing.is_empty() { self.phases.all() } else { closing };
        self.proved(text, shown);
    }
}

/// `Frame 7 carries`, `Frames 7 and 9 carry`.
fn verb(frames: &[FrameNumber], one: &str, several: &str) -> String {
    format!("{} {}", capital(&frames_in_sentence(frames)), if frames.len() == 1 { one } else { several })
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

/// The frame lists of all connections together.
#[derive(Default)]
struct Lists {
    handshake: Vec<FrameNumber>,
    data: Vec<FrameNumber>,
    acknowledgement: Vec<FrameNumber>,
    closing: Vec<FrameNumber>,
}

impl Lists {
    fn add(&mut self, phases: &Phases) {
        self.handshake.extend(&phases.handshake);
        self.data.extend(phases.data());
        self.acknowledgement.extend(&phases.acknowledgements);
        self.closing.extend(&phases.closing);
    }

    /// The facts. A handshake that was not captured is unknown, not absent.
    fn facts(self) -> Facts {
        let sorted = |mut frames: Vec<FrameNumber>| {
            frames.sort_unstable();
            Some(frames)
        };
        Facts::TcpFrames {
            handshake_frames: if self.handshake.is_empty() { None } else { sorted(self.handshake) },
            data_frames: sorted(self.data),
            acknowledgement_frames: sorted(self.acknowledgement),
            closing_frames: sorted(self.closing),
        }
    }
}
