//! Which clients came second, where one computer plays all hosts of the sheet, so that no address tells it.

use std::collections::BTreeSet;

use crate::analyze::conversation::LabConnection;
use crate::analyze::matching::company::early::is_recorded_open_when_begins;
use crate::analyze::matching::company::rules::Company;
use crate::analyze::story::{Moment, Seen, Story};

/// Connections that others are compared with; a lab on one computer has a few.
const COMPARED: usize = 256;

/// The connections of clients that came while another one of these steps was connected, or that waited: of the step in which the
/// server is busy. Where the capture that shows the first client ended before, one in another file that was not served at once
/// is taken for it.
pub(crate) fn seconds(story: &Story, connections: &[LabConnection], company: &[Company]) -> BTreeSet<usize> {
    let is_looked_at = |index: &usize| company.get(*index) != Some(&Company::Parallel);
    let established = |index: &usize| connections.get(*index).is_some_and(LabConnection::established);
    let all = || (0..connections.len()).filter(is_looked_at);
    let came_second = |index: &usize| {
        let Some(own) = connections.get(*index) else { return false };
        let service = story.services.get(*index);
        if service.is_some_and(|service| service.was_queued()) {
            return true;
        }
        let is_served = service.is_some_and(|service| service.served());
        let others = all().filter(established).take(COMPARED).filter(|other| other != index);
        others.filter_map(|other| Some((other, connections.get(other)?))).any(|(other, first)| {
            first.server() == own.server()
                && (is_recorded_open_when_begins(story, other, *index)
                    || own.established() && !is_served && may_still_be_open(story, other, *index))
        })
    };
    all().filter(came_second).collect()
}

/// Whether a connection, of which no file shows the end, began before another one in another file.
fn may_still_be_open(story: &Story, first: usize, other: usize) -> bool {
    let (Some(first), Some(other)) = (story.timelines.get(first), story.timelines.get(other)) else { return false };
    let begin = |seen: &[Seen]| -> Option<Moment> { seen.iter().find_map(|seen| seen.first) };
    let Some((from, to)) = begin(&first.seen).zip(begin(&other.seen)) else { return false };
    from.capture != to.capture
        && first.find(Seen::end).is_none()
        && story.clocks.before_as_recorded(&from, &to) == Some(true)
}
