//! In which company an attempt to connect was, that nobody let in: that of the server's run at that address and time.

use foldhash::{HashMap, HashMapExt};

use crate::analyze::conversation::LabConnection;
use crate::analyze::matching::company::epochs::RunInputs;
use socklab_packets::types::SocketAddress;

/// Connections near an attempt that are looked at.
const NEAR: usize = 64;

/// A connection that a server took: when it began and was over, by the recorded times, its index and its company.
#[derive(Clone, Copy)]
struct Run<C> {
    begin: i128,
    over: i128,
    index: usize,
    company: C,
}

/// The connections that each server took, in the order in which they began.
type Runs<C> = HashMap<SocketAddress, Vec<Run<C>>>;

/// An attempt belongs to the company of a connection to the same server that was open then, else to that of all of this server's
/// connections, else to that of the nearest one in time. The rest of a connection, of which its host alone tells, belongs to the
/// company of the next connection of that host, or of the one before.
pub(crate) fn attempts<C: Copy + PartialEq>(known: RunInputs<'_>, all: &mut [C]) {
    let all_of_lab = known.connections.iter().enumerate();
    let mut attempts: Vec<(Option<i128>, usize, &LabConnection)> = all_of_lab
        .filter(|(_, connection)| !connection.established())
        .map(|(index, attempt)| (known.begin(index), index, attempt))
        .collect();
    if attempts.is_empty() {
        return;
    }
    attempts.sort_by_key(|(begin, index, _)| (*begin, *index));
    let mut runs = runs(known, all);
    let mut datagrams: Vec<(i128, usize)> =
        known.datagrams().filter_map(|(_, sent)| Some((known.at(&sent)?, sent.watch))).collect();
    datagrams.sort_unstable();
    for (begin, index, attempt) in attempts {
        let server = known.computers.socket(attempt.server());
        let at_server = runs.get(&server).map_or(&[][..], Vec::as_slice);
        let was_tried = attempt.handshake().is_in_vain();
        let at_server = if was_tried { at_server } else { &[] };
        let company = open_at(at_server, begin).or_else(|| only(at_server));
        let company = company.or_else(|| nearest(known, (index, attempt), near(at_server, begin?), begin?, &datagrams));
        let company = company.or_else(|| of_host(known, index, attempt, all));
        if let (Some(company), Some(slot)) = (company, all.get_mut(index)) {
            *slot = company;
        }
        // Who tries again and again does so within one part.
        if let (Some(company), Some(begin), Some(of_server)) =
            (company, begin.filter(|_| was_tried), runs.get_mut(&server))
        {
            let place = of_server.partition_point(|run| run.begin <= begin);
            of_server.insert(place, Run { begin, over: begin, index, company });
        }
    }
}

fn runs<C: Copy>(known: RunInputs<'_>, all: &[C]) -> Runs<C> {
    let mut runs = Runs::new();
    let sent = known.sent();
    let connections = known.connections.iter().zip(all).enumerate();
    for (index, (connection, company)) in connections.filter(|(_, (connection, _))| connection.established()) {
        let Some((begin, over)) = known.span(index, connection, &sent) else { continue };
        let run = Run { begin, over, index, company: *company };
        runs.entry(known.computers.socket(connection.server())).or_default().push(run);
    }
    runs.values_mut().for_each(|of_server| of_server.sort_by_key(|run| (run.begin, run.over)));
    runs
}

/// The company of the connection that began last of those that were open then.
fn open_at<C: Copy>(of_server: &[Run<C>], moment: Option<i128>) -> Option<C> {
    let moment = moment?;
    let begun = of_server.partition_point(|run| run.begin <= moment);
    let mut earlier = of_server.iter().take(begun).rev().take(NEAR);
    earlier.find(|run| moment <= run.over).map(|run| run.company)
}

/// The company of all, where it is one.
fn only<C: Copy + PartialEq>(of_server: &[Run<C>]) -> Option<C> {
    let first = of_server.first()?.company;
    of_server.iter().all(|run| run.company == first).then_some(first)
}

/// Those that began around a moment.
fn near<C>(of_server: &[Run<C>], moment: i128) -> &[Run<C>] {
    let begun = of_server.partition_point(|run| run.begin <= moment);
    let end = begun.saturating_add(NEAR).min(of_server.len());
    of_server.get(begun.saturating_sub(NEAR)..end).unwrap_or_default()
}

/// The company of the connection that was over last before an attempt, or of the one that began next, of those by whose clock the
/// attempt was recorded: the step with datagrams comes after the part before and ends it, so that what they part from the attempt
/// is of the other part; else the nearer one. What a capture shows beside the attempt goes before what others show.
fn nearest<C: Copy + PartialEq>(
    known: RunInputs<'_>,
    (index, attempt): (usize, &LabConnection),
    of_server: &[Run<C>],
    moment: i128,
    datagrams: &[(i128, usize)],
) -> Option<C> {
    let is_there = |run: &&Run<C>| {
        let connection = known.connections.get(run.index);
        connection.is_some_and(|one| one.in_capture(attempt.best().capture).is_some())
    };
    let compared: Vec<Run<C>> = of_server.iter().filter(|run| known.is_compared(index, run.index)).copied().collect();
    let before = || compared.iter().filter(|run| run.over <= moment);
    let after = || compared.iter().filter(|run| run.begin > moment);
    let before = before().filter(is_there).max_by_key(|run| run.over).or_else(|| before().max_by_key(|run| run.over));
    let after = after().find(is_there).or_else(|| after().next());
    let are_apart = |from: i128, to: i128| {
        let later = datagrams.get(datagrams.partition_point(|(sent, _)| *sent < from)..).unwrap_or_default();
        later.iter().take_while(|(sent, _)| *sent < to).take(NEAR).any(|(_, watch)| known.is_by_watch(index, *watch))
    };
    let is_apart_from_before = before.is_some_and(|before| are_apart(before.over, moment));
    let is_apart_from_after = after.is_some_and(|after| are_apart(moment, after.begin));
    let other = |than: &Run<C>| {
        let others = of_server.iter().filter(|run| run.company != than.company);
        others.min_by_key(|run| run.begin.abs_diff(moment)).map(|run| run.company)
    };
    match (before, after) {
        (Some(before), None) if is_apart_from_before => other(before),
        (None, Some(after)) if is_apart_from_after => other(after),
        // What no clock compares with the attempt may be nearer to it.
        (Some(one), None) | (None, Some(one)) => other(one).is_none().then_some(one.company),
        (None, None) => None,
        (Some(before), Some(after)) => {
            let is_nearer = moment.saturating_sub(before.over) < after.begin.saturating_sub(moment);
            let is_before = match (is_apart_from_before, is_apart_from_after) {
                (true, false) => false,
                (false, true) => true,
                _ => is_nearer,
            };
            Some(if is_before { before.company } else { after.company })
        }
    }
}

/// The company of the next connection of an attempt's host in the capture that shows it, else of the one before.
fn of_host<C: Copy>(known: RunInputs<'_>, index: usize, attempt: &LabConnection, all: &[C]) -> Option<C> {
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
