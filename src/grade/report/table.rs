//! A graded class for a person at a terminal.

use std::io::{self, Write};

use super::{Class, words};
use crate::grade::points::Points;
use crate::grade::result::{SharedCapture, Submission, Verdict};
use crate::lab::Question;
use crate::report::page::{Align, Column, Page, shorten};
use crate::report::style::{Piece, Style};

/// Columns for a submission's name.
const NAME: usize = 14;

/// Writes the report.
///
/// # Errors
/// Those of the writer.
pub fn write(out: &mut dyn Write, class: &Class<'_>, style: Style) -> io::Result<()> {
    let mut page = Page::new(out, style);
    page.heading("Grades")?;
    let titles = ["I.1a", "I.1b", "I.2", "I.3", "I.4a", "I.4b", "II.1", "II.2", "II.3"];
    let questions = titles.into_iter().map(|title| (title, Align::Right));
    let ends = [("Submission", Align::Left), ("Points", Align::Right)];
    let columns: Vec<Column> = ends.into_iter().chain(questions).collect();
    page.table(&columns, class.submissions().map(|submission| row(&submission)))?;
    let legend = Verdict::ALL.map(|verdict| format!("{} {}", words::sign(verdict), verdict.words()));
    page.paragraph(2, &format!("{}; * is a finding that cost points.", legend.join(", ")))?;
    questions_section(&mut page, class)?;
    faults(&mut page, class)?;
    copies(&mut page, class.copies)?;
    if !class.refused.is_empty() {
        page.heading("Refused")?;
        for refusal in class.refused {
            page.marked(2, Piece::Title, &shorten(&refusal.name, 40), &refusal.reason)?;
        }
    }
    Ok(())
}

fn row(submission: &Submission) -> Vec<String> {
    let paid = submission.findings.iter().any(|finding| finding.points > Points::ZERO);
    let mark = if paid { "*" } else { "" };
    let cells = submission.questions.iter().map(|question| words::sign(question.verdict).to_string());
    let points = format!("{}{mark}", submission.points);
    [shorten(&submission.name, NAME), points].into_iter().chain(cells).collect()
}

fn questions_section(page: &mut Page<'_>, class: &Class<'_>) -> io::Result<()> {
    let mut counts = [[0_u64; 5]; 9];
    for submission in class.submissions() {
        for (question, counts) in submission.questions.iter().zip(&mut counts) {
            let verdict = Verdict::ALL.iter().position(|verdict| *verdict == question.verdict);
            if let Some(count) = verdict.and_then(|place| counts.get_mut(place)) {
                *count = count.saturating_add(1);
            }
        }
    }
    page.heading("How each question went")?;
    let columns = [
        ("Question", Align::Left),
        ("right", Align::Right),
        ("wrong", Align::Right),
        ("missing", Align::Right),
        ("unseen", Align::Right),
        ("human", Align::Right),
    ];
    let rows = Question::ALL.into_iter().zip(counts).map(|(question, counts)| {
        let title = format!("{question} {}", question.topic());
        [title].into_iter().chain(counts.map(|count| count.to_string())).collect()
    });
    page.table(&columns, rows)
}

/// Submissions whose captures have faults, or of which files were refused.
fn faults(page: &mut Page<'_>, class: &Class<'_>) -> io::Result<()> {
    let mut first = true;
    for submission in class.submissions() {
        let grave =
            |finding: &&crate::grade::result::FindingMade| finding.points > Points::ZERO || finding.severity == "error";
        let findings: Vec<String> = submission.findings.iter().filter(grave).map(words::finding).collect();
        let refused = submission
            .refused
            .iter()
            .map(|refusal| format!("{}: {}.", refusal.name, refusal.reason.trim_end_matches('.')));
        let lines: Vec<String> = findings.into_iter().chain(refused).collect();
        if lines.is_empty() {
            continue;
        }
        if first {
            page.heading("Captures and files with faults")?;
            first = false;
        }
        page.painted(2, Piece::Title, &shorten(&submission.name, 70))?;
        for line in lines {
            page.paragraph(4, &line)?;
        }
    }
    Ok(())
}

fn copies(page: &mut Page<'_>, copies: &[SharedCapture]) -> io::Result<()> {
    page.heading("Frames in several submissions")?;
    if copies.is_empty() {
        return page.paragraph(2, "None were found.");
    }
    for copy in copies {
        let partners = if copy.partners { " (partners of one group)" } else { "" };
        let who = copy.submissions.join(", ");
        page.painted(2, Piece::Title, &format!("{who}: {} shared frames{partners}", copy.shared_frames))?;
        page.paragraph(4, &format!("Coincidence: {}", copy.coincidence))?;
        for pair in &copy.evidence {
            page.paragraph(4, &pair.because.join(" "))?;
            let [first, second] = &pair.submissions;
            let proofs =
                pair.first.iter().map(|proof| (first, proof)).chain(pair.second.iter().map(|proof| (second, proof)));
            for (name, proof) in proofs {
                page.paragraph(6, &format!("{}, {}", shorten(name, 30), shorten(&proof.file, 40)))?;
                if let Some(filter) = &proof.filter {
                    page.copyable(6, filter)?;
                }
            }
        }
    }
    Ok(())
}
