//! Python programs under the witness: that they behave as without it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, Output};

use socklab_core::journal::{EventKind, JournalEvent};

use super::script;
use crate::servers::program::journal;

/// Runs a test that is written in Python, with the program in its environment.
#[track_caller]
fn passes(name: &str, arguments: &[&str]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new("python3");
    command.arg(script(name)).args(arguments).env("SOCKLAB", env!("CARGO_BIN_EXE_socklab"));
    let output = command.current_dir(folder.path()).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let said = format!("{}\n{}", text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "{name}: {said}");
    said
}

#[test]
#[ignore = "needs python3 and bash"]
fn keys_and_the_window_reach_the_program_as_without_it() {
    assert!(Path::new("/bin/bash").exists());
    passes("terminal.py", &[]);
}

/// A program with one listening socket, under the witness, which may not make this system call.
fn listens_without(call: &str, arguments: &[&str]) -> (Output, Vec<JournalEvent>) {
    let folder = tempfile::tempdir().unwrap();
    let program = "import socket; s = socket.socket(); s.bind(('127.0.0.1', 0)); s.listen(3); print('done')";
    let mut command = Command::new("python3");
    command.args([&script("forbid.py"), call, env!("CARGO_BIN_EXE_socklab"), "run"]).args(arguments);
    command.args(["--", "python3", "-c", program]).current_dir(folder.path());
    let output = command.output().unwrap();
    let seen = folder.path().join("python3.jsonl");
    (output, if seen.exists() { journal(&seen).events } else { Vec::new() })
}

#[test]
#[ignore = "needs python3"]
fn where_ptrace_is_forbidden_it_says_so_and_runs_the_program_when_asked() {
    let (output, events) = listens_without("ptrace", &[]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.code() == Some(125) && output.stdout.is_empty() && events.is_empty(), "{said}");
    for part in ["does not allow a program to be traced", "seccomp filter", "--without-trace"] {
        assert!(said.contains(part), "{said}");
    }
    let (output, _) = listens_without("ptrace", &["--without-trace"]);
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    assert_eq!(output.stdout, b"done\n");
}

#[test]
#[ignore = "needs python3"]
fn without_filters_every_call_is_looked_at() {
    let (output, events) = listens_without("seccomp", &[]);
    assert!(output.status.success() && output.stdout == b"done\n", "{output:?}");
    let kinds: Vec<EventKind> = events.iter().map(|event| event.event).collect();
    assert_eq!(kinds, [EventKind::Socket, EventKind::Bind, EventKind::Listen, EventKind::Close]);
    assert_eq!(events[2].backlog, Some(3));
}

/// A server with a client of its own and a thread that waits for another one, which crashes.
const CRASHES: &str = r#"
import os, signal, socket, threading
server = socket.create_server(("127.0.0.1", 0))
client = socket.create_connection(server.getsockname())
connection = server.accept()[0]
threading.Thread(target=server.accept, daemon=True).start()
client.sendall(b"the last words")
connection.recv(100)
print("about to crash", flush=True)
os.kill(os.getpid(), signal.SIGSEGV)
"#;

/// What is left of the program that crashes, which this command, with `socklab run` at its end, runs in the folder.
fn crashed(mut command: Command, folder: &Path) {
    let output = command.args(["--journal", "seen.jsonl", "--", "python3", "-c", CRASHES]).current_dir(folder).output();
    let output = output.unwrap();
    assert_eq!(output.status.signal(), Some(nix::libc::SIGSEGV), "{output:?}");
    assert_eq!(output.stdout, b"about to crash\n");
    let read = journal(&folder.join("seen.jsonl"));
    assert!(!read.cut);
    let of_kind = |kind: EventKind| read.events.iter().filter(move |event| event.event == kind);
    assert_eq!(of_kind(EventKind::Receive).next().unwrap().text.as_deref(), Some("the last words"));
    let closed: Vec<(u32, Option<&str>)> =
        of_kind(EventKind::Close).map(|event| (event.socket, event.operation.as_deref())).collect();
    assert_eq!(closed, [(1, Some("exit")), (2, Some("exit")), (3, Some("exit"))]);
    assert!(!Path::new("/proc").join(read.events[0].pid.to_string()).exists());
}

#[test]
#[ignore = "needs python3"]
fn a_program_that_crashes_leaves_a_whole_journal_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_socklab"));
    command.arg("run");
    crashed(command, folder.path());
}

#[test]
#[ignore = "needs python3 and setpriv, as root"]
fn an_ordinary_user_needs_no_privileges() {
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o777)).unwrap();
    let program = folder.path().join("socklab");
    fs::copy(env!("CARGO_BIN_EXE_socklab"), &program).unwrap();
    // Nobody, on every Linux, with no right that root has.
    let mut command = Command::new("setpriv");
    command.args(["--reuid", "65534", "--regid", "65534", "--clear-groups", "--bounding-set=-all", "--inh-caps=-all"]);
    command.arg(&program).arg("run");
    crashed(command, folder.path());
}

/// The main thread closes the socket that another thread waits on: the call there goes on, and returns what comes.
const CLOSED_MEANWHILE: &str = r#"
import platform, socket, threading
ACCEPT4 = {"x86_64": "288", "aarch64": "242"}[platform.machine()]
def sleeps_in_a_call(thread):
    # proc_pid_stat(5): S where it sleeps in the call, t where the witness has stopped it.
    folder = f"/proc/self/task/{thread.native_id}/"
    state = open(folder + "stat").read().rsplit(") ", 1)[1][0]
    return state == "S" and open(folder + "syscall").read().split()[0] == ACCEPT4
listener = socket.create_server(("127.0.0.1", 0))
address = listener.getsockname()
def serve():
    connection, _ = listener.accept()
    print(connection.recv(10).decode())
thread = threading.Thread(target=serve)
thread.start()
while not sleeps_in_a_call(thread): pass
listener.close()
client = socket.create_connection(address)
client.sendall(b"late")
thread.join()
"#;

#[test]
#[ignore = "needs python3"]
fn a_call_on_a_socket_that_is_closed_meanwhile_is_seen() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("late.jsonl");
    let mut command = Command::new(env!("CARGO_BIN_EXE_socklab"));
    let command = command.args(["run", "--journal", file.to_str().unwrap(), "--", "python3", "-c", CLOSED_MEANWHILE]);
    let output = command.output().unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "late\n", "{}", String::from_utf8_lossy(&output.stderr));
    let events = journal(&file).events;
    let place = |kind: EventKind| events.iter().position(|event| event.event == kind).unwrap();
    let (closed, accepted) = (place(EventKind::Close), place(EventKind::Accept));
    assert!(closed < accepted, "{events:#?}");
    assert_eq!(events[accepted].listener, Some(events[closed].socket));
    let client = &events[place(EventKind::Connect)];
    assert_eq!((events[accepted].local, events[accepted].remote), (client.remote, client.local));
}
