//! What stands in the document where a capture's list is to be written: see `lists`.

use serde::{Deserialize, Serialize, Serializer};

/// Stands for a list of a capture.
#[derive(Clone, Copy, Serialize, Deserialize)]
pub(super) struct Reference {
    /// The capture, as an index.
    pub(super) capture: usize,
    /// Which of its lists.
    pub(super) kind: ListKind,
}

/// Which list of a capture.
#[derive(Clone, Copy, Serialize, Deserialize)]
pub(super) enum ListKind {
    /// Of TCP connections.
    Tcp,
    /// Of UDP conversations.
    Udp,
    /// Of socket addresses.
    Addresses,
}

/// Stands where a list is to be written.
pub(super) struct Placeholder(pub(super) Reference);

impl Serialize for Placeholder {
    /// As a raw value, which the formatter gets to see as it is.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let raw = serde_json::value::to_raw_value(&self.0).map_err(serde::ser::Error::custom)?;
        raw.serialize(serializer)
    }
}
