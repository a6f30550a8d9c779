//! Clients side by side whose connections were made before a capture began.

use std::collections::BTreeSet;
use std::net::IpAddr;

use foldhash::{HashMap, HashMapExt};

use crate::analyze::conversation::{LabConnection, TcpSighting};
use crate::analyze::matching::hosts::computers::Computers;
use crate::analyze::story::{Seen, Story};
use socklab_packets::types::SocketAddress;

/// A capture, a host's computer, and a server.
type Group = (usize, IpAddr, SocketAddress);

/// The connections of one host to one server that were open at one moment, as the frames of a capture that began later show: all
/// that were there before it and that their clients had not left were open when it began, also those of which it has the end alone.
pub(crate) fn older_side_by_side(
    story: &Story,
    computers: &Computers,
    connections: &[LabConnection],
) -> BTreeSet<usize> {
    let mut groups: HashMap<Group, Vec<(usize, &TcpSighting)>> = HashMap::new();
    for (index, connection) in connections.iter().enumerate() {
        for sighting in connection.sightings().iter().filter(|sighting| is_older(story, index, sighting)) {
            let key = (sighting.capture, computers.of(sighting.client().ip), computers.socket(sighting.server()));
            groups.entry(key).or_default().push((index, sighting));
        }
    }
    let mut of_ends: HashMap<(IpAddr, SocketAddress), Vec<(usize, &LabConnection)>> = HashMap::new();
    for (index, connection) in connections.iter().enumerate().filter(|_| !groups.is_empty()) {
        let ends = (computers.of(connection.client().ip), computers.socket(connection.server()));
        of_ends.entry(ends).or_default().push((index, connection));
    }
    let mut found = BTreeSet::new();
    for ((capture, host, server), older) in &groups {
        let begins_beside = |connection: &LabConnection| {
            let own = connection.in_capture(*capture).filter(|own| own.established() && own.connection.syn.is_some());
            own.is_some_and(|own| older.iter().any(|(_, one)| one.may_overlap(own)))
        };
        let of_group = of_ends.get(&(*host, *server)).into_iter().flatten();
        let later = of_group.filter(|(_, one)| begins_beside(one)).map(|(index, _)| *index);
        let all: BTreeSet<usize> = older.iter().map(|(index, _)| *index).chain(later).collect();
        if all.len() > 1 {
            found.extend(all);
        }
    }
    found
}

/// Whether a connection was there before this capture, and its client had not left when that began.
fn is_older(story: &Story, index: usize, sighting: &TcpSighting) -> bool {
    let seen = story.timelines.get(index).and_then(|timeline| timeline.in_capture(sighting.capture));
    let is_there = |seen: &Seen| seen.client_fin.is_some() || seen.request.is_some();
    seen.is_some_and(|seen| seen.is_older_than_capture() && is_there(seen))
}
