//! The steps of which the sheet asks for a capture, and those that a submission shows.

use crate::analyze::analysis::{Analysis, Facts};
use crate::lab::Step;

/// The steps of which the sheet asks for a capture.
pub const ASKED: [Step; 4] = [Step::TcpClient, Step::Udp, Step::ThreadedAtB, Step::ThreadedAtC];

/// The steps of which the sheet asks for a capture and of which there is none.
pub fn missing(analysis: &Analysis) -> Vec<Step> {
    let recorded =
        |step: Step| analysis.captures.iter().flat_map(|capture| &capture.steps).any(|recorded| recorded.step == step);
    // One file may hold several steps: the answers tell.
    let shown = |step: Step| analysis.answers.iter().any(|answer| shows(&answer.facts, step));
    ASKED.into_iter().filter(|step| !recorded(*step) && !shown(*step)).collect()
}

/// Whether facts come from a step.
fn shows(facts: &Facts, step: Step) -> bool {
    match (facts, step) {
        (Facts::SocketAddresses { client_socket_addresses, .. }, Step::TcpClient) => client_socket_addresses.is_some(),
        (Facts::UdpFrames { udp_datagrams, .. }, Step::Udp) => udp_datagrams.is_some(),
        (Facts::ClientSockets { clients: Some(clients) }, Step::ThreadedAtB | Step::ThreadedAtC) => clients.len() > 1,
        _ => false,
    }
}
