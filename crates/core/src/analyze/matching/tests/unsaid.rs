//! Servers of which no captured payload tells: nothing was typed, or the capture kept only lengths.

use crate::analyze::testing::{Story, Tcp, address};
use crate::analyze::tests::support::{B1, B2, C1, C2, of, servers};
use socklab_packets::pipeline::CaptureFacts;

const FIRST: &str = "10.0.3.1:5100";
const SECOND: &str = "10.0.3.1:5200";

/// Clients side by side that say a line each, of which the capture keeps the length only if it `cuts`.
fn lines(file: &str, server: &str, clients: &[&str], cuts: bool) -> CaptureFacts {
    let mut story = Story::new(file, 0);
    if cuts {
        story.cut_payload();
    }
    for client in clients {
        let mut tcp = Story::tcp(client, server);
        story.handshake(&mut tcp);
        story.echo(&mut tcp, "one\n");
    }
    story.read()
}

#[test]
fn all_servers_of_whose_data_the_captures_have_only_lengths_count() {
    for cuts in [[true, true], [false, true], [true, false]] {
        let first = lines("1", FIRST, &[B1], cuts[0]);
        let second = lines("2", SECOND, &[C1, C2], cuts[1]);
        let analysis = of(vec![first, second]);
        let mut found = servers(&analysis);
        found.sort_unstable();
        assert_eq!(found, [address(FIRST), address(SECOND)], "{cuts:?}");
    }
    let analysis = of(vec![lines("1", FIRST, &[B1], true)]);
    assert!(analysis.lab.why.to_string().contains("only the lengths"), "{}", analysis.lab.why);
}

/// The server closes, too, and its system no longer has the connection when the client's FIN comes again.
#[test]
fn a_rst_after_both_fins_does_not_give_a_connection_up() {
    let silent = |end: fn(&mut Story, &mut Tcp)| {
        let mut story = Story::new("2", 600);
        for client in [B1, B2] {
            let mut tcp = Story::tcp(client, "10.0.3.1:5101");
            story.handshake(&mut tcp);
            end(&mut story, &mut tcp);
        }
        servers(&of(vec![lines("1", FIRST, &["10.0.3.2:40110"], false), story.read()])).len()
    };
    let closed = |story: &mut Story, tcp: &mut Tcp| {
        story.close(tcp);
        story.reset_by_server(tcp);
    };
    assert_eq!(silent(closed), 2);
    assert_eq!(silent(|story, tcp| story.reset_by_client(tcp)), 1);
}

/// Nothing was typed in one part of the lab, whose server had a port of its own.
#[test]
fn a_server_that_was_told_nothing_in_a_file_of_its_own_counts_beside_one_that_was() {
    let silent = |server: &str| {
        let mut story = Story::new("step8", 0);
        story.handshake(&mut Story::tcp(B1, server));
        story.read()
    };
    let analysis = of(vec![silent(FIRST), lines("2", SECOND, &[C1, C2], false)]);
    let mut found = servers(&analysis);
    found.sort_unstable();
    assert_eq!(found, [address(FIRST), address(SECOND)]);
    // What is said of the other one is not true of it.
    let why = analysis.lab.why.to_string();
    assert!(why.contains(&format!("Clients connect to {FIRST} (TCP), too, without sending anything.")), "{why}");
    // A port that another service is known for, and another computer.
    for other in ["10.0.3.1:3306", "10.0.3.9:5100"] {
        let analysis = of(vec![silent(other), lines("2", SECOND, &[C1, C2], false)]);
        assert_eq!(servers(&analysis), [address(SECOND)], "{other}");
    }
}
