//! Signals that are sent to this process but meant for the program.
//!
//! The program is in the same process group, so what a terminal sends (Ctrl-C, Ctrl-Z, a closed window) reaches it by
//! itself, and this process only must not die of it. What someone sends to this process alone is passed on. When the program
//! has ended and what it started goes on, that gets the signals.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{SigSet, Signal, kill};
use nix::sys::signalfd::SignalFd;
use nix::unistd::{Pid, getpgid, getpgrp};

use crate::servers::stop::lock;
use crate::witness::{names, note};
use socklab_core::wording;

/// The signals that are not for this process.
const PASSED_ON: [Signal; 9] = [
    Signal::SIGHUP,
    Signal::SIGINT,
    Signal::SIGQUIT,
    Signal::SIGTERM,
    Signal::SIGUSR1,
    Signal::SIGUSR2,
    Signal::SIGTSTP,
    Signal::SIGTTIN,
    Signal::SIGTTOU,
];

/// A signal that reached the program so recently came with the one that reached this process.
const TOGETHER: Duration = Duration::from_millis(200);

/// `si_code` of a signal that the kernel sent, such as for a key at the terminal (linux/siginfo.h).
const SI_KERNEL: i32 = 0x80;

/// When the program was last given which signal.
#[derive(Debug, Default)]
pub(super) struct Delivered(Mutex<HashMap<i32, Instant>>);

impl Delivered {
    /// The program is given this signal now.
    pub(super) fn note(&self, signal: Signal) {
        lock(&self.0).insert(signal as i32, Instant::now());
    }

    fn just_now(&self, signal: Signal) -> bool {
        lock(&self.0).get(&(signal as i32)).is_some_and(|at| at.elapsed() < TOGETHER)
    }
}

/// How long something goes on before it is said that it does: the programs of a pipeline end one after the other.
const AFTER: Duration = Duration::from_secs(1);
/// Time between two looks whether an end was taken in.
const LOOK: Duration = Duration::from_millis(1);
/// Most programs that are named.
const NAMED: usize = 3;
/// The Ctrl-C that kills what goes on: a program may ignore the ones before.
const LAST: u32 = 3;
/// The signals that are to end a program.
const ENDING: [Signal; 4] = [Signal::SIGHUP, Signal::SIGINT, Signal::SIGQUIT, Signal::SIGTERM];

/// The processes that go on when the first one has ended, each with its number in `/proc`; `None` before.
#[derive(Debug, Default)]
pub(super) struct Left(Mutex<Option<BTreeMap<Pid, u32>>>);

impl Left {
    /// The first process has ended, and these go on.
    pub(super) fn set(&self, processes: BTreeMap<Pid, u32>) {
        *lock(&self.0) = Some(processes);
    }

    fn processes(&self) -> Option<BTreeMap<Pid, u32>> {
        lock(&self.0).clone()
    }

    /// The same, once the end of the first process was taken in.
    fn once_known(&self) -> Option<BTreeMap<Pid, u32>> {
        let start = Instant::now();
        while start.elapsed() < AFTER && self.processes().is_none() {
            thread::sleep(LOOK);
        }
        self.processes()
    }

    /// Says, unless nothing is left soon, what goes on although the program of this name has ended.
    pub(super) fn tell(left: &Arc<Left>, name: String) {
        let left = Arc::clone(left);
        let work = move || {
            thread::sleep(AFTER);
            if let Some(text) = go_on(&name, &left.processes().unwrap_or_default()) {
                note(&text);
            }
        };
        // Without it nothing is said.
        let _ = thread::Builder::new().name("what goes on".to_owned()).spawn(work);
    }
}

fn go_on(name: &str, left: &BTreeMap<Pid, u32>) -> Option<String> {
    let (goes, it) = if left.len() == 1 { ("goes", "it") } else { ("go", "them") };
    let named = wording::list(named(left));
    (!left.is_empty()).then(|| format!("{name} has ended; {named} {goes} on. Ctrl-C ends {it}."))
}

/// The first of these processes with their names, and how many more there are.
fn named(left: &BTreeMap<Pid, u32>) -> Vec<String> {
    let named = left.iter().take(NAMED).map(|(process, listed)| {
        let line = fs::read(format!("/proc/{listed}/cmdline")).unwrap_or_default();
        format!("{} ({process})", names::of(&line))
    });
    let mut named: Vec<String> = named.collect();
    let more = left.len().saturating_sub(named.len());
    named.extend((more > 0).then(|| format!("{more} more")));
    named
}

/// Passes a signal to what goes on when the program has ended. A shell lets what it starts in the background ignore Ctrl-C:
/// now that nothing else is there to be ended by it, SIGTERM does that.
fn pass_to_left(left: &BTreeMap<Pid, u32>, signal: Signal, has_reached_the_group: bool) {
    for (process, listed) in left {
        let ignores = has_in_mask(*listed, &["SigIgn:"], signal);
        let in_group = getpgid(Some(*process)).is_ok_and(|group| group == getpgrp());
        let reached = has_reached_the_group && in_group || is_pending(*listed, signal);
        let sent = match signal {
            Signal::SIGINT if ignores => Some(Signal::SIGTERM),
            _ if ignores || reached => None,
            Signal::SIGHUP | Signal::SIGINT | Signal::SIGQUIT | Signal::SIGTERM | Signal::SIGUSR1 | Signal::SIGUSR2 => {
                Some(signal)
            }
            // One that stops: this process is not stopped either.
            _ => None,
        };
        if let Some(sent) = sent {
            // It may have ended by now.
            let _ = kill(*process, sent);
        }
        // Ctrl-Z has stopped it, and no shell lets it go on.
        if ENDING.contains(&signal) && is_stopped(*listed) {
            let _ = kill(*process, Signal::SIGCONT);
        }
    }
}

/// Ends what goes on although Ctrl-C was pressed this often, and says so.
fn end_left(left: &BTreeMap<Pid, u32>) {
    if let Some(text) = killed(left) {
        note(&text);
    }
    for process in left.keys() {
        let _ = kill(*process, Signal::SIGKILL);
    }
}

fn killed(left: &BTreeMap<Pid, u32>) -> Option<String> {
    let (has, it) = if left.len() == 1 { ("has", "it") } else { ("have", "them") };
    let named = wording::list(named(left));
    (!left.is_empty()).then(|| format!("{named} {has} not ended; the third Ctrl-C kills {it} (SIGKILL)."))
}

/// Whether a process is stopped; under a tracer it has a letter of its own (proc_pid_status(5)).
fn is_stopped(listed: u32) -> bool {
    let status = fs::read_to_string(format!("/proc/{listed}/status")).unwrap_or_default();
    status.lines().filter_map(|line| line.strip_prefix("State:")).any(|state| state.trim().starts_with(['T', 't']))
}

/// Keeps the signals from this thread and all that it will start.
///
/// # Errors
/// Should the system refuse.
pub(super) fn block() -> nix::Result<SigSet> {
    let signals = SigSet::from_iter(PASSED_ON);
    signals.thread_block()?;
    Ok(signals)
}

/// Passes them on to the program from now on.
///
/// # Errors
/// If the system gives no thread, or no descriptor.
pub(super) fn pass_on(
    signals: &SigSet,
    program: Pid,
    listed: u32,
    delivered: Arc<Delivered>,
    left: Arc<Left>,
) -> std::io::Result<()> {
    let signals = SignalFd::new(signals)?;
    let work = move || {
        let mut interrupts = 0u32;
        while let Ok(Some(sent)) = signals.read_signal() {
            let signal = i32::try_from(sent.ssi_signo).ok().and_then(|number| Signal::try_from(number).ok());
            let Some(signal) = signal else { continue };
            let has_reached_the_group = sent.ssi_code == SI_KERNEL || delivered.just_now(signal);
            let mut going_on = left.processes();
            if going_on.is_none()
                && !has_reached_the_group
                && !is_pending(listed, signal)
                && kill(program, signal).is_err()
            {
                // It has ended just now.
                going_on = left.once_known();
            }
            if let Some(processes) = going_on {
                interrupts = interrupts.saturating_add(u32::from(signal == Signal::SIGINT));
                if interrupts >= LAST {
                    end_left(&processes);
                    continue;
                }
                pass_to_left(&processes, signal, has_reached_the_group);
            }
        }
    };
    thread::Builder::new().name("signals".to_owned()).spawn(work).map(drop)
}

/// Whether a signal was sent to a thread, by its number in `/proc`, or to its process, and has not reached it yet
/// (proc_pid_status(5), SigPnd, ShdPnd).
pub(super) fn is_pending(listed: u32, signal: Signal) -> bool {
    has_in_mask(listed, &["SigPnd:", "ShdPnd:"], signal)
}

/// Whether a signal is in one of these masks of a thread's status.
fn has_in_mask(listed: u32, names: &[&str], signal: Signal) -> bool {
    let status = fs::read_to_string(format!("/proc/{listed}/status")).unwrap_or_default();
    let is_set = |mask: &str| u64::from_str_radix(mask.trim(), 16).is_ok_and(|mask| has(mask, signal));
    status.lines().any(|line| names.iter().any(|name| line.strip_prefix(name).is_some_and(is_set)))
}

fn has(mask: u64, signal: Signal) -> bool {
    let bit = (signal as u32).checked_sub(1).and_then(|place| 1u64.checked_shl(place));
    bit.is_some_and(|bit| mask & bit != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bit_of_a_signal_is_one_below_its_number() {
        assert!(has(1 << 17, Signal::SIGCONT) && !has(1 << 18, Signal::SIGCONT));
        assert!(has(1, Signal::SIGHUP));
    }

    #[test]
    fn what_goes_on_is_named_with_what_ends_it() {
        let me = |count: i32| (1..=count).map(|process| (Pid::from_raw(process), std::process::id())).collect();
        let name = names::of(&fs::read("/proc/self/cmdline").unwrap());
        assert_eq!(go_on("sh", &me(0)), None);
        assert_eq!(go_on("sh", &me(1)).unwrap(), format!("sh has ended; {name} (1) goes on. Ctrl-C ends it."));
        let many = go_on("sh", &me(5)).unwrap();
        assert!(many.ends_with(&format!("{name} (3) and 2 more go on. Ctrl-C ends them.")), "{many}");
    }

    #[test]
    fn what_is_killed_is_named() {
        let me = |count: i32| (1..=count).map(|process| (Pid::from_raw(process), std::process::id())).collect();
        let name = names::of(&fs::read("/proc/self/cmdline").unwrap());
        assert_eq!(killed(&me(0)), None);
        assert_eq!(killed(&me(1)).unwrap(), format!("{name} (1) has not ended; the third Ctrl-C kills it (SIGKILL)."));
        assert!(killed(&me(2)).unwrap().ends_with("(2) have not ended; the third Ctrl-C kills them (SIGKILL)."));
    }

    #[test]
    fn what_was_delivered_is_remembered() {
        let delivered = Delivered::default();
        assert!(!delivered.just_now(Signal::SIGINT));
        delivered.note(Signal::SIGINT);
        assert!(delivered.just_now(Signal::SIGINT) && !delivered.just_now(Signal::SIGTERM));
    }
}
