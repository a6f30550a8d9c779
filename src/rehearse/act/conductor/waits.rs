//! The actions that concern programs, each with the events that it waits for.
//!
//! socklab's own programs tell in their journals what they have done. Of other programs the kernel's list of sockets and
//! the wire tell as much as the rehearsal needs.

use std::time::Duration;

use super::{Conductor, Failure, stuck};
use crate::journal::EventKind;
use crate::rehearse::act::program::Running;
use crate::rehearse::plan::{Arrival, Kind, Program, ProgramId};
use crate::socket_table::{self, Entry, State};
use crate::types::{Protocol, SocketAddress};

/// How long it must be quiet before it is certain that a server of which nothing is known says nothing more: longer than
/// an acknowledgement is delayed (40 ms).
const QUIET: Duration = Duration::from_millis(80);

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
        let doing = if protocol == Protocol::Tcp { "listens on" } else { "receives at" };
        self.tell(&format!("   it {doing} {}", program.server))
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
        self.tell(&format!("   it is connected, from {local}"))
    }

    pub(super) fn start_in_vain(&mut self, id: ProgramId) -> Result<(), Failure> {
        let program = self.program(id)?;
        self.launch(id)?;
        self.until(&format!("{} to fail", program.name), |conductor| {
            let running = conductor.running(id)?;
            if running.count(EventKind::Listen, None)? > 0 {
                return Err(stuck("the second server was started, which must fail", running));
            }
            Ok(running.ended()?.is_some())
        })?;
        let running = self.running(id)?;
        if running.ended()?.is_some_and(|status| status.success()) {
            return Err(stuck("the second server ended without failing", running));
        }
        // Python's last line names the error; ours is the first after what was typed.
        let lines = running.screen();
        let named = lines.iter().find(|line| line.contains("ddress already in use")).cloned();
        self.tell(&format!("   {}", named.unwrap_or_else(|| "it fails".to_owned())))
    }

    pub(super) fn type_line(
        &mut self,
        client: ProgramId,
        server: ProgramId,
        line: &str,
        arrival: Arrival,
    ) -> Result<(), Failure> {
        let program = self.program(client)?;
        self.tell(&format!("{}> {line}", program.host))?;
        let before = self.passed(&program, client)?;
        self.running(client)?.type_line(line)?;
        let what = format!("'{line}' to arrive");
        match program.kind.protocol() {
            Protocol::Tcp => self.until(&what, |conductor| conductor.segment_done(client, server, arrival, before))?,
            Protocol::Udp => self.until(&what, |conductor| conductor.datagram_done(client, server, line, before))?,
        }
        if !self.running(server)?.has_journal() && arrival == Arrival::Served {
            self.until("quiet", |conductor| Ok(conductor.wire.as_ref().is_none_or(|wire| wire.quiet_for(QUIET))))?;
        }
        if arrival == Arrival::Acknowledged {
            let accepted = self.connection_at_server(server, client)?.is_some_and(|entry| entry.opened());
            self.tell(match accepted {
                true => "   acknowledged by A's system, and the server has accepted the connection",
                false => "   acknowledged by A's system; the connection waits in the queue, nobody reads",
            })?;
        }
        Ok(())
    }

    /// What has passed A's interface between a client and its server, for programs that tell nothing: to the server, and
    /// from it.
    fn passed(&mut self, program: &Program, client: ProgramId) -> Result<(u64, u64), Failure> {
        let server = SocketAddress::from(program.server);
        let (ip, local) = (self.ip(program.host)?, self.running(client)?.local);
        let Some(wire) = &self.wire else { return Ok((0, 0)) };
        Ok(match (program.kind.protocol(), local) {
            (Protocol::Udp, _) => wire.datagrams(ip, server),
            (Protocol::Tcp, Some(local)) => (wire.segments(local, server), wire.segments(server, local)),
            (Protocol::Tcp, None) => (0, 0),
        })
    }

    fn segment_done(
        &mut self,
        client: ProgramId,
        server: ProgramId,
        arrival: Arrival,
        before: (u64, u64),
    ) -> Result<bool, Failure> {
        let (program, passed) = (self.program(client)?, self.program(client).and_then(|p| self.passed(&p, client))?);
        self.must_run(client, &program.name)?;
        let replies = self.plan.replies;
        let running = self.running(client)?;
        let (typed, local, told) = (running.typed, running.local, running.has_journal());
        let sent = if told { running.count(EventKind::Send, None)? >= typed } else { passed.0 > before.0 };
        let answered = match told {
            true => running.count(EventKind::Receive, None)? >= typed,
            false => passed.1 > before.1,
        };
        let own = self.sockets(&program)?.into_iter().find(|entry| Some(entry.local) == local);
        if !sent || own.is_some_and(|entry| entry.unacknowledged > 0) {
            return Ok(false);
        }
        if arrival == Arrival::Acknowledged {
            return Ok(true);
        }
        let there = self.connection_at_server(server, client)?;
        let running = self.running(server)?;
        let read = match running.has_journal() {
            true => running.count(EventKind::Receive, local)? >= typed,
            false => there.is_some_and(|entry| entry.opened() && entry.unread == 0),
        };
        let settled = there.is_some_and(|entry| entry.unacknowledged == 0);
        Ok(read && settled && (answered || !replies))
    }

    fn datagram_done(
        &mut self,
        client: ProgramId,
        server: ProgramId,
        line: &str,
        before: (u64, u64),
    ) -> Result<bool, Failure> {
        let (program, passed) = (self.program(client)?, self.program(client).and_then(|p| self.passed(&p, client))?);
        self.must_run(client, &program.name)?;
        let replies = self.plan.replies;
        let running = self.running(client)?;
        let answered = match running.has_journal() {
            true => running.count(EventKind::Receive, None)? >= running.typed,
            false => passed.1 > before.1,
        };
        let at_server = self.program(server)?;
        let ip = self.ip(program.host)?;
        let running = self.running(server)?;
        let read = if running.has_journal() {
            let events = running.events()?;
            events.iter().any(|event| {
                event.event == EventKind::Receive
                    && event.text.as_deref() == Some(line)
                    && event.remote.is_some_and(|remote| remote.ip == ip)
            })
        } else {
            let entries = self.sockets(&at_server)?;
            passed.0 > before.0 && entries.iter().filter(|entry| is_listening(entry, &at_server)).all(|e| e.unread == 0)
        };
        Ok(read && (answered || !replies))
    }

    /// Ends a program as `how` says, and waits until it and its connection are gone.
    pub(super) fn end(&mut self, id: ProgramId, key: &str, how: fn(&mut Running)) -> Result<(), Failure> {
        let program = self.program(id)?;
        self.tell(&format!("{}{key} {}", program.host, program.kind.name()))?;
        how(self.running(id)?);
        self.until(&format!("{} to end", program.name), |conductor| Ok(conductor.running(id)?.ended()?.is_some()))?;
        let Some(local) = self.running(id)?.local else { return Ok(()) };
        self.until(&format!("the connection of {} to close", program.name), |conductor| {
            let entries = conductor.sockets(&program)?;
            let mut own = entries.iter().filter(|entry| entry.local == local);
            Ok(own.all(|entry| matches!(entry.state, State::FIN_WAIT_2 | State::TIME_WAIT)))
        })
    }

    pub(super) fn queue_served(&mut self, server: ProgramId, clients: usize) -> Result<(), Failure> {
        let program = self.program(server)?;
        self.until("the server to serve its queue", |conductor| {
            let running = conductor.running(server)?;
            if running.has_journal() {
                let accepted = running.count(EventKind::Accept, None)?;
                // The listening socket stays open.
                if accepted < clients || running.count(EventKind::Close, None)? < accepted {
                    return Ok(false);
                }
            }
            let entries = conductor.sockets(&program)?;
            let local = SocketAddress::from(program.server).port;
            let mut left = entries.iter().filter(|entry| entry.local.port == local);
            Ok(left.all(|entry| matches!(entry.state, State::LISTEN | State::TIME_WAIT)))
        })?;
        self.tell("   the server accepts C's connection from the queue, reads its line and its end")
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

fn is_listening(entry: &Entry, program: &Program) -> bool {
    let server = SocketAddress::from(program.server);
    let here = entry.local.port == server.port && (entry.local.ip == server.ip || entry.local.ip.is_unspecified());
    here && (program.kind.protocol() == Protocol::Udp || entry.state == State::LISTEN)
}
