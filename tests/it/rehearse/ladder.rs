//! The ladder of a rehearsal: what the journals tell of, on the right host's line, between the frames that tshark shows.

use std::collections::{BTreeMap, VecDeque};
use std::fs;
use std::process::Command;

use serde_json::Value;

use super::{Rehearsed, rehearsed_in_time, tshark};

/// What a row is about: a host and its call, or a file and its frame.
type What = (String, String);

/// Microseconds since 1970.
type Time = i128;

/// What the ladder says of a journal's event, without the client's port; nothing of those that are no calls.
fn call(event: &Value) -> Option<String> {
    let text = |name: &str| event[name].as_str().unwrap_or_default().to_owned();
    let bytes = || match event["bytes"].as_u64().unwrap() {
        1 => "1 byte".to_owned(),
        bytes => format!("{bytes} bytes"),
    };
    Some(match event["event"].as_str().unwrap() {
        "bind" => format!("bind {}", text("local")),
        "listen" => "listen".to_owned(),
        "accept" => format!("accept() returns {}", text("remote")),
        "connect" => "connect() returns".to_owned(),
        "receive" => format!("recv {}", bytes()),
        "send" => format!("send {}", bytes()),
        "eof" => "recv: end of file".to_owned(),
        "shutdown" => format!("shutdown {}", text("operation")),
        "close" => "close".to_owned(),
        "queued" => format!("in the queue: {}", text("remote")),
        "dequeued" if event["operation"] == "gone" => format!("gone from the queue: {}", text("remote")),
        "error" if event["operation"] == "bind" => format!("bind {}: {}", text("local"), text("errno")),
        "error" => format!("{}: {}", text("operation"), text("errno")),
        "socket" | "release" | "dequeued" => return None,
        other => panic!("{other}"),
    })
}

/// When what happened, by the journals and by tshark.
fn happened(rehearsed: &Rehearsed) -> BTreeMap<What, VecDeque<Time>> {
    let mut all: BTreeMap<What, Vec<Time>> = BTreeMap::new();
    for (name, events) in rehearsed.journals() {
        let host = name.split('.').next().unwrap();
        for event in &events {
            let time: jiff::Timestamp = event["time"].as_str().unwrap().parse().unwrap();
            if let Some(call) = call(event) {
                all.entry((host.to_owned(), call)).or_default().push(time.as_microsecond().into());
            }
        }
    }
    for file in ["step8", "step12", "part2-step2-B", "part2-step3-C"] {
        let filter = "tcp.port == 65432 || udp.port == 65433";
        let fields = ["-Y", filter, "-T", "fields", "-e", "frame.number", "-e", "frame.time_epoch"];
        for line in tshark(&rehearsed.out(&format!("{file}.pcapng")), &fields).lines() {
            let (frame, time) = line.split_once('\t').unwrap();
            let (seconds, rest) = time.split_once('.').unwrap();
            let time = seconds.parse::<Time>().unwrap() * 1_000_000 + rest[..6].parse::<Time>().unwrap();
            all.entry((file.to_owned(), frame.to_owned())).or_default().push(time);
        }
    }
    let sorted = |mut times: Vec<Time>| {
        times.sort_unstable();
        times.into()
    };
    all.into_iter().map(|(what, times)| (what, sorted(times))).collect()
}

/// The rows of the ladder across hosts in this text, from the top.
fn rows(text: &str) -> Vec<What> {
    let (_, ladder) = text.split_once("All hosts on one time axis").expect("a ladder");
    let names = ladder.split_once("Files:").unwrap().1.split("\n\n").next().unwrap();
    let files: Vec<&str> =
        names.split_whitespace().filter_map(|word| word.trim_end_matches(',').strip_suffix(".pcapng")).collect();
    let head = ladder.lines().find(|line| line.starts_with("File Frame")).unwrap();
    let host = |column: usize| head.chars().nth(column).unwrap().to_string();
    let row = |line: &str| {
        let margin: String = line.chars().take(24).collect();
        if let Some(column) = line.chars().position(|sign| sign == '●') {
            let label = line.chars().skip(24).filter(|sign| !"●│".contains(*sign)).collect::<String>();
            let label = label.trim();
            // Before it, the client's port.
            let what = label.trim_start_matches(|sign: char| sign.is_ascii_digit()).trim_start();
            return Some((host(column), what.to_owned()));
        }
        let [file, frame, _] = margin.split_whitespace().collect::<Vec<_>>().try_into().ok()?;
        let file = files[file.parse::<usize>().ok()?.checked_sub(1)?];
        Some((file.to_owned(), frame.parse::<u64>().ok()?.to_string()))
    };
    ladder.lines().filter_map(row).collect()
}

/// Every call of the journals and every frame of the lab has its row, in the order of time.
fn assert_ladder_is_what_happened(rehearsed: &Rehearsed, text: &str) {
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    let (mut happened, mut last) = (happened(rehearsed), 0);
    for row in rows(text) {
        let whole = match row.1.strip_suffix('…') {
            Some(cut) => happened.keys().find(|what| what.0 == row.0 && what.1.starts_with(cut)).cloned(),
            None => Some(row.clone()),
        };
        let time = whole.and_then(|what| happened.get_mut(&what)?.pop_front());
        let time = time.unwrap_or_else(|| panic!("{row:?} is in the ladder only: {happened:?} {text}"));
        assert!(time >= last, "{row:?} comes too late, {time} after {last}: {:?} {text}", rehearsed.journals());
        last = time;
    }
    happened.retain(|_, times| !times.is_empty());
    assert!(happened.is_empty(), "not in the ladder: {happened:?}: {text}");
}

#[test]
#[ignore = "needs network namespaces, tshark and python3"]
fn the_ladder_has_each_call_on_its_hosts_line_between_the_frames() {
    for arguments in [&["--ladder"][..], &["--ladder", "--python"]] {
        let (rehearsed, _) = rehearsed_in_time(true, arguments);
        let said = String::from_utf8(rehearsed.output.stdout.clone()).unwrap();
        assert_ladder_is_what_happened(&rehearsed, &said);
        let rows = rows(&said);
        let place = |host: &str, what: &str| {
            let found = rows.iter().position(|row| row.0 == host && row.1.starts_with(what));
            found.unwrap_or_else(|| panic!("{host} {what}: {said}"))
        };
        // The SYN and the ACK of step 8 are between listen() and accept(), the line between send() and recv().
        let handshake = place("step8", "");
        assert!(place("A", "bind 10.0.3.1:65432") < place("A", "listen") && place("A", "listen") < handshake, "{said}");
        assert!(handshake < place("A", "accept() returns 10.0.3.2:"), "{said}");
        assert!(place("B", "send 19 bytes") < place("A", "recv 19 bytes"), "{said}");
        assert!(place("C", "connect() returns") < place("A", "accept() returns 10.0.3.3:"), "{said}");
    }
}

/// Without the option, the command line is said that draws it; it can be pasted. However few the frames and late the calls are,
/// and whatever the addresses.
#[test]
#[ignore = "needs network namespaces and tshark"]
fn the_command_that_is_said_draws_the_ladder() {
    let swapped = ["--host", "B=10.0.3.3", "--host", "C=10.0.3.2"];
    for arguments in [&[][..], &swapped, &["--steps", "I.12"]] {
        let (rehearsed, _) = rehearsed_in_time(false, arguments);
        let said = String::from_utf8(rehearsed.output.stdout.clone()).unwrap();
        assert!(!said.contains("All hosts on one time axis"), "{said}");
        let command = said.split_once("on each host's line:\n").unwrap().1;
        let path = format!("{}:{}", rehearsed.place.folder.path().display(), std::env::var("PATH").unwrap());
        let mut shell = Command::new("sh");
        let drawn = shell.args(["-c", command]).env("PATH", path).env("LC_ALL", "C.UTF-8").output().unwrap();
        assert!(drawn.status.success(), "{command}: {drawn:?}");
        let drawn = String::from_utf8(drawn.stdout).unwrap();
        assert!(!drawn.contains("nothing shows how far the clock"), "{drawn}");
        if !arguments.contains(&"--steps") {
            assert_ladder_is_what_happened(&rehearsed, &drawn);
        }
        assert!(fs::metadata(rehearsed.out("answers.json")).is_ok());
    }
}
