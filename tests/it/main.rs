//! The integration tests, in one binary: they run the program, or look at the sources as a whole.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "clippy.toml allows these in test functions, but not in their helpers"
)]

mod analyze;
mod annotate;
mod architecture;
mod capfile;
mod captures;
mod claims;
#[cfg(unix)]
mod docs;
mod facts;
mod filter;
mod fixtures;
mod golden;
mod grade;
mod hostile;
mod lab;
#[cfg(target_os = "linux")]
mod live;
#[cfg(target_os = "linux")]
mod rehearse;
mod reports;
#[cfg(unix)]
mod servers;
mod sheets;
mod streams;
mod support;
mod usage;
#[cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
mod witness;
