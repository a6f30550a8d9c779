//! When Wireshark takes a payload for SNMP (RFC 3416), which has a consequence for stream numbers: its SNMP dissector opens
//! a conversation of its own, so that the pair of addresses takes a second number.

use crate::types::Protocol;

/// Tags of the Basic Encoding Rules (ITU-T X.690, section 8.1.2), of the universal class. Wireshark does not ask whether
/// they are constructed.
const SEQUENCE: u8 = 0x10;
const INTEGER: u8 = 0x02;
const CONSTRUCTED: u8 = 0x20;

/// Whether payload between these ports may be SNMP: those of SNMP and of its traps, and a proxy's, as Wireshark registers
/// them.
#[inline]
pub(crate) fn on_port(protocol: Protocol, ports: [u16; 2]) -> bool {
    ports.iter().any(|port| matches!((port, protocol), (161 | 162, _) | (8161, Protocol::Udp)))
}

/// Whether Wireshark calls its SNMP dissector for this payload between such ports, `length` bytes long on the wire. Over
/// TCP any payload will do, unless the header is bogus (see [`crate::packet::TcpSegment::bogus_header`]); a
/// datagram must begin with a sequence that ends within it and begins with an integer.
pub(crate) fn is_snmp(protocol: Protocol, bogus_header: bool, payload: &[u8], length: u32) -> bool {
    match protocol {
        Protocol::Tcp => !bogus_header && !payload.is_empty(),
        Protocol::Udp => is_message(payload, length).unwrap_or(false),
    }
}

fn is_message(payload: &[u8], length: u32) -> Option<bool> {
    let (&[tag, first], rest) = payload.split_first_chunk()?;
    let (sequence_length, content) = ber_length(first, rest)?;
    let header = payload.len().saturating_sub(content.len());
    let remaining = u64::from(length).saturating_sub(u64::try_from(header).unwrap_or(u64::MAX));
    let is = |tag: u8, expected| tag & !CONSTRUCTED == expected;
    Some(is(tag, SEQUENCE) && sequence_length <= remaining && is(*content.first()?, INTEGER))
}

/// A length (X.690, section 8.1.3) of at most 32 bits, and what follows it. `None` for an indefinite one, which SNMP does
/// not use (RFC 3417, section 8).
fn ber_length(first: u8, rest: &[u8]) -> Option<(u64, &[u8])> {
    if first & 0x80 == 0 {
        return Some((first.into(), rest));
    } else if first == 0x80 {
        return None;
    }
    let (bytes, content) = rest.split_at_checked(usize::from(first & 0x7f))?;
    let length = bytes.iter().fold(0_u32, |length, byte| length << 8 | u32::from(*byte));
    Some((length.into(), content))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MESSAGE: [u8; 5] = [0x30, 3, 2, 1, 0];

    /// What is expected was seen in tshark 4.0.17.
    #[test]
    fn a_datagram_is_snmp_by_its_first_bytes() {
        let is = |payload: &[u8]| is_snmp(Protocol::Udp, false, payload, u32::try_from(payload.len()).unwrap());
        for yes in [
            &MESSAGE[..],
            b"\x30\x03\x02\x01\0xyz",
            b"\x30\0\x02",
            b"\x30\x81\x03\x02\x01\0",
            b"\x30\x85\0\0\0\0\x03\x02\x01\0",
        ] {
            assert!(is(yes), "{yes:02x?}");
        }
        for no in [
            &b""[..],
            b"\x30",
            b"\x30\0",
            b"\x30\x04\x02\x01\0",
            b"\x30\x80\x02\x01\0",
            b"\x30\x03\x04\x01\0",
            b"hello",
        ] {
            assert!(!is(no), "{no:02x?}");
        }
        let cut = &MESSAGE[..3];
        assert!(is_snmp(Protocol::Udp, false, cut, 5) && !is_snmp(Protocol::Udp, false, cut, 3));
    }

    #[test]
    fn any_payload_behind_a_sound_header_is_snmp_on_its_tcp_ports() {
        let is = |bogus, payload: &[u8]| is_snmp(Protocol::Tcp, bogus, payload, 5);
        assert!(is(false, b"hello") && !is(true, b"hello") && !is(false, b""));
        assert!(on_port(Protocol::Tcp, [5000, 161]) && on_port(Protocol::Udp, [8161, 5000]));
        assert!(!on_port(Protocol::Tcp, [5000, 8161]) && !on_port(Protocol::Udp, [5000, 80]));
    }
}
