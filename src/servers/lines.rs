//! Cutting a stream of bytes into lines.
//!
//! TCP keeps no boundaries between messages: a read may return half a line or ten. Never holds more than
//! [`LINE_BYTES`].

use std::mem;

use memchr::memchr;

use socklab_packets::limits::LINE_BYTES;

/// What ended a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineEnd {
    /// A newline, which is not part of [`Line::bytes`].
    Newline,
    /// Nothing: the line is longer than [`LINE_BYTES`] and goes on in the next piece.
    Cut,
    /// The end of the stream, or a pause in it.
    Open,
}

/// A line, or a piece of a long one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line<'a> {
    /// The bytes without the newline, at most [`LINE_BYTES`].
    pub bytes: &'a [u8],
    /// What ended it.
    pub end: LineEnd,
}

impl Line<'_> {
    /// The bytes that the line took in the stream, its newline included.
    pub fn stream_bytes(&self) -> u64 {
        let newline = u64::from(self.end == LineEnd::Newline);
        (self.bytes.len() as u64).saturating_add(newline)
    }
}

/// Cuts chunks of a stream into lines; the same lines whatever the chunks.
#[derive(Debug, Default)]
pub struct LineSplitter {
    held: Vec<u8>,
    /// `held` was given out as a line and is to be forgotten.
    given: bool,
}

impl LineSplitter {
    /// Takes bytes from the front of `chunk`. `None` when they are used up; the bytes of a line begun are kept.
    pub fn next_line(&mut self, chunk: &mut &[u8]) -> Option<Line<'_>> {
        self.forget_given();
        let room = LINE_BYTES.saturating_sub(self.held.len());
        let newline = memchr(b'\n', chunk.get(..=room).unwrap_or(chunk));
        let end = match newline {
            Some(_) => LineEnd::Newline,
            None if chunk.len() > room => LineEnd::Cut,
            None => LineEnd::Open,
        };
        let (taken, rest) = chunk.split_at_checked(newline.unwrap_or(room)).unwrap_or((*chunk, &[]));
        self.held.extend_from_slice(taken);
        *chunk = rest;
        match end {
            LineEnd::Newline => *chunk = chunk.split_first().map_or(&[], |(_, rest)| rest),
            LineEnd::Cut => {}
            LineEnd::Open => return None,
        }
        self.given = true;
        Some(Line { bytes: &self.held, end })
    }

    /// The line begun, if there is one, given out as it is: at the end of the stream, or when it pauses.
    pub fn finish(&mut self) -> Option<Line<'_>> {
        self.forget_given();
        if self.held.is_empty() {
            return None;
        }
        self.given = true;
        Some(Line { bytes: &self.held, end: LineEnd::Open })
    }

    /// The bytes of a line begun, without giving them out.
    pub fn begun(&self) -> &[u8] {
        if self.given { &[] } else { &self.held }
    }

    fn forget_given(&mut self) {
        if mem::take(&mut self.given) {
            self.held.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::any;
    use proptest::{collection, prop_assert, prop_assert_eq, proptest};

    use super::*;

    fn split(chunks: &[&[u8]]) -> Vec<(Vec<u8>, LineEnd)> {
        let mut splitter = LineSplitter::default();
        let mut lines = Vec::new();
        for chunk in chunks {
            let mut rest = *chunk;
            while let Some(line) = splitter.next_line(&mut rest) {
                lines.push((line.bytes.to_vec(), line.end));
            }
            assert!(rest.is_empty());
        }
        lines.extend(splitter.finish().map(|line| (line.bytes.to_vec(), line.end)));
        lines
    }

    fn joined(lines: &[(Vec<u8>, LineEnd)]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for (line, end) in lines {
            bytes.extend_from_slice(line);
            bytes.extend((*end == LineEnd::Newline).then_some(b'\n'));
        }
        bytes
    }

    #[test]
    fn a_line_ends_with_its_newline_and_the_last_one_with_the_stream() {
        let lines = split(&[b"he", b"llo\n\nwor", b"ld"]);
        let expected: [(&[u8], LineEnd); 3] =
            [(b"hello", LineEnd::Newline), (b"", LineEnd::Newline), (b"world", LineEnd::Open)];
        assert_eq!(lines, expected.map(|(bytes, end)| (bytes.to_vec(), end)));
        assert_eq!(split(&[]), []);
        assert_eq!(split(&[b"x\n"]).len(), 1);
    }

    #[test]
    fn a_line_of_exactly_the_limit_is_whole_and_one_byte_more_is_cut() {
        let mut stream = vec![b'a'; LINE_BYTES];
        stream.push(b'\n');
        assert_eq!(split(&[&stream]), [(vec![b'a'; LINE_BYTES], LineEnd::Newline)]);
        stream.insert(0, b'a');
        let lines = [(vec![b'a'; LINE_BYTES], LineEnd::Cut), (b"a".to_vec(), LineEnd::Newline)];
        assert_eq!(split(&[&stream]), lines);
    }

    proptest! {
        #[test]
        fn any_chunking_gives_the_same_lines_and_nothing_is_lost(
            runs in collection::vec((any::<u8>(), 0usize..50_000), 0..8),
            cuts in collection::vec(0usize..200_000, 0..12),
        ) {
            let mut stream = Vec::new();
            for (byte, count) in runs {
                stream.extend(std::iter::repeat_n(byte, count));
                stream.extend((byte % 3 == 0).then_some(b'\n'));
            }
            let mut chunks: Vec<&[u8]> = Vec::new();
            let mut rest = &stream[..];
            for cut in cuts {
                let (chunk, after) = rest.split_at(cut.min(rest.len()));
                chunks.push(chunk);
                rest = after;
            }
            chunks.push(rest);
            let lines = split(&chunks);
            prop_assert_eq!(joined(&lines), &stream[..]);
            prop_assert!(lines.iter().all(|(bytes, _)| bytes.len() <= LINE_BYTES));
            prop_assert_eq!(lines, split(&[&stream]));
        }
    }
}
