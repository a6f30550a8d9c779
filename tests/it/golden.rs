//! What people read, whole: to be looked at in the diff when it changes. `UPDATE_GOLDEN=1 cargo test golden` writes it
//! anew.

use std::fs;
use std::path::{Path, PathBuf};

use crate::support::{assert_golden, package, socklab};

/// The captures that the sheet asks for.
const PLAIN: [&str; 4] = ["part2-step2-B.pcapng", "part2-step3-C.pcapng", "step12.pcapng", "step8.pcapng"];

/// Those, and two of step 10.
const WHOLE: [&str; 6] = [
    "part2-step2-B.pcapng",
    "part2-step3-C.pcapng",
    "step10-A.pcapng",
    "step10-C.pcapng",
    "step12.pcapng",
    "step8.pcapng",
];

#[track_caller]
fn golden(name: &str, folder: &str, arguments: &[&str]) {
    let ran = socklab("analyze").within(&package("fixtures").join(folder)).args(arguments).run();
    assert_golden(name, &ran.status(0).stderr_is("").stdout());
}

#[test]
fn a_whole_run_of_the_lab() {
    golden("plain.txt", "plain", &WHOLE);
}

#[test]
fn a_whole_run_of_the_lab_explained() {
    golden("plain-explained.txt", "plain", &[&PLAIN[..], &["--explain"]].concat());
}

#[test]
fn one_file_with_everything() {
    golden("step8-all.txt", "plain", &["step8.pcapng", "--all"]);
}

#[test]
fn a_whole_run_of_the_lab_with_journals() {
    let mut journals: Vec<String> = fs::read_dir(package("fixtures/plain/journals"))
        .unwrap()
        .map(|entry| format!("journals/{}", entry.unwrap().file_name().into_string().unwrap()))
        .collect();
    journals.sort();
    let mut arguments = PLAIN.to_vec();
    arguments.extend(["--explain", "--journal"]);
    arguments.extend(journals.iter().map(String::as_str));
    golden("plain-journals.txt", "plain", &arguments);
}

#[test]
fn a_capture_that_began_late() {
    golden("late-start.txt", "mistakes", &["tcp-late-start.pcapng"]);
}

#[test]
fn a_client_run_three_times() {
    golden("connected-again.txt", "mistakes", &["tcp-connected-again.pcapng", "--question", "I.1a,I.4a"]);
}

#[test]
fn the_lab_over_ipv6() {
    golden("ipv6.txt", "variations", &["tcp-ipv6.pcapng"]);
}

#[test]
fn the_help() {
    golden("analyze-help.txt", ".", &["--help"]);
}

/// Every capture among the fixtures, by folder.
fn captures() -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    for folder in fs::read_dir(package("fixtures")).unwrap().map(|entry| entry.unwrap().path()) {
        if folder.is_dir() {
            let files = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap());
            let names = files.map(|file| file.file_name().into_string().unwrap());
            found.extend(names.filter(|name| name.contains(".pcap")).map(|name| (folder.clone(), name)));
        }
    }
    assert!(found.len() > 20, "the fixtures were not found");
    found
}

/// Display filters stand alone, to be copied, and are never broken; they begin with a field's name.
fn is_to_copy(line: &str) -> bool {
    ["frame.", "tcp.", "udp.", "ip."].iter().any(|field| line.trim_start().starts_with(field))
}

#[track_caller]
fn assert_fits(folder: &Path, name: &str) {
    let table = socklab("analyze").within(folder).args([name, "--all"]).run().status(0).stdout();
    for line in table.lines().filter(|line| !is_to_copy(line)) {
        assert!(line.chars().count() <= 80, "{name}: {line:?}");
    }
}

#[test]
fn every_fixture_fits_80_columns() {
    for (folder, name) in captures() {
        assert_fits(&folder, &name);
    }
}
