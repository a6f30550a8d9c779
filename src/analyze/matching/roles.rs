//! Who is client and who is server in each connection and conversation, and which of them belong to the lab.

use crate::analyze::analysis::{Role, RoleBasis};
use crate::analyze::facts::CaptureFacts;
use crate::analyze::matching::candidates::server_side;
use crate::analyze::matching::servers::Servers;
use crate::analyze::matching::services::{is_other_service, may_be_ephemeral};
use crate::analyze::track::{Side, TcpConnection, UdpConversation};
use crate::types::{Protocol, SocketAddress};

/// The roles in one capture, in the order of stream numbers.
#[derive(Debug, Default)]
pub(crate) struct CaptureRoles {
    /// Of the TCP connections.
    pub(crate) tcp: Vec<Role>,
    /// Of the UDP conversations.
    pub(crate) udp: Vec<Role>,
}

/// Gives every connection and conversation of a capture its roles.
pub(crate) fn assign(capture: &CaptureFacts, servers: &Servers) -> CaptureRoles {
    CaptureRoles {
        tcp: capture.traffic.tcp_connections().map(|connection| tcp_role(&connection, servers)).collect(),
        udp: capture.traffic.udp_conversations().map(|conversation| udp_role(&conversation, servers)).collect(),
    }
}

/// The receiver of the SYN is the server, else the sender of the SYN-ACK, else the lab's server address, else a guess.
fn tcp_role(connection: &TcpConnection, servers: &Servers) -> Role {
    let Some(server) = server_side(connection) else {
        return role_without_handshake(Protocol::Tcp, connection.addresses, servers);
    };
    let basis = if connection.syn_sender.is_some() { RoleBasis::Syn } else { RoleBasis::SynAck };
    let lab = servers.contains(Protocol::Tcp, connection.address(server));
    Role { client: server.other(), basis, lab }
}

/// UDP has no handshake: the lab's server address, else a guess.
fn udp_role(conversation: &UdpConversation, servers: &Servers) -> Role {
    role_without_handshake(Protocol::Udp, conversation.addresses, servers)
}

fn role_without_handshake(protocol: Protocol, addresses: [SocketAddress; 2], servers: &Servers) -> Role {
    let [a, b] = addresses;
    let server = match (servers.score(protocol, a), servers.score(protocol, b)) {
        (None, None) => return Role { client: guess_client(protocol, a, b), basis: RoleBasis::Guess, lab: false },
        (a, b) if a > b => Side::A,
        _ => Side::B,
    };
    Role { client: server.other(), basis: RoleBasis::Lab, lab: true }
}

/// A well-known service is the server; else who has an ephemeral port is the client; else the lower port serves; else who
/// spoke first is the client. Each is weak evidence, so the basis is a guess.
fn guess_client(protocol: Protocol, a: SocketAddress, b: SocketAddress) -> Side {
    let (service_a, service_b) = (is_other_service(protocol, a.port), is_other_service(protocol, b.port));
    let (ephemeral_a, ephemeral_b) = (may_be_ephemeral(a.port), may_be_ephemeral(b.port));
    if service_a != service_b {
        return if service_a { Side::B } else { Side::A };
    }
    if ephemeral_a != ephemeral_b {
        return if ephemeral_a { Side::A } else { Side::B };
    }
    if a.port < b.port { Side::B } else { Side::A }
}
