//! Which connections may be the second client's, that comes to a server while it is busy with the first.

use crate::analyze::conversation::LabConnection;
use crate::analyze::matching::hosts::choice::Hosts;
use crate::lab::{HostName, Sheet, Step};

/// Whether a connection may be of the client that a step wants at the busy server. To another client's computer it is none,
/// unless the first client went there too: an address was mistyped, or who serves has changed. Of the server's own computer it
/// is only one that began while one of the first client's was open to that server, by the frames of one capture, if both clients
/// are of other computers. `firsts` are the connections of the step that goes on meanwhile.
pub(crate) fn may_come_second<'c>(
    (sheet, hosts): (&Sheet, &Hosts),
    step: &Step,
    connection: &LabConnection,
    firsts: impl Iterator<Item = &'c LabConnection>,
) -> bool {
    let server = sheet.server();
    let at = connection.server().ip;
    let (is_at_client, is_of_server) = (hosts.is_of_client(at, sheet), hosts.is(connection.client().ip, server));
    if !is_at_client && !is_of_server {
        return true;
    }
    let computer = hosts.computer(at);
    let firsts: Vec<&LabConnection> = firsts.filter(|first| hosts.computer(first.server().ip) == computer).collect();
    if is_at_client && !firsts.iter().any(|first| first.established()) {
        return false;
    }
    if !is_of_server {
        return true;
    }
    let is_servers_too = |name: HostName| hosts.ip_of(name).is_some_and(|ip| hosts.is(ip, server));
    let clients = [step.host(), step.during().and_then(Step::host)];
    clients.into_iter().flatten().any(is_servers_too)
        || firsts.iter().flat_map(|first| first.sightings()).any(|first| {
            let own = connection.in_capture(first.capture);
            own.is_some_and(|own| first.connection.first_frame < own.connection.first_frame && first.may_overlap(own))
        })
}
