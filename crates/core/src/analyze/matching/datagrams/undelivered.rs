//! ICMP errors about datagrams to the lab's UDP servers.

use std::net::IpAddr;

use foldhash::{HashMap, HashMapExt};

use crate::analyze::matching::servers::choice::Servers;
use socklab_packets::packet::IcmpKind;
use socklab_packets::pipeline::CaptureFacts;
use socklab_packets::types::{FrameNumber, Protocol, SocketAddress, Timestamp};

/// Of each capture, client and UDP server, the frames of what says that nobody has the server's port.
pub(crate) type Refused = HashMap<(usize, SocketAddress, SocketAddress), Vec<FrameNumber>>;

/// What says in a capture that datagrams to UDP servers of the lab did not reach them.
pub(crate) fn undelivered<'c>(
    capture: &'c CaptureFacts,
    servers: &'c Servers,
) -> impl Iterator<Item = Undelivered> + 'c {
    all_undelivered(capture).filter(|message| servers.contains(Protocol::Udp, message.server))
}

/// What says so of datagrams to socket addresses that clients took for a server's.
pub(crate) fn mistaken<'c>(capture: &'c CaptureFacts, servers: &'c Servers) -> impl Iterator<Item = Undelivered> + 'c {
    all_undelivered(capture).filter(|message| servers.is_mistaken(message.server))
}

/// What says so of any datagrams.
fn all_undelivered(capture: &CaptureFacts) -> impl Iterator<Item = Undelivered> {
    capture.traffic.other().unreachable.iter().filter_map(|message| {
        let quoted = message.quoted.filter(|quoted| quoted.protocol == Protocol::Udp)?;
        let (client, server) = (quoted.source, quoted.destination);
        let (frame, time, kind, from) = (message.frame, message.time, message.kind, message.from);
        Some(Undelivered { frame, time, kind, from, client, server })
    })
}

/// Those of all captures that say that nobody has the port.
pub(crate) fn refused(captures: &[CaptureFacts], servers: &Servers) -> Refused {
    let mut refused: HashMap<_, Vec<FrameNumber>> = HashMap::new();
    for (number, capture) in captures.iter().enumerate() {
        for message in undelivered(capture, servers).filter(Undelivered::is_port_unreachable) {
            refused.entry((number, message.client, message.server)).or_default().push(message.frame);
        }
    }
    refused
}

/// An ICMP error about a datagram to a UDP server of the lab.
pub(crate) struct Undelivered {
    /// The error's frame.
    pub(crate) frame: FrameNumber,
    /// When it was captured.
    pub(crate) time: Option<Timestamp>,
    /// What it says.
    pub(crate) kind: IcmpKind,
    /// Who says so.
    pub(crate) from: IpAddr,
    /// Who sent the datagram.
    pub(crate) client: SocketAddress,
    /// To whom.
    pub(crate) server: SocketAddress,
}

impl Undelivered {
    /// Whether the server's computer says that nobody has the port. Others come from routers and firewalls, and say nothing of the
    /// server.
    pub(crate) fn is_port_unreachable(&self) -> bool {
        self.kind == IcmpKind::PortUnreachable && self.from == self.server.ip
    }

    /// Whether it says that the datagram was too long for a link on the way (RFC 1191, section 4).
    pub(crate) fn is_too_long(&self) -> bool {
        self.kind == IcmpKind::OtherUnreachable { code: 4 }
    }
}
