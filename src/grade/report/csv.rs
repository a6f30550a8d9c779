//! A graded class as CSV (RFC 4180): a row for each submission, a column for each question.

use std::io::{self, Write};

use csv::{Terminator, WriterBuilder};

use super::Class;
use crate::escape::spreadsheet_cell;
use crate::grade::result::Submission;
use crate::lab::Question;

/// Writes the class. Text that a spreadsheet would take for a formula is made harmless; numbers are left alone.
///
/// # Errors
/// Those of the writer.
pub fn write(out: &mut dyn Write, class: &Class<'_>) -> io::Result<()> {
    let mut writer = WriterBuilder::new().terminator(Terminator::CRLF).from_writer(out);
    let keys: Vec<String> = Question::ALL.into_iter().map(Question::key).collect();
    let verdicts = keys.iter().map(|key| format!("{key} verdict"));
    let head = ["name", "id", "email", "late", "points", "max_points"].into_iter().map(str::to_owned);
    let tail = ["findings", "for_a_human", "copies", "refused"].into_iter().map(str::to_owned);
    writer.write_record(head.chain(keys.iter().cloned()).chain(verdicts).chain(tail))?;
    for submission in class.submissions() {
        writer.write_record(cells(&submission, &keys, class))?;
    }
    for refusal in class.refused {
        let empty = std::iter::repeat_n(String::new(), keys.len().saturating_mul(2).saturating_add(8));
        writer.write_record([text(&refusal.name)].into_iter().chain(empty).chain([text(&refusal.reason)]))?;
    }
    writer.flush()
}

fn cells(submission: &Submission, keys: &[String], class: &Class<'_>) -> Vec<String> {
    let identity = &submission.identity;
    let mut cells = vec![
        text(&submission.name),
        text(identity.id.as_deref().unwrap_or_default()),
        text(identity.email.as_deref().unwrap_or_default()),
        if identity.late { "late".to_owned() } else { String::new() },
        submission.points.to_string(),
        submission.max_points.to_string(),
    ];
    let grade = |key: &String| submission.questions.iter().find(|question| question.key() == *key);
    cells.extend(keys.iter().map(|key| grade(key).map(|grade| grade.points.to_string()).unwrap_or_default()));
    cells.extend(keys.iter().map(|key| grade(key).map(|grade| grade.verdict.words().to_owned()).unwrap_or_default()));
    let findings: Vec<&str> = submission.findings.iter().map(|finding| finding.code.as_str()).collect();
    let copies: Vec<&str> = class
        .copies
        .iter()
        .filter(|copy| copy.submissions.contains(&submission.name))
        .flat_map(|copy| copy.submissions.iter().map(String::as_str).filter(|name| *name != submission.name))
        .collect();
    let refused: Vec<String> = submission.refused.iter().map(|r| format!("{}: {}", r.name, r.reason)).collect();
    cells.push(text(&findings.join(" ")));
    cells.push(submission.for_a_human().count().to_string());
    cells.push(text(&copies.join("; ")));
    cells.push(text(&refused.join("; ")));
    cells
}

fn text(text: &str) -> String {
    spreadsheet_cell(text)
}
