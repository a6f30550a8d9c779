//! What ends before its time: a server after its first client, a connection after its first line, a program that fails.
//! Where that is the server's doing it is told, and the lab goes on with what is left of it.

use std::net::SocketAddr;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::time::Instant;

use nix::sys::signal::Signal;

use super::reach::is_listening;
use super::{Conductor, Failure, IDLE, stuck};
use crate::rehearse::plan::{Action, Program, ProgramId};
use socklab_core::journal::{EventKind, JournalEvent};
use socklab_packets::types::Protocol;

/// The last lines of a server's screen that are told: a traceback, not all that it ever printed.
const LINES: usize = 20;

impl Conductor<'_> {
    /// Fails if a program has ended.
    pub(super) fn must_run(&mut self, id: ProgramId, name: &str) -> Result<(), Failure> {
        let running = self.running(id)?;
        match running.ended()? {
            Some(status) => Err(stuck(&format!("{name} ended too early ({status})"), running)),
            None => Ok(()),
        }
    }

    /// The server at this address that was started last, a second one apart.
    fn server_at(&self, address: SocketAddr, protocol: Protocol) -> Option<ProgramId> {
        let is_second = |id| {
            let actions = self.plan.steps.iter().flat_map(|step| &step.actions);
            actions.into_iter().any(|action| *action == Action::StartSecond(id))
        };
        let serves = |program: &Program| {
            program.kind.is_server() && program.kind.protocol() == protocol && program.server == address
        };
        let mut started = self.running.keys().rev();
        started.find(|id| self.plan.program(**id).is_some_and(serves) && !is_second(**id)).copied()
    }

    /// Why a second server starts although it should not: what has become of the first one.
    pub(super) fn why_a_second_starts(&mut self, second: &Program, heard: bool) -> Result<String, Failure> {
        let first = self.server_at(second.server, second.kind.protocol());
        let ended = first.map(|first| self.running(first)?.ended().map_err(Failure::from)).transpose()?.flatten();
        Ok(match (ended, heard) {
            (Some(status), _) => format!("It started: the first server has ended {}.", how(status)),
            (None, true) => "It started, although the first server is still running.".to_owned(),
            (None, false) => "It started: the first server no longer has this address.".to_owned(),
        })
    }

    /// Why a client can't reach its server, if that is the server's doing.
    pub(super) fn why_not_reached(&mut self, client: &Program) -> Result<Option<String>, Failure> {
        let protocol = client.kind.protocol();
        let Some(server) = self.server_at(client.server, protocol) else { return Ok(None) };
        if let Some(status) = self.running(server)?.ended()? {
            return Ok(Some(format!("It can't connect: the server has ended {}.", how(status))));
        }
        let at_server = self.program(server)?;
        let listens = self.sockets(&at_server)?.iter().any(|entry| is_listening(entry, &at_server));
        Ok((!listens).then(|| "It can't connect: the server no longer listens.".to_owned()))
    }

    /// Whether the server's side of a client's connection is gone for good, so that no further line is served.
    pub(super) fn is_cut_off(&mut self, server: ProgramId, client: ProgramId) -> Result<bool, Failure> {
        let ended = self.running(server)?.ended()?.is_some();
        Ok(ended || self.program(server)?.kind.protocol() == Protocol::Tcp && self.is_closed(server, client)?)
    }

    /// Whether the server closed a client's connection, by its journal.
    fn is_closed(&mut self, server: ProgramId, client: ProgramId) -> Result<bool, Failure> {
        let Some(local) = self.running(client)?.local else { return Ok(false) };
        Ok(self.running(server)?.count(EventKind::Close, Some(local))? > 0)
    }

    /// How the server shut a client's connection down for sending before it read an end or closed it, by its journal:
    /// `SHUT_WR`. A client takes that for the end, though the server may read on.
    fn shut_down(&mut self, server: ProgramId, client: ProgramId) -> Result<Option<String>, Failure> {
        let Some(local) = self.running(client)?.local else { return Ok(None) };
        let events = self.running(server)?.events()?;
        let mut own = events.iter().filter(|event| event.remote == Some(local));
        let ends = |event: &JournalEvent| {
            let shut = event.event == EventKind::Shutdown && event.operation.as_deref() != Some("SHUT_RD");
            shut || matches!(event.event, EventKind::Eof | EventKind::Close)
        };
        let first = own.find(|event| ends(event)).filter(|event| event.event == EventKind::Shutdown);
        Ok(first.and_then(|event| event.operation.clone()))
    }

    /// What to tell where the server's side has ended: `None` where it has not. A client that ended before it has failed.
    pub(super) fn cut_off(&mut self, server: ProgramId, client: ProgramId) -> Result<Option<String>, Failure> {
        let start = Instant::now();
        if self.running(client)?.ended()?.is_some() {
            // A connection ends a little before who ended it is known.
            self.until("the server to end", |conductor| {
                let shut = conductor.shut_down(server, client)?.is_some();
                Ok(shut || conductor.is_cut_off(server, client)? || start.elapsed() >= IDLE)
            })?;
        }
        let program = self.program(client)?;
        let gone = self.running(client)?.ended()?.is_some();
        // A client that is still there may send more.
        let shut = if gone { self.shut_down(server, client)? } else { None };
        if shut.is_none() && !self.is_cut_off(server, client)? || self.left_first(server, client)? {
            self.must_run(client, &program.name)?;
            return Ok(None);
        }
        let closed = self.running(server)?.ended()?.map(how);
        let closed = closed.map_or_else(
            || match shut {
                Some(how) => format!("The server has shut the connection down ({how})"),
                None => "The server has closed the connection".to_owned(),
            },
            |how| format!("The server has ended {how}"),
        );
        self.running(client)?.over = gone;
        Ok(Some(match gone {
            true => format!("{closed}, and {}'s program has ended.", program.host),
            false => format!("{closed}."),
        }))
    }

    /// A line was typed at a client that ends just now.
    pub(super) fn typed_in_vain(&mut self, server: ProgramId, client: ProgramId) -> Result<(), Failure> {
        let what = format!("{} to take the line", self.program(client)?.name);
        let waited = self.until(&what, |conductor| Ok(conductor.running(client)?.ended()?.is_some()));
        self.with_screen(client, waited)?;
        match self.cut_off(server, client)? {
            Some(what) => self.tell_end(server, &what),
            None => Ok(()),
        }
    }

    /// Fails if a client sends this line without its newline: socklab's servers answer whole lines only.
    pub(super) fn must_end_lines(&mut self, client: ProgramId, line: &str) -> Result<(), Failure> {
        let program = self.program(client)?;
        let length = Some(line.len() as u64);
        let sent = self.running(client)?.events()?.into_iter().rfind(|event| event.event == EventKind::Send);
        match sent {
            Some(sent) if sent.protocol == Protocol::Tcp && sent.bytes == length => {
                let what = format!(
                    "{} sends '{line}' without a newline and waits for an answer, but socklab's server answers a line \
                     only when its newline comes: add the newline in the client, or give the rehearsal your own server \
                     (--server-program)",
                    program.name
                );
                Err(Failure::Stuck { what, screen: Vec::new() })
            }
            _ => Ok(()),
        }
    }

    /// Whether a client closed its TCP connection before the server did, as far as the journals show: it had neither read an
    /// end nor met an error, or the server has read its end. Times don't tell, since a call is noted a little after it.
    pub(super) fn left_first(&mut self, server: ProgramId, client: ProgramId) -> Result<bool, Failure> {
        let Some(local) = self.running(client)?.local else { return Ok(false) };
        let events = self.running(client)?.events()?;
        let has = |kind: EventKind| events.iter().any(|event| event.event == kind && event.local == Some(local));
        let told = has(EventKind::Eof) || has(EventKind::Error);
        let left = has(EventKind::Close) && !told;
        let ended = self.running(server)?.count(EventKind::Eof, Some(local))? > 0;
        Ok(left || has(EventKind::Close) && ended && self.shut_down(server, client)?.is_none())
    }

    /// Tells what has ended, and the screen of a server that has failed, once.
    pub(super) fn tell_end(&mut self, server: ProgramId, what: &str) -> Result<(), Failure> {
        self.tell_result(what)?;
        let running = self.running(server)?;
        let failed = running.ended()?.is_some_and(|status| !status.success());
        if !failed || std::mem::replace(&mut running.shown, true) {
            return Ok(());
        }
        let screen = running.screen();
        let lines: Vec<&String> = screen.iter().filter(|line| !line.trim().is_empty()).collect();
        let last = lines.len().saturating_sub(LINES);
        self.tell_result("Its screen:")?;
        // As they are: the indent of a traceback says what belongs together.
        lines.into_iter().skip(last).try_for_each(|line| self.say(&format!("           {line}")))
    }

    /// Adds the screen of the program that is waited for to a failure that has none.
    pub(super) fn with_screen<T>(&mut self, id: ProgramId, waited: Result<T, Failure>) -> Result<T, Failure> {
        match waited {
            Err(Failure::Stuck { what, screen }) if screen.is_empty() => Err(stuck(&what, self.running(id)?)),
            other => other,
        }
    }
}

/// How a program has ended: `with status 3`, `by SIGSEGV`.
fn how(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("with status {code}"),
        (None, Some(signal)) => match Signal::try_from(signal) {
            Ok(named) => format!("by {named}"),
            Err(_) => format!("by signal {signal}"),
        },
        (None, None) => format!("({status})"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_is_told_by_its_status_or_its_signal() {
        assert_eq!(how(ExitStatus::from_raw(3 << 8)), "with status 3");
        assert_eq!(how(ExitStatus::from_raw(11 | 0x80)), "by SIGSEGV");
        assert_eq!(how(ExitStatus::from_raw(40)), "by signal 40");
    }
}
