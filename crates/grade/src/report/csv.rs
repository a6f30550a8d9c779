//! A graded class as CSV (RFC 4180): a row for each submission, a column for each question.

use std::collections::{BTreeSet, HashMap};
use std::io::{self, Write};

use csv::{Terminator, WriterBuilder};

use super::Class;
use super::summary::Summary;
use socklab_core::escape::spreadsheet_cell;
use socklab_core::lab::Question;

/// Writes the class. Text that a spreadsheet would take for a formula is made harmless; numbers are left alone.
///
/// # Errors
/// Those of the writer.
pub fn write(out: &mut dyn Write, class: &Class<'_>) -> io::Result<()> {
    let mut writer = WriterBuilder::new().terminator(Terminator::CRLF).from_writer(out);
    let keys: Vec<String> = class.sheet.questions().iter().map(Question::key).collect();
    let verdicts = keys.iter().map(|key| format!("{key} verdict"));
    let head = ["name", "id", "email", "late", "points", "max_points", "state"].into_iter().map(str::to_owned);
    let tail = ["findings", "for_a_human", "copies", "refused"].into_iter().map(str::to_owned);
    writer.write_record(head.chain(keys.iter().cloned()).chain(verdicts).chain(tail))?;
    let copies = copies(class);
    for summary in class.summaries {
        let shared = copies.get(summary.name.as_str()).map(BTreeSet::iter).into_iter().flatten().copied();
        writer.write_record(cells(summary, &keys, &shared.collect::<Vec<_>>().join("; ")))?;
    }
    for refusal in class.refused {
        let empty = std::iter::repeat_n(String::new(), keys.len().saturating_mul(2).saturating_add(9));
        writer.write_record([text(&refusal.name)].into_iter().chain(empty).chain([text(&refusal.reason)]))?;
    }
    writer.flush()
}

/// Whom each submission is proved to share frames with.
fn copies<'c>(class: &Class<'c>) -> HashMap<&'c str, BTreeSet<&'c str>> {
    let mut of: HashMap<&str, BTreeSet<&str>> = HashMap::new();
    for [one, other] in class.copies.iter().flat_map(|copy| &copy.evidence).map(|pair| &pair.submissions) {
        of.entry(one).or_default().insert(other);
        of.entry(other).or_default().insert(one);
    }
    of
}

fn cells(summary: &Summary, keys: &[String], copies: &str) -> Vec<String> {
    let identity = &summary.identity;
    let mut cells = vec![
        text(&summary.name),
        text(identity.id.as_deref().unwrap_or_default()),
        text(identity.email.as_deref().unwrap_or_default()),
        if identity.late { "late".to_owned() } else { String::new() },
        summary.points.to_string(),
        summary.max_points.to_string(),
        if summary.pending.is_some() { "pending" } else { "final" }.to_owned(),
    ];
    let question = |key: &String| summary.questions.iter().find(|question| question.key == *key);
    cells.extend(keys.iter().map(|key| question(key).map(|of| of.points.to_string()).unwrap_or_default()));
    cells.extend(keys.iter().map(|key| question(key).map(|of| of.verdict.words().to_owned()).unwrap_or_default()));
    cells.push(text(&summary.findings.join(" ")));
    cells.push(summary.asks().to_string());
    cells.push(text(copies));
    cells.push(text(&summary.refused.join("; ")));
    cells
}

fn text(text: &str) -> String {
    spreadsheet_cell(text)
}
