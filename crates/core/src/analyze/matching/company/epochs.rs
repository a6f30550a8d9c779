//! The runs of a server's program at one address, one after the other: a server may have been started again, or another one,
//! where none of its clients was connected. Which of these runs were of the server that serves one client at a time, though a
//! host had clients side by side.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use foldhash::{HashMap, HashMapExt};

use crate::analyze::accounts::Accounts;
use crate::analyze::analysis::{Basis, ServerKind};
use crate::analyze::conversation::{LabConnection, LabConversation, TcpSighting};
use crate::analyze::matching::hosts::computers::Computers;
use crate::analyze::row::RowFrame;
use crate::analyze::story::{Grounds, KindVerdict, Moment, Seen, Story};
use socklab_packets::track::HandshakeState;
use socklab_packets::types::SocketAddress;

/// Nanoseconds within which what one host does belongs to one run of the lab.
pub(crate) const LONGEST_PAUSE: i128 = 30 * 60 * 1_000_000_000;

/// What runs of servers are told from.
#[derive(Clone, Copy)]
pub(crate) struct RunInputs<'a> {
    pub(crate) story: &'a Story,
    pub(crate) accounts: &'a Accounts,
    pub(crate) computers: &'a Computers,
    pub(crate) connections: &'a [LabConnection],
    pub(crate) conversations: &'a [LabConversation],
    /// The connections of clients side by side on one host.
    pub(crate) parallel: &'a BTreeSet<usize>,
}

/// The connections, by their indices, whose server served one client at a time, so that they are none of the run with clients
/// side by side.
#[derive(Debug, Default)]
pub(crate) struct OneAtATime {
    /// Those of the steps in which hosts have one client each.
    pub(crate) alone: BTreeSet<usize>,
    /// Those that another server's run took the place of, where nothing tells whether they were meant for it.
    pub(crate) replaced: BTreeSet<usize>,
}

impl OneAtATime {
    /// Whether it is one of them.
    pub(crate) fn contains(&self, index: usize) -> bool {
        self.alone.contains(&index) || self.replaced.contains(&index)
    }

    /// Takes those out that are known to be none.
    pub(crate) fn forget(&mut self, none: &BTreeSet<usize>) {
        self.alone.retain(|index| !none.contains(index));
        self.replaced.retain(|index| !none.contains(index));
    }
}

/// The first datagrams of each host's conversations in each capture, in the order of frames: with the earliest time of those from
/// there on.
#[derive(Default)]
pub(crate) struct Sent(HashMap<(usize, IpAddr), Vec<(RowFrame, i128)>>);

/// The connections that a server had between two moments at which none of its clients was connected.
pub(crate) struct Epoch {
    pub(crate) server: SocketAddress,
    pub(crate) members: Vec<usize>,
    /// The computers that had no connection meanwhile, but one attempt to which nothing came back: the queue was full.
    tried: BTreeSet<IpAddr>,
    /// When the first and the last of them began, and when all were over, by the recorded times.
    pub(crate) begin: i128,
    last_begin: i128,
    pub(crate) over: i128,
    /// The computers that had clients side by side, and all.
    pub(crate) beside: BTreeSet<IpAddr>,
    hosts: BTreeSet<IpAddr>,
    pub(crate) kind: KindVerdict,
}

impl Epoch {
    /// The computers whose clients the run with clients side by side must have, too, to be in place of this one.
    fn wanted(&self) -> &BTreeSet<IpAddr> {
        if self.beside.is_empty() { &self.hosts } else { &self.beside }
    }
}

/// Finds the connections that were served one at a time where that tells their step.
///
/// A server that serves several clients at the same time keeps none waiting behind a single other one. So it is another
/// program's run if another run had clients side by side on the same hosts, and what it served is of the steps with one client
/// a host if these show in the order of the sheet: a client of another host that waited, or datagrams afterwards. The times are
/// weak evidence where files of several computers have them, but for a step they are enough: no claim rests on them.
pub(crate) fn one_at_a_time(known: RunInputs<'_>) -> OneAtATime {
    let mut found = OneAtATime::default();
    // Without clients side by side there is nothing to tell.
    if known.parallel.is_empty() {
        return found;
    }
    let epochs = known.epochs();
    let mut firsts: HashMap<IpAddr, i128> = HashMap::new();
    for (host, begin) in epochs.iter().flat_map(|epoch| epoch.hosts.iter().map(|host| (*host, epoch.begin))) {
        let first = firsts.entry(host).or_insert(begin);
        *first = begin.min(*first);
    }
    let is_followed_by_more = |epoch: &Epoch| is_followed_by_more(epoch, &epochs, &firsts);
    for (place, epoch) in epochs.iter().enumerate() {
        if !known.is_one_at_a_time(epoch) {
            if is_followed_by_more(epoch) {
                found.alone.extend(&epoch.members);
            }
            continue;
        }
        let others = || epochs.iter().enumerate().filter(move |(other, _)| *other != place).map(|(_, other)| other);
        let in_place = |other: &&Epoch| {
            other.kind.kind != ServerKind::Iterative
                && epoch.wanted().is_subset(&other.beside)
                && !other.beside.is_empty()
        };
        let is_other_kind = others().any(|other| in_place(&other) && other.kind.kind == ServerKind::Concurrent);
        let had_part = others().any(|other| {
            other.beside.is_empty() && other.begin < epoch.begin && !other.hosts.is_disjoint(epoch.wanted())
        });
        // Another program was at another address: the one that serves several at the same time is of the part that follows.
        let is_before_other_kind = || {
            others().any(|other| {
                other.kind.kind == ServerKind::Concurrent && other.server != epoch.server && other.begin > epoch.over
            })
        };
        let is_alone = !had_part
            && (known.is_before_datagrams(epoch, others()) || known.has_lone_waiting(epoch) || is_before_other_kind())
            || is_other_kind && epoch.beside.is_empty()
            || known.is_tried_before_more(epoch, &epochs, &firsts);
        match (is_alone, is_other_kind) {
            (true, _) => {
                let late =
                    if others().any(|other| in_place(&other)) { known.after_lone_waiting(epoch) } else { Vec::new() };
                found.alone.extend(epoch.members.iter().filter(|index| !late.contains(index)));
                found.replaced.extend(late);
            }
            (false, _) if is_followed_by_more(epoch) => found.alone.extend(&epoch.members),
            (false, true) => found.replaced.extend(&epoch.members),
            (false, false) => {}
        }
    }
    found
}

/// Whether a run that may be of either kind of server had one host's clients side by side and, until then, another host's alone,
/// and runs afterwards had both side by side: as where somebody tried a second terminal in the part before. If that host had been
/// there alone before, it may have had the second part's step twice. `firsts` are when each computer's first run began.
fn is_followed_by_more(epoch: &Epoch, epochs: &[Epoch], firsts: &HashMap<IpAddr, i128>) -> bool {
    let had_part = |host| firsts.get(host).is_some_and(|first| *first < epoch.begin);
    if epoch.beside.is_empty() || epoch.kind.kind == ServerKind::Concurrent || epoch.beside.iter().any(had_part) {
        return false;
    }
    let earlier = || epochs.iter().filter(|other| other.begin < epoch.begin);
    let later: Vec<&Epoch> = epochs.iter().filter(|other| other.begin > epoch.over).collect();
    let beside_later: BTreeSet<IpAddr> = later.iter().flat_map(|other| &other.beside).copied().collect();
    let is_alone = |host: &IpAddr| !epoch.beside.contains(host) && beside_later.contains(host);
    let was_alone =
        || epoch.hosts.iter().chain(&epoch.tried).chain(earlier().flat_map(|other| &other.hosts)).any(is_alone);
    epoch.beside.is_subset(&beside_later)
        && was_alone()
        && later.iter().all(|other| other.kind.kind != ServerKind::Iterative || other.beside.len() > 1)
}

impl<'a> RunInputs<'a> {
    /// The runs of all servers.
    pub(crate) fn epochs(&self) -> Vec<Epoch> {
        let mut servers: HashMap<SocketAddress, Vec<(i128, i128, usize)>> = HashMap::new();
        let sent = self.sent();
        for (index, connection) in self.connections.iter().enumerate().filter(|(_, one)| one.established()) {
            let Some((begin, over)) = self.span(index, connection, &sent) else { continue };
            servers.entry(self.computers.socket(connection.server())).or_default().push((begin, over, index));
        }
        let unanswered = self.unanswered();
        let mut epochs: Vec<Epoch> = Vec::new();
        for (server, mut spans) in servers {
            let tried = unanswered.get(&server).map_or(&[][..], Vec::as_slice);
            spans.sort_unstable();
            let mut rest = spans.as_slice();
            while let Some((first, _)) = rest.split_first() {
                let mut over = first.1;
                let open = rest.iter().take_while(|(begin, end, _)| {
                    let is_open = *begin <= over;
                    if is_open {
                        over = over.max(*end);
                    }
                    is_open
                });
                let (own, later) = rest.split_at(open.count().clamp(1, rest.len()));
                epochs.push(self.epoch(server, (own, over), tried));
                rest = later;
            }
        }
        epochs
    }

    /// The attempts at each server to which nothing came back, with their clients' computers.
    fn unanswered(&self) -> HashMap<SocketAddress, Vec<(i128, IpAddr)>> {
        let mut unanswered: HashMap<SocketAddress, Vec<(i128, IpAddr)>> = HashMap::new();
        let is_it = |one: &LabConnection| one.handshake() == HandshakeState::SynOnly;
        for (index, attempt) in self.connections.iter().enumerate().filter(|(_, one)| is_it(one)) {
            if let (Some(begin), Some(host)) = (self.begin(index), self.host(index)) {
                unanswered.entry(self.computers.socket(attempt.server())).or_default().push((begin, host));
            }
        }
        unanswered
    }

    /// The epoch of these connections, which are in the order in which they began, and are over by then. `unanswered` are attempts
    /// at their server.
    fn epoch(
        &self,
        server: SocketAddress,
        (spans, over): (&[(i128, i128, usize)], i128),
        unanswered: &[(i128, IpAddr)],
    ) -> Epoch {
        let members: Vec<usize> = spans.iter().map(|(_, _, index)| *index).collect();
        let hosts_of = |indices: &mut dyn Iterator<Item = &usize>| -> BTreeSet<IpAddr> {
            indices.filter_map(|index| self.host(*index)).collect()
        };
        let begin = spans.first().map(|(begin, ..)| *begin).unwrap_or_default();
        let hosts = hosts_of(&mut members.iter());
        let mut tries: BTreeMap<IpAddr, usize> = BTreeMap::new();
        for (at, host) in unanswered.iter().filter(|(_, host)| !hosts.contains(host)) {
            *tries.entry(*host).or_default() += usize::from((begin..=over).contains(at));
        }
        Epoch {
            server,
            tried: tries.into_iter().filter(|(_, count)| *count == 1).map(|(host, _)| host).collect(),
            begin,
            last_begin: spans.last().map(|(begin, ..)| *begin).unwrap_or_default(),
            over,
            beside: hosts_of(&mut members.iter().filter(|index| self.parallel.contains(index))),
            hosts,
            kind: self.story.kind_of(self.connections, self.accounts, &members),
            members,
        }
    }

    /// The computer of a connection's client.
    pub(crate) fn host(&self, index: usize) -> Option<IpAddr> {
        self.connections.get(index).map(|connection| self.computers.of(connection.client().ip))
    }

    /// When a connection began and when it was over, by the recorded times. Of one without an end nothing is known after its capture,
    /// nor after its host's datagrams: captures of several steps may have been merged into one file.
    pub(crate) fn span(&self, index: usize, connection: &LabConnection, sent: &Sent) -> Option<(i128, i128)> {
        let begin = self.begin(index)?;
        let timeline = self.story.timelines.get(index)?;
        let ends = timeline.seen.iter().filter_map(|seen| self.at(&seen.end()?));
        let datagrams = || {
            let host = self.computers.of(connection.client().ip);
            let after = |sighting: &TcpSighting| {
                let of_host = sent.0.get(&(sighting.capture, host))?;
                let next = of_host.partition_point(|(frame, _)| *frame <= sighting.connection.last_frame);
                of_host.get(next).map(|(_, first)| *first)
            };
            connection.sightings().iter().filter_map(after).min()
        };
        let last = || timeline.seen.iter().filter_map(|seen| self.at(&seen.capture_end?)).max();
        let over = ends.min().or_else(datagrams).or_else(last)?;
        Some((begin, over.max(begin)))
    }

    /// The datagrams to look up.
    pub(crate) fn sent(&self) -> Sent {
        let mut sent = Sent::default();
        for (host, moment) in self.datagrams() {
            if let Some(time) = self.at(&moment) {
                sent.0.entry((moment.capture, host)).or_default().push((moment.frame, time));
            }
        }
        for of_host in sent.0.values_mut() {
            of_host.sort_unstable();
            let mut first = i128::MAX;
            for (_, time) in of_host.iter_mut().rev() {
                first = first.min(*time);
                *time = first;
            }
        }
        sent
    }

    /// When a connection began, by the recorded times.
    pub(crate) fn begin(&self, index: usize) -> Option<i128> {
        first_moments(self.connections.get(index)?).filter_map(|first| self.at(&first)).min()
    }

    /// The recorded time of a moment, in nanoseconds.
    pub(crate) fn at(&self, moment: &Moment) -> Option<i128> {
        self.story.clocks.nanoseconds(moment)
    }

    /// Whether some clock has the beginnings of two connections.
    pub(crate) fn is_compared(&self, index: usize, other: usize) -> bool {
        let of_other = self.connections.get(other).into_iter().flat_map(first_moments);
        of_other.into_iter().any(|first| self.is_by_watch(index, first.watch))
    }

    /// Whether a connection's beginning was recorded by a clock that can be compared with this one.
    pub(crate) fn is_by_watch(&self, index: usize, watch: usize) -> bool {
        let mut own = self.connections.get(index).into_iter().flat_map(first_moments);
        own.any(|first| self.story.clocks.comparable(first.watch, watch))
    }

    /// The first datagram of each UDP conversation in each capture, with its client's computer.
    pub(crate) fn datagrams(&self) -> impl Iterator<Item = (IpAddr, Moment)> {
        let sightings = self.conversations.iter().flat_map(|conversation| conversation.sightings());
        sightings.map(|sighting| (self.computers.of(sighting.client().ip), Moment::begin_of(sighting)))
    }

    /// Whether the server of an epoch served one client at a time: it left one waiting behind a single other one, as no server
    /// with a few threads does.
    fn is_one_at_a_time(&self, epoch: &Epoch) -> bool {
        epoch.kind.kind == ServerKind::Iterative
            && (epoch.kind.basis == Basis::Proved
                || epoch.members.iter().any(|index| self.waits_for_one(*index, epoch)))
    }

    fn waits_for_one(&self, index: usize, epoch: &Epoch) -> bool {
        let Some(service) = self.story.services.get(index) else { return false };
        let waiting = match (&service.waited, &service.grounds) {
            (Some(wait), _) => wait.from,
            (
                None,
                Grounds::NoAnswer { line: from, .. } | Grounds::Reset { line: from, .. } | Grounds::Unread { from, .. },
            ) => *from,
            (None, Grounds::NotClosed { client_fin, .. }) => *client_fin,
            _ => return false,
        };
        let before = |one: &Moment, other: &Moment| self.story.clocks.before(one, other) == Some(true);
        let Some(timeline) = self.story.timelines.get(index) else { return false };
        let Some(established) = timeline.find(Seen::open_since) else { return false };
        let is_open = |seen: &Seen| {
            seen.open_since().is_some_and(|begin| before(&begin, &established))
                && seen.open_until().is_none_or(|end| before(&waiting, &end))
        };
        let others = epoch.members.iter().filter(|other| **other != index);
        let others = others.filter_map(|other| self.story.timelines.get(*other));
        others.filter(|other| other.seen.iter().any(is_open)).count() == 1
    }

    /// Whether a host other than those with clients side by side had one client, which waited: as in the step in which a server that
    /// serves one client at a time is tried.
    fn has_lone_waiting(&self, epoch: &Epoch) -> bool {
        self.lone_waiting(epoch).next().is_some() || !epoch.beside.is_empty() && !epoch.tried.is_empty()
    }

    /// Whether a host that was there for the first time had one client, which waited for another host's, and had clients side by
    /// side later: that was its second step, whatever the other host had done before.
    fn is_tried_before_more(&self, epoch: &Epoch, epochs: &[Epoch], firsts: &HashMap<IpAddr, i128>) -> bool {
        let of_later =
            |host: IpAddr| epochs.iter().any(|other| other.begin > epoch.over && other.beside.contains(&host));
        let is_new = |host: IpAddr| firsts.get(&host).is_some_and(|first| *first >= epoch.begin);
        let waiting = self.lone_waiting(epoch).filter_map(|index| self.host(index));
        waiting.chain(epoch.tried.iter().copied()).any(|host| is_new(host) && of_later(host))
    }

    /// The only clients of hosts without clients side by side, where they waited and others were side by side.
    fn lone_waiting(&self, epoch: &Epoch) -> impl Iterator<Item = usize> {
        let lone = epoch.hosts.difference(&epoch.beside).filter(|_| !epoch.beside.is_empty());
        lone.filter_map(|host| {
            let mut of_host = epoch.members.iter().copied().filter(|index| self.host(*index) == Some(*host));
            let waited = |index: &usize| self.story.services.get(*index).is_some_and(|one| one.was_queued());
            of_host.next().filter(waited).filter(|_| of_host.next().is_none())
        })
    }

    /// Those of clients side by side that came when all that had waited alone had gone: the step in which a server that serves
    /// one client at a time is tried was over then, though the first client was still there.
    fn after_lone_waiting(&self, epoch: &Epoch) -> Vec<usize> {
        let timeline = |index: usize| self.story.timelines.get(index);
        let gone = |index: usize| timeline(index)?.seen.iter().find_map(|seen| self.at(&seen.client_end()?));
        let begin = |index: usize| timeline(index)?.seen.iter().find_map(|seen| self.at(&seen.first?));
        let ends: Option<Vec<i128>> = self.lone_waiting(epoch).map(gone).collect();
        let Some(last) = ends.and_then(|ends| ends.into_iter().max()) else { return Vec::new() };
        let is_late = |index: &usize| self.parallel.contains(index) && begin(*index).is_some_and(|begin| begin > last);
        epoch.members.iter().copied().filter(is_late).collect()
    }

    /// Whether the host of an epoch's clients sent its first datagrams afterwards, before any other run such as this one: the step
    /// with UDP follows those of the server that serves one client at a time.
    fn is_before_datagrams<'e>(&self, epoch: &Epoch, others: impl Iterator<Item = &'e Epoch>) -> bool {
        let of_hosts = self.datagrams().filter(|(host, _)| epoch.wanted().contains(host));
        let Some(first) = of_hosts.filter_map(|(_, sent)| self.at(&sent)).min() else { return false };
        let is_run =
            |other: &&Epoch| other.begin > epoch.begin && (epoch.beside.is_empty() || !other.beside.is_empty());
        let next = others.filter(is_run).map(|other| other.begin).min();
        let is_soon = first.saturating_sub(epoch.last_begin.max(epoch.over)) < LONGEST_PAUSE;
        first > epoch.last_begin && is_soon && next.is_none_or(|next| first < next)
    }
}

/// When a connection began, in each capture that shows it: a capture that goes on with it shows no beginning, where another one has
/// that.
pub(crate) fn first_moments(connection: &LabConnection) -> impl Iterator<Item = Moment> {
    let begins = |sighting: &TcpSighting| sighting.connection.syn.is_some();
    let has_beginning = connection.sightings().iter().any(begins);
    let first = connection.sightings().iter().filter(move |sighting| begins(sighting) || !has_beginning);
    first.map(Moment::begin_of_connection)
}
