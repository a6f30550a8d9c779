//! The distinct socket addresses of a capture, each with its role and its frames.
//!
//! Nothing is kept of an address: the ends of all connections are sorted by their addresses, and those that share one are
//! summed up when it is listed.

use std::ops::Range;

use crate::analyze::analysis::{AddressRole, AddressSummary, CaptureAnalysis, Role, RoleBasis};
use crate::analyze::sorted::{SAME, Sorted, SortedEnds, StreamEnd, Streams};
use socklab_packets::track::Traffic;

/// The socket addresses of a capture, ready to be listed as often as needed: TCP before UDP, then by address and port.
pub struct Addresses<'a> {
    tcp: Index<'a>,
    udp: Index<'a>,
}

impl<'a> Addresses<'a> {
    /// The addresses of a capture.
    pub fn of(capture: &'a CaptureAnalysis) -> Self {
        let sorted = capture.sorted.get_or_init(|| Sorted::of(&capture.traffic));
        Addresses::new(&capture.traffic, sorted, &capture.tcp_roles, &capture.udp_roles)
    }

    /// The addresses of a capture. Roles are in the order of stream numbers.
    fn new(traffic: &'a Traffic, sorted: &'a Sorted, tcp_roles: &'a [Role], udp_roles: &'a [Role]) -> Self {
        let [tcp, udp] = Streams::of_both(traffic);
        Addresses {
            tcp: Index { streams: tcp, roles: tcp_roles, sorted: &sorted.tcp },
            udp: Index { streams: udp, roles: udp_roles, sorted: &sorted.udp },
        }
    }

    /// The addresses, each once for each protocol.
    pub fn iter(&self) -> impl Iterator<Item = Shared<'_>> + Clone {
        self.beginning_in(0..self.ends())
    }

    /// Ends of connections and conversations in all; each address has one or more of them in a row.
    pub fn ends(&self) -> usize {
        self.tcp.sorted.entries.len().saturating_add(self.udp.sorted.entries.len())
    }

    /// All that is known of the addresses whose first end is in this range of [`Addresses::ends`].
    pub fn summaries(&self, ends: Range<usize>) -> impl Iterator<Item = AddressSummary> {
        for (index, ends) in self.by_protocol(ends.clone()) {
            let entries = index.sorted.entries.get(ends).unwrap_or_default();
            index.streams.fetch(entries.iter().map(|entry| index.sorted.end(*entry).position()));
        }
        self.beginning_in(ends).filter_map(|address| address.summary())
    }

    /// The addresses whose first end is in this range of [`Addresses::ends`].
    pub fn beginning_in(&self, ends: Range<usize>) -> impl Iterator<Item = Shared<'_>> + Clone {
        let [(tcp, of_tcp), (udp, of_udp)] = self.by_protocol(ends);
        tcp.beginning_in(of_tcp).chain(udp.beginning_in(of_udp))
    }

    /// A range of [`Addresses::ends`] as one of each protocol's.
    fn by_protocol(&self, ends: Range<usize>) -> [(&Index<'a>, Range<usize>); 2] {
        let both = [&self.tcp, &self.udp].map(|index| (index, index.sorted.entries.len()));
        let [(tcp, tcp_ends), (udp, udp_ends)] = both;
        let within = |before: usize, count: usize| {
            let place = |end: usize| end.saturating_sub(before).min(count);
            place(ends.start)..place(ends.end)
        };
        [(tcp, within(0, tcp_ends)), (udp, within(tcp_ends, udp_ends))]
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
        let lab = self.is_lab();
        let first = self.index.streams.at(self.ends().map(StreamEnd::position)).next()?;
        let counts = |end: &StreamEnd| !lab || self.index.roles.get(end.position()).is_some_and(|role| role.lab);
        let streams = self.index.streams.at(self.ends().filter(counts).map(StreamEnd::position));
        Some(AddressSummary {
            protocol: self.index.streams.protocol,
            address: first.address(self.ends().next()?.side()),
            role: self.role(),
            lab,
            frames: streams.map(|stream| stream.frames).fold(0, u64::saturating_add),
        })
    }

    fn ends(&self) -> impl Iterator<Item = StreamEnd> {
        self.ends.iter().map(|entry| self.index.sorted.end(*entry))
    }

    fn roles(&self) -> impl Iterator<Item = (StreamEnd, Role)> {
        self.ends().filter_map(|end| Some((end, *self.index.roles.get(end.position())?)))
    }
}

/// The addresses of one protocol, with what is known of its streams.
struct Index<'a> {
    streams: Streams<'a>,
    roles: &'a [Role],
    sorted: &'a SortedEnds,
}

impl Index<'_> {
    fn beginning_in(&self, ends: Range<usize>) -> impl Iterator<Item = Shared<'_>> + Clone {
        let entries = &self.sorted.entries;
        let shares = |entry: &u64| entry & SAME != 0;
        let Range { start, end } = ends;
        let within = |range: Range<usize>| entries.get(range).unwrap_or_default();
        let first = within(start..end).iter().position(|entry| !shares(entry)).map(|place| start.saturating_add(place));
        // The last address goes on to its end. Where none begins, that is not looked for: a server's may be far.
        let rest = || within(end..entries.len()).iter().take_while(|entry| shares(entry)).count();
        let whole = first.map_or(0..0, |first| first..end.saturating_add(rest()));
        within(whole).chunk_by(move |_, right| shares(right)).map(|ends| Shared { index: self, ends })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::analyze::testing::Story;
    use socklab_packets::types::SocketAddress;

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
        let sorted = Sorted::of(&facts.traffic);
        let addresses = Addresses::new(&facts.traffic, &sorted, &[], &[]);
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
