//! Connections of which a capture lacks the handshake: made before it started, or a filter kept frames out.

use crate::analyze::analysis::{Analysis, Code, Facts};
use crate::analyze::analyze;
use crate::analyze::reach::Reach;
use crate::analyze::testing::{Story, Tcp, address};
use crate::analyze::tests::support::{A, B1, B2, C1, C2, answer, of, said, short, told};
use crate::lab::LabConfig;
use crate::lab::testing::question;
use socklab_packets::types::FrameNumber;

/// What `tcp.len > 0` leaves of three lines to a server that only prints.
fn payload_alone(story: &mut Story, tcp: &mut Tcp, lines: usize) {
    story.lose(&[0, 1, 2]);
    story.handshake(tcp);
    for _ in 0..lines {
        story.lose(&[1]);
        story.line(tcp, "hello\n");
    }
}

fn of_b(lines: usize) -> Analysis {
    let mut story = Story::new("step8", 0);
    payload_alone(&mut story, &mut Story::tcp(B1, A), lines);
    of(vec![story.read()])
}

/// Payload goes only over a connection that was made, whatever else a filter keeps out.
#[test]
fn a_client_whose_lines_are_there_did_connect() {
    for lines in [1, 2, 3] {
        let analysis = of_b(lines);
        let text = said(&analysis, "I.1a");
        assert!(!text.contains("did not connect") && !text.contains("With a server listening there"), "{text}");
        assert!(text.contains(&format!("The lines (8c) are in {lines} data segment")), "{text}");
        assert!(text.contains("of which only the frames with payload were saved"), "{text}");
        assert!(!text.contains("still open"), "{text}");
        let Facts::TcpFrames { data_frames: Some(data), .. } = &answer(&analysis, question("I.1a")).facts else {
            panic!("no data frames: {:?}", answer(&analysis, question("I.1a")).facts);
        };
        assert_eq!(*data, (1..=lines as u64).map(FrameNumber).collect::<Vec<_>>());
        assert!(said(&analysis, "I.1b").contains("The frames go between 10.0.3.2:40210 and 10.0.3.1:65432."));
        assert!(said(&analysis, "I.4a").contains("0 frames without payload and"), "{}", said(&analysis, "I.4a"));
        assert_eq!(analysis.lab.servers[0].reach, Reach::Reached);
    }
}

#[test]
fn of_two_terminals_whose_lines_alone_are_there_none_is_said_to_have_frames_both_ways() {
    let mut story = Story::new("2", 0);
    let mut clients = [B1, B2].map(|client| Story::tcp(client, A));
    clients.iter_mut().for_each(|tcp| payload_alone(&mut story, tcp, 1));
    clients.iter_mut().for_each(|tcp| {
        story.lose(&[1]);
        story.line(tcp, "more\n");
    });
    let analysis = of(vec![story.read()]);
    assert_eq!(analysis.captures[0].steps[0].step.name(), "Part II step 2");
    let text = said(&analysis, "II.1");
    assert!(text.contains("2 clients of B (10.0.3.2) connected: data goes only over"), "{text}");
    let text = said(&analysis, "II.2");
    assert!(text.contains("2 connections were made, though the capture lacks their handshakes."), "{text}");
    let late = told(&analysis, Code::CaptureBeganLate);
    assert!(late.ends_with("and save all frames."), "{late}");
}

#[test]
fn data_that_nobody_acknowledged_is_not_said_to_be_acknowledged() {
    let mut story = Story::new("step10", 0);
    payload_alone(&mut story, &mut Story::tcp(C1, A), 1);
    let text = said(&of(vec![story.read()]), "I.3");
    assert!(text.contains("client was connected: data goes only over a connection that was made"), "{text}");
    assert!(!text.contains("is acknowledged"), "{text}");
}

/// What `tcp.flags.ack == 1` leaves.
#[test]
fn a_handshake_without_its_syn_was_not_missed_by_starting_late() {
    let mut story = Story::new("step8", 0);
    let mut b = Story::tcp(B1, A);
    story.lose(&[0]);
    story.handshake(&mut b);
    story.line(&mut b, "one\n");
    let analysis = of(vec![story.read()]);
    let text = said(&analysis, "I.1a");
    assert!(text.contains("lacks B's SYN, but the connection was made: SYN-ACK (frame 1), ACK (frame 2)."), "{text}");
    assert_eq!(told(&analysis, Code::CaptureBeganLate), "");
    let missing = told(&analysis, Code::FramesMissing);
    let either = "the capture lacks the SYN, as frame 1 shows. The capture began during the handshake, or the SYN was filtered \
                  out. Start Wireshark's capture (7a) before the client (8b), and save all frames.";
    assert!(missing.contains(either), "{missing}");
    assert!(
        answer(&analysis, question("I.1a")).missing[0].to_string().contains("that begins before the client starts")
    );
    assert!(said(&analysis, "I.4a").contains("; part of the handshake is missing from it."));
}

#[test]
fn a_syn_that_is_missing_after_other_frames_was_not_missed_by_starting_late() {
    let mut story = Story::new("step8", 0);
    let mut b = Story::tcp(B1, A);
    story.card(&["10.0.3.1"]);
    story.arp_reply("10.0.3.1", "10.0.3.2");
    story.lose(&[0]);
    story.handshake(&mut b);
    story.line(&mut b, "one\n");
    let analysis = of(vec![story.read()]);
    let missing = told(&analysis, Code::FramesMissing);
    assert!(missing.contains("the capture lacks the SYN, as frame 2 shows. A capture filter"), "{missing}");
    assert!(answer(&analysis, question("I.1a")).missing[0].to_string().contains("no capture filter"));
}

/// An idle connection from before, and a whole one; `end` tells what becomes of the idle one, before the other or after it.
fn idle_beside(before: impl FnOnce(&mut Story, &mut Tcp), after: impl FnOnce(&mut Story, &mut Tcp)) -> Analysis {
    let mut story = Story::new("2", 0);
    let (mut idle, mut b) = (Story::tcp(B2, A), Story::tcp(B1, A));
    before(&mut story, &mut idle);
    story.handshake(&mut b);
    story.echo(&mut b, "one\n");
    story.wait(5000);
    after(&mut story, &mut idle);
    of(vec![story.read()])
}

#[test]
fn a_connection_that_was_open_beside_the_whole_one_is_no_earlier_run() {
    let ends_last = idle_beside(|_, _| {}, |story, idle| story.close(idle));
    let kept_alive =
        idle_beside(|story, idle| story.keep_alive(idle, true), |story, idle| story.keep_alive(idle, true));
    for analysis in [&ends_last, &kept_alive] {
        assert_eq!(told(analysis, Code::EarlierRun), "");
        let from_before = told(analysis, Code::IdleFromBefore);
        let what = "A connection that was made before the capture started (10.0.3.2:40212) is in it without handshake and \
                    without a line of the client.";
        assert!(from_before.starts_with(what), "{from_before}");
    }
    assert!(told(&ends_last, Code::IdleFromBefore).ends_with("The answers do not count it."));
    assert!(said(&kept_alive, "II.1").contains("10.0.3.2:40212"));
    assert!(told(&kept_alive, Code::IdleFromBefore).ends_with("The answers count it."));
}

#[test]
fn a_connection_that_ended_before_the_whole_one_began_is_an_earlier_run() {
    let analysis = idle_beside(|story, idle| story.close(idle), |_, _| {});
    assert_eq!(told(&analysis, Code::IdleFromBefore), "");
    assert!(
        told(&analysis, Code::EarlierRun).starts_with("An earlier run of the client (10.0.3.2:40212) had not ended")
    );
}

/// A client of the last run sends again to a server that was started anew.
#[test]
fn what_a_restarted_server_does_not_know_is_no_connection_of_the_step() {
    let mut story = Story::new("at B", 0);
    let mut dead = Story::tcp(B2, A);
    story.line_to_nobody(&mut dead, "how are you");
    let mut b = Story::tcp(B1, A);
    story.handshake(&mut b);
    story.echo(&mut b, "one\n");
    let analysis = of(vec![story.read()]);
    assert_eq!(short(&analysis, "I.1b"), "Client 10.0.3.2:40210; server 10.0.3.1:65432");
    assert!(
        told(&analysis, Code::EarlierRun).starts_with("An earlier run of the client (10.0.3.2:40212) had not ended")
    );
    for code in [Code::ConnectionReset, Code::CaptureBeganLate, Code::SeveralRuns, Code::IdleFromBefore] {
        assert_eq!(told(&analysis, code), "");
    }
    assert!(analysis.findings.iter().all(|finding| finding.redo.is_none()));

    // Beside the run it does not count either.
    let beside = idle_beside(|_, _| {}, |story, dead| story.line_to_nobody(dead, "how are you"));
    let from_before = told(&beside, Code::IdleFromBefore);
    let no_longer = "is in it without handshake: the server's system no longer had it, and answered with RST (frame 8). The answers do not \
         count it.";
    assert!(from_before.ends_with(no_longer), "{from_before}");

    // Of a program that was killed, the RST has an ACK: the line came to it.
    let mut story = Story::new("step8", 0);
    let mut b = Story::tcp(B1, A);
    story.lose(&[0, 1, 2, 4]);
    story.handshake(&mut b);
    story.line(&mut b, "one\n");
    story.reset_by_server(&mut b);
    assert!(said(&of(vec![story.read()]), "I.1a").contains("The lines (8c) are in 1 data segment"));
}

#[test]
fn a_server_that_does_not_know_the_only_connection_is_told_of() {
    let mut story = Story::new("step8", 0);
    story.line_to_nobody(&mut Story::tcp(B1, A), "how are you");
    let analysis = of(vec![story.read()]);
    let text = said(&analysis, "I.1a");
    assert!(text.contains("had ended for the server's system") && !text.contains("did not connect"), "{text}");
    let reset = told(&analysis, Code::ConnectionReset);
    assert!(reset.starts_with("The server's system refused what came (frame 1) with RST"));
}

#[test]
fn of_a_connection_that_only_a_reset_is_there_of_no_more_is_said() {
    let mut story = Story::new("at A", 0);
    story.refused_late(&mut Story::tcp(C1, A));
    let mut b = Story::tcp(B1, A);
    story.handshake(&mut b);
    story.line(&mut b, "one\n");
    let told = told(&of(vec![story.read()]), Code::IdleFromBefore);
    assert!(told.contains("(10.0.3.3:51762) is in it with nothing but a RST (frame 1)."), "{told}");
}

/// Step 8 ends as the capture begins; what follows is Part II.
#[test]
fn the_answers_do_not_rest_on_a_later_run_that_is_of_another_step() {
    let mut story = Story::new("at A", 0);
    story.close(&mut Story::tcp("10.0.3.2:40110", A));
    let mut all = [B1, B2, C1, C2].map(|client| Story::tcp(client, A));
    for tcp in &mut all {
        story.handshake(tcp);
    }
    for _ in 0..2 {
        for tcp in &mut all {
            story.echo(tcp, "one\n");
        }
    }
    let earlier = told(&of(vec![story.read()]), Code::EarlierRun);
    assert!(earlier.ends_with("(10.0.3.2:40110) had not ended when the capture started."), "{earlier}");
}

/// Of C nothing later is there.
#[test]
fn the_end_of_another_hosts_connection_is_no_earlier_run_of_the_client() {
    let mut story = Story::new("at A", 0);
    story.half_close(&mut Story::tcp(C1, A));
    let mut b = Story::tcp(B1, A);
    story.handshake(&mut b);
    story.line(&mut b, "one\n");
    let analysis = of(vec![story.read()]);
    assert_eq!(told(&analysis, Code::EarlierRun), "");
    assert!(told(&analysis, Code::IdleFromBefore).contains("10.0.3.3:51762"));
}

/// The ACK of the handshake is the first frame. `tcp.ack == 1` in it, as in all of B's frames: A sent nothing.
#[test]
fn an_ack_that_comes_before_all_data_is_not_said_to_acknowledge_any() {
    let mut story = Story::new("step8", 0);
    let mut b = Story::tcp(B1, A);
    story.lose(&[0, 1]);
    story.handshake(&mut b);
    story.line(&mut b, "one\n");
    let text = said(&of(vec![story.read()]), "I.1a");
    assert!(text.contains("Frame 1 carries no payload, and none that it acknowledges is in the capture."), "{text}");
    assert!(text.contains("A acknowledges data without sending any (frame 3)."), "{text}");
}

/// What the server's system has before what got lost on its way it acknowledges selectively; `tcp.ack` stays 1.
#[test]
fn a_line_that_came_before_another_one_is_acknowledged() {
    let mut story = Story::new("at A", 0);
    let mut b = Story::tcp(B1, A);
    story.handshake(&mut b);
    story.lose(&[0, 1]);
    story.line(&mut b, "one\n");
    story.line_after_a_gap(&mut b, "two\n", 4);
    let text = said(&of(vec![story.read()]), "I.1a");
    assert!(text.contains("A acknowledges data without sending any (frame 5)."), "{text}");
    assert!(!text.contains("acknowledges none"), "{text}");
}

#[test]
fn an_ack_that_has_the_number_of_the_handshake_acknowledges_no_data() {
    let mut story = Story::new("at A", 0);
    let mut b = Story::tcp(B1, A);
    story.handshake(&mut b);
    story.acknowledgement(&mut b);
    story.line(&mut b, "one\n");
    let text = said(&of(vec![story.read()]), "I.1a");
    let none = "Frame 4 carries no payload and acknowledges none: its number is still that of the handshake.";
    assert!(text.contains(none), "{text}");
}

/// The payload alone of an echo server's clients, one after the other in Part I, two on each host in Part II.
fn echoed(clients: &[&str], rounds: usize) -> Analysis {
    let mut story = Story::new("at A", 0);
    let mut all: Vec<Tcp> = clients.iter().map(|client| Story::tcp(client, A)).collect();
    for tcp in &mut all {
        story.lose(&[0, 1, 2]);
        story.handshake(tcp);
    }
    for _ in 0..rounds {
        for tcp in &mut all {
            story.lose(&[2]);
            story.echo(tcp, "one\n");
            story.wait(1000);
        }
    }
    of(vec![story.read()])
}

#[test]
fn clients_whose_end_may_have_been_kept_out_are_not_said_to_be_open_side_by_side() {
    // One after the other: nothing shows that one is open beside the next.
    let apart = echoed(&[B1, B2], 1);
    assert!(!said(&apart, "II.1").contains("at the same time:"), "{}", said(&apart, "II.1"));
    assert!(!apart.captures[0].steps[0].why.to_string().contains("side by side"));
    // By turns: each sends again after the other.
    let by_turns = echoed(&[B1, B2], 2);
    assert!(said(&by_turns, "II.1").contains("serves several clients at the same time"), "{}", said(&by_turns, "II.1"));
    assert!(by_turns.captures[0].steps[0].why.to_string().contains("open side by side"));
}

/// As many as the sheet has in both parts, so that the order tells.
#[test]
fn of_a_whole_lab_with_payload_alone_the_first_client_of_each_host_is_of_part_one() {
    let analysis = echoed(&["10.0.3.2:40110", "10.0.3.3:51760", B1, B2, C1, C2], 1);
    let steps: Vec<String> = analysis.captures[0].steps.iter().map(|recorded| recorded.step.to_string()).collect();
    assert_eq!(steps, ["I.8", "I.10", "II.2", "II.3"]);
    assert_eq!(short(&analysis, "II.2"), "10.0.3.1:65432; 5 sockets (1 listening, 4 connected)");
    assert_eq!(short(&analysis, "I.3"), "Connected, and served; whether while B was open: unknown");
}

/// What `ip.src == 10.0.3.1` leaves of lines to a server that only prints.
fn of_server_alone(lines: usize) -> Analysis {
    let mut story = Story::new("step8", 0);
    let mut b = Story::tcp(B1, A);
    story.lose(&[0, 2]);
    story.handshake(&mut b);
    for _ in 0..lines {
        story.lose(&[0]);
        story.line(&mut b, "hello\n");
    }
    of_server_at_a(story)
}

/// The analysis for who named the server.
fn of_server_at_a(story: Story) -> Analysis {
    let mut config = LabConfig::default();
    config.set_servers(&[(address(A).ip, Some(65432))]).unwrap();
    analyze(vec![story.read()], &[], &config)
}

#[test]
fn a_client_whose_lines_are_acknowledged_did_connect() {
    let analysis = of_server_alone(2);
    let text = said(&analysis, "I.1a");
    assert!(text.contains("lacks B's SYN, but the connection was made: SYN-ACK (frame 1), and it goes on (frame 2)."));
    assert!(text.contains("A's acknowledgement (frame 3) shows that B sent at least 11 bytes"), "{text}");
    assert!(!text.contains("did not connect") && !text.contains("With a server listening there"), "{text}");
    assert_eq!(analysis.lab.servers[0].reach, Reach::Reached);
}

/// What `tcp.flags.syn == 1` leaves: the ACK may be in what it kept out.
#[test]
fn a_syn_ack_alone_shows_a_server_that_listens_and_not_whether_its_client_connected() {
    for lost in [&[0, 2][..], &[2]] {
        let mut story = Story::new("step8", 0);
        story.lose(lost);
        story.handshake(&mut Story::tcp(B1, A));
        let analysis = of_server_at_a(story);
        let text = said(&analysis, "I.1a");
        assert!(text.contains("A server listens: A's system sends SYN-ACK (frame "), "{text}");
        assert!(text.contains("Whether the client connected is not known"), "{text}");
        assert!(!text.contains("With a server listening there"), "{text}");
        assert!(!short(&analysis, "I.1a").contains("did not connect"));
        assert_eq!(analysis.lab.servers[0].reach, Reach::Reached);
    }
}

/// What `ip.dst == 10.0.3.1` leaves of an echo, and the whole of it.
#[test]
fn nothing_is_said_of_the_data_of_a_side_without_frames() {
    let mut story = Story::new("step8", 0);
    let mut b = Story::tcp(B1, A);
    story.lose(&[1]);
    story.handshake(&mut b);
    story.lose(&[1]);
    story.echo(&mut b, "one\n");
    let text = said(&of(vec![story.read()]), "I.1b");
    assert!(text.contains("Only the client sends data in these frames.") && !text.contains("carry none"), "{text}");
    let text = said(&of_b(2), "I.1b");
    assert!(!text.contains("carry none"), "{text}");
    let mut story = Story::new("step8", 0);
    let mut b = Story::tcp(B1, A);
    story.handshake(&mut b);
    story.line(&mut b, "one\n");
    let text = said(&of(vec![story.read()]), "I.1b");
    assert!(text.contains("Only the client sends data; the server's frames carry none."), "{text}");
}

/// Its handshake came before the other one's, though its first frame here comes after all of it.
#[test]
fn a_connection_from_before_is_not_said_to_come_after_another_one() {
    let runs = |lost: &[usize]| {
        let mut story = Story::new("step8", 0);
        let (mut old, mut b) = (Story::tcp(B2, A), Story::tcp(B1, A));
        story.handshake(&mut b);
        story.echo(&mut b, "one\n");
        story.close(&mut b);
        story.wait(5000);
        story.lose(lost);
        story.handshake(&mut old);
        story.echo(&mut old, "two\n");
        told(&of(vec![story.read()]), Code::SeveralRuns).to_owned()
    };
    assert!(runs(&[0, 1, 2]).starts_with("Step 8 has 2 connections here; the sheet asks for one."));
    assert!(runs(&[]).starts_with("Step 8 has 2 connections here, one after the other; the sheet asks for one."));
}

/// The capture began when both terminals of B were connected: one is closed before the other one, and only its end is there.
#[test]
fn who_was_connected_beside_another_one_when_the_capture_began_is_of_part_two() {
    let steps = |file: &str, is_open_together: bool| {
        let mut story = Story::new(file, 600);
        let [mut first, mut second] = [B1, B2].map(|client| Story::tcp(client, A));
        story.echo(&mut first, "hello\n");
        if !is_open_together {
            // A client that came when the other one had gone shows its handshake.
            story.close(&mut first);
            story.handshake(&mut second);
            story.echo(&mut second, "hello\n");
        }
        story.close(&mut second);
        if is_open_together {
            story.close(&mut first);
        }
        let analysis = of(vec![story.read()]);
        analysis.captures[0].steps.iter().map(|recorded| recorded.step.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(steps("began late", true), ["II.2"]);
    assert_eq!(steps("one by one", false), ["I.8"]);
}
