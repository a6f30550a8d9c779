//! Captures that lack frames of a connection: what the numbers of the others show was sent all the same.

use crate::analyze::analysis::{Analysis, Basis, Code, Severity, Verdict};
use crate::analyze::testing::{Story, Tcp};
use crate::analyze::tests::support::{A, B1, B2, C1, C2, UDP_A, answer, connected, of, said, short};
use crate::lab::testing::question;

fn findings(analysis: &Analysis) -> Vec<(Code, Severity, String)> {
    let told = analysis.findings.iter().map(|finding| (finding.code, finding.severity, finding.message.to_string()));
    told.collect()
}

fn codes(analysis: &Analysis) -> Vec<Code> {
    findings(analysis).into_iter().map(|(code, ..)| code).collect()
}

/// Step 8 with an echo server, without the segments at these places: 0 to 2 handshake, 3 line, 4 reply, 5 ACK, 6 FIN of the
/// client, 7 FIN of the server, 8 ACK.
fn step_8_without(places: &[usize]) -> Analysis {
    let mut story = Story::new("step8", 0);
    let mut b = Story::tcp(B1, A);
    story.lose(places);
    story.handshake(&mut b);
    story.echo(&mut b, "hi\n");
    story.close(&mut b);
    of(vec![story.read()])
}

#[test]
fn a_capture_without_the_syn_ack_does_not_show_a_client_that_was_not_answered() {
    let analysis = step_8_without(&[1]);
    let text = said(&analysis, "I.1a");
    assert!(
        text.contains("lacks the SYN-ACK, but it came: B's SYN is frame 1, and its ACK of the SYN-ACK is frame 2."),
        "{text}"
    );
    assert!(!text.contains("not answered"), "{text}");
    assert_eq!(codes(&analysis), [Code::FramesMissing, Code::ConnectionClosed]);
    let (_, _, message) = &findings(&analysis)[0];
    assert!(
        message.starts_with("Of the connection of 10.0.3.2:40210 the capture lacks the SYN-ACK, as frame 2 shows."),
        "{message}"
    );
    assert!(analysis.captures[0].stories.values().all(|story| story.service.verdict == Verdict::Served));
}

/// A filter for what one host sends.
#[test]
fn a_capture_of_the_clients_frames_alone_holds_one_direction() {
    let analysis = step_8_without(&[1, 4, 7]);
    assert_eq!(codes(&analysis), [Code::OneDirection, Code::ConnectionClosed]);
    let text = said(&analysis, "I.1a");
    // The last ACK may be that of a FIN.
    assert!(text.contains("B's acknowledgement (frame 6) shows that A sent at least 3 bytes"), "{text}");
    assert!(!text.contains("not answered"), "{text}");
}

#[test]
fn a_capture_of_the_servers_frames_alone_does_not_show_who_closed_first() {
    let analysis = step_8_without(&[0, 2, 3, 5, 6, 8]);
    assert_eq!(codes(&analysis), [Code::OneDirection, Code::ConnectionClosed]);
    let text = said(&analysis, "I.1a");
    assert!(
        text.contains("The server sent FIN (frame 3); the capture does not show whether B had sent its own before."),
        "{text}"
    );
    assert!(text.contains("A's acknowledgement (frame 3) shows that B sent at least 3 bytes"), "{text}");
    assert!(!text.contains("sends first"), "{text}");
    assert!(analysis.captures[0].stories.values().all(|story| story.closed_by.is_none()));
}

#[test]
fn a_line_that_was_not_captured_was_sent() {
    let analysis = step_8_without(&[3]);
    let text = said(&analysis, "I.1a");
    assert!(text.contains("No frame from B with payload is in the capture, but A's acknowledgement (frame 4) shows that B sent 3 bytes."), "{text}");
    assert!(!text.contains("sends first") && text.contains("The server's data is in 1 data segment"), "{text}");
    assert_eq!(codes(&analysis), [Code::FramesMissing, Code::ConnectionClosed]);
    let addresses = said(&analysis, "I.1b");
    assert!(addresses.contains("Only the server sends data in these frames"), "{addresses}");
}

#[test]
fn a_reply_that_was_not_captured_was_sent() {
    let analysis = step_8_without(&[4]);
    let text = said(&analysis, "I.1a");
    assert!(text.contains("No frame from A with payload is in the capture, but B's acknowledgement (frame 5) shows that A sent 3 bytes."), "{text}");
    assert!(said(&analysis, "I.4a").contains("further frames of the connection are missing from it"));
    assert_eq!(answer(&analysis, question("I.1a")).basis, Basis::Inferred);
}

/// A capture filter for SYN and FIN.
#[test]
fn a_fin_is_not_the_ack_of_the_handshake() {
    let analysis = step_8_without(&[2, 3, 4, 5, 8]);
    let text = said(&analysis, "I.1a");
    let handshake = "The capture lacks B's ACK of the SYN-ACK, but the connection was made: SYN (frame 1), SYN-ACK (frame 2), and it goes on (frame 3).";
    assert!(text.contains(handshake), "{text}");
    assert!(text.contains("B sent 3 bytes") && text.contains("A sent 3 bytes"), "{text}");
    assert!(
        text.contains("B closed the connection (FIN, frame 3), and so did the other side (FIN, frame 4)."),
        "{text}"
    );
}

#[test]
fn a_connection_whose_fins_were_not_captured_is_not_said_to_be_open() {
    let analysis = step_8_without(&[6, 7]);
    let text = said(&analysis, "I.1a");
    assert!(text.contains("but a FIN may be missing in the capture: frame 7 shows"), "{text}");
    assert!(!text.contains("still open"), "{text}");
    assert_eq!(codes(&analysis), [Code::FramesMissing]);
}

#[test]
fn a_firewall_that_answers_with_icmp_did_answer() {
    let mut story = Story::new("step8", 0);
    story.rejected(Story::tcp("10.0.3.2:40001", A), "10.0.3.1", 10);
    story.wait(3000);
    story.rejected(Story::tcp("10.0.3.2:40002", A), "10.0.3.1", 10);
    let analysis = of(vec![story.read()]);
    let message = "A firewall rejected the SYNs of 10.0.3.2:40001 and 10.0.3.2:40002 (ICMP host administratively prohibited, \
                   frames 2 and 4). Have the firewall of host A let 10.0.3.1:65432 through.";
    assert_eq!(findings(&analysis)[0], (Code::ServerUnreachable, Severity::Error, message.to_owned()));
    assert!(codes(&analysis).iter().all(|code| ![Code::AcceptQueueFull, Code::CaptureStoppedEarly].contains(code)));
    let text = said(&analysis, "I.1a");
    assert!(
        text.contains("SYN (frame 1) was rejected: ICMP host administratively prohibited came back (frame 2)."),
        "{text}"
    );
    assert!(!text.contains("not answered"), "{text}");
}

#[test]
fn a_firewall_that_was_opened_later_is_no_full_queue() {
    let mut story = Story::new("step8", 0);
    story.rejected(Story::tcp("10.0.3.2:40001", A), "10.0.3.1", 10);
    let mut b = Story::tcp(B1, A);
    story.handshake(&mut b);
    story.echo(&mut b, "hi\n");
    let analysis = of(vec![story.read()]);
    let (code, severity, message) = &findings(&analysis)[0];
    assert_eq!((*code, *severity), (Code::ServerUnreachable, Severity::Info));
    assert!(
        message.ends_with("(ICMP host administratively prohibited, frame 2). A later attempt succeeded."),
        "{message}"
    );
}

#[test]
fn a_router_that_knows_no_way_is_no_firewall() {
    let of_code = |[client, server, router]: [&str; 3], code| {
        let mut story = Story::new("step8", 0);
        story.rejected(Story::tcp(client, server), router, code);
        let analysis = of(vec![story.read()]);
        findings(&analysis).swap_remove(0).2
    };
    let v4 = of_code([B1, A, "10.0.3.254"], 1);
    assert!(
        v4.starts_with("The SYN of 10.0.3.2:40210 did not get through (ICMP host unreachable, frame 2). Compare"),
        "{v4}"
    );
    let addresses = ["[fd00::2]:40210", "[fd00::1]:65432", "fd00::fe"];
    assert!(of_code(addresses, 3).contains("did not get through (ICMPv6 address unreachable, frame 2)"));
    assert!(of_code(addresses, 1).contains("A firewall rejected the SYN of [fd00::2]:40210 (ICMPv6 administratively"));
}

/// The question goes to all computers, the answer to the asker alone: another computer's file does not have it.
#[test]
fn arp_without_an_answer_shows_a_computer_missing_only_to_who_asked() {
    let idle = || {
        let mut story = Story::new("at C", 0);
        (0..2).for_each(|_| story.arp_request("10.0.3.2", "10.0.3.1"));
        story.read()
    };
    let analysis = of(vec![idle()]);
    let (code, _, message) = &findings(&analysis)[0];
    assert_eq!(*code, Code::ServerUnreachable);
    assert!(message.contains("is in the capture: if it was made at 10.0.3.2, no packet"), "{message}");
    let mut story = Story::new("at B", 0);
    let mut b = Story::tcp(B1, A);
    story.handshake(&mut b);
    story.echo(&mut b, "hi\n");
    assert_eq!(codes(&of(vec![idle(), story.read()])), [Code::NoLabTraffic]);
}

/// What is cut is the TCP header, where the ports would be.
#[test]
fn frames_that_were_cut_in_their_headers_are_said_to_be() {
    let mut story = Story::new("step8", 0);
    (0..3).for_each(|_| story.cut_segment("10.0.3.2", "10.0.3.1"));
    let mut capture = story.read();
    capture.info.snapped_frames = 3;
    let analysis = of(vec![capture]);
    assert_eq!(codes(&analysis), [Code::SnapshotLengthSmall, Code::NoLabTraffic]);
    let told: Vec<String> = findings(&analysis).into_iter().map(|(.., message)| message).collect();
    assert!(told[0].contains("3 frames were cut short in the middle of the headers"), "{told:?}");
    assert!(
        told.iter().all(|message| !message.contains("still right") && !message.contains("0 TCP segments")),
        "{told:?}"
    );
}

/// RFC 5961, section 4: the ACK is about another connection, and no SYN-ACK.
#[test]
fn an_ack_for_an_older_connection_makes_none() {
    let mut story = Story::new("step8", 0);
    story.syn_in_older_connection(Story::tcp(B1, A));
    story.wait(3000);
    let analysis = of(vec![story.read()]);
    let text = said(&analysis, "I.1a");
    assert!(text.contains("B's SYN (frame 1) got no SYN-ACK before the capture ended."), "{text}");
    assert!(!codes(&analysis).contains(&Code::AcceptQueueFull) && !codes(&analysis).contains(&Code::ServerUnreachable));
}

#[test]
fn datagrams_that_a_filter_keeps_out_are_not_said_to_be_missing() {
    let sent = |filter: Option<&str>| {
        let mut story = Story::new("step12", 0);
        story.datagram("10.0.3.2:51000", UDP_A, "one");
        let mut capture = story.read();
        capture.info.interfaces[0].filter = filter.map(str::to_owned);
        said(&of(vec![capture]), "I.4a")
    };
    assert!(sent(Some("src host 10.0.3.2")).contains("none back in the capture, whose filter is for one direction;"));
    let mut story = Story::new("step12", 0);
    let mut b = Story::tcp(B1, A);
    story.handshake(&mut b);
    story.line(&mut b, "hi\n");
    story.datagram(UDP_A, "10.0.3.2:51000", "ONE");
    let mut capture = story.read();
    capture.info.interfaces[0].filter = Some("dst host 10.0.3.2".to_owned());
    let analysis = of(vec![capture]);
    let text = said(&analysis, "I.4a");
    assert!(
        text.contains(
            "no datagram from the client to the server is in the capture, whose filter is for one direction; 1 back;"
        ),
        "{text}"
    );
    let claims = &answer(&analysis, question("I.4a")).claims;
    assert!(claims.iter().all(|claim| !claim.text.to_string().contains("All lines")), "{claims:?}");
    assert!(sent(Some("host 10.0.3.2")).contains("to the server, none back; each frame"));
    assert!(sent(None).contains("to the server, none back; each frame"));
}

#[test]
fn what_numbers_show_to_be_missing_is_not_unknown() {
    for missing in [&[1][..], &[3], &[4]] {
        let analysis = step_8_without(missing);
        assert_eq!(answer(&analysis, question("I.1a")).basis, Basis::Inferred, "{missing:?}");
    }
    // Nothing tells what came before.
    assert_eq!(answer(&step_8_without(&[0, 1, 2]), question("I.1a")).basis, Basis::Unknown);
}

/// One file for what the client sent, one for what the server sent.
#[test]
fn what_another_file_holds_is_missing_in_one_that_is_named() {
    let halves = [("src", [1, 4, 7].as_slice()), ("dst", &[0, 2, 3, 5, 6, 8])].map(|(name, places)| {
        let mut story = Story::new(name, 0);
        let mut b = Story::tcp(B1, A);
        story.lose(places);
        story.handshake(&mut b);
        story.echo(&mut b, "hi\n");
        story.close(&mut b);
        story.read()
    });
    let text = said(&of(halves.into()), "I.1a");
    assert!(text.contains("src lacks the SYN-ACK, but it came"), "{text}");
    assert!(text.contains("No frame from A with payload is in src, but B's acknowledgement"), "{text}");
    assert!(!text.contains("he capture lacks") && !text.contains("in the capture"), "{text}");
}

/// A filter for what the server's host sends; the server replies to a line of each client.
#[test]
fn a_connection_of_which_the_syn_ack_was_captured_was_not_made_before() {
    let mut story = Story::new("at A", 0);
    for client in [B1, B2, C1, C2] {
        let mut tcp = Story::tcp(client, A);
        story.lose(&[0, 2, 3, 5]);
        story.handshake(&mut tcp);
        story.echo(&mut tcp, "hi\n");
    }
    let analysis = of(vec![story.read()]);
    let [clients, sockets] = ["II.1", "II.2"].map(|key| said(&analysis, key));
    let part = "2 clients of B (10.0.3.2) connected, though the capture lacks a part of the handshake";
    assert!(clients.contains(part) && !clients.contains("before the capture started"), "{clients}");
    let part = "4 connections were made, though the capture lacks a part of their handshake.";
    assert!(sockets.contains(part) && !sockets.contains("before the capture started"), "{sockets}");
}

/// I.3 of a server that closes C's connection after B's without these segments: 0 to 2 B's handshake, 3 line, 4 reply, 5 ACK, 6 to
/// 8 C's handshake, 9 line, 10 ACK, 11 FIN, 12 ACK, 13 to 15 B's end, 16 FIN of the server to C, 17 ACK.
fn step_10_without(places: &[usize]) -> String {
    let mut story = Story::new("step10", 0);
    let (mut b, mut c) = (Story::tcp(B1, A), Story::tcp(C1, A));
    story.lose(places);
    story.handshake(&mut b);
    story.echo(&mut b, "hi\n");
    story.handshake(&mut c);
    story.line(&mut c, "and me?\n");
    story.half_close(&mut c);
    story.close(&mut b);
    story.half_close_of_server(&mut c);
    said(&of(vec![story.read()]), "I.3")
}

#[test]
fn of_a_server_whose_frames_are_not_there_it_is_not_said_that_it_did_nothing() {
    let text = step_10_without(&[1, 4, 7, 10, 12, 14, 16]);
    let unknown =
        "The server's frames are not in the capture, so it is unknown whether the server's program accepted C's";
    assert!(text.contains(unknown), "{text}");
    // The FIN alone, which C acknowledges.
    let text = step_10_without(&[16]);
    assert!(text.contains("C's connection; some of the server's frames are missing."), "{text}");
}

/// C's line, 8 bytes, was not captured, nor its acknowledgement.
#[test]
fn a_reply_that_acknowledges_a_line_does_not_come_first() {
    let reply = |lost: &[usize]| {
        let mut story = Story::new("step10", 0);
        let (mut b, mut c) = (Story::tcp(B1, A), Story::tcp(C1, A));
        story.handshake(&mut b);
        story.echo(&mut b, "hi\n");
        story.lose(lost);
        story.handshake(&mut c);
        if lost.is_empty() {
            story.segment_of_server(&mut c, "welcome\n")
        } else {
            story.echo(&mut c, "and me?\n")
        }
        said(&of(vec![story.read()]), "I.3")
    };
    let (greeting, answer) = (reply(&[]), reply(&[0, 2, 3, 5]));
    assert!(greeting.contains("The server sent data to C first (frame 10)"), "{greeting}");
    assert!(answer.contains("The server sent data to C (frame 8): its program had accepted"), "{answer}");
}

#[test]
fn a_client_that_left_without_a_line_did_so_before_the_capture_ended() {
    let text = |closes: bool| {
        let mut story = Story::new("step8", 0);
        let mut b = Story::tcp(B1, A);
        story.handshake(&mut b);
        if closes {
            story.close(&mut b);
        }
        said(&of(vec![story.read()]), "I.1a")
    };
    let (closed, open) = (text(true), text(false));
    assert!(closed.contains("carries payload: no line was sent. "), "{closed}");
    assert!(open.contains("carries payload: no line was sent before the capture ended."), "{open}");
}

/// The server's FIN acknowledges the client's, which the capture has after it.
#[test]
fn who_closed_first_is_told_by_what_is_acknowledged() {
    let mut story = Story::new("step10", 0);
    let (mut b, mut c) = (Story::tcp(B1, A), Story::tcp(C1, A));
    story.handshake(&mut b);
    story.echo(&mut b, "hi\n");
    story.handshake(&mut c);
    story.line(&mut c, "and me?\n");
    story.wait(600);
    story.close_captured_in_disorder(&mut b);
    story.segment_of_server(&mut c, "and me?\n");
    let analysis = of(vec![story.read()]);
    let closed = "B closed the connection (FIN, frame 13), and so did the other side (FIN, frame 12).";
    let text = said(&analysis, "I.1a");
    assert!(text.contains(closed), "{text}");
    let finding = findings(&analysis).into_iter().find(|(code, ..)| *code == Code::ConnectionClosed).unwrap();
    assert!(finding.2.starts_with(closed), "{}", finding.2);
    assert_eq!(short(&analysis, "I.3"), "Connected; served only after B quit");
    let text = said(&analysis, "I.3");
    assert!(text.contains("B's connection had ended") && !text.contains("the server had closed"), "{text}");
}

/// Only what the server's host sends: B's client may have closed first, or the server.
#[test]
fn who_closed_first_is_not_told_where_one_end_is_missing() {
    let mut story = Story::new("step10", 0);
    let (mut b, mut c) = (Story::tcp(B1, A), Story::tcp(C1, A));
    story.lose(&[0, 2, 3, 5, 6, 8, 9, 11, 13, 15]);
    story.handshake(&mut b);
    story.echo(&mut b, "hi\n");
    story.handshake(&mut c);
    story.line(&mut c, "and me?\n");
    story.wait(600);
    story.close(&mut b);
    story.segment_of_server(&mut c, "and me?\n");
    let short = short(&of(vec![story.read()]), "I.3");
    assert_eq!(short, "Connected; served only after B's connection had ended");
}

/// A file that begins with the server's echo: the line was sent before it.
#[test]
fn what_came_before_a_capture_is_not_said_never_to_have_been_sent() {
    let text = said(&step_8_without(&[0, 1, 2, 3]), "I.1a");
    assert!(!text.contains("no line was sent"), "{text}");
}

/// A filter for payload, SYN, FIN and RST. No system holds back the ACK of a handshake for as long as a second: it was sent.
#[test]
fn a_line_a_second_after_the_syn_ack_is_not_the_ack_of_the_handshake() {
    let told = |milliseconds: u64, lost: usize| {
        let mut story = Story::new("step8", 0);
        let mut b = Story::tcp(B1, A);
        story.lose(&[2]);
        story.handshake(&mut b);
        story.wait(milliseconds);
        story.lose(&[lost]);
        story.echo(&mut b, "hi\n");
        of(vec![story.read()])
    };
    let filtered = told(1000, 2);
    let text = said(&filtered, "I.1a");
    assert!(text.contains("The capture lacks B's ACK of the SYN-ACK, but the connection was made"), "{text}");
    assert_eq!(short(&filtered, "I.1a"), "Frames: 2 handshake, 2 data");
    let (code, _, message) = &findings(&filtered)[0];
    assert_eq!(*code, Code::FramesMissing);
    assert!(message.contains("the capture lacks the ACK of the handshake, as frame 2 shows."), "{message}");
    // The network may lose one, and a system may hold one back: then the line completes the handshake.
    for (milliseconds, lost) in [(1000, 9), (100, 2)] {
        let analysis = told(milliseconds, lost);
        let text = said(&analysis, "I.1a");
        assert!(text.contains("ACK from B with data (frame 3)."), "{text}");
        assert!(!codes(&analysis).contains(&Code::FramesMissing));
    }
}

/// A filter for payload, SYN, FIN and RST. C's line came before B's, but B had connected before.
#[test]
fn who_connected_first_is_told_by_the_handshakes_and_not_by_the_first_lines() {
    let mut story = Story::new("at A", 0);
    let [mut b, mut c] = [B1, C1].map(|client| Story::tcp(client, A));
    for tcp in [&mut b, &mut c] {
        story.lose(&[2]);
        story.handshake(tcp);
        story.wait(200);
    }
    story.lose(&[1]);
    story.line(&mut c, "c is first\n");
    story.wait(1000);
    story.lose(&[2]);
    story.echo(&mut b, "b late\n");
    story.lose(&[2]);
    story.close(&mut b);
    story.lose(&[1]);
    story.segment_of_server(&mut c, "c is first\n");
    let analysis = of(vec![story.read()]);
    assert_eq!(short(&analysis, "I.3"), "Connected; served only after B quit");
}

/// The capturing computer lost one frame of the server. C's frames show that there was one: its RST answers what came when it had
/// closed, or its ACK covers the FIN.
#[test]
fn an_answer_that_only_the_client_shows_was_not_waited_for() {
    type End<'a> = &'a dyn Fn(&mut Story, &mut Tcp);
    let told = |end: End<'_>| {
        let mut at_b = Story::new("B", 0);
        let mut b = connected(&mut at_b, B1);
        at_b.echo(&mut b, "one\n");
        at_b.wait(9000);
        at_b.close(&mut b);
        let mut at_c = Story::new("C", 1);
        let mut c = connected(&mut at_c, C1);
        at_c.line(&mut c, "hi\n");
        at_c.wait(2000);
        at_c.half_close(&mut c);
        at_c.wait(1000);
        at_c.lose(&[0]);
        end(&mut at_c, &mut c);
        of(vec![at_b.read(), at_c.read()])
    };
    let ends: [End<'_>; 2] = [&|story, c| story.data_to_nobody(c, "hi\n"), &|story, c| story.half_close_of_server(c)];
    for end in ends {
        let analysis = told(end);
        let text = said(&analysis, "I.3");
        assert!(text.contains("some of the server's frames are missing"), "{text}");
        assert!(!text.contains("waited in the queue"), "{text}");
        assert!(codes(&analysis).contains(&Code::FramesMissing));
    }
}

/// With TCP Fast Open, a client that has no cookie yet sends its first line with the ACK; or the ACK was not captured.
#[test]
fn a_frame_that_is_ack_and_line_is_not_counted_twice() {
    let analysis = step_8_without(&[2]);
    assert_eq!(short(&analysis, "I.1a"), "Frames: 3 handshake, 2 data (1 in the handshake), 1 ACK, 3 closing");
    let text = said(&analysis, "I.1a");
    let handshake =
        "The handshake is SYN from B to A (frame 1), SYN-ACK back (frame 2), ACK from B with data (frame 3).";
    assert!(text.starts_with(handshake), "{text}");
}

/// Which end is the client's, and of what program, no frame tells.
#[test]
fn the_end_of_a_connection_alone_is_not_said_to_be_of_another_program() {
    let message = |server: &str| {
        let mut story = Story::new("late", 0);
        let mut b = Story::tcp(B1, server);
        story.lose(&[0, 1, 2, 3, 4, 5]);
        story.handshake(&mut b);
        story.echo(&mut b, "hi\n");
        story.close(&mut b);
        let analysis = of(vec![story.read()]);
        assert_eq!(codes(&analysis), [Code::NoLabTraffic]);
        findings(&analysis).remove(0).2
    };
    let text = message(A);
    let ends = "It is not known whether any of the 3 frames belongs to the lab: of the connection between 10.0.3.2:40210 and 10.0.3.1:65432 \
                the file has only the end, which does not tell the client from the server.";
    assert!(text.starts_with(ends), "{text}");
    assert!(text.ends_with("start it (7a) before the client."), "{text}");
    assert!(message("10.0.3.1:443").contains("of other programs"));
}
