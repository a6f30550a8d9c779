//! Datagrams to socket addresses that clients of the lab took for its UDP server's. All came back: such an address is no server's,
//! as a port at which a SYN was refused is none.

use crate::analyze::conversation::{LabConversation, SameClock, UdpSighting, merge_conversations};
use crate::analyze::matching::servers::choice::Servers;
use crate::analyze::row::RowFrame;
use socklab_packets::limits::LAB_STREAMS;
use socklab_packets::pipeline::CaptureFacts;
use socklab_packets::track::Side;
use socklab_packets::track::UdpConversation;
use socklab_packets::types::Protocol;

/// The conversations to such addresses, in the order of files and frames. Who sent is the client.
pub(crate) fn mistaken_conversations(
    captures: &[CaptureFacts],
    servers: &Servers,
    same_clock: &SameClock<'_>,
) -> Vec<LabConversation> {
    if !servers.has_mistaken() {
        return Vec::new();
    }
    let of_capture = |(number, capture): (usize, &CaptureFacts)| {
        let ends = capture.traffic.ends(Protocol::Udp, 0..).enumerate();
        let mistaken = ends.filter(|(_, ends)| servers.is_mistaken(ends.address(Side::Responder)));
        let conversations = mistaken.filter_map(|(position, _)| capture.traffic.udp_at(position)).take(LAB_STREAMS);
        let sighting = |conversation: UdpConversation| UdpSighting {
            capture: number,
            conversation: conversation.with_frames(RowFrame::from),
            client_side: Side::Originator,
            watch: number,
            pieces: Vec::new(),
        };
        conversations.map(sighting).collect::<Vec<_>>()
    };
    merge_conversations(captures, captures.iter().enumerate().flat_map(of_capture).collect(), same_clock)
}
