//! Plans of sheets: which programs run where, in which order, and what is captured.

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
                let client = &plan.programs[id.0];
                let serves = |other: &ProgramId| {
                    let other = &plan.programs[other.0];
                    let is_its = other.kind.protocol() == client.kind.protocol() && other.server == client.server;
                    other.kind.is_server() && is_its
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
        let arrival = |action: &Action| if let Action::Type { arrival, .. } = action { Some(*arrival) } else { None };
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
        ["left.tcp-server 10.0.3.1:7000", "left.udp-server 10.0.3.1:7001", "left.tcp-threaded-server 10.0.3.1:65432"]
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

/// Servers at ports of their own run beside each other, each of the kind that its own clients need; one at the same port takes
/// the other's place.
#[test]
fn a_server_stops_only_the_one_at_its_port() {
    let step = |number: u8, rest: &str| format!("[[step]]\nnumber = {number}\nprotocol = \"tcp\"\n{rest}\n");
    let clients = "does = \"clients\"\nclient = \"right\"";
    let steps = [
        step(1, "does = \"server\"\nport = 4001"),
        step(2, "does = \"server\"\nport = 4002"),
        step(3, &format!("{clients}\nport = 4001\nclients = 2\nparallel = true")),
        step(4, &format!("{clients}\nport = 4002")),
        step(5, "does = \"server\"\nport = 4001"),
        step(6, &format!("{clients}\nport = 4003\nrefused = true")),
        step(7, &format!("{clients}\nport = 4002")),
    ];
    let sheet = LabConfig::from_toml(&format!("{HOSTS}{}{QUESTION}", steps.concat())).unwrap().sheet;
    let hosts = sheet_hosts(&LabConfig::of(sheet.clone()), false).unwrap();
    let plan = plan(&Options { sheet, hosts, ..options() });
    check_order(&plan);
    let servers = plan.programs.iter().filter(|program| program.kind.is_server());
    let servers: Vec<String> = servers.map(|p| format!("{} {}", p.name, p.server.port())).collect();
    assert_eq!(servers, ["left.tcp-threaded-server 4001", "left.tcp-server 4002", "left.tcp-server-2 4001"]);
    let stopped = plan.steps.iter().map(|step| {
        let of_server =
            |action: &&Action| matches!(action, Action::Interrupt(id) if plan.programs[id.0].kind.is_server());
        step.actions.iter().filter(of_server).count()
    });
    assert_eq!(stopped.collect::<Vec<_>>(), [0, 0, 0, 0, 1, 0, 0]);
}

/// A computer that talks to itself has no cable to capture at.
#[test]
fn what_one_computer_does_with_itself_is_captured_on_lo() {
    let host = |name: &str, role: &str| format!("[[host]]\nname = \"{name}\"\nrole = \"{role}\"\n");
    let server = "address = \"127.0.0.1\"\n";
    let step = "[[step]]\nnumber = 3\ndoes = \"clients\"\nprotocol = \"tcp\"\nclient = \"left\"\ncaptured = \"left\"\n";
    let config = |hosts: &str| LabConfig::from_toml(&format!("{hosts}{step}{QUESTION}")).unwrap();
    let alone = config(&(host("left", "server") + server));
    let hosts = sheet_hosts(&alone, false).unwrap();
    let plan_of = |config: LabConfig, hosts| plan(&Options { sheet: config.sheet, hosts, ..options() });
    let plan = plan_of(alone, hosts);
    assert!(plan.captures.iter().all(|capture| capture.is_local) && plan.is_on_one_computer());
    // The address of lo is no host's whom others are to reach.
    let two = config(&(host("left", "server") + server + &host("right", "client")));
    assert!(sheet_hosts(&two, false).is_err());
}
