//! The text of a report, beside the questions that it answers where its headings tell. Only shown, never graded.
//!
//! `office` reads DOCX and ODT, `pdf` PDF, `headings` finds the questions. What can't be read is named all the same.

#[cfg(feature = "documents")]
mod headings;
#[cfg(feature = "documents")]
mod office;
#[cfg(feature = "documents")]
mod pdf;
#[cfg(feature = "documents")]
mod read;

use socklab_core::lab::Question;

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
