//! Frames made by hand for tests, header by header.

use crate::capfile::{Frame, LinkType};
use crate::types::FrameNumber;

/// A TCP segment from port 1000 to port 2000 with these two payload bytes.
pub(super) fn tcp() -> Vec<u8> {
    let mut segment = vec![0x03, 0xe8, 0x07, 0xd0, 0, 0, 0, 7, 0, 0, 0, 9, 0x50, 0x18, 0, 64, 0, 0, 0, 0];
    segment.extend(*b"hi");
    segment
}

/// A UDP datagram from port 1000 to port 2000 with this length field and payload.
pub(super) fn udp(length: u16, payload: &[u8]) -> Vec<u8> {
    let [high, low] = length.to_be_bytes();
    [&[0x03, 0xe8, 0x07, 0xd0, high, low, 0, 0], payload].concat()
}

/// An IPv4 packet from 10.0.0.1 to 10.0.0.2.
pub(super) fn ipv4(protocol: u8, payload: &[u8]) -> Vec<u8> {
    ipv4_with(&[], 0, protocol, payload)
}

/// An IPv4 packet with options (a multiple of four bytes) and this fragment field.
pub(super) fn ipv4_with(options: &[u8], fragment: u16, protocol: u8, payload: &[u8]) -> Vec<u8> {
    let words = u8::try_from(5 + options.len() / 4).unwrap();
    let total = u16::try_from(usize::from(words) * 4 + payload.len()).unwrap().to_be_bytes();
    let fragment = fragment.to_be_bytes();
    let fixed = [0x40 | words, 0, total[0], total[1], 0, 7, fragment[0], fragment[1], 64, protocol, 0, 0];
    [&fixed[..], &[10, 0, 0, 1, 10, 0, 0, 2], options, payload].concat()
}

/// An IPv6 packet from 2001:db8::1 to 2001:db8::2.
pub(super) fn ipv6(next: u8, payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(payload.len()).unwrap().to_be_bytes();
    let mut packet = vec![0x60, 0, 0, 0, length[0], length[1], next, 64];
    for host in [1, 2] {
        packet.extend([0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, host]);
    }
    [packet, payload.to_vec()].concat()
}

/// An Ethernet frame with this length/type field.
pub(super) fn ethernet(field: u16, payload: &[u8]) -> Vec<u8> {
    let [high, low] = field.to_be_bytes();
    [&[2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, high, low], payload].concat()
}

/// A frame of the first interface, captured whole.
pub(super) fn frame(link_type: u16, data: &[u8]) -> Frame<'_> {
    Frame {
        number: FrameNumber(1),
        interface: Some(0),
        link_type: LinkType(link_type),
        time: None,
        original_length: u32::try_from(data.len()).unwrap(),
        data,
        direction: None,
    }
}
