//! `socklab analyze`: opens what is named, has it analyzed, writes the result.
//!
//! Results go to standard output, talk to standard error. An input that cannot be used is reported, the others are
//! analyzed all the same, and the exit status tells.

mod annotate;
pub(in crate::cli) mod args;
mod outputs;

use std::io::BufReader;
use std::path::Path;

pub(super) use args::Arguments;
use outputs::{Content, Drawing, Output};

use crate::cli::exit::{Exit, Failure, say};
use crate::cli::input::{self, Wanted};
use crate::cli::progress::Progress;
use crate::cli::reading::read_capture;
use crate::cli::two_threads::TwoThreads;
use socklab_core::analyze::analysis::{Analysis, Severity};
use socklab_core::journal::{Journal, NamedJournal};
use socklab_core::report::{csv, html, json, ladder, markdown, table, timeline};
use socklab_packets::limits::Limits;
use socklab_packets::pipeline::CaptureFacts;

/// Runs the command.
pub(super) fn run(mut arguments: Arguments) -> Exit {
    arguments.sort_files();
    match analyze(&arguments) {
        Ok(exit) => exit,
        Err(failure) => failure.unusable(),
    }
}

fn analyze(arguments: &Arguments) -> Result<Exit, Failure> {
    arguments.check_files()?;
    let outputs = arguments.outputs.resolve(&arguments.inputs())?;
    let annotated = annotate::plan(&arguments.outputs.annotate, &arguments.captures(), &arguments.inputs())?;
    let config = arguments.lab()?;
    let asked = arguments.asked(&config.sheet)?;
    let mut refused = Refused::default();
    let captures: Vec<CaptureFacts> =
        arguments.captures().iter().filter_map(|path| refused.or_report(capture(path))).collect();
    let journals: Vec<NamedJournal> =
        arguments.journal.iter().filter_map(|path| refused.or_report(journal(path))).collect();
    if captures.is_empty() {
        return Ok(Exit::Unusable);
    }
    let mut analysis = socklab_core::analyze::analyze_together(captures, &journals, &config, &TwoThreads);
    analysis.answers.retain(|answer| asked.contains(&answer.question));
    if outputs.iter().any(
        |output| matches!(output.content, Content::Ladders(Drawing::Streams(wanted)) if wanted.is_missing(&analysis)),
    ) {
        return Err(Failure::new("--ladder", "no capture has a stream of this number")
            .hint("Without --ladder, the streams are listed with their numbers."));
    }
    warn(&outputs, &analysis);
    outputs.iter().try_for_each(|output| write(arguments, output, &analysis))?;
    annotated.iter().try_for_each(|(capture, target)| annotate::write(&analysis, capture, target))?;
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
    let input = input::open(path, Wanted::Capture)?;
    let mut progress = Progress::new(&input.name, input.size, input.reader.bytes());
    let name = input.name.clone();
    read_capture(input, &Limits::default(), &mut |frames| progress.tick(frames))
        .map_err(|error| input::no_capture(&name, path, &error))
}

fn journal(path: &Path) -> Result<NamedJournal, Failure> {
    let input = input::open(path, Wanted::Journal)?;
    match Journal::read(BufReader::new(input.reader)) {
        Ok(journal) => Ok(NamedJournal { file: input.name, journal }),
        Err(error) => Err(Failure::new(input.name, error).hint(Journal::HINT)),
    }
}

/// Tells of damaged captures on standard error, unless the table shows it on the same screen.
fn warn(outputs: &[Output], analysis: &Analysis) {
    if outputs.iter().any(|output| output.content == Content::Table && output.destination.is_terminal()) {
        return;
    }
    for capture in &analysis.captures {
        for warning in &capture.info.warnings {
            say("warning", &format!("{}: {}", capture.file, warning.message));
        }
    }
}

fn write(arguments: &Arguments, output: &Output, analysis: &Analysis) -> Result<(), Failure> {
    let Output { destination, content } = output;
    let (style, all) = (destination.style(arguments.color), arguments.all);
    destination.write(|out| match *content {
        Content::Table => {
            let options = table::Options { style, detail: arguments.detail() };
            let write = if arguments.asks_some() { table::write_answers } else { table::write };
            write(out, analysis, options)
        }
        Content::Ladders(Drawing::Hosts) => timeline::text::write(out, analysis, style, destination.charset()),
        Content::Ladders(Drawing::Streams(wanted)) => {
            let charset = destination.charset();
            ladder::text::write(out, analysis, ladder::text::LadderOptions { style, charset, wanted, all })
        }
        Content::Json => json::write(out, analysis, &TwoThreads),
        Content::Html => html::write(out, analysis),
        Content::Markdown => markdown::write(out, analysis),
        Content::Csv(table) => csv::write(out, analysis, table),
    })
}
