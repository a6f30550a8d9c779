//! A packed connection as others see it, and the verdicts on it.

use crate::capfile::FrameTime;
use crate::track::details::{First, Known};
use crate::track::marks::Marks;
use crate::track::model::{Close, Exchanged, HandshakeState, SideCounts, StreamEnds, TcpConnection};
use crate::track::record::{Record, Sender};
use crate::track::sides::{Side, side};
use crate::types::{FrameNumber, StreamNumber};

impl Record {
    /// The connection as others see it.
    pub(in crate::track) fn connection(&self, details: Known<'_>, stream: StreamNumber) -> TcpConnection {
        let [a, b] = &self.senders;
        let [a_again, b_again] = details.retransmissions();
        let each = |kinds: [First; 2]| kinds.map(|kind| details.first(kind));
        TcpConnection {
            stream,
            addresses: self.pair().addresses(),
            counts: [a.counts(a_again), b.counts(b_again)],
            syn: details.first(First::Syn),
            syn_sender: self.syn_sender(),
            syn_ack: details.first(First::SynAck),
            syn_ack_sender: self.syn_ack_sender(),
            ack: self.completing_ack(details),
            handshake: self.handshake(details),
            base_sequence: self.bases(),
            first_data: each(First::DATA),
            fin: each(First::FIN),
            rst: each(First::RST),
            payload_kinds: details.payload_kinds(),
            completeness: self.completeness | if self.frames() > 1 { details.late_completeness() } else { 0 },
            close: self.close(),
            first_frame: details.first_frame(),
            last_frame: self.last_frame(),
            first_time: details.first_time().map(FrameTime::timestamp),
            last_time: self.last_time().map(FrameTime::timestamp),
        }
    }

    /// Its ends alone.
    pub(in crate::track) fn ends(&self) -> StreamEnds {
        StreamEnds {
            addresses: self.pair().addresses(),
            frames: self.frames(),
            syn_sender: self.syn_sender(),
            syn_ack_sender: self.syn_ack_sender(),
        }
    }

    /// What was exchanged, of a UDP conversation too: it has no handshake and no end.
    pub(in crate::track) fn exchanged(&self, details: Known<'_>) -> Exchanged {
        let [a, b] = &self.senders;
        Exchanged {
            ends: self.ends(),
            data_frames: u64::from(a.data_frames).saturating_add(u64::from(b.data_frames)),
            payload_bytes: a.payload_bytes.saturating_add(b.payload_bytes),
            payload_kinds: details.payload_kinds(),
            handshake: self.handshake(details),
            close: self.close(),
            announced: false,
        }
    }

    /// Base sequence numbers of both sides.
    pub(in crate::track) fn bases(&self) -> [Option<u32>; 2] {
        [Side::Originator, Side::Responder]
            .map(|of| self.marks.has(Marks::base(of)).then_some(side(&self.senders, of).base))
    }

    fn syn_sender(&self) -> Option<Side> {
        self.marks.has(Marks::SYN).then_some(side_where(self.marks.has(Marks::SYN_FROM_RESPONDER)))
    }

    fn syn_ack_sender(&self) -> Option<Side> {
        self.marks.has(Marks::SYN_ACK).then_some(side_where(self.marks.has(Marks::SYN_ACK_FROM_RESPONDER)))
    }

    /// The frame that completes the handshake: from the sender of the SYN, without a SYN from the receiver of the
    /// SYN-ACK.
    fn completing_ack(&self, details: Known<'_>) -> Option<FrameNumber> {
        let client = self.syn_sender().or(self.syn_ack_sender().map(Side::other))?;
        details.first(*side(&First::ACK, if self.pair().is_loop() { Side::Originator } else { client }))
    }

    fn handshake(&self, details: Known<'_>) -> HandshakeState {
        match (self.syn_sender(), self.syn_ack_sender()) {
            (Some(_), Some(_)) if self.completing_ack(details).is_some() => HandshakeState::Complete,
            (_, Some(_)) => HandshakeState::SynAckSeen,
            (Some(client), None) if self.goes_on(client, details) => HandshakeState::SynAckMissed,
            (Some(client), None) if self.marks.has(Marks::rst(client.other())) => HandshakeState::Refused,
            (Some(_), None) => HandshakeState::SynOnly,
            (None, None) => HandshakeState::NotCaptured,
        }
    }

    /// Whether the connection goes on after its SYN: the client acknowledges something, so that it had a SYN-ACK, or the server
    /// sends data or a FIN. (An acknowledgement of the server may be the answer to a SYN in the middle of an older
    /// connection: RFC 5961, section 4.)
    fn goes_on(&self, client: Side, details: Known<'_>) -> bool {
        let server = client.other();
        let of_server = side(&self.senders, server);
        self.completing_ack(details).is_some()
            || side(&self.senders, client).acknowledgement_frames > 0
            || of_server.acknowledged != 0
            || of_server.data_frames > 0
            || self.marks.has(Marks::fin(server))
    }

    fn close(&self) -> Close {
        if self.marks.has(Marks::rst(Side::Originator) | Marks::rst(Side::Responder)) {
            Close::Reset
        } else if self.marks.has(Marks::fin(Side::Originator) | Marks::fin(Side::Responder)) {
            Close::Fin
        } else {
            Close::Open
        }
    }
}

impl Sender {
    fn counts(&self, retransmissions: u32) -> SideCounts {
        SideCounts {
            frames: u64::from(self.frames),
            data_frames: u64::from(self.data_frames),
            acknowledgement_frames: u64::from(self.acknowledgement_frames),
            payload_bytes: self.payload_bytes,
            retransmissions: u64::from(retransmissions),
        }
    }
}

fn side_where(b: bool) -> Side {
    if b { Side::Responder } else { Side::Originator }
}
