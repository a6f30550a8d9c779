//! The conversations that two submissions share, frame by frame, with the weight of the proof.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::weight::{self, Distances, LEAST_BITS};
use super::{Fingerprint, FramePrint, SAME_TIME, SMALL, marks};

/// Frames with the same number that are tried for each frame.
const MOST_ALIKE: usize = 64;

/// Times before this are none: captures that begin at 0 were written by a tool (nanoseconds, a year after 1970).
const FIRST_YEAR: i64 = 31_536_000_000_000_000;

/// One frame as it is in both submissions.
pub type Same = (FramePrint, FramePrint);

/// A conversation that is in both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Match {
    /// Its place in the first and in the second submission.
    pub conversations: [u32; 2],
    /// The ports of a TCP connection, where they are the same in both.
    pub ports: Option<[u16; 2]>,
    /// The frames, in the order of the first.
    pub frames: Vec<Same>,
    /// What agrees.
    pub weight: Weight,
}

/// What agrees of a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Weight {
    /// Sides of a TCP connection whose numbers agree.
    pub sides: u32,
    /// Whether TCP time stamps agree.
    pub stamps: bool,
    /// Distances in time.
    pub distances: Distances,
    /// Bits of the time of day.
    pub moment: u32,
    /// Sides of a UDP conversation whose IP identifications agree.
    pub identified: u32,
    /// Bits that are taken off for what could have agreed instead.
    pub tries: u32,
}

impl Weight {
    /// Bits of the sequence numbers.
    pub const fn number_bits(&self) -> u32 {
        match self.sides {
            0 => 0,
            1 => 32,
            _ => 32 + weight::SECOND_SIDE_BITS,
        }
    }

    /// Bits of all but the TCP time stamps, which count once for all conversations.
    pub fn bits(&self) -> u32 {
        let udp = self.identified.saturating_mul(weight::IDENTIFICATION_BITS).saturating_add(self.moment);
        let all = self.number_bits().saturating_add(udp).saturating_add(self.distances.bits);
        all.saturating_sub(self.tries)
    }
}

/// The conversations of both that agree by more than coincidence, each at most once.
pub fn matches(first: &Fingerprint, second: &Fingerprint) -> Vec<Match> {
    let mut all = tcp(first, second);
    all.extend(udp(first, second));
    all.retain(|found| found.weight.bits() >= LEAST_BITS);
    all.sort_by_key(|found| (std::cmp::Reverse(found.weight.bits()), found.conversations));
    let (mut firsts, mut seconds) = (HashSet::new(), HashSet::new());
    all.retain(|found| {
        let [one, other] = found.conversations;
        let is_free = !firsts.contains(&one) && !seconds.contains(&other);
        is_free && firsts.insert(one) && seconds.insert(other)
    });
    all.sort_by_key(|found| found.conversations);
    all
}

fn is_tcp(of: &Fingerprint, conversation: u32) -> bool {
    of.conversation(conversation).is_some_and(|conversation| conversation.tcp)
}

/// Frames of each conversation.
fn sizes(of: &Fingerprint) -> HashMap<u32, usize> {
    of.by_conversation().map(|(conversation, frames)| (conversation, frames.len())).collect()
}

fn tcp(first: &Fingerprint, second: &Fingerprint) -> Vec<Match> {
    let mut places: HashMap<u32, Vec<(FramePrint, bool)>> = HashMap::new();
    for print in second.frames.iter().filter(|print| is_tcp(second, print.conversation)) {
        let alike = print.key().map(|key| places.entry(key).or_default());
        if let Some(alike) = alike.filter(|alike| alike.len() < MOST_ALIKE) {
            alike.push((*print, false));
        }
    }
    let mut shared: BTreeMap<[u32; 2], Vec<Same>> = BTreeMap::new();
    for print in first.frames.iter().filter(|print| is_tcp(first, print.conversation)) {
        let Some(alike) = print.key().and_then(|key| places.get_mut(&key)) else { continue };
        // A frame of one is the same as at most one of the other: the one that has most in common with it.
        let fitting = alike.iter_mut().filter(|(other, taken)| !taken && agree(print, other));
        let best = fitting
            .min_by_key(|(other, _)| (other.acknowledgement != print.acknowledgement, other.length != print.length));
        if let Some((other, taken)) = best {
            *taken = true;
            shared.entry([print.conversation, other.conversation]).or_default().push((*print, *other));
        }
    }
    let sizes = [sizes(first), sizes(second)];
    let weighed = shared.into_iter().map(|(conversations, frames)| {
        let [one, other] = conversations;
        let size = |of: &HashMap<u32, usize>, conversation| of.get(&conversation).copied().unwrap_or(0);
        let [own, theirs] = &sizes;
        let weight = tcp_weight(&frames, [size(own, one), size(theirs, other)]);
        Match { conversations, ports: same_ports(first, second, conversations), frames, weight }
    });
    weighed.collect()
}

fn same_ports(first: &Fingerprint, second: &Fingerprint, [one, other]: [u32; 2]) -> Option<[u16; 2]> {
    let (own, theirs) = (first.conversation(one)?.ports, second.conversation(other)?.ports);
    (own == theirs).then_some(own)
}

/// Whether two segments with the same key may be one: what they acknowledge is the same, or cut off in one.
fn agree(one: &FramePrint, other: &FramePrint) -> bool {
    let known = one.acknowledgement != 0 && other.acknowledgement != 0;
    (one.acknowledgement == other.acknowledgement || !known) && (one.number == other.number)
}

fn tcp_weight(frames: &[Same], sizes: [usize; 2]) -> Weight {
    let side = |forward: bool| {
        frames.iter().any(|(one, other)| match one.forward == forward {
            true => one.number >= SMALL,
            false => one.acknowledgement >= SMALL && one.acknowledgement == other.acknowledgement,
        })
    };
    let mut times: Vec<(i64, i64)> = frames.iter().filter_map(|(one, other)| Some((one.time?, other.time?))).collect();
    times.sort_unstable();
    let possible = distances(times.iter().map(|(time, _)| *time));
    let shifted = shift(&times).map(|shift| {
        let together = times.iter().filter(|(a, b)| (b.saturating_sub(*a)).saturating_sub(shift).abs() <= SAME_TIME);
        distances(together.map(|(time, _)| *time))
    });
    let theirs = distances(times.iter().map(|(_, time)| *time));
    let tick = weight::tick(&possible).max(weight::tick(&theirs));
    Weight {
        sides: u32::from(side(true)).saturating_add(u32::from(side(false))),
        stamps: frames.iter().any(|(one, other)| one.stamp != 0 && one.stamp == other.stamp),
        distances: shifted.map(|agreeing| weight::distances(&agreeing, &possible, tick)).unwrap_or_default(),
        tries: weight::tries(frames.len(), sizes),
        ..Weight::default()
    }
}

/// The distances between neighbours.
fn distances(times: impl Iterator<Item = i64> + Clone) -> Vec<i64> {
    times.clone().zip(times.skip(1)).map(|(earlier, later)| later.saturating_sub(earlier)).collect()
}

/// The distances between neighbours of these frames, in the order of their times.
pub fn between(frames: &[FramePrint]) -> Vec<i64> {
    let mut times: Vec<i64> = frames.iter().filter_map(|frame| frame.time).collect();
    times.sort_unstable();
    distances(times.iter().copied())
}

/// The distance in time that most pairs have, from the first to the second.
pub fn shift(times: &[(i64, i64)]) -> Option<i64> {
    let mut shifts: Vec<i64> = times.iter().map(|(one, other)| other.saturating_sub(*one)).collect();
    shifts.sort_unstable();
    let (mut best, mut start) = ((0, None), 0_usize);
    for (place, last) in shifts.iter().enumerate() {
        while shifts.get(start).is_some_and(|first| last.saturating_sub(*first) > SAME_TIME) {
            start = start.saturating_add(1);
        }
        let together = place.saturating_sub(start).saturating_add(1);
        if together > best.0 {
            best = (together, shifts.get(start.saturating_add(together / 2)).copied());
        }
    }
    best.1
}

fn udp(first: &Fingerprint, second: &Fingerprint) -> Vec<Match> {
    let mut places: HashMap<u64, Vec<(u32, i64)>> = HashMap::new();
    for (conversation, frames) in second.by_conversation().filter(|(number, _)| !is_tcp(second, *number)) {
        for (mark, time) in marks::datagrams(frames) {
            let alike = places.entry(mark).or_default();
            if alike.len() < MOST_ALIKE {
                alike.push((conversation, time));
            }
        }
    }
    let mut votes: BTreeMap<[u32; 2], Vec<(i64, i64)>> = BTreeMap::new();
    for (conversation, frames) in first.by_conversation().filter(|(number, _)| !is_tcp(first, *number)) {
        for (mark, time) in marks::datagrams(frames) {
            for (other, at) in places.get(&mark).into_iter().flatten() {
                votes.entry([conversation, *other]).or_default().push((time, *at));
            }
        }
    }
    let frames_of = |of: &Fingerprint, wanted: u32| -> Vec<FramePrint> {
        of.frames.iter().filter(|frame| frame.conversation == wanted).copied().collect()
    };
    votes
        .into_iter()
        .filter_map(|(conversations, votes)| {
            let [one, other] = conversations;
            udp_match(conversations, &frames_of(first, one), &frames_of(second, other), &votes)
        })
        .collect()
}

/// Puts the datagrams side by side that stand at the shift which most marks have.
fn udp_match(
    conversations: [u32; 2],
    first: &[FramePrint],
    second: &[FramePrint],
    votes: &[(i64, i64)],
) -> Option<Match> {
    let shift = shift(votes)?;
    let mut tried: Vec<i64> = votes.iter().map(|(a, b)| b.saturating_sub(*a) / SAME_TIME.saturating_mul(2)).collect();
    tried.sort_unstable();
    tried.dedup();
    let frames = at_shift(first, second, shift);
    let (start, end) = (frames.first()?.0.time?, frames.last()?.0.time?);
    let within = |all: &[FramePrint], shift: i64| -> Vec<i64> {
        let window =
            start.saturating_add(shift).saturating_sub(SAME_TIME)..=end.saturating_add(shift).saturating_add(SAME_TIME);
        let mut times: Vec<i64> =
            all.iter().filter_map(|frame| frame.time).filter(|time| window.contains(time)).collect();
        times.sort_unstable();
        times
    };
    // The copy may have been thinned, or something added to it: the shorter of the two says what could agree.
    let (own, theirs) = (within(first, 0), within(second, shift));
    let possible = if own.len() <= theirs.len() { own } else { theirs };
    let agreeing = distances(frames.iter().filter_map(|(one, _)| one.time));
    let side = |forward: bool| {
        let of = || frames.iter().filter(|(one, _)| one.forward == forward);
        let same = of().filter(|(one, other)| one.number == other.number && one.number >= 1024).count();
        u32::from(same > 0 && same.saturating_mul(5) >= of().count().saturating_mul(4))
    };
    let tick = [first, second].map(|all| weight::tick(&between(all))).into_iter().max().unwrap_or(1);
    let same_moment = shift.abs() <= SAME_TIME && frames.len() >= 2 && start >= FIRST_YEAR;
    let tries = weight::tries(frames.len(), [first.len(), second.len()]);
    let weight = Weight {
        distances: weight::distances(&agreeing, &distances(possible.iter().copied()), tick),
        moment: if same_moment { moment(&frames) } else { 0 },
        identified: side(true).saturating_add(side(false)),
        tries: tries.max(weight::chances(tried.len() as u64)),
        ..Weight::default()
    };
    Some(Match { conversations, ports: None, frames, weight })
}

/// Datagrams of the same length at this distance in time, to the microsecond; each at most once.
fn at_shift(first: &[FramePrint], second: &[FramePrint], shift: i64) -> Vec<Same> {
    let sorted = |all: &[FramePrint]| {
        let mut timed: Vec<(i64, FramePrint)> = all.iter().filter_map(|frame| Some((frame.time?, *frame))).collect();
        timed.sort_by_key(|(time, frame)| (*time, frame.frame));
        timed
    };
    let others = sorted(second);
    let mut next = 0;
    let mut frames = Vec::new();
    for (time, frame) in sorted(first) {
        let wanted = time.saturating_add(shift);
        while others.get(next).is_some_and(|(time, _)| *time < wanted.saturating_sub(SAME_TIME)) {
            next = next.saturating_add(1);
        }
        let near =
            others.iter().enumerate().skip(next).take_while(|(_, (time, _))| *time <= wanted.saturating_add(SAME_TIME));
        let found = near
            .into_iter()
            .find(|(_, (_, other))| other.length == frame.length)
            .map(|(place, (_, other))| (place, *other));
        if let Some((place, other)) = found {
            next = place.saturating_add(1);
            frames.push((frame, other));
        }
    }
    frames
}

/// Bits of the time of day of these frames; none where it is in whole seconds.
fn moment(frames: &[Same]) -> u32 {
    let times: Vec<i64> = frames.iter().flat_map(|(one, other)| [one.time, other.time]).flatten().collect();
    let is_second = times.iter().all(|time| time % 1_000_000_000 == 0);
    if is_second { 0 } else { weight::MOMENT_BITS.saturating_sub(weight::coarseness(&times)) }
}
