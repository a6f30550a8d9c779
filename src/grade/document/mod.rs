//! The text of a report, beside the questions that it answers where its headings tell. Only shown, never graded.
//!
//! `office` reads DOCX and ODT, `pdf` PDF, `headings` finds the questions. What can't be read is named all the same.

#[cfg(feature = "cli")]
mod headings;
#[cfg(feature = "cli")]
mod office;
#[cfg(feature = "cli")]
mod pdf;
#[cfg(feature = "cli")]
mod read;

use crate::lab::Question;

/// A document that may hold answers.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Document {
    /// Its name within the submission.
    pub name: String,
    /// What it says to questions, in its order.
    pub answers: Vec<(Question, String)>,
    /// The names of pictures in it.
    pub pictures: Vec<String>,
}
