//! The lab sheet as a plan.
//!
//! Steps build on each other within three groups: TCP (I.6 to I.11), UDP (I.12) and Part II. Whoever asks for some steps
//! gets the earlier ones of the same group too, but without their captures.

use std::net::SocketAddr;

use crate::lab::HostName;
use crate::rehearse::options::Options;
use crate::rehearse::plan::{Action, Arrival, Capture, Command, Kind, Number, Part, Plan, Program, ProgramId, Step};

/// What B's client types in steps 8 and 12.
const LINES: [&str; 3] = ["Hello A, this is B", "a second line", "and a third, for good measure"];
/// What C's client types in steps 10 and 12.
const QUESTION: &str = "Is anybody there?";

/// The plan of the sheet with the user's variations.
pub fn plan(options: &Options) -> Plan {
    let mut maker = Maker { options, programs: Vec::new(), captures: Vec::new() };
    let mut steps = vec![
        step(Number::i(1), "The computers A, B and C on a switch", vec![]),
        step(Number::i(2), "The programs on each computer", vec![]),
        step(Number::i(3), "Fixed addresses", vec![Action::Network]),
        step(Number::i(4), "Ping: can they reach each other?", pings(options)),
    ];
    steps.extend(maker.tcp());
    steps.extend(maker.part_two());
    choose(&mut steps, options);
    let Maker { programs, captures, .. } = maker;
    Plan { hosts: options.hosts, programs, captures, steps, replies: options.reply != "none" }
}

fn step(number: Number, title: &'static str, actions: Vec<Action>) -> Step {
    Step { number, title, actions, asked: true }
}

fn pings(options: &Options) -> Vec<Action> {
    let [a, b, c] = options.hosts.map(|host| host.name);
    vec![Action::Ping(a, b), Action::Ping(a, c), Action::Ping(b, c)]
}

/// Leaves out what was not asked for and is not needed by what was.
fn choose(steps: &mut Vec<Step>, options: &Options) {
    let asked = options.steps;
    let groups: [(Number, Number); 4] = [
        (Number::i(1), Number::i(4)),
        (Number::i(5), Number::i(11)),
        (Number::i(12), Number::i(13)),
        (Number::ii(1), Number::ii(4)),
    ];
    // Step 13 stops the TCP server of step 6 too.
    let needs_tcp = asked.contains(Number::i(13));
    let needed = |number: Number| {
        let preparation = number.part == Part::I && number.step <= 4;
        let group = groups.iter().find(|(first, last)| (*first..=*last).contains(&number));
        let begun = group.is_some_and(|(_, last)| asked.first <= *last);
        preparation || (begun && number <= asked.last) || (needs_tcp && number == Number::i(6))
    };
    steps.retain(|step| needed(step.number));
    // A capture is for the step in which it is ended: what step 7 begins is the capture of step 8.
    let ended_in = |step: &Step| -> Vec<usize> {
        let ended = step.actions.iter().filter_map(|action| match action {
            Action::EndCapture(id) => Some(*id),
            _ => None,
        });
        ended.collect()
    };
    let wanted: Vec<usize> = steps.iter().filter(|step| asked.contains(step.number)).flat_map(ended_in).collect();
    for step in steps {
        step.asked = asked.contains(step.number);
        step.actions.retain(|action| match action {
            Action::BeginCapture(id) | Action::EndCapture(id) => wanted.contains(id),
            _ => true,
        });
    }
}

struct Maker<'a> {
    options: &'a Options,
    programs: Vec<Program>,
    captures: Vec<Capture>,
}

impl Maker<'_> {
    /// Adds a program; its name tells it from others of its kind at its host.
    fn program(&mut self, host: HostName, kind: Kind) -> ProgramId {
        let before = self.programs.iter().filter(|program| program.host == host && program.kind == kind).count();
        let name = match before {
            0 => format!("{host}.{}", kind.name()),
            _ => format!("{host}.{}-{}", kind.name(), before.saturating_add(1)),
        };
        let [a, ..] = &self.options.hosts;
        let port = match kind {
            Kind::UdpServer | Kind::UdpClient => self.options.udp_port,
            Kind::TcpServer | Kind::TcpClient | Kind::TcpThreadedServer => self.options.tcp_port,
        };
        let server = SocketAddr::new(a.ip, port);
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

    fn capture(&mut self, host: HostName, file: &str) -> usize {
        self.captures.push(Capture { host, file: file.to_owned() });
        self.captures.len().saturating_sub(1)
    }

    /// The captures of step 10, which the sheet does not ask for.
    fn extra(&mut self, files: &[(HostName, &str)]) -> Vec<usize> {
        match self.options.extra_captures {
            true => files.iter().map(|(host, file)| self.capture(*host, file)).collect(),
            false => Vec::new(),
        }
    }

    /// Part I from step 5 on.
    fn tcp(&mut self) -> Vec<Step> {
        let [a, b, c] = self.options.hosts.map(|host| host.name);
        let server = self.program(a, Kind::TcpServer);
        let client = self.program(b, Kind::TcpClient);
        let second = self.program(a, Kind::TcpServer);
        let third = self.program(c, Kind::TcpClient);
        let capture = self.capture(b, "step8.pcapng");
        let mut at_b = vec![Action::Start(client)];
        at_b.extend(LINES.map(|line| typed(client, server, line, Arrival::Served)));
        at_b.push(Action::EndCapture(capture));
        let extra = self.extra(&[(c, "step10-C.pcapng"), (a, "step10-A.pcapng")]);
        let mut at_c: Vec<Action> = extra.iter().map(|capture| Action::BeginCapture(*capture)).collect();
        at_c.push(Action::Start(third));
        at_c.push(typed(third, server, QUESTION, Arrival::Acknowledged));
        at_c.push(Action::Interrupt(third));
        at_c.extend(extra.into_iter().map(Action::EndCapture));
        let (udp_server, udp_client, udp) = self.udp();
        let mut stop = vec![Action::Interrupt(server)];
        stop.extend([Action::Interrupt(udp_client), Action::Interrupt(udp_server)]);
        vec![
            step(Number::i(5), "Wireshark at B (here: socklab capture in step 7)", vec![]),
            step(Number::i(6), "The TCP server at A", vec![Action::Start(server)]),
            step(Number::i(7), "Capture at B", vec![Action::BeginCapture(capture)]),
            step(Number::i(8), "The TCP client at B, connected and left open", at_b),
            step(Number::i(9), "A second TCP server at A", vec![Action::StartSecond(second)]),
            step(Number::i(10), "The TCP client at C, while B's client is open", at_c),
            step(
                Number::i(11),
                "Quit B's client, keep the server running",
                vec![Action::EndInput(client), Action::QueueServed { server, client: third, clients: 2 }],
            ),
            step(Number::i(12), "Steps 6 to 10 with UDP", udp),
            step(Number::i(13), "Ctrl-C at the servers", stop),
        ]
    }

    /// Step 12: the server and B's client, which go on, and what is done.
    fn udp(&mut self) -> (ProgramId, ProgramId, Vec<Action>) {
        let [a, b, c] = self.options.hosts.map(|host| host.name);
        let server = self.program(a, Kind::UdpServer);
        let client = self.program(b, Kind::UdpClient);
        let second = self.program(a, Kind::UdpServer);
        let third = self.program(c, Kind::UdpClient);
        let capture = self.capture(b, "step12.pcapng");
        let extra = self.extra(&[(c, "step12-C.pcapng"), (a, "step12-A.pcapng")]);
        let mut actions = vec![Action::Start(server), Action::BeginCapture(capture), Action::Start(client)];
        actions.extend(LINES.map(|line| typed(client, server, line, Arrival::Served)));
        actions.push(Action::EndCapture(capture));
        actions.push(Action::StartSecond(second));
        actions.extend(extra.iter().map(|capture| Action::BeginCapture(*capture)));
        actions.push(Action::Start(third));
        actions.push(typed(third, server, QUESTION, Arrival::Served));
        actions.push(Action::Interrupt(third));
        actions.extend(extra.into_iter().map(Action::EndCapture));
        (server, client, actions)
    }

    fn part_two(&mut self) -> Vec<Step> {
        let [a, b, c] = self.options.hosts.map(|host| host.name);
        let server = self.program(a, Kind::TcpThreadedServer);
        let (b, at_b) = self.threaded_clients(b, server, "part2-step2-B.pcapng", &[(a, "part2-step2-A.pcapng")]);
        let (c, at_c) = self.threaded_clients(c, server, "part2-step3-C.pcapng", &[(a, "part2-step3-A.pcapng")]);
        let mut end: Vec<Action> = b.into_iter().chain(c).map(Action::Interrupt).collect();
        end.push(Action::Interrupt(server));
        vec![
            step(Number::ii(1), "The threaded TCP server at A", vec![Action::Start(server)]),
            step(Number::ii(2), "Capture and clients at B, left open", at_b),
            step(Number::ii(3), "Capture and clients at C, while B's are open", at_c),
            step(Number::ii(4), "Shut down", end),
        ]
    }

    fn threaded_clients(
        &mut self,
        host: HostName,
        server: ProgramId,
        file: &str,
        extra: &[(HostName, &str)],
    ) -> (Vec<ProgramId>, Vec<Action>) {
        let mut captures = vec![self.capture(host, file)];
        captures.extend(self.extra(extra));
        let clients: Vec<ProgramId> = (0..self.options.clients).map(|_| self.program(host, Kind::TcpClient)).collect();
        let mut actions: Vec<Action> = captures.iter().map(|capture| Action::BeginCapture(*capture)).collect();
        actions.extend(clients.iter().map(|client| Action::Start(*client)));
        for (number, client) in (1u32..).zip(&clients) {
            for line in [format!("terminal {number} at {host}"), format!("more from terminal {number} at {host}")] {
                actions.push(typed(*client, server, &line, Arrival::Served));
            }
        }
        actions.extend(captures.into_iter().map(Action::EndCapture));
        (clients, actions)
    }
}

fn typed(client: ProgramId, server: ProgramId, line: &str, arrival: Arrival) -> Action {
    Action::Type { client, server, line: line.to_owned(), arrival }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::rehearse::options::{Template, Templates, sheet_hosts};
    use crate::rehearse::plan::Range;

    fn options() -> Options {
        Options {
            hosts: sheet_hosts(false),
            tcp_port: 65432,
            udp_port: 65433,
            reply: "none",
            backlog: None,
            clients: 2,
            steps: Range::ALL,
            extra_captures: false,
            programs: Templates::default(),
        }
    }

    fn plan_of(steps: &str) -> Plan {
        plan(&Options { steps: steps.parse().unwrap(), ..options() })
    }

    fn numbers(plan: &Plan, asked: bool) -> Vec<String> {
        plan.steps.iter().filter(|step| step.asked == asked).map(|step| step.number.to_string()).collect()
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
                Action::Type { client, server, .. } => assert!(running.contains(client) && running.contains(server)),
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
        let step = plan.steps.iter().find(|step| step.number == Number::i(10)).unwrap();
        let typed = step.actions.iter().filter_map(|action| match action {
            Action::Type { arrival, .. } => Some(*arrival),
            _ => None,
        });
        assert_eq!(typed.collect::<Vec<_>>(), [Arrival::Acknowledged]);
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

    #[test]
    fn every_part_of_the_sheet_can_be_carried_out() {
        let all: Vec<Number> = (1..=13).map(Number::i).chain((1..=4).map(Number::ii)).collect();
        for (at, first) in all.iter().enumerate() {
            for last in &all[at..] {
                for extra_captures in [false, true] {
                    let steps = Range { first: *first, last: *last };
                    let plan = plan(&Options { steps, extra_captures, ..options() });
                    check_order(&plan);
                    let asked = numbers(&plan, true);
                    assert_eq!((asked.first(), asked.last()), (Some(&first.to_string()), Some(&last.to_string())));
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
            clients: 3,
            hosts: sheet_hosts(true),
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
