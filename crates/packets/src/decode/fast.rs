//! The short way for ordinary frames: untagged Ethernet II, IPv4 without options, not fragmented, TCP or UDP.
//!
//! Takes nothing that the general way would judge otherwise: a property test compares the two on every frame.

use std::net::Ipv4Addr;

use super::walk::evident_direction;
use crate::capfile::{Frame, LinkType};
use crate::packet::{Ipv4End, OrdinaryPacket, TcpFlags};
use crate::types::Protocol;

/// Bytes of an Ethernet header.
const ETHERNET: usize = 14;
/// Bytes of Ethernet and IPv4 header.
const TRANSPORT: usize = ETHERNET + 20;
/// The same with a TCP header without options. So much must be captured, of UDP too: it makes the two alike.
const LEAST: usize = TRANSPORT + 20;

/// The packet, or `None` where the frame is not ordinary.
///
/// Which end has the smaller address cannot be predicted: no branch on that.
#[inline(always)]
pub(super) fn decode(frame: &Frame<'_>) -> Option<OrdinaryPacket> {
    let head: &[u8; LEAST] = frame.data.first_chunk()?;
    let (tcp, udp) = (head[23] == 6, head[23] == 17);
    // EtherType, version and header length; more fragments and fragment offset.
    let ip = u32::from_be_bytes([head[12], head[13], head[14], head[15]]) & 0xffff_ff00 == 0x0800_4500;
    let fragment = u16::from_be_bytes([head[20], head[21]]) & 0x3fff != 0;
    if !ip || fragment || !(tcp | udp) || frame.link_type != LinkType::ETHERNET || frame.interface.is_none() {
        return None;
    }
    let frame_length = (frame.original_length as usize).max(frame.data.len());
    let total_length = usize::from(u16::from_be_bytes([head[16], head[17]]));
    let packet_end = frame_length.min(ETHERNET.wrapping_add(total_length));
    // Not even a header where the total length is 0: segmentation offload, for the general way.
    let room = packet_end.checked_sub(TRANSPORT)?;
    let (payload_length, flags) = if tcp {
        let data_offset = usize::from(head[46] >> 4).wrapping_mul(4);
        if data_offset < 20 {
            return None;
        }
        (room.checked_sub(data_offset)?, TcpFlags(head[47]))
    } else {
        let length = usize::from(u16::from_be_bytes([head[38], head[39]]));
        if length > room {
            return None;
        }
        (length.checked_sub(8)?, TcpFlags::default())
    };
    let source =
        Ipv4End::new(Ipv4Addr::new(head[26], head[27], head[28], head[29]), u16::from_be_bytes([head[34], head[35]]));
    let destination =
        Ipv4End::new(Ipv4Addr::new(head[30], head[31], head[32], head[33]), u16::from_be_bytes([head[36], head[37]]));
    let evident = evident_direction(frame_length, frame_length.wrapping_sub(packet_end));
    Some(OrdinaryPacket {
        ends: [source.min(destination), source.max(destination)],
        swapped: source > destination,
        protocol: if tcp { Protocol::Tcp } else { Protocol::Udp },
        flags,
        // At most the total length of an IPv4 packet.
        payload_length: payload_length as u16,
        sequence: u32::from_be_bytes([head[38], head[39], head[40], head[41]]),
        acknowledgement: u32::from_be_bytes([head[42], head[43], head[44], head[45]]),
        direction: frame.direction.or(evident),
    })
}
