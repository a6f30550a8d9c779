//! Why a connection was reset, or a SYN got no answer: no cause is given that the frames refute.

use crate::analyze::analysis::{Analysis, Code, ServerKind};
use crate::analyze::testing::{Story, Tcp};
use crate::analyze::tests::support::{A, B1, B2, C1, C2, answer, connected, of, said, short};
use crate::analyze::text::FrameRanges;
use crate::lab::testing::question;
use crate::report::sentences;
use socklab_packets::types::FrameNumber;

const ENDED: &str = "when the program ends while a connection waits";

fn message(analysis: &Analysis, code: Code) -> String {
    analysis.findings.iter().find(|finding| finding.code == code).unwrap().message.to_string()
}

#[test]
fn a_server_whose_keep_alives_nobody_answers_gives_up() {
    let mut story = Story::new("at A", 0);
    let mut b = connected(&mut story, B1);
    story.echo(&mut b, "one\n");
    story.keep_alive(&mut b, true);
    for _ in 0..2 {
        story.keep_alive(&mut b, false);
        story.wait(1000);
    }
    story.reset_by_server(&mut b);
    let analysis = of(vec![story.read()]);
    let told = message(&analysis, Code::ConnectionReset);
    let why = "it had asked whether the other side is there (keep-alive, frames 9-10), got no answer, and sent RST (frame 11).";
    assert!(told.contains(why) && !told.contains(ENDED), "{told}");
    // The frames that the short answer counts as ACKs are all named.
    let text = said(&analysis, "I.1a");
    assert!(
        text.contains("Frames 7-10 ask whether the other side is still there, or answer that (keep-alive)."),
        "{text}"
    );
}

/// The client's system asks, and the server's answers; then its program is killed with a line unread.
#[test]
fn a_server_that_answers_keep_alives_has_not_given_up() {
    let mut story = Story::new("at B", 0);
    let mut b = connected(&mut story, B1);
    story.line(&mut b, "one\n");
    for _ in 0..2 {
        story.wait(1000);
        story.keep_alive_of_client(&mut b);
    }
    story.wait(1000);
    story.reset_by_server(&mut b);
    let analysis = of(vec![story.read()]);
    let told = message(&analysis, Code::ConnectionReset) + &said(&analysis, "I.1a");
    assert!(
        told.contains("The server ended the connection with RST (frame 10).") && !told.contains("got no answer"),
        "{told}"
    );
    assert!(told.contains("leaves data unread"), "{told}");
}

/// A program may be ended while its system waits for the answer to a keep-alive.
#[test]
fn a_reset_right_after_a_keep_alive_does_not_tell_why() {
    let mut story = Story::new("at A", 0);
    let mut b = connected(&mut story, B1);
    story.line(&mut b, "one\n");
    story.keep_alive(&mut b, false);
    story.reset_by_server(&mut b);
    let told = message(&of(vec![story.read()]), Code::ConnectionReset);
    assert!(!told.contains("got no answer"), "{told}");
}

#[test]
fn a_server_that_sends_again_in_vain_ended_for_no_cause_of_its_program() {
    let mut story = Story::new("at A", 0);
    let mut b = connected(&mut story, B1);
    story.echo(&mut b, "one\n");
    story.data_in_vain(&mut b, "news\n", 3);
    story.reset_by_server(&mut b);
    let told = message(&of(vec![story.read()]), Code::ConnectionReset);
    let why = "The server ended the connection with RST (frame 10): what it had sent again before (frames 8-9) was not answered.";
    assert!(told.contains(why) && !told.contains("sends RST when"), "{told}");
}

/// Windows resets the connections of a program that is killed, whatever was read.
#[test]
fn a_reset_of_a_client_that_was_served_has_no_cause_that_the_frames_refute() {
    let mut story = Story::new("at A", 0);
    let mut clients = [B1, B2].map(|client| connected(&mut story, client));
    for tcp in &mut clients {
        story.echo(tcp, "hello\n");
    }
    for tcp in &mut clients {
        story.reset_by_server(tcp);
    }
    let told = message(&of(vec![story.read()]), Code::ConnectionReset);
    assert!(!told.contains("waits") && !told.contains("unread"), "{told}");
    assert!(told.contains("Windows does, too, when a program is killed."), "{told}");
}

/// A server that sends of its own accord sends more than it gets, and may leave the client's line unread.
#[test]
fn a_server_that_sends_unasked_may_have_left_data_unread() {
    let mut story = Story::new("at B", 0);
    let mut b = connected(&mut story, B1);
    story.segment_of_server(&mut b, "tick 1\n");
    story.line(&mut b, "x");
    for tick in ["tick 2\n", "tick 3\n"] {
        story.wait(1000);
        story.segment_of_server(&mut b, tick);
    }
    story.reset_by_server(&mut b);
    let told = message(&of(vec![story.read()]), Code::ConnectionReset);
    let causes = "when the program leaves data unread, or closes a socket with SO_LINGER 0; Windows does, too, when a program is killed.";
    assert!(told.contains(causes), "{told}");
}

/// It has echoed each line, and taken its time.
#[test]
fn a_server_that_echoed_every_line_late_left_nothing_unread() {
    let mut story = Story::new("at B", 0);
    let mut b = connected(&mut story, B1);
    for line in ["one\n", "two and three\n"] {
        story.line(&mut b, line);
        story.wait(250);
        story.segment_of_server(&mut b, line);
        story.wait(700);
    }
    story.reset_by_server(&mut b);
    let told = message(&of(vec![story.read()]), Code::ConnectionReset);
    assert!(told.contains("when the program closes a socket with SO_LINGER 0;") && !told.contains("unread"), "{told}");
}

/// The answer to the client's FIN was late, so that its system sent that again.
#[test]
fn a_reset_when_both_ends_have_closed_ends_nothing() {
    let told = |close: fn(&mut Story, &mut Tcp)| {
        let mut story = Story::new("at B", 0);
        let mut b = connected(&mut story, B1);
        story.echo(&mut b, "one\n");
        close(&mut story, &mut b);
        let analysis = of(vec![story.read()]);
        assert!(analysis.findings.iter().all(|finding| finding.code != Code::ConnectionReset));
        message(&analysis, Code::ConnectionClosed)
    };
    let at_server = told(|story, b| {
        let before = *b;
        story.close(b);
        story.wait(600);
        story.late_fin(before);
    });
    let closed =
        |other: u32| format!("closed the connection (FIN, frame 7), and so did the other side (FIN, frame {other}).");
    assert!(at_server.contains(&closed(8)), "{at_server}");
    // At the client the RST comes after the closing that it crossed.
    let at_client = told(Story::close_with_fin_again);
    assert!(at_client.contains(&closed(9)), "{at_client}");
}

/// The server's FIN was sent twice, and the client acknowledged it twice: the second time nobody had the connection any more.
#[test]
fn a_reset_for_what_comes_after_the_end_is_no_reset_of_the_connection() {
    let mut story = Story::new("at A", 0);
    let mut b = connected(&mut story, B1);
    story.echo(&mut b, "one\n");
    story.close(&mut b);
    story.acknowledgement(&mut b);
    story.refused_late(&mut b);
    let analysis = of(vec![story.read()]);
    assert!(
        !analysis.findings.iter().any(|finding| finding.code.as_str().contains("reset")),
        "{:?}",
        analysis.findings
    );
    let told = said(&analysis, "I.1a");
    assert!(told.contains("closed the connection (FIN, frame 7), and so did the other side (FIN, frame 8)."), "{told}");
    let late = "The server's system no longer had the connection when a further acknowledgement came (frame 10), and answered \
                that with RST (frame 11).";
    assert!(told.ends_with(late), "{told}");
}

/// Where the sheet does not ask whether a connection stays open, its RST is explained all the same.
#[test]
fn a_reset_after_the_end_of_the_second_clients_connection_is_told() {
    let mut story = Story::new("at A", 0);
    let [mut b, mut c] = [connected(&mut story, B1), connected(&mut story, C1)];
    story.echo(&mut b, "one\n");
    story.line(&mut c, "two\n");
    story.close(&mut b);
    story.segment_of_server(&mut c, "two\n");
    story.close(&mut c);
    story.acknowledgement(&mut c);
    story.refused_late(&mut c);
    let findings = of(vec![story.read()]).findings;
    let closed = findings.iter().filter(|finding| finding.code == Code::ConnectionClosed);
    let told: Vec<String> = closed.map(|finding| finding.message.to_string()).collect();
    let open = "Step 8(c) leaves the connection open.";
    let [of_b, of_c] = told.as_slice() else { panic!("{told:?}") };
    assert!(of_b.ends_with(open), "{of_b}");
    let late = "no longer had the connection when a further acknowledgement came";
    assert!(of_c.contains(late) && !of_c.contains(open), "{of_c}");
}

/// Linux keeps what is left of a connection that its program has closed for a minute (`tcp_fin_timeout`), and answers a FIN that
/// comes later with RST.
#[test]
fn a_reset_that_answers_a_late_fin_ends_nothing() {
    for echoes in [false, true] {
        let mut story = Story::new("at B", 0);
        let mut b = connected(&mut story, B1);
        if echoes {
            story.echo(&mut b, "one\n")
        } else {
            story.line(&mut b, "one\n")
        }
        story.half_close_of_server(&mut b);
        story.wait(66_000);
        story.late_fin(b);
        let analysis = of(vec![story.read()]);
        let fin = if echoes { 7 } else { 6 };
        let told = format!(
            "The server closed the connection (FIN, frame {fin}), and so did the other side (FIN, frame {}). The server's \
             system no longer had the connection and answered that FIN with RST (frame {}).",
            fin + 2,
            fin + 3
        );
        assert!(
            message(&analysis, Code::ConnectionClosed).starts_with(&told),
            "{}",
            message(&analysis, Code::ConnectionClosed)
        );
        assert!(said(&analysis, "I.1a").contains(&told), "{}", said(&analysis, "I.1a"));
        assert!(analysis.findings.iter().all(|finding| finding.code != Code::ConnectionReset));
        assert!(analysis.findings.iter().all(|finding| finding.redo.is_none()));
    }
}

/// A system that gets data for a socket that its program has closed refuses that at once; the FIN behind it is late, too.
#[test]
fn a_reset_that_answers_data_is_not_for_the_fin_behind_it() {
    let mut story = Story::new("at A", 0);
    let mut b = connected(&mut story, B1);
    story.line(&mut b, "one\n");
    story.half_close(&mut b);
    story.lose(&[1]);
    story.data_to_nobody(&mut b, "one\n");
    story.close_of_server(&mut b);
    let told = message(&of(vec![story.read()]), Code::ConnectionReset);
    let why = "the server's data came after that (frame 8), and the client's system refused it with RST (frame 10).";
    assert!(told.contains(why), "{told}");
}

/// The server's data was lost on its way: its FIN has a number beyond what the client had acknowledged.
#[test]
fn a_reset_that_answers_a_fin_ahead_of_its_data_ends_the_connection() {
    let mut story = Story::new("at C", 0);
    let mut c = connected(&mut story, C1);
    story.line(&mut c, "one\n");
    story.half_close(&mut c);
    story.lose(&[0, 1]);
    story.data_to_nobody(&mut c, "ONE\n");
    story.close_of_server(&mut c);
    let analysis = of(vec![story.read()]);
    let told = message(&analysis, Code::ConnectionReset);
    let why = "closed the connection (FIN, frame 6); the server's FIN (frame 8) came without the data before it, and the \
               client's system refused that with RST (frame 9).";
    assert!(told.contains(why) && !told.contains("no longer had"), "{told}");
}

/// A server of one client at a time is ended while the second one waits, which has left.
#[test]
fn a_connection_that_was_reset_in_the_queue_is_not_said_to_have_left_data_unread() {
    let mut story = Story::new("2", 0);
    let mut first = connected(&mut story, B1);
    story.echo(&mut first, "one\n");
    let mut second = connected(&mut story, B2);
    story.line(&mut second, "and me?\n");
    story.half_close(&mut second);
    story.wait(600);
    story.echo(&mut first, "two\n");
    story.close(&mut first);
    story.reset_by_server(&mut second);
    let told = message(&of(vec![story.read()]), Code::ConnectionReset);
    assert!(told.contains("connection seems to have been in the queue until the server ended."), "{told}");
    assert!(!told.contains("unread"), "{told}");
}

/// To a SYN for which its queue has no room Windows answers with RST.
#[test]
fn a_refusal_while_another_client_waits_tells_of_the_queue() {
    let mut story = Story::new("at A", 0);
    let mut b = connected(&mut story, B1);
    story.echo(&mut b, "one\n");
    let mut c = connected(&mut story, C1);
    story.line(&mut c, "and me?\n");
    story.wait(600);
    story.refused(&mut Story::tcp(C2, A));
    story.echo(&mut b, "two\n");
    story.wait(600);
    let told = message(&of(vec![story.read()]), Code::ConnectionRefused);
    assert!(told.contains("The server's accept queue was full, most likely"), "{told}");
    assert!(!told.contains("nothing was listening") && !told.contains("had closed its listening socket"), "{told}");

    let mut story = Story::new("at A", 0);
    let mut b = connected(&mut story, B1);
    story.echo(&mut b, "one\n");
    story.refused(&mut Story::tcp(C1, A));
    story.echo(&mut b, "two\n");
    let analysis = of(vec![story.read()]);
    let (told, answer) = (message(&analysis, Code::ConnectionRefused), said(&analysis, "I.3"));
    let either = "had closed its listening socket, or its accept queue was full (Windows answers with RST then).";
    assert!(told.contains(either) && answer.contains(either), "{told} {answer}");
    assert!(!told.contains("nothing was listening") && !answer.contains("was not running"), "{told} {answer}");

    // Nobody listens at the server of a single client; the packets of Windows have more hops to go. A refusal after the end of
    // the client hides nothing.
    for (hops, is_told) in [(64, true), (128, false)] {
        let mut story = Story::new("at A", 0);
        story.time_to_live(hops);
        let mut b = connected(&mut story, B1);
        story.echo(&mut b, "one\n");
        story.refused(&mut Story::tcp(C1, A));
        story.echo(&mut b, "two\n");
        story.close(&mut b);
        let answer = said(&of(vec![story.read()]), "I.3");
        assert_eq!(answer.contains("The server had closed its listening socket."), is_told, "{answer}");
        assert_eq!(answer.contains("queue was full"), !is_told, "{answer}");
    }
    let mut story = Story::new("at A", 0);
    story.time_to_live(64);
    let mut b = connected(&mut story, B1);
    story.echo(&mut b, "one\n");
    story.refused(&mut Story::tcp(C1, A));
    story.echo(&mut b, "two\n");
    story.close(&mut b);
    story.refused(&mut Story::tcp(C2, A));
    let told = message(&of(vec![story.read()]), Code::ConnectionRefused);
    let beside =
        "Another client was connected there at the time of frame 7. The server had closed its listening socket.";
    assert!(told.contains(beside) && !told.contains("had ended"), "{told}");

    // A server that was ended is not running, whatever its client does.
    let mut story = Story::new("at A", 0);
    let mut b = connected(&mut story, B1);
    story.echo(&mut b, "one\n");
    story.half_close_of_server(&mut b);
    story.refused(&mut Story::tcp(C1, A));
    let told = message(&of(vec![story.read()]), Code::ConnectionRefused);
    assert!(
        told.contains("nothing was listening there then") && told.contains("the server had ended, or had closed"),
        "{told}"
    );
    assert!(told.contains("A client did connect there before, so address and port are right"), "{told}");
}

/// A program that makes the handshake by hand has no connection of its system's, which answers the SYN-ACK (RFC 9293, section
/// 3.5.2) and all that follows.
#[test]
fn a_refused_syn_ack_is_not_said_to_be_of_a_connection_that_had_been_there() {
    let mut story = Story::new("at A", 0);
    let mut b = Story::tcp(B1, A);
    story.handshake_by_hand(&mut b);
    story.line(&mut b, "by hand\n");
    let analysis = of(vec![story.read()]);
    let told = message(&analysis, Code::ConnectionReset) + &said(&analysis, "I.1a");
    assert!(told.contains("system refused the SYN-ACK (frame 2) with RST (frame 3): it had no such"), "{told}");
    assert!(!told.contains("any more"), "{told}");
}

/// What came before the RST is told, but a finding of a RST cites no frame without one.
#[test]
fn a_finding_of_a_reset_cites_only_frames_with_rst() {
    let mut story = Story::new("at B", 0);
    let mut b = connected(&mut story, B1);
    story.echo(&mut b, "one\n");
    story.half_close(&mut b);
    story.wait(300);
    story.segment_of_server(&mut b, "late\n");
    story.reset_by_client(&mut b);
    let analysis = of(vec![story.read()]);
    let finding = analysis.findings.iter().find(|finding| finding.code == Code::ConnectionReset).unwrap();
    assert_eq!(finding.evidence[0].frames, FrameRanges::of([FrameNumber(11)]), "{}", finding.message);
}

/// RFC 9293, section 3.5.2: a RST for a connection that does not exist has the number that the segment acknowledges.
#[test]
fn a_reset_for_a_connection_that_is_no_more_tells_of_no_program_that_ended() {
    let mut story = Story::new("at B", 0);
    let mut b = connected(&mut story, B1);
    story.echo(&mut b, "one\n");
    story.line_to_nobody(&mut b, "awake\n");
    let analysis = of(vec![story.read()]);
    let told = message(&analysis, Code::ConnectionReset);
    let why = "The server's system refused what came (frame 7) with RST (frame 8): no program there had the connection any more.";
    assert!(told.contains(why) && !told.contains(ENDED), "{told}");
    let finding = analysis.findings.iter().find(|finding| finding.code == Code::ConnectionReset).unwrap();
    // Frame 7 is the data that was refused.
    assert_eq!(finding.evidence[0].frames, FrameRanges::of([FrameNumber(8)]));

    let mut story = Story::new("at A", 0);
    let mut b = connected(&mut story, B1);
    story.echo(&mut b, "one\n");
    story.data_to_nobody(&mut b, "are you there?\n");
    let told = message(&of(vec![story.read()]), Code::ConnectionReset);
    assert!(
        told.starts_with("B's system refused what came (frame 7) with RST (frame 8): no program there had"),
        "{told}"
    );
}

/// Linux with `tcp_abort_on_overflow`, where the queue is full.
#[test]
fn a_connection_that_the_servers_system_did_not_take_was_not_lost_by_it() {
    let mut story = Story::new("at A", 0);
    let mut b = connected(&mut story, B1);
    story.echo(&mut b, "one\n");
    let mut c = connected(&mut story, C1);
    story.refused_late(&mut c);
    let told = message(&of(vec![story.read()]), Code::ConnectionReset);
    let why = "The server's system did not take the connection: it answered the ACK of the handshake (frame 9) with RST (frame 10).";
    assert!(told.contains(why), "{told}");
}

#[test]
fn a_reset_after_the_waiting_client_has_left_is_told_with_its_frame() {
    let mut story = Story::new("at A", 0);
    let mut b = connected(&mut story, B1);
    story.echo(&mut b, "one\n");
    let mut c = connected(&mut story, C1);
    story.line(&mut c, "and me?\n");
    story.half_close(&mut c);
    story.wait(600);
    story.reset_by_server(&mut c);
    let analysis = of(vec![story.read()]);
    assert_eq!(short(&analysis, "I.3"), "Connected, never served (reset)");
    let text = said(&analysis, "I.3");
    let never = "C's line (frame 10) was never answered: the server's system reset the connection (RST, frame 14).";
    assert!(text.contains(never), "{text}");
    assert!(!text.contains("neither answered nor closed"), "{text}");
    let cited = answer(&analysis, question("I.3")).claims.iter().flat_map(|claim| &claim.evidence);
    assert!(cited.into_iter().any(|one| one.frames.iter().any(|frame| frame.0 == 14)));
    assert!(message(&analysis, Code::ConnectionReset).contains("(RST, frame 14)"));
}

/// The server closed C's connection alone, with data unread, and goes on serving B.
#[test]
fn a_server_that_goes_on_answering_had_not_ended() {
    let reset = |goes_on: bool| {
        let mut story = Story::new("at A", 0);
        let mut b = connected(&mut story, B1);
        story.echo(&mut b, "one\n");
        let mut c = connected(&mut story, C1);
        story.line(&mut c, "and me?\n");
        story.wait(600);
        story.reset_by_server(&mut c);
        if goes_on {
            story.echo(&mut b, "two\n");
        }
        said(&of(vec![story.read()]), "I.3")
    };
    let (goes_on, ends) = (reset(true), reset(false));
    assert!(!goes_on.contains("until the server ended") && !goes_on.contains("in the queue until"), "{goes_on}");
    assert!(ends.contains("in the queue until the server ended"), "{ends}");
}

/// A switch may flood one SYN to another computer; a client that repeats it got no answer.
#[test]
fn a_syn_that_is_repeated_was_not_answered() {
    let attempt = |times: usize| {
        let mut story = Story::new("at A", 0);
        let mut b = connected(&mut story, B1);
        story.echo(&mut b, "one\n");
        for _ in 0..times {
            story.wait(1000);
            story.syns(Story::tcp(C1, A), 1);
        }
        of(vec![story.read()])
    };
    let repeated = attempt(4);
    assert_eq!(short(&repeated, "I.3"), "Not connected");
    assert!(said(&repeated, "I.3").contains("C's SYN (frames 7-10) was not answered before the capture ended."));
    assert!(message(&repeated, Code::AcceptQueueFull).starts_with("The SYN of 10.0.3.3:51762 was not answered"));
    assert_eq!(short(&attempt(1), "I.3"), "Expected: connected, not served");
}

#[test]
fn a_later_attempt_at_another_port_is_named() {
    let attempts = |port: &str| {
        let mut story = Story::new("at B", 0);
        let mut first = connected(&mut story, B2);
        story.echo(&mut first, "hi\n");
        story.close(&mut first);
        story.refused(&mut Story::tcp("10.0.3.2:40001", A));
        let mut b = Story::tcp(B1, port);
        story.handshake(&mut b);
        story.echo(&mut b, "hi\n");
        message(&of(vec![story.read()]), Code::ConnectionRefused)
    };
    assert!(attempts(A).ends_with("A later attempt succeeded."));
    let told = attempts("10.0.3.1:65000");
    assert!(told.ends_with("A later attempt succeeded, to 10.0.3.1:65000."), "{told}");
}

#[test]
fn connections_that_began_before_the_capture_have_data_both_ways_only_where_it_is_there() {
    let began_late = |echo: bool| {
        let mut story = Story::new("2", 0);
        let mut clients = [B1, B2].map(|client| Story::tcp(client, A));
        for tcp in &mut clients {
            story.lose(&[0, 1, 2]);
            story.handshake(tcp);
        }
        for tcp in &mut clients {
            if echo { story.echo(tcp, "hello\n") } else { story.line(tcp, "hello\n") }
        }
        said(&of(vec![story.read()]), "II.1")
    };
    assert!(began_late(true).contains("connected before the capture started: data goes both ways"));
    assert!(began_late(false).contains("connected before the capture started: frames go both ways"));
}

/// A server that is ended closes what it has accepted.
#[test]
fn a_client_that_sent_nothing_before_the_server_ended_was_accepted() {
    let mut story = Story::new("at A", 0);
    let mut clients = [B1, B2, C1, C2].map(|client| connected(&mut story, client));
    for tcp in clients.iter_mut().take(3) {
        story.line(tcp, "hello\n");
    }
    for tcp in clients.iter_mut().rev() {
        story.half_close_of_server(tcp);
    }
    let analysis = of(vec![story.read()]);
    assert_eq!(short(&analysis, "II.1"), "Yes, 4 clients connected; 3 served, 1 accepted");
    let text = said(&analysis, "II.1");
    let only = "No frame carries a line of 10.0.3.3:51764: the server had accepted that connection, and nothing shows";
    assert!(text.contains(only), "{text}");
    let claims = &answer(&analysis, question("II.1")).claims;
    let claim = claims.iter().find(|claim| claim.text.to_string().contains("(the server's FIN, frame ")).unwrap();
    let shown = |frame| claim.evidence.iter().any(|evidence| evidence.frames.contains(frame));
    assert!(claim.text.frames().all(shown), "{claim:?}");
}

/// With the UDP server's port a TCP client gets to its computer, where no TCP server listens.
#[test]
fn a_tcp_client_at_the_udp_servers_port_is_told_so() {
    let tells = |datagrams_come_back: bool| {
        let mut story = Story::new("at A", 0);
        story.datagram("10.0.3.2:60702", "10.0.3.1:65433", "u1");
        if datagrams_come_back {
            story.port_unreachable("10.0.3.2:60702", "10.0.3.1:65433");
        }
        story.refused(&mut Story::tcp("10.0.3.3:55247", "10.0.3.1:65433"));
        let analysis = of(vec![story.read()]);
        (message(&analysis, Code::ConnectionRefused), sentences::lab(&analysis))
    };
    let (told, servers) = tells(false);
    let port = "That is the UDP server's socket address: if the TCP server has another port, set that in the TCP client. Start the \
                TCP server before the client (step 6)";
    assert!(told.contains(port), "{told}");
    assert!(!servers.iter().any(|line| line.starts_with("TCP server")), "{servers:?}");
    let (told, servers) = tells(true);
    assert!(!told.contains("UDP server"), "{told}");
    assert!(
        servers.iter().any(|line| line.starts_with("TCP server: 10.0.3.1:65433 (no client connected)")),
        "{servers:?}"
    );
}

/// The client's FIN, which the server's system answered a minute after its own, is not in the capture. A RST that ends a connection
/// acknowledges something (RFC 9293, section 3.5.2: one that answers a segment takes its number from that).
#[test]
fn a_bare_reset_after_its_senders_fin_answers_what_was_not_captured() {
    let mut story = Story::new("at B", 0);
    let mut b = connected(&mut story, B1);
    story.echo(&mut b, "one\n");
    story.half_close_of_server(&mut b);
    story.wait(70_000);
    story.lose(&[0]);
    story.late_fin(b);
    let analysis = of(vec![story.read()]);
    assert!(analysis.findings.iter().all(|finding| finding.code != Code::ConnectionReset));
    let told = message(&analysis, Code::ConnectionClosed);
    let late = "The server's system no longer had the connection: its RST (frame 9) answers something that is not in the capture.";
    assert!(told.contains(late) && !told.contains("SO_LINGER"), "{told}");
}

/// The client's RST may have ended the program that was reading from it; after its FIN only a server of one client ends.
#[test]
fn a_server_that_its_clients_reset_may_have_ended_is_of_no_known_kind() {
    let kind = |is_reset: bool| {
        let mut story = Story::new("at A", 0);
        let mut b = connected(&mut story, B1);
        story.echo(&mut b, "one\n");
        let mut c = connected(&mut story, C1);
        story.line(&mut c, "two\n");
        match is_reset {
            true => story.reset_by_client(&mut b),
            false => story.half_close(&mut b),
        }
        story.reset_by_server(&mut c);
        of(vec![story.read()]).lab.servers[0].kind
    };
    assert_eq!(kind(false), Some(ServerKind::OneShot));
    assert_eq!(kind(true), Some(ServerKind::Unknown));
}

/// Step 13 ends a server that only prints: its system closes B's connection with a FIN, and resets C's, which the program never
/// accepted, whether C had sent a line or not. What came right before the end the program may not have had time to read.
#[test]
fn a_server_that_only_prints_leaves_the_waiting_client_a_reset_when_it_ends() {
    let ended = |has_line: bool, pause: u64| {
        let mut story = Story::new("at A", 0);
        let mut b = connected(&mut story, B1);
        story.line(&mut b, "one\n");
        let mut c = connected(&mut story, C1);
        if has_line {
            story.line(&mut c, "and me?\n");
        }
        story.wait(pause);
        story.reset_by_server(&mut c);
        story.half_close_of_server(&mut b);
        of(vec![story.read()])
    };
    for has_line in [true, false] {
        let analysis = ended(has_line, 9000);
        assert_eq!(short(&analysis, "I.3"), "Connected, never served (reset)");
        let text = said(&analysis, "I.3");
        let frames = if has_line { "(RST, frame 11) when it closed B's (FIN, frame 12)" } else { "(RST, frame 9)" };
        let reset = format!("The server's system reset C's connection {frames}");
        assert!(text.contains(&reset), "{text}");
        assert!(text.contains("C's connection seems to have been in the queue until the server ended."), "{text}");
    }
    assert!(!said(&ended(true, 20), "I.3").contains("in the queue until"));
}
