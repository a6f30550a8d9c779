//! Of what kind a server is: one client at a time, several at once, one client and no more, or unknown.

use foldhash::HashMap;

use crate::analyze::accounts::Accounts;
use crate::analyze::basis::Basis;
use crate::analyze::conversation::LabConnection;
use crate::analyze::served::{ServerKind, Verdict};
use crate::analyze::story::clocks::{Clocks, Moment};
use crate::analyze::story::grounds::{Grounds, Sharing};
use crate::analyze::story::seen::{SaidOn, Seen};
use crate::analyze::story::service::Service;
use crate::analyze::story::timeline::Timeline;

/// How soon after its client has gone a server that serves one client only has ended, in nanoseconds.
const ENDS_WITHIN: i128 = 1_000_000_000;

/// What happened in a connection, and what became of it.
#[derive(Clone, Copy)]
pub(crate) struct Judged<'a> {
    /// The connection.
    pub(crate) connection: &'a LabConnection,
    /// What happened in it, and when.
    pub(crate) timeline: &'a Timeline,
    /// What became of it.
    pub(crate) service: &'a Service,
}

/// What the kind of a server is told from: the story of all connections, by their index.
#[derive(Clone, Copy)]
pub(crate) struct AllJudged<'a> {
    /// Which captures' times can be compared.
    pub(crate) clocks: &'a Clocks,
    /// A connection, by its index.
    pub(crate) of: &'a dyn Fn(usize) -> Option<Judged<'a>>,
}

impl<'a> AllJudged<'a> {
    fn connection(&self, index: usize) -> Option<&'a LabConnection> {
        (self.of)(index).map(|judged| judged.connection)
    }

    fn timeline(&self, index: usize) -> Option<&'a Timeline> {
        (self.of)(index).map(|judged| judged.timeline)
    }

    fn service(&self, index: usize) -> Option<&'a Service> {
        (self.of)(index).map(|judged| judged.service)
    }
}

/// Of what kind a server is, and which two connections show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KindVerdict {
    /// The kind.
    pub(crate) kind: ServerKind,
    /// How certain that is.
    pub(crate) basis: Basis,
    /// The connection that was open, and the one that was served beside it or waited for it.
    pub(crate) shown_by: Option<(usize, usize)>,
}

impl KindVerdict {
    /// Nothing shows it.
    pub(crate) const UNKNOWN: KindVerdict =
        KindVerdict { kind: ServerKind::Unknown, basis: Basis::Unknown, shown_by: None };
}

/// The kind of the server of these connections, which are all to one server.
pub(crate) fn kind_of(story: AllJudged<'_>, accounts: &Accounts, of_server: &[usize]) -> KindVerdict {
    if let Some(kind) = accounts.kind_of(of_server.iter().filter_map(|index| story.connection(*index))) {
        return KindVerdict { kind, basis: Basis::Proved, shown_by: None };
    }
    let concurrent = served_beside(story, of_server).or_else(|| told_beside(story, of_server));
    let iterative = waited_for(story, of_server);
    let (kind, shown_by) = match (concurrent, iterative) {
        (Some(pair), None) => (ServerKind::Concurrent, Some(pair)),
        (None, Some(pair)) => (ServerKind::Iterative, Some(pair)),
        (None, None) => match ended_with(story, of_server) {
            Some((pair, true)) => (ServerKind::OneShot, Some(pair)),
            // recv() raises an error after a RST, which ends a server that accepts in a loop as well.
            Some((_, false)) => (ServerKind::Unknown, None),
            None => match left_waiting(story, of_server) {
                Some(pair) => (ServerKind::Iterative, Some(pair)),
                None => (ServerKind::Unknown, None),
            },
        },
        // Both: a server that serves some at once and lets others wait is of neither kind.
        (Some(_), Some(_)) => (ServerKind::Unknown, None),
    };
    let basis = if kind == ServerKind::Unknown { Basis::Unknown } else { Basis::Inferred };
    KindVerdict { kind, basis, shown_by }
}

/// The views of connections whose moments can be compared with each other, by group of clocks.
fn views<'a>(story: AllJudged<'a>, of_server: &[usize]) -> Vec<(usize, &'a Seen, Moment)> {
    let mut views = Vec::new();
    for index in of_server {
        let seen = story.timeline(*index).map(|timeline| timeline.seen.as_slice()).unwrap_or_default();
        views.extend(seen.iter().filter_map(|seen| Some((*index, seen, seen.open_since()?))));
    }
    // The groups in the order of their first connections, whatever the order of the files.
    let mut groups: HashMap<usize, usize> = HashMap::default();
    for (_, _, established) in &views {
        let next = groups.len();
        groups.entry(story.clocks.group(established.watch)).or_insert(next);
    }
    views.sort_by_key(|(_, _, established)| {
        let group = groups.get(&story.clocks.group(established.watch));
        (group.copied(), story.clocks.nanoseconds(established), established.frame)
    });
    views
}

/// A connection that was served while an earlier one was open: a server of one client at a time, which takes connections in
/// their order, could not have got to it.
fn served_beside(story: AllJudged<'_>, of_server: &[usize]) -> Option<(usize, usize)> {
    let views = views(story, of_server);
    let is_open_within_capture_at = |seen: &Seen, moment: &Moment| {
        seen.open_until().is_none_or(|end| story.clocks.before(moment, &end) == Some(true))
            // Open as far as the capture goes, and no further.
            && seen.capture_end.is_some_and(|end| story.clocks.before(&end, moment) == Some(false))
    };
    let mut open: Vec<(usize, &Seen, Moment)> = Vec::new();
    for (index, seen, established) in views {
        let service = story.service(index)?;
        let can_compare = |since: &Moment| {
            since.capture == established.capture || story.clocks.comparable(since.watch, established.watch)
        };
        let since = service.since.as_ref().filter(|since| service.waited.is_none() && can_compare(since));
        if let Some(since) = since {
            // Of those that are both older than the capture either may have come first: one that had been served was not waiting.
            let had_been_served = |other: &Seen| {
                let reply = other.reply.filter(|_| other.is_older_than_capture() && seen.is_older_than_capture());
                reply.is_some_and(|reply| story.clocks.before(&reply, since) == Some(true))
            };
            // Since when a connection from before this capture is open, only another capture can tell.
            let came_later = |other: &Moment| {
                let all = story.timeline(index).map(|timeline| timeline.seen.as_slice()).unwrap_or_default();
                let views = all.iter().filter(|view| !view.is_older_than_capture());
                let mut begun = views.filter_map(Seen::open_since).chain(Some(established));
                let is_later = |begun: Moment| story.clocks.before(other, &begun) == Some(true);
                if seen.is_older_than_capture() { begun.all(is_later) } else { is_later(established) }
            };
            let beside = open.iter().find(|(other, other_seen, other_established)| {
                *other != index
                    && (came_later(other_established) || had_been_served(other_seen))
                    && is_open_within_capture_at(other_seen, since)
                    && !other_seen.may_be_done(since)
            });
            if let Some((other, _, _)) = beside {
                return Some((*other, index));
            }
        }
        // Only those that are still open can be open later.
        open.retain(|(_, other, _)| is_open_within_capture_at(other, &established));
        open.push((index, seen, established));
    }
    None
}

/// A client that was still connected when it was told what another one had said, as its own capture shows it, whose times
/// cannot be compared with the other one's: the server read from one while it served the other.
fn told_beside(story: AllJudged<'_>, of_server: &[usize]) -> Option<(usize, usize)> {
    of_server.iter().find_map(|index| {
        story.timeline(*index)?.said_on().find_map(|SaidOn { passed, to, .. }| {
            let is_elsewhere = story.connection(*index)?.with_frame(passed.capture, passed.frame).is_none();
            let seen = story.timeline(to)?.with_moment(&passed)?;
            let is_open = shows_open(story, seen, &passed);
            (is_elsewhere && is_open && of_server.contains(&to)).then_some((to, *index))
        })
    })
}

/// A connection that waited until an earlier one had ended, or that was left waiting while an earlier one was answered.
/// Not one that waited while several others were served.
fn waited_for(story: AllJudged<'_>, of_server: &[usize]) -> Option<(usize, usize)> {
    of_server.iter().find_map(|index| {
        let service = story.service(*index).filter(|service| service.sharing != Sharing::Then)?;
        if let Some((other, _)) = service.waited.as_ref().and_then(|wait| wait.released_by.as_ref()) {
            return Some((*other, *index));
        }
        match service.grounds {
            Grounds::NoAnswer { line: from, other } | Grounds::NotClosed { client_fin: from, other } => {
                is_shown_open_at(story, other, &from).then_some((other, *index))
            }
            _ => None,
        }
    })
}

/// Whether frames show that a connection was open at this moment: begun before, and not ended by then, however long its capture
/// went on.
fn is_shown_open_at(story: AllJudged<'_>, connection: usize, moment: &Moment) -> bool {
    story.timeline(connection).is_some_and(|timeline| timeline.seen.iter().any(|seen| shows_open(story, seen, moment)))
}

/// Whether this view of a connection shows that.
fn shows_open(story: AllJudged<'_>, seen: &Seen, moment: &Moment) -> bool {
    seen.open_since().is_some_and(|begin| story.clocks.before(&begin, moment) == Some(true))
        && seen.open_until().is_none_or(|end| story.clocks.before(moment, &end) == Some(true))
}

/// A connection that was in the queue until the server ended, though another one was open.
fn left_waiting(story: AllJudged<'_>, of_server: &[usize]) -> Option<(usize, usize)> {
    of_server.iter().find_map(|index| {
        let service = story.service(*index).filter(|service| service.sharing != Sharing::Then)?;
        let (Grounds::Reset { line: from, .. } | Grounds::Unread { from, .. }) = service.grounds else { return None };
        let other = of_server.iter().find(|other| *other != index && is_shown_open_at(story, **other, &from))?;
        Some((*other, *index))
    })
}

/// A connection that was reset when another one's client had gone: the server had ended with it. Whether that client closed, and did
/// not reset its connection.
fn ended_with(story: AllJudged<'_>, of_server: &[usize]) -> Option<((usize, usize), bool)> {
    of_server.iter().find_map(|index| {
        story.service(*index).filter(|service| !service.served())?;
        let reset = story.timeline(*index)?.find(|seen| seen.server_reset)?;
        let closed = |other: &usize| -> Option<bool> {
            let served = story.service(*other)?.verdict == Verdict::Served;
            let seen = story.timeline(*other)?;
            let end = seen.find(|seen| {
                let end = seen.client_end()?;
                let server_first = seen.server_fin.is_some_and(|fin| fin.frame < end.frame);
                (!server_first).then_some(end)
            })?;
            let gap = story.clocks.between(&end, &reset)?;
            let has_ended = served && (0..ENDS_WITHIN).contains(&gap);
            has_ended.then(|| seen.find(|seen| seen.client_reset).is_none())
        };
        let mut others = of_server.iter().filter(|other| *other != index);
        let (other, closed) = others.find_map(|other| Some((*other, closed(other)?)))?;
        Some(((other, *index), closed))
    })
}
