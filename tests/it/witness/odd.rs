//! Programs that use sockets in rare ways: what the journal says of them, step by step.

use std::path::Path;
use std::process::Command;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use socklab_core::journal::{EventKind, JournalEvent};

use crate::servers::program::journal;

/// What every program begins with. It runs in the folder of its journal.
const BEGIN: &str = r#"
import ctypes, os, signal, socket, sys, threading
TCP, UDP = socket.SOCK_STREAM, socket.SOCK_DGRAM
def pair():
    server = socket.create_server(("127.0.0.1", 0))
    client = socket.create_connection(server.getsockname())
    return client, server.accept()[0]
def disconnect(s):
    assert ctypes.CDLL(None).connect(s.fileno(), b"\0" * 16, 16) == 0
"#;

/// Runs a Python program under the witness, and gives its events and what it printed.
fn events_of(program: &str) -> (Vec<JournalEvent>, String) {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_socklab"));
    command.args(["run", "--journal", "seen.jsonl", "--", "python3", "-c", &format!("{BEGIN}{program}")]);
    let output = command.current_dir(folder.path()).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    (journal(&folder.path().join("seen.jsonl")).events, String::from_utf8(output.stdout).unwrap())
}

/// The kinds of the events of a socket.
fn kinds(events: &[JournalEvent], socket: u32) -> Vec<EventKind> {
    events.iter().filter(|event| event.socket == socket).map(|event| event.event).collect()
}

#[test]
#[ignore = "needs python3"]
fn ones_own_shutdown_is_no_end_of_the_stream_and_the_real_one_is() {
    let here = "
client, own = pair()
own.shutdown(socket.SHUT_RD)
assert own.recv(9) == b'' == own.recv(9)
client.sendall(b'more')
while not own.recv(9): pass
client.close()
while own.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] != 8: pass  # CLOSE_WAIT
assert os.read(own.fileno(), 9) == b''";
    // The other thread waits in recv() and is woken by the shutdown, of which the witness hears later.
    let meanwhile = "
client, own = pair()
def sleeps(thread):
    return open(f'/proc/self/task/{thread.native_id}/stat').read().rsplit(') ', 1)[1][0] == 'S'
thread = threading.Thread(target=lambda: own.recv(9))
thread.start()
while not sleeps(thread): pass
own.shutdown(socket.SHUT_RDWR)
thread.join()
assert client.recv(9) == b''";
    use EventKind::{Accept, Close, Eof, Receive, Shutdown};
    let (events, _) = events_of(here);
    assert_eq!(kinds(&events, 3), [Accept, Shutdown, Receive, Eof, Close]);
    let (events, _) = events_of(meanwhile);
    assert_eq!(kinds(&events, 3), [Accept, Shutdown, Close]);
    assert_eq!(kinds(&events, 2)[2..], [Eof, Close]);
}

#[test]
#[ignore = "needs python3"]
fn no_datagram_is_received_where_none_came() {
    let program = "
s = socket.socket(socket.AF_INET, UDP)
s.bind(('127.0.0.1', 0))
s.sendto(b'one', s.getsockname())
assert os.read(s.fileno(), 0) == b''
assert s.recv(9) == b'one'
s.sendto(b'', s.getsockname())
assert s.recvfrom(9) == (b'', s.getsockname())
try: s.shutdown(socket.SHUT_RDWR)
except OSError: pass
assert s.recvfrom(9)[0] == b''";
    use EventKind::{Bind, Close, Error, Receive, Send, Socket};
    let (events, _) = events_of(program);
    assert_eq!(kinds(&events, 1), [Socket, Bind, Send, Receive, Send, Receive, Error, Close]);
}

#[test]
#[ignore = "needs python3"]
fn data_that_is_thrown_away_has_no_text() {
    let (events, _) = events_of("client, own = pair(); client.sendall(b'secret'); own.recv(50, socket.MSG_TRUNC)");
    let received = events.iter().find(|event| event.event == EventKind::Receive).unwrap();
    assert_eq!((received.bytes, received.text.as_deref()), (Some(6), None));
}

#[test]
#[ignore = "needs python3"]
fn connections_that_are_made_in_rare_ways_are_seen() {
    // The queue is full, so that the handshake takes a second and a signal comes before its end.
    let interrupted = "
server = socket.create_server(('127.0.0.1', 0), backlog=0)
first = socket.create_connection(server.getsockname())
signal.signal(signal.SIGALRM, lambda *_: None)
signal.setitimer(signal.ITIMER_REAL, 0.2)
threading.Timer(0.4, server.accept).start()
last = socket.socket()
last.connect(server.getsockname())";
    let (events, _) = events_of(interrupted);
    let connected: Vec<u32> =
        events.iter().filter(|event| event.event == EventKind::Connect).map(|event| event.socket).collect();
    assert_eq!(connected, [1, 2].map(|after| 1 + after));
    let fast = "
server = socket.create_server(('127.0.0.1', 0))
client = socket.socket()
client.sendto(b'fast', socket.MSG_FASTOPEN, server.getsockname())
server.accept()
client.close()";
    let (events, _) = events_of(fast);
    use EventKind::{Close, Connect, Send, Socket};
    assert_eq!(kinds(&events, 2), [Socket, Connect, Send, Close]);
    let of_client: Vec<&JournalEvent> = events.iter().filter(|event| event.socket == 2).skip(1).collect();
    assert!(of_client.iter().all(|event| event.remote == events[2].local), "{of_client:?}");
}

#[test]
#[ignore = "needs python3"]
fn an_address_that_the_system_gave_back_is_not_told_again() {
    let program = "
server = socket.create_server(('127.0.0.1', 0))
s = socket.socket(socket.AF_INET, UDP)
s.connect(server.getsockname())
disconnect(s)
s.sendto(b'x', server.getsockname())
print(s.getsockname()[1])
listener = socket.socket()
listener.listen()
listener.shutdown(socket.SHUT_RDWR)
listener.listen()
print(listener.getsockname()[1])";
    let (events, said) = events_of(program);
    let port = |kind: EventKind, socket: u32| {
        let of_kind = events.iter().rfind(|event| event.event == kind && event.socket == socket).unwrap();
        of_kind.local.unwrap().port.to_string()
    };
    assert_eq!(said.lines().collect::<Vec<_>>(), [port(EventKind::Send, 2), port(EventKind::Listen, 3)]);
    use EventKind::{Close, Connect, Send, Socket};
    assert_eq!(kinds(&events, 2), [Socket, Connect, Send, Close]);
}

#[test]
#[ignore = "needs python3"]
fn the_queue_of_an_inherited_socket_is_looked_at() {
    let folder = tempfile::tempdir().unwrap();
    // The second client comes when the program has accepted once, and is served when it was seen waiting.
    let program = "
import socket, sys
server = socket.socket(fileno=int(sys.argv[1]))
first = server.accept()
second = socket.create_connection(server.getsockname())
while 'queued' not in open('seen.jsonl').read(): pass
server.accept()";
    let starter = format!(
        "import os, socket, sys\nserver = socket.create_server(('127.0.0.1', 0))\nserver.set_inheritable(True)\n\
         client = socket.create_connection(server.getsockname())\nclient.set_inheritable(True)\n\
         os.execv(sys.argv[1], [*sys.argv[1:], 'python3', '-c', \"\"\"{program}\"\"\", str(server.fileno())])"
    );
    let mut command = Command::new("python3");
    command.args(["-c", &starter, env!("CARGO_BIN_EXE_socklab"), "run", "--journal", "seen.jsonl", "--"]);
    let output = command.current_dir(folder.path()).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let events = journal(&folder.path().join("seen.jsonl")).events;
    let left = events.iter().rfind(|event| event.event == EventKind::Dequeued).unwrap();
    assert_eq!(left.operation.as_deref(), Some("accept"));
}

/// A shell leaves a program behind that ignores Ctrl-C, as shells have it: it is ended all the same, with a whole journal.
#[test]
#[ignore = "needs python3"]
fn what_a_shell_leaves_behind_is_ended_by_ctrl_c() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sh.jsonl");
    std::fs::write(&file, "").unwrap();
    let server = "import socket; s = socket.create_server(('127.0.0.1', 0)); s.accept()";
    let mut command = Command::new(env!("CARGO_BIN_EXE_socklab"));
    command.args(["run", "--", "sh", "-c", &format!("python3 -c \"{server}\" &")]).current_dir(folder.path());
    let child = command.stderr(std::process::Stdio::piped()).spawn().unwrap();
    let events = super::events_once(&file, super::has(EventKind::Listen));
    while Path::new("/proc").join(events[0].run.unwrap().to_string()).exists() {
        std::thread::yield_now();
    }
    kill(Pid::from_raw(child.id().cast_signed()), Signal::SIGINT).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "the shell has ended well: {output:?}");
    let read = journal(&file);
    let last = read.events.last().unwrap();
    assert!(!read.cut && last.event == EventKind::Close && last.operation.as_deref() == Some("exit"), "{last:?}");
}

#[test]
#[ignore = "needs python3"]
fn a_real_time_signal_that_is_not_passed_on_is_told_once() {
    let folder = tempfile::tempdir().unwrap();
    let program = "import os, signal; [os.kill(os.getpid(), signal.SIGRTMIN + 6) for _ in range(2)]; print('on')";
    let mut command = Command::new(env!("CARGO_BIN_EXE_socklab"));
    let output = command.args(["run", "--", "python3", "-c", program]).current_dir(folder.path()).output().unwrap();
    assert!(output.status.success() && output.stdout == b"on\n", "{output:?}");
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(said, "socklab: note: real-time signal 40 can't be passed on to the program\n");
}
