//! Servers to which clients connected and said nothing, beside servers to which they did.

use std::net::IpAddr;

use foldhash::HashSet;

use crate::analyze::matching::servers::candidates::Endpoint;
use crate::analyze::matching::servers::choice::Field;
use crate::analyze::matching::servers::exchanged::Exchange;
use socklab_packets::limits::LAB_CANDIDATES;
use socklab_packets::pipeline::CaptureFacts;
use socklab_packets::types::{Protocol, SocketAddress};

impl Field<'_> {
    /// The servers chosen, with those on their computer at which clients connected and said nothing in a file that has nothing of the
    /// others: alone, such a file would be one of the lab.
    pub(super) fn with_silent(
        &self,
        captures: &[CaptureFacts],
        mut chosen: Vec<(Endpoint, i32)>,
    ) -> Vec<(Endpoint, i32)> {
        let taken: HashSet<Endpoint> = chosen.iter().map(|(endpoint, _)| *endpoint).collect();
        let hosts: HashSet<IpAddr> = taken.iter().map(|(_, address)| address.ip).collect();
        let is_silent = |(endpoint, _): &&(Endpoint, i32)| {
            let (protocol, address) = endpoint;
            *protocol == Protocol::Tcp
                && hosts.contains(&address.ip)
                && !taken.contains(endpoint)
                && self.exchange(endpoint) == Some(Exchange::Silence)
                && self.is_unclaimed(endpoint)
        };
        let silent: Vec<(Endpoint, i32)> = self.ranked.iter().filter(is_silent).copied().collect();
        if silent.is_empty() {
            return chosen;
        }
        let (elsewhere, tried) = (in_other_files(captures, &taken), self.tried_ports());
        let is_meant =
            |endpoint: &Endpoint| elsewhere.contains(&endpoint.1) && self.may_have_been_meant(endpoint, &tried);
        chosen.extend(silent.into_iter().filter(|(endpoint, _)| is_meant(endpoint)));
        chosen
    }
}

/// Both ends of the TCP connections in captures that have nothing of these servers.
fn in_other_files(captures: &[CaptureFacts], servers: &HashSet<Endpoint>) -> HashSet<SocketAddress> {
    let ends = |capture: &CaptureFacts, protocol: Protocol| -> Vec<SocketAddress> {
        capture.traffic.ends(protocol, 0..LAB_CANDIDATES).flat_map(|ends| ends.addresses).collect()
    };
    let is_of = |protocol: Protocol, ends: &[SocketAddress]| ends.iter().any(|end| servers.contains(&(protocol, *end)));
    let mut found = HashSet::default();
    for capture in captures {
        let [tcp, udp] = [Protocol::Tcp, Protocol::Udp].map(|protocol| ends(capture, protocol));
        if !is_of(Protocol::Tcp, &tcp) && !is_of(Protocol::Udp, &udp) {
            found.extend(tcp);
        }
    }
    found
}
