//! I.3: the client at a third host while the iterative TCP server serves the first client.

use crate::analyze::analysis::{Answer, Facts, Status};
use crate::analyze::answers::draft::{Draft, tcp_frames};
use crate::analyze::answers::phases::Phases;
use crate::analyze::testimony::{Accepted, Entry, Testimony};
use crate::analyze::topology::{LabConnection, LabView, TcpSighting};
use crate::analyze::track::HandshakeState;
use crate::lab::{Question, Step};
use crate::types::FrameNumber;
use crate::wording::frames_in_sentence;

const EXPECTED: &str = "The client at C connects, but is not served: host A's kernel completes the handshake and queues the \
    connection, while the server program, busy with B, has not called accept() for it. C's line is acknowledged by A's \
    kernel, yet does not appear on the server's screen until B's client has quit.";

/// What is known of the two halves.
#[derive(Default)]
struct Known {
    connected: Option<bool>,
    served: Option<bool>,
}

/// Answers I.3 from captures of step 10 and from journals.
pub(super) fn answer(view: &LabView<'_>, testimony: &Testimony) -> Answer {
    let mut draft = Draft::default();
    let mut known = Known::default();
    let attempts: Vec<&LabConnection> = view.of_step(Step::BusyServer).collect();
    let attempt = attempts.iter().find(|attempt| attempt.established()).or(attempts.first());
    if let Some(attempt) = attempt {
        from_capture(view, attempt, &mut draft, &mut known);
    }
    from_journals(testimony, view, &mut draft, &mut known);
    let facts = Facts::BusyServer {
        tcp_handshake_completed: known.connected,
        served_while_first_client_connected: known.served,
    };
    let status = match (known.connected, known.served) {
        (None, None) => Status::NotInCapture,
        (Some(_), Some(_)) => Status::Observed,
        _ => Status::Partial,
    };
    if known.connected.is_none() {
        draft.inferred(EXPECTED, Vec::new());
        draft.missing("a capture of step 10, made at host C or A (the sheet asks for none)");
    }
    if known.connected == Some(false) {
        draft.unknown("Whether the server serves a client that waits: this one did not get in.");
        draft.missing("a run of step 10 in which C's client connects");
    } else if known.served.is_none() {
        draft.unknown(
            "Whether the server's program served C while B was connected: accept() leaves no frame. The screenshot of \
             step 10 shows it.",
        );
        draft.missing("the screenshot of step 10, or the server's journal (--journal)");
    }
    draft.finish(view, Question::I3, status, text(&known, attempt.copied()), facts)
}

fn text(known: &Known, attempt: Option<&LabConnection>) -> String {
    let kernel = "The kernel of host A completes the handshake by itself and queues the connection; the program is busy \
                  with B and has not called accept() for it.";
    match (known.connected, known.served) {
        (None, None) => format!("Expected: {EXPECTED}"),
        (Some(true), Some(false)) | (None, Some(false)) => format!(
            "C's client connects, but is not served while B's client is connected. {kernel} C's line is acknowledged by \
             the kernel, and the program reads it only after B has quit."
        ),
        (Some(true), None) => {
            let reset = attempt.is_some_and(|attempt| attempt.best().reset_in_queue());
            let line = if reset {
                "So its line is acknowledged, but as it seems nobody read it: the server's RST comes when the program ends \
                 while the connection waits, or leaves data unread."
            } else {
                "So its line is acknowledged but is expected not to appear at the server until B quits."
            };
            format!("C's client connects: its handshake is complete. Connected is not served, though. {kernel} {line}")
        }
        (Some(true), Some(true)) | (None, Some(true)) => {
            "C's client connects and is served while B's client is connected: this server does not serve one client at \
             a time, as step 10 expects."
                .to_owned()
        }
        (Some(false), _) => {
            let state = attempt.map(|attempt| attempt.best().connection.handshake);
            if state == Some(HandshakeState::Refused) {
                "C's client does not connect: its SYN is answered with RST, so nothing was listening at that socket \
                 address: the server was not running, or had closed its listening socket after accept(). (With a \
                 listening server the client connects, and waits in the queue.)"
                    .to_owned()
            } else {
                "C's client does not connect: its SYN is repeated and not answered. The server's accept queue was full, \
                 or host A was absent, or a firewall drops the SYN."
                    .to_owned()
            }
        }
    }
}

fn from_capture(view: &LabView<'_>, attempt: &LabConnection, draft: &mut Draft, known: &mut Known) {
    let sighting = attempt.best();
    let phases = Phases::of(view, sighting);
    let client = view.short_name(sighting.client().ip);
    let server = view.short_name(sighting.server().ip);
    let frames = |frames: Vec<FrameNumber>| vec![tcp_frames(view, sighting, frames)];
    match sighting.connection.handshake {
        HandshakeState::Complete => {
            known.connected = Some(true);
            let text =
                format!("{client} connected: its handshake is complete ({}).", frames_in_sentence(&phases.handshake));
            draft.proved(text, frames(phases.handshake.clone()));
        }
        HandshakeState::Refused => {
            known.connected = Some(false);
            let all = [phases.from_client.clone(), phases.from_server.clone()].concat();
            draft
                .proved(format!("{server} answered {client}'s SYN with RST: the connection was refused."), frames(all));
        }
        HandshakeState::SynOnly => {
            known.connected = Some(false);
            let text = format!("{client}'s SYN was not answered ({}).", frames_in_sentence(&phases.from_client));
            draft.proved(text, frames(phases.from_client.clone()));
            draft.inferred("The accept queue was full, host A was absent, or a firewall dropped the SYN.", Vec::new());
        }
        HandshakeState::SynAckSeen | HandshakeState::NotCaptured if attempt.established() => {
            known.connected = Some(true);
            let text = format!(
                "{client} was connected: its data is acknowledged, though not its whole handshake was captured."
            );
            draft.inferred(text, frames(phases.data()));
        }
        HandshakeState::SynAckSeen | HandshakeState::NotCaptured => {}
    }
    if known.connected == Some(true) {
        served(view, attempt, &phases, draft, known);
    }
}

/// What a capture tells of the second half: payload from the server proves that it accepted; its absence means something
/// only where the server replies to others; a FIN that the server leaves without its own fits waiting in the queue.
fn served(view: &LabView<'_>, attempt: &LabConnection, phases: &Phases, draft: &mut Draft, known: &mut Known) {
    let sighting = attempt.best();
    let client = view.short_name(sighting.client().ip);
    let acknowledged = phases.server_acknowledgements.clone();
    if !phases.client_data.is_empty() && !acknowledged.is_empty() {
        draft.proved(
            format!("{client}'s data was acknowledged by host A's kernel; that is not yet the program's reading it."),
            vec![tcp_frames(view, sighting, [phases.client_data.clone(), acknowledged].concat())],
        );
    }
    let repeated: Vec<FrameNumber> = phases
        .repeated_syns
        .iter()
        .filter(|frame| sighting.connection.ack.is_some_and(|ack| **frame > ack) && phases.from_server.contains(frame))
        .copied()
        .collect();
    if !repeated.is_empty() {
        draft.inferred(
            format!(
                "The server repeats its SYN-ACK after {client}'s ACK: its accept queue was full, so for the client the \
                 connection stands, for the server not yet."
            ),
            vec![tcp_frames(view, sighting, repeated)],
        );
    }
    if let Some(first_reply) = phases.server_data.first() {
        let while_busy = first_client_connected_at(view, sighting, *first_reply);
        draft.proved(
            format!("The server's program accepted {client}'s connection: it sent payload (frame {first_reply})."),
            vec![tcp_frames(view, sighting, phases.server_data.clone())],
        );
        if let Some(while_busy) = while_busy {
            known.served = Some(while_busy);
            let text = if while_busy {
                "At that frame the first client was still connected."
            } else {
                "Before that frame the first client had closed its connection: C was served only then."
            };
            draft.proved(text, vec![tcp_frames(view, sighting, vec![*first_reply])]);
        }
        return;
    }
    if !phases.client_data.is_empty() && server_replies(view, sighting) {
        known.served = Some(false);
        draft.proved(
            format!("{client}'s line got no reply, though this server replies to the first client."),
            vec![tcp_frames(view, sighting, phases.client_data.clone())],
        );
        draft.inferred("So the program had not accepted the connection: it stood in the queue.", Vec::new());
    } else if sighting.left_in_queue() {
        draft.inferred(
            format!(
                "{client}'s FIN was acknowledged, but the server sent no FIN of its own: that fits a connection \
                     waiting in the queue, whose end no program has read."
            ),
            vec![tcp_frames(view, sighting, phases.closing.clone())],
        );
    } else if let Some(late) = LateFin::find(view, sighting) {
        late.claim(view, sighting, draft);
    } else if sighting.reset_in_queue() {
        draft.inferred(
            "The server reset the quiet connection: it ended while the connection was queued, or left data unread.",
            vec![tcp_frames(view, sighting, phases.closing.clone())],
        );
    }
}

/// The server's FIN long after the client's: who had been served would have been closed at once.
struct LateFin {
    client: FrameNumber,
    server: FrameNumber,
    /// What came between the two.
    since: &'static str,
}

impl LateFin {
    fn find(view: &LabView<'_>, sighting: &TcpSighting) -> Option<LateFin> {
        let client = sighting.connection.fin(sighting.client_side)?;
        let server = sighting.connection.fin(sighting.client_side.other()).filter(|fin| *fin > client)?;
        let first_connected = |frame| first_client_connected_at(view, sighting, frame);
        if first_connected(client) == Some(true) && first_connected(server) == Some(false) {
            return Some(LateFin { client, server, since: "when the first client had closed its connection" });
        }
        view.late_fins(sighting).map(|[client, server]| LateFin { client, server, since: "more than a second later" })
    }

    fn claim(&self, view: &LabView<'_>, sighting: &TcpSighting, draft: &mut Draft) {
        let LateFin { client, server, since } = self;
        let name = view.short_name(sighting.client().ip);
        draft.inferred(
            format!(
                "{name}'s FIN (frame {client}) was acknowledged, but the server's own FIN came only {since} (frame \
                 {server}): that fits a connection waiting in the queue until then."
            ),
            vec![tcp_frames(view, sighting, vec![*client, *server])],
        );
    }
}

/// Whether the first client's connection stood at this frame; `None` where the capture does not hold it.
fn first_client_connected_at(view: &LabView<'_>, waiting: &TcpSighting, frame: FrameNumber) -> Option<bool> {
    let others = view.of_step(Step::TcpClient).flat_map(|connection| &connection.sightings).filter(|first| {
        first.capture == waiting.capture
            && first.established()
            && first.connection.first_frame < waiting.connection.first_frame
    });
    let first = others.last()?;
    Some(first.first_closing_frame().is_none_or(|closing| closing > frame))
}

/// Whether this server replied to another client of Part I.
fn server_replies(view: &LabView<'_>, waiting: &TcpSighting) -> bool {
    view.of_step(Step::TcpClient).any(|first| first.server() == waiting.server() && first.answered())
}

/// What the journals tell: accept() for C before or after B's connection ended.
fn from_journals(testimony: &Testimony, view: &LabView<'_>, draft: &mut Draft, known: &mut Known) {
    for run in testimony.iterative() {
        let Some(first) = run.accepted.first() else { continue };
        let second = run.accepted.iter().find(|accepted| accepted.client.ip != first.client.ip);
        let connected = testimony.connects.iter().find(|(local, entry)| {
            local.ip != first.client.ip
                && entry.time > first.accepted.time
                && is_before(Some(entry), first.ended.as_ref())
        });
        if let Some((local, entry)) = connected {
            known.connected = Some(true);
            let text =
                format!("The client's journal: connect() from {local} returned while {} was connected.", first.client);
            draft.proved(text, vec![entry.evidence()]);
        }
        match second {
            Some(second) => accepted_later(first, second, connected.is_some(), view, draft, known),
            None if connected.is_some() => {
                known.served = Some(false);
                draft.proved("The server's journal shows no accept() for it.", vec![first.accepted.evidence()]);
            }
            None => {}
        }
        if second.is_some() || connected.is_some() {
            return;
        }
    }
}

fn accepted_later(
    first: &Accepted,
    second: &Accepted,
    connected_while_busy: bool,
    view: &LabView<'_>,
    draft: &mut Draft,
    known: &mut Known,
) {
    known.connected = Some(true);
    let client = view.host_text(second.client.ip);
    let while_busy = first.ended.as_ref().is_none_or(|ended| second.accepted.time < ended.time);
    let lines = |entries: &[&Entry]| vec![crate::analyze::testimony::evidence(entries.iter().copied())];
    if while_busy {
        known.served = Some(true);
        let text = format!(
            "The server's journal: accept() returned {client}'s connection while {} was connected.",
            first.client
        );
        draft.proved(text, lines(&[&first.accepted, &second.accepted]));
        return;
    }
    let Some(ended) = &first.ended else { return };
    known.served = Some(false);
    let text = format!(
        "The server's journal: accept() returned {client}'s connection ({}) only after {} had ended.",
        second.client, first.client
    );
    draft.proved(text, lines(&[&first.accepted, ended, &second.accepted]));
    if !connected_while_busy && view.of_step(Step::BusyServer).next().is_none() {
        let at_once = second.accepted.time.nanoseconds_since(ended.time) < 1_000_000_000;
        if at_once {
            draft.inferred("It was accepted at once then, so it had been waiting in the queue.", Vec::new());
        } else {
            known.served = None;
            draft.unknown("Whether C's client was already waiting, or connected only then.");
        }
    }
}

fn is_before(entry: Option<&Entry>, end: Option<&Entry>) -> bool {
    match (entry, end) {
        (Some(entry), Some(end)) => entry.time < end.time,
        (Some(_), None) => true,
        (None, _) => false,
    }
}
