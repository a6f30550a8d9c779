//! Addresses that nobody has.

use std::net::IpAddr;

use crate::analyze::claims::presence::computers;
use crate::analyze::matching::LabView;
use crate::analyze::text::{Text, say};
use crate::lab::Does;
use crate::wording::count;

/// ARP that nobody answers: then not even a SYN or a datagram leaves the computer. Somebody else's questions, and those for
/// an address that shows itself later, say nothing of the lab.
pub(super) fn no_answer_to_arp(view: &LabView<'_>, number: usize) -> Option<Text> {
    let capture = view.captures.get(number)?;
    let there = computers(capture);
    let server = view.config.server();
    let place = view.places.get(number).and_then(|place| place.host());
    let alone = |asker: IpAddr| there.iter().all(|ip| *ip == asker);
    let asked = capture.traffic.other().arp_unanswered.iter().filter(|question| {
        let (asker, target) = (IpAddr::V4(question.asker), IpAddr::V4(question.target));
        let meant = match server {
            Some(server) => server == target,
            None => place == Some(asker) || alone(asker),
        };
        question.requests > 1 && meant && !there.contains(&target)
    });
    let question = asked.max_by_key(|question| question.requests)?;
    let at = |does: Does| view.config.sheet.in_brackets(does);
    Some(say![format!(
        "{} asks for {} by ARP ({}), and no answer is in the capture: no packet for that address can have been sent. Check \
         the cables{}, the addresses{} with ping{}, and the server's address in the client.",
        question.asker,
        question.target,
        count(question.requests, "request"),
        at(Does::Connect),
        at(Does::Addresses),
        at(Does::Ping),
    )])
}
