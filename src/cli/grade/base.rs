//! `--base`: captures that the course handed out, which are no copies where students hand them in.

use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::cli::exit::Failure;
use crate::cli::input;
use socklab_core::lab::Sheet;
use socklab_grade::budget::Budget;
use socklab_grade::collect::Collector;
use socklab_grade::copies::left_out::LeftOut;
use socklab_grade::limits::SubmissionLimits;

/// Reads the captures, which may be in archives.
///
/// # Errors
/// If a file can't be read, or nothing in it can be compared.
pub(super) fn read(
    files: &[PathBuf],
    sheet: &Sheet,
    limits: &SubmissionLimits,
    time: Duration,
) -> Result<LeftOut, Failure> {
    let mut left_out = LeftOut::default();
    for path in files {
        add(&mut left_out, sheet, path, limits, time)?;
    }
    Ok(left_out)
}

fn add(
    left_out: &mut LeftOut,
    sheet: &Sheet,
    path: &Path,
    limits: &SubmissionLimits,
    time: Duration,
) -> Result<(), Failure> {
    let name = input::name(path.as_os_str());
    let failure = |reason: &str| Failure::new(&name, reason).hint("--base takes a capture, or an archive of captures.");
    let bytes = input::read_bytes(path, limits.file_bytes)?;
    let start = Instant::now();
    let is_late = || start.elapsed() > time;
    let budget = Budget::new(limits, &is_late);
    let mut collector = Collector::new(limits, &budget, sheet);
    collector.stored(&name, Cursor::new(bytes));
    let found = collector.finish();
    if found.fingerprint.size() == 0 {
        let reason = found.refused.first().map(|refusal| refusal.reason.clone());
        return Err(failure(&reason.unwrap_or_else(|| "no capture in it can be compared".to_owned())));
    }
    left_out.add(&found.fingerprint);
    Ok(())
}
