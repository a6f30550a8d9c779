//! UDP servers that reply from another socket, and datagrams to all computers.

use crate::analyze::testing::Story;
use crate::analyze::tests::support::{B1, B2, C1, UDP_A, of, said};

#[test]
fn replies_from_another_socket_are_replies() {
    let mut story = Story::new("at B", 0);
    for line in ["one", "two"] {
        story.datagram(B1, UDP_A, line);
        story.datagram("10.0.3.1:49811", B1, line);
    }
    let analysis = of(vec![story.read()]);
    let told = said(&analysis, "I.4a");
    assert!(told.contains("2 datagrams from the client to the server, 2 back"), "{told}");
    assert!(
        told.contains("What came back came from 10.0.3.1:49811, another socket of the server's computer"),
        "{told}"
    );
    let told = said(&analysis, "I.4b");
    assert!(told.contains("its program had received it") && !told.contains("one unconnected"), "{told}");
}

/// A server that answers each request from a new socket, as TFTP does: 2 `udp.stream` besides the request's.
#[test]
fn each_socket_from_which_replies_come_is_named_with_its_frames() {
    let mut story = Story::new("at B", 0);
    for from in ["10.0.3.1:46666", "10.0.3.1:33680"] {
        story.datagram(B1, UDP_A, "get");
        story.datagram(from, B1, "one");
        story.datagram(from, B1, "two");
    }
    let told = said(&of(vec![story.read()]), "I.4a");
    let sentence = "What came back came from 10.0.3.1:46666 (frames 2-3) and 10.0.3.1:33680 (frames 5-6), other \
                    sockets of the server's computer: Wireshark shows these as 2 conversations of their own.";
    assert!(told.contains(sentence), "{told}");
}

/// Two computers get what they asked one socket for from another one: that makes no second server.
#[test]
fn a_second_socket_from_which_a_server_replies_is_no_second_server() {
    let reply_socket = "10.0.3.1:6001";
    let mut story = Story::new("at A", 0);
    for client in [B1, B2, C1] {
        for line in ["one", "two"] {
            story.datagram(client, UDP_A, line);
            story.datagram(reply_socket, client, line);
        }
    }
    let analysis = of(vec![story.read()]);
    let servers: Vec<String> = analysis.lab.servers.iter().map(|server| server.address.to_string()).collect();
    assert_eq!(servers, [UDP_A]);
    let told = said(&analysis, "I.4a");
    assert!(told.contains("4 datagrams from the client to the server, 4 back"), "{told}");
    let sentence = "What came back came from 10.0.3.1:6001, another socket of the server's computer (frames 2, 4, 6 and 8): \
                    Wireshark shows these as 2 conversations of their own.";
    assert_eq!(told.matches("What came back came from").count(), 1, "{told}");
    assert!(told.contains(sentence), "{told}");
    let told = said(&analysis, "I.4b");
    assert!(told.contains("the UDP server served 3 client sockets at 2 computers"), "{told}");
    assert!(told.contains("The server sent a datagram to 10.0.3.2:40210 (frame 2)"), "{told}");
}

/// Of two servers it is said which one sends, if it does.
#[test]
fn a_datagram_of_a_second_socket_is_not_said_to_be_of_the_first() {
    let (other, reply_socket) = ("10.0.3.1:65434", "10.0.3.1:6001");
    let mut story = Story::new("at A", 0);
    for (client, server, from) in [(B1, UDP_A, reply_socket), (C1, other, other)] {
        story.datagram(client, server, "one");
        story.datagram(from, client, "ONE");
    }
    let told = said(&of(vec![story.read()]), "I.4b");
    let second = format!("{reply_socket}, another socket of the server's computer, sent a datagram to {B1} (frame 2)");
    assert!(told.contains(&second), "{told}");
    assert!(told.contains(&format!("The server at {other} sent a datagram to {C1} (frame 4)")), "{told}");
}

#[test]
fn datagrams_to_all_computers_are_sent_to_the_server_too() {
    let mut story = Story::new("at B", 0);
    for line in ["one", "two"] {
        story.datagram(B1, "10.0.3.255:65433", line);
        story.datagram(UDP_A, B1, line);
    }
    story.datagram(C1, "10.0.3.255:65433", "three");
    let analysis = of(vec![story.read()]);
    let told = said(&analysis, "I.4a");
    assert!(told.contains("2 datagrams from the client to the server, 2 back"), "{told}");
    assert!(told.contains("What the client sent went to 10.0.3.255:65433, an address of several computers"), "{told}");
    let told = said(&analysis, "I.4b");
    assert!(told.contains(&format!("A datagram went from {C1} to 10.0.3.255:65433")), "{told}");
}
