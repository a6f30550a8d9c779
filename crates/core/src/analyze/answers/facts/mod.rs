//! Any list of facts, each of a connection, a side or a frame that the question selects.
//!
//! What is measured and how is said in [`crate::facts`] and `measure`; here connections are picked by step and number, and
//! what was measured becomes claims.

mod chosen;
mod values;
mod words;

use std::cmp::Ordering;

use crate::analyze::analysis::{Answer, Evidence, Facts, Measured, MeasuredFacts, OtherRun, Status};
use crate::analyze::answers::facts::chosen::{Begin, Chosen, chosen, parts, runs, runs_not_of_sheet, steps_of};
use crate::analyze::answers::facts::values::{of_step, of_stream};
use crate::analyze::answers::facts::words::{claim, listed, sentence, short};
use crate::analyze::answers::kind::{Needs, QuestionKind};
use crate::analyze::answers::open_at_once;
use crate::analyze::claims::Draft;
use crate::analyze::claims::draft::NOT_TOLD;
use crate::analyze::matching::{Doubt, LabView};
use crate::analyze::measure::{Found, Part};
use crate::facts::{Fact, Latitude, Name, StepFact, Value, Which};
use crate::lab::{Question, Select, Step};

/// Connections of which each is asked for with `connection = "all"`.
const MOST_CONNECTIONS: usize = 100;

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
        shown
            .extend(told.as_ref().map(|told| format!("{} {}", ask.key, listed(select.fact, &told.values, &told.room))));
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
#[derive(Default)]
struct Told {
    values: Vec<(Value, Option<Value>)>,
    /// What each of them leaves open.
    room: Vec<Latitude>,
}

impl Told {
    fn one(value: Value, room: Latitude) -> Told {
        Told { values: vec![(value, None)], room: vec![room] }
    }
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
        tell(&sentence(steps, select, part.segment.or(part.frame)), fact, &found, evidence, draft);
    }
    Some(told)
}

/// Why it is not known which connection was the first.
const NO_ORDER: &str =
    "the clocks of these captures cannot be compared, so that nothing tells the order of the connections";

/// The values of one ask in order, each of which becomes a claim; `None` where one of them is not known. `only` is the one
/// connection that is looked at.
fn of_ask(
    view: &LabView<'_>,
    question: &Question,
    select: &Select,
    only: Option<Begin>,
    draft: &mut Draft,
) -> Option<Told> {
    let steps = steps_of(question, select);
    if let Some(doubt) = doubt_of(view, question, select) {
        return of_any(view, select, doubt, draft);
    }
    match select.fact.name {
        Name::Step(StepFact::OpenAtOnce) => most_open(view, steps, select, draft),
        Name::Step(which) => of_all_together(view, (steps, select), which, draft),
        _ => of_each(view, (steps, select), only, draft),
    }
}

/// How many connections were open at one moment.
fn most_open(view: &LabView<'_>, steps: &[Step], select: &Select, draft: &mut Draft) -> Option<Told> {
    let about = sentence(steps, select, None);
    match open_at_once::of(view, steps, select.client, &runs(view, steps, select)) {
        Ok((value, evidence)) => {
            draft.proved(format!("{about}{value}."), evidence);
            Some(Told::one(value, Latitude::None))
        }
        Err(missing) => {
            missing.into_iter().for_each(|missing| draft.unknown(format!("{about}not known, because {missing}.")));
            None
        }
    }
}

/// The value of a fact of all connections of the steps together, as far as the captures have them.
fn of_all_together(
    view: &LabView<'_>,
    (steps, select): (&[Step], &Select),
    which: StepFact,
    draft: &mut Draft,
) -> Option<Told> {
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
    } else if let Some(missing) = runs_not_of_sheet(view, steps, streams.len()) {
        let (how, room) = match missing {
            Ordering::Less => ("which lack a run of these steps", Latitude::Unproved(None)),
            _ => ("which have more runs than these steps", Latitude::Any),
        };
        draft.inferred(format!("{about}{value} in these captures, {how}."), evidence);
        room
    } else if is_sum && streams.iter().any(lacks_frames) {
        let text = format!("{about}{value} in these captures, which do not hold all of the connections.");
        draft.proved(text, evidence);
        Latitude::More(None)
    } else {
        draft.proved(format!("{about}{value}."), evidence);
        Latitude::None
    };
    Some(Told::one(value, room))
}

/// The values of a fact of each connection that is selected, and of each of its parts.
fn of_each(
    view: &LabView<'_>,
    (steps, select): (&[Step], &Select),
    only: Option<Begin>,
    draft: &mut Draft,
) -> Option<Told> {
    let (fact, selection) = (select.fact, &select.selection);
    let (streams, is_ordered) = chosen(view, steps, select, only);
    if !is_ordered && selection.connection != Some(Which::All) {
        return same_of_all(view, (steps, select), &streams, NO_ORDER, draft);
    }
    let wanted = places(selection.connection, streams.len());
    let several = wanted.len() > 1;
    let mut told = Told::default();
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
                    tell(&about, fact, &found, evidence, draft);
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

/// The places of the connections that are selected, among this many.
fn places(which: Option<Which>, count: usize) -> Vec<usize> {
    match which {
        None => vec![0],
        Some(Which::Nth(number)) => vec![usize::try_from(number).unwrap_or(usize::MAX).saturating_sub(1)],
        // Where there is none, the first one is missing.
        Some(Which::Last) => vec![count.saturating_sub(1)],
        Some(Which::All) => (0..count.min(MOST_CONNECTIONS)).collect(),
    }
}

/// Says what was found.
fn tell(about: &str, fact: &Fact, found: &Found, evidence: Vec<Evidence>, draft: &mut Draft) {
    let text = claim(about, fact, found);
    // What is so everywhere rests on no frame.
    if evidence.is_empty() { draft.inferred(text, evidence) } else { draft.proved(text, evidence) }
}
