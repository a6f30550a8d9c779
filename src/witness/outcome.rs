//! How the program ended, and ending in the same way, so that whoever started the run sees no difference.

use std::process;

use nix::sys::resource::{Resource, setrlimit};
use nix::sys::signal::{SigSet, Signal, raise};

/// How a program ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// By itself, with this exit status.
    Exited(i32),
    /// By a signal.
    Killed(Signal),
}

impl Outcome {
    /// Ends this process as the program ended.
    pub fn repeat(self) -> ! {
        match self {
            Outcome::Exited(status) => process::exit(status),
            Outcome::Killed(signal) => {
                // The program's core dump is enough.
                let _ = setrlimit(Resource::RLIMIT_CORE, 0, 0);
                let mut own = SigSet::empty();
                own.add(signal);
                let _ = own.thread_unblock();
                // Twice: of SIGSEGV and SIGBUS the first only ends Rust's own handling (of an overflowing stack).
                let _ = raise(signal).and_then(|()| raise(signal));
                // What a shell makes of it, should this process have survived.
                process::exit(128_i32.saturating_add(signal as i32))
            }
        }
    }
}
