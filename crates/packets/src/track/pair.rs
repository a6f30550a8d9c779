//! The two socket addresses and the transport that name a stream, packed, and their hash.

use std::hash::{BuildHasher, Hasher};
use std::hint::select_unpredictable;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use foldhash::SharedSeed;
use foldhash::fast::SeedableRandomState;

use super::sides::Side;
use crate::packet::{IpAddresses, Ipv4End, OrdinaryPacket};
use crate::types::{Protocol, SocketAddress};

/// Two socket addresses of one IP version and transport in a fixed order, and which of them is whose: a packet's sender or
/// a stream's first side. Pairs of one stream differ in nothing else.
///
/// Packed, so that a record has room for what else it needs in its first cache line.
#[derive(Debug, Clone, Copy, Default)]
#[repr(C, packed)]
pub(super) struct Pair {
    /// The port, and above it the lower 48 bits of the address, of both.
    near: [u64; 2],
    /// The other bits of IPv6 addresses.
    far: [[u8; 10]; 2],
    marks: Marks,
}

/// What else there is to say of a pair, one bit each.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Marks(u8);

impl Marks {
    /// The second address is that of the sender or first side.
    const SWAPPED: u8 = 1;
    /// The addresses are IPv6.
    const IPV6: u8 = 2;
    /// The transport is UDP.
    const UDP: u8 = 4;

    #[inline(always)]
    fn new(swapped: bool, ipv6: bool, protocol: Protocol) -> Marks {
        let udp = protocol == Protocol::Udp;
        Marks(u8::from(swapped) | u8::from(ipv6) << 1 | u8::from(udp) << 2)
    }

    #[inline(always)]
    fn is_swapped(self) -> bool {
        self.0 & Marks::SWAPPED != 0
    }

    #[inline(always)]
    fn is_ipv6(self) -> bool {
        self.0 & Marks::IPV6 != 0
    }

    #[inline(always)]
    fn is_udp(self) -> bool {
        self.0 & Marks::UDP != 0
    }
}

impl Pair {
    /// The pair of an ordinary packet.
    #[inline(always)]
    pub(super) fn ordinary(packet: &OrdinaryPacket) -> Self {
        let marks = Marks::new(packet.swapped, false, packet.protocol);
        Pair { near: packet.ends.map(Ipv4End::bits), far: Default::default(), marks }
    }

    /// The pair of a packet.
    pub(super) fn new(ip: &IpAddresses, ports: [u16; 2], protocol: Protocol) -> Self {
        let [source_port, destination_port] = ports;
        let (source, destination) = (end(ip.source, source_port), end(ip.destination, destination_port));
        let (first, second) = (source.min(destination), source.max(destination));
        let ipv6 = ip.source.is_ipv6() || ip.destination.is_ipv6();
        let marks = Marks::new(source > destination, ipv6, protocol);
        Pair { near: [first.0, second.0], far: [first.1, second.1], marks }
    }

    /// The transport.
    #[inline(always)]
    pub(super) fn protocol(&self) -> Protocol {
        if self.marks.is_udp() { Protocol::Udp } else { Protocol::Tcp }
    }

    /// Both ports, in no order.
    #[inline]
    pub(super) fn ports(&self) -> [u16; 2] {
        self.near.map(|near| (near & 0xffff) as u16)
    }

    /// The sender's side in the stream of `self`, if `packet` has the same addresses and transport. Where both addresses
    /// are the same, every frame counts as the first side's.
    #[inline(always)]
    pub(super) fn side_of(&self, packet: &Pair) -> Option<Side> {
        let ([a, b], [first, second]) = (self.near, packet.near);
        let marks = Marks(self.marks.0 ^ packet.marks.0);
        let near = ((a ^ first) | (b ^ second)) == 0 && !marks.is_ipv6() && !marks.is_udp();
        // Which side it is cannot be predicted: a branch would cost more.
        let side = select_unpredictable(marks.is_swapped(), Side::Responder, Side::Originator);
        (near && (!packet.marks.is_ipv6() || self.far == packet.far)).then_some(side)
    }

    /// Whether both addresses are the same.
    pub(super) fn is_loop(&self) -> bool {
        let ([a, b], [far_a, far_b]) = (self.near, self.far);
        a == b && far_a == far_b
    }

    /// The two socket addresses, that of the sender or first side first.
    pub(super) fn addresses(&self) -> [SocketAddress; 2] {
        let ([a, b], swapped) = (self.near, self.marks.is_swapped());
        if !self.marks.is_ipv6() {
            // Every stream of a large capture is asked for these.
            return if swapped { [b, a] } else { [a, b] }.map(ipv4_address);
        }
        let [far_a, far_b] = self.far;
        let [a, b] = [ipv6_address(a, far_a), ipv6_address(b, far_b)];
        if swapped { [b, a] } else { [a, b] }
    }
}

fn ipv4_address(near: u64) -> SocketAddress {
    // An address in the upper 32 of the lower 48 bits, a port in the others.
    SocketAddress::new(IpAddr::V4(Ipv4Addr::from_bits((near >> 16) as u32)), (near & 0xffff) as u16)
}

fn ipv6_address(near: u64, far: [u8; 10]) -> SocketAddress {
    let [n0, n1, n2, n3, n4, n5, p0, p1] = near.to_be_bytes();
    let [f0, f1, f2, f3, f4, f5, f6, f7, f8, f9] = far;
    let ip = Ipv6Addr::from([f0, f1, f2, f3, f4, f5, f6, f7, f8, f9, n0, n1, n2, n3, n4, n5]);
    SocketAddress::new(IpAddr::V6(ip), u16::from_be_bytes([p0, p1]))
}

/// Hashes pairs, the same in both directions. Seeded at random, so that no file can be made to fill one slot of a table.
#[derive(Debug)]
pub(super) struct PairHasher(SeedableRandomState);

impl PairHasher {
    pub(super) fn new() -> Self {
        let random = std::hash::RandomState::new().hash_one(0_u8);
        PairHasher(SeedableRandomState::with_seed(random, SharedSeed::global_random()))
    }

    /// The hash of a pair.
    #[inline(always)]
    pub(super) fn hash(&self, pair: &Pair) -> u32 {
        let mut hasher = self.0.build_hasher();
        let [a, b] = pair.near;
        hasher.write_u64(a);
        // The highest bit is free in IPv4. In IPv6 a hash may then mean two pairs, as any hash may.
        hasher.write_u64(b ^ (u64::from(pair.marks.is_udp()) << 63));
        if pair.marks.is_ipv6() {
            hasher.write(pair.far.as_flattened());
        }
        (hasher.finish() >> 32) as u32
    }
}

/// A socket address in two parts: see [`Pair`]. IPv4 beside IPv6 does not occur in one header.
fn end(ip: IpAddr, port: u16) -> (u64, [u8; 10]) {
    match ip {
        IpAddr::V4(ip) => (Ipv4End::new(ip, port).bits(), [0; 10]),
        IpAddr::V6(ip) => {
            let [f0, f1, f2, f3, f4, f5, f6, f7, f8, f9, n0, n1, n2, n3, n4, n5] = ip.octets();
            let [p0, p1] = port.to_be_bytes();
            (u64::from_be_bytes([n0, n1, n2, n3, n4, n5, p0, p1]), [f0, f1, f2, f3, f4, f5, f6, f7, f8, f9])
        }
    }
}
