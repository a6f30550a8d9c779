//! The client alone of a host that had its clients side by side before: where the parts of the sheet were done in another order.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use crate::analyze::matching::early::is_recorded_open_when_begins;
use crate::analyze::matching::epochs::RunInputs;
use crate::analyze::row::RowFrame;

/// The first datagrams of each host's conversations in each capture.
type Sent = BTreeMap<(usize, IpAddr), Vec<RowFrame>>;

/// The only client alone of a host that came when all its clients side by side were gone, with datagrams of the host between them,
/// or after it and none before them: of the part in which a host has one client, which was done last. Without datagrams it may be
/// one client more of the same run, unless it came while such a client of another host kept the same server.
pub(super) fn alone_after_pair(known: RunInputs<'_>) -> BTreeSet<usize> {
    let mut sent = Sent::new();
    for (host, moment) in known.datagrams() {
        sent.entry((moment.capture, host)).or_default().push(moment.frame);
    }
    let mut hosts: BTreeMap<IpAddr, Vec<usize>> = BTreeMap::new();
    for (index, _) in known.connections.iter().enumerate().filter(|(_, one)| one.established()) {
        if let Some(host) = known.host(index) {
            hosts.entry(host).or_default().push(index);
        }
    }
    let last_alone: Vec<usize> = hosts.values().filter_map(|of_host| last_alone(known, of_host)).collect();
    let is_told = |index: &usize| {
        let of_host = known.host(*index).and_then(|host| hosts.get(&host));
        of_host.is_some_and(|of_host| is_apart_by_datagrams(known, *index, of_host, &sent))
    };
    let (told, others): (BTreeSet<usize>, BTreeSet<usize>) = last_alone.into_iter().partition(is_told);
    let server = |index: usize| known.connections.get(index).map(|one| known.computers.socket(one.server()));
    let is_beside = |index: &usize| {
        let mut firsts = told.iter().filter(|first| server(**first) == server(*index));
        firsts.any(|first| is_recorded_open_when_begins(known.story, *first, *index))
    };
    let beside: Vec<usize> = others.into_iter().filter(is_beside).collect();
    told.into_iter().chain(beside).collect()
}

/// The only client alone of a host's, where it has clients side by side and all of them came before.
fn last_alone(known: RunInputs<'_>, of_host: &[usize]) -> Option<usize> {
    let (beside, alone): (Vec<usize>, Vec<usize>) = of_host.iter().partition(|index| known.parallel.contains(index));
    let [alone] = alone.as_slice() else { return None };
    let begin = known.begin(*alone)?;
    let is_last = beside.iter().all(|other| known.begin(*other).is_some_and(|other| other < begin));
    (is_last && !beside.is_empty()).then_some(*alone)
}

/// Whether some capture shows that the host's datagrams came between its clients side by side and this one, or after this one and
/// not before those.
fn is_apart_by_datagrams(known: RunInputs<'_>, index: usize, of_host: &[usize], sent: &Sent) -> bool {
    let (Some(connection), Some(host)) = (known.connections.get(index), known.host(index)) else { return false };
    connection.sightings().iter().any(|own| {
        let sent = sent.get(&(own.capture, host)).map_or(&[][..], Vec::as_slice);
        let others = of_host.iter().filter(|other| known.parallel.contains(other));
        let in_capture = others.filter_map(|other| known.connections.get(*other)?.in_capture(own.capture));
        let begins: Vec<RowFrame> = in_capture.map(|other| other.connection.first_frame).collect();
        let (Some(first), Some(last)) = (begins.iter().min(), begins.iter().max()) else { return false };
        let alone = own.connection.first_frame;
        let is_between = |frame: &RowFrame| last < frame && *frame < alone;
        *last < alone
            && (sent.iter().any(is_between)
                || sent.iter().any(|frame| *frame > alone) && sent.iter().all(|frame| frame > first))
    })
}
