//! What a decoder remembers.

use super::fragments::Fragments;
use crate::packet::QuotedHeader;

/// What outlasts a frame, and what is found in one aside.
#[derive(Debug)]
pub(super) struct Memory {
    pub(super) fragments: Fragments,
    /// Headers quoted in the frame so far.
    pub(super) quoted: Vec<QuotedHeader>,
}
