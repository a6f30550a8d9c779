//! Two programs that have the same address one after the other: what the one does says nothing of the other.

use super::other_program_tests::{connected, said, short};
use super::tests::{B1, B2, C1, C2, of};
use crate::analyze::analysis::{Analysis, Verdict};
use crate::analyze::testing::Story;
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
    analysis.findings.iter().any(|finding| finding.code == "not-threaded")
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
