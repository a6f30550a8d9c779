//! What went wrong with the captures, and what to redo.

use std::io;

use crate::analyze::analysis::{Analysis, Finding};
use crate::report::page::{Page, WIDTH, shorten};
use crate::report::style::TextPart;
use crate::report::table::answers;
use crate::report::table::options::Detail;
use crate::report::{sentences, words};
use crate::wording;

/// Spaces before what belongs to a finding.
const INDENT: usize = 4;

/// Findings that are listed unless all are asked for; the gravest come first.
const LISTED: usize = 12;

pub(super) fn write(page: &mut Page<'_>, analysis: &Analysis, detail: Detail) -> io::Result<()> {
    page.heading("Findings")?;
    if analysis.findings.is_empty() {
        return page.paragraph(2, sentences::NO_FINDINGS);
    }
    let most = if detail == Detail::All { usize::MAX } else { LISTED };
    for finding in analysis.findings.iter().take(most) {
        let several = analysis.captures.len() > 1;
        one(page, finding, several, detail)?;
    }
    match analysis.findings.len().saturating_sub(most) {
        0 => Ok(()),
        hidden => {
            page.paragraph(2, &format!("Not listed: {} (--all lists them).", wording::count(hidden as u64, "finding")))
        }
    }
}

fn one(page: &mut Page<'_>, finding: &Finding, several: bool, detail: Detail) -> io::Result<()> {
    let explained = detail >= Detail::Explained;
    if explained {
        page.gap()?;
    }
    let mark = format!("{}:", words::severity(finding.severity));
    page.marked(2, TextPart::Finding(finding.severity), &mark, &finding.message.to_string())?;
    let mut about = match explained {
        true => sentences::about_finding(finding),
        false => sentences::redo(finding).into_iter().collect(),
    };
    if let Some(file) = finding.file.as_ref().filter(|_| several || explained) {
        let room = WIDTH.saturating_sub(about.join("; ").len()).saturating_sub(INDENT).saturating_sub(4);
        about.insert(0, shorten(file, room.max(20)));
    }
    if !about.is_empty() {
        page.painted(INDENT, TextPart::Faint, &about.join("; "))?;
    }
    match explained {
        true => finding.evidence.iter().try_for_each(|one| answers::evidence(page, INDENT, one, detail == Detail::All)),
        false => Ok(()),
    }
}
