//! Findings about Part II as a whole: both hosts' captures, and two clients on each.

use std::collections::BTreeMap;
use std::net::IpAddr;

use crate::analyze::analysis::{Finding, ServerKind, Severity};
use crate::analyze::claims::draft::tcp_evidence;
use crate::analyze::claims::words::addresses;
use crate::analyze::matching::{Known, LabView};
use crate::analyze::text::{Text, say};
use crate::lab::{HostName, Part, Step};
use crate::types::SocketAddress;
use crate::wording::count;

/// Clients that the sheet has each client computer run.
const CLIENTS_PER_HOST: usize = 2;

/// Hosts that have findings of their own; a class's capture may have hundreds.
const HOSTS_NAMED: usize = 4;

/// Looks at the connections of Part II.
pub(super) fn find(view: &LabView<'_>, found: &mut Vec<Finding>) {
    let mut by_host: BTreeMap<IpAddr, Vec<Known<'_>>> = BTreeMap::new();
    for known in view.of_part_two().filter(|known| known.connection.established()) {
        by_host.entry(known.connection.client().ip).or_default().push(known);
    }
    for (host, known) in by_host.iter().take(HOSTS_NAMED) {
        clients_of_host(view, *host, known, found);
    }
    one_by_one(view, found);
    if let [(host, known)] = by_host.iter().collect::<Vec<_>>().as_slice() {
        // On one computer there is no other host whose capture could add anything.
        if known.iter().any(|known| known.connection.server().ip != **host) {
            second_host(view, **host, found);
        }
    }
}

fn clients_of_host(view: &LabView<'_>, host: IpAddr, known: &[Known<'_>], found: &mut Vec<Finding>) {
    let Some(first) = known.first() else { return };
    let (step, file) = (Some(first.step), Some(view.file(first.connection.best().capture).to_owned()));
    let here = known.len();
    if here < CLIENTS_PER_HOST {
        let message = say![
            "Only one client of ",
            view.host_with_address(host),
            " connected; the sheet has two run there at the same time, in two terminals."
        ];
        found.push(finding("only-one-client", Severity::Warning, file, message, step));
    } else if here > CLIENTS_PER_HOST {
        let clients: Vec<SocketAddress> = known.iter().map(|known| known.connection.client()).collect();
        let message = say![
            format!("{here} clients of "),
            view.host_with_address(host),
            " connected (",
            addresses(&clients),
            "), more than the two of the sheet. That is not wrong; II.2 and II.3 count them all."
        ];
        found.push(finding("several-runs", Severity::Info, file, message, step));
    }
}

/// Clients that waited, though each should have a thread of its own: the server of Part I may still be running, in which
/// case the threaded one could not even start.
fn one_by_one(view: &LabView<'_>, found: &mut Vec<Finding>) {
    let waiting: Vec<Known<'_>> = view.of_part_two().filter(|known| known.service.was_queued()).collect();
    let Some(first) = waiting.first() else { return };
    let kind = view.kind_of(|known| known.step.part() == Part::II).kind;
    let clients: Vec<SocketAddress> = waiting.iter().map(|known| known.connection.client()).collect();
    let conclusion = match kind {
        ServerKind::Iterative => ": this server serves one client at a time.",
        _ => ".",
    };
    let message = say![
        count(clients.len() as u64, "client"),
        " of Part II (",
        addresses(&clients),
        format!(
            ") connected, but waited in the queue{conclusion} Is tcp_server still running from Part I, so that the threaded \
             one could not start? Stop it (step 13), start the threaded server (Part II step 1), then its clients."
        )
    ];
    let file = Some(view.file(first.connection.best().capture).to_owned());
    let evidence = waiting.iter().map(|known| {
        let sighting = known.connection.best();
        tcp_evidence(view, sighting, view.frames(sighting).all())
    });
    let evidence = crate::analyze::analysis::Evidence::by_file(evidence);
    let finding = finding("not-threaded", Severity::Warning, file, message, Some(first.step));
    found.push(Finding { evidence, ..finding });
}

/// A switch hides the other host's traffic, so one host's capture cannot answer II.2 and II.3 alone.
fn second_host(view: &LabView<'_>, host: IpAddr, found: &mut Vec<Finding>) {
    let (step, name, place) = if view.hosts.is(host, HostName::C) {
        (Step::ThreadedAtB, "B", "2(c)")
    } else {
        (Step::ThreadedAtC, "C", "3(c)")
    };
    let message = say![
        "Only clients of ",
        view.host_with_address(host),
        format!(
            " are in these files. That is normal on a switch, which does not send one client computer what the other \
             exchanges with the server: add the capture of Part II step {place}, made at host {name}."
        )
    ];
    found.push(finding("second-host-missing", Severity::Warning, None, message, Some(step)));
}

fn finding(code: &'static str, severity: Severity, file: Option<String>, message: Text, redo: Option<Step>) -> Finding {
    Finding { code, severity, file, message, redo, evidence: Vec::new() }
}
