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
//! Two limits, both because the predicate sees what [`socklab_packets::decode`] makes of a frame: fragments of an IP
//! datagram are neither `tcp` nor `udp` before the one that completes it, and frames with VLAN tags match as without.

mod error;
mod expression;
mod parse;

use std::str::FromStr;

pub use error::FilterError;
pub use expression::{Filter, Kind, Primitive, Side};

impl FromStr for Filter {
    type Err = FilterError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse::parse(text)
    }
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, Ipv6Addr};

    use proptest::prelude::{Just, Strategy, any, prop_oneof};

    use std::net::IpAddr;

    use super::*;
    use socklab_packets::packet::{ArpPacket, Content, IcmpKind, IcmpMessage, IpAddresses, Packet, UdpDatagram};
    use socklab_packets::types::Protocol;

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
