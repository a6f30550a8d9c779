//! Which computers are A, B and C.

use std::net::IpAddr;

use crate::analyze::topology::servers::Servers;
use crate::analyze::topology::view::LabStreams;
use crate::analyze::track::HandshakeState;
use crate::lab::{HostName, LabConfig, Step};
use crate::types::Timestamp;

/// A capture made later than this after another one says nothing about the order of steps: a Raspberry Pi without a
/// network clock may be off by any time.
const LONGEST_LAB_SECONDS: i128 = 3 * 60 * 60;

/// The computers of the lab.
#[derive(Debug, Clone, Default)]
pub(crate) struct Hosts {
    /// Host A.
    pub(crate) a: Option<IpAddr>,
    /// Host B.
    pub(crate) b: Option<IpAddr>,
    /// Host C.
    pub(crate) c: Option<IpAddr>,
}

impl Hosts {
    /// Names the computers: what was set first, then the servers' computer, then the clients in the order of the lab.
    pub(super) fn find(files: &[&str], streams: &LabStreams, servers: &Servers, config: &LabConfig) -> Hosts {
        let a = config.hosts.get(&HostName::A).copied().or(servers.host());
        let mut rest: Vec<Appearance> =
            in_order(files, streams, config).into_iter().filter(|seen| config.host_of(seen.ip).is_none()).collect();
        if rest.len() > 1 {
            rest.retain(|seen| Some(seen.ip) != a);
        }
        if let ([only], Some(a)) = (rest.as_mut_slice(), a) {
            only.second |= (!only.part_one || only.unanswered) && is_third_address(a, only.ip);
        }
        let mut b = config.hosts.get(&HostName::B).copied();
        let mut c = config.hosts.get(&HostName::C).copied();
        for seen in rest {
            if b.is_none() && !seen.second {
                b = Some(seen.ip);
            } else if c.is_none() {
                c = Some(seen.ip);
            }
        }
        Hosts { a, b, c }
    }

    /// The name of a computer, where it has one on the sheet.
    pub(crate) fn name_of(&self, ip: IpAddr) -> Option<HostName> {
        self.named().into_iter().find(|(_, address)| *address == ip).map(|(name, _)| name)
    }

    /// The named computers, A first.
    pub(crate) fn named(&self) -> Vec<(HostName, IpAddr)> {
        let all = [(HostName::A, self.a), (HostName::B, self.b), (HostName::C, self.c)];
        all.into_iter().filter_map(|(name, ip)| Some((name, ip?))).collect()
    }
}

/// A client computer as it comes up in the captures.
struct Appearance {
    ip: IpAddr,
    /// It is in a capture, or a part of one, without parallel connections.
    part_one: bool,
    /// It cannot be B: its connections were left in the queue, or its capture was set to be of the second host.
    second: bool,
    /// Its SYNs were all it sent, as of a client for which the busy server's queue has no room.
    unanswered: bool,
    time: Option<Timestamp>,
    place: usize,
}

/// The client computers in the order in which the sheet brings them in.
///
/// Part I is captured at B alone, so a client in a capture without parallel connections comes first; between the others
/// the times of the captures decide where they are close enough to be of one lab, else the order of the addresses.
fn in_order(files: &[&str], streams: &LabStreams, config: &LabConfig) -> Vec<Appearance> {
    let mut seen: Vec<Appearance> = Vec::new();
    let set_second = |capture: usize| {
        let step = files.get(capture).and_then(|file| config.step_of(file));
        matches!(step, Some(Step::BusyServer | Step::ThreadedAtC)) && client_hosts(streams, capture) == 1
    };
    for sighting in &streams.tcp {
        let start = streams.start(sighting.capture);
        let part_one = start.is_none_or(|start| sighting.connection.first_frame < start);
        let second =
            set_second(sighting.capture) || (part_one && (sighting.left_in_queue() || sighting.reset_in_queue()));
        let unanswered = sighting.connection.handshake == HandshakeState::SynOnly;
        let time = sighting.connection.first_time;
        note(&mut seen, Appearance { ip: sighting.client().ip, part_one, second, unanswered, time, place: 0 });
    }
    for sighting in &streams.udp {
        let ip = sighting.conversation.address(sighting.client_side).ip;
        let (second, time) = (set_second(sighting.capture), sighting.conversation.first_time);
        note(&mut seen, Appearance { ip, part_one: true, second, unanswered: false, time, place: 0 });
    }
    let near = times_are_of_one_lab(seen.iter().map(|there| there.time));
    seen.sort_by_key(|there| {
        let time = if near { there.time } else { None };
        let tie = if near { (None, there.place) } else { (Some(there.ip), 0) };
        (!there.part_one, time, tie)
    });
    seen
}

/// Takes note of a client computer. Of several captures, one of Part I counts most, then the earliest.
fn note(seen: &mut Vec<Appearance>, new: Appearance) {
    let Some(there) = seen.iter_mut().find(|there| there.ip == new.ip) else {
        let place = seen.len();
        seen.push(Appearance { place, ..new });
        return;
    };
    let earlier = new.time.is_some() && (there.time.is_none() || new.time < there.time);
    if (new.part_one && !there.part_one) || (new.part_one == there.part_one && earlier) {
        there.time = new.time;
    }
    there.part_one |= new.part_one;
    there.second &= new.second;
    there.unanswered &= new.unanswered;
}

/// Whether an address is the third where A's is the first, as the sheet numbers the computers: A .1, B .2, C .3. It tells
/// B from C where nothing else does.
fn is_third_address(a: IpAddr, ip: IpAddr) -> bool {
    match (a, ip) {
        (IpAddr::V4(a), IpAddr::V4(ip)) => a.to_bits().checked_add(2) == Some(ip.to_bits()),
        (IpAddr::V6(a), IpAddr::V6(ip)) => a.to_bits().checked_add(2) == Some(ip.to_bits()),
        _ => false,
    }
}

/// How many client computers a capture shows.
fn client_hosts(streams: &LabStreams, capture: usize) -> usize {
    let tcp = streams.tcp.iter().filter(|s| s.capture == capture).map(|s| s.client().ip);
    let udp = streams.udp.iter().filter(|s| s.capture == capture);
    let all = tcp.chain(udp.map(|s| s.conversation.address(s.client_side).ip));
    all.collect::<std::collections::BTreeSet<_>>().len()
}

/// Whether all times are known and lie within one afternoon.
fn times_are_of_one_lab(times: impl Iterator<Item = Option<Timestamp>>) -> bool {
    let Some(times) = times.collect::<Option<Vec<_>>>() else { return false };
    match (times.iter().min(), times.iter().max()) {
        (Some(first), Some(last)) => last.nanoseconds_since(*first) <= LONGEST_LAB_SECONDS * 1_000_000_000,
        _ => false,
    }
}
