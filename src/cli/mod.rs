//! The command line: what is typed, and which part of the library does it.
//!
//! Each group of commands has its own file with its arguments and a function that runs it; this file only joins them.

#[cfg(target_os = "linux")]
mod capture;
mod extras;
#[cfg(target_os = "linux")]
mod interfaces;
mod servers;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// A socket-programming lab: its five programs, and answers from its captures
#[derive(Debug, Parser)]
#[command(name = "socklab", version, max_term_width = 80)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    #[command(flatten)]
    Servers(servers::Command),
    #[cfg(target_os = "linux")]
    #[command(flatten)]
    Capture(capture::Command),
    #[command(flatten)]
    Extras(extras::Command),
}

/// Runs the command of this process's arguments.
pub fn main() -> ExitCode {
    match Cli::parse().command {
        Command::Servers(command) => servers::run(command),
        #[cfg(target_os = "linux")]
        Command::Capture(command) => capture::run(&command),
        Command::Extras(command) => extras::run(&command),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_commands_and_options_are_consistent() {
        Cli::command().debug_assert();
    }
}
