//! Does a client connect while the server serves another one?

use crate::analyze::analysis::{Answer, Basis, Evidence, Facts, Status, Verdict};
use crate::analyze::answers::beside_first::beside_first;
use crate::analyze::answers::busy_journals;
use crate::analyze::answers::busy_scene::{Fate, Scene, SecondClientFound};
use crate::analyze::answers::kind::{AskedFact, Needs, QuestionKind, ValueType, fact};
use crate::analyze::answers::second_client::{firsts, firsts_at, other_runs, second_client};
use crate::analyze::claims::words::{clients, frame};
use crate::analyze::claims::{Draft, handshake, presence, refused, rejection, service, tcp_evidence, unseen};
use crate::analyze::conversation::{Frames, TcpSighting};
use crate::analyze::matching::{Known, LabView};
use crate::analyze::story::Seen;
use crate::analyze::text::{FrameRanges, Text, say};
use crate::lab::{Question, Step};
use socklab_packets::track::HandshakeState;

/// The kind of question.
pub(super) const KIND: QuestionKind = QuestionKind {
    name: "busy-server",
    about: "Whether a client connects to a server that is busy with another one, and whether it is served.",
    needs: Needs::BesideBusy,
    facts: &FACTS,
    answer,
};

const FACTS: [AskedFact; 2] =
    [fact("tcp_handshake_completed", ValueType::YesNo), fact("served_while_first_client_connected", ValueType::YesNo)];

impl Scene {
    fn of(view: &LabView<'_>, step: &Step) -> Option<Scene> {
        let server = view.config.sheet.server();
        let has_screenshot = step.screenshot().is_some();
        Some(Scene { step: step.short(), second: step.host()?, first: step.during()?.host()?, server, has_screenshot })
    }

    /// What would show whether the second client had to wait for the first.
    fn wanted(&self, found: &SecondClientFound, served: bool) -> Text {
        let Scene { step, second, server, .. } = self;
        let firsts = self.firsts();
        // One that told of the client has no more to tell.
        let journal = found.fate.is_none().then(|| "the server's journal (--journal)".to_owned());
        let screenshot = || self.has_screenshot.then(|| format!("the screenshot of {step}"));
        let any = |ways: [Option<String>; 3]| Text::from(either(&ways.into_iter().flatten().collect::<Vec<_>>()));
        // A server that serves one client at a time and only prints shows it in its FIN, which comes when the first one quits.
        let again =
            format!("a run of {step} in which {second}'s client sends a line and quits while {firsts} is connected");
        match (found.first_is_elsewhere, served) {
            (Some(at), _) => {
                say![
                    format!("a run of {step} in which {second}'s client connects to "),
                    at,
                    format!(", as {firsts} does")
                ]
            }
            _ if found.first_was_away => any([Some(again), journal, None]),
            _ if found.first_left => any([screenshot(), journal, Some(again)]),
            (None, true) => {
                any([journal, Some(format!("a capture at host {server} that holds both connections")), None])
            }
            (None, false) if journal.is_none() => any([screenshot().or(Some(again)), None, None]),
            (None, false) => any([screenshot(), journal, None]),
        }
    }

    /// A capture that would show it: the sheet may ask for none.
    fn capture(&self, step: &Step) -> String {
        match step.captured() {
            Some(_) => step.capture(),
            None => {
                let Scene { step, second, server, .. } = self;
                format!("a capture of {step}, made at host {second} or {server} (the sheet asks for none)")
            }
        }
    }
}

/// Things of which one is enough: `a`, `a, or b`, `a, b, or c`.
fn either(ways: &[String]) -> String {
    match ways {
        [before @ .., last] if !before.is_empty() => format!("{}, or {last}", before.join(", ")),
        _ => ways.concat(),
    }
}

/// Answers from captures of the step and from journals.
fn answer(view: &LabView<'_>, question: &Question) -> Answer {
    let mut draft = Draft::default();
    let mut found = SecondClientFound::default();
    let step = question.steps().iter().find(|step| step.is_beside_busy());
    let Some((step, scene)) = step.and_then(|step| Some((step, Scene::of(view, step)?))) else {
        let facts = Facts::BusyServer { tcp_handshake_completed: None, served_while_first_client_connected: None };
        return draft.finish(view, question, Status::NotInCapture, facts);
    };
    let attempt = second_client(view, step, scene.second);
    let attempt = attempt.as_ref();
    if let Some(attempt) = attempt {
        from_capture(view, &scene, attempt, &mut draft, &mut found);
        other_outcome(view, (step, &scene), attempt, &mut draft, &mut found);
    }
    busy_journals::add(view, &scene, attempt, &mut draft, &mut found);
    let status = match (found.connected, found.served) {
        (None, None) => Status::NotInCapture,
        (Some(_), Some(_)) => Status::Observed,
        _ => Status::Partial,
    };
    if found.connected.is_none() {
        draft.expected(question);
        draft.missing(scene.capture(step));
    } else if found.connected == Some(false) {
        draft.missing(format!("a run of {} in which {}'s client connects", scene.step, scene.second));
    } else if found.served.is_none() && found.differs {
        let screenshot = || format!("the screenshot of {}, which shows one of the runs", scene.step);
        let run = || format!("a run of {} alone", scene.step);
        draft.missing(if scene.has_screenshot { screenshot() } else { run() });
    } else if found.served.is_none() && !found.turned_away {
        let served = was_served(attempt, &found);
        if let Some(attempt) = attempt.filter(|_| !found.first_was_away) {
            untold(view, (step, &scene), attempt, &mut draft, &mut found);
        }
        // Who was answered at once has waited for nobody.
        let is_prompt = attempt.is_some_and(|attempt| attempt.service.prompt.is_some());
        if is_prompt && !found.is_after_first() {
            draft.departs();
        }
        draft.missing(scene.wanted(&found, served));
    }
    let (basis, words) = short(view, &scene, attempt, &found);
    draft.short_as(basis, words);
    let facts = Facts::BusyServer {
        tcp_handshake_completed: found.connected,
        served_while_first_client_connected: found.served,
    };
    draft.finish(view, question, status, facts)
}

/// What the files do not show of whether the second client was served beside the first.
fn untold(
    view: &LabView<'_>,
    (step, scene): (&Step, &Scene),
    attempt: &Known<'_>,
    draft: &mut Draft,
    found: &mut SecondClientFound,
) {
    let (first, client) = (scene.first(), scene.first_client());
    let at = attempt.connection.server();
    let is_unseen = firsts_at(view, step, attempt).is_empty();
    let elsewhere = firsts(view, step).find(|first| is_unseen && first.connection.server().port != at.port);
    if let Some(other) = elsewhere {
        let (server, sighting) = (other.connection.server(), other.connection.whole());
        found.first_is_elsewhere = Some(server);
        let text = say![clients(view, &other), " client connected to ", server, ", not to ", at, "."];
        draft.proved(text, tcp_evidence(view, sighting, view.frames(sighting).handshake()));
        draft.unknown(format!(
            "So these files don't show what becomes of a client while the server is busy with {first}."
        ));
    } else if found.first_left {
        let text = say![
            "No frame shows whether the server's program had accepted ",
            clients(view, attempt),
            format!(" connection while {} was open.", scene.firsts())
        ];
        draft.unknown(text);
    } else if attempt.service.served() {
        draft.unknown(match found.first_is_unseen {
            // It may have been connected to another address of the server, as with IPv4 and IPv6.
            true => say![
                format!("No file shows {client} connected to "),
                at,
                ", so these files don't show whether it was connected then."
            ],
            false => format!("These files don't show whether {client} was still connected then.").into(),
        });
    }
}

/// Whether the second client was served at some time.
fn was_served(attempt: Option<&Known<'_>>, found: &SecondClientFound) -> bool {
    attempt.is_some_and(|known| known.service.served()) || found.fate == Some(Fate::Accepted)
}

/// The answer in a few words, and how certain they are.
fn short(view: &LabView<'_>, scene: &Scene, attempt: Option<&Known<'_>>, found: &SecondClientFound) -> (Basis, String) {
    let service = attempt.map(|known| known.service);
    let was_served = was_served(attempt, found);
    let basis = service.map_or(Basis::Proved, |service| service.basis);
    let reset = attempt.is_some_and(|known| known.timeline.find(|seen| seen.server_reset).is_some());
    let after_first = || {
        let (first, server) = (scene.first(), scene.server);
        let by_frames = attempt.map_or(EndedBy::Unknown, |known| ended_by(view, known));
        match by_frames {
            EndedBy::Both => format!("Connected; served only after {first}'s connection had ended"),
            EndedBy::Unknown if !found.closed_by_server => format!("Connected; served only after {first} quit"),
            _ => format!("Connected; served only after {server} closed {first}'s connection"),
        }
    };
    let (basis, words) = match (found.connected, found.served) {
        (None, _) => (Basis::Inferred, "Expected: connected, not served"),
        (Some(false), _) => (if attempt.is_some() { Basis::Proved } else { Basis::Inferred }, "Not connected"),
        (Some(true), Some(true)) => {
            let basis = if found.is_by_text { basis.max(Basis::Inferred) } else { basis };
            return (basis, format!("Connected, and served while {} was open", scene.first()));
        }
        (Some(true), Some(false)) if let Some(fate) = found.fate => {
            let words = match fate {
                Fate::Accepted => after_first(),
                Fate::Gone if reset => "Connected, never served (reset)".to_owned(),
                Fate::Gone => "Connected, never served".to_owned(),
                Fate::Left => "Connected, but waited in the queue".to_owned(),
                Fate::Unnoted => "Connected, but not accepted".to_owned(),
            };
            return (Basis::Proved, words);
        }
        (Some(true), Some(false)) if was_served => return (Basis::Inferred, after_first()),
        (Some(true), Some(false)) if reset => (Basis::Inferred, "Connected, never served (reset)"),
        (Some(true), Some(false)) => (Basis::Inferred, "Connected, but waited in the queue"),
        (Some(true), None) if found.differs => {
            let words = format!("Connected; served while {} was open in one run, not in another", scene.first());
            return (Basis::Unknown, words);
        }
        (Some(true), None) if found.turned_away => {
            let Scene { second, server, .. } = scene;
            return (Basis::Proved, format!("Connected; {server} closed it before {second}'s line"));
        }
        (Some(true), None) if found.first_is_elsewhere.is_some() => {
            let served = if was_served { ", and served," } else { "," };
            return (basis, format!("Connected{served} at another port than {}", scene.first()));
        }
        (Some(true), None) if was_served && found.first_waited => {
            return (basis, format!("Connected, and served; {} waited", scene.first()));
        }
        (Some(true), None) if was_served && found.first_ended_in_handshake => {
            return (basis, format!("Connected, and served after {}'s connection had ended", scene.first()));
        }
        (Some(true), None) if was_served && found.first_was_away => (basis, "Connected, and served"),
        (Some(true), None) if was_served && found.first_left => {
            let first = scene.first();
            let words = format!("Connected, and served after {first}'s connection ended; whether earlier: unknown");
            return (Basis::Unknown, words);
        }
        (Some(true), None) if was_served => {
            let first = scene.first();
            return (Basis::Unknown, format!("Connected, and served; whether while {first} was open: unknown"));
        }
        (Some(true), None) if reset => return (Basis::Proved, format!("Connected, then reset by {}", scene.server)),
        (Some(true), None) => (Basis::Unknown, "Connected; served: unknown"),
    };
    (basis, words.to_owned())
}

/// Who ended a connection.
#[derive(Clone, Copy, PartialEq, Eq)]
enum EndedBy {
    /// The server, before its client did.
    Server,
    /// Its client closed its sending half, then the server closed it; or the capture does not show which of them did first.
    Both,
    /// Its client, or nothing shows it.
    Unknown,
}

/// Who ended the connection for whose end this one waited.
fn ended_by(view: &LabView<'_>, attempt: &Known<'_>) -> EndedBy {
    let released = attempt.service.waited.as_ref().and_then(|wait| wait.released_by);
    let Some((other, end)) = released else { return EndedBy::Unknown };
    let Some(first) = view.known_at(other) else { return EndedBy::Unknown };
    // Of two FINs the one that was sent first may be captured later, or not at all.
    if let Some(sighting) = first.connection.with_frame(end.capture, end.frame) {
        match view.frames(sighting).closed_first_but_captured_later() {
            Some(true) => return EndedBy::Unknown,
            _ if unseen::fin_before(view, sighting) == Some(end.frame) => return EndedBy::Both,
            _ => {}
        }
    }
    match first.timeline.with_moment(&end).map(Seen::client_end) {
        Some(Some(client)) if client.frame == end.frame => EndedBy::Unknown,
        Some(Some(client)) if client.frame < end.frame => EndedBy::Both,
        Some(_) => EndedBy::Server,
        None => EndedBy::Unknown,
    }
}

/// What of a connection shows that it was made, where its handshake does not, and the frames that show it.
fn connection_shown(view: &LabView<'_>, sighting: &TcpSighting, frames: &Frames) -> (&'static str, Vec<Evidence>) {
    let data = frames.data();
    match (service::acknowledged(view, sighting), data.is_empty()) {
        (Some((_, evidence)), _) => ("its data is acknowledged", evidence),
        (None, false) => ("data goes only over a connection that was made", tcp_evidence(view, sighting, data)),
        (None, true) => ("acknowledgements go both ways", tcp_evidence(view, sighting, frames.acknowledgements())),
    }
}

fn from_capture(
    view: &LabView<'_>,
    scene: &Scene,
    attempt: &Known<'_>,
    draft: &mut Draft,
    found: &mut SecondClientFound,
) {
    let sighting = attempt.connection.whole();
    let frames = view.frames(sighting);
    match attempt.connection.handshake() {
        HandshakeState::Complete => {
            found.connected = Some(true);
            let handshake = frames.handshake();
            let text = say![
                client_at(view, attempt),
                " connected: the handshake is complete (",
                FrameRanges::of(handshake.clone()),
                ")."
            ];
            draft.proved(text, tcp_evidence(view, sighting, handshake));
        }
        HandshakeState::SynOnly if unseen::ends_with_syn(view, attempt, sighting) => {
            let whose = clients(view, attempt);
            let text = " SYN came right before the end of the capture, so nothing shows whether it was answered.";
            draft.unknown(say![whose, text]);
            return;
        }
        HandshakeState::Refused | HandshakeState::SynOnly => {
            found.connected = Some(false);
            service::claims(view, attempt).into_iter().for_each(|claim| draft.add(claim));
            let is_there = || presence::is_there(view, sighting.capture, attempt.connection.server());
            let why = match attempt.service.verdict {
                Verdict::Refused => match view.taken_on_loopback(sighting) {
                    Some(_) => "The server probably listened on its loopback address only.",
                    None => refused::why(refused::beside(view, sighting)),
                }
                .to_owned(),
                _ if let Some(rejection) = rejection::of(view, sighting) => match rejection.by_firewall {
                    true => "A firewall rejects the client's SYN.".to_owned(),
                    false => "The client's SYN did not get to the server.".to_owned(),
                },
                _ if is_there() => "The server's accept queue was full, or a firewall dropped the SYN.".to_owned(),
                _ => {
                    let server = scene.server;
                    format!(
                        "The server's accept queue was full, host {server} was absent, or a firewall dropped the SYN."
                    )
                }
            };
            draft.inferred(why, Vec::new());
            return;
        }
        HandshakeState::SynAckMissed | HandshakeState::SynAckSeen
            if let Some((text, shown)) = handshake::in_part(view, attempt) =>
        {
            found.connected = Some(true);
            draft.proved(text, tcp_evidence(view, sighting, shown));
        }
        HandshakeState::SynAckMissed | HandshakeState::SynAckSeen | HandshakeState::NotCaptured
            if attempt.connection.established() =>
        {
            found.connected = Some(true);
            let (shows, shown) = connection_shown(view, sighting, &frames);
            let whole =
                format!(" client was connected: {shows}, though the capture does not hold the whole handshake.");
            draft.inferred(say![clients(view, attempt), whole], shown);
        }
        HandshakeState::SynAckMissed | HandshakeState::SynAckSeen | HandshakeState::NotCaptured => return,
    }
    if !attempt.service.served() {
        let text = format!(
            "Connected does not mean served: the kernel of host {} completes the handshake by itself and queues the \
             connection until the program calls accept().",
            scene.server
        );
        draft.inferred(text, Vec::new());
    }
    if let Some((_, evidence)) = service::acknowledged(view, sighting).filter(|_| !attempt.service.served()) {
        let text = say![
            format!("{}'s kernel acknowledged ", scene.server),
            clients(view, attempt),
            " data. That doesn't mean that the server program has read it."
        ];
        draft.proved(text, evidence);
    }
    let repeated = frames.repeated_syn_acks();
    if !repeated.is_empty() {
        let text = say![
            "The server repeats its SYN-ACK after ",
            clients(view, attempt),
            " ACK: its accept queue was full, so only the client takes the connection for established."
        ];
        draft.inferred(text, tcp_evidence(view, sighting, repeated));
    }
    service::claims(view, attempt).into_iter().for_each(|claim| draft.add(claim));
    if let Some(seen) = attempt.timeline.seen.iter().find(|seen| seen.turned_away().is_some()) {
        found.turned_away = true;
        return turned_away(view, attempt, seen, draft);
    }
    found.served = beside_first(view, attempt, draft, found);
}

/// Another run of the second client that had to wait, beside another connection of the first one, where this one was served at once:
/// then the files show both, and which of them is the answer they do not tell. Clients that were served at once beside one that had
/// to wait change nothing: the server that the step is about is there, and that of another step may serve several.
fn other_outcome(
    view: &LabView<'_>,
    (step, scene): (&Step, &Scene),
    attempt: &Known<'_>,
    draft: &mut Draft,
    found: &mut SecondClientFound,
) {
    if found.served != Some(true) {
        return;
    }
    for other in other_runs(view, step, scene.second, attempt) {
        let (mut beside, mut told) = (Draft::default(), SecondClientFound::default());
        from_capture(view, scene, &other, &mut beside, &mut told);
        if told.served == Some(false) {
            draft.take_claims(beside);
            draft.unknown("The two runs came out differently; the files don't tell which of them is meant.");
            (found.served, found.differs) = (None, true);
            return;
        }
    }
}

/// That the server closed the connection before the client's first line.
fn turned_away(view: &LabView<'_>, attempt: &Known<'_>, seen: &Seen, draft: &mut Draft) {
    let (Some(fin), Some(request)) = (seen.turned_away(), seen.request) else { return };
    let Some(sighting) = attempt.connection.with_frame(fin.capture, fin.frame) else { return };
    let text = say![
        "The server closed the connection (FIN, ",
        frame(view, request.capture, &fin),
        ") before ",
        clients(view, attempt),
        " line came (",
        frame(view, fin.capture, &request),
        ")."
    ];
    draft.proved(text, tcp_evidence(view, sighting, [fin.frame, request.frame]));
    draft.inferred("It may have turned the client away.", Vec::new());
}

/// The client with its address: `C's client (10.0.3.3:40242)`. On a computer that plays all hosts it is the step's.
fn client_at(view: &LabView<'_>, known: &Known<'_>) -> Text {
    let address = known.connection.client();
    if view.hosts.is_one_computer() {
        return say![format!("The client of {} (", known.step.short()), address, ")"];
    }
    say![view.client_host(address.ip), "'s client (", address, ")"]
}
