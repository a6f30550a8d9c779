//! Points, exact to a hundredth: sums of grades must not depend on how a computer rounds.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, Sub};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Points in hundredths. Written without needless digits: `2`, `1.5`, `0.67`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Points(i64);

/// More points than any sheet has; keeps sums far from overflow.
const MOST: f64 = 1_000_000.0;

impl Points {
    /// No points.
    pub const ZERO: Points = Points(0);

    /// The least that points differ by.
    pub const SMALLEST: Points = Points(1);

    /// Whole points.
    pub fn whole(points: u32) -> Points {
        Points(i64::from(points).saturating_mul(100))
    }

    /// The points nearest to a number; `None` where it is negative, not finite or beyond a million.
    pub fn from_number(number: f64) -> Option<Points> {
        let sensible = number.is_finite() && (0.0..=MOST).contains(&number);
        // In range, so that the conversion is exact after rounding.
        #[expect(clippy::cast_possible_truncation, reason = "the range was checked")]
        sensible.then(|| Points((number * 100.0).round() as i64))
    }

    /// Hundredths of a point.
    pub const fn hundredths(self) -> i64 {
        self.0
    }

    /// The share `part` of `whole` of these points, rounded to the nearest hundredth; nothing where `whole` is 0.
    pub fn share(self, part: u64, whole: u64) -> Points {
        if whole == 0 {
            return Points::ZERO;
        }
        let (part, whole) = (i128::from(part), i128::from(whole));
        let doubled = i128::from(self.0).saturating_mul(part).saturating_mul(2).saturating_add(whole);
        Points(i64::try_from(doubled.div_euclid(whole.saturating_mul(2))).unwrap_or(self.0))
    }

    /// As a number, for formats that have nothing else.
    pub fn number(self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
        let hundredths = self.0 as f64;
        hundredths / 100.0
    }

    /// Never less than nothing.
    pub fn at_least_zero(self) -> Points {
        self.max(Points::ZERO)
    }
}

impl Add for Points {
    type Output = Points;

    fn add(self, other: Points) -> Points {
        Points(self.0.saturating_add(other.0))
    }
}

impl Sub for Points {
    type Output = Points;

    fn sub(self, other: Points) -> Points {
        Points(self.0.saturating_sub(other.0))
    }
}

impl Sum for Points {
    fn sum<I: Iterator<Item = Points>>(all: I) -> Points {
        all.fold(Points::ZERO, Add::add)
    }
}

impl fmt::Display for Points {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let (whole, rest) = (self.0.unsigned_abs() / 100, self.0.unsigned_abs() % 100);
        match rest {
            0 => write!(f, "{sign}{whole}"),
            rest if rest % 10 == 0 => write!(f, "{sign}{whole}.{}", rest / 10),
            rest => write!(f, "{sign}{whole}.{rest:02}"),
        }
    }
}

impl Serialize for Points {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 % 100 {
            0 => serializer.serialize_i64(self.0 / 100),
            _ => serializer.serialize_f64(self.number()),
        }
    }
}

impl<'de> Deserialize<'de> for Points {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = f64::deserialize(deserializer)?;
        Points::from_number(number).ok_or_else(|| serde::de::Error::custom("points are a number of 0 or more"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_are_written_without_needless_digits() {
        for (points, text) in [(2.0, "2"), (1.5, "1.5"), (0.67, "0.67"), (0.05, "0.05")] {
            let points = Points::from_number(points).unwrap();
            assert_eq!(points.to_string(), text);
            assert_eq!(serde_json::to_string(&points).unwrap(), text);
            assert_eq!(serde_json::from_str::<Points>(text).unwrap(), points);
        }
        assert_eq!(Points::from_number(f64::NAN), None);
        assert_eq!(Points::from_number(-1.0), None);
    }

    #[test]
    fn shares_round_to_the_nearest_hundredth() {
        assert_eq!(Points::whole(2).share(1, 3).to_string(), "0.67");
        assert_eq!(Points::whole(2).share(0, 0), Points::ZERO);
        assert_eq!(Points::whole(3).share(4, 4), Points::whole(3));
    }
}
