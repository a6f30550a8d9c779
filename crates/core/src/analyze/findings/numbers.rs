//! Findings about stream numbers: where Wireshark's screen may show others than the reports.

use crate::analyze::analysis::{Code, Finding, Severity};
use crate::analyze::findings::made::of_file;
use crate::analyze::matching::LabView;
use crate::wording::{address_filter, list};
use socklab_packets::track::Traffic;
use socklab_packets::types::{FrameNumber, Protocol, SocketAddress};

/// Looks at one file.
pub(super) fn find(view: &LabView<'_>, number: usize, found: &mut Vec<Finding>) {
    let Some(capture) = view.captures.get(number) else { return };
    let traffic = &capture.traffic;
    for message in moved(view, number, traffic).into_iter().chain(split(traffic)) {
        found.push(of_file(view, number, Code::StreamNumbers, Severity::Info, message, None));
    }
}

/// Tunnels and applications after which streams may bear other numbers. The example is a stream of the lab, if any is
/// concerned.
fn moved(view: &LabView<'_>, number: usize, traffic: &Traffic) -> Option<String> {
    if traffic.elsewhere().is_empty() {
        return None;
    }
    let (protocol, ends, first_frame) = of_lab(view, number)
        .chain(all(traffic))
        .find(|(protocol, _, first_frame)| traffic.may_be_numbered_otherwise(*protocol, *first_frame))?;
    let mut kinds: Vec<_> = traffic.elsewhere().iter().filter(|kind| kind.concerns(protocol, first_frame)).collect();
    kinds.sort_by_key(|kind| kind.from);
    let from = kinds.first()?.from;
    let names: Vec<&str> = kinds.iter().map(|kind| kind.kind.name()).collect();
    Some(format!(
        "From frame {from} on ({}) Wireshark may show other stream numbers than this report; a filter by addresses finds a \
         stream whatever its number ({}).",
        list(&names),
        address_filter(protocol, ends),
    ))
}

/// A conversation that goes on under another number, because Wireshark takes it for SNMP.
fn split(traffic: &Traffic) -> Option<String> {
    let split = |protocol| traffic.split(protocol).iter().map(move |split| (protocol, split));
    let (protocol, first) = split(Protocol::Udp).chain(split(Protocol::Tcp)).next()?;
    let ends = match protocol {
        Protocol::Tcp => traffic.tcp(first.stream)?.addresses,
        Protocol::Udp => traffic.udp(first.stream)?.addresses,
    };
    Some(format!(
        "From frame {} on (SNMP) Wireshark shows {protocol} stream {} as stream {}; a filter by addresses finds all of it ({}).",
        first.from,
        first.stream,
        first.second,
        address_filter(protocol, ends),
    ))
}

type Stream = (Protocol, [SocketAddress; 2], FrameNumber);

fn of_lab<'a>(view: &'a LabView<'_>, number: usize) -> impl Iterator<Item = Stream> + 'a {
    let tcp = view.connections().flat_map(|connection| connection.sightings());
    let tcp = tcp.filter(move |sighting| sighting.capture == number).map(|sighting| &sighting.connection);
    let udp = view.conversations().flat_map(|conversation| conversation.sightings());
    let udp = udp.filter(move |sighting| sighting.capture == number).map(|sighting| &sighting.conversation);
    tcp.map(|c| (Protocol::Tcp, c.addresses, c.first_frame.number()))
        .chain(udp.map(|c| (Protocol::Udp, c.addresses, c.first_frame.number())))
}

fn all(traffic: &Traffic) -> impl Iterator<Item = Stream> + '_ {
    let tcp = traffic.tcp_connections().map(|c| (Protocol::Tcp, c.addresses, c.first_frame));
    tcp.chain(traffic.udp_conversations().map(|c| (Protocol::Udp, c.addresses, c.first_frame)))
}
