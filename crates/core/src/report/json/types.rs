//! The types of the published JSON. The field names are the contract.

use std::borrow::Cow;
use std::net::IpAddr;

use serde::Serialize;

use crate::analyze::analysis::{
    AddressRole, Analysis, Answer, Basis, CaptureAnalysis, Claim, Code, Evidence, Facts, Finding, HostBasis, HostFound,
    LabFound, RecordedStep, RoleBasis, ServerFound, ServerKind, ServiceFound, Severity, Status, Verdict,
};
use crate::analyze::conversation::roles::roles;
use crate::analyze::reach::Reach;
use crate::analyze::text::{Span, Text};
use crate::lab::{Points, Step};
use crate::report::json::frames::{DatagramJson, SegmentJson, listed};
use crate::report::json::placeholder::{ListKind, Placeholder, Reference};
use crate::report::typed::Contents;
use crate::report::view::{ByRole, Tcp, Udp};
use crate::report::{link_type, words};
use socklab_packets::capfile::{CaptureWarning, Interface};
use socklab_packets::track::{Close, HandshakeState, SideCounts, TcpConnection, UdpSide};
use socklab_packets::types::{FrameNumber, Protocol, SocketAddress, StreamNumber, Timestamp};

/// The name and version of the contract.
pub const SCHEMA: &str = "socklab.analysis/1";

/// The document.
#[derive(Serialize)]
pub(super) struct Document<'a> {
    schema: &'static str,
    captures: Vec<CaptureJson<'a>>,
    lab: LabJson<'a>,
    findings: Vec<FindingJson<'a>>,
    answers: Vec<AnswerJson<'a>>,
}

impl<'a> Document<'a> {
    pub(super) fn of(analysis: &'a Analysis) -> Self {
        Document {
            schema: SCHEMA,
            captures: analysis
                .captures
                .iter()
                .enumerate()
                .map(|(number, capture)| CaptureJson::of(number, capture))
                .collect(),
            lab: LabJson::of(&analysis.lab),
            findings: analysis.findings.iter().map(FindingJson::of).collect(),
            answers: analysis.answers.iter().map(AnswerJson::of).collect(),
        }
    }
}

#[derive(Serialize)]
struct CaptureJson<'a> {
    file: &'a str,
    format: &'static str,
    compression: Option<&'static str>,
    empty: bool,
    application: Option<&'a str>,
    operating_system: Option<&'a str>,
    frames: u64,
    snapped_frames: u64,
    first_time: Option<Timestamp>,
    last_time: Option<Timestamp>,
    interfaces: Vec<InterfaceJson<'a>>,
    truncated: bool,
    warnings: Vec<WarningJson<'a>>,
    step: Option<StepJson>,
    steps: Vec<StepJson>,
    tcp_connections: Placeholder,
    udp_conversations: Placeholder,
    socket_addresses: Placeholder,
}

impl<'a> CaptureJson<'a> {
    /// The capture with this number; its lists can be long.
    fn of(number: usize, capture: &'a CaptureAnalysis) -> Self {
        let info = &capture.info;
        let list = |kind| Placeholder(Reference { capture: number, kind });
        CaptureJson {
            file: &capture.file,
            format: words::format(info.format),
            compression: info.compression.map(words::compression),
            empty: info.empty,
            application: info.application.as_deref(),
            operating_system: info.operating_system.as_deref(),
            frames: info.frames,
            snapped_frames: info.snapped_frames,
            first_time: info.first_time,
            last_time: info.last_time,
            interfaces: info.interfaces.iter().map(InterfaceJson::of).collect(),
            truncated: info.truncated,
            warnings: info.warnings.iter().map(WarningJson::of).collect(),
            step: capture.step().map(StepJson::of),
            steps: capture.steps.iter().map(StepJson::of).collect(),
            tcp_connections: list(ListKind::Tcp),
            udp_conversations: list(ListKind::Udp),
            socket_addresses: list(ListKind::Addresses),
        }
    }
}

#[derive(Serialize)]
struct InterfaceJson<'a> {
    id: u32,
    name: Option<&'a str>,
    description: Option<&'a str>,
    filter: Option<&'a str>,
    link_type: Cow<'static, str>,
    snapshot_length: u32,
    frames: u64,
    dropped: Option<u64>,
}

impl<'a> InterfaceJson<'a> {
    fn of(interface: &'a Interface) -> Self {
        InterfaceJson {
            id: interface.id,
            name: interface.name.as_deref(),
            description: interface.description.as_deref(),
            filter: interface.filter.as_deref(),
            link_type: link_type::name(interface.link_type),
            snapshot_length: interface.snapshot_length,
            frames: interface.frames,
            dropped: interface.dropped,
        }
    }
}

#[derive(Serialize)]
struct WarningJson<'a> {
    code: &'static str,
    message: &'a str,
    frame: Option<FrameNumber>,
    offset: Option<u64>,
}

impl<'a> WarningJson<'a> {
    fn of(warning: &'a CaptureWarning) -> Self {
        WarningJson {
            code: warning.code.as_str(),
            message: &warning.message,
            frame: warning.frame,
            offset: warning.offset,
        }
    }
}

#[derive(Serialize)]
struct StepJson {
    part: Option<String>,
    step: String,
    protocol: Protocol,
    host: Option<IpAddr>,
    frames: u64,
    why: String,
}

impl StepJson {
    fn of(recorded: &RecordedStep) -> Self {
        StepJson {
            part: recorded.step.part().map(str::to_owned),
            step: recorded.step.number().to_owned(),
            protocol: recorded.protocol,
            host: recorded.host,
            frames: recorded.frames,
            why: recorded.why.to_string(),
        }
    }
}

#[derive(Serialize)]
pub(super) struct TcpJson {
    stream: StreamNumber,
    client: SocketAddress,
    server: SocketAddress,
    role_basis: RoleBasis,
    lab: bool,
    handshake: HandshakeJson,
    completeness: u8,
    client_to_server: TcpSideJson,
    server_to_client: TcpSideJson,
    close: &'static str,
    closed_by: Option<AddressRole>,
    step: Option<StepName>,
    service: Option<ServiceJson>,
    first_frame: FrameNumber,
    last_frame: FrameNumber,
    first_time: Option<Timestamp>,
    last_time: Option<Timestamp>,
    frame_list: Option<Vec<SegmentJson>>,
    frame_list_complete: Option<bool>,
}

#[derive(Serialize)]
struct HandshakeJson {
    state: &'static str,
    syn: Option<FrameNumber>,
    syn_ack: Option<FrameNumber>,
    ack: Option<FrameNumber>,
}

impl HandshakeJson {
    fn of(connection: &TcpConnection) -> Self {
        HandshakeJson {
            state: match connection.handshake {
                HandshakeState::Complete => "complete",
                // Of the handshake only the SYN, whatever follows.
                HandshakeState::SynOnly | HandshakeState::SynAckMissed => "syn_only",
                HandshakeState::SynAckSeen => "syn_ack_seen",
                HandshakeState::Refused => "refused",
                HandshakeState::NotCaptured => "not_captured",
            },
            syn: connection.syn,
            syn_ack: connection.syn_ack,
            ack: connection.completing_ack(),
        }
    }
}

/// What one side sent; `fin` and `rst` are the first frames with these flags.
#[derive(Serialize)]
struct TcpSideJson {
    frames: u64,
    data_frames: u64,
    payload_bytes: u64,
    acknowledgement_frames: u64,
    retransmissions: u64,
    first_data: Option<FrameNumber>,
    fin: Option<FrameNumber>,
    rst: Option<FrameNumber>,
}

impl TcpSideJson {
    fn of(counts: SideCounts, [first_data, fin, rst]: [Option<FrameNumber>; 3]) -> Self {
        TcpSideJson {
            frames: counts.frames,
            data_frames: counts.data_frames,
            payload_bytes: counts.payload_bytes,
            acknowledgement_frames: counts.acknowledgement_frames,
            retransmissions: counts.retransmissions,
            first_data,
            fin,
            rst,
        }
    }
}

impl TcpJson {
    pub(super) fn of(capture: &CaptureAnalysis, tcp: &Tcp) -> Self {
        let connection = &tcp.connection;
        let story = capture.stories.get(&connection.stream);
        let (addresses, counts) = (tcp.addresses(), tcp.counts(capture));
        let of = |frames: &[Option<FrameNumber>; 2]| ByRole::of(frames, tcp.role);
        let (data, fin, rst) = (of(&connection.first_data), of(&connection.fin), of(&connection.rst));
        TcpJson {
            stream: connection.stream,
            client: addresses.client,
            server: addresses.server,
            role_basis: tcp.role.basis,
            lab: tcp.role.lab,
            handshake: HandshakeJson::of(connection),
            completeness: connection.completeness,
            client_to_server: TcpSideJson::of(counts.client, [data.client, fin.client, rst.client]),
            server_to_client: TcpSideJson::of(counts.server, [data.server, fin.server, rst.server]),
            close: match connection.close {
                Close::Open => "open",
                Close::Fin => "fin",
                Close::Reset => "reset",
            },
            closed_by: story.and_then(|story| story.closed_by),
            step: story.and_then(|story| story.step.as_ref()).map(StepName::of),
            service: story.map(|story| ServiceJson::of(&story.service)),
            first_frame: connection.first_frame,
            last_frame: connection.last_frame,
            first_time: connection.first_time,
            last_time: connection.last_time,
            frame_list: listed(
                tcp.role,
                || {
                    let notes = capture.traffic.tcp_notes(connection.stream);
                    let contents = Contents::of(capture.traffic.tcp_starts(connection.stream));
                    let marked = capture.traffic.tcp_retransmissions(connection.stream);
                    (roles(connection, notes).map(move |frame| words::as_marked(frame.note, &marked)), contents)
                },
                SegmentJson::of,
            ),
            frame_list_complete: tcp.role.lab.then(|| capture.traffic.tcp_notes_complete(connection.stream)),
        }
    }
}

/// A step by its part and number.
#[derive(Serialize)]
struct StepName {
    part: Option<String>,
    step: String,
}

impl StepName {
    fn of(step: &Step) -> Self {
        StepName { part: step.part().map(str::to_owned), step: step.number().to_owned() }
    }
}

/// What became of a connection; frames are of this capture.
#[derive(Serialize)]
struct ServiceJson {
    verdict: Verdict,
    basis: Basis,
    since: Option<FrameNumber>,
    until: Option<FrameNumber>,
    why: String,
}

impl ServiceJson {
    fn of(service: &ServiceFound) -> Self {
        ServiceJson {
            verdict: service.verdict,
            basis: service.basis,
            since: service.since,
            until: service.until,
            why: service.why.to_string(),
        }
    }
}

#[derive(Serialize)]
pub(super) struct UdpJson {
    stream: StreamNumber,
    client: SocketAddress,
    server: SocketAddress,
    role_basis: RoleBasis,
    lab: bool,
    client_to_server: UdpSideJson,
    server_to_client: UdpSideJson,
    first_frame: FrameNumber,
    last_frame: FrameNumber,
    first_time: Option<Timestamp>,
    last_time: Option<Timestamp>,
    frame_list: Option<Vec<DatagramJson>>,
    frame_list_complete: Option<bool>,
}

#[derive(Serialize)]
struct UdpSideJson {
    frames: u64,
    payload_bytes: u64,
}

impl From<UdpSide> for UdpSideJson {
    fn from(side: UdpSide) -> Self {
        UdpSideJson { frames: side.datagrams, payload_bytes: side.payload_bytes }
    }
}

impl UdpJson {
    pub(super) fn of(capture: &CaptureAnalysis, udp: &Udp) -> Self {
        let conversation = &udp.conversation;
        let (addresses, counts) = (udp.addresses(), udp.counts());
        UdpJson {
            stream: conversation.stream,
            client: addresses.client,
            server: addresses.server,
            role_basis: udp.role.basis,
            lab: udp.role.lab,
            client_to_server: counts.client.into(),
            server_to_client: counts.server.into(),
            first_frame: conversation.first_frame,
            last_frame: conversation.last_frame,
            first_time: conversation.first_time,
            last_time: conversation.last_time,
            frame_list: listed(
                udp.role,
                || {
                    let contents = Contents::of(capture.traffic.udp_starts(conversation.stream));
                    (capture.traffic.udp_notes(conversation.stream), contents)
                },
                DatagramJson::of,
            ),
            frame_list_complete: udp.role.lab.then(|| capture.traffic.udp_notes_complete(conversation.stream)),
        }
    }
}

#[derive(Serialize)]
struct LabJson<'a> {
    hosts: Vec<HostJson>,
    servers: Vec<ServerJson<'a>>,
    why: String,
}

#[derive(Serialize)]
struct HostJson {
    name: String,
    address: IpAddr,
    basis: HostBasis,
}

#[derive(Serialize)]
struct ServerJson<'a> {
    protocol: Protocol,
    address: SocketAddress,
    reach: Reach,
    kind: Option<ServerKind>,
    basis: Option<Basis>,
    parts: Vec<PartKind<'a>>,
}

/// Of what kind the server of one part is.
#[derive(Serialize)]
struct PartKind<'a> {
    part: Option<&'a str>,
    kind: ServerKind,
    basis: Basis,
}

impl<'a> LabJson<'a> {
    fn of(lab: &'a LabFound) -> Self {
        let host =
            |host: &HostFound| HostJson { name: host.name.to_string(), address: host.address, basis: host.basis };
        let server = |server: &'a ServerFound| ServerJson {
            protocol: server.protocol,
            address: server.address,
            reach: server.reach,
            kind: server.kind,
            basis: server.basis,
            parts: server
                .parts
                .iter()
                .map(|(part, kind, basis)| PartKind { part: part.as_deref(), kind: *kind, basis: *basis })
                .collect(),
        };
        LabJson {
            hosts: lab.hosts.iter().map(host).collect(),
            servers: lab.servers.iter().map(server).collect(),
            why: lab.why.to_string(),
        }
    }
}

#[derive(Serialize)]
struct FindingJson<'a> {
    code: Code,
    severity: Severity,
    file: Option<&'a str>,
    message: &'a Text,
    redo: Option<String>,
    evidence: &'a [Evidence],
}

impl<'a> FindingJson<'a> {
    fn of(finding: &'a Finding) -> Self {
        FindingJson {
            code: finding.code,
            severity: finding.severity,
            file: finding.file.as_deref(),
            message: &finding.message,
            redo: finding.redo.as_ref().map(ToString::to_string),
            evidence: &finding.evidence,
        }
    }
}

/// A claim; `in_answer` where it is part of the answer's text. `spans` are the parts of its text.
#[derive(Serialize)]
struct ClaimJson<'a> {
    text: &'a Text,
    spans: Vec<SpanJson<'a>>,
    basis: Basis,
    evidence: &'a [Evidence],
    in_answer: bool,
}

impl<'a> ClaimJson<'a> {
    fn of(claim: &'a Claim) -> Self {
        ClaimJson {
            text: &claim.text,
            spans: claim.text.spans().iter().map(SpanJson::of).collect(),
            basis: claim.basis,
            evidence: &claim.evidence,
            in_answer: claim.in_answer,
        }
    }
}

/// A part of a sentence: what it is, and its text.
#[derive(Serialize)]
struct SpanJson<'a> {
    kind: &'static str,
    text: String,
    file: Option<&'a str>,
}

impl<'a> SpanJson<'a> {
    fn of(span: &'a Span) -> Self {
        let (kind, file) = match span {
            Span::Words(_) => ("words", None),
            Span::Frames { file, .. } => ("frames", file.as_deref()),
            Span::Host(_) => ("host", None),
            Span::Address(_) => ("socket_address", None),
            Span::Step(_) => ("step", None),
            Span::Code(_) => ("code", None),
        };
        SpanJson { kind, text: span.to_string(), file }
    }
}

#[derive(Serialize)]
struct AnswerJson<'a> {
    question: &'a str,
    part: Option<&'a str>,
    points: Points,
    status: Status,
    short: &'a Text,
    answer: Text,
    claims: Vec<ClaimJson<'a>>,
    facts: &'a Facts,
    missing: &'a [Text],
}

impl<'a> AnswerJson<'a> {
    fn of(answer: &'a Answer) -> Self {
        AnswerJson {
            question: answer.question.number(),
            part: answer.question.letter(),
            points: answer.points,
            status: answer.status,
            short: &answer.short,
            answer: answer.text(),
            claims: answer.claims.iter().map(ClaimJson::of).collect(),
            facts: &answer.facts,
            missing: &answer.missing,
        }
    }
}
