//! The connections of one server, and what they show of how it serves.

use std::cell::OnceCell;
use std::cmp::Reverse;

use foldhash::HashSet;

use crate::analyze::story::clocks::{Clocks, Moment};
use crate::analyze::story::seen::{PROMPT, Seen};
use crate::analyze::story::timeline::Timeline;

/// The connections of one server.
#[derive(Default)]
pub(super) struct Docket<'a> {
    /// What each capture shows of each, by their indices.
    pub(super) views: Vec<(usize, &'a Seen)>,
    /// Their ends as each capture shows them, where it shows when: by group of clocks, then by time, so that those near a
    /// moment are found without a look at all of them.
    ends: Vec<EndSeen<'a>>,
    /// Those that kept nobody waiting.
    pub(super) shared: HashSet<usize>,
    /// The server leaves lines unanswered of clients that it serves.
    pub(super) skips: bool,
    /// See `slowest_answer` and `quickest_other_answer` in [`service`](super::service).
    pub(super) slowest: OnceCell<i128>,
    pub(super) quickest: OnceCell<Vec<(i128, usize)>>,
}

/// How one capture shows the end of a connection.
pub(super) struct EndSeen<'a> {
    group: usize,
    pub(super) nanoseconds: i128,
    pub(super) moment: Moment,
    pub(super) connection: usize,
    pub(super) seen: &'a Seen,
}

impl<'a> Docket<'a> {
    pub(super) fn add(&mut self, connection: usize, timeline: &'a Timeline, clocks: &Clocks) {
        self.views.extend(timeline.seen.iter().map(|seen| (connection, seen)));
        self.skips |= timeline.seen.iter().any(|seen| seen.has_skipped);
        self.ends.extend(timeline.seen.iter().filter_map(|seen| {
            let moment = seen.end()?;
            let (group, nanoseconds) = (clocks.group(moment.watch), clocks.nanoseconds(&moment)?);
            Some(EndSeen { group, nanoseconds, moment, connection, seen })
        }));
    }

    pub(super) fn sort(&mut self, clocks: &Clocks) {
        self.ends.sort_by_key(|end| (end.group, end.nanoseconds));
        self.find_shared();
        // A client that it had accepted, since it served a later one beside it, got no answer.
        let left_one = |(index, seen): &(usize, &Seen)| {
            let watched = || clocks.between(&seen.unanswered?, &seen.capture_end?);
            self.shared.contains(index) && watched().is_some_and(|nanoseconds| nanoseconds >= PROMPT)
        };
        self.skips |= self.views.iter().any(left_one);
    }

    /// Finds the connections beside which one that was established later got an answer: the server serves several clients
    /// then, and nobody waits for these to end. By frames, so that each capture is looked at alone, with those that go on with it.
    fn find_shared(&mut self) {
        let established = |&(connection, seen): &(usize, &'a Seen)| Some((seen.open_since()?, connection, seen));
        let mut latest_first: Vec<(Moment, usize, &Seen)> = self.views.iter().filter_map(established).collect();
        latest_first.sort_by_key(|(begin, ..)| (begin.watch, Reverse(begin.order())));
        // The earliest answer that any of those before got, and where these began.
        let mut answered: Option<Moment> = None;
        let mut watch = None;
        for (begin, connection, seen) in latest_first {
            answered = answered.filter(|_| watch == Some(begin.watch));
            watch = Some(begin.watch);
            // Open as far as its capture goes, and no further.
            let is_watched = |answer: &Moment| seen.capture_end.is_some_and(|end| end.is_before(answer) != Some(true));
            let beside = |answer: Moment| {
                is_watched(&answer) && seen.open_until().is_none_or(|end| answer.is_before(&end) == Some(true))
            };
            if answered.is_some_and(|answer| beside(answer) && !seen.may_be_done(&answer)) {
                self.shared.insert(connection);
            }
            let passed_on = seen.passed_on.map(|(passed, _)| passed);
            let said_on = seen.said_on.map(|said| said.passed).filter(|passed| passed.watch == begin.watch);
            let all = answered.into_iter().chain(seen.reply).chain(passed_on).chain(said_on);
            answered = all.min_by_key(Moment::order);
        }
    }

    /// The ends in the last nanoseconds before a moment.
    pub(super) fn ends_before(
        &self,
        moment: &Moment,
        nanoseconds: i128,
        clocks: &Clocks,
    ) -> impl Iterator<Item = &EndSeen<'a>> {
        let (group, last) = (clocks.group(moment.watch), clocks.nanoseconds(moment));
        let first = last.map(|last| (group, last.saturating_sub(nanoseconds)));
        let start = self.ends.partition_point(|end| first.is_none_or(|first| (end.group, end.nanoseconds) < first));
        let ends = self.ends.get(start..).unwrap_or_default().iter();
        ends.take_while(move |end| end.group == group && Some(end.nanoseconds) <= last)
    }
}
