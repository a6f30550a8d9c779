//! The TCP client: sends each line typed, prints the replies as they come, closes on end of input or Ctrl-C.
//!
//! One thread connects, reads what is typed and sends it, one receives; each may block. The main thread waits for what
//! they report, so that the request to end is obeyed at once, whatever blocks.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr};
use std::ops::ControlFlow;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use socket2::Socket;

use crate::servers::explain::{self, Failure};
use crate::servers::lines::{Line, LineEnd, LineSplitter};
use crate::servers::program::{Endpoint, Program};
use crate::servers::stop::lock;
use crate::servers::{input, sheet, sockets};
use socklab_core::escape;
use socklab_core::journal::EventKind;
use socklab_core::lab::Does;
use socklab_core::wording;
use socklab_packets::types::{Protocol, SocketAddress};

/// After the end of input: how long the server may be silent before the client closes without waiting for its end.
const CLOSING: Duration = Duration::from_secs(5);

/// How long a reply without newline waits for the rest of its line before it is shown.
const UNFINISHED: Duration = Duration::from_millis(100);

/// The settings of the TCP client.
#[derive(Debug, Clone, Copy)]
pub struct Config {
    /// The server's socket address.
    pub server: SocketAddr,
    /// How long without an answer to `connect()` or a line before the client says what that may mean.
    pub patience: Duration,
}

/// What the threads report. Each is reported once, or once for a reply, so that nothing piles up.
enum Report {
    Connected(Endpoint),
    /// A line is sent, and none before it waits for an answer.
    Asked,
    InputEnded,
    ServerClosed,
    Failed(Failure),
    Stop,
}

/// Runs the client until the input ends, the server closes, or the program is to end.
///
/// # Errors
/// No connection, or it broke.
pub fn run(program: &Arc<Program>, config: Config, input: impl Read + Send + 'static) -> Result<(), Failure> {
    let server = SocketAddress::from(config.server);
    let (endpoint, socket) = sockets::create(program, config.server, Protocol::Tcp)
        .map_err(|error| explain::connect_failure("socket", server, &error))?;
    let endpoint = Endpoint { remote: Some(server), ..endpoint };
    let (reports, received) = mpsc::channel();
    let at_end = reports.clone();
    let _guard = program.stop.on_request(move || drop(at_end.send(Report::Stop)));
    let shared = Arc::new(Shared { program: Arc::clone(program), server, talk: Mutex::default() });
    let socket = Arc::new(socket);
    {
        let (shared, socket) = (Arc::clone(&shared), Arc::clone(&socket));
        let work = move || connect_and_send(&shared, endpoint, &socket, config.server, input, &reports);
        thread::Builder::new().spawn(work).map_err(|error| explain::connect_failure("thread", server, &error))?;
    }
    let mut watch = Watch::new(&shared, endpoint, config.patience);
    let result = watch.until_end(&received);
    let endpoint = watch.endpoint;
    // The threads may still hold the socket; nothing more goes over it.
    let _ = socket.shutdown(Shutdown::Both);
    program.note(&endpoint, EventKind::Close);
    result
}

/// What the threads share.
struct Shared {
    program: Arc<Program>,
    server: SocketAddress,
    talk: Mutex<Talk>,
}

/// Who spoke last.
#[derive(Debug, Clone, Copy, Default)]
struct Talk {
    /// When the server last sent something.
    last_reply: Option<Instant>,
    /// When the first line was sent after that.
    asked: Option<Instant>,
}

impl Shared {
    /// A line is about to be sent: its answer may be here before the call returns. Whether it is the first that waits for one.
    fn ask(&self) -> bool {
        let mut talk = lock(&self.talk);
        let is_first = talk.asked.is_none();
        talk.asked.get_or_insert_with(Instant::now);
        is_first
    }

    /// The server sent something.
    fn replied(&self) {
        *lock(&self.talk) = Talk { last_reply: Some(Instant::now()), asked: None };
    }
}

/// The main thread's view: what it waits for, and until when.
struct Watch<'a> {
    shared: &'a Shared,
    endpoint: Endpoint,
    patience: Duration,
    state: State,
    since: Instant,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Connecting,
    /// A line was sent, and nothing may have come since.
    Unanswered,
    /// Nothing to say after a while.
    Calm,
    /// The input has ended.
    Closing,
}

impl<'a> Watch<'a> {
    fn new(shared: &'a Shared, endpoint: Endpoint, patience: Duration) -> Self {
        Watch { shared, endpoint, patience, state: State::Connecting, since: Instant::now() }
    }

    fn until_end(&mut self, reports: &Receiver<Report>) -> Result<(), Failure> {
        loop {
            let report = match self.deadline() {
                None => reports.recv().map_err(|_| RecvTimeoutError::Disconnected),
                Some(at) => reports.recv_timeout(at.saturating_duration_since(Instant::now())),
            };
            let flow = match report {
                Ok(report) => self.take(report),
                Err(RecvTimeoutError::Timeout) => self.time_is_over(),
                Err(RecvTimeoutError::Disconnected) => ControlFlow::Break(Ok(())),
            };
            if let ControlFlow::Break(result) = flow {
                return result;
            }
        }
    }

    fn deadline(&self) -> Option<Instant> {
        match self.state {
            State::Connecting | State::Unanswered => self.since.checked_add(self.patience),
            // The server's silence is counted from its last reply.
            State::Closing => self.last_reply().map_or(self.since, |last| last.max(self.since)).checked_add(CLOSING),
            State::Calm => None,
        }
    }

    fn last_reply(&self) -> Option<Instant> {
        lock(&self.shared.talk).last_reply
    }

    fn enter(&mut self, state: State) {
        self.state = state;
        self.since = Instant::now();
    }

    fn take(&mut self, report: Report) -> ControlFlow<Result<(), Failure>> {
        match report {
            Report::Connected(endpoint) => {
                self.endpoint = endpoint;
                self.enter(State::Calm);
            }
            Report::Asked if self.state != State::Closing => self.enter(State::Unanswered),
            Report::Asked => {}
            Report::InputEnded => self.enter(State::Closing),
            Report::ServerClosed => {
                if self.state != State::Closing {
                    self.talk(&format!("The server {} closed the connection.", self.shared.server));
                }
                return ControlFlow::Break(Ok(()));
            }
            Report::Failed(failure) => return ControlFlow::Break(Err(failure)),
            Report::Stop => return ControlFlow::Break(Ok(())),
        }
        ControlFlow::Continue(())
    }

    fn time_is_over(&mut self) -> ControlFlow<Result<(), Failure>> {
        match self.state {
            State::Connecting => self.say_connecting(),
            State::Unanswered => self.say_unanswered(),
            // A reply that came while this thread waited.
            State::Closing if self.deadline().is_some_and(|at| at > Instant::now()) => return ControlFlow::Continue(()),
            State::Closing => {
                self.talk("The server has not closed its side. The client closes without waiting longer.");
                return ControlFlow::Break(Ok(()));
            }
            State::Calm => {}
        }
        self.state = State::Calm;
        ControlFlow::Continue(())
    }

    fn say_connecting(&self) {
        self.hint("Still connecting: no answer yet. Perhaps the server's queue of waiting");
        self.hint("connections is full, or no computer has this address, or a firewall drops the");
        self.hint(&format!("frames. Check {}: `ping`.", sheet::step(Does::Ping)));
    }

    fn say_unanswered(&self) {
        match *lock(&self.shared.talk) {
            Talk { asked: None, .. } => {}
            Talk { last_reply: None, .. } => {
                self.hint("No reply yet. Either the server only prints (look at its screen), or it is busy");
                self.hint("with another client.");
            }
            Talk { last_reply: Some(_), .. } => {
                self.hint("No reply any more. Perhaps the server's program is stopped (Ctrl-Z in its");
                self.hint("terminal) or busy, or its computer can't be reached from here.");
                self.hint(&format!("Check {}: `ping`.", sheet::step(Does::Ping)));
            }
        }
    }

    fn hint(&self, text: &str) {
        self.shared.program.hint(text);
    }

    fn talk(&self, text: &str) {
        self.shared.program.talk(text);
    }
}

/// The sending thread: connects, starts the receiving thread, then sends each line typed and the FIN at the end.
fn connect_and_send(
    shared: &Arc<Shared>,
    endpoint: Endpoint,
    socket: &Arc<Socket>,
    server: SocketAddr,
    input: impl Read,
    reports: &Sender<Report>,
) {
    let program = &shared.program;
    let endpoint = match connect(shared, endpoint, socket, server) {
        Ok(endpoint) => endpoint,
        Err(failure) => {
            let _ = reports.send(Report::Failed(failure));
            return;
        }
    };
    let _ = reports.send(Report::Connected(endpoint));
    let started = {
        let (shared, socket, receiving) = (Arc::clone(shared), Arc::clone(socket), reports.clone());
        let work = move || receive_all(&shared, &endpoint, &socket, &receiving);
        thread::Builder::new().spawn(work)
    };
    if let Err(error) = started {
        let _ = reports.send(Report::Failed(explain::connect_failure("thread", shared.server, &error)));
        return;
    }
    let sent = input::each_line(input, |line| {
        if shared.ask() {
            let _ = reports.send(Report::Asked);
        }
        match send(program, &endpoint, socket, line) {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                program.note_error(&endpoint, "send", &error);
                let _ = reports.send(Report::Failed(explain::connection_lost("send", shared.server, &error)));
                ControlFlow::Break(())
            }
        }
    });
    match sent {
        Ok(ControlFlow::Break(())) => return,
        Ok(ControlFlow::Continue(())) => {}
        Err(error) => program.talk(&format!("tcp-client: the input can't be read: {error}")),
    }
    // Reported first: the server may answer the FIN with its own before the call returns.
    let _ = reports.send(Report::InputEnded);
    // The FIN: replies still come.
    let _ = socket.shutdown(Shutdown::Write);
}

/// Connects, and says from where to where.
fn connect(shared: &Shared, endpoint: Endpoint, socket: &Socket, server: SocketAddr) -> Result<Endpoint, Failure> {
    let program = &shared.program;
    socket.connect(&server.into()).map_err(|error| {
        program.note_error(&endpoint, "connect", &error);
        explain::connect_failure("connect", shared.server, &error)
    })?;
    let local = socket.local_addr().ok().and_then(|local| local.as_socket()).map(SocketAddress::from);
    let endpoint = Endpoint { local, ..endpoint };
    program.note(&endpoint, EventKind::Connect);
    let mine = local.map_or_else(|| "?".to_owned(), |local| local.to_string());
    let connected = format!("Connected: {mine} (this client) to {} (server).", shared.server);
    wording::wrap(&connected, "", "  ").iter().for_each(|line| program.talk(line));
    Ok(endpoint)
}

fn send(program: &Program, endpoint: &Endpoint, mut socket: &Socket, line: Line<'_>) -> io::Result<()> {
    let mut bytes = line.bytes.to_vec();
    if line.end == LineEnd::Newline {
        bytes.push(b'\n');
    }
    program.noting_send(endpoint, &bytes, || socket.write_all(&bytes))
}

/// The receiving thread: shows the server's replies, line by line; a piece without newline after a short while.
fn receive_all(shared: &Shared, endpoint: &Endpoint, mut socket: &Socket, reports: &Sender<Report>) {
    let program = &shared.program;
    let mut lines = LineSplitter::default();
    let mut buffer = vec![0; 16 * 1024];
    let report = loop {
        let _ = socket.set_read_timeout((!lines.begun().is_empty()).then_some(UNFINISHED));
        match socket.read(&mut buffer) {
            Ok(0) => {
                if let Some(line) = lines.finish() {
                    show(shared, endpoint, line);
                }
                program.note(endpoint, EventKind::Eof);
                break Report::ServerClosed;
            }
            Ok(count) => {
                shared.replied();
                let mut chunk = buffer.get(..count).unwrap_or_default();
                if program.manner().raw {
                    show_raw(shared, endpoint, chunk);
                    continue;
                }
                while let Some(line) = lines.next_line(&mut chunk) {
                    show(shared, endpoint, line);
                }
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if is_pause(&error) => {
                if let Some(line) = lines.finish() {
                    show(shared, endpoint, line);
                }
            }
            Err(error) => {
                program.note_error(endpoint, "receive", &error);
                break Report::Failed(explain::connection_lost("receive", shared.server, &error));
            }
        }
    };
    let _ = reports.send(report);
}

/// Whether a read ended because nothing came in the time set; ETIMEDOUT of a dead connection is another error.
fn is_pause(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::WouldBlock || (cfg!(windows) && error.kind() == io::ErrorKind::TimedOut)
}

/// Shows what one `recv()` returned.
fn show_raw(shared: &Shared, endpoint: &Endpoint, chunk: &[u8]) {
    let text = escape::harmless_bytes(chunk.strip_suffix(b"\n").unwrap_or(chunk));
    shared.program.note_received(endpoint, chunk.len() as u64, &text);
    shared.program.show_raw("recv", &shared.server.to_string(), chunk);
}

fn show(shared: &Shared, endpoint: &Endpoint, line: Line<'_>) {
    let text = escape::harmless_bytes(line.bytes);
    shared.program.note_received(endpoint, line.stream_bytes(), &text);
    shared.program.show(&format!("{}: {text}", shared.server));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_silent_server_is_waited_for_from_its_last_reply_or_the_end_of_input() {
        let program = Arc::new(Program::new("tcp-client", Box::new(io::sink()), Box::new(io::sink()), None));
        let server = "127.0.0.1:65432".parse().unwrap();
        let shared = Shared { program, server, talk: Mutex::default() };
        let endpoint = Endpoint { number: 1, protocol: Protocol::Tcp, local: None, remote: Some(server) };
        let mut watch = Watch::new(&shared, endpoint, Duration::from_secs(2));
        assert!(watch.take(Report::InputEnded).is_continue());
        let end = watch.since;
        assert_eq!(watch.deadline(), Some(end + CLOSING));
        lock(&shared.talk).last_reply = end.checked_sub(Duration::from_millis(1));
        assert_eq!(watch.deadline(), Some(end + CLOSING));
        lock(&shared.talk).last_reply = Some(end + Duration::from_secs(1));
        assert_eq!(watch.deadline(), Some(end + Duration::from_secs(1) + CLOSING));
        assert!(watch.time_is_over().is_continue());
        lock(&shared.talk).last_reply = end.checked_sub(CLOSING);
        watch.since = end.checked_sub(CLOSING).unwrap();
        assert!(watch.time_is_over().is_break());
    }
}
