//! TCP connections: the handshake, what each side sent, the end.

use std::io;

use crate::analyze::analysis::{Analysis, CaptureAnalysis};
use crate::report::page::{Align, Page, PageColumn};
use crate::report::table::cells::{address, are_several, ends, ends_title};
use crate::report::table::listing::{Listing, with_few_notes};
use crate::report::view::{self, Tcp};
use crate::report::{sentences, typed, words};
use socklab_packets::track::{HandshakeState, SideCounts, TcpConnection};
use socklab_packets::types::SocketAddress;

const fn columns(both: bool) -> [PageColumn<'static>; 7] {
    [
        ("File", Align::Left),
        ("Stream", Align::Right),
        (ends_title(both), Align::Whole),
        ("Handshake", Align::Left),
        ("Sent", Align::Right),
        ("Back", Align::Right),
        ("End", Align::Left),
    ]
}

const SIDES: [PageColumn; 8] = [
    ("File", Align::Left),
    ("Stream", Align::Right),
    ("Client, server below it", Align::Whole),
    ("Frames", Align::Right),
    ("Data", Align::Right),
    ("ACK", Align::Right),
    ("Resent", Align::Right),
    ("Bytes", Align::Right),
];

const NUMBERS: [PageColumn; 5] = [
    ("File", Align::Left),
    ("Stream", Align::Right),
    ("Completeness", Align::Right),
    ("Roles by", Align::Left),
    ("Traffic", Align::Left),
];

pub(super) fn write(page: &mut Page<'_>, listing: &Listing<'_>) -> io::Result<()> {
    page.heading("TCP connections")?;
    let counts: Vec<(usize, usize)> = listing.captures().iter().map(|capture| view::count_tcp(capture)).collect();
    if counts.iter().all(|count| *count == (0, 0)) {
        return page.paragraph(2, "None.");
    }
    let both = are_several(picked(listing).map(|(_, tcp)| tcp.addresses().server));
    let rows = picked(listing).map(|(capture, tcp)| (row(listing, capture, &tcp, both), typed::of_tcp(capture, &tcp)));
    page.table_with_notes(&columns(both), with_few_notes(rows))?;
    listing.note(page, "connection", &counts)
}

/// What each side sent, and what Wireshark makes of each connection.
pub(super) fn write_details(page: &mut Page<'_>, listing: &Listing<'_>) -> io::Result<()> {
    if !any(listing) {
        return Ok(());
    }
    page.heading("TCP connections in full")?;
    page.table(&SIDES, picked(listing).flat_map(|(capture, tcp)| sides(listing, capture, &tcp)))?;
    page.gap()?;
    page.table(&NUMBERS, picked(listing).map(|(capture, tcp)| numbers(listing, capture, &tcp)))?;
    page.gap()?;
    page.paragraph(2, sentences::CONNECTIONS_LEGEND)
}

fn picked<'s>(listing: &'s Listing<'_>) -> impl Iterator<Item = (&'s CaptureAnalysis, Tcp)> {
    listing.pick(listing.captures(), |capture, lab| view::tcp_of(capture, lab))
}

/// Whether any is listed.
pub(super) fn any(listing: &Listing<'_>) -> bool {
    picked(listing).next().is_some()
}

/// Whether a side of any has data and frames that were sent again.
pub(super) fn any_with_repeated_data(listing: &Listing<'_>) -> bool {
    let has_both = |side: SideCounts| side.data_frames > 0 && side.retransmissions > 0;
    picked(listing).any(|(capture, tcp)| {
        let counts = tcp.counts(capture);
        has_both(counts.client) || has_both(counts.server)
    })
}

fn row(listing: &Listing<'_>, capture: &CaptureAnalysis, tcp: &Tcp, both: bool) -> Vec<String> {
    let (addresses, counts) = (tcp.addresses(), tcp.counts(capture));
    vec![
        listing.names.in_column(&capture.file),
        tcp.connection.stream.to_string(),
        ends(listing.analysis, [addresses.client, addresses.server], both),
        handshake(&tcp.connection),
        sentences::payload(counts.client.data_frames, counts.client.payload_bytes),
        sentences::payload(counts.server.data_frames, counts.server.payload_bytes),
        words::close(tcp.connection.close).to_owned(),
    ]
}

/// The frames of the handshake, and how far it is seen unless it is complete: `1, 2, 3`, `5 (SYN only)`.
fn handshake(connection: &TcpConnection) -> String {
    let seen = [connection.syn, connection.syn_ack, connection.ack].into_iter().flatten();
    let frames = seen.map(|frame| frame.to_string()).collect::<Vec<_>>().join(", ");
    match connection.handshake {
        HandshakeState::Complete => frames,
        state if frames.is_empty() => words::handshake(state).to_owned(),
        state => format!("{frames} ({})", words::handshake(state)),
    }
}

fn sides(listing: &Listing<'_>, capture: &CaptureAnalysis, tcp: &Tcp) -> [Vec<String>; 2] {
    let (addresses, counts) = (tcp.addresses(), tcp.counts(capture));
    let named = [listing.names.in_column(&capture.file), tcp.connection.stream.to_string()];
    [
        side(listing.analysis, named, addresses.client, counts.client),
        side(listing.analysis, Default::default(), addresses.server, counts.server),
    ]
}

fn side(analysis: &Analysis, [file, stream]: [String; 2], end: SocketAddress, counts: SideCounts) -> Vec<String> {
    vec![
        file,
        stream,
        address(analysis, end),
        counts.frames.to_string(),
        counts.data_frames.to_string(),
        counts.acknowledgement_frames.to_string(),
        counts.retransmissions.to_string(),
        counts.payload_bytes.to_string(),
    ]
}

fn numbers(listing: &Listing<'_>, capture: &CaptureAnalysis, tcp: &Tcp) -> Vec<String> {
    vec![
        listing.names.in_column(&capture.file),
        tcp.connection.stream.to_string(),
        tcp.connection.completeness.to_string(),
        words::role_basis(tcp.role.basis).to_owned(),
        words::traffic(tcp.role.lab).to_owned(),
    ]
}
