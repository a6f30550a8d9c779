//! The numbers of processes and threads in `/proc`, where they differ from the system's calls.
//!
//! In a process namespace of its own whose `/proc` is still that of the outer one (a rehearsal), a thread has one number
//! for ptrace(2) and another as a folder of `/proc` (pid_namespaces(7)). `NSpid` in its status has both.

use std::fs;
use std::path::{Path, PathBuf};

use nix::unistd::Pid;

/// How many process namespaces lie between `/proc` and this process, itself counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Numbers {
    level: usize,
}

impl Numbers {
    /// As this process sees them.
    pub(super) fn of_this_process() -> Numbers {
        let own = fs::read_to_string("/proc/self/status").unwrap_or_default();
        Numbers { level: field(&own, "NSpid:").count().max(1) }
    }

    /// A thread's number in `/proc`; `None` if it is gone.
    pub(super) fn listed(self, thread: Pid) -> Option<u32> {
        let wanted = thread.as_raw().cast_unsigned();
        if self.level == 1 {
            return Some(wanted);
        }
        let own = fs::read_link("/proc/self/ns/pid").ok();
        let folders = folders(Path::new("/proc"));
        let inside = folders.filter(|folder| fs::read_link(folder.join("ns/pid")).ok() == own);
        let mut threads = inside.flat_map(|folder| self::folders(&folder.join("task")));
        let found = threads.find(|folder| self.number(&status(folder), "NSpid:") == Some(wanted));
        number_of(&found?)
    }

    /// The process that a thread belongs to, as the system's calls number it, by the thread's number in `/proc`.
    pub(super) fn process(self, listed: u32) -> Option<Pid> {
        let number = self.number(&status(&PathBuf::from(format!("/proc/{listed}"))), "NStgid:")?;
        Some(Pid::from_raw(number.cast_signed()))
    }

    /// The number in this process's own namespace; a thread may be in still deeper ones.
    fn number(self, status: &str, name: &str) -> Option<u32> {
        field(status, name).nth(self.level.checked_sub(1)?)
    }
}

fn status(folder: &Path) -> String {
    fs::read_to_string(folder.join("status")).unwrap_or_default()
}

/// The numbers of a line of proc_pid_status(5).
fn field<'a>(status: &'a str, name: &str) -> impl Iterator<Item = u32> + use<'a> {
    let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
    line.split_whitespace().filter_map(|number| number.parse().ok())
}

/// The folders there whose names are numbers.
fn folders(parent: &Path) -> impl Iterator<Item = PathBuf> + use<> {
    let entries = fs::read_dir(parent).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).filter(|path| number_of(path).is_some())
}

fn number_of(folder: &Path) -> Option<u32> {
    folder.file_name()?.to_str()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_at_ones_own_level_counts() {
        let status = "Name:\tpython3\nTgid:\t4711\nNStgid:\t4711\t7\t1\nPid:\t4712\nNSpid:\t4712\t8\t2\n";
        let at = |level| {
            let numbers = Numbers { level };
            (numbers.number(status, "NStgid:"), numbers.number(status, "NSpid:"))
        };
        assert_eq!(at(1), (Some(4711), Some(4712)));
        assert_eq!(at(2), (Some(7), Some(8)));
        assert_eq!(at(4), (None, None));
    }

    #[test]
    fn this_process_is_found_at_any_level() {
        let own = Pid::this();
        let numbers = Numbers::of_this_process();
        let listed = numbers.listed(own).unwrap();
        assert_eq!(fs::read_link("/proc/self").unwrap(), PathBuf::from(listed.to_string()));
        assert_eq!(numbers.process(listed), Some(own));
    }
}
