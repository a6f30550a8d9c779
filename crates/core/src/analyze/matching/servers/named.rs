//! What names a socket address as a server of the lab before any capture is read: the sheet, the user, and the journals.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use foldhash::HashSet;

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

/// What names UDP servers.
pub(super) struct DatagramServers<'c> {
    config: &'c LabConfig,
    /// The local addresses of the journals' UDP sockets.
    told: HashSet<SocketAddress>,
}

impl<'c> DatagramServers<'c> {
    pub(super) fn new(journals: &[NamedJournal], config: &'c LabConfig) -> Self {
        let events = journals.iter().flat_map(|named| &named.journal.events);
        let told = events.filter(|event| event.protocol == Protocol::Udp).filter_map(|event| event.local).collect();
        DatagramServers { config, told }
    }

    /// Whether the user, the sheet or a journal names one at this address.
    pub(super) fn has(&self, address: SocketAddress) -> bool {
        // A socket at the address of all takes what comes to any.
        let any = [Ipv4Addr::UNSPECIFIED.into(), Ipv6Addr::UNSPECIFIED.into()];
        let is_told = |ip: IpAddr| self.told.contains(&SocketAddress { ip, ..address });
        self.config.names_port(Protocol::Udp, address.port)
            || is_on_sheet(self.config, &(Protocol::Udp, address))
            || [address.ip].into_iter().chain(any).any(is_told)
    }
}
