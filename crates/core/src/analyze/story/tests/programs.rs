//! Two programs that have the same address one after the other: what the one does says nothing of the other.

use crate::analyze::analysis::{Analysis, Code, Verdict};
use crate::analyze::testing::Story;
use crate::analyze::tests::support::{B1, B2, C1, C2, connected, of, said, short, told};
use socklab_packets::pipeline::CaptureFacts;

/// A client alone, whose line is answered or not.
fn alone(file: &str, start: i64, client: &str, is_answered: bool) -> CaptureFacts {
    let mut story = Story::new(file, start);
    let mut tcp = connected(&mut story, client);
    if is_answered {
        story.echo(&mut tcp, "one\n")
    } else {
        story.line(&mut tcp, "one\n")
    }
    story.wait(2000);
    story.read()
}

/// Two clients side by side, of which the first one gets this answered.
fn beside(file: &str, start: i64, clients: [&str; 2], is_answered: bool) -> CaptureFacts {
    let mut story = Story::new(file, start);
    let [mut first, mut second] = clients.map(|client| connected(&mut story, client));
    if is_answered {
        story.echo(&mut first, "one\n")
    } else {
        story.line(&mut first, "one\n")
    }
    story.line(&mut second, "two\n");
    story.wait(2000);
    story.read()
}

fn verdicts(analysis: &Analysis) -> Vec<Verdict> {
    let stories = analysis.captures.iter().flat_map(|capture| capture.stories.values());
    stories.map(|story| story.service.verdict).collect()
}

fn has_not_threaded(analysis: &Analysis) -> bool {
    analysis.findings.iter().any(|finding| finding.code == Code::NotThreaded)
}

/// Part I echoes; the threaded server at the same port prints what it gets, and serves all.
#[test]
fn a_part_that_only_prints_is_not_measured_by_one_that_answers() {
    let captures = vec![
        alone("step8", 0, "10.0.3.2:40110", true),
        beside("at B", 900, [B1, B2], false),
        beside("at C", 1000, [C1, C2], false),
    ];
    let analysis = of(captures);
    assert!(!verdicts(&analysis).contains(&Verdict::Queued), "{:?}", verdicts(&analysis));
    assert!(!has_not_threaded(&analysis));
    assert_eq!(short(&analysis, "II.1"), "Yes, 4 clients connected; served: unknown");
    let told = said(&analysis, "II.1") + &said(&analysis, "II.2");
    assert!(!told.contains("queue"), "{told}");
}

/// Of several captures of one part each tells of the program that serves it.
#[test]
fn what_a_server_answers_tells_of_those_of_its_own_part() {
    let analysis = of(vec![beside("at B", 900, [B1, B2], true), beside("at C", 1000, [C1, C2], false)]);
    assert!(has_not_threaded(&analysis));
    assert!(said(&analysis, "II.1").contains(&format!("So {C1}'s connection waited in the queue")));
}

/// The first part's client is still there, and answered: its server was not stopped.
#[test]
fn a_server_that_still_has_the_client_of_the_first_part_is_the_same() {
    let mut story = Story::new("at A", 0);
    let mut first = connected(&mut story, "10.0.3.2:40110");
    story.echo(&mut first, "one\n");
    story.wait(60_000);
    let mut others = [B1, B2, C1, C2].map(|client| connected(&mut story, client));
    others.iter_mut().for_each(|other| story.line(other, "two\n"));
    story.wait(1000);
    story.echo(&mut first, "three\n");
    let analysis = of(vec![story.read()]);
    assert_eq!(verdicts(&analysis).iter().filter(|verdict| **verdict == Verdict::Queued).count(), 4);
}

/// Two clients of which the second one waits for the first, as at tcp_server, or not.
fn pair(story: &mut Story, clients: [&str; 2], is_threaded: bool) {
    let [mut first, mut second] = clients.map(|client| connected(story, client));
    story.wait(400);
    story.echo(&mut first, "one\n");
    match is_threaded {
        true => story.echo(&mut second, "two\n"),
        false => story.line(&mut second, "two\n"),
    }
    story.wait(500);
    story.close(&mut first);
    if !is_threaded {
        story.segment_of_server(&mut second, "TWO\n");
    }
    story.wait(300);
    story.close(&mut second);
    story.wait(1000);
}

/// A server that lets a client wait for one other has no thread for each; that another one had its address then is likelier.
#[test]
fn who_waited_while_one_other_was_served_lacked_no_thread() {
    for threaded in [[true, false], [false, true]] {
        let mut story = Story::new("at A", 0);
        let mut first = connected(&mut story, "10.0.3.2:40110");
        story.echo(&mut first, "one\n");
        story.close(&mut first);
        story.datagram("10.0.3.2:40220", "10.0.3.1:65433", "u one\n");
        pair(&mut story, [B1, B2], threaded[0]);
        pair(&mut story, [C1, C2], threaded[1]);
        let analysis = of(vec![story.read()]);
        let finding = told(&analysis, Code::NotThreaded);
        assert!(finding.contains("at another time several") && finding.contains("Was tcp_server"), "{finding}");
        assert!(!finding.contains("fewer threads"), "{finding}");
        assert_eq!(short(&analysis, "II.1"), "Yes, 4 clients connected; 4 served, 1 of them after waiting");
    }
}

/// Clocks that cannot be compared leave open whether the others were served then.
#[test]
fn where_no_clock_tells_both_causes_are_named() {
    let (mut b, mut c) = (Story::new("at B", 0), Story::new("at C", 900));
    pair(&mut b, [B1, B2], false);
    pair(&mut c, [C1, C2], true);
    let finding = told(&of(vec![b.read(), c.read()]), Code::NotThreaded);
    assert!(finding.contains("then or at another time") && finding.contains("Was tcp_server"), "{finding}");
    assert!(finding.contains("or has the server fewer threads than clients?"), "{finding}");
}

/// Two workers: one has the client of the first part, one a client of the second, and the third client waits.
#[test]
fn a_server_that_lets_one_wait_for_one_of_two_does_not_serve_one_at_a_time() {
    let mut story = Story::new("at A", 0);
    let mut b = connected(&mut story, B1);
    story.echo(&mut b, "hello\n");
    story.wait(400);
    let mut c = connected(&mut story, C1);
    story.echo(&mut c, "hey\n");
    let mut late = connected(&mut story, C2);
    story.line(&mut late, "waits\n");
    story.wait(500);
    story.close(&mut b);
    story.segment_of_server(&mut late, "WAITS\n");
    let analysis = of(vec![story.read()]);
    assert!(told(&analysis, Code::NotThreaded).contains("fewer threads than clients"));
    assert!(!said(&analysis, "II.1").contains("one client at a time"), "{}", said(&analysis, "II.1"));
    assert!(analysis.captures.iter().all(|capture| capture.steps.len() > 1), "two parts");
}
