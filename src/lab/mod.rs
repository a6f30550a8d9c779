//! The lab sheet as data: its parts, steps, questions and points, and what a lecturer may set differently.
//!
//! Knows no capture and no answer.

mod config;
mod sheet;

pub use config::{ConfigError, LabConfig, server};
pub use sheet::{HostName, Part, Question, SCREENSHOTS, SHEET_ADDRESSES, Screenshot, Step};
