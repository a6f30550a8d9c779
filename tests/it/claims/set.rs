//! Files that are analyzed together, and what is looked at of the result.

use std::collections::BTreeMap;
use std::fs;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use socklab_core::analyze;
use socklab_core::analyze::analysis::{Analysis, Answer, Basis, CaptureAnalysis, Claim, Evidence, Status};
use socklab_core::analyze::conversation::roles::{RoleOfFrame, roles};
use socklab_core::analyze::text::{Span, Text};
use socklab_core::journal::{Journal, NamedJournal};
use socklab_core::lab::LabConfig;
use socklab_packets::limits::Limits;
use socklab_packets::pipeline;
use socklab_packets::track::{Side, TcpConnection};
use socklab_packets::types::{FrameNumber, Protocol};

/// An analysis, with the lengths of the journals that it rests on.
pub(super) struct Set {
    pub(super) name: String,
    pub(super) analysis: Analysis,
    pub(super) journals: BTreeMap<String, u64>,
}

/// A sentence of an answer or a finding, with what it rests on.
pub(super) struct Said<'a> {
    /// Where it stands: a question, or the code of a finding.
    pub(super) place: String,
    pub(super) text: &'a Text,
    pub(super) evidence: &'a [Evidence],
    pub(super) basis: Basis,
    /// False for what is only to be expected.
    pub(super) of_this_run: bool,
}

/// A TCP connection of a capture with its frames, for a look at what was claimed of it.
pub(super) struct Stream<'a> {
    pub(super) capture: &'a CaptureAnalysis,
    pub(super) connection: TcpConnection,
    pub(super) client: Side,
    pub(super) frames: Vec<RoleOfFrame>,
}

impl Stream<'_> {
    pub(super) fn is_from_client(&self, frame: &RoleOfFrame) -> bool {
        frame.note.sender == self.client
    }

    pub(super) fn frame(&self, number: FrameNumber) -> Option<&RoleOfFrame> {
        self.frames.iter().find(|frame| frame.note.frame == number)
    }

    /// Whether the notes hold every frame: nothing can be said of absence otherwise.
    pub(super) fn is_whole(&self) -> bool {
        self.capture.traffic.tcp_notes_complete(self.connection.stream)
    }
}

pub(super) fn captures_in(folder: &Path) -> Vec<PathBuf> {
    files(folder, |name| name.contains(".pcap"))
}

/// The journals of a folder: those beside its captures, or in a folder of their own.
pub(super) fn journals_in(folder: &Path) -> Vec<PathBuf> {
    let mut found = files(folder, |name| name.ends_with(".jsonl"));
    found.extend(files(&folder.join("journals"), |name| name.ends_with(".jsonl")));
    found
}

fn files(folder: &Path, wanted: impl Fn(&str) -> bool) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut paths: Vec<PathBuf> = entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_file() && path.file_name().is_some_and(|name| wanted(&name.to_string_lossy())))
        .collect();
    paths.sort();
    paths
}

fn name_of(path: &Path) -> String {
    path.file_name().unwrap().to_string_lossy().into_owned()
}

impl Set {
    /// Analyzes files together. What is no capture, or no journal, is left out: other tests look at that.
    pub(super) fn of(captures: &[PathBuf], journals: &[PathBuf]) -> Set {
        let limits = Limits::default();
        let read = |path: &PathBuf| {
            pipeline::read_capture(&name_of(path), fs::File::open(path).unwrap(), &limits, &mut |_| ()).ok()
        };
        let facts: Vec<_> = captures.iter().filter_map(read).collect();
        let read = |path: &PathBuf| {
            let journal = Journal::read(BufReader::new(fs::File::open(path).unwrap())).ok()?;
            Some(NamedJournal { file: name_of(path), journal })
        };
        let read: Vec<NamedJournal> = journals.iter().filter_map(read).collect();
        let lines = |path: &PathBuf| Some(fs::read_to_string(path).ok()?.lines().count() as u64);
        let lengths = journals.iter().filter_map(|path| Some((name_of(path), lines(path)?))).collect();
        let folder = captures.first().and_then(|path| path.parent()).and_then(Path::file_name);
        let files: Vec<String> = captures.iter().map(|path| name_of(path)).collect();
        let name = format!(
            "{}/{}{}",
            folder.map(|name| name.to_string_lossy()).unwrap_or_default(),
            if let [file] = files.as_slice() { file } else { "all" },
            if journals.is_empty() { "" } else { " with journals" }
        );
        Set { name, analysis: analyze::analyze(facts, &read, &LabConfig::default()), journals: lengths }
    }

    pub(super) fn capture(&self, file: &str) -> Option<&CaptureAnalysis> {
        self.analysis.captures.iter().find(|capture| capture.file == file)
    }

    /// Every claim, with its answer.
    pub(super) fn claims(&self) -> impl Iterator<Item = (&Answer, &Claim)> {
        self.analysis.answers.iter().flat_map(|answer| answer.claims.iter().map(move |claim| (answer, claim)))
    }

    /// Every claim and every finding.
    pub(super) fn said(&self) -> Vec<Said<'_>> {
        let claims = self.claims().map(|(answer, claim)| Said {
            place: answer.question.to_string(),
            text: &claim.text,
            evidence: &claim.evidence,
            basis: claim.basis,
            of_this_run: answer.status != Status::NotInCapture && claim.in_answer,
        });
        let findings = self.analysis.findings.iter().map(|finding| Said {
            place: finding.code.to_string(),
            text: &finding.message,
            evidence: &finding.evidence,
            basis: Basis::Inferred,
            of_this_run: true,
        });
        claims.chain(findings).collect()
    }

    /// The lab's TCP connections, capture by capture.
    pub(super) fn streams(&self) -> Vec<Stream<'_>> {
        let of = |capture| move |number| stream(capture, number);
        let numbers = |capture: &CaptureAnalysis| capture.stories.keys().copied().collect::<Vec<_>>();
        let all = self.analysis.captures.iter();
        all.flat_map(|capture| numbers(capture).into_iter().filter_map(of(capture))).collect()
    }

    /// The TCP streams that evidence names, or else those that its frames belong to.
    pub(super) fn streams_of(&self, evidence: &[Evidence]) -> Vec<Stream<'_>> {
        let mut found = Vec::new();
        for one in evidence {
            let Some(capture) = self.capture(&one.file) else { continue };
            let mut numbers: Vec<_> =
                one.streams.iter().filter(|span| span.protocol == Protocol::Tcp).map(|s| s.stream).collect();
            if one.streams.is_empty() {
                let holds = |number: &_| capture.traffic.tcp_notes(*number).any(|note| one.frames.contains(note.frame));
                numbers = capture.traffic.tcp_streams().filter(holds).collect();
            }
            found.extend(numbers.into_iter().filter_map(|number| stream(capture, number)));
        }
        found
    }
}

fn stream(capture: &CaptureAnalysis, number: socklab_packets::types::StreamNumber) -> Option<Stream<'_>> {
    let connection = capture.traffic.tcp(number)?;
    let place = capture.traffic.tcp_streams().position(|there| there == number)?;
    let client = capture.tcp_roles.get(place)?.client;
    let frames = roles(&connection, capture.traffic.tcp_notes(number)).collect();
    Some(Stream { capture, connection, client, frames })
}

/// The frames that a text names, in the order of its words; where another file than the text's own is meant, with its name.
pub(super) fn named_frames(text: &Text) -> Vec<(Option<&str>, FrameNumber)> {
    fn of(span: &Span) -> Vec<(Option<&str>, FrameNumber)> {
        let Span::Frames { file, frames, .. } = span else { return Vec::new() };
        frames.iter().map(|frame| (file.as_deref(), frame)).collect()
    }
    text.spans().iter().flat_map(of).collect()
}
