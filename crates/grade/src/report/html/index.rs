//! The index: the class in numbers, a row for each submission to search and to sort, and where to go on.

use std::io::{self, Write};

use askama::Template;

use super::{COPIES, Frame, Mark, Pages, WORKLIST, marks, safe, worklist_file};
use crate::report::statistics::{QuestionStatistics, Statistics};
use crate::report::summary::Summary;
use crate::report::{Class, class_words, words};
use crate::result::{Refusal, SharedCapture, Verdict};
use socklab_core::lab::Points;

const SCRIPT: &str = include_str!("../templates/grades-script.js");

/// Rows that are shown before one asks for more.
const SHOWN: usize = 200;

/// Names of a group that are written out.
const MOST_NAMES: usize = 20;

/// Groups, refused files and absent students that are written out.
const MOST_LISTED: usize = 1000;

/// Writes the index. Without `pages` it stands alone and has no links.
///
/// # Errors
/// Those of the writer.
pub fn write(out: &mut dyn Write, class: &Class<'_>, pages: Option<&Pages>) -> io::Result<()> {
    index(class, pages).write_into(out).map_err(io::Error::other)
}

#[derive(Template)]
#[template(path = "grades-index.html")]
struct Index {
    frame: Frame,
    script: &'static str,
    linked: bool,
    overview: Vec<String>,
    bins: Vec<BinView>,
    absent_title: &'static str,
    absent: Listed,
    tells_late: bool,
    warnings_title: &'static str,
    warnings: Vec<String>,
    keys: Vec<String>,
    rows: Vec<Row>,
    first: usize,
    marks: Vec<Mark>,
    questions: Vec<QuestionRow>,
    copies: Vec<CopyRow>,
    more_copies: usize,
    uncompared: Vec<String>,
    refused: Vec<Refusal>,
    more_refused: usize,
}

struct BinView {
    range: String,
    submissions: u64,
    width: u64,
}

/// Names, and how many more there are.
#[derive(Default)]
struct Listed {
    known: bool,
    names: Vec<String>,
    more: usize,
}

struct Row {
    link: String,
    name: String,
    id: String,
    points: String,
    late: bool,
    cells: Vec<Cell>,
    asks: usize,
    findings: String,
}

struct Cell {
    class: &'static str,
    points: String,
}

struct QuestionRow {
    title: String,
    link: String,
    asks: usize,
    mean: String,
    median: String,
    max_points: String,
    label: String,
    parts: Vec<Part>,
}

struct Part {
    class: &'static str,
    x: u64,
    width: u64,
    count: u64,
}

struct CopyRow {
    link: String,
    title: String,
}

fn index(class: &Class<'_>, pages: Option<&Pages>) -> Index {
    let statistics = Statistics::of(class);
    let rows = class.summaries.iter().enumerate();
    let most = statistics.distribution.iter().map(|bin| bin.submissions).max().unwrap_or(0);
    Index {
        frame: Frame::new("Grades of the socket lab", Some(SCRIPT)),
        script: SCRIPT,
        linked: pages.is_some(),
        overview: class_words::overview(&statistics),
        bins: class_words::bins(&statistics)
            .map(|(range, submissions)| BinView {
                range,
                submissions,
                width: submissions.saturating_mul(300).checked_div(most).unwrap_or(0),
            })
            .collect(),
        absent_title: class_words::absent_title(&statistics),
        absent: absent(&statistics),
        tells_late: class.tells_late,
        warnings_title: class_words::WARNINGS,
        warnings: class.warnings.iter().map(|text| safe(text)).collect(),
        keys: statistics.questions.iter().map(|question| question.question.clone()).collect(),
        rows: rows.map(|(place, summary)| row(summary, pages.and_then(|pages| pages.of_student(place)))).collect(),
        first: SHOWN,
        marks: marks(),
        questions: statistics
            .questions
            .iter()
            .map(|of| question(of, statistics.submissions, pages.is_some()))
            .collect(),
        copies: class
            .copies
            .iter()
            .take(MOST_LISTED)
            .enumerate()
            .map(|(place, copy)| CopyRow {
                link: pages.map(|_| format!("{COPIES}#g{place}")).unwrap_or_default(),
                title: copy_title(copy, MOST_NAMES),
            })
            .collect(),
        more_copies: class.copies.len().saturating_sub(MOST_LISTED),
        uncompared: class.uncompared.iter().map(|of| safe(&words::uncompared(of))).collect(),
        refused: class
            .refused
            .iter()
            .take(MOST_LISTED)
            .map(|r| Refusal { name: safe(&r.name), reason: safe(&r.reason) })
            .collect(),
        more_refused: class.refused.len().saturating_sub(MOST_LISTED),
    }
}

fn absent(statistics: &Statistics) -> Listed {
    let Some(absent) = &statistics.not_handed_in else { return Listed::default() };
    Listed {
        known: true,
        names: absent.iter().take(MOST_LISTED).map(|name| safe(name)).collect(),
        more: absent.len().saturating_sub(MOST_LISTED),
    }
}

/// A group of submissions that share frames, in one line.
pub(super) fn copy_title(copy: &SharedCapture, most_names: usize) -> String {
    safe(&words::copies(copy, most_names))
}

fn row(summary: &Summary, link: Option<String>) -> Row {
    let identity = &summary.identity;
    let id = identity.id.as_deref().or(identity.school_id.as_deref()).unwrap_or_default();
    Row {
        link: link.unwrap_or_default(),
        name: safe(&summary.name),
        id: safe(id),
        points: summary.points.to_string(),
        late: identity.late,
        cells: summary
            .questions
            .iter()
            .map(|question| Cell { class: letter(question.verdict), points: question.points.to_string() })
            .collect(),
        asks: summary.asks(),
        findings: safe(&summary.grave.join(", ")),
    }
}

/// A class of one letter: there are very many such cells.
const fn letter(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Right => "r",
        Verdict::Wrong => "w",
        Verdict::Missing => "m",
        Verdict::NotInCapture => "u",
        Verdict::ForAHuman => "h",
    }
}

fn question(of: &QuestionStatistics, all: usize, linked: bool) -> QuestionRow {
    let all = u64::try_from(all).unwrap_or(u64::MAX);
    let mut x = 0;
    let parts = Verdict::ALL.into_iter().zip(of.verdicts).map(|(verdict, count)| {
        let width = count.saturating_mul(200).checked_div(all).unwrap_or(0);
        let part = Part { class: words::class(verdict), x, width, count };
        x = x.saturating_add(width);
        part
    });
    let parts = parts.collect();
    let label =
        Verdict::ALL.into_iter().zip(of.verdicts).map(|(verdict, count)| format!("{count} {}", verdict.words()));
    QuestionRow {
        title: of.title.clone(),
        link: if linked && of.for_a_human > 0 {
            format!("{WORKLIST}/{}", worklist_file(&of.question))
        } else {
            String::new()
        },
        asks: of.for_a_human,
        mean: of.points.mean.to_string(),
        median: of.points.median.to_string(),
        max_points: of.points.max_points.max(Points::ZERO).to_string(),
        label: label.collect::<Vec<_>>().join(", "),
        parts,
    }
}
