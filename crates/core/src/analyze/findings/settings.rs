//! What was set and does not fit the files: a port that no client went to, the step of another protocol.

use crate::analyze::analysis::{Code, Finding, Severity};
use crate::analyze::findings::made::{of_all, of_file};
use crate::analyze::matching::LabView;
use crate::analyze::text::{Text, say};
use crate::lab::Step;
use crate::wording::list;
use socklab_packets::types::Protocol;

/// Looks at all that was set.
pub(super) fn find(view: &LabView<'_>, found: &mut Vec<Finding>) {
    if let Some(message) = unused_ports(view) {
        found.push(of_all(Code::SettingUnused, Severity::Warning, message));
    }
    for capture in 0..view.captures.len() {
        if let Some(message) = step_of_other_protocol(view, capture) {
            found.push(of_file(view, capture, Code::SettingUnused, Severity::Warning, message, None));
        }
    }
}

/// Ports of the server that were set, where the lab's clients went to none of them. Of several, some may be of other files.
fn unused_ports(view: &LabView<'_>) -> Option<Text> {
    let ports = &view.config.server_ports;
    let servers: Vec<_> = view.servers.endpoints().map(|(_, address)| address).collect();
    if ports.is_empty() || servers.is_empty() || servers.iter().any(|server| ports.contains(&server.port)) {
        return None;
    }
    let set = Text::list(ports.iter().map(|port| Text::from(port.to_string())));
    let noun = if ports.len() == 1 { "port" } else { "ports" };
    let answered = Text::list(servers.into_iter().map(Text::from));
    Some(say![
        format!("The server was said to be at {noun} "),
        set,
        ", where no client of the lab goes in these files. The answers are about ",
        answered,
        "."
    ])
}

/// The step that was set for a file that has streams of the lab, but none of the step's protocol.
fn step_of_other_protocol(view: &LabView<'_>, capture: usize) -> Option<Text> {
    let set = view.config.step_of(view.file(capture))?;
    let protocol = set.protocol()?;
    let has_tcp = view.connections().any(|connection| connection.in_capture(capture).is_some());
    let has_udp = view.conversations().any(|it| it.sightings().iter().any(|sighting| sighting.capture == capture));
    let (has, lacks) = match protocol {
        Protocol::Tcp => (has_tcp, "TCP connection"),
        Protocol::Udp => (has_udp, "UDP datagram"),
    };
    if has || !(has_tcp || has_udp) {
        return None;
    }
    let held = view.steps.get(capture).map(|steps| steps.iter().map(|recorded| recorded.step.name()));
    let held = held.map(|names| names.collect::<Vec<_>>()).filter(|names| !names.is_empty());
    let held = held.map(|names| format!(" It is taken for {}.", list(&names))).unwrap_or_default();
    Some(say![format!("{} was set for this file, which has no {lacks} of the lab.{held}", Step::name(&set))])
}
