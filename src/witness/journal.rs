//! The journal of a run, which several threads write to.
//!
//! Events are made where a program waits for them, so a thread of its own writes them: all that come within [`GATHER`] at
//! once, as a file takes thousands of lines at once in the time of a few single ones.

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::servers::program::Output;
use crate::servers::stop::lock;
use socklab_core::journal::{self, JournalEvent};
use socklab_core::wording;

/// How long an event waits for others at most before all are written.
const GATHER: Duration = Duration::from_millis(2);
/// Most lots of events that wait to be written. The program waits when the disk is slower than it is.
const WAITING: usize = 1024;

/// A journal that is being written.
pub(super) struct Journal {
    writer: Mutex<Option<Writer>>,
    events: AtomicU64,
    failed: Arc<AtomicBool>,
}

struct Writer {
    lots: SyncSender<Vec<JournalEvent>>,
    thread: JoinHandle<()>,
}

/// What became of a journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Written {
    /// How many events were seen.
    pub events: u64,
    /// Whether all of them were written.
    pub complete: bool,
}

impl Journal {
    /// A journal that goes there.
    ///
    /// # Errors
    /// If the system gives no thread.
    pub(super) fn begin(mut out: Output) -> io::Result<Journal> {
        let (lots, waiting) = sync_channel(WAITING);
        let failed = Arc::new(AtomicBool::new(false));
        let failing = Arc::clone(&failed);
        let work = move || {
            if let Err(error) = keep_writing(&waiting, &mut out) {
                failing.store(true, Ordering::Relaxed);
                // Nobody is left to tell that standard error is gone.
                let _ = io::stderr().write_all(cut_short(&error).as_bytes());
            }
        };
        let thread = thread::Builder::new().name("journal".to_owned()).spawn(work)?;
        let writer = Mutex::new(Some(Writer { lots, thread }));
        Ok(Journal { writer, events: AtomicU64::new(0), failed })
    }

    /// Writes events, soon. The first failure is said on standard error: the program goes on, its journal ends.
    pub(super) fn write(&self, events: Vec<JournalEvent>) {
        if events.is_empty() {
            return;
        }
        self.events.fetch_add(events.len() as u64, Ordering::Relaxed);
        if let Some(writer) = &*lock(&self.writer) {
            // After a failure nobody receives them.
            let _ = writer.lots.send(events);
        }
    }

    /// Writes what was not written yet. Later events are not.
    pub(super) fn end(&self) -> Written {
        let writer = lock(&self.writer).take();
        let ended = writer.is_none_or(|Writer { lots, thread }| {
            drop(lots);
            thread.join().is_ok()
        });
        let complete = ended && !self.failed.load(Ordering::Relaxed);
        Written { events: self.events.load(Ordering::Relaxed), complete }
    }
}

/// What is said of a journal that ends before its program.
fn cut_short(error: &io::Error) -> String {
    let text = format!("the journal can't be written and is incomplete: {error}");
    wording::wrap(&text, "socklab: error: ", "  ").iter().map(|line| format!("{line}\n")).collect()
}

/// Writes what comes until nothing more can come.
fn keep_writing(waiting: &Receiver<Vec<JournalEvent>>, out: &mut Output) -> io::Result<()> {
    while let Ok(mut events) = waiting.recv() {
        thread::sleep(GATHER);
        events.extend(waiting.try_iter().flatten());
        journal::write_all(&events, out)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Sender, channel};

    use super::*;
    use socklab_core::journal::EventKind;
    use socklab_packets::types::{Protocol, Timestamp};

    /// Takes so many bytes, and hands on what it took.
    struct Disk {
        room: usize,
        written: Sender<u8>,
    }

    impl Write for Disk {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let taken = bytes.len().min(self.room);
            self.room -= taken;
            bytes[..taken].iter().for_each(|byte| self.written.send(*byte).unwrap());
            if taken == 0 { Err(io::ErrorKind::StorageFull.into()) } else { Ok(taken) }
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// Three events, one after the other, on a disk with so much room.
    fn three(room: usize) -> (Written, String) {
        let (written, bytes) = channel();
        let journal = Journal::begin(Box::new(Disk { room, written })).unwrap();
        for number in 1..=3 {
            let time = Timestamp { seconds: 1, nanoseconds: 0, digits: 6 };
            journal.write(vec![JournalEvent::new(time, "server.py", 7, EventKind::Socket, Protocol::Tcp, number)]);
        }
        let ended = journal.end();
        assert_eq!(journal.end().events, 3, "ending twice does no harm");
        (ended, String::from_utf8(bytes.into_iter().collect()).unwrap())
    }

    #[test]
    fn all_events_are_written_in_their_order_when_it_ends() {
        let (ended, text) = three(usize::MAX);
        assert_eq!(ended, Written { events: 3, complete: true });
        let sockets: Vec<u64> = text
            .lines()
            .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["socket"].as_u64().unwrap())
            .collect();
        assert_eq!(sockets, [1, 2, 3]);
    }

    #[test]
    fn a_full_disk_is_told_and_nothing_follows_the_cut_line() {
        let (ended, text) = three(100);
        assert_eq!(ended, Written { events: 3, complete: false });
        assert_eq!(text.len(), 100);
    }

    #[test]
    fn what_is_said_of_a_full_disk_fits_80_columns() {
        let text = cut_short(&io::Error::from_raw_os_error(nix::libc::ENOSPC));
        assert!(text.starts_with("socklab: error: the journal") && text.ends_with("(os error 28)\n"), "{text}");
        assert!(text.lines().all(|line| line.len() <= wording::COLUMNS), "{text}");
    }
}
