//! What the captures do not tell: which of the sheet's steps is which, or which of its hosts.

use std::collections::BTreeSet;

use crate::lab::{HostName, Sheet, Step, named_list};
use socklab_packets::types::Protocol;

/// Steps or hosts of the sheet that these captures do not tell apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Doubt {
    /// The steps of which one may be another.
    pub(crate) steps: Vec<Step>,
    /// The hosts of which one may be another, where it is these.
    pub(crate) hosts: Vec<HostName>,
    /// Whether none of them is missing: what is the same for all that is there is so for each.
    pub(crate) is_whole: bool,
}

impl Doubt {
    /// Whether it touches what is asked of these steps, and of the clients on one host. Of all of them together the captures
    /// tell.
    pub(crate) fn is_about(&self, steps: &[Step], client: Option<HostName>) -> bool {
        let asked = self.steps.iter().filter(|step| steps.contains(step)).count();
        (asked > 0 && asked < self.steps.len()) || client.is_some_and(|client| self.hosts.contains(&client))
    }

    /// The steps or hosts: `step 2 and step 3`, `hosts B and C`.
    fn them(&self) -> String {
        match self.hosts.is_empty() {
            true => named_list(self.steps.iter().map(Step::name)),
            false => format!("hosts {}", named_list(&self.hosts)),
        }
    }

    /// What is not told, within a sentence: `nothing in these captures tells step 2 and step 3 apart`.
    pub(crate) fn what(&self) -> String {
        format!("nothing in these captures tells {} apart", self.them())
    }

    /// The same as a sentence.
    pub(crate) fn sentence(&self) -> String {
        let what = self.what();
        let mut letters = what.chars();
        letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).chain(['.']).collect()
    }

    /// What would tell it, and how it is said.
    pub(crate) fn remedy(&self) -> String {
        let (option, table) = if self.hosts.is_empty() { ("--step", "steps") } else { ("--host", "hosts") };
        format!("what tells {} apart ({option}, or {table} in --corrections)", self.them())
    }
}

/// The client hosts of a sheet that do the same, so that only addresses tell them apart: in groups of two and more.
pub(crate) fn alike_hosts(sheet: &Sheet) -> Vec<Vec<HostName>> {
    let mut groups: Vec<Vec<HostName>> = Vec::new();
    for host in sheet.clients() {
        let does = |name: HostName| {
            let steps = sheet.recorded().filter(|step| step.hosts().contains(&name)).map(shape);
            let mut steps: Vec<_> = steps.collect();
            steps.sort_unstable();
            steps
        };
        let own = does(host);
        let group = groups.iter_mut().find(|group| group.first().is_some_and(|first| does(*first) == own));
        match group {
            Some(group) => group.push(host),
            None => groups.push(vec![host]),
        }
    }
    groups.retain(|group| group.len() > 1);
    groups
}

/// What captures show of a step, whoever its clients are.
fn shape(step: &Step) -> (Option<Protocol>, Option<u16>, u32, [bool; 3]) {
    let kind = [step.is_parallel(), step.is_refused(), step.during().is_some()];
    (step.protocol(), step.port(), step.clients(), kind)
}

/// The doubt about hosts: that of the steps which some of them have and others do not.
/// `is_whole` is whether all of them are there.
pub(crate) fn of_hosts(sheet: &Sheet, hosts: Vec<HostName>, is_whole: bool) -> Doubt {
    let differ = |step: &&Step| {
        let own: BTreeSet<bool> = hosts.iter().map(|host| step.hosts().contains(host)).collect();
        own.len() > 1
    };
    Doubt { steps: sheet.recorded().filter(differ).cloned().collect(), hosts, is_whole }
}
