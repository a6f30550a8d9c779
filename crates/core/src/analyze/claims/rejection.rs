//! ICMP messages that answer a SYN: a firewall rejected it, or a router knows no way (RFC 792, RFC 4443).

use std::net::IpAddr;

use crate::analyze::conversation::TcpSighting;
use crate::analyze::distinct::distinct;
use crate::analyze::matching::LabView;
use crate::wording;
use socklab_packets::packet::IcmpKind;
use socklab_packets::track::{HandshakeState, Unreachable};
use socklab_packets::types::{FrameNumber, Protocol};

/// What came back to a SYN instead of a SYN-ACK.
pub(crate) struct Rejection {
    /// The messages' frames.
    pub(crate) frames: Vec<FrameNumber>,
    /// What they say: `ICMP host administratively prohibited`.
    pub(crate) name: String,
    /// All say that somebody does not allow it.
    pub(crate) by_firewall: bool,
}

/// The messages about the SYNs of an attempt that got nothing else back, as its capture has them.
pub(crate) fn of(view: &LabView<'_>, sighting: &TcpSighting) -> Option<Rejection> {
    if sighting.connection.handshake != HandshakeState::SynOnly {
        return None;
    }
    let (client, server, first) = (sighting.client(), sighting.server(), sighting.connection.first_frame.number());
    let is_about = |message: &&Unreachable| {
        let quoted = message.quoted.filter(|quoted| quoted.protocol == Protocol::Tcp);
        message.frame > first && quoted.is_some_and(|quoted| (quoted.source, quoted.destination) == (client, server))
    };
    let messages: Vec<&Unreachable> =
        view.captures.get(sighting.capture)?.traffic.other().unreachable.iter().filter(is_about).collect();
    let kinds = distinct(messages.iter().map(|message| kind(message.kind, message.from)));
    let names: Vec<&str> = kinds.iter().map(|(name, _)| *name).collect();
    if messages.is_empty() {
        return None;
    }
    Some(Rejection {
        frames: messages.iter().map(|message| message.frame).collect(),
        name: format!("{} {}", protocol(server.ip), wording::list(&names)),
        by_firewall: kinds.iter().all(|(_, by_firewall)| *by_firewall),
    })
}

/// What messages to and from such an address are called.
pub(crate) fn protocol(ip: IpAddr) -> &'static str {
    if ip.is_ipv6() { "ICMPv6" } else { "ICMP" }
}

/// What a message says (RFC 792, RFC 1122 section 3.2.2.1, RFC 1812 section 5.2.7.1; RFC 4443 section 3.1), and whether that
/// is a firewall's doing. A system itself answers a SYN to a port that nobody has with RST.
pub(crate) fn kind(kind: IcmpKind, from: IpAddr) -> (&'static str, bool) {
    match (kind, from) {
        (IcmpKind::PortUnreachable, _) => ("port unreachable", true),
        (IcmpKind::OtherUnreachable { code: 0 }, IpAddr::V4(_)) => ("network unreachable", false),
        (IcmpKind::OtherUnreachable { code: 1 }, IpAddr::V4(_)) => ("host unreachable", false),
        (IcmpKind::OtherUnreachable { code: 9 }, IpAddr::V4(_)) => ("network administratively prohibited", true),
        (IcmpKind::OtherUnreachable { code: 10 }, IpAddr::V4(_)) => ("host administratively prohibited", true),
        (IcmpKind::OtherUnreachable { code: 13 }, IpAddr::V4(_)) => ("communication administratively prohibited", true),
        (IcmpKind::OtherUnreachable { code: 0 }, IpAddr::V6(_)) => ("no route to destination", false),
        (IcmpKind::OtherUnreachable { code: 1 }, IpAddr::V6(_)) => ("administratively prohibited", true),
        (IcmpKind::OtherUnreachable { code: 3 }, IpAddr::V6(_)) => ("address unreachable", false),
        _ => ("destination unreachable", false),
    }
}
