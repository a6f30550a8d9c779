//! The sockets of a host as the kernel lists them (`/proc/net/tcp`, proc_pid_net(5)): what programs that write no
//! journal are doing, who waits in a queue, and which bytes are not acknowledged or not read.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::Path;

use socklab_packets::types::{Protocol, SocketAddress};

/// A TCP socket's state (RFC 9293 section 3.3.2), numbered as in Linux (`net/tcp_states.h`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct State(pub u8);

impl State {
    /// ESTABLISHED.
    pub const ESTABLISHED: State = State(1);
    /// SYN-SENT.
    pub const SYN_SENT: State = State(2);
    /// SYN-RECEIVED.
    pub const SYN_RECEIVED: State = State(3);
    /// SYN-RECEIVED too: how Linux numbers a connection that is not yet a socket (`TCP_NEW_SYN_RECV`).
    pub const NEW_SYN_RECEIVED: State = State(12);
    /// FIN-WAIT-2: the own FIN is acknowledged, the peer's has not come.
    pub const FIN_WAIT_2: State = State(5);
    /// TIME-WAIT.
    pub const TIME_WAIT: State = State(6);
    /// CLOSE-WAIT: the peer's FIN has come.
    pub const CLOSE_WAIT: State = State(8);
    /// LAST-ACK: the peer's FIN has come, and the own one is not acknowledged.
    pub const LAST_ACK: State = State(9);
    /// CLOSING: both FINs were sent, and the own one is not acknowledged.
    pub const CLOSING: State = State(11);
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
    /// The socket's inode number, by which a descriptor names it (`/proc/PID/fd/N`: `socket:[4711]`); 0 if no program has
    /// it open.
    pub inode: u64,
}

impl Entry {
    /// Whether a program has it open: a connection in the queue of a listening socket has no inode yet.
    pub fn opened(&self) -> bool {
        self.inode != 0
    }

    /// Whether it is a connection that no program has accepted: established, also if the client has closed its side since.
    /// A connection that its program has closed has no inode either, but is in none of these two states.
    pub fn waits(&self) -> bool {
        !self.opened() && matches!(self.state, State::ESTABLISHED | State::CLOSE_WAIT)
    }
}

/// The sockets of the calling thread's host.
///
/// # Errors
/// If the kernel's list can't be read.
pub fn list(protocol: Protocol) -> io::Result<Vec<Entry>> {
    list_in(Path::new("/proc/thread-self/net"), protocol)
}

/// A socket's address family. One of IPv6 may have connections over IPv4 too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// `AF_INET`.
    Ipv4,
    /// `AF_INET6`.
    Ipv6,
}

impl Family {
    /// That of a socket bound to this address.
    pub fn of(ip: IpAddr) -> Family {
        if ip.is_ipv4() { Family::Ipv4 } else { Family::Ipv6 }
    }
}

/// The sockets of the host whose lists are in this folder, such as `/proc/4711/net` for that of a process.
///
/// # Errors
/// If the kernel's list can't be read.
pub fn list_in(folder: &Path, protocol: Protocol) -> io::Result<Vec<Entry>> {
    let mut entries = list_family(folder, protocol, Family::Ipv4)?;
    match list_family(folder, protocol, Family::Ipv6) {
        Ok(more) => entries.extend(more),
        // A system without IPv6.
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    Ok(entries)
}

/// The sockets of one family: half the time, where the list is long.
///
/// # Errors
/// If the kernel's list can't be read.
pub fn list_family(folder: &Path, protocol: Protocol, family: Family) -> io::Result<Vec<Entry>> {
    let name = match (protocol, family) {
        (Protocol::Tcp, Family::Ipv4) => "tcp",
        (Protocol::Tcp, Family::Ipv6) => "tcp6",
        (Protocol::Udp, Family::Ipv4) => "udp",
        (Protocol::Udp, Family::Ipv6) => "udp6",
    };
    Ok(parse(&fs::read_to_string(folder.join(name))?).collect())
}

/// A process that has a socket open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// Its number.
    pub process: u32,
    /// Its program's name (proc_pid_comm(5)).
    pub name: String,
}

/// The processes by the inode numbers of the sockets that they have open, and whether all processes could be looked at:
/// an ordinary user sees only the own ones.
pub fn owners() -> (BTreeMap<u64, Vec<Owner>>, bool) {
    let (mut owners, mut is_complete): (BTreeMap<u64, Vec<Owner>>, bool) = (BTreeMap::new(), true);
    for folder in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let Some(process) = folder.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
        match sockets_of(process) {
            Ok(inodes) => {
                let name = fs::read(folder.path().join("comm")).unwrap_or_default();
                let name = String::from_utf8_lossy(name.trim_ascii_end()).into_owned();
                for inode in inodes {
                    owners.entry(inode).or_default().push(Owner { process, name: name.clone() });
                }
            }
            // It may have ended meanwhile.
            Err(error) => is_complete &= error.kind() != io::ErrorKind::PermissionDenied,
        }
    }
    owners.values_mut().for_each(|owners| owners.sort_by_key(|owner| owner.process));
    (owners, is_complete)
}

/// The inode numbers of the sockets that a process has open, each once.
fn sockets_of(process: u32) -> io::Result<BTreeSet<u64>> {
    let descriptors = fs::read_dir(format!("/proc/{process}/fd"))?;
    Ok(descriptors.flatten().filter_map(|descriptor| inode(&descriptor.path())).collect())
}

/// The inode number of the socket that a descriptor stands for, if it stands for one (proc_pid_fd(5)).
pub fn inode(descriptor: &Path) -> Option<u64> {
    let target = fs::read_link(descriptor).ok()?;
    target.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok()
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
    // The kernel counts a FIN that was not read as one byte.
    let fin = u32::from(matches!(state, State::CLOSE_WAIT | State::LAST_ACK | State::CLOSING));
    Some(Entry {
        local,
        remote,
        state,
        unacknowledged: u32::from_str_radix(unacknowledged, 16).ok()?,
        unread: u32::from_str_radix(unread, 16).ok()?.saturating_sub(fin),
        inode: inode.parse().ok()?,
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
    use std::io::Write;
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
        assert_eq!((entries[0].state, entries[0].unread, entries[0].opened()), (State::ESTABLISHED, 18, false));
        assert_eq!(entries[1].local.to_string(), "[fd00:10:3::1]:65432");
        assert_eq!((entries[1].state, entries[1].opened()), (State::LISTEN, true));
    }

    #[test]
    fn a_fin_that_was_not_read_is_no_byte() {
        let unread = |state: &str| {
            let line = format!("0: 0103000A:FF98 0203000A:9D12 {state} 00000000:00000003 00:00000000 0 0 0 1 1");
            entry(&line).unwrap().unread
        };
        // CLOSE-WAIT, LAST-ACK and CLOSING: the peer's FIN has come. ESTABLISHED, FIN-WAIT-1, FIN-WAIT-2: it has not.
        assert_eq!(["08", "09", "0B"].map(unread), [2; 3]);
        assert_eq!(["01", "04", "05"].map(unread), [3; 3]);
    }

    #[test]
    fn a_connection_in_the_queue_is_not_opened() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server: SocketAddress = listener.local_addr().unwrap().into();
        let mut client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let name: SocketAddress = client.local_addr().map(|local| local.into()).unwrap();
        let mine = || {
            let entries = list(Protocol::Tcp).unwrap();
            entries.into_iter().find(|entry| entry.local == server && entry.remote == name).unwrap()
        };
        assert!(mine().waits() && !mine().opened());
        client.write_all(b"hello").unwrap();
        assert_eq!(mine().unread, 5);
        drop(client);
        assert!(mine().waits() && mine().unread == 5, "the FIN is not a byte of data");
        let accepted = listener.accept().unwrap();
        let owners = owners().0;
        let own: Vec<u32> = owners[&mine().inode].iter().map(|owner| owner.process).collect();
        assert_eq!(own, [std::process::id()]);
        assert!(mine().opened() && !mine().waits());
        drop(accepted);
    }
}
