//! Steps of a lab file whose only client ran twice: a student may mean either run.

use crate::analyze::analysis::{Analysis, Code, MeasuredFacts};
use crate::analyze::testing::Story;
use crate::analyze::tests::support::{self, A, B1, B2};
use crate::analyze::{analyze, lab_file};

const LAB: &str = r#"
title = "Twice"
host = [
    { name = "A", role = "server", address = "10.0.3.1" },
    { name = "B", role = "client", address = "10.0.3.2" },
]
[[step]]
number = "1"
does = "clients"
protocol = "tcp"
port = 7000
client = "B"
captured = "B"
[[question]]
number = "1"
title = "Lines"
points = 1
kind = "facts"
steps = ["1"]
[question.facts]
port = { ask = "port of the client", fact = "client_port" }
header = { ask = "length of a UDP header", fact = "udp_header_length" }
fin = { ask = "acknowledgement number of the FIN", fact = "acknowledgement_number", side = "client", flag = "FIN" }
[[question]]
number = "2"
title = "All"
points = 1
kind = "facts"
steps = ["1"]
[question.facts]
all = { ask = "how many connections", fact = "connections" }
[[question]]
number = "3"
title = "Several"
points = 1
kind = "facts"
steps = ["1"]
[question.facts]
port = { ask = "port of the client", fact = "client_port" }
last = { ask = "port of the last client", fact = "client_port", connection = "last" }
"#;

/// A client that sends a line, for each of these ports, and whether it ends.
fn runs(lab: &str, clients: &[(u16, bool)]) -> Analysis {
    let mut story = Story::new("at B", 0);
    for (port, ends) in clients {
        let mut tcp = Story::tcp(&format!("10.0.3.2:{port}"), "10.0.3.1:7000");
        story.handshake(&mut tcp);
        story.echo(&mut tcp, "one\n");
        if *ends {
            story.close(&mut tcp);
        }
    }
    analyze(vec![story.read()], &[], &lab_file(lab).unwrap())
}

fn values(MeasuredFacts(facts): &MeasuredFacts) -> Vec<Option<String>> {
    let one = |fact: &crate::analyze::analysis::Measured| fact.values.as_ref().map(|values| values[0].0.to_string());
    facts.iter().map(one).collect()
}

/// What each question's facts are by the runs besides the first.
fn others(analysis: &Analysis, question: usize) -> Vec<(String, Vec<Option<String>>)> {
    let runs = analysis.answers[question].other_runs.iter();
    runs.map(|run| (run.client.to_string(), values(&run.facts))).collect()
}

fn of(values: &[&str]) -> Vec<Option<String>> {
    values.iter().map(|value| Some((*value).to_owned())).collect()
}

#[test]
fn each_run_of_the_only_client_has_facts_of_its_own() {
    let analysis = runs(LAB, &[(40001, true), (40002, true)]);
    assert_eq!(others(&analysis, 0), [("10.0.3.2:40002".to_owned(), of(&["40002", "8", "5"]))]);
    // Of all connections nothing is different, and one that the question numbers is the same.
    assert_eq!(others(&analysis, 1), []);
    assert_eq!(others(&analysis, 2), [("10.0.3.2:40002".to_owned(), of(&["40002", "40002"]))]);
}

#[test]
fn what_a_run_lacks_is_not_taken_from_another_one() {
    let analysis = runs(LAB, &[(40001, true), (40002, false)]);
    assert_eq!(
        others(&analysis, 0),
        [("10.0.3.2:40002".to_owned(), vec![Some("40002".to_owned()), Some("8".to_owned()), None])]
    );
}

#[test]
fn one_run_and_several_clients_of_a_step_have_no_others() {
    assert_eq!(others(&runs(LAB, &[(40001, true)]), 0), []);
    let two = LAB.replace("client = \"B\"", "client = \"B\"\nclients = 2");
    assert_eq!(others(&runs(&two, &[(40001, true), (40002, true)]), 0), []);
}

#[test]
fn the_finding_says_which_connection_each_answer_is_of() {
    let analysis = runs(LAB, &[(40001, true), (40002, true)]);
    let finding = analysis.findings.iter().find(|finding| finding.code == Code::SeveralRuns).unwrap();
    assert_eq!(
        finding.message.to_string(),
        "Step 1 has 2 connections here, one after the other; the sheet asks for one. The answers to 2 count all of them. \
         The answers to 1 are about the step's first connection."
    );
}

/// A threaded server as in Python's documentation, which answers one line and closes: two clients of Part II are never connected
/// at the same time, unless somebody is slow to type.
#[test]
fn clients_whose_connections_the_server_ends_may_be_those_side_by_side() {
    let message = |by_server: bool| {
        let mut story = Story::new("at B", 0);
        for client in [B1, B2] {
            let mut tcp = Story::tcp(client, A);
            story.handshake(&mut tcp);
            story.echo(&mut tcp, "1\n");
            if by_server {
                story.half_close_of_server(&mut tcp);
            } else {
                story.close(&mut tcp);
            }
            story.wait(300);
        }
        let analysis = support::of(vec![story.read()]);
        let finding = analysis.findings.iter().find(|finding| finding.code == Code::SeveralRuns).unwrap();
        finding.message.to_string()
    };
    let text = message(true);
    let doubt = "so the clients of Part II step 2 could look the same: nothing here shows which they are.";
    assert!(text.starts_with("Step 8 has 2 connections here, one after the other;") && text.ends_with(doubt), "{text}");
    assert!(!message(false).contains("Part II"));
}
