//! What a run of a step shows, where there are several.

use super::expected::Known;

/// A run of a step that is there besides the one that the answers rest on.
pub(super) struct Attempt {
    /// Its name within a sentence.
    pub(super) name: String,
    /// What it shows.
    pub(super) known: Known,
    /// Whether it is of all steps, so that what it does not show is not known at all.
    pub(super) is_whole: bool,
}
