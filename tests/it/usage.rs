//! What the program says of a command line that it can't use: what is wrong, in words that are not the machine's.

use std::fs;
use std::path::Path;

use crate::captures;
use crate::support::socklab;

/// Numbers that are none, or none that make sense.
#[test]
fn numbers_are_asked_for_in_plain_words() {
    let cases: [(&[&str], &str); 6] = [
        (&["grade", "x", "--jobs", "0"], "expected a whole number, 1 or more"),
        (&["grade", "x", "--time", "soon"], "expected a whole number"),
        (&["tcp-server", "127.0.0.1", "abc"], "expected a whole number from 0 to 65535"),
        (&["tcp-server", "--backlog", "x"], "expected a whole number"),
        (&["analyze", "x.pcap", "--server", "10.0.3.1:0"], "no server has port 0"),
        (&["analyze", "x.pcap", "--host", "A=10.0.3.1", "--host", "A=10.0.3.9"], "host A is given two addresses"),
    ];
    for (arguments, said) in cases {
        let directory = tempfile::tempdir().unwrap();
        let ran = socklab(arguments[0]).within(directory.path()).args(&arguments[1..]).run().status(2);
        ran.stderr_has(&[said]);
    }
    let steps = ["step8.pcap", "--step", "step8.pcap=I.8", "--step", "step8.pcap=I.12"];
    socklab("analyze").args(steps).run().status(2).stderr_has(&["'step8.pcap' is given two steps"]);
}

#[cfg(target_os = "linux")]
#[test]
fn a_capture_without_a_name_is_told_of_both_ways_to_name_it() {
    let ran = socklab("capture").args(["-i", "lo"]).run().status(2);
    ran.stderr_has(&["no file is named for the capture", "--output FILE", "--step STEP"]);
    socklab("capture")
        .args(["-i", "lo", "--count", "0"])
        .run()
        .status(2)
        .stderr_has(&["expected a whole number, 1 or more"]);
}

#[test]
fn usage_fits_a_terminal() {
    for arguments in
        [&["analyze", "x", "--table", "foo"][..], &["analyze", "x", "--format", "foo"], &["rehearse", "--backlog", "x"]]
    {
        let ran = socklab(arguments[0]).args(&arguments[1..]).run().status(2);
        let said = ran.stderr();
        assert!(said.lines().all(|line| line.chars().count() <= 80), "{said}");
    }
    socklab("analyze").args(["x", "--table", "foo"]).run().stderr_has(&["frames, texts, answers, findings]"]);
}

#[test]
fn what_helps_depends_on_what_the_file_is_for() {
    let directory = tempfile::tempdir().unwrap();
    let within =
        |command: &str, arguments: &[&str]| socklab(command).within(directory.path()).args(arguments).run().status(2);
    let said = within("lab", &["--check", "."]).stderr();
    assert!(said.contains("this is a directory") && !said.contains("pcapng"), "{said}");
    within("analyze", &["."]).stderr_has(&["DIRECTORY/*.pcapng"]);
    fs::write(directory.path().join("file"), "mine").unwrap();
    let said = within("python", &["file"]).stderr();
    assert!(said.contains("this is a file, not a folder") && !said.contains("os error"), "{said}");
}

/// Files of socklab's own kinds, given where a capture stands.
#[test]
fn a_journal_and_a_form_are_told_with_their_options() {
    let directory = tempfile::tempdir().unwrap();
    let event = r#"{"time":"2026-01-01T10:00:00Z","program":"tcp-server","pid":7,"event":"socket","protocol":"tcp","socket":1}"#;
    fs::write(directory.path().join("a.jsonl"), format!("{event}\n")).unwrap();
    let form = socklab("template").run().status(0).stdout();
    fs::write(directory.path().join("answers.toml"), form).unwrap();
    fs::write(directory.path().join("notes.txt"), "A server binds.\n").unwrap();
    let said = |command: &str, file: &str| {
        socklab(command).within(directory.path()).args([file]).run().status(2).stderr().replace("\n  ", " ")
    };
    for command in ["analyze", "check"] {
        let of = |file: &str| said(command, file);
        assert!(of("a.jsonl").contains("this is a journal, not a capture file"), "{}", of("a.jsonl"));
        assert!(of("a.jsonl").contains("--journal"), "{}", of("a.jsonl"));
        assert!(of("answers.toml").contains("--answers"), "{}", of("answers.toml"));
        assert!(of("notes.txt").contains("this is a text file, not a capture file"), "{}", of("notes.txt"));
    }
}

#[test]
fn the_help_of_help_is_that_of_socklab() {
    for option in ["--help", "-h"] {
        socklab("help").args([option]).run().status(0).stdout_has(&["Usage: socklab", "analyze"]);
    }
    socklab("help").args(["analyze"]).run().status(0).stdout_has(&["socklab analyze"]);
}

#[test]
fn captures_behind_journals_are_captures() {
    let directory = tempfile::tempdir().unwrap();
    let step8 = captures::step8();
    fs::write(directory.path().join("step8.pcap"), &step8).unwrap();
    let journal = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/plain/journals/A.tcp-server.jsonl");
    fs::copy(journal, directory.path().join("a.jsonl")).unwrap();
    let analyze = |arguments: &[&str]| socklab("analyze").within(directory.path()).args(arguments).run();
    let first = analyze(&["step8.pcap", "--journal", "a.jsonl"]).status(0).stdout();
    assert_eq!(analyze(&["--journal", "a.jsonl", "step8.pcap"]).status(0).stderr_is("").stdout(), first);
    analyze(&["--journal", "a.jsonl"])
        .status(2)
        .stderr_has(&["no capture is named", "socklab analyze step8.pcapng --journal"]);
    analyze(&["--journal", "a.jsonl", "step9.pcap"]).status(2).stderr_has(&["step9.pcap: there is no such file"]);
    let server = ["127.0.0.1:0", "--journal", "step8.pcap"];
    let ran = socklab("tcp-server").within(directory.path()).args(server).run().status(2);
    ran.stderr_has(&["step8.pcap: this file is a capture, not a journal; use another name"]);
    assert_eq!(fs::read(directory.path().join("step8.pcap")).unwrap(), step8);
}

#[test]
fn manual_pages_name_the_program_and_its_version() {
    let source = format!("\"socklab {}\"", env!("CARGO_PKG_VERSION"));
    for arguments in [&[][..], &["analyze"], &["tcp-server"]] {
        let page = socklab("man").args(arguments).run().status(0).stdout();
        let title = page.lines().find(|line| line.starts_with(".TH")).unwrap_or_default();
        assert!(title.contains(&source), "{title}");
    }
}
