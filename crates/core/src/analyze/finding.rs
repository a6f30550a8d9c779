//! What went wrong, as reports are told of it.

use serde::{Deserialize, Serialize};

use crate::analyze::code::Code;
use crate::analyze::evidence::Evidence;
use crate::analyze::text::Text;
use crate::lab::Step;

/// How grave a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Nothing to do.
    Info,
    /// An answer is weaker for it.
    Warning,
    /// An answer cannot be given.
    Error,
}

/// Something that went wrong with a capture, or that a student should know of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Which it is.
    pub code: Code,
    /// How grave it is.
    pub severity: Severity,
    /// The file, as named; `None` where it concerns all.
    pub file: Option<String>,
    /// What happened and what to do, in whole sentences.
    pub message: Text,
    /// The same in words that answer no question, where frames and ports are not all that a question may ask for.
    pub discreet: Option<Text>,
    /// The step to redo, as `I.8`.
    pub redo: Option<Step>,
    /// The frames that show it.
    pub evidence: Vec<Evidence>,
}
