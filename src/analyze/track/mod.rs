//! Following TCP connections and UDP conversations through a capture, numbered and judged as Wireshark does.
//!
//! Memory grows with connections, not with packets: each has a record of fixed size, and the notes on single frames are
//! bounded. [`tcp`] has the rules of TCP streams, [`udp`] those of UDP, [`pair`] finds streams by their addresses,
//! [`notes`] remembers single frames, [`other`] everything that is neither.

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
mod traffic;
mod udp;

pub use model::{Close, FrameNote, HandshakeState, Side, SideCounts, TcpConnection, UdpConversation, UdpSide};
pub use other::{
    ArpQuestion, CaptureEvidence, KindCounts, LONGEST_ETHERNET, Neighbour, OtherTraffic, PingPair, Unreachable,
};
pub use payload::PayloadKind;
pub use traffic::Traffic;

use crate::analyze::packet::{Content, IpAddresses, Packet, TcpFlags, TcpSegment, UdpDatagram};
use crate::capfile::{CaptureWarning, Frame};
use crate::limits::Limits;
use crate::types::FrameNumber;

use notes::{NoteBudget, Noted, Notes};
use other::Collector;
use pair::{Pair, Table};
use records::Records;
use tcp::{Opening, TcpDetails, TcpRecord};
use udp::UdpRecord;

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
    #[inline]
    pub fn add(&mut self, frame: &Frame<'_>, packet: &Packet<'_>) {
        match (&packet.content, &packet.ip) {
            (Content::Tcp(segment), Some(ip)) => self.add_tcp(frame, packet, ip, segment),
            (Content::Udp(datagram), Some(ip)) => self.add_udp(frame, packet, ip, datagram),
            _ => self.other.add(frame, packet),
        }
    }

    #[inline]
    fn add_tcp(&mut self, frame: &Frame<'_>, packet: &Packet<'_>, ip: &IpAddresses, segment: &TcpSegment<'_>) {
        self.other.add_tcp(frame);
        let pair = Pair::new(ip, [segment.source_port, segment.destination_port]);
        let (place, sender) = match self.tcp.find(&pair) {
            Some((place, sender)) => {
                let reused = self.tcp.get_mut(place).is_some_and(|record| record.is_reused_by(sender, segment));
                if reused {
                    let Some(place) = self.open_tcp(frame, pair, segment, Opening::PortReuse) else { return };
                    (place, Side::A)
                } else {
                    (place, sender)
                }
            }
            None => {
                let Some(place) = self.open_tcp(frame, pair, segment, Opening::FirstOfPair) else { return };
                (place, Side::A)
            }
        };
        let (Some(record), Some(details)) = (self.tcp.get_mut(place), self.tcp_details.get_mut(place)) else { return };
        if record.sent(sender) == 0
            && let Some(ethernet) = &packet.ethernet
        {
            self.other.add_neighbour(ip.source, ethernet.source, false);
        }
        let noted = self.budget.allows(record.frames());
        let retransmission = record.add(details, frame, sender, segment, packet.direction);
        if noted {
            let noted = Noted {
                frame: frame.number,
                time: frame.time,
                sender,
                flags: if segment.bogus_header { TcpFlags::default() } else { segment.flags },
                sequence: segment.sequence,
                acknowledgement: segment.acknowledgement,
                payload_length: segment.payload_length.unwrap_or(0),
                retransmission,
            };
            self.tcp_notes.push(&mut self.budget, place, &noted);
        }
    }

    #[inline]
    fn add_udp(&mut self, frame: &Frame<'_>, packet: &Packet<'_>, ip: &IpAddresses, datagram: &UdpDatagram<'_>) {
        self.other.add_udp(frame);
        let pair = Pair::new(ip, [datagram.source_port, datagram.destination_port]);
        let (place, sender) = match self.udp.find(&pair) {
            Some(found) => found,
            None => {
                let Some(place) = self.open_udp(frame, pair) else { return };
                (place, Side::A)
            }
        };
        let Some(record) = self.udp.get_mut(place) else { return };
        if record.sent(sender) == 0
            && let Some(ethernet) = &packet.ethernet
        {
            self.other.add_neighbour(ip.source, ethernet.source, false);
        }
        let noted = self.budget.allows(record.frames());
        record.add(frame, sender, datagram, packet.direction);
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
            self.udp_notes.push(&mut self.budget, place, &noted);
        }
    }

    #[inline(never)]
    fn open_tcp(&mut self, frame: &Frame<'_>, pair: Pair, segment: &TcpSegment<'_>, how: Opening) -> Option<usize> {
        self.has_room(frame)?;
        let (record, details) = TcpRecord::open(pair, frame, segment, how);
        let place = self.tcp.push(record)?;
        self.tcp_details.push(details);
        Some(place)
    }

    #[inline(never)]
    fn open_udp(&mut self, frame: &Frame<'_>, pair: Pair) -> Option<usize> {
        self.has_room(frame)?;
        self.udp.push(UdpRecord::new(pair, frame))
    }

    /// `None` where the limit of streams is reached; the frame then counts as not followed.
    fn has_room(&mut self, frame: &Frame<'_>) -> Option<()> {
        let streams = self.tcp.records().len().saturating_add(self.udp.records().len());
        if streams < self.most_streams {
            return Some(());
        }
        self.unfollowed = self.unfollowed.saturating_add(1);
        self.first_unfollowed.get_or_insert(frame.number);
        None
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
