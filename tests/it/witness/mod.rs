//! `socklab run`: what it writes of a program is what the program did, and the program does not notice.
//!
//! Expectations come from the programs' own journals, from strace, and from the same program run without it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use socklab_core::journal::{EventKind, JournalEvent};

use crate::servers::program::{Client, Program, journal};
use crate::support::{package, socklab};

mod documents;
mod odd;
mod python;
mod strace;

/// The path of a test's own program.
fn script(name: &str) -> String {
    package("tests/it/witness/programs").join(name).to_str().unwrap().to_owned()
}

/// A program under the witness, its journal in this file.
fn watched(file: &Path, words: &[&str]) -> Program {
    let journal = file.to_str().unwrap();
    Program::start(&[&["run", "--journal", journal, "--"], words].concat())
}

/// The events of a journal that is still being written, once this is so: they are written a little after they happened.
fn events_once(file: &Path, is_so: impl Fn(&[JournalEvent]) -> bool) -> Vec<JournalEvent> {
    loop {
        let events = journal(file).events;
        if is_so(&events) {
            return events;
        }
        std::thread::yield_now();
    }
}

fn has(kind: EventKind) -> impl Fn(&[JournalEvent]) -> bool {
    move |events| events.iter().any(|event| event.event == kind)
}

/// What happened to which socket, in the order of the file, without what only one of two journals can know: times, process
/// and thread, queues.
fn happened(events: &[JournalEvent]) -> Vec<String> {
    let told = |event: &JournalEvent| {
        let JournalEvent { event: kind, protocol, socket, listener, local, remote, backlog, .. } = event;
        let JournalEvent { bytes, text, errno, .. } = event;
        format!(
            "{kind:?} {protocol} {socket} {listener:?} {local:?} {remote:?} {backlog:?} {bytes:?} {text:?} {errno:?}"
        )
    };
    let own = |event: &&JournalEvent| !matches!(event.event, EventKind::Queued | EventKind::Dequeued);
    events.iter().filter(own).map(told).collect()
}

/// The events of each socket.
fn by_socket(events: &[JournalEvent]) -> BTreeMap<u32, Vec<String>> {
    let mut sockets: BTreeMap<u32, Vec<String>> = BTreeMap::new();
    for event in events {
        sockets.entry(event.socket).or_default().extend(happened(std::slice::from_ref(event)));
    }
    sockets
}

/// Runs one of socklab's own servers under the witness with two clients, one after the other, and gives both journals.
fn own_and_watched(server: &str) -> (Vec<JournalEvent>, Vec<JournalEvent>) {
    let folder = tempfile::tempdir().unwrap();
    let [own, seen] = ["own.jsonl", "seen.jsonl"].map(|name| folder.path().join(name));
    let words = [env!("CARGO_BIN_EXE_socklab"), server, "127.0.0.1:0", "--journal", own.to_str().unwrap()];
    let mut program = watched(&seen, &words);
    let address = program.address();
    for name in ["first", "second"] {
        let mut client = Client::connect(address);
        client.assert_served(name);
        client.assert_served("again");
        drop(client);
        program.until(|line| line.ends_with("left (2 lines, 12 bytes)") || line.ends_with("left (2 lines, 13 bytes)"));
    }
    assert!(program.interrupt().status.success());
    (journal(&own).events, journal(&seen).events)
}

#[test]
fn it_sees_what_the_programs_tell_of_themselves() {
    for server in ["tcp-server", "tcp-threaded-server"] {
        let (own, seen) = own_and_watched(server);
        assert_eq!(by_socket(&own), by_socket(&seen));
        assert!(seen.iter().all(|event| event.program == server && event.run == Some(event.pid)));
    }
}

#[test]
fn threads_are_told_apart() {
    let served_by = |events: &[JournalEvent]| -> Vec<u32> {
        let received =
            events.iter().filter(|event| event.event == EventKind::Receive && event.text.as_deref() != Some("again"));
        received.map(|event| event.thread.unwrap()).collect()
    };
    let (_, seen) = own_and_watched("tcp-threaded-server");
    let threads = served_by(&seen);
    let accepts = seen.iter().find(|event| event.event == EventKind::Accept).unwrap().thread.unwrap();
    assert!(threads.len() == 2 && threads[0] != threads[1] && !threads.contains(&accepts), "{threads:?}");
    let (_, seen) = own_and_watched("tcp-server");
    let threads = served_by(&seen);
    assert!(threads.len() == 2 && threads[0] == threads[1], "{threads:?}");
}

#[test]
fn who_waits_in_the_queue_is_seen_with_the_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("server.jsonl");
    let mut program = watched(&file, &[env!("CARGO_BIN_EXE_socklab"), "tcp-server", "127.0.0.1:0"]);
    let address = program.address();
    let mut first = Client::connect(address);
    first.assert_served("one");
    let mut second = Client::connect(address);
    second.send(b"from the queue\n");
    let waits = |event: &JournalEvent| event.event == EventKind::Queued && event.bytes == Some(15);
    // The journal is read as it grows: the server is at rest until its first client leaves.
    while !journal(&file).events.iter().any(waits) {
        first.assert_served("still here");
    }
    drop(first);
    assert_eq!(second.reply(), "from the queue\n");
    let name = second.name.clone();
    drop(second);
    program.until(|line| line.starts_with(&name) && line.contains("left"));
    assert!(program.interrupt().status.success());
    let events = journal(&file).events;
    let of_second: Vec<&JournalEvent> =
        events.iter().filter(|event| event.remote.is_some_and(|remote| remote.to_string() == name)).collect();
    let kinds: Vec<EventKind> = of_second.iter().map(|event| event.event).collect();
    let place = |kind: EventKind| kinds.iter().position(|own| *own == kind).unwrap();
    assert!(place(EventKind::Queued) < place(EventKind::Dequeued), "{kinds:?}");
    assert!(place(EventKind::Dequeued) < place(EventKind::Receive), "{kinds:?}");
    let left = of_second[place(EventKind::Dequeued)];
    assert_eq!((left.operation.as_deref(), left.bytes), (Some("accept"), Some(15)));
    assert_eq!(left.time, of_second[place(EventKind::Accept)].time);
}

#[test]
fn the_exit_status_is_the_programs() {
    let folder = tempfile::tempdir().unwrap();
    let run = |words: &[&str]| socklab("run").args(["--"]).args(words).within(folder.path()).run();
    run(&["sh", "-c", "exit 7"]).status(7).stdout_is("").stderr_is("");
    run(&["sh", "-c", "echo out; echo err >&2"]).status(0).stdout_is("out\n").stderr_is("err\n");
    run(&["no-such-program"]).status(127).stderr_is("socklab: error: no-such-program: there is no such program\n");
    // A misspelt option is not taken for a program; behind `--` it is one.
    socklab("run").args(["--jornal", "x.jsonl", "--", "true"]).run().status(2).stderr_has(&["--jornal"]);
    run(&["--jornal"]).status(127).stderr_has(&["there is no such program"]);
    socklab("run").args(["sh", "-c", "exit 7"]).within(folder.path()).run().status(7);
    run(&["/dev/null"]).status(126).stderr_has(&["/dev/null: Permission denied"]);
    socklab("run").args(["--without-trace", "--", "sh", "-c", "exit 9"]).run().status(9).stderr_is("");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "no empty journal is left");
}

#[test]
fn why_a_program_cannot_be_run_is_said_and_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str, mode: u32| {
        let file = folder.path().join(name);
        std::fs::write(&file, text).unwrap();
        std::fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(mode)).unwrap();
    };
    write("server.py", "print()\n", 0o644);
    write("my-script", "#!/no/such/interpreter -u\n", 0o755);
    write("windows", "#!/bin/sh\r\necho\r\n", 0o755);
    let run = |program: &str| socklab("run").args(["--", program]).within(folder.path()).run();
    run("server.py").status(127).stderr_has(&["there is no such program", "socklab run -- python3 server.py"]);
    run("./server.py").status(126).stderr_has(&["Permission denied", "socklab run -- python3 ./server.py"]);
    run("my-script").status(127).stderr_has(&["there is no such program", "socklab run -- ./my-script"]);
    run("./my-script").status(127).stderr_has(&["names a program that is not there: /no/such/interpreter\n"]);
    run("./windows").status(127).stderr_has(&["names a program that is not there: /bin/sh\\r"]);
}

#[test]
fn a_signal_that_ends_the_program_ends_the_run() {
    let folder = tempfile::tempdir().unwrap();
    let signal = |command: &mut Command| {
        let status = command.current_dir(folder.path()).stderr(std::process::Stdio::null()).status().unwrap();
        std::os::unix::process::ExitStatusExt::signal(&status)
    };
    for name in ["SEGV", "KILL", "TERM"] {
        let words = ["sh", "-c", &format!("kill -{name} $$")].map(str::to_owned);
        let expected = signal(Command::new("sh").args(&words[1..]));
        assert!(expected.is_some());
        assert_eq!(signal(Command::new(env!("CARGO_BIN_EXE_socklab")).args(["run", "--"]).args(&words)), expected);
    }
}

#[test]
fn another_file_is_not_spoilt() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("homework.txt");
    std::fs::write(&file, "my homework\n").unwrap();
    let arguments = ["--journal", file.to_str().unwrap(), "--", "true"];
    socklab("run").args(arguments).run().status(125).stderr_has(&["is not a journal"]);
    assert_eq!(std::fs::read(&file).unwrap(), b"my homework\n");
}

/// As on a full disk: `/dev/full` takes no byte (full(4)). The program is not disturbed, and only its success is doubted.
#[test]
fn a_journal_that_cannot_be_written_takes_nothing_from_the_program_but_its_success() {
    let folder = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink("/dev/full", folder.path().join("sh.jsonl")).unwrap();
    let lost =
        "socklab: error: the journal can't be written and is incomplete: No space left on\n  device (os error 28)\n";
    let client =
        |then: &str| format!("'{}' udp-client 127.0.0.1:9 && echo done; {then}", env!("CARGO_BIN_EXE_socklab"));
    let run = |options: &[&str], then: &str| {
        let words = ["--", "sh", "-c", &client(then)];
        socklab("run").args(options).args(words).within(folder.path()).run().stdout_is("done\n")
    };
    run(&["--journal", "/dev/full"], "exit 0").status(125).stderr_is(lost);
    run(&["--journal", "/dev/full"], "exit 7").status(7).stderr_is(lost);
    run(&[], "exit 0").status(125).stderr_is(&format!("{lost}socklab: note: journal: sh.jsonl, incomplete\n"));
    socklab("run")
        .args(["--journal", "no/such/folder", "--", "echo", "run"])
        .within(folder.path())
        .run()
        .status(125)
        .stdout_is("");
    socklab("run").run().status(2).stdout_is("");
}

/// What a killed program leaves: a journal that can be read to its last line.
#[test]
fn a_killed_program_leaves_a_whole_journal_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("killed.jsonl");
    let mut program = watched(&file, &[env!("CARGO_BIN_EXE_socklab"), "tcp-server", "127.0.0.1:0"]);
    let mut client = Client::connect(program.address());
    client.assert_served("hello");
    let number = events_once(&file, has(EventKind::Receive))[0].pid;
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(number.cast_signed()), nix::sys::signal::Signal::SIGKILL)
        .unwrap();
    assert_eq!(std::os::unix::process::ExitStatusExt::signal(&program.end().status), Some(9));
    let read = journal(&file);
    assert!(!read.cut);
    let closed = |event: &&JournalEvent| event.event == EventKind::Close && event.operation.as_deref() == Some("exit");
    assert_eq!(read.events.iter().filter(closed).count(), 2);
    assert!(!PathBuf::from(format!("/proc/{number}")).exists());
}

/// The witness itself is killed: its program must not go on half watched.
#[test]
fn the_program_ends_with_its_witness() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("server.jsonl");
    let mut program = watched(&file, &[env!("CARGO_BIN_EXE_socklab"), "tcp-server", "127.0.0.1:0"]);
    let mut client = Client::connect(program.address());
    client.assert_served("hello");
    let server = events_once(&file, has(EventKind::Receive))[0].pid;
    program.kill();
    // The connection is reset or ends when the server is gone.
    assert_eq!(client.reply(), "");
    assert!(has(EventKind::Receive)(&journal(&file).events));
    // Ended, and waited for by nobody but the system.
    let state = || std::fs::read_to_string(format!("/proc/{server}/stat")).unwrap_or_default();
    while !matches!(state().rsplit(") ").next().and_then(|rest| rest.chars().next()), None | Some('Z' | 'X')) {
        std::thread::yield_now();
    }
}
