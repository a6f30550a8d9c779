//! Datagrams that look for a way or for open ports: traceroute's, and those of scanners. Their destinations are no servers.

use std::net::IpAddr;

use foldhash::{HashMap, HashMapExt, HashSet};

use crate::analyze::matching::servers::tried::with_room;
use socklab_packets::pipeline::CaptureFacts;
use socklab_packets::track::{PayloadKind, PayloadStart, Side};
use socklab_packets::types::{Protocol, SocketAddress};

/// At so many ports of one computer somebody may try a server that does not answer; who goes on to more looks for something else.
const MOST_PORTS: usize = 4;

/// What `traceroute` fills its datagrams with.
const FILLER: &str = "@ABCDEFG";

/// Who sent one datagram each to many ports of which computer, got none from there and said nothing, with those ports.
pub(crate) struct Scans(HashMap<(IpAddr, IpAddr), HashSet<u16>>);

/// What went from one computer to a port of another one.
#[derive(Default)]
struct Tries {
    datagrams: u64,
    is_answered: bool,
    /// Something that a program of the lab may have sent.
    is_said: bool,
    /// Bytes that are no text: only at one port after the other, they are a traceroute's.
    is_binary: bool,
}

impl Scans {
    /// Those of a capture, beside the ports that are `named` as servers of the lab.
    pub(crate) fn of(capture: &CaptureFacts, is_named: impl Fn(SocketAddress) -> bool) -> Scans {
        let mut tried: HashMap<(IpAddr, SocketAddress), Tries> = HashMap::new();
        for (position, conversation) in capture.traffic.exchanged(Protocol::Udp).enumerate() {
            let [from, to] = conversation.ends.addresses;
            let Some(tries) = with_room(&mut tried, (from.ip, to)) else { continue };
            tries.datagrams = tries.datagrams.saturating_add(conversation.ends.frames);
            // Of a port that several datagrams went to, nothing else counts.
            if tries.datagrams > 1 {
                continue;
            }
            let Some(whole) = capture.traffic.udp_at(position) else { continue };
            tries.is_answered |= whole.counts(Side::Responder).datagrams > 0;
            let is_filler = || {
                let mut starts = capture.traffic.udp_starts(whole.stream);
                let is_it = |start| matches!(start, PayloadStart::Text { text, .. } if text.starts_with(FILLER));
                starts.next().is_some_and(|(_, start)| is_it(start))
            };
            match conversation.payload_kinds[0] {
                _ if conversation.payload_bytes == 0 => {}
                PayloadKind::Binary => tries.is_binary = true,
                PayloadKind::Text => tries.is_said |= !is_filler(),
                _ => tries.is_said = true,
            }
        }
        let mut ports: HashMap<(IpAddr, IpAddr), Vec<(u16, bool)>> = HashMap::new();
        for ((from, to), tries) in tried {
            if tries.datagrams == 1 && !tries.is_answered && !tries.is_said && !is_named(to) {
                ports.entry((from, to.ip)).or_default().push((to.port, tries.is_binary));
            }
        }
        Scans(ports.into_iter().filter_map(|(ends, ports)| Some((ends, scanned(ports)?))).collect())
    }

    /// Whether a datagram between these was one of those.
    pub(crate) fn contains(&self, [from, to]: [SocketAddress; 2]) -> bool {
        self.0.get(&(from.ip, to.ip)).is_some_and(|ports| ports.contains(&to.port))
    }
}

/// The ports that were scanned for sure, of those that one datagram each went to: many, and where it was binary, each the next of
/// another one.
fn scanned(mut ports: Vec<(u16, bool)>) -> Option<HashSet<u16>> {
    ports.sort_unstable();
    let neighbours = |a: u16, b: u16| a.abs_diff(b) <= 1;
    let rises = ports.windows(2).all(|pair| matches!(pair, [(a, _), (b, _)] if neighbours(*a, *b)));
    ports.retain(|(_, is_binary)| !is_binary || rises);
    (ports.len() > MOST_PORTS).then(|| ports.into_iter().map(|(port, _)| port).collect())
}
