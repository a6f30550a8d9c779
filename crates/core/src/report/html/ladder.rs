//! Where the parts of a ladder stand in its drawing. What they say comes from [`crate::report::ladder`].

use super::links::anchor;
use crate::report::ladder::labels;
use crate::report::ladder::{Arrow, Ladder, LadderRow, Phase};
use crate::report::words;
use crate::wording;
use socklab_packets::types::Protocol;

/// Width of a drawing, in its own units.
pub(super) const WIDTH: u32 = 460;
/// The two lines.
pub(super) const CLIENT_X: u32 = 92;
pub(super) const SERVER_X: u32 = 448;
/// Height of a row.
pub(super) const ROW: u32 = 40;
/// Characters of a label that fit between the lines.
const LABEL: usize = 44;
/// Most rows of one drawing: a browser prints what is higher than a page over what follows it.
const ROWS_OF_DRAWING: usize = 12;

/// A ladder, ready to be drawn.
pub(super) struct LadderView {
    pub(super) id: String,
    pub(super) file: String,
    pub(super) title: String,
    pub(super) summary: String,
    pub(super) class: &'static str,
    pub(super) ends: [LadderEnd; 2],
    pub(super) sections: Vec<SectionView>,
    pub(super) left_out: Option<String>,
}

/// An end of a ladder.
pub(super) struct LadderEnd {
    pub(super) name: String,
    pub(super) role: &'static str,
    pub(super) address: String,
}

/// A phase.
pub(super) struct SectionView {
    pub(super) class: &'static str,
    pub(super) name: &'static str,
    pub(super) count: String,
    pub(super) groups: Vec<Group>,
}

/// Rows next to each other, perhaps folded.
pub(super) struct Group {
    pub(super) folded: Option<String>,
    /// One below the other, without a seam.
    pub(super) drawings: Vec<Drawing>,
}

/// Rows in one piece.
pub(super) struct Drawing {
    pub(super) id: String,
    pub(super) title: String,
    /// The text alternative, a line for each frame.
    pub(super) lines: Vec<String>,
    pub(super) height: u32,
    pub(super) arrows: Vec<ArrowView>,
}

/// An arrow.
pub(super) struct ArrowView {
    pub(super) id: String,
    pub(super) frame: String,
    pub(super) seconds: String,
    pub(super) label: String,
    pub(super) squeezed: bool,
    pub(super) y: u32,
    pub(super) from_x: u32,
    pub(super) from_y: u32,
    pub(super) to_x: u32,
    pub(super) to_y: u32,
    /// The corners of the arrow's head.
    pub(super) head: String,
    pub(super) again: bool,
}

impl ArrowView {
    pub(super) fn frame_y(&self) -> u32 {
        self.y.saturating_add(17)
    }
    pub(super) fn seconds_y(&self) -> u32 {
        self.y.saturating_add(31)
    }
    pub(super) fn label_y(&self) -> u32 {
        self.y.saturating_add(16)
    }
}

impl LadderView {
    pub(super) fn new(ladder: &Ladder, file: String) -> LadderView {
        let id = match ladder.protocol {
            Protocol::Tcp => format!("tcp{}-{}", ladder.capture, ladder.stream),
            Protocol::Udp => format!("udp{}-{}", ladder.capture, ladder.stream),
        };
        let [client, server] = &ladder.ends;
        let end = |end: &crate::report::ladder::Participant, client: bool| LadderEnd {
            name: end.name(),
            role: words::sender(client),
            address: end.address.to_string(),
        };
        let sections = ladder.sections.iter().enumerate();
        LadderView {
            file,
            title: ladder.title(),
            summary: wording::count(ladder.frames().saturating_add(ladder.left_out), "frame"),
            class: match ladder.protocol {
                Protocol::Tcp => "tcp",
                Protocol::Udp => "udp",
            },
            ends: [end(client, true), end(server, false)],
            sections: sections
                .map(|(number, section)| SectionView {
                    class: class(section.phase),
                    name: labels::phase(section.phase),
                    count: wording::count(section.frames(), "frame"),
                    groups: groups(ladder, &format!("{id}-{number}"), section),
                })
                .collect(),
            left_out: (ladder.left_out > 0).then(|| words::left_out_of_ladder(ladder.left_out)),
            id,
        }
    }
}

/// The style class of a phase.
const fn class(phase: Phase) -> &'static str {
    match phase {
        Phase::Handshake => "handshake",
        Phase::Data => "data",
        Phase::Closing => "closing",
        Phase::Datagrams => "datagrams",
    }
}

/// Unfolded rows next to each other are one group.
fn groups(ladder: &Ladder, id: &str, section: &crate::report::ladder::Section) -> Vec<Group> {
    let same = |a: &LadderRow, b: &LadderRow| matches!((a, b), (LadderRow::Arrow(_), LadderRow::Arrow(_)));
    let runs = section.rows.chunk_by(same).enumerate();
    runs.map(|(number, run)| {
        let arrows: Vec<&Arrow> = run.iter().flat_map(LadderRow::arrows).collect();
        let folded = run.first().and_then(|row| match row {
            LadderRow::Fold(arrows) => Some(labels::folded(arrows)),
            LadderRow::Arrow(_) => None,
        });
        let drawings = arrows.chunks(ROWS_OF_DRAWING).enumerate().map(|(place, arrows)| {
            drawing(ladder, format!("{id}-{number}-{place}"), labels::phase(section.phase), arrows)
        });
        Group { folded, drawings: drawings.collect() }
    })
    .collect()
}

fn drawing(ladder: &Ladder, id: String, phase: &str, arrows: &[&Arrow]) -> Drawing {
    let [client, server] = ladder.ends.each_ref().map(crate::report::ladder::Participant::name);
    let lines = arrows.iter().map(|arrow| {
        let (from, to) = if arrow.from_client { (&client, &server) } else { (&server, &client) };
        format!("Frame {}, {} s, {from} to {to}: {}.", arrow.note.frame, ladder.seconds(arrow), arrow.label)
    });
    let rows = u32::try_from(arrows.len()).unwrap_or(u32::MAX);
    Drawing {
        title: format!("{phase}, {}, {client} and {server}", wording::count(arrows.len() as u64, "frame")),
        lines: lines.collect(),
        height: rows.saturating_mul(ROW),
        arrows: arrows.iter().zip(0_u32..).map(|(arrow, row)| arrow_view(ladder, arrow, row)).collect(),
        id,
    }
}

fn arrow_view(ladder: &Ladder, arrow: &Arrow, row: u32) -> ArrowView {
    let y = row.saturating_mul(ROW);
    let (from_x, to_x) = if arrow.from_client { (CLIENT_X, SERVER_X) } else { (SERVER_X, CLIENT_X) };
    let (from_y, to_y) = (y.saturating_add(22), y.saturating_add(32));
    // The head is 10 long and turned with the shaft, which falls a little.
    let back = if arrow.from_client { to_x.saturating_sub(10) } else { to_x.saturating_add(10) };
    let head = format!("{to_x},{to_y} {back},{} {back},{}", to_y.saturating_sub(5), to_y.saturating_add(4));
    ArrowView {
        id: anchor(ladder.capture, arrow.note.frame),
        frame: arrow.note.frame.to_string(),
        seconds: ladder.seconds(arrow),
        squeezed: arrow.label.len() > LABEL,
        label: arrow.label.clone(),
        y,
        from_x,
        from_y,
        to_x,
        to_y,
        head,
        again: arrow.note.retransmission,
    }
}
