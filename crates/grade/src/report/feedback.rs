//! Feedback to a student: points, what was right and wrong, what was confused, and the human's comments.
//!
//! It gives no more away than the rubric's `feedback` allows: by default neither the expected values nor the frames that show
//! them, since others may still work on theirs.

use askama::Template;

use crate::report::words;
use crate::result::{Comparison, ItemGrade, Proof, QuestionGrade, Submission};
use crate::rubric::{Rubric, Shows};
use socklab_core::escape::harmless;
use socklab_core::lab::Points;
use socklab_core::wording;

/// What is said of one question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfQuestion {
    /// The question with its points.
    pub title: String,
    /// What is said, in sentences.
    pub lines: Vec<String>,
}

/// The points of a submission in a sentence, and what its captures cost.
pub fn summary(submission: &Submission, rubric: &Rubric) -> Vec<String> {
    let mut lines = vec![format!("{} of {}.", submission.points, wording::points(submission.max_points))];
    if !submission.is_final() {
        lines.push("This is not final: a part of the answers is still to be read by a person.".to_owned());
    }
    for finding in submission.findings.iter().filter(|finding| finding.points > Points::ZERO) {
        let what = match rubric.shows {
            Shows::Answers => finding.message.clone(),
            Shows::Verdicts | Shows::Points => sentence(Rubric::reason(&finding.code).unwrap_or(&finding.code)),
        };
        let file = finding.file.as_ref().map(|file| format!("{file}: ")).unwrap_or_default();
        lines.push(format!("{file}{what} ({} off)", wording::points(finding.points)));
    }
    if submission.replaced.is_some() {
        lines.push(
            "A person gave these points for the whole. What is said of single questions is by the rubric.".to_owned(),
        );
    }
    lines.extend(submission.comment.clone());
    lines.iter().flat_map(|text| text.lines()).map(|line| harmless(line).into_owned()).collect()
}

/// What is said of each question.
pub fn questions(submission: &Submission, rubric: &Rubric) -> Vec<OfQuestion> {
    submission.questions.iter().map(|question| of_question(submission, question, rubric)).collect()
}

/// What is said of a question, with its points.
pub fn of_question(submission: &Submission, question: &QuestionGrade, rubric: &Rubric) -> OfQuestion {
    let shows = rubric.shows;
    let title = words::question(&rubric.sheet, question);
    let title = format!("{title}: {} of {}", question.points, wording::points(question.max_points));
    let mut lines = Vec::new();
    // Where a person set the points, the rubric's reasons for others would contradict them.
    let decided = question.reviewed.as_ref().filter(|reviewed| reviewed.counts());
    if shows != Shows::Points && decided.is_none_or(|reviewed| reviewed.replaced.is_none()) {
        let left = question.items.iter().filter(|item| decided.is_none() || !has_to_be_read(item));
        // Who gave points for the whole has read answers that socklab has not.
        let is_told = |item: &&ItemGrade| submission.replaced.is_none() || item.comparison != Comparison::Missing;
        lines.extend(left.filter(is_told).filter_map(|item| of_item(item, shows)));
        // Who gave all points saw nothing wrong.
        let is_full = decided.is_some() && question.points >= question.max_points;
        lines.extend(question.misconceptions.iter().filter(|_| !is_full).map(|one| one.text.clone()));
    }
    if question.pending > Points::ZERO && submission.replaced.is_none() {
        let verb = if question.pending == Points::whole(1) { "is" } else { "are" };
        lines.push(format!("{} {verb} still to be decided by a person.", wording::points(question.pending)));
    }
    lines.extend(question.reviewed.iter().filter_map(|reviewed| reviewed.comment.clone()));
    if shows == Shows::Answers {
        lines.push(words::expected_answer(question));
        let proof = |proof: &Proof| Some(format!("{}: {}", proof.file, proof.filter.as_deref()?));
        lines.extend(question.evidence.iter().filter_map(proof));
    }
    let lines = lines.iter().flat_map(|text| text.lines()).map(|line| harmless(line).into_owned()).collect();
    OfQuestion { title, lines }
}

/// Whether only a person can tell what was answered: what is not filled in may stand under another heading.
fn has_to_be_read(item: &ItemGrade) -> bool {
    match item.comparison {
        Comparison::Unreadable => true,
        Comparison::Missing => item.pending > Points::ZERO,
        _ => false,
    }
}

fn of_item(item: &ItemGrade, shows: Shows) -> Option<String> {
    let what = match item.comparison {
        Comparison::Equal | Comparison::EqualFormattedOtherwise => return None,
        Comparison::NotAnswerable if item.points >= item.max_points => return None,
        Comparison::RightForAnotherStep => "right for another step",
        Comparison::RightInPart => "right in part",
        Comparison::Wrong => "not what your captures show",
        Comparison::NotAnswerable => "your captures don't show it",
        Comparison::Missing if has_to_be_read(item) => "a person has to see whether it stands elsewhere",
        Comparison::Missing => "not filled in",
        Comparison::Unreadable => "a person has to read it",
        Comparison::JournalOnly => "only a journal shows it, which is no proof",
    };
    let given = item.given.as_ref().map(|given| format!(" ('{given}')")).unwrap_or_default();
    let expected = item.expected.as_ref().filter(|_| shows == Shows::Answers);
    let expected = expected.map(|expected| format!(" Expected: '{expected}'.")).unwrap_or_default();
    Some(format!("{}{given}: {what}.{expected}", item.key))
}

fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().map(|first| first.to_uppercase().collect::<String>()).unwrap_or_default();
    format!("{first}{}", chars.as_str())
}

/// All feedback as text.
pub fn text(submission: &Submission, rubric: &Rubric) -> String {
    let mut lines = summary(submission, rubric);
    for question in questions(submission, rubric) {
        lines.push(question.title);
        lines.extend(question.lines.iter().map(|line| format!("- {line}")));
    }
    lines.join("\n")
}

/// All feedback as a fragment of HTML, as Moodle's comments are.
///
/// # Errors
/// Those of the template.
pub fn fragment(submission: &Submission, rubric: &Rubric) -> Result<String, askama::Error> {
    let fragment =
        Fragment { summary: summary(submission, rubric), questions: questions(submission, rubric) }.render()?;
    // A cell on one line is easier to look at in a table.
    Ok(fragment.replace('\n', ""))
}

/// All feedback as a page of its own, to be sent.
///
/// # Errors
/// Those of the template.
pub fn page(submission: &Submission, rubric: &Rubric) -> Result<String, askama::Error> {
    Page {
        lab: harmless(rubric.sheet.title()).into_owned(),
        name: harmless(&submission.name).into_owned(),
        summary: summary(submission, rubric),
        questions: questions(submission, rubric),
    }
    .render()
}

#[derive(Template)]
#[template(path = "feedback-fragment.html")]
struct Fragment {
    summary: Vec<String>,
    questions: Vec<OfQuestion>,
}

#[derive(Template)]
#[template(path = "feedback-page.html")]
struct Page {
    /// The title of its lab file: a course has others too.
    lab: String,
    name: String,
    summary: Vec<String>,
    questions: Vec<OfQuestion>,
}
