//! Of which step of the sheet a run is, where what came before and after tells.

use crate::analyze::analysis::{Analysis, Code};
use crate::analyze::analyze;
use crate::analyze::testing::Story;
use crate::lab::LabConfig;
use crate::lab::testing::question;
use socklab_packets::pipeline::CaptureFacts;
use socklab_packets::types::Protocol;

const A: &str = "10.0.3.1:65432";
const B: &str = "10.0.3.2:40110";
const C: &str = "10.0.3.3:51762";

fn of(captures: Vec<CaptureFacts>) -> Analysis {
    analyze(captures, &[], &LabConfig::default())
}

fn steps(analysis: &Analysis) -> Vec<String> {
    analysis.captures.iter().flat_map(|capture| &capture.steps).map(|recorded| recorded.step.name()).collect()
}

/// A FIN closes one direction only (RFC 9293, section 3.6): the server's came when another client was being served.
#[test]
fn a_connection_that_one_end_closed_was_not_over_when_the_next_one_began() {
    let told = |others: &str, half: bool| {
        let mut story = Story::new("at A", 0);
        let [mut first, mut second] = [Story::tcp(B, A), Story::tcp(others, A)];
        story.handshake(&mut first);
        story.line(&mut first, "3 1 2\n");
        if !half {
            story.segment_of_server(&mut first, "1 2 3\n");
        }
        story.half_close(&mut first);
        story.wait(1000);
        story.handshake(&mut second);
        story.echo(&mut second, "9 8\n");
        story.wait(1000);
        if half {
            story.segment_of_server(&mut first, "1 2 3\n");
        }
        story.half_close_of_server(&mut first);
        story.echo(&mut second, "7 6\n");
        story.close(&mut second);
        of(vec![story.read()])
    };
    for half in [true, false] {
        for others in ["10.0.3.2:40112", C] {
            let analysis = told(others, half);
            let all: Vec<String> = analysis.findings.iter().map(|finding| finding.message.to_string()).collect();
            let why = analysis.captures.iter().flat_map(|capture| &capture.steps).map(|step| step.why.to_string());
            let said = analysis.answers.iter().map(|answer| answer.text().to_string());
            let all: String = all.into_iter().chain(why).chain(said).collect();
            assert!(!all.contains("one after the other") && !all.contains("connection had ended"), "{all}");
        }
    }
    // Who ends what he sends in this way and is answered then did not wait.
    assert_eq!(steps(&told(C, true)), ["Part I step 8", "Part I step 10"]);
}

/// The server was restarted after step 12, and step 8 done again, all in one capture: one client is no run of Part II, but
/// clients of two hosts may be.
#[test]
fn one_client_that_connects_again_after_the_datagrams_is_of_the_same_step() {
    let told = |clients: &[&str]| {
        let mut story = Story::new("at A", 0);
        let mut first = Story::tcp(B, A);
        story.handshake(&mut first);
        story.line(&mut first, "one\n");
        story.close(&mut first);
        story.datagram("10.0.3.2:51000", "10.0.3.1:65433", "one");
        story.refused(&mut Story::tcp("10.0.3.2:40500", A));
        for client in clients {
            let mut again = Story::tcp(client, A);
            story.handshake(&mut again);
            story.line(&mut again, "again\n");
        }
        steps(&of(vec![story.read()]))
    };
    assert_eq!(told(&["10.0.3.2:40600"]), ["Part I step 8", "Part I step 12"]);
    let both = ["Part I step 8", "Part I step 12", "Part II step 2", "Part II step 3"];
    assert_eq!(told(&["10.0.3.2:40600", C]), both);
}

/// B's capture runs on from step 8 to Part II, of which it has one client; C's, in a file of its own, came before or after.
#[test]
fn one_client_after_the_datagrams_is_of_part_two_where_another_host_connected_then_as_well() {
    let told = |start: i64| {
        let mut b = Story::new("at B", 0);
        for client in [B, "10.0.3.2:40600"] {
            let mut client = Story::tcp(client, A);
            b.handshake(&mut client);
            b.echo(&mut client, "one\n");
            b.datagram("10.0.3.2:51000", A, "one");
        }
        let mut c = Story::new("at C", start);
        let mut client = Story::tcp(C, A);
        c.handshake(&mut client);
        c.echo(&mut client, "two\n");
        steps(&of(vec![b.read(), c.read()]))
    };
    assert_eq!(told(60), ["Part I step 8", "Part I step 12", "Part II step 2", "Part II step 3"]);
    assert_eq!(told(-60), ["Part I step 8", "Part I step 12", "Part I step 10"]);
}

/// Steps 8 and 10 are done again after step 12: C waits for B, as it does there.
#[test]
fn a_client_that_waits_for_the_one_after_the_datagrams_is_of_step_10() {
    let mut story = Story::new("at A", 0);
    let [mut first, mut again, mut c] = [B, "10.0.3.2:40600", C].map(|client| Story::tcp(client, A));
    story.handshake(&mut first);
    story.echo(&mut first, "one\n");
    story.close(&mut first);
    story.datagram("10.0.3.2:51000", "10.0.3.1:65433", "one");
    story.handshake(&mut again);
    story.echo(&mut again, "again\n");
    story.handshake(&mut c);
    story.line(&mut c, "two\n");
    story.half_close(&mut c);
    story.wait(800);
    story.close(&mut again);
    story.data_to_nobody(&mut c, "two\n");
    assert_eq!(steps(&of(vec![story.read()])), ["Part I step 8", "Part I step 10", "Part I step 12"]);
}

/// As on the sheet B's capture ends before step 10, in which C tries two terminals; Part II follows, or nothing does.
#[test]
fn two_terminals_that_wait_before_part_two_are_of_step_10() {
    let side_by_side = |file: &str, start: i64, clients: [&str; 2], is_served: bool| {
        let mut story = Story::new(file, start);
        let mut clients = clients.map(|client| Story::tcp(client, A));
        for client in &mut clients {
            story.handshake(client);
            match is_served {
                true => story.echo(client, "two\n"),
                false => story.line(client, "two\n"),
            }
        }
        story.wait(900);
        clients.iter_mut().for_each(|client| story.half_close(client));
        story.read()
    };
    let told = |part_2: i64, is_served: bool| {
        let mut step_8 = Story::new("8(d)", 0);
        let mut first = Story::tcp(B, A);
        step_8.handshake(&mut first);
        step_8.echo(&mut first, "one\n");
        let captures = vec![
            step_8.read(),
            side_by_side("C", 60, [C, "10.0.3.3:51764"], is_served),
            side_by_side("2(c)", part_2, ["10.0.3.2:40300", "10.0.3.2:40302"], true),
        ];
        steps(&of(captures)).swap_remove(1)
    };
    assert_eq!(told(600, false), "Part I step 10");
    // Clients that are served at once, or after B's were started, are of Part II.
    assert_eq!(told(600, true), "Part II step 3");
    assert_eq!(told(30, false), "Part II step 3");
}

/// B's client first goes to a server at C, then to A's.
#[test]
fn a_run_at_another_clients_computer_is_not_counted_beside_one_at_the_server() {
    let mut story = Story::new("at B", 0);
    let (mut wrong, mut right) = (Story::tcp("10.0.3.2:40100", "10.0.3.3:65432"), Story::tcp(B, A));
    story.handshake(&mut wrong);
    story.echo(&mut wrong, "oops\n");
    story.close(&mut wrong);
    story.handshake(&mut right);
    story.echo(&mut right, "one\n");
    story.echo(&mut right, "two\n");
    let analysis = of(vec![story.read()]);
    let answer = analysis.answers.iter().find(|answer| answer.question == question("I.1(b)")).unwrap();
    assert_eq!(answer.short.to_string(), format!("Client {B}; server {A}"));
    let codes: Vec<Code> = analysis.findings.iter().map(|finding| finding.code).collect();
    assert!(codes.contains(&Code::WrongAddress) && !codes.contains(&Code::SeveralRuns), "{codes:?}");
}

/// B's capture of step 8, then its and C's of Part II, in which B has another address, told in ARP or not.
fn address_changes(card: &str, is_told: bool) -> Analysis {
    let side_by_side = |file: &str, ip: &str, card: &str| {
        let mut story = Story::new(file, 600);
        story.cards_of(&[(ip, card)]);
        if is_told {
            story.arp_reply(ip, "10.0.3.1");
        }
        let mut clients = [40_300, 40_302].map(|port| Story::tcp(&format!("{ip}:{port}"), A));
        clients.iter_mut().for_each(|client| story.handshake(client));
        clients.iter_mut().for_each(|client| story.echo(client, "two\n"));
        story.read()
    };
    let mut story = Story::new("step 8", 0);
    story.cards_of(&[("10.0.3.2", "B")]);
    story.arp_reply("10.0.3.2", "10.0.3.1");
    let mut first = Story::tcp(B, A);
    story.handshake(&mut first);
    story.echo(&mut first, "one\n");
    of(vec![story.read(), side_by_side("2(c)", "10.0.3.22", card), side_by_side("3(c)", "10.0.3.3", "C")])
}

#[test]
fn a_client_computer_whose_address_changed_is_known_by_its_network_card() {
    let analysis = address_changes("B", true);
    assert_eq!(steps(&analysis), ["Part I step 8", "Part II step 2", "Part II step 3"]);
    let answer = |number| analysis.answers.iter().find(|answer| answer.question == question(number)).unwrap();
    assert_eq!(answer("II.3").short.to_string(), "4 addresses; sockets: 2 at B and 2 at C");
    let text = answer("II.3").text().to_string();
    assert!(text.starts_with("B (10.0.3.22) has 2 client socket addresses: 10.0.3.22:40300"), "{text}");
    let text = answer("II.1").text().to_string();
    assert!(text.contains("2 clients of B (10.0.3.22) have complete handshakes (10.0.3.22:40300"), "{text}");
    assert!(answer("II.2").missing.is_empty());
}

/// The card of another computer, or one that may be a router's.
#[test]
fn another_address_is_another_computers_where_nothing_tells_otherwise() {
    for analysis in [address_changes("D", true), address_changes("B", false)] {
        assert_eq!(steps(&analysis), ["Part I step 8", "Part II step 3", "Part II step 3"]);
    }
}

/// Part I's server ran at one port and Part II's at the next; of one of the two the capture begins late, or nobody typed.
#[test]
fn what_a_server_at_another_port_had_without_handshake_or_line_is_of_the_lab() {
    for (is_late, types) in [(true, true), (false, false)] {
        let mut before = Story::new("not kept", 0);
        let mut step_8 = Story::new("8(d)", 0);
        let mut first = Story::tcp(B, A);
        if is_late {
            before.handshake(&mut first)
        } else {
            step_8.handshake(&mut first)
        }
        if types {
            step_8.line(&mut first, "one\n");
        }
        let mut part_2 = Story::new("2(c)", 60);
        let mut clients = ["10.0.3.2:40300", "10.0.3.2:40302"].map(|client| Story::tcp(client, "10.0.3.1:65433"));
        clients.iter_mut().for_each(|tcp| part_2.handshake(tcp));
        clients.iter_mut().for_each(|tcp| part_2.echo(tcp, "two\n"));
        let analysis = of(vec![step_8.read(), part_2.read()]);
        assert_eq!(steps(&analysis), ["Part I step 8", "Part II step 2"], "late: {is_late}");
    }
}

/// The user's word for the server counts where no handshake shows who it is.
#[test]
fn a_server_that_is_set_counts_beside_one_whose_handshakes_are_there() {
    let mut story = Story::new("8(d)", 0);
    let mut before = Story::new("not kept", 0);
    let (mut first, mut other) = (Story::tcp(B, "10.0.3.9:40000"), Story::tcp(C, A));
    before.handshake(&mut first);
    story.line(&mut first, "one\n");
    story.handshake(&mut other);
    story.echo(&mut other, "two\n");
    let mut config = LabConfig::default();
    config.server_ports.insert(40_000);
    config.server_ports.insert(65_432);
    let analysis = analyze(vec![story.read()], &[], &config);
    let servers: Vec<String> = analysis.lab.servers.iter().map(|server| server.address.to_string()).collect();
    assert!(servers.contains(&"10.0.3.9:40000".to_owned()), "{servers:?}");
}

/// The server of Part I served one client and ended: what is refused then is of that part, though Part II ran at the same port;
/// so is what was refused before the server was started. A client that came too early for Part II is of that.
#[test]
fn what_is_refused_is_of_the_part_that_is_nearer() {
    let told = |refused_after: &[u64], with_udp: bool| {
        let mut story = Story::new("at A", 0);
        let mut first = Story::tcp(B, A);
        story.refused(&mut Story::tcp("10.0.3.2:40108", A));
        story.wait(10_000);
        story.handshake(&mut first);
        story.echo(&mut first, "one\n");
        story.close(&mut first);
        for (pause, port) in refused_after.iter().zip(40_200..) {
            story.wait(*pause);
            story.refused(&mut Story::tcp(&format!("10.0.3.2:{port}"), A));
        }
        if with_udp {
            story.wait(60_000);
            story.datagram("10.0.3.2:51000", "10.0.3.1:65433", "one");
        }
        story.wait(10_000);
        for client in ["10.0.3.2:40300", "10.0.3.2:40302"] {
            let mut client = Story::tcp(client, A);
            story.handshake(&mut client);
            story.echo(&mut client, "two\n");
        }
        let analysis = of(vec![story.read()]);
        let refused = analysis.lab.streams.iter().filter(|one| one.protocol == Protocol::Tcp && !one.established);
        refused.map(|one| one.step.name()).collect::<Vec<_>>()
    };
    assert_eq!(told(&[6_000], false), ["Part I step 8", "Part I step 8"]);
    assert_eq!(told(&[60_000], false), ["Part I step 8", "Part II step 2"]);
    assert_eq!(told(&[60_000], true), ["Part I step 8", "Part I step 8"]);
}
