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
            let chunk = read.as_ref().ok().and_then(|count| buffer.get(..*count)).unwrap_or_default();
            let answered = self.take_chunk(chunk, lines);
            if self.program.stop.requested() {
                return Ended::Stopped;
            }
            if let Err(error) = answered {
                return self.broken("send", &error);
            }
            match read {
                Ok(0) => return self.end_of_stream(lines),
                Ok(_) if self.is_raw() => {}
                Ok(_) => pause = pause.after_data(self.stream, lines.begun()),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) && pause.waits() => {
                    pause = self.say_unfinished(lines.begun());
                }
                Err(error) => return self.broken("receive", &error),
            }
        }
    }

    /// Receives what one `recv()` returned and answers it. What follows the first answer that can't be sent came all the
    /// same: it is received, too.
    fn take_chunk(&mut self, mut chunk: &[u8], lines: &mut LineSplitter) -> io::Result<()> {
        let mut answered = if self.is_raw() && !chunk.is_empty() { self.take_raw(chunk) } else { Ok(()) };
        while let Some(line) = lines.next_line(&mut chunk) {
            self.receive(line);
            if answered.is_ok() {
                answered = self.answer(line);
            }
        }
        answered
    }

    /// The client closed its side: a line without newline counts, and is answered.
    fn end_of_stream(&mut self, lines: &mut LineSplitter) -> Ended {
        let last = lines.finish().map_or(Ok(()), |line| {
            self.receive(line);
            self.answer(line)
        });
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
        self.program.note_received(self.socket, chunk.len() as u64, &text);
        self.program.show_raw("recv", self.name, chunk);
        self.reply.to(chunk).map_or(Ok(()), |answer| self.send(&answer))
    }

    /// Answers one line, or a piece of one.
    fn answer(&self, line: Line<'_>) -> io::Result<()> {
        if self.is_raw() {
            return Ok(());
        }
        let Some(mut answer) = self.reply.to(line.bytes) else { return Ok(()) };
        if line.end == LineEnd::Newline {
            answer.push(b'\n');
        }
        self.send(&answer)
    }

    /// Sends an answer, unless the program is to end.
    fn send(&self, answer: &[u8]) -> io::Result<()> {
        if self.program.stop.requested() {
            return Ok(());
        }
        let mut stream = self.stream;
        self.program.noting_send(self.socket, answer, || stream.write_all(answer))
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

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use socklab_core::journal::Journal;
    use socklab_packets::types::Protocol;

    use super::*;
    use crate::servers::program::{Manner, testing::Kept};

    /// A client sends this at once, and no answer can be sent: what was received, the screen, and the journal.
    fn unanswerable(sent: &[u8], manner: Manner) -> (Received, String, Journal) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        client.write_all(sent).unwrap();
        let (stream, _) = listener.accept().unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        let (screen, journal) = (Kept::default(), Kept::default());
        let outputs = (screen.output(), journal.output());
        let program = Program::new("tcp-server", outputs.0, Box::new(io::sink()), Some(outputs.1)).with(manner);
        let received = serve(&program, &program.new_socket(Protocol::Tcp), stream, Reply::Echo);
        (received, screen.text(), Journal::read(journal.text().as_bytes()).unwrap())
    }

    #[test]
    fn what_came_with_a_line_that_cant_be_answered_is_received_all_the_same() {
        let (received, screen, journal) = unanswerable(b"one\ntwo\nend", Manner::default());
        assert_eq!(received, Received { messages: 3, unfinished: 1, bytes: 11 });
        for shown in
            ["unknown: one\n", "unknown: two\n", "unknown: end\n", "left (3 lines, 1 without a newline, 11 bytes): "]
        {
            assert!(screen.contains(shown), "{shown}: {screen}");
        }
        let events: Vec<EventKind> = journal.events.iter().map(|event| event.event).collect();
        use EventKind::{Close, Error, Receive};
        assert_eq!(events, [Receive, Receive, Error, Receive, Close]);
        assert_eq!(journal.events.iter().filter_map(|event| event.bytes).sum::<u64>(), 11);
        let raw = Manner { raw: true, ..Manner::default() };
        assert_eq!(unanswerable(b"one\ntwo\nend", raw).0, received);
    }
}
