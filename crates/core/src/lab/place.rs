//! Mistakes in a lab file, each with its place, its reason and its remedy.

use std::cell::RefCell;
use std::fmt;

/// Most mistakes of a file that are named; further ones are counted.
const MOST: usize = 200;

/// Longest piece of a file that is quoted, in characters.
const MOST_QUOTED: usize = 80;

/// A mistake in a lab file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1, in characters.
    pub column: usize,
    /// The entry, as `question "I.2".points`; empty for the file as a whole.
    pub key: String,
    /// What is wrong.
    pub reason: String,
    /// What to do.
    pub remedy: String,
}

impl Problem {
    /// A mistake at an offset of a text, in bytes.
    pub(super) fn at(
        text: &str,
        at: usize,
        key: &str,
        reason: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Problem {
        let before = text.get(..at).unwrap_or(text);
        let line = before.matches('\n').count().saturating_add(1);
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count().saturating_add(1);
        Problem { line, column, key: key.to_owned(), reason: reason.into(), remedy: remedy.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}: ", self.line, self.column)?;
        if !self.key.is_empty() {
            write!(f, "{}: ", self.key)?;
        }
        write!(f, "{}. {}", self.reason, self.remedy)
    }
}

/// The mistakes found in a text so far.
#[derive(Debug)]
pub(super) struct Problems<'t> {
    text: &'t str,
    found: RefCell<Vec<Problem>>,
}

impl<'t> Problems<'t> {
    pub(super) fn new(text: &'t str) -> Problems<'t> {
        Problems { text, found: RefCell::default() }
    }

    /// Notes a mistake at an offset, in bytes.
    pub(super) fn add(&self, at: usize, key: &str, reason: impl Into<String>, remedy: impl Into<String>) {
        let mut found = self.found.borrow_mut();
        if found.len() < MOST {
            let problem = Problem::at(self.text, at, key, reason, remedy);
            if !found.contains(&problem) {
                found.push(problem);
            }
        }
    }

    /// The mistakes, in the order of the text.
    pub(super) fn finish(self) -> Vec<Problem> {
        let mut found = self.found.into_inner();
        found.sort();
        found
    }
}

/// A piece of a file as a sentence quotes it.
pub fn quoted(text: &str) -> String {
    let short: String = text.chars().take(MOST_QUOTED).map(|c| if c.is_control() { ' ' } else { c }).collect();
    let dots = if text.chars().nth(MOST_QUOTED).is_some() { "…" } else { "" };
    format!("'{short}{dots}'")
}

/// What to do about a line that is no TOML, of which the reader says this.
pub fn not_toml(message: &str, line: &str) -> &'static str {
    let usual = match () {
        () if message.contains("duplicate key") => "It is there a second time: leave one of the two out.",
        () if has_decimal_comma(line) => "Write fractions with a point, as in 2.5.",
        () => "Correct that: texts stand between quotation marks, tables between brackets.",
    };
    turned_quotes(line).unwrap_or(usual)
}

/// Whether the value of a line is a number with a comma.
fn has_decimal_comma(line: &str) -> bool {
    let value = line.split_once('=').map(|(_, value)| value.split('#').next().unwrap_or_default().trim());
    let is_number = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_digit());
    value.and_then(|value| value.split_once(',')).is_some_and(|(whole, part)| is_number(whole) && is_number(part))
}

/// What to do about a line that is no TOML, where it has quotation marks that are none to TOML.
pub fn turned_quotes(line: &str) -> Option<&'static str> {
    let has_turned = line.contains(['“', '”', '„', '‘', '’', '«', '»']);
    has_turned.then_some("That line has quotation marks as word processors make them; write \" instead.")
}

/// The word that differs least, by two letters at most.
pub(crate) fn closest<'k>(word: &str, known: impl Iterator<Item = &'k str>) -> Option<&'k str> {
    let near = known.map(|own| (strsim::damerau_levenshtein(&word.to_lowercase(), &own.to_lowercase()), own));
    near.filter(|(distance, own)| *distance <= 2 && *distance < own.chars().count()).min().map(|(_, own)| own)
}

/// What to write instead of something that is not known: the nearest of what is, or all of it.
pub fn instead<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> String {
    let known: Vec<&str> = known.into_iter().collect();
    match (closest(word, known.iter().copied()), known.as_slice()) {
        (Some(own), _) => format!("Did you mean {own}?"),
        (None, []) => "Leave it out.".to_owned(),
        (None, [only]) => format!("Only {only} is known here."),
        (None, all) => format!("Known here: {}.", all.join(", ")),
    }
}
