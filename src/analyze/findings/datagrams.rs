//! Findings about the lab's UDP datagrams in a capture.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use crate::analyze::analysis::{Finding, Severity};
use crate::analyze::findings::{frames, of_file};
use crate::analyze::topology::LabView;
use crate::lab::Step;
use crate::types::{FrameNumber, SocketAddress};
use crate::wording::{count, list};

/// From this many one-datagram conversations of a host on, its program makes a socket for every line.
const SOCKET_PER_LINE: usize = 3;

/// Looks at the datagrams of one capture.
pub(super) fn find(view: &LabView<'_>, capture: usize, found: &mut Vec<Finding>) {
    port_unreachable(view, capture, found);
    socket_per_line(view, capture, found);
}

fn port_unreachable(view: &LabView<'_>, number: usize, found: &mut Vec<Finding>) {
    let (numbers, servers): (Vec<FrameNumber>, BTreeSet<SocketAddress>) =
        view.unreachable_datagrams(number).into_iter().unzip();
    if numbers.is_empty() {
        return;
    }
    let message = format!(
        "{} to {} came back as ICMP port unreachable: no UDP server was bound to that address and port. Start udp_server \
         before the client (step 12), and compare the addresses and ports in both programs.",
        count(numbers.len() as u64, "datagram"),
        list(&servers.into_iter().collect::<Vec<_>>())
    );
    let finding = of_file(view, number, "udp-port-unreachable", Severity::Error, message, Some(Step::Udp));
    found.push(Finding { evidence: frames(view, number, numbers), ..finding });
}

fn socket_per_line(view: &LabView<'_>, number: usize, found: &mut Vec<Finding>) {
    let mut single: BTreeMap<IpAddr, Vec<FrameNumber>> = BTreeMap::new();
    for conversation in &view.conversations {
        for sighting in conversation.sightings.iter().filter(|sighting| sighting.capture == number) {
            if sighting.client_sent().datagrams == 1 {
                single.entry(conversation.client.ip).or_default().push(sighting.conversation.first_frame);
            }
        }
    }
    for (host, numbers) in single.into_iter().filter(|(_, numbers)| numbers.len() >= SOCKET_PER_LINE) {
        let message = format!(
            "{} sent {} from a port of its own each: its client makes a new socket for every line. One socket would keep one \
             port.",
            view.host_text(host),
            count(numbers.len() as u64, "datagram")
        );
        let finding = of_file(view, number, "socket-per-line", Severity::Info, message, None);
        found.push(Finding { evidence: frames(view, number, numbers), ..finding });
    }
}
