//! Words that take back what is said, or leave it open: where one stands beside an answer, only a reader can say what is
//! meant.

use super::plain::plain;

/// Words by which an answer says that it is something else.
const NEGATIONS: [&str; 40] = [
    "not",
    "never",
    "no",
    "nor",
    "neither",
    "none",
    "without",
    "except",
    "excluding",
    "exclude",
    "excludes",
    "excepting",
    "but",
    "however",
    "unless",
    "non",
    "cannot",
    "cant",
    "isnt",
    "wasnt",
    "arent",
    "didnt",
    "doesnt",
    "dont",
    "wont",
    "opposite",
    "other",
    "than",
    "else",
    "instead",
    "rather",
    "unlike",
    "anything",
    "anybody",
    "anyone",
    "nicht",
    "kein",
    "keine",
    "nie",
    "außer",
];

/// Words by which an answer says that it may be wrong, or is.
const DOUBTS: [&str; 26] = [
    "wrong",
    "false",
    "incorrect",
    "untrue",
    "invalid",
    "maybe",
    "perhaps",
    "possibly",
    "probably",
    "presumably",
    "unsure",
    "uncertain",
    "unclear",
    "unknown",
    "unlikely",
    "guess",
    "guessed",
    "guessing",
    "might",
    "either",
    "idk",
    "dunno",
    "doubt",
    "doubtful",
    "falsch",
    "vielleicht",
];

/// Whether something in a text says that it is not so, or may not be.
pub(super) fn denies(text: &str) -> bool {
    doubts(text) || words(text).any(|word| NEGATIONS.contains(&word.as_str()) || word.ends_with("n't"))
}

/// Whether something in a text says that it may be wrong, or is.
pub(super) fn doubts(text: &str) -> bool {
    let unsure = words(text)
        .zip(words(text).skip(1))
        .any(|(one, next)| one == "not" && matches!(next.as_str(), "sure" | "certain"));
    text.contains('?') || unsure || words(text).any(|word| DOUBTS.contains(&word.as_str()))
}

fn words(text: &str) -> impl Iterator<Item = String> {
    let lower = without_abbreviation(&plain(text).to_lowercase());
    let words: Vec<String> = lower
        .split(|c: char| !c.is_alphanumeric() && c != '\'')
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect();
    words.into_iter()
}

/// The text without `no.` where it is short for a number: `port no. 8080`.
fn without_abbreviation(lower: &str) -> String {
    let mut parts = lower.split("no.");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let is_number = part.trim_start().starts_with(|c: char| c.is_ascii_digit() || c == '#');
        out.push_str(if is_number { " " } else { "no." });
        out.push_str(part);
    }
    out
}
