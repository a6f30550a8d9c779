//! Captures made by hand, byte by byte, for tests of the program as a whole.

use socklab_packets::packet::TcpFlags;

const SYN: u8 = TcpFlags::SYN.0;
const ACK: u8 = TcpFlags::ACK.0;
const FIN_ACK: u8 = TcpFlags::FIN.0 | ACK;
const RST_ACK: u8 = TcpFlags::RST.0 | ACK;
const SYN_ACK: u8 = SYN | ACK;
const PSH_ACK: u8 = TcpFlags::PSH.0 | ACK;

/// A pcap file of the lab's Part I step 8 at B (10.0.3.2): a client connects to 10.0.3.1:65432 and sends two lines.
pub(crate) fn step8() -> Vec<u8> {
    let mut file = header();
    let (client, server) = (([10, 0, 3, 2], 40_210), ([10, 0, 3, 1], 65_432));
    let segments: [(bool, u32, u32, u8, &[u8]); 7] = [
        (true, 1000, 0, SYN, b""),
        (false, 5000, 1001, SYN_ACK, b""),
        (true, 1001, 5001, ACK, b""),
        (true, 1001, 5001, PSH_ACK, b"hello\n"),
        (false, 5001, 1007, ACK, b""),
        (true, 1007, 5001, PSH_ACK, b"world\n"),
        (false, 5001, 1013, ACK, b""),
    ];
    for (number, (from_client, sequence, acknowledgement, flags, payload)) in (0..).zip(segments) {
        let (source, destination) = if from_client { (client, server) } else { (server, client) };
        record(&mut file, number, &tcp(source, destination, [sequence, acknowledgement], flags, payload));
    }
    file
}

/// A pcap file in which the server's computer refuses the connection.
pub(crate) fn refused() -> Vec<u8> {
    let mut file = header();
    let (client, server) = (([10, 0, 3, 2], 40_210), ([10, 0, 3, 1], 65_432));
    record(&mut file, 0, &tcp(client, server, [1000, 0], SYN, b""));
    record(&mut file, 1, &tcp(server, client, [0, 1001], RST_ACK, b""));
    file
}

/// A pcap file of so many connections of B and C to the lab's server: every eighth is refused; the others carry a line,
/// and of four, one is closed and one is reset.
pub(crate) fn many(connections: u16) -> Vec<u8> {
    let mut file = header();
    let server = ([10, 0, 3, 1], 65_432);
    let mut frame = 0..;
    for number in 0..connections {
        let client = ([10, 0, 3, if number % 2 == 0 { 2 } else { 3 }], 20_000 + number / 2);
        let refused = [(true, 0, 0, SYN, &b""[..]), (false, 0, 1, RST_ACK, b"")];
        let line = [
            (true, 0, 0, SYN, &b""[..]),
            (false, 0, 1, SYN_ACK, b""),
            (true, 1, 1, ACK, b""),
            (true, 1, 1, PSH_ACK, b"a line\n"),
            (false, 1, 8, ACK, b""),
        ];
        let end = match number % 4 {
            1 => Some((true, 8, 1, FIN_ACK, &b""[..])),
            2 => Some((false, 1, 8, RST_ACK, &b""[..])),
            _ => None,
        };
        let segments = if number % 8 == 7 { refused.to_vec() } else { line.into_iter().chain(end).collect() };
        for (from_client, sequence, acknowledgement, flags, payload) in segments {
            let (source, destination) = if from_client { (client, server) } else { (server, client) };
            let numbers = [sequence, acknowledgement];
            record(&mut file, frame.next().unwrap(), &tcp(source, destination, numbers, flags, payload));
        }
    }
    file
}

/// A pcap file header: little-endian, microseconds, version 2.4, Ethernet (draft-ietf-opsawg-pcap, section 4).
pub(crate) fn header() -> Vec<u8> {
    let mut file = Vec::new();
    for word in [0xa1b2_c3d4_u32, 0x0004_0002, 0, 0, 262_144, 1] {
        file.extend(word.to_le_bytes());
    }
    file
}

fn record(file: &mut Vec<u8>, number: u32, frame: &[u8]) {
    let length = u32::try_from(frame.len()).unwrap();
    for word in [1_700_000_000 + number / 1000, number % 1000 * 1000, length, length] {
        file.extend(word.to_le_bytes());
    }
    file.extend(frame);
}

/// An Ethernet frame with an IPv4 packet (RFC 791) with a TCP segment (RFC 9293); checksums are left out.
fn tcp(source: ([u8; 4], u16), destination: ([u8; 4], u16), numbers: [u32; 2], flags: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![2, 0, 0, 0, 0, destination.0[3], 2, 0, 0, 0, 0, source.0[3], 8, 0];
    frame.extend([0x45, 0]);
    frame.extend(u16::try_from(40 + payload.len()).unwrap().to_be_bytes());
    frame.extend([0, 0, 0x40, 0, 64, 6, 0, 0]);
    frame.extend(source.0);
    frame.extend(destination.0);
    frame.extend(source.1.to_be_bytes());
    frame.extend(destination.1.to_be_bytes());
    frame.extend(numbers.iter().flat_map(|number| number.to_be_bytes()));
    frame.extend([0x50, flags, 0xff, 0xff, 0, 0, 0, 0]);
    frame.extend(payload);
    frame
}
