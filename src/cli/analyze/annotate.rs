//! `--annotate`: each capture written again with its comments.

use std::io;
use std::path::{Path, PathBuf};

use crate::cli::exit::{Failure, say};
use crate::cli::input;
use crate::cli::output::Destination;
use socklab_core::analyze::analysis::{Analysis, CaptureAnalysis};
use socklab_core::report::annotate::comments;
use socklab_core::report::names::annotated;
use socklab_core::wording::count;
use socklab_packets::capfile::{Rewritten, rewrite};
use socklab_packets::limits::Limits;

/// Which capture is written where.
///
/// # Errors
/// If there are not as many outputs as captures, if a capture cannot be read twice, or if a file would be overwritten that
/// is an input or another output.
pub(super) fn plan(
    outputs: &[PathBuf],
    captures: &[PathBuf],
    inputs: &[PathBuf],
) -> Result<Vec<(PathBuf, PathBuf)>, Failure> {
    if outputs.is_empty() {
        return Ok(Vec::new());
    }
    let targets: Vec<PathBuf> = match outputs {
        [directory] if directory.is_dir() => {
            captures.iter().map(|capture| directory.join(annotated(&input::name(capture.as_os_str())))).collect()
        }
        _ => outputs.to_vec(),
    };
    if targets.len() != captures.len() {
        let (outputs, captures) = (count(targets.len() as u64, "output"), count(captures.len() as u64, "capture"));
        return Err(Failure::new("--annotate", format_args!("{outputs} for {captures}"))
            .hint("Give --annotate once for each capture, in the same order, or name an existing directory."));
    }
    for (place, target) in targets.iter().enumerate() {
        let name = || input::name(target.as_os_str());
        if input::is_stdin(target) {
            return Err(Failure::new("--annotate", "annotated captures go to files, not to standard output")
                .hint("Name a file: --annotate OUT.pcapng"));
        }
        if input::same_file(target, inputs).is_some() {
            return Err(Failure::new(name(), "this file is an input; it is not overwritten")
                .hint("Name another file with --annotate."));
        }
        if targets.iter().take(place).any(|earlier| earlier == target) {
            return Err(Failure::new(name(), "two captures would be written there")
                .hint("Give --annotate once for each capture, with different names."));
        }
    }
    if let Some(capture) = captures.iter().find(|capture| !capture.is_file()) {
        return Err(Failure::new(input::name(capture.as_os_str()), "only a file can be annotated: it is read twice")
            .hint("Save the capture to a file first."));
    }
    Ok(captures.iter().cloned().zip(targets).collect())
}

/// Writes one capture again.
///
/// # Errors
/// With what to do about it.
pub(super) fn write(analysis: &Analysis, capture: &Path, target: &Path) -> Result<(), Failure> {
    let name = input::name(capture.as_os_str());
    let found = analysis.captures.iter().position(|capture| capture.file == name);
    // A capture that could not be read was reported already.
    let Some((number, analyzed)) = found.and_then(|number| Some((number, analysis.captures.get(number)?))) else {
        return Ok(());
    };
    let comments = comments(analysis, number);
    let input = input::open(capture, input::Wanted::Capture)?;
    let mut done = Rewritten::default();
    Destination::File(target.to_owned()).write(|out| {
        done = rewrite(input.reader, out, &Limits::default(), &analyzed.info, &comments).map_err(io::Error::other)?;
        Ok(())
    })?;
    tell(analyzed, target, done);
    Ok(())
}

fn tell(capture: &CaptureAnalysis, target: &Path, done: Rewritten) {
    let target = input::name(target.as_os_str());
    say("note", &format!("{target}: {} of {} got comments", count(done.commented, "frame"), done.frames));
    if done.without_room > 0 {
        let frames = count(done.without_room, "frame");
        say("warning", &format!("{target}: {frames} in Simple Packet Blocks have no room for a comment"));
    }
    if capture.info.warnings.iter().any(|warning| warning.offset.is_some()) {
        say("warning", &format!("{target}: it ends where {} could not be read any further", capture.file));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_one_output_for_each_capture() {
        let directory = tempfile::tempdir().unwrap();
        let captures = ["a.pcap", "b.pcap"].map(|name| directory.path().join(name));
        captures.iter().for_each(|capture| std::fs::write(capture, "").unwrap());
        let out = |name: &str| directory.path().join(name);
        assert!(plan(&[out("x")], &captures, &captures).unwrap_err().cause.contains("1 output for 2 captures"));
        assert!(plan(&[out("x"), out("x")], &captures, &captures).is_err());
        assert!(plan(&[out("x"), out("b.pcap")], &captures, &captures).unwrap_err().cause.contains("input"));
        let planned = plan(&[directory.path().to_owned()], &captures, &captures).unwrap();
        assert_eq!(planned[1].1, out("b-annotated.pcapng"));
        assert!(plan(&[out("x")], &[PathBuf::from("-")], &[]).is_err());
    }
}
