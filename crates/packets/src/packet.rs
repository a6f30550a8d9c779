//! What decoding finds in one frame.

use std::net::{IpAddr, Ipv4Addr};

use crate::capfile::Direction;
use crate::types::{Protocol, SocketAddress};
use crate::unfollowed::Unfollowed;

/// The headers of one frame that socklab has a use for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Packet<'a> {
    /// Source and destination MAC address, where the link layer is Ethernet.
    pub ethernet: Option<EthernetAddresses>,
    /// Source and destination IP address of the innermost IP header that was dissected.
    pub ip: Option<IpAddresses>,
    /// Which way the frame went, as seen from the capturing computer: from the file, from a Linux cooked header, or
    /// evident from an Ethernet frame's length. Only computers that pad frames make the last kind reliable.
    pub direction: Option<Direction>,
    /// What the innermost dissected header carries.
    pub content: Content<'a>,
    /// The captured bytes of the TCP or UDP header, its options included; none for anything else.
    pub header: &'a [u8],
    /// The time to live (RFC 791) or hop limit (RFC 8200) of the innermost IP header that was dissected.
    pub hop_limit: Option<u8>,
    /// The identification of the innermost IPv4 header that was dissected (RFC 791); IPv6 has none.
    pub identification: Option<u16>,
    /// Bytes of the innermost IP packet with its header (`ip.len`; `ipv6.plen` and 40), where the header tells them.
    pub ip_length: Option<u32>,
    /// The TCP and UDP headers that an ICMP error quotes, in the order of the bytes.
    pub quoted: &'a [QuotedHeader],
    /// What Wireshark follows further than this, where it does.
    pub unfollowed: Option<Unfollowed>,
}

impl<'a> Packet<'a> {
    /// A packet that quotes no other.
    pub const fn new(ip: Option<IpAddresses>, content: Content<'a>) -> Packet<'a> {
        Packet {
            ethernet: None,
            ip,
            direction: None,
            content,
            header: &[],
            hop_limit: None,
            identification: None,
            ip_length: None,
            quoted: &[],
            unfollowed: None,
        }
    }
}

/// Where the transport header of an ordinary packet begins: after an Ethernet header and an IPv4 header without options.
const TRANSPORT: usize = 34;

/// Where an ordinary packet has its time to live.
const TIME_TO_LIVE: usize = 22;

/// Where an ordinary packet has its total length.
const TOTAL_LENGTH: usize = 16;

/// Where an ordinary packet has its identification.
const IDENTIFICATION: usize = 18;

/// An ordinary packet: TCP or UDP over IPv4 without options, not fragmented, in an untagged Ethernet frame, with whole
/// headers and the lengths in order. Nearly all frames are such, so it is small, and borrows nothing of the frame;
/// [`OrdinaryPacket::whole`] makes the same as the general way does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OrdinaryPacket {
    /// The sender's and the receiver's socket address, the smaller one first.
    pub ends: [Ipv4End; 2],
    /// Whether the second one is the sender's.
    pub swapped: bool,
    /// Which transport.
    pub protocol: Protocol,
    /// The TCP flags as sent; none for UDP.
    pub flags: TcpFlags,
    /// Payload in bytes, from the headers.
    pub payload_length: u16,
    /// The sequence number as sent; means nothing for UDP.
    pub sequence: u32,
    /// The acknowledgement number as sent; means nothing for UDP.
    pub acknowledgement: u32,
    /// Which way the frame went, see [`Packet::direction`].
    pub direction: Option<Direction>,
}

/// An IPv4 address and a port in one number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ipv4End(u64);

impl Ipv4End {
    /// Those of this address (RFC 791) and port.
    #[inline(always)]
    pub fn new(ip: Ipv4Addr, port: u16) -> Ipv4End {
        Ipv4End(u64::from(ip.to_bits()) << 16 | u64::from(port))
    }

    /// The port in the lowest 16 bits, the address above it.
    #[inline(always)]
    pub const fn bits(self) -> u64 {
        self.0
    }

    /// The address.
    pub const fn ip(self) -> Ipv4Addr {
        Ipv4Addr::from_bits((self.0 >> 16) as u32)
    }

    /// The port.
    pub const fn port(self) -> u16 {
        (self.0 & 0xffff) as u16
    }
}

impl OrdinaryPacket {
    /// The sender's and the receiver's socket address.
    pub fn sender_and_receiver(&self) -> [Ipv4End; 2] {
        let [first, second] = self.ends;
        if self.swapped { [second, first] } else { [first, second] }
    }

    /// The captured payload; `data` are the captured bytes of the packet's frame.
    pub fn payload<'a>(&self, data: &'a [u8]) -> &'a [u8] {
        let start = self.header_end(data);
        let end = start.wrapping_add(usize::from(self.payload_length)).min(data.len());
        data.get(start..end).unwrap_or_default()
    }

    /// The captured bytes of the TCP or UDP header; `data` are the captured bytes of the packet's frame.
    pub fn header<'a>(&self, data: &'a [u8]) -> &'a [u8] {
        data.get(TRANSPORT..self.header_end(data).min(data.len())).unwrap_or_default()
    }

    /// The length of the IP packet, likewise.
    pub fn ip_length(data: &[u8]) -> Option<u32> {
        let length = data.get(TOTAL_LENGTH..)?.first_chunk()?;
        Some(u16::from_be_bytes(*length).into())
    }

    /// The identification; `data` are the captured bytes of the packet's frame.
    pub fn identification(data: &[u8]) -> Option<u16> {
        Some(u16::from_be_bytes(*data.get(IDENTIFICATION..)?.first_chunk()?))
    }

    /// The time to live; `data` are the captured bytes of the packet's frame.
    pub fn hop_limit(data: &[u8]) -> Option<u8> {
        data.get(TIME_TO_LIVE).copied()
    }

    /// Where the payload begins: after Ethernet, IPv4, and TCP with its data offset or UDP.
    fn header_end(&self, data: &[u8]) -> usize {
        let header = match self.protocol {
            Protocol::Tcp => data.get(TRANSPORT + 12).map_or(0, |offset| usize::from(offset >> 4).wrapping_mul(4)),
            Protocol::Udp => 8,
        };
        header.wrapping_add(TRANSPORT)
    }

    /// Source and destination MAC address; `data` are the captured bytes of the packet's frame.
    pub fn ethernet(data: &[u8]) -> Option<EthernetAddresses> {
        let &[d0, d1, d2, d3, d4, d5, s0, s1, s2, s3, s4, s5] = data.first_chunk()?;
        Some(EthernetAddresses { destination: [d0, d1, d2, d3, d4, d5], source: [s0, s1, s2, s3, s4, s5] })
    }

    /// The packet with all that there is to say of it; `data` are the captured bytes of its frame.
    pub fn whole<'a>(&self, data: &'a [u8]) -> Packet<'a> {
        let [source, destination] = self.sender_and_receiver();
        let (source_port, destination_port) = (source.port(), destination.port());
        let (payload_length, payload) = (u32::from(self.payload_length), self.payload(data));
        let content = match self.protocol {
            Protocol::Tcp => Content::Tcp(TcpSegment {
                source_port,
                destination_port,
                sequence: self.sequence,
                acknowledgement: self.acknowledgement,
                flags: self.flags,
                bogus_header: false,
                payload_length: Some(payload_length),
                payload,
            }),
            Protocol::Udp => Content::Udp(UdpDatagram {
                source_port,
                destination_port,
                payload_length,
                held_length: payload_length,
                payload,
            }),
        };
        let ip = IpAddresses { source: source.ip().into(), destination: destination.ip().into() };
        Packet {
            ethernet: OrdinaryPacket::ethernet(data),
            direction: self.direction,
            header: self.header(data),
            hop_limit: OrdinaryPacket::hop_limit(data),
            identification: OrdinaryPacket::identification(data),
            ip_length: OrdinaryPacket::ip_length(data),
            ..Packet::new(Some(ip), content)
        }
    }
}

/// The addresses of an Ethernet header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EthernetAddresses {
    /// The sender's MAC address.
    pub source: [u8; 6],
    /// The receiver's MAC address, or a group's.
    pub destination: [u8; 6],
}

/// The addresses of an IP header, after source routes, routing headers and Home Address options.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IpAddresses {
    /// The sender.
    pub source: IpAddr,
    /// The receiver.
    pub destination: IpAddr,
}

/// What a frame carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content<'a> {
    /// A TCP segment (RFC 9293) whose ports and sequence number are there.
    Tcp(TcpSegment<'a>),
    /// A UDP datagram (RFC 768) whose header is there.
    Udp(UdpDatagram<'a>),
    /// An ARP packet for IPv4 (RFC 826).
    Arp(ArpPacket),
    /// An ICMP (RFC 792) or ICMPv6 (RFC 4443) message.
    Icmp(IcmpMessage),
    /// A fragment of an IP datagram that this frame does not complete.
    Fragment(IpFragment),
    /// An IP packet that carries something else, or whose transport header is damaged or cut.
    OtherIp,
    /// Spanning tree, LLDP, or any other frame without IP.
    Other,
    /// A block that takes a frame number but holds no packet.
    NoPacket,
}

/// A fragment of an IP datagram (RFC 791, section 3.2; RFC 8200, section 4.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct IpFragment {
    /// The protocol of the datagram.
    pub protocol: u8,
    /// Source and destination port, where it is the first one and of TCP or UDP.
    pub ports: Option<[u16; 2]>,
}

/// The control bits of a TCP header (RFC 9293, section 3.1), low byte: CWR ECE URG ACK PSH RST SYN FIN.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TcpFlags(pub u8);

impl TcpFlags {
    /// FIN: no more data from the sender.
    pub const FIN: TcpFlags = TcpFlags(0x01);
    /// SYN: synchronise sequence numbers.
    pub const SYN: TcpFlags = TcpFlags(0x02);
    /// RST: reset the connection.
    pub const RST: TcpFlags = TcpFlags(0x04);
    /// PSH: push function.
    pub const PSH: TcpFlags = TcpFlags(0x08);
    /// ACK: the acknowledgement number is significant.
    pub const ACK: TcpFlags = TcpFlags(0x10);

    /// Whether all bits of `flags` are set.
    pub const fn has(self, flags: TcpFlags) -> bool {
        self.0 & flags.0 == flags.0
    }
}

/// The header of a TCP segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TcpSegment<'a> {
    /// The sender's port.
    pub source_port: u16,
    /// The receiver's port.
    pub destination_port: u16,
    /// The sequence number as sent (raw).
    pub sequence: u32,
    /// The acknowledgement number as sent (raw).
    pub acknowledgement: u32,
    /// The flags as sent.
    pub flags: TcpFlags,
    /// The header length is below 20 bytes: Wireshark shows no flags and takes them for nothing but port reuse.
    pub bogus_header: bool,
    /// Payload in bytes (`tcp.len`), from the headers; `None` where the header is longer than the segment.
    pub payload_length: Option<u32>,
    /// The payload bytes that were captured: fewer than `payload_length` in a frame cut by the snapshot length.
    pub payload: &'a [u8],
}

/// The header of a UDP datagram.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UdpDatagram<'a> {
    /// The sender's port.
    pub source_port: u16,
    /// The receiver's port.
    pub destination_port: u16,
    /// Payload in bytes: the length field minus 8.
    pub payload_length: u32,
    /// So much of it has room in the IP packet: less than `payload_length` where the length field says too much.
    pub held_length: u32,
    /// The payload bytes that were captured.
    pub payload: &'a [u8],
}

/// The part of an ARP packet that tells who asked for whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ArpPacket {
    /// True for a request, false for a reply.
    pub request: bool,
    /// The sender's MAC address.
    pub sender_mac: [u8; 6],
    /// The sender's IP address.
    pub sender: Ipv4Addr,
    /// The IP address asked for, or that of the asker in a reply.
    pub target: Ipv4Addr,
}

/// The part of an ICMP or ICMPv6 message that explains what happened to another packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IcmpMessage {
    /// What the message says.
    pub kind: IcmpKind,
    /// The TCP or UDP packet that an error message quotes.
    pub quoted: Option<QuotedPacket>,
}

/// The meanings of ICMP and ICMPv6 messages that matter to the lab.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IcmpKind {
    /// Echo request (ping).
    EchoRequest,
    /// Echo reply.
    EchoReply,
    /// Destination unreachable: nobody has the port open (type 3 code 3; ICMPv6 type 1 code 4).
    PortUnreachable,
    /// Destination unreachable for another reason.
    OtherUnreachable {
        /// The code field.
        code: u8,
    },
    /// Any other message.
    Other {
        /// The type field.
        kind: u8,
    },
}

/// A TCP or UDP header that an ICMP error quotes, whole enough for Wireshark to give it a stream number. Unlike
/// [`QuotedPacket`] it says nothing of what the error means, and may be found deep inside the quoted packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuotedHeader {
    /// The addresses of the innermost IP header.
    pub ip: IpAddresses,
    /// The sender's port.
    pub source_port: u16,
    /// The receiver's port.
    pub destination_port: u16,
    /// TCP or UDP.
    pub protocol: Protocol,
    /// The TCP flags as sent; none for UDP.
    pub flags: TcpFlags,
    /// The TCP sequence number as sent; means nothing for UDP.
    pub sequence: u32,
    /// See [`TcpSegment::bogus_header`].
    pub bogus_header: bool,
    /// Its payload would open a second stream in Wireshark: see `decode::snmp`.
    pub snmp: bool,
}

/// The headers that an ICMP error quotes of the packet it answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuotedPacket {
    /// The quoted packet's transport.
    pub protocol: Protocol,
    /// The quoted packet's sender.
    pub source: SocketAddress,
    /// The quoted packet's receiver.
    pub destination: SocketAddress,
}
