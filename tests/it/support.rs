//! Running the program and checking all that it says.

use std::ffi::OsStr;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// A run of the program, to be set up.
pub(crate) struct Run {
    command: Command,
    stdin: Vec<u8>,
}

/// The program with this command (`analyze`, `tcp-server` …), without anything of the surroundings that changes its
/// output.
pub(crate) fn socklab(command: &str) -> Run {
    let mut run = Command::new(env!("CARGO_BIN_EXE_socklab"));
    run.arg(command).env_remove("NO_COLOR").env_remove("COLUMNS").env("TERM", "xterm");
    Run { command: run, stdin: Vec::new() }
}

impl Run {
    /// Adds arguments.
    pub(crate) fn args<A: AsRef<OsStr>>(mut self, arguments: impl IntoIterator<Item = A>) -> Self {
        self.command.args(arguments);
        self
    }

    /// Sets an environment variable.
    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    /// Runs in this directory.
    pub(crate) fn within(mut self, directory: &Path) -> Self {
        self.command.current_dir(directory);
        self
    }

    /// What it reads from standard input.
    pub(crate) fn stdin(mut self, bytes: &[u8]) -> Self {
        bytes.clone_into(&mut self.stdin);
        self
    }

    /// Gives it no more than so many MiB of address space, where the system bounds that.
    pub(crate) fn within_memory(mut self, mib: u64) -> Self {
        if cfg!(target_os = "linux") {
            let mut shell = Command::new("sh");
            shell.args(["-c", &format!("ulimit -v {} && exec \"$0\" \"$@\"", mib * 1024)]);
            shell.arg(self.command.get_program()).args(self.command.get_args());
            for (name, value) in self.command.get_envs() {
                match value {
                    Some(value) => shell.env(name, value),
                    None => shell.env_remove(name),
                };
            }
            self.command = shell;
        }
        self
    }

    /// Runs it to its end.
    pub(crate) fn run(mut self) -> Ran {
        let pipes = [Stdio::piped(), Stdio::piped(), Stdio::piped()];
        let [stdin, stdout, stderr] = pipes;
        let mut child = self.command.stdin(stdin).stdout(stdout).stderr(stderr).spawn().unwrap();
        let mut pipe = child.stdin.take().unwrap();
        let bytes = std::mem::take(&mut self.stdin);
        // A program that fails early closes its end before everything is written.
        let writer = std::thread::spawn(move || drop(pipe.write_all(&bytes)));
        let output = child.wait_with_output().unwrap();
        writer.join().unwrap();
        Ran { line: format!("{:?}", self.command), output }
    }
}

/// A finished run. Each check fails with everything that the program said.
pub(crate) struct Ran {
    line: String,
    output: Output,
}

impl Ran {
    /// Checks the exit status.
    #[track_caller]
    pub(crate) fn status(self, expected: i32) -> Self {
        assert_eq!(self.output.status.code(), Some(expected), "{}", self.said());
        self
    }

    /// Checks that standard output is this.
    #[track_caller]
    pub(crate) fn stdout_is(self, expected: &str) -> Self {
        assert_eq!(self.stdout(), expected, "{}", self.said());
        self
    }

    /// Checks that standard error is this.
    #[track_caller]
    pub(crate) fn stderr_is(self, expected: &str) -> Self {
        assert_eq!(self.stderr(), expected, "{}", self.said());
        self
    }

    /// Checks that standard output holds each of these.
    #[track_caller]
    pub(crate) fn stdout_has(self, parts: &[&str]) -> Self {
        for part in parts {
            assert!(self.stdout().contains(part), "no {part:?} in standard output: {}", self.said());
        }
        self
    }

    /// Checks that standard error holds each of these, wherever its lines are wrapped.
    #[track_caller]
    pub(crate) fn stderr_has(self, parts: &[&str]) -> Self {
        let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        let said = words(&self.stderr());
        for part in parts {
            assert!(said.contains(&words(part)), "no {part:?} in standard error: {}", self.said());
        }
        self
    }

    /// Standard output as text.
    #[track_caller]
    pub(crate) fn stdout(&self) -> String {
        String::from_utf8(self.output.stdout.clone()).unwrap()
    }

    /// Standard error as text.
    #[track_caller]
    pub(crate) fn stderr(&self) -> String {
        String::from_utf8(self.output.stderr.clone()).unwrap()
    }

    /// Standard output as JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> serde_json::Value {
        match serde_json::from_slice(&self.output.stdout) {
            Ok(value) => value,
            Err(error) => panic!("{error}: {}", self.said()),
        }
    }

    fn said(&self) -> String {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let Output { status, stdout, stderr } = &self.output;
        format!("{} ended with {status}\n--- out\n{}\n--- err\n{}", self.line, text(stdout), text(stderr))
    }
}

/// A path below the package's directory.
pub(crate) fn package(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Of how many captures beside the checkout, which tshark takes minutes for, one is looked at: of three, or each one where
/// SOCKLAB_ALL is set.
pub(crate) fn sample() -> usize {
    if std::env::var_os("SOCKLAB_ALL").is_some() { 1 } else { 3 }
}

/// Compares text with a golden file; with `UPDATE_GOLDEN=1` in the environment it writes the file instead, to be looked
/// at in the diff.
#[track_caller]
pub(crate) fn assert_golden(name: &str, actual: &str) {
    let path = package("tests/golden").join(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some_and(|value| value == "1") {
        std::fs::write(&path, actual).unwrap();
        return;
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        expected == actual,
        "{} differs; UPDATE_GOLDEN=1 cargo test writes it anew. It would be:\n{actual}",
        path.display()
    );
}
