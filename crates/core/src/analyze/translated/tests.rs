//! Captures of a computer that translates addresses: what they show twice is there once.

use crate::analyze::analysis::{Analysis, Code};
use crate::analyze::testing::{Story, ip};
use crate::analyze::tests::support::{A, B1, B2, C1, UDP_A, connected, of, short};

/// What is said of the translation.
fn said(analysis: &Analysis) -> Vec<String> {
    let of_code = analysis.findings.iter().filter(|finding| finding.code == Code::TranslatedAddresses);
    of_code.map(|finding| finding.message.to_string()).collect()
}

/// A client in WSL on B, captured on all of B's interfaces.
#[test]
fn a_client_before_and_after_translation_is_one() {
    let mut story = Story::new("at B", 0);
    let (mut inside, mut outside) = (Story::tcp("172.22.48.5:40210", A), Story::tcp(B1, A));
    story.echo_translated([&mut inside, &mut outside], "one\n");
    let analysis = of(vec![story.read()]);
    assert_eq!(short(&analysis, "I.1b"), "Client 10.0.3.2:40210; server 10.0.3.1:65432");
    assert_eq!(short(&analysis, "I.3"), "Expected: connected, not served");
    let named: Vec<String> = analysis.lab.hosts.iter().map(|host| host.address.to_string()).collect();
    assert_eq!(named, ["10.0.3.1", "10.0.3.2"]);
    let told = said(&analysis);
    assert!(matches!(&told[..], [one] if one.contains("172.22.48.5 for 10.0.3.2")), "{told:?}");
    assert_eq!(analysis.captures[0].made_at, Some(ip("10.0.3.2")));
    // None of it is called other traffic.
    assert_eq!(analysis.captures[0].lab_frames.tcp, 12);
}

/// A server whose port a container publishes on A, under the same number and under another one.
#[test]
fn a_server_before_and_after_translation_is_one() {
    for inner in ["172.17.0.2:65432", "172.17.0.2:80"] {
        let mut story = Story::new("at A", 0);
        for client in [B1, B2, C1] {
            let mut outside = Story::tcp(client, A);
            let mut inside = Story::tcp(client, inner);
            story.echo_translated([&mut outside, &mut inside], "one\n");
        }
        let analysis = of(vec![story.read()]);
        assert_eq!(short(&analysis, "II.1"), "Yes, 3 clients connected; 3 served at the same time", "{inner}");
        assert_eq!(analysis.lab.servers.len(), 1);
        assert!(said(&analysis)[0].contains("3 connections twice"), "{inner}");
    }
}

#[test]
fn datagrams_before_and_after_translation_are_of_one_client() {
    let mut story = Story::new("at B", 0);
    let inside = "172.22.48.5:40210";
    for text in ["one\n", "two\n"] {
        story.datagram_translated([inside, UDP_A], [B1, UDP_A], text);
        story.datagram_translated([UDP_A, B1], [UDP_A, inside], text);
    }
    let analysis = of(vec![story.read()]);
    assert_eq!(analysis.lab.streams.len(), 1);
    assert!(said(&analysis)[0].contains("1 UDP conversation twice"));
}

/// Two clients that take the same port by chance, and send the same.
#[test]
fn two_clients_alike_are_two() {
    let mut story = Story::new("at A", 0);
    let (mut b, mut c) = (connected(&mut story, B1), connected(&mut story, "10.0.3.3:40210"));
    story.line(&mut b, "one\n");
    story.line(&mut c, "one\n");
    story.datagram(B1, UDP_A, "one\n");
    story.datagram("10.0.3.3:40210", UDP_A, "one\n");
    let analysis = of(vec![story.read()]);
    assert_eq!(analysis.lab.streams.len(), 4);
    assert_eq!(said(&analysis), Vec::<String>::new());
}
