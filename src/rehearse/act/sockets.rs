//! The sockets of a host as the kernel lists them (`/proc/net/tcp`, proc_pid_net(5)): what programs that write no
//! journal are doing, and which bytes are not acknowledged.

use std::fs;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::types::{Protocol, SocketAddress};

/// A TCP socket's state (RFC 9293 section 3.3.2), numbered as in Linux (`net/tcp_states.h`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct State(pub u8);

impl State {
    /// ESTABLISHED.
    pub const ESTABLISHED: State = State(1);
    /// FIN-WAIT-2: the own FIN is acknowledged, the peer's has not come.
    pub const FIN_WAIT_2: State = State(5);
    /// TIME-WAIT.
    pub const TIME_WAIT: State = State(6);
    /// CLOSE-WAIT: the peer's FIN has come.
    pub const CLOSE_WAIT: State = State(8);
    /// LISTEN.
    pub const LISTEN: State = State(10);
}

/// A socket of a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// Its local address.
    pub local: SocketAddress,
    /// Its remote address; unspecified if it has none.
    pub remote: SocketAddress,
    /// Its state; meaningless for UDP.
    pub state: State,
    /// Bytes sent and not acknowledged.
    pub unacknowledged: u32,
    /// Bytes received and not read by the program; for a listening socket, connections not accepted.
    pub unread: u32,
    /// Whether a program has it open: a connection in the queue of a listening socket has no inode yet.
    pub opened: bool,
}

/// The sockets of the calling thread's host.
///
/// # Errors
/// If the kernel's list can't be read.
pub fn list(protocol: Protocol) -> io::Result<Vec<Entry>> {
    let name = match protocol {
        Protocol::Tcp => "tcp",
        Protocol::Udp => "udp",
    };
    let mut entries = Vec::new();
    for file in [name.to_owned(), format!("{name}6")] {
        match fs::read_to_string(format!("/proc/thread-self/net/{file}")) {
            Ok(text) => entries.extend(parse(&text)),
            // A system without IPv6.
            Err(error) if error.kind() == io::ErrorKind::NotFound && file.ends_with('6') => {}
            Err(error) => return Err(error),
        }
    }
    Ok(entries)
}

/// Reads the kernel's list; lines that are none of its entries are passed over.
fn parse(text: &str) -> impl Iterator<Item = Entry> + '_ {
    text.lines().skip(1).filter_map(entry)
}

/// `sl local_address rem_address st tx_queue:rx_queue tr:tm->when retrnsmt uid timeout inode …`
fn entry(line: &str) -> Option<Entry> {
    let mut fields = line.split_whitespace().skip(1);
    let local = address(fields.next()?)?;
    let remote = address(fields.next()?)?;
    let state = State(u8::from_str_radix(fields.next()?, 16).ok()?);
    let (unacknowledged, unread) = fields.next()?.split_once(':')?;
    let inode = fields.nth(4)?;
    Some(Entry {
        local,
        remote,
        state,
        unacknowledged: u32::from_str_radix(unacknowledged, 16).ok()?,
        unread: u32::from_str_radix(unread, 16).ok()?,
        opened: inode != "0",
    })
}

/// An address: words of 32 bits in the machine's byte order, in hexadecimal, then the port.
fn address(text: &str) -> Option<SocketAddress> {
    let (ip, port) = text.split_once(':')?;
    let word = |at: usize| u32::from_str_radix(ip.get(at..at.checked_add(8)?)?, 16).ok().map(u32::to_ne_bytes);
    let ip = match ip.len() {
        8 => IpAddr::V4(Ipv4Addr::from(word(0)?)),
        32 => {
            let words = [word(0)?, word(8)?, word(16)?, word(24)?];
            let bytes: [u8; 16] = words.as_flattened().try_into().ok()?;
            let ip = Ipv6Addr::from(bytes);
            ip.to_ipv4_mapped().map_or(IpAddr::V6(ip), IpAddr::V4)
        }
        _ => return None,
    };
    Some(SocketAddress::new(ip, u16::from_str_radix(port, 16).ok()?))
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream};

    use super::*;

    #[test]
    #[cfg(target_endian = "little")]
    fn the_kernels_lines_are_read() {
        let text = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n   \
                    0: 0103000A:FF98 0203000A:9D12 01 00000000:00000012 00:00000000 00000000     0        0 0 1 0 20 4\n   \
                    1: 100000FD000003000000000001000000:FF98 00000000000000000000000000000000:0000 0A 00000000:00000000 \
                    00:00000000 00000000     0        0 4711 1\nnonsense\n";
        let entries: Vec<Entry> = parse(text).collect();
        assert_eq!(entries.len(), 2);
        assert_eq!(entries[0].local.to_string(), "10.0.3.1:65432");
        assert_eq!(entries[0].remote.to_string(), "10.0.3.2:40210");
        assert_eq!((entries[0].state, entries[0].unread, entries[0].opened), (State::ESTABLISHED, 18, false));
        assert_eq!(entries[1].local.to_string(), "[fd00:10:3::1]:65432");
        assert_eq!((entries[1].state, entries[1].opened), (State::LISTEN, true));
    }

    #[test]
    fn a_connection_in_the_queue_is_not_opened() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server: SocketAddress = listener.local_addr().unwrap().into();
        let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let client: SocketAddress = client.local_addr().map(|local| local.into()).unwrap();
        let mine = || {
            let entries = list(Protocol::Tcp).unwrap();
            entries.into_iter().find(|entry| entry.local == server && entry.remote == client).unwrap()
        };
        assert!(!mine().opened);
        let accepted = listener.accept().unwrap();
        assert!(mine().opened);
        drop(accepted);
    }
}
