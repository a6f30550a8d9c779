//! What each fuzz target does with its bytes. The targets themselves, in `fuzz_targets/`, only call it.
//!
//! A target finds a panic, an overflow, a hang or too much memory by itself; what else must hold is in `checks`, which
//! the tests use too.

#[path = "../../tests/it/hostile/checks.rs"]
mod checks;
mod frames;

use std::str;

use socklab_core::analyze::lab_file as read_lab;
use socklab_core::escape::{harmless, is_harmful};
use socklab_core::filter::Filter;
use socklab_core::journal::{Journal, NamedJournal};
use socklab_core::lab::{LabConfig, Sheet};
use socklab_grade::form::Form;
use socklab_packets::decode::Decoder;
use socklab_packets::limits::Limits;
use socklab_packets::pipeline::read_capture;
use socklab_packets::track::Tracker;

pub use frames::{decoder, tracker};

/// What stands between the files of one input of [`analysis`].
pub const SEPARATOR: &[u8] = b"\n--- next file ---\n";

/// Limits so small that short inputs reach them.
pub fn small_limits() -> Limits {
    Limits {
        held_bytes: 512,
        interfaces: 3,
        option_text_bytes: 8,
        connections: 4,
        fragmented_datagrams: 2,
        fragment_bytes: 2000,
        notes_per_connection: 5,
        notes: 12,
        table_entries: 3,
        ..Limits::default()
    }
}

/// The file reader, and both ways to follow what it reads. With the ordinary limits and with small ones.
pub fn reader(data: &[u8]) {
    for limits in [Limits::default(), small_limits()] {
        checks::reading(data, &limits);
        checks::following(data, &limits);
    }
}

/// A lab file.
pub fn lab_file(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else { return };
    match read_lab(text) {
        Ok(config) => {
            let mut same = config.clone();
            same.override_with(config.clone());
            assert_eq!(same, config);
        }
        Err(problems) => {
            assert!(!problems.is_empty());
            let lines = text.matches('\n').count() + 1;
            for problem in problems {
                assert!((1..=lines).contains(&problem.line) && problem.column > 0, "{problem:?}");
                assert!(!problem.reason.is_empty() && !problem.remedy.is_empty(), "{problem:?}");
            }
        }
    }
    assert!(!harmless(text).contains(is_harmful));
}

/// A journal: what is read is written and read again as the same.
pub fn journal(data: &[u8]) {
    let Ok(journal) = Journal::read(data) else { return };
    let mut bytes = Vec::new();
    for event in &journal.events {
        event.write(&mut bytes).expect("memory takes everything");
    }
    let again = Journal::read(bytes.as_slice()).expect("what was written is a journal");
    assert_eq!(again.events, journal.events);
}

/// The whole analysis: captures, journals and a lab file, with [`SEPARATOR`] between them. What begins with `{` is a
/// journal, what begins with `#` a lab file, all else a capture. An input that begins with `!` is read with small limits.
pub fn analysis(data: &[u8]) {
    let (limits, data) = match data {
        [b'!', rest @ ..] => (small_limits(), rest),
        _ => (Limits::default(), data),
    };
    let (mut captures, mut journals, mut config) = (Vec::new(), Vec::new(), LabConfig::default());
    let mut read = Vec::new();
    for (number, file) in files(data).enumerate() {
        let name = format!("{number}\u{1b}[31m{}\".pcapng", checks::MARKUP);
        match file {
            [b'{', ..] => {
                let journal = Journal::read(file);
                journals.extend(journal.map(|journal| NamedJournal { file: name, journal }));
            }
            [b'#', ..] => {
                let file = str::from_utf8(file).ok().and_then(|text| read_lab(text).ok());
                config.override_with(file.unwrap_or_default());
            }
            _ => {
                if let Ok(capture) = read_capture(&name, file, &limits, &mut |_| ()) {
                    captures.push(capture);
                    read.push(file);
                }
            }
        }
    }
    for capture in &captures {
        checks::traffic(&capture.traffic, capture.info.frames, &limits);
    }
    let analysis = checks::analysis(captures, &journals, &config);
    for (capture, file) in read.into_iter().enumerate() {
        checks::annotated(file, &analysis, capture, &limits);
    }
}

/// A student's form with answers, in TOML or JSON.
pub fn answers(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else { return };
    let (form, problems) = Form::read(text, &Sheet::built_in());
    // What is missing at the end is missed in the line behind the last. A carriage return alone ends one too.
    let lines = text.replace("\r\n", "\n").replace('\r', "\n").lines().count() + 1;
    for problem in problems {
        assert!(problem.line.is_none_or(|line| (1..=lines).contains(&line)), "{problem:?}");
        assert!(!problem.reason.is_empty() && !problem.remedy.is_empty(), "{problem:?}");
    }
    for entry in form.entries.values() {
        assert!(entry.facts.values().all(|given| !given.text.contains('\n')), "{entry:?}");
    }
}

/// A capture filter: what is read is written and read again as the same, and an error points into the text.
pub fn filter(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else { return };
    match text.parse::<Filter>() {
        Ok(filter) => {
            // `!` is written as `not`: what was just short enough can become too long.
            let written = filter.to_string();
            assert!(written.len() > text.len() || written.parse::<Filter>().as_ref() == Ok(&filter), "{written}");
        }
        Err(error) => {
            assert!(text.get(error.at()).is_some(), "{:?}", error.at());
            assert!(error.to_string().lines().all(|line| !line.contains(is_harmful)));
        }
    }
}

fn files(data: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(data);
    std::iter::from_fn(move || {
        let bytes = rest?;
        let at = bytes.windows(SEPARATOR.len()).position(|window| window == SEPARATOR);
        rest = at.and_then(|at| bytes.get(at + SEPARATOR.len()..));
        at.map_or(Some(bytes), |at| bytes.get(..at))
    })
}
