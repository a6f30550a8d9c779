//! What the calls mean: from system calls at their entry and exit to the journal's events.
//!
//! A descriptor is looked up at the entry of its call, since at the exit another thread may have closed it (the call goes on
//! and is noted all the same), and a close is taken in at its entry, since from then on the system may give the number to another thread. Calls that did nothing yet
//! (would block, were interrupted) are no events.

use std::fs;
use std::io;
use std::sync::Arc;

use foldhash::{HashMap, HashMapExt, HashSet, HashSetExt};
use nix::libc;
use nix::unistd::Pid;

use crate::servers::explain;
use crate::servers::program::now;
use crate::witness::calls::{self, Kind};
use crate::witness::cpu::Call;
use crate::witness::descriptors::{Descriptors, Dropped, Socket, Who};
use crate::witness::draft::Draft;
use crate::witness::journal::Journal;
use crate::witness::memory::Memory;
use crate::witness::names;
use crate::witness::queue::{Listener, Queues};
use socklab_core::journal::{EventKind, JournalEvent};
use socklab_packets::types::{Protocol, SocketAddress, Timestamp};

mod transfer;

/// A call that has begun and whose result is of interest.
#[derive(Debug)]
pub(super) struct Begun {
    kind: Kind,
    arguments: [u64; 6],
    time: Timestamp,
    /// The number of the socket that it concerns.
    socket: Option<u32>,
    /// That socket as it was, where another thread may close it before this call returns.
    waited_on: Option<Socket>,
    /// For a close: what is closed by it.
    dropped: Option<Dropped>,
}

/// Turns the calls of a run into the events of its journal.
pub(super) struct Observer {
    run: u32,
    journal: Arc<Journal>,
    queues: Arc<Queues>,
    descriptors: Descriptors,
    names: HashMap<u32, Arc<str>>,
    listening: u32,
    /// Sockets whose reading side the program has shut down, or is about to: what reads from them returns at once.
    deaf: HashSet<u32>,
    /// Not written yet: the program goes on first.
    drafts: Vec<Draft>,
}

impl Observer {
    /// An observer of the run whose first process has this number.
    ///
    /// # Errors
    /// If the system gives no thread to look at the queues.
    pub(super) fn new(run: u32, journal: Arc<Journal>) -> io::Result<Observer> {
        let queues = Queues::watch(Arc::clone(&journal))?;
        Ok(Observer {
            run,
            journal,
            queues,
            descriptors: Descriptors::default(),
            names: HashMap::new(),
            listening: 0,
            deaf: HashSet::new(),
            drafts: Vec::new(),
        })
    }

    /// A process begins, forked by another one of the run or as its first one.
    pub(super) fn begun(&mut self, process: u32, parent: Option<u32>) {
        self.descriptors.begin(process, parent);
        if let Some(name) = parent.and_then(|parent| self.names.get(&parent)).cloned() {
            self.names.insert(process, name);
        }
    }

    /// What a process's program is called.
    pub(super) fn name(&self, process: u32) -> &str {
        self.names.get(&process).map_or("", |name| name)
    }

    /// A process runs another program now.
    pub(super) fn executed(&mut self, who: Who) {
        let line = fs::read(format!("/proc/{}/cmdline", who.listed)).unwrap_or_default();
        self.names.insert(who.process, names::of(&line).into());
        let dropped = self.descriptors.executed(who);
        self.closed_by(who, dropped, "exec");
    }

    /// A process has ended.
    pub(super) fn ended(&mut self, who: Who) {
        let dropped = self.descriptors.end(who.process);
        self.closed_by(who, dropped, "exit");
        self.names.remove(&who.process);
    }

    /// Sockets are closed without `close()`. That other processes still hold some of them is no news.
    fn closed_by(&mut self, who: Who, dropped: Vec<Dropped>, what: &str) {
        let time = now();
        for dropped in dropped.into_iter().filter(|dropped| dropped.last) {
            self.closed(who, time, dropped, Some(what));
        }
    }

    /// Writes what has happened since the last time.
    pub(super) fn write(&mut self) {
        if !self.drafts.is_empty() {
            let drafts = std::mem::take(&mut self.drafts);
            let event = |draft| match draft {
                Draft::Event(event) => event,
                Draft::Transfer(transfer) => self.event_of(transfer),
            };
            self.journal.write(drafts.into_iter().map(event).collect());
            if self.listening > 0 {
                self.queues.notice();
            }
        }
    }

    /// A call begins. `None` if nothing about its end is of interest.
    pub(super) fn entry(&mut self, who: Who, call: &Call) -> Option<Begun> {
        let kind = calls::kind(call.number)?;
        let [first, second, third, ..] = call.arguments;
        let arguments = call.arguments;
        let mut begun = Begun { kind, arguments, time: now(), socket: None, waited_on: None, dropped: None };
        match kind {
            Kind::Socket => return Some(begun),
            Kind::Close => {
                // Looked up first: a descriptor not used so far may be a socket all the same.
                self.descriptors.find(who, low(first));
                begun.dropped = self.descriptors.take(who.process, low(first));
                if let Some(dropped) = &mut begun.dropped {
                    self.listens_no_more(dropped, begun.time);
                }
                return begun.dropped.is_some().then_some(begun);
            }
            Kind::CloseRange => {
                self.close_range(who, low(first), low(second), low(third));
                return None;
            }
            Kind::Splice => begun.socket = self.find(who, third).or_else(|| self.find(who, first)),
            _ => begun.socket = self.find(who, first),
        }
        let connecting = |observer: &mut Self| observer.socket(begun.socket).is_some_and(|s| s.connecting.is_some());
        let wanted = match kind {
            Kind::GetOption => connecting(self),
            Kind::DuplicateTo => begun.socket.is_some() || self.descriptors.knows(who.process, low(second)),
            _ => begun.socket.is_some(),
        };
        match (kind, begun.socket) {
            (Kind::Shutdown, Some(number)) if shuts_reading(second) => drop(self.deaf.insert(number)),
            (Kind::Accept, Some(number)) => self.attend(who, number, low(first)),
            _ => {}
        }
        if kind.waits() {
            begun.waited_on = self.socket(begun.socket).cloned();
        }
        wanted.then_some(begun)
    }

    fn find(&mut self, who: Who, fd: u64) -> Option<u32> {
        self.descriptors.find(who, low(fd))
    }

    fn socket(&mut self, number: Option<u32>) -> Option<&mut Socket> {
        self.descriptors.socket(number?)
    }

    /// A call has ended with this result.
    pub(super) fn exit(&mut self, who: Who, mut begun: Begun, result: i64) {
        // A closed socket is there until the calls that wait on it return.
        let late = begun.waited_on.take().and_then(|socket| self.descriptors.bring_back(socket));
        if late.is_some() {
            // The descriptor may stand for another socket by now.
            if let Some(fd) = begun.arguments.first_mut() {
                *fd = u64::MAX;
            }
        }
        self.returned(who, begun, result);
        if let Some(number) = late {
            self.descriptors.forget(number);
        }
    }

    fn returned(&mut self, who: Who, begun: Begun, result: i64) {
        match u64::try_from(result) {
            // Where the program's memory tells nothing, there is nothing to note.
            Ok(result) => self.succeeded(who, begun, result).unwrap_or_default(),
            Err(_) => self.failed(who, &begun, i32::try_from(result.saturating_neg()).unwrap_or(0)),
        }
    }

    fn succeeded(&mut self, who: Who, begun: Begun, result: u64) -> Option<()> {
        let [first, second, third, ..] = begun.arguments;
        let fd = low(first);
        match begun.kind {
            Kind::Socket => self.created(who, &begun, low(result)),
            Kind::Bind => {
                let asked = self.memory(who).socket_address(second, third)?;
                let socket = self.descriptors.socket(begun.socket?)?;
                socket.local = if asked.port == 0 { socket.ends(who, fd).0 } else { Some(asked) };
                self.note(who, begun.socket?, EventKind::Bind, |_| {});
            }
            Kind::Listen => self.listens(who, begun.socket?, fd, low(second)),
            Kind::Accept => self.accepted(who, &begun, low(result))?,
            Kind::Connect if self.memory(who).is_no_address(second) => self.disconnected(who, begun.socket?, fd),
            Kind::Connect => {
                let remote = self.memory(who).socket_address(second, third);
                self.connected(who, begun.socket?, fd, remote);
            }
            Kind::GetOption => self.background_connect(who, begun.socket?, begun.arguments),
            Kind::Shutdown => {
                let how = match low(second) {
                    libc::SHUT_RD => "SHUT_RD",
                    libc::SHUT_WR => "SHUT_WR",
                    _ => "SHUT_RDWR",
                };
                self.note(who, begun.socket?, EventKind::Shutdown, |event| event.operation = Some(how.to_owned()));
                if shuts_reading(second) {
                    self.deafened(begun.socket?);
                }
            }
            Kind::Close => self.closed(who, now(), begun.dropped?, None),
            Kind::CloseRange => {}
            Kind::Duplicate | Kind::DuplicateTo | Kind::Control => {
                let replaced = self.descriptors.duplicate(who.process, low(result), begun.socket);
                self.closed(who, now(), replaced?, Some("dup2"));
            }
            _ => self.transferred(who, &begun, result)?,
        }
        Some(())
    }

    fn created(&mut self, who: Who, begun: &Begun, fd: i32) {
        match asked_protocol(begun.arguments) {
            Some(protocol) => {
                let (socket, replaced) = self.descriptors.make(who, fd, protocol);
                let number = socket.number;
                self.out_of_date(who, replaced);
                self.note(who, number, EventKind::Socket, |_| {});
            }
            None => drop(self.descriptors.take(who.process, fd)),
        }
    }

    /// A descriptor was given anew whose close was not seen.
    fn out_of_date(&mut self, who: Who, replaced: Option<Dropped>) {
        if let Some(replaced) = replaced {
            self.closed(who, now(), replaced, Some("unseen"));
        }
    }

    fn listens(&mut self, who: Who, number: u32, fd: i32, backlog: i32) {
        let Some(socket) = self.descriptors.socket(number) else { return };
        if !std::mem::replace(&mut socket.listens, true) {
            // Without bind() the system has chosen a port by now, and another one than the last time.
            socket.local = socket.ends(who, fd).0.or(socket.local);
        }
        self.note(who, number, EventKind::Listen, |event| event.backlog = u32::try_from(backlog).ok());
        self.attend(who, number, fd);
    }

    /// From now on the queue of a listening socket is looked at. One that was inherited listens already.
    fn attend(&mut self, who: Who, number: u32, fd: i32) {
        let Some(socket) = self.descriptors.socket(number) else { return };
        if !socket.listens || std::mem::replace(&mut socket.watched, true) {
            return;
        }
        let (local, inode) = (socket.local, socket.inode);
        self.listening = self.listening.saturating_add(1);
        if let (Some(event), Some(local)) = (self.draft(who, number, EventKind::Queued), local) {
            let event = JournalEvent { thread: None, ..event };
            self.queues.listens(Listener { event, listed: who.listed, fd, inode, local });
        }
    }

    /// A socket was shut down for reading. One that listened does so no more, and the system resets who waited.
    fn deafened(&mut self, number: u32) {
        let Some(socket) = self.descriptors.socket(number) else { return };
        socket.listens = false;
        if std::mem::take(&mut socket.watched) {
            self.listening = self.listening.saturating_sub(1);
            self.queues.closed(number, now());
        }
    }

    /// `connect()` with no address has undone what an earlier one did.
    fn disconnected(&mut self, who: Who, number: u32, fd: i32) {
        let Some(socket) = self.descriptors.socket(number) else { return };
        (socket.remote, socket.connecting, socket.ended) = (None, None, false);
        // The system gives a port of its own choice back.
        socket.local = socket.ends(who, fd).0;
        self.deaf.remove(&number);
    }

    fn accepted(&mut self, who: Who, begun: &Begun, fd: i32) -> Option<()> {
        let [_, address, length, ..] = begun.arguments;
        let time = now();
        let listener = begun.socket?;
        let from = self.descriptors.socket(listener)?;
        let (protocol, at) = (from.protocol, from.local.filter(|local| !local.ip.is_unspecified()));
        let remote = self.memory(who).filled_address(address, length);
        let (socket, replaced) = self.descriptors.make(who, fd, protocol);
        (socket.local, socket.remote) = (at, remote);
        if at.is_none() || remote.is_none() {
            let ends = socket.ends(who, fd);
            (socket.local, socket.remote) = (at.or(ends.0), remote.or(ends.1));
        }
        let (number, remote) = (socket.number, socket.remote);
        self.out_of_date(who, replaced);
        self.note(who, number, EventKind::Accept, |event| {
            event.time = time;
            event.listener = Some(listener);
        });
        if let Some(remote) = remote {
            self.queues.accepted(listener, remote, time);
        }
        Some(())
    }

    /// `connect()` has done its work.
    fn connected(&mut self, who: Who, number: u32, fd: i32, remote: Option<SocketAddress>) {
        let Some(socket) = self.descriptors.socket(number) else { return };
        socket.remote = remote;
        socket.connecting = None;
        socket.local = socket.ends(who, fd).0.or(socket.local);
        self.note(who, number, EventKind::Connect, |_| {});
    }

    /// getsockopt(SO_ERROR): how the `connect()` in the background has ended.
    fn background_connect(&mut self, who: Who, number: u32, arguments: [u64; 6]) {
        let [fd, _, _, value, ..] = arguments;
        let error = self.memory(who).number(value);
        let asked = self.descriptors.socket(number).and_then(|socket| socket.connecting.take());
        match (error, asked) {
            (Some(0), Some(remote)) => self.connected(who, number, low(fd), Some(remote)),
            (Some(errno), Some(remote)) => {
                let error = |event: &mut JournalEvent| event.remote = Some(remote);
                self.error(who, number, Kind::Connect, errno, error);
            }
            _ => {}
        }
    }

    fn close_range(&mut self, who: Who, first: i32, last: i32, flags: i32) {
        // With CLOSE_RANGE_CLOEXEC nothing is closed before exec.
        let now_closed = flags & 4 == 0;
        let (first, last) = (first.cast_unsigned(), last.cast_unsigned());
        if now_closed && first <= last {
            for dropped in self.descriptors.take_range(who.process, first, last) {
                self.closed(who, now(), dropped, Some("close_range"));
            }
        }
    }

    /// A descriptor of a socket was closed, by `close()` or by something else.
    fn closed(&mut self, who: Who, time: Timestamp, mut dropped: Dropped, what: Option<&str>) {
        self.listens_no_more(&mut dropped, time);
        let kind = if dropped.last { EventKind::Close } else { EventKind::Release };
        let event = self.event(who, time, kind, &dropped.socket);
        self.drafts.push(Draft::Event(JournalEvent { operation: what.map(str::to_owned), ..event }));
    }

    /// Where the last descriptor of a listening socket goes, nobody looks at its queue any more. Where a close is seen
    /// beforehand, that is before it: a look borrows the descriptor, and must not keep the port.
    fn listens_no_more(&mut self, dropped: &mut Dropped, time: Timestamp) {
        if dropped.last && std::mem::take(&mut dropped.socket.watched) {
            self.listening = self.listening.saturating_sub(1);
            self.queues.closed(dropped.socket.number, time);
        }
    }

    fn failed(&mut self, who: Who, begun: &Begun, errno: i32) {
        let [first, second, third, _, fifth, sixth] = begun.arguments;
        if let (Kind::Socket, Some(protocol)) = (begun.kind, asked_protocol(begun.arguments)) {
            let number = self.descriptors.number();
            let mut event = self.bare(who, begun.time, EventKind::Error, protocol, number);
            fail(&mut event, Kind::Socket, errno);
            return self.drafts.push(Draft::Event(event));
        }
        let Some(number) = begun.socket else { return };
        let address = match begun.kind {
            Kind::Bind | Kind::Connect => self.memory(who).socket_address(second, third),
            Kind::SendTo => self.memory(who).socket_address(fifth, sixth),
            _ => None,
        };
        let Some(socket) = self.descriptors.socket(number) else { return };
        match (begun.kind, errno) {
            // A signal has interrupted the call, not the connecting.
            (Kind::Connect, libc::EINPROGRESS | libc::EINTR | 512..=516) => socket.connecting = address,
            (Kind::SendTo, libc::EINPROGRESS) if begun.opens() => socket.connecting = address,
            (Kind::Connect, libc::EISCONN) if socket.connecting.is_some() => {
                self.connected(who, number, low(first), address)
            }
            // What is not connected is shut down all the same, and what reads from it woken; no other error does that.
            (Kind::Shutdown, errno) if errno != libc::ENOTCONN => {
                self.deaf.remove(&number);
                self.error(who, number, Kind::Shutdown, errno, |_| {});
            }
            _ if is_nothing_yet(errno) => {}
            (kind, errno) => {
                if kind == Kind::Connect {
                    socket.connecting = None;
                }
                self.error(who, number, kind, errno, |event| match kind {
                    Kind::Bind => event.local = address,
                    _ => event.remote = address.or(event.remote),
                });
            }
        }
    }

    fn error(&mut self, who: Who, number: u32, kind: Kind, errno: i32, fill: impl FnOnce(&mut JournalEvent)) {
        self.note(who, number, EventKind::Error, |event| {
            fail(event, kind, errno);
            fill(event);
        });
    }

    /// Drafts an event of now about the socket of this number.
    fn note(&mut self, who: Who, number: u32, kind: EventKind, fill: impl FnOnce(&mut JournalEvent)) {
        if let Some(mut event) = self.draft(who, number, kind) {
            fill(&mut event);
            self.drafts.push(Draft::Event(event));
        }
    }

    fn draft(&mut self, who: Who, number: u32, kind: EventKind) -> Option<JournalEvent> {
        let socket = self.descriptors.socket(number)?.clone();
        Some(self.event(who, now(), kind, &socket))
    }

    fn event(&self, who: Who, time: Timestamp, kind: EventKind, socket: &Socket) -> JournalEvent {
        let event = self.bare(who, time, kind, socket.protocol, socket.number);
        JournalEvent { local: socket.local, remote: socket.remote, ..event }
    }

    fn bare(&self, who: Who, time: Timestamp, kind: EventKind, protocol: Protocol, number: u32) -> JournalEvent {
        let name = self.name(who.process);
        let event = JournalEvent::new(time, name, who.process, kind, protocol, number);
        JournalEvent { run: Some(self.run), thread: Some(who.thread), ..event }
    }

    fn memory(&self, who: Who) -> Memory {
        Memory(Pid::from_raw(who.thread.cast_signed()))
    }
}

fn fail(event: &mut JournalEvent, kind: Kind, errno: i32) {
    let error = io::Error::from_raw_os_error(errno);
    event.operation = Some(kind.operation().to_owned());
    event.errno = Some(explain::errno_name(&error));
    event.message = Some(explain::message(&error));
}

/// Nothing has happened, and the program will ask again: the call would block or was interrupted. The numbers from 512 on
/// (linux/errno.h, ERESTARTSYS) are the kernel's own for an interrupted call that is begun again.
fn is_nothing_yet(errno: i32) -> bool {
    matches!(errno, libc::EAGAIN | libc::EINTR | libc::EALREADY | libc::EINPROGRESS | 512..=516)
}

/// The protocol of a socket as socket(2) is asked for it, if it is TCP (or MPTCP, which speaks TCP to whoever does) or UDP.
fn asked_protocol([family, kind, protocol, ..]: [u64; 6]) -> Option<Protocol> {
    // The kind's upper bits are SOCK_NONBLOCK and SOCK_CLOEXEC.
    match (low(family), low(kind) & 0xf, low(protocol)) {
        (libc::AF_INET | libc::AF_INET6, libc::SOCK_STREAM, 0 | libc::IPPROTO_TCP | libc::IPPROTO_MPTCP) => {
            Some(Protocol::Tcp)
        }
        (libc::AF_INET | libc::AF_INET6, libc::SOCK_DGRAM, 0 | libc::IPPROTO_UDP) => Some(Protocol::Udp),
        _ => None,
    }
}

/// Whether shutdown(2) with this argument ends reading.
fn shuts_reading(how: u64) -> bool {
    matches!(low(how), libc::SHUT_RD | libc::SHUT_RDWR)
}

/// An argument of type `int`, which has the lower half of the register; the upper one may hold anything.
fn low(argument: u64) -> i32 {
    let [a, b, c, d, ..] = argument.to_le_bytes();
    i32::from_le_bytes([a, b, c, d])
}
