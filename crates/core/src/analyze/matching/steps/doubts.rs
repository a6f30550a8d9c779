//! What the captures do not tell: which of the sheet's steps is which, or which of its hosts.

use std::collections::BTreeSet;

use crate::lab::{HostName, Sheet, Step};
use crate::wording;
use socklab_packets::types::{Protocol, SocketAddress};

/// Steps or hosts of the sheet that these captures do not tell apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Doubt {
    /// The steps of which one may be another.
    pub(crate) steps: Vec<Step>,
    /// The hosts of which one may be another, where it is these.
    pub(crate) hosts: Vec<HostName>,
    /// The client that may be of one or the other, where it is one alone.
    pub(crate) client: Option<SocketAddress>,
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
            true => wording::list(self.steps.iter().map(Step::name)),
            false => format!("hosts {}", wording::list(&self.hosts)),
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

    /// Why hosts may be one another, as a sentence.
    pub(crate) fn why_hosts(&self, sheet: &Sheet) -> &'static str {
        match are_told_by_company(sheet, &self.hosts) {
            true => {
                "On the sheet they differ only in who comes while another one's client is open, which nothing here shows."
            }
            false => "On the sheet they do the same.",
        }
    }

    /// What would tell it, and how it is said.
    pub(crate) fn remedy(&self) -> String {
        let (option, table) = if self.hosts.is_empty() { ("--step", "steps") } else { ("--host", "hosts") };
        format!("what tells {} apart ({option}, or {table} in --corrections)", self.them())
    }
}

/// The client hosts of a sheet that do the same, or that differ only in who comes to whose open connection, so that captures of
/// any may be of another one: in groups of two and more.
pub(crate) fn alike_hosts(sheet: &Sheet) -> Vec<Vec<HostName>> {
    let mut groups: Vec<Vec<HostName>> = Vec::new();
    for host in sheet.clients() {
        let is_alike = |other: &HostName| {
            does(sheet, *other) == does(sheet, host) || may_be_exchanged(sheet, *other) == may_be_exchanged(sheet, host)
        };
        // It may be like hosts that are not like each other.
        let (alike, others): (Vec<_>, Vec<_>) =
            groups.into_iter().partition(|group: &Vec<HostName>| group.iter().any(is_alike));
        let mut group = alike.concat();
        group.push(host);
        groups = others;
        groups.push(group);
    }
    groups.retain(|group| group.len() > 1);
    groups
}

/// Whether some of these hosts come to another one's open connection, and others do not.
pub(crate) fn are_told_by_company(sheet: &Sheet, hosts: &[HostName]) -> bool {
    let later = sheet.later_hosts();
    let own: BTreeSet<bool> = hosts.iter().map(|host| later.contains(host)).collect();
    own.len() > 1
}

/// Whether each of these hosts begins with a step of its own. Of hosts that share one, the sheet does not say who comes first.
pub(crate) fn begin_apart(sheet: &Sheet, hosts: &[HostName]) -> bool {
    let first = |host: &HostName| sheet.recorded().find(|step| step.hosts().contains(host));
    let steps: BTreeSet<Option<&Step>> = hosts.iter().map(first).collect();
    steps.len() == hosts.len()
}

/// What captures show of a host.
fn does(sheet: &Sheet, name: HostName) -> Vec<(Shape, bool)> {
    let steps = sheet.recorded().filter(|step| step.hosts().contains(&name));
    let mut steps: Vec<_> = steps.map(|step| (shape(step), step.during().is_some())).collect();
    steps.sort_unstable();
    steps
}

/// The same, whoever comes to whose open connection, and whether the host is to capture it: where two hosts' are the same, their
/// captures could be exchanged, and none would be missing.
fn may_be_exchanged(sheet: &Sheet, name: HostName) -> Vec<(Shape, bool)> {
    let steps = sheet.recorded().filter(|step| step.hosts().contains(&name));
    let mut steps: Vec<_> = steps.map(|step| (shape(step), step.captured() == Some(name))).collect();
    steps.sort_unstable();
    steps
}

/// Protocol, port, number of clients, whether they run side by side, and whether no server is wanted.
type Shape = (Option<Protocol>, Option<u16>, u32, bool, bool);

/// What captures show of a step, whoever its clients are and whenever they come.
fn shape(step: &Step) -> Shape {
    (step.protocol(), step.port(), step.clients(), step.is_parallel(), step.is_refused())
}

/// The doubt about hosts: that of the steps which some of them have and others do not.
/// `is_whole` is whether all of them are there.
pub(crate) fn of_hosts(sheet: &Sheet, hosts: Vec<HostName>, is_whole: bool) -> Doubt {
    let differ = |step: &&Step| {
        let own: BTreeSet<bool> = hosts.iter().map(|host| step.hosts().contains(host)).collect();
        own.len() > 1
    };
    Doubt { steps: sheet.recorded().filter(differ).cloned().collect(), hosts, client: None, is_whole }
}
