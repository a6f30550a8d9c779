//! socklab: a socket-programming lab, from captures to answers.
//!
//! What touches the system: the socket programs, live capture, the whole lab on one computer, watching any program's
//! socket calls, the kernel's list of sockets, and the command line. [`python`] holds the lab's Python programs as text.
//!
//! What reads captures, answers and grades are crates below (`crates/`). Data and imports flow one way: `packets` → `core` →
//! `grade` → this.

#![forbid(unsafe_code)]

pub mod capture;
pub mod cli;
pub mod python;
pub mod rehearse;
pub mod servers;
#[cfg(target_os = "linux")]
pub mod socket_table;
#[cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
pub mod witness;
