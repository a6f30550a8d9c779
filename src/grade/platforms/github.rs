//! GitHub Classroom: the result of a test runner, as its reporter reads it.
//!
//! classroom-resources/autograding-command-grader: `src/main.js`; autograding-grading-reporter:
//! `src/notify-classroom.js`. Each question is a test of its own, so that partial credit counts.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;

use crate::grade::report::{feedback, words};
use crate::grade::result::Submission;
use crate::grade::rubric::Rubric;
use crate::lab::Points;

/// A runner's result.
#[derive(Debug, Clone, Serialize)]
pub struct RunnerResult {
    version: u32,
    status: &'static str,
    max_score: Points,
    tests: Vec<Test>,
}

#[derive(Debug, Clone, Serialize)]
struct Test {
    name: String,
    status: &'static str,
    score: Points,
    message: String,
    test_code: String,
    filename: String,
    line_no: u32,
    duration: u32,
}

/// The result of a submission.
pub fn result(submission: &Submission, rubric: &Rubric) -> RunnerResult {
    let questions = submission.questions.iter().map(|question| test(question, rubric));
    let tests: Vec<Test> = questions.chain(costs(submission, rubric)).collect();
    let whole = submission.points == submission.max_points;
    RunnerResult { version: 1, status: if whole { "pass" } else { "fail" }, max_score: submission.max_points, tests }
}

/// The result as the runner hands it on: base64 of its JSON.
pub fn encoded(submission: &Submission, rubric: &Rubric) -> String {
    STANDARD.encode(serde_json::to_vec(&result(submission, rubric)).unwrap_or_default())
}

fn test(question: &crate::grade::result::QuestionGrade, rubric: &Rubric) -> Test {
    let lines: Vec<&str> = question.items.iter().map(|item| item.rubric.as_str()).collect();
    Test {
        name: words::question(&rubric.sheet, question),
        status: if question.passes() { "pass" } else { "fail" },
        score: question.points,
        message: feedback::of_question(question, rubric).lines.join("\n"),
        test_code: lines.join("\n"),
        filename: String::new(),
        line_no: 0,
        duration: 0,
    }
}

/// Findings that cost points, as one test with a negative score: the reporter adds the scores up.
fn costs(submission: &Submission, rubric: &Rubric) -> Option<Test> {
    let questions: Points = submission.questions.iter().map(|question| question.points).sum();
    let cost = questions - submission.points;
    let paid = submission.findings.iter().filter(|finding| finding.points > Points::ZERO);
    (cost > Points::ZERO).then(|| Test {
        name: "Captures".to_owned(),
        status: "fail",
        score: Points::ZERO - cost,
        message: feedback::summary(submission, rubric).join("\n"),
        test_code: paid.filter_map(|finding| finding.rubric.clone()).collect::<Vec<_>>().join("\n"),
        filename: String::new(),
        line_no: 0,
        duration: 0,
    })
}
