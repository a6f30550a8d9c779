//! The distinct socket addresses of a capture, each with its role and its frames.
//!
//! Nothing is kept of an address: connections are sorted by their addresses, four bytes for each end, and summed up run
//! by run while they are read.

use crate::analyze::analysis::{AddressRole, AddressSummary, Role, RoleBasis};
use crate::analyze::track::{Side, Traffic};
use crate::types::{Protocol, SocketAddress, StreamNumber};

/// The socket addresses of a capture, ready to be listed as often as needed: TCP before UDP, then by address and port.
pub struct Addresses<'a> {
    tcp: Index<'a>,
    udp: Index<'a>,
}

impl<'a> Addresses<'a> {
    /// Sorts the ends of all connections and conversations. Roles are by stream number.
    pub fn new(traffic: &'a Traffic, tcp_roles: &'a [Role], udp_roles: &'a [Role]) -> Self {
        Addresses {
            tcp: Index::new(Protocol::Tcp, traffic, tcp_roles, traffic.tcp_count()),
            udp: Index::new(Protocol::Udp, traffic, udp_roles, traffic.udp_count()),
        }
    }

    /// The addresses, each once for each protocol.
    pub fn iter(&self) -> impl Iterator<Item = AddressSummary> + Clone {
        self.tcp.iter().chain(self.udp.iter())
    }
}

/// The ends of one protocol's streams in the order of their addresses.
struct Index<'a> {
    protocol: Protocol,
    traffic: &'a Traffic,
    roles: &'a [Role],
    ends: Vec<End>,
}

/// One end of a stream: the stream's number shifted left by one, and 1 for [`Side::B`].
#[derive(Clone, Copy)]
struct End(u32);

impl End {
    fn stream(self) -> StreamNumber {
        StreamNumber(self.0 >> 1)
    }

    fn side(self) -> Side {
        match self.0 & 1 {
            0 => Side::A,
            _ => Side::B,
        }
    }
}

impl<'a> Index<'a> {
    fn new(protocol: Protocol, traffic: &'a Traffic, roles: &'a [Role], streams: usize) -> Self {
        // `Limits::connections` stays far below the half of what fits.
        let streams = u32::try_from(streams).unwrap_or(u32::MAX).min(u32::MAX >> 1);
        let mut ends = Vec::with_capacity((streams as usize).saturating_mul(2));
        let index = Index { protocol, traffic, roles, ends: Vec::new() };
        for stream in 0..streams {
            let (a, b) = (End(stream << 1), End(stream << 1 | 1));
            ends.push(a);
            if index.address(a) != index.address(b) {
                ends.push(b);
            }
        }
        ends.sort_unstable_by_key(|end| index.address(*end));
        Index { ends, ..index }
    }

    fn iter(&self) -> impl Iterator<Item = AddressSummary> + Clone {
        self.ends
            .chunk_by(|left, right| self.address(*left) == self.address(*right))
            .filter_map(|run| self.summary(run))
    }

    /// Sums up the ends that share an address.
    fn summary(&self, run: &[End]) -> Option<AddressSummary> {
        let address = self.address(*run.first()?)?;
        let (mut client, mut server, mut lab, mut frames) = (false, false, false, 0_u64);
        for end in run {
            frames = frames.saturating_add(self.stream(*end).map_or(0, |(_, frames)| frames));
            let Some(role) = usize::try_from(end.stream().0).ok().and_then(|stream| self.roles.get(stream)) else {
                continue;
            };
            lab |= role.lab;
            if role.basis != RoleBasis::Guess {
                match role.client == end.side() {
                    true => client = true,
                    false => server = true,
                }
            }
        }
        let role = match (client, server) {
            (true, false) => AddressRole::Client,
            (false, true) => AddressRole::Server,
            _ => AddressRole::Unknown,
        };
        Some(AddressSummary { protocol: self.protocol, address, role, lab, frames })
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
            Protocol::Tcp => self.traffic.tcp_ends(end.stream()),
            Protocol::Udp => self.traffic.udp_ends(end.stream()),
        }
    }
}
