//! The UDP server: one socket receives from every client. No connection, no accept, no queue of clients.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use mio::net::UdpSocket;
use mio::{Events, Interest, Poll, Token};

use crate::servers::episode::Episode;
use crate::servers::explain::{self, Failure};
use crate::servers::program::{Endpoint, Program};
use crate::servers::reply::Reply;
use crate::servers::tally::UdpTally;
use crate::servers::{accept, sockets};
use socklab_core::escape;
use socklab_core::journal::EventKind;
use socklab_packets::types::SocketAddress;

/// No datagram is longer: its length field has 16 bits (RFC 768).
const DATAGRAM_BYTES: usize = 65_536;

/// How long after a failed receive to try again by itself.
const RETRY: Duration = Duration::from_secs(1);

const SOCKET: Token = Token(0);

/// The settings of the UDP server.
#[derive(Debug, Clone, Copy)]
pub struct Config {
    /// Where to bind; port 0 takes any free one.
    pub address: SocketAddr,
    /// What to send back.
    pub reply: Reply,
}

/// Runs the server until the program is to end.
///
/// # Errors
/// `socket` or `bind` failed.
pub fn run(program: &Program, config: Config) -> Result<(), Failure> {
    let (endpoint, socket) = sockets::udp(program, config.address)?;
    let mut socket = UdpSocket::from_std(socket);
    let interest = Interest::READABLE | Interest::WRITABLE;
    let (poll, waker) =
        accept::waiting(|registry| registry.register(&mut socket, SOCKET, interest)).map_err(|error| {
            program.note_error(&endpoint, "poll", &error);
            explain::server_failure(program.name(), "poll", endpoint.protocol, config.address.into(), &error)
        })?;
    let at_end = Arc::clone(&waker);
    let _guard = program.stop.on_request(move || drop(at_end.wake()));
    accept::show_address(program, &endpoint, "is bound to", "One socket receives from all clients.");
    let mut server = Server {
        program,
        endpoint,
        socket,
        poll,
        reply: config.reply,
        tally: UdpTally::default(),
        failing: Episode::default(),
    };
    server.receive_all();
    let Server { socket, tally, .. } = server;
    drop((socket, waker));
    program.note(&endpoint, EventKind::Close);
    program.show_tally(&tally.render(program.name(), &endpoint));
    Ok(())
}

struct Server<'a> {
    program: &'a Program,
    endpoint: Endpoint,
    socket: UdpSocket,
    poll: Poll,
    reply: Reply,
    tally: UdpTally,
    failing: Episode,
}

impl Server<'_> {
    fn receive_all(&mut self) {
        let mut buffer = vec![0; DATAGRAM_BYTES];
        while !self.program.stop.requested() {
            match self.socket.recv_from(&mut buffer) {
                Ok((count, from)) => self.take(buffer.get(..count).unwrap_or_default(), from),
                Err(error) if error.kind() == ErrorKind::WouldBlock => self.wait(None),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => {
                    // On some systems an ICMP error about an earlier reply; the socket goes on.
                    self.program.note_error(&self.endpoint, "receive", &error);
                    self.wait(Some(RETRY));
                }
            }
        }
    }

    /// Waits until the socket is ready again, the program is to end, or the time is over.
    fn wait(&mut self, time: Option<Duration>) {
        // An interrupted wait only leads to another try.
        let _ = self.poll.poll(&mut Events::with_capacity(4), time);
    }

    fn take(&mut self, datagram: &[u8], from: SocketAddr) {
        let client = Endpoint { remote: Some(from.into()), ..self.endpoint };
        let text = escape::harmless_bytes(datagram);
        let shown = if datagram.is_empty() { "(datagram without data)" } else { &text };
        let bytes = datagram.len() as u64;
        self.tally.received(from.into(), bytes);
        // As everywhere in journals, without the newline.
        let line = datagram.strip_suffix(b"\n").unwrap_or(datagram);
        self.program.note_received(&client, bytes, &escape::harmless_bytes(line));
        let name = SocketAddress::from(from).to_string();
        if self.program.manner().raw {
            self.program.show_raw("recvfrom", &name, datagram);
        } else {
            self.program.show(&format!("{name}: {shown}"));
        }
        if let Some(answer) = self.reply.to(datagram) {
            self.send(&client, &answer, from);
        }
    }

    fn send(&mut self, client: &Endpoint, answer: &[u8], to: SocketAddr) {
        while !self.program.stop.requested() {
            let sent = self.program.noting_send(client, answer, || self.socket.send_to(answer, to));
            match sent {
                Ok(_) => return,
                Err(error) if error.kind() == ErrorKind::WouldBlock => self.wait(None),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => {
                    self.program.note_error(client, "send", &error);
                    if !self.failing.begins(Instant::now()) {
                        return;
                    }
                    let to = SocketAddress::from(to);
                    return self.program.talk(&format!(
                        "{}: the reply to {to} failed: {}",
                        self.program.name(),
                        explain::named(&error)
                    ));
                }
            }
        }
    }
}
