//! Whether the server is known for certain.

use crate::analyze::analysis::{Code, Finding, Severity};
use crate::analyze::findings::made::{frames, of_file, step_of};
use crate::analyze::matching::LabView;
use crate::analyze::text::{Span, say};
use socklab_packets::types::Protocol;

/// One of the streams of a capture whose two ends nothing tells apart.
pub(super) fn find(view: &LabView<'_>, capture: usize, found: &mut Vec<Finding>) {
    let tcp = view.connections().filter_map(|connection| {
        let sighting = connection.in_capture(capture)?;
        Some((Protocol::Tcp, connection.client(), connection.server(), sighting.connection.first_frame))
    });
    let udp = view.conversations().filter_map(|conversation| {
        let sighting = conversation.sightings().iter().find(|sighting| sighting.capture == capture)?;
        Some((Protocol::Udp, conversation.client(), conversation.server(), sighting.conversation.first_frame))
    });
    let uncertain = |protocol, server| view.servers.is_uncertain(protocol, server);
    let Some((protocol, client, server, frame)) =
        tcp.chain(udp).find(|(protocol, _, server, _)| uncertain(*protocol, *server))
    else {
        return;
    };
    let lacks = match protocol {
        Protocol::Tcp => "no handshake is in the files, and the ports don't tell",
        Protocol::Udp => "the capture may have begun after the first datagram",
    };
    let message = say![
        format!("Which end is the server isn't shown: {lacks}. "),
        server,
        " is taken for it. If it is the client, say so: ",
        Span::Code(format!("--server {client}")),
        ".",
    ];
    let finding = of_file(view, capture, Code::ServerUncertain, Severity::Warning, message, step_of(view, capture));
    found.push(Finding { evidence: frames(view, capture, [frame]), ..finding });
}
