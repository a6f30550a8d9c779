//! From frames to answers, one way: [`decode`] → [`track`] → the lab, with the roles in it → `answers` and findings.
//!
//! Opens no file, reads no clock, prints nothing.

mod answers;
mod findings;
mod testimony;
#[cfg(test)]
pub(crate) mod testing;
mod topology;

pub mod addresses;
pub mod analysis;
pub mod batch;
pub mod decode;
pub mod facts;
pub mod packet;
pub mod pipeline;
pub mod track;
pub mod unfollowed;

pub use facts::{CaptureFacts, NamedJournal};
pub use pipeline::{Following, Reading, observe_capture, read_capture};

use analysis::{Analysis, CaptureAnalysis};
use topology::LabView;

use crate::lab::LabConfig;

/// Finds the lab in the captures and journals, answers the sheet's questions, and says what went wrong.
pub fn analyze(captures: Vec<CaptureFacts>, journals: &[NamedJournal], config: &LabConfig) -> Analysis {
    let (view, roles) = LabView::new(&captures, journals, config);
    let answers = answers::all(&view);
    let findings = findings::all(&view);
    let (lab, steps) = (view.found(), view.steps);
    let captures = captures
        .into_iter()
        .zip(roles)
        .zip(steps)
        .map(|((capture, roles), step)| CaptureAnalysis {
            file: capture.file,
            info: capture.info,
            traffic: capture.traffic,
            tcp_roles: roles.tcp,
            udp_roles: roles.udp,
            step,
        })
        .collect();
    Analysis { captures, lab, findings, answers }
}
