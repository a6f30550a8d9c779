//! How a command ended, for the shell.

use std::fmt;
use std::io::{self, Write};
use std::process::ExitCode;

use socklab_core::escape::harmless;
use socklab_core::wording::wrap;

/// The exit statuses of `socklab`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Exit {
    /// All was done.
    Done,
    /// All was done, and what was checked is not as it should be (`--strict`).
    Found,
    /// Some input or the command line could not be used.
    Unusable,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(match exit {
            Exit::Done => 0,
            Exit::Found => 1,
            Exit::Unusable => 2,
        })
    }
}

/// Why something could not be done: what it is about, what is wrong, and what to do, kept apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Failure {
    /// The file or option.
    pub(super) subject: String,
    /// What is wrong with it.
    pub(super) cause: String,
    /// What to do about it.
    pub(super) hint: Option<String>,
}

impl Failure {
    /// A failure of this file or option.
    pub(super) fn new(subject: impl Into<String>, cause: impl fmt::Display) -> Self {
        Failure { subject: subject.into(), cause: cause.to_string(), hint: None }
    }

    /// With what to do about it.
    pub(super) fn hint(self, hint: impl Into<String>) -> Self {
        Failure { hint: Some(hint.into()), ..self }
    }

    /// Tells it; gives the exit status of what could not be done at all.
    pub(super) fn unusable(&self) -> Exit {
        self.report();
        Exit::Unusable
    }

    /// Tells it on standard error.
    pub(super) fn report(&self) {
        say("error", &format!("{}: {}", self.subject, self.cause));
        if let Some(hint) = &self.hint {
            say("hint", hint);
        }
    }
}

/// Says what is wrong with the command line, or shows the help that was asked for.
pub(super) fn usage(error: &clap::Error) -> ExitCode {
    if !error.use_stderr() {
        return match error.print().and_then(|()| io::stdout().flush()) {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                Failure::new("standard output", error).unusable().into()
            }
            _ => Exit::Done.into(),
        };
    }
    let text = error.render().ansi().to_string();
    let mut lines = String::new();
    for line in text.lines() {
        match line.trim_start().starts_with("[possible values: ") {
            true => wrap(line.trim_start(), "  ", "   ").iter().for_each(|line| lines.push_str(&format!("{line}\n"))),
            false => push_wrapped(&mut lines, line, ""),
        }
    }
    let _ = anstream::AutoStream::auto(io::stderr()).write_all(lines.as_bytes());
    Exit::Unusable.into()
}

/// Talks on standard error, with all text made harmless: the kind, then the text. Line breaks are kept.
pub(super) fn say(kind: &str, text: &str) {
    // Nobody is left to tell that standard error is gone.
    let _ = io::stderr().write_all(message(kind, text).as_bytes());
}

fn message(kind: &str, text: &str) -> String {
    let mut out = String::new();
    let mut prefix = format!("socklab: {kind}: ");
    for line in text.lines() {
        push_wrapped(&mut out, &harmless(line), &prefix);
        prefix.clear();
    }
    out
}

/// Adds a line, wrapped unless it begins with a space: that is for copying, or points at a place in the line above it.
fn push_wrapped(out: &mut String, line: &str, prefix: &str) {
    match line.starts_with(' ') || line.is_empty() {
        true => out.push_str(&format!("{prefix}{line}\n")),
        false => wrap(line, prefix, "  ").iter().for_each(|line| out.push_str(&format!("{line}\n"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_wrapped_but_commands_are_not() {
        let long = "word ".repeat(30);
        let command = format!("  socklab analyze {}", "step8.pcapng ".repeat(8));
        let text = message("hint", &format!("{long}\n{command}\nlast\x1b[31m"));
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[0].starts_with("socklab: hint: word word") && lines[1].starts_with("  word"), "{text}");
        assert_eq!(lines[lines.len() - 2], command);
        assert_eq!(lines[lines.len() - 1], "last\\x1b[31m");
        assert!(lines.iter().all(|line| line.len() <= socklab_core::wording::COLUMNS || *line == command), "{text}");
    }
}
