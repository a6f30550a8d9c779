//! Watching a program's socket calls from outside (`socklab run`): the journal of any program, without its help.
//!
//! The program runs as a child that this process traces (ptrace(2)): a filter in the kernel (seccomp(2)) stops it at the
//! calls that concern sockets and lets all others pass; where the system has no such filter, it is stopped at every call.
//! Nothing of the program is changed: registers and memory are read, never written.
//!
//! - [`launch`]: the child, and why it may not be traced
//! - `tracer`: the stops of all its processes and threads, signals, the end
//! - `observer`: what the calls mean, as events; `draft`: what these are made of; `descriptors`: which descriptor is which
//!   socket
//! - `queue`: the accept queues, from the kernel's list of sockets
//! - `calls`, `filter`, `cpu`, `memory`: system calls by number, and how a stopped thread is read
//!
//! Not seen: io_uring, programs of another processor mode (32 bits), and what a program does after its tracing was refused
//! (a set-user-ID program loses that right under the filter).

pub mod launch;
pub mod tracer;

mod borrow;
mod calls;
mod cpu;
mod descriptors;
mod draft;
mod filter;
mod journal;
mod memory;
mod names;
mod numbers;
mod observer;
mod outcome;
mod queue;
mod signals;

use std::io::{self, Write};

use socklab_core::wording;

/// Says something on standard error, beside what the program prints there.
fn note(text: &str) {
    let lines = wording::wrap(text, "socklab: note: ", "  ");
    // Nobody is left to tell that standard error is gone.
    let _ = io::stderr().write_all(format!("{}\n", lines.join("\n")).as_bytes());
}
