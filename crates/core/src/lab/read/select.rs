//! What a question of the kind `facts` selects: a fact, and of what it is asked.

use std::str::FromStr;

use toml::de::DeValue;

use crate::facts::{End, FACTS, Fact, FlagName, Ordinals, Selection, Which, fact};
use crate::lab::names::toml_key;
use crate::lab::place::{closest, quoted};
use crate::lab::tree::{Placed, Table, TomlValue};
use crate::wording;
use socklab_packets::types::Protocol;

/// The kind of question that selects.
pub(super) const KIND: &str = "facts";

/// Entries of an ask.
const ENTRIES: [&str; 10] =
    ["ask", "fact", "step", "protocol", "client", "connection", "side", "segment", "frame", "flag"];

/// What is selected, before its step is looked up.
#[derive(Debug, Clone)]
pub(super) struct SelectPart {
    pub(super) fact: &'static Fact,
    pub(super) selection: Selection,
    pub(super) step: Option<Placed<String>>,
    pub(super) client: Option<Placed<String>>,
}

/// An ask of such a question: the words in which it asks, and what it selects. Mistakes are noted.
pub(super) fn ask<'t>(
    question: &Table<'t, '_>,
    key: &Placed<String>,
    value: TomlValue<'t>,
) -> (Option<String>, Option<SelectPart>) {
    let name = format!("facts.{}", toml_key(&key.value));
    if !matches!(value.get_ref(), DeValue::Table(_)) {
        let text = question.text_of(&name, value).map(|text| text.value);
        let fact = known(question, key, &name, true);
        let selection = Selection::default();
        let select = fact.filter(|fact| fits(question, key.at, &name, &selection, fact));
        return (text, select.map(|fact| SelectPart { fact, selection, step: None, client: None }));
    }
    let Some(table) = question.table_of(&name, value) else { return (None, None) };
    table.only(&ENTRIES);
    let text = table.text("ask").map(|text| text.value);
    let named = table.text("fact");
    let fact = known(question, named.as_ref().unwrap_or(key), &name, named.is_none());
    let step = table.number_or_text("step");
    let client = table.number_or_text("client");
    let selection = Selection {
        step: step.as_ref().map(|step| step.value.clone()),
        client: client.as_ref().map(|client| client.value.clone()),
        protocol: word(&table, "protocol", &[("tcp", Protocol::Tcp), ("udp", Protocol::Udp)]),
        connection: parsed::<Which>(
            &table,
            "connection",
            "Write the number of a connection, from 1, \"last\", or \"all\".",
        ),
        side: word(&table, "side", &[("client", End::Client), ("server", End::Server)]),
        segment: parsed::<Ordinals>(
            &table,
            "segment",
            "Write the number of a segment, from 1, a range: \"1-6\", or \"last\".",
        ),
        frame: parsed::<Ordinals>(
            &table,
            "frame",
            "Write the number of a frame, from 1, a range: \"1-6\", or \"last\".",
        ),
        flag: word(&table, "flag", &FlagName::ALL.map(|flag| (flag.name(), flag))),
    };
    // What could not be read is a mistake of its own, and no reason for another.
    let is_read = [
        ("step", step.is_some()),
        ("protocol", selection.protocol.is_some()),
        ("connection", selection.connection.is_some()),
        ("side", selection.side.is_some()),
        ("client", client.is_some()),
        ("segment", selection.segment.is_some()),
        ("frame", selection.frame.is_some()),
        ("flag", selection.flag.is_some()),
    ]
    .into_iter()
    .all(|(entry, read)| read || !table.has(entry));
    let select = fact.filter(|fact| is_read && fits(question, key.at, &name, &selection, fact));
    (text, select.map(|fact| SelectPart { fact, selection, step, client }))
}

/// The fact of this key. `is_entry` is whether no fact was named, so that it is the name of the entry.
fn known(question: &Table<'_, '_>, key: &Placed<String>, name: &str, is_entry: bool) -> Option<&'static Fact> {
    let found = fact(&key.value);
    if found.is_none() {
        let reason = format!("there is no fact {}", quoted(&key.value));
        let own = toml_key(&key.value);
        let how = match is_entry {
            true => format!(
                "An entry with a name of your own says which fact it is: {own} = {{ ask = \"…\", fact = \"…\" }}. "
            ),
            false => String::new(),
        };
        question.fault(key.at, name, reason, format!("{}{how}'socklab lab --facts' lists them all.", near(&key.value)));
    }
    found
}

/// Most facts that are named instead of one that there is not.
const MOST_NEAR: usize = 4;

/// The facts whose names are nearly the same, or have a word of it: a question with a space behind it.
fn near(key: &str) -> String {
    // Who writes a word of a name, such as `rtt`, means these rather than a name that differs by two letters.
    let is_word = FACTS.iter().any(|fact| fact.key.split('_').any(|word| word == key) && fact.key != key);
    let nearest = closest(key, FACTS.iter().map(|fact| fact.key)).filter(|_| !is_word);
    let mut found: Vec<&str> = nearest.into_iter().collect();
    if found.is_empty() {
        let words: Vec<&str> = key.split('_').filter(|word| word.len() > 2).collect();
        let shared = |fact: &&Fact| fact.key.split('_').filter(|word| words.contains(word)).count();
        let most = FACTS.iter().map(|fact| shared(&fact)).max().unwrap_or(0);
        found.extend(FACTS.iter().filter(|fact| most > 0 && shared(fact) == most).map(|fact| fact.key).take(MOST_NEAR));
    }
    if found.is_empty() { String::new() } else { format!("Did you mean {}? ", wording::choice(found)) }
}

/// Whether the fact can be asked of what is selected.
fn fits(question: &Table<'_, '_>, at: usize, name: &str, selection: &Selection, fact: &Fact) -> bool {
    match selection.check(fact) {
        Ok(()) => true,
        Err(misfit) => {
            question.fault(at, name, misfit.reason, misfit.remedy);
            false
        }
    }
}

/// One of these words.
fn word<T: Copy>(table: &Table<'_, '_>, key: &str, words: &[(&str, T)]) -> Option<T> {
    let text = table.text(key)?;
    let found = words.iter().find(|(word, _)| word.eq_ignore_ascii_case(&text.value));
    if found.is_none() {
        let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        // Of a few words all are named: the nearest is not always what is meant.
        let nearest = closest(&text.value, known.iter().copied());
        let meant = nearest.map(|own| format!("Did you mean {own}? ")).unwrap_or_default();
        let remedy = format!("{meant}It is one of {}.", wording::choice(known));
        table.fault(text.at, key, format!("{} is not known", quoted(&text.value)), remedy);
    }
    found.map(|(_, value)| *value)
}

/// A number or a text that is read by its type.
fn parsed<T: FromStr<Err = String>>(table: &Table<'_, '_>, key: &str, remedy: &str) -> Option<T> {
    let text = table.number_or_word(key, remedy)?;
    text.value.parse().map_err(|reason: String| table.fault(text.at, key, reason, remedy)).ok()
}
