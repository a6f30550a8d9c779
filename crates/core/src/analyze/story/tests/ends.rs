//! Connections of which the end, or the begin, may not have been captured: they are not said to be open, or to be older than the
//! capture.

use crate::analyze::analysis::{Analysis, Code, ServerKind};
use crate::analyze::testing::{Story, Tcp};
use crate::analyze::tests::support::{A, B1, B2, C1, C2, connected, has, of, said, short, told};
use socklab_packets::types::Timestamp;

const SEVERAL: &str = "serves several clients at the same time";

fn kinds(analysis: &Analysis) -> Vec<ServerKind> {
    analysis.lab.servers.iter().filter_map(|server| server.kind).collect()
}

/// C's line waits, as B's was answered and B is still connected.
fn one_waits() -> (Story, Tcp, Tcp) {
    let mut story = Story::new("at A", 0);
    let mut b = connected(&mut story, B1);
    story.echo(&mut b, "one\n");
    story.wait(400);
    let mut c = connected(&mut story, C1);
    story.line(&mut c, "two\n");
    story.wait(700);
    (story, b, c)
}

/// A server that serves one client at a time, of whose last frames with B some are not captured.
fn one_at_a_time(lost: &[usize]) -> Analysis {
    let (mut story, mut b, mut c) = one_waits();
    story.lose(lost);
    story.close(&mut b);
    story.lose(&[]);
    story.segment_of_server(&mut c, "TWO\n");
    story.wait(1000);
    of(vec![story.read()])
}

#[test]
fn a_connection_whose_fin_may_be_missing_is_not_said_to_be_open() {
    for lost in [&[1][..], &[0, 1], &[0]] {
        let analysis = one_at_a_time(lost);
        assert!(!kinds(&analysis).contains(&ServerKind::Concurrent), "{lost:?}");
        let told = said(&analysis, "I.3");
        assert!(!told.contains("no FIN or RST") && !told.contains(SEVERAL), "{lost:?}: {told}");
    }
    assert_eq!(kinds(&one_at_a_time(&[])), [ServerKind::Iterative]);
}

/// The client acknowledges the server's FIN, which is not captured, only after the other one was served.
#[test]
fn a_fin_that_is_acknowledged_later_may_have_come_before() {
    let (mut story, mut b, mut c) = one_waits();
    story.lose(&[0, 1]);
    story.half_close_of_server(&mut b);
    story.segment_of_server(&mut c, "TWO\n");
    story.acknowledgement(&mut b);
    story.wait(1000);
    let analysis = of(vec![story.read()]);
    assert!(!kinds(&analysis).contains(&ServerKind::Concurrent));
    assert!(!said(&analysis, "I.3").contains(SEVERAL), "{}", said(&analysis, "I.3"));
}

/// What the end of a line took is no FIN, if the client goes on.
#[test]
fn a_line_that_is_missing_leaves_a_connection_open() {
    let mut story = Story::new("at A", 0);
    let mut b = connected(&mut story, B1);
    story.echo(&mut b, "one\n");
    story.lose(&[0]);
    story.line(&mut b, "lost\n");
    story.line(&mut b, "more\n");
    let mut c = connected(&mut story, C1);
    story.echo(&mut c, "two\n");
    story.wait(1000);
    story.echo(&mut b, "three\n");
    let analysis = of(vec![story.read()]);
    // One that closes its listening socket after its first client leaves the address to the second server.
    let several = format!("{SEVERAL}, or the second one (step 9) started and served one.");
    assert!(said(&analysis, "I.3").contains(&several), "{}", said(&analysis, "I.3"));
}

#[test]
fn a_half_that_was_closed_before_is_told() {
    for by_server in [false, true] {
        let mut story = Story::new("at A", 0);
        let mut b = connected(&mut story, B1);
        story.echo(&mut b, "one\n");
        match by_server {
            true => story.half_close_of_server(&mut b),
            false => story.half_close(&mut b),
        }
        let mut c = connected(&mut story, C1);
        match by_server {
            true => story.line(&mut b, "more\n"),
            false => story.segment_of_server(&mut b, "MORE\n"),
        }
        story.echo(&mut c, "two\n");
        story.wait(1000);
        let told = said(&of(vec![story.read()]), "I.3");
        let whose = if by_server { "the server's" } else { "the client's" };
        let half =
            format!("the FIN in frame 7 closed only {whose} sending half, and its connection has no other FIN or");
        assert!(told.contains(&half), "{told}");
    }
}

/// A connection that begins with an acknowledgement long after the capture began has lost its handshake.
#[test]
fn a_handshake_that_was_lost_makes_no_connection_older_than_the_capture() {
    let mut story = Story::new("at A", 0);
    let mut b = connected(&mut story, B1);
    story.echo(&mut b, "one\n");
    story.wait(700);
    story.lose(&[0, 1]);
    let mut c = connected(&mut story, C1);
    story.line(&mut c, "two\n");
    story.wait(700);
    story.close(&mut b);
    story.segment_of_server(&mut c, "TWO\n");
    story.wait(1000);
    let mut capture = story.read();
    capture.info.first_time = Some(Timestamp { seconds: 1_700_000_000, nanoseconds: 0, digits: 6 });
    let analysis = of(vec![capture]);
    assert_eq!(kinds(&analysis), [ServerKind::Iterative]);
    assert!(said(&analysis, "I.3").contains("C's connection waited in the queue"), "{}", said(&analysis, "I.3"));
    assert!(!told(&analysis, Code::NotThreaded).contains("several clients"));
}

/// A probe of a connection that was idle when the capture began is a bare acknowledgement as well.
#[test]
fn a_probe_of_an_idle_connection_is_no_lost_handshake() {
    let mut story = Story::new("at A", 0);
    let mut older = Story::tcp(C1, A);
    let mut other = connected(&mut story, C2);
    story.wait(2000);
    story.keep_alive_of_client(&mut older);
    story.echo(&mut older, "two\n");
    story.echo(&mut other, "one\n");
    let mut capture = story.read();
    capture.info.first_time = Some(Timestamp { seconds: 1_700_000_000, nanoseconds: 0, digits: 6 });
    let told = said(&of(vec![capture]), "II.1");
    assert!(told.contains("connected before the capture started"), "{told}");
}

#[test]
fn a_half_closed_connection_has_not_ended() {
    let mut story = Story::new("at A", 0);
    let mut b = connected(&mut story, B1);
    story.segment_of_server(&mut b, "welcome\n");
    story.half_close_of_server(&mut b);
    story.line(&mut b, "one\n");
    let mut c = connected(&mut story, C1);
    story.line(&mut c, "two\n");
    story.wait(1400);
    story.half_close(&mut b);
    story.segment_of_server(&mut c, "welcome\n");
    let analysis = of(vec![story.read()]);
    assert!(!said(&analysis, "I.3").contains("nobody had to wait"), "{}", said(&analysis, "I.3"));
    assert_eq!(short(&analysis, "I.3"), "Connected; served only after B quit");
    let closed = told(&analysis, Code::ConnectionClosed);
    assert!(closed.contains("The server closed its sending half of the connection (FIN, frame 6)"), "{closed}");
}

/// A program that aborts its only connection (SO_LINGER with 0) and serves others later: nobody was there to wait for.
#[test]
fn a_reset_right_after_the_line_of_the_only_connection_is_no_queue() {
    let mut story = Story::new("at A", 0);
    let mut first = connected(&mut story, B1);
    story.line(&mut first, "line 0\n");
    story.reset_by_server(&mut first);
    story.wait(500);
    for client in [B2, C1, C2] {
        let mut tcp = connected(&mut story, client);
        story.echo(&mut tcp, "one\n");
        story.close(&mut tcp);
    }
    let analysis = of(vec![story.read()]);
    assert!(!has(&analysis, Code::NotThreaded));
    for answer in &analysis.answers {
        let text = answer.text().to_string();
        assert!(!text.contains("queue") || !text.contains(B1), "{text}");
    }
}

/// The server has one client after the other and answers when its client has left. A file of B begins within the connection of the
/// first one, after C's had begun: by the whole one the first is the older.
#[test]
fn a_client_that_came_first_is_not_said_to_be_served_beside_a_later_one() {
    let leaves = |story: &mut Story, b: &mut Tcp| {
        story.line(b, "one\n");
        story.half_close(b);
        story.segment_of_server(b, "ONE\n");
        story.half_close_of_server(b);
    };
    let mut at_a = Story::new("at A", 0);
    let mut b = connected(&mut at_a, B1);
    let mut late_b = b;
    at_a.wait(300);
    connected(&mut at_a, C1);
    // B's file begins one second later; each of the six frames took a millisecond.
    at_a.wait(694);
    leaves(&mut at_a, &mut b);
    at_a.wait(100);
    let mut at_b = Story::new("at B", 1);
    leaves(&mut at_b, &mut late_b);
    let analysis = of(vec![at_b.read(), at_a.read()]);
    assert!(!kinds(&analysis).contains(&ServerKind::Concurrent), "{:?}", kinds(&analysis));
    assert!(!said(&analysis, "II.1").contains(SEVERAL), "{}", said(&analysis, "II.1"));
}
