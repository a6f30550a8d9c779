//! The answers: all in a table, and whole ones to hand in with what each of their claims rests on.

use std::io;

use crate::analyze::analysis::{Analysis, Answer, Basis, Claim, Evidence};
use crate::report::page::{Align, Page, PageColumn, WIDTH, shorten};
use crate::report::style::TextPart;
use crate::report::table::listing::Listing;
use crate::report::table::options::Detail;
use crate::report::{sentences, words};
use crate::wording;

/// Runs of frames that are listed unless all are asked for.
const RUNS_LISTED: usize = 12;

/// Spaces before what a claim rests on.
const INDENT: usize = 6;

/// Runs of frames, and files, that a cell of the table names.
const RUNS_IN_CELL: usize = 4;
const FILES_IN_CELL: usize = 4;

/// The answer table.
pub(super) fn write_table(page: &mut Page<'_>, listing: &Listing<'_>, detail: Detail) -> io::Result<()> {
    page.heading("Answers")?;
    let columns: [PageColumn; 4] = sentences::ANSWER_COLUMNS.map(|title| (title, Align::Left));
    page.table(&columns, listing.analysis.answers.iter().map(|answer| row(listing, answer)))?;
    if detail == Detail::Short {
        page.gap()?;
        page.paragraph(2, &sentences::more(&listing.analysis.lab.sheet))?;
    }
    Ok(())
}

fn row(listing: &Listing<'_>, answer: &Answer) -> Vec<String> {
    let evidence = answer.frames();
    let mut frames: Vec<String> = evidence
        .iter()
        .take(FILES_IN_CELL)
        .map(|one| sentences::evidence_in_cell(one, &listing.names.in_column(&one.file), RUNS_IN_CELL))
        .collect();
    let more = evidence.len().saturating_sub(FILES_IN_CELL);
    frames.extend((more > 0).then(|| format!("and {} more", wording::count(more as u64, "file"))));
    vec![
        answer.question.to_string(),
        answer.short.to_string(),
        if frames.is_empty() { "–".to_owned() } else { frames.join("\n") },
        format!("{} {}", words::answer_sign(answer), words::answer_basis(answer)),
    ]
}

/// The whole answers.
pub(super) fn write(page: &mut Page<'_>, analysis: &Analysis, all: bool) -> io::Result<()> {
    page.heading("Answers in full")?;
    for basis in [Basis::Proved, Basis::Inferred, Basis::Unknown] {
        page.marked(2, TextPart::Claim(basis), &mark(basis), sentences::basis_meaning(basis))?;
    }
    for answer in &analysis.answers {
        page.gap()?;
        one(page, answer, all)?;
    }
    Ok(())
}

fn one(page: &mut Page<'_>, answer: &Answer, all: bool) -> io::Result<()> {
    page.painted(0, TextPart::Title, &sentences::answer_title(answer))?;
    page.paragraph(2, &answer.text().to_string())?;
    page.gap()?;
    for claim in &answer.claims {
        write_claim(page, claim, all)?;
    }
    for missing in &answer.missing {
        page.marked(2, TextPart::Title, "Missing:", &missing.to_string())?;
    }
    Ok(())
}

fn write_claim(page: &mut Page<'_>, claim: &Claim, all: bool) -> io::Result<()> {
    page.marked(2, TextPart::Claim(claim.basis), &mark(claim.basis), &claim.text.to_string())?;
    for item in &claim.evidence {
        evidence(page, INDENT, item, all)?;
    }
    sentences::only_a_journal(claim).map_or(Ok(()), |text| page.paragraph(INDENT, text))
}

/// The sign and the word of a basis, all equally wide.
fn mark(basis: Basis) -> String {
    format!("{} {:8}", words::basis_sign(basis), words::basis(basis))
}

/// Where something can be checked: the file with its frames or lines, and the filter on a line of its own.
pub(super) fn evidence(page: &mut Page<'_>, indent: usize, evidence: &Evidence, all: bool) -> io::Result<()> {
    let file = shorten(&evidence.file, WIDTH.saturating_sub(indent).saturating_sub(2));
    let text = sentences::evidence(evidence, &file, if all { usize::MAX } else { RUNS_LISTED });
    page.paragraph(indent, &text)?;
    match evidence.filter() {
        Some(filter) => page.copyable(indent, &filter),
        None => Ok(()),
    }
}
