//! The nine answers, each as claims that are proved, inferred or unknown. An answer's text is its claims in order.
//!
//! One file per group of questions. What is true of sockets in general comes from the RFCs and from measured runs of the
//! lab; what is true of this run comes from the view of the lab alone.

mod busy_server;
mod client_sockets;
mod part_two;
mod second_server;
mod server_sockets;
mod tcp_addresses;
mod tcp_frames;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod third_host_tests;
mod threaded_clients;
mod udp_clients;
mod udp_frames;

use std::collections::BTreeSet;

use crate::analyze::analysis::{Answer, Claim, StreamSpan};
use crate::analyze::conversation::TcpSighting;
use crate::analyze::matching::LabView;
use crate::lab::Question;
use crate::types::Protocol;

/// Answers all questions, in the order of the sheet.
pub(super) fn all(view: &LabView<'_>) -> Vec<Answer> {
    let mut answers = each(view);
    answers.iter_mut().for_each(|answer| name_files(view, answer));
    answers
}

/// Names the file of a claim's frames where the answer rests on several files, or another file shows the same connection.
fn name_files(view: &LabView<'_>, answer: &mut Answer) {
    let captures = |claims: &[Claim]| {
        let files = claims.iter().flat_map(|claim| &claim.evidence).filter(|evidence| !evidence.is_journal());
        files.map(|evidence| evidence.file.clone()).collect::<BTreeSet<String>>()
    };
    let files = captures(&answer.claims);
    let cited = |sighting: &TcpSighting| {
        let file = view.file(sighting.capture);
        let is_it = |span: &StreamSpan| (span.protocol, span.stream) == (Protocol::Tcp, sighting.connection.stream);
        let mut evidence = answer.claims.iter().flat_map(|claim| &claim.evidence);
        evidence.any(|evidence| evidence.file == file && evidence.streams.iter().any(is_it))
    };
    let seen_twice = || {
        view.known().any(|known| {
            let sightings = known.connection.sightings();
            sightings.len() > 1 && sightings.iter().any(cited)
        })
    };
    if files.len() < 2 && !seen_twice() {
        return;
    }
    for claim in &mut answer.claims {
        let own = captures(std::slice::from_ref(claim));
        if let (Some(file), 1) = (own.first(), own.len()) {
            claim.text = claim.text.with_file(file);
        }
    }
}

fn each(view: &LabView<'_>) -> Vec<Answer> {
    Question::ALL
        .into_iter()
        .map(|question| match question {
            Question::I1a => tcp_frames::answer(view),
            Question::I1b => tcp_addresses::answer(view),
            Question::I2 => second_server::answer(view),
            Question::I3 => busy_server::answer(view),
            Question::I4a => udp_frames::answer(view),
            Question::I4b => udp_clients::answer(view),
            Question::II1 => threaded_clients::answer(view),
            Question::II2 => server_sockets::answer(view),
            Question::II3 => client_sockets::answer(view),
        })
        .collect()
}
