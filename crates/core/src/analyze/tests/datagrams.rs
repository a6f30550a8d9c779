//! UDP programs of other kinds than an echo server with one socket and clients that ask first.

use crate::analyze::tests::support::{B1, B2, C1, UDP_A, answer, of, said, servers, short, told_of_refusals};
use std::net::IpAddr;

use crate::analyze::analysis::{Analysis, Basis, Code};
use crate::analyze::testing::{Story, address, ip};
use crate::lab::testing::{host, question};
use socklab_packets::track::Side;

fn host_of(analysis: &Analysis, name: &str) -> Option<IpAddr> {
    let hosts = &analysis.lab.hosts;
    hosts.iter().find(|found| found.name == host(name)).map(|found| found.address)
}

/// Neither port is one that other services use, and both may be a client's.
const LATE_SERVER: &str = "10.0.3.1:45000";
const LATE_CLIENT: &str = "10.0.3.2:34084";

/// The server sends each line to all computers. What another client may have said shows nothing of this one.
#[test]
fn a_datagram_whose_text_was_sent_on_had_been_received() {
    let mut story = Story::new("at A", 0);
    for (client, line) in [(B1, "hello"), (C1, "from C")] {
        story.datagram(client, UDP_A, line);
        story.datagram(UDP_A, "10.0.3.255:5001", line);
        story.wait(500);
    }
    let analysis = of(vec![story.read()]);
    assert_eq!(short(&analysis, "I.4b"), "No: 2 clients served");
    let told = said(&analysis, "I.4b");
    let expected = "The server sent the text of 10.0.3.3:51762's datagram (frame 3) on to 10.0.3.255:5001 1.00 ms later (frame 4): \
                    its program had received it.";
    assert!(told.contains(expected), "{told}");
    let [mut at_b, mut at_c] = ["at B", "at C"].map(|file| Story::new(file, 0));
    at_b.datagram(B1, UDP_A, "hello");
    at_b.datagram(UDP_A, "10.0.3.255:5001", "hello");
    at_c.datagram(C1, UDP_A, "hello");
    let analysis = of(vec![at_b.read(), at_c.read()]);
    assert!(short(&analysis, "I.4b").starts_with("No; whether C was served"), "{}", short(&analysis, "I.4b"));
}

/// B's program only listens, at another port: that the server received C's datagram is shown, and nothing of B's is.
#[test]
fn what_is_missing_is_of_the_client_of_which_nothing_is_shown() {
    let mut story = Story::new("at A", 0);
    for line in ["one", "two"] {
        story.datagram(C1, UDP_A, line);
        story.datagram(UDP_A, "10.0.3.2:8801", line);
    }
    let analysis = of(vec![story.read()]);
    assert_eq!(short(&analysis, "I.4b"), "No: C was served");
    let answer = analysis.answers.iter().find(|answer| answer.question == question("I.4b")).expect("an answer");
    let missing = answer.missing.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
    assert_eq!(
        missing,
        "the screenshot of step 12 (B's message at the server), or the UDP server's journal (--journal)"
    );
}

#[test]
fn who_answers_a_broadcast_is_the_server() {
    let mut story = Story::new("at B", 0);
    let (client, server, all) = ("10.0.3.2:49826", "10.0.3.1:50000", "10.0.3.255:50000");
    story.datagram(client, all, "WHO");
    story.datagram(server, client, "I am A");
    story.datagram(client, server, "abc");
    story.datagram(server, client, "cba");
    story.datagram("10.0.3.3:38253", all, "WHO");
    let analysis = of(vec![story.read()]);
    assert_eq!(servers(&analysis), [address(server)]);
    assert_eq!(host_of(&analysis, "B"), Some(ip("10.0.3.2")));
    assert!(analysis.lab.hosts.iter().all(|found| found.address != ip("10.0.3.255")));
    let text = said(&analysis, "I.4a");
    assert!(text.contains("2 datagrams from the client to the server, 2 back"), "{text}");
}

#[test]
fn of_a_conversation_begun_before_the_capture_the_sheets_server_is_the_server() {
    let mut story = Story::new("late", 0);
    story.datagram(LATE_SERVER, LATE_CLIENT, "news 1");
    story.datagram(LATE_CLIENT, LATE_SERVER, "more");
    story.datagram(LATE_SERVER, LATE_CLIENT, "news 2");
    let analysis = of(vec![story.read()]);
    assert_eq!(servers(&analysis), [address(LATE_SERVER)]);
    assert_eq!(host_of(&analysis, "B"), Some(ip("10.0.3.2")));
}

#[test]
fn a_server_on_another_address_than_the_sheets_is_found_by_its_port() {
    let mut story = Story::new("at A", 0);
    story.datagram("10.0.3.1:50123", "10.0.3.2:12000", "one");
    story.datagram("10.0.3.2:12000", "10.0.3.1:50123", "ONE");
    assert_eq!(servers(&of(vec![story.read()])), [address("10.0.3.2:12000")]);
}

/// The server sends to addresses that it was given; both sides bind the ports, of which TCP's X11 has one.
#[test]
fn a_server_that_sends_on_its_own_is_not_known_to_have_received_anything() {
    let (server, b, c) = ("10.0.3.1:6000", "10.0.3.2:6001", "10.0.3.3:6001");
    let mut at_b = Story::new("at B", 0);
    at_b.datagram(b, server, "hello");
    at_b.port_unreachable(b, server);
    let mut at_c = Story::new("at C", 60);
    for (story, client) in [(&mut at_b, b), (&mut at_c, c)] {
        for line in ["one", "two"] {
            story.datagram(server, client, "temperature 20");
            story.wait(150);
            story.datagram(client, server, line);
            story.wait(150);
        }
        story.datagram(server, client, "temperature 20");
    }
    let analysis = of(vec![at_b.read(), at_c.read()]);
    assert_eq!(servers(&analysis), [address(server)]);
    let text = said(&analysis, "I.4b");
    assert!(!text.contains("had received") && !text.contains("served"), "{text}");
    assert!(text.contains("it may have sent that on its own"), "{text}");
    assert!(short(&analysis, "I.4b").ends_with("unknown"), "{}", short(&analysis, "I.4b"));
    assert!(told_of_refusals(&analysis).ends_with("It was there later."), "{}", told_of_refusals(&analysis));
}

#[test]
fn an_answer_after_several_datagrams_does_not_tell_which_arrived() {
    let mut story = Story::new("at B", 0);
    story.datagram(B1, UDP_A, "one");
    story.datagram(B1, UDP_A, "two");
    story.datagram(UDP_A, B1, "ONE");
    let text = said(&of(vec![story.read()]), "I.4b");
    assert!(text.contains("(frames 1-2): its program had received at least one of them."), "{text}");
}

#[test]
fn datagrams_that_follow_at_once_are_most_likely_answers() {
    let mut story = Story::new("late", 0);
    for line in ["one", "two"] {
        story.datagram(LATE_SERVER, LATE_CLIENT, "news");
        story.wait(300);
        story.datagram(LATE_CLIENT, LATE_SERVER, line);
    }
    story.datagram(LATE_SERVER, LATE_CLIENT, "news");
    let analysis = of(vec![story.read()]);
    let answer = answer(&analysis, question("I.4b"));
    let claim = answer.claims.iter().find(|claim| claim.text.to_string().contains("most likely an answer"));
    assert_eq!(claim.map(|claim| claim.basis), Some(Basis::Inferred));
}

/// Logs and metrics of a computer that runs nothing of the lab, and one-way text to a port that alarms go to.
#[test]
fn what_services_send_one_way_is_no_lab() {
    for (server, text) in [
        ("10.0.3.1:514", "<30>Nov 29 10:00:00 raspberrypi systemd[1]: Started Session 0 of user pi."),
        ("10.0.3.1:5140", "<13>1 2026-11-29T10:00:00Z raspberrypi cron - - - job"),
        ("10.0.3.1:8125", "web.requests:0|c"),
        ("10.0.3.1:162", "link down"),
    ] {
        let mut story = Story::new("at B", 0);
        for _ in 0..3 {
            story.datagram("10.0.3.2:44671", server, text);
        }
        assert_eq!(servers(&of(vec![story.read()])), [], "{server}");
    }
}

#[test]
fn a_lab_on_a_port_that_services_are_known_for_is_found_by_its_lines() {
    for (server, answers) in [("10.0.3.1:8125", false), ("10.0.3.1:514", true), ("10.0.3.1:12000", false)] {
        let mut story = Story::new("at B", 0);
        for line in ["one", "two"] {
            story.datagram("10.0.3.2:44671", server, line);
            if answers {
                story.datagram(server, "10.0.3.2:44671", "ONE");
            }
        }
        assert_eq!(servers(&of(vec![story.read()])), [address(server)], "{server}");
    }
}

/// The server connects its socket to its first client, as `nc -ul` does.
#[test]
fn a_connected_server_is_known_in_the_captures_of_two_clients() {
    let (mut at_b, mut at_c) = (Story::new("at B", 0), Story::new("at C", 0));
    for (line, refused) in [("one", true), ("two", true), ("three", false)] {
        at_b.datagram(B1, UDP_A, line);
        at_b.datagram(UDP_A, B1, line);
        at_b.wait(500);
        at_c.wait(250);
        if refused {
            at_c.datagram(C1, UDP_A, line);
            at_c.port_unreachable(C1, UDP_A);
        }
        at_c.wait(250);
    }
    let analysis = of(vec![at_b.read(), at_c.read()]);
    let finding = told_of_refusals(&analysis);
    assert!(finding.contains("A socket that its program connected to one client"), "{finding}");
    let texts: String = ["I.4a", "I.4b"].iter().map(|key| said(&analysis, key)).collect();
    assert!(!texts.contains("no UDP server was bound") && !finding.contains("no UDP server was bound"), "{texts}");
    assert!(!texts.contains("one unconnected UDP socket"), "{texts}");
}

#[test]
fn who_is_refused_after_another_client_was_answered_may_have_met_a_connected_socket() {
    let mut story = Story::new("at A", 0);
    story.datagram(B1, UDP_A, "one");
    story.datagram(UDP_A, B1, "ONE");
    story.datagram(C1, UDP_A, "two");
    story.port_unreachable(C1, UDP_A);
    let analysis = of(vec![story.read()]);
    let (finding, text) = (told_of_refusals(&analysis), said(&analysis, "I.4a"));
    assert!(finding.contains("it had ended by then, or its program had connected the socket"), "{finding}");
    assert!(text.contains("no UDP socket took datagrams from there"), "{text}");
}

#[test]
fn who_is_refused_before_the_server_answers_anybody_met_none() {
    let mut story = Story::new("at A", 0);
    story.datagram(C1, UDP_A, "two");
    story.port_unreachable(C1, UDP_A);
    story.datagram(B1, UDP_A, "one");
    story.datagram(UDP_A, B1, "ONE");
    let analysis = of(vec![story.read()]);
    assert!(told_of_refusals(&analysis).contains("no UDP server was bound"), "{}", told_of_refusals(&analysis));
    assert!(said(&analysis, "I.4b").contains("one unconnected UDP socket"), "{}", said(&analysis, "I.4b"));
}

/// As TFTP does: each reply comes from a socket of its own.
#[test]
fn replies_from_several_sockets_all_count() {
    let mut story = Story::new("at B", 0);
    for (port, line) in [(41_627, "one"), (59_593, "two"), (43_836, "three")] {
        story.datagram(B1, UDP_A, line);
        story.datagram(&format!("10.0.3.1:{port}"), B1, "reply");
    }
    let analysis = of(vec![story.read()]);
    let text = said(&analysis, "I.4a");
    assert!(text.contains("3 datagrams from the client to the server, 3 back"), "{text}");
    assert!(text.contains("10.0.3.1:43836 (frame 6), other sockets of the server's computer: Wireshark"), "{text}");
    let roles = &analysis.captures[0].udp_roles;
    assert!(roles.iter().skip(1).all(|role| role.client == Side::Responder), "{roles:?}");
}

/// As TFTP goes on: the client sends to the socket that answered it.
#[test]
fn what_is_sent_on_to_the_socket_that_answered_counts() {
    let mut story = Story::new("at B", 0);
    story.datagram(B1, UDP_A, "read");
    for line in ["1", "2"] {
        story.datagram("10.0.3.1:46666", B1, line);
        story.datagram(B1, "10.0.3.1:46666", "ack");
    }
    let analysis = of(vec![story.read()]);
    let text = said(&analysis, "I.4a");
    assert!(text.contains("3 datagrams from the client to the server, 2 back"), "{text}");
    assert!(text.contains("another socket of the server's computer (frames 2 and 4)"), "{text}");
}

#[test]
fn datagrams_captured_twice_count_once() {
    let mut story = Story::new("any", 0);
    for line in ["one", "two"] {
        story.datagram_captured_twice(B1, UDP_A, line);
        story.datagram_captured_twice(UDP_A, B1, line);
    }
    let analysis = of(vec![story.read()]);
    let text = said(&analysis, "I.4a");
    assert!(
        text.contains("2 datagrams from the client to the server, 2 back; each is a whole message, and captured twice")
    );
    assert!(analysis.findings.iter().any(|finding| finding.code == Code::CopiedFrames));
}

#[test]
fn of_two_servers_none_is_called_the_server() {
    let mut story = Story::new("at A", 0);
    let other = "10.0.3.1:65434";
    for (client, server) in [(B1, UDP_A), (C1, other)] {
        story.datagram(client, server, "one");
        story.datagram(server, client, "ONE");
    }
    let text = said(&of(vec![story.read()]), "I.4b");
    assert!(text.contains(&format!("the UDP servers at {UDP_A} and {other} served both clients")), "{text}");
    assert!(text.contains("Each server has one unconnected UDP socket"), "{text}");
    assert!(text.contains(&format!("The server at {other} sent a datagram to {C1}")), "{text}");
}

#[test]
fn a_datagram_without_payload_is_an_empty_line_where_the_others_are_text() {
    for (line, is_line) in [("text", true), ("\0\u{1}\u{2}", false)] {
        let mut story = Story::new("at B", 0);
        story.datagram(B1, UDP_A, line);
        story.datagram(B1, UDP_A, "");
        let text = said(&of(vec![story.read()]), "I.4a");
        assert!(text.contains("carries no payload"), "{text}");
        assert_eq!(text.contains("an empty line"), is_line, "{text}");
    }
}

#[test]
fn lines_from_a_port_that_a_program_bound_may_be_of_several_sockets() {
    for (client, several) in [(B1, false), ("10.0.3.2:5000", true)] {
        let mut story = Story::new("at B", 0);
        story.datagram(client, UDP_A, "one");
        let analysis = of(vec![story.read()]);
        let claims = &answer(&analysis, question("I.4a")).claims;
        let lines =
            claims.iter().map(|claim| claim.text.to_string()).find(|text| text.starts_with("All lines")).unwrap();
        assert_eq!(lines.contains("or several in turn"), several, "{lines}");
    }
}

/// How many frames of the only capture are the lab's.
fn lab_frames(analysis: &Analysis) -> u64 {
    analysis.captures[0].lab_frames.all()
}

#[test]
fn what_belongs_to_the_labs_datagrams_is_no_other_traffic() {
    let mut story = Story::new("at B", 0);
    story.datagram(B1, "10.0.3.255:65433", "who is there\n");
    story.datagram(UDP_A, B1, "I am\n");
    story.datagram(B1, UDP_A, "one\n");
    story.datagram("10.0.3.1:41000", B1, "ONE\n");
    story.port_unreachable(B1, UDP_A);
    story.fragment(B1, UDP_A, 7, true);
    story.fragment(B1, UDP_A, 7, false);
    story.last_fragment(B1, UDP_A, 7, "a long line\n");
    let of_lab = of(vec![story.read()]);
    assert_eq!(lab_frames(&of_lab), 8);
    assert!(of_lab.findings.iter().all(|finding| finding.code != Code::ExtraTraffic));
    assert!(!said(&of_lab, "I.4a").contains("only a part"), "{}", said(&of_lab, "I.4a"));
    // Each conversation is one, whatever Wireshark makes of it.
    assert_eq!(of_lab.lab.streams.len(), 1);
}

/// A server with two addresses answers from the other one.
#[test]
fn an_answer_from_another_address_of_the_server_is_one() {
    for same_port in [true, false] {
        let mut story = Story::new("at B", 0);
        story.card(&["10.0.3.11", "10.0.3.1"]);
        story.arp_reply("10.0.3.11", "10.0.3.2");
        let from = if same_port { UDP_A } else { "10.0.3.1:41000" };
        for text in ["one\n", "two\n"] {
            story.datagram(B1, "10.0.3.11:65433", text);
            story.datagram(from, B1, text);
        }
        let analysis = of(vec![story.read()]);
        let text = said(&analysis, "I.4a");
        assert!(text.contains("2 datagrams from the client to the server, 2 back"), "{text}");
        assert!(text.contains(&format!("{from}, another address than the client had sent to")), "{text}");
        assert_eq!(lab_frames(&analysis), 4);
    }
}

/// With the capture filter `udp port 65433` only first fragments are captured.
#[test]
fn of_a_datagram_with_fragments_missing_it_is_said_that_a_part_is_there() {
    let mut story = Story::new("at A", 0);
    story.fragment(B1, UDP_A, 7, true);
    story.datagram(B1, UDP_A, "one\n");
    story.datagram(UDP_A, B1, "ONE\n");
    story.fragment(C1, UDP_A, 9, true);
    let analysis = of(vec![story.read()]);
    let text = said(&analysis, "I.4a");
    assert!(text.contains("Of 1 more of the client's datagrams only a part is in the capture (frame 1)"), "{text}");
    let text = said(&analysis, "I.4b");
    assert!(text.contains("Of a datagram of 10.0.3.3 the captures have only a part (frame 4)"), "{text}");
    assert!(!text.contains("contain no UDP datagram"), "{text}");
    assert_eq!(lab_frames(&analysis), 4);
}

/// The same filter, and a reply that is in fragments, too.
#[test]
fn a_part_of_a_reply_tells_that_a_client_was_answered() {
    let mut story = Story::new("at A", 0);
    story.datagram(B1, UDP_A, "one\n");
    story.datagram(UDP_A, B1, "ONE\n");
    story.fragment(C1, UDP_A, 9, true);
    story.fragment(UDP_A, C1, 10, true);
    let analysis = of(vec![story.read()]);
    assert_eq!(short(&analysis, "I.4b"), "No: 2 clients served");
    let text = said(&analysis, "I.4b");
    let answered = "The server sent a datagram to 10.0.3.3:51762 (frame 4) after that client's (frame 3), though fragments of \
                    both are missing: most likely an answer to it.";
    assert!(text.contains(answered) && !text.contains("whether it arrived whole"), "{text}");
}

#[test]
fn clients_of_two_computers_are_not_one_with_two_ports() {
    let at = |client: &str| {
        let mut story = Story::new("step12", 0);
        for text in ["one", "two"] {
            story.datagram(client, "10.16.225.1:12000", text);
            story.datagram("10.16.225.1:12000", client, text);
        }
        story.read()
    };
    let analysis = of(vec![at("10.16.225.110:55726"), at("10.16.225.224:37744")]);
    assert!(!said(&analysis, "I.4a").contains("The client used"), "{}", said(&analysis, "I.4a"));
}

/// A file with times in whole seconds has both at one time.
#[test]
fn how_soon_an_answer_came_is_not_told_of_two_with_one_time() {
    let mut story = Story::new("step12", 0);
    story.wait(1);
    story.datagram_at_once([B1, UDP_A], "one\n", [1, 1]);
    story.datagram(UDP_A, B1, "ONE\n");
    let told = said(&of(vec![story.read()]), "I.4b");
    assert!(told.contains("(frame 2) after that client's (frame 1): its program had received it."), "{told}");
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

/// A socket bound to `::` takes the datagrams of both versions of IP (RFC 3493, section 5.3).
#[test]
fn one_port_of_one_card_is_one_server_over_both_versions_of_ip() {
    let (b, b_server, c, c_server) = ("10.0.3.2:54205", "10.0.3.1:5000", "[fd00:3::3]:39213", "[fd00:3::1]:5000");
    let cards = |same| {
        let mut story = Story::new("at A", 0);
        let second = if same { "A" } else { "D" };
        story.cards_of(&[("10.0.3.1", "A"), ("fd00:3::1", second), ("10.0.3.2", "B"), ("fd00:3::3", "C")]);
        for (client, server) in [(b, b_server), (c, c_server)] {
            story.datagram(client, server, "hi");
            story.datagram(server, client, "hi");
        }
        of(vec![story.read()])
    };
    let analysis = cards(true);
    assert_eq!(servers(&analysis), [address(b_server), address(c_server)]);
    assert_eq!(short(&analysis, "I.4b"), "No: 2 clients served");
    let text = said(&analysis, "I.4b");
    assert!(text.contains("the UDP server at 10.0.3.1:5000 and [fd00:3::1]:5000 served both clients."), "{text}");
    assert!(text.contains("UDP has no connection, no accept() and no queue of clients."), "{text}");
    assert_eq!(servers(&cards(false)), [address(b_server)]);
}
