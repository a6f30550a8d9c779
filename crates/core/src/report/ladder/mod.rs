//! Ladder diagrams as a model: who takes part, which frames went which way, in which phase, and what is folded.
//!
//! The text report and the page draw the same model; neither adds to it. Time goes downward: rows are in frame order.

pub mod labels;
pub mod text;

use std::fmt;

use crate::analyze::analysis::{Analysis, CaptureAnalysis};
use crate::analyze::conversation::roles::{FrameRole, RoleOfFrame, roles};
use crate::report::typed::{Content, Contents};
use crate::report::view::{self, ByRole, Tcp, Udp};
use crate::report::words;
use socklab_packets::track::{FrameNote, Side};
use socklab_packets::types::{Protocol, SocketAddress, StreamNumber, Timestamp};

/// A phase with more frames than this is folded.
const UNFOLDED: usize = 14;
/// Frames before and behind a fold.
const BEFORE_FOLD: usize = 6;
const BEHIND_FOLD: usize = 4;

/// What a frame does in its connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Up to the ACK that completes the handshake.
    Handshake,
    /// Lines and their acknowledgements.
    Data,
    /// From the first FIN or RST on.
    Closing,
    /// UDP has no phases.
    Datagrams,
}

/// One end of a ladder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Participant {
    /// The host's letter, where it is known.
    pub host: Option<String>,
    /// The socket address.
    pub address: SocketAddress,
}

impl Participant {
    fn new(analysis: &Analysis, address: SocketAddress) -> Participant {
        Participant { host: words::host_letter(&analysis.lab, address.ip), address }
    }

    /// The host's letter, or its IP address.
    pub fn name(&self) -> String {
        self.host.clone().unwrap_or_else(|| self.address.ip.to_string())
    }
}

/// As [`words::socket_address`] writes it.
impl fmt::Display for Participant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.host {
            Some(host) => write!(f, "{host} {}", self.address),
            None => self.address.fmt(f),
        }
    }
}

/// One frame of a ladder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrow {
    /// The frame and what is known of it.
    pub note: FrameNote,
    /// True from the client to the server.
    pub from_client: bool,
    /// Wireshark marks it as a retransmission. The note has that, too, of what repeats something and comes too soon for that.
    pub is_marked: bool,
    /// What it says, as Wireshark's Info column has it: `[SYN, ACK] Seq=0 Ack=1 Len=0`.
    pub label: String,
    /// Its phase.
    pub phase: Phase,
    /// How its payload begins, where that is known.
    pub content: Option<Content>,
}

/// A row of a ladder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LadderRow {
    /// A frame.
    Arrow(Arrow),
    /// Frames that are folded together.
    Fold(Vec<Arrow>),
}

impl LadderRow {
    /// The frames of the row.
    pub fn arrows(&self) -> &[Arrow] {
        match self {
            LadderRow::Arrow(arrow) => std::slice::from_ref(arrow),
            LadderRow::Fold(arrows) => arrows,
        }
    }
}

/// The rows of one phase.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// The phase.
    pub phase: Phase,
    /// Its rows, in frame order.
    pub rows: Vec<LadderRow>,
}

impl Section {
    fn of(phase: Phase, mut arrows: Vec<Arrow>) -> Section {
        if arrows.len() <= UNFOLDED {
            return Section { phase, rows: arrows.into_iter().map(LadderRow::Arrow).collect() };
        }
        let tail = arrows.split_off(arrows.len().saturating_sub(BEHIND_FOLD));
        let folded = arrows.split_off(BEFORE_FOLD);
        let mut rows: Vec<LadderRow> = arrows.into_iter().map(LadderRow::Arrow).collect();
        rows.push(LadderRow::Fold(folded));
        rows.extend(tail.into_iter().map(LadderRow::Arrow));
        Section { phase, rows }
    }

    /// The number of its frames, folded ones included.
    pub fn frames(&self) -> u64 {
        self.rows.iter().map(|row| row.arrows().len() as u64).fold(0, u64::saturating_add)
    }
}

/// A ladder diagram: the client on the left, the server on the right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ladder {
    /// The capture, as an index into those of the analysis.
    pub capture: usize,
    /// TCP or UDP.
    pub protocol: Protocol,
    /// The stream, as Wireshark numbers it.
    pub stream: StreamNumber,
    /// Whether it is of the lab.
    pub lab: bool,
    /// The two ends.
    pub ends: [Participant; 2],
    /// From when the times count: the capture's first.
    pub start: Option<Timestamp>,
    /// The phases, in order of time.
    pub sections: Vec<Section>,
    /// Frames of the stream that are not in the ladder, behind those that are.
    pub left_out: u64,
}

impl Ladder {
    /// A sentence that names it: `TCP stream 0: B 10.0.3.2:40210 to A 10.0.3.1:65432`.
    pub fn title(&self) -> String {
        let [client, server] = &self.ends;
        words::stream_title(self.protocol, self.stream, &client.to_string(), &server.to_string())
    }

    /// The sender and the receiver of a frame.
    pub fn between(&self, arrow: &Arrow) -> (&Participant, &Participant) {
        let [client, server] = &self.ends;
        if arrow.from_client { (client, server) } else { (server, client) }
    }

    /// The number of frames in it.
    pub fn frames(&self) -> u64 {
        self.sections.iter().map(Section::frames).fold(0, u64::saturating_add)
    }

    /// Its frames, folded ones included, in order.
    pub fn arrows(&self) -> impl Iterator<Item = &Arrow> {
        self.sections.iter().flat_map(|section| &section.rows).flat_map(LadderRow::arrows)
    }

    /// When a frame was captured, in seconds since the capture's first.
    pub fn seconds(&self, arrow: &Arrow) -> String {
        match (self.start, arrow.note.time) {
            (Some(start), Some(time)) => words::seconds(start, time),
            _ => String::new(),
        }
    }
}

/// Which streams are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted {
    /// Only this protocol's.
    pub protocol: Option<Protocol>,
    /// Only the one with this number, of the lab or not.
    pub stream: Option<StreamNumber>,
    /// Where no number is wanted: whether other traffic is wanted beside the lab's.
    pub other: bool,
}

impl Wanted {
    /// All streams of the lab.
    pub const LAB: Wanted = Wanted { protocol: None, stream: None, other: false };
    /// All streams.
    pub const ALL: Wanted = Wanted { protocol: None, stream: None, other: true };

    /// Whether a stream is wanted by its number and no capture has it.
    pub fn is_missing(self, analysis: &Analysis) -> bool {
        let has = |number| of_capture(analysis, number, self, 0).next().is_some();
        self.stream.is_some() && !(0..analysis.captures.len()).any(has)
    }

    fn accepts(self, protocol: Protocol, stream: StreamNumber, lab: bool) -> bool {
        self.protocol.is_none_or(|wanted| wanted == protocol)
            && self.stream.map_or(lab || self.other, |wanted| wanted == stream)
    }
}

impl std::str::FromStr for Wanted {
    type Err = String;

    /// Reads `3`, `tcp.3`, `udp.3`, or a display filter such as `tcp.stream == 3`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let plain: String = text.to_ascii_lowercase().replace("stream", "").replace("==", ".").replace(' ', "");
        let (protocol, number) = match plain.split_once('.') {
            Some(("tcp", rest)) => (Some(Protocol::Tcp), rest),
            Some(("udp", rest)) => (Some(Protocol::Udp), rest),
            _ => (None, plain.as_str()),
        };
        match number.trim_start_matches('.').parse() {
            Ok(number) => Ok(Wanted { protocol, stream: Some(StreamNumber(number)), other: false }),
            Err(_) => Err(format!("'{text}' is no stream: expected a number such as 0, or tcp.0, udp.0")),
        }
    }
}

/// The ladders of a capture: TCP before UDP, by stream number. Each has at most `most` frames.
pub fn of_capture<'a>(
    analysis: &'a Analysis,
    number: usize,
    wanted: Wanted,
    most: usize,
) -> impl Iterator<Item = Ladder> + 'a {
    let capture = analysis.captures.get(number);
    let tcp = capture.into_iter().flat_map(view::tcp);
    let tcp = tcp.filter(move |tcp| wanted.accepts(Protocol::Tcp, tcp.connection.stream, tcp.role.lab));
    let udp = capture.into_iter().flat_map(view::udp);
    let udp = udp.filter(move |udp| wanted.accepts(Protocol::Udp, udp.conversation.stream, udp.role.lab));
    let tcp = tcp.filter_map(move |tcp| Some(of_tcp(analysis, number, capture?, &tcp, most)));
    tcp.chain(udp.filter_map(move |udp| Some(of_udp(analysis, number, capture?, &udp, most))))
}

/// The ladder of one stream of a capture, with at most `most` frames.
pub fn of_stream(
    analysis: &Analysis,
    number: usize,
    protocol: Protocol,
    stream: StreamNumber,
    most: usize,
) -> Option<Ladder> {
    let capture = analysis.captures.get(number)?;
    let traffic = &capture.traffic;
    Some(match protocol {
        Protocol::Tcp => {
            let place = traffic.tcp_streams().position(|other| other == stream)?;
            let role = *capture.tcp_roles.get(place)?;
            of_tcp(analysis, number, capture, &Tcp { connection: traffic.tcp(stream)?, role }, most)
        }
        Protocol::Udp => {
            let place = traffic.udp_streams().position(|other| other == stream)?;
            let role = *capture.udp_roles.get(place)?;
            of_udp(analysis, number, capture, &Udp { conversation: traffic.udp(stream)?, role }, most)
        }
    })
}

/// The ladder of a TCP connection.
pub fn of_tcp(analysis: &Analysis, number: usize, capture: &CaptureAnalysis, tcp: &Tcp, most: usize) -> Ladder {
    let connection = &tcp.connection;
    let mut reached = Phase::Handshake;
    let notes = capture.traffic.tcp_notes(connection.stream).take(most);
    let contents = Contents::of(capture.traffic.tcp_starts(connection.stream));
    let marked = capture.traffic.tcp_retransmissions(connection.stream);
    let arrows = roles(connection, notes).map(|frame| {
        reached = phase(&frame, reached);
        let is_marked = words::as_marked(frame.note, &marked).retransmission;
        let note = FrameNote { retransmission: frame.note.retransmission || is_marked, ..frame.note };
        let label = words::segment(&note);
        Arrow { is_marked, ..arrow(note, tcp.role.client, reached, label, &contents) }
    });
    let sections = sections(arrows);
    let ladder = Ladder {
        capture: number,
        protocol: Protocol::Tcp,
        stream: connection.stream,
        lab: tcp.role.lab,
        ends: ends(analysis, tcp.addresses()),
        start: capture.info.first_time,
        sections,
        left_out: 0,
    };
    Ladder { left_out: tcp.frames().saturating_sub(ladder.frames()), ..ladder }
}

/// The ladder of a UDP conversation.
pub fn of_udp(analysis: &Analysis, number: usize, capture: &CaptureAnalysis, udp: &Udp, most: usize) -> Ladder {
    let stream = udp.conversation.stream;
    let notes = capture.traffic.udp_notes(stream).take(most);
    let contents = Contents::of(capture.traffic.udp_starts(stream));
    let arrows = notes.map(|note| arrow(note, udp.role.client, Phase::Datagrams, words::datagram(&note), &contents));
    let ladder = Ladder {
        capture: number,
        protocol: Protocol::Udp,
        stream,
        lab: udp.role.lab,
        ends: ends(analysis, udp.addresses()),
        start: capture.info.first_time,
        sections: sections(arrows),
        left_out: 0,
    };
    Ladder { left_out: udp.frames().saturating_sub(ladder.frames()), ..ladder }
}

fn ends(analysis: &Analysis, addresses: ByRole<SocketAddress>) -> [Participant; 2] {
    [addresses.client, addresses.server].map(|address| Participant::new(analysis, address))
}

fn arrow(note: FrameNote, client: Side, phase: Phase, label: String, contents: &Contents) -> Arrow {
    let content = contents.get(note.frame).cloned();
    Arrow { note, from_client: note.sender == client, is_marked: false, label, phase, content }
}

fn sections(arrows: impl Iterator<Item = Arrow>) -> Vec<Section> {
    let arrows: Vec<Arrow> = arrows.collect();
    arrows
        .chunk_by(|a, b| a.phase == b.phase)
        .filter_map(|run| {
            let phase = run.first()?.phase;
            Some(Section::of(phase, run.to_vec()))
        })
        .collect()
}

/// The phase of a frame by its role. What repeats something, or belongs nowhere else, stays in the phase that was reached.
fn phase(frame: &RoleOfFrame, reached: Phase) -> Phase {
    match (frame.role, reached) {
        (FrameRole::Handshake, Phase::Handshake) => Phase::Handshake,
        _ if frame.closes() => Phase::Closing,
        (FrameRole::Data, _) => Phase::Data,
        (FrameRole::Retransmission, Phase::Handshake) if frame.has_syn() => Phase::Handshake,
        (_, Phase::Handshake) => Phase::Data,
        (_, reached) => reached,
    }
}
