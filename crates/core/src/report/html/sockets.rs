//! The servers' sockets: 1 listening and one connected for each client, or one for all in UDP.

use foldhash::HashSet;

use crate::analyze::analysis::{Analysis, Facts, LabStream};
use crate::report::words;
use crate::wording;
use socklab_packets::types::{Protocol, SocketAddress};

/// Sockets that are drawn of one server.
const DRAWN: usize = 40;

/// The sockets of one server.
pub(super) struct ServerView {
    pub(super) title: String,
    pub(super) sum: String,
    pub(super) class: &'static str,
    pub(super) sockets: Vec<Socket>,
    pub(super) left_out: Option<String>,
}

/// One socket.
pub(super) struct Socket {
    pub(super) class: &'static str,
    pub(super) kind: &'static str,
    pub(super) local: String,
    /// What stands before `remote`: a UDP socket that is not connected has no remote address, but peers.
    pub(super) side: &'static str,
    pub(super) remote: String,
}

/// The servers, part by part, TCP before UDP.
pub(super) fn servers(analysis: &Analysis) -> Vec<ServerView> {
    let mut views = Vec::new();
    for Group { part, protocol, is_parallel } in groups(analysis) {
        let mut streams: Vec<&LabStream> = analysis.lab.streams.iter().collect();
        streams.retain(|stream| {
            let step = &stream.step;
            let is_of = step.part() == part && step.is_parallel() == is_parallel;
            is_of && stream.protocol == protocol && stream.established
        });
        streams.sort_by(|one, other| one.step.cmp(&other.step));
        let mut addresses: Vec<SocketAddress> = Vec::new();
        for stream in &streams {
            if !addresses.contains(&stream.server) {
                addresses.push(stream.server);
            }
        }
        let single = addresses.len() == 1;
        for address in addresses {
            let of_it: Vec<&LabStream> = streams.iter().filter(|stream| stream.server == address).copied().collect();
            views.push(match protocol {
                Protocol::Tcp => tcp(analysis, part, address, &of_it, is_parallel && single),
                Protocol::Udp => udp(analysis, part, address, &of_it),
            });
        }
    }
    views
}

/// Steps whose clients come to one kind of server.
#[derive(PartialEq)]
struct Group<'a> {
    part: Option<&'a str>,
    protocol: Protocol,
    is_parallel: bool,
}

/// The groups of the sheet's steps, in its order.
fn groups(analysis: &Analysis) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    for step in analysis.lab.sheet.recorded() {
        let group =
            step.protocol().map(|protocol| Group { part: step.part(), protocol, is_parallel: step.is_parallel() });
        groups.extend(group.filter(|group| !groups.contains(group)));
    }
    groups
}

fn tcp(
    analysis: &Analysis,
    part: Option<&str>,
    address: SocketAddress,
    streams: &[&LabStream],
    is_answered: bool,
) -> ServerView {
    let (queued, accepted): (Vec<&LabStream>, Vec<&LabStream>) = streams.iter().partition(|stream| may_wait(stream));
    let answered = is_answered.then(|| answered(analysis)).flatten();
    let (listening, connected) = answered.unwrap_or((1, accepted.len() as u64));
    let all = listening.saturating_add(connected);
    let socket = |class, kind, remote| Socket { class, kind, local: address.to_string(), side: "remote", remote };
    let mut sockets = vec![socket("listening", "listening", "any client".to_owned())];
    let rest = accepted.iter().map(|stream| socket("connected", "connected", end(analysis, stream.client)));
    sockets.extend(rest.take(DRAWN));
    let hidden = connected.saturating_sub(sockets.len().saturating_sub(1) as u64);
    let waiting = queued.iter().map(|stream| {
        let kind = "in the queue, until the program accepts it";
        socket("queued", kind, end(analysis, stream.client))
    });
    sockets.extend(waiting.take(DRAWN));
    let mut sum = format!("{}: {listening} listening + {connected} connected", wording::count(all, "socket"));
    if !queued.is_empty() {
        let more = wording::count(queued.len() as u64, "more connection");
        let is = if queued.len() == 1 { "is" } else { "are" };
        sum.push_str(&format!(
            "; {more} {is} in the queue until the program accepts {}",
            if queued.len() == 1 { "it" } else { "them" }
        ));
    }
    ServerView {
        title: title(analysis, part, Protocol::Tcp, address),
        sum,
        class: "tcp",
        sockets,
        left_out: (hidden > 0).then(|| format!("{} not drawn.", wording::count(hidden, "connected socket"))),
    }
}

/// Whether a connection may have waited in the listening socket's queue: it came while the program served another client,
/// and nothing shows that the program accepted it.
fn may_wait(stream: &LabStream) -> bool {
    stream.step.is_beside_busy() && !stream.served
}

/// The numbers of the answer about the server's sockets, which may know more than the captures.
fn answered(analysis: &Analysis) -> Option<(u64, u64)> {
    analysis.answers.iter().find_map(|answer| match answer.facts {
        Facts::ServerSockets { listening_sockets: Some(listening), connection_sockets: Some(connected), .. } => {
            Some((listening, connected))
        }
        _ => None,
    })
}

fn udp(analysis: &Analysis, part: Option<&str>, address: SocketAddress, streams: &[&LabStream]) -> ServerView {
    // A journal may tell of clients that no capture shows.
    let received = analysis.calls.received.iter().filter(|[local, _]| local.takes(address)).map(|[_, client]| *client);
    let mut all: Vec<SocketAddress> = streams.iter().map(|stream| stream.client).collect();
    let captured: HashSet<SocketAddress> = all.iter().copied().collect();
    all.extend(received.filter(|client| !captured.contains(client)));
    let clients: Vec<String> = all.iter().take(DRAWN).map(|client| end(analysis, *client)).collect();
    let hidden = all.len().saturating_sub(clients.len());
    ServerView {
        title: title(analysis, part, Protocol::Udp, address),
        sum: "One socket for all clients: UDP has no connections".to_owned(),
        class: "udp",
        sockets: vec![Socket {
            class: "unconnected",
            kind: "not connected",
            local: address.to_string(),
            side: "from",
            remote: clients.join(", "),
        }],
        left_out: (hidden > 0).then(|| format!("{} not listed.", wording::count(hidden as u64, "client"))),
    }
}

fn title(analysis: &Analysis, part: Option<&str>, protocol: Protocol, address: SocketAddress) -> String {
    let part = part.map(|part| format!("Part {part}, ")).unwrap_or_default();
    format!("{part}{protocol} server {}", end(analysis, address))
}

fn end(analysis: &Analysis, address: SocketAddress) -> String {
    words::socket_address(&analysis.lab, address)
}
