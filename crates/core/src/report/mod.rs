//! From an analysis to what people and programs read. One model ([`crate::analyze::analysis`]), many views of it.
//!
//! A report adds no fact. What several views say of one stands in [`sentences`], names in [`words`]. Writers are parameters;
//! text from files is made harmless on the way out.

pub mod annotate;
pub mod csv;
pub mod html;
pub mod json;
pub mod ladder;
pub mod link_type;
pub mod markdown;
pub mod names;
pub mod page;
pub mod sentences;
pub mod style;
pub mod table;
pub mod tables;
pub mod timeline;
pub mod typed;
pub mod view;
pub mod words;

#[cfg(test)]
mod hostile;
#[cfg(test)]
mod tests;
