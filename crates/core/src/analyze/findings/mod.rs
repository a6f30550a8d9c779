//! What went wrong with the captures, and which step to redo; and what a student should know of a file that is fine.
//!
//! Findings speak of what the files show. What is merely not there is named in the answers (`missing`).

mod clock;
mod connections;
mod datagrams;
mod doubts;
mod files;
mod journals;
mod loopback;
mod made;
mod numbers;
#[cfg(test)]
mod own_computer_tests;
mod parallel;
mod partial;
mod reachability;
mod refused;
mod server;
mod settings;
mod translated;
mod unanswered;
mod wrong_address;

#[cfg(test)]
mod tests;

use crate::analyze::analysis::{Finding, Severity};
use crate::analyze::matching::LabView;
use crate::analyze::text::files::with_files;
use crate::lab::Step;

/// All findings, the gravest first, then in the order of the files. Where nothing is wrong there is no step to redo.
pub(super) fn all(view: &LabView<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for capture in 0..view.captures.len() {
        files::find(view, capture, &mut found);
        connections::find(view, capture, &mut found);
        datagrams::find(view, capture, &mut found);
        server::find(view, capture, &mut found);
        numbers::find(view, capture, &mut found);
        clock::find(view, capture, &mut found);
        wrong_address::find(view, capture, &mut found);
        wrong_address::find_datagrams(view, capture, &mut found);
        translated::find(view, capture, &mut found);
        loopback::find(view, capture, &mut found);
    }
    parallel::find(view, &mut found);
    files::find_repeated(view, &mut found);
    files::find_other_traffic(view, &mut found);
    files::find_crowd(view, &mut found);
    journals::find(view, &mut found);
    doubts::find(view, &mut found);
    settings::find(view, &mut found);
    for finding in found.iter_mut().filter(|finding| finding.severity == Severity::Info) {
        finding.redo = None;
    }
    for finding in &mut found {
        let name = |capture: usize| view.file(capture).to_owned();
        finding.message = with_files(std::mem::take(&mut finding.message), finding.file.as_deref(), name);
    }
    // What the lecturer says of doing the step again.
    for finding in &mut found {
        let words = finding.redo.as_ref().and_then(Step::redo).map(|words| format!(" {words}"));
        finding.message.push(words.unwrap_or_default());
    }
    found.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    found
}
