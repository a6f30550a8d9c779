//! The event log of socket programs: one JSON object a line (`--journal FILE`).
//!
//! socklab's own programs write it, and so does `socklab run` for any other program. The analyzer reads it as evidence
//! where a capture cannot speak: whether `bind` succeeded, when `accept` returned, which line was received from whom.
//!
//! A journal is read whole into memory, within [`JOURNAL_EVENTS`], [`JOURNAL_TEXT_BYTES`] and [`JOURNAL_LINE_BYTES`].

use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};

use serde::{Deserialize, Serialize};

use socklab_packets::limits::{JOURNAL_EVENTS, JOURNAL_LINE_BYTES, JOURNAL_TEXT_BYTES};
use socklab_packets::types::{Protocol, SocketAddress, Timestamp};

/// What happened to a socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EventKind {
    /// `socket()` made it.
    Socket,
    /// `bind()` gave it its local address.
    Bind,
    /// `listen()` made it a listening socket.
    Listen,
    /// `connect()` returned: the handshake is complete (TCP client).
    Connect,
    /// `accept()` returned it: a new socket for one client.
    Accept,
    /// Data was read from it. The socket programs write one event a line or datagram, as shown on the screen;
    /// `socklab run` one a call, or one a datagram.
    Receive,
    /// Data was handed to the system to send.
    Send,
    /// The peer closed its side: end of file was read.
    Eof,
    /// `shutdown()` closed one direction or both; `operation` says which (`SHUT_WR`).
    Shutdown,
    /// One of its descriptors was closed, and another one (made by `dup()` or `fork()`) still holds it: nothing is sent.
    Release,
    /// It was closed, by its last descriptor. `operation` says by what, where it was not `close()`.
    Close,
    /// A connection waits in the queue of this listening socket: it is established, and no program has accepted it.
    /// `bytes` of it are unread. Written again when their number changes.
    Queued,
    /// That connection waits no longer; `operation` says why: `accept`, or `gone` (reset, or the listening socket closed).
    Dequeued,
    /// A call failed; `operation` and `errno` say which and why.
    Error,
}

/// One line of a journal. Absent fields do not apply to the event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JournalEvent {
    /// When it happened, in UTC with microseconds.
    pub time: Timestamp,
    /// The program: `tcp-server`, `tcp-client`, `tcp-threaded-server`, `udp-server`, `udp-client`; from `socklab run` the
    /// name of the program or of its script (`tcp_server.py`).
    pub program: String,
    /// The process number.
    pub pid: u32,
    /// From `socklab run`: the number of the run's first process. The run's processes share one count of sockets.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub run: Option<u32>,
    /// From `socklab run`: the system's number of the thread that made the call; the main thread's is `pid`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub thread: Option<u32>,
    /// What happened.
    pub event: EventKind,
    /// The socket's protocol.
    pub protocol: Protocol,
    /// The socket's number in its process (or run), from 1 in the order of creation.
    pub socket: u32,
    /// For `accept`: the number of the listening socket that it came from.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub listener: Option<u32>,
    /// The socket's local address.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub local: Option<SocketAddress>,
    /// The socket's remote address; for UDP, of the datagram's other end.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub remote: Option<SocketAddress>,
    /// For `listen`: the backlog asked for.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub backlog: Option<u32>,
    /// For `receive` and `send`: bytes. For `queued` and `dequeued`: bytes that wait unread.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub bytes: Option<u64>,
    /// For `receive` and `send`: the text as shown on the screen, made harmless.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub text: Option<String>,
    /// For `error`: the call that failed (`bind`, `connect`, `accept` …). For `shutdown`, `close` and `dequeued`: see
    /// there.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub operation: Option<String>,
    /// For `error`: the errno name (`EADDRINUSE`), or the system's number where it has no name here.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub errno: Option<String>,
    /// For `error`: the system's message.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub message: Option<String>,
}

impl JournalEvent {
    /// An event with the fields that every event has.
    pub fn new(time: Timestamp, program: &str, pid: u32, event: EventKind, protocol: Protocol, socket: u32) -> Self {
        JournalEvent {
            time,
            program: program.to_owned(),
            pid,
            run: None,
            thread: None,
            event,
            protocol,
            socket,
            listener: None,
            local: None,
            remote: None,
            backlog: None,
            bytes: None,
            text: None,
            operation: None,
            errno: None,
            message: None,
        }
    }

    /// Bytes of all its texts.
    fn text_bytes(&self) -> usize {
        let texts = [&self.text, &self.operation, &self.errno, &self.message];
        let lengths = texts.into_iter().flatten().map(String::len);
        lengths.fold(self.program.len(), usize::saturating_add)
    }

    /// Writes the event as one line, in one `write` as far as `out` takes it whole, and flushes it: a program killed at
    /// any moment leaves whole lines.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write(&self, out: &mut (impl Write + ?Sized)) -> io::Result<()> {
        write_all(std::slice::from_ref(self), out)
    }
}

/// Writes events as lines, in one `write` as far as `out` takes them whole, and flushes it.
///
/// # Errors
/// Those of `out`.
pub fn write_all(events: &[JournalEvent], out: &mut (impl Write + ?Sized)) -> io::Result<()> {
    let mut lines = Vec::new();
    for event in events {
        serde_json::to_writer(&mut lines, event)?;
        lines.push(b'\n');
    }
    out.write_all(&lines)?;
    out.flush()
}

/// Why a journal can't be used. Lines are numbered from 1.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The file can't be read.
    #[error("line {line}: {source}")]
    Read {
        /// The line being read.
        line: u64,
        /// What the system says.
        source: io::Error,
    },
    /// The line is not a journal event.
    #[error("line {line} is not a journal event: {}", within_line(source))]
    Event {
        /// The line.
        line: u64,
        /// Where in the line, and what is wrong.
        source: serde_json::Error,
    },
    /// The line is longer than any that the socket programs write.
    #[error("line {line} is longer than {JOURNAL_LINE_BYTES} bytes: this is not a journal")]
    TooLong {
        /// The line.
        line: u64,
    },
}

/// What is wrong in a line, and in which column. The reader of JSON counts lines within it, which would be taken for those
/// of the file.
fn within_line(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let reason = match error.classify() {
        serde_json::error::Category::Syntax => "it is not JSON",
        serde_json::error::Category::Eof => "it is JSON that stops in its middle",
        _ => text.rsplit_once(" at line ").map_or(text.as_str(), |(reason, _)| reason),
    };
    if error.line() == 1 && error.column() > 0 {
        format!("{reason} (column {})", error.column())
    } else {
        reason.to_owned()
    }
}

/// What a journal file holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Journal {
    /// The events in the file's order.
    pub events: Vec<JournalEvent>,
    /// Events for which there was no more room, counted but not held.
    pub left_out: u64,
    /// The last line stops in its middle (the disk was full, or the file was copied too early); it is left out.
    pub cut: bool,
}

/// A journal of one of the socket programs, with the file it came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedJournal {
    /// The file as named.
    pub file: String,
    /// What it holds.
    pub journal: Journal,
}

/// How much more of journals may be held: of one, or of several that share it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    /// Events.
    pub events: usize,
    /// Bytes of text of any field.
    pub text_bytes: usize,
}

impl Default for Room {
    fn default() -> Self {
        Room { events: JOURNAL_EVENTS, text_bytes: JOURNAL_TEXT_BYTES }
    }
}

impl Room {
    /// What is left when the event is held, if there is room for it.
    fn after(self, event: &JournalEvent) -> Option<Room> {
        let events = self.events.checked_sub(1)?;
        Some(Room { events, text_bytes: self.text_bytes.checked_sub(event.text_bytes())? })
    }
}

impl Journal {
    /// What to do about a journal that can't be used.
    pub const HINT: &str = "Journals are what the socket programs write with their option --journal FILE.";

    /// Reads a whole journal.
    ///
    /// # Errors
    /// A line that is not a journal event, is too long, or can't be read. A last line that stops in its middle is no error:
    /// see [`Journal::cut`].
    pub fn read(reader: impl BufRead) -> Result<Journal, JournalError> {
        Journal::read_within(reader, &mut Room::default())
    }

    /// Reads a whole journal, of which as much is held as there is room for.
    ///
    /// # Errors
    /// Those of [`Journal::read`].
    pub fn read_within(mut reader: impl BufRead, room: &mut Room) -> Result<Journal, JournalError> {
        let mut journal = Journal::default();
        let mut bytes = Vec::new();
        for line in 1u64.. {
            bytes.clear();
            match read_line(&mut reader, line, &mut bytes)? {
                Line::Event(event) => journal.hold(*event, room),
                Line::Cut => journal.cut = true,
                Line::End => break,
            }
        }
        Ok(journal)
    }

    /// Holds an event, unless one before it was left out: what is held is the beginning, without a gap.
    fn hold(&mut self, event: JournalEvent, room: &mut Room) {
        match room.after(&event).filter(|_| self.left_out == 0) {
            Some(left) => {
                *room = left;
                self.events.push(event);
            }
            None => self.left_out = self.left_out.saturating_add(1),
        }
    }
}

enum Line {
    Event(Box<JournalEvent>),
    /// The file stops in the middle of this line.
    Cut,
    End,
}

/// Reads the next line, of this number, into `bytes`, which are empty.
fn read_line(reader: &mut impl BufRead, line: u64, bytes: &mut Vec<u8>) -> Result<Line, JournalError> {
    let limit = u64::try_from(JOURNAL_LINE_BYTES).unwrap_or(u64::MAX).saturating_add(1);
    let read = reader.take(limit).read_until(b'\n', bytes);
    read.map_err(|source| JournalError::Read { line, source })?;
    let whole = bytes.ends_with(b"\n");
    if bytes.is_empty() {
        return Ok(Line::End);
    } else if !whole && bytes.len() > JOURNAL_LINE_BYTES {
        return Err(JournalError::TooLong { line });
    }
    match serde_json::from_slice(bytes) {
        Ok(event) => Ok(Line::Event(Box::new(event))),
        Err(error) if !whole && error.is_eof() => Ok(Line::Cut),
        Err(source) => Err(JournalError::Event { line, source }),
    }
}

/// Whether events can be added to this file: it is empty, or begins with an event. Gives the length of its whole lines
/// and that of the file, which differ when the last line was cut. Reads the file's first and last lines only.
///
/// # Errors
/// The file holds something else, or can't be read.
pub fn whole_lines(file: &mut (impl Read + Seek)) -> Result<(u64, u64), JournalError> {
    read_line(&mut BufReader::new(&mut *file), 1, &mut Vec::new())?;
    let last_line = |source| JournalError::Read { line: 1, source };
    let length = file.seek(SeekFrom::End(0)).map_err(last_line)?;
    let start = length.saturating_sub(u64::try_from(JOURNAL_LINE_BYTES).unwrap_or(u64::MAX));
    file.seek(SeekFrom::Start(start)).map_err(last_line)?;
    let mut tail = Vec::new();
    file.read_to_end(&mut tail).map_err(last_line)?;
    let cut = tail.iter().rev().take_while(|&&byte| byte != b'\n').count();
    Ok((length.saturating_sub(u64::try_from(cut).unwrap_or(u64::MAX)), length))
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use proptest::option::of;
    use proptest::prelude::{Just, Strategy, any};
    use proptest::{collection, prop_assert, prop_assert_eq, prop_oneof, proptest};

    use super::*;

    const LINE: &str = concat!(
        r#"{"time":"2024-03-01T10:00:00.000001Z","program":"tcp-server","pid":7,"event":"bind","#,
        r#""protocol":"tcp","socket":1,"local":"10.0.3.1:65432","later":"field"}"#
    );

    fn read(text: &str) -> Result<Journal, JournalError> {
        Journal::read(text.as_bytes())
    }

    #[test]
    fn a_journal_is_read_line_by_line_and_may_hold_fields_of_later_versions() {
        let journal = read(&format!("{LINE}\n{LINE}\r\n{LINE}")).unwrap();
        assert_eq!((journal.events.len(), journal.cut, journal.left_out), (3, false, 0));
        assert_eq!(journal.events[0].local.unwrap().to_string(), "10.0.3.1:65432");
        assert_eq!(read("").unwrap(), Journal::default());
    }

    #[test]
    fn anything_but_a_cut_last_line_is_an_error_that_names_the_line() {
        for wrong in ["", "{}", "hello", "[1", "{\"time\":\"yesterday\"}", "\u{feff}"] {
            let error = read(&format!("{LINE}\n{wrong}\n")).unwrap_err().to_string();
            assert!(error.starts_with("line 2 is not a journal event"), "{error}");
            assert!(!error.contains(" at line "), "{error}");
        }
        let hello = read(&format!("{LINE}\nhello\n")).unwrap_err().to_string();
        assert_eq!(hello, "line 2 is not a journal event: it is not JSON (column 1)");
        assert!(matches!(read("hello"), Err(JournalError::Event { line: 1, .. })));
        let long = format!("{LINE}\n{}", "x".repeat(JOURNAL_LINE_BYTES + 1));
        assert!(matches!(read(&long), Err(JournalError::TooLong { line: 2 })));
    }

    #[test]
    fn the_longest_line_of_the_programs_fits() {
        let mut event: JournalEvent = serde_json::from_str(LINE).unwrap();
        event.text = Some(crate::escape::harmless_bytes(&vec![0; socklab_packets::limits::LINE_BYTES]));
        let mut bytes = Vec::new();
        event.write(&mut bytes).unwrap();
        assert_eq!(Journal::read(bytes.as_slice()).unwrap().events, [event]);
    }

    #[test]
    fn what_is_too_much_to_hold_is_counted() {
        let mut event: JournalEvent = serde_json::from_str(LINE).unwrap();
        event.text = Some("x".repeat(200_000));
        let mut line = Vec::new();
        event.write(&mut line).unwrap();
        let held = JOURNAL_TEXT_BYTES / 200_000;
        let journal = Journal::read(line.repeat(held + 3).as_slice()).unwrap();
        assert_eq!((journal.events.len(), journal.left_out), (held, 3));
        let mut room = Room { events: 3, text_bytes: 1000 };
        let lines = format!("{LINE}\n").repeat(2);
        let held = [(); 2].map(|()| Journal::read_within(lines.as_bytes(), &mut room).unwrap());
        assert_eq!(held.map(|journal| (journal.events.len(), journal.left_out)), [(2, 0), (1, 1)]);
    }

    #[test]
    fn a_journal_can_be_added_to_behind_its_whole_lines() {
        let whole = format!("{LINE}\n{LINE}\n");
        let length = |text: &str| whole_lines(&mut Cursor::new(text.as_bytes()));
        let bytes = |text: &str| u64::try_from(text.len()).unwrap();
        assert_eq!(length("").unwrap(), (0, 0));
        assert_eq!(length(&whole).unwrap(), (bytes(&whole), bytes(&whole)));
        let cut = format!("{whole}{}", &LINE[..30]);
        assert_eq!(length(&cut).unwrap(), (bytes(&whole), bytes(&cut)));
        assert_eq!(length(&LINE[..30]).unwrap(), (0, 30));
        assert!(length("my homework").is_err());
        assert!(length(&format!("my homework\n{whole}")).is_err());
    }

    fn event() -> impl Strategy<Value = JournalEvent> {
        let kind = prop_oneof![
            Just(EventKind::Socket),
            Just(EventKind::Connect),
            Just(EventKind::Accept),
            Just(EventKind::Eof),
            Just(EventKind::Queued),
            Just(EventKind::Error)
        ];
        let address =
            || of((any::<std::net::IpAddr>(), any::<u16>()).prop_map(|(ip, port)| SocketAddress::new(ip, port)));
        let number = || of(any::<u32>());
        let text = || of(any::<String>());
        (
            (0i64..4_000_000_000, 0u32..1_000_000, any::<u32>(), kind, number(), number()),
            (address(), address(), of(any::<u64>())),
            (text(), text(), text()),
        )
            .prop_map(|((seconds, micros, pid, kind, listener, backlog), (local, remote, bytes), texts)| {
                let time = Timestamp { seconds, nanoseconds: micros * 1000, digits: 6 };
                let (text, operation, errno) = texts;
                let event = JournalEvent::new(time, "udp-client", pid, kind, Protocol::Udp, 1);
                JournalEvent { listener, local, remote, backlog, bytes, text, operation, errno, run: listener, ..event }
            })
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_and_a_cut_costs_one_line(events in collection::vec(event(), 1..6), cut in any::<usize>()) {
            let mut bytes = Vec::new();
            events.iter().try_for_each(|event| event.write(&mut bytes)).unwrap();
            prop_assert_eq!(&Journal::read(bytes.as_slice()).unwrap().events, &events);
            let kept = &bytes[..cut % bytes.len()];
            let whole = kept.iter().filter(|byte| **byte == b'\n').count();
            let journal = Journal::read(kept).unwrap();
            // Without its newline alone, the last line is still whole.
            prop_assert!(journal.events.len() == whole || (journal.events.len() == whole + 1 && !journal.cut));
            prop_assert_eq!(&journal.events, &events[..journal.events.len()]);
        }
    }
}
