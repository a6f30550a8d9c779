//! Which computers may be which hosts of the sheet, where the captures of a submission do not tell.

use std::net::IpAddr;

use socklab_core::analyze::analysis::{HostBasis, HostFound, LabFound};
use socklab_core::lab::{HostName, LabConfig, Step};

/// Most assignments that are tried.
const MOST: usize = 6;

/// An assignment besides the one that the captures were analyzed by.
pub(super) struct Assignment {
    /// The lab with it.
    pub(super) config: LabConfig,
    /// A computer that is another host by it: as which it was taken, and as which it may be.
    moved: (IpAddr, [HostName; 2]),
    /// Whether the addresses are the sheet's by which it was taken for the first of them.
    is_exchange: bool,
}

impl Assignment {
    /// What is not told, as a sentence.
    pub(super) fn doubt(&self) -> String {
        let (ip, [told, other]) = self.moved;
        if self.is_exchange {
            return format!(
                "By the addresses of the sheet {ip} is host {told}; if it was host {other}, these captures lack nothing."
            );
        }
        let (first, second) = if told < other { (told, other) } else { (other, told) };
        format!("Nothing in these captures tells whether {ip} is host {first} or host {second}.")
    }

    /// Whether it may be so, by what the captures hold with it: addresses that are the sheet's speak against it, unless they lack
    /// nothing then.
    pub(super) fn may_be(&self, lab: &LabFound) -> bool {
        !self.is_exchange || is_whole(lab)
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

/// Whether there is all that the sheet wants captured, each of the host that is to capture it.
fn is_whole(lab: &LabFound) -> bool {
    lab.sheet.captured().all(|step| is_there(lab, step))
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
    if is_whole(lab) {
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
        Some(Assignment { config, moved, is_exchange: false })
    };
    ways.into_iter().filter_map(assignment).chain(exchanges(lab, config)).take(MOST).collect()
}

/// Two clients' computers with each other's address of the sheet.
fn exchanges(lab: &LabFound, config: &LabConfig) -> Vec<Assignment> {
    let is_by_sheet =
        |host: &&HostFound| host.basis == HostBasis::Sheet && lab.sheet.clients().any(|name| name == host.name);
    let hosts: Vec<&HostFound> = lab.hosts.iter().filter(is_by_sheet).collect();
    let pairs = hosts.iter().enumerate().flat_map(|(place, one)| {
        let others = hosts.iter().skip(place.saturating_add(1));
        others.map(move |other| (*one, *other))
    });
    let exchange = |(one, other): (&HostFound, &HostFound)| {
        let mut config = config.clone();
        config.hosts.extend([(one.name, other.address), (other.name, one.address)]);
        Assignment { config, moved: (one.address, [one.name, other.name]), is_exchange: true }
    };
    pairs.map(exchange).collect()
}
