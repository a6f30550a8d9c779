//! The answers to stories of the lab, against the answer key's variants.

use crate::analyze::analysis::{Analysis, Basis, ClientHost, Code, Facts, Status};
use crate::analyze::analyze;
use crate::analyze::testing::{Story, address, ip};
use crate::analyze::tests::support::{A, B1, B2, C1, C2, UDP_A, answer, codes, of};
use crate::analyze::text::{FrameRanges, Text};
use crate::journal::{Journal, NamedJournal};
use crate::lab::testing::{host, question, step};
use crate::lab::{LabConfig, Question, Step};
use socklab_packets::pipeline::CaptureFacts;
use socklab_packets::types::FrameNumber;

const B: &str = "10.0.3.2:40110";

fn frames(numbers: &[u64]) -> Option<Vec<FrameNumber>> {
    Some(numbers.iter().copied().map(FrameNumber).collect())
}

fn texts(texts: &[Text]) -> Vec<String> {
    texts.iter().map(Text::to_string).collect()
}

/// The answer's text, and what each of its claims says.
fn said(analysis: &Analysis, question: Question) -> String {
    let answer = answer(analysis, question);
    let claims = answer.claims.iter().map(|claim| claim.text.to_string());
    std::iter::once(answer.text().to_string()).chain(claims).collect::<Vec<_>>().join("\n")
}

fn steps(analysis: &Analysis) -> Vec<Option<Step>> {
    analysis.captures.iter().map(|capture| capture.step().map(|recorded| recorded.step.clone())).collect()
}

/// Step 8 with a server that only prints: two lines.
fn step_8() -> CaptureFacts {
    let mut story = Story::new("step8", 0);
    let mut b = Story::tcp(B, A);
    story.handshake(&mut b);
    story.line(&mut b, "one\n");
    story.line(&mut b, "two\n");
    story.read()
}

fn step_12() -> CaptureFacts {
    let mut story = Story::new("step12", 300);
    story.datagram("10.0.3.2:51000", UDP_A, "one");
    story.datagram("10.0.3.2:51000", UDP_A, "");
    story.read()
}

fn part_two(file: &str, start: i64, clients: [&str; 2], reply: bool) -> CaptureFacts {
    let mut story = Story::new(file, start);
    let mut connections = clients.map(|client| Story::tcp(client, A));
    for connection in &mut connections {
        story.handshake(connection);
    }
    for connection in &mut connections {
        if reply { story.echo(connection, "hello\n") } else { story.line(connection, "hello\n") }
    }
    story.read()
}

#[test]
fn the_four_captures_of_the_sheet_answer_what_captures_can() {
    let analysis =
        of(vec![step_8(), step_12(), part_two("2", 600, [B1, B2], false), part_two("3", 900, [C1, C2], false)]);
    assert_eq!(steps(&analysis), [step("I.8"), step("I.12"), step("II.2"), step("II.3")].map(Some));
    let facts = |question: Question| answer(&analysis, question).facts.clone();
    assert_eq!(
        facts(question("I.1a")),
        Facts::TcpFrames {
            handshake_frames: frames(&[1, 2, 3]),
            data_frames: frames(&[4, 6]),
            acknowledgement_frames: frames(&[5, 7]),
            closing_frames: frames(&[]),
            retransmitted_frames: frames(&[]),
        }
    );
    assert_eq!(
        facts(question("I.1b")),
        Facts::SocketAddresses {
            client_socket_addresses: Some(vec![address(B)]),
            server_socket_addresses: Some(vec![address(A)]),
        }
    );
    assert_eq!(facts(question("I.2")), Facts::SecondServer { second_server_started: None, errno: None });
    assert_eq!(
        facts(question("I.3")),
        Facts::BusyServer { tcp_handshake_completed: None, served_while_first_client_connected: None }
    );
    assert_eq!(
        facts(question("I.4a")),
        Facts::UdpFrames {
            tcp_control_frames: Some(5),
            is_part: false,
            udp_control_frames: Some(0),
            udp_datagrams: Some(2)
        }
    );
    assert_eq!(facts(question("I.4b")), Facts::UdpClients { clients_served: None });
    assert_eq!(
        facts(question("II.2")),
        Facts::ServerSockets {
            server_socket_addresses: Some(vec![address(A)]),
            listening_sockets: Some(1),
            connection_sockets: Some(4),
            sockets_created: Some(5),
        }
    );
    let host = |host: &str, addresses: [&str; 2]| ClientHost {
        host: ip(host),
        socket_addresses: addresses.map(address).to_vec(),
        sockets_created: 2,
    };
    let clients = vec![host("10.0.3.2", [B1, B2]), host("10.0.3.3", [C1, C2])];
    assert_eq!(facts(question("II.3")), Facts::ClientSockets { clients: Some(clients) });
    let statuses: Vec<Status> = analysis.answers.iter().map(|answer| answer.status).collect();
    use Status::{NotInCapture, Observed, Partial};
    assert_eq!(
        statuses,
        [Observed, Observed, NotInCapture, NotInCapture, Observed, NotInCapture, Partial, Observed, Observed]
    );
    assert_eq!(codes(&analysis), []);
}

#[test]
fn one_hosts_file_of_part_two_supports_three_sockets_and_names_the_other_file() {
    let analysis = of(vec![part_two("2", 0, [B1, B2], true)]);
    let server = answer(&analysis, question("II.2"));
    assert_eq!(server.status, Status::Partial);
    assert!(matches!(server.facts, Facts::ServerSockets { sockets_created: Some(3), connection_sockets: Some(2), .. }));
    assert_eq!(texts(&server.missing), ["the capture of Part II step 3(c), made at host C"]);
    assert!(codes(&analysis).contains(&Code::SecondHostMissing));
}

#[test]
fn a_connection_in_two_captures_counts_once_and_a_reused_pair_of_addresses_twice() {
    let both = |file: &str| {
        let mut story = Story::new(file, 0);
        for client in [B1, B2, C1, C2] {
            let mut connection = Story::tcp(client, A);
            story.handshake(&mut connection);
            story.echo(&mut connection, "x\n");
        }
        story.read()
    };
    let analysis = of(vec![both("at A"), part_two("at C", 0, [C1, C2], true)]);
    assert!(matches!(
        answer(&analysis, question("II.2")).facts,
        Facts::ServerSockets { connection_sockets: Some(4), .. }
    ));
    let mut story = Story::new("again", 0);
    let mut first = Story::tcp(B1, A);
    let mut other = Story::tcp(B2, A);
    story.handshake(&mut first);
    story.handshake(&mut other);
    story.close(&mut first);
    let mut again = Story::tcp(B1, A);
    again.restart(77);
    story.handshake(&mut again);
    let analysis = of(vec![story.read()]);
    assert!(matches!(
        answer(&analysis, question("II.2")).facts,
        Facts::ServerSockets { connection_sockets: Some(3), .. }
    ));
}

#[test]
fn a_late_start_leaves_the_handshake_unknown_and_the_server_inferred() {
    let mut story = Story::new("late", 0);
    let mut b = Story::tcp("10.0.3.2:40210", "10.0.3.1:50007");
    story.line(&mut b, "one\n");
    story.line(&mut b, "two\n");
    let analysis = of(vec![story.read()]);
    assert!(matches!(answer(&analysis, question("I.1a")).facts, Facts::TcpFrames { handshake_frames: None, .. }));
    assert!(said(&analysis, question("I.1a")).contains("started after the connection was made"));
    assert_eq!(
        answer(&analysis, question("I.1b")).facts,
        Facts::SocketAddresses {
            client_socket_addresses: Some(vec![address("10.0.3.2:40210")]),
            server_socket_addresses: Some(vec![address("10.0.3.1:50007")]),
        }
    );
    assert!(codes(&analysis).contains(&Code::CaptureBeganLate));
}

#[test]
fn the_waiting_client_is_connected_but_not_served_where_the_server_replies() {
    let mut at_b = Story::new("b", 0);
    let mut b = Story::tcp(B1, A);
    at_b.handshake(&mut b);
    at_b.echo(&mut b, "hi\n");
    let mut at_c = Story::new("c", 60);
    let mut c = Story::tcp(C1, A);
    at_c.handshake(&mut c);
    at_c.line(&mut c, "hello?\n");
    at_c.half_close(&mut c);
    at_c.wait(2000);
    let analysis = of(vec![at_b.read(), at_c.read()]);
    assert_eq!(steps(&analysis), [Some(step("I.8")), Some(step("I.10"))]);
    assert_eq!(
        answer(&analysis, question("I.3")).facts,
        Facts::BusyServer { tcp_handshake_completed: Some(true), served_while_first_client_connected: Some(false) }
    );
}

#[test]
fn a_print_only_server_leaves_service_unknown_and_the_missing_fin_is_a_sign() {
    let mut at_c = Story::new("c", 60);
    let mut c = Story::tcp(C1, A);
    at_c.handshake(&mut c);
    at_c.line(&mut c, "hello?\n");
    at_c.half_close(&mut c);
    let analysis = of(vec![at_c.read()]);
    let busy = answer(&analysis, question("I.3"));
    assert_eq!(
        busy.facts,
        Facts::BusyServer { tcp_handshake_completed: Some(true), served_while_first_client_connected: None }
    );
    // No connection of this server was ever closed, so a missing FIN shows nothing.
    assert!(said(&analysis, question("I.3")).contains("No frame shows whether the server's program accepted"));
}

#[test]
fn a_whole_run_captured_at_the_server_is_told_apart_step_by_step() {
    let mut story = Story::new("at A", 0);
    let mut b = Story::tcp(B1, A);
    story.handshake(&mut b);
    story.echo(&mut b, "one\n");
    let mut c = Story::tcp(C1, A);
    story.handshake(&mut c);
    story.line(&mut c, "waiting\n");
    story.half_close(&mut c);
    story.wait(1000);
    story.close(&mut b);
    story.datagram("10.0.3.2:51000", UDP_A, "udp");
    story.datagram("10.0.3.3:52000", UDP_A, "udp");
    let mut threaded: Vec<_> =
        ["10.0.3.2:40300", "10.0.3.2:40302", "10.0.3.3:51800", "10.0.3.3:51802"].map(|c| Story::tcp(c, A)).to_vec();
    for connection in &mut threaded {
        story.handshake(connection);
        story.echo(connection, "two\n");
    }
    let analysis = of(vec![story.read()]);
    let facts = |question: Question| answer(&analysis, question).facts.clone();
    assert!(
        matches!(facts(question("I.1b")), Facts::SocketAddresses { client_socket_addresses: Some(c), .. } if c == [address(B1)])
    );
    assert_eq!(
        facts(question("I.3")),
        Facts::BusyServer { tcp_handshake_completed: Some(true), served_while_first_client_connected: Some(false) }
    );
    assert!(matches!(facts(question("I.4a")), Facts::UdpFrames { udp_datagrams: Some(1), .. }));
    assert!(matches!(
        facts(question("II.1")),
        Facts::ThreadedClients { clients_connected: Some(4), clients_served: Some(4), .. }
    ));
    assert!(matches!(facts(question("II.2")), Facts::ServerSockets { sockets_created: Some(5), .. }));
}

#[test]
fn refused_and_unanswered_attempts_are_no_sockets_of_the_server() {
    let mut story = Story::new("refused first", 0);
    story.refused(&mut Story::tcp("10.0.3.2:40100", A));
    let mut first = Story::tcp(B1, A);
    let mut second = Story::tcp(B2, A);
    story.handshake(&mut first);
    story.handshake(&mut second);
    story.syns(Story::tcp("10.0.3.2:40400", A), 3);
    let analysis = of(vec![story.read()]);
    assert!(matches!(
        answer(&analysis, question("II.2")).facts,
        Facts::ServerSockets { connection_sockets: Some(2), .. }
    ));
}

#[test]
fn a_refused_client_says_what_to_start() {
    let mut story = Story::new("refused", 0);
    story.refused(&mut Story::tcp(B1, A));
    let analysis = of(vec![story.read()]);
    assert_eq!(codes(&analysis), [Code::ConnectionRefused]);
    let frames_answer = answer(&analysis, question("I.1a"));
    assert_eq!(frames_answer.status, Status::Partial);
    assert!(said(&analysis, question("I.1a")).contains("RST"));
}

#[test]
fn other_traffic_is_not_the_labs() {
    let mut story = Story::new("noise", 0);
    let mut web = Story::tcp("10.0.3.2:50500", "93.184.216.34:80");
    story.handshake(&mut web);
    story.echo(&mut web, "GET / HTTP/1.1\r\n\r\n");
    let mut ssh = Story::tcp("10.0.3.2:50502", "10.0.3.1:22");
    story.handshake(&mut ssh);
    story.echo(&mut ssh, "SSH-2.0-OpenSSH_9.2\r\n");
    story.datagram("10.0.3.2:50600", "10.0.3.1:53", "dns");
    let mut b = Story::tcp(B1, A);
    story.handshake(&mut b);
    story.line(&mut b, "one\n");
    let analysis = of(vec![story.read()]);
    let lab: Vec<bool> = analysis.captures[0].tcp_roles.iter().map(|role| role.lab).collect();
    assert_eq!(lab, [false, false, true]);
    assert!(analysis.captures[0].udp_roles.iter().all(|role| !role.lab));
    assert!(codes(&analysis).contains(&Code::ExtraTraffic));
    assert_eq!(steps(&analysis), [Some(step("I.8"))]);
}

#[test]
fn journals_prove_the_second_servers_failure() {
    let text = r#"{"time":"2026-01-01T10:00:00.000001Z","program":"tcp-server","pid":7,"event":"socket","protocol":"tcp","socket":1}
{"time":"2026-01-01T10:00:00.000002Z","program":"tcp-server","pid":7,"event":"error","protocol":"tcp","socket":1,"local":"10.0.3.1:65432","operation":"bind","errno":"EADDRINUSE"}
"#;
    let journal = NamedJournal { file: "a.jsonl".to_owned(), journal: Journal::read(text.as_bytes()).unwrap() };
    let analysis = analyze(vec![step_8()], &[journal], &LabConfig::default());
    let second = answer(&analysis, question("I.2"));
    assert_eq!(second.status, Status::Observed);
    assert_eq!(
        second.facts,
        Facts::SecondServer { second_server_started: Some(false), errno: Some("EADDRINUSE".to_owned()) }
    );
    assert_eq!(second.claims[0].evidence[0].lines, [2]);
}

/// The journal of a server that accepted these clients in its first thread, while all of them were connected, and read from
/// each in a thread of its own, or in the same one.
fn concurrent(file: &str, threads: bool, clients: &[&str]) -> NamedJournal {
    let event = |thread: usize, kind: &str, socket: usize, rest: &str| {
        format!(
            r#"{{"time":"2026-01-01T10:00:00Z","program":"server.py","pid":7,"thread":{thread},"event":"{kind}","protocol":"tcp","socket":{socket},"local":"{A}"{rest}}}"#
        ) + "\n"
    };
    let mut text = event(7, "listen", 1, "");
    let with = |client: &str| format!(r#","remote":"{client}""#);
    for (socket, client) in (2..).zip(clients) {
        text += &event(7, "accept", socket, &with(client));
    }
    for (socket, client) in (2..).zip(clients) {
        text += &event(if threads { 6 + socket } else { 7 }, "receive", socket, &with(client));
    }
    NamedJournal { file: file.to_owned(), journal: Journal::read(text.as_bytes()).unwrap() }
}

/// Which part a server belongs to is told by the captures of those whom it accepted, not by how it serves them: a threaded
/// one may be tried in Part I, and one with select() in Part II.
#[test]
fn a_server_is_of_the_part_in_which_its_clients_were_captured() {
    let captures = || vec![step_8(), part_two("2", 600, [B1, B2], false), part_two("3", 900, [C1, C2], false)];
    for threads in [true, false] {
        let journals =
            [concurrent("1.jsonl", threads, &[B, "10.0.3.3:40000"]), concurrent("2.jsonl", threads, &[B1, B2, C1, C2])];
        let analysis = analyze(captures(), &journals, &LabConfig::default());
        let facts = |question| answer(&analysis, question).facts.clone();
        let busy =
            Facts::BusyServer { tcp_handshake_completed: Some(true), served_while_first_client_connected: Some(true) };
        assert_eq!(facts(question("I.3")), busy, "threads: {threads}");
        let Facts::ThreadedClients { clients_connected, .. } = facts(question("II.1")) else { panic!() };
        assert_eq!(clients_connected, Some(4), "threads: {threads}");
        let told = said(&analysis, question("II.1"));
        let expected: &[&str] = match threads {
            true => &[
                "of each client of B (10.0.3.2): thread 8 from 10.0.3.2:40210 and thread 9 from 10.0.3.2:40212.",
                "of each client of C (10.0.3.3): thread 10 from 10.0.3.3:51762 and thread 11 from 10.0.3.3:51764.",
            ],
            false => &["One thread, 7, received the data of all clients."],
        };
        assert!(expected.iter().all(|text| told.contains(text)), "{told}");
        let sockets = answer(&analysis, question("II.2"));
        assert!(matches!(sockets.facts, Facts::ServerSockets { sockets_created: Some(5), .. }), "{:?}", sockets.facts);
        let proving = |text: &str| {
            let claim = sockets.claims.iter().find(|claim| claim.text.to_string().contains(text)).unwrap();
            (claim.basis, claim.rests_on_journal(), claim.evidence[0].file.clone())
        };
        assert_eq!(proving("listen()"), (Basis::Proved, true, "2.jsonl".to_owned()));
        assert_eq!(proving("accept()"), (Basis::Proved, true, "2.jsonl".to_owned()));
    }
}

#[test]
fn the_settings_go_before_what_is_worked_out() {
    let mut config = LabConfig::default();
    config.steps.insert("step8".to_owned(), step("II.3"));
    let analysis = analyze(vec![step_8()], &[], &config);
    assert_eq!(steps(&analysis), [Some(step("II.3"))]);
    assert!(matches!(answer(&analysis, question("II.3")).facts, Facts::ClientSockets { clients: Some(_) }));
    assert_eq!(answer(&analysis, question("I.1a")).status, Status::NotInCapture);
}

#[test]
fn a_udp_capture_that_begins_with_a_reply_still_finds_its_server() {
    let mut story = Story::new("late udp", 0);
    story.datagram("10.0.3.1:9000", "10.0.3.2:51000", "echo");
    story.datagram("10.0.3.2:51000", "10.0.3.1:9000", "next");
    let analysis = of(vec![story.read()]);
    assert_eq!(analysis.lab.servers[0].address, address("10.0.3.1:9000"));
    assert!(matches!(answer(&analysis, question("I.4a")).facts, Facts::UdpFrames { udp_datagrams: Some(2), .. }));
}

#[test]
fn a_lab_on_a_well_known_port_is_found_by_its_text() {
    let mut story = Story::new("port 80", 0);
    let mut b = Story::tcp(B, "10.0.3.1:80");
    story.handshake(&mut b);
    story.line(&mut b, "hello\n");
    let mut web = Story::tcp("10.0.3.2:50500", "93.184.216.34:443");
    story.handshake(&mut web);
    story.line(&mut web, "\u{16}\u{3}\u{1}binary");
    let analysis = of(vec![story.read()]);
    assert_eq!(analysis.lab.servers.iter().map(|server| server.address).collect::<Vec<_>>(), [address("10.0.3.1:80")]);
}

#[test]
fn the_claims_on_each_of_several_connections_name_it() {
    let mut story = Story::new("again", 0);
    for client in [B1, B2] {
        let mut connection = Story::tcp(client, A);
        story.handshake(&mut connection);
        story.line(&mut connection, "one\n");
        story.close(&mut connection);
    }
    let analysis = of(vec![story.read()]);
    let first = answer(&analysis, question("I.1a"));
    for client in [B1, B2] {
        let name = format!("Connection of {client}: ");
        let of_it = first.claims.iter().filter(|claim| claim.text.to_string().starts_with(&name));
        // Handshake, lines, no replies, acknowledgements, closing.
        assert_eq!(of_it.count(), 5);
    }
}

#[test]
fn a_server_that_was_sent_nothing_is_not_said_to_leave_it_unanswered() {
    let mut story = Story::new("early", 0);
    story.handshake(&mut Story::tcp(B1, A));
    let analysis = of(vec![story.read()]);
    let text = said(&analysis, question("I.1a")) + &said(&analysis, question("I.1b"));
    assert!(text.contains("No frame from B carries payload") && !text.contains("from A carries"), "{text}");
    assert!(text.contains("No frame carries data, in either direction."), "{text}");
}

#[test]
fn on_one_computer_the_roles_name_the_two_ends() {
    let mut story = Story::new("same host", 0);
    let mut own = Story::tcp("10.0.3.2:40210", "10.0.3.2:65432");
    story.handshake(&mut own);
    story.line(&mut own, "one\n");
    let text = said(&of(vec![story.read()]), question("I.1a"));
    assert!(text.contains("SYN from the client to the server (frame 1)"), "{text}");
    assert!(text.contains("Only the client sends data; the server's frames carry none."), "{text}");
}

#[test]
fn one_client_on_each_host_of_part_two_is_told_from_step_10_by_what_came_before() {
    let single = |file: &str, start: i64, client: &str| {
        let mut story = Story::new(file, start);
        let mut connection = Story::tcp(client, A);
        story.handshake(&mut connection);
        story.line(&mut connection, "hello\n");
        story.read()
    };
    let analysis = of(vec![step_8(), step_12(), single("2", 600, B1), single("3", 900, C1)]);
    assert_eq!(steps(&analysis), [step("I.8"), step("I.12"), step("II.2"), step("II.3")].map(Some));
    assert_eq!(codes(&analysis), [Code::OnlyOneClient, Code::OnlyOneClient]);
    let step_10 = of(vec![step_8(), single("10", 200, C1), step_12()]);
    assert_eq!(steps(&step_10)[1], Some(step("I.10")));
    let mut config = LabConfig::default();
    config.steps.insert("2".to_owned(), step("II.2"));
    let set = analyze(vec![single("2", 600, B1), single("3", 900, C1)], &[], &config);
    assert_eq!(steps(&set), [step("II.2"), step("II.3")].map(Some));
}

#[test]
fn a_lone_client_at_the_third_address_whose_syns_stay_unanswered_is_c() {
    let mut story = Story::new("full queue", 0);
    story.syns(Story::tcp(C1, A), 3);
    let analysis = of(vec![story.read()]);
    assert_eq!(steps(&analysis), [Some(step("I.10"))]);
    let busy = answer(&analysis, question("I.3"));
    assert_eq!((busy.status, busy.missing.len()), (Status::Partial, 1));
    assert!(texts(&busy.missing)[0].contains("in which C's client connects"));
}

#[test]
fn a_datagram_that_nobody_took_is_not_passed_over_in_the_answer() {
    let mut story = Story::new("refused", 0);
    story.datagram("10.0.3.2:51000", UDP_A, "one");
    story.port_unreachable("10.0.3.2:51000", UDP_A);
    let analysis = of(vec![story.read()]);
    let text = said(&analysis, question("I.4a"));
    assert!(text.contains("1 datagram from the client to 10.0.3.1:65433, none back"), "{text}");
    assert!(text.contains("ICMP port unreachable came back"), "{text}");
    assert!(analysis.findings[0].message.to_string().starts_with("1 datagram to 10.0.3.1:65433 came back"));
    assert!(!analysis.lab.streams[0].established);
}

#[test]
fn the_servers_fin_that_waits_for_the_first_client_is_a_sign_of_the_queue() {
    let mut story = Story::new("at A", 0);
    let (mut b, mut c) = (Story::tcp(B1, A), Story::tcp(C1, A));
    story.handshake(&mut b);
    story.line(&mut b, "one\n");
    story.handshake(&mut c);
    story.line(&mut c, "waiting\n");
    story.half_close(&mut c);
    story.wait(1000);
    story.close(&mut b);
    story.close_of_server(&mut c);
    let analysis = of(vec![story.read()]);
    let claims = &answer(&analysis, question("I.3")).claims;
    let late = claims.iter().find(|claim| claim.text.to_string().contains("waited in the queue")).unwrap();
    assert_eq!(late.basis, Basis::Inferred);
    // C's FIN, the first frame of B's end, and the server's FIN to C.
    assert_eq!(late.evidence[0].frames, [11, 13, 16].map(FrameNumber).into_iter().collect::<FrameRanges>());
}

#[test]
fn a_server_that_ended_while_c_waited_may_have_left_the_line_unread() {
    let mut story = Story::new("c", 0);
    let mut c = Story::tcp(C1, A);
    story.handshake(&mut c);
    story.line(&mut c, "waiting\n");
    story.reset_by_server(&mut c);
    let text = said(&of(vec![story.read()]), question("I.3"));
    assert!(text.contains("RST") && text.contains("leaves data unread") && !text.contains("until B quits"), "{text}");
}

#[test]
fn a_server_that_was_set_wrongly_is_named_where_nothing_belongs_to_the_lab() {
    let mut config = LabConfig::default();
    config.hosts.insert(host("A"), ip("192.168.50.1"));
    let analysis = analyze(vec![step_8()], &[], &config);
    assert_eq!(codes(&analysis), [Code::NoLabTraffic]);
    assert!(analysis.findings[0].message.to_string().ends_with("host A, was set to 192.168.50.1: is it that one?"));
}

/// Part II at B and C with the server of Part I, which serves B's first client until that leaves.
fn served_one_by_one() -> Vec<CaptureFacts> {
    let mut at_b = Story::new("2", 600);
    let (mut first, mut second) = (Story::tcp(B1, A), Story::tcp(B2, A));
    at_b.handshake(&mut first);
    at_b.echo(&mut first, "one\n");
    at_b.handshake(&mut second);
    at_b.line(&mut second, "two\n");
    let mut at_c = Story::new("3", 900);
    let mut waiting = [C1, C2].map(|client| Story::tcp(client, A));
    for c in &mut waiting {
        at_c.handshake(c);
        at_c.line(c, "three\n");
    }
    for c in &mut waiting {
        at_c.half_close(c);
    }
    at_b.wait(2000);
    at_c.wait(2000);
    vec![step_8(), step_12(), at_b.read(), at_c.read()]
}

#[test]
fn part_two_with_the_server_of_part_one_is_found_out() {
    let analysis = of(served_one_by_one());
    assert_eq!(steps(&analysis)[2..], [step("II.2"), step("II.3")].map(Some));
    let found = analysis.findings.iter().find(|finding| finding.code == Code::NotThreaded).unwrap();
    assert!(found.message.to_string().starts_with("3 clients of Part II"), "{}", found.message);
    let text = said(&analysis, question("II.1"));
    assert!(text.contains("serves one client at a time"), "{text}");
    let good = of(vec![step_8(), step_12(), part_two("2", 600, [B1, B2], true), part_two("3", 900, [C1, C2], true)]);
    assert!(!codes(&good).contains(&Code::NotThreaded));
}

#[test]
fn a_threaded_server_that_closes_at_once_was_reading() {
    let mut story = Story::new("2", 0);
    let mut clients = [B1, B2].map(|client| Story::tcp(client, A));
    clients.iter_mut().for_each(|client| story.handshake(client));
    clients.iter_mut().for_each(|client| story.line(client, "one\n"));
    clients.iter_mut().for_each(|client| story.close(client));
    let analysis = of(vec![story.read()]);
    assert!(said(&analysis, question("II.1")).contains("its program had accepted those connections"));
    assert!(!codes(&analysis).contains(&Code::NotThreaded));
}

#[test]
fn what_came_before_a_whole_connection_is_noted_and_nothing_is_to_be_redone() {
    let mut story = Story::new("8", 0);
    story.close(&mut Story::tcp(B2, A));
    story.refused(&mut Story::tcp("10.0.3.2:40100", A));
    let mut b = Story::tcp(B1, A);
    story.handshake(&mut b);
    story.line(&mut b, "one\n");
    let analysis = of(vec![story.read()]);
    assert_eq!(codes(&analysis), [Code::EarlierRun, Code::ConnectionRefused]);
    assert!(analysis.findings.iter().all(|finding| finding.redo.is_none()));
    assert_eq!(answer(&analysis, question("I.1a")).status, Status::Observed);
}
