//! What one submission may still cost: real bytes, files, time. Every reader of a submission is metered by it, and what judges
//! the submission asks it for time before it tries another way to read the captures.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::io::{self, Read, Seek, SeekFrom};

use super::limits::SubmissionLimits;

/// Why reading a submission was stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// Its archives and compressed files become more than this many bytes.
    Bytes(u64),
    /// It has more than this many files.
    Files(usize),
    /// It takes too long.
    Time,
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Stop::Bytes(most) => write!(f, "unpacked it is more than {} MiB (a zip bomb?)", most >> 20),
            Stop::Files(most) => write!(f, "it holds more than {most} files"),
            Stop::Time => f.write_str("reading it takes too long"),
        }
    }
}

impl std::error::Error for Stop {}

/// What is left for a submission. `is_late` tells whether its time is over.
pub struct Budget<'t> {
    bytes: Cell<u64>,
    files: Cell<usize>,
    limits: SubmissionLimits,
    is_late: &'t dyn Fn() -> bool,
    stop: RefCell<Option<Stop>>,
}

impl<'t> Budget<'t> {
    /// The whole budget.
    pub fn new(limits: &SubmissionLimits, is_late: &'t dyn Fn() -> bool) -> Self {
        Budget {
            bytes: Cell::new(limits.inflated_bytes),
            files: Cell::new(limits.files),
            limits: *limits,
            is_late,
            stop: RefCell::new(None),
        }
    }

    /// Why it is used up, if it is.
    pub fn stopped(&self) -> Option<Stop> {
        *self.stop.borrow()
    }

    /// Whether time is over, so that nothing further is tried. Then that is why it is used up, whatever else was before.
    pub fn is_over(&self) -> bool {
        let is_over = (self.is_late)();
        if is_over {
            *self.stop.borrow_mut() = Some(Stop::Time);
        }
        is_over
    }

    fn stop(&self, why: Stop) -> Stop {
        *self.stop.borrow_mut().get_or_insert(why)
    }

    /// Takes one file.
    ///
    /// # Errors
    /// When there are too many, or time is over.
    pub fn take_file(&self) -> Result<(), Stop> {
        if let Some(why) = self.stopped() {
            return Err(why);
        }
        if (self.is_late)() {
            return Err(self.stop(Stop::Time));
        }
        match self.files.get().checked_sub(1) {
            Some(left) => {
                self.files.set(left);
                Ok(())
            }
            None => Err(self.stop(Stop::Files(self.limits.files))),
        }
    }

    fn take_bytes(&self, bytes: usize) -> Result<(), Stop> {
        let left = self.bytes.get().checked_sub(u64::try_from(bytes).unwrap_or(u64::MAX));
        match left {
            _ if (self.is_late)() => Err(self.stop(Stop::Time)),
            Some(left) => {
                self.bytes.set(left);
                Ok(())
            }
            None => Err(self.stop(Stop::Bytes(self.limits.inflated_bytes))),
        }
    }
}

/// A reader whose bytes and time count.
pub struct Metered<'b, 't, R> {
    inner: R,
    budget: &'b Budget<'t>,
    /// Whether its bytes count: those of a file as it stands on the disk do not.
    counts: bool,
}

impl<'b, 't, R> Metered<'b, 't, R> {
    /// A reader of unpacked bytes.
    pub fn unpacked(inner: R, budget: &'b Budget<'t>) -> Self {
        Metered { inner, budget, counts: true }
    }

    /// A reader of bytes as they are stored: only the time counts.
    pub fn stored(inner: R, budget: &'b Budget<'t>) -> Self {
        Metered { inner, budget, counts: false }
    }
}

impl<R: Read> Read for Metered<'_, '_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if let Some(why) = self.budget.stopped() {
            return Err(io::Error::other(why));
        }
        let read = self.inner.read(buffer)?;
        self.budget.take_bytes(if self.counts { read } else { 0 }).map_err(io::Error::other)?;
        Ok(read)
    }
}

impl<R: Seek> Seek for Metered<'_, '_, R> {
    fn seek(&mut self, position: SeekFrom) -> io::Result<u64> {
        self.inner.seek(position)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_unpacked_is_counted_and_then_stopped() {
        let limits = SubmissionLimits { inflated_bytes: 10, files: 1, ..SubmissionLimits::default() };
        let budget = Budget::new(&limits, &|| false);
        let mut out = Vec::new();
        assert!(Metered::stored(io::repeat(1).take(100), &budget).read_to_end(&mut out).is_ok());
        assert!(Metered::unpacked(io::repeat(1).take(100), &budget).read_to_end(&mut out).is_err());
        assert_eq!(budget.stopped(), Some(Stop::Bytes(10)));
        assert_eq!(budget.take_file(), Err(Stop::Bytes(10)));
    }

    #[test]
    fn time_ends_any_reading() {
        let budget_limits = SubmissionLimits::default();
        let late = Cell::new(false);
        let is_late = || late.get();
        let budget = Budget::new(&budget_limits, &is_late);
        let mut reader = Metered::stored(io::repeat(1), &budget);
        assert_eq!(reader.read(&mut [0; 4]).unwrap(), 4);
        assert!(!budget.is_over());
        late.set(true);
        assert!(budget.is_over());
        assert!(reader.read(&mut [0; 4]).is_err());
        assert_eq!(budget.stopped(), Some(Stop::Time));
    }
}
