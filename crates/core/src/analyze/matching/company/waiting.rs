//! Clients that waited for the only client of another host, as with a server that serves one client at a time.

use std::collections::BTreeSet;
use std::net::IpAddr;

use foldhash::{HashMap, HashMapExt};

use crate::analyze::conversation::LabConnection;
use crate::analyze::matching::company::epochs::RunInputs;
use crate::analyze::matching::hosts::computers::Computers;
use crate::analyze::story::{Moment, Seen, Story};
use socklab_packets::track::HandshakeState;
use socklab_packets::types::SocketAddress;

/// Those of a host's connections side by side that all came while the only client of another host kept their server busy, and
/// had to wait for it: the step in which a server that serves one client at a time is tried has more than one client then.
pub(crate) fn waiting_for_one(known: RunInputs<'_>) -> BTreeSet<usize> {
    let RunInputs { story, computers, connections, parallel, .. } = known;
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

/// Whether some capture has two connections open at one moment.
fn is_beside(one: &LabConnection, other: &LabConnection) -> bool {
    one.sightings()
        .iter()
        .any(|sighting| other.in_capture(sighting.capture).is_some_and(|other| sighting.may_overlap(other)))
}

/// Whether a connection was in the queue, for some time or to the end.
pub(crate) fn was_queued(story: &Story, index: usize) -> bool {
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
