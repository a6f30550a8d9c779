//! Which steps of the sheet the connections belong to, and so which of them each capture holds.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use crate::analyze::analysis::RecordedStep;
use crate::analyze::conversation::{LabConnection, LabConversation, TcpSighting, UdpSighting};
use crate::analyze::distinct::distinct;
use crate::analyze::kinds;
use crate::analyze::matching::company::rules::Company;
use crate::analyze::matching::datagrams::undelivered::Refused;
use crate::analyze::matching::hosts::choice::Hosts;
use crate::analyze::matching::steps::allot::{Allotted, Spare, ToAllot, allot};
use crate::analyze::matching::steps::beside::may_come_second;
use crate::analyze::matching::steps::doubts::Doubt;
use crate::analyze::matching::steps::order::Times;
use crate::analyze::matching::steps::seconds::seconds;
use crate::analyze::place::Place;
use crate::analyze::story::{Moment, Story};
use crate::analyze::text::{HostSpan, Span, Text, say};
use crate::lab::{HostName, Sheet, Step};
use crate::wording::count;
use socklab_packets::track::HandshakeState;
use socklab_packets::types::{Protocol, SocketAddress};

/// What steps are told from.
pub(crate) struct StepInputs<'a> {
    pub(crate) sheet: &'a Sheet,
    pub(crate) story: &'a Story,
    pub(crate) places: &'a [Place],
    pub(crate) hosts: &'a Hosts,
    /// The step that the user set for each capture.
    pub(crate) set: &'a [Option<Step>],
    /// What says that datagrams found no server.
    pub(crate) refused: &'a Refused,
    /// Whether the user said that all captures have one clock.
    pub(crate) one_clock: bool,
}

impl StepInputs<'_> {
    fn times(&self) -> Times<'_> {
        Times { clocks: &self.story.clocks, places: self.places, one_clock: self.one_clock }
    }

    /// Whether a client's datagrams came back since nobody had the server's port, and none was answered; `None` where nothing came
    /// back of any kind, as from a server that only prints, and from none beside a firewall.
    fn found_nobody(&self, conversation: &LabConversation) -> Option<bool> {
        let (client, server) = (conversation.client(), conversation.server());
        let came_back = |seen: &UdpSighting| self.refused.contains_key(&(seen.capture, client, server));
        let came_back = conversation.sightings().iter().any(came_back);
        (came_back || conversation.answered()).then_some(!conversation.answered())
    }

    /// The runs, by their places, whose clients are on a computer that has no part in their step, where those that have are known
    /// by their addresses, and each has run its own: else a student may have used another computer. Only of steps of which nothing
    /// but facts is asked: a server's sockets are there for whoever connects.
    fn of_other_hosts(&self, runs: &[ToAllot<'_>], protocol: Protocol) -> Vec<usize> {
        let mut ran: BTreeSet<(&Step, IpAddr)> = BTreeSet::new();
        for run in runs.iter().filter(|run| run.counts) {
            ran.extend(run.fits().map(|step| (step, run.computer)));
        }
        let has_run = |step: &Step, host: &HostName| {
            let computer = self.hosts.ip_by_address(*host).map(|ip| self.hosts.computer(ip));
            computer.is_some_and(|computer| ran.contains(&(step, computer)))
        };
        let mut wanted = self.sheet.recorded().filter(|step| step.runs(protocol) && !step.is_refused());
        if self.hosts.is_one_computer() || !wanted.all(|step| step.hosts().iter().all(|host| has_run(step, host))) {
            return Vec::new();
        }
        let only_facts = |step: &Step| {
            let mut asking =
                self.sheet.questions().iter().filter(|question| question.steps().contains(step)).peekable();
            asking.peek().is_some() && asking.all(|question| question.kind() == kinds::FACTS)
        };
        let is_of_another = |run: &ToAllot<'_>| {
            let has_part = |step: &Step| step.hosts().iter().any(|host| self.hosts.is(run.computer, *host));
            run.fits().all(only_facts) && !run.fits().any(has_part)
        };
        runs.iter().enumerate().filter(|(_, run)| is_of_another(run)).map(|(index, _)| index).collect()
    }

    /// The step with clients of this protocol that the user set for one of these captures.
    fn set_for(&self, captures: impl IntoIterator<Item = usize>, protocol: Protocol) -> Option<Step> {
        let set = captures.into_iter().find_map(|capture| self.set.get(capture).cloned().flatten());
        set.filter(|step| step.runs(protocol))
    }
}

/// The steps of all connections or conversations.
pub(crate) struct AllottedSteps {
    /// The step of each.
    pub(crate) steps: Vec<Step>,
    /// The steps that are not told apart.
    pub(crate) doubts: Vec<Doubt>,
    /// Those that count for no step, by their indices, and why.
    pub(crate) spare: BTreeMap<usize, Spare>,
}

impl AllottedSteps {
    /// The steps of runs; those of other computers than the sheet's count for none.
    fn of(evidence: &StepInputs<'_>, runs: &[ToAllot<'_>], protocol: Protocol) -> AllottedSteps {
        let Allotted { steps, doubts, spare } = allot(runs, evidence.times());
        let mut spare: BTreeMap<usize, Spare> = spare.into_iter().collect();
        spare.extend(evidence.of_other_hosts(runs, protocol).into_iter().map(|index| (index, Spare::OfAnotherHost)));
        AllottedSteps { steps: steps.into_iter().flatten().collect(), doubts, spare }
    }
}

/// The steps of all connections: what the user set for a capture, else by company, client host and port. Where several steps
/// fit, the connections are theirs in the order of time, which is told or not.
pub(crate) fn of_connections(
    evidence: &StepInputs<'_>,
    connections: &[LabConnection],
    company: &[Company],
) -> AllottedSteps {
    let StepInputs { sheet, story, hosts, .. } = *evidence;
    let is_alone = hosts.is_one_computer();
    let seconds = if is_alone { seconds(story, connections, company) } else { BTreeSet::new() };
    let reached = reached(connections);
    let runs: Vec<ToAllot<'_>> = connections
        .iter()
        .zip(company)
        .enumerate()
        .map(|(index, (connection, company))| {
            let client = match is_alone {
                true => Client::Any { is_second: seconds.contains(&index) },
                false => Client::Of(hosts.name_of_client(connection.client().ip, sheet)),
            };
            let fitting = fitting((sheet, &reached), connection, *company, client);
            let refused = fitting.iter().all(|step| step.is_refused());
            let counts = match refused {
                true => connection.handshake() == HandshakeState::Refused,
                false => connection.established() && !connection.is_rest(),
            };
            let begin = story.timelines.get(index).and_then(|timeline| timeline.find(|seen| seen.first));
            let captures = connection.sightings().iter().map(|sighting| sighting.capture);
            let set = evidence.set_for(captures, Protocol::Tcp);
            ToAllot { fitting, set, computer: hosts.computer(connection.client().ip), counts, begin }
        })
        .collect();
    let mut told = AllottedSteps::of(evidence, &runs, Protocol::Tcp);
    if is_alone {
        // Which of clients side by side are whose matters only to who asks of some of them.
        let is_asked = |doubt: &Doubt| sheet.questions().iter().any(|one| doubt.is_about(one.steps(), None));
        told.doubts.retain(is_asked);
    }
    told
}

/// The doubts about connections that may be of the part with clients side by side, or of the other one.
pub(crate) fn doubts_about_part(
    evidence: &StepInputs<'_>,
    connections: &[LabConnection],
    untold: &BTreeSet<usize>,
) -> Vec<Doubt> {
    let StepInputs { sheet, hosts, .. } = *evidence;
    let reached = reached(connections);
    let doubt = |connection: &LabConnection| {
        let client = Client::Of(hosts.name_of_client(connection.client().ip, sheet));
        let step = |company| fitting((sheet, &reached), connection, company, client).first().copied().cloned();
        let (alone, parallel) = (step(Company::Alone)?, step(Company::Parallel)?);
        let client = Some(connection.client());
        let doubt = |steps| Doubt { steps, hosts: Vec::new(), client, is_whole: false };
        (alone != parallel).then(|| doubt(vec![alone, parallel]))
    };
    untold.iter().filter_map(|index| doubt(connections.get(*index)?)).collect()
}

/// The servers' ports to which connections were made.
fn reached(connections: &[LabConnection]) -> BTreeSet<u16> {
    connections.iter().filter(|one| one.established()).map(|one| one.server().port).collect()
}

/// Whose client a connection is of.
#[derive(Clone, Copy)]
enum Client {
    /// Of the host with this name, where it has one.
    Of(Option<HostName>),
    /// Of any, as one computer plays all of them. `is_second` is whether it came while another one was connected.
    Any { is_second: bool },
}

/// The steps that a connection may belong to, in the order of the sheet.
/// `reached` are the ports of [`reached`].
fn fitting<'s>(
    (sheet, reached): (&'s Sheet, &BTreeSet<u16>),
    connection: &LabConnection,
    company: Company,
    client: Client,
) -> Vec<&'s Step> {
    let later = sheet.later_hosts();
    let mut steps: Vec<&Step> = sheet.recorded().filter(|step| step.runs(Protocol::Tcp)).collect();
    let mut narrow = |wanted: &dyn Fn(&Step) -> bool| narrow(&mut steps, wanted);
    narrow(&|step| step.port() == Some(connection.server().port));
    // At another port than the sheet's it is of a step whose own port nobody got to.
    narrow(&|step| step.port().is_none_or(|own| own == connection.server().port || !reached.contains(&own)));
    // A sheet may want an attempt that is refused, before or after one at the same port that is not. In whose company it
    // would have been is not to be seen.
    narrow(&|step| step.is_refused() == (connection.handshake() == HandshakeState::Refused));
    narrow(&|step| company == Company::Untold || step.is_parallel() == (company == Company::Parallel));
    let host = match client {
        Client::Any { is_second } => {
            if company == Company::Alone {
                narrow(&|step| step.is_beside_busy() == is_second);
            }
            return steps;
        }
        Client::Of(host) => host,
    };
    // Whoever has no step of its own came later than the first host.
    match host.filter(|host| sheet.recorded().any(|step| step.runs(Protocol::Tcp) && step.hosts().contains(host))) {
        Some(host) => narrow(&|step| step.hosts().contains(&host)),
        None => narrow(&|step| step.hosts().iter().any(|host| later.contains(host))),
    }
    steps
}

/// Leaves the steps that are wanted, if any are.
fn narrow(steps: &mut Vec<&Step>, wanted: &dyn Fn(&Step) -> bool) {
    if steps.iter().any(|step| wanted(step)) {
        steps.retain(|step| wanted(step));
    }
}

/// The steps of all conversations: what the user set for a capture, else by client host and port. Where several steps fit a
/// host, those that want no server are of the conversations that found none, and the conversations are theirs in the order of
/// time; where no step fits, the first with UDP.
pub(crate) fn of_conversations(evidence: &StepInputs<'_>, conversations: &[LabConversation]) -> AllottedSteps {
    let StepInputs { sheet, hosts, .. } = *evidence;
    // Where a server's absence is told, silence tells that it is there.
    let told_at: BTreeSet<SocketAddress> = conversations
        .iter()
        .filter(|conversation| evidence.found_nobody(conversation) == Some(true))
        .map(LabConversation::server)
        .collect();
    let run = |conversation: &LabConversation| {
        let host = hosts.name_of_client(conversation.client().ip, sheet);
        let steps = |fits: &dyn Fn(&Step) -> bool| -> Vec<&Step> {
            sheet.recorded().filter(|step| step.runs(Protocol::Udp) && fits(step)).collect()
        };
        let is_alone = hosts.is_one_computer();
        let of_host = |step: &Step| is_alone || host.is_some_and(|host| step.hosts().contains(&host));
        let at_port = |step: &Step| step.port() == Some(conversation.server().port);
        let (both, at_port, of_host) =
            (steps(&|step| of_host(step) && at_port(step)), steps(&at_port), steps(&of_host));
        let mut fitting = match (both.is_empty(), at_port.first(), of_host.is_empty()) {
            (false, _, _) => both,
            (true, Some(first), _) => vec![*first],
            (true, None, false) => of_host,
            (true, None, true) => steps(&|_| true).into_iter().take(1).collect(),
        };
        let by_silence = || told_at.contains(&conversation.server()).then_some(false);
        if let Some(found_nobody) = evidence.found_nobody(conversation).or_else(by_silence) {
            narrow(&mut fitting, &|step| step.is_refused() == found_nobody);
        }
        let begin = Moment::begin_of(conversation.whole());
        let captures = conversation.sightings().iter().map(|sighting| sighting.capture);
        let set = evidence.set_for(captures, Protocol::Udp);
        let computer = hosts.computer(conversation.client().ip);
        ToAllot { fitting, set, computer, counts: true, begin: Some(begin) }
    };
    let runs: Vec<ToAllot<'_>> = conversations.iter().map(run).collect();
    AllottedSteps::of(evidence, &runs, Protocol::Udp)
}

/// The steps that each capture holds, in the order of the sheet; without those that may be another.
pub(crate) fn of_captures(
    evidence: &StepInputs<'_>,
    connections: &[(&Step, &LabConnection)],
    conversations: &[(&Step, &LabConversation)],
    doubts: &[Doubt],
) -> Vec<Vec<RecordedStep>> {
    let StepInputs { sheet, places, hosts, set, .. } = *evidence;
    let mut tcp: BTreeMap<(usize, &Step), Vec<&TcpSighting>> = BTreeMap::new();
    for (step, connection) in connections {
        let of_first = connections.iter().filter(|(other, _)| step.during() == Some(*other));
        let firsts = of_first.map(|(_, first)| *first);
        let is_meant = !step.is_beside_busy() || may_come_second((sheet, hosts), step, connection, firsts);
        let is_set = |capture: usize| set.get(capture).and_then(Option::as_ref) == Some(*step);
        let counts = |sighting: &&TcpSighting| !sighting.overheard && (is_meant || is_set(sighting.capture));
        for sighting in connection.sightings().iter().filter(counts) {
            tcp.entry((sighting.capture, step)).or_default().push(sighting);
        }
    }
    let mut udp: BTreeMap<(usize, &Step), Vec<&UdpSighting>> = BTreeMap::new();
    for (step, conversation) in conversations {
        for sighting in conversation.sightings() {
            udp.entry((sighting.capture, step)).or_default().push(sighting);
        }
    }
    let only_udp = conversations.first().filter(|(step, _)| is_only_one_with_udp(sheet, step));
    let mut captures: Vec<Vec<RecordedStep>> = vec![Vec::new(); places.len()];
    for ((capture, step), mut sightings) in tcp {
        sightings.sort_by_key(|sighting| sighting.connection.first_frame);
        let frames = sightings.iter().map(|s| s.client_sent().frames + s.server_sent().frames).sum();
        let is_set = set.get(capture).and_then(Option::as_ref) == Some(step);
        let why = if is_set { say!["The step was set."] } else { tcp_why(step, &sightings, hosts, sheet) };
        let host = place_in(places, capture, hosts);
        if let Some(steps) = captures.get_mut(capture) {
            let step = step.clone();
            steps.push(RecordedStep { step, protocol: Protocol::Tcp, host, frames, why });
        }
    }
    for ((capture, step), sightings) in udp {
        let frames = sightings.iter().map(|s| s.client_sent().datagrams + s.server_sent().datagrams).sum();
        let clients = distinct(sightings.iter().map(|sighting| sighting.client().ip));
        let why = match only_udp {
            Some(_) => {
                say!["UDP datagrams of ", names(&clients, hosts, sheet), format!(": only {} uses UDP.", of_sheet(step))]
            }
            None => say!["UDP datagrams of ", names(&clients, hosts, sheet), ", as in ", step.clone(), "."],
        };
        let host = place_in(places, capture, hosts);
        if let Some(steps) = captures.get_mut(capture) {
            let step = step.clone();
            steps.push(RecordedStep { step, protocol: Protocol::Udp, host, frames, why });
        }
    }
    for (steps, set) in captures.iter_mut().zip(set) {
        let in_doubt = |step: &Step| doubts.iter().any(|doubt| doubt.steps.contains(step));
        steps.retain(|recorded| set.as_ref() == Some(&recorded.step) || !in_doubt(&recorded.step));
        steps.sort_by(|one, other| one.step.cmp(&other.step));
    }
    captures
}

/// Whether a step is the only one of the sheet with UDP.
fn is_only_one_with_udp(sheet: &Sheet, step: &Step) -> bool {
    sheet.recorded().filter(|other| other.runs(Protocol::Udp)).all(|other| other == step)
}

/// A step with its part behind it: `step 12 of Part I`.
fn of_sheet(step: &Step) -> String {
    let part = step.part().map(|part| format!(" of Part {part}")).unwrap_or_default();
    format!("{}{part}", step.short())
}

/// The host that made a capture, where it is one of the lab.
fn place_in(places: &[Place], capture: usize, hosts: &Hosts) -> Option<IpAddr> {
    places.get(capture).and_then(|place| place.host()).filter(|ip| hosts.name_of(*ip).is_some())
}

/// What of a step a capture holds: how many connections, of whom, and whether they were open side by side.
fn tcp_why(step: &Step, sightings: &[&TcpSighting], hosts: &Hosts, sheet: &Sheet) -> Text {
    let established: Vec<&TcpSighting> = sightings.iter().copied().filter(|sighting| sighting.established()).collect();
    let clients = distinct(sightings.iter().map(|sighting| sighting.client().ip));
    let of = names(&clients, hosts, sheet);
    if established.is_empty() {
        let attempts = count(sightings.len() as u64, "attempt");
        return say![format!("{attempts} of "), of, " to connect, as in ", step.clone(), "."];
    }
    let connections = count(established.len() as u64, "TCP connection");
    let pairs = established.iter().zip(established.iter().skip(1));
    let are_apart = pairs.clone().all(|(one, next)| one.is_over_before(next));
    let side_by_side = pairs.filter(|(one, next)| one.overlaps(next)).count();
    let one_watch =
        established.windows(2).all(|pair| pair.iter().all(|s| Some(s.watch) == pair.first().map(|s| s.watch)));
    let together = match side_by_side {
        _ if established.len() == 1 || !one_watch => "",
        0 if are_apart => ", one after the other",
        0 => "",
        all if all == established.len().saturating_sub(1) => ", open side by side",
        _ => ", some of them open side by side",
    };
    say![format!("{connections} of "), of, together, ", as in ", step.clone(), "."]
}

fn names(clients: &[IpAddr], hosts: &Hosts, sheet: &Sheet) -> Text {
    let name = |ip: IpAddr| hosts.name_of_client(ip, sheet).filter(|_| !hosts.is_one_computer());
    Text::list(clients.iter().map(|ip| Span::Host(HostSpan { ip: *ip, name: name(*ip), with_address: true })))
}
