//! A packet on its way to its stream, in one shape for ordinary and for all other packets.

use super::headers::{Fields, IpFields};
use super::pair::Pair;
use crate::batch::Seen;
use crate::capfile::{Direction, Frame, FrameTime};
use crate::decode::snmp;
use crate::packet::{Content, OrdinaryPacket, Packet, QuotedHeader, TcpFlags};
use crate::types::{FrameNumber, Protocol};

/// Which frame, and when.
#[derive(Debug, Clone, Copy)]
pub(super) struct At {
    pub(super) number: FrameNumber,
    pub(super) time: Option<FrameTime>,
}

/// What a stream needs of a transport header. The numbers of a datagram mean nothing, flags it has none.
#[derive(Debug, Clone, Copy)]
pub(super) struct Header {
    pub(super) flags: TcpFlags,
    /// See [`crate::packet::TcpSegment::bogus_header`].
    pub(super) bogus: bool,
    /// `None` where a TCP header is longer than the segment.
    pub(super) payload_length: Option<u32>,
    pub(super) sequence: u32,
    pub(super) acknowledgement: u32,
}

impl Header {
    /// That of a quoted packet, whose payload and acknowledgement number never count.
    pub(super) fn quoted(quote: &QuotedHeader) -> Header {
        Header {
            flags: quote.flags,
            bogus: quote.bogus_header,
            payload_length: Some(0),
            sequence: quote.sequence,
            acknowledgement: 0,
        }
    }
}

/// What a stream needs to know of a packet. Small and copied: what it tells is made where it is needed, which for most
/// packets is nowhere.
pub(super) trait Arrival: Copy {
    fn at(self) -> At;

    /// Its socket addresses and transport.
    fn pair(self) -> Pair;

    fn header(self) -> Header;

    /// The captured payload.
    fn payload(&self) -> &[u8];

    /// Whether Wireshark takes the payload for SNMP, where the ports are SNMP's.
    fn is_snmp(self) -> bool {
        snmp::is_snmp(self.pair().protocol(), self.header().bogus, self.payload(), self.held_length())
    }

    /// Payload that the packet has room for: see [`crate::packet::UdpDatagram::held_length`].
    fn held_length(self) -> u32;

    /// The captured bytes of the transport header.
    fn header_bytes(&self) -> &[u8];

    /// What only a note remembers.
    fn fields(&self) -> Fields;

    /// Source MAC address, where there is one.
    fn mac(self) -> Option<[u8; 6]>;

    /// Which way it went.
    fn way(self) -> Option<Direction>;
}

/// Any packet of a stream.
#[derive(Clone, Copy)]
pub(super) struct Whole<'a> {
    frame: &'a Frame<'a>,
    packet: &'a Packet<'a>,
    pair: Pair,
    header: Header,
    payload: &'a [u8],
    held_length: u32,
}

impl<'a> Whole<'a> {
    /// The packet, if it is a TCP segment or UDP datagram over IP.
    pub(super) fn new(frame: &'a Frame<'a>, packet: &'a Packet<'a>) -> Option<Whole<'a>> {
        let ip = packet.ip.as_ref()?;
        let (ports, protocol, header, payload, held_length) = match &packet.content {
            Content::Tcp(segment) => {
                let header = Header {
                    flags: segment.flags,
                    bogus: segment.bogus_header,
                    payload_length: segment.payload_length,
                    sequence: segment.sequence,
                    acknowledgement: segment.acknowledgement,
                };
                (
                    [segment.source_port, segment.destination_port],
                    Protocol::Tcp,
                    header,
                    segment.payload,
                    segment.payload_length.unwrap_or(0),
                )
            }
            Content::Udp(datagram) => {
                let header = Header {
                    flags: TcpFlags::default(),
                    bogus: false,
                    payload_length: Some(datagram.payload_length),
                    sequence: 0,
                    acknowledgement: 0,
                };
                let ports = [datagram.source_port, datagram.destination_port];
                (ports, Protocol::Udp, header, datagram.payload, datagram.held_length)
            }
            _ => return None,
        };
        Some(Whole { frame, packet, pair: Pair::new(ip, ports, protocol), header, payload, held_length })
    }
}

impl Arrival for Whole<'_> {
    fn at(self) -> At {
        At { number: self.frame.number, time: self.frame.time }
    }

    fn pair(self) -> Pair {
        self.pair
    }

    fn header(self) -> Header {
        self.header
    }

    fn payload(&self) -> &[u8] {
        self.payload
    }

    fn held_length(self) -> u32 {
        self.held_length
    }

    fn header_bytes(&self) -> &[u8] {
        self.packet.header
    }

    fn fields(&self) -> Fields {
        let (protocol, length) = (self.pair.protocol(), self.frame.original_length);
        let Packet { hop_limit, ip_length, identification, .. } = *self.packet;
        let ip = IpFields { hop_limit, length: ip_length, identification };
        Fields::new(protocol, self.packet.header, ip, length)
    }

    fn mac(self) -> Option<[u8; 6]> {
        self.packet.ethernet.map(|ethernet| ethernet.source)
    }

    fn way(self) -> Option<Direction> {
        self.packet.direction
    }
}

/// An ordinary packet.
impl Arrival for Seen<'_> {
    #[inline(always)]
    fn at(self) -> At {
        At { number: FrameNumber(self.number), time: self.entry.time }
    }

    #[inline(always)]
    fn pair(self) -> Pair {
        Pair::ordinary(self.packet)
    }

    #[inline(always)]
    fn header(self) -> Header {
        Header {
            flags: self.packet.flags,
            bogus: false,
            payload_length: Some(self.packet.payload_length.into()),
            sequence: self.packet.sequence,
            acknowledgement: self.packet.acknowledgement,
        }
    }

    fn payload(&self) -> &[u8] {
        self.packet.payload(self.data())
    }

    fn held_length(self) -> u32 {
        self.packet.payload_length.into()
    }

    fn header_bytes(&self) -> &[u8] {
        self.packet.header(self.data())
    }

    fn fields(&self) -> Fields {
        let (data, length) = (self.data(), self.entry.original_length);
        let ip = IpFields {
            hop_limit: OrdinaryPacket::hop_limit(data),
            length: OrdinaryPacket::ip_length(data),
            identification: OrdinaryPacket::identification(data),
        };
        Fields::new(self.packet.protocol, self.packet.header(data), ip, length)
    }

    fn mac(self) -> Option<[u8; 6]> {
        OrdinaryPacket::ethernet(self.data()).map(|ethernet| ethernet.source)
    }

    #[inline(always)]
    fn way(self) -> Option<Direction> {
        self.packet.direction
    }
}
