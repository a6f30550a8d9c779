//! Ports that somebody tried in vain: those of a computer that one asks for are few, unless anything open is looked for.

use std::hash::Hash;
use std::net::IpAddr;

use foldhash::{HashMap, HashMapExt, HashSet};

use socklab_packets::limits::LAB_CANDIDATES;
use socklab_packets::pipeline::CaptureFacts;
use socklab_packets::types::Protocol;

/// A computer that was refused at more other ports of the servers' computer than this looks for open ones.
pub(super) const REFUSED_PORTS: usize = 2;

/// The entry of a key, a new one only where the limit leaves room.
pub(super) fn with_room<K: Hash + Eq, V: Default>(map: &mut HashMap<K, V>, key: K) -> Option<&mut V> {
    if map.len() >= LAB_CANDIDATES { map.get_mut(&key) } else { Some(map.entry(key).or_default()) }
}

/// Whether somebody who was refused at these ports looked for other programs than the server at `own`.
pub(crate) fn looks_for_others(ports: &HashSet<u16>, own: Option<u16>) -> bool {
    ports.iter().filter(|port| own != Some(**port)).count() > REFUSED_PORTS
}

/// The ports of TCP at which each computer was refused by which, or got no answer.
pub(crate) fn ports_tried_in_vain(captures: &[CaptureFacts]) -> HashMap<(IpAddr, IpAddr), HashSet<u16>> {
    let mut tried: HashMap<(IpAddr, IpAddr), HashSet<u16>> = HashMap::new();
    for connection in captures.iter().flat_map(|capture| capture.traffic.exchanged(Protocol::Tcp)) {
        let in_vain = connection.handshake.is_in_vain() && connection.data_frames == 0;
        let Some(client) = connection.ends.syn_sender.filter(|_| in_vain) else {
            continue;
        };
        let (client, server) = (connection.ends.address(client), connection.ends.address(client.other()));
        let Some(ports) = with_room(&mut tried, (client.ip, server.ip)) else { continue };
        if ports.len() < LAB_CANDIDATES {
            ports.insert(server.port);
        }
    }
    tried
}
