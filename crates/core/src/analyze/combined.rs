//! Whether a file was put together from captures of several hosts, as Wireshark's Merge and mergecap do. Their clocks may differ
//! by any time, and then so does the order of the file's frames from what happened.

use std::collections::BTreeMap;
use std::net::IpAddr;

use foldhash::HashMap;

use crate::analyze::distinct::distinct;
use crate::analyze::translated::Translated;
use socklab_packets::pipeline::CaptureFacts;
use socklab_packets::track::{HandshakeState, Side, TcpConnection};
use socklab_packets::types::{Protocol, Timestamp};

/// The program that says of itself that it merged a file; Wireshark's menu leaves its own name.
const MERGES: &str = "Mergecap";

/// Connections whose handshakes are looked at.
const HANDSHAKES_LOOKED_AT: usize = 64;

/// A capture made at the client sees the client's answer to the SYN-ACK at once, and the server's to the SYN after it has been
/// to the server and back: so many times later.
const FARTHER: i128 = 2;

/// Nanoseconds by which it must be later in any case: clocks of captures are no more exact.
const EXACTNESS: i128 = 10_000;

/// Nanoseconds after which a SYN-ACK was not sent at once.
const LATE: i128 = 200_000_000;

/// Whether a file was evidently put together from captures of several hosts; `exchanged` are the hosts that exchanged anything.
pub(super) fn is_combined(capture: &CaptureFacts, translated: &Translated, exchanged: &[[IpAddr; 2]]) -> bool {
    // Captures of one host's traffic may well be merged: they have one clock.
    let hosts = distinct(exchanged.iter().flatten().copied()).len();
    let merged = capture.info.application.as_deref().is_some_and(|name| name.starts_with(MERGES));
    (merged && hosts > 2) || has_several_senders(capture, exchanged) || is_seen_by_several_clients(capture, translated)
}

/// Whether two computers' frames were evidently sent by the capturing computer, to one whose frames were received. One computer
/// may have two addresses, but has them on one network card.
fn has_several_senders(capture: &CaptureFacts, exchanged: &[[IpAddr; 2]]) -> bool {
    let other = capture.traffic.other();
    // By address, as a capture may have very many.
    let only_sent = other.evidence.iter().filter(|host| (host.outbound > 0) != (host.inbound > 0));
    let only_sent: HashMap<IpAddr, bool> = only_sent.map(|host| (host.ip, host.outbound > 0)).collect();
    let is = |ip: IpAddr, sent: bool| only_sent.get(&ip) == Some(&sent);
    let macs: HashMap<IpAddr, [u8; 6]> =
        other.neighbours.iter().map(|neighbour| (neighbour.ip, neighbour.mac)).collect();
    let mut senders: BTreeMap<IpAddr, Vec<[u8; 6]>> = BTreeMap::new();
    for [one, two] in exchanged.iter().flat_map(|[one, two]| [[*one, *two], [*two, *one]]) {
        if is(one, true) && is(two, false) {
            senders.entry(two).or_default().extend(macs.get(&one));
        }
    }
    senders.into_values().any(|macs| distinct(macs).len() > 1)
}

/// Whether the handshakes of clients on several computers are seen as only the client's computer sees them.
fn is_seen_by_several_clients(capture: &CaptureFacts, translated: &Translated) -> bool {
    let mut clients: Vec<IpAddr> = Vec::new();
    let connections = capture.traffic.tcp_connections().take(HANDSHAKES_LOOKED_AT).enumerate();
    for (_, connection) in connections.filter(|(position, _)| !translated.hides(Protocol::Tcp, *position)) {
        if is_seen_by_client(capture, &connection) == Some(true) {
            clients.extend(connection.syn_sender.map(|client| connection.address(client).ip));
        }
    }
    distinct(clients).len() > 1
}

/// Whether a handshake is seen as at the client; `None` where it does not tell.
fn is_seen_by_client(capture: &CaptureFacts, connection: &TcpConnection) -> Option<bool> {
    let [first, second] = connection.addresses;
    let repeated = [Side::Originator, Side::Responder].map(|side| connection.counts(side).retransmissions);
    if connection.handshake != HandshakeState::Complete || first.ip == second.ip || repeated != [0, 0] {
        return None;
    }
    let notes: Vec<_> = capture.traffic.tcp_notes(connection.stream).take(3).collect();
    let time = |frame| -> Option<Timestamp> { notes.iter().find(|note| note.frame == frame)?.time };
    let [syn, syn_ack, ack] = [connection.syn?, connection.syn_ack?, connection.ack?].map(time);
    let (to_server, to_client) = (syn_ack?.nanoseconds_since(syn?), ack?.nanoseconds_since(syn_ack?));
    let exact = syn?.digits >= 6 && to_client >= 0 && to_server < LATE;
    exact.then_some(to_server >= to_client.saturating_mul(FARTHER).saturating_add(EXACTNESS))
}
