//! Where the parts of a ladder across hosts stand in its drawing. What they say comes from [`crate::report::timeline`].

use super::links::Drawn;
use crate::analyze::analysis::Analysis;
use crate::report::timeline::{self, Event, HostsTimeline, TimelineRow};
use crate::wording;

/// Width of a drawing, in its own units: the margin with file, frame and time, and the hosts' lines.
pub(super) const WIDTH: u32 = 920;
/// The first and the last line.
const FIRST_X: u32 = 150;
const LAST_X: u32 = 850;
/// Height of a row.
pub(super) const ROW: u32 = 30;
/// Height of the hosts' names.
const HEAD: u32 = 52;
/// Most rows of one drawing: a browser prints what is higher than a page over what follows it.
const ROWS_OF_DRAWING: usize = 18;

/// A ladder across hosts, ready to be drawn.
pub(super) struct TimelineView {
    pub(super) id: String,
    pub(super) title: String,
    pub(super) files: String,
    /// `34 rows`.
    pub(super) summary: String,
    pub(super) hosts: Vec<HostLine>,
    /// One below the other, each with the hosts' names.
    pub(super) drawings: Vec<TimelineDrawing>,
    pub(super) left_out: Option<String>,
}

/// Rows in one piece.
pub(super) struct TimelineDrawing {
    pub(super) id: String,
    pub(super) title: String,
    pub(super) height: u32,
    pub(super) rows: Vec<RowView>,
    /// The text alternative, a line for each row.
    pub(super) lines: Vec<String>,
}

/// A host's line.
pub(super) struct HostLine {
    pub(super) name: String,
    pub(super) address: String,
    pub(super) x: u32,
}

/// A row.
pub(super) struct RowView {
    pub(super) class: &'static str,
    pub(super) y: u32,
    /// `3: 16`, the number of the file and of the frame.
    pub(super) place: String,
    /// Where the frame is drawn on the page.
    pub(super) target: Option<String>,
    pub(super) seconds: String,
    pub(super) label: String,
    pub(super) label_x: u32,
    /// `start`, `middle` or `end`.
    pub(super) anchor: &'static str,
    /// From and to where the arrow goes; the same twice for a call.
    pub(super) from_x: u32,
    pub(super) to_x: u32,
    /// The corners of the arrow's head; nothing for a call.
    pub(super) head: String,
}

impl RowView {
    pub(super) fn text_y(&self) -> u32 {
        self.y.saturating_add(14)
    }
    pub(super) fn shaft_y(&self) -> u32 {
        self.y.saturating_add(21)
    }
    pub(super) fn is_call(&self) -> bool {
        self.class == "call"
    }
}

/// The ladders, and what is said above them.
pub(super) fn views(analysis: &Analysis, drawn: &Drawn<'_>) -> (Vec<TimelineView>, Vec<String>) {
    let ladders = timeline::of_all(analysis);
    let remarks = timeline::remarks(analysis, &ladders);
    let several = ladders.len() > 1;
    let views = (1..).zip(&ladders).map(|(number, ladder)| view(analysis, drawn, ladder, (number, several)));
    (views.collect(), remarks)
}

fn view(
    analysis: &Analysis,
    drawn: &Drawn<'_>,
    ladder: &HostsTimeline,
    (number, several): (usize, bool),
) -> TimelineView {
    let gaps = u32::try_from(ladder.columns.len().saturating_sub(1)).unwrap_or(1).max(1);
    let step = (LAST_X - FIRST_X) / gaps;
    let xs: Vec<u32> =
        (0_u32..).zip(&ladder.columns).map(|(place, _)| FIRST_X.saturating_add(step.saturating_mul(place))).collect();
    let hosts = ladder.columns.iter().zip(&xs).map(|(column, x)| HostLine {
        name: column.name.clone(),
        address: column.address.to_string(),
        x: *x,
    });
    let (id, title) = (
        format!("all{number}"),
        match several {
            true => format!("Files of one clock: group {number}"),
            false => "All files".to_owned(),
        },
    );
    let pieces = ladder.rows.chunks(ROWS_OF_DRAWING);
    let count = pieces.len();
    let drawings = (1..).zip(pieces).map(|(place, rows): (usize, _)| {
        let part = if count > 1 { format!(", part {place} of {count}") } else { String::new() };
        let height = |rows: usize| HEAD.saturating_add(u32::try_from(rows).unwrap_or(u32::MAX).saturating_mul(ROW));
        TimelineDrawing {
            id: format!("{id}-{place}"),
            title: format!("{title}: frames and system calls in order of time{part}"),
            height: height(rows.len()).saturating_add(8),
            lines: rows.iter().map(|row| line(ladder, row)).collect(),
            rows: rows
                .iter()
                .enumerate()
                .map(|(above, row)| row_view(drawn, ladder, row, &xs, height(above)))
                .collect(),
        }
    });
    TimelineView {
        files: timeline::files(analysis, ladder).join(", "),
        summary: wording::count(ladder.rows.len() as u64, "row"),
        hosts: hosts.collect(),
        drawings: drawings.collect(),
        left_out: timeline::left_out(ladder),
        title,
        id,
    }
}

fn row_view(drawn: &Drawn<'_>, ladder: &HostsTimeline, row: &TimelineRow, xs: &[u32], y: u32) -> RowView {
    let x = |column: usize| xs.get(column).copied().unwrap_or(FIRST_X);
    let plain = RowView {
        class: "gap",
        y,
        place: String::new(),
        target: None,
        seconds: row.seconds.clone(),
        label: row.label.clone(),
        label_x: 0,
        anchor: "start",
        from_x: 0,
        to_x: 0,
        head: String::new(),
    };
    match &row.event {
        Event::Frame { capture, frame, ends: [from, to], again } => {
            let (from_x, to_x) = (x(*from), x(*to));
            // Beside the sender's line, up to the next one.
            let right = to_x > from_x;
            let next = if right { from.saturating_add(1) } else { from.saturating_sub(1) };
            let back = if right { to_x.saturating_sub(9) } else { to_x.saturating_add(9) };
            let tip = y.saturating_add(21);
            let file = timeline::file_number(ladder, *capture);
            RowView {
                class: if *again { "frame again" } else { "frame" },
                place: format!("{file}: {frame}"),
                target: drawn.frame(*capture, *frame).target,
                label_x: from_x.midpoint(x(next)),
                anchor: "middle",
                from_x,
                to_x,
                head: format!("{to_x},{tip} {back},{} {back},{}", tip.saturating_sub(4), tip.saturating_add(4)),
                ..plain
            }
        }
        Event::Call { column } => {
            let at = x(*column);
            // There is no room to the right of the last line.
            let last = column.saturating_add(1) == xs.len() && xs.len() > 1;
            let (label_x, anchor) = if last { (at.saturating_sub(9), "end") } else { (at.saturating_add(9), "start") };
            RowView { class: "call", label_x, anchor, from_x: at, to_x: at, ..plain }
        }
        Event::Gap => RowView { label: format!("… {} …", row.label), label_x: 6, ..plain },
    }
}

fn line(ladder: &HostsTimeline, row: &TimelineRow) -> String {
    let name = |column: &usize| ladder.columns.get(*column).map_or("?", |column| column.name.as_str());
    match &row.event {
        Event::Frame { capture, frame, ends: [from, to], .. } => {
            let file = timeline::file_number(ladder, *capture);
            format!("{} s, file {file}, frame {frame}, {} to {}: {}.", row.seconds, name(from), name(to), row.label)
        }
        Event::Call { column } => format!("{} s, at {}: {}.", row.seconds, name(column), row.label),
        Event::Gap => format!("Nothing for {}.", row.label),
    }
}
