//! What findings are made of: a file, its evidence, its connections.

use crate::analyze::analysis::{Code, Evidence, Finding, Severity};
use crate::analyze::conversation::TcpSighting;
use crate::analyze::matching::{Known, LabView};
use crate::analyze::row::{RowFrame, by_capture};
use crate::analyze::text::{FrameRanges, Text};
use crate::lab::{Sheet, Step};
use socklab_packets::types::FrameNumber;

/// A finding about one capture.
pub(super) fn of_file(
    view: &LabView<'_>,
    capture: usize,
    code: Code,
    severity: Severity,
    message: impl Into<Text>,
    redo: Option<&Step>,
) -> Finding {
    Finding { file: Some(view.file(capture).to_owned()), redo: redo.cloned(), ..of_all(code, severity, message) }
}

/// A finding about all files.
pub(super) fn of_all(code: Code, severity: Severity, message: impl Into<Text>) -> Finding {
    Finding { code, severity, file: None, message: message.into(), discreet: None, redo: None, evidence: Vec::new() }
}

/// Frames of a capture as evidence.
pub(super) fn frames(
    view: &LabView<'_>,
    capture: usize,
    frames: impl IntoIterator<Item = impl Into<RowFrame>>,
) -> Vec<Evidence> {
    let of_file = |(of, frames): (Option<usize>, Vec<FrameNumber>)| {
        Evidence::of_frames(view.file(of.unwrap_or(capture)), FrameRanges::of(frames))
    };
    Evidence::by_file(by_capture(frames.into_iter().map(Into::into)).into_iter().map(of_file))
}

/// The lab's connections as one capture shows them, but for those that it has by accident.
pub(super) fn sightings<'a>(
    view: &'a LabView<'_>,
    capture: usize,
) -> impl Iterator<Item = (Known<'a>, &'a TcpSighting)> {
    let here = view.known().filter_map(move |known| Some((known, known.connection.in_capture(capture)?)));
    here.filter(|(_, sighting)| !sighting.overheard)
}

/// The step of a capture, for redoing it: the first that it holds.
pub(super) fn step_of<'a>(view: &'a LabView<'_>, capture: usize) -> Option<&'a Step> {
    view.steps.get(capture).and_then(|steps| steps.first()).map(|recorded| &recorded.step)
}

/// Where the sheet begins a capture and where it starts the client, each in brackets for a sentence.
pub(super) fn begin_and_start(sheet: &Sheet) -> (String, String) {
    (sheet.place(|at| at.begin.as_deref()), sheet.place(|at| at.start.as_deref()))
}
