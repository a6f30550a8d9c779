//! TCP connections: what each side sent, the handshake, the end.

use std::io;

use crate::analyze::analysis::{Analysis, CaptureAnalysis};
use crate::analyze::track::SideCounts;
use crate::report::page::{Align, Column, Page};
use crate::report::table::{Cut, address, file_title};
use crate::report::view::{self, Tcp};
use crate::report::{sentences, words};
use crate::types::{FrameNumber, SocketAddress};

const TRAFFIC: [Column; 7] = [
    ("Stream", Align::Right),
    ("Client, server below it", Align::Left),
    ("Frames", Align::Right),
    ("Data", Align::Right),
    ("ACK", Align::Right),
    ("Resent", Align::Right),
    ("Bytes", Align::Right),
];

const HANDSHAKES: [Column; 8] = [
    ("Stream", Align::Right),
    ("Handshake", Align::Left),
    ("SYN", Align::Right),
    ("SYN-ACK", Align::Right),
    ("ACK", Align::Right),
    ("Completeness", Align::Right),
    ("End", Align::Left),
    ("Roles by", Align::Left),
];

pub(super) fn write(page: &mut Page<'_>, analysis: &Analysis, all: bool) -> io::Result<()> {
    page.heading("TCP connections")?;
    let mut any = false;
    for capture in &analysis.captures {
        let (lab, other) = view::count_tcp(capture);
        if lab == 0 && other == 0 {
            continue;
        }
        let cut = Cut::new(all, capture, lab, other);
        any = true;
        file_title(page, analysis, capture)?;
        page.table(&TRAFFIC, picked(cut, capture).flat_map(|tcp| traffic_rows(analysis, tcp)))?;
        page.gap()?;
        page.table(&HANDSHAKES, picked(cut, capture).map(handshake_row))?;
        cut.note(page, "connection")?;
    }
    match any {
        true => {
            page.gap()?;
            page.paragraph(2, sentences::CONNECTIONS_LEGEND)
        }
        false => page.paragraph(2, "None."),
    }
}

fn picked(cut: Cut, capture: &CaptureAnalysis) -> impl Iterator<Item = Tcp> {
    cut.pick(|lab| view::tcp_of(capture, lab))
}

fn traffic_rows(analysis: &Analysis, tcp: Tcp) -> [Vec<String>; 2] {
    let addresses = tcp.addresses();
    let counts = tcp.counts();
    [
        traffic_row(analysis, tcp.connection.stream.to_string(), addresses.client, counts.client),
        traffic_row(analysis, String::new(), addresses.server, counts.server),
    ]
}

fn traffic_row(analysis: &Analysis, stream: String, end: SocketAddress, counts: SideCounts) -> Vec<String> {
    vec![
        stream,
        address(analysis, end),
        counts.frames.to_string(),
        counts.data_frames.to_string(),
        counts.acknowledgement_frames.to_string(),
        counts.retransmissions.to_string(),
        counts.payload_bytes.to_string(),
    ]
}

fn handshake_row(tcp: Tcp) -> Vec<String> {
    let connection = &tcp.connection;
    let frame = |frame: Option<FrameNumber>| frame.map_or_else(|| "–".to_owned(), |frame| frame.to_string());
    vec![
        connection.stream.to_string(),
        words::handshake(connection.handshake).to_owned(),
        frame(connection.syn),
        frame(connection.syn_ack),
        frame(connection.ack),
        connection.completeness.to_string(),
        words::close(connection.close).to_owned(),
        words::role_basis(tcp.role.basis).to_owned(),
    ]
}
