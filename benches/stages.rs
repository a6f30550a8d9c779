//! Time of each stage on captures that are made in memory: `cargo bench --bench stages`.
//!
//! The unit is the frame: the rate is frames per second. The whole program against other programs is measured elsewhere,
//! from files.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, missing_docs)]

mod captures;

use captures::Kind;
use divan::Bencher;
use divan::counter::{BytesCount, ItemsCount};
use socklab::capfile::CaptureReader;
use socklab::limits::Limits;

/// Frames of a capture here: enough to leave the caches, few enough to be made quickly.
const FRAMES: u64 = 200_000;

fn main() {
    divan::main();
}

fn capture(kind: Kind) -> Vec<u8> {
    let mut bytes = Vec::new();
    captures::write(kind, FRAMES, &mut bytes).unwrap();
    bytes
}

/// Reading: bytes to frames.
#[divan::bench(args = [Kind::Small, Kind::Mixed, Kind::Full])]
fn read(bencher: Bencher, kind: Kind) {
    let bytes = capture(kind);
    bencher.counter(ItemsCount::new(FRAMES)).counter(BytesCount::of_slice(&bytes)).bench_local(|| {
        let mut reader = CaptureReader::open(&bytes[..], &Limits::default()).unwrap();
        let mut captured = 0;
        reader.for_each_frame(|frame| captured += frame.data.len());
        captured
    });
}
