//! Claims: one sentence each, with its basis and its evidence. What several answers and findings state is worded here, once.

pub(crate) mod closing;
pub(crate) mod draft;
pub(crate) mod handshake;
pub(crate) mod presence;
pub(crate) mod queue;
pub(crate) mod refused;
pub(crate) mod rejection;
pub(crate) mod service;
pub(crate) mod unseen;
pub(crate) mod words;

use std::collections::BTreeMap;

use crate::analyze::analysis::{ConnectionStory, ServiceFound};
use crate::analyze::matching::{Known, LabView};
use crate::analyze::text::{Text, files};
use socklab_packets::types::StreamNumber;

pub(crate) use draft::{Draft, all_of, tcp_evidence, udp_evidence};
pub(crate) use unseen::closed_by;

/// What is known of the lab's TCP connections in a capture, by stream number.
pub(crate) fn stories(view: &LabView<'_>, capture: usize) -> BTreeMap<StreamNumber, ConnectionStory> {
    let here = |known: Known<'_>| {
        let sighting = known.connection.in_capture(capture)?;
        let service = known.service;
        let frame = |moment: Option<crate::analyze::story::Moment>| {
            moment.map(|moment| moment.in_file()).filter(|(file, _)| *file == capture).map(|(_, frame)| frame)
        };
        let why = Text::join(service::claims(view, &known).into_iter().map(|claim| claim.text));
        let service = ServiceFound {
            verdict: service.verdict,
            basis: service.basis,
            since: frame(service.since),
            until: frame(service.until),
            why: files::with_files(why, Some(view.file(capture)), |capture| view.file(capture).to_owned()),
        };
        let in_doubt = view.doubts.iter().any(|doubt| doubt.steps.contains(known.step));
        let step = (!in_doubt).then(|| known.step.clone());
        let story = ConnectionStory { step, closed_by: closed_by(view, sighting), service };
        Some((sighting.connection.stream, story))
    };
    view.known().filter_map(here).collect()
}
