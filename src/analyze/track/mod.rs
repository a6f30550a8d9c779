//! Following TCP connections and UDP conversations through a capture, numbered and judged as Wireshark does.
//!
//! Memory grows with connections, not with packets: each has a record of fixed size, and the notes on single frames are
//! bounded. `tcp` has the rules of TCP streams, `udp` those of UDP, `pair` finds streams by their addresses,
//! `notes` remembers single frames, `other` everything that is neither.

mod directions;
mod model;
mod notes;
mod other;
mod packed;
mod pair;
mod payload;
mod records;
mod sides;
mod tcp;
#[cfg(test)]
mod tests;
mod traffic;
mod udp;

pub use model::{Close, FrameNote, HandshakeState, Side, SideCounts, TcpConnection, UdpConversation, UdpSide};
pub use other::{
    ArpQuestion, CaptureEvidence, KindCounts, LONGEST_ETHERNET, Neighbour, OtherTraffic, PingPair, Unreachable,
};
pub use payload::PayloadKind;
pub use traffic::Traffic;

use crate::analyze::packet::{Content, OrdinaryPacket, OrdinaryTransport, Packet, TcpFlags, TcpSegment, UdpDatagram};
use crate::capfile::{CaptureWarning, Direction, Frame};
use crate::limits::Limits;
use crate::types::FrameNumber;

use notes::{NoteBudget, Noted, Notes};
use other::Collector;
use pair::{Pair, Table};
use records::Records;
use tcp::{Opening, TcpDetails, TcpRecord};
use udp::UdpRecord;

/// Where the stream of a packet was found, as long as no further stream has begun.
#[derive(Debug, Clone, Copy)]
pub struct Located {
    found: Option<(u32, Side)>,
    /// Streams of the packet's protocol at that time.
    streams: usize,
}

/// A packet whose stream is being looked up.
#[derive(Debug, Clone, Copy, Default)]
struct Look {
    pair: Pair,
    hash: u32,
    udp: bool,
    candidate: Option<u32>,
}

/// What is known of a packet besides its transport header.
struct Arrival {
    pair: Pair,
    /// Source MAC address, where there is one.
    mac: Option<[u8; 6]>,
    /// Which way it went.
    way: Option<Direction>,
}

/// Follows the frames of one capture.
#[derive(Debug)]
pub struct Tracker {
    tcp: Table<TcpRecord>,
    tcp_details: Records<TcpDetails>,
    udp: Table<UdpRecord>,
    tcp_notes: Notes,
    udp_notes: Notes,
    budget: NoteBudget,
    other: Collector,
    most_streams: usize,
    /// Frames of streams beyond the limit, and the first of them.
    unfollowed: u64,
    first_unfollowed: Option<FrameNumber>,
}

impl Tracker {
    /// A tracker that has seen no frame.
    pub fn new(limits: &Limits) -> Self {
        Tracker {
            tcp: Table::new(),
            tcp_details: Records::new(),
            udp: Table::new(),
            tcp_notes: Notes::default(),
            udp_notes: Notes::default(),
            budget: NoteBudget::new(limits),
            other: Collector::new(limits),
            most_streams: limits.connections,
            unfollowed: 0,
            first_unfollowed: None,
        }
    }

    /// Takes in the next frame of the capture.
    pub fn add(&mut self, frame: &Frame<'_>, packet: &Packet<'_>) {
        let mac = packet.ethernet.map(|ethernet| ethernet.source);
        match (&packet.content, &packet.ip) {
            (Content::Tcp(segment), Some(ip)) => {
                let pair = Pair::new(ip, [segment.source_port, segment.destination_port]);
                let located = self.tcp.locate(&pair);
                self.add_tcp(frame, &Arrival { pair, mac, way: packet.direction }, segment, located);
            }
            (Content::Udp(datagram), Some(ip)) => {
                let pair = Pair::new(ip, [datagram.source_port, datagram.destination_port]);
                let located = self.udp.locate(&pair);
                self.add_udp(frame, &Arrival { pair, mac, way: packet.direction }, datagram, located);
            }
            _ => self.other.add(frame, packet),
        }
    }

    /// Looks up the streams of some packets, for [`Tracker::add_ordinary`]. Places without a packet stay empty.
    ///
    /// Most of the work on a frame is waiting for memory: for the index, then for the record. Each step is done for all
    /// packets before the next, so that the processor waits for all of them at the same time.
    #[inline]
    pub fn locate<const N: usize>(&self, packets: &[Option<OrdinaryPacket<'_>>; N]) -> [Located; N] {
        let mut looks = [Look::default(); N];
        for (look, packet) in looks.iter_mut().zip(packets) {
            if let Some(packet) = packet {
                look.pair = pair_of(packet);
                look.udp = matches!(packet.transport, OrdinaryTransport::Udp(_));
                look.hash = if look.udp { self.udp.hash(&look.pair) } else { self.tcp.hash(&look.pair) };
            }
        }
        for look in &mut looks {
            look.candidate = if look.udp { self.udp.candidate(look.hash) } else { self.tcp.candidate(look.hash) };
        }
        looks.map(|look| if look.udp { self.udp.confirm(&look) } else { self.tcp.confirm(&look) })
    }

    /// Takes in the next frame of the capture, an ordinary packet whose stream was looked up.
    #[inline]
    pub fn add_ordinary(&mut self, frame: &Frame<'_>, packet: &OrdinaryPacket<'_>, located: Located) {
        let arrival = Arrival { pair: pair_of(packet), mac: Some(packet.ethernet.source), way: packet.direction };
        match &packet.transport {
            // Spelled out, so that what is always so in an ordinary packet need not be asked of each.
            OrdinaryTransport::Tcp(segment) => {
                let payload_length = Some(segment.payload_length.unwrap_or(0));
                let segment = TcpSegment { bogus_header: false, payload_length, ..*segment };
                self.add_tcp(frame, &arrival, &segment, located);
            }
            OrdinaryTransport::Udp(datagram) => self.add_udp(frame, &arrival, datagram, located),
        }
    }

    #[inline(always)]
    fn add_tcp(&mut self, frame: &Frame<'_>, arrival: &Arrival, segment: &TcpSegment<'_>, located: Located) {
        self.other.add_tcp(frame);
        let found = if located.streams == self.tcp.len() { located.found } else { self.tcp.find(&arrival.pair) };
        let Some((number, sender)) = found else {
            return self.open_tcp(frame, arrival, segment, Opening::FirstOfPair);
        };
        let Some(record) = self.tcp.get_mut(number) else { return };
        if record.is_reused_by(sender, segment) {
            return self.open_tcp(frame, arrival, segment, Opening::PortReuse);
        }
        self.count_tcp(frame, arrival, segment, number, sender);
    }

    /// Opens a TCP stream and counts its first frame.
    #[inline(never)]
    fn open_tcp(&mut self, frame: &Frame<'_>, arrival: &Arrival, segment: &TcpSegment<'_>, opening: Opening) {
        if !self.has_room(frame) {
            return;
        }
        let Some(number) = self.tcp.push(TcpRecord::new(arrival.pair, frame)) else { return };
        self.tcp_details.push(TcpDetails::new(frame));
        self.count_tcp(frame, arrival, segment, number, Side::A);
        if let (Some(record), Some(details)) = (self.tcp.get_mut(number), self.tcp_details.get_mut(number as usize)) {
            record.set_opening(details, segment, opening);
        }
    }

    #[inline(always)]
    fn count_tcp(&mut self, frame: &Frame<'_>, arrival: &Arrival, segment: &TcpSegment<'_>, number: u32, sender: Side) {
        let Some(record) = self.tcp.get_mut(number) else { return };
        let noted = self.budget.allows(record.frames());
        let seldom = record.add(frame, sender, segment, arrival.way);
        if seldom.any()
            && let Some(details) = self.tcp_details.get_mut(number as usize)
        {
            if seldom.first_of_side() {
                self.other.add_sender(arrival);
            }
            record.add_seldom(details, seldom, frame, sender, segment);
        }
        if noted {
            let noted = Noted {
                frame: frame.number,
                time: frame.time,
                sender,
                flags: if segment.bogus_header { TcpFlags::default() } else { segment.flags },
                sequence: segment.sequence,
                acknowledgement: segment.acknowledgement,
                payload_length: segment.payload_length.unwrap_or(0),
                retransmission: seldom.retransmission(),
            };
            self.tcp_notes.push(&mut self.budget, number, &noted);
        }
    }

    #[inline(always)]
    fn add_udp(&mut self, frame: &Frame<'_>, arrival: &Arrival, datagram: &UdpDatagram<'_>, located: Located) {
        self.other.add_udp(frame);
        let found = if located.streams == self.udp.len() { located.found } else { self.udp.find(&arrival.pair) };
        let Some((number, sender)) = found.or_else(|| self.open_udp(frame, arrival)) else { return };
        let Some(record) = self.udp.get_mut(number) else { return };
        if record.sent(sender) == 0 {
            self.other.add_sender(arrival);
        }
        let noted = self.budget.allows(record.frames());
        record.add(frame, sender, datagram, arrival.way);
        if noted {
            let noted = Noted {
                frame: frame.number,
                time: frame.time,
                sender,
                flags: TcpFlags::default(),
                sequence: 0,
                acknowledgement: 0,
                payload_length: datagram.payload_length,
                retransmission: false,
            };
            self.udp_notes.push(&mut self.budget, number, &noted);
        }
    }

    /// Opens a UDP stream.
    #[inline(never)]
    fn open_udp(&mut self, frame: &Frame<'_>, arrival: &Arrival) -> Option<(u32, Side)> {
        if !self.has_room(frame) {
            return None;
        }
        Some((self.udp.push(UdpRecord::new(arrival.pair, frame))?, Side::A))
    }

    /// False where the limit of streams is reached; the frame then counts as not followed.
    fn has_room(&mut self, frame: &Frame<'_>) -> bool {
        let room = self.tcp.len().saturating_add(self.udp.len()) < self.most_streams;
        if !room {
            self.unfollowed = self.unfollowed.saturating_add(1);
            self.first_unfollowed.get_or_insert(frame.number);
        }
        room
    }

    /// What was found, when the last frame was added.
    pub fn finish(mut self) -> Traffic {
        self.tcp_notes.sort();
        self.udp_notes.sort();
        for record in self.tcp.records().iter() {
            self.other.add_directions_of(record);
        }
        for record in self.udp.records().iter() {
            self.other.add_directions_of(record);
        }
        let warnings = self.warnings();
        Traffic {
            tcp: self.tcp.into_records(),
            tcp_details: self.tcp_details,
            udp: self.udp.into_records(),
            tcp_notes: self.tcp_notes,
            udp_notes: self.udp_notes,
            other: self.other.finish(),
            warnings,
        }
    }

    fn warnings(&self) -> Vec<CaptureWarning> {
        let most = self.most_streams;
        let frames = self.unfollowed;
        let connections = self.first_unfollowed.map(|frame| CaptureWarning {
            code: "limit-connections",
            message: format!(
                "The capture holds more than {most} connections and conversations; from frame {frame} on, new ones are \
                 not followed ({frames} frames)."
            ),
            frame: Some(frame),
            offset: None,
        });
        let full = self.tcp.records().iter().find(|record| record.is_full());
        let counts = full.map(|record| CaptureWarning {
            code: "limit-counts",
            message: format!("A TCP connection has more than {} frames one way; its counts stay at that.", u32::MAX),
            frame: Some(record.last_frame()),
            offset: None,
        });
        connections.into_iter().chain(counts).chain(self.other.warning()).collect()
    }
}

#[inline]
fn pair_of(packet: &OrdinaryPacket<'_>) -> Pair {
    let ports = match &packet.transport {
        OrdinaryTransport::Tcp(segment) => [segment.source_port, segment.destination_port],
        OrdinaryTransport::Udp(datagram) => [datagram.source_port, datagram.destination_port],
    };
    Pair::ipv4(packet.ip, ports)
}
