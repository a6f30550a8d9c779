//! Why a UDP client was not served, as frames or journals show.

use std::net::IpAddr;

use crate::analyze::accounts::{DatagramSender, Entry};
use crate::analyze::analysis::{Basis, Evidence};
use crate::analyze::claims::rejection;
use crate::analyze::conversation::LabConversation;
use crate::analyze::matching::LabView;
use crate::analyze::row::by_capture;
use crate::analyze::text::{FrameRanges, Span, Text, say};
use crate::lab::HostName;
use socklab_packets::types::SocketAddress;

/// Why a client was not served.
pub(super) struct NotServed {
    pub(super) short: String,
    pub(super) basis: Basis,
    pub(super) text: Text,
    pub(super) evidence: Vec<Evidence>,
    /// What that does not tell.
    pub(super) unknown: Option<String>,
}

/// That none of a client's datagrams was taken, as its own journal says of each of its sockets.
pub(super) fn refused_by_journal(
    view: &LabView<'_>,
    name: &str,
    is_second: impl Fn(SocketAddress) -> bool,
) -> Option<NotServed> {
    let own = || view.accounts.senders.iter().filter(|sender| is_second(sender.local));
    let refused: Vec<&Entry> = own().map(|sender| sender.refused.as_ref()).collect::<Option<_>>()?;
    let received = |sender: &DatagramSender| view.accounts.servers.iter().any(|run| run.received_from(sender.local));
    if refused.is_empty() || own().any(received) {
        return None;
    }
    let text = say![
        format!("The journal of {name}'s client: its datagram came back as refused ("),
        Span::Code("ECONNREFUSED".to_owned()),
        "): no socket took it."
    ];
    let evidence = Evidence::by_file(refused.into_iter().map(Entry::evidence));
    Some(NotServed {
        short: format!("{name}'s datagram was refused"),
        basis: Basis::Proved,
        text,
        evidence,
        unknown: None,
    })
}

/// That none of a client's datagrams arrived, with the frames, where each of them came back.
pub(super) fn all_refused<'c>(
    view: &LabView<'_>,
    name: &str,
    conversations: impl Iterator<Item = &'c LabConversation>,
) -> Option<NotServed> {
    let (mut sent, mut evidence, mut protocol) = (0_u64, Vec::new(), "ICMP");
    for conversation in conversations {
        let sighting = conversation.whole();
        protocol = rejection::protocol(sighting.server().ip);
        let refused = view.refusals(sighting);
        let datagrams = sighting.client_sent().datagrams;
        if refused.len() as u64 != datagrams {
            return None;
        }
        sent = sent.saturating_add(datagrams);
        let frames = by_capture(refused.into_iter().flat_map(|(message, datagram)| [message, datagram]));
        evidence.extend(frames.into_iter().map(|(capture, frames)| {
            let file = view.file(capture.unwrap_or(sighting.capture));
            Evidence::of_frames(file, FrameRanges::of(frames))
        }));
    }
    let (noun, were, received) = match sent {
        0 => return None,
        1 => ("datagram", "was", "did not receive it"),
        _ => ("datagrams", "were", "received none of them"),
    };
    let text = format!("{name}'s {noun} came back as {protocol} port unreachable: the server's program {received}.");
    let short = format!("{name}'s {noun} {were} refused");
    Some(NotServed {
        short,
        basis: Basis::Proved,
        text: text.into(),
        evidence: Evidence::by_file(evidence),
        unknown: None,
    })
}

/// That the server closed its socket without a datagram of a host, as its journals say. It may have run again.
pub(super) fn closed_before(view: &LabView<'_>, name: &str, first: Option<HostName>) -> Option<NotServed> {
    let is_first = |ip: IpAddr| first.is_some_and(|first| view.hosts.is(ip, first));
    let runs = || view.udp_servers();
    let is_told =
        runs().all(|run| !run.closed.is_empty() && run.datagrams.iter().all(|(client, _)| is_first(client.ip)));
    if !is_told || !runs().any(|run| !run.datagrams.is_empty()) {
        return None;
    }
    let text = format!("The UDP server's journal: it received nothing from {name} before it closed its socket.");
    let entries = runs().flat_map(|run| run.datagrams.iter().chain(&run.closed)).map(|(_, entry)| entry.evidence());
    let (short, evidence) = (format!("nothing from {name} was received"), Evidence::by_file(entries));
    let has_sent = view.accounts.senders.iter().any(|sender| !is_first(sender.local.ip));
    let unknown = (!has_sent).then(|| format!("Whether a client at {name} sent anything."));
    Some(NotServed { short, basis: Basis::Inferred, text: text.into(), evidence, unknown })
}
