//! Numbers of frames as ranges: bounded in memory, however many frames they name.

use std::fmt;

use crate::analyze::row::RowFrame;
use socklab_packets::types::FrameNumber;

/// Ranges that are held; further frames are only counted.
const RANGES_HELD: usize = 64;

/// Ranges that a sentence names; of more, only the first and the last.
const RANGES_NAMED: usize = 8;

/// Frames of one capture, or of a row of them, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FrameRanges {
    /// First and last number of each run of consecutive ones, in order; at most [`RANGES_HELD`].
    ranges: Vec<(RowFrame, RowFrame)>,
    /// How many frames there are in all.
    count: u64,
    /// The last of them, where not all ranges are held.
    last: Option<RowFrame>,
}

impl FrameRanges {
    /// The ranges of these frames, in whatever order they come.
    pub fn of<F: Into<RowFrame>>(frames: impl IntoIterator<Item = F>) -> FrameRanges {
        FrameRanges::sorted(frames.into_iter().map(Into::into).collect())
    }

    fn sorted(mut numbers: Vec<RowFrame>) -> FrameRanges {
        numbers.sort_unstable();
        numbers.dedup();
        let runs = numbers.chunk_by(|a, b| a.next() == Some(*b));
        let runs = runs.filter_map(|run| Some((*run.first()?, *run.last()?)));
        let mut ranges: Vec<(RowFrame, RowFrame)> = runs.take(RANGES_HELD.saturating_add(1)).collect();
        let more = ranges.len() > RANGES_HELD;
        ranges.truncate(RANGES_HELD);
        let last = numbers.last().copied().filter(|_| more);
        FrameRanges { ranges, count: numbers.len() as u64, last }
    }

    /// How many frames there are in all.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Whether every frame is held, not only counted.
    pub fn is_whole(&self) -> bool {
        self.last.is_none()
    }

    /// The first frame.
    pub fn first(&self) -> Option<FrameNumber> {
        self.ranges.first().map(|(first, _)| first.number())
    }

    /// The last frame.
    pub fn last(&self) -> Option<FrameNumber> {
        self.last_of_row().map(RowFrame::number)
    }

    /// The last frame, with its file where that is in a row.
    pub(crate) fn last_of_row(&self) -> Option<RowFrame> {
        self.last.or(self.ranges.last().map(|(_, last)| *last))
    }

    /// Whether this frame is among those held.
    pub fn contains(&self, frame: FrameNumber) -> bool {
        self.ranges.iter().any(|(first, last)| (first.number()..=last.number()).contains(&frame))
    }

    /// The runs that are held, each with its first and last frame.
    pub fn ranges(&self) -> impl Iterator<Item = (FrameNumber, FrameNumber)> + '_ {
        self.ranges.iter().map(|(first, last)| (first.number(), last.number()))
    }

    /// The frames that are held, one by one.
    pub fn iter(&self) -> impl Iterator<Item = FrameNumber> + '_ {
        self.of_row().map(RowFrame::number)
    }

    /// The frames that are held, with their files where those are in a row.
    pub(crate) fn of_row(&self) -> impl Iterator<Item = RowFrame> + '_ {
        self.ranges.iter().flat_map(|(first, last)| RowFrame::run(*first, *last))
    }

    /// These frames and those of others together.
    pub fn join<'r>(&mut self, others: impl IntoIterator<Item = &'r FrameRanges>) {
        let (told_apart, counted): (Vec<&FrameRanges>, Vec<&FrameRanges>) =
            others.into_iter().partition(|other| self.is_whole() && other.is_whole());
        if !told_apart.is_empty() {
            *self = FrameRanges::of(self.of_row().chain(told_apart.into_iter().flat_map(FrameRanges::of_row)));
        }
        // What is not held cannot be told apart: the counts add up.
        for other in counted {
            self.last = self.last_of_row().max(other.last_of_row());
            self.count = self.count.saturating_add(other.count);
        }
    }

    /// A display filter that shows just these frames in Wireshark 4 (`wireshark-filter(4)`, membership operator); `None`
    /// where not all of them are held, or none.
    pub fn filter(&self) -> Option<String> {
        if !self.is_whole() {
            return None;
        }
        match self.ranges().collect::<Vec<_>>().as_slice() {
            [] => None,
            [(first, last)] if first == last => Some(format!("frame.number == {first}")),
            ranges => {
                let set = |(first, last): &(FrameNumber, FrameNumber)| match last.0.saturating_sub(first.0) {
                    0 => first.to_string(),
                    1 => format!("{first}, {last}"),
                    _ => format!("{first}..{last}"),
                };
                let ranges: Vec<String> = ranges.iter().map(set).collect();
                Some(format!("frame.number in {{{}}}", ranges.join(", ")))
            }
        }
    }

    /// The numbers in a sentence: `4-6 and 9`; of many runs the first and the last: `4-6 … 90 (40 in all)`.
    pub fn in_words(&self) -> String {
        if self.ranges.len() > RANGES_NAMED || !self.is_whole() {
            return self.numbers(1).replacen(", …", " …", 1);
        }
        let numbers = self.numbers(RANGES_NAMED);
        match numbers.rsplit_once(", ") {
            Some((rest, last)) => format!("{rest} and {last}"),
            None => numbers,
        }
    }

    /// The numbers alone: `4-6, 9`, at most so many runs, then the last frame and how many there are.
    pub fn numbers(&self, most: usize) -> String {
        let run = |(first, last): (FrameNumber, FrameNumber)| {
            if first == last { first.to_string() } else { format!("{first}-{last}") }
        };
        // One more fits as well as the mark that it is left out.
        let most =
            if self.is_whole() && self.ranges.len() == most.saturating_add(1) { self.ranges.len() } else { most };
        let mut shown: Vec<String> = self.ranges().take(most).map(run).collect();
        if self.ranges.len() > most || !self.is_whole() {
            let last = self.last().map_or(0, |last| last.0);
            shown.push(format!("… {last} ({} in all)", self.count));
        }
        shown.join(", ")
    }
}

/// In a sentence, with the noun: `frame 4`, `frames 4-6 and 9`.
impl fmt::Display for FrameRanges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let noun = if self.count == 1 { "frame" } else { "frames" };
        write!(f, "{noun} {}", self.in_words())
    }
}

impl FromIterator<FrameNumber> for FrameRanges {
    fn from_iter<I: IntoIterator<Item = FrameNumber>>(numbers: I) -> Self {
        FrameRanges::of(numbers)
    }
}

impl From<&Vec<FrameNumber>> for FrameRanges {
    fn from(numbers: &Vec<FrameNumber>) -> Self {
        FrameRanges::of(numbers.iter().copied())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn ranges(numbers: &[u64]) -> FrameRanges {
        numbers.iter().copied().map(FrameNumber).collect()
    }

    #[test]
    fn frames_are_named_as_ranges() {
        assert_eq!(ranges(&[4, 5, 6, 9]).to_string(), "frames 4-6 and 9");
        assert_eq!(ranges(&[7]).to_string(), "frame 7");
        assert_eq!(ranges(&[9, 4, 6, 5, 5]).numbers(8), "4-6, 9");
        let many: Vec<u64> = (0..20).map(|n| n * 2).collect();
        assert_eq!(ranges(&many).to_string(), "frames 0 … 38 (20 in all)");
    }

    #[test]
    fn filters_use_the_membership_operator() {
        assert_eq!(ranges(&[7]).filter().unwrap(), "frame.number == 7");
        assert_eq!(ranges(&[4, 5, 6, 9]).filter().unwrap(), "frame.number in {4..6, 9}");
        assert_eq!(ranges(&[4, 5]).filter().unwrap(), "frame.number in {4, 5}");
        assert_eq!(ranges(&[]).filter(), None);
    }

    #[test]
    fn of_many_runs_the_rest_is_counted() {
        let many: Vec<u64> = (0..1000).map(|n| n * 2).collect();
        let many = ranges(&many);
        assert_eq!((many.count(), many.is_whole(), many.filter()), (1000, false, None));
        assert_eq!(many.to_string(), "frames 0 … 1998 (1000 in all)");
    }

    proptest! {
        #[test]
        fn nothing_is_lost_or_added(numbers in proptest::collection::btree_set(1_u64..300, 0..60)) {
            let held: FrameRanges = numbers.iter().copied().map(FrameNumber).collect();
            prop_assert_eq!(held.count(), numbers.len() as u64);
            if held.is_whole() {
                prop_assert!(held.iter().map(|frame| frame.0).eq(numbers.iter().copied()));
            }
        }

        #[test]
        fn joined_ranges_are_those_of_all_frames(parts in proptest::collection::vec(proptest::collection::vec(1..500_u64, 0..20), 1..8)) {
            let each: Vec<FrameRanges> = parts.iter().map(|part| ranges(part)).collect();
            let (first, others) = each.split_first().unwrap();
            let mut joined = first.clone();
            joined.join(others);
            prop_assert_eq!(joined, ranges(&parts.concat()));
        }
    }

    #[test]
    fn of_what_is_not_held_the_counts_add_up() {
        let far = |from: u64| ranges(&(0..100).map(|n| from + n * 2).collect::<Vec<_>>());
        let mut joined = ranges(&[1, 3]);
        joined.join(&[far(10), ranges(&[5]), far(1000)]);
        assert_eq!((joined.count(), joined.last(), joined.is_whole()), (203, Some(FrameNumber(1198)), false));
        assert!(joined.iter().map(|frame| frame.0).eq([1, 3, 5]));
    }
}
