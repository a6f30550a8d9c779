//! A sheet as a plan.
//!
//! Steps build on each other in groups, each around a server: in the lab that socklab knows TCP (I.5 to I.11), UDP (I.12 and
//! I.13) and Part II. Whoever asks for some steps gets the earlier ones of the same group too, but without their captures,
//! and whatever else they need.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

use crate::rehearse::options::{Options, Port};
use crate::rehearse::plan::{Action, Capture, Command, Kind, Plan, Program, ProgramId, Range, Step, pairs};
use socklab_core::lab::{self, Does, HostName};
use socklab_packets::types::Protocol;

mod clients;
#[cfg(test)]
mod tests;

/// The plan of the sheet with the user's variations.
pub fn plan(options: &Options) -> Plan {
    let prepared = preparation(options);
    let mut maker = Maker::new(options);
    let steps = options.sheet.steps().iter().enumerate();
    let mut planned: Vec<Planned> = steps.map(|(place, step)| maker.step(place, step, place < prepared)).collect();
    if !maker.has_network
        && let Some(first) = planned.first_mut()
    {
        first.actions.insert(0, Action::Network);
    }
    let steps = choose(planned, prepared, options.steps);
    let Maker { programs, captures, .. } = maker;
    Plan {
        hosts: options.hosts.clone(),
        server: options.sheet.server(),
        programs,
        captures,
        steps,
        replies: options.reply != "none",
    }
}

/// How many steps at the beginning make hosts and network: up to the last of those before the first program.
fn preparation(options: &Options) -> usize {
    let steps = options.sheet.steps();
    let prepares =
        |step: &lab::Step| matches!(step.does(), Does::Prepare | Does::Connect | Does::Addresses | Does::Ping);
    let before = steps.iter().take_while(|step| prepares(step)).count();
    let last = steps.iter().take(before).rposition(|step| step.does() != Does::Prepare);
    last.map_or(0, |last| last.saturating_add(1))
}

/// A step with what it needs.
struct Planned {
    place: usize,
    step: lab::Step,
    actions: Vec<Action>,
    /// The group of steps that it belongs to.
    group: usize,
    /// Places of the steps of other groups that it needs.
    needs: BTreeSet<usize>,
}

/// Leaves out what was not asked for and is not needed by what was.
fn choose(planned: Vec<Planned>, prepared: usize, asked: Option<Range>) -> Vec<Step> {
    let is_asked = |place: usize| asked.map_or(place < prepared, |asked| asked.contains(place));
    let group_of = |place: usize| planned.get(place).map(|planned| planned.group);
    let begin = asked.and_then(|asked| {
        let group = group_of(asked.first)?;
        planned.iter().position(|planned| planned.group == group)
    });
    let mut needed: BTreeSet<usize> = (0..prepared).collect();
    if let (Some(begin), Some(asked)) = (begin, asked) {
        needed.extend((begin..planned.len()).filter(|place| *place <= asked.last));
    }
    let mut open: Vec<usize> = needed.iter().copied().collect();
    while let Some(place) = open.pop() {
        let needs = planned.get(place).map(|planned| planned.needs.clone()).unwrap_or_default();
        open.extend(needs.into_iter().filter(|place| needed.insert(*place)));
    }
    // A capture is for the step in which it is ended: what step 7 begins is the capture of step 8.
    let wanted: BTreeSet<usize> = planned
        .iter()
        .filter(|planned| is_asked(planned.place))
        .flat_map(|planned| &planned.actions)
        .filter_map(|action| if let Action::EndCapture(id) = action { Some(*id) } else { None })
        .collect();
    let mut started: BTreeSet<ProgramId> = BTreeSet::new();
    let mut keep = |action: &Action| match action {
        Action::BeginCapture(id) | Action::EndCapture(id) => wanted.contains(id),
        action => {
            started.extend(action.starts());
            action.needs().iter().all(|id| started.contains(id))
        }
    };
    planned
        .into_iter()
        .filter(|planned| needed.contains(&planned.place))
        .map(|Planned { place, step, mut actions, .. }| {
            actions.retain(&mut keep);
            Step { asked: is_asked(place), step, actions }
        })
        .collect()
}

/// A program that runs.
#[derive(Clone)]
struct Live {
    id: ProgramId,
    kind: Kind,
    /// The port of its server.
    port: u16,
    /// The place of the step that started it.
    place: usize,
    /// That step.
    step: lab::Step,
}

struct Maker<'a> {
    options: &'a Options,
    programs: Vec<Program>,
    captures: Vec<Capture>,
    /// What runs, in the order in which it was started.
    live: Vec<Live>,
    /// Captures that a step of their own began, by the place of the step that they are of.
    begun: BTreeMap<usize, usize>,
    /// A client that waits in the queue of a server that serves one at a time.
    waiting: Option<(ProgramId, ProgramId)>,
    has_network: bool,
    group: usize,
    group_has_server: bool,
    /// Places of the steps that the present one needs.
    needs: BTreeSet<usize>,
}

impl<'a> Maker<'a> {
    fn new(options: &'a Options) -> Maker<'a> {
        Maker {
            options,
            programs: Vec::new(),
            captures: Vec::new(),
            live: Vec::new(),
            begun: BTreeMap::new(),
            waiting: None,
            has_network: false,
            group: 1,
            group_has_server: false,
            needs: BTreeSet::new(),
        }
    }

    fn step(&mut self, place: usize, step: &lab::Step, is_preparation: bool) -> Planned {
        self.needs.clear();
        let actions = match step.does() {
            Does::Prepare | Does::Connect => Vec::new(),
            Does::Addresses => {
                let first = !std::mem::replace(&mut self.has_network, true);
                first.then_some(Action::Network).into_iter().collect()
            }
            Does::Ping => self.pings(),
            Does::Server => self.server(place, step),
            Does::Capture => self.capture_of_next(place),
            Does::Clients => self.clients(place, step),
            Does::SecondServer => {
                step.protocol().and_then(|protocol| self.second_server(protocol, step.port())).into_iter().collect()
            }
            Does::Quit => self.quit(step),
            Does::Stop => self.stop_where(|_| true),
        };
        let group = if is_preparation { 0 } else { self.group };
        Planned { place, step: step.clone(), actions, group, needs: std::mem::take(&mut self.needs) }
    }

    fn pings(&self) -> Vec<Action> {
        pairs(&self.options.hosts).map(|(one, other)| Action::Ping(one.name, other.name)).collect()
    }

    /// Starts a server, and before it ends what holds its port.
    fn server(&mut self, place: usize, step: &lab::Step) -> Vec<Action> {
        let Some(protocol) = step.protocol() else { return Vec::new() };
        let port = self.port_of(place, step, protocol);
        let mut actions = self.stop_where(|live| live.kind.protocol() == protocol && live.port == port);
        if std::mem::replace(&mut self.group_has_server, true) {
            self.group = self.group.saturating_add(1);
        }
        actions.push(self.start_server(place, step, protocol));
        actions
    }

    /// Starts a server, whatever else runs.
    fn start_server(&mut self, place: usize, step: &lab::Step, protocol: Protocol) -> Action {
        let kind = match protocol {
            Protocol::Udp => Kind::UdpServer,
            Protocol::Tcp if self.serves_several(place, step) => Kind::TcpThreadedServer,
            Protocol::Tcp => Kind::TcpServer,
        };
        let port = self.port_of(place, step, protocol);
        let id = self.program(self.options.sheet.server(), kind, Some(port));
        self.live.push(Live { id, kind, port, place, step: step.clone() });
        Action::Start(id)
    }

    /// The steps with clients of a server that is started at a place: those that go to its port, where it or they have one, up
    /// to the next server that takes its place.
    fn clients_of(&self, place: usize, protocol: Protocol) -> impl Iterator<Item = &lab::Step> {
        let later = self.options.sheet.steps().get(place..).unwrap_or_default();
        let own = later.first().and_then(lab::Step::port);
        let is_there = move |step: &lab::Step| {
            step.protocol() == Some(protocol) && own.zip(step.port()).is_none_or(|(own, port)| own == port)
        };
        let replaces =
            move |(nth, step): &(usize, &lab::Step)| *nth > 0 && step.does() == Does::Server && is_there(step);
        let until = later.iter().enumerate().take_while(move |step| !replaces(step)).map(|(_, step)| step);
        until.filter(move |step| is_there(step) && step.does() == Does::Clients)
    }

    fn serves_several(&self, place: usize, step: &lab::Step) -> bool {
        step.is_parallel() || self.clients_of(place, Protocol::Tcp).any(lab::Step::is_parallel)
    }

    /// The port of the server that is started at a place: its own, or that of its clients.
    fn port_of(&self, place: usize, step: &lab::Step, protocol: Protocol) -> u16 {
        let of_clients = || self.clients_of(place, protocol).find_map(lab::Step::port);
        self.port(protocol, step.port().or_else(of_clients))
    }

    /// The server of this protocol that runs, at a port where one is named.
    fn running_server(&mut self, protocol: Protocol, port: Option<u16>) -> Option<Live> {
        let wanted = port.map(|port| self.port(protocol, Some(port)));
        let is_at = |own: u16| wanted.is_none_or(|wanted| own == wanted);
        let serves = |live: &&Live| live.kind.is_server() && live.kind.protocol() == protocol && is_at(live.port);
        // One that the sheet starts comes before one that only a port asked for.
        let is_sheets = |live: &&Live| live.step.does() == Does::Server;
        let servers = || self.live.iter().filter(serves);
        let found = servers().rfind(is_sheets).or_else(|| servers().next_back()).cloned();
        self.needs.extend(found.as_ref().map(|live| live.place));
        found
    }

    fn second_server(&mut self, protocol: Protocol, port: Option<u16>) -> Option<Action> {
        let first = self.running_server(protocol, port)?;
        Some(Action::StartSecond(self.program(self.options.sheet.server(), first.kind, Some(first.port))))
    }

    /// Begins the capture of the next step with clients, where the sheet asks for one.
    fn capture_of_next(&mut self, place: usize) -> Vec<Action> {
        let later = self.options.sheet.steps().iter().enumerate().skip(place.saturating_add(1));
        let mut later = later.take_while(|(_, step)| step.does() != Does::Capture);
        let next = later.find(|(_, step)| step.does() == Does::Clients);
        let Some((of, step)) = next else { return Vec::new() };
        let Some(host) = step.captured() else { return Vec::new() };
        let capture = self.capture(host, step, true);
        self.begun.insert(of, capture);
        vec![Action::BeginCapture(capture)]
    }

    /// The clients of some steps end; the server turns to who waited for them.
    fn quit(&mut self, step: &lab::Step) -> Vec<Action> {
        let of = |live: &Live| !live.kind.is_server() && step.of().contains(&live.step);
        let mut actions: Vec<Action> = Vec::new();
        for live in self.live.extract_if(.., |live| of(live)) {
            self.needs.insert(live.place);
            actions.push(Action::EndInput(live.id));
        }
        if let Some((server, client)) = self.waiting.take() {
            let clients = self.programs.iter().take(client.0.saturating_add(1));
            let clients = clients.filter(|program| program.kind == Kind::TcpClient).count();
            actions.push(Action::QueueServed { server, client, clients });
        }
        actions
    }

    /// Ctrl-C at the programs that fit: clients before servers.
    fn stop_where(&mut self, fits: impl Fn(&Live) -> bool) -> Vec<Action> {
        let mut ended: Vec<Live> = self.live.extract_if(.., |live| fits(live)).collect();
        ended.sort_by_key(|live| live.kind.is_server());
        self.needs.extend(ended.iter().filter(|live| live.kind.is_server()).map(|live| live.place));
        ended.into_iter().map(|live| Action::Interrupt(live.id)).collect()
    }

    /// The port that is used where the sheet has this one, or none.
    fn port(&self, protocol: Protocol, of_sheet: Option<u16>) -> u16 {
        let usual = match protocol {
            Protocol::Udp => self.options.udp_port,
            Protocol::Tcp => self.options.tcp_port,
        };
        match usual {
            Port::Set(port) => port,
            Port::Usual(usual) => of_sheet.unwrap_or(usual),
        }
    }

    /// Adds a program; its name tells it from others of its kind at its host.
    fn program(&mut self, host: HostName, kind: Kind, port: Option<u16>) -> ProgramId {
        let before = self.programs.iter().filter(|program| program.host == host && program.kind == kind).count();
        let name = match before {
            0 => format!("{host}.{}", kind.name()),
            _ => format!("{host}.{}-{}", kind.name(), before.saturating_add(1)),
        };
        let port = self.port(kind.protocol(), port);
        let server = self.options.hosts.iter().find(|host| host.name == self.options.sheet.server());
        let server = SocketAddr::new(server.map_or(std::net::Ipv4Addr::UNSPECIFIED.into(), |host| host.ip), port);
        let command = self.command(kind, server);
        self.programs.push(Program { host, kind, name, server, command });
        ProgramId(self.programs.len().saturating_sub(1))
    }

    fn command(&self, kind: Kind, server: SocketAddr) -> Command {
        let Options { reply, backlog, .. } = self.options;
        if let Some(template) = self.options.programs.of(kind) {
            let (address, ip, port) = (server.to_string(), server.ip().to_string(), server.port().to_string());
            let backlog = backlog.unwrap_or(1).to_string();
            return Command::Other(template.fill([kind.name(), &address, &ip, &port, reply, &backlog]));
        }
        let mut arguments = vec![kind.name().to_owned(), server.to_string()];
        if kind.is_server() {
            arguments.extend(["--reply".to_owned(), (*reply).to_owned()]);
        }
        if let (Some(backlog), Kind::TcpServer) = (backlog, kind) {
            arguments.extend(["--backlog".to_owned(), backlog.to_string()]);
        }
        Command::Own(arguments)
    }

    /// Adds a capture of a step at a host: one that the sheet asks for, or a further one.
    fn capture(&mut self, host: HostName, step: &lab::Step, is_sheets: bool) -> usize {
        let file = self.options.sheet.capture_file(step, (!is_sheets).then_some(host));
        let is_local = host == self.options.sheet.server() && step.hosts().iter().all(|client| *client == host);
        self.captures.push(Capture { host, file, is_local });
        self.captures.len().saturating_sub(1)
    }
}
