//! UDP conversations: the datagrams each side sent.

use std::io;

use crate::analyze::analysis::Analysis;
use crate::analyze::track::UdpSide;
use crate::report::page::{Align, Column, Page};
use crate::report::table::{Cut, address, file_title};
use crate::report::view::{self, Udp};
use crate::report::words;
use crate::types::SocketAddress;

const COLUMNS: [Column; 6] = [
    ("Stream", Align::Right),
    ("Client, server below it", Align::Left),
    ("Datagrams", Align::Right),
    ("Bytes", Align::Right),
    ("Frames", Align::Left),
    ("Roles by", Align::Left),
];

pub(super) fn write(page: &mut Page<'_>, analysis: &Analysis, all: bool) -> io::Result<()> {
    page.heading("UDP datagrams")?;
    let mut any = false;
    for capture in &analysis.captures {
        let (lab, other) = view::count_udp(capture);
        if lab == 0 && other == 0 {
            continue;
        }
        let cut = Cut::new(all, capture, lab, other);
        any = true;
        file_title(page, analysis, capture)?;
        let picked = cut.pick(|lab| view::udp_of(capture, lab));
        page.table(&COLUMNS, picked.flat_map(|udp| rows(analysis, udp)))?;
        cut.note(page, "conversation")?;
    }
    match any {
        true => Ok(()),
        false => page.paragraph(2, "None."),
    }
}

fn rows(analysis: &Analysis, udp: Udp) -> [Vec<String>; 2] {
    let addresses = udp.addresses();
    let counts = udp.counts();
    let conversation = &udp.conversation;
    let frames = match conversation.first_frame == conversation.last_frame {
        true => conversation.first_frame.to_string(),
        false => format!("{} to {}", conversation.first_frame, conversation.last_frame),
    };
    [
        row(
            analysis,
            [conversation.stream.to_string(), frames, words::role_basis(udp.role.basis).to_owned()],
            addresses.client,
            counts.client,
        ),
        row(analysis, Default::default(), addresses.server, counts.server),
    ]
}

fn row(analysis: &Analysis, shared: [String; 3], end: SocketAddress, counts: UdpSide) -> Vec<String> {
    let [stream, frames, basis] = shared;
    vec![stream, address(analysis, end), counts.datagrams.to_string(), counts.payload_bytes.to_string(), frames, basis]
}
