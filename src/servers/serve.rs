//! Serving one TCP client until it leaves: the same for the iterative and the threaded server.
//!
//! Reads and writes block, as in the lab's Python programs; the request to end shuts the socket down, which unblocks
//! both. A client that never reads its replies therefore holds this server (or thread), but not its end.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use crate::servers::explain;
use crate::servers::lines::{Line, LineEnd, LineSplitter};
use crate::servers::program::{Endpoint, Program};
use crate::servers::reply::Reply;
use crate::servers::tally::Received;
use socklab_core::escape;
use socklab_core::journal::EventKind;

/// How long a line may stay without its newline before the screen says so.
const UNFINISHED: Duration = Duration::from_secs(1);

/// Most bytes of an unfinished line that are shown.
const UNFINISHED_SHOWN: usize = 200;

/// Bytes taken from the socket at a time.
const READ_BYTES: usize = 16 * 1024;

/// Why a client is served no longer.
enum Ended {
    /// It closed its side.
    Left,
    /// This program is to end.
    Stopped,
    /// The connection broke: a name for the screen.
    Broken(String),
}

/// Serves the client and closes the socket; tells what was received.
pub(super) fn serve(program: &Program, socket: &Endpoint, stream: TcpStream, reply: Reply) -> Received {
    let stream = Arc::new(stream);
    let at_end = Arc::clone(&stream);
    let guard = program.stop.on_request(move || {
        let _ = at_end.shutdown(Shutdown::Both);
    });
    let name = socket.remote.map_or_else(|| "unknown".to_owned(), |remote| remote.to_string());
    program.show(&format!("{name} connected"));
    let mut client = Client { program, socket, stream: &stream, reply, name: &name, received: Received::default() };
    let ended = client.serve_lines();
    let received = client.received;
    drop(guard);
    drop(stream);
    program.note(socket, EventKind::Close);
    let words = received.in_words("line");
    match ended {
        Ended::Left => program.show(&format!("{name} left ({words})")),
        Ended::Broken(why) => program.show(&format!("{name} left ({words}): {why}")),
        // The tally that follows tells it.
        Ended::Stopped => {}
    }
    received
}

struct Client<'a> {
    program: &'a Program,
    socket: &'a Endpoint,
    stream: &'a TcpStream,
    reply: Reply,
    name: &'a str,
    received: Received,
}

impl Client<'_> {
    fn serve_lines(&mut self) -> Ended {
        let mut lines = LineSplitter::default();
        let ended = self.serve_until_end(&mut lines);
        // What came without a newline before the end was received all the same.
        if let Some(line) = lines.finish() {
            self.receive(line);
        }
        ended
    }

    fn serve_until_end(&mut self, lines: &mut LineSplitter) -> Ended {
        let mut buffer = vec![0; READ_BYTES];
        let mut pause = Pause::Unsaid;
        loop {
            let mut stream = self.stream;
            let read = stream.read(&mut buffer);
            if self.program.stop.requested() {
                return Ended::Stopped;
            }
            match read {
                Ok(0) => return self.end_of_stream(lines),
                Ok(count) => {
                    let mut chunk = buffer.get(..count).unwrap_or_default();
                    if self.is_raw()
                        && let Err(error) = self.take_raw(chunk)
                    {
                        return self.broken("send", &error);
                    }
                    while let Some(line) = lines.next_line(&mut chunk) {
                        if let Err(error) = self.take(line) {
                            return self.broken("send", &error);
                        }
                    }
                    if !self.is_raw() {
                        pause = pause.after_data(self.stream, lines.begun());
                    }
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) && pause.waits() => {
                    pause = self.say_unfinished(lines.begun());
                }
                Err(error) => return self.broken("receive", &error),
            }
        }
    }

    /// The client closed its side: a line without newline counts, and is answered.
    fn end_of_stream(&mut self, lines: &mut LineSplitter) -> Ended {
        let last = lines.finish().map_or(Ok(()), |line| self.take(line));
        self.program.note(self.socket, EventKind::Eof);
        match last {
            Ok(()) => Ended::Left,
            Err(error) => self.broken("send", &error),
        }
    }

    /// Notes, counts and shows one line, or a piece of one.
    fn receive(&mut self, line: Line<'_>) {
        let (bytes, text) = (line.stream_bytes(), escape::harmless_bytes(line.bytes));
        self.received.add(Received {
            messages: u64::from(line.end != LineEnd::Cut),
            unfinished: u64::from(line.end == LineEnd::Open),
            bytes,
        });
        if self.is_raw() {
            // Lines are counted only.
            return;
        }
        self.program.note_received(self.socket, bytes, &text);
        let goes_on = if line.end == LineEnd::Cut { " (64 KiB; the line goes on)" } else { "" };
        self.program.show(&format!("{}: {text}{goes_on}", self.name));
    }

    fn is_raw(&self) -> bool {
        self.program.manner().raw
    }

    /// Notes, shows and answers what one `recv()` returned.
    fn take_raw(&self, chunk: &[u8]) -> io::Result<()> {
        let text = escape::harmless_bytes(chunk.strip_suffix(b"\n").unwrap_or(chunk));
        self.program.note_received(self.socket, u64::try_from(chunk.len()).unwrap_or(u64::MAX), &text);
        self.program.show_raw("recv", self.name, chunk);
        let Some(answer) = self.reply.to(chunk) else { return Ok(()) };
        let mut stream = self.stream;
        self.program.noting_send(self.socket, &answer, || stream.write_all(&answer))
    }

    /// Receives and answers one line, or a piece of one.
    fn take(&mut self, line: Line<'_>) -> io::Result<()> {
        if self.program.stop.requested() {
            return Ok(());
        }
        self.receive(line);
        if self.is_raw() {
            return Ok(());
        }
        let Some(mut answer) = self.reply.to(line.bytes) else { return Ok(()) };
        if line.end == LineEnd::Newline {
            answer.push(b'\n');
        }
        let mut stream = self.stream;
        self.program.noting_send(self.socket, &answer, || stream.write_all(&answer))
    }

    fn broken(&self, operation: &str, error: &io::Error) -> Ended {
        if self.program.stop.requested() {
            return Ended::Stopped;
        }
        self.program.note_error(self.socket, operation, error);
        Ended::Broken(explain::named(error))
    }

    /// Some programs send text without newline and wait: then it is not the server that is slow.
    fn say_unfinished(&self, begun: &[u8]) -> Pause {
        let shown = escape::harmless_bytes(begun.get(..UNFINISHED_SHOWN).unwrap_or(begun));
        let dots = if begun.len() > UNFINISHED_SHOWN { "..." } else { "" };
        self.program.show(&format!("{} sent text without a newline so far: {shown}{dots}", self.name));
        let _ = self.stream.set_read_timeout(None);
        Pause::Said
    }
}

/// Whether to say, once a client, that a line has no newline.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Pause {
    /// No line is begun.
    Unsaid,
    /// A line is begun; reading waits [`UNFINISHED`] for more.
    Waiting,
    Said,
}

impl Pause {
    fn waits(self) -> bool {
        self == Pause::Waiting
    }

    fn after_data(self, stream: &TcpStream, begun: &[u8]) -> Pause {
        let (next, timeout) = match (self, begun.is_empty()) {
            (Pause::Unsaid, false) => (Pause::Waiting, Some(UNFINISHED)),
            (Pause::Waiting, true) => (Pause::Unsaid, None),
            _ => return self,
        };
        let _ = stream.set_read_timeout(timeout);
        next
    }
}
