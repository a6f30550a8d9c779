//! The lab sheet as data: its parts, steps, questions and points, and what a lecturer may set differently.
//!
//! Knows no capture and no answer.

mod config;
mod sheet;

pub use config::{ConfigError, HostName, LabConfig};
pub use sheet::{Part, Question, SCREENSHOTS, Screenshot, Step};
