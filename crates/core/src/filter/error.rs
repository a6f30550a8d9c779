//! Why a filter could not be read, with the place.

use std::fmt;
use std::ops::Range;

use crate::escape;

/// Most characters of a filter that an error shows before the place.
const SHOWN_BEFORE: usize = 40;

/// Most characters of a filter that an error shows, so that the line fits 80 columns.
const SHOWN: usize = 76;

/// A filter that could not be read. Shown with a caret under the place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilterError {
    pub(super) text: String,
    /// The place, in bytes of the text; empty at its end.
    pub(super) at: Range<usize>,
    pub(super) problem: String,
    pub(super) hint: Option<&'static str>,
}

impl FilterError {
    /// Where in the text, in bytes; empty where something is missing.
    pub fn at(&self) -> Range<usize> {
        self.at.clone()
    }
}

impl fmt::Display for FilterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let part = |range: Range<usize>| self.text.get(range).unwrap_or_default();
        let begin = part(0..self.at.start).char_indices().rev().nth(SHOWN_BEFORE).map_or(0, |(at, _)| at);
        let cut = if begin > 0 { "…" } else { "" };
        let before = escape::harmless(part(begin..self.at.start));
        let place = escape::harmless(part(self.at.clone()));
        let room = SHOWN.saturating_sub(before.chars().count()).saturating_sub(place.chars().count());
        let after: String = part(self.at.end..self.text.len()).chars().take(room).collect();
        let carets = "^".repeat(place.chars().count().max(1));
        let indent = " ".repeat(cut.chars().count().saturating_add(before.chars().count()));
        writeln!(f, "{}", self.problem)?;
        writeln!(f, "  {cut}{before}{place}{}", escape::harmless(&after))?;
        write!(f, "  {indent}{carets}")?;
        match self.hint {
            Some(hint) => write!(f, "\n{hint}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for FilterError {}
