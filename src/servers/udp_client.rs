//! The UDP client: sends each line typed as one datagram, all from one socket, and prints the replies as they come.
//!
//! The newline is not sent: a datagram has its own boundaries; an empty line is a datagram without data. The socket is
//! created at the start, but has no port until the first line is sent: then `connect()` makes the system choose the
//! address and port, which sends nothing (udp(7)), and from then on ICMP's "port unreachable" reaches the program, which
//! an unconnected socket would never learn. On the wire it is no different from `sendto()`.

use std::io::{self, ErrorKind, Read};
use std::net::SocketAddr;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::Duration;

use socket2::Socket;

use crate::servers::explain::{self, Failure};
use crate::servers::lines::Line;
use crate::servers::program::{Endpoint, Program};
use crate::servers::{input, sockets};
use socklab_core::escape;
use socklab_core::journal::EventKind;
use socklab_packets::types::{Protocol, SocketAddress};

/// After the end of input: how long to wait for replies that are still missing.
const CLOSING: Duration = Duration::from_secs(1);

/// What the threads report.
enum Report {
    /// The first line is about to be sent: the socket has an address.
    Addressed(Endpoint),
    /// A reply came, or an error in place of one.
    Answered,
    InputEnded,
    Stop,
}

/// What the threads share.
struct Shared {
    program: Arc<Program>,
    server: SocketAddress,
    socket: Socket,
    sent: AtomicU64,
    /// Replies, and errors that came in place of one.
    answers: AtomicU64,
    /// Everything that went wrong.
    failures: AtomicU64,
}

/// Runs the client until the input ends or the program is to end.
///
/// # Errors
/// A datagram could not be sent, or the server's system refused one.
pub fn run(program: &Arc<Program>, server: SocketAddr, input: impl Read + Send + 'static) -> Result<(), Failure> {
    let address = SocketAddress::from(server);
    let (mut endpoint, socket) = sockets::create(program, server, Protocol::Udp)
        .map_err(|error| explain::datagram_failure("socket", address, &error))?;
    let (reports, received) = mpsc::channel();
    let at_end = reports.clone();
    let _guard = program.stop.on_request(move || drop(at_end.send(Report::Stop)));
    let shared = Arc::new(Shared {
        program: Arc::clone(program),
        server: address,
        socket,
        sent: AtomicU64::new(0),
        answers: AtomicU64::new(0),
        failures: AtomicU64::new(0),
    });
    {
        let shared = Arc::clone(&shared);
        let work = move || send_all(&shared, endpoint, server, input, &reports);
        thread::Builder::new().spawn(work).map_err(|error| explain::datagram_failure("thread", address, &error))?;
    }
    until_end(&shared, &received, &mut endpoint);
    program.note(&endpoint, EventKind::Close);
    match shared.failures.load(Ordering::SeqCst) {
        0 => Ok(()),
        failures => Err(explain::datagrams_failed(failures, shared.sent.load(Ordering::SeqCst))),
    }
}

/// The main thread: waits for the end of input, then a while for replies still missing.
fn until_end(shared: &Shared, reports: &Receiver<Report>, endpoint: &mut Endpoint) {
    let mut closing = false;
    loop {
        if closing && shared.answers.load(Ordering::SeqCst) >= shared.sent.load(Ordering::SeqCst) {
            return;
        }
        let report = if closing { reports.recv_timeout(CLOSING).ok() } else { reports.recv().ok() };
        match report {
            Some(Report::Addressed(addressed)) => *endpoint = addressed,
            Some(Report::Answered) => {}
            Some(Report::InputEnded) => closing = true,
            Some(Report::Stop) | None => return,
        }
    }
}

/// The sending thread.
fn send_all(
    shared: &Arc<Shared>,
    mut endpoint: Endpoint,
    server: SocketAddr,
    input: impl Read,
    reports: &Sender<Report>,
) {
    let ended = input::each_line(input, |line| {
        if endpoint.local.is_some() || give_address(shared, &mut endpoint, server, reports) {
            send(shared, &endpoint, line);
        }
        ControlFlow::Continue(())
    });
    if let Err(error) = ended {
        shared.program.talk(&format!("udp-client: the input can't be read: {error}"));
    }
    let _ = reports.send(Report::InputEnded);
}

/// Before the first datagram: the socket gets its address, and the receiving thread can start.
fn give_address(shared: &Arc<Shared>, endpoint: &mut Endpoint, server: SocketAddr, reports: &Sender<Report>) -> bool {
    let remote = Some(shared.server);
    if let Err(error) = shared.socket.connect(&server.into()) {
        failed(shared, &Endpoint { remote, ..*endpoint }, "connect", &error);
        return false;
    }
    // Not noted: a `connect` in a journal tells of a connection, which UDP has none of.
    let local = shared.socket.local_addr().ok().and_then(|local| local.as_socket()).map(SocketAddress::from);
    *endpoint = Endpoint { local, remote, ..*endpoint };
    let mine = local.map_or_else(|| "?".to_owned(), |local| local.to_string());
    shared.program.talk(&format!("Sending from {mine} (this client) to {} (server).", shared.server));
    let _ = reports.send(Report::Addressed(*endpoint));
    let receiving = (Arc::clone(shared), *endpoint, reports.clone());
    let started = thread::Builder::new().spawn(move || receive_all(&receiving.0, &receiving.1, &receiving.2));
    if let Err(error) = started {
        failed(shared, endpoint, "thread", &error);
    }
    local.is_some()
}

fn send(shared: &Shared, endpoint: &Endpoint, line: Line<'_>) {
    // Counted first: its answer may be here before the call returns.
    shared.sent.fetch_add(1, Ordering::SeqCst);
    let send = || shared.program.noting_send(endpoint, line.bytes, || shared.socket.send(line.bytes));
    let sent = match send() {
        Err(error) if is_refusal(&error) => {
            // It is about an earlier datagram (udp(7)); this one was not sent.
            failed(shared, endpoint, "receive", &error);
            shared.answers.fetch_add(1, Ordering::SeqCst);
            send()
        }
        first => first,
    };
    if let Err(error) = sent {
        shared.sent.fetch_sub(1, Ordering::SeqCst);
        failed(shared, endpoint, "send", &error);
    }
}

/// The receiving thread.
fn receive_all(shared: &Shared, endpoint: &Endpoint, reports: &Sender<Report>) {
    let mut buffer = vec![0; 65_536];
    loop {
        let mut socket = &shared.socket;
        match socket.read(&mut buffer) {
            Ok(count) => {
                let datagram = buffer.get(..count).unwrap_or_default();
                let text = escape::harmless_bytes(datagram);
                let shown = if count == 0 { "(datagram without data)" } else { &text };
                let line = escape::harmless_bytes(datagram.strip_suffix(b"\n").unwrap_or(datagram));
                shared.program.note_received(endpoint, u64::try_from(count).unwrap_or(u64::MAX), &line);
                if shared.program.manner().raw {
                    shared.program.show_raw("recv", &shared.server.to_string(), datagram);
                } else {
                    shared.program.show(&format!("{}: {shown}", shared.server));
                }
                shared.answers.fetch_add(1, Ordering::SeqCst);
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => {
                failed(shared, endpoint, "receive", &error);
                shared.answers.fetch_add(1, Ordering::SeqCst);
                if !is_refusal(&error) {
                    return;
                }
            }
        }
        let _ = reports.send(Report::Answered);
    }
}

/// Whether the error is the network's answer to a datagram, after which the socket goes on.
fn is_refusal(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::ConnectionRefused
            | ErrorKind::ConnectionReset
            | ErrorKind::HostUnreachable
            | ErrorKind::NetworkUnreachable
    )
}

/// Notes the error and says it; the first time with what to do.
fn failed(shared: &Shared, endpoint: &Endpoint, operation: &str, error: &io::Error) {
    shared.program.note_error(endpoint, operation, error);
    let failure = explain::datagram_failure(operation, shared.server, error);
    let earlier = shared.failures.fetch_add(1, Ordering::SeqCst);
    if earlier == 0 {
        shared.program.tell_failure(&failure);
    } else {
        shared.program.talk(&failure.what());
    }
}

#[cfg(test)]
mod tests {
    use std::net::UdpSocket;

    use super::*;
    use crate::servers::program::testing::Kept;

    /// What the client says of its datagrams at its end, after this input; the server answers each.
    fn said_of(input: Vec<u8>) -> String {
        let server = UdpSocket::bind("127.0.0.1:0").unwrap();
        let address = server.local_addr().unwrap();
        thread::spawn(move || {
            let mut buffer = vec![0; 65_536];
            while let Ok((count, from)) = server.recv_from(&mut buffer) {
                server.send_to(&buffer[..count], from).unwrap();
            }
        });
        let program = Program::new("udp-client", Kept::default().output(), Kept::default().output(), None);
        run(&Arc::new(program), address, io::Cursor::new(input)).unwrap_err().what()
    }

    /// RFC 768 with RFC 791: 65,535 bytes less the headers of IP (20) and UDP (8).
    #[test]
    fn a_datagram_that_is_too_long_was_not_sent() {
        assert_eq!(said_of(vec![b'x'; 65_508]), "udp-client: 0 datagrams sent, 1 failed (see above)");
        // The rest of a line that is cut at 64 KiB fits.
        assert_eq!(said_of(vec![b'x'; 70_000]), "udp-client: 1 datagram sent, 1 failed (see above)");
    }
}
