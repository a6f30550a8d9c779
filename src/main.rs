//! The `socklab` command: it only calls the library.

#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    socklab::cli::main()
}
