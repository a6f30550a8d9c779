//! Whether clients side by side were served while all of them were connected.
//!
//! The journal of the server that accepted all of them tells. Else one capture that has all of them does, or several whose clocks
//! can be compared. Where none of that is at hand, nothing shows it: clients of one host may have left before the others came.

use crate::analyze::accounts::Accepted;
use crate::analyze::answers::parallel::ParallelClient;
use crate::analyze::matching::{Known, LabView};
use crate::analyze::row::RowFrame;
use crate::analyze::story::{Moment, Seen};

/// Clients whose connections are compared with one another where no capture has all of them. Of more it is not said.
const COMPARED: usize = 32;

/// Whether all clients had been served by a moment at which all were connected; `None` where nothing shows it.
pub(super) fn were_together(view: &LabView<'_>, clients: &[ParallelClient<'_>]) -> Option<bool> {
    if let Some(together) = in_journal(clients) {
        return Some(together);
    }
    let known: Vec<Known<'_>> = clients.iter().map(|client| client.known).collect::<Option<_>>()?;
    if let Some(together) = in_rows(view, &known) {
        return Some(together);
    }
    let in_one = |capture: usize| {
        let seen: Option<Vec<&Seen>> = known.iter().map(|known| known.timeline.in_capture(capture)).collect();
        let seen = seen?;
        // Frames of different hosts that were merged into one file are not in order.
        let mut watches = seen.iter().filter_map(|seen| seen.first).map(|first| first.watch);
        let watch = watches.next();
        if watches.any(|other| Some(other) != watch) {
            return None;
        }
        let begins = seen.iter().filter_map(|seen| seen.established);
        let served: Option<Vec<Option<RowFrame>>> = known.iter().map(|known| served_in(known, capture)).collect();
        let last = begins.map(|moment| moment.frame).chain(served?.into_iter().flatten()).max();
        let first_end = seen.iter().filter_map(|seen| seen.open_until()).min_by_key(|end| end.frame);
        // What another file shows of their service tells by its time.
        let elsewhere =
            known.iter().filter_map(|known| known.service.since).filter(|since| since.in_file().0 != capture);
        let in_time = |end: &Moment| elsewhere.into_iter().all(|since| view.clocks.before(&since, end) == Some(true));
        Some(first_end.is_none_or(|end| last.is_none_or(|last| last < end.frame) && in_time(&end)))
    };
    if let Some(together) = (0..view.captures.len()).find_map(in_one) {
        return Some(together);
    }
    let seen: Vec<&Seen> = known.iter().filter_map(|known| known.timeline.seen.first()).collect();
    // Without one clock for all of them, each that was answered at once has waited for none of the others.
    let is_late = |known: &Known<'_>| known.service.since.is_some() && known.service.prompt.is_none();
    if seen.len() > COMPARED || known.iter().any(is_late) {
        return None;
    }
    let is_open_at = |begin: &Moment, other: &Seen| {
        let is_own = other.established.as_ref() == Some(begin);
        if is_own { Some(true) } else { view.clocks.before(begin, &last_open(other)?) }
    };
    let pairs = seen.iter().flat_map(|one| seen.iter().map(move |other| (one, other)));
    all_of(pairs.map(|(one, other)| one.established.and_then(|begin| is_open_at(&begin, other))))
}

/// Whether all of it holds: not, as soon as one does not; else unknown, as soon as one is.
fn all_of(each: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    let mut all = Some(true);
    for one in each {
        match one {
            Some(true) => {}
            Some(false) => return Some(false),
            None => all = None,
        }
    }
    all
}

/// The last moment at which a capture shows the connection open.
fn last_open(seen: &Seen) -> Option<Moment> {
    seen.open_until().or(seen.capture_end)
}

/// The journal's entries of all these clients, if one server accepted them all.
fn accepted<'a>(clients: &[ParallelClient<'a>]) -> Option<Vec<&'a Accepted>> {
    let run = clients.first()?.run?;
    clients.iter().map(|client| client.accepted.filter(|_| client.run == Some(run))).collect()
}

/// The same by the journal of the server that accepted all of them, whose lines are in order. A client whose line the server read
/// only when another one had left may have waited for that, though it was accepted.
fn in_journal(clients: &[ParallelClient<'_>]) -> Option<bool> {
    let all = accepted(clients)?;
    let served = all.iter().map(|one| one.first_receive.as_ref().unwrap_or(&one.accepted).line).max()?;
    let first_end = all.iter().filter_map(|one| one.ended.as_ref()).map(|ended| ended.line).min();
    Some(first_end.is_none_or(|end| served < end))
}

/// The most of the clients that were open at one moment, where one server's journal has all of them.
pub(super) fn most_by_journal<'a>(clients: &[ParallelClient<'a>]) -> Option<Vec<&'a Accepted>> {
    let all = accepted(clients).filter(|all| (2..=COMPARED).contains(&all.len()))?;
    let is_open = |one: &Accepted, line: u64| {
        one.accepted.line <= line && one.ended.as_ref().is_none_or(|ended| line < ended.line)
    };
    let open_at = |line: u64| all.iter().copied().filter(|one| is_open(one, line)).collect::<Vec<_>>();
    all.iter().map(|one| open_at(one.accepted.line)).max_by_key(Vec::len)
}

/// The frame of a capture since which a client was served; an inner `None` where that is in another one. `None` where it is in one that
/// goes on with this one: then this one does not tell.
fn served_in(known: &Known<'_>, capture: usize) -> Option<Option<RowFrame>> {
    let Some((file, frame)) = known.service.since.map(|since| since.in_file()) else { return Some(None) };
    let place = |of: usize| known.connection.joined()?.pieces.iter().position(|piece| piece.capture == of);
    let is_later = place(file).zip(place(capture)).is_some_and(|(since, here)| since > here);
    (!is_later).then_some((file == capture).then_some(frame.into()))
}

/// The same where files go on with one another: by the whole connections, whose moments their clock tells apart.
fn in_rows(view: &LabView<'_>, known: &[Known<'_>]) -> Option<bool> {
    if known.iter().all(|known| known.connection.joined().is_none()) || known.len() > COMPARED {
        return None;
    }
    let seen: Option<Vec<&Seen>> = known.iter().map(|known| known.timeline.seen.first()).collect();
    let seen = seen?;
    let begins =
        seen.iter().filter_map(|seen| seen.established).chain(known.iter().filter_map(|known| known.service.since));
    let ends: Vec<Moment> = seen.iter().filter_map(|seen| last_open(seen)).collect();
    let pairs = begins.flat_map(|begin| ends.iter().map(move |end| (begin, *end)));
    all_of(pairs.map(|(begin, end)| view.clocks.before(&begin, &end)))
}
