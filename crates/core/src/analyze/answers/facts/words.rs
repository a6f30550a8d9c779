//! The sentences and the few words in which measured facts are told.

use crate::analyze::answers::facts::chosen::is_of;
use crate::analyze::measure::Found;
use crate::analyze::text::{FrameNoun, FrameRanges, Span, Text};
use crate::facts::{End, Fact, Latitude, Ordinal, Value, Which};
use crate::lab::{Select, Step};
use socklab_packets::types::Protocol;

/// Facts, and values of one of them, that the few words of an answer name.
const LISTED: usize = 3;

/// The places of data segments in words; those behind have their numbers.
const ORDINALS: [&str; 10] =
    ["first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"];

/// What a claim is about: `Sequence number, third data segment of the client: `.
pub(super) fn sentence(steps: &[Step], select: &Select, place: Option<Ordinal>) -> String {
    let (fact, selection) = (select.fact, &select.selection);
    // A title begins with a small letter, since forms use it inside sentences.
    let mut letters = fact.title.chars();
    let mut about: String = letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect();
    let is_of = |protocol: Protocol| {
        fact.over.has(protocol) && is_of(select, protocol) && steps.iter().any(|step| step.runs(protocol))
    };
    let (noun, stream) = match (is_of(Protocol::Tcp), is_of(Protocol::Udp)) {
        (false, true) => ("datagram", "conversation"),
        _ => ("data segment", "connection"),
    };
    let named = |noun: &str| match place {
        Some(Ordinal::Last) => format!("last {noun}"),
        Some(Ordinal::Nth(number)) => match ORDINALS.get(number.saturating_sub(1) as usize) {
            Some(ordinal) if selection.segment.is_some() => format!("{ordinal} {noun}"),
            _ => format!("{noun} {number}"),
        },
        None => String::new(),
    };
    match (place, selection.flag, selection.side) {
        (Some(_), _, None) if selection.segment.is_none() => {
            about.push_str(&format!(", {} of the {stream}", named("frame")));
        }
        (Some(_), _, side) => {
            let noun = if selection.segment.is_none() { "frame" } else { noun };
            about.push_str(&format!(", {} of the {}", named(noun), side.unwrap_or(End::Client)));
        }
        (_, Some(flag), Some(side)) => about.push_str(&format!(" of the {side}'s {}", flag.name())),
        (_, Some(flag), None) => about.push_str(&format!(" of the {}", flag.name())),
        (_, None, Some(side)) => about.push_str(&format!(", {side}'s side")),
        (None, None, None) => {}
    }
    match selection.connection {
        Some(Which::Nth(number)) => about.push_str(&format!(", {stream} {number}")),
        Some(Which::Last) => about.push_str(&format!(", last {stream}")),
        Some(Which::All) | None => {}
    }
    about.push_str(&select.client.map(|client| format!(", client on {client}")).unwrap_or_default());
    about.push_str(&select.step.as_ref().map(|step| format!(", {}", step.name())).unwrap_or_default());
    about.push_str(&selection.protocol.map(|protocol| format!(", {protocol}")).unwrap_or_default());
    about.push_str(": ");
    about
}

/// A value with the frames that show it.
pub(super) fn claim(about: &str, fact: &Fact, found: &Found) -> Text {
    let unit = unit(fact).unwrap_or_default();
    let mut text = Text::from(about);
    match &found.value {
        Value::Frames(frames) if !frames.is_empty() => {
            let frames = FrameRanges::of(frames.iter().copied());
            text.push(Span::Frames { file: None, frames, noun: FrameNoun::None });
        }
        Value::Socket(address) => text.push(*address),
        Value::Text(sent) => text.push(format!("'{}'", in_one_line(sent))),
        value => text.push(format!("{value}{unit}")),
    }
    // Where either way of counting is right, the value is the relative one, as Wireshark shows it.
    let way = if fact.either { "raw" } else { "relative" };
    text.push(found.other.as_ref().map(|other| format!(" ({way} {other})")).unwrap_or_default());
    text.push(found.uncaptured.map(|uncaptured| format!(" {uncaptured}")).unwrap_or_default());
    text.push(".");
    text
}

/// What was sent may have line breaks.
fn in_one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The first facts, each with the name under which the question asks for it.
pub(super) fn short(shown: &[String]) -> String {
    let more = shown.len().saturating_sub(LISTED);
    match (shown, more) {
        ([], _) => "not in these captures".to_owned(),
        (shown, 0) => shown.join("; "),
        (shown, more) => format!("{}; {more} more", shown.iter().take(LISTED).cloned().collect::<Vec<_>>().join("; ")),
    }
}

/// The values of an ask in a few words.
pub(super) fn listed(fact: &Fact, values: &[(Value, Option<Value>)], room: &[Latitude]) -> String {
    let first: Vec<String> = values.iter().take(LISTED).map(|(value, _)| in_one_line(&value.to_string())).collect();
    let dots = if values.len() > LISTED { ", …" } else { "" };
    let unit = unit(fact).filter(|_| !values.is_empty()).unwrap_or_default();
    let part = if room.iter().any(|room| *room != Latitude::None) { " (in part)" } else { "" };
    first.join(", ") + dots + &unit + part
}

/// The unit of a fact's values, behind them.
fn unit(fact: &Fact) -> Option<String> {
    fact.kind.unit().map(|unit| format!(" {unit}"))
}
