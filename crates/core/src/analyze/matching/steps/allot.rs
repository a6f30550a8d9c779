//! Which of several steps that captures show alike each connection or conversation is of: what came first is of the first step.
//!
//! That is told where there are as many as the sheet has, and times can be compared. Where one is missing or one too many,
//! nothing shows which.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use crate::analyze::matching::steps::doubts::Doubt;
use crate::analyze::matching::steps::order::{Times, in_time};
use crate::analyze::story::Moment;
use crate::lab::Step;

/// A connection or conversation, and what its step is told from.
pub(crate) struct ToAllot<'s> {
    /// The steps that it may be of, in the order of the sheet.
    pub(crate) fitting: Vec<&'s Step>,
    /// The step that the user set for a capture that shows it.
    pub(crate) set: Option<Step>,
    /// The client's computer.
    pub(crate) computer: IpAddr,
    /// Whether it is one of the clients that the sheet counts, not an attempt or the rest of an earlier run.
    pub(crate) counts: bool,
    /// Its first frame, in the capture that shows most of it.
    pub(crate) begin: Option<Moment>,
}

impl ToAllot<'_> {
    /// The steps that it may be of: the one that was set, or those that fit.
    pub(crate) fn fits(&self) -> impl Iterator<Item = &Step> {
        let fitting = self.fitting.iter().copied().filter(|_| self.set.is_none());
        self.set.iter().chain(fitting)
    }
}

/// Why a run counts for no step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Spare {
    /// It may be of any of these, for all of which the user set captures that show their clients.
    OneOf(Vec<Step>),
    /// The run of another server took the place of its own.
    Replaced,
    /// Its client's computer has no part in its step, and those that have ran it.
    OfAnotherHost,
}

impl Spare {
    /// The steps that it may be of, where nothing tells of which.
    pub(crate) fn one_of(&self) -> &[Step] {
        match self {
            Spare::OneOf(steps) => steps,
            Spare::Replaced | Spare::OfAnotherHost => &[],
        }
    }
}

/// What runs are of.
pub(crate) struct Allotted {
    /// The step of each run.
    pub(crate) steps: Vec<Option<Step>>,
    /// The steps that are not told apart.
    pub(crate) doubts: Vec<Doubt>,
    /// Runs that count for none, by their places.
    pub(crate) spare: Vec<(usize, Spare)>,
}

/// The step of each run.
pub(crate) fn allot(runs: &[ToAllot<'_>], times: Times<'_>) -> Allotted {
    let taken: BTreeSet<&Step> = runs.iter().filter_map(|run| run.set.as_ref()).collect();
    let mut steps: Vec<Option<Step>> = Vec::with_capacity(runs.len());
    let mut alike: BTreeMap<(Vec<&Step>, IpAddr), Vec<usize>> = BTreeMap::new();
    let mut spare = Vec::new();
    let mut set: BTreeMap<(&Step, IpAddr), u32> = BTreeMap::new();
    for run in runs.iter().filter(|run| run.counts) {
        if let Some(step) = &run.set {
            let count = set.entry((step, run.computer)).or_default();
            *count = count.saturating_add(1);
        }
    }
    let set_of = |step, computer| set.get(&(step, computer)).copied().unwrap_or(0);
    for (index, run) in runs.iter().enumerate() {
        let free = run.fitting.iter().copied().filter(|step| !taken.contains(step));
        let free: Vec<&Step> = free.collect();
        let fitting = if free.is_empty() { run.fitting.clone() } else { free };
        steps.push(run.set.clone().or_else(|| fitting.first().copied().cloned()));
        if run.set.is_some() || fitting.len() < 2 {
            continue;
        }
        if fitting.iter().all(|step| set_of(*step, run.computer) >= step.clients()) {
            spare.push((index, Spare::OneOf(fitting.into_iter().cloned().collect())));
        } else {
            alike.entry((fitting, run.computer)).or_default().push(index);
        }
    }
    let mut doubts: Vec<Doubt> = Vec::new();
    for ((fitting, _), members) in alike {
        let of_group: Vec<(usize, &ToAllot<'_>)> =
            members.iter().filter_map(|index| Some((*index, runs.get(*index)?))).collect();
        let begins: Vec<Option<Moment>> = of_group.iter().map(|(_, run)| run.begin).collect();
        let (order, is_told) = in_time(&begins, true, times);
        let order: Vec<(usize, &ToAllot<'_>)> =
            order.into_iter().filter_map(|place| of_group.get(place).copied()).collect();
        let (own, counted) = by_number(&fitting, &order);
        let wanted = fitting.iter().map(|step| step.clients()).fold(0, u32::saturating_add);
        for ((index, _), step) in order.iter().zip(own) {
            if let Some(place) = steps.get_mut(*index) {
                *place = Some(step.clone());
            }
        }
        let doubt = Doubt {
            steps: fitting.into_iter().cloned().collect(),
            hosts: Vec::new(),
            client: None,
            is_whole: counted >= wanted,
        };
        let is_sure = is_told && counted == wanted;
        if !is_sure && !doubts.contains(&doubt) {
            doubts.push(doubt);
        }
    }
    Allotted { steps, doubts, spare }
}

/// The step of each run by how many clients each step has, and how many there are. The last step has what is left.
fn by_number<'s>(fitting: &[&'s Step], runs: &[(usize, &ToAllot<'_>)]) -> (Vec<&'s Step>, u32) {
    let mut counted: u32 = 0;
    let mut steps = Vec::with_capacity(runs.len());
    for (_, run) in runs {
        let mut before: u32 = 0;
        let mut own = fitting.iter().copied().find(|step| {
            before = before.saturating_add(step.clients());
            counted < before
        });
        own = own.or(fitting.last().copied());
        steps.extend(own);
        counted = counted.saturating_add(u32::from(run.counts));
    }
    (steps, counted)
}
