//! One submission, from what it holds to its result.

use std::collections::{BTreeMap, BTreeSet};

use crate::assignments::{self, Assignment};
use crate::budget::Budget;
use crate::collected::Collected;
use crate::document::Document;
use crate::form::About;
use crate::form::merge::Answered;
use crate::judge::{self, Case, Journals, Judged, MOST_NAMED, SideBySide, Unanswered, named};
use crate::ladder::{self, Ladder};
use crate::result::{CaptureUsed, FindingMade, Graded, Identity, QuestionGrade, Refusal, Submission, Written};
use crate::rubric::Rubric;
use crate::runs::Analyses;
use crate::{late, provenance, steps};
use socklab_core::analyze::analysis::{Analysis, CaptureAnalysis, Code, LabFound, Severity};
use socklab_core::lab::{HostName, LabConfig, Points, Step};
use socklab_core::wording::{self, list};

/// Why answers wait where time was over before all was tried that they may be right by.
const LATE: &str = "There was no time to read these captures in every way in which the answer may be right (--time).";

/// Grades what was handed in by a student or team. Where time is over before every way to read the captures was tried, what is
/// wrong waits for a human.
pub fn grade(
    name: &str,
    identity: &Identity,
    found: Collected,
    rubric: &Rubric,
    config: &LabConfig,
    budget: &Budget<'_>,
) -> Graded {
    let Collected { captures, journals, answered, documents, others, refused, unread, mut notes, fingerprint } = found;
    let files: Vec<String> = captures.iter().map(|capture| capture.file.clone()).collect();
    let evidence = Analyses::of(captures, &journals, config, budget);
    let journal_names: Vec<&str> = journals.iter().map(|journal| journal.file.as_str()).collect();
    let unread = unread_words(&unread);
    let names: Vec<&str> = documents.iter().map(|document| document.name.as_str()).collect();
    let unanswered = unanswered(&answered, &names, &others);
    let judged = |evidence: &Analyses| {
        let case = Case {
            analysis: &evidence.analysis,
            journals: evidence
                .with_journals
                .as_deref()
                .map(|answers| Journals { answers, names: named(&journal_names) }),
            runs: &evidence.runs,
            is_doubtful: evidence.is_doubtful,
            side_by_side: side_by_side(config, &evidence.analysis.lab),
            form: answered.is_filled().then_some(&answered.form),
            unanswered: unanswered.clone(),
            unread: unread.clone(),
        };
        judge::judge(&case, rubric)
    };
    let by = |evidence: Analyses, config: &LabConfig| evidence.by(&files, &journals, config, budget);
    let missing = steps::missing(&evidence.analysis);
    let Settled { judged, shown, doubt, is_late } = by_one_assignment(evidence, config, budget, &by, &judged);
    let is_late = is_late && judged.has_wrong();
    let judged = if is_late { judged.waiting(LATE) } else { judged };
    // Of captures that may be of one host or another, what is missing by both is.
    let missing: Vec<Step> = shown.missing.into_iter().filter(|step| missing.contains(step)).collect();
    notes.extend(shown.notes);
    let hosts =
        doubt.iter().map(|doubt| FindingMade::of_all(Code::HostsNotTold.as_str(), Severity::Warning, doubt.clone()));
    let findings = nothing_there(&shown.captures, &missing).into_iter().chain(hosts).chain(judged.findings);
    let findings: Vec<FindingMade> = findings.chain(late::finding(identity, rubric.cost(late::CODE))).collect();
    let costs: Points = findings.iter().map(|finding| finding.points).sum();
    let earned: Points = judged.questions.iter().map(|question| question.points).sum();
    let pending: Points = judged.questions.iter().map(|question| question.pending).sum();
    let problems = answered.broken.iter().chain(&answered.problems);
    let asks = [unanswered.all, unread, doubt, is_late.then(|| LATE.to_owned())];
    let submission = Submission {
        name: name.to_owned(),
        identity: identity.clone(),
        captures: shown.captures,
        answers: answered.is_filled().then(|| answered.names.join(", ")),
        points: (earned - costs).at_least_zero(),
        pending,
        max_points: rubric.total(),
        questions: with_others(with_written(judged.questions, &documents), &others),
        findings,
        form_problems: problems.map(|(name, problem)| format!("{name}, {problem}")).collect(),
        refused,
        for_a_human: asks.into_iter().flatten().filter(|_| pending > Points::ZERO).collect(),
        pictures: pictures(&documents, &others),
        unconfirmed: Vec::new(),
        comment: None,
        replaced: None,
        handed_in: String::new(),
        notes,
    };
    Graded { submission, fingerprint, ladders: shown.ladders }
}

/// What is told of the captures themselves.
struct OfCaptures {
    captures: Vec<CaptureUsed>,
    missing: Vec<Step>,
    notes: Vec<String>,
    ladders: Vec<Ladder>,
}

impl OfCaptures {
    fn of(analysis: &Analysis) -> OfCaptures {
        OfCaptures {
            captures: analysis.captures.iter().map(used).collect(),
            missing: steps::missing(analysis),
            notes: provenance::notes(&analysis.captures),
            ladders: ladder::all(analysis),
        }
    }
}

/// What comes of the answers.
struct Settled {
    judged: Judged,
    shown: OfCaptures,
    /// What is not told, where the captures were analyzed by another assignment of the hosts at first.
    doubt: Option<String>,
    /// Whether time was over before all was tried that they may be right by.
    is_late: bool,
}

/// What comes of the answers by the assignment of the hosts that fits them best.
fn by_one_assignment(
    evidence: Analyses,
    config: &LabConfig,
    budget: &Budget<'_>,
    by: &dyn Fn(Analyses, &LabConfig) -> Analyses,
    judged: &dyn Fn(&Analyses) -> Judged,
) -> Settled {
    let told = judged(&evidence);
    let (mut shown, mut is_late) = (OfCaptures::of(&evidence.analysis), evidence.is_cut);
    // Whatever may be right otherwise is wrong by what was told.
    let others = if told.has_wrong() { assignments::others(&evidence.analysis.lab, config) } else { Vec::new() };
    let servers: Vec<String> = evidence.analysis.lab.servers.iter().map(|server| server.address.to_string()).collect();
    let mut evidence = evidence;
    let mut best: Option<(&Assignment, Judged)> = None;
    for other in &others {
        if budget.is_over() {
            is_late = true;
            break;
        }
        evidence = by(evidence, &other.config);
        is_late |= evidence.is_cut;
        if !other.may_be(&evidence.analysis.lab) {
            continue;
        }
        let own = judged(&evidence);
        if own.fits_better_than(best.as_ref().map_or(&told, |(_, best)| best), &servers) {
            shown = OfCaptures::of(&evidence.analysis);
            best = Some((other, own));
        }
    }
    match best {
        None => Settled { judged: told, shown, doubt: None, is_late },
        Some((other, own)) => {
            Settled { judged: own.in_doubt(told, &other.doubt()), shown, doubt: Some(other.words()), is_late }
        }
    }
}

/// The questions with what documents say to them.
fn with_written(mut questions: Vec<QuestionGrade>, documents: &[Document]) -> Vec<QuestionGrade> {
    for question in &mut questions {
        let key = question.key();
        for document in documents {
            let own = document.answers.iter().filter(|(asked, _)| asked.key() == key);
            question.written.extend(own.map(|(_, text)| Written { file: document.name.clone(), text: text.clone() }));
        }
    }
    questions
}

/// The questions of which nothing is filled in and nothing waits, with where the answers may be besides: a picture of a screen is
/// wanted anyway, so that it alone lets nothing wait.
fn with_others(mut questions: Vec<QuestionGrade>, others: &[String]) -> Vec<QuestionGrade> {
    let in_others = (!others.is_empty()).then(|| format!("Nothing is filled in. Answers may be in {}.", named(others)));
    let is_blank = |own: &&mut QuestionGrade| {
        own.pending == Points::ZERO && own.explanation.is_none() && own.items.iter().all(|item| item.given.is_none())
    };
    for own in questions.iter_mut().filter(is_blank) {
        own.for_a_human.extend(in_others.clone());
    }
    questions
}

/// The names of pictures, handed in alone or in documents.
fn pictures(documents: &[Document], others: &[String]) -> Vec<String> {
    let inner = documents
        .iter()
        .flat_map(|document| document.pictures.iter().map(move |picture| format!("{}/{picture}", document.name)));
    others.iter().cloned().chain(inner).collect()
}

/// The clients that run side by side: those of the sheet, without the hosts that come later where several hosts are named and they
/// are not among them; on one computer, where one plays all hosts and all of these steps are there.
fn side_by_side(config: &LabConfig, lab: &LabFound) -> SideBySide {
    let sheet = &config.sheet;
    let later = sheet.later_hosts();
    let parallel = || sheet.recorded().filter(|step| step.is_parallel());
    let hosts = || parallel().flat_map(|step| step.hosts().iter().map(move |host| (*host, u64::from(step.clients()))));
    let has = |step: &Step| lab.streams.iter().any(|stream| stream.step == *step);
    if lab.is_one_computer() && parallel().all(has) {
        return SideBySide { hosts: 1, on_each: hosts().map(|(_, clients)| clients).sum() };
    }
    let on_each = hosts().map(|(_, clients)| clients).min().unwrap_or_default();
    let hosts: BTreeSet<HostName> = hosts().map(|(host, _)| host).collect();
    let is_there =
        |host: &&HostName| config.hosts.len() < 2 || config.hosts.contains_key(*host) || !later.contains(*host);
    SideBySide { hosts: hosts.iter().filter(is_there).count(), on_each }
}

/// What was not read, in one sentence.
fn unread_words(unread: &[Refusal]) -> Option<String> {
    let each: Vec<String> =
        unread.iter().map(|one| format!("{} ({})", one.name, one.reason.trim_end_matches('.'))).collect();
    (!each.is_empty()).then(|| format!("Not all was read: {}.", named(&each)))
}

/// The first of many problems, each a sentence or more.
fn told(problems: &[String]) -> String {
    let problems: Vec<&str> = problems.iter().map(|one| one.trim_end().trim_end_matches('.')).collect();
    format!("{}.", wording::first(&problems, MOST_NAMED, ". ", ". And "))
}

/// Why entries that are not filled in may be answered elsewhere.
fn unanswered(answered: &Answered, documents: &[&str], others: &[String]) -> Unanswered {
    let in_documents =
        (!documents.is_empty()).then(|| format!("socklab does not grade what is in {}.", named(documents)));
    if answered.is_filled() {
        let words = |about: fn(&About) -> bool| {
            let found: Vec<String> = answered
                .problems
                .iter()
                .filter(|(_, problem)| about(&problem.about))
                .map(|(name, problem)| format!("{name}, {problem}"))
                .collect();
            (!found.is_empty()).then(|| told(&found))
        };
        let (mut of, mut of_facts) = (BTreeMap::new(), BTreeMap::new());
        for (name, problem) in &answered.problems {
            if let About::Question(question) = &problem.about
                && !problem.is_of_comment()
            {
                of.entry(question.clone()).or_insert_with(|| format!("{name}, {problem}"));
            }
            for fact in &problem.elsewhere {
                of_facts.entry(fact.clone()).or_insert_with(|| format!("{name}, {problem}"));
            }
        }
        let somewhere = words(|about| *about == About::Somewhere);
        return Unanswered { all: in_documents.or(somewhere), of, of_facts };
    }
    let broken: Vec<String> = answered.broken.iter().map(|(name, problem)| format!("{name}, {problem}")).collect();
    let blank = (!answered.blank.is_empty()).then(|| format!("The form is blank: {}.", answered.blank.join(", ")));
    let in_pictures = (!others.is_empty()).then(|| format!("Answers may be in {}.", named(others)));
    let broken = (!broken.is_empty()).then(|| told(&broken));
    let all: Vec<String> = [broken, blank, in_documents, in_pictures].into_iter().flatten().collect();
    let nothing = "No answers were found in this submission.".to_owned();
    let all = Some(if all.is_empty() { nothing } else { all.join(" ") });
    Unanswered { all, ..Unanswered::default() }
}

fn used(capture: &CaptureAnalysis) -> CaptureUsed {
    CaptureUsed {
        file: capture.file.clone(),
        step: capture.step().map(|recorded| recorded.step.to_string()),
        frames: capture.info.frames,
    }
}

/// A submission without a capture, or without the capture of a step. It costs nothing of its own: the answers that need
/// the capture get no points.
fn nothing_there(captures: &[CaptureUsed], missing: &[Step]) -> Vec<FindingMade> {
    let finding = |code: &str, message: String| FindingMade::of_all(code, Severity::Error, message);
    if captures.is_empty() {
        return vec![finding("no-capture", "There is no capture in this submission.".to_owned())];
    }
    let missing: Vec<String> = missing.iter().map(Step::name).collect();
    match missing.is_empty() {
        true => Vec::new(),
        false => vec![finding("step-not-captured", format!("There is no capture of {}.", list(&missing)))],
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use serde_json::json;

    use super::*;
    use crate::form::Form;
    use crate::form::merge::{HandedForm, merge};
    use crate::limits::SubmissionLimits;
    use socklab_core::analyze::testing::Story;
    use socklab_core::lab::Sheet;
    use socklab_packets::pipeline::CaptureFacts;

    const SERVER: &str = "192.168.1.50:65432";

    /// A client alone of which the server prints so many lines.
    fn alone(file: &str, start: i64, client: &str, lines: usize) -> CaptureFacts {
        let mut story = Story::new(file, start);
        let mut tcp = Story::tcp(client, SERVER);
        story.handshake(&mut tcp);
        (0..lines).for_each(|_| story.line(&mut tcp, "hello\n"));
        story.read()
    }

    /// Datagrams of a client, of which the sheet wants a capture at B.
    fn datagrams(file: &str, client: &str) -> CaptureFacts {
        let mut story = Story::new(file, 900);
        story.datagram(client, SERVER, "hello\n");
        story.read()
    }

    fn side_by_side(file: &str, start: i64, clients: [&str; 2]) -> CaptureFacts {
        let mut story = Story::new(file, start);
        let mut all = clients.map(|client| Story::tcp(client, SERVER));
        all.iter_mut().for_each(|tcp| story.handshake(tcp));
        all.iter_mut().for_each(|tcp| story.echo(tcp, "hello\n"));
        story.read()
    }

    /// The submission of these captures and answers.
    fn graded(captures: Vec<CaptureFacts>, form: &serde_json::Value) -> Submission {
        graded_in_time(captures, form, &|| false)
    }

    /// The same where time may be over.
    fn graded_in_time(captures: Vec<CaptureFacts>, form: &serde_json::Value, is_late: &dyn Fn() -> bool) -> Submission {
        let (form, problems) = Form::read(&form.to_string(), &Sheet::built_in());
        let answered = merge(vec![HandedForm { name: "answers.json".to_owned(), form, problems }]);
        let config = LabConfig::default();
        let found = Collected { captures, answered, ..Collected::default() };
        let limits = SubmissionLimits::default();
        let budget = Budget::new(&limits, is_late);
        grade("ann", &Identity::default(), found, &Rubric::new(&config), &config, &budget).submission
    }

    fn points(submission: &Submission, question: &str) -> (Points, Points) {
        let own = submission.questions.iter().find(|own| own.key() == question).unwrap();
        (own.points, own.pending)
    }

    /// B's step 8, and C's clients of Part II.
    fn of_step_8(form: &serde_json::Value) -> Submission {
        let captures = vec![
            alone("step8", 0, "192.168.1.77:39999", 3),
            side_by_side("p2", 600, ["192.168.1.77:50000", "192.168.1.77:50002"]),
            side_by_side("p3", 600, ["192.168.1.61:51000", "192.168.1.61:51002"]),
        ];
        graded(captures, form)
    }

    #[test]
    fn an_entry_under_a_wrong_heading_waits_for_the_question_that_lacks_it() {
        let lists = json!({"handshake_frames": "1, 2, 3", "client_socket_addresses": "192.168.1.77:39999"});
        let submission = of_step_8(&json!({"I.1a": lists, "I.1b": {"server_socket_addresses": SERVER}}));
        let half = Points::from_number(1.5).unwrap();
        assert_eq!(points(&submission, "I.1b"), (half, half));
        let why = submission.questions[1].for_a_human.concat();
        assert!(why.contains("line 1: \"I.1a\".client_socket_addresses: the form has no such entry"), "{why}");
        let told = crate::report::feedback::text(&submission, &Rubric::new(&LabConfig::default()));
        assert!(!told.contains("client_socket_addresses: not filled in"), "{told}");
        // What stands nowhere is nowhere, and what is there besides is judged.
        assert_eq!(
            points(&of_step_8(&json!({"I.1b": {"server_socket_addresses": SERVER}})), "I.1b"),
            (half, Points::ZERO)
        );
        let own = json!({"client_socket_addresses": "192.168.1.77:39999", "server_socket_addresses": SERVER});
        assert_eq!(points(&of_step_8(&json!({"I.1a": lists, "I.1b": own})), "I.1b"), (half + half, Points::ZERO));
    }

    /// Whoever fills in less must not keep more: with nothing filled in all of it waits for who reads the explanation.
    #[test]
    fn a_fact_that_the_explanation_may_tell_waits() {
        let second = |explanation: &str| {
            let form = json!({"I.2": {"second_server_started": "no", "explanation": explanation}});
            points(&of_step_8(&form), "I.2")
        };
        let one = Points::whole(1);
        assert_eq!(second("bind() failed: EADDRINUSE came."), (one, one));
        assert_eq!(second("As we saw."), (one, Points::ZERO));
        let addresses = |explanation: &str| {
            let form = json!({"I.1b": {"server_socket_addresses": SERVER, "explanation": explanation}});
            points(&of_step_8(&form), "I.1b").1
        };
        assert!(addresses("The client has port 39999.") > Points::ZERO && addresses("As we saw.") == Points::ZERO);
    }

    /// A picture of the screen is wanted anyway, but of a question that is blank it may hold the answers.
    #[test]
    fn a_blank_question_names_the_files_that_may_answer_it() {
        let form = json!({"I.1b": {"server_socket_addresses": SERVER}, "I.2": {"explanation": "As we saw."}});
        let (form, problems) = Form::read(&form.to_string(), &Sheet::built_in());
        let answered = merge(vec![HandedForm { name: "answers.json".to_owned(), form, problems }]);
        let captures = vec![alone("step8", 0, "192.168.1.77:39999", 3)];
        let found = Collected { captures, answered, others: vec!["part2.png".to_owned()], ..Collected::default() };
        let config = LabConfig::default();
        let limits = SubmissionLimits::default();
        let budget = Budget::new(&limits, &|| false);
        let submission = grade("ann", &Identity::default(), found, &Rubric::new(&config), &config, &budget).submission;
        let told = "Nothing is filled in. Answers may be in part2.png.";
        let asks = |question: &str| -> bool {
            let own = submission.questions.iter().find(|own| own.key() == question).unwrap();
            own.for_a_human.contains(&told.to_owned())
        };
        assert_eq!(["I.1a", "I.1b", "I.2", "II.3"].map(asks), [true, false, false, true]);
        assert_eq!(points(&submission, "II.3"), (Points::ZERO, Points::ZERO));
    }

    /// The honest answers of a run of which B's step 8 is not there, but C's step 10: B is .77 and C is .61.
    fn without_step_8(rows: [&str; 2]) -> Submission {
        without_step_8_in_time(rows, &|| false)
    }

    /// The same where time may be over.
    fn without_step_8_in_time(rows: [&str; 2], is_late: &dyn Fn() -> bool) -> Submission {
        let captures = vec![
            alone("step10", 30, "192.168.1.61:45678", 1),
            datagrams("step12", "192.168.1.77:45000"),
            side_by_side("p2", 600, ["192.168.1.77:50000", "192.168.1.77:50002"]),
            side_by_side("p3", 600, ["192.168.1.61:51000", "192.168.1.61:51002"]),
        ];
        let sockets = ["192.168.1.77:50000, 192.168.1.77:50002", "192.168.1.61:51000, 192.168.1.61:51002"];
        let row = |place: usize| json!({"host": rows[place], "socket_addresses": sockets[place], "sockets_created": 2});
        let form = json!({
            "I.1a": {"handshake_frames": "4, 5, 6", "data_frames": "8, 10", "acknowledgement_frames": "9, 11"},
            "I.1b": {"client_socket_addresses": "192.168.1.77:39999", "server_socket_addresses": SERVER},
            "II.3": {"clients": [row(0), row(1)]},
        });
        graded_in_time(captures, &form, is_late)
    }

    #[test]
    fn what_is_right_by_another_assignment_of_the_hosts_waits() {
        for rows in [["B", "C"], ["192.168.1.77", "192.168.1.61"]] {
            let submission = without_step_8(rows);
            let by_letters = rows[0] == "B";
            let told = &submission.questions[0].items[0];
            assert_eq!(told.verdict, crate::result::Verdict::NotInCapture, "{told:?}");
            assert_eq!(points(&submission, "I.1b"), (Points::ZERO, Points::whole(3)));
            let three = Points::whole(3);
            let of_sockets = if by_letters { (Points::ZERO, three) } else { (three, Points::ZERO) };
            assert_eq!(points(&submission, "II.3"), of_sockets);
            let doubt = "Nothing in these captures tells whether 192.168.1.61 is host B or host C.";
            assert!(submission.for_a_human.iter().any(|why| why.starts_with(doubt)), "{:?}", submission.for_a_human);
            let codes: Vec<&str> = submission.findings.iter().map(|finding| finding.code.as_str()).collect();
            assert!(codes.contains(&"hosts-not-told"), "{codes:?}");
        }
    }

    /// Only another assignment of the hosts makes them right, which there was no time to try.
    #[test]
    fn what_is_wrong_waits_where_there_was_no_time_to_try_what_makes_it_right() {
        let asked = Cell::new(0);
        let of_time = |most: usize| {
            asked.set(0);
            let is_late = || {
                asked.set(asked.get() + 1);
                asked.get() > most
            };
            without_step_8_in_time(["B", "C"], &is_late)
        };
        let in_time = of_time(usize::MAX);
        assert!(asked.get() > 0 && !in_time.for_a_human.contains(&LATE.to_owned()));
        for most in 0..asked.get() {
            let late = of_time(most);
            assert!(late.for_a_human.contains(&LATE.to_owned()), "{most}: {:?}", late.for_a_human);
            let given = late.questions.iter().flat_map(|question| &question.items).filter(|item| item.given.is_some());
            for item in given {
                assert_eq!(item.points + item.pending, item.max_points, "{most}: {item:?}");
            }
            let left_out =
                late.questions.iter().flat_map(|question| &question.items).filter(|item| item.given.is_none());
            let without: Vec<Points> = left_out.map(|item| item.pending).collect();
            assert!(without.contains(&Points::ZERO), "{without:?}");
        }
    }

    /// The port of step 8's client is in the captures: they are of the run that they were taken for, and a slip is one.
    /// Where all captures of the sheet are there, a wrong answer is wrong.
    #[test]
    fn captures_that_lack_nothing_are_of_the_hosts_that_they_were_taken_for() {
        let captures = vec![
            alone("step8", 0, "192.168.1.77:39999", 3),
            datagrams("step12", "192.168.1.77:45000"),
            side_by_side("p2", 600, ["192.168.1.77:50000", "192.168.1.77:50002"]),
            side_by_side("p3", 600, ["192.168.1.61:51000", "192.168.1.61:51002"]),
        ];
        let form =
            json!({"I.1b": {"client_socket_addresses": "10.0.3.2:39999", "server_socket_addresses": "10.0.3.1:65432"}});
        assert_eq!(points(&graded(captures, &form), "I.1b"), (Points::ZERO, Points::ZERO));
    }

    /// The frames are those of the capture: a slip in the addresses does not make it another host's.
    #[test]
    fn right_frames_are_of_the_host_that_captured_them_whatever_the_addresses() {
        for client in ["192.168.1.77:39998", SERVER] {
            for acknowledgements in ["5, 7, 9", "5, 7"] {
                let captures = vec![
                    alone("step8", 0, "192.168.1.77:39999", 3),
                    side_by_side("p2", 600, ["192.168.1.77:50000", "192.168.1.77:50002"]),
                ];
                let form = json!({
                    "I.1a": {"handshake_frames": "1, 2, 3", "data_frames": "4, 6, 8", "acknowledgement_frames": acknowledgements},
                    "I.1b": {"client_socket_addresses": client, "server_socket_addresses": "192.168.1.77:39999"},
                });
                let submission = graded(captures, &form);
                for question in submission.questions.iter().take(2) {
                    assert_eq!(question.pending, Points::ZERO, "{question:?}");
                }
                assert!(points(&submission, "I.1a").0 > Points::ZERO);
            }
        }
    }

    #[test]
    fn answers_that_tell_the_hosts_are_judged_by_them() {
        let captures = || {
            vec![
                alone("step8", 0, "192.168.1.77:39999", 3),
                side_by_side("p2", 600, ["192.168.1.77:50000", "192.168.1.77:50002"]),
                side_by_side("p3", 600, ["192.168.1.61:51000", "192.168.1.61:51002"]),
            ]
        };
        let row = |host: &str, sockets: &str| json!({"host": host, "socket_addresses": sockets, "sockets_created": 2});
        let [b, c] = ["192.168.1.77:50000, 192.168.1.77:50002", "192.168.1.61:51000, 192.168.1.61:51002"];
        let form = json!({
            "I.1a": {"handshake_frames": "1, 2, 3", "data_frames": "5, 7, 9", "acknowledgement_frames": "4, 6, 8"},
            "I.1b": {"client_socket_addresses": "192.168.1.77:39999", "server_socket_addresses": SERVER},
            "II.3": {"clients": [row("C", b), row("B", c)]},
        });
        let submission = graded(captures(), &form);
        assert_eq!(points(&submission, "I.1b"), (Points::whole(3), Points::ZERO));
        assert_eq!(points(&submission, "II.3"), (Points::ZERO, Points::ZERO));
        let frames = &submission.questions[0].items[1];
        assert_eq!((frames.verdict, frames.pending), (crate::result::Verdict::Wrong, Points::ZERO));
        assert!(submission.findings.iter().all(|finding| finding.code != Code::HostsNotTold.as_str()));
    }

    /// B has the address that the sheet gives to C, and C that of B: each step is there with the exchange only.
    #[test]
    fn addresses_of_the_sheet_may_have_been_exchanged() {
        const A: &str = "10.0.3.1:65432";
        let with = |file: &str, start: i64, clients: &[&str]| {
            let mut story = Story::new(file, start);
            let mut all: Vec<_> = clients.iter().map(|client| Story::tcp(client, A)).collect();
            all.iter_mut().for_each(|tcp| story.handshake(tcp));
            all.iter_mut().for_each(|tcp| story.echo(tcp, "hello\n"));
            story.read()
        };
        let captures = |both: bool| {
            let mut step_12 = Story::new("step12", 300);
            step_12.datagram("10.0.3.3:45000", A, "hello\n");
            let b = with("p2", 600, &["10.0.3.3:50000", "10.0.3.3:50002"]);
            let c = both.then(|| with("p3", 900, &["10.0.3.2:51000", "10.0.3.2:51002"]));
            [with("step8", 0, &["10.0.3.3:39999"]), step_12.read(), b].into_iter().chain(c).collect()
        };
        let of_c = row("B", &["10.0.3.3:50000", "10.0.3.3:50002"]);
        let form = json!({
            "I.1b": {"client_socket_addresses": "10.0.3.3:39999", "server_socket_addresses": A},
            "II.3": {"clients": [of_c, row("C", &["10.0.3.2:51000", "10.0.3.2:51002"])]},
        });
        let of = |both: bool| graded(captures(both), &form);
        let submission = of(true);
        for question in ["I.1b", "II.3"] {
            assert_eq!(points(&submission, question), (Points::ZERO, Points::whole(3)), "{question}");
        }
        let told = submission.findings.iter().find(|finding| finding.code == "hosts-not-told").unwrap();
        assert!(
            told.message.starts_with(
                "By the addresses of the sheet 10.0.3.2 is host B; if it was host C, these captures lack nothing."
            ),
            "{}",
            told.message
        );
        assert!(of(false).findings.iter().all(|finding| finding.code != "hosts-not-told"));
    }

    const HERE: [&str; 4] = ["192.168.1.50:50000", "192.168.1.50:50002", "192.168.1.50:51000", "192.168.1.50:51002"];
    const THERE: [&str; 2] = ["192.168.1.61:51000", "192.168.1.61:51002"];

    /// What clients on the server's own computer did in steps 8, 12 and 2 of Part II.
    fn at_the_server() -> Vec<CaptureFacts> {
        vec![
            alone("step8", 0, "192.168.1.50:39999", 2),
            datagrams("step12", "192.168.1.50:45000"),
            side_by_side("p2", 1200, [HERE[0], HERE[1]]),
        ]
    }

    fn of_part_two(rows: &serde_json::Value) -> serde_json::Value {
        json!({
            "I.1b": {"client_socket_addresses": "192.168.1.50:39999", "server_socket_addresses": SERVER},
            "II.1": {"clients_connected": 4, "clients_served": 4},
            "II.2": {"server_socket_addresses": SERVER, "listening_sockets": 1, "connection_sockets": 4, "sockets_created": 5},
            "II.3": {"clients": rows},
        })
    }

    fn row(host: &str, sockets: &[&str]) -> serde_json::Value {
        json!({"host": host, "socket_addresses": sockets.join(", "), "sockets_created": sockets.len()})
    }

    /// Whichever way a student tells the clients of one computer, by the hosts of the sheet or by the computer.
    #[test]
    fn a_lab_on_one_computer_is_right_as_it_was_done() {
        let both = json!([row("B", &HERE[..2]), row("C", &HERE[2..])]);
        for rows in [both, json!([row("192.168.1.50", &HERE)])] {
            let mut captures = at_the_server();
            captures.push(side_by_side("p3", 1300, [HERE[2], HERE[3]]));
            let submission = graded(captures, &of_part_two(&rows));
            for (question, most) in [("I.1b", 3), ("II.1", 2), ("II.2", 3), ("II.3", 3)] {
                assert_eq!(points(&submission, question), (Points::whole(most), Points::ZERO), "{question}");
            }
            // It costs no more than at the loopback address: each step is there.
            assert!(submission.findings.iter().all(|finding| finding.points == Points::ZERO));
        }
    }

    /// Part I at the loopback address, Part II at the computer's own.
    #[test]
    fn a_letter_is_right_at_whichever_address_of_one_computer() {
        let mut local = Story::new("step8", 0);
        let mut tcp = Story::tcp("127.0.0.1:39999", "127.0.0.1:65432");
        local.handshake(&mut tcp);
        local.echo(&mut tcp, "hello\n");
        let mut captures: Vec<CaptureFacts> = at_the_server().into_iter().skip(1).collect();
        captures.extend([local.read(), side_by_side("p3", 1300, [HERE[2], HERE[3]])]);
        let rows = json!([row("B", &HERE[..2]), row("C", &HERE[2..])]);
        assert_eq!(points(&graded(captures, &of_part_two(&rows)), "II.3"), (Points::whole(3), Points::ZERO));
    }

    /// What the captures of one computer do not show is no less there than where there are several.
    #[test]
    fn without_a_capture_of_the_last_step_answers_about_all_clients_wait() {
        let rows = json!([row("B", &HERE[..2]), row("C", &HERE[2..])]);
        let submission = graded(at_the_server(), &of_part_two(&rows));
        for question in ["II.1", "II.3"] {
            let (own, pending) = points(&submission, question);
            assert!(own == Points::ZERO && pending > Points::ZERO, "{question}: {own:?} {pending:?}");
        }
        let wrong = submission
            .questions
            .iter()
            .flat_map(|one| &one.items)
            .filter(|item| item.verdict == crate::result::Verdict::Wrong);
        assert_eq!(wrong.count(), 0);
    }

    /// The server and host B on one computer, host C on another.
    #[test]
    fn a_lab_on_two_computers_is_right_as_it_was_done() {
        let mut captures = at_the_server();
        captures.push(side_by_side("p3", 1300, THERE));
        let submission = graded(captures, &of_part_two(&json!([row("B", &HERE[..2]), row("C", &THERE)])));
        for (question, most) in [("I.1b", 3), ("II.1", 2), ("II.2", 3), ("II.3", 3)] {
            assert_eq!(points(&submission, question), (Points::whole(most), Points::ZERO), "{question}");
        }
    }
}
