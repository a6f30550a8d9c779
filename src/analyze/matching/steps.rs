//! Which steps of the sheet the connections belong to, and so which of them each capture holds.

use std::collections::BTreeMap;
use std::net::IpAddr;

use crate::analyze::analysis::RecordedStep;
use crate::analyze::conversation::{LabConnection, LabConversation, TcpSighting, UdpSighting};
use crate::analyze::matching::hosts::Hosts;
use crate::analyze::place::Place;
use crate::analyze::text::{HostSpan, Span, Text, say};
use crate::lab::{HostName, Part, Step};
use crate::types::Protocol;
use crate::wording::count;

/// The step of a connection: what the user set for its capture, else by its part and its client's host.
pub(super) fn of_connection(connection: &LabConnection, part: Part, hosts: &Hosts, set: &[Option<Step>]) -> Step {
    let set = connection.sightings().iter().find_map(|sighting| set.get(sighting.capture).copied().flatten());
    let of_b = hosts.is(connection.client().ip, HostName::B);
    match set {
        Some(step) if step != Step::Udp => step,
        _ => match (part, of_b) {
            (Part::I, true) => Step::TcpClient,
            (Part::I, false) => Step::BusyServer,
            (Part::II, true) => Step::ThreadedAtB,
            (Part::II, false) => Step::ThreadedAtC,
        },
    }
}

/// The steps that each capture holds, in the order of the sheet.
pub(super) fn of_captures(
    places: &[Place],
    connections: &[(Step, &LabConnection)],
    conversations: &[LabConversation],
    hosts: &Hosts,
    set: &[Option<Step>],
) -> Vec<Vec<RecordedStep>> {
    let mut tcp: BTreeMap<(usize, Step), Vec<&TcpSighting>> = BTreeMap::new();
    for (step, connection) in connections {
        for sighting in connection.sightings() {
            tcp.entry((sighting.capture, *step)).or_default().push(sighting);
        }
    }
    let mut udp: BTreeMap<usize, Vec<&UdpSighting>> = BTreeMap::new();
    for sighting in conversations.iter().flat_map(LabConversation::sightings) {
        udp.entry(sighting.capture).or_default().push(sighting);
    }
    let mut captures: Vec<Vec<RecordedStep>> = vec![Vec::new(); places.len()];
    for ((capture, step), mut sightings) in tcp {
        sightings.sort_by_key(|sighting| sighting.connection.first_frame);
        let frames = sightings.iter().map(|s| s.client_sent().frames + s.server_sent().frames).sum();
        let is_set = set.get(capture).copied().flatten() == Some(step);
        let why = if is_set { say!["The step was set."] } else { tcp_why(step, &sightings, hosts) };
        let host = place_in(places, capture, hosts);
        if let Some(steps) = captures.get_mut(capture) {
            steps.push(RecordedStep { step, protocol: Protocol::Tcp, host, frames, why });
        }
    }
    for (capture, sightings) in udp {
        let frames = sightings.iter().map(|s| s.client_sent().datagrams + s.server_sent().datagrams).sum();
        let clients = distinct(sightings.iter().map(|sighting| sighting.client().ip));
        let why = say!["UDP datagrams of ", names(&clients, hosts), ": only step 12 of Part I uses UDP."];
        let host = place_in(places, capture, hosts);
        if let Some(steps) = captures.get_mut(capture) {
            steps.push(RecordedStep { step: Step::Udp, protocol: Protocol::Udp, host, frames, why });
        }
    }
    captures.iter_mut().for_each(|steps| steps.sort_by_key(|recorded| recorded.step));
    captures
}

/// The host that made a capture, where it is one of the lab.
fn place_in(places: &[Place], capture: usize, hosts: &Hosts) -> Option<IpAddr> {
    places.get(capture).and_then(|place| place.host()).filter(|ip| hosts.name_of(*ip).is_some())
}

/// What of a step a capture holds: how many connections, of whom, and whether they were open side by side.
fn tcp_why(step: Step, sightings: &[&TcpSighting], hosts: &Hosts) -> Text {
    let established: Vec<&TcpSighting> = sightings.iter().copied().filter(|sighting| sighting.established()).collect();
    let clients = distinct(sightings.iter().map(|sighting| sighting.client().ip));
    let of = names(&clients, hosts);
    if established.is_empty() {
        let attempts = count(sightings.len() as u64, "attempt");
        return say![format!("{attempts} of "), of, " to connect, as in ", step, "."];
    }
    let connections = count(established.len() as u64, "TCP connection");
    let together = match overlaps(&established) {
        _ if established.len() == 1 => "",
        (true, false) => ", one after the other",
        (false, true) => ", open side by side",
        _ => "",
    };
    say![format!("{connections} of "), of, together, ", as in ", step, "."]
}

/// Whether no two neighbours overlap, and whether any connection overlaps one of the same client host. The connections come
/// in the order of their first frames.
fn overlaps(connections: &[&TcpSighting]) -> (bool, bool) {
    let pairs = || connections.iter().zip(connections.iter().skip(1));
    let apart = pairs().all(|(one, next)| !one.overlaps(next));
    (apart, pairs().any(|(one, next)| one.overlaps(next)))
}

fn names(clients: &[IpAddr], hosts: &Hosts) -> Text {
    Text::list(clients.iter().map(|ip| Span::Host(HostSpan { ip: *ip, name: hosts.name_of(*ip), with_address: true })))
}

fn distinct<T: PartialEq>(items: impl Iterator<Item = T>) -> Vec<T> {
    let mut seen = Vec::new();
    for item in items {
        if !seen.contains(&item) {
            seen.push(item);
        }
    }
    seen
}
