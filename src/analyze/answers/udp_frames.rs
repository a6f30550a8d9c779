//! I.4(a): how the frames of the UDP run differ from those of the TCP run.

use crate::analyze::analysis::{Answer, Basis, Evidence, Facts, Status};
use crate::analyze::claims::words::{addresses, distinct};
use crate::analyze::claims::{Draft, tcp_evidence, udp_evidence};
use crate::analyze::conversation::{Frames, LabConversation};
use crate::analyze::matching::{Known, LabView};
use crate::analyze::text::{FrameRanges, say};
use crate::lab::{HostName, Question, Step};
use crate::types::FrameNumber;
use crate::wording::count;

const DIFFERENCE: &str = "UDP has no handshake, no acknowledgements, no sequence numbers and no closing.";
const FIRST_SEND: &str =
    "Starting the UDP client sends nothing, since it has no port until its first send; each line is one datagram.";

/// Answers I.4(a) from the captures of steps 8 and 12.
pub(super) fn answer(view: &LabView<'_>) -> Answer {
    let mut draft = Draft::default();
    draft.inferred("Yes, they are different.", Vec::new());
    let udp = udp_side(view, &mut draft);
    unreachable(view, &mut draft);
    let tcp = tcp_side(view, &mut draft);
    draft.inferred(DIFFERENCE, Vec::new());
    draft.inferred(FIRST_SEND, Vec::new());
    let status = match (tcp, &udp) {
        (Some(_), Some(_)) => Status::Observed,
        (None, None) => Status::NotInCapture,
        _ => Status::Partial,
    };
    if tcp.is_none() {
        draft.missing("the capture of Part I step 8 (TCP), made at host B");
    }
    if udp.is_none() {
        draft.missing("the capture of Part I step 12 (UDP), made at host B");
    }
    let datagrams = udp.map(|udp| udp.forth + udp.back);
    let basis = if datagrams.is_some() && tcp.is_some() { Basis::Proved } else { Basis::Inferred };
    draft.short_as(
        basis,
        match (datagrams, tcp) {
            (Some(udp), Some(tcp)) => {
                format!("Yes: UDP {}; TCP {tcp} frames without data as well", count(udp, "datagram"))
            }
            (Some(_), None) => "Expected: yes (only UDP captured)".to_owned(),
            (None, Some(_)) => "Expected: yes (only TCP captured)".to_owned(),
            (None, None) => "Expected: yes, datagrams only".to_owned(),
        },
    );
    let facts = Facts::UdpFrames { tcp_control_frames: tcp, udp_control_frames: Some(0), udp_datagrams: datagrams };
    draft.finish(view, Question::I4a, status, facts)
}

fn step_eight<'a>(view: &'a LabView<'_>) -> impl Iterator<Item = Known<'a>> {
    view.runs_of(Step::TcpClient).into_iter()
}

/// The TCP frames without payload of step 8.
fn tcp_side(view: &LabView<'_>, draft: &mut Draft) -> Option<u64> {
    let (mut control, mut data) = (None, 0);
    let mut evidence = Vec::new();
    for known in step_eight(view) {
        let sighting = known.connection.best();
        let (client, server) = (sighting.client_sent(), sighting.server_sent());
        let without = (client.frames - client.data_frames) + (server.frames - server.data_frames);
        control = Some(control.unwrap_or(0) + without);
        data += client.data_frames + server.data_frames;
        evidence.push(tcp_evidence(view, sighting, view.frames(sighting).without_payload()));
    }
    if let Some(control) = control {
        let text = format!(
            "TCP (step 8) made {} without payload ({}) and {} with payload.",
            count(control, "frame"),
            kinds(view),
            count(data, "frame")
        );
        draft.proved(text, Evidence::by_file(evidence));
    }
    control
}

/// What the frames without payload of step 8 do: only kinds that occur.
fn kinds(view: &LabView<'_>) -> String {
    let frames: Vec<Frames> = step_eight(view).map(|known| view.frames(known.connection.best())).collect();
    let any = |list: fn(&Frames) -> Vec<FrameNumber>| frames.iter().any(|frames| !list(frames).is_empty());
    let all = [
        (any(Frames::handshake), "handshake"),
        (any(Frames::acknowledgements), "acknowledgements"),
        (any(Frames::closing), "closing"),
        (any(Frames::others), "others"),
    ];
    all.into_iter().filter(|(there, _)| *there).map(|(_, kind)| kind).collect::<Vec<_>>().join(", ")
}

/// The datagrams of step 12.
struct Datagrams {
    forth: u64,
    back: u64,
}

/// The datagrams of host B's client; of all clients where B's are not there.
fn udp_side(view: &LabView<'_>, draft: &mut Draft) -> Option<Datagrams> {
    let of_b: Vec<&LabConversation> =
        view.conversations.iter().filter(|conversation| view.hosts.is(conversation.client().ip, HostName::B)).collect();
    let only_b = !of_b.is_empty();
    let chosen = if only_b { of_b } else { view.conversations.iter().collect() };
    if chosen.is_empty() {
        return None;
    }
    let mut total = Datagrams { forth: 0, back: 0 };
    let mut evidence = Vec::new();
    let mut empty: Vec<Evidence> = Vec::new();
    for conversation in &chosen {
        let sighting = conversation.best();
        total.forth += sighting.client_sent().datagrams;
        total.back += sighting.server_sent().datagrams;
        let notes = view.udp_notes(sighting);
        evidence.push(udp_evidence(view, sighting, notes.iter().map(|note| note.frame)));
        let zero: Vec<FrameNumber> = notes
            .iter()
            .filter(|note| note.payload_length == 0 && note.sender == sighting.client_side)
            .map(|note| note.frame)
            .collect();
        if !zero.is_empty() {
            empty.push(udp_evidence(view, sighting, zero));
        }
    }
    let whose = if only_b && chosen.len() < view.conversations.len() { " of B" } else { "" };
    let text = format!(
        "UDP (step 12){whose}: {} from the client to the server, {}; each frame is a whole message.",
        count(total.forth, "datagram"),
        if total.back == 0 { "none back".to_owned() } else { format!("{} back", total.back) },
    );
    draft.proved(text, Evidence::by_file(evidence));
    if !empty.is_empty() {
        let frames = empty.iter().fold(FrameRanges::default(), |mut all, one| {
            all.join(&one.frames);
            all
        });
        let carry =
            if frames.count() == 1 { " carries no payload: an empty line." } else { " carry no payload: empty lines." };
        let noun = if frames.count() == 1 { "Datagram " } else { "Datagrams " };
        draft.proved(say![noun, "in ", frames, carry], Evidence::by_file(empty));
    }
    ports(&chosen, draft);
    Some(total)
}

/// One port for all lines, or several.
fn ports(conversations: &[&LabConversation], draft: &mut Draft) {
    let clients = distinct(conversations.iter().map(|conversation| conversation.client()));
    let text = match clients.as_slice() {
        [one] => say!["All lines come from ", *one, ": one socket of the client."],
        several => say![
            format!("The client used {} ports (", several.len()),
            addresses(several),
            "): a socket for each, made by several runs or by one program."
        ],
    };
    draft.beside(Basis::Inferred, text, Vec::new());
}

/// ICMP port unreachable quotes a UDP header, so the display filter `udp` shows it; it is no datagram of the lab.
fn unreachable(view: &LabView<'_>, draft: &mut Draft) {
    let mut evidence = Vec::new();
    for (number, capture) in view.captures.iter().enumerate() {
        let quoting = FrameRanges::of(view.unreachable_datagrams(number).into_iter().map(|(frame, _)| frame));
        if !quoting.is_empty() {
            evidence.push(Evidence::of_frames(&capture.file, quoting));
        }
    }
    if evidence.is_empty() {
        return;
    }
    draft.proved("ICMP port unreachable came back: no UDP server was bound to that port then.", evidence.clone());
    let text =
        "The display filter udp shows an ICMP message that quotes a UDP header; it is not a datagram of the lab.";
    draft.inferred(text, evidence);
}
