//! One fact: how it compares with what the captures show, what it earns, and what waits for a human.

use std::collections::BTreeSet;

use super::attempt::Attempt;
use super::elsewhere::Elsewhere;
use super::expected::{Expected, Known};
use super::{compare, evidence};
use crate::form::Given;
use crate::form::reading::Otherwise;
use crate::form::value::Value;
use crate::result::{Comparison, ItemGrade, Verdict};
use crate::rubric::{JournalWorth, NotInCapture, Rubric};
use socklab_core::analyze::analysis::{Answer, LabFound};
use socklab_core::analyze::kinds;
use socklab_core::lab::{Points, Question, Step};
use socklab_core::wording;

/// What facts are judged by.
pub(super) struct Judge<'a> {
    pub(super) lab: &'a LabFound,
    pub(super) rubric: &'a Rubric,
    /// What the captures show.
    pub(super) known: &'a Known,
    /// What the journals say besides.
    pub(super) journals: Option<Said<'a>>,
    /// The captures of other steps that the answers are taken from.
    pub(super) sources: Vec<&'a Elsewhere>,
    /// The steps of which the sheet asks for a capture and of which there is none.
    pub(super) missing: &'a [Step],
    /// What was not read of the submission, and may hold what would earn points.
    pub(super) unread: Option<&'a str>,
}

/// What journals say that a student handed in.
#[derive(Clone, Copy)]
pub(super) struct Said<'a> {
    /// The facts.
    pub(super) known: &'a Known,
    /// The answers from captures and journals together.
    pub(super) answers: &'a [Answer],
    /// The names of those that say something of the question.
    pub(super) names: &'a str,
}

impl Said<'_> {
    /// The answer to a question.
    fn answer(&self, question: &Question) -> Option<&Answer> {
        self.answers.iter().find(|answer| answer.question == *question)
    }

    /// What the journals say to an answer that is the `same` or not, as a sentence.
    fn words(&self, same: bool) -> String {
        let names: Vec<&str> = self.names.split("; ").map(|name| name.trim_start_matches("and ")).collect();
        let who = wording::list(&names);
        let says = match (names.len() > 1, same) {
            (false, true) => "says the same",
            (false, false) => "says otherwise",
            (true, true) => "say the same",
            (true, false) => "say otherwise",
        };
        format!("No capture shows it. {who} {says}, and a journal alone proves nothing.")
    }
}

/// A fact that is asked for, and what was given.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    pub(super) answer: &'a Answer,
    pub(super) key: &'a str,
    pub(super) given: Option<&'a Given>,
    /// Why it may be answered somewhere else, where it is not filled in.
    pub(super) unanswered: Option<&'a str>,
    pub(super) max_points: Points,
}

/// What came of comparing one fact.
struct Outcome {
    comparison: Comparison,
    verdict: Verdict,
    points: Points,
    /// The points that wait, where they are not all that are left.
    waiting: Option<Points>,
    why: Option<String>,
}

impl Outcome {
    /// Without points.
    fn none(comparison: Comparison, verdict: Verdict) -> Outcome {
        Outcome { comparison, verdict, points: Points::ZERO, waiting: None, why: None }
    }

    fn because(self, why: String) -> Outcome {
        Outcome { why: Some(why), ..self }
    }

    fn with(self, points: Points) -> Outcome {
        Outcome { points, ..self }
    }
}

impl Judge<'_> {
    /// Judges a fact by what one run of the step shows; `run` names it where it is not the one that the answers rest on.
    pub(super) fn item(&self, asked: Asked<'_>, run: Option<&Attempt>) -> ItemGrade {
        let question = &asked.answer.question;
        let expected = self.expected(question, asked.key, run);
        let outcome = match asked.given {
            None => Outcome::none(Comparison::Missing, Verdict::Missing),
            Some(Given { value: Err(reason), .. }) => Outcome::none(Comparison::Unreadable, Verdict::ForAHuman)
                .because(format!("A person has to read it: {reason}.")),
            Some(given @ Given { value: Ok(value), .. }) => self.compare(asked, given, value, &expected, run),
        };
        let (pending, reason) = self.pending(asked, &outcome);
        let is_open = pending > Points::ZERO && matches!(outcome.verdict, Verdict::Missing | Verdict::Wrong);
        let why = [outcome.why, reason].into_iter().flatten().collect::<Vec<_>>().join(" ");
        ItemGrade {
            key: asked.key.to_owned(),
            points: outcome.points,
            pending,
            max_points: asked.max_points,
            verdict: if is_open { Verdict::ForAHuman } else { outcome.verdict },
            comparison: outcome.comparison,
            given: asked.given.map(|given| given.text.clone()),
            expected: expected.value().map(Value::text),
            why: (!why.is_empty()).then_some(why),
            rubric: self.rubric.line(question, asked.key),
        }
    }

    /// What the journals say, where the rubric has them looked at.
    fn said(&self) -> Option<&Said<'_>> {
        self.journals.as_ref().filter(|_| self.rubric.journal != JournalWorth::None)
    }

    /// What would show a fact, of what was not handed in.
    fn missing(&self, asked: Asked<'_>) -> String {
        let with_journals = self.said().and_then(|said| said.answer(&asked.answer.question));
        evidence::missing(with_journals.unwrap_or(asked.answer), asked.key)
    }

    fn expected(&self, question: &Question, key: &str, run: Option<&Attempt>) -> Expected {
        let journals = self.said().map(|said| said.known);
        let Some(run) = run else { return self.known.expected(journals, question, key) };
        match run.known.expected(journals, question, key) {
            // A connection of one step says nothing of the others; but frames of one run beside those of another are no
            // answer, and of any facts a run has those of the others, too.
            Expected::Unknown if !run.is_whole && ![kinds::TCP_FRAMES, kinds::FACTS].contains(&question.kind()) => {
                self.known.expected(journals, question, key)
            }
            expected => expected,
        }
    }

    /// Points that only a human can give, and why, where the outcome does not say so itself.
    fn pending(&self, asked: Asked<'_>, outcome: &Outcome) -> (Points, Option<String>) {
        let lost = asked.max_points - outcome.points;
        if lost <= Points::ZERO {
            return (Points::ZERO, None);
        }
        if let (Some(waiting), None) = (outcome.waiting, self.unread) {
            return (waiting, None);
        }
        let reason = match outcome.verdict {
            Verdict::ForAHuman | Verdict::NotInCapture => return (lost, None),
            Verdict::Missing => asked.unanswered.or(self.unread),
            Verdict::Wrong | Verdict::Right => self.unread,
        };
        reason.map_or((Points::ZERO, None), |reason| (lost, Some(reason.to_owned())))
    }

    fn compare(
        &self,
        asked: Asked<'_>,
        written: &Given,
        given: &Value,
        expected: &Expected,
        run: Option<&Attempt>,
    ) -> Outcome {
        match expected {
            Expected::Unknown => self.unknown(asked),
            Expected::Sheet(_) if self.lacks_its_captures(&asked.answer.question) => self.unknown(asked),
            Expected::Sheet(value) => self.sheet(asked, given, given == value),
            Expected::Journal(value) => self.journal(asked, compare::says_the_same(given, value, self.lab)),
            // What a part of the captures shows is no measure of the whole: whoever gives that part must not fare better
            // than whoever gives the whole.
            // But frames are counted in the student's own capture, and what that shows is right.
            Expected::AtLeast(value) if asked.answer.question.kind() == kinds::UDP_FRAMES && given == value => {
                self.shown(asked, written, given, value, run)
            }
            Expected::AtLeast(value) if compare::leaves_room(given, value, self.lab) => {
                self.unknown(asked).because(self.in_part(asked, value))
            }
            Expected::Part(value, room) => match compare::with_open(given, value, room) {
                Some(found) => self.part(asked, value, found),
                None => self.shown(asked, written, given, value, run),
            },
            Expected::Shown(value) | Expected::AtLeast(value) => self.shown(asked, written, given, value, run),
        }
    }

    /// Why what captures show of a part is no measure.
    fn in_part(&self, asked: Asked<'_>, value: &Value) -> String {
        let missing = self.missing(asked);
        let missing = if missing.is_empty() { missing } else { format!(" Missing: {missing}.") };
        format!("These captures may show a part only: {}.{missing}", value.text())
    }

    /// A fact that the captures show in part: what they show of it is paid, and what they leave open waits.
    fn part(&self, asked: Asked<'_>, value: &Value, found: [compare::Hits; 2]) -> Outcome {
        let [points, most] = found.map(|hits| hits.points(asked.max_points, self.rubric));
        let is_paid = self.rubric.not_in_capture == NotInCapture::Full;
        let waiting = if is_paid { Points::ZERO } else { most - points };
        Outcome {
            waiting: Some(waiting),
            ..Outcome::none(Comparison::NotAnswerable, Verdict::NotInCapture)
                .with(if is_paid { most } else { points })
                .because(self.in_part(asked, value))
        }
    }

    /// A fact that the captures show.
    fn shown(&self, asked: Asked<'_>, written: &Given, given: &Value, value: &Value, run: Option<&Attempt>) -> Outcome {
        let known = run.map_or(self.known, |run| &run.known);
        let question = &asked.answer.question;
        let list = match value {
            Value::Measured(fact, _) => fact.key,
            _ => asked.key,
        };
        let leeway = known.leeway(question);
        // Where the form asks for the lists of a connection, it says of acknowledgements that those of opening are not counted.
        let leeway = if question.kind() == kinds::TCP_FRAMES { leeway.without_opening() } else { leeway };
        let allowed = leeway.of(list, |key| frames_of(known, question, key));
        let compared = |given: &Value| compare::values(given, value, &allowed, self.lab);
        let found = compared(given);
        if found.is_whole() {
            let same = written.text.trim().eq_ignore_ascii_case(&value.text());
            let comparison = if same { Comparison::Equal } else { Comparison::EqualFormattedOtherwise };
            let outcome = Outcome::none(comparison, Verdict::Right).with(asked.max_points);
            return match run {
                Some(run) => outcome.because(format!("It is right for {}.", run.name)),
                None => outcome,
            };
        }
        if found.is_unclear() {
            return Outcome::none(Comparison::Unreadable, Verdict::ForAHuman)
                .with(found.points(asked.max_points, self.rubric))
                .because("A person has to read it: whether it is right depends on what is meant.".to_owned());
        }
        let may_be_right = match &written.otherwise {
            Otherwise::Nothing => false,
            Otherwise::Values(values) => values.iter().any(|value| compared(value).is_whole()),
            Otherwise::Unknown => true,
        };
        if may_be_right {
            return Outcome::none(Comparison::Unreadable, Verdict::ForAHuman)
                .because("A person has to read it: a number in it may be a count, or part of another one.".to_owned());
        }
        if question.kind() == kinds::SERVER_SOCKETS && compare::fits_every_address(given, value) {
            return Outcome::none(Comparison::Unreadable, Verdict::ForAHuman).because(
                "A person has to read it: no capture shows whether the listening socket is bound to every address."
                    .to_owned(),
            );
        }
        if let Some(place) = self.sources.iter().find(|place| place.has(asked.key, given)) {
            let why = format!("This is right for another step: {}.", place.place);
            let points = asked.max_points.share(share(self.rubric.other_step), 100);
            return Outcome::none(Comparison::RightForAnotherStep, Verdict::Wrong).with(points).because(why);
        }
        match found.is_part() {
            true => Outcome::none(Comparison::RightInPart, Verdict::Wrong)
                .with(found.points(asked.max_points, self.rubric))
                .because(format!("{}.", found.words())),
            false => Outcome::none(Comparison::Wrong, Verdict::Wrong),
        }
    }

    /// A fact that the captures cannot show and that is different for everyone.
    fn unknown(&self, asked: Asked<'_>) -> Outcome {
        let full = self.rubric.not_in_capture == NotInCapture::Full;
        let missing = self.missing(asked);
        let why = match missing.is_empty() {
            true => "These captures cannot show it.".to_owned(),
            false => format!("Missing: {missing}."),
        };
        Outcome::none(Comparison::NotAnswerable, Verdict::NotInCapture)
            .with(if full { asked.max_points } else { Points::ZERO })
            .because(why)
    }

    /// Whether the captures of the sheet would show what a question is about, and one of them is missing. What `bind()` does no
    /// capture shows.
    fn lacks_its_captures(&self, question: &Question) -> bool {
        let server = self.lab.sheet.server();
        let is_whole =
            |step: &Step| step.captured().is_some_and(|at| at == server || step.hosts().iter().all(|host| *host == at));
        // Of steps that are not told apart, any may be the one that is missing.
        let has_streams = |step: &Step| self.lab.streams.iter().any(|stream| stream.step == *step);
        let lacks_one = !self.lab.in_doubt.iter().all(has_streams);
        let is_missing = |step: &Step| self.missing.contains(step) || (lacks_one && self.lab.in_doubt.contains(step));
        question.kind() != kinds::SECOND_SERVER
            && question.steps().iter().all(is_whole)
            && question.steps().iter().any(is_missing)
    }

    /// A fact that the captures cannot show, where the sheet leads everyone to the same.
    fn sheet(&self, asked: Asked<'_>, given: &Value, as_expected: bool) -> Outcome {
        let points = match self.rubric.not_in_capture {
            NotInCapture::Full => asked.max_points,
            NotInCapture::AsExpected if as_expected => asked.max_points,
            NotInCapture::AsExpected | NotInCapture::None => Points::ZERO,
        };
        let fits = if as_expected { "It is what the sheet leads to" } else { "It is not what the sheet leads to" };
        let question = &asked.answer.question;
        let said = self.said().and_then(|said| Some((said, said.known.get(question, asked.key)?)));
        let why = if let Some((said, value)) = said {
            format!("{fits}. {}", said.words(compare::says_the_same(given, value, self.lab)))
        } else {
            let missing = self.missing(asked);
            let would = if missing.is_empty() { missing } else { format!(" What would: {missing}.") };
            format!("{fits}; these captures cannot show it.{would}")
        };
        Outcome::none(Comparison::NotAnswerable, Verdict::NotInCapture).with(points).because(why)
    }

    /// A fact of which only a student's journal says something: anyone can write such a file.
    fn journal(&self, asked: Asked<'_>, same: bool) -> Outcome {
        let why = self.journals.map(|said| said.words(same)).unwrap_or_default();
        let points = match (self.rubric.journal, same) {
            (JournalWorth::Full, true) => asked.max_points,
            _ => Points::ZERO,
        };
        Outcome::none(Comparison::JournalOnly, Verdict::ForAHuman).with(points).because(why)
    }
}

/// A list of frames of a question.
fn frames_of(known: &Known, question: &Question, key: &str) -> BTreeSet<u64> {
    match known.get(question, key) {
        Some(Value::Frames(frames)) => frames.clone(),
        _ => BTreeSet::new(),
    }
}

fn share(points: Points) -> u64 {
    u64::try_from(points.hundredths()).unwrap_or(0)
}
