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
        let mut actions = self.stop_where(|live| live.kind.protocol() == protocol);
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
        let port = step.port().or_else(|| self.port_of_clients(place, protocol));
        let id = self.program(self.options.sheet.server(), kind, port);
        self.live.push(Live { id, kind, place, step: step.clone() });
        Action::Start(id)
    }

    /// The steps with clients of a server that is started at a place: up to the next server of its protocol.
    fn clients_of(&self, place: usize, protocol: Protocol) -> impl Iterator<Item = &lab::Step> {
        let of = move |step: &&lab::Step| step.protocol() == Some(protocol);
        let later = self.options.sheet.steps().get(place..).unwrap_or_default().iter().enumerate();
        let until = later.take_while(|(nth, step)| *nth == 0 || step.does() != Does::Server).map(|(_, step)| step);
        until.filter(of).filter(|step| step.does() == Does::Clients)
    }

    fn serves_several(&self, place: usize, step: &lab::Step) -> bool {
        step.is_parallel() || self.clients_of(place, Protocol::Tcp).any(lab::Step::is_parallel)
    }

    fn port_of_clients(&self, place: usize, protocol: Protocol) -> Option<u16> {
        self.clients_of(place, protocol).find_map(lab::Step::port)
    }

    /// The server of this protocol that runs, at a port where one is named.
    fn running_server(&mut self, protocol: Protocol, port: Option<u16>) -> Option<Live> {
        let wanted = port.map(|port| self.port(protocol, Some(port)));
        let is_at = |id: ProgramId| {
            let own = self.programs.get(id.0).map(|program| program.server.port());
            wanted.is_none() || own == wanted
        };
        let serves = |live: &&Live| live.kind.is_server() && live.kind.protocol() == protocol && is_at(live.id);
        // One that the sheet starts comes before one that only a port asked for.
        let is_sheets = |live: &&Live| live.step.does() == Does::Server;
        let servers = || self.live.iter().filter(serves);
        let found = servers().rfind(is_sheets).or_else(|| servers().next_back()).cloned();
        self.needs.extend(found.as_ref().map(|live| live.place));
        found
    }

    fn second_server(&mut self, protocol: Protocol, port: Option<u16>) -> Option<Action> {
        let first = self.running_server(protocol, port)?;
        let port = self.programs.get(first.id.0).map(|program| program.server.port());
        Some(Action::StartSecond(self.program(self.options.sheet.server(), first.kind, port)))
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
        self.captures.push(Capture { host, file });
        self.captures.len().saturating_sub(1)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::rehearse::options::{Template, Templates, sheet_hosts};
    use crate::rehearse::plan::Arrival;
    use socklab_core::lab::{LabConfig, Sheet};

    fn options() -> Options {
        Options {
            sheet: Sheet::built_in(),
            hosts: sheet_hosts(&LabConfig::default(), false).unwrap(),
            tcp_port: Port::Usual(65432),
            udp_port: Port::Usual(65433),
            reply: "none",
            backlog: None,
            clients: None,
            steps: Some(Range::ALL),
            extra_captures: false,
            programs: Templates::default(),
        }
    }

    fn plan_of(steps: &str) -> Plan {
        plan(&Options { steps: Some(Range::read(steps, &Sheet::built_in()).unwrap()), ..options() })
    }

    fn numbers(plan: &Plan, asked: bool) -> Vec<String> {
        plan.steps.iter().filter(|step| step.asked == asked).map(|step| step.step.to_string()).collect()
    }

    /// Every program is started before it is used and ended at most once; every capture is begun before it is ended.
    fn check_order(plan: &Plan) {
        let (mut running, mut capturing) = (BTreeSet::new(), BTreeSet::new());
        for action in plan.steps.iter().flat_map(|step| &step.actions) {
            match action {
                Action::Start(id) => assert!(running.insert(*id)),
                Action::StartSecond(id) => {
                    let twin = |other: &ProgramId| plan.programs[other.0].kind == plan.programs[id.0].kind;
                    assert!(running.iter().any(twin), "nothing stands in its way");
                }
                Action::StartRefused(id) => {
                    let protocol = plan.programs[id.0].kind.protocol();
                    let serves = |other: &ProgramId| {
                        let kind = plan.programs[other.0].kind;
                        kind.is_server() && kind.protocol() == protocol
                    };
                    assert!(!running.iter().any(serves), "a server runs");
                }
                Action::Type { client, server, .. } => assert!(running.contains(client) && running.contains(server)),
                Action::TypeRefused { client, .. } => assert!(running.contains(client)),
                Action::EndInput(id) | Action::Interrupt(id) => {
                    assert!(running.remove(id), "{:?}", plan.programs[id.0])
                }
                Action::QueueServed { server, .. } => assert!(running.contains(server)),
                Action::BeginCapture(id) => assert!(capturing.insert(*id)),
                Action::EndCapture(id) => assert!(capturing.remove(id)),
                Action::Network | Action::Ping(..) => {}
            }
        }
        assert!(capturing.is_empty());
    }

    #[test]
    fn the_whole_sheet_has_its_captures_and_programs() {
        let plan = plan(&options());
        check_order(&plan);
        let captures: Vec<String> = plan.made_captures().map(|c| format!("{} {}", c.host, c.file)).collect();
        assert_eq!(captures, ["B step8.pcapng", "B step12.pcapng", "B part2-step2-B.pcapng", "C part2-step3-C.pcapng"]);
        let programs: Vec<&str> = plan.run_programs().map(|program| program.name.as_str()).collect();
        assert_eq!(
            programs,
            [
                "A.tcp-server",
                "B.tcp-client",
                "A.tcp-server-2",
                "C.tcp-client",
                "A.udp-server",
                "B.udp-client",
                "A.udp-server-2",
                "C.udp-client",
                "A.tcp-threaded-server",
                "B.tcp-client-2",
                "B.tcp-client-3",
                "C.tcp-client-2",
                "C.tcp-client-3",
            ]
        );
        assert_eq!(numbers(&plan, true).len(), 17);
        assert_eq!(plan.programs[0].typed(), "socklab tcp-server 10.0.3.1:65432 --reply none");
    }

    #[test]
    fn the_busy_server_does_not_read_what_c_sends() {
        let plan = plan(&options());
        let step = plan.steps.iter().find(|step| step.step.to_string() == "I.10").unwrap();
        let typed = step.actions.iter().filter_map(|action| match action {
            Action::Type { arrival, .. } => Some(*arrival),
            _ => None,
        });
        assert_eq!(typed.collect::<Vec<_>>(), [Arrival::Acknowledged]);
    }

    /// Over TCP it waits in the queue, which the server turns to when the other one quits; UDP has neither.
    #[test]
    fn a_udp_client_beside_another_one_waits_in_no_queue() {
        let actions = |protocol: &str| {
            let step = |number: u8, rest: &str| format!("[[step]]\nnumber = {number}\n{rest}\n");
            let clients = format!("does = \"clients\"\nclient = \"right\"\nprotocol = \"{protocol}\"");
            let steps = [
                step(1, &format!("does = \"server\"\nprotocol = \"{protocol}\"")),
                step(2, &format!("{clients}\nat = {{ open = \"2\" }}")),
                step(3, &format!("{clients}\nwhile = \"2\"")),
                step(4, "does = \"quit\"\nof = [\"2\"]"),
            ];
            let sheet = LabConfig::from_toml(&format!("{HOSTS}{}{QUESTION}", steps.concat())).unwrap().sheet;
            let hosts = sheet_hosts(&LabConfig::of(sheet.clone()), false).unwrap();
            let plan = plan(&Options { sheet, hosts, ..options() });
            check_order(&plan);
            plan.steps.into_iter().flat_map(|step| step.actions).collect::<Vec<_>>()
        };
        let arrivals = |actions: &[Action]| {
            let arrival =
                |action: &Action| if let Action::Type { arrival, .. } = action { Some(*arrival) } else { None };
            actions.iter().rev().find_map(arrival)
        };
        let turns = |actions: &[Action]| actions.iter().any(|action| matches!(action, Action::QueueServed { .. }));
        let (tcp, udp) = (actions("tcp"), actions("udp"));
        assert_eq!((arrivals(&tcp), turns(&tcp)), (Some(Arrival::Acknowledged), true));
        assert_eq!((arrivals(&udp), turns(&udp)), (Some(Arrival::ServedBeside), false));
    }

    #[test]
    fn a_udp_client_without_a_server_is_started_and_sends() {
        let step = "[[step]]\nnumber = 3\ndoes = \"clients\"\nclient = \"right\"\nprotocol = \"udp\"\nrefused = true\n\
            clients = 2\ncaptured = \"right\"\n";
        let sheet = LabConfig::from_toml(&format!("{HOSTS}{step}{QUESTION}")).unwrap().sheet;
        let hosts = sheet_hosts(&LabConfig::of(sheet.clone()), false).unwrap();
        let plan = plan(&Options { sheet, hosts, ..options() });
        check_order(&plan);
        let actions = &plan.steps[0].actions;
        let sent = actions.iter().filter(|action| matches!(action, Action::TypeRefused { .. })).count();
        assert_eq!((plan.run_programs().count(), sent), (2, 2), "{actions:?}");
    }

    #[test]
    fn a_part_of_the_sheet_brings_what_it_needs_without_its_captures() {
        let plan = plan_of("I.9-I.10");
        check_order(&plan);
        assert_eq!(numbers(&plan, true), ["I.9", "I.10"]);
        assert_eq!(numbers(&plan, false), ["I.1", "I.2", "I.3", "I.4", "I.5", "I.6", "I.7", "I.8"]);
        assert_eq!(plan.made_captures().count(), 0);
        let plan = plan_of("I.8");
        assert_eq!(plan.made_captures().map(|c| c.file.as_str()).collect::<Vec<_>>(), ["step8.pcapng"]);
        let plan = plan_of("II.3");
        check_order(&plan);
        assert_eq!(numbers(&plan, false), ["I.1", "I.2", "I.3", "I.4", "II.1", "II.2"]);
        assert_eq!(plan.made_captures().map(|c| c.file.as_str()).collect::<Vec<_>>(), ["part2-step3-C.pcapng"]);
    }

    const HOSTS: &str = "[[host]]\nname = \"left\"\nrole = \"server\"\n[[host]]\nname = \"right\"\nrole = \"client\"\n";
    const QUESTION: &str =
        "[[question]]\nnumber = 1\ntitle = \"x\"\npoints = 1\nkind = \"facts\"\nsteps = [\"3\"]\nexplain = \"x\"\n";

    /// The lab that socklab knows, and others: two computers, no parts, UDP first, a server beside another, nobody there.
    fn sheets() -> Vec<Sheet> {
        let step = |number: u8, rest: &str| format!("[[step]]\nnumber = {number}\n{rest}\n");
        let clients = "does = \"clients\"\nclient = \"right\"";
        let steps = [
            step(1, "does = \"server\"\nprotocol = \"tcp\"\nport = 7000"),
            step(2, "does = \"server\"\nprotocol = \"udp\"\nport = 7001"),
            step(3, &format!("{clients}\nprotocol = \"tcp\"\nclients = 3\nparallel = false\ncaptured = \"left\"")),
            step(4, &format!("{clients}\nprotocol = \"udp\"\ncaptured = \"right\"")),
            step(5, &format!("{clients}\nprotocol = \"tcp\"\nrefused = true\ncaptured = \"right\"")),
            step(6, "does = \"server\"\nprotocol = \"tcp\""),
            step(7, &format!("{clients}\nprotocol = \"tcp\"\nclients = 2")),
            step(8, "does = \"stop\""),
        ];
        let other = LabConfig::from_toml(&format!("{HOSTS}{}{QUESTION}", steps.concat())).unwrap().sheet;
        vec![Sheet::built_in(), other]
    }

    #[test]
    fn a_sheet_of_ones_own_becomes_a_plan() {
        let sheet = sheets().remove(1);
        let hosts = sheet_hosts(&LabConfig::of(sheet.clone()), false).unwrap();
        let plan = plan(&Options { sheet, hosts, ..options() });
        check_order(&plan);
        let captures: Vec<String> = plan.made_captures().map(|c| format!("{} {}", c.host, c.file)).collect();
        assert_eq!(captures, ["left step3.pcapng", "right step4.pcapng", "right step5.pcapng"]);
        let servers: Vec<String> =
            plan.programs.iter().filter(|p| p.kind.is_server()).map(|p| format!("{} {}", p.name, p.server)).collect();
        assert_eq!(
            servers,
            [
                "left.tcp-server 10.0.3.1:7000",
                "left.udp-server 10.0.3.1:7001",
                "left.tcp-threaded-server 10.0.3.1:65432"
            ]
        );
        assert_eq!(plan.steps[0].actions[0], Action::Network);
        let refused = plan.steps.iter().flat_map(|step| &step.actions).filter(|a| matches!(a, Action::StartRefused(_)));
        assert_eq!(refused.count(), 1);
    }

    /// Clients go to the port that the sheet names, also where it starts no server there.
    #[test]
    fn a_port_without_a_server_gets_one() {
        let step = |number: u8, rest: &str| format!("[[step]]\nnumber = {number}\nprotocol = \"udp\"\n{rest}\n");
        let clients = "does = \"clients\"\nclient = \"right\"";
        let steps = [
            step(1, "does = \"server\"\nport = 9999"),
            step(2, &format!("{clients}\nport = 9999")),
            step(3, &format!("{clients}\nport = 9998")),
            step(4, clients),
        ];
        let sheet = LabConfig::from_toml(&format!("{HOSTS}{}{QUESTION}", steps.concat())).unwrap().sheet;
        let hosts = sheet_hosts(&LabConfig::of(sheet.clone()), false).unwrap();
        let plan = plan(&Options { sheet, hosts, ..options() });
        check_order(&plan);
        let programs: Vec<String> = plan.programs.iter().map(|p| format!("{} {}", p.name, p.server.port())).collect();
        assert_eq!(
            programs,
            [
                "left.udp-server 9999",
                "right.udp-client 9999",
                "left.udp-server-2 9998",
                "right.udp-client-2 9998",
                "right.udp-client-3 9999"
            ]
        );
    }

    #[test]
    fn every_part_of_the_sheet_can_be_carried_out() {
        for sheet in sheets() {
            let lab = LabConfig::of(sheet.clone());
            let hosts = sheet_hosts(&lab, false).unwrap();
            for first in 0..sheet.steps().len() {
                for last in first..sheet.steps().len() {
                    for extra_captures in [false, true] {
                        let (sheet, hosts) = (sheet.clone(), hosts.clone());
                        let steps = Some(Range { first, last });
                        let plan = plan(&Options { sheet, hosts, steps, extra_captures, ..options() });
                        check_order(&plan);
                        let asked = numbers(&plan, true);
                        let names = [first, last].map(|place| lab.sheet.steps()[place].to_string());
                        assert_eq!((asked.first(), asked.last()), (names.first(), names.last()));
                    }
                }
            }
        }
    }

    #[test]
    fn variations_reach_the_programs() {
        let programs =
            Templates { client: Some(Template::parse("py {program} {address}").unwrap()), ..Templates::default() };
        let plan = plan(&Options {
            reply: "upper",
            backlog: Some(5),
            clients: Some(3),
            hosts: sheet_hosts(&LabConfig::default(), true).unwrap(),
            programs,
            ..options()
        });
        check_order(&plan);
        assert_eq!(plan.programs[0].typed(), "socklab tcp-server [fd00:10:3::1]:65432 --reply upper --backlog 5");
        assert_eq!(plan.programs[1].typed(), "py tcp-client [fd00:10:3::1]:65432");
        assert!(!plan.programs[1].has_journal() && plan.programs[0].has_journal() && plan.replies);
        let clients = plan.programs.iter().filter(|program| program.kind == Kind::TcpClient).count();
        assert_eq!(clients, 2 + 2 * 3);
    }
}
