//! Which computers may be which hosts of the sheet, where the captures of a submission do not tell.

use std::net::IpAddr;

use socklab_core::analyze::analysis::{HostFound, LabFound};
use socklab_core::lab::{HostName, LabConfig, Step};

/// Most assignments that are tried.
const MOST: usize = 6;

/// An assignment besides the one that the captures were analyzed by.
pub(super) struct Assignment {
    /// The lab with it.
    pub(super) config: LabConfig,
    /// A computer that is another host by it: as which it was taken, and as which it may be.
    moved: (IpAddr, [HostName; 2]),
}

impl Assignment {
    /// What is not told, as a sentence.
    pub(super) fn doubt(&self) -> String {
        let (ip, [told, other]) = self.moved;
        let (first, second) = if told < other { (told, other) } else { (other, told) };
        format!("Nothing in these captures tells whether {ip} is host {first} or host {second}.")
    }

    /// The same, with what comes of it and how to settle it.
    pub(super) fn words(&self) -> String {
        format!(
            "{} What is right in one of these cases only waits for you: say which host it is with --corrections (hosts), or \
             with --host for the whole class.",
            self.doubt()
        )
    }
}

/// Whether there is a client of the host that is to capture a step, or any where that is the server's.
fn is_there(lab: &LabFound, step: &Step) -> bool {
    let host = step.captured().filter(|host| step.hosts().contains(host));
    let is_it = |ip: IpAddr| {
        lab.hosts.iter().any(|own| Some(own.name) == host && lab.computer(own.address) == lab.computer(ip))
    };
    lab.streams.iter().any(|stream| stream.step == *step && (host.is_none() || is_it(stream.client.ip)))
}

/// The other assignments of hosts whose letters are a guess. Where there is all that the sheet wants captured, each of the host that
/// is to capture it, nothing speaks for another one.
pub(super) fn others(lab: &LabFound, config: &LabConfig) -> Vec<Assignment> {
    if lab.sheet.captured().all(|step| is_there(lab, step)) {
        return Vec::new();
    }
    let guessed: Vec<&HostFound> = lab.hosts.iter().filter(|host| !lab.may_be(host).is_empty()).collect();
    let mut ways: Vec<Vec<HostName>> = vec![Vec::new()];
    for host in &guessed {
        let may_be: Vec<HostName> = [host.name].into_iter().chain(lab.may_be(host)).collect();
        let with = |way: &Vec<HostName>| {
            let free = may_be.iter().filter(|name| !way.contains(name));
            free.map(|name| [way.as_slice(), &[*name]].concat()).collect::<Vec<_>>()
        };
        ways = ways.iter().flat_map(with).take(MOST.saturating_add(1)).collect();
    }
    let assignment = |way: Vec<HostName>| {
        let mut all = guessed.iter().zip(&way);
        let moved = all.clone().find(|(host, name)| host.name != **name)?;
        let moved = (moved.0.address, [moved.0.name, *moved.1]);
        let mut config = config.clone();
        config.hosts.extend(all.by_ref().map(|(host, name)| (*name, host.address)));
        Some(Assignment { config, moved })
    };
    ways.into_iter().filter_map(assignment).take(MOST).collect()
}
