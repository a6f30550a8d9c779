//! The short way for ordinary frames: untagged Ethernet II, IPv4 without options, not fragmented, TCP or UDP.
//!
//! Takes nothing that the general way would judge otherwise: a property test compares the two on every frame.

use std::net::Ipv4Addr;

use super::evident_direction;
use crate::analyze::packet::{OrdinaryPacket, TcpFlags};
use crate::capfile::{Direction, Frame, LinkType};
use crate::types::Protocol;

/// Bytes of an Ethernet header.
const ETHERNET: usize = 14;
/// Bytes of Ethernet and IPv4 header.
const TRANSPORT: usize = ETHERNET + 20;
/// The same with a UDP header.
const UDP: usize = TRANSPORT + 8;
/// The same with a TCP header without options.
const TCP: usize = TRANSPORT + 20;

/// The packet, or `None` where the frame is not ordinary.
#[inline(always)]
pub(super) fn decode(frame: &Frame<'_>) -> Option<OrdinaryPacket> {
    let head: &[u8; UDP] = frame.data.first_chunk()?;
    // EtherType, version and header length, flags and fragment offset.
    let ordinary = [head[12], head[13], head[14]] == [0x08, 0x00, 0x45] && head[20] & 0x3f == 0 && head[21] == 0;
    if !ordinary || frame.link_type != LinkType::ETHERNET || frame.interface.is_none() {
        return None;
    }
    let frame_length = (frame.original_length as usize).max(frame.data.len());
    let total_length = usize::from(u16::from_be_bytes([head[16], head[17]]));
    if total_length == 0 {
        return None;
    }
    let packet_end = frame_length.min(ETHERNET.wrapping_add(total_length));
    let transport = packet_end.checked_sub(TRANSPORT)?;
    let ip =
        [Ipv4Addr::new(head[26], head[27], head[28], head[29]), Ipv4Addr::new(head[30], head[31], head[32], head[33])];
    let direction = match frame.direction {
        Some(direction) => Some(direction),
        None => evident_direction(frame_length, frame_length.wrapping_sub(packet_end)),
    };
    match head[23] {
        6 => tcp(frame.data, ip, direction, transport),
        17 => udp(head, ip, direction, transport),
        _ => None,
    }
}

/// A TCP segment of this many bytes.
#[inline(always)]
fn tcp(data: &[u8], ip: [Ipv4Addr; 2], direction: Option<Direction>, length: usize) -> Option<OrdinaryPacket> {
    let head: &[u8; TCP] = data.first_chunk()?;
    let header_length = usize::from(head[46] >> 4).wrapping_mul(4);
    if header_length < 20 || length < header_length {
        return None;
    }
    Some(OrdinaryPacket {
        ip,
        ports: [u16::from_be_bytes([head[34], head[35]]), u16::from_be_bytes([head[36], head[37]])],
        sequence: u32::from_be_bytes([head[38], head[39], head[40], head[41]]),
        acknowledgement: u32::from_be_bytes([head[42], head[43], head[44], head[45]]),
        // At most the total length of an IPv4 packet; and 34 + 60.
        payload_length: length.wrapping_sub(header_length) as u16,
        payload_start: TRANSPORT.wrapping_add(header_length) as u8,
        flags: TcpFlags(head[47]),
        protocol: Protocol::Tcp,
        direction,
    })
}

/// A UDP datagram in an IP packet with this many bytes for it.
#[inline(always)]
fn udp(head: &[u8; UDP], ip: [Ipv4Addr; 2], direction: Option<Direction>, room: usize) -> Option<OrdinaryPacket> {
    let length = u16::from_be_bytes([head[38], head[39]]);
    if length < 8 || usize::from(length) > room {
        return None;
    }
    Some(OrdinaryPacket {
        ip,
        ports: [u16::from_be_bytes([head[34], head[35]]), u16::from_be_bytes([head[36], head[37]])],
        sequence: 0,
        acknowledgement: 0,
        payload_length: length.wrapping_sub(8),
        payload_start: UDP as u8,
        flags: TcpFlags(0),
        protocol: Protocol::Udp,
        direction,
    })
}
