//! Traffic in which Wireshark's stream numbers follow rules of their own: tunnels, whose inner streams it numbers too, and
//! applications whose dissectors open conversations. It is not followed here; a capture that holds it says so.
//!
//! What each does to the numbers was measured with tshark 4.0.17.

use crate::types::Protocol;

/// A tunnel or an application protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Unfollowed {
    /// Generic Routing Encapsulation (RFC 2784), in IP or UDP.
    Gre,
    /// IP Authentication Header (RFC 4302).
    AuthenticationHeader,
    /// Ethernet in IP (RFC 3378, RFC 8986).
    EthernetInIp,
    /// PIM, whose Register messages hold packets (RFC 7761).
    Pim,
    /// Layer Two Tunneling Protocol (RFC 2661, RFC 3931).
    L2tp,
    /// MPLS in IP or UDP (RFC 4023, RFC 7510).
    Mpls,
    /// VXLAN (RFC 7348).
    Vxlan,
    /// Geneve (RFC 8926).
    Geneve,
    /// GTP-U (3GPP TS 29.281).
    Gtp,
    /// Teredo (RFC 4380).
    Teredo,
    /// AYIYA.
    Ayiya,
    /// LISP (RFC 9300).
    Lisp,
    /// CAPWAP data (RFC 5415).
    Capwap,
    /// TaZmen Sniffer Protocol: packets that another device captured.
    Tzsp,
    /// sFlow: samples of packets.
    Sflow,
    /// OpenFlow, whose messages hold packets.
    OpenFlow,
    /// SOCKS (RFC 1928).
    Socks,
    /// VNC (RFC 6143).
    Vnc,
    /// ONC RPC with its port mapper (RFC 5531), as NFS uses it.
    Rpc,
    /// SIP or RTSP, which announce media streams (RFC 3261, RFC 7826).
    Media,
    /// Skinny, which does so too.
    Skinny,
    /// HART-IP.
    HartIp,
    /// DOF.
    Dof,
}

impl Unfollowed {
    /// What this IP protocol number carries, if Wireshark follows it to further TCP and UDP headers.
    pub fn in_ip(protocol: u8) -> Option<Unfollowed> {
        Some(match protocol {
            47 => Unfollowed::Gre,
            51 => Unfollowed::AuthenticationHeader,
            97 | 143 => Unfollowed::EthernetInIp,
            103 => Unfollowed::Pim,
            115 => Unfollowed::L2tp,
            137 => Unfollowed::Mpls,
            _ => return None,
        })
    }

    /// What the first payload of one side of a stream is, by the ports and its first bytes.
    pub fn in_payload(protocol: Protocol, ports: [u16; 2], payload: &[u8]) -> Option<Unfollowed> {
        let on_port = |port: &u16| match protocol {
            Protocol::Tcp => on_tcp_port(*port).filter(|found| found.fits(payload)),
            Protocol::Udp => on_udp_port(*port).filter(|found| found.fits(payload)),
        };
        let is_vnc = protocol == Protocol::Tcp && payload.starts_with(b"RFB 00");
        // On its own ports VNC keeps its numbers.
        let vnc =
            (is_vnc && !ports.iter().any(|port| matches!(port, 5500 | 5501 | 5900 | 5901))).then_some(Unfollowed::Vnc);
        ports.iter().find_map(on_port).or(vnc)
    }

    /// Whether a payload looks like it: a port alone may be any program's.
    fn fits(self, payload: &[u8]) -> bool {
        let starts = |bytes: &[u8]| payload.starts_with(bytes);
        let byte = |place: usize| payload.get(place).copied();
        match self {
            Unfollowed::Vxlan => {
                byte(0).is_some_and(|flags| flags & 0x08 != 0) && byte(3).is_some_and(|next| next <= 4)
            }
            Unfollowed::Geneve => matches!(payload, [0..=0x3f, _, 0x65, 0x58, ..] | [0..=0x3f, _, 8 | 0x86, ..]),
            Unfollowed::Gtp => matches!(payload, [0x30..=0x3f, 0xff, ..]),
            Unfollowed::Teredo => matches!(payload, [0x60..=0x6f, ..] | [0, 0 | 1, ..]),
            Unfollowed::L2tp => {
                byte(0).is_some_and(|flags| flags & 0x80 == 0) && byte(1).is_some_and(|b| b & 0x0f <= 3)
            }
            Unfollowed::Tzsp => matches!(payload, [1, 0..=5, ..]),
            Unfollowed::Sflow => matches!(payload, [0, 0, 0, 2 | 4 | 5, ..]),
            Unfollowed::OpenFlow => matches!(payload, [1..=6, 0..=35, high, low, ..] if *high > 0 || *low >= 8),
            Unfollowed::Socks => matches!(payload, [4 | 5, ..]),
            Unfollowed::Skinny => matches!(payload, [_, _, 0, 0, 0 | 0x11..=0x16, 0, 0, 0, ..]),
            Unfollowed::HartIp => matches!(payload, [1 | 2, 0..=5, ..]),
            Unfollowed::Media => {
                [&b"INVITE "[..], b"REGISTER ", b"OPTIONS ", b"SIP/2.0", b"DESCRIBE ", b"SETUP ", b"RTSP/1.0"]
                    .into_iter()
                    .any(starts)
            }
            _ => !payload.is_empty(),
        }
    }

    /// Whether it moves the numbers of TCP streams, and those of UDP streams.
    pub fn moves(self, protocol: Protocol) -> bool {
        match self {
            Unfollowed::Socks | Unfollowed::Vnc => protocol == Protocol::Tcp,
            Unfollowed::Rpc | Unfollowed::Media | Unfollowed::Skinny | Unfollowed::HartIp | Unfollowed::Dof => {
                protocol == Protocol::Udp
            }
            _ => true,
        }
    }

    /// Whether the stream in which it is found may itself bear another number, not only later ones.
    pub fn moves_its_own(self) -> bool {
        matches!(self, Unfollowed::Vnc | Unfollowed::Rpc | Unfollowed::HartIp | Unfollowed::Dof)
    }

    /// Its name in a sentence.
    pub fn name(self) -> &'static str {
        match self {
            Unfollowed::Gre => "GRE",
            Unfollowed::AuthenticationHeader => "IPsec AH",
            Unfollowed::EthernetInIp => "Ethernet in IP",
            Unfollowed::Pim => "PIM",
            Unfollowed::L2tp => "L2TP",
            Unfollowed::Mpls => "MPLS in IP",
            Unfollowed::Vxlan => "VXLAN",
            Unfollowed::Geneve => "Geneve",
            Unfollowed::Gtp => "GTP",
            Unfollowed::Teredo => "Teredo",
            Unfollowed::Ayiya => "AYIYA",
            Unfollowed::Lisp => "LISP",
            Unfollowed::Capwap => "CAPWAP",
            Unfollowed::Tzsp => "TZSP",
            Unfollowed::Sflow => "sFlow",
            Unfollowed::OpenFlow => "OpenFlow",
            Unfollowed::Socks => "SOCKS",
            Unfollowed::Vnc => "VNC",
            Unfollowed::Rpc => "ONC RPC",
            Unfollowed::Media => "SIP or RTSP",
            Unfollowed::Skinny => "Skinny",
            Unfollowed::HartIp => "HART-IP",
            Unfollowed::Dof => "DOF",
        }
    }
}

/// The ports on which Wireshark looks for them.
fn on_tcp_port(port: u16) -> Option<Unfollowed> {
    Some(match port {
        554 | 5060 | 8554 => Unfollowed::Media,
        1080 => Unfollowed::Socks,
        2000 => Unfollowed::Skinny,
        6653 => Unfollowed::OpenFlow,
        _ => return None,
    })
}

fn on_udp_port(port: u16) -> Option<Unfollowed> {
    Some(match port {
        111 => Unfollowed::Rpc,
        1701 => Unfollowed::L2tp,
        2152 => Unfollowed::Gtp,
        3544 => Unfollowed::Teredo,
        3567 => Unfollowed::Dof,
        4341 => Unfollowed::Lisp,
        4754 => Unfollowed::Gre,
        4789 | 4790 => Unfollowed::Vxlan,
        5060 => Unfollowed::Media,
        5072 => Unfollowed::Ayiya,
        5094 => Unfollowed::HartIp,
        5247 => Unfollowed::Capwap,
        6081 => Unfollowed::Geneve,
        6343 => Unfollowed::Sflow,
        6635 => Unfollowed::Mpls,
        37_008 => Unfollowed::Tzsp,
        _ => return None,
    })
}
