//! The clients of a step: who starts them, what they send, and when they end.

use crate::rehearse::plan::{Action, Arrival, Kind, ProgramId};
use socklab_core::lab::{self, HostName};
use socklab_packets::types::Protocol;

use super::{Live, Maker};

/// What a client types that comes to a busy server, or after others of its step.
const QUESTION: &str = "Is anybody there?";

impl Maker<'_> {
    pub(super) fn clients(&mut self, place: usize, step: &lab::Step) -> Vec<Action> {
        let Some(protocol) = step.protocol() else { return Vec::new() };
        let mut actions = Vec::new();
        if step.is_refused() {
            let port = step.port().map(|port| self.port(protocol, Some(port)));
            let is_there = |live: &Live| port.is_none_or(|port| live.port == port);
            actions.extend(
                self.stop_where(|live| live.kind.is_server() && live.kind.protocol() == protocol && is_there(live)),
            );
        } else if self.running_server(protocol, None).is_none() {
            actions.extend(self.server(place, step));
        } else if self.running_server(protocol, step.port()).is_none() {
            // The sheet starts none at the port that it has its clients go to.
            actions.push(self.start_server(place, step, protocol));
        }
        let server = self.running_server(protocol, step.port()).map(|live| live.id);
        self.needs.remove(&place);
        self.needs.extend(step.during().and_then(|step| self.options.sheet.place_of(&step.to_string())));
        let sheets = self.captures_of(place, step);
        // A capture at another host than the clients' is of them all.
        let around = step.captured().is_some_and(|host| !step.hosts().contains(&host));
        if around {
            actions.extend(sheets.begin());
        }
        for (nth, host) in step.hosts().iter().enumerate() {
            let captured = if around || step.captured() != Some(*host) { Captures::default() } else { sheets.clone() };
            let further = Captures { ids: self.further_captures(step, nth, *host), begun: false };
            actions.extend(captured.begin().into_iter().chain(further.begin()));
            actions.extend(match (server, protocol) {
                (_, protocol) if step.is_refused() => self.refused(step, *host, protocol),
                (Some(server), _) if step.is_parallel() => self.side_by_side(place, step, *host, server),
                (Some(server), _) => self.one_by_one(place, step, (nth, *host), server),
                (None, _) => Vec::new(),
            });
            actions.extend(captured.end().into_iter().chain(further.end()));
            if nth == 0 && step.has_second_server() {
                actions.extend(self.second_server(protocol, step.port()));
            }
        }
        if around {
            actions.extend(sheets.end());
        }
        actions
    }

    /// The capture that the sheet asks for, which an earlier step may have begun.
    fn captures_of(&mut self, place: usize, step: &lab::Step) -> Captures {
        match (self.begun.remove(&place), step.captured()) {
            (Some(id), _) => Captures { ids: vec![id], begun: true },
            (None, Some(host)) => Captures { ids: vec![self.capture(host, step, true)], begun: false },
            (None, None) => Captures::default(),
        }
    }

    /// The captures that the user wants beside the sheet's: at hosts whose clients it does not capture, and at the server,
    /// wherever there is more than one client.
    fn further_captures(&mut self, step: &lab::Step, nth: usize, host: HostName) -> Vec<usize> {
        let several = step.during().is_some() || step.is_parallel() || nth > 0;
        if !self.options.extra_captures || !several {
            return Vec::new();
        }
        let server = self.options.sheet.server();
        let hosts = [host, server].into_iter().filter(|host| step.captured() != Some(*host));
        hosts.map(|host| self.capture(host, step, false)).collect()
    }

    /// Clients that no server expects. Over UDP nothing is refused before something is sent.
    fn refused(&mut self, step: &lab::Step, host: HostName, protocol: Protocol) -> Vec<Action> {
        let mut actions = Vec::new();
        for _ in 0..step.clients() {
            match protocol {
                Protocol::Tcp => {
                    actions.push(Action::StartRefused(self.program(host, Kind::TcpClient, step.port())));
                }
                Protocol::Udp => {
                    let client = self.program(host, Kind::UdpClient, step.port());
                    let line = QUESTION.to_owned();
                    actions.extend([Action::Start(client), Action::TypeRefused { client, line }]);
                    actions.push(Action::Interrupt(client));
                }
            }
        }
        actions
    }

    /// Clients that run at the same time and stay open.
    fn side_by_side(&mut self, place: usize, step: &lab::Step, host: HostName, server: ProgramId) -> Vec<Action> {
        let count = self.options.clients.map_or(step.clients(), u32::from);
        let clients: Vec<ProgramId> = (0..count).map(|_| self.client(place, step, host, server)).collect();
        let mut actions: Vec<Action> = clients.iter().map(|client| Action::Start(*client)).collect();
        for (number, client) in (1u32..).zip(&clients) {
            for line in [format!("terminal {number} at {host}"), format!("more from terminal {number} at {host}")] {
                actions.push(typed(*client, server, &line, Arrival::Served));
            }
        }
        actions
    }

    /// Clients that run one after the other. The first host's stay open where the sheet leaves them open or comes back to
    /// them, and over UDP, where nothing is closed.
    fn one_by_one(
        &mut self,
        place: usize,
        step: &lab::Step,
        (nth, host): (usize, HostName),
        server: ProgramId,
    ) -> Vec<Action> {
        let mut actions = Vec::new();
        let sheet = &self.options.sheet;
        let comes_back = sheet.steps().iter().any(|later| later.during() == Some(step) || later.of().contains(step));
        let is_udp = step.protocol() == Some(Protocol::Udp);
        let stays = nth == 0 && (step.at().open.is_some() || comes_back || is_udp) && step.clients() == 1;
        for _ in 0..step.clients() {
            let client = self.client(place, step, host, server);
            actions.push(Action::Start(client));
            if step.is_beside_busy() && is_udp {
                actions.push(typed(client, server, QUESTION, Arrival::ServedBeside));
            } else if step.is_beside_busy() {
                actions.push(typed(client, server, QUESTION, Arrival::Acknowledged));
                self.waiting = Some((server, client));
            } else if nth > 0 {
                actions.push(typed(client, server, QUESTION, Arrival::Served));
            } else {
                let hello = format!("Hello {}, this is {host}", self.options.sheet.server());
                let lines = [hello.as_str(), "a second line", "and a third, for good measure"];
                actions.extend(lines.map(|line| typed(client, server, line, Arrival::Served)));
            }
            if !stays {
                self.live.retain(|live| live.id != client);
                let interrupted = step.is_beside_busy() || is_udp;
                actions.push(if interrupted { Action::Interrupt(client) } else { Action::EndInput(client) });
            }
        }
        actions
    }

    fn client(&mut self, place: usize, step: &lab::Step, host: HostName, server: ProgramId) -> ProgramId {
        let kind = if step.protocol() == Some(Protocol::Udp) { Kind::UdpClient } else { Kind::TcpClient };
        let own = self.programs.get(server.0).map(|program| program.server.port());
        let port = own.unwrap_or_else(|| self.port(kind.protocol(), step.port()));
        let id = self.program(host, kind, Some(port));
        self.live.push(Live { id, kind, port, place, step: step.clone() });
        id
    }
}

/// Captures that begin and end together.
#[derive(Clone, Default)]
struct Captures {
    ids: Vec<usize>,
    begun: bool,
}

impl Captures {
    fn begin(&self) -> Vec<Action> {
        self.ids.iter().filter(|_| !self.begun).map(|id| Action::BeginCapture(*id)).collect()
    }

    fn end(&self) -> Vec<Action> {
        self.ids.iter().map(|id| Action::EndCapture(*id)).collect()
    }
}

fn typed(client: ProgramId, server: ProgramId, line: &str, arrival: Arrival) -> Action {
    Action::Type { client, server, line: line.to_owned(), arrival }
}
