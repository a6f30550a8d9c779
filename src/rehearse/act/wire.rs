//! What passes a host's interface: the sign of life of programs that tell nothing of themselves.

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::capture::live::{self, Source};
use socklab_packets::packet::{Content, IcmpKind, IcmpMessage, Packet};
use socklab_packets::types::SocketAddress;

/// Counts of payload by its two ends.
#[derive(Default)]
struct Seen {
    segments: HashMap<(SocketAddress, SocketAddress), u64>,
    datagrams: HashMap<(SocketAddress, SocketAddress), u64>,
    /// Datagrams that came back in an ICMP message: nobody has their port open.
    refused: HashMap<(SocketAddress, SocketAddress), u64>,
    last: Option<Instant>,
}

/// Watches a host's interface from its making on.
#[derive(Clone, Default)]
pub(super) struct Wire(Arc<Mutex<Seen>>);

impl Wire {
    /// Begins to watch an interface of the calling thread's host.
    pub(super) fn watch(interface: &str) -> io::Result<Wire> {
        let source = Source::open(interface).map_err(io::Error::other)?;
        let wire = Wire::default();
        let seen = wire.clone();
        live::watch(source, move |packet| seen.add(packet))?;
        Ok(wire)
    }

    fn add(&self, packet: &Packet<'_>) {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(ip) = packet.ip else { return };
        let ends = |source, destination| {
            (SocketAddress::new(ip.source, source), SocketAddress::new(ip.destination, destination))
        };
        match packet.content {
            Content::Tcp(tcp) => {
                seen.last = Some(Instant::now());
                if tcp.payload_length.is_some_and(|length| length > 0) {
                    let count = seen.segments.entry(ends(tcp.source_port, tcp.destination_port)).or_default();
                    *count = count.saturating_add(1);
                }
            }
            Content::Udp(udp) => {
                seen.last = Some(Instant::now());
                let count = seen.datagrams.entry(ends(udp.source_port, udp.destination_port)).or_default();
                *count = count.saturating_add(1);
            }
            Content::Icmp(IcmpMessage { kind: IcmpKind::PortUnreachable, quoted: Some(quoted) }) => {
                let count = seen.refused.entry((quoted.source, quoted.destination)).or_default();
                *count = count.saturating_add(1);
            }
            _ => {}
        }
    }

    /// TCP segments with payload from one end to the other.
    pub(super) fn segments(&self, from: SocketAddress, to: SocketAddress) -> u64 {
        let seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.segments.get(&(from, to)).copied().unwrap_or(0)
    }

    /// UDP datagrams between a host and a server: to it, and from it.
    pub(super) fn datagrams(&self, host: std::net::IpAddr, server: SocketAddress) -> (u64, u64) {
        let seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let sum = |wanted: &dyn Fn(&(SocketAddress, SocketAddress)) -> bool| {
            seen.datagrams.iter().filter(|(ends, _)| wanted(ends)).map(|(_, count)| count).sum()
        };
        (sum(&|(from, to)| from.ip == host && *to == server), sum(&|(from, to)| *from == server && to.ip == host))
    }

    /// Whether a datagram from a host to a server was sent, and whether one was refused because nobody has the port open.
    pub(super) fn refusal(&self, host: std::net::IpAddr, server: SocketAddress) -> (bool, bool) {
        let seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let has = |counts: &HashMap<(SocketAddress, SocketAddress), u64>| {
            counts.keys().any(|(from, to)| from.ip == host && *to == server)
        };
        (has(&seen.datagrams), has(&seen.refused))
    }

    /// Whether no TCP or UDP has passed for this long.
    pub(super) fn quiet_for(&self, time: Duration) -> bool {
        let seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.last.is_none_or(|last| last.elapsed() >= time)
    }
}
