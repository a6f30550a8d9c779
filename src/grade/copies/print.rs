//! Taking the marks of frames while a capture is read.

use std::collections::{BTreeSet, HashMap};
use std::net::IpAddr;

use sha2::{Digest, Sha256};

use super::{Fingerprint, FramePrint};
use crate::analyze::packet::{Content, Packet, TcpSegment, UdpDatagram};
use crate::capfile::Frame;

/// Most frames of one conversation that are marked.
const MOST_OF_CONVERSATION: u32 = 1000;

/// Most frames of a submission that are marked.
const MOST_FRAMES: usize = 20_000;

/// Most MAC addresses that are kept.
const MOST_MAC_ADDRESSES: usize = 32;

/// Bytes of a payload that are compared.
const PAYLOAD: usize = 64;

/// Takes the marks of all captures of a submission.
#[derive(Debug, Default)]
pub struct Printer {
    files: Vec<String>,
    frames: Vec<FramePrint>,
    conversations: HashMap<(bool, [u16; 2]), u32>,
    mac_addresses: BTreeSet<[u8; 6]>,
}

impl Printer {
    /// Begins the next capture.
    pub fn begin(&mut self, file: &str) {
        self.files.push(file.to_owned());
        self.conversations.clear();
    }

    /// Takes the marks of a frame. Multicast and broadcast is left out: everyone in the room captures it.
    pub fn add(&mut self, frame: &Frame<'_>, packet: &Packet<'_>) {
        let Some(ip) = packet.ip.filter(|ip| !is_group(ip.destination)) else { return };
        if packet.ethernet.is_some_and(|ethernet| ethernet.destination[0] & 1 == 1) || ip.source == ip.destination {
            return;
        }
        let print = match &packet.content {
            Content::Tcp(segment) => tcp(frame, segment),
            Content::Udp(datagram) => udp(frame, datagram, ip.source, ip.destination),
            _ => return,
        };
        let seen = self.conversations.entry((print.tcp, print.ports)).or_insert(0);
        if *seen >= MOST_OF_CONVERSATION || self.frames.len() >= MOST_FRAMES {
            return;
        }
        *seen = seen.saturating_add(1);
        let file = u16::try_from(self.files.len().saturating_sub(1)).unwrap_or(u16::MAX);
        self.frames.push(FramePrint { file, ..print });
        if let Some(ethernet) = packet.ethernet.filter(|_| self.mac_addresses.len() < MOST_MAC_ADDRESSES) {
            self.mac_addresses.extend([ethernet.source, ethernet.destination]);
        }
    }

    /// The marks, when all captures were read.
    pub fn finish(self) -> Fingerprint {
        let mac_addresses = self.mac_addresses.iter().map(|address| {
            let parts: Vec<String> = address.iter().map(|byte| format!("{byte:02x}")).collect();
            parts.join(":")
        });
        Fingerprint { files: self.files, frames: self.frames, mac_addresses: mac_addresses.collect() }
    }
}

fn is_group(ip: IpAddr) -> bool {
    ip.is_multicast() || matches!(ip, IpAddr::V4(ip) if ip.is_broadcast())
}

fn tcp(frame: &Frame<'_>, segment: &TcpSegment<'_>) -> FramePrint {
    let ports = sorted([segment.source_port, segment.destination_port]);
    let stamp = time_stamp(frame.data, segment).unwrap_or(0);
    let mut hash = Sha256::new();
    hash.update(b"tcp");
    hash.update(segment.source_port.to_be_bytes());
    hash.update(segment.destination_port.to_be_bytes());
    hash.update(segment.sequence.to_be_bytes());
    hash.update(segment.acknowledgement.to_be_bytes());
    hash.update([segment.flags.0]);
    hash.update(segment.payload_length.unwrap_or(0).to_be_bytes());
    hash.update(stamp.to_be_bytes());
    let from_lower = segment.source_port <= segment.destination_port;
    let (own, peer) = (segment.sequence, segment.acknowledgement);
    let numbers = if from_lower { [own, peer] } else { [peer, own] };
    print(frame, true, ports, numbers, stamp, hash)
}

fn udp(frame: &Frame<'_>, datagram: &UdpDatagram<'_>, source: IpAddr, destination: IpAddr) -> FramePrint {
    let ports = sorted([datagram.source_port, datagram.destination_port]);
    let payload = datagram.payload.get(..PAYLOAD).unwrap_or(datagram.payload);
    let id = identification(frame.data, datagram, source, destination).unwrap_or(0);
    let mut hash = Sha256::new();
    hash.update(b"udp");
    hash.update(datagram.source_port.to_be_bytes());
    hash.update(datagram.destination_port.to_be_bytes());
    hash.update(datagram.payload_length.to_be_bytes());
    hash.update(payload);
    hash.update(id.to_be_bytes());
    let from_lower = datagram.source_port <= datagram.destination_port;
    let numbers = if from_lower { [id.into(), 0] } else { [0, id.into()] };
    print(frame, false, ports, numbers, 0, hash)
}

fn print(frame: &Frame<'_>, tcp: bool, ports: [u16; 2], numbers: [u32; 2], stamp: u32, hash: Sha256) -> FramePrint {
    let digest = hash.finalize();
    let key = digest.first_chunk().map_or(0, |first| u64::from_be_bytes(*first));
    let time = frame
        .time
        .map(|time| time.timestamp())
        .and_then(|time| time.seconds.checked_mul(1_000_000_000)?.checked_add(i64::from(time.nanoseconds)));
    FramePrint { key, file: 0, frame: frame.number.0, time, tcp, ports, numbers, stamp }
}

fn sorted(mut ports: [u16; 2]) -> [u16; 2] {
    ports.sort_unstable();
    ports
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
