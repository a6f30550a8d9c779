//! Clients of the lab that tried another address than its server's.

use std::net::IpAddr;

use foldhash::{HashMap, HashMapExt, HashSet};

use crate::analyze::analysis::{Code, Finding, Severity};
use crate::analyze::claims::words::addresses;
use crate::analyze::conversation::LabConnection;
use crate::analyze::distinct::distinct;
use crate::analyze::findings::made::{frames, of_file, sightings};
use crate::analyze::matching::{Known, LabView, is_other_service};
use crate::analyze::network::same_link;
use crate::analyze::text::{FrameRanges, HostSpan, Span, Text, say};
use crate::lab::HostName;
use socklab_packets::limits::LAB_STREAMS;
use socklab_packets::packet::IcmpKind;
use socklab_packets::pipeline::CaptureFacts;
use socklab_packets::track::{HandshakeState, Side, TcpConnection, UdpConversation, Unreachable};
use socklab_packets::types::{FrameNumber, Protocol, SocketAddress, StreamNumber, is_group};

/// So many ports of one computer may be tried in search of a server's.
const MOST_PORTS: usize = 3;

/// A connection, or an attempt at one, or datagrams, that did not go to the lab's server.
struct Try {
    client: SocketAddress,
    server: SocketAddress,
    what: &'static str,
    /// The first frame of a connection, the datagrams of a conversation, and what came back as ICMP.
    frames: Vec<FrameNumber>,
    errors: Vec<FrameNumber>,
}

/// Looks at one file for attempts at the server's port on other computers and at other ports of its computer, and for
/// connections to other computers' servers, of hosts that connected to the server as well.
pub(super) fn find(view: &LabView<'_>, number: usize, found: &mut Vec<Finding>) {
    let Some((server, tries)) = tries(view, number) else { return };
    let what = match tries.len() {
        1 => "A connection was tried at another address than the server's, ",
        _ => "Connections were tried at other addresses than the server's, ",
    };
    let words = Words { what: say![what, server], by: "by ", at: "at ", advice: compare("tried") };
    found.extend(finding(view, number, tries, words));
}

/// Whether one file has such attempts or datagrams: what it holds is of the lab, though nothing of it got to the server.
pub(super) fn is_in(view: &LabView<'_>, number: usize) -> bool {
    let mut found = Vec::new();
    find(view, number, &mut found);
    find_datagrams(view, number, &mut found);
    !found.is_empty()
}

/// The attempts in one file, and the server that they missed: one that the file shows, if it does.
fn tries(view: &LabView<'_>, number: usize) -> Option<(SocketAddress, Vec<Try>)> {
    let capture = view.captures.get(number)?;
    let is_one = |connection: &LabConnection| connection.established() && is_at_server(view, connection.server());
    let here = sightings(view, number).map(|(known, _)| known.connection).filter(|connection| is_one(connection));
    let mut servers = distinct(here.map(LabConnection::server));
    if servers.is_empty() {
        servers = distinct(view.connections().filter(|connection| is_one(connection)).map(LabConnection::server));
    }
    let server = *servers.first()?;
    let connections = capture.traffic.tcp_connections().take(LAB_STREAMS);
    let attempts = connections.filter_map(|tcp| attempt(view, &tcp, &servers));
    let attempts = attempts.filter(|one| has_connected(view, one.client));
    let elsewhere = sightings(view, number).filter(|(known, sighting)| {
        let at = sighting.server();
        let is_best = known.connection.best().capture == number;
        is_best
            && sighting.established()
            && !is_at_server(view, at)
            && at.port == server.port
            && !known.step.is_parallel()
            && is_mistaken(view, known, &servers)
    });
    let elsewhere = elsewhere.map(|(_, sighting)| Try {
        client: sighting.client(),
        server: sighting.server(),
        what: "connected",
        frames: vec![sighting.connection.first_frame.number()],
        errors: Vec::new(),
    });
    let mut tries: Vec<Try> = attempts.chain(elsewhere).collect();
    without_scans(&mut tries);
    Some((server, tries))
}

/// Whether a client's computer connected to the lab's server, at some time.
fn has_connected(view: &LabView<'_>, client: SocketAddress) -> bool {
    let of_host = |other: SocketAddress| view.hosts.computer(other.ip) == view.hosts.computer(client.ip);
    let is_there = |connection: &LabConnection| {
        connection.established() && of_host(connection.client()) && is_at_server(view, connection.server())
    };
    is_client(view, client) && view.known().any(|known| is_there(known.connection))
}

/// Whether an address is of a client's computer of the lab.
fn is_client(view: &LabView<'_>, address: SocketAddress) -> bool {
    view.hosts.name_of(address.ip).is_some() && !is_at_server(view, address)
}

/// Whether a connection to another address than the server's went there by mistake. What its step is answered from did not, as
/// where the server's computer had another address then. At another client's computer it did if the client was at the server
/// as well, or is not the step's.
fn is_mistaken(view: &LabView<'_>, known: &Known<'_>, servers: &[SocketAddress]) -> bool {
    let (client, at) = (known.connection.client(), known.connection.server());
    let is_there = |other: Known<'_>| other.connection.established() && is_at_server(view, other.connection.server());
    let is_of_step = known.step.host().is_some_and(|host| view.hosts.is(client.ip, host));
    // The client that comes while another one is served has to come to that one's server.
    let is_first = |other: Known<'_>| other.step != known.step && other.connection.server() == at;
    let has_come = !known.step.is_beside_busy() || view.known().any(is_first);
    let answers = is_of_step && has_come && !view.of_step(known.step).any(is_there);
    match view.hosts.is_of_client(at.ip, &view.config.sheet) {
        true => has_connected(view, client) || is_client(view, client) && !answers,
        false => {
            has_connected(view, client) && !answers && !servers.iter().any(|server| are_of_card(view, [at, *server]))
        }
    }
}

/// Whether one network card said in ARP that it has both addresses, in whatever capture.
fn are_of_card(view: &LabView<'_>, addresses: [SocketAddress; 2]) -> bool {
    let neighbours = || view.captures.iter().flat_map(|capture| &capture.traffic.other().neighbours);
    let [cards, others] = addresses.map(|address| {
        let of_it = neighbours().filter(|one| one.ip == address.ip && one.by_arp && one.mac != [0; 6]);
        of_it.map(|one| one.mac).collect::<HashSet<_>>()
    });
    !cards.is_disjoint(&others)
}

/// The same of datagrams: at addresses where nobody was, and at the server's port on other computers.
pub(super) fn find_datagrams(view: &LabView<'_>, number: usize, found: &mut Vec<Finding>) {
    let Some(capture) = view.captures.get(number) else { return };
    let servers: Vec<SocketAddress> = distinct(view.conversations().map(|conversation| conversation.server()));
    let mistaken = view.mistaken.iter().filter_map(|conversation| conversation.in_capture(number));
    let mistaken =
        mistaken.map(|sighting| datagrams(capture, sighting.conversation.addresses, sighting.conversation.stream));
    let elsewhere = capture.traffic.udp_conversations().take(LAB_STREAMS);
    let elsewhere = elsewhere
        .filter(|udp| is_elsewhere(view, udp, &servers))
        .map(|udp| datagrams(capture, udp.addresses, udp.stream));
    let mut tries: Vec<Try> = mistaken.chain(elsewhere).collect();
    without_scans(&mut tries);
    let to = distinct(tries.iter().map(|one| one.server));
    let (what, sent) = match (tries.iter().map(|one| one.frames.len()).fold(0, usize::saturating_add), to.len()) {
        (1, _) => ("A datagram went to another address than the UDP server's, ", "sent that"),
        (_, 1) => ("Datagrams went to another address than the UDP server's, ", "sent them"),
        _ => ("Datagrams went to other addresses than the UDP server's, ", "sent them"),
    };
    let is_mended = tries.iter().all(|one| went_right_later(view, number, one));
    let advice = if is_mended { "Later ones went to the right one.".to_owned() } else { compare(sent) };
    let words = Words { what: say![what, addresses(&servers)], by: "from ", at: "to ", advice };
    // Whose client never got to the server has something to do.
    let of_host = |one: &Try, ip: IpAddr| view.hosts.computer(one.client.ip) == view.hosts.computer(ip);
    let got_there = |one: &Try| view.conversations().any(|other| of_host(one, other.client().ip));
    let severity = if tries.iter().all(got_there) { Severity::Info } else { Severity::Warning };
    found.extend(finding(view, number, tries, words).map(|finding| Finding { severity, ..finding }));
}

/// What to do, where the lab's client `did` that.
fn compare(did: &str) -> String {
    format!("If it was the lab's client that {did}, compare the address and the port in it.")
}

/// Whether the same computer sent datagrams to the server after these, as this file shows.
fn went_right_later(view: &LabView<'_>, number: usize, one: &Try) -> bool {
    let Some(last) = one.frames.iter().max() else { return false };
    let of_host = |other: IpAddr| view.hosts.computer(other) == view.hosts.computer(one.client.ip);
    view.conversations().filter(|other| of_host(other.client().ip)).any(|other| {
        other.in_capture(number).is_some_and(|sighting| {
            let notes = view.udp_notes(sighting);
            notes.iter().any(|note| note.sender == sighting.client_side && note.frame > (*last).into())
        })
    })
}

/// The words of a finding: what happened, how its parts go on, and what to do.
struct Words {
    what: Text,
    by: &'static str,
    at: &'static str,
    advice: String,
}

/// The finding about some tries, if there are any.
fn finding(view: &LabView<'_>, number: usize, mut tries: Vec<Try>, words: Words) -> Option<Finding> {
    tries.sort_by_key(|one| one.frames.first().copied());
    if tries.is_empty() {
        return None;
    }
    let by_host = distinct(tries.iter().map(|one| one.client.ip)).into_iter().map(|host| {
        let of_host = || tries.iter().filter(|one| one.client.ip == host);
        let each = distinct(of_host().map(|one| (one.server, one.what))).into_iter().map(|(server, what)| {
            let alike = of_host().filter(|one| (one.server, one.what) == (server, what));
            let frames = FrameRanges::of(alike.flat_map(|one| one.frames.iter().copied()));
            say![words.at, server, format!(" ({what}, "), frames, ")"]
        });
        say![who(view, host), " ", Text::list(each)]
    });
    let message = say![words.what, ": ", words.by, Text::list(by_host), format!(". {}", words.advice)];
    let finding = of_file(view, number, Code::WrongAddress, Severity::Info, message, None);
    let shown = tries.iter().flat_map(|one| one.frames.iter().chain(&one.errors).copied());
    Some(Finding { evidence: frames(view, number, shown), ..finding })
}

/// A client's computer in a sentence. What never got to the server tells nothing of whose it is, but the sheet may.
fn who(view: &LabView<'_>, ip: IpAddr) -> Span {
    let (hosts, sheet) = (&view.hosts, &view.config.sheet);
    let is_free = |name: &HostName| hosts.ip_of(*name).is_none() && sheet.address_of(*name) == Some(ip);
    match sheet.clients().find(is_free).filter(|_| hosts.name_of(ip).is_none() && hosts.is_of_client(ip, sheet)) {
        Some(name) => Span::Host(HostSpan { ip, name: Some(name), with_address: true }),
        None => view.client_host(ip),
    }
}

/// Whether datagrams went to the port of a server on another computer, and nothing came back: from a client of a server, or from a
/// computer beside the lab's to one of its clients.
fn is_elsewhere(view: &LabView<'_>, udp: &UdpConversation, servers: &[SocketAddress]) -> bool {
    let [client, server] = udp.addresses;
    let is_end =
        |address: SocketAddress| view.conversations().any(|other| [other.client(), other.server()].contains(&address));
    let of_host = |other: IpAddr| view.hosts.computer(other) == view.hosts.computer(client.ip);
    let is_near = servers.iter().any(|there| there.port == server.port && there.ip != server.ip);
    let is_other = !is_end(server) && !is_group(server.ip) && !server.ip.is_loopback() && !is_at_server(view, server);
    is_near
        && is_other
        && udp.counts(Side::Responder).datagrams == 0
        && !is_at_server(view, client)
        && (view.conversations().any(|other| of_host(other.client().ip))
            || is_client(view, server) && same_link(client.ip, server.ip))
}

/// The datagrams of the first sender of a conversation, and what came back of them.
fn datagrams(capture: &CaptureFacts, [client, server]: [SocketAddress; 2], stream: StreamNumber) -> Try {
    let about_it = |message: &&Unreachable| {
        let quoted = message.quoted.filter(|quoted| quoted.protocol == Protocol::Udp);
        quoted.is_some_and(|quoted| (quoted.source, quoted.destination) == (client, server))
    };
    let is_refusal = |message: &&Unreachable| message.kind == IcmpKind::PortUnreachable && message.from == server.ip;
    let messages: Vec<&Unreachable> = capture.traffic.other().unreachable.iter().filter(about_it).collect();
    let what = match messages.as_slice() {
        [] => "not answered",
        all if all.iter().any(is_refusal) => "refused",
        _ => "not delivered",
    };
    let errors = messages.iter().map(|message| message.frame).collect();
    let frames = capture.traffic.udp_notes(stream).map(|note| note.frame).collect();
    Try { client, server, what, frames, errors }
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
    is_wrong.then_some(Try {
        client: tcp.address(client),
        server,
        what,
        frames: vec![tcp.first_frame],
        errors: Vec::new(),
    })
}
