//! A claim and the frames that it cites.

use std::collections::BTreeSet;

use socklab_core::analyze::analysis::{Basis, Code, Facts};
use socklab_core::analyze::conversation::roles::{FrameRole, RoleOfFrame};
use socklab_core::analyze::text::{Span, Text};
use socklab_packets::packet::TcpFlags;
use socklab_packets::track::{Close, HandshakeState};
use socklab_packets::types::{FrameNumber, Protocol};

use super::set::{Said, Set, Stream, named_frames};

pub(super) fn proved_has_evidence(set: &Set) -> Vec<String> {
    let proved = set.claims().filter(|(_, claim)| claim.basis == Basis::Proved);
    let bare = proved.filter(|(_, claim)| {
        claim.evidence.is_empty() || claim.evidence.iter().any(|one| one.frames.is_empty() && one.lines.is_empty())
    });
    bare.map(|(answer, claim)| format!("{}: {}", answer.question, claim.text)).collect()
}

pub(super) fn evidence_exists(set: &Set) -> Vec<String> {
    let mut faults = Vec::new();
    for said in set.said() {
        for one in said.evidence {
            let mut fault = |what: &str| faults.push(format!("{}: {}: {}: {what}", said.place, said.text, one.file));
            let Some(capture) = set.capture(&one.file) else {
                match set.journals.get(&one.file) {
                    None => fault("is not among the files"),
                    Some(lines) if one.lines.iter().any(|line| line == &0 || line > lines) => fault("has no such line"),
                    Some(_) => {}
                }
                continue;
            };
            if one.frames.last().is_some_and(|last| last.0 > capture.info.frames) {
                fault("has no such frame");
            }
            if one.streams.is_empty() {
                continue;
            }
            // Where streams are left out (a few are held), frames of others are cited too.
            let mut theirs: BTreeSet<FrameNumber> = BTreeSet::new();
            let mut whole = one.streams.len() < 8;
            for span in &one.streams {
                let (notes, complete): (Vec<_>, bool) = match span.protocol {
                    Protocol::Tcp => (
                        capture.traffic.tcp_notes(span.stream).collect(),
                        capture.traffic.tcp_notes_complete(span.stream),
                    ),
                    Protocol::Udp => (
                        capture.traffic.udp_notes(span.stream).collect(),
                        capture.traffic.udp_notes_complete(span.stream),
                    ),
                };
                whole &= complete;
                if notes.is_empty() {
                    fault("has no such stream");
                }
                theirs.extend(notes.into_iter().map(|note| note.frame));
            }
            if whole && let Some(other) = one.frames.iter().find(|frame| !theirs.contains(frame)) {
                fault(&format!("frame {other} is not of the stream"));
            }
        }
    }
    faults
}

/// A frame that is named beside the evidence cannot be checked by its filter.
pub(super) fn named_frames_are_cited(set: &Set) -> Vec<String> {
    let mut faults = Vec::new();
    for (answer, claim) in set.claims().filter(|(_, claim)| claim.basis == Basis::Proved) {
        for (file, frame) in named_frames(&claim.text) {
            let cites = |one: &socklab_core::analyze::analysis::Evidence| {
                file.is_none_or(|file| file == one.file) && one.frames.contains(frame)
            };
            if !claim.evidence.iter().any(cites) {
                faults.push(format!("{}: {}: frame {frame} is not cited", answer.question, claim.text));
            }
        }
    }
    faults
}

/// What a sentence denies, and the frames of a cited stream that would refute it.
struct Absence {
    /// Words of the sentence.
    words: &'static str,
    refutes: fn(&Text, &Stream<'_>, &RoleOfFrame) -> bool,
}

fn has(frame: &RoleOfFrame, flag: TcpFlags) -> bool {
    frame.note.flags.has(flag)
}

fn ends(frame: &RoleOfFrame) -> bool {
    has(frame, TcpFlags::FIN) || has(frame, TcpFlags::RST)
}

fn carries(frame: &RoleOfFrame) -> bool {
    frame.note.payload_length > 0 && frame.role != FrameRole::KeepAlive
}

/// Whether a frame was sent by the end that is named after these words.
fn is_from(text: &Text, after: &str, stream: &Stream<'_>, frame: &RoleOfFrame) -> bool {
    let sender = stream.connection.address(frame.note.sender);
    let plain = text.to_string();
    if plain.contains(&format!("{after}the client")) {
        return stream.is_from_client(frame);
    }
    if plain.contains(&format!("{after}the server")) {
        return !stream.is_from_client(frame);
    }
    let mut spans =
        text.spans().iter().skip_while(|span| !matches!(span, Span::Words(words) if words.ends_with(after)));
    match spans.nth(1) {
        Some(Span::Host(host)) => host.ip == sender.ip,
        Some(Span::Address(address)) => *address == sender,
        _ => false,
    }
}

/// Whether a frame comes after the first (or last) one that the text names.
fn is_after_named(text: &Text, frame: &RoleOfFrame) -> bool {
    named_frames(text).first().is_some_and(|(_, first)| frame.note.frame > *first)
}

fn is_before_last_named(text: &Text, frame: &RoleOfFrame) -> bool {
    named_frames(text).last().is_some_and(|(_, last)| frame.note.frame < *last)
}

const ABSENCES: [Absence; 12] = [
    Absence { words: "No frame of this connection carries FIN or RST", refutes: |_, _, frame| ends(frame) },
    Absence { words: "No frame carries data, in either direction", refutes: |_, _, frame| carries(frame) },
    Absence {
        words: "No frame from ",
        refutes: |text, stream, frame| carries(frame) && is_from(text, "No frame from ", stream, frame),
    },
    Absence {
        words: "Only the client sends data",
        refutes: |_, stream, frame| carries(frame) && !stream.is_from_client(frame),
    },
    Absence {
        words: "Only the server sends data",
        refutes: |_, stream, frame| carries(frame) && stream.is_from_client(frame),
    },
    Absence {
        words: "was acknowledged, but not answered",
        refutes: |text, stream, frame| carries(frame) && !stream.is_from_client(frame) && is_after_named(text, frame),
    },
    Absence {
        words: "was never answered",
        refutes: |text, stream, frame| carries(frame) && !stream.is_from_client(frame) && is_after_named(text, frame),
    },
    Absence {
        words: ") was not answered before the capture ended",
        refutes: |_, stream, frame| !stream.is_from_client(frame),
    },
    Absence {
        words: "no FIN of the server follows",
        refutes: |text, stream, frame| {
            has(frame, TcpFlags::FIN) && !stream.is_from_client(frame) && is_after_named(text, frame)
        },
    },
    Absence {
        words: "no FIN or RST before",
        refutes: |text, _, frame| ends(frame) && is_before_last_named(text, frame),
    },
    Absence {
        words: "No client of Part II connected",
        refutes: |_, stream, _| stream.connection.handshake == HandshakeState::Complete,
    },
    Absence {
        words: "No line follows the handshake",
        refutes: |_, stream, frame| carries(frame) && stream.is_from_client(frame),
    },
];

/// Words that deny frames: a proved claim with one of them needs a rule above.
const DENIES: [&str; 9] =
    ["No frame", "no frame", "no FIN", "no RST", "not answered", "never answered", "No line", "no line", "No client"];

/// Denials that are about no TCP stream: journals, and bind() that sends nothing.
const ELSEWHERE: [&str; 2] = ["No frame of it is in any capture", "The server's journal"];

/// The streams that a denial is about: where it names a moment by a frame of another one, the stream of its first frame.
fn denied<'a>(set: &'a Set, said: &Said<'_>) -> Vec<Stream<'a>> {
    let mut streams = set.streams_of(said.evidence);
    if said.text.to_string().contains("no FIN or RST before") {
        let first = named_frames(said.text).first().map(|(_, first)| *first);
        streams.retain(|stream| first.is_some_and(|first| stream.frame(first).is_some()));
    }
    streams
}

fn absences(said: &Said<'_>) -> Vec<&'static Absence> {
    let plain = said.text.to_string();
    ABSENCES.iter().filter(|absence| plain.contains(absence.words)).collect()
}

pub(super) fn absences_hold(set: &Set) -> Vec<String> {
    let mut faults = Vec::new();
    for said in set.said() {
        let plain = said.text.to_string();
        let rules = absences(&said);
        let denies = DENIES.iter().any(|words| plain.contains(words));
        let known = !rules.is_empty() || ELSEWHERE.iter().any(|words| plain.contains(words));
        if said.basis == Basis::Proved && denies && !known {
            faults.push(format!("{}: this test has no rule for {plain}", said.place));
        }
        for stream in denied(set, &said) {
            for rule in &rules {
                if let Some(frame) = stream.frames.iter().find(|frame| (rule.refutes)(said.text, &stream, frame)) {
                    let (file, frame) = (&stream.capture.file, frame.note.frame);
                    faults.push(format!("{}: {plain}: frame {frame} of {file} refutes it", said.place));
                }
            }
        }
    }
    faults
}

pub(super) fn absences_cite_everything(set: &Set) -> Vec<String> {
    let mut faults = Vec::new();
    for said in set.said().iter().filter(|said| said.basis == Basis::Proved && !absences(said).is_empty()) {
        if said.evidence.iter().all(|one| one.is_journal()) {
            continue;
        }
        let streams = denied(set, said);
        if streams.is_empty() {
            faults.push(format!("{}: {}: cites no stream", said.place, said.text));
        }
        for stream in streams {
            let cited = |frame: &RoleOfFrame| {
                let here = said.evidence.iter().filter(|one| one.file == stream.capture.file);
                here.into_iter().any(|one| !one.frames.is_whole() || one.frames.contains(frame.note.frame))
            };
            if let Some(frame) = stream.frames.iter().find(|frame| !cited(frame)) {
                faults.push(format!("{}: {}: leaves out frame {}", said.place, said.text, frame.note.frame));
            }
        }
    }
    faults
}

/// Whether a frame has a role.
type IsRole = fn(&RoleOfFrame) -> bool;

/// Words that say what the cited frames do, and the frames that do so.
const ROLES: [(&str, IsRole); 7] = [
    ("makes the handshake", |frame| frame.role == FrameRole::Handshake),
    ("data segment", RoleOfFrame::carries_data),
    ("the data that arrived", |frame| frame.role == FrameRole::Acknowledgement),
    ("a retransmission", |frame| frame.role == FrameRole::Retransmission),
    ("are retransmissions", |frame| frame.role == FrameRole::Retransmission),
    ("closed the connection (FIN", |frame| frame.closes() || frame.carries_data()),
    ("ended the connection with RST", RoleOfFrame::closes),
];

pub(super) fn roles_agree(set: &Set) -> Vec<String> {
    let mut faults = Vec::new();
    for (answer, claim) in set.claims().filter(|(_, claim)| claim.basis == Basis::Proved) {
        let plain = claim.text.to_string();
        let rules: Vec<_> = ROLES.iter().filter(|(words, _)| plain.contains(words)).collect();
        for stream in set.streams_of(&claim.evidence) {
            let cited = claim.evidence.iter().filter(|one| one.file == stream.capture.file);
            for frame in cited.flat_map(|one| one.frames.iter()).filter_map(|frame| stream.frame(frame)) {
                if rules.iter().any(|(_, is)| !is(frame)) {
                    faults.push(format!("{}: {plain}: {} is {:?}", answer.question, frame.note.frame, frame.role));
                }
            }
        }
    }
    faults
}

/// The frame lists of I.1(a) hold every frame of the connections that the answer is about, each in the list of its role.
pub(super) fn frame_lists_agree(set: &Set) -> Vec<String> {
    let mut faults = Vec::new();
    for answer in set.analysis.answers.iter().filter(|answer| answer.question.key() == "I.1a") {
        let Facts::TcpFrames { data_frames, acknowledgement_frames, closing_frames, retransmitted_frames, .. } =
            &answer.facts
        else {
            continue;
        };
        // With several files, numbers alone do not tell which frame is meant.
        let files: BTreeSet<&str> =
            answer.claims.iter().flat_map(|claim| &claim.evidence).map(|one| one.file.as_str()).collect();
        if files.len() != 1 {
            continue;
        }
        let about = answer.claims.iter().flat_map(|claim| set.streams_of(&claim.evidence));
        for stream in about.filter(Stream::is_whole) {
            for frame in &stream.frames {
                let lists = [
                    (data_frames, "data", frame.carries_data()),
                    (
                        acknowledgement_frames,
                        "acknowledgement",
                        matches!(frame.role, FrameRole::Acknowledgement | FrameRole::KeepAlive | FrameRole::Other),
                    ),
                    (closing_frames, "closing", frame.closes()),
                    (retransmitted_frames, "retransmitted", frame.role == FrameRole::Retransmission),
                ];
                for (list, name, belongs) in lists {
                    let there = list.as_ref().is_some_and(|frames| frames.contains(&frame.note.frame));
                    if list.is_some() && there != belongs {
                        faults.push(format!("frame {} ({:?}) and the list of {name}", frame.note.frame, frame.role));
                    }
                }
            }
        }
    }
    faults
}

/// `; 12 bytes)` of data segments.
pub(super) fn bytes_agree(set: &Set) -> Vec<String> {
    let mut faults = Vec::new();
    for (answer, claim) in set.claims().filter(|(_, claim)| claim.text.to_string().contains("data segment")) {
        let plain = claim.text.to_string();
        let bytes = plain.rsplit_once("; ").and_then(|(_, rest)| rest.split_once(" byte"));
        let Some(said) = bytes.and_then(|(number, _)| number.replace(',', "").parse::<u64>().ok()) else { continue };
        let streams = set.streams_of(&claim.evidence);
        let cites = |frame: &&RoleOfFrame| claim.evidence.iter().any(|one| one.frames.contains(frame.note.frame));
        let new = |stream: &Stream<'_>| -> u64 {
            stream.frames.iter().filter(cites).map(|frame| u64::from(frame.new_bytes)).sum()
        };
        let counted: u64 = streams.iter().map(new).sum();
        if streams.iter().all(Stream::is_whole) && counted != said {
            faults.push(format!("{}: {plain}: they are {counted}", answer.question));
        }
    }
    faults
}

/// What a finding says of each stream that it cites a frame of.
pub(super) fn findings_agree(set: &Set) -> Vec<String> {
    let mut faults = Vec::new();
    for finding in &set.analysis.findings {
        for stream in set.streams_of(&finding.evidence) {
            let handshake = stream.connection.handshake;
            let cited = |frame: &&RoleOfFrame| finding.evidence.iter().any(|one| one.frames.contains(frame.note.frame));
            let mut frames = stream.frames.iter().filter(cited);
            // The data that was refused, or a probe without an answer.
            let named = |frame: &RoleOfFrame| finding.message.frames().any(|number| number == frame.note.frame);
            let holds = match finding.code {
                Code::ConnectionRefused => handshake == HandshakeState::Refused,
                Code::AcceptQueueFull | Code::ServerUnreachable => handshake == HandshakeState::SynOnly,
                Code::CaptureBeganLate | Code::EarlierRun | Code::IdleFromBefore => stream.connection.syn.is_none(),
                Code::OneDirection => stream.connection.counts.iter().any(|side| side.frames == 0),
                Code::CaptureStoppedEarly => stream.connection.close == Close::Open,
                Code::CopiedFrames | Code::Retransmissions => {
                    frames.all(|frame| frame.role == FrameRole::Retransmission)
                }
                Code::ConnectionClosed | Code::ConnectionReset => frames.all(|frame| ends(frame) || named(frame)),
                _ => true,
            };
            if !holds {
                faults.push(format!("{}: {} ({handshake:?})", finding.code, finding.message));
            }
            let late = finding.code == Code::CaptureBeganLate;
            let told = set.claims().any(|(_, claim)| {
                claim.text.to_string().contains("makes the handshake")
                    && claim.evidence.iter().any(|one| {
                        one.file == stream.capture.file
                            && one.streams.iter().any(|span| span.stream == stream.connection.stream)
                    })
            });
            if late && told {
                faults.push(format!("{}: {}: an answer has the handshake", finding.code, finding.message));
            }
        }
        let cites = [
            Code::ConnectionClosed,
            Code::ConnectionReset,
            Code::Retransmissions,
            Code::ConnectionRefused,
            Code::NotThreaded,
        ];
        if cites.contains(&finding.code) && finding.evidence.iter().all(|one| one.frames.is_empty()) {
            faults.push(format!("{}: {}: cites no frame", finding.code, finding.message));
        }
    }
    faults
}
