//! Following TCP connections and UDP conversations through a capture, numbered and judged as Wireshark does.
//!
//! Memory grows with streams, not with packets: each has a record of fixed size, and the notes on single frames are
//! bounded. `record` has what every frame touches, `tcp` the rules of TCP streams, `pair` and `index` find streams by their
//! addresses, `notes` remembers single frames and `starts` how their payload begins, `numbers` has what moves stream
//! numbers, `announced` what one connection says of others, `other` everything that is neither; `traffic` hands out what
//! was found.

mod announced;
mod arrival;
mod by_stream;
mod details;
mod directions;
mod elsewhere;
mod headers;
mod index;
mod marks;
mod model;
mod notes;
mod numbers;
mod other;
mod packed;
mod pair;
mod payload;
mod place;
#[cfg(test)]
mod protocol_tests;
mod protocols;
#[cfg(test)]
mod quoted_tests;
mod record;
mod records;
mod rules;
mod sequence;
mod sides;
mod starts;
mod tcp;
#[cfg(test)]
mod tests;
mod traffic;
mod udp;

pub use elsewhere::Elsewhere;
pub use model::{
    Close, Exchanged, FrameNote, HandshakeState, SideCounts, StreamEnds, TcpConnection, UdpConversation, UdpSide,
};
pub use numbers::Split;
pub use other::{
    ArpQuestion, CaptureEvidence, Fragment, KindCounts, LONGEST_ETHERNET, Neighbour, OtherTraffic, PingPair,
    Unreachable,
};
pub use payload::PayloadKind;
pub use sequence::{Segment, SequenceAnalysis, Verdicts};
pub use sides::Side;
pub use starts::PayloadStart;
pub use traffic::Traffic;

use std::hint::black_box;

use crate::batch::{Seen, WINDOW};
use crate::capfile::{CaptureWarning, Direction, Frame, FrameTime, WarningCode};
use crate::limits::Limits;
use crate::packet::{OrdinaryPacket, Packet, QuotedHeader, TcpFlags};
use crate::types::{FrameNumber, Protocol};

use announced::Announced;
use arrival::{Arrival, At, Header, Whole};
use details::AllDetails;
use elsewhere::Kinds;
use headers::offered;
use index::Index;
use notes::{NoteBudget, Noted, Notes};
use numbers::{Numbers, SecondNumbers};
use other::Collector;
use pair::{Pair, PairHasher};
use place::Place;
use record::{Record, Seldom};
use records::Records;
use starts::Starts;
use tcp::Opening;

/// Where the streams of some packets are, as long as no pair has a further one.
pub(super) struct Window {
    pub(super) candidates: [Place; WINDOW],
    /// Further streams of pairs that had one, at that time.
    pub(super) reopened: u64,
}

/// Follows the frames of one capture.
#[derive(Debug)]
pub struct Tracker {
    hasher: PairHasher,
    index: Index,
    /// The streams of both protocols by the order of their first frames.
    streams: Records<Record>,
    rest: Rest,
    /// Streams that are not the first ones of their pairs: the ports were used again.
    reopened: u64,
    most_streams: usize,
    /// Frames of streams beyond the limit, and the first of them.
    unfollowed: u64,
    first_unfollowed: Option<FrameNumber>,
    /// When the capture's first frame came.
    start: Option<FrameTime>,
}

/// What is remembered besides the records that every frame touches.
#[derive(Debug)]
struct Rest {
    details: AllDetails,
    notes: Notes,
    budget: NoteBudget,
    starts: Starts,
    second_numbers: SecondNumbers,
    elsewhere: Kinds,
    announced: Announced,
    other: Collector,
}

impl Tracker {
    /// A tracker that has seen no frame.
    pub fn new(limits: &Limits) -> Self {
        Tracker {
            hasher: PairHasher::new(),
            index: Index::new(),
            streams: Records::new(),
            rest: Rest {
                details: AllDetails::new(),
                notes: Notes::default(),
                budget: NoteBudget::new(limits),
                starts: Starts::new(limits),
                second_numbers: SecondNumbers::default(),
                elsewhere: Kinds::default(),
                announced: Announced::new(limits.table_entries),
                other: Collector::new(limits),
            },
            reopened: 0,
            most_streams: limits.connections,
            unfollowed: 0,
            first_unfollowed: None,
            start: None,
        }
    }

    /// The capture begins with a frame of this time, whatever is in it.
    pub fn begin(&mut self, time: Option<FrameTime>) {
        self.start = time;
    }

    /// Takes in the next frame of the capture.
    pub fn add(&mut self, frame: &Frame<'_>, packet: &Packet<'_>) {
        match Whole::new(frame, packet) {
            Some(arrival) => {
                self.rest.other.add_transport(arrival.pair().protocol(), frame.original_length);
                self.find_and_add(arrival);
            }
            None => {
                self.rest.other.add(frame, packet);
                let at = At { number: frame.number, time: frame.time };
                packet.quoted.iter().for_each(|quote| self.add_quote(at, quote));
            }
        }
        if let Some(kind) = packet.unfollowed {
            self.rest.elsewhere.add(kind, frame.number);
        }
    }

    /// Takes in a header that an ICMP error quotes: it takes a stream number as an ordinary one does, and its flags count
    /// for completeness. It is no frame of the stream.
    #[inline(never)]
    fn add_quote(&mut self, at: At, quote: &QuotedHeader) {
        let (pair, header) =
            (Pair::new(&quote.ip, [quote.source_port, quote.destination_port], quote.protocol), Header::quoted(quote));
        let found = self.index.find(&self.streams, &pair, self.hasher.hash(&pair));
        let known = found.and_then(|(stream, sender)| Some((stream, sender, self.streams.get_mut(stream.index())?)));
        let opening = match known {
            None => Opening::FirstOfPair,
            Some((_, sender, record)) if record.is_reused_by(sender, &header) => Opening::PortReuse,
            Some((stream, sender, record)) => {
                if quote.protocol == Protocol::Tcp {
                    record.add_quoted(sender, &header);
                }
                return self.rest.pass_number(stream, &pair, at, quote.snmp);
            }
        };
        if let Some(stream) = self.open_record(at, pair, opening)
            && let Some(record) = self.streams.get_mut(stream.index())
        {
            if quote.protocol == Protocol::Tcp {
                record.set_quoted_opening(&header, opening);
            }
            self.rest.pass_number(stream, &pair, at, quote.snmp);
        }
    }

    /// Looks up the streams of some packets, for [`Tracker::add_ordinary`]. What is no packet may have any stream.
    ///
    /// Most of the work on a frame is waiting for memory: for the index, then for the record. Each step is done for all
    /// packets before the next, so that the processor waits for all of them at the same time.
    #[inline]
    pub(super) fn locate(&self, packets: &[Option<OrdinaryPacket>; WINDOW]) -> Window {
        let hash = |packet: &OrdinaryPacket| self.hasher.hash(&Pair::ordinary(packet));
        let hashes = packets.each_ref().map(|packet| packet.as_ref().map_or(0, hash));
        let candidates = hashes.map(|hash| self.index.candidate(hash));
        let touch = |stream: &Place| match self.streams.get(stream.index()) {
            Some(record) if record.is_ready() => record.lines(),
            Some(record) => record.lines() ^ self.rest.details.lines(*stream),
            None => 0,
        };
        black_box(candidates.iter().fold(0, |all, candidate| all ^ touch(candidate)));
        Window { candidates, reopened: self.reopened }
    }

    /// Takes in the next frame of the capture, an ordinary packet, whose stream was looked up when this many were reopened.
    #[inline(always)]
    pub(super) fn add_ordinary(&mut self, seen: &Seen<'_>, reopened: u64, candidate: Place) {
        self.rest.other.add_transport(seen.packet.protocol, seen.entry.original_length);
        // A stream that has the packet's pair is the latest one of it, if none was reopened since.
        // Copies, so that the frames that do not come there need not be written to memory.
        if reopened == self.reopened
            && let Some(record) = self.streams.get_mut(candidate.index())
            && let Some(sender) = record.pair().side_of(&seen.pair())
        {
            if !record.add_expected(seen.at(), sender, &seen.header(), seen.way()) {
                self.add_to(candidate, sender, Seen { ..*seen });
            }
        } else {
            self.find_and_add(Seen { ..*seen });
        }
    }

    /// Adds a packet to its stream, which is looked up; opens one where it begins one.
    #[inline(never)]
    fn find_and_add(&mut self, arrival: impl Arrival) {
        let pair = arrival.pair();
        match self.index.find(&self.streams, &pair, self.hasher.hash(&pair)) {
            Some((stream, sender)) => self.add_to(stream, sender, arrival),
            None => self.open(arrival, Opening::FirstOfPair),
        }
    }

    /// Adds a packet to the latest stream of its pair, or opens a further one.
    #[inline(never)]
    fn add_to(&mut self, stream: Place, sender: Side, arrival: impl Arrival) {
        let Some(record) = self.streams.get_mut(stream.index()) else { return };
        if record.is_reused_by(sender, &arrival.header()) {
            return self.open(arrival, Opening::PortReuse);
        }
        let sender = if record.frames() == 0 { self.rest.begin(record, arrival, stream) } else { sender };
        self.rest.count(record, arrival, stream, sender);
    }

    /// Opens a stream and counts its first frame.
    fn open(&mut self, arrival: impl Arrival, opening: Opening) {
        let (at, pair) = (arrival.at(), arrival.pair());
        let Some(stream) = self.open_record(at, pair, opening) else { return self.leave_out(at.number) };
        let Some(record) = self.streams.get_mut(stream.index()) else { return };
        self.rest.count(record, arrival, stream, Side::Originator);
        let is_expected = self.rest.announced.open(stream, &pair, opening == Opening::FirstOfPair);
        if pair.protocol() == Protocol::Tcp
            && !is_expected
            && let Some(mut details) = self.rest.details.get_mut(stream)
        {
            record.set_opening(&mut details, &arrival.header(), opening);
        }
    }

    /// Opens a stream without a frame. `None` where the limit of streams is reached.
    fn open_record(&mut self, at: At, pair: Pair, opening: Opening) -> Option<Place> {
        if self.streams.len() >= self.most_streams {
            return None;
        }
        self.reopened = self.reopened.wrapping_add(u64::from(opening == Opening::PortReuse));
        let stream = self.index.open(&mut self.streams, Record::new(pair, at), self.hasher.hash(&pair), opening)?;
        self.rest.details.push(at);
        Some(stream)
    }

    /// Counts a frame that is not followed, because the limit of streams is reached.
    fn leave_out(&mut self, frame: FrameNumber) {
        self.unfollowed = self.unfollowed.saturating_add(1);
        self.first_unfollowed.get_or_insert(frame);
    }

    /// What was found, when the last frame was added.
    pub fn finish(mut self) -> Traffic {
        let mut full = None;
        let Rest { details, second_numbers, other, announced, .. } = &mut self.rest;
        other.leave_out(announced.left_out());
        // To go through the records means to wait for memory: once for all of it.
        let each = self.streams.iter().map(|record| {
            other.add_directions_of(record);
            full = full.or_else(|| record.is_full().then(|| record.last_frame()));
            (record.pair().protocol(), record.frames() > 0)
        });
        let first_frame = |place| details.get(Place::new(place)).map(|details| details.first_frame());
        let numbers = Numbers::of_both(each, first_frame, second_numbers);
        let warnings = self.warnings(full);
        let Rest { details, notes, starts, other, elsewhere, announced, .. } = self.rest;
        let noted = (notes.sort(), starts.sort());
        let (other, elsewhere) = (other.finish(), elsewhere.finish());
        let mut traffic = Traffic::new(self.streams, details, numbers, noted, other, elsewhere, warnings);
        traffic.announced = announced.finish();
        traffic.start = self.start.map(FrameTime::timestamp);
        traffic
    }

    /// Which limits were reached; `full` is the last frame of a stream whose count was.
    fn warnings(&self, full: Option<FrameNumber>) -> Vec<CaptureWarning> {
        let most = self.most_streams;
        let frames = self.unfollowed;
        let noun = if frames == 1 { "frame" } else { "frames" };
        let connections = self.first_unfollowed.map(|frame| CaptureWarning {
            code: WarningCode::LimitConnections,
            message: format!(
                "The capture holds more than {most} connections and conversations; from frame {frame} on, new ones are \
                 not followed ({frames} {noun})."
            ),
            frame: Some(frame),
            offset: None,
        });
        let counts = full.map(|frame| CaptureWarning {
            code: WarningCode::LimitCounts,
            message: format!(
                "A connection or conversation has more than {} frames one way; its counts stay at that.",
                u32::MAX
            ),
            frame: Some(frame),
            offset: None,
        });
        connections.into_iter().chain(counts).chain(self.rest.other.warning()).collect()
    }
}

impl Rest {
    /// Counts a packet of this stream.
    fn count(&mut self, record: &mut Record, arrival: impl Arrival, stream: Place, sender: Side) {
        let noted = self.budget.allows(record.frames());
        let (header, pair) = (arrival.header(), *record.pair());
        let may_announce = self.announced.concern(&pair);
        let length = header.payload_length.filter(|length| *length > 0);
        if self.second_numbers.concern(&pair, stream) {
            self.pass_number(stream, &pair, arrival.at(), arrival.is_snmp());
        }
        if arrival.way() == Some(Direction::Passing) {
            self.other.add_passing(pair.addresses().map(|address| address.ip));
        }
        let seldom = record.add(arrival.at(), sender, &header, arrival.way());
        if seldom.has(Seldom::FIRST_OF_SIDE) {
            self.other.add_sender(arrival);
        }
        if seldom.any()
            && let Some(mut details) = self.details.get_mut(stream)
        {
            record.add_seldom(&mut details, seldom, arrival.at().number, sender, &header, arrival.payload());
            if seldom.has(Seldom::FIRST_DATA) {
                self.elsewhere.look(&pair, arrival.payload(), arrival.at().number, details.first_frame());
            }
        }
        if length.is_some() && (noted || may_announce) && !seldom.has(Seldom::RETRANSMISSION) {
            self.announced.look(&pair, sender, arrival.payload());
        }
        if noted {
            self.note(arrival, stream, sender, seldom.has(Seldom::RETRANSMISSION));
            if let Some(length) = length {
                let number = record.data_frames(sender);
                self.starts.push(stream, arrival.at().number, number, arrival.payload(), length);
            }
        }
        let concerns_others = self.second_numbers.concern(&pair, stream) || may_announce;
        record.get_ready(self.budget.allows(record.frames()) || concerns_others);
    }

    /// Gives a stream that only quotes were seen of its first frame; the side that sent it is the first one.
    #[inline(never)]
    fn begin(&mut self, record: &mut Record, arrival: impl Arrival, stream: Place) -> Side {
        record.begin(arrival.pair());
        if let Some(mut details) = self.details.get_mut(stream) {
            details.begin(arrival.at());
        }
        Side::Originator
    }

    /// Takes note of a frame of a stream, or a quote of one, that may open or take a second number.
    fn pass_number(&mut self, stream: Place, pair: &Pair, at: At, is_snmp: bool) {
        if self.second_numbers.concern(pair, stream) {
            self.second_numbers.pass(stream, pair.protocol(), at.number, is_snmp, self.details.len());
        }
    }

    fn note(&mut self, arrival: impl Arrival, stream: Place, sender: Side, retransmission: bool) {
        let (At { number: frame, time }, header) = (arrival.at(), arrival.header());
        let (sequence, acknowledgement) = match arrival.pair().protocol() {
            Protocol::Tcp => (header.sequence, header.acknowledgement),
            Protocol::Udp => (0, 0),
        };
        let noted = Noted {
            frame,
            time,
            sender,
            flags: if header.bogus { TcpFlags::default() } else { header.flags },
            sequence,
            acknowledgement,
            payload_length: header.payload_length.unwrap_or(0),
            retransmission,
            fields: arrival.fields(),
        };
        let options = offered(noted.flags.has(TcpFlags::SYN), arrival.header_bytes());
        self.notes.push(&mut self.budget, stream, &noted, options);
    }
}
