//! TCP (RFC 9293) and UDP (RFC 768) headers: when they make a stream, and how long the payload is.

use etherparse::UdpHeaderSlice;

use super::bytes::Bytes;
use super::walk::{Outcome, Step, Walk};
use crate::packet::TcpFlags;
use crate::packet::{Content, TcpSegment, UdpDatagram};

/// Bytes of a TCP header without options.
const TCP_HEADER: usize = 20;

/// Bytes of a TCP header that Wireshark must see for a stream: up to the window.
pub(super) const TCP_HEADER_NEEDED: usize = 16;

/// Bytes of a UDP header.
const UDP_HEADER: usize = 8;

/// A TCP segment. etherparse's own type wants the whole header, which Wireshark does not.
pub(super) fn tcp<'a>(walk: &mut Walk, bytes: Bytes<'a>) -> Option<Step<'a>> {
    let header: [u8; TCP_HEADER_NEEDED] = bytes.array(0)?;
    let [s0, s1, d0, d1, q0, q1, q2, q3, a0, a1, a2, a3, offset, flags, _, _] = header;
    let header_length = usize::from(offset >> 4).saturating_mul(4);
    let payload_length = tcp_payload_length(walk, header_length, bytes.length());
    let segment = TcpSegment {
        source_port: u16::from_be_bytes([s0, s1]),
        destination_port: u16::from_be_bytes([d0, d1]),
        sequence: u32::from_be_bytes([q0, q1, q2, q3]),
        acknowledgement: u32::from_be_bytes([a0, a1, a2, a3]),
        flags: TcpFlags(flags),
        bogus_header: header_length < TCP_HEADER,
        payload_length,
        payload: &[],
    };
    walk.note_header(bytes.truncate(header_length));
    let (payload, length) = bytes.skip(header_length).map_or((0..0, 0), |rest| (rest.range(), rest.length()));
    Some(Step::End(Outcome::Found(Content::Tcp(segment), payload, length)))
}

/// Payload of a TCP segment: what the IP length leaves after the header. Unknown where the header is longer than that,
/// and in a first fragment whose datagram cannot be put together.
fn tcp_payload_length(walk: &Walk, header_length: usize, segment_length: usize) -> Option<u32> {
    if walk.first_fragment {
        return None;
    }
    u32::try_from(segment_length.checked_sub(header_length)?).ok()
}

/// A UDP datagram. Its own length field counts, even where the packet is shorter.
pub(super) fn udp<'a>(walk: &mut Walk, bytes: Bytes<'a>) -> Option<Step<'a>> {
    let header = UdpHeaderSlice::from_slice(bytes.captured()).ok()?;
    let payload_length = udp_payload_length(walk, usize::from(header.length()), bytes.length())?;
    let datagram = UdpDatagram {
        source_port: header.source_port(),
        destination_port: header.destination_port(),
        payload_length: u32::try_from(payload_length).ok()?,
        held_length: u32::try_from(payload_length.min(bytes.length().saturating_sub(UDP_HEADER))).ok()?,
        payload: &[],
    };
    walk.note_header(bytes.truncate(UDP_HEADER));
    let payload = bytes.skip(UDP_HEADER)?.truncate(payload_length);
    Some(Step::End(Outcome::Found(Content::Udp(datagram), payload.range(), payload.length())))
}

/// Payload of a UDP datagram: its length field minus 8. A length of 0 over IPv6 is a jumbogram (RFC 2675, section 4).
fn udp_payload_length(walk: &Walk, length: usize, packet_length: usize) -> Option<usize> {
    let over_ipv6 = walk.ip.is_some_and(|ip| ip.source.is_ipv6());
    match length {
        0 if over_ipv6 => packet_length.checked_sub(UDP_HEADER),
        _ => length.checked_sub(UDP_HEADER),
    }
}
