//! Creating the servers' sockets, call by call, so that each call is an event of its own.
//!
//! No option here lets two servers share a socket address: TCP servers set SO_REUSEADDR, on Unix only, where it does no
//! more than allow a restart over connections in TIME_WAIT; on Windows it would let a second server in. UDP sockets set
//! nothing, since on Linux two UDP sockets with SO_REUSEADDR do share an address.

use std::io;
use std::net::{SocketAddr, TcpListener, UdpSocket};

use socket2::{Domain, Socket, Type};

use crate::servers::explain::{self, Failure};
use crate::servers::program::{Endpoint, Program};
use socklab_core::journal::EventKind;
use socklab_packets::types::Protocol;

/// Most open files that the servers ask for: room for thousands of clients, and an end before threads eat the memory.
#[cfg(unix)]
const OPEN_FILES: nix::sys::resource::rlim_t = 16_384;

/// A listening TCP socket that doesn't block.
pub(super) fn listen(program: &Program, address: SocketAddr, backlog: u16) -> Result<(Endpoint, TcpListener), Failure> {
    raise_open_files();
    let (mut endpoint, socket) = bound(program, address, Protocol::Tcp)?;
    socket.listen(i32::from(backlog)).map_err(|error| failed(program, &endpoint, "listen", address, &error))?;
    let listener = TcpListener::from(socket);
    endpoint.local = listener.local_addr().ok().map(Into::into);
    program.note_with(&endpoint, EventKind::Listen, |event| event.backlog = Some(backlog.into()));
    Ok((endpoint, listener))
}

/// A bound UDP socket that doesn't block.
pub(super) fn udp(program: &Program, address: SocketAddr) -> Result<(Endpoint, UdpSocket), Failure> {
    let (endpoint, socket) = bound(program, address, Protocol::Udp)?;
    Ok((endpoint, UdpSocket::from(socket)))
}

/// `socket()`, noted.
pub(super) fn create(program: &Program, family: SocketAddr, protocol: Protocol) -> io::Result<(Endpoint, Socket)> {
    let kind = match protocol {
        Protocol::Tcp => Type::STREAM,
        Protocol::Udp => Type::DGRAM,
    };
    let endpoint = program.new_socket(protocol);
    let socket = Socket::new(Domain::for_address(family), kind, None);
    match &socket {
        Ok(_) => program.note(&endpoint, EventKind::Socket),
        Err(error) => program.note_error(&endpoint, "socket", error),
    }
    Ok((endpoint, socket?))
}

fn bound(program: &Program, address: SocketAddr, protocol: Protocol) -> Result<(Endpoint, Socket), Failure> {
    let created = create(program, address, protocol);
    let (mut endpoint, socket) =
        created.map_err(|error| explain::server_failure(program.name(), "socket", protocol, address.into(), &error))?;
    let prepared = prepare(&socket, address, protocol);
    prepared.map_err(|error| failed(program, &endpoint, "setsockopt", address, &error))?;
    socket.bind(&address.into()).map_err(|error| failed(program, &endpoint, "bind", address, &error))?;
    endpoint.local = socket.local_addr().ok().and_then(|local| local.as_socket()).map(Into::into);
    program.note(&endpoint, EventKind::Bind);
    Ok((endpoint, socket))
}

fn prepare(socket: &Socket, address: SocketAddr, protocol: Protocol) -> io::Result<()> {
    if address.is_ipv6() {
        // Without it [::] takes IPv4 clients too, under addresses that no capture shows.
        socket.set_only_v6(true)?;
    }
    if cfg!(unix) && protocol == Protocol::Tcp {
        socket.set_reuse_address(true)?;
    }
    socket.set_nonblocking(true)
}

/// Notes and explains that `operation` failed for the address asked for.
fn failed(program: &Program, endpoint: &Endpoint, operation: &str, address: SocketAddr, error: &io::Error) -> Failure {
    let asked = Endpoint { local: Some(address.into()), ..*endpoint };
    program.note_error(&asked, operation, error);
    explain::server_failure(program.name(), operation, endpoint.protocol, address.into(), error)
}

/// Raises the soft limit of open files to the hard one, up to [`OPEN_FILES`]: each client takes one. A system that
/// refuses leaves the limit as it is; the server says so when it is reached.
#[cfg(unix)]
fn raise_open_files() {
    use nix::sys::resource::{Resource, getrlimit, setrlimit};
    if let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE) {
        let wanted = hard.min(OPEN_FILES);
        if soft < wanted {
            let _ = setrlimit(Resource::RLIMIT_NOFILE, wanted, hard);
        }
    }
}

#[cfg(not(unix))]
fn raise_open_files() {}
