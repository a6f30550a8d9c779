//! Journals that hold other runs than that of the captures: they are told, and count for nothing.

use super::journals::{B, C, Told, capture, facts, threaded, told};
use crate::analyze::analysis::{Analysis, Code, Facts};
use crate::analyze::testing::Story;
use crate::analyze::tests::support::{A, B1, B2, C1, C2, said, short};
use socklab_packets::pipeline::CaptureFacts;

/// The same, earlier: as another process, in another hour.
fn earlier(mut journal: Told) -> Told {
    for line in &mut journal.lines {
        *line = line.replace(r#""pid":7,"run":7,"thread":7"#, r#""pid":6,"run":6,"thread":6"#).replace("T10:", "T08:");
    }
    journal
}

/// Both in one file.
fn added(mut first: Told, second: Told) -> Told {
    first.lines.extend(second.lines);
    first
}

/// A server with these clients, one after the other.
fn server(clients: &[&str], side_by_side: bool) -> Told {
    let mut journal = Told::server();
    for (socket, client) in (2..).zip(clients) {
        journal.wait(300);
        journal.of("accept", socket, client);
        journal.of("receive", socket, client);
        if !side_by_side {
            journal.wait(300);
            journal.of("eof", socket, client);
            journal.of("close", socket, client);
        }
    }
    journal.wait(300);
    journal.note("close", 1, "");
    journal
}

fn part_2() -> CaptureFacts {
    let mut story = Story::new("at A", 0);
    for client in [B1, B2, C1, C2] {
        let mut tcp = Story::tcp(client, A);
        story.handshake(&mut tcp);
        story.echo(&mut tcp, "one\n");
        story.wait(500);
    }
    story.read()
}

fn others(analysis: &Analysis) -> Vec<String> {
    let found = analysis.findings.iter().filter(|finding| finding.code == Code::JournalOtherRun);
    found.map(|finding| finding.message.to_string()).collect()
}

#[test]
fn a_start_without_clients_counts_no_sockets() {
    let journal = added(earlier(server(&[], true)), server(&[B1, B2, C1, C2], true));
    let analysis = told(vec![part_2()], vec![threaded(journal)]);
    assert!(short(&analysis, "II.2").contains("5 sockets (1 listening, 4 connected)"), "{}", short(&analysis, "II.2"));
    let others = others(&analysis);
    assert!(others[0].contains("no client came") && others[0].contains("2026-01-01 08:00:00 UTC"), "{others:?}");
    assert_eq!(others.len(), 1);
}

#[test]
fn a_lab_from_before_is_not_counted() {
    let before = ["10.0.3.2:50001", "10.0.3.2:50002", "10.0.3.3:50003", "10.0.3.3:50004"];
    let journal = || threaded(added(earlier(server(&before, true)), server(&[B1, B2, C1, C2], true)));
    let analysis = told(vec![part_2()], vec![journal()]);
    let alone = told(vec![part_2()], vec![threaded(server(&[B1, B2, C1, C2], true))]);
    for key in ["II.1", "II.2", "II.3"] {
        assert_eq!(short(&analysis, key), short(&alone, key));
    }
    assert!(others(&analysis)[0].contains("the captures have none of its clients"), "{:?}", others(&analysis));
    assert!(others(&alone).is_empty());
    // Without captures, one of the runs answers.
    let analysis = told(Vec::new(), vec![journal()]);
    assert!(short(&analysis, "II.1").starts_with("Yes, 4 clients connected"), "{}", short(&analysis, "II.1"));
    assert!(said(&analysis, "II.3").contains("40210"), "{}", said(&analysis, "II.3"));
    assert_eq!(others(&analysis).len(), 1);
    // Not a later one with less.
    let journal = threaded(added(earlier(server(&before, true)), server(&[B1], true)));
    let analysis = told(Vec::new(), vec![journal]);
    assert!(short(&analysis, "II.1").starts_with("Yes, 4 clients connected"), "{}", short(&analysis, "II.1"));
}

/// C is in the queue until this client quits.
fn waits_behind(journal: &mut Told, first: &str) {
    journal.of("accept", 2, first);
    journal.wait(100);
    journal.of("queued", 1, C);
    journal.wait(1000);
    journal.of("eof", 2, first);
    journal.of("close", 2, first);
    journal.of("accept", 3, C);
}

#[test]
fn a_journal_of_another_run_proves_nothing_of_the_captured_one() {
    let step_8 = || capture("step8", "10.0.3.2:40999", |story, tcp| story.echo(tcp, "one\n"));
    let mut journal = Told::server();
    waits_behind(&mut journal, B);
    let analysis = told(vec![step_8()], vec![earlier(journal)]);
    assert!(short(&analysis, "I.3").starts_with("Expected"), "{}", short(&analysis, "I.3"));
    assert_eq!(others(&analysis).len(), 1);
}

/// The second server of an earlier lab, and that of another part.
#[test]
fn a_bind_that_failed_beside_another_run_is_not_that_of_this_one() {
    let failed = |program: &str| {
        format!(
            r#"{{"time":"2026-01-01T10:00:00.400Z","program":"{program}","pid":9,"event":"error","protocol":"tcp","socket":1,"local":"{A}","operation":"bind","errno":"EADDRINUSE"}}"#
        )
    };
    let step_8 = || capture("step8", B, |story, tcp| story.echo(tcp, "one\n"));
    let mut before = server(&["10.0.3.2:50001"], false);
    before.lines.push(failed("server.py"));
    let analysis = told(vec![step_8()], vec![added(earlier(before), server(&[B], false))]);
    assert!(short(&analysis, "I.2").starts_with("Expected"), "{}", said(&analysis, "I.2"));
    assert!(
        said(&analysis, "I.2").contains("while a server of another run than the captured one"),
        "{}",
        said(&analysis, "I.2")
    );
    // At 0.4 s B's client is connected, at 0.8 s it has left.
    let own = |program: &str, at: &str| {
        let mut own = server(&[B], false);
        own.lines.insert(4, failed(program).replace("00.400", at));
        short(&told(vec![step_8()], vec![own]), "I.2")
    };
    assert_eq!(own("server.py", "00.400"), "No: EADDRINUSE");
    assert_eq!(own("server.py", "00.800"), "No: EADDRINUSE");
    assert_eq!(own("tcp-threaded-server", "00.400"), "No: EADDRINUSE");
    assert!(own("tcp-threaded-server", "00.800").starts_with("Expected"));
}

/// The groups of a class have the same addresses, and work in the same hour.
#[test]
fn a_journal_of_another_group_counts_for_nothing() {
    let neighbours = |first: u32| {
        let mut journal = Told::new("N.jsonl").at(first);
        journal.note("listen", 1, "");
        for (socket, client) in (2..).zip(["10.0.3.2:50001", "10.0.3.3:50003"]) {
            journal.wait(100);
            journal.of("accept", socket, client);
        }
        journal.wait(20_000);
        journal.note("close", 1, "");
        journal.lines.iter_mut().for_each(|line| *line = line.replace(r#""pid":7,"run":7"#, r#""pid":5,"run":5"#));
        journal
    };
    let step_8 = || capture("step8", B, |story, tcp| story.echo(tcp, "one\n"));
    // Beside the own journal, whose server listened at the same address then.
    let with_own = told(vec![step_8()], vec![server(&[B], false), neighbours(0)]);
    assert!(short(&with_own, "I.3").starts_with("Expected"), "{}", short(&with_own, "I.3"));
    let asked = " at the same time: server.py from 2026-01-01 10:00:00 UTC. Is it another group's journal?";
    assert!(others(&with_own)[0].ends_with(asked), "{:?}", others(&with_own));
    // Each computer has the address 0.0.0.0: servers there are no reason to take either journal for another group's.
    let anywhere = |mut journal: Told| {
        let lines = journal.lines.iter_mut().filter(|line| line.contains("\"listen\""));
        lines.for_each(|line| *line = line.replace("10.0.3.1:65432", "0.0.0.0:65432"));
        journal
    };
    let on_all = told(vec![step_8()], vec![anywhere(server(&[B], false)), anywhere(neighbours(0))]);
    assert!(!others(&on_all).iter().any(|text| text.contains("another group's")), "{:?}", others(&on_all));
    // Alone, it lacks the captured client.
    let mut journal = neighbours(10_000);
    journal.lines.iter_mut().for_each(|line| *line = line.replace("2026-01-01T10:00:", "2023-11-14T22:13:"));
    let alone = told(vec![step_8()], vec![journal]);
    assert!(short(&alone, "I.3").starts_with("Expected"), "{}", short(&alone, "I.3"));
    assert!(others(&alone)[0].contains("another group's"), "{:?}", others(&alone));
}

/// The captures of the sheet show step 8 and not the client of step 10.
#[test]
fn a_server_that_was_started_again_for_the_next_step_counts() {
    let step_8 = capture("step8", B, |story, tcp| story.echo(tcp, "one\n"));
    let again = "10.0.3.2:40999";
    let mut next = Told::server().at(10_000);
    waits_behind(&mut next, again);
    let mut first = server(&[B], false);
    first.lines.iter_mut().for_each(|line| *line = line.replace(r#""pid":7,"run":7"#, r#""pid":6,"run":6"#));
    let analysis = told(vec![step_8], vec![added(first, next)]);
    let Facts::BusyServer { served_while_first_client_connected, .. } = facts(&analysis, "I.3") else { panic!() };
    assert_eq!(*served_while_first_client_connected, Some(false), "{}", said(&analysis, "I.3"));
    assert!(others(&analysis).is_empty());
}

#[test]
fn datagrams_from_before_are_not_counted() {
    let at = r#","local":"10.0.3.1:65433""#;
    let server = |clients: [&str; 2]| {
        let mut server = Told::new("A.jsonl");
        server.write("bind", "udp", 1, at);
        clients.iter().for_each(|client| server.write("receive", "udp", 1, &format!(r#"{at},"remote":"{client}""#)));
        server
    };
    let mut story = Story::new("step12", 0);
    story.datagram("10.0.3.2:40000", "10.0.3.1:65433", "hello\n");
    let before = earlier(server(["10.0.3.2:50000", "10.0.3.3:51000"]));
    let analysis = told(vec![story.read()], vec![added(before, server(["10.0.3.2:40000", "10.0.3.3:41000"]))]);
    assert_eq!(short(&analysis, "I.4b"), "No: 2 clients served");
    assert!(!said(&analysis, "I.4b").contains("50000"), "{}", said(&analysis, "I.4b"));
}

/// Its line was on the wire before the server's system sent the greeting.
#[test]
fn a_server_that_sent_before_it_had_read_is_not_said_to_answer() {
    let step_8 = || capture("step8", B, |story, tcp| story.echo(tcp, "one\n"));
    let journal = |calls: [&str; 2]| {
        let mut journal = Told::server();
        journal.of("accept", 2, B);
        calls.iter().for_each(|call| journal.of(call, 2, B));
        journal
    };
    let greeting = said(&told(vec![step_8()], vec![journal(["send", "receive"])]), "I.1a");
    assert!(greeting.contains("The server's journal: its program sent data before it had read any."), "{greeting}");
    assert!(!greeting.contains("answers"), "{greeting}");
    let answer = said(&told(vec![step_8()], vec![journal(["receive", "send"])]), "I.1a");
    assert!(answer.contains("The server answers in 1 data segment"), "{answer}");
}

/// What was captured of the other server speaks for it.
#[test]
fn only_the_server_of_a_journal_is_there_by_its_word() {
    let why = |journals: Vec<Told>| {
        let mut step_12 = Story::new("step12", 0);
        step_12.datagram("10.0.3.2:40000", "10.0.3.1:65433", "hello\n");
        step_12.datagram("10.0.3.1:65433", "10.0.3.2:40000", "hello\n");
        let step_8 = capture("step8", B, |story, tcp| story.echo(tcp, "one\n"));
        told(vec![step_8, step_12.read()], journals).lab.why.to_string()
    };
    let said = why(vec![server(&[B], false)]);
    let (tcp, udp) = ("10.0.3.1:65432 (TCP), as its journal says", "10.0.3.1:65433 (UDP), because clients");
    assert!(said.contains(&format!("Servers: {tcp}, and {udp}")), "{said}");
    let mut both = server(&[B], false);
    both.write("bind", "udp", 9, r#","local":"10.0.3.1:65433""#);
    let said = why(vec![both]);
    assert!(said.starts_with("Servers: ") && said.ends_with(", as the servers' journals say."), "{said}");
}
