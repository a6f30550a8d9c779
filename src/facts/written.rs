//! What a student wrote, held against the value of a fact: lenient in how it is written, strict in what it says.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;

use super::define::{Fact, FactType, Tolerance};
use super::numbers::{Reason, Written, rate, seconds, whole};
use super::value::{Value, flag_bit};
use crate::types::{FrameNumber, SocketAddress};

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

/// Holds what was written of several segments against their values, each with the same number counted in the other way.
/// The values stand in order, with semicolons, commas, or line ends between them; `1448 each` is one for all.
///
/// # Errors
/// With what is wrong, where these are not as many values, or one cannot be read.
pub fn judge_each(fact: &Fact, wanted: &[(Value, Option<Value>)], text: &str) -> Result<Vec<Judgement>, Reason> {
    let given = items(text, wanted.len());
    if given.len() != wanted.len() {
        return Err(format!("{} values are asked for, and {} are given", wanted.len(), given.len()));
    }
    wanted.iter().zip(given).map(|((value, other), text)| judge(fact, value, other.as_ref(), text)).collect()
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
    };
    let items = items(text, count);
    if count > 0 && items.len() != count {
        return Err(format!("{count} values are asked for, and {} are given", items.len()));
    }
    items.into_iter().try_for_each(|item| fits(fact, &any, item).map(drop))
}

/// The items of a list of so many.
fn items(text: &str, count: usize) -> Vec<&str> {
    let text = text.trim();
    if count == 1 {
        return vec![text];
    }
    let one = text.strip_suffix("each").or_else(|| text.strip_prefix("all")).or_else(|| text.strip_prefix("each"));
    if let Some(one) = one {
        return vec![one.trim(); count];
    }
    let split = |separator: &str| -> Vec<&str> {
        text.split(separator).map(str::trim).filter(|item| !item.is_empty()).collect()
    };
    // A comma may stand between thousands, or in decimals: what is rarer inside a value is tried first.
    let ways = [";", "\n", ", ", ",", " "].map(split);
    ways.iter()
        .find(|items| items.len() == count)
        .or(ways.iter().find(|items| items.len() > 1))
        .cloned()
        .unwrap_or_default()
}

fn fits(fact: &Fact, value: &Value, text: &str) -> Result<bool, Reason> {
    Ok(match value {
        Value::Number(number) => whole(text)? == *number,
        Value::Time(nanoseconds) => {
            let seconds = seconds(text)?;
            seconds.into_iter().any(|written| is_near(fact.tolerance, *nanoseconds as f64 / 1e9, written))
        }
        Value::Rate { .. } => {
            let (rates, value) = (rate(text)?, value.per_second().unwrap_or(0.0));
            rates.into_iter().any(|written| is_near(fact.tolerance, value, written))
        }
        Value::Socket(address) => socket(text)? == *address,
        Value::Ip(address) => {
            let written = text.trim().trim_matches(['[', ']']);
            written.parse::<std::net::IpAddr>().map_err(|_| format!("'{text}' is not an IP address"))? == *address
        }
        Value::Flags(flags) => read_flags(text)? == *flags,
        Value::Frames(frames) => read_frames(text)? == frames.iter().copied().collect::<BTreeSet<FrameNumber>>(),
        Value::YesNo(yes) => yes_no(text)? == *yes,
        Value::Word(word) => is_word(word, text),
    })
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

fn socket(text: &str) -> Result<SocketAddress, Reason> {
    let unreadable = || format!("'{}' is not a socket address; write it as 10.0.3.1:65432", text.trim());
    if let Ok(address) = text.trim().parse() {
        return Ok(address);
    }
    let plain = text.to_lowercase().replace("port", " ").replace(['(', ')', '\'', '"', ',', ';'], " ");
    let words: Vec<&str> = plain.split_whitespace().filter(|word| !matches!(*word, "ip" | "and" | ":")).collect();
    match words.as_slice() {
        [one] => one.parse().map_err(|_| unreadable()),
        [ip, port] => {
            let ip = ip.trim_matches(['[', ']']).parse().map_err(|_| unreadable())?;
            let port = port.trim_start_matches(':').parse().map_err(|_| unreadable())?;
            Ok(SocketAddress::new(ip, port))
        }
        _ => Err(unreadable()),
    }
}

/// Names of flags, or the number of the field.
fn read_flags(text: &str) -> Result<u8, Reason> {
    let lower = text.trim().to_lowercase();
    if matches!(lower.as_str(), "none" | "no flags" | "-") {
        return Ok(0);
    }
    if lower.starts_with("0x") {
        return u8::try_from(whole(&lower)? & 0xff).map_err(|_| format!("'{text}' is not a flags field"));
    }
    let plain = lower.replace(" and ", ",").replace("flags", " ").replace("flag", " ");
    let names =
        plain.split([',', '/', '+', '-', '&', ' ', '[', ']', '(', ')', ';', '|']).filter(|name| !name.is_empty());
    let mut flags = 0;
    for name in names {
        let name = if name == "push" { "psh" } else { name };
        let bit = flag_bit(name).ok_or_else(|| format!("'{name}' is not a TCP flag"))?;
        flags |= bit;
    }
    Ok(flags)
}

/// `4-6, 9`, or `none`.
fn read_frames(text: &str) -> Result<BTreeSet<FrameNumber>, Reason> {
    let lower = text.trim().to_lowercase();
    let mut found = BTreeSet::new();
    if matches!(lower.as_str(), "none" | "no frames" | "no frame" | "-" | "–") {
        return Ok(found);
    }
    let plain = lower.replace(" and ", ",").replace("frames", " ").replace("frame", " ").replace('#', " ");
    let plain = plain.replace(" to ", "-").replace("..", "-").replace(['–', '—'], "-").replace(" - ", "-");
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
    Ok(found)
}

fn yes_no(text: &str) -> Result<bool, Reason> {
    match text.trim().trim_end_matches('.').to_lowercase().as_str() {
        "yes" | "y" | "true" | "1" => Ok(true),
        "no" | "n" | "false" | "0" => Ok(false),
        other => Err(format!("'{other}' is neither yes nor no")),
    }
}

/// Words of one kind, each with others that mean the same.
type Words = &'static [(&'static str, &'static [&'static str])];

/// Who did something.
const WHO: Words =
    &[("client", &["client"]), ("server", &["server"]), ("nobody", &["nobody", "neither", "no one", "none"])];

/// Why a connection was reset.
const WHY: Words = &[
    ("refused", &["refused", "refuse", "no server", "not listening", "closed port"]),
    ("after closing", &["after closing", "after close", "had closed", "already closed"]),
    ("aborted", &["aborted", "abort", "killed"]),
    ("none", &["none", "no rst", "not reset", "no reset"]),
];

/// Whether the word is meant: it, or another one for it, stands in the answer, and none that means another.
fn is_word(word: &str, text: &str) -> bool {
    let lower = text.to_lowercase();
    let words = [WHO, WHY].into_iter().find(|words| words.iter().any(|(name, _)| *name == word)).unwrap_or_default();
    let mut named = words.iter().filter(|(_, others)| others.iter().any(|other| lower.contains(other)));
    named.next().is_some_and(|(name, _)| *name == word) && named.next().is_none()
}
