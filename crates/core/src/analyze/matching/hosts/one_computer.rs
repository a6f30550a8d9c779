//! A lab of which one computer plays all hosts. Its addresses tell no client from another, so the order of the sheet does: one
//! client, another one while the first is connected, datagrams, then clients side by side.

use std::collections::BTreeSet;

use crate::analyze::analysis::ServerKind;
use crate::analyze::matching::company::epochs::{Epoch, RunInputs};
use crate::analyze::story::Seen;
use crate::lab::Sheet;
use socklab_packets::types::Protocol;

/// What came when, of which the order of the sheet makes parts.
struct Course<'e> {
    /// The runs of servers that had clients side by side, in the order of time.
    several: Vec<&'e Epoch>,
    /// When the first client that was alone began.
    first_alone: Option<i128>,
    /// When the first datagram was sent.
    datagrams: Option<i128>,
    /// The clients of the steps before those with clients side by side, and one that was tried too often.
    few: usize,
}

/// Those of clients side by side, by their indices, that are of the steps in which hosts have one client each: the second client
/// came while the first one was connected.
pub(crate) fn first_part(known: RunInputs<'_>, sheet: &Sheet) -> BTreeSet<usize> {
    let mut epochs = known.epochs();
    epochs.sort_by_key(|epoch| epoch.begin);
    let (several, alone): (Vec<&Epoch>, Vec<&Epoch>) = epochs.iter().partition(|epoch| !epoch.beside.is_empty());
    let one_each =
        sheet.recorded().filter(|step| step.runs(Protocol::Tcp) && !step.is_parallel() && !step.is_refused());
    let course = Course {
        several,
        first_alone: alone.first().map(|epoch| epoch.begin),
        datagrams: known.datagrams().filter_map(|(_, sent)| known.at(&sent)).min(),
        few: one_each.map(|step| step.clients() as usize).fold(1, usize::saturating_add),
    };
    let early = course.several.iter().filter(|epoch| course.is_first_part(known, epoch));
    early.flat_map(|epoch| epoch.members.iter().copied()).collect()
}

impl Course<'_> {
    /// Whether a run is of the steps with one client a host.
    fn is_first_part(&self, known: RunInputs<'_>, epoch: &Epoch) -> bool {
        let later = || self.several.iter().filter(|other| other.begin > epoch.over);
        let has_later = later().next().is_some();
        let has_few = epoch.members.len() <= self.few;
        let is_preceded = self.several.iter().any(|other| other.over < epoch.begin);
        // Datagrams before all connections, out of the sheet's order, tell nothing of these.
        let first = self.several.iter().map(|run| run.begin).chain(self.first_alone).min();
        let in_order = self.datagrams.filter(|sent| first.is_none_or(|first| first < *sent));
        let after_datagrams = in_order.map(|sent| sent < epoch.begin);
        let kind = epoch.kind.kind;
        let serves_one = matches!(kind, ServerKind::Iterative | ServerKind::OneShot);
        // Who serves one at a time at first and several later has run both servers of the sheet.
        if serves_one && later().any(|other| other.kind.kind == ServerKind::Concurrent) {
            return true;
        }
        match (after_datagrams, kind) {
            (Some(true), _) => false,
            // A wrong program, where the part with clients side by side follows in its place.
            (Some(false), ServerKind::Concurrent) => has_later && has_few,
            (Some(false), _) => has_few || has_later,
            (None, ServerKind::Concurrent) => false,
            (None, _) if is_preceded => false,
            (None, ServerKind::Iterative | ServerKind::OneShot) => has_few || has_later,
            (None, ServerKind::Unknown) => has_few && self.is_first_by_numbers(known, epoch),
        }
    }

    /// The same of a few clients where no datagrams tell, nor the server's kind: one of them got no answer, or more came later.
    fn is_first_by_numbers(&self, known: RunInputs<'_>, epoch: &Epoch) -> bool {
        let is_over = |index: &usize| {
            known.story.timelines.get(*index).is_some_and(|timeline| timeline.find(Seen::end).is_some())
        };
        let later: Vec<&&Epoch> = self.several.iter().filter(|other| other.begin > epoch.over).collect();
        let more = later.iter().map(|other| other.members.len()).fold(0, usize::saturating_add);
        // The order of members is that in which they began.
        let is_served = |index: &usize| known.story.services.get(*index).is_some_and(|service| service.served());
        let waits = epoch.members.iter().skip_while(|index| !is_served(index)).any(|index| !is_served(index));
        self.first_alone.is_none_or(|first| first > epoch.begin)
            && if later.is_empty() { waits } else { more >= self.few && epoch.members.iter().all(is_over) }
    }
}
