//! What packagers and shells want: completions and the manual.

use std::io::{self, ErrorKind, Write};
use std::process::ExitCode;

use clap::Subcommand;

use super::exit::{Exit, say};

/// The commands of this file.
#[derive(Debug, Subcommand)]
#[command(defer = true)]
pub(super) enum Command {
    /// Print the completions for a shell
    ///
    /// For bash:
    ///
    /// socklab completions bash > ~/.local/share/bash-completion/completions/socklab
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page in roff
    ///
    /// socklab man | man -l -
    Man {
        /// Print the page of this command only, such as tcp-server
        command: Option<String>,
    },
}

/// Runs a command of this file; `whole` is the program's command line.
pub(super) fn run(command: &Command, mut whole: clap::Command) -> ExitCode {
    let mut text = Vec::new();
    let made = match command {
        Command::Completions { shell } => {
            clap_complete::generate(*shell, &mut whole, "socklab", &mut text);
            Ok(())
        }
        Command::Man { command } => manual(command.as_deref(), whole, &mut text),
    };
    let printed = made.and_then(|()| io::stdout().write_all(&text)).and_then(|()| io::stdout().flush());
    match printed {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if error.kind() == ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            say("error", &error.to_string());
            Exit::Unusable.into()
        }
    }
}

fn manual(command: Option<&str>, mut whole: clap::Command, out: &mut Vec<u8>) -> io::Result<()> {
    whole.build();
    // A command has no version of its own.
    let source = format!("socklab {}", env!("CARGO_PKG_VERSION"));
    let page = match command {
        None => whole,
        Some(name) => {
            let found = whole.find_subcommand(name).cloned();
            let found = found.ok_or_else(|| io::Error::other(format!("there is no command {name:?}")))?;
            found.display_name(format!("socklab-{name}"))
        }
    };
    clap_mangen::Man::new(page).source(source).render(out)
}
