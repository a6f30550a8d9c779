//! `udp-server` and `udp-client`: one socket each, datagrams as they are.

use std::net::UdpSocket;

use socklab_core::journal::EventKind;

use super::program::{PATIENCE, Program, journal, kinds};

#[test]
fn one_socket_receives_from_every_client_and_counts_empty_datagrams() {
    let (mut server, address) = Program::server(&["udp-server", "127.0.0.1:0", "--reply", "upper"]);
    let clients = [UdpSocket::bind("127.0.0.1:0").unwrap(), UdpSocket::bind("127.0.0.1:0").unwrap()];
    let mut buffer = [0; 65_536];
    for client in &clients {
        client.set_read_timeout(Some(PATIENCE)).unwrap();
        for (data, reply) in [(&b"a\nb"[..], &b"A\nB"[..]), (b"", b""), (&[b'z'; 65_507], &[b'Z'; 65_507])] {
            client.send_to(data, address).unwrap();
            let (count, from) = client.recv_from(&mut buffer).unwrap();
            assert_eq!((&buffer[..count], from), (reply, address));
        }
        let name = client.local_addr().unwrap().to_string();
        server.until(|line| line == format!("{name}: a\\nb"));
        server.until(|line| line == format!("{name}: (datagram without data)"));
    }
    let ended = server.interrupt();
    assert!(ended.status.success());
    ended.assert_shown("udp-server created 1 socket.");
    ended.assert_shown(&format!("It is bound to {address}."));
    ended.assert_shown("Received in all: 6 datagrams, 131020 bytes; 2 datagrams without data.");
    for client in &clients {
        ended.assert_shown(&client.local_addr().unwrap().to_string());
    }
}

#[test]
fn the_newline_of_a_datagram_is_counted_and_not_shown_in_the_journal() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("server.jsonl");
    let (mut server, address) = Program::server(&["udp-server", "127.0.0.1:0", "--journal", file.to_str().unwrap()]);
    UdpSocket::bind("127.0.0.1:0").unwrap().send_to(b"hello\n", address).unwrap();
    server.until(|line| line.ends_with(": hello\\n"));
    assert!(server.interrupt().status.success());
    let events = journal(&file).events;
    let received = events.iter().find(|event| event.event == EventKind::Receive).unwrap();
    assert_eq!((received.bytes, received.text.as_deref()), (Some(6), Some("hello")));
}

#[test]
fn the_client_sends_each_line_from_one_socket_and_shows_the_replies() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("client.jsonl");
    let (mut server, address) = Program::server(&["udp-server", "127.0.0.1:0"]);
    let address = address.to_string();
    let mut client = Program::start(&["udp-client", &address, "--journal", file.to_str().unwrap()]);
    client.type_line("hello");
    client.until(|line| line == format!("{address}: hello"));
    client.type_line("");
    client.until(|line| line == format!("{address}: (datagram without data)"));
    let ended = client.end_input();
    assert!(ended.status.success(), "{}", ended.talk);
    server.until(|line| line.ends_with(": (datagram without data)"));
    use EventKind::{Close, Receive, Send, Socket};
    assert_eq!(kinds(&file), [Socket, Send, Receive, Send, Receive, Close]);
    let events = journal(&file).events;
    assert_eq!(events[0].local, None, "no port before the first line is sent");
    assert_eq!(events[1].local, events[3].local);
    assert_eq!((events[1].bytes, events[3].bytes), (Some(5), Some(0)));
    assert_eq!(server.shown.iter().filter(|line| line.starts_with(&events[1].local.unwrap().to_string())).count(), 2);
}

#[test]
fn a_refused_datagram_is_explained_and_the_client_goes_on() {
    let held = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = held.local_addr().unwrap();
    drop(held);
    let mut client = Program::start(&["udp-client", &address.to_string()]);
    client.type_line("anyone?");
    assert!(client.until_talk(" failed: ").contains("ECONNREFUSED"));
    client.until_talk("ICMP");
    let server = UdpSocket::bind(address).unwrap();
    server.set_read_timeout(Some(PATIENCE)).unwrap();
    client.type_line("now?");
    let mut buffer = [0; 16];
    let (count, from) = server.recv_from(&mut buffer).unwrap();
    assert_eq!(&buffer[..count], b"now?");
    server.send_to(b"yes", from).unwrap();
    client.until(|line| line == format!("{address}: yes"));
    let ended = client.end_input();
    assert_eq!(ended.status.code(), Some(1));
    assert!(ended.talk.contains("2 datagrams sent, 1 failed"), "{}", ended.talk);
}
