//! Servers that only their own computer reaches.

use crate::analyze::conversation::TcpSighting;
use crate::analyze::matching::LabView;
use socklab_packets::limits::LAB_STREAMS;
use socklab_packets::track::{HandshakeState, TcpConnection};

impl LabView<'_> {
    /// Where the computer that made a capture refused an attempt: a connection that it took at the same port of its loopback
    /// address. Its server listens there alone, if nobody ever reached it from elsewhere.
    pub(crate) fn taken_on_loopback(&self, refused: &TcpSighting) -> Option<TcpConnection> {
        let server = refused.server();
        let is_here = self.places.get(refused.capture)?.host() == Some(server.ip);
        let is_reached = || self.connections().any(|other| other.server() == server && other.established());
        if refused.connection.handshake != HandshakeState::Refused || !is_here || is_reached() {
            return None;
        }
        let mut connections = self.captures.get(refused.capture)?.traffic.tcp_connections().take(LAB_STREAMS);
        connections.find(|tcp| {
            let at = tcp.syn_sender.map(|client| tcp.address(client.other()));
            let is_taken = tcp.handshake == HandshakeState::Complete;
            is_taken && at.is_some_and(|at| at.ip.is_loopback() && at.port == server.port)
        })
    }
}
