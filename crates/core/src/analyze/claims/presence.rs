//! Whether the computers that were asked are there at all.

use std::net::IpAddr;

use crate::analyze::matching::LabView;
use socklab_packets::pipeline::CaptureFacts;
use socklab_packets::types::SocketAddress;

/// The computers of a capture that show themselves: by ARP, as the source of any frame, or by answering a ping.
pub(crate) fn computers(capture: &CaptureFacts) -> Vec<IpAddr> {
    let other = capture.traffic.other();
    let answering = other.pings.iter().filter(|ping| ping.replies > 0).map(|ping| ping.target);
    other.neighbours.iter().map(|neighbour| neighbour.ip).chain(answering).collect()
}

/// Whether the computer of a server shows itself in a capture, or the server had a connection in any.
pub(crate) fn is_there(view: &LabView<'_>, capture: usize, server: SocketAddress) -> bool {
    let serves = view.connections().any(|c| c.server() == server && c.established());
    serves || view.captures.get(capture).is_some_and(|capture| computers(capture).contains(&server.ip))
}
