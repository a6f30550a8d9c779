//! The two socket addresses that name a stream, packed, and their hash.

use std::hash::{BuildHasher, Hasher};
use std::hint::select_unpredictable;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use foldhash::SharedSeed;
use foldhash::fast::SeedableRandomState;

use super::directions::BothDirections;
use super::model::Side;
use crate::analyze::packet::{IpAddresses, OrdinaryPacket};
use crate::types::{Protocol, SocketAddress};

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
    #[inline(always)]
    fn ipv4([source, destination]: [Ipv4Addr; 2], ports: [u16; 2]) -> Self {
        let ips = [[0, u64::from(source.to_bits())], [0, u64::from(destination.to_bits())]];
        Pair { ips, ports: both(ports), ipv6: false }
    }

    /// The pair of an ordinary packet, its sender first.
    #[inline(always)]
    pub(super) fn ordinary(packet: &OrdinaryPacket) -> Self {
        Pair::ipv4(packet.ip, packet.ports)
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
    #[inline(always)]
    pub(super) fn side_of(&self, packet: &Pair) -> Option<Side> {
        let ([a, b], [source, destination]) = (self.ips, packet.ips);
        let other_version = u64::from(self.ipv6 != packet.ipv6);
        let same = differs(a, source) | differs(b, destination) | u64::from(self.ports ^ packet.ports) | other_version;
        let swapped = differs(a, destination)
            | differs(b, source)
            | u64::from(self.ports ^ packet.ports.rotate_left(16))
            | other_version;
        if (same == 0) | (swapped == 0) { Some(if same == 0 { Side::A } else { Side::B }) } else { None }
    }

    /// The same for an ordinary packet.
    #[inline(always)]
    pub(super) fn side_of_ordinary(&self, packet: &OrdinaryPacket) -> Option<Side> {
        let [[_, a], [_, b]] = self.ips;
        let [source, destination] = packet.ip.map(|ip| u64::from(ip.to_bits()));
        let (own, ports) = (self.ports, both(packet.ports));
        let (same, swapped) = (
            (a ^ source) | (b ^ destination) | u64::from(own ^ ports),
            (a ^ destination) | (b ^ source) | u64::from(own ^ ports.rotate_left(16)),
        );
        // Which side it is cannot be predicted: a branch would cost more.
        let side = select_unpredictable(same == 0, Side::A, Side::B);
        (((same == 0) | (swapped == 0)) & !self.ipv6).then_some(side)
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
}

/// Hashes pairs, the same in both directions. Seeded at random, so that no file can be made to fill one slot of a table.
#[derive(Debug)]
pub(super) struct PairHasher(SeedableRandomState);

impl PairHasher {
    pub(super) fn new() -> Self {
        let random = std::hash::RandomState::new().hash_one(0_u8);
        PairHasher(SeedableRandomState::with_seed(random, SharedSeed::global_random()))
    }

    /// The hash of an ordinary packet's pair and protocol.
    #[inline(always)]
    pub(super) fn ordinary(&self, packet: &OrdinaryPacket) -> u32 {
        let [[source, destination], [from, to]] =
            [packet.ip.map(|ip| u64::from(ip.to_bits())), packet.ports.map(u64::from)];
        (self.begin(end(source, from), end(destination, to), packet.protocol).finish() >> 32) as u32
    }

    /// The hash of any packet's pair and protocol.
    pub(super) fn any(&self, pair: &Pair, protocol: Protocol) -> u32 {
        let ([a, b], ports) = (pair.ips, pair.ports);
        let (from, to) = (u64::from(ports >> 16), u64::from(ports & 0xffff));
        let mut hasher = self.begin(end(a[1], from), end(b[1], to), protocol);
        if pair.ipv6 {
            hasher.write_u64(a[0].min(b[0]));
            hasher.write_u64(a[0].max(b[0]));
        }
        (hasher.finish() >> 32) as u32
    }

    #[inline(always)]
    fn begin(&self, a: u64, b: u64, protocol: Protocol) -> impl Hasher + use<> {
        let mut hasher = self.0.build_hasher();
        let mark = if protocol == Protocol::Udp { 1 << 63 } else { 0 };
        hasher.write_u64(a.min(b) ^ mark);
        hasher.write_u64(a.max(b));
        hasher
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

/// A socket address in one number, which has all of an IPv4 one.
#[inline(always)]
fn end(low: u64, port: u64) -> u64 {
    low.rotate_left(16) ^ port
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

    /// Something of each of the two cache lines that a frame needs. To look at it brings them into the processor.
    fn lines(&self) -> (&u8, &u64);
}
