//! The lab's own connections and conversations, each once, however many captures show it.

use std::collections::BTreeSet;
use std::net::IpAddr;

use foldhash::{HashMap, HashMapExt};

use crate::analyze::analysis::{LabFound, LabStream, RecordedStep, Role, RoleBasis};
use crate::analyze::facts::{CaptureFacts, NamedJournal};
use crate::analyze::topology::hosts::Hosts;
use crate::analyze::topology::identity::same_connection;
use crate::analyze::topology::roles::{CaptureRoles, assign};
use crate::analyze::topology::servers::Servers;
use crate::analyze::topology::steps::{self, FileSteps};
use crate::analyze::track::{
    FrameNote, HandshakeState, Side, SideCounts, TcpConnection, UdpConversation, UdpSide, Unreachable,
};
use crate::lab::{LabConfig, Part, Step};
use crate::limits::LAB_STREAMS;
use crate::types::{FrameNumber, Protocol, SocketAddress, StreamNumber};

/// How long a server may take to close the connection of a client that has gone. One that serves it takes a millisecond.
const CLOSED_AT_ONCE_NANOSECONDS: i128 = 1_000_000_000;

/// A connection of the lab as one capture shows it.
#[derive(Debug, Clone)]
pub(crate) struct TcpSighting {
    /// Index of the capture.
    pub(crate) capture: usize,
    /// The connection.
    pub(crate) connection: TcpConnection,
    /// The client's side.
    pub(crate) client_side: Side,
    /// How that is known.
    pub(crate) basis: RoleBasis,
}

impl TcpSighting {
    /// The client's socket address.
    pub(crate) fn client(&self) -> SocketAddress {
        self.connection.address(self.client_side)
    }

    /// The server's socket address.
    pub(crate) fn server(&self) -> SocketAddress {
        self.connection.address(self.client_side.other())
    }

    /// What the client sent.
    pub(crate) fn client_sent(&self) -> SideCounts {
        self.connection.counts(self.client_side)
    }

    /// What the server sent.
    pub(crate) fn server_sent(&self) -> SideCounts {
        self.connection.counts(self.client_side.other())
    }

    /// The client's base sequence number.
    pub(super) fn client_base(&self) -> Option<u32> {
        self.connection.base_sequence(self.client_side)
    }

    /// The server's base sequence number.
    pub(super) fn server_base(&self) -> Option<u32> {
        self.connection.base_sequence(self.client_side.other())
    }

    /// Whether the connection stood: its handshake is complete, or frames that only an established connection has went
    /// both ways.
    pub(crate) fn established(&self) -> bool {
        let (client, server) = (self.client_sent(), self.server_sent());
        let both_ways = client.frames > 0 && server.frames > 0;
        let carried = |counts: SideCounts| counts.data_frames + counts.acknowledgement_frames > 0;
        match self.connection.handshake {
            HandshakeState::Complete => true,
            HandshakeState::Refused | HandshakeState::SynOnly => false,
            HandshakeState::SynAckSeen => client.data_frames > 0,
            HandshakeState::NotCaptured => both_ways && carried(client) && carried(server),
        }
    }

    /// The frame in which a side first ended the connection (FIN or RST).
    pub(crate) fn first_closing_frame(&self) -> Option<FrameNumber> {
        [Side::A, Side::B]
            .into_iter()
            .flat_map(|side| [self.connection.fin(side), self.connection.rst(side)])
            .flatten()
            .min()
    }

    /// Whether the client has gone, its FIN was acknowledged, and the server has not closed: the server's program has not
    /// read the end, so the connection waits to be accepted. A served connection's server closes at once.
    pub(crate) fn left_in_queue(&self) -> bool {
        let fin = self.connection.fin(self.client_side);
        self.silent_server()
            && self.connection.rst(self.client_side.other()).is_none()
            && self.connection.rst(self.client_side).is_none()
            && fin.is_some_and(|fin| self.connection.last_frame > fin)
    }

    /// Whether the server reset the connection before the client closed it: its program ended with the client's data
    /// unread, as happens to a connection in the queue.
    pub(crate) fn reset_in_queue(&self) -> bool {
        self.silent_server()
            && self.client_sent().data_frames > 0
            && self.connection.fin(self.client_side).is_none()
            && self.connection.rst(self.client_side.other()).is_some()
    }

    /// Whether the connection stood, and the server's program neither sent anything nor closed in order.
    fn silent_server(&self) -> bool {
        self.established()
            && self.connection.fin(self.client_side.other()).is_none()
            && self.server_sent().data_frames == 0
    }

    /// Whether both connections stood at the same time in the same capture.
    pub(crate) fn overlaps(&self, other: &TcpSighting) -> bool {
        let before_end = |start: &TcpSighting, end: &TcpSighting| {
            end.first_closing_frame().is_none_or(|frame| start.connection.first_frame < frame)
        };
        self.capture == other.capture && before_end(self, other) && before_end(other, self)
    }
}

/// A TCP connection of the lab, or an attempt at one.
#[derive(Debug, Clone)]
pub(crate) struct LabConnection {
    /// The captures that show it, the fullest view first.
    pub(crate) sightings: Vec<TcpSighting>,
    /// The step that it belongs to.
    pub(crate) step: Step,
}

impl LabConnection {
    /// The client's socket address.
    pub(crate) fn client(&self) -> SocketAddress {
        self.best().client()
    }

    /// The server's socket address.
    pub(crate) fn server(&self) -> SocketAddress {
        self.best().server()
    }

    /// The fullest view of it.
    pub(crate) fn best(&self) -> &TcpSighting {
        // A connection is only made from a sighting, and none is ever taken away.
        #[allow(clippy::indexing_slicing)]
        &self.sightings[0]
    }

    /// Whether it stood.
    pub(crate) fn established(&self) -> bool {
        self.sightings.iter().any(TcpSighting::established)
    }

    /// Whether some capture shows its whole handshake.
    pub(crate) fn handshake_complete(&self) -> bool {
        self.best().connection.handshake == HandshakeState::Complete
    }

    /// Whether the server's program sent payload: then it had accepted the connection.
    pub(crate) fn answered(&self) -> bool {
        self.sightings.iter().any(|sighting| sighting.server_sent().data_frames > 0)
    }

    /// Whether the client sent payload.
    pub(crate) fn has_lines(&self) -> bool {
        self.sightings.iter().any(|sighting| sighting.client_sent().data_frames > 0)
    }

    fn add(&mut self, sighting: TcpSighting) {
        let fullness = |sighting: &TcpSighting| {
            let whole = sighting.connection.handshake == HandshakeState::Complete;
            (whole, sighting.client_sent().frames + sighting.server_sent().frames)
        };
        let place = self.sightings.partition_point(|there| fullness(there) >= fullness(&sighting));
        self.sightings.insert(place, sighting);
    }
}

/// A UDP conversation of the lab as one capture shows it.
#[derive(Debug, Clone)]
pub(crate) struct UdpSighting {
    /// Index of the capture.
    pub(crate) capture: usize,
    /// The conversation.
    pub(crate) conversation: UdpConversation,
    /// The client's side.
    pub(crate) client_side: Side,
}

impl UdpSighting {
    /// What the client sent.
    pub(crate) fn client_sent(&self) -> UdpSide {
        self.conversation.counts(self.client_side)
    }

    /// What the server sent.
    pub(crate) fn server_sent(&self) -> UdpSide {
        self.conversation.counts(self.client_side.other())
    }
}

/// A UDP conversation of the lab.
#[derive(Debug, Clone)]
pub(crate) struct LabConversation {
    /// The client's socket address.
    pub(crate) client: SocketAddress,
    /// The server's socket address.
    pub(crate) server: SocketAddress,
    /// The captures that show it, the one with most datagrams first.
    pub(crate) sightings: Vec<UdpSighting>,
}

impl LabConversation {
    /// The fullest view of it.
    pub(crate) fn best(&self) -> &UdpSighting {
        // A conversation is only made from a sighting, and none is ever taken away.
        #[allow(clippy::indexing_slicing)]
        &self.sightings[0]
    }
}

/// The lab as the captures and journals show it: what the answers and findings are made from.
pub(crate) struct LabView<'a> {
    /// The captures, in the order given.
    pub(crate) captures: &'a [CaptureFacts],
    /// The journals, in the order given.
    pub(crate) journals: &'a [NamedJournal],
    /// What was set.
    pub(crate) config: &'a LabConfig,
    /// Which computer is which.
    pub(crate) hosts: Hosts,
    /// The servers' socket addresses.
    pub(crate) servers: Servers,
    /// The step of each capture.
    pub(crate) steps: Vec<Option<RecordedStep>>,
    /// The TCP connections, in the order of files and frames.
    pub(crate) connections: Vec<LabConnection>,
    /// The UDP conversations, likewise.
    pub(crate) conversations: Vec<LabConversation>,
    /// Of each capture, whether it holds more of the lab's streams than are looked at.
    pub(crate) cut: Vec<bool>,
}

impl<'a> LabView<'a> {
    /// Looks for the lab in the captures. Also gives the roles in each capture.
    pub(crate) fn new(
        captures: &'a [CaptureFacts],
        journals: &'a [NamedJournal],
        config: &'a LabConfig,
    ) -> (LabView<'a>, Vec<CaptureRoles>) {
        let servers = Servers::find(captures, journals, config);
        let roles: Vec<CaptureRoles> = captures.iter().map(|capture| assign(capture, &servers)).collect();
        let streams = LabStreams::collect(captures, &roles);
        let files: Vec<&str> = captures.iter().map(|capture| capture.file.as_str()).collect();
        let hosts = Hosts::find(&files, &streams, &servers, config);
        let FileSteps { steps, starts } = steps::record(captures, &streams, &hosts, config);
        let step_of = |sighting: &TcpSighting| steps::of_connection(sighting, &steps, &starts, &hosts);
        let connections = merge_connections(streams.tcp, step_of);
        let conversations = merge_conversations(streams.udp);
        let cut = streams.cut;
        (LabView { captures, journals, config, hosts, servers, steps, connections, conversations, cut }, roles)
    }

    /// What reports say of the lab as a whole.
    pub(crate) fn found(&self) -> LabFound {
        LabFound {
            hosts: self.hosts.named(),
            servers: self.servers.endpoints().collect(),
            streams: self.connections.iter().map(tcp_stream).chain(self.udp_streams()).collect(),
            why: self.servers.why.clone(),
        }
    }

    fn udp_streams(&self) -> impl Iterator<Item = LabStream> {
        let refused: BTreeSet<SocketAddress> = (0..self.captures.len())
            .flat_map(|capture| self.unreachable_datagrams(capture))
            .map(|(_, server)| server)
            .collect();
        self.conversations.iter().map(move |conversation| udp_stream(conversation, &refused))
    }

    /// The TCP connections of a step.
    pub(crate) fn of_step(&self, step: Step) -> impl Iterator<Item = &LabConnection> {
        self.connections.iter().filter(move |connection| connection.step == step)
    }

    /// The TCP connections of Part II.
    pub(crate) fn of_part_two(&self) -> impl Iterator<Item = &LabConnection> {
        self.connections.iter().filter(|connection| connection.step.part() == Part::II)
    }

    /// The frames of a capture that say that a datagram to a UDP server of the lab did not reach it, by quoting it.
    /// With them the server's socket address.
    pub(crate) fn unreachable_datagrams(&self, capture: usize) -> Vec<(FrameNumber, SocketAddress)> {
        let messages = self.captures.get(capture).map(|capture| &capture.traffic.other().unreachable);
        let of_lab = |message: &Unreachable| {
            let quoted = message.quoted.filter(|quoted| quoted.protocol == Protocol::Udp)?;
            let is_labs = self.servers.contains(Protocol::Udp, quoted.destination);
            is_labs.then_some((message.frame, quoted.destination))
        };
        messages.into_iter().flatten().filter_map(of_lab).collect()
    }

    /// The name of a capture.
    pub(crate) fn file(&self, capture: usize) -> &str {
        self.captures.get(capture).map_or("", |capture| &capture.file)
    }

    /// A host in a short sentence: `B`, or the bare address.
    pub(crate) fn short_name(&self, ip: IpAddr) -> String {
        self.hosts.name_of(ip).map_or_else(|| ip.to_string(), |name| name.to_string())
    }

    /// Whether every frame of a connection is noted.
    pub(crate) fn notes_complete(&self, sighting: &TcpSighting) -> bool {
        let capture = self.captures.get(sighting.capture);
        capture.is_some_and(|capture| capture.traffic.tcp_notes_complete(sighting.connection.stream))
    }

    /// A host in a sentence: `host B (10.0.3.2)`, or the bare address.
    pub(crate) fn host_text(&self, ip: IpAddr) -> String {
        match self.hosts.name_of(ip) {
            Some(name) => format!("host {name} ({ip})"),
            None => ip.to_string(),
        }
    }

    /// The client's FIN and the server's, where the server's came so much later that its program cannot have been reading
    /// from the client when that left.
    pub(crate) fn late_fins(&self, sighting: &TcpSighting) -> Option<[FrameNumber; 2]> {
        let client = sighting.connection.fin(sighting.client_side)?;
        let server = sighting.connection.fin(sighting.client_side.other()).filter(|fin| *fin > client)?;
        let notes = self.tcp_notes(sighting);
        let time = |frame| notes.iter().find(|note| note.frame == frame).and_then(|note| note.time);
        (time(server)?.nanoseconds_since(time(client)?) >= CLOSED_AT_ONCE_NANOSECONDS).then_some([client, server])
    }

    /// Whether a connection seems to have waited in the server's queue: its client left, and the server did not close its
    /// end, or only much later.
    pub(crate) fn seems_to_have_waited(&self, sighting: &TcpSighting) -> bool {
        sighting.left_in_queue() || self.late_fins(sighting).is_some()
    }

    /// The notes on the frames of a connection in one capture.
    pub(crate) fn tcp_notes(&self, sighting: &TcpSighting) -> Vec<FrameNote> {
        self.captures
            .get(sighting.capture)
            .map(|capture| capture.traffic.tcp_notes(sighting.connection.stream).collect())
            .unwrap_or_default()
    }

    /// The notes on the datagrams of a conversation in one capture.
    pub(crate) fn udp_notes(&self, sighting: &UdpSighting) -> Vec<FrameNote> {
        self.captures
            .get(sighting.capture)
            .map(|capture| capture.traffic.udp_notes(sighting.conversation.stream).collect())
            .unwrap_or_default()
    }
}

fn tcp_stream(connection: &LabConnection) -> LabStream {
    let best = connection.best();
    LabStream {
        protocol: Protocol::Tcp,
        client: connection.client(),
        server: connection.server(),
        step: connection.step,
        established: connection.established(),
        answered: connection.answered(),
        frames: best.client_sent().frames.saturating_add(best.server_sent().frames),
    }
}

/// The sheet has UDP in step 12 of Part I only. `refused` are the servers that were not there, as their computer said.
fn udp_stream(conversation: &LabConversation, refused: &BTreeSet<SocketAddress>) -> LabStream {
    let best = conversation.best();
    let answered = best.server_sent().datagrams > 0;
    LabStream {
        protocol: Protocol::Udp,
        client: conversation.client,
        server: conversation.server,
        step: Step::Udp,
        established: answered || !refused.contains(&conversation.server),
        answered,
        frames: best.client_sent().datagrams.saturating_add(best.server_sent().datagrams),
    }
}

/// The lab's streams of all captures, in the order of files and frames.
#[derive(Debug, Default)]
pub(super) struct LabStreams {
    pub(super) tcp: Vec<TcpSighting>,
    pub(super) udp: Vec<UdpSighting>,
    /// Where Part II begins in each capture.
    starts: Vec<Option<FrameNumber>>,
    cut: Vec<bool>,
}

impl LabStreams {
    fn collect(captures: &[CaptureFacts], roles: &[CaptureRoles]) -> LabStreams {
        let mut streams = LabStreams::default();
        for (number, (capture, roles)) in captures.iter().zip(roles).enumerate() {
            let of_lab = |(_, role): &(StreamNumber, &Role)| role.lab;
            let tcp = capture.traffic.tcp_streams().zip(&roles.tcp).filter(of_lab).take(LAB_STREAMS);
            streams.tcp.extend(tcp.filter_map(|(stream, role)| {
                let connection = capture.traffic.tcp(stream)?;
                Some(TcpSighting { capture: number, connection, client_side: role.client, basis: role.basis })
            }));
            let udp = capture.traffic.udp_streams().zip(&roles.udp).filter(of_lab).take(LAB_STREAMS);
            streams.udp.extend(udp.filter_map(|(stream, role)| {
                let conversation = capture.traffic.udp(stream)?;
                Some(UdpSighting { capture: number, conversation, client_side: role.client })
            }));
            let of_capture = streams.tcp.partition_point(|sighting| sighting.capture < number);
            streams.starts.push(steps::threaded_start(streams.tcp.get(of_capture..).unwrap_or_default()));
            let most = [&roles.tcp, &roles.udp].map(|roles| roles.iter().filter(|role| role.lab).count());
            streams.cut.push(most.into_iter().max() > Some(LAB_STREAMS));
        }
        streams
    }

    /// The frame from which on a capture is of Part II, if it holds that.
    pub(super) fn start(&self, capture: usize) -> Option<FrameNumber> {
        self.starts.get(capture).copied().flatten()
    }
}

/// The connections, each once, with the step of its first sighting.
fn merge_connections(sightings: Vec<TcpSighting>, step_of: impl Fn(&TcpSighting) -> Step) -> Vec<LabConnection> {
    let mut connections: Vec<LabConnection> = Vec::new();
    let mut by_addresses: HashMap<[SocketAddress; 2], Vec<usize>> = HashMap::new();
    for sighting in sightings {
        let places = by_addresses.entry([sighting.client(), sighting.server()]).or_default();
        let is_same = |place: &&usize| {
            connections.get(**place).is_some_and(|there| there.sightings.iter().any(|s| same_connection(s, &sighting)))
        };
        match places.iter().find(is_same).and_then(|place| connections.get_mut(*place)) {
            Some(there) => there.add(sighting),
            None => {
                places.push(connections.len());
                let step = step_of(&sighting);
                connections.push(LabConnection { sightings: vec![sighting], step });
            }
        }
    }
    connections
}

fn merge_conversations(sightings: Vec<UdpSighting>) -> Vec<LabConversation> {
    let mut conversations: Vec<LabConversation> = Vec::new();
    let mut by_addresses: HashMap<[SocketAddress; 2], usize> = HashMap::new();
    for sighting in sightings {
        let client = sighting.conversation.address(sighting.client_side);
        let server = sighting.conversation.address(sighting.client_side.other());
        let total = |sighting: &UdpSighting| sighting.client_sent().datagrams + sighting.server_sent().datagrams;
        let next = conversations.len();
        let place = *by_addresses.entry([client, server]).or_insert(next);
        match conversations.get_mut(place) {
            Some(there) => {
                let place = there.sightings.partition_point(|s| total(s) >= total(&sighting));
                there.sightings.insert(place, sighting);
            }
            None => conversations.push(LabConversation { client, server, sightings: vec![sighting] }),
        }
    }
    conversations
}
