//! The two socket addresses that name a stream, packed, and the table that finds a stream by them.

use std::hash::{BuildHasher, Hasher};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use foldhash::SharedSeed;
use foldhash::fast::SeedableRandomState;
use hashbrown::HashTable;

use super::directions::BothDirections;
use super::model::Side;
use super::records::Records;
use super::{Located, Look};
use crate::analyze::packet::IpAddresses;
use crate::types::SocketAddress;

/// Two socket addresses of one IP version, the sender of a stream's first frame first.
///
/// Packed, so that a record has room for what else it needs in its first cache line.
#[derive(Debug, Clone, Copy, Default)]
#[repr(C, packed)]
pub(super) struct Pair {
    /// IPv4 addresses fill the low bits of the second half.
    ips: [[u64; 2]; 2],
    /// The first side's port in the high bits.
    ports: u32,
    ipv6: bool,
}

impl Pair {
    /// The pair of an IPv4 packet, its sender first.
    #[inline]
    pub(super) fn ipv4([source, destination]: [Ipv4Addr; 2], ports: [u16; 2]) -> Self {
        let ips = [[0, u64::from(source.to_bits())], [0, u64::from(destination.to_bits())]];
        Pair { ips, ports: both(ports), ipv6: false }
    }

    /// The pair of a packet, its sender first.
    pub(super) fn new(ip: &IpAddresses, ports: [u16; 2]) -> Self {
        match (ip.source, ip.destination) {
            (IpAddr::V4(source), IpAddr::V4(destination)) => Pair::ipv4([source, destination], ports),
            (source, destination) => Pair { ips: [wide(source), wide(destination)], ports: both(ports), ipv6: true },
        }
    }

    /// The sender's side in the stream of `self`, if `packet` has the same two addresses. Where both addresses are the
    /// same, every frame counts as the first side's.
    #[inline]
    pub(super) fn side_of(&self, packet: &Pair) -> Option<Side> {
        // Both orders are compared whole: which one it is cannot be predicted, so that a branch would cost more.
        let ([a, b], [source, destination]) = (self.ips, packet.ips);
        let other_version = u64::from(self.ipv6 != packet.ipv6);
        let same = differs(a, source) | differs(b, destination) | u64::from(self.ports ^ packet.ports) | other_version;
        let swapped = differs(a, destination)
            | differs(b, source)
            | u64::from(self.ports ^ packet.ports.rotate_left(16))
            | other_version;
        if (same == 0) | (swapped == 0) { Some(if same == 0 { Side::A } else { Side::B }) } else { None }
    }

    /// Whether both addresses are the same.
    pub(super) fn is_loop(&self) -> bool {
        let [a, b] = self.ips;
        a == b && self.ports == self.ports.rotate_left(16)
    }

    /// The two socket addresses.
    pub(super) fn addresses(&self) -> [SocketAddress; 2] {
        let ([a, b], ports) = (self.ips, self.ports);
        let port = |bits: u32| (bits & 0xffff) as u16;
        [SocketAddress::new(self.ip(a), port(ports >> 16)), SocketAddress::new(self.ip(b), port(ports))]
    }

    fn ip(&self, [high, low]: [u64; 2]) -> IpAddr {
        if self.ipv6 {
            IpAddr::V6(Ipv6Addr::from((u128::from(high) << 64) | u128::from(low)))
        } else {
            IpAddr::V4(Ipv4Addr::from((low & 0xffff_ffff) as u32))
        }
    }

    /// A hash that is the same in both directions.
    #[inline]
    fn hash(&self, seed: &SeedableRandomState) -> u32 {
        let ([a, b], ports) = (self.ips, self.ports);
        let (a, b) = (end(a, ports >> 16), end(b, ports & 0xffff));
        let mut hasher = seed.build_hasher();
        hasher.write_u64(a.1.min(b.1));
        hasher.write_u64(a.1.max(b.1));
        if self.ipv6 {
            hasher.write_u64(a.0.min(b.0));
            hasher.write_u64(a.0.max(b.0));
        }
        (hasher.finish() >> 32) as u32
    }
}

/// Two ports in one number, the first in its high bits.
#[inline]
fn both([a, b]: [u16; 2]) -> u32 {
    (u32::from(a) << 16) | u32::from(b)
}

/// Zero where two addresses are the same.
#[inline]
fn differs(a: [u64; 2], b: [u64; 2]) -> u64 {
    (a[0] ^ b[0]) | (a[1] ^ b[1])
}

/// A socket address in two numbers, the second of which has all of an IPv4 one.
#[inline]
fn end([high, low]: [u64; 2], port: u32) -> (u64, u64) {
    (high, low.rotate_left(16) ^ u64::from(port))
}

/// An address as two halves. IPv4 beside IPv6 does not occur in one header; it would count as an IPv4-mapped address.
fn wide(ip: IpAddr) -> [u64; 2] {
    let bits = match ip {
        IpAddr::V4(ip) => ip.to_ipv6_mapped().to_bits(),
        IpAddr::V6(ip) => ip.to_bits(),
    };
    [(bits >> 64) as u64, (bits & u128::from(u64::MAX)) as u64]
}

/// Something that is found by its pair.
pub(super) trait Paired {
    /// Its two socket addresses.
    fn pair(&self) -> &Pair;

    /// Which way each side's frames went.
    fn directions(&self) -> BothDirections;
}

/// A record's number, and the hash of its pair: growing the table need not look at the records.
#[derive(Debug, Clone, Copy)]
struct Slot {
    number: u32,
    hash: u32,
}

/// Records in order of appearance, with a table from each pair to its latest record.
///
/// The hash is seeded at random, so that no file can be made to fill one slot of the table.
#[derive(Debug)]
pub(super) struct Table<R> {
    records: Records<R>,
    index: HashTable<Slot>,
    seed: SeedableRandomState,
}

impl<R: Paired> Table<R> {
    pub(super) fn new() -> Self {
        let random = std::hash::RandomState::new().hash_one(0_u8);
        Table {
            records: Records::new(),
            index: HashTable::new(),
            seed: SeedableRandomState::with_seed(random, SharedSeed::global_random()),
        }
    }

    pub(super) fn records(&self) -> &Records<R> {
        &self.records
    }

    /// Number of records.
    #[inline]
    pub(super) fn len(&self) -> usize {
        self.records.len()
    }

    pub(super) fn into_records(self) -> Records<R> {
        self.records
    }

    #[inline]
    pub(super) fn get_mut(&mut self, number: u32) -> Option<&mut R> {
        self.records.get_mut(number as usize)
    }

    /// The hash of a pair in this table.
    #[inline]
    pub(super) fn hash(&self, pair: &Pair) -> u32 {
        pair.hash(&self.seed)
    }

    /// The record that a pair with this hash leads to, as far as the index can tell: almost always the right one.
    #[inline]
    pub(super) fn candidate(&self, hash: u32) -> Option<u32> {
        self.index.find(spread(hash), |slot| slot.hash == hash).map(|slot| slot.number)
    }

    /// Makes sure of a candidate.
    #[inline]
    pub(super) fn confirm(&self, look: &Look) -> Located {
        let side = look.candidate.and_then(|candidate| self.side_in(candidate, &look.pair));
        match (look.candidate, side) {
            (Some(number), Some(side)) => Located { found: Some((number, side)), streams: self.len() },
            (Some(_), None) => self.locate(&look.pair),
            (None, _) => Located { found: None, streams: self.len() },
        }
    }

    /// Looks a pair up.
    #[inline(never)]
    pub(super) fn locate(&self, pair: &Pair) -> Located {
        Located { found: self.find(pair), streams: self.len() }
    }

    /// The latest record of this pair, its number and the sender's side.
    pub(super) fn find(&self, pair: &Pair) -> Option<(u32, Side)> {
        let hash = self.hash(pair);
        let mut side = None;
        let found = self.index.find(spread(hash), |slot| {
            if slot.hash == hash {
                side = self.side_in(slot.number, pair);
            }
            side.is_some()
        })?;
        Some((found.number, side?))
    }

    #[inline]
    fn side_in(&self, number: u32, pair: &Pair) -> Option<Side> {
        self.records.get(number as usize)?.pair().side_of(pair)
    }

    /// Appends a record; its pair leads to it from now on. `None` where no further number is left.
    pub(super) fn push(&mut self, record: R) -> Option<u32> {
        let number = u32::try_from(self.records.len()).ok()?;
        let records = &self.records;
        let hash = record.pair().hash(&self.seed);
        let same = |slot: &Slot| {
            let other = records.get(slot.number as usize);
            slot.hash == hash && other.is_some_and(|other| other.pair().side_of(record.pair()).is_some())
        };
        if let Some(slot) = self.index.find_mut(spread(hash), same) {
            slot.number = number;
        } else {
            self.index.insert_unique(spread(hash), Slot { number, hash }, |slot| spread(slot.hash));
        }
        self.records.push(record);
        Some(number)
    }
}

/// 64 bits of 32, as the table wants them: it takes the place from the lowest bits and a tag from the highest.
#[inline]
fn spread(hash: u32) -> u64 {
    (u64::from(hash) << 32) | u64::from(hash)
}
