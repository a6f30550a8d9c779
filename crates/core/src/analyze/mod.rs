//! From streams to sentences, one way: [`conversation`] → `story` → `matching` → `claims` → `answers` and findings, worded as
//! [`text`].
//!
//! Opens no file, reads no clock, prints nothing.

mod accounts;
mod answers;
mod basis;
mod calls;
mod claims;
mod code;
mod combined;
mod distinct;
mod findings;
mod matching;
mod measured;
mod network;
mod place;
mod row;
mod served;
mod sorted;
mod story;
mod stream;
mod translated;

pub mod addresses;
pub mod analysis;
pub mod conversation;
pub mod cut;
pub mod evidence;
pub mod finding;
pub mod measure;
pub mod reach;
pub mod text;
pub mod timing;
pub mod together;

#[cfg(any(test, feature = "testing"))]
pub mod testing;
#[cfg(test)]
mod tests;

pub use answers::{AskedFact, KINDS, Needs, QuestionKind, ValueType, kind_of, lab_file, names as kinds};
pub use matching::sheet_notes;
pub use row::RowFrame;

use std::sync::OnceLock;

use analysis::{Analysis, CaptureAnalysis};
use matching::LabView;
use sorted::Sorted;
use together::{InTurn, Together};

use socklab_packets::pipeline::CaptureFacts;

use crate::journal::NamedJournal;
use crate::lab::LabConfig;

/// Streams from which on starting a thread costs less than it gains.
const WORTH_SHARING: usize = 2000;

/// Finds the lab in the captures and journals, answers the sheet's questions, and says what went wrong.
pub fn analyze(captures: Vec<CaptureFacts>, journals: &[NamedJournal], config: &LabConfig) -> Analysis {
    analyze_with(captures, journals, config, None)
}

/// The same as [`analyze`], where `workers` share the work on captures with many streams.
pub fn analyze_together(
    captures: Vec<CaptureFacts>,
    journals: &[NamedJournal],
    config: &LabConfig,
    workers: &dyn Together,
) -> Analysis {
    let streams = |capture: &CaptureFacts| capture.traffic.tcp_count().saturating_add(capture.traffic.udp_count());
    let all = captures.iter().map(streams).fold(0, usize::saturating_add);
    analyze_with(captures, journals, config, (all >= WORTH_SHARING).then_some(workers))
}

fn analyze_with(
    captures: Vec<CaptureFacts>,
    journals: &[NamedJournal],
    config: &LabConfig,
    workers: Option<&dyn Together>,
) -> Analysis {
    let find = || LabView::new(&captures, journals, config);
    // Else they are sorted when a report lists them.
    let sort = || captures.iter().map(|capture| Sorted::of(&capture.traffic).into()).collect();
    let ((view, roles), sorted): (_, Vec<OnceLock<Sorted>>) = match workers {
        Some(workers) => together::both(workers, find, sort),
        None => (find(), Vec::new()),
    };
    let answers = answers::all(&view, workers.unwrap_or(&InTurn));
    let findings = findings::all(&view);
    let lab = view.found();
    let (clocks, calls) = calls::find(&view);
    let mut stories =
        (0..captures.len()).map(|capture| claims::stories(&view, capture)).collect::<Vec<_>>().into_iter();
    let mut made_at = view.places.iter().map(|place| place.host()).collect::<Vec<_>>().into_iter();
    // Each of these has one for each capture.
    let (mut roles, mut steps, mut clocks) = (roles.into_iter(), view.steps.into_iter(), clocks.into_iter());
    let mut lab_frames = view.lab_frames.into_iter();
    let mut sorted = sorted.into_iter().chain(std::iter::repeat_with(OnceLock::new));
    let of_capture = |capture: CaptureFacts| {
        let roles = roles.next()?;
        Some(CaptureAnalysis {
            file: capture.file,
            info: capture.info,
            traffic: capture.traffic,
            tcp_roles: roles.tcp,
            udp_roles: roles.udp,
            lab_frames: lab_frames.next()?,
            steps: steps.next()?,
            stories: stories.next()?,
            made_at: made_at.next()?,
            clock: clocks.next()?,
            sorted: sorted.next()?,
        })
    };
    let captures = captures.into_iter().map_while(of_capture).collect();
    let journals = journals.iter().map(|named| named.file.clone()).collect();
    Analysis { captures, journals, lab, calls, findings, answers }
}
