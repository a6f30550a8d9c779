//! What a form holds before it is understood: a tree of values with the lines they stand on, from TOML or JSON.

use std::collections::{HashMap, HashSet};
use std::fmt;

use serde::de::{Error as _, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A value with its place.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// The line, from 1.
    pub line: usize,
    /// The value.
    pub item: Item,
}

/// A value of TOML or JSON, as far as a form has a use for it.
#[derive(Debug, Clone, PartialEq)]
pub enum Item {
    /// Nothing: JSON's `null`.
    Nothing,
    /// Text.
    Text(String),
    /// A whole number.
    Integer(i64),
    /// True or false.
    Flag(bool),
    /// A list.
    List(Vec<Node>),
    /// A table, in the order of its keys.
    Table(Vec<(String, Node)>),
    /// A value that no entry takes: a fraction, a date.
    Other(String),
}

/// Why a form is no TOML or JSON: the line where known, and the reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyntaxFault {
    /// The line, from 1.
    pub line: Option<usize>,
    /// The reason.
    pub reason: String,
}

impl Node {
    /// Reads TOML.
    ///
    /// # Errors
    /// If it is none.
    pub fn from_toml(text: &str) -> Result<Node, SyntaxFault> {
        let table = DeTable::parse(text).map_err(|error| SyntaxFault {
            line: error.span().map(|span| Lines::of(text).line(span.start)),
            reason: error.message().to_owned(),
        })?;
        Ok(Node { line: 1, item: toml_table(table.get_ref(), &Lines::of(text)) })
    }

    /// Reads JSON.
    ///
    /// # Errors
    /// If it is none.
    pub fn from_json(text: &str) -> Result<Node, SyntaxFault> {
        let syntax = |error: serde_json::Error| SyntaxFault { line: Some(error.line()), reason: error.to_string() };
        let value: serde_json::Value = serde_json::from_str(text).map_err(syntax)?;
        // The last of two would be taken without a word.
        serde_json::from_str::<Unique>(text).map_err(syntax)?;
        Ok(json(&value, &Places { lines: Lines::of(text), strings: strings(text) }, 0))
    }

    /// The value as a student wrote it, on one line.
    pub fn text(&self) -> String {
        match &self.item {
            Item::Nothing => String::new(),
            Item::Text(text) | Item::Other(text) => text.trim().to_owned(),
            Item::Integer(number) => number.to_string(),
            Item::Flag(flag) => flag.to_string(),
            Item::List(items) => items.iter().map(Node::text).collect::<Vec<_>>().join(", "),
            Item::Table(entries) => {
                entries.iter().map(|(key, node)| format!("{key}: {}", node.text())).collect::<Vec<_>>().join("; ")
            }
        }
    }

    /// Whether a student left it empty, or wrote that it is not known.
    pub fn is_empty(&self) -> bool {
        match &self.item {
            Item::Nothing => true,
            Item::Text(text) => {
                let text = text.trim();
                text.is_empty() || text == "?" || text.eq_ignore_ascii_case("unknown")
            }
            Item::List(items) => !items.is_empty() && items.iter().all(Node::is_empty),
            Item::Table(entries) => entries.iter().all(|(_, node)| node.is_empty()),
            _ => false,
        }
    }

    /// As JSON, for the report.
    pub fn to_json(&self) -> serde_json::Value {
        match &self.item {
            Item::Nothing => serde_json::Value::Null,
            Item::Text(text) | Item::Other(text) => text.clone().into(),
            Item::Integer(number) => (*number).into(),
            Item::Flag(flag) => (*flag).into(),
            Item::List(items) => items.iter().map(Node::to_json).collect(),
            Item::Table(entries) => entries.iter().map(|(key, node)| (key.clone(), node.to_json())).collect(),
        }
    }
}

/// A JSON value without the same key twice in one object.
struct Unique;

impl<'de> Deserialize<'de> for Unique {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Unique, D::Error> {
        deserializer.deserialize_any(Unique)
    }
}

impl<'de> Visitor<'de> for Unique {
    type Value = Unique;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_bool<E>(self, _: bool) -> Result<Unique, E> {
        Ok(self)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Unique, E> {
        Ok(self)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Unique, E> {
        Ok(self)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Unique, E> {
        Ok(self)
    }

    fn visit_str<E>(self, _: &str) -> Result<Unique, E> {
        Ok(self)
    }

    fn visit_unit<E>(self) -> Result<Unique, E> {
        Ok(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Unique, A::Error> {
        while items.next_element::<Unique>()?.is_some() {}
        Ok(self)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Unique, A::Error> {
        let mut keys = HashSet::new();
        while let Some(key) = entries.next_key::<String>()? {
            if keys.contains(&key) {
                return Err(A::Error::custom(format!("duplicate key '{key}'")));
            }
            entries.next_value::<Unique>()?;
            keys.insert(key);
        }
        Ok(self)
    }
}

/// Where an entry of a table stands in a text of TOML.
pub(super) struct Place {
    /// The table.
    pub(super) table: String,
    /// The entry.
    pub(super) key: String,
    /// The lines of its value, from 0: the first and the last.
    pub(super) lines: [usize; 2],
    /// The bytes of its value.
    pub(super) value: std::ops::Range<usize>,
    /// Whether a student left it empty.
    pub(super) is_empty: bool,
}

/// The entries of all tables in a text of TOML; none where it is no TOML.
pub(super) fn places(text: &str) -> Vec<Place> {
    let Ok(root) = DeTable::parse(text) else { return Vec::new() };
    let lines = Lines::of(text);
    let line = |at: usize| lines.line(at).saturating_sub(1);
    let mut found = Vec::new();
    for (table, value) in root.get_ref() {
        let DeValue::Table(entries) = value.get_ref() else { continue };
        found.extend(entries.iter().map(|(key, value)| Place {
            table: table.get_ref().to_string(),
            key: key.get_ref().to_string(),
            lines: [line(value.span().start), line(value.span().end)],
            value: value.span(),
            is_empty: toml_value(value, &lines).is_empty(),
        }));
    }
    found
}

/// Where the lines of a text end.
struct Lines(Vec<usize>);

impl Lines {
    fn of(text: &str) -> Lines {
        Lines(text.match_indices('\n').map(|(at, _)| at).collect())
    }

    /// The line of an offset, from 1.
    fn line(&self, offset: usize) -> usize {
        self.0.partition_point(|end| *end < offset).saturating_add(1)
    }
}

fn toml_table(table: &DeTable<'_>, lines: &Lines) -> Item {
    let mut entries: Vec<(usize, String, Node)> = table
        .iter()
        .map(|(key, value)| (key.span().start, key.get_ref().to_string(), toml_value(value, lines)))
        .collect();
    entries.sort_by_key(|(place, ..)| *place);
    Item::Table(entries.into_iter().map(|(_, key, node)| (key, node)).collect())
}

fn toml_value(value: &Spanned<DeValue<'_>>, lines: &Lines) -> Node {
    let line = lines.line(value.span().start);
    let item = match value.get_ref() {
        DeValue::String(string) => Item::Text(string.to_string()),
        DeValue::Integer(integer) => match i64::from_str_radix(integer.as_str(), integer.radix()) {
            Ok(number) => Item::Integer(number),
            Err(_) => Item::Other(integer.as_str().to_owned()),
        },
        DeValue::Boolean(flag) => Item::Flag(*flag),
        DeValue::Array(items) => Item::List(items.iter().map(|item| toml_value(item, lines)).collect()),
        DeValue::Table(table) => toml_table(table, lines),
        DeValue::Float(float) => Item::Other(float.as_str().to_owned()),
        DeValue::Datetime(time) => Item::Other(time.to_string()),
    };
    Node { line, item }
}

/// Where things stand in a text of JSON.
struct Places<'t> {
    lines: Lines,
    /// The places of each string, as it is written with its quotation marks.
    strings: HashMap<&'t str, Vec<usize>>,
}

/// The strings of a text that is JSON.
fn strings(text: &str) -> HashMap<&str, Vec<usize>> {
    let mut found: HashMap<&str, Vec<usize>> = HashMap::new();
    let (mut start, mut escaped) = (None, false);
    for (at, byte) in text.bytes().enumerate() {
        match (start, byte) {
            _ if escaped => escaped = false,
            (Some(_), b'\\') => escaped = true,
            (None, b'"') => start = Some(at),
            (Some(first), b'"') => {
                found.entry(text.get(first..=at).unwrap_or_default()).or_default().push(first);
                start = None;
            }
            _ => {}
        }
    }
    found
}

impl Places<'_> {
    /// The first place of a string that is not before this one.
    fn behind(&self, text: &str, from: usize) -> Option<usize> {
        let all = self.strings.get(serde_json::Value::from(text).to_string().as_str())?;
        all.get(all.partition_point(|at| *at < from)).copied()
    }

    /// Where an item of a list begins, as far as its strings tell.
    fn of_item(&self, item: &serde_json::Value, from: usize) -> usize {
        let found = match item {
            serde_json::Value::String(text) => self.behind(text, from),
            serde_json::Value::Object(entries) => entries.keys().filter_map(|key| self.behind(key, from)).min(),
            _ => None,
        };
        found.unwrap_or(from)
    }
}

/// serde_json gives no places: each key is looked for behind the place of its table, which finds it in any form that is
/// written in order.
fn json(value: &serde_json::Value, places: &Places<'_>, from: usize) -> Node {
    json_until(value, places, from).0
}

/// The same, with the last place that was found within it.
fn json_until(value: &serde_json::Value, places: &Places<'_>, from: usize) -> (Node, usize) {
    let mut last = from;
    let item = match value {
        serde_json::Value::Null => Item::Nothing,
        serde_json::Value::Bool(flag) => Item::Flag(*flag),
        serde_json::Value::Number(number) => match number.as_i64() {
            Some(number) => Item::Integer(number),
            None => Item::Other(number.to_string()),
        },
        serde_json::Value::String(string) => Item::Text(string.clone()),
        serde_json::Value::Array(items) => Item::List(
            items
                .iter()
                .map(|item| {
                    // An item stands behind the one before.
                    let (node, end) = json_until(item, places, places.of_item(item, last));
                    last = if item.is_string() || item.is_object() { end.saturating_add(1) } else { last.max(end) };
                    node
                })
                .collect(),
        ),
        serde_json::Value::Object(entries) => Item::Table(
            entries
                .iter()
                .map(|(key, value)| {
                    let (node, end) = json_until(value, places, places.behind(key, from).unwrap_or(from));
                    last = last.max(end);
                    (key.clone(), node)
                })
                .collect(),
        ),
    };
    (Node { line: places.lines.line(from), item }, last)
}
