//! I.4(b): is the UDP client at a third host served like the TCP client was?

use std::net::IpAddr;

use crate::analyze::analysis::{Answer, Facts, Status};
use crate::analyze::answers::draft::{Draft, udp_frames};
use crate::analyze::answers::tcp_addresses::distinct;
use crate::analyze::testimony::{Testimony, evidence};
use crate::analyze::topology::{LabConversation, LabView};
use crate::lab::Question;
use crate::types::SocketAddress;
use crate::wording::{count, list};

const WHY: &str = "The server has one unconnected UDP socket, which receives datagrams from every client: there is no \
    connection, no accept() and no queue of clients.";

/// Answers I.4(b): from the UDP server's journal, else from replies in captures of both hosts, else as expected.
pub(super) fn answer(view: &LabView<'_>, testimony: &Testimony) -> Answer {
    let mut draft = Draft::default();
    let by_journal = journal(testimony, &mut draft);
    let by_replies = replies(view, &mut draft);
    let mut served = by_journal.clone();
    served.extend(by_replies.iter().filter(|address| !by_journal.contains(address)));
    let hosts = distinct_hosts(&served);
    draft.inferred(WHY, Vec::new());
    if hosts.len() > 1 {
        let text = format!(
            "No, it is not the same: the UDP client at C was served at once, while B's client was still running ({} \
             served: {}). {WHY}",
            count(served.len() as u64, "client"),
            list(&served)
        );
        let facts = Facts::UdpClients { clients_served: Some(served.len() as u64) };
        return draft.finish(view, Question::I4b, Status::Observed, text, facts);
    }
    unseen(view, &mut draft);
    draft.missing("the screenshot of step 12 (C's message at the server), or the UDP server's journal (--journal)");
    let sent_by_two = distinct_hosts(&view.conversations.iter().map(|c| c.client).collect::<Vec<_>>()).len() > 1;
    let status = if sent_by_two || !served.is_empty() { Status::Partial } else { Status::NotInCapture };
    let text = format!(
        "Expected: No, it is not the same. C's message appears at the server at once, beside B's. {WHY} A sendto() that \
         succeeds proves no arrival, though."
    );
    draft.finish(view, Question::I4b, status, text, Facts::UdpClients { clients_served: None })
}

fn unseen(view: &LabView<'_>, draft: &mut Draft) {
    let hosts = distinct_hosts(&view.conversations.iter().map(|c| c.client).collect::<Vec<_>>());
    if hosts.len() < 2 {
        draft.unknown(
            "What became of C's datagram: the captures of the sheet hold no frame of it, since they are made at B, and a \
             switch does not send B what C and A exchange.",
        );
    } else {
        draft.unknown(
            "Whether the server's program received the datagrams: a frame shows the sending, not the arrival.",
        );
    }
}

/// The clients that a UDP server's journal says it received from.
fn journal(testimony: &Testimony, draft: &mut Draft) -> Vec<SocketAddress> {
    let mut clients = Vec::new();
    for run in testimony.servers.iter().filter(|run| !run.datagrams.is_empty()) {
        let here: Vec<SocketAddress> = run.datagrams.iter().map(|(client, _)| *client).collect();
        draft.proved(
            format!("The UDP server's journal: it received datagrams from {}.", list(&here)),
            vec![evidence(run.datagrams.iter().map(|(_, entry)| entry))],
        );
        clients.extend(here);
    }
    distinct(clients.into_iter())
}

/// The clients that got a reply in a capture: the server's program had received their datagram.
fn replies(view: &LabView<'_>, draft: &mut Draft) -> Vec<SocketAddress> {
    let answered: Vec<&LabConversation> =
        view.conversations.iter().filter(|conversation| conversation.best().server_sent().datagrams > 0).collect();
    for conversation in &answered {
        let sighting = conversation.best();
        let back = view
            .udp_notes(sighting)
            .iter()
            .filter(|note| note.sender != sighting.client_side)
            .map(|note| note.frame)
            .collect();
        draft.proved(
            format!("The server replied to {}: it had received its datagram.", conversation.client),
            vec![udp_frames(view, sighting, back)],
        );
    }
    distinct(answered.iter().map(|conversation| conversation.client))
}

fn distinct_hosts(addresses: &[SocketAddress]) -> Vec<IpAddr> {
    let mut hosts: Vec<IpAddr> = addresses.iter().map(|address| address.ip).collect();
    hosts.sort_unstable();
    hosts.dedup();
    hosts
}
