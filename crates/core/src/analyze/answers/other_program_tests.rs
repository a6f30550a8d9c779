//! Servers of another style and clients that come too late: no more is said of them than the frames show.

use super::tests::{A, B1, B2, C1, C2, UDP_A, answer, of};
use crate::analyze::analysis::{Analysis, Code, Verdict};
use crate::analyze::testing::{Story, Tcp};
use crate::lab::testing::question;

pub(super) fn said(analysis: &Analysis, key: &str) -> String {
    answer(analysis, question(key)).text().to_string()
}

pub(super) fn short(analysis: &Analysis, key: &str) -> String {
    answer(analysis, question(key)).short.to_string()
}

fn messages(analysis: &Analysis, code: Code, file: &str) -> Vec<String> {
    let of_file = analysis.findings.iter().filter(|f| f.code == code && f.file.as_deref() == Some(file));
    of_file.map(|finding| finding.message.to_string()).collect()
}

pub(super) fn connected(story: &mut Story, client: &str) -> Tcp {
    let mut tcp = Story::tcp(client, A);
    story.handshake(&mut tcp);
    tcp
}

/// Two clients of B and two of C, of which the server answers those whose number is here.
fn answered_in_part(answered: &[usize]) -> Analysis {
    let mut story = Story::new("at A", 0);
    let mut clients = [B1, B2, C1, C2].map(|client| connected(&mut story, client));
    for (number, tcp) in clients.iter_mut().enumerate() {
        match answered.contains(&number) {
            true => story.echo(tcp, "time\n"),
            false => story.line(tcp, "hello\n"),
        }
    }
    story.wait(2000);
    of(vec![story.read()])
}

#[test]
fn who_came_before_a_served_client_is_not_in_the_queue() {
    for answered in [&[0, 3][..], &[0, 2], &[1, 2]] {
        let analysis = answered_in_part(answered);
        let verdicts: Vec<Verdict> = analysis.captures[0].stories.values().map(|story| story.service.verdict).collect();
        assert!(!verdicts.contains(&Verdict::Queued), "{answered:?}: {verdicts:?}");
        assert!(analysis.findings.iter().all(|finding| finding.code != Code::NotThreaded));
    }
}

#[test]
fn a_line_is_not_missed_before_other_answers_came() {
    let mut story = Story::new("at A", 0);
    let (mut b, mut c) = (connected(&mut story, B1), connected(&mut story, C1));
    story.line(&mut b, "one\n");
    story.wait(800);
    story.line(&mut c, "two\n");
    story.wait(400);
    story.segment_of_server(&mut b, "ONE\n");
    story.wait(100);
    let text = said(&of(vec![story.read()]), "I.3");
    assert!(!text.contains("queue.") && !text.contains("waited"), "{text}");
}

/// Every answer takes longer than a second, and C's comes after C has closed, while B is open.
#[test]
fn who_is_answered_late_beside_another_client_did_not_wait_in_the_queue() {
    let mut story = Story::new("at A", 0);
    let (mut b, mut c) = (connected(&mut story, B1), connected(&mut story, C1));
    for tcp in [&mut b, &mut c] {
        story.line(tcp, "one\n");
    }
    story.half_close(&mut c);
    story.wait(1200);
    for tcp in [&mut b, &mut c] {
        story.segment_of_server(tcp, "ONE\n");
    }
    let text = said(&of(vec![story.read()]), "I.3");
    assert!(text.contains("several clients at the same time") && !text.contains("waited in the queue"), "{text}");
}

#[test]
fn clients_one_after_the_other_are_not_served_at_the_same_time() {
    let mut story = Story::new("at A", 0);
    let mut clients = [B1, B2, C1, C2].map(|client| Story::tcp(client, A));
    for pair in clients.chunks_mut(2) {
        pair.iter_mut().for_each(|tcp| story.handshake(tcp));
        pair.iter_mut().for_each(|tcp| story.echo(tcp, "line\n"));
        pair.iter_mut().for_each(|tcp| story.close(tcp));
        story.wait(1000);
    }
    assert_eq!(short(&of(vec![story.read()]), "II.1"), "Yes, 4 clients connected; 4 served");
}

/// A connection whose line is reset, in a capture of its own beside one that shows both clients.
#[test]
fn a_finding_names_the_frames_of_its_own_file() {
    let mut at_a = Story::new("at A", 0);
    let mut b = connected(&mut at_a, B1);
    at_a.echo(&mut b, "one\n");
    let mut c = connected(&mut at_a, C1);
    at_a.line(&mut c, "two\n");
    at_a.close(&mut b);
    at_a.reset_by_server(&mut c);
    let mut at_c = Story::new("at C", 0);
    at_c.wait(12);
    let mut c = connected(&mut at_c, C1);
    at_c.line(&mut c, "two\n");
    at_c.reset_by_server(&mut c);
    let analysis = of(vec![at_a.read(), at_c.read()]);
    let told = messages(&analysis, Code::ConnectionReset, "at C").join(" ");
    assert!(told.contains("frame 6") && !told.contains("frame 1"), "{told}");
}

#[test]
fn a_refused_datagram_was_not_received() {
    let mut story = Story::new("at A", 0);
    story.datagram(B1, UDP_A, "early");
    story.port_unreachable(B1, UDP_A);
    story.datagram(B1, UDP_A, "late");
    story.datagram(UDP_A, B1, "LATE");
    let analysis = of(vec![story.read()]);
    let text = said(&analysis, "I.4b");
    assert!(text.contains("(frame 4) 1.00 ms after that client's (frame 3)"), "{text}");
    let told = messages(&analysis, Code::UdpPortUnreachable, "at A").join(" ");
    assert!(told.ends_with("A later datagram was answered."), "{told}");
}

#[test]
fn datagrams_that_all_came_back_are_said_to_be_lost() {
    let mut story = Story::new("at A", 0);
    story.datagram(B1, UDP_A, "one");
    story.datagram(UDP_A, B1, "ONE");
    story.datagram(C1, UDP_A, "two");
    story.port_unreachable(C1, UDP_A);
    let analysis = of(vec![story.read()]);
    let text = said(&analysis, "I.4b");
    assert!(text.contains("C's datagram came back as ICMP port unreachable"), "{text}");
    assert!(!text.contains("should appear"), "{text}");
    assert_eq!(short(&analysis, "I.4b"), "No; C's datagram was refused");
    assert!(said(&analysis, "I.4a").contains(&format!("came back to {C1}")));
}

#[test]
fn of_what_came_before_the_capture_nothing_is_said() {
    let mut story = Story::new("late", 0);
    let mut b = Story::tcp(B1, A);
    story.line(&mut b, "one\n");
    story.line(&mut b, "two\n");
    let analysis = of(vec![story.read()]);
    assert!(said(&analysis, "I.1a").contains("sends data in this capture; "), "{}", said(&analysis, "I.1a"));
    assert!(said(&analysis, "I.1b").contains("sends data in these frames; "), "{}", said(&analysis, "I.1b"));
}

#[test]
fn a_datagram_in_fragments_is_more_than_a_frame() {
    let told = |ip_length: u32| {
        let mut story = Story::new("step 12", 0);
        story.datagram("10.0.3.2:50000", UDP_A, "short\n");
        story.datagram_completed_by("10.0.3.2:50000", UDP_A, &"x".repeat(1480), ip_length);
        said(&of(vec![story.read()]), "I.4a")
    };
    // 1480 bytes and 8 of UDP: 1480 in the first fragment, 8 in the last.
    for (ip_length, words) in [(28, "each datagram is a whole message"), (1508, "each frame is a whole message")] {
        assert!(told(ip_length).contains(words), "{}", told(ip_length));
    }
}

#[test]
fn a_datagram_that_a_firewall_sent_back_says_nothing_of_the_port() {
    let mut story = Story::new("at B", 0);
    story.datagram(B1, UDP_A, "one");
    story.administratively_prohibited(B1, UDP_A);
    let analysis = of(vec![story.read()]);
    assert_eq!(messages(&analysis, Code::UdpPortUnreachable, "at B"), Vec::<String>::new());
    let told = messages(&analysis, Code::UdpNotDelivered, "at B").join(" ");
    assert!(
        told.contains("came back as ICMP communication administratively prohibited (frame 2): a firewall rejects"),
        "{told}"
    );
}

#[test]
fn a_datagram_that_was_too_long_is_no_matter_of_addresses() {
    let mut story = Story::new("at B", 0);
    story.datagram(B1, UDP_A, "one");
    story.fragmentation_needed(B1, UDP_A);
    let told = messages(&of(vec![story.read()]), Code::UdpNotDelivered, "at B").join(" ");
    assert!(told.contains("ICMP fragmentation needed (frame 2)") && !told.contains("ping"), "{told}");
}

#[test]
fn a_server_that_answers_in_another_file_has_the_right_address() {
    let (mut refused, mut answered) = (Story::new("at B", 0), Story::new("at C", 60));
    refused.datagram(B1, UDP_A, "one");
    refused.port_unreachable(B1, UDP_A);
    answered.datagram(C1, UDP_A, "two");
    answered.datagram(UDP_A, C1, "TWO");
    let told = messages(&of(vec![refused.read(), answered.read()]), Code::UdpPortUnreachable, "at B").join(" ");
    assert!(told.contains("It answers in at C: the address is right") && !told.contains("compare"), "{told}");
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

#[test]
fn sockets_of_one_client_are_not_called_clients() {
    let mut story = Story::new("at A", 0);
    for client in [B1, B2, C1] {
        story.datagram(client, UDP_A, "one");
        story.datagram(UDP_A, client, "ONE");
    }
    let analysis = of(vec![story.read()]);
    let text = said(&analysis, "I.4b");
    assert!(text.contains("served 3 client sockets at 2 computers"), "{text}");
    assert_eq!(short(&analysis, "I.4b"), "No: 3 client sockets served");
}

#[test]
fn more_connections_than_the_sheet_has_clients_may_be_of_one_program() {
    let mut story = Story::new("at A", 0);
    let mut clients = [B1, B2, "10.0.3.2:40200", C1, C2].map(|client| connected(&mut story, client));
    clients.iter_mut().for_each(|tcp| story.echo(tcp, "one\n"));
    let text = said(&of(vec![story.read()]), "II.3");
    assert!(text.contains("and 3 connections were made: by more clients, or by one that connected"), "{text}");
}
