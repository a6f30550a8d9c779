//! How findings are worded: in the singular, with the frames of their own file, with the step to do again.

use crate::analyze::analysis::{Analysis, Code};
use crate::analyze::testing::Story;
use crate::analyze::tests::support::{B1, B2, C1, C2, connected, of, told};

fn messages(analysis: &Analysis, code: Code, file: &str) -> Vec<String> {
    let of_file = analysis.findings.iter().filter(|f| f.code == code && f.file.as_deref() == Some(file));
    of_file.map(|finding| finding.message.to_string()).collect()
}

#[test]
fn one_of_something_is_told_in_the_singular() {
    let mut story = Story::new("at A", 0);
    let mut clients = [B1, B2, C1, C2].map(|client| connected(&mut story, client));
    clients.iter_mut().for_each(|client| story.echo(client, "one\n"));
    clients.iter_mut().for_each(|client| story.close(client));
    let closed = told(&of(vec![story.read()]), Code::ConnectionClosed);
    assert!(closed.contains("1 further connection was closed by its client, too."), "{closed}");
    let mut story = Story::new("at C", 0);
    story.datagram("10.0.3.3:5353", "224.0.0.251:5353", "\0\0");
    let none = told(&of(vec![story.read()]), Code::NoLabTraffic);
    assert!(none.starts_with("The only frame does not belong to the lab: "), "{none}");
}

/// Each part of the sheet says itself where lines are typed and the capture is stopped.
#[test]
fn what_to_do_again_is_told_by_the_step_that_it_is() {
    for (clients, places) in [(&[B1][..], ["(8c)", "(8d)"]), (&[B1, B2], ["(II.2b)", "(II.2c)"])] {
        let mut story = Story::new("at B", 0);
        for client in clients {
            connected(&mut story, client);
        }
        story.wait(3000);
        let told = told(&of(vec![story.read()]), Code::CaptureStoppedEarly);
        let advice = format!("Send a few lines {}, then stop the capture {}.", places[0], places[1]);
        assert!(told.contains(&advice), "{told}");
    }
}

/// A connection whose line is reset, in a capture of its own beside one that shows both clients.
#[test]
fn a_finding_names_the_frames_of_its_own_file() {
    let mut at_a = Story::new("at A", 0);
    let mut b = connected(&mut at_a, B1);
    at_a.echo(&mut b, "one\n");
    let mut c = connected(&mut at_a, C1);
    at_a.line(&mut c, "two\n");
    at_a.close(&mut b);
    at_a.reset_by_server(&mut c);
    let mut at_c = Story::new("at C", 0);
    at_c.wait(12);
    let mut c = connected(&mut at_c, C1);
    at_c.line(&mut c, "two\n");
    at_c.reset_by_server(&mut c);
    let analysis = of(vec![at_a.read(), at_c.read()]);
    let told = messages(&analysis, Code::ConnectionReset, "at C").join(" ");
    assert!(told.contains("frame 6") && !told.contains("frame 1"), "{told}");
}
