//! Addresses that nobody has.

use std::net::IpAddr;

use crate::analyze::claims::presence::computers;
use crate::analyze::matching::LabView;
use crate::analyze::text::{Text, say};
use crate::lab::Does;
use crate::wording::count;
use socklab_packets::track::CaptureEvidence;

/// ARP that nobody answers: then not even a SYN or a datagram leaves the computer. Somebody else's questions, and those for
/// an address that shows itself later or in another file, say nothing of the lab. The question goes to all, the answer to the
/// asker alone (RFC 826): only a capture that was made there has it.
pub(super) fn no_answer_to_arp(view: &LabView<'_>, number: usize) -> Option<Text> {
    let capture = view.captures.get(number)?;
    let there = computers(capture);
    let place = view.places.get(number).and_then(|place| place.host());
    // As only a receiver sees it. Short frames alone tell nothing: on a virtual network nobody pads them.
    let came_here = |asker: IpAddr| {
        let came = |host: &CaptureEvidence| host.ip == asker && host.inbound > 0;
        capture.traffic.other().evidence.iter().any(came)
    };
    let elsewhere = |target: IpAddr| {
        view.connections().any(|connection| connection.server().ip == target && connection.established())
            || view.captures.iter().any(|capture| computers(capture).contains(&target))
    };
    let server = view.config.server();
    let alone = |asker: IpAddr| there.iter().all(|ip| *ip == asker);
    let asked = capture.traffic.other().arp_unanswered.iter().filter(|question| {
        let (asker, target) = (IpAddr::V4(question.asker), IpAddr::V4(question.target));
        let meant = match server {
            Some(server) => server == target,
            None => place == Some(asker) || alone(asker),
        };
        let is_at_asker = place == Some(asker);
        let shows_itself = there.contains(&target) || (!is_at_asker && elsewhere(target));
        question.requests > 1 && meant && !shows_itself && !came_here(asker)
    });
    let question = asked.max_by_key(|question| question.requests)?;
    let if_there = match place == Some(IpAddr::V4(question.asker)) {
        true => "no".to_owned(),
        false => format!("if it was made at {}, no", question.asker),
    };
    let at = |does: Does| view.config.sheet.in_brackets(does);
    Some(say![format!(
        "{} asks for {} by ARP ({}), and no answer is in the capture: {if_there} packet for that address can have been sent. \
         Check the cables{}, the addresses{} with ping{}, and the server's address in the client.",
        question.asker,
        question.target,
        count(question.requests, "request"),
        at(Does::Connect),
        at(Does::Addresses),
        at(Does::Ping),
    )])
}
