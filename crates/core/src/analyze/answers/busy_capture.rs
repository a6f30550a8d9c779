//! What captures show of a client that connects to a busy server.

use crate::analyze::analysis::{Evidence, Verdict};
use crate::analyze::answers::beside_first::beside_first;
use crate::analyze::answers::busy_scene::{Scene, SecondClientFound};
use crate::analyze::answers::second_client::other_runs;
use crate::analyze::claims::words::{clients, frame};
use crate::analyze::claims::{Draft, handshake, presence, refused, rejection, service, tcp_evidence, unseen};
use crate::analyze::conversation::{Frames, TcpSighting};
use crate::analyze::matching::{Known, LabView};
use crate::analyze::story::Seen;
use crate::analyze::text::{FrameRanges, Text, say};
use crate::lab::Step;
use socklab_packets::track::HandshakeState;

/// What the captures show of the second client's connection: whether it was made, and served beside the first one.
pub(super) fn from_capture(
    view: &LabView<'_>,
    scene: &Scene,
    attempt: &Known<'_>,
    draft: &mut Draft,
    found: &mut SecondClientFound,
) {
    found.connected = connected(view, scene, attempt, draft);
    if found.connected != Some(true) {
        return;
    }
    if !attempt.service.served() {
        by_the_system_alone(view, scene, attempt, draft);
    }
    full_queue(view, attempt, draft);
    service::claims(view, attempt).into_iter().for_each(|claim| draft.add(claim));
    if let Some(seen) = attempt.timeline.seen.iter().find(|seen| seen.turned_away().is_some()) {
        found.turned_away = true;
        return turned_away(view, attempt, seen, draft);
    }
    found.served = beside_first(view, attempt, draft, found);
}

/// Whether the second client was connected, with the claims that say so; `None` where the captures do not tell.
fn connected(view: &LabView<'_>, scene: &Scene, attempt: &Known<'_>, draft: &mut Draft) -> Option<bool> {
    let sighting = attempt.connection.whole();
    let frames = view.frames(sighting);
    match attempt.connection.handshake() {
        HandshakeState::Complete => {
            let handshake = frames.handshake();
            let shown = FrameRanges::of(handshake.clone());
            let text = say![client_at(view, attempt), " connected: the handshake is complete (", shown, ")."];
            draft.proved(text, tcp_evidence(view, sighting, handshake));
            Some(true)
        }
        HandshakeState::SynOnly if unseen::ends_with_syn(view, attempt, sighting) => {
            let whose = clients(view, attempt);
            let text = " SYN came right before the end of the capture, so nothing shows whether it was answered.";
            draft.unknown(say![whose, text]);
            None
        }
        HandshakeState::Refused | HandshakeState::SynOnly => {
            service::claims(view, attempt).into_iter().for_each(|claim| draft.add(claim));
            draft.inferred(why_not_connected(view, scene, attempt), Vec::new());
            Some(false)
        }
        HandshakeState::SynAckMissed | HandshakeState::SynAckSeen
            if let Some((text, shown)) = handshake::in_part(view, attempt) =>
        {
            draft.proved(text, tcp_evidence(view, sighting, shown));
            Some(true)
        }
        HandshakeState::SynAckMissed | HandshakeState::SynAckSeen | HandshakeState::NotCaptured
            if attempt.connection.established() =>
        {
            let (shows, shown) = connection_shown(view, sighting, &frames);
            let whole =
                format!(" client was connected: {shows}, though the capture does not hold the whole handshake.");
            draft.inferred(say![clients(view, attempt), whole], shown);
            Some(true)
        }
        HandshakeState::SynAckMissed | HandshakeState::SynAckSeen | HandshakeState::NotCaptured => None,
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

/// Why no SYN-ACK came.
fn why_not_connected(view: &LabView<'_>, scene: &Scene, attempt: &Known<'_>) -> String {
    let sighting = attempt.connection.whole();
    if attempt.service.verdict == Verdict::Refused {
        return match view.taken_on_loopback(sighting) {
            Some(_) => "The server probably listened on its loopback address only.".to_owned(),
            None => refused::why(refused::beside(view, sighting)).to_owned(),
        };
    }
    if let Some(rejection) = rejection::of(view, sighting) {
        return match rejection.by_firewall {
            true => "A firewall rejects the client's SYN.".to_owned(),
            false => "The client's SYN did not get to the server.".to_owned(),
        };
    }
    match presence::is_there(view, sighting.capture, attempt.connection.server()) {
        true => "The server's accept queue was full, or a firewall dropped the SYN.".to_owned(),
        false => format!(
            "The server's accept queue was full, host {} was absent, or a firewall dropped the SYN.",
            scene.server
        ),
    }
}

/// What the server's system does by itself for a connection that its program has not accepted.
fn by_the_system_alone(view: &LabView<'_>, scene: &Scene, attempt: &Known<'_>, draft: &mut Draft) {
    let text = format!(
        "Connected does not mean served: the kernel of host {} completes the handshake by itself and queues the \
         connection until the program calls accept().",
        scene.server
    );
    draft.inferred(text, Vec::new());
    if let Some((_, evidence)) = service::acknowledged(view, attempt.connection.whole()) {
        let text = say![
            format!("{}'s kernel acknowledged ", scene.server),
            clients(view, attempt),
            " data. That doesn't mean that the server program has read it."
        ];
        draft.proved(text, evidence);
    }
}

/// That the server's accept queue was full, where its system repeats the SYN-ACK.
fn full_queue(view: &LabView<'_>, attempt: &Known<'_>, draft: &mut Draft) {
    let sighting = attempt.connection.whole();
    let repeated = view.frames(sighting).repeated_syn_acks();
    if !repeated.is_empty() {
        let text = say![
            "The server repeats its SYN-ACK after ",
            clients(view, attempt),
            " ACK: its accept queue was full, so only the client takes the connection for established."
        ];
        draft.inferred(text, tcp_evidence(view, sighting, repeated));
    }
}

/// Another run of the second client that had to wait, beside another connection of the first one, where this one was served at once:
/// then the files show both, and which of them is the answer they do not tell. Clients that were served at once beside one that had
/// to wait change nothing: the server that the step is about is there, and that of another step may serve several.
pub(super) fn other_outcome(
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
