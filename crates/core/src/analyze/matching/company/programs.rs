//! Of which part connections are by the program that served them, as its journal names it: `tcp-server` is of the steps with one
//! client at a time, `tcp-threaded-server` of those with clients side by side.
//!
//! Somebody may have started the wrong one of both, for which there are signs in the packets. Then these tell the parts.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use foldhash::{HashMap, HashMapExt};

use crate::analyze::accounts::{Accounts, ServerRun};
use crate::analyze::conversation::{LabConnection, TcpSighting};
use crate::analyze::distinct::distinct;
use crate::analyze::matching::company::epochs::RunInputs;
use crate::analyze::matching::hosts::computers::Computers;
use crate::lab::Sheet;
use socklab_packets::types::{Protocol, SocketAddress};

/// Connections beside which one is looked at; a lab has a few.
const COMPARED: usize = 256;

/// A capture and a server.
type Place = (usize, SocketAddress);

/// The connections, by their indices, that a journal's program served: whether they are of clients side by side, where the sheet
/// has that program for such alone or for others alone.
pub(crate) fn by_program(sheet: &Sheet, known: RunInputs<'_>) -> HashMap<usize, bool> {
    let mut runs: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (index, run) in known.accounts.runs_of(known.connections) {
        runs.entry(run).or_default().push(index);
    }
    let sent = last_datagrams(known);
    let had_clients = |threaded: bool| {
        let mut servers = known.accounts.servers.iter();
        servers.any(|run| run.is_named_threaded() == Some(threaded) && !run.accepted.is_empty())
    };
    let are_both = had_clients(true) && had_clients(false);
    let mut found = HashMap::new();
    for (run, members) in runs {
        let Some(run) = known.accounts.servers.get(run) else { continue };
        let Some(threaded) = run.is_named_threaded() else { continue };
        let is_wrong = || match threaded {
            true => is_before_datagrams(known, &sent, &members),
            false => is_first_host_beside(known, run, &members),
        };
        if let Some(is_parallel) = serves_parallel(sheet, threaded).filter(|_| are_both || !is_wrong()) {
            found.extend(members.iter().map(|index| (*index, is_parallel)));
        }
    }
    let beside = beside_those(known, &found);
    found.extend(beside);
    found
}

/// The connections that no program accepted and that were open beside those of one program at one server: nobody could start
/// another one there meanwhile. A connection whose end no frame shows is open as far as its frames go, no further: it may have ended
/// when no capture ran.
fn beside_those(known: RunInputs<'_>, found: &HashMap<usize, bool>) -> HashMap<usize, bool> {
    let mut told: HashMap<Place, Vec<(&TcpSighting, bool)>> = HashMap::new();
    let place = |sighting: &TcpSighting| (sighting.capture, known.computers.socket(sighting.server()));
    // In the order of the files, of which the first are compared.
    for (index, is_parallel) in found.iter().collect::<BTreeMap<_, _>>() {
        let connection = known.connections.get(*index).filter(|one| one.established());
        for sighting in connection.into_iter().flat_map(|one| one.sightings()) {
            told.entry(place(sighting)).or_default().push((sighting, *is_parallel));
        }
    }
    let is_of_parallel = |connection: &LabConnection| {
        let mut beside = connection.sightings().iter().flat_map(|own| {
            let others = told.get(&place(own)).into_iter().flatten().take(COMPARED);
            others.filter(|(other, _)| are_shown_beside(own, other)).map(|(_, is_parallel)| *is_parallel)
        });
        let first = beside.next()?;
        beside.all(|other| other == first).then_some(first)
    };
    let all = known.connections.iter().enumerate().filter(|(_, one)| one.established());
    let untold = all.filter(|(index, _)| !found.contains_key(index));
    untold.filter_map(|(index, one)| Some((index, is_of_parallel(one)?))).collect()
}

/// Whether frames show that the one that came first was still there when the other one came.
fn are_shown_beside(one: &TcpSighting, other: &TcpSighting) -> bool {
    let begin = one.connection.first_frame.max(other.connection.first_frame);
    one.overlaps(other) && [one, other].iter().all(|sighting| begin <= sighting.connection.last_frame)
}

/// The computers whose clients the iterative server accepted after another one's, and those that came first, as journals have it:
/// whether each came later. Of one that came first in one run and later in another they tell nothing.
pub(crate) fn came_later(accounts: &Accounts, computers: &Computers) -> HashMap<IpAddr, bool> {
    let (mut told, mut both) = (HashMap::new(), BTreeSet::new());
    for run in accounts.servers.iter().filter(|run| run.is_named_threaded() == Some(false)) {
        let hosts = distinct(run.accepted.iter().map(|accepted| computers.of(accepted.client.ip)));
        // Of one alone nothing tells whether it came first.
        for (place, host) in hosts.iter().enumerate().filter(|_| hosts.len() > 1) {
            if *told.entry(*host).or_insert(place > 0) != (place > 0) {
                both.insert(*host);
            }
        }
    }
    told.retain(|host, _| !both.contains(host));
    told
}

/// Whether the clients that the sheet has for a program are side by side; `None` where it has both.
fn serves_parallel(sheet: &Sheet, threaded: bool) -> Option<bool> {
    let steps = sheet.recorded().filter(|step| step.runs(Protocol::Tcp) && !step.is_refused());
    let mut own = steps.filter(|step| sheet.has_parallel_server(step) == threaded).map(|step| step.is_parallel());
    let first = own.next()?;
    own.all(|other| other == first).then_some(first)
}

/// When each computer sent its last datagram, by the recorded times.
fn last_datagrams(known: RunInputs<'_>) -> HashMap<IpAddr, i128> {
    let mut last: HashMap<IpAddr, i128> = HashMap::new();
    for (host, sent) in known.datagrams() {
        if let Some(sent) = known.at(&sent) {
            let of_host = last.entry(host).or_insert(sent);
            *of_host = sent.max(*of_host);
        }
    }
    last
}

/// Whether a run had clients before their hosts' datagrams, by the recorded times: the step with datagrams is of the part before.
fn is_before_datagrams(known: RunInputs<'_>, sent: &HashMap<IpAddr, i128>, members: &[usize]) -> bool {
    let is_before = |(host, begin): (IpAddr, i128)| sent.get(&host).is_some_and(|sent| begin < *sent);
    members.iter().filter_map(|index| known.host(*index).zip(known.begin(*index))).any(is_before)
}

/// Whether the host that a run served first had clients side by side there.
fn is_first_host_beside(known: RunInputs<'_>, run: &ServerRun, members: &[usize]) -> bool {
    let first = run.accepted.first().map(|accepted| known.computers.of(accepted.client.ip));
    let beside: BTreeSet<IpAddr> =
        members.iter().filter(|index| known.parallel.contains(index)).filter_map(|index| known.host(*index)).collect();
    first.is_some_and(|first| beside.contains(&first))
}
