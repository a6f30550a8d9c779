//! Which files, connections and addresses a table lists: the lab's, by step of the sheet, and of many only so many.

use std::io;

use crate::analyze::analysis::{Analysis, CaptureAnalysis};
use crate::report::names::Names;
use crate::report::page::Page;
use crate::report::view;
use crate::wording;

/// Rows of one table unless all are asked for.
const ROWS: usize = 36;

/// Rows of one table about one file unless all are asked for.
const ROWS_OF_FILE: usize = 16;

/// Rows of a table that may have a note.
const NOTES: usize = 20;

/// What the tables of a report list.
pub(super) struct Listing<'a> {
    pub(super) analysis: &'a Analysis,
    pub(super) names: Names<'a>,
    /// Whether lists are written whole.
    pub(super) all: bool,
    captures: Vec<&'a CaptureAnalysis>,
    /// Whether any file holds anything of the lab: if none does, other traffic is all there is to list.
    lab: bool,
}

impl<'a> Listing<'a> {
    pub(super) fn new(analysis: &'a Analysis, all: bool) -> Listing<'a> {
        let order = view::by_step(analysis);
        let captures = order.into_iter().filter_map(|number| analysis.captures.get(number)).collect();
        let roles = |capture: &'a CaptureAnalysis| capture.tcp_roles.iter().chain(&capture.udp_roles);
        let lab = analysis.captures.iter().flat_map(roles).any(|role| role.lab);
        Listing { analysis, names: Names::new(analysis), all, captures, lab }
    }

    /// The files, by step of the sheet.
    pub(super) fn captures(&self) -> &[&'a CaptureAnalysis] {
        &self.captures
    }

    /// Entries of the files that are listed, those of the lab first: `entries` gives either, of one source, and there is
    /// one source for each file, in the order of [`Self::captures`].
    pub(super) fn pick<'s, S, I>(
        &'s self,
        sources: &'s [S],
        entries: impl Fn(&'s S, bool) -> I + 's,
    ) -> impl Iterator<Item = (&'a CaptureAnalysis, I::Item)> + 's
    where
        I: Iterator + 's,
    {
        let [lab, other] = self.room();
        let files = self.captures.iter().copied().zip(sources);
        let picked = files.flat_map(move |(capture, source)| {
            let picked = entries(source, true).take(lab).chain(entries(source, false).take(other));
            picked.map(move |entry| (capture, entry))
        });
        picked.take(self.rows())
    }

    /// Entries of one file that are listed: of the lab, and other ones.
    fn room(&self) -> [usize; 2] {
        let most = (ROWS / self.captures.len().max(1)).clamp(1, ROWS_OF_FILE);
        match (self.all, self.lab) {
            (true, _) => [usize::MAX, usize::MAX],
            (false, true) => [most, 0],
            (false, false) => [0, most],
        }
    }

    /// Rows of a table.
    pub(super) fn rows(&self) -> usize {
        if self.all { usize::MAX } else { ROWS }
    }

    /// Says what is not listed of these many entries of the lab and other ones, file by file.
    pub(super) fn note(&self, page: &mut Page<'_>, thing: &str, counts: &[(usize, usize)]) -> io::Result<()> {
        let [lab_room, other_room] = self.room();
        let sum = |numbers: &mut dyn Iterator<Item = usize>| numbers.fold(0, usize::saturating_add);
        let hidden = |of: fn(&(usize, usize)) -> usize, room: usize, whose: &str| {
            let total = sum(&mut counts.iter().map(of));
            let shown = sum(&mut counts.iter().map(|count| of(count).min(room))).min(self.rows());
            let hidden = u64::try_from(total.saturating_sub(shown)).unwrap_or(u64::MAX);
            (hidden > 0).then(|| format!("{} {whose}", wording::count(hidden, thing)))
        };
        let lab = hidden(|count| count.0, lab_room, "of the lab");
        let other = hidden(|count| count.1, other_room, "of other traffic");
        let parts: Vec<String> = lab.into_iter().chain(other).collect();
        match parts.is_empty() {
            true => Ok(()),
            false => page.paragraph(2, &format!("Not listed: {} (--all lists them).", wording::list(&parts))),
        }
    }
}

/// Rows with notes, of which only the first ones keep theirs.
pub(super) fn with_few_notes(
    rows: impl Iterator<Item = (Vec<String>, Option<String>)>,
) -> impl Iterator<Item = (Vec<String>, Option<String>)> {
    rows.enumerate().map(|(place, (row, note))| (row, note.filter(|_| place < NOTES)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::tests::story;

    #[test]
    fn the_labs_entries_are_listed_before_any_other() {
        let analysis = story();
        let entries = |_: &(), lab: bool| (0..100).filter(move |n| (n % 2 == 0) == lab);
        let listed = |all: bool| {
            let listing = Listing::new(&analysis, all);
            listing.pick(&[()], entries).map(|(_, entry)| entry).collect::<Vec<i32>>()
        };
        assert_eq!(listed(false), (0..32).step_by(2).collect::<Vec<_>>());
        assert_eq!(listed(true), (0..100).step_by(2).chain((1..100).step_by(2)).collect::<Vec<_>>());
    }
}
