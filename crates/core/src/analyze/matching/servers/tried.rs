//! Ports that somebody tried in vain: those of a computer that one asks for are few, unless anything open is looked for.

use std::net::IpAddr;

use foldhash::{HashMap, HashMapExt, HashSet};

use socklab_packets::limits::LAB_CANDIDATES;
use socklab_packets::pipeline::CaptureFacts;
use socklab_packets::track::HandshakeState;
use socklab_packets::types::Protocol;

/// A computer that was refused at more other ports of the servers' computer than this looks for open ones.
pub(super) const REFUSED_PORTS: usize = 2;

/// Whether somebody who was refused at these ports looked for other programs than the server at `own`.
pub(crate) fn looks_for_others(ports: &HashSet<u16>, own: Option<u16>) -> bool {
    ports.iter().filter(|port| own != Some(**port)).count() > REFUSED_PORTS
}

/// The ports of TCP at which each computer was refused by which, or got no answer.
pub(crate) fn ports_tried_in_vain(captures: &[CaptureFacts]) -> HashMap<(IpAddr, IpAddr), HashSet<u16>> {
    let mut tried: HashMap<(IpAddr, IpAddr), HashSet<u16>> = HashMap::new();
    for connection in captures.iter().flat_map(|capture| capture.traffic.exchanged(Protocol::Tcp)) {
        let in_vain = matches!(connection.handshake, HandshakeState::Refused | HandshakeState::SynOnly);
        let Some(client) = connection.ends.syn_sender.filter(|_| in_vain && connection.data_frames == 0) else {
            continue;
        };
        let (client, server) = (connection.ends.address(client), connection.ends.address(client.other()));
        let room = tried.len() < LAB_CANDIDATES;
        if !room && !tried.contains_key(&(client.ip, server.ip)) {
            continue;
        }
        let ports = tried.entry((client.ip, server.ip)).or_default();
        if ports.len() < LAB_CANDIDATES {
            ports.insert(server.port);
        }
    }
    tried
}
