//! The short way for ordinary frames: untagged Ethernet II, IPv4 without options, not fragmented, TCP or UDP.
//!
//! Takes nothing that the general way would judge otherwise: a property test compares the two on every frame.

use std::net::Ipv4Addr;

use super::evident_direction;
use crate::analyze::packet::{EthernetAddresses, OrdinaryPacket, OrdinaryTransport, TcpFlags, TcpSegment, UdpDatagram};
use crate::capfile::Frame;

/// Bytes of an Ethernet header.
const ETHERNET: usize = 14;
/// Bytes of Ethernet and IPv4 header.
const TRANSPORT: usize = ETHERNET + 20;

/// The packet, or `None` where the frame is not ordinary.
#[inline]
pub(super) fn decode<'a>(frame: &Frame<'a>) -> Option<OrdinaryPacket<'a>> {
    let head: &[u8; TRANSPORT + 8] = frame.data.first_chunk()?;
    let ordinary = [head[12], head[13], head[14]] == [0x08, 0x00, 0x45] && head[20] & 0x3f == 0 && head[21] == 0;
    if !ordinary || frame.link_type.0 != 1 || frame.interface.is_none() {
        return None;
    }
    let frame_length = usize::try_from(frame.original_length).unwrap_or(usize::MAX).max(frame.data.len());
    let total_length = usize::from(u16::from_be_bytes([head[16], head[17]]));
    if total_length == 0 {
        return None;
    }
    let packet_end = frame_length.min(ETHERNET.saturating_add(total_length));
    let segment_length = packet_end.checked_sub(TRANSPORT)?;
    let transport = match head[23] {
        6 => tcp(frame.data, packet_end, segment_length)?,
        17 => udp(head, frame.data, packet_end, segment_length)?,
        _ => return None,
    };
    let direction = match frame.direction {
        Some(direction) => Some(direction),
        None => evident_direction(frame_length, frame_length.saturating_sub(packet_end)),
    };
    Some(OrdinaryPacket { ethernet: ethernet(head), ip: ip(head), direction, transport })
}

#[inline]
fn ethernet(head: &[u8; TRANSPORT + 8]) -> EthernetAddresses {
    EthernetAddresses {
        destination: [head[0], head[1], head[2], head[3], head[4], head[5]],
        source: [head[6], head[7], head[8], head[9], head[10], head[11]],
    }
}

#[inline]
fn ip(head: &[u8; TRANSPORT + 8]) -> [Ipv4Addr; 2] {
    [Ipv4Addr::new(head[26], head[27], head[28], head[29]), Ipv4Addr::new(head[30], head[31], head[32], head[33])]
}

#[inline]
fn tcp(data: &[u8], packet_end: usize, segment_length: usize) -> Option<OrdinaryTransport<'_>> {
    let head: &[u8; TRANSPORT + 20] = data.first_chunk()?;
    let header_length = usize::from(head[46] >> 4).saturating_mul(4);
    if header_length < 20 || segment_length < header_length {
        return None;
    }
    let payload = TRANSPORT.saturating_add(header_length)..packet_end.min(data.len());
    Some(OrdinaryTransport::Tcp(TcpSegment {
        source_port: u16::from_be_bytes([head[34], head[35]]),
        destination_port: u16::from_be_bytes([head[36], head[37]]),
        sequence: u32::from_be_bytes([head[38], head[39], head[40], head[41]]),
        acknowledgement: u32::from_be_bytes([head[42], head[43], head[44], head[45]]),
        flags: TcpFlags(head[47]),
        bogus_header: false,
        payload_length: Some(u32::try_from(segment_length.saturating_sub(header_length)).ok()?),
        payload: data.get(payload).unwrap_or_default(),
    }))
}

#[inline]
fn udp<'a>(
    head: &[u8; TRANSPORT + 8],
    data: &'a [u8],
    packet_end: usize,
    segment_length: usize,
) -> Option<OrdinaryTransport<'a>> {
    let length = u16::from_be_bytes([head[38], head[39]]);
    let payload_length = usize::from(length.checked_sub(8)?);
    if segment_length < 8 {
        return None;
    }
    let start = TRANSPORT + 8;
    let end = packet_end.min(data.len()).min(start.saturating_add(payload_length));
    Some(OrdinaryTransport::Udp(UdpDatagram {
        source_port: u16::from_be_bytes([head[34], head[35]]),
        destination_port: u16::from_be_bytes([head[36], head[37]]),
        payload_length: u32::from(length.saturating_sub(8)),
        payload: data.get(start..end).unwrap_or_default(),
    }))
}
