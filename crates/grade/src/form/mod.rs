//! The form with a student's answers: typed facts, and texts that only a human grades.
//!
//! [`mod@fields`] says what the form asks, [`encoding`] makes text of a file's bytes, [`node`] reads TOML and JSON with the
//! lines of their values, `comments` finds what stands beside empty ones, [`value`] what an entry means and [`reading`] what besides, [`template`] writes the empty form, and
//! [`merge`] chooses among several.

mod addresses;
mod comments;
pub mod encoding;
pub mod fields;
mod frames;
pub mod merge;
pub mod node;
pub mod reading;
pub mod template;
pub mod value;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use socklab_core::analyze::ValueType;
use socklab_core::lab::{POINTS, Question, SCHEMA, Sheet, toml_key, turned_quotes};
use socklab_core::wording;

use fields::{EXPLANATION, fields, keys, spelt};
use node::{Item, Node};
use reading::{Otherwise, unrelated_error};
use value::Value;

/// A form is a page of text.
pub const MOST_BYTES: u64 = 1 << 20;

/// Longest text of a student that is kept, in characters; the rest is left out with a mark.
const MOST_TEXT: usize = 4000;

/// Most problems that are named; further ones are counted.
const MOST_PROBLEMS: usize = 100;

/// Longest key or reason of a problem, in characters: both may quote what a student wrote.
const MOST_QUOTED: usize = 300;

/// What a student wrote for one question.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Entry {
    /// The facts that are filled in, by key.
    pub facts: BTreeMap<String, Given>,
    /// The explanation, where there is one.
    pub explanation: Option<String>,
}

/// A fact as given.
#[derive(Debug, Clone, PartialEq)]
pub struct Given {
    /// As the student wrote it, on one line.
    pub text: String,
    /// As JSON.
    pub json: serde_json::Value,
    /// What it means, or why it means nothing.
    pub value: Result<Value, String>,
    /// What it may mean besides.
    pub otherwise: Otherwise<Value>,
}

/// A filled-in form.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Form {
    /// The entries by question.
    pub entries: BTreeMap<Question, Entry>,
}

/// What a problem of a form concerns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum About {
    /// The form as a whole: nothing of it could be read.
    Form,
    /// Some part of it that belongs to no question of the sheet.
    Somewhere,
    /// A question.
    Question(Question),
}

/// Something in a form that cannot be used: its place, what is wrong, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// What it concerns.
    pub about: About,
    /// The line, from 1, where it is known.
    pub line: Option<usize>,
    /// The entry, as `"I.1b".client_socket_addresses`; empty for the form as a whole.
    pub key: String,
    /// What is wrong.
    pub reason: String,
    /// What to do.
    pub remedy: String,
    /// The facts that it may be the answer to: those of other questions that have the entry's key, or the empty one beside which
    /// a comment stands.
    pub elsewhere: Vec<(Question, String)>,
}

impl Problem {
    /// Whether it is only that an entry is empty and a comment may be its answer.
    pub fn is_of_comment(&self) -> bool {
        self.elsewhere.iter().any(|(question, _)| self.about == About::Question(question.clone()))
    }

    /// A form whose bytes are no text.
    pub fn of_encoding(error: &encoding::NoText) -> Problem {
        Problem {
            about: About::Form,
            line: Some(error.line),
            key: String::new(),
            reason: format!("the form can't be read: {}", error.reason),
            remedy: "Save it as UTF-8.".to_owned(),
            elsewhere: Vec::new(),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(line) = self.line {
            write!(f, "line {line}: ")?;
        }
        if !self.key.is_empty() {
            write!(f, "{}: ", self.key)?;
        }
        write!(f, "{}. {}", self.reason, self.remedy)
    }
}

/// The two ways to write a form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Syntax {
    /// TOML.
    Toml,
    /// JSON.
    Json,
}

impl Syntax {
    /// How a text is written, told by its first character: a form in JSON is an object.
    pub fn of(text: &str) -> Syntax {
        if text.trim_start().starts_with('{') { Syntax::Json } else { Syntax::Toml }
    }
}

/// Whether a text looks like a form: it names a question of the sheet as a table or a key.
pub fn looks_like_form(text: &str, sheet: &Sheet) -> bool {
    let keys = || sheet.questions().iter().map(|question| format!("\"{}\"", question.key()));
    // Word processors turn quotation marks: such a text is a form all the same, though none that can be read.
    let text = &text.replace(['“', '”', '„', '«', '»'], "\"").replace(['‘', '’'], "'");
    match Syntax::of(text) {
        Syntax::Json => keys().any(|key| text.contains(&key)),
        Syntax::Toml => text.lines().any(|line| {
            let line = line.trim_start().trim_start_matches('[').trim_start();
            keys().any(|key| line.starts_with(&key) || line.starts_with(&key.replace('"', "'")))
        }),
    }
}

impl Form {
    /// Reads a form. What can be understood is in the form, what cannot is a problem; a form that is no TOML or JSON at
    /// all is empty, with that problem.
    pub fn read(text: &str, sheet: &Sheet) -> (Form, Vec<Problem>) {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let text = &one_line_end(text);
        let root = match Syntax::of(text) {
            Syntax::Toml => Node::from_toml(text),
            Syntax::Json => Node::from_json(text),
        };
        let mut reader = Reader { sheet, form: Form::default(), problems: Vec::new(), further: 0 };
        match root {
            Ok(Node { item: Item::Table(entries), .. }) => {
                for (key, node) in &entries {
                    reader.question(key, node);
                }
            }
            Ok(node) => {
                let reason = "the form is no table of questions";
                reader.problem(About::Form, Some(node.line), "", reason, TEMPLATE_REMEDY);
            }
            Err(error) => {
                let line = error.line.and_then(|line| text.lines().nth(line.saturating_sub(1))).unwrap_or_default();
                let usual = "Correct that line; texts stand between quotation marks, and long ones between \"\"\".";
                let remedy = turned_quotes(line).unwrap_or(usual);
                let reason = format!("the form can't be read: {}", error.reason.trim());
                reader.problem(About::Form, error.line, "", &reason, remedy);
            }
        }
        reader.comments(text);
        reader.count_further();
        (reader.form, reader.problems)
    }

    /// Whether nothing is filled in.
    pub fn is_blank(&self) -> bool {
        self.entries.values().all(|entry| entry.facts.is_empty() && entry.explanation.is_none())
    }

    /// The entry of a question.
    pub fn entry(&self, question: &Question) -> Option<&Entry> {
        self.entries.get(question)
    }

    /// The keys of a question that are not filled in, `explanation` included.
    pub fn unfilled<'q>(&self, question: &'q Question) -> Vec<&'q str> {
        let entry = self.entry(question);
        let given = |key: &&str| entry.is_some_and(|entry| entry.facts.contains_key(*key));
        let explained = entry.is_some_and(|entry| entry.explanation.is_some());
        keys(question).filter(|key| if *key == EXPLANATION { !explained } else { !given(key) }).collect()
    }
}

const TEMPLATE_REMEDY: &str = "Start again from the form that 'socklab template' prints.";

/// What is read so far.
struct Reader<'s> {
    sheet: &'s Sheet,
    form: Form,
    problems: Vec<Problem>,
    /// Problems beyond [`MOST_PROBLEMS`].
    further: usize,
}

impl Reader<'_> {
    fn problem(&mut self, about: About, line: Option<usize>, key: &str, reason: &str, remedy: &str) {
        let (key, reason, remedy) = (quoted(key), quoted(reason), remedy.to_owned());
        self.add(Problem { about, line, key, reason, remedy, elsewhere: Vec::new() });
    }

    fn add(&mut self, problem: Problem) {
        if self.problems.len() >= MOST_PROBLEMS {
            self.further = self.further.saturating_add(1);
            return;
        }
        self.problems.push(problem);
    }

    fn count_further(&mut self) {
        if self.further > 0 {
            let reason = format!("{} can't be used", wording::count(self.further as u64, "further entry"));
            let (line, key, remedy) = (None, String::new(), TEMPLATE_REMEDY.to_owned());
            self.problems.push(Problem { about: About::Somewhere, line, key, reason, remedy, elsewhere: Vec::new() });
        }
    }

    /// Entries that are empty and have their answers in comments, perhaps.
    fn comments(&mut self, text: &str) {
        if Syntax::of(text) == Syntax::Json {
            return;
        }
        let mut told = BTreeSet::new();
        for comment in comments::beside_empty(text, self.sheet) {
            let fact = (comment.question, comment.key);
            let is_filled = self.form.entry(&fact.0).is_some_and(|entry| entry.facts.contains_key(&fact.1));
            if is_filled || !told.insert(fact.clone()) {
                continue;
            }
            self.add(Problem {
                about: About::Question(fact.0.clone()),
                line: Some(comment.line),
                key: quoted(&format!("\"{}\".{}", fact.0.key(), toml_key(&fact.1))),
                reason: quoted("the entry is empty, and a comment may be its answer"),
                remedy: "Comments don't count: write it between the quotation marks.".to_owned(),
                elsewhere: vec![fact],
            });
        }
    }

    fn question(&mut self, key: &str, node: &Node) {
        // A JSON form names its schema.
        if key == SCHEMA {
            return;
        }
        let Ok(question) = self.sheet.question(key) else {
            let keys: Vec<String> = self.sheet.questions().iter().map(Question::key).collect();
            let remedy = format!("The questions are {}.", keys.join(", "));
            let reason = "the sheet has no such question";
            return self.problem(About::Somewhere, Some(node.line), key, reason, &remedy);
        };
        let Item::Table(entries) = &node.item else {
            let (about, reason) = (About::Question(question), "the entries of a question form a table");
            return self.problem(about, Some(node.line), key, reason, TEMPLATE_REMEDY);
        };
        for (name, value) in entries {
            self.entry(&question, name, value);
        }
    }

    fn entry(&mut self, question: &Question, name: &str, node: &Node) {
        let (place, about) = (format!("\"{}\".{}", question.key(), toml_key(name)), About::Question(question.clone()));
        if name == POINTS || node.is_empty() && (name == EXPLANATION || fields(question).any(|f| f.key == name)) {
            return;
        }
        if name == EXPLANATION {
            match &node.item {
                Item::Text(text) => {
                    self.form.entries.entry(question.clone()).or_default().explanation =
                        Some(cut(text.trim(), MOST_TEXT));
                }
                _ => {
                    let (reason, remedy) = ("an explanation is a text", "Put it between quotation marks.");
                    self.problem(about, Some(node.line), &place, reason, remedy);
                }
            }
            return;
        }
        let Some(field) = fields(question).find(|field| field.key == name) else {
            return self.no_such_entry(question, name, node.line, &place);
        };
        let read = unrelated_error(&field, node).map_or_else(|| Value::readings(field.value, node, self.sheet), Err);
        if let Err(fault) = &read {
            self.problem(about, Some(fault.line), &place, &fault.reason, &remedy(field.value));
        }
        let (value, otherwise) = match read {
            Ok((value, otherwise)) => (Ok(value), otherwise),
            Err(fault) => (Err(quoted(&fault.reason)), Otherwise::Nothing),
        };
        let given = Given { text: cut(&on_one_line(&node.text()), MOST_TEXT), json: limited(node), value, otherwise };
        self.form.entries.entry(question.clone()).or_default().facts.insert(field.key.to_owned(), given);
    }

    /// An entry that its question does not have. If others do, it stands under the wrong heading, or its own is missing.
    fn no_such_entry(&mut self, question: &Question, name: &str, line: usize, place: &str) {
        let others = self.sheet.questions().iter().filter(|other| *other != question);
        let elsewhere: Vec<(Question, String)> = others
            .flat_map(|other| fields(other).map(move |field| (other.clone(), field.key.to_owned())))
            .filter(|(_, key)| spelt(key) == spelt(name))
            .collect();
        let remedy = match elsewhere.as_slice() {
            [] => format!("The entries here are {}.", wording::list(keys(question))),
            others => {
                let keys: Vec<String> = others.iter().map(|(other, _)| format!("\"{}\"", other.key())).collect();
                format!("It is an entry of {}: write it there.", wording::list(&keys))
            }
        };
        let (about, line) = (About::Question(question.clone()), Some(line));
        let (key, reason) = (quoted(place), quoted("the form has no such entry"));
        self.add(Problem { about, line, key, reason, remedy, elsewhere });
    }
}

fn remedy(kind: ValueType) -> String {
    match kind {
        // A description, not a pattern.
        ValueType::Measured(..) => format!("How it can be written: {}.", kind.example()),
        // An example alone could be taken for the answer.
        ValueType::Count => "Write a number in digits, such as 12.".to_owned(),
        _ => format!("Write it as {}.", kind.example()),
    }
}

/// A text with the lines of old Macs, which end with CR, as lines that TOML has.
fn one_line_end(text: &str) -> Cow<'_, str> {
    match text.contains('\r') {
        true => Cow::Owned(text.replace("\r\n", "\n").replace('\r', "\n")),
        false => Cow::Borrowed(text),
    }
}

/// The value as JSON, or its beginning as text where it is long.
fn limited(node: &Node) -> serde_json::Value {
    match node.text().chars().count() > MOST_TEXT {
        true => cut(&node.text(), MOST_TEXT).into(),
        false => node.to_json(),
    }
}

/// What is said of an entry and may quote it.
fn quoted(text: &str) -> String {
    cut(&on_one_line(text), MOST_QUOTED)
}

/// A text that a student wrote on several lines, on one.
fn on_one_line(text: &str) -> String {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ")
}

fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((at, _)) => format!("{} […]", text.get(..at).unwrap_or_default()),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use socklab_core::lab::testing::question;

    #[test]
    fn an_entry_that_means_nothing_is_named_with_its_line_and_a_remedy() {
        let (form, problems) = Form::read(
            "[\"I.1b\"]\nclient_socket_addresses = \"10.0.3.2\"\nserver = \"x\"\nexplanation = \"because\"\n[\"I.9\"]\n",
            &Sheet::built_in(),
        );
        let texts: Vec<String> = problems.iter().map(Problem::to_string).collect();
        assert_eq!(
            texts[0],
            "line 2: \"I.1b\".client_socket_addresses: '10.0.3.2' is an IP address without a port. Write it as \
             \"10.0.3.2:40210\"; several: \"10.0.3.2:40210, 10.0.3.2:40212\"."
        );
        assert!(texts[1].starts_with("line 3: \"I.1b\".server: the form has no such entry."), "{texts:?}");
        assert!(texts[2].starts_with("line 5: I.9: the sheet has no such question."), "{texts:?}");
        assert_eq!(form.entry(&question("I.1b")).unwrap().explanation.as_deref(), Some("because"));
    }

    /// An example of a count could be taken for the right one.
    #[test]
    fn the_remedy_for_a_count_gives_no_likely_answer() {
        let (_, problems) = Form::read("[\"II.2\"]\nsockets_created = \"all\"\n", &Sheet::built_in());
        assert!(problems[0].to_string().ends_with("'all' is no count. Write a number in digits, such as 12."));
    }

    #[test]
    fn an_entry_under_a_wrong_heading_is_told_where_it_belongs() {
        let text = "[\"I.1a\"]\nClient-socket-addresses = \"10.0.3.2:1\"\nserver_socket_addresses = \"x\"\nport = 1\n";
        let (_, problems) = Form::read(text, &Sheet::built_in());
        assert!(problems[0].to_string().ends_with("has no such entry. It is an entry of \"I.1b\": write it there."));
        let elsewhere = |problem: usize| -> Vec<String> {
            problems[problem].elsewhere.iter().map(|(question, key)| format!("{} {key}", question.key())).collect()
        };
        assert_eq!(elsewhere(0), ["I.1b client_socket_addresses"]);
        assert_eq!(elsewhere(1), ["I.1b server_socket_addresses", "II.2 server_socket_addresses"]);
        assert!(elsewhere(2).is_empty() && problems[2].remedy.starts_with("The entries here are "));
    }

    #[test]
    fn toml_and_json_say_the_same() {
        let toml = "[\"II.2\"]\nsockets_created = 5\nserver_socket_addresses = [\"10.0.3.1:65432\"]\n";
        let json =
            "{\n \"II.2\": {\n  \"sockets_created\": 5,\n  \"server_socket_addresses\": [\"10.0.3.1:65432\"]\n }\n}";
        let (one, problems) = Form::read(toml, &Sheet::built_in());
        assert_eq!(problems, []);
        let (other, problems) = Form::read(json, &Sheet::built_in());
        assert_eq!(problems, []);
        assert_eq!(one, other);
        assert!(looks_like_form(toml, &Sheet::built_in()) && looks_like_form(json, &Sheet::built_in()));
        assert!(!looks_like_form("[package]\nname = \"x\"\n", &Sheet::built_in()));
    }

    #[test]
    fn json_problems_have_lines_too() {
        let (_, problems) = Form::read("{\n \"II.2\": {\n  \"sockets_created\": true\n }\n}", &Sheet::built_in());
        assert_eq!(problems[0].line, Some(3));
        let (_, problems) = Form::read("{\n \"II.2\": {\n", &Sheet::built_in());
        assert_eq!(problems[0].line, Some(3));
    }

    /// Which of two is meant nobody can tell; TOML refuses them as well.
    #[test]
    fn a_form_with_a_key_twice_is_not_read() {
        let twice = "{\n \"I.2\": {\n  \"errno\": \"EACCES\",\n  \"errno\": \"EADDRINUSE\"\n }\n}";
        let question = "{\n \"I.2\": {\"errno\": \"EACCES\"},\n \"I.3\": {},\n \"I.2\": {}\n}";
        for text in [twice, question, "[\"I.2\"]\nerrno = \"98\"\n\nerrno = \"98\"\n"] {
            let (form, problems) = Form::read(text, &Sheet::built_in());
            assert!(form.is_blank(), "{text}");
            assert_eq!((&problems[0].about, problems[0].line), (&About::Form, Some(4)), "{problems:?}");
            assert!(problems[0].reason.contains("duplicate key"), "{problems:?}");
        }
        let once = "{\n \"I.2\": {\"explanation\": \"a\"},\n \"I.3\": {\"explanation\": \"a\"}\n}";
        assert_eq!(Form::read(once, &Sheet::built_in()).1, []);
    }

    #[test]
    fn a_fault_within_an_entry_is_named_with_its_own_line() {
        let lines = |text: &str| -> Vec<Option<usize>> {
            Form::read(text, &Sheet::built_in()).1.iter().map(|problem| problem.line).collect()
        };
        let of_host = "host = \"B\"\nsocket_addresses = \"10.0.3.2:1\"\n[[\"II.3\".clients]]\nsockets_created = 1\n";
        for (text, line) in [
            ("[\"I.1a\"]\ndata_frames = [\n\"1\",\n\"x\",\n]\n".to_owned(), 4),
            ("[\"II.3\"]\nclients = [\n{ host = \"B\" },\n{ host = \"Q\" },\n]\n".to_owned(), 4),
            (format!("[[\"II.3\".clients]]\n{of_host}socket_addresses = \"10.0.3.2\"\n"), 6),
            (format!("[[\"II.3\".clients]]\n{of_host}socket_addresses = [\"10.0.3.2:1\",\n\"x\"]\n"), 7),
            (format!("[[\"II.3\".clients]]\n{of_host}sockets = 3\n"), 6),
            ("{\"I.1a\": {\n\"data_frames\": [\"1\",\n\"1\",\n\"x\"]}}".to_owned(), 4),
            (
                "{\"II.3\": {\"clients\": [{\n\"sockets_created\": 1,\n\"host\": \"B\"},{\n\"sockets_created\": 2,\n\
                 \"host\": \"Q\"}]}}"
                    .to_owned(),
                5,
            ),
        ] {
            assert_eq!(lines(&text), [Some(line)], "{text}");
        }
    }

    #[test]
    fn lines_end_as_any_system_ends_them() {
        let text = "[\"II.2\"]\nsockets_created = 5\nexplanation = \"\"\"\none\ntwo\"\"\"\nx = 1\n";
        let (form, problems) = Form::read(text, &Sheet::built_in());
        assert_eq!(problems[0].line, Some(6));
        for end in ["\r\n", "\r"] {
            let (own, own_problems) = Form::read(&text.replace('\n', end), &Sheet::built_in());
            assert_eq!((own, own_problems), (form.clone(), problems.clone()), "{end:?}");
        }
    }

    #[test]
    fn a_fact_on_several_lines_is_shown_on_one() {
        let text = std::fs::read_to_string("../../fixtures/hostile/fact-on-lines.toml").unwrap();
        let (form, problems) = Form::read(&text, &Sheet::built_in());
        let given = |question: &Question, key: &str| form.entry(question).unwrap().facts[key].clone();
        assert_eq!(given(&question("I.1a"), "data_frames").text, "11, 13, 15, 16");
        assert_eq!(given(&question("I.1a"), "data_frames").value, Ok(Value::Frames([11, 13, 15, 16].into())));
        let started = given(&question("I.2"), "second_server_started");
        assert_eq!((started.text.as_str(), started.value), ("no, it did not", Ok(Value::YesNo(false))));
        assert_eq!(problems, []);
    }

    #[test]
    fn a_flood_of_problems_is_counted_and_what_they_quote_is_cut() {
        let long = "x".repeat(1000);
        let entries: String = (0..MOST_PROBLEMS + 7).map(|number| format!("{long}{number} = 1\n")).collect();
        let (_, problems) =
            Form::read(&format!("[\"I.1b\"]\nclient_socket_addresses = \"{long}\"\n{entries}"), &Sheet::built_in());
        assert_eq!(problems.len(), MOST_PROBLEMS + 1);
        assert!(problems.iter().all(|problem| problem.to_string().len() < 1000), "{}", problems[0]);
        assert_eq!(problems[MOST_PROBLEMS].reason, "8 further entries can't be used");
    }

    /// A form of 1 MiB took a minute when the lines before each value were counted for it: this test would hold up all
    /// others.
    #[test]
    fn many_values_are_found_in_their_lines_at_once() {
        let items: String = (0..90_000).map(|number| format!("\n{number},")).collect();
        let (_, problems) =
            Form::read(&format!("[\"II.2\"]\nsockets_created = [{items}]\nx = 1\n"), &Sheet::built_in());
        assert_eq!(problems.iter().map(|problem| problem.line).collect::<Vec<_>>(), [Some(2), Some(90_003)]);
        let entries: Vec<String> = (0..60_000).map(|number| format!("\n\"x{number}\": 1")).collect();
        let (_, problems) = Form::read(&format!("{{\"II.2\": {{{}}}}}", entries.join(",")), &Sheet::built_in());
        assert_eq!(problems[0].line, Some(2));
    }

    #[test]
    fn a_broken_form_names_the_line() {
        let (_, problems) = Form::read("[\"I.2\"]\nsecond_server_started = no\n", &Sheet::built_in());
        assert_eq!(problems[0].line, Some(2));
    }

    #[test]
    fn what_is_left_empty_is_not_filled_in() {
        let (form, problems) = Form::read(
            "[\"I.2\"]\nsecond_server_started = \"no\"\nerrno = \"\"\nexplanation = \"\"\n",
            &Sheet::built_in(),
        );
        assert_eq!(problems, []);
        assert_eq!(form.unfilled(&question("I.2")), ["errno", "explanation"]);
        assert_eq!(form.unfilled(&question("I.4b")), ["clients_served", "explanation"]);
    }

    proptest::proptest! {
        #[test]
        fn no_text_breaks_the_reading(text in "[\\[\\]{}\"'=:,.I1-9ab \n#]{0,200}|.{0,200}") {
            let _ = (Form::read(&text, &Sheet::built_in()), looks_like_form(&text, &Sheet::built_in()));
        }
    }
}
