//! What the questions about clients side by side share: the clients of the threaded server, out of all hosts' captures and
//! the server's journal.

use std::net::IpAddr;

use foldhash::{HashMap, HashMapExt};

use crate::analyze::accounts::{Accepted, Entry, Left};
use crate::analyze::analysis::Evidence;
use crate::analyze::claims::{Draft, tcp_evidence};
use crate::analyze::conversation::TcpSighting;
use crate::analyze::distinct::distinct;
use crate::analyze::matching::{Known, LabView};
use crate::lab::{HostName, Question, Step};
use socklab_packets::track::HandshakeState;
use socklab_packets::types::SocketAddress;

/// One client of the threaded server, with all that is known of it.
pub(super) struct ParallelClient<'a> {
    /// Its socket address.
    pub(super) address: SocketAddress,
    /// Its computer, by the address that stands for all of it; where one plays all hosts, by the client's own.
    pub(super) host: IpAddr,
    /// Its connection in the captures.
    pub(super) known: Option<Known<'a>>,
    /// Its `accept()` in the server's journal.
    pub(super) accepted: Option<&'a Accepted>,
    /// The run of the server that tells of it, by its place among those that count.
    pub(super) run: Option<usize>,
    /// It was left in the queue, as the server's journal says.
    pub(super) left: Option<&'a Left>,
    /// It was in the queue until another one had ended, as the server's journal says.
    pub(super) had_turn: bool,
}

impl ParallelClient<'_> {
    fn at(view: &LabView<'_>, address: SocketAddress) -> Self {
        let host = if view.hosts.is_one_computer() { address.ip } else { view.hosts.computer(address.ip) };
        ParallelClient { address, host, known: None, accepted: None, run: None, left: None, had_turn: false }
    }
}

/// Clients of which the captures have frames, by how much of their handshakes is among these.
#[derive(Default)]
pub(super) struct ByHandshake<'c, 'a> {
    /// All three frames.
    pub(super) whole: Vec<&'c ParallelClient<'a>>,
    /// Some of them.
    pub(super) partly: Vec<&'c ParallelClient<'a>>,
    /// None, and nothing shows that the client connected before the capture started: a filter may have kept them out, or they were
    /// lost.
    pub(super) filtered: Vec<&'c ParallelClient<'a>>,
    /// None: the client connected before the capture started.
    pub(super) late: Vec<&'c ParallelClient<'a>>,
}

impl<'c, 'a> ByHandshake<'c, 'a> {
    pub(super) fn of(clients: impl Iterator<Item = &'c ParallelClient<'a>>) -> Self {
        let mut all = ByHandshake::default();
        let is_lost = |client: &ParallelClient<'_>| {
            client.known.is_some_and(|known| known.timeline.seen.iter().any(|seen| seen.lost_handshake))
        };
        for client in clients {
            let Some(Known { connection, .. }) = client.known else { continue };
            let whole: &TcpSighting = connection.whole();
            let those = if connection.handshake_complete() {
                &mut all.whole
            } else if connection.handshake() != HandshakeState::NotCaptured {
                &mut all.partly
            } else if whole.has_only_payload() || whole.has_one_direction() || is_lost(client) {
                &mut all.filtered
            } else {
                &mut all.late
            };
            those.push(client);
        }
        all
    }
}

/// The clients whose connections were established, in the order of files and frames, then of the journal.
///
/// A journal entry and a connection with the same client socket address are one; where an address was used again, they
/// are paired in order.
pub(super) fn clients<'a>(view: &'a LabView<'_>, question: &'a Question) -> Vec<ParallelClient<'a>> {
    let mut clients: Vec<ParallelClient<'a>> = view
        .of_steps(question.steps())
        .filter(|known| known.connection.established())
        .map(|known| ParallelClient { known: Some(known), ..ParallelClient::at(view, known.connection.client()) })
        .collect();
    for (number, run) in view.servers_of(true).enumerate() {
        for (place, accepted) in run.accepted.iter().enumerate() {
            let had_turn = run.turn(place).is_some();
            if let Some(client) = noted(view, &mut clients, accepted.client) {
                (client.accepted, client.run, client.had_turn) = (Some(accepted), Some(number), had_turn);
            }
        }
        for left in &run.left {
            if let Some(client) = noted(view, &mut clients, left.client) {
                client.left = Some(left);
            }
        }
    }
    clients
}

/// The client with this address of which no journal has told yet; a new one where there is none.
fn noted<'c, 'a>(
    view: &'a LabView<'_>,
    clients: &'c mut Vec<ParallelClient<'a>>,
    address: SocketAddress,
) -> Option<&'c mut ParallelClient<'a>> {
    let is_it =
        |client: &ParallelClient<'_>| client.address == address && client.accepted.is_none() && client.left.is_none();
    let place = clients.iter().position(is_it).unwrap_or_else(|| {
        clients.push(ParallelClient::at(view, address));
        clients.len().saturating_sub(1)
    });
    clients.get_mut(place)
}

/// The clients of each computer, in order of appearance.
pub(super) fn by_host<'c, 'a>(clients: &'c [ParallelClient<'a>]) -> Vec<(IpAddr, Vec<&'c ParallelClient<'a>>)> {
    let mut places = HashMap::new();
    let mut hosts: Vec<(IpAddr, Vec<&ParallelClient<'_>>)> = Vec::new();
    for client in clients {
        let host = client.host;
        let place = *places.entry(host).or_insert(hosts.len());
        match hosts.get_mut(place) {
            Some((_, here)) => here.push(client),
            None => hosts.push((host, vec![client])),
        }
    }
    hosts
}

/// The address by which a sentence about clients of one computer names it: theirs where they share one, as it may have had
/// another one in another step.
pub(super) fn own_address(host: IpAddr, clients: impl Iterator<Item = SocketAddress>) -> IpAddr {
    match distinct(clients.map(|client| client.ip)).as_slice() {
        [only] => *only,
        _ => host,
    }
}

/// The frames of the clients' handshakes, or the data of a connection whose handshake was not captured, by file.
pub(super) fn handshakes(view: &LabView<'_>, clients: &[&ParallelClient<'_>]) -> Vec<Evidence> {
    Evidence::by_file(clients.iter().filter_map(|client| client.known).flat_map(|known| {
        let sighting = known.connection.whole();
        let handshake = view.handshake(sighting);
        let shown = if handshake.is_empty() { view.frames(sighting).data() } else { handshake };
        tcp_evidence(view, sighting, shown)
    }))
}

/// The entries of the clients' `accept()`, or of their waiting, by journal.
pub(super) fn accepts(clients: &[&ParallelClient<'_>]) -> Vec<Evidence> {
    let entry = |client: &&ParallelClient<'_>| {
        let accepted = client.accepted.map(|accepted| &accepted.accepted);
        accepted.or(client.left.map(|left| &left.queued)).map(Entry::evidence)
    };
    Evidence::by_file(clients.iter().filter_map(entry))
}

/// Says which of the captures that the sheet asks for is not there. Returns whether clients of one of them are known from no
/// journal either, so that a part of the answer is missing.
pub(super) fn name_missing(
    view: &LabView<'_>,
    question: &Question,
    clients: &[ParallelClient<'_>],
    draft: &mut Draft,
) -> bool {
    let is_one_computer = view.hosts.is_one_computer();
    let is_own = |c: &ParallelClient<'_>| c.known.is_some_and(|k| k.connection.server().ip == c.address.ip);
    // Where somebody's try with client and server on one computer is all there is, no other host's capture could be missing.
    let hosts = distinct(clients.iter().map(|client| client.host));
    if !is_one_computer && hosts.len() == 1 && clients.iter().all(is_own) {
        return false;
    }
    let is_of = |client: &ParallelClient<'_>, step: &Step| match is_one_computer {
        true => client.known.is_none_or(|known| known.step == step),
        false => step.host().is_some_and(|name| view.hosts.is(client.host, name)),
    };
    let lack = |is_seen: fn(&ParallelClient<'_>) -> bool, step: &Step| {
        step.captured().is_some() && !clients.iter().any(|client| is_seen(client) && is_of(client, step))
    };
    let missing = question.steps().iter().filter(|step| lack(|client| client.known.is_some(), step));
    missing.for_each(|step| draft.missing(step.capture()));
    let unseen = unseen_hosts(view, question, clients);
    for (step, host) in &unseen {
        let server = view.config.sheet.server();
        draft.missing(format!("a capture of {} made at host {host}, or at host {server}", step.name()));
    }
    !unseen.is_empty() || question.steps().iter().any(|step| lack(|_| true, step))
}

/// The hosts whose clients of a step no capture shows, where the sheet asks for one capture of the clients of several hosts: at
/// one of these it shows that one's alone.
fn unseen_hosts<'q>(
    view: &LabView<'_>,
    question: &'q Question,
    clients: &[ParallelClient<'_>],
) -> Vec<(&'q Step, HostName)> {
    let has = |host: HostName| clients.iter().any(|client| view.hosts.is(client.host, host));
    let is_at_one = |step: &&Step| step.hosts().len() > 1 && step.captured().is_some_and(has);
    let steps = question.steps().iter().filter(is_at_one).filter(|_| !view.hosts.is_one_computer());
    steps.flat_map(|step| step.hosts().iter().filter(|host| !has(**host)).map(move |host| (step, *host))).collect()
}

/// The most clients of a question that the sheet has run on one computer: all, where one plays all hosts.
pub(super) fn most_on_one(view: &LabView<'_>, question: &Question) -> u64 {
    let clients = clients_of_sheet(question).map(|(_, clients)| clients);
    if view.hosts.is_one_computer() { clients.sum() } else { clients.max().unwrap_or(0) }
}

/// The hosts on which the sheet has clients of a question run, and how many on each.
pub(super) fn clients_of_sheet(question: &Question) -> impl Iterator<Item = (HostName, u64)> {
    let steps = question.steps().iter();
    steps.flat_map(|step| step.hosts().iter().map(move |host| (*host, u64::from(step.clients()))))
}

/// The part that a question is about, after a noun: ` of Part II`; nothing where the sheet has no parts.
pub(super) fn of_part(question: &Question) -> String {
    let part = question.step().and_then(Step::part);
    part.map(|part| format!(" of Part {part}")).unwrap_or_default()
}

/// Says that a part of the clients is missing, where it is.
pub(super) fn partly(question: &Question, missing: bool, draft: &mut Draft) {
    if missing {
        let of = of_part(question);
        let of = if of.is_empty() { " of what the sheet asks for" } else { &of };
        draft.unknown(format!("These files show only a part{of}: see what is missing."));
    }
}
