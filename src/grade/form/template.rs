//! The empty form, with comments that tell how to fill it in.

use std::fmt::Write;

use serde_json::{Map, Value as Json, json};

use super::fields::{EXPLANATION, Field, Kind, explain, fields};
use crate::lab::{LabConfig, Question};
use crate::wording;

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
#   socklab check YOUR-CAPTURES --answers answers.toml
";

/// The form as TOML.
pub fn toml(config: &LabConfig) -> String {
    let mut out = HEAD.to_owned();
    for question in Question::ALL {
        let points = wording::count(u64::from(config.points(question)), "point");
        // Writing to a string does not fail.
        let _ = write!(out, "\n# {question}  {} ({points})\n[\"{}\"]\n", question.topic(), question.key());
        for field in fields(question) {
            let _ = write!(out, "# {}\n{}", comment(field), empty(field));
        }
        let _ = write!(out, "# explain {}\n{EXPLANATION} = \"\"\"\n\"\"\"\n", explain(question));
    }
    out
}

fn comment(field: &Field) -> String {
    match field.kind {
        Kind::Clients => format!("{}:\n# one line for each client computer", field.help),
        Kind::Errno => format!("{}: its name, or the message on the screen", field.help),
        _ => field.help.to_owned(),
    }
}

fn empty(field: &Field) -> String {
    match field.kind {
        Kind::Clients => {
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
    for question in Question::ALL {
        let mut entries = Map::new();
        entries.insert("points".to_owned(), config.points(question).into());
        for field in fields(question) {
            let empty = match field.kind {
                Kind::Clients => json!([{"host": "", "socket_addresses": null, "sockets_created": null}]),
                Kind::Frames | Kind::Addresses | Kind::Count | Kind::YesNo | Kind::Errno => Json::Null,
            };
            entries.insert(field.key.to_owned(), empty);
        }
        entries.insert(EXPLANATION.to_owned(), "".into());
        form.insert(question.key(), Json::Object(entries));
    }
    format!("{:#}\n", Json::Object(form))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grade::form::{Form, looks_like_form};

    #[test]
    fn the_empty_form_is_well_formed_and_asks_for_everything() {
        let config = LabConfig::default();
        for text in [toml(&config), json(&config)] {
            let (form, problems) = Form::read(&text);
            assert_eq!(problems, []);
            assert!(form.entries.is_empty(), "{form:?}");
            assert!(looks_like_form(&text));
        }
        assert!(toml(&config).contains("(3 points)\n[\"II.2\"]"));
    }
}
