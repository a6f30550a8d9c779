//! Headers quoted in ICMP errors, and SNMP: the stream numbers that tshark 4.0.17 showed for such frames.

use std::net::{IpAddr, Ipv4Addr};

use super::*;
use crate::capfile::LinkType;
use crate::packet::{Content, IcmpKind, IcmpMessage, IpAddresses, TcpSegment, UdpDatagram};
use crate::types::StreamNumber;

const FIN: u8 = TcpFlags::FIN.0;
const SYN: u8 = TcpFlags::SYN.0;
const RST: u8 = TcpFlags::RST.0;
const ACK: u8 = TcpFlags::ACK.0;

/// A header on its own, or quoted in an error. Pairs of addresses have letters.
#[derive(Debug, Clone, Copy)]
struct Sent {
    pair: char,
    back: bool,
    quoted: bool,
    content: Carried,
}

#[derive(Debug, Clone, Copy)]
enum Carried {
    Tcp { flags: u8, sequence: u32, acknowledgement: u32, length: u32 },
    Udp { payload: &'static [u8] },
}

fn tcp(pair: char, flags: u8, sequence: u32, acknowledgement: u32, length: u32) -> Sent {
    Sent { pair, back: false, quoted: false, content: Carried::Tcp { flags, sequence, acknowledgement, length } }
}

fn udp(pair: char, payload: &'static [u8]) -> Sent {
    Sent { pair, back: false, quoted: false, content: Carried::Udp { payload } }
}

/// The same the other way.
fn back(sent: Sent) -> Sent {
    Sent { back: !sent.back, ..sent }
}

/// An error that quotes it.
fn error(sent: Sent) -> Sent {
    Sent { quoted: true, ..sent }
}

/// A polled printer's pair has the letter S.
const SNMP: &[u8] = &[0x30, 3, 2, 1, 0];

impl Sent {
    fn header(&self) -> QuotedHeader {
        let hosts = [Ipv4Addr::new(10, 0, 3, 2), Ipv4Addr::new(10, 0, 3, 1)].map(IpAddr::V4);
        let ports = [u16::try_from(u32::from(self.pair)).unwrap() + 40_000, if self.pair == 'S' { 161 } else { 9 }];
        let ([source, destination], [source_port, destination_port]) =
            if self.back { ([hosts[1], hosts[0]], [ports[1], ports[0]]) } else { (hosts, ports) };
        let (protocol, flags, sequence, snmp) = match self.content {
            Carried::Tcp { flags, sequence, .. } => (Protocol::Tcp, flags, sequence, false),
            Carried::Udp { payload } => (Protocol::Udp, 0, 0, self.pair == 'S' && payload == SNMP),
        };
        QuotedHeader {
            ip: IpAddresses { source, destination },
            source_port,
            destination_port,
            protocol,
            flags: TcpFlags(flags),
            sequence,
            bogus_header: false,
            snmp,
        }
    }

    fn content(&self) -> Content<'static> {
        let QuotedHeader { source_port, destination_port, flags, sequence, .. } = self.header();
        match self.content {
            Carried::Tcp { acknowledgement, length, .. } => Content::Tcp(TcpSegment {
                source_port,
                destination_port,
                sequence,
                acknowledgement,
                flags,
                bogus_header: false,
                payload_length: Some(length),
                payload: &[],
            }),
            Carried::Udp { payload } => Content::Udp(UdpDatagram {
                source_port,
                destination_port,
                payload_length: u32::try_from(payload.len()).unwrap(),
                held_length: u32::try_from(payload.len()).unwrap(),
                payload,
            }),
        }
    }
}

fn follow(all: &[Sent]) -> Traffic {
    let mut tracker = Tracker::new(&Limits::default());
    for (number, sent) in (1..).zip(all) {
        let frame = Frame {
            number: FrameNumber(number),
            interface: Some(0),
            link_type: LinkType(1),
            time: None,
            original_length: 60,
            data: &[],
            direction: None,
        };
        let header = [sent.header()];
        let error = Content::Icmp(IcmpMessage { kind: IcmpKind::PortUnreachable, quoted: None });
        let (content, quoted) = if sent.quoted { (error, &header[..]) } else { (sent.content(), &[][..]) };
        tracker.add(&frame, &Packet { quoted, ..Packet::new(Some(header[0].ip), content) });
    }
    tracker.finish()
}

/// Number, first frame and completeness of each TCP stream.
#[track_caller]
fn tcp_streams(all: &[Sent], expected: &[(u32, u64, u8)]) {
    let traffic = follow(all);
    let found: Vec<_> = traffic.tcp_connections().map(|of| (of.stream.0, of.first_frame.0, of.completeness)).collect();
    assert_eq!(found, expected);
    assert_eq!(traffic.tcp_count(), expected.len());
}

/// Number and first frame of each UDP stream.
#[track_caller]
fn udp_streams(all: &[Sent], expected: &[(u32, u64)]) {
    let traffic = follow(all);
    let found: Vec<_> = traffic.udp_conversations().map(|of| (of.stream.0, of.first_frame.0)).collect();
    assert_eq!(found, expected);
    assert!(found.iter().all(|(number, _)| traffic.udp(StreamNumber(*number)).is_some()));
}

#[test]
fn quoted_datagrams_take_numbers() {
    let (p, n) = (udp('P', b"x"), udp('N', b"x"));
    udp_streams(&[p, error(p), n], &[(0, 1), (1, 3)]);
    udp_streams(&[error(p), n, p], &[(0, 3), (1, 2)]);
    udp_streams(&[error(p), n, back(p)], &[(0, 3), (1, 2)]);
    udp_streams(&[error(p), error(udp('Q', b"")), n], &[(2, 3)]);
    let traffic = follow(&[error(p), n, back(p)]);
    let stream = traffic.udp(StreamNumber(0)).unwrap();
    assert_eq!(
        stream.address(Side::Originator).to_string(),
        "10.0.3.1:9",
        "who sent the first frame, not the quoted one"
    );
}

#[test]
fn quoted_segments_take_numbers_and_count_for_completeness() {
    let open = |sequence| {
        [
            tcp('P', SYN, sequence, 0, 0),
            back(tcp('P', SYN | ACK, 500, sequence + 1, 0)),
            tcp('P', ACK, sequence + 1, 501, 0),
        ]
    };
    let data = tcp('P', ACK, 101, 501, 5);
    let and = |more: &[Sent]| [&open(100)[..], more].concat();
    // A quoted SYN with another sequence number splits, and the frames after it go there.
    tcp_streams(&and(&[error(tcp('P', SYN, 9999, 0, 0)), data]), &[(0, 1, 7), (1, 5, 9)]);
    let split = [
        tcp('P', SYN, 100, 0, 0),
        tcp('P', SYN, 9999, 0, 0),
        error(tcp('P', SYN, 100, 0, 0)),
        back(tcp('P', SYN | ACK, 500, 101, 0)),
    ];
    tcp_streams(&split, &[(0, 1, 1), (1, 2, 1), (2, 4, 3)]);
    // A quote sets no base, so that a real SYN with any number stays in the stream that it opened.
    tcp_streams(&[&[error(tcp('P', SYN, 9999, 0, 0))][..], &open(100)].concat(), &[(0, 2, 7)]);
    tcp_streams(&[&[error(data)][..], &open(100)].concat(), &[(0, 2, 6)]);
    tcp_streams(&and(&[error(data)]), &[(0, 1, 7)]);
    tcp_streams(&and(&[error(tcp('P', FIN | ACK, 101, 501, 0))]), &[(0, 1, 23)]);
    tcp_streams(&and(&[error(tcp('P', RST, 101, 0, 0))]), &[(0, 1, 39)]);
    // A quoted SYN-ACK replaces the base of its direction.
    let replaced = error(back(tcp('P', SYN | ACK, 777, 101, 0)));
    let again = |sequence| back(tcp('P', SYN, sequence, 0, 0));
    tcp_streams(&and(&[replaced, again(500)])[..], &[(0, 1, 7), (1, 5, 1)]);
    tcp_streams(&and(&[replaced, again(777)])[..], &[(0, 1, 7)]);
}

#[test]
fn quotes_are_no_frames() {
    let (p, n) = (tcp('P', SYN, 100, 0, 0), tcp('N', SYN, 100, 0, 0));
    let traffic = follow(&[error(back(p)), n, p, error(p)]);
    let stream = traffic.tcp(StreamNumber(0)).unwrap();
    assert_eq!(
        (stream.first_frame.0, stream.last_frame.0, stream.counts[0].frames, stream.counts[1].frames),
        (3, 3, 1, 0)
    );
    assert_eq!(
        stream.address(Side::Originator).to_string(),
        "10.0.3.2:40080",
        "who sent the first frame, not the quoted one"
    );
    assert_eq!(stream.counts[0].retransmissions, 0);
    assert_eq!((traffic.other().counts.tcp, traffic.other().counts.icmp), (2, 2));
    let alone = follow(&[error(p)]);
    assert_eq!((alone.tcp_count(), alone.tcp_connections().count()), (0, 0));
    assert_eq!(alone.tcp(StreamNumber(0)), None);
}

#[test]
fn snmp_takes_a_second_number() {
    let (poll, n) = (udp('S', SNMP), udp('N', b"x"));
    udp_streams(&[poll, back(poll), n], &[(1, 1), (2, 3)]);
    udp_streams(&[poll, n], &[(1, 2), (2, 1)]);
    udp_streams(&[poll, error(poll), n], &[(1, 1), (2, 3)]);
    udp_streams(&[error(poll), n, poll, poll], &[(1, 2), (2, 3)]);
    udp_streams(&[udp('S', b"hello"), poll, n, back(poll)], &[(0, 1), (1, 3)]);
    let traffic = follow(&[udp('S', b"hello"), poll, n, back(poll)]);
    let split = Split { stream: StreamNumber(0), from: FrameNumber(2), second: StreamNumber(2) };
    assert_eq!(traffic.split(Protocol::Udp), [split]);
    let conversation = traffic.udp(StreamNumber(0)).unwrap();
    assert!(traffic.is_numbered_otherwise(Protocol::Udp, conversation.stream, conversation.first_frame));
    // On its TCP ports any payload does.
    let talk =
        [tcp('S', SYN, 100, 0, 0), tcp('S', ACK, 101, 501, 5), tcp('S', ACK, 106, 501, 0), tcp('N', SYN, 1, 0, 0)];
    assert_eq!(follow(&talk).split(Protocol::Tcp).len(), 0, "none was captured");
}
