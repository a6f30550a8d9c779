//! What a form holds before it is understood: a tree of values with the lines they stand on, from TOML or JSON.

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
pub struct Syntax {
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
    pub fn from_toml(text: &str) -> Result<Node, Syntax> {
        let table = DeTable::parse(text).map_err(|error| Syntax {
            line: error.span().map(|span| line_of(text, span.start)),
            reason: error.message().to_owned(),
        })?;
        Ok(Node { line: 1, item: toml_table(table.get_ref(), text) })
    }

    /// Reads JSON.
    ///
    /// # Errors
    /// If it is none.
    pub fn from_json(text: &str) -> Result<Node, Syntax> {
        let value: serde_json::Value = serde_json::from_str(text)
            .map_err(|error| Syntax { line: Some(error.line()), reason: error.to_string() })?;
        Ok(json(&value, text, 0))
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

fn line_of(text: &str, offset: usize) -> usize {
    let before = text.as_bytes().get(..offset).unwrap_or(text.as_bytes());
    before.iter().filter(|byte| **byte == b'\n').count().saturating_add(1)
}

fn toml_table(table: &DeTable<'_>, text: &str) -> Item {
    let mut entries: Vec<(usize, String, Node)> = table
        .iter()
        .map(|(key, value)| (key.span().start, key.get_ref().to_string(), toml_value(value, text)))
        .collect();
    entries.sort_by_key(|(place, ..)| *place);
    Item::Table(entries.into_iter().map(|(_, key, node)| (key, node)).collect())
}

fn toml_value(value: &Spanned<DeValue<'_>>, text: &str) -> Node {
    let line = line_of(text, value.span().start);
    let item = match value.get_ref() {
        DeValue::String(string) => Item::Text(string.to_string()),
        DeValue::Integer(integer) => match i64::from_str_radix(integer.as_str(), integer.radix()) {
            Ok(number) => Item::Integer(number),
            Err(_) => Item::Other(integer.as_str().to_owned()),
        },
        DeValue::Boolean(flag) => Item::Flag(*flag),
        DeValue::Array(items) => Item::List(items.iter().map(|item| toml_value(item, text)).collect()),
        DeValue::Table(table) => toml_table(table, text),
        DeValue::Float(float) => Item::Other(float.as_str().to_owned()),
        DeValue::Datetime(time) => Item::Other(time.to_string()),
    };
    Node { line, item }
}

/// serde_json gives no places: each key is looked for behind the place of its table, which finds it in any form that is
/// written in order.
fn json(value: &serde_json::Value, text: &str, from: usize) -> Node {
    let item = match value {
        serde_json::Value::Null => Item::Nothing,
        serde_json::Value::Bool(flag) => Item::Flag(*flag),
        serde_json::Value::Number(number) => match number.as_i64() {
            Some(number) => Item::Integer(number),
            None => Item::Other(number.to_string()),
        },
        serde_json::Value::String(string) => Item::Text(string.clone()),
        serde_json::Value::Array(items) => Item::List(items.iter().map(|item| json(item, text, from)).collect()),
        serde_json::Value::Object(entries) => {
            let place = |key: &str| {
                let quoted = serde_json::Value::from(key).to_string();
                text.get(from..).and_then(|rest| rest.find(&quoted)).map_or(from, |at| from.saturating_add(at))
            };
            Item::Table(entries.iter().map(|(key, value)| (key.clone(), json(value, text, place(key)))).collect())
        }
    };
    Node { line: line_of(text, from), item }
}
