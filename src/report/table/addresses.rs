//! The distinct socket addresses of each capture.

use std::io;

use crate::analyze::addresses::{Addresses, Shared};
use crate::analyze::analysis::{AddressRole, AddressSummary, Analysis, CaptureAnalysis};
use crate::report::page::{Align, Column, Page};
use crate::report::table::{Cut, address, file_title};
use crate::report::words;

const COLUMNS: [Column; 5] = [
    ("Protocol", Align::Left),
    ("Socket address", Align::Left),
    ("Role", Align::Left),
    ("Frames", Align::Right),
    ("Traffic", Align::Left),
];

pub(super) fn write(page: &mut Page<'_>, analysis: &Analysis, all: bool) -> io::Result<()> {
    page.heading("Socket addresses")?;
    let mut any = false;
    for capture in &analysis.captures {
        any |= of_capture(page, analysis, capture, all)?;
    }
    match any {
        true => Ok(()),
        false => page.paragraph(2, "None."),
    }
}

/// Whether there was one.
fn of_capture(page: &mut Page<'_>, analysis: &Analysis, capture: &CaptureAnalysis, all: bool) -> io::Result<bool> {
    let addresses = Addresses::new(&capture.traffic, &capture.tcp_roles, &capture.udp_roles);
    let (lab, other) = addresses.iter().fold((0_usize, 0_usize), |(lab, other), address| match address.is_lab() {
        true => (lab.saturating_add(1), other),
        false => (lab, other.saturating_add(1)),
    });
    if lab == 0 && other == 0 {
        return Ok(false);
    }
    file_title(page, analysis, capture)?;
    let cut = Cut::new(all, capture, lab, other);
    let servers_first = |lab: bool| {
        let server = |address: &Shared<'_>| address.role() == AddressRole::Server;
        let listed = addresses.iter().filter(move |address| address.is_lab() == lab);
        listed.clone().filter(server).chain(listed.filter(move |address| !server(address)))
    };
    let picked = cut.pick(servers_first).filter_map(|address| address.summary());
    page.table(&COLUMNS, picked.map(|summary| row(analysis, summary)))?;
    cut.note(page, "socket address")?;
    Ok(true)
}

fn row(analysis: &Analysis, summary: AddressSummary) -> Vec<String> {
    vec![
        summary.protocol.to_string(),
        address(analysis, summary.address),
        words::address_role(summary.role).to_owned(),
        summary.frames.to_string(),
        words::traffic(summary.lab).to_owned(),
    ]
}
