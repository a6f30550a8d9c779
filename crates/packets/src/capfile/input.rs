//! The bytes of a file, read in large pieces into one buffer that frames are borrowed from.
//!
//! The buffer stays in the processor's second-level cache, and nothing is copied but what crosses its end. It grows only
//! for a block or record that is larger, which its callers bound.

use std::error::Error;
use std::fmt;
use std::io::{self, BufRead, ErrorKind, Read};

use super::model::WarningCode;

/// Bytes of the buffer, and of each `read`. Reads gain nothing beyond this size (measured from 32 KiB to 1 MiB), and it
/// stays in the second-level cache.
const CAPACITY: usize = 256 * 1024;

/// Why bytes stopped coming before the end that the data itself declares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The compressed data end in the middle.
    Cut,
    /// The compressed data make no sense.
    Corrupt(String),
    /// The data become too much, or need too much memory: code and reason.
    Limit(WarningCode, String),
    /// The operating system's error.
    Read(String),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::Cut => f.write_str("the compressed data are cut short"),
            Fault::Corrupt(reason) | Fault::Limit(_, reason) | Fault::Read(reason) => f.write_str(reason),
        }
    }
}

impl Error for Fault {}

/// A reader with the buffer in front of it.
pub(crate) struct Input<'a> {
    reader: Box<dyn Read + 'a>,
    buffer: Vec<u8>,
    /// The unread bytes are `buffer[start..end]`.
    start: usize,
    end: usize,
    /// Place in the data of `buffer[start]`.
    offset: u64,
    /// The reader has no more.
    ended: bool,
    fault: Option<Fault>,
    /// What was passed over must stay in its place: nothing may be read.
    held: bool,
    /// Something was to be read while that was so.
    starved: bool,
}

impl<'a> Input<'a> {
    pub(crate) fn new(reader: Box<dyn Read + 'a>) -> Self {
        let buffer = vec![0; CAPACITY];
        Input { reader, buffer, start: 0, end: 0, offset: 0, ended: false, fault: None, held: false, starved: false }
    }

    /// From now on, what is passed over stays where it is in the buffer, until [`Input::hand_over`]. What would have to
    /// be read meanwhile is as if the data ended there, and [`Input::is_starved`] tells: try again after the hand-over.
    pub(crate) fn hold(&mut self) {
        self.held = true;
    }

    /// Whether [`Input::hold`] kept something from being read.
    #[inline]
    pub(crate) fn is_starved(&self) -> bool {
        self.starved
    }

    /// Place in the buffer of the first unread byte.
    #[inline]
    pub(crate) fn place(&self) -> usize {
        self.start
    }

    /// Exchanges the buffer for this one, which takes over what is unread. Places in the old buffer stay as they were.
    pub(crate) fn hand_over(&mut self, buffer: &mut Vec<u8>) {
        let unread = self.buffer.get(self.start..self.end).unwrap_or_default();
        let length = unread.len();
        let size = CAPACITY.max(length);
        if buffer.len() < size {
            // Zeros from the allocator are not written one by one, as those of `resize` are.
            *buffer = vec![0; size];
        }
        buffer.truncate(size);
        buffer.get_mut(..length).unwrap_or_default().copy_from_slice(unread);
        std::mem::swap(&mut self.buffer, buffer);
        (self.start, self.end) = (0, length);
        (self.held, self.starved) = (false, false);
    }

    /// The unread bytes in memory.
    #[inline]
    pub(crate) fn available(&self) -> &[u8] {
        self.buffer.get(self.start..self.end).unwrap_or_default()
    }

    /// The same, to be changed.
    pub(crate) fn available_mut(&mut self) -> &mut [u8] {
        self.buffer.get_mut(self.start..self.end).unwrap_or_default()
    }

    /// The bytes that were passed over last, this many.
    #[inline]
    pub(crate) fn passed(&self, bytes: usize) -> &[u8] {
        self.buffer.get(self.start.wrapping_sub(bytes)..self.start).unwrap_or_default()
    }

    /// Place in the data of the first unread byte.
    #[inline]
    pub(crate) fn offset(&self) -> u64 {
        self.offset
    }

    /// Why the data ended early, where they did.
    pub(crate) fn fault(&self) -> Option<&Fault> {
        self.fault.as_ref()
    }

    /// Passes over bytes that are in memory.
    #[inline]
    pub(crate) fn advance(&mut self, bytes: usize) {
        let bytes = bytes.min(self.end.wrapping_sub(self.start));
        self.start = self.start.wrapping_add(bytes);
        self.offset = self.offset.wrapping_add(bytes as u64);
    }

    /// Passes over all that is in memory, so that nothing more is found there.
    pub(crate) fn forget(&mut self) {
        self.advance(usize::MAX);
    }

    /// Makes at least this many unread bytes available; false where the data end before.
    #[inline]
    pub(crate) fn fill(&mut self, bytes: usize) -> bool {
        self.end.wrapping_sub(self.start) >= bytes || self.refill(bytes)
    }

    /// Moves what is left to the front of the buffer and reads until there are this many bytes.
    #[cold]
    fn refill(&mut self, bytes: usize) -> bool {
        if self.held {
            self.starved = true;
            return false;
        }
        self.buffer.copy_within(self.start..self.end, 0);
        self.end = self.end.saturating_sub(self.start);
        self.start = 0;
        if self.buffer.len() < bytes {
            self.buffer.resize(bytes.next_multiple_of(4096), 0);
        }
        while self.end < bytes && !self.ended {
            let Some(space) = self.buffer.get_mut(self.end..) else { break };
            let read = read_some(&mut *self.reader, space);
            self.end = self.end.saturating_add(self.note_end(read));
        }
        self.end >= bytes
    }

    /// Takes bytes out of the data, behind the next `keep` ones, which must be in memory; false where the data end before.
    pub(crate) fn cut_out(&mut self, keep: usize, bytes: u64) -> bool {
        if self.held {
            self.starved = true;
            return false;
        }
        let from = self.start.saturating_add(keep).min(self.end);
        let held = self.end.saturating_sub(from);
        let here = usize::try_from(bytes).unwrap_or(usize::MAX).min(held);
        self.buffer.copy_within(from.saturating_add(here)..self.end, from);
        self.end = self.end.saturating_sub(here);
        self.offset = self.offset.saturating_add(bytes);
        let mut left = bytes.saturating_sub(here as u64);
        let mut waste = if left > 0 { vec![0; CAPACITY] } else { Vec::new() };
        while left > 0 && !self.ended {
            let length = usize::try_from(left).unwrap_or(usize::MAX).min(waste.len());
            let read = read_some(&mut *self.reader, waste.get_mut(..length).unwrap_or_default());
            left = left.saturating_sub(self.note_end(read) as u64);
        }
        left == 0
    }

    fn note_end(&mut self, read: io::Result<usize>) -> usize {
        self.ended = !matches!(read, Ok(1..));
        if let Err(error) = &read {
            let told = error.get_ref().and_then(|inner| inner.downcast_ref::<Fault>());
            self.fault = Some(told.cloned().unwrap_or_else(|| Fault::Read(error.to_string())));
        }
        read.unwrap_or(0)
    }
}

/// `read` that goes on when a signal interrupts it.
fn read_some(reader: &mut dyn Read, buffer: &mut [u8]) -> io::Result<usize> {
    loop {
        match reader.read(buffer) {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

impl Read for Input<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let available = self.fill_buf()?;
        let length = available.len().min(out.len());
        if let (Some(from), Some(to)) = (available.get(..length), out.get_mut(..length)) {
            to.copy_from_slice(from);
        }
        self.consume(length);
        Ok(length)
    }
}

impl BufRead for Input<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if !self.fill(1)
            && let Some(fault) = &self.fault
        {
            return Err(io::Error::other(fault.clone()));
        }
        Ok(self.available())
    }

    fn consume(&mut self, bytes: usize) {
        self.advance(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A reader that gives a few bytes at a time, and is interrupted in between.
    struct Trickle<'a>(&'a [u8], usize);

    impl Read for Trickle<'_> {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            self.1 += 1;
            if self.1.is_multiple_of(3) {
                return Err(ErrorKind::Interrupted.into());
            }
            let most = out.len().min(self.1 % 7 + 1);
            self.0.read(&mut out[..most])
        }
    }

    proptest! {
        #[test]
        fn bytes_come_in_order_whatever_is_asked_for(
            data in proptest::collection::vec(any::<u8>(), 0..3000),
            steps in proptest::collection::vec((1usize..400, 0u64..200), 1..40),
        ) {
            let mut input = Input::new(Box::new(Trickle(&data, 0)));
            let mut rest = &data[..];
            for (want, cut) in steps {
                prop_assert_eq!(input.offset(), (data.len() - rest.len()) as u64);
                if !input.fill(want) {
                    prop_assert_eq!(input.available(), rest);
                    break;
                }
                prop_assert_eq!(&input.available()[..want], &rest[..want]);
                let kept = rest[..want].to_vec();
                let whole = input.cut_out(want, cut);
                prop_assert_eq!(whole, rest.len() - want >= cut as usize);
                if !whole {
                    break;
                }
                prop_assert_eq!(&input.available()[..want], &kept[..]);
                input.advance(want);
                prop_assert_eq!(input.passed(want), &kept[..]);
                rest = &rest[want + cut as usize..];
            }
        }
    }
}
