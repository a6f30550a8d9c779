//! GitHub Classroom: the result of a test runner, as its reporter reads it.
//!
//! classroom-resources/autograding-command-grader: `src/main.js`; autograding-grading-reporter:
//! `src/notify-classroom.js`. Each question is a test of its own, so that partial credit counts.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;

use crate::report::{feedback, words};
use crate::result::{QuestionGrade, Submission};
use crate::rubric::Rubric;
use socklab_core::lab::Points;

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
    let questions = submission.questions.iter().map(|question| test(submission, question, rubric));
    let tests: Vec<Test> = questions.chain(rest(submission, rubric)).collect();
    let whole = submission.points == submission.max_points;
    RunnerResult { version: 1, status: if whole { "pass" } else { "fail" }, max_score: submission.max_points, tests }
}

/// The result as the runner hands it on: base64 of its JSON.
pub fn encoded(submission: &Submission, rubric: &Rubric) -> String {
    STANDARD.encode(serde_json::to_vec(&result(submission, rubric)).unwrap_or_default())
}

fn test(submission: &Submission, question: &QuestionGrade, rubric: &Rubric) -> Test {
    let lines: Vec<&str> = question.items.iter().map(|item| item.rubric.as_str()).collect();
    Test {
        name: words::question(&rubric.sheet, question),
        status: if question.passes() { "pass" } else { "fail" },
        score: question.points,
        message: feedback::of_question(submission, question, rubric).lines.join("\n"),
        test_code: lines.join("\n"),
        filename: String::new(),
        line_no: 0,
        duration: 0,
    }
}

/// What is not a question's, as one test: findings that cost points, or what a person gave for the whole, and the comment. The
/// reporter adds the scores up, so that its score is what the sum of the questions lacks, or has too much.
fn rest(submission: &Submission, rubric: &Rubric) -> Option<Test> {
    let questions: Points = submission.questions.iter().map(|question| question.points).sum();
    let difference = submission.points - questions;
    let paid = submission.findings.iter().filter(|finding| finding.points > Points::ZERO);
    let name = match submission.replaced {
        Some(_) => "Decided by a person",
        None if difference == Points::ZERO => "Comment",
        None => "Captures",
    };
    (difference != Points::ZERO || submission.replaced.is_some() || submission.comment.is_some()).then(|| Test {
        name: name.to_owned(),
        status: if difference < Points::ZERO { "fail" } else { "pass" },
        score: difference,
        message: feedback::summary(submission, rubric).join("\n"),
        test_code: paid.filter_map(|finding| finding.rubric.clone()).collect::<Vec<_>>().join("\n"),
        filename: String::new(),
        line_no: 0,
        duration: 0,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use socklab_core::lab::LabConfig;

    /// The sum of the tests of a submission without questions, and the name of the last one.
    fn made(points: i64, replaced: Option<i64>, comment: &str) -> (Points, Option<String>) {
        let submission = Submission {
            points: Points::from_number(points as f64).unwrap(),
            replaced: replaced.and_then(|points| Points::from_number(points as f64)),
            comment: Some(comment.to_owned()).filter(|comment| !comment.is_empty()),
            ..Submission::default()
        };
        let tests = result(&submission, &Rubric::new(&LabConfig::default())).tests;
        (tests.iter().map(|test| test.score).sum(), tests.last().map(|test| test.name.clone()))
    }

    #[test]
    fn the_scores_add_up_to_what_a_person_gave_for_the_whole() {
        assert_eq!(made(5, Some(5), ""), (Points::from_number(5.0).unwrap(), Some("Decided by a person".to_owned())));
        assert_eq!(made(0, None, ""), (Points::ZERO, None));
        assert_eq!(made(0, None, "Well done."), (Points::ZERO, Some("Comment".to_owned())));
    }
}
