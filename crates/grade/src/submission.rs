//! One submission, from what it holds to its result.

use std::collections::{BTreeMap, BTreeSet};

use crate::collected::Collected;
use crate::document::Document;
use crate::form::About;
use crate::form::merge::Answered;
use crate::judge::{self, Case, Journals, Unanswered, severity};
use crate::result::{CaptureUsed, FindingMade, Graded, Identity, QuestionGrade, Refusal, Submission, Written};
use crate::rubric::Rubric;
use crate::runs::Evidence;
use crate::{ladder, late, provenance, steps};
use socklab_core::analyze::analysis::{Analysis, CaptureAnalysis, Severity};
use socklab_core::lab::{HostName, LabConfig, Points, Question, Step};
use socklab_core::wording::list;

/// Most names or reasons in a sentence.
const MOST_NAMED: usize = 5;

/// Grades what was handed in by a student or team.
pub fn grade(name: &str, identity: &Identity, found: Collected, rubric: &Rubric, config: &LabConfig) -> Graded {
    let Collected { captures, journals, answered, documents, others, refused, unread, mut notes, fingerprint } = found;
    let evidence = Evidence::of(captures, &journals, config);
    let journal_names: Vec<&str> = journals.iter().map(|journal| journal.file.as_str()).collect();
    let unread = unread_words(&unread);
    let names: Vec<&str> = documents.iter().map(|document| document.name.as_str()).collect();
    let unanswered = unanswered(&answered, &names, &others);
    let case = Case {
        analysis: &evidence.analysis,
        journals: evidence.with_journals.as_deref().map(|answers| Journals { answers, names: named(&journal_names) }),
        runs: &evidence.runs,
        is_doubtful: evidence.is_doubtful,
        client_hosts: client_hosts(config),
        form: answered.is_filled().then_some(&answered.form),
        unanswered: unanswered.clone(),
        unread: unread.clone(),
    };
    let judged = judge::judge(&case, rubric);
    notes.extend(provenance::notes(&evidence.analysis.captures));
    let findings = nothing_there(&evidence.analysis).into_iter().chain(judged.findings);
    let findings: Vec<FindingMade> = findings.chain(late::finding(identity, rubric.cost(late::CODE))).collect();
    let costs: Points = findings.iter().map(|finding| finding.points).sum();
    let earned: Points = judged.questions.iter().map(|question| question.points).sum();
    let pending: Points = judged.questions.iter().map(|question| question.pending).sum();
    let problems = answered.broken.iter().chain(&answered.problems);
    let submission = Submission {
        name: name.to_owned(),
        identity: identity.clone(),
        captures: evidence.analysis.captures.iter().map(used).collect(),
        answers: answered.is_filled().then(|| answered.names.join(", ")),
        points: (earned - costs).at_least_zero(),
        pending,
        max_points: rubric.total(),
        questions: with_written(judged.questions, &documents),
        findings,
        form_problems: problems.map(|(name, problem)| format!("{name}, {problem}")).collect(),
        refused,
        for_a_human: unanswered.all.into_iter().chain(unread).filter(|_| pending > Points::ZERO).collect(),
        pictures: pictures(&documents, &others),
        unconfirmed: Vec::new(),
        comment: None,
        replaced: None,
        handed_in: String::new(),
        notes,
    };
    Graded { submission, fingerprint, ladders: ladder::all(&evidence.analysis) }
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

/// The names of pictures, handed in alone or in documents.
fn pictures(documents: &[Document], others: &[String]) -> Vec<String> {
    let inner = documents
        .iter()
        .flat_map(|document| document.pictures.iter().map(move |picture| format!("{}/{picture}", document.name)));
    others.iter().cloned().chain(inner).collect()
}

/// The computers on which clients run side by side: those of the sheet, unless several hosts are named and one that comes
/// later is not among them.
fn client_hosts(config: &LabConfig) -> usize {
    let sheet = &config.sheet;
    let later = sheet.later_hosts();
    let parallel = sheet.recorded().filter(|step| step.is_parallel());
    let hosts: BTreeSet<HostName> = parallel.flat_map(|step| step.hosts().iter().copied()).collect();
    let is_there =
        |host: &&HostName| config.hosts.len() < 2 || config.hosts.contains_key(*host) || !later.contains(*host);
    hosts.iter().filter(is_there).count()
}

/// What was not read, in one sentence.
fn unread_words(unread: &[Refusal]) -> Option<String> {
    let each: Vec<String> =
        unread.iter().map(|one| format!("{} ({})", one.name, one.reason.trim_end_matches('.'))).collect();
    let each: Vec<&str> = each.iter().map(String::as_str).collect();
    (!each.is_empty()).then(|| format!("Not all was read: {}.", named(&each)))
}

/// The first of many names.
fn named(names: &[&str]) -> String {
    let shown: Vec<&str> = names.iter().copied().take(MOST_NAMED).collect();
    match names.len().saturating_sub(shown.len()) {
        0 => shown.join("; "),
        more => format!("{}; and {more} more", shown.join("; ")),
    }
}

/// The first of many problems, each a sentence or more.
fn told(problems: &[&str]) -> String {
    let shown: Vec<String> =
        problems.iter().take(MOST_NAMED).map(|one| format!("{}.", one.trim_end().trim_end_matches('.'))).collect();
    match problems.len().saturating_sub(shown.len()) {
        0 => shown.join(" "),
        more => format!("{} And {more} more.", shown.join(" ")),
    }
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
            let found: Vec<&str> = found.iter().map(String::as_str).collect();
            (!found.is_empty()).then(|| told(&found))
        };
        let mut of: BTreeMap<Question, String> = BTreeMap::new();
        for (name, problem) in &answered.problems {
            if let About::Question(question) = &problem.about {
                of.entry(question.clone()).or_insert_with(|| format!("{name}, {problem}"));
            }
        }
        let somewhere = words(|about| *about == About::Somewhere);
        return Unanswered { all: in_documents.or(somewhere), of };
    }
    let broken: Vec<String> = answered.broken.iter().map(|(name, problem)| format!("{name}, {problem}")).collect();
    let broken: Vec<&str> = broken.iter().map(String::as_str).collect();
    let blank = (!answered.blank.is_empty()).then(|| format!("The form is blank: {}.", answered.blank.join(", ")));
    let pictures: Vec<&str> = others.iter().map(String::as_str).collect();
    let in_pictures = (!pictures.is_empty()).then(|| format!("Answers may be in {}.", named(&pictures)));
    let broken = (!broken.is_empty()).then(|| told(&broken));
    let all: Vec<String> = [broken, blank, in_documents, in_pictures].into_iter().flatten().collect();
    let nothing = "No answers were found in this submission.".to_owned();
    Unanswered { all: Some(if all.is_empty() { nothing } else { all.join(" ") }), of: Default::default() }
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
fn nothing_there(analysis: &Analysis) -> Vec<FindingMade> {
    let finding = |code: &str, message: String| FindingMade {
        code: code.to_owned(),
        severity: severity(Severity::Error).to_owned(),
        file: None,
        message,
        redo: None,
        points: Points::ZERO,
        rubric: None,
        evidence: Vec::new(),
    };
    if analysis.captures.is_empty() {
        return vec![finding("no-capture", "There is no capture in this submission.".to_owned())];
    }
    let missing: Vec<String> = steps::missing(analysis).iter().map(Step::name).collect();
    match missing.is_empty() {
        true => Vec::new(),
        false => vec![finding("step-not-captured", format!("There is no capture of {}.", list(&missing)))],
    }
}
