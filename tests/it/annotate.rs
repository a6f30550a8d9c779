//! Annotated captures: the same frames and bytes, with comments.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

use socklab_packets::capfile::{CaptureInfo, CaptureReader};
use socklab_packets::limits::Limits;

use crate::support::{package, sample, socklab};

/// What Wireshark shows of a frame, whatever its file's format, and a hash of its bytes.
const FIELDS: [&str; 6] =
    ["frame.number", "frame.len", "frame.cap_len", "frame.time_epoch", "frame.protocols", "frame.md5_hash"];

fn captures_in(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if entry.is_dir() {
            found.extend(captures_in(&entry));
        } else if entry.file_name().unwrap().to_str().unwrap().contains(".pcap") {
            found.push(entry);
        }
    }
    found.sort();
    found
}

/// Runs `--annotate`; the annotated file, or `None` where the capture cannot be read.
fn annotated(capture: &Path, directory: &Path) -> Option<PathBuf> {
    let out = directory.join(format!("{}.pcapng", capture.file_name().unwrap().to_str().unwrap()));
    let ran = socklab("analyze")
        .args([capture.as_os_str(), "--annotate".as_ref(), out.as_os_str(), "--format".as_ref(), "json".as_ref()])
        .run();
    let refused = ran.stdout().is_empty();
    (!refused).then_some(out)
}

/// Number, time in the file's own resolution, original length, bytes.
type Seen = (u64, Option<String>, u32, Vec<u8>);

/// All that a reader gives of a capture's frames.
fn frames(file: &Path) -> (Vec<Seen>, CaptureInfo) {
    let mut reader = CaptureReader::open(fs::File::open(file).unwrap(), &Limits::default()).unwrap();
    let mut frames = Vec::new();
    while let Some(frame) = reader.next_frame() {
        let time = frame.time.map(|time| format!("{time:?}"));
        frames.push((frame.number.0, time, frame.original_length, frame.data.to_vec()));
    }
    (frames, reader.into_info())
}

#[test]
fn annotating_keeps_frames_and_bytes() {
    let directory = tempfile::tempdir().unwrap();
    let captures = captures_in(&package("fixtures"));
    assert!(captures.len() > 50, "the fixtures were not found");
    for capture in captures {
        let out = annotated(&capture, directory.path()).unwrap();
        let ((before, _), (after, info)) = (frames(&capture), frames(&out));
        assert_eq!(before, after, "{}", capture.display());
        assert!(info.warnings.is_empty() || before.is_empty(), "{}: {:?}", out.display(), info.warnings);
    }
}

/// A block's type and bytes.
fn blocks(file: &[u8]) -> Vec<(u32, &[u8])> {
    let mut blocks = Vec::new();
    let mut rest = file;
    while rest.len() >= 12 {
        let number = |at: usize| u32::from_le_bytes(rest[at..at + 4].try_into().unwrap());
        let (block, behind) = rest.split_at(number(4) as usize);
        blocks.push((number(0), block));
        rest = behind;
    }
    blocks
}

#[test]
fn every_other_block_stays_byte_for_byte() {
    let directory = tempfile::tempdir().unwrap();
    let capture = package("fixtures/plain/step8.pcapng");
    let out = fs::read(annotated(&capture, directory.path()).unwrap()).unwrap();
    let original = fs::read(&capture).unwrap();
    let (before, after) = (blocks(&original), blocks(&out));
    assert_eq!(before.len(), after.len());
    let mut commented = 0;
    for ((kind, old), (_, new)) in before.iter().zip(&after) {
        if old == new {
            continue;
        }
        commented += 1;
        assert_eq!(*kind, 6, "only packet blocks change");
        let captured = u32::from_le_bytes(old[20..24].try_into().unwrap()).next_multiple_of(4) as usize;
        assert_eq!(old[8..28 + captured], new[8..28 + captured]);
        assert!(String::from_utf8_lossy(new).contains("I.1(a): "));
    }
    assert_eq!(commented, 9);
}

fn tshark(file: &Path, fields: &[&str]) -> Result<String, String> {
    let mut command = Command::new("tshark");
    command.args(["-n", "-o", "frame.generate_md5_hash:TRUE", "-T", "fields", "-r"]).arg(file);
    command.args(fields.iter().flat_map(|field| ["-e", field]));
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    if output.status.success() { Ok(String::from_utf8(output.stdout).unwrap()) } else { Err(said) }
}

/// Compares what tshark says of both files; returns what differs.
fn difference(capture: &Path, directory: &Path) -> Option<String> {
    let name = capture.display();
    let Some(out) = annotated(capture, directory) else {
        return tshark(capture, &FIELDS).is_ok().then(|| format!("{name}: refused, though tshark opens it"));
    };
    let before = tshark(capture, &FIELDS);
    let after = match tshark(&out, &FIELDS) {
        Ok(after) => after,
        Err(error) => return Some(format!("{name}: tshark refuses the annotated file: {error}")),
    };
    fs::remove_file(out).unwrap();
    // Of a damaged capture tshark shows what is readable, and fails; the annotated one holds just that.
    let before = before.or_else(|_| Ok::<_, ()>(readable(capture))).unwrap();
    let (before, after) = match has_large_fraction(&fs::read(capture).unwrap()) {
        true => (without_time(&before), without_time(&after)),
        false => (before, after),
    };
    let differing = before.lines().zip(after.lines()).find(|(before, after)| before != after);
    match differing {
        Some((before, after)) => Some(format!("{name}:\n  {before}\n  {after}")),
        None if before.lines().count() != after.lines().count() => Some(format!("{name}: other number of frames")),
        None => None,
    }
}

/// Whether a pcap file has a record whose fraction of a second is a second or more. tshark lets it overflow, pcapng cannot
/// hold it; socklab carries it to the seconds.
fn has_large_fraction(file: &[u8]) -> bool {
    let number = |bytes: &[u8], big: bool| {
        let bytes = bytes.try_into().unwrap();
        if big { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) }
    };
    let (big, second) = match file.get(..4) {
        Some([0xd4, 0xc3, 0xb2, 0xa1]) => (false, 1_000_000),
        Some([0xa1, 0xb2, 0xc3, 0xd4]) => (true, 1_000_000),
        Some([0x4d, 0x3c, 0xb2, 0xa1]) => (false, 1_000_000_000),
        Some([0xa1, 0xb2, 0x3c, 0x4d]) => (true, 1_000_000_000),
        _ => return false,
    };
    let mut rest = file.get(24..).unwrap_or_default();
    while let Some(record) = rest.get(..16) {
        if number(&record[4..8], big) >= second {
            return true;
        }
        rest = rest.get(16 + number(&record[8..12], big) as usize..).unwrap_or_default();
    }
    false
}

/// tshark's lines without their fourth field.
fn without_time(lines: &str) -> String {
    let line = |line: &str| {
        let fields = line.split('\t').enumerate().filter(|(place, _)| *place != 3).map(|(_, field)| field);
        fields.collect::<Vec<_>>().join("\t")
    };
    lines.lines().map(line).collect::<Vec<_>>().join("\n")
}

fn readable(capture: &Path) -> String {
    let mut command = Command::new("tshark");
    command.args(["-n", "-o", "frame.generate_md5_hash:TRUE", "-T", "fields", "-r"]).arg(capture);
    let output = command.args(FIELDS.iter().flat_map(|field| ["-e", field])).output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

#[track_caller]
fn assert_same_for_tshark(captures: &[PathBuf]) {
    let next = AtomicUsize::new(0);
    let worker = || {
        let directory = tempfile::tempdir().unwrap();
        let mut found = Vec::new();
        while let Some(capture) = captures.get(next.fetch_add(1, Ordering::Relaxed)) {
            found.extend(difference(capture, directory.path()));
        }
        found
    };
    let differences: Vec<String> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..4).map(|_| scope.spawn(worker)).collect();
        workers.into_iter().flat_map(|worker| worker.join().unwrap()).collect()
    });
    let count = differences.len();
    assert!(differences.is_empty(), "{count} of {}:\n{}", captures.len(), differences.join("\n"));
}

#[test]
#[ignore = "needs tshark"]
fn tshark_sees_the_same_frames_in_annotated_fixtures() {
    assert_same_for_tshark(&captures_in(&package("fixtures")));
}

#[test]
#[ignore = "needs tshark and the collection of captures (SOCKLAB_SHARED)"]
fn tshark_sees_the_same_frames_in_the_annotated_corpus() {
    let shared = std::env::var_os("SOCKLAB_SHARED").map_or_else(|| package("../shared"), PathBuf::from);
    let captures = captures_in(&shared.join("corpus"));
    assert!(captures.len() > 800, "the collection was not found");
    assert_same_for_tshark(&captures.into_iter().step_by(sample()).collect::<Vec<_>>());
}

#[test]
#[ignore = "needs tshark"]
fn tshark_shows_the_comments() {
    let directory = tempfile::tempdir().unwrap();
    // What tshark shows of the frame besides: a SYN's flags, or nothing of TCP.
    for (capture, flags, comment) in [
        ("plain/step8.pcapng", "0x0002", "I.1(a): SYN, first frame of the handshake."),
        ("formats/tcp-nanoseconds.pcap", "0x0002", "I.1(a): SYN, first frame of the handshake."),
        ("formats/tcp-zstd.pcapng.zst", "0x0002", "I.1(a): SYN, first frame of the handshake."),
        ("plain/step12.pcapng", "", "I.4(a): a datagram of"),
        ("plain/part2-step2-B.pcapng", "0x0002", "II.2: SYN, first frame of the handshake."),
    ] {
        let out = annotated(&package("fixtures").join(capture), directory.path()).unwrap();
        let shown = tshark(&out, &["tcp.flags", "frame.comment"]).unwrap();
        let mut frames = shown.lines().filter_map(|line| line.split_once('\t'));
        let found = frames.any(|(seen, text)| seen == flags && text.contains(comment));
        assert!(found, "{capture}: {shown}");
    }
}
