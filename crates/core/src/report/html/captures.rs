//! What the page says of each file: what it is, its warnings, its tables.

use super::links::{Drawn, TextRun};
use crate::analyze::analysis::{Analysis, CaptureAnalysis};
use crate::report::sentences::AboutCapture;
use crate::report::tables::{Cell, TableName};
use crate::wording;

/// Rows of one table of one capture.
const ROWS: usize = 100;
/// Rows of tables on the page.
const ALL_ROWS: usize = 2000;
/// Interfaces and warnings of a file.
const LISTED: usize = 20;

/// A file.
pub(super) struct CaptureView {
    pub(super) id: String,
    pub(super) file: String,
    /// What it is called elsewhere on the page.
    pub(super) name: String,
    pub(super) what: String,
    pub(super) step: String,
    pub(super) why: Option<String>,
    pub(super) facts: Vec<String>,
    pub(super) warnings: Vec<String>,
    pub(super) tables: Vec<TableView>,
}

/// A table.
pub(super) struct TableView {
    pub(super) caption: &'static str,
    pub(super) columns: Vec<ColumnView>,
    pub(super) rows: Vec<Vec<CellView>>,
    pub(super) left_out: Option<String>,
}

/// A column's title.
pub(super) struct ColumnView {
    pub(super) title: &'static str,
    pub(super) number: bool,
}

/// A cell.
pub(super) struct CellView {
    pub(super) run: TextRun,
    pub(super) number: bool,
}

/// The columns of the page's tables, by key. The file is named above them.
const LAYOUT: [(&str, TableName, &str, &[&str]); 5] = [
    (
        "Socket addresses",
        TableName::Addresses,
        "socket address",
        &["protocol", "host", "socket_address", "role", "frames", "traffic"],
    ),
    (
        "TCP connections: what each side sent",
        TableName::Connections,
        "connection",
        &[
            "stream",
            "client_host",
            "client",
            "server_host",
            "server",
            "client_frames",
            "client_data_frames",
            "client_acknowledgement_frames",
            "client_resent_frames",
            "client_payload_bytes",
            "server_frames",
            "server_data_frames",
            "server_acknowledgement_frames",
            "server_resent_frames",
            "server_payload_bytes",
            "traffic",
        ],
    ),
    (
        "TCP connections: handshake and end",
        TableName::Connections,
        "connection",
        &[
            "stream",
            "handshake",
            "syn",
            "syn_ack",
            "ack",
            "completeness",
            "end",
            "first_frame",
            "last_frame",
            "roles_by",
        ],
    ),
    (
        "UDP datagrams",
        TableName::Datagrams,
        "conversation",
        &[
            "stream",
            "client_host",
            "client",
            "server_host",
            "server",
            "client_datagrams",
            "client_payload_bytes",
            "server_datagrams",
            "server_payload_bytes",
            "first_frame",
            "last_frame",
            "roles_by",
            "traffic",
        ],
    ),
    (
        "What was sent",
        TableName::Texts,
        "frame",
        &["frame", "protocol", "stream", "from", "source", "len", "content", "text"],
    ),
];

/// The files, with as many rows as the page has room for.
pub(super) fn views(analysis: &Analysis, drawn: &Drawn<'_>) -> Vec<CaptureView> {
    let mut room = ALL_ROWS;
    let order = crate::report::view::by_step(analysis);
    let captures = order.into_iter().filter_map(|number| Some((number, analysis.captures.get(number)?)));
    captures.map(|(number, capture)| view(analysis, number, capture, drawn, &mut room)).collect()
}

fn view(
    analysis: &Analysis,
    number: usize,
    capture: &CaptureAnalysis,
    drawn: &Drawn<'_>,
    room: &mut usize,
) -> CaptureView {
    let about = AboutCapture::new(analysis, capture, LISTED, "");
    CaptureView {
        id: format!("file{number}"),
        file: capture.file.clone(),
        name: drawn.name(&capture.file),
        what: about.what,
        step: about.step,
        why: about.why,
        facts: about.interfaces.into_iter().chain(about.kinds).collect(),
        warnings: about.warnings,
        tables: LAYOUT
            .iter()
            .filter_map(|(caption, table, thing, keys)| {
                let view = table_view(analysis, number, drawn, (*caption, *table, *thing, *keys), (*room).min(ROWS));
                *room = room.saturating_sub(view.rows.len());
                (!view.rows.is_empty() || view.left_out.is_some()).then_some(view)
            })
            .collect(),
    }
}

fn table_view(
    analysis: &Analysis,
    number: usize,
    drawn: &Drawn<'_>,
    (caption, table, thing, keys): (&'static str, TableName, &str, &[&str]),
    room: usize,
) -> TableView {
    let excerpt = table.excerpt(analysis, number, keys, room);
    let left_out = (excerpt.left_out > 0).then(|| {
        format!(
            "{} not listed here: --format csv --table {} lists all.",
            wording::count(excerpt.left_out as u64, &format!("more {thing}")),
            table.name()
        )
    });
    let columns = excerpt.columns.iter().map(|column| ColumnView { title: column.title, number: column.number });
    let rows = excerpt.rows.into_iter().map(|row| row.into_iter().map(|of| cell(of, number, drawn)).collect());
    TableView { caption, columns: columns.collect(), rows: rows.collect(), left_out }
}

fn cell(cell: Cell, capture: usize, drawn: &Drawn<'_>) -> CellView {
    let plain = |text: String, number: bool| CellView { run: TextRun { text, target: None }, number };
    match cell {
        Cell::Text(text) => plain(text, false),
        Cell::Number(number) => plain(number.to_string(), true),
        Cell::Decimal(number) => plain(number, true),
        Cell::Frame(frame) => CellView { run: drawn.frame(capture, frame), number: true },
        Cell::Nothing => plain("–".to_owned(), false),
    }
}
