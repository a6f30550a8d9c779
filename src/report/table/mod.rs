//! The report for a person at a terminal: summary, socket addresses, connections, datagrams, findings, answers.
//!
//! The lab's own traffic comes first; other traffic is counted, and listed where there is nothing else or all is asked
//! for.

mod addresses;
mod answers;
mod connections;
mod datagrams;
mod findings;
mod summary;

use std::io::{self, Write};

use crate::analyze::analysis::{Analysis, CaptureAnalysis};
use crate::report::page::{Page, WIDTH, shorten};
use crate::report::style::{Piece, Style};
use crate::report::words;
use crate::types::SocketAddress;
use crate::wording;

/// How the report is to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Colour or none.
    pub style: Style,
    /// Whether long lists are written whole.
    pub all: bool,
}

/// Entries of a list that are shown unless all are asked for.
const LISTED: usize = 20;

/// Socket addresses longer than this are folded, so that a table keeps to its width.
const ADDRESS_WIDTH: usize = 36;

/// Writes the whole report.
///
/// # Errors
/// Those of the writer.
pub fn write(out: &mut dyn Write, analysis: &Analysis, options: Options) -> io::Result<()> {
    let mut page = Page::new(out, options.style);
    summary::write(&mut page, analysis, options.all)?;
    addresses::write(&mut page, analysis, options.all)?;
    connections::write(&mut page, analysis, options.all)?;
    datagrams::write(&mut page, analysis, options.all)?;
    findings::write(&mut page, analysis, options.all)?;
    answers::write(&mut page, analysis, options.all)
}

/// How many entries of a list are shown, those of the lab first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Cut {
    lab: usize,
    other: usize,
    hidden_lab: usize,
    hidden_other: usize,
}

impl Cut {
    /// Of so many entries of the lab and other ones.
    fn new(all: bool, lab: usize, other: usize) -> Cut {
        let (shown_lab, shown_other) = match (all, lab) {
            (true, _) => (lab, other),
            (false, 0) => (0, other.min(LISTED)),
            (false, _) => (lab.min(LISTED), 0),
        };
        Cut {
            lab: shown_lab,
            other: shown_other,
            hidden_lab: lab.saturating_sub(shown_lab),
            hidden_other: other.saturating_sub(shown_other),
        }
    }

    /// The entries to show: those of the lab, then the others.
    fn pick<'a, T: 'a, I>(
        self,
        entries: impl Fn() -> I,
        is_lab: impl Fn(&T) -> bool + Copy + 'a,
    ) -> impl Iterator<Item = T>
    where
        I: Iterator<Item = T> + 'a,
    {
        let lab = entries().filter(move |entry| is_lab(entry)).take(self.lab);
        lab.chain(entries().filter(move |entry| !is_lab(entry)).take(self.other))
    }

    /// Says what is not shown.
    fn note(self, page: &mut Page<'_>, thing: &str) -> io::Result<()> {
        let hidden = |number: usize, whose: &str| {
            (number > 0).then(|| wording::count(u64::try_from(number).unwrap_or(u64::MAX), &format!("{whose} {thing}")))
        };
        let parts: Vec<String> = [
            hidden(self.hidden_lab, "more lab"),
            hidden(self.hidden_other, if self.lab == 0 { "more other" } else { "other" }),
        ]
        .into_iter()
        .flatten()
        .collect();
        match parts.is_empty() {
            true => Ok(()),
            false => page.paragraph(2, &format!("Not listed: {} (--all lists them).", parts.join(", "))),
        }
    }
}

/// Writes a part of a section that belongs to one capture, under the file's name where there are several.
fn file_title(page: &mut Page<'_>, analysis: &Analysis, capture: &CaptureAnalysis) -> io::Result<()> {
    match analysis.captures.len() {
        0 | 1 => Ok(()),
        _ => {
            page.gap()?;
            page.painted(0, Piece::Title, &shorten(&capture.file, WIDTH))
        }
    }
}

/// A socket address with its host's letter before it: `B 10.0.3.2:40210`. A long one is folded after a colon.
fn address(analysis: &Analysis, address: SocketAddress) -> String {
    fold(&words::socket_address(&analysis.lab, address))
}

fn fold(text: &str) -> String {
    match text.char_indices().rfind(|(at, c)| *c == ':' && *at < ADDRESS_WIDTH) {
        Some((at, _)) if text.len() > ADDRESS_WIDTH => {
            let (first, rest) = text.split_at(at.saturating_add(1));
            format!("{first}\n{rest}")
        }
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_address_is_folded_between_its_groups() {
        assert_eq!(fold("B 10.0.3.2:40210"), "B 10.0.3.2:40210");
        assert_eq!(
            fold("B [2001:db8:1111:2222:ba27:ebff:fe12:3456]:65432"),
            "B [2001:db8:1111:2222:ba27:ebff:\nfe12:3456]:65432"
        );
    }

    #[test]
    fn the_labs_entries_are_listed_before_any_other() {
        let entries = || (0..100).map(|n| (n, n % 2 == 0));
        let shown = |all, lab: usize, other: usize| {
            Cut::new(all, lab, other).pick(entries, |entry| entry.1).map(|entry| entry.0).collect::<Vec<_>>()
        };
        assert_eq!(shown(true, 50, 50).len(), 100);
        assert_eq!(shown(false, 50, 50), (0..40).step_by(2).collect::<Vec<_>>());
        assert_eq!(shown(false, 0, 50), (1..41).step_by(2).collect::<Vec<_>>());
        assert_eq!(Cut::new(false, 50, 50), Cut { lab: 20, other: 0, hidden_lab: 30, hidden_other: 50 });
    }
}
