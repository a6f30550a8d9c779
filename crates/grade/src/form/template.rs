//! The empty form, with comments that tell how to fill it in.

use std::fmt::Write;

use serde_json::{Map, Value as Json, json};

use super::fields::{EXPLANATION, Field, fields};
use socklab_core::analyze::ValueType;
use socklab_core::escape::harmless;
use socklab_core::facts::Fact;
use socklab_core::lab::LabConfig;
use socklab_core::wording;

/// The name and version of the form.
pub const SCHEMA: &str = "socklab.answers/1";

const HEAD: &str = "\
# Your answers to the socket lab.
#
# Fill in what stands behind each = sign and keep the quotation marks. Lines that
# begin with # are comments. An answer that you don't know stays empty: \"\".
#
#   frame numbers      \"4-6, 9\", as Wireshark shows them; \"none\" if there are none
#   socket addresses   \"10.0.3.2:40210\"; several with commas between them
#   counts             5
#   yes or no          \"yes\" or \"no\"
#   explanations       your own words, between \"\"\" and \"\"\"; your teacher reads them
#
# Each fact is compared with your own captures, so take it from the files that you
# hand in. To see whether all is there and well formed, before you hand in:
";

/// What a form is filled in with: for each question, by its key, each entry's value by its key.
pub type Filling = Map<String, Json>;

/// The empty form as TOML.
pub fn toml(config: &LabConfig) -> String {
    filled(config, &Filling::new())
}

/// The form as TOML, filled in. What the form does not ask for is left out.
pub fn filled(config: &LabConfig, filling: &Filling) -> String {
    let mut out = HEAD.to_owned();
    let lab = config.file.as_ref().map(|file| format!(" --lab {}", harmless(file))).unwrap_or_default();
    let _ = writeln!(out, "#   socklab check YOUR-CAPTURES --answers answers.toml{lab}");
    for question in config.sheet.questions() {
        let points = wording::points(config.points(question));
        // Writing to a string does not fail.
        let _ = write!(out, "\n# {question}  {} ({points})\n[\"{}\"]\n", question.title(), question.key());
        let given = |key: &str| filling.get(&question.key()).and_then(|entries| entries.get(key));
        for field in fields(question) {
            let entry = given(field.key).and_then(|value| entry(&field, value)).unwrap_or_else(|| empty(&field));
            let _ = write!(out, "# {}\n{entry}", comment(&field));
        }
        let text = given(EXPLANATION).and_then(Json::as_str).map(str::trim).unwrap_or_default();
        let text = if text.is_empty() { String::new() } else { format!("{}\n", between_three_quotes(text)) };
        if let Some(what) = question.explain() {
            let _ = write!(out, "# explain {what}\n{EXPLANATION} = \"\"\"\n{text}\"\"\"\n");
        }
    }
    out
}

/// An entry with its value; none for a value that the form has no place for.
fn entry(field: &Field<'_>, value: &Json) -> Option<String> {
    let lines: Vec<String> = match (field.value, value) {
        (ValueType::Clients, Json::Array(clients)) => clients.iter().filter_map(inline).collect(),
        (ValueType::Clients, client) => inline(client).into_iter().collect(),
        (_, value) => return inline(value).map(|value| format!("{} = {value}\n", field.key)),
    };
    let lines: String = lines.iter().map(|line| format!("    {line},\n")).collect();
    (!lines.is_empty()).then(|| format!("{} = [\n{lines}]\n", field.key))
}

/// A value on one line.
fn inline(value: &Json) -> Option<String> {
    Some(match value {
        Json::Null => return None,
        Json::Bool(value) => value.to_string(),
        Json::Number(value) => value.to_string(),
        Json::String(text) => format!("\"{}\"", escaped(text, char::is_control)),
        Json::Array(items) => format!("[{}]", items.iter().filter_map(inline).collect::<Vec<_>>().join(", ")),
        Json::Object(entries) => {
            let entry = |(key, value): (&String, &Json)| {
                let is_bare = key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
                let key = if is_bare && !key.is_empty() { key.clone() } else { inline(&key.as_str().into())? };
                Some(format!("{key} = {}", inline(value)?))
            };
            format!("{{ {} }}", entries.iter().filter_map(entry).collect::<Vec<_>>().join(", "))
        }
    })
}

/// A text that may have lines, as it stands between `\"\"\"`.
fn between_three_quotes(text: &str) -> String {
    escaped(&text.replace("\r\n", "\n"), |c| c.is_control() && c != '\n' && c != '\t')
}

/// A text with backslashes before what else would end it or may not stand in it (TOML 1.0, String).
fn escaped(text: &str, needs: impl Fn(char) -> bool) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '"' => out.push_str("\\\""),
            c if needs(c) => out.push_str(&format!("\\u{:04X}", u32::from(c))),
            c => out.push(c),
        }
    }
    out
}

fn comment(field: &Field<'_>) -> String {
    match field.value {
        ValueType::Clients => format!("{}:\n# one line for each client computer", field.help),
        ValueType::Errno => format!("{}: its name, or the message on the screen", field.help),
        ValueType::Measured(fact, count) => measured(fact, count, field.help),
        _ => field.help.to_owned(),
    }
}

/// A fact that is measured, with what may be written: its unit, and how many values there are.
fn measured(fact: &Fact, count: u32, help: &str) -> String {
    let unit = fact.kind.unit().filter(|unit| !help.contains(unit));
    let unit = unit.map(|unit| format!(", in {unit}")).unwrap_or_default();
    match count {
        1 => format!("{help}{unit}"),
        0 => format!("{help}{unit}: one value for each connection, with semicolons between them"),
        count => format!("{help}{unit}: {count} values with semicolons between them"),
    }
}

fn empty(field: &Field<'_>) -> String {
    match field.value {
        ValueType::Clients => {
            let line = "    { host = \"\", socket_addresses = \"\", sockets_created = \"\" },\n";
            format!("{} = [\n{line}{line}]\n", field.key)
        }
        _ => format!("{} = \"\"\n", field.key),
    }
}

/// The form as JSON, where comments stand beside the entries they are about.
pub fn json(config: &LabConfig) -> String {
    let mut form = Map::new();
    form.insert("schema".to_owned(), SCHEMA.into());
    for question in config.sheet.questions() {
        let mut entries = Map::new();
        entries.insert("points".to_owned(), serde_json::to_value(config.points(question)).unwrap_or_default());
        for field in fields(question) {
            let empty = match field.value {
                ValueType::Clients => json!([{"host": "", "socket_addresses": null, "sockets_created": null}]),
                _ => Json::Null,
            };
            entries.insert(field.key.to_owned(), empty);
        }
        if question.explain().is_some() {
            entries.insert(EXPLANATION.to_owned(), "".into());
        }
        form.insert(question.key(), Json::Object(entries));
    }
    format!("{:#}\n", Json::Object(form))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::form::{Form, looks_like_form};

    #[test]
    fn the_empty_form_is_well_formed_and_asks_for_everything() {
        let config = LabConfig::default();
        for text in [toml(&config), json(&config)] {
            let (form, problems) = Form::read(&text, &config.sheet);
            assert_eq!(problems, []);
            assert!(form.entries.is_empty(), "{form:?}");
            assert!(looks_like_form(&text, &config.sheet));
        }
        assert!(toml(&config).contains("(3 points)\n[\"II.2\"]"));
    }

    #[test]
    fn a_form_is_filled_in_where_it_asks() {
        let filling = json!({
            "I.1a": {"handshake_frames": "4-6", "explanation": "three\nlines \"\"\" and a \\"},
            "II.2": {"sockets_created": 5, "server_socket_addresses": ["10.0.3.1:65432"], "points": 3},
            "II.3": {"clients": [{"host": "B", "socket_addresses": "10.0.3.2:40210", "sockets_created": 1}]},
            "II.9": {},
        });
        let text = filled(&LabConfig::default(), filling.as_object().unwrap());
        assert!(text.contains("\nhandshake_frames = \"4-6\"\n") && text.contains("\nsockets_created = 5\n"), "{text}");
        let (form, problems) = Form::read(&text, &LabConfig::default().sheet);
        assert_eq!(problems, []);
        let mut asked = filling.clone();
        asked.as_object_mut().unwrap().remove("II.9");
        assert_eq!(form, Form::read(&asked.to_string(), &LabConfig::default().sheet).0);
    }

    proptest::proptest! {
        #[test]
        fn any_text_that_is_filled_in_is_read_again(fact in ".{1,60}|[\"'\\\\ \n\t\u{0}-\u{20}]{1,20}", words in ".{0,60}|[\"'\\\\\n a]{0,20}") {
            let filling = json!({"I.2": {"errno": fact, "explanation": words}});
            let (form, _) = Form::read(&filled(&LabConfig::default(), filling.as_object().unwrap()), &LabConfig::default().sheet);
            let (same, _) = Form::read(&filling.to_string(), &LabConfig::default().sheet);
            proptest::prop_assert_eq!(form, same);
        }
    }
}
