//! Which packets an ICMP (RFC 792) or ICMPv6 (RFC 4443) message quotes, and where each quote ends.
//!
//! They are followed as Wireshark does, since it gives their TCP and UDP headers stream numbers. They are no traffic.

use super::bytes::Bytes;
use super::memory::Memory;
use super::snmp;
use super::walk::{Layer, Walk};
use crate::packet::{Content, IpAddresses, QuotedHeader, TcpFlags};
use crate::types::Protocol;

/// The Redirected Header option (RFC 4861, section 4.6.3).
const REDIRECTED_HEADER: u8 = 4;

/// What an ICMP message quotes. Of a redirect Wireshark reads eight bytes after the quoted IP header.
pub(super) fn of_icmp(walk: &Walk, memory: &mut Memory, bytes: Bytes<'_>) -> Option<()> {
    let rest = bytes.skip(8)?;
    match bytes.u8(0)? {
        3 | 4 | 11 | 12 => walk.quote(memory, Layer::Ip, rest),
        5 => {
            let header = usize::from(rest.u8(0)? & 0x0f).wrapping_mul(4);
            walk.quote(memory, Layer::Ip, rest.truncate(header.wrapping_add(8)));
        }
        _ => {}
    }
    Some(())
}

/// What an ICMPv6 message quotes: an error a packet after its eight bytes, neighbour discovery one in each Redirected
/// Header option.
pub(super) fn of_icmpv6(walk: &Walk, memory: &mut Memory, bytes: Bytes<'_>) -> Option<()> {
    let kind = bytes.u8(0)?;
    if matches!(kind, 1..=4) {
        walk.quote(memory, Layer::Ipv6, bytes.skip(8)?);
        return Some(());
    }
    let mut options = bytes.skip(options_at(kind)?)?;
    loop {
        let (kind, length) = (options.u8(0)?, usize::from(options.u8(1)?).wrapping_mul(8));
        if length == 0 {
            return None;
        }
        if kind == REDIRECTED_HEADER {
            walk.quote(memory, Layer::Ipv6, options.truncate(length).skip(8)?);
        }
        options = options.skip(length)?;
    }
}

/// Where the options begin in messages of neighbour discovery and its relatives (RFC 4861, 3122, 6275, 3971, 4065, 5568).
fn options_at(kind: u8) -> Option<usize> {
    match kind {
        133 | 141 | 142 | 147 | 148 | 150 | 154 => Some(8),
        149 => Some(12),
        134 => Some(16),
        135 | 136 => Some(24),
        137 => Some(40),
        _ => None,
    }
}

impl QuotedHeader {
    /// The header that a quote led to, if it is one of TCP or UDP. `length` is how much of its payload the quote would
    /// hold, were it captured whole.
    pub(super) fn new(ip: IpAddresses, content: &Content<'_>, length: usize) -> Option<QuotedHeader> {
        let (protocol, ports, payload) = match content {
            Content::Tcp(segment) => (Protocol::Tcp, [segment.source_port, segment.destination_port], segment.payload),
            Content::Udp(datagram) => {
                (Protocol::Udp, [datagram.source_port, datagram.destination_port], datagram.payload)
            }
            _ => return None,
        };
        let (flags, sequence, bogus_header) = match content {
            Content::Tcp(segment) => (segment.flags, segment.sequence, segment.bogus_header),
            _ => (TcpFlags::default(), 0, false),
        };
        let [source_port, destination_port] = ports;
        let length = u32::try_from(length).unwrap_or(u32::MAX);
        let snmp = snmp::on_port(protocol, ports) && snmp::is_snmp(protocol, bogus_header, payload, length);
        Some(QuotedHeader { ip, source_port, destination_port, protocol, flags, sequence, bogus_header, snmp })
    }
}
