//! One connection or conversation that several files show one after the other: a capture that was stopped and started again,
//! the files of a ring buffer, or captures of two hosts that overlap only in part. The files' frames are put in one row, each
//! frame once.

use std::collections::BTreeSet;
use std::hash::Hash;

use foldhash::{HashMap, HashMapExt};

use crate::analyze::row::{RowFrame, RowNote};
use socklab_packets::pipeline::CaptureFacts;
use socklab_packets::track::FrameNote;
use socklab_packets::types::{FrameNumber, StreamNumber, Timestamp};

/// Nanoseconds within which the same frame comes again only where it was captured twice.
pub(crate) const COPIED_WITHIN: i128 = 1_000_000;

/// What one file adds to a connection or conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Piece {
    /// Index of the capture.
    pub(crate) capture: usize,
    /// The stream there.
    pub(crate) stream: StreamNumber,
    /// Whose clock and order of frames that is: see [`TcpSighting::watch`](super::tcp::TcpSighting::watch).
    pub(crate) watch: usize,
    /// The first frame that the files before it do not have.
    pub(super) from: FrameNumber,
    /// It has frames that a file before has, too.
    pub(crate) overlaps: bool,
    /// The file calls the same end its originator as the first one does.
    pub(super) same_sides: bool,
    /// Its times are by the clock of the first one.
    pub(super) same_clock: bool,
}

impl Piece {
    /// All that the first file has.
    pub(super) fn first(capture: usize, stream: StreamNumber, watch: usize) -> Piece {
        let from = FrameNumber(0);
        Piece { capture, stream, watch, from, overlaps: false, same_sides: true, same_clock: true }
    }

    /// A note of its file as it is in the row at this place; `None` for one that a file before has. Its time is by the first file's clock, or by
    /// that of its own.
    pub(super) fn note(&self, place: usize, own_clock: bool, note: FrameNote) -> Option<RowNote> {
        if note.frame < self.from {
            return None;
        }
        Some(RowNote {
            time: note.time.filter(|_| self.same_clock || own_clock),
            sender: if self.same_sides { note.sender } else { note.sender.other() },
            ..note.with_frame(RowFrame::of_row(place, self.capture, note.frame)?)
        })
    }
}

/// Which captures have one clock, by their indices: they were made on the same computer.
pub(crate) type SameClock<'a> = dyn Fn(usize, usize) -> bool + 'a;

/// The captures that a row is made from.
#[derive(Clone, Copy)]
pub(super) struct Files<'a> {
    pub(super) captures: &'a [CaptureFacts],
    pub(super) same_clock: &'a SameClock<'a>,
    /// Pairs of files of which the later one goes on in the midst of what clients and server said: as the files of a ring buffer do,
    /// and none of a capture that was stopped behind a step.
    pub(super) running_on: &'a BTreeSet<(usize, usize)>,
}

/// The pairs of files that go on with one another, of rows of files of the same computer: also over others in between.
pub(super) fn running_on<'p>(
    rows: impl Iterator<Item = &'p [Piece]>,
    same_clock: &SameClock<'_>,
) -> BTreeSet<(usize, usize)> {
    let mut pairs = BTreeSet::new();
    for row in rows {
        for (one, next) in row.iter().zip(row.iter().skip(1)) {
            if !next.overlaps && same_clock(one.capture, next.capture) {
                pairs.insert((one.capture, next.capture));
            }
        }
    }
    loop {
        let over = pairs
            .iter()
            .flat_map(|(one, next)| pairs.range((*next, 0)..=(*next, usize::MAX)).map(move |(_, last)| (*one, *last)));
        let more: Vec<(usize, usize)> = over.filter(|pair| !pairs.contains(pair)).collect();
        if more.is_empty() {
            return pairs;
        }
        pairs.extend(more);
    }
}

/// The packets of the files so far, by what tells one from another, with the times at which they were captured.
pub(super) struct Packets<K> {
    times: HashMap<K, Vec<i128>>,
}

impl<K: Hash + Eq> Packets<K> {
    pub(super) fn new() -> Packets<K> {
        Packets { times: HashMap::new() }
    }

    /// Takes in one.
    pub(super) fn add(&mut self, packet: K, time: Option<Timestamp>) {
        let times = self.times.entry(packet).or_default();
        if let Some(time) = time.map(nanoseconds) {
            let place = times.partition_point(|there| *there <= time);
            times.insert(place, time);
        }
    }

    /// Whether there is one like it, at whatever time.
    pub(super) fn has(&self, packet: &K) -> bool {
        self.times.contains_key(packet)
    }

    /// The place of the first of some frames, by the same clock, after all those that are the same packet within a millisecond.
    /// `None` where none is.
    pub(super) fn after_copies(&self, notes: &[RowNote], packet: impl Fn(&RowNote) -> K) -> Option<usize> {
        let is_copy = |note: &RowNote| {
            let (Some(times), Some(time)) = (self.times.get(&packet(note)), note.time.map(nanoseconds)) else {
                return false;
            };
            let near = times.partition_point(|there| *there <= time.saturating_sub(COPIED_WITHIN));
            times.get(near).is_some_and(|there| *there < time.saturating_add(COPIED_WITHIN))
        };
        notes.iter().rposition(is_copy).map(|last| last.saturating_add(1))
    }
}

fn nanoseconds(time: Timestamp) -> i128 {
    time.nanoseconds_since(Timestamp { seconds: 0, nanoseconds: 0, digits: 9 })
}
