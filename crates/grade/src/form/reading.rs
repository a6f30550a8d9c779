//! What all readers of entries share: what is wrong with one, and what one may mean besides what it seems to, since a number
//! in a list may be one of its items or their count.

use super::fields::Field;
use super::node::{Item, Node};
pub use crate::written::Otherwise;
pub(super) use crate::written::Reason;
use crate::written::errno;
use socklab_core::analyze::ValueType;
use socklab_core::wording::number_of;

/// The list of frames that close a connection, of which there may be none.
const CLOSING: &str = "closing_frames";

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

/// Words that may tell a count without a number.
const COUNTS: [&str; 17] = [
    "none",
    "all",
    "each",
    "every",
    "everyone",
    "everybody",
    "both",
    "nobody",
    "single",
    "lone",
    "sole",
    "pair",
    "couple",
    "twice",
    "thrice",
    "quartet",
    "dozen",
];

/// Words that may say of closing frames that there are none.
const NONE_CLOSING: [&str; 7] = ["nothing", "nobody", "neither", "nor", "never", "without", "not"];

/// Words beside `open` that say that a connection is not closed.
const STILL: [&str; 9] = ["still", "stays", "stayed", "left", "leave", "kept", "remains", "remained", "remain"];

/// Whether a text, such as an explanation, may tell a fact with this key and of this kind that is not filled in: it has an error, a
/// number, or none of them.
pub fn may_tell(text: &str, key: &str, kind: ValueType) -> bool {
    let lower = text.to_lowercase().replace('’', "'");
    let words: Vec<&str> =
        lower.split(|c: char| !c.is_alphanumeric() && c != '\'').filter(|word| !word.is_empty()).collect();
    let has = |list: &[&str]| words.iter().any(|word| list.contains(word));
    let is_number = |word: &str| word.contains(|c: char| c.is_ascii_digit()) || number_of(word).is_some();
    let has_number = words.iter().any(|word| is_number(word));
    let has_none = || {
        let is_of_closing = lower.contains("clos") || has(&["fin", "fins", "rst", "end", "ends", "ended"]);
        let is_denied = has(&NONE_CLOSING) || words.iter().any(|word| word.ends_with("n't"));
        has(&["no", "none"]) || key == CLOSING && (is_of_closing && is_denied || has(&["open"]) && has(&STILL))
    };
    match kind {
        ValueType::YesNo => true,
        ValueType::Errno => errno::may_be_named(text),
        ValueType::Frames => has_number || has_none(),
        ValueType::Count => has_number || has(&COUNTS),
        ValueType::Addresses | ValueType::Clients | ValueType::Measured(..) => has_number,
    }
}

/// What is wrong with a yes or no that names an error: that a port is in use tells why a server did not start, and may contradict
/// anything else.
pub(super) fn unrelated_error(field: &Field<'_>, node: &Node) -> Option<Fault> {
    let text = node.text();
    let is_unrelated = field.value == ValueType::YesNo && field.key != SECOND_STARTED && errno::may_be_named(&text);
    is_unrelated.then(|| Fault::of(node, format!("'{}' names an error, and must be read", text.trim())))
}

/// The fact whose no an error may explain.
const SECOND_STARTED: &str = "second_server_started";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_explanation_tells_without_figures_too() {
        let tells = |key: &str, kind, texts: &[&str]| {
            texts.iter().map(|text| (*text).to_owned()).filter(|text| may_tell(text, key, kind)).collect::<Vec<_>>()
        };
        let closing = [
            "There was neither FIN nor RST",
            "Nothing closes the connection.",
            "never closed",
            "It stays open.",
            "It wasn't closed.",
            "I left it open",
        ];
        assert_eq!(tells(CLOSING, ValueType::Frames, &closing), closing);
        let other = ["The client opens it.", "As we saw.", "It did not work.", "to open the connection"];
        assert_eq!(tells(CLOSING, ValueType::Frames, &other), [""; 0]);
        assert_eq!(tells("data_frames", ValueType::Frames, &closing), [""; 0]);
        let counts =
            ["a single listening socket", "just a lone listener", "All clients connected", "UDP needs none", "five"];
        assert_eq!(tells("clients_served", ValueType::Count, &counts), counts);
        assert_eq!(tells("clients_served", ValueType::Count, &["As we saw.", "There is no handshake."]), [""; 0]);
        let errors = ["It said that the address is in use", "OSError: 98", "bind() gave error no. 98"];
        assert_eq!(tells("errno", ValueType::Errno, &errors), errors);
        assert_eq!(tells("errno", ValueType::Errno, &["98 seconds later", "an error came"]), [""; 0]);
    }
}
