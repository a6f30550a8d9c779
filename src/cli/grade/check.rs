//! `socklab check`: what a student runs before handing in. It says what is missing, never what is right.

use std::path::Path;

use super::args::CheckArguments;
use crate::cli::exit::{Exit, Failure};
use crate::cli::input;
use crate::cli::lab::lab;
use crate::cli::output::Destination;
use socklab_core::analyze::analyze;
use socklab_core::report::page::Page;
use socklab_core::report::style::TextPart;
use socklab_grade::check::{self, Line};
use socklab_grade::form::{self, Form};
use socklab_packets::limits::Limits;
use socklab_packets::pipeline::{CaptureFacts, read_capture};

pub(super) fn run(arguments: &CheckArguments) -> Result<Exit, Failure> {
    let config = lab(arguments.lab.as_deref())?;
    // One file that cannot be used does not hide what is wrong with the others.
    let captures: Vec<CaptureFacts> =
        arguments.captures.iter().filter_map(|path| read(path).map_err(|failure| failure.report()).ok()).collect();
    let unusable = captures.len() < arguments.captures.len();
    let answers = match &arguments.answers {
        Some(path) => Some(Form::read(&input::read_text(path, form::MOST_BYTES)?, &config.sheet)),
        None => None,
    };
    let analysis = analyze(captures, &[], &config);
    let of_captures = check::captures(&analysis);
    let name = arguments.answers.as_ref().map(|path| input::name(path.as_os_str())).unwrap_or_default();
    let of_form = answers.as_ref().map(|(form, problems)| check::answers(&config.sheet, &name, form, problems));
    let wrong_form = of_form.as_deref().is_some_and(check::is_anything_wrong);
    let screenshots = check::screenshots(&config.sheet);
    let wants_screenshots = !screenshots.is_empty();
    let found = unusable || wrong_form || check::is_anything_wrong(&of_captures);
    let style = Destination::Screen.style(arguments.color);
    Destination::Screen.write(|out| {
        let mut page = Page::new(out, style);
        page.heading("Captures")?;
        write(&mut page, of_captures)?;
        page.heading("Answers")?;
        let has_answers = of_form.is_some();
        match of_form {
            None => page.paragraph(2, check::NO_ANSWERS)?,
            Some(lines) if lines.is_empty() => page.paragraph(2, check::FORM_IS_COMPLETE)?,
            Some(lines) => write(&mut page, lines)?,
        }
        if wants_screenshots {
            page.heading("Screenshots")?;
            page.paragraph(2, check::SCREENSHOTS_WANTED)?;
            write(&mut page, screenshots)?;
        }
        page.gap()?;
        page.paragraph(0, check::verdict(found, has_answers, wants_screenshots))
    })?;
    Ok(match found {
        _ if unusable => Exit::Unusable,
        true => Exit::Found,
        false => Exit::Done,
    })
}

fn read(path: &Path) -> Result<CaptureFacts, Failure> {
    let input = input::open(path, input::Wanted::Capture)?;
    read_capture(&input.name, input.reader, &Limits::default(), &mut |_| {})
        .map_err(|error| input::no_capture(&input.name, path, &error))
}

fn write(page: &mut Page<'_>, lines: impl IntoIterator<Item = Line>) -> std::io::Result<()> {
    lines.into_iter().try_for_each(|line| {
        let piece = line.grade.map_or(TextPart::Title, TextPart::Finding);
        page.marked(2, piece, &format!("{}:", line.mark), &line.text)
    })
}
