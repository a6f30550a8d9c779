//! Python programs under the witness: that they behave as without it.

use std::path::Path;
use std::process::{Command, Output};

use socklab::journal::{EventKind, JournalEvent};

use super::script;
use crate::servers::program::journal;

/// Runs a test that is written in Python, with the program in its environment.
#[track_caller]
fn passes(name: &str, arguments: &[&str]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new("python3");
    command.arg(script(name)).args(arguments).env("SOCKLAB", env!("CARGO_BIN_EXE_socklab"));
    let output = command.current_dir(folder.path()).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let said = format!("{}\n{}", text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "{name}: {said}");
    said
}

#[test]
#[ignore = "needs python3 and bash"]
fn keys_and_the_window_reach_the_program_as_without_it() {
    assert!(Path::new("/bin/bash").exists());
    passes("terminal.py", &[]);
}

/// A program with one listening socket, under the witness, which may not make this system call.
fn listens_without(call: &str, arguments: &[&str]) -> (Output, Vec<JournalEvent>) {
    let folder = tempfile::tempdir().unwrap();
    let program = "import socket; s = socket.socket(); s.bind(('127.0.0.1', 0)); s.listen(3); print('done')";
    let mut command = Command::new("python3");
    command.args([&script("forbid.py"), call, env!("CARGO_BIN_EXE_socklab"), "run"]).args(arguments);
    command.args(["--", "python3", "-c", program]).current_dir(folder.path());
    let output = command.output().unwrap();
    let seen = folder.path().join("python3.jsonl");
    (output, if seen.exists() { journal(&seen).events } else { Vec::new() })
}

#[test]
#[ignore = "needs python3"]
fn where_ptrace_is_forbidden_it_says_so_and_runs_the_program_when_asked() {
    let (output, events) = listens_without("ptrace", &[]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.code() == Some(125) && output.stdout.is_empty() && events.is_empty(), "{said}");
    for part in ["does not allow a program to be traced", "seccomp filter", "--without-trace"] {
        assert!(said.contains(part), "{said}");
    }
    let (output, _) = listens_without("ptrace", &["--without-trace"]);
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    assert_eq!(output.stdout, b"done\n");
}

#[test]
#[ignore = "needs python3"]
fn without_filters_every_call_is_looked_at() {
    let (output, events) = listens_without("seccomp", &[]);
    assert!(output.status.success() && output.stdout == b"done\n", "{output:?}");
    let kinds: Vec<EventKind> = events.iter().map(|event| event.event).collect();
    assert_eq!(kinds, [EventKind::Socket, EventKind::Bind, EventKind::Listen, EventKind::Close]);
    assert_eq!(events[2].backlog, Some(3));
}
