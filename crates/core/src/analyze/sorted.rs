//! The ends of all streams of a capture in the order of their socket addresses, eight bytes for each end.

use std::net::{IpAddr, Ipv4Addr};

use socklab_packets::track::{Side, StreamEnds, Traffic};
use socklab_packets::types::{Protocol, SocketAddress};

/// The ends of all streams of a capture in the order of their addresses.
#[derive(Debug)]
pub(super) struct Sorted {
    pub(super) tcp: SortedEnds,
    pub(super) udp: SortedEnds,
}

impl Sorted {
    /// Sorts them.
    pub(super) fn of(traffic: &Traffic) -> Sorted {
        let [tcp, udp] = Streams::of_both(traffic).map(SortedEnds::of);
        Sorted { tcp, udp }
    }
}

/// The ends of one protocol's streams in the order of their addresses.
///
/// An entry holds as much of its address as finds room above the end's own bits, so that nearly all of the sorting
/// compares integers, and whether its address is the one of the entry before it: to ask its stream means to wait for memory.
#[derive(Debug)]
pub(super) struct SortedEnds {
    keys: Keys,
    /// The bits of an entry that are its [`StreamEnd`], and the lowest one, [`SAME`].
    end_bits: u32,
    pub(super) entries: Vec<u64>,
}

/// The bit of an entry that says that its address is the one of the entry before it.
pub(super) const SAME: u64 = 1;

impl SortedEnds {
    fn of(streams: Streams<'_>) -> SortedEnds {
        // Streams are numbered with 32 bits.
        let count = (streams.count() as u64).min(1 << 32);
        let end_bits = u64::BITS.saturating_sub((count << 2).leading_zeros());
        let keys = Keys::of(streams.at(0..).flat_map(|stream| stream.addresses));
        let mut sorted = SortedEnds { keys, end_bits, entries: Vec::new() };
        let mut entries = Vec::with_capacity(usize::try_from(count << 1).unwrap_or(0));
        let ends = (0..count).map(|stream| StreamEnd(stream << 1));
        for (a, StreamEnds { addresses: [first, second], .. }) in ends.zip(streams.at(0..)) {
            entries.push(sorted.entry(first, a));
            if first != second {
                entries.push(sorted.entry(second, StreamEnd(a.0 | 1)));
            }
        }
        entries.sort_unstable();
        for alike in entries.chunk_by_mut(|left, right| left >> end_bits == right >> end_bits) {
            if alike.len() > 1 {
                sorted.mark(streams, alike);
            }
        }
        sorted.entries = entries;
        sorted
    }

    fn entry(&self, address: SocketAddress, end: StreamEnd) -> u64 {
        (self.keys.key(address) >> self.cut_bits()) << self.end_bits | end.0 << 1
    }

    /// Puts entries with the same key in the order of their addresses, and marks those that share the one before them.
    /// Often all do: a server's. Then each stream is asked once, or none.
    fn mark(&self, streams: Streams<'_>, alike: &mut [u64]) {
        let address = |entry: &u64| streams.address(self.end(*entry));
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

    /// The end that an entry is of.
    pub(super) fn end(&self, entry: u64) -> StreamEnd {
        StreamEnd((entry & (1_u64 << self.end_bits).wrapping_sub(1)) >> 1)
    }
}

/// Addresses as integers that sort like them: IPv4 addresses and their ports whole, of IPv6 addresses the beginning.
///
/// Of the upper half of an IPv4 address only its rank among those that occur: they are few, and the fewer bits a key has,
/// the fewer streams must be asked.
#[derive(Debug)]
struct Keys {
    /// Which upper halves occur, 64 in each.
    halves: Vec<Halves>,
    /// Bits of an IPv4 address's key.
    ipv4_bits: u32,
    has_ipv6: bool,
}

#[derive(Debug, Clone, Copy, Default)]
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

/// One end of a stream: the stream's position by number, shifted left by one, and 1 for [`Side::Responder`].
#[derive(Clone, Copy)]
pub(super) struct StreamEnd(u64);

impl StreamEnd {
    /// The position of the stream.
    pub(super) fn position(self) -> usize {
        usize::try_from(self.0 >> 1).unwrap_or(usize::MAX)
    }

    /// Which of its ends.
    pub(super) fn side(self) -> Side {
        match self.0 & 1 {
            0 => Side::Originator,
            _ => Side::Responder,
        }
    }
}

/// The streams of one protocol.
#[derive(Clone, Copy)]
pub(super) struct Streams<'a> {
    /// The protocol.
    pub(super) protocol: Protocol,
    traffic: &'a Traffic,
}

impl<'a> Streams<'a> {
    /// Those of TCP and of UDP.
    pub(super) fn of_both(traffic: &'a Traffic) -> [Streams<'a>; 2] {
        [Protocol::Tcp, Protocol::Udp].map(|protocol| Streams { protocol, traffic })
    }

    /// The streams at these positions.
    pub(super) fn at(self, positions: impl Iterator<Item = usize>) -> impl Iterator<Item = StreamEnds> {
        self.traffic.ends(self.protocol, positions)
    }

    /// Has them at hand: see [`Traffic::fetch`].
    pub(super) fn fetch(self, positions: impl Iterator<Item = usize>) {
        self.traffic.fetch(self.protocol, positions);
    }

    fn count(self) -> usize {
        match self.protocol {
            Protocol::Tcp => self.traffic.tcp_count(),
            Protocol::Udp => self.traffic.udp_count(),
        }
    }

    /// The address of an end.
    pub(super) fn address(self, end: StreamEnd) -> Option<SocketAddress> {
        self.at(std::iter::once(end.position())).next().map(|stream| stream.address(end.side()))
    }
}
