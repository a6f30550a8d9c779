//! Which file the frames of a text are in: those of a row are taken apart by their files before anything is shown.

use crate::analyze::row::{RowFrame, by_capture};
use crate::analyze::text::{FrameNoun, FrameRanges, Span, Text};

/// A text in which frames of no row that are said to be of no file have the one that `file_of` gives.
pub(crate) fn with_file_of(text: &Text, file_of: impl Fn(&FrameRanges) -> Option<String>) -> Text {
    let mut whole = Text::default();
    for span in text.spans() {
        whole.push(match span {
            Span::Frames { file: None, frames, noun } if frames.last_of_row().is_some_and(|last| !last.is_of_row()) => {
                Span::Frames { file: file_of(frames), frames: frames.clone(), noun: *noun }
            }
            span => span.clone(),
        });
    }
    whole
}

/// A text whose frames are taken apart: those of rows have the name of their file, wherever it is another one than that
/// named before. `own` is the file that the text is about.
pub(crate) fn with_files(text: Text, own: Option<&str>, name: impl Fn(usize) -> String) -> Text {
    let in_no_row = |span: &Span| match span {
        Span::Frames { frames, .. } => frames.last_of_row().is_none_or(|last| !last.is_of_row()),
        _ => true,
    };
    if text.spans().iter().all(in_no_row) {
        return text;
    }
    let mut named = own.map(str::to_owned);
    let mut whole = Text::default();
    for span in text.spans() {
        let Span::Frames { file, frames, noun } = span else {
            whole.push(span.clone());
            continue;
        };
        let parts = by_capture(if frames.is_whole() { frames.of_row().collect() } else { ends(frames) });
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
fn ends(frames: &FrameRanges) -> Vec<RowFrame> {
    frames.of_row().next().into_iter().chain(frames.last_of_row()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analyze::text::say;
    use socklab_packets::types::FrameNumber;

    fn row(place: usize, capture: usize, frame: u64) -> RowFrame {
        RowFrame::of_row(place, capture, FrameNumber(frame)).unwrap()
    }

    #[test]
    fn each_file_is_named_where_it_changes() {
        let name = |capture: usize| format!("B{capture}");
        let frames = FrameRanges::of([row(0, 1, 13), row(1, 2, 1), row(1, 2, 2), row(2, 3, 1)]);
        let text = say!["SYN (", row(0, 1, 5), "), ACK (", row(0, 1, 7), "), lines (", frames, ")."];
        assert_eq!(
            with_files(text, None, name).to_string(),
            "SYN (frame 5 of B1), ACK (frame 7), lines (frame 13, frames 1-2 of B2 and frame 1 of B3)."
        );
        let text = say!["It closed (", row(2, 3, 4), ") after frame ", FrameNumber(4), "."];
        assert_eq!(with_files(text, Some("B3"), name).to_string(), "It closed (frame 4) after frame frame 4.");
    }

    #[test]
    fn of_very_many_the_first_and_the_last_are_named() {
        let frames = (0..100).map(|number| row(usize::from(number > 50), usize::from(number > 50), number * 2));
        let text = with_files(say![FrameRanges::of(frames)], None, |capture| format!("B{capture}"));
        assert_eq!(text.to_string(), "frame 0 of B0 … frame 198 of B1 (100 in all)");
    }
}
