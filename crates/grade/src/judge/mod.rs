//! Each typed answer against the student's own captures.
//!
//! Prose is never graded: it is put beside the expected answer for a human. What the captures cannot show is said to be
//! so, and paid as the rubric has it. What could not be read is never worth nothing: it waits for a human.

mod attempt;
mod case;
mod compare;
#[cfg(test)]
mod counted_tests;
mod datagrams;
mod elsewhere;
mod evidence;
mod expected;
mod faults;
mod hosts;
mod in_vain;
mod item;
mod leeway;
mod misconceptions;
mod pairs;
#[cfg(test)]
mod testing;
mod told;
mod whole;

use serde_json::Value as Json;

use crate::form::Entry;
use crate::form::fields::{EXPLANATION, fields};
use crate::form::value::Value;
use crate::result::{ClaimMade, FindingMade, ItemGrade, QuestionGrade, Verdict};
use crate::rubric::Rubric;
use crate::steps;
use socklab_core::analyze::analysis::Answer;
use socklab_core::analyze::kinds;
use socklab_core::lab::Points;
use socklab_core::lab::{Question, Step};

use attempt::Attempt;
use elsewhere::{Connections, Elsewhere, Runs, StepsOfEnds};
use expected::Known;
use item::{Asked, Judge, Said};
use misconceptions::Scene;
use whole::{asks, verdict};

pub use case::{Case, Journals, SideBySide, Unanswered};
pub(crate) use case::{MOST_NAMED, named};

/// Why a list of frames waits that is right for another run than the other lists are.
const OF_ANOTHER_RUN: &str = "It is right for another run of the step than the other answers are.";

/// What comes of a submission.
pub struct Judged {
    /// The questions in the order of the sheet.
    pub questions: Vec<QuestionGrade>,
    /// The findings with what they cost.
    pub findings: Vec<FindingMade>,
}

impl Judged {
    /// The same where what is wrong waits. `reason` says why.
    pub fn waiting(self, reason: &str) -> Judged {
        let questions = self.questions.into_iter().map(|own| whole::waiting(own, reason)).collect();
        Judged { questions, ..self }
    }
}

/// Judges all questions and findings.
pub fn judge(case: &Case<'_>, rubric: &Rubric) -> Judged {
    let lab = &case.analysis.lab.sheet;
    let steps_of_ends = StepsOfEnds::of(case.analysis);
    let connections = Connections::of(case.analysis, &steps_of_ends);
    let refused = in_vain::refused_side_by_side(case.analysis);
    let side_by_side = (case.side_by_side, &refused);
    let of_captures = |answers: &[Answer]| {
        let mut known = Known::of(answers, side_by_side, lab);
        connections.allow(&mut known);
        known
    };
    let known = of_captures(&case.analysis.answers);
    let journals = case.journals.as_ref().map(|journals| Known::of(journals.answers, side_by_side, lab));
    let Runs { mut attempts, more } = connections.runs_of_steps(case.form);
    attempts.extend(elsewhere::runs_of_facts(case.analysis));
    attempts.extend(case.runs.iter().map(|(name, answers)| Attempt {
        name: name.clone(),
        known: of_captures(answers),
        is_whole: true,
    }));
    attempts.extend(datagrams::runs(case.analysis, &known));
    attempts.extend(in_vain::counts(case.analysis, &known, &attempts));
    let elsewhere = elsewhere::all(case.analysis);
    let missing = steps::missing(case.analysis);
    let bench = Bench { case, rubric, known, journals, attempts, more, connections: &connections, elsewhere, missing };
    let mut findings = faults::findings(case, &bench.known, rubric);
    findings.extend(bench.contradictions());
    Judged { questions: case.analysis.answers.iter().map(|answer| bench.compared(answer)).collect(), findings }
}

struct Bench<'a> {
    case: &'a Case<'a>,
    rubric: &'a Rubric,
    known: Known,
    journals: Option<Known>,
    attempts: Vec<Attempt>,
    /// The steps of which the answers to a question name more runs than are among the attempts.
    more: Vec<(Step, Question)>,
    connections: &'a Connections<'a>,
    elsewhere: Vec<Elsewhere>,
    /// The steps of which the sheet asks for a capture and of which there is none.
    missing: Vec<Step>,
}

impl Bench<'_> {
    /// A question, of which what is wrong waits where not all runs were compared.
    fn compared(&self, answer: &Answer) -> QuestionGrade {
        let question = self.question(answer);
        match elsewhere::not_compared(self.case.analysis, &self.more, &answer.question) {
            Some(reason) => whole::waiting(question, &reason),
            None => question,
        }
    }

    fn question(&self, answer: &Answer) -> QuestionGrade {
        let question = &answer.question;
        let none = Entry::default();
        let entry = self.case.form.and_then(|form| form.entry(question)).unwrap_or(&none);
        let unanswered = self.unanswered(question, entry);
        let items = self.items(answer, entry, unanswered.as_deref());
        let explanation = self.explanation(question, entry, unanswered.as_deref());
        let verdict = verdict(entry.explanation.is_some(), &items);
        QuestionGrade {
            question: question.number().to_owned(),
            part: question.letter().map(str::to_owned),
            points: items.iter().map(|item| item.points).sum(),
            pending: items.iter().map(|item| item.pending).sum::<Points>() + explanation,
            max_points: self.rubric.points(question),
            verdict,
            given: given(entry),
            expected: serde_json::to_value(&answer.facts).unwrap_or(Json::Null),
            evidence: answer.claims.iter().flat_map(|claim| claim.evidence.iter().map(evidence::proof)).collect(),
            expected_answer: answer.text().to_string(),
            claims: self.claims(answer),
            missing: answer.missing.iter().map(ToString::to_string).collect(),
            for_a_human: asks(entry.explanation.is_some(), &items, explanation),
            reviewed: None,
            written: Vec::new(),
            misconceptions: misconceptions::find(&Scene {
                analysis: self.case.analysis,
                known: &self.known,
                connections: self.connections,
                elsewhere: &self.elsewhere,
                question,
                entry,
                items: &items,
            }),
            items,
            explanation: entry.explanation.clone(),
        }
    }

    /// Why what is not filled in of a question may be answered elsewhere.
    fn unanswered(&self, question: &Question, entry: &Entry) -> Option<String> {
        let Unanswered { all, of, .. } = &self.case.unanswered;
        let words_only = entry.facts.is_empty() && entry.explanation.is_some();
        let words = words_only.then(|| "Only the explanation is filled in.".to_owned());
        all.clone().or_else(|| of.get(question).cloned()).or(words)
    }

    /// The same of a single fact.
    fn unanswered_fact(&self, question: &Question, key: &str) -> Option<String> {
        let elsewhere = self.case.unanswered.of_facts.get(&(question.clone(), key.to_owned())).cloned();
        let field = fields(question).find(|field| field.key == key)?;
        elsewhere.or_else(|| told::in_explanation(self.case.form?, &self.case.analysis.lab.sheet, question, &field))
    }

    /// The facts, by the run of the step that fits the answers best.
    fn items(&self, answer: &Answer, entry: &Entry, unanswered: Option<&str>) -> Vec<ItemGrade> {
        let question = &answer.question;
        let journals = self.case.journals.as_ref();
        let answers = journals.map_or(&[][..], |journals| journals.answers);
        let names = journals.map(|journals| journals.names_for(question)).unwrap_or_default();
        let judge = Judge {
            lab: &self.case.analysis.lab,
            rubric: self.rubric,
            known: &self.known,
            journals: self.journals.as_ref().map(|known| Said { known, answers, names: &names }),
            sources: elsewhere::sources(&self.elsewhere, &self.known, question, entry),
            missing: &self.missing,
            unread: self.case.unread.as_deref(),
        };
        let shares = self.rubric.shares(question);
        let facts = shares.iter().filter(|(key, _)| *key != EXPLANATION);
        // Why an answer is missing is asked of none that is there.
        let why = |key: &str| if entry.facts.contains_key(key) { None } else { self.unanswered_fact(question, key) };
        let facts: Vec<_> = facts.map(|(key, points)| (*key, *points, why(key))).collect();
        let by = |run: Option<&Attempt>| -> Vec<ItemGrade> {
            let asked = facts.iter().map(|(key, max_points, elsewhere)| Asked {
                answer,
                key,
                given: entry.facts.get(*key),
                unanswered: unanswered.or(elsewhere.as_deref()),
                max_points: *max_points,
            });
            asked.map(|asked| judge.item(asked, run)).collect()
        };
        let runs = self.attempts.iter().filter(|attempt| attempt.is_whole || attempt.known.has(question));
        let first = by(None);
        let others: Vec<_> = runs.map(|attempt| (attempt.is_whole, by(Some(attempt)))).collect();
        if question.kind() == kinds::UDP_FRAMES {
            // Its facts are of two steps, each of which may have its own run.
            let worth = |item: &ItemGrade| (item.points + item.pending, item.points);
            return others.into_iter().fold(first, |best, (_, other)| {
                let both = best.into_iter().zip(other);
                both.map(|(best, other)| if self.is_better(worth(&other), worth(&best)) { other } else { best })
                    .collect()
            });
        }
        let worth = |items: &Vec<ItemGrade>| {
            let points: Points = items.iter().map(|item| item.points).sum();
            (points + items.iter().map(|item| item.pending).sum(), points)
        };
        // The first of equals stays.
        let best = others.iter().fold(&first, |best, (is_whole, other)| {
            // A further connection is the one that is meant only if more answers are right of it.
            let is_meant = *is_whole || question.kind() != kinds::FACTS || worth(other).1 > worth(best).1;
            if is_meant && self.is_better(worth(other), worth(best)) { other } else { best }
        });
        if question.kind() != kinds::TCP_FRAMES {
            return best.clone();
        }
        // Frames of one run beside those of another are all true of what was captured.
        let all = || std::iter::once(&first).chain(others.iter().map(|(_, other)| other));
        let is_right = |key: &str| all().flatten().any(|item| item.key == key && item.verdict == Verdict::Right);
        let has_frames = |key: &str| {
            let given = entry.facts.get(key).and_then(|given| given.value.as_ref().ok());
            matches!(given, Some(Value::Frames(frames)) if !frames.is_empty())
        };
        let is_of_other =
            |item: &ItemGrade| item.verdict == Verdict::Wrong && has_frames(&item.key) && is_right(&item.key);
        let own = |item: ItemGrade| if is_of_other(&item) { whole::waiting_item(item, OF_ANOTHER_RUN) } else { item };
        best.iter().cloned().map(own).collect()
    }

    /// Whether answers fare better by another run: its points with those that a human may still give, and without. What a
    /// human may give counts first; but an attempt that shows less must not take points away, unless it is in doubt what
    /// the captures are.
    fn is_better(&self, other: (Points, Points), best: (Points, Points)) -> bool {
        other > best && (self.case.is_doubtful || other.1 >= best.1)
    }

    /// The points of the explanation, which only a human gives.
    fn explanation(&self, question: &Question, entry: &Entry, unanswered: Option<&str>) -> Points {
        let is_there = entry.explanation.is_some() || unanswered.or(self.case.unread.as_deref()).is_some();
        let share = self.rubric.shares(question).into_iter().find(|(key, _)| *key == EXPLANATION);
        share.filter(|_| is_there).map_or(Points::ZERO, |(_, points)| points)
    }

    /// The claims of the captures, and those that rest on a journal alone, shown as such.
    fn claims(&self, answer: &Answer) -> Vec<ClaimMade> {
        let own = answer.claims.iter().map(evidence::claim);
        let said = self.case.journals.iter().flat_map(|journals| journals.answers);
        let said = said.filter(|other| other.question == answer.question).flat_map(|other| &other.claims);
        own.chain(said.filter(|claim| claim.rests_on_journal()).map(evidence::claim_of_journal)).collect()
    }

    /// Where a journal contradicts the captures.
    fn contradictions(&self) -> Option<FindingMade> {
        let journals = self.journals.as_ref()?;
        let names = self.case.journals.as_ref().map_or("", |journals| journals.names.as_str());
        let lab = &self.case.analysis.lab;
        let differ: Vec<String> = self
            .known
            .differing(journals)
            .filter(|found| !(found.is_part && compare::leaves_room(found.other, found.own, lab)))
            .map(|found| {
                let place = format!("{} {}", found.question.key(), found.key);
                format!("{place} is {} by the captures and {} with the journal", found.own.text(), found.other.text())
            })
            .collect();
        (!differ.is_empty()).then(|| faults::contradiction(names, &differ))
    }
}

fn given(entry: &Entry) -> Json {
    let facts = entry.facts.iter().map(|(key, given)| ((*key).to_owned(), given.json.clone()));
    let explanation = entry.explanation.iter().map(|text| (EXPLANATION.to_owned(), Json::from(text.clone())));
    Json::Object(facts.chain(explanation).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::form::Form;
    use crate::result::Verdict;
    use socklab_core::analyze::analysis::Facts;
    use socklab_core::facts::Value as FactValue;
    use socklab_core::lab::Sheet;

    /// What comes of a form without any capture.
    fn judged(form: Option<&Form>, rubric: &str) -> Vec<QuestionGrade> {
        let config = socklab_core::lab::LabConfig::default();
        let analysis = socklab_core::analyze::analyze(Vec::new(), &[], &config);
        let case = testing::case(&analysis, form, 2);
        judge(&case, &Rubric::from_toml(rubric, &config).unwrap()).questions
    }

    #[test]
    fn every_field_of_the_form_is_judged() {
        let graded = judged(None, "");
        assert_eq!(graded.len(), 9);
        for (grade, question) in graded.iter().zip(Sheet::built_in().questions()) {
            let keys: Vec<&str> = grade.items.iter().map(|item| item.key.as_str()).collect();
            let wanted: Vec<&str> = fields(question).map(|field| field.key).collect();
            assert_eq!(keys, wanted);
            assert_eq!(grade.verdict, Verdict::Missing);
            let facts = grade.expected.as_object().unwrap();
            assert!(wanted.iter().all(|key| facts.contains_key(*key)), "{facts:?}");
        }
    }

    #[test]
    fn nothing_that_a_capture_must_show_earns_points_without_one() {
        let right = "[\"I.4a\"]\ntcp_control_frames = 5\nudp_control_frames = 0\nudp_datagrams = 4\n[\"II.2\"]\n\
                     listening_sockets = 1\nconnection_sockets = 4\nsockets_created = 5\n[\"II.1\"]\nclients_served = 4\n";
        let (form, problems) = Form::read(right, &Sheet::built_in());
        assert_eq!(problems, []);
        for (rubric, earns) in [("", false), ("[credit]\nnot_in_capture = \"full\"", true)] {
            let items = judged(Some(&form), rubric).into_iter().flat_map(|grade| grade.items);
            let items: Vec<ItemGrade> = items.filter(|item| item.given.is_some()).collect();
            assert_eq!(items.len(), 7);
            for item in items {
                assert_eq!(item.points == item.max_points, earns, "{}", item.key);
                assert_eq!((item.points + item.pending, item.verdict), (item.max_points, Verdict::NotInCapture));
            }
        }
    }

    #[test]
    fn what_no_capture_shows_is_paid_as_the_rubric_has_it() {
        let (form, problems) =
            Form::read("[\"I.2\"]\nsecond_server_started = \"no\"\nerrno = \"98\"\n", &Sheet::built_in());
        assert_eq!(problems, []);
        for (setting, points) in [("as_expected", 2), ("none", 0), ("full", 2)] {
            let graded = judged(Some(&form), &format!("[credit]\nnot_in_capture = \"{setting}\""));
            let second = graded.iter().find(|grade| grade.key() == "I.2").unwrap();
            assert_eq!(second.verdict, Verdict::NotInCapture);
            assert_eq!(second.points, Points::whole(points), "{setting}");
            assert_eq!(second.points + second.pending, Points::whole(2), "{setting}");
            assert_eq!(second.items[1].expected.as_deref(), Some("EADDRINUSE"));
        }
    }

    /// Of the two captures that I.4(a) is about each fact needs its own.
    #[test]
    fn a_fact_lacks_its_own_capture_and_no_other() {
        let text = "[\"I.4a\"]\ntcp_control_frames = 5\nudp_control_frames = 3\nudp_datagrams = 4\n";
        let (form, problems) = Form::read(text, &Sheet::built_in());
        assert_eq!(problems, []);
        let graded = judged(Some(&form), "");
        let items = &graded.iter().find(|grade| grade.key() == "I.4a").unwrap().items;
        for (key, own, other) in [
            ("tcp_control_frames", "Part I step 8", "Part I step 12"),
            ("udp_control_frames", "Part I step 12", "Part I step 8"),
            ("udp_datagrams", "Part I step 12", "Part I step 8"),
        ] {
            let why = items.iter().find(|item| item.key == key).and_then(|item| item.why.clone()).unwrap();
            assert!(why.contains(own) && !why.contains(other), "{key}: {why}");
        }
    }

    const TWICE: &str = r#"
title = "Twice"
host = [
    { name = "A", role = "server", address = "10.0.3.1" },
    { name = "B", role = "client", address = "10.0.3.2" },
]
[[step]]
number = "1"
does = "clients"
protocol = "tcp"
port = 7000
client = "B"
captured = "B"
[[question]]
number = "1"
title = "Lines"
points = 3
kind = "facts"
steps = ["1"]
[question.facts]
port = { ask = "port of the client", fact = "client_port" }
fin = { ask = "acknowledgement number of the FIN", fact = "acknowledgement_number", side = "client", flag = "FIN" }
all = { ask = "how many connections", fact = "connections" }
"#;

    /// A capture in which the client ran for a try, which it left open, and again.
    fn twice(answers: &str) -> QuestionGrade {
        use socklab_core::analyze::testing::Story;
        let config = socklab_core::analyze::lab_file(TWICE).unwrap();
        let mut story = Story::new("both.pcapng", 0);
        let [mut first, mut second] =
            [40001, 40002].map(|port| Story::tcp(&format!("10.0.3.2:{port}"), "10.0.3.1:7000"));
        for run in [&mut first, &mut second] {
            story.handshake(run);
            story.echo(run, "one\n");
        }
        story.close(&mut second);
        let analysis = socklab_core::analyze::analyze(vec![story.read()], &[], &config);
        let (form, problems) = Form::read(answers, &config.sheet);
        assert_eq!(problems, []);
        let case = testing::case(&analysis, Some(&form), 1);
        judge(&case, &Rubric::from_toml("", &config).unwrap()).questions.remove(0)
    }

    /// The same connection's frames that close it are right in either kind of question.
    #[test]
    fn who_leaves_out_the_acknowledgements_of_a_fin_is_right_about_a_fact_too() {
        use socklab_core::analyze::testing::Story;
        let sheet = TWICE.split("port = {").next().unwrap_or_default().to_owned();
        let config = socklab_core::analyze::lab_file(&(sheet + "close = { fact = \"closing_frames\" }\n")).unwrap();
        let mut story = Story::new("one.pcapng", 0);
        let mut tcp = Story::tcp("10.0.3.2:40001", "10.0.3.1:7000");
        story.handshake(&mut tcp);
        story.echo(&mut tcp, "one\n");
        story.half_close(&mut tcp);
        story.half_close_of_server(&mut tcp);
        let analysis = socklab_core::analyze::analyze(vec![story.read()], &[], &config);
        let graded = |list: &str| {
            let (form, problems) = Form::read(&format!("[\"1\"]\nclose = \"{list}\"\n"), &config.sheet);
            assert_eq!(problems, []);
            let case = testing::case(&analysis, Some(&form), 1);
            judge(&case, &Rubric::from_toml("", &config).unwrap()).questions.remove(0).verdict
        };
        let all: Vec<u64> = match &analysis.answers[0].facts {
            Facts::Measured(facts) => match &facts.0[0].values.as_ref().unwrap()[0].0 {
                FactValue::Frames(frames) => frames.iter().map(|frame| frame.0).collect(),
                other => panic!("{other:?}"),
            },
            other => panic!("{other:?}"),
        };
        let [fin, _, other_fin, _] = all[..] else { panic!("{all:?}") };
        assert_eq!(graded(&format!("{fin}-{}", other_fin + 1)), Verdict::Right);
        assert_eq!(graded(&format!("{fin}, {other_fin}")), Verdict::Right);
        assert_eq!(graded(&format!("{fin}")), Verdict::Wrong);
        assert_eq!(graded(&format!("{}, {fin}, {other_fin}", fin - 1)), Verdict::Wrong);
    }

    /// The journals were handed in: they are not what is missing, and what they say is said.
    #[test]
    fn journals_at_hand_are_not_called_missing() {
        use socklab_core::journal::{Journal, NamedJournal};
        let config = socklab_core::lab::LabConfig::default();
        let line = |second: u32, pid: u32, event: &str, rest: &str| {
            format!(
                "{{\"time\":\"2026-01-01T10:00:{second:02}Z\",\"program\":\"server.py\",\"pid\":{pid},\"event\":\"{event}\",\
                 \"protocol\":\"tcp\",\"socket\":1,\"local\":\"10.0.3.1:65432\"{rest}}}\n"
            )
        };
        let named = |file: &str, text: String| NamedJournal {
            file: file.to_owned(),
            journal: Journal::read(text.as_bytes()).unwrap(),
        };
        let failed = ",\"operation\":\"bind\",\"errno\":\"EADDRINUSE\"";
        let journals =
            [named("first.jsonl", line(0, 7, "listen", "")), named("second.jsonl", line(1, 8, "error", failed))];
        let analysis = socklab_core::analyze::analyze(Vec::new(), &[], &config);
        let why = |given: &str, journals: &[NamedJournal]| {
            let answers = socklab_core::analyze::analyze(Vec::new(), journals, &config).answers;
            let text = format!("[\"I.2\"]\nsecond_server_started = \"{given}\"\n");
            let (form, problems) = Form::read(&text, &config.sheet);
            assert_eq!(problems, []);
            let case = Case {
                journals: Some(Journals { answers: &answers, names: "first.jsonl; second.jsonl".to_owned() }),
                ..testing::case(&analysis, Some(&form), 1)
            };
            let questions = judge(&case, &Rubric::from_toml("", &config).unwrap()).questions;
            let items = &questions.iter().find(|question| question.key() == "I.2").unwrap().items;
            items.iter().find(|item| item.key == "second_server_started").and_then(|item| item.why.clone()).unwrap()
        };
        let says =
            |what: &str| format!("No capture shows it. second.jsonl says {what}, and a journal alone proves nothing.");
        assert_eq!(why("no", &journals), format!("It is what the sheet leads to. {}", says("the same")));
        assert_eq!(why("yes", &journals), format!("It is not what the sheet leads to. {}", says("otherwise")));
        let of_first = why("no", &journals[..1]);
        assert!(of_first.contains("these captures cannot show it. What would: "), "{of_first}");
    }

    #[test]
    fn answers_of_either_run_of_an_own_sheets_client_are_right() {
        let grade = twice("[\"1\"]\nport = 40002\nfin = 5\nall = 2\n");
        assert_eq!((grade.points, grade.pending, grade.verdict), (Points::whole(3), Points::ZERO, Verdict::Right));
        assert_eq!(
            grade.items[0].why.as_deref(),
            Some("It is right for the connection of 10.0.3.2:40002 in both.pcapng.")
        );
        // The first run has no FIN.
        let first = twice("[\"1\"]\nport = 40001\nfin = 5\nall = 2\n");
        assert_eq!((first.points, first.pending), (Points::whole(2), Points::whole(1)));
    }

    /// How many there are is a question about the whole file, and a wrong answer is no run's.
    #[test]
    fn another_run_makes_no_wrong_answer_right() {
        let grade = twice("[\"1\"]\nport = 40003\nfin = 6\nall = 1\n");
        let verdicts: Vec<Verdict> = grade.items.iter().map(|item| item.verdict).collect();
        assert_eq!(verdicts, [Verdict::Wrong, Verdict::NotInCapture, Verdict::Wrong]);
    }
}
