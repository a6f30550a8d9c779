//! From frames to answers, one way: [`decode`] → [`track`] → roles → lab → [`answers`] and findings.
//!
//! Opens no file, reads no clock, prints nothing.

pub mod addresses;
pub mod analysis;
pub mod decode;
pub mod facts;
pub mod packet;
pub mod pipeline;
pub mod track;
