//! What each file is, and the lab that was found in them.

use std::io;

use crate::analyze::analysis::{Analysis, Severity};
use crate::report::page::Page;
use crate::report::sentences::{self, About};
use crate::report::style::Piece;

/// Interfaces and warnings of a file that are shown unless all are asked for.
const LISTED: usize = 8;

pub(super) fn write(page: &mut Page<'_>, analysis: &Analysis, all: bool) -> io::Result<()> {
    page.heading("Summary")?;
    for capture in &analysis.captures {
        page.gap()?;
        page.painted(0, Piece::Title, &capture.file)?;
        of_capture(page, &About::new(analysis, capture, if all { usize::MAX } else { LISTED }, " (--all lists them)"))?;
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

fn of_capture(page: &mut Page<'_>, about: &About) -> io::Result<()> {
    page.paragraph(2, &about.what)?;
    about.interfaces.iter().try_for_each(|line| page.paragraph(2, line))?;
    page.paragraph(2, &about.step)?;
    about.why.iter().try_for_each(|line| page.paragraph(4, line))?;
    about.kinds.iter().try_for_each(|line| page.paragraph(2, line))?;
    about.warnings.iter().try_for_each(|line| page.marked(2, Piece::Finding(Severity::Warning), "warning:", line))
}
