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
mod threaded_clients;
mod udp_clients;
mod udp_frames;

use crate::analyze::analysis::Answer;
use crate::analyze::matching::LabView;
use crate::lab::Question;

/// Answers all questions, in the order of the sheet.
pub(super) fn all(view: &LabView<'_>) -> Vec<Answer> {
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
