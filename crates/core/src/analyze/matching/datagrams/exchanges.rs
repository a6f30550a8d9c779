//! UDP exchanges that are not of one client with one unconnected socket of the server. Over two pairs of socket addresses: a
//! server that answers from another socket, and a client that sends to all computers; Wireshark, and this program's lists,
//! have two conversations then.

use std::net::IpAddr;

use crate::analyze::conversation::{LabConversation, UdpSighting};
use crate::analyze::matching::LabView;
use crate::analyze::matching::servers::services::is_other_socket;
use crate::analyze::row::{RowFrame, RowNote};
use socklab_packets::track::{Side, StreamEnds};
use socklab_packets::types::{FrameNumber, Protocol, SocketAddress, is_group};

/// Most conversations of a capture among which the other half of each is looked for. The lab has a handful.
const LOOKED_THROUGH: usize = 256;

impl LabView<'_> {
    /// What belongs to a conversation and is over other pairs of socket addresses: what came to the client from other sockets
    /// of the server's computer, or what the client sent to all computers at the server's port.
    pub(crate) fn other_halves(&self, sighting: &UdpSighting) -> Vec<UdpSighting> {
        if !sighting.pieces.is_empty() {
            let each = sighting.each_file(self.captures);
            return each.iter().flat_map(|one| self.other_halves(one)).collect();
        }
        let (client, server) = (sighting.client(), sighting.server());
        let Some(capture) = self.captures.get(sighting.capture) else { return Vec::new() };
        let traffic = &capture.traffic;
        let lacks_replies = sighting.server_sent().datagrams == 0;
        let first_frame = sighting.conversation.first_frame;
        // The server's first datagram may answer what went to all computers before.
        let begun_by_server = sighting.client_side == Side::Responder;
        let is_whole = !lacks_replies && sighting.client_sent().datagrams > 0 && !begun_by_server;
        if is_whole || traffic.udp_count() > LOOKED_THROUGH {
            return Vec::new();
        }
        let is_of_computer = |first: SocketAddress| first.ip == server.ip || is_other_socket(capture, first, server);
        let is_half = |ends: &StreamEnds| {
            let [first, second] = ends.addresses;
            match lacks_replies {
                true => second == client && first != server && is_of_computer(first),
                false => first == client && second.port == server.port && is_group(second.ip),
            }
        };
        let client_side = if lacks_replies { Side::Responder } else { Side::Originator };
        let ends = traffic.ends(Protocol::Udp, 0..).enumerate();
        let halves = ends.filter(|(_, ends)| is_half(ends)).filter_map(|(position, _)| {
            let conversation = traffic.udp_at(position)?.with_frames(RowFrame::from);
            Some(UdpSighting { conversation, client_side, ..sighting.clone() })
        });
        let is_server = |half: &UdpSighting| self.servers.contains(Protocol::Udp, half.server());
        let belongs = |half: &UdpSighting| match lacks_replies {
            // The client may send on to the socket that answered it, as with TFTP (RFC 1350, section 4).
            true => half.client_sent().datagrams == 0 || !is_server(half),
            false => half.server_sent().datagrams == 0 && half.conversation.first_frame < first_frame,
        };
        halves.filter(belongs).collect()
    }

    /// A datagram to all computers at the port of a UDP server of the lab, from a host that is none of these: its addresses,
    /// the sender's first, and its frame.
    pub(crate) fn sent_to_all(&self, known: &[IpAddr]) -> Option<([SocketAddress; 2], FrameNumber)> {
        let servers = self.servers.endpoints().filter(|(protocol, _)| *protocol == Protocol::Udp);
        let ports: Vec<u16> = servers.map(|(_, server)| server.port).collect();
        let is_it = |ends: &StreamEnds| {
            let [sender, all] = ends.addresses;
            is_group(all.ip) && ports.contains(&all.port) && !known.contains(&sender.ip)
        };
        self.captures.iter().find_map(|capture| {
            let position = capture.traffic.ends(Protocol::Udp, 0..).position(|ends| is_it(&ends))?;
            let conversation = capture.traffic.udp_at(position)?;
            Some((conversation.addresses, conversation.first_frame))
        })
    }

    /// The datagrams of a conversation and of its other half, in the order of the capture; true for those of the client.
    pub(crate) fn exchange(&self, sighting: &UdpSighting) -> Vec<(RowNote, bool)> {
        let halves = self.other_halves(sighting);
        let of = |half: &UdpSighting| {
            let notes = self.udp_notes(half).into_iter();
            let client = half.client_side;
            let in_row = |note: RowNote| RowNote { frame: sighting.in_row(half.capture, note.frame), ..note };
            notes.map(|note| (in_row(note), note.sender == client)).collect::<Vec<_>>()
        };
        let client = sighting.client_side;
        let mut all: Vec<(RowNote, bool)> =
            self.udp_notes(sighting).into_iter().map(|note| (note, note.sender == client)).collect();
        all.extend(halves.iter().flat_map(of));
        all.sort_by_key(|(note, _)| note.frame);
        all
    }

    /// The socket that sent this datagram to the client, where that is not the one that the client had asked.
    pub(crate) fn other_socket(&self, sighting: &UdpSighting, frame: RowFrame) -> Option<SocketAddress> {
        let has = |half: &UdpSighting| {
            let mut notes = self.udp_notes(half).into_iter();
            notes.any(|note| note.sender != half.client_side && sighting.in_row(half.capture, note.frame) == frame)
        };
        self.other_halves(sighting).iter().find(|half| has(half)).map(UdpSighting::server)
    }

    /// Whether a server's datagram came to the client of a conversation, from whichever socket.
    pub(crate) fn is_answered(&self, conversation: &LabConversation) -> bool {
        let from_elsewhere =
            |sighting: &UdpSighting| self.other_halves(sighting).iter().any(|half| half.server_sent().datagrams > 0);
        conversation.answered() || conversation.sightings().iter().any(from_elsewhere)
    }
}
