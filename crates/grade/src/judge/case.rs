//! What a submission is judged by.

use std::collections::BTreeMap;

use crate::form::Form;
use socklab_core::analyze::analysis::{Analysis, Answer};
use socklab_core::lab::Question;

/// What a submission is judged by.
pub struct Case<'a> {
    /// What its captures show, without its journals.
    pub analysis: &'a Analysis,
    /// What its journals say besides.
    pub journals: Option<Journals<'a>>,
    /// The same for captures chosen otherwise, where several are of the same step: what is chosen, and the answers.
    pub runs: &'a [(String, Vec<Answer>)],
    /// Whether captures may be of another step than told, so that Part II may be there in part only.
    pub is_doubtful: bool,
    /// Client computers that the lab has.
    pub client_hosts: usize,
    /// The answers, where a form is filled in.
    pub form: Option<&'a Form>,
    /// Why entries that are not filled in may be answered elsewhere.
    pub unanswered: Unanswered,
    /// What was not read of the submission and may hold what would earn points.
    pub unread: Option<String>,
}

/// What journals say that a student handed in: anyone can write such a file.
pub struct Journals<'a> {
    /// The answers from captures and journals together.
    pub answers: &'a [Answer],
    /// The names of the journals.
    pub names: String,
}

/// Why entries that are not filled in may be answered elsewhere: in sentences.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Unanswered {
    /// For all questions.
    pub all: Option<String>,
    /// For some.
    pub of: BTreeMap<Question, String>,
    /// For single facts, by their keys.
    pub of_facts: BTreeMap<(Question, String), String>,
}
