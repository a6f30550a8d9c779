//! Which connection is which client's, and how many clients there were.

use crate::analyze::testing::{Story, address};
use crate::analyze::tests::support::{A, B1, B2, C1, C2, UDP_A, answer, connected, of, said, short};
use crate::lab::testing::question;

#[test]
fn connections_of_which_some_overlap_are_not_said_to_be_all_open_at_once() {
    let mut story = Story::new("at C", 0);
    let (mut c1, mut c2) = (connected(&mut story, C1), connected(&mut story, C2));
    story.echo(&mut c1, "one\n");
    story.echo(&mut c2, "two\n");
    story.close(&mut c1);
    story.close(&mut c2);
    let mut later = connected(&mut story, "10.0.3.3:51768");
    story.echo(&mut later, "three\n");
    let analysis = of(vec![story.read()]);
    let why: Vec<String> = analysis.captures[0].steps.iter().map(|recorded| recorded.why.to_string()).collect();
    assert!(why.iter().any(|why| why.contains("some of them open side by side")), "{why:?}");
}

#[test]
fn connections_from_the_same_port_are_told_apart() {
    let mut story = Story::new("again", 0);
    let mut client = connected(&mut story, B1);
    story.line(&mut client, "one\n");
    story.close(&mut client);
    client.restart(90_000);
    story.handshake(&mut client);
    story.line(&mut client, "two\n");
    let analysis = of(vec![story.read()]);
    for (name, frame) in [("Connection", 1), ("Second connection", 10)] {
        let begin = format!("{name} of {B1}: ");
        let claims = &answer(&analysis, question("I.1a")).claims;
        let handshake =
            claims.iter().map(|claim| claim.text.to_string()).find(|text| text.starts_with(&begin)).unwrap();
        assert!(handshake.contains(&format!("frame {frame})")), "{handshake}");
    }
}

#[test]
fn a_client_that_sent_nothing_has_no_lines() {
    let mut story = Story::new("at A", 0);
    let mut clients = [B1, C1].map(|client| connected(&mut story, client));
    story.echo(&mut clients[1], "time\n");
    connected(&mut story, B2);
    let text = said(&of(vec![story.read()]), "II.1");
    assert!(
        text.contains(&format!("a line of {B1} and {B2}, or shows whether the server's program accepted them.")),
        "{text}"
    );
}

/// The server serves one client at a time, and its queue is full when C's clients come.
#[test]
fn clients_that_got_no_answer_are_not_said_to_have_connected() {
    let mut at_b = Story::new("at B", 600);
    let clients = [B1, B2].map(|client| connected(&mut at_b, client));
    clients.into_iter().for_each(|mut client| at_b.line(&mut client, "hello\n"));
    let mut at_c = Story::new("at C", 605);
    for client in [C1, C2] {
        at_c.syns(Story::tcp(client, A), 2);
        at_c.wait(1000);
    }
    let analysis = of(vec![at_b.read(), at_c.read()]);
    let text = said(&analysis, "II.1");
    assert!(text.starts_with("Not every attempt to connect succeeded. 2 clients of B (10.0.3.2) have"), "{text}");
    assert_eq!(short(&analysis, "II.1"), "2 clients connected, 2 attempts not answered; served: unknown");
}

/// What the end of a capture cuts has not failed.
#[test]
fn an_attempt_that_the_end_of_the_capture_cuts_is_not_said_to_have_failed() {
    let with_last = |last: fn(&mut Story)| {
        let mut at_b = Story::new("at B", 600);
        let clients = [B1, B2].map(|client| connected(&mut at_b, client));
        clients.into_iter().for_each(|mut client| at_b.echo(&mut client, "hello\n"));
        let mut at_c = Story::new("at C", 605);
        let mut first = connected(&mut at_c, C1);
        at_c.echo(&mut first, "hello\n");
        last(&mut at_c);
        of(vec![at_b.read(), at_c.read()])
    };
    let cut_after_syn = with_last(|story| story.syns(Story::tcp(C2, A), 1));
    let refused_before = with_last(|story| {
        let mut second = Story::tcp(C2, A);
        story.refused(&mut second);
        let mut again = connected(story, "10.0.3.3:51768");
        story.echo(&mut again, "again\n");
    });
    for analysis in [&cut_after_syn, &refused_before] {
        let text = said(analysis, "II.1");
        assert!(text.starts_with("Yes, the clients connected. 2 clients of B"), "{text}");
    }
    let in_short = short(&cut_after_syn, "II.1");
    assert!(in_short.starts_with("Yes, 3 clients connected; 3 served"), "{in_short}");
    let refused = with_last(|story| story.refused(&mut Story::tcp(C2, A)));
    assert!(said(&refused, "II.1").starts_with("Not every attempt to connect succeeded."));
}

#[test]
fn more_connections_than_the_sheet_has_clients_may_be_of_one_program() {
    let mut story = Story::new("at A", 0);
    let mut clients = [B1, B2, "10.0.3.2:40200", C1, C2].map(|client| connected(&mut story, client));
    clients.iter_mut().for_each(|tcp| story.echo(tcp, "one\n"));
    let text = said(&of(vec![story.read()]), "II.3");
    assert!(text.contains("and 3 connections were made: by more clients, or by one that connected"), "{text}");
}

/// The captures of several steps, merged into one file: that of step 8 ended while the connection was open.
#[test]
fn an_open_end_before_the_datagrams_is_not_beside_the_clients_after_them() {
    let mut story = Story::new("merged", 0);
    let mut b = connected(&mut story, B1);
    story.echo(&mut b, "one\n");
    story.wait(5000);
    story.datagram("10.0.3.2:38238", UDP_A, "two\n");
    story.datagram(UDP_A, "10.0.3.2:38238", "two\n");
    story.wait(5000);
    for client in [B2, "10.0.3.2:40216", C1, C2] {
        let mut tcp = connected(&mut story, client);
        story.echo(&mut tcp, "three\n");
    }
    let analysis = of(vec![story.read()]);
    assert_eq!(short(&analysis, "I.1a"), "Frames: 3 handshake, 2 data, 1 ACK");
    assert!(said(&analysis, "I.1a").contains("the file does not show its end"), "{}", said(&analysis, "I.1a"));
    assert_eq!(short(&analysis, "II.1"), "Yes, 4 clients connected; 4 served at the same time");
}

#[test]
fn the_client_of_a_port_that_another_service_is_known_for_is_no_server() {
    let server = "10.0.3.1:6000";
    let mut story = Story::new("late", 0);
    let mut b = Story::tcp(B1, server);
    story.segment_of_server(&mut b, "welcome\n");
    story.line(&mut b, "one\n");
    let analysis = of(vec![story.read()]);
    let servers: Vec<_> = analysis.lab.servers.iter().map(|server| server.address).collect();
    assert_eq!(servers, [address(server)]);
    assert!(!said(&analysis, "I.1a").contains("first"), "{}", said(&analysis, "I.1a"));
}

#[test]
fn a_probe_of_the_port_is_not_the_client() {
    let mut story = Story::new("at A", 0);
    let mut b = connected(&mut story, B1);
    story.echo(&mut b, "one\n");
    let mut probe = connected(&mut story, C1);
    story.close(&mut probe);
    let mut c = connected(&mut story, C2);
    story.echo(&mut c, "two\n");
    story.wait(300);
    let told = said(&of(vec![story.read()]), "I.3");
    assert!(told.contains(&format!("C's client ({C2}) connected")), "{told}");
}
