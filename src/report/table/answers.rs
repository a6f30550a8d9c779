//! The answers: a whole one to hand in, and what each of its claims rests on.

use std::io;

use crate::analyze::analysis::{Analysis, Answer, Basis, Claim, Evidence};
use crate::report::page::{Page, WIDTH, shorten};
use crate::report::style::Piece;
use crate::report::{sentences, words};

/// Runs of frames that are listed unless all are asked for.
const RUNS_LISTED: usize = 12;

/// Spaces before what a claim rests on.
const INDENT: usize = 6;

pub(super) fn write(page: &mut Page<'_>, analysis: &Analysis, all: bool) -> io::Result<()> {
    page.heading("Answers")?;
    for basis in [Basis::Proved, Basis::Inferred, Basis::Unknown] {
        page.marked(2, Piece::Claim(basis), &mark(basis), sentences::basis_meaning(basis))?;
    }
    for answer in &analysis.answers {
        page.gap()?;
        one(page, answer, all)?;
    }
    Ok(())
}

fn one(page: &mut Page<'_>, answer: &Answer, all: bool) -> io::Result<()> {
    page.painted(0, Piece::Title, &sentences::answer_title(answer))?;
    for paragraph in answer.answer.lines() {
        page.paragraph(2, paragraph)?;
    }
    page.gap()?;
    for claim in &answer.claims {
        write_claim(page, claim, all)?;
    }
    for missing in &answer.missing {
        page.marked(2, Piece::Title, "Missing:", missing)?;
    }
    Ok(())
}

fn write_claim(page: &mut Page<'_>, claim: &Claim, all: bool) -> io::Result<()> {
    page.marked(2, Piece::Claim(claim.basis), &mark(claim.basis), &claim.text)?;
    for item in &claim.evidence {
        evidence(page, INDENT, item, all)?;
    }
    Ok(())
}

/// The sign and the word of a basis, all equally wide.
fn mark(basis: Basis) -> String {
    format!("{} {:8}", words::basis_sign(basis), words::basis(basis))
}

/// Where something can be checked: the file with its frames or lines, and the filter on a line of its own.
pub(super) fn evidence(page: &mut Page<'_>, indent: usize, evidence: &Evidence, all: bool) -> io::Result<()> {
    let file = shorten(&evidence.file, WIDTH.saturating_sub(indent).saturating_sub(2));
    let text = sentences::evidence(evidence, &file, |list| cut_list(list, all));
    page.paragraph(indent, &text)?;
    match &evidence.filter {
        Some(filter) => page.copyable(indent, filter),
        None => Ok(()),
    }
}

/// A list cut after so many items, with the number of those left out.
fn cut_list(list: &str, all: bool) -> String {
    match list.match_indices(", ").nth(RUNS_LISTED) {
        Some((at, _)) if !all => {
            let (shown, hidden) = list.split_at(at);
            let left = hidden.matches(", ").count();
            format!("{shown} … and {left} more (--all lists them)")
        }
        _ => list.to_owned(),
    }
}
