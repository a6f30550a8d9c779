//! The lab's servers: the candidates that fit best, all on one computer where that can be.

use std::net::IpAddr;

use foldhash::{HashMap, HashMapExt};

use crate::analyze::facts::{CaptureFacts, NamedJournal};
use crate::analyze::topology::candidates::{Candidate, Endpoint, Found, LAB_SCORE, Ports, collect};
use crate::lab::{HostName, LabConfig};
use crate::limits::LAB_SERVERS;
use crate::types::{Protocol, SocketAddress};

/// The socket addresses taken for the lab's servers, best first.
#[derive(Debug, Clone, Default)]
pub(crate) struct Servers {
    ranked: Vec<(Endpoint, i32)>,
    /// How they were found: a sentence.
    pub(crate) why: String,
    /// There were too many candidates to look at them all.
    pub(crate) cut: bool,
}

impl Servers {
    /// Finds the servers in the captures and journals; the settings of `config` go before everything.
    pub(crate) fn find(captures: &[CaptureFacts], journals: &[NamedJournal], config: &LabConfig) -> Servers {
        let found = Self::among(captures, journals, config, Ports::Unclaimed);
        if found.ranked.is_empty() { Self::among(captures, journals, config, Ports::All) } else { found }
    }

    /// Finds the servers among these ports. On a well-known service's port only typed text speaks for the lab.
    fn among(captures: &[CaptureFacts], journals: &[NamedJournal], config: &LabConfig, ports: Ports) -> Servers {
        let Found { candidates, cut } = collect(captures, journals, config, ports);
        let mut ranked: Vec<(Endpoint, i32)> = candidates
            .iter()
            .map(|(endpoint, candidate)| (*endpoint, candidate.score(endpoint, config)))
            .filter(|(endpoint, score)| {
                let text = candidates.get(endpoint).is_some_and(Candidate::carries_text);
                *score >= LAB_SCORE && (ports == Ports::Unclaimed || text)
            })
            .collect();
        ranked.sort_by_key(|(endpoint, score)| {
            (-score, std::cmp::Reverse(candidates.get(endpoint).map_or(0, Candidate::streams)), *endpoint)
        });
        let Some(host) = best_host(&ranked) else { return Servers { cut, ..Servers::default() } };
        let mut ranked = with_set_ports(on_host(&ranked, host, &candidates), config);
        let others = ranked.split_off(LAB_SERVERS.min(ranked.len())).len();
        let mut why = why(&ranked, host, &candidates, config);
        if others > 0 {
            why.push_str(&format!(" {others} further socket addresses there fit no better and were left out."));
        }
        Servers { ranked, why, cut }
    }

    /// The address of the servers' computer, host A.
    pub(crate) fn host(&self) -> Option<IpAddr> {
        self.ranked.first().map(|((_, address), _)| address.ip)
    }

    /// Whether this is a socket address of a server of the lab.
    pub(crate) fn contains(&self, protocol: Protocol, address: SocketAddress) -> bool {
        self.score(protocol, address).is_some()
    }

    /// How well the address fits; `None` for one that is no server of the lab.
    pub(crate) fn score(&self, protocol: Protocol, address: SocketAddress) -> Option<i32> {
        self.ranked.iter().find(|(endpoint, _)| *endpoint == (protocol, address)).map(|(_, score)| *score)
    }

    /// All of them, best first.
    pub(crate) fn endpoints(&self) -> impl Iterator<Item = Endpoint> {
        self.ranked.iter().map(|(endpoint, _)| *endpoint)
    }
}

/// The computer whose best TCP server and best UDP server together fit best.
fn best_host(ranked: &[(Endpoint, i32)]) -> Option<IpAddr> {
    let mut totals: Vec<(IpAddr, [i32; 2])> = Vec::new();
    let mut places: HashMap<IpAddr, usize> = HashMap::new();
    for ((protocol, address), score) in ranked {
        let place = *places.entry(address.ip).or_insert_with(|| {
            totals.push((address.ip, [0, 0]));
            totals.len() - 1
        });
        if let Some((_, best)) = totals.get_mut(place) {
            let slot = match protocol {
                Protocol::Tcp => &mut best[0],
                Protocol::Udp => &mut best[1],
            };
            *slot = (*slot).max(*score);
        }
    }
    // `max_by_key` takes the last of equals; the first in rank is wanted.
    totals.into_iter().rev().max_by_key(|(_, best)| best.iter().sum::<i32>()).map(|(ip, _)| ip)
}

/// The servers on this computer. Where some act as servers, those that only might be are left out.
fn on_host(
    ranked: &[(Endpoint, i32)],
    host: IpAddr,
    candidates: &HashMap<Endpoint, Candidate>,
) -> Vec<(Endpoint, i32)> {
    let acts = |endpoint: &Endpoint| candidates.get(endpoint).is_some_and(Candidate::acts_as_server);
    let here: Vec<(Endpoint, i32)> = ranked.iter().filter(|((_, address), _)| address.ip == host).copied().collect();
    let some_act = |protocol: Protocol| here.iter().any(|(endpoint, _)| endpoint.0 == protocol && acts(endpoint));
    let (tcp, udp) = (some_act(Protocol::Tcp), some_act(Protocol::Udp));
    here.iter()
        .filter(|(endpoint, _)| {
            acts(endpoint)
                || match endpoint.0 {
                    Protocol::Tcp => !tcp,
                    Protocol::Udp => !udp,
                }
        })
        .copied()
        .collect()
}

/// Where ports were set without their protocol, only those count for each protocol that uses one of them.
fn with_set_ports(mut ranked: Vec<(Endpoint, i32)>, config: &LabConfig) -> Vec<(Endpoint, i32)> {
    let is_set = |endpoint: &Endpoint| config.server_ports.contains(&endpoint.1.port);
    for protocol in [Protocol::Tcp, Protocol::Udp] {
        if ranked.iter().any(|(endpoint, _)| endpoint.0 == protocol && is_set(endpoint)) {
            ranked.retain(|(endpoint, _)| endpoint.0 != protocol || is_set(endpoint));
        }
    }
    ranked
}

/// Servers that the sentence on them names; reports list all.
const NAMED: usize = 8;

/// A sentence that says how host A and its servers were found.
fn why(
    ranked: &[(Endpoint, i32)],
    host: IpAddr,
    candidates: &HashMap<Endpoint, Candidate>,
    config: &LabConfig,
) -> String {
    let mut names: Vec<String> =
        ranked.iter().take(NAMED).map(|((protocol, address), _)| format!("{address} ({protocol})")).collect();
    names.extend(ranked.len().checked_sub(NAMED).filter(|more| *more > 0).map(|more| format!("{more} more")));
    let names = crate::wording::list(&names);
    if config.hosts.contains_key(&HostName::A) {
        let are = if ranked.len() == 1 { "server there is" } else { "servers there are" };
        return format!("Host A was set to {host}; the lab's {are} {names}.");
    }
    let journalled = ranked.iter().any(|(endpoint, _)| candidates.get(endpoint).is_some_and(Candidate::is_journalled));
    if journalled {
        return format!("The servers' journals name {names}.");
    }
    format!(
        "Judged by all socket addresses in the files, the lab's {}, on a local network and a port \
         of no other well-known service.",
        if ranked.len() == 1 {
            format!("server is {names}: clients connect or send to it")
        } else {
            format!("servers are {names}: clients connect or send to them")
        }
    )
}
