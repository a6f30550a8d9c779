//! Journals beside captures: what they add, and that they never make an answer less true.

use crate::analyze::tests::support::{A, B1, B2, C1, C2, said, short};
use proptest::prelude::{Just, any};
use proptest::{prop_assert, prop_assert_eq, prop_oneof, proptest};

use crate::analyze::analysis::{Analysis, Code, Facts};
use crate::analyze::analyze;
use crate::analyze::testing::{Story, Tcp};
use crate::journal::{Journal, NamedJournal};
use crate::lab::LabConfig;
use crate::lab::testing::question;
use socklab_packets::pipeline::CaptureFacts;

pub(super) const B: &str = "10.0.3.2:40110";
pub(super) const C: &str = "10.0.3.3:51762";

/// A journal in the making, as `socklab run` writes it, by a clock of its own.
pub(super) struct Told {
    file: &'static str,
    pub(super) lines: Vec<String>,
    milliseconds: u32,
}

impl Told {
    pub(super) fn new(file: &'static str) -> Told {
        Told { file, lines: Vec::new(), milliseconds: 0 }
    }

    /// A server that listens.
    pub(super) fn server() -> Told {
        let mut told = Told::new("A.jsonl");
        told.note("listen", 1, "");
        told
    }

    pub(super) fn at(mut self, milliseconds: u32) -> Told {
        self.milliseconds = milliseconds;
        self
    }

    pub(super) fn wait(&mut self, milliseconds: u32) {
        self.milliseconds += milliseconds;
    }

    pub(super) fn write(&mut self, event: &str, protocol: &str, socket: usize, rest: &str) {
        let (second, millisecond) = (self.milliseconds / 1000, self.milliseconds % 1000);
        self.lines.push(format!(
            r#"{{"time":"2026-01-01T10:00:{second:02}.{millisecond:03}Z","program":"server.py","pid":7,"run":7,"thread":7,"event":"{event}","protocol":"{protocol}","socket":{socket}{rest}}}"#
        ));
    }

    pub(super) fn note(&mut self, event: &str, socket: usize, rest: &str) {
        self.write(event, "tcp", socket, &format!(r#","local":"{A}"{rest}"#));
    }

    pub(super) fn of(&mut self, event: &str, socket: usize, client: &str) {
        self.note(event, socket, &format!(r#","remote":"{client}""#));
    }

    pub(super) fn gone(&mut self, client: &str) {
        self.note("dequeued", 1, &format!(r#","remote":"{client}","operation":"gone""#));
    }

    pub(super) fn read(self) -> NamedJournal {
        let text = self.lines.join("\n") + "\n";
        NamedJournal { file: self.file.to_owned(), journal: Journal::read(text.as_bytes()).unwrap() }
    }
}

pub(super) fn capture(file: &str, client: &str, tell: impl FnOnce(&mut Story, &mut Tcp)) -> CaptureFacts {
    let mut story = Story::new(file, 0);
    let mut tcp = Story::tcp(client, A);
    story.handshake(&mut tcp);
    tell(&mut story, &mut tcp);
    story.read()
}

fn step_8() -> CaptureFacts {
    capture("step8", B, |story, tcp| story.echo(tcp, "one\n"))
}

pub(super) fn told(captures: Vec<CaptureFacts>, journals: Vec<Told>) -> Analysis {
    let journals: Vec<NamedJournal> = journals.into_iter().map(Told::read).collect();
    analyze(captures, &journals, &LabConfig::default())
}

pub(super) fn facts<'a>(analysis: &'a Analysis, key: &str) -> &'a Facts {
    let answer = analysis.answers.iter().find(|answer| answer.question == question(key)).unwrap();
    &answer.facts
}

/// A server that serves B and ends, while C waits.
fn serves_one() -> Told {
    let mut server = Told::server();
    server.wait(1000);
    server.of("accept", 2, B);
    server.wait(1000);
    server.of("queued", 1, C);
    server.wait(1000);
    server.of("eof", 2, B);
    server.of("close", 2, B);
    server.gone(C);
    server.note("close", 1, "");
    server
}

#[test]
fn who_is_left_in_the_queue_is_not_said_to_be_served_later() {
    let lines = || capture("step10", C, |story, tcp| story.line(tcp, "two\n"));
    for captures in [vec![], vec![step_8()], vec![step_8(), lines()]] {
        let analysis = told(captures, vec![serves_one()]);
        assert_eq!(short(&analysis, "I.3"), "Connected, never served");
        let said = said(&analysis, "I.3");
        assert!(said.contains("was in the queue until it was gone; no accept() returned it."), "{said}");
        let Facts::BusyServer { tcp_handshake_completed, served_while_first_client_connected } =
            facts(&analysis, "I.3")
        else {
            panic!()
        };
        assert_eq!((*tcp_handshake_completed, *served_while_first_client_connected), (Some(true), Some(false)));
    }
    let reset = capture("step10", C, |story, tcp| {
        story.line(tcp, "two\n");
        story.reset_by_server(tcp);
    });
    assert_eq!(short(&told(vec![step_8(), reset], vec![serves_one()]), "I.3"), "Connected, never served (reset)");
}

/// A server that answers one line and closes; C comes when it has closed B's connection.
#[test]
fn who_comes_when_the_first_has_gone_did_not_wait() {
    let mut server = Told::server();
    server.of("accept", 2, B);
    server.wait(10);
    server.of("close", 2, B);
    server.wait(370);
    server.of("accept", 3, C);
    let step_8 = capture("step8", B, |story, tcp| {
        story.echo(tcp, "one\n");
        story.half_close_of_server(tcp);
    });
    let analysis = told(vec![step_8], vec![server]);
    assert_eq!(short(&analysis, "I.3"), "Connected, and served");
    let said = said(&analysis, "I.3");
    assert!(said.contains("so it had not waited") && !said.contains("Whether"), "{said}");
}

/// The capture has C's SYN after the end of B's connection; by the journal alone it may have waited for that.
#[test]
fn who_is_accepted_right_after_an_end_did_not_wait_if_it_came_later() {
    for is_later in [true, false] {
        let mut server = Told::server();
        server.of("accept", 2, B);
        server.wait(500);
        server.of("close", 2, B);
        server.wait(40);
        server.of("accept", 3, C);
        // The program's own journal, without the queue.
        server.lines.iter_mut().for_each(|line| *line = line.replace(r#""run":7,"#, ""));
        let mut story = Story::new("at A", 0);
        let [mut b, mut c] = [B, C].map(|client| Story::tcp(client, A));
        story.handshake(&mut b);
        story.echo(&mut b, "one\n");
        if !is_later {
            story.handshake(&mut c);
        }
        story.wait(480);
        story.close(&mut b);
        if is_later {
            story.wait(40);
            story.handshake(&mut c);
        }
        story.echo(&mut c, "two\n");
        let said = said(&told(vec![story.read()], vec![server]), "I.3");
        assert_eq!(said.contains("so it had been waiting in the queue"), !is_later, "{said}");
    }
}

/// The server's FIN closes its half only, and its program reads on until the client's (RFC 9293, section 3.6); or the client that was
/// first has left, but the server has not got to it.
#[test]
fn who_came_before_the_server_had_done_with_the_other_had_waited() {
    for server_first in [true, false] {
        let mut server = Told::server();
        server.of("accept", 2, B);
        server.wait(500);
        server.of("close", 2, B);
        server.of("accept", 3, C);
        // The program's own journal, without the queue.
        server.lines.iter_mut().for_each(|line| *line = line.replace(r#""run":7,"#, ""));
        let mut story = Story::new("at A", 0);
        let [mut b, mut c] = [B, C].map(|client| Story::tcp(client, A));
        story.handshake(&mut b);
        if server_first {
            story.half_close_of_server(&mut b);
        } else {
            story.half_close(&mut b);
        }
        story.wait(200);
        story.handshake(&mut c);
        story.wait(300);
        if server_first {
            story.half_close(&mut b);
        } else {
            story.half_close_of_server(&mut b);
        }
        story.echo(&mut c, "two\n");
        let said = said(&told(vec![story.read()], vec![server]), "I.3");
        assert!(said.contains("so it had been waiting in the queue"), "{server_first}: {said}");
    }
}

#[test]
fn a_server_that_closed_is_not_called_a_client_that_quit() {
    let mut server = Told::server();
    server.of("accept", 2, B);
    server.wait(100);
    server.of("queued", 1, C);
    server.wait(900);
    server.of("close", 2, B);
    server.of("accept", 3, C);
    assert_eq!(
        short(&told(vec![step_8()], vec![server]), "I.3"),
        "Connected; served only after A closed B's connection"
    );
}

#[test]
fn a_clients_journal_shows_that_it_was_refused() {
    let of = |milliseconds: u32| {
        let mut server = Told::server();
        server.of("accept", 2, B);
        server.note("close", 1, "");
        server.wait(2000);
        server.of("eof", 2, B);
        let mut client = Told::new("C.jsonl").at(milliseconds);
        let refused = format!(r#","remote":"{A}","operation":"connect","errno":"ECONNREFUSED""#);
        client.write("error", "tcp", 1, &refused);
        told(vec![step_8()], vec![server, client])
    };
    let beside = of(1000);
    assert_eq!(short(&beside, "I.3"), "Not connected");
    assert!(said(&beside, "I.3").contains("10.0.3.2:40110 was connected then."), "{}", said(&beside, "I.3"));
    let Facts::BusyServer { tcp_handshake_completed, .. } = facts(&beside, "I.3") else { panic!() };
    assert_eq!(*tcp_handshake_completed, Some(false));
    // Once the server has ended, it may have been anybody.
    let later = of(3000);
    let claims = &later.answers.iter().find(|answer| answer.question == question("I.3")).unwrap().claims;
    assert!(claims.iter().any(|claim| claim.text.to_string().contains("failed with ECONNREFUSED.")), "{claims:?}");
    assert!(short(&later, "I.3").starts_with("Expected: "), "{}", short(&later, "I.3"));
}

/// A UDP server that has closed its socket when C comes.
#[test]
fn a_journal_that_ends_without_the_second_udp_client_is_used() {
    let at = r#","local":"10.0.3.1:65433""#;
    let server = |is_closed: bool| {
        let mut server = Told::new("A.jsonl");
        server.write("bind", "udp", 1, at);
        server.write("receive", "udp", 1, &format!(r#"{at},"remote":"10.0.3.2:40000""#));
        if is_closed {
            server.write("close", "udp", 1, at);
        }
        server
    };
    let capture = || {
        let mut story = Story::new("step12", 0);
        story.datagram("10.0.3.2:40000", "10.0.3.1:65433", "hello\n");
        story.read()
    };
    let analysis = told(vec![capture()], vec![server(true)]);
    assert_eq!(short(&analysis, "I.4b"), "No; nothing from C was received");
    assert!(said(&analysis, "I.4b").contains("Whether a client at C sent anything."), "{}", said(&analysis, "I.4b"));
    let missing = &analysis.answers.iter().find(|answer| answer.question == question("I.4b")).unwrap().missing;
    assert!(!missing[0].to_string().contains("journal"), "{missing:?}");
    assert_eq!(short(&told(vec![capture()], vec![server(false)]), "I.4b"), "No; whether C was served: unknown");
}

/// A threaded server, and a client that comes when another one has just left.
#[test]
fn who_comes_right_after_another_has_left_did_not_wait_for_it() {
    let mut journal = Told::server();
    for (socket, client) in [(2, B1), (3, B2), (4, C1)] {
        journal.wait(500);
        journal.of("accept", socket, client);
    }
    journal.of("eof", 2, B1);
    journal.wait(20);
    journal.of("accept", 5, C2);
    // As the socket programs write it.
    journal.lines.iter_mut().for_each(|line| *line = line.replace(r#""run":7,"#, ""));
    let mut story = Story::new("at A", 0);
    for client in [B1, B2, C1, C2] {
        let mut tcp = Story::tcp(client, A);
        story.handshake(&mut tcp);
        story.line(&mut tcp, "one\n");
        story.wait(500);
    }
    let analysis = told(vec![story.read()], vec![journal]);
    assert!(short(&analysis, "II.1").starts_with("Yes, 4 clients connected; 4 served"), "{}", short(&analysis, "II.1"));
    assert!(!said(&analysis, "II.1").contains("waiting"), "{}", said(&analysis, "II.1"));
    assert!(!analysis.findings.iter().any(|finding| finding.code == Code::NotThreaded));
}

/// What is behind the end of a journal that was too long is not known.
#[test]
fn who_is_in_the_queue_of_a_journal_that_is_not_whole_may_be_accepted_later() {
    let mut server = Told::server();
    server.of("accept", 2, B);
    server.wait(100);
    server.of("queued", 1, C);
    let mut journal = server.read();
    let lines = || capture("step10", C, |story, tcp| story.line(tcp, "two\n"));
    let of = |journal: &NamedJournal| {
        let journals = std::slice::from_ref(journal);
        short(&analyze(vec![step_8(), lines()], journals, &LabConfig::default()), "I.3")
    };
    assert_eq!(of(&journal), "Connected, but waited in the queue");
    journal.journal.left_out = 1;
    assert_eq!(of(&journal), short(&told(vec![step_8(), lines()], Vec::new()), "I.3"));
}

/// What kind of server it is.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    /// It serves one client at a time.
    Iterative,
    /// It serves each client at once.
    Concurrent,
    /// It serves one client and ends with it.
    OneShot,
}

/// A run of a server: clients come one after the other, and leave in the same order. Captured at the server until so many have
/// left; the journal goes to the end.
fn run(kind: Kind, replies: bool, clients: &[&str], captured_ends: usize, slow: u64) -> (CaptureFacts, Told) {
    let (mut story, mut journal) = (Story::new("at A", 0), Told::server());
    let mut open: Vec<Tcp> = clients.iter().map(|client| Story::tcp(client, A)).collect();
    let say = |story: &mut Story, tcp: &mut Tcp| match replies {
        true => story.echo(tcp, "hello\n"),
        false => story.line(tcp, "hello\n"),
    };
    for (place, (client, tcp)) in clients.iter().zip(&mut open).enumerate() {
        story.wait(500);
        journal.wait(500);
        story.handshake(tcp);
        story.wait(slow);
        if kind == Kind::Concurrent || place == 0 {
            say(&mut story, tcp);
            journal.of("accept", place + 2, client);
            journal.of("receive", place + 2, client);
        } else {
            story.line(tcp, "hello\n");
            journal.of("queued", 1, client);
        }
    }
    let mut story = Some(story);
    let mut capture = None;
    for place in 0..clients.len() {
        if place == captured_ends {
            capture = story.take().map(read_later);
        }
        journal.wait(500);
        journal.of("eof", place + 2, clients[place]);
        journal.of("close", place + 2, clients[place]);
        if let Some(story) = &mut story {
            story.wait(500);
            story.close(&mut open[place]);
        }
        match kind {
            Kind::Concurrent => {}
            Kind::Iterative => {
                let Some(next) = clients.get(place + 1) else { continue };
                journal.wait(1);
                journal.of("accept", place + 3, next);
                journal.of("receive", place + 3, next);
                if let (Some(story), true) = (&mut story, replies) {
                    story.segment_of_server(&mut open[place + 1], "hello\n");
                }
            }
            Kind::OneShot => {
                for (left, tcp) in clients.iter().zip(&mut open).skip(1) {
                    journal.gone(left);
                    if let Some(story) = &mut story {
                        story.reset_by_server(tcp);
                    }
                }
                break;
            }
        }
    }
    let capture = capture.unwrap_or_else(|| story.unwrap().read());
    journal.note("close", 1, "");
    (capture, journal)
}

/// Reads a story a second later: a frame shows that the capture went on.
fn read_later(mut story: Story) -> CaptureFacts {
    story.wait(1000);
    story.datagram("10.0.3.9:5353", "10.0.3.8:5353", "x");
    story.read()
}

/// The journal of a program with the name of the threaded server.
pub(super) fn threaded(mut journal: Told) -> Told {
    journal.lines.iter_mut().for_each(|line| *line = line.replace("\"server.py", "\"tcp-threaded-server.py"));
    journal
}

/// Without a capture, those in the queue are counted too.
#[test]
fn a_journal_alone_counts_those_that_were_left_in_the_queue() {
    let mut journal = Told::server();
    journal.of("accept", 2, B1);
    for client in [B2, C1] {
        journal.wait(100);
        journal.of("queued", 1, client);
    }
    let analysis = told(Vec::new(), vec![threaded(journal)]);
    assert_eq!(short(&analysis, "II.1"), "Yes, 3 clients connected; 1 served, 2 in the queue");
    assert!(said(&analysis, "II.2").contains("2 connections were still in the queue"), "{}", said(&analysis, "II.2"));
}

proptest! {
    #[test]
    fn journals_of_a_third_host_agree_with_frames_and_with_what_happened(
        kind in prop_oneof![Just(Kind::Iterative), Just(Kind::Concurrent), Just(Kind::OneShot)],
        replies: bool,
        ends in 0..=2_usize,
        slow in 0..200_u64,
    ) {
        let served = |analysis: &Analysis| match facts(analysis, "I.3") {
            Facts::BusyServer { served_while_first_client_connected, .. } => *served_while_first_client_connected,
            _ => None,
        };
        let of = || run(kind, replies, &[B, C], ends, slow);
        let without = served(&told(vec![of().0], Vec::new()));
        let analysis = told(vec![of().0], vec![of().1]);
        let truth = Some(kind == Kind::Concurrent);
        prop_assert_eq!(served(&analysis), truth, "{}", said(&analysis, "I.3"));
        prop_assert!(without.is_none() || without == truth);
        let few = short(&analysis, "I.3");
        prop_assert_eq!(few.contains("served only after"), kind == Kind::Iterative, "{}", few);
        // The journal alone.
        let alone = told(Vec::new(), vec![of().1]);
        prop_assert!(kind == Kind::Concurrent || served(&alone) == truth, "{}", said(&alone, "I.3"));
    }

    #[test]
    fn journals_of_clients_side_by_side_agree_with_frames_and_with_what_happened(
        concurrent: bool,
        replies: bool,
        ends in 0..=4_usize,
        slow in 0..200_u64,
        named in any::<bool>(),
    ) {
        let kind = if concurrent { Kind::Concurrent } else { Kind::Iterative };
        let number = |analysis: &Analysis| match facts(analysis, "II.1") {
            Facts::ThreadedClients { clients_served, clients_connected, .. } => (*clients_served, *clients_connected),
            _ => (None, None),
        };
        let of = || run(kind, replies, &[B1, B2, C1, C2], ends, slow);
        let without = told(vec![of().0], Vec::new());
        let journal = || if named { threaded(of().1) } else { of().1 };
        let with = told(vec![of().0], vec![journal()]);
        let truth = if concurrent { 4 } else { (ends as u64 + 1).min(4) };
        prop_assert_eq!(number(&with), (Some(truth), Some(4)), "{}", said(&with, "II.1"));
        let (served, _) = number(&without);
        prop_assert!(served.is_none_or(|served| served == truth), "{}", said(&without, "II.1"));
        // The whole journal alone has all of them accepted, in their turns or not.
        let alone = told(Vec::new(), vec![threaded(journal())]);
        prop_assert_eq!(number(&alone), (Some(4), Some(4)));
        let in_turns = short(&alone, "II.1").contains("4 served, one after the other");
        prop_assert_eq!(in_turns, !concurrent, "{}", short(&alone, "II.1"));
        let warned = |analysis: &Analysis| analysis.findings.iter().any(|finding| finding.code == Code::NotThreaded);
        prop_assert_eq!(warned(&with), !concurrent);
        prop_assert!(warned(&with) || !warned(&without));
        let in_turn = "serves one client at a time";
        prop_assert_eq!(said(&with, "II.1").contains(in_turn), !concurrent, "{}", said(&with, "II.1"));
    }
}

/// The captures of the sheet show B's datagrams alone, as they are made at B.
#[test]
fn a_udp_servers_journal_tells_whom_it_received_from() {
    let at = r#","local":"0.0.0.0:65433""#;
    let mut server = Told::new("A.jsonl");
    server.write("bind", "udp", 1, at);
    for client in ["10.0.3.2:40000", "10.0.3.2:40000", "10.0.3.3:41000"] {
        server.write("receive", "udp", 1, &format!(r#"{at},"remote":"{client}""#));
    }
    let mut story = Story::new("step12", 0);
    story.datagram("10.0.3.2:40000", "10.0.3.1:65433", "hello\n");
    let analysis = told(vec![story.read()], vec![server]);
    let clients: Vec<String> = analysis.calls.received.iter().map(|[_, client]| client.to_string()).collect();
    assert_eq!(clients, ["10.0.3.2:40000", "10.0.3.3:41000"]);
}
