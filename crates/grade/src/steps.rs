//! The steps of which the sheet asks for a capture, and those that a submission shows.

use socklab_core::analyze::analysis::{Analysis, Answer, ClientHost, Facts, MeasuredFacts};
use socklab_core::lab::Step;
use socklab_packets::types::Protocol;

/// The steps of which the sheet asks for a capture and of which there is none.
pub fn missing(analysis: &Analysis) -> Vec<Step> {
    let recorded = |step: &Step| {
        analysis.captures.iter().flat_map(|capture| &capture.steps).any(|recorded| recorded.step == *step)
    };
    // One file may hold several steps: the answers tell.
    let shown = |step: &Step| analysis.answers.iter().any(|answer| shows(analysis, answer, step));
    // A capture that may be of one step or another is there.
    let in_doubt = |step: &Step| analysis.lab.in_doubt.contains(step);
    let missing = analysis.lab.sheet.captured().filter(|step| !recorded(step) && !shown(step) && !in_doubt(step));
    missing.cloned().collect()
}

/// Whether the captures show a step, by an answer that comes from it. What journals alone tell is in no capture.
fn shows(analysis: &Analysis, answer: &Answer, step: &Step) -> bool {
    let is_of = answer.question.steps().contains(step);
    let mut evidence = answer.claims.iter().flat_map(|claim| &claim.evidence);
    let from_frames = evidence.any(|one| !one.frames.is_empty());
    is_of
        && from_frames
        && match &answer.facts {
            Facts::SocketAddresses { client_socket_addresses, .. } => client_socket_addresses.is_some(),
            Facts::UdpFrames { udp_datagrams, .. } => step.runs(Protocol::Udp) && udp_datagrams.is_some(),
            Facts::ClientSockets { clients: Some(clients) } => {
                clients.iter().filter(|host| is_captured(analysis, answer, host)).count() > 1
            }
            // Some facts hold without any frame, such as the length of UDP's header, and some are of another step.
            Facts::Measured(MeasuredFacts(all)) => {
                let has_values = all.iter().any(|measured| measured.values.is_some());
                has_values && analysis.lab.streams.iter().any(|stream| stream.step == *step)
            }
            _ => false,
        }
}

/// Whether a capture has a connection of a client computer in an answer's steps.
fn is_captured(analysis: &Analysis, answer: &Answer, host: &ClientHost) -> bool {
    let mut streams = analysis.lab.streams.iter().filter(|stream| answer.question.steps().contains(&stream.step));
    streams.any(|stream| host.socket_addresses.contains(&stream.client))
}

#[cfg(test)]
mod tests {
    use super::missing;
    use socklab_core::analyze::testing::Story;
    use socklab_core::analyze::{analyze, lab_file};

    const LAB: &str = r#"
[[host]]
name = "A"
role = "server"
[[host]]
name = "B"
role = "client"
[[host]]
name = "C"
role = "client"
[[step]]
number = "1"
title = "B"
does = "clients"
protocol = "udp"
port = 7001
client = "B"
captured = "B"
[[step]]
number = "2"
title = "C"
does = "clients"
protocol = "udp"
port = 7002
client = "C"
captured = "C"
[[question]]
number = "1"
title = "Ports"
points = 1
kind = "facts"
steps = ["1", "2"]
[question.facts]
b = { ask = "B's port", fact = "client_port", client = "B" }
c = { ask = "C's port", fact = "client_port", client = "C" }
"#;

    /// What a question about two steps has of the one shows nothing of the other.
    #[test]
    fn a_fact_of_one_step_is_no_capture_of_another() {
        let mut story = Story::new("b", 0);
        story.datagram("10.1.1.2:40000", "10.1.1.1:7001", "one\n");
        story.datagram("10.1.1.1:7001", "10.1.1.2:40000", "one\n");
        let analysis = analyze(vec![story.read()], &[], &lab_file(LAB).unwrap());
        assert_eq!(missing(&analysis).iter().map(ToString::to_string).collect::<Vec<_>>(), ["2"]);
    }
}
