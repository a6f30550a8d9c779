//! Which connection is the second client's at the busy server, and whether the first client's was open when it came.

use std::cmp::Reverse;

use crate::analyze::analysis::Verdict;
use crate::analyze::matching::{Known, LabView, may_come_second};
use crate::analyze::story::{Moment, Seen};
use crate::lab::{HostName, Step};

/// Whether a first client was connected to the same server when another one's connection began, from the least to the most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Meeting {
    /// None was: each came later, or had left.
    Missed,
    /// The files do not tell.
    Untold,
    /// One was.
    Met,
}

/// The connection that the question is about: one of the second host to the server that was busy with the first. There may be
/// others: to another group's server or to a wrong address, or of a client that was tried before the first one came or after it
/// had left; one without a line may be of a program that only tried the port, and the server may have been stopped meanwhile.
pub(super) fn second_client<'v>(view: &'v LabView<'_>, step: &'v Step, second: HostName) -> Option<Known<'v>> {
    let busy: Vec<_> =
        firsts(view, step).map(|first| view.hosts.computers().socket(first.connection.server())).collect();
    let fitness = |known: &Known<'_>| {
        let connection = known.connection;
        let is_established = connection.established();
        let is_busy = busy.contains(&view.hosts.computers().socket(connection.server()));
        let is_second = view.hosts.is(connection.client().ip, second);
        let meeting = meeting(view, step, known);
        (
            is_busy && is_second && meeting == Meeting::Met,
            is_established,
            is_busy,
            is_second,
            meeting,
            is_established && connection.has_lines(),
            told(known),
        )
    };
    let all = || view.of_steps(step.during().map(std::slice::from_ref).unwrap_or_default());
    let is_meant = |known: &Known<'_>| {
        let told = (&view.config.sheet, &view.hosts);
        may_come_second(told, step, known.connection, all().map(|first| first.connection))
    };
    // `max_by_key` takes the last of equals.
    view.of_step(step).filter(is_meant).max_by_key(|known| (fitness(known), Reverse(known.index)))
}

/// The other runs of the second client that met one of the first client's connections which this one did not meet: of one server
/// program that was started again, or of another one.
pub(super) fn other_runs<'v>(
    view: &'v LabView<'_>,
    step: &'v Step,
    second: HostName,
    of: &Known<'v>,
) -> Vec<Known<'v>> {
    let met_by = |known: &Known<'v>| -> Vec<usize> {
        let firsts = firsts_at(view, step, known).into_iter();
        firsts.filter(|first| meeting_with(view, first, known) == Meeting::Met).map(|first| first.index).collect()
    };
    let met = met_by(of);
    let is_other = |known: &Known<'v>| {
        let others = met_by(known);
        !others.is_empty() && !others.iter().any(|first| met.contains(first))
    };
    let runs = view.of_step(step).filter(|known| {
        known.index != of.index && known.connection.established() && view.hosts.is(known.connection.client().ip, second)
    });
    if met.is_empty() { Vec::new() } else { runs.filter(is_other).collect() }
}

/// How much frames tell of a connection that met the first client's: a server that ended cut short what became of it.
fn told(known: &Known<'_>) -> u8 {
    let service = known.service;
    let was_cut_short = known.timeline.find(|seen| seen.server_reset).is_some();
    match service.verdict {
        Verdict::Served => service.waited.as_ref().map_or(2, |wait| if wait.released_by.is_some() { 2 } else { 0 }),
        Verdict::Queued => {
            if was_cut_short {
                1
            } else {
                2
            }
        }
        _ => 0,
    }
}

/// The established connections of the step that goes on meanwhile.
pub(super) fn firsts<'v>(view: &'v LabView<'_>, step: &'v Step) -> impl Iterator<Item = Known<'v>> {
    let all = view.of_steps(step.during().map(std::slice::from_ref).unwrap_or_default());
    all.filter(|first| first.connection.established())
}

/// Those of them to the server of another connection.
pub(super) fn firsts_at<'v>(view: &'v LabView<'_>, step: &'v Step, of: &Known<'_>) -> Vec<Known<'v>> {
    firsts(view, step).filter(|first| at_one_server(view, first, of)).collect()
}

/// Whether two connections are to one server. One socket may listen at a computer's IPv4 and IPv6 addresses (RFC 3493, section
/// 5.3).
pub(super) fn at_one_server(view: &LabView<'_>, one: &Known<'_>, other: &Known<'_>) -> bool {
    let [one, other] = [one, other].map(|known| view.hosts.computers().socket(known.connection.server()));
    one == other
}

/// Whether a connection met one of the first client's. One that waited in the queue had somebody to wait for.
fn meeting(view: &LabView<'_>, step: &Step, known: &Known<'_>) -> Meeting {
    let released = known.service.waited.as_ref().and_then(|wait| wait.released_by);
    let is_own = |other: Known<'_>| {
        view.hosts.computer(other.connection.client().ip) == view.hosts.computer(known.connection.client().ip)
    };
    let waited_for_own = released.and_then(|(other, _)| view.known_at(other)).is_some_and(is_own);
    let waited_for_own = waited_for_own && !view.hosts.is_one_computer();
    if known.service.was_queued() && !waited_for_own {
        return Meeting::Met;
    }
    let firsts = firsts_at(view, step, known);
    firsts.iter().map(|first| meeting_with(view, first, known)).max().unwrap_or(Meeting::Untold)
}

/// Whether a connection met this one.
pub(super) fn meeting_with(view: &LabView<'_>, first: &Known<'_>, known: &Known<'_>) -> Meeting {
    let begins = known.timeline.seen.iter().filter_map(|seen| seen.first);
    let all: Vec<Meeting> =
        begins.flat_map(|begin| first.timeline.seen.iter().map(move |seen| met(view, seen, &begin))).collect();
    // Files that cannot be compared take nothing from those that can.
    [Meeting::Met, Meeting::Missed].into_iter().find(|told| all.contains(told)).unwrap_or(Meeting::Untold)
}

/// Whether a first client's connection was open, as one capture shows it, when another one began.
fn met(view: &LabView<'_>, first: &Seen, begin: &Moment) -> Meeting {
    let before = |one: &Moment| view.clocks.before(one, begin);
    let has_come = first.open_since().as_ref().and_then(before);
    let has_left = match first.end() {
        Some(end) => before(&end),
        // What came after the capture is not known.
        None => first.capture_end.as_ref().and_then(before).filter(|is_over| !is_over),
    };
    match (has_come, has_left) {
        (Some(true), Some(false)) => Meeting::Met,
        (Some(false), _) | (_, Some(true)) => Meeting::Missed,
        _ => Meeting::Untold,
    }
}
