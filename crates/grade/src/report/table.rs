//! A graded class for a person at a terminal.

use std::collections::HashMap;
use std::io::{self, Write};

use super::statistics::{Ask, QuestionStatistics, Statistics, worklist};
use super::summary::Summary;
use super::{Class, class_words, words};
use crate::result::{SharedFrames, Verdict};
use socklab_core::lab::Question;
use socklab_core::report::page::{Align, Page, PageColumn, shorten};
use socklab_core::report::style::{Style, TextPart};
use socklab_core::wording::count;

/// Columns for a submission's name.
const NAME: usize = 14;

/// Columns of the longest bar.
const BAR: u64 = 40;

/// Names of a group, and of those who handed nothing in, that are written out.
const MOST_NAMES: usize = 20;

/// Names behind one thing to look at.
const MOST_NAMED: usize = 5;

/// Things to look at of one question.
const MOST_ASKS: usize = 8;

/// Pairs of a group whose frames are written out.
const MOST_PAIRS: usize = 3;

/// Writes the report.
///
/// # Errors
/// Those of the writer.
pub fn write(out: &mut dyn Write, class: &Class<'_>, style: Style) -> io::Result<()> {
    let mut page = Page::new(out, style);
    page.heading("Grades")?;
    let titles: Vec<String> = class.sheet.questions().iter().map(Question::key).collect();
    let questions = titles.iter().map(|title| (title.as_str(), Align::Right));
    let ends = [("Submission", Align::Left), ("Points", Align::Right)];
    let columns: Vec<PageColumn> = ends.into_iter().chain(questions).collect();
    page.table(&columns, class.summaries.iter().map(row))?;
    let legend = Verdict::ALL.map(|verdict| format!("{} {}", words::sign(verdict), verdict.words()));
    page.paragraph(2, &format!("{}; * is a finding that cost points.", legend.join(", ")))?;
    if !class.warnings.is_empty() {
        page.heading(class_words::WARNINGS)?;
        class.warnings.iter().try_for_each(|text| page.paragraph(2, &format!("{text}.")))?;
    }
    let statistics = Statistics::of(class);
    overview(&mut page, &statistics)?;
    questions_section(&mut page, &statistics)?;
    worklists(&mut page, class, &statistics)?;
    faults(&mut page, class)?;
    not_final(&mut page, class)?;
    copies(&mut page, class)?;
    if !class.refused.is_empty() {
        page.heading("Refused")?;
        for refusal in class.refused {
            page.marked(2, TextPart::Title, &shorten(&refusal.name, 40), &refusal.reason)?;
        }
    }
    Ok(())
}

fn row(summary: &Summary) -> Vec<String> {
    let mark = if summary.paid { "*" } else { "" };
    let cells = summary.questions.iter().map(|question| words::sign(question.verdict).to_string());
    let points = format!("{}{mark}", summary.points);
    [shorten(&summary.name, NAME), points].into_iter().chain(cells).collect()
}

/// The class in numbers: how many, late, missing; the median and the distribution.
fn overview(page: &mut Page<'_>, statistics: &Statistics) -> io::Result<()> {
    page.heading("The class")?;
    for line in class_words::overview(statistics) {
        page.paragraph(2, &line)?;
    }
    if let Some(absent) = statistics.not_handed_in.as_deref().filter(|absent| !absent.is_empty()) {
        let title = format!("{}:", class_words::absent_title(statistics));
        page.marked(2, TextPart::Title, &title, &words::named(absent, MOST_NAMES))?;
    }
    let most = class_words::bins(statistics).map(|(_, submissions)| submissions).max().unwrap_or(0);
    let bar = |submissions: u64| {
        let length = submissions.saturating_mul(BAR).checked_div(most).unwrap_or(0).max(submissions.min(1));
        "█".repeat(usize::try_from(length).unwrap_or(0))
    };
    let columns = [("Points", Align::Right), ("Submissions", Align::Right), ("", Align::Left)];
    page.gap()?;
    page.table(
        &columns,
        class_words::bins(statistics).map(|(range, number)| vec![range, number.to_string(), bar(number)]),
    )
}

fn questions_section(page: &mut Page<'_>, statistics: &Statistics) -> io::Result<()> {
    page.heading("How each question went")?;
    let columns = [
        ("Question", Align::Left),
        ("median", Align::Right),
        ("right", Align::Right),
        ("wrong", Align::Right),
        ("missing", Align::Right),
        ("unseen", Align::Right),
        ("human", Align::Right),
    ];
    let rows = statistics.questions.iter().map(|question| {
        let title = question.title.replace("  ", " ");
        let counts = question.verdicts.map(|count| count.to_string());
        [title, question.points.median.to_string()].into_iter().chain(counts).collect()
    });
    page.table(&columns, rows)
}

/// What waits for a human, question by question; the same of several students once.
fn worklists(page: &mut Page<'_>, class: &Class<'_>, statistics: &Statistics) -> io::Result<()> {
    if statistics.for_a_human == 0 {
        return Ok(());
    }
    page.heading("For you, question by question")?;
    let of_each = |question: &QuestionStatistics| worklist(class.summaries, &question.question);
    let lists: Vec<(&QuestionStatistics, Vec<Ask>)> =
        statistics.questions.iter().map(|question| (question, of_each(question))).collect();
    // What is asked of the same students in every question is said once.
    let places = |asks| <[Ask]>::iter(asks).map(|ask| (ask.text.as_str(), &ask.places)).collect();
    let all: Vec<HashMap<&str, &Vec<usize>>> = lists.iter().map(|(_, asks)| places(asks)).collect();
    let everywhere =
        |ask: &Ask| all.len() > 1 && all.iter().all(|list| list.get(ask.text.as_str()) == Some(&&ask.places));
    let common: Vec<&Ask> = lists.iter().take(1).flat_map(|(_, asks)| asks).filter(|ask| everywhere(ask)).collect();
    asked(page, class, "All questions", &common)?;
    for (question, asks) in &lists {
        let own: Vec<&Ask> = asks.iter().filter(|ask| !everywhere(ask)).collect();
        asked(page, class, &question.title, &own)?;
    }
    Ok(())
}

fn asked(page: &mut Page<'_>, class: &Class<'_>, title: &str, asks: &[&Ask]) -> io::Result<()> {
    if asks.is_empty() {
        return Ok(());
    }
    page.painted(2, TextPart::Title, title)?;
    for ask in asks.iter().take(MOST_ASKS) {
        let names = ask.places.iter().filter_map(|place| class.summaries.get(*place)).map(|of| of.name.clone());
        page.paragraph(4, &format!("{}: {}", words::named(&names.collect::<Vec<_>>(), MOST_NAMED), ask.text))?;
    }
    match asks.len().saturating_sub(MOST_ASKS) {
        0 => Ok(()),
        more if class.has_pages => {
            page.paragraph(4, &format!("{more} more: the page of the question in worklist has all."))
        }
        more => page.paragraph(4, &format!("{more} more: --results FOLDER makes a page for each question.")),
    }
}

/// Submissions whose captures have faults, or of which files were refused.
fn faults(page: &mut Page<'_>, class: &Class<'_>) -> io::Result<()> {
    let mut faulty = class.summaries.iter().filter(|summary| !summary.faults.is_empty()).peekable();
    if faulty.peek().is_some() {
        page.heading("Captures and files with faults")?;
    }
    for summary in faulty {
        page.painted(2, TextPart::Title, &shorten(&summary.name, 70))?;
        for line in &summary.faults {
            page.paragraph(4, line)?;
        }
    }
    Ok(())
}

/// Submissions whose points are not final, with the reason.
fn not_final(page: &mut Page<'_>, class: &Class<'_>) -> io::Result<()> {
    let mut open = class.summaries.iter().filter(|summary| summary.pending.is_some()).peekable();
    if open.peek().is_some() {
        page.heading("Not final")?;
    }
    for summary in open {
        page.painted(2, TextPart::Title, &shorten(&summary.name, 70))?;
        page.paragraph(4, summary.pending.as_deref().unwrap_or_default())?;
    }
    Ok(())
}

fn copies(page: &mut Page<'_>, class: &Class<'_>) -> io::Result<()> {
    page.heading("Frames in several submissions")?;
    if class.copies.is_empty() {
        page.paragraph(2, "None were found.")?;
    }
    for copy in class.copies {
        page.painted(2, TextPart::Title, &words::copies(copy, MOST_NAMES))?;
        if copy.widespread {
            page.paragraph(4, words::WIDESPREAD)?;
        }
        page.paragraph(4, &format!("Coincidence: {}", copy.coincidence))?;
        for pair in copy.evidence.iter().take(MOST_PAIRS) {
            proof(page, pair)?;
        }
        if copy.evidence.len() > MOST_PAIRS {
            let more = count(copy.evidence.len().saturating_sub(MOST_PAIRS) as u64, "more pair");
            page.paragraph(4, &format!("{more}: --format json has the frames of each."))?;
        }
    }
    for of in class.uncompared {
        page.marked(2, TextPart::Title, "Not fully compared:", &words::uncompared(of))?;
    }
    Ok(())
}

fn proof(page: &mut Page<'_>, pair: &SharedFrames) -> io::Result<()> {
    page.paragraph(4, &pair.because.join(" "))?;
    let [first, second] = &pair.submissions;
    let firsts = pair.first.iter().map(|proof| (first, proof));
    for (name, proof) in firsts.chain(pair.second.iter().map(|proof| (second, proof))) {
        page.paragraph(6, &format!("{}, {}", shorten(name, 30), shorten(&proof.file, 40)))?;
        if let Some(filter) = &proof.filter {
            page.copyable(6, filter)?;
        }
    }
    Ok(())
}
