//! Following TCP connections and UDP conversations through a capture, numbered and judged as Wireshark does.
//!
//! Memory grows with connections, not with packets: each has a record of fixed size, and the notes on single frames are
//! bounded. `tcp` has the rules of TCP streams, `udp` those of UDP, `pair` finds streams by their addresses,
//! `notes` remembers single frames, `other` everything that is neither.

mod arrival;
mod directions;
mod index;
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

use std::hint::{black_box, select_unpredictable};

use crate::analyze::batch::{Entry, Seen};
use crate::analyze::packet::{Content, Packet, TcpFlags, TcpSegment, UdpDatagram};
use crate::capfile::{CaptureWarning, Frame};
use crate::limits::Limits;
use crate::types::{FrameNumber, Protocol};

use arrival::{Arrival, At, Datagram, Segment, Whole};
use index::{Index, StreamId};
use notes::{NoteBudget, Noted, Notes};
use other::Collector;
use pair::{Pair, PairHasher, Paired};
use records::Records;
use tcp::{Opening, Seldom, TcpDetails, TcpRecord};
use udp::UdpRecord;

/// Packets that are looked up together.
pub(super) const WINDOW: usize = 32;

/// Where the streams of some packets are, as long as no further stream has begun.
pub(super) struct Window {
    candidates: [StreamId; WINDOW],
    /// [`Index::opened`] at that time.
    opened: usize,
}

/// Follows the frames of one capture.
#[derive(Debug)]
pub struct Tracker {
    hasher: PairHasher,
    index: Index,
    tcp: Records<TcpRecord>,
    udp: Records<UdpRecord>,
    rest: Rest,
    most_streams: usize,
    /// Frames of streams beyond the limit, and the first of them.
    unfollowed: u64,
    first_unfollowed: Option<FrameNumber>,
}

/// What is remembered besides the records that every frame touches.
#[derive(Debug)]
struct Rest {
    tcp_details: Records<TcpDetails>,
    tcp_notes: Notes,
    udp_notes: Notes,
    budget: NoteBudget,
    other: Collector,
}

impl Tracker {
    /// A tracker that has seen no frame.
    pub fn new(limits: &Limits) -> Self {
        Tracker {
            hasher: PairHasher::new(),
            index: Index::new(),
            tcp: Records::new(),
            udp: Records::new(),
            rest: Rest {
                tcp_details: Records::new(),
                tcp_notes: Notes::default(),
                udp_notes: Notes::default(),
                budget: NoteBudget::new(limits),
                other: Collector::new(limits),
            },
            most_streams: limits.connections,
            unfollowed: 0,
            first_unfollowed: None,
        }
    }

    /// Takes in the next frame of the capture.
    pub fn add(&mut self, frame: &Frame<'_>, packet: &Packet<'_>) {
        match (&packet.content, &packet.ip) {
            (Content::Tcp(segment), Some(ip)) => {
                self.rest.other.add_tcp(frame.original_length);
                let pair = Pair::new(ip, [segment.source_port, segment.destination_port]);
                self.find_and_add_tcp(Whole { frame, packet, pair, protocol: Protocol::Tcp, transport: segment });
            }
            (Content::Udp(datagram), Some(ip)) => {
                self.rest.other.add_udp(frame.original_length);
                let pair = Pair::new(ip, [datagram.source_port, datagram.destination_port]);
                self.find_and_add_udp(Whole { frame, packet, pair, protocol: Protocol::Udp, transport: datagram });
            }
            _ => self.rest.other.add(frame, packet),
        }
    }

    /// Looks up the streams of some packets, at most [`WINDOW`], for [`Tracker::add_ordinary`].
    ///
    /// Most of the work on a frame is waiting for memory: for the index, then for the record. Each step is done for all
    /// packets before the next, so that the processor waits for all of them at the same time.
    #[inline]
    pub(super) fn locate(&self, entries: &[Entry]) -> Window {
        let (mut hashes, mut candidates) = ([0; WINDOW], [StreamId::NONE; WINDOW]);
        for (hash, entry) in hashes.iter_mut().zip(entries) {
            *hash = entry.packet.as_ref().map_or(0, |packet| self.hasher.ordinary(packet));
        }
        for (candidate, hash) in candidates.iter_mut().zip(hashes).take(entries.len()) {
            *candidate = self.index.candidate(hash);
        }
        let touched = candidates.iter().fold(0, |all, candidate| all ^ self.touch(*candidate));
        black_box(touched);
        Window { candidates, opened: self.index.opened() }
    }

    /// Something of each cache line of a stream's record.
    #[inline(always)]
    fn touch(&self, stream: StreamId) -> u64 {
        let place = stream.number() as usize;
        let (tcp, udp) = (self.tcp.get(place).map(Paired::lines), self.udp.get(place).map(Paired::lines));
        let lines = select_unpredictable(stream.protocol() == Protocol::Tcp, tcp, udp);
        lines.map_or(0, |(first, second)| u64::from(*first) ^ *second)
    }

    /// Takes in the next frame of the capture, an ordinary packet: the one at this place of the packets that were looked
    /// up.
    #[inline(always)]
    pub(super) fn add_ordinary(&mut self, seen: Seen<'_>, window: &Window, place: usize) {
        let candidate = match window.candidates.get(place) {
            Some(candidate) if window.opened == self.index.opened() => *candidate,
            _ => StreamId::NONE,
        };
        let (packet, number) = (seen.packet, candidate.number());
        match packet.protocol {
            Protocol::Tcp => {
                self.rest.other.add_tcp(seen.entry.original_length);
                let arrival = Segment(seen);
                if candidate.protocol() == Protocol::Tcp
                    && let Some(record) = self.tcp.get_mut(number as usize)
                    && let Some(sender) = record.pair().side_of_ordinary(packet)
                    && !record.is_reused_by(sender, &arrival.transport())
                {
                    self.rest.count_tcp(record, arrival, number, sender);
                } else {
                    self.find_and_add_tcp(arrival);
                }
            }
            Protocol::Udp => {
                self.rest.other.add_udp(seen.entry.original_length);
                let arrival = Datagram(seen);
                if candidate.protocol() == Protocol::Udp
                    && let Some(record) = self.udp.get_mut(number as usize)
                    && let Some(sender) = record.pair().side_of_ordinary(packet)
                {
                    self.rest.count_udp(record, arrival, number, sender);
                } else {
                    self.find_and_add_udp(arrival);
                }
            }
        }
    }

    /// Adds a segment to its stream, which is looked up; opens one where it begins one.
    #[inline(never)]
    fn find_and_add_tcp<'a>(&mut self, arrival: impl Arrival<Transport = TcpSegment<'a>>) {
        let (pair, segment) = (arrival.pair(), arrival.transport());
        let hash = arrival.hash(&self.hasher);
        let Some((number, sender)) = self.index.find(&self.tcp, Protocol::Tcp, &pair, hash) else {
            return self.open_tcp(arrival, hash, Opening::FirstOfPair);
        };
        let Some(record) = self.tcp.get_mut(number as usize) else { return };
        if record.is_reused_by(sender, &segment) {
            return self.open_tcp(arrival, hash, Opening::PortReuse);
        }
        self.rest.count_tcp(record, arrival, number, sender);
    }

    /// Opens a TCP stream and counts its first frame.
    fn open_tcp<'a>(&mut self, arrival: impl Arrival<Transport = TcpSegment<'a>>, hash: u32, opening: Opening) {
        let at = arrival.at();
        if !self.has_room(at.number) {
            return;
        }
        let record = TcpRecord::new(arrival.pair(), at);
        let Some(number) = self.index.open(&mut self.tcp, Protocol::Tcp, record, hash) else { return };
        self.rest.tcp_details.push(TcpDetails::new(at));
        let Some(record) = self.tcp.get_mut(number as usize) else { return };
        self.rest.count_tcp(record, arrival, number, Side::A);
        if let Some(details) = self.rest.tcp_details.get_mut(number as usize) {
            record.set_opening(details, &arrival.transport(), opening);
        }
    }

    /// Adds a datagram to its stream, which is looked up; opens one where it begins one.
    #[inline(never)]
    fn find_and_add_udp<'a>(&mut self, arrival: impl Arrival<Transport = UdpDatagram<'a>>) {
        let (pair, hash) = (arrival.pair(), arrival.hash(&self.hasher));
        let found = self.index.find(&self.udp, Protocol::Udp, &pair, hash);
        let Some((number, sender)) = found.or_else(|| self.open_udp(pair, arrival.at(), hash)) else { return };
        if let Some(record) = self.udp.get_mut(number as usize) {
            self.rest.count_udp(record, arrival, number, sender);
        }
    }

    /// Opens a UDP stream.
    fn open_udp(&mut self, pair: Pair, at: At, hash: u32) -> Option<(u32, Side)> {
        if !self.has_room(at.number) {
            return None;
        }
        Some((self.index.open(&mut self.udp, Protocol::Udp, UdpRecord::new(pair, at), hash)?, Side::A))
    }

    /// False where the limit of streams is reached; the frame then counts as not followed.
    fn has_room(&mut self, frame: FrameNumber) -> bool {
        let room = self.tcp.len().saturating_add(self.udp.len()) < self.most_streams;
        if !room {
            self.unfollowed = self.unfollowed.saturating_add(1);
            self.first_unfollowed.get_or_insert(frame);
        }
        room
    }

    /// What was found, when the last frame was added.
    pub fn finish(self) -> Traffic {
        let warnings = self.warnings();
        let Rest { tcp_details, mut tcp_notes, mut udp_notes, mut other, .. } = self.rest;
        tcp_notes.sort(self.tcp.len());
        udp_notes.sort(self.udp.len());
        self.tcp.iter().for_each(|record| other.add_directions_of(record));
        self.udp.iter().for_each(|record| other.add_directions_of(record));
        Traffic { tcp: self.tcp, tcp_details, udp: self.udp, tcp_notes, udp_notes, other: other.finish(), warnings }
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
        let full = self.tcp.iter().find(|record| record.is_full());
        let counts = full.map(|record| CaptureWarning {
            code: "limit-counts",
            message: format!("A TCP connection has more than {} frames one way; its counts stay at that.", u32::MAX),
            frame: Some(record.last_frame()),
            offset: None,
        });
        connections.into_iter().chain(counts).chain(self.rest.other.warning()).collect()
    }
}

impl Rest {
    #[inline(always)]
    fn count_tcp<'a>(
        &mut self,
        record: &mut TcpRecord,
        arrival: impl Arrival<Transport = TcpSegment<'a>>,
        number: u32,
        sender: Side,
    ) {
        let noted = self.budget.allows(record.frames());
        let seldom = record.add(arrival.at(), sender, &arrival.transport(), arrival.way());
        if seldom.any() {
            self.add_seldom(record, seldom, arrival, number, sender);
        }
        if noted {
            self.note_tcp(arrival, number, sender, seldom.retransmission());
        }
    }

    /// What most segments do not bring.
    #[inline(never)]
    fn add_seldom<'a>(
        &mut self,
        record: &mut TcpRecord,
        seldom: Seldom,
        arrival: impl Arrival<Transport = TcpSegment<'a>>,
        number: u32,
        sender: Side,
    ) {
        if seldom.first_of_side() {
            self.other.add_sender(arrival);
        }
        if let Some(details) = self.tcp_details.get_mut(number as usize) {
            record.add_seldom(details, seldom, arrival.at().number, sender, &arrival.transport());
        }
    }

    #[inline(never)]
    fn note_tcp<'a>(
        &mut self,
        arrival: impl Arrival<Transport = TcpSegment<'a>>,
        number: u32,
        sender: Side,
        retransmission: bool,
    ) {
        let (At { number: frame, time }, segment) = (arrival.at(), arrival.transport());
        let noted = Noted {
            frame,
            time,
            sender,
            flags: if segment.bogus_header { TcpFlags::default() } else { segment.flags },
            sequence: segment.sequence,
            acknowledgement: segment.acknowledgement,
            payload_length: segment.payload_length.unwrap_or(0),
            retransmission,
        };
        self.tcp_notes.push(&mut self.budget, number, &noted);
    }

    #[inline(always)]
    fn count_udp<'a>(
        &mut self,
        record: &mut UdpRecord,
        arrival: impl Arrival<Transport = UdpDatagram<'a>>,
        number: u32,
        sender: Side,
    ) {
        if record.sent(sender) == 0 {
            self.other.add_sender(arrival);
        }
        let noted = self.budget.allows(record.frames());
        record.add(arrival.at(), sender, &arrival.transport(), arrival.way());
        if noted {
            self.note_udp(arrival, number, sender);
        }
    }

    #[inline(never)]
    fn note_udp<'a>(&mut self, arrival: impl Arrival<Transport = UdpDatagram<'a>>, number: u32, sender: Side) {
        let (At { number: frame, time }, datagram) = (arrival.at(), arrival.transport());
        let noted = Noted {
            frame,
            time,
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
