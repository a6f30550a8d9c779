//! Any list of facts, each of a connection, a side or a frame that the question selects.
//!
//! What is measured and how is said in [`crate::facts`] and `measure`; here connections are picked by step and number, and
//! what was measured becomes claims.

use crate::analyze::analysis::{Answer, Evidence, Facts, Measured, MeasuredFacts, OtherRun, Status};
use crate::analyze::answers::kind::{Needs, QuestionKind};
use crate::analyze::answers::open_at_once;
use crate::analyze::claims::draft::NOT_TOLD;
use crate::analyze::claims::{Draft, tcp_evidence, udp_evidence};
use crate::analyze::conversation::{LabConversation, TcpSighting, UdpSighting};
use crate::analyze::distinct::distinct;
use crate::analyze::matching::{Doubt, Known, LabView, in_time};
use crate::analyze::measure::{Found, Missing, Part, Stream, Uncaptured, measure};
use crate::analyze::row::RowFrame;
use crate::analyze::story::Moment;
use crate::analyze::text::{FrameNoun, FrameRanges, Span, Text};
use crate::facts::{End, Fact, Latitude, Name, Ordinal, Ordinals, Selection, StepFact, Value, Which};
use crate::lab::{Question, Select, Step};
use socklab_packets::track::HandshakeState;
use socklab_packets::types::{Protocol, SocketAddress};

/// Connections of which each is asked for with `connection = "all"`.
const MOST_CONNECTIONS: usize = 100;

/// Facts, and values of one of them, that the few words of an answer name.
const LISTED: usize = 3;

/// Runs of a step's client by which a question is answered besides.
const MOST_RUNS: usize = 16;

/// The kind of question.
pub(super) const KIND: QuestionKind = QuestionKind {
    name: "facts",
    about: "Any facts of a step's connections, sides and frames, each selected by the question.",
    needs: Needs::AnyClients,
    facts: &[],
    answer,
};

/// Where a connection or conversation begins: a capture, and a frame.
type Begin = (usize, RowFrame);

/// A connection or conversation that facts are asked of, as the capture shows it that shows most.
enum Chosen<'v> {
    Tcp(&'v TcpSighting),
    Udp(&'v UdpSighting),
}

impl Chosen<'_> {
    /// Its capture and its first frame there, which no other one has.
    fn begin(&self) -> Begin {
        match self {
            Chosen::Tcp(sighting) => (sighting.capture, sighting.connection.first_frame),
            Chosen::Udp(sighting) => (sighting.capture, sighting.conversation.first_frame),
        }
    }

    /// Its protocol.
    fn protocol(&self) -> Protocol {
        match self {
            Chosen::Tcp(_) => Protocol::Tcp,
            Chosen::Udp(_) => Protocol::Udp,
        }
    }

    /// Its client and its server.
    fn ends(&self) -> [SocketAddress; 2] {
        match self {
            Chosen::Tcp(sighting) => [sighting.client(), sighting.server()],
            Chosen::Udp(sighting) => [sighting.client(), sighting.server()],
        }
    }
}

/// Answers with all that is asked for.
fn answer(view: &LabView<'_>, question: &Question) -> Answer {
    let mut draft = Draft::default();
    if question.asks().is_empty() {
        draft.expected(question);
        draft.short("only an explanation is asked for");
        let facts = Facts::Measured(MeasuredFacts(Vec::new()));
        return draft.finish(view, question, Status::NotAsked, facts);
    }
    let (mut facts, mut shown) = (Vec::new(), Vec::new());
    for ask in question.asks() {
        let Some(select) = &ask.select else { continue };
        let told = of_ask(view, question, select, None, &mut draft);
        shown.extend(told.as_ref().map(|told| format!("{} {}", ask.key, listed(told))));
        facts.push(measured(&ask.key, select, told));
    }
    let found = facts.iter().filter(|fact| fact.values.is_some()).count();
    let status = match found {
        0 => Status::NotInCapture,
        _ if found == facts.len() => Status::Observed,
        _ => Status::Partial,
    };
    let doubts: Vec<&Doubt> =
        question.asks().iter().filter_map(|ask| doubt_of(view, question, ask.select.as_ref()?)).collect();
    doubts.iter().for_each(|doubt| draft.missing(doubt.remedy()));
    let is_part = facts.iter().any(Measured::is_part);
    let status = if doubts.is_empty() && !is_part { status } else { Status::Partial };
    if found == 0 && doubts.is_empty() {
        draft.expected(question);
        draft.missing_captures(question);
    }
    match shown.is_empty() && !doubts.is_empty() {
        true => draft.short(NOT_TOLD),
        false => draft.short(short(&shown)),
    }
    let other_runs = other_runs(view, question, &facts);
    Answer { other_runs, ..draft.finish(view, question, status, Facts::Measured(MeasuredFacts(facts))) }
}

/// The values of an ask as they are told.
struct Told {
    values: Vec<(Value, Option<Value>)>,
    /// What each of them leaves open.
    room: Vec<Latitude>,
}

fn measured(key: &str, select: &Select, told: Option<Told>) -> Measured {
    let (values, room) = told.map(|told| (told.values, told.room)).unzip();
    Measured { key: key.to_owned(), fact: select.fact, values, room: room.unwrap_or_default() }
}

/// The facts by each further run of a client that the sheet has run once, where they are of its first connection.
fn other_runs(view: &LabView<'_>, question: &Question, facts: &[Measured]) -> Vec<OtherRun> {
    let asks = || question.asks().iter().filter_map(|ask| ask.select.as_ref());
    let of_first = |select: &Select| {
        let steps = steps_of(question, select);
        let is_alone = matches!(steps, [step] if step.has_one_client());
        is_alone && takes_the_first(select) && doubt_of(view, question, select).is_none()
    };
    let mut runs: Vec<(&[Step], Chosen<'_>)> = Vec::new();
    for select in asks().filter(|select| of_first(select)) {
        let steps = steps_of(question, select);
        let (streams, is_ordered) = chosen(view, steps, select, None);
        for stream in streams.into_iter().skip(usize::from(is_ordered)) {
            if runs.len() < MOST_RUNS && runs.iter().all(|(_, run)| run.begin() != stream.begin()) {
                runs.push((steps, stream));
            }
        }
    }
    let of_run = |(steps, run): (&[Step], Chosen<'_>)| {
        let one = |(select, known): (&Select, &Measured)| match of_first(select) && steps_of(question, select) == steps
        {
            true => {
                let told = of_ask(view, question, select, Some(run.begin()), &mut Draft::default());
                measured(&known.key, select, told)
            }
            false => known.clone(),
        };
        let facts = MeasuredFacts(asks().zip(facts).map(one).collect());
        let (client, file) = (run.ends()[0], view.file(run.begin().0).to_owned());
        OtherRun { protocol: run.protocol(), client, file, facts }
    };
    runs.into_iter().map(of_run).collect()
}

/// Whether an ask is of the first connection because it names none.
pub(super) fn takes_the_first(select: &Select) -> bool {
    select.selection.connection.is_none()
        && !matches!(select.fact.name, Name::Step(_) | Name::Constant(_) | Name::Words(_))
}

/// Whether an ask is of all connections together.
pub(super) fn takes_all(select: &Select) -> bool {
    select.selection.connection == Some(Which::All) || matches!(select.fact.name, Name::Step(_))
}

/// The steps that are asked about.
fn steps_of<'q>(question: &'q Question, select: &'q Select) -> &'q [Step] {
    select.step.as_ref().map_or(question.steps(), std::slice::from_ref)
}

/// What the captures do not tell of the steps and hosts that are asked about.
fn doubt_of<'v>(view: &'v LabView<'_>, question: &Question, select: &Select) -> Option<&'v Doubt> {
    view.doubt_about(steps_of(question, select), select.client)
}

/// The value of an ask about a connection that may be one of several, where it is the same for all of them.
fn of_any(view: &LabView<'_>, select: &Select, doubt: &Doubt, draft: &mut Draft) -> Option<Told> {
    let (fact, selection) = (select.fact, &select.selection);
    let of_first = doubt.is_whole && selection.connection.is_none() && !matches!(fact.name, Name::Step(_));
    let streams = chosen(view, &doubt.steps, &Select { client: None, ..select.clone() }, None).0;
    let of_first = of_first.then_some(streams.as_slice());
    same_of_all(view, (&doubt.steps, select), of_first.unwrap_or_default(), &doubt.what(), draft)
}

/// The value of an ask where it is the same for each of these connections; else it is not known, and why.
fn same_of_all(
    view: &LabView<'_>,
    (steps, select): (&[Step], &Select),
    streams: &[Chosen<'_>],
    why: &str,
    draft: &mut Draft,
) -> Option<Told> {
    let (fact, selection) = (select.fact, &select.selection);
    let values = |stream: &Chosen<'_>| -> Option<Vec<(Found, Vec<Evidence>)>> {
        let parts = parts(selection).into_iter();
        parts.map(|part| of_stream(view, steps, (Some(stream), streams.len()), fact, part).ok()).collect()
    };
    let plain = |found: &[(Found, Vec<Evidence>)]| -> Vec<(Value, Option<Value>)> {
        found.iter().map(|(found, _)| (found.value.clone(), found.other.clone())).collect()
    };
    let all: Option<Vec<_>> = streams.iter().map(values).collect();
    let same = all.filter(|all| all.windows(2).all(|pair| matches!(pair, [one, next] if plain(one) == plain(next))));
    let Some(first) = same.and_then(|all| all.into_iter().next()) else {
        draft.unknown(format!("{}not known, because {}.", sentence(steps, select, None), why));
        return None;
    };
    let told = Told { values: plain(&first), room: first.iter().map(|(found, _)| found.room).collect() };
    for ((found, evidence), part) in first.into_iter().zip(parts(selection)) {
        let text = claim(&sentence(steps, select, part.segment.or(part.frame)), fact, &found);
        // What is so everywhere rests on no frame.
        if evidence.is_empty() { draft.inferred(text, evidence) } else { draft.proved(text, evidence) }
    }
    Some(told)
}

/// The values of one ask in order, each of which becomes a claim; `None` where one of them is not known. `only` is the one
/// connection that is looked at.
fn of_ask(
    view: &LabView<'_>,
    question: &Question,
    select: &Select,
    only: Option<Begin>,
    draft: &mut Draft,
) -> Option<Told> {
    let (fact, selection) = (select.fact, &select.selection);
    let steps = steps_of(question, select);
    if let Some(doubt) = doubt_of(view, question, select) {
        return of_any(view, select, doubt, draft);
    }
    if fact.name == Name::Step(StepFact::OpenAtOnce) {
        let about = sentence(steps, select, None);
        return match open_at_once::of(view, steps, select.client, &runs(view, steps, select)) {
            Ok((value, evidence)) => {
                draft.proved(format!("{about}{value}."), evidence);
                Some(Told { values: vec![(value, None)], room: vec![Latitude::None] })
            }
            Err(missing) => {
                missing.into_iter().for_each(|missing| draft.unknown(format!("{about}not known, because {missing}.")));
                None
            }
        };
    }
    if let Name::Step(which) = fact.name {
        let (value, evidence) = of_step(view, steps, which, select)?;
        let about = sentence(steps, select, None);
        let (streams, _) = chosen(view, steps, select, None);
        let is_part = open_at_once::lacks_a_host(view, steps, select.client, streams.iter().map(Chosen::ends));
        let lacks_frames = |stream: &Chosen<'_>| {
            let found = crate::facts::fact("frame_count")
                .map(|fact| of_stream(view, steps, (Some(stream), streams.len()), fact, Part::default()));
            matches!(found, Some(Ok((found, _))) if found.uncaptured.is_some())
        };
        let is_sum = matches!(which, StepFact::AllFrames | StepFact::AllPayloadBytes);
        let room = if is_part {
            let text = format!("{about}{value} in these captures, which do not show the clients of all hosts.");
            draft.inferred(text, evidence);
            Latitude::Unproved(None)
        } else if is_sum && streams.iter().any(lacks_frames) {
            let text = format!("{about}{value} in these captures, which do not hold all of the connections.");
            draft.proved(text, evidence);
            Latitude::More(None)
        } else {
            draft.proved(format!("{about}{value}."), evidence);
            Latitude::None
        };
        return Some(Told { values: vec![(value, None)], room: vec![room] });
    }
    let (streams, is_ordered) = chosen(view, steps, select, only);
    if !is_ordered && selection.connection != Some(Which::All) {
        return same_of_all(view, (steps, select), &streams, NO_ORDER, draft);
    }
    let wanted: Vec<usize> = match selection.connection {
        None => vec![0],
        Some(Which::Nth(number)) => vec![usize::try_from(number).unwrap_or(usize::MAX).saturating_sub(1)],
        // Where there is none, the first one is missing.
        Some(Which::Last) => vec![streams.len().saturating_sub(1)],
        Some(Which::All) => (0..streams.len().min(MOST_CONNECTIONS)).collect(),
    };
    let several = wanted.len() > 1;
    let mut told = Told { values: Vec::new(), room: Vec::new() };
    let mut whole = !wanted.is_empty();
    for place in wanted {
        let number = several.then(|| place.saturating_add(1));
        for part in parts(selection) {
            let about = sentence(steps, select, part.segment.or(part.frame));
            let about = match (number, streams.get(place)) {
                (None, _) => about,
                (Some(_), Some(stream)) if !is_ordered => format!("Connection of {}: {about}", stream.ends()[0]),
                (Some(number), _) => format!("Connection {number}: {about}"),
            };
            match of_stream(view, steps, (streams.get(place), streams.len()), fact, part) {
                Ok((found, evidence)) => {
                    let text = claim(&about, fact, &found);
                    // What is so everywhere rests on no frame.
                    if evidence.is_empty() {
                        draft.inferred(text, evidence)
                    } else {
                        draft.proved(text, evidence)
                    }
                    told.room.push(found.room);
                    told.values.push((found.value, found.other));
                }
                Err(missing) => {
                    draft.unknown(format!("{about}not known, because {missing}."));
                    whole = false;
                }
            }
        }
    }
    whole.then_some(told)
}

/// Why it is not known which connection was the first.
const NO_ORDER: &str =
    "the clocks of these captures cannot be compared, so that nothing tells the order of the connections";

/// The connections or conversations of the steps, in the order of their first frames, and whether that is told: those that
/// were made, or where none was, the attempts; or one of them alone.
fn chosen<'v>(
    view: &'v LabView<'_>,
    steps: &'v [Step],
    select: &Select,
    only: Option<Begin>,
) -> (Vec<Chosen<'v>>, bool) {
    let is_wanted = |of: Protocol| select.fact.over.has(of) && is_of(select, of);
    let mut made: Vec<Known<'v>> = Vec::new();
    if is_wanted(Protocol::Tcp) {
        made = view.runs_of(steps);
        if made.is_empty() {
            made = view.of_steps(steps).collect();
        }
        made.retain(|known| is_from(view, select, known.connection.client()));
    }
    let mut begins: Vec<Option<Moment>> = made.iter().map(|known| known.timeline.find(|seen| seen.first)).collect();
    let tcp = made.into_iter().map(|known| Chosen::Tcp(known.connection.best()));
    let conversations = view.conversations_of(steps).filter(|_| is_wanted(Protocol::Udp));
    let conversations = conversations.filter(|conversation| is_from(view, select, conversation.client()));
    let udp: Vec<&UdpSighting> = conversations.map(LabConversation::best).collect();
    begins.extend(udp.iter().map(|sighting| Some(Moment::begin_of(sighting))));
    let all: Vec<Chosen<'v>> = tcp.chain(udp.into_iter().map(Chosen::Udp)).collect();
    let clients = distinct(all.iter().map(|one| view.hosts.computer(one.ends()[0].ip)));
    let (order, is_told) = in_time(&begins, clients.len() < 2, view.times());
    let mut all: Vec<Option<Chosen<'v>>> = all.into_iter().map(Some).collect();
    let mut all: Vec<Chosen<'v>> = order.into_iter().filter_map(|place| all.get_mut(place)?.take()).collect();
    all.retain(|one| only.is_none_or(|only| one.begin() == only));
    (all, is_told || only.is_some())
}

/// Whether the selection leaves room for this protocol.
fn is_of(select: &Select, of: Protocol) -> bool {
    select.selection.protocol.is_none_or(|protocol| protocol == of)
}

/// Whether the client runs on the computer that is selected.
fn is_from(view: &LabView<'_>, select: &Select, client: SocketAddress) -> bool {
    select.client.is_none_or(|name| view.hosts.is(client.ip, name))
}

/// What is asked of a connection, one by one.
fn parts(selection: &Selection) -> Vec<Part> {
    let part = Part { side: selection.side, segment: None, frame: None, flag: selection.flag };
    let each = |places: Ordinals| places.each().into_iter().map(Some);
    match (selection.segment, selection.frame) {
        (Some(places), _) => each(places).map(|segment| Part { segment, ..part }).collect(),
        (None, Some(places)) => each(places).map(|frame| Part { frame, ..part }).collect(),
        (None, None) => vec![part],
    }
}

/// Whether the sheet leaves the connections of a step open, so that its captures end before them.
fn is_left_open(view: &LabView<'_>, step: &Step) -> bool {
    let comes_back = |later: &Step| later.during() == Some(step) || later.of().contains(step);
    step.at().open.is_some() || view.config.sheet.steps().iter().any(comes_back)
}

/// Measures a fact on a connection of the steps; `count` is how many there are.
fn of_stream(
    view: &LabView<'_>,
    steps: &[Step],
    (chosen, count): (Option<&Chosen<'_>>, usize),
    fact: &Fact,
    part: Part,
) -> Result<(Found, Vec<Evidence>), Missing> {
    let everywhere = match fact.name {
        Name::Constant(number) => Some(Value::Number(number)),
        Name::Words(words) => Some(Value::Words(words.to_vec())),
        _ => None,
    };
    if let Some(value) = everywhere {
        return Ok((
            Found { value, other: None, frames: Vec::new(), uncaptured: None, room: Latitude::None },
            Vec::new(),
        ));
    }
    let chosen = chosen.ok_or(Missing::Connection(count))?;
    let capture = |number: usize| view.captures.get(number).ok_or(Missing::Connection(count));
    let (found, evidence) = match chosen {
        Chosen::Tcp(sighting) => {
            let stream = Stream::tcp(
                capture(sighting.capture)?,
                &sighting.connection.clone().with_frames(RowFrame::number),
                sighting.client_side,
            );
            let found = measure(&stream, fact, part)?;
            let evidence = tcp_evidence(view, sighting, found.frames.iter().copied().map(RowFrame::from));
            (found, evidence)
        }
        Chosen::Udp(sighting) => {
            let stream = Stream::udp(
                capture(sighting.capture)?,
                &sighting.conversation.clone().with_frames(RowFrame::number),
                sighting.client_side,
            );
            let found = measure(&stream, fact, part)?;
            let evidence = udp_evidence(view, sighting, found.frames.iter().copied().map(RowFrame::from));
            (found, evidence)
        }
    };
    let is_wanted =
        |uncaptured: &Uncaptured| *uncaptured == Uncaptured::End && steps.iter().any(|s| is_left_open(view, s));
    let uncaptured = found.uncaptured.filter(|uncaptured| !is_wanted(uncaptured));
    let room = uncaptured.map_or(Latitude::None, |_| found.room);
    Ok((Found { uncaptured, room, ..found }, evidence))
}

/// Whether the selection leaves room for this connection.
fn is_wanted(view: &LabView<'_>, select: &Select, known: &Known<'_>) -> bool {
    is_of(select, Protocol::Tcp) && is_from(view, select, known.connection.client())
}

/// The connections of the steps that are asked about.
fn runs<'v>(view: &'v LabView<'_>, steps: &'v [Step], select: &Select) -> Vec<Known<'v>> {
    let mut runs = view.runs_of(steps);
    runs.retain(|known| is_wanted(view, select, known));
    runs
}

/// Facts of all connections of the steps.
fn of_step(view: &LabView<'_>, steps: &[Step], which: StepFact, select: &Select) -> Option<(Value, Vec<Evidence>)> {
    if which == StepFact::RefusedAttempts {
        let all: Vec<Known<'_>> = view.of_steps(steps).filter(|known| is_wanted(view, select, known)).collect();
        return refused(view, &all);
    }
    let runs = runs(view, steps, select);
    let conversations = view.conversations_of(steps).filter(|_| is_of(select, Protocol::Udp));
    let conversations: Vec<_> =
        conversations.filter(|conversation| is_from(view, select, conversation.client())).collect();
    let tcp = runs.iter().map(|known| {
        let sighting = known.connection.best();
        tcp_evidence(view, sighting, [sighting.connection.first_frame])
    });
    let udp = conversations.iter().map(|conversation| {
        let sighting = conversation.best();
        udp_evidence(view, sighting, [sighting.conversation.first_frame])
    });
    let evidence = Evidence::by_file(tcp.chain(udp).flatten());
    let clients = runs.iter().map(|known| known.connection.client());
    let mut clients: Vec<_> = clients.chain(conversations.iter().map(|conversation| conversation.client())).collect();
    if clients.is_empty() {
        return None;
    }
    let connections = clients.len();
    let tcp = runs.iter().map(|known| known.connection.best());
    let tcp = tcp.flat_map(|sighting| [sighting.client_sent(), sighting.server_sent()]);
    let udp = conversations.iter().map(|conversation| conversation.best());
    let udp = udp.flat_map(|sighting| [sighting.client_sent(), sighting.server_sent()]);
    let sent: Vec<(u64, u64)> = tcp
        .map(|counts| (counts.frames, counts.payload_bytes))
        .chain(udp.map(|counts| (counts.datagrams, counts.payload_bytes)))
        .collect();
    clients.sort_by_key(|client| client.ip);
    clients.dedup_by_key(|client| client.ip);
    let number = match which {
        StepFact::Clients => clients.len() as u64,
        StepFact::AllFrames => sent.iter().map(|(frames, _)| frames).sum(),
        StepFact::AllPayloadBytes => sent.iter().map(|(_, payload)| payload).sum(),
        _ => connections as u64,
    };
    Some((Value::Number(number), evidence))
}

/// How many attempts the server refused; `None` where there was none at all.
fn refused(view: &LabView<'_>, all: &[Known<'_>]) -> Option<(Value, Vec<Evidence>)> {
    let is_refused = |known: &&Known<'_>| known.connection.handshake() == HandshakeState::Refused;
    let refused: Vec<&Known<'_>> = all.iter().filter(is_refused).collect();
    let shown = if refused.is_empty() { all.iter().collect() } else { refused.clone() };
    let evidence = shown.iter().map(|known| {
        let sighting = known.connection.best();
        tcp_evidence(view, sighting, [sighting.connection.first_frame, sighting.connection.last_frame])
    });
    let evidence = Evidence::by_file(evidence.flatten());
    (!all.is_empty()).then_some((Value::Number(refused.len() as u64), evidence))
}

/// What a claim is about: `Sequence number, segment 3 of the client: `.
fn sentence(steps: &[Step], select: &Select, place: Option<Ordinal>) -> String {
    let (fact, selection) = (select.fact, &select.selection);
    // A title begins with a small letter, since forms use it inside sentences.
    let mut letters = fact.title.chars();
    let mut about: String = letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect();
    let is_of = |protocol: Protocol| {
        fact.over.has(protocol) && is_of(select, protocol) && steps.iter().any(|step| step.runs(protocol))
    };
    let (noun, stream) = match (is_of(Protocol::Tcp), is_of(Protocol::Udp)) {
        (false, true) => ("datagram", "conversation"),
        _ => ("segment with data", "connection"),
    };
    let named = |noun: &str| match place {
        Some(Ordinal::Last) => format!("last {noun}"),
        Some(Ordinal::Nth(number)) => format!("{noun} {number}"),
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
    about.push_str(&select.client.map(|client| format!(", client of {client}")).unwrap_or_default());
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
fn short(shown: &[String]) -> String {
    let more = shown.len().saturating_sub(LISTED);
    match (shown, more) {
        ([], _) => "not in these captures".to_owned(),
        (shown, 0) => shown.join("; "),
        (shown, more) => format!("{}; {more} more", shown.iter().take(LISTED).cloned().collect::<Vec<_>>().join("; ")),
    }
}

/// The values of an ask in a few words.
fn listed(told: &Told) -> String {
    let values = &told.values;
    let first: Vec<String> = values.iter().take(LISTED).map(|(value, _)| in_one_line(&value.to_string())).collect();
    let dots = if values.len() > LISTED { ", …" } else { "" };
    first.join(", ") + dots + if told.room.iter().any(|room| *room != Latitude::None) { " (in part)" } else { "" }
}
