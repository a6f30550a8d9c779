//! Bringing the sightings of one connection or conversation together.

use foldhash::{HashMap, HashMapExt};

use crate::analyze::conversation::identity::same_connection;
use crate::analyze::conversation::tcp::{LabConnection, TcpSighting};
use crate::analyze::conversation::udp::{LabConversation, UdpSighting};
use socklab_packets::types::SocketAddress;

/// The connections, each once, in the order of their first sightings.
pub(crate) fn merge_connections(sightings: Vec<TcpSighting>) -> Vec<LabConnection> {
    let mut connections: Vec<LabConnection> = Vec::new();
    let mut by_addresses: HashMap<[SocketAddress; 2], Vec<usize>> = HashMap::new();
    for sighting in sightings {
        let places = by_addresses.entry([sighting.client(), sighting.server()]).or_default();
        let is_same = |place: &&usize| {
            connections
                .get(**place)
                .is_some_and(|there| there.sightings().iter().any(|s| same_connection(s, &sighting)))
        };
        match places.iter().find(is_same).and_then(|place| connections.get_mut(*place)) {
            Some(there) => there.add(sighting),
            None => {
                places.push(connections.len());
                connections.push(LabConnection::new(sighting));
            }
        }
    }
    connections
}

/// The conversations, each once: in UDP a pair of socket addresses is all that tells one from another.
pub(crate) fn merge_conversations(sightings: Vec<UdpSighting>) -> Vec<LabConversation> {
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
    conversations
}
