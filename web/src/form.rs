//! The form as the page shows it, and what is said of what is filled in.

use serde::Serialize;
use serde_json::Value as Json;
use socklab_core::analyze::ValueType;
use socklab_core::analyze::analysis::{Analysis, Severity};
use socklab_core::lab::{LabConfig, Points, Question, Sheet, toml_key};
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
            example: field.value.example().replace('"', ""),
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
        let text = format!("{}. {}", problem.reason, problem.remedy);
        Told { grade: word(Some(Severity::Error)), mark: "error".to_owned(), text, question, entry }
    }
}

fn word(grade: Option<Severity>) -> &'static str {
    match grade {
        None => "told",
        Some(Severity::Info) => "note",
        Some(Severity::Warning) => "warning",
        Some(Severity::Error) => "error",
    }
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
    let lacking = if analysis.captures.is_empty() { Vec::new() } else { check::lacking(analysis) };
    Checked {
        captures: captures.into_iter().map(Told::from).collect(),
        answers: answers.chain(lacking.into_iter().map(Told::from)).collect(),
        complete: check::FORM_IS_COMPLETE,
        screenshots: check::screenshots(sheet).into_iter().map(Told::from).collect(),
        screenshots_wanted: check::SCREENSHOTS_WANTED,
        verdict: check::verdict(is_anything_wrong, true),
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
