//! Captures made by hand for tests: a story told frame by frame, followed by the real tracker.

#![allow(clippy::expect_used, clippy::unwrap_used, clippy::indexing_slicing, reason = "only tests use it")]

use std::net::IpAddr;

use crate::analyze::analysis::{Analysis, Answer, CaptureAnalysis};
use socklab_packets::capfile::{CaptureInfo, Direction, Format, Frame, Interface, LinkType};
use socklab_packets::limits::Limits;
use socklab_packets::packet::{
    ArpPacket, Content, EthernetAddresses, IcmpKind, IcmpMessage, IpAddresses, IpFragment, Packet, QuotedPacket,
    TcpFlags, TcpSegment, UdpDatagram,
};
use socklab_packets::pipeline::CaptureFacts;
use socklab_packets::track::Tracker;
use socklab_packets::types::{FrameNumber, Protocol, SocketAddress, Timestamp};

const SYN: u8 = TcpFlags::SYN.0;
const ACK: u8 = TcpFlags::ACK.0;
const PSH: u8 = TcpFlags::PSH.0;
const FIN: u8 = TcpFlags::FIN.0;
const RST: u8 = TcpFlags::RST.0;

/// What is read of a TCP header besides its segment: a header of 20 bytes, and a window.
const TCP_HEADER: [u8; 20] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x50, 0, 0xff, 0xff, 0, 0, 0, 0];

/// A capture in the making. Frames are one millisecond apart.
pub struct Story {
    file: String,
    tracker: Tracker,
    frames: u64,
    start: i64,
    /// Milliseconds in which nothing happened.
    waited: u64,
    application: Option<String>,
    /// Which of the next segments are not captured, counted from 0.
    lost: Vec<usize>,
    /// Of what is sent in segments only the lengths are captured.
    cuts_payload: bool,
    /// The network cards' addresses, by what is told of them.
    cards: Vec<(IpAddr, [u8; 6])>,
    /// The time to live of the packets to come.
    hop_limit: Option<u8>,
    /// Which way the packets to come go.
    way: Option<Direction>,
    /// The identification of the packets to come.
    identification: Option<u16>,
    /// The checksum of the datagrams to come.
    checksum: u16,
    /// So many bytes are missing before what the next segments acknowledge selectively.
    gap: Option<u32>,
}

/// A TCP connection in the story, with the sequence numbers of both sides.
#[derive(Clone, Copy)]
pub struct Tcp {
    client: SocketAddress,
    server: SocketAddress,
    next: [u32; 2],
}

impl Tcp {
    /// Takes other initial sequence numbers, as a new connection between the same addresses does.
    pub fn restart(&mut self, sequence: u32) {
        self.next = [sequence, sequence * 2];
    }
}

/// A socket address from its text.
pub fn address(text: &str) -> SocketAddress {
    text.parse().expect("a socket address")
}

/// An IP address from its text.
pub fn ip(text: &str) -> IpAddr {
    text.parse().expect("an IP address")
}

impl Story {
    /// A capture that begins this many seconds into the lab.
    pub fn new(file: &str, start: i64) -> Story {
        let tracker = Tracker::new(&Limits::default());
        Story {
            file: file.to_owned(),
            tracker,
            frames: 0,
            start,
            waited: 0,
            application: None,
            lost: Vec::new(),
            cuts_payload: false,
            cards: Vec::new(),
            hop_limit: None,
            identification: None,
            checksum: 0,
            gap: None,
            way: None,
        }
    }

    fn add(&mut self, source: SocketAddress, destination: SocketAddress, content: Content<'_>) {
        let ip = Some(IpAddresses { source: source.ip, destination: destination.ip });
        let mut header = if matches!(content, Content::Tcp(_)) { TCP_HEADER.to_vec() } else { Vec::new() };
        if let Some(gap) = self.gap {
            // In this header the acknowledgement number is 0.
            header[12] = 0x80;
            header.extend([&[1, 1, 5, 10][..], &gap.to_be_bytes(), &(gap + 1).to_be_bytes()].concat());
        }
        self.add_packet(&Packet { ethernet: self.ethernet(source.ip), header: &header, ..Packet::new(ip, content) });
    }

    fn ethernet(&self, source: IpAddr) -> Option<EthernetAddresses> {
        let card = self.cards.iter().find(|(address, _)| *address == source);
        card.map(|(_, mac)| EthernetAddresses { source: *mac, destination: [2, 0, 0, 0, 0, 0xff] })
    }

    /// Frames of these addresses come from one network card.
    pub fn card(&mut self, addresses: &[&str]) {
        let number = u8::try_from(self.cards.len() + 1).expect("small");
        self.cards.extend(addresses.iter().map(|address| (ip(address), [2, 0, 0, 0, 0, number])));
    }

    /// Frames of each of these addresses come from the network card of this name, in whatever capture.
    pub fn cards_of(&mut self, cards: &[(&str, &str)]) {
        let number = |name: &str| *name.as_bytes().first().expect("a name");
        self.cards.extend(cards.iter().map(|(address, name)| (ip(address), [2, 0, 0, 0, 1, number(name)])));
    }

    /// The network card with this IPv4 address says that it has it.
    pub fn arp_reply(&mut self, sender: &str, asker: &str) {
        let of = |text: &str| text.parse().expect("an IPv4 address");
        let card = self.cards.iter().find(|(address, _)| *address == ip(sender));
        let sender_mac = card.expect("a card that was told of").1;
        let arp = ArpPacket { request: false, sender_mac, sender: of(sender), target: of(asker) };
        self.add_packet(&Packet::new(None, Content::Arp(arp)));
    }

    /// A computer asks all others who has an IPv4 address.
    pub fn arp_request(&mut self, asker: &str, target: &str) {
        let of = |text: &str| text.parse().expect("an IPv4 address");
        let arp = ArpPacket { request: true, sender_mac: [2, 0, 0, 0, 2, 1], sender: of(asker), target: of(target) };
        self.add_packet(&Packet::new(None, Content::Arp(arp)));
    }

    fn add_packet(&mut self, packet: &Packet<'_>) {
        let packet = &Packet { hop_limit: self.hop_limit, identification: self.identification, ..*packet };
        let packet = &Packet { direction: self.way, ..*packet };
        self.frames += 1;
        let frame = Frame {
            number: FrameNumber(self.frames),
            interface: Some(0),
            link_type: LinkType(1),
            time: Some(self.now().into()),
            original_length: 60,
            data: &[],
            direction: None,
        };
        self.tracker.add(&frame, packet);
    }

    /// The time of the next moment.
    fn now(&self) -> Timestamp {
        let milliseconds = self.frames + self.waited;
        let nanoseconds = u32::try_from(milliseconds % 1000).expect("small") * 1_000_000;
        let seconds = 1_700_000_000 + self.start + i64::try_from(milliseconds / 1000).expect("small");
        Timestamp { seconds, nanoseconds, digits: 6 }
    }

    /// The packets to come are captured on their way between other computers, or as they were sent or received.
    pub fn captured(&mut self, way: Direction) {
        self.way = Some(way);
    }

    /// The packets to come have this time to live.
    pub fn time_to_live(&mut self, hops: u8) {
        self.hop_limit = Some(hops);
    }

    /// The clock is set back by some seconds.
    pub fn set_back(&mut self, seconds: i64) {
        self.start -= seconds;
    }

    /// Time passes.
    pub fn wait(&mut self, milliseconds: u64) {
        self.waited += milliseconds;
    }

    fn segment(&mut self, tcp: &mut Tcp, from_client: bool, flags: u8, payload: &[u8]) {
        let (source, destination) = if from_client { (tcp.client, tcp.server) } else { (tcp.server, tcp.client) };
        let (own, peer) = if from_client { (0, 1) } else { (1, 0) };
        let length = u32::try_from(payload.len()).expect("small");
        let segment = TcpSegment {
            source_port: source.port,
            destination_port: destination.port,
            sequence: tcp.next[own],
            acknowledgement: if flags & ACK == 0 { 0 } else { tcp.next[peer] },
            flags: TcpFlags(flags),
            bogus_header: false,
            payload_length: Some(length),
            payload: if self.cuts_payload { &[] } else { payload },
        };
        let is_lost = self.lost.contains(&0);
        self.lost = self.lost.iter().filter_map(|place| place.checked_sub(1)).collect();
        if !is_lost {
            self.add(source, destination, Content::Tcp(segment));
        }
        let control = u32::from(flags & (SYN | FIN) != 0);
        tcp.next[own] = tcp.next[own].wrapping_add(length + control);
    }

    /// Of what is sent in segments from now on only the lengths are captured, as with a small snapshot length.
    pub fn cut_payload(&mut self) {
        self.cuts_payload = true;
    }

    /// Of the next segments, those at these places, counted from 0, are not captured.
    pub fn lose(&mut self, places: &[usize]) {
        self.lost = places.to_vec();
    }

    /// A connection between these addresses, nothing of it sent yet. Its initial sequence numbers come from its ports.
    pub fn tcp(client: &str, server: &str) -> Tcp {
        let (client, server) = (address(client), address(server));
        Tcp { client, server, next: [u32::from(client.port) * 1000, u32::from(client.port) * 3000] }
    }

    /// SYN, SYN-ACK, ACK.
    pub fn handshake(&mut self, tcp: &mut Tcp) {
        self.segment(tcp, true, SYN, b"");
        self.segment(tcp, false, SYN | ACK, b"");
        self.segment(tcp, true, ACK, b"");
    }

    /// A handshake whose ACK the client's first line overtakes.
    pub fn handshake_overtaken(&mut self, tcp: &mut Tcp, text: &str) {
        self.segment(tcp, true, SYN, b"");
        self.segment(tcp, false, SYN | ACK, b"");
        let mut late = *tcp;
        self.segment(tcp, true, PSH | ACK, text.as_bytes());
        self.segment(&mut late, true, ACK, b"");
    }

    /// SYN, SYN-ACK, ACK; SYN-ACK again after a second, since the ACK did not get to the server, and ACK again.
    pub fn handshake_completed_again(&mut self, tcp: &mut Tcp) {
        self.segment(tcp, true, SYN, b"");
        let mut again = *tcp;
        self.segment(tcp, false, SYN | ACK, b"");
        self.segment(tcp, true, ACK, b"");
        self.wait(1000);
        self.segment(&mut again, false, SYN | ACK, b"");
        self.segment(tcp, true, ACK, b"");
    }

    /// SYN and SYN-ACK; ACK only after what happens in between.
    pub fn handshake_around(&mut self, tcp: &mut Tcp, between: impl FnOnce(&mut Story)) {
        self.segment(tcp, true, SYN, b"");
        self.segment(tcp, false, SYN | ACK, b"");
        between(self);
        self.segment(tcp, true, ACK, b"");
    }

    /// SYN, SYN-ACK, ACK of a program that makes them by hand, so that its system refuses the SYN-ACK.
    pub fn handshake_by_hand(&mut self, tcp: &mut Tcp) {
        self.segment(tcp, true, SYN, b"");
        self.segment(tcp, false, SYN | ACK, b"");
        self.segment(tcp, true, RST, b"");
        self.segment(tcp, true, ACK, b"");
    }

    /// SYN, SYN-ACK, a line that overtakes the ACK on its way, the ACK.
    pub fn handshake_overtaken_by(&mut self, tcp: &mut Tcp, text: &str) {
        self.segment(tcp, true, SYN, b"");
        self.segment(tcp, false, SYN | ACK, b"");
        let mut before = *tcp;
        self.line(tcp, text);
        self.segment(&mut before, true, ACK, b"");
    }

    /// SYN of both sides, each answered with SYN-ACK (RFC 9293, section 3.5, figure 7).
    pub fn simultaneous_open(&mut self, tcp: &mut Tcp) {
        let before = *tcp;
        self.segment(tcp, true, SYN, b"");
        self.segment(tcp, false, SYN, b"");
        let mut again = Tcp { next: [before.next[0], tcp.next[1]], ..*tcp };
        self.segment(&mut again, true, SYN | ACK, b"");
        let mut again = Tcp { next: [tcp.next[0], before.next[1]], ..*tcp };
        self.segment(&mut again, false, SYN | ACK, b"");
    }

    /// SYN, SYN-ACK after some milliseconds, ACK: as the client's computer sees it where the way to the server is long.
    pub fn handshake_at_client(&mut self, tcp: &mut Tcp, milliseconds: u64) {
        self.segment(tcp, true, SYN, b"");
        self.wait(milliseconds);
        self.segment(tcp, false, SYN | ACK, b"");
        self.segment(tcp, true, ACK, b"");
    }

    /// The program that wrote the file.
    pub fn written_by(&mut self, application: &str) {
        self.application = Some(application.to_owned());
    }

    /// A SYN sent this many times, never answered.
    pub fn syns(&mut self, tcp: Tcp, times: usize) {
        for _ in 0..times {
            let mut same = tcp;
            self.segment(&mut same, true, SYN, b"");
        }
    }

    /// SYN answered with RST-ACK.
    pub fn refused(&mut self, tcp: &mut Tcp) {
        self.segment(tcp, true, SYN, b"");
        self.segment(tcp, false, RST | ACK, b"");
    }

    /// A line of the client, acknowledged.
    pub fn line(&mut self, tcp: &mut Tcp, text: &str) {
        self.segment(tcp, true, PSH | ACK, text.as_bytes());
        self.segment(tcp, false, ACK, b"");
    }

    /// A line of the client, which has not got what the server sent before.
    pub fn line_not_acknowledging(&mut self, tcp: &mut Tcp, text: &str) {
        let mut before = Tcp { next: [tcp.next[0], tcp.next[1].wrapping_sub(1)], ..*tcp };
        self.segment(&mut before, true, PSH | ACK, text.as_bytes());
        tcp.next[0] = before.next[0];
        self.segment(tcp, false, ACK, b"");
    }

    /// A line of the client, after some milliseconds what the server had said before it got that, and then its acknowledgement.
    pub fn line_crossed_by(&mut self, tcp: &mut Tcp, text: &str, greeting: &str, milliseconds: u64) {
        let mut crossing = *tcp;
        self.segment(tcp, true, PSH | ACK, text.as_bytes());
        self.wait(milliseconds);
        self.segment(&mut crossing, false, PSH | ACK, greeting.as_bytes());
        tcp.next[1] = crossing.next[1];
        self.segment(tcp, false, ACK, b"");
    }

    /// A line of the client that the server's system gets without so many bytes before it, and acknowledges selectively.
    pub fn line_after_a_gap(&mut self, tcp: &mut Tcp, text: &str, gap: u32) {
        self.segment(tcp, true, PSH | ACK, text.as_bytes());
        let length = u32::try_from(text.len()).expect("small");
        let mut before = Tcp { next: [tcp.next[0].wrapping_sub(length + gap), tcp.next[1]], ..*tcp };
        self.gap = Some(gap);
        self.segment(&mut before, false, ACK, b"");
        self.gap = None;
    }

    /// A line of the client, sent again after some milliseconds, and what the server then answers.
    pub fn answer_to_line_again(&mut self, tcp: &mut Tcp, text: &str, answer: &str, milliseconds: u64) {
        let mut same = *tcp;
        self.segment(&mut same, true, PSH | ACK, text.as_bytes());
        self.wait(milliseconds);
        self.segment(tcp, true, PSH | ACK, text.as_bytes());
        self.segment_of_server(tcp, answer);
    }

    /// The client acknowledges all that it has got.
    pub fn acknowledgement(&mut self, tcp: &mut Tcp) {
        self.segment(tcp, true, ACK, b"");
    }

    /// The server's acknowledgement of a line that was not captured.
    pub fn acknowledged_unseen(&mut self, tcp: &mut Tcp, text: &str) {
        tcp.next[0] = tcp.next[0].wrapping_add(u32::try_from(text.len()).expect("small"));
        self.segment(tcp, false, ACK, b"");
    }

    /// A line of the client, the server's reply with the acknowledgement, and the client's acknowledgement.
    pub fn echo(&mut self, tcp: &mut Tcp, text: &str) {
        self.segment(tcp, true, PSH | ACK, text.as_bytes());
        self.segment(tcp, false, PSH | ACK, text.as_bytes());
        self.segment(tcp, true, ACK, b"");
    }

    /// Data of the server, acknowledged.
    pub fn segment_of_server(&mut self, tcp: &mut Tcp, text: &str) {
        self.segment(tcp, false, PSH | ACK, text.as_bytes());
        self.segment(tcp, true, ACK, b"");
    }

    /// FIN of the client, acknowledged but not answered.
    pub fn half_close(&mut self, tcp: &mut Tcp) {
        self.segment(tcp, true, FIN | ACK, b"");
        self.segment(tcp, false, ACK, b"");
    }

    /// FIN of the client, which the server acknowledges with data.
    pub fn half_close_answered(&mut self, tcp: &mut Tcp, text: &str) {
        self.segment(tcp, true, FIN | ACK, b"");
        self.segment_of_server(tcp, text);
    }

    /// FIN of the server, acknowledged but not answered.
    pub fn half_close_of_server(&mut self, tcp: &mut Tcp) {
        self.segment(tcp, false, FIN | ACK, b"");
        self.segment(tcp, true, ACK, b"");
    }

    /// SYN-ACK and data of the server, of a connection whose client's frames were not captured.
    pub fn server_alone(&mut self, tcp: &mut Tcp, text: &str) {
        tcp.next[0] = tcp.next[0].wrapping_add(1);
        self.segment(tcp, false, SYN | ACK, b"");
        self.segment(tcp, false, PSH | ACK, text.as_bytes());
    }

    /// A line of the client that the capture has twice.
    pub fn line_captured_twice(&mut self, tcp: &mut Tcp, text: &str) {
        let mut same = *tcp;
        self.wait(1);
        self.segment(&mut same, true, PSH | ACK, text.as_bytes());
        self.waited -= 1;
        self.segment(tcp, true, PSH | ACK, text.as_bytes());
    }

    /// A line of the client and its acknowledgement, and both at the same time again: the same packets, by the number in their
    /// IP headers, or others.
    pub fn line_and_again(&mut self, tcp: &mut Tcp, text: &str, numbers: [u16; 2]) {
        self.wait(4);
        let before = *tcp;
        for number in numbers {
            *tcp = before;
            for (from_client, flags, payload) in [(true, PSH | ACK, text.as_bytes()), (false, ACK, b"")] {
                self.identification = Some(number);
                self.segment(tcp, from_client, flags, payload);
                self.waited -= 1;
            }
        }
        self.identification = None;
    }

    /// A line of the client at two ports of a switch, which keeps it for some milliseconds: the same packet, by the number in its
    /// IP header, or another one.
    pub fn line_at_two_ports(&mut self, tcp: &mut Tcp, text: &str, numbers: [u16; 2], milliseconds: u64) {
        let mut same = *tcp;
        self.identification = Some(numbers[0]);
        self.segment(&mut same, true, PSH | ACK, text.as_bytes());
        self.wait(milliseconds);
        self.identification = Some(numbers[1]);
        self.segment(tcp, true, PSH | ACK, text.as_bytes());
        self.identification = None;
    }

    /// FIN of the client, FIN of the server, ACK.
    pub fn close(&mut self, tcp: &mut Tcp) {
        self.segment(tcp, true, FIN | ACK, b"");
        self.segment(tcp, false, FIN | ACK, b"");
        self.segment(tcp, true, ACK, b"");
    }

    /// FIN of the client, FIN of the server, ACK; captured in another order than they were sent in.
    pub fn close_captured_in_disorder(&mut self, tcp: &mut Tcp) {
        let mut before = *tcp;
        tcp.next[0] = tcp.next[0].wrapping_add(1);
        self.segment(tcp, false, FIN | ACK, b"");
        self.segment(&mut before, true, FIN | ACK, b"");
        self.segment(tcp, true, ACK, b"");
    }

    /// The client's FIN, sent again before that of the server came; when it arrives, the connection is over.
    pub fn close_with_fin_again(&mut self, tcp: &mut Tcp) {
        let (mut first, mut before) = (*tcp, *tcp);
        self.segment(&mut first, true, FIN | ACK, b"");
        self.wait(300);
        self.close(tcp);
        self.segment(&mut before, false, RST, b"");
    }

    /// A FIN of the client, the first one or one that is sent again with what it had acknowledged then, when the server's system
    /// has the connection no more.
    pub fn late_fin(&mut self, mut as_known: Tcp) {
        self.segment(&mut as_known, true, FIN | ACK, b"");
        self.segment(&mut as_known, false, RST, b"");
    }

    /// FIN of a server whose client has gone, answered with RST.
    pub fn close_of_server(&mut self, tcp: &mut Tcp) {
        self.segment(tcp, false, FIN | ACK, b"");
        self.segment(tcp, true, RST, b"");
    }

    /// A line of the client for a socket that nobody has any more.
    pub fn line_to_nobody(&mut self, tcp: &mut Tcp, text: &str) {
        self.segment(tcp, true, PSH | ACK, text.as_bytes());
        self.segment(tcp, false, RST, b"");
    }

    /// After a second, the server asks whether the client is there, and the client answers or not.
    pub fn keep_alive(&mut self, tcp: &mut Tcp, is_answered: bool) {
        self.wait(1000);
        let mut before = *tcp;
        before.next[1] = before.next[1].wrapping_sub(1);
        self.segment(&mut before, false, ACK, b"");
        if is_answered {
            self.segment(tcp, true, ACK, b"");
        }
    }

    /// The client asks whether the server is there, and the server answers.
    pub fn keep_alive_of_client(&mut self, tcp: &mut Tcp) {
        let mut before = *tcp;
        before.next[0] = before.next[0].wrapping_sub(1);
        self.segment(&mut before, true, ACK, b"");
        self.segment(tcp, false, ACK, b"");
    }

    /// Data of a server that it sends this many times, never answered: after a second, then after twice as long.
    pub fn data_in_vain(&mut self, tcp: &mut Tcp, text: &str, times: u32) {
        let before = *tcp;
        for time in 0..times {
            *tcp = before;
            self.segment(tcp, false, PSH | ACK, text.as_bytes());
            self.wait(1000 << time);
        }
    }

    /// Data of a server whose client's system knows the connection no more.
    pub fn data_to_nobody(&mut self, tcp: &mut Tcp, text: &str) {
        self.segment(tcp, false, PSH | ACK, text.as_bytes());
        self.segment(tcp, true, RST, b"");
    }

    /// The server takes a SYN for part of an older connection, and acknowledges what that had got.
    pub fn syn_in_older_connection(&mut self, tcp: Tcp) {
        self.syns(tcp, 1);
        let mut older = Tcp { next: [tcp.next[0].wrapping_sub(70_000), tcp.next[1].wrapping_sub(70_000)], ..tcp };
        self.segment(&mut older, false, ACK, b"");
    }

    /// The server's system answers what the client sent last with RST, as for a connection that it does not have.
    pub fn refused_late(&mut self, tcp: &mut Tcp) {
        self.segment(tcp, false, RST, b"");
    }

    /// RST of the server.
    pub fn reset_by_server(&mut self, tcp: &mut Tcp) {
        self.segment(tcp, false, RST | ACK, b"");
    }

    /// RST of the client.
    pub fn reset_by_client(&mut self, tcp: &mut Tcp) {
        self.segment(tcp, true, RST | ACK, b"");
    }

    /// The server's computer says that nobody has the port to which the client's datagram went.
    pub fn port_unreachable(&mut self, client: &str, server: &str) {
        self.icmp_error(IcmpKind::PortUnreachable, client, server);
    }

    /// Another computer than the server's says that nobody has the port.
    pub fn port_unreachable_from(&mut self, client: &str, server: &str, from: &str) {
        let quoted = QuotedPacket { protocol: Protocol::Udp, source: address(client), destination: address(server) };
        self.unreachable(IcmpKind::PortUnreachable, quoted, ip(from));
    }

    /// A router, or the client's own system, says that the server's computer is not there.
    pub fn host_unreachable(&mut self, client: &str, server: &str) {
        self.icmp_error(IcmpKind::OtherUnreachable { code: 1 }, client, server);
    }

    /// The client's datagram comes back for another reason.
    pub fn administratively_prohibited(&mut self, client: &str, server: &str) {
        self.icmp_error(IcmpKind::OtherUnreachable { code: 13 }, client, server);
    }

    /// The client's datagram comes back as longer than a link takes.
    pub fn fragmentation_needed(&mut self, client: &str, server: &str) {
        self.icmp_error(IcmpKind::OtherUnreachable { code: 4 }, client, server);
    }

    fn icmp_error(&mut self, kind: IcmpKind, client: &str, server: &str) {
        let quoted = QuotedPacket { protocol: Protocol::Udp, source: address(client), destination: address(server) };
        self.unreachable(kind, quoted, quoted.destination.ip);
    }

    fn unreachable(&mut self, kind: IcmpKind, quoted: QuotedPacket, from: IpAddr) {
        let message = IcmpMessage { kind, quoted: Some(quoted) };
        self.add(SocketAddress { ip: from, port: 0 }, quoted.source, Content::Icmp(message));
    }

    /// A SYN that this host answers with an ICMP message with this code.
    pub fn rejected(&mut self, tcp: Tcp, from: &str, code: u8) {
        self.syns(tcp, 1);
        let quoted = QuotedPacket { protocol: Protocol::Tcp, source: tcp.client, destination: tcp.server };
        self.unreachable(IcmpKind::OtherUnreachable { code }, quoted, ip(from));
    }

    /// A packet whose TCP header the capture does not hold.
    pub fn cut_segment(&mut self, source: &str, destination: &str) {
        let ip = Some(IpAddresses { source: ip(source), destination: ip(destination) });
        self.add_packet(&Packet::new(ip, Content::OtherIp));
    }

    /// A line and its reply over a new connection, of which each segment is captured twice: with the addresses of one end, and
    /// at once with those of the other.
    pub fn echo_translated(&mut self, views: [&mut Tcp; 2], text: &str) {
        let [one, other] = views;
        other.next = one.next;
        let (text, none) = (text.as_bytes(), &b""[..]);
        for (from_client, flags, payload) in [
            (true, SYN, none),
            (false, SYN | ACK, none),
            (true, ACK, none),
            (true, PSH | ACK, text),
            (false, PSH | ACK, text),
            (true, ACK, none),
        ] {
            self.wait(1);
            self.segment(one, from_client, flags, payload);
            self.waited -= 1;
            self.segment(other, from_client, flags, payload);
        }
    }

    /// A datagram that a router captures twice: before and after it changed an address.
    pub fn datagram_translated(&mut self, before: [&str; 2], after: [&str; 2], text: &str) {
        self.wait(1);
        self.hop_limit = Some(64);
        self.datagram(before[0], before[1], text);
        self.waited -= 1;
        self.hop_limit = Some(63);
        self.datagram(after[0], after[1], text);
        self.hop_limit = None;
    }

    /// A datagram.
    pub fn datagram(&mut self, source: &str, destination: &str, text: &str) {
        let whole = u32::try_from(text.len()).expect("small") + 28;
        self.datagram_completed_by(source, destination, text, whole);
    }

    /// A fragment of a datagram with this number in its IP header, the first one or a later one.
    pub fn fragment(&mut self, source: &str, destination: &str, number: u16, first: bool) {
        let (source, destination) = (address(source), address(destination));
        let ports = first.then_some([source.port, destination.port]);
        self.identification = Some(number);
        self.add(source, destination, Content::Fragment(IpFragment { protocol: 17, ports }));
        self.identification = None;
    }

    /// The fragment that completes the datagram with this number.
    pub fn last_fragment(&mut self, source: &str, destination: &str, number: u16, text: &str) {
        self.identification = Some(number);
        self.datagram_completed_by(source, destination, text, 28);
        self.identification = None;
    }

    /// A datagram that the capture has twice.
    pub fn datagram_captured_twice(&mut self, source: &str, destination: &str, text: &str) {
        self.wait(1);
        self.datagram(source, destination, text);
        self.waited -= 1;
        self.datagram(source, destination, text);
    }

    /// A datagram with this number in its IP header and this checksum, at the time of the next one: time has to pass before.
    pub fn datagram_at_once(&mut self, ends: [&str; 2], text: &str, [number, checksum]: [u16; 2]) {
        (self.identification, self.checksum) = (Some(number), checksum);
        self.datagram(ends[0], ends[1], text);
        (self.identification, self.checksum) = (None, 0);
        self.waited -= 1;
    }

    /// A datagram whose last fragment is an IP packet of so many bytes.
    pub fn datagram_completed_by(&mut self, source: &str, destination: &str, text: &str, ip_length: u32) {
        let (source, destination) = (address(source), address(destination));
        let datagram = UdpDatagram {
            source_port: source.port,
            destination_port: destination.port,
            payload_length: u32::try_from(text.len()).expect("small"),
            held_length: u32::try_from(text.len()).expect("small"),
            payload: text.as_bytes(),
        };
        let ip = Some(IpAddresses { source: source.ip, destination: destination.ip });
        let ethernet = self.ethernet(source.ip);
        let [high, low] = self.checksum.to_be_bytes();
        let header = &[0, 0, 0, 0, 0, 0, high, low];
        let packet = Packet::new(ip, Content::Udp(datagram));
        self.add_packet(&Packet { ethernet, header, ip_length: Some(ip_length), ..packet });
    }

    /// The capture, read.
    pub fn read(self) -> CaptureFacts {
        let interface = Interface {
            id: 0,
            name: Some("eth0".to_owned()),
            description: None,
            filter: None,
            link_type: LinkType(1),
            snapshot_length: 262_144,
            frames: self.frames,
            dropped: None,
        };
        let last_time = Some(self.now());
        let info = CaptureInfo {
            format: Format::Pcapng,
            empty: false,
            application: self.application,
            operating_system: None,
            compression: None,
            frames: self.frames,
            first_time: None,
            last_time,
            interfaces: vec![interface],
            truncated: false,
            snapped_frames: 0,
            warnings: Vec::new(),
        };
        CaptureFacts { file: self.file, info, traffic: self.tracker.finish() }
    }
}

/// What an analysis says, in an order that does not depend on that of its captures.
fn said(analysis: &Analysis) -> Vec<String> {
    let steps = |capture: &CaptureAnalysis| -> Vec<String> {
        capture.steps.iter().map(|recorded| recorded.step.short()).collect()
    };
    let captures = analysis.captures.iter().map(|capture| format!("{}: {:?}", capture.file, steps(capture)));
    let claims = |answer: &Answer| -> Vec<String> {
        answer.claims.iter().map(|claim| format!("{:?} {}", claim.basis, claim.text)).collect()
    };
    let answers = analysis
        .answers
        .iter()
        .map(|answer| format!("{} {:?} {} {:?}", answer.question, answer.status, answer.short, claims(answer)));
    let findings = analysis.findings.iter().map(|finding| format!("{}: {}", finding.code, finding.message));
    let mut said: Vec<String> = captures.chain(answers).chain(findings).collect();
    said.sort();
    said
}

/// The analysis of captures, which must say the same when they are given in the opposite order. Captures of one name are told apart
/// by nothing else, and stay in theirs.
pub fn in_any_order(captures: Vec<CaptureFacts>, analyze: impl Fn(Vec<CaptureFacts>) -> Analysis) -> Analysis {
    let mut names: Vec<&str> = captures.iter().map(|capture| capture.file.as_str()).collect();
    names.sort_unstable();
    if names.len() < 2 || names.windows(2).any(|pair| pair[0] == pair[1]) {
        return analyze(captures);
    }
    let turned = analyze(captures.into_iter().rev().collect());
    let turned_said = said(&turned);
    let back = turned.captures.into_iter().rev();
    let analysis =
        analyze(back.map(|one| CaptureFacts { file: one.file, info: one.info, traffic: one.traffic }).collect());
    assert_eq!(said(&analysis), turned_said, "in the order given, and in the opposite one");
    analysis
}
