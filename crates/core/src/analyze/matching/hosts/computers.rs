//! Which addresses are of one computer: an IPv4 address and IPv6 addresses whose frames come from one network card, and IPv4
//! addresses that a client's card had one after the other.

use std::collections::BTreeMap;
use std::net::IpAddr;

use foldhash::{HashMap, HashSet};

use crate::analyze::conversation::{LabConnection, LabConversation};
use crate::analyze::distinct::distinct;
use crate::analyze::matching::servers::services::same_computer;
use crate::lab::{HostName, LabConfig};
use socklab_packets::pipeline::CaptureFacts;
use socklab_packets::track::Neighbour;
use socklab_packets::types::SocketAddress;

#[cfg(test)]
thread_local! {
    /// How often this thread asked which computer an address is of.
    static LOOKUPS: std::cell::Cell<u64> = const { std::cell::Cell::new(0) };
}

/// How often this thread asked which computer an address is of, for tests of what a look at many connections costs.
#[cfg(test)]
pub(crate) fn lookups() -> u64 {
    LOOKUPS.with(std::cell::Cell::get)
}

/// The addresses of the lab's clients and servers.
pub(crate) struct LabAddresses {
    clients: HashSet<IpAddr>,
    servers: HashSet<IpAddr>,
    /// Those that the user or the sheet gives to a host.
    named: HashSet<IpAddr>,
    /// Whether one computer plays all hosts of the sheet.
    is_alone: bool,
}

impl LabAddresses {
    /// Those of these connections and conversations.
    pub(crate) fn of(
        connections: &[LabConnection],
        conversations: &[LabConversation],
        config: &LabConfig,
    ) -> LabAddresses {
        let tcp = || connections.iter().map(|one| [one.client().ip, one.server().ip]);
        let udp = || conversations.iter().map(|one| [one.client().ip, one.server().ip]);
        let sheet = &config.sheet;
        let on_sheet = sheet.clients().chain([sheet.server()]).filter_map(|host| sheet.address_of(host));
        LabAddresses {
            clients: tcp().chain(udp()).map(|[client, _]| client).collect(),
            servers: tcp().chain(udp()).map(|[_, server]| server).collect(),
            named: config.hosts.values().copied().chain(on_sheet).collect(),
            is_alone: is_alone(connections, conversations, config),
        }
    }

    fn contains(&self, ip: IpAddr) -> bool {
        self.clients.contains(&ip) || self.servers.contains(&ip)
    }

    /// Whether these IPv4 addresses of one card, of the captures with these numbers, were one client's in turn. Several in one
    /// capture may be a router's, through which other computers' packets come, as may those that were not told in ARP.
    fn are_in_turn(&self, of_card: &[(usize, Neighbour)]) -> bool {
        let ipv4 = || of_card.iter().filter(|(_, neighbour)| neighbour.ip.is_ipv4());
        let captures = distinct(ipv4().map(|(capture, _)| *capture)).len();
        let addresses = distinct(ipv4().map(|(_, neighbour)| neighbour.ip));
        let is_own = |(_, neighbour): &(usize, Neighbour)| {
            neighbour.by_arp && self.clients.contains(&neighbour.ip) && !self.servers.contains(&neighbour.ip)
        };
        captures == ipv4().count()
            && ipv4().all(is_own)
            && addresses.iter().filter(|ip| self.named.contains(*ip)).count() <= 1
    }
}

/// Whether one computer plays all hosts of the sheet: all clients have the address of their server, which is the loopback address
/// or the computer's own, or one loopback address where the servers have others; and nobody said which host that is.
fn is_alone(connections: &[LabConnection], conversations: &[LabConversation], config: &LabConfig) -> bool {
    let sheet = &config.sheet;
    let tcp = connections.iter().map(|one| [one.client().ip, one.server().ip]);
    let ends = || tcp.clone().chain(conversations.iter().map(|one| [one.client().ip, one.server().ip]));
    let Some([first, _]) = ends().next() else { return false };
    let has_several = sheet.clients().nth(1).is_some();
    // Addresses that were set for a whole class are another lab's than one that was done at home.
    let is_set = |name: HostName| config.hosts.get(&name).is_some_and(|ip| ends().any(|[client, _]| client == *ip));
    let is_told = sheet.clients().any(is_set) && !sheet.clients().all(is_set);
    let is_own = |[client, server]: [IpAddr; 2]| match client.is_loopback() {
        true => client == server || client == first && same_computer(client, server),
        false => client == server,
    };
    let cards = |is_ipv6: bool| {
        let all = ends().map(|[client, _]| client).filter(|ip| !ip.is_loopback() && ip.is_ipv6() == is_ipv6);
        distinct(all).len()
    };
    has_several && !is_told && ends().all(is_own) && cards(false) < 2 && cards(true) < 2
}

/// The addresses of computers that have several.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Computers {
    /// Of the others the address that stands for all of the computer's.
    standing: HashMap<IpAddr, IpAddr>,
    /// Whether there is one computer only, which plays all hosts of the sheet.
    is_alone: bool,
}

impl Computers {
    /// Looks for addresses of the lab that share a MAC address. Where it has several IPv4 addresses, and not in turn, it tells
    /// nothing.
    pub(crate) fn find(captures: &[CaptureFacts], of_lab: &LabAddresses) -> Computers {
        let mut by_mac: BTreeMap<[u8; 6], Vec<(usize, Neighbour)>> = BTreeMap::new();
        for (number, capture) in captures.iter().enumerate() {
            for neighbour in &capture.traffic.other().neighbours {
                // Interfaces without such addresses show zeros.
                if neighbour.mac != [0; 6] && !neighbour.ip.is_unspecified() {
                    by_mac.entry(neighbour.mac).or_default().push((number, *neighbour));
                }
            }
        }
        let mut computers = Computers { is_alone: of_lab.is_alone, ..Computers::default() };
        if of_lab.is_alone {
            computers.stand_for(of_lab, of_lab.clients.iter().copied().collect());
            return computers;
        }
        for of_card in by_mac.values() {
            let addresses = distinct(of_card.iter().map(|(_, neighbour)| neighbour.ip));
            let has_one_ipv4 = addresses.iter().filter(|ip| ip.is_ipv4()).count() == 1;
            if !has_one_ipv4 && !of_lab.are_in_turn(of_card) {
                continue;
            }
            computers.stand_for(of_lab, addresses.into_iter().filter(|ip| of_lab.contains(*ip)).collect());
        }
        computers
    }

    /// One of these addresses of one computer stands for all.
    fn stand_for(&mut self, of_lab: &LabAddresses, mut addresses: Vec<IpAddr>) {
        addresses.sort_unstable_by_key(|ip| (ip.is_ipv6(), !of_lab.named.contains(ip), *ip));
        if let [standing, others @ ..] = addresses.as_slice() {
            self.standing.extend(others.iter().map(|ip| (*ip, *standing)));
        }
    }

    /// The addresses that another one stands for, and that one, in the order of the addresses.
    pub(crate) fn further(&self) -> Vec<(IpAddr, IpAddr)> {
        let mut further: Vec<(IpAddr, IpAddr)> = self.standing.iter().map(|(ip, standing)| (*ip, *standing)).collect();
        further.sort_unstable();
        further
    }

    /// Whether there is one computer only, which plays all hosts of the sheet: no address tells one client from another.
    pub(crate) fn is_alone(&self) -> bool {
        self.is_alone
    }

    /// The address that stands for all of its computer's.
    pub(crate) fn of(&self, ip: IpAddr) -> IpAddr {
        #[cfg(test)]
        LOOKUPS.with(|lookups| lookups.set(lookups.get().wrapping_add(1)));
        self.standing.get(&ip).copied().unwrap_or(ip)
    }

    /// The socket address that stands for those with its port of its computer.
    pub(crate) fn socket(&self, address: SocketAddress) -> SocketAddress {
        SocketAddress::new(self.of(address.ip), address.port)
    }
}
