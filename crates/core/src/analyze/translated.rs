//! Streams that a capture shows twice, before and after their addresses were translated (NAT): a capture of all interfaces of a
//! computer whose client is in a container or in WSL, or whose server's port is published by one.

use std::collections::{BTreeMap, VecDeque};
use std::net::IpAddr;

use crate::analyze::conversation::COPIED_WITHIN;
use crate::analyze::network::same_link;
use crate::lab::LabConfig;
use socklab_packets::pipeline::CaptureFacts;
use socklab_packets::track::{Side, TcpConnection, UdpConversation};
use socklab_packets::types::{Protocol, SocketAddress, Timestamp, is_group};

/// Streams of a capture that are looked at. Those of the lab are among the first.
const LOOKED_AT: usize = 20_000;

/// A stream is compared with so many before it: its frames follow at once.
const COMPARED: usize = 16;

/// Datagrams of a conversation whose time to live is looked at.
const NOTES_COMPARED: usize = 8;

/// The streams of one capture that are others once more.
#[derive(Debug, Clone, Default)]
pub(crate) struct Translated {
    tcp: BTreeMap<usize, usize>,
    udp: BTreeMap<usize, usize>,
}

impl Translated {
    /// Finds them. Of two views of a stream that one is kept whose addresses are on the lab's network.
    pub(crate) fn of(capture: &CaptureFacts, config: &LabConfig) -> Translated {
        let tcp = capture.traffic.tcp_connections().take(LOOKED_AT).enumerate();
        let tcp = tcp.map(|(at, tcp)| View::tcp(at, &tcp));
        let udp = capture.traffic.udp_conversations().take(LOOKED_AT).enumerate();
        let udp = udp.map(|(at, udp)| View::udp(at, &udp, capture));
        Translated { tcp: pairs(tcp, config), udp: pairs(udp, config) }
    }

    /// The host that translated addresses to its own: the one address that stands for others in all streams.
    pub(crate) fn router(&self, capture: &CaptureFacts) -> Option<IpAddr> {
        let mut routers = [Protocol::Tcp, Protocol::Udp].into_iter().flat_map(|protocol| {
            let ends = move |position: usize| capture.traffic.ends(protocol, std::iter::once(position)).next();
            self.all(protocol).iter().filter_map(move |(hidden, kept)| {
                let pairs = ends(*hidden)?.addresses.into_iter().zip(ends(*kept)?.addresses);
                let mut changed = pairs.filter(|(again, once)| again.ip != once.ip).map(|(_, once)| once.ip);
                changed.next().filter(|_| changed.next().is_none())
            })
        });
        let first = routers.next()?;
        routers.all(|router| router == first).then_some(first)
    }

    /// Whether the stream at this position is another one once more.
    pub(crate) fn hides(&self, protocol: Protocol, position: usize) -> bool {
        self.all(protocol).contains_key(&position)
    }

    /// The positions of the streams that are others once more, and of those others.
    pub(crate) fn all(&self, protocol: Protocol) -> &BTreeMap<usize, usize> {
        match protocol {
            Protocol::Tcp => &self.tcp,
            Protocol::Udp => &self.udp,
        }
    }
}

/// What tells that two streams are one.
#[derive(PartialEq, Eq)]
enum Mark {
    /// The initial sequence numbers of client and server: 64 bits that two connections hardly share.
    Tcp(u32, Option<u32>),
    /// Datagrams and bytes of client and server.
    Udp([[u64; 2]; 2]),
}

/// A stream as one side of a translation sees it.
struct View {
    position: usize,
    /// The client's socket address, and the server's.
    ends: [SocketAddress; 2],
    mark: Mark,
    first: Timestamp,
    last: Timestamp,
    /// What is left of the first packets' time to live.
    hop_limits: Vec<Option<u8>>,
}

impl View {
    fn tcp(position: usize, tcp: &TcpConnection) -> Option<View> {
        let client = tcp.syn_sender.or(tcp.syn_ack_sender.map(Side::other))?;
        let ends = [client, client.other()].map(|side| tcp.address(side));
        let mark = Mark::Tcp(tcp.base_sequence(client)?, tcp.base_sequence(client.other()));
        Some(View { position, ends, mark, first: tcp.first_time?, last: tcp.last_time?, hop_limits: Vec::new() })
    }

    fn udp(position: usize, udp: &UdpConversation, capture: &CaptureFacts) -> Option<View> {
        let mark = Mark::Udp(udp.counts.map(|side| [side.datagrams, side.payload_bytes]));
        let notes = capture.traffic.udp_notes(udp.stream).take(NOTES_COMPARED);
        let hop_limits = notes.map(|note| note.hop_limit).collect();
        let view =
            View { position, ends: udp.addresses, mark, first: udp.first_time?, last: udp.last_time?, hop_limits };
        (!udp.addresses.iter().any(|address| is_group(address.ip))).then_some(view)
    }

    /// Whether this is `earlier` with other addresses.
    fn is_again(&self, earlier: &View) -> bool {
        let [[client, server], [client_before, server_before]] = [self.ends, earlier.ends];
        let ports = [client.port == client_before.port, server.port == server_before.port];
        let soon = |one: Timestamp, other: Timestamp| one.nanoseconds_since(other).abs() < COPIED_WITHIN;
        let is_sure = match self.mark {
            Mark::Tcp(_, Some(_)) => ports != [false, false],
            Mark::Tcp(_, None) => ports == [true, true],
            // A program may send the same to two servers at once.
            Mark::Udp(_) => {
                let one_end = client.ip == client_before.ip || server.ip == server_before.ip;
                ports != [false, false] && one_end && self.is_routed(earlier)
            }
        };
        self.ends != earlier.ends
            && self.mark == earlier.mark
            && is_sure
            && soon(self.first, earlier.first)
            && soon(self.last, earlier.last)
    }
}

impl View {
    /// Whether its packets' time to live differs from that of `earlier` by what a router takes off. Who translates addresses is
    /// one, but a packet may be captured before it or after it on both sides.
    fn is_routed(&self, earlier: &View) -> bool {
        let pairs = || self.hop_limits.iter().zip(&earlier.hop_limits);
        let apart = |(now, before): (&Option<u8>, &Option<u8>)| Some(now.as_ref()?.abs_diff(*before.as_ref()?));
        self.hop_limits.len() == earlier.hop_limits.len()
            && pairs().all(|pair| apart(pair).is_some_and(|apart| apart <= 1))
            && pairs().any(|pair| apart(pair) == Some(1))
    }
}

/// The positions of views to be hidden, each with that of the view that is kept.
fn pairs(views: impl Iterator<Item = Option<View>>, config: &LabConfig) -> BTreeMap<usize, usize> {
    let mut hidden = BTreeMap::new();
    let mut latest: VecDeque<View> = VecDeque::with_capacity(COMPARED);
    for view in views.flatten() {
        match latest.iter_mut().find(|earlier| view.is_again(earlier)) {
            Some(earlier) if fitness(&view, earlier, config) > fitness(earlier, &view, config) => {
                // What was hidden behind the earlier one, is so behind this one now.
                hidden.values_mut().filter(|kept| **kept == earlier.position).for_each(|kept| *kept = view.position);
                hidden.insert(earlier.position, view.position);
                *earlier = view;
            }
            Some(earlier) => {
                hidden.insert(view.position, earlier.position);
            }
            None => {
                latest.truncate(COMPARED.saturating_sub(1));
                latest.push_front(view);
            }
        }
    }
    hidden
}

/// What speaks for keeping this view of a stream rather than the other one: addresses that were set or are the sheet's; both
/// ends on one link; and, where the client's address is the translated one, that it is the later one, behind the translation.
fn fitness(view: &View, other: &View, config: &LabConfig) -> (usize, bool, bool) {
    let [client, server] = view.ends.map(|end| end.ip);
    let sheet = &config.sheet;
    let is_named = |ip: &&IpAddr| {
        config.hosts.values().any(|set| set == *ip)
            || sheet.hosts().iter().any(|host| sheet.address_of(host.name) == Some(**ip))
    };
    let named = [client, server].iter().filter(is_named).count();
    let [other_client, _] = other.ends;
    let client_is_translated = client != other_client.ip;
    let is_later = view.position > other.position;
    (named, same_link(client, server), client_is_translated == is_later)
}

#[cfg(test)]
mod tests;
