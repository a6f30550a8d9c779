//! What has gone by in a live capture: packets, and TCP connections by their handshakes.
//!
//! A rough count for the person who watches; the analyzer counts exactly.

use std::collections::HashMap;

use crate::analyze::packet::{Content, Packet, TcpFlags};
use crate::types::SocketAddress;

/// Most handshakes under way that are remembered; at that number the older ones are forgotten.
const UNDER_WAY: usize = 4096;

/// How far a handshake has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Syn,
    SynAck,
}

/// Counts of a live capture.
#[derive(Debug, Default)]
pub struct Tally {
    /// Packets that passed the filter.
    pub packets: u64,
    /// TCP connections whose handshake was seen complete.
    pub connections: u64,
    under_way: HashMap<(SocketAddress, SocketAddress), Stage>,
}

impl Tally {
    /// Counts one packet.
    pub fn add(&mut self, packet: &Packet<'_>) {
        self.packets = self.packets.saturating_add(1);
        let (Content::Tcp(tcp), Some(ip)) = (packet.content, packet.ip) else { return };
        let source = SocketAddress::new(ip.source, tcp.source_port);
        let destination = SocketAddress::new(ip.destination, tcp.destination_port);
        match (tcp.flags.has(TcpFlags::SYN), tcp.flags.has(TcpFlags::ACK)) {
            (true, false) => {
                if self.under_way.len() >= UNDER_WAY {
                    self.under_way.clear();
                }
                self.under_way.insert((source, destination), Stage::Syn);
            }
            (true, true) => {
                if let Some(stage) = self.under_way.get_mut(&(destination, source)) {
                    *stage = Stage::SynAck;
                }
            }
            (false, true) if !self.under_way.is_empty() && !tcp.flags.has(TcpFlags::RST) => {
                if self.under_way.get(&(source, destination)) == Some(&Stage::SynAck) {
                    self.under_way.remove(&(source, destination));
                    self.connections = self.connections.saturating_add(1);
                }
            }
            _ => {}
        }
    }
}
