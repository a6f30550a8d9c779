//! What the tables of a class need of a submission: little, so that a class of thousands is held while they are made.

use super::words;
use crate::late;
use crate::result::{FindingMade, Identity, QuestionGrade, Submission, Verdict};
use socklab_core::analyze::analysis::Severity;
use socklab_core::lab::Points;

/// A submission in short.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// The student or team.
    pub name: String,
    /// What the platform knows of them.
    pub identity: Identity,
    /// Points given.
    pub points: Points,
    /// Points at stake.
    pub max_points: Points,
    /// What the rubric took because it is late.
    pub late_cost: Points,
    /// The questions in the order of the sheet.
    pub questions: Vec<QuestionSummary>,
    /// The codes of all findings, in order.
    pub findings: Vec<String>,
    /// The codes of findings that are errors or cost points, each once.
    pub grave: Vec<String>,
    /// Whether a finding cost points.
    pub paid: bool,
    /// What is wrong with its captures and files, in sentences.
    pub faults: Vec<String>,
    /// Files that were refused: name and reason.
    pub refused: Vec<String>,
    /// Why its points are not final, where they are not.
    pub pending: Option<String>,
}

/// A question in short.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuestionSummary {
    /// Its compact name: `I.1b`.
    pub key: String,
    /// Points given.
    pub points: Points,
    /// Points at stake.
    pub max_points: Points,
    /// The verdict.
    pub verdict: Verdict,
    /// What a human is asked to look at.
    pub asks: Vec<String>,
}

impl Summary {
    /// The summary of a submission.
    pub fn of(submission: &Submission) -> Summary {
        let is_grave = |finding: &&FindingMade| finding.points > Points::ZERO || finding.severity == Severity::Error;
        let grave = || submission.findings.iter().filter(is_grave);
        let mut codes: Vec<String> = grave().map(|finding| finding.code.clone()).collect();
        codes.dedup();
        let refused: Vec<String> = submission.refused.iter().map(|r| format!("{}: {}", r.name, r.reason)).collect();
        let refusals = refused.iter().map(|refusal| format!("{}.", refusal.trim_end_matches('.')));
        let late = submission.findings.iter().filter(|finding| finding.code == late::CODE);
        Summary {
            name: submission.name.clone(),
            identity: submission.identity.clone(),
            points: submission.points,
            max_points: submission.max_points,
            late_cost: late.map(|finding| finding.points).sum(),
            questions: submission.questions.iter().map(QuestionSummary::of).collect(),
            findings: submission.findings.iter().map(|finding| finding.code.clone()).collect(),
            grave: codes,
            paid: submission.findings.iter().any(|finding| finding.points > Points::ZERO),
            faults: grave().map(words::finding).chain(refusals).collect(),
            refused,
            pending: (!submission.is_final()).then(|| words::pending(submission)),
        }
    }

    /// How much waits for a human.
    pub fn asks(&self) -> usize {
        self.questions.iter().map(|question| question.asks.len()).sum()
    }
}

impl QuestionSummary {
    fn of(grade: &QuestionGrade) -> QuestionSummary {
        QuestionSummary {
            key: grade.key(),
            points: grade.points,
            max_points: grade.max_points,
            verdict: grade.verdict,
            asks: grade.for_a_human.clone(),
        }
    }
}
