//! UDP conversations: the datagrams each side sent.

use std::io;

use crate::analyze::analysis::CaptureAnalysis;
use crate::report::page::{Align, Page, PageColumn};
use crate::report::table::cells::{are_several, ends, ends_title};
use crate::report::table::listing::{Listing, with_few_notes};
use crate::report::view::{self, Udp};
use crate::report::{sentences, typed, words};
use socklab_packets::track::UdpConversation;

fn columns(both: bool, all: bool) -> Vec<PageColumn<'static>> {
    let mut columns = vec![
        ("File", Align::Left),
        ("Stream", Align::Right),
        (ends_title(both), Align::Whole),
        ("Frames", Align::Left),
        ("Sent", Align::Right),
        ("Back", Align::Right),
        ("Roles by", Align::Left),
    ];
    columns.extend(all.then_some(("Traffic", Align::Left)));
    columns
}

pub(super) fn write(page: &mut Page<'_>, listing: &Listing<'_>) -> io::Result<()> {
    page.heading("UDP datagrams")?;
    let counts: Vec<(usize, usize)> = listing.captures().iter().map(|capture| view::count_udp(capture)).collect();
    if counts.iter().all(|count| *count == (0, 0)) {
        return page.paragraph(2, "None.");
    }
    let both = are_several(picked(listing).map(|(_, udp)| udp.addresses().server));
    let rows = picked(listing).map(|(capture, udp)| (row(listing, capture, &udp, both), typed::of_udp(capture, &udp)));
    page.table_with_notes(&columns(both, listing.all), with_few_notes(rows))?;
    listing.note(page, "conversation", &counts)
}

fn picked<'s>(listing: &'s Listing<'_>) -> impl Iterator<Item = (&'s CaptureAnalysis, Udp)> {
    listing.pick(listing.captures(), |capture, lab| view::udp_of(capture, lab))
}

/// Whether any is listed.
pub(super) fn any(listing: &Listing<'_>) -> bool {
    picked(listing).next().is_some()
}

fn row(listing: &Listing<'_>, capture: &CaptureAnalysis, udp: &Udp, both: bool) -> Vec<String> {
    let (addresses, counts) = (udp.addresses(), udp.counts());
    let mut row = vec![
        listing.names.in_column(&capture.file),
        udp.conversation.stream.to_string(),
        ends(listing.analysis, [addresses.client, addresses.server], both),
        frames(&udp.conversation),
        sentences::payload(counts.client.datagrams, counts.client.payload_bytes),
        sentences::payload(counts.server.datagrams, counts.server.payload_bytes),
        words::role_basis(udp.role.basis).to_owned(),
    ];
    row.extend(listing.all.then(|| words::traffic(udp.role.lab).to_owned()));
    row
}

fn frames(conversation: &UdpConversation) -> String {
    match conversation.first_frame == conversation.last_frame {
        true => conversation.first_frame.to_string(),
        false => format!("{} to {}", conversation.first_frame, conversation.last_frame),
    }
}
