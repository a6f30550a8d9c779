//! Which payloads are another protocol's than the lab's, told by how they begin. In doubt they are the lab's: a program of a
//! student may use any port, and send anything.

mod binary;
mod ends;
mod text;

pub(super) use binary::is_known as is_known_binary;
pub(super) use ends::Ends;
pub(super) use text::is_known as is_known_text;
