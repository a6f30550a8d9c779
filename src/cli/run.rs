//! `socklab run`: any program, with a journal of its socket calls.
//!
//! Exit status: the program's own; 127 if there is no such program, 126 if it can't be executed, 125 if it can't be
//! watched, the journal can't be opened, or the journal is incomplete while the program's own status is 0; 2 if the command
//! line is wrong. A program that a signal ended ends this process by the same signal.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{BufRead, BufReader, ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;

use crate::cli::exit::{Failure, say};
use crate::cli::{input, servers};
use crate::witness::{launch, tracer};
use socklab_core::wording;

/// This command's own failure, where every other status is the program's. As of env(1) and timeout(1).
const OWN_FAILURE: u8 = 125;
const NOT_EXECUTABLE: u8 = 126;
const NOT_FOUND: u8 = 127;

// What `socklab run` takes.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(super) struct Arguments {
    /// Add every socket call to this file, one JSON object a line [default: named after the program, here]
    #[arg(long, value_name = "FILE")]
    journal: Option<PathBuf>,
    /// Only run the program, where tracing is forbidden: no journal is written
    #[arg(long, conflicts_with = "journal")]
    without_trace: bool,
    /// The child that becomes the program
    #[arg(long, hide = true)]
    stand_in: bool,
    /// The program and its arguments
    #[arg(value_name = "PROGRAM", required = true, trailing_var_arg = true)]
    program: Vec<OsString>,
}

const EXAMPLES: &str = "\
Examples:
  The server of step 6, with its journal in tcp_server.jsonl:
      socklab run -- python3 tcp_server.py
  Evidence for the questions that no capture answers:
      socklab analyze step8.pcapng --journal tcp_server.jsonl";

/// Runs the command.
pub(super) fn run(arguments: &Arguments) -> ExitCode {
    if arguments.stand_in {
        return not_run(arguments, &launch::stand_in(&arguments.program));
    }
    if arguments.without_trace {
        return not_run(arguments, &launch::become_program(&arguments.program));
    }
    let named = arguments.journal.clone();
    let path = named.clone().unwrap_or_else(|| launch::journal_name(&arguments.program).into());
    let journal = match servers::open_journal(&path) {
        Ok(out) => out,
        Err(why) => {
            say("error", &why);
            return OWN_FAILURE.into();
        }
    };
    match tracer::run(&arguments.program, journal) {
        Ok((outcome, written)) => {
            if named.is_none() {
                tell_where(&path, written);
            }
            match (outcome, written.complete) {
                (tracer::Outcome::Exited(0), false) => OWN_FAILURE.into(),
                (outcome, _) => outcome.repeat(),
            }
        }
        Err(failure) => {
            let told = Failure::new("run", &failure);
            failure.advice().map_or(told.clone(), |advice| told.hint(advice)).report();
            OWN_FAILURE.into()
        }
    }
}

/// Says where the journal is that nobody named. One without any event is not kept.
fn tell_where(path: &Path, written: tracer::Written) {
    let name = input::name(path.as_os_str());
    if !written.complete {
        say("note", &format!("journal: {name}, incomplete"));
    } else if written.events > 0 {
        say("note", &format!("journal: {name}, {}", wording::count(written.events, "event")));
    } else if fs::metadata(path).is_ok_and(|metadata| metadata.is_file() && metadata.len() == 0) {
        // What is left of it does no harm.
        let _ = fs::remove_file(path);
    }
}

/// The program could not be run.
fn not_run(arguments: &Arguments, error: &std::io::Error) -> ExitCode {
    let program = Path::new(arguments.program.first().map_or(OsStr::new(""), |program| program));
    let name = input::name(program.as_os_str());
    let is_path = program.as_os_str().as_encoded_bytes().contains(&b'/');
    let is_python = program.extension().is_some_and(|ending| ending == "py");
    let here = program.is_file();
    let (cause, status) = match error.kind() {
        // The system says the same of a script whose interpreter is missing.
        ErrorKind::NotFound if is_path && here => (interpreter_is_missing(program), NOT_FOUND),
        ErrorKind::NotFound => ("there is no such program".to_owned(), NOT_FOUND),
        _ => (error.to_string(), NOT_EXECUTABLE),
    };
    let failure = Failure::new(&name, cause);
    let failure = match (here, is_python) {
        (true, true) => failure.hint(format!("Run it with Python: socklab run -- python3 {name}")),
        (true, false) if !is_path => failure.hint(format!("For the file in this folder: socklab run -- ./{name}")),
        _ => failure,
    };
    failure.report();
    status.into()
}

/// What is said of a file that is there and can be executed, but not what it is to be executed by.
fn interpreter_is_missing(program: &Path) -> String {
    let mut first = Vec::new();
    // A longer first line is cut by the system too (execve(2)).
    let read = fs::File::open(program).map(|file| BufReader::new(file.take(256)).read_until(b'\n', &mut first));
    let named = first.strip_prefix(b"#!").filter(|_| matches!(read, Ok(Ok(_))));
    let named = named.and_then(|line| {
        String::from_utf8_lossy(line).split([' ', '\t', '\n']).find(|word| !word.is_empty()).map(str::to_owned)
    });
    match named {
        Some(interpreter) => {
            format!("its first line names a program that is not there: {}", input::name(interpreter.as_ref()))
        }
        None => "the program that is to load it is not there".to_owned(),
    }
}
