//! Which socket addresses may be the lab's servers: what each did in the captures, and how well that fits the lab.

use std::net::IpAddr;

use foldhash::{HashMap, HashMapExt, HashSet, HashSetExt};

use crate::analyze::facts::{CaptureFacts, NamedJournal};
use crate::analyze::topology::services::{EPHEMERAL_PORTS, is_other_service};
use crate::analyze::track::{HandshakeState, PayloadKind, Side, TcpConnection, UdpConversation};
use crate::journal::EventKind;
use crate::lab::{HostName, LabConfig};
use crate::limits::LAB_CANDIDATES;
use crate::types::{Protocol, SocketAddress};

/// From this score on a socket address is taken for a server of the lab.
pub(crate) const LAB_SCORE: i32 = 6;

/// The ports that the bundled programs and common course material use.
const COURSE_PORTS: [u16; 4] = [12_000, 50_007, 65_432, 65_433];

/// A protocol and a socket address.
pub(crate) type Endpoint = (Protocol, SocketAddress);

/// What a socket address did that may be a server's.
#[derive(Debug, Clone, Default)]
pub(crate) struct Candidate {
    /// Connections or conversations with it as server, known or possible.
    streams: u64,
    /// Those in which the handshake shows that it is the server.
    shown: u64,
    /// UDP conversations in which it was sent to first.
    addressed_first: u64,
    /// Those in which something answered.
    answered: u64,
    /// Streams without a handshake in which only the peer's port is of the range that systems pick clients' ports from;
    /// and those in which only its own is.
    peer_ephemeral: u64,
    own_ephemeral: u64,
    /// Up to three distinct peers.
    peers: Vec<IpAddr>,
    /// Peers on the same link, judged by their addresses.
    on_link: bool,
    /// Streams whose first payload was text, or another protocol's.
    text: u64,
    foreign: u64,
    /// Payload bytes and the frames that carried them.
    payload_bytes: u64,
    payload_frames: u64,
    /// Captures that it is in.
    captures: u32,
    last_capture: usize,
    /// A server's journal names it.
    journalled: bool,
}

/// Which ports a search for candidates takes in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ports {
    /// Those that no other well-known service stands on.
    Unclaimed,
    /// All: a lab may be run on port 80 all the same.
    All,
}

/// The candidates of all captures and journals.
pub(crate) struct Found {
    /// What each did.
    pub(crate) candidates: HashMap<Endpoint, Candidate>,
    /// There are more than [`LAB_CANDIDATES`]: further ones were not looked at.
    pub(crate) cut: bool,
}

/// Collects the candidates of all captures and journals.
pub(crate) fn collect(captures: &[CaptureFacts], journals: &[NamedJournal], config: &LabConfig, ports: Ports) -> Found {
    let mut found = Candidates { map: HashMap::new(), cut: false, config, ports };
    for (number, capture) in captures.iter().enumerate() {
        for connection in capture.traffic.tcp_connections() {
            found.add_tcp(number, &connection);
        }
        for conversation in capture.traffic.udp_conversations() {
            found.add_udp(number, &conversation);
        }
        for unreachable in &capture.traffic.other().unreachable {
            if let Some(quoted) = unreachable.quoted {
                found.note(number, quoted.protocol, quoted.destination, quoted.source.ip);
            }
        }
    }
    found.add_journals(journals);
    Found { candidates: found.map, cut: found.cut }
}

struct Candidates<'a> {
    map: HashMap<Endpoint, Candidate>,
    cut: bool,
    config: &'a LabConfig,
    ports: Ports,
}

impl Candidates<'_> {
    /// Whether the lab's settings, or else the address and port, leave room for a server of the lab here.
    fn may_be_server(&self, protocol: Protocol, address: SocketAddress) -> bool {
        if self.config.hosts.get(&HostName::A).is_some_and(|host| *host != address.ip) {
            return false;
        }
        match self.config.port(protocol) {
            Some(port) => port == address.port,
            None => {
                let unclaimed = self.ports == Ports::All || !is_other_service(protocol, address.port);
                (unclaimed && !is_group(address.ip)) || self.config.server_ports.contains(&address.port)
            }
        }
    }

    fn add_tcp(&mut self, capture: usize, connection: &TcpConnection) {
        let shown = server_side(connection);
        let sides: &[Side] = match shown {
            Some(Side::A) => &[Side::A],
            Some(Side::B) => &[Side::B],
            None => &[Side::A, Side::B],
        };
        for &side in sides {
            let Some(candidate) =
                self.note(capture, Protocol::Tcp, connection.address(side), connection.address(side.other()).ip)
            else {
                continue;
            };
            candidate.shown += u64::from(shown.is_some());
            if shown.is_none() {
                candidate.add_ports(connection.address(side).port, connection.address(side.other()).port);
            }
            candidate.answered += u64::from(connection.handshake != HandshakeState::SynOnly);
            for direction in [Side::A, Side::B] {
                let counts = connection.counts(direction);
                candidate.payload_bytes = candidate.payload_bytes.saturating_add(counts.payload_bytes);
                candidate.payload_frames += counts.data_frames;
                candidate.add_payload(connection.payload_kind(direction));
            }
        }
    }

    fn add_udp(&mut self, capture: usize, conversation: &UdpConversation) {
        if conversation.addresses.iter().any(|address| is_group(address.ip)) {
            return;
        }
        for side in [Side::A, Side::B] {
            let answered = conversation.counts(side).datagrams > 0;
            let Some(candidate) =
                self.note(capture, Protocol::Udp, conversation.address(side), conversation.address(side.other()).ip)
            else {
                continue;
            };
            candidate.addressed_first += u64::from(side == Side::B);
            candidate.add_ports(conversation.address(side).port, conversation.address(side.other()).port);
            candidate.answered += u64::from(answered);
            for direction in [Side::A, Side::B] {
                let counts = conversation.counts(direction);
                candidate.payload_bytes = candidate.payload_bytes.saturating_add(counts.payload_bytes);
                candidate.payload_frames += counts.datagrams;
                candidate.add_payload(conversation.payload_kind(direction));
            }
        }
    }

    /// The candidate at this endpoint, counted once more; `None` where the lab's settings or the endpoint itself rule it
    /// out.
    fn note(
        &mut self,
        capture: usize,
        protocol: Protocol,
        address: SocketAddress,
        peer: IpAddr,
    ) -> Option<&mut Candidate> {
        if !self.may_be_server(protocol, address) {
            return None;
        }
        let room = self.map.len() < LAB_CANDIDATES;
        let candidate = match self.map.entry((protocol, address)) {
            std::collections::hash_map::Entry::Occupied(entry) => entry.into_mut(),
            std::collections::hash_map::Entry::Vacant(entry) if room => entry.insert(Candidate::default()),
            std::collections::hash_map::Entry::Vacant(_) => {
                self.cut = true;
                return None;
            }
        };
        candidate.streams += 1;
        if candidate.captures == 0 || candidate.last_capture != capture {
            candidate.captures += 1;
            candidate.last_capture = capture;
        }
        if candidate.peers.len() < 3 && !candidate.peers.contains(&peer) {
            candidate.peers.push(peer);
        }
        candidate.on_link |= same_link(address.ip, peer);
        Some(candidate)
    }

    /// What the servers' journals say of their own addresses. A wildcard address stands for every address with its port.
    fn add_journals(&mut self, journals: &[NamedJournal]) {
        let mut everywhere = HashSet::new();
        for event in journals.iter().flat_map(|named| &named.journal.events) {
            let serves = match event.event {
                EventKind::Listen | EventKind::Accept => true,
                EventKind::Bind => event.protocol == Protocol::Udp,
                _ => false,
            };
            let (true, Some(local)) = (serves, event.local) else { continue };
            if local.ip.is_unspecified() {
                everywhere.insert((event.protocol, local.port));
            } else if self.may_be_server(event.protocol, local) {
                self.map.entry((event.protocol, local)).or_default().journalled = true;
            }
        }
        for ((protocol, address), candidate) in &mut self.map {
            candidate.journalled |= everywhere.contains(&(*protocol, address.port));
        }
    }
}

impl Candidate {
    fn add_ports(&mut self, own: u16, peer: u16) {
        match (EPHEMERAL_PORTS.contains(&own), EPHEMERAL_PORTS.contains(&peer)) {
            (false, true) => self.peer_ephemeral += 1,
            (true, false) => self.own_ephemeral += 1,
            _ => {}
        }
    }

    fn add_payload(&mut self, kind: PayloadKind) {
        match kind {
            PayloadKind::None => {}
            PayloadKind::Text => self.text += 1,
            PayloadKind::Other => self.foreign += 1,
        }
    }

    /// How well this endpoint fits the lab's server. Each line is one piece of evidence; none decides alone.
    pub(crate) fn score(&self, (protocol, address): &Endpoint, config: &LabConfig) -> i32 {
        let set_host = config.hosts.contains_key(&HostName::A);
        let set_port = config.port(*protocol).is_some() || config.server_ports.contains(&address.port);
        let few_bytes = self.payload_frames > 0 && self.payload_bytes / self.payload_frames.max(1) < 600;
        let mut score = 0;
        let mut add = |holds: bool, points: i32| score += if holds { points } else { 0 };
        add(self.journalled, 20);
        add(set_host, 6);
        add(set_port, 6);
        add(is_local(address.ip), 3);
        add(self.on_link, 1);
        add(self.shown > 0, 3);
        add(self.peer_ephemeral > 0, 2);
        add(self.own_ephemeral > 0, -3);
        add(self.addressed_first > 0, 2);
        add(self.answered > 0, 1);
        add(self.peers.len() > 1, 2);
        add(self.streams > 1, 1);
        add(self.captures > 1, 1);
        add(self.text > self.foreign, 2);
        add(self.foreign > self.text, -5);
        add(few_bytes, 1);
        add(COURSE_PORTS.contains(&address.port), 2);
        score
    }

    /// Whether a server's journal names it.
    pub(crate) fn is_journalled(&self) -> bool {
        self.journalled
    }

    /// Whether what went over it looks like typed text.
    pub(crate) fn carries_text(&self) -> bool {
        self.text > self.foreign
    }

    /// Streams seen with it, for choosing between equal scores.
    pub(crate) fn streams(&self) -> u64 {
        self.streams
    }

    /// Whether more than its place in a conversation speaks for a server: a handshake, a journal, the first datagram of a
    /// conversation, or several peers.
    pub(crate) fn acts_as_server(&self) -> bool {
        self.shown > 0 || self.journalled || self.addressed_first > 0 || self.peers.len() > 1
    }
}

/// The server's side as the handshake shows it: the receiver of the SYN, else the sender of the SYN-ACK.
pub(crate) fn server_side(connection: &TcpConnection) -> Option<Side> {
    connection.syn_sender.map(Side::other).or(connection.syn_ack_sender)
}

/// Whether an address names a group of hosts: multicast, or the broadcast address.
pub(crate) fn is_group(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.is_multicast() || ip.is_broadcast() || ip.octets()[3] == 255,
        IpAddr::V6(ip) => ip.is_multicast(),
    }
}

/// Whether an address is of the kind that a lab uses: private, link-local or loopback.
fn is_local(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.is_private() || ip.is_link_local() || ip.is_loopback(),
        IpAddr::V6(ip) => {
            ip.is_unique_local()
                || ip.is_unicast_link_local()
                || ip.is_loopback()
                || ip.segments()[..2] == [0x2001, 0xdb8]
        }
    }
}

/// Whether two addresses look as if they were on one link: the same /24, or the same /64.
fn same_link(a: IpAddr, b: IpAddr) -> bool {
    match (a, b) {
        (IpAddr::V4(a), IpAddr::V4(b)) => a.octets()[..3] == b.octets()[..3],
        (IpAddr::V6(a), IpAddr::V6(b)) => a.segments()[..4] == b.segments()[..4],
        _ => false,
    }
}
