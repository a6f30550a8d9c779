//! The views of a graded class: table, JSON, CSV, HTML. None words a fact in its own way: [`words`] does.

pub mod csv;
pub mod html;
pub mod json;
pub mod table;
pub mod words;

use crate::grade::result::{Graded, Refusal, SharedCapture, Submission};

/// A graded class. Submissions are handed out one by one, so that no view need hold them all.
pub struct Class<'a> {
    /// Number of submissions.
    pub size: usize,
    /// The submission at a place, in the order of names.
    pub load: &'a dyn Fn(usize) -> Option<Graded>,
    /// Frames that submissions share.
    pub copies: &'a [SharedCapture],
    /// Submissions that could not be graded, and files that belong to none.
    pub refused: &'a [Refusal],
}

impl Class<'_> {
    /// The submissions, one at a time.
    pub fn submissions(&self) -> impl Iterator<Item = Submission> + '_ {
        self.graded().map(|graded| graded.submission)
    }

    /// The submissions with their ladders, one at a time.
    pub fn graded(&self) -> impl Iterator<Item = Graded> + '_ {
        (0..self.size).filter_map(|place| (self.load)(place))
    }
}
