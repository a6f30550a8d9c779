//! I.3 where C's host has several connections, or one that does not meet B's: which of them answers, and what it lacks.

use crate::analyze::analysis::{Analysis, Answer, Code, Facts, Status};
use crate::analyze::testing::{Story, Tcp};
use crate::analyze::{analyze, lab_file};
use crate::lab::LabConfig;
use crate::lab::testing::question;
use socklab_packets::pipeline::CaptureFacts;

const A: &str = "10.0.3.1:65432";
const B: &str = "10.0.3.2:40110";
const C: &str = "10.0.3.3:51762";

fn third_host(captures: Vec<CaptureFacts>) -> (Analysis, Answer) {
    let analysis = analyze(captures, &[], &LabConfig::default());
    let answer = analysis.answers.iter().find(|answer| answer.question == question("I.3")).unwrap().clone();
    (analysis, answer)
}

fn served(answer: &Answer) -> Option<bool> {
    match answer.facts {
        Facts::BusyServer { served_while_first_client_connected, .. } => served_while_first_client_connected,
        _ => panic!("not the facts of I.3"),
    }
}

fn b_and_c() -> (Story, Tcp, Tcp) {
    (Story::new("at A", 0), Story::tcp(B, A), Story::tcp(C, A))
}

/// C's client is tried before B comes, and once more after B has left: step 10 is the run in between.
#[test]
fn of_several_runs_of_the_second_client_that_beside_the_first_answers() {
    let (mut story, mut b, mut c) = b_and_c();
    let (mut early, mut late) = (Story::tcp("10.0.3.3:51700", A), Story::tcp("10.0.3.3:51800", A));
    story.handshake(&mut early);
    story.echo(&mut early, "is it there?\n");
    story.close(&mut early);
    story.wait(500);
    story.handshake(&mut b);
    story.echo(&mut b, "one\n");
    story.handshake(&mut c);
    story.line(&mut c, "two\n");
    story.half_close(&mut c);
    story.wait(900);
    story.close(&mut b);
    story.data_to_nobody(&mut c, "two\n");
    story.wait(500);
    story.handshake(&mut late);
    story.echo(&mut late, "again\n");
    story.close(&mut late);
    let (_, answer) = third_host(vec![story.read()]);
    let text = answer.text().to_string();
    assert!(text.starts_with("C's client (10.0.3.3:51762) connected"), "{text}");
    assert_eq!(
        (served(&answer), answer.short.to_string().as_str()),
        (Some(false), "Connected; served only after B quit")
    );
    assert!(answer.missing.is_empty(), "{:?}", answer.missing);
}

/// The captures at B and C have clocks of their own: that C waited says that somebody was there.
#[test]
fn a_run_that_waited_goes_before_one_that_did_not() {
    let mut at_b = Story::new("at B", 0);
    let mut b = Story::tcp(B, A);
    at_b.handshake(&mut b);
    at_b.echo(&mut b, "one\n");
    let mut at_c = Story::new("at C", 5000);
    let (mut early, mut c) = (Story::tcp("10.0.3.3:51700", A), Story::tcp(C, A));
    at_c.handshake(&mut early);
    at_c.echo(&mut early, "is it there?\n");
    at_c.close(&mut early);
    at_c.wait(2000);
    at_c.handshake(&mut c);
    at_c.line(&mut c, "two\n");
    at_c.wait(900);
    at_c.half_close(&mut c);
    let (_, answer) = third_host(vec![at_b.read(), at_c.read()]);
    let text = answer.text().to_string();
    assert!(text.starts_with("C's client (10.0.3.3:51762) connected"), "{text}");
    assert_eq!(served(&answer), Some(false), "{text}");
}

/// A server that serves one client at a time and only prints. C connects while B is there, and goes on when B has left: no
/// other run of B's staying client would show more, but one in which C quits.
#[test]
fn what_no_server_of_one_client_at_a_time_can_show_is_not_asked_for() {
    let (mut story, mut b, mut c) = b_and_c();
    story.handshake(&mut b);
    story.line(&mut b, "one\n");
    story.handshake(&mut c);
    story.line(&mut c, "two\n");
    story.wait(900);
    story.close(&mut b);
    story.wait(700);
    story.line(&mut c, "three\n");
    story.close(&mut c);
    let (_, answer) = third_host(vec![story.read()]);
    let text = answer.text().to_string();
    assert!(text.contains("B's connection had ended by then (frame 11). No frame shows whether"), "{text}");
    assert!(text.contains("had accepted C's connection while B's was open."), "{text}");
    assert_eq!(answer.short.to_string(), "Connected, and served after B's connection ended; whether earlier: unknown");
    let missing = answer.missing[0].to_string();
    assert!(missing.contains("C's client sends a line and quits while B's is connected"), "{missing}");
    assert!(missing.starts_with("the screenshot of step 10, the server's journal"), "{missing}");
}

/// A second server was started at another port (step 9), and C's client went there while B's was at the first.
#[test]
fn a_client_at_another_port_is_said_to_have_gone_there() {
    for is_answered in [true, false] {
        let (mut story, mut b, _) = b_and_c();
        let mut c = Story::tcp(C, "10.0.3.1:65433");
        story.handshake(&mut b);
        story.echo(&mut b, "one\n");
        story.handshake(&mut c);
        match is_answered {
            true => story.echo(&mut c, "two\n"),
            false => story.line(&mut c, "two\n"),
        }
        story.echo(&mut b, "three\n");
        let (_, answer) = third_host(vec![story.read()]);
        let text = answer.text().to_string();
        assert!(text.contains("B's client connected to 10.0.3.1:65432, not to 10.0.3.1:65433."), "{text}");
        assert!(!text.contains("No file shows B's client"), "{text}");
        let was_served = if is_answered { ", and served," } else { "," };
        assert_eq!(answer.short.to_string(), format!("Connected{was_served} at another port than B"));
        let missing = answer.missing[0].to_string();
        assert_eq!(missing, "a run of step 10 in which C's client connects to 10.0.3.1:65432, as B's does");
    }
}

fn steps(analysis: &Analysis) -> Vec<String> {
    analysis.captures.iter().flat_map(|capture| &capture.steps).map(|recorded| recorded.step.name()).collect()
}

/// A pair without a third computer: B's client goes to A, and A's to a server at B.
#[test]
fn who_changes_roles_is_no_third_host() {
    let (mut story, mut b, _) = b_and_c();
    let mut a = Story::tcp("10.0.3.1:47804", "10.0.3.2:65432");
    story.handshake(&mut b);
    story.echo(&mut b, "b to a\n");
    story.handshake(&mut a);
    story.echo(&mut a, "a to b\n");
    let (analysis, answer) = third_host(vec![story.read()]);
    assert_eq!(answer.status, Status::NotInCapture, "{}", answer.text());
    assert_eq!(steps(&analysis), ["Part I step 8"]);
}

/// The threaded server was started at B by mistake, where C's first client found it, then at A.
#[test]
fn a_client_at_another_clients_computer_is_not_at_the_busy_server() {
    let mut story = Story::new("at C", 0);
    let mut wrong = Story::tcp("10.0.3.3:46430", "10.0.3.2:65432");
    story.handshake(&mut wrong);
    story.echo(&mut wrong, "oops\n");
    story.close(&mut wrong);
    let mut clients = ["10.0.3.3:56806", "10.0.3.3:56814"].map(|client| Story::tcp(client, A));
    clients.iter_mut().for_each(|client| story.handshake(client));
    clients.iter_mut().for_each(|client| story.echo(client, "two\n"));
    let mut at_b = Story::new("at B", 0);
    let mut clients = ["10.0.3.2:44486", "10.0.3.2:44490"].map(|client| Story::tcp(client, A));
    clients.iter_mut().for_each(|client| at_b.handshake(client));
    clients.iter_mut().for_each(|client| at_b.echo(client, "one\n"));
    let (analysis, answer) = third_host(vec![at_b.read(), story.read()]);
    assert_eq!(answer.status, Status::NotInCapture, "{}", answer.text());
    assert_eq!(steps(&analysis), ["Part II step 2", "Part II step 3"]);
    assert!(analysis.findings.iter().any(|finding| finding.code == Code::WrongAddress));
}

/// B's capture, of some seconds, and C's two terminals side by side at a server that serves one client at a time: both wait
/// until somebody quits. C's begin so many seconds after B's.
fn two_terminals(start: i64) -> Vec<CaptureFacts> {
    let (mut at_b, mut at_c) = (Story::new("at B", 0), Story::new("at C", start));
    let mut b = Story::tcp(B, A);
    at_b.handshake(&mut b);
    at_b.echo(&mut b, "one\n");
    at_b.wait(6000);
    at_b.close(&mut b);
    let mut clients = [C, "10.0.3.3:51764"].map(|client| Story::tcp(client, A));
    for client in &mut clients {
        at_c.handshake(client);
        at_c.line(client, "two\n");
    }
    clients.iter_mut().for_each(|client| at_c.half_close(client));
    at_c.wait(4000);
    clients.iter_mut().for_each(|client| at_c.data_to_nobody(client, "two\n"));
    vec![at_b.read(), at_c.read()]
}

/// Two terminals at C in step 10: the files' times say that B's client was open.
#[test]
fn two_terminals_at_the_busy_server_are_not_the_threaded_servers() {
    let (analysis, answer) = third_host(two_terminals(2));
    assert_eq!(steps(&analysis), ["Part I step 8", "Part I step 10"]);
    assert!(answer.text().to_string().contains("fits a connection that waited in the queue"), "{}", answer.text());
    assert!(analysis.findings.iter().all(|finding| finding.code != Code::NotThreaded));
}

/// The same after B's client had gone: then they waited for somebody else, as where the threaded server could not start.
#[test]
fn two_terminals_that_did_not_meet_the_first_client_are_side_by_side() {
    let (analysis, _) = third_host(two_terminals(60));
    assert_eq!(steps(&analysis), ["Part I step 8", "Part II step 3"]);
    assert!(analysis.findings.iter().any(|finding| finding.code == Code::NotThreaded));
}

/// A sheet in which both clients run on one computer, in two terminals.
const ONE_COMPUTER: &str = r#"
host = [{ name = "S", role = "server" }, { name = "K", role = "client" }]
[[step]]
number = "1"
does = "server"
protocol = "tcp"
port = 5555
[[step]]
number = "2"
does = "clients"
protocol = "tcp"
port = 5555
client = "K"
captured = "K"
[[step]]
number = "3"
does = "clients"
protocol = "tcp"
port = 5555
client = "K"
while = "2"
[[question]]
number = "1"
title = "Second window"
points = 1
kind = "busy-server"
steps = ["3"]
[question.facts]
tcp_handshake_completed = "connected"
served_while_first_client_connected = "served"
"#;

/// The second client of one computer writes while the first one is served; that one quits or not.
fn in_second_window(quits: bool) -> (String, String, Facts) {
    let server = "10.9.0.1:5555";
    let mut story = Story::new("k", 0);
    let mut first = Story::tcp("10.9.0.2:51000", server);
    story.handshake(&mut first);
    story.echo(&mut first, "one\n");
    let mut second = Story::tcp("10.9.0.2:51001", server);
    story.handshake(&mut second);
    story.line(&mut second, "two\n");
    story.wait(2000);
    story.echo(&mut first, "three\n");
    story.wait(2000);
    if quits {
        story.close(&mut first);
        story.segment_of_server(&mut second, "two\n");
    }
    let config = lab_file(ONE_COMPUTER).unwrap();
    let answer = analyze(vec![story.read()], &[], &config).answers.remove(0);
    (answer.text().to_string(), answer.short.to_string(), answer.facts)
}

#[test]
fn two_clients_of_one_computer_are_told_apart_by_their_ports() {
    let waited = |facts| {
        matches!(
            facts,
            Facts::BusyServer { tcp_handshake_completed: Some(true), served_while_first_client_connected: Some(false) }
        )
    };
    let (text, short, facts) = in_second_window(true);
    assert!(text.ends_with("10.9.0.2:51000's connection had ended (frame 15): until then 10.9.0.2:51001's connection waited in the queue."), "{text}");
    assert_eq!(short, "Connected; served only after the first one quit");
    assert!(waited(facts));
    let (text, short, facts) = in_second_window(false);
    assert!(text.contains("The server answered 10.9.0.2:51000's line"), "{text}");
    assert!(text.ends_with("So 10.9.0.2:51001's connection waited in the queue."), "{text}");
    assert_eq!(short, "Connected, but waited in the queue");
    assert!(waited(facts));
}

/// The threaded server runs in steps 8 and 10 by mistake, and then tcp_server, to which both clients come once more.
#[test]
fn runs_that_came_out_differently_leave_the_answer_open() {
    let both = |waits: bool| {
        let (mut story, mut b, mut c) = b_and_c();
        story.handshake(&mut b);
        story.echo(&mut b, "one\n");
        story.handshake(&mut c);
        story.echo(&mut c, "two\n");
        story.close(&mut c);
        story.close(&mut b);
        story.wait(2000);
        let (mut later_b, mut later_c) = (Story::tcp("10.0.3.2:40200", A), Story::tcp("10.0.3.3:51800", A));
        story.handshake(&mut later_b);
        story.echo(&mut later_b, "one\n");
        story.handshake(&mut later_c);
        if !waits {
            story.echo(&mut later_c, "two\n");
            return third_host(vec![story.read()]).1;
        }
        story.line(&mut later_c, "two\n");
        story.wait(900);
        story.half_close(&mut later_c);
        story.wait(900);
        story.close(&mut later_b);
        story.data_to_nobody(&mut later_c, "two\n");
        third_host(vec![story.read()]).1
    };
    let answer = both(true);
    let text = answer.text().to_string();
    assert!(text.contains("C's client (10.0.3.3:51762) connected"), "{text}");
    assert!(text.contains("C's client (10.0.3.3:51800) connected"), "{text}");
    assert!(text.contains("until then 10.0.3.3:51800's connection waited."), "{text}");
    assert!(
        text.ends_with("The two runs came out differently; the files don't tell which of them is meant."),
        "{text}"
    );
    assert_eq!(answer.short.to_string(), "Connected; served while B was open in one run, not in another");
    assert_eq!((served(&answer), answer.status), (None, Status::Partial));
    let answer = both(false);
    assert_eq!(served(&answer), Some(true), "{}", answer.text());
}
