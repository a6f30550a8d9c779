//! Which computers and files tell what: a chat within one computer, frames of strangers, merged files, hosts with two addresses.

use crate::analyze::analysis::{Analysis, Code, Facts};
use crate::analyze::analyze;
use crate::analyze::testing::{Story, Tcp, address, ip};
use crate::analyze::tests::support::{A, B1, B2, C1, C2, UDP_A, answer, codes, connected, of, said, short};
use crate::journal::{Journal, NamedJournal};
use crate::lab::LabConfig;
use crate::lab::testing::{host, question};
use socklab_packets::capfile::Direction;

/// The steps that the captures hold, by their numbers.
fn steps(analysis: &Analysis) -> Vec<String> {
    let recorded = analysis.captures.iter().flat_map(|capture| &capture.steps);
    recorded.map(|recorded| recorded.step.short()).collect()
}

fn told(analysis: &Analysis, code: Code) -> Vec<String> {
    let of_code = analysis.findings.iter().filter(|finding| finding.code == code);
    of_code.map(|finding| finding.message.to_string()).collect()
}

fn hosts(analysis: &Analysis) -> Vec<std::net::IpAddr> {
    analysis.lab.hosts.iter().map(|host| host.address).collect()
}

#[test]
fn a_program_that_talks_within_its_computer_is_not_the_lab_that_runs_over_the_network() {
    let chat = "127.0.0.1:5050";
    let mut story = Story::new("any", 0);
    let [mut one, mut other] = ["127.0.0.1:33464", "127.0.0.1:33466"].map(|client| Story::tcp(client, chat));
    story.handshake(&mut one);
    story.handshake(&mut other);
    story.echo(&mut one, "local hello\n");
    story.echo(&mut other, "local hi\n");
    let mut b = connected(&mut story, B1);
    story.line(&mut b, "one\n");
    story.echo(&mut one, "more chat\n");
    story.datagram("10.0.3.2:38238", UDP_A, "two\n");
    let analysis = of(vec![story.read()]);
    assert_eq!(steps(&analysis), ["step 8", "step 12"]);
    assert_eq!(hosts(&analysis), [ip("10.0.3.1"), ip("10.0.3.2")]);
    assert_eq!(short(&analysis, "I.1a"), "Frames: 3 handshake, 1 data, 1 ACK");
}

#[test]
fn a_lab_within_one_computer_stays_the_lab_beside_other_traffic() {
    let server = "127.0.0.1:12000";
    let mut story = Story::new("any", 0);
    let mut client = Story::tcp("127.0.0.1:33464", server);
    story.handshake(&mut client);
    story.echo(&mut client, "one\n");
    // Some service of the network.
    let mut other = Story::tcp("10.0.3.2:50500", "192.0.2.7:22");
    story.handshake(&mut other);
    story.echo(&mut other, "SSH-2.0-OpenSSH_9.6\r\n");
    let analysis = of(vec![story.read()]);
    let servers: Vec<_> = analysis.lab.servers.iter().map(|server| server.address).collect();
    assert_eq!(servers, [address(server)]);
}

/// A switch floods what it has to send to a computer that it doesn't know yet.
/// The sheet asks host C for no capture of one client, nor of datagrams.
#[test]
fn an_address_alone_makes_no_file_of_the_first_host_one_of_the_third() {
    let (server, client) = ("192.168.1.10:65432", "192.168.1.12");
    let alone = || {
        let mut story = Story::new("own", 0);
        let mut tcp = Story::tcp(&format!("{client}:40110"), server);
        story.handshake(&mut tcp);
        story.line(&mut tcp, "one\n");
        story
    };
    assert_eq!(steps(&of(vec![alone().read()])), ["step 8"]);
    let mut with_datagrams = alone();
    with_datagrams.datagram(&format!("{client}:51000"), server, "one");
    let analysis = of(vec![with_datagrams.read()]);
    assert_eq!(steps(&analysis), ["step 8", "step 12"]);
    assert!(!short(&analysis, "I.4b").starts_with("No: C"), "{}", short(&analysis, "I.4b"));
    // Numbers that are all those of the sheet tell more.
    let mut story = Story::new("own", 0);
    let mut tcp = Story::tcp("192.168.1.3:40110", "192.168.1.1:65432");
    story.handshake(&mut tcp);
    story.line(&mut tcp, "one\n");
    assert_eq!(steps(&of(vec![story.read()])), ["step 10"]);
    // Its clients side by side may be C's.
    let mut pair = Story::new("own", 0);
    for port in [40110, 40112] {
        let mut tcp = Story::tcp(&format!("{client}:{port}"), server);
        pair.handshake(&mut tcp);
        pair.line(&mut tcp, "one\n");
    }
    assert_eq!(steps(&of(vec![pair.read()])), ["step 3"]);
}

#[test]
fn a_syn_of_another_host_without_its_answer_proves_nothing() {
    let mut story = Story::new("at B", 0);
    let mut b = connected(&mut story, B1);
    story.echo(&mut b, "one\n");
    story.syns(Story::tcp(C1, A), 3);
    story.wait(3000);
    story.echo(&mut b, "two\n");
    let analysis = of(vec![story.read()]);
    assert_eq!(analysis.captures[0].made_at, None);
    assert_eq!(steps(&analysis), ["step 8"]);
    assert_eq!(short(&analysis, "I.3"), "Expected: connected, not served");
    assert!(!codes(&analysis).contains(&Code::AcceptQueueFull), "{:?}", codes(&analysis));
}

/// Where C's connections went both ways in the file, an answer to another SYN of C would be in it, too.
#[test]
fn a_syn_without_an_answer_shows_a_full_queue_where_the_answer_would_be() {
    let mut story = Story::new("at A", 0);
    let mut b = connected(&mut story, B1);
    story.echo(&mut b, "one\n");
    let mut c = connected(&mut story, C1);
    story.line(&mut c, "two\n");
    story.syns(Story::tcp(C2, A), 3);
    story.wait(3000);
    story.echo(&mut b, "three\n");
    let full = told(&of(vec![story.read()]), Code::AcceptQueueFull);
    assert!(full.iter().all(|full| full.contains("end the others (Ctrl-C)")) && full.len() == 1, "{full:?}");
}

/// That the server closed it later does not show that it did not wait in the queue when the SYN came.
#[test]
fn a_client_that_is_only_closed_later_may_have_waited() {
    let mut story = Story::new("at C", 0);
    let mut c = connected(&mut story, C1);
    story.line(&mut c, "two\n");
    story.syns(Story::tcp(C2, A), 3);
    story.wait(3000);
    story.half_close(&mut c);
    story.wait(366);
    story.half_close_of_server(&mut c);
    let full = told(&of(vec![story.read()]), Code::AcceptQueueFull);
    assert!(
        full.iter().all(|full| full.contains("queue was full") && !full.contains("no connection waits")),
        "{full:?}"
    );
    assert_eq!(full.len(), 1);
}

/// The only other client is served: nobody waits whom one could end.
#[test]
fn where_no_client_waits_a_syn_without_an_answer_is_first_a_firewalls() {
    let mut story = Story::new("at A", 0);
    let mut b = connected(&mut story, B1);
    story.echo(&mut b, "one\n");
    let mut c = connected(&mut story, C1);
    story.echo(&mut c, "two\n");
    story.close(&mut c);
    story.syns(Story::tcp(C2, A), 3);
    story.wait(3000);
    story.echo(&mut b, "three\n");
    let full = told(&of(vec![story.read()]), Code::AcceptQueueFull);
    assert!(
        full.iter().all(|full| full.contains("a firewall or a router drops") && !full.contains("Ctrl-C"))
            && full.len() == 1,
        "{full:?}"
    );
}

#[test]
fn what_another_file_shows_of_an_attempt_was_not_unanswered() {
    let (mut at_b, mut at_c) = (Story::new("at B", 0), Story::new("at C", 0));
    let mut b = connected(&mut at_b, B1);
    at_b.echo(&mut b, "one\n");
    at_b.syns(Story::tcp(C1, A), 1);
    at_b.wait(3000);
    at_b.echo(&mut b, "two\n");
    at_c.wait(6);
    let mut c = connected(&mut at_c, C1);
    at_c.echo(&mut c, "three\n");
    let analysis = of(vec![at_b.read(), at_c.read()]);
    assert!(!codes(&analysis).contains(&Code::AcceptQueueFull), "{:?}", codes(&analysis));
    assert_eq!(steps(&analysis), ["step 8", "step 10"]);
    assert_eq!(short(&analysis, "I.3"), "Connected, and served while B was open");
}

/// A server with a small backlog that serves one client at a time, and the two clients of C in Part II.
#[test]
fn an_attempt_beside_an_open_connection_of_its_host_is_of_clients_side_by_side() {
    let mut story = Story::new("at C", 0);
    let mut c = connected(&mut story, C1);
    story.syns(Story::tcp(C2, A), 1);
    story.line(&mut c, "one\n");
    story.syns(Story::tcp(C2, A), 2);
    story.wait(3000);
    story.line(&mut c, "two\n");
    let analysis = of(vec![story.read()]);
    assert_eq!(analysis.captures[0].steps.iter().map(|s| s.step.name()).collect::<Vec<_>>(), ["Part II step 3"]);
    let full: Vec<String> = told(&analysis, Code::AcceptQueueFull);
    assert!(
        full.iter().all(|full| full.contains("A threaded server takes each client")) && full.len() == 1,
        "{full:?}"
    );
}

/// It may have been started when the one before was given up.
#[test]
fn an_attempt_after_the_end_of_another_connection_is_not_beside_it() {
    let mut story = Story::new("at C", 0);
    let mut c = connected(&mut story, C1);
    story.line(&mut c, "one\n");
    story.close(&mut c);
    story.syns(Story::tcp(C2, A), 3);
    story.wait(3000);
    story.datagram("10.0.3.3:38238", UDP_A, "two\n");
    assert!(!steps(&of(vec![story.read()])).contains(&"step 3".to_owned()));
}

/// One socket may be bound to all addresses of its computer.
#[test]
fn one_port_at_two_addresses_may_be_of_one_listening_socket() {
    let listening = |other: &str| {
        let mut story = Story::new("at A", 0);
        for (client, server) in [(B1, A), (B2, A), (C1, other), (C2, other)] {
            let mut tcp = Story::tcp(client, server);
            story.handshake(&mut tcp);
            story.echo(&mut tcp, "one\n");
        }
        let analysis = of(vec![story.read()]);
        let number = match answer(&analysis, question("II.2")).facts {
            Facts::ServerSockets { listening_sockets, sockets_created, .. } => (listening_sockets, sockets_created),
            _ => panic!("another kind of answer"),
        };
        (number, short(&analysis, "II.2"))
    };
    let (number, short) = listening("10.0.3.11:65432");
    assert_eq!(number, (None, None));
    assert!(short.ends_with("; 5 or 6 sockets (1 or 2 listening, 4 connected)"), "{short}");
    let (number, _) = listening("10.0.3.1:65434");
    assert_eq!(number, (Some(2), Some(6)));
}

/// RFC 9293 has no such address on the wire: only `bind()` knows it.
#[test]
fn a_socket_that_listens_at_every_address_has_another_address_than_the_connected_ones() {
    let told = |listening: Option<&str>| {
        let mut story = Story::new("at A", 0);
        let mut clients = [B1, B2, C1, C2].map(|client| connected(&mut story, client));
        clients.iter_mut().for_each(|client| story.echo(client, "one\n"));
        let event = |kind: &str, socket: usize, rest: String| {
            format!(
                r#"{{"time":"2026-01-01T10:00:00Z","program":"tcp-threaded-server","pid":7,"event":"{kind}","protocol":"tcp","socket":{socket},{rest}}}"#
            ) + "\n"
        };
        let journals = listening.map(|listening| {
            let mut lines = event("listen", 1, format!(r#""local":"{listening}""#));
            for (socket, client) in (2..).zip([B1, B2, C1, C2]) {
                lines += &event("accept", socket, format!(r#""local":"{A}","remote":"{client}""#));
            }
            NamedJournal { file: "a.jsonl".to_owned(), journal: Journal::read(lines.as_bytes()).unwrap() }
        });
        let journals: Vec<NamedJournal> = journals.into_iter().collect();
        said(&analyze(vec![story.read()], &journals, &LabConfig::default()), "II.2")
    };
    assert!(
        told(Some("0.0.0.0:65432"))
            .contains("have the local port 65432: the listening socket is bound to every address")
    );
    assert!(told(Some(A)).contains("All of them have the same local socket address; "));
    assert!(
        told(None)
            .contains("All of them have the same local socket address, unless the listening one is bound to every")
    );
}

/// B's client quits, and C's is served at once: so it was if the clocks of both captures agree.
fn step_10_merged(tell: impl Fn(&mut Story), handshake: impl Fn(&mut Story, &mut Tcp)) -> Analysis {
    let mut story = Story::new("merged", 0);
    tell(&mut story);
    let [mut b, mut c] = [B1, C1].map(|client| Story::tcp(client, A));
    handshake(&mut story, &mut b);
    story.echo(&mut b, "one\n");
    handshake(&mut story, &mut c);
    story.echo(&mut c, "two\n");
    story.echo(&mut b, "three\n");
    of(vec![story.read()])
}

#[test]
fn captures_of_several_hosts_that_were_merged_have_several_clocks() {
    let open = "Connected, and served while B was open";
    let unknown = "Connected, and served; whether while B was open: unknown";
    let one = step_10_merged(|_| {}, Story::handshake);
    assert_eq!((short(&one, "I.3").as_str(), one.captures[0].made_at), (open, Some(ip("10.0.3.1"))));
    let merged = step_10_merged(|story| story.written_by("Mergecap (Wireshark) 4.0.17"), Story::handshake);
    assert_eq!((short(&merged, "I.3").as_str(), merged.captures[0].made_at), (unknown, None));
    // In a file without a name of the program, both clients' handshakes are as only the clients see them.
    let seen = step_10_merged(|_| {}, |story, tcp| story.handshake_at_client(tcp, 2));
    assert_eq!((short(&seen, "I.3").as_str(), seen.captures[0].made_at), (unknown, None));
}

#[test]
fn clients_of_one_host_are_compared_in_merged_files_too() {
    let mut story = Story::new("merged", 0);
    story.written_by("Mergecap (Wireshark) 4.0.17");
    let mut clients = [B1, B2, C1, C2].map(|client| connected(&mut story, client));
    clients.iter_mut().for_each(|tcp| story.echo(tcp, "one\n"));
    let analysis = of(vec![story.read()]);
    assert!(short(&analysis, "II.1").contains("4 served"), "{}", short(&analysis, "II.1"));
    assert!(said(&analysis, "II.1").contains("this server serves several clients at the same time"));
    let why: Vec<String> = analysis.captures[0].steps.iter().map(|recorded| recorded.why.to_string()).collect();
    assert!(!why.iter().any(|why| why.contains("one after the other")), "{why:?}");
}

#[test]
fn a_file_that_shows_both_hosts_lacks_no_capture_of_the_other_one() {
    let of_part_2 = |with_b: bool| {
        let mut story = Story::new("at A or C", 0);
        if with_b {
            let mut b = connected(&mut story, B1);
            story.echo(&mut b, "one\n");
            story.close(&mut b);
        }
        for client in [C1, C2] {
            let mut c = connected(&mut story, client);
            story.echo(&mut c, "two\n");
        }
        codes(&of(vec![story.read()])).contains(&Code::SecondHostMissing)
    };
    assert!(of_part_2(false));
    assert!(!of_part_2(true));
}

/// Clients at an IPv4 and an IPv6 address, to a server that is bound to ::.
fn two_families(cards: &[&[&str]]) -> Analysis {
    let mut story = Story::new("at A", 0);
    cards.iter().for_each(|card| story.card(card));
    let (v4, v6) = ("10.0.3.1:5059", "[fd00::1]:5059");
    for (client, server) in [(B1, v4), ("[fd00::2]:40212", v6), ("[fd00::3]:51762", v6), (C2, v4)] {
        let mut tcp = Story::tcp(client, server);
        story.handshake(&mut tcp);
        story.echo(&mut tcp, "one\n");
    }
    of(vec![story.read()])
}

#[test]
fn addresses_of_one_network_card_are_of_one_host() {
    let analysis = two_families(&[&["10.0.3.1", "fd00::1"], &["10.0.3.2", "fd00::2"], &["10.0.3.3", "fd00::3"]]);
    assert_eq!(steps(&analysis), ["step 2", "step 3"]);
    assert_eq!(hosts(&analysis), ["10.0.3.1", "10.0.3.2", "10.0.3.3"].map(ip));
    assert_eq!(short(&analysis, "II.3"), "4 addresses; sockets: 2 at B and 2 at C");
    assert!(!codes(&analysis).contains(&Code::OnlyOneClient), "{:?}", codes(&analysis));
}

#[test]
fn addresses_behind_a_router_may_be_of_several_hosts() {
    let router: &[&str] = &["10.0.3.2", "10.0.3.3", "fd00::2", "fd00::3"];
    let analysis = two_families(&[&["10.0.3.1", "fd00::1"], router]);
    assert_eq!(steps(&analysis), ["step 8", "step 10"]);
}

/// A bridge between A and its clients sees all that A does, as a capture at A would.
#[test]
fn a_capture_of_frames_on_their_way_was_made_at_neither_end() {
    for (ways, host) in [
        ([Direction::Passing, Direction::Outbound], None),
        // A's frames pass its own bridge, too, and arrive.
        ([Direction::Passing, Direction::Inbound], Some(ip("10.0.3.1"))),
    ] {
        let mut story = Story::new("bridge", 0);
        for client in [B1, C1] {
            for (way, port) in ways.into_iter().zip(1..) {
                story.captured(way);
                let client = address(client);
                connected(&mut story, &format!("{}:{}", client.ip, client.port + port));
            }
        }
        let analysis = of(vec![story.read()]);
        assert_eq!(analysis.captures[0].made_at, host, "{ways:?}");
    }
}

#[test]
fn a_capture_of_a_computer_with_itself_was_made_there() {
    let mut story = Story::new("at A", 0);
    let mut own = connected(&mut story, "10.0.3.1:46034");
    story.line(&mut own, "from A\n");
    let mut b = connected(&mut story, B1);
    story.line(&mut b, "from B\n");
    let analysis = of(vec![story.read()]);
    assert_eq!(analysis.captures[0].made_at, Some(ip("10.0.3.1")));
}

/// 10.0.3.2 is B's address on the sheet.
#[test]
fn a_computer_that_the_user_gives_to_one_host_is_not_another_by_the_sheet() {
    let mut config = LabConfig::default();
    config.hosts.insert(host("C"), ip("10.0.3.2"));
    let mut story = Story::new("8", 0);
    let mut c = connected(&mut story, B1);
    story.line(&mut c, "one\n");
    let analysis = analyze(vec![story.read()], &[], &config);
    let named = analysis.lab.hosts.iter().map(|found| (found.name.to_string(), found.address)).collect::<Vec<_>>();
    assert_eq!(named, [("A".to_owned(), ip("10.0.3.1")), ("C".to_owned(), ip("10.0.3.2"))]);
    assert_eq!(steps(&analysis), ["step 10"]);
}
