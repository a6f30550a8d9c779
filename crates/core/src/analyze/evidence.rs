//! Where a claim can be checked: frames of captures, lines of journals.

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

use crate::analyze::text::FrameRanges;
use crate::wording;
use socklab_packets::types::{FrameNumber, Protocol, SocketAddress, StreamNumber};

/// A stream that evidence belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StreamSpan {
    /// TCP or UDP.
    pub protocol: Protocol,
    /// Its number.
    pub stream: StreamNumber,
    /// Its ends, where Wireshark may show another number.
    pub ends: Option<[SocketAddress; 2]>,
}

impl StreamSpan {
    /// A display filter that finds it: by its number, or by its addresses where that may be another one.
    pub fn filter(&self) -> String {
        match self.ends {
            Some(ends) => wording::address_filter(self.protocol, ends),
            None => wording::stream_filter(self.protocol, self.stream),
        }
    }
}

/// Where a claim can be checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// The capture or journal, as named.
    pub file: String,
    /// The frames; none for a journal.
    pub frames: FrameRanges,
    /// The streams that they belong to; a few at most.
    pub streams: Vec<StreamSpan>,
    /// The lines of a journal, from 1; none for a capture.
    pub lines: Vec<u64>,
}

/// Streams of one piece of evidence that are remembered for a filter.
const STREAMS_NAMED: usize = 8;

/// Longest display filter by frames, in bytes; beyond it a filter by stream is easier to paste and to read.
const LONGEST_FRAME_FILTER: usize = 200;

/// Most frame numbers written for one piece of evidence in JSON; `count` says how many there are.
const FRAMES_WRITTEN: usize = 10_000;

impl Evidence {
    /// Frames of a capture that belong to a stream.
    pub fn of_stream(file: &str, stream: StreamSpan, frames: FrameRanges) -> Evidence {
        Evidence { file: file.to_owned(), frames, streams: vec![stream], lines: Vec::new() }
    }

    /// Frames of a capture.
    pub fn of_frames(file: &str, frames: FrameRanges) -> Evidence {
        Evidence { file: file.to_owned(), frames, streams: Vec::new(), lines: Vec::new() }
    }

    /// Lines of a journal.
    pub fn of_journal(file: String, lines: Vec<u64>) -> Evidence {
        Evidence { file, frames: FrameRanges::default(), streams: Vec::new(), lines }
    }

    /// Whether it is of a journal: the word of a program, not of the wire.
    pub fn is_journal(&self) -> bool {
        !self.lines.is_empty()
    }

    /// A display filter to paste into Wireshark: the frames, or their streams where they are too many; `None` for a
    /// journal.
    pub fn filter(&self) -> Option<String> {
        let by_frames = self.frames.filter().filter(|filter| filter.len() <= LONGEST_FRAME_FILTER);
        by_frames.or_else(|| {
            let filters: Vec<String> = self.streams.iter().map(StreamSpan::filter).collect();
            (!filters.is_empty()).then(|| filters.join(" or "))
        })
    }

    /// Adds what is not of frames of other evidence of the same file.
    fn join_streams_and_lines(&mut self, other: &Evidence) {
        for stream in &other.streams {
            if !self.streams.contains(stream) && self.streams.len() < STREAMS_NAMED {
                self.streams.push(*stream);
            }
        }
        self.lines.extend(&other.lines);
    }

    /// Evidence brought together by file.
    pub fn by_file(all: impl IntoIterator<Item = Evidence>) -> Vec<Evidence> {
        let mut files: Vec<(Evidence, Vec<FrameRanges>)> = Vec::new();
        for one in all {
            match files.iter_mut().find(|(there, _)| there.file == one.file) {
                Some((there, frames)) => {
                    there.join_streams_and_lines(&one);
                    frames.push(one.frames);
                }
                None => files.push((one, Vec::new())),
            }
        }
        let whole = |(mut evidence, frames): (Evidence, Vec<FrameRanges>)| {
            evidence.frames.join(&frames);
            evidence.lines.sort_unstable();
            evidence.lines.dedup();
            evidence
        };
        files.into_iter().map(whole).collect()
    }
}

impl Serialize for Evidence {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let frames: Vec<FrameNumber> = self.frames.iter().take(FRAMES_WRITTEN).collect();
        let mut json = serializer.serialize_struct("Evidence", 5)?;
        json.serialize_field("file", &self.file)?;
        json.serialize_field("frames", &frames)?;
        json.serialize_field("count", &self.frames.count())?;
        json.serialize_field("filter", &self.filter())?;
        json.serialize_field("lines", &self.lines)?;
        json.end()
    }
}
