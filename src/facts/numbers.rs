//! Numbers as students write them: thousands set apart, with a unit, in hexadecimal, with a decimal comma.

/// What is wrong with an entry.
pub(super) type Reason = String;

/// A whole number: `29200`, `29,200`, `29 200`, `0x7210`; words after it, such as `bytes` or `(raw)`, are passed over.
pub(super) fn whole(text: &str) -> Result<u64, Reason> {
    let text = text.trim();
    let unreadable = || format!("'{text}' is not a whole number");
    if let Some(digits) = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        let digits: String = digits.chars().take_while(char::is_ascii_hexdigit).collect();
        return u64::from_str_radix(&digits, 16).map_err(|_| unreadable());
    }
    let end = text.find(|c: char| !c.is_ascii_digit() && !is_separator(c)).unwrap_or(text.len());
    let (digits, rest) = text.split_at_checked(end).ok_or_else(unreadable)?;
    let digits = digits.trim_end_matches(is_separator);
    if !is_filler(rest) || digits.is_empty() || !is_grouped(digits) {
        return Err(unreadable());
    }
    let plain: String = digits.chars().filter(char::is_ascii_digit).collect();
    plain.parse().map_err(|_| unreadable())
}

/// What may stand between thousands.
fn is_separator(c: char) -> bool {
    matches!(c, ',' | ' ' | '_' | '\'' | '.' | '\u{a0}' | '\u{202f}' | '’')
}

/// Whether the separators stand between groups of three, as in `1,234,567`.
fn is_grouped(digits: &str) -> bool {
    let groups: Vec<&str> = digits.split(is_separator).collect();
    match groups.as_slice() {
        [_] => true,
        [first, rest @ ..] => !first.is_empty() && first.len() <= 3 && rest.iter().all(|group| group.len() == 3),
        [] => false,
    }
}

/// Whether what follows a number adds nothing: a unit of bytes, or a remark.
fn is_filler(rest: &str) -> bool {
    const WORDS: [&str; 11] = [
        "",
        "b",
        "byte",
        "bytes",
        "octets",
        "raw",
        "relative",
        "relative sequence number",
        "frames",
        "packets",
        "hops",
    ];
    let rest = rest.trim().trim_end_matches('.').to_lowercase();
    let word = rest.split('(').next().unwrap_or_default().trim();
    WORDS.contains(&word) && (word == rest || rest.ends_with(')'))
}

/// A decimal number with the digits that it was written with.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Written {
    /// The number in the base unit.
    pub(super) value: f64,
    /// Half of the last digit's worth: so much rounding may have changed it.
    pub(super) half: f64,
}

/// A decimal number in every way that it can be read, and the word after it: `1,234` has a decimal comma, or thousands set
/// apart.
fn decimal(text: &str) -> Result<(Vec<Written>, String), Reason> {
    let text = text.trim();
    let unreadable = || format!("'{text}' is not a number");
    let is_part = |c: char| c.is_ascii_digit() || matches!(c, '.' | ',' | '-' | '+');
    let mut end = text.find(|c: char| !is_part(c)).unwrap_or(text.len());
    // An exponent: 2.3e-2.
    let exponent = text.get(end..).and_then(|rest| rest.strip_prefix(['e', 'E'])).unwrap_or_default();
    if exponent.starts_with(is_part) {
        let length = exponent.find(|c: char| !is_part(c)).unwrap_or(exponent.len());
        end = end.saturating_add(1).saturating_add(length);
    }
    let (number, word) = text.split_at_checked(end).ok_or_else(unreadable)?;
    let comma = (number.matches(',').count() == 1 && !number.contains('.')).then(|| number.replace(',', "."));
    let grouped = (comma.is_none() || is_grouped(number)).then(|| number.replace(',', ""));
    let read: Vec<Written> = comma.into_iter().chain(grouped).filter_map(|number| Written::read(&number)).collect();
    if read.is_empty() { Err(unreadable()) } else { Ok((read, word.trim().trim_end_matches('.').to_owned())) }
}

impl Written {
    /// Reads a number with a decimal point.
    fn read(number: &str) -> Option<Written> {
        let value: f64 = number.parse().ok()?;
        let (mantissa, exponent) = number.split_once(['e', 'E']).unwrap_or((number, "0"));
        let decimals = mantissa.split_once('.').map_or(0, |(_, decimals)| decimals.len());
        let exponent: i32 = exponent.parse().ok()?;
        let places = exponent.checked_sub(i32::try_from(decimals).ok()?)?;
        value.is_finite().then_some(Written { value, half: 0.5 * 10f64.powi(places) })
    }

    fn times(self, factor: f64) -> Written {
        Written { value: self.value * factor, half: self.half * factor }
    }
}

/// A time in seconds, in every way that it can be read.
pub(super) fn seconds(text: &str) -> Result<Vec<Written>, Reason> {
    let (number, unit) = decimal(text)?;
    let factor = match unit.to_lowercase().as_str() {
        "" | "s" | "sec" | "secs" | "second" | "seconds" => 1.0,
        "ms" | "msec" | "millisecond" | "milliseconds" => 1e-3,
        "us" | "µs" | "μs" | "usec" | "microsecond" | "microseconds" => 1e-6,
        "ns" | "nsec" | "nanosecond" | "nanoseconds" => 1e-9,
        "min" | "minute" | "minutes" => 60.0,
        other => return Err(format!("'{other}' is not a unit of time; write s, ms, µs or ns")),
    };
    Ok(number.into_iter().map(|number| number.times(factor)).collect())
}

/// A rate in bytes per second, in every way that it can be read.
pub(super) fn rate(text: &str) -> Result<Vec<Written>, Reason> {
    let (number, unit) = decimal(text)?;
    let plain = unit.replace(' ', "").replace("persecond", "/s").replace("/second", "/s").replace("/sec", "/s");
    let plain = plain.replace("bps", "bit/s").replace("Bps", "B/s");
    let per_second = plain.strip_suffix("/s").unwrap_or(&plain);
    let lower = per_second.to_lowercase();
    let (prefix, is_bits) = match lower.as_str() {
        "" => ("", false),
        _ if lower.ends_with("bits") => (lower.trim_end_matches("bits"), true),
        _ if lower.ends_with("bit") => (lower.trim_end_matches("bit"), true),
        _ if lower.ends_with("bytes") => (lower.trim_end_matches("bytes"), false),
        _ if lower.ends_with("byte") => (lower.trim_end_matches("byte"), false),
        _ if per_second.ends_with('B') => (lower.trim_end_matches('b'), false),
        _ if per_second.ends_with('b') => (lower.trim_end_matches('b'), true),
        _ => return Err(format!("'{unit}' is not a unit of a rate; write bytes/s or bit/s")),
    };
    let factor = match prefix {
        "" => 1.0,
        "k" | "kilo" => 1e3,
        "ki" | "kibi" => 1024.0,
        "m" | "mega" => 1e6,
        "mi" | "mebi" => 1_048_576.0,
        "g" | "giga" => 1e9,
        other => return Err(format!("'{other}' is not a known prefix; write k, M or G")),
    };
    let factor = if is_bits { factor / 8.0 } else { factor };
    Ok(number.into_iter().map(|number| number.times(factor)).collect())
}
