//! The lab as the captures and journals show it: what the answers and findings are made from.

use std::collections::BTreeSet;
use std::net::IpAddr;

use crate::analyze::accounts::Accounts;
use crate::analyze::analysis::{
    HostFound, LabFound, LabFrames, LabStream, RecordedStep, ServerFound, ServerKind, Verdict,
};
use crate::analyze::conversation::{Frames, LabConnection, LabConversation, TcpSighting, UdpSighting};
use crate::analyze::matching::datagrams::undelivered::{Refused, Undelivered, mistaken, undelivered};
use crate::analyze::matching::hosts::choice::Hosts;
use crate::analyze::matching::servers::choice::Servers;
use crate::analyze::matching::steps::allot::Spare;
use crate::analyze::matching::steps::doubts::Doubt;
use crate::analyze::matching::steps::order::Times;
use crate::analyze::place::Place;
use crate::analyze::row::{RowFrame, RowNote};
use crate::analyze::story::chat::SentOn;
use crate::analyze::story::{AllJudged, Clocks, Judged, KindVerdict, Service, Timeline, kind_of};
use crate::analyze::text::{HostSpan, Span};
use crate::analyze::translated::Translated;
use crate::journal::NamedJournal;
use crate::lab::{HostName, LabConfig, Step};
use socklab_packets::pipeline::CaptureFacts;
use socklab_packets::types::{Protocol, SocketAddress};

/// The lab as the captures and journals show it.
pub(crate) struct LabView<'a> {
    /// The captures, in the order given.
    pub(crate) captures: &'a [CaptureFacts],
    /// The journals, in the order given.
    pub(crate) journals: &'a [NamedJournal],
    /// What the journals say.
    pub(crate) accounts: Accounts,
    /// What was set.
    pub(crate) config: &'a LabConfig,
    /// Which computer is which.
    pub(crate) hosts: Hosts,
    /// The servers' socket addresses.
    pub(crate) servers: Servers,
    /// The streams of each capture that it shows twice, with translated addresses.
    pub(crate) translated: Vec<Translated>,
    /// Where each capture was made.
    pub(crate) places: Vec<Place>,
    /// The steps that each capture holds, in the order of the sheet.
    pub(crate) steps: Vec<Vec<RecordedStep>>,
    /// The TCP connections, in the order of the files' names and of frames.
    pub(super) connections: Vec<KnownConnection>,
    /// The UDP conversations, in the order of the files' names and of frames.
    pub(super) conversations: Vec<KnownConversation>,
    /// The conversations with addresses that clients took for a UDP server's.
    pub(crate) mistaken: Vec<LabConversation>,
    /// The steps and hosts that the captures do not tell apart.
    pub(crate) doubts: Vec<Doubt>,
    /// Which captures' times can be compared.
    pub(crate) clocks: Clocks,
    /// Of each capture, client and UDP server, the frames of what says that nobody has the server's port.
    pub(super) refused: Refused,
    /// What UDP servers sent on of their clients' datagrams.
    pub(super) sent_on: SentOn,
    /// Of each capture that holds more of the lab's streams than are looked at, how many of them are.
    pub(crate) cut: Vec<Option<usize>>,
    /// Of each capture, how many frames are of the lab.
    pub(crate) lab_frames: Vec<LabFrames>,
}

/// A connection of the lab with all that is known of it.
pub(super) struct KnownConnection {
    /// The connection.
    pub(super) connection: LabConnection,
    /// The step that it belongs to.
    pub(super) step: Step,
    /// What happened in it, and when.
    pub(super) timeline: Timeline,
    /// What became of it.
    pub(super) service: Service,
    /// Why it counts for no step, where it does not.
    pub(super) spare: Option<Spare>,
}

/// A conversation of the lab with all that is known of it.
pub(crate) struct KnownConversation {
    /// The conversation.
    pub(crate) conversation: LabConversation,
    /// The step that it belongs to.
    pub(crate) step: Step,
    /// Why it counts for no step, where it does not.
    pub(crate) spare: Option<Spare>,
}

/// A connection of the lab with all that is known of it, in its place among them.
#[derive(Clone, Copy)]
pub(crate) struct Known<'a> {
    /// Its index among the lab's connections.
    pub(crate) index: usize,
    /// The connection.
    pub(crate) connection: &'a LabConnection,
    /// The step that it belongs to.
    pub(crate) step: &'a Step,
    /// What happened in it, and when.
    pub(crate) timeline: &'a Timeline,
    /// What became of it.
    pub(crate) service: &'a Service,
    /// Why it counts for no step, where it does not.
    pub(crate) spare: Option<&'a Spare>,
}

impl<'a> Known<'a> {
    fn of(index: usize, known: &'a KnownConnection) -> Known<'a> {
        let KnownConnection { connection, step, timeline, service, spare } = known;
        Known { index, connection, step, timeline, service, spare: spare.as_ref() }
    }
}

impl LabView<'_> {
    /// What reports say of the lab as a whole.
    pub(crate) fn found(&self) -> LabFound {
        let hosts = self.hosts.named().iter().filter(|(name, _, _)| !self.hosts.is_in_doubt(*name));
        LabFound {
            sheet: self.config.sheet.clone(),
            hosts: hosts
                .map(|(name, address, basis)| HostFound { name: *name, address: *address, basis: *basis })
                .collect(),
            further: self.hosts.computers().further(),
            servers: self.servers.endpoints().map(|endpoint| self.server_found(endpoint)).collect(),
            streams: self.known().map(|known| tcp_stream(&known)).chain(self.udp_streams()).collect(),
            in_doubt: self.doubts.iter().flat_map(|doubt| doubt.steps.iter().cloned()).collect(),
            why: self.servers.why.clone(),
        }
    }

    fn server_found(&self, (protocol, address): (Protocol, SocketAddress)) -> ServerFound {
        let kind = (protocol == Protocol::Tcp).then(|| self.kind_of(|known| known.connection.server() == address));
        let part = |part: Option<&str>| {
            let of_part = |known: &Known<'_>| known.step.part() == part && !self.is_replaced(known);
            let of_it = |known: &Known<'_>| known.connection.server() == address && of_part(known);
            self.known()
                .any(|known| of_it(&known))
                .then(|| self.kind_of(of_it))
                .map(|kind| (part.map(str::to_owned), kind.kind, kind.basis))
        };
        let mut named: Vec<Option<&str>> = self.config.sheet.recorded().map(Step::part).collect();
        named.dedup();
        let parts = named.into_iter().filter(|_| kind.is_some()).filter_map(part).collect();
        let (kind, basis) = (kind.as_ref().map(|kind| kind.kind), kind.map(|kind| kind.basis));
        let uncertain = self.servers.is_uncertain(protocol, address);
        ServerFound { protocol, address, uncertain, reach: self.reach(protocol, address), kind, basis, parts }
    }

    /// The kind of the servers of the connections that `wanted` picks: that of each which shows one, where it is the same.
    pub(crate) fn kind_of(&self, wanted: impl Fn(&Known<'_>) -> bool) -> KindVerdict {
        let mut servers: Vec<(SocketAddress, Vec<usize>)> = Vec::new();
        for known in self.known().filter(wanted) {
            let server = known.connection.server();
            match servers.iter_mut().find(|(address, _)| *address == server) {
                Some((_, connections)) => connections.push(known.index),
                None => servers.push((server, vec![known.index])),
            }
        }
        let of_one = |index: usize| {
            let KnownConnection { connection, timeline, service, .. } = self.connections.get(index)?;
            Some(Judged { connection, timeline, service })
        };
        let all = AllJudged { clocks: &self.clocks, of: &of_one };
        let of = |(_, connections): &(SocketAddress, Vec<usize>)| kind_of(all, &self.accounts, connections);
        let mut shown = servers.iter().map(of).filter(|verdict| verdict.kind != ServerKind::Unknown);
        let first = shown.next().unwrap_or(KindVerdict::UNKNOWN);
        if shown.all(|other| other.kind == first.kind) { first } else { KindVerdict::UNKNOWN }
    }

    fn udp_streams(&self) -> impl Iterator<Item = LabStream> {
        let refused: BTreeSet<SocketAddress> = (0..self.captures.len())
            .flat_map(|capture| self.unreachable_datagrams(capture))
            .map(|undelivered| undelivered.server)
            .collect();
        self.conversations.iter().map(move |known| udp_stream(known, &refused))
    }

    /// Whether the computer of this address made a capture itself.
    pub(crate) fn made_at(&self, capture: usize, ip: IpAddr) -> bool {
        self.places.get(capture).is_some_and(|place| place.host() == Some(ip))
    }

    /// The TCP connections with what is known of them, in the order of files and frames.
    pub(crate) fn known(&self) -> impl Iterator<Item = Known<'_>> {
        self.connections.iter().enumerate().map(|(index, known)| Known::of(index, known))
    }

    /// One of them, by its index.
    pub(crate) fn known_at(&self, index: usize) -> Option<Known<'_>> {
        self.connections.get(index).map(|known| Known::of(index, known))
    }

    /// The TCP connections, in the order of files and frames.
    pub(crate) fn connections(&self) -> impl ExactSizeIterator<Item = &LabConnection> {
        self.connections.iter().map(|known| &known.connection)
    }

    /// The UDP conversations with what is known of them, in the order of files and frames.
    pub(crate) fn known_conversations(&self) -> impl Iterator<Item = &KnownConversation> {
        self.conversations.iter()
    }

    /// The UDP conversations, in the order of files and frames.
    pub(crate) fn conversations(&self) -> impl ExactSizeIterator<Item = &LabConversation> {
        self.conversations.iter().map(|known| &known.conversation)
    }

    /// The TCP connections of a step.
    pub(crate) fn of_step<'s>(&'s self, step: &'s Step) -> impl Iterator<Item = Known<'s>> {
        self.of_steps(std::slice::from_ref(step))
    }

    /// The TCP connections of some steps.
    pub(crate) fn of_steps<'s>(&'s self, steps: &'s [Step]) -> impl Iterator<Item = Known<'s>> {
        self.known().filter(move |known| steps.contains(known.step) && known.spare.is_none())
    }

    /// Whether the run of another server took the place of this connection's.
    pub(crate) fn is_replaced(&self, known: &Known<'_>) -> bool {
        known.spare == Some(&Spare::Replaced)
    }

    /// The UDP conversations of some steps.
    pub(crate) fn conversations_of<'s>(&'s self, steps: &'s [Step]) -> impl Iterator<Item = &'s LabConversation> {
        let of_steps = self.conversations.iter().filter(|known| steps.contains(&known.step) && known.spare.is_none());
        of_steps.map(|known| &known.conversation)
    }

    /// Whether several connections of a step are of clients on this host, or of the step that goes on beside it there.
    pub(crate) fn has_several_from(&self, step: &Step, host: IpAddr) -> bool {
        let is_beside = |other: &&Step| {
            (other.during() == Some(step) || step.during() == Some(*other))
                && other.hosts().iter().any(|own| step.hosts().contains(own))
        };
        let beside = self.config.sheet.recorded().filter(is_beside).cloned();
        let steps: Vec<Step> = beside.chain([step.clone()]).collect();
        self.of_steps(&steps)
            .filter(|known| self.hosts.computer(known.connection.client().ip) == self.hosts.computer(host))
            .nth(1)
            .is_some()
    }

    /// Those of some steps that were established, without those that went astray and without the end of an earlier run that the
    /// capture began in: where one of them is there from its first frame on, those without handshake and lines are none of the
    /// step's.
    pub(crate) fn runs_of<'s>(&'s self, steps: &'s [Step]) -> Vec<Known<'s>> {
        let all = || self.of_steps(steps).filter(|known| known.connection.established() && !self.went_astray(known));
        let whole = all().any(|known| known.connection.handshake_complete() && known.connection.has_lines());
        all().filter(|known| !whole || !self.is_leftover(known)).collect()
    }

    /// Whether a connection went to a server at another client's computer, where one of its step went to the server's: an address
    /// was mistyped first.
    pub(crate) fn went_astray(&self, known: &Known<'_>) -> bool {
        let sheet = &self.config.sheet;
        let is_at_server = |other: Known<'_>| {
            other.connection.established() && self.hosts.is(other.connection.server().ip, sheet.server())
        };
        self.hosts.is_of_client(known.connection.server().ip, sheet) && self.of_step(known.step).any(is_at_server)
    }

    /// Whether only the end of a connection is in the captures.
    pub(crate) fn is_leftover(&self, known: &Known<'_>) -> bool {
        known.connection.is_rest()
    }

    /// The doubt that touches what is asked of these steps, and of the clients on one host.
    pub(crate) fn doubt_about(&self, steps: &[Step], client: Option<HostName>) -> Option<&Doubt> {
        self.doubts.iter().find(|doubt| doubt.is_about(steps, client))
    }

    /// What moments are put in order by.
    pub(crate) fn times(&self) -> Times<'_> {
        Times { clocks: &self.clocks, places: &self.places, one_clock: self.config.one_clock }
    }

    /// The TCP connections of clients side by side.
    pub(crate) fn parallel(&self) -> impl Iterator<Item = Known<'_>> {
        self.known().filter(|known| known.step.is_parallel() && known.spare.is_none())
    }

    /// What says in a capture that a datagram to a UDP server of the lab did not reach it, by quoting it.
    pub(crate) fn unreachable_datagrams(&self, capture: usize) -> Vec<Undelivered> {
        self.captures.get(capture).map(|capture| undelivered(capture, &self.servers).collect()).unwrap_or_default()
    }

    /// What says so of datagrams to socket addresses that clients took for a UDP server's.
    pub(crate) fn mistaken_datagrams(&self, capture: usize) -> Vec<Undelivered> {
        self.captures.get(capture).map(|capture| mistaken(capture, &self.servers).collect()).unwrap_or_default()
    }

    /// The datagrams of a client that came back in this capture as ICMP port unreachable: the message's frame, and that of
    /// the datagram, the client's last one before it that no other message is about.
    pub(crate) fn refusals(&self, sighting: &UdpSighting) -> Vec<(RowFrame, RowFrame)> {
        if !sighting.pieces.is_empty() {
            let each = sighting.each_file(self.captures);
            let of_file = |one: &UdpSighting| {
                let in_row = |frame| sighting.in_row(one.capture, frame);
                self.refusals(one)
                    .into_iter()
                    .map(|(message, datagram)| (in_row(message), in_row(datagram)))
                    .collect::<Vec<_>>()
            };
            return each.iter().flat_map(of_file).collect();
        }
        let Some(messages) = self.refused.get(&(sighting.capture, sighting.client(), sighting.server())) else {
            return Vec::new();
        };
        let notes = self.udp_notes(sighting);
        let mut sent =
            notes.iter().filter(|note| note.sender == sighting.client_side).map(|note| note.frame).peekable();
        let mut refused: Vec<(RowFrame, RowFrame)> = Vec::new();
        let mut waiting: Vec<RowFrame> = Vec::new();
        for message in messages.iter().copied().map(RowFrame::from) {
            waiting.extend(std::iter::from_fn(|| sent.next_if(|frame| *frame < message)));
            refused.extend(waiting.pop().map(|datagram| (message, datagram)));
        }
        refused
    }

    /// The name of a capture.
    pub(crate) fn file(&self, capture: usize) -> &str {
        self.captures.get(capture).map_or("", |capture| &capture.file)
    }

    /// A host in a sentence: its name, or the bare address.
    pub(crate) fn host(&self, ip: IpAddr) -> Span {
        Span::Host(HostSpan { ip, name: self.hosts.sure_name_of(ip), with_address: false })
    }

    /// The host of a client in a sentence. Where client and server share a computer, it has its name as a client.
    pub(crate) fn client_host(&self, ip: IpAddr) -> Span {
        Span::Host(HostSpan { ip, name: self.client_name(ip), with_address: false })
    }

    /// A host in a sentence that names its address too: `B (10.0.3.2)`.
    pub(crate) fn host_with_address(&self, ip: IpAddr) -> Span {
        Span::Host(HostSpan { ip, name: self.client_name(ip), with_address: true })
    }

    /// The name of a client's computer, unless it may be another host of the sheet.
    fn client_name(&self, ip: IpAddr) -> Option<HostName> {
        self.hosts.sure_name_of_client(ip, &self.config.sheet)
    }

    /// The frames of a connection in one capture, by what they do.
    pub(crate) fn frames(&self, sighting: &TcpSighting) -> Frames {
        Frames::of(self.captures, sighting)
    }

    /// Frames that Wireshark marks as retransmissions though the capture has nothing that they repeat. Wireshark has no row of
    /// captures.
    pub(crate) fn late(&self, sighting: &TcpSighting) -> Vec<RowFrame> {
        let capture = self.captures.get(sighting.capture).filter(|_| sighting.pieces.is_empty());
        let marked = capture.map(|capture| capture.traffic.tcp_retransmissions(sighting.connection.stream));
        let marked = marked.filter(|marked| !marked.is_empty());
        marked.map(|marked| self.frames(sighting).new_among(&marked)).unwrap_or_default()
    }

    /// The frames of its handshake.
    pub(crate) fn handshake(&self, sighting: &TcpSighting) -> Vec<RowFrame> {
        Frames::handshake_of(self.captures, sighting)
    }

    /// Whether every frame of a connection is noted.
    pub(crate) fn notes_complete(&self, sighting: &TcpSighting) -> bool {
        sighting.notes_complete(self.captures)
    }

    /// The notes on the datagrams of a conversation in one capture.
    pub(crate) fn udp_notes(&self, sighting: &UdpSighting) -> Vec<RowNote> {
        sighting.notes(self.captures).collect()
    }
}

fn tcp_stream(known: &Known<'_>) -> LabStream {
    let best = known.connection.whole();
    LabStream {
        protocol: Protocol::Tcp,
        client: known.connection.client(),
        server: known.connection.server(),
        step: known.step.clone(),
        established: known.connection.established(),
        answered: known.connection.answered(),
        served: known.service.verdict == Verdict::Served,
        frames: best.client_sent().frames.saturating_add(best.server_sent().frames),
        sightings: known.connection.sightings().iter().map(|seen| (seen.capture, seen.connection.stream)).collect(),
        pieces: best.pieces.iter().map(|piece| piece.capture).collect(),
    }
}

/// `refused` are the servers that were not there, as their computer said.
fn udp_stream(known: &KnownConversation, refused: &BTreeSet<SocketAddress>) -> LabStream {
    let KnownConversation { conversation, step, .. } = known;
    let best = conversation.whole();
    let answered = best.server_sent().datagrams > 0;
    LabStream {
        protocol: Protocol::Udp,
        client: conversation.client(),
        server: conversation.server(),
        step: step.clone(),
        established: answered || !refused.contains(&conversation.server()),
        answered,
        served: answered,
        frames: best.client_sent().datagrams.saturating_add(best.server_sent().datagrams),
        sightings: conversation.sightings().iter().map(|seen| (seen.capture, seen.conversation.stream)).collect(),
        pieces: best.pieces.iter().map(|piece| piece.capture).collect(),
    }
}
