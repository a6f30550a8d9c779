//! I.4(a): how the frames of the UDP run differ from those of the TCP run.

use crate::analyze::analysis::{Answer, Evidence, Facts, Status};
use crate::analyze::answers::draft::{Draft, tcp_frames, udp_frames};
use crate::analyze::answers::phases::Phases;
use crate::analyze::answers::tcp_addresses::distinct;
use crate::analyze::topology::{LabConnection, LabConversation, LabView};
use crate::lab::{Question, Step};
use crate::types::FrameNumber;
use crate::wording::{count, frame_filter, list};

const DIFFERENCE: &str = "UDP has no handshake, no acknowledgements, no sequence numbers and no closing: starting the client \
    sends nothing (it has no port until its first send), and each line is one datagram.";

/// Answers I.4(a) from the captures of steps 8 and 12.
pub(super) fn answer(view: &LabView<'_>) -> Answer {
    let mut draft = Draft::default();
    let tcp = tcp_side(view, &mut draft);
    let udp = udp_side(view, &mut draft);
    let refused = unreachable(view, &mut draft);
    draft.inferred(DIFFERENCE, Vec::new());
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
    let tcp_text = tcp.map(|frames| {
        format!(
            " TCP needed {} without payload (handshake, acknowledgements{}).",
            count(frames, "frame"),
            if closed(view) { ", closing" } else { "" }
        )
    });
    let udp_text = udp.as_ref().map(|udp| {
        let back = match (udp.forth, udp.back) {
            (1, 0) => "from the client to the server".to_owned(),
            (_, 0) => "all from the client to the server".to_owned(),
            (forth, back) => format!("{forth} to the server and {back} back"),
        };
        let icmp = if refused {
            " of its own; the ICMP port unreachable that came back says that no UDP server was bound there"
        } else {
            ""
        };
        format!(" UDP made {}, {back}, and no other frame{icmp}.", count(udp.forth + udp.back, "datagram"))
    });
    let opening =
        if status == Status::NotInCapture { "Expected: Yes, they are different." } else { "Yes, they are different." };
    let answer = format!("{opening} {DIFFERENCE}{}{}", udp_text.unwrap_or_default(), tcp_text.unwrap_or_default());
    let facts = Facts::UdpFrames {
        tcp_control_frames: tcp,
        udp_control_frames: Some(0),
        udp_datagrams: udp.map(|udp| udp.forth + udp.back),
    };
    draft.finish(view, Question::I4a, status, answer, facts)
}

fn step_eight<'a>(view: &'a LabView<'_>) -> impl Iterator<Item = &'a LabConnection> {
    view.of_step(Step::TcpClient).filter(|connection| connection.established())
}

fn closed(view: &LabView<'_>) -> bool {
    step_eight(view).any(|connection| connection.best().first_closing_frame().is_some())
}

/// The TCP frames without payload of step 8.
fn tcp_side(view: &LabView<'_>, draft: &mut Draft) -> Option<u64> {
    let mut total = None;
    let several = step_eight(view).nth(1).is_some();
    for connection in step_eight(view) {
        let sighting = connection.best();
        let (client, server) = (sighting.client_sent(), sighting.server_sent());
        let control = (client.frames - client.data_frames) + (server.frames - server.data_frames);
        total = Some(total.unwrap_or(0) + control);
        let phases = Phases::of(view, sighting);
        let data = phases.data();
        let mut frames: Vec<FrameNumber> = phases
            .from_client
            .iter()
            .chain(&phases.from_server)
            .filter(|frame| !data.contains(frame))
            .copied()
            .collect();
        frames.sort_unstable();
        let of = if several { format!(", {}", sighting.client()) } else { String::new() };
        let text = format!(
            "TCP (step 8{of}): {} without payload beside {} with payload.",
            count(control, "frame"),
            count(client.data_frames + server.data_frames, "frame")
        );
        draft.proved(text, vec![tcp_frames(view, sighting, frames)]);
    }
    total
}

/// The datagrams of step 12.
struct Datagrams {
    forth: u64,
    back: u64,
}

/// The datagrams of host B's client; of all clients where B's are not there.
fn udp_side(view: &LabView<'_>, draft: &mut Draft) -> Option<Datagrams> {
    let of_b: Vec<&LabConversation> =
        view.conversations.iter().filter(|conversation| Some(conversation.client.ip) == view.hosts.b).collect();
    let chosen = if of_b.is_empty() { view.conversations.iter().collect() } else { of_b };
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
        evidence.push(udp_frames(view, sighting, notes.iter().map(|note| note.frame).collect()));
        let zero: Vec<FrameNumber> =
            notes.iter().filter(|note| note.payload_length == 0).map(|note| note.frame).collect();
        if !zero.is_empty() {
            empty.push(udp_frames(view, sighting, zero));
        }
    }
    let text = format!(
        "UDP (step 12): {} from the client to the server, {} back; each frame is a whole message.",
        count(total.forth, "datagram"),
        total.back
    );
    draft.proved(text, evidence);
    if !empty.is_empty() {
        draft.proved("An empty line made a datagram without payload; TCP sends nothing for that.", empty);
    }
    ports(&chosen, draft);
    Some(total)
}

/// One port for all lines, or a port a line.
fn ports(conversations: &[&LabConversation], draft: &mut Draft) {
    let clients = distinct(conversations.iter().map(|conversation| conversation.client));
    match clients.as_slice() {
        [one] => draft.inferred(format!("All lines come from {one}: one socket of the client."), Vec::new()),
        several => draft.inferred(
            format!(
                "The client used {} ports ({}): a new socket for each, by several runs or by a program that makes a socket \
                 for every line.",
                several.len(),
                list(several)
            ),
            Vec::new(),
        ),
    }
}

/// ICMP port unreachable quotes a UDP header, so the display filter `udp` shows it; it is no datagram of the lab. Returns
/// whether there is any.
fn unreachable(view: &LabView<'_>, draft: &mut Draft) -> bool {
    let mut any = false;
    for (number, capture) in view.captures.iter().enumerate() {
        let quoting: Vec<FrameNumber> =
            view.unreachable_datagrams(number).into_iter().map(|(frame, _)| frame).collect();
        if quoting.is_empty() {
            continue;
        }
        any = true;
        let filter = Some(frame_filter(&quoting));
        let evidence = Evidence { file: capture.file.clone(), frames: quoting, filter, lines: Vec::new() };
        draft.proved(
            "ICMP port unreachable came back: no UDP server was bound to that port then. The display filter udp shows these \
             frames because they quote a UDP header; they are no datagrams of the lab.",
            vec![evidence],
        );
    }
    any
}
