//! Which runs of servers the journals tell of are those of the captures: a journal is only ever added to, so that it may hold an
//! attempt, or a whole lab, from before.
//!
//! A run that had a captured client counts, and so does another program beside it that had clients. Where the captures have no
//! clients of such a server, the last of the runs with clients of the most computers answers. All groups of a class have the same
//! addresses and work in the same hour: a run that cannot have been that of the captures does not count at all.

use std::net::IpAddr;

use foldhash::{HashMap, HashMapExt, HashSet};

use crate::analyze::accounts::{Apart, Purpose, ServerRun};
use crate::analyze::conversation::LabConnection;
use crate::analyze::matching::LabView;
use crate::analyze::matching::company::epochs::LONGEST_PAUSE;
use crate::analyze::matching::view::KnownConversation;
use socklab_packets::types::{Protocol, SocketAddress, Timestamp};

/// So far the clock of a journal may be from that of a capture if both are to show the same moment.
const CLOCKS: i128 = 1_000_000_000;

/// Captured connections that no journal has, and runs with captured clients, that another run is compared with.
const COMPARED: usize = 256;

impl LabView<'_> {
    /// The runs of TCP servers that count, as the journals have them, with clients side by side or not: as the captured
    /// connections that a run accepted. Where none was captured, a threaded server is one with clients side by side.
    pub(crate) fn servers_of(&self, is_parallel: bool) -> impl Iterator<Item = &ServerRun> {
        self.all_servers_of(is_parallel).filter(|run| run.apart.is_none())
    }

    /// The same with the runs that do not count.
    pub(crate) fn all_servers_of(&self, is_parallel: bool) -> impl Iterator<Item = &ServerRun> {
        let purpose = if is_parallel { Purpose::SideBySide } else { Purpose::OneAtATime };
        self.accounts.servers.iter().filter(move |run| run.purpose == Some(purpose))
    }

    /// The runs of UDP servers that count.
    pub(crate) fn udp_servers(&self) -> impl Iterator<Item = &ServerRun> {
        let is_udp = |run: &&ServerRun| !run.datagrams.is_empty() || !run.closed.is_empty();
        self.accounts.servers.iter().filter(|run| run.apart.is_none()).filter(is_udp)
    }

    /// Notes what each run was for, which runs do not count, and why.
    pub(super) fn tell_runs_apart(&mut self) {
        let (purposes, apart) = self.runs_apart();
        for ((run, purpose), apart) in self.accounts.servers.iter_mut().zip(purposes).zip(apart) {
            (run.purpose, run.apart) = (Some(purpose), apart);
        }
    }

    fn runs_apart(&self) -> (Vec<Purpose>, Vec<Option<Apart>>) {
        let runs = &self.accounts.servers;
        let mut apart = vec![None; runs.len()];
        let seen = Seen::of(self);
        let purposes: Vec<Purpose> = runs.iter().map(|run| seen.purpose(run)).collect();
        let foreign = seen.foreign(runs);
        for purpose in [Purpose::OneAtATime, Purpose::SideBySide, Purpose::Datagrams] {
            let is_judged = |place: usize| foreign.get(place) == Some(&false);
            let of_it = purposes.iter().enumerate().filter(|(_, own)| **own == purpose).map(|(place, _)| place);
            let of_it: Vec<usize> = of_it.filter(|place| is_judged(*place)).collect();
            for (place, why) in seen.judge(runs, &of_it, purpose) {
                if let Some(entry) = apart.get_mut(place) {
                    *entry = why;
                }
            }
        }
        for (apart, _) in apart.iter_mut().zip(foreign).filter(|(_, is_foreign)| *is_foreign) {
            *apart = Some(Apart::Foreign);
        }
        (purposes, apart)
    }
}

/// A captured connection, as far as runs are told by it.
struct Captured<'a> {
    connection: &'a LabConnection,
    is_parallel: bool,
    counts: bool,
}

/// What the captures show of the clients of servers.
struct Seen<'a> {
    tcp: HashMap<SocketAddress, Vec<Captured<'a>>>,
    /// The clients of UDP servers, and whether they count.
    udp: HashMap<SocketAddress, bool>,
    /// When the connections that count began, and the datagrams, by the captures' clocks.
    moments: Vec<(Purpose, Timestamp)>,
    /// The clients and servers of those that count, and when they began.
    begun: Vec<(Protocol, [SocketAddress; 2], Timestamp)>,
}

impl<'a> Seen<'a> {
    fn of(view: &'a LabView<'_>) -> Seen<'a> {
        let mut seen = Seen { tcp: HashMap::new(), udp: HashMap::new(), moments: Vec::new(), begun: Vec::new() };
        if view.accounts.servers.is_empty() {
            return seen;
        }
        for known in view.known().filter(|known| known.connection.established()) {
            let counts = known.spare.is_none();
            let is_parallel = known.step.is_parallel();
            let captured = Captured { connection: known.connection, is_parallel, counts };
            seen.tcp.entry(known.connection.client()).or_default().push(captured);
            let purpose = if is_parallel { Purpose::SideBySide } else { Purpose::OneAtATime };
            let times = known.timeline.seen.iter().filter_map(|seen| seen.first?.time).filter(|_| counts);
            let ends = [known.connection.client(), known.connection.server()];
            seen.begun.extend(times.clone().map(|time| (Protocol::Tcp, ends, time)));
            seen.moments.extend(times.map(|time| (purpose, time)));
        }
        for KnownConversation { conversation, spare, .. } in view.known_conversations() {
            let counts = spare.is_none();
            *seen.udp.entry(conversation.client()).or_default() |= counts;
            let first = |sighting| view.udp_notes(sighting).first().and_then(|note| note.time);
            let times = conversation.sightings().iter().filter_map(first).filter(|_| counts);
            let ends = [conversation.client(), conversation.server()];
            seen.begun.extend(times.clone().map(|time| (Protocol::Udp, ends, time)));
            seen.moments.extend(times.map(|time| (Purpose::Datagrams, time)));
        }
        seen
    }

    fn accepted_by<'s>(&'s self, run: &'s ServerRun) -> impl Iterator<Item = &'s Captured<'a>> {
        let of_clients = run.tcp_clients().filter_map(|(client, local)| Some((local, self.tcp.get(&client)?)));
        of_clients.flat_map(|(local, all)| all.iter().filter(move |one| ServerRun::is_at(local, one.connection)))
    }

    fn purpose(&self, run: &ServerRun) -> Purpose {
        if !run.is_tcp() {
            return Purpose::Datagrams;
        }
        let captured = self.accepted_by(run).next();
        match captured.map_or(run.is_threaded(), |captured| captured.is_parallel) {
            true => Purpose::SideBySide,
            false => Purpose::OneAtATime,
        }
    }

    /// Whether the captures have a client of the run, and one that counts.
    fn shares(&self, run: &ServerRun) -> (bool, bool) {
        let tcp = self.accepted_by(run).map(|captured| captured.counts);
        let udp = run.datagrams.iter().filter_map(|(client, _)| self.udp.get(client).copied());
        tcp.chain(udp).fold((false, false), |(_, counts), one| (true, counts || one))
    }

    /// Which of these runs cannot have been on the server's computer while the captures were made: one had the address to which a
    /// captured client connected and has not got that client, or had it while a run with captured clients had it. With it go the other
    /// runs of its journal, unless one of them has captured clients.
    fn foreign(&self, runs: &[ServerRun]) -> Vec<bool> {
        let shares: Vec<bool> = runs.iter().map(|run| self.shares(run).0).collect();
        let known: HashSet<SocketAddress> = runs.iter().flat_map(ServerRun::clients).collect();
        let unknown: Vec<_> =
            self.begun.iter().filter(|(_, [client, _], _)| !known.contains(client)).take(COMPARED).collect();
        let own: Vec<&ServerRun> =
            runs.iter().zip(&shares).filter(|(_, shares)| **shares).map(|(run, _)| run).take(COMPARED).collect();
        let lacks =
            |run: &ServerRun, (protocol, [client, server], time): &(Protocol, [SocketAddress; 2], Timestamp)| {
                // Behind a translation of addresses it may have another one there.
                let has_host = || run.clients().any(|other| other.ip == client.ip);
                run.is_whole && run.held(*protocol).any(|held| held.is_at(*server, *time)) && has_host()
            };
        let is_foreign = |(run, shares): (&ServerRun, &bool)| {
            !shares && (unknown.iter().any(|one| lacks(run, one)) || own.iter().any(|own| run.excludes(own)))
        };
        let by_itself: Vec<bool> = runs.iter().zip(&shares).map(is_foreign).collect();
        let files = |wanted: &[bool]| -> HashSet<&str> {
            runs.iter().zip(wanted).filter(|(_, wanted)| **wanted).filter_map(|(run, _)| run.file()).collect()
        };
        let (foreign, shared) = (files(&by_itself), files(&shares));
        let goes_with =
            |run: &ServerRun| run.file().is_some_and(|file| foreign.contains(file) && !shared.contains(file));
        by_itself.iter().zip(runs).map(|(by_itself, run)| *by_itself || goes_with(run)).collect()
    }

    /// Why those of these runs do not count that do not.
    fn judge(&self, runs: &[ServerRun], of_it: &[usize], purpose: Purpose) -> Vec<(usize, Option<Apart>)> {
        let runs: Vec<(usize, &ServerRun)> =
            of_it.iter().filter_map(|place| Some((*place, runs.get(*place)?))).collect();
        let moments: Vec<Timestamp> =
            self.moments.iter().filter(|(of, _)| *of == purpose).map(|(_, time)| *time).collect();
        let each = |is_own: &dyn Fn(&ServerRun) -> bool, why: &dyn Fn(&ServerRun) -> Apart| {
            let judged = runs.iter().map(|(place, run)| (*place, (!is_own(run)).then(|| why(run))));
            judged.collect::<Vec<_>>()
        };
        let is_idle = |run: &ServerRun| run.clients().next().is_none();
        let idle_or = |run: &ServerRun, why: Apart| if is_idle(run) { Apart::Idle } else { why };
        if moments.is_empty() {
            let best = runs
                .iter()
                .map(|(_, run)| *run)
                .max_by_key(|run| (computers(run), run.first.as_ref().map(|first| first.time)));
            let spans = Spans::of(best.into_iter());
            let is_own =
                |run: &ServerRun| best.is_some_and(|best| std::ptr::eq(best, run)) || !is_idle(run) && spans.meet(run);
            return each(&is_own, &|run| idle_or(run, Apart::AnotherAnswers));
        }
        let own: Vec<&ServerRun> = runs.iter().map(|(_, run)| *run).filter(|run| self.shares(run).1).collect();
        let why = |run: &ServerRun| idle_or(run, if self.shares(run).0 { Apart::NoStep } else { Apart::NotCaptured });
        if own.is_empty() {
            let is_own = |run: &ServerRun| !self.shares(run).0 && moments.iter().any(|moment| run.is_near(*moment));
            return each(&is_own, &why);
        }
        let spans = Spans::of(own.iter().copied());
        // The server was started again between two steps, of which the captures have the first.
        let hosts: HashSet<IpAddr> = own.iter().flat_map(|run| run.clients()).map(|client| client.ip).collect();
        let may_go_on = purpose == Purpose::OneAtATime && hosts.len() < 2;
        let goes_on = |run: &ServerRun| may_go_on && spans.are_soon_followed_by(run);
        each(&|run| self.shares(run).1 || !is_idle(run) && (spans.meet(run) || goes_on(run)), &why)
    }
}

/// Of how many computers a run had clients.
fn computers(run: &ServerRun) -> usize {
    run.clients().map(|client| client.ip).collect::<HashSet<IpAddr>>().len()
}

/// A socket address that a run had, and when.
struct Held {
    address: SocketAddress,
    since: Timestamp,
    until: Timestamp,
}

impl Held {
    /// Whether who sent to this address then sent to this socket, if the clocks agree.
    fn is_at(&self, server: SocketAddress, time: Timestamp) -> bool {
        self.address.takes(server) && self.since <= time && time <= self.until
    }

    /// Whether no computer can have had both. An address that each computer has tells no computer.
    fn overlaps(&self, other: &Held) -> bool {
        let is_of_one = !self.address.ip.is_unspecified() && !self.address.ip.is_loopback();
        is_of_one && self.address == other.address && self.since < other.until && other.since < self.until
    }
}

impl ServerRun {
    /// The addresses of its sockets that get clients.
    fn held(&self, protocol: Protocol) -> impl Iterator<Item = Held> {
        let span = self.span();
        let listening = self.listening.iter().filter(move |_| protocol == Protocol::Tcp).filter_map(move |one| {
            let until = one.closed.as_ref().map(|closed| closed.time).or(span.map(|(_, end)| end))?;
            Some(Held { address: one.address, since: one.since.time, until })
        });
        let bound =
            self.closed.iter().filter(move |_| protocol == Protocol::Udp).filter_map(move |(address, closed)| {
                Some(Held { address: *address, since: span?.0, until: closed.time })
            });
        listening.chain(bound)
    }

    /// Its journal.
    fn file(&self) -> Option<&str> {
        self.first.as_ref().map(|first| first.file.as_str())
    }

    /// Whether another run, which another journal tells of, had one of its addresses at the same time: no computer has both.
    fn excludes(&self, other: &ServerRun) -> bool {
        let meet = |protocol| self.held(protocol).any(|held| other.held(protocol).any(|other| held.overlaps(&other)));
        self.file() != other.file() && [Protocol::Tcp, Protocol::Udp].into_iter().any(meet)
    }

    /// The clients that were accepted or left in the queue, with the server's address where it is known.
    pub(crate) fn tcp_clients(&self) -> impl Iterator<Item = (SocketAddress, Option<SocketAddress>)> {
        let accepted = self.accepted.iter().map(|accepted| (accepted.client, accepted.local));
        accepted.chain(self.left.iter().map(|left| (left.client, left.local)))
    }

    /// All clients.
    fn clients(&self) -> impl Iterator<Item = SocketAddress> {
        self.tcp_clients().map(|(client, _)| client).chain(self.datagrams.iter().map(|(client, _)| *client))
    }

    /// When it began and ended, by its clock.
    fn span(&self) -> Option<(Timestamp, Timestamp)> {
        let begin = self.first.as_ref()?.time;
        Some((begin, self.last.map_or(begin, |last| last.max(begin))))
    }

    /// Whether it ran at this time of a capture, if the clocks are near each other.
    fn is_near(&self, moment: Timestamp) -> bool {
        self.span().is_some_and(|(begin, end)| {
            moment.nanoseconds_since(begin) >= -CLOCKS && moment.nanoseconds_since(end) <= CLOCKS
        })
    }
}

/// When some runs went on, in the order in which they began: each with the last end of those up to it.
struct Spans(Vec<(Timestamp, Timestamp)>);

impl Spans {
    fn of<'r>(runs: impl Iterator<Item = &'r ServerRun>) -> Spans {
        let mut spans: Vec<(Timestamp, Timestamp)> = runs.filter_map(ServerRun::span).collect();
        spans.sort_unstable();
        let mut latest: Option<Timestamp> = None;
        for (_, end) in &mut spans {
            *end = latest.map_or(*end, |latest| latest.max(*end));
            latest = Some(*end);
        }
        Spans(spans)
    }

    /// Whether one of them was there together with this run.
    fn meet(&self, run: &ServerRun) -> bool {
        let Some((begin, end)) = run.span() else { return false };
        let before = self.0.partition_point(|(other, _)| *other <= end);
        let latest = before.checked_sub(1).and_then(|last| self.0.get(last));
        latest.is_some_and(|(_, latest)| *latest >= begin)
    }

    /// Whether this run began when all of them had ended, and not long after.
    fn are_soon_followed_by(&self, run: &ServerRun) -> bool {
        let latest = self.0.last().map(|(_, latest)| *latest);
        let since = latest.zip(run.span()).map(|(latest, (begin, _))| begin.nanoseconds_since(latest));
        since.is_some_and(|since| (0..LONGEST_PAUSE).contains(&since))
    }
}
