//! Which descriptor of which process is which socket, and how many descriptors still hold it.
//!
//! Processes have a table each, which fork(2) copies and threads share. A descriptor that no call made known (inherited
//! from whoever started the run, or received over a UNIX socket) is looked up in `/proc` when it is first used.

use std::collections::BTreeMap;
use std::path::Path;

use foldhash::HashMap;

use crate::socket_table::{self, Entry};
use crate::witness::borrow;
use socklab_packets::types::{Protocol, SocketAddress};

/// A thread and its process, as the system's calls number them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Who {
    pub(super) process: u32,
    pub(super) thread: u32,
    /// The thread's number in `/proc`.
    pub(super) listed: u32,
}

/// A TCP or UDP socket of the run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Socket {
    /// From 1 in the order of creation.
    pub(super) number: u32,
    pub(super) protocol: Protocol,
    pub(super) inode: u64,
    pub(super) local: Option<SocketAddress>,
    pub(super) remote: Option<SocketAddress>,
    pub(super) listens: bool,
    /// Its queue is looked at.
    pub(super) watched: bool,
    /// `connect()` goes on in the background, to this address.
    pub(super) connecting: Option<SocketAddress>,
    /// The end of the stream was read.
    pub(super) ended: bool,
    /// Descriptors that hold it, of all processes.
    holders: u32,
}

/// A descriptor that held a socket and does so no longer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Dropped {
    pub(super) socket: Socket,
    /// It was the last one: the socket is closed.
    pub(super) last: bool,
}

/// What a descriptor stands for: the socket of this number, or none of interest.
type Slot = Option<u32>;

/// The descriptors of all processes of a run.
#[derive(Debug, Default)]
pub(super) struct Descriptors {
    tables: HashMap<u32, HashMap<i32, Slot>>,
    sockets: BTreeMap<u32, Socket>,
    inodes: HashMap<u64, u32>,
    made: u32,
}

impl Descriptors {
    /// A process begins, with the descriptors of the one that forked it.
    pub(super) fn begin(&mut self, process: u32, parent: Option<u32>) {
        let table = parent.and_then(|parent| self.tables.get(&parent)).cloned().unwrap_or_default();
        for number in table.values().flatten() {
            if let Some(socket) = self.sockets.get_mut(number) {
                socket.holders = socket.holders.saturating_add(1);
            }
        }
        self.tables.insert(process, table);
    }

    /// A process has ended.
    pub(super) fn end(&mut self, process: u32) -> Vec<Dropped> {
        let table = self.tables.remove(&process).unwrap_or_default();
        let mut numbers: Vec<u32> = table.into_values().flatten().collect();
        numbers.sort_unstable();
        numbers.into_iter().filter_map(|number| self.release(number)).collect()
    }

    /// A process runs another program now: the system has closed what was to be closed then.
    pub(super) fn executed(&mut self, who: Who) -> Vec<Dropped> {
        let table = self.tables.entry(who.process).or_default();
        table.retain(|_, slot| slot.is_some());
        let inode = |number: &u32| self.sockets.get(number).map(|socket| socket.inode);
        let gone = |(fd, slot): (&i32, &Slot)| {
            let own = slot.as_ref().and_then(inode);
            (own.is_none() || inode_of(who, *fd) != own).then_some(*fd)
        };
        let mut gone: Vec<i32> = table.iter().filter_map(gone).collect();
        gone.sort_unstable();
        gone.into_iter().filter_map(|fd| self.take(who.process, fd)).collect()
    }

    /// A new socket of this process.
    pub(super) fn make(&mut self, who: Who, fd: i32, protocol: Protocol) -> (&mut Socket, Option<Dropped>) {
        let inode = inode_of(who, fd).unwrap_or(0);
        let number = self.number();
        let local = None;
        let socket = Socket {
            number,
            protocol,
            inode,
            local,
            remote: None,
            listens: false,
            watched: false,
            connecting: None,
            ended: false,
            holders: 0,
        };
        if inode != 0 {
            self.inodes.insert(inode, number);
        }
        // A fresh descriptor stands for nothing else; what is known of it is out of date.
        let replaced = self.take(who.process, fd);
        self.put(who.process, fd, number);
        (self.sockets.entry(number).or_insert(socket).held(), replaced)
    }

    /// The next socket's number, taken.
    pub(super) fn number(&mut self) -> u32 {
        self.made = self.made.saturating_add(1);
        self.made
    }

    /// The number of the socket that a descriptor stands for.
    pub(super) fn find(&mut self, who: Who, fd: i32) -> Option<u32> {
        if let Some(slot) = self.tables.get(&who.process).and_then(|table| table.get(&fd)) {
            return *slot;
        }
        let found = inode_of(who, fd).and_then(|inode| match self.inodes.get(&inode) {
            Some(number) => Some(*number),
            None => self.adopt(who, inode),
        });
        match found {
            Some(number) => {
                self.put(who.process, fd, number);
                self.sockets.get_mut(&number)?.held();
            }
            None => drop(self.tables.entry(who.process).or_default().insert(fd, None)),
        }
        found
    }

    /// A socket that was made before the run began.
    fn adopt(&mut self, who: Who, inode: u64) -> Option<u32> {
        let listed = [Protocol::Tcp, Protocol::Udp].map(|protocol| (protocol, entry_of(who, protocol, inode)));
        let (protocol, entry) = listed.into_iter().find_map(|(protocol, entry)| Some((protocol, entry?)))?;
        let number = self.number();
        let socket = Socket {
            number,
            protocol,
            inode,
            local: Some(entry.local),
            remote: Some(entry.remote).filter(|remote| remote.port != 0),
            listens: entry.state == socket_table::State::LISTEN,
            watched: false,
            connecting: None,
            ended: false,
            holders: 0,
        };
        self.sockets.insert(number, socket);
        self.inodes.insert(inode, number);
        Some(number)
    }

    /// The socket of this number, while any descriptor holds it.
    pub(super) fn socket(&mut self, number: u32) -> Option<&mut Socket> {
        self.sockets.get_mut(&number)
    }

    /// A socket that was closed while a call waited on it, which has returned now: it is there again until
    /// [`Descriptors::forget`]. Gives its number; none where it is still there.
    pub(super) fn bring_back(&mut self, socket: Socket) -> Option<u32> {
        let number = socket.number;
        if self.sockets.contains_key(&number) {
            return None;
        }
        self.sockets.insert(number, Socket { holders: 0, ..socket });
        Some(number)
    }

    /// Nothing more comes of a socket that was brought back.
    pub(super) fn forget(&mut self, number: u32) {
        self.sockets.remove(&number);
    }

    /// A descriptor was duplicated: `fd` stands for what `number` is. Gives what it stood for before.
    pub(super) fn duplicate(&mut self, process: u32, fd: i32, number: Slot) -> Option<Dropped> {
        if let Some(socket) = number.and_then(|number| self.sockets.get_mut(&number)) {
            socket.held();
        }
        let replaced = self.take(process, fd);
        if let Some(number) = number {
            self.put(process, fd, number);
        }
        replaced
    }

    /// A descriptor is closed.
    pub(super) fn take(&mut self, process: u32, fd: i32) -> Option<Dropped> {
        let number = self.tables.get_mut(&process)?.remove(&fd)??;
        self.release(number)
    }

    /// All descriptors from `first` to `last` are closed.
    pub(super) fn take_range(&mut self, process: u32, first: u32, last: u32) -> Vec<Dropped> {
        let Some(table) = self.tables.get(&process) else { return Vec::new() };
        let within = |fd: &&i32| u32::try_from(**fd).is_ok_and(|fd| (first..=last).contains(&fd));
        let mut fds: Vec<i32> = table.keys().filter(within).copied().collect();
        fds.sort_unstable();
        fds.into_iter().filter_map(|fd| self.take(process, fd)).collect()
    }

    /// Whether anything is known of a descriptor.
    pub(super) fn knows(&self, process: u32, fd: i32) -> bool {
        self.tables.get(&process).is_some_and(|table| table.contains_key(&fd))
    }

    fn put(&mut self, process: u32, fd: i32, number: u32) {
        self.tables.entry(process).or_default().insert(fd, Some(number));
    }

    fn release(&mut self, number: u32) -> Option<Dropped> {
        let socket = self.sockets.get_mut(&number)?;
        socket.holders = socket.holders.saturating_sub(1);
        if socket.holders > 0 {
            return Some(Dropped { socket: socket.clone(), last: false });
        }
        let socket = self.sockets.remove(&number)?;
        // The system may have given the number to another socket by now.
        if self.inodes.get(&socket.inode) == Some(&number) {
            self.inodes.remove(&socket.inode);
        }
        Some(Dropped { socket, last: true })
    }
}

impl Socket {
    fn held(&mut self) -> &mut Socket {
        self.holders = self.holders.saturating_add(1);
        self
    }

    /// This socket's own address and the other end's, where it has them, by a descriptor of it.
    pub(super) fn ends(&self, who: Who, fd: i32) -> (Option<SocketAddress>, Option<SocketAddress>) {
        let listed = || {
            let entry = entry_of(who, self.protocol, self.inode);
            let ends = entry.map(|entry| (Some(entry.local), Some(entry.remote).filter(|remote| remote.port != 0)));
            ends.unwrap_or_default()
        };
        borrow::ends(who.process, fd).unwrap_or_else(listed)
    }
}

/// What the kernel's list has of a TCP connection: by the socket, or by its two ends where the system keeps it for the
/// last frames only.
pub(super) fn connection(who: Who, socket: &Socket) -> Option<Entry> {
    let entries = socket_table::list_in(Path::new(&format!("/proc/{}/net", who.listed)), Protocol::Tcp).ok()?;
    let is_own = |entry: &&Entry| entry.inode == socket.inode && socket.inode != 0;
    let between = |entry: &&Entry| Some(entry.local) == socket.local && Some(entry.remote) == socket.remote;
    entries.iter().find(is_own).or_else(|| entries.iter().find(between)).copied()
}

fn entry_of(who: Who, protocol: Protocol, inode: u64) -> Option<Entry> {
    let entries = socket_table::list_in(Path::new(&format!("/proc/{}/net", who.listed)), protocol).ok()?;
    entries.into_iter().find(|entry| entry.inode == inode && inode != 0)
}

fn inode_of(who: Who, fd: i32) -> Option<u64> {
    socket_table::inode(Path::new(&format!("/proc/{}/fd/{fd}", who.listed)))
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, UdpSocket};
    use std::os::fd::AsRawFd;

    use super::*;

    /// This process, whose real descriptors stand in for those of a traced one.
    fn me() -> Who {
        Who { process: std::process::id(), thread: std::process::id(), listed: std::process::id() }
    }

    fn dropped(dropped: Option<Dropped>) -> Option<(u32, bool)> {
        dropped.map(|dropped| (dropped.socket.number, dropped.last))
    }

    #[test]
    fn a_socket_is_closed_by_its_last_descriptor() {
        let mut all = Descriptors::default();
        all.begin(1, None);
        let one = Who { process: 1, thread: 1, listed: 1 };
        assert_eq!(all.make(one, 3, Protocol::Tcp).0.number, 1);
        assert_eq!(all.duplicate(1, 7, Some(1)), None);
        all.begin(2, Some(1));
        assert_eq!(dropped(all.take(1, 3)), Some((1, false)));
        assert_eq!(dropped(all.take(1, 3)), None);
        assert_eq!(dropped(all.take(1, 7)), Some((1, false)));
        assert_eq!(all.end(2).iter().map(|dropped| dropped.last).collect::<Vec<_>>(), [false, true]);
        assert!(all.socket(1).is_none());
    }

    #[test]
    fn a_closed_socket_is_there_for_what_still_waits_on_it_and_no_longer() {
        let mut all = Descriptors::default();
        let one = Who { process: 1, thread: 1, listed: 1 };
        let waited_on = all.make(one, 3, Protocol::Tcp).0.clone();
        assert_eq!(all.bring_back(waited_on.clone()), None);
        assert!(all.take(1, 3).unwrap().last);
        assert_eq!(all.bring_back(waited_on), Some(1));
        assert!(all.socket(1).is_some());
        all.forget(1);
        assert!(all.socket(1).is_none());
        assert_eq!(all.make(one, 3, Protocol::Tcp).0.number, 2);
    }

    #[test]
    fn a_descriptor_that_is_used_again_is_another_socket() {
        let mut all = Descriptors::default();
        let one = Who { process: 1, thread: 1, listed: 1 };
        all.make(one, 3, Protocol::Tcp);
        all.make(one, 4, Protocol::Udp);
        assert_eq!(dropped(all.duplicate(1, 4, Some(1))), Some((2, true)));
        assert_eq!(all.find(one, 4), Some(1));
        assert_eq!(all.take_range(1, 3, u32::MAX).len(), 2);
        assert_eq!(all.make(one, 3, Protocol::Tcp).0.number, 3);
    }

    #[test]
    fn descriptors_of_before_are_found() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let datagrams = UdpSocket::bind("127.0.0.1:0").unwrap();
        let again = listener.try_clone().unwrap();
        let mut all = Descriptors::default();
        assert_eq!(all.find(me(), listener.as_raw_fd()), Some(1));
        assert_eq!(all.find(me(), again.as_raw_fd()), Some(1));
        assert_eq!(all.find(me(), datagrams.as_raw_fd()), Some(2));
        let file = std::fs::File::open("/proc/self/stat").unwrap();
        assert_eq!(all.find(me(), file.as_raw_fd()), None);
        assert!(all.knows(me().process, file.as_raw_fd()));
        let socket = all.socket(1).unwrap();
        assert!(socket.listens && socket.local == Some(listener.local_addr().unwrap().into()));
        assert_eq!(dropped(all.take(me().process, listener.as_raw_fd())), Some((1, false)));
    }
}
