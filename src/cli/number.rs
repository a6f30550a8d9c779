//! Whole numbers on the command line, and what is said of those that are none or out of range.

use std::ops::RangeInclusive;

/// From here on the end of a range is that of the computer's numbers.
const BEYOND: u64 = 1 << 31;

/// Reads a whole number of this range.
pub(super) fn within<T>(range: RangeInclusive<T>) -> impl Fn(&str) -> Result<T, String> + Clone + Send + Sync + 'static
where
    T: Copy + Into<u64> + TryFrom<u64> + Send + Sync + 'static,
{
    move |text| {
        let (first, last): (u64, u64) = ((*range.start()).into(), (*range.end()).into());
        let read = text.trim().parse().ok().filter(|number| (first..=last).contains(number));
        read.and_then(|number: u64| T::try_from(number).ok()).ok_or_else(|| match (first, last) {
            // No number that anybody means is larger.
            (0, BEYOND..) => "expected a whole number".to_owned(),
            (_, BEYOND..) => format!("expected a whole number, {first} or more"),
            _ => format!("expected a whole number from {first} to {last}"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_expected_is_said_in_plain_words() {
        let said = |text: &str| within::<u64>(1..=u64::MAX)(text).unwrap_err();
        assert_eq!(within::<u64>(1..=u64::MAX)("18446744073709551615"), Ok(u64::MAX));
        for text in ["0", "-1", "abc", "", "1.5", "18446744073709551616"] {
            assert_eq!(said(text), "expected a whole number, 1 or more", "{text}");
        }
        assert_eq!(within::<u8>(1..=50)("50"), Ok(50));
        assert_eq!(within::<u8>(1..=50)("51").unwrap_err(), "expected a whole number from 1 to 50");
        assert_eq!(within::<u64>(0..=u64::MAX)("x").unwrap_err(), "expected a whole number");
        assert_eq!(within::<u16>(0..=u16::MAX)("65536").unwrap_err(), "expected a whole number from 0 to 65535");
    }
}
