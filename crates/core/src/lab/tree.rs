//! The tables of a lab file with the places of their entries.

use std::net::IpAddr;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::escape::harmless;

use super::place::{Problems, instead, quoted};
use super::points::Points;

/// Something with its place: the offset in the text, in bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Placed<T> {
    pub(super) at: usize,
    pub(super) value: T,
}

/// A table, and where its mistakes go.
#[derive(Clone)]
pub(super) struct Table<'t, 'p> {
    entries: &'t DeTable<'t>,
    pub(super) at: usize,
    /// What a message calls it: `question "I.2"`.
    pub(super) name: String,
    problems: &'p Problems<'p>,
}

/// A value of a table.
pub(super) type TomlValue<'t> = &'t Spanned<DeValue<'t>>;

impl<'t, 'p> Table<'t, 'p> {
    pub(super) fn root(entries: &'t DeTable<'t>, problems: &'p Problems<'p>) -> Table<'t, 'p> {
        Table { entries, at: 0, name: String::new(), problems }
    }

    /// The same table under another name.
    pub(super) fn called(self, name: impl Into<String>) -> Table<'t, 'p> {
        Table { name: name.into(), ..self }
    }

    /// Notes a mistake in an entry.
    pub(super) fn fault(&self, at: usize, key: &str, reason: impl Into<String>, remedy: impl Into<String>) {
        let place = match (self.name.as_str(), key) {
            ("", key) => key.to_owned(),
            (name, "") => name.to_owned(),
            (name, key) => format!("{name}.{key}"),
        };
        self.problems.add(at, &place, reason, remedy);
    }

    /// Notes every entry that is none of these.
    pub(super) fn only(&self, known: &[&str]) {
        for (key, _) in self.entries.iter() {
            let name: &str = key.get_ref();
            if !known.contains(&name) {
                let remedy = instead(name, known.iter().copied());
                self.fault(key.span().start, "", format!("there is no entry {}", quoted(name)), remedy);
            }
        }
    }

    /// The entries in the order of the text.
    pub(super) fn entries(&self) -> Vec<(Placed<String>, TomlValue<'t>)> {
        let entries = self.entries.iter();
        let mut all: Vec<(Placed<String>, TomlValue<'t>)> = entries
            .map(|(key, value)| (Placed { at: key.span().start, value: key.get_ref().to_string() }, value))
            .collect();
        all.sort_by_key(|(key, _)| key.at);
        all
    }

    fn get(&self, key: &str) -> Option<TomlValue<'t>> {
        self.entries.get(key)
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.get(key).is_some()
    }

    /// A text; a mistake where it is something else, or empty.
    pub(super) fn text(&self, key: &str) -> Option<Placed<String>> {
        self.get(key).and_then(|value| self.text_of(key, value))
    }

    pub(super) fn text_of(&self, key: &str, value: TomlValue<'_>) -> Option<Placed<String>> {
        let at = value.span().start;
        match value.get_ref() {
            DeValue::String(text) if !text.trim().is_empty() => {
                // On one line: it becomes part of sentences and of comments in files.
                Some(Placed { at, value: harmless(&on_one_line(text)).into_owned() })
            }
            DeValue::String(_) => {
                self.fault(at, key, "it is empty", "Write something between the quotation marks, or leave it out.");
                None
            }
            other => {
                let remedy = match other {
                    DeValue::Array(_) => "Name one alone, between quotation marks and without brackets.",
                    _ => "Put it between quotation marks.",
                };
                self.fault(at, key, format!("{} where a text belongs", kind(other)), remedy);
                None
            }
        }
    }

    /// A text that must be there.
    pub(super) fn needed(&self, key: &str, example: &str) -> Option<Placed<String>> {
        if !self.has(key) {
            self.fault(self.at, "", format!("it has no {key}"), format!("Add a line, such as {key} = {example}."));
        }
        self.text(key)
    }

    /// A text, or a whole number as a text: sheets number with both.
    pub(super) fn number_or_text(&self, key: &str) -> Option<Placed<String>> {
        let value = self.get(key)?;
        match value.get_ref() {
            DeValue::Integer(integer) => Some(Placed { at: value.span().start, value: integer.as_str().to_owned() }),
            _ => self.text_of(key, value),
        }
    }

    /// A text, or a whole number as a text, where no other text will do: `remedy` says which.
    pub(super) fn number_or_word(&self, key: &str, remedy: &str) -> Option<Placed<String>> {
        let value = self.get(key)?;
        let reason = match value.get_ref() {
            DeValue::Integer(_) | DeValue::String(_) => return self.number_or_text(key),
            DeValue::Float(_) => "it is no whole number".to_owned(),
            other => format!("{} where a number or a word belongs", kind(other)),
        };
        self.fault(value.span().start, key, reason, remedy);
        None
    }

    /// A text, or a list of texts.
    pub(super) fn texts(&self, key: &str) -> Vec<Placed<String>> {
        match self.get(key).map(|value| (value, value.get_ref())) {
            None => Vec::new(),
            Some((_, DeValue::Array(items))) => items.iter().filter_map(|item| self.text_of(key, item)).collect(),
            Some((value, _)) => self.text_of(key, value).into_iter().collect(),
        }
    }

    pub(super) fn is_empty_list(&self, key: &str) -> bool {
        self.get(key).is_some_and(|value| matches!(value.get_ref(), DeValue::Array(items) if items.is_empty()))
    }

    pub(super) fn flag(&self, key: &str) -> Option<bool> {
        let value = self.get(key)?;
        match value.get_ref() {
            DeValue::Boolean(flag) => Some(*flag),
            other => {
                let reason = format!("{} where true or false belongs", kind(other));
                self.fault(value.span().start, key, reason, "Write true or false, without quotation marks.");
                None
            }
        }
    }

    /// A whole number within bounds.
    pub(super) fn number(&self, key: &str, bounds: std::ops::RangeInclusive<u32>) -> Option<Placed<u32>> {
        let value = self.get(key)?;
        let at = value.span().start;
        let remedy = || format!("Write a whole number from {} to {}.", bounds.start(), bounds.end());
        let found = match value.get_ref() {
            DeValue::Integer(integer) => i64::from_str_radix(integer.as_str(), integer.radix()).ok(),
            other => {
                self.fault(at, key, format!("{} where a whole number belongs", kind(other)), remedy());
                return None;
            }
        };
        match found.and_then(|number| u32::try_from(number).ok()).filter(|number| bounds.contains(number)) {
            Some(value) => Some(Placed { at, value }),
            None => {
                self.fault(at, key, "the number is out of range", remedy());
                None
            }
        }
    }

    /// A TCP or UDP port.
    pub(super) fn port(&self, key: &str) -> Option<u16> {
        self.number(key, 1..=u32::from(u16::MAX)).and_then(|port| u16::try_from(port.value).ok())
    }

    /// Points: a number of 0 or more, fractions too.
    pub(super) fn points(&self, key: &str) -> Option<Points> {
        self.get(key).and_then(|value| self.points_of(key, value))
    }

    pub(super) fn points_of(&self, key: &str, value: TomlValue<'_>) -> Option<Points> {
        let number = match value.get_ref() {
            DeValue::Integer(integer) => i32::from_str_radix(integer.as_str(), integer.radix()).ok().map(f64::from),
            DeValue::Float(float) => float.as_str().parse().ok(),
            other => {
                let reason = format!("{} where points belong", kind(other));
                self.fault(value.span().start, key, reason, "Write a number, such as 2 or 2.5.");
                return None;
            }
        };
        let points = number.and_then(Points::from_number);
        if points.is_none() {
            let remedy = "Write a number from 0 to 1000000, such as 2 or 2.5.";
            self.fault(value.span().start, key, "points can't be less than 0, or more than 1000000", remedy);
        }
        points
    }

    /// An IP address.
    pub(super) fn address_of(&self, key: &str, value: TomlValue<'_>) -> Option<IpAddr> {
        let text = self.text_of(key, value)?;
        let address = text.value.parse().ok();
        if address.is_none() {
            let reason = format!("{} is not an IP address", quoted(&text.value));
            self.fault(text.at, key, reason, "Write one such as \"10.0.3.1\" or \"fd00::1\".");
        }
        address
    }

    pub(super) fn address(&self, key: &str) -> Option<IpAddr> {
        self.get(key).and_then(|value| self.address_of(key, value))
    }

    /// A table within this one.
    pub(super) fn table(&self, key: &str) -> Option<Table<'t, 'p>> {
        let value = self.get(key)?;
        match value.get_ref() {
            DeValue::Table(_) => self.table_of(key, value),
            other => {
                let remedy = format!("Write [{key}] on a line of its own, and its entries below it.");
                self.fault(value.span().start, key, format!("{} where a table belongs", kind(other)), remedy);
                None
            }
        }
    }

    /// A value as a table, where it is one.
    pub(super) fn table_of(&self, key: &str, value: TomlValue<'t>) -> Option<Table<'t, 'p>> {
        let DeValue::Table(entries) = value.get_ref() else { return None };
        let name = if self.name.is_empty() { key.to_owned() } else { format!("{}.{key}", self.name) };
        Some(Table { entries, at: value.span().start, name, problems: self.problems })
    }

    /// The tables of a list: `[[step]]`. `None` where there is no such entry.
    pub(super) fn tables(&self, key: &str) -> Option<Vec<Table<'t, 'p>>> {
        let value = self.get(key)?;
        let remedy = || format!("Write [[{key}]] on a line of its own, and its entries below it.");
        let DeValue::Array(items) = value.get_ref() else {
            let reason = format!("{} where a list of tables belongs", kind(value.get_ref()));
            self.fault(value.span().start, key, reason, remedy());
            return Some(Vec::new());
        };
        let table = |item: &'t Spanned<DeValue<'t>>| match item.get_ref() {
            DeValue::Table(entries) => {
                Some(Table { entries, at: item.span().start, name: key.to_owned(), problems: self.problems })
            }
            other => {
                self.fault(item.span().start, key, format!("{} where a table belongs", kind(other)), remedy());
                None
            }
        };
        Some(items.iter().filter_map(table).collect())
    }
}

/// The words of a text with one space between them.
fn on_one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    line
}

/// What a value is, at the beginning of a sentence.
pub(super) fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "it is a text",
        DeValue::Integer(_) | DeValue::Float(_) => "it is a number",
        DeValue::Boolean(_) => "it is true or false",
        DeValue::Datetime(_) => "it is a date",
        DeValue::Array(_) => "it is a list",
        DeValue::Table(_) => "it is a table",
    }
}
