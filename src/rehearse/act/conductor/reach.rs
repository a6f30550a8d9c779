//! Where a server is reached: what its journal and the kernel's list of sockets tell of its addresses.

use std::net::SocketAddr;

use crate::rehearse::plan::Program;
use crate::socket_table::{Entry, State};
use socklab_core::journal::{EventKind, JournalEvent};
use socklab_packets::types::{Protocol, SocketAddress};

/// Whether a socket with this address of its own gets what is sent to a server.
pub(super) fn is_reached_at(own: SocketAddress, server: SocketAddr) -> bool {
    let server = SocketAddress::from(server);
    let any = own.ip.is_unspecified() && (own.ip.is_ipv6() || server.ip.is_ipv4());
    own.port == server.port && (own.ip == server.ip || any)
}

/// The addresses at which a program serves, by its journal: where its TCP sockets listen, or its UDP sockets are bound.
pub(super) fn served_at(events: &[JournalEvent], protocol: Protocol) -> Vec<SocketAddress> {
    let kind = if protocol == Protocol::Tcp { EventKind::Listen } else { EventKind::Bind };
    let serving = events.iter().filter(|event| event.event == kind && event.protocol == protocol);
    serving.filter_map(|event| event.local).collect()
}

/// Whether this is the socket with which a server takes what is sent to it.
pub(super) fn is_listening(entry: &Entry, program: &Program) -> bool {
    let here = is_reached_at(entry.local, program.server);
    here && (program.kind.protocol() == Protocol::Udp || entry.state == State::LISTEN)
}

#[cfg(test)]
mod tests {
    use super::is_reached_at;

    #[test]
    fn a_server_is_reached_at_its_address_or_at_any() {
        let reached = |own: &str| is_reached_at(own.parse().unwrap(), "10.0.3.1:65432".parse().unwrap());
        assert!(reached("10.0.3.1:65432") && reached("0.0.0.0:65432") && reached("[::]:65432"));
        assert!(!reached("10.0.3.1:65433") && !reached("127.0.0.1:65432") && !reached("0.0.0.0:65431"));
        assert!(!is_reached_at("0.0.0.0:65432".parse().unwrap(), "[fd00::1]:65432".parse().unwrap()));
    }
}
