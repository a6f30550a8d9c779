//! Waiting for the next client, interrupted by the request to end, and at the limit of open files.
//!
//! At the limit `accept` fails and the client stays in the kernel's queue: the server says so once, goes on serving, and
//! tries again when a client leaves, or after a second (another program may have closed files).

use std::io::{self, ErrorKind};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use mio::net::TcpListener;
use mio::{Events, Interest, Poll, Token, Waker};

use crate::journal::EventKind;
use crate::servers::episode::Episode;
use crate::servers::explain::{self, Failure};
use crate::servers::program::{Endpoint, Program};
use crate::servers::{address, sockets};
use crate::types::SocketAddress;

const CLIENT: Token = Token(0);
const WAKE: Token = Token(1);

/// How long after a failed `accept` to try again by itself.
const RETRY: Duration = Duration::from_secs(1);

/// A listening socket and the way to wait for it.
pub(super) struct Door {
    pub(super) endpoint: Endpoint,
    listener: TcpListener,
    poll: Poll,
    waker: Arc<Waker>,
    failing: Episode,
}

impl Door {
    /// Opens a listening socket on the address, with this backlog.
    pub(super) fn open(program: &Program, address: SocketAddr, backlog: u16) -> Result<Door, Failure> {
        let (endpoint, listener) = sockets::listen(program, address, backlog)?;
        let mut listener = TcpListener::from_std(listener);
        let polled = waiting(|registry| registry.register(&mut listener, CLIENT, Interest::READABLE));
        let (poll, waker) = polled.map_err(|error| {
            program.note_error(&endpoint, "poll", &error);
            explain::server_failure(program.name(), "poll", endpoint.protocol, address.into(), &error)
        })?;
        Ok(Door { endpoint, listener, poll, waker, failing: Episode::default() })
    }

    /// Wakes [`Door::accept`]: a client left, or the program is to end.
    pub(super) fn waker(&self) -> Arc<Waker> {
        Arc::clone(&self.waker)
    }

    /// Waits for the next client. `None` when the program is to end.
    pub(super) fn accept(&mut self, program: &Program) -> Option<(Endpoint, TcpStream)> {
        let mut events = Events::with_capacity(8);
        while !program.stop.requested() {
            let wait = match self.listener.accept() {
                Ok((stream, remote)) => match self.accepted(program, TcpStream::from(stream), remote) {
                    Some(client) => return Some(client),
                    None => continue,
                },
                Err(error) if error.kind() == ErrorKind::WouldBlock => None,
                Err(error) if is_the_clients(&error) => {
                    program.note_error(&self.endpoint, "accept", &error);
                    continue;
                }
                Err(error) => {
                    self.say_once(program, &error);
                    Some(RETRY)
                }
            };
            // An interrupted or failed wait only leads to another try.
            let _ = self.poll.poll(&mut events, wait);
        }
        None
    }

    fn accepted(&self, program: &Program, stream: TcpStream, remote: SocketAddr) -> Option<(Endpoint, TcpStream)> {
        let mut endpoint = program.new_socket(self.endpoint.protocol);
        endpoint.local = stream.local_addr().ok().map(SocketAddress::from);
        endpoint.remote = Some(remote.into());
        program.note_with(&endpoint, EventKind::Accept, |event| event.listener = Some(self.endpoint.number));
        if let Err(error) = stream.set_nonblocking(false) {
            program.note_error(&endpoint, "ioctl", &error);
            program.note(&endpoint, EventKind::Close);
            return None;
        }
        Some((endpoint, stream))
    }

    /// Says and notes the first failure of an episode.
    fn say_once(&mut self, program: &Program, error: &io::Error) {
        if !self.failing.begins(Instant::now()) {
            return;
        }
        program.note_error(&self.endpoint, "accept", error);
        program.talk(&format!("{}: accept failed: {}", program.name(), explain::named(error)));
        let limit = matches!(explain::errno_name(error).as_str(), "EMFILE" | "ENFILE");
        program.talk(if limit {
            "  No further socket can be opened (`ulimit -n` shows the limit of open files)."
        } else {
            "  No further client can be accepted for now."
        });
        program.talk("  Those who are connected are served; others wait in the queue until one leaves.");
    }
}

/// A poll with what `register` adds, and its waker, which wakes only as long as it is kept.
pub(super) fn waiting(register: impl FnOnce(&mio::Registry) -> io::Result<()>) -> io::Result<(Poll, Arc<Waker>)> {
    let poll = Poll::new()?;
    register(poll.registry())?;
    let waker = Waker::new(poll.registry(), WAKE)?;
    Ok((poll, Arc::new(waker)))
}

/// Whether `accept` failed for that one client, who has gone or whose network failed (accept(2), "Error handling").
fn is_the_clients(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::Interrupted
            | ErrorKind::ConnectionAborted
            | ErrorKind::ConnectionReset
            | ErrorKind::HostUnreachable
            | ErrorKind::NetworkUnreachable
            | ErrorKind::NetworkDown
    ) || explain::errno_name(error) == "EPROTO"
}

/// Shows where a server listens and how it serves, and for a wildcard address which addresses clients can use.
pub(super) fn show_address(program: &Program, endpoint: &Endpoint, doing: &str, serving: &str) {
    let Some(local) = endpoint.local else { return };
    program.show(&format!("{} {doing} {} {local}", program.name(), endpoint.protocol));
    if local.ip.is_unspecified() {
        let own = address::own().into_iter().filter(|(ip, _)| ip.is_ipv4() == local.ip.is_ipv4());
        // A link-local address means nothing without the client's own interface.
        for (ip, interface) in own.filter(|(ip, _)| !address::is_link_local(ip)) {
            program.show(&format!("  clients can use {} ({interface})", SocketAddress::new(ip, local.port)));
        }
    }
    program.show(&format!("{serving} Ctrl-C ends it and shows its sockets."));
}
