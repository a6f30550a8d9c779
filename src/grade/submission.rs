//! One submission, from what it holds to its result.

use crate::analyze::analysis::{Analysis, CaptureAnalysis, Facts, Severity};
use crate::analyze::{CaptureFacts, NamedJournal, analyze};
use crate::grade::copies::Fingerprint;
use crate::grade::form::{Form, Problem};
use crate::grade::judge::{self, Answers};
use crate::grade::ladder;
use crate::grade::late;
use crate::grade::points::Points;
use crate::grade::result::{CaptureUsed, FindingMade, Graded, Identity, Refusal, Submission};
use crate::grade::rubric::Rubric;
use crate::lab::{LabConfig, Step};
use crate::report::words;
use crate::wording::list;

/// The steps of which the sheet asks for a capture.
pub const ASKED: [Step; 4] = [Step::TcpClient, Step::Udp, Step::ThreadedAtB, Step::ThreadedAtC];

/// What is known of a submission before it is graded.
#[derive(Debug, Default)]
pub struct Handed {
    /// The student or team.
    pub name: String,
    /// What the platform says of them.
    pub identity: Identity,
    /// The captures.
    pub captures: Vec<CaptureFacts>,
    /// Journals.
    pub journals: Vec<NamedJournal>,
    /// The form's name, what it says, and what is wrong with it.
    pub form: Option<(String, Form, Vec<Problem>)>,
    /// Documents for a human.
    pub documents: Vec<String>,
    /// What was refused.
    pub refused: Vec<Refusal>,
    /// The marks of the frames.
    pub fingerprint: Fingerprint,
}

/// Grades a submission.
pub fn grade(handed: Handed, rubric: &Rubric, config: &LabConfig) -> Graded {
    let analysis = analyze(handed.captures, &handed.journals, config);
    let document = handed.documents.join(", ");
    let answers = match &handed.form {
        Some((_, form, _)) => Answers::Form(form),
        None if !document.is_empty() => Answers::Document(&document),
        None => Answers::None,
    };
    let questions = judge::questions(&analysis, answers, rubric);
    let mut findings: Vec<FindingMade> =
        nothing_there(&analysis).into_iter().chain(judge::findings(&analysis, rubric)).collect();
    findings.extend(late::finding(&handed.identity, rubric));
    let costs: Points = findings.iter().map(|finding| finding.points).sum();
    let earned: Points = questions.iter().map(|question| question.points).sum();
    let problems = handed.form.as_ref().map(|(_, _, problems)| problems.iter().map(Problem::to_string).collect());
    let submission = Submission {
        name: handed.name,
        identity: handed.identity,
        captures: analysis.captures.iter().map(used).collect(),
        answers: handed.form.as_ref().map(|(name, ..)| name.clone()),
        points: (earned - costs).at_least_zero(),
        max_points: rubric.total(),
        questions,
        findings,
        form_problems: problems.unwrap_or_default(),
        refused: handed.refused,
    };
    Graded { submission, fingerprint: handed.fingerprint, ladders: ladder::all(&analysis) }
}

fn used(capture: &CaptureAnalysis) -> CaptureUsed {
    CaptureUsed {
        file: capture.file.clone(),
        step: capture.step.as_ref().map(|recorded| recorded.step.to_string()),
        frames: capture.info.frames,
    }
}

/// The steps of which the sheet asks for a capture and of which there is none.
pub fn missing_steps(analysis: &Analysis) -> Vec<Step> {
    let recorded = |step: Step| {
        analysis.captures.iter().filter_map(|capture| capture.step.as_ref()).any(|recorded| recorded.step == step)
    };
    // One file may hold several steps: the answers tell.
    let shown = |step: Step| analysis.answers.iter().any(|answer| shows(&answer.facts, step));
    ASKED.into_iter().filter(|step| !recorded(*step) && !shown(*step)).collect()
}

/// Whether facts come from a step.
fn shows(facts: &Facts, step: Step) -> bool {
    match (facts, step) {
        (Facts::SocketAddresses { client_socket_addresses, .. }, Step::TcpClient) => client_socket_addresses.is_some(),
        (Facts::UdpFrames { udp_datagrams, .. }, Step::Udp) => udp_datagrams.is_some(),
        (Facts::ClientSockets { clients: Some(clients) }, Step::ThreadedAtB | Step::ThreadedAtC) => clients.len() > 1,
        _ => false,
    }
}

/// A submission without a capture, or without the capture of a step. It costs nothing of its own: the answers that need
/// the capture get no points.
fn nothing_there(analysis: &Analysis) -> Vec<FindingMade> {
    let finding = |code: &str, message: String| FindingMade {
        code: code.to_owned(),
        severity: judge::severity(Severity::Error).to_owned(),
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
    let missing: Vec<String> = missing_steps(analysis).into_iter().map(words::step).collect();
    match missing.is_empty() {
        true => Vec::new(),
        false => vec![finding("step-not-captured", format!("There is no capture of {}.", list(&missing)))],
    }
}
