//! All that was found in a capture, read-only: connections and conversations are kept packed and handed out by value.

use std::hint::black_box;

use foldhash::HashSet;

use super::details::{AllDetails, Known};
use super::elsewhere::Elsewhere;
use super::model::{Exchanged, FrameNote, StreamEnds, TcpConnection, UdpConversation};
use super::notes::SortedNotes;
use super::numbers::{Numbers, Split};
use super::other::OtherTraffic;
use super::place::Place;
use super::record::Record;
use super::records::Records;
use super::sequence::SequenceAnalysis;
use super::starts::{PayloadStart, SortedStarts};
use crate::capfile::CaptureWarning;
use crate::types::{FrameNumber, Protocol, StreamNumber, Timestamp};

/// The connections, conversations and other traffic of one capture.
#[derive(Debug)]
pub struct Traffic {
    streams: Records<Record>,
    details: AllDetails,
    tcp: Numbers,
    udp: Numbers,
    notes: SortedNotes,
    starts: SortedStarts,
    other: OtherTraffic,
    elsewhere: Vec<Elsewhere>,
    warnings: Vec<CaptureWarning>,
    /// The connections to ports that others announced.
    pub(super) announced: HashSet<Place>,
    pub(super) start: Option<Timestamp>,
}

impl Traffic {
    /// What was found.
    pub(super) fn new(
        streams: Records<Record>,
        details: AllDetails,
        [tcp, udp]: [Numbers; 2],
        (notes, starts): (SortedNotes, SortedStarts),
        other: OtherTraffic,
        elsewhere: Vec<Elsewhere>,
        warnings: Vec<CaptureWarning>,
    ) -> Traffic {
        Traffic {
            streams,
            details,
            tcp,
            udp,
            notes,
            starts,
            other,
            elsewhere,
            warnings,
            announced: HashSet::default(),
            start: None,
        }
    }

    /// When the first frame of the capture came, whatever was in it: Wireshark counts `frame.time_relative` from there.
    pub fn start(&self) -> Option<Timestamp> {
        self.start
    }

    /// Number of TCP connections.
    pub fn tcp_count(&self) -> usize {
        self.tcp.len()
    }

    /// The stream numbers of the TCP connections, in order, as Wireshark shows them with its default settings. Where ICMP
    /// errors quote TCP headers, some numbers below the greatest may be missing.
    pub fn tcp_streams(&self) -> impl Iterator<Item = StreamNumber> + '_ {
        self.tcp.iter()
    }

    /// The TCP connection with this stream number.
    pub fn tcp(&self, stream: StreamNumber) -> Option<TcpConnection> {
        let (record, details) = self.at(self.tcp.place(stream)?)?;
        Some(record.connection(details, stream))
    }

    /// The TCP connection at this position among the connections, by stream number.
    pub fn tcp_at(&self, position: usize) -> Option<TcpConnection> {
        self.tcp(self.tcp.number(position)?)
    }

    /// The TCP connections by stream number.
    pub fn tcp_connections(&self) -> impl Iterator<Item = TcpConnection> + '_ {
        self.numbered(&self.tcp).map(|(stream, record, details)| record.connection(details, stream))
    }

    /// The noted frames of a TCP connection, in frame order.
    pub fn tcp_notes(&self, stream: StreamNumber) -> impl ExactSizeIterator<Item = FrameNote> + '_ {
        self.notes_at(self.tcp.place(stream))
    }

    /// Whether every frame of a TCP connection is noted. If not, only its first ones are.
    pub fn tcp_notes_complete(&self, stream: StreamNumber) -> bool {
        self.tcp.place(stream).is_some_and(|place| self.notes_complete(place))
    }

    /// The noted frames of a TCP connection that Wireshark marks as retransmissions (`tcp.analysis.retransmission`), in frame order.
    /// [`SideCounts`](super::SideCounts) count what it takes for reordered, too.
    pub fn tcp_retransmissions(&self, stream: StreamNumber) -> Vec<FrameNote> {
        let place = self.tcp.place(stream);
        // What Wireshark marks begins before what was sent already.
        if place.and_then(|place| self.at(place)).is_none_or(|(_, details)| details.retransmissions() == [0, 0]) {
            return Vec::new();
        }
        let segments = SequenceAnalysis::of(self.notes_at(place)).segments.into_iter();
        segments.filter(|segment| segment.verdicts.retransmission).map(|segment| segment.note).collect()
    }

    /// How the payload of a TCP connection's first data frames begins, by frame.
    pub fn tcp_starts(&self, stream: StreamNumber) -> impl Iterator<Item = (FrameNumber, PayloadStart<'_>)> {
        self.starts_at(self.tcp.place(stream))
    }

    /// Number of UDP conversations.
    pub fn udp_count(&self) -> usize {
        self.udp.len()
    }

    /// The stream numbers of the UDP conversations, in order, likewise. SNMP and quoted headers leave gaps.
    pub fn udp_streams(&self) -> impl Iterator<Item = StreamNumber> + '_ {
        self.udp.iter()
    }

    /// The UDP conversation with this stream number.
    pub fn udp(&self, stream: StreamNumber) -> Option<UdpConversation> {
        let (record, details) = self.at(self.udp.place(stream)?)?;
        Some(record.conversation(details, stream))
    }

    /// The UDP conversation at this position among the conversations, by stream number.
    pub fn udp_at(&self, position: usize) -> Option<UdpConversation> {
        self.udp(self.udp.number(position)?)
    }

    /// The UDP conversations by stream number.
    pub fn udp_conversations(&self) -> impl Iterator<Item = UdpConversation> + '_ {
        self.numbered(&self.udp).map(|(stream, record, details)| record.conversation(details, stream))
    }

    /// The noted datagrams of a UDP conversation, in frame order.
    pub fn udp_notes(&self, stream: StreamNumber) -> impl ExactSizeIterator<Item = FrameNote> + '_ {
        self.notes_at(self.udp.place(stream))
    }

    /// Whether every datagram of a UDP conversation is noted. If not, only its first ones are.
    pub fn udp_notes_complete(&self, stream: StreamNumber) -> bool {
        self.udp.place(stream).is_some_and(|place| self.notes_complete(place))
    }

    /// How the payload of a UDP conversation's first datagrams begins, by frame.
    pub fn udp_starts(&self, stream: StreamNumber) -> impl Iterator<Item = (FrameNumber, PayloadStart<'_>)> {
        self.starts_at(self.udp.place(stream))
    }

    /// What else is in the capture.
    pub fn other(&self) -> &OtherTraffic {
        &self.other
    }

    /// The kinds of traffic for which Wireshark numbers streams by further rules, and where each begins.
    pub fn elsewhere(&self) -> &[Elsewhere] {
        &self.elsewhere
    }

    /// Whether Wireshark may show the stream of this protocol that begins with this frame under another number.
    pub fn may_be_numbered_otherwise(&self, protocol: Protocol, first_frame: FrameNumber) -> bool {
        self.elsewhere.iter().any(|kind| kind.concerns(protocol, first_frame))
    }

    /// Whether Wireshark may show this stream under another number, or under two.
    pub fn is_numbered_otherwise(&self, protocol: Protocol, stream: StreamNumber, first_frame: FrameNumber) -> bool {
        self.split(protocol).iter().any(|split| split.stream == stream)
            || self.may_be_numbered_otherwise(protocol, first_frame)
    }

    /// The conversations of this protocol that Wireshark shows under two numbers.
    pub fn split(&self, protocol: Protocol) -> &[Split] {
        self.numbers(protocol).split()
    }

    /// The ends of the streams of this protocol at these positions among all of it, by stream number: up to the first
    /// position where there is none.
    pub fn ends(&self, protocol: Protocol, positions: impl Iterator<Item = usize>) -> impl Iterator<Item = StreamEnds> {
        let places = self.numbers(protocol).places();
        positions.map_while(|position| Some(self.streams.get(Place::new(*places.get(position)?).index())?.ends()))
    }

    /// Brings the streams at these positions into the processor's cache, for [`Traffic::ends`]: it waits for all of them at
    /// the same time, where each would be waited for when it is asked.
    pub fn fetch(&self, protocol: Protocol, positions: impl Iterator<Item = usize>) {
        let places = self.numbers(protocol).places();
        let touch = |position: usize| Some(self.streams.get(Place::new(*places.get(position)?).index())?.lines());
        black_box(positions.fold(0, |all, position| all ^ touch(position).unwrap_or(0)));
    }

    /// What was exchanged in each stream of this protocol, by stream number.
    pub fn exchanged(&self, protocol: Protocol) -> impl Iterator<Item = Exchanged> + '_ {
        let places = self.numbers(protocol).places();
        places.iter().filter_map(|place| {
            let (record, details) = self.at(*place)?;
            let announced = self.announced.contains(&Place::new(*place));
            Some(Exchanged { announced, ..record.exchanged(details) })
        })
    }

    /// The limits that were reached, if any.
    pub fn warnings(&self) -> &[CaptureWarning] {
        &self.warnings
    }

    fn numbers(&self, protocol: Protocol) -> &Numbers {
        match protocol {
            Protocol::Tcp => &self.tcp,
            Protocol::Udp => &self.udp,
        }
    }

    fn at(&self, place: u32) -> Option<(&Record, Known<'_>)> {
        let place = Place::new(place);
        self.streams.get(place.index()).zip(self.details.get(place))
    }

    /// The streams that have these numbers.
    fn numbered<'a>(&'a self, numbers: &'a Numbers) -> impl Iterator<Item = (StreamNumber, &'a Record, Known<'a>)> {
        let streams = numbers.places().iter().zip(numbers.iter());
        streams.filter_map(|(place, number)| self.at(*place).map(|(record, details)| (number, record, details)))
    }

    fn notes_at(&self, place: Option<u32>) -> impl ExactSizeIterator<Item = FrameNote> + '_ {
        let bases =
            place.and_then(|place| self.streams.get(Place::new(place).index())).map_or([None; 2], Record::bases);
        self.notes.expanded(place.map(Place::new), bases)
    }

    fn starts_at(&self, place: Option<u32>) -> impl Iterator<Item = (FrameNumber, PayloadStart<'_>)> {
        place.into_iter().flat_map(|place| self.starts.of(Place::new(place)))
    }

    fn notes_complete(&self, place: u32) -> bool {
        let place = Place::new(place);
        let noted = u64::try_from(self.notes.count(place));
        self.streams.get(place.index()).is_some_and(|record| noted == Ok(record.frames()))
    }
}
