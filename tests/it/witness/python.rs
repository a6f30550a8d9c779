//! Python programs under the witness: that they behave as without it.

use std::path::Path;
use std::process::Command;

use super::script;

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

#[test]
#[ignore = "needs python3"]
fn where_ptrace_is_forbidden_it_says_so_and_runs_the_program_when_asked() {
    passes("forbidden.py", &["ptrace"]);
}

#[test]
#[ignore = "needs python3"]
fn without_filters_every_call_is_looked_at() {
    passes("forbidden.py", &["seccomp"]);
}
