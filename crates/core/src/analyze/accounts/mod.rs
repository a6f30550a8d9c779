//! What the journals of the socket programs say: which servers ran, whom they accepted, what they received.
//!
//! A journal is the program's own word, stronger than any capture where it speaks; where it is silent nothing follows.

mod reading;

use std::collections::BTreeSet;

use crate::analyze::conversation::LabConnection;
use crate::analyze::evidence::Evidence;
use crate::analyze::served::ServerKind;
use socklab_packets::types::{Protocol, SocketAddress, Timestamp};

/// The names by which the threaded server's journal is told from the iterative one's: as commands, and of the lab's Python
/// programs.
const THREADED_SERVER: &str = "tcp-threaded-server";
const ITERATIVE_SERVERS: [&str; 2] = ["tcp-server", "tcp_server"];

/// A connection that is accepted this soon after another one has ended had been waiting for that, most likely.
const TURN_NANOSECONDS: i128 = 100_000_000;

/// What was in the queue for less than this did not wait for another client.
const SHORTEST_WAIT: i128 = 5_000_000;

/// Connections accepted before one, among which the one is looked for that kept it waiting.
const HOLDERS: usize = 64;

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
    /// The first line that has it in the queue, where it was seen there.
    pub(crate) queued: Option<Entry>,
    /// `accept()` returned.
    pub(crate) accepted: Entry,
    /// The client was gone: end of file, or the socket was closed.
    pub(crate) ended: Option<Entry>,
    /// The client had closed or reset the connection by then.
    pub(crate) client_left: bool,
    /// The first line or other data read from it.
    pub(crate) first_receive: Option<Entry>,
    /// Who read that, where the journal names threads.
    pub(crate) reader: Option<Reader>,
    /// The first data sent to it, where that was before any was read, as `socklab run` has it, call by call.
    greeted: Option<Entry>,
}

impl Accepted {
    /// Whether it was open at this time, by the server's clock.
    pub(crate) fn is_open_at(&self, time: Timestamp) -> bool {
        self.accepted.time <= time && self.ended.as_ref().is_none_or(|ended| time < ended.time)
    }
}

/// A connection that was in the queue, and that no `accept()` returned as far as its journal goes.
#[derive(Debug, Clone)]
pub(crate) struct Left {
    pub(crate) client: SocketAddress,
    /// The local address of the listening socket.
    pub(crate) local: Option<SocketAddress>,
    /// The first line that has it in the queue.
    pub(crate) queued: Entry,
    /// It was gone from the queue: reset, as when the listening socket is closed.
    pub(crate) gone: Option<Entry>,
}

/// What a server's journal says of the waiting of a connection that was accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Turn {
    /// The first line that has it in the queue, where the journal notes the queue.
    pub(crate) queued: Option<Entry>,
    /// The client for whose end it waited, and that end.
    pub(crate) holder: SocketAddress,
    pub(crate) ended: Entry,
}

/// What a server's journal says of a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Account {
    /// `accept()` returned it, after some waiting or not.
    Accepted { entry: Entry, turn: Option<Turn> },
    /// It was in the queue and was not accepted, as far as the journal goes. Perhaps it was gone from there later.
    Left { queued: Entry, gone: Option<Entry> },
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

/// Whether these, of whom each read from another client, are threads or processes that have one client each: there is one at least,
/// none of them accepted a connection, and none read from two.
pub(crate) fn is_thread_each(mut readers: impl Iterator<Item = Reader>) -> bool {
    let mut known = BTreeSet::new();
    readers.all(|reader| reader.took_over() && known.insert((reader.process, reader.thread))) && !known.is_empty()
}

/// A socket that listens.
#[derive(Debug, Clone)]
pub(crate) struct Listening {
    /// Its number in its run.
    socket: u32,
    /// Its local address.
    pub(crate) address: SocketAddress,
    /// `listen()` returned.
    pub(crate) since: Entry,
    /// It was closed.
    pub(crate) closed: Option<Entry>,
}

impl Listening {
    /// Whether it had begun to listen, and its journal does not have it closed, by the clock of its computer.
    pub(crate) fn is_there_at(&self, time: Timestamp) -> bool {
        self.since.time <= time && self.closed.as_ref().is_none_or(|closed| time < closed.time)
    }

    /// Whether it has the address of this `bind()`, be it with all others of its computer.
    pub(crate) fn is_in_the_way(&self, failed: &FailedBind) -> bool {
        failed.address.is_some_and(|address| {
            let (one, other) = (self.address, address);
            one == other || one.port == other.port && (one.ip.is_unspecified() || other.ip.is_unspecified())
        })
    }
}

/// One run of a server program.
#[derive(Debug, Clone, Default)]
pub(crate) struct ServerRun {
    /// Its first event, and the time of its last one.
    pub(crate) first: Option<Entry>,
    pub(crate) last: Option<Timestamp>,
    /// It belongs to no connection that counts: another run than that of the captures ([`crate::analyze::matching`]).
    pub(crate) apart: Option<Apart>,
    /// What it was for, once the captures told ([`crate::analyze::matching`]).
    pub(crate) purpose: Option<Purpose>,
    /// The program's name, made harmless where it is shown.
    pub(crate) program: String,
    /// The sockets that listen.
    pub(crate) listening: Vec<Listening>,
    /// The connections accepted, in order.
    pub(crate) accepted: Vec<Accepted>,
    /// The connections that were left in the queue, in the order in which they came there.
    pub(crate) left: Vec<Left>,
    /// Its journal notes who waits in the queue: it was written by `socklab run`.
    pub(crate) notes_queue: bool,
    /// It accepted a connection while the one before was still open.
    serves_several: bool,
    /// Nothing of its journal was left out for want of room: what is not here is not in it.
    pub(crate) is_whole: bool,
    /// For UDP: each client with the first datagram received from it, in order.
    pub(crate) datagrams: Vec<(SocketAddress, Entry)>,
    /// For UDP: the sockets that were bound and closed again, with their local address.
    pub(crate) closed: Vec<(SocketAddress, Entry)>,
    /// For UDP: the clients to which a bound socket was connected: it takes datagrams of that one only.
    pub(crate) connected: Vec<(SocketAddress, Entry)>,
}

impl ServerRun {
    /// Whether it is a threaded server, by its name or by what it did.
    pub(crate) fn is_threaded(&self) -> bool {
        self.is_named_threaded() == Some(true) || self.hands_over()
    }

    /// Whether its name is that of the lab's threaded TCP server, or of the other one; `None` of any other program.
    pub(crate) fn is_named_threaded(&self) -> Option<bool> {
        is_threaded_name(&self.program)
    }

    /// Whether it is a UDP server that had a socket when this `bind()` failed, by its first and last line.
    pub(crate) fn held_at(&self, failed: &FailedBind) -> bool {
        let first = self.first.as_ref().is_some_and(|first| first.time <= failed.entry.time);
        !self.is_tcp() && first && self.last.is_some_and(|last| failed.entry.time <= last)
    }

    /// Whether another thread or process than the one that accepted a connection read from it.
    fn hands_over(&self) -> bool {
        self.accepted.iter().filter_map(|accepted| accepted.reader).any(Reader::took_over)
    }

    /// Whether a datagram came from this address.
    pub(crate) fn received_from(&self, client: SocketAddress) -> bool {
        self.datagrams.iter().any(|(other, _)| *other == client)
    }

    /// Whether each client of which it read was read by a thread of its own.
    pub(crate) fn has_thread_each(&self) -> bool {
        is_thread_each(self.accepted.iter().filter_map(|accepted| accepted.reader))
    }

    /// Whether it is a TCP server.
    pub(crate) fn is_tcp(&self) -> bool {
        !self.listening.is_empty() || !self.accepted.is_empty()
    }
}

/// Whether a program's name is that of the lab's threaded TCP server, or of the other one; `None` of any other.
fn is_threaded_name(program: &str) -> Option<bool> {
    let name = program.strip_suffix(".py").unwrap_or(program);
    (name == THREADED_SERVER || ITERATIVE_SERVERS.contains(&name)).then_some(name == THREADED_SERVER)
}

/// What a run of a server was for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// The steps with one client at a time.
    OneAtATime,
    /// Those with clients side by side.
    SideBySide,
    /// Those with datagrams.
    Datagrams,
}

/// Why a run of a server does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Apart {
    /// No client came.
    Idle,
    /// None of its clients is in the captures, which have clients of such a server.
    NotCaptured,
    /// Its clients are in the captures, as connections that count for no step.
    NoStep,
    /// The captures have no clients of such a server, and another run answers.
    AnotherAnswers,
    /// It contradicts the captures: its server, or another one of its journal, had the address of the captured server, and none of the
    /// captured clients.
    Foreign,
}

/// A call of `bind()` that failed.
#[derive(Debug, Clone)]
pub(crate) struct FailedBind {
    pub(crate) protocol: Protocol,
    pub(crate) address: Option<SocketAddress>,
    pub(crate) errno: Option<String>,
    pub(crate) entry: Entry,
    /// The program has the name of the lab's threaded TCP server.
    pub(crate) is_threaded: bool,
}

impl FailedBind {
    /// Whether another socket had the address.
    pub(crate) fn is_in_use(&self) -> bool {
        self.errno.as_deref() == Some("EADDRINUSE")
    }
}

/// A connection that a client made.
#[derive(Debug, Clone)]
pub(crate) struct Connected {
    /// The client's socket address.
    pub(crate) local: SocketAddress,
    /// The server's, where the journal has it.
    pub(crate) remote: Option<SocketAddress>,
    /// `connect()` returned.
    pub(crate) entry: Entry,
}

/// A client's `connect()` that was refused.
#[derive(Debug, Clone)]
pub(crate) struct RefusedConnect {
    /// The client's address, where the journal has it.
    pub(crate) local: Option<SocketAddress>,
    /// The server's.
    pub(crate) remote: SocketAddress,
    pub(crate) entry: Entry,
}

/// A UDP client's socket, as its own journal has it.
#[derive(Debug, Clone)]
pub(crate) struct DatagramSender {
    pub(crate) local: SocketAddress,
    /// It was told that nobody takes its datagrams (ECONNREFUSED).
    pub(crate) refused: Option<Entry>,
}

/// Everything that the journals say.
#[derive(Debug, Clone, Default)]
pub(crate) struct Accounts {
    /// The servers, in the order of files.
    pub(crate) servers: Vec<ServerRun>,
    /// Failed binds.
    pub(crate) failed_binds: Vec<FailedBind>,
    /// Clients' `connect()` calls that returned.
    pub(crate) connects: Vec<Connected>,
    /// Those that failed because nothing was listening there (ECONNREFUSED).
    pub(crate) refused: Vec<RefusedConnect>,
    /// UDP clients' sockets that sent.
    pub(crate) senders: Vec<DatagramSender>,
    /// Processes, sockets, clients and failed calls beyond [`JOURNAL_ENTRIES`].
    pub(crate) left_out: u64,
}

impl ServerRun {
    /// What is said of the waiting of the accepted connection at this place, if it waited until another one had ended: it was
    /// in the queue until then, or, where the journal does not note the queue, was accepted at once then.
    pub(crate) fn turn(&self, place: usize) -> Option<Turn> {
        let accepted = self.accepted.get(place)?;
        let since = match &accepted.queued {
            Some(queued) => {
                let waited = accepted.accepted.time.nanoseconds_since(queued.time);
                // One that serves several may just have been slow.
                let least = if self.serves_several { TURN_NANOSECONDS } else { SHORTEST_WAIT };
                (waited >= least).then_some(waited)?
            }
            None if self.notes_queue || self.serves_several => return None,
            None => TURN_NANOSECONDS,
        };
        let before = self.accepted.get(place.saturating_sub(HOLDERS)..place)?.iter();
        let ended = |other: &Accepted| {
            let ended = other.ended.clone()?;
            let ago = accepted.accepted.time.nanoseconds_since(ended.time);
            (0..since).contains(&ago).then_some((ago, other.client, ended))
        };
        let (_, holder, ended) = before.filter_map(ended).min_by_key(|(ago, ..)| *ago)?;
        Some(Turn { queued: accepted.queued.clone(), holder, ended })
    }

    /// The connection of another computer that was open at this time, by the server's clock.
    pub(crate) fn open_beside(&self, client: SocketAddress, time: Timestamp) -> Option<&Accepted> {
        self.accepted.iter().find(|other| other.client.ip != client.ip && other.is_open_at(time))
    }

    /// Whether a client's `connect()` to this address may have led to this run.
    pub(crate) fn is_reached_at(&self, remote: Option<SocketAddress>) -> bool {
        let mut locals = self.accepted.iter().filter_map(|accepted| accepted.local);
        remote.is_none_or(|remote| locals.any(|local| local == remote))
    }

    /// Whether this run accepted a connection while an earlier one was still open.
    fn overlaps(&self) -> bool {
        let pairs = self.accepted.iter().zip(self.accepted.iter().skip(1));
        pairs.into_iter().any(|(one, next)| one.ended.as_ref().is_none_or(|ended| next.accepted.time < ended.time))
    }

    /// Whether this run left a connection waiting while another one was open.
    fn takes_turns(&self) -> bool {
        let waited = |left: &Left| self.accepted.iter().any(|other| other.is_open_at(left.queued.time));
        (0..self.accepted.len()).any(|place| self.turn(place).is_some()) || self.left.iter().any(waited)
    }

    /// Whether this socket accepts the captured connection's server address.
    pub(crate) fn is_at(local: Option<SocketAddress>, connection: &LabConnection) -> bool {
        local.is_none_or(|local| local.takes(connection.server()))
    }

    /// Whether this accepted connection may be the captured one: the same client, and the same server where it is known.
    pub(crate) fn accepted_it(&self, accepted: &Accepted, connection: &LabConnection) -> bool {
        accepted.client == connection.client() && Self::is_at(accepted.local, connection)
    }
}

impl Accounts {
    /// Where a program sent to an accepted connection before it had read anything of it.
    pub(crate) fn greeted(&self, account: &Account) -> Option<&Entry> {
        let Account::Accepted { entry, .. } = account else { return None };
        let mut accepted = self.servers.iter().flat_map(|run| &run.accepted);
        accepted.find(|accepted| accepted.accepted == *entry)?.greeted.as_ref()
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
            // A name, or a thread that is waited for, shows nothing of it.
            if run.serves_several {
                return Some(ServerKind::Concurrent);
            }
            run.takes_turns().then_some(ServerKind::Iterative)
        });
        let kind = kinds.next()?;
        kinds.all(|other| other == kind).then_some(kind)
    }
}
