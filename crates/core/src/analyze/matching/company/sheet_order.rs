//! Which run clients are of by the order in which the sheet has its steps: what follows the datagrams is of the run with clients
//! side by side, though there was only one; two terminals before a whole run of that kind are of the part before.
//!
//! The times are weak evidence where files of several computers have them, but for a step they are enough: no claim rests on
//! them.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use crate::analyze::analysis::ServerKind;
use crate::analyze::matching::company::early::is_recorded_open_when_begins;
use crate::analyze::matching::company::epochs::{LONGEST_PAUSE, RunInputs};
use crate::lab::Sheet;
use socklab_packets::types::{Protocol, SocketAddress};

/// When a client began, by the recorded times, and its index.
type Client = (i128, usize);

/// The capture and the server of some clients.
type Place = (usize, Option<SocketAddress>);

/// What the order of the sheet is told from.
pub(crate) struct InOrder<'a> {
    known: RunInputs<'a>,
    /// When each computer sent datagrams.
    sent: BTreeMap<IpAddr, Vec<i128>>,
    /// When each computer's clients began, with their indices: those that were established.
    begun: BTreeMap<IpAddr, Vec<Client>>,
    /// When each server's clients side by side of each computer began.
    beside: BTreeMap<SocketAddress, BTreeMap<IpAddr, Vec<i128>>>,
    /// The sheet has ports of its own for its steps: of which step a server is, they tell.
    is_by_port: bool,
}

impl<'a> InOrder<'a> {
    pub(crate) fn new(sheet: &Sheet, known: RunInputs<'a>) -> Self {
        let mut sent: BTreeMap<IpAddr, Vec<i128>> = BTreeMap::new();
        for (host, moment) in known.datagrams() {
            sent.entry(host).or_default().extend(known.at(&moment));
        }
        let mut begun: BTreeMap<IpAddr, Vec<Client>> = BTreeMap::new();
        let mut beside: BTreeMap<SocketAddress, BTreeMap<IpAddr, Vec<i128>>> = BTreeMap::new();
        for (index, connection) in known.connections.iter().enumerate().filter(|(_, one)| one.established()) {
            let (Some(host), Some(begin)) = (known.host(index), known.begin(index)) else { continue };
            begun.entry(host).or_default().push((begin, index));
            if known.parallel.contains(&index) {
                let of_server = beside.entry(known.computers.socket(connection.server())).or_default();
                of_server.entry(host).or_default().push(begin);
            }
        }
        sent.values_mut().for_each(|of_host| of_host.sort_unstable());
        begun.values_mut().for_each(|of_host| of_host.sort_unstable());
        beside.values_mut().flat_map(BTreeMap::values_mut).for_each(|of_host| of_host.sort_unstable());
        let is_by_port = sheet.recorded().any(|step| step.runs(Protocol::Tcp) && step.port().is_some());
        InOrder { known, sent, begun, beside, is_by_port }
    }

    fn server(&self, index: usize) -> Option<SocketAddress> {
        self.known.connections.get(index).map(|connection| self.known.computers.socket(connection.server()))
    }

    fn of(&self, host: IpAddr) -> &[Client] {
        self.begun.get(&host).map_or(&[], Vec::as_slice)
    }

    /// When a computer sent its last datagram before a moment, if that is not so long ago that the lab was begun again.
    fn sent_before(&self, host: IpAddr, moment: i128) -> Option<i128> {
        let sent = self.sent.get(&host)?;
        let last = sent.get(..sent.partition_point(|sent| *sent < moment))?.last().copied();
        last.filter(|sent| moment.saturating_sub(*sent) < LONGEST_PAUSE)
    }

    /// Whether a connection followed its host's datagrams and went to another server than all that the host had before: a step
    /// that is done again has the server that still runs.
    pub(crate) fn is_at_another_server(&self, index: usize) -> bool {
        if self.is_by_port {
            return false;
        }
        let (Some(host), Some(begin)) = (self.known.host(index), self.known.begin(index)) else { return false };
        let Some(sent) = self.sent_before(host, begin) else { return false };
        let mut before = self.of(host).iter().take_while(|(begin, _)| *begin < sent).peekable();
        before.peek().is_some() && before.all(|(_, other)| self.server(*other) != self.server(index))
    }

    /// When clients side by side of other computers came to a server, in order for each computer.
    fn beside_of_others(&self, host: IpAddr, server: Option<SocketAddress>) -> impl Iterator<Item = &[i128]> {
        let of_server = server.and_then(|server| self.beside.get(&server)).into_iter().flatten();
        of_server.filter(move |(other, _)| **other != host).map(|(_, begins)| begins.as_slice())
    }

    /// Whether clients side by side of another computer came to a server after this moment.
    fn is_followed_by_pair(&self, host: IpAddr, begin: i128, server: Option<SocketAddress>) -> bool {
        self.beside_of_others(host, server).any(|begins| {
            let next = begins.get(begins.partition_point(|other| *other <= begin));
            next.is_some_and(|next| next.saturating_sub(begin) < LONGEST_PAUSE)
        })
    }

    fn waited(&self, index: usize) -> bool {
        self.known.story.services.get(index).is_some_and(|service| service.was_queued())
    }

    /// A host's clients by the capture that shows most of them and by their server, in the order in which the first of each
    /// began.
    fn stages(&self, of_host: &[Client]) -> Vec<Vec<Client>> {
        let mut stages: Vec<(Place, Vec<Client>)> = Vec::new();
        for (begin, index) in of_host {
            let Some(connection) = self.known.connections.get(*index) else { continue };
            let key = (connection.best().capture, self.server(*index));
            match stages.iter_mut().find(|(other, _)| *other == key) {
                Some((_, members)) => members.push((*begin, *index)),
                None => stages.push((key, vec![(*begin, *index)])),
            }
        }
        stages.into_iter().map(|(_, members)| members).collect()
    }

    /// The captures that show most of each of these.
    fn captures(&self, stage: &[Client]) -> BTreeSet<usize> {
        let members = stage.iter().filter_map(|(_, index)| self.known.connections.get(*index));
        members.map(|one| one.best().capture).collect()
    }

    /// Whether a client of one stage was still there in the captures of a later one: captures that follow each other without a
    /// pause cut one run.
    fn goes_on_in(&self, stage: &[Client], later: &[Client]) -> bool {
        let captures = self.captures(later);
        let mut members = stage.iter().filter_map(|(_, index)| self.known.connections.get(*index));
        members.any(|one| captures.iter().any(|capture| one.is_open_into(*capture)))
    }

    /// The clients of other hosts than the one that came first, where they came after datagrams to a server at which that host
    /// never was: a client that comes to a busy server goes to that of the first one. `is_alone` is whether a connection is of the
    /// part with one client a host.
    pub(crate) fn at_server_without_first_host(&self, is_alone: impl Fn(usize) -> bool) -> BTreeSet<usize> {
        let mut found = BTreeSet::new();
        let firsts = self.begun.iter().filter_map(|(host, of_host)| of_host.first().map(|first| (*first, *host)));
        let first = firsts.min().filter(|((_, first), _)| !self.is_by_port && is_alone(*first));
        let Some(((began, first), first_host)) = first else { return found };
        let of_first: BTreeSet<_> = self.of(first_host).iter().map(|(_, index)| self.server(*index)).collect();
        let ip = self.server(first).map(|server| server.ip);
        for (begin, index) in self.begun.iter().filter(|(host, _)| **host != first_host).flat_map(|(_, of)| of) {
            let server = self.server(*index);
            let is_elsewhere = server.map(|server| server.ip) == ip && !of_first.contains(&server);
            let sent = || self.sent.keys().filter_map(|host| self.sent_before(*host, *begin)).max();
            if is_elsewhere && !self.waited(*index) && sent().is_some_and(|sent| sent > began) {
                found.insert(*index);
            }
        }
        found
    }

    /// The clients alone of a host that comes second, where they came when another host's clients side by side had come to the same
    /// server, and before its own ones, which the same captures show: one terminal was tried first. Not if it waited, nor if the
    /// host's datagrams came afterwards, nor if another host's client alone was there, as in the part before.
    pub(crate) fn tried_before_pair(&self, seconds: &[IpAddr], is_alone: impl Fn(usize) -> bool) -> Vec<usize> {
        let mut found = Vec::new();
        for (host, of_host) in self.begun.iter().filter(|(host, _)| seconds.contains(host)) {
            let mut next: BTreeMap<Option<SocketAddress>, usize> = BTreeMap::new();
            for (begin, index) in of_host.iter().rev() {
                let server = self.server(*index);
                if self.known.parallel.contains(index) {
                    next.insert(server, *index);
                    continue;
                }
                let Some(pair) = next.get(&server) else { continue };
                let is_tried = is_alone(*index)
                    && !self.waited(*index)
                    && self.is_in_one_capture(*index, *pair)
                    && self.follows_pair(*host, *begin, server)
                    && self.sent.get(host).is_none_or(|sent| sent.last() <= Some(begin))
                    && !self.is_beside_alone(*host, *index, &is_alone);
                if is_tried {
                    found.push(*index);
                }
            }
        }
        found
    }

    fn is_in_one_capture(&self, one: usize, other: usize) -> bool {
        let connections = self.known.connections.get(one).zip(self.known.connections.get(other));
        connections.is_some_and(|(one, other)| {
            one.sightings().iter().any(|sighting| other.in_capture(sighting.capture).is_some())
        })
    }

    /// Whether clients side by side of another computer came to a server before this moment.
    fn follows_pair(&self, host: IpAddr, begin: i128, server: Option<SocketAddress>) -> bool {
        self.beside_of_others(host, server).any(|begins| {
            let before = begins.get(..begins.partition_point(|other| *other < begin));
            let last = before.and_then(<[i128]>::last);
            last.is_some_and(|last| begin.saturating_sub(*last) < LONGEST_PAUSE)
        })
    }

    /// Whether a client alone of another computer was connected to the same server when this one came.
    fn is_beside_alone(&self, host: IpAddr, index: usize, is_alone: impl Fn(usize) -> bool) -> bool {
        let others = self.begun.iter().filter(|(other, _)| **other != host).flat_map(|(_, of_other)| of_other);
        let mut others = others.filter(|(_, other)| is_alone(*other) && self.server(*other) == self.server(index));
        others.any(|(_, other)| is_recorded_open_when_begins(self.known.story, *other, index))
    }

    /// The first clients side by side of a host that had no others than such, where they are in a capture of their own or at a
    /// server of their own, and the run with clients side by side is whole without them: somebody tried a second terminal in the
    /// part before, of which there is nothing else.
    pub(crate) fn first_capture_of_pair(&self) -> BTreeSet<usize> {
        let mut found = BTreeSet::new();
        let is_beside = |(_, index): &Client| self.known.parallel.contains(index);
        for (host, of_host) in &self.begun {
            let stages = self.stages(of_host);
            let [first, later @ ..] = stages.as_slice() else { continue };
            let Some(next) = later.iter().flatten().map(|(begin, _)| *begin).min() else { continue };
            let is_apart = of_host.iter().all(is_beside)
                && first.iter().all(|(begin, _)| *begin < next)
                && !later.iter().any(|stage| self.goes_on_in(first, stage));
            let has_pairs = first.len() > 1 && later.iter().any(|stage| stage.len() > 1);
            let server = |stage: &[Client]| stage.first().and_then(|(_, index)| self.server(*index));
            let has_own_server = !self.is_by_port && later.iter().all(|stage| server(stage) != server(first));
            let is_followed = |(begin, index): &Client| self.is_followed_by_pair(*host, *begin, self.server(*index));
            let is_whole = has_pairs && (has_own_server || later.iter().flatten().any(is_followed));
            let is_concurrent = || {
                let members: Vec<usize> = first.iter().map(|(_, index)| *index).collect();
                let RunInputs { story, accounts, connections, .. } = self.known;
                story.kind_of(connections, accounts, &members).kind == ServerKind::Concurrent
            };
            if is_apart && is_whole && !is_concurrent() {
                found.extend(first.iter().map(|(_, index)| *index));
            }
        }
        found
    }
}
