//! Sheets of which clients run on the server's own computer.

use crate::analyze::analysis::{Analysis, Code};
use crate::analyze::testing::Story;
use crate::analyze::{analyze, lab_file};

const QUESTION: &str = "[[question]]\nnumber = 1\ntitle = \"Run\"\npoints = 1\nkind = \"facts\"\nsteps = [\"2\"]\n\
    [question.facts]\nport = { ask = \"port\", fact = \"client_port\" }\n";

/// A sheet with a step at the server's own computer, and one at another where that is wanted.
fn sheet(has_other: bool) -> String {
    let host = |name: &str, role: &str| format!("[[host]]\nname = \"{name}\"\nrole = \"{role}\"\n");
    let step = |number: u8, client: &str| {
        format!(
            "[[step]]\nnumber = {number}\ndoes = \"clients\"\nprotocol = \"tcp\"\nport = {}\nclient = \"{client}\"\n",
            7000 + u16::from(number)
        )
    };
    let other = if has_other { host("L", "client") + &step(3, "L") } else { String::new() };
    host("PC", "server") + &step(2, "PC") + &other + QUESTION
}

/// A client and a server at one address.
fn at(address: &str, port: u16) -> Story {
    let mut story = Story::new("one.pcapng", 0);
    let mut tcp = Story::tcp(&format!("{address}:40001"), &format!("{address}:{port}"));
    story.handshake(&mut tcp);
    story.line(&mut tcp, "one\n");
    story.close(&mut tcp);
    story
}

fn told(story: Story, has_other: bool) -> Analysis {
    analyze(vec![story.read()], &[], &lab_file(&sheet(has_other)).unwrap())
}

fn is_faulted(analysis: &Analysis) -> bool {
    analysis.findings.iter().any(|finding| matches!(finding.code, Code::LoopbackOnly | Code::SameHost))
}

#[test]
fn a_client_that_belongs_on_the_servers_computer_is_no_fault_there() {
    for address in ["10.0.3.1", "127.0.0.1", "[::1]"] {
        assert!(!is_faulted(&told(at(address, 7002), false)), "{address}");
        assert!(!is_faulted(&told(at(address, 7002), true)), "{address}");
        // That of the other step belongs on another computer.
        assert!(is_faulted(&told(at(address, 7003), true)), "{address}");
    }
}

#[test]
fn lo_is_the_right_interface_for_programs_of_one_computer() {
    let mut story = Story::new("none.pcapng", 0);
    story.arp_request("10.0.3.7", "10.0.3.8");
    let said = told(story, false).findings[0].message.to_string();
    assert!(said.contains("the capture made on lo?"), "{said}");
}
