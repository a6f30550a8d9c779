//! What one pass over a capture leaves: the file, and its connections.

use crate::analyze::track::Traffic;
use crate::capfile::CaptureInfo;
use crate::journal::Journal;

/// A capture that has been read, before the lab is looked for in it.
#[derive(Debug)]
pub struct CaptureFacts {
    /// The file as named.
    pub file: String,
    /// What is known of the file.
    pub info: CaptureInfo,
    /// Its connections and conversations.
    pub traffic: Traffic,
}

/// A journal of one of the socket programs, with the file it came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedJournal {
    /// The file as named.
    pub file: String,
    /// What it holds.
    pub journal: Journal,
}
