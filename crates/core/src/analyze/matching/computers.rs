//! Which addresses are of one computer: an IPv4 address and IPv6 addresses whose frames come from one network card.

use std::collections::BTreeMap;
use std::net::IpAddr;

use foldhash::{HashMap, HashSet};

use crate::analyze::distinct::distinct;
use socklab_packets::pipeline::CaptureFacts;
use socklab_packets::types::SocketAddress;

/// The addresses of computers that have several.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Computers {
    /// Of the others the address that stands for all of the computer's.
    standing: HashMap<IpAddr, IpAddr>,
}

impl Computers {
    /// Looks for addresses of the lab, which are given, that share a MAC address. Where it has several IPv4 addresses, it may
    /// be a router's, through which other computers' packets come; then it tells nothing.
    pub(super) fn find(captures: &[CaptureFacts], of_lab: &HashSet<IpAddr>) -> Computers {
        let mut by_mac: BTreeMap<[u8; 6], Vec<IpAddr>> = BTreeMap::new();
        for neighbour in captures.iter().flat_map(|capture| &capture.traffic.other().neighbours) {
            // Interfaces without such addresses show zeros.
            if neighbour.mac != [0; 6] && !neighbour.ip.is_unspecified() {
                by_mac.entry(neighbour.mac).or_default().push(neighbour.ip);
            }
        }
        let mut computers = Computers::default();
        for addresses in by_mac.values() {
            let mut addresses = distinct(addresses.iter().copied());
            let has_one_ipv4 = addresses.iter().filter(|ip| ip.is_ipv4()).count() == 1;
            addresses.retain(|ip| of_lab.contains(ip));
            addresses.sort_unstable();
            if let (true, [standing, others @ ..]) = (has_one_ipv4, addresses.as_slice()) {
                computers.standing.extend(others.iter().map(|ip| (*ip, *standing)));
            }
        }
        computers
    }

    /// The addresses that another one stands for, and that one, in the order of the addresses.
    pub(crate) fn further(&self) -> Vec<(IpAddr, IpAddr)> {
        let mut further: Vec<(IpAddr, IpAddr)> = self.standing.iter().map(|(ip, standing)| (*ip, *standing)).collect();
        further.sort_unstable();
        further
    }

    /// The address that stands for all of its computer's.
    pub(crate) fn of(&self, ip: IpAddr) -> IpAddr {
        self.standing.get(&ip).copied().unwrap_or(ip)
    }

    /// The socket address that stands for those with its port of its computer.
    pub(crate) fn socket(&self, address: SocketAddress) -> SocketAddress {
        SocketAddress::new(self.of(address.ip), address.port)
    }
}
