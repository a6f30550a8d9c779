//! How certain it is what is said.

use serde::Serialize;

/// How far a claim is certain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Basis {
    /// Frames or journal lines show it.
    Proved,
    /// It follows from how sockets work.
    Inferred,
    /// No capture at hand can show it.
    Unknown,
}
