//! Servers that were stopped, and started again or followed by another one at the same address, within one capture: what each of
//! them had is of its own step.

use super::other_program_tests::{connected, short};
use super::tests::{B1, B2, C1, C2, UDP_A, of};
use crate::analyze::analysis::Analysis;
use crate::analyze::testing::{Story, Tcp};

fn steps(analysis: &Analysis) -> Vec<String> {
    let recorded = analysis.captures[0].steps.iter();
    recorded.map(|recorded| recorded.step.to_string()).collect()
}

fn has(analysis: &Analysis, code: &str) -> bool {
    analysis.findings.iter().any(|finding| finding.code == code)
}

/// Two clients of B at a server that serves one at a time: the second one is answered when the first one has quit.
fn two_terminals(story: &mut Story, between: impl FnOnce(&mut Story)) {
    let mut first = connected(story, "10.0.3.2:50001");
    story.echo(&mut first, "one\n");
    story.wait(3000);
    let mut second = connected(story, "10.0.3.2:50002");
    story.line(&mut second, "two\n");
    between(story);
    story.wait(3000);
    story.close(&mut first);
    story.segment_of_server(&mut second, "two\n");
    story.wait(1000);
    story.close(&mut second);
    story.wait(20_000);
}

/// C's client comes and goes while the server is busy.
fn third_host(story: &mut Story) {
    let mut c = connected(story, "10.0.3.3:50003");
    story.line(&mut c, "hello\n");
    story.half_close(&mut c);
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
    assert!(!has(&analysis, "not-threaded"));
}

#[test]
fn two_terminals_before_the_datagrams_are_of_the_first_part() {
    let mut story = Story::new("at A", 0);
    two_terminals(&mut story, |_| {});
    story.datagram("10.0.3.2:50005", UDP_A, "one");
    let analysis = of(vec![story.read()]);
    assert_eq!(steps(&analysis), ["I.8", "I.12"]);
    assert!(has(&analysis, "several-runs") && !has(&analysis, "not-threaded"));
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
    two_terminals(&mut story, |_| {});
    side_by_side(&mut story);
    let analysis = of(vec![story.read()]);
    assert_eq!(steps(&analysis), ["II.2", "II.3"]);
    assert_eq!(short(&analysis, "II.1"), "Yes, 4 clients connected; 4 served at the same time");
    assert!(
        has(&analysis, "another-server") && !has(&analysis, "not-threaded") && !has(&analysis, "connection-closed")
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
    assert!(has(&analysis, "not-threaded") && !has(&analysis, "another-server"));
}
