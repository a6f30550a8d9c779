//! Reading a stopped program's memory: socket addresses, buffers, and the structures that lead to them.
//!
//! What lies there is the program's affair: an address may lead nowhere, a length may be a lie. Then there is nothing to
//! tell, never an error.

use std::io::IoSliceMut;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use nix::libc;
use nix::sys::uio::{RemoteIoVec, process_vm_readv};
use nix::unistd::Pid;

use socklab_packets::types::SocketAddress;

/// Most pieces of one vector that are looked at, and most messages of one call: Linux's own bounds (`UIO_MAXIOV`).
const MOST_PIECES: usize = 1024;
/// Bytes of `struct iovec`, `struct msghdr` and `struct mmsghdr` on 64-bit Linux.
const PIECE_BYTES: usize = 16;
const MESSAGE_BYTES: usize = 56;
const COUNTED_MESSAGE_BYTES: usize = 64;
/// Bytes of the longest socket address read (`struct sockaddr_in6`).
const ADDRESS_BYTES: usize = 28;

/// The memory of a stopped process.
#[derive(Debug, Clone, Copy)]
pub(super) struct Memory(pub(super) Pid);

/// `struct msghdr` (recvmsg(2)).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Message {
    name: u64,
    name_bytes: u64,
    vector: u64,
    pieces: u64,
    /// For a message of several (sendmmsg(2)): the bytes that were sent or received.
    pub(super) bytes: u64,
}

impl Memory {
    /// Up to so many bytes from this address; fewer where the memory ends.
    pub(super) fn bytes(self, address: u64, most: usize) -> Vec<u8> {
        let mut buffer = vec![0; most];
        let Ok(base) = usize::try_from(address) else { return Vec::new() };
        if base == 0 || most == 0 {
            return Vec::new();
        }
        let read = process_vm_readv(self.0, &mut [IoSliceMut::new(&mut buffer)], &[RemoteIoVec { base, len: most }]);
        buffer.truncate(read.unwrap_or(0));
        buffer
    }

    /// The 32-bit number at this address.
    pub(super) fn number(self, address: u64) -> Option<i32> {
        word(&self.bytes(address, 4), 0)
    }

    /// The socket address of so many bytes at this address.
    pub(super) fn socket_address(self, address: u64, bytes: u64) -> Option<SocketAddress> {
        let most = usize::try_from(bytes).unwrap_or(usize::MAX).min(ADDRESS_BYTES);
        socket_address(&self.bytes(address, most))
    }

    /// Whether this is an address of no family (`AF_UNSPEC`), with which connect(2) undoes a connection.
    pub(super) fn is_no_address(self, address: u64) -> bool {
        self.bytes(address, 2) == libc::AF_UNSPEC.to_ne_bytes().get(..2).unwrap_or_default()
    }

    /// The socket address at this address, whose length is behind the second one, as accept(2) fills them in.
    pub(super) fn filled_address(self, address: u64, length: u64) -> Option<SocketAddress> {
        let bytes = self.number(length)?;
        self.socket_address(address, u64::try_from(bytes).ok()?)
    }

    /// The message at this address.
    pub(super) fn message(self, address: u64) -> Option<Message> {
        message(&self.bytes(address, MESSAGE_BYTES))
    }

    /// So many messages at this address, each with its count of bytes.
    pub(super) fn messages(self, address: u64, count: u64) -> Vec<Message> {
        let count = usize::try_from(count).unwrap_or(usize::MAX).min(MOST_PIECES);
        let bytes = self.bytes(address, count.saturating_mul(COUNTED_MESSAGE_BYTES));
        let counted = |bytes: &[u8]| {
            let sent = word(bytes, MESSAGE_BYTES)?.cast_unsigned();
            Some(Message { bytes: sent.into(), ..message(bytes)? })
        };
        bytes.chunks_exact(COUNTED_MESSAGE_BYTES).filter_map(counted).collect()
    }

    /// The socket address that a message names.
    pub(super) fn name(self, message: &Message) -> Option<SocketAddress> {
        self.socket_address(message.name, message.name_bytes)
    }

    /// Up to so many bytes of a message's buffers.
    pub(super) fn content(self, message: &Message, most: usize) -> Vec<u8> {
        self.gathered(message.vector, message.pieces, most)
    }

    /// Up to so many bytes of the buffers of a vector (readv(2)).
    pub(super) fn gathered(self, vector: u64, pieces: u64, most: usize) -> Vec<u8> {
        let mut content = Vec::new();
        for (address, length) in self.pieces(vector, pieces) {
            let room = most.saturating_sub(content.len());
            if room == 0 {
                break;
            }
            content.extend(self.bytes(address, usize::try_from(length).unwrap_or(usize::MAX).min(room)));
        }
        content
    }

    /// The bytes that the buffers of a vector hold in all.
    pub(super) fn room(self, vector: u64, pieces: u64) -> u64 {
        self.pieces(vector, pieces).into_iter().fold(0, |sum, (_, length)| sum.saturating_add(length))
    }

    /// The bytes that a message's buffers hold in all.
    pub(super) fn message_room(self, message: &Message) -> u64 {
        self.room(message.vector, message.pieces)
    }

    fn pieces(self, vector: u64, pieces: u64) -> Vec<(u64, u64)> {
        let count = usize::try_from(pieces).unwrap_or(usize::MAX).min(MOST_PIECES);
        let bytes = self.bytes(vector, count.saturating_mul(PIECE_BYTES));
        bytes.chunks_exact(PIECE_BYTES).filter_map(|piece| Some((long(piece, 0)?, long(piece, 8)?))).collect()
    }
}

fn message(bytes: &[u8]) -> Option<Message> {
    Some(Message {
        name: long(bytes, 0)?,
        name_bytes: word(bytes, 8)?.cast_unsigned().into(),
        vector: long(bytes, 16)?,
        pieces: long(bytes, 24)?,
        bytes: 0,
    })
}

fn word(bytes: &[u8], at: usize) -> Option<i32> {
    Some(i32::from_ne_bytes(bytes.get(at..)?.first_chunk().copied()?))
}

fn long(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_ne_bytes(bytes.get(at..)?.first_chunk().copied()?))
}

/// `struct sockaddr_in` (ip(7)) or `struct sockaddr_in6` (ipv6(7)). An IPv4 address in IPv6's form is told as IPv4, as it
/// is on the wire.
fn socket_address(bytes: &[u8]) -> Option<SocketAddress> {
    let family = u16::from_ne_bytes(bytes.first_chunk().copied()?);
    let port = u16::from_be_bytes(bytes.get(2..)?.first_chunk().copied()?);
    let ip = match i32::from(family) {
        libc::AF_INET => IpAddr::from(Ipv4Addr::from(bytes.get(4..)?.first_chunk::<4>().copied()?)),
        libc::AF_INET6 => {
            let ip = Ipv6Addr::from(bytes.get(8..)?.first_chunk::<16>().copied()?);
            ip.to_ipv4_mapped().map_or(IpAddr::V6(ip), IpAddr::V4)
        }
        _ => return None,
    };
    Some(SocketAddress::new(ip, port))
}

#[cfg(test)]
mod tests {
    use proptest::{prop_assert, proptest};

    use super::*;

    #[test]
    fn socket_addresses_are_read_in_all_their_forms() {
        let mut four = 2u16.to_ne_bytes().to_vec();
        four.extend([0xff, 0x98, 10, 0, 3, 1, 0, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(socket_address(&four).unwrap().to_string(), "10.0.3.1:65432");
        let mut six = 10u16.to_ne_bytes().to_vec();
        six.extend([0, 80, 0, 0, 0, 0]);
        six.extend("fd00::1".parse::<Ipv6Addr>().unwrap().octets());
        assert_eq!(socket_address(&six).unwrap().to_string(), "[fd00::1]:80");
        six.splice(8.., "::ffff:10.0.3.2".parse::<Ipv6Addr>().unwrap().octets());
        assert_eq!(socket_address(&six).unwrap().to_string(), "10.0.3.2:80");
        assert_eq!(socket_address(&1u16.to_ne_bytes()), None);
        assert_eq!(socket_address(&four[..7]), None);
    }

    proptest! {
        #[test]
        fn no_bytes_are_taken_for_more_than_they_are(bytes: Vec<u8>) {
            let address = socket_address(&bytes);
            prop_assert!(address.is_none() || bytes.len() >= 8);
            prop_assert!(message(&bytes).is_none() || bytes.len() >= 32);
        }
    }
}
