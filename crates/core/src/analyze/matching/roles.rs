//! Who is client and who is server in each connection and conversation, and which of them belong to the lab.

use std::collections::BTreeSet;
use std::net::IpAddr;

use foldhash::{HashMap, HashMapExt, HashSet};

use crate::analyze::analysis::{LabFrames, Role, RoleBasis};
use crate::analyze::matching::servers::choice::Servers;
use crate::analyze::matching::servers::exchanged::{is_simultaneous, server_side};
use crate::analyze::matching::servers::services::{is_other_service, is_other_socket, may_be_ephemeral};
use crate::analyze::translated::Translated;
use socklab_packets::limits::LAB_STREAMS;
use socklab_packets::pipeline::CaptureFacts;
use socklab_packets::track::{PayloadKind, Side, StreamEnds};
use socklab_packets::types::{Protocol, SocketAddress, is_group};

/// The roles in one capture, in the order of stream numbers.
#[derive(Debug, Default)]
pub(crate) struct CaptureRoles {
    /// Of the TCP connections.
    pub(crate) tcp: Vec<Role>,
    /// Of the UDP conversations.
    pub(crate) udp: Vec<Role>,
    /// The positions of those UDP conversations that are part of others of the lab.
    pub(crate) other_halves: BTreeSet<usize>,
    /// How many frames the streams of the lab have.
    pub(crate) lab_frames: LabFrames,
}

impl CaptureRoles {
    /// How many connections of the lab the capture has, or conversations, whichever are more.
    pub(super) fn most_of_lab(&self) -> usize {
        let of_lab = |roles: &[Role]| roles.iter().filter(|role| role.lab).count();
        of_lab(&self.tcp).max(of_lab(&self.udp))
    }
}

/// Gives every connection and conversation of a capture its roles. Connections of `strangers` are none of the lab.
pub(crate) fn assign(
    capture: &CaptureFacts,
    translated: &Translated,
    servers: &Servers,
    strangers: &HashSet<IpAddr>,
) -> CaptureRoles {
    let traffic = &capture.traffic;
    let of_tcp = |ends: &StreamEnds| {
        let role = tcp_role(ends, servers);
        Role { lab: role.lab && !strangers.contains(&ends.address(role.client).ip), ..role }
    };
    let mut tcp = roles_of(traffic.ends(Protocol::Tcp, 0..), traffic.tcp_count(), &of_tcp);
    let pushers = pushers(capture, servers);
    let role = |ends: &StreamEnds| udp_role(ends, servers, &pushers);
    let mut udp = roles_of(traffic.ends(Protocol::Udp, 0..), traffic.udp_count(), &role);
    for (protocol, roles) in [(Protocol::Tcp, &mut tcp), (Protocol::Udp, &mut udp)] {
        seen_twice(capture, protocol, translated, roles);
    }
    let other_halves = other_halves(capture, servers, &mut udp);
    let (tcp, udp, frames) = (tcp.0, udp.0, [tcp.1, udp.1]);
    let lab_frames = LabFrames { tcp: frames[0], udp: frames[1], ..LabFrames::default() };
    CaptureRoles { tcp, udp, other_halves, lab_frames }
}

/// The roles of so many streams, and how many frames those of the lab have.
fn roles_of(
    streams: impl Iterator<Item = StreamEnds>,
    count: usize,
    role: &dyn Fn(&StreamEnds) -> Role,
) -> (Vec<Role>, u64) {
    let mut roles = Vec::with_capacity(count);
    let mut lab_frames = 0_u64;
    roles.extend(streams.map(|ends| {
        let role = role(&ends);
        lab_frames = lab_frames.saturating_add(if role.lab { ends.frames } else { 0 });
        role
    }));
    (roles, lab_frames)
}

/// A stream that another one shows with translated addresses is of the lab where that one is.
fn seen_twice(
    capture: &CaptureFacts,
    protocol: Protocol,
    translated: &Translated,
    (roles, lab_frames): &mut (Vec<Role>, u64),
) {
    for (hidden, kept) in translated.all(protocol) {
        let Some(kept) = roles.get(*kept).copied() else { continue };
        let Some(role) = roles.get_mut(*hidden) else { continue };
        let frames = capture.traffic.ends(protocol, std::iter::once(*hidden)).map(|ends| ends.frames).sum();
        match (role.lab, kept.lab) {
            (false, true) => *lab_frames = lab_frames.saturating_add(frames),
            (true, false) => *lab_frames = lab_frames.saturating_sub(frames),
            _ => {}
        }
        *role = kept;
    }
}

/// Streams that belong to those of the lab, by their positions: what came to a client from other sockets of the server's computer,
/// which makes it the client there too, and what went to all computers at the port of a server. Gives them their roles.
fn other_halves(
    capture: &CaptureFacts,
    servers: &Servers,
    (roles, lab_frames): &mut (Vec<Role>, u64),
) -> BTreeSet<usize> {
    let ends = || capture.traffic.ends(Protocol::Udp, 0..);
    let of_lab = ends().zip(roles.iter()).filter(|(_, role)| role.lab).take(LAB_STREAMS);
    let mut asked: HashMap<SocketAddress, Vec<SocketAddress>> = HashMap::new();
    for (ends, role) in of_lab {
        asked.entry(ends.address(role.client)).or_default().push(ends.address(role.client.other()));
    }
    let mut halves = BTreeSet::new();
    let ports = servers.endpoints().filter(|(protocol, _)| *protocol == Protocol::Udp).map(|(_, server)| server.port);
    let ports: Vec<u16> = ports.collect();
    for (position, (ends, role)) in ends().zip(roles).enumerate().filter(|(_, (_, role))| !role.lab) {
        let [first, second] = ends.addresses;
        let answers = asked.get(&second).is_some_and(|servers| {
            servers.iter().any(|server| first.ip == server.ip || is_other_socket(capture, first, *server))
        });
        if answers {
            (role.client, role.basis) = (Side::Responder, RoleBasis::Lab);
        }
        if answers || is_group(second.ip) && ports.contains(&second.port) {
            role.lab = true;
            *lab_frames = lab_frames.saturating_add(ends.frames);
            halves.insert(position);
        }
    }
    halves
}

/// The servers that are asked in a capture and send on to other computers, which never send anything to them: in what they
/// send they are clients themselves. A client may have one socket to ask from and another one for what comes back.
fn pushers(capture: &CaptureFacts, servers: &Servers) -> HashSet<(SocketAddress, SocketAddress)> {
    // Every conversation is asked for its addresses, and few for more.
    let addresses = || capture.traffic.ends(Protocol::Udp, 0..).map(|ends| ends.addresses);
    let asking = addresses().filter(|[_, asked]| servers.contains(Protocol::Udp, *asked));
    let mut askers: HashMap<SocketAddress, HashSet<IpAddr>> = HashMap::new();
    for [asker, asked] in asking.take(LAB_STREAMS) {
        askers.entry(asked).or_default().insert(asker.ip);
    }
    let is_pushed = |[sender, receiver]: &[SocketAddress; 2]| {
        let is_other = askers.get(sender).is_some_and(|askers| !askers.contains(&receiver.ip));
        is_other && !may_be_ephemeral(receiver.port)
    };
    let is_silent = |position: usize| {
        let conversation = capture.traffic.udp_at(position);
        conversation.is_some_and(|conversation| conversation.payload_kind(Side::Responder) == PayloadKind::None)
    };
    let pushed = addresses().enumerate().filter(|(position, addresses)| is_pushed(addresses) && is_silent(*position));
    pushed.map(|(_, addresses)| addresses.into()).take(LAB_STREAMS).collect()
}

/// The receiver of the SYN is the server, else the sender of the SYN-ACK, else the lab's server address, else a guess.
fn tcp_role(ends: &StreamEnds, servers: &Servers) -> Role {
    // Nobody listens, but the user may have named one of them.
    if is_simultaneous(ends) {
        return role_without_handshake(Protocol::Tcp, ends.addresses, servers);
    }
    let Some(server) = server_side(ends.syn_sender, ends.syn_ack_sender) else {
        return role_without_handshake(Protocol::Tcp, ends.addresses, servers);
    };
    let basis = if ends.syn_sender.is_some() { RoleBasis::Syn } else { RoleBasis::SynAck };
    let [a, b] = ends.addresses;
    let lab = servers.contains(Protocol::Tcp, if server == Side::Originator { a } else { b });
    Role { client: server.other(), basis, lab }
}

/// UDP has no handshake: the lab's server address, else a guess. What goes to all computers goes to no client or server alone.
fn udp_role(ends: &StreamEnds, servers: &Servers, pushers: &HashSet<(SocketAddress, SocketAddress)>) -> Role {
    let [a, b] = ends.addresses;
    if pushers.contains(&(a, b)) {
        let lab = servers.contains(Protocol::Udp, b);
        return Role { client: Side::Originator, basis: if lab { RoleBasis::Lab } else { RoleBasis::Guess }, lab };
    }
    // An address that sends is a host's, whatever it looks like (RFC 1122, section 3.2.1.3).
    if is_group(b.ip) {
        return Role { client: guess_client(Protocol::Udp, a, b), basis: RoleBasis::Guess, lab: false };
    }
    role_without_handshake(Protocol::Udp, ends.addresses, servers)
}

fn role_without_handshake(protocol: Protocol, addresses: [SocketAddress; 2], servers: &Servers) -> Role {
    let [a, b] = addresses;
    let server = match (servers.score(protocol, a), servers.score(protocol, b)) {
        (None, None) => return Role { client: guess_client(protocol, a, b), basis: RoleBasis::Guess, lab: false },
        (a, b) if a > b => Side::Originator,
        _ => Side::Responder,
    };
    Role { client: server.other(), basis: RoleBasis::Lab, lab: true }
}

/// A well-known service is the server; else who has an ephemeral port is the client; else the lower port serves; else who
/// spoke first is the client. Each is weak evidence, so the basis is a guess.
fn guess_client(protocol: Protocol, a: SocketAddress, b: SocketAddress) -> Side {
    let (service_a, service_b) = (is_other_service(protocol, a.port), is_other_service(protocol, b.port));
    let (ephemeral_a, ephemeral_b) = (may_be_ephemeral(a.port), may_be_ephemeral(b.port));
    if service_a != service_b {
        return if service_a { Side::Responder } else { Side::Originator };
    }
    if ephemeral_a != ephemeral_b {
        return if ephemeral_a { Side::Originator } else { Side::Responder };
    }
    if a.port < b.port { Side::Responder } else { Side::Originator }
}
