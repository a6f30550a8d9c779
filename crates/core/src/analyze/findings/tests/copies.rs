//! Frames that were captured twice, and segments that were sent twice.

use crate::analyze::analysis::Code;
use crate::analyze::testing::Story;
use crate::analyze::tests::support::{B1, connected, of, said, short, told};

#[test]
fn a_frame_that_was_captured_twice_was_not_sent_twice() {
    let mut story = Story::new("merged", 0);
    let mut b = connected(&mut story, B1);
    story.line_captured_twice(&mut b, "one\n");
    let analysis = of(vec![story.read()]);
    let copied = told(&analysis, Code::CopiedFrames);
    assert!(copied.contains("Frame 5 is a copy"), "{copied}");
    // A network may do that, too (RFC 793, section 1.5).
    assert!(copied.contains("or the network delivered them twice."), "{copied}");
    assert_eq!(told(&analysis, Code::Retransmissions), "");
    assert!(said(&analysis, "I.1a").contains("Frame 5 is a copy of what was captured just before"));
    assert_eq!(short(&analysis, "I.1a"), "Frames: 3 handshake, 1 data, 1 captured twice");
}

/// Captured at all ports of a switch; a system numbers what it sends again anew.
#[test]
fn what_a_switch_passes_on_later_was_not_sent_again() {
    for (numbers, milliseconds, is_copy) in [([7, 7], 20, true), ([7, 8], 20, false), ([7, 7], 300, false)] {
        let mut story = Story::new("at the switch", 0);
        let mut b = connected(&mut story, B1);
        story.line_at_two_ports(&mut b, "one\n", numbers, milliseconds);
        let analysis = of(vec![story.read()]);
        let [copied, again] = [Code::CopiedFrames, Code::Retransmissions].map(|code| told(&analysis, code));
        assert_eq!(
            copied.contains("Frame 5 is a copy: the same segment is there a second time, sooner"),
            is_copy,
            "{copied}"
        );
        assert_eq!(again.contains("Frame 5 is a retransmission"), !is_copy, "{again}");
    }
}

/// A line and a FIN of which the network lost the first copy on its further way.
#[test]
fn a_fin_that_is_sent_again_is_a_retransmission_like_others() {
    let mut story = Story::new("at A", 0);
    let mut b = connected(&mut story, B1);
    let mut again = b;
    story.line(&mut b, "one\n");
    story.wait(300);
    story.line(&mut again, "one\n");
    let mut again = b;
    story.half_close(&mut b);
    story.wait(300);
    story.half_close(&mut again);
    let analysis = of(vec![story.read()]);
    let told = told(&analysis, Code::Retransmissions);
    // The JSON's counts are those of Wireshark's table of conversations, which has each frame.
    let once = "What they repeat counts once in the answers; Wireshark, and the list of connections, have both.";
    assert!(told.starts_with("Frames 6, 10 are retransmissions") && told.ends_with(once), "{told}");
    let told = said(&analysis, "I.1a");
    assert!(
        told.contains(
            "Frames 6 and 10 are retransmissions: they repeat what was sent before; it counts once in these answers."
        ),
        "{told}"
    );
}

/// A port of a switch mirrors both directions, or two interfaces are captured in batches: the copy comes after the other end's
/// next frame. What is really sent again, because the other end asked for it, is another packet.
#[test]
fn a_copy_is_the_same_packet_whatever_came_between() {
    for (numbers, is_copy) in [([7, 7], true), ([7, 8], false), ([0, 0], false)] {
        let mut story = Story::new("mirrored", 0);
        let mut b = connected(&mut story, B1);
        story.line_and_again(&mut b, "one\n", numbers);
        let analysis = of(vec![story.read()]);
        let copied = told(&analysis, Code::CopiedFrames);
        assert_eq!(copied.contains("Frames 6-7 are copies"), is_copy, "{numbers:?}: {copied}");
        assert_eq!(told(&analysis, Code::Retransmissions).contains("Frame 6 "), !is_copy, "{numbers:?}");
        if is_copy {
            assert_eq!(short(&analysis, "I.1a"), "Frames: 3 handshake, 1 data, 1 ACK, 2 captured twice");
            let without = said(&analysis, "I.4a");
            assert!(without.contains("made 4 frames without payload") && without.contains("1 frame with"), "{without}");
        }
    }
}
