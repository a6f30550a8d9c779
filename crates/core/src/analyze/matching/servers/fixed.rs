//! Ports that the sheet fixes: where clients of each are there, what went to other ports of the same protocol is not the lab's.

use std::collections::BTreeSet;

use crate::analyze::matching::servers::candidates::Endpoint;
use crate::lab::Sheet;
use socklab_packets::types::Protocol;

/// The servers without those at ports that no step fixes, where every step of that protocol fixes one and all of these were
/// reached. Where one was not, or several steps share one, the student may have used another port for a step. `is_kept` is whether the user named a server.
pub(super) fn at_fixed_ports(
    sheet: &Sheet,
    mut servers: Vec<(Endpoint, i32)>,
    was_reached: impl Fn(&Endpoint) -> bool,
    is_kept: impl Fn(&Endpoint) -> bool,
) -> Vec<(Endpoint, i32)> {
    for protocol in [Protocol::Tcp, Protocol::Udp] {
        let steps = || sheet.recorded().filter(|step| step.runs(protocol));
        let fixed: Option<BTreeSet<u16>> = steps().map(|step| step.port()).collect();
        let wanted: BTreeSet<u16> = steps().filter(|step| !step.is_refused()).filter_map(|step| step.port()).collect();
        let is_there = |port: &u16| {
            servers
                .iter()
                .any(|(endpoint, _)| endpoint.0 == protocol && endpoint.1.port == *port && was_reached(endpoint))
        };
        let is_shared = steps().filter(|step| !step.is_refused()).count() > wanted.len();
        let is_told = !wanted.is_empty() && !is_shared && wanted.iter().all(is_there);
        let Some(fixed) = fixed.filter(|_| is_told) else { continue };
        servers.retain(|(endpoint, _)| endpoint.0 != protocol || fixed.contains(&endpoint.1.port) || is_kept(endpoint));
    }
    servers
}
