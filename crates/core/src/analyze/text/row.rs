//! Frames of several files in one row. Where a file goes on with what another one began, the frames of both have one order:
//! a number in a row holds the place of its file in the row, the file, and the number that Wireshark shows. It is taken
//! apart again before anything is shown.

use crate::analyze::text::{FrameNoun, FrameRanges, Span, Text};
use socklab_packets::types::FrameNumber;

/// Bits of a frame's own number, and of its capture's index; the rest is the place in the row, from 1.
const FRAME_BITS: u32 = 40;
const CAPTURE_BITS: u32 = 12;

/// The number of a frame of this capture, which has this place in the row, from 0; `None` where there is no number so high.
pub(crate) fn in_row(place: usize, capture: usize, frame: FrameNumber) -> Option<FrameNumber> {
    let place = u64::try_from(place.checked_add(1)?).ok()?;
    let capture = u64::try_from(capture).ok()?;
    let fits = |number: u64, bits: u32| number < 1 << bits;
    let is_held = fits(place, CAPTURE_BITS) && fits(capture, CAPTURE_BITS) && fits(frame.0, FRAME_BITS);
    is_held.then_some(FrameNumber((place << (CAPTURE_BITS + FRAME_BITS)) | (capture << FRAME_BITS) | frame.0))
}

/// The capture of a frame in a row, and the number that Wireshark shows there; no capture for one that is in no row.
pub(crate) fn apart(frame: FrameNumber) -> (Option<usize>, FrameNumber) {
    if frame.0 >> (CAPTURE_BITS + FRAME_BITS) == 0 {
        return (None, frame);
    }
    let capture = (frame.0 >> FRAME_BITS) & ((1 << CAPTURE_BITS) - 1);
    (usize::try_from(capture).ok(), FrameNumber(frame.0 & ((1 << FRAME_BITS) - 1)))
}

/// The place in the row of the file of a frame, from 0; `None` for one that is in no row.
pub(crate) fn place(frame: FrameNumber) -> Option<usize> {
    usize::try_from(frame.0 >> (CAPTURE_BITS + FRAME_BITS)).ok()?.checked_sub(1)
}

/// The number that Wireshark shows for a frame.
pub(crate) fn shown(frame: FrameNumber) -> FrameNumber {
    apart(frame).1
}

/// Frames by the captures that they are in, in the order of the row.
pub(crate) fn by_capture(frames: impl IntoIterator<Item = FrameNumber>) -> Vec<(Option<usize>, Vec<FrameNumber>)> {
    let mut captures: Vec<(Option<usize>, Vec<FrameNumber>)> = Vec::new();
    let mut frames: Vec<FrameNumber> = frames.into_iter().collect();
    frames.sort_unstable();
    for frame in frames {
        let (capture, frame) = apart(frame);
        match captures.last_mut().filter(|(last, _)| *last == capture) {
            Some((_, here)) => here.push(frame),
            None => captures.push((capture, vec![frame])),
        }
    }
    captures
}

/// A text in which frames of no row that are said to be of no file have the one that `file_of` gives.
pub(crate) fn with_file_of(text: &Text, file_of: impl Fn(&FrameRanges) -> Option<String>) -> Text {
    let mut whole = Text::default();
    for span in text.spans() {
        whole.push(match span {
            Span::Frames { file: None, frames, noun } if frames.last().is_some_and(|last| apart(last).0.is_none()) => {
                Span::Frames { file: file_of(frames), frames: frames.clone(), noun: *noun }
            }
            span => span.clone(),
        });
    }
    whole
}

/// A text whose frames are taken apart: those of rows have the name of their file, wherever it is another one than that
/// named before. `own` is the file that the text is about.
pub(crate) fn with_files(text: &Text, own: Option<&str>, name: impl Fn(usize) -> String) -> Text {
    let in_no_row = |span: &Span| match span {
        Span::Frames { frames, .. } => frames.last().is_none_or(|last| apart(last).0.is_none()),
        _ => true,
    };
    if text.spans().iter().all(in_no_row) {
        return text.clone();
    }
    let mut named = own.map(str::to_owned);
    let mut whole = Text::default();
    for span in text.spans() {
        let Span::Frames { file, frames, noun } = span else {
            whole.push(span.clone());
            continue;
        };
        let parts = by_capture(if frames.is_whole() { frames.iter().collect() } else { ends(frames) });
        let last = parts.len().saturating_sub(1);
        for (place, (capture, numbers)) in parts.into_iter().enumerate() {
            whole.push(match (place, place == last) {
                (0, _) => "",
                _ if !frames.is_whole() => " … ",
                (_, true) => " and ",
                (_, false) => ", ",
            });
            let file = match (capture.map(&name), file) {
                (Some(of), _) if named.as_ref() == Some(&of) => None,
                (Some(of), _) => Some(of),
                (None, file) => file.clone(),
            };
            named = file.clone().or(named);
            // What follows in the same list is no beginning of a sentence.
            let noun = if place > 0 && *noun == FrameNoun::Capital { FrameNoun::Word } else { *noun };
            whole.push(Span::Frames { file, frames: FrameRanges::of(numbers), noun });
        }
        if !frames.is_whole() {
            whole.push(format!(" ({} in all)", frames.count()));
        }
    }
    whole
}

/// The first and the last of some frames.
fn ends(frames: &FrameRanges) -> Vec<FrameNumber> {
    frames.first().into_iter().chain(frames.last()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analyze::text::say;

    fn row(place: usize, capture: usize, frame: u64) -> FrameNumber {
        in_row(place, capture, FrameNumber(frame)).unwrap()
    }

    #[test]
    fn numbers_in_a_row_are_in_its_order_and_come_apart() {
        assert!(row(0, 7, 900) < row(1, 2, 1));
        assert_eq!(apart(row(1, 2, 9)), (Some(2), FrameNumber(9)));
        assert_eq!(apart(FrameNumber(9)), (None, FrameNumber(9)));
        assert_eq!(in_row(1 << CAPTURE_BITS, 0, FrameNumber(1)), None);
        assert_eq!(in_row(0, 0, FrameNumber(u64::MAX)), None);
    }

    #[test]
    fn each_file_is_named_where_it_changes() {
        let name = |capture: usize| format!("B{capture}");
        let frames = FrameRanges::of([row(0, 1, 13), row(1, 2, 1), row(1, 2, 2), row(2, 3, 1)]);
        let text = say!["SYN (", row(0, 1, 5), "), ACK (", row(0, 1, 7), "), lines (", frames, ")."];
        assert_eq!(
            with_files(&text, None, name).to_string(),
            "SYN (frame 5 of B1), ACK (frame 7), lines (frame 13, frames 1-2 of B2 and frame 1 of B3)."
        );
        let text = say!["It closed (", row(2, 3, 4), ") after frame ", FrameNumber(4), "."];
        assert_eq!(with_files(&text, Some("B3"), name).to_string(), "It closed (frame 4) after frame frame 4.");
    }

    #[test]
    fn of_very_many_the_first_and_the_last_are_named() {
        let frames = (0..100).map(|number| row(usize::from(number > 50), usize::from(number > 50), number * 2));
        let text = with_files(&say![FrameRanges::of(frames)], None, |capture| format!("B{capture}"));
        assert_eq!(text.to_string(), "frame 0 of B0 … frame 198 of B1 (100 in all)");
    }
}
