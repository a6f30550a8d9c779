//! The result of an analysis: what reports are made from. No report words a fact that is not worded here.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::OnceLock;

use serde::Serialize;

use crate::analyze::reach::Reach;
use crate::analyze::sorted::Sorted;
use crate::analyze::text::Text;
use crate::analyze::timing::{Calls, Clock};
use crate::lab::{HostName, Points, Question, Sheet, Step};
use socklab_packets::capfile::CaptureInfo;
use socklab_packets::types::{FrameNumber, Protocol, SocketAddress, StreamNumber};

pub use crate::analyze::basis::Basis;
pub use crate::analyze::code::Code;
pub use crate::analyze::conversation::role::{AddressRole, Role, RoleBasis};
pub use crate::analyze::evidence::{Evidence, StreamSpan};
pub use crate::analyze::finding::{Finding, Severity};
pub use crate::analyze::measured::{Measured, MeasuredFacts, OtherRun};
pub use crate::analyze::served::{ServerKind, Verdict};
pub use crate::analyze::stream::LabStream;

/// How a host's letter is known, strongest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum HostBasis {
    /// The user said so.
    Set,
    /// It has the address that the sheet gives to that host.
    Sheet,
    /// It runs the servers, or its connections show which client came first, or only one host of the sheet has their ports.
    Role,
    /// Where the captures were made.
    Place,
    /// Only the order in which the captures bring the hosts in: it may be the other one.
    Order,
}

/// A host of the lab.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HostFound {
    /// Its letter.
    pub name: HostName,
    /// Its address.
    pub address: IpAddr,
    /// How the letter is known.
    pub basis: HostBasis,
}

/// A server of the lab.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerFound {
    /// TCP or UDP.
    pub protocol: Protocol,
    /// Its socket address.
    pub address: SocketAddress,
    /// Its client may be the server just as well: nothing in the files tells the two ends apart.
    pub uncertain: bool,
    /// Whether its clients got there.
    pub reach: Reach,
    /// Of what kind it is; `None` for UDP, which has no connections to take one by one.
    pub kind: Option<ServerKind>,
    /// How certain the kind is.
    pub basis: Option<Basis>,
    /// For TCP, the same by part of the sheet, where it has connections of that part: each part has a program of its own,
    /// which may have the same address. A sheet without parts has one, without a name.
    pub parts: Vec<(Option<String>, ServerKind, Basis)>,
}

/// A step of the sheet that a capture holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedStep {
    /// The step.
    pub step: Step,
    /// The protocol of the lab's traffic in it.
    pub protocol: Protocol,
    /// The host on which the capture was made, where it can be told.
    pub host: Option<IpAddr>,
    /// Frames of the lab in the capture that belong to the step.
    pub frames: u64,
    /// How this was worked out: a sentence.
    pub why: Text,
}

/// What became of a connection, in the frames of one capture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceFound {
    /// The verdict.
    pub verdict: Verdict,
    /// How certain it is.
    pub basis: Basis,
    /// Served: the first frame that shows it; `None` where that is in another capture.
    pub since: Option<FrameNumber>,
    /// Queued: the frame that ended the waiting; `None` where it lasted as long as the capture, or that is in another one.
    pub until: Option<FrameNumber>,
    /// How it is known: a sentence.
    pub why: Text,
}

/// What is known of a TCP connection of the lab beyond its frames.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectionStory {
    /// The step that it belongs to, where that is told.
    pub step: Option<Step>,
    /// Who sent a FIN or RST first: the client or the server.
    pub closed_by: Option<AddressRole>,
    /// What became of it.
    pub service: ServiceFound,
}

/// The lab as it was found in the captures, or set.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LabFound {
    /// The lab that was looked for.
    pub sheet: Sheet,
    /// The hosts A, B and C, as far as known, in that order.
    pub hosts: Vec<HostFound>,
    /// Further addresses of computers that have several, and the address that stands for all of the computer's.
    pub further: Vec<(IpAddr, IpAddr)>,
    /// The lab's servers, best first.
    pub servers: Vec<ServerFound>,
    /// Its connections and conversations, in the order of files and frames; the first 1000 of each file.
    pub streams: Vec<LabStream>,
    /// The steps of which the captures do not tell which is which; their streams' steps are a guess.
    pub in_doubt: Vec<Step>,
    /// How this was worked out: a sentence.
    pub why: Text,
}

/// The hosts of a sheet that a computer may be instead of the one that it was taken for, of all that were named: none, unless
/// only the order of the files tells.
pub(crate) fn may_be<'s>(
    sheet: &'s Sheet,
    all: impl Iterator<Item = (HostName, HostBasis)> + Clone + 's,
    (name, basis): (HostName, HostBasis),
) -> impl Iterator<Item = HostName> + 's {
    let is_guess = basis == HostBasis::Order && name != sheet.server();
    let is_known = move |one| all.clone().any(|(name, basis)| name == one && basis != HostBasis::Order);
    sheet.clients().filter(move |other| is_guess && *other != name && !is_known(*other))
}

impl LabFound {
    /// The hosts that a computer may be instead of the one that it was taken for.
    pub fn may_be(&self, host: &HostFound) -> Vec<HostName> {
        let all = self.hosts.iter().map(|host| (host.name, host.basis));
        may_be(&self.sheet, all, (host.name, host.basis)).collect()
    }

    /// Whether one computer plays all hosts of the sheet, so that a letter tells nothing of an address.
    pub fn is_one_computer(&self) -> bool {
        let address = |name: HostName| self.hosts.iter().find(|host| host.name == name).map(|host| host.address);
        let Some(server) = address(self.sheet.server()) else { return false };
        let clients: Vec<Option<IpAddr>> = self.sheet.clients().map(address).collect();
        let is_here = |ip: &Option<IpAddr>| {
            ip.is_some_and(|ip| self.computer(ip) == self.computer(server) || ip.is_loopback() && server.is_loopback())
        };
        clients.len() > 1 && clients.iter().all(|ip| is_here(ip) && clients.first() == Some(ip))
    }

    /// The address that stands for all of its computer's.
    pub fn computer(&self, ip: IpAddr) -> IpAddr {
        self.further.iter().find(|(further, _)| *further == ip).map_or(ip, |(_, standing)| *standing)
    }
}

/// One statement of an answer, with what it rests on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// The statement: a sentence.
    pub text: Text,
    /// How certain it is.
    pub basis: Basis,
    /// Where to check it.
    pub evidence: Vec<Evidence>,
    /// Whether it is part of the answer's text, not only of what that rests on.
    pub in_answer: bool,
}

impl Claim {
    /// Whether journals are its only evidence: what nobody but a program's user vouches for.
    pub fn rests_on_journal(&self) -> bool {
        !self.evidence.is_empty() && self.evidence.iter().all(|one| one.frames.is_empty() && one.is_journal())
    }
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
    /// Nothing of it is asked of the files: only words are.
    NotAsked,
}

/// The answer to one question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The question.
    pub question: Question,
    /// Its points.
    pub points: Points,
    /// How much of it the files show.
    pub status: Status,
    /// The answer in a few words, for a table.
    pub short: Text,
    /// How certain the few words are.
    pub basis: Basis,
    /// What it consists of.
    pub claims: Vec<Claim>,
    /// The answer's facts, for programs.
    pub facts: Facts,
    /// What would be needed to answer fully.
    pub missing: Vec<Text>,
    /// What the same answers are by other runs of a step's only client, where the facts are of its first connection.
    pub other_runs: Vec<OtherRun>,
    /// Whether the files show that it went otherwise than the sheet has it, though not how: what the sheet leads to is then no
    /// measure of a fact that they don't show.
    pub departs: bool,
}

impl Answer {
    /// The whole answer as a student would write it: its claims in order. What the files do not show is said to be expected.
    pub fn text(&self) -> Text {
        let mut before = Text::default();
        let claims = self.claims.iter().filter(|claim| claim.in_answer);
        let claims = claims.map(|claim| {
            let before = std::mem::replace(&mut before, claim.text.clone());
            claim.text.without_topic_of(&before)
        });
        let mut claims = claims.peekable();
        let expected = match (self.status, claims.peek()) {
            (Status::Observed | Status::Partial, _) => None,
            // What is not known is not expected, either.
            (Status::NotInCapture | Status::NotAsked, Some(_)) => self.expects().then(|| Text::from("Expected:")),
            // A sheet may have no words for what to expect.
            (Status::NotInCapture, None) => Some(Text::from("Not in these captures.")),
            (Status::NotAsked, None) => Some(Text::from("Only an explanation is asked for.")),
        };
        Text::join(expected.into_iter().chain(claims))
    }

    /// Whether it says anything but what is not known.
    fn expects(&self) -> bool {
        self.claims.iter().any(|claim| claim.in_answer && claim.basis != Basis::Unknown)
    }

    /// The frames that its proved claims rest on, by file.
    pub fn frames(&self) -> Vec<Evidence> {
        let proved = self.claims.iter().filter(|claim| claim.basis == Basis::Proved && claim.in_answer);
        Evidence::by_file(proved.flat_map(|claim| claim.evidence.iter().cloned()))
    }
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

/// How many clients of one host connected, and how many were served.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HostClients {
    /// The host's address.
    pub host: IpAddr,
    /// Clients with a complete handshake.
    pub connected: u64,
    /// Clients that the program is known to have served.
    pub served: Option<u64>,
}

/// The facts of an answer, by the kind of its question; `None` where the files cannot tell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Facts {
    /// The frames of TCP connections.
    TcpFrames {
        /// SYN, SYN-ACK, ACK.
        handshake_frames: Option<Vec<FrameNumber>>,
        /// Frames with payload.
        data_frames: Option<Vec<FrameNumber>>,
        /// Frames that only acknowledge.
        acknowledgement_frames: Option<Vec<FrameNumber>>,
        /// Frames with FIN or RST, and the acknowledgement of a FIN.
        closing_frames: Option<Vec<FrameNumber>>,
        /// Frames that repeat what was sent before.
        retransmitted_frames: Option<Vec<FrameNumber>>,
    },
    /// The socket addresses of TCP connections.
    SocketAddresses {
        /// The clients' socket addresses.
        client_socket_addresses: Option<Vec<SocketAddress>>,
        /// The server's socket addresses.
        server_socket_addresses: Option<Vec<SocketAddress>>,
    },
    /// A second server at the port of the first one: known only from its journal.
    SecondServer {
        /// Whether it started.
        second_server_started: Option<bool>,
        /// The errno name, if it did not.
        errno: Option<String>,
    },
    /// A client at a server that is busy with another one.
    BusyServer {
        /// Whether the second client's handshake completed.
        tcp_handshake_completed: Option<bool>,
        /// Whether the program served it while the first client was connected.
        served_while_first_client_connected: Option<bool>,
    },
    /// The frames of UDP against those of TCP.
    UdpFrames {
        /// TCP frames without payload.
        tcp_control_frames: Option<u64>,
        /// Whether the TCP connection was made before the capture, so that it had more of them. For judges; no fact of the answer.
        #[serde(skip)]
        is_part: bool,
        /// UDP has none: always 0.
        udp_control_frames: Option<u64>,
        /// UDP datagrams.
        udp_datagrams: Option<u64>,
    },
    /// The clients of a UDP server.
    UdpClients {
        /// Clients whose datagrams the server is known to have received.
        clients_served: Option<u64>,
    },
    /// The clients of a server with a thread for each of them.
    ThreadedClients {
        /// Clients with a complete handshake.
        clients_connected: Option<u64>,
        /// Clients that the program is known to have served.
        clients_served: Option<u64>,
        /// The same by host.
        hosts: Option<Vec<HostClients>>,
    },
    /// The sockets of a server with clients side by side.
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
    /// Any facts, by the names under which the question asks for them.
    Measured(MeasuredFacts),
    /// The sockets of clients side by side.
    ClientSockets {
        /// By host.
        clients: Option<Vec<ClientHost>>,
    },
}

impl Facts {
    /// The same facts, none of them known.
    pub(in crate::analyze) fn unknown(&self) -> Facts {
        match self {
            Facts::TcpFrames { .. } => Facts::TcpFrames {
                handshake_frames: None,
                data_frames: None,
                acknowledgement_frames: None,
                closing_frames: None,
                retransmitted_frames: None,
            },
            Facts::SocketAddresses { .. } => {
                Facts::SocketAddresses { client_socket_addresses: None, server_socket_addresses: None }
            }
            Facts::SecondServer { .. } => Facts::SecondServer { second_server_started: None, errno: None },
            Facts::BusyServer { .. } => {
                Facts::BusyServer { tcp_handshake_completed: None, served_while_first_client_connected: None }
            }
            Facts::UdpFrames { .. } => Facts::UdpFrames {
                tcp_control_frames: None,
                is_part: false,
                udp_control_frames: None,
                udp_datagrams: None,
            },
            Facts::UdpClients { .. } => Facts::UdpClients { clients_served: None },
            Facts::ThreadedClients { .. } => {
                Facts::ThreadedClients { clients_connected: None, clients_served: None, hosts: None }
            }
            Facts::ServerSockets { .. } => Facts::ServerSockets {
                server_socket_addresses: None,
                listening_sockets: None,
                connection_sockets: None,
                sockets_created: None,
            },
            Facts::Measured(MeasuredFacts(all)) => {
                let unknown = all.iter().map(|measured| Measured { values: None, ..measured.clone() });
                Facts::Measured(MeasuredFacts(unknown.collect()))
            }
            Facts::ClientSockets { .. } => Facts::ClientSockets { clients: None },
        }
    }
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
    /// Frames from or to it; those of the lab, where it belongs to the lab.
    pub frames: u64,
}

/// Frames of a capture that belong to the lab's streams, also to those that are not looked at, and those that are about them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LabFrames {
    /// Those of TCP.
    pub tcp: u64,
    /// Those of UDP.
    pub udp: u64,
    /// ICMP errors that quote packets of the lab.
    pub icmp: u64,
    /// The same over IPv6.
    pub icmpv6: u64,
    /// Fragments of its datagrams, but for those that complete one, which are of UDP.
    pub fragments: u64,
}

impl LabFrames {
    /// All of them.
    pub fn all(self) -> u64 {
        [self.tcp, self.udp, self.icmp, self.icmpv6, self.fragments].into_iter().fold(0, u64::saturating_add)
    }
}

/// One capture with what was worked out of it. `traffic` is added by the tracker.
#[derive(Debug)]
pub struct CaptureAnalysis {
    /// The file as named.
    pub file: String,
    /// What is known of the file.
    pub info: CaptureInfo,
    /// Its connections and conversations.
    pub traffic: socklab_packets::track::Traffic,
    /// The roles of the TCP connections, in the order of stream numbers.
    pub tcp_roles: Vec<Role>,
    /// The roles of the UDP conversations, in the order of stream numbers.
    pub udp_roles: Vec<Role>,
    /// Its frames that belong to the lab.
    pub lab_frames: LabFrames,
    /// The steps that it holds, in the order of the sheet.
    pub steps: Vec<RecordedStep>,
    /// What is known of the lab's TCP connections in it, by stream number.
    pub stories: BTreeMap<StreamNumber, ConnectionStory>,
    /// The host on which it was made, where that can be told.
    pub made_at: Option<IpAddr>,
    /// Its clock.
    pub clock: Clock,
    /// Its socket addresses in order, once they were needed.
    pub(in crate::analyze) sorted: OnceLock<Sorted>,
}

impl CaptureAnalysis {
    /// The step that it records, where that is one and no more.
    pub fn step(&self) -> Option<&RecordedStep> {
        match self.steps.as_slice() {
            [only] => Some(only),
            _ => None,
        }
    }
}

/// The whole result.
#[derive(Debug)]
pub struct Analysis {
    /// The captures, in the order given.
    pub captures: Vec<CaptureAnalysis>,
    /// The journals as named, in the order given.
    pub journals: Vec<String>,
    /// The lab as found.
    pub lab: LabFound,
    /// The system calls that the journals tell of.
    pub calls: Calls,
    /// What went wrong, gravest first.
    pub findings: Vec<Finding>,
    /// The answers, in the order of the sheet.
    pub answers: Vec<Answer>,
}
