//! The JSON of a graded class: the contract `socklab.grades/1`.

use std::io::{self, Write};

use serde::ser::{SerializeMap, SerializeSeq};
use serde::{Serialize, Serializer};

use super::Class;
use super::statistics::Statistics;
use crate::result::SCHEMA;
use socklab_core::report::json::HarmlessFormat;

/// Writes the class. Submissions are written as they are loaded, one in memory at a time; what could drive a terminal is
/// written as `\uXXXX`.
///
/// # Errors
/// Those of the writer.
pub fn write(out: &mut dyn Write, class: &Class<'_>) -> io::Result<()> {
    let mut serializer = serde_json::Serializer::with_formatter(&mut *out, HarmlessFormat::default());
    Document(class).serialize(&mut serializer)?;
    writeln!(out)
}

struct Document<'c, 'a>(&'c Class<'a>);

impl Serialize for Document<'_, '_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("schema", SCHEMA)?;
        map.serialize_entry("class", &Statistics::of(self.0))?;
        map.serialize_entry("submissions", &Submissions(self.0))?;
        map.serialize_entry("copies", self.0.copies)?;
        map.serialize_entry("not_compared", self.0.uncompared)?;
        map.serialize_entry("refused", self.0.refused)?;
        map.serialize_entry("warnings", self.0.warnings)?;
        map.end()
    }
}

struct Submissions<'c, 'a>(&'c Class<'a>);

impl Serialize for Submissions<'_, '_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(None)?;
        for submission in self.0.submissions() {
            list.serialize_element(&submission)?;
        }
        list.end()
    }
}
