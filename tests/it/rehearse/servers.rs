//! Whole rehearsals with servers of every kind that a student may write.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::{Place, Rehearsed, account, count, my_turn, rehearsed_in_time};
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

/// Servers that leave lines unread: a TCP server that accepts nobody, and a UDP server that connects its socket to its
/// first client.
const ACCEPTS_NOBODY: &str = "\
import socket, sys, time
s = socket.create_server((sys.argv[1], int(sys.argv[2])), backlog=5)
while True: time.sleep(60)";
const ONE_CLIENT_OVER_UDP: &str = "\
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind((sys.argv[1], int(sys.argv[2])))
data, client = s.recvfrom(1000)
s.connect(client)
while True:
    s.send(data)
    data = s.recv(1000)";
/// Accepts and reads nothing.
const READS_NOTHING: &str = "\
import socket, sys
s = socket.create_server((sys.argv[1], int(sys.argv[2])), backlog=5)
kept = []
while True: kept.append(s.accept())";
/// A client that waits for the answer to each line.
const ASKS: &str = "\
import socket, sys
s = socket.create_connection((sys.argv[1], int(sys.argv[2])))
for line in sys.stdin:
    s.sendall(line.encode())
    s.recv(1000)";

/// The command line of a program that is such a script, which is put into the folder.
fn python(folder: &Path, program: &str, script: &str) -> String {
    let path = folder.join(format!("{program}.py"));
    fs::write(&path, script).unwrap();
    format!("{program}=python3 {} {{ip}} {{port}}", path.display())
}

#[test]
#[ignore = "needs network namespaces and python3"]
fn lines_that_a_server_leaves_unread_are_told_and_the_lab_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let python = |program: &str, script: &str| python(folder.path(), program, script);
    let (tcp, udp) = (python("tcp-server", ACCEPTS_NOBODY), python("udp-server", ONE_CLIENT_OVER_UDP));
    let (rehearsed, _) =
        rehearsed_in_time(false, &["--server-program", &tcp, "--server-program", &udp, "--reply", "echo"]);
    let waits = "A's system acknowledged the line. The connection waits in the queue: the server has not accepted it.";
    assert_eq!(account(&rehearsed, "I.8").matches(waits).count(), 3, "{}", rehearsed.said());
    assert_eq!(account(&rehearsed, "I.10").matches(waits).count(), 1, "{}", rehearsed.said());
    // B's three lines are read, C's is not.
    let unread = "C> Is anybody there? The server's program has not read the datagram.";
    let said = account(&rehearsed, "I.12");
    assert!(said.contains(unread) && said.matches("has not read").count() == 1, "{}", rehearsed.said());
    assert_eq!(rehearsed.answers().len(), 9);
}

/// The client waits for an answer, so it sends no second line, and Ctrl-D does not reach it.
#[test]
#[ignore = "needs network namespaces and python3"]
fn a_client_that_waits_for_an_answer_is_told_so() {
    let folder = tempfile::tempdir().unwrap();
    let python = |program: &str, script: &str| python(folder.path(), program, script);
    let (server, client) = (python("tcp-server", READS_NOTHING), python("tcp-client", ASKS));
    let programs = ["--server-program", &server, "--client-program", &client];
    let (rehearsed, _) =
        rehearsed_in_time(false, &[&programs[..], &["--reply", "echo", "--steps", "I.8-I.11"]].concat());
    let said = account(&rehearsed, "I.8");
    let unread =
        "A's system acknowledged the line. The server has accepted the connection, but it has not read the line.";
    assert!(said.contains(unread), "{}", rehearsed.said());
    assert_eq!(said.matches("B's program has not sent the line.").count(), 2, "{}", rehearsed.said());
    assert!(account(&rehearsed, "I.11").starts_with("B^D tcp-client B^C tcp-client"), "{}", rehearsed.said());
}

/// socklab's servers answer whole lines, and this client sends none.
#[test]
#[ignore = "needs network namespaces and python3"]
fn a_client_that_sends_no_newline_is_told_what_it_lacks() {
    let (_turn, place) = (my_turn(), Place::new());
    let client = python(place.folder.path(), "tcp-client", &ASKS.replace("line.encode()", "line.strip().encode()"));
    let arguments = ["--client-program", &client, "--reply", "upper", "--steps", "I.8"];
    let output = place.rehearse(false, &arguments).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.contains("B.tcp-client sends 'Hello A, this is B' without a newline and waits"), "{said}");
    assert!(!said.contains("gave up"), "{said}");
}
