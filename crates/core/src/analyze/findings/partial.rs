//! Findings about connections of which a capture holds only a part.

use crate::analyze::analysis::{Code, Severity};
use crate::analyze::claims::{handshake, unseen};
use crate::analyze::conversation::{TcpSighting, Unseen};
use crate::analyze::findings::connections::{Here, Report, clients};
use crate::analyze::findings::made::begin_and_start;
use crate::analyze::matching::{Known, LabView};
use crate::analyze::row::RowFrame;
use crate::analyze::text::{FrameRanges, Text, say};
use crate::wording::{count, list};
use socklab_packets::track::HandshakeState;

impl Report<'_, '_> {
    /// Connections of which the capture lacks the beginning.
    pub(super) fn began_late(&mut self) {
        let view = self.view;
        let sheet = &view.config.sheet;
        // Of a connection that was made, not even the SYN-ACK.
        let lacks_answer = |known: &Known<'_>| {
            known.connection.sightings().iter().all(|s| s.connection.handshake == HandshakeState::SynAckMissed)
        };
        // Where any connection has frames both ways, the capture holds both directions.
        let both_ways = self.all.iter().any(|(_, s)| s.client_sent().frames > 0 && s.server_sent().frames > 0);
        let one_direction = |s: &TcpSighting| !both_ways && s.has_one_direction();
        let all = self.all;
        self.add(
            Code::CaptureBeganLate,
            Severity::Warning,
            |known, s| is_without_handshake(known, s) && !is_rest(all, known, s) && !one_direction(s),
            Self::first_frame,
            |late| {
                let filtered = late.iter().all(|(_, s)| s.has_only_payload());
                let why = handshake::why_absent(filtered, late.len());
                let save = if filtered { ", and save all frames" } else { "" };
                let steps = || late.iter().map(|(known, _)| known.step);
                let begin = sheet.place_in(steps(), |at| at.begin.as_deref());
                let start = sheet.place_in(steps(), |at| at.start.as_deref());
                let [the, are, s] = match late.len() {
                    1 => ["The handshake of ", "is", ""],
                    _ => ["The handshakes of ", "are", "s"],
                };
                say![
                    the,
                    clients(late),
                    format!(
                        " {are} not in the capture{why}. Start Wireshark's capture{begin} before the client{s}{start}{save}."
                    )
                ]
            },
        );
        self.add(
            Code::OneDirection,
            Severity::Warning,
            |known, s| (is_late(known) || lacks_answer(known)) && one_direction(s),
            Self::first_frame,
            |one_way| {
                let whose = match one_way.iter().all(|(_, s)| s.client_sent().frames == 0) {
                    true => "the server's",
                    false if one_way.iter().all(|(_, s)| s.server_sent().frames == 0) => "the client's",
                    false => "one side's",
                };
                say![
                    "Of the connection",
                    if one_way.len() == 1 { " of " } else { "s of " },
                    clients(one_way),
                    format!(
                        " only {whose} frames are in the capture: it holds one direction. Capture without a filter, on the \
                         interface that the programs use, and save all frames."
                    )
                ]
            },
        );
    }

    /// Connections that were there before, and say nothing in the capture: they do no harm to one that is there whole. Codes of
    /// their own: rubrics take points off for the other one.
    pub(super) fn left_over(&mut self) {
        let view = self.view;
        let is_before = |s: &TcpSighting| self.all.iter().any(|(_, later)| is_whole(later) && ends_before(s, later));
        let (earlier, beside): (Vec<Here<'_>>, Vec<Here<'_>>) = self
            .all
            .iter()
            .filter(|(known, s)| is_rest(self.all, known, s))
            .partition(|(known, s)| is_before(s) && counts(view, known) != Some(true));
        // The later run may be of another step; where clients are side by side, the earlier one's may not be known.
        let is_of_step = |(known, s): &Here<'_>| {
            let is_later =
                |(later, whole): &Here<'_>| later.step == known.step && is_whole(whole) && ends_before(s, whole);
            !known.step.is_parallel() && self.all.iter().any(is_later)
        };
        let is_of = |some: &[Here<'_>], known: &Known<'_>| some.iter().any(|(one, _)| one.index == known.index);
        self.add(
            Code::EarlierRun,
            Severity::Info,
            |known, _| is_of(&earlier, known),
            Self::first_frame,
            |late| {
                say![
                    "An earlier run of the client (",
                    clients(late),
                    ") had not ended when the capture started.",
                    if late.iter().all(is_of_step) {
                        " The answers rest on the later run, which is in the capture from its first frame on."
                    } else {
                        ""
                    }
                ]
            },
        );
        self.add(
            Code::IdleFromBefore,
            Severity::Info,
            |known, _| is_of(&beside, known),
            Self::first_frame,
            |idle| {
                let (a, is, it) = match idle.len() {
                    1 => ("A connection that was", "is", "it"),
                    _ => ("Connections that were", "are", "them"),
                };
                let counts: Vec<Option<bool>> = idle.iter().map(|(known, _)| counts(view, known)).collect();
                let count = match counts.as_slice() {
                    all if all.iter().all(|one| *one == Some(true)) => format!(" The answers count {it}."),
                    all if all.iter().all(|one| *one == Some(false)) => format!(" The answers do not count {it}."),
                    _ => String::new(),
                };
                let shown = shown_of(view, idle, it);
                say![
                    format!("{a} made before the capture started ("),
                    clients(idle),
                    format!(") {is} in it "),
                    shown,
                    count
                ]
            },
        );
    }

    /// The connections that were there before a whole one, by their indices.
    pub(super) fn rests(&self) -> Vec<usize> {
        self.all.iter().filter(|(known, s)| is_rest(self.all, known, s)).map(|(known, _)| known.index).collect()
    }

    /// What was sent while no capture ran, of connections that several files show one after the other: told of the first.
    pub(super) fn sent_between_files(&mut self) {
        let view = self.view;
        let is_missing = |known: &Known<'_>, s: &TcpSighting| {
            let whole = known.connection.joined().filter(|whole| whole.capture == s.capture);
            whole.is_some_and(|whole| !whole.has_one_direction() && Lacks::of(view, whole).any())
        };
        self.add(
            Code::FramesMissing,
            Severity::Warning,
            is_missing,
            |_| Vec::new(),
            |partial| {
                let of = if partial.len() == 1 { "The connection of " } else { "The connections of " };
                let goes = if partial.len() == 1 { " goes" } else { " go" };
                let all: Vec<(Lacks, &TcpSighting)> = partial
                    .iter()
                    .map(|(known, _)| (Lacks::of(view, known.connection.whole()), known.connection.whole()))
                    .collect();
                let shown = FrameRanges::of(all.iter().flat_map(|(lacks, whole)| lacks.shown(whole)));
                let show = if shown.count() == 1 { " shows" } else { " show" };
                say![
                    of,
                    clients(partial),
                    goes,
                    format!(" on in another file. No file has {}, as ", what(&all)),
                    shown,
                    show,
                    ": that was sent while no capture ran, or its file is missing. Let one capture run for the whole step, or add \
                     the file. What is said of the frames holds for those that are there."
                ]
            },
        );
    }

    /// What others of a connection's frames show to be missing: the capture did not only begin late or end early.
    pub(super) fn frames_missing(&mut self) {
        let view = self.view;
        let sheet = &view.config.sheet;
        let (begin, start) = begin_and_start(sheet);
        let is_missing = |known: &Known<'_>, s: &TcpSighting| {
            let is_told = known.connection.best().capture == s.capture && known.connection.joined().is_none();
            is_told && !s.has_one_direction() && Lacks::of(view, s).any()
        };
        self.add(
            Code::FramesMissing,
            Severity::Warning,
            is_missing,
            |s| Lacks::of(view, s).shown(s),
            |partial| {
                let of = if partial.len() == 1 { "Of the connection of " } else { "Of the connections of " };
                let all: Vec<(Lacks, &TcpSighting)> = partial.iter().map(|(_, s)| (Lacks::of(view, s), *s)).collect();
                let shown = FrameRanges::of(all.iter().flat_map(|(lacks, s)| lacks.shown(s)));
                let why = match all.iter().all(|(_, s)| unseen::may_begin_within_handshake(view, s)) {
                    true => format!(
                        "The capture began during the handshake, or the SYN was filtered out. Start Wireshark's \
                         capture{begin} before the client{start}, and save all frames."
                    ),
                    false => "A capture filter kept the frames out, the computer lost them while it captured, or only a part of \
                              what was captured was saved."
                        .to_owned(),
                };
                say![
                    of,
                    clients(partial),
                    format!(" the capture lacks {}, as ", what(&all)),
                    shown.clone(),
                    if shown.count() == 1 { " shows. " } else { " show. " },
                    why,
                    " What is said of the frames holds for those that are there."
                ]
            },
        );
    }
}

/// Whether nothing of a connection's handshake is in this file, nor its beginning in another one; nor does this file go on with
/// one that has it.
fn is_without_handshake(known: &Known<'_>, sighting: &TcpSighting) -> bool {
    let begins = !known.connection.is_piece(sighting.capture) || known.connection.whole().capture == sighting.capture;
    begins && is_late(known) && sighting.connection.handshake == HandshakeState::NotCaptured
}

/// Whether no file has a connection's SYN.
fn is_late(known: &Known<'_>) -> bool {
    let is_late = |s: &TcpSighting| {
        let handshake = s.connection.handshake;
        s.connection.syn.is_none() && matches!(handshake, HandshakeState::NotCaptured | HandshakeState::SynAckSeen)
    };
    known.connection.sightings().iter().all(is_late)
}

/// Whether a file has a connection from its first frame on, with lines.
fn is_whole(sighting: &TcpSighting) -> bool {
    sighting.connection.handshake == HandshakeState::Complete && sighting.client_sent().data_frames > 0
}

/// Whether a connection has no handshake, and no lines that the server's system took, in a file that has another one whole.
fn is_rest(all: &[Here<'_>], known: &Known<'_>, sighting: &TcpSighting) -> bool {
    is_without_handshake(known, sighting)
        && (sighting.is_dead || sighting.client_sent().data_frames == 0)
        && all.iter().any(|(_, s)| is_whole(s))
}

/// Whether a connection ended before another one of its client's computer began, by the frames of one capture.
fn ends_before(one: &TcpSighting, later: &TcpSighting) -> bool {
    let same_ends = (one.client().ip, one.server()) == (later.client().ip, later.server());
    let end = one.first_closing_frame().filter(|_| one.watch == later.watch && same_ends);
    end.is_some_and(|end| end < later.connection.first_frame)
}

/// What the capture shows of connections that were there before.
fn shown_of(view: &LabView<'_>, idle: &[Here<'_>], it: &str) -> Text {
    let frames = || idle.iter().map(|(_, s)| view.frames(s));
    let resets = FrameRanges::of(frames().flat_map(|frames| frames.resets()));
    match resets.count() {
        1 if frames().all(|frames| frames.all().len() == 1) => say!["with nothing but a RST (", resets, ")."],
        _ if idle.iter().all(|(_, s)| s.is_dead) => say![
            format!("without handshake: the server's system no longer had {it}, and answered with RST ("),
            resets,
            ")."
        ],
        _ => "without handshake and without a line of the client.".into(),
    }
}

/// Whether answers count a connection without handshake and lines; `None` where that depends on the question.
fn counts(view: &LabView<'_>, known: &Known<'_>) -> Option<bool> {
    let step = known.step;
    if known.spare.is_some() {
        return Some(false);
    }
    match step.is_beside_busy() {
        true => None,
        false if step.is_parallel() => Some(known.connection.established()),
        false => Some(view.runs_of(std::slice::from_ref(step)).iter().any(|run| run.index == known.index)),
    }
}

/// What a capture lacks of a connection.
struct Lacks {
    syn: bool,
    syn_ack: bool,
    ack: bool,
    /// What shows that the server sent something that may be no payload.
    of_server: Option<RowFrame>,
    payload: [Option<Unseen>; 2],
}

impl Lacks {
    fn of(view: &LabView<'_>, sighting: &TcpSighting) -> Lacks {
        let payload = unseen::unseen_of_both(view, sighting);
        let is_known = view.notes_complete(sighting) && payload.iter().all(Option::is_none);
        Lacks {
            syn: sighting.lacks_syn(),
            syn_ack: sighting.connection.handshake == HandshakeState::SynAckMissed,
            ack: sighting.lacks_ack_of_handshake(),
            of_server: view.frames(sighting).shows_more_of_server(sighting).filter(|_| is_known),
            payload,
        }
    }

    fn any(&self) -> bool {
        self.syn || self.syn_ack || self.ack || self.of_server.is_some() || self.payload.iter().any(Option::is_some)
    }

    /// The frames that show it.
    fn shown(&self, sighting: &TcpSighting) -> Vec<RowFrame> {
        let syn_ack = sighting.connection.syn_ack.filter(|_| self.syn || self.ack);
        let ack = sighting.connection.ack.filter(|_| self.syn_ack);
        syn_ack
            .into_iter()
            .chain(ack)
            .chain(self.of_server)
            .chain(self.payload.iter().flatten().flat_map(|unseen| unseen.frames.clone()))
            .collect()
    }
}

/// What they lack together: `the SYN-ACK and 12 bytes of payload`.
fn what(all: &[(Lacks, &TcpSighting)]) -> String {
    let payload = || all.iter().flat_map(|(lacks, _)| lacks.payload.iter().flatten());
    let bytes = payload().fold(0_u64, |sum, unseen| sum.saturating_add(unseen.bytes));
    let least = if payload().any(|unseen| unseen.or_one_more) { "at least " } else { "" };
    let named = |[one, several]: [&str; 2], is_lacking: fn(&Lacks) -> bool| match all
        .iter()
        .filter(|(lacks, _)| is_lacking(lacks))
        .count()
    {
        0 => None,
        1 => Some(one.to_owned()),
        _ => Some(several.to_owned()),
    };
    let payload = (bytes > 0).then(|| format!("{least}{} of payload", count(bytes, "byte")));
    let of_server = || all.iter().any(|(lacks, _)| lacks.of_server.is_some());
    let more = payload.is_none().then(|| of_server().then(|| "something that the server sent".to_owned())).flatten();
    let parts = [
        named(["the SYN", "the SYNs"], |lacks| lacks.syn),
        named(["the SYN-ACK", "the SYN-ACKs"], |lacks| lacks.syn_ack),
        named(["the ACK of the handshake", "the ACKs of the handshakes"], |lacks| lacks.ack),
        payload,
        more,
    ];
    list(parts.into_iter().flatten())
}
