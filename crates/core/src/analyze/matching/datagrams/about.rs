//! Frames about the lab's datagrams that are of none of its streams: ICMP errors that quote them, and fragments.

use std::net::IpAddr;

use foldhash::{HashMap, HashMapExt, HashSet};

use crate::analyze::analysis::LabFrames;
use crate::analyze::conversation::LabConversation;
use crate::analyze::matching::servers::choice::Servers;
use socklab_packets::pipeline::CaptureFacts;
use socklab_packets::track::Fragment;
use socklab_packets::types::{Protocol, SocketAddress};

/// UDP in an IP header (RFC 768).
const UDP: u8 = 17;

/// What fragments of one datagram have in common.
pub(crate) type Key = (IpAddr, IpAddr, Option<u16>);

/// See [`Key`].
pub(crate) fn key(fragment: &Fragment) -> Key {
    (fragment.source, fragment.destination, fragment.identification)
}

/// The frames of a capture that are about the lab's packets.
pub(crate) fn about_lab(
    capture: &CaptureFacts,
    number: usize,
    servers: &Servers,
    conversations: &[LabConversation],
) -> LabFrames {
    let other = capture.traffic.other();
    let mut frames = LabFrames::default();
    let quoted = other.unreachable.iter().filter_map(|message| Some((message, message.quoted?)));
    for (message, quoted) in quoted {
        if [quoted.source, quoted.destination].iter().any(|end| servers.contains(quoted.protocol, *end)) {
            let count = if message.from.is_ipv6() { &mut frames.icmpv6 } else { &mut frames.icmp };
            *count = count.saturating_add(1);
        }
    }
    if other.fragments.is_empty() {
        return frames;
    }
    let here = conversations.iter().filter(|conversation| conversation.in_capture(number).is_some());
    let pairs = here.map(|conversation| (conversation.client().ip, conversation.server().ip));
    let pairs: HashSet<(IpAddr, IpAddr)> = pairs.flat_map(|(one, other)| [(one, other), (other, one)]).collect();
    let firsts = first_fragments(capture, servers);
    let is_of_lab = |fragment: &&Fragment| {
        fragment.of.protocol == UDP
            && (pairs.contains(&(fragment.source, fragment.destination)) || firsts.contains_key(&key(fragment)))
    };
    LabFrames { fragments: other.fragments.iter().filter(is_of_lab).count() as u64, ..frames }
}

/// Between whom the datagrams to and from servers of the lab are of which a first fragment is there.
pub(crate) fn first_fragments(capture: &CaptureFacts, servers: &Servers) -> HashMap<Key, [SocketAddress; 2]> {
    let mut firsts = HashMap::new();
    for fragment in capture.traffic.other().fragments.iter().filter(|fragment| fragment.of.protocol == UDP) {
        let Some([source, destination]) = fragment.of.ports else { continue };
        let ends = [SocketAddress::new(fragment.source, source), SocketAddress::new(fragment.destination, destination)];
        if ends.iter().any(|end| servers.contains(Protocol::Udp, *end)) {
            firsts.insert(key(fragment), ends);
        }
    }
    firsts
}
