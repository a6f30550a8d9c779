//! Gradescope: `results.json` for each submission, and the names of students in a bulk export.
//!
//! gradescope/autograder_samples: `docs/specs.md`. The export's `submission_metadata.yml` is not documented; its keys are
//! those that djhuffman/gradescope_renaming_files reads.

use std::collections::BTreeMap;

use saphyr_parser::{Event, Parser};
use serde::Serialize;

use crate::escape::harmless;
use crate::grade::points::Points;
use crate::grade::report::words;
use crate::grade::result::{Identity, QuestionGrade, Submission};

/// A `results.json`.
#[derive(Debug, Clone, Serialize)]
pub struct Results {
    score: Points,
    output: String,
    output_format: &'static str,
    test_output_format: &'static str,
    test_name_format: &'static str,
    visibility: &'static str,
    stdout_visibility: &'static str,
    tests: Vec<Test>,
}

#[derive(Debug, Clone, Serialize)]
struct Test {
    score: Points,
    max_score: Points,
    status: &'static str,
    name: String,
    name_format: &'static str,
    number: String,
    output: String,
    output_format: &'static str,
    visibility: &'static str,
}

/// The results of a submission. `score` overrides the sum of the tests, because findings of the captures may cost points.
pub fn results(submission: &Submission) -> Results {
    let findings: Vec<String> =
        submission.findings.iter().map(|finding| harmless(&words::finding(finding)).into_owned()).collect();
    let captures: Vec<String> = submission.captures.iter().map(|c| harmless(&words::capture(c)).into_owned()).collect();
    let output = [&["Captures:".to_owned()][..], &captures, &findings].concat().join("\n");
    Results {
        score: submission.points,
        output,
        output_format: "text",
        test_output_format: "text",
        test_name_format: "text",
        visibility: "after_published",
        stdout_visibility: "hidden",
        tests: submission.questions.iter().map(test).collect(),
    }
}

fn test(question: &QuestionGrade) -> Test {
    Test {
        score: question.points,
        max_score: question.max_points,
        status: if question.passes() { "passed" } else { "failed" },
        name: words::question(question),
        name_format: "text",
        number: question.key(),
        output: words::summary(question).lines().map(|line| harmless(line).into_owned()).collect::<Vec<_>>().join("\n"),
        output_format: "text",
        visibility: "after_published",
    }
}

/// Most values of a metadata file.
const MOST_EVENTS: usize = 2_000_000;

/// Most levels of a metadata file.
const MOST_LEVELS: usize = 64;

/// A YAML value, as far as it matters.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Yaml {
    Scalar(String),
    List(Vec<Yaml>),
    Map(Vec<(String, Yaml)>),
}

/// The students by folder (`submission_123`), from `submission_metadata.yml`.
///
/// # Errors
/// If it is no YAML, or uses aliases, which Gradescope does not.
pub fn students(text: &str) -> Result<BTreeMap<String, (String, Identity)>, String> {
    let Yaml::Map(folders) = yaml(text)? else { return Err("the metadata are no table".to_owned()) };
    Ok(folders.into_iter().filter_map(|(folder, entry)| Some((folder, student(&entry)?))).collect())
}

fn student(entry: &Yaml) -> Option<(String, Identity)> {
    let Yaml::List(submitters) = get(entry, "submitters")? else { return None };
    let text = |of: &Yaml, key: &str| match get(of, key) {
        Some(Yaml::Scalar(text)) if !text.is_empty() => Some(text.clone()),
        _ => None,
    };
    let members: Vec<String> = submitters
        .iter()
        .filter_map(|submitter| text(submitter, "name").or_else(|| text(submitter, "email")))
        .collect();
    let first = submitters.first()?;
    let identity = Identity {
        id: None,
        email: text(first, "email"),
        school_id: text(first, "sid"),
        members: members.clone(),
        late: false,
    };
    (!members.is_empty()).then(|| (members.join(", "), identity))
}

/// A value of a map whose keys may be Ruby symbols: `:name:` is the key `:name`.
fn get<'y>(map: &'y Yaml, key: &str) -> Option<&'y Yaml> {
    let Yaml::Map(entries) = map else { return None };
    entries.iter().find(|(own, _)| own.trim_start_matches(':') == key).map(|(_, value)| value)
}

fn yaml(text: &str) -> Result<Yaml, String> {
    let mut open: Vec<(Yaml, Option<String>)> = Vec::new();
    let mut root = None;
    for (number, event) in Parser::new_from_str(text).enumerate() {
        let (event, _) = event.map_err(|error| error.to_string())?;
        if number > MOST_EVENTS || open.len() > MOST_LEVELS {
            return Err("the metadata are too large".to_owned());
        }
        let value = match event {
            Event::Alias(_) => return Err("the metadata use aliases".to_owned()),
            Event::Scalar(text, ..) => Yaml::Scalar(text.into_owned()),
            Event::SequenceStart(..) => {
                open.push((Yaml::List(Vec::new()), None));
                continue;
            }
            Event::MappingStart(..) => {
                open.push((Yaml::Map(Vec::new()), None));
                continue;
            }
            Event::SequenceEnd | Event::MappingEnd => match open.pop() {
                Some((value, _)) => value,
                None => continue,
            },
            _ => continue,
        };
        match open.last_mut() {
            None => root = root.or(Some(value)),
            Some((Yaml::List(items), _)) => items.push(value),
            Some((Yaml::Map(entries), key)) => match (key.take(), value) {
                (Some(key), value) => entries.push((key, value)),
                (None, Yaml::Scalar(name)) => *key = Some(name),
                (None, _) => *key = Some(String::new()),
            },
            Some((Yaml::Scalar(_), _)) => {}
        }
    }
    root.ok_or_else(|| "the metadata are empty".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn students_are_named_from_the_metadata() {
        let text = "---\nsubmission_11:\n  :submitters:\n  - :name: Ann Lee\n    :sid: '007'\n    :email: ann@example.org\n  \
                    - :name: Bob\n  :created_at: 2024-03-01 10:00:00\n  :score: 0.0\n  :results: {}\n  :history: []\n\
                    submission_12:\n  :submitters: []\n";
        let students = students(text).unwrap();
        let (name, identity) = &students["submission_11"];
        assert_eq!(name, "Ann Lee, Bob");
        assert_eq!(identity.school_id.as_deref(), Some("007"));
        assert_eq!(students.len(), 1);
    }

    #[test]
    fn a_metadata_file_that_multiplies_itself_is_refused() {
        assert!(students("a: &a [x, x]\nb: &b [*a, *a]\n").is_err());
        assert!(students(&"[".repeat(10_000)).is_err());
    }
}
