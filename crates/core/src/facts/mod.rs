//! The facts that a sheet can ask of a capture: what each is called and means, and which Wireshark field it equals.
//! [`FACTS`] has them all; a key stands there and nowhere else.
//!
//! A [`Selection`] says of which connection, side or frame a fact is asked. Facts are found in captures by
//! `analyze::measure`, which gives a [`Value`]; what students write for one is read by `socklab-grade`. Knows no capture.

mod define;
mod latitude;
mod names;
mod registry;
mod selection;
#[cfg(test)]
mod tests;
mod value;

pub use define::{About, Fact, FactType, Over, Tolerance};
pub use latitude::Latitude;
pub use names::{Answered, Closing, Ends, Flow, Followed, FrameFact, Handshake, Marked, Name, StepFact, Whole};
pub use registry::FACTS;
pub use selection::{ENTRIES, End, FlagName, Misfit, Ordinal, Ordinals, Range, Selection, Which};
pub use value::{Value, flag_bit, flag_names};

/// The fact of this key.
pub fn fact(key: &str) -> Option<&'static Fact> {
    FACTS.iter().find(|fact| fact.key == key)
}
