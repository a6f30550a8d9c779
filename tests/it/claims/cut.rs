//! A recorded capture in two files, as one that was stopped and started again: they say what the whole says.

use std::fs;
use std::path::{Path, PathBuf};

use socklab_core::analyze::analysis::{Answer, Facts};
use socklab_packets::capfile::CaptureReader;
use socklab_packets::limits::Limits;
use socklab_packets::track::HandshakeState;

use super::set::{Set, captures_in};
use super::{Check, frames, sentences};
use crate::support::package;

/// The checks that hold for a connection in several files; the others look at each file alone.
const CHECKS: [Check; 8] = [
    ("a proved claim has evidence", frames::proved_has_evidence),
    ("evidence is in the files, and belongs to its stream", frames::evidence_exists),
    ("a proved claim names only frames of its evidence", frames::named_frames_are_cited),
    ("no frame refutes a claim of absence", frames::absences_hold),
    ("a claim of absence cites the whole conversation", frames::absences_cite_everything),
    ("an answer's text is its claims", sentences::text_is_claims),
    ("the facts of all answers agree", sentences::facts_agree),
    ("lists name three and count the rest", sentences::lists_are_short),
];

/// A frame as a record of a pcap file with times in nanoseconds (draft-ietf-opsawg-pcap, section 5).
struct Record(Vec<u8>);

/// The frames of a capture with one link type; `None` of any other file.
fn records(path: &Path) -> Option<(u32, Vec<Record>)> {
    let mut reader = CaptureReader::open(fs::File::open(path).unwrap(), &Limits::default()).ok()?;
    let (mut link_types, mut records) = (Vec::new(), Vec::new());
    while let Some(frame) = reader.next_frame() {
        let time = frame.timestamp()?;
        link_types.push(u32::from(frame.link_type.0));
        let numbers = [
            u32::try_from(time.seconds).ok()?,
            time.nanoseconds,
            u32::try_from(frame.data.len()).ok()?,
            frame.original_length,
        ];
        let mut record: Vec<u8> = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
        record.extend(frame.data);
        records.push(Record(record));
    }
    link_types.dedup();
    match link_types.as_slice() {
        [one] => Some((*one, records)),
        _ => None,
    }
}

fn write(path: &Path, link_type: u32, records: &[Record]) {
    let header = [0xa1b2_3c4d_u32, 0x0004_0002, 0, 0, 262_144, link_type];
    let mut bytes: Vec<u8> = header.iter().flat_map(|word| word.to_le_bytes()).collect();
    records.iter().for_each(|record| bytes.extend(&record.0));
    fs::write(path, bytes).unwrap();
}

/// The facts of an answer, of lists of frames only their lengths: the numbers are those of the files.
fn facts(answer: &Answer) -> String {
    match &answer.facts {
        Facts::TcpFrames { handshake_frames, data_frames, acknowledgement_frames, closing_frames, .. } => {
            let lists = [handshake_frames, data_frames, acknowledgement_frames, closing_frames];
            format!("{:?}", lists.map(|list| list.as_ref().map(Vec::len)))
        }
        facts => format!("{facts:?}"),
    }
}

/// What an answer says in short. Whether clients were served at the same time needs one clock, and that both files were made on one
/// computer may not be shown.
fn short(answer: &Answer) -> String {
    answer.short.to_string().replace(" at the same time", "")
}

/// The frames before which the capture may be cut: those outside of handshakes, after a line was sent. A closing alone in the
/// second file would be that of a later step.
fn cuts(whole: &Set, records: usize) -> Vec<usize> {
    let streams = whole.streams();
    let first_line = streams.iter().flat_map(|stream| stream.frames.iter().find(|frame| frame.carries_data()));
    let Some(begin) = first_line.map(|frame| frame.note.frame.0).min() else { return Vec::new() };
    let in_handshake = |cut: u64| {
        streams.iter().filter(|stream| stream.connection.handshake == HandshakeState::Complete).any(|stream| {
            let ends = [stream.connection.syn, stream.connection.ack].map(|frame| frame.map_or(0, |frame| frame.0));
            ends[0] < cut && cut <= ends[1]
        })
    };
    let before_closing = |cut: u64| {
        streams.iter().any(|stream| {
            let last = stream.frames.iter().filter(|frame| frame.carries_data()).map(|frame| frame.note.frame.0).max();
            let end = stream.frames.iter().find(|frame| frame.closes()).map(|frame| frame.note.frame.0);
            last.zip(end).is_some_and(|(last, end)| last < cut && cut <= end)
        })
    };
    let all = usize::try_from(begin).unwrap() + 1..=records;
    all.filter(|cut| !in_handshake(*cut as u64) && !before_closing(*cut as u64)).collect()
}

#[test]
fn a_capture_in_two_files_says_what_the_whole_says() {
    let directory = tempfile::tempdir().unwrap();
    let place = |name: &str| directory.path().join(name);
    let folders = ["plain", "echo", "python", "mistakes", "variations"];
    let captures: Vec<PathBuf> =
        folders.iter().flat_map(|folder| captures_in(&package("fixtures").join(folder))).collect();
    let (mut faults, mut looked_at) = (Vec::new(), 0);
    for path in &captures {
        let Some((link_type, records)) = records(path).filter(|(_, records)| records.len() < 200) else { continue };
        let files = ["whole.pcap", "begin.pcap", "end.pcap"].map(place);
        write(&files[0], link_type, &records);
        let whole = Set::of(&files[..1], &[]);
        for cut in cuts(&whole, records.len()) {
            looked_at += 1;
            write(&files[1], link_type, &records[..cut - 1]);
            write(&files[2], link_type, &records[cut - 1..]);
            let parts = Set::of(&files[1..], &[]);
            let at = format!("{} cut before frame {cut}", path.display());
            for (one, other) in whole.analysis.answers.iter().zip(&parts.analysis.answers) {
                if (short(one), facts(one)) != (short(other), facts(other)) {
                    let said = |answer: &Answer| format!("{} {}", short(answer), facts(answer));
                    faults.push(format!("{at}: {}: {} and not {}", one.question, said(other), said(one)));
                }
            }
            for (name, check) in CHECKS {
                faults.extend(check(&parts).into_iter().map(|fault| format!("{at}: {name}: {fault}")));
            }
        }
    }
    assert!(looked_at > 300, "{looked_at} cuts");
    assert!(faults.is_empty(), "{} faults of {looked_at}:\n{}", faults.len(), faults.join("\n"));
}
