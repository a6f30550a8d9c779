//! The lab's core: what captures and journals show, as answers, findings and reports.
//!
//! - [`analyze`]: connections → the lab → answers and findings
//! - [`report`]: an analysis → tables, JSON and pages
//! - [`filter`]: which packets pass, in pcap-filter's spelling
//!
//! [`lab`] knows the sheet (questions, steps, hosts), [`facts`] what a sheet can ask of a capture, [`journal`] the socket
//! programs' event log. Captures are read and followed by the crate below, `socklab-packets`.
//!
//! Bytes in, reports out: it opens no file, reads no clock, prints nothing and starts no thread, so that it also runs in a
//! web page.

#![forbid(unsafe_code)]

pub mod analyze;
pub mod escape;
pub mod facts;
pub mod filter;
pub mod journal;
pub mod lab;
pub mod report;
pub mod wireshark;
pub mod wording;
