//! One connection or conversation that several files show one after the other: a capture that was stopped and started again,
//! the files of a ring buffer, or captures of two hosts that overlap only in part. The files' frames are put in one row, each
//! frame once.

use crate::analyze::text::row::in_row;
use socklab_packets::pipeline::CaptureFacts;
use socklab_packets::track::FrameNote;
use socklab_packets::types::{FrameNumber, StreamNumber};

/// Nanoseconds within which the same frame comes again only where it was captured twice.
pub(crate) const COPIED_WITHIN: i128 = 1_000_000;

/// What one file adds to a connection or conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Piece {
    /// Index of the capture.
    pub(crate) capture: usize,
    /// The stream there.
    pub(crate) stream: StreamNumber,
    /// The first frame that the files before it do not have.
    pub(super) from: FrameNumber,
    /// The file calls the same end its originator as the first one does.
    pub(super) same_sides: bool,
    /// Its times are by the clock of the first one.
    pub(crate) same_clock: bool,
}

impl Piece {
    /// A note as it is in the row at this place; `None` for one that a file before has.
    pub(super) fn note(&self, place: usize, note: FrameNote) -> Option<FrameNote> {
        if note.frame < self.from {
            return None;
        }
        Some(FrameNote {
            frame: in_row(place, self.capture, note.frame)?,
            time: note.time.filter(|_| self.same_clock),
            sender: if self.same_sides { note.sender } else { note.sender.other() },
            ..note
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
}

/// The place of the first of some frames after all those that `others` have, captured by the same clock: the same packet within a
/// millisecond. `None` where none is the same.
pub(super) fn after_copies(
    others: &[FrameNote],
    notes: &[FrameNote],
    is_same: impl Fn(&FrameNote, &FrameNote) -> bool,
) -> Option<usize> {
    let at_once = |one: &FrameNote, other: &FrameNote| {
        one.time.zip(other.time).is_some_and(|(one, other)| one.nanoseconds_since(other).abs() < COPIED_WITHIN)
    };
    let is_copy = |note: &FrameNote| others.iter().rev().any(|other| at_once(other, note) && is_same(other, note));
    notes.iter().rposition(is_copy).map(|last| last.saturating_add(1))
}
