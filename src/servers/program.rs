//! What every socket program has: a name, a screen, a journal, its sockets' numbers, and the way to end it.
//!
//! Data goes to the screen, talk to standard error; both are parameters. A screen that is gone (a closed pipe) ends the
//! program in order; so does one that takes nothing (a full disk), which is told.

use std::io::{self, Write};
use std::process;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::servers::explain::{self, Failure};
use crate::servers::stop::{Stop, lock};
use socklab_core::escape;
use socklab_core::journal::{EventKind, JournalEvent};
use socklab_core::wording;
use socklab_packets::types::{Protocol, SocketAddress, Timestamp};

/// Where a program writes to.
pub type Output = Box<dyn Write + Send>;

/// A socket as the journal names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Endpoint {
    /// The socket's number in its process, from 1 in the order of creation.
    pub number: u32,
    /// Its protocol.
    pub protocol: Protocol,
    /// Its local address, once it has one.
    pub local: Option<SocketAddress>,
    /// Its remote address, once it has one; for UDP, of the datagram's other end.
    pub remote: Option<SocketAddress>,
}

/// How a program shows what happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Manner {
    /// What each `recv()` returned, as it came, instead of lines.
    pub raw: bool,
    /// Without what answers the sheet's questions: hints, reasons, the sockets at the end.
    pub quiet: bool,
}

/// A running socket program.
pub struct Program {
    name: &'static str,
    manner: Manner,
    screen: Mutex<Output>,
    /// Why nothing more could be shown, unless nobody reads it any more.
    screen_failure: Mutex<Option<io::Error>>,
    talk: Mutex<Output>,
    journal: Option<Mutex<Output>>,
    journal_failed: AtomicBool,
    sockets: AtomicU32,
    /// The request to end it.
    pub stop: Stop,
}

impl Program {
    /// A program of this name (`tcp-server`), with its screen, its place to talk, and its journal.
    pub fn new(name: &'static str, screen: Output, talk: Output, journal: Option<Output>) -> Program {
        Program {
            name,
            manner: Manner::default(),
            screen: Mutex::new(screen),
            screen_failure: Mutex::new(None),
            talk: Mutex::new(talk),
            journal: journal.map(Mutex::new),
            journal_failed: AtomicBool::new(false),
            sockets: AtomicU32::new(0),
            stop: Stop::default(),
        }
    }

    /// The program, showing things in this manner.
    pub fn with(self, manner: Manner) -> Program {
        Program { manner, ..self }
    }

    /// How it shows things.
    pub fn manner(&self) -> Manner {
        self.manner
    }

    /// The program's name, as in the journal.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Shows one line of data on the screen. The program ends in order if the screen is gone.
    pub fn show(&self, line: &str) {
        if let Err(error) = print_line(&self.screen, line) {
            if error.kind() != io::ErrorKind::BrokenPipe {
                lock(&self.screen_failure).get_or_insert(error);
            }
            self.stop.request();
        }
    }

    /// Why the screen took no more, such as a full disk; `None` if it did, or if nobody reads it any more.
    pub fn screen_failure(&self) -> Option<io::Error> {
        lock(&self.screen_failure).take()
    }

    /// Shows the tally after an empty line: a terminal has just shown `^C`.
    pub(super) fn show_tally(&self, tally: &str) {
        // How many sockets there were is a question of the sheet.
        if !self.manner.quiet {
            self.show(&format!("\n{}", tally.trim_end()));
        }
    }

    /// Shows what one call returned, as it came.
    pub(super) fn show_raw(&self, call: &str, from: &str, data: &[u8]) {
        let bytes = wording::count(data.len() as u64, "byte");
        self.show(&format!("{from}: {call}() returned {bytes}: {}", escape::harmless_bytes(data)));
    }

    /// Tells the user what something may mean, unless the program is to keep that to itself.
    pub(super) fn hint(&self, text: &str) {
        if !self.manner.quiet {
            self.talk(text);
        }
    }

    /// Tells of a failure, with the reason and what to do unless the program is to keep that to itself.
    pub fn tell_failure(&self, failure: &Failure) {
        self.talk(&if self.manner.quiet { failure.what() } else { failure.to_string() });
    }

    /// Tells the user something beside the data.
    pub fn talk(&self, text: &str) {
        // Nobody is left to tell that standard error is gone.
        let _ = print_line(&self.talk, text);
    }

    /// The number of a socket just created.
    pub(super) fn new_socket(&self, protocol: Protocol) -> Endpoint {
        let number = self.sockets.fetch_add(1, Ordering::SeqCst).saturating_add(1);
        Endpoint { number, protocol, local: None, remote: None }
    }

    /// Writes an event of now to the journal, if there is one.
    pub(super) fn note(&self, socket: &Endpoint, kind: EventKind) {
        self.note_with(socket, kind, |_| {});
    }

    /// Writes that data arrived, before it is shown: what the screen shows is in the journal.
    pub(super) fn note_received(&self, socket: &Endpoint, bytes: u64, text: &str) {
        self.note_with(socket, EventKind::Receive, |event| {
            event.bytes = Some(bytes);
            event.text = Some(text.to_owned());
        });
    }

    /// Calls `send` and writes that it sent these bytes (the newline not shown), as of the time before: the answer may be
    /// here before `send` returns, and a journal sorted by time has cause before effect.
    pub(super) fn noting_send<T>(
        &self,
        socket: &Endpoint,
        sent: &[u8],
        send: impl FnOnce() -> io::Result<T>,
    ) -> io::Result<T> {
        let time = now();
        let result = send()?;
        self.note_with(socket, EventKind::Send, |event| {
            event.time = time;
            event.bytes = Some(sent.len() as u64);
            event.text = Some(escape::harmless_bytes(sent.strip_suffix(b"\n").unwrap_or(sent)));
        });
        Ok(result)
    }

    /// Writes an event of now to the journal, if there is one; `fill` adds what this kind of event tells.
    pub(super) fn note_with(&self, socket: &Endpoint, kind: EventKind, fill: impl FnOnce(&mut JournalEvent)) {
        let Some(journal) = &self.journal else { return };
        // The clock is read with the file in hand, so that events of several threads keep their order.
        let mut out = lock(journal);
        let mut event = JournalEvent::new(now(), self.name, process::id(), kind, socket.protocol, socket.number);
        event.local = socket.local;
        event.remote = socket.remote;
        fill(&mut event);
        if let Err(error) = event.write(&mut **out)
            && !self.journal_failed.swap(true, Ordering::SeqCst)
        {
            let text = format!("{}: the journal can't be written and is incomplete: {error}", self.name);
            self.talk(&wording::wrap(&text, "", "  ").join("\n"));
        }
    }

    /// Writes an `error` event: the call that failed and why.
    pub(super) fn note_error(&self, socket: &Endpoint, operation: &str, error: &io::Error) {
        self.note_with(socket, EventKind::Error, |event| {
            event.operation = Some(operation.to_owned());
            event.errno = Some(explain::errno_name(error));
            event.message = Some(explain::message(error));
        });
    }

    /// Whether every event so far is in the journal (or none was asked for).
    pub fn journal_is_complete(&self) -> bool {
        !self.journal_failed.load(Ordering::SeqCst)
    }
}

/// One `write`, so that lines of several programs on one terminal stay whole.
fn print_line(out: &Mutex<Output>, line: &str) -> io::Result<()> {
    let mut bytes = Vec::with_capacity(line.len().saturating_add(1));
    bytes.extend_from_slice(line.as_bytes());
    bytes.push(b'\n');
    let mut out = lock(out);
    out.write_all(&bytes)?;
    out.flush()
}

/// The system's clock, as journals have it.
pub(crate) fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp {
        seconds: i64::try_from(since.as_secs()).unwrap_or(i64::MAX),
        nanoseconds: since.subsec_nanos(),
        digits: 6,
    }
}

#[cfg(test)]
mod tests {
    use super::testing::Kept;
    use super::*;

    /// A disk without room.
    struct Full;

    impl Write for Full {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::StorageFull.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_screen_that_takes_nothing_is_a_failure_and_one_that_nobody_reads_is_none() {
        let program = Program::new("tcp-server", Box::new(Full), Box::new(io::sink()), None);
        program.show("line");
        assert!(program.stop.requested());
        assert_eq!(program.screen_failure().unwrap().kind(), io::ErrorKind::StorageFull);
        let (reader, writer) = io::pipe().unwrap();
        drop(reader);
        let program = Program::new("tcp-server", Box::new(writer), Box::new(io::sink()), None);
        program.show("line");
        assert!(program.stop.requested() && program.screen_failure().is_none());
    }

    #[test]
    fn a_journal_that_cant_be_written_is_told_once_in_80_columns() {
        let talk = Kept::default();
        let program = Program::new("tcp-threaded-server", Box::new(io::sink()), talk.output(), Some(Box::new(Full)));
        let socket = program.new_socket(Protocol::Tcp);
        program.note(&socket, EventKind::Socket);
        program.note(&socket, EventKind::Close);
        assert!(!program.journal_is_complete());
        let text = talk.text();
        assert_eq!(text.matches("incomplete").count(), 1, "{text}");
        assert!(text.lines().all(|line| line.len() <= wording::COLUMNS), "{text}");
    }
}

#[cfg(test)]
pub(super) mod testing {
    use std::sync::Arc;

    use super::*;

    /// Keeps what a program writes.
    #[derive(Default, Clone)]
    pub(in crate::servers) struct Kept(Arc<Mutex<Vec<u8>>>);

    impl Kept {
        pub(in crate::servers) fn output(&self) -> Output {
            Box::new(self.clone())
        }

        pub(in crate::servers) fn text(&self) -> String {
            String::from_utf8(lock(&self.0).clone()).unwrap()
        }
    }

    impl Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            lock(&self.0).write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
}
