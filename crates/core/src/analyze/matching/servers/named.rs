//! What names a socket address as a server of the lab before any capture is read: the sheet, the user, and the journals.

use crate::analyze::matching::servers::services::same_computer;
use crate::journal::NamedJournal;
use crate::lab::LabConfig;
use socklab_packets::types::{Protocol, SocketAddress};

/// Whether the sheet fixes this port for servers of the protocol, and no other address for their computer.
pub(super) fn is_on_sheet(config: &LabConfig, (protocol, address): &(Protocol, SocketAddress)) -> bool {
    let sheet = &config.sheet;
    let mut steps = sheet.recorded().filter(|step| step.runs(*protocol));
    steps.any(|step| step.port() == Some(address.port))
        && sheet.address_of(sheet.server()).is_none_or(|ip| same_computer(ip, address.ip))
}

/// Whether the user, the sheet or a journal names a UDP server at this address.
pub(super) fn is_named_for_datagrams(journals: &[NamedJournal], config: &LabConfig, address: SocketAddress) -> bool {
    config.server_ports.contains(&address.port)
        || config.udp_port == Some(address.port)
        || is_on_sheet(config, &(Protocol::Udp, address))
        || is_journalled(journals, address)
}

/// Whether a journal tells of a UDP socket at this address, which may be that of all addresses.
fn is_journalled(journals: &[NamedJournal], address: SocketAddress) -> bool {
    let is_it =
        |local: SocketAddress| local.port == address.port && (local.ip == address.ip || local.ip.is_unspecified());
    let mut events = journals.iter().flat_map(|named| &named.journal.events);
    events.any(|event| event.protocol == Protocol::Udp && event.local.is_some_and(is_it))
}
