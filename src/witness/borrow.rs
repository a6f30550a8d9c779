//! A look through a program's own descriptor (pidfd_getfd(2)): what a socket's two addresses are, and whether a listening
//! socket has anyone to accept. The kernel's lists tell the same, but to read them takes as long as thousands of calls.
//!
//! The descriptor is held for a moment only: as long as it is, the program's `close()` is not the socket's last.

use std::fs::File;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::MetadataExt;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use rustix::process::{Pid, PidfdFlags, PidfdGetfdFlags, pidfd_getfd, pidfd_open};
use socket2::{SockAddr, SockRef};

use socklab_packets::types::SocketAddress;

/// A descriptor of a process, as the system's calls number it. `None` where there is none, or the kernel (before Linux 5.6)
/// or a filter does not allow it.
fn borrowed(process: u32, fd: i32) -> Option<OwnedFd> {
    if fd < 0 {
        return None;
    }
    let process = pidfd_open(Pid::from_raw(process.cast_signed())?, PidfdFlags::empty()).ok()?;
    pidfd_getfd(process, fd, PidfdGetfdFlags::empty()).ok()
}

/// The socket's own address and the other end's, where it has them.
pub(super) fn ends(process: u32, fd: i32) -> Option<(Option<SocketAddress>, Option<SocketAddress>)> {
    let socket = borrowed(process, fd)?;
    let socket = SockRef::from(&socket);
    let local = socket.local_addr().ok()?;
    let remote = socket.peer_addr().ok();
    Some((address(&local), remote.and_then(|remote| address(&remote))))
}

/// Whether a listening socket, which must have this inode number, has a connection that was not accepted.
pub(super) fn has_waiting(process: u32, fd: i32, inode: u64) -> Option<bool> {
    let file = File::from(borrowed(process, fd)?);
    // The descriptor may stand for something else by now.
    if file.metadata().ok()?.ino() != inode {
        return None;
    }
    let mut polled = [PollFd::new(file.as_fd(), PollFlags::POLLIN)];
    Some(poll(&mut polled, PollTimeout::ZERO).ok()? > 0)
}

/// An address with a port; an IPv4 address in IPv6's form is told as IPv4.
fn address(address: &SockAddr) -> Option<SocketAddress> {
    let address = address.as_socket().filter(|address| address.port() != 0)?;
    Some(SocketAddress::new(address.ip().to_canonical(), address.port()))
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream};
    use std::os::fd::AsRawFd;

    use super::*;

    /// Of this very process: where the kernel allows it at all, it allows that.
    #[test]
    fn a_listening_socket_is_looked_through() {
        let (me, listener) = (std::process::id(), TcpListener::bind("127.0.0.1:0").unwrap());
        let fd = listener.as_raw_fd();
        let Some(ends) = ends(me, fd) else {
            assert!(borrowed(me, fd).is_none());
            return;
        };
        let local = listener.local_addr().unwrap();
        assert_eq!(ends, (Some(local.into()), None));
        let inode = File::from(borrowed(me, fd).unwrap()).metadata().unwrap().ino();
        assert_eq!(has_waiting(me, fd, inode), Some(false));
        let client = TcpStream::connect(local).unwrap();
        assert_eq!(has_waiting(me, fd, inode), Some(true));
        assert_eq!(has_waiting(me, fd, inode + 1), None);
        assert_eq!(super::ends(me, client.as_raw_fd()).unwrap().1, Some(local.into()));
        assert_eq!(super::ends(me, -1), None);
    }
}
