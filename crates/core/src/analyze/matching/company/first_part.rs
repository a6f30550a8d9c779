//! Clients side by side on one host that are of the part before, in which hosts have one client each: somebody tried a second
//! terminal there.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use crate::analyze::analysis::ServerKind;
use crate::analyze::matching::company::epochs::{LONGEST_PAUSE, RunInputs};
use socklab_packets::types::SocketAddress;

/// What came before the lab's first datagrams, and what after them.
#[derive(Default)]
struct Halves {
    /// Connections before, by the run of a server that they are of: its address, and when it began.
    before: BTreeMap<(SocketAddress, i128), Vec<usize>>,
    /// The computers with clients side by side before.
    pairs: BTreeSet<IpAddr>,
    /// When the last client before that was alone on its computer began.
    last_alone: BTreeMap<IpAddr, i128>,
    /// The captures that show such clients.
    alone_in: BTreeMap<IpAddr, BTreeSet<usize>>,
    /// The computers with clients afterwards that did not wait.
    after: BTreeSet<IpAddr>,
    /// Whether clients were side by side afterwards.
    has_pair_after: bool,
    /// Whether nobody connected afterwards.
    is_last: bool,
}

/// Those of clients side by side that came before the lab's first datagrams: by the order of the sheet they are of the part
/// before, if the same host has clients afterwards, too, when some were side by side, or if all that came afterwards is
/// datagrams, and the host had no client alone in between. Not if their server is seen to serve several clients at the same time,
/// nor if the datagrams came so much later that the lab was begun again.
///
/// Where no client waited, the datagrams may have been sent last of all, too. So it is if several hosts had clients side by side
/// before them, or a host had a client alone in another file, or in the file with its datagrams.
///
/// Where several computers have times of their own they are weak evidence, but for a step they are enough.
pub(crate) fn before_datagrams(known: RunInputs<'_>) -> BTreeSet<usize> {
    let mut found = BTreeSet::new();
    if known.parallel.is_empty() {
        return found;
    }
    let Some(first) = known.datagrams().filter_map(|(_, sent)| known.at(&sent)).min() else { return found };
    let halves = halves(known, first);
    let is_like_part_after = halves.pairs.len() > 1;
    let is_followed = halves.has_pair_after || halves.after.len() > 1 && !is_like_part_after;
    if !is_followed && !halves.is_last {
        return found;
    }
    let mut sent: BTreeMap<IpAddr, BTreeSet<usize>> = BTreeMap::new();
    for (host, moment) in known.datagrams() {
        sent.entry(host).or_default().insert(moment.capture);
    }
    let had_part = |index: usize, host: IpAddr| {
        let is_shown = |capture: &usize| known.connections.get(index)?.in_capture(*capture);
        let has_sent = |capture: &usize| sent.get(&host).is_some_and(|captures| captures.contains(capture));
        let mut captures = halves.alone_in.get(&host).into_iter().flatten();
        captures.any(|capture| is_shown(capture).is_none() || has_sent(capture))
    };
    let was_queued = |index: &usize| known.story.services.get(*index).is_some_and(|service| service.was_queued());
    let tells = |index: usize, kind: ServerKind, members: &[usize]| {
        let (Some(host), Some(begin)) = (known.host(index), known.begin(index)) else { return false };
        // Its own datagrams may be missing where its clients did wait.
        let is_beside = |other: &&usize| known.parallel.contains(other) && known.host(**other) == Some(host);
        let waited = kind == ServerKind::Iterative || members.iter().filter(is_beside).any(was_queued);
        match is_followed {
            true => halves.after.contains(&host),
            false => {
                halves.last_alone.get(&host).is_none_or(|alone| *alone < begin)
                    && (waited || sent.contains_key(&host) && !is_like_part_after && !had_part(index, host))
            }
        }
    };
    for members in halves.before.values().filter(|members| members.iter().any(|one| known.parallel.contains(one))) {
        let kind = known.story.kind_of(known.connections, known.accounts, members);
        if kind.kind == ServerKind::Concurrent {
            continue;
        }
        let beside = members.iter().filter(|index| known.parallel.contains(index));
        found.extend(beside.copied().filter(|index| tells(*index, kind.kind, members)));
    }
    found
}

fn halves(known: RunInputs<'_>, first: i128) -> Halves {
    let mut halves = Halves { is_last: true, ..Halves::default() };
    let runs: BTreeSet<(SocketAddress, i128)> =
        known.epochs().into_iter().map(|epoch| (epoch.server, epoch.begin)).collect();
    for (index, connection) in known.connections.iter().enumerate() {
        let (Some(begin), Some(host)) = (known.begin(index), known.host(index)) else { continue };
        if begin < first {
            if connection.established() && !known.parallel.contains(&index) {
                let last = halves.last_alone.entry(host).or_insert(begin);
                *last = begin.max(*last);
                let captures = connection.sightings().iter().map(|sighting| sighting.capture);
                halves.alone_in.entry(host).or_default().extend(captures);
            }
            if first.saturating_sub(begin) < LONGEST_PAUSE {
                let server = known.computers.socket(connection.server());
                let run = runs.range(..=(server, begin)).next_back().filter(|(own, _)| *own == server);
                halves.before.entry(run.copied().unwrap_or((server, begin))).or_default().push(index);
                if connection.established() && known.parallel.contains(&index) {
                    halves.pairs.insert(host);
                }
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
