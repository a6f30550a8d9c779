//! The two socket addresses that name a stream, packed, and the table that finds a stream by them.

use std::hash::{BuildHasher, Hasher};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use foldhash::SharedSeed;
use foldhash::fast::SeedableRandomState;
use hashbrown::HashTable;

use super::model::Side;
use super::sightings::Sightings;
use crate::analyze::packet::IpAddresses;
use crate::types::SocketAddress;

/// Two socket addresses of one IP version, the sender of a stream's first frame first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pair {
    /// IPv4 addresses fill the low bits of the second half.
    ips: [[u64; 2]; 2],
    ports: [u16; 2],
    ipv6: bool,
}

impl Pair {
    /// The pair of a packet, its sender first.
    #[inline]
    pub(super) fn new(ip: &IpAddresses, ports: [u16; 2]) -> Self {
        match (ip.source, ip.destination) {
            (IpAddr::V4(source), IpAddr::V4(destination)) => {
                let ips = [[0, u64::from(u32::from(source))], [0, u64::from(u32::from(destination))]];
                Pair { ips, ports, ipv6: false }
            }
            (source, destination) => Pair { ips: [wide(source), wide(destination)], ports, ipv6: true },
        }
    }

    /// The sender's side in the stream of `self`, if `packet` has the same two addresses. Where both addresses are the
    /// same, every frame counts as the first side's.
    #[inline]
    pub(super) fn side_of(&self, packet: &Pair) -> Option<Side> {
        if self == packet {
            return Some(Side::A);
        }
        let swapped = self.ips[0] == packet.ips[1]
            && self.ips[1] == packet.ips[0]
            && self.ports[0] == packet.ports[1]
            && self.ports[1] == packet.ports[0]
            && self.ipv6 == packet.ipv6;
        swapped.then_some(Side::B)
    }

    /// Whether both addresses are the same.
    pub(super) fn is_loop(&self) -> bool {
        self.ips[0] == self.ips[1] && self.ports[0] == self.ports[1]
    }

    /// The two socket addresses.
    pub(super) fn addresses(&self) -> [SocketAddress; 2] {
        let [a, b] = self.ips;
        [SocketAddress::new(self.ip(a), self.ports[0]), SocketAddress::new(self.ip(b), self.ports[1])]
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
    fn hash(&self, seed: &SeedableRandomState) -> u64 {
        let mut hasher = seed.build_hasher();
        let [a, b] = [0, 1].map(|side: usize| {
            let [high, low] = self.ips.get(side).copied().unwrap_or_default();
            (high, low.rotate_left(16), u64::from(self.ports.get(side).copied().unwrap_or_default()))
        });
        let (low, high) = if a <= b { (a, b) } else { (b, a) };
        hasher.write_u64(low.1 ^ low.2);
        hasher.write_u64(high.1 ^ high.2);
        if self.ipv6 {
            hasher.write_u64(low.0);
            hasher.write_u64(high.0);
        }
        hasher.finish()
    }
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
    fn sightings(&self) -> [Sightings; 2];
}

/// Records in order of appearance, with a table from each pair to its latest record.
///
/// The hash is seeded at random, so that no file can be made to fill one slot of the table.
#[derive(Debug)]
pub(super) struct Table<R> {
    records: Vec<R>,
    index: HashTable<u32>,
    seed: SeedableRandomState,
    /// The record found last: frames of one stream come in runs.
    latest: usize,
}

impl<R: Paired> Table<R> {
    pub(super) fn new() -> Self {
        let random = std::hash::RandomState::new().hash_one(0_u8);
        Table {
            records: Vec::new(),
            index: HashTable::new(),
            seed: SeedableRandomState::with_seed(random, SharedSeed::global_random()),
            latest: 0,
        }
    }

    pub(super) fn records(&self) -> &[R] {
        &self.records
    }

    pub(super) fn into_records(self) -> Vec<R> {
        self.records
    }

    #[inline]
    pub(super) fn get_mut(&mut self, number: usize) -> Option<&mut R> {
        self.records.get_mut(number)
    }

    /// The latest record of this pair, its number and the sender's side.
    #[inline]
    pub(super) fn find(&mut self, pair: &Pair) -> Option<(usize, Side)> {
        if let Some(side) = self.records.get(self.latest).and_then(|record| record.pair().side_of(pair)) {
            return Some((self.latest, side));
        }
        let hash = pair.hash(&self.seed);
        let mut side = None;
        let found = self.index.find(hash, |&number| {
            side = self.records.get(number as usize).and_then(|record| record.pair().side_of(pair));
            side.is_some()
        })?;
        self.latest = *found as usize;
        Some((self.latest, side?))
    }

    /// Appends a record; its pair leads to it from now on. `None` where no further number is left.
    pub(super) fn push(&mut self, record: R) -> Option<usize> {
        let number = u32::try_from(self.records.len()).ok()?;
        let (records, seed) = (&self.records, &self.seed);
        let pair = *record.pair();
        let hash = pair.hash(seed);
        let same =
            |&other: &u32| records.get(other as usize).is_some_and(|other| other.pair().side_of(&pair).is_some());
        if let Some(slot) = self.index.find_mut(hash, same) {
            *slot = number;
        } else {
            let rehash = |&other: &u32| records.get(other as usize).map_or(0, |record| record.pair().hash(seed));
            self.index.insert_unique(hash, number, rehash);
        }
        self.records.push(record);
        self.latest = number as usize;
        Some(self.latest)
    }
}
