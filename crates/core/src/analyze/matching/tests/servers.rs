//! Which programs are taken for the lab's servers.

use crate::analyze::addresses::Addresses;
use crate::analyze::analysis::{Code, ServerKind};
use crate::analyze::analyze;
use crate::analyze::conversation::Relays;
use crate::analyze::matching::servers::choice::Servers;
use crate::analyze::testing::{Story, Tcp, address};
use crate::analyze::translated::Translated;
use crate::lab::LabConfig;
use crate::lab::testing::question;
use crate::report::words;
use socklab_packets::pipeline::CaptureFacts;
use socklab_packets::types::Protocol;

/// The servers found in a capture, best first.
pub(crate) fn servers(capture: CaptureFacts) -> Vec<String> {
    let config = LabConfig::default();
    let (translated, relays) = ([Translated::of(&capture, &config)], [Relays::of(&capture)]);
    let found = Servers::find(&[capture], &translated, &relays, &[], &[], &config);
    found.endpoints().map(|(protocol, address)| format!("{protocol} {address}")).collect()
}

/// The beginning of a session with an FTP server at this port.
fn ftp(story: &mut Story, port: u16, lines: &[(bool, &str)]) -> Tcp {
    let mut control = Story::tcp("10.0.3.2:59712", &format!("10.0.3.3:{port}"));
    story.handshake(&mut control);
    story.segment_of_server(&mut control, "220 (vsFTPd 3.0.5)\r\n");
    for (of_client, line) in lines {
        match of_client {
            true => story.line(&mut control, line),
            false => story.segment_of_server(&mut control, line),
        }
    }
    control
}

/// A connection for data.
fn listing(story: &mut Story, client: &str, server: &str, from_client: bool) {
    let mut data = Story::tcp(client, server);
    story.handshake(&mut data);
    match from_client {
        true => story.line(&mut data, "-rw-r--r-- 1 0 0 12 readme.txt\r\n"),
        false => story.segment_of_server(&mut data, "-rw-r--r-- 1 0 0 12 readme.txt\r\n"),
    }
    story.close(&mut data);
}

#[test]
fn a_port_that_ftp_announced_is_no_server_of_its_own() {
    let passive = (false, "227 Entering Passive Mode (10,0,3,3,181,195).\r\n");
    let extended = (false, "229 Entering Extended Passive Mode (|||46531|)\r\n");
    let active = (true, "PORT 10,0,3,2,154,89\r\n");
    let [to_server, to_client] = [("10.0.3.2:54908", "10.0.3.3:46531", false), ("10.0.3.3:20", "10.0.3.2:39513", true)];
    for (line, (client, server, from_client)) in [
        (passive, to_server),
        (extended, to_server),
        (active, to_client),
        ((true, "EPRT |1|10.0.3.2|39513|\r\n"), to_client),
        ((false, "227 46531\r\n"), to_server),
        ((true, "PORT 39513\r\n"), to_client),
    ] {
        for port in [21, 2121] {
            let mut story = Story::new("alone", 0);
            ftp(&mut story, port, &[line]);
            listing(&mut story, client, server, from_client);
            assert!(servers(story.read()).is_empty(), "{line:?}");
            let mut story = Story::new("beside the lab", 0);
            let mut b = Story::tcp("10.0.3.2:33924", "10.0.3.1:65432");
            story.handshake(&mut b);
            story.echo(&mut b, "hello\n");
            ftp(&mut story, port, &[line]);
            listing(&mut story, client, server, from_client);
            assert_eq!(servers(story.read()), ["TCP 10.0.3.1:65432"], "{line:?}");
        }
    }
    let mut story = Story::new("another port", 0);
    ftp(&mut story, 21, &[passive]);
    listing(&mut story, "10.0.3.2:54908", "10.0.3.3:46532", false);
    assert_eq!(servers(story.read()), ["TCP 10.0.3.3:46532"]);
}

/// As tshark 4.0.17 shows it: its FTP part opens the conversation before the SYN does.
#[test]
fn the_syn_of_a_connection_that_ftp_announced_does_not_count() {
    let mut story = Story::new("ftp", 0);
    ftp(&mut story, 21, &[(false, "227 Entering Passive Mode (10,0,3,3,181,195).\r\n")]);
    listing(&mut story, "10.0.3.2:54908", "10.0.3.3:46531", false);
    listing(&mut story, "10.0.3.2:54910", "10.0.3.3:46531", false);
    let completeness: Vec<u8> = story.read().traffic.tcp_connections().map(|tcp| tcp.completeness).collect();
    assert_eq!(completeness, [15, 30, 31]);
}

/// A UDP server that echoes three lines of a client.
fn udp_echo(server: &str, client: &str) -> CaptureFacts {
    let mut story = Story::new("echo", 0);
    for line in ["Hello server", "how are you today", "bye now"] {
        story.datagram(client, server, line);
        story.datagram(server, client, &format!("Echo: {line}"));
    }
    story.read()
}

#[test]
fn the_client_of_a_known_port_is_no_server() {
    for port in [777, 1194, 3478, 5060, 8443, 51_820, 57_621] {
        let server = format!("10.0.3.1:{port}");
        for client in ["10.0.3.2:46777", "10.0.3.2:40000", "10.0.3.2:6500"] {
            assert_eq!(servers(udp_echo(&server, client)), [format!("UDP {server}")], "{client}");
        }
    }
    for port in [777, 5900, 6000, 8009, 57_621, 62_078] {
        let server = format!("10.0.3.1:{port}");
        for client in ["10.0.3.2:35512", "10.0.3.2:5050"] {
            let mut story = Story::new("began late", 0);
            let mut late = Story::tcp(client, &server);
            story.echo(&mut late, "Hello server");
            assert_eq!(servers(story.read()), [format!("TCP {server}")], "{client}");
        }
    }
}

/// Linux picks ports up to 60999 for clients, Windows and macOS up to 65535, among them those of WireGuard and Spotify.
#[test]
fn a_client_may_get_the_port_of_a_service_from_its_system() {
    for port in [51_820, 57_621] {
        let client = format!("10.0.3.2:{port}");
        for server in ["10.0.3.1:65432", "10.0.3.1:9000"] {
            let found = [format!("UDP {server}")];
            assert_eq!(servers(udp_echo(server, &client)), found, "{client}");
            let mut only_prints = Story::new("prints", 0);
            only_prints.datagram(&client, server, "Hello server");
            assert_eq!(servers(only_prints.read()), found, "{client}");
        }
    }
}

/// Health checks and scanners connect and reset at once. That is no protocol of its own beside what clients say.
#[test]
fn a_server_that_is_probed_again_and_again_is_still_found() {
    for probes in [2_u16, 7] {
        let mut story = Story::new("at A", 0);
        let mut b = Story::tcp("10.0.3.2:33924", "10.0.3.1:5001");
        story.handshake(&mut b);
        for port in 30_000..30_000 + probes {
            let mut probe = Story::tcp(&format!("10.0.3.9:{port}"), "10.0.3.1:5001");
            story.handshake(&mut probe);
            story.reset_by_client(&mut probe);
        }
        story.echo(&mut b, "hello\n");
        assert_eq!(servers(story.read()), ["TCP 10.0.3.1:5001"]);
    }
}

/// `+OK` is said by POP3's servers (RFC 1939), and by others.
#[test]
fn a_server_that_says_ok_to_what_is_no_command_of_pop3_is_of_the_lab() {
    for (line, expected) in [("ADD 1 2\n", &["TCP 10.0.3.1:5555"][..]), ("USER ada\r\n", &[])] {
        let mut story = Story::new("calculator", 0);
        let mut client = Story::tcp("10.0.3.2:33924", "10.0.3.1:5555");
        story.handshake(&mut client);
        story.line(&mut client, line);
        story.segment_of_server(&mut client, "+OK 3\n");
        assert_eq!(servers(story.read()), expected, "{line:?}");
    }
}

/// The clients of the lab in a capture, in the order of their connections.
fn clients_of_lab(capture: CaptureFacts) -> Vec<String> {
    let analysis = analyze(vec![capture], &[], &LabConfig::default());
    let capture = &analysis.captures[0];
    let of_lab = capture.traffic.tcp_connections().zip(&capture.tcp_roles).filter(|(_, role)| role.lab);
    of_lab.map(|(tcp, role)| tcp.address(role.client).to_string()).collect()
}

/// A load balancer or an orchestrator asks again and again whether the port is open, as a clock does. Who does so once or twice
/// from the server's link may be a student whose client was ended before anything was typed; from another network, hardly.
#[test]
fn who_only_looks_whether_the_port_is_open_is_no_client_of_the_lab() {
    let (b, server) = ("10.0.3.2:33924", "10.0.3.1:5001");
    for end in [Story::reset_by_client, Story::close] {
        for (from, times, pause, is_client) in [
            ("10.0.3.9", 4, 0, false),
            ("10.0.3.9", 4, 1500, true),
            ("10.0.3.9", 2, 0, true),
            ("10.0.3.9", 1, 0, true),
            ("10.0.7.9", 1, 0, false),
            ("10.0.7.9", 1, 1500, true),
        ] {
            let mut story = Story::new("at A", 0);
            let mut expected = Vec::new();
            for port in 30_000..30_000 + times {
                let client = format!("{from}:{port}");
                let mut probe = Story::tcp(&client, server);
                story.handshake(&mut probe);
                story.wait(pause);
                end(&mut story, &mut probe);
                story.wait(5000);
                expected.extend(is_client.then_some(client));
            }
            let mut client = Story::tcp(b, server);
            story.handshake(&mut client);
            story.echo(&mut client, "hello\n");
            expected.push(b.to_owned());
            assert_eq!(clients_of_lab(story.read()), expected, "{from} {times} {pause}");
        }
    }
    let c = "10.0.3.9:30000";
    // A server that ends it may have turned a client away; and without another one, nobody is a stranger.
    let mut story = Story::new("at A", 0);
    let mut client = Story::tcp(b, server);
    story.handshake(&mut client);
    story.echo(&mut client, "hello\n");
    let mut away = Story::tcp(c, server);
    story.handshake(&mut away);
    story.reset_by_server(&mut away);
    assert_eq!(clients_of_lab(story.read()), [b, c]);
    let mut story = Story::new("at A", 0);
    let mut alone = Story::tcp(b, server);
    story.handshake(&mut alone);
    story.close(&mut alone);
    assert_eq!(clients_of_lab(story.read()), [b]);
}

/// The sheet's TCP server may have the number of the UDP server's port, but not because somebody from elsewhere looked for it there,
/// or looked for any open port. Who tried that one on the server's link may be C, whose server was not started.
#[test]
fn a_strangers_attempt_beside_the_udp_server_makes_no_tcp_server() {
    let attempt = |from: &str, ports: &[u16]| {
        let mut story = Story::new("at A", 0);
        for port in ports {
            story.refused(&mut Story::tcp(from, &format!("10.0.3.1:{port}")));
        }
        story.datagram("10.0.3.2:38238", "10.0.3.1:5000", "one\n");
        story.datagram("10.0.3.1:5000", "10.0.3.2:38238", "one\n");
        story.read()
    };
    let found = |from: &str, ports: &[u16]| {
        let mut found = servers(attempt(from, ports));
        found.retain(|server| server.ends_with(":5000"));
        found.sort();
        found
    };
    let both = ["TCP 10.0.3.1:5000", "UDP 10.0.3.1:5000"];
    assert_eq!(found("10.0.7.66:50000", &[5000]), ["UDP 10.0.3.1:5000"]);
    assert_eq!(found("10.0.3.66:50000", &[5000, 22, 80, 443]), ["UDP 10.0.3.1:5000"]);
    assert_eq!(found("10.0.3.66:50000", &[5000]), both);
    assert_eq!(found("10.0.3.2:50000", &[5000]), both);
    // Whatever the user names stays.
    let mut config = LabConfig::default();
    config.set_servers(&[("10.0.3.1".parse().unwrap(), Some(5000))]).unwrap();
    let analysis = analyze(vec![attempt("10.0.7.66:50000", &[5000])], &[], &config);
    assert!(analysis.lab.servers.iter().any(|server| server.protocol == Protocol::Tcp));
}

/// `traceroute` sends to one port after the other, and nobody but routers and the last computer's system answers.
#[test]
fn datagrams_to_one_port_after_the_other_are_for_no_server() {
    for text in ["@ABCDEFGHIJKLMNOPQRSTUVWXYZ", ""] {
        let mut story = Story::new("traceroute", 0);
        for hop in 0_u16..6 {
            let (from, to) = (format!("10.0.3.2:{}", 40_000 + hop), format!("10.0.3.1:{}", 33_434 + hop));
            story.datagram(&from, &to, text);
            story.port_unreachable(&from, &to);
        }
        assert!(servers(story.read()).is_empty());
    }
}

/// Who tries wrong ports before the right one, or runs a server at several, types lines.
#[test]
fn datagrams_with_lines_to_many_ports_are_for_servers() {
    let right = "UDP 10.0.3.1:5555".to_owned();
    for wrong in [3_u16, 7] {
        let mut story = Story::new("wrong ports", 0);
        for port in 6000..6000 + wrong {
            let (from, to) = (format!("10.0.3.2:{}", port + 40_000), format!("10.0.3.1:{port}"));
            story.datagram(&from, &to, "hi\n");
            story.port_unreachable(&from, &to);
            story.wait(5000);
        }
        for line in ["one\n", "two\n", "three\n"] {
            story.datagram("10.0.3.2:45100", "10.0.3.1:5555", line);
        }
        assert!(servers(story.read()).contains(&right), "{wrong}");
    }
}

/// One socket that connects to its own address opens the connection from both sides (RFC 9293, section 3.5).
#[test]
fn a_socket_that_is_connected_to_itself_is_no_server() {
    let mut story = Story::new("lo", 0);
    let mut lab = Story::tcp("127.0.0.1:40000", "127.0.0.1:5000");
    story.handshake(&mut lab);
    story.echo(&mut lab, "hello\n");
    let mut own = Story::tcp("127.0.0.1:50007", "127.0.0.1:50007");
    story.handshake(&mut own);
    story.line(&mut own, "hello\n");
    assert_eq!(servers(story.read()), ["TCP 127.0.0.1:5000"]);
}

/// Runtimes make such pairs, and most systems give them neighbouring ports.
#[test]
fn a_pair_of_sockets_that_wakes_its_process_up_is_no_server() {
    let token = "\u{1}\0\u{7}\u{3}\u{2}\u{5}\u{6}\u{4}";
    for (first, whole) in [("x", true), ("x", false), (token, true)] {
        for with_lab in [true, false] {
            let mut story = Story::new("lo", 0);
            let mut pair = Story::tcp("127.0.0.1:44001", "127.0.0.1:44000");
            if whole {
                story.handshake(&mut pair);
            }
            if with_lab {
                story.datagram("127.0.0.1:38238", "127.0.0.1:12345", "one\n");
            }
            for text in [first, "!", "!"] {
                story.line(&mut pair, text);
            }
            let found = servers(story.read());
            assert_eq!(found, if with_lab { vec!["UDP 127.0.0.1:12345"] } else { vec![] }, "{first:?}");
        }
    }
}

/// A server that never answers, at a port that systems pick as well, and a client on its computer that says letters or numbers.
#[test]
fn short_messages_between_ports_apart_are_for_a_server() {
    for message in ["a", "\0\0\0\u{1}", "\u{1}\0\0\0\0\0\0\0"] {
        let mut story = Story::new("lo", 0);
        let mut client = Story::tcp("127.0.0.1:51234", "127.0.0.1:40404");
        story.handshake(&mut client);
        for _ in 0..3 {
            story.line(&mut client, message);
        }
        assert_eq!(servers(story.read()), ["TCP 127.0.0.1:40404"], "{message:?}");
    }
}

#[test]
fn both_ends_of_one_connection_are_not_both_servers() {
    let mut story = Story::new("began late", 0);
    let mut late = Story::tcp("127.0.0.1:44100", "127.0.0.1:44000");
    story.echo(&mut late, "hello server\n");
    assert!(servers(story.read()).len() < 2);
}

#[test]
fn both_ends_of_a_simultaneous_open_are_clients() {
    let capture = || {
        let mut story = Story::new("both connect", 0);
        let mut both = Story::tcp("10.1.1.2:4001", "10.1.1.1:4000");
        story.simultaneous_open(&mut both);
        story.echo(&mut both, "B says 0");
        story.read()
    };
    assert!(servers(capture()).is_empty());
    let mut config = LabConfig::default();
    config.hosts.insert(config.sheet.server(), "10.1.1.1".parse().unwrap());
    config.server_ports.insert(4000);
    let analysis = analyze(vec![capture()], &[], &config);
    let streams = analysis.lab.streams.iter().map(|stream| (stream.client, stream.server)).collect::<Vec<_>>();
    assert_eq!(streams, [(address("10.1.1.2:4001"), address("10.1.1.1:4000"))], "named by the user");
}

#[test]
fn who_only_gets_datagrams_of_a_server_is_no_client_of_it() {
    let (collector, display) = ("10.0.3.1:8800", "10.0.3.2:8801");
    let mut story = Story::new("telemetry", 0);
    for line in ["temp=20", "temp=21", "temp=22"] {
        story.datagram("10.0.3.3:60698", collector, line);
        story.datagram(collector, display, &format!("show {line}"));
    }
    let analysis = analyze(vec![story.read()], &[], &LabConfig::default());
    let clients: Vec<String> = analysis.lab.streams.iter().map(|stream| stream.client.to_string()).collect();
    assert!(clients.contains(&"10.0.3.3:60698".to_owned()) && !clients.contains(&display.to_owned()), "{clients:?}");
    let listed = Addresses::of(&analysis.captures[0]);
    let collector = listed.iter().filter_map(|one| one.summary()).find(|one| one.address == address(collector));
    assert_eq!(collector.map(|it| (it.lab, it.frames)), Some((true, 3)), "the frames of the lab");
}

/// As with go-back-N over two sockets: what comes back goes to the client's other one.
#[test]
fn who_asks_from_another_socket_is_still_a_client() {
    let mut story = Story::new("two sockets", 0);
    for line in ["one", "two", "three"] {
        story.datagram("10.0.3.2:60938", "10.0.3.1:6161", line);
        story.datagram("10.0.3.1:6161", "10.0.3.2:6162", "ack");
    }
    let analysis = analyze(vec![story.read()], &[], &LabConfig::default());
    let answer = analysis.answers.iter().find(|answer| answer.question == question("I.4a")).unwrap();
    let said = answer.text().to_string();
    assert!(said.contains("3 datagrams from the client to the server, 3 back"), "{said}");
    let beside: Vec<String> = answer.claims.iter().map(|claim| claim.text.to_string()).collect();
    assert!(beside.iter().any(|claim| claim.starts_with("The client used 2 ports")), "{beside:?}");
}

#[test]
fn a_refused_port_of_another_service_is_not_proposed_as_the_server() {
    let mut story = Story::new("printers", 0);
    story.datagram("192.168.1.21:40000", "192.168.1.23:161", "public");
    story.port_unreachable("192.168.1.21:40000", "192.168.1.23:161");
    let analysis = analyze(vec![story.read()], &[], &LabConfig::default());
    let said: Vec<String> = analysis.findings.iter().map(|finding| finding.message.to_string()).collect();
    assert!(said.iter().any(|said| said.contains("None of the ")), "{said:?}");
    assert!(!said.iter().any(|said| said.contains("161")), "{said:?}");
}

#[test]
fn a_server_like_ftps_on_a_port_of_its_own_is_proposed() {
    for (port, is_proposed) in [(2121, true), (21, false)] {
        let mut story = Story::new("tiny ftp", 0);
        ftp(&mut story, port, &[(true, "PASV\r\n")]);
        let analysis = analyze(vec![story.read()], &[], &LabConfig::default());
        let said: Vec<String> = analysis.findings.iter().map(|finding| finding.message.to_string()).collect();
        let proposed = said.iter().any(|said| said.contains(&format!(":{port} (TCP) is the lab's server, say so")));
        assert_eq!(proposed, is_proposed, "{said:?}");
    }
}

/// A lab may have a web server of its own; those of the Internet, and of port 80, are hardly meant.
#[test]
fn a_web_server_on_a_port_of_its_own_is_proposed() {
    for (server, is_proposed) in [("10.0.3.1:6789", true), ("10.0.3.1:80", false), ("93.184.216.34:6789", false)] {
        let mut story = Story::new("web", 0);
        let mut b = Story::tcp("10.0.3.2:49192", server);
        story.handshake(&mut b);
        story.line(&mut b, "GET /hello.html HTTP/1.1\r\n\r\n");
        story.segment_of_server(&mut b, "HTTP/1.1 200 OK\r\n\r\nhello");
        let analysis = analyze(vec![story.read()], &[], &LabConfig::default());
        let said: Vec<String> = analysis.findings.iter().map(|finding| finding.message.to_string()).collect();
        let proposed = said.iter().any(|said| said.contains(&format!("If {server} (TCP) is the lab's server, say so")));
        assert_eq!(proposed, is_proposed, "{said:?}");
    }
}

/// Whoever takes another program's server for the lab's gets answers about that program.
#[test]
fn a_server_of_a_known_protocol_is_not_proposed_whatever_its_port() {
    let ssh = {
        let mut story = Story::new("ssh", 0);
        let mut b = Story::tcp("192.168.1.21:40906", "192.168.1.23:2200");
        story.handshake(&mut b);
        story.segment_of_server(&mut b, "SSH-2.0-OpenSSH_9.2\r\n");
        story.line(&mut b, "SSH-2.0-PuTTY\r\n");
        story
    };
    let passive = {
        let mut story = Story::new("passive", 0);
        let lines = [(true, "PASV\r\n"), (false, "227 Entering Passive Mode (10,0,3,3,133,125).\r\n")];
        ftp(&mut story, 21, &lines);
        listing(&mut story, "10.0.3.2:45710", "10.0.3.3:34173", false);
        story
    };
    let active = {
        let mut story = Story::new("active", 0);
        ftp(&mut story, 21, &[(true, "PORT 10,0,3,2,172,93\r\n"), (false, "200 PORT ok\r\n")]);
        listing(&mut story, "10.0.3.3:20", "10.0.3.2:44125", true);
        story
    };
    for story in [ssh, passive, active] {
        let analysis = analyze(vec![story.read()], &[], &LabConfig::default());
        let none = analysis.findings.iter().find(|finding| finding.code == Code::NoLabTraffic).unwrap();
        let told = none.message.to_string();
        assert!(
            told.ends_with(" If the server's address is unusual, name it (--server, or a lab file with --lab)."),
            "{told}"
        );
    }
}

/// Of a server whose own frames alone were saved, and no payload, no program is known.
#[test]
fn a_server_that_says_nothing_in_the_capture_is_proposed() {
    let mut story = Story::new("back only", 0);
    let mut b = Story::tcp("10.0.3.2:35559", "10.0.3.1:65432");
    story.lose(&[0, 2]);
    story.handshake(&mut b);
    story.lose(&[0]);
    story.line(&mut b, "one\n");
    story.lose(&[0, 2]);
    story.close(&mut b);
    let analysis = analyze(vec![story.read()], &[], &LabConfig::default());
    let none = analysis.findings.iter().find(|finding| finding.code == Code::NoLabTraffic).unwrap();
    let told = none.message.to_string();
    assert!(told.contains("If 10.0.3.1:65432 (TCP) is the lab's server, say so"), "{told}");
}

/// An echo server whose greeting begins with a number, as FTP's does.
/// Nothing was typed, and a client or the stopped server's system ended the connection by a RST: it is the lab's all the same,
/// while what is reset at once is a scanner's.
#[test]
fn a_connection_without_a_line_that_is_reset_later_is_of_the_lab() {
    let told = |pause: u64, by_client: bool, with_udp: bool| {
        let mut story = Story::new("8(d)", 0);
        let mut client = Story::tcp("10.0.3.2:40110", "10.0.3.1:65432");
        story.handshake(&mut client);
        story.wait(pause);
        match by_client {
            true => story.reset_by_client(&mut client),
            false => story.reset_by_server(&mut client),
        }
        if with_udp {
            story.datagram("10.0.3.2:51000", "10.0.3.1:65432", "one");
        }
        servers(story.read())
    };
    for by_client in [true, false] {
        assert_eq!(told(20_000, by_client, false), ["TCP 10.0.3.1:65432"]);
        assert_eq!(told(20_000, by_client, true), ["UDP 10.0.3.1:65432", "TCP 10.0.3.1:65432"]);
        assert_eq!(told(1, by_client, false), [""; 0]);
        assert_eq!(told(1, by_client, true), ["UDP 10.0.3.1:65432"]);
    }
}

#[test]
fn a_server_that_only_greets_like_ftps_is_the_labs() {
    for (port, line, is_found) in [(2525, "hello\n", true), (21, "hello\n", false), (2525, "EHLO b\r\n", false)] {
        let mut story = Story::new("a greeting", 0);
        let mut b = Story::tcp("10.0.3.2:49192", &format!("10.0.3.1:{port}"));
        story.handshake(&mut b);
        story.segment_of_server(&mut b, "220 echo ready\n");
        story.echo(&mut b, line);
        assert_eq!(!servers(story.read()).is_empty(), is_found, "{port} {line:?}");
    }
}

/// A's own client at its server, before B's: no host C.
#[test]
fn a_client_of_the_servers_computer_is_not_the_second_host() {
    let mut story = Story::new("at A", 0);
    for client in ["10.0.3.1:45422", "10.0.3.2:39474"] {
        let mut tcp = Story::tcp(client, "10.0.3.1:5005");
        story.handshake(&mut tcp);
        story.echo(&mut tcp, "one");
        story.close(&mut tcp);
    }
    let analysis = analyze(vec![story.read()], &[], &LabConfig::default());
    let held: Vec<&str> = analysis.captures[0].steps.iter().map(|recorded| recorded.step.number()).collect();
    assert_eq!(held, ["8"]);
}

#[test]
fn what_a_port_says_of_both_ends_is_no_more_than_likely() {
    let uncertain = |client: &str, server: &str| {
        let mut story = Story::new("began late", 0);
        let mut late = Story::tcp(client, server);
        story.echo(&mut late, "Hello server");
        let analysis = analyze(vec![story.read()], &[], &LabConfig::default());
        analysis.findings.iter().find(|finding| finding.code == Code::ServerUncertain).map(|it| it.message.to_string())
    };
    let said = uncertain("10.0.3.2:5050", "10.0.3.1:6000").unwrap_or_default();
    assert!(said.starts_with("Which end is the server isn't shown: no handshake"), "{said}");
    assert!(said.contains("10.0.3.1:6000 is taken for it") && said.contains("--server 10.0.3.2:5050"), "{said}");
    assert!(uncertain("10.0.3.2:35512", "10.0.3.1:57621").is_some());
    let mut story = Story::new("began late", 0);
    story.echo(&mut Story::tcp("10.0.3.2:5050", "10.0.3.1:6000"), "Hello server");
    let analysis = analyze(vec![story.read()], &[], &LabConfig::default());
    let addresses = analysis.answers.iter().find(|answer| answer.question == question("I.1b")).unwrap();
    let told: Vec<String> = addresses.claims.iter().map(|claim| claim.text.to_string()).collect();
    let taken = "10.0.3.1:6000 is taken for the server's: no handshake shows it, and the files don't tell it from";
    assert!(told.iter().any(|claim| claim.starts_with(taken)), "{told:?}");
    assert_eq!(uncertain("10.0.3.2:35512", "10.0.3.1:9000"), None);
}

#[test]
fn a_chat_in_a_group_has_no_server_and_is_no_other_programs() {
    let said = |group: &str, other: &str| {
        let mut story = Story::new("chat", 0);
        for host in ["10.0.3.1:5007", "10.0.3.2:5007", "10.0.3.3:5007"] {
            story.datagram(host, group, "peer says hello");
            story.datagram(host, "239.255.255.250:1900", "M-SEARCH * HTTP/1.1\r\n");
            story.datagram(host, other, "peer says hello");
        }
        let analysis = analyze(vec![story.read()], &[], &LabConfig::default());
        analysis.findings.iter().find(|it| it.code == Code::NoLabTraffic).map(|it| it.message.to_string()).unwrap()
    };
    let multicast = said("239.7.7.7:5007", "239.7.7.7:5007");
    let expected = "6 UDP datagrams with text from 3 hosts go to 239.7.7.7:5007, a multicast address.";
    assert!(multicast.contains(expected) && !multicast.contains("other programs"), "{multicast}");
    let broadcast = said("10.0.3.255:5999", "10.0.3.255:5999");
    assert!(broadcast.contains("go to 10.0.3.255:5999, a broadcast address."), "{broadcast}");
    let discovery = said("10.0.3.255:30303", "239.255.0.1:1716");
    assert!(discovery.contains("of other programs"), "{discovery}");
}

/// A server that listens at all addresses of its host, of which one client takes the IPv6 address.
#[test]
fn a_host_with_ipv4_and_ipv6_has_one_name_and_one_server() {
    let mut story = Story::new("both versions", 0);
    story.card(&["10.0.3.1", "fd00:7::1"]);
    story.card(&["fd00:7::2"]);
    let mut b = Story::tcp("[fd00:7::2]:51302", "[fd00:7::1]:8888");
    story.handshake(&mut b);
    story.echo(&mut b, "one");
    let mut c = Story::tcp("10.0.3.3:60810", "10.0.3.1:8888");
    story.handshake(&mut c);
    story.echo(&mut c, "two");
    story.echo(&mut b, "three");
    let analysis = analyze(vec![story.read()], &[], &LabConfig::default());
    for server in ["[fd00:7::1]:8888", "10.0.3.1:8888"] {
        assert_eq!(words::socket_address(&analysis.lab, address(server)), format!("A {server}"));
    }
    let busy = analysis.answers.iter().find(|answer| answer.question == question("I.3")).unwrap();
    assert_eq!(busy.short.to_string(), "Connected, and served while B was open");
    let said = busy.text().to_string();
    assert!(!said.contains("So this server serves several"), "{said}");
    assert!(
        said.contains("B's client was connected to [fd00:7::1]:8888, another address with the same port"),
        "{said}"
    );
}

/// A proxy at A with a thread for each client, before a server that takes one client at a time.
#[test]
fn who_is_passed_on_at_once_did_not_wait_for_the_proxy() {
    let (proxy, behind) = ("10.0.3.4:9000", "10.0.3.1:8000");
    let mut story = Story::new("at the proxy", 0);
    let mut b = Story::tcp("10.0.3.2:57840", proxy);
    let mut for_b = Story::tcp("10.0.3.4:38026", behind);
    let mut c = Story::tcp("10.0.3.3:37300", proxy);
    let mut for_c = Story::tcp("10.0.3.4:38036", behind);
    story.handshake(&mut b);
    story.handshake(&mut for_b);
    story.line(&mut b, "line 0 of 1\n");
    story.echo(&mut for_b, "line 0 of 1\n");
    story.segment_of_server(&mut b, "LINE 0 OF 1\n");
    story.handshake(&mut c);
    story.handshake(&mut for_c);
    story.line(&mut c, "line 0 of 2\n");
    story.line(&mut for_c, "line 0 of 2\n");
    story.wait(500);
    story.close(&mut b);
    story.close(&mut for_b);
    story.segment_of_server(&mut for_c, "LINE 0 OF 2\n");
    story.segment_of_server(&mut c, "LINE 0 OF 2\n");
    let analysis = analyze(vec![story.read()], &[], &LabConfig::default());
    let servers: Vec<_> = analysis.lab.servers.iter().map(|it| (it.address.to_string(), it.kind)).collect();
    assert_eq!(servers, [(proxy.to_owned(), Some(ServerKind::Concurrent))]);
    let busy = analysis.answers.iter().find(|answer| answer.question == question("I.3")).unwrap();
    assert_eq!(busy.short.to_string(), "Connected, and served while B was open");
    let text = busy.text().to_string();
    assert!(text.contains("sent the same text on to 10.0.3.1:8000 (frame 22)") && !text.contains("queue"), "{text}");
    assert!(
        text.contains(
            "The server sent data to C (frame 32) 512 ms after C's line (frame 20). The server's computer sent"
        ),
        "{text}"
    );
    assert!(analysis.findings.iter().all(|finding| finding.code != Code::NotThreaded));
}

/// A program on B at X11's port that says on to A what C says.
#[test]
fn a_relay_at_the_port_of_a_service_is_a_server_of_its_client() {
    let relay = "10.0.3.2:6000";
    let mut story = Story::new("at B", 0);
    let [mut c, mut b] =
        [("10.0.3.3:55848", relay), ("10.0.3.2:57986", "10.0.3.1:5000")].map(|(c, s)| Story::tcp(c, s));
    let mut onward = Story::tcp("10.0.3.2:57984", "10.0.3.1:5000");
    story.handshake(&mut c);
    story.handshake(&mut onward);
    story.line(&mut c, "via B\n");
    story.echo(&mut onward, "via B\n");
    story.segment_of_server(&mut c, "via B\n");
    story.handshake(&mut b);
    story.echo(&mut b, "direct\n");
    let at_b = story.read();
    let mut story = Story::new("at C", 0);
    let mut c = Story::tcp("10.0.3.3:55848", relay);
    story.handshake(&mut c);
    story.line(&mut c, "via B\n");
    story.segment_of_server(&mut c, "via B\n");
    let analysis = analyze(vec![at_b, story.read()], &[], &LabConfig::default());
    let servers: Vec<String> = analysis.lab.servers.iter().map(|server| server.address.to_string()).collect();
    assert_eq!(servers, ["10.0.3.1:5000", relay]);
    assert!(analysis.findings.iter().all(|finding| finding.code != Code::NoLabTraffic));
}

/// TFTP's server answers from a port of its own (RFC 1350, section 4).
#[test]
fn a_client_that_is_answered_from_another_port_is_not_proposed_as_the_server() {
    let (client, answering) = ("10.0.3.2:51238", "10.0.3.1:40001");
    let mut story = Story::new("tftp", 0);
    story.datagram(client, "10.0.3.1:69", "\0\u{1}notes.txt\0octet\0");
    for block in ["\0\u{3}\0\u{1}one", "\0\u{3}\0\u{2}two"] {
        story.datagram(answering, client, block);
        story.datagram(client, answering, "\0\u{4}\0\u{1}");
    }
    let analysis = analyze(vec![story.read()], &[], &LabConfig::default());
    let none = analysis.findings.iter().find(|finding| finding.code == Code::NoLabTraffic).unwrap();
    assert!(!none.message.to_string().contains("51238"), "{}", none.message);
}

/// A chat of two computers at an Ethernet switch of their own, or at the lab's.
fn chat(story: &mut Story, client: &str, server: &str) {
    let mut tcp = Story::tcp(client, server);
    story.handshake(&mut tcp);
    story.echo(&mut tcp, "NICK ada");
    story.echo(&mut tcp, "PING");
}

#[test]
fn a_program_in_another_network_is_none_of_the_lab_beside_it() {
    let lab = |story: &mut Story| chat(story, "10.0.3.2:33924", "10.0.3.1:5001");
    for order in [false, true] {
        let mut story = Story::new("another network", 0);
        if order {
            lab(&mut story);
        }
        // With more clients than the lab.
        chat(&mut story, "192.168.1.23:50130", "192.168.1.10:7000");
        chat(&mut story, "192.168.1.24:50131", "192.168.1.10:7000");
        if !order {
            lab(&mut story);
        }
        assert_eq!(servers(story.read()), ["TCP 10.0.3.1:5001"]);
    }
    // In the lab's network, or with one of its computers, it may be of the lab.
    for (client, server) in [("10.0.3.4:50130", "10.0.3.5:65432"), ("10.0.3.2:50130", "192.168.1.10:65432")] {
        let mut story = Story::new("the lab's network", 0);
        chat(&mut story, "10.0.3.2:33924", "10.0.3.1:65432");
        chat(&mut story, client, server);
        let mut found = servers(story.read());
        found.sort();
        assert_eq!(found, ["TCP 10.0.3.1:65432".to_owned(), format!("TCP {server}")]);
    }
    // Where the lab goes on in another network, another file has it.
    let captures =
        [("10.0.3.2:33924", "10.0.3.1:65432"), ("192.168.1.23:50130", "192.168.1.10:65432")].map(|(client, server)| {
            let mut story = Story::new("a file of its own", 0);
            chat(&mut story, client, server);
            story.read()
        });
    let config = LabConfig::default();
    let translated: Vec<_> = captures.iter().map(|capture| Translated::of(capture, &config)).collect();
    let relays: Vec<_> = captures.iter().map(Relays::of).collect();
    assert_eq!(Servers::find(&captures, &translated, &relays, &[], &[], &config).endpoints().count(), 2);
}

#[test]
fn a_protocol_is_told_by_what_it_says_and_not_by_its_port() {
    let mut story = Story::new("chat", 0);
    chat(&mut story, "10.0.3.2:33924", "10.0.3.1:6667");
    assert_eq!(servers(story.read()), ["TCP 10.0.3.1:6667"]);
    let mut story = Story::new("irc", 0);
    let mut irc = Story::tcp("10.0.3.2:33924", "10.0.3.1:6667");
    story.handshake(&mut irc);
    story.line(&mut irc, "NICK ada\r\nUSER ada 0 * :Ada\r\n");
    story.segment_of_server(&mut irc, ":irc.local 001 ada :Welcome\r\n");
    assert!(servers(story.read()).is_empty());
}

/// L2TP, CoAP and VXLAN are known at these ports; logs at the last one.
#[test]
fn text_to_the_sheets_address_outweighs_the_port_of_another_program() {
    let at = |server: &str| {
        let mut story = Story::new("step12", 0);
        for line in ["one\n", "two\n", "three\n"] {
            story.datagram("10.0.3.2:40000", server, line);
        }
        servers(story.read())
    };
    for port in [1701, 5683, 8472] {
        assert_eq!(at(&format!("10.0.3.1:{port}")), [format!("UDP 10.0.3.1:{port}")]);
        assert!(at(&format!("10.0.3.9:{port}")).is_empty());
    }
    assert!(at("10.0.3.1:514").is_empty());
}

/// An X11 client begins with `l` or `B` and binary data, so that lines are some other program's at its port.
#[test]
fn a_server_of_lines_at_the_port_of_x11_is_the_labs_beside_another_one() {
    for line in ["hello\n", "l\n"] {
        let mut story = Story::new("B", 0);
        let mut client = Story::tcp("10.0.3.2:45870", "10.0.3.1:6000");
        story.handshake(&mut client);
        story.echo(&mut client, line);
        story.datagram("10.0.3.2:38238", "10.0.3.1:5001", "one\n");
        story.datagram("10.0.3.1:5001", "10.0.3.2:38238", "one\n");
        let mut found = servers(story.read());
        found.sort();
        assert_eq!(found, ["TCP 10.0.3.1:6000", "UDP 10.0.3.1:5001"]);
    }
}
