//! Which client is which host where no address tells: what packets show of it, and what is said where they show nothing.

use crate::analyze::analysis::{Analysis, Code, HostBasis};
use crate::analyze::analyze;
use crate::analyze::lab_file;
use crate::analyze::testing::{Story, ip};
use crate::lab::LabConfig;
use socklab_packets::pipeline::CaptureFacts;

const SERVER: &str = "192.168.1.50:65432";
/// By the order of addresses and of files, the wrong way round.
const B: &str = "192.168.1.77";
const C: &str = "192.168.1.61";

/// A client alone that sends lines, with answers or without, and may quit in the end, of which the server's program does nothing.
fn alone(file: &str, start: i64, client: &str, lines: usize, answered: bool, quits: bool) -> CaptureFacts {
    let mut story = Story::new(file, start);
    let mut tcp = Story::tcp(&format!("{client}:45678"), SERVER);
    story.handshake(&mut tcp);
    for _ in 0..lines {
        match answered {
            true => story.echo(&mut tcp, "hello\n"),
            false => story.line(&mut tcp, "hello\n"),
        }
    }
    story.wait(3000);
    if quits {
        story.half_close(&mut tcp);
        story.wait(1000);
    }
    story.read()
}

/// Clients side by side, all served.
fn side_by_side(file: &str, start: i64, client: &str, count: u16, server: &str) -> CaptureFacts {
    let mut story = Story::new(file, start);
    let mut all: Vec<_> =
        (0..count).map(|number| Story::tcp(&format!("{client}:{}", 50000 + number), server)).collect();
    all.iter_mut().for_each(|tcp| story.handshake(tcp));
    all.iter_mut().for_each(|tcp| story.echo(tcp, "hello\n"));
    story.read()
}

fn hosts(analysis: &Analysis) -> Vec<(String, std::net::IpAddr, HostBasis)> {
    analysis.lab.hosts.iter().map(|host| (host.name.to_string(), host.address, host.basis)).collect()
}

fn steps(analysis: &Analysis) -> Vec<(&str, String)> {
    let step = |capture: &crate::analyze::analysis::CaptureAnalysis| capture.step().map(|own| own.step.to_string());
    analysis.captures.iter().map(|capture| (capture.file.as_str(), step(capture).unwrap_or_default())).collect()
}

fn message(analysis: &Analysis, code: Code) -> Option<String> {
    analysis.findings.iter().find(|finding| finding.code == code).map(|finding| finding.message.to_string())
}

/// Of a server that answers, the client whose line it only acknowledged waited for the other one, whatever served in Part II.
#[test]
fn a_client_that_was_left_without_an_answer_is_the_one_that_came_second() {
    let captures = || {
        let of_c = alone("step10", 30, C, 1, false, true);
        vec![of_c, alone("step8", 0, B, 3, true, false), side_by_side("p3", 900, C, 2, SERVER)]
    };
    let analysis = analyze(captures(), &[], &LabConfig::default());
    assert_eq!(steps(&analysis), [("step10", "I.10".to_owned()), ("step8", "I.8".into()), ("p3", "II.3".into())]);
    let c = hosts(&analysis).into_iter().find(|(name, _, _)| name == "C").unwrap();
    assert_eq!((c.1, c.2), (ip(C), HostBasis::Role));
    assert_eq!(message(&analysis, Code::ConnectionClosed), None);
}

/// Where the server answers nobody, both may be either: nothing is said of a step that it may not be.
#[test]
fn a_guess_is_said_as_one() {
    let analysis = analyze(vec![alone("step10", 30, C, 1, false, true)], &[], &LabConfig::default());
    assert_eq!(hosts(&analysis)[1], ("B".to_owned(), ip(C), HostBasis::Order));
    let closed = message(&analysis, Code::ConnectionClosed).unwrap();
    assert!(closed.starts_with("192.168.1.61:45678 closed "), "{closed}");
    assert!(closed.ends_with("If this is host B, step 8(c) leaves the connection open."), "{closed}");
    let analysis = analyze(vec![side_by_side("p3", 0, C, 2, SERVER)], &[], &LabConfig::default());
    let missing = message(&analysis, Code::SecondHostMissing).unwrap();
    assert!(missing.contains("only clients of 192.168.1.61 are"), "{missing}");
    assert!(missing.ends_with("add that of the other computer."), "{missing}");
}

/// The sheet wants the datagrams captured at B alone.
#[test]
fn of_clients_that_did_the_same_the_one_with_datagrams_is_b() {
    let mut udp = Story::new("step12", 600);
    udp.datagram(&format!("{B}:40000"), SERVER, "one\n");
    let captures = vec![alone("step10", 30, C, 1, false, false), alone("step8", 0, B, 3, false, false), udp.read()];
    let analysis = analyze(captures, &[], &LabConfig::default());
    assert_eq!(hosts(&analysis)[1], ("B".to_owned(), ip(B), HostBasis::Order));
}

const LAB: &str = r#"
[[host]]
name = "Kiwi"
role = "server"
[[host]]
name = "Lime"
role = "client"
[[host]]
name = "Melone"
role = "client"
[[step]]
number = "1"
title = "Three clients"
does = "clients"
protocol = "tcp"
port = 9200
client = "Lime"
clients = 3
parallel = true
captured = "Lime"
[[step]]
number = "2"
title = "One more"
does = "clients"
protocol = "tcp"
port = 9200
client = "Melone"
parallel = true
while = "1"
captured = "Melone"
[[step]]
number = "3"
title = "Datagrams"
does = "clients"
protocol = "udp"
port = 9300
client = "Lime"
captured = "Lime"
[[step]]
number = "4"
title = "More datagrams"
does = "clients"
protocol = "udp"
port = 9300
client = "Melone"
captured = "Melone"
[[question]]
number = "1"
title = "How many"
points = 1
kind = "threaded-clients"
steps = ["1", "2"]
[question.facts]
clients_connected = "How many clients connected?"
"#;

#[test]
fn more_clients_side_by_side_than_a_host_has_are_another_ones() {
    let config = lab_file(LAB).unwrap();
    let server = "10.1.1.10:9200";
    for order in [[("a", 1), ("b", 3)], [("a", 3), ("b", 1)]] {
        let one = |(file, count): (&str, u16)| side_by_side(file, 0, &format!("10.1.1.{}", 20 + count), count, server);
        let analysis = analyze(order.map(one).into(), &[], &config);
        let found = hosts(&analysis);
        assert_eq!([found[1].1, found[2].1], [ip("10.1.1.23"), ip("10.1.1.21")], "{found:?}");
        assert_eq!(message(&analysis, Code::SeveralRuns), None);
    }
}

#[test]
fn a_step_with_datagrams_that_was_set_tells_whose_they_are() {
    let mut config = lab_file(LAB).unwrap();
    config.steps.insert("c".to_owned(), config.sheet.step("4").unwrap());
    let mut story = Story::new("c", 0);
    story.datagram("10.1.1.30:40000", "10.1.1.10:9300", "one\n");
    story.datagram("10.1.1.10:9300", "10.1.1.30:40000", "one\n");
    let analysis = analyze(vec![story.read()], &[], &config);
    let found = hosts(&analysis);
    assert_eq!(found[1], ("Melone".to_owned(), ip("10.1.1.30"), HostBasis::Set), "{found:?}");
}
