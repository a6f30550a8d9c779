//! The distinct socket addresses of a capture, each with its role and its frames.
//!
//! Nothing is kept of an address: the ends of all connections are sorted by their addresses, eight bytes for each end,
//! and those that share one are summed up when it is listed.

use std::net::{IpAddr, Ipv4Addr};
use std::ops::Range;

use crate::analyze::analysis::{AddressRole, AddressSummary, Role, RoleBasis};
use socklab_packets::track::{Side, StreamEnds, Traffic};
use socklab_packets::types::{Protocol, SocketAddress};

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
        self.beginning_in(0..self.ends())
    }

    /// Ends of connections and conversations in all; each address has one or more of them in a row.
    pub fn ends(&self) -> usize {
        self.tcp.entries.len().saturating_add(self.udp.entries.len())
    }

    /// The addresses whose first end is in this range of [`Addresses::ends`].
    pub fn beginning_in(&self, ends: Range<usize>) -> impl Iterator<Item = Shared<'_>> + Clone {
        let tcp = self.tcp.entries.len();
        let of_udp = ends.start.saturating_sub(tcp)..ends.end.saturating_sub(tcp);
        self.tcp.beginning_in(ends).chain(self.udp.beginning_in(of_udp))
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
        let frames = self.ends().filter_map(|end| self.index.stream(end)).map(|stream| stream.frames);
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

/// One end of a stream: the stream's position by number, shifted left by one, and 1 for [`Side::Responder`].
#[derive(Clone, Copy)]
struct End(u64);

impl End {
    fn position(self) -> usize {
        usize::try_from(self.0 >> 1).unwrap_or(usize::MAX)
    }

    fn side(self) -> Side {
        match self.0 & 1 {
            0 => Side::Originator,
            _ => Side::Responder,
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
    keys: Keys,
    /// The bits of an entry that are its [`End`], and the lowest one, [`SAME`].
    end_bits: u32,
    entries: Vec<u64>,
}

/// The bit of an entry that says that its address is the one of the entry before it.
const SAME: u64 = 1;

impl<'a> Index<'a> {
    fn new(protocol: Protocol, traffic: &'a Traffic, roles: &'a [Role], streams: usize) -> Self {
        // Streams are numbered with 32 bits.
        let streams = u64::try_from(streams).unwrap_or(u64::MAX).min(1 << 32);
        let end_bits = u64::BITS.saturating_sub((streams << 2).leading_zeros());
        let mut entries = Vec::with_capacity(usize::try_from(streams << 1).unwrap_or(0));
        let mut index = Index { protocol, traffic, roles, keys: Keys::default(), end_bits, entries: Vec::new() };
        let ends = (0..streams).filter_map(|stream| index.stream(End(stream << 1)));
        index.keys = Keys::of(ends.flat_map(|stream| stream.addresses));
        for a in (0..streams).map(|stream| End(stream << 1)) {
            let Some(StreamEnds { addresses: [first, second], .. }) = index.stream(a) else { continue };
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
        (self.keys.key(address) >> self.cut_bits()) << self.end_bits | end.0 << 1
    }

    /// Puts entries with the same key in the order of their addresses, and marks those that share the one before them.
    /// Often all do: a server's. Then each stream is asked once, or none.
    fn mark(&self, alike: &mut [u64]) {
        let address = |entry: &u64| self.address(self.end(*entry));
        let first = alike.first().and_then(address);
        if self.is_exact(alike) || alike.iter().all(|entry| address(entry) == first) {
            return alike.iter_mut().skip(1).for_each(|entry| *entry |= SAME);
        }
        alike.sort_by_cached_key(address);
        let mut before = None;
        for entry in alike {
            let own = address(entry);
            *entry |= if own == before { SAME } else { 0 };
            before = own;
        }
    }

    /// The bits of a key that find no room in an entry.
    fn cut_bits(&self) -> u32 {
        self.keys.bits().saturating_add(self.end_bits).saturating_sub(u64::BITS)
    }

    /// Whether entries with the same key surely have the same address: it stands in them whole.
    fn is_exact(&self, alike: &[u64]) -> bool {
        self.cut_bits() == 0 && alike.first().is_some_and(|entry| self.keys.is_whole(entry >> self.end_bits))
    }

    fn end(&self, entry: u64) -> End {
        End((entry & (1_u64 << self.end_bits).wrapping_sub(1)) >> 1)
    }

    fn beginning_in(&self, ends: Range<usize>) -> impl Iterator<Item = Shared<'_>> + Clone {
        let shares = |entry: &u64| entry & SAME != 0;
        let (start, end) = (ends.start.min(self.entries.len()), ends.end.min(self.entries.len()));
        let within = |range: Range<usize>| self.entries.get(range).unwrap_or_default();
        let first = within(start..end).iter().position(|entry| !shares(entry)).map(|place| start.saturating_add(place));
        // The last address goes on to its end. Where none begins, that is not looked for: a server's may be far.
        let rest = || within(end..self.entries.len()).iter().take_while(|entry| shares(entry)).count();
        let whole = first.map_or(0..0, |first| first..end.saturating_add(rest()));
        within(whole).chunk_by(move |_, right| shares(right)).map(|ends| Shared { index: self, ends })
    }

    fn address(&self, end: End) -> Option<SocketAddress> {
        let [a, b] = self.stream(end)?.addresses;
        match end.side() {
            Side::Originator => Some(a),
            Side::Responder => Some(b),
        }
    }

    /// The stream that this is an end of.
    fn stream(&self, end: End) -> Option<StreamEnds> {
        match self.protocol {
            Protocol::Tcp => self.traffic.tcp_ends(end.position()),
            Protocol::Udp => self.traffic.udp_ends(end.position()),
        }
    }
}

/// Addresses as integers that sort like them: IPv4 addresses and their ports whole, of IPv6 addresses the beginning.
///
/// Of the upper half of an IPv4 address only its rank among those that occur: they are few, and the fewer bits a key has,
/// the fewer streams must be asked.
#[derive(Default)]
struct Keys {
    /// Which upper halves occur, 64 in each.
    halves: Vec<Halves>,
    /// Bits of an IPv4 address's key.
    ipv4_bits: u32,
    has_ipv6: bool,
}

#[derive(Clone, Copy, Default)]
struct Halves {
    present: u64,
    /// How many occur below these.
    below: u32,
}

/// The bits of a key that are not the rank of an address's upper half: its lower half, and the port.
const LOWER_BITS: u32 = 32;

impl Keys {
    /// Keys for these addresses.
    fn of(addresses: impl Iterator<Item = SocketAddress>) -> Keys {
        let (mut halves, mut has_ipv6) = (vec![Halves::default(); 1 << 10], false);
        for address in addresses {
            match address.ip {
                IpAddr::V4(ip) => {
                    let (place, bit) = place_of(ip);
                    halves.get_mut(place).into_iter().for_each(|halves| halves.present |= bit);
                }
                IpAddr::V6(_) => has_ipv6 = true,
            }
        }
        let mut count = 0_u32;
        for halves in &mut halves {
            halves.below = count;
            count = count.saturating_add(halves.present.count_ones());
        }
        let ipv4_bits = LOWER_BITS.saturating_add(u32::BITS).saturating_sub(count.saturating_sub(1).leading_zeros());
        Keys { halves, ipv4_bits, has_ipv6 }
    }

    fn bits(&self) -> u32 {
        self.ipv4_bits.saturating_add(u32::from(self.has_ipv6))
    }

    fn key(&self, address: SocketAddress) -> u64 {
        match address.ip {
            IpAddr::V4(ip) => {
                let (place, bit) = place_of(ip);
                let halves = self.halves.get(place).copied().unwrap_or_default();
                let lower = (halves.present & bit.wrapping_sub(1)).count_ones();
                let rank = u64::from(halves.below.saturating_add(lower));
                rank << LOWER_BITS | u64::from(ip.to_bits() & 0xffff) << 16 | u64::from(address.port)
            }
            // Behind all IPv4 addresses.
            IpAddr::V6(ip) => {
                1 << self.ipv4_bits | (ip.to_bits() >> (u128::BITS.saturating_sub(self.ipv4_bits))) as u64
            }
        }
    }

    /// Whether a key is of an IPv4 address, which stands in it whole.
    fn is_whole(&self, key: u64) -> bool {
        key < 1 << self.ipv4_bits
    }
}

/// Where the upper half of an address is in [`Keys::halves`], and its bit there.
fn place_of(ip: Ipv4Addr) -> (usize, u64) {
    let half = ip.to_bits() >> 16;
    ((half >> 6) as usize, 1 << (half & 63))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::analyze::testing::Story;

    /// Whether the addresses of these conversations, of one datagram each, are listed once each and in order.
    fn check(ends: impl Iterator<Item = [String; 2]>) {
        let (mut made, mut expected) = (Story::new("a.pcapng", 0), BTreeMap::new());
        for [client, server] in ends {
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
        for together in [1, 7, 1 << 20] {
            let pieces = (0..addresses.ends()).step_by(together);
            let in_pieces = pieces.flat_map(|from| addresses.beginning_in(from..from + together));
            assert!(
                in_pieces
                    .filter_map(|shared| shared.summary())
                    .map(|of| (of.address, of.frames))
                    .eq(listed.iter().copied())
            );
        }
    }

    /// Clients on neighbouring ports, two servers of which one has an IPv6 address too.
    fn of_class(number: u32) -> [String; 2] {
        let (host, port) = (number % 7 + 2, 1024 + number / 7);
        match number % 1000 {
            0 => [format!("[fd00::{host}]:{port}"), "[fd00::1]:65433".to_owned()],
            n => [format!("10.0.3.{host}:{port}"), format!("10.0.3.{}:65433", n % 2)],
        }
    }

    /// All in networks of their own.
    fn of_strangers(number: u32) -> [String; 2] {
        let end = |number: u32| format!("{}.{}.0.1:7", number >> 8, number & 0xff);
        [end(number + 256), end(number + 0x8000)]
    }

    #[test]
    fn addresses_are_listed_once_each_in_order() {
        check(std::iter::empty());
        check((0..1).map(of_class));
        check((0..3000).map(of_class));
    }

    /// So many networks that an address finds no room beside the end's own bits, and neighbours must be told apart.
    #[test]
    fn addresses_of_many_networks_are_told_apart() {
        check((0..2100).map(of_class).chain((0..20_000).map(of_strangers)));
    }
}
