//! Servers that listen on the loopback address alone.

use crate::analyze::analysis::{Analysis, Code};
use crate::analyze::testing::{Story, Tcp};
use crate::analyze::tests::support::{A, B1, C1, of, said, short};

const LOCAL: &str = "127.0.0.1:65432";

fn told(analysis: &Analysis, code: Code) -> Vec<String> {
    let of_code = analysis.findings.iter().filter(|finding| finding.code == code);
    of_code.map(|finding| finding.message.to_string()).collect()
}

/// A client on the server's own computer, and those of other computers, which are refused.
fn refused(clients: &[&str]) -> (Story, Tcp) {
    let mut story = Story::new("at A", 0);
    let mut own = Story::tcp("127.0.0.1:60122", LOCAL);
    story.handshake(&mut own);
    story.line(&mut own, "local\n");
    for client in clients {
        story.refused(&mut Story::tcp(client, A));
    }
    (story, own)
}

#[test]
fn a_server_that_only_its_own_computer_reaches_is_told_from_one_that_is_not_there() {
    let analysis = of(vec![refused(&[B1, C1]).0.read()]);
    let found = told(&analysis, Code::ServerOnLoopback);
    let [found] = &found[..] else { panic!("{found:?}") };
    assert!(found.contains("B (10.0.3.2) and C (10.0.3.3) were refused at 10.0.3.1:65432 (frames 6-9)"), "{found}");
    assert!(found.contains("127.0.0.1:65432 (frame 2)"), "{found}");
    assert_eq!(short(&analysis, "I.3"), "Not connected");
    assert!(said(&analysis, "I.3").contains("loopback address only"), "{}", said(&analysis, "I.3"));
    assert!(told(&analysis, Code::LoopbackOnly).is_empty());
}

/// With one client nothing shows on which of both computers the capture was made.
#[test]
fn where_the_capture_was_made_decides_whose_loopback_address_it_is() {
    let analysis = of(vec![refused(&[B1]).0.read()]);
    assert!(told(&analysis, Code::ServerOnLoopback).is_empty());
    let found = told(&analysis, Code::LoopbackOnly).concat();
    assert!(found.contains("an attempt at 10.0.3.1:65432 was refused (frame 6). If that is the computer"), "{found}");
    assert!(!found.contains("All of the lab's traffic"), "{found}");
}

/// The server was started again, with the right address.
#[test]
fn a_server_that_others_reach_listens_for_them() {
    let (mut story, _) = refused(&[C1]);
    let mut b = Story::tcp(B1, A);
    story.handshake(&mut b);
    story.line(&mut b, "one\n");
    let analysis = of(vec![story.read()]);
    assert!(told(&analysis, Code::ServerOnLoopback).is_empty());
}
