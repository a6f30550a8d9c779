//! The five socket programs, run as programs on loopback, with the kernel's own free ports.
//!
//! Every wait is for an event (a line on a screen, bytes on a socket, an exit), with a bound that only a failure meets.

mod clients;
mod hostile;
mod iterative;
mod manner;
pub(crate) mod program;
mod threaded;
mod udp;
