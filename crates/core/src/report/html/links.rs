//! The frames that texts name, as links to their places in the ladders.

use std::collections::BTreeSet;

use crate::analyze::analysis::{Analysis, Evidence};
use crate::analyze::text::{FrameRanges, Span, Text};
use crate::report::ladder::Ladder;
use crate::report::names::Names;
use socklab_packets::types::FrameNumber;

/// A piece of text, perhaps a link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TextRun {
    /// What is read.
    pub(super) text: String,
    /// The frame's place on the page.
    pub(super) target: Option<String>,
}

/// The frames that are drawn on the page, by capture.
pub(super) struct Drawn<'a> {
    analysis: &'a Analysis,
    names: Names<'a>,
    frames: BTreeSet<(usize, u64)>,
}

/// The name of a frame's place on the page.
pub(super) fn anchor(capture: usize, frame: FrameNumber) -> String {
    format!("f{capture}-{frame}")
}

impl<'a> Drawn<'a> {
    /// The frames of these ladders.
    pub(super) fn new<'l>(analysis: &'a Analysis, ladders: impl Iterator<Item = &'l Ladder>) -> Self {
        let frames =
            ladders.flat_map(|ladder| ladder.arrows().map(|arrow| (ladder.capture, arrow.note.frame.0))).collect();
        Drawn { analysis, names: Names::new(analysis), frames }
    }

    /// What a file is called on the page.
    pub(super) fn name(&self, file: &str) -> String {
        self.names.of(file).to_owned()
    }

    /// One frame's number.
    pub(super) fn frame(&self, capture: usize, frame: FrameNumber) -> TextRun {
        self.number(&frame.to_string(), Some(capture))
    }

    /// A text with its frame numbers as links. Frames without a file of their own are of the one capture that the evidence
    /// names; where that names several, of the one that has them.
    pub(super) fn text(&self, text: &Text, evidence: &[&Evidence]) -> Vec<TextRun> {
        let mut runs = Vec::new();
        for span in text.spans() {
            match span {
                Span::Frames { file, frames, noun } => {
                    push(&mut runs, noun.before(frames));
                    let file = file.as_deref().or_else(|| file_of(frames, evidence));
                    self.push_numbers(&mut runs, &frames.in_words(), file);
                    if let Span::Frames { file: Some(file), .. } = span {
                        push(&mut runs, &format!(" of {}", self.name(file)));
                    }
                }
                span => push(&mut runs, &span.to_string()),
            }
        }
        runs
    }

    /// The frames of one piece of evidence, at most so many runs.
    pub(super) fn frames(&self, frames: &FrameRanges, file: &str, most: usize) -> Vec<TextRun> {
        let mut runs = Vec::new();
        self.push_numbers(&mut runs, &frames.numbers(most), Some(file));
        runs
    }

    /// Appends a list of numbers as [`FrameRanges`] writes them: each one is a link where its frame is drawn.
    fn push_numbers(&self, runs: &mut Vec<TextRun>, list: &str, file: Option<&str>) {
        let capture = file.and_then(|file| match self.captures(file).as_slice() {
            [one] => Some(*one),
            _ => None,
        });
        // What follows a parenthesis is a count.
        let (numbers, count) = list.split_once('(').map_or((list, None), |(numbers, count)| (numbers, Some(count)));
        for piece in numbers.split_inclusive(|c: char| !c.is_ascii_digit()) {
            let digits = piece.trim_end_matches(|c: char| !c.is_ascii_digit());
            if !digits.is_empty() {
                runs.push(self.number(digits, capture));
            }
            push(runs, piece.get(digits.len()..).unwrap_or_default());
        }
        if let Some(count) = count {
            push(runs, &format!("({count}"));
        }
    }

    fn number(&self, digits: &str, capture: Option<usize>) -> TextRun {
        let target = capture.zip(digits.parse().ok()).filter(|place| self.frames.contains(place));
        TextRun { text: digits.to_owned(), target: target.map(|(capture, frame)| anchor(capture, FrameNumber(frame))) }
    }

    /// The captures of this name.
    fn captures(&self, file: &str) -> Vec<usize> {
        let captures = self.analysis.captures.iter().enumerate();
        captures.filter(|(_, capture)| capture.file == file).map(|(number, _)| number).collect()
    }
}

/// Appends text to what is no link.
fn push(runs: &mut Vec<TextRun>, text: &str) {
    if text.is_empty() {
        return;
    }
    match runs.last_mut() {
        Some(TextRun { text: last, target: None }) => last.push_str(text),
        _ => runs.push(TextRun { text: text.to_owned(), target: None }),
    }
}

/// The file whose evidence has these frames, where it is one only.
fn file_of<'e>(frames: &FrameRanges, evidence: &[&'e Evidence]) -> Option<&'e str> {
    let first = frames.first()?;
    let mut files =
        evidence.iter().filter(|evidence| evidence.frames.contains(first)).map(|evidence| evidence.file.as_str());
    let file = files.next()?;
    files.all(|other| other == file).then_some(file)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analyze::text::FrameNoun;

    fn nothing_drawn() -> Analysis {
        Analysis {
            captures: vec![],
            journals: vec![],
            lab: Default::default(),
            calls: Default::default(),
            findings: vec![],
            answers: vec![],
        }
    }

    #[test]
    fn every_span_of_a_text_is_read_as_elsewhere() {
        let analysis = nothing_drawn();
        let drawn = Drawn::new(&analysis, std::iter::empty());
        for numbers in [vec![4], vec![4, 5, 6, 9, 12], (0..40).map(|n| n * 2).collect::<Vec<u64>>()] {
            let frames: FrameRanges = numbers.into_iter().map(FrameNumber).collect();
            for noun in [FrameNoun::Word, FrameNoun::Capital, FrameNoun::None] {
                let mut text = Text::from("The SYN (");
                text.push(Span::Frames { file: None, frames: frames.clone(), noun });
                text.push(") of 3 frames.");
                let runs = drawn.text(&text, &[]);
                assert_eq!(runs.iter().map(|run| run.text.as_str()).collect::<String>(), text.to_string());
            }
        }
    }
}
