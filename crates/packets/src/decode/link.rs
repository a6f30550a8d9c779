//! Link layers: from the beginning of a frame to an EtherType or an IP packet.
//!
//! Link types are those of the `LINKTYPE_` registry (tcpdump.org). Others than those named here are counted, not
//! followed.

use etherparse::{Ethernet2HeaderSlice, SingleVlanHeaderSlice};

use super::bytes::Bytes;
use super::explain;
use super::walk::{Layer, Step, Walk};
use crate::capfile::{Direction, LinkType};
use crate::packet::{Content, EthernetAddresses};

/// Largest value of an Ethernet length/type field that is a length (IEEE 802.3, 3.2.6). From 1501 to 1535 it is neither.
const LARGEST_LENGTH: u16 = 1500;

/// VLAN tags followed in one frame, those of EtherType 0x88a8 not counted.
const MOST_VLAN_TAGS: u8 = 20;

/// EtherTypes that are followed (IANA "IEEE 802 Numbers").
mod ether_types {
    use etherparse::EtherType;

    pub(super) const IPV4: u16 = EtherType::IPV4.0;
    pub(super) const ARP: u16 = EtherType::ARP.0;
    /// Transparent Ethernet bridging (RFC 1701).
    pub(super) const BRIDGED_ETHERNET: u16 = 0x6558;
    pub(super) const VLAN: u16 = EtherType::VLAN_TAGGED_FRAME.0;
    pub(super) const IPV6: u16 = EtherType::IPV6.0;
    pub(super) const MPLS: u16 = 0x8847;
    pub(super) const MPLS_MULTICAST: u16 = 0x8848;
    pub(super) const PPPOE_SESSION: u16 = 0x8864;
    /// LLC in frames too long for an 802.3 length (draft-ietf-isis-ext-eth).
    pub(super) const JUMBO_LLC: u16 = 0x8870;
    /// PPP, in GRE headers only (RFC 2637).
    pub(super) const PPP: u16 = 0x880b;
    pub(super) const PROVIDER_VLAN: u16 = EtherType::PROVIDER_BRIDGING.0;
    pub(super) const OLD_QINQ: u16 = EtherType::VLAN_DOUBLE_TAGGED_FRAME.0;
    /// Cisco ACI ARP gleaning: an IPv4 packet, never IPv6.
    pub(super) const ARP_GLEANING: u16 = 0xfff2;
}

/// The beginning of a frame.
pub(super) fn first<'a>(walk: &mut Walk, link_type: LinkType, bytes: Bytes<'a>) -> Option<Step<'a>> {
    match link_type.0 {
        0 => null(bytes),
        1 => ethernet(walk, bytes),
        9 | 50 => Some(Step::Next(Layer::PppInHdlc, bytes)),
        12 | 14 | 101 => raw(bytes),
        108 => by_family(bytes.u32(0)?, bytes.skip(4)?),
        113 => cooked_v1(walk, bytes),
        228 => Some(Step::Next(Layer::Ip, bytes)),
        229 => Some(Step::Next(Layer::Ipv6, bytes)),
        276 => cooked_v2(walk, bytes),
        _ => None,
    }
}

/// Ethernet II or IEEE 802.3.
pub(super) fn ethernet<'a>(walk: &mut Walk, bytes: Bytes<'a>) -> Option<Step<'a>> {
    let header = Ethernet2HeaderSlice::from_slice(bytes.captured()).ok()?;
    if walk.ethernet.is_none() {
        walk.ethernet = Some(EthernetAddresses { source: header.source(), destination: header.destination() });
        walk.ethernet_length = bytes.length();
    }
    let field = header.ether_type().0;
    if let (0..=LARGEST_LENGTH, Some(kind)) = (field, isl_kind(header.destination())) {
        return isl(usize::from(field), kind, bytes);
    }
    length_or_type(field, bytes.skip(14)?)
}

/// What a Cisco ISL frame carries, if a destination says that it is one: four bits of type and four of the user's end it.
fn isl_kind(destination: [u8; 6]) -> Option<u8> {
    match destination {
        [0x01 | 0x0c, 0x00, 0x0c, 0x00, 0x00, last] => Some(last >> 4),
        _ => None,
    }
}

/// Cisco ISL: 26 bytes where an 802.3 header would stand, then for type 0 an Ethernet frame with its check sequence. The
/// length field counts 12 bytes of the header and, unlike other lengths, is believed; 0 leaves it to the frame.
fn isl(length: usize, kind: u8, bytes: Bytes<'_>) -> Option<Step<'_>> {
    let rest = bytes.skip(26)?;
    let frame = if length == 0 { rest.length() } else { length.checked_sub(12)? };
    (kind == 0).then_some(Step::Next(Layer::Ethernet, rest.with_length(frame.saturating_sub(4))))
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
        (0xaa, 0xaa) => snap(rest, information),
        (0x06, _) if information => Some(Step::Next(Layer::Ip, rest)),
        _ => None,
    }
}

/// A SNAP header: the organization codes 00-00-00 and 00-00-F8 say that an EtherType follows, 00-80-C2 with protocol 1
/// (with frame check sequence) or 7 a bridged Ethernet frame after two bytes of padding (RFC 2684, section 5.2).
fn snap(bytes: Bytes<'_>, information: bool) -> Option<Step<'_>> {
    match (bytes.array::<3>(0)?, bytes.u16(3)?) {
        ([0, 0, 0] | [0, 0, 0xf8], ether_type) if information => registered_type(ether_type, bytes.skip(5)?),
        ([0, 0x80, 0xc2], 1) => {
            let frame = bytes.skip(7)?;
            Some(Step::Next(Layer::Ethernet, frame.truncate(frame.length().saturating_sub(4))))
        }
        ([0, 0x80, 0xc2], 7) => Some(Step::Next(Layer::Ethernet, bytes.skip(7)?)),
        _ => None,
    }
}

/// An EtherType in a SNAP or null header. ARP gleaning is followed behind Ethernet, VLAN tags and cooked headers only.
fn registered_type(ether_type: u16, rest: Bytes<'_>) -> Option<Step<'_>> {
    (ether_type != ether_types::ARP_GLEANING).then_some(Step::Next(Layer::EtherType(ether_type), rest))
}

/// What an EtherType announces.
pub(super) fn ether_type<'a>(walk: &mut Walk, ether_type: u16, bytes: Bytes<'a>) -> Option<Step<'a>> {
    match ether_type {
        ether_types::IPV4 => Some(Step::Next(Layer::Ip, bytes)),
        ether_types::ARP_GLEANING => (bytes.u8(0)? >> 4 == 4).then_some(Step::Next(Layer::Ip, bytes)),
        ether_types::IPV6 => Some(Step::Next(Layer::Ipv6, bytes)),
        ether_types::ARP => arp(walk, bytes),
        ether_types::VLAN | ether_types::OLD_QINQ => {
            walk.vlan_tags = walk.vlan_tags.saturating_add(1);
            if walk.vlan_tags > MOST_VLAN_TAGS {
                return None;
            }
            let (vlan, field, rest) = vlan_tag(bytes)?;
            walk.vlan = if walk.vlan == 0 { vlan } else { walk.vlan };
            length_or_type(field, rest)
        }
        ether_types::PROVIDER_VLAN => {
            let (_, field, rest) = vlan_tag(bytes)?;
            Some(Step::Next(Layer::EtherType(field), rest))
        }
        ether_types::BRIDGED_ETHERNET => Some(Step::Next(Layer::Ethernet, bytes)),
        ether_types::JUMBO_LLC => Some(Step::Next(Layer::Llc, bytes)),
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

/// A VLAN tag (IEEE 802.1Q): its identifier, and the length/type field after it, which after a provider's tag is never a
/// length.
fn vlan_tag(bytes: Bytes<'_>) -> Option<(u16, u16, Bytes<'_>)> {
    let tag = SingleVlanHeaderSlice::from_slice(bytes.captured()).ok()?;
    Some((tag.vlan_identifier().value(), tag.ether_type().0, bytes.skip(4)?))
}

/// PPPoE session (RFC 2516): six bytes, the last two a length that cuts off padding.
fn pppoe(bytes: Bytes<'_>) -> Option<Step<'_>> {
    let length = usize::from(bytes.u16(4)?);
    Some(Step::Next(Layer::Ppp, bytes.skip(6)?.truncate(length)))
}

/// PPP in HDLC-like framing (RFC 1662): address ff and control 03 may be left out. The control is not looked at.
pub(super) fn ppp_in_hdlc(bytes: Bytes<'_>) -> Option<Step<'_>> {
    let framed = bytes.u8(0)? == 0xff;
    Some(Step::Next(Layer::Ppp, if framed { bytes.skip(2)? } else { bytes }))
}

/// A PPP protocol field (RFC 1661, section 2): one byte if that is odd, else two. Some senders put an EtherType there.
pub(super) fn ppp(bytes: Bytes<'_>) -> Option<Step<'_>> {
    let first = bytes.u8(0)?;
    let (protocol, rest) =
        if first & 1 == 1 { (u16::from(first), bytes.skip(1)?) } else { (bytes.u16(0)?, bytes.skip(2)?) };
    match protocol {
        0x0021 | ether_types::IPV4 => Some(Step::Next(Layer::Ip, rest)),
        0x0057 | ether_types::IPV6 => Some(Step::Next(Layer::Ipv6, rest)),
        0x004b => Some(Step::Next(Layer::Llc, rest)),
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
    let family = null_family(u32::from_le_bytes(bytes.array(0)?));
    let rest = bytes.skip(4)?;
    if family > u32::from(LARGEST_LENGTH) {
        return registered_type((family & 0xffff) as u16, rest);
    }
    by_family(family, rest)
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

/// The address families of the BSDs: 2 IPv4; 24, 28, 30 IPv6.
fn by_family(family: u32, rest: Bytes<'_>) -> Option<Step<'_>> {
    match family {
        2 => Some(Step::Next(Layer::Ip, rest)),
        24 | 28 | 30 => Some(Step::Next(Layer::Ipv6, rest)),
        _ => None,
    }
}

/// Raw IP: the version is the first nibble. Old Linux ISDN drivers put PPP there, after nothing, a MAC address or one
/// byte, and ten bytes of zero before IP while the line was down.
fn raw(bytes: Bytes<'_>) -> Option<Step<'_>> {
    for before in [0, 6, 1] {
        if bytes.u16(before)? == 0xff03 {
            return Some(Step::Next(Layer::PppInHdlc, bytes.skip(before)?));
        }
    }
    let line_is_down = bytes.array(0)? == [0; 10];
    Some(Step::Next(Layer::Ip, if line_is_down { bytes.skip(10)? } else { bytes }))
}

/// Linux cooked v1 (LINKTYPE_LINUX_SLL): packet type first, protocol last of 16 bytes.
fn cooked_v1<'a>(walk: &mut Walk, bytes: Bytes<'a>) -> Option<Step<'a>> {
    note_packet_type(walk, bytes.u16(0)?);
    cooked_protocol(bytes.u16(2)?, bytes.u16(14)?, bytes.skip(16)?)
}

/// Linux cooked v2 (LINKTYPE_LINUX_SLL2): protocol first, hardware type at byte 8, packet type at byte 10 of 20.
fn cooked_v2<'a>(walk: &mut Walk, bytes: Bytes<'a>) -> Option<Step<'a>> {
    note_packet_type(walk, u16::from(bytes.u8(10)?));
    cooked_protocol(bytes.u16(8)?, bytes.u16(0)?, bytes.skip(20)?)
}

/// The direction that a cooked header tells: 0 to this host, 3 to another one, 4 sent by this one.
fn note_packet_type(walk: &mut Walk, packet_type: u16) {
    walk.direction = walk.direction.or(match packet_type {
        0 => Some(Direction::Inbound),
        3 => Some(Direction::Passing),
        4 => Some(Direction::Outbound),
        _ => None,
    });
}

/// The protocol of a cooked header: up to 1536 a number of the Linux kernel's own (`linux/if_ether.h`), of which 3 is
/// Ethernet, 4 LLC and 7 PPP; else an EtherType. Netlink (hardware type 824) has protocols of its own, and GRE devices
/// (778) those of GRE (RFC 2784), which have no VLAN tag and no PPPoE.
fn cooked_protocol(hardware: u16, protocol: u16, rest: Bytes<'_>) -> Option<Step<'_>> {
    let followed_in_gre = matches!(
        protocol,
        ether_types::IPV4
            | ether_types::IPV6
            | ether_types::MPLS
            | ether_types::MPLS_MULTICAST
            | ether_types::BRIDGED_ETHERNET
    );
    match (hardware, protocol) {
        (824, _) => None,
        (_, 3) => Some(Step::Next(Layer::Ethernet, rest)),
        (_, 4) => Some(Step::Next(Layer::Llc, rest)),
        (_, 7) => Some(Step::Next(Layer::PppInHdlc, rest)),
        (_, 0..=1536) => None,
        (778, ether_types::PPP) => Some(Step::Next(Layer::PppInHdlc, rest)),
        (778, _) if !followed_in_gre => None,
        _ => Some(Step::Next(Layer::EtherType(protocol), rest)),
    }
}
