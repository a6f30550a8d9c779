//! Signals that are sent to this process but meant for the program.
//!
//! The program is in the same process group, so what a terminal sends (Ctrl-C, Ctrl-Z, a closed window) reaches it by
//! itself, and this process only must not die of it. What someone sends to this process alone is passed on.

use std::collections::HashMap;
use std::fs;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{SigSet, Signal, kill};
use nix::sys::signalfd::SignalFd;
use nix::unistd::Pid;

use crate::servers::stop::lock;

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
pub(super) fn pass_on(signals: &SigSet, program: Pid, listed: u32, delivered: Arc<Delivered>) -> std::io::Result<()> {
    let signals = SignalFd::new(signals)?;
    let work = move || {
        while let Ok(Some(sent)) = signals.read_signal() {
            let signal = i32::try_from(sent.ssi_signo).ok().and_then(|number| Signal::try_from(number).ok());
            if let Some(signal) = signal
                && sent.ssi_code != SI_KERNEL
                && !is_pending(listed, signal)
                && !delivered.just_now(signal)
            {
                // It may have ended by now.
                let _ = kill(program, signal);
            }
        }
    };
    thread::Builder::new().name("signals".to_owned()).spawn(work).map(drop)
}

/// Whether a signal was sent to a thread, by its number in `/proc`, or to its process, and has not reached it yet
/// (proc_pid_status(5), SigPnd, ShdPnd).
pub(super) fn is_pending(listed: u32, signal: Signal) -> bool {
    let status = fs::read_to_string(format!("/proc/{listed}/status")).unwrap_or_default();
    let is_set = |mask: &str| u64::from_str_radix(mask.trim(), 16).is_ok_and(|mask| has(mask, signal));
    status.lines().any(|line| line.strip_prefix("SigPnd:").or_else(|| line.strip_prefix("ShdPnd:")).is_some_and(is_set))
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
    fn what_was_delivered_is_remembered() {
        let delivered = Delivered::default();
        assert!(!delivered.just_now(Signal::SIGINT));
        delivered.note(Signal::SIGINT);
        assert!(delivered.just_now(Signal::SIGINT) && !delivered.just_now(Signal::SIGTERM));
    }
}
