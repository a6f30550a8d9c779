//! The lab sheet as data: its hosts, steps, questions and points, and what a lecturer may set differently.
//!
//! [`Sheet`] is what a file describes ([`LabConfig::from_toml`] reads it, and says every mistake with its place);
//! `sheet.toml` is the one that socklab knows. Knows no capture and no answer.

mod built_in;
mod config;
mod host;
mod identity;
mod names;
mod place;
mod points;
mod read;
mod sheet;
mod step;
mod tree;

pub use config::{LabConfig, server};
pub use host::{Host, HostName};
pub use names::{EXPLANATION, POINTS, SCHEMA, WHOLE, toml_escaped, toml_key};
pub(crate) use place::closest;
pub use place::{Problem, instead, not_toml, quoted, turned_quotes};
pub use points::Points;
pub use read::corrections;
pub use sheet::{Ask, Concerns, Given, Question, Select, Sheet};
pub use step::{Does, Places, Step};

#[cfg(any(test, feature = "testing"))]
pub mod testing;
