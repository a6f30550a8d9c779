//! Findings about connections of which a capture holds only a part.

use crate::analyze::analysis::Severity;
use crate::analyze::claims::unseen;
use crate::analyze::conversation::{TcpSighting, Unseen};
use crate::analyze::findings::connections::{Report, clients};
use crate::analyze::matching::{Known, LabView};
use crate::analyze::text::{FrameRanges, say};
use crate::wording::count;
use socklab_packets::track::HandshakeState;
use socklab_packets::types::FrameNumber;

impl Report<'_, '_> {
    pub(super) fn began_late(&mut self) {
        let sheet = &self.view.config.sheet;
        let (begin, start) = (sheet.place(|at| at.begin.as_deref()), sheet.place(|at| at.start.as_deref()));
        // What another file has is not missing.
        let is_late = |known: &Known<'_>| {
            known.connection.sightings().iter().all(|s| {
                s.connection.syn.is_none()
                    && matches!(s.connection.handshake, HandshakeState::NotCaptured | HandshakeState::SynAckSeen)
            })
        };
        // Of a connection that was made, not even the SYN-ACK.
        let lacks_answer = |known: &Known<'_>| {
            known.connection.sightings().iter().all(|s| s.connection.handshake == HandshakeState::SynAckMissed)
        };
        // The last frames of an earlier run do no harm to a later one that is there whole.
        let is_whole =
            |s: &TcpSighting| s.connection.handshake == HandshakeState::Complete && s.client_sent().data_frames > 0;
        let whole = self.all.iter().any(|(_, s)| is_whole(s));
        // Where any connection has frames both ways, the capture holds both directions.
        let both_ways = self.all.iter().any(|(_, s)| s.client_sent().frames > 0 && s.server_sent().frames > 0);
        let one_direction = |s: &TcpSighting| !both_ways && s.has_one_direction();
        let leftover = |s: &TcpSighting| whole && (!s.established() || s.client_sent().data_frames == 0);
        // A file that goes on with another one began with it.
        let begins = |known: &Known<'_>, s: &TcpSighting| {
            !known.connection.is_piece(s.capture) || known.connection.whole().capture == s.capture
        };
        self.add(
            "capture-began-late",
            Severity::Warning,
            |known, s| begins(known, s) && is_late(known) && !leftover(s) && !one_direction(s),
            Self::first_frame,
            |late| {
                say![
                    "The handshake of ",
                    clients(late),
                    format!(
                        " is not in the capture, which started after the connection was made. Start Wireshark's \
                         capture{begin} before the client{start}."
                    )
                ]
            },
        );
        self.add(
            "one-direction",
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
                         interface that the programs use."
                    )
                ]
            },
        );
        // A code of its own: rubrics take points off for the other one.
        self.add(
            "earlier-run",
            Severity::Info,
            |known, s| begins(known, s) && is_late(known) && leftover(s),
            Self::first_frame,
            |late| {
                say![
                    "An earlier run of the client (",
                    clients(late),
                    ") was still ending when the capture started. The answers rest on the later run, which is in the capture \
                     from its first frame on."
                ]
            },
        );
    }

    /// What was sent while no capture ran, of connections that several files show one after the other: told of the first.
    pub(super) fn sent_between_files(&mut self) {
        let view = self.view;
        let is_missing = |known: &Known<'_>, s: &TcpSighting| {
            let whole = known.connection.joined().filter(|whole| whole.capture == s.capture);
            whole.is_some_and(|whole| !whole.has_one_direction() && Lacks::of(view, whole).any())
        };
        self.add(
            "frames-missing",
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
        let is_missing = |known: &Known<'_>, s: &TcpSighting| {
            let is_told = known.connection.best().capture == s.capture && known.connection.joined().is_none();
            is_told && !s.has_one_direction() && Lacks::of(view, s).any()
        };
        self.add(
            "frames-missing",
            Severity::Warning,
            is_missing,
            |s| Lacks::of(view, s).shown(s),
            |partial| {
                let of = if partial.len() == 1 { "Of the connection of " } else { "Of the connections of " };
                let all: Vec<(Lacks, &TcpSighting)> = partial.iter().map(|(_, s)| (Lacks::of(view, s), *s)).collect();
                let shown = FrameRanges::of(all.iter().flat_map(|(lacks, s)| lacks.shown(s)));
                say![
                    of,
                    clients(partial),
                    format!(" the capture lacks {}, as ", what(&all)),
                    shown.clone(),
                    if shown.count() == 1 { " shows" } else { " show" },
                    ". A capture filter kept the frames out, the computer lost them while it captured, or only a part of what was \
                     captured was saved. What is said of the frames holds for those that are there."
                ]
            },
        );
    }
}

/// What a capture lacks of a connection.
struct Lacks {
    syn_ack: bool,
    payload: [Option<Unseen>; 2],
}

impl Lacks {
    fn of(view: &LabView<'_>, sighting: &TcpSighting) -> Lacks {
        Lacks {
            syn_ack: sighting.connection.handshake == HandshakeState::SynAckMissed,
            payload: unseen::unseen_of_both(view, sighting),
        }
    }

    fn any(&self) -> bool {
        self.syn_ack || self.payload.iter().any(Option::is_some)
    }

    /// The frames that show it.
    fn shown(&self, sighting: &TcpSighting) -> Vec<FrameNumber> {
        let ack = sighting.connection.ack.filter(|_| self.syn_ack);
        ack.into_iter().chain(self.payload.iter().flatten().flat_map(|unseen| unseen.frames.clone())).collect()
    }
}

/// What they lack together: `1 SYN-ACK and 12 bytes of payload`.
fn what(all: &[(Lacks, &TcpSighting)]) -> String {
    let syn_acks = all.iter().filter(|(lacks, _)| lacks.syn_ack).count();
    let payload = || all.iter().flat_map(|(lacks, _)| lacks.payload.iter().flatten());
    let bytes = payload().fold(0_u64, |sum, unseen| sum.saturating_add(unseen.bytes));
    let least = if payload().any(|unseen| unseen.or_one_more) { "at least " } else { "" };
    let syn_ack = match syn_acks {
        0 => None,
        1 => Some("the SYN-ACK".to_owned()),
        _ => Some("the SYN-ACKs".to_owned()),
    };
    let payload = (bytes > 0).then(|| format!("{least}{} of payload", count(bytes, "byte")));
    syn_ack.into_iter().chain(payload).collect::<Vec<_>>().join(" and ")
}
