//! socklab: a socket-programming lab, from captures to answers.
//!
//! Data flows one way, and so do the imports:
//!
//! - [`capfile`]: a capture file's bytes → frames
//! - [`analyze`]: frames → packets → connections → the lab → answers and findings
//! - [`report`]: an analysis → tables and JSON
//! - [`filter`]: which packets pass, in pcap-filter's spelling
//! - `servers`, `capture`, `rehearse`, `cli`: the socket programs, live capture, the whole lab on one computer, and the
//!   command line (feature `cli`)
//! - [`grade`]: a submission's captures and written answers → points, with the reasons
//!
//! All rest on [`types`]; [`lab`] knows the sheet (questions, steps, hosts), [`journal`] the socket programs' event log.
//! Everything but these four is the core: it opens no file, reads no clock, prints nothing, starts no thread.

#![forbid(unsafe_code)]

pub mod analyze;
pub mod capfile;
#[cfg(feature = "cli")]
pub mod capture;
#[cfg(feature = "cli")]
pub mod cli;
pub mod escape;
pub mod filter;
pub mod grade;
pub mod journal;
pub mod lab;
pub mod limits;
#[cfg(feature = "cli")]
pub mod rehearse;
pub mod report;
#[cfg(feature = "cli")]
pub mod servers;
pub mod types;
pub mod wireshark;
pub mod wording;
