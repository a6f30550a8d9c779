//! Of which step of the sheet a run is, where what came before and after tells.

use crate::analyze::analysis::Analysis;
use crate::analyze::analyze;
use crate::analyze::testing::Story;
use crate::lab::LabConfig;
use socklab_packets::pipeline::CaptureFacts;

const A: &str = "10.0.3.1:65432";
const B: &str = "10.0.3.2:40110";
const C: &str = "10.0.3.3:51762";

fn of(captures: Vec<CaptureFacts>) -> Analysis {
    analyze(captures, &[], &LabConfig::default())
}

fn steps(analysis: &Analysis) -> Vec<String> {
    analysis.captures.iter().flat_map(|capture| &capture.steps).map(|recorded| recorded.step.name()).collect()
}

/// The server was restarted after step 12, and step 8 done again, all in one capture: one client is no run of Part II, but
/// clients of two hosts may be.
#[test]
fn one_client_that_connects_again_after_the_datagrams_is_of_the_same_step() {
    let told = |clients: &[&str]| {
        let mut story = Story::new("at A", 0);
        let mut first = Story::tcp(B, A);
        story.handshake(&mut first);
        story.line(&mut first, "one\n");
        story.close(&mut first);
        story.datagram("10.0.3.2:51000", "10.0.3.1:65433", "one");
        story.refused(&mut Story::tcp("10.0.3.2:40500", A));
        for client in clients {
            let mut again = Story::tcp(client, A);
            story.handshake(&mut again);
            story.line(&mut again, "again\n");
        }
        steps(&of(vec![story.read()]))
    };
    assert_eq!(told(&["10.0.3.2:40600"]), ["Part I step 8", "Part I step 12"]);
    let both = ["Part I step 8", "Part I step 12", "Part II step 2", "Part II step 3"];
    assert_eq!(told(&["10.0.3.2:40600", C]), both);
}
