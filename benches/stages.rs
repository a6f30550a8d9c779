//! Time of each stage, and of all together, on captures that are made in memory: `cargo bench --bench stages`.
//!
//! The unit is the frame: the rate is frames per second. The whole program against other programs is measured elsewhere,
//! from files.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a measurement may fail"
)]

mod captures;

use captures::Kind;
use divan::counter::{BytesCount, ItemsCount};
use divan::{Bencher, black_box};
use socklab_core::analyze::analysis::Analysis;
use socklab_core::analyze::analyze;
use socklab_core::lab::LabConfig;
use socklab_core::report::style::Style;
use socklab_core::report::{html, json, table};
use socklab_packets::batch::Batch;
use socklab_packets::capfile::CaptureReader;
use socklab_packets::decode::Decoder;
use socklab_packets::limits::Limits;
use socklab_packets::pipeline::{CaptureFacts, Following, Reading, read_capture};

/// Frames of a capture here: enough to leave the caches, few enough to be made quickly.
const FRAMES: u64 = 200_000;

/// The captures that most is measured on.
const KINDS: [Kind; 3] = [Kind::Small, Kind::Mixed, Kind::Full];

/// Those on which what follows after the last frame is measured: there connections count, not frames.
const CONNECTIONS: [Kind; 5] =
    [Kind::Lab, Kind::Mixed, Kind::Conversations, Kind::ClassMixed, Kind::ClassConversations];

fn main() {
    divan::main();
}

fn capture(kind: Kind) -> Vec<u8> {
    let mut bytes = Vec::new();
    captures::write(kind, FRAMES.min(kind.frames()), &mut bytes).unwrap();
    bytes
}

fn facts(bytes: &[u8]) -> CaptureFacts {
    read_capture("a.pcapng", bytes, &Limits::default(), &mut |_| ()).unwrap()
}

fn analysis(kind: Kind) -> Analysis {
    analyze(vec![facts(&capture(kind))], &[], &LabConfig::default())
}

/// Reading: bytes to frames.
#[divan::bench(args = KINDS)]
fn read(bencher: Bencher, kind: Kind) {
    let bytes = capture(kind);
    bencher.counter(ItemsCount::new(FRAMES)).counter(BytesCount::of_slice(&bytes)).bench_local(|| {
        let mut reader = CaptureReader::open(&bytes[..], &Limits::default()).unwrap();
        let mut captured = 0;
        reader.for_each_frame(|frame| captured += frame.data.len());
        captured
    });
}

/// Reading and decoding: bytes to packets, on the way that ordinary frames take.
#[divan::bench(args = KINDS)]
fn decode(bencher: Bencher, kind: Kind) {
    let bytes = capture(kind);
    bencher.counter(ItemsCount::new(FRAMES)).counter(BytesCount::of_slice(&bytes)).bench_local(|| {
        let mut reader = CaptureReader::open(&bytes[..], &Limits::default()).unwrap();
        let mut ordinary = 0;
        reader.for_each_frame(|frame| ordinary += u64::from(black_box(Decoder::decode_ordinary(frame)).is_some()));
        ordinary
    });
}

/// Reading and decoding through every layer, as frames do that are not ordinary.
#[divan::bench(args = KINDS)]
fn decode_general(bencher: Bencher, kind: Kind) {
    let bytes = capture(kind);
    bencher.counter(ItemsCount::new(FRAMES)).counter(BytesCount::of_slice(&bytes)).bench_local(|| {
        let mut reader = CaptureReader::open(&bytes[..], &Limits::default()).unwrap();
        let mut decoder = Decoder::new(&Limits::default());
        let mut with_addresses = 0;
        reader.for_each_frame(|frame| with_addresses += u64::from(decoder.decode_general(frame).ip.is_some()));
        with_addresses
    });
}

/// Decoding and tracking: frames to connections.
#[divan::bench(args = [Kind::Small, Kind::Mixed, Kind::Full, Kind::Conversations])]
fn track(bencher: Bencher, kind: Kind) {
    let bytes = capture(kind);
    let limits = Limits::default();
    let mut reading = Reading::open(&bytes[..], &limits).unwrap();
    let mut batches = vec![Batch::default()];
    while reading.next(batches.last_mut().unwrap()) {
        batches.push(Batch::default());
    }
    bencher.counter(ItemsCount::new(FRAMES)).bench_local(|| {
        let mut following = Following::new(&limits);
        batches.iter().for_each(|batch| following.add(batch));
        following
    });
}

/// Answering: connections to answers.
#[divan::bench(args = CONNECTIONS)]
fn answer(bencher: Bencher, kind: Kind) {
    let bytes = capture(kind);
    bencher
        .with_inputs(|| vec![facts(&bytes)])
        .bench_local_values(|captures| analyze(captures, &[], &LabConfig::default()));
}

/// Reporting: an analysis to the table that students read.
#[divan::bench(args = CONNECTIONS)]
fn report_table(bencher: Bencher, kind: Kind) {
    let analysis = analysis(kind);
    bencher.bench_local(|| {
        let mut out = Vec::new();
        table::write(&mut out, &analysis, table::Options { style: Style::Plain, detail: table::Detail::Short })
            .unwrap();
        out
    });
}

/// Reporting: an analysis to JSON.
#[divan::bench(args = CONNECTIONS)]
fn report_json(bencher: Bencher, kind: Kind) {
    let analysis = analysis(kind);
    bencher.bench_local(|| {
        let mut out = Vec::new();
        json::write(&mut out, &analysis, &json::OneByOne).unwrap();
        out
    });
}

/// Reporting: an analysis to the page.
#[divan::bench(args = CONNECTIONS)]
fn report_html(bencher: Bencher, kind: Kind) {
    let analysis = analysis(kind);
    bencher.bench_local(|| {
        let mut out = Vec::new();
        html::write(&mut out, &analysis).unwrap();
        out
    });
}

/// The whole on one thread: bytes to the table.
#[divan::bench(args = Kind::ALL)]
fn whole(bencher: Bencher, kind: Kind) {
    let bytes = capture(kind);
    let frames = FRAMES.min(kind.frames());
    bencher.counter(ItemsCount::new(frames)).counter(BytesCount::of_slice(&bytes)).bench_local(|| {
        let analysis = analyze(vec![facts(&bytes)], &[], &LabConfig::default());
        let mut out = Vec::new();
        table::write(&mut out, &analysis, table::Options { style: Style::Plain, detail: table::Detail::Short })
            .unwrap();
        out
    });
}
