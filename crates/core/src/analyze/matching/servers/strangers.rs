//! Computers whose connections to the lab's servers are none of the lab: scanners and health checks, which say nothing.

use std::net::IpAddr;

use foldhash::{HashMap, HashMapExt, HashSet, HashSetExt};

use crate::analyze::matching::servers::choice::Servers;
use crate::analyze::matching::servers::exchanged::server_side;
use crate::analyze::matching::servers::services::same_computer;
use crate::analyze::matching::servers::unsaid::is_left_at_once;
use crate::journal::NamedJournal;
use crate::lab::LabConfig;
use socklab_packets::limits::LAB_CANDIDATES;
use socklab_packets::pipeline::CaptureFacts;
use socklab_packets::track::{Exchanged, HandshakeState, Side};
use socklab_packets::types::Protocol;

/// A computer that was refused at more ports of the servers' computer than this looks for open ones.
const REFUSED_PORTS: usize = 2;

/// What a computer did at the servers' computer.
#[derive(Default)]
struct Visits {
    /// It exchanged something with a server of the lab, or kept a connection to one.
    is_client: bool,
    /// It connected to a server of the lab and left at once, without a word.
    touched: bool,
    /// Ports at which it was refused or got no answer, up to one more than tell.
    refused: HashSet<u16>,
    /// One of those is a server's of the lab.
    refused_by_server: bool,
}

/// The computers that are strangers to the lab: nothing that they sent to a server of it has payload, though others exchange data
/// there, and each connection was ended as soon as it was there, or was one of many attempts at other ports. Whom the user, the
/// sheet or a journal names is none.
pub(crate) fn strangers(
    captures: &[CaptureFacts],
    journals: &[NamedJournal],
    servers: &Servers,
    config: &LabConfig,
) -> HashSet<IpAddr> {
    let mut visits: HashMap<IpAddr, Visits> = HashMap::new();
    let is_servers = |ip: IpAddr| servers.endpoints().any(|(_, server)| server.ip == ip);
    for capture in captures {
        for (position, connection) in capture.traffic.exchanged(Protocol::Tcp).enumerate() {
            let Some(server) = server_side(connection.ends.syn_sender, connection.ends.syn_ack_sender) else {
                for own in [Side::Originator, Side::Responder] {
                    if servers.contains(Protocol::Tcp, connection.ends.address(own)) {
                        visits.entry(connection.ends.address(own.other()).ip).or_default().is_client = true;
                    }
                }
                continue;
            };
            let (at, client) = (connection.ends.address(server), connection.ends.address(server.other()).ip);
            if !is_servers(at.ip) || same_computer(at.ip, client) || visits.len() >= LAB_CANDIDATES {
                continue;
            }
            let (visit, of_lab) = (visits.entry(client).or_default(), servers.contains(Protocol::Tcp, at));
            match kind(capture, position, &connection, server.other()) {
                Visit::Refused => {
                    visit.refused_by_server |= of_lab;
                    if visit.refused.len() <= REFUSED_PORTS {
                        visit.refused.insert(at.port);
                    }
                }
                Visit::Brief => visit.touched |= of_lab,
                Visit::Whole => visit.is_client |= of_lab,
            }
        }
        let datagrams = capture.traffic.ends(Protocol::Udp, 0..).map(|ends| ends.addresses);
        for [one, other] in datagrams {
            for (own, peer) in [(one, other), (other, one)] {
                if servers.contains(Protocol::Udp, own) {
                    visits.entry(peer.ip).or_default().is_client = true;
                }
            }
        }
    }
    if !visits.values().any(|visit| visit.is_client) {
        return HashSet::new();
    }
    let named: HashSet<IpAddr> = named(journals, config).collect();
    let is_stranger = |(ip, visit): &(IpAddr, Visits)| {
        let scans = visit.refused.len() > REFUSED_PORTS;
        let is_one = scans || visit.touched && !visit.refused_by_server;
        !visit.is_client && is_one && !named.contains(ip)
    };
    visits.into_iter().filter(is_stranger).map(|(ip, _)| ip).collect()
}

/// What a connection was to its server.
enum Visit {
    Refused,
    Brief,
    Whole,
}

fn kind(capture: &CaptureFacts, position: usize, connection: &Exchanged, client: Side) -> Visit {
    match connection.handshake {
        _ if connection.data_frames > 0 => Visit::Whole,
        HandshakeState::Refused | HandshakeState::SynOnly => Visit::Refused,
        _ if is_left_at_once(capture, position, connection, client) => Visit::Brief,
        _ => Visit::Whole,
    }
}

/// The addresses of clients that the user, the sheet or a journal names.
fn named(journals: &[NamedJournal], config: &LabConfig) -> impl Iterator<Item = IpAddr> {
    let sheet = &config.sheet;
    let of_sheet = sheet.clients().filter_map(|host| sheet.address_of(host));
    let events = journals.iter().flat_map(|named| &named.journal.events);
    let told = events.flat_map(|event| [event.local, event.remote]).flatten().map(|address| address.ip);
    config.hosts.values().copied().chain(of_sheet).chain(told)
}
