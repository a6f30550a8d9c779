//! Names of questions and facts as files have them: how they are written, and which ones files use for themselves.

use std::borrow::Cow;

use super::place::quoted;
use crate::escape::harmless;

/// The key of the text in which a student explains, in forms and rubrics.
pub const EXPLANATION: &str = "explanation";

/// The key of a question's points, in forms and rubrics.
pub const POINTS: &str = "points";

/// The key that names the schema of a form in JSON.
pub const SCHEMA: &str = "schema";

/// What a review calls the row of the whole submission.
pub const WHOLE: &str = "all";

/// What no fact can be called: forms and rubrics have such entries beside those of the facts.
const NO_FACTS: [&str; 2] = [EXPLANATION, POINTS];

/// What no question can be called: forms, reviews and the tables of grades have something else of this name.
const NO_QUESTIONS: [&str; 13] = [
    SCHEMA,
    WHOLE,
    POINTS,
    "name",
    "id",
    "email",
    "late",
    "max_points",
    "state",
    "findings",
    "for_a_human",
    "copies",
    "refused",
];

/// What is wrong with a name, and what to do.
pub(super) type Fault = (String, &'static str);

/// What is wrong with the key of a fact.
pub(super) fn fault_of_fact(key: &str) -> Option<Fault> {
    if NO_FACTS.iter().any(|reserved| reserved.eq_ignore_ascii_case(key)) {
        let reason = format!("no fact can be called '{key}': forms and rubrics have an entry {key} of their own");
        return Some((reason, "Write another name before the equals sign."));
    }
    let is_plain = !key.trim().is_empty() && matches!(harmless(key), Cow::Borrowed(_)) && !key.contains(['\n', '\t']);
    (!is_plain).then(|| {
        let reason = format!("{} is not a name for a fact", quoted(key));
        (reason, "Write a word before the equals sign, such as isn.")
    })
}

/// What is wrong with the number of a question: its key is what files have.
pub(super) fn fault_of_question(key: &str) -> Option<Fault> {
    let remedy = "Number it as the sheet does, such as \"1\", \"I.2\" or \"3(b)\".";
    if NO_QUESTIONS.iter().any(|reserved| reserved.eq_ignore_ascii_case(key)) {
        let reason =
            format!("no question can be called '{key}': forms and tables of grades have something else of this name");
        return Some((reason, remedy));
    }
    // Brackets mean nothing where a question is looked up.
    let is_key = key.contains(char::is_alphanumeric) && !key.contains(['(', ')']);
    (!is_key).then(|| (format!("{} is not a number of a question", quoted(key)), remedy))
}

/// A key as TOML has it: in quotation marks where it is not bare (TOML 1.0, Keys).
pub fn toml_key(key: &str) -> Cow<'_, str> {
    let is_bare = !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'));
    if is_bare { Cow::Borrowed(key) } else { Cow::Owned(format!("\"{}\"", toml_escaped(key, char::is_control))) }
}

/// A text with backslashes before what would end a text in quotation marks or may not stand in it (TOML 1.0, String).
pub fn toml_escaped(text: &str, needs: impl Fn(char) -> bool) -> String {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_quoted_where_toml_needs_it() {
        for (key, written) in [
            ("isn", "isn"),
            ("a-1_b", "a-1_b"),
            ("größe", "\"größe\""),
            ("d auer", "\"d auer\""),
            ("a.b", "\"a.b\""),
            ("a\"\\", "\"a\\\"\\\\\""),
            ("", "\"\""),
        ] {
            assert_eq!(toml_key(key), written);
        }
    }

    #[test]
    fn what_files_have_for_themselves_is_no_name() {
        for key in ["points", "explanation", "Points", "", " ", "a\nb", "a\u{202e}b"] {
            assert!(fault_of_fact(key).is_some(), "{key:?}");
        }
        for key in ["isn", "größe", "d auer", "a.b", "schema", "all"] {
            assert!(fault_of_fact(key).is_none(), "{key:?}");
        }
        for key in ["schema", "all", "state", "Schema", "(", "a)", ".", ""] {
            assert!(fault_of_question(key).is_some(), "{key:?}");
        }
        assert!(fault_of_question("I.1a").is_none());
    }
}
