//! The names of students in a bulk export of Gradescope.
//!
//! The export's `submission_metadata.yml` is not documented; its keys are those that djhuffman/gradescope_renaming_files
//! reads.

use std::collections::BTreeMap;

use saphyr_parser::{Event, Parser};

use crate::result::{Identity, Person};

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

/// What the metadata of an export say.
#[derive(Debug, Default)]
pub struct Students {
    /// The students by folder (`submission_123`).
    pub students: BTreeMap<String, (String, Identity)>,
    /// Lines that could not be read.
    pub problems: Vec<String>,
}

/// Most lines of an entry that are given up before the entry is.
const MOST_BAD_LINES: usize = 20;

/// Longest entry of which each line is tried, in lines.
const MOST_TRIED: usize = 300;

/// The students by folder, from `submission_metadata.yml`. A line that can't be read costs that line, an entry that can't
/// be read at all costs that entry.
pub fn students(text: &str) -> Students {
    let mut found = Students::default();
    if let Ok(Yaml::Map(folders)) = yaml(text) {
        found.add(folders);
        return found;
    }
    for (first, entry) in entries(text) {
        found.entry(first, entry);
    }
    found
}

/// The entries of the top level as they stand in the text, each with the number of its first line.
fn entries(text: &str) -> Vec<(usize, Vec<&str>)> {
    let mut all: Vec<(usize, Vec<&str>)> = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let begins = !line.starts_with([' ', '\t', '-', '#', '}', ']']) && !line.trim().is_empty();
        match all.last_mut() {
            Some((_, lines)) if !begins => lines.push(line),
            _ if begins => all.push((number, vec![line])),
            _ => {}
        }
    }
    all
}

impl Students {
    fn add(&mut self, folders: Vec<(String, Yaml)>) {
        self.students.extend(folders.into_iter().filter_map(|(folder, entry)| Some((folder, student(&entry)?))));
    }

    /// Reads an entry, less the lines that can't be read.
    fn entry(&mut self, first: usize, lines: Vec<&str>) {
        let mut lines: Vec<(usize, &str)> = (first..).zip(lines).collect();
        for _ in 0..MOST_BAD_LINES {
            let bad = match parsed(&joined(&lines, None)) {
                Ok(Yaml::Map(folders)) => return self.add(folders),
                Ok(_) => return self.problems.push(format!("line {first}: no entry of a submission")),
                // A quotation mark that is not closed shows only further on: the line is the one without which all is well.
                Err((line, _)) => bad_line(&lines).unwrap_or_else(|| line.min(lines.len()).max(2)),
            };
            // The entry's own line can't be given up.
            if lines.len() < 2 {
                break;
            }
            let (number, _) = lines.remove(bad.saturating_sub(1));
            self.problems.push(format!("line {number} can't be read and was left out"));
        }
        self.problems.push(format!("the entry at line {first} can't be read"));
    }
}

/// The lines of an entry, without one.
fn joined(lines: &[(usize, &str)], without: Option<usize>) -> String {
    let kept = lines.iter().enumerate().filter(|(place, _)| Some(place.saturating_add(1)) != without);
    kept.flat_map(|(_, (_, line))| [*line, "\n"]).collect()
}

/// The one line without which an entry can be read, from 1; not the first, which names the entry.
fn bad_line(lines: &[(usize, &str)]) -> Option<usize> {
    (lines.len() <= MOST_TRIED).then(|| (2..=lines.len()).find(|place| parsed(&joined(lines, Some(*place))).is_ok()))?
}

fn student(entry: &Yaml) -> Option<(String, Identity)> {
    let Yaml::List(submitters) = get(entry, "submitters")? else { return None };
    let text = |of: &Yaml, key: &str| match get(of, key) {
        Some(Yaml::Scalar(text)) if !text.is_empty() => Some(text.clone()),
        _ => None,
    };
    let person = |submitter: &Yaml| {
        let (email, school_id) = (text(submitter, "email"), text(submitter, "sid"));
        let name = text(submitter, "name").or_else(|| email.clone())?;
        Some(Person { name, id: None, email, school_id })
    };
    let people: Vec<Person> = submitters.iter().filter_map(person).collect();
    let members: Vec<String> = people.iter().map(|person| person.name.clone()).collect();
    let first = people.first()?;
    let identity = Identity {
        email: first.email.clone(),
        school_id: first.school_id.clone(),
        members: members.clone(),
        people: people.clone(),
        ..Identity::default()
    };
    Some((members.join(", "), identity))
}

/// A value of a map whose keys may be Ruby symbols: `:name:` is the key `:name`.
fn get<'y>(map: &'y Yaml, key: &str) -> Option<&'y Yaml> {
    let Yaml::Map(entries) = map else { return None };
    entries.iter().find(|(own, _)| own.trim_start_matches(':') == key).map(|(_, value)| value)
}

fn yaml(text: &str) -> Result<Yaml, String> {
    parsed(text).map_err(|(_, reason)| reason)
}

/// Reads YAML; an error has the line, from 1.
fn parsed(text: &str) -> Result<Yaml, (usize, String)> {
    let mut open: Vec<(Yaml, Option<String>)> = Vec::new();
    let mut root = None;
    for (number, event) in Parser::new_from_str(text).enumerate() {
        let (event, span) = event.map_err(|error| (error.marker().line(), error.to_string()))?;
        let line = span.start.line();
        if number > MOST_EVENTS || open.len() > MOST_LEVELS {
            return Err((line, "the metadata are too large".to_owned()));
        }
        let value = match event {
            Event::Alias(_) => return Err((line, "the metadata use aliases".to_owned())),
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
    root.ok_or_else(|| (1, "the metadata are empty".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn students_are_named_from_the_metadata() {
        let text = "---\nsubmission_11:\n  :submitters:\n  - :name: Ann Lee\n    :sid: '007'\n    :email: ann@example.org\n  \
                    - :name: Bob\n  :created_at: 2024-03-01 10:00:00\n  :score: 0.0\n  :results: {}\n  :history: []\n\
                    submission_12:\n  :submitters: []\n";
        let Students { students, problems } = students(text);
        let (name, identity) = &students["submission_11"];
        assert_eq!(name, "Ann Lee, Bob");
        assert_eq!(identity.school_id.as_deref(), Some("007"));
        assert_eq!(identity.people[1].name, "Bob");
        assert_eq!((students.len(), problems.len()), (1, 0));
    }

    #[test]
    fn a_bad_line_costs_that_line() {
        let text = "---\nsubmission_11:\n  :submitters:\n  - :name: Ann Lee\n    :sid: '007\n    :email: a@x\n\
                    submission_12:\n  :submitters:\n  - :name: Bob\n  :score: : [\nsubmission_13:\n  :submitters:\n  \
                    - :name: Cy\n";
        let Students { students, problems } = students(text);
        assert_eq!(
            students.keys().collect::<Vec<_>>(),
            ["submission_11", "submission_12", "submission_13"],
            "{problems:?}"
        );
        assert_eq!(students["submission_11"].0, "Ann Lee");
        assert!(!problems.is_empty());
    }

    #[test]
    fn a_metadata_file_that_multiplies_itself_is_refused() {
        for text in ["a: &a [x, x]\nb: &b [*a, *a]\n".to_owned(), "[".repeat(10_000)] {
            assert!(yaml(&text).is_err());
            let found = students(&text);
            assert!(found.students.is_empty() && !found.problems.is_empty());
        }
    }
}
