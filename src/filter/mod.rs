//! Capture filters: a small subset of pcap-filter(7), as a predicate on decoded packets.
//!
//! What is spelled here means the same in `tcpdump`, `dumpcap` and Wireshark's capture filter field; what they have
//! beyond it is refused, never read differently. As there, `and` and `or` have the same precedence and group from the
//! left, `not` binds closest.
//!
//! ```text
//! filter    = operand { ( "and" | "&&" | "or" | "||" ) operand }
//! operand   = ( "not" | "!" ) operand | "(" filter ")" | primitive
//! primitive = protocol
//!           | [ "src" | "dst" ] "host" ADDRESS
//!           | [ "tcp" | "udp" ] [ "src" | "dst" ] "port" NUMBER
//! protocol  = "tcp" | "udp" | "icmp" | "icmp6" | "arp" | "ip" | "ip6"
//! ```
//!
//! Two limits, both because the predicate sees what [`crate::analyze::decode`] makes of a frame: fragments of an IP
//! datagram are neither `tcp` nor `udp` before the one that completes it, and frames with VLAN tags match as without.

mod error;
mod parse;

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

pub use error::FilterError;

use crate::analyze::packet::{Content, Packet};
use crate::types::Protocol;

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

impl FromStr for Filter {
    type Err = FilterError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse::parse(text)
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

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, Ipv6Addr};

    use proptest::prelude::{Just, Strategy, any, prop_oneof};

    use super::*;
    use crate::analyze::packet::{ArpPacket, IcmpKind, IcmpMessage, IpAddresses, UdpDatagram};

    fn filter(text: &str) -> Filter {
        text.parse().unwrap_or_else(|error| panic!("{error}"))
    }

    fn packet(source: IpAddr, destination: IpAddr, content: Content<'static>) -> Packet<'static> {
        Packet::new(Some(IpAddresses { source, destination }), content)
    }

    fn udp(source_port: u16, destination_port: u16) -> Packet<'static> {
        let content = Content::Udp(UdpDatagram {
            source_port,
            destination_port,
            payload_length: 0,
            held_length: 0,
            payload: &[],
        });
        packet([10, 0, 3, 2].into(), [10, 0, 3, 1].into(), content)
    }

    #[test]
    fn conditions_hold_for_what_they_name() {
        let packet = udp(50000, 53);
        for (text, passes) in [
            ("udp", true),
            ("tcp", false),
            ("ip", true),
            ("ip6", false),
            ("host 10.0.3.1", true),
            ("src host 10.0.3.1", false),
            ("dst host 10.0.3.1 and udp", true),
            ("port 53", true),
            ("src port 53", false),
            ("tcp port 53", false),
            ("udp dst port 53", true),
            ("not tcp", true),
            ("!udp || host 10.0.3.9", false),
            ("host 10.0.3.9 or (udp and port 53)", true),
        ] {
            assert_eq!(filter(text).matches(&packet), passes, "{text}");
        }
    }

    #[test]
    fn hosts_are_found_in_arp_and_icmp_is_told_from_icmpv6() {
        let [sender, target] = [[10, 0, 3, 2], [10, 0, 3, 1]].map(Ipv4Addr::from);
        let arp = Content::Arp(ArpPacket { request: true, sender_mac: [2; 6], sender, target });
        let arp = Packet::new(None, arp);
        assert!(filter("host 10.0.3.1 and arp").matches(&arp));
        assert!(!filter("src host 10.0.3.1 or ip").matches(&arp));
        let ping = Content::Icmp(IcmpMessage { kind: IcmpKind::EchoRequest, quoted: None });
        let ping6 = packet(Ipv6Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into(), ping);
        assert!(filter("icmp6 and host ::1").matches(&ping6));
        assert!(!filter("icmp").matches(&ping6));
    }

    #[test]
    fn and_and_or_group_from_the_left_as_in_pcap_filter() {
        // With the precedence of most languages this would be `tcp or (udp and port 1)`.
        assert_eq!(filter("tcp or udp and port 1"), filter("(tcp or udp) and port 1"));
        assert_ne!(filter("tcp or udp and port 1"), filter("tcp or (udp and port 1)"));
        assert_eq!(filter("not tcp and udp"), filter("(not tcp) and udp"));
        assert_eq!(filter("tcp or (udp and port 1)").to_string(), "tcp or (udp and port 1)");
    }

    fn side() -> impl Strategy<Value = Side> {
        prop_oneof![Just(Side::Any), Just(Side::Source), Just(Side::Destination)]
    }

    fn any_filter() -> impl Strategy<Value = Filter> {
        let protocol = prop_oneof![Just(None), Just(Some(Protocol::Tcp)), Just(Some(Protocol::Udp))];
        let primitive = prop_oneof![
            (0..Kind::ALL.len()).prop_map(|at| Primitive::Kind(Kind::ALL[at])),
            (side(), any::<IpAddr>()).prop_map(|(side, ip)| Primitive::Host(side, ip)),
            (protocol, side(), any::<u16>()).prop_map(|(protocol, side, port)| Primitive::Port(protocol, side, port)),
        ];
        primitive.prop_map(Filter::Primitive).prop_recursive(6, 40, 2, |inner| {
            prop_oneof![
                inner.clone().prop_map(|inner| Filter::Not(Box::new(inner))),
                (inner.clone(), inner.clone()).prop_map(|(a, b)| Filter::And(Box::new(a), Box::new(b))),
                (inner.clone(), inner).prop_map(|(a, b)| Filter::Or(Box::new(a), Box::new(b))),
            ]
        })
    }

    proptest::proptest! {
        #[test]
        fn what_is_printed_is_read_back(filter in any_filter()) {
            assert_eq!(filter.to_string().parse::<Filter>().unwrap(), filter);
        }

        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,60}|[ a-z0-9().:!&|]{0,60}|((not|and|or|tcp|src|host|port|\\(|\\)|::1|80) ?){0,20}") {
            if let Err(error) = text.parse::<Filter>() {
                assert!(error.to_string().contains('^'));
            }
        }
    }
}
