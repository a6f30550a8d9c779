//! What the journals of the socket programs say: which servers ran, whom they accepted, what they received.
//!
//! A journal is the program's own word, stronger than any capture where it speaks; where it is silent nothing follows.

use std::collections::{BTreeMap, HashSet};

use foldhash::{HashMap, HashMapExt};

use crate::analyze::analysis::{Evidence, ServerKind};
use crate::analyze::conversation::LabConnection;
use crate::journal::NamedJournal;
use crate::journal::{EventKind, JournalEvent};
use socklab_packets::limits::JOURNAL_ENTRIES;
use socklab_packets::types::{Protocol, SocketAddress, Timestamp};

/// The name by which the threaded server's journal is told from the iterative one's.
const THREADED_SERVER: &str = "tcp-threaded-server";

/// A connection that is accepted this soon after the one before it has ended had been waiting.
const TURN_NANOSECONDS: i128 = 100_000_000;

/// A place in a journal: its file and line, and the time of the event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) file: String,
    pub(crate) line: u64,
    pub(crate) time: Timestamp,
}

impl Entry {
    /// The entry as evidence.
    pub(crate) fn evidence(&self) -> Evidence {
        evidence([self])
    }
}

/// Several entries of one journal as evidence; entries of other files than the first one's are left out.
pub(crate) fn evidence<'a>(entries: impl IntoIterator<Item = &'a Entry>) -> Evidence {
    let mut entries = entries.into_iter().peekable();
    let file = entries.peek().map(|entry| entry.file.clone()).unwrap_or_default();
    let mut lines: Vec<u64> = entries.filter(|entry| entry.file == file).map(|entry| entry.line).collect();
    lines.sort_unstable();
    lines.dedup();
    Evidence::of_journal(file, lines)
}

/// A connection that a server's program accepted.
#[derive(Debug, Clone)]
pub(crate) struct Accepted {
    /// The client's socket address.
    pub(crate) client: SocketAddress,
    /// The local address of the connected socket.
    pub(crate) local: Option<SocketAddress>,
    /// `accept()` returned.
    pub(crate) accepted: Entry,
    /// The client was gone: end of file, or the socket was closed.
    pub(crate) ended: Option<Entry>,
    /// The first line or other data read from it.
    pub(crate) first_receive: Option<Entry>,
    /// Who read that, where the journal names threads.
    pub(crate) reader: Option<Reader>,
}

/// Who read from a connection, as the system numbers processes and threads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Reader {
    pub(crate) process: u32,
    pub(crate) thread: u32,
    /// The process and the thread that accepted the connection.
    pub(crate) accepted_by: (u32, u32),
}

impl Reader {
    /// Whether another thread, be it of another process, accepted the connection.
    pub(crate) fn took_over(self) -> bool {
        self.thread != self.accepted_by.1
    }
}

/// One run of a server program.
#[derive(Debug, Clone, Default)]
pub(crate) struct ServerRun {
    /// The program's name, made harmless where it is shown.
    pub(crate) program: String,
    /// The sockets that listen, with their local address.
    pub(crate) listening: Vec<(SocketAddress, Entry)>,
    /// The connections accepted, in order.
    pub(crate) accepted: Vec<Accepted>,
    /// For UDP: each client with the first datagram received from it, in order.
    pub(crate) datagrams: Vec<(SocketAddress, Entry)>,
}

impl ServerRun {
    /// Whether it is a threaded server, by its name or by what it did.
    pub(crate) fn is_threaded(&self) -> bool {
        self.program.strip_suffix(".py").unwrap_or(&self.program) == THREADED_SERVER || self.hands_over()
    }

    /// Whether another thread or process than the one that accepted a connection read from it.
    fn hands_over(&self) -> bool {
        self.accepted.iter().filter_map(|accepted| accepted.reader).any(Reader::took_over)
    }

    /// Whether it is a TCP server.
    pub(crate) fn is_tcp(&self) -> bool {
        !self.listening.is_empty() || !self.accepted.is_empty()
    }
}

/// A call of `bind()` that failed.
#[derive(Debug, Clone)]
pub(crate) struct FailedBind {
    pub(crate) protocol: Protocol,
    pub(crate) address: Option<SocketAddress>,
    pub(crate) errno: Option<String>,
    pub(crate) entry: Entry,
}

/// Everything that the journals say.
#[derive(Debug, Clone, Default)]
pub(crate) struct Accounts {
    /// The servers, in the order of files.
    pub(crate) servers: Vec<ServerRun>,
    /// Failed binds.
    pub(crate) failed_binds: Vec<FailedBind>,
    /// Clients' `connect()` calls that returned: local address and entry.
    pub(crate) connects: Vec<(SocketAddress, Entry)>,
    /// Processes, sockets, clients and failed calls beyond [`JOURNAL_ENTRIES`].
    pub(crate) left_out: u64,
}

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
                let entry = || Entry { file: named.file.clone(), line, time: event.time };
                accounts.note_failure_or_connect(event, entry, &mut room);
                runs.entry(run).or_default().note(event, entry, &mut room);
            }
            accounts.servers.extend(runs.into_values().map(|run| run.server).filter(|server| {
                !server.listening.is_empty() || !server.accepted.is_empty() || !server.datagrams.is_empty()
            }));
        }
        accounts.left_out = room.refused;
        accounts
    }

    fn note_failure_or_connect(&mut self, event: &JournalEvent, entry: impl Fn() -> Entry, room: &mut Room) {
        match (event.event, event.local) {
            (EventKind::Error, address) if event.operation.as_deref() == Some("bind") && room.take() => {
                let (protocol, errno, entry) = (event.protocol, event.errno.clone(), entry());
                self.failed_binds.push(FailedBind { protocol, address, errno, entry });
            }
            // Over UDP it connects nobody: it only names the peer (POSIX, connect()).
            (EventKind::Connect, Some(local)) if event.protocol == Protocol::Tcp && room.take() => {
                self.connects.push((local, entry()));
            }
            _ => {}
        }
    }
}

impl Accepted {
    /// Whether this connection was accepted as soon as an earlier one had ended.
    pub(crate) fn had_waited_for(&self, earlier: &Accepted) -> bool {
        let since = earlier.ended.as_ref().map(|ended| self.accepted.time.nanoseconds_since(ended.time));
        since.is_some_and(|since| (0..TURN_NANOSECONDS).contains(&since))
    }
}

impl ServerRun {
    /// Whether this run accepted a connection while an earlier one was still open.
    fn overlaps(&self) -> bool {
        let pairs = self.accepted.iter().zip(self.accepted.iter().skip(1));
        pairs.into_iter().any(|(one, next)| one.ended.as_ref().is_none_or(|ended| next.accepted.time < ended.time))
    }

    /// Whether this run accepted a connection only when the earlier one had ended, and at once then: it had waited.
    fn takes_turns(&self) -> bool {
        let mut pairs = self.accepted.iter().zip(self.accepted.iter().skip(1));
        pairs.any(|(one, next)| next.had_waited_for(one))
    }

    /// Whether this accepted connection may be the captured one: the same client, and the same server where it is known.
    pub(crate) fn accepted_it(&self, accepted: &Accepted, connection: &LabConnection) -> bool {
        let server = connection.server();
        accepted.client == connection.client()
            && accepted
                .local
                .is_none_or(|local| local.port == server.port && (local.ip == server.ip || local.ip.is_unspecified()))
    }
}

impl Accounts {
    /// The captured connections that the servers' journals say were accepted, each with that entry. Where an address was
    /// used again, they are paired in order.
    pub(crate) fn pair_with(&self, connections: &[LabConnection]) -> HashMap<usize, Entry> {
        let mut pairs: HashMap<usize, Entry> = HashMap::new();
        for run in &self.servers {
            for accepted in &run.accepted {
                let free = |(index, connection): &(usize, &LabConnection)| {
                    !pairs.contains_key(index) && connection.established() && run.accepted_it(accepted, connection)
                };
                let found = connections.iter().enumerate().find(free).map(|(index, _)| index);
                if let Some(index) = found {
                    pairs.insert(index, accepted.accepted.clone());
                }
            }
        }
        pairs
    }

    /// The kind of the server that accepted these connections, as its journal shows it.
    pub(crate) fn kind_of<'a>(
        &self,
        connections: impl Iterator<Item = &'a LabConnection> + Clone,
    ) -> Option<ServerKind> {
        let accepted_one = |run: &&ServerRun| {
            run.accepted.iter().any(|accepted| connections.clone().any(|c| run.accepted_it(accepted, c)))
        };
        let mut kinds = self.servers.iter().filter(accepted_one).filter_map(|run| {
            if run.is_threaded() || run.overlaps() {
                return Some(ServerKind::Concurrent);
            }
            run.takes_turns().then_some(ServerKind::Iterative)
        });
        let kind = kinds.next()?;
        kinds.all(|other| other == kind).then_some(kind)
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
}

impl Run {
    fn note(&mut self, event: &JournalEvent, entry: impl Fn() -> Entry, room: &mut Room) {
        self.server.program.clone_from(&event.program);
        match (event.event, event.protocol, event.local, event.remote) {
            (EventKind::Listen, _, Some(local), _) if room.take() => self.server.listening.push((local, entry())),
            (EventKind::Accept, _, local, Some(client)) if room.take() => {
                self.sockets.insert(event.socket, (self.server.accepted.len(), event.pid, event.thread));
                let accepted = entry();
                self.server.accepted.push(Accepted {
                    client,
                    local,
                    accepted,
                    ended: None,
                    first_receive: None,
                    reader: None,
                });
            }
            (EventKind::Bind, Protocol::Udp, _, _) if room.take() => drop(self.bound.insert(event.socket)),
            (EventKind::Receive, Protocol::Udp, _, Some(client))
                if self.bound.contains(&event.socket) || event.program.contains("server") =>
            {
                self.note_datagram(client, entry, room);
            }
            (EventKind::Receive, Protocol::Tcp, _, _) => {
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
            (EventKind::Eof | EventKind::Close, _, _, _) => {
                if let Some(accepted) = self.accepted(event.socket) {
                    accepted.ended.get_or_insert_with(entry);
                }
            }
            _ => {}
        }
    }

    /// The first datagram of each client counts.
    fn note_datagram(&mut self, client: SocketAddress, entry: impl Fn() -> Entry, room: &mut Room) {
        if !self.clients.contains(&client) && room.take() {
            self.clients.insert(client);
            self.server.datagrams.push((client, entry()));
        }
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
