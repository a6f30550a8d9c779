//! Captures written byte by byte: Ethernet, IPv4, TCP with time stamps, UDP, ARP; as pcapng or pcap.

use socklab_packets::packet::TcpFlags;

/// A small generator of numbers (SplitMix64), so that every class is the same each time.
pub(super) struct Dice(pub(super) u64);

impl Dice {
    pub(super) fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(super) fn below(&mut self, most: u64) -> u64 {
        self.roll() % most
    }
}

/// A host: its MAC address ends, and its IP address is 10.0.3.x.
pub(super) type Host = u8;

/// A frame with its time in microseconds.
#[derive(Clone)]
pub(super) struct Taken {
    pub(super) time: u64,
    pub(super) bytes: Vec<u8>,
}

/// A capture in the making.
#[derive(Clone, Default)]
pub(super) struct Capture {
    pub(super) frames: Vec<Taken>,
    pub(super) time: u64,
}

/// One end of a TCP connection.
#[derive(Clone, Copy)]
pub(super) struct End {
    pub(super) host: Host,
    pub(super) port: u16,
    pub(super) next: u32,
    pub(super) clock: u32,
}

/// A TCP connection: client and server.
#[derive(Clone, Copy)]
pub(super) struct Tcp(pub(super) [End; 2]);

const FIN: u8 = TcpFlags::FIN.0;
const SYN: u8 = TcpFlags::SYN.0;
const PSH: u8 = TcpFlags::PSH.0;
const ACK: u8 = TcpFlags::ACK.0;

impl Capture {
    /// A capture that begins at this time.
    pub(super) fn at(time: u64) -> Capture {
        Capture { frames: Vec::new(), time }
    }

    fn push(&mut self, bytes: Vec<u8>, dice: &mut Dice) -> u64 {
        self.time += 40 + dice.below(400);
        self.frames.push(Taken { time: self.time, bytes });
        self.frames.len() as u64
    }

    /// Someone types: seconds pass.
    pub(super) fn pause(&mut self, dice: &mut Dice) {
        self.time += 700_000 + dice.below(4_000_000);
    }

    /// ARP, which every capture has some of.
    pub(super) fn arp(&mut self, from: Host, to: Host, dice: &mut Dice) {
        let mut bytes = vec![0xff; 6];
        bytes.extend(mac(from));
        bytes.extend([8, 6, 0, 1, 8, 0, 6, 4, 0, 1]);
        bytes.extend(mac(from));
        bytes.extend(ip(from));
        bytes.extend([0; 6]);
        bytes.extend(ip(to));
        self.push(bytes, dice);
    }

    fn segment(&mut self, tcp: &mut Tcp, from: usize, flags: u8, payload: &[u8], dice: &mut Dice) -> u64 {
        let (own, peer) = (tcp.0[from], tcp.0[1 - from]);
        let mut segment = Vec::new();
        segment.extend(own.port.to_be_bytes());
        segment.extend(peer.port.to_be_bytes());
        segment.extend(own.next.to_be_bytes());
        segment.extend(if flags & ACK == 0 { 0 } else { peer.next }.to_be_bytes());
        segment.extend([0x80, flags, 0xfa, 0xf0, 0, 0, 0, 0, 1, 1, 8, 10]);
        let stamp = own.clock.wrapping_add((self.time / 1000) as u32);
        segment.extend(stamp.to_be_bytes());
        segment.extend(peer.clock.wrapping_add((self.time / 1000) as u32).to_be_bytes());
        segment.extend(payload);
        let moved = payload.len() as u32 + u32::from(flags & (SYN | FIN) != 0);
        tcp.0[from].next = own.next.wrapping_add(moved);
        self.push(packet(own.host, peer.host, 6, dice.below(65536) as u16, &segment), dice)
    }

    /// SYN, SYN-ACK, ACK: their numbers.
    pub(super) fn handshake(&mut self, tcp: &mut Tcp, dice: &mut Dice) -> Vec<u64> {
        let syn = self.segment(tcp, 0, SYN, b"", dice);
        let syn_ack = self.segment(tcp, 1, SYN | ACK, b"", dice);
        vec![syn, syn_ack, self.segment(tcp, 0, ACK, b"", dice)]
    }

    /// A line and its acknowledgement; with echo the reply and the client's acknowledgement: data and acknowledgements.
    pub(super) fn line(&mut self, tcp: &mut Tcp, text: &[u8], echo: bool, dice: &mut Dice) -> (Vec<u64>, Vec<u64>) {
        let data = self.segment(tcp, 0, PSH | ACK, text, dice);
        if echo {
            let reply = self.segment(tcp, 1, PSH | ACK, text, dice);
            return (vec![data, reply], vec![self.segment(tcp, 0, ACK, b"", dice)]);
        }
        (vec![data], vec![self.segment(tcp, 1, ACK, b"", dice)])
    }

    /// The client closes the connection, and then the server.
    pub(super) fn close(&mut self, tcp: &mut Tcp, dice: &mut Dice) {
        for (from, flags) in [(0, FIN | ACK), (1, FIN | ACK), (0, ACK)] {
            self.segment(tcp, from, flags, b"", dice);
        }
    }

    /// A datagram.
    pub(super) fn datagram(&mut self, from: (Host, u16), to: (Host, u16), text: &[u8], dice: &mut Dice) -> u64 {
        let mut datagram = Vec::new();
        datagram.extend(from.1.to_be_bytes());
        datagram.extend(to.1.to_be_bytes());
        datagram.extend((text.len() as u16 + 8).to_be_bytes());
        datagram.extend([0, 0]);
        datagram.extend(text);
        // Linux leaves the identification 0 where fragments are forbidden.
        self.push(packet(from.0, to.0, 17, 0, &datagram), dice)
    }

    /// The same frames where client and server are one computer of this address.
    pub(super) fn on_one_computer(&self, address: [u8; 4]) -> Capture {
        let mut alone = self.clone();
        for frame in alone.frames.iter_mut().filter(|frame| frame.bytes[12..14] == [8, 0]) {
            frame.bytes[26..30].copy_from_slice(&address);
            frame.bytes[30..34].copy_from_slice(&address);
        }
        alone
    }

    /// As pcapng, little-endian, microseconds.
    pub(super) fn pcapng(&self) -> Vec<u8> {
        let mut out = Vec::new();
        block(&mut out, 0x0a0d_0d0a, &[0x4d, 0x3c, 0x2b, 0x1a, 1, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255]);
        block(&mut out, 1, &[1, 0, 0, 0, 0, 0, 4, 0]);
        for frame in &self.frames {
            let mut body = vec![0; 4];
            body.extend(((frame.time >> 32) as u32).to_le_bytes());
            body.extend((frame.time as u32).to_le_bytes());
            body.extend((frame.bytes.len() as u32).to_le_bytes());
            body.extend((frame.bytes.len() as u32).to_le_bytes());
            body.extend(&frame.bytes);
            body.resize(body.len().next_multiple_of(4), 0);
            block(&mut out, 6, &body);
        }
        out
    }

    /// As pcap, big-endian, microseconds.
    pub(super) fn pcap(&self) -> Vec<u8> {
        let mut out = vec![0xa1, 0xb2, 0xc3, 0xd4, 0, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 1];
        for frame in &self.frames {
            out.extend(((frame.time / 1_000_000) as u32).to_be_bytes());
            out.extend(((frame.time % 1_000_000) as u32).to_be_bytes());
            out.extend((frame.bytes.len() as u32).to_be_bytes());
            out.extend((frame.bytes.len() as u32).to_be_bytes());
            out.extend(&frame.bytes);
        }
        out
    }
}

fn block(out: &mut Vec<u8>, kind: u32, body: &[u8]) {
    let length = body.len() as u32 + 12;
    out.extend(kind.to_le_bytes());
    out.extend(length.to_le_bytes());
    out.extend(body);
    out.extend(length.to_le_bytes());
}

fn mac(host: Host) -> [u8; 6] {
    [2, 0, 10, 0, 3, host]
}

fn ip(host: Host) -> [u8; 4] {
    [10, 0, 3, host]
}

fn packet(from: Host, to: Host, protocol: u8, id: u16, payload: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    bytes.extend(mac(to));
    bytes.extend(mac(from));
    bytes.extend([8, 0, 0x45, 0]);
    bytes.extend((payload.len() as u16 + 20).to_be_bytes());
    bytes.extend(id.to_be_bytes());
    bytes.extend([0x40, 0, 64, protocol, 0, 0]);
    bytes.extend(ip(from));
    bytes.extend(ip(to));
    bytes.extend(payload);
    bytes
}
