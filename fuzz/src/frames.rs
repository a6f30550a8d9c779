//! The targets that are fed with frames: of bytes for the decoder, of headers for the tracker.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use arbitrary::{Arbitrary, Unstructured};
use socklab_packets::capfile::{Direction, Frame, LinkType};
use socklab_packets::packet::{
    ArpPacket, Content, EthernetAddresses, IcmpKind, IcmpMessage, IpAddresses, IpFragment, Packet, QuotedHeader, QuotedPacket,
    TcpFlags, TcpSegment, UdpDatagram,
};
use socklab_packets::types::{FrameNumber, Protocol, SocketAddress};

use crate::{Decoder, Limits, Tracker, checks, small_limits};

/// Link types that are dissected, and one that is not.
const LINK_TYPES: [u16; 16] = [1, 0, 9, 12, 14, 50, 51, 101, 104, 105, 108, 113, 228, 229, 276, 127];

/// Frames of any bytes: the length of each (two bytes), its link type, what was cut off it, then its bytes.
pub fn decoder(data: &[u8]) {
    let limits = if data.len() % 2 == 0 { Limits::default() } else { small_limits() };
    let (mut decoder, mut tracker) = (Decoder::new(&limits), Tracker::new(&limits));
    let (mut rest, mut number) = (data, 0);
    while let [low, high, link, cut, behind @ ..] = rest {
        let length = usize::from(u16::from_le_bytes([*low, *high])).min(behind.len());
        let (bytes, next) = behind.split_at(length);
        rest = next;
        number += 1;
        let frame = Frame {
            number: FrameNumber(number),
            interface: (*link != u8::MAX).then_some(0),
            link_type: LinkType(LINK_TYPES[usize::from(link % 16)]),
            time: None,
            original_length: length as u32 + u32::from(*cut) * u32::from(*cut),
            data: bytes,
            direction: None,
        };
        tracker.add(&frame, &decoder.decode(&frame));
    }
    assert!(decoder.warnings().len() <= 1);
    checks::traffic(&tracker.finish(), number, &limits);
}

/// A frame as the decoder might give it.
#[derive(Arbitrary)]
struct Given<'a> {
    addresses: (u8, u8),
    ports: (Port, Port),
    what: What<'a>,
    direction: Option<bool>,
    length: u32,
}

/// A few ports, so that streams have more than one frame; and now and then any.
#[derive(Arbitrary)]
enum Port {
    One,
    Two,
    Lab,
    Any(u16),
}

#[derive(Arbitrary)]
enum What<'a> {
    Tcp { flags: u8, sequence: Number, acknowledgement: Number, bogus: bool, length: Option<u32>, payload: &'a [u8] },
    Udp { length: u32, payload: &'a [u8] },
    Arp { request: bool, mac: [u8; 6] },
    Icmp { kind: u8, code: u8, quoted: bool, flags: u8, sequence: Number, bogus: bool, snmp: bool },
    Fragment,
    OtherIp,
    Other,
    NoPacket,
}

/// Sequence numbers near each other, near the wrap, or any.
#[derive(Arbitrary)]
enum Number {
    Low(u8),
    High(u8),
    Any(u32),
}

impl Number {
    fn get(&self) -> u32 {
        match self {
            Number::Low(low) => u32::from(*low),
            Number::High(low) => u32::MAX - u32::from(*low),
            Number::Any(any) => *any,
        }
    }
}

impl Port {
    fn get(&self) -> u16 {
        match self {
            Port::One => 40_000,
            Port::Two => 40_001,
            Port::Lab => 65_432,
            Port::Any(any) => *any,
        }
    }
}

fn ip(last: u8) -> IpAddr {
    match last {
        0..=127 => Ipv4Addr::new(10, 0, 3, last % 4).into(),
        _ => Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, u16::from(last % 4)).into(),
    }
}

/// The tracker, given headers that no decoder need ever have made.
pub fn tracker(data: &[u8]) {
    let limits = if data.len() % 2 == 0 { Limits::default() } else { small_limits() };
    let mut tracker = Tracker::new(&limits);
    let (mut source, mut number) = (Unstructured::new(data), 0);
    while !source.is_empty() {
        let Ok(given) = Given::arbitrary(&mut source) else { break };
        number += 1;
        let frame = Frame {
            number: FrameNumber(number),
            interface: Some(0),
            link_type: LinkType(1),
            time: None,
            original_length: given.length,
            data: &[],
            direction: None,
        };
        tracker.add(&frame, &given.packet(given.quoted().as_slice()));
    }
    checks::traffic(&tracker.finish(), number, &limits);
}

impl<'a> Given<'a> {
    fn packet<'b>(&'b self, quoted: &'b [QuotedHeader]) -> Packet<'b> {
        let addresses = IpAddresses { source: ip(self.addresses.0), destination: ip(self.addresses.1) };
        let has_ip = !matches!(self.what, What::Arp { .. } | What::Other | What::NoPacket);
        let direction = |inbound| if inbound { Direction::Inbound } else { Direction::Outbound };
        Packet {
            ethernet: Some(EthernetAddresses { source: [self.addresses.0; 6], destination: [self.addresses.1; 6] }),
            ip: has_ip.then_some(addresses),
            direction: self.direction.map(direction),
            content: self.content(addresses),
            header: &[],
            hop_limit: None,
            identification: None,
            ip_length: None,
            quoted,
            unfollowed: None,
        }
    }

    /// The header that an error quotes: one of the same ports, the other way.
    fn quoted(&self) -> Option<QuotedHeader> {
        let What::Icmp { code, quoted: true, flags, sequence, bogus, snmp, .. } = &self.what else { return None };
        Some(QuotedHeader {
            ip: IpAddresses { source: ip(self.addresses.1), destination: ip(self.addresses.0) },
            source_port: self.ports.0.get(),
            destination_port: self.ports.1.get(),
            protocol: if code % 2 == 0 { Protocol::Tcp } else { Protocol::Udp },
            flags: TcpFlags(*flags),
            sequence: sequence.get(),
            bogus_header: *bogus,
            snmp: *snmp,
        })
    }

    fn content(&self, addresses: IpAddresses) -> Content<'a> {
        let (source_port, destination_port) = (self.ports.0.get(), self.ports.1.get());
        match &self.what {
            What::Tcp { flags, sequence, acknowledgement, bogus, length, payload } => Content::Tcp(TcpSegment {
                source_port,
                destination_port,
                sequence: sequence.get(),
                acknowledgement: acknowledgement.get(),
                flags: TcpFlags(*flags),
                bogus_header: *bogus,
                payload_length: *length,
                payload,
            }),
            What::Udp { length, payload } => Content::Udp(UdpDatagram {
                source_port,
                destination_port,
                payload_length: *length,
                held_length: *length,
                payload,
            }),
            What::Arp { request, mac } => Content::Arp(ArpPacket {
                request: *request,
                sender_mac: *mac,
                sender: [10, 0, 3, self.addresses.0].into(),
                target: [10, 0, 3, self.addresses.1].into(),
            }),
            What::Icmp { kind, code, quoted, .. } => Content::Icmp(IcmpMessage {
                kind: icmp_kind(*kind, *code),
                quoted: quoted.then(|| QuotedPacket {
                    protocol: if code % 2 == 0 { Protocol::Tcp } else { Protocol::Udp },
                    source: SocketAddress::new(addresses.destination, source_port),
                    destination: SocketAddress::new(addresses.source, destination_port),
                }),
            }),
            What::Fragment => Content::Fragment(IpFragment::default()),
            What::OtherIp => Content::OtherIp,
            What::Other => Content::Other,
            What::NoPacket => Content::NoPacket,
        }
    }
}

fn icmp_kind(kind: u8, code: u8) -> IcmpKind {
    match kind % 5 {
        0 => IcmpKind::EchoRequest,
        1 => IcmpKind::EchoReply,
        2 => IcmpKind::PortUnreachable,
        3 => IcmpKind::OtherUnreachable { code },
        _ => IcmpKind::Other { kind },
    }
}
