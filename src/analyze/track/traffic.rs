//! All that was found in a capture, read-only: connections and conversations are kept packed and handed out by value.

use super::model::{FrameNote, TcpConnection, UdpConversation};
use super::notes::Notes;
use super::other::OtherTraffic;
use super::pair::Paired;
use super::records::Records;
use super::tcp::{TcpDetails, TcpRecord};
use super::udp::UdpRecord;
use crate::capfile::CaptureWarning;
use crate::types::{SocketAddress, StreamNumber};

/// The connections, conversations and other traffic of one capture.
#[derive(Debug)]
pub struct Traffic {
    pub(super) tcp: Records<TcpRecord>,
    pub(super) tcp_details: Records<TcpDetails>,
    pub(super) udp: Records<UdpRecord>,
    pub(super) tcp_notes: Notes,
    pub(super) udp_notes: Notes,
    pub(super) other: OtherTraffic,
    pub(super) warnings: Vec<CaptureWarning>,
}

impl Traffic {
    /// Number of TCP connections; their stream numbers are those below it.
    pub fn tcp_count(&self) -> usize {
        self.tcp.len()
    }

    /// The TCP connection with this stream number.
    pub fn tcp(&self, stream: StreamNumber) -> Option<TcpConnection> {
        let (record, details) = (self.tcp.get(place(stream))?, self.tcp_details.get(place(stream))?);
        Some(record.expand(details, stream))
    }

    /// The two socket addresses of a TCP connection and the frames of both sides together, without expanding the rest.
    pub fn tcp_ends(&self, stream: StreamNumber) -> Option<([SocketAddress; 2], u64)> {
        self.tcp.get(place(stream)).map(|record| (record.pair().addresses(), record.frames()))
    }

    /// The TCP connections by stream number.
    pub fn tcp_connections(&self) -> impl Iterator<Item = TcpConnection> + '_ {
        let records = self.tcp.iter().zip(self.tcp_details.iter()).enumerate();
        records.map(|(place, (record, details))| record.expand(details, number(place)))
    }

    /// The noted frames of a TCP connection, in frame order.
    pub fn tcp_notes(&self, stream: StreamNumber) -> impl ExactSizeIterator<Item = FrameNote> + '_ {
        let bases = self.tcp.get(place(stream)).map_or([None; 2], TcpRecord::bases);
        self.tcp_notes.of(stream.0).iter().map(move |note| note.expand(bases))
    }

    /// Whether every frame of a TCP connection is noted. If not, only its first ones are.
    pub fn tcp_notes_complete(&self, stream: StreamNumber) -> bool {
        self.tcp.get(place(stream)).is_some_and(|record| is_complete(&self.tcp_notes, stream, record.frames()))
    }

    /// Number of UDP conversations; their stream numbers are those below it.
    pub fn udp_count(&self) -> usize {
        self.udp.len()
    }

    /// The UDP conversation with this stream number.
    pub fn udp(&self, stream: StreamNumber) -> Option<UdpConversation> {
        self.udp.get(place(stream)).map(|record| record.expand(stream))
    }

    /// The two socket addresses of a UDP conversation and its datagrams both ways together, without expanding the rest.
    pub fn udp_ends(&self, stream: StreamNumber) -> Option<([SocketAddress; 2], u64)> {
        self.udp.get(place(stream)).map(|record| (record.pair().addresses(), record.frames()))
    }

    /// The UDP conversations by stream number.
    pub fn udp_conversations(&self) -> impl Iterator<Item = UdpConversation> + '_ {
        self.udp.iter().enumerate().map(|(place, record)| record.expand(number(place)))
    }

    /// The noted datagrams of a UDP conversation, in frame order.
    pub fn udp_notes(&self, stream: StreamNumber) -> impl ExactSizeIterator<Item = FrameNote> + '_ {
        self.udp_notes.of(stream.0).iter().map(|note| note.expand([None; 2]))
    }

    /// Whether every datagram of a UDP conversation is noted. If not, only its first ones are.
    pub fn udp_notes_complete(&self, stream: StreamNumber) -> bool {
        self.udp.get(place(stream)).is_some_and(|record| is_complete(&self.udp_notes, stream, record.frames()))
    }

    /// What else is in the capture.
    pub fn other(&self) -> &OtherTraffic {
        &self.other
    }

    /// The limits that were reached, if any.
    pub fn warnings(&self) -> &[CaptureWarning] {
        &self.warnings
    }
}

fn is_complete(notes: &Notes, stream: StreamNumber, frames: u64) -> bool {
    u64::try_from(notes.of(stream.0).len()).is_ok_and(|noted| noted == frames)
}

fn place(stream: StreamNumber) -> usize {
    usize::try_from(stream.0).unwrap_or(usize::MAX)
}

/// Tables number their records with 32 bits, so that every place fits.
fn number(place: usize) -> StreamNumber {
    StreamNumber(u32::try_from(place).unwrap_or(u32::MAX))
}
