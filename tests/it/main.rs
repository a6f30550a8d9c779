//! The integration tests: one binary, a module for each part.

// clippy.toml allows these in test functions, but not in their helpers.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

#[cfg(unix)]
mod servers;
