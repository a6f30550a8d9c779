//! What a student wrote, held against the value of a fact: lenient in how it is written, strict in what it says.

use std::collections::BTreeSet;
use std::iter::repeat_n;
use std::net::{IpAddr, Ipv4Addr};

use super::define::{Fact, FactType, Tolerance};
use super::names::Name;
use super::numbers::{Reason, Written, average, bytes, is_grouped, plain, rate, seconds, whole};
use super::value::Value;
use super::words::{flags, letters, listed, without_brackets, word, yes_no};
use socklab_packets::types::{FrameNumber, SocketAddress};

/// Differences below this many seconds are those of clocks that show microseconds.
const MICROSECOND: f64 = 1e-6;

/// Rounding may change a value by no more than this part of it.
const MOST_ROUNDING: f64 = 0.05;

/// Most frames of one answer.
const MOST_FRAMES: usize = 10_000;

/// How an answer compares with the value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Judgement {
    /// It is right.
    Right,
    /// It is the number counted in the other way, relative instead of raw or raw instead of relative, which the fact does
    /// not take.
    OtherCounting,
    /// It is of another value.
    Wrong,
}

/// Holds what was written against the value. `other` is the same number counted in the other way, where there is one.
///
/// # Errors
/// With what is wrong, where it cannot be read as such a value.
pub fn judge(fact: &Fact, value: &Value, other: Option<&Value>, text: &str) -> Result<Judgement, Reason> {
    if fits(fact, value, text)? {
        return Ok(Judgement::Right);
    }
    let is_other = match other {
        Some(other) => fits(fact, other, text)?,
        None => false,
    };
    Ok(match (is_other, fact.either) {
        (true, true) => Judgement::Right,
        (true, false) => Judgement::OtherCounting,
        (false, _) => Judgement::Wrong,
    })
}

fn another_number(asked: usize, given: usize) -> Reason {
    let (ask, give) = (if asked == 1 { "value is" } else { "values are" }, if given == 1 { "is" } else { "are" });
    format!("{asked} {ask} asked for, and {given} {give} given")
}

/// Holds what was written of several segments against their values, each with the same number counted in the other way.
/// The values stand in order, with semicolons, commas, or line ends between them; `1448 each` is one for all.
///
/// Addresses and ports of several connections may stand in any order, and need not be as many: for each that is too much
/// there is a further wrong one behind those of the values.
///
/// # Errors
/// With what is wrong, where values that stand in order are not as many, or one of them cannot be read.
pub fn judge_each(fact: &Fact, wanted: &[(Value, Option<Value>)], text: &str) -> Result<Vec<Judgement>, Reason> {
    let given = items(fact, text, wanted.len());
    let one = |(value, other): &(Value, Option<Value>), text: &String| judge(fact, value, other.as_ref(), text);
    // Whose connection is which is no part of the question.
    let is_set = matches!(fact.name, Name::Ends(_)) && wanted.len() > 1;
    if !is_set && given.len() != wanted.len() {
        return Err(another_number(wanted.len(), given.len()));
    }
    if !is_set {
        return wanted.iter().zip(&given).map(|(wanted, text)| one(wanted, text)).collect();
    }
    let surplus = given.len().saturating_sub(wanted.len());
    let mut left = given;
    let find = |wanted| {
        let place = left.iter().position(|text| one(wanted, text) == Ok(Judgement::Right));
        place.map_or(Judgement::Wrong, |place| {
            left.remove(place);
            Judgement::Right
        })
    };
    Ok(wanted.iter().map(find).chain(repeat_n(Judgement::Wrong, surplus)).collect())
}

/// Whether what was written can be read as so many values of the fact; 0 is for any number of them.
///
/// # Errors
/// With what is wrong.
pub fn readable(fact: &Fact, count: usize, text: &str) -> Result<(), Reason> {
    let any = match fact.kind {
        FactType::Number | FactType::Bytes => Value::Number(0),
        FactType::Seconds => Value::Time(0),
        FactType::BytesPerSecond => Value::Rate { bytes: 0, nanoseconds: 1 },
        FactType::SocketAddress => Value::Socket(SocketAddress::new(Ipv4Addr::UNSPECIFIED.into(), 0)),
        FactType::IpAddress => Value::Ip(Ipv4Addr::UNSPECIFIED.into()),
        FactType::Flags => Value::Flags(0),
        FactType::Frames => Value::Frames(Vec::new()),
        FactType::YesNo => Value::YesNo(false),
        FactType::Word => Value::Word(""),
        FactType::Words => Value::Words(Vec::new()),
        FactType::Text => Value::Text(String::new()),
        FactType::AverageBytes => Value::Average { bytes: 0, frames: 1 },
    };
    let items = items(fact, text, count);
    if count > 0 && items.len() != count {
        return Err(another_number(count, items.len()));
    }
    items.into_iter().try_for_each(|item| fits(fact, &any, &item).map(drop))
}

/// The items of a list of so many; 0 is for any number of them.
fn items(fact: &Fact, text: &str, count: usize) -> Vec<String> {
    let text = plain(text);
    if count == 1 {
        return vec![text];
    }
    let one = text.strip_suffix("each").or_else(|| text.strip_prefix("all")).or_else(|| text.strip_prefix("each"));
    if let Some(one) = one {
        return vec![one.trim().to_owned(); count];
    }
    let is_prose = matches!(fact.kind, FactType::Text | FactType::Words | FactType::Flags);
    let text = if is_prose { text } else { text.replace(", and ", ", ").replace(" and ", ", ") };
    let split = |separator: &str| -> Vec<String> {
        text.split(separator).map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned).collect()
    };
    // A comma may stand between thousands, or in decimals: what is rarer inside a value is tried first.
    let ways = [";", "\n", "|", "\t", ", ", ",", " "].map(split);
    let fitting = ways.iter().find(|items| items.len() == count).or(ways.iter().find(|items| items.len() > 1));
    fitting.or(ways.first()).cloned().unwrap_or_default()
}

fn fits(fact: &Fact, value: &Value, text: &str) -> Result<bool, Reason> {
    Ok(match value {
        Value::Number(number) if fact.kind == FactType::Bytes => bytes(text)? == *number,
        Value::Number(number) => whole(text)? == *number,
        Value::Time(nanoseconds) => any_near(fact, *nanoseconds as f64 / 1e9, seconds(text)?),
        Value::Rate { .. } => any_near(fact, value.per_second().unwrap_or(0.0), rate(text)?),
        Value::Average { .. } => any_near(fact, value.average().unwrap_or(0.0), average(text)?),
        Value::Socket(address) => socket(text)? == *address,
        Value::Ip(address) => ip(text)? == *address,
        Value::Flags(wanted) => flags(text)? == *wanted,
        Value::Frames(frames) => {
            let wanted = frames.iter().copied().collect::<BTreeSet<FrameNumber>>();
            let read = read_frames(text)?;
            read == wanted || one_grouped(text).is_some_and(|one| wanted == BTreeSet::from([FrameNumber(one)]))
        }
        Value::YesNo(yes) => yes_no(text)? == *yes,
        Value::Word(wanted) => word(fact.name, text)? == *wanted,
        Value::Words(wanted) => {
            let (given, wanted): (BTreeSet<_>, BTreeSet<_>) =
                (listed(text)?.into_iter().collect(), wanted.iter().copied().collect());
            given == wanted
        }
        Value::Text(wanted) => letters(text) == letters(wanted),
    })
}

fn any_near(fact: &Fact, value: f64, written: Vec<Written>) -> bool {
    written.into_iter().any(|written| is_near(fact.tolerance, value, written))
}

fn is_near(tolerance: Tolerance, value: f64, written: Written) -> bool {
    let difference = (value - written.value).abs();
    match tolerance {
        Tolerance::Exact => difference == 0.0,
        Tolerance::Rounded => {
            // A last digit may be cut instead of rounded, and a difference of two rounded times is off by one of it.
            difference <= MICROSECOND || (difference <= written.half * 2.0 && difference <= value.abs() * MOST_ROUNDING)
        }
        Tolerance::Percent(percent) => difference <= value.abs() * f64::from(percent) / 100.0,
    }
}

/// Words of an address: without brackets, labels and the names of computers.
fn address_words(text: &str) -> Vec<String> {
    let lower = plain(text).to_lowercase();
    let spaced = lower.replace("port:", " ").replace("port", " ").replace("ip:", " ").replace("address:", " ");
    let spaced = spaced.replace(['(', ')', '\'', '"', ',', ';', '/', '='], " ");
    let says = |word: &&str| word.contains(|c: char| c.is_ascii_digit()) || word.contains("::");
    spaced.split_whitespace().filter(says).map(|word| word.trim_end_matches('.').to_owned()).collect()
}

/// An IP address, perhaps with a port or a name beside it.
fn ip(text: &str) -> Result<IpAddr, Reason> {
    let unreadable = || format!("'{}' is not an IP address", text.trim());
    let as_ip = |word: &str| word.trim_matches(['[', ']']).parse::<IpAddr>().ok();
    let words = address_words(text);
    let of_word = |word: &String| as_ip(word).or_else(|| word.parse().ok().map(|socket: SocketAddress| socket.ip));
    match words.as_slice() {
        [one] => of_word(one).ok_or_else(unreadable),
        [one, port] if port.parse::<u16>().is_ok() => as_ip(one).ok_or_else(unreadable),
        _ => Err(unreadable()),
    }
}

fn socket(text: &str) -> Result<SocketAddress, Reason> {
    let unreadable = || format!("'{}' is not a socket address; write it as 10.0.3.1:65432", text.trim());
    if let Ok(address) = text.trim().parse() {
        return Ok(address);
    }
    match address_words(text).as_slice() {
        [one] => one.parse().map_err(|_| unreadable()),
        [ip, port] => {
            let ip = ip.trim_end_matches(':').trim_matches(['[', ']']).parse().map_err(|_| unreadable())?;
            let port = port.trim_start_matches([':', '#']).parse().map_err(|_| unreadable())?;
            Ok(SocketAddress::new(ip, port))
        }
        _ => Err(unreadable()),
    }
}

/// `4-6, 9`, or `none`.
fn read_frames(text: &str) -> Result<BTreeSet<FrameNumber>, Reason> {
    let lower = plain(text).to_lowercase();
    let whole =
        lower.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')).filter(|rest| !rest.contains(['(', ')']));
    // A remark says what a frame is; one with a number may mean anything.
    let lower = without_brackets(whole.unwrap_or(&lower), |remark| !remark.contains(|c: char| c.is_ascii_digit()));
    let lower = lower.trim().trim_end_matches('.');
    let mut found = BTreeSet::new();
    if matches!(lower, "none" | "no" | "nothing" | "no frames" | "no frame" | "0" | "-" | "–" | "—") {
        return Ok(found);
    }
    let plain = lower.replace(" and ", ",");
    let labels = ["frames", "frame", "packets", "packet", "segments", "numbers", "number", "no.", "nos.", "#", "+"];
    let plain = labels.iter().fold(plain, |plain, label| plain.replace(label, " "));
    let dashes = [" to ", " through ", "...", "..", "…", "–", "—"];
    let plain = dashes.iter().fold(plain, |plain, dash| plain.replace(dash, "-"));
    let words: Vec<&str> = plain.split_whitespace().collect();
    let plain = words.join(" ").replace("- ", "-").replace(" -", "-");
    for part in plain.split([',', ';', '&', '\n', ' ']).filter(|part| !part.is_empty()) {
        let number = |text: &str| match text.parse::<u64>() {
            Ok(number) if number > 0 => Ok(number),
            _ => Err(format!("'{text}' is not a frame number")),
        };
        let (first, last) = match part.split_once('-') {
            Some((first, last)) => (number(first)?, number(last)?),
            None => (number(part)?, number(part)?),
        };
        if last < first {
            return Err(format!("the range {first}-{last} goes backwards"));
        }
        let more = usize::try_from(last - first).unwrap_or(usize::MAX);
        if found.len().saturating_add(more) > MOST_FRAMES {
            return Err(format!("these are more than {MOST_FRAMES} frames"));
        }
        found.extend((first..=last).map(FrameNumber));
    }
    if found.is_empty() { Err(format!("'{}' names no frame", text.trim())) } else { Ok(found) }
}

/// One number with thousands set apart by commas, which may be meant where frames are asked for: `1,234`.
fn one_grouped(text: &str) -> Option<u64> {
    let text = text.trim();
    let is_plain = text.contains(',') && text.chars().all(|c| c.is_ascii_digit() || c == ',');
    (is_plain && is_grouped(text)).then(|| whole(text).ok()).flatten()
}
