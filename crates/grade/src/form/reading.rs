//! What all readers of entries share: what is wrong with one, and what one may mean besides what it seems to, since a number
//! in a list may be one of its items or their count.

use super::errno;
use super::node::{Item, Node};
pub use crate::written::Otherwise;
pub(super) use crate::written::Reason;
use socklab_core::analyze::ValueType;
use socklab_core::wording::number_of;

/// Most frames or addresses of one entry.
pub(super) const MOST_ITEMS: usize = 10_000;

/// Why an entry has no meaning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The line of what is wrong, from 1: that of an item where the entry has several.
    pub line: usize,
    /// What is wrong.
    pub reason: String,
}

impl Fault {
    pub(super) fn of(node: &Node, reason: impl Into<String>) -> Fault {
        Fault { line: node.line, reason: reason.into() }
    }
}

/// A small number in figures or in words.
pub(super) fn number(word: &str) -> Option<u64> {
    number_of(word).or_else(|| word.parse().ok())
}

/// The simple values of an entry with their texts: of a list its items, else itself.
pub(super) fn pieces(node: &Node) -> Result<Vec<(&Node, String)>, Fault> {
    match &node.item {
        Item::List(items) => {
            let all: Result<Vec<Vec<(&Node, String)>>, Fault> = items.iter().map(pieces).collect();
            Ok(all?.concat())
        }
        Item::Table(_) => Err(Fault::of(node, "a table stands where a simple value is expected")),
        Item::Other(text) => Err(Fault::of(node, format!("'{text}' is no value that is expected here"))),
        _ => Ok(vec![(node, node.text())]),
    }
}

/// Whether a text says that there is none.
pub(super) fn is_none(text: &str) -> bool {
    let text = text.trim().trim_end_matches('.').to_lowercase();
    matches!(text.as_str(), "none" | "no frames" | "no frame" | "nothing" | "no error")
}

/// Whether a text, such as an explanation, may tell a fact of this kind that is not filled in: it has an error, a number, or
/// none of them.
pub fn may_tell(text: &str, kind: ValueType) -> bool {
    let lower = text.to_lowercase();
    let mut words = lower.split(|c: char| !c.is_alphanumeric());
    let mut has_number = || words.any(|word| word.contains(|c: char| c.is_ascii_digit()) || number_of(word).is_some());
    match kind {
        ValueType::YesNo => true,
        ValueType::Errno => errno::is_named(text),
        ValueType::Frames => has_number() || lower.split_whitespace().any(|word| matches!(word, "no" | "none")),
        ValueType::Addresses | ValueType::Clients | ValueType::Count | ValueType::Measured(..) => has_number(),
    }
}
