//! Hostile files: damaged fixtures, what fuzzing found, and every limit reached on purpose.
//!
//! `fuzz/examples/every_byte.rs` does to every byte what is done here to a sample.

mod checks;
mod limits;

use std::fs;
use std::path::{Path, PathBuf};

use socklab_core::analyze::analysis::Code;
use socklab_core::journal::{Journal, NamedJournal};
use socklab_core::lab::LabConfig;
use socklab_packets::limits::Limits;
use socklab_packets::pipeline::read_capture;

use super::support::package;

/// Every how many bytes a fixture is cut or changed here. A prime, so that it meets every place of headers.
const STEP: usize = 4999;

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if entry.is_dir() {
            files(&entry, found);
        } else if entry.file_name().unwrap().to_string_lossy().contains(".pcap") {
            found.push(entry);
        }
    }
}

/// Reads and analyzes with everything checked; what is no capture is a clear error.
fn whole(bytes: &[u8]) {
    let limits = Limits::default();
    checks::reading(bytes, &limits);
    checks::following(bytes, &limits);
    match read_capture(&format!("a{}.pcapng", checks::MARKUP), bytes, &limits, &mut |_| ()) {
        Ok(capture) => {
            checks::traffic(&capture.traffic, capture.info.frames, &limits);
            let analysis = checks::analysis(vec![capture], &[], &LabConfig::default());
            checks::annotated(bytes, &analysis, 0, &limits);
        }
        Err(error) => assert!(!error.to_string().is_empty() && error.hint().ends_with(['.', 'g', 'G'])),
    }
}

/// A sample of what `fuzz/examples/every_byte.rs` does whole: every 4999th byte, each fixture from another one on.
#[test]
fn a_fixture_cut_or_changed_anywhere_gives_a_result_or_a_clear_error() {
    let mut found = Vec::new();
    files(&package("fixtures"), &mut found);
    assert!(found.len() > 50);
    for (number, path) in found.iter().enumerate() {
        let file = fs::read(path).unwrap();
        for place in (number % STEP..file.len()).step_by(STEP) {
            whole(&file[..place]);
            for mask in [0xff, 0x01] {
                let mut changed = file.clone();
                changed[place] ^= mask;
                whole(&changed);
            }
        }
    }
}

#[test]
fn a_scanned_host_has_no_servers_of_the_lab() {
    let file = fs::read(package("fixtures").join("hostile/port-scan.pcap")).unwrap();
    let capture = read_capture("scan.pcap", file.as_slice(), &Limits::default(), &mut |_| ()).unwrap();
    let analysis = checks::analysis(vec![capture], &[], &LabConfig::default());
    assert!(analysis.lab.servers.is_empty(), "{:?}", analysis.lab.servers);
}

#[test]
fn a_sentence_that_ends_in_a_filter_is_ended() {
    whole(&fs::read(package("fixtures").join("hostile/vxlan.pcap")).unwrap());
}

#[test]
fn an_event_with_a_comma_in_its_time_is_written_as_it_was_read() {
    let file = fs::read(package("fixtures").join("hostile/comma-in-time.jsonl")).unwrap();
    let journal = Journal::read(file.as_slice()).unwrap();
    let mut written = Vec::new();
    journal.events[0].write(&mut written).unwrap();
    assert_eq!(Journal::read(written.as_slice()).unwrap(), journal);
}

#[test]
fn a_journal_of_ten_thousand_clients_and_more_is_told_of() {
    let line = |number: u32| {
        let client = std::net::Ipv4Addr::from(0x0a00_0000 + number);
        format!(
            "{{\"time\":\"2026-11-23T18:03:31Z\",\"program\":\"udp-server\",\"pid\":1,\"event\":\"receive\",\
             \"protocol\":\"udp\",\"socket\":1,\"remote\":\"{client}:4000\"}}\n"
        )
    };
    let text: String = (0..10_005).map(line).collect();
    let journal = Journal::read(&text.as_bytes()[..text.len() - 5]).unwrap();
    assert!(journal.cut);
    let journals = [NamedJournal { file: "server.jsonl".to_owned(), journal }];
    let analysis = checks::analysis(Vec::new(), &journals, &LabConfig::default());
    let codes: Vec<Code> = analysis.findings.iter().map(|finding| finding.code).collect();
    assert_eq!(codes, [Code::LimitJournal, Code::JournalCutShort]);
}
