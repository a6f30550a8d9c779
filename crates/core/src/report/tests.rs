//! Reports of stories told frame by frame, and of hostile text wherever text can stand.

use std::net::IpAddr;

use proptest::prelude::*;
use serde_json::Value;

use crate::analyze::analysis::{
    Analysis, Answer, Basis, Claim, Code, Evidence, Facts, Finding, HostBasis, HostFound, LabFound, RecordedStep,
    Severity, Status, StreamSpan,
};
use crate::analyze::testing::Story;
use crate::analyze::together::{InTurn, Together};
use crate::analyze::{analyze, analyze_together};
use crate::escape::is_harmful;
use crate::lab::testing::{host as host_of, question, step as step_of};
use crate::lab::{LabConfig, Points};
use crate::report::page::WIDTH;
use crate::report::style::Style;
use crate::report::table::Detail;
use crate::report::{json, table};
use socklab_packets::capfile::{CaptureWarning, WarningCode};
use socklab_packets::types::{FrameNumber, Protocol, StreamNumber};

fn as_json(analysis: &Analysis) -> (String, Value) {
    let mut out = Vec::new();
    json::write(&mut out, analysis, &json::OneByOne).unwrap();
    let text = String::from_utf8(out).unwrap();
    let value = serde_json::from_str(&text).unwrap();
    (text, value)
}

fn as_table(analysis: &Analysis, style: Style, detail: Detail) -> String {
    let mut out = Vec::new();
    table::write(&mut out, analysis, table::Options { style, detail }).unwrap();
    String::from_utf8(out).unwrap()
}

/// A client that connects and sends a line, another that is refused, and a datagram.
pub(in crate::report) fn story() -> Analysis {
    let mut story = Story::new("step8.pcapng", 0);
    let mut tcp = Story::tcp("10.0.3.2:40210", "10.0.3.1:65432");
    story.handshake(&mut tcp);
    story.line(&mut tcp, "hello\n");
    story.refused(&mut Story::tcp("10.0.3.2:40212", "10.0.3.1:81"));
    story.datagram("10.0.3.2:51000", "224.0.0.251:5353", "noise");
    analyze(vec![story.read()], &[], &LabConfig::default())
}

#[test]
fn json_tells_the_story() {
    let (_, json) = as_json(&story());
    assert_eq!(json["schema"], "socklab.analysis/1");
    let capture = &json["captures"][0];
    assert_eq!(capture["frames"], 8);
    assert_eq!(capture["step"]["step"], "8");
    let connection = &capture["tcp_connections"][0];
    assert_eq!(connection["client"], "10.0.3.2:40210");
    assert_eq!(connection["role_basis"], "syn");
    assert_eq!(connection["lab"], true);
    assert_eq!(connection["handshake"]["state"], "complete");
    assert_eq!([1, 2, 3], ["syn", "syn_ack", "ack"].map(|name| connection["handshake"][name].as_u64().unwrap()));
    assert_eq!(connection["completeness"], 15);
    assert_eq!(connection["client_to_server"]["payload_bytes"], 6);
    assert_eq!(connection["frame_list"][1]["flags"], "SYN, ACK");
    assert_eq!(connection["frame_list"][1]["from"], "server");
    assert_eq!(connection["frame_list_complete"], true);
    assert_eq!(capture["tcp_connections"][1]["handshake"]["state"], "refused");
    assert_eq!(capture["tcp_connections"][1]["completeness"], 37);
    assert_eq!(capture["udp_conversations"][0]["client_to_server"]["payload_bytes"], 5);
}

/// A segment that comes behind the next one: within a round-trip time, tshark has it out of order, later as a retransmission.
#[test]
fn retransmissions_are_those_that_wireshark_marks() {
    for (milliseconds, is_marked) in [(0, false), (600, true)] {
        let mut story = Story::new("step8.pcapng", 0);
        let mut tcp = Story::tcp("10.0.3.2:40110", "10.0.3.1:65432");
        story.handshake_at_client(&mut tcp, 40);
        let mut before = tcp;
        story.lose(&[0, 1, 3, 5]);
        story.segment_of_server(&mut tcp, "one\n");
        story.segment_of_server(&mut tcp, "two\n");
        story.wait(milliseconds);
        story.segment_of_server(&mut before, "one\n");
        let analysis = analyze(vec![story.read()], &[], &LabConfig::default());
        let (_, json) = as_json(&analysis);
        let connection = &json["captures"][0]["tcp_connections"][0];
        assert_eq!(connection["server_to_client"]["retransmissions"], u64::from(is_marked));
        let frames = connection["frame_list"].as_array().unwrap().iter();
        let marked: Vec<_> =
            frames.filter(|frame| frame["retransmission"] == true).map(|frame| &frame["frame"]).collect();
        assert_eq!(marked.len(), usize::from(is_marked));
        assert!(marked.iter().all(|frame| **frame == 5), "{marked:?}");
        let found = analysis.findings.iter().find(|finding| finding.code == Code::Retransmissions);
        let expected = "Wireshark marks frame 5 as a retransmission: it came late, or not all of what it repeats is in the capture.";
        assert_eq!(found.map(|finding| finding.message.to_string()), is_marked.then(|| expected.to_owned()));
    }
}

/// As tshark has it: the connection goes on, but the capture shows no handshake that was completed.
#[test]
fn json_has_no_third_frame_of_a_handshake_without_its_second() {
    let mut story = Story::new("lacks the SYN-ACK", 0);
    let mut tcp = Story::tcp("10.0.3.2:40110", "10.0.3.1:65432");
    story.lose(&[1]);
    story.handshake(&mut tcp);
    story.echo(&mut tcp, "hello\n");
    let (_, json) = as_json(&analyze(vec![story.read()], &[], &LabConfig::default()));
    let handshake = &json["captures"][0]["tcp_connections"][0]["handshake"];
    assert_eq!(handshake["state"], "syn_only");
    assert_eq!(
        (handshake["syn"].as_u64(), &handshake["syn_ack"], &handshake["ack"]),
        (Some(1), &Value::Null, &Value::Null)
    );
}

#[test]
fn socket_addresses_are_listed_once_with_their_roles() {
    let (_, json) = as_json(&story());
    let listed: Vec<String> = json["captures"][0]["socket_addresses"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| {
            let text = |name| entry[name].as_str().unwrap();
            format!("{} {} {} {}", text("protocol"), text("address"), text("role"), entry["frames"])
        })
        .collect();
    assert_eq!(
        listed,
        [
            "tcp 10.0.3.1:81 server 2",
            "tcp 10.0.3.1:65432 server 5",
            "tcp 10.0.3.2:40210 client 5",
            "tcp 10.0.3.2:40212 client 2",
            "udp 10.0.3.2:51000 unknown 1",
            "udp 224.0.0.251:5353 unknown 1",
        ]
    );
}

/// The contract's names, by hand from its text; every one must be there, null or not.
#[test]
fn json_has_every_name_of_the_contract() {
    let (_, json) = as_json(&story());
    let has = |value: &Value, names: &[&str]| {
        for name in names {
            assert!(value.get(*name).is_some(), "no {name} in {value}");
        }
    };
    has(&json, &["schema", "captures", "findings", "answers"]);
    let capture = &json["captures"][0];
    has(capture, &["file", "format", "compression", "frames", "first_time", "last_time", "interfaces", "truncated"]);
    has(capture, &["warnings", "step", "tcp_connections", "udp_conversations", "socket_addresses"]);
    has(&capture["interfaces"][0], &["id", "name", "link_type", "frames"]);
    has(&capture["step"], &["part", "step", "protocol", "host", "why"]);
    let connection = &capture["tcp_connections"][0];
    has(connection, &["stream", "client", "server", "role_basis", "lab", "handshake", "completeness", "close"]);
    has(connection, &["client_to_server", "server_to_client", "first_frame", "last_frame"]);
    has(&connection["handshake"], &["state", "syn", "syn_ack", "ack"]);
    has(&connection["server_to_client"], &["frames", "data_frames", "payload_bytes"]);
    let conversation = &capture["udp_conversations"][0];
    has(conversation, &["stream", "client", "server", "role_basis", "lab", "first_frame", "last_frame"]);
    has(&conversation["client_to_server"], &["frames", "payload_bytes"]);
    has(&json["findings"][0], &["code", "severity", "file", "message", "redo", "evidence"]);
    assert_eq!(json["answers"].as_array().unwrap().len(), 9);
    let facts: [&[&str]; 9] = [
        &["handshake_frames", "data_frames", "acknowledgement_frames", "closing_frames"],
        &["client_socket_addresses", "server_socket_addresses"],
        &["second_server_started", "errno"],
        &["tcp_handshake_completed", "served_while_first_client_connected"],
        &["tcp_control_frames", "udp_control_frames", "udp_datagrams"],
        &["clients_served"],
        &["clients_connected", "clients_served"],
        &["server_socket_addresses", "listening_sockets", "connection_sockets", "sockets_created"],
        &["clients"],
    ];
    for (answer, facts) in json["answers"].as_array().unwrap().iter().zip(facts) {
        has(answer, &["question", "part", "points", "status", "answer", "claims", "facts", "missing"]);
        has(&answer["claims"][0], &["text", "basis", "evidence"]);
        has(&answer["facts"], facts);
    }
    has(&json["answers"][0]["claims"][0]["evidence"][0], &["file", "frames", "filter", "lines"]);
}

/// Wireshark's table of conversations counts a line that was sent again twice, and so do the JSON and the list.
#[test]
fn a_list_with_what_was_sent_again_says_that_it_counts_it() {
    let table = |times: usize| {
        let mut story = Story::new("step8.pcapng", 0);
        let mut tcp = Story::tcp("10.0.3.2:40210", "10.0.3.1:65432");
        story.handshake(&mut tcp);
        let before = tcp;
        for _ in 0..times {
            tcp = before;
            story.line(&mut tcp, "hello\n");
            story.wait(300);
        }
        let analysis = analyze(vec![story.read()], &[], &LabConfig::default());
        let (_, json) = as_json(&analysis);
        let sent = json["captures"][0]["tcp_connections"][0]["client_to_server"]["payload_bytes"].as_u64();
        (sent, as_table(&analysis, Style::Plain, Detail::Short))
    };
    let [(once, plain), (twice, repeated)] = [table(1), table(2)];
    assert_eq!((once, twice), (Some(6), Some(12)));
    assert!(plain.contains(" 1 (6) ") && !plain.contains("Sent and Back count each frame"), "{plain}");
    assert!(repeated.contains(" 2 (12) ") && repeated.contains("Sent and Back count each frame"), "{repeated}");
}

#[test]
fn a_table_shows_lab_traffic_and_counts_the_rest() {
    let table = as_table(&story(), Style::Plain, Detail::Short);
    assert!(table.contains("B 10.0.3.2:40210"), "{table}");
    assert!(!table.contains("224.0.0.251"), "{table}");
    assert!(table.contains("Not listed: 1 conversation of other traffic (--all lists them)."), "{table}");
    assert!(as_table(&story(), Style::Plain, Detail::All).contains("224.0.0.251"));
}

#[test]
fn the_answer_table_holds_every_answer() {
    let analysis = story();
    let table = as_table(&analysis, Style::Plain, Detail::Short);
    for answer in &analysis.answers {
        let row = table.lines().find(|line| line.trim_start().starts_with(&format!("{} ", answer.question))).unwrap();
        let basis = match (answer.status, answer.basis) {
            (Status::NotInCapture, _) => "– not captured",
            (Status::NotAsked, _) => "– own words",
            (_, Basis::Proved) => "✓ proved",
            (_, Basis::Inferred) => "≈ inferred",
            (_, Basis::Unknown) => "? unknown",
        };
        assert!(row.ends_with(basis), "{row}");
        let first = answer.short.to_string();
        assert!(row.contains(first.split(' ').next().unwrap()), "{row}");
    }
}

#[test]
fn colour_is_all_that_a_style_adds() {
    let (plain, colored) =
        (as_table(&story(), Style::Plain, Detail::All), as_table(&story(), Style::Colored, Detail::All));
    let mut stripped = String::new();
    for (number, part) in colored.split("\x1b[").enumerate() {
        stripped.push_str(if number == 0 { part } else { part.split_once('m').unwrap().1 });
    }
    assert_ne!(plain, colored);
    assert_eq!(plain, stripped);
}

#[test]
fn what_is_said_of_a_file_is_cut_in_every_report() {
    let mut analysis = story();
    let warning =
        CaptureWarning { code: WarningCode::Damaged, message: "Something.".to_owned(), frame: None, offset: None };
    analysis.captures[0].info.warnings = vec![warning; 30];
    let mut markdown = Vec::new();
    crate::report::markdown::write(&mut markdown, &analysis).unwrap();
    assert!(String::from_utf8(markdown).unwrap().contains("… and 10 warnings more."));
    assert!(as_table(&analysis, Style::Plain, Detail::Short).contains("… and 22 warnings more (--all lists them)."));
    assert!(!as_table(&analysis, Style::Plain, Detail::All).contains("warnings more"));
}

#[test]
fn an_empty_file_is_not_called_a_capture() {
    let mut analysis = story();
    analysis.captures[0].info.empty = true;
    assert!(as_table(&analysis, Style::Plain, Detail::Short).contains("  an empty file (0 bytes)  "));
}

#[test]
fn a_long_list_is_cut_with_a_count() {
    let mut story = Story::new("many.pcapng", 0);
    for port in 0..2500 {
        let mut tcp = Story::tcp(&format!("10.0.3.2:{}", 20_000 + port), "10.0.3.1:80");
        story.handshake(&mut tcp);
    }
    let analysis = analyze(vec![story.read()], &[], &LabConfig::default());
    let (cut, whole) =
        (as_table(&analysis, Style::Plain, Detail::Short), as_table(&analysis, Style::Plain, Detail::All));
    assert!(cut.lines().count() < 500, "{cut}");
    assert!(cut.contains("Not listed: 2484 connections"), "{cut}");
    assert!(whole.contains(":22499"));
    assert!(!whole.contains("Not listed"));
}

/// The second piece of work before the first.
struct Backwards;

impl Together for Backwards {
    fn both(&self, first: &mut (dyn FnMut() + Send), second: &mut (dyn FnMut() + Send)) {
        second();
        first();
    }
}

#[test]
fn shared_work_gives_the_same_reports() {
    let class = || {
        let mut story = Story::new("class.pcapng", 0);
        for number in 0..1010_u32 {
            let (host, port) = (2 + number % 30, 40_000 + number / 30);
            let mut tcp = Story::tcp(&format!("10.0.3.{host}:{port}"), "10.0.3.1:65432");
            story.handshake(&mut tcp);
            story.line(&mut tcp, "hello\n");
            story.datagram(&format!("10.0.3.{host}:{port}"), "10.0.3.1:65433", "hello\n");
        }
        vec![story.read()]
    };
    let alone = analyze(class(), &[], &LabConfig::default());
    for workers in [&InTurn as &dyn Together, &Backwards] {
        let shared = analyze_together(class(), &[], &LabConfig::default(), workers);
        assert_eq!(as_json(&shared).0, as_json(&alone).0);
        let table = |analysis| as_table(analysis, Style::Plain, Detail::Short);
        assert_eq!(table(&shared), table(&alone));
    }
}

/// An analysis that is nothing but the given texts.
pub(in crate::report) fn made_of(texts: &[String; 4]) -> Analysis {
    let mut analysis = story();
    let [a, b, c, d] = texts.clone();
    let host = IpAddr::from([0xfe80, 0, 0, 0, 0xba27, 0xebff, 0xfe12, 0x3456]);
    let capture = analysis.captures.first_mut().unwrap();
    capture.file = a.clone();
    for interface in &mut capture.info.interfaces {
        interface.name = Some(b.clone());
        interface.description = Some(c.clone());
    }
    capture.info.application = Some(d.clone());
    capture.info.warnings.push(CaptureWarning {
        code: WarningCode::Damaged,
        message: b.clone(),
        frame: None,
        offset: Some(9),
    });
    let step = step_of("I.8");
    let why = c.clone().into();
    capture.steps = vec![RecordedStep { step, protocol: Protocol::Tcp, host: Some(host), frames: 9, why }];
    let frames = (1..400).step_by(3).map(FrameNumber).collect();
    let evidence = vec![
        Evidence::of_stream(&a, StreamSpan { protocol: Protocol::Tcp, stream: StreamNumber(0), ends: None }, frames),
        Evidence::of_journal(d.clone(), vec![1, 2, 9]),
    ];
    let hosts = vec![HostFound { name: host_of("B"), address: host, basis: HostBasis::Order }];
    analysis.lab = LabFound { hosts, why: d.clone().into(), ..LabFound::default() };
    analysis.findings.push(Finding {
        code: Code::FramesMissing,
        severity: Severity::Error,
        file: Some(a.clone()),
        message: b.clone().into(),
        discreet: None,
        redo: Some(step_of("II.3")),
        evidence: evidence.clone(),
    });
    analysis.answers.push(Answer {
        question: question("I.2"),
        points: Points::whole(2),
        status: Status::Partial,
        short: c.into(),
        basis: Basis::Unknown,
        claims: vec![Claim { text: d.into(), basis: Basis::Unknown, evidence, in_answer: true }],
        facts: Facts::SecondServer { second_server_started: None, errno: Some(a) },
        missing: vec![b.into()],
        other_runs: Vec::new(),
        departs: false,
    });
    analysis
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_text_breaks_out_of_a_report(
        texts in proptest::array::uniform4("\\PC{0,60}|.{0,300}|[\u{0}-\u{2ff}\u{2000}-\u{20ff}]{0,120}|([a-z]{1,30}[/ :]){0,20}"),
        detail in prop_oneof![Just(Detail::Short), Just(Detail::Explained), Just(Detail::All)],
    ) {
        let analysis = made_of(&texts);
        for line in as_table(&analysis, Style::Plain, detail).lines() {
            prop_assert!(!line.contains(is_harmful), "{:?}", line);
            let width = textwrap::core::display_width(line);
            // The one kind of line that may be wider stands alone, to be copied.
            let to_copy = line.trim_start().starts_with("frame.number");
            prop_assert!(width <= WIDTH || to_copy, "{} columns: {:?}", width, line);
        }
        let (text, json) = as_json(&analysis);
        prop_assert!(!text.contains(|c| c != '\n' && is_harmful(c)));
        prop_assert_eq!(json["captures"][0]["file"].as_str(), Some(texts[0].as_str()));
        prop_assert_eq!(json["captures"][0]["interfaces"][0]["name"].as_str(), Some(texts[1].as_str()));
        let answers = json["answers"].as_array().unwrap();
        prop_assert_eq!(answers.last().unwrap()["short"].as_str(), Some(texts[2].as_str()));
        prop_assert_eq!(answers.last().unwrap()["answer"].as_str(), Some(texts[3].as_str()));
    }
}
