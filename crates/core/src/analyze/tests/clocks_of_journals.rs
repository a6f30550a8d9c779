//! Who was there at the same time, by journals: in what order a program did things its own journal tells, and two computers' clocks
//! tell nothing unless something shows that they agree.

use super::journals::{B, C, Told, capture, threaded, told};
use crate::analyze::analysis::Analysis;
use crate::analyze::testing::Story;
use crate::analyze::tests::support::{A, B1, B2, C1, C2, said, short};
use crate::lab::testing::question;
use socklab_packets::pipeline::CaptureFacts;

/// Two clients of one host that send a line each, captured there. They may end in the capture.
fn clients_of(file: &str, start: i64, clients: [&str; 2], end: bool) -> CaptureFacts {
    let mut story = Story::new(file, start);
    let mut open = clients.map(|client| Story::tcp(client, A));
    open.iter_mut().for_each(|tcp| story.handshake(tcp));
    for text in ["one\n", "two\n"] {
        open.iter_mut().for_each(|tcp| story.echo(tcp, text));
    }
    if end {
        open.iter_mut().for_each(|tcp| story.close(tcp));
    }
    story.read()
}

/// A threaded server whose clients of B have quit when those of C come, by its journal.
fn in_two_pairs() -> Told {
    let mut server = Told::server();
    for (first, pair) in [(2, [B1, B2]), (4, [C1, C2])] {
        for event in ["accept", "receive", "eof", "close"] {
            for (socket, client) in (first..).zip(pair) {
                server.wait(200);
                server.of(event, socket, client);
            }
        }
    }
    threaded(server)
}

#[test]
fn clients_of_which_some_had_quit_were_not_served_at_the_same_time() {
    for end in [true, false] {
        let captures = || vec![clients_of("B", 0, [B1, B2], end), clients_of("C", 60, [C1, C2], false)];
        let analysis = told(captures(), vec![in_two_pairs()]);
        assert_eq!(short(&analysis, "II.1"), "Yes, 4 clients connected; 4 served");
        let said = said(&analysis, "II.1");
        assert!(said.contains("no more than 2 of these connections were open at the same time"), "{said}");
        // Without the journal nothing shows whether they were.
        assert_eq!(short(&told(captures(), Vec::new()), "II.1"), "Yes, 4 clients connected; 4 served without waiting");
    }
}

#[test]
fn a_journal_shows_that_clients_were_served_at_the_same_time() {
    let mut server = Told::server();
    for event in ["accept", "receive", "eof"] {
        for (socket, client) in (2..).zip([B1, B2, C1, C2]) {
            server.wait(200);
            server.of(event, socket, client);
        }
    }
    let captures = vec![clients_of("B", 0, [B1, B2], false), clients_of("C", 60, [C1, C2], false)];
    let analysis = told(captures, vec![threaded(server)]);
    assert_eq!(short(&analysis, "II.1"), "Yes, 4 clients connected; 4 served at the same time");
    assert!(!said(&analysis, "II.1").contains("no more than"), "{}", said(&analysis, "II.1"));
}

/// A pool of two threads, whose main thread accepts all: the lines of C are read when B has quit.
#[test]
fn clients_that_were_accepted_and_not_read_were_not_served_at_the_same_time() {
    let mut server = Told::server();
    let all = [B1, B2, C1, C2];
    all.iter().zip(2..).for_each(|(client, socket)| server.of("accept", socket, client));
    for event in ["receive", "eof"] {
        [B1, B2].iter().zip(2..).for_each(|(client, socket)| server.of(event, socket, client));
    }
    [C1, C2].iter().zip(4..).for_each(|(client, socket)| server.of("receive", socket, client));
    let captures = vec![clients_of("B", 0, [B1, B2], false), clients_of("C", 60, [C1, C2], false)];
    let analysis = told(captures, vec![threaded(server)]);
    assert!(!short(&analysis, "II.1").contains("at the same time"), "{}", short(&analysis, "II.1"));
}

/// All that is said of the client at the busy server, also beside the answer.
fn claims(analysis: &Analysis) -> String {
    let claims =
        analysis.answers.iter().filter(|answer| answer.question == question("I.3")).flat_map(|one| &one.claims);
    claims.map(|claim| claim.text.to_string()).collect::<Vec<_>>().join(" ")
}

/// B is connected from 10:00:01 to 10:00:05 by A's clock, and C comes at 10:00:06. C's clock is so much behind.
fn comes_after(behind: u32, agrees: bool) -> String {
    let mut server = Told::server().at(1000);
    server.of("accept", 2, B);
    server.wait(4000);
    server.of("eof", 2, B);
    server.of("close", 2, B);
    server.wait(1000);
    server.of("accept", 3, C);
    server.lines.iter_mut().for_each(|line| *line = line.replace(r#""run":7,"#, ""));
    let mut client = Told::new("C.jsonl").at(6000 - behind);
    client.write("connect", "tcp", 1, &format!(r#","local":"{C}","remote":"{A}""#));
    if agrees {
        server.write("receive", "udp", 9, r#","local":"10.0.3.1:65433","remote":"10.0.3.3:41000""#);
        let mut other = Told::new("C.jsonl").at(6000);
        other.write("send", "udp", 1, r#","local":"10.0.3.3:41000","remote":"10.0.3.1:65433""#);
        client.lines.extend(other.lines);
    }
    let step_8 = capture("step8", B, |story, tcp| story.echo(tcp, "one\n"));
    let analysis = told(vec![step_8], vec![server, client]);
    format!("{} {}", short(&analysis, "I.3"), claims(&analysis))
}

#[test]
fn clocks_of_two_computers_do_not_show_that_a_client_came_while_another_was_connected() {
    for behind in [0, 300, 1000, 1500, 3000] {
        let told = comes_after(behind, false);
        assert!(!told.contains("returned while"), "{behind}: {told}");
        let unknown = "Whether C's client was already waiting, or connected only then.";
        assert!(told.starts_with("Connected, and served; whether while B was open: unknown"), "{behind}: {told}");
        assert!(told.contains(unknown), "{behind}: {told}");
    }
    // What both journals have of another client shows that their clocks agree: then it was there 2 s before.
    let told = comes_after(2000, true);
    assert!(told.contains("connect() from 10.0.3.3:51762 returned while 10.0.3.2:40110 was connected."), "{told}");
}

/// NTP sets the clock of A while B's client is connected.
#[test]
fn a_clock_that_is_set_back_does_not_change_the_order_of_a_journal() {
    let mut server = Told::server().at(40_000);
    server.of("accept", 2, B);
    let mut second = Told::new("A.jsonl").at(41_000);
    second.write("error", "tcp", 1, &format!(r#","local":"{A}","operation":"bind","errno":"EADDRINUSE""#));
    server.lines.extend(second.lines.iter().map(|line| line.replace(r#""pid":7,"run":7"#, r#""pid":8,"run":8"#)));
    let mut server = server.at(12_000);
    server.of("eof", 2, B);
    server.of("close", 2, B);
    server.note("close", 1, "");
    let step_8 = capture("step8", B, |story, tcp| story.echo(tcp, "one\n"));
    let analysis = told(vec![step_8], vec![server]);
    assert_eq!(short(&analysis, "I.2"), "No: EADDRINUSE");
    let said = said(&analysis, "I.2");
    assert!(said.contains("The first server was listening") && !said.contains("had closed"), "{said}");
}

/// C's client comes first, and B's waits for it.
#[test]
fn who_came_first_is_not_said_to_have_waited() {
    let of = |waits: bool| {
        let mut server = Told::server();
        server.of("accept", 2, C);
        server.wait(500);
        if waits {
            server.of("queued", 1, B);
        }
        server.wait(1000);
        server.of("eof", 2, C);
        server.of("close", 2, C);
        if !waits {
            server.wait(1000);
            server.lines.iter_mut().for_each(|line| *line = line.replace(r#""run":7,"#, ""));
        }
        server.of("accept", 3, B);
        if !waits {
            server.lines.iter_mut().for_each(|line| *line = line.replace(r#""run":7,"#, ""));
        }
        let step_8 = capture("step8", B, |story, tcp| story.line(tcp, "one\n"));
        told(vec![step_8], vec![server])
    };
    assert_eq!(short(&of(true), "I.3"), "C came first; B connected, and was served only after C quit");
    let came_later = of(false);
    assert_eq!(short(&came_later, "I.3"), "C came first, and was served; whether B waited: unknown");
    let said = claims(&came_later);
    assert!(said.contains("Whether B's client was already waiting, or connected only then."), "{said}");
}

/// The journal notes the queue, and has B's client there not at all.
#[test]
fn who_came_when_the_first_had_left_is_not_said_to_have_waited_perhaps() {
    let mut server = Told::server();
    server.of("accept", 2, C);
    server.wait(1500);
    server.of("eof", 2, C);
    server.of("close", 2, C);
    server.wait(1000);
    server.of("accept", 3, B);
    let step_8 = capture("step8", B, |story, tcp| story.line(tcp, "one\n"));
    let analysis = told(vec![step_8], vec![server]);
    assert_eq!(short(&analysis, "I.3"), "C came first, and was served; B connected after it, and did not wait");
    assert!(claims(&analysis).contains("so it had not waited"), "{}", claims(&analysis));
}
