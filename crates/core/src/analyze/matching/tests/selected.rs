//! What a step's fixed port and hosts select: connections elsewhere count only where the step's own are not there.

use crate::analyze::analysis::{Analysis, Code, Facts, MeasuredFacts};
use crate::analyze::testing::Story;
use crate::analyze::{analyze, lab_file};
use crate::lab::LabConfig;

/// A sheet whose server and clients have addresses, with these steps. The question asks of each how many connections it has, and to
/// which ports.
fn lab(protocol: &str, steps: &[(&str, u16)]) -> LabConfig {
    let mut text = "[[host]]\nname = \"S\"\nrole = \"server\"\naddress = \"10.0.3.1\"\n".to_owned();
    for (name, last) in [("B", 2), ("C", 3)] {
        text += &format!("[[host]]\nname = \"{name}\"\nrole = \"client\"\naddress = \"10.0.3.{last}\"\n");
    }
    for (number, (clients, port)) in (2..).zip(steps) {
        text += &format!(
            "[[step]]\nnumber = {number}\ndoes = \"clients\"\nprotocol = \"{protocol}\"\nport = {port}\nclient = {clients}\n\
             [[question]]\nnumber = {number}\ntitle = \"Run\"\npoints = 1\nkind = \"facts\"\nsteps = [\"{number}\"]\n\
             [question.facts]\nn = {{ ask = \"how many\", fact = \"connections\" }}\n\
             ports = {{ ask = \"their ports\", fact = \"server_port\", connection = \"all\" }}\n"
        );
    }
    lab_file(&text).unwrap()
}

/// What happened: one connection after the other, of these clients to these ports.
fn connections(all: &[(&str, u16)]) -> Story {
    let mut story = Story::new("all", 0);
    for (client, port) in all {
        let mut tcp = Story::tcp(client, &format!("10.0.3.1:{port}"));
        story.handshake(&mut tcp);
        story.echo(&mut tcp, "hello\n");
        story.close(&mut tcp);
    }
    story
}

/// The values of all questions, each question's after the other.
fn told(analysis: &Analysis) -> Vec<String> {
    let facts = analysis.answers.iter().flat_map(|answer| match &answer.facts {
        Facts::Measured(MeasuredFacts(facts)) => facts.clone(),
        _ => Vec::new(),
    });
    let values = |values: Vec<(_, _)>| {
        values.iter().map(|(value, _): &(crate::facts::Value, _)| value.to_string()).collect::<Vec<_>>().join(" ")
    };
    facts.map(|fact| fact.values.map_or("?".to_owned(), values)).collect()
}

#[test]
fn connections_to_other_ports_than_the_steps_are_none_of_it() {
    let of_step =
        |port, story: Story| told(&analyze(vec![story.read()], &[], &lab("tcp", &[("[\"B\", \"C\"]", port)])));
    let both = || {
        connections(&[
            ("10.0.3.2:40001", 7001),
            ("10.0.3.3:40002", 7001),
            ("10.0.3.2:40003", 7002),
            ("10.0.3.3:40004", 7002),
            ("10.0.3.3:40005", 7002),
        ])
    };
    assert_eq!(of_step(7001, both()), ["2", "7001 7001"]);
    assert_eq!(of_step(7002, both()), ["3", "7002 7002 7002"]);
    // Who used another port has done the step all the same.
    assert_eq!(of_step(9000, connections(&[("10.0.3.2:40001", 7001)])), ["1", "7001"]);
    // One that is refused was no use of the port.
    let mut story = Story::new("all", 0);
    story.refused(&mut Story::tcp("10.0.3.2:40000", "10.0.3.1:7001"));
    let mut tcp = Story::tcp("10.0.3.2:40001", "10.0.3.1:7002");
    story.handshake(&mut tcp);
    story.echo(&mut tcp, "hello\n");
    assert_eq!(of_step(7001, story)[1], "7002");
}

#[test]
fn what_the_user_names_counts_beside_the_sheets_port() {
    let mut config = lab("tcp", &[("[\"B\", \"C\"]", 7001)]);
    config.server_ports.insert(7002);
    let story = connections(&[("10.0.3.2:40001", 7001), ("10.0.3.2:40003", 7002)]);
    assert_eq!(told(&analyze(vec![story.read()], &[], &config)), ["1", "7002"]);
}

#[test]
fn another_port_is_of_the_step_whose_own_is_not_there() {
    let config = lab("tcp", &[("\"B\"", 7001), ("\"B\"", 7002)]);
    let story = connections(&[("10.0.3.2:40001", 9000), ("10.0.3.2:40003", 7001)]);
    assert_eq!(told(&analyze(vec![story.read()], &[], &config)), ["1", "7001", "1", "9000"]);
}

/// The port may have been in use still: a student takes the next one for the second of two steps.
#[test]
fn another_port_may_be_of_one_of_the_steps_that_share_one() {
    let config = lab("tcp", &[("\"B\"", 7777), ("\"B\"", 7777)]);
    let story = connections(&[("10.0.3.2:40001", 7777), ("10.0.3.2:40003", 7778)]);
    assert_eq!(told(&analyze(vec![story.read()], &[], &config)), ["1", "7777", "1", "7778"]);
}

/// The sockets of a server are there for whoever connects.
#[test]
fn another_computers_connections_count_where_the_servers_sockets_are_asked_for() {
    let client = "\"B\"\nclients = 2\nparallel = true\n[[question]]\nnumber = 9\ntitle = \"Sockets\"\npoints = 1\n\
                  kind = \"server-sockets\"\nsteps = [\"2\"]\nexplain = \"why\"";
    let config = lab("tcp", &[(client, 7001)]);
    let mut story = Story::new("all", 0);
    let mut open: Vec<_> =
        ["10.0.3.2:40001", "10.0.3.2:40002", "10.0.3.9:40009"].map(|client| Story::tcp(client, "10.0.3.1:7001")).into();
    open.iter_mut().for_each(|tcp| story.handshake(tcp));
    open.iter_mut().for_each(|tcp| story.echo(tcp, "hello\n"));
    assert_eq!(told(&analyze(vec![story.read()], &[], &config))[0], "3");
}

#[test]
fn datagrams_to_other_ports_than_the_steps_are_none_of_it() {
    let mut story = Story::new("all", 0);
    for (client, port) in [("10.0.3.2:40001", 6006), ("10.0.3.2:40002", 5300), ("10.0.3.2:40003", 6006)] {
        let server = format!("10.0.3.1:{port}");
        story.datagram(client, &server, "one\n");
        story.datagram(&server, client, "ONE\n");
    }
    let analysis = analyze(vec![story.read()], &[], &lab("udp", &[("\"B\"", 5300)]));
    assert_eq!(told(&analysis), ["1", "5300"]);
}

/// C has no part in the step: neither do its connections count, nor is anything missing of them.
#[test]
fn connections_of_a_computer_that_has_no_part_in_the_step_are_none_of_it() {
    let config = lab("tcp", &[("\"B\"\nclients = 2\nparallel = true", 7001)]);
    for other in ["10.0.3.3:40009", "10.0.3.9:40009"] {
        let mut story = Story::new("all", 0);
        let mut open: Vec<_> =
            ["10.0.3.2:40001", "10.0.3.2:40002", other].map(|client| Story::tcp(client, "10.0.3.1:7001")).into();
        open.iter_mut().for_each(|tcp| story.handshake(tcp));
        open.iter_mut().for_each(|tcp| story.echo(tcp, "hello\n"));
        let analysis = analyze(vec![story.read()], &[], &config);
        assert_eq!(told(&analysis), ["2", "7001 7001"], "{other}");
        let codes: Vec<Code> = analysis.findings.iter().map(|finding| finding.code).collect();
        assert!(!codes.contains(&Code::OnlyOneClient), "{codes:?}");
    }
    // Where the step's own host is not there, another computer may have played it.
    let story = connections(&[("10.0.3.3:40009", 7001)]);
    assert_eq!(told(&analyze(vec![story.read()], &[], &config))[1], "7001");
}
