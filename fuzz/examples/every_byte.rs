//! Every fixture cut at every byte, and with every byte of its first 4 KiB changed in two ways: all bits flipped, the
//! lowest bit flipped. Each is read whole; whenever what was read differs from the reading before, it is analyzed and
//! the table and the JSON are written, to nowhere.
//!
//! Prints how many readings and analyses there were, the longest, and the most memory; fails when one panics, takes more
//! than two seconds, or all together took more than 64 MiB.
//!
//! `cargo run --release --manifest-path fuzz/Cargo.toml --example every_byte`

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use std::{fs, io, thread};

use socklab_core::analyze::analyze;
use socklab_core::journal::{Journal, NamedJournal};
use socklab_core::lab::LabConfig;
use socklab_core::report::style::Style;
use socklab_core::report::{json, table};
use socklab_packets::limits::Limits;
use socklab_packets::pipeline::{CaptureFacts, read_capture};

/// Bytes of which each is changed.
const CHANGED: usize = 4096;
const LONGEST: Duration = Duration::from_secs(2);
const MOST_KIB: u64 = 64 * 1024;

#[derive(Default)]
struct Tally {
    readings: u64,
    analyses: u64,
    longest: Duration,
}

fn main() {
    let mut files = Vec::new();
    collect(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures")), &mut files);
    files.sort();
    let next = AtomicUsize::new(0);
    let workers = thread::available_parallelism().map_or(1, usize::from);
    let tallies: Vec<Tally> = thread::scope(|scope| {
        let threads: Vec<_> = (0..workers).map(|_| scope.spawn(|| work(&files, &next))).collect();
        threads.into_iter().map(|thread| thread.join().expect("no reading panics")).collect()
    });
    let readings: u64 = tallies.iter().map(|tally| tally.readings).sum();
    let analyses: u64 = tallies.iter().map(|tally| tally.analyses).sum();
    let longest = tallies.iter().map(|tally| tally.longest).max().unwrap_or_default();
    let memory = peak_kib();
    println!(
        "{} files, {readings} readings, {analyses} analyses; the longest took {longest:?}; peak memory {} KiB",
        files.len(),
        memory.map_or("unknown".to_owned(), |kib| kib.to_string()),
    );
    assert!(readings > 0 && longest < LONGEST, "one took {longest:?}");
    assert!(memory.is_none_or(|kib| kib < MOST_KIB), "more than {MOST_KIB} KiB");
}

/// Captures and journals.
fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("fixtures").map(|entry| entry.expect("an entry").path()) {
        let name = entry.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if entry.is_dir() {
            collect(&entry, files);
        } else if name.contains(".pcap") || name.ends_with(".jsonl") {
            files.push(entry);
        }
    }
}

fn work(files: &[PathBuf], next: &AtomicUsize) -> Tally {
    let mut tally = Tally::default();
    while let Some(path) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
        let file = fs::read(path).expect("a file");
        if path.extension().is_some_and(|ending| ending == "jsonl") {
            variants(&file, |bytes| journal(bytes, &mut tally));
        } else {
            let mut before = None;
            variants(&file, |bytes| capture(bytes, &mut before, &mut tally));
        }
    }
    tally
}

/// The file cut at every byte, then with each of its first bytes changed.
fn variants(file: &[u8], mut each: impl FnMut(&[u8])) {
    (0..=file.len()).for_each(|length| each(&file[..length]));
    let mut changed = file.to_vec();
    for mask in [0xff, 0x01] {
        for place in 0..file.len().min(CHANGED) {
            changed[place] ^= mask;
            each(&changed);
            changed[place] ^= mask;
        }
    }
}

impl Tally {
    /// Does the work for one reading. What takes too long is done again: the computer may have been busy with something
    /// else, but what hangs does so each time.
    fn timed<T>(&mut self, work: impl Fn(&mut Tally) -> T) -> T {
        self.readings += 1;
        let start = Instant::now();
        let result = work(self);
        let mut took = start.elapsed();
        if took >= LONGEST {
            let start = Instant::now();
            work(&mut Tally::default());
            took = took.min(start.elapsed());
        }
        self.longest = self.longest.max(took);
        result
    }
}

fn capture(bytes: &[u8], before: &mut Option<String>, tally: &mut Tally) {
    let now = tally.timed(|tally| {
        let facts = read_capture("a.pcapng", bytes, &Limits::default(), &mut |_| ()).ok()?;
        let now = known(&facts);
        if before.as_ref() != Some(&now) {
            report(vec![facts], &[], tally);
        }
        Some(now)
    });
    if now.is_some() {
        *before = now;
    }
}

/// What an analysis goes by, as text: not the places of damage, nor words about them.
fn known(facts: &CaptureFacts) -> String {
    let info = &facts.info;
    let codes: Vec<&str> = info.warnings.iter().map(|warning| warning.code.as_str()).collect();
    let tcp: Vec<_> = facts.traffic.tcp_connections().collect();
    let udp: Vec<_> = facts.traffic.udp_conversations().collect();
    format!("{codes:?} {:?} {} {tcp:?} {udp:?} {:?}", info.interfaces, info.frames, facts.traffic.other())
}

fn journal(bytes: &[u8], tally: &mut Tally) {
    tally.timed(|tally| {
        if let Ok(journal) = Journal::read(bytes) {
            report(Vec::new(), &[NamedJournal { file: "a.jsonl".to_owned(), journal }], tally);
        }
    });
}

fn report(captures: Vec<CaptureFacts>, journals: &[NamedJournal], tally: &mut Tally) {
    tally.analyses += 1;
    let analysis = analyze(captures, journals, &LabConfig::default());
    let options = table::Options { style: Style::Plain, detail: table::Detail::Short };
    table::write(&mut io::sink(), &analysis, options).expect("a sink takes everything");
    json::write(&mut io::sink(), &analysis, &json::OneByOne).expect("a sink takes everything");
}

/// The most memory that this process ever had, where the system says (Linux: `VmHWM`).
fn peak_kib() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse().ok()
}
