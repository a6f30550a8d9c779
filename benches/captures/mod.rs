//! Captures made for measuring: the same bytes each time, with valid Ethernet, IPv4, TCP and UDP headers and checksums.
//!
//! Each frame belongs to a conversation picked at random from all that are open, which is harder on caches than real
//! captures are. A TCP connection has its handshake, data both ways with acknowledgements, and its close; every eighth
//! conversation is UDP. Each kind is made twice: with the addresses of many networks, and as a class would make it, whose
//! traffic is all the lab's.

#![allow(dead_code, reason = "each program that includes this module uses a part of it")]

use std::io::{self, Write};

use socklab_packets::packet::TcpFlags;

/// What kind of capture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// 66-byte frames: 8 million are 800 MB.
    Small,
    /// Three quarters 66 bytes, one sixth 354, one twelfth 1514; 20,000 conversations: 3 million are 800 MB.
    Mixed,
    /// 1514-byte frames: 700,000 are 1.1 GB.
    Full,
    /// Conversations of 8 frames each: 6 million frames are 750,000 conversations.
    Conversations,
    /// A capture such as the lab's: a few hundred frames of 12 conversations.
    Lab,
    /// The first four with a class at work: 250 hosts of 10.0.3.0/24, the sheet's server and ports.
    ClassSmall,
    ClassMixed,
    ClassFull,
    ClassConversations,
}

impl Kind {
    /// Every kind.
    pub(crate) const ALL: [Kind; 9] = [
        Kind::Small,
        Kind::Mixed,
        Kind::Full,
        Kind::Conversations,
        Kind::Lab,
        Kind::ClassSmall,
        Kind::ClassMixed,
        Kind::ClassFull,
        Kind::ClassConversations,
    ];

    /// The kind that has the same frames with other addresses; itself where it has those of many networks.
    fn shape(self) -> Kind {
        match self {
            Kind::ClassSmall => Kind::Small,
            Kind::ClassMixed => Kind::Mixed,
            Kind::ClassFull => Kind::Full,
            Kind::ClassConversations => Kind::Conversations,
            other => other,
        }
    }

    /// Whether all of it is traffic of the lab.
    fn is_class(self) -> bool {
        self != self.shape()
    }

    /// Its name on a command line.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Kind::Small => "small",
            Kind::Mixed => "mixed",
            Kind::Full => "full",
            Kind::Conversations => "conversations",
            Kind::Lab => "lab",
            Kind::ClassSmall => "class-small",
            Kind::ClassMixed => "class-mixed",
            Kind::ClassFull => "class-full",
            Kind::ClassConversations => "class-conversations",
        }
    }

    /// Frames of the capture that the aims speak of.
    pub(crate) fn frames(self) -> u64 {
        match self.shape() {
            Kind::Small => 8_000_000,
            Kind::Mixed => 3_000_000,
            Kind::Full => 700_000,
            Kind::Lab => 300,
            _ => 6_000_000,
        }
    }

    /// Conversations among that many frames.
    fn conversations(self, frames: u64) -> u32 {
        let count = match self.shape() {
            Kind::Conversations => frames.div_ceil(8),
            Kind::Lab => 12,
            _ => 20_000,
        };
        u32::try_from(count).unwrap_or(u32::MAX)
    }

    /// Conversations that are open at a time.
    fn open(self) -> u32 {
        match self.shape() {
            Kind::Conversations => 4096,
            Kind::Lab => 3,
            _ => u32::MAX,
        }
    }

    /// Length of the next frame with data, from a random number.
    fn length(self, random: u64) -> usize {
        match (self.shape(), random % 12) {
            (Kind::Full, _) | (Kind::Mixed, 0) => 1514,
            (Kind::Mixed, 1 | 2) => 354,
            (Kind::Lab, _) => 80,
            _ => 66,
        }
    }
}

/// Writes a capture of this kind and number of frames as pcapng with microseconds.
pub(crate) fn write(kind: Kind, frames: u64, out: &mut impl Write) -> io::Result<()> {
    write_conversations(kind, frames, kind.conversations(frames), out)
}

/// The same with this number of conversations.
pub(crate) fn write_conversations(kind: Kind, frames: u64, total: u32, out: &mut impl Write) -> io::Result<()> {
    out.write_all(&block(0x0a0d_0d0a, &[&0x1a2b_3c4d_u32.to_le_bytes()[..], &[1, 0, 0, 0], &[0xff; 8]]))?;
    out.write_all(&block(1, &[&[1, 0, 0, 0], &262_144_u32.to_le_bytes()[..], &[2, 0, 4, 0], b"eth0", &[0; 4]]))?;
    let mut open: Vec<Conversation> =
        (0..total.min(kind.open())).map(|number| Conversation::new(kind, number)).collect();
    let mut next = open.len() as u32;
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let each = (frames / u64::from(total)).max(8);
    let (mut record, mut time) = (Vec::new(), 1_700_000_000_000_000_u64);
    for _ in 0..frames {
        let draw = random.next();
        let place = (draw >> 32) as usize % open.len();
        let conversation = &mut open[place];
        let frame = conversation.next_frame(kind.length(draw & 0xffff_ffff), each);
        time += 1 + draw % 200;
        packet_block(&mut record, time, &frame);
        out.write_all(&record)?;
        if conversation.sent >= each && next < total {
            open[place] = Conversation::new(kind, next);
            next += 1;
        }
    }
    out.flush()
}

/// xorshift64*: deterministic, and random enough.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }
}

/// One side of a conversation: address, port, next sequence number.
#[derive(Clone, Copy)]
struct Side {
    address: [u8; 4],
    port: u16,
    sequence: u32,
}

struct Conversation {
    udp: bool,
    client: Side,
    server: Side,
    /// Frames made so far.
    sent: u64,
}

const FIN: u8 = TcpFlags::FIN.0;
const SYN: u8 = TcpFlags::SYN.0;
const PSH: u8 = TcpFlags::PSH.0;
const ACK: u8 = TcpFlags::ACK.0;

impl Conversation {
    fn new(kind: Kind, number: u32) -> Self {
        if kind.is_class() { Self::of_class(number) } else { Self::of_strangers(number) }
    }

    /// Between a host of the class and the server: 250 hosts, each with the ephemeral ports of Linux one after the other.
    fn of_class(number: u32) -> Self {
        let udp = number % 8 == 7;
        let (host, port) = ((number % 250) as u8 + 2, 32_768 + (number / 250 % 28_232) as u16);
        let sequence = number.wrapping_mul(2_654_435_761);
        Conversation {
            udp,
            client: Side { address: [10, 0, 3, host], port, sequence },
            server: Side { address: [10, 0, 3, 1], port: if udp { 65_433 } else { 65_432 }, sequence: !sequence },
            sent: 0,
        }
    }

    fn of_strangers(number: u32) -> Self {
        let [_, a, b, c] = number.to_be_bytes();
        let port = 1024 + (number.wrapping_mul(40_503) % 64_000) as u16;
        let sequence = number.wrapping_mul(2_654_435_761);
        Conversation {
            udp: number % 8 == 7,
            client: Side { address: [10, a, b, c], port, sequence },
            server: Side { address: [192, 168, 3, (number % 200) as u8 + 1], port: 65432, sequence: !sequence },
            sent: 0,
        }
    }

    /// The next frame; one with data has this length. The conversation ends with its frame number `last`.
    fn next_frame(&mut self, length: usize, last: u64) -> Vec<u8> {
        let turn = self.sent;
        self.sent += 1;
        let from_client = turn.is_multiple_of(2);
        if self.udp {
            return self.datagram(from_client, length);
        }
        match turn {
            0 => self.segment(true, SYN, 0),
            1 => self.segment(false, SYN | ACK, 0),
            2 => self.segment(true, ACK, 0),
            n if n + 2 == last || n + 1 == last => self.segment(from_client, FIN | ACK, 0),
            _ if length > 66 => self.segment(from_client, PSH | ACK, length - 54),
            n if n.is_multiple_of(3) => self.segment(from_client, PSH | ACK, 12),
            _ => self.segment(from_client, ACK, 0),
        }
    }

    fn sides(&mut self, from_client: bool) -> (&mut Side, Side) {
        if from_client { (&mut self.client, self.server) } else { (&mut self.server, self.client) }
    }

    /// A TCP segment (RFC 9293), padded with 12 bytes of options where it has no data, as with the timestamps option.
    fn segment(&mut self, from_client: bool, flags: u8, payload: usize) -> Vec<u8> {
        let (from, to) = self.sides(from_client);
        let options: &[u8] = if payload == 0 { &[1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2] } else { &[] };
        let acknowledged = if flags & ACK == 0 { 0 } else { to.sequence };
        let mut tcp = Vec::with_capacity(20 + options.len() + payload);
        tcp.extend([from.port.to_be_bytes(), to.port.to_be_bytes()].concat());
        tcp.extend([from.sequence.to_be_bytes(), acknowledged.to_be_bytes()].concat());
        tcp.extend([(5 + options.len() as u8 / 4) << 4, flags, 0xfa, 0xf0, 0, 0, 0, 0]);
        tcp.extend(options);
        tcp.extend((0..payload).map(|at| b'a' + (at % 26) as u8));
        let advance = payload as u32 + u32::from(flags & (SYN | FIN) != 0);
        let (source, destination) = (from.address, to.address);
        from.sequence = from.sequence.wrapping_add(advance);
        packet(source, destination, 6, tcp, 16)
    }

    /// A UDP datagram (RFC 768) in a frame of this length.
    fn datagram(&mut self, from_client: bool, length: usize) -> Vec<u8> {
        let (from, to) = self.sides(from_client);
        let mut udp = Vec::with_capacity(length - 34);
        udp.extend([from.port.to_be_bytes(), to.port.to_be_bytes()].concat());
        udp.extend([((length - 34) as u16).to_be_bytes(), [0, 0]].concat());
        udp.extend((0..length - 42).map(|at| b'A' + (at % 26) as u8));
        packet(from.address, to.address, 17, udp, 6)
    }
}

/// Ethernet and IPv4 (RFC 791) around a segment or datagram, whose checksum goes to this place.
fn packet(source: [u8; 4], destination: [u8; 4], protocol: u8, mut content: Vec<u8>, checksum_at: usize) -> Vec<u8> {
    let pseudo = [&source[..], &destination, &[0, protocol], &(content.len() as u16).to_be_bytes()].concat();
    let checksum = checksum(&[&pseudo, &content]);
    content[checksum_at..checksum_at + 2].copy_from_slice(&checksum.to_be_bytes());
    let total = (20 + content.len() as u16).to_be_bytes();
    let mut ip = [&[0x45, 0], &total[..], &[0, 1, 0x40, 0, 64, protocol, 0, 0], &source, &destination].concat();
    let ip_checksum = self::checksum(&[&ip]);
    ip[10..12].copy_from_slice(&ip_checksum.to_be_bytes());
    [&[2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0][..], &ip, &content].concat()
}

/// The Internet checksum (RFC 1071) of parts, all but the last of even length.
fn checksum(parts: &[&[u8]]) -> u16 {
    let words = parts.iter().flat_map(|part| part.chunks(2));
    let sum: u64 = words.map(|word| u64::from(word[0]) << 8 | word.get(1).map_or(0, |low| u64::from(*low))).sum();
    let folded = (sum & 0xffff) + (sum >> 16);
    !(((folded & 0xffff) + (folded >> 16)) as u16)
}

/// A pcapng block around these parts.
fn block(kind: u32, parts: &[&[u8]]) -> Vec<u8> {
    let body = parts.concat();
    let length = (body.len() as u32 + 12).to_le_bytes();
    [&kind.to_le_bytes(), &length[..], &body, &length].concat()
}

/// An Enhanced Packet Block of interface 0.
fn packet_block(record: &mut Vec<u8>, time: u64, frame: &[u8]) {
    let padding = frame.len().next_multiple_of(4) - frame.len();
    let length = ((32 + frame.len() + padding) as u32).to_le_bytes();
    let captured = (frame.len() as u32).to_le_bytes();
    record.clear();
    for number in [6_u32.to_le_bytes(), length, [0; 4]] {
        record.extend(number);
    }
    for number in [((time >> 32) as u32).to_le_bytes(), (time as u32).to_le_bytes(), captured, captured] {
        record.extend(number);
    }
    record.extend(frame);
    record.extend(&[0; 4][..padding]);
    record.extend(length);
}
