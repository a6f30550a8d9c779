//! At which host a capture was made, and what shows it.

use std::collections::BTreeSet;
use std::net::IpAddr;

use socklab_packets::pipeline::CaptureFacts;
use socklab_packets::types::is_group;

/// Streams that are looked at in search of the host that all traffic has in common.
const STREAMS_LOOKED_AT: usize = 2000;

/// Where a capture was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Place {
    /// Frames of this host are in it as only their sender sees them, and those of others as only their receiver does.
    Sender(IpAddr),
    /// All traffic in it is to or from this host, and with several others.
    Common(IpAddr),
    /// Nothing tells.
    #[default]
    Unknown,
}

impl Place {
    /// The host, where it is known.
    pub(crate) fn host(self) -> Option<IpAddr> {
        match self {
            Place::Sender(ip) | Place::Common(ip) => Some(ip),
            Place::Unknown => None,
        }
    }

    /// Finds the host that made a capture.
    pub(crate) fn of(capture: &CaptureFacts) -> Place {
        by_direction(capture).map(Place::Sender).or_else(|| in_common(capture).map(Place::Common)).unwrap_or_default()
    }
}

/// The only host whose frames were evidently sent by the capturing computer, where those of another one were evidently
/// received. Short frames alone tell nothing: on a virtual network or Wi-Fi nobody pads them.
fn by_direction(capture: &CaptureFacts) -> Option<IpAddr> {
    let evidence = &capture.traffic.other().evidence;
    let sent: Vec<_> = evidence.iter().filter(|host| host.outbound > 0).collect();
    let received = evidence.iter().any(|host| host.inbound > 0 && host.outbound == 0);
    match sent.as_slice() {
        [only] if only.inbound == 0 && received => Some(only.ip),
        _ => None,
    }
}

/// The one host that is an end of every stream, where the others differ: a switch sends a computer only its own traffic.
fn in_common(capture: &CaptureFacts) -> Option<IpAddr> {
    let traffic = &capture.traffic;
    let tcp = traffic.tcp_connections().take(STREAMS_LOOKED_AT).map(|tcp| tcp.addresses);
    let udp = traffic.udp_conversations().take(STREAMS_LOOKED_AT).map(|udp| udp.addresses);
    let pings = traffic.other().pings.iter().map(|ping| [ping.asker, ping.target]);
    let ends = tcp.chain(udp).map(|addresses| addresses.map(|address| address.ip)).chain(pings);
    let mut common: Option<Vec<IpAddr>> = None;
    let mut all: BTreeSet<IpAddr> = BTreeSet::new();
    for ends in ends.filter(|ends| !ends.iter().any(|ip| is_group(*ip) || ip.is_unspecified())) {
        all.extend(ends);
        match &mut common {
            None => common = Some(ends.to_vec()),
            Some(common) => common.retain(|ip| ends.contains(ip)),
        }
    }
    match common?.as_slice() {
        [only] if all.len() > 2 => Some(*only),
        _ => None,
    }
}
