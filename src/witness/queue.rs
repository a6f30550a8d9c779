//! The accept queues: which connections of a listening socket are established and belong to no program yet.
//!
//! No call tells of them, so the kernel's list is read at the program's calls and at least every [`LONGEST`]: an entry's
//! time is that of the look that saw it first, the leaving time that of `accept()`. A connection that is accepted between
//! two looks was never seen waiting.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use crate::servers::program::now;
use crate::servers::stop::lock;
use crate::socket_table::{self, Entry, Family, State};
use crate::witness::borrow;
use crate::witness::journal::Journal;
use socklab_core::journal::{EventKind, JournalEvent};
use socklab_packets::types::{Protocol, SocketAddress, Timestamp};

/// Longest time between two looks.
const LONGEST: Duration = Duration::from_millis(50);
/// Shortest time between two looks: a program that is busy with thousands of calls a second is not slowed down by them.
const SHORTEST: Duration = Duration::from_millis(5);

/// One part in so many of the time goes into looking, at most.
const SHARE: u32 = 20;

/// A listening socket as its events name it.
#[derive(Debug, Clone)]
pub(super) struct Listener {
    /// An event of this socket, of which the others are made.
    pub(super) event: JournalEvent,
    /// The number in `/proc` of the thread that made it listen.
    pub(super) listed: u32,
    /// Its descriptor in the process of the event, and its inode number.
    pub(super) fd: i32,
    pub(super) inode: u64,
    /// Its address.
    pub(super) local: SocketAddress,
}

struct Watched {
    listener: Listener,
    /// Who waits, with the bytes unread of each.
    waiting: BTreeMap<SocketAddress, u32>,
}

impl Watched {
    fn event(&self, kind: EventKind, time: Timestamp, remote: SocketAddress, bytes: u32) -> JournalEvent {
        JournalEvent {
            time,
            event: kind,
            local: Some(self.listener.local),
            remote: Some(remote),
            bytes: Some(bytes.into()),
            ..self.listener.event.clone()
        }
    }

    fn left(&self, time: Timestamp, remote: SocketAddress, bytes: u32, why: &str) -> JournalEvent {
        JournalEvent { operation: Some(why.to_owned()), ..self.event(EventKind::Dequeued, time, remote, bytes) }
    }

    /// Whether there is anything to see: the kernel's list takes long to read.
    fn may_have_changed(&self) -> bool {
        let Listener { event, fd, inode, .. } = &self.listener;
        !self.waiting.is_empty() || borrow::has_waiting(event.pid, *fd, *inode).unwrap_or(true)
    }

    /// The kernel's list of the sockets of this kind.
    fn listed(&self) -> Option<Vec<Entry>> {
        let family = Family::of(self.listener.local.ip);
        let list = |folder: &str| socket_table::list_family(Path::new(folder), Protocol::Tcp, family).ok();
        // Its process may have ended, and another one have the socket: on the same host, as a rule.
        list(&format!("/proc/{}/net", self.listener.listed)).or_else(|| list("/proc/thread-self/net"))
    }

    /// Takes in one look at the kernel's list, and gives what has changed since the last one.
    fn look(&mut self, time: Timestamp, entries: &[Entry]) -> Vec<JournalEvent> {
        let own = |entry: &&Entry| entry.waits() && self.listener.local.takes(entry.local);
        let seen: BTreeMap<SocketAddress, u32> =
            entries.iter().filter(own).map(|entry| (entry.remote, entry.unread)).collect();
        let changed = seen.iter().filter(|(remote, bytes)| self.waiting.get(remote) != Some(bytes));
        let mut events: Vec<JournalEvent> =
            changed.map(|(remote, bytes)| self.event(EventKind::Queued, time, *remote, *bytes)).collect();
        // One that a program has by now leaves the queue when its `accept()` is told of, which is at any moment.
        let is_accepted = |remote: SocketAddress| {
            let is_it =
                |entry: &Entry| entry.opened() && entry.remote == remote && self.listener.local.takes(entry.local);
            entries.iter().any(is_it)
        };
        // One that its client has reset is listed no more, and waits all the same: accept(2) returns it. The listening socket
        // counts it.
        let own = entries.iter().find(|entry| entry.state == State::LISTEN && entry.inode == self.listener.inode);
        let held = own.and_then(|entry| usize::try_from(entry.unread).ok()).unwrap_or(0);
        let may_be_held = held > seen.len();
        let mut waiting = seen.clone();
        for (remote, bytes) in self.waiting.iter().filter(|(remote, _)| !seen.contains_key(remote)) {
            if may_be_held || is_accepted(*remote) {
                waiting.insert(*remote, *bytes);
            } else {
                events.push(self.left(time, *remote, *bytes, "gone"));
            }
        }
        self.waiting = waiting;
        events
    }
}

/// The accept queues of a run.
pub(super) struct Queues {
    watched: Mutex<BTreeMap<u32, Watched>>,
    journal: Arc<Journal>,
    notice: SyncSender<()>,
}

impl Queues {
    /// The queues of no listening socket yet, and a thread that looks at them. It ends with the queues.
    ///
    /// # Errors
    /// If the system gives no thread.
    pub(super) fn watch(journal: Arc<Journal>) -> std::io::Result<Arc<Queues>> {
        let (notice, notices) = sync_channel(1);
        let queues = Arc::new(Queues { watched: Mutex::default(), journal, notice });
        let weak = Arc::downgrade(&queues);
        let look = move || weak.upgrade().map(|queues| queues.look());
        thread::Builder::new().name("accept queues".to_owned()).spawn(move || keep_looking(&notices, look))?;
        Ok(queues)
    }

    /// A socket listens.
    pub(super) fn listens(&self, listener: Listener) {
        let number = listener.event.socket;
        lock(&self.watched).insert(number, Watched { listener, waiting: BTreeMap::new() });
        self.notice();
    }

    /// A connection was accepted from the socket of this number.
    pub(super) fn accepted(&self, number: u32, remote: SocketAddress, time: Timestamp) {
        let mut watched = lock(&self.watched);
        if let Some(watched) = watched.get_mut(&number)
            && let Some(bytes) = watched.waiting.remove(&remote)
        {
            self.journal.write(vec![watched.left(time, remote, bytes, "accept")]);
        }
    }

    /// The socket of this number listens no more; the system resets who waited.
    pub(super) fn closed(&self, number: u32, time: Timestamp) {
        if let Some(mut watched) = lock(&self.watched).remove(&number) {
            self.journal.write(watched.look(time, &[]));
        }
    }

    /// The program made a call: time for a look.
    pub(super) fn notice(&self) {
        // Where a notice is waiting already, one look will do for both.
        let _ = self.notice.try_send(());
    }

    fn look(&self) {
        // Held while looking: an `accept()` after the look must not be told before it.
        let mut watched = lock(&self.watched);
        for watched in watched.values_mut() {
            let time = now();
            if watched.may_have_changed()
                && let Some(entries) = watched.listed()
            {
                self.journal.write(watched.look(time, &entries));
            }
        }
    }
}

/// Looks at each notice and at least every [`LONGEST`], until there is nothing to look at any more.
fn keep_looking(notices: &Receiver<()>, look: impl Fn() -> Option<()>) {
    let (mut last, mut pause) = (Instant::now(), SHORTEST);
    loop {
        match notices.recv_timeout(LONGEST) {
            Ok(()) => thread::sleep(pause.saturating_sub(last.elapsed())),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
        last = Instant::now();
        if look().is_none() {
            return;
        }
        // Where the list is long, looking must not take the processor from the program.
        pause = last.elapsed().saturating_mul(SHARE).clamp(SHORTEST, LONGEST);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIME: Timestamp = Timestamp { seconds: 1, nanoseconds: 0, digits: 6 };

    fn watched(local: &str) -> Watched {
        let event = JournalEvent::new(TIME, "server.py", 7, EventKind::Listen, Protocol::Tcp, 1);
        Watched {
            listener: Listener { event, listed: 7, fd: 3, inode: 4711, local: local.parse().unwrap() },
            waiting: BTreeMap::new(),
        }
    }

    fn entry(remote: &str, state: State, unread: u32, inode: u64) -> Entry {
        let local = "10.0.3.1:65432".parse().unwrap();
        Entry { local, remote: remote.parse().unwrap(), state, unacknowledged: 0, unread, inode }
    }

    fn told(events: &[JournalEvent]) -> Vec<String> {
        let told = |event: &JournalEvent| {
            let why = event.operation.clone().unwrap_or_default();
            format!("{:?} {} {} {why}", event.event, event.remote.unwrap(), event.bytes.unwrap()).trim_end().to_owned()
        };
        events.iter().map(told).collect()
    }

    #[test]
    fn a_connection_enters_fills_and_leaves_the_queue() {
        let mut queue = watched("10.0.3.1:65432");
        let served = entry("10.0.3.2:40000", State::ESTABLISHED, 0, 4711);
        let waits = |unread| entry("10.0.3.3:50000", State::ESTABLISHED, unread, 0);
        assert_eq!(told(&queue.look(TIME, &[served, waits(0)])), ["Queued 10.0.3.3:50000 0"]);
        assert_eq!(told(&queue.look(TIME, &[served, waits(0)])), [""; 0]);
        assert_eq!(told(&queue.look(TIME, &[served, waits(18)])), ["Queued 10.0.3.3:50000 18"]);
        let closed = entry("10.0.3.3:50000", State::CLOSE_WAIT, 18, 0);
        assert_eq!(told(&queue.look(TIME, &[closed])), [""; 0]);
        let accepted = entry("10.0.3.3:50000", State::CLOSE_WAIT, 18, 4712);
        assert_eq!(told(&queue.look(TIME, &[accepted])), [""; 0], "accept() tells it");
        assert_eq!(told(&queue.look(TIME, &[served])), ["Dequeued 10.0.3.3:50000 18 gone"]);
    }

    #[test]
    fn a_connection_that_was_reset_waits_until_it_is_accepted() {
        let mut queue = watched("10.0.3.1:65432");
        let listens = |held| entry("0.0.0.0:0", State::LISTEN, held, 4711);
        let waits = |remote| entry(remote, State::ESTABLISHED, 0, 0);
        let both = [listens(2), waits("10.0.3.3:1"), waits("10.0.3.3:2")];
        assert_eq!(queue.look(TIME, &both).len(), 2);
        assert_eq!(told(&queue.look(TIME, &[listens(2), waits("10.0.3.3:2")])), [""; 0]);
        assert_eq!(told(&queue.look(TIME, &[listens(1), waits("10.0.3.3:2")])), ["Dequeued 10.0.3.3:1 0 gone"]);
        assert_eq!(told(&queue.look(TIME, &[])), ["Dequeued 10.0.3.3:2 0 gone"], "the server has closed");
    }

    #[test]
    fn only_the_sockets_own_connections_count() {
        let other = Entry { local: "10.0.3.1:22".parse().unwrap(), ..entry("10.0.3.3:5", State::ESTABLISHED, 0, 0) };
        let closing = entry("10.0.3.3:6", State(4), 0, 0);
        assert_eq!(told(&watched("10.0.3.1:65432").look(TIME, &[other, closing])), [""; 0]);
        let waits = entry("10.0.3.3:7", State::ESTABLISHED, 3, 0);
        assert_eq!(told(&watched("0.0.0.0:65432").look(TIME, &[waits])), ["Queued 10.0.3.3:7 3"]);
        assert_eq!(told(&watched("10.0.3.9:65432").look(TIME, &[waits])), [""; 0]);
    }
}
