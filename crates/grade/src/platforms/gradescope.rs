//! Gradescope: `results.json` for each submission.
//!
//! gradescope/autograder_samples: `docs/specs.md`.

use serde::Serialize;

use crate::report::{feedback, words};
use crate::result::{QuestionGrade, Submission};
use crate::rubric::Rubric;
use socklab_core::lab::Points;

/// A `results.json`.
#[derive(Debug, Clone, Serialize)]
pub struct Results {
    score: Points,
    output: String,
    output_format: &'static str,
    test_output_format: &'static str,
    test_name_format: &'static str,
    visibility: &'static str,
    stdout_visibility: &'static str,
    tests: Vec<Test>,
}

#[derive(Debug, Clone, Serialize)]
struct Test {
    score: Points,
    max_score: Points,
    status: &'static str,
    name: String,
    name_format: &'static str,
    number: String,
    output: String,
    output_format: &'static str,
    visibility: &'static str,
}

/// The results of a submission. `score` overrides the sum of the tests, because findings of the captures may cost points.
pub fn results(submission: &Submission, rubric: &Rubric) -> Results {
    Results {
        score: submission.points,
        output: feedback::summary(submission, rubric).join("\n"),
        output_format: "text",
        test_output_format: "text",
        test_name_format: "text",
        visibility: "after_published",
        stdout_visibility: "hidden",
        tests: submission.questions.iter().map(|question| test(submission, question, rubric)).collect(),
    }
}

fn test(submission: &Submission, question: &QuestionGrade, rubric: &Rubric) -> Test {
    Test {
        score: question.points,
        max_score: question.max_points,
        status: if question.passes() { "passed" } else { "failed" },
        name: words::question(&rubric.sheet, question),
        name_format: "text",
        number: question.key(),
        output: feedback::of_question(submission, question, rubric).lines.join("\n"),
        output_format: "text",
        visibility: "after_published",
    }
}
