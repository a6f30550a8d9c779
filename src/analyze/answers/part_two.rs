//! What II.1 to II.3 share: the clients of the threaded server, out of both hosts' captures and the server's journal.

use std::net::IpAddr;

use crate::analyze::analysis::Evidence;
use crate::analyze::answers::draft::{Draft, tcp_frames};
use crate::analyze::answers::phases::Phases;
use crate::analyze::testimony::{Accepted, Testimony, evidence};
use crate::analyze::topology::{LabConnection, LabView};
use crate::lab::HostName;
use crate::types::SocketAddress;

/// One client of the threaded server, with all that is known of it.
pub(super) struct Client<'a> {
    /// Its socket address.
    pub(super) address: SocketAddress,
    /// Its connection in the captures.
    pub(super) connection: Option<&'a LabConnection>,
    /// Its `accept()` in the server's journal.
    pub(super) accepted: Option<&'a Accepted>,
}

/// The clients whose connections stood, in the order of files and frames, then of the journal.
///
/// A journal entry and a connection with the same client socket address are one; where an address was used again, they
/// are paired in order.
pub(super) fn clients<'a>(view: &'a LabView<'_>, testimony: &'a Testimony) -> Vec<Client<'a>> {
    let mut clients: Vec<Client<'a>> = view
        .of_part_two()
        .filter(|connection| connection.established())
        .map(|connection| Client { address: connection.client(), connection: Some(connection), accepted: None })
        .collect();
    for accepted in testimony.threaded().flat_map(|run| &run.accepted) {
        let known = clients.iter_mut().find(|client| client.address == accepted.client && client.accepted.is_none());
        match known {
            Some(client) => client.accepted = Some(accepted),
            None => {
                clients.push(Client { address: accepted.client, connection: None, accepted: Some(accepted) });
            }
        }
    }
    clients
}

/// The computers of the clients, in order of appearance.
pub(super) fn hosts(clients: &[Client<'_>]) -> Vec<IpAddr> {
    let mut hosts = Vec::new();
    for client in clients {
        if !hosts.contains(&client.address.ip) {
            hosts.push(client.address.ip);
        }
    }
    hosts
}

/// The frames of the clients' handshakes, or all frames of a connection whose handshake was not captured, by file.
pub(super) fn handshakes(view: &LabView<'_>, clients: &[&Client<'_>]) -> Vec<Evidence> {
    clients
        .iter()
        .filter_map(|client| client.connection)
        .map(|connection| {
            let phases = Phases::of(view, connection.best());
            let frames = if phases.handshake.is_empty() { phases.data() } else { phases.handshake };
            tcp_frames(view, connection.best(), frames)
        })
        .fold(Vec::new(), merge)
}

/// The `accept()` entries of the clients, by journal.
pub(super) fn accepts(clients: &[&Client<'_>]) -> Vec<Evidence> {
    let entries = clients.iter().filter_map(|client| client.accepted).map(|accepted| evidence([&accepted.accepted]));
    entries.fold(Vec::new(), merge)
}

/// Adds evidence to that of the same file.
fn merge(mut all: Vec<Evidence>, one: Evidence) -> Vec<Evidence> {
    match all.iter_mut().find(|there| there.file == one.file) {
        Some(there) => {
            there.frames.extend(one.frames);
            there.frames.sort_unstable();
            there.lines.extend(one.lines);
            there.filter = match (there.filter.take(), one.filter) {
                (Some(_), Some(_)) => Some(crate::wording::frame_filter(&there.frames)),
                (first, second) => first.or(second),
            };
        }
        None => all.push(one),
    }
    all
}

/// Says which of the sheet's two captures of Part II is not there. Returns whether any is missing.
pub(super) fn name_missing(view: &LabView<'_>, clients: &[Client<'_>], draft: &mut Draft) -> bool {
    let seen = hosts(clients);
    let has = |ip: Option<IpAddr>| ip.is_some_and(|ip| seen.contains(&ip));
    let (b, c) = (has(view.hosts.b), has(view.hosts.c));
    if !b {
        draft.missing(format!("the capture of Part II step 2(c), made at host {}", HostName::B));
    }
    if !c {
        draft.missing(format!("the capture of Part II step 3(c), made at host {}", HostName::C));
    }
    !(b && c)
}

/// Whether a client was served, as far as the files show: its connection was accepted by the program.
pub(super) fn served(client: &Client<'_>, server_replies: bool) -> Option<bool> {
    let answered = client.connection.is_some_and(LabConnection::answered);
    let sent = client.connection.is_some_and(LabConnection::has_lines);
    if client.accepted.is_some() || answered {
        Some(true)
    } else if server_replies && sent {
        Some(false)
    } else {
        None
    }
}
