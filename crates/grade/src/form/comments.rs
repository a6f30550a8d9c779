//! Comments of a form in TOML beside entries that are empty: whoever leaves the quotation marks may have written the answer there.

use std::collections::BTreeMap;

use super::fields::{fields, spelt};
use super::node::{Place, places};
use super::reading::may_tell;
use super::template;
use socklab_core::analyze::ValueType;
use socklab_core::lab::{Question, Sheet};

/// A comment that may be the answer of an entry.
pub(super) struct Comment {
    /// Its line, from 1.
    pub(super) line: usize,
    pub(super) question: Question,
    pub(super) key: String,
}

/// An entry that is a fact, with its question and kind.
struct Asked<'s> {
    question: &'s Question,
    key: &'s str,
    kind: ValueType,
    is_empty: bool,
}

impl Asked<'_> {
    fn at(&self, line: usize) -> Comment {
        Comment { line: line.saturating_add(1), question: self.question.clone(), key: self.key.to_owned() }
    }
}

/// The comments that may be answers: behind an entry that is empty, on lines of their own beside it, or the entry itself behind a
/// `#`. Those of the form itself are none.
pub(super) fn beside_empty(text: &str, sheet: &Sheet) -> Vec<Comment> {
    let places = places(text);
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    // The entries by each of their lines.
    let mut taken: BTreeMap<usize, Option<Asked<'_>>> = BTreeMap::new();
    for place in &places {
        let asked = asked(place, sheet);
        if let Some(asked) = asked.as_ref().filter(|asked| asked.is_empty) {
            let own = behind(text, place).into_iter().filter(|(_, comment)| !says_not_known(comment));
            found.extend(own.map(|(line, _)| asked.at(line)));
        }
        let [first, last] = place.lines;
        taken.extend((first..last).map(|line| (line, None)));
        taken.insert(last, asked);
    }
    if taken.is_empty() {
        return found;
    }
    let is_comment = |at: usize| !taken.contains_key(&at) && lines.get(at).copied().and_then(comment_of).is_some();
    let around = Around::of((0..lines.len()).map(is_comment));
    let own = template::own_comments(sheet);
    let mut question = None;
    for (number, line) in lines.iter().enumerate().filter(|(number, _)| !taken.contains_key(number)) {
        if let Some(heading) = line.trim_start().strip_prefix('[') {
            question = sheet.question(heading.trim().trim_matches(['[', ']', '"', '\''])).ok();
        }
        let Some(comment) = comment_of(line).filter(|comment| !own.is(comment)) else { continue };
        match question.as_ref().and_then(|question| entry_in(comment, question, sheet)) {
            Some(asked) => found.push(asked.at(number)),
            None => {
                let beside = around.lines(number).filter_map(|at| taken.get(&at)?.as_ref());
                let told = beside.filter(|asked| asked.is_empty && tells(comment, asked));
                found.extend(told.map(|asked| asked.at(number)));
            }
        }
    }
    found
}

/// Of each line the nearest ones above and below that are no comments. A form may be nothing but comments, so that they are found
/// once for all.
struct Around {
    above: Vec<Option<usize>>,
    below: Vec<Option<usize>>,
}

impl Around {
    fn of(is_comment: impl Iterator<Item = bool>) -> Around {
        let is_comment: Vec<bool> = is_comment.collect();
        let others = || is_comment.iter().enumerate().map(|(at, is_comment)| (!is_comment).then_some(at));
        let nearest = |last: &mut Option<usize>, other: Option<usize>| {
            *last = other.or(*last);
            Some(*last)
        };
        let mut below: Vec<Option<usize>> = others().rev().scan(None, nearest).collect();
        below.reverse();
        Around { above: others().scan(None, nearest).collect(), below }
    }

    /// Those of a line that is a comment.
    fn lines(&self, of: usize) -> impl Iterator<Item = usize> {
        [self.above.get(of), self.below.get(of)].into_iter().flatten().copied().flatten()
    }
}

/// What an entry is of the sheet; `None` for what is no fact.
fn asked<'s>(place: &Place, sheet: &'s Sheet) -> Option<Asked<'s>> {
    let key = sheet.question(&place.table).ok()?;
    let question = sheet.questions().iter().find(|question| **question == key)?;
    let field = fields(question).find(|field| field.key == place.key)?;
    Some(Asked { question, key: field.key, kind: field.value, is_empty: place.is_empty })
}

/// The comments within an empty value and behind it, each with its line from 0.
fn behind<'t>(text: &'t str, place: &Place) -> Vec<(usize, &'t str)> {
    let [first, _] = place.lines;
    let from = text.get(place.value.start..).unwrap_or_default();
    let length = place.value.end.saturating_sub(place.value.start);
    let end = from.get(length..).and_then(|rest| rest.find('\n')).map_or(from.len(), |end| length.saturating_add(end));
    let lines = from.get(..end).unwrap_or_default().lines().enumerate();
    // No string that is empty has such a mark.
    lines.filter_map(|(at, line)| Some((first.saturating_add(at), line.split_once('#')?.1.trim()))).collect()
}

/// The text of a line that is a comment.
fn comment_of(line: &str) -> Option<&str> {
    let comment = template::bare_comment(line.trim_start().strip_prefix('#')?);
    (!comment.is_empty()).then_some(comment)
}

/// An entry of a question behind a `#`, with something in it: `# errno = "98"`.
fn entry_in<'s>(comment: &str, question: &Question, sheet: &'s Sheet) -> Option<Asked<'s>> {
    let (key, value) = comment.split_once('=')?;
    let question = sheet.questions().iter().find(|own| *own == question)?;
    let field = fields(question).find(|field| spelt(field.key) == spelt(key))?;
    let is_filled = !says_not_known(value.trim().trim_matches(['"', '\'']));
    is_filled.then_some(Asked { question, key: field.key, kind: field.value, is_empty: true })
}

/// Whether a comment on a line of its own may tell the fact.
fn tells(comment: &str, asked: &Asked<'_>) -> bool {
    let lower = comment.to_lowercase();
    let mut words = lower.split(|c: char| !c.is_alphanumeric());
    match asked.kind {
        ValueType::YesNo => words.any(|word| matches!(word, "yes" | "no" | "true" | "false")),
        kind => may_tell(comment, asked.key, kind),
    }
}

/// What students write where they know no answer, or have not done a step.
const NOT_KNOWN: [&str; 30] = [
    "",
    "unknown",
    "todo",
    "to do",
    "tbd",
    "don't know",
    "dont know",
    "i don't know",
    "i dont know",
    "idk",
    "no idea",
    "not sure",
    "i'm not sure",
    "n/a",
    "missing",
    "empty",
    "later",
    "skipped",
    "forgot",
    "i forgot",
    "did not do this step",
    "didn't do this step",
    "did not do this",
    "did not run this",
    "didn't run this",
    "ran out of time",
    "no time",
    "no screenshot taken",
    "no screenshot",
    "ask ta",
];

/// Whether a text says only that the answer is not known.
fn says_not_known(text: &str) -> bool {
    let lower = text.to_lowercase().replace('’', "'");
    let bare = lower.trim_matches(|c: char| c.is_whitespace() || ".?!-#:\"".contains(c));
    // What a course gives as an example in its form answers nothing.
    NOT_KNOWN.contains(&bare) || ["e.g.", "for example", "a number"].iter().any(|words| bare.starts_with(words))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::form::Form;

    fn found(text: &str) -> Vec<String> {
        let form = |comment: Comment| format!("{} {}.{}", comment.line, comment.question.key(), comment.key);
        beside_empty(text, &Sheet::built_in()).into_iter().map(form).collect()
    }

    /// As many as a form may have: each line is looked at once.
    #[test]
    fn a_form_of_comments_is_read_at_once() {
        let text = "#a\n".repeat(200_000) + "[\"I.2\"]\n# EADDRINUSE\nerrno = \"\"\n" + &"#a\n".repeat(100_000);
        assert_eq!(found(&text), ["200002 I.2.errno"]);
    }

    #[test]
    fn an_answer_behind_empty_quotation_marks_is_found() {
        let text = "[\"I.2\"]\nerrno = \"\"  # EADDRINUSE\nsecond_server_started = \"no\" # it failed\n[\"I.4b\"]\n\
                    clients_served = \"\" # 2\n[\"II.2\"]\nsockets_created = \"\" # don't know\nlistening_sockets = \"\" #\n\
                    connection_sockets = \"\"\n";
        assert_eq!(found(text), ["2 I.2.errno", "5 I.4b.clients_served"]);
        let rows = "[\"II.3\"]\nclients = [\n    { host = \"\", socket_addresses = \"\" }, # B: 10.0.3.2:1\n] # both\n";
        assert_eq!(found(rows), ["3 II.3.clients", "4 II.3.clients"]);
    }

    #[test]
    fn what_says_that_nothing_was_done_or_is_an_example_is_no_answer() {
        for comment in ["forgot", "did not do this step", "ran out of time", "ask TA", "e.g. ECONNRESET", "a number"] {
            let text = format!("[\"I.2\"]\nerrno = \"\" # {comment}\n[\"I.4b\"]\nclients_served = \"\" # {comment}\n");
            assert_eq!(found(&text), [""; 0], "{comment}");
        }
    }

    #[test]
    fn an_answer_on_a_line_of_its_own_is_found() {
        let text = "[\"I.2\"]\n# 98, the errno\nerrno = \"\"\n[\"I.4b\"]\nclients_served = \"\"\n# two of them\n\n# five\n\
                    [\"II.2\"]\n# sockets_created = 5\n# listening sockets = \"\"\n";
        assert_eq!(found(text), ["2 I.2.errno", "6 I.4b.clients_served", "10 II.2.sockets_created"]);
        let none = "# my name\n[\"I.2\"]\n# I did this at home\nerrno = \"\"\nexplanation = \"\"\"\n# 98\n\"\"\"\n";
        assert_eq!(found(none), [""; 0]);
    }

    /// The form's own comments stand beside every entry.
    #[test]
    fn the_forms_own_comments_answer_nothing() {
        let config = socklab_core::lab::LabConfig::default();
        assert_eq!(found(&template::toml(&config)), [""; 0]);
        assert_eq!(found(&template::toml(&config).replace('\n', "\r\n")), [""; 0]);
    }

    #[test]
    fn only_an_entry_that_is_empty_is_told_to_have_its_answer_in_a_comment() {
        let text = "[\"I.2\"]\nerrno = \"98\" # no idea\n# errno = 98\nsecond_server_started = \"\" # no\n";
        let problems = Form::read(text, &Sheet::built_in()).1;
        let texts: Vec<String> = problems.iter().map(ToString::to_string).collect();
        assert_eq!(
            texts,
            [
                "line 4: \"I.2\".second_server_started: the entry is empty, and a comment may be its answer. Comments don't \
              count: write it between the quotation marks."
            ]
        );
    }
}
