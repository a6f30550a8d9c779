//! The words that the views of grades use for the same thing.

use crate::grade::copies::class::Uncompared;
use crate::grade::platforms::gradebook::Change;
use crate::grade::result::{CaptureUsed, FindingMade, ItemGrade, QuestionGrade, SharedCapture, Submission, Verdict};
use crate::lab::{Points, Sheet};
use crate::wording::{count, list};

/// A question with its topic: `I.1(b)  Socket addresses of the TCP connection`.
pub fn question(sheet: &Sheet, grade: &QuestionGrade) -> String {
    sheet.title_of(&grade.key())
}

/// A finding with what it costs.
pub fn finding(finding: &FindingMade) -> String {
    let file = finding.file.as_ref().map(|file| format!("{file}: ")).unwrap_or_default();
    let cost = match finding.points {
        Points::ZERO => String::new(),
        points => format!(" [-{points}: {}]", finding.rubric.as_deref().unwrap_or_default()),
    };
    format!("{file}{}{cost}", finding.message)
}

/// A capture with its step.
pub fn capture(sheet: &Sheet, capture: &CaptureUsed) -> String {
    let step = capture.step.as_ref().and_then(|step| sheet.step(step).ok());
    let step = step.map_or_else(|| "no step of the lab that can be told".to_owned(), |step| step.name());
    format!("{}: {step}, {} frames", capture.file, capture.frames)
}

/// A fact with its verdict.
pub fn item(item: &ItemGrade) -> String {
    let given = item.given.as_ref().map_or_else(|| "nothing".to_owned(), |given| format!("'{given}'"));
    let expected = match (&item.expected, item.verdict) {
        (_, Verdict::Right) | (None, _) => String::new(),
        (Some(expected), _) => format!("; expected '{expected}'"),
    };
    let why = item.why.as_ref().map(|why| format!(" {why}")).unwrap_or_default();
    format!(
        "{}: {} of {} points. Given {given}{expected}: {}.{why} [{}]",
        item.key,
        item.points,
        item.max_points,
        item.comparison.words(),
        item.rubric
    )
}

/// A question with all its facts, each on a line, and what it rests on.
pub fn summary(grade: &QuestionGrade) -> String {
    let mut lines: Vec<String> = grade.items.iter().map(item).collect();
    let expected = grade.expected_answer.strip_prefix("Expected: ").unwrap_or(&grade.expected_answer);
    lines.push(format!("Expected answer: {expected}"));
    for proof in &grade.evidence {
        if let Some(filter) = &proof.filter {
            lines.push(format!("{}: {filter}", proof.file));
        }
    }
    lines.extend(grade.for_a_human.iter().map(|text| format!("For a human: {text}")));
    lines.join("\n")
}

/// Why the points of a submission are not entered: what waits for a human.
pub fn pending(submission: &Submission) -> String {
    let questions: Vec<String> = submission.pending_questions().map(QuestionGrade::key).collect();
    let why: Vec<&str> = submission.unconfirmed.iter().chain(&submission.for_a_human).map(String::as_str).collect();
    let why = why.join(" ");
    let why = if why.is_empty() { String::new() } else { format!(" {why}") };
    if submission.pending == Points::ZERO {
        return format!("your review is not confirmed; no grade is entered.{why}");
    }
    let points = submission.pending;
    let (noun, verb) = if points == Points::whole(1) { ("point", "waits") } else { ("points", "wait") };
    format!("{points} {noun} of {} {verb} for you; no grade is entered.{why}", list(&questions))
}

/// A cell of a gradebook, old and new.
pub fn change(change: &Change) -> String {
    let old = if change.old.is_empty() { "nothing" } else { &change.old };
    match &change.kept {
        Some(kept) => format!("{}: stays {old}: {kept}", change.student),
        None if change.old == change.new => format!("{}: {old} as before", change.student),
        None => format!("{}: {old} → {}", change.student, change.new),
    }
}

/// The sign of a verdict, in one character.
pub const fn sign(verdict: Verdict) -> char {
    match verdict {
        Verdict::Right => '✓',
        Verdict::Wrong => '✗',
        Verdict::Missing => '–',
        Verdict::NotInCapture => '?',
        Verdict::ForAHuman => '!',
    }
}

/// The class of a verdict in HTML.
pub const fn class(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Right => "right",
        Verdict::Wrong => "wrong",
        Verdict::Missing => "missing",
        Verdict::NotInCapture => "unseen",
        Verdict::ForAHuman => "human",
    }
}

/// A group of submissions that share frames, in one line; only so many are named.
pub fn copies(copy: &SharedCapture, most_names: usize) -> String {
    let names = named(&copy.submissions, most_names);
    let partners = if copy.partners { " (partners of one group)" } else { "" };
    format!("{names}: {}{partners}", count(copy.shared_frames, "shared frame"))
}

/// Names, of which only so many are written out. Semicolons stand between such as `Lee, Ann`.
pub fn named(names: &[String], most: usize) -> String {
    let first: Vec<&str> = names.iter().take(most).map(String::as_str).collect();
    let between = if first.iter().any(|name| name.contains(',')) { "; " } else { ", " };
    match names.len().saturating_sub(most) {
        0 => first.join(between),
        more => format!("{} and {more} more", first.join(between)),
    }
}

/// What is said of frames that very many have.
pub const WIDESPREAD: &str = "So many have these frames that the course most likely handed them out: --base FILE leaves \
                              them out of the comparison.";

/// Captures that could not be compared.
pub fn uncompared(of: &Uncompared) -> String {
    let captures = count(of.captures, "capture");
    format!("{captures} ({}): {}.", named(&of.submissions, 5), of.because)
}
