//! Servers that do not answer every line: one that has no answer shows nobody in the queue.

use crate::analyze::analysis::{Analysis, Code, ServerKind};
use crate::analyze::testing::{Story, Tcp};
use crate::analyze::tests::support::{B1, B2, C1, C2, connected, of, said, short};

fn kind(analysis: &Analysis) -> Option<ServerKind> {
    analysis.lab.servers[0].kind
}

fn answer(story: &mut Story, tcp: &mut Tcp, line: &str, reply: &str) {
    story.line(tcp, line);
    story.segment_of_server(tcp, reply);
    story.wait(500);
}

fn left(story: &mut Story, tcp: &mut Tcp, line: &str) {
    story.line(tcp, line);
    story.wait(500);
}

/// Asserts that nobody is said to have waited.
fn nobody_waited(story: Story) {
    let analysis = of(vec![story.read()]);
    assert_ne!(kind(&analysis), Some(ServerKind::Iterative));
    assert!(!analysis.findings.iter().any(|finding| finding.code == Code::NotThreaded));
    for question in ["I.3", "II.1"] {
        assert!(!said(&analysis, question).contains("waited"), "{}", said(&analysis, question));
    }
}

#[test]
fn a_server_that_left_the_served_clients_line_leaves_others() {
    for clients in [[B1, B2], [B1, C1]] {
        let mut story = Story::new("at A", 0);
        let mut first = connected(&mut story, clients[0]);
        left(&mut story, &mut first, "hello\n");
        let mut second = connected(&mut story, clients[1]);
        left(&mut story, &mut second, "hi\n");
        answer(&mut story, &mut first, "quit\n", "quit\n");
        nobody_waited(story);
    }
}

/// Once the first client has gone, the next one in the queue would be served.
#[test]
fn a_line_without_an_answer_after_the_first_client_has_gone_did_not_wait_for_it() {
    let mut story = Story::new("at A", 0);
    let mut b = connected(&mut story, B1);
    story.echo(&mut b, "hello\n");
    let mut c = connected(&mut story, C1);
    left(&mut story, &mut c, "hi\n");
    story.close(&mut b);
    story.wait(2000);
    story.keep_alive(&mut c, true);
    nobody_waited(story);
}

#[test]
fn a_server_that_knows_commands_may_leave_any_other_line() {
    let mut story = Story::new("at B", 0);
    let [mut first, mut second] = [B1, B2].map(|client| connected(&mut story, client));
    answer(&mut story, &mut first, "time\n", "Sun Nov 29 22:27:34 2026\n");
    left(&mut story, &mut second, "hi there\n");
    answer(&mut story, &mut first, "help\n", "commands: time, help\n");
    nobody_waited(story);
}

#[test]
fn a_server_that_reads_whole_lines_waits_for_the_end_of_one() {
    let mut story = Story::new("at B", 0);
    let [mut first, mut second] = [B1, B2].map(|client| connected(&mut story, client));
    answer(&mut story, &mut first, "hello\n", "Echo: hello\n");
    left(&mut story, &mut second, "hi");
    answer(&mut story, &mut first, "one\n", "Echo: one\n");
    nobody_waited(story);
}

/// The client that came later was served while the earlier one was there: that one had been accepted, and its line was left.
#[test]
fn a_line_that_an_accepted_client_got_no_answer_to_is_none_that_waited() {
    let mut story = Story::new("at B", 0);
    let [mut first, mut second] = [B1, B2].map(|client| connected(&mut story, client));
    story.echo(&mut first, "hello\n");
    left(&mut story, &mut second, "hi\n");
    let at_b = story.read();
    let mut story = Story::new("at C", 0);
    let [mut first, mut second] = [C1, C2].map(|client| connected(&mut story, client));
    left(&mut story, &mut first, "hi\n");
    story.echo(&mut second, "ho\n");
    let analysis = of(vec![at_b, story.read()]);
    assert!(!said(&analysis, "II.1").contains("waited"), "{}", said(&analysis, "II.1"));
    assert_eq!(short(&analysis, "II.1"), "Yes, 4 clients connected; 2 served, 2 unknown");
}

/// What shows that a server answers any line: it repeats it, in whatever letters or order; or it says the same to different lines,
/// but for numbers; or it has answered this very line.
#[test]
fn a_server_that_answers_any_line_keeps_those_waiting_that_get_no_answer() {
    let replies = [
        [("hello\n", "HELLO\n"), ("one\n", "ONE\n")],
        [("hello\n", "olleh\n"), ("one\n", "eno\n")],
        [("hello\n", "Received 5 bytes\n"), ("one 2\n", "Received 12 bytes\n")],
        [("hi\n", "Good morning\n"), ("bye\n", "See you\n")],
    ];
    for [(one, first), (two, second)] in replies {
        let mut story = Story::new("at A", 0);
        let mut b = connected(&mut story, B1);
        answer(&mut story, &mut b, one, first);
        let mut c = connected(&mut story, C1);
        left(&mut story, &mut c, "hi\n");
        answer(&mut story, &mut b, two, second);
        let analysis = of(vec![story.read()]);
        assert_eq!(kind(&analysis), Some(ServerKind::Iterative), "{first}");
        assert_eq!(short(&analysis, "I.3"), "Connected, but waited in the queue");
    }
}
