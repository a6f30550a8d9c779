//! What else is in the capture, and what it tells of the network: kinds of frames, pings, ARP, ICMP errors, MAC
//! addresses, and which host made the capture.
//!
//! Every table is bounded by [`Limits::table_entries`]; what does not fit is counted.

use std::hash::{BuildHasher, Hash};
use std::net::{IpAddr, Ipv4Addr};

use foldhash::fast::RandomState;
use hashbrown::HashTable;

use super::arrival::Arrival;
use super::directions::{BothDirections, Directions};
use super::record::Record;
use crate::capfile::{CaptureWarning, Direction, Frame, WarningCode};
use crate::limits::Limits;
use crate::packet::{ArpPacket, Content, IcmpKind, IcmpMessage, IpAddresses, IpFragment, Packet, QuotedPacket};
use crate::types::{FrameNumber, Protocol, Timestamp};

/// Longest Ethernet frame in bytes without VLAN tag and frame check sequence. Longer ones are seen only where the
/// network card cuts or joins segments (segmentation offload), or jumbo frames are in use.
pub const LONGEST_ETHERNET: u32 = 1514;

/// Frames by what they carry. Each frame counts once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct KindCounts {
    /// TCP segments.
    pub tcp: u64,
    /// UDP datagrams.
    pub udp: u64,
    /// ARP packets.
    pub arp: u64,
    /// ICMP messages.
    pub icmp: u64,
    /// ICMPv6 messages.
    pub icmpv6: u64,
    /// Fragments of IP datagrams, but for those that complete one.
    pub fragments: u64,
    /// IP packets that carry something else, or a damaged or cut header.
    pub other_ip: u64,
    /// Frames without IP, such as spanning tree.
    pub non_ip: u64,
    /// Blocks that take a frame number but hold no packet.
    pub no_packet: u64,
}

/// Pings from one host to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PingPair {
    /// Who asks.
    pub asker: IpAddr,
    /// Who is asked.
    pub target: IpAddr,
    /// Echo requests.
    pub requests: u64,
    /// Echo replies to the asker.
    pub replies: u64,
    /// First frame of either kind.
    pub first_frame: FrameNumber,
}

/// ARP requests from one host for another that no reply in the capture answers. A capture at a third host does not see
/// replies: they go to the asker alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ArpQuestion {
    /// Who asks.
    pub asker: Ipv4Addr,
    /// Who is asked for.
    pub target: Ipv4Addr,
    /// Requests.
    pub requests: u64,
    /// First request.
    pub first_frame: FrameNumber,
}

/// An ICMP or ICMPv6 message that a destination is unreachable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unreachable {
    /// The frame.
    pub frame: FrameNumber,
    /// When it was captured.
    pub time: Option<Timestamp>,
    /// Who says so.
    pub from: IpAddr,
    /// Who is told.
    pub to: IpAddr,
    /// [`IcmpKind::PortUnreachable`] or [`IcmpKind::OtherUnreachable`].
    pub kind: IcmpKind,
    /// The TCP or UDP packet that it answers.
    pub quoted: Option<QuotedPacket>,
}

/// A fragment of an IP datagram that its frame does not complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fragment {
    /// The frame.
    pub frame: FrameNumber,
    /// Who sent it.
    pub source: IpAddr,
    /// To whom.
    pub destination: IpAddr,
    /// What fragments of one datagram have in common, of IPv4 (`ip.id`).
    pub identification: Option<u16>,
    /// Of which protocol, and for the first one of which ports.
    pub of: IpFragment,
}

/// The MAC address that frames of an IP address came from: its own, or that of a router on the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Neighbour {
    /// The IP address.
    pub ip: IpAddr,
    /// The MAC address first seen with it.
    pub mac: [u8; 6],
    /// True where it announced the address itself, in ARP.
    pub by_arp: bool,
}

/// Evidence on whether a host made the capture. Each connection and side counts at most 255 frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CaptureEvidence {
    /// The source IP address.
    pub ip: IpAddr,
    /// Its frames that the capturing computer must have sent: marked so, or Ethernet frames of less than 60 bytes, which
    /// only their sender sees unpadded. On virtual interfaces, which never pad, every short frame counts.
    pub outbound: u64,
    /// Its frames that the capturing computer must have received: marked so, or short Ethernet frames with padding.
    pub inbound: u64,
    /// Frames from and to it that were captured on their way between other computers, as a Linux cooked header says it.
    pub passing: u64,
}

/// What is known of the capture besides its connections and conversations. Lists are in order of first appearance.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OtherTraffic {
    /// Frames by kind.
    pub counts: KindCounts,
    /// Pings.
    pub pings: Vec<PingPair>,
    /// ARP requests without an answer.
    pub arp_unanswered: Vec<ArpQuestion>,
    /// Destination unreachable messages.
    pub unreachable: Vec<Unreachable>,
    /// Fragments of IP datagrams, but for those that complete one.
    pub fragments: Vec<Fragment>,
    /// Destination unreachable messages in all, those not listed included.
    pub unreachable_count: u64,
    /// MAC addresses by IP address.
    pub neighbours: Vec<Neighbour>,
    /// Evidence on which host made the capture, by source IP address.
    pub evidence: Vec<CaptureEvidence>,
    /// Frames longer than [`LONGEST_ETHERNET`].
    pub oversized_frames: u64,
    /// Entries that found no room in these lists.
    pub left_out: u64,
}

/// A list whose entries are found by a key.
#[derive(Debug)]
struct Keyed<K, V> {
    entries: Vec<(K, V)>,
    index: HashTable<usize>,
    seed: RandomState,
}

impl<K: Hash + Eq + Copy, V> Keyed<K, V> {
    fn new() -> Self {
        Keyed { entries: Vec::new(), index: HashTable::new(), seed: RandomState::default() }
    }

    fn get_mut(&mut self, key: K) -> Option<&mut V> {
        let place = self.place(self.seed.hash_one(key), key)?;
        self.entries.get_mut(place).map(|(_, value)| value)
    }

    fn place(&self, hash: u64, key: K) -> Option<usize> {
        let same = |&place: &usize| self.entries.get(place).is_some_and(|(other, _)| *other == key);
        self.index.find(hash, same).copied()
    }

    /// The entry of this key, made if there is none and still room; else `left_out` counts one more.
    fn entry(&mut self, key: K, most: usize, left_out: &mut u64, make: impl FnOnce() -> V) -> Option<&mut V> {
        let hash = self.seed.hash_one(key);
        let place = self.place(hash, key).or_else(|| {
            let place = self.entries.len();
            if place >= most {
                *left_out = left_out.saturating_add(1);
                return None;
            }
            let (entries, seed) = (&self.entries, &self.seed);
            let rehash = |&place: &usize| entries.get(place).map_or(0, |(other, _)| seed.hash_one(other));
            self.index.insert_unique(hash, place, rehash);
            self.entries.push((key, make()));
            Some(place)
        })?;
        self.entries.get_mut(place).map(|(_, value)| value)
    }

    fn into_values(self) -> impl Iterator<Item = V> {
        self.entries.into_iter().map(|(_, value)| value)
    }
}

/// An ARP question and whether it was answered.
#[derive(Debug)]
struct Asked {
    question: ArpQuestion,
    answered: bool,
}

/// Collects [`OtherTraffic`].
#[derive(Debug)]
pub(super) struct Collector {
    most: usize,
    counts: KindCounts,
    pings: Keyed<(IpAddr, IpAddr), PingPair>,
    asked: Keyed<(Ipv4Addr, Ipv4Addr), Asked>,
    unreachable: Vec<Unreachable>,
    unreachable_count: u64,
    fragments: Vec<Fragment>,
    neighbours: Keyed<IpAddr, Neighbour>,
    evidence: Keyed<IpAddr, CaptureEvidence>,
    oversized_frames: u64,
    left_out: u64,
}

impl Collector {
    pub(super) fn new(limits: &Limits) -> Self {
        Collector {
            most: limits.table_entries,
            counts: KindCounts::default(),
            pings: Keyed::new(),
            asked: Keyed::new(),
            unreachable: Vec::new(),
            unreachable_count: 0,
            fragments: Vec::new(),
            neighbours: Keyed::new(),
            evidence: Keyed::new(),
            oversized_frames: 0,
            left_out: 0,
        }
    }

    /// Counts a segment or datagram of any stream.
    #[inline(always)]
    pub(super) fn add_transport(&mut self, protocol: Protocol, original_length: u32) {
        let count = match protocol {
            Protocol::Tcp => &mut self.counts.tcp,
            Protocol::Udp => &mut self.counts.udp,
        };
        *count = count.wrapping_add(1);
        self.add_length(original_length);
    }

    #[inline(always)]
    fn add_length(&mut self, original_length: u32) {
        if original_length > LONGEST_ETHERNET {
            self.oversized_frames = self.oversized_frames.wrapping_add(1);
        }
    }

    /// Takes in a frame that is neither TCP nor UDP.
    pub(super) fn add(&mut self, frame: &Frame<'_>, packet: &Packet<'_>) {
        self.count(packet);
        self.add_length(frame.original_length);
        match (&packet.content, packet.ip) {
            (Content::Arp(arp), _) => self.add_arp(frame, packet, arp),
            (Content::Icmp(message), Some(ip)) => {
                self.add_icmp(frame, &ip, message);
                self.add_direction(ip.source, packet.direction);
            }
            (Content::Fragment(of), Some(ip)) => {
                self.add_fragment(frame, &ip, packet.identification, *of);
                self.add_direction(ip.source, packet.direction);
            }
            (_, Some(ip)) => self.add_direction(ip.source, packet.direction),
            _ => {}
        }
    }

    fn count(&mut self, packet: &Packet<'_>) {
        let counts = &mut self.counts;
        let over_ipv6 = packet.ip.is_some_and(|ip| ip.source.is_ipv6());
        let count = match packet.content {
            Content::Tcp(_) => &mut counts.tcp,
            Content::Udp(_) => &mut counts.udp,
            Content::Arp(_) => &mut counts.arp,
            Content::Icmp(_) if over_ipv6 => &mut counts.icmpv6,
            Content::Icmp(_) => &mut counts.icmp,
            Content::Fragment(_) => &mut counts.fragments,
            Content::OtherIp => &mut counts.other_ip,
            Content::Other => &mut counts.non_ip,
            Content::NoPacket => &mut counts.no_packet,
        };
        *count = count.saturating_add(1);
    }

    /// A request for another's address waits for that host's reply to the asker. Announcements of one's own address and
    /// probes from 0.0.0.0 (RFC 5227) expect none.
    fn add_arp(&mut self, frame: &Frame<'_>, packet: &Packet<'_>, arp: &ArpPacket) {
        if !arp.sender.is_unspecified() {
            self.add_neighbour(IpAddr::V4(arp.sender), arp.sender_mac, true);
            self.add_direction(IpAddr::V4(arp.sender), packet.direction);
        }
        if !arp.request {
            if let Some(asked) = self.asked.get_mut((arp.target, arp.sender)) {
                asked.answered = true;
            }
        } else if arp.sender != arp.target && !arp.sender.is_unspecified() {
            let (asker, target) = (arp.sender, arp.target);
            let question = ArpQuestion { asker, target, requests: 0, first_frame: frame.number };
            let make = || Asked { question, answered: false };
            if let Some(asked) = self.asked.entry((asker, target), self.most, &mut self.left_out, make) {
                asked.question.requests = asked.question.requests.saturating_add(1);
            }
        }
    }

    fn add_icmp(&mut self, frame: &Frame<'_>, ip: &IpAddresses, message: &IcmpMessage) {
        match message.kind {
            IcmpKind::EchoRequest => self.add_ping(frame, ip.source, ip.destination, true),
            IcmpKind::EchoReply => self.add_ping(frame, ip.destination, ip.source, false),
            IcmpKind::PortUnreachable | IcmpKind::OtherUnreachable { .. } => {
                self.unreachable_count = self.unreachable_count.saturating_add(1);
                if self.unreachable.len() < self.most {
                    self.unreachable.push(Unreachable {
                        frame: frame.number,
                        time: frame.timestamp(),
                        from: ip.source,
                        to: ip.destination,
                        kind: message.kind,
                        quoted: message.quoted,
                    });
                }
            }
            IcmpKind::Other { .. } => {}
        }
    }

    fn add_fragment(&mut self, frame: &Frame<'_>, ip: &IpAddresses, identification: Option<u16>, of: IpFragment) {
        if self.fragments.len() < self.most {
            let (source, destination) = (ip.source, ip.destination);
            self.fragments.push(Fragment { frame: frame.number, source, destination, identification, of });
        }
    }

    fn add_ping(&mut self, frame: &Frame<'_>, asker: IpAddr, target: IpAddr, request: bool) {
        let make = || PingPair { asker, target, requests: 0, replies: 0, first_frame: frame.number };
        if let Some(pair) = self.pings.entry((asker, target), self.most, &mut self.left_out, make) {
            let count = if request { &mut pair.requests } else { &mut pair.replies };
            *count = count.saturating_add(1);
        }
    }

    /// Remembers the MAC address of the sender of a packet.
    #[inline(never)]
    pub(super) fn add_sender(&mut self, arrival: impl Arrival) {
        if let Some(mac) = arrival.mac() {
            let [sender, _] = arrival.pair().addresses();
            self.add_neighbour(sender.ip, mac, false);
        }
    }

    /// Counts entries that found no room elsewhere.
    pub(super) fn leave_out(&mut self, entries: u64) {
        self.left_out = self.left_out.saturating_add(entries);
    }

    /// Remembers the MAC address that an IP address first came from; ARP overrules the sender of an IP packet.
    fn add_neighbour(&mut self, ip: IpAddr, mac: [u8; 6], by_arp: bool) {
        let make = || Neighbour { ip, mac, by_arp };
        if let Some(known) = self.neighbours.entry(ip, self.most, &mut self.left_out, make)
            && by_arp
            && !known.by_arp
        {
            *known = make();
        }
    }

    fn add_direction(&mut self, ip: IpAddr, way: Option<Direction>) {
        let mut directions = Directions::default();
        directions.add(way);
        self.add_directions(ip, directions);
    }

    /// Adds what the frames of a stream show of their direction.
    pub(super) fn add_directions_of(&mut self, record: &Record) {
        if record.directions() == BothDirections::default() {
            return;
        }
        for (address, directions) in record.pair().addresses().into_iter().zip(record.directions().0) {
            self.add_directions(address.ip, directions);
        }
    }

    /// Adds what the frames of an IP address show of their direction.
    fn add_directions(&mut self, ip: IpAddr, directions: Directions) {
        if directions == Directions::default() {
            return;
        }
        if let Some(evidence) = self.evidence_of(ip) {
            evidence.outbound = evidence.outbound.saturating_add(u64::from(directions.outbound));
            evidence.inbound = evidence.inbound.saturating_add(u64::from(directions.inbound));
        }
    }

    /// Counts a frame that was on its way between these two, neither of which captured it.
    pub(super) fn add_passing(&mut self, ends: [IpAddr; 2]) {
        for ip in ends {
            if let Some(evidence) = self.evidence_of(ip) {
                evidence.passing = evidence.passing.saturating_add(1);
            }
        }
    }

    fn evidence_of(&mut self, ip: IpAddr) -> Option<&mut CaptureEvidence> {
        let make = || CaptureEvidence { ip, outbound: 0, inbound: 0, passing: 0 };
        self.evidence.entry(ip, self.most, &mut self.left_out, make)
    }

    /// Says that tables are full, where they are.
    pub(super) fn warning(&self) -> Option<CaptureWarning> {
        let unlisted = usize::try_from(self.unreachable_count).unwrap_or(usize::MAX) > self.unreachable.len();
        (self.left_out > 0 || unlisted).then(|| CaptureWarning {
            code: WarningCode::LimitTableEntries,
            message: format!(
                "The capture has more hosts, pings, ARP requests, ICMP errors or announced ports than the {} that are \
                 listed of each; frames of further ones are only counted.",
                self.most
            ),
            frame: None,
            offset: None,
        })
    }

    pub(super) fn finish(self) -> OtherTraffic {
        OtherTraffic {
            counts: self.counts,
            pings: self.pings.into_values().collect(),
            arp_unanswered: self
                .asked
                .into_values()
                .filter(|asked| !asked.answered)
                .map(|asked| asked.question)
                .collect(),
            unreachable: self.unreachable,
            unreachable_count: self.unreachable_count,
            fragments: self.fragments,
            neighbours: self.neighbours.into_values().collect(),
            evidence: self.evidence.into_values().collect(),
            oversized_frames: self.oversized_frames,
            left_out: self.left_out,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capfile::LinkType;
    use crate::packet::EthernetAddresses;
    use crate::types::{Protocol, SocketAddress};

    fn frame(number: u64, original_length: u32) -> Frame<'static> {
        Frame {
            number: FrameNumber(number),
            interface: Some(0),
            link_type: LinkType(1),
            time: None,
            original_length,
            data: &[],
            direction: None,
        }
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn packet<'a>(content: Content<'a>, between: Option<(&str, &str)>, way: Option<Direction>) -> Packet<'a> {
        let ip = between.map(|(source, destination)| IpAddresses { source: ip(source), destination: ip(destination) });
        Packet {
            ethernet: Some(EthernetAddresses { source: [2, 0, 0, 0, 0, 1], destination: [0xff; 6] }),
            direction: way,
            ..Packet::new(ip, content)
        }
    }

    fn arp(request: bool, sender: &str, target: &str) -> Packet<'static> {
        let arp = ArpPacket {
            request,
            sender_mac: [2, 0, 0, 0, 0, 9],
            sender: sender.parse().unwrap(),
            target: target.parse().unwrap(),
        };
        packet(Content::Arp(arp), None, Some(Direction::Outbound))
    }

    fn icmp(kind: IcmpKind, source: &str, destination: &str) -> Packet<'static> {
        packet(Content::Icmp(IcmpMessage { kind, quoted: None }), Some((source, destination)), None)
    }

    fn collect(packets: &[Packet<'_>], limits: &Limits) -> OtherTraffic {
        let mut collector = Collector::new(limits);
        for (number, packet) in (1..).zip(packets) {
            collector.add(&frame(number, 60), packet);
        }
        collector.finish()
    }

    #[test]
    fn arp_questions_wait_for_the_answer_of_the_one_asked() {
        let other = collect(
            &[
                arp(true, "10.0.3.2", "10.0.3.1"),
                arp(true, "10.0.3.2", "10.0.3.9"),
                arp(false, "10.0.3.1", "10.0.3.2"),
                arp(false, "10.0.3.9", "10.0.3.7"),
                arp(true, "10.0.3.2", "10.0.3.9"),
                arp(true, "10.0.3.5", "10.0.3.5"),
                arp(true, "0.0.0.0", "10.0.3.6"),
            ],
            &Limits::default(),
        );
        let (asker, target) = ("10.0.3.2".parse().unwrap(), "10.0.3.9".parse().unwrap());
        let expected = ArpQuestion { asker, target, requests: 2, first_frame: FrameNumber(2) };
        assert_eq!(other.arp_unanswered, [expected]);
        assert_eq!(other.counts.arp, 7);
        let told: Vec<_> = other.evidence.iter().map(|of| (of.ip.to_string(), of.outbound, of.inbound)).collect();
        assert_eq!(told[0], ("10.0.3.2".to_owned(), 3, 0));
    }

    #[test]
    fn pings_are_counted_by_pair() {
        let (request, reply) = (IcmpKind::EchoRequest, IcmpKind::EchoReply);
        let other = collect(
            &[
                icmp(request, "10.0.3.2", "10.0.3.1"),
                icmp(reply, "10.0.3.1", "10.0.3.2"),
                icmp(request, "10.0.3.2", "10.0.3.1"),
                icmp(request, "fe80::1", "fe80::2"),
            ],
            &Limits::default(),
        );
        let counts: Vec<_> = other.pings.iter().map(|ping| (ping.requests, ping.replies, ping.first_frame.0)).collect();
        assert_eq!(counts, [(2, 1, 1), (1, 0, 4)]);
        assert_eq!((other.counts.icmp, other.counts.icmpv6), (3, 1));
    }

    #[test]
    fn unreachable_messages_name_what_they_answer() {
        let quoted = QuotedPacket {
            protocol: Protocol::Udp,
            source: SocketAddress::new(ip("10.0.3.2"), 50_000),
            destination: SocketAddress::new(ip("10.0.3.1"), 65_433),
        };
        let message = IcmpMessage { kind: IcmpKind::PortUnreachable, quoted: Some(quoted) };
        let packets = [packet(Content::Icmp(message), Some(("10.0.3.1", "10.0.3.2")), None); 3];
        let other = collect(&packets, &Limits { table_entries: 2, ..Limits::default() });
        assert_eq!((other.unreachable.len(), other.unreachable_count), (2, 3));
        assert_eq!((other.unreachable[0].from, other.unreachable[0].quoted), (ip("10.0.3.1"), Some(quoted)));
    }

    #[test]
    fn tables_are_bounded_and_say_so() {
        let asked: Vec<_> = (1..20).map(|host| arp(true, "10.0.3.2", &format!("10.0.4.{host}"))).collect();
        let other = collect(&asked, &Limits { table_entries: 4, ..Limits::default() });
        assert_eq!((other.arp_unanswered.len(), other.left_out), (4, 15));
        assert_eq!(other.neighbours.len(), 1);
        assert_eq!((other.neighbours[0].mac, other.neighbours[0].by_arp), ([2, 0, 0, 0, 0, 9], true));
    }

    #[test]
    fn each_frame_counts_once() {
        let mut collector = Collector::new(&Limits::default());
        collector.add_transport(Protocol::Tcp, 1514);
        collector.add_transport(Protocol::Udp, 1515);
        let between = Some(("10.0.3.2", "10.0.3.1"));
        for content in [Content::Fragment(IpFragment::default()), Content::OtherIp] {
            collector.add(&frame(3, 60), &packet(content, between, Some(Direction::Inbound)));
        }
        collector.add(&frame(5, 60), &packet(Content::Other, None, None));
        collector.add(&frame(6, 0), &packet(Content::NoPacket, None, None));
        let other = collector.finish();
        let expected =
            KindCounts { tcp: 1, udp: 1, fragments: 1, other_ip: 1, non_ip: 1, no_packet: 1, ..KindCounts::default() };
        assert_eq!((other.counts, other.oversized_frames), (expected, 1));
        assert_eq!(other.evidence, [CaptureEvidence { ip: ip("10.0.3.2"), outbound: 0, inbound: 2, passing: 0 }]);
    }
}
