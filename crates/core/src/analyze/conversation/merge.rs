//! Bringing the sightings of one connection or conversation together.

use std::collections::BTreeSet;

use foldhash::{HashMap, HashMapExt};

use crate::analyze::conversation::identity::same_connection;
use crate::analyze::conversation::pieces::{Files, SameClock, running_on as running_on_of};
use crate::analyze::conversation::tcp::{LabConnection, TcpSighting};
use crate::analyze::conversation::udp::{LabConversation, UdpSighting};
use crate::analyze::conversation::whole::whole;
use crate::analyze::conversation::whole_udp::whole as whole_udp;
use socklab_packets::pipeline::CaptureFacts;
use socklab_packets::types::SocketAddress;

/// The connections, each once, in the order of their first sightings.
pub(crate) fn merge_connections(
    captures: &[CaptureFacts],
    sightings: Vec<TcpSighting>,
    same_clock: &SameClock<'_>,
) -> Vec<LabConnection> {
    let mut connections: Vec<Option<LabConnection>> = Vec::new();
    let mut by_addresses: HashMap<[SocketAddress; 2], Vec<usize>> = HashMap::new();
    for sighting in sightings {
        let places = by_addresses.entry([sighting.client(), sighting.server()]).or_default();
        let is_same = |there: &LabConnection| there.sightings().iter().any(|s| same_connection(s, &sighting));
        let mut same: Vec<LabConnection> = Vec::new();
        let mut first = None;
        // It may be what lies between two others, which were not known to be one.
        for place in places.iter().copied() {
            if let Some(there) = connections.get_mut(place).and_then(|there| there.take_if(|there| is_same(there))) {
                first = first.or(Some(place));
                same.push(there);
            }
        }
        let mut same = same.into_iter();
        let Some(mut there) = same.next() else {
            places.push(connections.len());
            connections.push(Some(LabConnection::new(sighting)));
            continue;
        };
        same.for_each(|other| there.merge(other));
        there.add(sighting);
        if let Some(slot) = first.and_then(|place| connections.get_mut(place)) {
            *slot = Some(there);
        }
    }
    let mut connections: Vec<LabConnection> = connections.into_iter().flatten().collect();
    let mut join = |running_on: &BTreeSet<(usize, usize)>| {
        for connection in connections.iter_mut().filter(|connection| connection.sightings().len() > 1) {
            connection.join(whole(Files { captures, same_clock, running_on }, connection.sightings()));
        }
        let rows = connections.iter().filter_map(|connection| Some(connection.joined()?.pieces.as_slice()));
        running_on_of(rows, same_clock)
    };
    // Which files run on shows only when some connections are joined.
    let running_on = join(&BTreeSet::new());
    if !running_on.is_empty() {
        join(&running_on);
    }
    connections
}

/// The conversations, each once: in UDP a pair of socket addresses is all that tells one from another.
pub(crate) fn merge_conversations(
    captures: &[CaptureFacts],
    sightings: Vec<UdpSighting>,
    same_clock: &SameClock<'_>,
) -> Vec<LabConversation> {
    let mut conversations: Vec<LabConversation> = Vec::new();
    let mut by_addresses: HashMap<[SocketAddress; 2], usize> = HashMap::new();
    for sighting in sightings {
        let next = conversations.len();
        let place = *by_addresses.entry([sighting.client(), sighting.server()]).or_insert(next);
        match conversations.get_mut(place) {
            Some(there) => there.add(sighting),
            None => conversations.push(LabConversation::new(sighting)),
        }
    }
    for conversation in conversations.iter_mut().filter(|conversation| conversation.sightings().len() > 1) {
        let files = Files { captures, same_clock, running_on: &BTreeSet::new() };
        conversation.join(whole_udp(files, conversation.sightings()));
    }
    conversations
}
