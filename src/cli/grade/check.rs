//! `socklab check`: what a student runs before handing in. It says what is missing, never what is right.

use std::path::Path;

use super::args::{CheckArguments, lab};
use crate::analyze::analysis::{Analysis, Severity};
use crate::analyze::{CaptureFacts, analyze, read_capture};
use crate::cli::exit::{Exit, Failure};
use crate::cli::input;
use crate::cli::output::Destination;
use crate::grade::form::{self, Form, Problem};
use crate::grade::steps::{self, ASKED};
use crate::lab::{Question, SCREENSHOTS, Screenshot};
use crate::limits::Limits;
use crate::report::page::{Page, shorten};
use crate::report::style::Piece;
use crate::report::words;
use crate::wording::{count, list};

/// Columns for a file's name.
const NAME: usize = 40;

pub(super) fn run(arguments: &CheckArguments) -> Result<Exit, Failure> {
    let config = lab(arguments.lab.as_deref())?;
    // One file that cannot be used does not hide what is wrong with the others.
    let captures: Vec<CaptureFacts> =
        arguments.captures.iter().filter_map(|path| read(path).map_err(|failure| failure.report()).ok()).collect();
    let unusable = captures.len() < arguments.captures.len();
    let answers = match &arguments.answers {
        Some(path) => Some(Form::read(&input::read_text(path, form::MOST_BYTES)?)),
        None => None,
    };
    let analysis = analyze(captures, &[], &config);
    let missing = steps::missing(&analysis);
    let wrong_captures = analysis.findings.iter().any(|finding| finding.severity >= Severity::Warning);
    let wrong_form = answers.as_ref().is_some_and(|(form, problems)| !problems.is_empty() || is_incomplete(form));
    let style = Destination::Screen.style(arguments.color);
    let name = arguments.answers.as_ref().map(|path| input::name(path.as_os_str()));
    let found = unusable || !missing.is_empty() || wrong_captures || wrong_form;
    Destination::Screen.write(|out| {
        let mut page = Page::new(out, style);
        of_captures(&mut page, &analysis)?;
        if let Some((form, problems)) = &answers {
            of_form(&mut page, name.as_deref().unwrap_or_default(), form, problems)?;
        }
        of_screenshots(&mut page)?;
        page.gap()?;
        page.paragraph(
            0,
            match found {
                true => "There is something to look at before you hand in.",
                false => "Ready to hand in, together with your screenshots.",
            },
        )
    })?;
    Ok(match found {
        _ if unusable => Exit::Unusable,
        true => Exit::Found,
        false => Exit::Done,
    })
}

fn read(path: &Path) -> Result<CaptureFacts, Failure> {
    let input = input::open(path)?;
    read_capture(&input.name, input.reader, &Limits::default(), &mut |_| {})
        .map_err(|error| Failure::new(&input.name, &error).hint(error.hint()))
}

fn is_incomplete(form: &Form) -> bool {
    Question::ALL.into_iter().any(|question| !form.unfilled(question).is_empty())
}

fn of_captures(page: &mut Page<'_>, analysis: &Analysis) -> std::io::Result<()> {
    page.heading("Captures")?;
    for capture in &analysis.captures {
        let step = capture.step().map(|recorded| words::step(recorded.step));
        let step = step.unwrap_or_else(|| "not a step of the lab that socklab recognizes".to_owned());
        let frames = count(capture.info.frames, "frame");
        page.marked(2, Piece::Title, &format!("{}:", shorten(&capture.file, NAME)), &format!("{step}, {frames}"))?;
    }
    let missing = steps::missing(analysis);
    for step in ASKED.into_iter().filter(|step| missing.contains(step)) {
        let text = format!("There is no capture of {}.", words::step(step));
        page.marked(2, Piece::Finding(Severity::Error), "missing:", &text)?;
    }
    for finding in &analysis.findings {
        let file = finding.file.as_ref().map(|file| format!("{file}: ")).unwrap_or_default();
        let redo = finding.redo.map(|step| format!(" Redo: {}.", words::step(step))).unwrap_or_default();
        let mark = format!("{}:", words::severity(finding.severity));
        page.marked(2, Piece::Finding(finding.severity), &mark, &format!("{file}{}{redo}", finding.message))?;
    }
    Ok(())
}

/// socklab reads no pictures: it can only remind of them.
fn of_screenshots(page: &mut Page<'_>) -> std::io::Result<()> {
    page.heading("Screenshots")?;
    page.paragraph(2, "The sheet also asks for these. socklab does not check them.")?;
    for Screenshot { place, shows } in SCREENSHOTS {
        page.marked(2, Piece::Title, &format!("{place}:"), shows)?;
    }
    Ok(())
}

fn of_form(page: &mut Page<'_>, name: &str, form: &Form, problems: &[Problem]) -> std::io::Result<()> {
    page.heading("Answers")?;
    for problem in problems {
        page.marked(2, Piece::Finding(Severity::Error), "error:", &format!("{name}, {problem}"))?;
    }
    for question in Question::ALL {
        let unfilled = form.unfilled(question);
        if !unfilled.is_empty() {
            let text = format!("not filled in: {}", list(&unfilled));
            page.marked(2, Piece::Finding(Severity::Warning), &format!("{question}:"), &text)?;
        }
    }
    if problems.is_empty() && !is_incomplete(form) {
        page.paragraph(2, "Every entry is filled in and well formed.")?;
    }
    Ok(())
}
