//! Lists of frames as a person reads them and as Wireshark's display filter takes them.
//!
//! Numbers are expected in ascending order, as analyses list them; a list in another order only makes longer text.

use crate::types::FrameNumber;

/// The shortest run of consecutive frames that is written as a range.
const SHORTEST_RANGE: u64 = 3;

/// The frames as text: `4-6, 9`.
pub fn compact(frames: &[FrameNumber]) -> String {
    join(frames, "-")
}

/// A display filter that shows these frames and no others: `frame.number in {4..6, 9}`; `None` without frames.
///
/// The syntax is that of Wireshark 3.6 and later (wireshark-filter(4), "Membership Operator"): commas between elements,
/// `..` for ranges.
pub fn frame_filter(frames: &[FrameNumber]) -> Option<String> {
    match frames {
        [] => None,
        [frame] => Some(format!("frame.number == {frame}")),
        frames => Some(format!("frame.number in {{{}}}", join(frames, ".."))),
    }
}

/// The runs of consecutive numbers, each as first and last frame.
pub fn runs(frames: &[FrameNumber]) -> impl Iterator<Item = (FrameNumber, FrameNumber)> {
    frames.chunk_by(|left, right| left.0.checked_add(1) == Some(right.0)).filter_map(|run| match run {
        [] => None,
        [frame] => Some((*frame, *frame)),
        [first, .., last] => Some((*first, *last)),
    })
}

fn join(frames: &[FrameNumber], dash: &str) -> String {
    let mut out = String::new();
    for (first, last) in runs(frames) {
        if !out.is_empty() {
            out.push_str(", ");
        }
        let count = last.0.saturating_sub(first.0).saturating_add(1);
        out.push_str(&match count {
            1 => first.to_string(),
            count if count < SHORTEST_RANGE => format!("{first}, {last}"),
            _ => format!("{first}{dash}{last}"),
        });
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn frames(numbers: &[u64]) -> Vec<FrameNumber> {
        numbers.iter().copied().map(FrameNumber).collect()
    }

    #[test]
    fn runs_of_frames_are_written_as_ranges() {
        assert_eq!(compact(&frames(&[4, 5, 6, 9])), "4-6, 9");
        assert_eq!(compact(&frames(&[4, 5, 9, 10])), "4, 5, 9, 10");
        assert_eq!(compact(&[]), "");
    }

    #[test]
    fn filters_are_those_that_wireshark_takes() {
        // Each was tried with tshark 4.0.17.
        assert_eq!(frame_filter(&frames(&[4, 5, 6, 9])).unwrap(), "frame.number in {4..6, 9}");
        assert_eq!(frame_filter(&frames(&[4, 5, 6])).unwrap(), "frame.number in {4..6}");
        assert_eq!(frame_filter(&frames(&[2])).unwrap(), "frame.number == 2");
        assert_eq!(frame_filter(&[]), None);
    }

    proptest! {
        #[test]
        fn text_names_every_frame_and_no_other(numbers in proptest::collection::btree_set(0..60_u64, 0..40)) {
            let list: Vec<u64> = numbers.into_iter().collect();
            let mut read = Vec::new();
            for part in compact(&frames(&list)).split(", ").filter(|part| !part.is_empty()) {
                let (first, last) = part.split_once('-').unwrap_or((part, part));
                read.extend(first.parse::<u64>().unwrap()..=last.parse().unwrap());
            }
            assert_eq!(read, list);
        }
    }
}
