//! The lab in the captures: its servers, its hosts, its connections, and which steps of the sheet each file records.
//!
//! Everything here is worked out from what the captures and journals hold; the settings of a
//! [`crate::lab::LabConfig`] go before it. Each result says how it was found.
//!
//! [`build`] asks in this order: [`servers`], [`roles`] of the two ends of each connection, [`hosts`], [`company`], [`steps`],
//! [`datagrams`]. [`view`] is the result, from which answers and findings are made.

mod build;
mod company;
mod datagrams;
mod gathered;
mod hosts;
mod roles;
mod runs;
mod servers;
mod steps;
mod streams;
mod view;

#[cfg(test)]
mod tests;

pub(crate) use company::epochs::LONGEST_PAUSE;
pub(crate) use datagrams::groups::GroupText;
pub(crate) use datagrams::refusals::Refusal;
pub(crate) use datagrams::undelivered::Undelivered;
pub(crate) use servers::candidates::ICMP_LIMITED;
pub(crate) use servers::services::{is_other_service, may_be_ephemeral};
pub(crate) use steps::beside::may_come_second;
pub(crate) use steps::doubts::Doubt;
pub(crate) use steps::order::in_time;
pub use steps::sheet_notes::sheet_notes;
pub(crate) use view::{Known, LabView};
