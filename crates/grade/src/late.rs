//! What the rubric takes for a submission that the platform marks as late.

use crate::result::{FindingMade, Identity};
use socklab_core::analyze::analysis::Severity;
use socklab_core::lab::Points;

/// The finding's name, also in the rubric.
pub const CODE: &str = "handed-in-late";

/// The finding of a late submission, with what the rubric takes for [`CODE`] and its line.
pub fn finding(identity: &Identity, cost: Option<(Points, String)>) -> Option<FindingMade> {
    identity.late.then(|| FindingMade {
        code: CODE.to_owned(),
        severity: Severity::Warning,
        file: None,
        message: "This was handed in late.".to_owned(),
        redo: None,
        points: cost.as_ref().map_or(Points::ZERO, |(points, _)| *points),
        rubric: cost.map(|(_, line)| line),
        evidence: Vec::new(),
    })
}
