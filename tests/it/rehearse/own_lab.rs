//! Rehearsals of other labs than the one that socklab knows (`fixtures/sheets`).

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Rehearsed, first, rehearsed, tshark};
use crate::support::package;

fn of(sheet: &str) -> Rehearsed {
    let lab = package(&format!("fixtures/sheets/{sheet}/lab.toml"));
    rehearsed(false, &["--lab", lab.to_str().unwrap(), "--reply", "upper"])
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
