//! How unlikely it is that two runs agree by coincidence: the model, in bits, which counts less than there is.
//!
//! Each side of a TCP connection begins with 32 bits of a hash and a clock (RFC 6528, section 3). Where the same two
//! computers use the same ports again the hashes are the same too, and one clock moves the numbers of both: then the second
//! side counts [`SECOND_SIDE_BITS`], for how exactly the distance between the two comes again, and only connections with
//! these ports could agree by chance. Else it counts whole, and all of the class could. The TCP time stamp option tells which turn of that clock it was: [`STAMP_BITS`], once.
//!
//! A distance in time that agrees to the microsecond counts at most [`DISTANCE_BITS`], as if programs sent on a schedule
//! that is kept to 100 µs, and less where the distances of the run itself are often equal; distances below a millisecond,
//! which machines make, count nothing. Distances that do not agree count against it. The same time of day to the
//! microsecond counts 32 bits, an hour. The identification of the IP header counts 16 bits for a side that uses it.
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

/// Weighs distances. `agreeing` are those that are the same in both, `possible` those of the shorter of the two.
pub fn distances(agreeing: &[i64], possible: &[i64]) -> Distances {
    let long = |all: &[i64]| all.iter().filter(|distance| **distance >= LONG).count();
    let (matched, all) = (long(agreeing), long(possible).max(long(agreeing)));
    if matched == 0 {
        return Distances::default();
    }
    let chance = repeated(possible).max(0.5_f64.powi(i32::try_from(DISTANCE_BITS).unwrap_or(i32::MAX)));
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
        assert_eq!(distances(&typed, &typed), Distances { agreeing: 4, bits: 20 });
        assert_eq!(distances(&typed[..2], &typed).bits, 6);
    }

    #[test]
    fn distances_that_every_run_has_count_nothing() {
        let script = vec![7_000; 300];
        assert_eq!(distances(&script, &script).bits, 0);
        let clock = vec![1_000_000_000; 20];
        assert_eq!(distances(&clock, &clock).bits, 0);
        // A few of many agree, as they do by chance.
        let jitter: Vec<i64> = (0..300).map(|n| 100_000_000 + n * n * 7_919 % 101_000).collect();
        assert!(distances(&jitter[..9], &jitter).bits < LEAST_BITS);
    }

    #[test]
    fn chances_are_rounded_up() {
        assert_eq!([0, 1, 2, 3, 4, 5, 1024, 1025].map(chances), [0, 0, 1, 2, 2, 3, 10, 11]);
        assert_eq!(tries(9, [9, 9]), 4);
        assert_eq!(tries(1, [1, 1]), 0);
    }
}
