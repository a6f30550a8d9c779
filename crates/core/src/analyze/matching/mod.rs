//! The lab in the captures: its servers, its hosts, its connections, and which steps of the sheet each file records.
//!
//! Everything here is worked out from what the captures and journals hold; the settings of a
//! [`crate::lab::LabConfig`] go before it. Each result says how it was found.

mod about;
mod allot;
mod apart;
mod attempts;
mod beside;
mod build;
mod candidates;
mod company;
mod computers;
mod copied;
mod doubts;
mod early;
mod epochs;
mod exchanges;
mod first_part;
mod gathered;
mod groups;
mod hosts;
mod loopback;
mod mistaken;
mod numbering;
mod one_computer;
mod order;
mod parts;
#[cfg(test)]
mod program_tests;
mod programs;
mod reach;
mod refusals;
mod replies;
mod roles;
mod runs;
mod seconds;
mod servers;
mod services;
mod sheet_notes;
mod sheet_order;
mod spoken;
mod steps;
mod streams;
mod swapped;
mod undelivered;
mod unsaid;
#[cfg(test)]
mod unsaid_tests;
mod view;

#[cfg(test)]
mod alike_tests;
#[cfg(test)]
mod browser_tests;
#[cfg(test)]
mod byte_tests;
#[cfg(test)]
mod cost_tests;
#[cfg(test)]
mod first_part_tests;
#[cfg(test)]
mod guessed_host_tests;
#[cfg(test)]
mod host_tests;
#[cfg(test)]
mod sheet_order_tests;
#[cfg(test)]
mod step_tests;
#[cfg(test)]
mod swapped_tests;
#[cfg(test)]
mod tests;

pub(crate) use beside::may_come_second;
pub(crate) use candidates::ICMP_LIMITED;
pub(crate) use doubts::Doubt;
pub(crate) use groups::GroupText;
pub(crate) use order::in_time;
pub(crate) use refusals::Refusal;
pub(crate) use services::{is_other_service, may_be_ephemeral};
pub use sheet_notes::sheet_notes;
pub(crate) use undelivered::Undelivered;
pub(crate) use view::{Known, LabView};
