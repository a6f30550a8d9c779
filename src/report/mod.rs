//! From an analysis to what people and programs read. One model ([`crate::analyze::analysis`]), many views of it.
//!
//! A report adds no fact and words none of its own: names that several views share stand in [`words`]. Writers are
//! parameters; text from files is made harmless on the way out.

pub mod json;
pub mod link_type;
pub mod page;
pub mod style;
pub mod table;
pub mod view;
pub mod words;

#[cfg(test)]
mod tests;
