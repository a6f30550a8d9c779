//! Socket addresses as typed on the command line, and this computer's own addresses.
//!
//! Addresses are numbers; the only name is `localhost`, so that no DNS query gets into a capture.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, SocketAddrV6};

/// Port of the TCP programs when none is given.
pub const TCP_PORT: u16 = 65432;
/// Port of the UDP programs when none is given.
pub const UDP_PORT: u16 = 65433;

/// What was typed for a socket address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Typed {
    /// The address, with port 0.
    address: SocketAddr,
    /// The port, where there is one.
    port: Option<u16>,
}

impl Typed {
    /// The socket address. `apart` is a port that was typed as a word of its own, `default` the one where none was typed.
    ///
    /// # Errors
    /// Two ports, in words for the user.
    pub fn with_port(self, apart: Option<u16>, default: u16) -> Result<SocketAddr, String> {
        let port = match (self.port, apart) {
            (Some(port), Some(apart)) => return Err(format!("two ports are given, {port} and {apart}; give one")),
            (Some(port), None) | (None, Some(port)) => port,
            (None, None) => default,
        };
        let mut address = self.address;
        address.set_port(port);
        Ok(address)
    }
}

/// Reads `ADDRESS:PORT`, `ADDRESS` or `:PORT`, which is 127.0.0.1. IPv6 addresses are in brackets when a port follows;
/// `[fe80::1%eth0]:65432` names the interface of a link-local one.
///
/// # Errors
/// A text that is none of these: what is wrong and what to write, in lines for the user.
pub fn parse(text: &str) -> Result<Typed, String> {
    let local = text.strip_prefix("localhost").filter(|rest| rest.is_empty() || rest.starts_with(':'));
    let whole = local.map(|rest| format!("127.0.0.1{rest}"));
    let text = whole.as_deref().unwrap_or(text);
    if let Some(address) = parse_ip(text).or_else(|| bracketed(text)) {
        return Ok(Typed { address, port: None });
    }
    let (ip, port) = text.rsplit_once(':').ok_or_else(|| without_port(text))?;
    let address = match ip {
        "" => SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        _ => bracketed(ip)
            .or_else(|| parse_ip(ip).filter(SocketAddr::is_ipv4))
            .ok_or_else(|| not_an_address(ip, port))?,
    };
    Ok(Typed { address, port: Some(parse_port(port)?) })
}

fn parse_port(text: &str) -> Result<u16, String> {
    match text {
        "" => Err("the port after the colon is missing".to_owned()),
        _ => text.parse().map_err(|_| format!("\"{text}\" is not a port (0 to 65535)")),
    }
}

/// An IPv6 address in brackets.
fn bracketed(text: &str) -> Option<SocketAddr> {
    let inside = text.strip_prefix('[').and_then(|text| text.strip_suffix(']'))?;
    parse_ip(inside).filter(SocketAddr::is_ipv6)
}

const USAGE: &str = "expected ADDRESS:PORT\n  Such as 10.0.3.1:65432 or [::1]:65432.";

/// What to write instead of a text without a colon.
fn without_port(text: &str) -> String {
    match text.split_once('/') {
        _ if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) => {
            format!(
                "the address before the port is missing\n  Such as 10.0.3.1:{text}, or :{text} for programs on this computer only."
            )
        }
        Some((ip, _)) if parse_ip(ip).is_some() => format!("leave out the network's length\n  Write {ip}."),
        _ => not_an_address(text, "65432"),
    }
}

/// What to write instead of `ip`, which `port` follows.
fn not_an_address(ip: &str, port: &str) -> String {
    let is_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let interface = ip.trim_end_matches(']').split_once('%').map(|(_, name)| name);
    if let Some(name) = interface {
        format!("this computer has no interface {name}\n  `ip link` lists its interfaces.")
    } else if parse_ip(ip).is_some() {
        format!("an IPv6 address needs brackets before a port\n  Write [{ip}]:{port}.")
    } else if ip.chars().all(|c| c.is_ascii_digit() || c == '.') && ip.contains('.') {
        format!("{ip} is not an IP address\n  It has four numbers from 0 to 255, such as 10.0.3.1.")
    } else if !ip.is_empty() && ip.chars().all(is_word) && !port.starts_with("//") {
        format!(
            "{ip} is a name\n  socklab looks up no names, so that no DNS query gets into your capture.\n  \
             Give the IP address; `ping {ip}` shows it."
        )
    } else {
        USAGE.to_owned()
    }
}

/// An IP address, with its interface if it has one.
fn parse_ip(text: &str) -> Option<SocketAddr> {
    match text.split_once('%') {
        None => Some(SocketAddr::from((text.parse::<IpAddr>().ok()?, 0))),
        Some((ip, scope)) => {
            let scope = scope.parse().ok().or_else(|| interface_index(scope))?;
            Some(SocketAddr::V6(SocketAddrV6::new(ip.parse().ok()?, 0, 0, scope)))
        }
    }
}

#[cfg(unix)]
fn interface_index(name: &str) -> Option<u32> {
    pnet_datalink::interfaces().into_iter().find(|interface| interface.name == name).map(|interface| interface.index)
}

#[cfg(not(unix))]
fn interface_index(_name: &str) -> Option<u32> {
    None
}

/// This computer's addresses with their interfaces' names, of the interfaces that are up. Empty where the system can't
/// be asked (only Unix can).
pub fn own() -> Vec<(IpAddr, String)> {
    #[cfg(unix)]
    {
        let up = pnet_datalink::interfaces().into_iter().filter(pnet_datalink::NetworkInterface::is_up);
        up.flat_map(|interface| {
            let name = interface.name;
            interface.ips.into_iter().map(move |network| (network.ip(), name.clone()))
        })
        .collect()
    }
    #[cfg(not(unix))]
    {
        Vec::new()
    }
}

/// An address of this computer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Own {
    /// The address.
    pub ip: IpAddr,
    /// Its interface's name.
    pub interface: String,
    /// Whether the interface is up.
    pub is_up: bool,
}

/// This computer's own address in the same network as `ip`, one of an interface that is up before others. `None` also where the
/// system can't be asked (only Unix can).
pub fn beside(ip: &IpAddr) -> Option<Own> {
    #[cfg(unix)]
    {
        let all = pnet_datalink::interfaces().into_iter().flat_map(|interface| {
            let is_up = interface.is_up();
            let name = interface.name;
            let beside = interface.ips.into_iter().filter(|network| network.contains(*ip));
            beside.map(move |network| Own { ip: network.ip(), interface: name.clone(), is_up }).collect::<Vec<_>>()
        });
        all.max_by_key(|own| own.is_up)
    }
    #[cfg(not(unix))]
    {
        let _ = ip;
        None
    }
}

/// Whether the address means all computers of a network that this computer is in (RFC 919). Where the system can't be
/// asked (only Unix can), 255.255.255.255 alone is known.
pub fn is_broadcast(ip: &IpAddr) -> bool {
    let IpAddr::V4(ipv4) = ip else { return false };
    #[cfg(unix)]
    {
        // Networks of one or two addresses have none for broadcast (RFC 3021).
        let mut own = pnet_datalink::interfaces().into_iter().flat_map(|interface| interface.ips);
        if own.any(|network| network.is_ipv4() && network.prefix() < 31 && network.broadcast() == *ip) {
            return true;
        }
    }
    ipv4.is_broadcast()
}

/// Whether it is an IPv6 link-local address (RFC 4291 section 2.5.6), which needs an interface beside it.
pub fn is_link_local(ip: &IpAddr) -> bool {
    matches!(ip, IpAddr::V6(ip) if ip.is_unicast_link_local())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<String, String> {
        parse(text)?.with_port(None, TCP_PORT).map(|address| address.to_string())
    }

    #[test]
    fn addresses_are_read_in_every_usual_form() {
        for (text, expected) in [
            ("10.0.3.1:7", "10.0.3.1:7"),
            ("10.0.3.1", "10.0.3.1:65432"),
            (":8", "127.0.0.1:8"),
            ("localhost", "127.0.0.1:65432"),
            ("localhost:80", "127.0.0.1:80"),
            ("::1", "[::1]:65432"),
            ("[::]", "[::]:65432"),
            ("[::1]:0", "[::1]:0"),
            ("[fe80::1%3]:5", "[fe80::1%3]:5"),
            ("[fe80::1%3]", "[fe80::1%3]:65432"),
        ] {
            assert_eq!(read(text).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn the_port_may_be_a_word_of_its_own() {
        let port = |text: &str| parse(text).unwrap().with_port(Some(7), TCP_PORT).map(|address| address.to_string());
        assert_eq!(port("10.0.3.1").as_deref(), Ok("10.0.3.1:7"));
        assert_eq!(port("[::1]").as_deref(), Ok("[::1]:7"));
        assert_eq!(port("10.0.3.1:5").unwrap_err(), "two ports are given, 5 and 7; give one");
    }

    #[test]
    fn anything_else_is_refused_with_what_to_write() {
        for (text, advice) in [
            ("", "10.0.3.1:65432"),
            ("*:5", "ADDRESS:PORT"),
            ("[10.0.3.1]:5", "ADDRESS:PORT"),
            ("10.0.3.1:65536", "(0 to 65535)"),
            ("10.0.3.1:", "the port after the colon is missing"),
            ("10.0.3:5", "four numbers"),
            ("10.0.3.256", "four numbers"),
            ("raspberrypi", "`ping raspberrypi`"),
            ("example.org:80", "example.org is a name"),
            ("localhosts:5", "localhosts is a name"),
            ("http://10.0.3.1", "expected ADDRESS:PORT"),
            ("65432", "10.0.3.1:65432"),
            ("10.0.3.1/24", "Write 10.0.3.1."),
            ("::1:65432", "Write [::1]:65432."),
            ("1:2:3", "ADDRESS:PORT"),
            ("[fe80::1%no-such-interface]:5", "no interface no-such-interface"),
        ] {
            let why = read(text).unwrap_err();
            assert!(why.contains(advice), "{text}: {why}");
            // The first line comes after the option's name and the value.
            assert!(why.lines().skip(1).all(|line| line.chars().count() <= 80), "{why}");
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_last_address_of_an_own_network_is_for_broadcast() {
        let is_it = |text: &str| is_broadcast(&text.parse().unwrap());
        assert!(is_it("127.255.255.255") && is_it("255.255.255.255"));
        assert!(!is_it("127.0.0.1") && !is_it("127.0.0.255") && !is_it("::1"));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_link_local_address_takes_its_interface_by_name() {
        assert_eq!(read("[fe80::1%lo]:5").as_deref(), Ok("[fe80::1%1]:5"));
        assert!(own().iter().any(|(ip, name)| ip.is_loopback() && name == "lo"));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_own_address_in_a_network_is_found() {
        let beside = |text: &str| beside(&text.parse().unwrap()).map(|own| own.interface);
        assert_eq!(beside("127.3.2.1").as_deref(), Some("lo"));
        assert_eq!(beside("240.0.0.1"), None);
    }
}
