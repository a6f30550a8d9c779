//! From streams to sentences, one way: [`conversation`] → `story` → `matching` → `claims` → `answers` and findings, worded as
//! [`text`].
//!
//! Opens no file, reads no clock, prints nothing.

mod accounts;
mod answers;
mod calls;
mod claims;
mod findings;
mod matching;
mod place;
mod story;
#[cfg(any(test, feature = "testing"))]
pub mod testing;

pub mod addresses;
pub mod analysis;
pub mod conversation;
pub mod evidence;
pub mod measure;
pub mod text;
pub mod timing;

pub use answers::{Fact, KINDS, Kind, Needs, ValueType, kind_of, lab_file, names as kinds};

use analysis::{Analysis, CaptureAnalysis};
use matching::LabView;

use socklab_packets::pipeline::CaptureFacts;

use crate::journal::NamedJournal;
use crate::lab::LabConfig;

/// Finds the lab in the captures and journals, answers the sheet's questions, and says what went wrong.
pub fn analyze(captures: Vec<CaptureFacts>, journals: &[NamedJournal], config: &LabConfig) -> Analysis {
    let (view, roles) = LabView::new(&captures, journals, config);
    let answers = answers::all(&view);
    let findings = findings::all(&view);
    let lab = view.found();
    let (clocks, calls) = calls::find(&view);
    let stories: Vec<_> = (0..captures.len()).map(|capture| claims::stories(&view, capture)).collect();
    let made_at: Vec<_> = view.places.iter().map(|place| place.host()).collect();
    let known = view.steps.into_iter().zip(stories).zip(made_at).zip(view.lab_frames).zip(clocks);
    let captures = captures
        .into_iter()
        .zip(roles)
        .zip(known)
        .map(|((capture, roles), ((((steps, stories), made_at), lab_frames), clock))| CaptureAnalysis {
            file: capture.file,
            info: capture.info,
            traffic: capture.traffic,
            tcp_roles: roles.tcp,
            udp_roles: roles.udp,
            lab_frames,
            steps,
            stories,
            made_at,
            clock,
        })
        .collect();
    Analysis { captures, lab, calls, findings, answers }
}
