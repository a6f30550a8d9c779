//! What is known on the way through a frame's headers, and where it leads next.

use std::ops::Range;

use super::bytes::Bytes;
use crate::capfile::{Direction, Frame, LinkType};
use crate::packet::{Content, EthernetAddresses, IpAddresses, Packet, QuotedHeader};
use crate::unfollowed::Unfollowed;

/// A header to read next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Layer {
    /// The beginning of a frame of this link type.
    Link(LinkType),
    /// An Ethernet frame inside another.
    Ethernet,
    /// What an EtherType announces.
    EtherType(u16),
    /// An IEEE 802.2 LLC header.
    Llc,
    /// A PPP frame, with or without address and control field.
    PppInHdlc,
    /// A PPP protocol field.
    Ppp,
    /// IPv4 or IPv6, told apart by the version field.
    Ip,
    /// IPv6 only.
    Ipv6,
    /// What an IP protocol number announces.
    IpProtocol(u8),
}

impl Layer {
    /// 0 where another layer reads the same header, and counts it.
    pub(super) const fn counts(self) -> usize {
        match self {
            Layer::Link(LinkType(228 | 229)) | Layer::IpProtocol(4 | 41) => 0,
            _ => 1,
        }
    }
}

/// What reading one header leads to.
pub(super) enum Step<'a> {
    /// Another header.
    Next(Layer, Bytes<'a>),
    /// The end of the frame's headers.
    End(Outcome),
}

impl Step<'_> {
    /// Nothing that socklab has a use for; `payload` stays empty.
    pub(super) fn end(content: Content<'static>) -> Self {
        Step::End(Outcome::Found(content, 0..0, 0))
    }
}

/// What all headers of a buffer led to.
pub(super) enum Outcome {
    /// The content, its payload at this place of the buffer, and how long that was on the wire.
    Found(Content<'static>, Range<usize>, usize),
    /// A datagram whose last missing fragment this was.
    Whole {
        /// The protocol number of what it carries.
        protocol: u8,
        /// What it carries.
        datagram: Vec<u8>,
    },
}

/// What has been learned from the headers of one frame so far.
#[derive(Debug, Clone, Copy)]
pub(super) struct Walk {
    pub(super) ethernet: Option<EthernetAddresses>,
    pub(super) ip: Option<IpAddresses>,
    pub(super) direction: Option<Direction>,
    /// An IPv6 header was read, at any depth.
    pub(super) over_ipv6: bool,
    /// The last IPv6 header claims a longer packet than its surroundings have room for.
    pub(super) ipv6_exceeds: bool,
    /// What the last IPv6 header carries was put together from fragments.
    pub(super) ipv6_reassembled: bool,
    /// The outermost VLAN identifier but 0, those of providers' tags (EtherType 0x88a8) not counted.
    pub(super) vlan: u16,
    pub(super) vlan_tags: u8,
    /// The packet is the first fragment of a datagram that cannot be put together.
    pub(super) first_fragment: bool,
    /// Length of an Ethernet frame on the wire; 0 for other link layers.
    pub(super) ethernet_length: usize,
    pub(super) layers: usize,
    /// The time to live or hop limit of the last IP header.
    pub(super) hop_limit: Option<u8>,
    /// The identification of the last IP header, where it is of IPv4.
    pub(super) identification: Option<u16>,
    /// The length of the last IP packet.
    pub(super) ip_length: Option<u32>,
    /// Where the captured bytes of the TCP or UDP header are in their buffer.
    pub(super) header: (usize, usize),
    /// The headers are ones that an ICMP error quotes.
    pub(super) quoted: bool,
    pub(super) unfollowed: Option<Unfollowed>,
}

impl Walk {
    /// Before the first header of a frame.
    pub(super) fn new(frame: &Frame<'_>) -> Self {
        Walk {
            ethernet: None,
            ip: None,
            direction: frame.direction,
            over_ipv6: false,
            ipv6_exceeds: false,
            ipv6_reassembled: false,
            vlan: 0,
            vlan_tags: 0,
            first_fragment: false,
            ethernet_length: 0,
            layers: 0,
            hop_limit: None,
            identification: None,
            ip_length: None,
            header: (0, 0),
            quoted: false,
            unfollowed: None,
        }
    }

    /// The packet, once its content is known.
    pub(super) fn packet<'a>(&self, content: Content<'a>, header: &'a [u8], quoted: &'a [QuotedHeader]) -> Packet<'a> {
        let (ethernet, ip, direction, unfollowed) = (self.ethernet, self.ip, self.direction, self.unfollowed);
        let (hop_limit, identification, ip_length) = (self.hop_limit, self.identification, self.ip_length);
        Packet { ethernet, ip, direction, content, header, hop_limit, identification, ip_length, quoted, unfollowed }
    }

    /// Notes where a transport header is.
    pub(super) fn note_header(&mut self, header: Bytes<'_>) {
        let range = header.range();
        self.header = (range.start, range.end);
    }

    /// Notes that an IP or ARP packet of this length ends `remaining` bytes before the frame does: see
    /// [`evident_direction`].
    pub(super) fn note_padding(&mut self, remaining: usize) {
        if self.direction.is_none() && self.ethernet_length > 0 {
            self.direction = evident_direction(self.ethernet_length, remaining);
        }
        self.ethernet_length = 0;
    }
}

/// Shortest Ethernet frame on the wire in bytes, without its frame check sequence (IEEE 802.3, 3.2.8).
const SHORTEST_ETHERNET: usize = 60;

/// Which way an Ethernet frame must have gone, as its length shows: captures see the frames that their own computer
/// sends before they are padded to 60 bytes, those that it receives after. `padding` is the bytes after the packet.
///
/// Virtual interfaces never pad, so that frames of both hosts look sent; whoever uses this must compare.
#[inline]
pub(super) fn evident_direction(length: usize, padding: usize) -> Option<Direction> {
    if length > SHORTEST_ETHERNET.saturating_add(4) {
        None
    } else if length < SHORTEST_ETHERNET {
        Some(Direction::Outbound)
    } else {
        (padding > 0).then_some(Direction::Inbound)
    }
}
