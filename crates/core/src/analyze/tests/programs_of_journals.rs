//! Students' programs that do otherwise than the sheet's, by their journals.

use super::journals::{Told, threaded, told};
use crate::analyze::analysis::{Analysis, Code};
use crate::analyze::testing::Story;
use crate::analyze::tests::support::{self, A, B1, B2, C1, C2, said, short};
use socklab_packets::pipeline::CaptureFacts;

const ALL: [&str; 4] = [B1, B2, C1, C2];

/// Clients that connect and send a line, of which the first so many are answered.
fn clients(answered: usize) -> CaptureFacts {
    let mut story = Story::new("at A", 0);
    for (place, client) in ALL.iter().enumerate() {
        let mut tcp = Story::tcp(client, A);
        story.handshake(&mut tcp);
        match place < answered {
            true => story.echo(&mut tcp, "one\n"),
            false => story.line(&mut tcp, "one\n"),
        }
        story.wait(500);
    }
    story.read()
}

/// What a thread of its own does with a client.
fn in_thread(journal: &mut Told, event: &str, socket: usize, client: &str) {
    journal.of(event, socket, client);
    let last = journal.lines.last_mut().unwrap();
    *last = last.replace(r#""thread":7"#, &format!(r#""thread":{}"#, 100 + socket));
}

fn not_threaded(analysis: &Analysis) -> String {
    support::told(analysis, Code::NotThreaded)
}

/// A server that accepts two clients and ends when they have left.
#[test]
fn who_was_left_in_the_queue_has_no_connected_socket() {
    let mut journal = Told::server();
    for (socket, client) in (2..).zip([B1, B2]) {
        journal.wait(500);
        journal.of("accept", socket, client);
        in_thread(&mut journal, "receive", socket, client);
    }
    for client in [C1, C2] {
        journal.wait(500);
        journal.of("queued", 1, client);
    }
    for (socket, client) in (2..).zip([B1, B2]) {
        journal.wait(500);
        in_thread(&mut journal, "eof", socket, client);
    }
    [C1, C2].iter().for_each(|client| journal.gone(client));
    journal.note("close", 1, "");
    let analysis = told(vec![clients(2)], vec![threaded(journal)]);
    assert_eq!(short(&analysis, "II.2"), "10.0.3.1:65432; 3 sockets (1 listening, 2 connected)");
    let said = said(&analysis, "II.2");
    assert!(said.contains("2 connections were in the queue until the server ended"), "{said}");
    assert!(!said.contains("had not returned them yet") && !said.contains("not among those"), "{said}");
}

/// Part II with a server that is started again between the two hosts' clients.
#[test]
fn each_run_of_a_server_has_a_listening_socket_of_its_own() {
    let run = |start: u32, clients: [&str; 2], pid: u32| {
        let mut journal = Told::new("A.jsonl").at(start);
        journal.note("listen", 1, "");
        for (socket, client) in (2..).zip(clients) {
            journal.wait(100);
            journal.of("accept", socket, client);
        }
        journal.wait(100);
        journal.note("close", 1, "");
        let own = format!(r#""pid":{pid},"run":{pid}"#);
        journal.lines.iter_mut().for_each(|line| *line = line.replace(r#""pid":7,"run":7"#, &own));
        journal
    };
    let mut journal = run(0, [B1, B2], 7);
    journal.lines.extend(run(5000, [C1, C2], 8).lines);
    let analysis = told(vec![clients(4)], vec![threaded(journal)]);
    assert_eq!(short(&analysis, "II.2"), "10.0.3.1:65432; 6 sockets (2 listening, 4 connected)");
    let said = said(&analysis, "II.2");
    assert!(
        said.contains("2 listening sockets: the server's journal shows listen() on 10.0.3.1:65432, in 2 runs"),
        "{said}"
    );
    assert!(!said.contains("1 listening socket"), "{said}");
}

/// `Thread(…).start()`, and `join()` right behind it.
#[test]
fn a_server_that_waits_for_its_threads_is_threaded() {
    let mut journal = Told::server();
    journal.of("accept", 2, B1);
    in_thread(&mut journal, "receive", 2, B1);
    for (place, client) in ALL.iter().enumerate().skip(1) {
        journal.wait(500);
        journal.of("queued", 1, client);
        journal.wait(500);
        in_thread(&mut journal, "eof", place + 1, ALL[place - 1]);
        journal.of("accept", place + 2, client);
        in_thread(&mut journal, "receive", place + 2, client);
    }
    let analysis = told(vec![clients(1)], vec![threaded(journal)]);
    let said = said(&analysis, "II.1");
    assert!(said.contains("has a thread for each client, but serves one client at a time"), "{said}");
    assert!(!said.contains("not the threaded one"), "{said}");
    let advice = not_threaded(&analysis);
    assert!(advice.contains("join()") && !advice.contains("tcp_server still running"), "{advice}");
}

/// A pool of one thread, which has all clients.
#[test]
fn one_thread_for_all_clients_is_not_a_thread_for_each() {
    let mut journal = Told::server();
    let pool = |journal: &mut Told, event: &str, place: usize| {
        journal.of(event, place + 2, ALL[place]);
        let last = journal.lines.last_mut().unwrap();
        *last = last.replace(r#""thread":7"#, r#""thread":100"#);
    };
    journal.of("accept", 2, ALL[0]);
    pool(&mut journal, "receive", 0);
    for (place, client) in ALL.iter().enumerate().skip(1) {
        journal.wait(500);
        journal.of("queued", 1, client);
        journal.wait(500);
        pool(&mut journal, "eof", place - 1);
        journal.of("accept", place + 2, client);
        pool(&mut journal, "receive", place);
    }
    let analysis = told(vec![clients(1)], vec![threaded(journal)]);
    assert!(!said(&analysis, "II.1").contains("a thread for each client"), "{}", said(&analysis, "II.1"));
    assert!(!not_threaded(&analysis).contains("a thread for each client"), "{}", not_threaded(&analysis));
}

/// The server of Part I is still running, so that the threaded one cannot start, as its journal says.
#[test]
fn a_threaded_server_that_could_not_start_is_told() {
    let mut journal = Told::server();
    journal.wait(100);
    let failed = format!(r#","local":"{A}","operation":"bind","errno":"EADDRINUSE""#);
    journal.write("error", "tcp", 1, &failed);
    let last = journal.lines.last_mut().unwrap();
    *last = last.replace(r#""pid":7,"run":7"#, r#""pid":8,"run":8"#).replace("server.py", "tcp-threaded-server");
    journal.of("accept", 2, B1);
    for (place, client) in ALL.iter().enumerate().skip(1) {
        journal.wait(500);
        journal.of("queued", 1, client);
        journal.wait(500);
        journal.of("eof", place + 1, ALL[place - 1]);
        journal.of("accept", place + 2, client);
    }
    let advice = not_threaded(&told(vec![clients(1)], vec![journal]));
    assert!(advice.contains("The threaded server could not start: its bind() failed with EADDRINUSE"), "{advice}");
}

const UDP: &str = r#","local":"10.0.3.1:65433""#;

fn step_12() -> CaptureFacts {
    let mut story = Story::new("step12", 0);
    story.datagram("10.0.3.2:40000", "10.0.3.1:65433", "hello\n");
    story.read()
}

/// A UDP server that connects its socket to its first client (POSIX, connect(): it limits the remote sender).
#[test]
fn a_connected_udp_socket_is_not_said_to_receive_from_every_client() {
    let mut server = Told::new("A.jsonl");
    server.write("bind", "udp", 1, UDP);
    // What the server sends back makes no client of it.
    for event in ["receive", "connect", "send"] {
        server.write(event, "udp", 1, &format!(r#"{UDP},"remote":"10.0.3.2:40000""#));
    }
    let mut client = Told::new("C.jsonl");
    let ends = r#","local":"10.0.3.3:41000","remote":"10.0.3.1:65433""#;
    client.write("send", "udp", 1, ends);
    client.write("error", "udp", 1, &format!(r#"{ends},"operation":"receive","errno":"ECONNREFUSED""#));
    client.lines.iter_mut().for_each(|line| *line = line.replace("server.py", "udp-client"));
    let analysis = told(vec![step_12()], vec![server, client]);
    assert_eq!(short(&analysis, "I.4b"), "No; C's datagram was refused");
    let said = said(&analysis, "I.4b");
    assert!(!said.contains("from every client") && !said.contains("can't show whether one arrived"), "{said}");
    assert!(said.contains("connect() connected its socket to 10.0.3.2:40000"), "{said}");
    assert!(said.contains("came back as refused (ECONNREFUSED)"), "{said}");
}

#[test]
fn a_journal_that_was_given_is_not_missing() {
    let mut server = Told::new("A.jsonl");
    server.write("bind", "udp", 1, UDP);
    server.write("receive", "udp", 1, &format!(r#"{UDP},"remote":"10.0.3.2:40000""#));
    let analysis = told(vec![step_12()], vec![server]);
    let missing =
        |analysis: &Analysis| support::answer(analysis, crate::lab::testing::question("I.4b")).missing[0].to_string();
    assert!(!missing(&analysis).contains("journal"), "{}", missing(&analysis));
    let without = told(vec![step_12()], Vec::new());
    assert!(missing(&without).contains("the UDP server's journal (--journal)"), "{}", missing(&without));
}

#[test]
fn runs_of_a_udp_server_are_told_apart() {
    let run = |start: u32, pid: u32, clients: &[&str]| {
        let mut server = Told::new("A.jsonl").at(start);
        server.write("bind", "udp", 1, UDP);
        clients.iter().for_each(|client| server.write("receive", "udp", 1, &format!(r#"{UDP},"remote":"{client}""#)));
        server.write("close", "udp", 1, UDP);
        let own = format!(r#""pid":{pid},"run":{pid}"#);
        server.lines.iter_mut().for_each(|line| *line = line.replace(r#""pid":7,"run":7"#, &own));
        server
    };
    let mut server = run(0, 7, &["10.0.3.2:40000"]);
    server.lines.extend(run(5000, 8, &["10.0.3.3:41000", "10.0.3.2:40000"]).lines);
    let said = said(&told(vec![step_12()], vec![server]), "I.4b");
    assert!(said.contains("journal, run 1 of 2: it received datagrams from 10.0.3.2:40000."), "{said}");
    assert!(said.contains("journal, run 2 of 2:") && said.contains("In each of its runs the server has one"), "{said}");
}
