//! What is known of a connection or conversation when the capture has been read.

use super::payload::PayloadKind;
use super::sides::{Side, side};
use crate::decode::TcpOptions;
use crate::packet::TcpFlags;
use crate::types::{FrameNumber, SocketAddress, StreamNumber, Timestamp};
use std::num::NonZeroU32;

/// How far the three-way handshake of a connection (RFC 9293, section 3.5) is seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HandshakeState {
    /// SYN, SYN-ACK and ACK were captured.
    Complete,
    /// Only SYNs were captured.
    SynOnly,
    /// A SYN was captured, and what its sender sends only after the SYN-ACK, or the server's data or FIN; but no SYN-ACK.
    SynAckMissed,
    /// A SYN-ACK was captured, but not all three.
    SynAckSeen,
    /// The SYN was answered by a reset.
    Refused,
    /// The capture holds no part of the handshake: it began later. Never "no handshake".
    NotCaptured,
}

impl HandshakeState {
    /// Whether an attempt to connect came to nothing, as far as the capture shows: it was refused, or not answered.
    pub fn is_in_vain(self) -> bool {
        matches!(self, HandshakeState::Refused | HandshakeState::SynOnly)
    }
}

/// How a connection ended within the capture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Close {
    /// Neither FIN nor RST.
    Open,
    /// At least one FIN, no RST.
    Fin,
    /// A RST.
    Reset,
}

/// What one side of a TCP connection sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SideCounts {
    /// Frames of any kind.
    pub frames: u64,
    /// Frames with payload, retransmissions included.
    pub data_frames: u64,
    /// Frames with ACK and neither payload, SYN, FIN nor RST.
    pub acknowledgement_frames: u64,
    /// Bytes of payload, retransmissions included.
    pub payload_bytes: u64,
    /// Frames whose SYN, payload or FIN had been sent before, or that came after later ones: Wireshark marks those that come within
    /// a round-trip time of the highest one as out of order.
    pub retransmissions: u64,
}

/// A TCP connection: one Wireshark stream. Arrays hold [`Side::Originator`] first. `F` is how its frames are told: by
/// their numbers in the file, or as something that tells of the file, too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TcpConnection<F = FrameNumber> {
    /// Wireshark's `tcp.stream`.
    pub stream: StreamNumber,
    /// The socket addresses of the two sides.
    pub addresses: [SocketAddress; 2],
    /// What each side sent.
    pub counts: [SideCounts; 2],
    /// First frame with SYN set and ACK clear.
    pub syn: Option<F>,
    /// Its sender: the client.
    pub syn_sender: Option<Side>,
    /// First frame with SYN and ACK set.
    pub syn_ack: Option<F>,
    /// Its sender: the server.
    pub syn_ack_sender: Option<Side>,
    /// The client's first frame after its SYN or the SYN-ACK with ACK set and SYN clear, if none of its sequence numbers
    /// before it is missing.
    pub ack: Option<F>,
    /// How far the handshake is seen.
    pub handshake: HandshakeState,
    /// The sequence number before the first byte of each side: its initial sequence number where the SYN was captured,
    /// else derived from the first frame. With the addresses it tells the same connection in two captures.
    pub base_sequence: [Option<u32>; 2],
    /// First frame with payload of each side.
    pub first_data: [Option<F>; 2],
    /// First frame with FIN of each side.
    pub fin: [Option<F>; 2],
    /// First frame with RST of each side.
    pub rst: [Option<F>; 2],
    /// What each side's first payload looks like.
    pub payload_kinds: [PayloadKind; 2],
    /// Wireshark's final `tcp.completeness`: 1 SYN, 2 SYN-ACK, 4 ACK, 8 data, 16 FIN, 32 RST.
    pub completeness: u8,
    /// How it ended.
    pub close: Close,
    /// First frame of the stream.
    pub first_frame: F,
    /// Last frame of the stream.
    pub last_frame: F,
    /// Time of the first frame.
    pub first_time: Option<Timestamp>,
    /// Time of the last frame.
    pub last_time: Option<Timestamp>,
}

impl<F: Copy> TcpConnection<F> {
    /// The socket address of one side.
    pub fn address(&self, of: Side) -> SocketAddress {
        *side(&self.addresses, of)
    }

    /// The third frame of the handshake, of one whose second is in the capture, as Wireshark has it.
    pub fn completing_ack(&self) -> Option<F> {
        self.syn_ack.and(self.ack)
    }

    /// What one side sent.
    pub fn counts(&self, of: Side) -> SideCounts {
        *side(&self.counts, of)
    }

    /// The sequence number before the first byte of one side.
    pub fn base_sequence(&self, of: Side) -> Option<u32> {
        *side(&self.base_sequence, of)
    }

    /// First frame with FIN of one side.
    pub fn fin(&self, of: Side) -> Option<F> {
        *side(&self.fin, of)
    }

    /// First frame with RST of one side.
    pub fn rst(&self, of: Side) -> Option<F> {
        *side(&self.rst, of)
    }

    /// What one side's first payload looks like.
    pub fn payload_kind(&self, of: Side) -> PayloadKind {
        *side(&self.payload_kinds, of)
    }

    /// The same with its frames told otherwise.
    pub fn with_frames<G>(self, told: impl Fn(F) -> G) -> TcpConnection<G> {
        let both = |frames: [Option<F>; 2]| frames.map(|frame| frame.map(&told));
        TcpConnection {
            stream: self.stream,
            addresses: self.addresses,
            counts: self.counts,
            syn: self.syn.map(&told),
            syn_sender: self.syn_sender,
            syn_ack: self.syn_ack.map(&told),
            syn_ack_sender: self.syn_ack_sender,
            ack: self.ack.map(&told),
            handshake: self.handshake,
            base_sequence: self.base_sequence,
            first_data: both(self.first_data),
            fin: both(self.fin),
            rst: both(self.rst),
            payload_kinds: self.payload_kinds,
            completeness: self.completeness,
            close: self.close,
            first_frame: told(self.first_frame),
            last_frame: told(self.last_frame),
            first_time: self.first_time,
            last_time: self.last_time,
        }
    }
}

/// What one side of a UDP conversation sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct UdpSide {
    /// Datagrams, empty ones included.
    pub datagrams: u64,
    /// Bytes of payload.
    pub payload_bytes: u64,
}

/// A UDP conversation: one Wireshark stream. Arrays hold [`Side::Originator`] first. `F` is as in
/// [`TcpConnection`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UdpConversation<F = FrameNumber> {
    /// Wireshark's `udp.stream`.
    pub stream: StreamNumber,
    /// The socket addresses of the two sides.
    pub addresses: [SocketAddress; 2],
    /// What each side sent.
    pub counts: [UdpSide; 2],
    /// First frame of the stream.
    pub first_frame: F,
    /// Last frame of the stream.
    pub last_frame: F,
    /// Time of the first frame.
    pub first_time: Option<Timestamp>,
    /// Time of the last frame.
    pub last_time: Option<Timestamp>,
    /// What each side's first payload looks like.
    pub payload_kinds: [PayloadKind; 2],
}

impl<F> UdpConversation<F> {
    /// The socket address of one side.
    pub fn address(&self, of: Side) -> SocketAddress {
        *side(&self.addresses, of)
    }

    /// What one side sent.
    pub fn counts(&self, of: Side) -> UdpSide {
        *side(&self.counts, of)
    }

    /// What one side's first payload looks like.
    pub fn payload_kind(&self, of: Side) -> PayloadKind {
        *side(&self.payload_kinds, of)
    }

    /// The same with its frames told otherwise.
    pub fn with_frames<G>(self, told: impl Fn(F) -> G) -> UdpConversation<G> {
        UdpConversation {
            stream: self.stream,
            addresses: self.addresses,
            counts: self.counts,
            first_frame: told(self.first_frame),
            last_frame: told(self.last_frame),
            first_time: self.first_time,
            last_time: self.last_time,
            payload_kinds: self.payload_kinds,
        }
    }
}

/// The two ends of a stream: made without the rest, since of a large capture most streams need nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StreamEnds {
    /// The two socket addresses, [`Side::Originator`] first.
    pub addresses: [SocketAddress; 2],
    /// Frames of both sides.
    pub frames: u64,
    /// Who sent the first SYN; UDP has none.
    pub syn_sender: Option<Side>,
    /// Who sent the first SYN-ACK.
    pub syn_ack_sender: Option<Side>,
}

impl StreamEnds {
    /// The socket address of one side.
    pub fn address(&self, of: Side) -> SocketAddress {
        *side(&self.addresses, of)
    }
}

/// What was exchanged in a stream, in all: what tells a program's traffic from another's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exchanged {
    /// Between whom.
    pub ends: StreamEnds,
    /// Frames with payload of both sides.
    pub data_frames: u64,
    /// Bytes of payload of both sides.
    pub payload_bytes: u64,
    /// What each side's first payload looks like, [`Side::Originator`] first.
    pub payload_kinds: [PayloadKind; 2],
    /// How far the handshake is seen; UDP has none.
    pub handshake: HandshakeState,
    /// How it ended; UDP has no end.
    pub close: Close,
    /// Whether another connection of the same hosts announced its port, as FTP does of those for data.
    pub announced: bool,
}

/// One frame of a connection or conversation, kept for answers and ladder diagrams. `F` is as in [`TcpConnection`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FrameNote<F = FrameNumber> {
    /// The frame.
    pub frame: F,
    /// When it was captured.
    pub time: Option<Timestamp>,
    /// Who sent it.
    pub sender: Side,
    /// Its TCP flags; empty for UDP and for headers that Wireshark does not evaluate.
    pub flags: TcpFlags,
    /// Sequence number as sent (`tcp.seq_raw`); 0 for UDP.
    pub sequence: u32,
    /// Acknowledgement number as sent (`tcp.ack_raw`), be ACK set or not; 0 for UDP.
    pub acknowledgement: u32,
    /// Sequence number relative to the sender's base, as Wireshark shows it (`tcp.seq`); 0 for UDP.
    pub relative_sequence: u32,
    /// Acknowledgement number relative to the peer's base (`tcp.ack`); 0 where ACK is clear, and for UDP.
    pub relative_acknowledgement: u32,
    /// Bytes of payload, from the headers.
    pub payload_length: u32,
    /// True where its SYN, payload or FIN had been sent before.
    pub retransmission: bool,
    /// TCP window as sent, in the units of the window scale (`tcp.window_size_value`); 0 for UDP.
    pub window: u16,
    /// Checksum of TCP or UDP as sent (`tcp.checksum`, `udp.checksum`).
    pub checksum: u16,
    /// Bytes of the TCP header with its options (`tcp.hdr_len`), or of the UDP header, which is 8.
    pub header_length: u8,
    /// Time to live or hop limit of the IP header (`ip.ttl`, `ipv6.hlim`).
    pub hop_limit: Option<u8>,
    /// Identification of the IPv4 header (`ip.id`); 0 where there is none.
    pub identification: u16,
    /// How far beyond its acknowledgement number it acknowledges data or a FIN selectively: from the lowest left edge
    /// (`tcp.options.sack_le`) that lies beyond (RFC 2018). `None` for UDP.
    pub acknowledged_beyond: Option<NonZeroU32>,
    /// Bytes of the IP packet with its header (`ip.len`; `ipv6.plen` and 40).
    pub ip_length: Option<u32>,
    /// Bytes of the frame on the wire (`frame.len`).
    pub frame_length: u32,
    /// What a SYN or SYN-ACK offers; `None` for all other frames.
    pub options: Option<TcpOptions>,
}

impl<F> FrameNote<F> {
    /// How many sequence numbers it takes: its payload, and one for SYN or FIN (RFC 9293, section 3.4). Both in one segment
    /// count once, as in Wireshark.
    pub fn occupied(&self) -> u32 {
        let control = self.flags.has(TcpFlags::SYN) || self.flags.has(TcpFlags::FIN);
        self.payload_length.wrapping_add(u32::from(control))
    }

    /// Whether its acknowledgement number means something.
    pub fn acknowledges(&self) -> bool {
        self.flags.has(TcpFlags::ACK)
    }

    /// The same of a frame that is told otherwise.
    pub fn with_frame<G>(self, frame: G) -> FrameNote<G> {
        FrameNote {
            frame,
            time: self.time,
            sender: self.sender,
            flags: self.flags,
            sequence: self.sequence,
            acknowledgement: self.acknowledgement,
            relative_sequence: self.relative_sequence,
            relative_acknowledgement: self.relative_acknowledgement,
            payload_length: self.payload_length,
            retransmission: self.retransmission,
            window: self.window,
            checksum: self.checksum,
            header_length: self.header_length,
            hop_limit: self.hop_limit,
            identification: self.identification,
            acknowledged_beyond: self.acknowledged_beyond,
            ip_length: self.ip_length,
            frame_length: self.frame_length,
            options: self.options,
        }
    }
}
