//! How the report for people is to look.

use crate::report::style::Style;

/// How much is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Detail {
    /// What a student needs.
    Short,
    /// And the whole answers with what they rest on.
    Explained,
    /// And everything else: details of files, other traffic, lists whole.
    All,
}

/// How the report is to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Colour or none.
    pub style: Style,
    /// How much of it.
    pub detail: Detail,
}
