//! Starting the program, stopped and traced before its first instruction.
//!
//! What is started is this program again, as a stand-in: it stops, is traced, puts the filter on itself and becomes the
//! program (execve(2)). So nothing must run between fork and exec.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use nix::errno::Errno;
use nix::sys::prctl;
use nix::sys::ptrace::{self, Options};
use nix::sys::signal::{Signal, kill, raise};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

use crate::witness::filter;
use crate::witness::names;

/// Why a program can't be watched.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The system forbids tracing.
    #[error("this system does not allow a program to be traced: {0}")]
    Forbidden(Errno),
    /// The child could not be started.
    #[error("the program can't be started: {0}")]
    Start(io::Error),
    /// Something that always works did not.
    #[error("the program can't be watched: {0}")]
    System(io::Error),
}

impl Failure {
    /// What to do about it, judged by what this system has.
    pub fn advice(&self) -> Option<String> {
        match self {
            Failure::Forbidden(_) => Some(advice(&Surroundings::of_this_system())),
            Failure::Start(_) | Failure::System(_) => None,
        }
    }
}

/// What may forbid tracing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Surroundings {
    /// `kernel.yama.ptrace_scope`, where this kernel has it.
    yama: Option<u8>,
    /// Who traces this process already.
    tracer: Option<String>,
    /// A seccomp filter is on this process, as in a container.
    filtered: bool,
    /// SELinux forbids all tracing.
    selinux: bool,
}

impl Surroundings {
    fn of_this_system() -> Surroundings {
        let text = |path: &str| fs::read_to_string(path).unwrap_or_default();
        let status = text("/proc/self/status");
        let field = |name: &str| status.lines().find_map(|line| line.strip_prefix(name)).map_or("", str::trim);
        let tracer = Some(field("TracerPid:")).filter(|pid| !matches!(*pid, "" | "0"));
        Surroundings {
            yama: text("/proc/sys/kernel/yama/ptrace_scope").trim().parse().ok(),
            tracer: tracer.map(|pid| text(&format!("/proc/{pid}/comm")).trim().to_owned()),
            filtered: field("Seccomp:") == "2",
            selinux: text("/sys/fs/selinux/booleans/deny_ptrace").starts_with('1'),
        }
    }
}

fn advice(surroundings: &Surroundings) -> String {
    let mut lines = Vec::new();
    match surroundings.yama {
        Some(2) => {
            lines.push("The setting kernel.yama.ptrace_scope is 2: only root may trace. Change it with");
            lines.push("  sudo sysctl kernel.yama.ptrace_scope=1");
        }
        Some(3..) => {
            lines.push("The setting kernel.yama.ptrace_scope is 3: nobody may trace until the next start.");
            lines.push("Set it to 1 in /etc/sysctl.d and start the computer again.");
        }
        _ => {}
    }
    let traced = surroundings.tracer.as_ref().map(|name| {
        format!("socklab itself is traced, by {name}, and a program can have one tracer only. Run it without {name}.")
    });
    lines.extend(traced.as_deref());
    if surroundings.selinux {
        lines.push("The SELinux boolean deny_ptrace is on. Change it with");
        lines.push("  sudo setsebool deny_ptrace off");
    }
    if lines.is_empty() && surroundings.filtered {
        lines.push("A seccomp filter is on this process, and may forbid ptrace(2): in a container, start");
        lines.push("it with --cap-add=SYS_PTRACE.");
    }
    if lines.is_empty() {
        lines.push("Neither kernel.yama.ptrace_scope nor SELinux nor a seccomp filter is the reason.");
    }
    lines.push("With --without-trace the program runs all the same, without a journal.");
    lines.join("\n")
}

/// Starts the stand-in for a program and traces it. It is stopped and goes on when it gets SIGCONT.
///
/// # Errors
/// See [`Failure`].
pub(super) fn start(program: &[OsString]) -> Result<Pid, Failure> {
    let mut command = Command::new("/proc/self/exe");
    command.arg0("socklab").args(["run", "--stand-in", "--"]).args(program);
    let child = command.spawn().map_err(Failure::Start)?;
    let pid = Pid::from_raw(child.id().cast_signed());
    let stopped = waitpid(pid, Some(WaitPidFlag::WUNTRACED)).map_err(|errno| Failure::System(errno.into()))?;
    if stopped != WaitStatus::Stopped(pid, Signal::SIGSTOP) {
        return Err(Failure::System(io::Error::other("its stand-in ended too early")));
    }
    let options = Options::PTRACE_O_EXITKILL
        | Options::PTRACE_O_TRACESYSGOOD
        | Options::PTRACE_O_TRACEFORK
        | Options::PTRACE_O_TRACEVFORK
        | Options::PTRACE_O_TRACECLONE
        | Options::PTRACE_O_TRACEEXEC
        | Options::PTRACE_O_TRACESECCOMP;
    ptrace::seize(pid, options).map_err(|errno| {
        let _ = kill(pid, Signal::SIGKILL);
        let _ = waitpid(pid, None);
        match errno {
            Errno::EPERM | Errno::ENOSYS | Errno::EACCES => Failure::Forbidden(errno),
            errno => Failure::System(errno.into()),
        }
    })?;
    Ok(pid)
}

/// Becomes the program: what the stand-in does. Returns only if that is not possible.
pub fn stand_in(program: &[OsString]) -> io::Error {
    let traced = || {
        // Should the tracer die before it traces, nothing is left behind.
        prctl::set_pdeathsig(Signal::SIGKILL)?;
        raise(Signal::SIGSTOP)?;
        prctl::set_pdeathsig(None)
    };
    if let Err(errno) = traced() {
        return errno.into();
    }
    // Without it every call is stopped at: slower, but as complete.
    let _ = filter::apply();
    become_program(program)
}

/// Runs a program in the place of this one. Returns only if that is not possible.
pub fn become_program(program: &[OsString]) -> io::Error {
    match program.split_first() {
        Some((program, arguments)) => Command::new(program).args(arguments).exec(),
        None => io::ErrorKind::NotFound.into(),
    }
}

/// What a program with these arguments is called in its journal.
pub fn name(program: &[OsString]) -> String {
    let words: Vec<&[u8]> = program.iter().map(|word| word.as_bytes()).collect();
    names::of(&words.join(&0))
}

/// Longest name of a journal's file, its ending apart: file systems take 255 bytes.
const NAME_BYTES: usize = 100;

/// The file for the journal of a program where none is named: `tcp_server.jsonl` for `tcp_server.py`.
pub fn journal_name(program: &[OsString]) -> OsString {
    let name = name(program);
    let is_fine = |stem: &&OsStr| stem.len() <= NAME_BYTES && !stem.to_string_lossy().chars().any(char::is_control);
    let stem = Path::new(&name).file_stem().filter(is_fine).unwrap_or(OsStr::new("run"));
    let mut file = stem.to_owned();
    file.push(".jsonl");
    file
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_setting_that_forbids_tracing_is_named() {
        let said = |surroundings: Surroundings| advice(&surroundings);
        let none = Surroundings::default();
        assert!(said(Surroundings { yama: Some(2), ..none.clone() }).contains("sysctl kernel.yama.ptrace_scope=1"));
        assert!(said(Surroundings { yama: Some(3), ..none.clone() }).contains("until the next start"));
        let traced = Surroundings { tracer: Some("strace".to_owned()), yama: Some(1), ..none.clone() };
        assert!(said(traced).contains("by strace"));
        assert!(said(Surroundings { filtered: true, ..none.clone() }).contains("--cap-add=SYS_PTRACE"));
        assert!(said(Surroundings { selinux: true, ..none.clone() }).contains("setsebool"));
        assert!(said(none).contains("Neither"));
    }

    #[test]
    fn a_journal_is_named_after_its_program() {
        let name = |words: &[&str]| journal_name(&words.iter().map(OsString::from).collect::<Vec<_>>());
        assert_eq!(name(&["python3", "tcp_server.py"]), "tcp_server.jsonl");
        assert_eq!(name(&["/usr/bin/nc", "-l", "5000"]), "nc.jsonl");
        assert_eq!(name(&["python3", "-uc", "import socket; socket.socket()"]), "python3.jsonl");
        assert_eq!(name(&["./two\nlines"]), "run.jsonl");
        assert_eq!(name(&[&"long".repeat(60)]), "run.jsonl");
        assert_eq!(name(&[]), "run.jsonl");
    }
}
