//! The steps of which the sheet asks for a capture, and those that a submission shows.

use socklab_core::analyze::analysis::{Analysis, Answer, Facts, MeasuredFacts};
use socklab_core::lab::Step;
use socklab_packets::types::Protocol;

/// The steps of which the sheet asks for a capture and of which there is none.
pub fn missing(analysis: &Analysis) -> Vec<Step> {
    let recorded = |step: &Step| {
        analysis.captures.iter().flat_map(|capture| &capture.steps).any(|recorded| recorded.step == *step)
    };
    // One file may hold several steps: the answers tell.
    let shown = |step: &Step| analysis.answers.iter().any(|answer| shows(answer, step));
    // A capture that may be of one step or another is there.
    let in_doubt = |step: &Step| analysis.lab.in_doubt.contains(step);
    let missing = analysis.lab.sheet.captured().filter(|step| !recorded(step) && !shown(step) && !in_doubt(step));
    missing.cloned().collect()
}

/// Whether an answer comes from a step.
fn shows(answer: &Answer, step: &Step) -> bool {
    let is_of = answer.question.steps().contains(step);
    match &answer.facts {
        Facts::SocketAddresses { client_socket_addresses, .. } => is_of && client_socket_addresses.is_some(),
        Facts::UdpFrames { udp_datagrams, .. } => is_of && step.runs(Protocol::Udp) && udp_datagrams.is_some(),
        Facts::ClientSockets { clients: Some(clients) } => is_of && clients.len() > 1,
        // Some facts hold without any frame, such as the length of UDP's header.
        Facts::Measured(MeasuredFacts(all)) => {
            let from_frames = answer.claims.iter().any(|claim| !claim.evidence.is_empty());
            is_of && from_frames && all.iter().any(|measured| measured.values.is_some())
        }
        _ => false,
    }
}
