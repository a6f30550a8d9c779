//! Numbers as students write them: thousands set apart, with a unit, in hexadecimal, with a decimal comma, in words.

use socklab_core::facts::{About, Fact, Name};
use socklab_core::wording::number_of;

use super::beside::{is_about, is_harmless, names, words};
use super::plain::{Reason, plain};
use super::scales::{rate_factor, time_factor};
use super::units;

/// Words before a number that add nothing to it.
const LEADS: [&str; 26] = [
    "approximately",
    "approx.",
    "approx",
    "about",
    "circa",
    "ca.",
    "~",
    "≈",
    "#",
    "port",
    "frame",
    "packet",
    "segment",
    "datagram",
    "number",
    "no.",
    "nr.",
    "seq",
    "ack",
    "len",
    "length",
    "win",
    "rtt",
    "ttl",
    "stream",
    ":",
];

/// What may follow a number and adds nothing to it.
const FILLERS: [&str; 24] = [
    "b",
    "byte",
    "bytes",
    "octet",
    "octets",
    "raw",
    "relative",
    "relative sequence number",
    "frame",
    "frames",
    "packet",
    "packets",
    "segment",
    "segments",
    "datagram",
    "datagrams",
    "message",
    "messages",
    "connection",
    "connections",
    "client",
    "clients",
    "field",
    "fields",
];

/// What a number may be said to count or to be, and is of another fact where that is not called so.
const NOUNS: [&str; 12] =
    ["connection", "client", "field", "port", "seq", "ack", "len", "length", "win", "rtt", "ttl", "stream"];

/// What a frame is called where it is counted or numbered.
const FRAMES: [&str; 5] = ["frame", "packet", "segment", "datagram", "message"];

/// What else may stand in brackets behind a number.
const REMARKS: [&str; 10] =
    ["per", "only", "payload", "rounded", "total", "decimal", "dec", "hex", "hexadecimal", "all"];

/// What else may stand before an equals sign.
const LABELS: [&str; 7] = ["n", "x", "y", "total", "sum", "raw", "relative"];

/// Two readings of one answer that differ by no more than this part say the same.
const SAME: f64 = 0.05;

/// A whole number: `29200`, `29,200`, `29 200`, `0x7210`, `two`; words before and after it, such as `port` or `bytes`, are
/// passed over.
pub(super) fn whole(fact: &Fact, text: &str) -> Result<u64, Reason> {
    agreed(fact, text, one_whole, |a, b| a == b)
}

/// A whole number of bytes, which may be written in bits.
pub(super) fn bytes(fact: &Fact, text: &str) -> Result<u64, Reason> {
    let one = |text: &str| {
        let lower = text.trim_end_matches('.').to_lowercase();
        match lower.strip_suffix("bits").or_else(|| lower.strip_suffix("bit")) {
            Some(bits) => match one_whole(bits)? {
                bits if bits % 8 == 0 => Ok(bits / 8),
                _ => Err(format!("'{text}' is not a whole number of bytes")),
            },
            None => one_whole(text),
        }
    };
    agreed(fact, text, one, |a, b| a == b)
}

fn unclear(part: &str) -> Reason {
    format!("it is not clear what '{}' means", part.trim())
}

/// What an answer comes to: a value, perhaps with a remark in brackets that holds the unit, or repeats the value. Where the two
/// differ, or the remark says anything else, no one can say what is meant.
fn agreed<T>(
    fact: &Fact,
    text: &str,
    read: impl Fn(&str) -> Result<T, Reason>,
    same: impl Fn(&T, &T) -> bool,
) -> Result<T, Reason> {
    let text = with_equals_sign(fact, &plain(text));
    let (rest, remark) = units::remark(&text);
    let Some(remark) = remark else { return result(fact, rest, None, &read, &same) };
    // As it stands there, with its brackets.
    let whole = text.get(rest.len()..).unwrap_or(remark);
    match result(fact, remark, None, &read, &same) {
        Ok(repeated) => {
            let found = result(fact, rest, None, &read, &same)?;
            match same(&found, &repeated) {
                true => Ok(found),
                // `57 (7 hops)` does not say that it is 7.
                false if remark.contains(char::is_alphabetic) => Err(unclear(whole)),
                false => Err(format!("'{text}' names two different values")),
            }
        }
        Err(_) if remark.contains(|c: char| c.is_ascii_digit()) || !is_remark(fact, remark) => Err(unclear(whole)),
        Err(_) => result(fact, rest, units::named(remark)?, &read, &same),
    }
}

/// The text with an equals sign for the mark or word that means it between what the fact is called and a value:
/// `Window: 64240`, `the window is 64240`.
fn with_equals_sign(fact: &Fact, text: &str) -> String {
    [":", " is "]
        .iter()
        .find_map(|sign| {
            let (label, value) = text.split_once(sign)?;
            let is_value = value.trim_start().starts_with(|c: char| c.is_ascii_digit());
            (is_value && is_label(fact, label)).then(|| format!("{label} = {}", value.trim_start()))
        })
        .unwrap_or_else(|| text.to_owned())
}

/// What stands behind the last equals sign. Before it stands the fact's name, a computation, or the same value in another way;
/// where anything else does, no one can say what is meant: `!= 26`, `at most = 26`, `Seq = 26, Len = 0`.
fn result<T>(
    fact: &Fact,
    text: &str,
    unit: Option<&str>,
    read: &impl Fn(&str) -> Result<T, Reason>,
    same: &impl Fn(&T, &T) -> bool,
) -> Result<T, Reason> {
    let read = &|part: &str| {
        // `11.6 bytes per frame`
        let mut words = part.split(" per ").next().unwrap_or(part).split(|c: char| !c.is_alphanumeric());
        if words.all(|word| is_of(fact, word)) { read(part) } else { Err(unclear(part)) }
    };
    let mut before: Vec<&str> = text.split(['=', '≈']).map(str::trim).collect();
    let main = before.pop().unwrap_or_default();
    let (mut others, mut labels) = (Vec::new(), Vec::new());
    for part in before.into_iter().filter(|part| !part.is_empty()) {
        match read(part) {
            Ok(other) => others.push(other),
            Err(_) if is_label(fact, part) => labels.push(part),
            Err(_) if is_computation(part) => {}
            Err(_) => return Err(unclear(text)),
        }
    }
    // `t (ms) = 20.5`
    let is_bare = unit.is_none() && main.ends_with(|c: char| c.is_ascii_digit());
    let named = labels.iter().filter(|_| is_bare).map(|label| units::named(label_unit(label)));
    let named = named.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().next();
    let found = match unit.or(named) {
        Some(unit) => with_unit(main, unit, read, same)?,
        None => read(main)?,
    };
    match others.iter().all(|other| same(&found, other)) {
        true => Ok(found),
        false => Err(format!("'{text}' names two different values")),
    }
}

/// Whether a word does not say that a number is of another fact: `26 frames`, where bytes are asked for.
fn is_of(fact: &Fact, word: &str) -> bool {
    let lower = word.to_lowercase();
    let noun = lower.strip_suffix('s').unwrap_or(&lower);
    let is_counted = || fact.title.starts_with("number of") || names(fact, "frame");
    !(NOUNS.contains(&noun) || FRAMES.contains(&noun)) || names(fact, noun) || FRAMES.contains(&noun) && is_counted()
}

/// Whether a remark beside a number changes nothing of it.
fn is_remark(fact: &Fact, text: &str) -> bool {
    let is_filler = |word: &str| FILLERS.contains(&word) && is_of(fact, word);
    let is_known = |word: &str| is_about(fact, word) || units::is_unit(word) || is_filler(word);
    is_harmless(text, |word| is_known(word) || REMARKS.contains(&word)) || is_handshake(fact, text)
}

/// Whether it is the frame of the handshake that such a fact may be of: `57 (SYN-ACK)`, `1460 (in the SYN)`.
fn is_handshake(fact: &Fact, text: &str) -> bool {
    let is_of_one = matches!(fact.name, Name::Handshake(_)) || fact.about == About::Frame;
    let Some(said) = words(text).filter(|_| is_of_one) else { return false };
    let said: Vec<&str> = said.iter().map(String::as_str).filter(|word| !matches!(*word, "in" | "the")).collect();
    matches!(said.as_slice(), ["syn"] | ["syn", "ack"])
}

/// Whether it is what the fact is called, perhaps with the unit: `RTT (ms)`.
fn is_label(fact: &Fact, text: &str) -> bool {
    let is_named = is_harmless(text, |word| names(fact, word) || units::is_unit(word) || LABELS.contains(&word));
    is_named && words(text).is_some_and(|words| !words.is_empty())
}

/// Whether it is a computation: several numbers with signs between them, perhaps with units, and nothing else.
fn is_computation(text: &str) -> bool {
    const SIGNS: [char; 11] = ['+', '-', '–', '*', '/', '×', '·', '÷', '^', '(', ')'];
    const SIGNS_IN_WORDS: [&str; 6] = ["x", "from", "to", "plus", "minus", "times"];
    let lower = text.to_lowercase();
    let (mut numbers, mut signs) = (0_usize, lower.matches(SIGNS).count());
    for word in lower.split(|c: char| c.is_whitespace() || SIGNS.contains(&c)).filter(|word| !word.is_empty()) {
        let end = word.find(|c: char| !c.is_ascii_digit() && !is_separator(c)).unwrap_or(word.len());
        let (number, unit) = word.split_at_checked(end).unwrap_or((word, ""));
        let is_number = number.ends_with(|c: char| c.is_ascii_digit());
        numbers = numbers.saturating_add(usize::from(is_number));
        let is_sign = SIGNS_IN_WORDS.contains(&word);
        signs = signs.saturating_add(usize::from(is_sign));
        let has_unit = unit.is_empty() || unit == "e" || units::is_unit(unit) || FILLERS.contains(&unit);
        if !(is_sign || has_unit && (is_number || number.is_empty())) {
            return false;
        }
    }
    numbers > 1 && signs > 0
}

/// Where a label names its unit: in brackets, or anywhere.
fn label_unit(label: &str) -> &str {
    units::remark(label).1.unwrap_or(label)
}

/// A number with the unit that stands in brackets behind it; another one that stands there as well must mean the same.
fn with_unit<T>(
    main: &str,
    unit: &str,
    read: &impl Fn(&str) -> Result<T, Reason>,
    same: &impl Fn(&T, &T) -> bool,
) -> Result<T, Reason> {
    let (number, own) = units::split(main);
    let found = read(&format!("{number} {unit}"))?;
    match own.trim().is_empty() || same(&read(main)?, &found) {
        true => Ok(found),
        false => Err(format!("'{main} ({unit})' has two units")),
    }
}

/// The text without words before its number that add nothing.
fn without_leads(text: &str) -> String {
    let mut rest = text.trim().to_lowercase();
    // More than these few do not come before one number.
    for _ in 0..4 {
        let lead = LEADS.iter().find_map(|lead| {
            let after = rest.strip_prefix(lead)?;
            let is_whole = !after.starts_with(char::is_alphabetic);
            is_whole.then(|| after.trim_start().to_owned())
        });
        match lead {
            Some(after) => rest = after,
            None => break,
        }
    }
    rest
}

/// A whole number with words before and after it that add nothing, and nothing else.
pub(super) fn one_whole(text: &str) -> Result<u64, Reason> {
    let unreadable = || format!("'{}' is not a whole number", text.trim());
    let text = without_leads(text);
    if let Some(digits) = text.strip_prefix("0x") {
        let end = digits.find(|c: char| !c.is_ascii_hexdigit()).unwrap_or(digits.len());
        let (digits, rest) = digits.split_at_checked(end).ok_or_else(unreadable)?;
        return match is_filler(rest) {
            true => u64::from_str_radix(digits, 16).map_err(|_| unreadable()),
            false => Err(unreadable()),
        };
    }
    let first = text.split_whitespace().next().unwrap_or_default();
    if let Some(number) = number_of(first) {
        return if is_filler(text.trim_start_matches(first)) { Ok(number) } else { Err(unreadable()) };
    }
    if text.trim_end_matches('.') == "none" {
        return Ok(0);
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
    matches!(c, ',' | ' ' | '_' | '\'' | '.')
}

/// Whether one separator stands between groups of three, as in `1,234,567`.
pub(super) fn is_grouped(digits: &str) -> bool {
    let mut separators = digits.chars().filter(|c| is_separator(*c));
    let first = separators.next();
    if separators.any(|other| Some(other) != first) {
        return false;
    }
    let groups: Vec<&str> = digits.split(is_separator).collect();
    match groups.as_slice() {
        [one] => !one.is_empty(),
        // No one sets a 0 apart: `0.156` has decimals.
        [first, rest @ ..] => {
            !first.is_empty()
                && first.len() <= 3
                && !first.starts_with('0')
                && rest.iter().all(|group| group.len() == 3)
        }
        [] => false,
    }
}

/// Whether what follows a number adds nothing.
fn is_filler(rest: &str) -> bool {
    let rest = rest.trim().trim_end_matches('.').to_lowercase();
    rest.is_empty() || FILLERS.contains(&rest.as_str()) || rest == "hops"
}

/// A decimal number with the digits that it was written with.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct WrittenNumber {
    /// The number in the base unit.
    pub(super) value: f64,
    /// Half of the last digit's worth: so much rounding may have changed it.
    pub(super) half: f64,
    /// The same, where zeros at the end of a whole number only fill: those of `160` may come from `0.16`.
    pub(super) filled: f64,
    /// Whether this reading is so unusual that it does not count by itself: `1.441` as thousands.
    pub(super) is_rare: bool,
}

impl WrittenNumber {
    /// Reads a number with a decimal point, and perhaps an exponent.
    fn read(number: &str, is_rare: bool) -> Option<WrittenNumber> {
        let value: f64 = number.parse().ok()?;
        let (mantissa, exponent) = number.split_once(['e', 'E']).unwrap_or((number, "0"));
        let decimals = mantissa.split_once('.').map_or(0, |(_, decimals)| decimals.len());
        let zeros = mantissa.len().saturating_sub(mantissa.trim_end_matches('0').len());
        let exponent: i32 = exponent.parse().ok()?;
        let places = exponent.checked_sub(i32::try_from(decimals).ok()?)?;
        let fillers = if decimals == 0 && value != 0.0 { i32::try_from(zeros).ok()? } else { 0 };
        let half = |places| 0.5 * 10f64.powi(places);
        let (half, filled) = (half(places), half(places.checked_add(fillers)?));
        value.is_finite().then_some(WrittenNumber { value, half, filled, is_rare })
    }

    fn times(self, factor: f64) -> WrittenNumber {
        WrittenNumber { value: self.value * factor, half: self.half * factor, filled: self.filled * factor, ..self }
    }
}

/// A decimal number in every way that it can be read, and the word after it.
fn decimal(text: &str) -> Result<(Vec<WrittenNumber>, String), Reason> {
    let unreadable = || format!("'{}' is not a number", text.trim());
    // Units tell capital letters from small ones, so that only what comes before the number is taken off.
    let start = text.trim().len().saturating_sub(without_leads(text).len());
    let text = text.trim().get(start..).ok_or_else(unreadable)?;
    let (sign, body) = match text.strip_prefix('-') {
        Some(body) => ("-", body.trim_start()),
        None => ("", text.strip_prefix('+').unwrap_or(text)),
    };
    let end = body.find(|c: char| !c.is_ascii_digit() && !is_separator(c)).unwrap_or(body.len());
    let (number, rest) = body.split_at_checked(end).ok_or_else(unreadable)?;
    let (exponent, word) = exponent(rest);
    let read = readings(number.trim_end_matches([' ', '\'', '_']));
    let read: Vec<WrittenNumber> = read
        .iter()
        .filter_map(|(number, rare)| WrittenNumber::read(&format!("{sign}{number}{exponent}"), *rare))
        .collect();
    if read.is_empty() { Err(unreadable()) } else { Ok((read, word.trim().trim_end_matches('.').to_owned())) }
}

/// An exponent such as `e-2`, and what follows it.
fn exponent(rest: &str) -> (&str, &str) {
    let digits = rest.strip_prefix(['e', 'E']).map(|after| after.strip_prefix(['-', '+']).unwrap_or(after));
    let Some(digits) = digits.filter(|digits| digits.starts_with(|c: char| c.is_ascii_digit())) else {
        return ("", rest);
    };
    let after = digits.trim_start_matches(|c: char| c.is_ascii_digit());
    rest.split_at_checked(rest.len().saturating_sub(after.len())).unwrap_or(("", rest))
}

/// The ways in which digits with dots, commas and spaces can be read, each with a decimal point and nothing else, and with
/// whether it is unusual: `1,234` has a decimal comma, or thousands set apart; one dot is a decimal point for most.
fn readings(number: &str) -> Vec<(String, bool)> {
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
    let with_mark = |mark: char| {
        let (whole, decimals) = number.rsplit_once(mark)?;
        let is_sound = (whole.is_empty() || (is_grouped(whole) && !whole.contains(mark)))
            && decimals.chars().all(|c| c.is_ascii_digit());
        is_sound.then(|| format!("{}.{decimals}", digits(whole)))
    };
    let has_one_dot = number.matches('.').count() == 1 && !number.contains([',', ' ', '\'', '_']);
    let grouped = is_grouped(number).then(|| (digits(number), has_one_dot));
    let marked = [with_mark('.'), with_mark(',')].into_iter().flatten().map(|number| (number, false));
    marked.chain(grouped).filter(|(read, _)| read != ".").collect()
}

/// Whether two answers in some reading are about the same.
fn are_near(a: &[WrittenNumber], b: &[WrittenNumber]) -> bool {
    let near = |a: &WrittenNumber, b: &WrittenNumber| (a.value - b.value).abs() <= a.value.abs() * SAME;
    let usual = |all: &[WrittenNumber]| all.iter().copied().filter(|written| !written.is_rare).collect::<Vec<_>>();
    usual(a).iter().any(|a| usual(b).iter().any(|b| near(a, b)))
}

/// A time in seconds, in every way that it can be read.
pub(super) fn seconds(fact: &Fact, text: &str) -> Result<Vec<WrittenNumber>, Reason> {
    agreed(fact, text, one_time, |a, b| are_near(a, b))
}

fn one_time(text: &str) -> Result<Vec<WrittenNumber>, Reason> {
    let (number, unit) = decimal(text)?;
    let factor = match unit.as_str() {
        "" => Some(1.0),
        unit => time_factor(unit),
    };
    let factor = factor.ok_or_else(|| format!("'{unit}' is not a unit of time; write s, ms, µs or ns"))?;
    Ok(number.into_iter().map(|number| number.times(factor)).collect())
}

/// An average number of bytes, in every way that it can be read.
pub(super) fn average(fact: &Fact, text: &str) -> Result<Vec<WrittenNumber>, Reason> {
    let is_per_frame = |unit: &str| {
        let lower = unit.to_lowercase();
        lower.strip_prefix("bytes per ").is_some_and(|per| is_harmless(per, |word| FRAMES.contains(&word)))
    };
    let one = |text: &str| match decimal(text)? {
        (number, unit) if is_filler(&unit) || is_per_frame(&unit) => Ok(number),
        (_, unit) => Err(format!("'{unit}' is not a unit of bytes; write bytes")),
    };
    agreed(fact, text, one, |a, b| are_near(a, b))
}

/// A rate in bytes per second, in every way that it can be read.
pub(super) fn rate(fact: &Fact, text: &str) -> Result<Vec<WrittenNumber>, Reason> {
    agreed(fact, text, one_rate, |a, b| are_near(a, b))
}

fn one_rate(text: &str) -> Result<Vec<WrittenNumber>, Reason> {
    let (number, unit) = decimal(text)?;
    let factor = rate_factor(&unit)?;
    Ok(number.into_iter().map(|number| number.times(factor)).collect())
}
