//! What students write for an answer, read leniently: frames, numbers with units, words, yes and no, lists of them.
//!
//! One reader for each type of value, for the form's older kinds and for questions of the kind `facts` alike. A fact's value
//! is then held against what was read ([`judge_each`]): lenient in how it is written, strict in what it says. What may
//! stand beside a value is listed; where anything else does, an error says so, and a person reads the entry.

mod beside;
#[cfg(test)]
mod beside_tests;
pub(crate) mod errno;
mod frames;
mod hosts;
mod judgement;
mod numbers;
mod otherwise;
mod plain;
mod room;
mod scales;
#[cfg(test)]
mod tests;
mod units;
#[cfg(test)]
mod ways_proptests;
#[cfg(test)]
mod ways_tests;
mod words;
mod yes_or_no;

pub(crate) use frames::read_frames;
pub(crate) use hosts::without_names;
pub(crate) use judgement::{Judgement, frames_of_each, judge_each, readable};
pub use otherwise::Otherwise;
pub(crate) use plain::Reason;
pub(crate) use room::{OfPart, left_of_each};
pub(crate) use yes_or_no::yes_or_no;
