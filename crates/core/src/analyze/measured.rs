//! Facts that a question of the kind `facts` asks for, as they were measured.

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use crate::facts::{Fact, Latitude, Value as FactValue};
use socklab_packets::types::{Protocol, SocketAddress};

/// A fact as it was measured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Measured {
    /// The name under which the question asks for it.
    pub key: String,
    /// Which fact it is.
    pub fact: &'static Fact,
    /// Its values, one for each connection and segment that is asked about, each with the same number counted in the other
    /// way; `None` where the files cannot tell all of them.
    pub values: Option<Vec<(FactValue, Option<FactValue>)>>,
    /// What each of them may be instead, where it is of a part of what is asked about: a connection of which the captures lack
    /// the beginning or the end, or clients of some hosts.
    pub room: Vec<Latitude>,
}

impl Measured {
    /// Whether a value is of a part of what is asked about.
    pub fn is_part(&self) -> bool {
        self.room.iter().any(|room| *room != Latitude::None)
    }
}

/// The facts of a question of the kind `facts`. In JSON a table of them by name, one value alone or a list of values.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MeasuredFacts(pub Vec<Measured>);

impl Serialize for MeasuredFacts {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut json = serializer.serialize_map(Some(self.0.len()))?;
        for measured in &self.0 {
            let values: Option<Vec<&FactValue>> =
                measured.values.as_ref().map(|values| values.iter().map(|(value, _)| value).collect());
            match values.as_deref() {
                Some([one]) => json.serialize_entry(&measured.key, one)?,
                values => json.serialize_entry(&measured.key, &values)?,
            }
        }
        json.end()
    }
}

/// The facts of a question by a further run of a client that the sheet has run once. Nothing tells which of the runs a student
/// looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OtherRun {
    /// TCP or UDP.
    pub protocol: Protocol,
    /// The client.
    pub client: SocketAddress,
    /// The capture that shows it.
    pub file: String,
    /// The facts; those that are of all connections, or of one that the question numbers, are as in the answer itself.
    pub facts: MeasuredFacts,
}
