//! Ports that one side of a TCP connection tells the other in a line of text, for further connections between the two
//! hosts: FTP's replies 227 (RFC 959, section 4.2) and 229 (RFC 2428, section 3), and its commands PORT and EPRT. What
//! comes to such a port belongs to the connection in which it was announced: the port is no server's of its own.
//!
//! Wireshark opens a conversation for a connection that FTP announces, so that the connection's SYN does not count as the
//! one that opened it.

use std::net::{IpAddr, Ipv4Addr};

use foldhash::{HashMap, HashMapExt, HashSet, HashSetExt};

use super::pair::Pair;
use super::place::Place;
use super::sides::{Side, side};
use crate::types::{Protocol, SocketAddress};

/// The port of an FTP server (RFC 959, section 5.2): Wireshark takes what goes there for FTP.
const CONTROL_PORT: u16 = 21;

/// The port from which Wireshark expects the connection that PORT asks for.
const DATA_PORT: u16 = 20;

/// Bytes of a payload that are looked at: a line of the longest command, with an IPv6 address in it.
const LOOKED_AT: usize = 128;

/// What a line announces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Line {
    /// The address in it.
    ip: Option<IpAddr>,
    port: u16,
    /// Whether Wireshark understands it, sent by the server or by the client.
    understood: Understood,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Understood {
    No,
    OfServer,
    OfClient,
}

/// Connections for which Wireshark has a conversation already, and which were not made yet.
#[derive(Debug, Clone, Copy, Default)]
struct Expected {
    /// From any port.
    from_any: u32,
    /// From [`DATA_PORT`].
    from_data_port: bool,
}

/// The ports that were announced so far, and the connections that came to them.
#[derive(Debug)]
pub(super) struct Announced {
    /// By the socket address and the host that was told of it.
    expected: HashMap<(SocketAddress, IpAddr), Expected>,
    connections: HashSet<Place>,
    most: usize,
    /// Announcements that found no room.
    left_out: u64,
}

impl Announced {
    /// None yet, and never more than so many.
    pub(super) fn new(most: usize) -> Announced {
        Announced { expected: HashMap::new(), connections: HashSet::new(), most, left_out: 0 }
    }

    /// Whether payload of a stream is looked at however much there is of it.
    #[inline]
    pub(super) fn concern(&self, pair: &Pair) -> bool {
        pair.protocol() == Protocol::Tcp && pair.ports().contains(&CONTROL_PORT)
    }

    /// Looks for an announcement in a payload.
    #[inline]
    pub(super) fn look(&mut self, pair: &Pair, sender: Side, payload: &[u8]) {
        if matches!(payload, [b'2', b'2', b'7' | b'9', b' ', ..] | [b'P' | b'p' | b'E' | b'e', _, _, _, b' ', ..])
            && pair.protocol() == Protocol::Tcp
            && let Some(line) = announcement(payload.get(..LOOKED_AT).unwrap_or(payload))
        {
            self.add(line, pair, sender);
        }
    }

    fn add(&mut self, line: Line, pair: &Pair, sender: Side) {
        let addresses = pair.addresses();
        let (own, peer) = (*side(&addresses, sender), *side(&addresses, sender.other()));
        let own_port = match line.understood {
            Understood::OfServer => own.port,
            Understood::OfClient => peer.port,
            Understood::No => 0,
        };
        // Behind a NAT the address in the line is not the one that the connection goes to.
        for ip in [own.ip].into_iter().chain(line.ip.filter(|ip| *ip != own.ip)) {
            let key = (SocketAddress::new(ip, line.port), peer.ip);
            if self.expected.len() >= self.most && !self.expected.contains_key(&key) {
                self.left_out = self.left_out.saturating_add(1);
                return;
            }
            let expected = self.expected.entry(key).or_default();
            if own_port == CONTROL_PORT && line.ip.unwrap_or(own.ip) == ip {
                match line.understood {
                    Understood::OfServer => expected.from_any = expected.from_any.saturating_add(1),
                    Understood::OfClient => expected.from_data_port = true,
                    Understood::No => {}
                }
            }
        }
    }

    /// Takes note of a TCP connection; `is_first` says that it is the first one of its pair. True where Wireshark had a
    /// conversation for it.
    pub(super) fn open(&mut self, stream: Place, pair: &Pair, is_first: bool) -> bool {
        if self.expected.is_empty() || pair.protocol() != Protocol::Tcp {
            return false;
        }
        let [a, b] = pair.addresses();
        let mut had_one = false;
        for (own, peer) in [(a, b), (b, a)] {
            let Some(expected) = self.expected.get_mut(&(own, peer.ip)) else { continue };
            self.connections.insert(stream);
            if !is_first || had_one {
                continue;
            }
            if expected.from_data_port && peer.port == DATA_PORT {
                (expected.from_data_port, had_one) = (false, true);
            } else if expected.from_any > 0 {
                (expected.from_any, had_one) = (expected.from_any.saturating_sub(1), true);
            }
        }
        had_one
    }

    /// Announcements that found no room.
    pub(super) fn left_out(&self) -> u64 {
        self.left_out
    }

    /// The connections to ports that were announced.
    pub(super) fn finish(self) -> HashSet<Place> {
        self.connections
    }
}

/// What the line at the start of a payload announces. Programs of one's own write the port as one number.
fn announcement(payload: &[u8]) -> Option<Line> {
    let line = payload.split(|byte| matches!(byte, b'\r' | b'\n' | b'\0')).next()?;
    let line = std::str::from_utf8(line).ok()?;
    let (word, rest) = line.split_once(' ')?;
    let is = |command: &str| word.eq_ignore_ascii_case(command);
    let (passive, active) = (word == "227", is("PORT"));
    if passive || active {
        let understood = match (passive, word == "PORT") {
            (true, _) => Understood::OfServer,
            (false, true) => Understood::OfClient,
            (false, false) => Understood::No,
        };
        return numbers(rest)
            .map(|(ip, port)| Line { ip: Some(IpAddr::V4(ip)), port, understood })
            .or_else(|| plain(rest));
    }
    if word == "229" || is("EPRT") {
        let understood = if word == "229" { Understood::OfServer } else { Understood::No };
        return between_bars(rest, word == "229").map(|line| Line { understood, ..line }).or_else(|| plain(rest));
    }
    None
}

/// One number alone.
fn plain(rest: &str) -> Option<Line> {
    let port = rest.trim().parse().ok().filter(|port| *port > 0)?;
    Some(Line { ip: None, port, understood: Understood::No })
}

/// `h1,h2,h3,h4,p1,p2`, in whatever else the line says (RFC 1123, section 4.1.2.6).
fn numbers(rest: &str) -> Option<(Ipv4Addr, u16)> {
    let list = |part: &str| {
        let mut numbers = part.split(',').map(|number| number.parse::<u8>().ok());
        let mut next = || numbers.next().flatten();
        let ip = Ipv4Addr::new(next()?, next()?, next()?, next()?);
        let port = u16::from_be_bytes([next()?, next()?]);
        (numbers.next().is_none() && port > 0).then_some((ip, port))
    };
    rest.split(|c: char| !c.is_ascii_digit() && c != ',').filter(|part| !part.is_empty()).find_map(list)
}

/// `|family|address|port|` with any character for the bar; a reply has the port alone, in parentheses.
fn between_bars(rest: &str, is_reply: bool) -> Option<Line> {
    let list = if is_reply { rest.split_once('(')?.1 } else { rest };
    let bar = list.chars().next()?;
    let mut parts = list.split(bar).skip(1);
    let (family, address, port) = (parts.next()?, parts.next()?, parts.next()?);
    let ip = if is_reply { None } else { Some(address.parse::<IpAddr>().ok()?) };
    let fits = !is_reply || family.is_empty() && address.is_empty();
    let port = port.parse().ok().filter(|port| fits && *port > 0)?;
    Some(Line { ip, port, understood: Understood::No })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packet::IpAddresses;

    fn line(text: &str) -> Option<(Option<IpAddr>, u16)> {
        announcement(text.as_bytes()).map(|line| (line.ip, line.port))
    }

    #[test]
    fn the_lines_of_ftp_announce_ports() {
        let here = Some(IpAddr::from([10, 0, 3, 3]));
        // Examples of RFC 2428, sections 2 and 3, among them.
        for (text, ip, port) in [
            ("227 Entering Passive Mode (10,0,3,3,181,195).\r\n", here, 46_531),
            ("227 Entering Passive Mode. 10,0,3,3,181,195", here, 46_531),
            ("PORT 10,0,3,3,181,195\r\n", here, 46_531),
            ("port 10,0,3,3,181,195\r\n", here, 46_531),
            ("EPRT |1|132.235.1.2|6275|\r\n", Some(IpAddr::from([132, 235, 1, 2])), 6275),
            ("EPRT |2|1080::8:800:200C:417A|5282|", "1080::8:800:200C:417A".parse().ok(), 5282),
            ("229 Entering Extended Passive Mode (|||6446|)\r\n", None, 6446),
            ("229 Entering Extended Passive Mode (!!!6446!)", None, 6446),
            ("227 38663\r\n", None, 38_663),
            ("PORT 35587\n", None, 35_587),
        ] {
            assert_eq!(line(text), Some((ip, port)), "{text}");
        }
        for text in [
            "226 Directory send OK.\r\n",
            "227 Entering Passive Mode (10,0,3,3,181).\r\n",
            "227 Entering Passive Mode (10,0,3,3,0,0).\r\n",
            "PORT of Hamburg",
            "EPRT |1||5000|",
            "229 (|1|10.0.3.3|5000|)",
            "hello 5000",
            "EPSV ALL",
        ] {
            assert_eq!(line(text), None, "{text}");
        }
    }

    const CLIENT: &str = "10.0.0.2";
    const SERVER: &str = "10.0.0.1";

    fn pair(source: (&str, u16), destination: (&str, u16)) -> Pair {
        let ip = |text: &str| text.parse().expect("an address");
        let ip = IpAddresses { source: ip(source.0), destination: ip(destination.0) };
        Pair::new(&ip, [source.1, destination.1], Protocol::Tcp)
    }

    /// For which of these connections, one after the other, there is a conversation when they begin, and to how many of them
    /// the port was announced. The client's line begins with a letter.
    fn opened(control_port: u16, lines: &[&str], connections: &[Pair]) -> (Vec<bool>, usize) {
        let mut announced = Announced::new(10);
        let control = pair((CLIENT, 4000), (SERVER, control_port));
        for line in lines {
            let of_client = line.starts_with(|c: char| c.is_ascii_alphabetic());
            announced.look(&control, if of_client { Side::Originator } else { Side::Responder }, line.as_bytes());
        }
        let places = (1..).map(Place::new).zip(connections);
        let expected = places.map(|(place, pair)| announced.open(place, pair, true)).collect();
        (expected, announced.finish().len())
    }

    #[test]
    fn a_conversation_is_there_for_the_connections_that_tshark_shows_without_syn() {
        const PASSIVE: &str = "227 Entering Passive Mode (10,0,0,1,19,136).\r\n";
        let passive = |port| pair((CLIENT, port), (SERVER, 5000));
        let active = |port| pair((SERVER, port), (CLIENT, 5000));
        for (lines, connections, expected, all) in [
            (&[PASSIVE][..], &[passive(5001), passive(5002)][..], &[true, false][..], 2),
            (&[PASSIVE, PASSIVE], &[passive(5001), passive(5002)], &[true, true], 2),
            (&[PASSIVE], &[pair((SERVER, 5000), (CLIENT, 5001))], &[true], 1),
            (&[PASSIVE], &[pair(("10.0.0.9", 5001), (SERVER, 5000))], &[false], 0),
            (&["227 Passive (10,9,9,9,19,136)"], &[passive(5001)], &[false], 1),
            (&["227 Passive (10,0,0,9,19,136)"], &[pair((CLIENT, 5001), ("10.0.0.9", 5000))], &[true], 1),
            (&["227 5000"], &[passive(5001)], &[false], 1),
            (&["229 Entering Extended Passive Mode (|||5000|)"], &[passive(5001)], &[true], 1),
            (&["PORT 10,0,0,2,19,136"], &[active(20), active(2020)], &[true, false], 2),
            (&["port 10,0,0,2,19,136"], &[active(20)], &[false], 1),
            (&["PORT 10,9,9,9,19,136"], &[active(20)], &[false], 1),
            (&["EPRT |1|10.0.0.2|5000|"], &[active(20)], &[false], 1),
            (&["226 Directory send OK."], &[passive(5001)], &[false], 0),
        ] {
            assert_eq!(opened(21, lines, connections), (expected.to_vec(), all), "{lines:?}");
        }
        assert_eq!(opened(2121, &[PASSIVE], &[passive(5001)]), (vec![false], 1));
    }

    #[test]
    fn what_finds_no_room_is_counted() {
        let mut announced = Announced::new(1);
        let control = pair((CLIENT, 4000), (SERVER, 2121));
        for line in ["227 5000", "227 5000", "227 5001"] {
            announced.look(&control, Side::Responder, line.as_bytes());
        }
        assert_eq!(announced.left_out(), 1);
    }
}
