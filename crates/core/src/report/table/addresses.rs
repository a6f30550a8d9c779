//! The distinct socket addresses of the captures.

use std::io;

use crate::analyze::addresses::{Addresses, Shared};
use crate::analyze::analysis::{AddressRole, AddressSummary};
use crate::report::page::{Align, Page, PageColumn};
use crate::report::table::cells::address;
use crate::report::table::listing::Listing;
use crate::report::words;

const COLUMNS: [PageColumn; 6] = [
    ("File", Align::Left),
    ("Protocol", Align::Left),
    ("Socket address", Align::Whole),
    ("Role", Align::Left),
    ("Frames", Align::Right),
    ("Traffic", Align::Left),
];

pub(super) fn write(page: &mut Page<'_>, listing: &Listing<'_>) -> io::Result<()> {
    page.heading("Socket addresses")?;
    let captures = listing.captures().iter();
    let held: Vec<Addresses<'_>> = captures.map(|capture| Addresses::of(capture)).collect();
    let counts: Vec<(usize, usize)> = held.iter().map(count).collect();
    if counts.iter().all(|count| *count == (0, 0)) {
        return page.paragraph(2, "None.");
    }
    let rows = listing.pick(&held, servers_first).filter_map(|(capture, address)| {
        Some(row(listing, listing.names.in_column(&capture.file), address.summary()?))
    });
    page.table(&COLUMNS, rows)?;
    listing.note(page, "socket address", &counts)
}

fn servers_first<'s>(addresses: &'s Addresses<'s>, lab: bool) -> impl Iterator<Item = Shared<'s>> {
    let server = |address: &Shared<'_>| address.role() == AddressRole::Server;
    let listed = addresses.iter().filter(move |address| address.is_lab() == lab);
    listed.clone().filter(server).chain(listed.filter(move |address| !server(address)))
}

/// Addresses of the lab, and other ones.
fn count(addresses: &Addresses<'_>) -> (usize, usize) {
    addresses.iter().fold((0_usize, 0_usize), |(lab, other), address| match address.is_lab() {
        true => (lab.saturating_add(1), other),
        false => (lab, other.saturating_add(1)),
    })
}

fn row(listing: &Listing<'_>, file: String, summary: AddressSummary) -> Vec<String> {
    vec![
        file,
        summary.protocol.to_string(),
        address(listing.analysis, summary.address),
        words::address_role(summary.role).to_owned(),
        summary.frames.to_string(),
        words::traffic(summary.lab).to_owned(),
    ]
}
