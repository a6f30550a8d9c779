//! `--raw` and `--quiet`: what each `recv()` returned, and nothing that answers the sheet's questions.

use std::io::Write;

use super::program::{Client, Program, journal};

#[test]
fn raw_shows_each_recv_as_it_came() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("raw.jsonl");
    let arguments = ["tcp-server", "127.0.0.1:0", "--raw", "--journal", file.to_str().unwrap()];
    let (mut server, address) = Program::server(&arguments);
    let mut client = Client::connect(address);
    client.send(b"one\ntwo\n");
    let name = client.name.clone();
    server.until(|line| line == format!("{name}: recv() returned 8 bytes: one\\ntwo\\n"));
    assert_eq!([client.reply(), client.reply()], ["one\n", "two\n"]);
    client.send(b"no newline");
    server.until(|line| line == format!("{name}: recv() returned 10 bytes: no newline"));
    drop(client);
    server.until(|line| line.contains("left (3 lines"));
    assert!(server.interrupt().status.success());
    let texts: Vec<String> = journal(&file).events.into_iter().filter_map(|event| event.text).collect();
    assert_eq!(texts, ["one\\ntwo", "one\\ntwo", "no newline", "no newline"]);
}

#[test]
fn raw_clients_and_datagrams_too() {
    let (mut server, address) = Program::server(&["udp-server", "127.0.0.1:0", "--raw"]);
    let mut client = Program::start(&["udp-client", &address.to_string(), "--raw"]);
    client.type_line("hello");
    server.until(|line| line.ends_with(": recvfrom() returned 5 bytes: hello"));
    client.until(|line| line == format!("{address}: recv() returned 5 bytes: hello"));
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let mut client = Program::start(&["tcp-client", &address.to_string(), "--raw"]);
    let (mut connection, _) = listener.accept().unwrap();
    connection.write_all(b"a\nb").unwrap();
    client.until(|line| line == format!("{address}: recv() returned 3 bytes: a\\nb"));
}

#[test]
fn quiet_answers_no_question() {
    let (mut first, address) = Program::server(&["tcp-server", "127.0.0.1:0", "--quiet"]);
    let second = Program::start(&["tcp-server", &address.to_string(), "--quiet"]).end();
    assert!(second.talk.contains("EADDRINUSE") && second.talk.lines().count() == 1, "{}", second.talk);
    let mut client = Client::connect(address);
    client.assert_served("hello");
    drop(client);
    first.until(|line| line.contains("left (1 line, 6 bytes)"));
    let ended = first.interrupt();
    assert!(ended.status.success());
    let screen = ended.screen.join("\n");
    for hint in ["created", "socket", "One client", "Backlog", "queue"] {
        assert!(!screen.contains(hint), "{screen}");
    }
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let mut client = Program::start(&["tcp-client", &address, "--quiet", "--patience", "0"]);
    client.type_line("hello");
    let (_connection, _) = listener.accept().unwrap();
    let talk = client.end_input().talk;
    assert!(talk.contains("Connected") && !talk.contains("No reply"), "{talk}");
}
