//! What a student wrote, held against the value of a fact: lenient in how it is written, strict in what it says.

use std::collections::BTreeSet;
use std::iter::repeat_n;
use std::net::{IpAddr, Ipv4Addr};

use socklab_core::facts::{Ends, Fact, FactType, Name, Tolerance, Value};
use socklab_packets::types::{FrameNumber, SocketAddress};

use super::beside::is_harmless;
use super::frames::read_frames;
use super::numbers::{WrittenNumber, average, bytes, is_grouped, one_whole, rate, seconds, whole};
use super::otherwise::Otherwise;
use super::plain::{Reason, plain};
use super::units;
use super::words::{flags, letters, listed, word, yes_no};

/// Differences below this many seconds are those of clocks that show microseconds.
const MICROSECOND: f64 = 1e-6;

/// Rounding may change a value by no more than this part of it.
const MOST_ROUNDING: f64 = 0.05;

/// How an answer compares with the value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Judgement {
    /// It is right.
    Right,
    /// It is the number counted in the other way, relative instead of raw or raw instead of relative, which the fact does
    /// not take.
    OtherCounting,
    /// It is right in a reading that is possible and not the usual one, so that only a person can tell what is meant.
    Unclear,
    /// It is of another value.
    Wrong,
}

impl Judgement {
    fn of(is_right: bool) -> Judgement {
        if is_right { Judgement::Right } else { Judgement::Wrong }
    }
}

/// Holds what was written against the value. `other` is the same number counted in the other way, where there is one.
///
/// # Errors
/// With what is wrong, where it cannot be read as such a value.
pub(super) fn judge(fact: &Fact, value: &Value, other: Option<&Value>, text: &str) -> Result<Judgement, Reason> {
    let fit = fits(fact, value, text)?;
    let other = match other {
        Some(other) if fit != Judgement::Right => fits(fact, other, text)? == Judgement::Right,
        _ => false,
    };
    Ok(match (other, fact.either) {
        (true, true) => Judgement::Right,
        (true, false) => Judgement::OtherCounting,
        (false, _) => fit,
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
pub(crate) fn judge_each(fact: &Fact, wanted: &[(Value, Option<Value>)], text: &str) -> Result<Vec<Judgement>, Reason> {
    let given = items(fact, text, wanted.len());
    let one = |(value, other): &(Value, Option<Value>), item: &ListItem| {
        let judged = |text: &str| judge(fact, value, other.as_ref(), text);
        let found = judged(&item.text)?;
        let is_unclear = found == Judgement::Wrong
            && item.alone.as_deref().is_some_and(|alone| judged(alone) == Ok(Judgement::Right));
        Ok(if is_unclear { Judgement::Unclear } else { found })
    };
    // Whose connection is which is no part of the question.
    let is_set = matches!(fact.name, Name::Ends(_)) && wanted.len() > 1;
    if !is_set && given.len() != wanted.len() {
        return Err(another_number(wanted.len(), given.len()));
    }
    if !is_set {
        let judged = wanted.iter().zip(&given).map(|(wanted, item)| one(wanted, item));
        let judged = judged.collect::<Result<Vec<Judgement>, Reason>>()?;
        // What separates values may stand inside of one that is meant for each: `PSH, ACK`, `1,448`.
        let is_one = || {
            let whole = |(value, other): &(Value, Option<Value>)| judge(fact, value, other.as_ref(), text);
            wanted.len() > 1 && wanted.iter().all(|wanted| whole(wanted) == Ok(Judgement::Right))
        };
        let is_right = judged.iter().all(|judgement| *judgement == Judgement::Right);
        return if !is_right && is_one() { Err(another_number(wanted.len(), 1)) } else { Ok(judged) };
    }
    // Where one cannot be read, it is not known to be wrong.
    given.iter().try_for_each(|item| item_readable(fact, item))?;
    let surplus = given.len().saturating_sub(wanted.len());
    let mut left = given;
    let find = |wanted| {
        let place = left.iter().position(|item| one(wanted, item) == Ok(Judgement::Right));
        place.map_or(Judgement::Wrong, |place| {
            left.remove(place);
            Judgement::Right
        })
    };
    Ok(wanted.iter().map(find).chain(repeat_n(Judgement::Wrong, surplus)).collect())
}

/// The frames that were written of each of several lists of a fact, in order; `None` where they are not so many, or cannot
/// be read.
pub(crate) fn frames_of_each(fact: &Fact, count: usize, text: &str) -> Option<Vec<BTreeSet<FrameNumber>>> {
    let lists = items(fact, text, count);
    let one = |list: &ListItem| {
        let (frames, _) = frames_in(fact, &list.text).ok()?;
        Some(frames.into_iter().map(FrameNumber).collect())
    };
    (lists.len() == count).then(|| lists.iter().map(one).collect()).flatten()
}

/// Whether what was written can be read as so many values of the fact; 0 is for any number of them.
///
/// # Errors
/// With what is wrong.
pub(crate) fn readable(fact: &Fact, count: usize, text: &str) -> Result<(), Reason> {
    let items = items(fact, text, count);
    if count > 0 && items.len() != count {
        return Err(another_number(count, items.len()));
    }
    items.iter().try_for_each(|item| item_readable(fact, item))
}

fn item_readable(fact: &Fact, item: &ListItem) -> Result<(), Reason> {
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
    fits(fact, &any, &item.text).map(drop)
}

/// An item of a list.
pub(super) struct ListItem {
    /// What is written of it, with the unit that stands at the end of the list.
    pub(super) text: String,
    /// The same without that unit, where others of the list have units of their own: then either may be meant.
    alone: Option<String>,
}

/// The items of a list of so many; 0 is for any number of them.
pub(super) fn items(fact: &Fact, text: &str, count: usize) -> Vec<ListItem> {
    let text = without_places(&plain(text), count);
    let plainly = |texts: Vec<String>| texts.into_iter().map(|text| ListItem { text, alone: None }).collect();
    if count == 1 {
        return plainly(vec![text]);
    }
    if let Some(one) = for_all(&text, count) {
        return plainly(vec![one.to_owned(); count.max(1)]);
    }
    let is_measured =
        matches!(fact.kind, FactType::Bytes | FactType::AverageBytes | FactType::Seconds | FactType::BytesPerSecond);
    if !is_measured {
        return plainly(split(fact, &text, count));
    }
    // Without the unit at its end a list may have spaces between its items: `20.5 20.6 ms`.
    let (list, unit) = units::shared(&text).unwrap_or((&text, ""));
    let mut texts = split(fact, list, count);
    texts.last_mut().into_iter().for_each(|last| last.push_str(unit));
    with_units(texts)
}

/// A list without the places that its items are given: `1: 3.68, 2: 6.73`.
fn without_places(text: &str, count: usize) -> String {
    let mut rest = text;
    let mut bare = String::new();
    for place in 1..=count {
        let number = place.to_string();
        let after = |mark: &str| {
            let at = rest.find(&format!("{number}{mark} "))?;
            let (before, behind) = rest.split_at_checked(at)?;
            Some((before, behind.get(number.len().saturating_add(mark.len())..)?))
        };
        let Some((before, behind)) = after(":").or_else(|| after(")")) else { return text.to_owned() };
        // A place stands at the beginning, or behind the mark that ends the item before.
        let is_begin = if place == 1 { before.is_empty() } else { before.ends_with([' ', '\n', ',', ';']) };
        if !is_begin {
            return text.to_owned();
        }
        bare.push_str(before);
        rest = behind.trim_start();
    }
    if count < 2 { text.to_owned() } else { bare + rest }
}

/// The value that is said to be that of each: `1448 each`, `all 1448`, `je 1448`; of two, `both 1448`.
fn for_all(text: &str, count: usize) -> Option<&str> {
    let behind = |word| text.strip_prefix(word).filter(|rest| rest.starts_with([' ', ':'])).map(str::trim);
    let text_before = text.trim_end_matches('.');
    let before = |word: &&str| text_before.strip_suffix(*word).map(str::trim);
    let of_two = |words: &'static [&'static str]| words.iter().filter(move |_| count == 2);
    let before = [" each", " (each)"].iter().chain(of_two(&[" both", " (both)"])).find_map(before);
    let words = ["all", "each", "je", "jeweils"].iter().chain(of_two(&["both", "beide"]));
    before.or_else(|| words.copied().find_map(behind))
}

/// The items of a list, each with the unit that is meant: its own, that of the next one that has one, or else of the one
/// before. Only where nothing but the end of the list has a unit, it is sure to be meant for all.
fn with_units(texts: Vec<String>) -> Vec<ListItem> {
    let units: Vec<Option<&str>> = texts.iter().map(|text| units::shared(text).map(|(_, unit)| unit)).collect();
    let (before, last) = (units.split_last().map_or(&[][..], |(_, before)| before), units.last().copied().flatten());
    let is_sure = last.is_some() && before.iter().all(Option::is_none);
    let item = |(place, text): (usize, &String)| {
        let own = units::split(text).1.trim();
        let next = units.iter().skip(place).flatten().next();
        let unit = next.or_else(|| units.iter().take(place).rev().flatten().next());
        match unit.filter(|_| own.is_empty()) {
            Some(unit) => ListItem { text: format!("{text}{unit}"), alone: (!is_sure).then(|| text.clone()) },
            None => ListItem { text: text.clone(), alone: None },
        }
    };
    texts.iter().enumerate().map(item).collect()
}

/// The texts between the marks of a list.
fn split(fact: &Fact, text: &str, count: usize) -> Vec<String> {
    let is_prose = matches!(fact.kind, FactType::Text | FactType::Words | FactType::Flags);
    // `('10.0.3.2', 40210), ('10.0.3.3', 51762)`, as Python prints socket addresses.
    let text = if fact.kind == FactType::SocketAddress { &text.replace("), (", "); (") } else { text };
    let text = if is_prose { text.to_owned() } else { text.replace(", and ", ", ").replace(" and ", ", ") };
    let split = |separator: &str| -> Vec<String> {
        text.split(separator).map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned).collect()
    };
    // A comma may stand between thousands, or in decimals: what is rarer inside a value is tried first.
    let ways = [";", "\n", "|", "\t", " / ", ", ", ",", "/", " "].map(split);
    let fitting = ways.iter().find(|items| items.len() == count).or(ways.iter().find(|items| items.len() > 1));
    fitting.or(ways.first()).cloned().unwrap_or_default()
}

fn fits(fact: &Fact, value: &Value, text: &str) -> Result<Judgement, Reason> {
    let is_right = match value {
        Value::Time(nanoseconds) => return Ok(nearest(fact, *nanoseconds as f64 / 1e9, &seconds(fact, text)?)),
        Value::Rate { .. } => return Ok(nearest(fact, value.per_second().unwrap_or(0.0), &rate(fact, text)?)),
        Value::Average { .. } => return Ok(nearest(fact, value.average().unwrap_or(0.0), &average(fact, text)?)),
        Value::Number(number) if fact.kind == FactType::Bytes => bytes(fact, text)? == *number,
        Value::Number(number) => whole(fact, &by_number(fact, text))? == *number,
        Value::Socket(address) => socket(fact, text)? == *address,
        Value::Ip(address) => ip(fact, text)? == *address,
        Value::Flags(wanted) => flags(text)? == *wanted,
        Value::Frames(frames) => return judge_frames(fact, frames, text),
        Value::YesNo(yes) => yes_no(fact, text)? == *yes,
        Value::Word(wanted) => word(fact, text)? == *wanted,
        Value::Words(wanted) => {
            let (given, wanted): (BTreeSet<_>, BTreeSet<_>) =
                (listed(fact, text)?.into_iter().collect(), wanted.iter().copied().collect());
            given == wanted
        }
        Value::Text(wanted) => return Ok(holds(&letters(text), &letters(wanted))),
    };
    Ok(Judgement::of(is_right))
}

/// What has a name and a number, by its number: `IPv4` is 4, `TCP (6)` is 6.
fn by_number(fact: &Fact, text: &str) -> String {
    let lower = plain(text).to_lowercase();
    let bare = lower.trim_end_matches('.');
    let named = match fact.name {
        Name::Ends(Ends::IpVersion) => bare.strip_prefix("ipv").or_else(|| bare.strip_prefix("ip version ")),
        Name::Ends(Ends::ProtocolNumber) => [("tcp", "6"), ("udp", "17")].into_iter().find_map(|(name, number)| {
            let brackets = [format!("{name} ({number})"), format!("{number} ({name})"), format!("{name} = {number}")];
            brackets.iter().any(|own| own == bare).then_some(number)
        }),
        _ => None,
    };
    named.map_or_else(|| text.to_owned(), str::to_owned)
}

/// A text that has more around the right one may only say what it is.
fn holds(given: &str, wanted: &str) -> Judgement {
    match given == wanted {
        true => Judgement::Right,
        false if !wanted.is_empty() && given.contains(wanted) => Judgement::Unclear,
        false => Judgement::Wrong,
    }
}

/// Right where a usual reading is, and unclear where only another one is.
fn nearest(fact: &Fact, value: f64, written: &[WrittenNumber]) -> Judgement {
    let near =
        |is_rare: bool| written.iter().any(|written| written.is_rare == is_rare && is_near(fact, value, written));
    match (near(false), near(true)) {
        (true, _) => Judgement::Right,
        (false, true) => Judgement::Unclear,
        (false, false) => Judgement::Wrong,
    }
}

fn is_near(fact: &Fact, value: f64, written: &WrittenNumber) -> bool {
    let difference = (value - written.value).abs();
    // A computer keeps decimals not quite: 10 µs less 9 µs are a little more than 1 µs to it.
    let inexact = value.abs().max(written.value.abs()) * 8.0 * f64::EPSILON;
    let is_within = |most: f64| difference <= most + inexact;
    match fact.tolerance {
        Tolerance::Exact => difference == 0.0,
        Tolerance::Rounded => {
            // A last digit may be cut instead of rounded, and a difference of two rounded times is off by one of it. An
            // average is no such difference: where zeros fill it up, it is rounded.
            let is_rounded = match fact.kind {
                FactType::AverageBytes => is_within((written.half * 2.0).max(written.filled)),
                _ => is_within(written.filled * 2.0),
            };
            is_within(MICROSECOND) || (is_rounded && is_within(value.abs() * MOST_ROUNDING))
        }
        Tolerance::Percent(percent) => is_within(value.abs() * f64::from(percent) / 100.0),
    }
}

/// What may stand beside an address.
const BESIDE_ADDRESSES: [&str; 14] = [
    "address",
    "ipv4",
    "ipv6",
    "port",
    "number",
    "host",
    "socket",
    "sender",
    "receiver",
    "source",
    "destination",
    "src",
    "dst",
    "from",
];

/// Words of an address that say something: without brackets, labels and the letters of computers. Names that the sheet has are
/// no longer there.
///
/// # Errors
/// Where another word stands among them.
fn address_words(fact: &Fact, text: &str) -> Result<Vec<String>, Reason> {
    let lower = plain(text).to_lowercase().replace("port no.", "port");
    let spaced = lower.replace("port", " ").replace(['(', ')', '\'', '"', ',', ';', '/', '='], " ");
    let says = |word: &&str| word.contains(|c: char| c.is_ascii_digit()) || word.contains("::");
    let (mut found, mut beside) = (Vec::new(), Vec::new());
    for word in spaced.split_whitespace() {
        let bare = word.trim_end_matches(['.', ':']);
        if says(&word) && !BESIDE_ADDRESSES.contains(&bare) {
            found.push(word.trim_end_matches('.').to_owned())
        } else {
            beside.push(word)
        }
    }
    // Whose address it is said to be must be whose is asked for.
    let is_end = |word: &str| match word {
        "client" => !fact.key.contains("server"),
        "server" => !fact.key.contains("client"),
        _ => word.chars().count() == 1,
    };
    let is_known = |word: &str| BESIDE_ADDRESSES.contains(&word) || is_end(word);
    match is_harmless(&beside.join(" "), is_known) {
        true => Ok(found),
        false => Err(format!("it is not clear what '{}' means", text.trim())),
    }
}

/// An IP address, perhaps with a port or a name beside it.
fn ip(fact: &Fact, text: &str) -> Result<IpAddr, Reason> {
    let unreadable = || format!("'{}' is not an IP address", text.trim());
    let as_ip = |word: &str| word.trim_matches(['[', ']']).parse::<IpAddr>().ok();
    let words = address_words(fact, text)?;
    let of_word = |word: &String| as_ip(word).or_else(|| word.parse().ok().map(|socket: SocketAddress| socket.ip));
    match words.as_slice() {
        [one] => of_word(one).ok_or_else(unreadable),
        [one, port] if port.parse::<u16>().is_ok() => as_ip(one).ok_or_else(unreadable),
        _ => Err(unreadable()),
    }
}

fn socket(fact: &Fact, text: &str) -> Result<SocketAddress, Reason> {
    let unreadable = || format!("'{}' is not a socket address; write it as 10.0.3.1:65432", text.trim());
    if let Ok(address) = text.trim().parse() {
        return Ok(address);
    }
    match address_words(fact, text)?.as_slice() {
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
pub(super) fn frames_in(fact: &Fact, text: &str) -> Result<(BTreeSet<u64>, Otherwise<BTreeSet<u64>>), Reason> {
    if matches!(plain(text).as_str(), "-" | "–" | "—") {
        return Ok((BTreeSet::new(), Otherwise::Nothing));
    }
    read_frames(&[text], Some(fact)).map_err(|wrong| wrong.reason)
}

/// A number may be one of the list or its count, and a comma may stand between thousands.
fn judge_frames(fact: &Fact, wanted: &[FrameNumber], text: &str) -> Result<Judgement, Reason> {
    let wanted: BTreeSet<u64> = wanted.iter().map(|number| number.0).collect();
    let (read, otherwise) = frames_in(fact, text)?;
    let is_right = read == wanted || one_grouped(text).is_some_and(|one| wanted == BTreeSet::from([one]));
    let may_be_right = match &otherwise {
        Otherwise::Nothing => false,
        Otherwise::Values(values) => values.contains(&wanted),
        Otherwise::Unknown => true,
    };
    Ok(match (is_right, may_be_right) {
        (true, _) => Judgement::Right,
        (false, true) => Judgement::Unclear,
        (false, false) => Judgement::Wrong,
    })
}

/// One number with thousands set apart by commas, which may be meant where frames are asked for: `1,234`.
fn one_grouped(text: &str) -> Option<u64> {
    let text = text.trim();
    let is_plain = text.contains(',') && text.chars().all(|c| c.is_ascii_digit() || c == ',');
    (is_plain && is_grouped(text)).then(|| one_whole(text).ok()).flatten()
}
