//! The actions that concern programs, each with the events that it waits for.
//!
//! socklab's own programs tell in their journals what they have done. Of other programs the kernel's list of sockets and
//! the wire tell as much as the rehearsal needs.

use std::io;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use super::reach::{is_listening, is_reached_at, served_at};
use super::{Conductor, Failure, IDLE, QUIET, stuck};
use crate::rehearse::act::program::Running;
use crate::rehearse::plan::{Arrival, Command, Kind, Program, ProgramId};
use crate::socket_table::{self, Entry, State};
use socklab_core::journal::{EventKind, JournalEvent};
use socklab_core::wording;
use socklab_packets::types::{Protocol, SocketAddress};

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
        let doing = if program.kind.protocol() == Protocol::Tcp { "listens on" } else { "is bound to" };
        let (mut at, mut elsewhere) = (program.server.into(), Vec::new());
        let mut since = Instant::now();
        let what = format!("{} to listen; nothing was typed at it", program.name);
        let waited = self.until(&what, |conductor| {
            let running = conductor.running(id)?;
            if !running.has_journal() {
                conductor.must_run(id, &program.name)?;
                let entries = conductor.sockets(program)?;
                return Ok(entries.iter().any(|entry| is_listening(entry, program)));
            }
            let addresses = served_at(&running.events()?, program.kind.protocol());
            if let Some(own) = addresses.iter().find(|own| is_reached_at(**own, program.server)) {
                at = *own;
                return Ok(true);
            }
            conductor.must_run(id, &program.name)?;
            if addresses != elsewhere {
                (elsewhere, since) = (addresses, Instant::now());
            }
            // A server may have more than one socket.
            if elsewhere.is_empty() || since.elapsed() < IDLE {
                return Ok(false);
            }
            let named: Vec<String> = elsewhere.iter().map(ToString::to_string).collect();
            let word = doing.split_whitespace().last().unwrap_or_default();
            let what = format!("{} {doing} {}, not {word} {}", program.name, wording::list(&named), program.server);
            Err(stuck(&what, conductor.running(id)?))
        });
        self.with_screen(id, waited)?;
        self.tell_result(&format!("it {doing} {at}"))
    }

    fn connected(&mut self, id: ProgramId, program: &Program) -> Result<(), Failure> {
        let known: Vec<SocketAddress> = self.running.values().filter_map(|running| running.local).collect();
        let server = SocketAddress::from(program.server);
        let what = format!("{} to connect; nothing was typed at it yet", program.name);
        let mut refused = None;
        let waited = self.until(&what, |conductor| {
            let local = match conductor.running(id)? {
                running if running.has_journal() => {
                    let is_it = |event: &&JournalEvent| {
                        let there = event.protocol == Protocol::Tcp && event.remote == Some(server);
                        event.event == EventKind::Connect && there
                    };
                    running.events()?.iter().find(is_it).and_then(|event| event.local)
                }
                _ => {
                    let entries = conductor.sockets(program)?;
                    let new = |entry: &&Entry| {
                        entry.remote == server && entry.state == State::ESTABLISHED && !known.contains(&entry.local)
                    };
                    entries.iter().find(new).map(|entry| entry.local)
                }
            };
            if local.is_none() && conductor.running(id)?.ended()?.is_some() {
                refused = conductor.why_not_reached(program)?;
                if refused.is_none() {
                    conductor.must_run(id, &program.name)?;
                }
            }
            conductor.running(id)?.local = local;
            Ok(local.is_some() || refused.is_some())
        });
        self.with_screen(id, waited)?;
        if let Some(why) = refused {
            self.running(id)?.over = true;
            return self.tell_result(&why);
        }
        let local = self.running(id)?.local.map_or_else(String::new, |local| local.to_string());
        self.tell_result(&format!("it is connected; its address is {local}"))
    }

    pub(super) fn start_second(&mut self, id: ProgramId) -> Result<(), Failure> {
        let program = self.program(id)?;
        let heard = self.sockets(&program)?.iter().any(|entry| is_listening(entry, &program));
        self.launch(id)?;
        let kind = if program.kind.protocol() == Protocol::Tcp { EventKind::Listen } else { EventKind::Bind };
        let waited = self.until(&format!("{} to fail", program.name), |conductor| {
            let running = conductor.running(id)?;
            Ok(running.count(kind, None)? > 0 || running.ended()?.is_some())
        });
        self.with_screen(id, waited)?;
        if self.running(id)?.count(kind, None)? > 0 {
            let why = self.why_a_second_starts(&program, heard)?;
            self.tell_result(&why)?;
            return self.end(id, "^C", Running::interrupt);
        }
        let running = self.running(id)?;
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
        let wire = self.watch(program.host)?;
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
        // Nobody types at a program that is not there.
        if self.running(client)?.over {
            return Ok(());
        }
        if self.running(client)?.ended()?.is_some()
            && let Some(what) = self.cut_off(server, client)?
        {
            return self.tell_end(server, &what);
        }
        self.tell_typed(&format!("{}> {line}", program.host))?;
        let before = self.passed(&program, client, server)?;
        match self.running(client)?.type_line(line) {
            // It ends just now.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return self.typed_in_vain(server, client),
            typed => typed?,
        }
        let progress = self.progress(client, server, line, arrival, before);
        let progress = self.with_screen(client, progress)?;
        if progress < Progress::Read
            && let Some(what) = self.cut_off(server, client)?
        {
            return self.tell_end(server, &what);
        }
        if !self.running(server)?.has_journal() && progress == Progress::Served {
            self.until("quiet", |conductor| Ok(conductor.wire.as_ref().is_none_or(|wire| wire.quiet_for(QUIET))))?;
        }
        let (protocol, replies) = (program.kind.protocol(), self.plan.replies);
        match (progress, protocol) {
            (Progress::Underway, _) => self.tell_result(&format!("{}'s program has not sent the line.", program.host)),
            (Progress::Arrived, Protocol::Tcp) => self.tell_service(server, client),
            (Progress::Arrived, Protocol::Udp) => self.tell_result("The server's program has not read the datagram."),
            (Progress::Read, _) if replies && self.is_unanswered(server, client, before)? => {
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
        self.until(&self.awaited(client, line, arrival)?, |conductor| {
            // Asked first: nothing new is done after it. What was done may not be in the journals yet.
            let is_over = conductor.is_cut_off(server, client)? || conductor.running(client)?.ended()?.is_some();
            progress = match protocol {
                Protocol::Tcp => conductor.segment_progress(client, server, before)?,
                Protocol::Udp => conductor.datagram_progress(client, server, before)?,
            };
            let events = (conductor.running(client)?.events()?.len(), conductor.running(server)?.events()?.len());
            if last != Some((progress, events)) {
                (last, since) = (Some((progress, events)), Instant::now());
            }
            if progress == Progress::Read && !is_others && since.elapsed() >= PATIENCE {
                conductor.must_end_lines(client, line)?;
            }
            Ok(progress >= wanted
                || is_over && since.elapsed() >= IDLE
                || is_others && progress >= least && since.elapsed() >= patience)
        })?;
        self.running(client)?.unserved = progress < wanted;
        // What is done beyond that is asked for where it is told.
        Ok(progress.min(wanted))
    }

    /// What is waited for after a line of a client.
    fn awaited(&self, client: ProgramId, line: &str, arrival: Arrival) -> Result<String, Failure> {
        let what = match arrival {
            Arrival::Acknowledged => format!("'{line}' to arrive"),
            Arrival::Served | Arrival::ServedBeside if self.plan.replies => format!("the answer to '{line}'"),
            Arrival::Served | Arrival::ServedBeside => format!("the server to read '{line}'"),
        };
        let program = self.program(client)?;
        if self.plan.replies || !matches!(program.command, Command::Other(_)) {
            return Ok(what);
        }
        let host = program.host;
        Ok(format!("{what}. The server only prints: if {host}'s program waits for an answer, add --reply echo"))
    }

    /// Tells what became of a line that the server's system has acknowledged.
    fn tell_service(&mut self, server: ProgramId, client: ProgramId) -> Result<(), Failure> {
        let service = self.settled_service(server, client)?;
        self.running(client)?.queued = service == Service::Queued;
        // What comes to a connection that is no longer there is refused, not acknowledged.
        if service != Service::Gone {
            self.tell_result(&format!("{}'s system acknowledged the line.", self.plan.server))?;
        } else if !self.is_left_by_server(server, client)? {
            return Ok(());
        }
        self.tell_result(match service {
            Service::Queued => "The connection waits in the queue: the server has not accepted it.",
            Service::Accepted => "The server has accepted the connection, but it has not read the line.",
            Service::Read => "The server has accepted the connection and read the line.",
            Service::Gone => "The server's side has closed the connection.",
        })
    }

    /// Whether it was not the client that closed a connection first, as far as that is known.
    fn is_left_by_server(&mut self, server: ProgramId, client: ProgramId) -> Result<bool, Failure> {
        if self.running(client)?.has_journal() {
            return Ok(!self.left_first(server, client)?);
        }
        let (program, local) = (self.program(client)?, self.running(client)?.local);
        let closed = |entry: &Entry| Some(entry.local) == local && entry.state == State::CLOSE_WAIT;
        Ok(self.sockets(&program)?.iter().any(closed))
    }

    /// How far the server is with a client whose line is acknowledged, once that doesn't change any more. socklab's own
    /// iterative server leaves it in the queue while it serves another client, and accepts it else; of any other program
    /// only what it does tells.
    fn settled_service(&mut self, server: ProgramId, client: ProgramId) -> Result<Service, Failure> {
        let program = self.program(server)?;
        let known = program.kind == Kind::TcpServer && matches!(program.command, Command::Own(_));
        let (address, local) = (SocketAddress::from(program.server), self.running(client)?.local);
        let serves = |entry: &Entry| {
            let is_open = entry.opened() && entry.state == State::ESTABLISHED;
            is_open && entry.local == address && Some(entry.remote) != local
        };
        let (mut last, mut since) = (self.service(server, client)?, Instant::now());
        self.until("the server to accept or leave the connection", |conductor| {
            let now = conductor.service(server, client)?;
            if now != last {
                (last, since) = (now, Instant::now());
            }
            if now == Service::Read || since.elapsed() >= if known { PATIENCE } else { QUIET } {
                return Ok(true);
            }
            Ok(known && now == Service::Queued && conductor.sockets(&program)?.iter().any(serves))
        })?;
        Ok(last)
    }

    fn service(&mut self, server: ProgramId, client: ProgramId) -> Result<Service, Failure> {
        let Some(entry) = self.connection_at_server(server, client)? else { return Ok(Service::Gone) };
        let read = self.segments_read(server, client)?;
        Ok(match (entry.opened(), read) {
            (false, _) if !entry.waits() => Service::Gone,
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
        // Where both have closed it, nothing is on its way any more.
        let settled = there.is_none_or(|entry| entry.unacknowledged == 0);
        Ok(if settled && answered { Progress::Served } else { Progress::Read })
    }

    /// Whether it is certain that the server has not answered a line: what a client does not read was sent all the same.
    fn is_unanswered(&mut self, server: ProgramId, client: ProgramId, before: (u64, u64)) -> Result<bool, Failure> {
        let program = self.program(client)?;
        let ip = self.ip(program.host)?;
        if !self.running(server)?.has_journal() {
            return Ok(self.passed(&program, client, server)?.1 <= before.1);
        }
        let (typed, local) = (self.running(client)?.typed, self.running(client)?.local);
        let is_there = |remote: SocketAddress| local.map_or(remote.ip == ip, |local| remote == local);
        let events = self.running(server)?.events()?;
        let sent = |event: &&JournalEvent| event.event == EventKind::Send && event.remote.is_some_and(is_there);
        Ok(events.iter().filter(sent).count() < typed)
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
        let waited = self.until(&format!("{} to end", program.name), |conductor| {
            let gives_up = unserved && start.elapsed() >= PATIENCE;
            Ok(gives_up || conductor.running(id)?.ended()?.is_some())
        });
        self.with_screen(id, waited)?;
        if self.running(id)?.ended()?.is_none() {
            self.tell(&format!("{}^C {}", program.host, program.kind.name()))?;
            self.running(id)?.interrupt();
            let what = format!("{} to end", program.name);
            let waited = self.until(&what, |conductor| Ok(conductor.running(id)?.ended()?.is_some()));
            self.with_screen(id, waited)?;
        }
        let Some(local) = self.running(id)?.local else { return Ok(()) };
        self.until(&format!("the connection of {} to close", program.name), |conductor| {
            let entries = conductor.sockets(&program)?;
            let mut own = entries.iter().filter(|entry| entry.local == local);
            Ok(own.all(|entry| matches!(entry.state, State::FIN_WAIT_2 | State::TIME_WAIT)))
        })
    }

    /// The server's end of a client's connection.
    fn connection_at_server(&mut self, server: ProgramId, client: ProgramId) -> Result<Option<Entry>, Failure> {
        let local = self.running(client)?.local;
        let program = self.program(server)?;
        Ok(self.sockets(&program)?.into_iter().find(|entry| Some(entry.remote) == local))
    }

    /// The sockets of a program's host, of its protocol.
    pub(super) fn sockets(&mut self, program: &Program) -> Result<Vec<Entry>, Failure> {
        let protocol = program.kind.protocol();
        Ok(self.host(program.host)?.run(move || socket_table::list(protocol))??)
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
