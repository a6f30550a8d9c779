//! The rules of decoding, each on a frame of its own. What is expected was seen in tshark 4.0.17 on such frames; lengths
//! and addresses are as the RFCs have them.

use std::net::{IpAddr, Ipv4Addr};

use proptest::prelude::*;

use super::testing::{ethernet, frame, ipv4, ipv4_with, ipv6, tcp, udp};
use super::*;
use crate::capfile::Direction;
use crate::packet::{ArpPacket, IcmpKind, IcmpMessage, IpFragment, QuotedPacket};
use crate::types::{FrameNumber, Protocol, SocketAddress};

const IPV4: u16 = 0x0800;
const IPV6: u16 = 0x86dd;

/// What a frame holds, in a line: `tcp 10.0.0.1:1000 10.0.0.2:2000 2`, or `-` for no stream.
fn line(decoder: &mut Decoder, frame: &Frame<'_>) -> String {
    let packet = decoder.decode(frame);
    let address = |ip: IpAddr, port| SocketAddress::new(ip, port);
    match (packet.content, packet.ip) {
        (Content::Tcp(segment), Some(ip)) => format!(
            "tcp {} {} {}",
            address(ip.source, segment.source_port),
            address(ip.destination, segment.destination_port),
            segment.payload_length.map_or("?".to_owned(), |length| length.to_string())
        ),
        (Content::Udp(datagram), Some(ip)) => format!(
            "udp {} {} {}",
            address(ip.source, datagram.source_port),
            address(ip.destination, datagram.destination_port),
            datagram.payload_length
        ),
        _ => "-".to_owned(),
    }
}

fn alone(link_type: u16, data: &[u8]) -> String {
    line(&mut Decoder::new(&Limits::default()), &frame(link_type, data))
}

const TCP4: &str = "tcp 10.0.0.1:1000 10.0.0.2:2000 2";
const TCP6: &str = "tcp [2001:db8::1]:1000 [2001:db8::2]:2000 2";

#[track_caller]
fn every(expected: &str, frames: &[(u16, Vec<u8>)]) {
    for (number, (link_type, data)) in frames.iter().enumerate() {
        assert_eq!(alone(*link_type, data), expected, "frame {number}, link type {link_type}: {data:02x?}");
    }
}

#[test]
fn link_layers_lead_to_ip() {
    let (v4, v6) = (ipv4(6, &tcp()), ipv6(6, &tcp()));
    let with = |head: &[u8], rest: &[u8]| [head, rest].concat();
    every(
        TCP4,
        &[
            (1, ethernet(IPV4, &v4)),
            (0, with(&[2, 0, 0, 0], &v4)),
            (0, with(&[0, 0, 0, 2], &v4)),
            (0, with(&[0, 0, 8, 0], &v4)),
            (108, with(&[0, 0, 0, 2], &v4)),
            (12, v4.clone()),
            (14, v4.clone()),
            (101, v4.clone()),
            (228, v4.clone()),
            (101, with(&[0xff, 3, 0, 0x21], &v4)),
            (101, with(&[9, 0xff, 3, 0, 0x21], &v4)),
            (101, with(&[9, 9, 9, 9, 9, 9, 0xff, 3, 0, 0x21], &v4)),
            (101, with(&[0; 10], &v4)),
            (9, with(&[0xff, 3, 0, 0x21], &v4)),
            (9, with(&[0xff, 0, 0, 0x21], &v4)),
            (9, with(&[0x21], &v4)),
            (50, with(&[0, 0x21], &v4)),
            (9, with(&[8, 0], &v4)),
            (113, with(&[0, 4, 0, 1, 0, 6, 1, 2, 3, 4, 5, 6, 0, 0, 8, 0], &v4)),
            (113, with(&[0, 4, 0, 1, 0, 6, 1, 2, 3, 4, 5, 6, 0, 0, 0, 4, 6, 6, 3], &v4)),
            (113, with(&[0, 4, 3, 10, 0, 6, 1, 2, 3, 4, 5, 6, 0, 0, 8, 0], &v4)),
            (276, with(&[8, 0, 0, 0, 0, 0, 0, 1, 0, 1, 4, 6, 1, 2, 3, 4, 5, 6, 0, 0], &v4)),
        ],
    );
    every(
        TCP6,
        &[
            (1, ethernet(IPV6, &v6)),
            (1, ethernet(IPV4, &v6)),
            (0, with(&[24, 0, 0, 0], &v6)),
            (0, with(&[0, 0, 0, 28], &v6)),
            (108, with(&[0, 0, 0, 30], &v6)),
            (101, v6.clone()),
            (228, v6.clone()),
            (229, v6.clone()),
            (9, with(&[0x57], &v6)),
        ],
    );
}

#[test]
fn link_layers_that_lead_nowhere() {
    let (v4, with) = (ipv4(6, &tcp()), |head: &[u8], rest: &[u8]| [head, rest].concat());
    every(
        "-",
        &[
            (1, ethernet(IPV6, &v4)),
            (229, v4.clone()),
            (1, ethernet(1501, &v4)),
            (1, ethernet(0x9200, &with(&[0, 1, 8, 0], &v4))),
            (108, with(&[2, 0, 0, 0], &v4)),
            (108, with(&[0, 0, 8, 0], &v4)),
            (113, with(&[0, 4, 0, 1, 0, 6, 1, 2, 3, 4, 5, 6, 0, 0, 0, 1], &v4)),
            // Netlink, and a VLAN tag in a GRE device's header.
            (113, with(&[0, 4, 3, 56, 0, 6, 1, 2, 3, 4, 5, 6, 0, 0, 8, 0], &v4)),
            (113, with(&[0, 4, 3, 10, 0, 6, 1, 2, 3, 4, 5, 6, 0, 0, 0x81, 0, 0, 1, 8, 0], &v4)),
            (127, v4.clone()),
        ],
    );
}

#[test]
fn tags_labels_and_sessions_nest() {
    let (v4, with) = (ipv4(6, &tcp()), |head: &[u8], rest: &[u8]| [head, rest].concat());
    let labelled = |entry: u32| ethernet(0x8847, &with(&entry.to_be_bytes(), &v4));
    let session = with(&[0x11, 0, 0, 1, 0, 44, 0, 0x21], &v4);
    let tagged = with(&[0, 1, 0x91, 0, 0, 2, 0x88, 0xa8, 0, 3, 8, 0], &v4);
    let bridged = with(&[0xaa, 0xaa, 3, 0, 0x80, 0xc2, 0, 7, 0, 0], &ethernet(IPV4, &v4));
    every(
        TCP4,
        &[
            (1, ethernet(0x8100, &tagged)),
            (1, labelled(100 << 12 | 0x140)),
            (1, ethernet(0x8848, &with(&(5u32 << 12).to_be_bytes(), &labelled(100 << 12 | 0x140)[14..]))),
            (1, ethernet(0x8864, &session)),
            (1, ethernet(0x6558, &ethernet(IPV4, &v4))),
            (1, ethernet(0x8870, &with(&[6, 6, 3], &v4))),
            (1, ethernet(66, &bridged)),
            (1, ethernet(200, &bridged)),
        ],
    );
    // Cisco ISL stands where an 802.3 header would.
    let mut isl = ethernet(78, &[vec![0; 12], ethernet(IPV4, &v4), vec![0; 4]].concat());
    isl[..6].copy_from_slice(&[1, 0, 0x0c, 0, 0, 0]);
    every(TCP4, &[(1, isl.clone())]);
    // Its length counts 12 bytes of its header and the inner check sequence: 72 are needed here.
    let isl_of = |kind: u8, length: u8| {
        let mut frame = isl.clone();
        (frame[5], frame[13]) = (kind, length);
        frame
    };
    every(TCP4, &[(1, isl_of(0x0f, 72)), (1, isl_of(0, 255)), (1, isl_of(0, 0))]);
    every(&TCP4.replace(" 2", " 1"), &[(1, isl_of(0, 71))]);
    every("-", &[(1, isl_of(0, 11)), (1, isl_of(0x10, 72))]);
    // Cisco's ARP gleaning is IPv4, and known to Ethernet, VLAN tags and cooked headers only.
    let v6 = ipv6(6, &tcp());
    let snap = with(&[0xaa, 0xaa, 3, 0, 0, 0, 0xff, 0xf2], &v4);
    every(TCP4, &[(1, ethernet(0xfff2, &v4)), (1, ethernet(0x8100, &with(&[0, 5, 0xff, 0xf2], &v4)))]);
    every("-", &[(1, ethernet(0xfff2, &v6)), (1, ethernet(50, &snap)), (0, with(&[0xf2, 0xff, 0, 0], &v4))]);
    // Label 13 (RFC 5586), 802.3 lengths after a provider's tag, more than 20 tags.
    let deep = [[0, 1, 0x81, 0].repeat(20), vec![0, 1, 8, 0], v4.clone()].concat();
    let twenty = [[0, 1, 0x81, 0].repeat(19), vec![0, 1, 8, 0], v4.clone()].concat();
    let provider = ethernet(0x88a8, &with(&[0, 1, 0, 50, 6, 6, 3], &v4));
    every("-", &[(1, labelled(13 << 12 | 0x140)), (1, provider), (1, ethernet(0x8100, &deep))]);
    every(TCP4, &[(1, ethernet(0x8100, &twenty))]);
}

#[test]
fn ieee_802_3_lengths_cut_off_padding() {
    let v4 = ipv4_with(&[], 0, 6, &tcp());
    let llc = |head: &[u8]| [head, &v4].concat();
    let snap: &[u8] = &[0xaa, 0xaa, 3, 0, 0, 0, 8, 0];
    let cisco: &[u8] = &[0xaa, 0xaa, 3, 0, 0, 0xf8, 8, 0];
    every(TCP4, &[(1, ethernet(45, &llc(&[6, 6, 3]))), (1, ethernet(50, &llc(snap))), (1, ethernet(50, &llc(cisco)))]);
    // Information frames only, no raw 802.3, and what the length leaves must be enough.
    let disconnect: &[u8] = &[6, 6, 0x43];
    every(
        "-",
        &[(1, ethernet(45, &llc(disconnect))), (1, ethernet(45, &llc(&[0xff, 0xff]))), (1, ethernet(30, &llc(snap)))],
    );
    // A length of segmentation offload in the packet: the 802.3 length counts.
    let mut offload = llc(snap);
    offload[10..12].fill(0);
    offload.extend([0; 6]);
    assert_eq!(alone(1, &ethernet(50, &offload)), TCP4);
}

#[test]
fn payload_lengths_come_from_the_headers() {
    let padded = |packet: &[u8]| ethernet(if packet[0] >> 4 == 4 { IPV4 } else { IPV6 }, &[packet, &[0; 9]].concat());
    let length = |at: usize, value: u16, mut packet: Vec<u8>| {
        packet[at..at + 2].copy_from_slice(&value.to_be_bytes());
        padded(&packet)
    };
    let v4 = |value| alone(1, &length(2, value, ipv4(6, &tcp())));
    assert_eq!(v4(42), TCP4);
    // 0: the frame counts; beyond it: the frame again; below the header: nothing.
    assert_eq!((v4(0), v4(900)), (TCP4.replace(" 2", " 11"), TCP4.replace(" 2", " 11")).to_owned());
    assert_eq!((v4(19), v4(35)), ("-".to_owned(), "-".to_owned()));
    let v6 = |value| alone(1, &length(4, value, ipv6(6, &tcp())));
    assert_eq!((v6(22), v6(0)), (TCP6.to_owned(), "-".to_owned()));
    assert_eq!(v6(900), TCP6.replace(" 2", " 11"));
}

#[test]
fn cut_frames_count_for_what_they_show() {
    let whole = ethernet(IPV4, &ipv4(6, &tcp()));
    let cut = |bytes: usize| {
        let frame = Frame { original_length: u32::try_from(whole.len()).unwrap(), ..frame(1, &whole[..bytes]) };
        line(&mut Decoder::new(&Limits::default()), &frame)
    };
    // 16 bytes of the TCP header are needed.
    assert_eq!((cut(49), cut(50), cut(whole.len())), ("-".to_owned(), TCP4.to_owned(), TCP4.to_owned()));
    let datagram = ethernet(IPV4, &ipv4(17, &udp(10, b"hi")));
    let short = Frame { original_length: 44, ..frame(1, &datagram[..42]) };
    assert_eq!(line(&mut Decoder::new(&Limits::default()), &short), "udp 10.0.0.1:1000 10.0.0.2:2000 2");
}

#[test]
fn tcp_header_lengths_out_of_range() {
    let with_offset = |words: u8| {
        let mut segment = tcp();
        segment[12] = words << 4;
        let data = ethernet(IPV4, &ipv4(6, &segment));
        let mut decoder = Decoder::new(&Limits::default());
        let Content::Tcp(segment) = decoder.decode(&frame(1, &data)).content else { panic!() };
        (segment.bogus_header, segment.payload_length)
    };
    assert_eq!(with_offset(0), (true, Some(22)));
    assert_eq!(with_offset(4), (true, Some(6)));
    assert_eq!(with_offset(5), (false, Some(2)));
    assert_eq!(with_offset(6), (false, None));
}

#[test]
fn udp_lengths() {
    let v4 = |length, payload: &[u8]| alone(1, &ethernet(IPV4, &ipv4(17, &udp(length, payload))));
    let v6 = |length, payload: &[u8]| alone(1, &ethernet(IPV6, &ipv6(17, &udp(length, payload))));
    assert!(v4(8, b"").ends_with(" 0"));
    assert!(v4(9, b"hello").ends_with(" 1"));
    assert!(v4(60000, b"hello").ends_with(" 59992"));
    assert_eq!((v4(0, b"hello"), v4(7, b"hello")), ("-".to_owned(), "-".to_owned()));
    assert!(v6(0, b"hello").ends_with(" 5"), "a jumbogram");
}

#[test]
fn source_routes_lead_to_their_last_address() {
    let routed = |option: &[u8]| {
        let mut options = option.to_vec();
        options.resize(option.len().next_multiple_of(4), 0);
        alone(1, &ethernet(IPV4, &ipv4_with(&options, 0, 6, &tcp())))
    };
    let to = |ip: &str| TCP4.replace("10.0.0.2:", &format!("{ip}:"));
    assert_eq!(routed(&[131, 7, 4, 10, 9, 8, 7]), to("10.9.8.7"));
    assert_eq!(routed(&[1, 137, 11, 8, 1, 2, 3, 4, 5, 6, 7, 8]), to("5.6.7.8"));
    // Used up, or not pointing at an address.
    for pointer in [0, 3, 5, 6, 7, 8, 12] {
        assert_eq!(routed(&[131, 7, pointer, 10, 9, 8, 7]), TCP4, "{pointer}");
    }
    assert_eq!(routed(&[131, 7, 8, 1, 2, 3, 4, 137, 7, 4, 5, 6, 7, 8]), TCP4, "only the first counts");
}

#[test]
fn ipv4_options_too_short_for_their_kind_end_dissection() {
    let shortest = [
        (7, 3),
        (11, 4),
        (12, 4),
        (68, 4),
        (82, 12),
        (130, 3),
        (131, 3),
        (133, 3),
        (134, 6),
        (136, 4),
        (137, 3),
        (148, 4),
    ];
    for kind in 2..=255 {
        let needed = shortest.iter().find(|(of, _)| *of == kind).map_or(2, |(_, needed)| *needed);
        for length in (0..16).chain([39, 200]) {
            // Function 1 of Quick-Start, which has no nonce.
            let mut options = vec![0; 40];
            (options[0], options[1], options[2]) = (kind, length, 0x11);
            let expected = if (2..41).contains(&length) && length < needed.max(if kind == 25 { 3 } else { 2 }) {
                "-"
            } else {
                TCP4
            };
            assert_eq!(alone(1, &ethernet(IPV4, &ipv4_with(&options, 0, 6, &tcp()))), expected, "{kind} {length}");
        }
    }
    let security = |tags: &[u8]| {
        let length = u8::try_from(6 + tags.len()).unwrap();
        let options = [&[134, length, 0, 0, 0, 1], tags, &vec![0; 34 - tags.len()]].concat();
        alone(1, &ethernet(IPV4, &ipv4_with(&options, 0, 6, &tcp())))
    };
    for (tags, readable) in [
        (&[1, 4, 0, 0][..], true),
        (&[1, 5, 0, 0], false),
        (&[1, 9, 0, 0], true),
        (&[9], false),
        (&[1], true),
        (&[2, 5, 0, 0], true),
    ] {
        assert_eq!(security(tags) != "-", readable, "{tags:?}");
    }
}

#[test]
fn ipv6_routing_headers_lead_to_a_listed_address() {
    let last = |n: u8| [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, n];
    let routed = |kind: u8, left: u8, fixed: [u8; 4], listed: &[u8]| {
        let words = u8::try_from(listed.len() / 8).unwrap();
        let header = [&[6, words, kind, left], &fixed[..], listed, &tcp()].concat();
        alone(1, &ethernet(IPV6, &ipv6(43, &header)))
    };
    let to = |n: u8| TCP6.replace("::2]", &format!("::{n:x}]"));
    let two = [last(8), last(9)].concat();
    assert_eq!(routed(0, 1, [0; 4], &two), to(9));
    assert_eq!(routed(0, 0, [0; 4], &two), to(2));
    assert_eq!(routed(0, 1, [0; 4], &two[..24]), to(8), "an odd number of words");
    assert_eq!((routed(2, 1, [0; 4], &last(8)), routed(2, 0, [0; 4], &[])), (to(8), "-".to_owned()));
    assert_eq!(routed(4, 1, [1, 0, 0, 0], &two), to(8));
    assert_eq!(routed(4, 1, [2, 0, 0, 0], &two), "-", "more entries than there are");
    assert_eq!(routed(253, 1, [0; 4], &two), to(2));
    // Compact Routing: more identifiers than segments left, and one of them 0.
    assert_eq!(
        (routed(6, 2, [1, 1, 1, 1], &[0, 0, 0, 0, 2, 2, 2, 2]), routed(5, 1, [0, 0, 9, 9], &[])),
        (to(2), to(2))
    );
    assert_eq!(routed(6, 3, [1, 1, 1, 1], &[0, 0, 0, 0, 2, 2, 2, 2]), "-");
    assert_eq!((routed(6, 0, [0, 0, 0, 7], &[]), routed(5, 0, [1, 0, 0, 1], &[])), ("-".to_owned(), "-".to_owned()));
    // RPL: 15 bytes left out of the last address, 7 bytes of padding.
    assert_eq!(routed(3, 1, [0x0f, 0x70, 0, 0], &[9, 0, 0, 0, 0, 0, 0, 0]), to(9));
    assert_eq!((routed(3, 1, [0; 4], &two), routed(3, 1, [0; 4], &two[..8])), (to(9), "-".to_owned()));
}

#[test]
fn ipv6_options() {
    let with = |options: &[u8]| {
        let mut header = [&[6, 0], options].concat();
        header.resize(header.len().next_multiple_of(8), 0);
        header[1] = u8::try_from(header.len() / 8 - 1).unwrap();
        alone(1, &ethernet(IPV6, &ipv6(60, &[header, tcp()].concat())))
    };
    let home = [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7];
    assert_eq!(with(&[&[0xc9, 16], &home[..]].concat()), TCP6.replace("::1]", "::7]"));
    assert_eq!(with(&[&[0xc9, 3], &home[..]].concat()), TCP6.replace("::1]", "::7]"), "whatever the length says");
    assert_eq!(with(&[0, 1, 1, 0, 5, 2]), TCP6);
    assert_eq!(with(&[0x55, 20, 0, 0]), TCP6, "past the header, not the packet");
    assert_eq!(with(&[0x55, 200, 0, 0]), "-", "past the packet");
    assert_eq!(with(&[0x31, 0, 0, 0]), "-");
    assert_eq!(with(&[7, 8, 0, 0, 0, 1, 0, 0, 0, 0]), TCP6);
    assert_eq!(with(&[7, 8, 0, 0, 0, 1, 99, 0, 0, 0]), "-", "a bitmap that is not there");
    assert_eq!(with(&[5, 0, 0x55, 200, 0, 0]), TCP6, "a router alert has two bytes, whatever it says");
    assert_eq!(with(&[0x41, 1, 0, 0, 0x55, 200]), TCP6, "tunnel payload forwarding has four");
    assert_eq!(with(&[0x31, 1, 0, 9, 0x55, 2]), TCP6, "in-situ OAM that is no trace has two");
    assert_eq!(with(&[8, 0, 0x21, 0x55, 200, 0]), TCP6, "a tagger identifier of two bytes");
    assert_eq!(with(&[8, 1, 0x0f, 0x55, 200, 0]), "-", "a type of none");
    // A hash of no bytes: its first one is that of the next option, here a Home Address.
    let overlapping = with(&[&[8, 0, 0xc9, 16], &home[..]].concat());
    assert_eq!(overlapping, TCP6.replace("::1]", "::7]"));
}

#[test]
fn jumbograms() {
    let jumbo = |length: u32| {
        let [a, b, c, d] = length.to_be_bytes();
        let mut packet = ipv6(0, &[&[17, 0, 0xc2, 4, a, b, c, d], &udp(0, b"hi")[..]].concat());
        packet[4..6].fill(0);
        alone(1, &ethernet(IPV6, &packet))
    };
    assert_eq!(jumbo(70_000), "udp [2001:db8::1]:1000 [2001:db8::2]:2000 2");
    assert_eq!(jumbo(18), "-", "a length that needs no jumbo option");
}

#[test]
fn ip_in_ip_has_the_inner_addresses() {
    let inner = ipv4(6, &tcp());
    every(
        TCP4,
        &[
            (1, ethernet(IPV4, &ipv4(4, &inner))),
            (1, ethernet(IPV6, &ipv6(4, &inner))),
            (1, ethernet(IPV6, &ipv6(41, &ipv6(4, &inner)))),
        ],
    );
    // As deep as Wireshark goes (496 IP headers in an Ethernet frame), and one deeper.
    let nested = |depth: usize| (0..depth).fold(inner.clone(), |packet, _| ipv4(4, &packet));
    every(TCP4, &[(1, ethernet(IPV4, &nested(495))), (228, nested(497))]);
    every("-", &[(1, ethernet(IPV4, &nested(496))), (228, nested(498))]);
}

#[test]
fn no_stream_inside_icmp_and_other_protocols() {
    let quoted = |kind: u8, code: u8| [&[kind, code, 0, 0, 0, 0, 0, 0], &ipv4(17, &udp(8, b""))[..]].concat();
    let data = ethernet(IPV4, &ipv4(1, &quoted(3, 3)));
    let mut decoder = Decoder::new(&Limits::default());
    let packet = decoder.decode(&frame(1, &data)).content;
    let address = |ip: [u8; 4], port| SocketAddress::new(IpAddr::V4(Ipv4Addr::from(ip)), port);
    let expected = QuotedPacket {
        protocol: Protocol::Udp,
        source: address([10, 0, 0, 1], 1000),
        destination: address([10, 0, 0, 2], 2000),
    };
    assert_eq!(packet, Content::Icmp(IcmpMessage { kind: IcmpKind::PortUnreachable, quoted: Some(expected) }));
    // GRE, ESP, AH, SCTP, UDP-Lite.
    for protocol in [47, 50, 51, 132, 136] {
        let data = ethernet(IPV4, &ipv4(protocol, &inner_of_a_tunnel()));
        let mut decoder = Decoder::new(&Limits::default());
        assert_eq!(decoder.decode(&frame(1, &data)).content, Content::OtherIp, "{protocol}");
    }
}

fn inner_of_a_tunnel() -> Vec<u8> {
    [&[0, 0, 8, 0], &ipv4(6, &tcp())[..]].concat()
}

#[test]
fn arp_packets_tell_who_asks_for_whom() {
    let arp = [0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 1, 10, 0, 0, 1, 0, 0, 0, 0, 0, 0, 10, 0, 0, 9];
    let (sent, received) = (ethernet(0x0806, &arp), ethernet(0x0806, &[&arp[..], &[0; 18]].concat()));
    let expected = ArpPacket {
        request: true,
        sender_mac: [2, 0, 0, 0, 0, 1],
        sender: Ipv4Addr::new(10, 0, 0, 1),
        target: Ipv4Addr::new(10, 0, 0, 9),
    };
    let mut decoder = Decoder::new(&Limits::default());
    for (data, way) in [(sent, Direction::Outbound), (received, Direction::Inbound)] {
        let packet = decoder.decode(&frame(1, &data));
        assert_eq!((packet.content, packet.direction), (Content::Arp(expected), Some(way)));
    }
}

#[test]
fn directions_come_from_the_file_the_cooked_header_or_the_length() {
    let mut decoder = Decoder::new(&Limits::default());
    let mut way = |frame: Frame<'_>| decoder.decode(&frame).direction;
    let short = ethernet(IPV4, &ipv4(6, &tcp()));
    let padded = [&short[..], &[0; 4]].concat();
    let long = ethernet(IPV4, &ipv4(6, &[&tcp()[..], &[0; 40]].concat()));
    assert_eq!(way(frame(1, &short)), Some(Direction::Outbound));
    assert_eq!(way(frame(1, &padded)), Some(Direction::Inbound));
    assert_eq!(way(frame(1, &long)), None);
    assert_eq!(way(Frame { direction: Some(Direction::Inbound), ..frame(1, &short) }), Some(Direction::Inbound));
    for (packet_type, expected) in
        [(0, Some(Direction::Inbound)), (3, Some(Direction::Passing)), (4, Some(Direction::Outbound))]
    {
        let cooked = [&[0, packet_type, 0, 1, 0, 6, 1, 2, 3, 4, 5, 6, 0, 0, 8, 0], &short[14..]].concat();
        assert_eq!(way(frame(113, &cooked)), expected);
    }
}

#[test]
fn blocks_without_a_packet_hold_none() {
    let entry = Frame { interface: None, ..frame(1, &[]) };
    assert_eq!(Decoder::new(&Limits::default()).decode(&entry).content, Content::NoPacket);
}

/// Fragments of one IPv4 datagram: offset in units of 8 bytes, more fragments, bytes.
fn fragment4(offset: u16, more: bool, payload: &[u8]) -> Vec<u8> {
    ethernet(IPV4, &ipv4_with(&[], offset | if more { 0x2000 } else { 0 }, 17, payload))
}

fn fragment6(offset: u16, more: bool, next: u8, payload: &[u8]) -> Vec<u8> {
    let [high, low] = (offset << 3 | u16::from(more)).to_be_bytes();
    ethernet(IPV6, &ipv6(44, &[&[next, 0, high, low, 0, 0, 0, 7], payload].concat()))
}

/// What each of these frames shows, one after the other.
fn in_turn(frames: &[Vec<u8>]) -> Vec<String> {
    let mut decoder = Decoder::new(&Limits::default());
    frames.iter().map(|data| line(&mut decoder, &frame(1, data))).collect()
}

const WHOLE: &str = "udp 10.0.0.1:1000 10.0.0.2:2000 16";

#[test]
fn a_fragmented_datagram_counts_where_it_is_completed() {
    let datagram = udp(24, b"0123456789abcdef");
    let (a, b, c) = (
        fragment4(0, true, &datagram[..8]),
        fragment4(1, true, &datagram[8..16]),
        fragment4(2, false, &datagram[16..]),
    );
    assert_eq!(in_turn(&[a.clone(), b.clone(), c.clone()]), ["-", "-", WHOLE]);
    assert_eq!(in_turn(&[c.clone(), a.clone(), b.clone()]), ["-", "-", WHOLE], "any order");
    assert_eq!(in_turn(&[a.clone(), a.clone(), c.clone(), b.clone()]), ["-", "-", "-", WHOLE], "duplicates");
    let overlap = fragment4(0, true, &[&datagram[..8], &[0xff; 8]].concat());
    assert_eq!(in_turn(&[b.clone(), overlap, c.clone()]), ["-", "-", WHOLE]);
    assert_eq!(in_turn(&[a.clone(), c.clone()]), ["-", "-"], "incomplete");
    let twice = [a.clone(), b.clone(), c.clone(), a, b, c];
    assert_eq!(in_turn(&twice), ["-", "-", WHOLE, "-", "-", WHOLE], "the key is free again");
}

#[test]
fn ipv6_fragments() {
    let datagram = udp(24, b"0123456789abcdef");
    let (a, b) = (fragment6(0, true, 17, &datagram[..16]), fragment6(2, false, 17, &datagram[16..]));
    let whole = "udp [2001:db8::1]:1000 [2001:db8::2]:2000 16";
    assert_eq!(in_turn(&[b.clone(), a.clone()]), ["-", whole]);
    assert_eq!(in_turn(&[fragment6(0, false, 17, &datagram)]), [whole], "atomic");
    assert_eq!(in_turn(&[a, fragment6(2, false, 59, &datagram[16..])]), ["-", "-"], "the completing fragment decides");
    // In a packet without an IPv6 header, the fragment header is passed.
    let passed = ethernet(IPV4, &ipv4(44, &[&[17, 0, 0, 0x11, 0, 0, 0, 7], &datagram[..]].concat()));
    assert_eq!(in_turn(&[passed]), [WHOLE]);
}

#[test]
fn ipv6_fragments_of_packets_longer_than_their_frame_take_no_part() {
    let datagram = udp(24, b"0123456789abcdef");
    let (a, mut b) = (fragment6(0, true, 17, &datagram[..16]), fragment6(2, false, 17, &datagram[16..]));
    b[14 + 5] += 1;
    assert_eq!(in_turn(&[a, b]), ["-", "-"]);
}

#[test]
fn a_second_fragment_header_in_a_datagram_put_together_is_passed() {
    let nested = |next| [&[next, 0, 0, 1, 0, 0, 0, 9], &udp(24, b"0123456789abcdef")[..]].concat();
    let halves =
        |datagram: &[u8], next| [fragment6(0, true, next, &datagram[..16]), fragment6(2, false, next, &datagram[16..])];
    assert_eq!(in_turn(&halves(&nested(17), 44)), ["-", "udp [2001:db8::1]:1000 [2001:db8::2]:2000 16"]);
    // Not so behind a further IPv6 header, nor without having been put together.
    assert_eq!(in_turn(&halves(&ipv6(44, &nested(17)), 41)), ["-", "-"]);
    assert_eq!(in_turn(&[fragment6(0, false, 44, &nested(17))]), ["-"]);
}

#[test]
fn fragments_that_were_not_captured_whole_take_no_part() {
    let datagram = udp(24, b"0123456789abcdef");
    let first = fragment4(0, true, &datagram[..16]);
    let rest = fragment4(2, false, &datagram[16..]);
    let mut decoder = Decoder::new(&Limits::default());
    let mut cut = |data: &[u8], bytes: usize| {
        let length = u32::try_from(data.len()).unwrap();
        line(&mut decoder, &Frame { original_length: length, ..frame(1, &data[..bytes]) })
    };
    assert_eq!(cut(&first, first.len() - 1), WHOLE, "the first is dissected alone");
    assert_eq!(cut(&rest, rest.len() - 1), "-");
    assert_eq!(cut(&rest, rest.len()), "-", "the first took no part");
    // The same for a total length beyond the frame; TCP then has no payload length.
    let mut segment = ipv4_with(&[], 0x2000, 6, &tcp());
    segment[3] += 1;
    assert_eq!(in_turn(&[ethernet(IPV4, &segment)]), [TCP4.replace(" 2", " ?")]);
}

#[test]
fn vlan_identifiers_are_mixed_into_the_identification() {
    let datagram = udp(24, b"0123456789abcdef");
    let tagged = |vlan: u8, identification: u8, plain: Vec<u8>| {
        let mut frame = [&plain[..12], &[0x81, 0, 0, vlan], &plain[12..]].concat();
        frame[14 + 4 + 5] = identification;
        frame
    };
    let (a, b) = (fragment4(0, true, &datagram[..16]), fragment4(2, false, &datagram[16..]));
    assert_eq!(in_turn(&[tagged(1, 7, a.clone()), tagged(2, 7, b.clone())]), ["-", "-"]);
    assert_eq!(in_turn(&[tagged(1, 7, a.clone()), tagged(1, 7, b.clone())]), ["-", WHOLE]);
    assert_eq!(in_turn(&[tagged(1, 7, a.clone()), tagged(2, 4, b.clone())]), ["-", WHOLE], "7 ^ 1 = 4 ^ 2");
    // Of several tags the outermost counts that is not 0 and no provider's.
    for outer in [[0x81, 0, 0, 0], [0x88, 0xa8, 0, 9]] {
        let double = |vlan: u8, plain: &[u8]| [&plain[..12], &outer, &[0x81, 0, 0, vlan], &plain[12..]].concat();
        assert_eq!(in_turn(&[double(1, &a), tagged(2, 7, b.clone())]), ["-", "-"]);
        assert_eq!(in_turn(&[double(1, &a), tagged(1, 7, b.clone())]), ["-", WHOLE]);
    }
    // The destination 11.0.0.2 alone is public: one local address is enough.
    let to = |first: u8, last: u8, vlan: u8, plain: &[u8]| {
        let mut frame = tagged(vlan, 7, plain.to_vec());
        (frame[18 + 12], frame[18 + 16]) = (first, last);
        frame
    };
    assert_eq!(in_turn(&[to(10, 11, 1, &a), to(10, 11, 2, &b)]), ["-", "-"]);
    let public = WHOLE.replace(" 10.", " 11.");
    assert_eq!(in_turn(&[to(11, 11, 1, &a), to(11, 11, 2, &b)]), ["-", &public], "no VLAN of its own");
}

#[test]
fn protocols_are_mixed_into_the_identification() {
    let datagram = udp(24, b"0123456789abcdef");
    let (first, mut last) = (fragment4(0, true, &datagram[..16]), fragment4(2, false, &datagram[16..]));
    let protocol_and_identification = |frame: &mut [u8], protocol: u8, identification: u8| {
        (frame[14 + 9], frame[14 + 5]) = (protocol, identification);
    };
    let mut other = first.clone();
    protocol_and_identification(&mut other, 6, 7);
    assert_eq!(in_turn(&[other.clone(), last.clone()]), ["-", "-"]);
    protocol_and_identification(&mut other, 6, 7 ^ 17 ^ 6);
    assert_eq!(in_turn(&[other, last.clone()]), ["-", WHOLE], "the completing fragment names the protocol");
    protocol_and_identification(&mut last, 59, 7 ^ 17 ^ 59);
    assert_eq!(in_turn(&[first, last]), ["-", "-"]);
}

#[test]
fn waiting_datagrams_are_bounded() {
    let limits = Limits { fragmented_datagrams: 2, ..Limits::default() };
    let mut decoder = Decoder::new(&limits);
    for number in 0..3u8 {
        let mut data = fragment4(0, true, &udp(24, b"01234567"));
        data[14 + 5] = number;
        let frame = Frame { number: FrameNumber(u64::from(number) + 1), ..frame(1, &data) };
        let first = IpFragment { protocol: 17, ports: Some([1000, 2000]) };
        assert_eq!(decoder.decode(&frame).content, Content::Fragment(first));
    }
    let warnings = decoder.warnings();
    assert_eq!(warnings.len(), 1);
    assert_eq!((warnings[0].code, warnings[0].frame), (WarningCode::LimitFragments, Some(FrameNumber(3))));
    let bytes = Limits { fragment_bytes: 100, ..Limits::default() };
    let mut decoder = Decoder::new(&bytes);
    decoder.decode(&frame(1, &fragment4(0, true, &[0; 80])));
    assert_eq!(decoder.warnings().len(), 1);
}

/// Frames that are nearly ordinary: valid ones of many shapes, some with bytes changed, some cut.
fn nearly_ordinary() -> impl Strategy<Value = (Vec<u8>, u32)> {
    let transport = (any::<bool>(), proptest::collection::vec(any::<u8>(), 0..40), 0u8..16, any::<bool>());
    let packet = transport.prop_map(|(is_tcp, payload, words, strange)| {
        if is_tcp {
            let mut segment = [&tcp()[..20], &payload].concat();
            segment[12] = if strange { words } else { 5 } << 4;
            ipv4(6, &segment)
        } else {
            let length = if strange { u16::from(words) } else { u16::try_from(payload.len() + 8).unwrap() };
            ipv4(17, &udp(length, &payload))
        }
    });
    let changes = proptest::collection::vec((0usize..60, any::<u8>()), 0..3);
    (packet, 0usize..20, changes, any::<prop::sample::Index>(), 0u32..3, any::<bool>()).prop_map(
        |(packet, padding, changes, cut, more, whole)| {
            let mut data = ethernet(IPV4, &[packet, vec![0; padding]].concat());
            for (at, byte) in changes {
                if let Some(place) = data.get_mut(at) {
                    *place = byte;
                }
            }
            let length = u32::try_from(data.len()).unwrap() + more;
            if !whole {
                data.truncate(cut.index(data.len() + 1));
            }
            (data, length)
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// The short way is the general way: on every frame that it takes.
    #[test]
    fn fast_and_general_agree(
        (data, original_length) in nearly_ordinary(),
        direction in prop::option::of(prop::sample::select(vec![Direction::Inbound, Direction::Outbound])),
        link_type in prop::sample::select(vec![1u16, 1, 1, 1, 113, 101]),
        interface in prop::sample::select(vec![Some(0u32), Some(0), Some(0), None]),
    ) {
        let frame = Frame { original_length, direction, interface, ..frame(link_type, &data) };
        if let Some(ordinary) = Decoder::decode_ordinary(&frame) {
            let mut decoder = Decoder::new(&Limits::default());
            prop_assert_eq!(ordinary.whole(frame.data), decoder.decode_general(&frame));
        }
    }

    /// Any bytes of any link type are decoded without a panic, and what is said of lengths holds.
    #[test]
    fn arbitrary_bytes_are_decoded(
        frames in proptest::collection::vec((proptest::collection::vec(any::<u8>(), 0..120), any::<u16>()), 1..8),
        link_type in prop::sample::select(vec![0u16, 1, 1, 1, 9, 12, 50, 101, 108, 113, 228, 229, 276]),
        ether_type in prop::sample::select(vec![0x0800u16, 0x86dd, 0x8100, 0x8847, 0x8864, 0x0806, 50]),
    ) {
        let mut decoder = Decoder::new(&Limits { fragment_bytes: 1000, ..Limits::default() });
        for (bytes, more) in frames {
            let data = if link_type == 1 { ethernet(ether_type, &bytes) } else { bytes };
            let length = u32::try_from(data.len()).unwrap() + u32::from(more);
            let packet = decoder.decode(&Frame { original_length: length, ..frame(link_type, &data) });
            if let Content::Tcp(segment) = packet.content {
                prop_assert!(segment.payload.len() <= usize::try_from(segment.payload_length.unwrap_or(0)).unwrap());
            }
        }
    }
}
