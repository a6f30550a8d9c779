//! Findings about Part II as a whole: both hosts' captures, and two clients on each.

use std::collections::BTreeMap;
use std::net::IpAddr;

use crate::analyze::analysis::{Finding, Severity};
use crate::analyze::testimony::Testimony;
use crate::analyze::topology::{LabConnection, LabView};
use crate::lab::Step;
use crate::types::SocketAddress;
use crate::wording::{count, list};

/// Clients that the sheet has each client computer run.
const CLIENTS_PER_HOST: usize = 2;

/// Looks at the connections of Part II.
pub(super) fn find(view: &LabView<'_>, found: &mut Vec<Finding>) {
    let mut by_host: BTreeMap<IpAddr, Vec<&LabConnection>> = BTreeMap::new();
    for connection in view.of_part_two().filter(|connection| connection.established()) {
        by_host.entry(connection.client().ip).or_default().push(connection);
    }
    for (host, connections) in &by_host {
        let step = connections.first().map(|connection| connection.step);
        let file = connections.first().map(|connection| view.file(connection.best().capture).to_owned());
        let here = connections.len();
        if here < CLIENTS_PER_HOST {
            let message = format!(
                "Only one client of {} connected; the sheet has two run there at the same time, in two terminals.",
                view.host_text(*host)
            );
            found.push(finding("only-one-client", Severity::Warning, file, message, step));
        } else if here > CLIENTS_PER_HOST {
            let clients: Vec<_> = connections.iter().map(|connection| connection.client()).collect();
            let message = format!(
                "{here} clients of {} connected ({}), more than the two of the sheet. That is not wrong; II.2 and II.3 count \
                 them all.",
                view.host_text(*host),
                list(&clients)
            );
            found.push(finding("several-runs", Severity::Info, file, message, step));
        }
    }
    one_by_one(view, found);
    if let [(host, _)] = by_host.iter().collect::<Vec<_>>().as_slice() {
        second_host(view, **host, found);
    }
}

/// Clients that wait, though each should have a thread of its own: the server of Part I may still be running, in which case
/// the threaded one could not even start.
fn one_by_one(view: &LabView<'_>, found: &mut Vec<Finding>) {
    let connections = || view.of_part_two().filter(|connection| connection.established());
    let replies = connections().any(LabConnection::answered);
    let testimony = Testimony::of(view.journals);
    let accepted = |client: SocketAddress| {
        testimony.threaded().flat_map(|run| &run.accepted).any(|accepted| accepted.client == client)
    };
    let waits = |connection: &&LabConnection| {
        let unanswered = replies && connection.has_lines() && !connection.answered();
        (unanswered || view.seems_to_have_waited(connection.best())) && !accepted(connection.client())
    };
    let waiting: Vec<&LabConnection> = connections().filter(waits).collect();
    let Some(first) = waiting.first() else { return };
    let clients: Vec<_> = waiting.iter().map(|connection| connection.client()).collect();
    let message = format!(
        "{} of Part II ({}) connected, but as it seems waited in the queue: this server serves one client at a time. Is \
         tcp_server still running from Part I, so that the threaded one could not start? Stop it (step 13), start the \
         threaded server (Part II step 1), then its clients.",
        count(clients.len() as u64, "client"),
        list(&clients)
    );
    let file = Some(view.file(first.best().capture).to_owned());
    found.push(finding("not-threaded", Severity::Warning, file, message, Some(first.step)));
}

/// A switch hides the other host's traffic, so one host's capture cannot answer II.2 and II.3 alone.
fn second_host(view: &LabView<'_>, host: IpAddr, found: &mut Vec<Finding>) {
    let (step, name, place) =
        if view.hosts.c == Some(host) { (Step::ThreadedAtB, "B", "2(c)") } else { (Step::ThreadedAtC, "C", "3(c)") };
    let message = format!(
        "Only clients of {} are in these files. That is normal on a switch, which does not send one client computer what \
         the other exchanges with the server: add the capture of Part II step {place}, made at host {name}.",
        view.host_text(host)
    );
    found.push(finding("second-host-missing", Severity::Warning, None, message, Some(step)));
}

fn finding(
    code: &'static str,
    severity: Severity,
    file: Option<String>,
    message: String,
    redo: Option<Step>,
) -> Finding {
    Finding { code, severity, file, message, redo, evidence: Vec::new() }
}
