//! Which socket addresses may be the lab's servers: what each exchanged in the captures, and how well that fits the lab.

use std::net::IpAddr;

use foldhash::{HashMap, HashMapExt, HashSet, HashSetExt};

use crate::analyze::conversation::Relays;
use crate::analyze::matching::servers::exchanged::{Exchange, exchange_of, is_simultaneous, server_side, tcp_exchange};
use crate::analyze::matching::servers::named::DatagramServers;
use crate::analyze::matching::servers::scans::Scans;
use crate::analyze::matching::servers::services::{
    has_no_text, is_course_port, is_local, is_other_service, may_be_ephemeral, same_computer,
};
use crate::analyze::matching::servers::spoken::{
    Request, is_mixed, is_of_known_program, only_greets_like_ftp, request,
};
use crate::analyze::matching::servers::unsaid::{has_only_lengths, is_given_up};
use crate::analyze::network::same_link;
use crate::analyze::translated::Translated;
use crate::journal::{EventKind, NamedJournal};
use crate::lab::LabConfig;
use socklab_packets::limits::LAB_CANDIDATES;
use socklab_packets::packet::QuotedPacket;
use socklab_packets::pipeline::CaptureFacts;
use socklab_packets::track::{Exchanged, HandshakeState, PayloadKind, Side};
use socklab_packets::types::{Protocol, SocketAddress, Timestamp, is_group};

/// A protocol and a socket address.
pub(crate) type Endpoint = (Protocol, SocketAddress);

/// Nanoseconds after one ICMP message in which Linux may not send another one to the same computer (`icmp_ratelimit`).
pub(crate) const ICMP_LIMITED: i128 = 1_000_000_000;

/// What a socket address did that may be a server's. Small, as a capture may have very many of them; counts stay at
/// 4,294,967,295.
#[derive(Debug, Clone, Default)]
pub(crate) struct Candidate {
    /// Connections or conversations with it as server, known or possible.
    streams: u32,
    /// Those in which the handshake shows that it is the server.
    shown: u32,
    /// UDP conversations in which it was sent to first, or in which it answered what went to all computers.
    addressed_first: u32,
    /// Streams without a handshake in which only the peer's port is of the range that systems pick clients' ports from;
    /// and those in which only its own is.
    peer_ephemeral: u32,
    own_ephemeral: u32,
    /// Streams without a handshake in which the peer's port is one that another service is known for, and its own is not.
    peer_service: u32,
    /// Streams with payload that goes for the lab's, by what it is, and those with another protocol's.
    text: u32,
    binary: u32,
    encrypted: u32,
    protocol: u32,
    /// Those of the binary ones of whose payload the captures hold nothing: it may be text.
    unseen: u32,
    /// Those with a browser's request that no web server answered, which tells neither.
    asked_in_vain: u32,
    /// Established connections without payload that nobody reset.
    silent: u32,
    /// Attempts that were refused or not answered.
    attempts: u32,
    /// The first peer, and whether there was another one.
    peer: Option<IpAddr>,
    has_several_peers: bool,
    /// Peers on the same link, judged by their addresses.
    on_link: bool,
    /// Peers on another computer, judged by their addresses.
    over_network: bool,
    /// Captures that it is in.
    captures: u32,
    last_capture: u32,
    /// Both ends of a conversation with it sent datagrams.
    is_two_way: bool,
    /// It, or its client, begins like another protocol's, and the other one sends plain text: FTP, SMTP, or a lab that is
    /// like them.
    is_like_ftp: bool,
    /// Whether each datagram of its UDP conversations went to it and came back as unreachable; `None` without any.
    came_back: Option<bool>,
    /// Whether all that it did with UDP was to send to who had asked another socket of its computer before; `None` without any.
    only_replies: Option<bool>,
    /// See [`is_of_known_program`].
    is_of_known_program: bool,
    /// It says on to another server what a client says to it, line by line: no service that a port is known for does.
    passes_on: bool,
    /// A server's journal names it.
    journalled: bool,
}

/// The candidates of all captures and journals.
pub(crate) struct CandidatesFound {
    /// What each did.
    pub(crate) candidates: HashMap<Endpoint, Candidate>,
    /// There are more than [`LAB_CANDIDATES`]: further ones were not looked at.
    pub(crate) cut: bool,
}

/// Collects the candidates of all captures and journals. What a capture shows twice with translated addresses counts once.
pub(crate) fn collect(
    captures: &[CaptureFacts],
    translated: &[Translated],
    relays: &[Relays],
    journals: &[NamedJournal],
    config: &LabConfig,
) -> CandidatesFound {
    let (map, asked_all, asked) = (HashMap::new(), HashSet::new(), HashSet::new());
    let mut found = Candidates { map, cut: false, config, asked_all, asked };
    let named = DatagramServers::new(journals, config);
    for (number, (capture, translated)) in captures.iter().zip(translated).enumerate() {
        found.asked_all.clear();
        found.asked.clear();
        let exchanged = capture.traffic.exchanged(Protocol::Tcp).zip(capture.traffic.tcp_streams()).enumerate();
        let exchanged = exchanged.filter(|(position, _)| !translated.hides(Protocol::Tcp, *position));
        for (position, (connection, stream)) in exchanged {
            let relays = relays.get(number);
            let told = Told {
                is_given_up: is_given_up(capture, position, &connection),
                is_onward: relays.is_some_and(|relays| relays.is_onward(stream)),
                is_passed_on: relays.is_some_and(|relays| relays.passed_on(stream).is_some()),
                only_greets: only_greets_like_ftp(capture, stream, &connection),
                is_of_known_program: is_of_known_program(capture, stream, &connection),
                request: request(capture, stream, &connection),
            };
            found.add_tcp(number, &connection, told);
        }
        let returned = returned(capture);
        let came_back = |position: usize, [client, server]: [SocketAddress; 2]| {
            let messages = returned.get(&[client, server]);
            messages.is_some_and(|messages| all_came_back(capture, position, messages))
        };
        let scans = Scans::of(capture, |address| named.has(address));
        let exchanged = capture.traffic.exchanged(Protocol::Udp).enumerate();
        let exchanged = exchanged.filter(|(_, conversation)| !scans.contains(conversation.ends.addresses));
        for (position, conversation) in exchanged.filter(|(position, _)| !translated.hides(Protocol::Udp, *position)) {
            found.add_udp(number, &conversation, came_back(position, conversation.ends.addresses));
        }
        for unreachable in &capture.traffic.other().unreachable {
            let quoted = unreachable.quoted;
            let is_of_scan = |quoted: &QuotedPacket| {
                quoted.protocol == Protocol::Udp && scans.contains([quoted.source, quoted.destination])
            };
            if let Some(quoted) = quoted.filter(|quoted| !is_of_scan(quoted)) {
                found.add_unreachable(number, quoted.protocol, [quoted.source, quoted.destination]);
            }
        }
    }
    found.add_journals(journals);
    CandidatesFound { candidates: found.map, cut: found.cut }
}

/// When datagrams of each client to each server came back as unreachable.
fn returned(capture: &CaptureFacts) -> HashMap<[SocketAddress; 2], Vec<Option<Timestamp>>> {
    let mut returned: HashMap<[SocketAddress; 2], Vec<Option<Timestamp>>> = HashMap::new();
    for message in &capture.traffic.other().unreachable {
        let Some(quoted) = message.quoted.filter(|quoted| quoted.protocol == Protocol::Udp) else { continue };
        returned.entry([quoted.source, quoted.destination]).or_default().push(message.time);
    }
    returned
}

/// Whether each datagram of a conversation came back, as messages at these times say. Of many at once a system says it only of
/// some.
fn all_came_back(capture: &CaptureFacts, position: usize, messages: &[Option<Timestamp>]) -> bool {
    let Some(conversation) = capture.traffic.udp_at(position) else { return false };
    if conversation.counts(Side::Responder).datagrams > 0 {
        return false;
    }
    if conversation.counts(Side::Originator).datagrams <= messages.len() as u64 {
        return true;
    }
    let is_limited = |sent: Timestamp| {
        let mut apart = messages.iter().flatten().map(|message| message.nanoseconds_since(sent).abs());
        apart.any(|apart| apart < ICMP_LIMITED)
    };
    capture.traffic.udp_notes_complete(conversation.stream)
        && capture.traffic.udp_notes(conversation.stream).all(|note| note.time.is_some_and(is_limited))
}

/// What a connection tells of its server, beside what was exchanged.
#[derive(Clone, Copy)]
struct Told {
    /// See [`is_given_up`].
    is_given_up: bool,
    /// It says on what was said in another connection.
    is_onward: bool,
    /// Its server says on what its client says.
    is_passed_on: bool,
    /// See [`only_greets_like_ftp`].
    only_greets: bool,
    /// See [`is_of_known_program`].
    is_of_known_program: bool,
    /// The client's request of HTTP that no web server answered.
    request: Option<Request>,
}

struct Candidates<'a> {
    map: HashMap<Endpoint, Candidate>,
    cut: bool,
    config: &'a LabConfig,
    /// Who sent to all computers in this capture so far, and to which port.
    asked_all: HashSet<(SocketAddress, u16)>,
    /// Who sent to which computer in this capture so far.
    asked: HashSet<(SocketAddress, IpAddr)>,
}

impl Candidates<'_> {
    /// Whether the lab's settings leave room for a server of the lab here.
    fn may_be_server(&self, protocol: Protocol, address: SocketAddress) -> bool {
        self.config.sheet.uses(protocol)
            && self.config.server().is_none_or(|host| host == address.ip)
            && self.config.port(protocol).is_none_or(|port| port == address.port)
            && !is_group(address.ip)
    }

    /// Whether the user named this address, or its port.
    fn is_named(&self, protocol: Protocol, address: SocketAddress) -> bool {
        let by_address = || self.config.server_ports.is_empty() && self.config.server() == Some(address.ip);
        self.config.names_port(protocol, address.port) || by_address()
    }

    /// A connection that is only the onward part of another one has nothing of its own. Where both sides opened it, there is
    /// no server but one that the user named.
    fn add_tcp(&mut self, capture: usize, connection: &Exchanged, told: Told) {
        let is_simultaneous = is_simultaneous(&connection.ends);
        let shown = server_side(connection.ends.syn_sender, connection.ends.syn_ack_sender);
        let shown = shown.filter(|_| !is_simultaneous);
        let sides: &[Side] = match shown {
            Some(Side::Originator) => &[Side::Originator],
            Some(Side::Responder) => &[Side::Responder],
            None => &[Side::Originator, Side::Responder],
        };
        let exchange = match tcp_exchange(connection, told.is_given_up) {
            _ if told.is_onward => None,
            None if told.only_greets || told.request == Some(Request::OfLab) => Some(Exchange::Text),
            exchange => exchange,
        };
        for &side in sides {
            let (own, peer) = (connection.ends.address(side), connection.ends.address(side.other()));
            let is_named = self.is_named(Protocol::Tcp, own);
            let Some(candidate) = self.note(capture, Protocol::Tcp, own, peer.ip) else { continue };
            candidate.shown = candidate.shown.saturating_add(u32::from(shown.is_some()));
            if shown.is_none() {
                candidate.add_ports(Protocol::Tcp, own.port, peer.port, false);
            }
            candidate.passes_on |= told.is_passed_on;
            candidate.is_of_known_program |= told.is_of_known_program;
            candidate.is_like_ftp |= is_mixed(connection.payload_kinds);
            if exchange.is_none() && told.request == Some(Request::Untold) {
                one_more(&mut candidate.asked_in_vain);
                continue;
            }
            candidate.add_unseen(exchange.filter(|_| has_only_lengths(connection)));
            // What is left of an earlier connection, in this file or in one before it, says nothing of the program.
            let is_rest = connection.data_frames == 0 && connection.handshake == HandshakeState::NotCaptured;
            // Neither does one that was given up before anything was said: a probe of the real server looks so, too.
            let is_untold = exchange.is_none() && told.is_given_up;
            if !is_rest && !is_untold {
                candidate.add_exchange(exchange.filter(|_| is_named || !is_simultaneous));
            }
        }
    }

    /// `came_back` says whether each of its datagrams did, as unreachable.
    fn add_udp(&mut self, capture: usize, conversation: &Exchanged, came_back: bool) {
        let [first, second] = conversation.ends.addresses;
        if is_group(first.ip) || is_group(second.ip) {
            if self.asked_all.len() < LAB_CANDIDATES {
                self.asked_all.insert((first, second.port));
            }
            return;
        }
        // What nobody sends to, and sends to those that asked its computer, is another socket of a server.
        let only_replies =
            conversation.payload_kinds[1] == PayloadKind::None && self.asked.contains(&(second, first.ip));
        if self.asked.len() < LAB_CANDIDATES {
            self.asked.insert((first, second.ip));
        }
        // Who sends the first datagram of such a conversation answers one that went to all computers.
        let answers = self.asked_all.contains(&(second, first.port));
        let addressed_side = if answers { Side::Originator } else { Side::Responder };
        // An empty line is a datagram without payload.
        let silent = conversation.payload_bytes == 0;
        let exchange = if silent { Some(Exchange::Silence) } else { exchange_of(conversation.payload_kinds) };
        for side in [Side::Originator, Side::Responder] {
            let (own, peer) = (conversation.ends.address(side), conversation.ends.address(side.other()));
            let Some(candidate) = self.note(capture, Protocol::Udp, own, peer.ip) else { continue };
            let addressed = u32::from(side == addressed_side);
            candidate.addressed_first = candidate.addressed_first.saturating_add(addressed);
            candidate.is_two_way |= !conversation.payload_kinds.contains(&PayloadKind::None);
            let only_replies = only_replies && side == Side::Originator;
            candidate.only_replies = Some(only_replies && candidate.only_replies != Some(false));
            let came_back = came_back && side == addressed_side;
            candidate.came_back = Some(came_back && candidate.came_back != Some(false));
            candidate.add_ports(Protocol::Udp, own.port, peer.port, addressed > 0);
            candidate.add_unseen(exchange.filter(|_| has_only_lengths(conversation)));
            candidate.add_exchange(exchange);
        }
    }

    /// A packet that came back: its destination was asked for something.
    fn add_unreachable(&mut self, capture: usize, protocol: Protocol, [source, destination]: [SocketAddress; 2]) {
        if let Some(candidate) = self.note(capture, protocol, destination, source.ip) {
            one_more(&mut candidate.attempts);
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
        one_more(&mut candidate.streams);
        let capture = u32::try_from(capture).unwrap_or(u32::MAX);
        if candidate.captures == 0 || candidate.last_capture != capture {
            one_more(&mut candidate.captures);
            candidate.last_capture = capture;
        }
        candidate.has_several_peers |= *candidate.peer.get_or_insert(peer) != peer;
        candidate.on_link |= same_link(address.ip, peer) || same_computer(address.ip, peer);
        candidate.over_network |= !same_computer(address.ip, peer);
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

fn one_more(count: &mut u32) {
    *count = count.saturating_add(1);
}

impl Candidate {
    /// `is_asked` says whether the peer sent first.
    fn add_ports(&mut self, protocol: Protocol, own: u16, peer: u16, is_asked: bool) {
        // A service waits to be asked: who asks from such a port most likely has it from the system.
        let is_picked = is_asked && may_be_ephemeral(peer) && !may_be_ephemeral(own);
        let services = [is_other_service(protocol, own), is_other_service(protocol, peer) && !is_picked];
        // Of a service that has a port in that range, the system's pick would be a rare one.
        let [own_ephemeral, peer_ephemeral] =
            [(own, services[0]), (peer, services[1])].map(|(port, service)| may_be_ephemeral(port) && !service);
        match (own_ephemeral, peer_ephemeral) {
            (false, true) => one_more(&mut self.peer_ephemeral),
            (true, false) => one_more(&mut self.own_ephemeral),
            _ => {}
        }
        if services == [false, true] {
            one_more(&mut self.peer_service);
        }
    }

    fn add_unseen(&mut self, exchange: Option<Exchange>) {
        self.unseen = self.unseen.saturating_add(u32::from(exchange == Some(Exchange::Binary)));
    }

    fn add_exchange(&mut self, exchange: Option<Exchange>) {
        one_more(match exchange {
            Some(Exchange::Text) => &mut self.text,
            Some(Exchange::Binary) => &mut self.binary,
            Some(Exchange::Encrypted) => &mut self.encrypted,
            Some(Exchange::Silence) => &mut self.silent,
            Some(Exchange::Attempts) => &mut self.attempts,
            None => &mut self.protocol,
        });
    }

    /// What it exchanged that may be the lab's. Payload outranks attempts; what is mostly another protocol's is none of it.
    pub(crate) fn exchange(&self) -> Option<Exchange> {
        if self.protocol > self.text.saturating_add(self.binary) {
            return None;
        }
        let kinds = [
            (self.text, Exchange::Text),
            (self.binary, Exchange::Binary),
            (self.encrypted, Exchange::Encrypted),
            (self.silent, Exchange::Silence),
            (self.attempts, Exchange::Attempts),
        ];
        let strongest = kinds.into_iter().find(|(count, _)| *count > 0).map(|(_, exchange)| exchange);
        strongest.or(self.journalled.then_some(Exchange::Silence))
    }

    /// Whether the captures hold nothing of all that it exchanged but lengths.
    pub(crate) fn is_unseen(&self) -> bool {
        self.exchange() == Some(Exchange::Binary) && self.unseen == self.binary
    }

    /// How well this endpoint fits the lab's server. Each line is one piece of evidence; none decides alone.
    pub(crate) fn score(&self, (protocol, address): &Endpoint) -> i32 {
        let mut score = match self.exchange() {
            None => return i32::MIN / 2,
            Some(Exchange::Text) => 12,
            Some(Exchange::Binary) => 8,
            Some(Exchange::Encrypted) => 4,
            Some(Exchange::Silence) => 3,
            Some(Exchange::Attempts) => 2,
        };
        let mut add = |holds: bool, points: i32| score += if holds { points } else { 0 };
        add(self.journalled, 20);
        // What speaks against a service speaks against both ends of its streams: it does not make the client the server.
        add(self.is_of_other_service(*protocol, address.port), -7);
        add(self.peer_service > 0 && self.shown == 0, -2);
        add(is_course_port(address.port), 2);
        add(is_local(address.ip), 2);
        add(self.on_link, 1);
        add(self.shown > 0, 2);
        add(self.peer_ephemeral > 0, 2);
        // More than against a port that another service is known for: X11's 6000 is a lab server's port, too.
        add(self.own_ephemeral > 0 && self.shown == 0, -8);
        add(self.addressed_first > 0, 2);
        add(*protocol == Protocol::Udp && self.addressed_first == 0, -3);
        add(self.was_never_reached(), -4);
        add(self.has_several_peers, 1);
        add(self.streams > 1, 1);
        add(self.captures > 1, 1);
        score
    }

    /// Whether another program than the lab's is likely to be at this port, or at the peer's in all of its streams.
    pub(crate) fn is_of_other_service(&self, protocol: Protocol, port: u16) -> bool {
        let is_lines = self.shown > 0 && self.text > 0 && self.text == self.streams && has_no_text(protocol, port);
        let is_at_its_port = is_other_service(protocol, port) && !self.passes_on && !is_lines;
        is_at_its_port || (self.peer_service > 0 && self.peer_service == self.streams)
    }

    /// Whether a server's journal names it.
    pub(crate) fn is_journalled(&self) -> bool {
        self.journalled
    }

    /// Whether both ends of a UDP conversation with it sent something.
    pub(crate) fn is_two_way(&self) -> bool {
        self.is_two_way
    }

    /// Whether text went one way, and what begins like another protocol's the other.
    pub(crate) fn is_like_ftp(&self) -> bool {
        self.is_like_ftp
    }

    /// Whether a handshake with a computer on its link shows that it is the server, and nothing it mostly exchanged is known to be
    /// of the lab, nor of another program: a web server may be the lab's, if the user says so.
    pub(crate) fn may_be_meant(&self) -> bool {
        let is_spoken_with = self.protocol > 0 || self.asked_in_vain > 0;
        is_spoken_with && self.shown > 0 && self.on_link && self.exchange().is_none() && !self.is_of_known_program
    }

    /// Whether what was sent to it came back, and it never sent anything itself.
    pub(crate) fn was_refused(&self) -> bool {
        self.attempts > 0 && self.shown == 0 && !self.is_two_way
    }

    /// Whether every datagram that went to it came back as unreachable, and it never sent any: no server got them.
    pub(crate) fn was_never_reached(&self) -> bool {
        self.came_back == Some(true)
    }

    /// Its peer, if all of its streams have the same one.
    pub(crate) fn only_peer(&self) -> Option<IpAddr> {
        self.peer.filter(|_| !self.has_several_peers)
    }

    /// Whether a peer of it is on its link.
    pub(crate) fn on_link(&self) -> bool {
        self.on_link
    }

    /// Whether a peer of it is on another computer.
    pub(crate) fn over_network(&self) -> bool {
        self.over_network
    }

    /// Streams seen with it, for choosing between equal scores.
    pub(crate) fn streams(&self) -> u32 {
        self.streams
    }

    /// Whether nothing but who sent first tells the ends of its streams apart: no handshake, no journal, and no port that only
    /// one end may have from its system. A capture may have begun after the first datagram.
    pub(crate) fn may_be_either_end(&self) -> bool {
        self.shown == 0 && !self.journalled && self.own_ephemeral == 0 && self.peer_ephemeral == 0
    }

    /// Whether its client may be the server just as well: no handshake, no journal and no second client tells them apart, and
    /// neither do the ports.
    pub(crate) fn may_be_client(&self, (protocol, address): &Endpoint) -> bool {
        let by_ports = match protocol {
            Protocol::Tcp => {
                is_course_port(address.port) || (self.peer_ephemeral > 0 && !may_be_ephemeral(address.port))
            }
            // Else who sent first tells.
            Protocol::Udp => self.peer_service < self.streams,
        };
        self.shown == 0 && !self.journalled && !self.has_several_peers && !by_ports
    }

    /// Whether more than its place in a conversation speaks for a server: a handshake, a journal, the first datagram of a
    /// conversation, or several peers that asked it, and not another socket of its computer.
    pub(crate) fn acts_as_server(&self) -> bool {
        let is_asked = self.has_several_peers && self.only_replies != Some(true);
        self.shown > 0 || self.journalled || self.addressed_first > 0 || is_asked
    }
}
