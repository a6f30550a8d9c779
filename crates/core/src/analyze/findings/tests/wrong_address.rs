//! Clients that went where no server was, and what came back of it.

use crate::analyze::analysis::{Analysis, Code, Facts, Severity};
use crate::analyze::reach::Reach;
use crate::analyze::testing::{Story, address};
use crate::analyze::tests::support::{
    A, B1, B2, C1, UDP_A, answer, connected, of, said, servers, told, told_of_refusals,
};
use crate::lab::testing::question;

/// What is said of wrong addresses.
fn wrong_address(analysis: &Analysis) -> String {
    let findings = analysis.findings.iter().filter(|finding| finding.code == Code::WrongAddress);
    findings.map(|finding| finding.message.to_string()).collect::<Vec<_>>().join(" ")
}

/// The client had another port than the server at first.
#[test]
fn an_address_at_which_nobody_was_is_no_servers() {
    let (wrong, server) = ("10.0.3.1:12000", "10.0.3.1:12001");
    let mut story = Story::new("at B", 0);
    for line in ["one", "two"] {
        story.datagram("10.0.3.2:44463", wrong, line);
        story.port_unreachable("10.0.3.2:44463", wrong);
    }
    for line in ["three", "four"] {
        story.datagram("10.0.3.2:36413", server, line);
        story.datagram(server, "10.0.3.2:36413", line);
    }
    let analysis = of(vec![story.read()]);
    assert_eq!(servers(&analysis), [address(server)]);
    assert_eq!(told_of_refusals(&analysis), "");
    let found = wrong_address(&analysis);
    assert!(
        found.starts_with("Datagrams went to another address than the UDP server's, 10.0.3.1:12001: from B to"),
        "{found}"
    );
    // The student has mended it.
    assert!(found.ends_with("10.0.3.1:12000 (refused, frames 1 and 3). Later ones went to the right one."), "{found}");
    let (frames, clients) = (said(&analysis, "I.4a"), said(&analysis, "I.4b"));
    assert!(frames.contains("2 datagrams from the client to the server, 2 back"), "{frames}");
    assert!(frames.contains("2 more went from the client to 10.0.3.1:12000 in vain."), "{frames}");
    assert!(frames.contains("ICMP port unreachable came back to 10.0.3.2:44463"), "{frames}");
    assert!(clients.contains("The server has one unconnected UDP socket"), "{clients}");
    // What went in vain came from a socket, too.
    let beside = answer(&analysis, question("I.4a")).claims.iter().map(|claim| claim.text.to_string());
    let beside = beside.collect::<Vec<_>>().join(" ");
    assert!(beside.contains("The client used 2 ports (10.0.3.2:44463 and 10.0.3.2:36413)"), "{beside}");
    assert!(!beside.contains("All lines come from"), "{beside}");
    // All datagrams of B's client are counted that the capture has.
    let facts = &answer(&analysis, question("I.4a")).facts;
    assert!(matches!(facts, Facts::UdpFrames { udp_datagrams: Some(6), .. }), "{facts:?}");
}

/// C's client was started twice, with the port of the TCP server both times. It is at the sheet's address of C.
#[test]
fn each_wrong_address_is_named_once_with_whose_it_was() {
    let mut story = Story::new("at A", 0);
    story.datagram("10.0.3.2:36130", UDP_A, "one");
    story.datagram(UDP_A, "10.0.3.2:36130", "one");
    for client in ["10.0.3.3:51802", "10.0.3.3:39598"] {
        story.datagram(client, "10.0.3.1:65432", "two");
        story.port_unreachable(client, "10.0.3.1:65432");
    }
    let found = wrong_address(&of(vec![story.read()]));
    assert!(found.contains("from C (10.0.3.3) to 10.0.3.1:65432 (refused, frames 3 and 5)."), "{found}");
}

/// B's client had C's address at first, where nobody was; the server only prints.
#[test]
fn another_computers_address_is_no_servers() {
    let mut story = Story::new("at B", 0);
    story.datagram("10.0.3.2:44463", "10.0.3.3:12000", "one");
    story.port_unreachable("10.0.3.2:44463", "10.0.3.3:12000");
    story.datagram("10.0.3.2:36413", "10.0.3.4:12000", "two");
    let analysis = of(vec![story.read()]);
    assert_eq!(servers(&analysis), [address("10.0.3.4:12000")]);
    let found = wrong_address(&analysis);
    assert!(
        found.contains("A datagram went to another address") && found.contains("10.0.3.3:12000 (refused, frame 1)"),
        "{found}"
    );
}

#[test]
fn a_server_that_was_never_there_is_told_as_that() {
    let reach = |analysis: &Analysis| analysis.lab.servers.iter().map(|server| server.reach).collect::<Vec<_>>();
    let mut story = Story::new("at B", 0);
    story.datagram(B1, UDP_A, "one");
    story.port_unreachable(B1, UDP_A);
    let refused = of(vec![story.read()]);
    assert_eq!((servers(&refused), reach(&refused)), (vec![address(UDP_A)], vec![Reach::Never]));
    let text = said(&refused, "I.4a");
    assert!(text.contains(&format!("1 datagram from the client to {UDP_A}, none back")), "{text}");
    assert!(
        told_of_refusals(&refused).contains("Start udp_server before the client"),
        "{}",
        told_of_refusals(&refused)
    );

    // A firewall may drop what goes to a port at which nobody is, and what says so.
    let mut story = Story::new("at B", 0);
    story.datagram("10.0.3.2:44463", "10.0.3.1:12000", "one");
    story.datagram("10.0.3.2:36413", "10.0.3.1:12001", "two");
    story.datagram("10.0.3.1:12001", "10.0.3.2:36413", "TWO");
    let silent = of(vec![story.read()]);
    let text = said(&silent, "I.4a") + &said(&silent, "I.4b");
    assert!(text.contains("2 datagrams from the client to 10.0.3.1:12000 and 10.0.3.1:12001, 1 back"), "{text}");
    assert!(!text.contains("Each server") && !text.contains("the servers"), "{text}");
    let mut found = reach(&silent);
    found.sort_by_key(|reach| *reach == Reach::Reached);
    assert_eq!(found, [Reach::Unanswered, Reach::Reached]);
}

/// The client had an address at first that no computer has; its own system says so.
#[test]
fn an_address_that_nobody_has_is_no_servers() {
    let mut story = Story::new("at B", 0);
    story.datagram("10.0.3.2:44463", "10.0.3.9:12000", "one");
    story.host_unreachable("10.0.3.2:44463", "10.0.3.9:12000");
    story.datagram("10.0.3.2:36413", "10.0.3.1:12000", "two");
    story.datagram("10.0.3.1:12000", "10.0.3.2:36413", "TWO");
    let analysis = of(vec![story.read()]);
    assert_eq!(servers(&analysis), [address("10.0.3.1:12000")]);
    let found = wrong_address(&analysis);
    assert!(found.contains("from B to 10.0.3.9:12000 (not delivered, frame 1)"), "{found}");
}

/// A firewall on the way may send what a system sends for a port that nobody has.
#[test]
fn what_another_computer_says_of_a_port_tells_nothing_of_the_server() {
    let mut story = Story::new("at B", 0);
    story.datagram(B1, UDP_A, "one");
    story.port_unreachable_from(B1, UDP_A, "10.0.3.254");
    let analysis = of(vec![story.read()]);
    let text = told_of_refusals(&analysis) + &said(&analysis, "I.4a");
    assert!(
        text.contains("came back as ICMP port unreachable (frame 2): a firewall rejects what goes there"),
        "{text}"
    );
    assert!(!text.contains("no UDP server was bound"), "{text}");
}

/// The server only prints, and was started late.
#[test]
fn a_server_that_takes_datagrams_after_a_refusal_was_there_by_then() {
    let late = |pause: u64| {
        let mut story = Story::new("at B", 0);
        story.datagram(B1, UDP_A, "one");
        story.port_unreachable(B1, UDP_A);
        story.wait(pause);
        story.datagram(B1, UDP_A, "two");
        story.wait(pause);
        story.datagram(B1, UDP_A, "three");
        told_of_refusals(&of(vec![story.read()]))
    };
    let found = late(2000);
    assert!(
        found.ends_with("1 datagram after that was not refused: the server was there by then, most likely."),
        "{found}"
    );
    let mut story = Story::new("at B", 0);
    story.datagram(B1, UDP_A, "one");
    story.datagram(B1, UDP_A, "two");
    story.port_unreachable(B1, UDP_A);
    story.wait(1500);
    story.datagram(B1, UDP_A, "three");
    story.wait(1500);
    story.datagram(B1, UDP_A, "four");
    let found = told_of_refusals(&of(vec![story.read()]));
    let both = "1 datagram before and 1 after that were not refused: the server was there, and had ended in between, most likely.";
    assert!(found.ends_with(both), "{found}");
    // A system does not say it of each of many datagrams.
    assert!(late(200).contains("Start udp_server before the client"), "{}", late(200));
}

/// C's client has another port than the server, in a file of its own.
#[test]
fn a_file_of_datagrams_to_a_wrong_port_is_told_as_that() {
    let (mut at_b, mut at_c) = (Story::new("at B", 0), Story::new("at C", 60));
    at_b.datagram(B1, UDP_A, "one");
    at_b.datagram(UDP_A, B1, "ONE");
    at_c.datagram(C1, "10.0.3.1:12001", "two");
    at_c.port_unreachable(C1, "10.0.3.1:12001");
    let analysis = of(vec![at_b.read(), at_c.read()]);
    assert!(!analysis.findings.iter().any(|finding| finding.code == Code::NoLabTraffic));
    let finding = analysis.findings.iter().find(|finding| finding.code == Code::WrongAddress);
    assert_eq!(finding.map(|finding| finding.severity), Some(Severity::Warning));
}

/// Many lines were pasted into a client with a wrong port: a system sends six messages at once, and then one a second.
#[test]
fn a_refusal_stands_for_datagrams_at_the_same_time() {
    let story = |pause: u64| {
        let mut story = Story::new("at B", 0);
        for number in 0..20 {
            story.datagram("10.0.3.2:44463", "10.0.3.1:12000", &format!("line {number}"));
            if number < 6 {
                story.port_unreachable("10.0.3.2:44463", "10.0.3.1:12000");
            }
            story.wait(if number == 18 { pause } else { 0 });
        }
        story.datagram("10.0.3.2:36413", "10.0.3.1:12001", "two");
        story.datagram("10.0.3.1:12001", "10.0.3.2:36413", "TWO");
        servers(&of(vec![story.read()])).len()
    };
    assert_eq!([story(0), story(1500)], [1, 2]);
}

/// Lines of one length, pasted at once: the checksum is left to the network card.
#[test]
fn datagrams_with_numbers_of_their_own_are_no_copies() {
    let mut story = Story::new("at B", 0);
    story.wait(10);
    for number in 0..6 {
        story.datagram_at_once([B1, UDP_A], &format!("line {number}"), [100 + number, 7]);
    }
    let analysis = of(vec![story.read()]);
    assert!(!analysis.findings.iter().any(|finding| finding.code == Code::CopiedFrames));
    assert!(said(&analysis, "I.4a").contains("6 datagrams from the client"), "{}", said(&analysis, "I.4a"));
}

/// Captures of both ends, merged: the sender's has the checksum as it was left to the network card.
#[test]
fn a_datagram_whose_checksum_the_network_card_filled_in_is_a_copy() {
    let mut story = Story::new("merged", 0);
    story.wait(10);
    for number in 0..3 {
        for checksum in [7, 50 + number] {
            story.datagram_at_once([B1, UDP_A], &format!("line {number}"), [100 + number, checksum]);
        }
    }
    let analysis = of(vec![story.read()]);
    assert!(analysis.findings.iter().any(|finding| finding.code == Code::CopiedFrames));
    assert!(said(&analysis, "I.4a").contains("3 datagrams from the client"), "{}", said(&analysis, "I.4a"));
}

#[test]
fn a_message_of_ipv6_is_called_that() {
    let mut story = Story::new("at B", 0);
    story.datagram("[fd00::2]:40001", "[fd00::1]:12000", "one");
    story.port_unreachable("[fd00::2]:40001", "[fd00::1]:12000");
    let analysis = of(vec![story.read()]);
    let text = told_of_refusals(&analysis) + &said(&analysis, "I.4a");
    assert!(text.contains("came back as ICMPv6 port unreachable (frame 2)"), "{text}");
    assert!(text.contains("ICMPv6 port unreachable came back to"), "{text}");
}

/// B's client had another computer's address first, then another port; a program of its own asks for a printer.
#[test]
fn addresses_that_were_tried_in_vain_are_named() {
    let mut story = Story::new("at B", 0);
    story.refused(&mut Story::tcp("10.0.3.2:41498", "10.0.3.3:65432"));
    story.syns(Story::tcp("10.0.3.2:58666", "10.0.3.1:65400"), 1);
    story.refused(&mut Story::tcp("10.0.3.2:58668", "10.0.3.1:631"));
    let mut b = connected(&mut story, B1);
    story.line(&mut b, "at last\n");
    let analysis = of(vec![story.read()]);
    let found = told(&analysis, Code::WrongAddress);
    assert!(found.contains("by B at 10.0.3.3:65432 (refused, frame 1) and at 10.0.3.1:65400"), "{found}");
    assert!(found.contains("(not answered, frame 3)") && !found.contains(":631"), "{found}");
}

/// C's client had B's address first, and B's capture does not show it at A.
#[test]
fn another_clients_connection_to_this_computer_is_named() {
    let mut story = Story::new("at B", 0);
    let mut b = connected(&mut story, B1);
    story.echo(&mut b, "one\n");
    let mut c = Story::tcp(C1, "10.0.3.2:65432");
    story.handshake(&mut c);
    story.echo(&mut c, "oops\n");
    let found = told(&of(vec![story.read()]), Code::WrongAddress);
    assert!(found.contains("by C at 10.0.3.2:65432 (connected, frame 7)"), "{found}");
}

/// A's computer had another address in Part II; its card is known from ARP, or its run is all that step 8 has.
#[test]
fn a_run_at_an_earlier_address_of_the_server_is_no_mistake() {
    let told_of = |clients: [&str; 2], cards: [&str; 2]| {
        let (mut step_8, mut part_2) = (Story::new("1", 0), Story::new("2", 600));
        for (story, ip, card) in [(&mut step_8, "10.0.3.1", cards[0]), (&mut part_2, "10.0.3.11", cards[1])] {
            story.cards_of(&[(ip, card)]);
            story.arp_reply(ip, "10.0.3.2");
        }
        let mut alone = Story::tcp(clients[0], A);
        step_8.handshake(&mut alone);
        step_8.echo(&mut alone, "one\n");
        let mut clients = [clients[1], B2].map(|client| Story::tcp(client, "10.0.3.11:65432"));
        clients.iter_mut().for_each(|client| part_2.handshake(client));
        clients.iter_mut().for_each(|client| part_2.echo(client, "two\n"));
        told(&of(vec![step_8.read(), part_2.read()]), Code::WrongAddress)
    };
    assert_eq!(told_of(["10.0.3.2:40000", B1], ["A", "A"]), "");
    assert_eq!(told_of(["10.0.3.2:40000", B1], ["A", "D"]), "");
}

/// The capture of the wrong port was saved before that of the right one began.
#[test]
fn an_address_that_was_tried_in_a_file_of_its_own_is_named() {
    let (mut wrong, mut right) = (Story::new("1", 0), Story::new("2", 60));
    wrong.refused(&mut Story::tcp("10.0.3.2:41498", "10.0.3.1:65400"));
    let mut b = connected(&mut right, B1);
    right.line(&mut b, "at last\n");
    let analysis = of(vec![wrong.read(), right.read()]);
    let found = told(&analysis, Code::WrongAddress);
    assert!(found.contains("than the server's, 10.0.3.1:65432: by B at 10.0.3.1:65400 (refused, frame 1)"), "{found}");
    assert_eq!(told(&analysis, Code::NoLabTraffic), "");
}

#[test]
fn a_scan_of_ports_is_no_wrong_address() {
    let mut story = Story::new("at A", 0);
    for port in 65_420..65_428 {
        story.refused(&mut Story::tcp("10.0.3.2:41498", &format!("10.0.3.1:{port}")));
    }
    let mut b = connected(&mut story, B1);
    story.line(&mut b, "hello\n");
    let analysis = of(vec![story.read()]);
    assert!(!analysis.findings.iter().any(|finding| finding.code == Code::WrongAddress));
}

/// C's client has the address of B's computer for that of A's. It is nowhere else in the files.
#[test]
fn a_client_that_only_tried_another_clients_computer_is_told() {
    let mut at_b = Story::new("at B", 0);
    at_b.datagram(B1, UDP_A, "one");
    at_b.datagram(UDP_A, B1, "one");
    let mut at_c = Story::new("at C", 1);
    at_c.datagram(C1, "10.0.3.2:65433", "two");
    at_c.port_unreachable(C1, "10.0.3.2:65433");
    let analysis = of(vec![at_b.read(), at_c.read()]);
    assert_eq!(servers(&analysis), [address(UDP_A)]);
    let found = told(&analysis, Code::WrongAddress);
    assert!(found.contains("from C (10.0.3.3) to 10.0.3.2:65433 (refused, frame 1)"), "{found}");
    assert!(!analysis.findings.iter().any(|finding| finding.code == Code::NoLabTraffic));
    // What goes to a computer of no client may be any program's.
    let mut at_b = Story::new("at B", 0);
    at_b.datagram(B1, UDP_A, "one");
    at_b.datagram(UDP_A, B1, "one");
    at_b.datagram("10.0.3.30:40000", "10.0.3.31:65433", "two");
    at_b.port_unreachable("10.0.3.30:40000", "10.0.3.31:65433");
    assert_eq!(told(&of(vec![at_b.read()]), Code::WrongAddress), "");
}
