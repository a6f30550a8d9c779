//! All that was found in a capture, read-only: connections and conversations are kept packed and handed out by value.

use super::details::Details;
use super::model::{FrameNote, TcpConnection, UdpConversation};
use super::notes::Notes;
use super::other::OtherTraffic;
use super::record::Record;
use super::records::Records;
use crate::capfile::CaptureWarning;
use crate::types::{Protocol, SocketAddress, StreamNumber};

/// The connections, conversations and other traffic of one capture.
#[derive(Debug)]
pub struct Traffic {
    streams: Records<Record>,
    details: Records<Details>,
    /// Places of the TCP streams among all, by stream number; and of the UDP streams.
    tcp: Vec<u32>,
    udp: Vec<u32>,
    notes: Notes,
    other: OtherTraffic,
    warnings: Vec<CaptureWarning>,
}

impl Traffic {
    /// What was found. The notes are sorted.
    pub(super) fn new(
        streams: Records<Record>,
        details: Records<Details>,
        notes: Notes,
        other: OtherTraffic,
        warnings: Vec<CaptureWarning>,
    ) -> Traffic {
        let places = |protocol| {
            // Places are 32-bit numbers.
            let places = streams.iter().zip(0_u32..).filter(|(stream, _)| stream.pair().protocol() == protocol);
            places.map(|(_, place)| place).collect()
        };
        let (tcp, udp) = (places(Protocol::Tcp), places(Protocol::Udp));
        Traffic { streams, details, tcp, udp, notes, other, warnings }
    }

    /// Number of TCP connections; their stream numbers are those below it.
    pub fn tcp_count(&self) -> usize {
        self.tcp.len()
    }

    /// The TCP connection with this stream number.
    pub fn tcp(&self, stream: StreamNumber) -> Option<TcpConnection> {
        let (record, details) = self.at(place_in(&self.tcp, stream)?)?;
        Some(record.connection(details, stream))
    }

    /// The two socket addresses of a TCP connection and the frames of both sides together, without expanding the rest.
    pub fn tcp_ends(&self, stream: StreamNumber) -> Option<([SocketAddress; 2], u64)> {
        self.ends(place_in(&self.tcp, stream)?)
    }

    /// The TCP connections by stream number.
    pub fn tcp_connections(&self) -> impl Iterator<Item = TcpConnection> + '_ {
        self.numbered(&self.tcp).map(|(stream, record, details)| record.connection(details, stream))
    }

    /// The noted frames of a TCP connection, in frame order.
    pub fn tcp_notes(&self, stream: StreamNumber) -> impl ExactSizeIterator<Item = FrameNote> + '_ {
        self.notes_at(place_in(&self.tcp, stream))
    }

    /// Whether every frame of a TCP connection is noted. If not, only its first ones are.
    pub fn tcp_notes_complete(&self, stream: StreamNumber) -> bool {
        place_in(&self.tcp, stream).is_some_and(|place| self.notes_complete(place))
    }

    /// Number of UDP conversations; their stream numbers are those below it.
    pub fn udp_count(&self) -> usize {
        self.udp.len()
    }

    /// The UDP conversation with this stream number.
    pub fn udp(&self, stream: StreamNumber) -> Option<UdpConversation> {
        let (record, details) = self.at(place_in(&self.udp, stream)?)?;
        Some(record.conversation(details, stream))
    }

    /// The two socket addresses of a UDP conversation and its datagrams both ways together, without expanding the rest.
    pub fn udp_ends(&self, stream: StreamNumber) -> Option<([SocketAddress; 2], u64)> {
        self.ends(place_in(&self.udp, stream)?)
    }

    /// The UDP conversations by stream number.
    pub fn udp_conversations(&self) -> impl Iterator<Item = UdpConversation> + '_ {
        self.numbered(&self.udp).map(|(stream, record, details)| record.conversation(details, stream))
    }

    /// The noted datagrams of a UDP conversation, in frame order.
    pub fn udp_notes(&self, stream: StreamNumber) -> impl ExactSizeIterator<Item = FrameNote> + '_ {
        self.notes_at(place_in(&self.udp, stream))
    }

    /// Whether every datagram of a UDP conversation is noted. If not, only its first ones are.
    pub fn udp_notes_complete(&self, stream: StreamNumber) -> bool {
        place_in(&self.udp, stream).is_some_and(|place| self.notes_complete(place))
    }

    /// What else is in the capture.
    pub fn other(&self) -> &OtherTraffic {
        &self.other
    }

    /// The limits that were reached, if any.
    pub fn warnings(&self) -> &[CaptureWarning] {
        &self.warnings
    }

    fn at(&self, place: usize) -> Option<(&Record, &Details)> {
        self.streams.get(place).zip(self.details.get(place))
    }

    /// The streams at these places, numbered.
    fn numbered<'a>(&'a self, places: &'a [u32]) -> impl Iterator<Item = (StreamNumber, &'a Record, &'a Details)> {
        let numbers = (0..).map(StreamNumber);
        let streams = places.iter().zip(numbers);
        streams
            .filter_map(|(place, number)| self.at(*place as usize).map(|(record, details)| (number, record, details)))
    }

    fn ends(&self, place: usize) -> Option<([SocketAddress; 2], u64)> {
        self.streams.get(place).map(|record| (record.pair().addresses(), record.frames()))
    }

    fn notes_at(&self, place: Option<usize>) -> impl ExactSizeIterator<Item = FrameNote> + '_ {
        let bases = place.and_then(|place| self.streams.get(place)).map_or([None; 2], Record::bases);
        let notes = place.map_or(&[][..], |place| self.notes.of(place));
        notes.iter().map(move |note| note.expand(bases))
    }

    fn notes_complete(&self, place: usize) -> bool {
        let noted = u64::try_from(self.notes.of(place).len());
        self.streams.get(place).is_some_and(|record| noted == Ok(record.frames()))
    }
}

fn place_in(places: &[u32], stream: StreamNumber) -> Option<usize> {
    let number = usize::try_from(stream.0).ok()?;
    places.get(number).map(|place| *place as usize)
}
