//! The commands of the documentation that run without the lab's network, with what they print.
//!
//! They run in a folder with the recorded run's files (`fixtures/plain`) and the repository's `fixtures`.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use crate::support::package;

/// Stands in shown output for any number of lines.
const LEFT_OUT: &str = "…";

/// The commands that need nothing but files.
const RUNNABLE: [&str; 2] = ["socklab analyze ", "socklab capture -i eth0 -o step8.pcapng --filter "];

/// The commands of a document's `console` blocks, each with the lines shown below it.
fn commands(text: &str) -> Vec<(String, Vec<String>)> {
    let mut found: Vec<(String, Vec<String>)> = Vec::new();
    let mut inside = false;
    let mut continues = false;
    for line in text.lines() {
        if line.starts_with("```") {
            inside = line == "```console";
        } else if inside && (continues || line.starts_with("$ ")) {
            let part = line.trim_start_matches("$ ");
            match found.last_mut() {
                Some((command, _)) if continues => command.push_str(&format!("\n{part}")),
                _ => found.push((part.to_owned(), Vec::new())),
            }
            continues = line.ends_with('\\');
        } else if inside && let Some((_, shown)) = found.last_mut() {
            shown.push(line.trim_end().to_owned());
        }
    }
    found
}

/// Whether the output is what is shown, from the first to the last line, but for what [`LEFT_OUT`] stands for.
fn is_as_shown(output: &[&str], shown: &[String]) -> bool {
    match shown {
        [] => output.is_empty(),
        [first, rest @ ..] if first == LEFT_OUT => (0..=output.len()).any(|at| is_as_shown(&output[at..], rest)),
        [first, rest @ ..] => output.first() == Some(&first.as_str()) && is_as_shown(&output[1..], rest),
    }
}

/// A folder in which the commands find their files.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    symlink(package("fixtures"), folder.path().join("fixtures")).unwrap();
    for entry in fs::read_dir(package("fixtures/plain")).unwrap() {
        let path = entry.unwrap().path();
        symlink(&path, folder.path().join(path.file_name().unwrap())).unwrap();
    }
    fs::write(folder.path().join("submission.zip"), b"PK\x03\x04\x14\0\0\0\0\0").unwrap();
    folder
}

fn run(command: &str, folder: &Path) -> String {
    let program = Path::new(env!("CARGO_BIN_EXE_socklab")).parent().unwrap();
    let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap());
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("{{ {command}\n}} 2>&1")]).current_dir(folder);
    shell.env("PATH", path).env("TERM", "xterm").env("LC_ALL", "C.UTF-8").env_remove("NO_COLOR").env_remove("COLUMNS");
    String::from_utf8(shell.output().unwrap().stdout).unwrap()
}

fn check(document: &str, least: usize) {
    let folder = folder();
    let text = fs::read_to_string(package(document)).unwrap();
    let mut checked = 0;
    for (command, shown) in commands(&text) {
        if shown.is_empty() || !RUNNABLE.iter().any(|beginning| command.starts_with(beginning)) {
            continue;
        }
        let output = run(&command, folder.path());
        let lines: Vec<&str> = output.lines().map(str::trim_end).collect();
        assert!(is_as_shown(&lines, &shown), "{document} shows something else for `{command}`, which prints\n{output}");
        checked += 1;
    }
    assert!(checked >= least, "{document} has {checked} commands to run");
}

#[test]
fn the_readmes_commands_print_what_it_shows() {
    check("README.md", 4);
}

#[test]
fn the_reports_guide_shows_what_is_printed() {
    check("docs/report.md", 1);
}

#[test]
fn the_way_of_a_capture_is_what_happens() {
    check("docs/architecture.md", 1);
}

#[cfg(target_os = "linux")]
#[test]
fn the_rehearsals_guide_shows_what_is_printed() {
    check("docs/rehearse.md", 1);
}
