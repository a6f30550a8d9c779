//! Link layers: from the beginning of a frame to an EtherType or an IP packet.
//!
//! Link types are those of the `LINKTYPE_` registry (tcpdump.org). Others than those named here are counted, not
//! followed.

use etherparse::{Ethernet2HeaderSlice, SingleVlanHeaderSlice};

use super::bytes::Bytes;
use super::{Layer, Step, Walk, explain};
use crate::analyze::packet::{Content, EthernetAddresses};
use crate::capfile::{Direction, LinkType};

/// Largest value of an Ethernet length/type field that is a length (IEEE 802.3, 3.2.6). From 1501 to 1535 it is neither.
const LARGEST_LENGTH: u16 = 1500;

/// EtherTypes that are followed (IANA "IEEE 802 Numbers").
mod ether_types {
    pub(super) const IPV4: u16 = 0x0800;
    pub(super) const ARP: u16 = 0x0806;
    pub(super) const VLAN: u16 = 0x8100;
    pub(super) const IPV6: u16 = 0x86dd;
    pub(super) const MPLS: u16 = 0x8847;
    pub(super) const MPLS_MULTICAST: u16 = 0x8848;
    pub(super) const PPPOE_SESSION: u16 = 0x8864;
    pub(super) const PROVIDER_VLAN: u16 = 0x88a8;
    pub(super) const OLD_QINQ: u16 = 0x9100;
}

/// The beginning of a frame.
pub(super) fn first<'a>(walk: &mut Walk, link_type: LinkType, bytes: Bytes<'a>) -> Option<Step<'a>> {
    match link_type.0 {
        0 => null(bytes),
        1 => ethernet(walk, bytes),
        9 | 50 => Some(Step::Next(Layer::PppInHdlc, bytes)),
        12 | 14 | 101 => raw(bytes),
        108 => address_family(bytes.u32(0)?, bytes.skip(4)?),
        113 => cooked_v1(walk, bytes),
        228 => Some(Step::Next(Layer::Ip, bytes)),
        229 => Some(Step::Next(Layer::Ipv6, bytes)),
        276 => cooked_v2(walk, bytes),
        _ => None,
    }
}

/// Ethernet II or IEEE 802.3.
fn ethernet<'a>(walk: &mut Walk, bytes: Bytes<'a>) -> Option<Step<'a>> {
    let header = Ethernet2HeaderSlice::from_slice(bytes.captured()).ok()?;
    walk.ethernet = Some(EthernetAddresses { source: header.source(), destination: header.destination() });
    walk.ethernet_length = bytes.length();
    length_or_type(header.ether_type().0, bytes.skip(14)?)
}

/// A field that is a length up to 1500 and an EtherType from 1536.
fn length_or_type(field: u16, rest: Bytes<'_>) -> Option<Step<'_>> {
    if field <= LARGEST_LENGTH {
        ieee_802_3(usize::from(field), rest)
    } else {
        Some(Step::Next(Layer::EtherType(field), rest))
    }
}

/// IEEE 802.3 with a length field: what follows that length is padding. Novell's raw 802.3 begins with ff ff.
fn ieee_802_3(length: usize, rest: Bytes<'_>) -> Option<Step<'_>> {
    if rest.u16(0) == Some(0xffff) {
        return None;
    }
    Some(Step::Next(Layer::Llc, rest.truncate(length)))
}

/// IEEE 802.2 LLC: IP directly (SAP 6), or SNAP with an EtherType (RFC 1042), in information frames.
pub(super) fn llc(bytes: Bytes<'_>) -> Option<Step<'_>> {
    let (destination, source, control) = (bytes.u8(0)?, bytes.u8(1)?, bytes.u8(2)?);
    let unnumbered = control & 3 == 3;
    let information = control & 1 == 0 || control == 3;
    let rest = bytes.skip(if unnumbered { 3 } else { 4 })?;
    match (destination, source) {
        _ if !information => None,
        (0xaa, 0xaa) => snap(rest),
        (0x06, _) => Some(Step::Next(Layer::Ip, rest)),
        _ => None,
    }
}

/// A SNAP header whose organization code says that an EtherType follows.
fn snap(bytes: Bytes<'_>) -> Option<Step<'_>> {
    match bytes.array::<3>(0)? {
        [0, 0, 0] | [0, 0, 0xf8] => Some(Step::Next(Layer::EtherType(bytes.u16(3)?), bytes.skip(5)?)),
        _ => None,
    }
}

/// What an EtherType announces.
pub(super) fn ether_type<'a>(walk: &mut Walk, ether_type: u16, bytes: Bytes<'a>) -> Option<Step<'a>> {
    match ether_type {
        ether_types::IPV4 => Some(Step::Next(Layer::Ip, bytes)),
        ether_types::IPV6 => Some(Step::Next(Layer::Ipv6, bytes)),
        ether_types::ARP => arp(walk, bytes),
        ether_types::VLAN | ether_types::PROVIDER_VLAN | ether_types::OLD_QINQ => vlan(walk, bytes),
        ether_types::MPLS | ether_types::MPLS_MULTICAST => mpls(bytes),
        ether_types::PPPOE_SESSION => pppoe(bytes),
        _ => None,
    }
}

/// An ARP packet, the end of its frame's headers.
fn arp<'a>(walk: &mut Walk, bytes: Bytes<'a>) -> Option<Step<'a>> {
    let packet = explain::arp(bytes)?;
    walk.note_padding(bytes.length().saturating_sub(explain::ARP_LENGTH));
    Some(Step::end(Content::Arp(packet)))
}

/// A VLAN tag (IEEE 802.1Q): the innermost identifier counts.
fn vlan<'a>(walk: &mut Walk, bytes: Bytes<'a>) -> Option<Step<'a>> {
    let tag = SingleVlanHeaderSlice::from_slice(bytes.captured()).ok()?;
    walk.vlan = tag.vlan_identifier().value();
    length_or_type(tag.ether_type().0, bytes.skip(4)?)
}

/// PPPoE session (RFC 2516): six bytes, the last two a length that cuts off padding.
fn pppoe(bytes: Bytes<'_>) -> Option<Step<'_>> {
    let length = usize::from(bytes.u16(4)?);
    Some(Step::Next(Layer::Ppp, bytes.skip(6)?.truncate(length)))
}

/// PPP in HDLC-like framing (RFC 1662): ff 03 may be left out.
pub(super) fn ppp_in_hdlc(bytes: Bytes<'_>) -> Option<Step<'_>> {
    let framed = bytes.u16(0) == Some(0xff03);
    Some(Step::Next(Layer::Ppp, if framed { bytes.skip(2)? } else { bytes }))
}

/// A PPP protocol field (RFC 1661, section 2): one byte if that is odd, else two.
pub(super) fn ppp(bytes: Bytes<'_>) -> Option<Step<'_>> {
    let first = bytes.u8(0)?;
    let (protocol, rest) =
        if first & 1 == 1 { (u16::from(first), bytes.skip(1)?) } else { (bytes.u16(0)?, bytes.skip(2)?) };
    match protocol {
        0x0021 => Some(Step::Next(Layer::Ip, rest)),
        0x0057 => Some(Step::Next(Layer::Ipv6, rest)),
        0x0281 | 0x0283 => mpls(rest),
        _ => None,
    }
}

/// MPLS (RFC 3032): after the bottom of the label stack the first nibble tells IPv4 from IPv6. Label 13 (RFC 5586) is
/// no user traffic.
fn mpls(mut bytes: Bytes<'_>) -> Option<Step<'_>> {
    loop {
        let entry = bytes.u32(0)?;
        bytes = bytes.skip(4)?;
        if entry & 0x100 == 0 {
            continue;
        }
        let nibble = bytes.u8(0)? >> 4;
        return (entry >> 12 != 13 && matches!(nibble, 4 | 6)).then_some(Step::Next(Layer::Ip, bytes));
    }
}

/// BSD null/loopback: an address family in the byte order of the computer that captured it, or PPP.
fn null(bytes: Bytes<'_>) -> Option<Step<'_>> {
    if bytes.u16(0)? == 0xff03 {
        return Some(Step::Next(Layer::PppInHdlc, bytes));
    }
    let raw: [u8; 4] = bytes.array(0)?;
    address_family(null_family(u32::from_le_bytes(raw)), bytes.skip(4)?)
}

/// The family of a null header, read as a little-endian number, in whichever order and width it was written: BSD has 32
/// bits of either order, IRIX 16 bits and 16 of zero, old Linux two bytes of zero and an EtherType.
fn null_family(header: u32) -> u32 {
    if header & 0xffff_0000 != 0 {
        let irix = header & 0xff00_0000 == 0 && header & 0x00ff_0000 < 0x0006_0000;
        if irix { header >> 16 } else { header.swap_bytes() }
    } else {
        let irix_swapped = header & 0xff == 0 && header & 0xff00 < 0x600;
        if irix_swapped { header >> 8 } else { header }
    }
}

/// An address family of a null or loop header, or above 1500 an EtherType.
fn address_family(family: u32, rest: Bytes<'_>) -> Option<Step<'_>> {
    match family {
        2 => Some(Step::Next(Layer::Ip, rest)),
        24 | 28 | 30 => Some(Step::Next(Layer::Ipv6, rest)),
        _ if family > u32::from(LARGEST_LENGTH) => Some(Step::Next(Layer::EtherType((family & 0xffff) as u16), rest)),
        _ => None,
    }
}

/// Raw IP: the version is the first nibble, unless it is PPP.
fn raw(bytes: Bytes<'_>) -> Option<Step<'_>> {
    if bytes.u16(0)? == 0xff03 {
        return Some(Step::Next(Layer::PppInHdlc, bytes));
    }
    Some(Step::Next(Layer::Ip, bytes))
}

/// Linux cooked v1 (LINKTYPE_LINUX_SLL): packet type first, protocol last of 16 bytes.
fn cooked_v1<'a>(walk: &mut Walk, bytes: Bytes<'a>) -> Option<Step<'a>> {
    note_packet_type(walk, bytes.u16(0)?);
    cooked_protocol(bytes.u16(14)?, bytes.skip(16)?)
}

/// Linux cooked v2 (LINKTYPE_LINUX_SLL2): protocol first, packet type at byte 10 of 20.
fn cooked_v2<'a>(walk: &mut Walk, bytes: Bytes<'a>) -> Option<Step<'a>> {
    note_packet_type(walk, u16::from(bytes.u8(10)?));
    cooked_protocol(bytes.u16(0)?, bytes.skip(20)?)
}

/// The direction that a cooked header tells: 0 to this host, 4 sent by it.
fn note_packet_type(walk: &mut Walk, packet_type: u16) {
    walk.direction = walk.direction.or(match packet_type {
        0 => Some(Direction::Inbound),
        4 => Some(Direction::Outbound),
        _ => None,
    });
}

/// The protocol of a cooked header: up to 1536 a number of the Linux kernel's own (`linux/if_ether.h`), of which 4 is
/// LLC and 7 PPP; else an EtherType.
fn cooked_protocol(protocol: u16, rest: Bytes<'_>) -> Option<Step<'_>> {
    match protocol {
        4 => Some(Step::Next(Layer::Llc, rest)),
        7 => Some(Step::Next(Layer::PppInHdlc, rest)),
        0..=1536 => None,
        _ => Some(Step::Next(Layer::EtherType(protocol), rest)),
    }
}
