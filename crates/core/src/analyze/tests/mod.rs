//! Stories of whole runs: captures told frame by frame, and all that is said of them. What one module decides is tested
//! beside that module.
//!
//! - `clients`: which connection is which client's, and how many clients there were
//! - `clocks_of_journals`: who was there at the same time, by journals
//! - `datagrams`: UDP programs of other kinds than an echo server and clients that ask first
//! - `from_before`: connections of which a capture lacks the handshake
//! - `journals`: what journals add to captures, without making an answer less true
//! - `journals_of_other_runs`: journals of runs that were not captured, which count for nothing
//! - `missing_frames`: frames that were not captured, and were sent all the same
//! - `one_computer`: servers and all clients on one computer, told apart by the order of the sheet
//! - `order_of_files`: files in any order, and those of a ring buffer
//! - `other_runs`: a step whose only client ran twice
//! - `own_sheets`: sheets of a lecturer's own
//! - `programs_of_journals`: programs that do otherwise than the sheet's, by their journals
//! - `reply_sockets`: UDP servers that reply from another socket, and datagrams to all computers
//! - `restarts`: servers that were stopped and followed by another one at the same address
//! - `several_files`: one run that several files show one after the other, or overlapping
//! - `udp_sheets`: sheets with several UDP clients on one host, or without TCP
//! - `whole_labs`: the lab as the sheet has it, and its usual variants
//!
//! `support` has what they share.

mod clients;
mod clocks_of_journals;
mod datagrams;
mod from_before;
mod journals;
mod journals_of_other_runs;
mod missing_frames;
mod one_computer;
mod order_of_files;
mod other_runs;
mod own_sheets;
mod programs_of_journals;
mod reply_sockets;
mod restarts;
mod several_files;
pub(super) mod support;
mod udp_sheets;
mod whole_labs;
