//! The end of a wait in the queue: what became of who waited there.

use std::collections::BTreeSet;
use std::time::Instant;

use super::reach::is_listening;
use super::{Conductor, Failure, IDLE, QUIET};
use crate::rehearse::plan::ProgramId;
use crate::socket_table::State;
use socklab_core::journal::{EventKind, JournalEvent};
use socklab_core::wording;
use socklab_packets::types::SocketAddress;

impl Conductor<'_> {
    pub(super) fn queue_served(&mut self, server: ProgramId, client: ProgramId, clients: usize) -> Result<(), Failure> {
        let program = self.program(server)?;
        let mut deaf: Option<Instant> = None;
        let (mut told, mut since) = (0, Instant::now());
        let waited = self.until("the server to serve its queue", |conductor| {
            let running = conductor.running(server)?;
            if running.ended()?.is_some() {
                return Ok(true);
            }
            if running.has_journal() {
                let events = running.events()?;
                if events.len() != told {
                    (told, since) = (events.len(), Instant::now());
                }
                // A program that closes nothing, or accepts no second client, is done when it does nothing more.
                if since.elapsed() >= IDLE {
                    return Ok(true);
                }
                let (accepted, closed) = accepted_and_closed(&events);
                if accepted < clients || closed < accepted {
                    return Ok(false);
                }
            }
            let entries = conductor.sockets(&program)?;
            if !entries.iter().any(|entry| is_listening(entry, &program)) {
                // A program that ends closes its sockets a little before.
                return Ok(deaf.get_or_insert_with(Instant::now).elapsed() >= QUIET);
            }
            let local = SocketAddress::from(program.server).port;
            let mut left = entries.iter().filter(|entry| entry.local.port == local);
            Ok(left.all(|entry| matches!(entry.state, State::LISTEN | State::TIME_WAIT)))
        });
        self.with_screen(server, waited)?;
        let ended = self.running(server)?.ended()?.is_some();
        let text = match deaf {
            _ if ended => "The server has ended.".to_owned(),
            Some(_) => "The server no longer listens.".to_owned(),
            None => self.after_the_queue(server, client)?,
        };
        self.tell_result(&text)
    }

    /// What became of the client that may have waited, as far as the journal or the kernel's list shows.
    fn after_the_queue(&mut self, server: ProgramId, client: ProgramId) -> Result<String, Failure> {
        let host = self.program(client)?.host;
        let (local, queued) = (self.running(client)?.local, self.running(client)?.queued);
        let running = self.running(server)?;
        if !queued {
            return Ok(format!("{host}'s connection was not in the queue."));
        }
        if !running.has_journal() {
            return Ok(format!("{host}'s connection has left the queue, and the server has closed it."));
        }
        let done = [
            (EventKind::Accept, "accepted the connection"),
            (EventKind::Receive, "read the line"),
            (EventKind::Eof, "read the end"),
        ];
        let mut said = Vec::new();
        for (kind, what) in done {
            if running.count(kind, local)? > 0 {
                said.push(what);
            }
        }
        Ok(match said.as_slice() {
            [] => format!("The server has not accepted {host}'s connection."),
            said => format!("{host} waited in the queue until now. The server has {}.", wording::list(said)),
        })
    }
}

/// How many connections a server has accepted, and how many of these it has closed. Its other sockets don't count: Python
/// tries one to learn whether IPv6 can take IPv4 along.
fn accepted_and_closed(events: &[JournalEvent]) -> (usize, usize) {
    let of_kind = |kind: EventKind| events.iter().filter(move |event| event.event == kind).map(|event| event.socket);
    let accepted: BTreeSet<u32> = of_kind(EventKind::Accept).collect();
    let closed = of_kind(EventKind::Close).filter(|socket| accepted.contains(socket)).count();
    (accepted.len(), closed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use socklab_packets::types::{Protocol, Timestamp};

    #[test]
    fn only_accepted_connections_are_counted_as_closed() {
        let event = |kind, socket| {
            let time = Timestamp { seconds: 1, nanoseconds: 0, digits: 6 };
            JournalEvent::new(time, "any.py", 7, kind, Protocol::Tcp, socket)
        };
        let mut events = vec![event(EventKind::Socket, 1), event(EventKind::Close, 1), event(EventKind::Socket, 2)];
        events.extend([event(EventKind::Accept, 3), event(EventKind::Accept, 4)]);
        assert_eq!(accepted_and_closed(&events), (2, 0));
        events.push(event(EventKind::Close, 3));
        assert_eq!(accepted_and_closed(&events), (2, 1));
    }
}
