//! What a student looks at before handing in: what is missing and what is not well formed, never what is right.

use crate::form::reading::Otherwise;
use crate::form::{About, Form, Problem};
use crate::steps;
use socklab_core::analyze::analysis::{Analysis, Severity};
use socklab_core::analyze::text::Text;
use socklab_core::lab::{Question, Sheet, Step};
use socklab_core::report::page::shorten;
use socklab_core::report::words;
use socklab_core::wording::{count, list};

/// Columns for a file's name.
const NAME: usize = 40;

/// What is said of screenshots: socklab reads no pictures, it can only remind of them.
pub const SCREENSHOTS_WANTED: &str = "The sheet also asks for these. socklab does not check them.";

/// What is said of a form in which nothing is missing.
pub const FORM_IS_COMPLETE: &str = "Every entry is filled in and well formed.";

/// How serious a line is; none is only told.
pub type LineSeverity = Option<Severity>;

/// One thing that is told: a mark, and the text behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// How serious it is.
    pub grade: LineSeverity,
    /// A file, a question, or a word such as `missing`.
    pub mark: String,
    /// What is told of it.
    pub text: String,
    /// The question that it concerns, where it concerns one.
    pub question: Option<Question>,
}

impl Line {
    fn new(grade: LineSeverity, mark: impl Into<String>, text: impl Into<String>) -> Line {
        Line { grade, mark: mark.into(), text: text.into(), question: None }
    }
}

/// Each capture with what it records, the steps of which there is none, and what went wrong in them.
pub fn captures(analysis: &Analysis) -> Vec<Line> {
    let mut lines = Vec::new();
    for capture in &analysis.captures {
        let step = match capture.steps.as_slice() {
            [] => "not a step of the lab that socklab recognizes".to_owned(),
            [one] => one.step.name(),
            several => words::steps(several),
        };
        let frames = count(capture.info.frames, "frame");
        lines.push(Line::new(None, shorten(&capture.file, NAME), format!("{step}, {frames}")));
    }
    for step in steps::missing(analysis) {
        let text = format!("There is no capture of {}.", step.name());
        lines.push(Line::new(Some(Severity::Error), "missing", text));
    }
    for finding in &analysis.findings {
        let file = finding.file.as_ref().map(|file| format!("{file}: ")).unwrap_or_default();
        let redo = finding.redo.as_ref().map(|step| format!(" Redo: {}.", step.name())).unwrap_or_default();
        let is_client = |address| analysis.lab.streams.iter().any(|stream| stream.client == address);
        let message = finding.discreet.clone().unwrap_or_else(|| finding.message.discreet(is_client));
        let text = format!("{file}{message}{redo}");
        lines.push(Line::new(Some(finding.severity), words::severity(finding.severity), text));
    }
    lines
}

/// What the captures lack for each question.
pub fn lacking(analysis: &Analysis) -> Vec<Line> {
    let all = analysis
        .answers
        .iter()
        .flat_map(|answer| answer.missing.iter().map(|missing| (answer.question.clone(), missing)));
    let line = |(question, missing): (Question, &Text)| {
        let line = Line::new(Some(Severity::Info), "missing", missing.to_string());
        Line { question: Some(question), ..line }
    };
    all.map(line).collect()
}

/// What can't be used in a form, `name` being its file, and what is not filled in. Empty if nothing is wrong with it.
pub fn answers(sheet: &Sheet, name: &str, form: &Form, problems: &[Problem]) -> Vec<Line> {
    let wrong = problems.iter().map(|problem| {
        let question = match &problem.about {
            About::Question(question) => Some(question.clone()),
            About::Form | About::Somewhere => None,
        };
        let text = format!("{name}, {problem}");
        Line { question, ..Line::new(Some(Severity::Error), "error", text) }
    });
    // What is filled in of a form that can't be read is not known.
    let is_broken = problems.iter().any(|problem| problem.about == About::Form);
    let unfilled = sheet.questions().iter().filter(|_| !is_broken).filter_map(|question| {
        let keys = form.unfilled(question);
        let text = format!("not filled in: {}", list(&keys));
        let line = Line::new(Some(Severity::Warning), question.to_string(), text);
        (!keys.is_empty()).then_some(Line { question: Some(question.clone()), ..line })
    });
    wrong.chain(unclear(sheet, form)).chain(unfilled).collect()
}

/// Entries that are well formed and may mean something else.
fn unclear<'s>(sheet: &'s Sheet, form: &'s Form) -> impl Iterator<Item = Line> + 's {
    let entries = sheet.questions().iter().filter_map(|question| Some((question, form.entry(question)?)));
    let facts =
        entries.flat_map(|(question, entry)| entry.facts.iter().map(move |(key, given)| (question, key, given)));
    let unclear = facts.filter(|(_, _, given)| given.otherwise == Otherwise::Unknown);
    unclear.map(|(question, key, given)| {
        let text = format!("{key}: a number in '{}' may be a count. Leave counts out here.", given.text);
        let line = Line::new(Some(Severity::Warning), question.to_string(), text);
        Line { question: Some(question.clone()), ..line }
    })
}

/// The screenshots that the sheet asks for.
pub fn screenshots(sheet: &Sheet) -> Vec<Line> {
    let wanted = sheet.steps().iter().filter_map(|step| Some((step, step.screenshot()?)));
    let line = |(step, shows): (&Step, &str)| {
        let place = step.at().screenshot.as_deref().unwrap_or(step.number());
        Line::new(None, step.name_of(place), shows)
    };
    wanted.map(line).collect()
}

/// Whether any of these lines is something to look at before handing in.
pub fn is_anything_wrong(lines: &[Line]) -> bool {
    lines.iter().any(|line| line.grade >= Some(Severity::Warning))
}

/// What is said where no answers were given to look at.
pub const NO_ANSWERS: &str = "None were given: --answers FILE looks at your form, too.";

/// The last word. `has_answers` is whether there was a form to look at, `wants_screenshots` whether the sheet asks for any.
pub const fn verdict(is_anything_wrong: bool, has_answers: bool, wants_screenshots: bool) -> &'static str {
    match (is_anything_wrong, has_answers) {
        (true, _) => "There is something to look at before you hand in.",
        (false, true) if wants_screenshots => "Ready to hand in, together with your screenshots.",
        (false, true) => "Ready to hand in.",
        (false, false) => "Nothing is wrong with these captures. Your answers were not looked at.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use socklab_core::analyze::analyze;
    use socklab_core::analyze::testing::Story;
    use socklab_core::journal::{Journal, NamedJournal};
    use socklab_core::lab::LabConfig;

    #[test]
    fn all_steps_of_a_capture_are_listed() {
        let mut story = Story::new("at A", 0);
        let clients = ["10.0.3.2:40210", "10.0.3.3:51762"].map(|client| Story::tcp(client, "10.0.3.1:65432"));
        for mut tcp in clients {
            story.handshake(&mut tcp);
            story.line(&mut tcp, "one\n");
        }
        let lines = captures(&analyze(vec![story.read()], &[], &LabConfig::default()));
        assert!(lines[0].text.starts_with("Part I steps 8 and 10, "), "{}", lines[0].text);
    }

    #[test]
    fn a_number_that_may_be_a_count_is_told() {
        let sheet = Sheet::built_in();
        let text = "[\"I.1a\"]\nhandshake_frames = \"7, 8, 9 frames\"\ndata_frames = \"3 frames: 10-12\"\n";
        let (form, problems) = Form::read(text, &sheet);
        let told = answers(&sheet, "answers.toml", &form, &problems);
        let told: Vec<&str> =
            told.iter().map(|line| line.text.as_str()).filter(|text| text.contains("count")).collect();
        assert_eq!(told, ["handshake_frames: a number in '7, 8, 9 frames' may be a count. Leave counts out here."]);
    }

    /// A client's port, frames, and who closed are asked for.
    #[test]
    fn nothing_is_told_that_a_question_asks_for() {
        let mut story = Story::new("step8", 0);
        let mut tcp = Story::tcp("10.0.3.2:40210", "10.0.3.1:65432");
        story.lose(&[0, 1, 2]);
        story.handshake(&mut tcp);
        story.line(&mut tcp, "one\n");
        story.close(&mut tcp);
        let lines = captures(&analyze(vec![story.read()], &[], &LabConfig::default()));
        let told: String = lines.iter().map(|line| format!("{}\n", line.text)).collect();
        assert!(told.contains("The connection was closed. Step 8(c) leaves the connection open."), "{told}");
        assert!(told.contains("10.0.3.2:… is not in the capture"), "{told}");
        assert!(!told.contains("40210") && !told.contains("FIN") && !told.contains("frame 4"), "{told}");
    }

    /// A capture that may be of one step or another is a capture of one of them.
    #[test]
    fn a_capture_in_doubt_is_not_missing() {
        let client = "does = \"clients\"\nprotocol = \"tcp\"\nclient = \"L\"\ncaptured = \"L\"";
        let text = format!(
            "[[host]]\nname = \"S\"\nrole = \"server\"\n[[host]]\nname = \"L\"\nrole = \"client\"\n\
             [[step]]\nnumber = 2\n{client}\n[[step]]\nnumber = 3\n{client}\n\
             [[question]]\nnumber = 1\ntitle = \"x\"\npoints = 1\nkind = \"facts\"\nsteps = [\"2\"]\nexplain = \"x\"\n"
        );
        let mut story = Story::new("second", 0);
        let mut tcp = Story::tcp("10.0.3.2:40210", "10.0.3.1:65432");
        story.handshake(&mut tcp);
        story.line(&mut tcp, "one\n");
        let lines = captures(&analyze(vec![story.read()], &[], &LabConfig::from_toml(&text).unwrap()));
        assert!(lines.iter().all(|line| line.mark != "missing"), "{lines:?}");
    }

    #[test]
    fn screenshots_are_named_where_the_sheet_asks_for_them() {
        assert!(!verdict(false, true, false).contains("screenshots"));
        assert!(verdict(false, true, true).contains("screenshots"));
    }

    /// What the sheet asks for is a capture; a server's journal that tells of the same clients is none.
    #[test]
    fn a_journal_stands_for_no_capture() {
        let of = |event: &str, client: &str| {
            format!(
                "{{\"time\":\"2026-01-01T10:00:00Z\",\"program\":\"tcp-threaded-server\",\"pid\":7,\"thread\":7,\
                 \"event\":\"{event}\",\"protocol\":\"tcp\",\"socket\":1,\"local\":\"10.0.3.1:65432\"{client}}}\n"
            )
        };
        let clients = ["10.0.3.2:40110", "10.0.3.2:40112", "10.0.3.3:51762", "10.0.3.3:51764"];
        let accepted = clients.map(|client| of("accept", &format!(",\"remote\":\"{client}\""))).concat();
        let text = of("listen", "") + &accepted.replace("\"socket\":1", "\"socket\":2");
        let journal = || NamedJournal { file: "A.jsonl".to_owned(), journal: Journal::read(text.as_bytes()).unwrap() };
        let missing = |clients: &[&str]| {
            let mut story = Story::new("part II", 0);
            for client in clients {
                let mut tcp = Story::tcp(client, "10.0.3.1:65432");
                story.handshake(&mut tcp);
                story.line(&mut tcp, "one\n");
            }
            let lines = captures(&analyze(vec![story.read()], &[journal()], &LabConfig::default()));
            let missing = lines.into_iter().filter(|line| line.mark == "missing" && line.text.contains("Part II"));
            missing.map(|line| line.text).collect::<Vec<_>>()
        };
        let [step2, step3] = [2, 3].map(|step| format!("There is no capture of Part II step {step}."));
        assert_eq!(missing(&["10.0.3.2:9"]), [step2, step3.clone()]);
        assert_eq!(missing(&clients[..2]), [step3]);
        assert_eq!(missing(&clients), [""; 0]);
    }
}
