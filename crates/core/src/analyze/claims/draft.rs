//! Putting an answer together: claims with their basis and evidence, and what is missing.

use crate::analyze::analysis::{Answer, Basis, Claim, Evidence, Facts, Status, StreamSpan};
use crate::analyze::conversation::{Piece, TcpSighting, UdpSighting};
use crate::analyze::matching::{Known, LabView};
use crate::analyze::row::{RowFrame, by_capture};
use crate::analyze::text::{FrameRanges, Text};
use crate::lab::Question;
use socklab_packets::types::{FrameNumber, Protocol, SocketAddress, StreamNumber};

/// What stands in a table for an answer about steps or hosts that the captures do not tell apart.
pub(crate) const NOT_TOLD: &str = "the files do not tell";

/// An answer in the making.
#[derive(Debug, Default)]
pub(crate) struct Draft {
    claims: Vec<Claim>,
    missing: Vec<Text>,
    short: Text,
    short_basis: Option<Basis>,
    departs: bool,
}

impl Draft {
    /// A claim that frames or journal lines show, as part of the answer.
    pub(crate) fn proved(&mut self, text: impl Into<Text>, evidence: Vec<Evidence>) {
        self.add(Claim { text: text.into(), basis: Basis::Proved, evidence, in_answer: true });
    }

    /// A claim that follows from how sockets work, as part of the answer.
    pub(crate) fn inferred(&mut self, text: impl Into<Text>, evidence: Vec<Evidence>) {
        self.add(Claim { text: text.into(), basis: Basis::Inferred, evidence, in_answer: true });
    }

    /// What the files at hand cannot show, as part of the answer.
    pub(crate) fn unknown(&mut self, text: impl Into<Text>) {
        self.add(Claim { text: text.into(), basis: Basis::Unknown, evidence: Vec::new(), in_answer: true });
    }

    /// Any claim.
    pub(crate) fn add(&mut self, claim: Claim) {
        if !self.claims.iter().any(|there| there.text == claim.text) {
            self.claims.push(claim);
        }
    }

    /// Takes in the claims of another answer in the making.
    pub(crate) fn take_claims(&mut self, other: Draft) {
        other.claims.into_iter().for_each(|claim| self.add(claim));
    }

    /// Whether a part of the answer is something that the files at hand cannot show.
    pub(crate) fn has_unknown(&self) -> bool {
        self.claims.iter().any(|claim| claim.in_answer && claim.basis == Basis::Unknown)
    }

    /// What an answer rests on, without being part of its text.
    pub(crate) fn beside(&mut self, basis: Basis, text: impl Into<Text>, evidence: Vec<Evidence>) {
        let text = text.into();
        // A sheet may say nothing of it.
        if text != Text::default() {
            self.add(Claim { text, basis, evidence, in_answer: false });
        }
    }

    /// What would be needed to answer fully.
    pub(crate) fn missing(&mut self, what: impl Into<Text>) {
        let what = what.into();
        if !self.missing.contains(&what) {
            self.missing.push(what);
        }
    }

    /// The answer that the lecturer expects where no capture shows what happened.
    pub(crate) fn expected(&mut self, question: &Question) {
        if let Some(expected) = question.expected() {
            self.inferred(expected, Vec::new());
        }
    }

    /// The captures of a question's steps that the sheet asks for.
    pub(crate) fn missing_captures(&mut self, question: &Question) {
        for step in question.steps().iter().filter(|step| step.captured().is_some()) {
            self.missing(step.capture());
        }
    }

    /// The answer in a few words, as certain as the weakest of its claims.
    pub(crate) fn short(&mut self, short: impl Into<Text>) {
        self.short = short.into();
    }

    /// The answer in a few words, which are as certain as said.
    pub(crate) fn short_as(&mut self, basis: Basis, short: impl Into<Text>) {
        (self.short, self.short_basis) = (short.into(), Some(basis));
    }

    /// Notes that it went otherwise than the sheet has it, which the facts don't show.
    pub(crate) fn departs(&mut self) {
        self.departs = true;
    }

    /// The finished answer.
    pub(crate) fn finish(self, view: &LabView<'_>, question: &Question, status: Status, facts: Facts) -> Answer {
        let Draft { claims, missing, short, short_basis, departs } = self;
        let weakest = claims.iter().filter(|claim| claim.in_answer).map(|claim| claim.basis).max();
        let basis = short_basis.or(weakest).unwrap_or(Basis::Unknown);
        let (question, points) = (question.clone(), view.config.points(question));
        Answer { question, points, status, short, basis, claims, facts, missing, other_runs: Vec::new(), departs }
    }
}

/// Frames of a TCP connection as evidence, by file.
pub(crate) fn tcp_evidence(
    view: &LabView<'_>,
    sighting: &TcpSighting,
    frames: impl IntoIterator<Item = RowFrame>,
) -> Vec<Evidence> {
    let connection = &sighting.connection;
    let at = Streams {
        protocol: Protocol::Tcp,
        own: (sighting.capture, connection.stream),
        pieces: &sighting.pieces,
        ends: connection.addresses,
        first_frame: connection.first_frame,
    };
    at.evidence(view, frames)
}

/// All frames of a TCP connection as evidence, by file.
pub(crate) fn all_of(view: &LabView<'_>, known: &Known<'_>) -> Vec<Evidence> {
    let sighting = known.connection.whole();
    tcp_evidence(view, sighting, view.frames(sighting).all())
}

/// Frames of a UDP conversation as evidence, by file.
pub(crate) fn udp_evidence(
    view: &LabView<'_>,
    sighting: &UdpSighting,
    frames: impl IntoIterator<Item = RowFrame>,
) -> Vec<Evidence> {
    let conversation = &sighting.conversation;
    let at = Streams {
        protocol: Protocol::Udp,
        own: (sighting.capture, conversation.stream),
        pieces: &sighting.pieces,
        ends: conversation.addresses,
        first_frame: conversation.first_frame,
    };
    at.evidence(view, frames)
}

/// The streams of a connection or conversation: the one of its capture, or one of each file of a row.
struct Streams<'a> {
    protocol: Protocol,
    own: (usize, StreamNumber),
    pieces: &'a [Piece],
    ends: [SocketAddress; 2],
    first_frame: RowFrame,
}

impl Streams<'_> {
    /// Frames as evidence, by file; without frames one with none.
    fn evidence(&self, view: &LabView<'_>, frames: impl IntoIterator<Item = RowFrame>) -> Vec<Evidence> {
        let of_capture = |(capture, frames): (Option<usize>, Vec<FrameNumber>)| {
            let piece = self.pieces.iter().find(|piece| Some(piece.capture) == capture);
            let (capture, stream) = piece.map_or(self.own, |piece| (piece.capture, piece.stream));
            let span = self.span(view, capture, stream);
            Evidence::of_stream(view.file(capture), span, FrameRanges::of(frames))
        };
        let mut parts = by_capture(frames);
        if parts.is_empty() {
            parts.push((None, Vec::new()));
        }
        parts.into_iter().map(of_capture).collect()
    }

    /// A stream of a capture; with its ends where Wireshark may show another number.
    fn span(&self, view: &LabView<'_>, capture: usize, stream: StreamNumber) -> StreamSpan {
        let Streams { protocol, own, ends, first_frame, .. } = self;
        let traffic = view.captures.get(capture).map(|capture| &capture.traffic);
        let is_own = self.pieces.is_empty() && capture == own.0;
        let begins = || match protocol {
            Protocol::Tcp => traffic.and_then(|traffic| Some(traffic.tcp(stream)?.first_frame)),
            Protocol::Udp => traffic.and_then(|traffic| Some(traffic.udp(stream)?.first_frame)),
        };
        let first_frame = if is_own { Some(first_frame.number()) } else { begins() };
        let otherwise = traffic.zip(first_frame);
        let otherwise =
            otherwise.is_some_and(|(traffic, first)| traffic.is_numbered_otherwise(*protocol, stream, first));
        StreamSpan { protocol: *protocol, stream, ends: otherwise.then_some(*ends) }
    }
}
