//! Captures of one direction, of a beginning or of an end.

use crate::analyze::analysis::Code;
use crate::analyze::testing::Story;
use crate::analyze::tests::support::{A, B1, B2, C1, C2, connected, of, said, short, told};

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

/// Had the answer been on its way, the capture would not show it either.
#[test]
fn a_syn_at_the_end_of_the_capture_is_no_client_that_did_not_connect() {
    let at_end = |watched: u64| {
        let mut b = Story::new("at B", 0);
        let mut first = connected(&mut b, B1);
        b.echo(&mut first, "one\n");
        b.wait(20_000);
        let mut c = Story::new("at C", 10);
        c.syns(Story::tcp(C1, A), 1);
        c.wait(watched);
        c.datagram("10.0.3.9:5000", "10.0.3.8:5001", "noise");
        of(vec![b.read(), c.read()])
    };
    let (soon, later) = (at_end(100), at_end(3000));
    assert!(said(&soon, "I.3").contains("nothing shows whether it was answered"), "{}", said(&soon, "I.3"));
    assert!(short(&soon, "I.3").starts_with("Expected"), "{}", short(&soon, "I.3"));
    assert_eq!(short(&later, "I.3"), "Not connected");
}

#[test]
fn of_what_came_before_the_capture_nothing_is_said() {
    let mut story = Story::new("late", 0);
    let mut b = Story::tcp(B1, A);
    story.line(&mut b, "one\n");
    story.line(&mut b, "two\n");
    let analysis = of(vec![story.read()]);
    assert!(said(&analysis, "I.1a").contains("sends data in this capture; "), "{}", said(&analysis, "I.1a"));
    assert!(said(&analysis, "I.1b").contains("sends data in these frames; "), "{}", said(&analysis, "I.1b"));
}
