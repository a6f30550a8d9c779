//! What has gone by in a live capture: packets, and TCP connections by their handshakes.
//!
//! A rough count for the person who watches; the analyzer counts exactly.

use std::collections::HashMap;

use socklab_packets::packet::{Content, Packet, TcpFlags};
use socklab_packets::types::SocketAddress;

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
            (false, true)
                if !tcp.flags.has(TcpFlags::RST)
                    && self.under_way.get(&(source, destination)) == Some(&Stage::SynAck) =>
            {
                self.under_way.remove(&(source, destination));
                self.connections = self.connections.saturating_add(1);
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::*;
    use socklab_packets::packet::{IpAddresses, TcpSegment};

    fn segment(client: u16, from_client: bool, flags: &[TcpFlags]) -> Packet<'static> {
        let [a, b]: [IpAddr; 2] = [[10, 0, 3, 1].into(), [10, 0, 3, 2].into()];
        let (source, destination) = if from_client { (b, a) } else { (a, b) };
        let (source_port, destination_port) = if from_client { (client, 65432) } else { (65432, client) };
        let content = Content::Tcp(TcpSegment {
            source_port,
            destination_port,
            sequence: 0,
            acknowledgement: 0,
            flags: TcpFlags(flags.iter().fold(0, |all, flag| all | flag.0)),
            bogus_header: false,
            payload_length: Some(0),
            payload: &[],
        });
        Packet::new(Some(IpAddresses { source, destination }), content)
    }

    #[test]
    fn a_connection_counts_when_its_third_segment_has_come() {
        let mut tally = Tally::default();
        let mut counts = Vec::new();
        for (client, from_client, flags) in [
            (1, true, &[TcpFlags::SYN][..]),
            (2, true, &[TcpFlags::SYN]),
            (1, false, &[TcpFlags::SYN, TcpFlags::ACK]),
            (2, false, &[TcpFlags::RST, TcpFlags::ACK]),
            (1, true, &[TcpFlags::ACK]),
            (1, true, &[TcpFlags::ACK]),
            (2, true, &[TcpFlags::ACK]),
        ] {
            tally.add(&segment(client, from_client, flags));
            counts.push(tally.connections);
        }
        assert_eq!(counts, [0, 0, 0, 0, 1, 1, 1]);
        assert_eq!(tally.packets, 7);
    }
}
