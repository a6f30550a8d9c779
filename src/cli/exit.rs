//! How a command ended, for the shell.

use std::fmt;
use std::io::{self, Write};
use std::process::ExitCode;

use crate::escape::harmless;

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

    /// Tells it on standard error.
    pub(super) fn report(&self) {
        say("error", &format!("{}: {}", self.subject, self.cause));
        if let Some(hint) = &self.hint {
            say("hint", hint);
        }
    }
}

/// Talks on standard error: one line behind its kind, with all text made harmless. Line breaks within are kept.
pub(super) fn say(kind: &str, text: &str) {
    let text: Vec<_> = text.lines().map(harmless).collect();
    // Nobody is left to tell that standard error is gone.
    let _ = writeln!(io::stderr(), "socklab: {kind}: {}", text.join("\n"));
}
