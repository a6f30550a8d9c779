//! Which computers are the hosts of the sheet: by evidence, strongest first.

use std::collections::BTreeSet;
use std::net::IpAddr;

use foldhash::HashMap;

use crate::analyze::analysis::{HostBasis, Verdict, may_be};
use crate::analyze::conversation::{LabConnection, LabConversation};
use crate::analyze::distinct::distinct;
use crate::analyze::matching::company::rules::Company;
use crate::analyze::matching::gathered::Gathered;
use crate::analyze::matching::hosts::computers::Computers;
use crate::analyze::matching::hosts::numbering::{are_numbers_of_sheet, is_later_address};
use crate::analyze::matching::servers::choice::Servers;
use crate::analyze::matching::steps::doubts::{Doubt, alike_hosts, are_told_by_company, begin_apart, of_hosts};
use crate::analyze::story::{Clocks, LATE, Moment, Seen, Story};
use crate::lab::{HostName, LabConfig, Sheet, Step};
use socklab_packets::types::{Protocol, SocketAddress};

/// An answer is late, and not slow, that took this many times as long as the slowest one that other hosts got.
const TIMES_SLOWER: i128 = 20;

/// Most connections, alone on their hosts, that are looked at for who came to whom.
const MOST_ALONE: usize = 64;

/// The computers of the lab.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Hosts {
    named: Vec<(HostName, IpAddr, HostBasis)>,
    computers: Computers,
    /// Those that may be one another, in groups.
    in_doubt: Vec<Vec<HostName>>,
}

/// What the letters are told from.
pub(crate) struct HostInputs<'a> {
    pub(crate) story: &'a Story,
    pub(crate) connections: &'a [LabConnection],
    pub(crate) conversations: &'a [LabConversation],
    pub(crate) company: &'a [Company],
    pub(crate) gathered: &'a Gathered,
    pub(crate) servers: &'a Servers,
    pub(crate) computers: &'a Computers,
    /// Whether the iterative server's journal has each computer's clients come after another one's.
    pub(crate) came_later: &'a HashMap<IpAddr, bool>,
    pub(crate) config: &'a LabConfig,
    /// The step that the user set for each capture.
    pub(crate) set_steps: &'a [Option<Step>],
}

impl Hosts {
    /// Names the computers: what was set first, then the sheet's own addresses, then what the computers did.
    pub(crate) fn find(evidence: &HostInputs<'_>) -> Hosts {
        let mut hosts = Hosts { computers: evidence.computers.clone(), ..Hosts::default() };
        for (name, ip) in &evidence.config.hosts {
            hosts.add(*name, *ip, HostBasis::Set);
        }
        let sheet = &evidence.config.sheet;
        let server = sheet.server();
        if let Some(ip) = evidence.servers.host() {
            let basis = if sheet.address_of(server) == Some(ip) { HostBasis::Sheet } else { HostBasis::Role };
            hosts.add(server, ip, basis);
        }
        let mut clients = evidence.clients();
        if let Some(only) = clients.first().filter(|_| evidence.computers.is_alone()) {
            hosts.named.retain(|(name, ip, _)| *name == server || *ip == only.ip);
            sheet.clients().for_each(|name| hosts.add(name, only.ip, HostBasis::Role));
            return hosts;
        }
        // Client and server on one computer are still two programs of the sheet. Beside as many other computers as the sheet has,
        // or where nothing but a try went on there, the server's is no client's.
        let is_whole = clients.len() <= sheet.clients().count();
        let plays_client =
            |client: &Client| is_whole && (client.first == Some(true) || evidence.has_parallel(client.ip));
        if clients.len() > 1 {
            clients.retain(|client| !hosts.is(client.ip, server) || plays_client(client));
        }
        // Where the server is elsewhere than on the sheet, all of them may be.
        let is_elsewhere = hosts.ip_of(server).zip(sheet.address_of(server)).is_some_and(|(ip, own)| ip != own);
        if !is_elsewhere {
            for name in sheet.clients() {
                let ip = sheet.address_of(name).filter(|ip| clients.iter().any(|client| client.ip == *ip));
                // Whose the user says it is, it is.
                let is_set = |ip: IpAddr| {
                    let mut set = evidence.config.hosts.iter().filter(|(other, _)| **other != server);
                    set.any(|(_, address)| hosts.computer(*address) == hosts.computer(ip))
                };
                if let Some(ip) = ip.filter(|ip| !is_set(*ip)) {
                    hosts.add(name, ip, HostBasis::Sheet);
                }
            }
        }
        let first_is_free = sheet.clients().next().is_some_and(|first| hosts.ip_of(first).is_none());
        clients.retain(|client| {
            let named = hosts.name_of(client.ip);
            named.is_none() || (named == Some(server) && first_is_free)
        });
        let seconds: Vec<IpAddr> = clients.iter().filter(|client| client.second).map(|client| client.ip).collect();
        hosts.by_what_they_did(evidence, clients);
        hosts.in_doubt = hosts.not_told_apart(evidence, &seconds);
        hosts
    }

    /// The hosts that do the same on the sheet, but for who comes to whose open connection, and of which nothing but the order
    /// of the files says which is which. Where all of them are there, one clock tells who came first, and the sheet says who is
    /// to, that does. `seconds` are the computers that came to another one's open connection: where they are as many as the
    /// sheet has, all others came at other times.
    fn not_told_apart(&self, evidence: &HostInputs<'_>, seconds: &[IpAddr]) -> Vec<Vec<HostName>> {
        let one_clock = evidence.one_clock();
        let basis = |name: &HostName| self.named.iter().find(|(own, _, _)| own == name).map(|(_, _, basis)| *basis);
        let later = evidence.config.sheet.later_hosts();
        let is_second = |name: &HostName| self.ip_of(*name).is_some_and(|ip| seconds.contains(&ip));
        let is_told = |name: &HostName| is_second(name) || basis(name).is_some_and(|basis| basis < HostBasis::Order);
        let all = alike_hosts(&evidence.config.sheet).into_iter().flat_map(|group| {
            let (of_later, others): (Vec<HostName>, Vec<HostName>) =
                group.iter().copied().partition(|name| later.contains(name));
            if of_later.iter().all(is_told) { vec![of_later, others] } else { vec![group] }
        });
        let mut groups: Vec<Vec<HostName>> = all.collect();
        for group in &mut groups {
            group.retain(|name| basis(name).is_none_or(|basis| basis == HostBasis::Order));
        }
        groups.retain(|group| {
            let named = group.iter().filter(|name| basis(name).is_some()).count();
            let is_told_by_time = one_clock && named == group.len() && begin_apart(&evidence.config.sheet, group);
            group.len() > 1 && named > 0 && !is_told_by_time
        });
        groups
    }

    /// Whether a host may be another one of the sheet.
    pub(crate) fn is_in_doubt(&self, name: HostName) -> bool {
        self.in_doubt.iter().flatten().any(|own| *own == name)
    }

    /// What is in doubt of the hosts.
    pub(crate) fn doubts(&self, sheet: &Sheet) -> impl Iterator<Item = Doubt> {
        let is_there = |name: &HostName| self.ip_of(*name).is_some();
        self.in_doubt.iter().map(move |group| of_hosts(sheet, group.clone(), group.iter().all(is_there)))
    }

    /// Gives the letters that are left to the clients that have none.
    fn by_what_they_did(&mut self, evidence: &HostInputs<'_>, mut clients: Vec<Client>) {
        let sheet = &evidence.config.sheet;
        let server = self.ip_of(sheet.server()).map(|server| self.computer(server));
        let later = sheet.later_hosts();
        let first: Vec<HostName> = sheet.clients().filter(|name| !later.contains(name)).collect();
        let one_clock = evidence.one_clock();
        let is_later = |ip| is_later_address(sheet, server, ip);
        clients.sort_by_cached_key(|client| client.rank(&evidence.story.clocks, one_clock, is_later(client.ip)));
        let alone = clients.len() == 1;
        for client in &clients {
            if let Some(name) = client.set {
                self.add(name, client.ip, HostBasis::Set);
            }
        }
        clients.retain(|client| client.set.is_none_or(|name| !self.is(client.ip, name)));
        clients.retain(|client| !self.is_the_only_one(client, evidence, &first));
        let met = sheet.recorded().filter_map(Step::during).flat_map(Step::hosts);
        let met: Vec<HostName> = distinct(met.copied().filter(|name| first.contains(name)));
        let free = |names: &[HostName]| names.iter().filter(|name| self.ip_of(**name).is_none()).count();
        let (only_met, only_later) = (free(&met) <= 1, free(&later) == 1);
        let has_second = clients.iter().any(|client| client.second);
        let by_steps = in_time_of_steps(sheet).filter(|_| one_clock && !has_second);
        for client in clients {
            let is_told = (client.first == Some(true) && only_met) || (client.second && only_later);
            let basis = if is_told { HostBasis::Role } else { HostBasis::Order };
            // Of what hosts that come first did, the sheet has captures: one more is of them, unless all numbers are the sheet's.
            let is_of_first = (client.alone || client.datagrams)
                && !evidence.has_parallel(client.ip)
                && !server.is_some_and(|server| are_numbers_of_sheet(sheet, server, client.ip));
            let did_as_first = client.first == Some(true) || is_of_first;
            let third = alone && is_later_address(sheet, server, client.ip) && !did_as_first;
            let is_second = client.second || evidence.came_later.get(&client.ip).copied().unwrap_or(third);
            let letters = match (is_second, client.first, &by_steps) {
                (true, ..) => [&later, &first],
                (false, Some(true), _) => [&met, &first],
                (false, _, Some(by_steps)) => [by_steps, &later],
                (false, _, None) => [&first, &later],
            };
            let mut free = letters.into_iter().flatten().copied().filter(|name| self.ip_of(*name).is_none()).peekable();
            let fits = free.clone().find(|name| evidence.may_be(client.ip, *name));
            let at_its_ports = fits.or_else(|| free.clone().find(|name| evidence.has_ports_of(client.ip, *name)));
            let free = at_its_ports.or_else(|| free.next());
            // A client that waited while another one was served is never of a host that comes first.
            let free = free.filter(|name| !(client.second && !later.is_empty() && first.contains(name)));
            if let Some(name) = free {
                self.add(name, client.ip, basis);
            }
        }
    }

    /// Gives a client its letter where only one host of the sheet has clients as it has. Its ports tell that; that it has no more
    /// clients side by side than the sheet is likely, and no proof.
    fn is_the_only_one(&mut self, client: &Client, evidence: &HostInputs<'_>, first: &[HostName]) -> bool {
        let only = |fits: &dyn Fn(HostName) -> bool| {
            let mut fitting = evidence.config.sheet.clients().filter(|name| fits(*name));
            fitting.next().filter(|name| fitting.next().is_none() && self.ip_of(*name).is_none())
        };
        let by_ports = only(&|name| evidence.has_ports_of(client.ip, name)).map(|name| (name, HostBasis::Role));
        let by_number = || only(&|name| evidence.may_be(client.ip, name)).map(|name| (name, HostBasis::Order));
        let found = by_ports.or_else(by_number).filter(|(name, _)| !(client.second && first.contains(name)));
        let Some((name, basis)) = found else { return false };
        self.add(name, client.ip, basis);
        true
    }

    fn add(&mut self, name: HostName, ip: IpAddr, basis: HostBasis) {
        if self.ip_of(name).is_none() {
            self.named.push((name, ip, basis));
            self.named.sort_by_key(|(name, _, _)| *name);
        }
    }

    /// The address of a host of the sheet.
    pub(crate) fn ip_of(&self, name: HostName) -> Option<IpAddr> {
        self.named.iter().find(|(other, _, _)| *other == name).map(|(_, ip, _)| *ip)
    }

    /// The address of a host, where it was set or is the sheet's own.
    pub(crate) fn ip_by_address(&self, name: HostName) -> Option<IpAddr> {
        let is_by_address = |basis: HostBasis| matches!(basis, HostBasis::Set | HostBasis::Sheet);
        self.named.iter().find(|(other, _, basis)| *other == name && is_by_address(*basis)).map(|(_, ip, _)| *ip)
    }

    /// The name of a computer, where it has one on the sheet.
    pub(crate) fn name_of(&self, ip: IpAddr) -> Option<HostName> {
        let ip = self.computer(ip);
        self.named.iter().find(|(_, address, _)| self.computer(*address) == ip).map(|(name, _, _)| *name)
    }

    /// The address that stands for all of its computer's.
    pub(crate) fn computer(&self, ip: IpAddr) -> IpAddr {
        self.computers.of(ip)
    }

    /// Whether one computer plays all hosts of the sheet, so that no address tells one client from another.
    pub(crate) fn is_one_computer(&self) -> bool {
        self.computers.is_alone()
    }

    /// The computers that have several addresses.
    pub(crate) fn computers(&self) -> &Computers {
        &self.computers
    }

    /// The name of a computer, unless it may be another host of the sheet. One that plays all of them has no name.
    pub(crate) fn sure_name_of(&self, ip: IpAddr) -> Option<HostName> {
        self.name_of(ip).filter(|name| !self.is_in_doubt(*name) && !self.is_one_computer())
    }

    /// The same of a client's computer: where client and server share one, its name as a client.
    pub(crate) fn sure_name_of_client(&self, ip: IpAddr, sheet: &Sheet) -> Option<HostName> {
        self.name_of_client(ip, sheet).filter(|name| !self.is_in_doubt(*name) && !self.is_one_computer())
    }

    /// The name of a client's computer: where client and server share one, its name as a client.
    pub(crate) fn name_of_client(&self, ip: IpAddr, sheet: &Sheet) -> Option<HostName> {
        let client = sheet.clients().find(|name| self.is(ip, *name));
        client.or_else(|| self.name_of(ip))
    }

    /// Whether a computer is this host of the sheet; one computer may be several.
    pub(crate) fn is(&self, ip: IpAddr, name: HostName) -> bool {
        self.ip_of(name).is_some_and(|host| self.computer(host) == self.computer(ip))
    }

    /// Whether a computer is a client's on the sheet, and not the server's: one that has the letter, or the address where the
    /// server has the sheet's.
    pub(crate) fn is_of_client(&self, ip: IpAddr, sheet: &Sheet) -> bool {
        let by_sheet = self.ip_of(sheet.server()) == sheet.address_of(sheet.server());
        let has_address = by_sheet && sheet.clients().any(|name| sheet.address_of(name) == Some(ip));
        !self.is(ip, sheet.server()) && (has_address || self.name_of(ip).is_some())
    }

    /// Whether a client's computer may be another host of the sheet than the one that it was taken for.
    pub(crate) fn is_guess(&self, ip: IpAddr, sheet: &Sheet) -> bool {
        let all = self.named.iter().map(|(name, _, basis)| (*name, *basis));
        let own = self.name_of_client(ip, sheet).and_then(|own| all.clone().find(|(name, _)| *name == own));
        own.is_some_and(|own| may_be(sheet, all, own).next().is_some())
    }

    /// The named computers in the order of the sheet, and how each name is known.
    pub(crate) fn named(&self) -> &[(HostName, IpAddr, HostBasis)] {
        &self.named
    }
}

/// A client computer, and what tells one that comes first from one that comes later.
struct Client {
    ip: IpAddr,
    /// It was there before another client's connection waited for it, or a capture was set to be of a step of a host that
    /// comes first.
    first: Option<bool>,
    /// Its connection waited in the queue, or a capture was set to be of a step of a host that comes later.
    second: bool,
    /// It has a connection that was established and alone on its host, with datagrams beside it or not.
    alone: bool,
    /// It has datagrams of which the sheet wants a capture at hosts that come first only.
    datagrams: bool,
    /// The host of a step that a capture of it was set to be of.
    set: Option<HostName>,
    /// When it first did something.
    begin: Option<Moment>,
    place: usize,
}

/// What decides the order of clients, in this order: what they did, and of those that are neither first nor second by that,
/// a connection alone on its host, then the time where the clocks can be compared, then the sheet's numbering, then whose
/// datagrams there are, then the order of the files.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    not_first: bool,
    second: bool,
    not_alone: bool,
    /// The group of clocks that can be compared, and the time by them.
    time: (usize, Option<i128>),
    later_address: bool,
    no_datagrams: bool,
    place: usize,
}

impl Client {
    fn rank(&self, clocks: &Clocks, one_clock: bool, later_address: bool) -> Rank {
        let time = self
            .begin
            .as_ref()
            .map_or((usize::MAX, None), |begin| (clocks.group(begin.watch), clocks.nanoseconds(begin)));
        // Times of different groups of clocks say nothing.
        let time = if one_clock { time } else { (0, None) };
        Rank {
            not_first: self.first != Some(true),
            second: self.second,
            not_alone: !self.alone,
            time,
            later_address,
            no_datagrams: !self.datagrams,
            place: self.place,
        }
    }
}

/// The client computers, in the order in which the captures bring them in.
#[derive(Default)]
struct Clients {
    all: Vec<Client>,
    places: HashMap<IpAddr, usize>,
}

impl Clients {
    /// The client with this address, made if there is none.
    fn note(&mut self, clocks: &Clocks, ip: IpAddr, begin: Option<Moment>) -> &mut Client {
        let place = *self.places.entry(ip).or_insert_with(|| {
            let place = self.all.len();
            let (first, second, alone, datagrams, set) = (None, false, false, false, None);
            self.all.push(Client { ip, first, second, alone, datagrams, set, begin, place });
            place
        });
        #[expect(clippy::indexing_slicing, reason = "just found or pushed")]
        let client = &mut self.all[place];
        let earlier = match (&client.begin, &begin) {
            (Some(there), Some(new)) => clocks.before(new, there) == Some(true),
            (None, _) => true,
            _ => false,
        };
        if earlier {
            client.begin = begin;
        }
        client
    }

    fn get_mut(&mut self, ip: IpAddr) -> Option<&mut Client> {
        self.all.get_mut(*self.places.get(&ip)?)
    }
}

impl HostInputs<'_> {
    /// Whether all captures with traffic of the lab have comparable clocks.
    fn one_clock(&self) -> bool {
        let tcp = self.connections.iter().flat_map(LabConnection::sightings).map(|sighting| sighting.watch);
        let udp = self.conversations.iter().flat_map(LabConversation::sightings).map(|sighting| sighting.watch);
        let mut groups = tcp.chain(udp).map(|watch| self.story.clocks.group(watch));
        let first = groups.next();
        groups.all(|group| Some(group) == first)
    }

    /// Whether the sheet has clients of this host for all servers' ports to which a computer's clients went.
    fn has_ports_of(&self, ip: IpAddr, name: HostName) -> bool {
        self.gathered.ports(ip).all(|(protocol, port)| {
            let mut steps =
                self.config.sheet.recorded().filter(|step| step.runs(protocol) && step.port() == Some(port));
            steps.any(|step| step.hosts().contains(&name))
        })
    }

    /// Whether the sheet has clients of this host such as a computer's: at the same ports, and no fewer side by side.
    fn may_be(&self, ip: IpAddr, name: HostName) -> bool {
        let has = |(server, clients): (SocketAddress, u32)| {
            let steps = self.config.sheet.recorded().filter(|step| step.is_parallel() && step.hosts().contains(&name));
            let most = steps.filter(|step| step.port() == Some(server.port)).map(Step::clients).max();
            most.is_none_or(|most| clients <= most)
        };
        self.has_ports_of(ip, name) && self.gathered.side_by_side(ip).all(has)
    }

    /// Whether a computer had clients side by side.
    fn has_parallel(&self, ip: IpAddr) -> bool {
        self.gathered.side_by_side(ip).next().is_some()
    }

    /// The client computers, in the order in which the captures bring them in.
    fn clients(&self) -> Vec<Client> {
        let mut clients = Clients::default();
        for (index, connection) in self.connections.iter().enumerate() {
            let begin = self.story.timelines.get(index).and_then(|timeline| timeline.find(|seen| seen.first));
            let client = clients.note(&self.story.clocks, self.computers.of(connection.client().ip), begin);
            let alone = self.company.get(index) == Some(&Company::Alone);
            client.alone |= alone && connection.established();
            let waited = || self.waited(index) && !self.waits_for_own(index) || self.was_kept_waiting(index);
            client.second = client.second || alone && waited();
        }
        let later = self.config.sheet.later_hosts();
        let mut with_datagrams = self.config.sheet.captured().filter(|step| step.runs(Protocol::Udp));
        let of_first = with_datagrams.all(|step| step.captured().is_some_and(|host| !later.contains(&host)));

        for conversation in self.conversations {
            let begin = Moment::begin_of(conversation.whole());
            clients.note(&self.story.clocks, self.computers.of(conversation.client().ip), Some(begin)).datagrams =
                of_first;
        }
        for index in 0..self.connections.len() {
            self.note_first(&mut clients, index);
        }
        self.note_met(&mut clients);
        self.note_set_steps(&mut clients);
        clients.all
    }

    /// Whether a connection waited in the queue, or was reset there.
    fn waited(&self, index: usize) -> bool {
        self.story.services.get(index).is_some_and(|service| service.was_queued())
    }

    /// Whether a client alone on its host got no answer to its line, or a late one, for longer than the same server took to
    /// answer another host's client that was alone, too: it waited while that one was connected, and came later. Of a server
    /// that leaves lines unanswered of clients that it serves, that tells nothing.
    fn was_kept_waiting(&self, index: usize) -> bool {
        let all = |index: usize| self.story.timelines.get(index).into_iter().flat_map(|timeline| &timeline.seen);
        let (Some(own), Some(service)) = (self.connections.get(index), self.story.services.get(index)) else {
            return false;
        };
        if service.verdict == Verdict::Queued {
            return false;
        }
        let (server, host) = (own.server(), self.computers.of(own.client().ip));
        if self.gathered.skips_others(server, host) || all(index).any(|seen| seen.has_skipped || seen.in_chat) {
            return false;
        }
        let took = |seen: &Seen| self.story.clocks.between(&seen.request?, &seen.answer?);
        let of_others = self.gathered.slowest_of_others(server, host);
        if service.served() {
            // Its own answer is the one that may be late. A line that was sent again had not come to the server before, and one
            // that answers all that a client sends comes after its FIN.
            let is_own =
                |seen: &&Seen| seen.request_again.is_none() && !seen.answer_was_held && !seen.client_half_closed;
            let mut own = all(index).filter(is_own).filter_map(took);
            let is_late = |own: i128, slowest: i128| own >= LATE && own > slowest.saturating_mul(TIMES_SLOWER);
            return of_others.is_some_and(|slowest| own.any(|own| is_late(own, slowest)));
        }
        let Some(slowest) = all(index).filter_map(took).chain(of_others).max() else { return false };
        all(index).any(|seen| {
            let end = seen.client_end().or(seen.capture_end);
            let watched = seen.unanswered.zip(end).and_then(|(line, end)| self.story.clocks.between(&line, &end));
            watched.is_some_and(|watched| watched >= LATE && watched > slowest)
        })
    }

    /// Whether a connection came to its server while another one of its own computer was there: a second terminal, whoever came
    /// first.
    fn waits_for_own(&self, index: usize) -> bool {
        let Some(own) = self.connections.get(index) else { return false };
        // On one computer, which plays all hosts of the sheet, it says nothing.
        if self.computers.of(own.client().ip) == self.computers.of(own.server().ip) {
            return false;
        }
        let beside = self.gathered.established(self.computers.of(own.client().ip), own.server());
        beside.filter_map(|other| self.connections.get(other)).any(|other| {
            own.sightings().iter().any(|late| {
                let early = other.in_capture(late.capture);
                early.is_some_and(|early| {
                    early.connection.first_frame < late.connection.first_frame && early.overlaps(late)
                })
            })
        })
    }

    /// The host for which a connection of another one waited came first.
    fn note_first(&self, clients: &mut Clients, index: usize) {
        let released = self.story.services.get(index).and_then(|service| service.waited.as_ref()?.released_by);
        let Some((other, _)) = released.filter(|_| self.company.get(index) == Some(&Company::Alone)) else { return };
        let (Some(waiting), Some(first)) = (self.connections.get(index), self.connections.get(other)) else { return };
        let [waiting, first] = [waiting, first].map(|connection| self.computers.of(connection.client().ip));
        if waiting != first
            && let Some(client) = clients.get_mut(first)
        {
            client.first = Some(true);
            client.second = false;
        }
    }

    /// A client that came while another host's was connected, both alone on their hosts, came second, and that one first. Of two
    /// that came to each other, neither.
    fn note_met(&self, clients: &mut Clients) {
        let is_alone = |(index, connection): &(usize, &LabConnection)| {
            self.company.get(*index) == Some(&Company::Alone) && connection.established()
        };
        let alone: Vec<(usize, &LabConnection)> =
            self.connections.iter().enumerate().filter(is_alone).take(MOST_ALONE).collect();
        let computer = |connection: &LabConnection| self.computers.of(connection.client().ip);
        let mut met: BTreeSet<(IpAddr, IpAddr)> = BTreeSet::new();
        for (early, first) in &alone {
            for (late, second) in &alone {
                let ends = (computer(first), computer(second));
                if ends.0 != ends.1 && first.server() == second.server() && self.came_to(*early, *late) {
                    met.insert(ends);
                }
            }
        }
        let one_way = || met.iter().copied().filter(|(first, second)| !met.contains(&(*second, *first)));
        let seconds: BTreeSet<IpAddr> = one_way().map(|(_, second)| second).collect();
        for (first, second) in one_way() {
            // Who came to one may have been there when another one came, and who waited came second.
            if let Some(client) = clients.get_mut(first).filter(|client| !client.second && !seconds.contains(&first)) {
                client.first = Some(true);
            }
            if let Some(client) = clients.get_mut(second).filter(|client| client.first.is_none()) {
                client.second = true;
            }
        }
    }

    /// Whether a connection was open when another one began, by clocks that can be compared.
    fn came_to(&self, early: usize, late: usize) -> bool {
        let (Some(early), Some(late)) = (self.story.timelines.get(early), self.story.timelines.get(late)) else {
            return false;
        };
        let is_before = |one: &Moment, other: &Moment| self.story.clocks.before(one, other) == Some(true);
        late.seen.iter().filter_map(|seen| seen.first).any(|begin| {
            early.seen.iter().any(|seen| {
                seen.open_since().is_some_and(|since| is_before(&since, &begin))
                    && seen.open_until().or(seen.capture_end).is_some_and(|end| is_before(&begin, &end))
            })
        })
    }

    /// A capture that was set to be of a step and shows one client host is of the host that the step is about.
    fn note_set_steps(&self, clients: &mut Clients) {
        let later = self.config.sheet.later_hosts();
        for (capture, step) in self.set_steps.iter().enumerate() {
            let Some(step) = step else { continue };
            let tcp = self.connections.iter().filter(|connection| connection.in_capture(capture).is_some());
            let udp = self.conversations.iter().filter(|c| c.sightings().iter().any(|s| s.capture == capture));
            let addresses = tcp.map(|c| c.client().ip).chain(udp.map(|c| c.client().ip));
            let mut hosts: Vec<IpAddr> = addresses.map(|ip| self.computers.of(ip)).collect();
            hosts.sort_unstable();
            hosts.dedup();
            let [only] = hosts.as_slice() else { continue };
            let Some(client) = clients.get_mut(*only) else { continue };
            if let [host] = step.hosts() {
                client.set = client.set.or(Some(*host));
            }
            match step.host().filter(|_| step.runs(Protocol::Tcp)) {
                Some(host) if later.contains(&host) => client.second = true,
                Some(_) => (client.first, client.second) = (Some(true), false),
                None => {}
            }
        }
    }
}

/// The client hosts in the order of their first steps, where the order of time tells some apart: where one that comes to another
/// one's open connection does else as others do, what comes first may be of a host that comes later.
fn in_time_of_steps(sheet: &Sheet) -> Option<Vec<HostName>> {
    let is_timed = |group: &Vec<HostName>| are_told_by_company(sheet, group) || begin_apart(sheet, group);
    alike_hosts(sheet).iter().any(is_timed).then(|| distinct(sheet.recorded().flat_map(Step::hosts).copied()))
}
