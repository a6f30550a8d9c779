//! How unlikely it is that two runs agree by coincidence: the model, in bits, which counts less than there is.
//!
//! Each side of a TCP connection begins with 32 bits of a hash and a clock (RFC 6528, section 3). Where the same two
//! computers use the same ports again the hashes are the same too, and one clock moves the numbers of both: then the second
//! side counts [`SECOND_SIDE_BITS`], for how exactly the distance between the two comes again, and only connections with
//! these ports could agree by chance. Else it counts whole, and all of the class could. The TCP time stamp option tells which turn of that clock it was: [`STAMP_BITS`], once.
//!
//! A distance in time that agrees to the microsecond counts at most [`DISTANCE_BITS`], as if programs sent on a schedule
//! that is kept to 100 µs, and less where the distances of the run itself are often equal; distances below a millisecond,
//! which machines make, count nothing. Distances that do not agree count against it. A clock with coarser ticks makes more
//! of them equal: with ticks of half of those 100 µs all are, and count nothing. The same time of day to the microsecond
//! counts 32 bits, an hour, and less by the ticks. The identification of the IP header counts 16 bits for a side that uses it.
//!
//! What could have agreed instead is taken off: the frames of the two conversations, shifts that were tried, and the pairs
//! of conversations in the class.

use super::{LONG, SAME_TIME};

/// Bits that a coincidence must cost, after the comparisons are taken off, to be shown: one in a million.
pub const LEAST_BITS: u32 = 20;

/// Bits of the second side of a TCP connection, between the same computers with the same ports.
pub const SECOND_SIDE_BITS: u32 = 10;

/// Bits of TCP time stamps that agree.
pub const STAMP_BITS: u32 = 8;

/// Most bits of a distance in time.
pub const DISTANCE_BITS: u32 = 5;

/// Nanoseconds to which a program keeps a schedule, by the model.
const SCHEDULE: i64 = 100_000;

/// Nanoseconds of a tick that clocks of captures have, the longest first: seconds and their decimals; 64 and 1024 to the
/// second, and the periods of Windows.
const TICKS: [i64; 17] = [
    1_000_000_000,
    100_000_000,
    15_625_000,
    15_600_100,
    15_600_000,
    10_000_000,
    5_000_000,
    4_000_000,
    1_000_100,
    1_000_000,
    999_900,
    976_562,
    500_000,
    100_000,
    50_000,
    20_000,
    10_000,
];

/// Bits of the time of day to the microsecond, within the hour of the lab.
pub const MOMENT_BITS: u32 = 32;

/// Bits of the identification of the IP header of one side.
pub const IDENTIFICATION_BITS: u32 = 16;

/// Bits by which so many chances lessen a proof.
pub fn chances(number: u64) -> u32 {
    number.max(1).saturating_sub(1).checked_ilog2().map_or(0, |bits| bits.saturating_add(1))
}

/// Bits by which the frames of two conversations lessen a proof of `matched` of them: how many could have matched.
pub fn tries(matched: usize, frames: [usize; 2]) -> u32 {
    let [first, second] = frames.map(|frames| u64::try_from(frames).unwrap_or(u64::MAX));
    let matched = u64::try_from(matched).unwrap_or(u64::MAX);
    chances(first.saturating_mul(second).div_ceil(matched.max(1)))
}

/// Distances in time that could agree, and those that do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Distances {
    /// Distances of at least a millisecond that agree to the microsecond.
    pub agreeing: u32,
    /// Bits, by the model.
    pub bits: u32,
}

/// The tick of the clock that made these distances, in nanoseconds.
pub fn tick(distances: &[i64]) -> i64 {
    let common = distances.iter().fold(0, |common, distance| divisor(common, distance.saturating_abs()));
    let is_near = |distance: i64, tick: i64| {
        let rest = distance.saturating_abs() % tick;
        rest <= SAME_TIME || tick.saturating_sub(rest) <= SAME_TIME
    };
    let of_clocks = TICKS.into_iter().find(|tick| distances.iter().all(|distance| is_near(*distance, *tick)));
    common.max(of_clocks.unwrap_or_default()).max(1)
}

/// The greatest common divisor.
fn divisor(one: i64, other: i64) -> i64 {
    let (mut one, mut other) = (one, other);
    while other != 0 {
        (one, other) = (other, one % other);
    }
    one
}

/// Bits by which times of day with the tick of their clock are coarser than microseconds.
pub fn coarseness(times: &[i64]) -> u32 {
    let tick = TICKS.into_iter().find(|tick| times.iter().all(|time| time % tick == 0)).unwrap_or(SAME_TIME);
    chances(u64::try_from(tick / SAME_TIME).unwrap_or(u64::MAX))
}

/// Most bits of a distance by a clock with this tick.
pub fn bits_of_distance(tick: i64) -> f64 {
    -chance(tick).log2()
}

/// How likely two distances of a schedule are equal, by a clock with this tick.
fn chance(tick: i64) -> f64 {
    let equal = ratio(tick.saturating_mul(2), SCHEDULE);
    equal.clamp(0.5_f64.powi(i32::try_from(DISTANCE_BITS).unwrap_or(i32::MAX)), 1.0)
}

#[expect(clippy::cast_precision_loss, reason = "far more exact than the model")]
fn ratio(one: i64, other: i64) -> f64 {
    one as f64 / other as f64
}

/// Weighs distances by a clock with this tick. `agreeing` are those that are the same in both, `possible` those of the
/// shorter of the two.
pub fn distances(agreeing: &[i64], possible: &[i64], tick: i64) -> Distances {
    let long = |all: &[i64]| all.iter().filter(|distance| **distance >= LONG).count();
    let (matched, all) = (long(agreeing), long(possible).max(long(agreeing)));
    if matched == 0 {
        return Distances::default();
    }
    let chance = repeated(possible).max(chance(tick));
    let bits = tail(matched, all, chance);
    Distances { agreeing: u32::try_from(matched).unwrap_or(u32::MAX), bits }
}

/// How often two distances of a run are equal, of the long ones.
fn repeated(distances: &[i64]) -> f64 {
    let mut sorted: Vec<i64> = distances.iter().copied().filter(|distance| *distance >= LONG).collect();
    sorted.sort_unstable();
    let (mut pairs, mut start) = (0_usize, 0_usize);
    for (place, distance) in sorted.iter().enumerate() {
        while sorted.get(start).is_some_and(|first| distance.saturating_sub(*first) > SAME_TIME.saturating_mul(2)) {
            start = start.saturating_add(1);
        }
        pairs = pairs.saturating_add(place.saturating_sub(start));
    }
    let all = sorted.len().saturating_mul(sorted.len().saturating_sub(1)) / 2;
    if all == 0 { 0.0 } else { count(pairs) / count(all) }
}

#[expect(clippy::cast_precision_loss, reason = "numbers of frames, far below 2^53")]
fn count(number: usize) -> f64 {
    number as f64
}

/// Bits of `matched` of `all` where each has this chance: the bound of Chernoff and Hoeffding for the tail of a binomial
/// distribution, 2 to the minus `all · D(matched / all ‖ chance)`.
fn tail(matched: usize, all: usize, chance: f64) -> u32 {
    let share = count(matched) / count(all.max(1));
    if share <= chance {
        return 0;
    }
    let term = |own: f64, other: f64| if own <= 0.0 { 0.0 } else { own * (own / other).log2() };
    let divergence = term(share, chance) + term(1.0 - share, 1.0 - chance);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "positive and rounded down")]
    let bits = (count(all) * divergence + 1e-9).floor() as u32;
    bits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_distance_counts_five_bits_where_a_run_does_not_repeat_itself() {
        let typed = [731_000_000, 2_114_000_000, 1_902_000_000, 845_000_000];
        assert_eq!(distances(&typed, &typed, 1000), Distances { agreeing: 4, bits: 20 });
        assert_eq!(distances(&typed[..2], &typed, 1000).bits, 6);
    }

    #[test]
    fn distances_that_every_run_has_count_nothing() {
        let script = vec![7_000; 300];
        assert_eq!(distances(&script, &script, 1000).bits, 0);
        let clock = vec![1_000_000_000; 20];
        assert_eq!(distances(&clock, &clock, 1000).bits, 0);
        // A few of many agree, as they do by chance.
        let jitter: Vec<i64> = (0..300).map(|n| 100_000_000 + n * n * 7_919 % 101_000).collect();
        assert!(distances(&jitter[..9], &jitter, 1000).bits < LEAST_BITS);
    }

    #[test]
    fn a_coarse_clock_tells_less() {
        let typed = [731_123_000, 2_114_451_000, 1_902_777_000, 845_002_000];
        assert_eq!(tick(&typed), 1000);
        for (of, ticks) in [
            (1_000_000, [731, 2114, 1902, 845]),
            (15_625_000, [47, 135, 122, 54]),
            (10_000, [73_112, 211_445, 190_277, 84_500]),
        ] {
            let coarse = ticks.map(|count: i64| count * of);
            assert_eq!(tick(&coarse), of);
            // Cut to microseconds.
            assert_eq!(tick(&coarse.map(|distance| distance - 1000)), of);
        }
        assert_eq!(tick(&[47, 135, 122].map(|count: i64| count * 15_600_100 / 1000 * 1000)), 15_600_100);
        let bits = [1000, 10_000, 50_000, 1_000_000].map(|tick| distances(&typed, &typed, tick).bits);
        assert_eq!(bits, [20, 9, 0, 0]);
        assert_eq!([[17, 1000], [17_000_000, 3_000_000]].map(|times| coarseness(&times)), [0, 10]);
        assert_eq!(coarseness(&[5_000_000_000, 1_000_000_000]), 20);
    }

    #[test]
    fn chances_are_rounded_up() {
        assert_eq!([0, 1, 2, 3, 4, 5, 1024, 1025].map(chances), [0, 0, 1, 2, 2, 3, 10, 11]);
        assert_eq!(tries(9, [9, 9]), 4);
        assert_eq!(tries(1, [1, 1]), 0);
    }
}
