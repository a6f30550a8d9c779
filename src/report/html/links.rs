//! Frame numbers in text, made into links to their places in the ladders.
//!
//! A sentence names frames as `frame 4` and `frames 4-6 and 9`; which file they are of follows from its evidence.

use std::collections::BTreeSet;

use super::names::Names;
use crate::analyze::analysis::{Analysis, Evidence};
use crate::report::ladder::Ladder;
use crate::types::FrameNumber;

/// A piece of text, perhaps a link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Run {
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
    pub(super) fn frame(&self, capture: usize, frame: FrameNumber) -> Run {
        self.number(&frame.to_string(), Some(capture))
    }

    /// A text whose frame numbers are of the files of its evidence: where a number is of one file only, it is a link.
    pub(super) fn text(&self, text: &str, evidence: &[&Evidence]) -> Vec<Run> {
        let capture_of = |number: u64| {
            let mut captures: Vec<usize> = evidence
                .iter()
                .filter(|evidence| evidence.frames.binary_search(&FrameNumber(number)).is_ok())
                .flat_map(|evidence| self.captures(&evidence.file))
                .collect();
            captures.sort_unstable();
            captures.dedup();
            match captures.as_slice() {
                [one] => Some(*one),
                _ => None,
            }
        };
        let mut runs = Vec::new();
        let mut rest = text;
        while let Some((before, list, after)) = next_list(rest) {
            push(&mut runs, before);
            for piece in list.split_inclusive(|c: char| !c.is_ascii_digit()) {
                let digits = piece.trim_end_matches(|c: char| !c.is_ascii_digit());
                let capture = digits.parse().ok().and_then(capture_of);
                match capture {
                    Some(capture) => runs.push(self.number(digits, Some(capture))),
                    None => push(&mut runs, digits),
                }
                push(&mut runs, piece.get(digits.len()..).unwrap_or_default());
            }
            rest = after;
        }
        push(&mut runs, rest);
        runs
    }

    /// A list of frame numbers, as in evidence: each is of this capture.
    pub(super) fn list(&self, list: &str, file: &str) -> Vec<Run> {
        let capture = match self.captures(file).as_slice() {
            [one] => Some(*one),
            _ => None,
        };
        let mut runs = Vec::new();
        for piece in list.split_inclusive(|c: char| !c.is_ascii_digit()) {
            let digits = piece.trim_end_matches(|c: char| !c.is_ascii_digit());
            if !digits.is_empty() {
                runs.push(self.number(digits, capture));
            }
            push(&mut runs, piece.get(digits.len()..).unwrap_or_default());
        }
        runs
    }

    fn number(&self, digits: &str, capture: Option<usize>) -> Run {
        let target = capture.zip(digits.parse().ok()).filter(|place| self.frames.contains(place));
        Run { text: digits.to_owned(), target: target.map(|(capture, frame)| anchor(capture, FrameNumber(frame))) }
    }

    /// The captures of this name.
    fn captures(&self, file: &str) -> Vec<usize> {
        let captures = self.analysis.captures.iter().enumerate();
        captures.filter(|(_, capture)| capture.file == file).map(|(number, _)| number).collect()
    }
}

/// Appends text to what is no link.
fn push(runs: &mut Vec<Run>, text: &str) {
    if text.is_empty() {
        return;
    }
    match runs.last_mut() {
        Some(Run { text: last, target: None }) => last.push_str(text),
        _ => runs.push(Run { text: text.to_owned(), target: None }),
    }
}

/// The next list of frame numbers behind the word `frame` or `frames`: what is before it, the list, what is behind it.
fn next_list(text: &str) -> Option<(&str, &str, &str)> {
    let mut from = 0;
    loop {
        let found = text.get(from..)?.find("rame")?;
        let word = from.saturating_add(found).saturating_add("rame".len());
        let behind = text.get(word..)?;
        let gap = if behind.starts_with("s ") { 2 } else { 1 };
        let start = word.saturating_add(gap);
        let list = text.get(start..).map_or(0, list_length);
        if behind.starts_with(['s', ' ']) && list > 0 {
            let end = start.saturating_add(list);
            return Some((text.get(..start)?, text.get(start..end)?, text.get(end..)?));
        }
        from = word;
    }
}

/// Bytes of a list of numbers at the beginning of a text: `4-6, 9 and 12`.
fn list_length(text: &str) -> usize {
    let mut length = 0;
    let mut rest = text;
    loop {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        if digits == 0 {
            return length;
        }
        length = text.len().saturating_sub(rest.len()).saturating_add(digits);
        rest = text.get(length..).unwrap_or_default();
        let joint = ["-", ", ", " and ", " … "].into_iter().find(|joint| rest.starts_with(joint));
        match joint {
            Some(joint) => rest = rest.get(joint.len()..).unwrap_or_default(),
            None => return length,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_frames_are_found_in_sentences() {
        assert_eq!(next_list("SYN (frame 4), then"), Some(("SYN (frame ", "4", "), then")));
        assert_eq!(next_list("Frames 4-6, 9 and 12 carry"), Some(("Frames ", "4-6, 9 and 12", " carry")));
        assert_eq!(next_list("3 frames in all, and 5 frames"), None);
        assert_eq!(next_list("the frame, and frame 7 and more"), Some(("the frame, and frame ", "7", " and more")));
    }

    proptest::proptest! {
        #[test]
        fn nothing_of_a_text_is_lost(text in "(frame|frames|Frame| |[0-9]{1,3}|, | and |é|-|\\PC){0,40}") {
            let analysis = Analysis { captures: vec![], lab: Default::default(), findings: vec![], answers: vec![] };
            let drawn = Drawn::new(&analysis, std::iter::empty());
            let runs = drawn.text(&text, &[]);
            proptest::prop_assert_eq!(runs.iter().map(|run| run.text.as_str()).collect::<String>(), text);
        }
    }
}
