//! Known misconceptions, planted in recorded runs: named where they are, and nowhere else.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use socklab_core::analyze::analyze;
use socklab_core::lab::LabConfig;
use socklab_core::report::view;
use socklab_packets::limits::Limits;
use socklab_packets::packet::TcpFlags;
use socklab_packets::pipeline::read_capture;
use socklab_packets::track::FrameNote;

use super::grade_json;
use super::layouts::Laid;
use crate::support::package;

/// Recorded runs with the captures that the sheet asks for.
const RUNS: [&str; 3] = ["plain", "echo", "python"];

const ASKED: [&str; 4] = ["step8.pcapng", "step12.pcapng", "part2-step2-B.pcapng", "part2-step3-C.pcapng"];

struct Run {
    files: Vec<Laid>,
    facts: BTreeMap<String, Value>,
    /// The facts of the same connection's frames by what they are.
    stream: u64,
    isn: u32,
    /// The frames of the server's TCP, in order: what the sheet's display filter shows.
    filtered: Vec<u64>,
    /// A connection of Part II: its addresses and its frames.
    other: (String, Vec<u64>, Vec<u64>),
}

fn run(name: &str) -> Run {
    let files: Vec<Laid> = ASKED
        .iter()
        .map(|file| ((*file).to_owned(), std::fs::read(package(&format!("fixtures/{name}/{file}"))).unwrap()))
        .collect();
    let captures = files
        .iter()
        .map(|(file, bytes)| read_capture(file, bytes.as_slice(), &Limits::default(), &mut |_| {}).unwrap());
    let analysis = analyze(captures.collect(), &[], &LabConfig::default());
    let facts =
        analysis.answers.iter().map(|answer| (answer.question.key(), serde_json::to_value(&answer.facts).unwrap()));
    let facts = facts.collect();
    let capture = &analysis.captures[0];
    let of_step_8 = view::tcp_of(capture, true).next().unwrap();
    let frames = |stream| capture.traffic.tcp_notes(stream).map(|note| note.frame.0);
    let mut filtered: Vec<u64> =
        view::tcp(capture).flat_map(|tcp| frames(tcp.connection.stream).collect::<Vec<_>>()).collect();
    filtered.sort_unstable();
    let part_two = &analysis.captures[2];
    let other = view::tcp_of(part_two, true).next().unwrap();
    let handshake = [other.connection.syn, other.connection.syn_ack, other.connection.ack];
    let notes = part_two.traffic.tcp_notes(other.connection.stream);
    let data = notes.filter(|note| note.payload_length > 0).map(|note| note.frame.0).collect();
    let client = of_step_8.connection.base_sequence.iter().flatten();
    Run {
        facts,
        stream: of_step_8.connection.stream.0.into(),
        isn: *client.min_by_key(|_| 0).unwrap(),
        filtered,
        other: (other.addresses().client.to_string(), handshake.iter().flatten().map(|f| f.0).collect(), data),
        files,
    }
}

type Planted = BTreeMap<String, BTreeMap<String, Value>>;

fn frames(run: &Run, key: &str) -> Vec<u64> {
    run.facts["I.1a"][key].as_array().unwrap().iter().map(|frame| frame.as_u64().unwrap()).collect()
}

/// The right answers, as JSON.
fn right(run: &Run) -> Planted {
    let mut all: Planted = BTreeMap::new();
    for (question, facts) in &run.facts {
        for (key, value) in facts.as_object().unwrap() {
            let known = !value.is_null() && key != "hosts";
            if known {
                all.entry(question.clone()).or_default().insert(key.clone(), listed(value));
            }
        }
    }
    all
}

/// Lists of frames as text; lists of addresses and clients as they are.
fn listed(value: &Value) -> Value {
    match value.as_array() {
        Some(items) if items.is_empty() => json!("none"),
        Some(items) if items.iter().all(Value::is_u64) => {
            json!(items.iter().map(Value::to_string).collect::<Vec<_>>().join(", "))
        }
        _ => value.clone(),
    }
}

fn text(frames: impl IntoIterator<Item = u64>) -> Value {
    json!(frames.into_iter().map(|frame| frame.to_string()).collect::<Vec<_>>().join(" "))
}

/// What is planted for a misconception: question, fact, value.
type Facts = Vec<(&'static str, &'static str, Value)>;

/// Plants each misconception: its code, and what is planted by question and key.
#[expect(clippy::too_many_lines, reason = "a list of what is planted")]
fn plants(run: &Run) -> Vec<(&'static str, Facts)> {
    let client = run.facts["I.1b"]["client_socket_addresses"].clone();
    let server = run.facts["I.1b"]["server_socket_addresses"].clone();
    let clients = run.facts["II.3"]["clients"].as_array().unwrap();
    let of_clients: Vec<Value> =
        clients.iter().flat_map(|host| host["socket_addresses"].as_array().unwrap().clone()).collect();
    let (handshake, data, acks) =
        (frames(run, "handshake_frames"), frames(run, "data_frames"), frames(run, "acknowledgement_frames"));
    let rank = |all: &[u64]| -> Vec<u64> {
        all.iter().map(|frame| run.filtered.iter().position(|own| own == frame).unwrap() as u64 + 1).collect()
    };
    let datagrams = run.facts["I.4a"]["udp_datagrams"].clone();
    let connected = run.facts["II.2"]["connection_sockets"].clone();
    let swapped =
        vec![("I.1b", "client_socket_addresses", server.clone()), ("I.1b", "server_socket_addresses", client.clone())];
    vec![
        ("client-and-server-swapped", swapped),
        ("client-and-server-swapped", vec![("II.2", "server_socket_addresses", json!(of_clients))]),
        (
            "relative-numbers-for-raw",
            vec![("I.1a", "explanation", json!("The client's initial sequence number is 0."))],
        ),
        (
            "syn-ack-acknowledges-the-isn",
            vec![("I.1a", "explanation", json!(format!("The SYN-ACK has the acknowledgement number {}.", run.isn)))],
        ),
        (
            "syn-ack-acknowledges-the-isn",
            vec![("I.1a", "explanation", json!("SYN with Seq=0, then SYN, ACK with Ack=0, then ACK."))],
        ),
        ("sockets-counted-as-addresses", vec![("II.2", "sockets_created", connected.clone())]),
        (
            "sockets-counted-as-addresses",
            vec![("II.2", "sockets_created", json!(1)), ("II.2", "connection_sockets", json!(1))],
        ),
        (
            "listening-socket-forgotten",
            vec![("II.2", "listening_sockets", json!(0)), ("II.2", "sockets_created", connected)],
        ),
        (
            "data-and-acknowledgement-confused",
            vec![("I.1a", "data_frames", text(acks.clone())), ("I.1a", "acknowledgement_frames", text(data.clone()))],
        ),
        (
            "data-and-acknowledgement-confused",
            vec![("I.1a", "data_frames", text(data.iter().chain(&acks).copied().collect::<BTreeSet<_>>()))],
        ),
        ("capture-of-another-step", vec![("I.1b", "client_socket_addresses", json!(run.other.0))]),
        (
            "capture-of-another-step",
            vec![
                ("I.1a", "handshake_frames", text(run.other.1.clone())),
                ("I.1a", "data_frames", text(run.other.2.clone())),
            ],
        ),
        ("stream-number-for-frame-number", vec![("I.1a", "handshake_frames", json!(run.stream.to_string()))]),
        ("udp-datagrams-as-connections", vec![("I.4a", "udp_control_frames", json!(3))]),
        ("udp-datagrams-as-connections", vec![("I.4b", "clients_served", datagrams)]),
        (
            "frame-numbers-of-a-filtered-export",
            vec![
                ("I.1a", "handshake_frames", text(rank(&handshake))),
                ("I.1a", "data_frames", text(rank(&data))),
                ("I.1a", "acknowledgement_frames", text(rank(&acks))),
            ],
        ),
    ]
}

/// Slips that are no misconception.
fn slips(run: &Run) -> Vec<(&'static str, &'static str, Value)> {
    let (data, handshake) = (frames(run, "data_frames"), frames(run, "handshake_frames"));
    vec![
        ("I.1a", "handshake_frames", text(handshake.iter().take(2).copied())),
        ("I.1a", "data_frames", text(data.iter().skip(1).copied())),
        ("I.1b", "client_socket_addresses", json!("10.0.3.2:1234")),
        ("I.1b", "server_socket_addresses", json!("10.0.3.1:80")),
        ("II.2", "sockets_created", json!(7)),
        ("II.2", "connection_sockets", json!(3)),
        ("I.4a", "tcp_control_frames", json!(5)),
        ("I.4a", "udp_control_frames", json!(1)),
        ("I.1a", "explanation", json!("The initial sequence number is random; relative numbers begin with 0.")),
        (
            "I.1a",
            "explanation",
            json!(format!("The SYN-ACK has the acknowledgement number {}, one more.", run.isn.wrapping_add(1))),
        ),
        ("I.1a", "explanation", json!("SYN (Seq=0), SYN-ACK (Seq=0, Ack=1), ACK (Seq=1, Ack=1).")),
        ("II.2", "explanation", json!("Four sockets and the ISN 0.")),
    ]
}

/// The codes of the misconceptions that are named of a submission.
fn named(submission: &Value) -> BTreeSet<&str> {
    let questions = submission["questions"].as_array().unwrap();
    let found = questions.iter().flat_map(|question| question["misconceptions"].as_array().unwrap());
    found.map(|one| one["code"].as_str().unwrap()).collect()
}

/// What a student hands in: these files, and the answers as a form.
fn handed_in<'f>(name: &str, files: impl IntoIterator<Item = &'f Laid>, answers: &Planted) -> Vec<Laid> {
    let files = files.into_iter().map(|(file, bytes)| (format!("{name}/{file}"), bytes.clone()));
    files.chain([(format!("{name}/answers.json"), serde_json::to_vec(answers).unwrap())]).collect()
}

/// The twelfth needs a class in which each run is one student's.
#[test]
fn addresses_of_another_student_are_named() {
    let runs = RUNS.map(run);
    let mut laid = Vec::new();
    for (number, name) in RUNS.into_iter().enumerate() {
        let (own, other) = (&runs[number], &runs[(number + 1) % RUNS.len()]);
        // Both questions in one form: each is named of its own.
        let mut answers = right(own);
        for (question, key) in [("I.1b", "client_socket_addresses"), ("II.3", "clients")] {
            answers.get_mut(question).unwrap().insert(key.to_owned(), other.facts[question][key].clone());
        }
        laid.extend(handed_in(name, &own.files, &answers));
    }
    for submission in &grade_json(&laid) {
        assert_eq!(named(submission), BTreeSet::from(["addresses-of-another-student"]), "{}", submission["name"]);
    }
}

/// In the recorded runs step 8 leaves the connection open: this one takes a capture in which the client ended.
#[test]
fn closing_frames_counted_as_data_are_named() {
    let bytes = std::fs::read(package("fixtures/mistakes/tcp-run-to-the-fin.pcapng")).unwrap();
    let capture = read_capture("step8.pcapng", bytes.as_slice(), &Limits::default(), &mut |_| {}).unwrap();
    let notes: Vec<_> =
        capture.traffic.tcp_connections().flat_map(|tcp| capture.traffic.tcp_notes(tcp.stream)).collect();
    let of = |is: fn(&FrameNote) -> bool| notes.iter().filter(move |note| is(note)).map(|note| note.frame.0);
    let (data, ends): (Vec<u64>, Vec<u64>) =
        (of(|note| note.payload_length > 0).collect(), of(|note| note.flags.has(TcpFlags::FIN)).collect());
    assert!(!data.is_empty() && ends.len() == 2);
    let right = text(data.iter().copied());
    let wrong = text(data.iter().chain(&ends).copied().collect::<BTreeSet<_>>());
    let capture = [("step8.pcapng".to_owned(), bytes)];
    let answered = |frames| BTreeMap::from([("I.1a".to_owned(), BTreeMap::from([("data_frames".to_owned(), frames)]))]);
    let laid = [("right", right), ("wrong", wrong)].map(|(name, frames)| handed_in(name, &capture, &answered(frames)));
    let submissions = grade_json(&laid.concat());
    let found = |number: usize| named(&submissions[number]);
    assert_eq!((found(0), found(1)), (BTreeSet::new(), BTreeSet::from(["fin-counted-as-data"])));
}

/// What no capture shows may be right, also where the capture of another step shows the same, such as the server's address.
#[test]
fn right_answers_without_a_capture_have_no_misconception() {
    let run = run("plain");
    let answers = right(&run);
    let mut laid = Vec::new();
    for missing in ASKED {
        let is_missing = |(file, _): &&Laid| file == missing;
        let others = run.files.iter().filter(|file| !is_missing(file));
        laid.extend(handed_in(&format!("no {missing}"), others, &answers));
        laid.extend(handed_in(&format!("only {missing}"), run.files.iter().filter(is_missing), &answers));
    }
    for submission in &grade_json(&laid) {
        assert_eq!(named(submission), BTreeSet::new(), "{}", submission["name"]);
    }
}

/// Who says that there are two ways to count, or one more, has not confused them.
#[test]
fn true_explanations_have_no_misconception() {
    let run = run("plain");
    let (isn, next) = (run.isn, run.isn.wrapping_add(1));
    let said = [
        "The SYN-ACK acknowledges the ISN + 1.".to_owned(),
        "The server's SYN-ACK acknowledges ISN+1, since a SYN takes one number.".to_owned(),
        "the ISN is not 0".to_owned(),
        "The ISN isn't 0.".to_owned(),
        format!("Relative, the ISN is 0, on the wire it is {isn}."),
        format!("Wireshark shows the ISN as 0, it is {isn}."),
        format!("In the SYN-ACK the acknowledgement number is the client's ISN {isn} plus 1."),
        format!("The SYN-ACK does not acknowledge {isn} but {next}."),
        format!("SYN-ACK acknowledges SYN {isn} by sending {next}"),
        format!("The acknowledgement number of the SYN-ACK is {isn} + 1"),
    ];
    // What is wrong in the same place is named: explanations are read.
    let wrong = [
        ("The client's initial sequence number is 0.".to_owned(), "relative-numbers-for-raw"),
        (format!("The SYN-ACK has the acknowledgement number {isn}."), "syn-ack-acknowledges-the-isn"),
    ];
    let right_ones = said.iter().map(|text| (text, BTreeSet::new()));
    let wrong_ones = wrong.iter().map(|(text, code)| (text, BTreeSet::from([*code])));
    let all: BTreeMap<&str, BTreeSet<&str>> =
        right_ones.chain(wrong_ones).map(|(text, codes)| (text.as_str(), codes)).collect();
    let mut laid = Vec::new();
    for (number, text) in all.keys().enumerate() {
        let mut answers = right(&run);
        answers.entry("I.1a".to_owned()).or_default().insert("explanation".to_owned(), json!(text));
        laid.extend(handed_in(&format!("{number:02}"), &run.files, &answers));
    }
    let submissions = grade_json(&laid);
    assert_eq!(submissions.len(), all.len());
    for (submission, (text, codes)) in submissions.iter().zip(all) {
        assert_eq!(named(submission), codes, "{text}");
    }
}

#[test]
fn planted_misconceptions_are_named_and_no_others() {
    let mut laid = Vec::new();
    // What is to be named of each submission; nothing for slips and right answers.
    let mut wanted: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    for name in RUNS {
        let run = run(name);
        let mut add = |label: String, planted: Vec<(&str, &str, Value)>, codes: BTreeSet<&'static str>| {
            let mut answers = right(&run);
            for (question, key, value) in planted {
                answers.entry(question.to_owned()).or_default().insert(key.to_owned(), value);
            }
            laid.extend(handed_in(&label, &run.files, &answers));
            wanted.insert(label, codes);
        };
        add(format!("{name} right"), Vec::new(), BTreeSet::new());
        for (number, (code, planted)) in plants(&run).into_iter().enumerate() {
            add(format!("{name} {number} {code}"), planted, BTreeSet::from([code]));
        }
        for (number, slip) in slips(&run).into_iter().enumerate() {
            add(format!("{name} slip {number}"), vec![slip], BTreeSet::new());
        }
    }
    let submissions = grade_json(&laid);
    let (mut right, mut missed, mut wrongly) = (0, Vec::new(), Vec::new());
    for submission in &submissions {
        let name = submission["name"].as_str().unwrap();
        let found = named(submission);
        for code in &wanted[name] {
            if found.contains(code) { right += 1 } else { missed.push(name) }
        }
        // Whatever one student's captures are, in this class they are another's as well.
        wrongly.extend(found.iter().filter(|code| !wanted[name].contains(*code)).map(|code| format!("{name}: {code}")));
    }
    println!("wrongly: {wrongly:?}");
    println!("{right} of {} named, {} wrongly in {} submissions", right + missed.len(), wrongly.len(), wanted.len());
    assert!(missed.len() * 100 <= (right + missed.len()) * 5, "missed: {missed:?}");
    assert!(wrongly.len() * 100 <= wanted.len(), "wrongly: {wrongly:?}");
}
