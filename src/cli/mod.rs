//! The command line: what is typed, and which part of the library does it.
//!
//! Each group of commands has its own file with its arguments and a function that runs it; this file only joins them.

mod analyze;
#[cfg(target_os = "linux")]
mod capture;
mod exit;
mod extras;
mod grade;
mod input;
#[cfg(target_os = "linux")]
mod interfaces;
mod lab;
mod lab_file;
mod number;
mod output;
mod processors;
mod progress;
mod python;
mod reading;
#[cfg(target_os = "linux")]
mod rehearse;
#[cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
mod run;
mod servers;
#[cfg(target_os = "linux")]
mod sockets;
mod two_threads;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

/// A socket-programming lab: its five programs, and answers from its captures
#[derive(Debug, Parser)]
#[command(name = "socklab", version, max_term_width = 80)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

// Options are told to clap when their command is given, and not at every start. Their structs have no doc comments: clap would
// show these in the place of the command's own.
#[derive(Debug, Subcommand)]
#[command(defer = true)]
enum Command {
    /// Answer the lab's questions from captures
    ///
    /// Each answer is made of claims that are proved by frames, inferred from how sockets work, or unknown to any
    /// capture, with the frame numbers and a display filter to paste into Wireshark.
    Analyze(Box<analyze::Arguments>),
    /// Print the form in which students answer
    ///
    /// socklab template > answers.toml
    Template(grade::TemplateArguments),
    /// Check captures and answers before you hand them in
    ///
    /// It says whether the captures are what the sheet asks for, whether every entry of the form is filled in and well
    /// formed, and which screenshots the sheet asks for. It doesn't give the answers away. Exit status: 0 ready, 1
    /// something needs your attention, 2 a file could not be used (the others are still checked).
    Check(grade::CheckArguments),
    /// Grade a class: submissions against their own captures
    ///
    /// It compares each typed answer with the student's own captures. It puts prose beside the expected answer for you
    /// to read.
    Grade(Box<grade::GradeArguments>),
    /// Print the lab as a file, to describe one of your own, or say what is wrong with one
    ///
    /// socklab lab > my-lab.toml
    Lab(lab_file::Arguments),
    /// Print the default rubric
    ///
    /// socklab rubric > rubric.toml
    Rubric(grade::RubricArguments),
    #[command(flatten)]
    Servers(servers::Command),
    /// Write the lab's five Python programs to a folder
    ///
    /// tcp_server.py, tcp_client.py, udp_server.py, udp_client.py and tcp-threaded-server.py: short programs to read, edit
    /// and run. Address and port are constants at their top.
    Python(python::Arguments),
    #[cfg(target_os = "linux")]
    #[command(flatten)]
    Capture(capture::Command),
    /// Run the whole lab on this computer: three hosts, real programs, real captures, and the answers
    ///
    /// The hosts A, B and C are network namespaces on a switch. Where the system allows it, this needs no root. It
    /// changes nothing outside of them and leaves nothing of them behind.
    #[cfg(target_os = "linux")]
    Rehearse(Box<rehearse::Arguments>),
    /// Run a program, such as your Python server, and write what it does with sockets to a journal
    ///
    /// The program, its screen, its keyboard and its exit status stay as they are. What no capture shows is in the journal:
    /// socket(), bind(), listen(), accept(), what the program read and sent, and who waited in the queue.
    #[cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
    Run(run::Arguments),
    /// List this computer's sockets, in the lab's words
    ///
    /// Which sockets listen, which are connected, and which connections wait in a queue, with their programs and both
    /// addresses. What `ss -tunap` shows, with a line that explains each state.
    #[cfg(target_os = "linux")]
    Sockets(sockets::Arguments),
    #[command(flatten)]
    Extras(extras::Command),
}

/// This process's arguments. Who asks `help` for its own help gets that of socklab.
fn arguments() -> Vec<OsString> {
    let mut all: Vec<OsString> = std::env::args_os().collect();
    let is_help = all.get(1).is_some_and(|word| word == "help");
    if is_help && all.len() == 3 && all.last().is_some_and(|word| word == "--help" || word == "-h") {
        all.pop();
    }
    all
}

/// Runs the command of this process's arguments.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse_from(arguments()) {
        Ok(cli) => cli,
        Err(error) => return exit::usage(&error),
    };
    match cli.command {
        Command::Analyze(arguments) => analyze::run(*arguments).into(),
        Command::Template(arguments) => grade::template(&arguments).into(),
        Command::Check(arguments) => grade::check(&arguments).into(),
        Command::Grade(arguments) => grade::grade(&arguments).into(),
        Command::Rubric(arguments) => grade::rubric(&arguments).into(),
        Command::Lab(arguments) => lab_file::run(&arguments).into(),
        Command::Servers(command) => servers::run(command),
        Command::Python(arguments) => python::run(&arguments),
        #[cfg(target_os = "linux")]
        Command::Capture(command) => capture::run(&command),
        #[cfg(target_os = "linux")]
        Command::Rehearse(arguments) => rehearse::run(&arguments),
        #[cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
        Command::Run(arguments) => run::run(&arguments),
        #[cfg(target_os = "linux")]
        Command::Sockets(arguments) => sockets::run(&arguments),
        Command::Extras(command) => extras::run(&command, Cli::command()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn built() -> clap::Command {
        let mut command = Cli::command();
        command.build();
        command
    }

    #[test]
    fn the_commands_and_options_are_consistent() {
        built().debug_assert();
    }

    /// A longer line would be broken, and a command in it could not be copied.
    #[test]
    fn the_examples_in_the_help_fit_80_columns() {
        for command in built().get_subcommands() {
            for help in [command.get_after_help(), command.get_after_long_help()].into_iter().flatten() {
                for line in help.to_string().lines() {
                    assert!(line.chars().count() <= 80, "{}: {line}", command.get_name());
                }
            }
        }
    }
}
