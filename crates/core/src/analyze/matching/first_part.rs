//! Clients side by side on one host that are of the part before, in which hosts have one client each: somebody tried a second
//! terminal there.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use crate::analyze::analysis::ServerKind;
use crate::analyze::matching::epochs::{LONGEST_PAUSE, RunInputs};
use socklab_packets::types::SocketAddress;

/// What came before the lab's first datagrams, and what after them.
#[derive(Default)]
struct Halves {
    /// Connections before, by their server.
    before: BTreeMap<SocketAddress, Vec<usize>>,
    /// When the last client before that was alone on its computer began.
    last_alone: BTreeMap<IpAddr, i128>,
    /// The computers with clients afterwards that did not wait.
    after: BTreeSet<IpAddr>,
    /// Whether clients were side by side afterwards.
    has_pair_after: bool,
    /// Whether nobody connected afterwards.
    is_last: bool,
}

/// Those of clients side by side that came before the lab's first datagrams: by the order of the sheet they are of the part
/// before, if the same host has clients afterwards, too, when some were side by side, or if all that came afterwards is
/// datagrams, and the host had no client alone in between. Not if the server before is seen to serve several clients at the
/// same time, nor if the datagrams came so much later that the lab was begun again.
///
/// Where several computers have times of their own they are weak evidence, but for a step they are enough.
pub(super) fn before_datagrams(known: RunInputs<'_>) -> BTreeSet<usize> {
    let mut found = BTreeSet::new();
    if known.parallel.is_empty() {
        return found;
    }
    let Some(first) = known.datagrams().filter_map(|(_, sent)| known.at(&sent)).min() else { return found };
    let halves = halves(known, first);
    let is_followed = halves.has_pair_after || halves.after.len() > 1;
    if !is_followed && !halves.is_last {
        return found;
    }
    let sent: BTreeSet<IpAddr> = known.datagrams().map(|(host, _)| host).collect();
    let tells = |index: usize, kind: ServerKind| {
        let (Some(host), Some(begin)) = (known.host(index), known.begin(index)) else { return false };
        // Its own datagrams may be missing where its clients did wait.
        let is_of_part = || sent.contains(&host) || kind == ServerKind::Iterative;
        match is_followed {
            true => halves.after.contains(&host),
            false => is_of_part() && halves.last_alone.get(&host).is_none_or(|alone| *alone < begin),
        }
    };
    for members in halves.before.values().filter(|members| members.iter().any(|one| known.parallel.contains(one))) {
        let kind = known.story.kind_of(known.connections, known.accounts, members);
        if kind.kind == ServerKind::Concurrent {
            continue;
        }
        let beside = members.iter().filter(|index| known.parallel.contains(index));
        found.extend(beside.copied().filter(|index| tells(*index, kind.kind)));
    }
    found
}

fn halves(known: RunInputs<'_>, first: i128) -> Halves {
    let mut halves = Halves { is_last: true, ..Halves::default() };
    for (index, connection) in known.connections.iter().enumerate() {
        let (Some(begin), Some(host)) = (known.begin(index), known.host(index)) else { continue };
        if begin < first {
            if connection.established() && !known.parallel.contains(&index) {
                let last = halves.last_alone.entry(host).or_insert(begin);
                *last = begin.max(*last);
            }
            if first.saturating_sub(begin) < LONGEST_PAUSE {
                halves.before.entry(known.computers.socket(connection.server())).or_default().push(index);
            }
        } else if connection.established() {
            halves.is_last = false;
            let waited = known.story.services.get(index).is_some_and(|service| service.was_queued());
            if !waited {
                halves.after.insert(host);
            }
            halves.has_pair_after |= known.parallel.contains(&index);
        }
    }
    halves
}
