//! A connection or conversation with all that its facts are measured on.

use crate::analyze::conversation::roles::{RoleOfFrame, roles};
use crate::facts::{End, FlagName};
use socklab_packets::pipeline::CaptureFacts;
use socklab_packets::track::{
    FrameNote, PayloadStart, Segment, SequenceAnalysis, Side, TcpConnection, UdpConversation,
};
use socklab_packets::types::{FrameNumber, Protocol, SocketAddress, StreamNumber, Timestamp};

use super::outcome::{Found, Missing};

/// A TCP connection or UDP conversation of one capture.
#[derive(Debug)]
pub struct Stream {
    pub(super) protocol: Protocol,
    pub(super) number: StreamNumber,
    pub(super) client: Side,
    /// The client's and the server's.
    pub(super) addresses: [SocketAddress; 2],
    /// The noted frames.
    pub(super) notes: Vec<FrameNote>,
    /// Of a TCP connection, what Wireshark's analysis says of them.
    pub(super) analysis: SequenceAnalysis,
    /// Of a TCP connection, what each of them does.
    pub(super) roles: Vec<RoleOfFrame>,
    /// The connection itself; `None` for UDP.
    pub(super) connection: Option<TcpConnection>,
    /// Whether every frame is noted.
    pub(super) complete: bool,
    /// First and last frame.
    pub(super) frames: [FrameNumber; 2],
    pub(super) first_time: Option<Timestamp>,
    pub(super) last_time: Option<Timestamp>,
    /// How the payload of the first frames begins; `None` for what is not text.
    texts: Vec<(FrameNumber, Option<(String, bool)>)>,
    /// When the capture began.
    pub(super) start: Option<Timestamp>,
    /// Frames and payload of the client and of the server, noted or not.
    pub(super) totals: [Totals; 2],
}

/// What one side sent, noted or not.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Totals {
    pub(super) frames: u64,
    pub(super) payload: u64,
}

impl Stream {
    /// A TCP connection of a capture, whose client is this side.
    pub fn tcp(capture: &CaptureFacts, connection: &TcpConnection, client: Side) -> Stream {
        let traffic = &capture.traffic;
        let notes: Vec<FrameNote> = traffic.tcp_notes(connection.stream).collect();
        let total = |side| {
            let counts = connection.counts(side);
            Totals { frames: counts.frames, payload: counts.payload_bytes }
        };
        Stream {
            protocol: Protocol::Tcp,
            number: connection.stream,
            client,
            addresses: [connection.address(client), connection.address(client.other())],
            analysis: SequenceAnalysis::of(notes.iter().copied()),
            roles: roles(connection, notes.iter().copied()).collect(),
            notes,
            texts: texts(traffic.tcp_starts(connection.stream)),
            connection: Some(connection.clone()),
            complete: traffic.tcp_notes_complete(connection.stream),
            frames: [connection.first_frame, connection.last_frame],
            first_time: connection.first_time,
            last_time: connection.last_time,
            start: traffic.start(),
            totals: [total(client), total(client.other())],
        }
    }

    /// A UDP conversation of a capture, whose client is this side.
    pub fn udp(capture: &CaptureFacts, conversation: &UdpConversation, client: Side) -> Stream {
        let traffic = &capture.traffic;
        let total = |side| {
            let counts = conversation.counts(side);
            Totals { frames: counts.datagrams, payload: counts.payload_bytes }
        };
        Stream {
            protocol: Protocol::Udp,
            number: conversation.stream,
            client,
            addresses: [conversation.address(client), conversation.address(client.other())],
            notes: traffic.udp_notes(conversation.stream).collect(),
            analysis: SequenceAnalysis::default(),
            roles: Vec::new(),
            texts: texts(traffic.udp_starts(conversation.stream)),
            connection: None,
            complete: traffic.udp_notes_complete(conversation.stream),
            frames: [conversation.first_frame, conversation.last_frame],
            first_time: conversation.first_time,
            last_time: conversation.last_time,
            start: traffic.start(),
            totals: [total(client), total(client.other())],
        }
    }

    /// The noted frames, in the order of the capture.
    pub fn noted(&self) -> impl Iterator<Item = &FrameNote> {
        self.notes.iter()
    }

    /// The side of an end.
    pub(super) fn side(&self, end: End) -> Side {
        match end {
            End::Client => self.client,
            End::Server => self.client.other(),
        }
    }

    /// The end of a side.
    pub(super) fn end(&self, side: Side) -> End {
        if side == self.client { End::Client } else { End::Server }
    }

    pub(super) fn address(&self, end: End) -> SocketAddress {
        let [client, server] = self.addresses;
        match end {
            End::Client => client,
            End::Server => server,
        }
    }

    /// What an end sent, or both.
    pub(super) fn total(&self, end: Option<End>) -> Totals {
        let [client, server] = self.totals;
        match end {
            Some(End::Client) => client,
            Some(End::Server) => server,
            None => Totals {
                frames: client.frames.saturating_add(server.frames),
                payload: client.payload.saturating_add(server.payload),
            },
        }
    }

    /// Whether a frame is of this end, or of either.
    pub(super) fn is_of(&self, note: &FrameNote, end: Option<End>) -> bool {
        end.is_none_or(|end| note.sender == self.side(end))
    }

    /// The segments of an end, or of both, once every frame is noted.
    pub(super) fn segments(&self, end: Option<End>) -> impl Iterator<Item = &Segment> {
        self.analysis.segments.iter().filter(move |segment| self.is_of(&segment.note, end))
    }

    /// Frames of which something is to be listed or counted: all must be noted.
    pub(super) fn all_noted(&self) -> Result<(), Missing> {
        if self.complete { Ok(()) } else { Err(Missing::TooMany) }
    }

    /// The frames with data of an end: segments with payload that neither repeat anything nor only ask whether the peer
    /// is there, or datagrams.
    pub(super) fn data(&self, end: Option<End>) -> Vec<FrameNote> {
        match self.protocol {
            Protocol::Udp => self.notes.iter().filter(|note| self.is_of(note, end)).copied().collect(),
            Protocol::Tcp => self.segments(end).filter(|segment| carries_data(segment)).map(|s| s.note).collect(),
        }
    }

    /// The first frame with this flag; `None` where none was noted.
    pub(super) fn flagged(&self, flag: FlagName, end: Option<End>) -> Result<FrameNote, Missing> {
        let no_such = if flag == FlagName::Ack { Missing::Third } else { Missing::Flag(flag.name()) };
        let missing = || if self.complete { no_such } else { Missing::TooMany };
        let connection = self.connection.as_ref().ok_or(Missing::Protocol)?;
        let ends = |frames: [Option<FrameNumber>; 2]| {
            let of = [Side::Originator, Side::Responder].into_iter().zip(frames);
            of.filter(|(side, _)| end.is_none_or(|end| self.side(end) == *side)).filter_map(|(_, frame)| frame).min()
        };
        let frame = match flag {
            FlagName::Syn => connection.syn,
            FlagName::SynAck => connection.syn_ack,
            FlagName::Ack => self.third(),
            FlagName::Fin => ends(connection.fin),
            FlagName::Rst => ends(connection.rst),
        };
        let frame = frame.ok_or(no_such)?;
        self.notes.iter().find(|note| note.frame == frame).copied().ok_or_else(missing)
    }

    /// The third frame of the handshake: the client's ACK, or where that was lost what the client sent next, which acknowledges
    /// the SYN-ACK as well. That its sequence number is not the first one shows that something before it is missing.
    pub(super) fn third(&self) -> Option<FrameNumber> {
        let connection = self.connection.as_ref()?;
        let syn_ack = connection.syn_ack?;
        let mut sent = self.roles.iter().filter(|frame| frame.note.sender == self.client && frame.note.frame > syn_ack);
        let next = sent.find(|frame| frame.note.acknowledges() && !frame.has_syn());
        let next = next.filter(|frame| frame.note.relative_sequence > 1 && !frame.has_rst());
        connection.completing_ack().or_else(|| next.map(|frame| frame.note.frame))
    }

    /// The SYN or SYN-ACK of an end.
    pub(super) fn syn(&self, end: End) -> Result<FrameNote, Missing> {
        let flag = match end {
            End::Client => FlagName::Syn,
            End::Server => FlagName::SynAck,
        };
        let note = self.flagged(flag, None).map_err(|missing| match missing {
            Missing::Flag(_) => Missing::Syn,
            other => other,
        })?;
        if note.sender == self.side(end) { Ok(note) } else { Err(Missing::Syn) }
    }

    /// The payload of a frame, where it is text and known as a whole.
    pub(super) fn text(&self, note: &FrameNote) -> Result<String, Missing> {
        if note.payload_length == 0 {
            return Err(Missing::NoPayload);
        }
        match self.texts.iter().find(|(frame, _)| *frame == note.frame) {
            Some((_, Some((text, true)))) => Ok(text.clone()),
            Some((_, None)) => Err(Missing::Binary),
            _ => Err(Missing::OnlyBeginning),
        }
    }

    /// From one time to another, in nanoseconds.
    pub(super) fn between(from: Option<Timestamp>, to: Option<Timestamp>) -> Result<i128, Missing> {
        let (from, to) = from.zip(to).ok_or(Missing::NoTime)?;
        Ok(to.nanoseconds_since(from))
    }

    /// A list of frames, once all are noted.
    pub(super) fn listed<'n>(&self, notes: impl Iterator<Item = &'n FrameNote>) -> Result<Vec<FrameNumber>, Missing> {
        self.all_noted()?;
        Ok(notes.map(|note| note.frame).collect())
    }
}

/// Payloads that are text, each with whether that is all of it.
fn texts<'a>(
    starts: impl Iterator<Item = (FrameNumber, PayloadStart<'a>)>,
) -> Vec<(FrameNumber, Option<(String, bool)>)> {
    let text = |start| match start {
        PayloadStart::Text { text, whole } => Some((text.to_owned(), whole)),
        PayloadStart::Binary => None,
    };
    starts.map(|(frame, start)| (frame, text(start))).collect()
}

/// Whether a segment counts as one with data.
pub(super) fn carries_data(segment: &Segment) -> bool {
    let verdicts = segment.verdicts;
    segment.note.payload_length > 0 && !(verdicts.retransmission || verdicts.keep_alive || verdicts.zero_window_probe)
}

/// Frames as a value that they show themselves.
pub(super) fn frames(frames: Vec<FrameNumber>) -> Found {
    Found::new(crate::facts::Value::Frames(frames.clone()), frames)
}
