//! The form as the page shows it, and what is said of what is filled in.

use serde::Serialize;
use serde_json::Value as Json;
use socklab_core::analyze::ValueType;
use socklab_core::analyze::analysis::{Analysis, Severity};
use socklab_core::lab::{LabConfig, Points, Question, Sheet, toml_key};
use socklab_core::report::words;
use socklab_grade::check::{self, Line};
use socklab_grade::form::fields::{EXPLANATION, Field, fields, keys};
use socklab_grade::form::template::Filling;
use socklab_grade::form::{About, Form, Problem};

/// A question with its entries.
#[derive(Debug, Serialize)]
pub(crate) struct Asked {
    key: String,
    number: String,
    topic: String,
    points: Points,
    /// `None` where nothing is to be explained.
    explain: Option<String>,
    entries: Vec<AskedEntry>,
}

#[derive(Debug, Serialize)]
struct AskedEntry {
    key: String,
    /// `yes-no`, `count`, `clients` or `text`.
    kind: &'static str,
    help: String,
    example: String,
}

/// What the form asks.
pub(crate) fn asked(lab: &LabConfig) -> Vec<Asked> {
    fn entries(question: &Question) -> Vec<AskedEntry> {
        let entry = |field: Field<'_>| AskedEntry {
            key: field.key.to_owned(),
            kind: match field.value {
                ValueType::YesNo => "yes-no",
                ValueType::Count => "count",
                ValueType::Clients => "clients",
                ValueType::Frames | ValueType::Addresses | ValueType::Errno | ValueType::Measured(..) => "text",
            },
            help: field.help.to_owned(),
            example: example(field.value),
        };
        fields(question).map(entry).collect()
    }
    let question = |question: &Question| Asked {
        key: question.key(),
        number: question.to_string(),
        topic: question.title().to_owned(),
        points: lab.points(question),
        explain: question.explain().map(str::to_owned),
        entries: entries(question),
    };
    lab.sheet.questions().iter().map(question).collect()
}

/// What is said of captures and form.
#[derive(Debug, Serialize)]
pub(crate) struct Checked {
    captures: Vec<Told>,
    answers: Vec<Told>,
    /// What is filled in, as a form that was saved like that and dropped again gives it.
    form: Filling,
    /// What stands there when nothing is to be said of the answers.
    complete: &'static str,
    screenshots: Vec<Told>,
    screenshots_wanted: &'static str,
    verdict: &'static str,
    is_ready: bool,
}

#[derive(Debug, Serialize)]
struct Told {
    grade: &'static str,
    mark: String,
    text: String,
    question: Option<String>,
    /// The key of the entry.
    entry: Option<String>,
}

impl From<Line> for Told {
    fn from(line: Line) -> Told {
        let Line { grade, mark, text, question } = line;
        Told { grade: word(grade), mark, text, question: question.as_ref().map(Question::key), entry: None }
    }
}

impl From<&Problem> for Told {
    fn from(problem: &Problem) -> Told {
        let about = match &problem.about {
            About::Question(question) => Some(question),
            About::Form | About::Somewhere => None,
        };
        let is_entry = |key: &&str| problem.key.ends_with(&format!(".{}", toml_key(key)));
        let entry = about.and_then(|question| keys(question).find(is_entry)).map(str::to_owned);
        let question = about.map(Question::key);
        let field = about.zip(entry.as_deref()).and_then(|(question, entry)| fields(question).find(|f| f.key == entry));
        let remedy = field.map_or_else(|| problem.remedy.clone(), |field| remedy(field.value));
        let text = format!("{}. {remedy}", problem.reason);
        Told { grade: word(Some(Severity::Error)), mark: "error".to_owned(), text, question, entry }
    }
}

/// What can be typed in the boxes of the page, where there are neither quotation marks nor brackets.
fn remedy(value: ValueType) -> String {
    match value {
        ValueType::Clients => {
            "Write each of its boxes like these: 10.0.3.2, or a letter of the sheet; 10.0.3.2:40210, 10.0.3.2:40212; 2."
                .to_owned()
        }
        ValueType::Measured(..) => format!("How it can be written: {}.", value.example()),
        _ => format!("Write it as {}.", example(value)),
    }
}

/// An example without the quotation marks that a file needs.
fn example(value: ValueType) -> String {
    value.example().replace('"', "")
}

fn word(grade: Option<Severity>) -> &'static str {
    grade.map_or("told", words::severity)
}

/// Looks at captures and form as `socklab check` does.
pub(crate) fn checked(analysis: &Analysis, filling: &str) -> Checked {
    let sheet: &Sheet = &analysis.lab.sheet;
    let (form, problems) = Form::read(filling, sheet);
    let captures = check::captures(analysis);
    let unfilled = check::answers(sheet, "", &form, &[]);
    let is_anything_wrong = [&captures, &unfilled].into_iter().any(|lines| check::is_anything_wrong(lines));
    let is_anything_wrong = is_anything_wrong || !problems.is_empty();
    let answers = problems.iter().map(Told::from).chain(unfilled.into_iter().map(Told::from));
    let mut lacking = if analysis.captures.is_empty() { Vec::new() } else { check::lacking(analysis) };
    // The page has no options.
    lacking.iter_mut().for_each(|line| line.text = line.text.replace(" (--journal)", ""));
    let screenshots = check::screenshots(sheet);
    Checked {
        captures: captures.into_iter().map(Told::from).collect(),
        answers: answers.chain(lacking.into_iter().map(Told::from)).collect(),
        complete: check::FORM_IS_COMPLETE,
        form: self::filling(&form),
        screenshots_wanted: if screenshots.is_empty() { "The sheet asks for none." } else { check::SCREENSHOTS_WANTED },
        verdict: check::verdict(is_anything_wrong, true, !screenshots.is_empty()),
        screenshots: screenshots.into_iter().map(Told::from).collect(),
        is_ready: !is_anything_wrong,
    }
}

/// A form that was read as what the page fills its own with: each entry as it was written.
pub(crate) fn filling(form: &Form) -> Filling {
    let entries = form.entries.iter().map(|(question, entry)| {
        let facts = entry.facts.iter().map(|(key, given)| {
            let is_simple = !matches!(given.json, Json::Array(_) | Json::Object(_));
            let has_tables = matches!(&given.json, Json::Array(items) if items.iter().any(Json::is_object));
            let kept = is_simple || has_tables || given.json.is_object();
            ((*key).to_owned(), if kept { given.json.clone() } else { given.text.clone().into() })
        });
        let words = entry.explanation.iter().map(|text| (EXPLANATION.to_owned(), text.clone().into()));
        (question.key(), Json::Object(facts.chain(words).collect()))
    });
    entries.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use socklab_core::analyze::{analyze, lab_file};

    fn said(lab: &LabConfig, filling: &str) -> Checked {
        checked(&analyze(Vec::new(), &[], lab), filling)
    }

    #[test]
    fn a_remedy_can_be_typed_in_a_box() {
        let wrong = r#"{"I.1a": {"handshake_frames": "first three"}, "II.3": {"clients": [{"host": "raspberrypi"}]}}"#;
        let told = said(&LabConfig::default(), wrong).answers;
        let errors: Vec<&Told> = told.iter().filter(|told| told.grade == "error").collect();
        assert_eq!(errors.len(), 2, "{told:?}");
        assert!(errors.iter().all(|error| !error.text.contains(['"', '{'])), "{errors:?}");
        assert!(errors[0].text.contains("Write it as 4-6, 9, or none."), "{errors:?}");
    }

    #[test]
    fn screenshots_are_named_where_the_sheet_asks_for_them() {
        let lab = lab_file(include_str!("../../fixtures/sheets/chat/lab.toml")).unwrap();
        for (lab, wants) in [(LabConfig::default(), true), (lab, false)] {
            let told = said(&lab, "{}");
            assert_eq!((told.screenshots.is_empty(), told.screenshots_wanted.contains("none")), (!wants, !wants));
        }
    }

    /// The page knows by it whether anything was typed since a form was saved.
    #[test]
    fn a_form_that_is_saved_and_read_again_is_the_same() {
        let typed = r#"{"I.1a": {"handshake_frames": "1-3", "data_frames": ""}, "I.2": {"explanation": " a\nb "}}"#;
        let lab = LabConfig::default();
        let text = socklab_grade::form::template::filled(&lab, &serde_json::from_str(typed).unwrap());
        assert_eq!(said(&lab, typed).form, filling(&Form::read(&text, &lab.sheet).0));
        assert!(said(&lab, r#"{"I.2": {"errno": ""}}"#).form.is_empty());
    }
}
