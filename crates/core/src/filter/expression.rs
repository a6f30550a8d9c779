//! What a filter is, and which packets pass it.

use std::fmt;
use std::net::IpAddr;

use socklab_packets::packet::{Content, Packet};
use socklab_packets::types::Protocol;

/// A filter: which packets pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Filter {
    /// One condition.
    Primitive(Primitive),
    /// What the inner filter refuses.
    Not(Box<Filter>),
    /// What both let pass.
    And(Box<Filter>, Box<Filter>),
    /// What one of them lets pass.
    Or(Box<Filter>, Box<Filter>),
}

/// One condition of a filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Primitive {
    /// `tcp`, `arp` …: what the packet carries.
    Kind(Kind),
    /// `host`: an IP address, of an IP header or an ARP packet.
    Host(Side, IpAddr),
    /// `port`: a port of TCP or UDP, or of one of them.
    Port(Option<Protocol>, Side, u16),
}

/// The protocols that a filter can name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// TCP over IPv4 or IPv6.
    Tcp,
    /// UDP over IPv4 or IPv6.
    Udp,
    /// ICMP (IPv4).
    Icmp,
    /// ICMPv6.
    Icmp6,
    /// ARP.
    Arp,
    /// Anything over IPv4.
    Ip,
    /// Anything over IPv6.
    Ip6,
}

impl Kind {
    /// All of them, in the order in which help lists them.
    pub const ALL: [Kind; 7] = [Kind::Tcp, Kind::Udp, Kind::Icmp, Kind::Icmp6, Kind::Arp, Kind::Ip, Kind::Ip6];

    /// The word in a filter.
    pub const fn word(self) -> &'static str {
        match self {
            Kind::Tcp => "tcp",
            Kind::Udp => "udp",
            Kind::Icmp => "icmp",
            Kind::Icmp6 => "icmp6",
            Kind::Arp => "arp",
            Kind::Ip => "ip",
            Kind::Ip6 => "ip6",
        }
    }
}

/// Which end of a packet a condition is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Either end.
    Any,
    /// The sender.
    Source,
    /// The receiver.
    Destination,
}

impl Side {
    const fn prefix(self) -> &'static str {
        match self {
            Side::Any => "",
            Side::Source => "src ",
            Side::Destination => "dst ",
        }
    }

    fn holds<T: PartialEq>(self, wanted: T, source: T, destination: T) -> bool {
        match self {
            Side::Any => source == wanted || destination == wanted,
            Side::Source => source == wanted,
            Side::Destination => destination == wanted,
        }
    }
}

impl Filter {
    /// Whether the packet passes.
    pub fn matches(&self, packet: &Packet<'_>) -> bool {
        match self {
            Filter::Primitive(primitive) => primitive.matches(packet),
            Filter::Not(inner) => !inner.matches(packet),
            Filter::And(left, right) => left.matches(packet) && right.matches(packet),
            Filter::Or(left, right) => left.matches(packet) || right.matches(packet),
        }
    }
}

impl Primitive {
    fn matches(self, packet: &Packet<'_>) -> bool {
        match self {
            Primitive::Kind(kind) => kind.matches(packet),
            Primitive::Host(side, ip) => match (packet.ip, packet.content) {
                (Some(addresses), _) => side.holds(ip, addresses.source, addresses.destination),
                (None, Content::Arp(arp)) => side.holds(ip, IpAddr::V4(arp.sender), IpAddr::V4(arp.target)),
                (None, _) => false,
            },
            Primitive::Port(protocol, side, port) => match packet.content {
                Content::Tcp(tcp) if protocol != Some(Protocol::Udp) => {
                    side.holds(port, tcp.source_port, tcp.destination_port)
                }
                Content::Udp(udp) if protocol != Some(Protocol::Tcp) => {
                    side.holds(port, udp.source_port, udp.destination_port)
                }
                _ => false,
            },
        }
    }
}

impl Kind {
    fn matches(self, packet: &Packet<'_>) -> bool {
        let ipv4 = packet.ip.map(|addresses| addresses.source.is_ipv4());
        match self {
            Kind::Tcp => matches!(packet.content, Content::Tcp(_)),
            Kind::Udp => matches!(packet.content, Content::Udp(_)),
            Kind::Icmp => matches!(packet.content, Content::Icmp(_)) && ipv4 == Some(true),
            Kind::Icmp6 => matches!(packet.content, Content::Icmp(_)) && ipv4 == Some(false),
            Kind::Arp => matches!(packet.content, Content::Arp(_)),
            Kind::Ip => ipv4 == Some(true),
            Kind::Ip6 => ipv4 == Some(false),
        }
    }
}

/// As pcap-filter spells it, with the parentheses that are needed and no others.
impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Filter::Primitive(primitive) => primitive.fmt(f),
            Filter::Not(inner) => write!(f, "not {}", Operand(inner)),
            // The left side needs no parentheses: both operators group from the left.
            Filter::And(left, right) => write!(f, "{left} and {}", Operand(right)),
            Filter::Or(left, right) => write!(f, "{left} or {}", Operand(right)),
        }
    }
}

/// A filter where the grammar wants one operand.
struct Operand<'a>(&'a Filter);

impl fmt::Display for Operand<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Filter::And(..) | Filter::Or(..) => write!(f, "({})", self.0),
            Filter::Primitive(_) | Filter::Not(_) => self.0.fmt(f),
        }
    }
}

impl fmt::Display for Primitive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Primitive::Kind(kind) => f.write_str(kind.word()),
            Primitive::Host(side, ip) => write!(f, "{}host {ip}", side.prefix()),
            Primitive::Port(protocol, side, port) => {
                let protocol = match protocol {
                    None => "",
                    Some(Protocol::Tcp) => "tcp ",
                    Some(Protocol::Udp) => "udp ",
                };
                write!(f, "{protocol}{}port {port}", side.prefix())
            }
        }
    }
}
