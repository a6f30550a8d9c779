//! Taking the marks of frames while a capture is read.
//!
//! Of a long TCP connection a sample is kept that depends on the numbers alone, so that a part of it, in another
//! submission, keeps the same frames. Junk beside the lab's conversations does not crowd them out.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::IpAddr;

use super::matching::between;
use super::weight::{self, LEAST_BITS};
use super::{ConversationPrint, Fingerprint, FramePrint, LONG, NotCompared, spread};
use socklab_packets::capfile::Frame;
use socklab_packets::packet::{Content, EthernetAddresses, Packet, TcpSegment, UdpDatagram};

/// Most frames of one conversation that are kept.
const MOST_OF_CONVERSATION: usize = 512;

/// Most frames of a long conversation that have the same numbers.
const MOST_REPEATED: u32 = 4;

/// Most conversations of a submission that are followed.
const MOST_CONVERSATIONS: usize = 1 << 16;

/// Most TCP frames of a submission that are kept: where there are more, a sample of all.
const MOST_TCP: usize = 1 << 15;

/// Most UDP datagrams of a submission that are kept: the first ones, because distances in time need neighbours.
const MOST_UDP: usize = 1 << 14;

/// Most MAC addresses that are kept.
const MOST_MAC_ADDRESSES: usize = 32;

/// Takes the marks of all captures of a submission.
#[derive(Debug, Default)]
pub struct Printer {
    files: Vec<File>,
    conversations: Vec<Kept>,
    /// The conversations of the file at hand.
    known: HashMap<(bool, [End; 2]), usize>,
    tcp_frames: usize,
    udp_frames: usize,
    /// TCP frames are kept whose spread numbers begin with so many zero bits.
    level: u32,
    mac_addresses: BTreeSet<[u8; 6]>,
}

type End = (IpAddr, u16);

/// What is known of a capture.
#[derive(Debug, Default)]
struct File {
    name: String,
    frames: u64,
    cut: u64,
    too_much: bool,
}

/// A conversation with the frames that are kept of it.
#[derive(Debug)]
struct Kept {
    print: ConversationPrint,
    level: u32,
    frames: Vec<FramePrint>,
}

impl Printer {
    /// Begins the next capture.
    pub fn begin(&mut self, file: &str) {
        self.files.push(File { name: file.to_owned(), ..File::default() });
        self.known.clear();
    }

    /// Takes the marks of a frame. Datagrams to a group are left out: everyone in the room captures them.
    pub fn add(&mut self, frame: &Frame<'_>, packet: &Packet<'_>) {
        if let Some(file) = self.files.last_mut() {
            file.frames = file.frames.saturating_add(1);
        }
        let Some(ip) = packet.ip else { return };
        let cut = (frame.data.len() as u64) < u64::from(frame.original_length);
        let print = match &packet.content {
            Content::Tcp(segment) => tcp(frame, segment),
            Content::Udp(_) if is_group(ip.destination, packet.ethernet) => return,
            Content::Udp(datagram) => udp(frame, datagram, ip.source, ip.destination),
            Content::OtherIp if cut => {
                if let Some(file) = self.files.last_mut() {
                    file.cut = file.cut.saturating_add(1);
                }
                return;
            }
            _ => return,
        };
        let (tcp, from, to) = match &packet.content {
            Content::Tcp(segment) => (true, segment.source_port, segment.destination_port),
            Content::Udp(datagram) => (false, datagram.source_port, datagram.destination_port),
            _ => return,
        };
        let (from, to) = ((ip.source, from), (ip.destination, to));
        self.keep(tcp, from, to, print);
        if let Some(ethernet) = packet.ethernet.filter(|_| self.mac_addresses.len() < MOST_MAC_ADDRESSES) {
            self.mac_addresses.extend([ethernet.source, ethernet.destination]);
        }
    }

    fn keep(&mut self, tcp: bool, from: End, to: End, print: FramePrint) {
        let Some(number) = self.conversation(tcp, from, to) else { return self.too_much() };
        let Some(kept) = self.conversations.get_mut(number) else { return };
        let print =
            FramePrint { forward: from <= to, conversation: u32::try_from(number).unwrap_or(u32::MAX), ..print };
        if !tcp {
            if kept.frames.len() >= MOST_OF_CONVERSATION || self.udp_frames >= MOST_UDP {
                return self.too_much();
            }
            kept.frames.push(print);
            self.udp_frames = self.udp_frames.saturating_add(1);
            return;
        }
        if !is_sampled(&print, kept.level.max(self.level)) {
            return;
        }
        kept.frames.push(print);
        self.tcp_frames = self.tcp_frames.saturating_add(1);
        if kept.frames.len() > MOST_OF_CONVERSATION {
            let mut dropped = kept.drop_repeated();
            if kept.frames.len() > MOST_OF_CONVERSATION / 2 {
                kept.level = kept.level.saturating_add(1);
                dropped = dropped.saturating_add(kept.thin());
            }
            self.tcp_frames = self.tcp_frames.saturating_sub(dropped);
        }
        // Every frame may have the same numbers, which no level tells apart: then the level ends the loop.
        while self.tcp_frames > MOST_TCP && self.level < 64 {
            self.level = self.level.saturating_add(1);
            for kept in self.conversations.iter_mut().filter(|kept| kept.print.tcp) {
                kept.level = kept.level.max(self.level);
                self.tcp_frames = self.tcp_frames.saturating_sub(kept.thin());
            }
            self.too_much();
        }
    }

    /// The place of a conversation of the file at hand; `None` where there are too many.
    fn conversation(&mut self, tcp: bool, from: End, to: End) -> Option<usize> {
        // A client may take another port for each datagram.
        let end = |(ip, port): End| (ip, if tcp { port } else { 0 });
        let ends = if from <= to { [end(from), end(to)] } else { [end(to), end(from)] };
        if let Some(number) = self.known.get(&(tcp, ends)) {
            return Some(*number);
        }
        let number = self.conversations.len();
        if number >= MOST_CONVERSATIONS {
            return None;
        }
        let file = u16::try_from(self.files.len().saturating_sub(1)).unwrap_or(u16::MAX);
        let ports = [from.1.min(to.1), from.1.max(to.1)];
        self.conversations.push(Kept {
            print: ConversationPrint { file, tcp, ports },
            level: self.level,
            frames: Vec::new(),
        });
        self.known.insert((tcp, ends), number);
        Some(number)
    }

    fn too_much(&mut self) {
        if let Some(file) = self.files.last_mut() {
            file.too_much = true;
        }
    }

    /// The marks, when all captures were read.
    pub fn finish(self) -> Fingerprint {
        let mac_addresses = self.mac_addresses.iter().map(|address| {
            let parts: Vec<String> = address.iter().map(|byte| format!("{byte:02x}")).collect();
            parts.join(":")
        });
        let not_compared = not_compared(&self.files, &self.conversations);
        Fingerprint {
            files: self.files.into_iter().map(|file| file.name).collect(),
            mac_addresses: mac_addresses.collect(),
            conversations: self.conversations.iter().map(|kept| kept.print).collect(),
            frames: self.conversations.into_iter().flat_map(|kept| kept.frames).collect(),
            not_compared,
        }
    }
}

impl Kept {
    /// Drops frames that were sent many times over, such as keep-alives, so that they take no room from others: how many.
    fn drop_repeated(&mut self) -> usize {
        let before = self.frames.len();
        let mut seen: HashMap<(u32, u32, u32), u32> = HashMap::new();
        self.frames.retain(|frame| {
            let times = seen.entry((frame.number, frame.acknowledgement, frame.length)).or_default();
            *times = times.saturating_add(1);
            *times <= MOST_REPEATED
        });
        before.saturating_sub(self.frames.len())
    }

    /// Drops the frames that the level leaves out: how many.
    fn thin(&mut self) -> usize {
        let (before, level) = (self.frames.len(), self.level);
        self.frames.retain(|frame| is_sampled(frame, level));
        before.saturating_sub(self.frames.len())
    }
}

fn is_sampled(print: &FramePrint, level: u32) -> bool {
    let numbers = u64::from(print.number) << 32 | u64::from(print.acknowledgement);
    spread(numbers).leading_zeros() >= level
}

/// What could not be compared of each file.
fn not_compared(files: &[File], conversations: &[Kept]) -> Vec<(u16, NotCompared)> {
    let mut of: BTreeMap<u16, Vec<&Kept>> = BTreeMap::new();
    for kept in conversations.iter().filter(|kept| !kept.frames.is_empty()) {
        of.entry(kept.print.file).or_default().push(kept);
    }
    let mut reasons = Vec::new();
    for (number, file) in files.iter().enumerate() {
        let Ok(number) = u16::try_from(number) else { break };
        let own = of.get(&number).map(Vec::as_slice).unwrap_or_default();
        let reason = if own.iter().any(|kept| kept.print.tcp && kept.frames.iter().any(|f| f.key().is_some())) {
            None
        } else if own.iter().any(|kept| !kept.print.tcp) {
            (!own.iter().any(|kept| is_known_by_distances(&kept.frames))).then_some(NotCompared::UdpOnly)
        } else if file.cut > 0 {
            Some(NotCompared::Cut)
        } else {
            // A file without a frame may be no capture at all.
            (file.frames > 0).then_some(NotCompared::NothingToCompare)
        };
        reasons
            .extend(reason.into_iter().chain(file.too_much.then_some(NotCompared::TooMuch)).map(|why| (number, why)));
    }
    reasons
}

/// Whether a UDP conversation has distances in time enough to be known again when it was shifted.
fn is_known_by_distances(frames: &[FramePrint]) -> bool {
    let distances = between(frames);
    let long = distances.iter().filter(|distance| **distance >= LONG).count();
    let long = f64::from(u32::try_from(long).unwrap_or(u32::MAX));
    long * weight::bits_of_distance(weight::tick(&distances)) >= f64::from(LEAST_BITS)
}

/// A group address, or a broadcast: a MAC address alone can be rewritten.
fn is_group(ip: IpAddr, ethernet: Option<EthernetAddresses>) -> bool {
    let to_group = || ethernet.is_some_and(|ethernet| ethernet.destination[0] & 1 == 1);
    ip.is_multicast() || matches!(ip, IpAddr::V4(ip) if ip.is_broadcast() || (ip.octets()[3] == 255 && to_group()))
}

fn tcp(frame: &Frame<'_>, segment: &TcpSegment<'_>) -> FramePrint {
    FramePrint {
        number: segment.sequence,
        acknowledgement: segment.acknowledgement,
        length: segment.payload_length.unwrap_or(0),
        stamp: time_stamp(frame.data, segment).unwrap_or(0),
        ..plain(frame)
    }
}

fn udp(frame: &Frame<'_>, datagram: &UdpDatagram<'_>, source: IpAddr, destination: IpAddr) -> FramePrint {
    FramePrint {
        number: identification(frame.data, datagram, source, destination).unwrap_or(0).into(),
        length: datagram.payload_length,
        ..plain(frame)
    }
}

fn plain(frame: &Frame<'_>) -> FramePrint {
    let time = frame
        .time
        .map(|time| time.timestamp())
        .and_then(|time| time.seconds.checked_mul(1_000_000_000)?.checked_add(i64::from(time.nanoseconds)));
    FramePrint {
        conversation: 0,
        frame: frame.number.0,
        time,
        forward: true,
        number: 0,
        acknowledgement: 0,
        length: 0,
        stamp: 0,
    }
}
/// The value of the time stamp option. The header is found by its ports and numbers, whatever lies before it.
fn time_stamp(data: &[u8], segment: &TcpSegment<'_>) -> Option<u32> {
    let mut head = [0; 12];
    head[..2].copy_from_slice(&segment.source_port.to_be_bytes());
    head[2..4].copy_from_slice(&segment.destination_port.to_be_bytes());
    head[4..8].copy_from_slice(&segment.sequence.to_be_bytes());
    head[8..].copy_from_slice(&segment.acknowledgement.to_be_bytes());
    let at = data.windows(head.len()).position(|window| window == head)?;
    let header = data.get(at..)?;
    let length = usize::from(header.get(12)? >> 4).checked_mul(4)?;
    let mut options = header.get(20..length)?;
    loop {
        match options {
            [8, 10, a, b, c, d, ..] => return Some(u32::from_be_bytes([*a, *b, *c, *d])),
            [1, rest @ ..] => options = rest,
            [0, ..] | [] | [_] => return None,
            [_, length, ..] => options = options.get(usize::from(*length).max(2)..)?,
        }
    }
}

/// The identification of the IPv4 header, which stands right before the addresses and ports.
fn identification(data: &[u8], datagram: &UdpDatagram<'_>, source: IpAddr, destination: IpAddr) -> Option<u16> {
    let (IpAddr::V4(source), IpAddr::V4(destination)) = (source, destination) else { return None };
    let mut tail = [0; 12];
    tail[..4].copy_from_slice(&source.octets());
    tail[4..8].copy_from_slice(&destination.octets());
    tail[8..10].copy_from_slice(&datagram.source_port.to_be_bytes());
    tail[10..].copy_from_slice(&datagram.destination_port.to_be_bytes());
    let addresses = data.windows(tail.len()).position(|window| window == tail)?;
    let id = data.get(addresses.checked_sub(8)?..)?.first_chunk()?;
    Some(u16::from_be_bytes(*id))
}
