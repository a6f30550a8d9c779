//! Every fact that a sheet can ask for, held against tshark: over all fixtures, and over the corpus beside the checkout
//! (`SOCKLAB_SHARED`).
//!
//! What is expected comes from tshark's fields alone (`expected`); which frames belong to a stream, too.

mod expected;
mod page;
mod rows;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::path::{Path, PathBuf};

use socklab_core::analyze::measure::{Found, Missing, Part, Stream, measure};
use socklab_core::facts::{About, End, FACTS, Fact, FlagName, Name, Ordinal};
use socklab_packets::limits::Limits;
use socklab_packets::pipeline::read_capture;
use socklab_packets::track::Side;
use socklab_packets::types::Protocol;

use crate::support::{package, sample};
use expected::{Expected, Told};
use rows::Rows;

/// What was compared: how often each fact had a value.
#[derive(Default)]
struct Compared {
    values: BTreeMap<&'static str, usize>,
    streams: usize,
    skipped: usize,
    differences: Vec<String>,
}

#[test]
#[ignore = "needs tshark"]
fn every_fact_equals_the_field_that_it_names_in_all_fixtures() {
    let mut compared = Compared::default();
    let files = captures(&package("fixtures"));
    assert!(files.len() > 60, "the fixtures were not found");
    for file in files {
        compare(&file, &mut compared);
    }
    finish(&compared);
    // A fact that no fixture has a value of is not tested; the rest is in the corpus.
    let without: Vec<&str> = keys().filter(|key| !compared.values.contains_key(key)).collect();
    assert_eq!(without, NOT_IN_FIXTURES, "facts without a value in the fixtures");
}

/// What the lab's own captures do not show. The corpus has them.
const NOT_IN_FIXTURES: [&str; 0] = [];

#[test]
#[ignore = "needs tshark, and the corpus beside the checkout (SOCKLAB_SHARED)"]
fn every_fact_equals_the_field_that_it_names_in_the_corpus() {
    let Some(shared) = std::env::var_os("SOCKLAB_SHARED") else { return };
    let mut compared = Compared::default();
    for file in captures(&PathBuf::from(shared).join("corpus")).into_iter().step_by(sample()) {
        compare(&file, &mut compared);
    }
    finish(&compared);
    // Left out are streams inside tunnels: tshark's columns do not tell the headers of a frame apart.
    assert!(
        compared.streams > 400 / sample() && compared.skipped < compared.streams / 10,
        "{} {}",
        compared.streams,
        compared.skipped
    );
}

fn finish(compared: &Compared) {
    let (count, streams) = (compared.differences.len(), compared.streams);
    let some: Vec<&str> = compared.differences.iter().take(200).map(String::as_str).collect();
    assert!(count == 0, "{count} differences in {streams} streams:\n{}", some.join("\n"));
}

fn keys() -> impl Iterator<Item = &'static str> {
    let measured = |fact: &&Fact| !matches!(fact.name, Name::Constant(_) | Name::Words(_) | Name::Step(_));
    FACTS.iter().filter(measured).map(|fact| fact.key)
}

/// The captures below a folder that tshark can open.
fn captures(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            found.extend(captures(&path));
        } else if name.starts_with("timestamp_invalid") {
            // Fractions of more than a second, which Wireshark and socklab carry over in different ways.
        } else if [".pcap", ".pcapng", ".cap"].iter().any(|end| name.contains(end)) && !name.ends_with(".lz4") {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// Compares every fact of every stream of a capture.
fn compare(path: &Path, compared: &mut Compared) {
    let name = path.file_name().unwrap().to_string_lossy().into_owned();
    let Ok(capture) = read_capture(&name, File::open(path).unwrap(), &Limits::default(), &mut |_| ()) else { return };
    if capture.traffic.tcp_count() + capture.traffic.udp_count() == 0 {
        return;
    }
    let Some(told) = rows::of(path).filter(rows::Table::is_timed) else { return };
    let tcp: Vec<_> = capture.traffic.tcp_connections().collect();
    for connection in &tcp {
        let side = connection.syn_sender.or(connection.syn_ack_sender.map(Side::other)).unwrap_or(Side::Originator);
        let stream = Stream::tcp(&capture, connection, side);
        let rows = told.stream(Protocol::Tcp, connection.stream.0.into());
        compare_stream(&name, &stream, rows, compared);
    }
    for conversation in capture.traffic.udp_conversations() {
        let stream = Stream::udp(&capture, &conversation, Side::Originator);
        let rows = told.stream(Protocol::Udp, conversation.stream.0.into());
        compare_stream(&name, &stream, rows, compared);
    }
}

fn compare_stream(file: &str, stream: &Stream, rows: Option<Rows>, compared: &mut Compared) {
    compared.streams += 1;
    // Streams that tshark follows through tunnels, or sees in what ICMP quotes, are other ones.
    let Some(rows) = rows.filter(|rows| rows.frames() == frames_of(stream)) else {
        compared.skipped += 1;
        return;
    };
    for fact in FACTS.iter().filter(|fact| !matches!(fact.name, Name::Constant(_) | Name::Words(_) | Name::Step(_))) {
        if !fact.over.has(rows.protocol) {
            continue;
        }
        let analysed = ["initial_rtt", "ack_rtt"].contains(&fact.key);
        if analysed && rows.all.iter().any(rows::Row::is_cut) {
            continue;
        }
        for part in parts(fact.about, &rows) {
            let told = expected::of(fact.key, &rows, part);
            let got = measure(stream, fact, part);
            // Not all text is remembered.
            if fact.key == "payload_text" && got.is_err() {
                continue;
            }
            if let Some(difference) = difference(&told, &got) {
                let what = format!("{file} {:?} {}: {} {part:?}", rows.protocol, rows.number, fact.key);
                compared.differences.push(format!("{what}: {difference}"));
            } else if got.is_ok() {
                *compared.values.entry(fact.key).or_default() += 1;
            }
        }
    }
}

fn frames_of(stream: &Stream) -> BTreeSet<u64> {
    stream.noted().map(|note| note.frame.0).collect()
}

/// All that a fact of this kind can be asked of.
fn parts(about: About, rows: &Rows) -> Vec<Part> {
    let sides = [Some(End::Client), Some(End::Server)];
    let of_sides = |sides: &[Option<End>]| sides.iter().map(|side| Part { side: *side, ..Part::default() }).collect();
    let segments = || {
        sides.iter().flat_map(|side| {
            let count = u32::try_from(rows.data(*side).len()).unwrap().min(30);
            let places = (1..=count.saturating_add(1)).map(Ordinal::Nth).chain([Ordinal::Last]);
            places.map(|place| Part { side: *side, segment: Some(place), ..Part::default() })
        })
    };
    let frames = || {
        [None, sides[0], sides[1]].into_iter().flat_map(|side| {
            let places = [1, 2, 3, 10, 1_000_000].map(Ordinal::Nth).into_iter().chain([Ordinal::Last]);
            places.map(move |place| Part { side, frame: Some(place), ..Part::default() })
        })
    };
    match about {
        About::Protocol | About::Step => Vec::new(),
        About::Connection => vec![Part::default()],
        About::Side => of_sides(&sides),
        About::ConnectionOrSide => of_sides(&[None, sides[0], sides[1]]),
        About::DataSegment => segments().collect(),
        About::Frame if rows.protocol == Protocol::Udp => segments().chain(frames()).collect(),
        About::Frame => {
            let flags = [FlagName::Syn, FlagName::SynAck, FlagName::Ack, FlagName::Fin, FlagName::Rst];
            segments().chain(frames()).chain(flags.map(|flag| Part { flag: Some(flag), ..Part::default() })).collect()
        }
    }
}

/// How a measured value differs from what tshark tells.
fn difference(told: &Expected, got: &Result<Found, Missing>) -> Option<String> {
    match (told, got) {
        (Expected::Nothing, Err(_)) => None,
        (Expected::Nothing, Ok(found)) => Some(format!("got {}, tshark shows none", found.value)),
        (Expected::Value(told), Err(missing)) => Some(format!("{told:?} expected, but {missing}")),
        (Expected::Value(told), Ok(found)) => {
            let same = match (told, Told::of(&found.value)) {
                (Told::Rate(told), Told::Rate(got)) => (told - got).abs() <= told.abs() * 1e-9,
                (told, got) => *told == got,
            };
            (!same).then(|| format!("{told:?} expected, got {:?}", Told::of(&found.value)))
        }
    }
}
