//! What is a slip, or none, is no misconception.

use serde_json::{Value as Json, json};

use super::super::testing::{LAB, judged, lab, step_8};
use crate::result::{Comparison, QuestionGrade};
use socklab_core::analyze::analysis::Analysis;
use socklab_core::analyze::testing::Story;

fn graded(analysis: &Analysis, question: &str, facts: &Json) -> QuestionGrade {
    judged(analysis, &json!({ question: facts })).into_iter().find(|own| own.key() == question).unwrap()
}

fn codes(analysis: &Analysis, question: &str, facts: &Json) -> Vec<String> {
    graded(analysis, question, facts).misconceptions.into_iter().map(|made| made.code).collect()
}

/// A capture of Part II with so many frames before, and so many lines of one client.
fn with_part_two(before: usize, lines: usize) -> Analysis {
    let mut story = Story::new("2", 600);
    for _ in 0..before {
        story.datagram("10.0.9.9:5353", "224.0.0.251:5353", "else");
    }
    let [mut one, mut other] = ["10.0.3.2:40210", "10.0.3.2:40212"].map(|client| Story::tcp(client, "10.0.3.1:65432"));
    story.handshake(&mut one);
    for line in 0..lines {
        story.line(&mut one, &format!("{line}\n"));
    }
    story.handshake(&mut other);
    story.line(&mut other, "other\n");
    lab(vec![step_8(|_| ()), story.read()])
}

/// Of the frames without data that a student counts, any number may be that of another capture.
#[test]
fn a_count_tells_no_other_step() {
    for lines in 1..8 {
        let analysis = with_part_two(0, lines);
        for count in 5..16 {
            let graded = graded(&analysis, "I.4a", &json!({ "tcp_control_frames": count }));
            assert!(graded.misconceptions.is_empty(), "{lines}, {count}");
            assert!(graded.items.iter().all(|item| item.comparison != Comparison::RightForAnotherStep));
        }
    }
}

/// Data 4, 6, 8: one more or less, or one that is wrong, may be what another capture has.
#[test]
fn a_slip_in_a_list_tells_no_other_step() {
    for (before, lines) in [(0, 1), (0, 2), (0, 4), (0, 5), (1, 3), (2, 2)] {
        let analysis = with_part_two(before, lines);
        for slip in ["4", "4, 6", "6, 8", "4, 6, 8, 10", "4, 6, 8, 10, 12", "5, 6, 8", "4, 7, 8", "4, 6, 9"] {
            let graded = graded(&analysis, "I.1a", &json!({ "data_frames": slip }));
            assert!(graded.misconceptions.is_empty(), "{before}, {lines}, {slip}: {:?}", graded.misconceptions);
            assert!(graded.items.iter().all(|item| item.comparison != Comparison::RightForAnotherStep), "{slip}");
        }
    }
    let all =
        json!({ "handshake_frames": "11-13", "data_frames": "14, 16, 18", "acknowledgement_frames": "15, 17, 19" });
    let analysis = with_part_two(10, 3);
    assert_eq!(codes(&analysis, "I.1a", &all), ["capture-of-another-step"]);
    // The frames of one connection; its acknowledgements where data is asked for.
    let swapped = json!({ "data_frames": "5, 7, 9" });
    assert_eq!(codes(&with_part_two(1, 3), "I.1a", &swapped), ["data-and-acknowledgement-confused"]);
}

#[test]
fn none_is_no_stream_number() {
    for key in ["closing_frames", "data_frames", "acknowledgement_frames"] {
        assert_eq!(codes(&LAB, "I.1a", &json!({ key: "0" })), [] as [&str; 0], "{key}");
    }
    assert_eq!(codes(&LAB, "I.1a", &json!({ "closing_frames": 0 })), [] as [&str; 0]);
    let everywhere = json!({ "handshake_frames": "0", "data_frames": "0", "closing_frames": "0" });
    let made = graded(&LAB, "I.1a", &everywhere).misconceptions;
    assert_eq!(made.len(), 1);
    assert_eq!((made[0].code.as_str(), made[0].keys.len()), ("stream-number-for-frame-number", 2));
}

/// Whoever overlooked a client counts its socket neither here nor there.
#[test]
fn sockets_that_add_up_are_counted_by_no_addresses() {
    let sockets = |listening: u64, connected: u64, created: u64| json!({ "listening_sockets": listening, "connection_sockets": connected, "sockets_created": created });
    assert_eq!(codes(&LAB, "II.2", &sockets(1, 3, 4)), Vec::<String>::new());
    assert_eq!(codes(&LAB, "II.2", &sockets(1, 4, 4)), ["sockets-counted-as-addresses"]);
    assert_eq!(codes(&LAB, "II.2", &json!({ "sockets_created": 4 })), ["sockets-counted-as-addresses"]);
}
