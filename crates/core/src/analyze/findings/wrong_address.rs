//! Clients of the lab that tried another address than its server's first.

use std::net::IpAddr;

use foldhash::{HashMap, HashMapExt, HashSet};

use crate::analyze::analysis::{Finding, Severity};
use crate::analyze::distinct::distinct;
use crate::analyze::findings::made::{frames, of_file, sightings};
use crate::analyze::matching::{LabView, is_other_service};
use crate::analyze::text::{FrameRanges, Text, say};
use socklab_packets::limits::LAB_STREAMS;
use socklab_packets::track::{HandshakeState, TcpConnection};
use socklab_packets::types::{FrameNumber, Protocol, SocketAddress};

/// So many ports of one computer may be tried in search of a server's.
const MOST_PORTS: usize = 3;

/// A connection, or an attempt at one, that did not go to the lab's server.
struct Try {
    client: SocketAddress,
    server: SocketAddress,
    what: &'static str,
    frame: FrameNumber,
}

/// Looks at one file for attempts at the server's port on other computers and at other ports of its computer, and for
/// connections to other computers' servers, of hosts that connected to the server as well.
pub(super) fn find(view: &LabView<'_>, number: usize, found: &mut Vec<Finding>) {
    let Some(capture) = view.captures.get(number) else { return };
    let servers: Vec<SocketAddress> = sightings(view, number)
        .filter(|(known, _)| known.connection.established() && is_at_server(view, known.connection.server()))
        .map(|(known, _)| known.connection.server())
        .collect();
    let servers = distinct(servers);
    let Some(server) = servers.first() else { return };
    let has_connected = |client: SocketAddress| {
        let of_host = |other: SocketAddress| view.hosts.computer(other.ip) == view.hosts.computer(client.ip);
        let is_client = view.hosts.name_of(client.ip).is_some() && !is_at_server(view, client);
        let mut lab = view.known();
        is_client
            && lab.any(|known| {
                let connection = known.connection;
                connection.established() && of_host(connection.client()) && is_at_server(view, connection.server())
            })
    };
    let connections = capture.traffic.tcp_connections().take(LAB_STREAMS);
    let attempts = connections.filter_map(|tcp| attempt(view, &tcp, &servers));
    let elsewhere = sightings(view, number).filter(|(known, sighting)| {
        let at = sighting.server();
        let is_best = known.connection.best().capture == number;
        is_best
            && sighting.established()
            && !is_at_server(view, at)
            && at.port == server.port
            && !known.step.is_parallel()
    });
    let elsewhere = elsewhere.map(|(_, sighting)| Try {
        client: sighting.client(),
        server: sighting.server(),
        what: "connected",
        frame: sighting.connection.first_frame,
    });
    let mut tries: Vec<Try> = attempts.chain(elsewhere).filter(|one| has_connected(one.client)).collect();
    without_scans(&mut tries);
    tries.sort_by_key(|one| one.frame);
    if tries.is_empty() {
        return;
    }
    let by_host = distinct(tries.iter().map(|one| one.client.ip)).into_iter().map(|host| {
        let each = tries.iter().filter(|one| one.client.ip == host).map(|one| {
            let at = say!["at ", one.server, format!(" ({}, ", one.what)];
            say![at, FrameRanges::of([one.frame]), ")"]
        });
        say![view.client_host(host), " ", Text::list(each)]
    });
    let message = say![
        match tries.len() {
            1 => "A connection was tried at another address than the server's, ",
            _ => "Connections were tried at other addresses than the server's, ",
        },
        *server,
        ": by ",
        Text::list(by_host),
        ". If it was the lab's client that tried, compare the address and the port in it."
    ];
    let finding = of_file(view, number, "wrong-address", Severity::Info, message, None);
    found.push(Finding { evidence: frames(view, number, tries.iter().map(|one| one.frame)), ..finding });
}

/// Leaves out those of a host that tried many ports of one computer: a scan, no wrong port in a client.
fn without_scans(tries: &mut Vec<Try>) {
    let mut ports: HashMap<(IpAddr, IpAddr), HashSet<u16>> = HashMap::new();
    for one in tries.iter() {
        ports.entry((one.client.ip, one.server.ip)).or_default().insert(one.server.port);
    }
    tries.retain(|one| ports.get(&(one.client.ip, one.server.ip)).is_none_or(|ports| ports.len() <= MOST_PORTS));
}

/// Whether an address is of the server's computer.
fn is_at_server(view: &LabView<'_>, address: SocketAddress) -> bool {
    view.hosts.is(address.ip, view.config.sheet.server())
}

/// An attempt in vain at the port of one of these servers on another computer, or at another port of its computer that no
/// other program is known for.
fn attempt(view: &LabView<'_>, tcp: &TcpConnection, servers: &[SocketAddress]) -> Option<Try> {
    let what = match tcp.handshake {
        HandshakeState::Refused => "refused",
        HandshakeState::SynOnly => "not answered",
        _ => return None,
    };
    let client = tcp.syn_sender?;
    let server = tcp.address(client.other());
    let is_near = servers.iter().any(|there| (there.port == server.port) != (there.ip == server.ip));
    let is_wrong = is_near
        && !view.servers.contains(Protocol::Tcp, server)
        && !is_other_service(Protocol::Tcp, server.port)
        && !server.ip.is_loopback();
    is_wrong.then_some(Try { client: tcp.address(client), server, what, frame: tcp.first_frame })
}
