//! In which company each connection was: alone on its host, as with a server that serves one client at a time, or of a run
//! with clients side by side, to a server of its own or after everything else.

use std::collections::BTreeSet;
use std::net::IpAddr;

use foldhash::{HashMap, HashMapExt};

use crate::analyze::accounts::Accounts;
use crate::analyze::conversation::{LabConnection, LabConversation, TcpSighting};
use crate::analyze::matching::company::attempts::attempts;
use crate::analyze::matching::company::early::{early_clients, second_hosts};
use crate::analyze::matching::company::epochs::{LONGEST_PAUSE, OneAtATime, RunInputs, first_moments, one_at_a_time};
use crate::analyze::matching::company::first_part::before_datagrams;
use crate::analyze::matching::company::programs::by_program;
use crate::analyze::matching::company::sheet_order::InOrder;
use crate::analyze::matching::company::swapped::after_pair;
use crate::analyze::matching::hosts::computers::Computers;
use crate::analyze::matching::hosts::one_computer::first_part;
use crate::analyze::row::RowFrame;
use crate::analyze::story::{Clocks, Moment, Seen, Story};
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
    let all_of = |company: Company| Companies { of: vec![company; connections.len()], ..Companies::default() };
    // A lab that has steps of one company only has no choice.
    let has = |parallel: bool| sheet.recorded().any(|step| step.runs(Protocol::Tcp) && step.is_parallel() == parallel);
    match (has(false), has(true)) {
        (true, true) => {}
        (false, true) => return all_of(Company::Parallel),
        (_, false) => return all_of(Company::Alone),
    }
    let mut parallel = parallel(computers, connections, conversations);
    let nobody = BTreeSet::new();
    let known = RunInputs { story, accounts, computers, connections, conversations, parallel: &nobody };
    let mut named = by_program(sheet, RunInputs { parallel: &parallel, ..known });
    parallel.retain(|index| named.get(index) != Some(&false));
    let of_threaded: BTreeSet<usize> =
        named.iter().filter(|(_, is_parallel)| **is_parallel).map(|(index, _)| *index).collect();
    parallel.extend(&of_threaded);
    let mut others = OneAtATime::default();
    let mut untold = BTreeSet::new();
    if computers.is_alone() {
        others.alone = first_part(RunInputs { parallel: &parallel, ..known }, sheet);
    } else {
        let waiting = waiting_for_one(story, computers, connections, &parallel);
        parallel.retain(|index| !waiting.contains(index));
        others = one_at_a_time(RunInputs { parallel: &parallel, ..known });
        parallel.retain(|index| !others.contains(*index));
        others.alone.extend(before_datagrams(RunInputs { parallel: &parallel, ..known }));
        parallel.retain(|index| !others.contains(*index));
        // Beside what is told of the first client's run by now.
        others.alone.extend(waiting_for_one(story, computers, connections, &parallel));
        parallel.retain(|index| !others.contains(*index));
        others.alone.extend(InOrder::new(sheet, RunInputs { parallel: &parallel, ..known }).first_capture_of_pair());
        parallel.retain(|index| !others.contains(*index));
        let last = after_pair(RunInputs { parallel: &parallel, ..known }, &others.alone);
        others.alone.extend(last.alone);
        untold = last.untold;
    }
    others.forget(&of_threaded);
    parallel.retain(|index| !others.contains(*index));
    parallel.extend(&of_threaded);
    let in_order = InOrder::new(sheet, RunInputs { parallel: &parallel, ..known });
    let servers = servers_of_parallel(computers, connections, &parallel);
    let starts = starts(story, computers, connections, &parallel);
    let sent = first_datagrams(computers, conversations);
    let connected = first_connections(computers, connections, &parallel);
    let last_but_one = last_but_one(story, connections);
    let clocks = &story.clocks;
    let mut all: Vec<Company> = Vec::with_capacity(connections.len());
    for (index, connection) in connections.iter().enumerate() {
        let set = connection.sightings().iter().find_map(|sighting| set(sighting.capture));
        if set.is_some() {
            others.replaced.remove(&index);
            untold.remove(&index);
        }
        let second = || {
            parallel.contains(&index)
                || servers.contains(&computers.socket(connection.server()))
                || first_moments(connection).chain(open_rests(connection)).any(|first| {
                    let group = (clocks.group(first.watch), computers.socket(connection.server()));
                    starts.get(&group).is_some_and(|start| clocks.before(&first, start) == Some(false))
                })
                || after_datagrams(clocks, computers.of(connection.client().ip), connection, &sent, &connected)
                    && (!is_lone_repeat(computers, connection, &sent, &last_but_one)
                        || !computers.is_alone() && in_order.is_at_another_server(index)
                        || has_others_elsewhere(story, computers, connection, &sent, connections))
        };
        let is_second = || !others.contains(index) && second();
        all.push(set.unwrap_or_else(|| if is_second() { Company::Parallel } else { Company::Alone }));
    }
    not_told(sheet, computers, connections, &mut all);
    if is_captured_in_parallel_only(sheet) {
        lone_client_of_parallel(story, computers, connections, &mut all);
        let early =
            early_clients(config, story, computers, connections, |index| all.get(index) == Some(&Company::Parallel));
        take_for_parallel(early, &mut all);
        let is_alone = |index: usize| all.get(index) == Some(&Company::Alone);
        let mut tried = in_order.tried_before_pair(&second_hosts(config, computers), is_alone);
        tried.retain(|index| !others.contains(*index));
        take_for_parallel(tried, &mut all);
        let elsewhere = in_order.at_server_without_first_host(|index| all.get(index) == Some(&Company::Alone));
        take_for_parallel(elsewhere, &mut all);
    }
    let is_set = |one: &LabConnection| one.sightings().iter().any(|sighting| set(sighting.capture).is_some());
    named.retain(|index, _| connections.get(*index).is_some_and(|one| !is_set(one)));
    take(&named, &mut all);
    attempts(RunInputs { parallel: &parallel, ..known }, &mut all);
    take(&named, &mut all);
    untold.retain(|index| !named.contains_key(index));
    Companies { of: all, replaced: others.replaced, untold }
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
            open.retain(|(_, other)| other.may_overlap(sighting) && !is_apart(other, sighting));
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

/// Those of a host's connections side by side that all came while the only client of another host kept their server busy, and
/// had to wait for it: the step in which a server that serves one client at a time is tried has more than one client then.
fn waiting_for_one(
    story: &Story,
    computers: &Computers,
    connections: &[LabConnection],
    parallel: &BTreeSet<usize>,
) -> BTreeSet<usize> {
    let ends =
        |connection: &LabConnection| (computers.of(connection.client().ip), computers.socket(connection.server()));
    let mut groups: HashMap<(IpAddr, SocketAddress, usize), Vec<usize>> = HashMap::new();
    let mut of_ends: HashMap<(IpAddr, SocketAddress), Vec<usize>> = HashMap::new();
    for index in parallel {
        if let Some(connection) = connections.get(*index) {
            let (host, server) = ends(connection);
            groups.entry((host, server, connection.best().capture)).or_default().push(*index);
            of_ends.entry((host, server)).or_default().push(*index);
        }
    }
    // Files that were cut, or those of two hosts, may have the fullest views of two that are side by side in one of them.
    let with_others = |group: &[usize], (host, server, capture): &(IpAddr, SocketAddress, usize)| -> Vec<usize> {
        let all = of_ends.get(&(*host, *server)).map_or(&[][..], Vec::as_slice);
        let is_added = |other: &&usize| {
            let other = connections.get(**other).filter(|other| other.best().capture != *capture);
            let mut group = group.iter().filter_map(|index| connections.get(*index));
            other.is_some_and(|other| group.any(|one| is_beside(one, other)))
        };
        group.iter().chain(all.iter().filter(is_added)).copied().collect()
    };
    let is_alone = |index: &usize, one: &LabConnection| one.established() && !parallel.contains(index);
    let alone: Vec<(usize, &LabConnection)> =
        connections.iter().enumerate().filter(|(index, one)| is_alone(index, one)).collect();
    let waits = |(key, group): &(&(IpAddr, SocketAddress, usize), &Vec<usize>)| {
        let (host, server, _) = key;
        let group = with_others(group, key);
        let waited = group.iter().any(|index| {
            let handshake = connections.get(*index).map(|connection| connection.handshake());
            was_queued(story, *index) || handshake == Some(HandshakeState::SynOnly)
        });
        waited
            && alone.iter().any(|(index, one)| {
                let (of, at) = ends(one);
                let began_later = || connections_of_host(computers, connections, parallel, of);
                let is_during = |other: &usize| is_during(story, *index, *other);
                let is_near = of != *host && at == *server;
                is_near && (group.iter().all(is_during) || is_between(story, *index, &group, began_later()))
            })
    };
    groups.iter().filter(waits).flat_map(|(_, group)| group.iter().copied()).collect()
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

/// Whether some capture has two connections open at one moment.
fn is_beside(one: &LabConnection, other: &LabConnection) -> bool {
    one.sightings()
        .iter()
        .any(|sighting| other.in_capture(sighting.capture).is_some_and(|other| sighting.may_overlap(other)))
}

/// Whether a connection was in the queue, for some time or to the end.
fn was_queued(story: &Story, index: usize) -> bool {
    story.services.get(index).is_some_and(|service| service.was_queued())
}

/// Whether a connection began while another one was open, and was not served before that one's end. Of files whose clocks cannot
/// be compared the recorded times are enough if it waited.
fn is_during(story: &Story, first: usize, other: usize) -> bool {
    let (Some(first), Some(of_other)) = (story.timelines.get(first), story.timelines.get(other)) else { return false };
    let clocks = &story.clocks;
    let pairs = || first.seen.iter().flat_map(|first| of_other.seen.iter().map(move |other| (first, other)));
    let is_inside = |(first, other): &(&Seen, &Seen)| {
        let (Some(from), Some(begin)) = (first.first, other.first) else { return false };
        let to = first.end().or(first.capture_end);
        let before = |one: &Moment, other: &Moment| clocks.before_as_recorded(one, other) == Some(true);
        before(&from, &begin) && to.is_some_and(|to| before(&begin, &to))
    };
    let is_compared = |(first, other): &(&Seen, &Seen)| {
        let watches = first.first.zip(other.first);
        watches.is_some_and(|(first, other)| clocks.comparable(first.watch, other.watch))
    };
    // Served while that one was open, it had company.
    let since = story.services.get(other).and_then(|service| service.since);
    let is_served_beside = |(first, _): &(&Seen, &Seen)| {
        let since = since.filter(|since| first.first.is_some_and(|first| clocks.comparable(first.watch, since.watch)));
        since.is_some_and(|since| first.open_until().is_none_or(|end| clocks.before(&end, &since) != Some(true)))
    };
    match pairs().any(|pair| is_compared(&pair)) {
        true => pairs().filter(is_compared).any(|pair| is_inside(&pair) && !is_served_beside(&pair)),
        false => was_queued(story, other) && pairs().any(|pair| is_inside(&pair)),
    }
}

/// Whether a group came, by the recorded times, after a connection of which no file shows the end and before all those that its
/// host had side by side later, and none of it was served at once: the capture of the first client's step may have ended before.
fn is_between(story: &Story, first: usize, group: &[usize], later: impl Iterator<Item = usize>) -> bool {
    let begin = |index: usize| story.timelines.get(index)?.find(|seen| seen.first);
    let is_before = |one: usize, other: usize| {
        let moments = begin(one).zip(begin(other));
        moments.is_some_and(|(one, other)| story.clocks.before_as_recorded(&one, &other) == Some(true))
    };
    let waits =
        |index: usize| story.services.get(index).is_some_and(|service| !service.served() || service.was_queued());
    let ended = story.timelines.get(first).is_none_or(|timeline| timeline.find(Seen::end).is_some());
    let later: Vec<usize> = later.collect();
    let is_inside =
        |index: &usize| is_before(first, *index) && later.iter().all(|next| is_before(*index, *next)) && waits(*index);
    !ended && !later.is_empty() && group.iter().all(is_inside)
}

/// Those of some connections that are of clients on this host.
fn connections_of_host(
    computers: &Computers,
    connections: &[LabConnection],
    some: &BTreeSet<usize>,
    host: IpAddr,
) -> impl Iterator<Item = usize> {
    let is_of_host =
        move |index: &usize| connections.get(*index).is_some_and(|one| computers.of(one.client().ip) == host);
    some.iter().copied().filter(is_of_host)
}

/// Whether a connection is one of those that are looked at in search of clients side by side: it was established, or nothing
/// came back.
fn may_be_beside(sighting: &TcpSighting) -> bool {
    sighting.established() || (sighting.connection.handshake == HandshakeState::SynOnly && !sighting.overheard)
}

/// Where one server had clients side by side and another one had not, all connections of the former are of that company.
fn servers_of_parallel(
    computers: &Computers,
    connections: &[LabConnection],
    parallel: &BTreeSet<usize>,
) -> BTreeSet<SocketAddress> {
    let server = |connection: &LabConnection| computers.socket(connection.server());
    let all: BTreeSet<SocketAddress> =
        connections.iter().filter(|connection| connection.established()).map(server).collect();
    let with_parallel: BTreeSet<SocketAddress> =
        parallel.iter().filter_map(|index| connections.get(*index)).map(server).collect();
    if with_parallel.len() < all.len() { with_parallel } else { BTreeSet::new() }
}

/// When clients side by side began at each server, by each group of clocks.
fn starts(
    story: &Story,
    computers: &Computers,
    connections: &[LabConnection],
    parallel: &BTreeSet<usize>,
) -> HashMap<(usize, SocketAddress), Moment> {
    let mut starts: HashMap<(usize, SocketAddress), Moment> = HashMap::new();
    for connection in parallel.iter().filter_map(|index| connections.get(*index)) {
        for first in first_moments(connection) {
            let group = (story.clocks.group(first.watch), computers.socket(connection.server()));
            let start = starts.entry(group).or_insert(first);
            if story.clocks.before(&first, start) == Some(true) {
                *start = first;
            }
        }
    }
    starts
}

/// When a capture goes on with a connection that no other one shows the end of, and that its server ends there: so the server is
/// the same one, and what it served before that end it served beside it.
fn open_rests(connection: &LabConnection) -> impl Iterator<Item = Moment> {
    let ended = |sighting: &TcpSighting| sighting.first_closing_frame().is_some();
    let begins = |sighting: &TcpSighting| sighting.connection.syn.is_some();
    let is_open = connection.sightings().iter().any(begins)
        && !connection.sightings().iter().any(|sighting| begins(sighting) && ended(sighting));
    let is_rest = move |sighting: &&TcpSighting| {
        let server = sighting.client_side.other();
        is_open && !begins(sighting) && sighting.connection.fin(server).is_some()
    };
    connection.sightings().iter().filter(is_rest).map(Moment::begin_of_connection)
}

/// When each client host first did something in each capture.
type Firsts = HashMap<IpAddr, Vec<Moment>>;

/// Keeps the first of the moments of a host in each capture.
fn keep_first(firsts: &mut Firsts, host: IpAddr, moment: Moment) {
    let of_host = firsts.entry(host).or_default();
    match of_host.iter_mut().find(|there| there.capture == moment.capture) {
        Some(there) if moment.frame < there.frame => *there = moment,
        Some(_) => {}
        None => of_host.push(moment),
    }
}

/// When each client host sent its first datagram in each capture.
fn first_datagrams(computers: &Computers, conversations: &[LabConversation]) -> Firsts {
    let mut firsts = Firsts::new();
    for sighting in conversations.iter().flat_map(|conversation| conversation.sightings()) {
        keep_first(&mut firsts, computers.of(sighting.client().ip), Moment::begin_of(sighting));
    }
    firsts
}

/// When each client host first connected in each capture, but for its clients side by side.
fn first_connections(computers: &Computers, connections: &[LabConnection], parallel: &BTreeSet<usize>) -> Firsts {
    let mut firsts = Firsts::new();
    let is_looked_at = |(index, one): &(usize, &LabConnection)| one.established() && !parallel.contains(index);
    for (_, connection) in connections.iter().enumerate().filter(is_looked_at) {
        for moment in first_moments(connection) {
            keep_first(&mut firsts, computers.of(connection.client().ip), moment);
        }
    }
    firsts
}

/// Whether a host connected again after a connection of its own and then its datagrams: what follows is the run with clients
/// side by side, unless these came first.
/// Captures of one host's traffic alone were made by its clock, or by the server's.
fn after_datagrams(
    clocks: &Clocks,
    host: IpAddr,
    connection: &LabConnection,
    sent: &Firsts,
    connected: &Firsts,
) -> bool {
    let (Some(sent), Some(connected), true) = (sent.get(&host), connected.get(&host), connection.established()) else {
        return false;
    };
    let earlier = |one: &Moment, other: &Moment| clocks.before_as_recorded(one, other) == Some(true);
    let Some(begin) = first_moments(connection).next() else { return false };
    sent.iter().any(|datagram| {
        earlier(datagram, &begin) && is_soon(&begin, datagram) && connected.iter().any(|first| earlier(first, datagram))
    })
}

/// Whether a connection is all that follows its host's datagrams in the capture that has both: as a step that was done again,
/// which takes one client, while the run with clients side by side takes several and a capture of its own.
fn is_lone_repeat(
    computers: &Computers,
    connection: &LabConnection,
    sent: &Firsts,
    last_but_one: &HashMap<usize, RowFrame>,
) -> bool {
    let mut datagrams = sent.get(&computers.of(connection.client().ip)).into_iter().flatten();
    datagrams.any(|datagram| {
        let is_after = |other: RowFrame| datagram.frame < other;
        connection.in_capture(datagram.capture).is_some_and(|own| is_after(own.connection.first_frame))
            && !last_but_one.get(&datagram.capture).is_some_and(|other| is_after(*other))
    })
}

/// Whether another host connected after a host's datagrams as well, by the recorded times, and did not wait: in a capture of its
/// own, as the run with clients side by side has one for each host.
fn has_others_elsewhere(
    story: &Story,
    computers: &Computers,
    connection: &LabConnection,
    sent: &Firsts,
    connections: &[LabConnection],
) -> bool {
    let host = computers.of(connection.client().ip);
    let datagrams = sent.get(&host).map_or(&[][..], Vec::as_slice);
    let mut others = connections.iter().enumerate().filter(|(index, other)| {
        other.established() && computers.of(other.client().ip) != host && !was_queued(story, *index)
    });
    let follows = |datagram: &Moment, other: &LabConnection| {
        let begins_after = |begin: Moment| {
            story.clocks.before_as_recorded(datagram, &begin) == Some(true) && is_soon(&begin, datagram)
        };
        other.in_capture(datagram.capture).is_none() && first_moments(other).any(begins_after)
    };
    others.any(|(_, other)| datagrams.iter().any(|datagram| follows(datagram, other)))
}

/// The first frame of the last established connection but one of each capture that has several. Those that waited in the queue
/// do not count: as in the step in which a server that serves one client at a time is tried.
fn last_but_one(story: &Story, connections: &[LabConnection]) -> HashMap<usize, RowFrame> {
    let mut last: HashMap<usize, RowFrame> = HashMap::new();
    let mut last_but_one = HashMap::new();
    let counted = connections.iter().enumerate().filter(|(index, _)| !was_queued(story, *index));
    let mut sightings: Vec<&TcpSighting> = counted.flat_map(|(_, connection)| connection.sightings()).collect();
    sightings.retain(|sighting| sighting.established());
    sightings.sort_by_key(|sighting| sighting.connection.first_frame);
    for sighting in sightings {
        if let Some(before) = last.insert(sighting.capture, sighting.connection.first_frame) {
            last_but_one.insert(sighting.capture, before);
        }
    }
    last_but_one
}

/// Whether a connection began soon after a datagram. Longer after it, the lab was begun again.
fn is_soon(begin: &Moment, datagram: &Moment) -> bool {
    begin.time.zip(datagram.time).is_none_or(|(begin, sent)| begin.nanoseconds_since(sent) < LONGEST_PAUSE)
}
