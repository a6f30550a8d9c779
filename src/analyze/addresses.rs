//! The distinct socket addresses of a capture, each with its role and its frames.
//!
//! Nothing is kept of an address: the ends of all connections are sorted by their addresses, eight bytes for each end,
//! and those that share one are summed up when it is listed.

use std::net::IpAddr;

use crate::analyze::analysis::{AddressRole, AddressSummary, Role, RoleBasis};
use crate::analyze::track::{Side, Traffic};
use crate::types::{Protocol, SocketAddress};

/// The socket addresses of a capture, ready to be listed as often as needed: TCP before UDP, then by address and port.
pub struct Addresses<'a> {
    tcp: Index<'a>,
    udp: Index<'a>,
}

impl<'a> Addresses<'a> {
    /// Sorts the ends of all connections and conversations. Roles are in the order of stream numbers.
    pub fn new(traffic: &'a Traffic, tcp_roles: &'a [Role], udp_roles: &'a [Role]) -> Self {
        Addresses {
            tcp: Index::new(Protocol::Tcp, traffic, tcp_roles, traffic.tcp_count()),
            udp: Index::new(Protocol::Udp, traffic, udp_roles, traffic.udp_count()),
        }
    }

    /// The addresses, each once for each protocol.
    pub fn iter(&self) -> impl Iterator<Item = Shared<'_>> + Clone {
        self.tcp.iter().chain(self.udp.iter())
    }
}

/// A socket address, as the ends of streams that share it.
#[derive(Clone, Copy)]
pub struct Shared<'a> {
    index: &'a Index<'a>,
    ends: &'a [u64],
}

impl Shared<'_> {
    /// Whether any of the streams belongs to the lab.
    pub fn is_lab(&self) -> bool {
        self.roles().any(|(_, role)| role.lab)
    }

    /// What the streams say of its role. A guess says nothing; an address on both sides has no one role.
    pub fn role(&self) -> AddressRole {
        let (mut client, mut server) = (false, false);
        for (end, role) in self.roles().filter(|(_, role)| role.basis != RoleBasis::Guess) {
            match role.client == end.side() {
                true => client = true,
                false => server = true,
            }
        }
        match (client, server) {
            (true, false) => AddressRole::Client,
            (false, true) => AddressRole::Server,
            _ => AddressRole::Unknown,
        }
    }

    /// All that is known of it; `None` only where a stream is missing from its capture.
    pub fn summary(&self) -> Option<AddressSummary> {
        let address = self.index.address(self.index.end(*self.ends.first()?))?;
        let frames = self.ends().filter_map(|end| self.index.stream(end)).map(|(_, frames)| frames);
        Some(AddressSummary {
            protocol: self.index.protocol,
            address,
            role: self.role(),
            lab: self.is_lab(),
            frames: frames.fold(0, u64::saturating_add),
        })
    }

    fn ends(&self) -> impl Iterator<Item = End> {
        self.ends.iter().map(|sorted| self.index.end(*sorted))
    }

    fn roles(&self) -> impl Iterator<Item = (End, Role)> {
        self.ends().filter_map(|end| Some((end, *self.index.roles.get(end.position())?)))
    }
}

/// One end of a stream: the stream's position by number, shifted left by one, and 1 for [`Side::B`].
#[derive(Clone, Copy)]
struct End(u64);

impl End {
    fn position(self) -> usize {
        usize::try_from(self.0 >> 1).unwrap_or(usize::MAX)
    }

    fn side(self) -> Side {
        match self.0 & 1 {
            0 => Side::A,
            _ => Side::B,
        }
    }
}

/// The ends of one protocol's streams in the order of their addresses.
///
/// An entry holds as much of its address as finds room above the end's own bits, so that nearly all of the sorting
/// compares integers, and whether its address is the one of the entry before it: to ask its stream means to wait for memory.
struct Index<'a> {
    protocol: Protocol,
    traffic: &'a Traffic,
    roles: &'a [Role],
    /// The bits of an entry that are its [`End`], and the lowest one, [`SAME`].
    end_bits: u32,
    /// The bits of a key that are in use: without IPv6 addresses those of IPv4.
    key_bits: u32,
    entries: Vec<u64>,
}

/// The bit of an entry that says that its address is the one of the entry before it.
const SAME: u64 = 1;

/// Bits of an IPv4 address's [`key`], and of any.
const IPV4_KEY_BITS: u32 = 48;
const KEY_BITS: u32 = IPV4_KEY_BITS + 1;

/// The beginning of an address as an integer that sorts like it; for IPv4 the whole address.
fn key(address: SocketAddress) -> u64 {
    match address.ip {
        IpAddr::V4(ip) => u64::from(ip.to_bits()) << 16 | u64::from(address.port),
        IpAddr::V6(ip) => 1 << 48 | (ip.to_bits() >> 80) as u64,
    }
}

impl<'a> Index<'a> {
    fn new(protocol: Protocol, traffic: &'a Traffic, roles: &'a [Role], streams: usize) -> Self {
        // Streams are numbered with 32 bits.
        let streams = u64::try_from(streams).unwrap_or(u64::MAX).min(1 << 32);
        let end_bits = u64::BITS.saturating_sub((streams << 2).leading_zeros());
        let mut entries = Vec::with_capacity(usize::try_from(streams << 1).unwrap_or(0));
        let mut index = Index { protocol, traffic, roles, end_bits, key_bits: KEY_BITS, entries: Vec::new() };
        let ends = (0..streams).filter_map(|stream| index.stream(End(stream << 1)));
        if !ends.flat_map(|(ends, _)| ends).any(|end| end.ip.is_ipv6()) {
            index.key_bits = IPV4_KEY_BITS;
        }
        for a in (0..streams).map(|stream| End(stream << 1)) {
            let Some(([first, second], _)) = index.stream(a) else { continue };
            entries.push(index.entry(first, a));
            if first != second {
                entries.push(index.entry(second, End(a.0 | 1)));
            }
        }
        entries.sort_unstable();
        for alike in entries.chunk_by_mut(|left, right| left >> end_bits == right >> end_bits) {
            if alike.len() > 1 {
                index.mark(alike);
            }
        }
        index.entries = entries;
        index
    }

    fn entry(&self, address: SocketAddress, end: End) -> u64 {
        (key(address) >> self.cut_bits()) << self.end_bits | end.0 << 1
    }

    /// Puts entries with the same key in the order of their addresses, and marks those that share the one before them.
    /// Often all do: a server's. Then each stream is asked once.
    fn mark(&self, alike: &mut [u64]) {
        let address = |entry: &u64| self.address(self.end(*entry));
        let first = alike.first().and_then(address);
        let all_same = self.is_exact(alike) || alike.iter().all(|entry| address(entry) == first);
        if !all_same {
            alike.sort_by_cached_key(address);
        }
        let mut before = None;
        for entry in alike {
            let own = if all_same { first } else { address(entry) };
            *entry |= if own == before { SAME } else { 0 };
            before = own;
        }
    }

    /// The bits of a key that find no room in an entry.
    fn cut_bits(&self) -> u32 {
        self.key_bits.saturating_add(self.end_bits).saturating_sub(u64::BITS)
    }

    /// Whether entries with the same key surely have the same address: it stands in them whole.
    fn is_exact(&self, alike: &[u64]) -> bool {
        let first = alike.first().map_or(0, |entry| entry >> self.end_bits << self.cut_bits());
        self.cut_bits() == 0 && first < 1 << IPV4_KEY_BITS
    }

    fn end(&self, entry: u64) -> End {
        End((entry & (1_u64 << self.end_bits).wrapping_sub(1)) >> 1)
    }

    fn iter(&self) -> impl Iterator<Item = Shared<'_>> + Clone {
        self.entries.chunk_by(|_, right| right & SAME != 0).map(|ends| Shared { index: self, ends })
    }

    fn address(&self, end: End) -> Option<SocketAddress> {
        let ([a, b], _) = self.stream(end)?;
        match end.side() {
            Side::A => Some(a),
            Side::B => Some(b),
        }
    }

    /// The addresses and frames of the stream that this is an end of.
    fn stream(&self, end: End) -> Option<([SocketAddress; 2], u64)> {
        match self.protocol {
            Protocol::Tcp => self.traffic.tcp_ends(end.position()),
            Protocol::Udp => self.traffic.udp_ends(end.position()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::analyze::testing::Story;

    /// So many that an address finds no room beside the end's own bits: clients on neighbouring ports, two servers of
    /// which one has an IPv6 address too.
    #[test]
    fn many_addresses_are_listed_once_each_in_order() {
        let (mut made, mut expected) = (Story::new("a.pcapng", 0), BTreeMap::new());
        for number in 0..20_000_u32 {
            let (host, port) = (number % 7 + 2, 1024 + number / 7);
            let (client, server) = match number % 1000 {
                0 => (format!("[fd00::{host}]:{port}"), "[fd00::1]:65433".to_owned()),
                n => (format!("10.0.3.{host}:{port}"), format!("10.0.3.{}:65433", n % 2)),
            };
            made.datagram(&client, &server, "x");
            for end in [client, server] {
                *expected.entry(end.parse::<SocketAddress>().unwrap()).or_insert(0_u64) += 1;
            }
        }
        let facts = made.read();
        let addresses = Addresses::new(&facts.traffic, &[], &[]);
        let listed: Vec<_> =
            addresses.iter().filter_map(|shared| shared.summary()).map(|of| (of.address, of.frames)).collect();
        assert!(listed.iter().copied().eq(expected), "{} listed", listed.len());
    }
}
