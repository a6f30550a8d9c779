//! The journal of a run, which several threads write to.

use std::io::{self, Write};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::journal::JournalEvent;
use crate::servers::program::Output;
use crate::servers::stop::lock;

/// A journal that is being written.
pub struct Journal {
    out: Mutex<Output>,
    events: AtomicU64,
    failed: AtomicBool,
}

impl Journal {
    /// A journal that goes there.
    pub fn new(out: Output) -> Journal {
        Journal { out: Mutex::new(out), events: AtomicU64::new(0), failed: AtomicBool::new(false) }
    }

    /// Writes events. The first failure is said on standard error: the program goes on.
    pub(super) fn write(&self, events: &[JournalEvent]) {
        let mut out = lock(&self.out);
        let written = events.iter().try_for_each(|event| event.write(&mut **out));
        self.events.fetch_add(u64::try_from(events.len()).unwrap_or(0), Ordering::Relaxed);
        if let Err(error) = written
            && !self.failed.swap(true, Ordering::Relaxed)
        {
            // Nobody is left to tell that standard error is gone.
            let _ = writeln!(io::stderr(), "socklab: error: the journal can't be written and is incomplete: {error}");
        }
    }

    /// How many events were seen.
    pub fn events(&self) -> u64 {
        self.events.load(Ordering::Relaxed)
    }

    /// Whether all of them were written.
    pub fn is_complete(&self) -> bool {
        !self.failed.load(Ordering::Relaxed)
    }
}
