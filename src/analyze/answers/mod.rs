//! The nine answers, each as claims that are proved, inferred or unknown, and as a text that a student could have written.
//!
//! One file per group of questions. What is true of sockets in general comes from the RFCs and from measured runs of the
//! lab; what is true of this run comes from the view of the lab alone.

mod busy_server;
mod client_sockets;
mod draft;
mod part_two;
mod phases;
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
use crate::analyze::testimony::Testimony;
use crate::analyze::topology::LabView;
use crate::lab::Question;

/// Answers all questions, in the order of the sheet.
pub(super) fn all(view: &LabView<'_>) -> Vec<Answer> {
    let testimony = Testimony::of(view.journals);
    Question::ALL
        .into_iter()
        .map(|question| match question {
            Question::I1a => tcp_frames::answer(view),
            Question::I1b => tcp_addresses::answer(view),
            Question::I2 => second_server::answer(view, &testimony),
            Question::I3 => busy_server::answer(view, &testimony),
            Question::I4a => udp_frames::answer(view),
            Question::I4b => udp_clients::answer(view, &testimony),
            Question::II1 => threaded_clients::answer(view, &testimony),
            Question::II2 => server_sockets::answer(view, &testimony),
            Question::II3 => client_sockets::answer(view, &testimony),
        })
        .collect()
}
