//! The words that the views of grades use for the same thing.

use super::statistics::Statistics;
use crate::grade::copies::class::Uncompared;
use crate::grade::points::Points;
use crate::grade::result::{CaptureUsed, FindingMade, ItemGrade, QuestionGrade, SharedCapture, Verdict};
use crate::lab::{Question, Step};
use crate::report::words as analysis_words;
use crate::wording::count;

/// A question with its topic: `I.1(b)  Socket addresses of the TCP connection`.
pub fn question(grade: &QuestionGrade) -> String {
    match grade.key().parse::<Question>() {
        Ok(question) => format!("{question}  {}", question.topic()),
        Err(_) => grade.key(),
    }
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
pub fn capture(capture: &CaptureUsed) -> String {
    let step = capture.step.as_ref().and_then(|step| step.parse::<Step>().ok());
    let step = step.map_or_else(|| "no step of the lab that can be told".to_owned(), analysis_words::step);
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

/// The class in numbers, in sentences.
pub fn overview(of: &Statistics) -> Vec<String> {
    let number = |length: usize| u64::try_from(length).unwrap_or(u64::MAX);
    let late = match (of.late, of.late_cost) {
        (0, _) => "none of them late".to_owned(),
        (late, Points::ZERO) => format!("{late} of them late, which costs nothing by this rubric"),
        (late, cost) => format!("{late} of them late, for which the rubric takes {cost} points in all"),
    };
    let mut lines = vec![format!("{}, {late}.", count(number(of.submissions), "submission"))];
    if let Some(absent) = &of.not_handed_in {
        lines.push(match absent.len() {
            0 => "Everyone in the platform's table handed something in.".to_owned(),
            1 => "1 student of the platform's table handed nothing in.".to_owned(),
            more => format!("{more} students of the platform's table handed nothing in."),
        });
    }
    lines.push(match of.for_a_human {
        0 => "Nothing waits for you.".to_owned(),
        1 => "In 1 submission something waits for you.".to_owned(),
        more => format!("In {more} submissions something waits for you."),
    });
    let points = &of.points;
    lines.push(format!(
        "Of {} points the median is {}, the mean {}; the middle half of the class has {} to {}, all have {} to {}.",
        points.max_points,
        points.median,
        points.mean,
        points.lower_quartile,
        points.upper_quartile,
        points.least,
        points.most
    ));
    lines
}

/// How many submissions have points in a range.
pub fn bins(of: &Statistics) -> impl Iterator<Item = (String, u64)> + '_ {
    of.distribution.iter().map(|bin| (format!("{} to {}", bin.from, bin.to), bin.submissions))
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
