//! Servers that have nothing to do with the lab's: in another network, between other computers.

use std::net::IpAddr;

use foldhash::{HashMap, HashMapExt, HashSet, HashSetExt};

use crate::analyze::matching::servers::candidates::Endpoint;
use crate::analyze::matching::servers::services::{computer, same_computer};
use crate::analyze::network::same_link;
use socklab_packets::pipeline::CaptureFacts;
use socklab_packets::types::{Protocol, SocketAddress};

/// Computers of a server that are compared with the lab's at most. One with more is no stranger beside a lab.
const MOST_COMPUTERS: usize = 256;

/// The computers of some servers' streams, and the captures that have any.
#[derive(Default)]
struct Run {
    computers: HashSet<IpAddr>,
    captures: HashSet<usize>,
}

/// Those of `others` that are apart from the servers `here`: whatever file shows one of them shows `here` in use as well, and all
/// of its computers are in another network than all of those. Where the lab was run again in another network, files of their own
/// show it.
pub(crate) fn apart(
    captures: &[CaptureFacts],
    here: &HashSet<Endpoint>,
    others: &HashSet<Endpoint>,
) -> HashSet<Endpoint> {
    let macs = macs(captures);
    // Of a capture with a million streams, all would be looked at below.
    let is_beside = |other: &Endpoint| here.iter().any(|one| is_near(&macs, one.1.ip, other.1.ip));
    let others: HashSet<Endpoint> = others.iter().filter(|other| !is_beside(other)).copied().collect();
    if others.is_empty() {
        return HashSet::new();
    }
    let mut lab = Run::default();
    let mut runs: HashMap<Endpoint, Run> = HashMap::new();
    for (number, capture) in captures.iter().enumerate() {
        for protocol in [Protocol::Tcp, Protocol::Udp] {
            for ends in capture.traffic.ends(protocol, 0..) {
                for endpoint in ends.addresses.map(|address| (protocol, address)) {
                    let run = match (here.contains(&endpoint), others.contains(&endpoint)) {
                        (true, _) => &mut lab,
                        (false, true) => runs.entry(endpoint).or_default(),
                        (false, false) => continue,
                    };
                    run.captures.insert(number);
                    if run.computers.len() <= MOST_COMPUTERS {
                        run.computers.extend(ends.addresses.map(|address| address.ip));
                    }
                }
            }
        }
    }
    let is_apart = |run: &Run| {
        run.captures.is_subset(&lab.captures)
            && run.computers.len() <= MOST_COMPUTERS
            && run.computers.iter().all(|one| !lab.computers.iter().any(|other| is_near(&macs, *one, *other)))
    };
    runs.into_iter().filter(|(_, run)| is_apart(run)).map(|(endpoint, _)| endpoint).collect()
}

/// The MAC addresses of each address.
pub(crate) type Macs = HashMap<IpAddr, HashSet<[u8; 6]>>;

/// Those that the captures show.
pub(crate) fn macs(captures: &[CaptureFacts]) -> Macs {
    let mut macs = Macs::new();
    let neighbours = captures.iter().flat_map(|capture| &capture.traffic.other().neighbours);
    for neighbour in neighbours.filter(|neighbour| neighbour.mac != [0; 6]) {
        macs.entry(neighbour.ip).or_default().insert(neighbour.mac);
    }
    macs
}

/// Whether two addresses may be of one network: by what they look like, or since one computer has both, by its MAC address. Those
/// of both versions of IP, and of a computer's own network, may be of any.
fn is_near(macs: &Macs, one: IpAddr, other: IpAddr) -> bool {
    one.is_ipv4() != other.is_ipv4()
        || one.is_loopback()
        || other.is_loopback()
        || same_computer(one, other)
        || same_link(one, other)
        || share_a_card(macs, one, other)
}

/// Whether one MAC address has both addresses.
pub(crate) fn share_a_card(macs: &Macs, one: IpAddr, other: IpAddr) -> bool {
    macs.get(&one).zip(macs.get(&other)).is_some_and(|(one, other)| !one.is_disjoint(other))
}

/// The computers at both ends of the streams of these servers.
pub(crate) fn computers_of(captures: &[CaptureFacts], servers: &HashSet<Endpoint>) -> HashSet<IpAddr> {
    let mut found = HashSet::new();
    for capture in captures {
        for protocol in [Protocol::Tcp, Protocol::Udp] {
            for ends in capture.traffic.ends(protocol, 0..).map(|ends| ends.addresses) {
                if ends.iter().any(|address| servers.contains(&(protocol, *address))) {
                    found.extend(ends.map(|address| computer(address.ip)));
                }
            }
        }
    }
    found
}

/// The servers without those that are the other end of a connection of a better one: no connection has two.
pub(crate) fn one_end_of_each(captures: &[CaptureFacts], mut servers: Vec<(Endpoint, i32)>) -> Vec<(Endpoint, i32)> {
    let of_tcp = servers.iter().enumerate().filter(|(_, ((protocol, _), _))| *protocol == Protocol::Tcp);
    let places: HashMap<SocketAddress, usize> = of_tcp.map(|(place, ((_, address), _))| (*address, place)).collect();
    if places.len() < 2 {
        return servers;
    }
    let ends = captures.iter().flat_map(|capture| capture.traffic.ends(Protocol::Tcp, 0..));
    let worse = ends.filter_map(|ends| {
        let [one, other] = ends.addresses.map(|address| places.get(&address));
        Some(*one?.max(other?))
    });
    let worse: HashSet<usize> = worse.collect();
    let mut place = 0_usize..;
    servers.retain(|_| place.next().is_some_and(|place| !worse.contains(&place)));
    servers
}
