//! The report for a person at a terminal. It begins with what a student needs: a line for each file, the answer table, the
//! findings, and the lab's socket addresses, connections and datagrams. Whole sentences and everything else are for those
//! who ask.
//!
//! Without [`Detail::All`] every list is cut, so that no capture makes a long report.

mod addresses;
mod answers;
mod cells;
mod connections;
mod datagrams;
mod details;
mod files;
mod findings;
mod listing;
mod options;

use std::io::{self, Write};

use crate::analyze::analysis::Analysis;
use crate::report::page::Page;
use crate::report::sentences;

use listing::Listing;
pub use options::{Detail, Options};

/// Writes the whole report.
///
/// # Errors
/// Those of the writer.
pub fn write(out: &mut dyn Write, analysis: &Analysis, options: Options) -> io::Result<()> {
    let all = options.detail == Detail::All;
    let mut page = Page::new(out, options.style);
    let listing = Listing::new(analysis, all);
    files::write(&mut page, &listing)?;
    answers::write_table(&mut page, &listing, options.detail)?;
    findings::write(&mut page, analysis, options.detail)?;
    addresses::write(&mut page, &listing)?;
    connections::write(&mut page, &listing)?;
    datagrams::write(&mut page, &listing)?;
    if connections::any(&listing) || datagrams::any(&listing) {
        page.gap()?;
        page.paragraph(2, sentences::LAB_LEGEND)?;
        if connections::any_with_repeated_data(&listing) {
            page.paragraph(2, sentences::SENT_AGAIN_LEGEND)?;
        }
    }
    if options.detail >= Detail::Explained {
        answers::write(&mut page, analysis, all)?;
    }
    if all {
        details::write(&mut page, analysis)?;
        connections::write_details(&mut page, &listing)?;
    }
    Ok(())
}

/// Writes the answers alone, with what they rest on.
///
/// # Errors
/// Those of the writer.
pub fn write_answers(out: &mut dyn Write, analysis: &Analysis, options: Options) -> io::Result<()> {
    answers::write(&mut Page::new(out, options.style), analysis, options.detail == Detail::All)
}
