//! The analysis as seven tables: columns and rows of typed cells, which CSV, Markdown and the page set each in its own way.
//!
//! Rows are made one by one; nothing is gathered for a whole capture but its distinct addresses.

use std::str::FromStr;

use crate::analyze::addresses::Addresses;
use crate::analyze::analysis::{Analysis, Answer, Basis, CaptureAnalysis, Evidence, Finding, Role};
use crate::report::ladder::labels;
use crate::report::ladder::{self, Arrow, Ladder};
use crate::report::typed::Content;
use crate::report::view::{self, ByRole, Tcp, Udp};
use crate::report::{sentences, words};
use socklab_packets::track::SideCounts;
use socklab_packets::types::{FrameNumber, Protocol, SocketAddress, StreamNumber};

/// One of the tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum TableName {
    /// The distinct socket addresses of each capture.
    Addresses,
    /// TCP connections.
    Connections,
    /// UDP conversations.
    Datagrams,
    /// The frames of connections and conversations, as in their ladders.
    Frames,
    /// The frames whose payload was looked at, with how it begins.
    Texts,
    /// The answers with their claims.
    Answers,
    /// What went wrong.
    Findings,
}

impl TableName {
    /// All tables.
    pub const ALL: [TableName; 7] = [
        TableName::Addresses,
        TableName::Connections,
        TableName::Datagrams,
        TableName::Frames,
        TableName::Texts,
        TableName::Answers,
        TableName::Findings,
    ];

    /// Its name in options.
    pub const fn name(self) -> &'static str {
        match self {
            TableName::Addresses => "addresses",
            TableName::Connections => "connections",
            TableName::Datagrams => "datagrams",
            TableName::Frames => "frames",
            TableName::Texts => "texts",
            TableName::Answers => "answers",
            TableName::Findings => "findings",
        }
    }

    /// Its columns.
    pub const fn columns(self) -> &'static [Column] {
        match self {
            TableName::Addresses => ADDRESSES,
            TableName::Connections => CONNECTIONS,
            TableName::Datagrams => DATAGRAMS,
            TableName::Frames => FRAMES,
            TableName::Texts => TEXTS,
            TableName::Answers => ANSWERS,
            TableName::Findings => FINDINGS,
        }
    }

    /// Its rows: capture by capture, or in the order of the analysis.
    pub fn rows(self, analysis: &Analysis) -> Box<dyn Iterator<Item = Row> + '_> {
        match self {
            TableName::Answers => Box::new(analysis.answers.iter().map(answer)),
            TableName::Findings => Box::new(analysis.findings.iter().map(finding)),
            _ => Box::new((0..analysis.captures.len()).flat_map(move |number| self.of_capture(analysis, number))),
        }
    }

    /// Its rows about one capture; none of the tables that are not about captures.
    pub fn of_capture(self, analysis: &Analysis, number: usize) -> Box<dyn Iterator<Item = Row> + '_> {
        let Some(capture) = analysis.captures.get(number) else { return Box::new(std::iter::empty()) };
        match self {
            TableName::Addresses => Box::new(addresses(analysis, capture)),
            TableName::Connections => Box::new(view::tcp(capture).map(move |tcp| connection(analysis, capture, &tcp))),
            TableName::Datagrams => Box::new(view::udp(capture).map(move |udp| conversation(analysis, capture, &udp))),
            TableName::Frames => Box::new(frames(analysis, number)),
            TableName::Texts => Box::new(texts(analysis, number)),
            TableName::Answers | TableName::Findings => Box::new(std::iter::empty()),
        }
    }
}

/// Some columns of a table about one capture, and as many rows as there is room for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Excerpt {
    /// The columns.
    pub columns: Vec<Column>,
    /// The rows, those of the lab first; each has a cell for each column.
    pub rows: Vec<Vec<Cell>>,
    /// How many rows more there are.
    pub left_out: usize,
}

impl TableName {
    /// An excerpt of its rows about one capture: the columns with these keys, and at most so many rows.
    pub fn excerpt(self, analysis: &Analysis, number: usize, keys: &[&str], most: usize) -> Excerpt {
        let all = self.columns();
        let places: Vec<usize> =
            keys.iter().filter_map(|key| all.iter().position(|column| column.key == *key)).collect();
        let of_row = |row: Row| places.iter().filter_map(|place| row.cells.get(*place).cloned()).collect();
        let lab = self.of_capture(analysis, number).filter(|row| row.lab);
        let other = self.of_capture(analysis, number).filter(|row| !row.lab);
        let rows: Vec<Vec<Cell>> = lab.chain(other).take(most).map(of_row).collect();
        let left_out = self.of_capture(analysis, number).count().saturating_sub(rows.len());
        Excerpt { columns: places.iter().filter_map(|place| all.get(*place).copied()).collect(), rows, left_out }
    }
}

impl FromStr for TableName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        TableName::ALL
            .into_iter()
            .find(|table| table.name().eq_ignore_ascii_case(text))
            .ok_or_else(|| format!("'{text}' is no table"))
    }
}

/// A column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// Its name for programs.
    pub key: &'static str,
    /// Its name for people.
    pub title: &'static str,
    /// Whether it holds numbers.
    pub number: bool,
}

const fn text(key: &'static str, title: &'static str) -> Column {
    Column { key, title, number: false }
}

const fn number(key: &'static str, title: &'static str) -> Column {
    Column { key, title, number: true }
}

/// A cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell {
    /// Text, perhaps from a file.
    Text(String),
    /// A number.
    Number(u64),
    /// A decimal number, such as seconds.
    Decimal(String),
    /// The number of a frame of the row's capture.
    Frame(FrameNumber),
    /// Nothing: not known, or not there.
    Nothing,
}

/// A row: as many cells as the table has columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Whether it is of the lab; true for answers and findings.
    pub lab: bool,
    /// Its cells.
    pub cells: Vec<Cell>,
}

fn words_cell(text: impl Into<String>) -> Cell {
    Cell::Text(text.into())
}

fn frame(number: Option<FrameNumber>) -> Cell {
    number.map_or(Cell::Nothing, Cell::Frame)
}

/// An address with the letter of its host in front.
fn with_host(analysis: &Analysis, address: SocketAddress) -> [Cell; 2] {
    let host = words::host_letter(&analysis.lab, address.ip).map_or(Cell::Nothing, Cell::Text);
    [host, Cell::Text(address.to_string())]
}

const ADDRESSES: &[Column] = &[
    text("file", "File"),
    text("protocol", "Protocol"),
    text("host", "Host"),
    text("socket_address", "Socket address"),
    text("role", "Role"),
    number("frames", "Frames"),
    text("traffic", "Traffic"),
];

fn addresses<'a>(analysis: &'a Analysis, capture: &'a CaptureAnalysis) -> impl Iterator<Item = Row> + 'a {
    let addresses = Addresses::of(capture);
    let summaries: Vec<_> = addresses.iter().filter_map(|shared| shared.summary()).collect();
    summaries.into_iter().map(move |summary| {
        let [host, address] = with_host(analysis, summary.address);
        let cells = vec![
            words_cell(&capture.file),
            words_cell(summary.protocol.to_string()),
            host,
            address,
            words_cell(words::address_role(summary.role)),
            Cell::Number(summary.frames),
            words_cell(words::traffic(summary.lab)),
        ];
        Row { lab: summary.lab, cells }
    })
}

const CONNECTIONS: &[Column] = &[
    text("file", "File"),
    number("stream", "Stream"),
    text("client_host", "Host"),
    text("client", "Client"),
    text("server_host", "Host"),
    text("server", "Server"),
    text("roles_by", "Roles by"),
    text("traffic", "Traffic"),
    text("handshake", "Handshake"),
    number("syn", "SYN"),
    number("syn_ack", "SYN-ACK"),
    number("ack", "ACK"),
    number("completeness", "Completeness"),
    number("client_frames", "Client: frames"),
    number("client_data_frames", "data"),
    number("client_acknowledgement_frames", "ACK"),
    number("client_resent_frames", "resent"),
    number("client_payload_bytes", "bytes"),
    number("server_frames", "Server: frames"),
    number("server_data_frames", "data"),
    number("server_acknowledgement_frames", "ACK"),
    number("server_resent_frames", "resent"),
    number("server_payload_bytes", "bytes"),
    text("end", "End"),
    number("first_frame", "First frame"),
    number("last_frame", "Last frame"),
];

/// The cells with which a row of connections and one of datagrams begin: the stream and its two ends.
fn between(
    analysis: &Analysis,
    capture: &CaptureAnalysis,
    stream: StreamNumber,
    ends: ByRole<SocketAddress>,
    role: Role,
) -> Vec<Cell> {
    let mut cells = vec![words_cell(&capture.file), Cell::Number(stream.0.into())];
    cells.extend(with_host(analysis, ends.client));
    cells.extend(with_host(analysis, ends.server));
    cells.extend([words_cell(words::role_basis(role.basis)), words_cell(words::traffic(role.lab))]);
    cells
}

fn connection(analysis: &Analysis, capture: &CaptureAnalysis, tcp: &Tcp) -> Row {
    let (connection, counts) = (&tcp.connection, tcp.counts(capture));
    let mut cells = between(analysis, capture, connection.stream, tcp.addresses(), tcp.role);
    cells.extend([
        words_cell(words::handshake(connection.handshake)),
        frame(connection.syn),
        frame(connection.syn_ack),
        frame(connection.completing_ack()),
        Cell::Number(connection.completeness.into()),
    ]);
    cells.extend(side(counts.client));
    cells.extend(side(counts.server));
    cells.extend([
        words_cell(words::close(connection.close)),
        Cell::Frame(connection.first_frame),
        Cell::Frame(connection.last_frame),
    ]);
    Row { lab: tcp.role.lab, cells }
}

fn side(counts: SideCounts) -> [Cell; 5] {
    [counts.frames, counts.data_frames, counts.acknowledgement_frames, counts.retransmissions, counts.payload_bytes]
        .map(Cell::Number)
}

const DATAGRAMS: &[Column] = &[
    text("file", "File"),
    number("stream", "Stream"),
    text("client_host", "Host"),
    text("client", "Client"),
    text("server_host", "Host"),
    text("server", "Server"),
    text("roles_by", "Roles by"),
    text("traffic", "Traffic"),
    number("client_datagrams", "Client: datagrams"),
    number("client_payload_bytes", "bytes"),
    number("server_datagrams", "Server: datagrams"),
    number("server_payload_bytes", "bytes"),
    number("first_frame", "First frame"),
    number("last_frame", "Last frame"),
];

fn conversation(analysis: &Analysis, capture: &CaptureAnalysis, udp: &Udp) -> Row {
    let (conversation, counts) = (&udp.conversation, udp.counts());
    let mut cells = between(analysis, capture, conversation.stream, udp.addresses(), udp.role);
    cells.extend([
        Cell::Number(counts.client.datagrams),
        Cell::Number(counts.client.payload_bytes),
        Cell::Number(counts.server.datagrams),
        Cell::Number(counts.server.payload_bytes),
        Cell::Frame(conversation.first_frame),
        Cell::Frame(conversation.last_frame),
    ]);
    Row { lab: udp.role.lab, cells }
}

const FRAMES: &[Column] = &[
    text("file", "File"),
    number("frame", "Frame"),
    text("time", "Time"),
    number("seconds", "Seconds"),
    text("protocol", "Protocol"),
    number("stream", "Stream"),
    text("from", "From"),
    text("source", "Source"),
    text("destination", "Destination"),
    text("phase", "Phase"),
    text("flags", "Flags"),
    number("seq", "Seq"),
    number("ack", "Ack"),
    number("len", "Len"),
    text("sent_again", "Sent again"),
    text("traffic", "Traffic"),
    text("content", "Content"),
    text("text", "Text"),
];

const TEXTS: &[Column] = &[
    text("file", "File"),
    number("frame", "Frame"),
    text("protocol", "Protocol"),
    number("stream", "Stream"),
    text("from", "From"),
    text("source", "Source"),
    text("destination", "Destination"),
    number("len", "Len"),
    text("traffic", "Traffic"),
    text("content", "Content"),
    text("text", "Text"),
];

fn frames(analysis: &Analysis, number: usize) -> impl Iterator<Item = Row> + '_ {
    ladder::of_capture(analysis, number, ladder::Wanted::ALL, usize::MAX).flat_map(move |ladder| {
        let file = analysis.captures.get(number).map_or("", |capture| &capture.file);
        ladder.arrows().map(|arrow| of_arrow(file, &ladder, arrow)).collect::<Vec<_>>()
    })
}

fn texts(analysis: &Analysis, number: usize) -> impl Iterator<Item = Row> + '_ {
    ladder::of_capture(analysis, number, ladder::Wanted::ALL, usize::MAX).flat_map(move |ladder| {
        let file = analysis.captures.get(number).map_or("", |capture| &capture.file);
        let rows = ladder.arrows().filter_map(|arrow| {
            let content = arrow.content.as_ref()?;
            let (source, destination) = ladder.between(arrow);
            let [kind, text] = content_cells(Some(content));
            let cells = vec![
                words_cell(file),
                Cell::Frame(arrow.note.frame),
                words_cell(ladder.protocol.to_string()),
                Cell::Number(ladder.stream.0.into()),
                words_cell(words::sender(arrow.from_client)),
                words_cell(source.address.to_string()),
                words_cell(destination.address.to_string()),
                Cell::Number(arrow.note.payload_length.into()),
                words_cell(words::traffic(ladder.lab)),
                kind,
                text,
            ];
            Some(Row { lab: ladder.lab, cells })
        });
        rows.collect::<Vec<_>>()
    })
}

fn content_cells(content: Option<&Content>) -> [Cell; 2] {
    let text = content.and_then(Content::text).map_or(Cell::Nothing, Cell::Text);
    [content.map_or(Cell::Nothing, |content| words_cell(content.kind())), text]
}

fn of_arrow(file: &str, ladder: &Ladder, arrow: &Arrow) -> Row {
    let note = &arrow.note;
    let (source, destination) = ladder.between(arrow);
    let [kind, text] = content_cells(arrow.content.as_ref());
    let seconds = ladder.seconds(arrow);
    let of_tcp = |cell: Cell| if ladder.protocol == Protocol::Tcp { cell } else { Cell::Nothing };
    let has_ack = note.flags.has(socklab_packets::packet::TcpFlags::ACK);
    let acknowledgement = Cell::Number(note.relative_acknowledgement.into());
    let cells = vec![
        words_cell(file),
        Cell::Frame(note.frame),
        note.time.and_then(socklab_packets::types::Timestamp::to_rfc3339).map_or(Cell::Nothing, Cell::Text),
        if seconds.is_empty() { Cell::Nothing } else { Cell::Decimal(seconds) },
        words_cell(ladder.protocol.to_string()),
        Cell::Number(ladder.stream.0.into()),
        words_cell(words::sender(arrow.from_client)),
        words_cell(source.address.to_string()),
        words_cell(destination.address.to_string()),
        words_cell(labels::phase(arrow.phase)),
        of_tcp(words_cell(words::flags(note.flags))),
        of_tcp(Cell::Number(note.relative_sequence.into())),
        of_tcp(if has_ack { acknowledgement } else { Cell::Nothing }),
        Cell::Number(note.payload_length.into()),
        of_tcp(words_cell(if arrow.is_marked { "yes" } else { "no" })),
        words_cell(words::traffic(ladder.lab)),
        kind,
        text,
    ];
    Row { lab: ladder.lab, cells }
}

const ANSWERS: &[Column] = &[
    text("question", "Question"),
    text("topic", "Topic"),
    number("points", "Points"),
    text("status", "Status"),
    text("short_answer", "Short answer"),
    text("frames", "Frames"),
    text("basis", "Basis"),
    text("answer", "Answer"),
    text("proved", "Proved"),
    text("inferred", "Inferred"),
    text("unknown", "Unknown"),
    text("missing", "Missing"),
];

fn answer(answer: &Answer) -> Row {
    let claims = |basis: Basis| {
        let texts = answer.claims.iter().filter(|claim| claim.basis == basis).map(|claim| {
            let mut lines = vec![claim.text.to_string()];
            lines.extend(claim.evidence.iter().map(evidence));
            lines.extend(sentences::only_a_journal(claim).map(str::to_owned));
            lines.join("\n")
        });
        lines(texts)
    };
    let cells = vec![
        words_cell(answer.question.to_string()),
        words_cell(answer.question.title()),
        Cell::Decimal(answer.points.to_string()),
        words_cell(words::status(answer.status)),
        words_cell(answer.short.to_string()),
        lines(answer.frames().iter().map(|evidence| sentences::evidence_in_cell(evidence, &evidence.file, usize::MAX))),
        words_cell(words::answer_basis(answer)),
        words_cell(answer.text().to_string()),
        claims(Basis::Proved),
        claims(Basis::Inferred),
        claims(Basis::Unknown),
        lines(answer.missing.iter().map(ToString::to_string)),
    ];
    Row { lab: true, cells }
}

const FINDINGS: &[Column] = &[
    text("severity", "Severity"),
    text("code", "Code"),
    text("file", "File"),
    text("message", "What happened"),
    text("redo", "Redo"),
    text("evidence", "Evidence"),
];

fn finding(finding: &Finding) -> Row {
    let cells = vec![
        words_cell(words::severity(finding.severity)),
        words_cell(finding.code.as_str()),
        finding.file.clone().map_or(Cell::Nothing, Cell::Text),
        words_cell(finding.message.to_string()),
        finding.redo.as_ref().map_or(Cell::Nothing, |step| words_cell(step.name())),
        lines(finding.evidence.iter().map(evidence)),
    ];
    Row { lab: true, cells }
}

/// Where something can be checked, with the display filter behind it: `step8.pcapng, frame 4 [frame.number == 4]`.
fn evidence(of: &Evidence) -> String {
    let place = sentences::evidence(of, &of.file, usize::MAX);
    match of.filter() {
        Some(filter) => format!("{place} [{filter}]"),
        None => place,
    }
}

fn lines(texts: impl Iterator<Item = String>) -> Cell {
    let texts: Vec<String> = texts.collect();
    if texts.is_empty() { Cell::Nothing } else { Cell::Text(texts.join("\n")) }
}
