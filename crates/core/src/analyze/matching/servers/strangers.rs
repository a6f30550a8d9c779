//! Computers whose connections to the lab's servers are none of the lab: scanners and health checks, which say nothing.

use std::net::IpAddr;

use foldhash::{HashMap, HashSet, HashSetExt};

use crate::analyze::matching::servers::choice::Servers;
use crate::analyze::matching::servers::exchanged::server_side;
use crate::analyze::matching::servers::services::same_computer;
use crate::analyze::matching::servers::tried::{REFUSED_PORTS, looks_for_others, with_room};
use crate::analyze::matching::servers::unsaid::is_left_at_once;
use crate::analyze::network::same_link;
use crate::journal::NamedJournal;
use crate::lab::LabConfig;
use socklab_packets::pipeline::CaptureFacts;
use socklab_packets::track::{Exchanged, Side};
use socklab_packets::types::{Protocol, SocketAddress, Timestamp};

/// So many connections at regular intervals are a program's that looks whether the server is there.
const REGULAR: usize = 3;

/// Times that are looked at of each computer.
const MOST_TIMES: usize = 64;

/// What a computer did at the servers' computer.
#[derive(Default)]
struct Visits {
    /// It exchanged something with a server of the lab, or kept a connection to one.
    is_client: bool,
    /// The captures in which it connected to a server of the lab and left at once, without a word.
    touched: HashSet<usize>,
    /// When it did.
    times: Vec<Timestamp>,
    /// It did so from another network than the server's.
    is_off_link: bool,
    /// Ports at which it was refused or got no answer, without those of the lab's servers, up to one more than tell.
    refused: HashSet<u16>,
    /// It was refused by a server of the lab.
    refused_by_server: bool,
}

/// The computers that are strangers to the lab: nothing that they sent to a server of it has payload, though others exchange data
/// there, and they connected and left at once again and again, as a clock does, or once from another network, or they tried many
/// other ports as well. Whom the user, the sheet or a journal names is none; who came once from the server's link may be a student.
pub(crate) fn strangers(
    captures: &[CaptureFacts],
    journals: &[NamedJournal],
    servers: &Servers,
    config: &LabConfig,
) -> HashSet<IpAddr> {
    let all = AllVisits::of(captures, servers);
    if !all.by_computer.values().any(|visit| visit.is_client) {
        return HashSet::new();
    }
    let named: HashSet<IpAddr> = named(journals, config).collect();
    let is_stranger = |(ip, visit): &(IpAddr, Visits)| {
        let scans = looks_for_others(&visit.refused, None);
        let is_elsewhere =
            visit.is_off_link && !visit.refused_by_server && visit.touched.is_subset(&all.captures_with_clients);
        let is_one = scans || is_elsewhere || is_regular(&visit.times);
        !visit.is_client && is_one && !named.contains(ip)
    };
    all.by_computer.into_iter().filter(is_stranger).map(|(ip, _)| ip).collect()
}

/// What all computers did at the servers' computer.
#[derive(Default)]
struct AllVisits {
    by_computer: HashMap<IpAddr, Visits>,
    /// The captures that show a client of the lab: one without them may be that of a client's own computer.
    captures_with_clients: HashSet<usize>,
}

impl AllVisits {
    /// Those over TCP, and over UDP who sent something; none where the lab has no TCP server.
    fn of(captures: &[CaptureFacts], servers: &Servers) -> AllVisits {
        let mut all = AllVisits::default();
        let has = |protocol: Protocol| servers.endpoints().any(|(of, _)| of == protocol);
        let has_udp = has(Protocol::Udp);
        if !has(Protocol::Tcp) {
            return all;
        }
        let hosts: HashSet<IpAddr> = servers.endpoints().map(|(_, server)| server.ip).collect();
        for (number, capture) in captures.iter().enumerate() {
            for (position, connection) in capture.traffic.exchanged(Protocol::Tcp).enumerate() {
                let ends = &connection.ends;
                match server_side(ends.syn_sender, ends.syn_ack_sender) {
                    None => all.add_client(number, Protocol::Tcp, ends.addresses, servers),
                    Some(server) if hosts.contains(&ends.address(server).ip) => {
                        all.add((number, capture), position, &connection, server, servers);
                    }
                    Some(_) => {}
                }
            }
            for ends in capture.traffic.ends(Protocol::Udp, 0..).filter(|_| has_udp) {
                all.add_client(number, Protocol::Udp, ends.addresses, servers);
            }
        }
        all
    }

    /// A stream of which each end may be the server's: whoever is at the other one of a server of the lab is a client.
    fn add_client(&mut self, capture: usize, protocol: Protocol, [one, other]: [SocketAddress; 2], servers: &Servers) {
        for (own, peer) in [(one, other), (other, one)] {
            if servers.contains(protocol, own) {
                self.captures_with_clients.insert(capture);
                with_room(&mut self.by_computer, peer.ip).into_iter().for_each(|visit| visit.is_client = true);
            }
        }
    }

    /// A connection to a socket address of the servers' computer.
    fn add(
        &mut self,
        (number, capture): (usize, &CaptureFacts),
        position: usize,
        connection: &Exchanged,
        server: Side,
        servers: &Servers,
    ) {
        let (at, client) = (connection.ends.address(server), connection.ends.address(server.other()).ip);
        if same_computer(at.ip, client) {
            return;
        }
        let Some(visit) = with_room(&mut self.by_computer, client) else { return };
        let of_lab = servers.contains(Protocol::Tcp, at);
        match kind(capture, position, connection, server.other()) {
            Visit::Refused if of_lab => visit.refused_by_server = true,
            Visit::Refused if visit.refused.len() <= REFUSED_PORTS => {
                visit.refused.insert(at.port);
            }
            Visit::Brief if of_lab => {
                visit.touched.insert(number);
                visit.is_off_link |= !same_link(at.ip, client);
                let time = capture.traffic.tcp_at(position).and_then(|whole| whole.first_time);
                visit.times.extend(time.filter(|_| visit.times.len() < MOST_TIMES));
            }
            Visit::Whole if of_lab => {
                visit.is_client = true;
                self.captures_with_clients.insert(number);
            }
            _ => {}
        }
    }
}

/// Whether these are as far apart as a clock has them; nobody who types is so even.
fn is_regular(times: &[Timestamp]) -> bool {
    let mut times = times.to_vec();
    times.sort_unstable();
    times.dedup();
    let apart = || times.windows(2).filter_map(|pair| Some(pair.last()?.nanoseconds_since(*pair.first()?)));
    let (Some(least), Some(most)) = (apart().min(), apart().max()) else { return false };
    times.len() >= REGULAR && most.saturating_sub(least) <= most / 50
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
        state if state.is_in_vain() => Visit::Refused,
        _ if is_left_at_once(capture, position, connection, client) => Visit::Brief,
        _ => Visit::Whole,
    }
}

/// The addresses of clients that the user, the sheet or a journal names.
fn named(journals: &[NamedJournal], config: &LabConfig) -> impl Iterator<Item = IpAddr> {
    let events = journals.iter().flat_map(|named| &named.journal.events);
    let told = events.flat_map(|event| [event.local, event.remote]).flatten().map(|address| address.ip);
    config.known_addresses().chain(told)
}
