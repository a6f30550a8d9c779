//! The journal against strace, call by call.
//!
//! A program has one tracer at a time, so each program runs twice, once under each, with clients that leave nothing to
//! chance: a line is sent when the one before it is on the server's screen. Compared is what each thread did, in its
//! order; port numbers are the system's choice and differ.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use socklab_core::journal::{EventKind, JournalEvent};

use super::script;
use crate::servers::program::journal;

/// The calls of each thread, without the order of threads.
type Calls = Vec<Vec<String>>;

/// Serves the program as its two clients, one within the life of the other where it can serve both.
fn be_its_clients(kind: &str, child: &mut Child) {
    let mut screen = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    let mut until = |wanted: &str| {
        let line = screen.find(|line| line == wanted || line.starts_with(wanted));
        line.unwrap_or_else(|| panic!("{kind}: {wanted} was not shown"))
    };
    let port: u16 = until("listening ").rsplit(' ').next().unwrap().parse().unwrap();
    let mut clients: Vec<TcpStream> = Vec::new();
    let (count, at_once) = match kind {
        "odd-calls" => (0, false),
        "one-accept" => (1, false),
        "print-only" | "echo" => (2, false),
        _ => (2, true),
    };
    for number in 0..count {
        let mut client = TcpStream::connect(("127.0.0.1", port)).unwrap();
        until("connected");
        for line in [format!("hello from {number}"), "a second line".to_owned()] {
            client.write_all(format!("{line}\n").as_bytes()).unwrap();
            until(&line);
            if kind != "print-only" {
                // An answer that is not read would make the end of the connection a reset.
                let mut answer = vec![0; line.len() + 1];
                client.read_exact(&mut answer).unwrap();
                assert_eq!(answer.strip_suffix(b"\n"), Some(line.as_bytes()));
            }
        }
        if at_once {
            clients.push(client);
        } else {
            drop(client);
            until("left");
        }
    }
    for client in clients {
        drop(client);
        until("left");
    }
    while screen.next().is_some() {}
    assert!(child.wait().unwrap().success(), "{kind}");
}

fn run(kind: &str, mut command: Command) {
    let mut child = command.args(["python3", &script("servers.py"), kind]).stdout(Stdio::piped()).spawn().unwrap();
    be_its_clients(kind, &mut child);
}

fn journal_calls(kind: &str, folder: &Path) -> Calls {
    let file = folder.join(format!("{kind}.jsonl"));
    let mut command = Command::new(env!("CARGO_BIN_EXE_socklab"));
    command.arg("run").arg("--journal").arg(&file).arg("--");
    run(kind, command);
    let mut threads: BTreeMap<u32, Vec<String>> = BTreeMap::new();
    for event in &journal(&file).events {
        threads.entry(event.thread.unwrap_or(0)).or_default().extend(journal_call(event));
    }
    sorted(threads.into_values())
}

/// An event as a call; `None` where no call was made: a queue, or a socket that was closed by something else.
fn journal_call(event: &JournalEvent) -> Option<String> {
    let bytes = event.bytes.unwrap_or(0);
    Some(match event.event {
        EventKind::Queued | EventKind::Dequeued => return None,
        EventKind::Close | EventKind::Release if event.operation.is_some() => return None,
        EventKind::Close | EventKind::Release => "close".to_owned(),
        EventKind::Socket => format!("socket {}", event.protocol),
        EventKind::Bind => "bind".to_owned(),
        EventKind::Listen => format!("listen {}", event.backlog.unwrap()),
        EventKind::Connect => "connect".to_owned(),
        EventKind::Accept => "accept".to_owned(),
        EventKind::Receive => format!("receive {bytes}"),
        EventKind::Eof => "end".to_owned(),
        EventKind::Send => format!("send {bytes}"),
        EventKind::Shutdown => format!("shutdown {}", event.operation.as_deref().unwrap()),
        EventKind::Error => format!("{} {}", event.operation.as_deref().unwrap(), event.errno.as_deref().unwrap()),
    })
}

fn strace_calls(kind: &str, folder: &Path) -> Calls {
    let prefix = folder.join(format!("{kind}.strace"));
    let mut command = Command::new("strace");
    let trace = "trace=network,read,write,close,readv,writev,sendfile,splice";
    // A file for each thread, with what each descriptor stands for.
    command.args(["-ff", "-yy", "-e", trace, "-o"]).arg(&prefix);
    run(kind, command);
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let own = files.filter(|path| path.file_name().unwrap().to_str().unwrap().starts_with(&format!("{kind}.strace.")));
    sorted(own.map(|path| {
        let mut ended = Vec::new();
        let text = fs::read_to_string(path).unwrap();
        text.lines().flat_map(|line| strace_calls_of(line, &mut ended)).collect()
    }))
}

/// What a line of strace tells: one call, or one for each message where a call moves several.
fn strace_calls_of(line: &str, ended: &mut Vec<String>) -> Vec<String> {
    let many = ["sendmmsg", "recvmmsg"].into_iter().find(|name| line.starts_with(&format!("{name}(")));
    let Some(name) = many else { return strace_call(line, ended).into_iter().collect() };
    let counts = line.split("msg_len=").skip(1).map(|rest| rest.split('}').next().unwrap());
    counts.map(|bytes| format!("{} {bytes}", operation(name))).collect()
}

/// A line of strace as a call; `None` where it concerns no TCP or UDP socket, or has done nothing yet. The end of a
/// stream counts once: `ended` has the descriptors where it was read.
fn strace_call(line: &str, ended: &mut Vec<String>) -> Option<String> {
    let (name, rest) = line.split_once('(')?;
    let (arguments, result) = rest.rsplit_once(") ")?;
    let result = result.trim_start().strip_prefix("= ")?;
    let words: Vec<&str> = arguments.split(", ").collect();
    let protocol_of = |text: &str| ["TCP", "UDP"].into_iter().find(|protocol| text.contains(&format!("<{protocol}")));
    let first = words.first()?;
    let (name, socket) = match name {
        "socket" => (name, result),
        "splice" if protocol_of(first).is_some() => ("read", *first),
        "splice" => ("write", *words.get(2)?),
        _ => (name, *first),
    };
    let protocol = protocol_of(socket);
    let value = result.split([' ', '<']).next()?;
    if value == "-1" || value == "?" {
        let errno = result.split(' ').nth(1)?;
        let protocol = protocol?;
        let quiet = ["EAGAIN", "EINPROGRESS", "EINTR", "EALREADY"].contains(&errno) || errno.starts_with("ERESTART");
        let ignored = name.starts_with("getsock") || name.starts_with("setsock") || name.starts_with("getpeer");
        return (!quiet && !ignored && !protocol.is_empty()).then(|| format!("{} {errno}", operation(name)));
    }
    let protocol = protocol?;
    Some(match operation(name) {
        "socket" => format!("socket {protocol}"),
        "listen" => format!("listen {}", words[1]),
        "shutdown" => format!("shutdown {}", words[1]),
        // Asking for the error ends a connect() in the background.
        "getsockopt" if arguments.contains("SO_ERROR, [0]") => "connect".to_owned(),
        "getsockopt" if arguments.contains("SO_ERROR, [E") => {
            let (_, errno) = arguments.split_once("SO_ERROR, [")?;
            format!("connect {}", errno.split(']').next()?)
        }
        "receive" if arguments.contains("MSG_PEEK") => return None,
        "receive" if value == "0" && protocol == "TCP" => {
            let again = ended.contains(&socket.to_owned());
            ended.push(socket.to_owned());
            return (!again).then(|| "end".to_owned());
        }
        way @ ("receive" | "send") => format!("{way} {value}"),
        plain @ ("bind" | "connect" | "accept" | "close") => plain.to_owned(),
        _ => return None,
    })
}

fn operation(name: &str) -> &str {
    match name {
        "recvfrom" | "recvmsg" | "recvmmsg" | "read" | "readv" => "receive",
        "sendto" | "sendmsg" | "sendmmsg" | "write" | "writev" | "sendfile" => "send",
        "accept4" => "accept",
        name => name,
    }
}

fn sorted(threads: impl Iterator<Item = Vec<String>>) -> Calls {
    let mut calls: Calls = threads.filter(|calls| !calls.is_empty()).collect();
    calls.sort();
    calls
}

#[test]
#[ignore = "needs python3 and strace"]
fn every_call_is_in_the_journal_and_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let kinds = [
        "print-only",
        "echo",
        "one-accept",
        "threaded",
        "forking",
        "select",
        "poll",
        "selectors",
        "asyncio",
        "socketserver",
        "socketserver-forking",
        "exec",
        "odd-calls",
    ];
    for kind in kinds {
        let (seen, expected) = (journal_calls(kind, folder.path()), strace_calls(kind, folder.path()));
        assert_eq!(seen, expected, "{kind}");
        assert!(seen.iter().flatten().any(|call| call == "accept"), "{kind}: {seen:?}");
    }
}

#[test]
fn a_line_of_strace_is_read() {
    let read = |line: &str| strace_call(line, &mut Vec::new());
    let call = |text: &str| Some(text.to_owned());
    assert_eq!(read("socket(AF_INET, SOCK_STREAM|SOCK_CLOEXEC, IPPROTO_IP) = 3<TCP:[67484]>"), call("socket TCP"));
    assert_eq!(read("listen(3<TCP:[127.0.0.1:38593]>, 5)     = 0"), call("listen 5"));
    assert_eq!(
        read("bind(5<TCP:[7]>, {sin_port=htons(3)}, 16) = -1 EADDRINUSE (Address already in use)"),
        call("bind EADDRINUSE")
    );
    assert_eq!(read("write(4<TCPv6:[[::1]:47784->[::1]:38593]>, \"(a) = 1\", 7) = 7"), call("send 7"));
    assert_eq!(read("write(1</dev/pts/0>, \"<TCP\", 4) = 4"), None);
    assert_eq!(read("recvfrom(6<UDP:[0.0.0.0:5]>, \"\", 100, 0, NULL, NULL) = 0"), call("receive 0"));
    assert_eq!(
        read("accept4(3<TCP:[127.0.0.1:5]>, 0x7ffc, [16], SOCK_CLOEXEC) = ? ERESTARTSYS (To be restarted)"),
        None
    );
    assert_eq!(
        read("getsockopt(8<TCP:[7]>, SOL_SOCKET, SO_ERROR, [ECONNREFUSED], [4]) = 0"),
        call("connect ECONNREFUSED")
    );
    assert_eq!(read("splice(5<TCP:[1]>, NULL, 7<pipe:[2]>, NULL, 100, 0) = 14"), call("receive 14"));
    assert_eq!(read("splice(6<pipe:[2]>, NULL, 4<TCP:[3]>, NULL, 100, 0) = 14"), call("send 14"));
    let several = "sendmmsg(4<UDP:[5]>, [{msg_hdr={msg_iovlen=1}, msg_len=7}, {msg_hdr={}, msg_len=8}], 2, 0) = 2";
    assert_eq!(strace_calls_of(several, &mut Vec::new()), ["send 7", "send 8"]);
    assert_eq!(read("--- SIGINT {si_signo=SIGINT, si_code=SI_KERNEL} ---"), None);
}
