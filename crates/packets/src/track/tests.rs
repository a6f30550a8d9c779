//! The tracker against a slow and obvious reference: the rules of streams as Wireshark has them, each frame kept.

use std::net::{IpAddr, Ipv4Addr};

use proptest::prelude::*;

use super::*;
use crate::batch::Entry;
use crate::capfile::LinkType;
use crate::decode::Decoder;
use crate::packet::{Content, EthernetAddresses, IpAddresses, TcpSegment, UdpDatagram};
use crate::types::{SocketAddress, StreamNumber, Timestamp};

const FIN: u8 = TcpFlags::FIN.0;
const SYN: u8 = TcpFlags::SYN.0;
const RST: u8 = TcpFlags::RST.0;
const ACK: u8 = TcpFlags::ACK.0;

/// A segment on the wire. Hosts are 10.0.0.0 and up.
#[derive(Debug, Clone, Copy)]
struct Sent {
    hosts: [u8; 2],
    ports: [u16; 2],
    sequence: u32,
    acknowledgement: u32,
    flags: u8,
    length: Option<u32>,
    bogus: bool,
}

impl Sent {
    fn end(&self, which: usize) -> SocketAddress {
        SocketAddress::new(IpAddr::V4(Ipv4Addr::new(10, 0, 0, self.hosts[which])), self.ports[which])
    }

    fn has_data(&self) -> bool {
        self.length.is_some_and(|length| length > 0)
    }

    fn segment(&self) -> TcpSegment<'static> {
        TcpSegment {
            source_port: self.ports[0],
            destination_port: self.ports[1],
            sequence: self.sequence,
            acknowledgement: self.acknowledgement,
            flags: TcpFlags(self.flags),
            bogus_header: self.bogus,
            payload_length: self.length,
            payload: self.length.and_then(|length| b"aaa".get(..length as usize)).unwrap_or_default(),
        }
    }

    fn packet(&self) -> Packet<'static> {
        let [source, destination] = self.hosts.map(|host| IpAddr::V4(Ipv4Addr::new(10, 0, 0, host)));
        Packet {
            ethernet: Some(EthernetAddresses { source: [2, 0, 0, 0, 0, self.hosts[0]], destination: [0xff; 6] }),
            ..Packet::new(Some(IpAddresses { source, destination }), Content::Tcp(self.segment()))
        }
    }

    /// The same with the header that it has in these bytes, where there are any.
    fn packet_in<'a>(&self, bytes: &'a [u8]) -> Packet<'a> {
        let (header, hop_limit) = (bytes.get(34..54).unwrap_or_default(), bytes.get(22).copied());
        let ip_length = bytes.get(16..18).map(|length| u16::from_be_bytes(length.try_into().unwrap()).into());
        let identification = bytes.get(18..20).map(|number| u16::from_be_bytes(number.try_into().unwrap()));
        Packet { header, hop_limit, identification, ip_length, ..self.packet() }
    }

    /// The same on the wire, in an ordinary frame, where it can be: header length and payload length in order.
    fn bytes(&self) -> Option<Vec<u8>> {
        let length = usize::try_from(self.length.filter(|_| !self.bogus)?).unwrap();
        let mut bytes = [[0xff; 6], [2, 0, 0, 0, 0, self.hosts[0]]].concat();
        bytes.extend([8, 0, 0x45, 0]);
        bytes.extend(u16::try_from(40 + length).unwrap().to_be_bytes());
        bytes.extend([0, 0, 0, 0, 64, 6, 0, 0]);
        self.hosts.iter().for_each(|host| bytes.extend([10, 0, 0, *host]));
        self.ports.iter().for_each(|port| bytes.extend(port.to_be_bytes()));
        bytes.extend([self.sequence.to_be_bytes(), self.acknowledgement.to_be_bytes()].concat());
        bytes.extend([0x50, self.flags, 0, 0, 0, 0, 0, 0]);
        bytes.resize(54 + length, b'a');
        Some(bytes)
    }
}

fn frame(number: usize) -> Frame<'static> {
    Frame {
        number: FrameNumber(u64::try_from(number).unwrap() + 1),
        interface: Some(0),
        link_type: LinkType(1),
        time: Some(Timestamp { seconds: i64::try_from(number).unwrap(), nanoseconds: 5, digits: 9 }.into()),
        original_length: 66,
        data: &[],
        direction: None,
    }
}

/// A stream as the rules make it: its frames, and the base sequence number of each end.
#[derive(Debug)]
struct Reference {
    ends: [SocketAddress; 2],
    frames: Vec<(usize, Sent)>,
    bases: Vec<(SocketAddress, u32)>,
    /// The numbers after what each end sent.
    nexts: Vec<(SocketAddress, u32)>,
    /// Frames before which some of what their sender sent is missing.
    after_gaps: Vec<usize>,
    /// Acknowledgements with the first numbers of both ends, behind what was sent after them.
    overtaken: Vec<usize>,
    first_of_pair: bool,
}

impl Reference {
    fn base(&self, end: SocketAddress) -> Option<u32> {
        self.bases.iter().rev().find(|(of, _)| *of == end).map(|(_, base)| *base)
    }

    fn add(&mut self, number: usize, sent: Sent) {
        let (from, to) = (sent.end(0), sent.end(1));
        if sent.length.is_some() {
            if self.base(from).is_none() {
                let syn = sent.flags & SYN != 0;
                self.bases.push((from, if syn { sent.sequence } else { sent.sequence.wrapping_sub(1) }));
            }
            if sent.flags & ACK != 0 && self.base(to).is_none() {
                self.bases.push((to, sent.acknowledgement.wrapping_sub(1)));
            }
        }
        if sent.flags & SYN != 0 && sent.flags & ACK != 0 && self.base(from).is_some() {
            self.bases.push((from, sent.sequence));
        }
        self.frames.push((number, sent));
        if !sent.bogus {
            self.follow(number, sent);
        }
    }

    fn follow(&mut self, number: usize, sent: Sent) {
        let from = sent.end(0);
        let after = |a: u32, b: u32| a != b && a.wrapping_sub(b) <= 0x7fff_ffff;
        let controls = [SYN, FIN].into_iter().filter(|flag| sent.flags & flag != 0).count() as u32;
        let end = sent.sequence.wrapping_add(sent.length.unwrap_or(0)).wrapping_add(controls);
        let first = self.base(from).unwrap_or(0).wrapping_add(1);
        let known = self.nexts.iter().find(|(of, _)| *of == from).map(|(_, next)| *next);
        let next = known.unwrap_or(first);
        if after(sent.sequence, next) {
            self.after_gaps.push(number);
        }
        let follows = |of, number: u32| self.base(of).unwrap_or(0).wrapping_add(1) == number;
        let is_pure = sent.flags & (SYN | FIN | RST | ACK) == ACK && !sent.has_data();
        let has_numbers = follows(from, sent.sequence) && follows(sent.end(1), sent.acknowledgement);
        if is_pure && has_numbers && from != sent.end(1) && known.is_some() && after(next, sent.sequence) {
            self.overtaken.push(number);
        }
        match self.nexts.iter_mut().find(|(of, _)| *of == from) {
            Some((_, next)) if after(end, *next) => *next = end,
            Some(_) => {}
            None => self.nexts.push((from, end)),
        }
    }

    /// The bits that each frame adds, but for the first frame's exceptions.
    fn bits(sent: &Sent) -> u8 {
        let mut bits = 0;
        if sent.bogus {
            return 0;
        }
        if sent.flags & RST != 0 {
            bits |= 32;
        }
        if sent.flags & ACK != 0 {
            if sent.flags & SYN != 0 {
                bits |= 2;
            } else if sent.has_data() {
                bits |= 8;
            } else {
                bits |= 4;
            }
            if sent.flags & FIN != 0 {
                bits |= 16;
            }
        }
        bits
    }

    fn completeness(&self) -> u8 {
        let first = self.frames[0].1;
        let opened_by_syn = first.flags & (SYN | ACK) == SYN;
        let mut value: u8 = self.frames[1..].iter().map(|(_, sent)| Self::bits(sent)).fold(0, |all, bits| all | bits);
        if self.first_of_pair {
            if self.frames.len() > 1 {
                value |= Self::bits(&first);
            }
            if opened_by_syn && !first.bogus {
                value |= 1 | if first.has_data() { 8 } else { 0 };
            }
        } else {
            value |= 1 | Self::bits(&first);
        }
        value
    }

    /// Frames of SYN, SYN-ACK and completing ACK.
    fn handshake(&self) -> [Option<usize>; 3] {
        let shown = || self.frames.iter().filter(|(_, sent)| !sent.bogus);
        let syn = shown().find(|(_, sent)| sent.flags & (SYN | ACK) == SYN);
        let syn_ack = shown().find(|(_, sent)| sent.flags & (SYN | ACK) == SYN | ACK);
        let client = syn.map(|(_, sent)| sent.end(0)).or(syn_ack.map(|(_, sent)| sent.end(1)));
        let after = syn.into_iter().chain(syn_ack).map(|(number, _)| *number).min();
        let ack = client.zip(after).and_then(|(client, after)| {
            let is_ack = |sent: &Sent| sent.flags & (SYN | ACK) == ACK && sent.end(0) == client;
            shown().find(|(number, sent)| *number > after && is_ack(sent))
        });
        let ack = ack.and_then(|first| {
            let data = client.and_then(|client| self.frames.iter().find(|(_, s)| s.end(0) == client && s.has_data()));
            let is_gap = self.after_gaps.contains(&first.0);
            let overtaken = |(number, sent): &&(usize, Sent)| {
                *number > first.0 && self.overtaken.contains(number) && Some(sent.end(0)) == client
            };
            let late = shown().find(overtaken).filter(|_| is_gap || data.is_some_and(|data| data.0 == first.0));
            late.or(Some(first).filter(|_| !is_gap))
        });
        [syn, syn_ack, ack].map(|found| found.map(|(number, _)| *number))
    }

    fn from(&self, side: usize) -> impl Iterator<Item = &(usize, Sent)> {
        let loops = self.ends[0] == self.ends[1];
        self.frames.iter().filter(move |(_, sent)| if loops { side == 0 } else { sent.end(0) == self.ends[side] })
    }
}

fn reference(all: &[Sent]) -> Vec<Reference> {
    let mut streams: Vec<Reference> = Vec::new();
    for (number, sent) in all.iter().enumerate() {
        let ends = [sent.end(0), sent.end(1)];
        let latest = streams.iter().rposition(|stream| stream.ends == ends || stream.ends == [ends[1], ends[0]]);
        let reused = latest.is_some_and(|latest| {
            let base = streams[latest].base(ends[0]);
            sent.flags & (SYN | ACK) == SYN && base.is_some_and(|base| base != sent.sequence)
        });
        let place = match latest {
            Some(latest) if !reused => latest,
            _ => {
                streams.push(Reference {
                    ends,
                    frames: vec![],
                    bases: vec![],
                    nexts: vec![],
                    after_gaps: vec![],
                    overtaken: vec![],
                    first_of_pair: latest.is_none(),
                });
                streams.len() - 1
            }
        };
        streams[place].add(number, *sent);
    }
    streams
}

fn follow(all: &[Sent]) -> Traffic {
    follow_within(all, &Limits::default())
}

fn follow_within(all: &[Sent], limits: &Limits) -> Traffic {
    let mut tracker = Tracker::new(limits);
    for (number, sent) in all.iter().enumerate() {
        let bytes = sent.bytes().unwrap_or_default();
        tracker.add(&frame(number), &sent.packet_in(&bytes));
    }
    tracker.finish()
}

/// The same in windows, as frames of a file come.
fn follow_in_windows(all: &[Sent], limits: &Limits) -> Traffic {
    let mut tracker = Tracker::new(limits);
    for (before, some) in all.chunks(5).enumerate() {
        let mut packets = [None; WINDOW];
        let bytes: Vec<Vec<u8>> = some.iter().map(|sent| sent.bytes().unwrap_or_default()).collect();
        let frames: Vec<Frame<'_>> =
            bytes.iter().enumerate().map(|(place, data)| Frame { data, ..frame(before * 5 + place) }).collect();
        for (packet, frame) in packets.iter_mut().zip(&frames) {
            *packet = Decoder::decode_ordinary(frame);
        }
        let window = tracker.locate(&packets);
        for (place, frame) in frames.iter().enumerate() {
            let entry = &Entry::new(frame, 0);
            match &packets[place] {
                Some(packet) => {
                    let seen = Seen { number: frame.number.0, entry, packet, bytes: frame.data };
                    tracker.add_ordinary(&seen, window.reopened, window.candidates[place]);
                }
                None => tracker.add(frame, &some[place].packet_in(frame.data)),
            }
        }
    }
    tracker.finish()
}

fn check(connection: &TcpConnection, expected: &Reference) {
    let number = |number: usize| FrameNumber(u64::try_from(number).unwrap() + 1);
    assert_eq!(connection.addresses, expected.ends);
    assert_eq!(connection.completeness, expected.completeness(), "{expected:?}");
    assert_eq!([connection.syn, connection.syn_ack, connection.ack], expected.handshake().map(|of| of.map(number)));
    assert_eq!(connection.first_frame, number(expected.frames[0].0));
    assert_eq!(connection.last_frame, number(expected.frames.last().unwrap().0));
    assert_eq!(connection.first_time, frame(expected.frames[0].0).timestamp());
    assert_eq!(connection.last_time, frame(expected.frames.last().unwrap().0).timestamp());
    for side in 0..2 {
        let counts = connection.counts[side];
        assert_eq!(counts.frames, expected.from(side).count() as u64);
        assert_eq!(counts.data_frames, expected.from(side).filter(|(_, sent)| sent.has_data()).count() as u64);
        let bytes: u64 = expected.from(side).map(|(_, sent)| u64::from(sent.length.unwrap_or(0))).sum();
        assert_eq!(counts.payload_bytes, bytes);
        let pure = |sent: &Sent| !sent.bogus && !sent.has_data() && sent.flags & (ACK | SYN | FIN | RST) == ACK;
        assert_eq!(counts.acknowledgement_frames, expected.from(side).filter(|(_, sent)| pure(sent)).count() as u64);
        let first = |flag: u8| expected.from(side).find(|(_, sent)| !sent.bogus && sent.flags & flag != 0);
        assert_eq!(connection.fin[side], first(FIN).map(|(of, _)| number(*of)));
        assert_eq!(connection.rst[side], first(RST).map(|(of, _)| number(*of)));
        let data = expected.from(side).find(|(_, sent)| sent.has_data());
        assert_eq!(connection.first_data[side], data.map(|(of, _)| number(*of)));
        if expected.ends[0] != expected.ends[1] {
            assert_eq!(connection.base_sequence[side], expected.base(expected.ends[side]));
        }
    }
}

fn exchanged_in(connection: &TcpConnection) -> Exchanged {
    let [a, b] = connection.counts;
    let TcpConnection { addresses, syn_sender, syn_ack_sender, payload_kinds, handshake, close, .. } = *connection;
    Exchanged {
        ends: StreamEnds { addresses, frames: a.frames + b.frames, syn_sender, syn_ack_sender },
        data_frames: a.data_frames + b.data_frames,
        payload_bytes: a.payload_bytes + b.payload_bytes,
        payload_kinds,
        handshake,
        close,
        announced: false,
    }
}

fn some_segment() -> impl Strategy<Value = Sent> {
    let flags = prop_oneof![
        4 => prop::sample::select(vec![SYN, SYN | ACK, ACK, ACK | 8, FIN | ACK, RST, RST | ACK]),
        1 => any::<u8>(),
    ];
    let sequence = || prop_oneof![4 => 100u32..104, 1 => Just(u32::MAX), 1 => Just(0), 1 => any::<u32>()];
    let length = prop_oneof![4 => Just(Some(0)), 4 => (1u32..4).prop_map(Some), 1 => Just(None)];
    let ends = ([1u8..3, 1u8..3], [80u16..82, 80u16..82]);
    (ends, sequence(), sequence(), flags, length, prop::bool::weighted(0.05)).prop_map(
        |((hosts, ports), sequence, acknowledgement, flags, length, bogus)| Sent {
            hosts,
            ports,
            sequence,
            acknowledgement,
            flags,
            // Only a header length that is in order can be longer than the segment.
            length: if bogus { Some(length.unwrap_or(0)) } else { length },
            bogus,
        },
    )
}

/// SYN, SYN-ACK, ACK, and a byte each way; what follows goes on at 101.
fn handshake(hosts: [u8; 2], ports: [u16; 2]) -> [Sent; 6] {
    let sent = |back: bool, flags, sequence, acknowledgement, length| Sent {
        hosts: if back { [hosts[1], hosts[0]] } else { hosts },
        ports: if back { [ports[1], ports[0]] } else { ports },
        sequence,
        acknowledgement,
        flags,
        length: Some(length),
        bogus: false,
    };
    [
        sent(false, SYN, 99, 0, 0),
        sent(true, SYN | ACK, 99, 100, 0),
        sent(false, ACK, 100, 100, 0),
        sent(false, ACK, 100, 100, 1),
        sent(true, ACK, 100, 101, 1),
        sent(false, ACK, 101, 101, 0),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn streams_are_those_of_the_rules(all in proptest::collection::vec(some_segment(), 1..60)) {
        let (traffic, expected) = (follow(&all), reference(&all));
        prop_assert_eq!(traffic.tcp_count(), expected.len());
        for (connection, expected) in traffic.tcp_connections().zip(&expected) {
            check(&connection, expected);
        }
        // Two shorter views of the same.
        let exchanged: Vec<Exchanged> = traffic.tcp_connections().map(|connection| exchanged_in(&connection)).collect();
        prop_assert!(traffic.exchanged(Protocol::Tcp).eq(exchanged.iter().copied()));
        prop_assert!(traffic.ends(Protocol::Tcp, 0..).eq(exchanged.iter().map(|exchanged| exchanged.ends)));
    }

    /// Frames that come as expected are counted in a shorter way, once none of their stream are noted any more.
    #[test]
    fn frames_count_the_same_in_both_ways(
        all in proptest::collection::vec(some_segment(), 1..60),
        stands in any::<bool>(),
        notes_per_connection in 0u32..4,
    ) {
        // Else hardly any connection gets so far.
        let opening = handshake([1, 2], [80, 81]).into_iter().filter(|_| stands);
        let all: Vec<Sent> = opening.chain(all).collect();
        let limits = Limits { notes_per_connection, ..Limits::default() };
        let (batched, single) = (follow_in_windows(&all, &limits), follow_within(&all, &limits));
        for (connection, expected) in batched.tcp_connections().zip(&reference(&all)) {
            check(&connection, expected);
        }
        prop_assert!(batched.tcp_connections().eq(single.tcp_connections()));
        prop_assert_eq!(batched.other(), single.other());
        for connection in single.tcp_connections() {
            prop_assert!(batched.tcp_notes(connection.stream).eq(single.tcp_notes(connection.stream)));
        }
    }
}

/// Segments from port 1 of host 1 to port 2 of host 2 and back: direction, flags, sequence, acknowledgement, length.
fn told(story: &[(bool, u8, u32, u32, u32)]) -> TcpConnection {
    let sent = story.iter().map(|&(back, flags, sequence, acknowledgement, length)| Sent {
        hosts: if back { [2, 1] } else { [1, 2] },
        ports: if back { [2, 1] } else { [1, 2] },
        sequence,
        acknowledgement,
        flags,
        length: Some(length),
        bogus: false,
    });
    follow(&sent.collect::<Vec<_>>()).tcp(StreamNumber(0)).unwrap()
}

#[test]
fn handshakes_and_closes_are_told_apart() {
    let (syn, syn_ack, ack) = ((false, SYN, 100, 0, 0), (true, SYN | ACK, 500, 101, 0), (false, ACK, 101, 501, 0));
    let complete = told(&[syn, syn_ack, ack]);
    assert_eq!((complete.handshake, complete.close, complete.completeness), (HandshakeState::Complete, Close::Open, 7));
    assert_eq!((complete.syn_sender, complete.syn_ack_sender), (Some(Side::Originator), Some(Side::Responder)));
    assert_eq!(told(&[syn, syn]).handshake, HandshakeState::SynOnly);
    assert_eq!(told(&[syn_ack, ack]).handshake, HandshakeState::SynAckSeen);
    assert_eq!(told(&[ack]).handshake, HandshakeState::NotCaptured);
    let refused = told(&[syn, (true, RST | ACK, 0, 101, 0)]);
    assert_eq!((refused.handshake, refused.close, refused.completeness), (HandshakeState::Refused, Close::Reset, 37));
    // Without the SYN-ACK, which the client has all the same; with an answer to another connection (RFC 5961, section 4).
    let missed = told(&[syn, ack, (true, RST | ACK, 501, 101, 0)]);
    assert_eq!((missed.handshake, missed.ack), (HandshakeState::SynAckMissed, Some(FrameNumber(2))));
    assert_eq!(told(&[syn, (true, ACK, 501, 101, 3)]).handshake, HandshakeState::SynAckMissed);
    assert_eq!(told(&[syn, (true, ACK, 900, 333, 0), syn]).handshake, HandshakeState::SynOnly);
    // Something of the client is missing before it: not the ACK of the handshake.
    let late = told(&[syn, syn_ack, (false, FIN | ACK, 109, 509, 0)]);
    assert_eq!((late.handshake, late.ack), (HandshakeState::SynAckSeen, None));
    // It is there, but came behind what was sent after it: a FIN with a line missing before it, or the line.
    let overtaken = told(&[syn, syn_ack, (false, FIN | ACK, 109, 501, 0), (false, ACK, 101, 501, 8), ack, ack]);
    assert_eq!((overtaken.handshake, overtaken.ack), (HandshakeState::Complete, Some(FrameNumber(5))));
    let overtaken = told(&[syn, syn_ack, (false, ACK, 101, 501, 8), (true, ACK, 501, 109, 0), ack]);
    assert_eq!((overtaken.handshake, overtaken.ack), (HandshakeState::Complete, Some(FrameNumber(5))));
    let repeated = told(&[syn, syn_ack, ack, (false, ACK, 101, 501, 8), ack]);
    assert_eq!(repeated.ack, Some(FrameNumber(3)));
    let closed = told(&[syn, syn_ack, ack, (false, FIN | ACK, 101, 501, 0)]);
    assert_eq!((closed.close, closed.fin), (Close::Fin, [Some(FrameNumber(4)), None]));
}

#[test]
fn a_stream_of_one_frame_shows_little_completeness() {
    assert_eq!(told(&[(false, SYN, 100, 0, 0)]).completeness, 1);
    assert_eq!(told(&[(false, SYN, 100, 0, 5)]).completeness, 9);
    for flags in [SYN | ACK, RST, ACK, FIN | ACK] {
        assert_eq!(told(&[(false, flags, 100, 200, 0)]).completeness, 0);
    }
}

/// Flags, sequence, length of one side's segments, of which this many repeat something. As tshark 4.0.17 counts
/// `tcp.analysis.retransmission` when they are a second apart.
#[test]
fn retransmissions_repeat_what_was_sent() {
    let again = |segments: &[(u8, u32, u32)]| {
        let story: Vec<_> =
            segments.iter().map(|&(flags, sequence, length)| (false, flags, sequence, 1, length)).collect();
        told(&story).counts[0].retransmissions
    };
    assert_eq!(again(&[(SYN, 100, 0), (SYN, 100, 0), (SYN, 100, 0)]), 2);
    assert_eq!(again(&[(ACK, 101, 10), (ACK, 111, 10), (ACK, 101, 10), (ACK, 101, 20)]), 2);
    assert_eq!(again(&[(ACK, 101, 10), (ACK, 105, 10)]), 1, "part of it");
    assert_eq!(again(&[(ACK | FIN, 101, 0), (ACK | FIN, 101, 0), (ACK, 102, 0)]), 1);
    assert_eq!(again(&[(ACK, 101, 10), (ACK, 110, 0), (ACK, 110, 1)]), 0, "keep-alives");
    assert_eq!(again(&[(ACK, 101, 1), (ACK, 101, 5)]), 0, "after a zero-window probe");
    assert_eq!(again(&[(ACK, u32::MAX, 1), (ACK, 0, 4), (ACK, u32::MAX, 5)]), 1, "numbers wrap");
    assert_eq!(again(&[(ACK, 101, 10), (ACK, 121, 10)]), 0, "a gap");
    // Acknowledged before it is seen: the first copy was not captured.
    let acknowledged = told(&[(false, ACK, 101, 1, 0), (true, ACK, 1, 111, 0), (false, ACK, 101, 1, 10)]);
    assert_eq!(acknowledged.counts[0].retransmissions, 1);
}

#[test]
fn notes_tell_frames_with_relative_numbers() {
    let sent = |back: bool, flags, sequence, acknowledgement, length| Sent {
        hosts: if back { [2, 1] } else { [1, 2] },
        ports: [1, 1],
        sequence,
        acknowledgement,
        flags,
        length: Some(length),
        bogus: false,
    };
    let traffic =
        follow(&[sent(false, SYN, 100, 0, 0), sent(true, SYN | ACK, 500, 101, 0), sent(false, ACK, 101, 501, 3)]);
    let notes: Vec<_> = traffic
        .tcp_notes(StreamNumber(0))
        .map(|note| {
            (note.frame.0, note.sender, note.relative_sequence, note.relative_acknowledgement, note.payload_length)
        })
        .collect();
    assert_eq!(notes, [(1, Side::Originator, 0, 0, 0), (2, Side::Responder, 0, 1, 0), (3, Side::Originator, 1, 1, 3)]);
    assert!(traffic.tcp_notes_complete(StreamNumber(0)));
}

#[test]
fn limits_keep_memory_bounded() {
    let sent = |port| Sent {
        hosts: [1, 2],
        ports: [port, 80],
        sequence: 0,
        acknowledgement: 0,
        flags: ACK,
        length: Some(0),
        bogus: false,
    };
    let limits = Limits { connections: 2, notes_per_connection: 2, notes: 3, ..Limits::default() };
    let mut tracker = Tracker::new(&limits);
    for (number, port) in [1, 1, 1, 2, 3, 1, 2].into_iter().enumerate() {
        tracker.add(&frame(number), &sent(port).packet());
    }
    let traffic = tracker.finish();
    let frames: Vec<u64> = traffic.tcp_connections().map(|connection| connection.counts[0].frames).collect();
    assert_eq!(frames, [4, 2]);
    let warnings: Vec<_> = traffic.warnings().iter().map(|warning| (warning.code, warning.frame)).collect();
    assert_eq!(warnings, [(WarningCode::LimitConnections, Some(FrameNumber(5)))]);
    assert_eq!(traffic.other().counts.tcp, 7, "each frame counts, followed or not");
    let noted =
        |stream| (traffic.tcp_notes(StreamNumber(stream)).count(), traffic.tcp_notes_complete(StreamNumber(stream)));
    assert_eq!((noted(0), noted(1)), ((2, false), (1, false)));
}

#[test]
fn udp_has_one_stream_for_each_pair() {
    let ends = |source: IpAddr, destination: IpAddr| IpAddresses { source, destination };
    let datagram = |source_port, destination_port, payload_length| UdpDatagram {
        source_port,
        destination_port,
        payload_length,
        held_length: payload_length,
        payload: &[],
    };
    let (a, b): (IpAddr, IpAddr) = ("fe80::1".parse().unwrap(), "fe80::2".parse().unwrap());
    let (mapped_a, mapped_b): (IpAddr, IpAddr) =
        ("::ffff:10.0.0.1".parse().unwrap(), "::ffff:10.0.0.2".parse().unwrap());
    let (v4_a, v4_b): (IpAddr, IpAddr) = ("10.0.0.1".parse().unwrap(), "10.0.0.2".parse().unwrap());
    let mut tracker = Tracker::new(&Limits::default());
    let sent = [
        (ends(a, b), datagram(5, 6, 3)),
        (ends(b, a), datagram(6, 5, 0)),
        (ends(a, b), datagram(6, 5, 1)),
        (ends(a, a), datagram(7, 7, 1)),
        (ends(a, a), datagram(7, 7, 1)),
        (ends(v4_a, v4_b), datagram(5, 6, 1)),
        (ends(mapped_a, mapped_b), datagram(5, 6, 1)),
        (ends(a, b), datagram(5, 6, 3)),
    ];
    for (number, (ip, datagram)) in sent.into_iter().enumerate() {
        let packet = Packet::new(Some(ip), Content::Udp(datagram));
        tracker.add(&frame(number), &packet);
    }
    let traffic = tracker.finish();
    let found: Vec<_> = traffic
        .udp_conversations()
        .map(|of| (of.counts.map(|side| (side.datagrams, side.payload_bytes)), of.last_frame.0))
        .collect();
    assert_eq!(
        found,
        [
            ([(2, 6), (1, 0)], 8),
            ([(1, 1), (0, 0)], 3),
            ([(2, 2), (0, 0)], 5),
            ([(1, 1), (0, 0)], 6),
            ([(1, 1), (0, 0)], 7)
        ]
    );
    assert_eq!(traffic.udp_notes(StreamNumber(0)).map(|note| note.payload_length).collect::<Vec<_>>(), [3, 0, 3]);
    assert_eq!(traffic.udp(StreamNumber(3)).unwrap().addresses[0].to_string(), "10.0.0.1:5");
    assert_eq!(traffic.udp(StreamNumber(4)).unwrap().addresses[0].to_string(), "[::ffff:10.0.0.1]:5");
}
