//! What went wrong with the captures, and which step to redo; and what a student should know of a file that is fine.
//!
//! Findings speak of what the files show. What is merely not there is named in the answers (`missing`).

mod connections;
mod datagrams;
mod files;
mod journals;
mod numbers;
mod part_two;

use crate::analyze::analysis::{Evidence, Finding, Severity};
use crate::analyze::topology::{LabView, TcpSighting};
use crate::lab::Step;
use crate::types::FrameNumber;
use crate::wording::frame_filter;

/// All findings, the gravest first, then in the order of the files. Where nothing is wrong there is no step to redo.
pub(super) fn all(view: &LabView<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for capture in 0..view.captures.len() {
        files::find(view, capture, &mut found);
        connections::find(view, capture, &mut found);
        datagrams::find(view, capture, &mut found);
        numbers::find(view, capture, &mut found);
    }
    part_two::find(view, &mut found);
    files::find_repeated(view, &mut found);
    files::find_other_traffic(view, &mut found);
    files::find_crowd(view, &mut found);
    journals::find(view, &mut found);
    for finding in found.iter_mut().filter(|finding| finding.severity == Severity::Info) {
        finding.redo = None;
    }
    found.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    found
}

/// A finding about one capture.
fn of_file(
    view: &LabView<'_>,
    capture: usize,
    code: &'static str,
    severity: Severity,
    message: String,
    redo: Option<Step>,
) -> Finding {
    Finding { code, severity, file: Some(view.file(capture).to_owned()), message, redo, evidence: Vec::new() }
}

/// Frames of a capture as evidence.
fn frames(view: &LabView<'_>, capture: usize, mut frames: Vec<FrameNumber>) -> Vec<Evidence> {
    frames.sort_unstable();
    frames.dedup();
    if frames.is_empty() {
        return Vec::new();
    }
    let filter = Some(frame_filter(&frames));
    vec![Evidence { file: view.file(capture).to_owned(), frames, filter, lines: Vec::new() }]
}

/// The lab's connections as one capture shows them.
fn sightings<'a>(view: &'a LabView<'_>, capture: usize) -> impl Iterator<Item = (Step, &'a TcpSighting)> {
    view.connections.iter().flat_map(move |connection| {
        let here = connection.sightings.iter().filter(move |sighting| sighting.capture == capture);
        here.map(|sighting| (connection.step, sighting))
    })
}

/// The step of a capture, for redoing it.
fn step_of(view: &LabView<'_>, capture: usize) -> Option<Step> {
    view.steps.get(capture).and_then(Option::as_ref).map(|recorded| recorded.step)
}
