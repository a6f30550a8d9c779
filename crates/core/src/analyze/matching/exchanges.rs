//! UDP exchanges that are not of one client with one unconnected socket of the server. Over two pairs of socket addresses: a
//! server that answers from another socket, and a client that sends to all computers; Wireshark, and this program's lists,
//! have two conversations then. And a server that connected its socket to one client.

use std::net::IpAddr;

use crate::analyze::conversation::{LabConversation, UdpSighting};
use crate::analyze::matching::{LabView, Undelivered};
use socklab_packets::track::{FrameNote, Side, StreamEnds};
use socklab_packets::types::{FrameNumber, Protocol, SocketAddress, is_group};

/// Most conversations of a capture among which the other half of each is looked for. The lab has a handful.
const LOOKED_THROUGH: usize = 256;

impl LabView<'_> {
    /// The other half of a conversation in which only one side sent: what came to the client from another socket of the
    /// server's computer, or what the client sent to all computers at the server's port.
    pub(crate) fn other_half(&self, sighting: &UdpSighting) -> Option<UdpSighting> {
        let (client, server) = (sighting.client(), sighting.server());
        let traffic = &self.captures.get(sighting.capture)?.traffic;
        let lacks_replies = sighting.server_sent().datagrams == 0;
        if !lacks_replies && sighting.client_sent().datagrams > 0 {
            return None;
        }
        if traffic.udp_count() > LOOKED_THROUGH {
            return None;
        }
        let is_half = |ends: &StreamEnds| {
            let [first, second] = ends.addresses;
            match lacks_replies {
                true => second == client && first.ip == server.ip && first != server,
                false => first == client && second.port == server.port && is_group(second.ip),
            }
        };
        let position = traffic.ends(Protocol::Udp, 0..).position(|ends| is_half(&ends))?;
        let conversation = traffic.udp_at(position)?;
        let client_side = if lacks_replies { Side::Responder } else { Side::Originator };
        let half = UdpSighting { capture: sighting.capture, conversation, client_side };
        let is_one_way = if lacks_replies { half.client_sent() } else { half.server_sent() }.datagrams == 0;
        is_one_way.then_some(half)
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
    pub(crate) fn exchange(&self, sighting: &UdpSighting) -> Vec<(FrameNote, bool)> {
        let halves = self.other_half(sighting);
        let of = |half: &UdpSighting| {
            let notes = self.udp_notes(half).into_iter();
            let client = half.client_side;
            notes.map(|note| (note, note.sender == client)).collect::<Vec<_>>()
        };
        let mut all = of(sighting);
        all.extend(halves.iter().flat_map(of));
        all.sort_by_key(|(note, _)| note.frame);
        all
    }

    /// Whether a server answered another client before this ICMP error and after it: its socket was there, and took nothing from
    /// this client. A socket that is connected does that (POSIX, `connect()`: "the peer address from which datagrams are
    /// received").
    pub(crate) fn answers_another(&self, capture: usize, message: &Undelivered) -> bool {
        let others =
            self.conversations.iter().filter(|one| one.server() == message.server && one.client() != message.client);
        others.filter_map(|other| other.in_capture(capture)).any(|sighting| {
            let notes = self.udp_notes(sighting);
            let answers = || notes.iter().filter(|note| note.sender != sighting.client_side);
            answers().any(|note| note.frame < message.frame) && answers().any(|note| note.frame > message.frame)
        })
    }

    /// Whether the captures show a socket that takes datagrams of one client only.
    pub(crate) fn has_connected_server(&self) -> bool {
        (0..self.captures.len()).any(|capture| {
            let messages = self.unreachable_datagrams(capture);
            messages.iter().take(LOOKED_THROUGH).any(|message| self.answers_another(capture, message))
        })
    }

    /// Whether a server's datagram came to the client of a conversation, from whichever socket.
    pub(crate) fn is_answered(&self, conversation: &LabConversation) -> bool {
        let from_elsewhere =
            |sighting: &UdpSighting| self.other_half(sighting).is_some_and(|half| half.server_sent().datagrams > 0);
        conversation.answered() || conversation.sightings().iter().any(from_elsewhere)
    }
}
