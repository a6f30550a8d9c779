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
mod memory;
mod options;
#[cfg(test)]
mod quote_tests;
mod quotes;
pub(super) mod snmp;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod transport;
mod walk;

use crate::capfile::{CaptureWarning, Frame, WarningCode};
use crate::limits::Limits;
use crate::packet::{Content, OrdinaryPacket, Packet, QuotedHeader, TcpSegment, UdpDatagram};
use crate::unfollowed::Unfollowed;

pub use options::{TcpOptions, acknowledged_beyond};

use bytes::Bytes;
use fragments::Fragments;
use memory::Memory;
use walk::{Layer, Outcome, Step, Walk};

/// Headers followed in one frame: Wireshark's own bound on nested layers (`gui.max_tree_depth`) less the frame itself.
const MOST_LAYERS: usize = 499;

/// Decodes frames, one after the other; remembers fragments of IP datagrams and nothing else.
#[derive(Debug)]
pub struct Decoder {
    memory: Memory,
    /// The datagram that the last frame completed.
    datagram: Vec<u8>,
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
            code: WarningCode::LimitFragments,
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
            return walk.packet(Content::NoPacket, &[], &[]);
        }
        let bytes = Bytes::new(frame.data, usize::try_from(frame.original_length).unwrap_or(usize::MAX));
        let first = Layer::Link(frame.link_type);
        let (content, header, _) = walk.follow(&mut self.memory, first, bytes, &mut self.datagram);
        walk.packet(content, header, &self.memory.quoted)
    }
}

impl Walk {
    /// Reads header after header, those of a datagram that they complete too, which is left in `datagram`. What it gives
    /// is the content, the captured bytes of the TCP or UDP header, and how long the payload was on the wire.
    fn follow<'b>(
        &mut self,
        memory: &mut Memory,
        first: Layer,
        bytes: Bytes<'b>,
        datagram: &'b mut Vec<u8>,
    ) -> (Content<'b>, &'b [u8], usize) {
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
                let (from, to) = self.header;
                let header = match content {
                    Content::Tcp(_) | Content::Udp(_) => buffer.get(from..to).unwrap_or_default(),
                    _ => &[],
                };
                (with_payload(content, buffer.get(payload).unwrap_or_default()), header, length)
            }
            Outcome::Whole { .. } => (Content::OtherIp, &[], 0),
        }
    }

    /// Follows a packet that an error quotes, and notes the TCP or UDP header that it leads to. What was learned of the
    /// frame stays as it is.
    fn quote(&self, memory: &mut Memory, first: Layer, bytes: Bytes<'_>) {
        let mut inner = Walk { quoted: true, ip: None, ..*self };
        let mut datagram = Vec::new();
        let (content, _, length) = inner.follow(memory, first, bytes, &mut datagram);
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
}

/// The content with its captured payload.
fn with_payload<'a>(content: Content<'static>, payload: &'a [u8]) -> Content<'a> {
    match content {
        Content::Tcp(segment) => Content::Tcp(TcpSegment { payload, ..segment }),
        Content::Udp(datagram) => Content::Udp(UdpDatagram { payload, ..datagram }),
        other => other,
    }
}
