//! I.3 in runs that differ from the sheet's: what is said of C's client is no more than the files show.

use crate::analyze::analysis::{Analysis, Answer, Code, Facts, Status};
use crate::analyze::analyze;
use crate::analyze::testing::{Story, Tcp};
use crate::journal::{Journal, NamedJournal};
use crate::lab::testing::{host, question};
use crate::lab::{LabConfig, Question};
use socklab_packets::pipeline::CaptureFacts;

const A: &str = "10.0.3.1:65432";
const B: &str = "10.0.3.2:40110";
const C: &str = "10.0.3.3:51762";
const UNTOLD: &str = "These files don't show whether B's client was still connected then.";

/// A server's journal in which these clients are accepted by one thread and read by another, all at once or one by one.
fn journal(threads: bool) -> NamedJournal {
    let line = |second: u32, thread: u32, event: &str, socket: u32, remote: &str| {
        format!(
            r#"{{"time":"2026-01-01T10:00:{second:02}.000000Z","program":"server.py","pid":7,"run":7,"thread":{thread},"event":"{event}","protocol":"tcp","socket":{socket},"local":"{A}"{remote}}}"#
        )
    };
    let of = |client: &str| format!(r#","remote":"{client}""#);
    let reader = if threads { 8 } else { 7 };
    let mut lines =
        vec![line(0, 7, "listen", 1, ""), line(1, 7, "accept", 2, &of(B)), line(2, reader, "receive", 2, &of(B))];
    if threads {
        lines.extend([line(3, 7, "accept", 3, &of(C)), line(4, 9, "receive", 3, &of(C)), line(9, 8, "eof", 2, &of(B))]);
    } else {
        lines.push(line(3, 7, "queued", 1, &of(C)));
        lines.extend([line(9, 7, "eof", 2, &of(B)), line(9, 7, "accept", 3, &of(C)), line(9, 7, "receive", 3, &of(C))]);
    }
    NamedJournal { file: "a.jsonl".to_owned(), journal: Journal::read((lines.join("\n") + "\n").as_bytes()).unwrap() }
}

fn capture(file: &str, client: &str, tell: impl FnOnce(&mut Story, &mut Tcp)) -> CaptureFacts {
    let mut story = Story::new(file, 0);
    let mut tcp = Story::tcp(client, A);
    tell(&mut story, &mut tcp);
    story.read()
}

fn step_8() -> CaptureFacts {
    capture("step8", B, |story, tcp| {
        story.handshake(tcp);
        story.echo(tcp, "one\n");
    })
}

fn step_10() -> CaptureFacts {
    capture("step10", C, |story, tcp| {
        story.handshake(tcp);
        story.echo(tcp, "two\n");
    })
}

fn third_host(captures: Vec<CaptureFacts>, journals: &[NamedJournal]) -> (Analysis, String) {
    let analysis = analyze(captures, journals, &LabConfig::default());
    let text = answer(&analysis, question("I.3")).text().to_string();
    (analysis, text)
}

fn answer(analysis: &Analysis, question: Question) -> &Answer {
    analysis.answers.iter().find(|answer| answer.question == question).unwrap()
}

fn served(analysis: &Analysis) -> Option<bool> {
    match answer(analysis, question("I.3")).facts {
        Facts::BusyServer { served_while_first_client_connected, .. } => served_while_first_client_connected,
        _ => panic!("not the facts of I.3"),
    }
}

/// Nothing shows whose capture was made first: that B's client had gone must not be asked to be mended.
#[test]
fn what_two_captures_cannot_compare_is_unknown() {
    let (analysis, text) = third_host(vec![step_8(), step_10()], &[]);
    assert!(text.contains(UNTOLD), "{text}");
    assert_eq!(served(&analysis), None);
    let missing = answer(&analysis, question("I.3")).missing[0].to_string();
    assert!(missing.contains("journal") && !missing.contains("a run of step 10"), "{missing}");
}

#[test]
fn what_a_journal_tells_is_not_said_to_be_unknown() {
    for (threads, while_open) in [(true, true), (false, false)] {
        let (analysis, text) = third_host(vec![step_8(), step_10()], &[journal(threads)]);
        assert!(!text.contains(UNTOLD), "{text}");
        assert_eq!(served(&analysis), Some(while_open), "{text}");
    }
}

/// Of B there is no capture, but the server's journal has it.
#[test]
fn what_only_a_journal_tells_is_not_said_to_be_unknown() {
    let unseen = "No file shows B's client connected";
    let (_, without) = third_host(vec![step_10()], &[]);
    assert!(without.contains(unseen), "{without}");
    let (analysis, text) = third_host(vec![step_10()], &[journal(true)]);
    assert!(!text.contains(unseen) && served(&analysis) == Some(true), "{text}");
}

/// A threaded server in Part I is no server of Part II: its journal answers for the part in which its clients were captured.
#[test]
fn a_journal_belongs_to_the_part_of_the_connections_that_it_accepted() {
    let (analysis, _) = third_host(vec![step_8(), step_10()], &[journal(true)]);
    assert_eq!(answer(&analysis, question("II.1")).status, Status::NotInCapture);
    assert_eq!(answer(&analysis, question("II.2")).status, Status::NotInCapture);
    // Without any capture the threads are all that tells.
    let alone = analyze(Vec::new(), &[journal(true)], &LabConfig::default());
    assert_ne!(answer(&alone, question("II.1")).status, Status::NotInCapture);
}

/// One capture at A: B quits, and only then the server's FIN to C shows that C was served.
#[test]
fn a_client_that_had_left_is_said_to_have_left() {
    let mut story = Story::new("at A", 0);
    let (mut b, mut c) = (Story::tcp(B, A), Story::tcp(C, A));
    story.handshake(&mut b);
    story.line(&mut b, "one\n");
    story.handshake(&mut c);
    story.line(&mut c, "two\n");
    story.close(&mut b);
    story.wait(1500);
    story.close(&mut c);
    let (_, text) = third_host(vec![story.read()], &[]);
    assert!(!text.contains(UNTOLD), "{text}");
    assert!(text.contains("B's connection had ended by then (frame 11)"), "{text}");
}

/// One capture at A: C is connected and answered before B connects.
#[test]
fn a_client_that_came_later_is_said_to_have_come_later() {
    let mut story = Story::new("at A", 0);
    let (mut b, mut c) = (Story::tcp(B, A), Story::tcp(C, A));
    story.handshake(&mut c);
    story.echo(&mut c, "two\n");
    story.handshake(&mut b);
    story.echo(&mut b, "one\n");
    let (analysis, text) = third_host(vec![story.read()], &[]);
    assert!(!text.contains(UNTOLD), "{text}");
    assert!(text.contains("B's client connected (frame 9) after C's (frame 3), which did not have to wait"), "{text}");
    assert_eq!(served(&analysis), None);
}

/// One capture at A, whose server listens on IPv4 and IPv6: B is connected, but not to the address where C is.
#[test]
fn of_a_client_at_another_address_no_more_is_said_than_where_it_is_not() {
    let mut story = Story::new("at A", 0);
    let (mut b, mut c) = (Story::tcp("[fd00::2]:40110", "[fd00::1]:65432"), Story::tcp(C, A));
    story.handshake(&mut b);
    story.echo(&mut b, "one\n");
    story.handshake(&mut c);
    story.echo(&mut c, "two\n");
    let mut config = LabConfig::default();
    for (name, ip) in [("A", "10.0.3.1"), ("B", "fd00::2"), ("C", "10.0.3.3")] {
        config.hosts.insert(host(name), ip.parse().unwrap());
    }
    let analysis = analyze(vec![story.read()], &[], &config);
    let text = answer(&analysis, question("I.3")).text().to_string();
    assert!(!text.contains(UNTOLD), "{text}");
    assert!(text.contains("No file shows B's client connected to 10.0.3.1:65432, so"), "{text}");
}

/// B is served there, so the server's computer is not absent.
#[test]
fn a_computer_that_serves_is_not_said_to_be_absent() {
    let silent = || capture("step10", C, |story, tcp| story.syns(*tcp, 3));
    let (analysis, text) = third_host(vec![step_8(), silent()], &[]);
    assert!(text.contains("accept queue was full") && !text.contains("absent"), "{text}");
    // B's line was answered at once: nobody is known to have been in the queue, though no clock compares the files.
    let finding = analysis.findings.iter().find(|finding| finding.code == Code::AcceptQueueFull).unwrap();
    let told = finding.message.to_string();
    assert!(told.contains("though no connection waits in it here"), "{told}");
}

/// A server that greets has not answered the line that it has not read yet.
#[test]
fn data_after_a_line_is_not_called_an_answer_to_it() {
    let greets_late = capture("step10", C, |story, tcp| {
        story.handshake(tcp);
        story.line(tcp, "two\n");
        story.wait(1700);
        story.segment_of_server(tcp, "Welcome\n");
    });
    let (_, text) = third_host(vec![step_8(), greets_late], &[]);
    assert!(text.contains("The server sent data to C (frame 6) 1.7 s after C's line (frame 4)"), "{text}");
    assert!(!text.contains("answered"), "{text}");
}

/// Two captures show C's connection: the frames say of which they are.
#[test]
fn frames_name_their_file_where_two_files_show_the_connection() {
    let here = |file: &str| {
        capture(file, C, |story, tcp| {
            story.handshake(tcp);
            story.line(tcp, "two\n");
        })
    };
    let (_, text) = third_host(vec![here("at A.pcapng"), here("at C.pcapng")], &[]);
    assert!(text.contains("the handshake is complete (frames 1-3 of at A.pcapng)"), "{text}");
    let (_, text) = third_host(vec![here("at C.pcapng")], &[]);
    assert!(text.contains("the handshake is complete (frames 1-3)"), "{text}");
}

/// At `server` the second client waits until B's, at A, has quit.
fn waits_for_b(story: &mut Story, b: &mut Tcp, client: &str) {
    let mut c = Story::tcp(client, A);
    story.handshake(&mut c);
    story.line(&mut c, "two\n");
    story.wait(1200);
    story.close(b);
    story.segment_of_server(&mut c, "two\n");
}

fn short(analysis: &Analysis) -> String {
    answer(analysis, question("I.3")).short.to_string()
}

/// Two groups in one room: the clients of the other group connect to their own server, before C's to A.
#[test]
fn the_busy_server_is_that_of_the_first_client() {
    let mut story = Story::new("in the middle", 0);
    let (mut b, mut other) = (Story::tcp(B, A), Story::tcp("10.0.3.12:40845", "10.0.3.11:65432"));
    story.handshake(&mut b);
    story.echo(&mut b, "one\n");
    story.handshake(&mut other);
    story.line(&mut other, "another group\n");
    waits_for_b(&mut story, &mut b, C);
    story.close(&mut other);
    let (analysis, text) = third_host(vec![story.read()], &[]);
    assert_eq!(short(&analysis), "Connected; served only after B quit", "{text}");
    assert!(text.starts_with("C's client (10.0.3.3:51762) connected"), "{text}");
}

/// C typed B's address first, where a server of B's own ran, and then the right one.
#[test]
fn a_server_that_was_not_meant_is_not_the_busy_one() {
    let mut story = Story::new("at A and B", 0);
    let (mut b, mut wrong) = (Story::tcp(B, A), Story::tcp("10.0.3.3:48912", "10.0.3.2:65432"));
    story.handshake(&mut b);
    story.echo(&mut b, "one\n");
    story.handshake(&mut wrong);
    story.echo(&mut wrong, "is that A?\n");
    story.close(&mut wrong);
    waits_for_b(&mut story, &mut b, C);
    let (analysis, text) = third_host(vec![story.read()], &[]);
    assert_eq!(short(&analysis), "Connected; served only after B quit", "{text}");
}

/// A's clock is set while C waits: no time is told that passed backwards.
#[test]
fn a_clock_that_was_set_back_is_told_and_not_used() {
    let mut story = Story::new("at A", 0);
    let (mut b, mut c) = (Story::tcp(B, A), Story::tcp(C, A));
    story.handshake(&mut b);
    story.line(&mut b, "one\n");
    story.handshake(&mut c);
    story.line(&mut c, "two\n");
    story.set_back(100);
    story.close(&mut b);
    story.segment_of_server(&mut c, "two\n");
    let (analysis, text) = third_host(vec![story.read()], &[]);
    assert!(text.contains("The server sent data to C (frame 14) after C's line (frame 9)"), "{text}");
    let finding = analysis.findings.iter().find(|finding| finding.code == Code::ClockSetBack).unwrap();
    let told = finding.message.to_string();
    assert!(told.starts_with("The times go back by 1 min 40 s between frame 10 and frame 11"), "{told}");
}

/// B connects while C's client is served, and waits.
#[test]
fn a_first_client_that_waited_for_the_second_is_said_to_have_waited() {
    let mut story = Story::new("at A", 0);
    let (mut b, mut c) = (Story::tcp(B, A), Story::tcp(C, A));
    story.handshake(&mut c);
    story.echo(&mut c, "C first\n");
    story.handshake(&mut b);
    story.line(&mut b, "B waits\n");
    story.wait(1200);
    story.close(&mut c);
    story.segment_of_server(&mut b, "B waits\n");
    let mut config = LabConfig::default();
    for (name, ip) in [("A", "10.0.3.1"), ("B", "10.0.3.2"), ("C", "10.0.3.3")] {
        config.hosts.insert(host(name), ip.parse().unwrap());
    }
    let analysis = analyze(vec![story.read()], &[], &config);
    let text = answer(&analysis, question("I.3")).text().to_string();
    assert_eq!(short(&analysis), "Connected, and served; B waited", "{text}");
    assert!(
        text.contains("C's connection had ended (frame 12): until then B's connection waited in the queue"),
        "{text}"
    );
}

/// The server is tried on its own computer, before B or beside it.
#[test]
fn a_client_of_the_servers_own_computer_is_the_second_only_beside_the_first() {
    for beside in [false, true] {
        let mut story = Story::new("at A", 0);
        let (mut own, mut b) = (Story::tcp("10.0.3.1:46034", A), Story::tcp(B, A));
        if beside {
            story.handshake(&mut b);
            story.echo(&mut b, "one\n");
        }
        story.handshake(&mut own);
        story.echo(&mut own, "is it there?\n");
        story.close(&mut own);
        if !beside {
            story.handshake(&mut b);
            story.echo(&mut b, "one\n");
        }
        let (analysis, text) = third_host(vec![story.read()], &[]);
        let expected = answer(&analysis, question("I.3")).status == Status::NotInCapture;
        assert_eq!(expected, !beside, "{text}");
    }
}

/// A server that closes after each line, and a client that is started 0.8 s later.
#[test]
fn who_is_accepted_a_while_after_the_end_may_have_come_only_then() {
    let told = |accepted: &str| {
        let line = |time: &str, event: &str, socket: u32, remote: &str| {
            format!(
                r#"{{"time":"2026-01-01T10:00:0{time}Z","program":"server.py","pid":7,"event":"{event}","protocol":"tcp","socket":{socket},"local":"{A}"{remote}}}"#
            ) + "\n"
        };
        let of = |client: &str| format!(r#","remote":"{client}""#);
        let lines = [
            line("0.0", "listen", 1, ""),
            line("1.0", "accept", 2, &of(B)),
            line("2.0", "close", 2, &of(B)),
            line(accepted, "accept", 3, &of(C)),
        ];
        let journal = Journal::read(lines.concat().as_bytes()).unwrap();
        third_host(vec![step_8()], &[NamedJournal { file: "a.jsonl".to_owned(), journal }]).1
    };
    let waited = "so it had been waiting in the queue";
    assert!(told("2.0001").contains(waited), "{}", told("2.0001"));
    assert!(!told("2.8").contains(waited), "{}", told("2.8"));
}
