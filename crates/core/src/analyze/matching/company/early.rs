//! Which connections came before clients side by side, were still open then, and are of one run with them.

use std::net::IpAddr;

use foldhash::{HashMap, HashMapExt, HashSet, HashSetExt};

use crate::analyze::conversation::LabConnection;
use crate::analyze::matching::hosts::computers::Computers;
use crate::analyze::story::{Moment, Seen, Story};
use crate::lab::{HostName, LabConfig, Step};
use socklab_packets::types::{Protocol, SocketAddress};

/// A connection of a host that has no client alone but beside the first host's: where it came first and was still open when that
/// host's clients side by side came to the same server, they are of one run. Nobody could start another server meanwhile.
///
/// So is the only connection of any other host, if the server served clients side by side while it was open: a server that serves
/// one client at a time would have let them wait.
///
/// `is_parallel` tells of a connection, by its index, whether it is of clients side by side.
pub(crate) fn early_clients(
    config: &LabConfig,
    story: &Story,
    computers: &Computers,
    connections: &[LabConnection],
    is_parallel: impl Fn(usize) -> bool,
) -> Vec<usize> {
    let seconds = second_hosts(config, computers);
    let at_servers = AtServers::new(computers, connections, is_parallel);
    let is_early = |(index, connection): &(usize, &LabConnection)| {
        let index = *index;
        let (host, server) = at_servers.ends(connection);
        let is_second = seconds.contains(&host);
        let was_queued = || story.services.get(index).is_some_and(|service| service.was_queued());
        let has_others = || at_servers.hosts_of_parallel.contains(&host);
        if !connection.established() || was_queued() || !is_second && has_others() {
            return false;
        }
        let met = |other: &usize| {
            is_recorded_open_when_begins(story, index, *other)
                && (is_second || is_recorded_open_when_served(story, index, *other))
        };
        let came_first =
            || !at_servers.others(host, server).any(|other| is_recorded_open_when_begins(story, other, index));
        let wanted = if is_second { 1 } else { 2 };
        at_servers.parallel(host, server).filter(met).take(wanted).count() == wanted && came_first()
    };
    connections.iter().enumerate().filter(is_early).map(|(index, _)| index).collect()
}

/// The computers of the hosts that have no client alone but beside the first host's.
pub(crate) fn second_hosts(config: &LabConfig, computers: &Computers) -> Vec<IpAddr> {
    let sheet = &config.sheet;
    let comes_second = |host: HostName| {
        let mut alone = sheet
            .recorded()
            .filter(|step| step.runs(Protocol::Tcp) && !step.is_parallel() && step.hosts().contains(&host));
        alone.all(Step::is_beside_busy)
    };
    let address = |host: HostName| config.hosts.get(&host).copied().or_else(|| sheet.address_of(host));
    sheet.clients().filter(|host| comes_second(*host)).filter_map(address).map(|ip| computers.of(ip)).collect()
}

/// A server's connections, by their index, each with its client's computer.
type OfServer = Vec<(IpAddr, usize)>;

/// The established connections of each server, so that those of one are found without a look at all.
struct AtServers<'a> {
    computers: &'a Computers,
    all: HashMap<SocketAddress, OfServer>,
    /// Those of them that are of clients side by side.
    parallel: HashMap<SocketAddress, OfServer>,
    /// The computers that have clients side by side, established or not.
    hosts_of_parallel: HashSet<IpAddr>,
}

impl<'a> AtServers<'a> {
    fn new(computers: &'a Computers, connections: &[LabConnection], is_parallel: impl Fn(usize) -> bool) -> Self {
        let (all, parallel, hosts_of_parallel) = (HashMap::new(), HashMap::new(), HashSet::new());
        let mut own = AtServers { computers, all, parallel, hosts_of_parallel };
        for (index, connection) in connections.iter().enumerate() {
            let (host, server) = own.ends(connection);
            let is_parallel = is_parallel(index);
            if is_parallel {
                own.hosts_of_parallel.insert(host);
            }
            if connection.established() {
                own.all.entry(server).or_default().push((host, index));
            }
            if is_parallel && connection.established() {
                own.parallel.entry(server).or_default().push((host, index));
            }
        }
        own
    }

    /// The computer of a connection's client, and its server.
    fn ends(&self, connection: &LabConnection) -> (IpAddr, SocketAddress) {
        (self.computers.of(connection.client().ip), self.computers.socket(connection.server()))
    }

    /// A server's connections of other computers than this one.
    fn others(&self, host: IpAddr, server: SocketAddress) -> impl Iterator<Item = usize> {
        but_of(host, self.all.get(&server))
    }

    /// Those of them that are of clients side by side.
    fn parallel(&self, host: IpAddr, server: SocketAddress) -> impl Iterator<Item = usize> {
        but_of(host, self.parallel.get(&server))
    }
}

fn but_of(host: IpAddr, of_server: Option<&OfServer>) -> impl Iterator<Item = usize> {
    of_server.into_iter().flatten().filter(move |(other, _)| *other != host).map(|(_, index)| *index)
}

/// Whether a connection was open when another one began, by the recorded times. They are weak evidence where two computers have
/// them, but for a step they are enough.
pub(crate) fn is_recorded_open_when_begins(story: &Story, first: usize, other: usize) -> bool {
    let (Some(first), Some(other)) = (story.timelines.get(first), story.timelines.get(other)) else { return false };
    let before = |one: &Moment, other: &Moment| story.clocks.before_as_recorded(one, other);
    let is_open = |seen: &Seen, begin: &Moment| {
        seen.open_since().is_some_and(|since| before(&since, begin) == Some(true))
            && seen.open_until().is_none_or(|end| before(begin, &end) == Some(true))
            && seen.capture_end.is_some_and(|end| before(&end, begin) == Some(false))
    };
    let begins = other.seen.iter().filter_map(|seen| seen.first);
    begins.into_iter().any(|begin| first.seen.iter().any(|seen| is_open(seen, &begin)))
}

/// Whether a connection was open when another one was served, which had not waited, by the recorded times.
fn is_recorded_open_when_served(story: &Story, first: usize, other: usize) -> bool {
    let before = |one: &Moment, other: &Moment| story.clocks.before_as_recorded(one, other);
    let service = story.services.get(other).filter(|service| !service.was_queued());
    let (Some(since), Some(first)) = (service.and_then(|service| service.since), story.timelines.get(first)) else {
        return false;
    };
    first.seen.iter().any(|seen| {
        seen.open_until().is_none_or(|end| before(&since, &end) == Some(true))
            && seen.capture_end.is_some_and(|end| before(&end, &since) == Some(false))
    })
}
