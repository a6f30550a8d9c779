//! The index of a class: short marks by which submissions that may share frames are found without comparing all with all.
//!
//! For TCP a mark is a sequence number, which survives trimming, cutting and every change of the rest. For UDP it is a
//! pair of distances in time with the lengths of the three datagrams, or the time of day of one.

use std::collections::BTreeSet;

use super::{Fingerprint, FramePrint, LONG, spread};

/// Most marks of a submission.
const MOST_MARKS: usize = 8192;

/// Most and fewest marks of one conversation, where a submission has many conversations.
const OF_CONVERSATION: (usize, usize) = (2, 256);

/// Nanoseconds in which times count as one. Two grids, each shifted by half, so that times which differ by a microsecond
/// share a cell of one of them.
const CELL: i64 = 8000;

/// A mark, and the conversation that has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mark {
    /// A hash of what is marked.
    pub hash: u64,
    /// Index into [`Fingerprint::conversations`].
    pub conversation: u32,
}

/// Which transport a mark is of: the highest bit.
const TCP: u64 = 1 << 63;

impl Mark {
    /// Whether it is the mark of a sequence number.
    pub const fn is_tcp(self) -> bool {
        self.hash & TCP != 0
    }

    /// The mark of a sequence number.
    pub const fn of_number(number: u32) -> u64 {
        spread(number as u64) | TCP
    }
}

/// The marks of a submission: a sample of them where there are many, which depends on the marks alone.
pub fn index(of: &Fingerprint) -> Vec<Mark> {
    let conversations = usize::try_from(of.size()).unwrap_or(usize::MAX).max(1);
    let (least, most) = OF_CONVERSATION;
    let quota = (MOST_MARKS / conversations).clamp(least, most);
    let mut all = Vec::new();
    for (conversation, frames) in of.by_conversation() {
        let tcp = of.conversation(conversation).is_some_and(|conversation| conversation.tcp);
        let hashes: BTreeSet<u64> = if tcp {
            frames.iter().filter_map(FramePrint::key).map(Mark::of_number).collect()
        } else {
            datagrams(frames).map(|(hash, _)| hash).collect()
        };
        all.extend(hashes.into_iter().take(quota).map(|hash| Mark { hash, conversation }));
    }
    all.sort_unstable();
    all.dedup_by_key(|mark| mark.hash);
    if all.len() > MOST_MARKS {
        // Connections first: they can be proved by a single frame.
        all.sort_unstable_by_key(|mark| (!mark.is_tcp(), mark.hash));
        all.truncate(MOST_MARKS);
    }
    all
}

/// The marks of the datagrams of one conversation, each with the time of the datagram.
pub fn datagrams(frames: &[FramePrint]) -> impl Iterator<Item = (u64, i64)> + '_ {
    let moments = frames.iter().filter_map(|frame| Some((frame.length, frame.time?)));
    let moments = moments.flat_map(|(length, time)| cells(time).map(move |cell| (of(&[1, length.into(), cell]), time)));
    let triples = frames.iter().zip(frames.iter().skip(1)).zip(frames.iter().skip(2));
    let distances =
        triples.filter_map(|((a, b), c)| Some(([a.length, b.length, c.length], [a.time?, b.time?, c.time?])));
    let distances = distances.flat_map(|([a, b, c], [first, second, third])| {
        let (one, two) = (second.saturating_sub(first), third.saturating_sub(second));
        // What machines make in no time is the same in every run.
        let telling = one.max(two) >= LONG;
        let both = cells(one).into_iter().flat_map(move |one| cells(two).map(move |two| (one, two)));
        let lengths = u64::from(a) << 42 ^ u64::from(b) << 21 ^ u64::from(c);
        both.filter(move |_| telling).map(move |(one, two)| (of(&[2, lengths, one, two]), first))
    });
    moments.chain(distances)
}

/// The cells of both grids that a time lies in.
fn cells(time: i64) -> [u64; 2] {
    let cell = |shift: i64| time.saturating_add(shift).div_euclid(CELL).cast_unsigned();
    [cell(0).wrapping_mul(2), cell(CELL / 2).wrapping_mul(2).wrapping_add(1)]
}

fn of(parts: &[u64]) -> u64 {
    parts.iter().fold(0, |hash, part| spread(hash ^ part)) & !TCP
}
