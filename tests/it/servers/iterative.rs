//! `tcp-server`: one client at a time, the second server's failure, the orderly end.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;

use socklab_core::journal::EventKind;

use super::program::{Client, Program, journal, kinds};

#[test]
fn a_second_server_on_the_same_address_fails_and_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("second.jsonl");
    for (server, look_for) in [("tcp-server", "ss -ltnp"), ("udp-server", "ss -lunp")] {
        let (_first, address) = Program::server(&[server, "127.0.0.1:0"]);
        let address = address.to_string();
        for second in [address.clone(), address.replace("127.0.0.1", "0.0.0.0")] {
            let _ = std::fs::remove_file(&file);
            let ended = Program::start(&[server, &second, "--journal", file.to_str().unwrap()]).end();
            assert_eq!(ended.status.code(), Some(1));
            for text in [&second, "EADDRINUSE", look_for, "screenshot", "Why: "] {
                assert!(ended.talk.contains(text), "{text} not in {}", ended.talk);
            }
            assert_eq!(kinds(&file), [EventKind::Socket, EventKind::Error]);
            let failure = &journal(&file).events[1];
            assert_eq!(failure.operation.as_deref(), Some("bind"));
            assert_eq!(failure.errno.as_deref(), Some("EADDRINUSE"));
            assert_eq!(failure.local.unwrap().to_string(), second);
        }
    }
}

#[test]
fn the_second_client_waits_in_the_queue_until_the_first_leaves() {
    let (mut server, address) = Program::server(&["tcp-server", "127.0.0.1:0"]);
    let mut first = Client::connect(address);
    first.assert_served("one");
    let mut second = Client::connect(address);
    second.send(b"from the queue\n");
    first.assert_served("two");
    first.assert_served("three");
    let first_name = first.name.clone();
    drop(first);
    assert_eq!(second.reply(), "from the queue\n");
    server.until(|line| line.ends_with("from the queue"));
    let at = |text: String| server.shown.iter().position(|line| *line == text).unwrap();
    assert!(at(format!("{first_name} left (3 lines, 14 bytes)")) < at(format!("{} connected", second.name)));
}

#[test]
fn ctrl_c_closes_in_order_and_tells_what_was_received() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("server.jsonl");
    let path = file.to_str().unwrap();
    let (mut server, address) = Program::server(&["tcp-server", "127.0.0.1:0", "--reply", "upper", "--journal", path]);
    let mut client = Client::connect(address);
    client.send(b"hello\x1b[31m\xff\n");
    assert_eq!(client.reply(), "HELLO\x1b[31M\u{fffd}\n");
    server.until(|line| line.ends_with(": hello\\x1b[31m\\xff"));
    // Served and open, one more in the queue.
    let mut waiting = Client::connect(address);
    let ended = server.interrupt();
    assert!(ended.status.success());
    ended.assert_shown("tcp-server created 2 sockets: 1 listening, 1 connected.");
    ended.assert_shown("Received in all: 1 line, 12 bytes.");
    ended.assert_shown(&client.name);
    // Nobody accepted it: the closed listening socket resets it.
    assert_eq!(waiting.stream.read(&mut [0]).unwrap_err().kind(), ErrorKind::ConnectionReset);
    use EventKind::{Accept, Bind, Close, Listen, Receive, Send, Socket};
    assert_eq!(kinds(&file), [Socket, Bind, Listen, Accept, Receive, Send, Close, Close]);
    let events = journal(&file).events;
    assert_eq!(events[2].backlog, Some(1));
    assert_eq!(events[3].listener, Some(1));
    assert_eq!(events[3].remote.unwrap().to_string(), client.name);
    assert_eq!(events[4].text.as_deref(), Some("hello\\x1b[31m\\xff"));
    assert_eq!((events[4].bytes, events[5].bytes), (Some(12), Some(12)));
    assert!(events.is_sorted_by_key(|event| event.time));
}

#[test]
fn text_without_a_newline_is_in_the_tally_and_the_journal() {
    let folder = tempfile::tempdir().unwrap();
    for kind in ["tcp-server", "tcp-threaded-server"] {
        let file = folder.path().join(format!("{kind}.jsonl"));
        let (mut server, address) = Program::server(&[kind, "127.0.0.1:0", "--journal", file.to_str().unwrap()]);
        let mut client = Client::connect(address);
        client.send(b"a line\nthen no newline");
        server.until(|line| line == format!("{} sent text without a newline so far: then no newline", client.name));
        let ended = server.interrupt();
        ended.assert_shown(&format!("{}: then no newline", client.name));
        ended.assert_shown("Received in all: 2 lines, 1 without a newline, 22 bytes.");
        let received = journal(&file).events.into_iter().filter(|event| event.event == EventKind::Receive);
        assert_eq!(received.map(|event| event.bytes.unwrap()).collect::<Vec<_>>(), [7, 15]);
    }
}

#[test]
fn a_server_on_loopback_says_who_can_reach_it() {
    for server in ["tcp-server", "tcp-threaded-server", "udp-server"] {
        let (mut program, _) = Program::server(&[server, ":0"]);
        program.until(|line| line == "  Only programs on this computer can reach 127.0.0.1.");
        program.until(|line| line == "Ctrl-C ends it and shows its sockets.");
        assert!(program.shown.iter().all(|line| line.chars().count() <= 80), "{:?}", program.shown);
    }
}

#[test]
fn a_port_may_be_given_as_a_word_of_its_own_but_not_twice() {
    let (_server, address) = Program::server(&["tcp-server", "127.0.0.1", "0"]);
    assert_ne!(address.port(), 0);
    let ended = Program::start(&["tcp-server", "127.0.0.1:5", "6"]).end();
    assert_eq!(ended.status.code(), Some(2));
    assert!(ended.talk.contains("two ports are given, 5 and 6"), "{}", ended.talk);
}

#[test]
fn a_server_starts_again_over_connections_in_time_wait() {
    let (server, address) = Program::server(&["tcp-server", "127.0.0.1:0"]);
    let mut client = Client::connect(address);
    client.assert_served("x");
    // The server closes first, so that its side is the one in TIME_WAIT.
    assert!(server.interrupt().status.success());
    assert_eq!(client.reply(), "");
    drop(client);
    let (_server, again) = Program::server(&["tcp-server", &address.to_string()]);
    Client::connect(again).assert_served("y");
}

#[test]
fn a_closed_screen_ends_the_server_in_order() {
    let (mut child, address) = Program::without_screen(&["tcp-server", "127.0.0.1:0"]);
    let mut client = TcpStream::connect(address).unwrap();
    // It writes to its screen when it accepts, and may have ended by now.
    let _ = client.write_all(b"hello\n");
    assert!(child.wait().unwrap().success());
}

#[test]
fn it_serves_on_ipv6() {
    let (_server, address) = Program::server(&["tcp-server", "[::1]:0"]);
    assert!(address.is_ipv6());
    Client::connect(address).assert_served("hello");
}

#[test]
fn a_journal_is_added_to_and_nothing_else_is_spoilt() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("server.jsonl");
    let arguments = ["tcp-server", "127.0.0.1:0", "--journal", file.to_str().unwrap()];
    for _ in 0..2 {
        let (server, _) = Program::server(&arguments);
        assert!(server.interrupt().status.success());
    }
    assert_eq!(kinds(&file).len(), 8);
    let whole = std::fs::read(&file).unwrap();
    std::fs::write(&file, &whole[..whole.len() - 9]).unwrap();
    let (server, _) = Program::server(&arguments);
    assert!(server.interrupt().status.success());
    assert_eq!(kinds(&file).len(), 7 + 4);
    std::fs::write(&file, "my homework\n").unwrap();
    let ended = Program::start(&arguments).end();
    assert_eq!(ended.status.code(), Some(2));
    assert_eq!(std::fs::read(&file).unwrap(), b"my homework\n");
}
