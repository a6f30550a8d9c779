//! One ladder across all hosts as a model: a column for each host, and on one time axis the frames of the lab between them
//! and the system calls of their programs.
//!
//! Times of two files stand on one axis only where their clocks can be compared: there is a ladder for each group of
//! files. The text report and the page draw the same model.

pub mod text;

use std::net::IpAddr;

use crate::analyze::analysis::{Analysis, LabStream};
use crate::analyze::timing::Call;
use crate::facts::flag_names;
use crate::report::ladder::{Arrow, Ladder, of_stream};
use crate::report::names::Names;
use crate::report::{view, words};
use crate::wording;
use socklab_packets::packet::TcpFlags;
use socklab_packets::types::{FrameNumber, Protocol, SocketAddress};

/// Hosts that have a column; what others sent is counted.
const HOSTS: usize = 4;
/// Streams that are drawn; frames of the others are counted.
const STREAMS: usize = 200;
/// Frames drawn of one stream.
const FRAMES_OF_STREAM: usize = 60;
/// Rows of one ladder.
const ROWS: usize = 400;
/// Where nothing happens for so many nanoseconds, the axis is cut.
const GAP: i128 = 1_000_000_000;

/// A host, or its clients or servers where both have the same address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostColumn {
    /// The host's letter, or its address.
    pub name: String,
    /// Its address.
    pub address: IpAddr,
    /// Where client and server are on one address: whether this column has the servers.
    server: Option<bool>,
}

/// What a row shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A frame from one column to another.
    Frame {
        /// The capture, as an index into those of the analysis.
        capture: usize,
        /// The frame.
        frame: FrameNumber,
        /// The sender's column and the receiver's.
        ends: [usize; 2],
        /// Whether its bytes were sent before.
        again: bool,
    },
    /// A system call on a column.
    Call {
        /// The column.
        column: usize,
    },
    /// So much time in which nothing happened: `12.4 s`.
    Gap,
}

/// A row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimelineRow {
    /// Seconds since the first row, with microseconds; none of a gap.
    pub seconds: String,
    /// What is written beside it: `40210 SYN`, `recv 12 bytes`.
    pub label: String,
    /// What it shows.
    pub event: Event,
}

/// A ladder across hosts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostsTimeline {
    /// The files, as indices of captures, in the order of the sheet.
    pub captures: Vec<usize>,
    /// The hosts.
    pub columns: Vec<HostColumn>,
    /// In order of time.
    pub rows: Vec<TimelineRow>,
    /// Frames and calls that are not drawn.
    pub left_out: u64,
}

/// All ladders across hosts: one for each group of files whose clocks can be compared, in the order of the sheet.
pub fn of_all(analysis: &Analysis) -> Vec<HostsTimeline> {
    let columns = columns(analysis);
    let mut groups: Vec<(usize, Vec<usize>)> = Vec::new();
    for capture in view::by_step(analysis) {
        let Some(group) = analysis.captures.get(capture).map(|capture| capture.clock.group) else { continue };
        match groups.iter_mut().find(|(other, _)| *other == group) {
            Some((_, captures)) => captures.push(capture),
            None => groups.push((group, vec![capture])),
        }
    }
    let ladders = groups.into_iter().map(|(group, captures)| of_group(analysis, &columns, group, captures));
    ladders.filter(|ladder| ladder.rows.iter().any(|row| matches!(row.event, Event::Frame { .. }))).collect()
}

/// What is said above the ladders: what they can and cannot show.
pub fn remarks(analysis: &Analysis, ladders: &[HostsTimeline]) -> Vec<String> {
    let mut said = Vec::new();
    if ladders.len() > 1 {
        said.push(
            "Nothing shows how far the clocks of these files are apart: there is a ladder for each group of files that can \
             be compared."
                .to_owned(),
        );
    }
    let calls = &analysis.calls;
    if calls.joined {
        said.push(
            "Clocks of different hosts are compared by the connections that journals and captures both show. They agree to \
             within 10 ms; what is closer together may have come in another order."
                .to_owned(),
        );
    }
    if !calls.apart.is_empty() {
        let hosts: Vec<String> = calls.apart.iter().map(|ip| words::host(&analysis.lab, *ip)).collect();
        let clocks = if hosts.len() == 1 { "clock there is" } else { "clocks there are" };
        said.push(format!(
            "The calls of programs at {} are not drawn: nothing shows how far the {clocks} from those of the captures.",
            wording::list(&hosts)
        ));
    }
    if calls.left_out > 0 {
        let are = if calls.left_out == 1 { "is" } else { "are" };
        said.push(format!(
            "{} of the journals {are} not drawn: no capture shows the program's host, or there are too many.",
            wording::count(calls.left_out, "call")
        ));
    }
    if !ladders.is_empty() {
        said.push("The number before what is said is the client's port.".to_owned());
    }
    said
}

/// The files of a ladder, numbered from 1 as its rows name them: `1 step8 (made at B)`.
pub fn files(analysis: &Analysis, ladder: &HostsTimeline) -> Vec<String> {
    let names = Names::new(analysis);
    let captures = (1..).zip(&ladder.captures).filter_map(|(n, number)| Some((n, analysis.captures.get(*number)?)));
    let file = |(number, capture): (usize, &crate::analyze::analysis::CaptureAnalysis)| {
        let made = capture.made_at.and_then(|ip| words::host_letter(&analysis.lab, ip));
        let made = made.map(|host| format!(" (made at {host})")).unwrap_or_default();
        format!("{number} {}{made}", names.of(&capture.file))
    };
    captures.map(file).collect()
}

/// The number of a file, as the rows of a ladder name it.
pub fn file_number(ladder: &HostsTimeline, capture: usize) -> usize {
    ladder.captures.iter().position(|other| *other == capture).map_or(0, |place| place.saturating_add(1))
}

/// What a ladder does not show.
pub fn left_out(ladder: &HostsTimeline) -> Option<String> {
    (ladder.left_out > 0).then(|| format!("{} not drawn.", wording::count(ladder.left_out, "more event")))
}

fn columns(analysis: &Analysis) -> Vec<HostColumn> {
    let mut columns: Vec<HostColumn> = Vec::new();
    let streams = &analysis.lab.streams;
    let shared = |ip: IpAddr| streams.iter().any(|stream| stream.client.ip == ip && stream.server.ip == ip);
    let mut add = |ip: IpAddr, server: bool| {
        let server = shared(ip).then_some(server);
        let there = columns.iter().any(|column| (column.address, column.server) == (ip, server));
        if !there && columns.len() < HOSTS {
            let name = match server {
                Some(true) => "server".to_owned(),
                Some(false) => "client".to_owned(),
                None => words::host_letter(&analysis.lab, ip).unwrap_or_else(|| ip.to_string()),
            };
            columns.push(HostColumn { name, address: ip, server });
        }
    };
    let used = |ip: IpAddr| streams.iter().any(|stream| stream.client.ip == ip || stream.server.ip == ip);
    let named = analysis.lab.hosts.iter().map(|host| host.address).filter(|ip| used(*ip) && !shared(*ip));
    named.for_each(|ip| add(ip, false));
    for stream in streams {
        add(stream.server.ip, true);
        add(stream.client.ip, false);
    }
    columns
}

/// Something with its time by the group's clock.
struct Timed {
    at: i128,
    label: String,
    event: Event,
}

fn of_group(analysis: &Analysis, columns: &[HostColumn], group: usize, captures: Vec<usize>) -> HostsTimeline {
    let place = |ip: IpAddr, server: bool| {
        columns.iter().position(|column| column.address == ip && column.server.is_none_or(|of| of == server))
    };
    let (mut timed, mut left_out) = (Vec::new(), 0_u64);
    for stream in analysis.lab.streams.iter().skip(STREAMS) {
        let here = stream.sightings.iter().any(|(capture, _)| captures.contains(capture));
        left_out = left_out.saturating_add(if here { stream.frames } else { 0 });
    }
    for stream in analysis.lab.streams.iter().take(STREAMS) {
        let Some((number, ladder)) = stream_in(analysis, stream, &captures) else { continue };
        let Some(capture) = analysis.captures.get(number) else { continue };
        let ends = place(stream.client.ip, false).zip(place(stream.server.ip, true));
        left_out = left_out.saturating_add(ladder.left_out);
        for arrow in ladder.arrows() {
            let (Some((client, server)), Some(time)) = (ends, arrow.note.time) else {
                left_out = left_out.saturating_add(1);
                continue;
            };
            let ends = if arrow.from_client { [client, server] } else { [server, client] };
            let event =
                Event::Frame { capture: number, frame: arrow.note.frame, ends, again: arrow.note.retransmission };
            timed.push(Timed { at: capture.clock.nanoseconds(time), label: label(&ladder, arrow), event });
        }
    }
    for call in analysis.calls.placed.iter().filter(|call| call.clock.group == group) {
        match place(call.host, call.server) {
            Some(column) => timed.push(Timed {
                at: call.clock.nanoseconds(call.time),
                label: label_of_call(call),
                event: Event::Call { column },
            }),
            None => left_out = left_out.saturating_add(1),
        }
    }
    timed.sort_by_key(|timed| timed.at);
    left_out = left_out.saturating_add(timed.len().saturating_sub(ROWS) as u64);
    timed.truncate(ROWS);
    let columns = keep_used(columns, &mut timed);
    HostsTimeline { captures, columns, rows: rows(timed), left_out }
}

/// The columns that something stands on, and their places in what does.
fn keep_used(columns: &[HostColumn], timed: &mut [Timed]) -> Vec<HostColumn> {
    let mut used = vec![None; columns.len()];
    let mut mark = |column: usize| {
        if let Some(there) = used.get_mut(column) {
            *there = Some(column);
        }
    };
    for event in timed.iter().map(|timed| &timed.event) {
        match event {
            Event::Frame { ends, .. } => ends.iter().for_each(|end| mark(*end)),
            Event::Call { column } => mark(*column),
            Event::Gap => {}
        }
    }
    let kept: Vec<usize> = used.into_iter().flatten().collect();
    let place = |column: &mut usize| *column = kept.iter().position(|kept| kept == column).unwrap_or(0);
    for event in timed.iter_mut().map(|timed| &mut timed.event) {
        match event {
            Event::Frame { ends, .. } => ends.iter_mut().for_each(place),
            Event::Call { column } => place(column),
            Event::Gap => {}
        }
    }
    kept.iter().filter_map(|column| columns.get(*column).cloned()).collect()
}

/// The stream as the capture of the group shows it that has most of it.
fn stream_in(analysis: &Analysis, stream: &LabStream, captures: &[usize]) -> Option<(usize, Ladder)> {
    let (capture, number) = stream.sightings.iter().find(|(capture, _)| captures.contains(capture))?;
    Some((*capture, of_stream(analysis, *capture, stream.protocol, *number, FRAMES_OF_STREAM)?))
}

fn rows(timed: Vec<Timed>) -> Vec<TimelineRow> {
    let start = timed.first().map_or(0, |first| first.at);
    let mut rows = Vec::new();
    let mut before = start;
    for Timed { at, label, event } in timed {
        let gap = at.saturating_sub(before);
        if gap >= GAP {
            rows.push(TimelineRow { seconds: String::new(), label: wording::span(gap), event: Event::Gap });
        }
        rows.push(TimelineRow { seconds: wording::seconds(at.saturating_sub(start)), label, event });
        before = at;
    }
    rows
}

/// `40210 SYN`, `40210 "hello"`, `40210 ACK`.
fn label(ladder: &Ladder, arrow: &Arrow) -> String {
    let [client, _] = &ladder.ends;
    let names = flag_names(arrow.note.flags.0 & !TcpFlags::PSH.0);
    let flags = names.join("-");
    let payload = match (&arrow.content, arrow.note.payload_length) {
        (_, 0) => None,
        (Some(content), _) if content.text().is_some() => Some(content.to_string()),
        (_, length) => Some(wording::count(length.into(), "byte")),
    };
    let what = match (payload, ladder.protocol) {
        (None, Protocol::Udp) => "empty datagram".to_owned(),
        (Some(payload), Protocol::Udp) => payload,
        (None, Protocol::Tcp) => flags,
        (Some(payload), Protocol::Tcp) if names.iter().any(|name| ["SYN", "FIN", "RST"].contains(name)) => {
            format!("{flags} {payload}")
        }
        (Some(payload), Protocol::Tcp) => payload,
    };
    let again = if arrow.note.retransmission { ", again" } else { "" };
    format!("{} {what}{again}", client.address.port)
}

fn label_of_call(call: &Call) -> String {
    let port = |client: SocketAddress| format!("{} {}", client.port, call.what);
    call.client.map(port).unwrap_or_else(|| call.what.clone())
}
