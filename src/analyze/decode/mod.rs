//! From the bytes of a frame to its headers, as Wireshark reads them.
//!
//! Follows link layer, IPv4 and IPv6 down to TCP and UDP, IP inside IP included; ARP and ICMP as far as they explain
//! what happened, and the packets that ICMP errors quote. Tunnels (GRE, VXLAN, …) are not followed. Which rule lies where:
//! `link` frames to EtherTypes, `ipv4` and `ipv6` addresses and lengths, `fragments` reassembly, `transport` TCP and UDP,
//! `explain` ARP and ICMP, `quotes` what ICMP quotes; `fast` is a shorter way to the same result for ordinary frames.

mod bytes;
mod explain;
mod fast;
mod fragments;
mod ipv4;
mod ipv6;
mod link;
#[cfg(test)]
mod quote_tests;
mod quotes;
pub(super) mod snmp;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod transport;

use std::ops::Range;

use crate::analyze::packet::{
    Content, EthernetAddresses, IpAddresses, OrdinaryPacket, Packet, QuotedHeader, TcpSegment, UdpDatagram,
};
use crate::analyze::unfollowed::Unfollowed;
use crate::capfile::{CaptureWarning, Direction, Frame, LinkType};
use crate::limits::Limits;

use bytes::Bytes;
use fragments::Fragments;

/// Headers followed in one frame: Wireshark's own bound on nested layers (`gui.max_tree_depth`) less the frame itself.
const MOST_LAYERS: usize = 499;

/// Decodes frames, one after the other; remembers fragments of IP datagrams and nothing else.
#[derive(Debug)]
pub struct Decoder {
    memory: Memory,
    /// The datagram that the last frame completed.
    datagram: Vec<u8>,
}

/// What outlasts a frame, and what is found in one aside.
#[derive(Debug)]
struct Memory {
    fragments: Fragments,
    /// Headers quoted in the frame so far.
    quoted: Vec<QuotedHeader>,
}

impl Decoder {
    /// A decoder that has seen no frame.
    pub fn new(limits: &Limits) -> Self {
        let memory = Memory { fragments: Fragments::new(limits), quoted: Vec::new() };
        Decoder { memory, datagram: Vec::new() }
    }

    /// Decodes the next frame of the capture. Never fails: what cannot be read is [`Content::Other`] or
    /// [`Content::OtherIp`].
    #[inline]
    pub fn decode<'a>(&'a mut self, frame: &Frame<'a>) -> Packet<'a> {
        match fast::decode(frame) {
            Some(packet) => packet.whole(frame.data),
            None => self.decode_general(frame),
        }
    }

    /// Decodes a frame that is ordinary (see the module `fast`), `None` for others. Needs no decoder: fragments are never
    /// ordinary.
    #[inline(always)]
    pub fn decode_ordinary(frame: &Frame<'_>) -> Option<OrdinaryPacket> {
        fast::decode(frame)
    }

    /// The limits that were reached, if any.
    pub fn warnings(&self) -> Vec<CaptureWarning> {
        let (given_up, first) = self.memory.fragments.given_up();
        let warning = first.map(|frame| CaptureWarning {
            code: "limit-fragments",
            message: format!(
                "Too many IP datagrams wait for fragments: the oldest were given up ({given_up} in all, from frame \
                 {frame} on)."
            ),
            frame: Some(frame),
            offset: None,
        });
        warning.into_iter().collect()
    }

    /// Decodes the next frame of the capture by the way through every layer, for frames that are not ordinary. Of those
    /// that are, it says the same.
    pub fn decode_general<'a>(&'a mut self, frame: &Frame<'a>) -> Packet<'a> {
        let mut walk = Walk::new(frame);
        self.memory.fragments.at_frame(frame.number);
        self.memory.quoted.clear();
        if frame.interface.is_none() {
            return walk.packet(Content::NoPacket, &[]);
        }
        let bytes = Bytes::new(frame.data, usize::try_from(frame.original_length).unwrap_or(usize::MAX));
        let (content, _) = walk.follow(&mut self.memory, Layer::Link(frame.link_type), bytes, &mut self.datagram);
        walk.packet(content, &self.memory.quoted)
    }
}

/// A header to read next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Layer {
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
    const fn counts(self) -> usize {
        match self {
            Layer::Link(LinkType(228 | 229)) | Layer::IpProtocol(4 | 41) => 0,
            _ => 1,
        }
    }
}

/// What reading one header leads to.
enum Step<'a> {
    /// Another header.
    Next(Layer, Bytes<'a>),
    /// The end of the frame's headers.
    End(Outcome),
}

impl Step<'_> {
    /// Nothing that socklab has a use for; `payload` stays empty.
    fn end(content: Content<'static>) -> Self {
        Step::End(Outcome::Found(content, 0..0, 0))
    }
}

/// What all headers of a buffer led to.
enum Outcome {
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
struct Walk {
    ethernet: Option<EthernetAddresses>,
    ip: Option<IpAddresses>,
    direction: Option<Direction>,
    /// An IPv6 header was read, at any depth.
    over_ipv6: bool,
    /// The last IPv6 header claims a longer packet than its surroundings have room for.
    ipv6_exceeds: bool,
    /// What the last IPv6 header carries was put together from fragments.
    ipv6_reassembled: bool,
    /// The outermost VLAN identifier but 0, those of providers' tags (EtherType 0x88a8) not counted.
    vlan: u16,
    vlan_tags: u8,
    /// The packet is the first fragment of a datagram that cannot be put together.
    first_fragment: bool,
    /// Length of an Ethernet frame on the wire; 0 for other link layers.
    ethernet_length: usize,
    layers: usize,
    /// The headers are ones that an ICMP error quotes.
    quoted: bool,
    unfollowed: Option<Unfollowed>,
}

impl Walk {
    fn new(frame: &Frame<'_>) -> Self {
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
            quoted: false,
            unfollowed: None,
        }
    }

    /// Reads header after header, those of a datagram that they complete too, which is left in `datagram`. What it gives
    /// is the content, and how long its payload was on the wire.
    fn follow<'b>(
        &mut self,
        memory: &mut Memory,
        first: Layer,
        bytes: Bytes<'b>,
        datagram: &'b mut Vec<u8>,
    ) -> (Content<'b>, usize) {
        let mut outcome = self.run(memory, first, bytes);
        let mut reassembled = false;
        while let Outcome::Whole { protocol, datagram: whole } = outcome {
            outcome = self.run(memory, Layer::IpProtocol(protocol), Bytes::new(&whole, whole.len()));
            *datagram = whole;
            reassembled = true;
        }
        let buffer = if reassembled { datagram.as_slice() } else { bytes.buffer() };
        match outcome {
            Outcome::Found(content, payload, length) => {
                (with_payload(content, buffer.get(payload).unwrap_or_default()), length)
            }
            Outcome::Whole { .. } => (Content::OtherIp, 0),
        }
    }

    /// Follows a packet that an error quotes, and notes the TCP or UDP header that it leads to. What was learned of the
    /// frame stays as it is.
    fn quote(&self, memory: &mut Memory, first: Layer, bytes: Bytes<'_>) {
        let mut inner = Walk { quoted: true, ip: None, ..*self };
        let mut datagram = Vec::new();
        let (content, length) = inner.follow(memory, first, bytes, &mut datagram);
        memory.quoted.extend(inner.ip.and_then(|ip| QuotedHeader::new(ip, &content, length)));
    }

    /// Reads header after header.
    fn run(&mut self, memory: &mut Memory, first: Layer, bytes: Bytes<'_>) -> Outcome {
        let mut step = Step::Next(first, bytes);
        loop {
            match step {
                Step::End(outcome) => return outcome,
                Step::Next(layer, bytes) => {
                    self.layers = self.layers.saturating_add(layer.counts());
                    let end = Step::end(if self.ip.is_some() { Content::OtherIp } else { Content::Other });
                    if self.layers > MOST_LAYERS {
                        step = end;
                        continue;
                    }
                    // A header that is damaged or cut ends the walk where it stands.
                    step = self.step(memory, layer, bytes).unwrap_or(end);
                }
            }
        }
    }

    /// Reads one header; `None` where it is damaged, cut, or of no kind that is followed.
    fn step<'a>(&mut self, memory: &mut Memory, layer: Layer, bytes: Bytes<'a>) -> Option<Step<'a>> {
        match layer {
            Layer::Link(link_type) => link::first(self, link_type, bytes),
            Layer::Ethernet => link::ethernet(self, bytes),
            Layer::EtherType(ether_type) => link::ether_type(self, ether_type, bytes),
            Layer::Llc => link::llc(bytes),
            Layer::PppInHdlc => link::ppp_in_hdlc(bytes),
            Layer::Ppp => link::ppp(bytes),
            Layer::Ip => match bytes.u8(0)? >> 4 {
                4 => ipv4::header(self, &mut memory.fragments, bytes),
                6 => ipv6::header(self, bytes),
                _ => None,
            },
            Layer::Ipv6 => ipv6::header(self, bytes),
            Layer::IpProtocol(protocol) => self.ip_protocol(memory, protocol, bytes),
        }
    }

    /// What follows an IP header or an IPv6 extension header (IANA protocol numbers).
    fn ip_protocol<'a>(&mut self, memory: &mut Memory, protocol: u8, bytes: Bytes<'a>) -> Option<Step<'a>> {
        match protocol {
            0 | 60 => ipv6::options(self, bytes),
            1 => {
                let content = explain::icmp(bytes)?;
                // A quote that is cut ends there; the message stands.
                let _ = quotes::of_icmp(self, memory, bytes);
                Some(Step::end(content))
            }
            4 => Some(Step::Next(Layer::Ip, bytes)),
            6 => transport::tcp(self, bytes),
            17 => transport::udp(self, bytes),
            41 => Some(Step::Next(Layer::Ipv6, bytes)),
            43 => ipv6::routing(self, bytes),
            44 => ipv6::fragment(self, &mut memory.fragments, bytes),
            58 => {
                let content = explain::icmpv6(bytes)?;
                let _ = quotes::of_icmpv6(self, memory, bytes);
                Some(Step::end(content))
            }
            _ => {
                self.unfollowed = Unfollowed::in_ip(protocol);
                None
            }
        }
    }

    /// The packet, once its content is known.
    fn packet<'a>(&self, content: Content<'a>, quoted: &'a [QuotedHeader]) -> Packet<'a> {
        let (ethernet, ip, direction, unfollowed) = (self.ethernet, self.ip, self.direction, self.unfollowed);
        Packet { ethernet, ip, direction, content, quoted, unfollowed }
    }

    /// Notes that an IP or ARP packet of this length ends `remaining` bytes before the frame does: see
    /// [`evident_direction`].
    fn note_padding(&mut self, remaining: usize) {
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
fn evident_direction(length: usize, padding: usize) -> Option<Direction> {
    if length > SHORTEST_ETHERNET.saturating_add(4) {
        None
    } else if length < SHORTEST_ETHERNET {
        Some(Direction::Outbound)
    } else {
        (padding > 0).then_some(Direction::Inbound)
    }
}

/// The content with its captured payload.
fn with_payload<'a>(content: Content<'static>, payload: &'a [u8]) -> Content<'a> {
    match content {
        Content::Tcp(segment) => Content::Tcp(TcpSegment { payload, ..segment }),
        Content::Udp(datagram) => Content::Udp(UdpDatagram { payload, ..datagram }),
        other => other,
    }
}
