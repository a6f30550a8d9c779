//! Recorded runs of the lab, changed in the ways in which captures are handed on, and runs that only look alike.

use std::fs::File;
use std::path::{Path, PathBuf};

use proptest::prelude::*;

use super::class::{Member, shared, uncompared};
use super::compare::compare;
use super::groups::Groups;
use super::left_out::LeftOut;
use super::print::Printer;
use super::{Fingerprint, NotCompared};
use crate::result::{SharedCapture, Submission};
use socklab_packets::capfile::CaptureReader;
use socklab_packets::limits::Limits;
use socklab_packets::pipeline::observe_capture;

/// A frame: its time in microseconds, its length on the wire, its captured bytes.
#[derive(Debug, Clone, PartialEq)]
struct Taken {
    time: u64,
    wire: u32,
    bytes: Vec<u8>,
}

type Run = Vec<Taken>;

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures").join(name)
}

fn recorded(name: &str) -> Run {
    let mut reader = CaptureReader::open(File::open(fixture(name)).unwrap(), &Limits::default()).unwrap();
    let mut run = Run::new();
    reader.for_each_frame(|frame| {
        let time = frame.timestamp().unwrap();
        let time = u64::try_from(time.seconds).unwrap() * 1_000_000 + u64::from(time.nanoseconds / 1000);
        run.push(Taken { time, wire: frame.original_length, bytes: frame.data.to_vec() });
    });
    run
}

/// As a classic capture file, in microseconds.
fn pcap(run: &[Taken]) -> Vec<u8> {
    let mut out = vec![0xa1, 0xb2, 0xc3, 0xd4, 0, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 1];
    for frame in run {
        let length = u32::try_from(frame.bytes.len()).unwrap();
        let parts = [frame.time / 1_000_000, frame.time % 1_000_000].map(|part| u32::try_from(part).unwrap());
        out.extend([parts[0], parts[1], length, frame.wire].into_iter().flat_map(u32::to_be_bytes));
        out.extend(&frame.bytes);
    }
    out
}

fn prints(runs: &[&[Taken]]) -> Fingerprint {
    let mut printer = Printer::default();
    for (number, run) in runs.iter().enumerate() {
        let file = format!("{number}.pcap");
        printer.begin(&file);
        observe_capture(&file, pcap(run).as_slice(), &Limits::default(), &mut |frame, packet| {
            printer.add(frame, packet)
        })
        .unwrap();
    }
    printer.finish()
}

fn bits(one: &[Taken], other: &[Taken]) -> u32 {
    compare(&prints(&[one]), &prints(&[other])).map_or(0, |shared| shared.bits())
}

/// Whether a frame is IPv4, as all of the lab's here: without a VLAN tag and without options.
fn is_ipv4(frame: &Taken) -> bool {
    frame.bytes.get(12..15) == Some(&[8, 0, 0x45])
}

fn is_tcp(frame: &Taken) -> bool {
    is_ipv4(frame) && frame.bytes.get(23) == Some(&6)
}

/// What someone may do to a capture before it is handed in again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Edit {
    OtherPorts,
    SnapshotLength,
    FlippedFlags,
    ShiftedStamps,
    OtherAddresses,
    GroupAddress,
    Later,
    Junk,
    Datagrams,
    Scan,
    Trimmed,
    Doubled,
}

const EDITS: [Edit; 12] = [
    Edit::OtherPorts,
    Edit::SnapshotLength,
    Edit::FlippedFlags,
    Edit::ShiftedStamps,
    Edit::OtherAddresses,
    Edit::GroupAddress,
    Edit::Later,
    Edit::Junk,
    Edit::Datagrams,
    Edit::Scan,
    Edit::Trimmed,
    Edit::Doubled,
];

impl Edit {
    fn apply(self, run: &mut Run) {
        let each = |run: &mut Run, change: &dyn Fn(&mut Taken)| run.iter_mut().filter(|f| is_tcp(f)).for_each(change);
        match self {
            Edit::OtherPorts => each(run, &|frame| {
                frame.bytes[35] = frame.bytes[35].wrapping_add(1);
                frame.bytes[37] = frame.bytes[37].wrapping_add(1);
            }),
            // As `editcap -s 60`: the options of TCP are cut off.
            Edit::SnapshotLength => run.iter_mut().for_each(|frame| frame.bytes.truncate(60)),
            Edit::FlippedFlags => each(run, &|frame| frame.bytes[47] ^= 0x18),
            Edit::ShiftedStamps => each(run, &|frame| {
                // NOP, NOP, time stamps, as Linux writes them behind a handshake.
                if frame.bytes.len() >= 66 && frame.bytes[54..58] == [1, 1, 8, 10] {
                    frame.bytes[59] = frame.bytes[59].wrapping_add(3);
                    frame.bytes[63] = frame.bytes[63].wrapping_add(3);
                }
            }),
            Edit::OtherAddresses => each(run, &|frame| {
                // The client gets the larger address, which it had not.
                for at in [26, 30] {
                    frame.bytes[at] = 172;
                    frame.bytes[at + 3] ^= 0x7f;
                }
            }),
            Edit::GroupAddress => each(run, &|frame| frame.bytes[0] |= 1),
            Edit::Later => run.iter_mut().for_each(|frame| frame.time += 86_400_000_123),
            Edit::Junk => {
                let junk = |n: u64| Taken { time: n, wire: 60, bytes: (0..60).map(|at| (n * 31 + at) as u8).collect() };
                run.splice(3..3, (0..400).map(junk));
            }
            Edit::Datagrams => {
                run.splice(
                    0..0,
                    (0..6000).map(|n| datagram(n, [10, 0, 3, 2], [142, 250, (n / 250) as u8, n as u8], 20)),
                );
            }
            Edit::Scan => {
                run.splice(0..0, (0..6000_u32).map(syn));
            }
            Edit::Trimmed => {
                let keep = run.len() - run.iter().rev().take_while(|frame| is_tcp(frame)).count().max(4);
                run.drain(..keep);
            }
            Edit::Doubled => *run = run.iter().flat_map(|frame| [frame.clone(), frame.clone()]).collect(),
        }
    }
}

fn ipv4(protocol: u8, from: [u8; 4], to: [u8; 4], payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0, 0x45, 0];
    bytes.extend(u16::try_from(payload.len() + 20).unwrap().to_be_bytes());
    bytes.extend([0, 0, 0x40, 0, 64, protocol, 0, 0]);
    bytes.extend(from);
    bytes.extend(to);
    bytes.extend(payload);
    bytes
}

fn taken(time: u64, bytes: Vec<u8>) -> Taken {
    Taken { time, wire: u32::try_from(bytes.len()).unwrap(), bytes }
}

fn datagram(time: u64, from: [u8; 4], to: [u8; 4], length: u16) -> Taken {
    let mut payload = vec![0x9c, 0x40, 0xff, 0x99];
    payload.extend((length + 8).to_be_bytes());
    payload.resize(usize::from(length) + 8, 0);
    taken(time, ipv4(17, from, to, &payload))
}

/// A port scan, with sequence numbers as random as any.
fn syn(number: u32) -> Taken {
    let port = u16::try_from(number % 60_000).unwrap();
    taken(
        number.into(),
        segment([10, 0, 3, 2], [10, 0, 3, 9], [50_000, port], [number.wrapping_mul(2_654_435_761), 0], 2),
    )
}

fn segment(from: [u8; 4], to: [u8; 4], ports: [u16; 2], numbers: [u32; 2], flags: u8) -> Vec<u8> {
    let mut payload: Vec<u8> = ports.into_iter().flat_map(u16::to_be_bytes).collect();
    payload.extend(numbers.into_iter().flat_map(u32::to_be_bytes));
    payload.extend([0x50, flags, 0xfa, 0xf0, 0, 0, 0, 0]);
    ipv4(6, from, to, &payload)
}

#[test]
fn no_change_hides_a_copy() {
    for name in ["plain/step8.pcapng", "echo/step8.pcapng", "python/step8.pcapng", "plain/part2-step2-B.pcapng"] {
        let run = recorded(name);
        for edit in EDITS {
            let mut copy = run.clone();
            edit.apply(&mut copy);
            assert_ne!(copy, run, "{edit:?} changes nothing of {name}");
            // What 20 students with six conversations each may still take off.
            let bits = bits(&run, &copy);
            assert!(bits >= 20 + 13, "{name}: {bits} bits after {edit:?}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn no_changes_together_hide_a_copy(edits in proptest::sample::subsequence(&EDITS[..], 2..6)) {
        let run = recorded("plain/step8.pcapng");
        let mut copy = run.clone();
        edits.iter().for_each(|edit| edit.apply(&mut copy));
        prop_assert!(bits(&run, &copy) >= 20, "{edits:?}");
    }
}

#[test]
fn ipv6_is_compared_as_well() {
    let run = recorded("variations/tcp-ipv6.pcapng");
    let mut copy = run.clone();
    copy.drain(..copy.len() - 5);
    Edit::Later.apply(&mut copy);
    Edit::Datagrams.apply(&mut copy);
    assert!(bits(&run, &copy) >= 33);
    assert_eq!(bits(&run, &recorded("plain/step8.pcapng")), 0);
    // Behind 40 bytes of IPv6 a snapshot length of 60 leaves no sequence number.
    let mut cut = run.clone();
    Edit::SnapshotLength.apply(&mut cut);
    assert_eq!(prints(&[&cut]).not_compared, [(0, NotCompared::Cut)]);
    let udp = recorded("variations/udp-ipv6.pcapng");
    let mut later = udp.clone();
    Edit::Later.apply(&mut later);
    assert!(bits(&udp, &udp) >= 33 && bits(&udp, &later) < 20);
}

#[test]
fn neither_length_nor_repetition_hides_a_part() {
    let ends = ([10, 0, 3, 2], [10, 0, 3, 1], [40_000, 65_432]);
    let frame = |n: u32, numbers: [u32; 2]| taken(u64::from(n) * 900, segment(ends.0, ends.1, ends.2, numbers, 16));
    let mut long: Run = (0..20_000).map(|n| frame(n, [3_000_000_000 + n * 700, 70_000_000])).collect();
    long.splice(9000..9000, (0..3000).map(|n| frame(9000, [2_999_999_999, 70_000_000 + n % 2])));
    assert!(bits(&long, &long[12_000..12_400]) >= 20);
}

#[test]
fn recorded_runs_share_nothing() {
    let names = ["plain", "echo", "python"].into_iter().flat_map(|run| {
        ["step8", "step12", "part2-step2-B", "part2-step3-C"].map(|step| format!("{run}/{step}.pcapng"))
    });
    let all: Vec<(String, Fingerprint)> = names.map(|name| (name.clone(), prints(&[&recorded(&name)]))).collect();
    for (place, (one, print)) in all.iter().enumerate() {
        for (other, others) in all.iter().skip(place + 1) {
            assert_eq!(compare(print, others), None, "{one} and {other}");
        }
    }
}

/// Distances in microseconds that nobody repeats: a small generator, so that they are the same each time.
fn jitter(seed: u64, most: u64) -> impl FnMut() -> u64 {
    let mut state = seed;
    move || {
        state = super::spread(state);
        state % most
    }
}

/// A conversation of two hosts whose datagrams come at these distances.
fn spoken(start: u64, distances: impl Iterator<Item = u64>) -> Run {
    let mut time = start;
    let each = distances.enumerate().map(|(n, distance)| {
        time += distance;
        datagram(time, [10, 0, 3, 2], [10, 0, 3, 1], 5 + (n % 9) as u16)
    });
    each.collect()
}

#[test]
fn runs_of_one_script_are_no_copies() {
    let start = 1_700_000_000_000_000;
    let run = |seed: u64, base: u64, noise: u64| {
        let mut noise = jitter(seed, noise);
        spoken(start + seed * 61_000_000, (0..300).map(|_| base + noise()))
    };
    // From a file at once, one line a tenth of a second, and one line a second.
    for (base, noise) in [(6, 4), (100_000, 150), (1_000_000, 900)] {
        for seed in 1..6 {
            let (one, other) = (run(seed, base, noise), run(seed + 7, base, noise));
            assert_eq!(compare(&prints(&[&one]), &prints(&[&other])), None, "{base} µs, seed {seed}");
        }
    }
}

/// A script with pauses that vary, each kept to 240 µs, in captures whose clocks tick coarsely.
#[test]
fn runs_of_one_script_by_a_coarse_clock_are_no_copies() {
    let start = 1_700_000_000_000_000;
    for (tick, pauses) in [(1000, 12), (100, 12), (15_625, 40), (10_000, 40)] {
        let run = |seed: u64| -> Run {
            let mut noise = jitter(seed, 240);
            let mut run = spoken(start + seed * 61_000_000, (1..=pauses).map(|pause| pause * 250_000 + 60 + noise()));
            run.iter_mut().for_each(|frame| frame.time -= frame.time % tick);
            run
        };
        let runs: Vec<Fingerprint> = (1..9).map(|seed| prints(&[&run(seed)])).collect();
        for (place, one) in runs.iter().enumerate() {
            for other in &runs[place + 1..] {
                assert_eq!(compare(one, other), None, "{tick} µs");
            }
        }
        assert_eq!(runs[0].not_compared, [(0, NotCompared::UdpOnly)]);
    }
}

#[test]
fn the_same_ports_and_numbers_that_begin_at_0_are_no_copies() {
    let run = |first: [u32; 2], time: u64| -> Run {
        let [own, peer] = first;
        let each = (0..9_u32).map(|n| {
            let numbers = [own.wrapping_add(n), peer.wrapping_add(n / 2)];
            taken(time + u64::from(n) * 70, segment([10, 0, 3, 2], [10, 0, 3, 1], [40_000, 65_432], numbers, 16))
        });
        each.collect()
    };
    assert_eq!(bits(&run([0, 0], 7), &run([0, 0], 900_000_007)), 0);
    assert_eq!(bits(&run([3_000_000_000, 5_000_000], 7), &run([3_100_000_000, 1_005_000_000], 900_000_007)), 0);
    // One side of a simulator counts from 0, the other one is a real computer.
    let half = bits(&run([3_000_000_000, 0], 7), &run([3_000_000_000, 0], 900_000_007));
    assert!((20..=32).contains(&half), "{half}");
}

#[test]
fn a_udp_conversation_is_known_by_its_distances() {
    let start = 1_700_000_000_000_000;
    let typed = |seed: u64, lines: usize| -> Run {
        let mut typing = jitter(seed, 4_000_000);
        spoken(start + seed, (0..lines).map(|_| 300_000 + typing()))
    };
    let (run, mut copy) = (typed(3, 9), typed(3, 9));
    copy.iter_mut().for_each(|frame| frame.time += 3_600_000_000);
    assert!(bits(&run, &copy) >= 35);
    // Trimmed, with other ports and among other datagrams.
    copy.drain(..2);
    copy.iter_mut().for_each(|frame| frame.bytes[35] ^= 1);
    copy.splice(0..0, (0..900).map(|n| datagram(start + n * 5000, [10, 0, 3, 2], [8, 8, (n % 200) as u8, 8], 20)));
    assert!(bits(&run, &copy) >= 25);
    assert_eq!(bits(&run, &typed(4, 9)), 0);
    // Two lines at the very same time are enough; at another time they are not, and that is said.
    let few = typed(5, 2);
    let mut moved = few.clone();
    moved.iter_mut().for_each(|frame| frame.time += 60_000_000);
    assert!(bits(&few, &few) >= 30);
    assert_eq!(bits(&few, &moved), 0);
    assert_eq!(prints(&[&few]).not_compared, [(0, NotCompared::UdpOnly)]);
    assert_eq!(prints(&[&run]).not_compared, []);
}

#[test]
fn a_socket_for_each_datagram_does_not_hide_a_copy() {
    let run = recorded("variations/udp-socket-per-line.pcapng");
    assert!(bits(&run, &run) >= 30);
}

#[test]
fn what_could_not_be_compared_is_said() {
    let mut cut = recorded("plain/step8.pcapng");
    cut.iter_mut().for_each(|frame| frame.bytes.truncate(34));
    let nothing = [datagram(5, [10, 0, 3, 2], [224, 0, 0, 251], 30)];
    let own = prints(&[&cut, &nothing, &recorded("plain/step8.pcapng")]);
    assert_eq!(own.not_compared, [(0, NotCompared::Cut), (1, NotCompared::NothingToCompare)]);
    let many: Run = (0..70_000).map(syn).collect();
    assert_eq!(prints(&[&many]).not_compared, [(0, NotCompared::TooMuch)]);
    let all = uncompared(&[member("ann", &own), member("bob", &prints(&[&cut]))]);
    assert_eq!((all[0].captures, all[0].submissions.clone()), (2, vec!["ann".to_owned(), "bob".to_owned()]));
}

fn member(name: &str, print: &Fingerprint) -> Member {
    let submission = Submission { name: name.to_owned(), ..Submission::default() };
    Member::new(&submission, print)
}

/// A run of the lab with numbers of its own.
fn own(seed: u64) -> Run {
    let mut numbers = jitter(seed, u64::from(u32::MAX));
    let (client, server) = (numbers() as u32, numbers() as u32);
    let start = 1_700_000_000_000_000 + seed * 3_600_000_000;
    let each = (0..6_u32).map(|n| {
        let bytes = segment([10, 0, 3, 2], [10, 0, 3, 1], [50_000, 65_432], [client + n, server], 16);
        taken(start + u64::from(n) * 1_300_000, bytes)
    });
    each.collect()
}

fn of_class(class: &[Fingerprint]) -> Vec<SharedCapture> {
    let members: Vec<Member> =
        class.iter().enumerate().map(|(number, print)| member(&format!("s{number:02}"), print)).collect();
    shared(&members, &Groups::default(), |place| class.get(place).cloned())
}

fn names(copies: &[SharedCapture]) -> Vec<Vec<&str>> {
    copies.iter().map(|copy| copy.submissions.iter().map(String::as_str).collect()).collect()
}

#[test]
fn a_sample_in_every_submission_hides_no_pair() {
    let sample = recorded("plain/step8.pcapng");
    let sample = sample.as_slice();
    for size in [12, 40] {
        let mut class: Vec<Fingerprint> = (0..size).map(|seed| prints(&[sample, &own(seed)])).collect();
        // The last one has the run of the fourth.
        class.push(prints(&[&own(3), sample]));
        let last = format!("s{size:02}");
        let found = of_class(&class);
        let pair = vec!["s03", last.as_str()];
        assert!(names(&found).contains(&pair), "{:?}", names(&found));
        // The sample itself is shown once, with all who have it.
        let all: Vec<&SharedCapture> = found.iter().filter(|copy| copy.submissions.len() > 2).collect();
        assert_eq!(all.iter().map(|copy| copy.submissions.len()).collect::<Vec<_>>(), [class.len()]);
        assert_eq!(all[0].widespread, size == 40);
        // With the sample left out only the pair is there.
        let mut left_out = LeftOut::default();
        left_out.add(&prints(&[sample]));
        let apart = |print: &mut Fingerprint| left_out.apply(print);
        assert!(class.iter_mut().map(apart).all(|conversations| conversations > 0));
        assert_eq!(names(&of_class(&class)), [pair]);
    }
}

#[test]
fn a_sample_of_udp_is_left_out_as_well() {
    let sample = recorded("echo/step12.pcapng");
    let mut left_out = LeftOut::default();
    left_out.add(&prints(&[&sample]));
    let mut later = sample.clone();
    later.iter_mut().for_each(|frame| frame.time += 86_400_000_000);
    for run in [&sample, &later] {
        assert!(left_out.apply(&mut prints(&[run])) > 0);
    }
    assert_eq!(left_out.apply(&mut prints(&[&recorded("plain/step12.pcapng")])), 0);
}

#[test]
fn a_group_holds_only_pairs_that_are_proved() {
    // The second has the first's run and the third's; those two share nothing.
    let class = [prints(&[&own(1)]), prints(&[&own(1), &own(2)]), prints(&[&own(2)])];
    assert_eq!(names(&of_class(&class)), [["s00", "s01"], ["s01", "s02"]]);
    let ring = [prints(&[&own(1)]), prints(&[&own(1)]), prints(&[&own(5)]), prints(&[&own(1)])];
    let found = of_class(&ring);
    assert_eq!(names(&found), [["s00", "s01", "s03"]]);
    assert_eq!(found[0].evidence.len(), 3);
}

/// The number and the chance of a group hold for each of its pairs.
#[test]
fn a_group_is_told_by_the_pair_that_shares_least() {
    let both = || prints(&[&own(1), &own(2)]);
    let class = [both(), both(), prints(&[&own(2)])];
    let found = of_class(&class);
    let told: Vec<(usize, u64)> = found.iter().map(|copy| (copy.submissions.len(), copy.shared_frames)).collect();
    assert_eq!(told, [(2, 12), (3, 6)], "{found:?}");
    assert!(found[0].coincidence_bits > found[1].coincidence_bits);
    let least = found[1].evidence.iter().map(|proof| proof.shared_frames).min();
    assert_eq!(least, Some(found[1].shared_frames));
}
