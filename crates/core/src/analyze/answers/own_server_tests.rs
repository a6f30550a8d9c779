//! Servers and captures of other kinds: half-closed connections, a pool of threads, known ports, probes, one direction.

use super::other_program_tests::{connected, said, short};
use super::tests::{A, B1, B2, C1, C2, UDP_A, of};
use crate::analyze::analysis::{Analysis, Code, Facts, Status};
use crate::analyze::testing::{Story, address};
use crate::analyze::{analyze, lab_file};
use socklab_packets::types::FrameNumber;

pub(super) fn told(analysis: &Analysis, code: Code) -> String {
    let of_code = analysis.findings.iter().filter(|finding| finding.code == code);
    of_code.map(|finding| finding.message.to_string()).collect::<Vec<_>>().join(" ")
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

#[test]
fn one_of_something_is_told_in_the_singular() {
    let mut story = Story::new("at A", 0);
    let mut clients = [B1, B2, C1, C2].map(|client| connected(&mut story, client));
    clients.iter_mut().for_each(|client| story.echo(client, "one\n"));
    clients.iter_mut().for_each(|client| story.close(client));
    let closed = told(&of(vec![story.read()]), Code::ConnectionClosed);
    assert!(closed.contains("1 further connection was closed by its client, too."), "{closed}");
    let mut story = Story::new("at C", 0);
    story.datagram("10.0.3.3:5353", "224.0.0.251:5353", "\0\0");
    let none = told(&of(vec![story.read()]), Code::NoLabTraffic);
    assert!(none.starts_with("The only frame does not belong to the lab: "), "{none}");
}

/// Two threads for four clients.
#[test]
fn those_who_waited_for_one_of_several_threads_were_not_served_one_by_one() {
    let mut story = Story::new("at A", 0);
    let (mut b1, mut b2) = (connected(&mut story, B1), connected(&mut story, B2));
    story.echo(&mut b1, "one\n");
    story.echo(&mut b2, "two\n");
    let (mut c1, mut c2) = (connected(&mut story, C1), connected(&mut story, C2));
    story.line(&mut c1, "three\n");
    story.line(&mut c2, "four\n");
    for (mut first, waiting, text) in [(b1, &mut c1, "THREE\n"), (b2, &mut c2, "FOUR\n")] {
        story.wait(700);
        story.close(&mut first);
        story.segment_of_server(waiting, text);
    }
    let analysis = of(vec![story.read()]);
    assert_eq!(short(&analysis, "II.1"), "Yes, 4 clients connected; 4 served, 2 of them after waiting");
    let finding = told(&analysis, Code::NotThreaded);
    assert!(finding.contains("fewer threads than clients") && !finding.contains("tcp_server"), "{finding}");
    assert!(!said(&analysis, "II.1").contains("in the queue"), "{}", said(&analysis, "II.1"));
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

#[test]
fn a_capture_of_one_direction_did_not_begin_late() {
    let mut story = Story::new("at C", 0);
    story.server_alone(&mut Story::tcp(C1, A), "welcome\n");
    story.server_alone(&mut Story::tcp(C2, A), "welcome\n");
    let analysis = of(vec![story.read()]);
    assert_eq!(told(&analysis, Code::CaptureBeganLate), "");
    let finding = told(&analysis, Code::OneDirection);
    assert!(finding.contains("only the server's frames are in the capture"), "{finding}");
    assert!(short(&analysis, "II.1").contains("2 served"), "{}", short(&analysis, "II.1"));
}

/// What is left of an earlier run beside connections that went both ways.
#[test]
fn a_capture_with_a_connection_both_ways_holds_both_directions() {
    let mut story = Story::new("at B", 0);
    story.server_alone(&mut Story::tcp(C1, A), "welcome\n");
    let mut b = connected(&mut story, B1);
    story.echo(&mut b, "one\n");
    assert_eq!(told(&of(vec![story.read()]), Code::OneDirection), "");
}

#[test]
fn a_syn_at_the_end_of_the_capture_may_have_been_answered() {
    let at_end = |watched: u64| {
        let mut story = Story::new("at B", 0);
        let mut b = connected(&mut story, B1);
        story.line(&mut b, "one\n");
        story.syns(Story::tcp(B2, A), 1);
        story.wait(watched);
        story.datagram("10.0.3.9:5000", "10.0.3.8:5001", "noise");
        of(vec![story.read()])
    };
    let (soon, later) = (at_end(100), at_end(3000));
    assert!(told(&soon, Code::CaptureStoppedEarly).contains("nothing shows whether it was answered"));
    assert_eq!(
        (told(&soon, Code::AcceptQueueFull), told(&later, Code::CaptureStoppedEarly)),
        (String::new(), String::new())
    );
    assert!(told(&later, Code::AcceptQueueFull).contains("was not answered"));
}

/// Each part of the sheet says itself where lines are typed and the capture is stopped.
#[test]
fn what_to_do_again_is_told_by_the_step_that_it_is() {
    for (clients, places) in [(&[B1][..], ["(8c)", "(8d)"]), (&[B1, B2], ["(II.2b)", "(II.2c)"])] {
        let mut story = Story::new("at B", 0);
        for client in clients {
            connected(&mut story, client);
        }
        story.wait(3000);
        let told = told(&of(vec![story.read()]), Code::CaptureStoppedEarly);
        let advice = format!("Send a few lines {}, then stop the capture {}.", places[0], places[1]);
        assert!(told.contains(&advice), "{told}");
    }
}

#[test]
fn a_server_that_took_a_datagram_was_there() {
    let mut story = Story::new("at C", 0);
    story.datagram(C1, UDP_A, "one");
    story.wait(2000);
    story.datagram(C1, UDP_A, "two");
    story.port_unreachable(C1, UDP_A);
    let finding = told(&of(vec![story.read()]), Code::UdpPortUnreachable);
    assert!(finding.contains("1 datagram before was not refused"), "{finding}");
}

#[test]
fn a_frame_that_was_captured_twice_was_not_sent_twice() {
    let mut story = Story::new("merged", 0);
    let mut b = connected(&mut story, B1);
    story.line_captured_twice(&mut b, "one\n");
    let analysis = of(vec![story.read()]);
    let copied = told(&analysis, Code::CopiedFrames);
    assert!(copied.contains("Frame 5 is a copy"), "{copied}");
    // A network may do that, too (RFC 793, section 1.5).
    assert!(copied.contains("or the network delivered them twice."), "{copied}");
    assert_eq!(told(&analysis, Code::Retransmissions), "");
    assert!(said(&analysis, "I.1a").contains("Frame 5 is a copy of what was captured just before"));
    assert_eq!(short(&analysis, "I.1a"), "Frames: 3 handshake, 1 data, 1 captured twice");
}

/// Captured at all ports of a switch; a system numbers what it sends again anew.
#[test]
fn what_a_switch_passes_on_later_was_not_sent_again() {
    for (numbers, milliseconds, is_copy) in [([7, 7], 20, true), ([7, 8], 20, false), ([7, 7], 300, false)] {
        let mut story = Story::new("at the switch", 0);
        let mut b = connected(&mut story, B1);
        story.line_at_two_ports(&mut b, "one\n", numbers, milliseconds);
        let analysis = of(vec![story.read()]);
        let [copied, again] = [Code::CopiedFrames, Code::Retransmissions].map(|code| told(&analysis, code));
        assert_eq!(
            copied.contains("Frame 5 is a copy: the same segment is there a second time, sooner"),
            is_copy,
            "{copied}"
        );
        assert_eq!(again.contains("Frame 5 is a retransmission"), !is_copy, "{again}");
    }
}

/// A line and a FIN of which the network lost the first copy on its further way.
#[test]
fn a_fin_that_is_sent_again_is_a_retransmission_like_others() {
    let mut story = Story::new("at A", 0);
    let mut b = connected(&mut story, B1);
    let mut again = b;
    story.line(&mut b, "one\n");
    story.wait(300);
    story.line(&mut again, "one\n");
    let mut again = b;
    story.half_close(&mut b);
    story.wait(300);
    story.half_close(&mut again);
    let analysis = of(vec![story.read()]);
    let told = told(&analysis, Code::Retransmissions);
    // The JSON's counts are those of Wireshark's table of conversations, which has each frame.
    let once = "What they repeat counts once in the answers; Wireshark, and the list of connections, have both.";
    assert!(told.starts_with("Frames 6, 10 are retransmissions") && told.ends_with(once), "{told}");
    let told = said(&analysis, "I.1a");
    assert!(
        told.contains(
            "Frames 6 and 10 are retransmissions: they repeat what was sent before; it counts once in these answers."
        ),
        "{told}"
    );
}

/// A port of a switch mirrors both directions, or two interfaces are captured in batches: the copy comes after the other end's
/// next frame. What is really sent again, because the other end asked for it, is another packet.
#[test]
fn a_copy_is_the_same_packet_whatever_came_between() {
    for (numbers, is_copy) in [([7, 7], true), ([7, 8], false), ([0, 0], false)] {
        let mut story = Story::new("mirrored", 0);
        let mut b = connected(&mut story, B1);
        story.line_and_again(&mut b, "one\n", numbers);
        let analysis = of(vec![story.read()]);
        let copied = told(&analysis, Code::CopiedFrames);
        assert_eq!(copied.contains("Frames 6-7 are copies"), is_copy, "{numbers:?}: {copied}");
        assert_eq!(told(&analysis, Code::Retransmissions).contains("Frame 6 "), !is_copy, "{numbers:?}");
        if is_copy {
            assert_eq!(short(&analysis, "I.1a"), "Frames: 3 handshake, 1 data, 1 ACK, 2 captured twice");
            let without = said(&analysis, "I.4a");
            assert!(without.contains("made 4 frames without payload") && without.contains("1 frame with"), "{without}");
        }
    }
}

#[test]
fn replies_from_another_socket_are_replies() {
    let mut story = Story::new("at B", 0);
    for line in ["one", "two"] {
        story.datagram(B1, UDP_A, line);
        story.datagram("10.0.3.1:49811", B1, line);
    }
    let analysis = of(vec![story.read()]);
    let told = said(&analysis, "I.4a");
    assert!(told.contains("2 datagrams from the client to the server, 2 back"), "{told}");
    assert!(
        told.contains("What came back came from 10.0.3.1:49811, another socket of the server's computer"),
        "{told}"
    );
    let told = said(&analysis, "I.4b");
    assert!(told.contains("its program had received it") && !told.contains("one unconnected"), "{told}");
}

/// A server that answers each request from a new socket, as TFTP does: 2 `udp.stream` besides the request's.
#[test]
fn each_socket_from_which_replies_come_is_named_with_its_frames() {
    let mut story = Story::new("at B", 0);
    for from in ["10.0.3.1:46666", "10.0.3.1:33680"] {
        story.datagram(B1, UDP_A, "get");
        story.datagram(from, B1, "one");
        story.datagram(from, B1, "two");
    }
    let told = said(&of(vec![story.read()]), "I.4a");
    let sentence = "What came back came from 10.0.3.1:46666 (frames 2-3) and 10.0.3.1:33680 (frames 5-6), other \
                    sockets of the server's computer: Wireshark shows these as 2 conversations of their own.";
    assert!(told.contains(sentence), "{told}");
}

/// Two computers get what they asked one socket for from another one: that makes no second server.
#[test]
fn a_second_socket_from_which_a_server_replies_is_no_second_server() {
    let reply_socket = "10.0.3.1:6001";
    let mut story = Story::new("at A", 0);
    for client in [B1, B2, C1] {
        for line in ["one", "two"] {
            story.datagram(client, UDP_A, line);
            story.datagram(reply_socket, client, line);
        }
    }
    let analysis = of(vec![story.read()]);
    let servers: Vec<String> = analysis.lab.servers.iter().map(|server| server.address.to_string()).collect();
    assert_eq!(servers, [UDP_A]);
    let told = said(&analysis, "I.4a");
    assert!(told.contains("4 datagrams from the client to the server, 4 back"), "{told}");
    let sentence = "What came back came from 10.0.3.1:6001, another socket of the server's computer (frames 2, 4, 6 and 8): \
                    Wireshark shows these as 2 conversations of their own.";
    assert_eq!(told.matches("What came back came from").count(), 1, "{told}");
    assert!(told.contains(sentence), "{told}");
    let told = said(&analysis, "I.4b");
    assert!(told.contains("the UDP server served 3 client sockets at 2 computers"), "{told}");
    assert!(told.contains("The server sent a datagram to 10.0.3.2:40210 (frame 2)"), "{told}");
}

/// Of two servers it is said which one sends, if it does.
#[test]
fn a_datagram_of_a_second_socket_is_not_said_to_be_of_the_first() {
    let (other, reply_socket) = ("10.0.3.1:65434", "10.0.3.1:6001");
    let mut story = Story::new("at A", 0);
    for (client, server, from) in [(B1, UDP_A, reply_socket), (C1, other, other)] {
        story.datagram(client, server, "one");
        story.datagram(from, client, "ONE");
    }
    let told = said(&of(vec![story.read()]), "I.4b");
    let second = format!("{reply_socket}, another socket of the server's computer, sent a datagram to {B1} (frame 2)");
    assert!(told.contains(&second), "{told}");
    assert!(told.contains(&format!("The server at {other} sent a datagram to {C1} (frame 4)")), "{told}");
}

#[test]
fn datagrams_to_all_computers_are_sent_to_the_server_too() {
    let mut story = Story::new("at B", 0);
    for line in ["one", "two"] {
        story.datagram(B1, "10.0.3.255:65433", line);
        story.datagram(UDP_A, B1, line);
    }
    story.datagram(C1, "10.0.3.255:65433", "three");
    let analysis = of(vec![story.read()]);
    let told = said(&analysis, "I.4a");
    assert!(told.contains("2 datagrams from the client to the server, 2 back"), "{told}");
    assert!(told.contains("What the client sent went to 10.0.3.255:65433, an address of several computers"), "{told}");
    let told = said(&analysis, "I.4b");
    assert!(told.contains(&format!("A datagram went from {C1} to 10.0.3.255:65433")), "{told}");
}

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

/// The server connected its socket to B after the first datagram: C's is refused, and the server is there.
#[test]
fn a_connected_udp_socket_refuses_others() {
    let mut story = Story::new("at A", 0);
    story.datagram(B1, UDP_A, "one");
    story.datagram(UDP_A, B1, "ONE");
    story.datagram(C1, UDP_A, "two");
    story.port_unreachable(C1, UDP_A);
    story.datagram(B1, UDP_A, "three");
    story.datagram(UDP_A, B1, "THREE");
    let analysis = of(vec![story.read()]);
    assert_eq!(told(&analysis, Code::UdpPortUnreachable), "");
    let finding = told(&analysis, Code::UdpNotDelivered);
    assert!(finding.contains("the server there was answering another client around that time"), "{finding}");
    assert!(!said(&analysis, "I.4a").contains("was bound") && !said(&analysis, "I.4b").contains("one unconnected"));
}

/// Of two steps at one port, one wants an attempt that is refused.
#[test]
fn a_refused_attempt_is_the_step_that_wants_one() {
    let sheet = include_str!("../../../../../fixtures/sheets/chat/lab.toml");
    refused_beside_served(sheet);
    // Of clients that would have been side by side nothing tells that.
    let several = sheet.replace("refused = true", "refused = true\nclients = 2");
    assert_ne!(sheet, several);
    refused_beside_served(&several);
}

fn refused_beside_served(sheet: &str) {
    let config = lab_file(sheet).unwrap();
    let (mut alone, mut served) = (Story::new("nobody", 0), Story::new("chat", 60));
    alone.refused(&mut Story::tcp("10.0.3.2:50000", "10.0.3.1:7000"));
    let mut tcp = Story::tcp("10.0.3.2:50002", "10.0.3.1:7000");
    served.handshake(&mut tcp);
    served.echo(&mut tcp, "hello\n");
    let steps = |captures| {
        let analysis = analyze(captures, &[], &config);
        let numbers = analysis.captures.iter().flat_map(|capture| &capture.steps);
        numbers.map(|recorded| recorded.step.number().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(steps(vec![alone.read()]), ["C"]);
    assert_eq!(steps(vec![served.read()]), ["B"]);
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

/// B's client had another computer's address first, then another port; a program of its own asks for a printer.
#[test]
fn addresses_that_were_tried_in_vain_are_named() {
    let mut story = Story::new("at B", 0);
    story.refused(&mut Story::tcp("10.0.3.2:41498", "10.0.3.3:65432"));
    story.syns(Story::tcp("10.0.3.2:58666", "10.0.3.1:65400"), 1);
    story.refused(&mut Story::tcp("10.0.3.2:58668", "10.0.3.1:631"));
    let mut b = connected(&mut story, B1);
    story.line(&mut b, "at last\n");
    let analysis = of(vec![story.read()]);
    let found = told(&analysis, Code::WrongAddress);
    assert!(found.contains("by B at 10.0.3.3:65432 (refused, frame 1) and at 10.0.3.1:65400"), "{found}");
    assert!(found.contains("(not answered, frame 3)") && !found.contains(":631"), "{found}");
}

/// C's client had B's address first, and B's capture does not show it at A.
#[test]
fn another_clients_connection_to_this_computer_is_named() {
    let mut story = Story::new("at B", 0);
    let mut b = connected(&mut story, B1);
    story.echo(&mut b, "one\n");
    let mut c = Story::tcp(C1, "10.0.3.2:65432");
    story.handshake(&mut c);
    story.echo(&mut c, "oops\n");
    let found = told(&of(vec![story.read()]), Code::WrongAddress);
    assert!(found.contains("by C at 10.0.3.2:65432 (connected, frame 7)"), "{found}");
}

/// A's computer had another address in Part II; its card is known from ARP, or its run is all that step 8 has.
#[test]
fn a_run_at_an_earlier_address_of_the_server_is_no_mistake() {
    let told_of = |clients: [&str; 2], cards: [&str; 2]| {
        let (mut step_8, mut part_2) = (Story::new("1", 0), Story::new("2", 600));
        for (story, ip, card) in [(&mut step_8, "10.0.3.1", cards[0]), (&mut part_2, "10.0.3.11", cards[1])] {
            story.cards_of(&[(ip, card)]);
            story.arp_reply(ip, "10.0.3.2");
        }
        let mut alone = Story::tcp(clients[0], A);
        step_8.handshake(&mut alone);
        step_8.echo(&mut alone, "one\n");
        let mut clients = [clients[1], B2].map(|client| Story::tcp(client, "10.0.3.11:65432"));
        clients.iter_mut().for_each(|client| part_2.handshake(client));
        clients.iter_mut().for_each(|client| part_2.echo(client, "two\n"));
        told(&of(vec![step_8.read(), part_2.read()]), Code::WrongAddress)
    };
    assert_eq!(told_of(["10.0.3.2:40000", B1], ["A", "A"]), "");
    assert_eq!(told_of(["10.0.3.2:40000", B1], ["A", "D"]), "");
}

/// The capture of the wrong port was saved before that of the right one began.
#[test]
fn an_address_that_was_tried_in_a_file_of_its_own_is_named() {
    let (mut wrong, mut right) = (Story::new("1", 0), Story::new("2", 60));
    wrong.refused(&mut Story::tcp("10.0.3.2:41498", "10.0.3.1:65400"));
    let mut b = connected(&mut right, B1);
    right.line(&mut b, "at last\n");
    let analysis = of(vec![wrong.read(), right.read()]);
    let found = told(&analysis, Code::WrongAddress);
    assert!(found.contains("than the server's, 10.0.3.1:65432: by B at 10.0.3.1:65400 (refused, frame 1)"), "{found}");
    assert_eq!(told(&analysis, Code::NoLabTraffic), "");
}

#[test]
fn a_scan_of_ports_is_no_wrong_address() {
    let mut story = Story::new("at A", 0);
    for port in 65_420..65_428 {
        story.refused(&mut Story::tcp("10.0.3.2:41498", &format!("10.0.3.1:{port}")));
    }
    let mut b = connected(&mut story, B1);
    story.line(&mut b, "hello\n");
    let analysis = of(vec![story.read()]);
    assert!(!analysis.findings.iter().any(|finding| finding.code == Code::WrongAddress));
}

/// The frames of an attempt that the sheet wants refused are the answer, and nothing is missing.
#[test]
fn the_frames_of_a_refusal_that_the_sheet_wants_are_the_answer() {
    let config = lab_file(
        r#"
host = [{ name = "A", role = "server" }, { name = "B", role = "client" }]
[[step]]
number = "1"
does = "clients"
protocol = "tcp"
port = 7000
client = "B"
captured = "B"
refused = true
[[question]]
number = "1"
title = "Nobody"
points = 1
kind = "tcp-frames"
steps = ["1"]
[question.facts]
handshake_frames = "opening"
closing_frames = "closing"
"#,
    );
    let mut story = Story::new("b", 0);
    story.refused(&mut Story::tcp("10.0.3.2:50000", "10.0.3.1:7000"));
    let answer = analyze(vec![story.read()], &[], &config.unwrap()).answers.remove(0);
    assert_eq!(answer.text().to_string(), "B's SYN (frame 1) was refused with RST (frame 2).");
    assert_eq!((answer.status, answer.missing.len()), (Status::Observed, 0));
    let Facts::TcpFrames { handshake_frames, data_frames, closing_frames, .. } = answer.facts else { panic!() };
    let frames =
        |frames: Option<Vec<FrameNumber>>| frames.map(|all| all.iter().map(|frame| frame.0).collect::<Vec<_>>());
    assert_eq!(frames(handshake_frames), Some(vec![1]));
    assert_eq!((frames(data_frames), frames(closing_frames)), (Some(vec![]), Some(vec![2])));
}
