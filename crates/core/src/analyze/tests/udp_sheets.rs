//! Questions of a lab file about UDP clients: several on one host, and sheets without TCP.

use crate::analyze::analysis::{Answer, Code, Facts, Status};
use crate::analyze::testing::Story;
use crate::analyze::{analyze, lab_file, sheet_notes};
use socklab_packets::pipeline::CaptureFacts;

const LAB: &str = r#"
title = "UDP"
host = [
    { name = "hub", role = "server" },
    { name = "west", role = "client" },
]
[[step]]
number = "1"
does = "clients"
protocol = "udp"
port = 9002
client = "west"
clients = 2
captured = "west"
[[question]]
number = "1"
title = "Clients"
points = 1
kind = "udp-clients"
steps = ["1"]
[question.facts]
clients_served = "clients that were served"
"#;

const SERVER: &str = "10.9.0.1:9002";
const FIRST: &str = "10.9.0.3:46001";
const SECOND: &str = "10.9.0.3:46002";

/// The answer where these clients send a datagram each, and whether it is answered.
fn answer(lab: &str, clients: &[(&str, bool)]) -> Answer {
    let mut story = Story::new("west", 0);
    for (client, is_answered) in clients {
        story.datagram(client, SERVER, "quote\n");
        if *is_answered {
            story.datagram(SERVER, client, "a quote\n");
        }
    }
    analyze(vec![story.read()], &[], &lab_file(lab).unwrap()).answers.remove(0)
}

fn told(answer: &Answer) -> (String, Facts, Status) {
    (answer.short.to_string(), answer.facts.clone(), answer.status)
}

fn served(clients_served: Option<u64>) -> Facts {
    Facts::UdpClients { clients_served }
}

#[test]
fn two_clients_on_one_host_are_told_apart_by_their_ports() {
    let answer = answer(LAB, &[(FIRST, true), (SECOND, true)]);
    assert_eq!(told(&answer), ("2 clients served".to_owned(), served(Some(2)), Status::Observed));
    let text = answer.text().to_string();
    assert!(text.starts_with("The UDP server served both clients. "), "{text}");
    assert!(!text.contains("no UDP datagram") && !text.contains("the same"), "{text}");
}

#[test]
fn the_client_on_the_same_host_that_got_no_answer_is_named() {
    let answer = answer(LAB, &[(FIRST, false), (SECOND, true)]);
    let short = format!("Whether {FIRST} was served: unknown");
    assert_eq!(told(&answer), (short, served(None), Status::Partial));
    let text = answer.text().to_string();
    assert!(text.contains(&format!("received {FIRST}'s datagram: a frame shows that it was sent")), "{text}");
}

#[test]
fn a_client_on_the_same_host_that_is_not_there_is_missing() {
    let answer = answer(LAB, &[(FIRST, true)]);
    let short = "Whether both were served: unknown".to_owned();
    assert_eq!(told(&answer), (short, served(None), Status::Partial));
    let text = answer.text().to_string();
    assert!(text.contains("no UDP datagram from a second client"), "{text}");
}

/// A client may make a socket for each line.
#[test]
fn more_sockets_than_clients_do_not_tell_how_many_there_were() {
    let answer = answer(LAB, &[(FIRST, true), (SECOND, true), ("10.9.0.3:46003", true)]);
    assert_eq!(told(&answer), ("3 client sockets served".to_owned(), served(None), Status::Partial));
    assert!(answer.text().to_string().contains("how many clients these sockets are of"), "{}", answer.text());
}

#[test]
fn fewer_clients_than_the_sheet_has_are_not_all_of_them() {
    let lab = LAB.replace("clients = 2", "clients = 3");
    let answer = answer(&lab, &[(FIRST, true), (SECOND, true)]);
    let text = answer.text().to_string();
    assert_eq!((&answer.facts, answer.status), (&served(None), Status::Partial));
    assert!(text.contains("served 2 clients.") && text.contains("it served all 3 of the sheet"), "{text}");
}

/// Only where a TCP client waits does the sheet compare.
#[test]
fn the_answer_refers_to_tcp_where_the_sheet_has_a_client_that_waits() {
    let step = |number: u32, more: &str| {
        format!(
            "[[step]]\nnumber = \"{number}\"\ndoes = \"clients\"\nprotocol = \"tcp\"\nport = 9002\nclient = \"west\"\n{more}\n"
        )
    };
    let waiting = format!("{LAB}{}{}", step(2, ""), step(3, "while = \"2\""));
    let both = [(FIRST, true), (SECOND, true)];
    assert_eq!(answer(&waiting, &both).short.to_string(), "No: 2 clients served");
    assert_eq!(answer(&format!("{LAB}{}", step(2, "")), &both).short.to_string(), "2 clients served");
}

/// A step that wants no server, before one at the same port that wants one.
const NOBODY: &str = r#"
title = "Nobody"
host = [
    { name = "hub", role = "server" },
    { name = "west", role = "client" },
]
[[step]]
number = "1"
does = "clients"
protocol = "udp"
port = 9002
client = "west"
captured = "west"
refused = true
[[step]]
number = "2"
does = "server"
protocol = "udp"
port = 9002
[[step]]
number = "3"
does = "clients"
protocol = "udp"
port = 9002
client = "west"
captured = "west"
[[question]]
number = "1"
title = "Nobody"
points = 1
kind = "facts"
steps = ["1"]
[question.facts]
port = { ask = "the client's port", fact = "client_port" }
"#;

/// The steps of files, and the codes of findings with the steps to redo.
fn found(captures: Vec<CaptureFacts>) -> (Vec<String>, Vec<(Code, String)>) {
    let analysis = analyze(captures, &[], &lab_file(NOBODY).unwrap());
    let steps = analysis
        .captures
        .iter()
        .map(|capture| capture.steps.iter().map(|recorded| recorded.step.to_string()).collect::<Vec<_>>().join(" "));
    let codes = analysis
        .findings
        .iter()
        .map(|finding| (finding.code, finding.redo.as_ref().map(ToString::to_string).unwrap_or_default()));
    (steps.collect(), codes.collect())
}

/// One datagram, and what comes back: an answer, that nobody is there, or nothing.
fn one_datagram(file: &str, start: i64, client: &str, comes_back: Option<bool>) -> CaptureFacts {
    let mut story = Story::new(file, start);
    story.datagram(client, SERVER, "quote\n");
    match comes_back {
        Some(true) => story.datagram(SERVER, client, "a quote\n"),
        Some(false) => story.port_unreachable(client, SERVER),
        None => {}
    }
    story.wait(2000);
    story.read()
}

#[test]
fn datagrams_that_found_no_server_are_of_the_step_that_wants_none() {
    let refused = || one_datagram("refused", 0, FIRST, Some(false));
    let served = || one_datagram("served", 60, SECOND, Some(true));
    let silent = || one_datagram("silent", 60, SECOND, None);
    assert_eq!(found(vec![refused()]), (vec!["1".to_owned()], vec![]));
    assert_eq!(found(vec![served()]), (vec!["3".to_owned()], vec![]));
    assert_eq!(found(vec![refused(), served()]), (vec!["1".to_owned(), "3".to_owned()], vec![]));
    // A server that only prints. Alone it may be a firewall that keeps the message back.
    assert_eq!(found(vec![refused(), silent()]).0, ["1", "3"]);
    assert_eq!(found(vec![silent()]), (vec![String::new()], vec![(Code::StepsNotTold, String::new())]));
}

/// Twice nobody was there: where the sheet wants a server, that is still a fault.
#[test]
fn datagrams_of_a_step_that_wants_a_server_are_still_told_to_have_found_none() {
    let config = lab_file(&NOBODY.replace("refused = true\n", "")).unwrap();
    let captures = vec![one_datagram("a", 0, FIRST, Some(true)), one_datagram("b", 60, SECOND, Some(false))];
    let analysis = analyze(captures, &[], &config);
    let finding = analysis.findings.iter().find(|finding| finding.code == Code::UdpPortUnreachable).unwrap();
    assert_eq!(finding.redo.as_ref().map(ToString::to_string).as_deref(), Some("3"));
}

#[test]
fn the_message_that_nobody_is_there_tells_steps_apart() {
    let notes = |lab: &str| sheet_notes(&lab_file(lab).unwrap().sheet).concat();
    assert_eq!(notes(NOBODY), "");
    assert!(notes(&NOBODY.replace("refused = true\n", "")).contains("The clients of step 1 and step 3"));
}

#[test]
fn datagrams_are_called_so_and_their_text_has_no_line_breaks() {
    let ask = "port = { ask = \"the client's port\", fact = \"client_port\" }";
    let text = "text = { ask = \"text\", fact = \"payload_text\", segment = 1 }";
    let config = lab_file(&NOBODY.replace(ask, text)).unwrap();
    let mut story = Story::new("refused", 0);
    story.datagram(FIRST, SERVER, "GET /\r\nHost: hub\r\n");
    story.port_unreachable(FIRST, SERVER);
    let answer = analyze(vec![story.read()], &[], &config).answers.remove(0);
    assert_eq!(answer.short.to_string(), "text GET / Host: hub");
    assert_eq!(answer.text().to_string(), "Text of the payload, first datagram of the client: 'GET / Host: hub'.");
}
