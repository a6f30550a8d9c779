//! ARP (RFC 826), ICMP (RFC 792) and ICMPv6 (RFC 4443): what explains why others are silent.
//!
//! Packets quoted in ICMP errors are read for that, as far as their ports; `quotes` follows them for their numbers.

use std::net::{IpAddr, Ipv4Addr};

use etherparse::{
    ArpHardwareId, ArpOperation, ArpPacketSlice, EtherType, Ipv4HeaderSlice, Ipv6HeaderSlice, icmpv4, icmpv6,
};

use super::bytes::Bytes;
use crate::packet::{ArpPacket, Content, IcmpKind, IcmpMessage, QuotedPacket};
use crate::types::{Protocol, SocketAddress};

/// Bytes of an ARP packet for IPv4 over Ethernet.
pub(super) const ARP_LENGTH: usize = 28;

/// An ARP packet for IPv4 over Ethernet.
pub(super) fn arp(bytes: Bytes<'_>) -> Option<ArpPacket> {
    let packet = ArpPacketSlice::from_slice(bytes.captured()).ok()?;
    if packet.hw_addr_type() != ArpHardwareId::ETHERNET || packet.proto_addr_type() != EtherType::IPV4 {
        return None;
    }
    Some(ArpPacket {
        request: match packet.operation() {
            ArpOperation::REQUEST => true,
            ArpOperation::REPLY => false,
            _ => return None,
        },
        sender_mac: packet.sender_hw_addr().try_into().ok()?,
        sender: Ipv4Addr::from(<[u8; 4]>::try_from(packet.sender_protocol_addr()).ok()?),
        target: Ipv4Addr::from(<[u8; 4]>::try_from(packet.target_protocol_addr()).ok()?),
    })
}

/// An ICMP message. Errors are those that quote the packet that they are about.
pub(super) fn icmp(bytes: Bytes<'_>) -> Option<Content<'static>> {
    let (kind, code) = (bytes.u8(0)?, bytes.u8(1)?);
    let kind = match (kind, code) {
        (icmpv4::TYPE_ECHO_REPLY, _) => IcmpKind::EchoReply,
        (icmpv4::TYPE_ECHO_REQUEST, _) => IcmpKind::EchoRequest,
        (icmpv4::TYPE_DEST_UNREACH, icmpv4::CODE_DST_UNREACH_PORT) => IcmpKind::PortUnreachable,
        (icmpv4::TYPE_DEST_UNREACH, code) => IcmpKind::OtherUnreachable { code },
        (kind, _) => IcmpKind::Other { kind },
    };
    let is_error = matches!(
        bytes.u8(0)?,
        icmpv4::TYPE_DEST_UNREACH
            | icmpv4::TYPE_SOURCE_QUENCH
            | icmpv4::TYPE_REDIRECT
            | icmpv4::TYPE_TIME_EXCEEDED
            | icmpv4::TYPE_PARAMETER_PROBLEM
    );
    Some(message(kind, is_error, bytes))
}

/// An ICMPv6 message.
pub(super) fn icmpv6(bytes: Bytes<'_>) -> Option<Content<'static>> {
    let (kind, code) = (bytes.u8(0)?, bytes.u8(1)?);
    let kind = match (kind, code) {
        (icmpv6::TYPE_ECHO_REPLY, _) => IcmpKind::EchoReply,
        (icmpv6::TYPE_ECHO_REQUEST, _) => IcmpKind::EchoRequest,
        (icmpv6::TYPE_DST_UNREACH, icmpv6::CODE_DST_UNREACH_PORT) => IcmpKind::PortUnreachable,
        (icmpv6::TYPE_DST_UNREACH, code) => IcmpKind::OtherUnreachable { code },
        (kind, _) => IcmpKind::Other { kind },
    };
    let is_error = matches!(
        bytes.u8(0)?,
        icmpv6::TYPE_DST_UNREACH
            | icmpv6::TYPE_PACKET_TOO_BIG
            | icmpv6::TYPE_TIME_EXCEEDED
            | icmpv6::TYPE_PARAMETER_PROBLEM
    );
    Some(message(kind, is_error, bytes))
}

/// The message, with what it quotes after its eight bytes if it is an error.
fn message(kind: IcmpKind, error: bool, bytes: Bytes<'_>) -> Content<'static> {
    let quoted = if error { bytes.skip(8).and_then(|rest| quoted_packet(rest.captured())) } else { None };
    Content::Icmp(IcmpMessage { kind, quoted })
}

/// The addresses of a quoted TCP or UDP packet. Eight bytes of its transport header suffice.
fn quoted_packet(quoted: &[u8]) -> Option<QuotedPacket> {
    let (protocol, source, destination, transport) = match quoted.first()? >> 4 {
        4 => {
            let header = Ipv4HeaderSlice::from_slice(quoted).ok()?;
            if header.fragments_offset().value() > 0 {
                return None;
            }
            let rest = quoted.get(header.slice().len()..)?;
            (header.protocol().0, IpAddr::V4(header.source_addr()), IpAddr::V4(header.destination_addr()), rest)
        }
        6 => {
            let header = Ipv6HeaderSlice::from_slice(quoted).ok()?;
            let rest = quoted.get(header.slice().len()..)?;
            (header.next_header().0, IpAddr::V6(header.source_addr()), IpAddr::V6(header.destination_addr()), rest)
        }
        _ => return None,
    };
    let &[s0, s1, d0, d1] = transport.first_chunk()?;
    Some(QuotedPacket {
        protocol: match protocol {
            6 => Protocol::Tcp,
            17 => Protocol::Udp,
            _ => return None,
        },
        source: SocketAddress::new(source, u16::from_be_bytes([s0, s1])),
        destination: SocketAddress::new(destination, u16::from_be_bytes([d0, d1])),
    })
}
