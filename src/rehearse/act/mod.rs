//! Carrying a plan out, on Linux.
//!
//! [`space`] takes the process into namespaces of its own; there [`conductor`] makes the [`host`]s and their
//! `network`, and does what the plan says. It waits for what has happened, never for a time to pass: for lines of the
//! programs' journals, for the state of sockets (`sockets`), for frames (`wire`).
//!
//! Nothing needs cleaning up: every process is in one process namespace and every interface in network namespaces that
//! only those processes hold, so the kernel removes all of them with the first process, whatever ends it.

pub mod conductor;
pub mod host;
mod network;
mod ping;
pub mod program;
pub mod space;
mod wire;
