//! Protocols whose messages are no text, told by their first one.

use super::ends::Ends;
use crate::types::Protocol;

/// How such protocols begin, whatever follows: DDS (RTPS 2.5, section 9.4.4), Art-Net, the agents of Zabbix, Tuya's devices,
/// BitTorrent and its distributed hash table (BEP 3 and 5), AMQP, Android's debug bridge, the servers of games of Valve and
/// Quake, Steam, Kasa's devices, TeamSpeak, bundles of OSC, X11, Java's remote calls.
const BEGINNINGS: [&[u8]; 21] = [
    b"RTPS\x01",
    b"RTPS\x02",
    b"Art-Net\0",
    b"ZBXD\x01",
    b"\0\0\x55\xaa\0\0",
    b"\x13BitTorrent protocol",
    b"d1:ad2:id20:",
    b"d1:rd2:id20:",
    b"AMQP\0\0\x09\x01",
    b"CNXN\0\0\0\x01",
    b"\xff\xff\xff\xffTSource Engine Query\0",
    b"\xff\xff\xff\xffgetinfo",
    b"\xff\xff\xff\xffgetstatus",
    b"\xff\xff\xff\xff!L_\xa0",
    b"\xd0\xf2\x81\xf8\x8b\xff\x9a\xf7",
    b"TS3INIT1",
    b"#bundle\0",
    b"l\0\x0b\0\0\0",
    b"B\0\0\x0b\0\0",
    b"JRMI\0\x01",
    b"JRMI\0\x02",
];

/// Whether this is a message of a protocol that is no text. A look at content alone suffices where chance would hardly make
/// it so; else a port that is known for the protocol is asked for, too.
pub(in crate::track) fn is_known(payload: &[u8], ends: Ends) -> bool {
    let likely = |beginning: &&&[u8]| beginning.first() == payload.first();
    BEGINNINGS.iter().filter(likely).any(|beginning| payload.starts_with(beginning))
        || is_osc(payload)
        || match ends.protocol {
            Protocol::Tcp => is_tcp(payload, ends),
            Protocol::Udp => is_udp(payload, ends),
        }
}

fn is_tcp(payload: &[u8], ends: Ends) -> bool {
    is_modbus(payload)
        || is_mqtt(payload)
        || is_minecraft(payload, ends)
        || is_opc_ua(payload)
        || is_mysql(payload)
        || match payload {
            // PPTP's control messages (RFC 2637, section 2).
            [_, _, 0, 1, 0x1a, 0x2b, 0x3c, 0x4d, ..] => true,
            // PostgreSQL: a request for encryption, and the start-up of its version 3.
            [0, 0, 0, 8, 4, 0xd2, 0x16, 0x2f | 0x30] => true,
            [0, 0, _, _, 0, 3, 0, 0, b'u', b's', b'e', b'r', 0, ..] => true,
            // MongoDB: a message that answers none, with one of its operations.
            [_, _, _, 0, _, _, _, _, 0, 0, 0, 0, 0xd4 | 0xdc | 0xdd, 7, 0, 0, ..] => true,
            // SMB behind its length.
            [0, _, _, _, 0xfe | 0xff, b'S', b'M', b'B', ..] => true,
            // ZeroMQ's greeting (ZMTP 3.1).
            [0xff, _, _, _, _, _, _, _, _, 0x7f, ..] => true,
            [b'C', b'N', b'X', b'N', ..] => ends.is_on([5555]),
            // FastCGI (its specification, section 5.1): version 1, a request begins, with 8 bytes: one of three roles, a flag, zeros.
            [1, 1, _, _, 0, 8, _, 0, 0, 1..=3, 0 | 1, 0, 0, 0, 0, 0, ..] => true,
            // Kafka: the length, the request's kind and its version.
            [_, _, _, _, 0, 0..=80, 0, 0..=20, ..] => ends.is_on([9092, 9093, 9094]) && has_length_before(payload),
            _ => false,
        }
}

fn is_udp(payload: &[u8], ends: Ends) -> bool {
    match payload {
        // STUN (RFC 8489, section 5).
        [0..=0x3f, _, _, _, 0x21, 0x12, 0xa4, 0x42, ..] => true,
        [0..=0x3f, ..] if is_wireguard(payload) => true,
        // The long header of QUIC in versions 1 and 2, and its drafts (RFC 9000, section 17.2; RFC 9369), in a first datagram.
        [0xc0..=0xff, version @ ..] => {
            let known = matches!(
                version,
                [0, 0, 0, 1, 0..=20, ..] | [0x6b, 0x33, 0x43, 0xcf, 0..=20, ..] | [0xff, 0, 0, _, 0..=20, ..]
            );
            known && payload.len() >= 1200
        }
        // CoAP (RFC 7252, section 3): version 1, a token of 8 bytes at most, a code that there is.
        [first @ 0x40..=0x7f, 0..=7 | 0x40..=0x5f | 0x80..=0x8f | 0xa0..=0xa5, _, _, ..] => {
            first & 0xf <= 8 && ends.is_on([5683])
        }
        [0x80..=0xbf, ..] if is_media(payload, ends) => true,
        // BACnet behind its link to IP.
        [0x81, 0..=0x0c, ..] => has_length_at_2(payload) && ends.is_on([47_808]),
        // RADIUS (RFC 2865, section 3), and its accounting and authorisation.
        [1..=5 | 11..=13 | 40..=45, _, ..] if ends.is_on([1645, 1646, 1700, 1812, 1813, 3799]) => {
            payload.len() >= 20 && has_length_at_2(payload)
        }
        // NetFlow's versions 5 and 9, and IPFIX (RFC 7011).
        [0, 5 | 9 | 10, ..] if ends.is_on([2055, 4739, 9995, 9996]) => true,
        // What members of a cluster tell each other (HashiCorp's memberlist, as in Consul and Docker): one of its kinds of messages.
        [0..=14, _, ..] if ends.is_on([7946, 8301, 8302]) => true,
        // What looks for devices of Ubiquiti: version 1 of it, what is wanted or answered, and the length of the rest.
        [1, 0, high, low, rest @ ..] if ends.is_on([10_001]) => {
            usize::from(u16::from_be_bytes([*high, *low])) == rest.len()
        }
        // What is sent outside of a connection of RakNet, as by Minecraft's other edition: behind a time, or at once.
        [1, _, _, _, _, _, _, _, _, rest @ ..] | [5, rest @ ..] => rest.starts_with(RAKNET),
        _ => false,
    }
}

/// What marks the messages of RakNet outside of a connection.
const RAKNET: &[u8] = b"\0\xff\xff\0\xfe\xfe\xfe\xfe\xfd\xfd\xfd\xfd\x12\x34\x56\x78";

/// Whether the payload is as long as the two bytes behind its first two say.
fn has_length_at_2(payload: &[u8]) -> bool {
    matches!(payload, [_, _, high, low, ..] if usize::from(u16::from_be_bytes([*high, *low])) == payload.len())
}

/// Whether the payload is its length, in four bytes, and as much as that.
fn has_length_before(payload: &[u8]) -> bool {
    payload.split_first_chunk().is_some_and(|(length, rest)| u32::from_be_bytes(*length) as usize == rest.len())
}

/// Modbus over TCP (its Messaging on TCP/IP guide, section 3.1.3): the protocol's number is 0, then come the length of what
/// follows, the unit and one of the functions that there are.
fn is_modbus(payload: &[u8]) -> bool {
    let [_, _, 0, 0, 0, length, _, function, ..] = payload else { return false };
    // No text has any of them.
    let is_function = matches!(function, 1..=8 | 11 | 12 | 15..=17 | 20..=24);
    is_function && payload.len() == usize::from(*length).saturating_add(6)
}

/// The first message of an MQTT client (version 3.1.1, section 3.1): its length has up to four bytes.
fn is_mqtt(payload: &[u8]) -> bool {
    let is_name = |rest: &[u8]| rest.starts_with(b"\0\x04MQTT") || rest.starts_with(b"\0\x06MQIsdp");
    payload.first() == Some(&0x10) && (2..=5).filter_map(|at| payload.get(at..)).any(is_name)
}

/// The first message of a Minecraft client: its version, the server's name and port, and what is wanted.
fn is_minecraft(payload: &[u8], ends: Ends) -> bool {
    let [_, 0, rest @ ..] = payload else { return false };
    // Seven bits of a number a byte, the last of which has no eighth.
    let version = rest.iter().take(4).take_while(|byte| **byte >= 0x80).count();
    let Some([length, rest @ ..]) = rest.get(version.saturating_add(1)..) else { return false };
    let Some((name, [high, low, 1..=3, ..])) = rest.split_at_checked(usize::from(*length)) else { return false };
    name.iter().all(u8::is_ascii_graphic) && ends.is_on([u16::from_be_bytes([*high, *low])])
}

/// OPC UA's greeting and what answers it (OPC 10000-6, section 7.1.2): its kind, and the length of the whole.
fn is_opc_ua(payload: &[u8]) -> bool {
    let Some((kind, rest)) = payload.split_first_chunk::<4>() else { return false };
    let length = rest.first_chunk().map(|length| u32::from_le_bytes(*length) as usize);
    matches!(kind, b"HELF" | b"ACKF" | b"ERRF" | b"OPNF") && length == Some(payload.len())
}

/// The greeting of a MySQL server (its protocol, "HandshakeV10"): the length, number 0, version 10 and that of the server.
fn is_mysql(payload: &[u8]) -> bool {
    let [low, middle, 0, 0, 10, b'0'..=b'9', b'0'..=b'9' | b'.', ..] = payload else { return false };
    payload.len() == usize::from(u16::from_le_bytes([*low, *middle])).saturating_add(4)
}

/// The messages that begin a session of WireGuard, on any port: their kind, as long as they are, and a key, which no text is.
fn is_wireguard(payload: &[u8]) -> bool {
    let [kind @ 1..=3, 0, 0, 0, rest @ ..] = payload else { return false };
    let length = [148, 92, 64].get(usize::from(kind.saturating_sub(1)));
    let key = rest.get(8..40).unwrap_or_default();
    length == Some(&payload.len()) && key.iter().any(|byte| *byte >= 0x80) && !key.windows(4).any(|run| run == [0; 4])
}

/// A message of OSC 1.0: a path and the types of its arguments, each filled up with zeros to four bytes.
fn is_osc(payload: &[u8]) -> bool {
    let [b'/', rest @ ..] = payload else { return false };
    let Some(end) = rest.iter().take(64).position(|byte| *byte == 0) else { return false };
    let (path, _) = rest.split_at(end);
    // The zero is at `end` + 1, and the next group of four begins behind it.
    let types = end.saturating_add(5) & !3;
    path.iter().all(u8::is_ascii_graphic) && payload.get(types) == Some(&b',')
}

/// A packet of RTP (RFC 3550, section 5.1): version 2, and a kind of sound or picture (RFC 3551, section 6). As that is soon met
/// by chance, both ports are to be even and of the range that telephones take theirs from. What Python's pickle writes begins
/// with the same byte, and ends in a full stop.
fn is_media(payload: &[u8], ends: Ends) -> bool {
    let [0x80 | 0x90, kind, _, ..] = payload else { return false };
    let is_kind = matches!(kind & 0x7f, 0 | 3 | 4 | 8 | 9 | 15 | 18 | 26 | 31..=34 | 96..=127);
    let is_of_range = |port: u16| port.is_multiple_of(2) && (port == 5004 || (10_000..32_768).contains(&port));
    is_kind && payload.len() >= 24 && payload.last() != Some(&b'.') && ends.ports.into_iter().all(is_of_range)
}
