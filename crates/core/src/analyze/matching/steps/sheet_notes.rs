//! What a sheet makes hard to tell from captures: no mistake, but points will wait for it.

use crate::analyze::matching::steps::doubts::{alike_hosts, are_told_by_company};
use crate::lab::{Does, HostName, Sheet, Step};
use crate::wording;
use socklab_packets::types::Protocol;

/// What a lecturer should know of a sheet before anybody works with it, in sentences.
pub fn sheet_notes(sheet: &Sheet) -> Vec<String> {
    [alike_steps(sheet), hosts_without_addresses(sheet), ports_without_servers(sheet)].concat()
}

/// Steps whose connections look the same.
fn alike_steps(sheet: &Sheet) -> Vec<String> {
    let mut groups: Vec<(_, Vec<&Step>)> = Vec::new();
    for step in sheet.recorded() {
        // Over UDP clients side by side look like others.
        let is_parallel = step.is_parallel() && step.protocol() == Some(Protocol::Tcp);
        for host in step.hosts() {
            let key = (*host, step.protocol(), step.port(), is_parallel, step.is_refused());
            match groups.iter_mut().find(|(own, _)| *own == key) {
                Some((_, steps)) => steps.push(step),
                None => groups.push((key, vec![step])),
            }
        }
    }
    groups.retain(|(_, steps)| steps.len() > 1);
    let mut notes: Vec<String> = Vec::new();
    for ((host, ..), steps) in &groups {
        let names = wording::list(steps.iter().map(|step| step.name()));
        let clients: u32 = steps.iter().map(|step| step.clients()).fold(0, u32::saturating_add);
        let note = format!(
            "The clients of {names} run on host {host} and go to the same port. Only the order of their times tells these \
             steps apart, and only where the captures show {clients} clients there, as the sheet has: else points wait for \
             you. Servers at different ports would tell them apart."
        );
        notes.push(note);
    }
    notes
}

/// Hosts that do the same, but for who comes to whose open connection, and have no address.
fn hosts_without_addresses(sheet: &Sheet) -> Vec<String> {
    let mut groups: Vec<Vec<HostName>> = alike_hosts(sheet);
    groups.iter_mut().for_each(|group| group.retain(|host| sheet.address_of(*host).is_none()));
    let groups = groups.iter().filter(|group| group.len() > 1);
    let note = |group: &Vec<HostName>| {
        let hosts = wording::list(group);
        match are_told_by_company(sheet, group) {
            true => format!(
                "Hosts {hosts} have no address, and differ only in who comes while another one's client is open. Captures \
                 made at them show that only where a line had to wait for its answer; a capture at the server shows it. \
                 Else points wait for you. Give them addresses."
            ),
            false => format!(
                "Hosts {hosts} do the same and have no address: nothing tells whose a capture is, and points wait for you. \
                 Give them addresses."
            ),
        }
    };
    groups.map(note).collect()
}

/// Steps whose clients go to a port at which the sheet starts no server.
fn ports_without_servers(sheet: &Sheet) -> Vec<String> {
    let note = |step: &Step| {
        let port = step.port().filter(|_| !step.is_refused())?;
        let mut servers = sheet.steps().iter().filter(|other| {
            matches!(other.does(), Does::Server | Does::SecondServer) && other.protocol() == step.protocol()
        });
        let is_served = servers.any(|server| server.port().is_none_or(|own| own == port));
        let protocol = step.protocol().map(|protocol| format!("{protocol} ")).unwrap_or_default();
        let text = || {
            format!("The clients of {} go to port {port}, but no step starts a {protocol}server there.", step.name())
        };
        (!is_served).then(text)
    };
    sheet.recorded().filter_map(note).collect()
}
