//! The lab's connections of a submission as small ladders: who sent which frame when, for the page of a student.
//!
//! Kept apart from the captures, so that a page can be written again without reading them.

use serde::{Deserialize, Serialize};

use socklab_core::analyze::analysis::Analysis;
use socklab_core::report::ladder::{self as model, Wanted};

/// Most ladders of a submission.
const MOST_LADDERS: usize = 12;

/// Most frames drawn of a connection; further ones are counted.
const MOST_ARROWS: usize = 40;

/// A connection or conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ladder {
    /// The capture.
    pub file: String,
    /// A sentence that names it.
    pub title: String,
    /// The client's socket address.
    pub client: String,
    /// The server's socket address.
    pub server: String,
    /// The first frames.
    pub arrows: Vec<Arrow>,
    /// Frames that are not drawn.
    pub left_out: u64,
}

/// One frame.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Arrow {
    /// Its number.
    pub frame: u64,
    /// Whether the client sent it.
    pub from_client: bool,
    /// What it says, as Wireshark's Info column has it.
    pub label: String,
    /// Seconds since the capture's first frame.
    pub seconds: String,
}

/// The ladders of the lab's connections.
pub fn all(analysis: &Analysis) -> Vec<Ladder> {
    let captures = 0..analysis.captures.len();
    let ladders = captures.flat_map(|number| model::of_capture(analysis, number, Wanted::LAB, MOST_ARROWS));
    ladders.take(MOST_LADDERS).map(|ladder| kept(analysis, &ladder)).collect()
}

fn kept(analysis: &Analysis, ladder: &model::Ladder) -> Ladder {
    let [client, server] = &ladder.ends;
    let arrow = |arrow: &model::Arrow| Arrow {
        frame: arrow.note.frame.0,
        from_client: arrow.from_client,
        label: arrow.label.clone(),
        seconds: ladder.seconds(arrow),
    };
    Ladder {
        file: analysis.captures.get(ladder.capture).map(|capture| capture.file.clone()).unwrap_or_default(),
        title: ladder.title(),
        client: client.to_string(),
        server: server.to_string(),
        arrows: ladder.arrows().map(arrow).collect(),
        left_out: ladder.left_out,
    }
}
