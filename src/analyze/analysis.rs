//! The result of an analysis: what reports are made from. No report words a fact that is not worded here.

use std::net::IpAddr;

use serde::Serialize;

use crate::analyze::track::Side;
use crate::capfile::CaptureInfo;
use crate::lab::{HostName, Question, Step};
use crate::types::{FrameNumber, Protocol, SocketAddress};

/// How it is known which side of a connection is the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RoleBasis {
    /// The server is the receiver of the SYN.
    Syn,
    /// The server is the sender of the SYN-ACK.
    SynAck,
    /// It is the lab's server address; inferred.
    Lab,
    /// An address that several peers share, or the lower port; weak.
    Guess,
}

/// Which side of a connection is the client, and whether it belongs to the lab.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Role {
    /// The client's side; the other one is the server's.
    pub client: Side,
    /// How that is known.
    pub basis: RoleBasis,
    /// True for the lab's own traffic, false for other traffic in the file.
    pub lab: bool,
}

/// The step of the sheet that a capture records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedStep {
    /// The step.
    pub step: Step,
    /// The protocol of the lab's traffic in it.
    pub protocol: Protocol,
    /// The host on which the capture was made, where it can be told.
    pub host: Option<IpAddr>,
    /// How this was worked out: a sentence.
    pub why: String,
}

/// The lab as it was found in the captures, or set.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LabFound {
    /// The addresses of A, B and C, as far as known, in that order.
    pub hosts: Vec<(HostName, IpAddr)>,
    /// The socket addresses of the lab's servers.
    pub servers: Vec<(Protocol, SocketAddress)>,
    /// Its connections and conversations, in the order of files and frames; the first 1000 of each file.
    pub streams: Vec<LabStream>,
    /// How this was worked out: a sentence.
    pub why: String,
}

/// A connection or conversation of the lab, once, however many captures show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabStream {
    /// TCP or UDP.
    pub protocol: Protocol,
    /// The client's socket address.
    pub client: SocketAddress,
    /// The server's socket address.
    pub server: SocketAddress,
    /// The step of the sheet that it belongs to.
    pub step: Step,
    /// Whether it stood: for TCP, more than an attempt; for UDP, that no ICMP error denied the server.
    pub established: bool,
    /// Whether the server sent payload: then its program had accepted the connection.
    pub answered: bool,
    /// Frames both ways, in the capture that shows most of it.
    pub frames: u64,
}

/// How grave a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Nothing to do.
    Info,
    /// An answer is weaker for it.
    Warning,
    /// An answer cannot be given.
    Error,
}

/// Something that went wrong with a capture, or that a student should know of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// A stable name, such as `capture-began-late`.
    pub code: &'static str,
    /// How grave it is.
    pub severity: Severity,
    /// The file, as named; `None` where it concerns all.
    pub file: Option<String>,
    /// What happened and what to do, in whole sentences.
    pub message: String,
    /// The step to redo, as `I.8`.
    pub redo: Option<Step>,
    /// The frames that show it.
    pub evidence: Vec<Evidence>,
}

/// How far a claim is certain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Basis {
    /// Frames or journal lines show it.
    Proved,
    /// It follows from how sockets work.
    Inferred,
    /// No capture at hand can show it.
    Unknown,
}

/// Where a claim can be checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Evidence {
    /// The capture or journal, as named.
    pub file: String,
    /// The frames, in order; empty for a journal.
    pub frames: Vec<FrameNumber>,
    /// A display filter to paste into Wireshark; `None` for a journal.
    pub filter: Option<String>,
    /// The lines of a journal, from 1; empty for a capture.
    pub lines: Vec<u64>,
}

/// One statement of an answer, with what it rests on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Claim {
    /// The statement: a sentence.
    pub text: String,
    /// How certain it is.
    pub basis: Basis,
    /// Where to check it.
    pub evidence: Vec<Evidence>,
}

/// How much of an answer the files at hand show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// All of it.
    Observed,
    /// Some of it; `missing` says what would complete it.
    Partial,
    /// None of it; the answer is the one to expect.
    NotInCapture,
}

/// The answer to one question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The question.
    pub question: Question,
    /// Its points.
    pub points: u32,
    /// How much of it the files show.
    pub status: Status,
    /// The whole answer as a student would write it.
    pub answer: String,
    /// What it consists of.
    pub claims: Vec<Claim>,
    /// The answer's facts, for programs.
    pub facts: Facts,
    /// What would be needed to answer fully.
    pub missing: Vec<String>,
}

/// The client sockets of one host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ClientHost {
    /// The host's address.
    pub host: IpAddr,
    /// Its client socket addresses, in order of appearance.
    pub socket_addresses: Vec<SocketAddress>,
    /// The sockets that it created.
    pub sockets_created: u64,
}

/// What the clients of one host came to, for II.1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HostClients {
    /// The host's address.
    pub host: IpAddr,
    /// Clients with a complete handshake.
    pub connected: u64,
    /// Clients that the program is known to have served.
    pub served: Option<u64>,
}

/// The facts of an answer, by question; `None` where the files cannot tell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Facts {
    /// I.1(a): frame numbers.
    TcpFrames {
        /// SYN, SYN-ACK, ACK.
        handshake_frames: Option<Vec<FrameNumber>>,
        /// Frames with payload.
        data_frames: Option<Vec<FrameNumber>>,
        /// Frames that only acknowledge.
        acknowledgement_frames: Option<Vec<FrameNumber>>,
        /// Frames with FIN or RST, and the acknowledgement of a FIN.
        closing_frames: Option<Vec<FrameNumber>>,
    },
    /// I.1(b).
    SocketAddresses {
        /// The clients' socket addresses.
        client_socket_addresses: Option<Vec<SocketAddress>>,
        /// The server's socket addresses.
        server_socket_addresses: Option<Vec<SocketAddress>>,
    },
    /// I.2: known only from a server's journal.
    SecondServer {
        /// Whether it started.
        second_server_started: Option<bool>,
        /// The errno name, if it did not.
        errno: Option<String>,
    },
    /// I.3.
    BusyServer {
        /// Whether C's handshake completed.
        tcp_handshake_completed: Option<bool>,
        /// Whether the program served C while B was connected.
        served_while_first_client_connected: Option<bool>,
    },
    /// I.4(a): counts.
    UdpFrames {
        /// TCP frames without payload.
        tcp_control_frames: Option<u64>,
        /// UDP has none: always 0.
        udp_control_frames: Option<u64>,
        /// UDP datagrams.
        udp_datagrams: Option<u64>,
    },
    /// I.4(b).
    UdpClients {
        /// Clients whose datagrams the server is known to have received.
        clients_served: Option<u64>,
    },
    /// II.1.
    ThreadedClients {
        /// Clients with a complete handshake.
        clients_connected: Option<u64>,
        /// Clients that the program is known to have served.
        clients_served: Option<u64>,
        /// The same by host.
        hosts: Option<Vec<HostClients>>,
    },
    /// II.2.
    ServerSockets {
        /// The server's socket addresses.
        server_socket_addresses: Option<Vec<SocketAddress>>,
        /// Listening sockets.
        listening_sockets: Option<u64>,
        /// Sockets that `accept()` returned.
        connection_sockets: Option<u64>,
        /// All together.
        sockets_created: Option<u64>,
    },
    /// II.3.
    ClientSockets {
        /// By host.
        clients: Option<Vec<ClientHost>>,
    },
}

/// The role of a socket address in a capture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum AddressRole {
    /// A server's.
    Server,
    /// A client's.
    Client,
    /// Not known, or both.
    Unknown,
}

/// A distinct socket address of a capture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct AddressSummary {
    /// TCP or UDP.
    pub protocol: Protocol,
    /// The socket address.
    pub address: SocketAddress,
    /// Its role.
    pub role: AddressRole,
    /// Whether it belongs to the lab.
    pub lab: bool,
    /// Frames from or to it.
    pub frames: u64,
}
/// One capture with what was worked out of it. `traffic` is added by the tracker.
#[derive(Debug)]
pub struct CaptureAnalysis {
    /// The file as named.
    pub file: String,
    /// What is known of the file.
    pub info: CaptureInfo,
    /// Its connections and conversations.
    pub traffic: crate::analyze::track::Traffic,
    /// The roles of the TCP connections, in the order of stream numbers.
    pub tcp_roles: Vec<Role>,
    /// The roles of the UDP conversations, in the order of stream numbers.
    pub udp_roles: Vec<Role>,
    /// The step it records, where it can be told.
    pub step: Option<RecordedStep>,
}

/// The whole result.
#[derive(Debug)]
pub struct Analysis {
    /// The captures, in the order given.
    pub captures: Vec<CaptureAnalysis>,
    /// The lab as found.
    pub lab: LabFound,
    /// What went wrong, gravest first.
    pub findings: Vec<Finding>,
    /// The answers, in the order of the sheet.
    pub answers: Vec<Answer>,
}
