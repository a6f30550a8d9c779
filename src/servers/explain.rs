//! What a failed call means in the lab: the errno's name, why it happened, and what to look at.
//!
//! The errno names come from the `nix` crate on Unix; elsewhere from what the standard library tells apart.

use std::fmt;
use std::io::{self, ErrorKind};

use super::sheet::{self, step, steps};
use crate::servers::address::{self, Own};
use socklab_core::lab::Does;
use socklab_core::wording::{self, COLUMNS};
use socklab_packets::types::{Protocol, SocketAddress};

/// A program that can't do its work: what failed, and what a student can do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    what: String,
    /// The system's error, where a call failed.
    error: Option<String>,
    advice: Vec<String>,
}

impl Failure {
    /// A call of this program failed, with the address that it was for.
    fn of_call(program: &str, call: &str, address: SocketAddress, error: &io::Error, advice: Vec<String>) -> Failure {
        Failure { what: format!("{program}: {call} {address} failed"), error: Some(named(error)), advice }
    }

    /// What failed, without the advice.
    pub fn what(&self) -> String {
        match &self.error {
            Some(error) => format!("{}: {error}", self.what),
            None => self.what.clone(),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = self.what();
        match &self.error {
            Some(error) if line.chars().count() > COLUMNS => write!(f, "{}:\n  {error}", self.what)?,
            _ => f.write_str(&line)?,
        }
        self.advice.iter().try_for_each(|line| write!(f, "\n  {line}"))
    }
}

impl std::error::Error for Failure {}

/// The errno's name (`EADDRINUSE`), or `errno 123` where it has none here.
pub fn errno_name(error: &io::Error) -> String {
    #[cfg(unix)]
    if let Some(number) = error.raw_os_error() {
        let errno = nix::errno::Errno::from_raw(number);
        return match errno {
            nix::errno::Errno::UnknownErrno => format!("errno {number}"),
            errno => format!("{errno:?}"),
        };
    }
    kind_name(error)
}

/// The errno's name by the kind that the standard library gives it.
fn kind_name(error: &io::Error) -> String {
    let name = match error.kind() {
        ErrorKind::AddrInUse => "EADDRINUSE",
        ErrorKind::AddrNotAvailable => "EADDRNOTAVAIL",
        ErrorKind::ConnectionAborted => "ECONNABORTED",
        ErrorKind::ConnectionRefused => "ECONNREFUSED",
        ErrorKind::ConnectionReset => "ECONNRESET",
        ErrorKind::BrokenPipe => "EPIPE",
        ErrorKind::HostUnreachable => "EHOSTUNREACH",
        ErrorKind::NetworkUnreachable => "ENETUNREACH",
        ErrorKind::NetworkDown => "ENETDOWN",
        ErrorKind::NotConnected => "ENOTCONN",
        ErrorKind::PermissionDenied => "EACCES",
        ErrorKind::TimedOut => "ETIMEDOUT",
        ErrorKind::OutOfMemory => "ENOMEM",
        _ => return error.raw_os_error().map_or_else(|| "unknown".to_owned(), |number| format!("errno {number}")),
    };
    name.to_owned()
}

/// The system's message for the errno, without its number.
pub fn message(error: &io::Error) -> String {
    let text = error.to_string();
    match text.rsplit_once(" (os error ") {
        Some((message, _)) if error.raw_os_error().is_some() => message.to_owned(),
        _ => text,
    }
}

/// Name and message: `EADDRINUSE (Address already in use)`.
pub fn named(error: &io::Error) -> String {
    format!("{} ({})", errno_name(error), message(error))
}

/// A server's `operation` (`socket`, `bind`, `listen`) on this address failed.
pub fn server_failure(
    program: &str,
    operation: &str,
    protocol: Protocol,
    address: SocketAddress,
    error: &io::Error,
) -> Failure {
    let advice = match error.kind() {
        ErrorKind::AddrInUse => in_use(protocol, address),
        ErrorKind::AddrNotAvailable => not_available(address),
        ErrorKind::InvalidInput if address::is_link_local(&address.ip) => vec![LINK_LOCAL.to_owned()],
        ErrorKind::PermissionDenied if address.port < 1024 => {
            vec!["Why: ports below 1024 are for the system's own servers. Use a higher one.".to_owned()]
        }
        _ => Vec::new(),
    };
    Failure::of_call(program, operation, address, error, advice)
}

/// EINVAL for such an address.
const LINK_LOCAL: &str = "A link-local address needs its interface: [fe80::1%eth0]:65432.";

fn in_use(protocol: Protocol, address: SocketAddress) -> Vec<String> {
    let option = match protocol {
        Protocol::Tcp => "-ltnp",
        Protocol::Udp => "-lunp",
    };
    let any = if address.ip.is_ipv4() { "0.0.0.0" } else { "[::]" };
    let mut lines = vec![
        format!("Why: another {protocol} socket on this computer has this address and port already,"),
        format!("most likely the server in your other terminal. ({any} means every address.)"),
        "Two servers can't share a socket address.".to_owned(),
        format!("Look in your other terminals, or run `ss {option}`, which names the program."),
        format!("In {} this is the expected result. bind() sends nothing over the network,", step(Does::SecondServer)),
        "so no capture shows it: your screenshot of this message is the evidence.".to_owned(),
    ];
    if protocol == Protocol::Tcp {
        lines.push("If no server runs, one without SO_REUSEADDR was stopped while clients were".to_owned());
        lines.push("connected, and `ss -tan` shows TIME-WAIT. Then try again in a minute.".to_owned());
    }
    lines
}

fn not_available(address: SocketAddress) -> Vec<String> {
    let mut lines = vec![format!("Why: {} is not an address of this computer.", address.ip)];
    let own = address::own();
    if !own.is_empty() {
        lines.push("This computer's addresses are:".to_owned());
        lines.extend(own.into_iter().map(|(ip, name)| format!("  {ip} ({name})")));
    }
    let (addresses, server) = (step(Does::Addresses), sheet::server());
    lines.push(format!("A server needs an address of its own computer. Check {addresses}: at computer {server},"));
    lines.push("`ifconfig eth0 10.0.3.1/24 up` sets it, and `ip addr` shows it.".to_owned());
    if address.ip.is_ipv6() {
        lines.push("An IPv6 address needs brackets before a port: [::1]:65432.".to_owned());
    }
    lines
}

/// The TCP client's `connect` (or `socket`) failed.
pub fn connect_failure(operation: &str, server: SocketAddress, error: &io::Error) -> Failure {
    Failure::of_call("tcp-client", operation, server, error, unreachable(Protocol::Tcp, server, error.kind()))
}

/// What the network's answer to a client means, and which step of the sheet to check.
fn unreachable(protocol: Protocol, server: SocketAddress, kind: ErrorKind) -> Vec<String> {
    if matches!(kind, ErrorKind::NetworkUnreachable | ErrorKind::PermissionDenied)
        && let Some(lines) = of_several(protocol, server)
    {
        return lines;
    }
    if kind == ErrorKind::NetworkUnreachable {
        return no_route(address::beside(&server.ip));
    }
    let (ping, addresses) = (step(Does::Ping), step(Does::Addresses));
    let lines: &[&str] = match kind {
        ErrorKind::ConnectionRefused => &[
            "Why: the computer is there, but no TCP server listens on this socket address.",
            "Its system answered the SYN with RST.",
            &format!("Check {}: does the server run, on exactly this address and port? A server", step(Does::Server)),
            "on 127.0.0.1 can be reached only from its own computer.",
        ],
        ErrorKind::TimedOut => &[
            "Why: the system repeated the SYN, but nobody answered. Perhaps the server's",
            "queue is full because it serves another client, or no computer has this",
            "address, or a firewall drops the frames.",
            &format!("Check {ping}: if `ping` is answered, it is the queue or a firewall."),
        ],
        ErrorKind::HostUnreachable => &[
            "Why: no computer answered for this address (there was no ARP reply), or a",
            "router or firewall reported that it can't be reached.",
            &format!(
                "Check {}, the cables and the address set at that computer. Then",
                steps(&[Does::Connect, Does::Addresses])
            ),
            &format!("repeat {ping}, `ping`."),
        ],
        ErrorKind::AddrNotAvailable if server.ip.is_loopback() => &["Why: this computer has no such loopback address."],
        ErrorKind::AddrNotAvailable => &[
            "Why: this computer has no local address or no free port to connect from.",
            &format!("Check {addresses} at this computer: `ip addr`."),
        ],
        ErrorKind::InvalidInput if address::is_link_local(&server.ip) => &[LINK_LOCAL],
        _ => &[],
    };
    lines.iter().map(|line| (*line).to_owned()).collect()
}

/// There is no route. `beside` is the own address in the same network, if there is one.
fn no_route(beside: Option<Own>) -> Vec<String> {
    let addresses = step(Does::Addresses);
    match beside {
        Some(Own { ip, interface, is_up: false }) => vec![
            format!("Why: the interface {interface} of this computer is down; it has the"),
            format!("address {ip}, in the same network."),
            format!("`ip link set {interface} up` (as root) starts it. See {addresses}, and `ip addr`."),
        ],
        Some(Own { ip, interface, is_up: true }) => vec![
            "Why: this computer has no route to that address, although its own address".to_owned(),
            format!("{ip} ({interface}) is in the same network. `ip route` shows its routes."),
        ],
        None if cfg!(unix) => vec![
            "Why: this computer has no route to that address: none of its own addresses is".to_owned(),
            format!("in the same network. Check {addresses} at this computer: `ip addr`."),
        ],
        None => vec![format!("Why: this computer has no route to that address. Check {addresses}.")],
    }
}

/// Where the address is not that of one computer.
fn of_several(protocol: Protocol, server: SocketAddress) -> Option<Vec<String>> {
    let (kind, several) = match server.ip {
        ip if ip.is_multicast() => ("multicast", "a group of computers"),
        ip if address::is_broadcast(&ip) => ("broadcast", "all computers of a network"),
        _ => return None,
    };
    let one = match protocol {
        Protocol::Tcp => "a TCP connection has two ends",
        Protocol::Udp => "this client talks to one server",
    };
    Some(vec![
        format!("Why: {} is a {kind} address.", server.ip),
        format!("It means {several}, but {one}."),
        "Give the server's own address.".to_owned(),
    ])
}

/// The connection of the TCP client broke in `operation`.
pub fn connection_lost(operation: &str, server: SocketAddress, error: &io::Error) -> Failure {
    let (cable, ping) = (step(Does::Connect), step(Does::Ping));
    let advice: &[&str] = match error.kind() {
        ErrorKind::ConnectionReset | ErrorKind::BrokenPipe => &[
            "Why: the server's system sent RST. Perhaps the server ended while this",
            "connection waited in its queue, or it closed the connection before it had read",
            "all your data.",
        ],
        ErrorKind::TimedOut => &[
            "Why: the server's system no longer acknowledges your data. Check the cable",
            &format!("({cable}) and `ping` ({ping})."),
        ],
        _ => &[],
    };
    let advice = advice.iter().map(|line| (*line).to_owned()).collect();
    Failure::of_call("tcp-client", operation, server, error, advice)
}

/// The UDP client can't go on: its `operation` failed.
pub fn datagram_failure(operation: &str, server: SocketAddress, error: &io::Error) -> Failure {
    let advice = match error.kind() {
        ErrorKind::ConnectionRefused => refused_datagram(server),
        // Windows' name for the same (WSAECONNRESET).
        ErrorKind::ConnectionReset => refused_datagram(server),
        _ if errno_name(error) == "EMSGSIZE" => vec!["Why: a datagram holds at most 65,507 bytes (IPv4).".to_owned()],
        kind => unreachable(Protocol::Udp, server, kind),
    };
    Failure::of_call("udp-client", operation, server, error, advice)
}

/// The UDP client ended after failures that it has told one by one.
pub fn datagrams_failed(failures: u64, sent: u64) -> Failure {
    let what = format!("udp-client: {} sent, {failures} failed (see above)", wording::count(sent, "datagram"));
    Failure { what, error: None, advice: Vec::new() }
}

fn refused_datagram(server: SocketAddress) -> Vec<String> {
    vec![
        format!("Why: {} answered a datagram with ICMP \"port unreachable\".", server.ip),
        format!("The computer is there, but no UDP server is bound to port {}.", server.port),
        format!("Check {}: does the UDP server run, on exactly this address and port?", sheet::clients(Protocol::Udp)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_os = "linux")]
    #[test]
    fn errors_are_named_as_errno_3_and_strerror_name_them() {
        let named = |number| super::named(&io::Error::from_raw_os_error(number));
        assert_eq!(named(98), "EADDRINUSE (Address already in use)");
        assert_eq!(named(24), "EMFILE (Too many open files)");
        assert_eq!(named(111), "ECONNREFUSED (Connection refused)");
        assert_eq!(errno_name(&io::Error::from_raw_os_error(4000)), "errno 4000");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_long_error_goes_on_the_next_line() {
        let error = io::Error::from_raw_os_error(99);
        let server = "10.0.3.1:65432".parse().unwrap();
        let text = server_failure("tcp-server", "bind", Protocol::Tcp, server, &error).to_string();
        let lines: Vec<&str> = text.lines().collect();
        let expected = ["tcp-server: bind 10.0.3.1:65432 failed:", "  EADDRNOTAVAIL (Cannot assign requested address)"];
        assert_eq!(lines[..2], expected);
    }

    #[test]
    fn an_address_of_several_computers_is_called_that() {
        let error = || io::Error::from(ErrorKind::NetworkUnreachable);
        for (server, kind) in
            [("224.0.0.1:5", "multicast"), ("[ff02::1]:5", "multicast"), ("255.255.255.255:5", "broadcast")]
        {
            let server = server.parse().unwrap();
            let told = [connect_failure("connect", server, &error()), datagram_failure("send", server, &error())];
            for text in told.map(|failure| failure.to_string()) {
                assert!(text.contains(kind) && !text.contains("no route"), "{text}");
            }
        }
        let text = connect_failure("connect", "10.9.8.7:5".parse().unwrap(), &error()).to_string();
        assert!(text.contains("no route"), "{text}");
    }

    #[test]
    fn an_interface_that_is_down_is_named_as_the_reason() {
        let own = |is_up| Own { ip: "10.0.3.2".parse().unwrap(), interface: "enp0s31f6".to_owned(), is_up };
        let down = no_route(Some(own(false)));
        assert!(down.join(" ").contains("the interface enp0s31f6 of this computer is down"), "{down:?}");
        let up = no_route(Some(own(true)));
        assert!(up.join(" ").contains("10.0.3.2 (enp0s31f6) is in the same network"), "{up:?}");
        let none = no_route(None);
        assert!(none.join(" ").contains("none of its own addresses is in the same network"), "{none:?}");
        assert!([down, up, none].iter().flatten().all(|line| line.chars().count() <= COLUMNS));
    }

    #[test]
    fn no_failure_is_wider_than_80_columns() {
        let server: SocketAddress = "255.255.255.255:1000".parse().unwrap();
        for kind in [
            ErrorKind::AddrInUse,
            ErrorKind::AddrNotAvailable,
            ErrorKind::PermissionDenied,
            ErrorKind::ConnectionRefused,
            ErrorKind::TimedOut,
            ErrorKind::HostUnreachable,
            ErrorKind::NetworkUnreachable,
            ErrorKind::ConnectionReset,
        ] {
            let error = kind.into();
            for failure in [
                server_failure("tcp-threaded-server", "bind", Protocol::Tcp, server, &error),
                connect_failure("connect", server, &error),
                connection_lost("receive", server, &error),
                datagram_failure("send", server, &error),
            ] {
                let text = failure.to_string();
                assert!(text.lines().all(|line| line.chars().count() <= COLUMNS), "{text}");
            }
        }
    }
}
