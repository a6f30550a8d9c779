//! The system calls of the journals, each on its host and by its host's clock.
//!
//! A journal is written by its host's clock. That is compared with a capture where the capture was made on the same host;
//! else only where both show connections of the same clients, and at least one call returned within a hundredth of a second
//! after its frame, and none noticeably before it: as on one computer, or with clocks that are set well. Of a rehearsal it is
//! known that there is one clock.

use std::collections::BTreeMap;
use std::net::IpAddr;

use foldhash::{HashMap, HashMapExt, HashSet, HashSetExt};

use crate::analyze::distinct::distinct;
use crate::analyze::matching::{LONGEST_PAUSE, LabView};
use crate::analyze::timing::{Call, Calls, Clock};
use crate::journal::NamedJournal;
use crate::journal::{EventKind, JournalEvent};
use socklab_packets::limits::{JOURNAL_ENTRIES, LADDER_CALLS};
use socklab_packets::types::{Protocol, SocketAddress, Timestamp};

/// A call that returns this soon after its frame, in nanoseconds, shows that clocks agree.
const AGREE: i128 = 10_000_000;

/// So much before its frame a call may return: a client's `connect()` returns before its ACK is at the server.
const EARLY: i128 = 1_000_000;

/// The clocks of the captures, and the calls.
pub(crate) fn find(view: &LabView<'_>) -> (Vec<Clock>, Calls) {
    let clock = |capture| if view.config.one_clock { Clock::default() } else { view.clocks.clock(capture) };
    let mut clocks: Vec<Clock> = (0..view.captures.len()).map(clock).collect();
    let mut calls = Calls::default();
    let runs = runs(view.journals, &mut calls.left_out);
    let addresses = Addresses::of(view, &runs);
    calls.received = received(&runs);
    let mut hosts: BTreeMap<IpAddr, Host<'_>> = BTreeMap::new();
    for run in runs {
        // Hosts that no capture shows have no line to stand on.
        match run.host(&addresses) {
            Some(ip) => hosts.entry(ip).or_default().runs.push(run),
            None => calls.left_out = calls.left_out.saturating_add(run.shown().count() as u64),
        }
    }
    for (ip, host) in &mut hosts {
        if view.config.one_clock {
            host.agreeing = (0..view.captures.len()).collect();
        } else {
            host.compare(*ip, view);
            calls.joined |= host.join(&mut clocks);
        }
    }
    for (ip, host) in &hosts {
        match host.clock(&clocks) {
            Some(clock) => host.place(*ip, clock, &mut calls),
            None => calls.apart.push(*ip),
        }
    }
    (clocks, calls)
}

/// Whether the clock of a client's computer agreed with that of the server's when this call returned, as what the journals of both
/// have of its clients shows: one call at least returned at the server within a hundredth of a second after the client's, and none
/// noticeably before it.
pub(crate) fn journals_agree(view: &LabView<'_>, client: SocketAddress, at: Timestamp) -> bool {
    if view.config.one_clock || view.hosts.is_one_computer() {
        return true;
    }
    let is_near = |event: &&JournalEvent| event.time.nanoseconds_since(at).abs() < LONGEST_PAUSE;
    let all = view.journals.iter().flat_map(|named| named.journal.events.iter().take(JOURNAL_ENTRIES));
    let near = || all.clone().filter(is_near);
    // Of an address that was used again it cannot be told which call answers which.
    let mut sent: HashMap<(Protocol, SocketAddress), Option<Timestamp>> = HashMap::new();
    for event in near() {
        let Some(local) = event.local.filter(|local| local.ip == client.ip && local.port != 0) else { continue };
        match (event.event, event.protocol) {
            (EventKind::Connect, Protocol::Tcp) => {
                let there = sent.entry((Protocol::Tcp, local));
                there.and_modify(|there| *there = None).or_insert(Some(event.time));
            }
            (EventKind::Send, Protocol::Udp) => drop(sent.entry((Protocol::Udp, local)).or_insert(Some(event.time))),
            _ => {}
        }
    }
    let is_first = |event: &&JournalEvent| {
        matches!(
            (event.event, event.protocol),
            (EventKind::Accept, Protocol::Tcp) | (EventKind::Receive, Protocol::Udp)
        )
    };
    let lags = near().filter(is_first).filter_map(|event| {
        let sent = sent.remove(&(event.protocol, event.remote?))??;
        Some(event.time.nanoseconds_since(sent))
    });
    lags.min().is_some_and(|least| (-EARLY..AGREE).contains(&least))
}

/// The UDP servers' sockets and the clients that they received from.
fn received(runs: &[Run<'_>]) -> Vec<[SocketAddress; 2]> {
    let events = runs.iter().filter(|run| run.server).flat_map(|run| &run.events).map(|(_, event)| event);
    let received = events.filter(|event| (event.event, event.protocol) == (EventKind::Receive, Protocol::Udp));
    distinct(received.filter_map(|event| Some([event.local?, event.remote?])))
}

/// The events of one program, with their lines.
struct Run<'a> {
    file: &'a str,
    server: bool,
    events: Vec<(u64, &'a JournalEvent)>,
}

/// The programs of the journals. Events of programs beyond the limit are counted.
fn runs<'a>(journals: &'a [NamedJournal], left_out: &mut u64) -> Vec<Run<'a>> {
    let mut all = Vec::new();
    for named in journals {
        let mut runs: BTreeMap<u32, Run<'_>> = BTreeMap::new();
        for (line, event) in (1_u64..).zip(&named.journal.events) {
            let number = event.run.unwrap_or(event.pid);
            if !runs.contains_key(&number) && runs.len().saturating_add(all.len()) >= JOURNAL_ENTRIES {
                *left_out = left_out.saturating_add(1);
                continue;
            }
            let run = runs.entry(number);
            let run = run.or_insert_with(|| Run { file: &named.file, server: false, events: Vec::new() });
            let serves = matches!(event.event, EventKind::Listen | EventKind::Accept | EventKind::Bind);
            let tried = event.operation.as_deref() == Some("bind") && event.event == EventKind::Error;
            run.server |= serves || tried;
            run.events.push((line, event));
        }
        all.extend(runs.into_values());
    }
    all
}

impl<'a> Run<'a> {
    /// The events that a ladder shows, with what it says.
    fn shown(&self) -> impl Iterator<Item = (u64, &'a JournalEvent, String)> + '_ {
        self.events.iter().filter_map(|(line, event)| Some((*line, *event, what(event)?)))
    }

    /// The address of the host that ran it: its own word, or the address that the captures have for its port.
    fn host(&self, addresses: &Addresses) -> Option<IpAddr> {
        let mut own = self.events.iter().filter_map(|(_, event)| event.local.map(|local| local.ip));
        let by_port = || {
            let mut ports = self.events.iter().filter_map(|(_, event)| Some((event.protocol, event.local?.port)));
            ports.find_map(|(protocol, port)| *addresses.by_port.get(&(protocol, port, self.server))?)
        };
        own.find(|ip| addresses.all.contains(ip)).or_else(by_port)
    }

    /// The client that a call is about.
    fn client(&self, event: &JournalEvent) -> Option<SocketAddress> {
        match (self.server, event.event) {
            (_, EventKind::Accept | EventKind::Queued | EventKind::Dequeued) => None,
            (true, _) => event.remote,
            (false, _) => event.local.filter(|local| local.port != 0),
        }
    }
}

/// The addresses of the lab's hosts, as captures show them.
struct Addresses {
    all: HashSet<IpAddr>,
    /// Whose a port is, of a server or of a client; `None` where it is several hosts'.
    by_port: HashMap<(Protocol, u16, bool), Option<IpAddr>>,
}

impl Addresses {
    fn of(view: &LabView<'_>, runs: &[Run<'_>]) -> Addresses {
        let mut addresses = Addresses { all: HashSet::new(), by_port: HashMap::new() };
        let tcp = view.connections().map(|tcp| (Protocol::Tcp, tcp.client(), tcp.server()));
        let udp = view.conversations().map(|udp| (Protocol::Udp, udp.client(), udp.server()));
        for (protocol, client, server) in tcp.chain(udp) {
            for (end, serves) in [(client, false), (server, true)] {
                addresses.all.insert(end.ip);
                addresses.add(protocol, end, serves);
            }
        }
        // A socket that is bound to no address tells its port only; who received from it knows the address.
        for (run, event) in runs.iter().flat_map(|run| run.events.iter().map(move |(_, event)| (run, *event))) {
            let from_peer = matches!(event.event, EventKind::Accept | EventKind::Receive);
            if let Some(peer) = event.remote.filter(|peer| from_peer && addresses.all.contains(&peer.ip)) {
                addresses.add(event.protocol, peer, !run.server);
            }
        }
        addresses
    }

    fn add(&mut self, protocol: Protocol, end: SocketAddress, serves: bool) {
        let there = self.by_port.entry((protocol, end.port, serves)).or_insert(Some(end.ip));
        *there = there.filter(|ip| *ip == end.ip);
    }
}

/// The programs of one host.
#[derive(Default)]
struct Host<'a> {
    runs: Vec<Run<'a>>,
    /// A capture that was made there.
    made_here: Option<usize>,
    /// The captures whose clocks agree with the journals'.
    agreeing: Vec<usize>,
}

impl Host<'_> {
    fn compare(&mut self, ip: IpAddr, view: &LabView<'_>) {
        self.made_here = (0..view.captures.len()).find(|capture| view.made_at(*capture, ip));
        self.agreeing = self.agreeing_captures(view);
    }

    /// The host's clock, as captures show it.
    fn clock(&self, clocks: &[Clock]) -> Option<Clock> {
        let capture = self.made_here.or_else(|| self.agreeing.first().copied())?;
        clocks.get(capture).copied()
    }

    /// Puts the captures that the host's journals make comparable into one group. Whether anything rests on journals then.
    fn join(&self, clocks: &mut [Clock]) -> bool {
        let Some(clock) = self.clock(clocks) else { return false };
        let mut joined = self.made_here.is_none();
        for other in &self.agreeing {
            let Some(there) = clocks.get(*other).copied().filter(|there| there.group != clock.group) else { continue };
            let shift = clock.ahead.saturating_sub(there.ahead);
            for moved in clocks.iter_mut().filter(|moved| moved.group == there.group) {
                *moved = Clock { group: clock.group, ahead: moved.ahead.saturating_add(shift) };
            }
            joined = true;
        }
        joined
    }

    /// Adds the calls of its programs.
    fn place(&self, host: IpAddr, clock: Clock, calls: &mut Calls) {
        for (run, (line, event, what)) in self.runs.iter().flat_map(|run| run.shown().map(move |shown| (run, shown))) {
            if calls.placed.len() >= LADDER_CALLS {
                calls.left_out = calls.left_out.saturating_add(1);
                continue;
            }
            let (client, file) = (run.client(event), run.file.to_owned());
            calls.placed.push(Call { host, server: run.server, time: event.time, clock, client, what, file, line });
        }
    }

    fn agreeing_captures(&self, view: &LabView<'_>) -> Vec<usize> {
        let firsts = Firsts::of(self);
        let mut lags: BTreeMap<usize, Vec<i128>> = BTreeMap::new();
        for known in view.known() {
            let client = known.connection.client();
            for seen in &known.timeline.seen {
                let pairs = [
                    (firsts.tcp(Seen::Made, client), seen.established),
                    (firsts.tcp(Seen::Received, client), seen.request),
                ];
                for (call, moment) in pairs.into_iter().filter_map(|(call, moment)| Some((call?, moment?))) {
                    let lag = moment.time.map(|time| call.nanoseconds_since(time));
                    lags.entry(moment.in_file().0).or_default().extend(lag);
                }
            }
        }
        for conversation in view.conversations() {
            let Some(call) = firsts.udp(conversation.client()) else { continue };
            for sighting in conversation.sightings() {
                let notes = view.udp_notes(sighting);
                let first = notes.iter().find(|note| note.sender == sighting.client_side).and_then(|note| note.time);
                lags.entry(sighting.capture).or_default().extend(first.map(|time| call.nanoseconds_since(time)));
            }
        }
        let agree = |lags: &Vec<i128>| lags.iter().min().is_some_and(|least| (-EARLY..AGREE).contains(least));
        lags.into_iter().filter(|(_, lags)| agree(lags)).map(|(capture, _)| capture).collect()
    }
}

/// What a call tells of its connection.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Seen {
    /// `accept()` or `connect()` returned: the handshake was complete.
    Made,
    /// The server's first read from the client.
    Received,
}

/// The first calls about each client; `None` where an address was used twice.
struct Firsts {
    tcp: HashMap<(Seen, SocketAddress), Option<Timestamp>>,
    udp: HashMap<SocketAddress, Timestamp>,
}

impl Firsts {
    fn of(host: &Host<'_>) -> Firsts {
        let mut firsts = Firsts { tcp: HashMap::new(), udp: HashMap::new() };
        for (run, event) in host.runs.iter().flat_map(|run| run.events.iter().map(move |(_, event)| (run, *event))) {
            let made = |client: SocketAddress, firsts: &mut Firsts| {
                let there = firsts.tcp.entry((Seen::Made, client));
                there.and_modify(|there| *there = None).or_insert(Some(event.time));
            };
            match (event.event, event.protocol, event.local, event.remote) {
                (EventKind::Accept, Protocol::Tcp, _, Some(client)) => made(client, &mut firsts),
                (EventKind::Connect, Protocol::Tcp, Some(client), _) => made(client, &mut firsts),
                (EventKind::Receive, Protocol::Tcp, _, Some(client)) if run.server => {
                    firsts.tcp.entry((Seen::Received, client)).or_insert(Some(event.time));
                }
                (EventKind::Receive, Protocol::Udp, _, Some(client)) if run.server => {
                    firsts.udp.entry(client).or_insert(event.time);
                }
                _ => {}
            }
        }
        firsts
    }

    /// The call about a connection, unless the client's address was used again.
    fn tcp(&self, seen: Seen, client: SocketAddress) -> Option<Timestamp> {
        self.tcp.get(&(Seen::Made, client)).copied().flatten()?;
        self.tcp.get(&(seen, client)).copied().flatten()
    }

    fn udp(&self, client: SocketAddress) -> Option<Timestamp> {
        self.udp.get(&client).copied()
    }
}

/// What a ladder says of an event; nothing of those that are no calls of interest.
fn what(event: &JournalEvent) -> Option<String> {
    let bytes = || crate::wording::count(event.bytes.unwrap_or(0), "byte");
    let address = |address: Option<SocketAddress>| address.map(|address| format!(" {address}")).unwrap_or_default();
    // The socket programs write an event for each line, whatever recv() returned it; the witness writes one for each call.
    let by_line = event.run.is_none() && event.protocol == Protocol::Tcp;
    Some(match event.event {
        EventKind::Bind => format!("bind{}", address(event.local)),
        EventKind::Listen => "listen".to_owned(),
        EventKind::Connect => "connect() returns".to_owned(),
        EventKind::Accept => format!("accept() returns{}", address(event.remote)),
        EventKind::Receive if by_line => format!("reads a line, {}", bytes()),
        EventKind::Receive => format!("recv {}", bytes()),
        EventKind::Send => format!("send {}", bytes()),
        EventKind::Eof => "recv: end of file".to_owned(),
        EventKind::Shutdown => format!("shutdown {}", event.operation.as_deref().unwrap_or_default()),
        EventKind::Close => "close".to_owned(),
        EventKind::Queued => format!("in the queue:{}", address(event.remote)),
        EventKind::Dequeued if event.operation.as_deref() == Some("gone") => {
            format!("gone from the queue:{}", address(event.remote))
        }
        EventKind::Error => {
            let call = event.operation.as_deref().unwrap_or("call");
            // Other calls are about a connection, which the client's port tells.
            let about = match call {
                "bind" => address(event.local),
                "connect" => address(event.remote),
                _ => String::new(),
            };
            format!("{call}{about}: {}", event.errno.as_deref().unwrap_or("failed"))
        }
        EventKind::Socket | EventKind::Release | EventKind::Dequeued => return None,
    })
}
