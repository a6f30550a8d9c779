//! Datagrams that came back, and why.

use crate::analyze::analysis::{Analysis, Code};
use crate::analyze::testing::Story;
use crate::analyze::tests::support::{B1, C1, UDP_A, of, said, short, told};

fn messages(analysis: &Analysis, code: Code, file: &str) -> Vec<String> {
    let of_file = analysis.findings.iter().filter(|f| f.code == code && f.file.as_deref() == Some(file));
    of_file.map(|finding| finding.message.to_string()).collect()
}

#[test]
fn a_server_that_took_a_datagram_was_there() {
    let mut story = Story::new("at C", 0);
    story.datagram(C1, UDP_A, "one");
    story.wait(2000);
    story.datagram(C1, UDP_A, "two");
    story.port_unreachable(C1, UDP_A);
    let finding = told(&of(vec![story.read()]), Code::UdpPortUnreachable);
    assert!(finding.contains("1 datagram before was not refused"), "{finding}");
}

/// The server connected its socket to B after the first datagram: C's is refused, and the server is there.
#[test]
fn a_connected_udp_socket_refuses_others() {
    let mut story = Story::new("at A", 0);
    story.datagram(B1, UDP_A, "one");
    story.datagram(UDP_A, B1, "ONE");
    story.datagram(C1, UDP_A, "two");
    story.port_unreachable(C1, UDP_A);
    story.datagram(B1, UDP_A, "three");
    story.datagram(UDP_A, B1, "THREE");
    let analysis = of(vec![story.read()]);
    assert_eq!(told(&analysis, Code::UdpPortUnreachable), "");
    let finding = told(&analysis, Code::UdpNotDelivered);
    assert!(finding.contains("the server there was answering another client around that time"), "{finding}");
    assert!(!said(&analysis, "I.4a").contains("was bound") && !said(&analysis, "I.4b").contains("one unconnected"));
}

#[test]
fn a_refused_datagram_was_not_received() {
    let mut story = Story::new("at A", 0);
    story.datagram(B1, UDP_A, "early");
    story.port_unreachable(B1, UDP_A);
    story.datagram(B1, UDP_A, "late");
    story.datagram(UDP_A, B1, "LATE");
    let analysis = of(vec![story.read()]);
    let text = said(&analysis, "I.4b");
    assert!(text.contains("(frame 4) 1.00 ms after that client's (frame 3)"), "{text}");
    let told = messages(&analysis, Code::UdpPortUnreachable, "at A").join(" ");
    assert!(told.ends_with("A later datagram was answered."), "{told}");
}

#[test]
fn datagrams_that_all_came_back_are_said_to_be_lost() {
    let mut story = Story::new("at A", 0);
    story.datagram(B1, UDP_A, "one");
    story.datagram(UDP_A, B1, "ONE");
    story.datagram(C1, UDP_A, "two");
    story.port_unreachable(C1, UDP_A);
    let analysis = of(vec![story.read()]);
    let text = said(&analysis, "I.4b");
    assert!(text.contains("C's datagram came back as ICMP port unreachable"), "{text}");
    assert!(!text.contains("should appear"), "{text}");
    assert_eq!(short(&analysis, "I.4b"), "No; C's datagram was refused");
    assert!(said(&analysis, "I.4a").contains(&format!("came back to {C1}")));
}

#[test]
fn a_datagram_that_a_firewall_sent_back_says_nothing_of_the_port() {
    let mut story = Story::new("at B", 0);
    story.datagram(B1, UDP_A, "one");
    story.administratively_prohibited(B1, UDP_A);
    let analysis = of(vec![story.read()]);
    assert_eq!(messages(&analysis, Code::UdpPortUnreachable, "at B"), Vec::<String>::new());
    let told = messages(&analysis, Code::UdpNotDelivered, "at B").join(" ");
    assert!(
        told.contains("came back as ICMP communication administratively prohibited (frame 2): a firewall rejects"),
        "{told}"
    );
}

#[test]
fn a_datagram_that_was_too_long_is_no_matter_of_addresses() {
    let mut story = Story::new("at B", 0);
    story.datagram(B1, UDP_A, "one");
    story.fragmentation_needed(B1, UDP_A);
    let told = messages(&of(vec![story.read()]), Code::UdpNotDelivered, "at B").join(" ");
    assert!(told.contains("ICMP fragmentation needed (frame 2)") && !told.contains("ping"), "{told}");
}

#[test]
fn a_server_that_answers_in_another_file_has_the_right_address() {
    let (mut refused, mut answered) = (Story::new("at B", 0), Story::new("at C", 60));
    refused.datagram(B1, UDP_A, "one");
    refused.port_unreachable(B1, UDP_A);
    answered.datagram(C1, UDP_A, "two");
    answered.datagram(UDP_A, C1, "TWO");
    let told = messages(&of(vec![refused.read(), answered.read()]), Code::UdpPortUnreachable, "at B").join(" ");
    assert!(told.contains("It answers in at C: the address is right") && !told.contains("compare"), "{told}");
}
