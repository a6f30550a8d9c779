//! Rehearsals of other labs than the one that socklab knows (`fixtures/sheets`).

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Rehearsed, account, count, first, rehearsed, tshark};
use crate::support::package;

fn of(sheet: &str) -> Rehearsed {
    let lab = package(&format!("fixtures/sheets/{sheet}/lab.toml"));
    rehearsed(false, &["--lab", lab.to_str().unwrap(), "--reply", "upper"])
}

/// A lab with a UDP server at A, clients at B and C, and these further steps.
fn udp_lab(steps: &str) -> Rehearsed {
    let folder = tempfile::tempdir().unwrap();
    let lab = folder.path().join("lab.toml");
    let hosts = ["server", "client", "client"].iter().zip(["A", "B", "C"]);
    let hosts: String = hosts.map(|(role, name)| format!("[[host]]\nname = \"{name}\"\nrole = \"{role}\"\n")).collect();
    let question = "[[question]]\nnumber = 1\ntitle = \"x\"\npoints = 1\nkind = \"facts\"\nsteps = [\"2\"]\n\
        facts.port = { ask = \"port\", fact = \"client_port\" }\n";
    std::fs::write(&lab, format!("{hosts}{steps}{question}")).unwrap();
    rehearsed(false, &["--lab", lab.to_str().unwrap()])
}

/// A step of such a lab.
fn udp_step(number: u8, does: &str, rest: &str) -> String {
    format!("[[step]]\nnumber = {number}\ndoes = \"{does}\"\n{rest}\n")
}

#[test]
#[ignore = "needs network namespaces"]
fn a_udp_client_beside_another_one_is_read_at_once() {
    let steps = [
        udp_step(1, "server", "protocol = \"udp\""),
        udp_step(2, "clients", "protocol = \"udp\"\nclient = \"B\"\nat = { open = \"2\" }"),
        udp_step(3, "clients", "protocol = \"udp\"\nclient = \"C\"\nwhile = \"2\""),
        udp_step(4, "quit", "of = [\"2\"]"),
    ];
    let rehearsed = udp_lab(&steps.concat());
    let said = account(&rehearsed, "3");
    assert!(said.contains("The server has read the datagram."), "{}", rehearsed.said());
    assert!(!said.contains("acknowledged") && !said.contains("closed"), "{}", rehearsed.said());
    assert_eq!(account(&rehearsed, "4"), "B^D udp-client");
}

/// Each datagram of each client is in the capture, which ends with the last one's.
#[test]
#[ignore = "needs network namespaces and tshark"]
fn a_capture_holds_what_all_udp_clients_of_a_host_sent() {
    let steps = [
        udp_step(1, "server", "protocol = \"udp\""),
        udp_step(2, "clients", "protocol = \"udp\"\nclient = [\"B\", \"C\"]\nclients = 2\ncaptured = \"A\""),
    ];
    let rehearsed = udp_lab(&steps.concat());
    let sent: u64 = ["B.udp-client", "B.udp-client-2", "C.udp-client", "C.udp-client-2"]
        .map(|name| count(&rehearsed.journal(name), "send"))
        .into_iter()
        .sum();
    let frames = tshark(&rehearsed.out("step2.pcapng"), &["-Y", "udp.dstport == 65433"]).lines().count();
    assert_eq!((sent, frames), (8, 8), "{}", rehearsed.said());
}

#[test]
#[ignore = "needs network namespaces and tshark"]
fn a_udp_client_without_a_server_is_told_so_by_icmp() {
    let client = "protocol = \"udp\"\nclient = \"B\"\ncaptured = \"B\"\nrefused = true";
    let rehearsed = udp_lab(&udp_step(2, "clients", client));
    let said = account(&rehearsed, "2");
    assert!(said.contains("A's system answers with ICMP \"port unreachable\""), "{}", rehearsed.said());
    assert!(said.contains("ECONNREFUSED"), "{}", rehearsed.said());
    let frames = |filter: &str| tshark(&rehearsed.out("step2.pcapng"), &["-Y", filter]).lines().count();
    assert_eq!((frames("udp.dstport == 65433 && !icmp"), frames("icmp.type == 3 && icmp.code == 3")), (1, 1));
    assert_eq!(first(&rehearsed.journal("B.udp-client"), "error")["errno"], "ECONNREFUSED");
}

/// The facts of each question.
fn facts(rehearsed: &Rehearsed) -> BTreeMap<String, Value> {
    let text = std::fs::read_to_string(rehearsed.out("answers.json")).unwrap();
    let document: Value = serde_json::from_str(&text).unwrap();
    let answers = document["answers"].as_array().unwrap().iter();
    answers.map(|answer| (answer["question"].as_str().unwrap().to_owned(), answer["facts"].clone())).collect()
}

#[test]
#[ignore = "needs network namespaces and tshark"]
fn two_computers_with_steps_of_their_own() {
    let rehearsed = of("chat");
    let facts = facts(&rehearsed);
    assert!(facts.values().flat_map(|facts| facts.as_object().unwrap().values()).all(|value| !value.is_null()));
    assert_eq!((&facts["3"]["who"], &facts["4"]["why"]), (&Value::from("client"), &Value::from("refused")));
    let syns =
        tshark(&rehearsed.out("stepB.pcapng"), &["-Y", "tcp.flags.syn == 1", "-T", "fields", "-e", "frame.number"]);
    let handshake = facts["1"]["handshake"].as_array().unwrap();
    assert_eq!(syns.lines().collect::<Vec<_>>(), [handshake[0].to_string(), handshake[1].to_string()]);
    let refused = rehearsed.journal("right.tcp-client-2");
    assert_eq!(first(&refused, "error")["errno"], "ECONNREFUSED");
}

#[test]
#[ignore = "needs network namespaces and tshark"]
fn a_sheet_about_udp_and_one_with_ipv6() {
    let facts_of = |sheet: &str| facts(&of(sheet));
    for (question, facts) in facts_of("udp") {
        let facts = facts.as_object().unwrap();
        // The lines of a rehearsal are fewer than the sheet's own capture has.
        assert!(facts.values().any(|value| !value.is_null()), "{question}: {facts:?}");
    }
    let everywhere = facts_of("everywhere");
    assert_eq!(everywhere["1"]["server"], "[fd00:10:3::1]:9000");
}
