//! Which steps of the sheet the connections belong to, and so which of them each capture holds.

use std::collections::BTreeMap;
use std::net::IpAddr;

use crate::analyze::analysis::RecordedStep;
use crate::analyze::conversation::{LabConnection, LabConversation, TcpSighting, UdpSighting};
use crate::analyze::distinct::distinct;
use crate::analyze::matching::company::Company;
use crate::analyze::matching::hosts::Hosts;
use crate::analyze::place::Place;
use crate::analyze::text::{HostSpan, Span, Text, say};
use crate::lab::{HostName, Sheet, Step};
use crate::wording::count;
use socklab_packets::track::HandshakeState;
use socklab_packets::types::Protocol;

/// The steps of all connections: what the user set for a capture, else by company, client host and port. Where several steps
/// fit, the connections are theirs in order, and the last step has what is left.
pub(super) fn of_connections(
    sheet: &Sheet,
    connections: &[LabConnection],
    company: &[Company],
    hosts: &Hosts,
    set: &[Option<Step>],
) -> Vec<Step> {
    let mut told: BTreeMap<Step, usize> = BTreeMap::new();
    let mut of_one = |connection: &LabConnection, company: Company| -> Option<Step> {
        let set = connection.sightings().iter().find_map(|sighting| set.get(sighting.capture).cloned().flatten());
        if let Some(step) = set.filter(|step| step.runs(Protocol::Tcp)) {
            return Some(step);
        }
        let fitting = fitting(sheet, connection, company, hosts.name_of_client(connection.client().ip, sheet));
        let before = told.entry(fitting.first().copied()?.clone()).or_default();
        let step = fitting.get(*before).or(fitting.last()).copied();
        *before += usize::from(connection.established());
        step.cloned()
    };
    let company = company.iter().copied();
    connections.iter().zip(company).filter_map(|(connection, company)| of_one(connection, company)).collect()
}

/// The steps that a connection may belong to, in the order of the sheet.
fn fitting<'s>(
    sheet: &'s Sheet,
    connection: &LabConnection,
    company: Company,
    host: Option<HostName>,
) -> Vec<&'s Step> {
    let later = sheet.later_hosts();
    let mut steps: Vec<&Step> = sheet.recorded().filter(|step| step.runs(Protocol::Tcp)).collect();
    let mut narrow = |wanted: &dyn Fn(&Step) -> bool| {
        let fit: Vec<&Step> = steps.iter().copied().filter(|step| wanted(step)).collect();
        if !fit.is_empty() {
            steps = fit;
        }
    };
    narrow(&|step| step.port() == Some(connection.server().port));
    // A sheet may want an attempt that is refused, before or after one at the same port that is not. In whose company it
    // would have been is not to be seen.
    narrow(&|step| step.is_refused() == (connection.handshake() == HandshakeState::Refused));
    narrow(&|step| step.is_parallel() == (company == Company::Parallel));
    // Whoever has no step of its own came later than the first host.
    match host.filter(|host| sheet.recorded().any(|step| step.runs(Protocol::Tcp) && step.hosts().contains(host))) {
        Some(host) => narrow(&|step| step.hosts().contains(&host)),
        None => narrow(&|step| step.hosts().iter().any(|host| later.contains(host))),
    }
    steps
}

/// The steps of all conversations: by client host and port, else the first with UDP.
pub(super) fn of_conversations(sheet: &Sheet, conversations: &[LabConversation], hosts: &Hosts) -> Vec<Step> {
    let of_one = |conversation: &LabConversation| -> Option<Step> {
        let host = hosts.name_of_client(conversation.client().ip, sheet);
        let steps = || sheet.recorded().filter(|step| step.runs(Protocol::Udp));
        let of_host = |step: &&Step| host.is_some_and(|host| step.hosts().contains(&host));
        let at_port = |step: &&Step| step.port() == Some(conversation.server().port);
        let both = steps().find(|step| of_host(step) && at_port(step));
        both.or_else(|| steps().find(at_port)).or_else(|| steps().find(of_host)).or_else(|| steps().next()).cloned()
    };
    conversations.iter().filter_map(of_one).collect()
}

/// The steps that each capture holds, in the order of the sheet.
pub(super) fn of_captures(
    sheet: &Sheet,
    places: &[Place],
    connections: &[(&Step, &LabConnection)],
    conversations: &[(&Step, &LabConversation)],
    hosts: &Hosts,
    set: &[Option<Step>],
) -> Vec<Vec<RecordedStep>> {
    let mut tcp: BTreeMap<(usize, &Step), Vec<&TcpSighting>> = BTreeMap::new();
    for (step, connection) in connections {
        for sighting in connection.sightings().iter().filter(|sighting| !sighting.overheard) {
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
        let why = if is_set { say!["The step was set."] } else { tcp_why(step, &sightings, hosts) };
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
                say!["UDP datagrams of ", names(&clients, hosts), format!(": only {} uses UDP.", of_sheet(step))]
            }
            None => say!["UDP datagrams of ", names(&clients, hosts), ", as in ", step.clone(), "."],
        };
        let host = place_in(places, capture, hosts);
        if let Some(steps) = captures.get_mut(capture) {
            let step = step.clone();
            steps.push(RecordedStep { step, protocol: Protocol::Udp, host, frames, why });
        }
    }
    captures.iter_mut().for_each(|steps| steps.sort_by(|one, other| one.step.cmp(&other.step)));
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
fn tcp_why(step: &Step, sightings: &[&TcpSighting], hosts: &Hosts) -> Text {
    let established: Vec<&TcpSighting> = sightings.iter().copied().filter(|sighting| sighting.established()).collect();
    let clients = distinct(sightings.iter().map(|sighting| sighting.client().ip));
    let of = names(&clients, hosts);
    if established.is_empty() {
        let attempts = count(sightings.len() as u64, "attempt");
        return say![format!("{attempts} of "), of, " to connect, as in ", step.clone(), "."];
    }
    let connections = count(established.len() as u64, "TCP connection");
    let pairs = established.iter().zip(established.iter().skip(1));
    let side_by_side = pairs.filter(|(one, next)| one.overlaps(next)).count();
    let one_watch =
        established.windows(2).all(|pair| pair.iter().all(|s| Some(s.watch) == pair.first().map(|s| s.watch)));
    let together = match side_by_side {
        _ if established.len() == 1 || !one_watch => "",
        0 => ", one after the other",
        all if all == established.len().saturating_sub(1) => ", open side by side",
        _ => ", some of them open side by side",
    };
    say![format!("{connections} of "), of, together, ", as in ", step.clone(), "."]
}

fn names(clients: &[IpAddr], hosts: &Hosts) -> Text {
    Text::list(clients.iter().map(|ip| Span::Host(HostSpan { ip: *ip, name: hosts.name_of(*ip), with_address: true })))
}
