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

/// Writes the answers alone.
///
/// # Errors
/// Those of the writer.
pub fn write_answers(out: &mut dyn Write, analysis: &Analysis, options: Options) -> io::Result<()> {
    answers::write(&mut Page::new(out, options.style), analysis, options.all)
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
    /// Of so many entries of the lab and other ones in this capture: where it holds anything of the lab, other entries
    /// are only counted.
    fn new(all: bool, capture: &CaptureAnalysis, lab: usize, other: usize) -> Cut {
        let (shown_lab, shown_other) = match (all, has_lab(capture)) {
            (true, _) => (lab, other),
            (false, true) => (lab.min(LISTED), 0),
            (false, false) => (0, other.min(LISTED)),
        };
        Cut::showing(lab, other, [shown_lab, shown_other])
    }

    fn showing(lab: usize, other: usize, [shown_lab, shown_other]: [usize; 2]) -> Cut {
        Cut {
            lab: shown_lab,
            other: shown_other,
            hidden_lab: lab.saturating_sub(shown_lab),
            hidden_other: other.saturating_sub(shown_other),
        }
    }

    /// The entries to show: those of the lab, then the others. `entries` gives either.
    fn pick<I: Iterator>(self, entries: impl Fn(bool) -> I) -> impl Iterator<Item = I::Item> {
        entries(true).take(self.lab).chain(entries(false).take(self.other))
    }

    /// Says what is not shown.
    fn note(self, page: &mut Page<'_>, thing: &str) -> io::Result<()> {
        let hidden = |number: usize, whose: &str| {
            let number = u64::try_from(number).unwrap_or(u64::MAX);
            (number > 0).then(|| format!("{} {whose}", wording::count(number, thing)))
        };
        let parts = [hidden(self.hidden_lab, "of the lab"), hidden(self.hidden_other, "of other traffic")];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        match parts.is_empty() {
            true => Ok(()),
            false => page.paragraph(2, &format!("Not listed: {} (--all lists them).", wording::list(&parts))),
        }
    }
}

/// Whether any connection or conversation of the capture belongs to the lab.
fn has_lab(capture: &CaptureAnalysis) -> bool {
    capture.tcp_roles.iter().chain(&capture.udp_roles).any(|role| role.lab)
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
        let entries = |lab: bool| (0..100).filter(move |n| (n % 2 == 0) == lab);
        let cut = Cut::showing(50, 50, [2, 3]);
        let shown: Vec<i32> = cut.pick(entries).collect();
        assert_eq!(shown, [0, 2, 1, 3, 5]);
        assert_eq!((cut.hidden_lab, cut.hidden_other), (48, 47));
    }
}
