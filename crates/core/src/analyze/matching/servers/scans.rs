//! Datagrams that look for a way or for open ports: traceroute's, and those of scanners. Their destinations are no servers.

use std::net::IpAddr;

use foldhash::{HashMap, HashMapExt, HashSet};

use socklab_packets::limits::LAB_CANDIDATES;
use socklab_packets::pipeline::CaptureFacts;
use socklab_packets::track::Side;
use socklab_packets::types::{Protocol, SocketAddress};

/// At so many ports of one computer somebody may try a server that does not answer; who goes on to more looks for something else.
const MOST_PORTS: usize = 3;

/// Datagrams to one port that are sent just to see what comes back, at most.
const MOST_PROBES: u64 = 3;

/// Who sent a few datagrams each to many ports of which computer, and got none from there, with those ports.
pub(crate) struct Scans(HashMap<(IpAddr, IpAddr), HashSet<u16>>);

impl Scans {
    /// Those of a capture.
    pub(crate) fn of(capture: &CaptureFacts) -> Scans {
        let mut tried: HashMap<(IpAddr, IpAddr), HashSet<u16>> = HashMap::new();
        // Most conversations are longer, and few are asked for more.
        let few = capture.traffic.ends(Protocol::Udp, 0..).enumerate().filter(|(_, ends)| ends.frames <= MOST_PROBES);
        for (position, ends) in few.take(LAB_CANDIDATES) {
            let [from, to] = ends.addresses;
            let conversation = capture.traffic.udp_at(position);
            if conversation.is_some_and(|it| it.counts(Side::Responder).datagrams == 0) {
                tried.entry((from.ip, to.ip)).or_default().insert(to.port);
            }
        }
        tried.retain(|_, ports| ports.len() > MOST_PORTS);
        Scans(tried)
    }

    /// Whether a datagram between these was one of those.
    pub(crate) fn contains(&self, [from, to]: [SocketAddress; 2]) -> bool {
        self.0.get(&(from.ip, to.ip)).is_some_and(|ports| ports.contains(&to.port))
    }
}
