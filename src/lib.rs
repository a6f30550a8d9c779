//! socklab: a socket-programming lab, from captures to answers.
//!
//! Data flows one way, and so do the imports:
//!
//! - [`capfile`]: a capture file's bytes → frames
//! - [`analyze`]: frames → packets → connections → the lab → answers and findings
//! - [`report`]: an analysis → tables and JSON
//! - [`filter`]: which packets pass, in pcap-filter's spelling
//! - `servers`, `capture`, `rehearse`, `witness`, `socket_table`, `cli`: the socket programs, live capture, the whole lab
//!   on one computer, watching any program's socket calls, the kernel's list of sockets, and the command line (feature
//!   `cli`)
//! - [`grade`]: a submission's captures and written answers → points, with the reasons
//!
//! [`python`] holds the lab's Python programs as text. All rest on [`types`]; [`lab`] knows the sheet (questions, steps, hosts),
//! [`facts`] what a sheet can ask of a capture, [`journal`] the socket programs' event log.
//! Everything but these six is the core: it opens no file, reads no clock, prints nothing, starts no thread.

#![forbid(unsafe_code)]

pub mod analyze;
pub mod capfile;
#[cfg(feature = "cli")]
pub mod capture;
#[cfg(feature = "cli")]
pub mod cli;
pub mod escape;
pub mod facts;
pub mod filter;
pub mod grade;
pub mod journal;
pub mod lab;
pub mod limits;
pub mod python;
#[cfg(feature = "cli")]
pub mod rehearse;
pub mod report;
#[cfg(feature = "cli")]
pub mod servers;
#[cfg(all(feature = "cli", target_os = "linux"))]
pub mod socket_table;
pub mod types;
pub mod wireshark;
#[cfg(all(feature = "cli", target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
pub mod witness;
pub mod wording;
