//! Waiting for the next client, interrupted by the request to end, and at the limit of open files.
//!
//! At the limit `accept` fails and the client stays in the kernel's queue: the server says so once, goes on serving, and
//! tries again when a client leaves, or after a second (another program may have closed files).

use std::io::{self, ErrorKind};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use mio::net::TcpListener;
use mio::{Events, Interest, Poll, Token, Waker};

use crate::servers::episode::Episode;
use crate::servers::explain::{self, Failure};
use crate::servers::program::{Endpoint, Program};
use crate::servers::stop::Guard;
use crate::servers::{address, sheet, sockets};
use socklab_core::journal::EventKind;
use socklab_core::lab::Does;
use socklab_core::{wireshark, wording};
use socklab_packets::types::{Protocol, SocketAddress};

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

    /// Opens a listening socket and says so, and how clients are served. The request to end wakes [`Door::accept`] until the
    /// guard is dropped.
    pub(super) fn serving<'p>(
        program: &'p Program,
        address: SocketAddr,
        backlog: u16,
        how: &str,
    ) -> Result<(Door, Guard<'p>), Failure> {
        let door = Door::open(program, address, backlog)?;
        let waker = door.waker();
        let guard = program.stop.on_request(move || drop(waker.wake()));
        show_address(program, &door.endpoint, "is listening on", &format!("Backlog {backlog}. {how}"));
        Ok((door, guard))
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
            "  The limit of open files is reached (`ulimit -n` shows it)."
        } else {
            "  No more clients can be accepted for now."
        });
        program.talk("  Connected clients are still served. Others wait in the queue until one leaves.");
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

/// Shows where a server listens and how it serves, which addresses clients can use, and how Wireshark shows the port.
pub(super) fn show_address(program: &Program, endpoint: &Endpoint, doing: &str, serving: &str) {
    let Some(local) = endpoint.local else { return };
    program.show(&format!("{} {doing} {} {local}", program.name(), endpoint.protocol));
    // A link-local address means nothing without the client's own interface.
    let own = address::own().into_iter().filter(|(ip, _)| !address::is_link_local(ip));
    if local.ip.is_unspecified() {
        for (ip, interface) in own.filter(|(ip, _)| ip.is_ipv4() == local.ip.is_ipv4()) {
            let whose = if ip.is_loopback() { "on this computer only" } else { &interface };
            program.show(&format!("  Clients can use {} ({whose})", SocketAddress::new(ip, local.port)));
        }
    } else if local.ip.is_loopback() {
        program.show(&format!("  Only programs on this computer can reach {}.", local.ip));
        show_wrapped(program, &for_others(local.ip, own.collect()));
    }
    if let (Protocol::Udp, Some(note)) = (endpoint.protocol, wireshark::decode_as_data(local.port)) {
        show_wrapped(program, &note);
    }
    if program.manner().quiet {
        return program.show("Ctrl-C ends it.");
    }
    program.show(serving);
    program.show("Ctrl-C ends it and shows its sockets.");
}

/// What to do so that other computers reach a server at this loopback address. `own` are this computer's addresses, of which those
/// of the same family come first.
fn for_others(loopback: IpAddr, own: Vec<(IpAddr, String)>) -> String {
    let others = own.into_iter().filter(|(ip, _)| !ip.is_loopback());
    let (same, other): (Vec<_>, Vec<_>) = others.partition(|(ip, _)| ip.is_ipv4() == loopback.is_ipv4());
    let named = if same.is_empty() { other } else { same };
    let named: Vec<String> = named.into_iter().map(|(ip, interface)| format!("{ip} ({interface})")).collect();
    match named.as_slice() {
        [] => format!("No interface that is up has another address yet; {} sets one.", sheet::step(Does::Addresses)),
        _ => format!(
            "For clients on other computers, start it with another address of this computer: {}.",
            wording::list(&named)
        ),
    }
}

/// Shows a text that belongs to the line above it.
fn show_wrapped(program: &Program, text: &str) {
    wording::wrap(text, "  ", "  ").iter().for_each(|line| program.show(line));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_address_is_named_whatever_its_family() {
        let own = |ips: &[&str]| ips.iter().map(|ip| (ip.parse().unwrap(), "eth0".to_owned())).collect::<Vec<_>>();
        let told = |loopback: &str, ips: &[&str]| for_others(loopback.parse().unwrap(), own(ips));
        assert!(told("::1", &["127.0.0.1", "10.0.3.1"]).ends_with("of this computer: 10.0.3.1 (eth0)."));
        assert!(told("::1", &["10.0.3.1", "fd00::1"]).ends_with("of this computer: fd00::1 (eth0)."));
        assert!(told("127.0.0.1", &["127.0.0.1", "::1"]).starts_with("No interface that is up has another address"));
    }
}
