//! What `docs/witness.md` shows of the lab's Python server under the witness: the screen, and lines of its journal.

use std::fs;
use std::net::TcpListener;
use std::path::Path;

use serde_json::Value;
use socklab_core::journal::EventKind;

use super::{events_once, has};
use crate::docs::commands;
use crate::servers::program::{Client, Program};
use crate::support::{package, socklab};

fn guide() -> String {
    fs::read_to_string(package("docs/witness.md")).unwrap()
}

/// Writes the lab's server to this folder, with an address of loopback in the place of A's, on a port that was free.
fn edited_server(folder: &Path) -> String {
    socklab("python").args(["lab"]).within(folder).run().status(0);
    let text = fs::read_to_string(folder.join("lab/tcp_server.py")).unwrap();
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port().to_string();
    let edited = text.replace("10.0.3.1", "127.0.0.1").replace("65432", &port);
    fs::write(folder.join("tcp_server.py"), edited).unwrap();
    format!("127.0.0.1:{port}")
}

/// The server as the guide starts it, in a terminal.
fn watched_in_a_terminal(folder: &Path) -> Program {
    Program::in_a_terminal(folder, &["run", "--", "python3", "tcp_server.py"])
}

/// Ctrl-C once the server waits in a call: Python notes a signal that comes just before one, and makes the call.
fn interrupt(mut server: Program, process: u32) -> Vec<String> {
    let state = || fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
    while !state().rsplit(") ").next().unwrap().starts_with('S') {
        std::thread::yield_now();
    }
    server.press(b"\x03");
    let ended = server.end();
    assert!(ended.status.success(), "{:?}", ended.screen);
    ended.screen
}

#[test]
#[ignore = "needs python3 and script(1)"]
fn the_screen_is_as_the_guide_shows() {
    let folder = tempfile::tempdir().unwrap();
    let address = edited_server(folder.path());
    let command = "socklab run -- python3 tcp_server.py";
    let (_, shown) = commands(&guide()).into_iter().find(|(own, _)| own == command).unwrap();
    let mut server = watched_in_a_terminal(folder.path());
    server.until(|line| line.starts_with("TCP server listening"));
    let mut client = Client::connect(address.parse().unwrap());
    client.send(b"one\n");
    server.until(|line| line.ends_with(": one"));
    let process = events_once(&folder.path().join("tcp_server.jsonl"), has(EventKind::Receive))[0].pid;
    let screen = interrupt(server, process).join("\n");
    // Python shows an address as a pair.
    let (_, port) = client.name.split_once(':').unwrap();
    let in_the_lab =
        screen.replace(&address, "10.0.3.1:65432").replace(&format!("('127.0.0.1', {port})"), "('10.0.3.2', 59622)");
    assert_eq!(in_the_lab, shown.join("\n"));
}

/// Whether an event has all that is shown of it, but for the time.
fn is_as_shown(event: &Value, shown: &Value) -> bool {
    shown.as_object().unwrap().iter().all(|(name, value)| name == "time" || event[name] == *value)
}

#[test]
#[ignore = "needs python3 and script(1)"]
fn the_journals_are_as_the_guide_shows() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tcp_server.jsonl");
    let address = edited_server(folder.path());
    let mut server = watched_in_a_terminal(folder.path());
    server.until(|line| line.starts_with("TCP server listening"));
    let mut first = Client::connect(address.parse().unwrap());
    first.send(b"one\n");
    server.until(|line| line.ends_with(": one"));
    let mut second = Client::connect(address.parse().unwrap());
    second.send(b"from-c\n");
    let process = events_once(&file, |events| events.iter().any(|event| event.bytes == Some(7)))[0].pid;
    let other = ["run", "--journal", "second.jsonl", "--", "python3", "tcp_server.py"];
    assert!(!Program::in_a_terminal(folder.path(), &other).end().status.success());
    let names = [first.name.clone(), second.name.clone()];
    drop(first);
    server.until(|line| line.ends_with(": from-c"));
    interrupt(server, process);
    let text = guide();
    let shown: Vec<Value> = text
        .lines()
        .filter(|line| line.starts_with("{\"time\""))
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(shown.len(), 4);
    let written = |file: &str| -> Vec<Value> {
        let text = fs::read_to_string(folder.path().join(file)).unwrap().replace(&address, "10.0.3.1:65432");
        let text = text.replace(&names[0], "10.0.3.2:59622").replace(&names[1], "10.0.3.3:49856");
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    let (served, refused) = (written("tcp_server.jsonl"), written("second.jsonl"));
    let mut rest = served.iter();
    for event in &shown[..3] {
        assert!(rest.any(|own| is_as_shown(own, event)), "{event} is not in, or not in this order: {served:#?}");
    }
    assert!(refused.iter().any(|own| is_as_shown(own, &shown[3])), "{refused:#?}");
}
