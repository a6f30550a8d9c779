//! Which connections are of the run with clients side by side, though none is seen beside another one: by their server, by
//! when they came, and by the datagrams before them.

use std::collections::BTreeSet;
use std::net::IpAddr;

use foldhash::{HashMap, HashMapExt};

use crate::analyze::conversation::{LabConnection, LabConversation, TcpSighting};
use crate::analyze::matching::company::epochs::{LONGEST_PAUSE, RunInputs, first_moments};
use crate::analyze::matching::company::sheet_order::InOrder;
use crate::analyze::matching::company::waiting::was_queued;
use crate::analyze::matching::hosts::computers::Computers;
use crate::analyze::row::RowFrame;
use crate::analyze::story::{Clocks, Moment, Story};
use socklab_packets::types::SocketAddress;

/// What tells that a connection is of the run with clients side by side.
pub(crate) struct LaterRun<'a> {
    known: RunInputs<'a>,
    in_order: &'a InOrder<'a>,
    /// The servers of clients side by side, where others have none.
    servers: BTreeSet<SocketAddress>,
    /// When clients side by side began at each server, by each group of clocks.
    starts: HashMap<(usize, SocketAddress), Moment>,
    /// When each host sent its first datagram.
    sent: Firsts,
    /// When each host first connected.
    connected: Firsts,
    last_but_one: HashMap<usize, RowFrame>,
}

impl<'a> LaterRun<'a> {
    pub(crate) fn of(known: RunInputs<'a>, in_order: &'a InOrder<'a>) -> Self {
        let RunInputs { story, computers, connections, conversations, parallel, .. } = known;
        LaterRun {
            known,
            in_order,
            servers: servers_of_parallel(computers, connections, parallel),
            starts: starts(story, computers, connections, parallel),
            sent: first_datagrams(computers, conversations),
            connected: first_connections(computers, connections, parallel),
            last_but_one: last_but_one(story, connections),
        }
    }

    /// Whether this connection, which has this index, is of that run.
    pub(crate) fn has(&self, index: usize, connection: &LabConnection) -> bool {
        let server = self.known.computers.socket(connection.server());
        self.servers.contains(&server) || self.begins_beside(connection) || self.follows_datagrams(index, connection)
    }

    /// Whether it, or what is left of it, begins after clients side by side began at its server.
    fn begins_beside(&self, connection: &LabConnection) -> bool {
        let RunInputs { story, computers, .. } = self.known;
        let clocks = &story.clocks;
        first_moments(connection).chain(open_rests(connection)).any(|first| {
            let group = (clocks.group(first.watch), computers.socket(connection.server()));
            self.starts.get(&group).is_some_and(|start| clocks.before(&first, start) == Some(false))
        })
    }

    /// Whether it follows its host's datagrams, and is no step that was done again.
    fn follows_datagrams(&self, index: usize, connection: &LabConnection) -> bool {
        let RunInputs { story, computers, connections, .. } = self.known;
        let host = computers.of(connection.client().ip);
        after_datagrams(&story.clocks, host, connection, &self.sent, &self.connected)
            && (!is_lone_repeat(computers, connection, &self.sent, &self.last_but_one)
                || !computers.is_alone() && self.in_order.is_at_another_server(index)
                || has_others_elsewhere(story, computers, connection, &self.sent, connections))
    }
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
