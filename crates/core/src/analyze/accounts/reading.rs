//! Reads journals: event by event, what a program did becomes what is known of its run.

use std::collections::{BTreeMap, HashSet};

use foldhash::HashMap;

use super::{
    Accepted, Accounts, Connected, DatagramSender, Entry, FailedBind, Left, Listening, Reader, RefusedConnect,
    ServerRun, is_threaded_name,
};
use crate::journal::{EventKind, JournalEvent, NamedJournal};
use socklab_packets::limits::JOURNAL_ENTRIES;
use socklab_packets::types::{Protocol, SocketAddress, Timestamp};

/// An event that is so much before the one before it shows that the clock was set: threads write their lines nearly in order.
const SET_BACK: i128 = 1_000_000_000;

/// Sockets of UDP clients that are looked at.
const SENDERS: usize = 256;

impl Accounts {
    /// Reads the journals' events in their order.
    pub(crate) fn of(journals: &[NamedJournal]) -> Accounts {
        let (mut accounts, mut room) = (Accounts::default(), Room { left: JOURNAL_ENTRIES, refused: 0 });
        for named in journals {
            let mut runs: BTreeMap<u32, Run> = BTreeMap::new();
            for (line, event) in (1u64..).zip(&named.journal.events) {
                // The processes of one run are one server.
                let run = event.run.unwrap_or(event.pid);
                if !runs.contains_key(&run) && !room.take() {
                    continue;
                }
                let run = runs.entry(run).or_default();
                let time = run.in_order(event.time);
                let entry = || Entry { file: named.file.clone(), line, time };
                accounts.note_failure_or_connect(event, entry, &mut room);
                let may_tell = matches!(event.event, EventKind::Send | EventKind::Error);
                if may_tell && event.protocol == Protocol::Udp && !run.is_datagram_server(event) {
                    accounts.note_sender(event, entry);
                }
                run.note(event, entry, &mut room);
            }
            let is_whole = named.journal.left_out == 0;
            let mut runs: Vec<Run> = runs.into_values().collect();
            runs.sort_by_key(|run| run.server.first.as_ref().map(|first| first.line));
            let finished = runs.into_iter().map(|run| ServerRun { is_whole, ..run.finish() });
            accounts.servers.extend(finished.filter(|server| {
                let has_udp = !server.datagrams.is_empty() || !server.closed.is_empty();
                !server.listening.is_empty() || !server.accepted.is_empty() || has_udp
            }));
        }
        accounts.left_out = room.refused;
        for server in &mut accounts.servers {
            server.is_whole &= room.refused == 0;
            if !server.is_whole {
                // It may have been accepted in what was left out.
                server.left.retain(|left| left.gone.is_some());
            }
        }
        accounts
    }

    fn note_failure_or_connect(&mut self, event: &JournalEvent, entry: impl Fn() -> Entry, room: &mut Room) {
        match (event.event, event.local) {
            (EventKind::Error, address) if event.operation.as_deref() == Some("bind") && room.take() => {
                let (protocol, errno, entry) = (event.protocol, event.errno.clone(), entry());
                let is_threaded = is_threaded_name(&event.program) == Some(true);
                self.failed_binds.push(FailedBind { protocol, address, errno, entry, is_threaded });
            }
            // Over UDP it connects nobody: it only names the peer (POSIX, connect()).
            (EventKind::Connect, Some(local)) if event.protocol == Protocol::Tcp && room.take() => {
                self.connects.push(Connected { local, remote: event.remote, entry: entry() });
            }
            (EventKind::Error, local)
                if event.operation.as_deref() == Some("connect") && event.errno.as_deref() == Some("ECONNREFUSED") =>
            {
                if let Some(remote) = event.remote.filter(|_| event.protocol == Protocol::Tcp && room.take()) {
                    self.refused.push(RefusedConnect { local, remote, entry: entry() });
                }
            }
            _ => {}
        }
    }

    /// What the socket of a UDP client did: it sent, or what it had sent was refused. The first time counts.
    fn note_sender(&mut self, event: &JournalEvent, entry: impl Fn() -> Entry) {
        let Some(local) = event.local else { return };
        let has_room = self.senders.len() < SENDERS;
        let sender = self.senders.iter_mut().find(|sender| sender.local == local);
        match (event.event, sender) {
            (EventKind::Send, None) if local.port != 0 && has_room => {
                self.senders.push(DatagramSender { local, refused: None });
            }
            (EventKind::Error, Some(sender)) if event.errno.as_deref() == Some("ECONNREFUSED") => {
                sender.refused.get_or_insert_with(entry);
            }
            _ => {}
        }
    }
}

/// How many entries may still be kept.
struct Room {
    left: usize,
    refused: u64,
}

impl Room {
    /// Takes the room of one entry, where there is any.
    fn take(&mut self) -> bool {
        let rest = self.left.checked_sub(1);
        self.left = rest.unwrap_or(0);
        self.refused = self.refused.saturating_add(u64::from(rest.is_none()));
        rest.is_some()
    }
}

/// A process while its events are read.
#[derive(Default)]
struct Run {
    server: ServerRun,
    /// Where in `server.accepted` a socket of this number is, and which process and thread accepted it.
    sockets: BTreeMap<u32, (usize, u32, Option<u32>)>,
    /// UDP sockets that were bound: a server's. A client leaves the choice of its port to the system.
    bound: HashSet<u32>,
    /// The clients in `server.datagrams`.
    clients: HashSet<SocketAddress>,
    /// Where in `server.left` the connections are that are in the queue.
    waiting: HashMap<SocketAddress, usize>,
    /// Those of `server.left` that were accepted.
    taken: HashSet<usize>,
    /// Seconds by which the clock was set back since its first event, and somewhat more.
    set_back: i64,
}

impl Run {
    /// The time of its next event, as a clock would have it that was not set back meanwhile: a program writes its lines in order. How
    /// long it was between the two is not known, but they were not at the same moment.
    fn in_order(&mut self, time: Timestamp) -> Timestamp {
        let later_by = |seconds| Timestamp { seconds: time.seconds.saturating_add(seconds), ..time };
        let behind = self.server.last.map_or(0, |last| last.nanoseconds_since(later_by(self.set_back)));
        if behind >= SET_BACK {
            let seconds = i64::try_from(behind.div_euclid(SET_BACK)).unwrap_or(0);
            self.set_back = self.set_back.saturating_add(seconds).saturating_add(2);
        }
        *self.server.last.insert(later_by(self.set_back))
    }

    fn note(&mut self, event: &JournalEvent, entry: impl Fn() -> Entry, room: &mut Room) {
        self.server.program.clone_from(&event.program);
        self.server.first.get_or_insert_with(&entry);
        self.server.notes_queue |= event.run.is_some();
        match (event.event, event.protocol) {
            (EventKind::Listen, _) => self.listens(event, entry, room),
            (EventKind::Accept, _) => self.accepts(event, entry, room),
            (EventKind::Queued, _) => self.queues(event, entry, room),
            (EventKind::Dequeued, _) if event.operation.as_deref() == Some("gone") => self.loses(event, entry),
            (EventKind::Bind, Protocol::Udp) if room.take() => drop(self.bound.insert(event.socket)),
            (EventKind::Send, Protocol::Tcp) if event.run.is_some() => self.greets(event, entry),
            (EventKind::Receive, Protocol::Tcp) => self.reads(event, entry),
            (EventKind::Receive, Protocol::Udp) => self.receives_datagram(event, entry, room),
            (EventKind::Connect, Protocol::Udp) => self.connects_datagrams(event, entry, room),
            (EventKind::Eof, _) => self.reads_end(event, entry),
            (EventKind::Close, _) => self.closes(event, entry, room),
            (EventKind::Error, Protocol::Tcp) if matches!(event.errno.as_deref(), Some("ECONNRESET" | "EPIPE")) => {
                if let Some(accepted) = self.accepted(event.socket) {
                    accepted.client_left |= accepted.ended.is_none();
                }
            }
            _ => {}
        }
    }

    fn listens(&mut self, event: &JournalEvent, entry: impl Fn() -> Entry, room: &mut Room) {
        if let Some(address) = event.local.filter(|_| room.take()) {
            let (socket, since) = (event.socket, entry());
            self.server.listening.push(Listening { socket, address, since, closed: None });
        }
    }

    fn accepts(&mut self, event: &JournalEvent, entry: impl Fn() -> Entry, room: &mut Room) {
        let Some(client) = event.remote.filter(|_| room.take()) else { return };
        self.sockets.insert(event.socket, (self.server.accepted.len(), event.pid, event.thread));
        let (queued, accepted) = (self.take_from_queue(client), entry());
        self.server.accepted.push(Accepted {
            client,
            local: event.local,
            queued,
            accepted,
            ended: None,
            client_left: false,
            first_receive: None,
            greeted: None,
            reader: None,
        });
    }

    /// A connection came into the queue.
    fn queues(&mut self, event: &JournalEvent, entry: impl Fn() -> Entry, room: &mut Room) {
        let is_new = |client: &SocketAddress| !self.waiting.contains_key(client);
        if let Some(client) = event.remote.filter(is_new).filter(|_| room.take()) {
            self.waiting.insert(client, self.server.left.len());
            self.server.left.push(Left { client, local: event.local, queued: entry(), gone: None });
        }
    }

    /// A connection was gone from the queue, and not by `accept()`.
    fn loses(&mut self, event: &JournalEvent, entry: impl Fn() -> Entry) {
        let place = event.remote.and_then(|client| self.waiting.remove(&client));
        if let Some(left) = place.and_then(|place| self.server.left.get_mut(place)) {
            left.gone = Some(entry());
        }
    }

    fn greets(&mut self, event: &JournalEvent, entry: impl Fn() -> Entry) {
        if let Some(accepted) = self.accepted(event.socket).filter(|one| one.first_receive.is_none()) {
            accepted.greeted.get_or_insert_with(entry);
        }
    }

    /// Data came over a connection; the first of it counts.
    fn reads(&mut self, event: &JournalEvent, entry: impl Fn() -> Entry) {
        let reader = self.sockets.get(&event.socket).and_then(|(_, process, accepted_by)| {
            let (accepted_by, thread) = ((*process, (*accepted_by)?), event.thread?);
            Some(Reader { process: event.pid, thread, accepted_by })
        });
        if let Some(accepted) = self.accepted(event.socket)
            && accepted.first_receive.is_none()
        {
            (accepted.first_receive, accepted.reader) = (Some(entry()), reader);
        }
    }

    /// Whether the socket of this event is that of a UDP server.
    fn is_datagram_server(&self, event: &JournalEvent) -> bool {
        self.bound.contains(&event.socket) || event.program.contains("server")
    }

    /// The first datagram of each client counts.
    fn receives_datagram(&mut self, event: &JournalEvent, entry: impl Fn() -> Entry, room: &mut Room) {
        let Some(client) = event.remote else { return };
        if self.is_datagram_server(event) && !self.clients.contains(&client) && room.take() {
            self.clients.insert(client);
            self.server.datagrams.push((client, entry()));
        }
    }

    /// A bound UDP socket was connected to a client.
    fn connects_datagrams(&mut self, event: &JournalEvent, entry: impl Fn() -> Entry, room: &mut Room) {
        let is_bound = self.bound.contains(&event.socket);
        if let Some(client) = event.remote.filter(|_| is_bound && room.take()) {
            self.server.connected.push((client, entry()));
        }
    }

    /// The client had closed its sending half.
    fn reads_end(&mut self, event: &JournalEvent, entry: impl Fn() -> Entry) {
        if let Some(accepted) = self.accepted(event.socket) {
            accepted.client_left |= accepted.ended.is_none();
            accepted.ended.get_or_insert_with(entry);
        }
    }

    /// A socket was closed: a UDP server's, that of a connection, or one that listens.
    fn closes(&mut self, event: &JournalEvent, entry: impl Fn() -> Entry, room: &mut Room) {
        let is_bound = event.protocol == Protocol::Udp && self.bound.contains(&event.socket);
        if let Some(local) = event.local.filter(|_| is_bound && room.take()) {
            self.server.closed.push((local, entry()));
        } else if let Some(accepted) = self.accepted(event.socket) {
            accepted.ended.get_or_insert_with(entry);
        } else {
            let open = |one: &&mut Listening| one.socket == event.socket && one.closed.is_none();
            if let Some(listening) = self.server.listening.iter_mut().find(open) {
                listening.closed = Some(entry());
            }
        }
    }

    /// The connection leaves the queue, if it was seen there.
    fn take_from_queue(&mut self, client: SocketAddress) -> Option<Entry> {
        let place = self.waiting.remove(&client)?;
        self.taken.insert(place);
        self.server.left.get(place).map(|left| left.queued.clone())
    }

    /// The server, when all events are read.
    fn finish(self) -> ServerRun {
        let Run { mut server, taken, .. } = self;
        server.serves_several = server.overlaps();
        let places = 0..server.left.len();
        server.left =
            places.zip(server.left).filter(|(place, _)| !taken.contains(place)).map(|(_, left)| left).collect();
        server
    }

    fn accepted(&mut self, socket: u32) -> Option<&mut Accepted> {
        let (place, ..) = *self.sockets.get(&socket)?;
        self.server.accepted.get_mut(place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::Journal;

    #[test]
    fn only_over_tcp_does_connect_connect() {
        let connects = |protocol: &str| {
            let line = format!(
                r#"{{"time":"2026-11-23T18:33:49.7Z","program":"client","pid":8,"event":"connect","protocol":"{protocol}","socket":1,"local":"10.0.3.3:40000","remote":"10.0.3.1:65433"}}"#
            );
            let journal = Journal::read(line.as_bytes()).unwrap();
            Accounts::of(&[NamedJournal { file: "c.jsonl".to_owned(), journal }]).connects.len()
        };
        assert_eq!((connects("tcp"), connects("udp")), (1, 0));
    }
}
