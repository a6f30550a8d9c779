//! What a submission holds, before it is graded.

use super::copies::Fingerprint;
use super::document::Document;
use super::form::merge::Answered;
use super::result::Refusal;
use socklab_core::journal::NamedJournal;
use socklab_packets::pipeline::CaptureFacts;

/// What a submission holds.
#[derive(Debug, Default)]
pub struct Collected {
    /// The captures.
    pub captures: Vec<CaptureFacts>,
    /// Journals of the socket programs.
    pub journals: Vec<NamedJournal>,
    /// What the forms say.
    pub answered: Answered,
    /// Documents that may hold answers for a human.
    pub documents: Vec<Document>,
    /// Pictures and files that are nothing known: they may hold answers where there is no other.
    pub others: Vec<String>,
    /// What was refused.
    pub refused: Vec<Refusal>,
    /// What may hold captures or answers and was not read: the file, and why.
    pub unread: Vec<Refusal>,
    /// What a teacher may like to know of the files, in sentences.
    pub notes: Vec<String>,
    /// The marks of the captures' frames.
    pub fingerprint: Fingerprint,
}
