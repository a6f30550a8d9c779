//! Socket addresses as a student writes them, with or without their count: `10.0.3.2 port 40210`, `('10.0.3.2', 40210)`,
//! `1 (10.0.3.1:65432)`, `1) 10.0.3.2:40210, 2) 10.0.3.2:40226`.
//!
//! A number beside an address is its port or a count, never a part of it. A count must be that of the list, else a person
//! has to read the entry.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::node::Node;
use super::reading::{Fault, MOST_ITEMS, Otherwise, Reason, is_none, number, pieces};
use socklab_packets::types::SocketAddress;

type Addresses = BTreeSet<SocketAddress>;

/// Ports below this are a server's (RFC 6335, section 6): apart from the address, such a number may be a count.
const FIRST_USUAL_PORT: u16 = 1024;

/// What students count addresses by.
const NOUNS: [&str; 9] =
    ["socket", "sockets", "address", "addresses", "client", "clients", "server", "connection", "connections"];

/// What may stand between a count and the list.
const SIGNS: [&str; 5] = [":", "=", "-", "–", "—"];

/// Reads socket addresses.
///
/// # Errors
/// With what is wrong.
pub(super) fn read(node: &Node) -> Result<(Addresses, Otherwise<Addresses>), Fault> {
    let mut list = List::default();
    for (own, text) in pairs(pieces(node)?).iter().filter(|(_, text)| !is_none(text)) {
        list.add(text).map_err(|reason| Fault::of(own, reason))?;
        if list.addresses.len() > MOST_ITEMS {
            return Err(Fault::of(own, format!("these are more than {MOST_ITEMS} socket addresses")));
        }
    }
    if list.addresses.is_empty() && !list.counts.is_empty() {
        return Err(Fault::of(node, no_address(&node.text(), None)));
    }
    if !list.has_its_count() {
        return Err(Fault::of(node, format!("'{}' has a number that is neither a port nor their count", node.text())));
    }
    let otherwise = if list.has_loose_port { Otherwise::Unknown } else { Otherwise::Nothing };
    Ok((list.addresses.into_iter().collect(), otherwise))
}

/// Pieces with an address and the port that is the next piece together: `["10.0.3.2", 60154]`.
fn pairs(pieces: Vec<(&Node, String)>) -> Vec<(&Node, String)> {
    let mut paired: Vec<(&Node, String)> = Vec::new();
    for (node, text) in pieces {
        let is_port = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        match paired.last_mut().filter(|(_, before)| is_port && before.trim().parse::<IpAddr>().is_ok()) {
            Some((_, before)) => *before = format!("{} {text}", before.trim()),
            None => paired.push((node, text)),
        }
    }
    paired
}

/// What is read so far.
#[derive(Default)]
struct List {
    addresses: Vec<SocketAddress>,
    /// Counts, each with the number of addresses before it.
    counts: Vec<(usize, u64)>,
    /// Whether a port may be a count.
    has_loose_port: bool,
}

impl List {
    fn add(&mut self, text: &str) -> Result<(), Reason> {
        let plain = text.replace(" and ", ",").replace(" AND ", ",").replace(" And ", ",");
        let mut parts = plain.split([',', ';', '&', '\n']).filter_map(Part::read).peekable();
        while let Some(part) = parts.next() {
            self.counts.extend(part.before.map(|count| (self.addresses.len(), count)));
            match part.what {
                What::Address(address) => self.put(address),
                // An address, and its port as the next piece: ('10.0.3.2', 40210), as Python prints it.
                What::Ip(ip) => match parts.peek().and_then(|next| next.port()) {
                    Some(port) => {
                        parts.next();
                        self.put(Told { address: SocketAddress::new(ip, port.number), is_loose: port.is_loose });
                    }
                    None => return Err(no_address(part.written, Some(ip))),
                },
                What::Count(count) => self.counts.push((self.addresses.len(), count)),
                What::Number(port) if !port.is_marked => {
                    self.counts.push((self.addresses.len(), port.number.into()));
                }
                What::Number(_) | What::Unreadable => return Err(no_address(part.written, None)),
            }
            self.counts.extend(part.behind.map(|count| (self.addresses.len(), count)));
        }
        Ok(())
    }

    fn put(&mut self, told: Told) {
        self.addresses.push(told.address);
        self.has_loose_port |= told.is_loose;
    }

    /// Whether there is no number besides, or the count of all before or behind them, or each has its own.
    fn has_its_count(&self) -> bool {
        let listed = self.addresses.len();
        let distinct = self.addresses.iter().collect::<BTreeSet<_>>().len();
        let is = |count: u64, number: usize| u64::try_from(number) == Ok(count);
        let is_of_all = |count: u64| listed > 0 && (is(count, listed) || is(count, distinct));
        match self.counts.as_slice() {
            [] => true,
            // Before all of them, or behind.
            [(before, count)] if [0, listed].contains(before) && is_of_all(*count) => true,
            numbers => {
                let mut each = numbers.iter().enumerate();
                numbers.len() == listed
                    && each.all(|(at, (before, count))| *before == at && is(*count, at.saturating_add(1)))
            }
        }
    }
}

/// An address, and whether its port may be a count.
struct Told {
    address: SocketAddress,
    is_loose: bool,
}

/// A number that may be a port.
#[derive(Clone, Copy)]
struct Port {
    number: u16,
    /// Whether it is said to be one.
    is_marked: bool,
    is_loose: bool,
}

/// What a part of an entry is.
enum What {
    Address(Told),
    Ip(IpAddr),
    Number(Port),
    Count(u64),
    Unreadable,
}

/// A part of an entry that should be a socket address.
struct Part<'a> {
    /// As the student wrote it.
    written: &'a str,
    what: What,
    /// A count before it.
    before: Option<u64>,
    /// A count behind it.
    behind: Option<u64>,
}

impl<'a> Part<'a> {
    fn read(written: &'a str) -> Option<Part<'a>> {
        let written = written.trim();
        // A sentence ends with it.
        let written = written.strip_suffix('.').filter(|text| !text.ends_with('.')).unwrap_or(written);
        // One of a pair alone says less or more than.
        let bare = written.strip_prefix('<').and_then(|text| text.strip_suffix('>')).unwrap_or(written);
        let plain = bare.to_lowercase().replace("port", " : ").replace(['(', ')', '\'', '"', '`'], " ");
        // IP 10.0.3.2 port 40210; IP address: 10.0.3.2, port number: 60154. A list of addresses is another thing.
        let is_label = |word: &&str| matches!(word.trim_end_matches(':'), "ip" | "address" | "with" | "number");
        let words: Vec<&str> = plain.split_whitespace().filter(|word| !is_label(word)).collect();
        let (first, rest) = words.split_first()?;
        let part = |what, before, behind| Some(Part { written, what, before, behind });
        if let Some(what) = what(&words) {
            return part(what, None, None);
        }
        if let Some(count) = number(first.trim_start_matches('#').trim_end_matches([':', '.', '='])) {
            return match behind_count(rest) {
                [] => part(What::Count(count), None, None),
                list => match what(list) {
                    Some(What::Number(_)) | None => part(What::Unreadable, None, None),
                    Some(what) => part(what, Some(count), None),
                },
            };
        }
        let nouns = words.iter().rev().take_while(|word| NOUNS.contains(*word)).count();
        let counted = words.get(..words.len().saturating_sub(nouns)).and_then(|words| words.split_last());
        if let Some((last, list)) = counted
            && let (Some(count), Some(What::Address(told))) = (number(last), what(list))
        {
            return part(What::Address(told), None, Some(count));
        }
        part(What::Unreadable, None, None)
    }

    /// It as the port of the address before it.
    fn port(&self) -> Option<Port> {
        match self.what {
            What::Number(port) => Some(port),
            _ => None,
        }
    }
}

/// What follows a count and its nouns: `2 sockets: …`.
fn behind_count<'w, 'a>(mut words: &'w [&'a str]) -> &'w [&'a str] {
    while let Some((word, rest)) = words.split_first() {
        if !SIGNS.contains(word) && !NOUNS.contains(&word.trim_end_matches([':', '='])) {
            break;
        }
        words = rest;
    }
    words
}

/// What words are, if they are one thing.
fn what(words: &[&str]) -> Option<What> {
    let (first, rest) = words.split_first()?;
    // A port may follow the address after a space alone: 10.0.3.2 40210; or after the word, fe80::1 port 53.
    if let Some(ip) = bare_ip(first) {
        if rest.is_empty() {
            return Some(What::Ip(ip));
        }
        let port = port(rest)?;
        let address = SocketAddress::new(ip, port.number);
        // "10.0.3.2: 2" may be two sockets.
        return Some(What::Address(Told { address, is_loose: port.is_loose }));
    }
    if let Some(port) = port(words) {
        return Some(What::Number(port));
    }
    let address = match rest {
        [] => first.parse().ok().map(as_ipv4).or_else(|| {
            let (ip, port) = first.rsplit_once(':')?;
            let ip = bare_ip(ip).filter(|ip| ip.is_ipv4() || first.starts_with('['))?;
            Some(SocketAddress::new(ip, port.parse().ok()?))
        })?,
        _ => return None,
    };
    Some(What::Address(Told { address, is_loose: false }))
}

/// A number alone, or behind a colon.
fn port(words: &[&str]) -> Option<Port> {
    let marks = words.iter().take_while(|word| word.chars().all(|c| c == ':')).count();
    let [word] = words.get(marks..)? else { return None };
    let digits = word.trim_start_matches(':');
    let is_marked = marks > 0 || digits != *word;
    let number = digits.parse().ok().filter(|_| digits.bytes().all(|byte| byte.is_ascii_digit()))?;
    Some(Port { number, is_marked, is_loose: !is_marked && number < FIRST_USUAL_PORT })
}

fn bare_ip(text: &str) -> Option<IpAddr> {
    let text = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    text.trim_end_matches(':').parse().ok().map(|ip: IpAddr| ip.to_canonical())
}

/// An address as it is on the wire: a socket of IPv6 that takes IPv4 as well shows `::ffff:10.0.3.2` (RFC 4291, section 2.5.5.2).
fn as_ipv4(address: SocketAddress) -> SocketAddress {
    SocketAddress::new(address.ip.to_canonical(), address.port)
}

fn no_address(written: &str, ip: Option<IpAddr>) -> Reason {
    match ip {
        Some(ip) if ip.is_ipv6() => {
            format!("'{written}' does not tell the port from the address: write it in brackets, [ADDRESS]:PORT")
        }
        Some(ip) => format!("'{ip}' is an IP address without a port"),
        None if is_ipv6_with_port(written) => {
            format!("'{written}' is an IPv6 address with a port: write it in brackets, [ADDRESS]:PORT")
        }
        None => format!("'{written}' is not a socket address"),
    }
}

/// Whether an IPv6 address stands before a port without brackets around it.
fn is_ipv6_with_port(written: &str) -> bool {
    written
        .rsplit_once([':', '.'])
        .is_some_and(|(address, port)| port.parse::<u16>().is_ok() && address.parse::<std::net::Ipv6Addr>().is_ok())
}
