//! What a look for the hosts and the company of connections costs: by connections, not by their square.

use crate::analyze::analyze;
use crate::analyze::matching::hosts::computers::lookups;
use crate::analyze::testing::Story;
use crate::lab::LabConfig;

/// How often it was asked which computer an address is of: of so many clients on as many computers, open at the same time as as
/// many of one host.
fn asked(clients: u8) -> u64 {
    let mut story = Story::new("many", 0);
    let addresses = (0..clients)
        .flat_map(|number| [format!("10.0.4.{number}:40000"), format!("10.0.3.2:{}", 40_000 + u16::from(number))]);
    let mut all: Vec<_> = addresses.map(|client| Story::tcp(&client, "10.0.3.1:65432")).collect();
    all.iter_mut().for_each(|tcp| story.handshake(tcp));
    all.iter_mut().for_each(|tcp| story.echo(tcp, "one\n"));
    all.iter_mut().for_each(|tcp| story.close(tcp));
    let captures = vec![story.read()];
    let before = lookups();
    let analysis = analyze(captures, &[], &LabConfig::default());
    assert_eq!(analysis.lab.streams.len(), 2 * usize::from(clients));
    lookups() - before
}

#[test]
fn twice_as_many_connections_cost_twice_as_much() {
    let (few, many) = (asked(60), asked(120));
    assert!(many < few * 5 / 2, "{few} {many}");
}
