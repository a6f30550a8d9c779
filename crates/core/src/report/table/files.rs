//! What each file holds, a line for each, and the lab that was found in them.

use std::io;

use crate::analyze::analysis::{CaptureAnalysis, Severity};
use crate::report::page::{Align, Page, PageColumn, WIDTH, shorten};
use crate::report::style::TextPart;
use crate::report::table::listing::Listing;
use crate::report::{sentences, words};
use crate::wording;

const COLUMNS: [PageColumn; 4] =
    [("File", Align::Left), ("Holds", Align::Left), ("Frames of the lab", Align::Right), ("Made at", Align::Left)];

/// Columns of a file's name.
const NAME: usize = 30;

/// Warnings that are shown unless all are asked for.
const WARNINGS: usize = 8;

pub(super) fn write(page: &mut Page<'_>, listing: &Listing<'_>) -> io::Result<()> {
    page.heading("Files")?;
    let captures = listing.captures();
    page.table(&COLUMNS, captures.iter().take(listing.rows()).map(|capture| row(listing, capture)))?;
    let hidden = captures.len().saturating_sub(listing.rows());
    if hidden > 0 {
        page.paragraph(2, &format!("Not listed: {} (--all lists them).", wording::count(hidden as u64, "file")))?;
    }
    let lab = sentences::lab(listing.analysis);
    if !lab.is_empty() {
        page.gap()?;
        page.paragraph(2, &lab.join("; "))?;
    }
    warnings(page, listing)
}

fn row(listing: &Listing<'_>, capture: &CaptureAnalysis) -> Vec<String> {
    let made = capture.made_at.and_then(|ip| words::host_letter(&listing.analysis.lab, ip));
    vec![
        shorten(&capture.file, NAME),
        sentences::holds(capture),
        sentences::lab_share(capture),
        made.unwrap_or_else(|| "–".to_owned()),
    ]
}

fn warnings(page: &mut Page<'_>, listing: &Listing<'_>) -> io::Result<()> {
    let all = listing.captures().iter().flat_map(|capture| {
        let file = shorten(&capture.file, WIDTH / 2);
        capture.info.warnings.iter().map(move |warning| format!("{file}: {}", warning.message))
    });
    let all: Vec<String> = all.collect();
    let most = if listing.all { usize::MAX } else { WARNINGS };
    if !all.is_empty() {
        page.gap()?;
    }
    for warning in all.iter().take(most) {
        page.marked(2, TextPart::Finding(Severity::Warning), "warning:", warning)?;
    }
    match all.len().saturating_sub(most) {
        0 => Ok(()),
        hidden => {
            page.paragraph(2, &format!("… and {} more (--all lists them).", wording::count(hidden as u64, "warning")))
        }
    }
}
