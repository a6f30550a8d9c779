//! What a run notes of the uploads, such as whose grade is not entered, and why: the first notes on standard error, all of
//! them in the results folder.

use std::fs;
use std::path::Path;

use super::outputs::file;
use crate::cli::exit::{Failure, say};
use crate::cli::input;
use socklab_core::escape::harmless;
use socklab_core::wording::count;

/// Notes on standard error: a class may bring hundreds, and what else is said would be lost among them.
const TOLD: usize = 20;

/// The file with all of them, in the results folder.
pub(super) const NAME: &str = "notes.txt";

/// Says the first notes, and where the others are.
pub(super) fn tell(notes: &[String], folder: &Path) {
    // One line more says as much as the line that there is one more.
    let told = if notes.len() <= TOLD.saturating_add(1) { notes.len() } else { TOLD };
    notes.iter().take(told).for_each(|note| say("note", note));
    let further = notes.len().saturating_sub(told);
    if further > 0 {
        let place = folder.join(NAME);
        let further = count(u64::try_from(further).unwrap_or(u64::MAX), "further note");
        say("note", &format!("{further}: {} has all of them.", input::name(place.as_os_str())));
    }
}

/// Writes all notes, each on a line; without any there is no file.
///
/// # Errors
/// If the file can't be written.
pub(super) fn write(notes: &[String], folder: &Path) -> Result<(), Failure> {
    let place = folder.join(NAME);
    if notes.is_empty() {
        // Where none was, none is to be removed.
        let _ = fs::remove_file(place);
        return Ok(());
    }
    let text: String = notes.iter().map(|note| format!("{}\n", harmless(note))).collect();
    file(&place, text.as_bytes())
}
