//! In which company each connection was: alone on its host, as with a server that serves one client at a time, or of a run
//! with clients side by side, to a server of its own or after everything else.

use std::collections::BTreeSet;
use std::net::IpAddr;

use foldhash::{HashMap, HashMapExt};

use crate::analyze::accounts::Accounts;
use crate::analyze::conversation::{LabConnection, LabConversation, TcpSighting};
use crate::analyze::matching::company::attempts::attempts;
use crate::analyze::matching::company::early::{early_clients, second_hosts};
use crate::analyze::matching::company::epochs::{OneAtATime, RunInputs, first_moments, one_at_a_time};
use crate::analyze::matching::company::first_part::before_datagrams;
use crate::analyze::matching::company::later_run::LaterRun;
use crate::analyze::matching::company::older::older_side_by_side;
use crate::analyze::matching::company::programs::by_program;
use crate::analyze::matching::company::sheet_order::InOrder;
use crate::analyze::matching::company::swapped::after_pair;
use crate::analyze::matching::company::waiting::{waiting_for_one, was_queued};
use crate::analyze::matching::hosts::computers::Computers;
use crate::analyze::matching::hosts::one_computer::first_part;
use crate::analyze::row::RowFrame;
use crate::analyze::story::Story;
use crate::lab::{HostName, LabConfig, Sheet};
use socklab_packets::track::HandshakeState;
use socklab_packets::types::{Protocol, SocketAddress, Timestamp};

/// A capture, a client's computer and a server.
type Ends = (usize, IpAddr, SocketAddress);

/// Connections, by their index, as one capture shows them.
type Sighted<'a> = Vec<(usize, &'a TcpSighting)>;

/// The company that a connection belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Company {
    /// Clients of which each host runs one at a time.
    Alone,
    /// Clients side by side.
    Parallel,
    /// Either: only frames with payload are there, more clients of the host than the sheet has side by side, and nothing shows two
    /// of them open at one moment.
    Untold,
}

/// In which company connections were, by their indices.
#[derive(Default)]
pub(crate) struct Companies {
    /// That of each.
    pub(crate) of: Vec<Company>,
    /// Those of a run that another server's took the place of, which are of no step.
    pub(crate) replaced: BTreeSet<usize>,
    /// Those that may as well be of the other company.
    pub(crate) untold: BTreeSet<usize>,
}

/// The company of all connections.
pub(crate) fn company(
    config: &LabConfig,
    (story, accounts): (&Story, &Accounts),
    computers: &Computers,
    connections: &[LabConnection],
    conversations: &[LabConversation],
    set: impl Fn(usize) -> Option<Company>,
) -> Companies {
    let sheet = &config.sheet;
    if let Some(only) = only_company(sheet) {
        return Companies { of: vec![only; connections.len()], ..Companies::default() };
    }
    let mut parallel = parallel(story, computers, connections, conversations);
    parallel.extend(older_side_by_side(story, computers, connections));
    let nobody = BTreeSet::new();
    let known = RunInputs { story, accounts, computers, connections, conversations, parallel: &nobody };
    let mut named = by_program(sheet, RunInputs { parallel: &parallel, ..known });
    parallel.retain(|index| named.get(index) != Some(&false));
    let of_threaded: BTreeSet<usize> =
        named.iter().filter(|(_, is_parallel)| **is_parallel).map(|(index, _)| *index).collect();
    parallel.extend(&of_threaded);
    let (mut others, mut untold) = of_one_at_a_time(sheet, known, &mut parallel);
    others.forget(&of_threaded);
    parallel.retain(|index| !others.contains(*index));
    parallel.extend(&of_threaded);
    let known = RunInputs { parallel: &parallel, ..known };
    let in_order = InOrder::new(sheet, known);
    let later = LaterRun::of(known, &in_order);
    let set_of = |connection: &LabConnection| connection.sightings().iter().find_map(|one| set(one.capture));
    let mut all: Vec<Company> = Vec::with_capacity(connections.len());
    for (index, connection) in connections.iter().enumerate() {
        let set = set_of(connection);
        if set.is_some() {
            others.replaced.remove(&index);
            untold.remove(&index);
        }
        let is_second = || !others.contains(index) && (parallel.contains(&index) || later.has(index, connection));
        all.push(set.unwrap_or_else(|| if is_second() { Company::Parallel } else { Company::Alone }));
    }
    not_told(sheet, computers, connections, &mut all);
    if is_captured_in_parallel_only(sheet) {
        take_uncaptured_alone(config, known, &in_order, &others, &mut all);
    }
    named.retain(|index, _| connections.get(*index).is_some_and(|one| set_of(one).is_none()));
    take(&named, &mut all);
    attempts(known, &mut all);
    take(&named, &mut all);
    untold.retain(|index| !named.contains_key(index));
    Companies { of: all, replaced: others.replaced, untold }
}

/// The company of a lab whose steps are all of one, which has no choice.
fn only_company(sheet: &Sheet) -> Option<Company> {
    let has = |parallel: bool| sheet.recorded().any(|step| step.runs(Protocol::Tcp) && step.is_parallel() == parallel);
    match (has(false), has(true)) {
        (true, true) => None,
        (false, true) => Some(Company::Parallel),
        (_, false) => Some(Company::Alone),
    }
}

/// The connections whose server served one client at a time, which it takes out of those side by side, and those that may as
/// well be of either company.
fn of_one_at_a_time(
    sheet: &Sheet,
    known: RunInputs<'_>,
    parallel: &mut BTreeSet<usize>,
) -> (OneAtATime, BTreeSet<usize>) {
    if known.computers.is_alone() {
        let alone = first_part(RunInputs { parallel, ..known }, sheet);
        return (OneAtATime { alone, ..OneAtATime::default() }, BTreeSet::new());
    }
    let waiting = waiting_for_one(RunInputs { parallel, ..known });
    parallel.retain(|index| !waiting.contains(index));
    let mut others = one_at_a_time(RunInputs { parallel, ..known });
    parallel.retain(|index| !others.contains(*index));
    others.alone.extend(before_datagrams(RunInputs { parallel, ..known }));
    parallel.retain(|index| !others.contains(*index));
    // Beside what is told of the first client's run by now.
    others.alone.extend(waiting_for_one(RunInputs { parallel, ..known }));
    parallel.retain(|index| !others.contains(*index));
    others.alone.extend(InOrder::new(sheet, RunInputs { parallel, ..known }).first_capture_of_pair());
    parallel.retain(|index| !others.contains(*index));
    let last = after_pair(RunInputs { parallel, ..known }, &others.alone);
    others.alone.extend(last.alone);
    (others, last.untold)
}

/// Takes for those side by side what may be of either company, where the sheet asks for captures of some host's clients side by
/// side only.
fn take_uncaptured_alone(
    config: &LabConfig,
    known: RunInputs<'_>,
    in_order: &InOrder<'_>,
    others: &OneAtATime,
    all: &mut [Company],
) {
    let RunInputs { story, computers, connections, .. } = known;
    lone_client_of_parallel(story, computers, connections, all);
    let early =
        early_clients(config, story, computers, connections, |index| all.get(index) == Some(&Company::Parallel));
    take_for_parallel(early, all);
    let is_alone = |index: usize| all.get(index) == Some(&Company::Alone);
    let mut tried = in_order.tried_before_pair(&second_hosts(config, computers), is_alone);
    tried.retain(|index| !others.contains(*index));
    take_for_parallel(tried, all);
    let elsewhere = in_order.at_server_without_first_host(|index| all.get(index) == Some(&Company::Alone));
    take_for_parallel(elsewhere, all);
}

/// Takes the company from a host's clients of one file that are said to be side by side only because nothing shows that they were
/// closed, where a filter may have kept that out and they are more than the sheet has.
fn not_told(sheet: &Sheet, computers: &Computers, connections: &[LabConnection], all: &mut [Company]) {
    let steps = sheet.recorded().filter(|step| step.runs(Protocol::Tcp) && step.is_parallel());
    let clients = steps.map(|step| step.clients() as usize);
    let most = if computers.is_alone() { Some(clients.sum()) } else { clients.max() }.unwrap_or(usize::MAX);
    let mut groups: HashMap<Ends, Sighted<'_>> = HashMap::new();
    let parallel = connections.iter().enumerate().filter(|(index, _)| all.get(*index) == Some(&Company::Parallel));
    for (index, connection) in parallel {
        let best = connection.best();
        let key = (best.capture, computers.of(best.client().ip), computers.socket(best.server()));
        groups.entry(key).or_default().push((index, best));
    }
    for group in groups.values_mut().filter(|group| group.len() > most) {
        group.sort_by_key(|(_, one)| one.connection.first_frame);
        let are_apart = group.iter().zip(group.iter().skip(1)).all(|((_, one), (_, next))| !one.overlaps(next));
        if are_apart && group.iter().all(|(_, one)| one.has_only_payload()) {
            for (index, _) in group {
                if let Some(company) = all.get_mut(*index) {
                    *company = Company::Untold;
                }
            }
        }
    }
}

/// Whether the sheet asks for captures of some host's clients side by side, and for none of its clients alone.
fn is_captured_in_parallel_only(sheet: &Sheet) -> bool {
    let captured = |parallel: bool, host: HostName| {
        let mut steps = sheet.captured().filter(|step| step.runs(Protocol::Tcp) && step.is_parallel() == parallel);
        steps.any(|step| step.hosts().contains(&host))
    };
    sheet.clients().any(|host| captured(true, host) && !captured(false, host))
}

/// Where the sheet asks for captures of a host only for its clients side by side: where another host has such connections,
/// and this one has none and did not wait, a later connection of it is of those, with one client. The files' times are weak
/// evidence, but for a step they are enough: no claim rests on them.
fn lone_client_of_parallel(story: &Story, computers: &Computers, connections: &[LabConnection], all: &mut [Company]) {
    let host_of = |connection: &LabConnection| computers.of(connection.client().ip);
    let first_time = |connection: &LabConnection| first_moments(connection).find_map(|moment| moment.time);
    let mut hosts: BTreeSet<IpAddr> = BTreeSet::new();
    let mut start: Option<Timestamp> = None;
    for (connection, company) in connections.iter().zip(all.iter()) {
        if *company == Company::Parallel && connection.established() {
            hosts.insert(host_of(connection));
            start = [start, first_time(connection)].into_iter().flatten().min();
        }
    }
    let Some(start) = start else { return };
    let established = connections.iter().filter(|connection| connection.established());
    let first_host = established.min_by_key(|one| (first_time(one).is_none(), first_time(one))).map(host_of);
    for ((index, connection), company) in connections.iter().enumerate().zip(all) {
        let host = host_of(connection);
        let waited = was_queued(story, index);
        let later = first_time(connection).is_some_and(|time| time > start);
        let lone = connection.established() && !hosts.contains(&host) && first_host != Some(host);
        if lone && later && !waited {
            *company = Company::Parallel;
        }
    }
}

/// The connections that were open beside another one of the same host to the same server, and those that should have been: an
/// attempt that the server's full queue did not let in.
///
/// Where the host's datagrams come between the last frame of one and the first of the next, the one was ended when no capture
/// ran: so it is where the captures of several steps were merged into one file.
fn parallel(
    story: &Story,
    computers: &Computers,
    connections: &[LabConnection],
    conversations: &[LabConversation],
) -> BTreeSet<usize> {
    let mut by_ends: HashMap<Ends, Sighted<'_>> = HashMap::new();
    for (index, connection) in connections.iter().enumerate() {
        let is_looked_at =
            |sighting: &&TcpSighting| may_be_beside(sighting) || connection.is_open_into(sighting.capture);
        for sighting in connection.sightings().iter().filter(is_looked_at) {
            let key = (sighting.capture, computers.of(sighting.client().ip), computers.socket(sighting.server()));
            by_ends.entry(key).or_default().push((index, sighting));
        }
    }
    let mut datagrams: HashMap<(usize, IpAddr), Vec<RowFrame>> = HashMap::new();
    for sighting in conversations.iter().flat_map(|conversation| conversation.sightings()) {
        let key = (sighting.capture, computers.of(sighting.client().ip));
        datagrams.entry(key).or_default().push(sighting.conversation.first_frame);
    }
    let mut found = BTreeSet::new();
    for ((capture, host, _), of_host) in &mut by_ends {
        let datagrams = datagrams.get(&(*capture, *host)).map_or(&[][..], Vec::as_slice);
        let is_apart = |one: &TcpSighting, next: &TcpSighting| {
            let between = one.connection.last_frame..next.connection.first_frame;
            datagrams.iter().any(|datagram| between.contains(datagram))
        };
        of_host.sort_by_key(|(_, sighting)| sighting.connection.first_frame);
        let mut open: Vec<(usize, &TcpSighting)> = Vec::new();
        for (index, sighting) in of_host.iter() {
            open.retain(|(index, other)| {
                let is_open = other.may_overlap(sighting) || is_half_open(story, (*index, other), sighting);
                is_open && !is_apart(other, sighting)
            });
            if let Some((first, _)) = open.first() {
                found.extend([*first, *index]);
            }
            // Beside an attempt there is nothing yet.
            if sighting.established() {
                open.push((*index, sighting));
            }
        }
    }
    found
}

/// Whether one end of a connection had closed its sending half, and went on receiving after the other connection began.
fn is_half_open(story: &Story, (index, one): (usize, &TcpSighting), next: &TcpSighting) -> bool {
    let seen = story.timelines.get(index).and_then(|timeline| timeline.of(one));
    one.watch == next.watch
        && seen.is_some_and(|seen| {
            let is_half = seen.client_half_closed || seen.server_half_closed;
            is_half && seen.end().is_none_or(|end| next.connection.first_frame < end.frame)
        })
}

/// Takes the company of those of which it is told whether they are of clients side by side.
fn take(told: &HashMap<usize, bool>, all: &mut [Company]) {
    for (index, is_parallel) in told {
        if let Some(own) = all.get_mut(*index) {
            *own = if *is_parallel { Company::Parallel } else { Company::Alone };
        }
    }
}

fn take_for_parallel(these: impl IntoIterator<Item = usize>, all: &mut [Company]) {
    for index in these {
        if let Some(company) = all.get_mut(index) {
            *company = Company::Parallel;
        }
    }
}

/// Whether a connection is one of those that are looked at in search of clients side by side: it was established, or nothing
/// came back.
fn may_be_beside(sighting: &TcpSighting) -> bool {
    sighting.established() || (sighting.connection.handshake == HandshakeState::SynOnly && !sighting.overheard)
}
