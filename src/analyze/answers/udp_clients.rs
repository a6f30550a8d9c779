//! I.4(b): is the UDP client at a third host served like the TCP client was?

use std::net::IpAddr;

use crate::analyze::accounts::evidence;
use crate::analyze::analysis::{Answer, Basis, Evidence, Facts, Status};
use crate::analyze::claims::words::{addresses, distinct, duration};
use crate::analyze::claims::{Draft, udp_evidence};
use crate::analyze::matching::LabView;
use crate::analyze::text::{FrameRanges, say};
use crate::lab::{HostName, Question};
use crate::types::SocketAddress;
use crate::wording::count;

const WHY: &str = "The server has one unconnected UDP socket, which receives datagrams from every client: there is no \
    connection, no accept() and no queue of clients.";

/// Answers I.4(b): from the UDP server's journal, else from replies in captures of both hosts, else as expected.
pub(super) fn answer(view: &LabView<'_>) -> Answer {
    let mut draft = Draft::default();
    let mut served = journal(view);
    served.extend(replies(view));
    let served_clients = distinct(served.iter().map(|(client, _)| *client));
    let hosts = distinct(served_clients.iter().map(|client| client.ip));
    let seen = distinct(view.conversations.iter().map(|conversation| conversation.client().ip));
    let both = hosts.len() > 1;
    if both {
        draft.inferred("No, it is not the same: the UDP server served both clients.", Vec::new());
    } else {
        draft.inferred("No, it is not the same.", Vec::new());
    }
    said_of_served(view, &mut draft);
    draft.inferred(WHY, Vec::new());
    if both {
        draft.beside(Basis::Unknown, "UDP has no closing, so no frame shows how long B's client ran.", Vec::new());
        draft.short_as(Basis::Proved, format!("No: {} served", count(served_clients.len() as u64, "client")));
        let facts = Facts::UdpClients { clients_served: Some(served_clients.len() as u64) };
        return draft.finish(view, Question::I4b, Status::Observed, facts);
    }
    if served_clients.is_empty() || seen.len() > 1 {
        draft.inferred("C's message should appear at the server immediately, next to B's.", Vec::new());
    }
    unseen(view, &seen, &mut draft);
    draft.missing("the screenshot of step 12 (C's message at the server), or the UDP server's journal (--journal)");
    let by_c = view.conversations.iter().any(|conversation| is_c(view, conversation.client().ip));
    let status = if seen.len() > 1 || by_c || !served.is_empty() { Status::Partial } else { Status::NotInCapture };
    let c_served = by_c && served_clients.iter().any(|client| is_c(view, client.ip));
    match status {
        Status::NotInCapture => draft.short("Expected: no, served immediately"),
        _ if c_served => draft.short_as(Basis::Proved, "No: C was served"),
        _ => draft.short("No; whether C was served: unknown"),
    }
    draft.finish(view, Question::I4b, status, Facts::UdpClients { clients_served: None })
}

fn is_c(view: &LabView<'_>, ip: IpAddr) -> bool {
    view.hosts.is(ip, HostName::C)
}

/// What cannot be told of C's datagram.
fn unseen(view: &LabView<'_>, seen: &[IpAddr], draft: &mut Draft) {
    if seen.iter().any(|ip| is_c(view, *ip)) || seen.len() > 1 {
        let answered = view.conversations.iter().filter(|c| is_c(view, c.client().ip)).any(|c| c.answered());
        if !answered {
            draft.unknown(
                "No frame shows whether the server's program received C's datagram: a frame shows that it was sent, not that it arrived.",
            );
        }
    } else {
        draft.unknown("Your captures contain no UDP datagram from C, so they can't show whether one arrived.");
    }
}

/// Clients that the server is known to have received from, with what shows it.
fn journal(view: &LabView<'_>) -> Vec<(SocketAddress, Evidence)> {
    let runs = view.accounts.servers.iter().filter(|run| !run.datagrams.is_empty());
    runs.flat_map(|run| run.datagrams.iter().map(|(client, entry)| (*client, entry.evidence()))).collect()
}

/// The clients that got a reply in a capture.
fn replies(view: &LabView<'_>) -> Vec<(SocketAddress, Evidence)> {
    let answered = view.conversations.iter().filter(|conversation| conversation.answered());
    answered
        .map(|conversation| {
            let sighting = conversation.best();
            let notes = view.udp_notes(sighting);
            let back = notes.iter().filter(|note| note.sender != sighting.client_side).map(|note| note.frame);
            (conversation.client(), udp_evidence(view, sighting, back))
        })
        .collect()
}

/// The claims about the clients that were served.
fn said_of_served(view: &LabView<'_>, draft: &mut Draft) {
    for run in view.accounts.servers.iter().filter(|run| !run.datagrams.is_empty()) {
        let here: Vec<SocketAddress> = run.datagrams.iter().map(|(client, _)| *client).collect();
        draft.proved(
            say!["The UDP server's journal: it received datagrams from ", addresses(&here), "."],
            vec![evidence(run.datagrams.iter().map(|(_, entry)| entry))],
        );
    }
    for conversation in view.conversations.iter().filter(|conversation| conversation.answered()).take(3) {
        let sighting = conversation.best();
        let notes = view.udp_notes(sighting);
        let forth = notes.iter().find(|note| note.sender == sighting.client_side);
        let back = notes
            .iter()
            .find(|note| note.sender != sighting.client_side && forth.is_some_and(|forth| note.frame > forth.frame));
        let (Some(forth), Some(back)) = (forth, back) else { continue };
        let after = back.time.zip(forth.time).map(|(back, forth)| back.nanoseconds_since(forth));
        let text = say![
            "The server sent a datagram to ",
            conversation.client(),
            " (",
            FrameRanges::of([back.frame]),
            ")",
            after.map(|after| format!(" {} after", duration(after))).unwrap_or_else(|| " after".to_owned()),
            " that client's (",
            FrameRanges::of([forth.frame]),
            "): its program had received it."
        ];
        draft.proved(text, vec![udp_evidence(view, sighting, [forth.frame, back.frame])]);
    }
}
