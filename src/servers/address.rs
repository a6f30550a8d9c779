//! Socket addresses as typed on the command line, and this computer's own addresses.
//!
//! Addresses are numbers; no name is looked up but `localhost`, so that no DNS query gets into a capture.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, SocketAddrV6};

/// Port of the TCP programs when none is given.
pub const TCP_PORT: u16 = 65432;
/// Port of the UDP programs when none is given.
pub const UDP_PORT: u16 = 65433;

/// Reads `ADDRESS:PORT`, `ADDRESS` or `:PORT`; what is missing is 127.0.0.1 and `port`. IPv6 addresses stand in
/// brackets when a port follows; `[fe80::1%eth0]:65432` names the interface of a link-local one.
///
/// # Errors
/// A text that is none of these, in words for the user.
pub fn parse(text: &str, port: u16) -> Result<SocketAddr, String> {
    let whole = text.strip_prefix("localhost").map(|rest| format!("127.0.0.1{rest}"));
    let text = whole.as_deref().unwrap_or(text);
    if let Some(address) = parse_ip(text) {
        return Ok(with_port(address, port));
    }
    let (ip, port) = text.rsplit_once(':').ok_or_else(usage)?;
    let port = port.parse().map_err(|_| format!("\"{port}\" is no port (0 to 65535)"))?;
    let bracketed = ip.strip_prefix('[').and_then(|ip| ip.strip_suffix(']'));
    let address = match bracketed {
        None if ip.is_empty() => Some(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))),
        None => ip.parse().ok().map(|ip: Ipv4Addr| SocketAddr::from((ip, 0))),
        Some(ip) => parse_ip(ip).filter(SocketAddr::is_ipv6),
    };
    address.map(|address| with_port(address, port)).ok_or_else(usage)
}

fn usage() -> String {
    "expected ADDRESS:PORT, such as 10.0.3.1:65432 or [::1]:65432".to_owned()
}

fn with_port(mut address: SocketAddr, port: u16) -> SocketAddr {
    address.set_port(port);
    address
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
    pnet::datalink::interfaces().into_iter().find(|interface| interface.name == name).map(|interface| interface.index)
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
        let up = pnet::datalink::interfaces().into_iter().filter(pnet::datalink::NetworkInterface::is_up);
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

/// Whether it is an IPv6 link-local address (RFC 4291 section 2.5.6), which needs an interface beside it.
pub fn is_link_local(ip: &IpAddr) -> bool {
    matches!(ip, IpAddr::V6(ip) if ip.is_unicast_link_local())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_in_every_usual_form() {
        for (text, expected) in [
            ("10.0.3.1:7", "10.0.3.1:7"),
            ("10.0.3.1", "10.0.3.1:65432"),
            (":8", "127.0.0.1:8"),
            ("localhost", "127.0.0.1:65432"),
            ("localhost:9", "127.0.0.1:9"),
            ("::1", "[::1]:65432"),
            ("[::1]:0", "[::1]:0"),
            ("[fe80::1%3]:5", "[fe80::1%3]:5"),
        ] {
            assert_eq!(parse(text, TCP_PORT).unwrap().to_string(), expected, "{text}");
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for text in
            ["", "10.0.3.1:65536", "10.0.3:5", "example.org:80", "[10.0.3.1]:5", "localhosts:5", "[::1]", "1:2:3"]
        {
            assert!(parse(text, TCP_PORT).is_err(), "{text}");
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_link_local_address_takes_its_interface_by_name() {
        assert_eq!(parse("[fe80::1%lo]:5", TCP_PORT).unwrap().to_string(), "[fe80::1%1]:5");
        assert!(parse("[fe80::1%no-such-interface]:5", TCP_PORT).is_err());
        assert!(own().iter().any(|(ip, name)| ip.is_loopback() && name == "lo"));
    }
}
