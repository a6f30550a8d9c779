//! The reader of capture files against Wireshark's, and over a collection of captures.

#[path = "../../crates/packets/src/capfile/testing.rs"]
mod testing;

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Command;

use flate2::read::GzDecoder;
use socklab_packets::capfile::{CaptureReader, Frame, WarningCode};
use socklab_packets::limits::Limits;
use testing::{Order, Pcap, Pcapng, option};

use crate::support::package;

/// Packets of a file, and how its reading ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Refused,
    Read { packets: u64, end: End },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Proper,
    Cut,
    Damaged,
}

/// What the reader makes of a file. Only packets count, as in capinfos: not custom blocks and the like.
fn ours(bytes: &[u8]) -> Outcome {
    let Ok(mut reader) = CaptureReader::open(bytes, &Limits::default()) else { return Outcome::Refused };
    let mut packets = 0;
    reader.for_each_frame(|frame| packets += u64::from(frame.interface.is_some()));
    let info = reader.into_info();
    let damaged = info.warnings.iter().any(|warning| warning.code == WarningCode::Damaged);
    let end = if info.truncated {
        End::Cut
    } else if damaged {
        End::Damaged
    } else {
        End::Proper
    };
    Outcome::Read { packets, end }
}

/// What capinfos makes of all files in a directory, by their names: one run for hundreds of files.
fn capinfos(directory: &Path, names: &[String]) -> BTreeMap<String, Outcome> {
    let mut results = BTreeMap::new();
    for some in names.chunks(200) {
        let mut command = Command::new("capinfos");
        let output =
            command.args(["-T", "-r", "-t", "-c"]).args(some).current_dir(directory).output().expect("capinfos");
        let errors = String::from_utf8_lossy(&output.stderr);
        let mut outcomes: BTreeMap<_, _> = some.iter().map(|name| (name.clone(), Outcome::Refused)).collect();
        for line in String::from_utf8_lossy(&output.stdout).lines() {
            let [name, kind, packets] = line.split('\t').collect::<Vec<_>>()[..] else { continue };
            // Files without a header come out as whatever format takes them.
            if kind.contains("pcap") {
                let packets = packets.parse().expect("a number");
                outcomes.insert(name.to_owned(), Outcome::Read { packets, end: End::Proper });
            }
        }
        for (at, line) in errors.lines().enumerate() {
            let Some(rest) = line.strip_prefix("capinfos: An error occurred after reading ") else { continue };
            let (packets, name) = rest.split_once(" packets from \"").expect("a file name");
            let reason = errors.lines().nth(at + 1).unwrap_or_default();
            let end = if reason.contains("cut short") { End::Cut } else { End::Damaged };
            let packets = packets.parse().expect("a number");
            outcomes.insert(name.trim_end_matches("\".").to_owned(), Outcome::Read { packets, end });
        }
        results.append(&mut outcomes);
    }
    results
}

/// A UDP datagram in IPv4 in Ethernet, a bit different for each number.
fn frame(number: u8) -> Vec<u8> {
    let mut frame = vec![2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0, 0x45, 0, 0, 32, 0, number, 0, 0, 64, 17, 0, 0];
    frame.extend([10, 0, 3, 1, 10, 0, 3, 2, 0x9c, 0x40, 0xff, 0x99, 0, 12, 0, 0, b'l', b'a', b'b', number]);
    frame
}

/// Files with something of everything, small, so that their bytes can be changed one by one.
fn samples() -> Vec<Vec<u8>> {
    let mut samples = Vec::new();
    for order in Order::BOTH {
        let of = |code, value: &[u8]| option(order, code, value);
        let interface = [of(2, b"eth0"), of(9, &[9]), of(13, &[4]), of(0, b"")].concat();
        let names = [&of(1, b"\x0a\0\x03\x01host-a\0")[..], &[0; 4]].concat();
        let file = Pcapng::ethernet(order).interface(1, 96, &interface).packet(1, &frame(1));
        let file = file.enhanced(1, 2, 46, 60, &frame(2), &of(2, &order.u32(1))).simple(46, &frame(3));
        let file = file.obsolete(1, 4, &frame(4), &of(1, b"comment")).block(4, &names);
        let file = file.block(0xbad, &[1; 8]).block(10, &[&[0; 4][..], &order.u32(4), b"keys"].concat());
        let file = file.block(5, &[&order.u32(1)[..], &[0; 8], &of(5, &order.u64(3))].concat()).block(0x777, &[5; 6]);
        let journal = b"__REALTIME_TIMESTAMP=1700000000000000\nMESSAGE=x\n";
        let file = file.block(9, journal).packet(5, &frame(5)).section(order, &of(4, b"test"));
        samples.push(file.interface(1, 0, &[]).packet(6, &frame(6)).packet(7, &frame(7)).bytes);
        for (magic, version, extra) in
            [(0xa1b2_c3d4, (2, 4), 0), (0xa1b2_3c4d, (2, 3), 0), (0xa1b2_cd34, (2, 4), 8), (0xa1b2_c3d4, (2, 4), 4)]
        {
            let mut file = Pcap::with_header(order, magic, version, 65535, 1);
            for number in 1..=5 {
                file = file.record([u32::from(number), 9, 46, 46], &[7; 8][..extra], &frame(number));
            }
            samples.push(file.bytes);
        }
    }
    samples
}

/// Compares all files with capinfos; `explained` may take out what is known to differ.
fn compare(files: &[Vec<u8>], explained: impl Fn(&[u8], Outcome, Outcome) -> bool) {
    let directory = tempfile::tempdir().unwrap();
    let names: Vec<String> = (0..files.len()).map(|number| format!("{number:05}.cap")).collect();
    for (name, bytes) in names.iter().zip(files) {
        fs::write(directory.path().join(name), bytes).unwrap();
    }
    let theirs = capinfos(directory.path(), &names);
    let ends =
        |end| theirs.values().filter(|outcome| matches!(outcome, Outcome::Read { end: e, .. } if *e == end)).count();
    let (proper, cut) = (ends(End::Proper), ends(End::Cut));
    assert!(proper > 0 && cut > 0, "capinfos read nothing");
    let mut differ = Vec::new();
    for (name, bytes) in names.iter().zip(files) {
        let (ours, theirs) = (ours(bytes), theirs[name]);
        if ours != theirs && !explained(bytes, ours, theirs) {
            differ.push(format!("{name}: {ours:?}, Wireshark {theirs:?}, bytes {bytes:02x?}"));
        }
    }
    assert!(differ.is_empty(), "{} of {} differ, such as\n{}", differ.len(), files.len(), differ[0]);
}

#[test]
#[ignore = "needs capinfos 4.0 of Wireshark"]
fn files_cut_anywhere_end_where_wireshark_ends_them() {
    let cut = |bytes: Vec<u8>| (0..=bytes.len()).map(move |length| bytes[..length].to_vec()).collect::<Vec<_>>();
    let files: Vec<_> = samples().into_iter().flat_map(cut).collect();
    // Nothing at all is an empty capture; capinfos sees an empty capture of another format.
    compare(&files, |bytes, _, _| bytes.is_empty());
}

#[test]
#[ignore = "needs capinfos 4.0 of Wireshark"]
fn files_changed_anywhere_are_read_as_wireshark_reads_them() {
    let mut random = 0x9e37_79b9_u32;
    let mut files = Vec::new();
    for sample in samples() {
        for place in 0..sample.len() {
            random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let mut changed = sample.clone();
            changed[place] = match random >> 30 {
                0 => 0xff,
                1 => changed[place].wrapping_add(1),
                2 => changed[place] ^ 0x10,
                _ => (random >> 8) as u8,
            };
            files.push(changed);
        }
    }
    compare(&files, |_, ours, theirs| same_up_to_the_reason(ours, theirs));
}

/// Whether the same packets were read, and both say that something is wrong: a length that points behind the end of the
/// file is a cut to one and damage to the other.
fn same_up_to_the_reason(ours: Outcome, theirs: Outcome) -> bool {
    match (ours, theirs) {
        (Outcome::Read { packets, end }, Outcome::Read { packets: expected, end: other }) => {
            packets == expected && end != End::Proper && other != End::Proper
        }
        _ => false,
    }
}

/// Number, interface, times and lengths of every frame, as tshark prints them.
fn lines(bytes: &[u8]) -> Vec<String> {
    let mut reader = CaptureReader::open(bytes, &Limits::default()).expect("a capture");
    let mut lines = Vec::new();
    reader.for_each_frame(|frame: &Frame<'_>| {
        let time = frame.time.map(|time| time.timestamp());
        let time = time.map_or(String::new(), |time| format!("{}.{:09}", time.seconds, time.nanoseconds));
        lines.push(format!("{}\t{time}\t{}\t{}", frame.number, frame.data.len(), frame.original_length));
    });
    lines
}

#[test]
#[ignore = "needs tshark 4.0"]
fn frames_have_the_numbers_times_and_lengths_that_tshark_shows() {
    let directory = tempfile::tempdir().unwrap();
    for order in Order::BOTH {
        let mut file = Pcapng::new(order);
        // Resolutions without overflow in Wireshark, which computes in 64 bits.
        let resolutions = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 0x80, 0x81, 0x8a, 0x94, 0x9e, 0xa0];
        for (interface, resolution) in (0..).zip(resolutions) {
            let options = [option(order, 9, &[resolution]), option(order, 14, &order.u64(interface))].concat();
            file = file.interface(1, 0, &options);
            file = file.enhanced(interface as u32, 0x1234_5678, 46, 1500, &frame(interface as u8), &[]);
        }
        let path = directory.path().join("times.pcapng");
        fs::write(&path, &file.bytes).unwrap();
        let fields = ["frame.number", "frame.time_epoch", "frame.cap_len", "frame.len"];
        let mut command = Command::new("tshark");
        command.args(["-n", "-T", "fields", "-r"]).arg(&path).args(fields.iter().flat_map(|field| ["-e", field]));
        let output = command.output().expect("tshark");
        let expected = String::from_utf8_lossy(&output.stdout);
        assert_eq!(lines(&file.bytes), expected.lines().collect::<Vec<_>>());
    }
}

/// Where the collection of captures with tshark's answers is: `SOCKLAB_SHARED`, or `shared` beside the package.
fn collection() -> PathBuf {
    std::env::var_os("SOCKLAB_SHARED").map_or_else(|| package("../shared"), PathBuf::from).join("corpus")
}

#[test]
#[ignore = "needs the collection of captures (SOCKLAB_SHARED)"]
fn captures_of_other_projects_have_as_many_frames_as_tshark_counts() {
    let directory = collection();
    let truth = fs::File::open(directory.join("truth.jsonl.gz")).expect("truth.jsonl.gz in the collection");
    let mut text = String::new();
    GzDecoder::new(truth).read_to_string(&mut text).unwrap();
    let mut differ = Vec::new();
    for line in text.lines() {
        let truth: serde_json::Value = serde_json::from_str(line).unwrap();
        let name = truth["file"].as_str().unwrap();
        let file = fs::File::open(directory.join(name)).unwrap();
        let found = CaptureReader::open(file, &Limits::default()).ok().map(|mut reader| {
            reader.for_each_frame(|_| {});
            reader.into_info().frames
        });
        let expected = if truth["status"] == "unsupported" { None } else { truth["frames"].as_u64() };
        if found != expected {
            differ.push(format!("{name}: {found:?}, tshark {expected:?}"));
        }
    }
    assert!(differ.is_empty(), "{differ:#?}");
    assert!(text.lines().count() > 800);
}
