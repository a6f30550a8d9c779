//! Writes a made capture to a file: `cargo bench --bench generate -- KIND FILE [FRAMES]`.
#![allow(
    clippy::print_stderr,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    missing_docs,
    reason = "it may fail, and says so"
)]

mod captures;

use std::fs::File;
use std::io::{self, BufWriter};
use std::process::ExitCode;

use captures::Kind;

fn main() -> io::Result<ExitCode> {
    // cargo adds `--bench`.
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let kind = |name: &String| Kind::ALL.into_iter().find(|kind| kind.name() == name);
    let frames = |kind: Kind| arguments.get(2).map_or(Ok(kind.frames()), |number| number.parse());
    match (arguments.first().and_then(kind), arguments.get(1)) {
        (Some(kind), Some(path)) => {
            let frames = frames(kind).map_err(io::Error::other)?;
            captures::write(kind, frames, &mut BufWriter::with_capacity(1 << 20, File::create(path)?))?;
            Ok(ExitCode::SUCCESS)
        }
        _ => {
            let names = Kind::ALL.map(Kind::name).join("|");
            eprintln!("usage: cargo bench --bench generate -- {names} FILE [FRAMES]");
            Ok(ExitCode::from(2))
        }
    }
}
