//! Each typed answer against the student's own captures.
//!
//! Prose is never graded: it is put beside the expected answer for a human. What the captures cannot show is said to be
//! so, and paid as the rubric has it.

mod compare;
mod elsewhere;
mod expected;

use std::collections::BTreeSet;

use serde_json::Value as Json;

use crate::analyze::analysis::{Analysis, Answer, Claim, Evidence, Finding, Severity};
use crate::grade::form::fields::EXPLANATION;
use crate::grade::form::value::Value;
use crate::grade::form::{Entry, Form, Given};
use crate::grade::points::Points;
use crate::grade::result::{ClaimMade, Comparison, FindingMade, ItemGrade, Proof, QuestionGrade, Verdict};
use crate::grade::rubric::{NotInCapture, Rubric};
use crate::lab::Question;
use crate::report::words;

use elsewhere::Elsewhere;
use expected::Expected;

/// What a student handed in as answers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Answers<'a> {
    /// A form.
    Form(&'a Form),
    /// A document that only a human can read: its name.
    Document(&'a str),
    /// Nothing.
    None,
}

/// Judges all questions.
pub fn questions(analysis: &Analysis, answers: Answers<'_>, rubric: &Rubric) -> Vec<QuestionGrade> {
    let judge = Judge { analysis, answers, rubric, elsewhere: elsewhere::all(analysis) };
    analysis.answers.iter().map(|answer| judge.question(answer)).collect()
}

/// The findings with what they cost, once for each code and file.
pub fn findings(analysis: &Analysis, rubric: &Rubric) -> Vec<FindingMade> {
    let mut paid: BTreeSet<(&str, Option<&str>)> = BTreeSet::new();
    let made = |finding: &'_ Finding, first: bool| {
        let cost = rubric.cost(finding.code).filter(|_| first);
        FindingMade {
            code: finding.code.to_owned(),
            severity: severity(finding.severity).to_owned(),
            file: finding.file.clone(),
            message: finding.message.clone(),
            redo: finding.redo.map(|step| step.to_string()),
            points: cost.as_ref().map_or(Points::ZERO, |(points, _)| *points),
            rubric: cost.map(|(_, line)| line),
            evidence: finding.evidence.iter().map(proof).collect(),
        }
    };
    let all = analysis.findings.iter();
    all.map(|finding| made(finding, paid.insert((finding.code, finding.file.as_deref())))).collect()
}

/// A severity as the JSON of an analysis has it.
pub(super) const fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Info => "info",
        Severity::Warning => "warning",
        Severity::Error => "error",
    }
}

struct Judge<'a> {
    analysis: &'a Analysis,
    answers: Answers<'a>,
    rubric: &'a Rubric,
    elsewhere: Vec<Elsewhere>,
}

impl Judge<'_> {
    fn question(&self, answer: &Answer) -> QuestionGrade {
        let question = answer.question;
        let none = Entry::default();
        let entry = match self.answers {
            Answers::Form(form) => form.entry(question).unwrap_or(&none),
            Answers::Document(_) | Answers::None => &none,
        };
        let shares = self.rubric.shares(question);
        let facts = shares.iter().filter(|(key, _)| *key != EXPLANATION);
        let items: Vec<ItemGrade> =
            facts.map(|(key, points)| self.item(answer, key, entry.facts.get(key), *points)).collect();
        let claims: Vec<ClaimMade> = answer.claims.iter().map(claim).collect();
        QuestionGrade {
            question: question.number().to_owned(),
            part: question.letter().map(str::to_owned),
            points: items.iter().map(|item| item.points).sum(),
            max_points: self.rubric.points(question),
            verdict: self.verdict(entry, &items),
            given: given(entry),
            expected: serde_json::to_value(&answer.facts).unwrap_or(Json::Null),
            evidence: answer.claims.iter().flat_map(|claim| claim.evidence.iter().map(proof)).collect(),
            expected_answer: answer.answer.clone(),
            claims,
            missing: answer.missing.clone(),
            for_a_human: self.for_a_human(question, entry, &items),
            items,
            explanation: entry.explanation.clone(),
        }
    }

    /// The verdict on a question as a whole: the gravest of its facts.
    fn verdict(&self, entry: &Entry, items: &[ItemGrade]) -> Verdict {
        let any = |verdict: Verdict| items.iter().any(|item| item.verdict == verdict);
        let nothing_typed = items.iter().all(|item| item.comparison == Comparison::Missing);
        let has_prose = entry.explanation.is_some() || matches!(self.answers, Answers::Document(_));
        if nothing_typed {
            return if has_prose { Verdict::ForAHuman } else { Verdict::Missing };
        }
        [Verdict::Wrong, Verdict::ForAHuman, Verdict::Missing, Verdict::NotInCapture]
            .into_iter()
            .find(|verdict| any(*verdict))
            .unwrap_or(Verdict::Right)
    }

    fn item(&self, answer: &Answer, key: &str, given: Option<&Given>, max_points: Points) -> ItemGrade {
        let expected = expected::of(self.analysis, answer.question, key);
        let outcome = match given {
            None => Outcome::none(Comparison::Missing, Verdict::Missing),
            Some(Given { value: Err(reason), .. }) => Outcome::none(Comparison::Unreadable, Verdict::ForAHuman)
                .because(format!("It could not be read: {reason}.")),
            Some(Given { text, value: Ok(value), .. }) => self.compare(answer, key, text, value, &expected, max_points),
        };
        ItemGrade {
            key: key.to_owned(),
            points: outcome.points,
            max_points,
            verdict: outcome.verdict,
            comparison: outcome.comparison,
            given: given.map(|given| given.text.clone()),
            expected: expected.value().map(Value::text),
            why: outcome.why,
            rubric: self.rubric.line(answer.question, key),
        }
    }

    fn compare(
        &self,
        answer: &Answer,
        key: &str,
        text: &str,
        given: &Value,
        expected: &Expected,
        max_points: Points,
    ) -> Outcome {
        let lab = &self.analysis.lab;
        match expected {
            Expected::Unknown => self.unknown(answer, max_points),
            Expected::Sheet(value) => self.sheet(answer, given == value, max_points),
            Expected::AtLeast(value) if given != value && compare::leaves_room(given, value, lab) => {
                let why = format!(
                    "These captures show a part only: {}. Missing: {}.",
                    value.text(),
                    answer.missing.join("; ")
                );
                self.unknown(answer, max_points).because(why)
            }
            Expected::Shown(value) | Expected::AtLeast(value) => {
                let tolerated = compare::tolerated(self.analysis, key, frames_of);
                let found = compare::values(given, value, &tolerated, lab);
                if found.is_whole() {
                    let same = text.trim().eq_ignore_ascii_case(&value.text());
                    let comparison = if same { Comparison::Equal } else { Comparison::EqualFormattedOtherwise };
                    return Outcome { points: max_points, ..Outcome::none(comparison, Verdict::Right) };
                }
                if let Some(place) = self.elsewhere.iter().find(|place| place.has(key, given)) {
                    let why = format!("This is right for another step: {}.", place.place);
                    let points = max_points.share(share(self.rubric.other_step), 100);
                    let outcome = Outcome::none(Comparison::RightForAnotherStep, Verdict::Wrong);
                    return Outcome { points, ..outcome.because(why) };
                }
                let points = found.points(max_points, self.rubric);
                match found.is_part() {
                    true => Outcome { points, ..Outcome::none(Comparison::RightInPart, Verdict::Wrong) }
                        .because(format!("{}.", found.words())),
                    false => Outcome::none(Comparison::Wrong, Verdict::Wrong),
                }
            }
        }
    }

    /// A fact that the captures cannot show and that is different for everyone.
    fn unknown(&self, answer: &Answer, max_points: Points) -> Outcome {
        let points = if self.rubric.not_in_capture == NotInCapture::Full { max_points } else { Points::ZERO };
        let missing = answer.missing.join("; ");
        let why = if missing.is_empty() {
            "These captures cannot show it.".to_owned()
        } else {
            format!("Missing: {missing}.")
        };
        Outcome { points, ..Outcome::none(Comparison::NotAnswerable, Verdict::NotInCapture) }.because(why)
    }

    /// A fact that the captures cannot show, where the sheet leads everyone to the same.
    fn sheet(&self, answer: &Answer, as_expected: bool, max_points: Points) -> Outcome {
        let points = match self.rubric.not_in_capture {
            NotInCapture::Full => max_points,
            NotInCapture::AsExpected if as_expected => max_points,
            NotInCapture::AsExpected | NotInCapture::None => Points::ZERO,
        };
        let fits = if as_expected { "It is what the sheet leads to" } else { "It is not what the sheet leads to" };
        let missing = answer.missing.join("; ");
        let why = format!("{fits}; these captures cannot show it. What would: {missing}.");
        Outcome { points, ..Outcome::none(Comparison::NotAnswerable, Verdict::NotInCapture) }.because(why)
    }

    /// What a human is asked to look at.
    fn for_a_human(&self, question: Question, entry: &Entry, items: &[ItemGrade]) -> Vec<String> {
        let mut asks = Vec::new();
        if let Answers::Document(name) = self.answers {
            asks.push(format!("The answers are in {name}, which socklab does not read."));
        }
        for item in items {
            let why = item.why.as_deref().unwrap_or_default();
            match item.comparison {
                Comparison::Unreadable => asks.push(format!("{}: {why}", item.key)),
                Comparison::NotAnswerable if item.points < item.max_points => asks.push(format!("{}: {why}", item.key)),
                _ => {}
            }
        }
        if entry.explanation.is_some() {
            let weight = self.rubric.shares(question).into_iter().find(|(key, _)| *key == EXPLANATION);
            let worth =
                weight.filter(|(_, points)| *points > Points::ZERO).map(|(_, points)| format!(" ({points} points)"));
            asks.push(format!("Read the explanation{}.", worth.unwrap_or_default()));
        }
        asks
    }
}

/// What came of comparing one fact.
struct Outcome {
    comparison: Comparison,
    verdict: Verdict,
    points: Points,
    why: Option<String>,
}

impl Outcome {
    /// Without points.
    fn none(comparison: Comparison, verdict: Verdict) -> Outcome {
        Outcome { comparison, verdict, points: Points::ZERO, why: None }
    }

    fn because(self, why: String) -> Outcome {
        Outcome { why: Some(why), ..self }
    }
}

fn share(points: Points) -> u64 {
    u64::try_from(points.hundredths()).unwrap_or(0)
}

/// A list of frames of I.1(a).
fn frames_of(analysis: &Analysis, key: &str) -> BTreeSet<u64> {
    match expected::of(analysis, Question::I1a, key) {
        Expected::Shown(Value::Frames(frames)) => frames,
        _ => BTreeSet::new(),
    }
}

fn given(entry: &Entry) -> Json {
    let facts = entry.facts.iter().map(|(key, given)| ((*key).to_owned(), given.json.clone()));
    let explanation = entry.explanation.iter().map(|text| (EXPLANATION.to_owned(), Json::from(text.clone())));
    Json::Object(facts.chain(explanation).collect())
}

fn claim(claim: &Claim) -> ClaimMade {
    ClaimMade {
        text: claim.text.clone(),
        basis: words::basis(claim.basis).to_owned(),
        evidence: claim.evidence.iter().map(proof).collect(),
    }
}

fn proof(evidence: &Evidence) -> Proof {
    Proof {
        file: evidence.file.clone(),
        frames: evidence.frames.iter().map(|frame| frame.0).collect(),
        filter: evidence.filter.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grade::form::fields::fields;

    #[test]
    fn every_field_of_the_form_is_judged() {
        let config = crate::lab::LabConfig::default();
        let analysis = crate::analyze::analyze(Vec::new(), &[], &config);
        let graded = questions(&analysis, Answers::None, &Rubric::new(&config));
        assert_eq!(graded.len(), 9);
        for (grade, question) in graded.iter().zip(Question::ALL) {
            let keys: Vec<&str> = grade.items.iter().map(|item| item.key.as_str()).collect();
            let wanted: Vec<&str> = fields(question).iter().map(|field| field.key).collect();
            assert_eq!(keys, wanted);
            assert_eq!(grade.verdict, Verdict::Missing);
            let facts = grade.expected.as_object().unwrap();
            assert!(wanted.iter().all(|key| facts.contains_key(*key)), "{facts:?}");
        }
    }

    #[test]
    fn what_no_capture_shows_is_paid_as_the_rubric_has_it() {
        let config = crate::lab::LabConfig::default();
        let analysis = crate::analyze::analyze(Vec::new(), &[], &config);
        let (form, problems) = Form::read("[\"I.2\"]\nsecond_server_started = \"no\"\nerrno = \"98\"\n");
        assert_eq!(problems, []);
        for (setting, points) in [("as_expected", 2), ("none", 0), ("full", 2)] {
            let rubric = Rubric::from_toml(&format!("[credit]\nnot_in_capture = \"{setting}\""), &config).unwrap();
            let graded = questions(&analysis, Answers::Form(&form), &rubric);
            let second = graded.iter().find(|grade| grade.key() == "I.2").unwrap();
            assert_eq!(second.verdict, Verdict::NotInCapture);
            assert_eq!(second.points, Points::whole(points), "{setting}");
            assert_eq!(second.items[1].expected.as_deref(), Some("EADDRINUSE"));
        }
    }
}
