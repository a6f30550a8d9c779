//! Any list of facts, each of a connection, a side or a frame that the question selects.
//!
//! What is measured and how is said in [`crate::facts`] and `measure`; here connections are picked by step and number, and
//! what was measured becomes claims.

use crate::analyze::analysis::{Answer, Evidence, Facts, Measured, MeasuredFacts, Status};
use crate::analyze::answers::kind::{Kind, Needs};
use crate::analyze::claims::{Draft, tcp_evidence, udp_evidence};
use crate::analyze::conversation::{LabConversation, TcpSighting, UdpSighting};
use crate::analyze::matching::{Known, LabView};
use crate::analyze::measure::{Found, Missing, Part, Stream, measure};
use crate::analyze::text::{FrameNoun, FrameRanges, Span, Text};
use crate::facts::{End, Fact, Name, Selection, StepFact, Value, Which};
use crate::lab::{Question, Select, Step};
use crate::types::Protocol;

/// Connections of which each is asked for with `connection = "all"`.
const MOST_CONNECTIONS: usize = 100;

/// Facts, and values of one of them, that the few words of an answer name.
const LISTED: usize = 3;

/// The kind of question.
pub(super) const KIND: Kind = Kind {
    name: "facts",
    about: "Any facts of a step's connections, sides and frames, each selected by the question.",
    needs: Needs::AnyClients,
    facts: &[],
    answer,
};

/// A connection or conversation that facts are asked of, as the capture shows it that shows most.
enum Chosen<'v> {
    Tcp(&'v TcpSighting),
    Udp(&'v UdpSighting),
}

/// Answers with all that is asked for.
fn answer(view: &LabView<'_>, question: &Question) -> Answer {
    let mut draft = Draft::default();
    let (mut facts, mut shown) = (Vec::new(), Vec::new());
    for ask in question.asks() {
        let Some(select) = &ask.select else { continue };
        let values = of_ask(view, question, select, &mut draft);
        shown.extend(values.as_ref().map(|values| format!("{} {}", ask.key, listed(values))));
        facts.push(Measured { key: ask.key.clone(), fact: select.fact, values });
    }
    let found = facts.iter().filter(|fact| fact.values.is_some()).count();
    let status = match found {
        0 => Status::NotInCapture,
        _ if found == facts.len() => Status::Observed,
        _ => Status::Partial,
    };
    if found == 0 {
        draft.expected(question);
        draft.missing_captures(question);
    }
    draft.short(short(&shown));
    draft.finish(view, question, status, Facts::Measured(MeasuredFacts(facts)))
}

/// The values of one ask in order, each of which becomes a claim; `None` where one of them is not known.
fn of_ask(
    view: &LabView<'_>,
    question: &Question,
    select: &Select,
    draft: &mut Draft,
) -> Option<Vec<(Value, Option<Value>)>> {
    let (fact, selection) = (select.fact, &select.selection);
    let steps = select.step.as_ref().map_or(question.steps(), std::slice::from_ref);
    if let Name::Step(which) = fact.name {
        let found = of_step(view, steps, which, selection.protocol);
        return found.map(|(value, evidence)| {
            draft.proved(format!("{}{value}.", sentence(fact, selection, None)), evidence);
            vec![(value, None)]
        });
    }
    let streams = chosen(view, steps, fact, selection.protocol);
    let wanted: Vec<usize> = match selection.connection {
        None => vec![0],
        Some(Which::Nth(number)) => vec![usize::try_from(number).unwrap_or(usize::MAX).saturating_sub(1)],
        Some(Which::All) => (0..streams.len().min(MOST_CONNECTIONS)).collect(),
    };
    let several = wanted.len() > 1;
    let mut values = Vec::new();
    let mut whole = !wanted.is_empty();
    for place in wanted {
        let number = several.then(|| place.saturating_add(1));
        for part in parts(selection) {
            let about = sentence(fact, selection, part.segment);
            let about = number.map_or(about.clone(), |number| format!("Connection {number}: {about}"));
            match of_stream(view, streams.get(place), streams.len(), fact, part) {
                Ok((found, evidence)) => {
                    let text = claim(&about, fact, &found);
                    // What is so everywhere rests on no frame.
                    if evidence.is_empty() {
                        draft.inferred(text, evidence)
                    } else {
                        draft.proved(text, evidence)
                    }
                    values.push((found.value, found.other));
                }
                Err(missing) => {
                    draft.unknown(format!("{about}not known, because {missing}."));
                    whole = false;
                }
            }
        }
    }
    whole.then_some(values)
}

/// The connections or conversations of the steps, in the order of their first frames: those that were made, or where none
/// was, the attempts.
fn chosen<'v>(view: &'v LabView<'_>, steps: &'v [Step], fact: &Fact, protocol: Option<Protocol>) -> Vec<Chosen<'v>> {
    let is_wanted = |of: Protocol| fact.over.has(of) && protocol.is_none_or(|protocol| protocol == of);
    let mut made: Vec<Known<'v>> = Vec::new();
    if is_wanted(Protocol::Tcp) {
        made = view.runs_of(steps);
        if made.is_empty() {
            made = view.of_steps(steps).collect();
        }
    }
    let tcp = made.into_iter().map(|known| Chosen::Tcp(known.connection.best()));
    let conversations = view.conversations_of(steps).filter(|_| is_wanted(Protocol::Udp));
    tcp.chain(conversations.map(|conversation: &LabConversation| Chosen::Udp(conversation.best()))).collect()
}

/// What is asked of a connection, one by one.
fn parts(selection: &Selection) -> Vec<Part> {
    let part = Part { side: selection.side, segment: None, flag: selection.flag };
    match selection.segment {
        None => vec![part],
        Some(range) => (range.first..=range.last).map(|number| Part { segment: Some(number), ..part }).collect(),
    }
}

/// Measures a fact on a connection; `count` is how many there are.
fn of_stream(
    view: &LabView<'_>,
    chosen: Option<&Chosen<'_>>,
    count: usize,
    fact: &Fact,
    part: Part,
) -> Result<(Found, Vec<Evidence>), Missing> {
    if let Name::Constant(number) = fact.name {
        return Ok((Found { value: Value::Number(number), other: None, frames: Vec::new() }, Vec::new()));
    }
    let chosen = chosen.ok_or(Missing::Connection(count))?;
    let capture = |number: usize| view.captures.get(number).ok_or(Missing::Connection(count));
    let (found, evidence) = match chosen {
        Chosen::Tcp(sighting) => {
            let stream = Stream::tcp(capture(sighting.capture)?, &sighting.connection, sighting.client_side);
            let found = measure(&stream, fact, part)?;
            let evidence = tcp_evidence(view, sighting, found.frames.iter().copied());
            (found, evidence)
        }
        Chosen::Udp(sighting) => {
            let stream = Stream::udp(capture(sighting.capture)?, &sighting.conversation, sighting.client_side);
            let found = measure(&stream, fact, part)?;
            let evidence = udp_evidence(view, sighting, found.frames.iter().copied());
            (found, evidence)
        }
    };
    Ok((found, vec![evidence]))
}

/// Facts of all connections of the steps.
fn of_step(
    view: &LabView<'_>,
    steps: &[Step],
    which: StepFact,
    protocol: Option<Protocol>,
) -> Option<(Value, Vec<Evidence>)> {
    let is_wanted = |of: Protocol| protocol.is_none_or(|protocol| protocol == of);
    let runs = if is_wanted(Protocol::Tcp) { view.runs_of(steps) } else { Vec::new() };
    let conversations: Vec<_> = view.conversations_of(steps).filter(|_| is_wanted(Protocol::Udp)).collect();
    let tcp = runs.iter().map(|known| {
        let sighting = known.connection.best();
        tcp_evidence(view, sighting, [sighting.connection.first_frame])
    });
    let udp = conversations.iter().map(|conversation| {
        let sighting = conversation.best();
        udp_evidence(view, sighting, [sighting.conversation.first_frame])
    });
    let evidence = Evidence::by_file(tcp.chain(udp));
    let clients = runs.iter().map(|known| known.connection.client());
    let mut clients: Vec<_> = clients.chain(conversations.iter().map(|conversation| conversation.client())).collect();
    if clients.is_empty() {
        return None;
    }
    let connections = clients.len();
    clients.sort_by_key(|client| client.ip);
    clients.dedup_by_key(|client| client.ip);
    let number = match which {
        StepFact::Connections => connections,
        StepFact::Clients => clients.len(),
    };
    Some((Value::Number(number as u64), evidence))
}

/// What a claim is about: `Sequence number, segment 3 of the client: `.
fn sentence(fact: &Fact, selection: &Selection, segment: Option<u32>) -> String {
    // A title begins with a small letter, since forms use it inside sentences.
    let mut letters = fact.title.chars();
    let mut about: String = letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect();
    let noun = if fact.over.has(Protocol::Tcp) { "segment with data" } else { "datagram" };
    match (segment, selection.flag, selection.side) {
        (Some(number), _, side) => {
            let side = side.unwrap_or(End::Client);
            about.push_str(&format!(", {noun} {number} of the {side}"));
        }
        (_, Some(flag), Some(side)) => about.push_str(&format!(", {} of the {side}", flag.name())),
        (_, Some(flag), None) => about.push_str(&format!(", {}", flag.name())),
        (_, None, Some(side)) => about.push_str(&format!(", {side}'s side")),
        (None, None, None) => {}
    }
    about.push_str(": ");
    about
}

/// A value with the frames that show it.
fn claim(about: &str, fact: &Fact, found: &Found) -> Text {
    let unit = fact.kind.unit().map(|unit| format!(" {unit}")).unwrap_or_default();
    let mut text = Text::from(about);
    match &found.value {
        Value::Frames(frames) if !frames.is_empty() => {
            let frames = FrameRanges::of(frames.iter().copied());
            text.push(Span::Frames { file: None, frames, noun: FrameNoun::None });
        }
        Value::Socket(address) => text.push(*address),
        value => text.push(format!("{value}{unit}")),
    }
    // Where either way of counting is right, the value is the relative one, as Wireshark shows it.
    let way = if fact.either { "raw" } else { "relative" };
    text.push(found.other.as_ref().map(|other| format!(" ({way} {other})")).unwrap_or_default());
    text.push(".");
    text
}

/// The first facts, each with the name under which the question asks for it.
fn short(shown: &[String]) -> String {
    let more = shown.len().saturating_sub(LISTED);
    match (shown, more) {
        ([], _) => "not in these captures".to_owned(),
        (shown, 0) => shown.join("; "),
        (shown, more) => format!("{}; {more} more", shown.iter().take(LISTED).cloned().collect::<Vec<_>>().join("; ")),
    }
}

/// The values of an ask in a few words.
fn listed(values: &[(Value, Option<Value>)]) -> String {
    let first: Vec<String> = values.iter().take(LISTED).map(|(value, _)| value.to_string()).collect();
    let dots = if values.len() > LISTED { ", …" } else { "" };
    first.join(", ") + dots
}
