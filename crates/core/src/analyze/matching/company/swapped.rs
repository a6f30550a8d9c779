//! The client alone of a host that had its clients side by side before: where the parts of the sheet were done in another order.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use crate::analyze::conversation::TcpSighting;
use crate::analyze::matching::company::early::is_recorded_open_when_begins;
use crate::analyze::matching::company::epochs::RunInputs;
use crate::analyze::row::RowFrame;

/// The only clients alone of hosts that came when all the host's clients side by side were gone, by their indices.
#[derive(Debug, Default)]
pub(crate) struct AfterPair {
    /// Those of the part in which a host has one client, which was done last.
    pub(crate) alone: BTreeSet<usize>,
    /// Those that may as well be one client more of the run before them.
    pub(crate) untold: BTreeSet<usize>,
}

/// Such a client is of the part in which a host has one if datagrams of the host came after it and none before the others, or if
/// it came while such a client of another host kept the same server.
///
/// Where one file shows that the datagrams came between, somebody may as well have tried two terminals in that part and one in the
/// next. Where it shows that they came before all, or clients of two hosts came so at the same time, it may be one client more of the
/// others. It is not told then, unless another client is of that part. `alone` are those of which that is known.
pub(crate) fn after_pair(known: RunInputs<'_>, alone: &BTreeSet<usize>) -> AfterPair {
    let clients = Clients::new(known);
    let last_alone: Vec<usize> = clients.of.values().filter_map(|of_host| clients.last_alone(of_host)).collect();
    let all_alone = clients.of.values().flatten().filter(|index| !known.parallel.contains(index)).count();
    let is_all = all_alone == last_alone.len();
    let (told, others): (BTreeSet<usize>, BTreeSet<usize>) =
        last_alone.into_iter().partition(|index| alone.contains(index) || clients.has_datagrams(*index, Sent::After));
    let is_between = |index: &usize| clients.has_datagrams(*index, Sent::Between);
    let is_like_told = |index: &usize| {
        !told.is_empty() && is_between(index) || told.iter().any(|first| clients.are_met(*first, *index))
    };
    let (like_told, others): (BTreeSet<usize>, BTreeSet<usize>) = others.into_iter().partition(is_like_told);
    let has_near = |index: usize| {
        let is_near = |other: &usize| clients.are_met(*other, index) || clients.are_met(index, *other);
        others.iter().filter(|other| **other != index).any(is_near)
    };
    let may_be_more = |index: usize| is_all && (clients.is_in_file_with_datagrams(index) || has_near(index));
    let is_untold = |index: &usize| told.is_empty() && (is_between(index) || may_be_more(*index));
    let untold =
        others.iter().copied().filter(|index| clients.is_in_file_of_pair(*index) && is_untold(index)).collect();
    AfterPair { alone: told.iter().copied().chain(like_told).collect(), untold }
}

/// When a host sent datagrams.
#[derive(Clone, Copy)]
enum Sent {
    /// Between its clients side by side and its client alone.
    Between,
    /// After its client alone, and not before the others.
    After,
}

/// The established connections, and what else tells of their order.
struct Clients<'a> {
    known: RunInputs<'a>,
    /// Those of each client's computer.
    of: BTreeMap<IpAddr, Vec<usize>>,
    /// The first datagrams of each computer's conversations in each capture.
    sent: BTreeMap<(usize, IpAddr), Vec<RowFrame>>,
}

impl<'a> Clients<'a> {
    fn new(known: RunInputs<'a>) -> Clients<'a> {
        let mut clients = Clients { known, of: BTreeMap::new(), sent: BTreeMap::new() };
        for (host, moment) in known.datagrams() {
            clients.sent.entry((moment.capture, host)).or_default().push(moment.frame);
        }
        for (index, _) in known.connections.iter().enumerate().filter(|(_, one)| one.established()) {
            if let Some(host) = known.host(index) {
                clients.of.entry(host).or_default().push(index);
            }
        }
        clients
    }

    /// The only client alone of a host's, where it has clients side by side and all of them came before.
    fn last_alone(&self, of_host: &[usize]) -> Option<usize> {
        let known = self.known;
        let (beside, alone): (Vec<usize>, Vec<usize>) =
            of_host.iter().partition(|index| known.parallel.contains(index));
        let [alone] = alone.as_slice() else { return None };
        let is_last = beside.iter().all(|other| self.began_before(*other, *alone));
        (is_last && !beside.is_empty()).then_some(*alone)
    }

    /// Whether a connection began before another one: by the order of the frames where a capture shows both, as its clock may have
    /// been set back, and by the recorded times else.
    fn began_before(&self, one: usize, other: usize) -> bool {
        let of_other = self.known.connections.get(other);
        let in_capture = |own: &TcpSighting| {
            Some(own.connection.first_frame < of_other?.in_capture(own.capture)?.connection.first_frame)
        };
        match self.sightings(one).iter().find_map(in_capture) {
            Some(is_before) => is_before,
            None => self.known.begin(one).zip(self.known.begin(other)).is_some_and(|(one, other)| one < other),
        }
    }

    fn sightings(&self, index: usize) -> &[TcpSighting] {
        self.known.connections.get(index).map_or(&[], |connection| connection.sightings())
    }

    /// Where a capture begins to show the clients side by side of a connection's host.
    fn begins_of_pair(&self, index: usize, capture: usize) -> Vec<RowFrame> {
        let of_host = self.known.host(index).and_then(|host| self.of.get(&host));
        let others = of_host.into_iter().flatten().filter(|other| self.known.parallel.contains(other));
        let in_capture = others.filter_map(|other| self.known.connections.get(*other)?.in_capture(capture));
        in_capture.map(|other| other.connection.first_frame).collect()
    }

    fn sent(&self, index: usize, capture: usize) -> &[RowFrame] {
        let of_host = self.known.host(index).and_then(|host| self.sent.get(&(capture, host)));
        of_host.map_or(&[], Vec::as_slice)
    }

    /// Whether some capture shows that the host sent datagrams then.
    fn has_datagrams(&self, index: usize, when: Sent) -> bool {
        self.sightings(index).iter().any(|own| {
            let (sent, begins) = (self.sent(index, own.capture), self.begins_of_pair(index, own.capture));
            let (Some(first), Some(last)) = (begins.iter().min(), begins.iter().max()) else { return false };
            let alone = own.connection.first_frame;
            let is_then = match when {
                Sent::Between => sent.iter().any(|frame| last < frame && *frame < alone),
                Sent::After => sent.iter().any(|frame| *frame > alone) && sent.iter().all(|frame| frame > first),
            };
            *last < alone && is_then
        })
    }

    fn is_in_file_of_pair(&self, index: usize) -> bool {
        self.sightings(index).iter().any(|own| !self.begins_of_pair(index, own.capture).is_empty())
    }

    fn is_in_file_with_datagrams(&self, index: usize) -> bool {
        self.sightings(index).iter().any(|own| !self.sent(index, own.capture).is_empty())
    }

    /// Whether one client came while another one was connected to the same server, by the recorded times.
    fn are_met(&self, first: usize, other: usize) -> bool {
        let server =
            |index: usize| self.known.connections.get(index).map(|one| self.known.computers.socket(one.server()));
        server(first) == server(other) && is_recorded_open_when_begins(self.known.story, first, other)
    }
}
