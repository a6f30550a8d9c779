//! In which company an attempt to connect was, that nobody let in: that of the server's run at that address and time.

use foldhash::{HashMap, HashMapExt};

use crate::analyze::conversation::LabConnection;
use crate::analyze::matching::epochs::Known;
use socklab_packets::track::HandshakeState;
use socklab_packets::types::SocketAddress;

/// Connections near an attempt that are looked at.
const NEAR: usize = 64;

/// The connections that a server took: when each began and was over, by the recorded times, and its company. In the order in
/// which they began.
type Runs<C> = HashMap<SocketAddress, Vec<(i128, i128, C)>>;

/// An attempt belongs to the company of a connection to the same server that was open then, else to that of all of this server's
/// connections, else to that of the next connection of its host, or of the one before. So does the rest of a connection, of which
/// its host alone tells.
pub(super) fn attempts<C: Copy + PartialEq>(known: Known<'_>, all: &mut [C]) {
    let is_attempt = |connection: &&LabConnection| !connection.established();
    if !known.connections.iter().any(|connection| is_attempt(&connection)) {
        return;
    }
    let runs = runs(known, all);
    for (index, attempt) in known.connections.iter().enumerate().filter(|(_, connection)| is_attempt(connection)) {
        let at_server = runs.get(&known.computers.socket(attempt.server())).map_or(&[][..], Vec::as_slice);
        let was_tried = matches!(attempt.handshake(), HandshakeState::Refused | HandshakeState::SynOnly);
        let at_server = if was_tried { at_server } else { &[] };
        let company = open_at(at_server, known.begin(index)).or_else(|| only(at_server));
        let company = company.or_else(|| of_host(known, index, attempt, all));
        if let (Some(company), Some(slot)) = (company, all.get_mut(index)) {
            *slot = company;
        }
    }
}

fn runs<C: Copy>(known: Known<'_>, all: &[C]) -> Runs<C> {
    let mut runs = Runs::new();
    let sent = known.sent();
    let connections = known.connections.iter().zip(all).enumerate();
    for (index, (connection, company)) in connections.filter(|(_, (connection, _))| connection.established()) {
        let Some((begin, over)) = known.span(index, connection, &sent) else { continue };
        runs.entry(known.computers.socket(connection.server())).or_default().push((begin, over, *company));
    }
    runs.values_mut().for_each(|of_server| of_server.sort_by_key(|(begin, over, _)| (*begin, *over)));
    runs
}

/// The company of the connection that began last of those that were open then.
fn open_at<C: Copy>(of_server: &[(i128, i128, C)], moment: Option<i128>) -> Option<C> {
    let moment = moment?;
    let begun = of_server.partition_point(|(begin, ..)| *begin <= moment);
    let mut earlier = of_server.iter().take(begun).rev().take(NEAR);
    earlier.find(|(_, over, _)| moment <= *over).map(|(.., company)| *company)
}

/// The company of all, where it is one.
fn only<C: Copy + PartialEq>(of_server: &[(i128, i128, C)]) -> Option<C> {
    let (.., first) = of_server.first()?;
    of_server.iter().all(|(.., company)| company == first).then_some(*first)
}

/// The company of the next connection of an attempt's host in the capture that shows it, else of the one before.
fn of_host<C: Copy>(known: Known<'_>, index: usize, attempt: &LabConnection, all: &[C]) -> Option<C> {
    let host_of = |connection: &LabConnection| known.computers.of(connection.client().ip);
    let same = |other: &usize| {
        known.connections.get(*other).is_some_and(|other| {
            other.established() && host_of(other) == host_of(attempt) && other.best().capture == attempt.best().capture
        })
    };
    let next = (index.saturating_add(1)..known.connections.len()).take(NEAR).find(same);
    let near = next.or_else(|| (0..index).rev().take(NEAR).find(same));
    near.and_then(|near| all.get(near).copied())
}
