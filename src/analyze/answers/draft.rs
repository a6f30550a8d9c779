//! Putting an answer together: claims with their basis and evidence, and what is missing.

use crate::analyze::analysis::{Answer, Basis, Claim, Evidence, Facts, Status};
use crate::analyze::topology::{LabView, TcpSighting, UdpSighting};
use crate::analyze::track::Traffic;
use crate::lab::Question;
use crate::types::FrameNumber;
use crate::wording;

/// From this many runs of frames on, a filter by stream is easier to paste and read than the list of frames.
const LONGEST_FRAME_FILTER: usize = 200;

/// An answer in the making.
#[derive(Debug, Default)]
pub(super) struct Draft {
    claims: Vec<Claim>,
    missing: Vec<String>,
}

impl Draft {
    /// A claim that frames or journal lines show.
    pub(super) fn proved(&mut self, text: impl Into<String>, evidence: Vec<Evidence>) {
        self.claims.push(Claim { text: text.into(), basis: Basis::Proved, evidence });
    }

    /// A claim that follows from how sockets work.
    pub(super) fn inferred(&mut self, text: impl Into<String>, evidence: Vec<Evidence>) {
        self.claims.push(Claim { text: text.into(), basis: Basis::Inferred, evidence });
    }

    /// What the files at hand cannot show.
    pub(super) fn unknown(&mut self, text: impl Into<String>) {
        self.claims.push(Claim { text: text.into(), basis: Basis::Unknown, evidence: Vec::new() });
    }

    /// What would be needed to answer fully.
    pub(super) fn missing(&mut self, what: impl Into<String>) {
        let what = what.into();
        if !self.missing.contains(&what) {
            self.missing.push(what);
        }
    }

    /// The finished answer.
    pub(super) fn finish(
        self,
        view: &LabView<'_>,
        question: Question,
        status: Status,
        answer: String,
        facts: Facts,
    ) -> Answer {
        let Draft { claims, missing } = self;
        Answer { question, points: view.config.points(question), status, answer, claims, facts, missing }
    }
}

/// Frames of a TCP connection as evidence.
pub(super) fn tcp_frames(view: &LabView<'_>, sighting: &TcpSighting, frames: Vec<FrameNumber>) -> Evidence {
    of_stream(view, sighting.capture, frames, |traffic| traffic.tcp_filter(&sighting.connection))
}

/// Frames of a UDP conversation as evidence.
pub(super) fn udp_frames(view: &LabView<'_>, sighting: &UdpSighting, frames: Vec<FrameNumber>) -> Evidence {
    of_stream(view, sighting.capture, frames, |traffic| traffic.udp_filter(&sighting.conversation))
}

fn of_stream(
    view: &LabView<'_>,
    capture: usize,
    mut frames: Vec<FrameNumber>,
    stream_filter: impl FnOnce(&Traffic) -> String,
) -> Evidence {
    frames.sort_unstable();
    frames.dedup();
    let filter = wording::frame_filter(&frames);
    let by_stream = frames.is_empty() || filter.len() > LONGEST_FRAME_FILTER;
    let traffic = view.captures.get(capture).filter(|_| by_stream).map(|capture| &capture.traffic);
    let filter = traffic.map_or(filter, stream_filter);
    Evidence { file: view.file(capture).to_owned(), frames, filter: Some(filter), lines: Vec::new() }
}
