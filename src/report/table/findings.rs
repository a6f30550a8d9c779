//! What went wrong with the captures, and what to redo.

use std::io;

use crate::analyze::analysis::Analysis;
use crate::report::page::{Page, WIDTH, shorten};
use crate::report::style::Piece;
use crate::report::table::answers;
use crate::report::{sentences, words};

/// Spaces before what belongs to a finding.
const INDENT: usize = 4;

pub(super) fn write(page: &mut Page<'_>, analysis: &Analysis, all: bool) -> io::Result<()> {
    page.heading("Findings")?;
    if analysis.findings.is_empty() {
        return page.paragraph(2, sentences::NO_FINDINGS);
    }
    for finding in &analysis.findings {
        page.gap()?;
        let mark = format!("{}:", words::severity(finding.severity));
        page.marked(2, Piece::Finding(finding.severity), &mark, &finding.message)?;
        let mut about = sentences::about_finding(finding);
        if let Some(file) = &finding.file {
            let room = WIDTH.saturating_sub(about.join("; ").len()).saturating_sub(INDENT).saturating_sub(4);
            about.insert(0, shorten(file, room.max(20)));
        }
        page.painted(INDENT, Piece::Faint, &about.join("; "))?;
        for evidence in &finding.evidence {
            answers::evidence(page, INDENT, evidence, all)?;
        }
    }
    Ok(())
}
