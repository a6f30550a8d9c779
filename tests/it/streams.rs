//! Streams of random captures, as tshark numbers and counts them: port reuse, ends without a beginning, damaged headers,
//! fragments, VLAN tags, IPv6, padding, cut frames. Only Ethernet, VLAN, IP, TCP and UDP are dissected, as socklab does.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use crate::captures;
use crate::support::socklab;

/// A generator of numbers (xorshift64): the same for the same seed.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.roll() % bound
    }

    fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[usize::try_from(self.below(of.len() as u64)).unwrap()]
    }

    fn one_in(&mut self, chances: u64) -> bool {
        self.below(chances) == 0
    }
}

/// A TCP segment with few sequence numbers, so that they often match.
fn tcp(dice: &mut Dice, ports: [u16; 2]) -> Vec<u8> {
    let mut segment = [ports[0].to_be_bytes(), ports[1].to_be_bytes()].concat();
    for _ in 0..2 {
        let number = dice.pick(&[1000u32, 1001, 1002, 1006, 7_000_000, u32::MAX, 0]);
        segment.extend(number.to_be_bytes());
    }
    let words = if dice.one_in(30) { u8::try_from(dice.below(16)).unwrap() } else { 5 };
    let flags = dice.pick(&[0x02, 0x02, 0x12, 0x12, 0x10, 0x10, 0x18, 0x18, 0x11, 0x04, 0x14, 0x01, 0x00, 0x07]);
    segment.extend([words << 4, flags, 0, 99, 0, 0, 0, 0]);
    segment.extend(vec![b'x'; dice.pick(&[0, 0, 1, 5, 100])]);
    segment
}

fn udp(dice: &mut Dice, ports: [u16; 2]) -> Vec<u8> {
    let payload = vec![b'y'; dice.pick(&[0, 1, 30, 200])];
    let length = if dice.one_in(20) { dice.pick(&[7, 8, 9000]) } else { u16::try_from(payload.len() + 8).unwrap() };
    [&ports[0].to_be_bytes()[..], &ports[1].to_be_bytes(), &length.to_be_bytes(), &[0, 0], &payload].concat()
}

/// The IP packets of one datagram or segment: one, or fragments in any order, now and then not all of them.
fn packets(dice: &mut Dice, version: u8, protocol: u8, hosts: [u8; 2], payload: &[u8]) -> Vec<Vec<u8>> {
    let identification = dice.pick(&[1u8, 2, 3]);
    let cut = if payload.len() > 24 && dice.one_in(6) { 8 * (1 + dice.below(payload.len() as u64 / 8 - 1)) } else { 0 };
    let cut = usize::try_from(cut).unwrap();
    let parts = if cut == 0 {
        vec![(0, false, payload)]
    } else {
        vec![(0, true, &payload[..cut]), (cut, false, &payload[cut..])]
    };
    let mut packets: Vec<Vec<u8>> = parts
        .into_iter()
        .map(|(offset, more, part)| {
            let fragment = u16::try_from(offset / 8).unwrap();
            if version == 4 {
                let field = (fragment | if more { 0x2000 } else { 0 }).to_be_bytes();
                let total = u16::try_from(20 + part.len()).unwrap().to_be_bytes();
                let head = [0x45, 0, total[0], total[1], 0, identification, field[0], field[1], 64, protocol, 0, 0];
                [&head[..], &[10, 0, 0, hosts[0], 10, 0, 0, hosts[1]], part].concat()
            } else {
                let field = (fragment << 3 | u16::from(more)).to_be_bytes();
                let extension = [protocol, 0, field[0], field[1], 0, 0, 0, identification];
                let extension = if cut == 0 { &[][..] } else { &extension[..] };
                let length = u16::try_from(extension.len() + part.len()).unwrap().to_be_bytes();
                let next = if cut == 0 { protocol } else { 44 };
                let mut packet = vec![0x60, 0, 0, 0, length[0], length[1], next, 64];
                for host in hosts {
                    packet.extend([0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, host]);
                }
                [&packet[..], extension, part].concat()
            }
        })
        .collect();
    if dice.one_in(3) {
        packets.reverse();
    }
    if packets.len() > 1 && dice.one_in(5) {
        packets.pop();
    }
    packets
}

/// A pcap file of some hundred frames.
fn capture(seed: u64) -> Vec<u8> {
    let mut dice = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    let mut file = captures::header();
    for number in 0..500u32 {
        let hosts = [dice.pick(&[1, 2, 3]), dice.pick(&[1, 2])];
        let ports = [dice.pick(&[80, 2000, 2001]), dice.pick(&[80, 2000])];
        let version = dice.pick(&[4, 4, 4, 6]);
        let (protocol, payload) = if dice.one_in(5) { (17, udp(&mut dice, ports)) } else { (6, tcp(&mut dice, ports)) };
        for packet in packets(&mut dice, version, protocol, hosts, &payload) {
            let mut frame = vec![2, 0, 0, 0, 0, hosts[1], 2, 0, 0, 0, 0, hosts[0]];
            if dice.one_in(8) {
                frame.extend([0x81, 0, 0, dice.pick(&[1, 2])]);
            }
            frame.extend(if version == 4 { [0x08, 0x00] } else { [0x86, 0xdd] });
            frame.extend(packet);
            if dice.one_in(2) && frame.len() < 60 {
                frame.resize(60, 0);
            }
            let length = u32::try_from(frame.len()).unwrap();
            if dice.one_in(40) {
                frame.truncate(usize::try_from(dice.below(u64::from(length) + 1)).unwrap());
            }
            let captured = u32::try_from(frame.len()).unwrap();
            for word in [1_700_000_000 + number, 0, captured, length] {
                file.extend(word.to_le_bytes());
            }
            file.extend(frame);
        }
    }
    file
}

/// What both say of a stream: the counts of each end (frames, frames with payload, bytes), completeness (255 for UDP),
/// first and last frame.
#[derive(Debug, Default, PartialEq)]
struct Stream {
    ends: BTreeMap<String, [u64; 3]>,
    completeness: u64,
    frames: (u64, u64),
}

/// The streams of a capture by protocol and number.
type Streams = BTreeMap<(&'static str, u64), Stream>;

/// Names of the protocols that stay enabled, and beginnings of names.
const DISSECTED: [&str; 18] = [
    "frame",
    "eth",
    "ethertype",
    "llc",
    "vlan",
    "ieee8021ad",
    "sll",
    "null",
    "raw",
    "mpls",
    "pppoes",
    "ppp",
    "ppp_hdlc",
    "ip",
    "ipv6",
    "tcp",
    "udp",
    "data",
];
const DISSECTED_BEGINNINGS: [&str; 4] = ["ip.options.", "ipv6.", "tcp.options.", "_ws."];

/// Writes the settings that disable all other protocols.
fn disable_protocols(folder: &Path) {
    let known = Command::new("tshark").args(["-G", "protocols"]).output().expect("tshark must be installed");
    let known = String::from_utf8(known.stdout).unwrap();
    let names = known.lines().filter_map(|line| line.split('\t').nth(2));
    let others = names.filter(|name| {
        !DISSECTED.contains(name) && !DISSECTED_BEGINNINGS.iter().any(|beginning| name.starts_with(beginning))
    });
    fs::write(folder.join("disabled_protos"), others.collect::<Vec<_>>().join("\n")).unwrap();
}

fn by_tshark(settings: &Path, file: &Path) -> Streams {
    let fields = [
        "frame.number",
        "_ws.col.Source",
        "_ws.col.Destination",
        "tcp.stream",
        "tcp.srcport",
        "tcp.dstport",
        "tcp.len",
        "tcp.completeness",
        "udp.stream",
        "udp.srcport",
        "udp.dstport",
        "udp.length",
        "data.len",
    ];
    let output = Command::new("tshark")
        .env("WIRESHARK_CONFIG_DIR", settings)
        .args(["-n", "-2", "-o", "ip.defragment:TRUE", "-o", "ipv6.defragment:TRUE", "-T", "fields", "-r"])
        .arg(file)
        .args(fields.iter().flat_map(|field| ["-e", field]))
        .output()
        .expect("tshark must be installed");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut streams = Streams::new();
    for line in String::from_utf8(output.stdout).unwrap().lines() {
        let columns: Vec<&str> = line.split('\t').collect();
        let number = |column: usize| columns[column].parse::<u64>().ok();
        let (key, ports, payload) = match (number(3), number(8)) {
            (Some(stream), _) => (("tcp", stream), 4, number(6).unwrap_or(0)),
            // A length of 0 is a jumbogram's: what is left of the packet is its payload.
            (None, Some(stream)) if number(11) == Some(0) => (("udp", stream), 9, number(12).unwrap_or(0)),
            (None, Some(stream)) => (("udp", stream), 9, number(11).unwrap().saturating_sub(8)),
            (None, None) => continue,
        };
        let end =
            |ip: &str, port: &str| if ip.contains(':') { format!("[{ip}]:{port}") } else { format!("{ip}:{port}") };
        let (source, destination) = (end(columns[1], columns[ports]), end(columns[2], columns[ports + 1]));
        let frame = number(0).unwrap();
        let stream = streams.entry(key).or_insert_with(|| Stream { frames: (frame, frame), ..Stream::default() });
        stream.frames.1 = frame;
        stream.completeness = if key.0 == "tcp" { number(7).unwrap_or(stream.completeness) } else { 255 };
        stream.ends.entry(destination).or_default();
        let counts = stream.ends.entry(source).or_default();
        let data = u64::from(key.0 == "tcp" && payload > 0);
        *counts = [counts[0] + 1, counts[1] + data, counts[2] + payload];
    }
    streams
}

fn by_socklab(file: &Path) -> Streams {
    let json = socklab("analyze").args([file.as_os_str(), "--format".as_ref(), "json".as_ref()]).run().status(0).json();
    let capture = &json["captures"][0];
    let mut streams = Streams::new();
    for (protocol, list) in [("tcp", "tcp_connections"), ("udp", "udp_conversations")] {
        for found in capture[list].as_array().unwrap() {
            let number = |of: &serde_json::Value| of.as_u64().unwrap_or(0);
            let mut stream = Stream {
                completeness: if protocol == "tcp" { number(&found["completeness"]) } else { 255 },
                frames: (number(&found["first_frame"]), number(&found["last_frame"])),
                ..Stream::default()
            };
            for (end, way) in [("client", "client_to_server"), ("server", "server_to_client")] {
                let way = &found[way];
                let counts = stream.ends.entry(found[end].as_str().unwrap().to_owned()).or_default();
                for (count, name) in counts.iter_mut().zip(["frames", "data_frames", "payload_bytes"]) {
                    *count += number(&way[name]);
                }
            }
            streams.insert((protocol, number(&found["stream"])), stream);
        }
    }
    streams
}

#[test]
#[ignore = "needs tshark"]
fn streams_of_random_captures_are_those_of_tshark() {
    let folder = tempfile::tempdir().unwrap();
    disable_protocols(folder.path());
    let file = folder.path().join("random.pcap");
    for seed in 1..=40 {
        fs::write(&file, capture(seed)).unwrap();
        let (theirs, ours) = (by_tshark(folder.path(), &file), by_socklab(&file));
        assert!(theirs.len() > 50, "seed {seed}: {} streams are too few to tell", theirs.len());
        let different = theirs.iter().find(|(key, stream)| ours.get(*key) != Some(*stream));
        assert!(different.is_none(), "seed {seed}: {different:?}, socklab {:?}", ours.get(different.unwrap().0));
        assert_eq!(ours.len(), theirs.len(), "seed {seed}");
    }
}
