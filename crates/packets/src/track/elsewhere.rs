//! Traffic in the capture that moves Wireshark's stream numbers by rules that are not followed here: its kinds, and where
//! each begins.

use super::pair::Pair;
use crate::types::{FrameNumber, Protocol};
use crate::unfollowed::Unfollowed;

/// A kind of such traffic and its first frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Elsewhere {
    /// What it is.
    pub kind: Unfollowed,
    /// The frame from which on numbers may differ.
    pub from: FrameNumber,
}

/// Collects them, each kind once, in order of appearance.
#[derive(Debug, Default)]
pub(super) struct Kinds(Vec<Elsewhere>);

impl Kinds {
    /// Takes note of what a frame holds.
    pub(super) fn add(&mut self, kind: Unfollowed, from: FrameNumber) {
        if !self.0.iter().any(|there| there.kind == kind) {
            self.0.push(Elsewhere { kind, from });
        }
    }

    /// Looks at the first payload of one side of a stream, which begins with the frame `begun`.
    pub(super) fn look(&mut self, pair: &Pair, payload: &[u8], frame: FrameNumber, begun: FrameNumber) {
        if let Some(kind) = Unfollowed::in_payload(pair.protocol(), pair.ports(), payload) {
            self.add(kind, if kind.moves_its_own() { begun } else { frame });
        }
    }

    /// What was found.
    pub(super) fn finish(self) -> Vec<Elsewhere> {
        self.0
    }
}

impl Elsewhere {
    /// Whether the number of a stream that begins with this frame may be another one in Wireshark.
    pub fn concerns(&self, protocol: Protocol, first_frame: FrameNumber) -> bool {
        self.kind.moves(protocol) && first_frame >= self.from
    }
}
