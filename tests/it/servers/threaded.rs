//! `tcp-threaded-server`: many clients at once, a thousand of them, and the limit of open files.

use std::collections::HashSet;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Barrier;
use std::thread;

use nix::sys::resource::{Resource, getrlimit, setrlimit};

use super::program::{Client, Program};

#[test]
fn it_serves_every_client_at_once() {
    let (server, address) = Program::server(&["tcp-threaded-server", "127.0.0.1:0"]);
    let mut clients: Vec<Client> = (0..4).map(|_| Client::connect(address)).collect();
    for round in ["one", "two"] {
        clients.iter_mut().rev().for_each(|client| client.assert_served(round));
    }
    let ended = server.interrupt();
    assert!(ended.status.success());
    ended.assert_shown("tcp-threaded-server created 5 sockets: 1 listening, 4 connected.");
    ended.assert_shown("Received in all: 8 lines, 32 bytes.");
}

const THREADS: usize = 8;
const CLIENTS_A_THREAD: usize = 125;
const LINES: usize = 100;

#[test]
fn a_thousand_clients_lose_nothing() {
    raise_open_files();
    let (mut server, address) = Program::server(&["tcp-threaded-server", "127.0.0.1:0"]);
    let connected = Barrier::new(THREADS);
    thread::scope(|scope| {
        for thread in 0..THREADS {
            let connected = &connected;
            scope.spawn(move || {
                let clients: Vec<TcpStream> =
                    (0..CLIENTS_A_THREAD).map(|_| TcpStream::connect(address).unwrap()).collect();
                connected.wait();
                talk_and_check_echoes(&clients, thread);
                connected.wait();
            });
        }
    });
    let total = THREADS * CLIENTS_A_THREAD;
    let mut left = 0;
    while left < total {
        server.until(|line| line.ends_with(" left (100 lines, 1800 bytes)"));
        left += 1;
    }
    let shown: HashSet<&str> =
        server.shown.iter().filter_map(|line| line.split_once(": ")).map(|(_, text)| text).collect();
    for thread in 0..THREADS {
        for client in 0..CLIENTS_A_THREAD {
            assert!((0..LINES).all(|number| shown.contains(line(thread, client, number).trim_end())));
        }
    }
    assert_eq!(server.shown.iter().filter(|line| line.contains(": client ")).count(), total * LINES);
    let ended = server.interrupt();
    ended.assert_shown("created 1001 sockets: 1 listening, 1000 connected.");
    ended.assert_shown("Received in all: 100000 lines, 1800000 bytes.");
    ended.assert_shown("And 900 more connected sockets: 90000 lines, 1620000 bytes.");
    assert!(ended.status.success());
}

/// 18 bytes.
fn line(thread: usize, client: usize, number: usize) -> String {
    format!("client {thread} {client:03} {number:04}\n")
}

fn talk_and_check_echoes(clients: &[TcpStream], thread: usize) {
    for (client, mut stream) in clients.iter().enumerate() {
        let lines: String = (0..LINES).map(|number| line(thread, client, number)).collect();
        stream.write_all(lines.as_bytes()).unwrap();
    }
    for (client, stream) in clients.iter().enumerate() {
        let mut echoes = BufReader::new(stream).lines();
        for number in 0..LINES {
            assert_eq!(echoes.next().unwrap().unwrap(), line(thread, client, number).trim_end());
        }
    }
}

fn raise_open_files() {
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    setrlimit(Resource::RLIMIT_NOFILE, hard.min(4096), hard).unwrap();
}

#[test]
fn at_the_limit_of_open_files_it_says_so_once_and_goes_on() {
    let mut server = Program::start_with_open_files(20, &["tcp-threaded-server", "127.0.0.1:0"]);
    let address: SocketAddr = server.address();
    let mut clients: Vec<Client> = (0..40).map(|_| Client::connect(address)).collect();
    assert!(server.until_talk("accept failed").contains("EMFILE (Too many open files)"));
    server.until_talk("`ulimit -n`");
    clients[0].assert_served("at the limit");
    // Each leaves in turn; those who waited are served in the order of the queue.
    for (number, mut client) in clients.into_iter().enumerate() {
        client.assert_served(&format!("client {number}"));
    }
    let ended = server.interrupt();
    assert!(ended.status.success());
    assert!(!ended.talk.contains("accept failed"), "said twice: {}", ended.talk);
    ended.assert_shown("created 41 sockets: 1 listening, 40 connected.");
}
