//! `tcp-client`: replies as they come, the queue's hint, and every way it ends.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};

use socket2::{Domain, Socket, Type};
use socklab_core::journal::EventKind;

use super::program::{Program, kinds};

#[test]
fn it_sends_lines_shows_replies_and_closes_at_the_end_of_input() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("client.jsonl");
    let (mut server, address) = Program::server(&["tcp-server", "127.0.0.1:0", "--reply", "upper"]);
    let address = address.to_string();
    let mut client = Program::start(&["tcp-client", &address, "--journal", file.to_str().unwrap()]);
    let connected = client.until_talk("Connected: ");
    let local = connected.split_whitespace().nth(1).unwrap().to_owned();
    server.until(|line| line == format!("{local} connected"));
    client.type_line("hello");
    client.until(|line| line == format!("{address}: HELLO"));
    client.input.as_mut().unwrap().write_all(b"no newline").unwrap();
    let ended = client.end_input();
    assert!(ended.status.success(), "{}", ended.talk);
    ended.assert_shown(&format!("{address}: NO NEWLINE"));
    assert!(!ended.talk.contains("The server"), "it was the client that closed first: {}", ended.talk);
    server.until(|line| line == format!("{local} left (2 lines, 1 without a newline, 16 bytes)"));
    use EventKind::{Close, Connect, Eof, Receive, Send, Socket};
    assert_eq!(kinds(&file), [Socket, Connect, Send, Receive, Send, Receive, Eof, Close]);
}

#[test]
fn ctrl_c_closes_it_at_once() {
    let (mut server, address) = Program::server(&["tcp-server", "127.0.0.1:0"]);
    let mut client = Program::start(&["tcp-client", &address.to_string()]);
    client.until_talk("Connected: ");
    assert!(client.interrupt().status.success());
    server.until(|line| line.ends_with(" left (0 lines, 0 bytes)"));
}

#[test]
fn a_reply_without_newline_is_shown_while_the_connection_is_open() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let mut client = Program::start(&["tcp-client", &address]);
    let (mut connection, _) = listener.accept().unwrap();
    connection.write_all(b"welcome").unwrap();
    client.until(|line| line == format!("{address}: welcome"));
    drop(connection);
    let ended = client.end();
    assert!(ended.status.success());
    assert!(ended.talk.contains("closed the connection"));
}

#[test]
fn it_says_so_when_nobody_answers_its_line() {
    let (_server, address) = Program::server(&["tcp-server", "127.0.0.1:0"]);
    let mut served = TcpStream::connect(address).unwrap();
    served.write_all(b"x\n").unwrap();
    served.read_exact(&mut [0; 2]).unwrap();
    let mut client = Program::start(&["tcp-client", &address.to_string(), "--patience", "0.05"]);
    client.type_line("hello?");
    client.until_talk("No reply yet.");
    drop(served);
    client.until(|line| line == format!("{address}: hello?"));
    assert!(client.end_input().status.success());
}

/// The server answers once and is then silent, as one that was stopped with Ctrl-Z.
#[test]
fn it_says_so_when_replies_cease() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let mut client = Program::start(&["tcp-client", &address, "--patience", "0.05"]);
    let (mut connection, _) = listener.accept().unwrap();
    let mut answer = |client: &mut Program, text: &str| {
        connection.write_all(format!("{text}\n").as_bytes()).unwrap();
        client.until(|line| line == format!("{address}: {text}"));
    };
    answer(&mut client, "welcome");
    for line in ["one", "two"] {
        client.type_line(line);
        client.until_talk("No reply any more.");
        client.until_talk("Check step ");
        answer(&mut client, line);
    }
    drop(connection);
    assert_eq!(client.end().talk.matches("No reply yet").count(), 0);
}

#[test]
fn a_refusal_is_explained() {
    let held = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = held.local_addr().unwrap().to_string();
    drop(held);
    let ended = Program::start(&["tcp-client", &address]).end();
    assert_eq!(ended.status.code(), Some(1));
    assert!(ended.talk.contains("ECONNREFUSED") && ended.talk.contains("step 6"), "{}", ended.talk);
}

#[cfg(target_os = "linux")]
#[test]
fn it_can_be_ended_while_its_syn_is_not_answered() {
    let full = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    full.bind(&"127.0.0.1:0".parse::<std::net::SocketAddr>().unwrap().into()).unwrap();
    full.listen(0).unwrap();
    let address = full.local_addr().unwrap().as_socket().unwrap();
    let _waits = TcpStream::connect(address).unwrap();
    let mut client = Program::start(&["tcp-client", &address.to_string(), "--patience", "0.05"]);
    client.until_talk("Still connecting: no answer yet.");
    assert!(client.interrupt().status.success());
}

#[test]
fn a_reset_is_explained() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut client = Program::start(&["tcp-client", &listener.local_addr().unwrap().to_string()]);
    let (connection, _) = listener.accept().unwrap();
    client.until_talk("Connected: ");
    socket2::SockRef::from(&connection).set_linger(Some(std::time::Duration::ZERO)).unwrap();
    drop(connection);
    let ended = client.end();
    assert_eq!(ended.status.code(), Some(1));
    assert!(ended.talk.contains("ECONNRESET"), "{}", ended.talk);
}
