//! Numbers and names that every layer shares: frames, streams, socket addresses, times.
//!
//! Newtypes for numbers that must never mix. Nothing here reads or computes; see the layers for that.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The number of a frame in its capture file, from 1, as Wireshark shows it (`frame.number`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct FrameNumber(pub u64);

impl fmt::Display for FrameNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The number of a TCP connection or UDP conversation in its capture file, from 0, counted apart for TCP and UDP, as
/// Wireshark shows it (`tcp.stream`, `udp.stream`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct StreamNumber(pub u32);

impl fmt::Display for StreamNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A transport protocol of the lab.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Protocol {
    /// Transmission Control Protocol (RFC 9293).
    Tcp,
    /// User Datagram Protocol (RFC 768).
    Udp,
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Protocol::Tcp => "TCP",
            Protocol::Udp => "UDP",
        })
    }
}

/// A socket address: an IP address and a port. Written `10.0.3.1:65432` or `[fe80::1]:53`.
///
/// Unlike [`std::net::SocketAddr`] it has no flow label and no scope, which are no part of a socket's name on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SocketAddress {
    /// The IP address, from the IP header.
    pub ip: IpAddr,
    /// The port, from the TCP or UDP header.
    pub port: u16,
}

impl SocketAddress {
    /// The socket address of this IP address and port.
    pub const fn new(ip: IpAddr, port: u16) -> Self {
        SocketAddress { ip, port }
    }

    /// Whether what is sent to `address` comes to a socket that is bound to this one: the address is the same, or the socket is
    /// bound to every address of its computer.
    pub fn takes(self, address: SocketAddress) -> bool {
        self.port == address.port && (self.ip.is_unspecified() || self.ip == address.ip)
    }
}

impl fmt::Display for SocketAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.ip {
            IpAddr::V4(ip) => write!(f, "{ip}:{}", self.port),
            IpAddr::V6(ip) => write!(f, "[{ip}]:{}", self.port),
        }
    }
}

impl From<SocketAddr> for SocketAddress {
    fn from(address: SocketAddr) -> Self {
        SocketAddress::new(address.ip(), address.port())
    }
}

impl FromStr for SocketAddress {
    type Err = std::net::AddrParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse::<SocketAddr>().map(Self::from)
    }
}

/// Bytes of the longest IPv4 socket address as text: `255.255.255.255:65535`.
const LONGEST_IPV4: usize = 21;

impl Serialize for SocketAddress {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let IpAddr::V4(ip) = self.ip else { return serializer.collect_str(self) };
        // As it is displayed: without the formatting machinery, since of a large capture millions are written.
        let (mut text, mut number) = (String::with_capacity(LONGEST_IPV4), itoa::Buffer::new());
        for octet in ip.octets() {
            text.push_str(number.format(octet));
            text.push('.');
        }
        text.pop();
        text.push(':');
        text.push_str(number.format(self.port));
        serializer.serialize_str(&text)
    }
}

impl<'de> Deserialize<'de> for SocketAddress {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// The last byte of an address, which tells the hosts of a small network apart.
pub fn last_byte(ip: IpAddr) -> u8 {
    match ip {
        IpAddr::V4(ip) => ip.octets()[3],
        IpAddr::V6(ip) => ip.octets()[15],
    }
}

/// Whether an address names a group of hosts: multicast, or a broadcast address.
pub fn is_group(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.is_multicast() || ip.is_broadcast() || (ip.octets()[3] == 255 && !ip.is_loopback()),
        IpAddr::V6(ip) => ip.is_multicast(),
    }
}

/// A point in time with the precision of the clock that took it. Written as RFC 3339 in UTC with that many digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp {
    /// Whole seconds since 1970-01-01T00:00:00Z; negative before it.
    pub seconds: i64,
    /// Nanoseconds within the second, below 1,000,000,000.
    pub nanoseconds: u32,
    /// Decimal digits of a second that the clock gives, 0 to 9.
    pub digits: u8,
}

impl Timestamp {
    /// Nanoseconds from `earlier` to this time; negative when `earlier` is later.
    pub fn nanoseconds_since(self, earlier: Timestamp) -> i128 {
        let seconds = i128::from(self.seconds).saturating_sub(i128::from(earlier.seconds));
        let nanoseconds = i128::from(self.nanoseconds).saturating_sub(i128::from(earlier.nanoseconds));
        seconds.saturating_mul(1_000_000_000).saturating_add(nanoseconds)
    }

    /// RFC 3339 text in UTC, or `None` for a year outside 0 to 9999, which RFC 3339 cannot write.
    pub fn to_rfc3339(self) -> Option<String> {
        let time = jiff::Timestamp::new(self.seconds, i32::try_from(self.nanoseconds).ok()?).ok()?;
        if self.seconds < -62_167_219_200 {
            return None;
        }
        Some(format!("{time:.precision$}", precision = usize::from(self.digits.min(9))))
    }

    /// Reads RFC 3339 text; the digits written are taken as the precision. A comma before them is read too (ISO 8601,
    /// section 4.2.2.4, allows both).
    pub fn parse(text: &str) -> Option<Timestamp> {
        let time: jiff::Timestamp = text.parse().ok()?;
        let fraction = text.split_once(['.', ',']).map_or("", |(_, rest)| rest);
        let digits = fraction.bytes().take_while(u8::is_ascii_digit).take(9).count();
        let nanoseconds = i64::from(time.subsec_nanosecond());
        let time = Timestamp {
            seconds: time.as_second().saturating_add(nanoseconds.div_euclid(1_000_000_000)),
            nanoseconds: u32::try_from(nanoseconds.rem_euclid(1_000_000_000)).ok()?,
            digits: u8::try_from(digits).ok()?,
        };
        // What is read can be written again: no year outside 0 to 9999.
        time.to_rfc3339().map(|_| time)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_rfc3339().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Timestamp::parse(&text).ok_or_else(|| serde::de::Error::custom("not an RFC 3339 time"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn socket_addresses_are_written_as_in_rfc_5952_section_6() {
        for text in ["10.0.3.1:65432", "[fe80::1]:53", "[::1]:0"] {
            assert_eq!(text.parse::<SocketAddress>().unwrap().to_string(), text);
        }
    }

    proptest::proptest! {
        #[test]
        fn socket_addresses_are_serialized_as_they_are_displayed(ip: IpAddr, port: u16) {
            let address = SocketAddress::new(ip, port);
            proptest::prop_assert_eq!(serde_json::to_string(&address).unwrap(), format!("\"{address}\""));
        }
    }

    #[test]
    fn times_keep_the_precision_they_were_taken_with() {
        for text in ["2024-03-01T10:00:00.123456Z", "2024-03-01T10:00:00Z", "1969-12-31T23:59:59.750000000Z"] {
            assert_eq!(Timestamp::parse(text).unwrap().to_rfc3339().unwrap(), text);
        }
        let comma = Timestamp::parse("2024-03-01T10:00:00,250Z").unwrap();
        assert_eq!(comma.to_rfc3339().unwrap(), "2024-03-01T10:00:00.250Z");
        assert_eq!(Timestamp::parse("-000001-12-31T23:59:59Z"), None);
        let early = Timestamp { seconds: i64::MIN, nanoseconds: 0, digits: 6 };
        assert_eq!(early.to_rfc3339(), None);
    }

    #[test]
    fn groups_are_no_hosts() {
        for group in ["224.0.0.251", "255.255.255.255", "10.0.3.255", "ff02::fb"] {
            assert!(is_group(group.parse().unwrap()), "{group}");
        }
        for host in ["10.0.3.1", "127.0.0.1", "fe80::1"] {
            assert!(!is_group(host.parse().unwrap()), "{host}");
        }
    }

    #[test]
    fn a_socket_takes_what_is_sent_to_its_address_or_to_any_where_it_is_bound_to_all() {
        let at = |text: &str| -> SocketAddress { text.parse().unwrap() };
        assert!(at("10.0.2.2:4711").takes(at("10.0.2.2:4711")));
        assert!(at("0.0.0.0:4711").takes(at("10.0.2.2:4711")));
        assert!(!at("10.0.2.2:4711").takes(at("10.0.2.3:4711")));
        assert!(!at("0.0.0.0:4711").takes(at("10.0.2.2:4712")));
    }
}
