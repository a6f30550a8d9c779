//! What each file is, and the lab that was found in them.

use std::io;

use crate::analyze::analysis::{Analysis, CaptureAnalysis};
use crate::report::page::Page;
use crate::report::style::Piece;
use crate::report::{link_type, view, words};
use crate::wording;

/// Interfaces and warnings of a file that are shown unless all are asked for.
const LISTED: usize = 8;

pub(super) fn write(page: &mut Page<'_>, analysis: &Analysis, all: bool) -> io::Result<()> {
    page.heading("Summary")?;
    for capture in &analysis.captures {
        page.gap()?;
        page.painted(0, Piece::Title, &capture.file)?;
        page.paragraph(2, &what_it_is(capture))?;
        interfaces(page, capture, all)?;
        step(page, analysis, capture)?;
        if let Some(text) = kinds(capture) {
            page.paragraph(2, &text)?;
        }
        warnings(page, capture, all)?;
    }
    if !analysis.lab.why.is_empty() {
        page.gap()?;
        page.painted(0, Piece::Title, "The lab")?;
        for (name, ip) in &analysis.lab.hosts {
            page.paragraph(2, &format!("Host {name}: {ip}"))?;
        }
        for (protocol, address) in &analysis.lab.servers {
            page.paragraph(2, &format!("{protocol} server: {address}"))?;
        }
        page.paragraph(2, &analysis.lab.why)?;
    }
    Ok(())
}

/// `pcapng, gzip; 42 frames in 2 min 11 s from 2024-03-01 10:00:00.123456 UTC`.
fn what_it_is(capture: &CaptureAnalysis) -> String {
    let info = &capture.info;
    let mut text = words::format(info.format).to_owned();
    if let Some(compression) = info.compression {
        text.push_str(", compressed with ");
        text.push_str(words::compression(compression));
    }
    text.push_str("; ");
    text.push_str(&wording::count(info.frames, "frame"));
    if let (Some(first), Some(last)) = (info.first_time, info.last_time) {
        text.push_str(&format!(" in {} from {}", words::duration(first, last), words::time(first)));
    }
    text
}

fn interfaces(page: &mut Page<'_>, capture: &CaptureAnalysis, all: bool) -> io::Result<()> {
    let interfaces = &capture.info.interfaces;
    let shown = if all { interfaces.len() } else { LISTED };
    for interface in interfaces.iter().take(shown) {
        let names = [interface.name.as_deref(), interface.description.as_deref()];
        let names: Vec<&str> = names.into_iter().flatten().collect();
        let name = if names.is_empty() { interface.id.to_string() } else { names.join(", ") };
        let link_type = link_type::name(interface.link_type);
        let mut text = format!("Interface {name} ({link_type}): {}", wording::count(interface.frames, "frame"));
        if let Some(dropped) = interface.dropped.filter(|dropped| *dropped > 0) {
            text.push_str(&format!(", {dropped} dropped while capturing"));
        }
        page.paragraph(2, &text)?;
    }
    more(page, interfaces.len(), shown, "interface")
}

fn step(page: &mut Page<'_>, analysis: &Analysis, capture: &CaptureAnalysis) -> io::Result<()> {
    match &capture.step {
        Some(step) => {
            page.paragraph(2, &format!("Records {}.", words::recorded_step(step, &analysis.lab)))?;
            page.paragraph(4, &step.why)
        }
        None => page.paragraph(2, "Which step it records cannot be told."),
    }
}

/// What the frames are: `21 frames: 9 of the lab, 1 of other UDP, 4 ARP, 7 ICMP`.
fn kinds(capture: &CaptureAnalysis) -> Option<String> {
    let sum = |frames: &mut dyn Iterator<Item = u64>| frames.fold(0_u64, u64::saturating_add);
    let tcp = sum(&mut view::tcp(capture).filter(|tcp| tcp.role.lab).map(|tcp| tcp.frames()));
    let udp = sum(&mut view::udp(capture).filter(|udp| udp.role.lab).map(|udp| udp.frames()));
    let counts = capture.traffic.other().counts;
    let kinds = [
        (tcp.saturating_add(udp), "of the lab"),
        (counts.tcp.saturating_sub(tcp), "of other TCP"),
        (counts.udp.saturating_sub(udp), "of other UDP"),
        (counts.arp, "ARP"),
        (counts.icmp, "ICMP"),
        (counts.icmpv6, "ICMPv6"),
        (counts.fragments, "fragments"),
        (counts.other_ip, "of other IP"),
        (counts.non_ip, "without IP"),
        (counts.no_packet, "without a packet"),
    ];
    // The lab's are named even where there are none: that is what the student looks for.
    let named = kinds.iter().enumerate().filter(|(place, (frames, _))| *place == 0 || *frames > 0);
    let named: Vec<String> = named.map(|(_, (frames, kind))| format!("{frames} {kind}")).collect();
    (capture.info.frames > 0).then(|| format!("Of these frames: {}.", named.join(", ")))
}

fn warnings(page: &mut Page<'_>, capture: &CaptureAnalysis, all: bool) -> io::Result<()> {
    let warnings = &capture.info.warnings;
    let shown = if all { warnings.len() } else { LISTED };
    for warning in warnings.iter().take(shown) {
        page.marked(2, Piece::Finding(crate::analyze::analysis::Severity::Warning), "warning:", &warning.message)?;
    }
    more(page, warnings.len(), shown, "warning")
}

fn more(page: &mut Page<'_>, total: usize, shown: usize, thing: &str) -> io::Result<()> {
    match total.checked_sub(shown) {
        Some(hidden @ 1..) => {
            let hidden = wording::count(u64::try_from(hidden).unwrap_or(u64::MAX), thing);
            page.paragraph(2, &format!("… and {hidden} more (--all lists them)."))
        }
        _ => Ok(()),
    }
}
