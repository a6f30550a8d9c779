//! The views of a graded class: table, JSON, CSV, HTML. None words a fact in its own way: [`words`] and
//! [`class_words`] do.

pub mod class_words;
pub mod csv;
pub mod feedback;
pub mod html;
pub mod json;
pub mod review_page;
pub mod statistics;
pub mod summary;
pub mod table;
pub mod words;

use crate::copies::class::Uncompared;
use crate::platforms::gradebook::Absent;
use crate::result::{Graded, Refusal, SharedCapture, Submission};
use socklab_core::lab::Sheet;
use summary::Summary;

/// A graded class. Of each submission a summary is held; whole ones are handed out one by one.
pub struct Class<'a> {
    /// The lab.
    pub sheet: &'a Sheet,
    /// The submissions in short, in the order of names.
    pub summaries: &'a [Summary],
    /// The submission at a place, from whichever thread asks.
    pub load: &'a (dyn Fn(usize) -> Option<Graded> + Sync),
    /// Frames that submissions share.
    pub copies: &'a [SharedCapture],
    /// Captures that could not be compared with those of others.
    pub uncompared: &'a [Uncompared],
    /// Submissions that could not be graded, and files that belong to none.
    pub refused: &'a [Refusal],
    /// What was given by a name that the class does not have, in sentences.
    pub warnings: &'a [String],
    /// Whether the platform tells which submissions came late.
    pub tells_late: bool,
    /// Whether pages of the class are written, too.
    pub has_pages: bool,
    /// Students of the platform's table with whom no submission goes; `None` without such a table.
    pub absent: Option<&'a Absent>,
}

impl Class<'_> {
    /// The submissions, one at a time.
    pub fn submissions(&self) -> impl Iterator<Item = Submission> + '_ {
        self.graded().map(|(_, graded)| graded.submission)
    }

    /// The submissions with their ladders, one at a time, each with its place.
    pub fn graded(&self) -> impl Iterator<Item = (usize, Graded)> + '_ {
        (0..self.summaries.len()).filter_map(|place| Some((place, (self.load)(place)?)))
    }
}
