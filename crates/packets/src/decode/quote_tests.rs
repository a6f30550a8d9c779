//! What ICMP errors quote, each rule on a frame of its own. What is expected was seen in tshark 4.0.17 on such frames.

use std::net::Ipv4Addr;

use super::testing::{ethernet, frame, ipv4, ipv4_with, ipv6, tcp, udp};
use super::*;
use crate::types::{Protocol, SocketAddress};

const IPV4: u16 = 0x0800;
const IPV6: u16 = 0x86dd;

/// The quoted headers of the last of some frames, as `tcp 10.0.0.1:1000 10.0.0.2:2000`.
fn last(frames: &[Vec<u8>]) -> Vec<String> {
    let mut decoder = Decoder::new(&Limits::default());
    let mut found = Vec::new();
    for data in frames {
        let frame = frame(1, data);
        let packet = decoder.decode(&frame);
        assert!(packet.quoted.is_empty() || matches!(packet.content, Content::Icmp(_)));
        found = packet.quoted.iter().map(line).collect();
    }
    found
}

fn line(header: &QuotedHeader) -> String {
    let protocol = if header.protocol == Protocol::Tcp { "tcp" } else { "udp" };
    let [source, destination] =
        [(header.ip.source, header.source_port), (header.ip.destination, header.destination_port)]
            .map(|(ip, port)| SocketAddress::new(ip, port));
    format!("{protocol} {source} {destination}")
}

const TCP4: &str = "tcp 10.0.0.1:1000 10.0.0.2:2000";
const UDP4: &str = "udp 10.0.0.1:1000 10.0.0.2:2000";
const UDP6: &str = "udp [2001:db8::1]:1000 [2001:db8::2]:2000";

fn message(kind: u8, quoted: &[u8]) -> Vec<u8> {
    [&[kind, 0, 0, 0, 0, 0, 0, 0], quoted].concat()
}

/// In an ICMP message of this type over IPv4.
fn icmp(kind: u8, quoted: &[u8]) -> Vec<u8> {
    ethernet(IPV4, &ipv4(1, &message(kind, quoted)))
}

/// In an ICMPv6 message of this type over IPv6.
fn icmpv6(kind: u8, quoted: &[u8]) -> Vec<u8> {
    ethernet(IPV6, &ipv6(58, &message(kind, quoted)))
}

fn datagram() -> Vec<u8> {
    ipv4(17, &udp(10, b"hi"))
}

#[track_caller]
fn every(expected: &[&str], frames: &[Vec<u8>]) {
    for (number, data) in frames.iter().enumerate() {
        assert_eq!(last(std::slice::from_ref(data)), expected, "frame {number}: {data:02x?}");
    }
}

#[test]
fn errors_quote_and_other_messages_do_not() {
    let v6 = ipv6(17, &udp(10, b"hi"));
    every(&[UDP4], &[3, 4, 5, 11, 12].map(|kind| icmp(kind, &datagram())));
    every(&[], &[0, 8, 13, 1].map(|kind| icmp(kind, &datagram())));
    every(&[UDP6], &[1, 2, 3, 4].map(|kind| icmpv6(kind, &v6)));
    every(&[], &[128, 129, 135, 5].map(|kind| icmpv6(kind, &v6)));
    // ICMP may quote IPv6, and go over IPv6; ICMPv6 does not quote IPv4.
    every(&[UDP6], &[icmp(3, &v6), ethernet(IPV4, &ipv4(58, &message(1, &v6)))]);
    every(&[UDP4], &[ethernet(IPV6, &ipv6(1, &message(3, &datagram())))]);
    every(&[], &[icmpv6(1, &datagram())]);
}

#[test]
fn quotes_are_followed_to_the_innermost_header() {
    let error = |quoted: &[u8]| ipv4(1, &message(3, quoted));
    every(
        &[UDP4],
        &[icmp(3, &error(&datagram())), icmp(3, &ipv4(4, &datagram())), ethernet(IPV4, &ipv4(4, &error(&datagram())))],
    );
    every(&[], &[icmp(3, &ipv4(1, &message(8, &datagram())))]);
    let deep = (0..100).fold(datagram(), |quoted, _| error(&quoted));
    every(&[UDP4], &[icmp(3, &deep)]);
    // Endlessly deep is no harm.
    let bottomless = (0..2000).fold(datagram(), |quoted, _| error(&quoted));
    every(&[], &[icmp(3, &bottomless)]);
}

#[test]
fn so_much_of_a_header_must_be_quoted() {
    let segment = ipv4(6, &tcp());
    every(&[UDP4], &[icmp(3, &datagram()[..28])]);
    every(&[], &[icmp(3, &datagram()[..27]), icmp(3, &segment[..35])]);
    every(&[TCP4], &[icmp(3, &segment[..36]), icmp(3, &segment)]);
    // A redirect quotes eight bytes, whatever it holds.
    every(&[], &[icmp(5, &segment), icmp(5, &ipv4(4, &datagram()))]);
    // The padding of a short frame is no quote.
    every(&[], &[[icmp(3, &datagram()[..24]), vec![0; 20]].concat()]);
}

#[test]
fn neighbour_discovery_quotes_in_options() {
    let v6 = |port: u8| ipv6(17, &[3, 0xe8, 7, port, 0, 8, 0, 0]);
    let option = |packet: &[u8]| [&[4, u8::try_from(packet.len() / 8 + 1).unwrap(), 0, 0, 0, 0, 0, 0], packet].concat();
    let with = |kind: u8, at: usize, options: &[u8]| {
        ethernet(IPV6, &ipv6(58, &[&[kind, 0, 0, 0][..], &vec![0; at - 4], options].concat()))
    };
    for (kind, at) in [
        (133, 8),
        (134, 16),
        (135, 24),
        (136, 24),
        (137, 40),
        (141, 8),
        (142, 8),
        (147, 8),
        (148, 8),
        (149, 12),
        (150, 8),
        (154, 8),
    ] {
        every(&[UDP6], &[with(kind, at, &option(&v6(0xd0)))]);
    }
    every(&[], &[with(144, 8, &option(&v6(0xd0))), with(155, 8, &option(&v6(0xd0)))]);
    let two = [option(&v6(0xd0)), vec![200, 1, 0, 0, 0, 0, 0, 0], option(&v6(0xd1))].concat();
    assert_eq!(last(&[with(137, 40, &two)]), [UDP6, "udp [2001:db8::1]:1000 [2001:db8::2]:2001"]);
    every(&[], &[with(137, 40, &[&[1, 0, 0, 0, 0, 0, 0, 0][..], &option(&v6(0xd0))].concat())]);
}

#[test]
fn quoted_headers_are_read_more_leniently() {
    // Router Alert with a length of 3: see the test on options.
    every(&[UDP4], &[icmp(3, &ipv4_with(&[148, 3, 0, 0], 0, 17, &udp(8, b"")))]);
    // A routing header with a segment left is not followed.
    let routing = [&[17, 2, 0, 1, 0, 0, 0, 0][..], &[0xfd; 16], &udp(8, b"")].concat();
    every(&[UDP6], &[icmpv6(1, &ipv6(43, &routing))]);
}

#[test]
fn quoted_fragments_are_put_together_with_ordinary_ones() {
    let first = ipv4_with(&[], 0x2000, 17, &udp(24, b"")[..8]);
    let last_part = ipv4_with(&[], 1, 17, &[7; 16]);
    let ordinary = |packet: &[u8]| ethernet(IPV4, packet);
    assert_eq!(last(&[icmp(3, &first)]), [""; 0], "whole in its quote, it waits for the rest");
    assert_eq!(last(&[icmp(3, &first), icmp(3, &last_part)]), [UDP4]);
    assert_eq!(last(&[ordinary(&first), icmp(3, &last_part)]), [UDP4]);
    let mut decoder = Decoder::new(&Limits::default());
    let (quote, rest) = (icmp(3, &first), ordinary(&last_part));
    assert!(decoder.decode(&frame(1, &quote)).quoted.is_empty());
    let packet = decoder.decode(&frame(1, &rest));
    assert!(packet.quoted.is_empty() && matches!(packet.content, Content::Udp(_)));
    // Cut, it is dissected alone; a later one is not.
    let long = ipv4_with(&[], 0x2000, 17, &[&udp(100, b"")[..], &[0; 16]].concat());
    assert_eq!(last(&[icmp(3, &long[..28])]), [UDP4]);
    assert_eq!(last(&[icmp(3, &last_part[..28])]), [""; 0]);
}

#[test]
fn the_message_and_its_addresses_stay_what_they_are() {
    let outer = ipv4(1, &message(3, &ipv6(17, &udp(8, b""))));
    let data = ethernet(IPV4, &outer);
    let mut decoder = Decoder::new(&Limits::default());
    let packet = decoder.decode(&frame(1, &data));
    assert_eq!(packet.ip.map(|ip| ip.source), Some(Ipv4Addr::new(10, 0, 0, 1).into()));
    assert_eq!(packet.quoted.len(), 1);
    let plain = ethernet(IPV4, &datagram());
    assert!(decoder.decode_general(&frame(1, &plain)).quoted.is_empty(), "quotes are those of the frame");
}

#[test]
fn quoted_snmp_is_told_by_what_the_quote_holds() {
    let poll = |kept: usize| {
        let datagram = [&[0x9c, 0x40, 0, 161, 0, 13, 0, 0][..], &[0x30, 3, 2, 1, 0]].concat();
        let data = icmp(3, &ipv4(17, &datagram)[..28 + kept]);
        let mut decoder = Decoder::new(&Limits::default());
        decoder.decode(&frame(1, &data)).quoted.iter().map(|header| header.snmp).collect::<Vec<_>>()
    };
    assert_eq!([poll(5), poll(3), poll(0)], [vec![true], vec![false], vec![false]]);
}
