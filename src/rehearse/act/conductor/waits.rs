//! The actions that concern programs, each with the events that it waits for.
//!
//! socklab's own programs tell in their journals what they have done. Of other programs the kernel's list of sockets and
//! the wire tell as much as the rehearsal needs.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use super::{Conductor, Failure, stuck};
use crate::rehearse::act::program::Running;
use crate::rehearse::act::wire::Wire;
use crate::rehearse::plan::{Arrival, Command, Kind, Program, ProgramId};
use crate::socket_table::{self, Entry, State};
use socklab_core::journal::{EventKind, JournalEvent};
use socklab_core::wording;
use socklab_packets::types::{Protocol, SocketAddress};

/// How long it must be quiet before it is certain that a server of which nothing is known says nothing more: longer than
/// an acknowledgement is delayed (40 ms).
const QUIET: Duration = Duration::from_millis(80);

/// How long a server whose journal is known does nothing before it is certain that it has done all that it will.
const IDLE: Duration = Duration::from_millis(500);

/// How long it is waited for what may not come at all: an answer that a system need not give, or a program.
const PATIENCE: Duration = Duration::from_secs(3);

/// How far a line has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Progress {
    /// The client has not sent it, or nothing tells that it arrived.
    Underway,
    /// It was sent, and over TCP the server's system has acknowledged it.
    Arrived,
    /// The server's program has read it.
    Read,
    /// Its answer has arrived too, if the server is one that answers.
    Served,
}

/// How far a server is with a client's connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Service {
    /// It has not accepted it.
    Queued,
    /// It has accepted it, and not read what was sent.
    Accepted,
    /// It has read what was sent.
    Read,
    /// The connection is no longer there.
    Gone,
}

impl Conductor<'_> {
    pub(super) fn start(&mut self, id: ProgramId) -> Result<(), Failure> {
        let program = self.program(id)?;
        self.launch(id)?;
        match program.kind {
            Kind::UdpClient => Ok(()),
            Kind::TcpClient => self.connected(id, &program),
            Kind::TcpServer | Kind::TcpThreadedServer | Kind::UdpServer => self.listens(id, &program),
        }
    }

    fn listens(&mut self, id: ProgramId, program: &Program) -> Result<(), Failure> {
        let protocol = program.kind.protocol();
        self.until(&format!("{} to listen", program.name), |conductor| {
            conductor.must_run(id, &program.name)?;
            let running = conductor.running(id)?;
            if running.has_journal() {
                let kind = if protocol == Protocol::Tcp { EventKind::Listen } else { EventKind::Bind };
                return Ok(running.count(kind, None)? > 0);
            }
            let entries = conductor.sockets(program)?;
            Ok(entries.iter().any(|entry| is_listening(entry, program)))
        })?;
        let doing = if protocol == Protocol::Tcp { "listens on" } else { "is bound to" };
        self.tell_result(&format!("it {doing} {}", program.server))
    }

    fn connected(&mut self, id: ProgramId, program: &Program) -> Result<(), Failure> {
        let known: Vec<SocketAddress> = self.running.values().filter_map(|running| running.local).collect();
        self.until(&format!("{} to connect", program.name), |conductor| {
            let local = match conductor.running(id)? {
                running if running.has_journal() => {
                    let events = running.events()?;
                    events.iter().find(|event| event.event == EventKind::Connect).and_then(|event| event.local)
                }
                _ => {
                    let entries = conductor.sockets(program)?;
                    let new = |entry: &&Entry| {
                        entry.remote == SocketAddress::from(program.server)
                            && entry.state == State::ESTABLISHED
                            && !known.contains(&entry.local)
                    };
                    entries.iter().find(new).map(|entry| entry.local)
                }
            };
            if local.is_none() {
                conductor.must_run(id, &program.name)?;
            }
            conductor.running(id)?.local = local;
            Ok(local.is_some())
        })?;
        let local = self.running(id)?.local.map_or_else(String::new, |local| local.to_string());
        self.tell_result(&format!("it is connected; its address is {local}"))
    }

    pub(super) fn start_second(&mut self, id: ProgramId) -> Result<(), Failure> {
        let program = self.program(id)?;
        self.launch(id)?;
        let kind = if program.kind.protocol() == Protocol::Tcp { EventKind::Listen } else { EventKind::Bind };
        self.until(&format!("{} to fail", program.name), |conductor| {
            let running = conductor.running(id)?;
            Ok(running.count(kind, None)? > 0 || running.ended()?.is_some())
        })?;
        let running = self.running(id)?;
        if running.count(kind, None)? > 0 {
            self.tell_result("It started, although the first server is still running.")?;
            return self.end(id, "^C", Running::interrupt);
        }
        // A program may handle the error and end well; its journal has it all the same.
        let failed = running.count(EventKind::Error, None)? > 0;
        if !failed && running.ended()?.is_some_and(|status| status.success()) {
            return Err(stuck("the second server ended without an error", running));
        }
        // Python's last line names the error; ours is the first after what was typed.
        let named = message_with(&running.screen(), "ddress already in use");
        self.tell_result(&named.unwrap_or_else(|| "it fails".to_owned()))
    }

    /// A client where no server runs: it ends by itself, with what its system says.
    pub(super) fn start_refused(&mut self, id: ProgramId) -> Result<(), Failure> {
        let program = self.program(id)?;
        self.launch(id)?;
        self.until(&format!("{} to be refused", program.name), |conductor| {
            Ok(conductor.running(id)?.ended()?.is_some())
        })?;
        let named = message_with(&self.running(id)?.screen(), "onnection refused");
        self.tell_result(&named.unwrap_or_else(|| "it ends".to_owned()))
    }

    /// A datagram where no server runs. The client's host is watched, where the refusal arrives last.
    pub(super) fn type_refused(&mut self, client: ProgramId, line: &str) -> Result<(), Failure> {
        let program = self.program(client)?;
        let (ip, server) = (self.ip(program.host)?, SocketAddress::from(program.server));
        let wire = self.host(program.host)?.run(Wire::watch)??;
        self.tell_typed(&format!("{}> {line}", program.host))?;
        self.running(client)?.type_line(line)?;
        let (mut sent, mut refused) = (None, false);
        self.until("the datagram to be refused", |_| {
            let (is_sent, is_refused) = wire.refusal(ip, server);
            refused = is_refused;
            if is_sent {
                sent.get_or_insert_with(Instant::now);
            }
            // Systems send few such messages a second (icmp(7)), and may drop those for many clients.
            Ok(refused || sent.is_some_and(|sent: Instant| sent.elapsed() >= PATIENCE))
        })?;
        let (host, icmp) = (self.plan.server, if ip.is_ipv4() { "ICMP" } else { "ICMPv6" });
        self.tell_result(&match refused {
            true => format!("{host}'s system answers with {icmp} \"port unreachable\": no program has this port."),
            false => format!("{host}'s system sends no {icmp} \"port unreachable\" back."),
        })?;
        if !refused || !matches!(program.command, Command::Own(_)) {
            return Ok(());
        }
        let mut named = None;
        self.until(&format!("{} to be refused", program.name), |conductor| {
            named = message_with(&conductor.running(client)?.screen(), "onnection refused");
            Ok(named.is_some())
        })?;
        self.tell_result(&named.unwrap_or_default())
    }

    pub(super) fn type_line(
        &mut self,
        client: ProgramId,
        server: ProgramId,
        line: &str,
        arrival: Arrival,
    ) -> Result<(), Failure> {
        let program = self.program(client)?;
        self.tell_typed(&format!("{}> {line}", program.host))?;
        let before = self.passed(&program, client, server)?;
        self.running(client)?.type_line(line)?;
        let progress = self.progress(client, server, line, arrival, before)?;
        if !self.running(server)?.has_journal() && progress == Progress::Served {
            self.until("quiet", |conductor| Ok(conductor.wire.as_ref().is_none_or(|wire| wire.quiet_for(QUIET))))?;
        }
        let (protocol, replies) = (program.kind.protocol(), self.plan.replies);
        match (progress, protocol) {
            (Progress::Underway, _) => self.tell_result(&format!("{}'s program has not sent the line.", program.host)),
            (Progress::Arrived, Protocol::Tcp) => self.tell_service(server, client),
            (Progress::Arrived, Protocol::Udp) => self.tell_result("The server's program has not read the datagram."),
            (Progress::Read, _) if replies => {
                self.tell_result("The server has read the line, but it has not answered.")
            }
            (Progress::Served, _) if arrival == Arrival::ServedBeside => self.tell_result(
                "The server has read the datagram. UDP has no connections, so there is no queue of clients.",
            ),
            _ => Ok(()),
        }
    }

    /// Waits until a line has come as far as it is to come. Who knows whether another's program will ever read it: that is
    /// given up when nothing more happens, and the lab goes on.
    fn progress(
        &mut self,
        client: ProgramId,
        server: ProgramId,
        line: &str,
        arrival: Arrival,
        before: (u64, u64),
    ) -> Result<Progress, Failure> {
        let protocol = self.program(server)?.kind.protocol();
        let wanted = match arrival {
            Arrival::Acknowledged => Progress::Arrived,
            Arrival::Served | Arrival::ServedBeside => Progress::Served,
        };
        let is_others = matches!(self.program(server)?.command, Command::Other(_));
        // A client may wait for the answer to its last line, and send no other one until then.
        let (least, patience) = match self.running(client)?.unserved {
            true => (Progress::Underway, IDLE),
            false => (Progress::Arrived, PATIENCE),
        };
        let mut progress = Progress::Underway;
        let (mut last, mut since) = (None, Instant::now());
        self.until(&format!("'{line}' to arrive"), |conductor| {
            progress = match protocol {
                Protocol::Tcp => conductor.segment_progress(client, server, before)?,
                Protocol::Udp => conductor.datagram_progress(client, server, before)?,
            };
            let events = (conductor.running(client)?.events()?.len(), conductor.running(server)?.events()?.len());
            if last != Some((progress, events)) {
                (last, since) = (Some((progress, events)), Instant::now());
            }
            Ok(progress >= wanted || is_others && progress >= least && since.elapsed() >= patience)
        })?;
        self.running(client)?.unserved = progress < wanted;
        // What is done beyond that is asked for where it is told.
        Ok(progress.min(wanted))
    }

    /// Tells what became of a line that the server's system has acknowledged.
    fn tell_service(&mut self, server: ProgramId, client: ProgramId) -> Result<(), Failure> {
        let service = self.settled_service(server, client)?;
        self.running(client)?.queued = service == Service::Queued;
        let server = self.plan.server;
        self.tell_result(&format!("{server}'s system acknowledged the line."))?;
        self.tell_result(match service {
            Service::Queued => "The connection waits in the queue: the server has not accepted it.",
            Service::Accepted => "The server has accepted the connection, but it has not read the line.",
            Service::Read => "The server has accepted the connection and read the line.",
            Service::Gone => "The server's side has closed the connection.",
        })
    }

    /// How far the server is with a client whose line is acknowledged, once that doesn't change any more. socklab's own
    /// iterative server leaves it in the queue; of any other program only what it does tells.
    fn settled_service(&mut self, server: ProgramId, client: ProgramId) -> Result<Service, Failure> {
        let program = self.program(server)?;
        let known = program.kind == Kind::TcpServer && matches!(program.command, Command::Own(_));
        let (mut last, mut since) = (self.service(server, client)?, Instant::now());
        self.until("the server to accept or leave the connection", |conductor| {
            let now = conductor.service(server, client)?;
            if now != last {
                (last, since) = (now, Instant::now());
            }
            Ok(known || now == Service::Read || since.elapsed() >= QUIET)
        })?;
        Ok(last)
    }

    fn service(&mut self, server: ProgramId, client: ProgramId) -> Result<Service, Failure> {
        let Some(entry) = self.connection_at_server(server, client)? else { return Ok(Service::Gone) };
        let read = self.segments_read(server, client)?;
        Ok(match (entry.opened(), read) {
            (false, _) => Service::Queued,
            (true, false) => Service::Accepted,
            (true, true) => Service::Read,
        })
    }

    /// What has passed A's interface between a client and its server, for programs that tell nothing: to the server, and
    /// from it. Datagrams to a server that has a journal count when it has read them.
    fn passed(&mut self, program: &Program, client: ProgramId, of: ProgramId) -> Result<(u64, u64), Failure> {
        let server = SocketAddress::from(program.server);
        let (ip, local) = (self.ip(program.host)?, self.running(client)?.local);
        let read = match program.kind.protocol() {
            Protocol::Udp if self.running(of)?.has_journal() => Some(self.datagrams_from(of, ip, None)?),
            _ => None,
        };
        let Some(wire) = &self.wire else { return Ok((read.unwrap_or(0), 0)) };
        Ok(match (program.kind.protocol(), local) {
            (Protocol::Udp, _) => {
                let (to, from) = wire.datagrams(ip, server);
                (read.unwrap_or(to), from)
            }
            (Protocol::Tcp, Some(local)) => (wire.segments(local, server), wire.segments(server, local)),
            (Protocol::Tcp, None) => (0, 0),
        })
    }

    fn segment_progress(
        &mut self,
        client: ProgramId,
        server: ProgramId,
        before: (u64, u64),
    ) -> Result<Progress, Failure> {
        let program = self.program(client)?;
        let passed = self.passed(&program, client, server)?;
        self.must_run(client, &program.name)?;
        let running = self.running(client)?;
        let (typed, local, told) = (running.typed, running.local, running.has_journal());
        let sent = if told { running.count(EventKind::Send, None)? >= typed } else { passed.0 > before.0 };
        let received = if told { running.count(EventKind::Receive, None)? >= typed } else { passed.1 > before.1 };
        let own = self.sockets(&program)?.into_iter().find(|entry| Some(entry.local) == local);
        // A client that only sends leaves the answer unread.
        let answered = received || own.is_some_and(|entry| entry.unread > 0) || !self.plan.replies;
        if !sent || own.is_some_and(|entry| entry.unacknowledged > 0) {
            return Ok(Progress::Underway);
        }
        if !self.segments_read(server, client)? {
            return Ok(Progress::Arrived);
        }
        let there = self.connection_at_server(server, client)?;
        let settled = there.is_some_and(|entry| entry.unacknowledged == 0);
        Ok(if settled && answered { Progress::Served } else { Progress::Read })
    }

    /// Whether the server's program has read all that a TCP client has sent.
    fn segments_read(&mut self, server: ProgramId, client: ProgramId) -> Result<bool, Failure> {
        let running = self.running(client)?;
        let (typed, local, told) = (running.typed, running.local, running.has_journal());
        let bytes = running.bytes(EventKind::Send, None)?;
        let running = self.running(server)?;
        Ok(match running.has_journal() {
            // A program may read a line in parts, or two at once.
            true if told => running.bytes(EventKind::Receive, local)? >= bytes,
            true => running.count(EventKind::Receive, local)? >= typed,
            false => {
                let there = self.connection_at_server(server, client)?;
                there.is_some_and(|entry| entry.opened() && entry.unread == 0)
            }
        })
    }

    fn datagram_progress(
        &mut self,
        client: ProgramId,
        server: ProgramId,
        before: (u64, u64),
    ) -> Result<Progress, Failure> {
        let program = self.program(client)?;
        let passed = self.passed(&program, client, server)?;
        self.must_run(client, &program.name)?;
        let running = self.running(client)?;
        let (typed, told) = (running.typed, running.has_journal());
        let sent = !told || running.count(EventKind::Send, None)? >= typed;
        let received = if told { running.count(EventKind::Receive, None)? >= typed } else { passed.1 > before.1 };
        let answered = received || !self.plan.replies;
        Ok(match (sent, self.datagram_read(client, server, before)?) {
            (false, _) => Progress::Underway,
            (true, false) => Progress::Arrived,
            (true, true) if answered => Progress::Served,
            (true, true) => Progress::Read,
        })
    }

    /// Whether the server's program has read all that was typed at a UDP client. Others at the same host may have sent too:
    /// its port tells them apart, or else what came from the host before its last line.
    fn datagram_read(&mut self, client: ProgramId, server: ProgramId, before: (u64, u64)) -> Result<bool, Failure> {
        let (program, at_server) = (self.program(client)?, self.program(server)?);
        let ip = self.ip(program.host)?;
        let running = self.running(client)?;
        let (typed, told) = (running.typed, running.has_journal());
        let port = running.events()?.iter().rev().find_map(|event| event.local).map(|local| local.port);
        if !self.running(server)?.has_journal() {
            let entries = self.sockets(&at_server)?;
            let passed = self.passed(&program, client, server)?;
            let unread = |entry: &Entry| is_listening(entry, &at_server) && entry.unread > 0;
            return Ok(passed.0 > before.0 && !entries.iter().any(unread));
        }
        match (told, port) {
            (true, None) => Ok(false),
            (true, port) => Ok(self.datagrams_from(server, ip, port)? >= u64::try_from(typed).unwrap_or(u64::MAX)),
            (false, _) => Ok(self.datagrams_from(server, ip, None)? > before.0),
        }
    }

    /// Datagrams that the server's journal has from a host, or from one port there.
    fn datagrams_from(&mut self, server: ProgramId, ip: IpAddr, port: Option<u16>) -> Result<u64, Failure> {
        let from_there = |event: &&JournalEvent| {
            let is_there = |remote: SocketAddress| remote.ip == ip && port.is_none_or(|port| remote.port == port);
            event.event == EventKind::Receive && event.remote.is_some_and(is_there)
        };
        let count = self.running(server)?.events()?.iter().filter(from_there).count();
        Ok(u64::try_from(count).unwrap_or(u64::MAX))
    }

    /// Ends a program as `how` says, and waits until it and its connection are gone.
    pub(super) fn end(&mut self, id: ProgramId, key: &str, how: fn(&mut Running)) -> Result<(), Failure> {
        let program = self.program(id)?;
        // No key reaches a program that has ended by itself.
        if self.running(id)?.ended()?.is_none() {
            self.tell(&format!("{}{key} {}", program.host, program.kind.name()))?;
            how(self.running(id)?);
        }
        // Nor does the end of its input reach a client that waits for an answer.
        let (unserved, start) = (self.running(id)?.unserved, Instant::now());
        self.until(&format!("{} to end", program.name), |conductor| {
            let gives_up = unserved && start.elapsed() >= PATIENCE;
            Ok(gives_up || conductor.running(id)?.ended()?.is_some())
        })?;
        if self.running(id)?.ended()?.is_none() {
            self.tell(&format!("{}^C {}", program.host, program.kind.name()))?;
            self.running(id)?.interrupt();
            self.until(&format!("{} to end", program.name), |conductor| Ok(conductor.running(id)?.ended()?.is_some()))?;
        }
        let Some(local) = self.running(id)?.local else { return Ok(()) };
        self.until(&format!("the connection of {} to close", program.name), |conductor| {
            let entries = conductor.sockets(&program)?;
            let mut own = entries.iter().filter(|entry| entry.local == local);
            Ok(own.all(|entry| matches!(entry.state, State::FIN_WAIT_2 | State::TIME_WAIT)))
        })
    }

    pub(super) fn queue_served(&mut self, server: ProgramId, client: ProgramId, clients: usize) -> Result<(), Failure> {
        let program = self.program(server)?;
        let mut deaf: Option<Instant> = None;
        let (mut told, mut since) = (0, Instant::now());
        self.until("the server to serve its queue", |conductor| {
            let running = conductor.running(server)?;
            if running.ended()?.is_some() {
                return Ok(true);
            }
            if running.has_journal() {
                let events = running.events()?.len();
                if events != told {
                    (told, since) = (events, Instant::now());
                }
                let accepted = running.count(EventKind::Accept, None)?;
                // The listening socket stays open. A program that closes nothing, or accepts no second client, is done
                // when it does nothing more.
                if accepted < clients || running.count(EventKind::Close, None)? < accepted {
                    return Ok(since.elapsed() >= IDLE);
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
        })?;
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

    /// The server's end of a client's connection.
    fn connection_at_server(&mut self, server: ProgramId, client: ProgramId) -> Result<Option<Entry>, Failure> {
        let local = self.running(client)?.local;
        let program = self.program(server)?;
        Ok(self.sockets(&program)?.into_iter().find(|entry| Some(entry.remote) == local))
    }

    /// The sockets of a program's host, of its protocol.
    fn sockets(&mut self, program: &Program) -> Result<Vec<Entry>, Failure> {
        let protocol = program.kind.protocol();
        Ok(self.host(program.host)?.run(move || socket_table::list(protocol))??)
    }

    fn must_run(&mut self, id: ProgramId, name: &str) -> Result<(), Failure> {
        let running = self.running(id)?;
        match running.ended()? {
            Some(status) => Err(stuck(&format!("{name} ended too early ({status})"), running)),
            None => Ok(()),
        }
    }
}

/// The message of a screen that has these words: from its first line, since further ones are indented, to the words. What
/// to do about it may follow.
fn message_with(screen: &[String], words: &str) -> Option<String> {
    let mut message = String::new();
    for line in screen {
        match line.strip_prefix(' ') {
            Some(rest) => message = format!("{message} {}", rest.trim_start()),
            None => message.clone_from(line),
        }
        if message.contains(words) {
            return Some(message);
        }
    }
    None
}

fn is_listening(entry: &Entry, program: &Program) -> bool {
    let server = SocketAddress::from(program.server);
    let here = entry.local.port == server.port && (entry.local.ip == server.ip || entry.local.ip.is_unspecified());
    here && (program.kind.protocol() == Protocol::Udp || entry.state == State::LISTEN)
}

#[cfg(test)]
mod tests {
    use super::message_with;

    /// A long address makes a message longer than a line; what Python says before an error is no part of it.
    #[test]
    fn a_message_is_found_with_all_its_lines() {
        let screen = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
        let ours = "$ socklab tcp-server\ntcp-server: bind [fd00::1]:5 failed:\n  EADDRINUSE (Address already\n  in use)\n  Stop it.";
        assert_eq!(
            message_with(&screen(ours), "ddress already in use").unwrap(),
            "tcp-server: bind [fd00::1]:5 failed: EADDRINUSE (Address already in use)"
        );
        let python = "Traceback (most recent call last):\n  File \"s.py\"\nOSError: [Errno 98] Address already in use";
        assert_eq!(
            message_with(&screen(python), "ddress already in use").unwrap(),
            "OSError: [Errno 98] Address already in use"
        );
        assert_eq!(message_with(&screen(python), "onnection refused"), None);
    }
}
