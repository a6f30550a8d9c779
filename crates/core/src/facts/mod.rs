//! The facts that a sheet can ask of a capture: what each is called and means, which Wireshark field it equals, and how an
//! answer may be written. [`FACTS`] has them all; a key stands there and nowhere else.
//!
//! A [`Selection`] says of which connection, side or frame a fact is asked. Facts are found in captures by
//! `analyze::measure`, which gives a [`Value`]; [`judge`] holds what a student wrote against it. Knows no capture.

mod beside;
#[cfg(test)]
mod beside_tests;
mod define;
mod frames;
mod names;
mod numbers;
mod otherwise;
mod plain;
mod registry;
mod scales;
mod selection;
#[cfg(test)]
mod tests;
mod units;
mod value;
#[cfg(test)]
mod ways_proptests;
#[cfg(test)]
mod ways_tests;
mod words;
mod written;

pub use define::{About, Fact, FactType, Over, Tolerance};
pub use frames::{MOST_FRAMES, NoFrames, read_frames};
pub use names::{Answered, Closing, Ends, Flow, Followed, FrameFact, Handshake, Marked, Name, StepFact, Whole};
pub use numbers::in_words;
pub use otherwise::Otherwise;
pub use registry::FACTS;
pub use selection::{ENTRIES, End, FlagName, Misfit, Ordinal, Ordinals, Range, Selection, Which};
pub use value::{Value, flag_names};
pub use words::yes_no;
pub use written::{Judgement, frames_of_each, judge, judge_each, readable};

/// The fact of this key.
pub fn fact(key: &str) -> Option<&'static Fact> {
    FACTS.iter().find(|fact| fact.key == key)
}
