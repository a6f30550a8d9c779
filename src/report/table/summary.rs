//! What each file is, and the lab that was found in them.

use std::io;

use crate::analyze::analysis::{Analysis, CaptureAnalysis};
use crate::report::page::Page;
use crate::report::sentences;
use crate::report::style::Piece;
use crate::wording;

/// Interfaces and warnings of a file that are shown unless all are asked for.
const LISTED: usize = 8;

pub(super) fn write(page: &mut Page<'_>, analysis: &Analysis, all: bool) -> io::Result<()> {
    page.heading("Summary")?;
    for capture in &analysis.captures {
        page.gap()?;
        page.painted(0, Piece::Title, &capture.file)?;
        page.paragraph(2, &sentences::what_it_is(capture))?;
        interfaces(page, capture, all)?;
        step(page, analysis, capture)?;
        if let Some(text) = sentences::kinds(capture) {
            page.paragraph(2, &text)?;
        }
        warnings(page, capture, all)?;
    }
    if !analysis.lab.why.is_empty() {
        page.gap()?;
        page.painted(0, Piece::Title, "The lab")?;
        for line in sentences::lab(analysis) {
            page.paragraph(2, &line)?;
        }
        page.paragraph(2, &analysis.lab.why)?;
    }
    Ok(())
}

fn interfaces(page: &mut Page<'_>, capture: &CaptureAnalysis, all: bool) -> io::Result<()> {
    let interfaces = &capture.info.interfaces;
    let shown = if all { interfaces.len() } else { LISTED };
    for interface in interfaces.iter().take(shown) {
        page.paragraph(2, &sentences::interface(interface))?;
    }
    more(page, interfaces.len(), shown, "interface")
}

fn step(page: &mut Page<'_>, analysis: &Analysis, capture: &CaptureAnalysis) -> io::Result<()> {
    page.paragraph(2, &sentences::step(analysis, capture))?;
    capture.step.as_ref().map_or(Ok(()), |step| page.paragraph(4, &step.why))
}

fn warnings(page: &mut Page<'_>, capture: &CaptureAnalysis, all: bool) -> io::Result<()> {
    let warnings = &capture.info.warnings;
    let shown = if all { warnings.len() } else { LISTED };
    for warning in warnings.iter().take(shown) {
        page.marked(2, Piece::Finding(crate::analyze::analysis::Severity::Warning), "warning:", &warning.message)?;
    }
    more(page, warnings.len(), shown, "warning")
}

fn more(page: &mut Page<'_>, total: usize, shown: usize, thing: &str) -> io::Result<()> {
    match total.checked_sub(shown) {
        Some(hidden @ 1..) => {
            let hidden = wording::count(u64::try_from(hidden).unwrap_or(u64::MAX), thing);
            page.paragraph(2, &format!("… and {hidden} more (--all lists them)."))
        }
        _ => Ok(()),
    }
}
