//! Time stamps of frames: ticks of an interface's clock, turned into seconds and nanoseconds.
//!
//! Exact in integers; what a tick has beyond nanoseconds is cut.

use std::num::NonZero;

use crate::types::Timestamp;

/// How the ticks of an interface's time stamps are to be read (`if_tsresol` and `if_tsoffset`, draft-ietf-opsawg-pcapng
/// section 4.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Clock {
    unit: Unit,
    /// Seconds to add.
    offset: i64,
}

/// The length of a tick, packed: a plain number stays in a register on its way from frame to frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Unit(NonZero<u16>);

/// The same to look at. The first two are what nearly all files have, and stand apart for speed: division by a constant
/// costs a multiplication.
enum Tick {
    Micro,
    Nano,
    /// 10^-n seconds.
    Decimal(u8),
    /// 2^-n seconds.
    Binary(u8),
    /// Nanoseconds before or since 1970 as a signed number, of which this many decimal digits are meant.
    Signed(u8),
}

impl Unit {
    const MICRO: Unit = Unit::decimal(6);
    const NANO: Unit = Unit::decimal(9);

    /// Ticks of 10^-n seconds.
    const fn decimal(exponent: u8) -> Unit {
        Unit::packed(1, exponent)
    }

    /// Ticks of 2^-n seconds.
    const fn binary(exponent: u8) -> Unit {
        Unit::packed(2, exponent)
    }

    /// See [`Tick::Signed`].
    const fn signed(digits: u8) -> Unit {
        Unit::packed(3, digits)
    }

    const fn packed(kind: u8, exponent: u8) -> Unit {
        // The constant is never used: kinds are not 0.
        match NonZero::new(u16::from_be_bytes([kind, exponent])) {
            Some(packed) => Unit(packed),
            None => Unit(NonZero::<u16>::MAX),
        }
    }

    fn tick(self) -> Tick {
        match self.0.get().to_be_bytes() {
            [1, 6] => Tick::Micro,
            [1, 9] => Tick::Nano,
            [1, exponent] => Tick::Decimal(exponent),
            [2, exponent] => Tick::Binary(exponent),
            [_, digits] => Tick::Signed(digits),
        }
    }
}

/// When a frame was captured, in the ticks of its interface's clock. [`FrameTime::timestamp`] turns it into a time: a
/// division that most frames need not pay for.
///
/// Where the file shifts an interface's clock (`if_tsoffset`), times outside the years 1678 to 2262 stay at their ends.
///
/// Packed, so that a time or none takes no more than ten bytes: a capture may hold millions of connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(C, packed(2))]
pub struct FrameTime {
    ticks: u64,
    unit: Unit,
}

impl FrameTime {
    #[inline]
    pub(crate) fn new(ticks: u64, clock: Clock) -> FrameTime {
        if clock.offset == 0 { FrameTime::of_ticks(ticks, clock.unit) } else { FrameTime::shifted(ticks, clock) }
    }

    #[inline]
    fn of_ticks(ticks: u64, unit: Unit) -> FrameTime {
        FrameTime { ticks, unit }
    }

    #[cold]
    #[inline(never)]
    fn shifted(ticks: u64, clock: Clock) -> FrameTime {
        FrameTime::signed(clock.timestamp(ticks))
    }

    fn signed(time: Timestamp) -> FrameTime {
        let nanoseconds = i128::from(time.seconds).saturating_mul(i128::from(NANOS));
        let nanoseconds = nanoseconds.saturating_add(i128::from(time.nanoseconds));
        let nanoseconds = nanoseconds.clamp(i64::MIN.into(), i64::MAX.into()) as i64;
        FrameTime::of_ticks(nanoseconds.cast_unsigned(), Unit::signed(time.digits.min(9)))
    }

    /// The time, with the decimal digits that the interface's clock gives (at most 9).
    #[inline]
    pub fn timestamp(self) -> Timestamp {
        Clock { unit: self.unit, offset: 0 }.timestamp(self.ticks)
    }
}

impl From<Timestamp> for FrameTime {
    fn from(time: Timestamp) -> FrameTime {
        FrameTime::signed(time)
    }
}

const NANOS: u64 = 1_000_000_000;

impl Clock {
    /// Ticks of a microsecond since 1970: the default of pcapng, and pcap's.
    pub(crate) const MICROSECONDS: Clock = Clock { unit: Unit::MICRO, offset: 0 };
    /// Ticks of a nanosecond since 1970.
    pub(crate) const NANOSECONDS: Clock = Clock { unit: Unit::NANO, offset: 0 };

    /// The clock of this `if_tsresol` (most significant bit: a negative power of 2, else of 10) and `if_tsoffset`.
    pub(crate) fn new(resolution: u8, offset: i64) -> Clock {
        let unit = match resolution {
            n if n & 0x80 == 0 => Unit::decimal(n),
            n => Unit::binary(n & 0x7f),
        };
        Clock { unit, offset }
    }

    /// The time at this number of ticks. Seconds that do not fit saturate.
    #[inline]
    pub(crate) fn timestamp(self, ticks: u64) -> Timestamp {
        let (seconds, nanoseconds, digits) = match self.unit.tick() {
            Tick::Signed(digits) => return signed(ticks.cast_signed(), digits),
            Tick::Micro => (ticks / 1_000_000, (ticks % 1_000_000).wrapping_mul(1000), 6),
            Tick::Nano => (ticks / NANOS, ticks % NANOS, 9),
            Tick::Decimal(exponent) => decimal(ticks, exponent),
            Tick::Binary(exponent) => binary(ticks, exponent),
        };
        let seconds = i64::try_from(seconds).unwrap_or(i64::MAX).saturating_add(self.offset);
        // Below 10^9 in every unit.
        Timestamp { seconds, nanoseconds: nanoseconds as u32, digits }
    }
}

/// The time at this many nanoseconds before or since 1970.
fn signed(nanoseconds: i64, digits: u8) -> Timestamp {
    let second = NANOS.cast_signed();
    // At least 0 and below 10^9.
    let rest = nanoseconds.rem_euclid(second) as u32;
    Timestamp { seconds: nanoseconds.div_euclid(second), nanoseconds: rest, digits }
}

/// Seconds, nanoseconds and decimal digits of ticks of 10^-exponent seconds.
fn decimal(ticks: u64, exponent: u8) -> (u64, u64, u8) {
    let per_second = 10u64.checked_pow(u32::from(exponent));
    let (seconds, rest) = per_second.map_or((0, ticks), |n| (ticks / n, ticks % n));
    let nanoseconds = match exponent.checked_sub(9) {
        None => rest.saturating_mul(10u64.saturating_pow(9u32.saturating_sub(u32::from(exponent)))),
        Some(beyond) => 10u64.checked_pow(u32::from(beyond)).map_or(0, |n| rest / n),
    };
    (seconds, nanoseconds, exponent.min(9))
}

/// Seconds, nanoseconds and decimal digits of ticks of 2^-exponent seconds.
fn binary(ticks: u64, exponent: u8) -> (u64, u64, u8) {
    let shift = u32::from(exponent & 0x7f);
    let seconds = ticks.checked_shr(shift).unwrap_or(0);
    let rest = ticks ^ seconds.checked_shl(shift).unwrap_or(0);
    let nanoseconds = u128::from(rest).wrapping_mul(u128::from(NANOS)) >> shift;
    // As many digits as one tick fills: floor(exponent * log10(2)).
    let digits = (u16::from(exponent).wrapping_mul(301) / 1000).min(9);
    (seconds, nanoseconds as u64, digits as u8)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parts(resolution: u8, offset: i64, ticks: u64) -> (i64, u32, u8) {
        let time = Clock::new(resolution, offset).timestamp(ticks);
        (time.seconds, time.nanoseconds, time.digits)
    }

    // Seconds and nanoseconds as tshark 4.0.17 shows them (frame.time_epoch); its digits are coarser (0, 1, 2, 3, 6, 9).
    #[test]
    fn resolutions_are_read_as_tshark_reads_them() {
        assert_eq!(parts(0, 0, 0x1234_5678), (305_419_896, 0, 0));
        assert_eq!(parts(3, 0, 0x1234_5678), (305_419, 896_000_000, 3));
        assert_eq!(parts(5, 0, 0x1234_5678), (3054, 198_960_000, 5));
        assert_eq!(parts(8, 0, 0x1234_5678), (3, 54_198_960, 8));
        assert_eq!(parts(9, 0, 0x1234_5678), (0, 305_419_896, 9));
        assert_eq!(parts(0x8a, 0, 0x5000_0001_2345_6789), (5_629_499_538_985_305, 883_789_062, 3));
        assert_eq!(parts(0x94, 0, 0x5000_0001_2345_6789), (5_497_558_143_540, 337_777_137, 6));
        assert_eq!(parts(0x9e, 0, 0x5000_0001_2345_6789), (5_368_709_124, 551_111_110, 9));
        assert_eq!(parts(6, -5, 1_700_000_000_123_456), (1_699_999_995, 123_456_000, 6));
    }

    #[test]
    fn a_time_or_none_takes_the_memory_it_is_meant_to() {
        assert_eq!(size_of::<Option<FrameTime>>(), 10);
    }

    #[test]
    fn ticks_finer_than_nanoseconds_are_cut() {
        assert_eq!(parts(12, 0, 1_999_999_999_999), (1, 999_999_999, 9));
        assert_eq!(parts(19, 0, u64::MAX), (1, 844_674_407, 9));
        assert_eq!(parts(20, 0, u64::MAX), (0, 184_467_440, 9));
        assert_eq!(parts(127, 0, u64::MAX), (0, 0, 9));
        assert_eq!(parts(0xc0, 0, u64::MAX), (0, 999_999_999, 9));
        assert_eq!(parts(0xff, 0, u64::MAX), (0, 0, 9));
        assert_eq!(parts(0, i64::MAX, u64::MAX), (i64::MAX, 0, 0));
    }

    proptest! {
        #[test]
        fn a_time_stays_the_same_in_ticks(
            seconds in -9_000_000_000i64..9_000_000_000,
            nanoseconds in 0u32..1_000_000_000,
            digits in 0u8..=9,
        ) {
            let time = Timestamp { seconds, nanoseconds, digits };
            prop_assert_eq!(FrameTime::from(time).timestamp(), time);
        }

        #[test]
        fn a_shifted_clock_shows_its_time(ticks in 0u64..1 << 52, offset in -4_000_000_000i64..4_000_000_000) {
            let clock = Clock::new(6, offset);
            prop_assert_eq!(FrameTime::new(ticks, clock).timestamp(), clock.timestamp(ticks));
        }

        #[test]
        fn every_resolution_agrees_with_long_division(resolution: u8, ticks: u64) {
            let time = Clock::new(resolution, 0).timestamp(ticks);
            let exponent = u32::from(resolution & 0x7f);
            let per_second = if resolution & 0x80 == 0 { 10u128.checked_pow(exponent) } else { Some(1u128 << exponent) };
            let nanoseconds = per_second.map_or(0, |n| u128::from(ticks) * 1_000_000_000 / n);
            prop_assert_eq!(u128::from(time.nanoseconds), nanoseconds % 1_000_000_000);
            let seconds = (nanoseconds / 1_000_000_000).min(i64::MAX as u128);
            prop_assert_eq!(u128::from(time.seconds.unsigned_abs()), seconds);
        }
    }
}
