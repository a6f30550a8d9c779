//! Servers that were stopped, and started again or followed by another one at the same address, within one capture: what each of
//! them had is of its own step.

use crate::analyze::analysis::{Analysis, Code};
use crate::analyze::testing::{Story, Tcp};
use crate::analyze::tests::support::{
    A, B1, B2, C1, C2, UDP_A, connected, has, late_at_the_busy_server, of, said, short,
};

fn steps(analysis: &Analysis) -> Vec<String> {
    let recorded = analysis.captures[0].steps.iter();
    recorded.map(|recorded| recorded.step.to_string()).collect()
}

/// Two clients of B at a server that serves one at a time: the second one is answered when the first one has quit, and those that
/// came in between when both have.
fn two_terminals(story: &mut Story, between: impl FnOnce(&mut Story) -> Option<Tcp>) {
    let mut first = connected(story, "10.0.3.2:50001");
    story.echo(&mut first, "one\n");
    story.wait(3000);
    let mut second = connected(story, "10.0.3.2:50002");
    story.line(&mut second, "two\n");
    let queued = between(story);
    story.wait(3000);
    story.close(&mut first);
    story.segment_of_server(&mut second, "two\n");
    story.wait(1000);
    story.close(&mut second);
    if let Some(mut third) = queued {
        story.segment_of_server(&mut third, "hello\n");
        story.half_close_of_server(&mut third);
    }
    story.wait(20_000);
}

/// C's client comes and goes while the server is busy.
fn third_host(story: &mut Story) -> Option<Tcp> {
    let mut c = connected(story, "10.0.3.3:50003");
    story.line(&mut c, "hello\n");
    story.half_close(&mut c);
    Some(c)
}

/// Two clients on each host, answered at once.
fn side_by_side(story: &mut Story) -> [Tcp; 4] {
    [B1, B2, C1, C2].map(|client| {
        let mut tcp = connected(story, client);
        story.echo(&mut tcp, "line\n");
        story.wait(1000);
        tcp
    })
}

#[test]
fn two_terminals_before_the_threaded_server_are_of_the_server_before_it() {
    let mut story = Story::new("at A", 0);
    two_terminals(&mut story, third_host);
    side_by_side(&mut story);
    let analysis = of(vec![story.read()]);
    assert_eq!(steps(&analysis), ["I.8", "I.10", "II.2", "II.3"]);
    assert_eq!(short(&analysis, "II.1"), "Yes, 4 clients connected; 4 served at the same time");
    assert!(short(&analysis, "II.2").contains("5 sockets"));
    assert!(!has(&analysis, Code::NotThreaded));
}

#[test]
fn two_terminals_before_the_datagrams_are_of_the_first_part() {
    let mut story = Story::new("at A", 0);
    two_terminals(&mut story, |_| None);
    story.datagram("10.0.3.2:50005", UDP_A, "one");
    let analysis = of(vec![story.read()]);
    assert_eq!(steps(&analysis), ["I.8", "I.12"]);
    assert!(has(&analysis, Code::SeveralRuns) && !has(&analysis, Code::NotThreaded));
}

#[test]
fn a_server_of_one_client_at_a_time_after_the_threaded_one_is_of_the_first_part() {
    let mut story = Story::new("at A", 0);
    for mut tcp in side_by_side(&mut story) {
        story.close(&mut tcp);
        story.wait(1000);
    }
    let mut b = connected(&mut story, "10.0.3.2:50001");
    story.echo(&mut b, "one\n");
    let mut c = connected(&mut story, "10.0.3.3:50003");
    story.line(&mut c, "hello\n");
    story.wait(3000);
    story.close(&mut b);
    story.segment_of_server(&mut c, "hello\n");
    story.close(&mut c);
    let analysis = of(vec![story.read()]);
    assert_eq!(steps(&analysis), ["I.8", "I.10", "II.2", "II.3"]);
    assert_eq!(short(&analysis, "I.3"), "Connected; served only after B quit");
    assert!(short(&analysis, "II.2").contains("5 sockets"));
}

/// The wrong server was running, and then the threaded one. That nothing tells of which part the first was is no reason to count
/// its clients.
#[test]
fn clients_of_a_server_that_another_one_replaced_count_for_no_step() {
    let mut story = Story::new("at A", 0);
    two_terminals(&mut story, |_| None);
    side_by_side(&mut story);
    let analysis = of(vec![story.read()]);
    assert_eq!(steps(&analysis), ["II.2", "II.3"]);
    assert_eq!(short(&analysis, "II.1"), "Yes, 4 clients connected; 4 served at the same time");
    assert!(
        has(&analysis, Code::AnotherServer)
            && !has(&analysis, Code::NotThreaded)
            && !has(&analysis, Code::ConnectionClosed)
    );
}

/// A pool of two threads lets the third client wait, and it is one server all the same.
#[test]
fn a_client_that_waits_behind_two_is_of_the_same_server() {
    let mut story = Story::new("at A", 0);
    let [mut b1, mut b2] = [B1, B2].map(|client| connected(&mut story, client));
    for tcp in [&mut b1, &mut b2] {
        story.echo(tcp, "line\n");
    }
    let mut c = connected(&mut story, C1);
    story.line(&mut c, "hello\n");
    story.wait(3000);
    story.close(&mut b1);
    story.segment_of_server(&mut c, "hello\n");
    story.wait(1000);
    let analysis = of(vec![story.read()]);
    assert_eq!(steps(&analysis), ["II.2", "II.3"]);
    assert!(has(&analysis, Code::NotThreaded) && !has(&analysis, Code::AnotherServer));
}

/// The first run of step 10 ends with Ctrl-C at the server. The second one is what the step asks for.
#[test]
fn of_two_runs_beside_the_first_client_one_that_was_not_cut_short_answers() {
    let mut story = Story::new("at A", 0);
    for second in [false, true] {
        let mut b = connected(&mut story, if second { B2 } else { B1 });
        story.line(&mut b, "one\n");
        story.wait(2000);
        let mut c = connected(&mut story, if second { C2 } else { C1 });
        story.line(&mut c, "two\n");
        story.wait(2000);
        if second {
            story.half_close(&mut c);
            story.wait(2000);
            story.close(&mut b);
            story.half_close_of_server(&mut c);
        } else {
            story.reset_by_server(&mut c);
            story.half_close_of_server(&mut b);
            story.half_close(&mut b);
        }
        story.wait(10_000);
    }
    let analysis = of(vec![story.read()]);
    assert_eq!(short(&analysis, "I.3"), "Connected; served only after B quit");
}

/// A capture at A that begins with step 10: of B's connection it has what comes last.
fn begun_late(last: impl FnOnce(&mut Story, &mut Tcp, &mut Tcp)) -> Analysis {
    let mut before = Story::new("not kept", 0);
    let mut b = connected(&mut before, B1);
    before.echo(&mut b, "one\n");
    let mut story = Story::new("at A", 60);
    let mut c = connected(&mut story, C1);
    story.line(&mut c, "two\n");
    story.half_close(&mut c);
    story.wait(5000);
    last(&mut story, &mut b, &mut c);
    of(vec![story.read()])
}

#[test]
fn a_connection_whose_end_alone_was_captured_was_open_when_the_capture_began() {
    let analysis = begun_late(|story, b, c| {
        story.close(b);
        story.data_to_nobody(c, "two\n");
    });
    assert_eq!(short(&analysis, "I.3"), "Connected; served only after B quit");
}

#[test]
fn a_connection_that_goes_on_without_a_handshake_kept_the_server_busy_before() {
    let analysis = begun_late(|story, b, _| {
        story.echo(b, "three\n");
        story.wait(2000);
    });
    assert_eq!(short(&analysis, "I.3"), "Connected, but waited in the queue");
    let served = begun_late(|story, b, c| {
        story.segment_of_server(c, "two\n");
        story.echo(b, "three\n");
    });
    assert_eq!(short(&served, "I.3"), "Connected, and served while B was open");
}

/// One client of C, still connected when B's two come: Part II in another order. Where B's first one is there before C's, it is
/// step 10.
#[test]
fn a_client_that_stays_while_others_come_side_by_side_has_the_same_server() {
    for first_is_early in [false, true] {
        let mut story = Story::new("at A", 0);
        let mut first = first_is_early.then(|| connected(&mut story, "10.0.3.2:50001"));
        let mut c = connected(&mut story, C1);
        story.echo(&mut c, "line\n");
        if let Some(first) = &mut first {
            story.close(first);
        }
        let mut clients = [B1, B2].map(|client| connected(&mut story, client));
        clients.iter_mut().for_each(|tcp| story.echo(tcp, "line\n"));
        story.echo(&mut c, "again\n");
        let analysis = of(vec![story.read()]);
        match first_is_early {
            false => assert_eq!(steps(&analysis), ["II.2", "II.3"]),
            true => assert_eq!(steps(&analysis), ["I.8", "I.10", "II.2"]),
        }
    }
}

/// The first server ends while a client is in its queue: its system resets that one, which no `accept()` has returned.
#[test]
fn a_connection_that_was_reset_in_the_queue_has_no_socket() {
    let mut story = Story::new("at A", 0);
    let mut first = connected(&mut story, B1);
    story.echo(&mut first, "one\n");
    let mut second = connected(&mut story, B2);
    story.line(&mut second, "two\n");
    story.half_close(&mut second);
    story.wait(3000);
    story.reset_by_server(&mut second);
    story.half_close_of_server(&mut first);
    let analysis = of(vec![story.read()]);
    assert_eq!(short(&analysis, "II.2"), "10.0.3.1:65432; 2 sockets (1 listening, 1 connected)");
    let told = said(&analysis, "II.2");
    assert!(told.contains("until the server ended: accept() never returned it") && !told.contains("still"), "{told}");
    assert!(told.contains("In total the server creates 2 sockets."), "{told}");
}

/// C waits for B, and then the threaded server runs at the same address, whose kind says nothing of the first one.
#[test]
fn a_client_of_the_first_server_waited_in_its_queue_whatever_ran_there_later() {
    let mut story = Story::new("at A", 0);
    let mut b = connected(&mut story, "10.0.3.2:50001");
    story.echo(&mut b, "one\n");
    let mut c = connected(&mut story, "10.0.3.3:50003");
    story.line(&mut c, "hello\n");
    story.wait(3000);
    story.close(&mut b);
    story.segment_of_server(&mut c, "hello\n");
    story.close(&mut c);
    story.wait(20_000);
    side_by_side(&mut story);
    let told = said(&of(vec![story.read()]), "I.3");
    assert!(told.contains("until then C's connection waited in the queue."), "{told}");
}

/// C's own capture numbers the answer lower than A's does.
#[test]
fn an_answer_is_no_greeting_because_another_file_has_it_at_a_lower_number() {
    let tell = |file: &str, is_at_c: bool| {
        let mut story = Story::new(file, 0);
        let of_b = |story: &mut Story, tell: &mut dyn FnMut(&mut Story)| match is_at_c {
            true => story.wait(8),
            false => tell(story),
        };
        let mut b = Story::tcp("10.0.3.2:50001", A);
        of_b(&mut story, &mut |story| {
            story.handshake(&mut b);
            story.echo(&mut b, "one\n");
        });
        let mut c = connected(&mut story, "10.0.3.3:50003");
        story.line(&mut c, "hello\n");
        story.wait(3000);
        of_b(&mut story, &mut |story| story.close(&mut b));
        story.segment_of_server(&mut c, "hello\n");
        story.read()
    };
    let told = said(&of(vec![tell("at A", false), tell("at C", true)]), "I.3");
    assert!(told.contains("until then C's connection waited in the queue."), "{told}");
}

/// B's client was started twice before the second part.
#[test]
fn several_runs_of_a_step_are_told_of_beside_the_clients_side_by_side() {
    let mut story = Story::new("at A", 0);
    for port in [50001, 50002] {
        let mut b = connected(&mut story, &format!("10.0.3.2:{port}"));
        story.echo(&mut b, "one\n");
        story.close(&mut b);
        story.wait(1000);
    }
    story.datagram("10.0.3.2:50005", UDP_A, "one");
    story.wait(20_000);
    side_by_side(&mut story);
    let analysis = of(vec![story.read()]);
    assert_eq!(steps(&analysis), ["I.8", "I.12", "II.2", "II.3"]);
    assert!(has(&analysis, Code::SeveralRuns), "{:?}", analysis.findings);
}

/// C's client has come and gone when B starts the second part's, at the server of the first that is still busy.
#[test]
fn a_client_that_comes_when_the_one_that_waited_has_gone_is_of_no_step() {
    for is_answered in [true, false] {
        let analysis = late_at_the_busy_server(is_answered);
        assert_eq!(steps(&analysis), ["I.8", "I.10", "II.2", "II.3"]);
        assert_eq!(short(&analysis, "I.1b"), "Client 10.0.3.2:50001; server 10.0.3.1:65432");
        assert_eq!(short(&analysis, "I.3"), "Connected; served only after B quit");
        assert!(!has(&analysis, Code::SeveralRuns));
        let told =
            analysis.findings.iter().find(|finding| finding.code == Code::AnotherServer).unwrap().message.to_string();
        assert!(told.starts_with("1 client (10.0.3.2:50002) had a server that serves one client at a time"), "{told}");
        assert!(told.ends_with("So it counts for no step."), "{told}");
        assert_eq!(told.contains("one ran that serves several"), is_answered, "{told}");
    }
}

/// One client of B, and two of C that are served while it is there.
#[test]
fn a_client_beside_which_two_of_another_host_are_served_is_of_their_run() {
    for files in [["at A", "at A"], ["at B", "at C"]] {
        let is_apart = files[0] != files[1];
        let mut story = Story::new(files[0], 0);
        let mut b = connected(&mut story, B1);
        story.echo(&mut b, "one\n");
        let mut captures = Vec::new();
        if is_apart {
            story.wait(60_000);
            story.echo(&mut b, "two\n");
            captures.push(std::mem::replace(&mut story, Story::new(files[1], 10)).read());
        }
        for client in [C1, C2] {
            let mut c = connected(&mut story, client);
            story.echo(&mut c, "hello\n");
            story.wait(1000);
        }
        captures.push(story.read());
        let analysis = of(captures);
        assert_eq!(short(&analysis, "II.2"), "10.0.3.1:65432; 4 sockets (1 listening, 3 connected)");
        assert_eq!(short(&analysis, "I.3"), "Expected: connected, not served");
        assert!(!has(&analysis, Code::SecondHostMissing));
    }
}
