//! Whole rehearsals with servers of every kind that a student may write.

use std::fs;

use serde_json::Value;

use super::{Rehearsed, account, count, rehearsed_in_time};
use crate::support::package;

/// Servers that serve a client at a time, and such that serve several at once, each with what receives from a client.
const ONE_AT_A_TIME: [&str; 3] = ["print-only", "echo", "one-accept"];
const SEVERAL_AT_ONCE: [(&str, &str); 9] = [
    ("threaded", "A thread of its own received"),
    ("forking", "A process of its own received"),
    ("exec", "A process of its own received"),
    ("select", "One thread, "),
    ("poll", "One thread, "),
    ("selectors", "One thread, "),
    ("asyncio", "One thread, "),
    ("socketserver", "A thread of its own received"),
    ("socketserver-forking", "A process of its own received"),
];

/// The whole rehearsal with a server of this kind in the place of the program of this name.
fn rehearsed_with_server(kind: &str, program: &str) -> Rehearsed {
    let script = package("tests/it/witness/programs/servers.py");
    let server = format!("{program}=python3 {} {kind} {{ip}} {{port}}", script.display());
    let reply = if kind == "print-only" { "none" } else { "echo" };
    let rehearsed = rehearsed_in_time(false, &["--server-program", &server, "--reply", reply]).0;
    let journal = rehearsed.journal(&format!("A.{program}"));
    assert!(journal.iter().all(|event| event["program"] == "servers.py"), "{kind}: {journal:?}");
    rehearsed
}

impl Rehearsed {
    fn fact(&self, question: &str, name: &str) -> Value {
        self.answers()[question]["facts"][name].clone()
    }

    /// The claims of an answer that begin so, each with its basis and the files that it rests on.
    fn claims(&self, question: &str, begin: &str) -> Vec<(String, Vec<String>)> {
        let answers = self.answers();
        let all = answers[question]["claims"].as_array().unwrap().iter();
        let begin_so = all.filter(|claim| claim["text"].as_str().unwrap().starts_with(begin));
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let files =
            |claim: &Value| claim["evidence"].as_array().unwrap().iter().map(|one| text(&one["file"])).collect();
        begin_so.map(|claim| (text(&claim["basis"]), files(claim))).collect()
    }
}

#[test]
#[ignore = "needs network namespaces, tshark and python3"]
fn servers_that_serve_a_client_at_a_time_are_rehearsed() {
    for kind in ONE_AT_A_TIME {
        let rehearsed = rehearsed_with_server(kind, "tcp-server");
        rehearsed.assert_captures_agree_with_the_journals();
        assert_eq!(rehearsed.fact("I.2", "errno"), "EADDRINUSE", "{kind}");
        assert_eq!(rehearsed.fact("I.3", "tcp_handshake_completed"), true, "{kind}");
        assert_eq!(rehearsed.fact("I.3", "served_while_first_client_connected"), false, "{kind}");
        let accepted = count(&rehearsed.journal("A.tcp-server"), "accept");
        if kind == "one-accept" {
            assert_eq!(accepted, 1, "it serves one client and ends");
            // Nobody types Ctrl-C at a program that is no longer there.
            let screen = fs::read_to_string(rehearsed.out("screens/A.tcp-server.txt")).unwrap();
            assert!(!screen.contains("^C"), "{screen}");
            assert!(!account(&rehearsed, "I.13").contains("A^C tcp-server"), "{}", rehearsed.said());
        } else {
            assert_eq!(accepted, 2, "{kind}");
            rehearsed.assert_answers_are_those_of_the_journals();
        }
    }
}

#[test]
#[ignore = "needs network namespaces, tshark and python3"]
fn servers_that_serve_several_clients_at_once_are_rehearsed() {
    for (kind, receives) in SEVERAL_AT_ONCE {
        let rehearsed = rehearsed_with_server(kind, "tcp-threaded-server");
        rehearsed.assert_captures_agree_with_the_journals();
        rehearsed.assert_answers_are_those_of_the_journals();
        let journal = vec!["journals/A.tcp-threaded-server.jsonl".to_owned()];
        let proved = vec![("proved".to_owned(), journal)];
        let claims = rehearsed.claims("II.1", receives);
        assert!(!claims.is_empty() && claims.iter().all(|claim| *claim == proved[0]), "{kind}: {claims:?}");
        assert_eq!(
            rehearsed.claims("II.1", "The server's journal: accept() returned 4 connections."),
            proved,
            "{kind}"
        );
        assert_eq!(rehearsed.claims("II.2", "1 listening socket: the server's journal"), proved, "{kind}");
        assert_eq!(rehearsed.claims("II.2", "The server's journal: accept() made 4 connected"), proved, "{kind}");
        assert_eq!(rehearsed.fact("II.2", "sockets_created"), 5, "{kind}");
    }
}

/// A server of the second part in the first one: C is served beside B, and the four clients of Part II stay four.
#[test]
#[ignore = "needs network namespaces, tshark and python3"]
fn servers_that_serve_several_clients_at_once_are_rehearsed_in_part_one() {
    for kind in ["threaded", "forking", "select"] {
        let rehearsed = rehearsed_with_server(kind, "tcp-server");
        assert_eq!(rehearsed.fact("I.2", "errno"), "EADDRINUSE", "{kind}");
        assert_eq!(rehearsed.fact("I.3", "tcp_handshake_completed"), true, "{kind}");
        assert_eq!(rehearsed.fact("I.3", "served_while_first_client_connected"), true, "{kind}");
        assert_eq!(rehearsed.fact("II.1", "clients_served"), 4, "{kind}: {}", rehearsed.said());
        assert_eq!(rehearsed.fact("II.2", "sockets_created"), 5, "{kind}");
    }
}
