//! The report for programs: JSON as the contract `socklab.analysis/1` has it.
//!
//! Published JSON has its own types (module `types`), so that the model can change without breaking scripts: fields may be
//! added, none may be renamed without raising the number in `schema`. Unknown values are `null`, never left out.
//! Connections are written some at a time (module `lists`); nothing is gathered for all of them.

mod format;
mod frames;
mod lists;
mod placeholder;
mod types;

pub use format::HarmlessFormat;
pub use lists::{Make, OneByOne, Pieces, Take};
pub use types::SCHEMA;

use std::io::{self, BufWriter, Write};

use serde::Serialize;

use crate::analyze::analysis::Analysis;
use lists::Lists;

/// Writes the whole analysis as one JSON document: members of the outer levels on lines of their own, each connection,
/// address and claim on one line.
///
/// Text is exact, yet harmless to a terminal: what could drive one is written as `\uXXXX`.
///
/// `pieces` may have threads share the long lists.
///
/// # Errors
/// Those of the writer.
pub fn write(out: &mut dyn Write, analysis: &Analysis, pieces: &dyn Pieces) -> io::Result<()> {
    // JSON is written a few bytes at a time.
    let mut out = BufWriter::with_capacity(64 * 1024, out);
    let lists = Lists { captures: &analysis.captures, pieces };
    let raw = |out: &mut dyn Write, reference: &str| lists.write(out, reference);
    let mut serializer = serde_json::Serializer::with_formatter(&mut out, HarmlessFormat::with_raw(&raw));
    types::Document::of(analysis).serialize(&mut serializer)?;
    writeln!(out)?;
    out.flush()
}
