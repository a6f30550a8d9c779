//! Each code is made: by a fixture, whose `expected.json` lists it, or by a story here.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::analyze::analysis::{Analysis, Code, Severity};
use crate::analyze::testing::Story;
use crate::analyze::tests::support::{A, B1, B2, C1, UDP_A, codes, connected, has, late_at_the_busy_server, of, told};
use crate::analyze::{analyze, lab_file};
use crate::journal::{Journal, NamedJournal};
use crate::lab::LabConfig;
use socklab_packets::capfile::{CaptureWarning, WarningCode};
use socklab_packets::limits::{LAB_CANDIDATES, LAB_STREAMS};
use socklab_packets::pipeline::CaptureFacts;
use socklab_packets::types::{FrameNumber, Timestamp};

/// Step 8, captured whole while the connection was open.
fn step_8(file: &str) -> CaptureFacts {
    let mut story = Story::new(file, 0);
    let mut b = connected(&mut story, B1);
    story.echo(&mut b, "one\n");
    story.read()
}

fn with_warning(code: WarningCode) -> Analysis {
    let mut capture = step_8("at B");
    let frame = Some(FrameNumber(9));
    capture.info.warnings.push(CaptureWarning { code, message: "Reading ended.".to_owned(), frame, offset: None });
    of(vec![capture])
}

fn with_journal(text: &str, change: impl FnOnce(&mut Journal)) -> Analysis {
    let mut journal = Journal::read(text.as_bytes()).unwrap();
    change(&mut journal);
    let journals = [NamedJournal { file: "server.jsonl".to_owned(), journal }];
    analyze(vec![step_8("at B")], &journals, &LabConfig::default())
}

/// Datagrams of this many clients, to one server or each to one of its own.
fn datagrams(clients: usize, one_server: bool) -> Analysis {
    let mut story = Story::new("at A", 0);
    for number in 0..clients {
        let [high, low] = u16::try_from(number).unwrap().to_be_bytes();
        let server = if one_server { UDP_A.to_owned() } else { format!("10.2.{high}.{low}:65433") };
        story.datagram(&format!("10.1.{high}.{low}:40000"), &server, "one\n");
    }
    analyze(vec![story.read()], &[], &LabConfig::default())
}

/// Two steps or two hosts that are alike.
fn alike(hosts: &str, steps: &[&str], captures: Vec<CaptureFacts>) -> Analysis {
    let of_step = |(number, rest): (usize, &&str)| {
        format!("[[step]]\nnumber = {number}\ndoes = \"clients\"\nprotocol = \"tcp\"\n{rest}\n")
    };
    let steps: String = (2..).zip(steps).map(of_step).collect();
    let lab = format!(
        "[[host]]\nname = \"S\"\nrole = \"server\"\n{hosts}\
         [[step]]\nnumber = 1\ndoes = \"server\"\nprotocol = \"tcp\"\nport = 65432\n{steps}\
         [[question]]\nnumber = 1\ntitle = \"Run\"\npoints = 1\nkind = \"tcp-addresses\"\nsteps = [\"2\"]\n\
         [question.facts]\nclient_socket_addresses = \"the client\"\n"
    );
    analyze(captures, &[], &lab_file(&lab).unwrap())
}

fn client(name: &str) -> String {
    format!("[[host]]\nname = \"{name}\"\nrole = \"client\"\n")
}

/// A client of A that was there before its capture, and B's whole connection; either the one ended first, or it stayed.
fn from_before(ended: bool) -> Analysis {
    let mut story = Story::new("at B", 0);
    let mut old = Story::tcp(B2, A);
    if ended {
        story.close(&mut old);
    }
    let mut b = connected(&mut story, B1);
    story.echo(&mut b, "one\n");
    if !ended {
        story.wait(5000);
        story.close(&mut old);
    }
    of(vec![story.read()])
}

/// A story that leads to the finding, for codes that no fixture has.
#[expect(clippy::too_many_lines, reason = "a list: a story for each code")]
fn story_of(code: Code) -> Option<Analysis> {
    let mut story = Story::new("at B", 0);
    let analysis = match code {
        Code::AnotherServer => late_at_the_busy_server(true),
        Code::CaptureRepeated => twice(),
        Code::ClockSetBack => {
            let mut b = connected(&mut story, B1);
            story.set_back(100);
            story.echo(&mut b, "one\n");
            of(vec![story.read()])
        }
        Code::CopiedFrames => {
            let mut b = connected(&mut story, B1);
            story.line_captured_twice(&mut b, "one\n");
            of(vec![story.read()])
        }
        Code::EarlierRun => from_before(true),
        Code::IdleFromBefore => from_before(false),
        Code::ExtraTraffic => {
            let mut b = connected(&mut story, B1);
            story.echo(&mut b, "one\n");
            story.datagram("10.0.3.2:5353", "224.0.0.251:5353", "\0\0");
            of(vec![story.read()])
        }
        Code::FramesMissing => {
            story.lose(&[3]);
            let mut b = connected(&mut story, B1);
            story.echo(&mut b, "one\n");
            of(vec![story.read()])
        }
        Code::HostsNotTold => {
            let mut c = Story::new("at C", 900);
            let mut tcp = connected(&mut c, C1);
            c.echo(&mut tcp, "one\n");
            let steps = ["client = \"L\"\ncaptured = \"L\"", "client = \"M\"\ncaptured = \"M\""];
            alike(&(client("L") + &client("M")), &steps, vec![step_8("at B"), c.read()])
        }
        Code::StepsNotTold => alike(&client("L"), &["client = \"L\"\ncaptured = \"L\""; 2], vec![step_8("at B")]),
        Code::JournalCutShort => with_journal("", |journal| journal.cut = true),
        Code::LimitJournal => with_journal("", |journal| journal.left_out = 3),
        Code::JournalOfClients => {
            let connect = format!(
                "{{\"time\":\"2026-01-01T10:00:00Z\",\"program\":\"tcp-client\",\"pid\":1,\"event\":\"connect\",\
                 \"protocol\":\"tcp\",\"socket\":1,\"local\":\"{C1}\",\"remote\":\"{A}\"}}\n"
            );
            with_journal(&connect, |_| ())
        }
        Code::JournalOtherRun => {
            // A run that was not captured, and the one that was.
            let runs = [(1, "10.0.3.2:50001"), (2, B1)].map(|(pid, client)| {
                [("listen", 1, ""), ("accept", 2, client), ("receive", 2, client), ("close", 1, "")].map(
                    |(event, socket, client)| {
                        let remote = if client.is_empty() { String::new() } else { format!(",\"remote\":\"{client}\"") };
                        format!(
                            "{{\"time\":\"2026-01-01T1{pid}:00:00Z\",\"program\":\"server.py\",\"pid\":{pid},\"run\":{pid},\
                             \"event\":\"{event}\",\"protocol\":\"tcp\",\"socket\":{socket},\"local\":\"{A}\"{remote}}}\n"
                        )
                    },
                )
            });
            with_journal(&runs.as_flattened().concat(), |_| ())
        }
        Code::FileDamaged => with_warning(WarningCode::Damaged),
        Code::ReadError => with_warning(WarningCode::ReadError),
        Code::UnknownLinkType => with_warning(WarningCode::UnknownLinkType),
        Code::LimitConnections => with_warning(WarningCode::LimitConnections),
        Code::LimitCounts => with_warning(WarningCode::LimitCounts),
        Code::LimitFragments => with_warning(WarningCode::LimitFragments),
        Code::LimitInflation => with_warning(WarningCode::LimitInflation),
        Code::LimitInterfaces => with_warning(WarningCode::LimitInterfaces),
        Code::LimitTableEntries => with_warning(WarningCode::LimitTableEntries),
        Code::LimitWindow => with_warning(WarningCode::LimitWindow),
        Code::LimitCandidates => datagrams(LAB_CANDIDATES, false),
        Code::ManyConnections => datagrams(LAB_STREAMS + 1, true),
        Code::NotThreaded => {
            let [mut b1, mut b2] = [B1, B2].map(|client| connected(&mut story, client));
            [&mut b1, &mut b2].into_iter().for_each(|tcp| story.echo(tcp, "line\n"));
            let mut c = connected(&mut story, C1);
            story.line(&mut c, "hello\n");
            story.wait(3000);
            story.close(&mut b1);
            story.segment_of_server(&mut c, "hello\n");
            of(vec![story.read()])
        }
        Code::OneDirection => {
            story.server_alone(&mut Story::tcp(C1, A), "welcome\n");
            of(vec![story.read()])
        }
        Code::PacketsDropped => of(vec![with_dropped(Some(2))]),
        Code::Retransmissions => {
            let mut b = connected(&mut story, B1);
            story.line_and_again(&mut b, "one\n", [7, 8]);
            of(vec![story.read()])
        }
        Code::ServerOnLoopback => {
            let mut own = Story::tcp("127.0.0.1:60122", "127.0.0.1:65432");
            story.handshake(&mut own);
            story.line(&mut own, "local\n");
            [B1, C1].into_iter().for_each(|client| story.refused(&mut Story::tcp(client, A)));
            of(vec![story.read()])
        }
        Code::ServerUncertain => {
            story.echo(&mut Story::tcp("10.0.3.2:50000", "10.0.3.1:50001"), "Hello server");
            of(vec![story.read()])
        }
        Code::SettingUnused => {
            let mut config = LabConfig::default();
            config.set_servers(&[("10.0.3.1".parse().unwrap(), Some(80))]).unwrap();
            analyze(vec![step_8("at B")], &[], &config)
        }
        Code::SeveralRuns => {
            for client in [B1, B2] {
                let mut tcp = connected(&mut story, client);
                story.echo(&mut tcp, "one\n");
                story.close(&mut tcp);
            }
            of(vec![story.read()])
        }
        Code::SocketPerLine => of(vec![a_port_for_each([40_001, 40_002, 40_003, 40_004])]),
        Code::StreamNumbers => {
            let mut screen = Story::tcp("10.0.3.2:50100", "10.0.3.9:6001");
            story.handshake(&mut screen);
            story.segment_of_server(&mut screen, "RFB 003.008\n");
            let mut b = connected(&mut story, B1);
            story.echo(&mut b, "one\n");
            of(vec![story.read()])
        }
        Code::TranslatedAddresses => {
            let (mut inside, mut outside) = (Story::tcp("172.22.48.5:40210", A), Story::tcp(B1, A));
            story.echo_translated([&mut inside, &mut outside], "one\n");
            of(vec![story.read()])
        }
        Code::UdpNotDelivered => {
            story.datagram(B1, UDP_A, "one");
            story.administratively_prohibited(B1, UDP_A);
            of(vec![story.read()])
        }
        Code::WrongAddress => {
            story.refused(&mut Story::tcp("10.0.3.2:41498", "10.0.3.3:65432"));
            let mut b = connected(&mut story, B1);
            story.line(&mut b, "at last\n");
            of(vec![story.read()])
        }
        _ => return None,
    };
    Some(analysis)
}

/// The codes that fixtures must have: `tests/it/fixtures` compares them with what is found.
fn of_fixtures() -> BTreeSet<String> {
    fn walk(folder: &Path, found: &mut BTreeSet<String>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, found);
            } else if path.ends_with("expected.json") {
                let expected: serde_json::Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
                let stories = expected["stories"].as_array().into_iter().flatten();
                let analyses = stories.flat_map(|story| story["analyses"].as_array().into_iter().flatten());
                let codes = analyses.flat_map(|analysis| analysis["findings"].as_array().into_iter().flatten());
                found.extend(codes.map(|code| code.as_str().unwrap().to_owned()));
            }
        }
    }
    let mut found = BTreeSet::new();
    walk(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures"), &mut found);
    found
}

#[test]
fn each_code_is_made_by_a_fixture_or_a_story() {
    let of_fixtures = of_fixtures();
    assert!(of_fixtures.iter().all(|code| Code::named(code).is_some()), "{of_fixtures:?}");
    let mut missing = Vec::new();
    for code in Code::ALL.iter().copied().filter(|code| !of_fixtures.contains(code.as_str())) {
        let analysis = story_of(code).unwrap_or_else(|| panic!("no fixture and no story has {code}"));
        if !has(&analysis, code) {
            missing.push(format!("{code}: {:?}", codes(&analysis)));
        }
    }
    assert_eq!(missing, Vec::<String>::new());
}

/// A capture of which the file says how many packets were lost.
fn with_dropped(dropped: Option<u64>) -> CaptureFacts {
    let mut capture = step_8("at B");
    capture.info.interfaces[0].dropped = dropped;
    capture
}

#[test]
fn packets_that_the_computer_lost_are_told() {
    let said = |dropped| told(&of(vec![with_dropped(dropped)]), Code::PacketsDropped);
    assert!(said(Some(1)).contains("could not keep up while capturing and lost 1 packet, so"), "{}", said(Some(1)));
    assert!(said(Some(2)).contains("lost 2 packets, so"), "{}", said(Some(2)));
    assert_eq!((said(Some(0)), said(None)), (String::new(), String::new()));
}

/// With the time of its first frame, which stories do not note.
fn timed(mut capture: CaptureFacts) -> CaptureFacts {
    capture.info.first_time = Some(Timestamp { seconds: 1_700_000_000, nanoseconds: 1_000_000, digits: 6 });
    capture
}

/// Which of both is the first is told by the order in which they are given.
fn twice() -> Analysis {
    analyze(vec![timed(step_8("one")), timed(step_8("two"))], &[], &LabConfig::default())
}

#[test]
fn a_capture_that_is_given_twice_is_told() {
    assert_eq!(
        told(&twice(), Code::CaptureRepeated),
        "It has as many frames, at the same times, as one: the same capture twice? What both show counts once."
    );
    // More frames make it another capture.
    let mut story = Story::new("two", 0);
    let mut b = connected(&mut story, B1);
    story.echo(&mut b, "one\n");
    story.line(&mut b, "two\n");
    assert_eq!(told(&of(vec![timed(step_8("one")), timed(story.read())]), Code::CaptureRepeated), "");
}

/// One datagram from each of these ports of B.
fn a_port_for_each(ports: impl IntoIterator<Item = u16>) -> CaptureFacts {
    let mut story = Story::new("at B", 0);
    for port in ports {
        story.datagram(&format!("10.0.3.2:{port}"), UDP_A, "one\n");
    }
    story.read()
}

#[test]
fn a_client_that_makes_a_socket_for_each_line_is_told() {
    let said = |ports: &[u16]| told(&of(vec![a_port_for_each(ports.iter().copied())]), Code::SocketPerLine);
    let four = said(&[40_001, 40_002, 40_003, 40_004]);
    assert!(four.starts_with("B (10.0.3.2) sent the server 4 datagrams, each from a different port: "), "{four}");
    // A client that sends twice from one port keeps its socket; two ports are two clients' as well.
    assert_eq!(said(&[40_001, 40_001, 40_002, 40_003, 40_004]), "");
    assert_eq!(said(&[40_001, 40_002]), "");
}

#[test]
fn what_a_reader_warns_of_is_a_finding() {
    for code in WarningCode::ALL {
        let analysis = with_warning(code);
        let found = analysis.findings.iter().find(|finding| finding.message.to_string().starts_with("Reading ended."));
        let found = found.unwrap_or_else(|| panic!("{code:?} is not told"));
        assert!(found.code.as_str().ends_with(code.as_str()), "{code:?} is told as {}", found.code);
        // A full table lacks nothing of the lab.
        let severity = if code == WarningCode::LimitTableEntries { Severity::Info } else { Severity::Warning };
        assert_eq!(found.severity, severity, "{code:?}");
    }
}
