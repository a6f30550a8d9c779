//! `socklab analyze`: opens what is named, has it analyzed, writes the result.
//!
//! Results go to standard output, talk to standard error. An input that cannot be used is reported, the others are
//! analyzed all the same, and the exit status tells.

mod args;

use std::io::BufReader;
use std::path::Path;

use args::Format;
pub(super) use args::{Arguments, read_lab};

use crate::analyze::analysis::{Analysis, Severity};
use crate::analyze::read_capture;
use crate::analyze::{CaptureFacts, NamedJournal};
use crate::cli::exit::{Exit, Failure, say};
use crate::cli::input;
use crate::cli::output::Destination;
use crate::cli::progress::Progress;
use crate::journal::Journal;
use crate::limits::Limits;
use crate::report::{json, table};

/// Runs the command.
pub(super) fn run(arguments: &Arguments) -> Exit {
    match analyze(arguments) {
        Ok(exit) => exit,
        Err(failure) => {
            failure.report();
            Exit::Unusable
        }
    }
}

fn analyze(arguments: &Arguments) -> Result<Exit, Failure> {
    arguments.check_stdin()?;
    let destination = arguments.destination()?;
    let config = arguments.lab()?;
    let mut refused = Refused::default();
    let captures: Vec<CaptureFacts> =
        arguments.captures().iter().filter_map(|path| refused.or_report(capture(path))).collect();
    let journals: Vec<NamedJournal> =
        arguments.journal.iter().filter_map(|path| refused.or_report(journal(path))).collect();
    if captures.is_empty() {
        return Ok(Exit::Unusable);
    }
    let mut analysis = crate::analyze::analyze(captures, &journals, &config);
    analysis.answers.retain(|answer| arguments.asks(answer.question));
    warn(arguments, &destination, &analysis);
    write(arguments, &destination, &analysis)?;
    let found = analysis.findings.iter().any(|finding| finding.severity >= Severity::Warning);
    Ok(match refused.any {
        true => Exit::Unusable,
        false if arguments.strict && found => Exit::Found,
        false => Exit::Done,
    })
}

/// Whether an input was refused.
#[derive(Default)]
struct Refused {
    any: bool,
}

impl Refused {
    fn or_report<T>(&mut self, result: Result<T, Failure>) -> Option<T> {
        result
            .map_err(|failure| {
                failure.report();
                self.any = true;
            })
            .ok()
    }
}

fn capture(path: &Path) -> Result<CaptureFacts, Failure> {
    let input = input::open(path)?;
    let mut progress = Progress::new(&input.name, input.size, input.reader.bytes());
    read_capture(&input.name, input.reader, &Limits::default(), &mut |frames| progress.tick(frames))
        .map_err(|error| Failure::new(&input.name, &error).hint(error.hint()))
}

fn journal(path: &Path) -> Result<NamedJournal, Failure> {
    let input = input::open(path)?;
    match Journal::read(BufReader::new(input.reader)) {
        Ok(journal) => Ok(NamedJournal { file: input.name, journal }),
        Err(error) => Err(Failure::new(input.name, error)
            .hint("Journals are what the socket programs write with their option --journal FILE.")),
    }
}

/// Tells of damaged captures on standard error, unless the table shows it on the same screen.
fn warn(arguments: &Arguments, destination: &Destination, analysis: &Analysis) {
    if arguments.format == Format::Table && destination.is_terminal() {
        return;
    }
    for capture in &analysis.captures {
        for warning in &capture.info.warnings {
            say("warning", &format!("{}: {}", capture.file, warning.message));
        }
    }
}

fn write(arguments: &Arguments, destination: &Destination, analysis: &Analysis) -> Result<(), Failure> {
    let options = table::Options { style: destination.style(arguments.color), all: arguments.all };
    destination.write(|out| match arguments.format {
        Format::Table => table::write(out, analysis, options),
        Format::Json => json::write(out, analysis),
    })
}
