//! Findings about the lab's TCP connections in a capture.

use crate::analyze::analysis::{AddressRole, Code, Finding, ServerKind, Severity};
use crate::analyze::answers::Scope;
use crate::analyze::claims::closing::{self, closing_sentence};
use crate::analyze::claims::words::marked_late;
use crate::analyze::claims::{closed_by, service, unseen};
use crate::analyze::conversation::{ResetCause, TcpSighting};
use crate::analyze::distinct::distinct;
use crate::analyze::findings::made::{frames, of_file, sightings};
use crate::analyze::matching::{Known, LabView};
use crate::analyze::row::RowFrame;
use crate::analyze::text::{FrameRanges, Text, say};
use crate::lab::{Question, Step};
use crate::wording::{self, count};
use socklab_packets::track::{Close, HandshakeState};
use socklab_packets::types::{Protocol, SocketAddress};

/// Connections that are named one by one in findings about how they ended.
const NAMED: usize = 3;

/// What to do where the queue was full.
pub(super) const ONE_WAITS: &str =
    "Only one client should wait beside the one that is served: end the others (Ctrl-C), then start this one again.";

/// How connections ended: the code of the findings that say who did it, and what is said without that.
struct End {
    code: Code,
    was: &'static str,
    were: &'static str,
}

const CLOSED: End = End { code: Code::ConnectionClosed, was: "was closed", were: "were closed" };
const RESET: End = End { code: Code::ConnectionReset, was: "was reset", were: "were reset" };

/// A connection of the lab as the capture shows it.
pub(super) type Here<'a> = (Known<'a>, &'a TcpSighting);

/// Looks at the connections of one capture.
pub(super) fn find(view: &LabView<'_>, capture: usize, found: &mut Vec<Finding>) {
    // What counts for no step leaves nothing open that a step wants open.
    let all: Vec<Here<'_>> = sightings(view, capture).filter(|(known, _)| !view.is_replaced(known)).collect();
    let mut report = Report { view, capture, all: &all, found };
    report.began_late();
    report.left_over();
    report.frames_missing();
    report.sent_between_files();
    report.refused();
    report.unanswered();
    report.rejected();
    report.without_lines();
    report.retransmissions();
    report.closed();
    report.reset();
    report.several_runs();
}

pub(super) struct Report<'a, 'b> {
    pub(super) view: &'a LabView<'a>,
    pub(super) capture: usize,
    pub(super) all: &'b [Here<'b>],
    found: &'b mut Vec<Finding>,
}

impl Report<'_, '_> {
    /// Adds a finding about the connections that `holds` picks, if there are any. `message` gets them; `cited` are the
    /// frames of one that show it.
    pub(super) fn add(
        &mut self,
        code: Code,
        severity: Severity,
        holds: impl Fn(&Known<'_>, &TcpSighting) -> bool,
        cited: impl Fn(&TcpSighting) -> Vec<RowFrame>,
        message: impl Fn(&[Here<'_>]) -> Text,
    ) {
        // What a sentence names has to be found by its filter.
        let named = |message: &Text| message.frames_of_row().collect();
        self.add_discreetly((code, severity), holds, (cited, named), message, |_| None);
    }

    /// The same of connections that ended; who ended them, the discreet words keep to themselves. Only the frames that ended them
    /// are cited: what the sentence says came before, a reader would take for one of those.
    fn add_ended(
        &mut self,
        end: &End,
        severity: Severity,
        holds: impl Fn(&Known<'_>, &TcpSighting) -> bool,
        cited: impl Fn(&TcpSighting) -> Vec<RowFrame>,
        message: impl Fn(&[Here<'_>]) -> Text,
    ) {
        let view = self.view;
        let (cited, discreet) = ((cited, |_: &Text| Vec::new()), |picked: &[Here<'_>]| Some(ended(view, picked, end)));
        self.add_discreetly((end.code, severity), holds, cited, message, discreet);
    }

    fn add_discreetly(
        &mut self,
        (code, severity): (Code, Severity),
        holds: impl Fn(&Known<'_>, &TcpSighting) -> bool,
        (cited, named): (impl Fn(&TcpSighting) -> Vec<RowFrame>, impl Fn(&Text) -> Vec<RowFrame>),
        message: impl Fn(&[Here<'_>]) -> Text,
        discreet: impl Fn(&[Here<'_>]) -> Option<Text>,
    ) {
        let picked: Vec<Here<'_>> = self.all.iter().copied().filter(|(known, s)| holds(known, s)).collect();
        let Some((first, _)) = picked.first() else { return };
        let message = message(&picked);
        let numbers = picked.iter().flat_map(|(_, s)| cited(s)).chain(named(&message)).collect::<Vec<_>>();
        let finding = of_file(self.view, self.capture, code, severity, message, Some(first.step));
        let finding = Finding { discreet: discreet(&picked), ..finding };
        self.found.push(Finding { evidence: frames(self.view, self.capture, numbers), ..finding });
    }

    pub(super) fn first_frame(sighting: &TcpSighting) -> Vec<RowFrame> {
        vec![sighting.connection.first_frame]
    }

    fn without_lines(&mut self) {
        let (view, sheet) = (self.view, &self.view.config.sheet);
        self.add(
            Code::CaptureStoppedEarly,
            Severity::Warning,
            |known, s| {
                !known.step.is_beside_busy()
                    && s.connection.handshake == HandshakeState::Complete
                    && !known.connection.has_lines()
                    && !known.connection.answered()
                    && s.connection.close == Close::Open
                    && !unseen::lacks_frames(view, s)
            },
            Self::first_frame,
            |silent| {
                let steps = || silent.iter().map(|(known, _)| known.step);
                let lines = sheet.place_in(steps(), |at| at.lines.as_deref().or(at.open.as_deref()));
                let end = sheet.place_in(steps(), |at| at.end.as_deref().or(at.saved.as_deref()));
                say![
                    "No line follows the handshake of ",
                    clients(silent),
                    format!(
                        ": the capture was stopped before one was sent, or none was typed. Send a few lines{lines}, then \
                         stop the capture{end}."
                    )
                ]
            },
        );
    }

    /// What was sent again is shown in Wireshark and does not count again. (A repeated SYN has its own reasons.)
    fn retransmissions(&mut self) {
        let view = self.view;
        let repeated = |s: &TcpSighting| view.frames(s).sent_again_after_handshake();
        self.add(
            Code::CopiedFrames,
            Severity::Info,
            |_, s| {
                s.connection.counts.iter().any(|side| side.retransmissions > 0) && !view.frames(s).copies().is_empty()
            },
            |s| view.frames(s).copies(),
            |copied| {
                let all = FrameRanges::of(copied.iter().flat_map(|(_, s)| view.frames(s).copies()));
                let (noun, are, their) = match all.count() {
                    1 => ("Frame ", "is a copy: the same segment is", "Its"),
                    _ => ("Frames ", "are copies: the same segments are", "Their"),
                };
                say![
                    noun,
                    all.numbers(8),
                    format!(
                        " {are} there a second time, sooner than any system sends again. Two captures \
                         were merged, one saw the frames in two places, or the network delivered them twice. {their} \
                         bytes count once in the answers; Wireshark, and the list of connections, have both."
                    )
                ]
            },
        );
        let late = |s: &TcpSighting| view.late(s);
        self.add(
            Code::Retransmissions,
            Severity::Info,
            |_, s| {
                let may_have = s.connection.counts.iter().any(|side| side.retransmissions > 0);
                may_have && !(repeated(s).is_empty() && late(s).is_empty())
            },
            |s| [repeated(s), late(s)].concat(),
            |resent| {
                let all = FrameRanges::of(resent.iter().flat_map(|(_, s)| repeated(s)));
                let late = FrameRanges::of(resent.iter().flat_map(|(_, s)| late(s)));
                let noun = if late.count() == 1 { "frame " } else { "frames " };
                let late = (!late.is_empty()).then(|| marked_late(say![noun, late.numbers(8)], late.count()));
                Text::join(again(&all).into_iter().chain(late))
            },
        );
    }

    /// Connections that ended with FIN within the capture, though the sheet leaves them open, or with a RST after that.
    fn closed(&mut self) {
        let view = self.view;
        let is_closed = |known: &Known<'_>, s: &TcpSighting| {
            let was_made = s.established() || known.connection.is_piece(s.capture);
            was_made && s.connection.close != Close::Open && !is_ended_by_reset(view, s)
        };
        self.add_ended(
            &CLOSED,
            Severity::Info,
            |known, s| left_open(known.step) && is_closed(known, s),
            |s| fins(s).chain(resets(s)).collect(),
            |closed| Text::join([endings(view, closed), leaves_open(view, closed)]),
        );
        // A RST is seen in Wireshark, whatever the sheet asks.
        self.add_ended(
            &CLOSED,
            Severity::Info,
            |known, s| !left_open(known.step) && s.connection.close == Close::Reset && is_closed(known, s),
            |s| fins(s).chain(resets(s)).collect(),
            |closed| endings(view, closed),
        );
    }

    /// Connections that ended with RST.
    fn reset(&mut self) {
        let view = self.view;
        // What was over before a whole one began is told as that.
        let rests = self.rests();
        let is_reset = |known: &Known<'_>, s: &TcpSighting| {
            let was_made = s.established() || known.connection.is_piece(s.capture);
            (was_made || (s.is_dead && !rests.contains(&known.index))) && is_ended_by_reset(view, s)
        };
        // A client that closes before the answer comes, or whose program is ended, resets without any harm done.
        let by_client = |s: &TcpSighting| resets(s).all(|frame| s.connection.rst(s.client_side) == Some(frame));
        self.add_ended(
            &RESET,
            Severity::Info,
            |known, s| is_reset(known, s) && by_client(s),
            |s| resets(s).collect(),
            |reset| Text::join([endings(view, reset), leaves_open(view, reset)]),
        );
        self.add_ended(
            &RESET,
            Severity::Warning,
            |known, s| is_reset(known, s) && !by_client(s) && left_open(known.step),
            |s| resets(s).collect(),
            |reset| {
                let is_aborted =
                    |s: &TcpSighting| resets(s).all(|frame| view.frames(s).cause_of(frame) == ResetCause::Aborted);
                let queued = reset.iter().map(|(known, _)| service::why_never_accepted(view, known));
                let why = if let Some(queued) = queued.collect::<Option<Vec<Text>>>() {
                    Text::join(queued)
                } else if reset.iter().all(sent_after_close) {
                    "The client's data came after the server had closed, and the server's system refuses it with RST."
                        .into()
                } else if reset.iter().all(|(_, s)| is_aborted(s)) {
                    closing::why_reset(view, reset.iter().copied())
                } else {
                    Text::default()
                };
                Text::join([endings(view, reset), why, leaves_open(view, reset)])
            },
        );
        self.add_ended(
            &RESET,
            Severity::Info,
            |known, s| is_reset(known, s) && !by_client(s) && !left_open(known.step),
            |s| resets(s).collect(),
            |reset| {
                let told = reset.iter().take(NAMED).map(|here| {
                    let (known, sighting) = here;
                    // What another file shows is told with that one's frames, and of it.
                    let file = view.file(sighting.capture);
                    let claims = service::claims(view, known);
                    let of_reset = known.service.grounds.is_until_end();
                    match of_reset && claims.iter().flat_map(|claim| &claim.evidence).all(|one| one.file == file) {
                        true => Text::join(claims.into_iter().map(|claim| claim.text)),
                        false => endings(view, std::slice::from_ref(here)),
                    }
                });
                Text::join(told)
            },
        );
    }

    /// A step with one client wants one connection.
    fn several_runs(&mut self) {
        let is_alone = |step: &Step| !step.is_parallel() && !step.is_beside_busy() && step.has_one_client();
        let mut steps: Vec<&Step> = distinct(self.all.iter().map(|(known, _)| known.step));
        steps.retain(|step| is_alone(step));
        for step in steps {
            self.several_runs_of(step);
        }
    }

    fn several_runs_of(&mut self, step: &Step) {
        let view = self.view;
        let is_run = |known: &Known<'_>, s: &TcpSighting| {
            known.step == step && s.established() && !view.is_leftover(known) && !view.went_astray(known)
        };
        let runs: Vec<&TcpSighting> = self.all.iter().filter(|(known, s)| is_run(known, s)).map(|(_, s)| *s).collect();
        // One that was there before may have begun before any other.
        let began = |run: &TcpSighting| run.connection.handshake != HandshakeState::NotCaptured;
        let mut next = runs.iter().zip(runs.iter().skip(1));
        let apart = next.all(|(one, next)| began(next) && one.is_over_before(next));
        if runs.len() < 2 {
            return;
        }
        let closed_first = |(known, s): &&Here<'_>| {
            let ends = known.timeline.in_capture(s.capture).map(|seen| (seen.server_fin, seen.client_fin));
            matches!(ends, Some((Some(fin), client)) if client.is_none_or(|client| fin.frame < client.frame))
        };
        let is_cut = apart && self.all.iter().filter(|(known, s)| is_run(known, s)).all(|here| closed_first(&here));
        let alike = Some(step).filter(|_| is_cut).and_then(|step| parallel_alike(view, step, runs.len()));
        let number = step.mention(step.number());
        let counting = counting(view.config.sheet.questions(), step);
        self.add(Code::SeveralRuns, Severity::Info, is_run, Self::first_frame, |runs| {
            let how = if apart { ", one after the other" } else { "" };
            let what =
                format!("Step {number} has {} connections here{how}; the sheet asks for one.{counting}", runs.len());
            match &alike {
                Some(other) => say![
                    what,
                    " The server closed each before the next one came, so the clients of ",
                    other.clone(),
                    " could look the same: nothing here shows which they are."
                ],
                None => what.into(),
            }
        });
    }
}

/// The step whose clients side by side a server that ends each connection itself would leave as many connections of, one after the
/// other, where the files have no other clients of it.
fn parallel_alike(view: &LabView<'_>, step: &Step, runs: usize) -> Option<Step> {
    let is_alike = |other: &&Step| {
        let has_as_many =
            other.hosts().len() == 1 && usize::try_from(other.clients()).is_ok_and(|clients| clients == runs);
        other.is_parallel() && other.runs(Protocol::Tcp) && other.host() == step.host() && has_as_many
    };
    let mut steps = view.config.sheet.recorded();
    // Datagrams tell by their place in the order of the sheet, and who waits, that the server has no threads; a journal
    // names its program.
    let is_told = || {
        let alone = view.kind_of(|known| !known.step.is_parallel());
        let is_named = view.accounts.servers.iter().any(|run| run.is_named_threaded().is_some());
        let is_beside = view.parallel().next().is_some() || view.conversations().next().is_some();
        is_named || is_beside || alone.kind == ServerKind::Iterative
    };
    steps.find(is_alike).filter(|_| !is_told()).cloned()
}

/// Whether a later attempt than this one succeeded, at a server that counts as the same.
pub(super) fn succeeded_later(
    all: &[Here<'_>],
    earlier: &TcpSighting,
    is_same: impl Fn(SocketAddress, SocketAddress) -> bool,
) -> bool {
    let is_later = |s: &TcpSighting| s.connection.first_frame > earlier.connection.first_frame;
    all.iter().any(|(_, s)| is_same(s.server(), earlier.server()) && s.established() && is_later(s))
}

/// Whether the client sent data after the server's FIN, before the RST.
fn sent_after_close((known, sighting): &Here<'_>) -> bool {
    let Some(seen) = known.timeline.in_capture(sighting.capture) else { return false };
    let (Some(fin), Some(line), Some(reset)) = (seen.server_fin, seen.last_request, seen.server_reset) else {
        return false;
    };
    fin.frame < line.frame && line.frame < reset.frame
}

/// Which of a step's connections the answers about it alone are of.
fn counting(questions: &[Question], step: &Step) -> String {
    let about = questions.iter().filter(|question| question.steps() == std::slice::from_ref(step));
    let of = |scope: Scope| {
        let of_it = about.clone().filter(|question| Scope::of(question) == scope);
        let numbers = distinct(of_it.map(Question::number));
        (!numbers.is_empty()).then(|| wording::list(&numbers))
    };
    let all = of(Scope::All).map(|numbers| format!(" The answers to {numbers} count all of them."));
    let first =
        of(Scope::First).map(|numbers| format!(" The answers to {numbers} are about the step's first connection."));
    all.into_iter().chain(first).collect()
}

/// Whether the sheet leaves the connections of a step open.
fn left_open(step: &Step) -> bool {
    !step.is_beside_busy()
}

/// What the sheet asks for instead, where it does.
fn leaves_open(view: &LabView<'_>, ended: &[Here<'_>]) -> Text {
    closing::left_open(view, ended.iter().map(|(known, _)| known))
}

/// That connections ended, and not who ended them.
fn ended(view: &LabView<'_>, all: &[Here<'_>], end: &End) -> Text {
    let what = match all.len() {
        1 => format!("The connection {}.", end.was),
        several => format!("{several} connections {}.", end.were),
    };
    Text::join([what.into(), leaves_open(view, all)])
}

/// How some connections ended: the first ones in a sentence each.
fn endings(view: &LabView<'_>, ended: &[Here<'_>]) -> Text {
    let one = |(known, sighting): &Here<'_>| closing_sentence(view, known, sighting, false);
    let more = ended.len().saturating_sub(NAMED);
    let rest = (more > 0).then(|| {
        let by_client = ended.iter().skip(NAMED).all(|(_, s)| closed_by(view, s) == Some(AddressRole::Client));
        let how =
            if ended.iter().skip(NAMED).all(|(_, s)| s.connection.close == Close::Fin) { "closed" } else { "ended" };
        let ended = match (by_client, more) {
            (true, 1) => format!("was {how} by its client"),
            (true, _) => format!("were {how} by their clients"),
            (false, _) => "ended".to_owned(),
        };
        say![format!("{} {ended}, too.", count(more as u64, "further connection"))]
    });
    Text::join(ended.iter().take(NAMED).map(one).chain(rest))
}

/// Their clients' socket addresses.
pub(super) fn clients(of: &[Here<'_>]) -> Text {
    Text::list(of.iter().map(|(_, sighting)| sighting.client()))
}

fn fins(sighting: &TcpSighting) -> impl Iterator<Item = RowFrame> {
    let client = sighting.client_side;
    [client, client.other()].into_iter().filter_map(|side| sighting.connection.fin(side))
}

/// Whether a RST ended a connection, and not both FINs before it.
fn is_ended_by_reset(view: &LabView<'_>, sighting: &TcpSighting) -> bool {
    sighting.connection.close == Close::Reset && {
        let frames = view.frames(sighting);
        let mut resets = resets(sighting).peekable();
        resets.peek().is_none() || resets.any(|reset| frames.ends_with(reset))
    }
}

fn resets(sighting: &TcpSighting) -> impl Iterator<Item = RowFrame> {
    let client = sighting.client_side;
    [client, client.other()].into_iter().filter_map(|side| sighting.connection.rst(side))
}

/// That these frames were sent again, if there are any.
fn again(all: &FrameRanges) -> Option<Text> {
    let [noun, are, they_repeat] = match all.count() {
        0 => return None,
        1 => ["Frame ", "is a retransmission", "it repeats"],
        _ => ["Frames ", "are retransmissions", "they repeat"],
    };
    let lost = format!(
        " {are}: what was sent first, or its acknowledgement, was lost or late. What {they_repeat} counts once in the answers; Wireshark, and the list of connections, have both."
    );
    Some(say![noun, all.numbers(8), lost])
}
