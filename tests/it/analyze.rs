//! `socklab analyze` as a person meets it: files and pipes, good ones and bad ones, options, exit statuses.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::captures;
use crate::support::{Run, socklab};

/// `socklab analyze` in a directory that holds these files.
fn analyze(files: &[(&str, &[u8])], arguments: &[&str]) -> (tempfile::TempDir, Run) {
    let directory = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        fs::write(directory.path().join(name), bytes).unwrap();
    }
    let run = socklab("analyze").within(directory.path()).args(arguments);
    (directory, run)
}

#[test]
fn a_capture_is_answered_on_standard_output() {
    let step8 = captures::step8();
    let (_directory, run) = analyze(&[("step8.pcap", &step8)], &["step8.pcap", "--explain"]);
    run.run().status(0).stderr_is("").stdout_has(&["I.1(a)", "II.3", "frame.number in {1..3}", "B 10.0.3.2:40210"]);
}

#[test]
fn standard_input_and_the_option_of_tshark_are_captures_too() {
    let step8 = captures::step8();
    let by_name = |arguments: &[&str]| {
        let (_directory, run) = analyze(&[("-", &step8)], arguments);
        run.stdin(&step8).run().status(0).stdout()
    };
    let piped = by_name(&["-"]);
    assert_eq!(piped, by_name(&["-r", "-"]));
    let ran = socklab("analyze").args(["-", "-"]).stdin(&step8).run();
    ran.status(2).stderr_has(&["standard input can be read only once"]);
}

#[test]
fn json_is_one_document_and_times_keep_their_precision() {
    let step8 = captures::step8();
    let (_directory, run) = analyze(&[("a.pcap", &step8)], &["a.pcap", "--format", "json"]);
    let json = run.run().status(0).stderr_is("").json();
    assert_eq!(json["captures"][0]["first_time"], "2023-11-14T22:13:20.000000Z");
    assert_eq!(json["captures"][0]["last_time"], "2023-11-14T22:13:20.006000Z");
    assert_eq!(json["captures"][0]["tcp_connections"][0]["completeness"], 15);
}

#[test]
fn questions_limit_the_answers() {
    let step8 = captures::step8();
    let arguments = ["a.pcap", "--format", "json", "--question", "I.1b,II.2"];
    let (_directory, run) = analyze(&[("a.pcap", &step8)], &arguments);
    let json = run.run().status(0).json();
    let asked: Vec<&str> =
        json["answers"].as_array().unwrap().iter().map(|answer| answer["question"].as_str().unwrap()).collect();
    assert_eq!(asked, ["I.1", "II.2"]);
    let (_directory, run) = analyze(&[("a.pcap", &step8)], &["a.pcap", "--question", "I.9"]);
    run.run().status(2).stdout_is("").stderr_has(&["'I.9' is not a question of the sheet"]);
}

#[test]
fn what_cannot_be_read_is_named_with_a_remedy() {
    let cases: [(&str, &[u8], &str, &str); 3] = [
        ("lab.zip", b"PK\x03\x04 and so on", "not a capture file", "Unpack"),
        ("notes.txt", b"We saw three frames and no more.\n", "text", "saved"),
        ("noise", &[0x93; 64], "not a capture file", "saved"),
    ];
    for (name, bytes, cause, remedy) in cases {
        let (_directory, run) = analyze(&[(name, bytes)], &[name]);
        run.run().status(2).stdout_is("").stderr_has(&[&format!("error: {name}: "), cause, "hint: ", remedy]);
    }
    let (_directory, run) = analyze(&[], &["missing.pcapng"]);
    run.run()
        .status(2)
        .stdout_is("")
        .stderr_has(&["missing.pcapng: there is no such file", "hint: Check the spelling"]);
    let (_directory, run) = analyze(&[], &["."]);
    run.run().status(2).stdout_is("").stderr_has(&["this is a directory", "Name the files in it"]);
}

#[test]
fn one_bad_input_does_not_stop_the_others() {
    let step8 = captures::step8();
    let (_directory, run) = analyze(&[("a.pcap", &step8), ("b.txt", b"text\n")], &["b.txt", "a.pcap"]);
    run.run().status(2).stderr_has(&["b.txt: "]).stdout_has(&["a.pcap", "I.1(a)"]);
}

#[test]
fn a_damaged_capture_gives_what_is_before_the_damage() {
    let mut step8 = captures::step8();
    step8.truncate(step8.len() - 10);
    let (_directory, run) = analyze(&[("cut.pcap", &step8)], &["cut.pcap", "--format", "json"]);
    let ran = run.run().status(0).stderr_has(&["warning: cut.pcap: ", "frame 7", "byte"]);
    let capture = &ran.json()["captures"][0];
    assert_eq!((capture["frames"].as_u64(), capture["truncated"].as_bool()), (Some(6), Some(true)));
    assert_eq!(capture["warnings"][0]["code"], "cut-short");
}

#[test]
fn findings_fail_only_where_that_is_asked_for() {
    let refused = captures::refused();
    let (_directory, run) = analyze(&[("a.pcap", &refused)], &["a.pcap"]);
    run.run().status(0).stdout_has(&["refused"]);
    let (_directory, run) = analyze(&[("a.pcap", &refused)], &["a.pcap", "--strict"]);
    run.run().status(1).stdout_has(&["refused"]);
}

#[test]
fn a_result_file_is_written_and_inputs_are_never_overwritten() {
    let step8 = captures::step8();
    let (directory, run) = analyze(&[("a.pcap", &step8)], &["a.pcap", "-o", "result.txt"]);
    run.run().status(0).stdout_is("").stderr_is("");
    assert!(fs::read_to_string(directory.path().join("result.txt")).unwrap().contains("I.1(a)"));
    let (directory, run) = analyze(&[("a.pcap", &step8)], &["a.pcap", "-o", "./a.pcap"]);
    run.run().status(2).stdout_is("").stderr_has(&["this file is an input"]);
    assert_eq!(fs::read(directory.path().join("a.pcap")).unwrap(), step8);
    let (_directory, run) = analyze(&[("a.pcap", &step8)], &["a.pcap", "-o", "no/such/place"]);
    run.run().status(2).stderr_has(&["no/such/place: the results can't be written"]);
}

#[test]
fn the_lab_can_be_set() {
    let step8 = captures::step8();
    let lab = b"[hosts]\nC = \"10.0.3.2\"\n[points]\n\"I.1a\" = 7\n";
    let files: [(&str, &[u8]); 2] = [("a.pcap", &step8), ("lab.toml", lab)];
    let arguments = ["a.pcap", "--lab", "lab.toml", "--step", "a.pcap=I.10", "--server", "10.0.3.1:65432"];
    let (_directory, run) = analyze(&files, &[&arguments[..], &["--format", "json"]].concat());
    let json = run.run().status(0).json();
    assert_eq!(json["answers"][0]["points"], 7);
    assert_eq!(json["captures"][0]["step"]["step"], "10");
    let (_directory, run) = analyze(&files, &["a.pcap", "--step", "b.pcap=I.8"]);
    run.run().status(2).stderr_has(&["no capture here is named 'b.pcap'"]);
    let (_directory, run) = analyze(&[("a.pcap", &step8), ("lab.toml", b"[host]\n")], &["a.pcap", "--lab", "lab.toml"]);
    run.run().status(2).stdout_is("").stderr_has(&["lab.toml: ", "host"]);
}

#[test]
fn journals_that_are_none_are_refused() {
    let step8 = captures::step8();
    let files: [(&str, &[u8]); 2] = [("a.pcap", &step8), ("j.jsonl", b"{}\n")];
    let (_directory, run) = analyze(&files, &["a.pcap", "--journal", "j.jsonl"]);
    run.run().status(2).stderr_has(&["j.jsonl: line 1 is not a journal event"]).stdout_has(&["I.1(a)"]);
}

#[test]
fn colour_is_for_terminals_unless_asked_for() {
    let step8 = captures::step8();
    let colored = |arguments: &[&str]| {
        let (_directory, run) = analyze(&[("a.pcap", &step8)], arguments);
        run.run().status(0).stdout().contains('\x1b')
    };
    assert!(!colored(&["a.pcap"]));
    assert!(colored(&["a.pcap", "--color", "always"]));
    assert!(!colored(&["a.pcap", "--color", "never"]));
}

#[test]
fn a_pipe_that_is_closed_is_no_failure() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.pcap");
    fs::write(&path, captures::step8()).unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_socklab"))
        .args(["analyze", "--all"])
        .arg(&path)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Nobody reads, and nobody ever will: the first write fails.
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

#[cfg(unix)]
#[test]
fn names_and_contents_cannot_drive_the_terminal() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    let directory = tempfile::tempdir().unwrap();
    let name = OsStr::from_bytes(b"a\x1b[31m\xff.pcap");
    fs::write(directory.path().join(name), captures::step8()).unwrap();
    for arguments in [&["--all"][..], &["--format", "json"]] {
        let ran = socklab("analyze").within(directory.path()).args(arguments).args([name]).run().status(0);
        assert!(!ran.stdout().contains('\x1b'));
        ran.stdout_has(&["[31m\\"]);
    }
    let missing = OsStr::from_bytes(b"b\x1b[2J\xfe");
    let ran = socklab("analyze").within(directory.path()).args([missing]).run().status(2);
    assert_eq!(ran.stderr().lines().next(), Some("socklab: error: b\\x1b[2J\\xfe: there is no such file"));
}

#[cfg(unix)]
#[test]
fn devices_are_refused_and_pipes_are_read() {
    socklab("analyze").args(["/dev/zero"]).run().status(2).stderr_has(&["/dev/zero: this is a device"]);
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("a.pcap"), captures::step8()).unwrap();
    // What `<(cat a.pcap)` of a shell is: a pipe with a name.
    let piped = socklab("analyze").within(directory.path()).args(["/dev/stdin"]).stdin(&captures::step8()).run();
    piped.status(0).stdout_has(&["/dev/stdin", "I.1(a)"]);
    assert!(Path::new("/dev/null").exists());
    let nowhere = socklab("analyze").within(directory.path()).args(["a.pcap", "-o", "/dev/null"]).run();
    nowhere.status(0).stdout_is("").stderr_is("");
}

#[test]
fn help_shows_examples_and_exit_statuses() {
    #[cfg(target_os = "linux")]
    {
        let full = std::fs::File::create("/dev/full").unwrap();
        let status = std::process::Command::new(env!("CARGO_BIN_EXE_socklab")).arg("--help").stdout(full).status();
        assert_eq!(status.unwrap().code(), Some(2));
    }
    socklab("analyze").args(["--help"]).run().status(0).stdout_has(&["Examples:", "Exit status:", "--question <LIST>"]);
    socklab("analyze").run().status(2).stdout_is("").stderr_has(&["Usage: socklab analyze"]);
}
