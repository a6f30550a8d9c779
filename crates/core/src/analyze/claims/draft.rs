//! Putting an answer together: claims with their basis and evidence, and what is missing.

use crate::analyze::analysis::{Answer, Basis, Claim, Evidence, Facts, Status, StreamSpan};
use crate::analyze::conversation::{TcpSighting, UdpSighting};
use crate::analyze::matching::LabView;
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

    /// The finished answer.
    pub(crate) fn finish(self, view: &LabView<'_>, question: &Question, status: Status, facts: Facts) -> Answer {
        let Draft { claims, missing, short, short_basis } = self;
        let weakest = claims.iter().filter(|claim| claim.in_answer).map(|claim| claim.basis).max();
        let basis = short_basis.or(weakest).unwrap_or(Basis::Unknown);
        let (question, points) = (question.clone(), view.config.points(question));
        Answer { question, points, status, short, basis, claims, facts, missing }
    }
}

/// Frames of a TCP connection as evidence.
pub(crate) fn tcp_evidence(
    view: &LabView<'_>,
    sighting: &TcpSighting,
    frames: impl IntoIterator<Item = FrameNumber>,
) -> Evidence {
    let connection = &sighting.connection;
    let of = (Protocol::Tcp, connection.stream, connection.addresses, connection.first_frame);
    Evidence::of_stream(view.file(sighting.capture), span(view, sighting.capture, of), FrameRanges::of(frames))
}

/// Frames of a UDP conversation as evidence.
pub(crate) fn udp_evidence(
    view: &LabView<'_>,
    sighting: &UdpSighting,
    frames: impl IntoIterator<Item = FrameNumber>,
) -> Evidence {
    let conversation = &sighting.conversation;
    let of = (Protocol::Udp, conversation.stream, conversation.addresses, conversation.first_frame);
    Evidence::of_stream(view.file(sighting.capture), span(view, sighting.capture, of), FrameRanges::of(frames))
}

/// A stream of a capture; with its ends where Wireshark may show another number.
fn span(
    view: &LabView<'_>,
    capture: usize,
    (protocol, stream, ends, first_frame): (Protocol, StreamNumber, [SocketAddress; 2], FrameNumber),
) -> StreamSpan {
    let otherwise = view
        .captures
        .get(capture)
        .is_some_and(|capture| capture.traffic.is_numbered_otherwise(protocol, stream, first_frame));
    StreamSpan { protocol, stream, ends: otherwise.then_some(ends) }
}
