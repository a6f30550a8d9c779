//! Frames of several files in one row. Where a file goes on with what another one began, the frames of both have one order: that
//! of the files, and within a file that of its frames.

use socklab_packets::track::FrameNote;
use socklab_packets::types::FrameNumber;

/// Bits of a frame's own number, and of its capture's index; the rest is the place in the row, from 1.
const FRAME_BITS: u32 = 40;
const CAPTURE_BITS: u32 = 12;

/// A frame as a sighting has it: one of the capture that shows the conversation or, where several files show it one after the other,
/// one of their row. Its number is that of its own file; those of a row are in the row's order.
///
/// Made from the [`FrameNumber`] of a capture, it is in no row. What it is shown as is its `number()`, with the file that
/// has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RowFrame(u64);

/// A frame that was noted of a sighting.
pub(crate) type RowNote = FrameNote<RowFrame>;

impl From<FrameNumber> for RowFrame {
    fn from(frame: FrameNumber) -> RowFrame {
        RowFrame(frame.0)
    }
}

impl RowFrame {
    /// The frame of a capture that has this place in a row, from 0; `None` where no number is so high.
    pub(crate) fn of_row(place: usize, capture: usize, frame: FrameNumber) -> Option<RowFrame> {
        let place = u64::try_from(place.checked_add(1)?).ok()?;
        let capture = u64::try_from(capture).ok()?;
        let fits = |number: u64, bits: u32| number < 1 << bits;
        let is_held = fits(place, CAPTURE_BITS) && fits(capture, CAPTURE_BITS) && fits(frame.0, FRAME_BITS);
        is_held.then_some(RowFrame((place << (CAPTURE_BITS + FRAME_BITS)) | (capture << FRAME_BITS) | frame.0))
    }

    /// The number that Wireshark shows for it, in its file.
    pub(crate) fn number(self) -> FrameNumber {
        FrameNumber(if self.is_of_row() { self.0 & ((1 << FRAME_BITS) - 1) } else { self.0 })
    }

    /// Whether it is in a row.
    pub(crate) fn is_of_row(self) -> bool {
        self.0 >> (CAPTURE_BITS + FRAME_BITS) != 0
    }

    /// The capture that it is in; `None` where it is in no row, so that whoever has it knows.
    pub(crate) fn capture(self) -> Option<usize> {
        let capture = (self.0 >> FRAME_BITS) & ((1 << CAPTURE_BITS) - 1);
        usize::try_from(capture).ok().filter(|_| self.is_of_row())
    }

    /// The place in the row of its file, from 0; `None` where it is in no row.
    pub(crate) fn place(self) -> Option<usize> {
        usize::try_from(self.0 >> (CAPTURE_BITS + FRAME_BITS)).ok()?.checked_sub(1)
    }

    /// The one after it in its file.
    pub(crate) fn next(self) -> Option<RowFrame> {
        self.0.checked_add(1).map(RowFrame)
    }

    /// The frames from the one to the other, of one file.
    pub(crate) fn run(first: RowFrame, last: RowFrame) -> impl Iterator<Item = RowFrame> {
        (first.0..=last.0).map(RowFrame)
    }
}

/// A note of a capture as a sighting in that capture alone has it.
pub(crate) fn in_no_row(note: FrameNote) -> RowNote {
    note.with_frame(note.frame.into())
}

/// Frames by the captures that they are in, in the order of the row; no capture for those that are in no row.
pub(crate) fn by_capture(frames: impl IntoIterator<Item = RowFrame>) -> Vec<(Option<usize>, Vec<FrameNumber>)> {
    let mut captures: Vec<(Option<usize>, Vec<FrameNumber>)> = Vec::new();
    let mut frames: Vec<RowFrame> = frames.into_iter().collect();
    frames.sort_unstable();
    for frame in frames {
        let capture = frame.capture();
        match captures.last_mut().filter(|(last, _)| *last == capture) {
            Some((_, here)) => here.push(frame.number()),
            None => captures.push((capture, vec![frame.number()])),
        }
    }
    captures
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_of_a_row_are_in_its_order_and_have_the_numbers_of_their_files() {
        let of_row = |place, capture, frame| RowFrame::of_row(place, capture, FrameNumber(frame));
        assert!(of_row(0, 7, 900) < of_row(1, 2, 1));
        let apart = |frame: RowFrame| (frame.place(), frame.capture(), frame.number());
        assert_eq!(of_row(1, 2, 9).map(apart), Some((Some(1), Some(2), FrameNumber(9))));
        assert_eq!(apart(FrameNumber(9).into()), (None, None, FrameNumber(9)));
        assert_eq!(of_row(1 << CAPTURE_BITS, 0, 1), None);
        assert_eq!(of_row(0, 0, u64::MAX), None);
    }
}
