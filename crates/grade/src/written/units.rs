//! Units that do not stand right behind their number: in brackets, in a label before it, or once at the end of a list.

use super::plain::Reason;
use super::scales::{is_rate_unit, is_time_unit};

/// What is a unit or multiplies one, but none that a value here may have.
const OTHERS: [&str; 15] = [
    "k",
    "m",
    "g",
    "kilo",
    "mega",
    "giga",
    "mb",
    "gb",
    "thousand",
    "thousands",
    "million",
    "millions",
    "h",
    "hour",
    "hours",
];

/// What says of a unit that it is one.
const LEADS: [&str; 4] = ["in ", "unit: ", "unit ", "units: "];

/// Whether a word is a unit of anything that is measured.
pub(super) fn is_unit(word: &str) -> bool {
    let lower = word.to_lowercase();
    let is_octets = matches!(lower.as_str(), "octet" | "octets");
    is_time_unit(word) || is_rate_unit(word) || is_octets || OTHERS.contains(&lower.as_str())
}

/// The unit that a remark or a label is, or names among other words.
///
/// # Errors
/// Where it names several, or one that could be something else.
pub(super) fn named(remark: &str) -> Result<Option<&str>, Reason> {
    let remark = remark.trim().trim_end_matches('.');
    let lead = LEADS.iter().find(|lead| remark.to_lowercase().starts_with(*lead));
    let whole = lead.and_then(|lead| remark.get(lead.len()..)).unwrap_or(remark).trim();
    if whole.eq_ignore_ascii_case("min") {
        return Err(format!("'{whole}' may mean minutes or the smallest"));
    }
    if is_unit(whole) {
        return Ok(Some(whole));
    }
    // A single letter among others may be anything, such as a computer.
    let words = whole.split(|c: char| !c.is_alphanumeric() && c != '/').filter(|word| word.chars().count() > 1);
    let mut units = words.filter(|word| is_unit(word));
    let first = units.next();
    match (first, units.all(|other| first.is_some_and(|first| first.eq_ignore_ascii_case(other)))) {
        (first, true) => Ok(first),
        (_, false) => Err(format!("it is not clear which unit '{remark}' means")),
    }
}

/// A number and what stands in brackets behind it, round or square ones.
pub(super) fn remark(text: &str) -> (&str, Option<&str>) {
    let text = text.trim();
    let brackets = [('(', ')'), ('[', ']')];
    let found = brackets.iter().find_map(|(open, close)| {
        let inside = text.trim_end_matches('.').strip_suffix(*close)?;
        // A remark may have brackets of its own.
        let mut depth = 1_usize;
        let begin = inside.char_indices().rev().find(|(_, c)| {
            depth = depth.saturating_add(usize::from(c == close)).saturating_sub(usize::from(c == open));
            depth == 0
        });
        let (main, remark) = inside.split_at_checked(begin?.0)?;
        Some((main, remark.strip_prefix(*open)?))
    });
    match found {
        Some((main, remark)) if !main.trim().is_empty() => (main.trim(), Some(remark)),
        _ => (text, None),
    }
}

/// The number alone, and what is written behind it. One in hexadecimal has no unit behind it that could be told from it.
pub(super) fn split(main: &str) -> (&str, &str) {
    let main = main.trim();
    let end = main.rfind(|c: char| c.is_ascii_digit()).map_or(main.len(), |place| place.saturating_add(1));
    let is_hexadecimal = main.to_lowercase().contains("0x");
    let parts = if is_hexadecimal { None } else { main.split_at_checked(end) };
    parts.unwrap_or((main, ""))
}

/// A list without the unit at its end, and that unit as it is written, brackets included. A unit that stands behind the last
/// value alone is meant for all of them.
pub(super) fn shared(text: &str) -> Option<(&str, &str)> {
    let (list, unit) = split(text);
    let bare = unit.trim().trim_matches(['(', ')', '[', ']', '.']);
    (!bare.is_empty() && matches!(named(bare), Ok(Some(_)))).then_some((list, unit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unit_is_known_among_other_words() {
        for (remark, unit) in [
            ("ms", Some("ms")),
            ("in ms", Some("ms")),
            ("Mbit/s", Some("Mbit/s")),
            ("bytes per second", Some("bytes per second")),
            ("rounded, in µs", Some("µs")),
            ("ms, in ms", Some("ms")),
            ("raw", None),
            ("payload only", None),
            ("from A to B", None),
            ("", None),
        ] {
            assert_eq!(named(remark), Ok(unit), "{remark}");
        }
        assert!(named("ms or µs").is_err());
        assert!(named("min").is_err());
    }
}
