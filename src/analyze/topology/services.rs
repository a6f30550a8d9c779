//! Ports that belong to other programs: what a lab's server hardly ever stands on.

use crate::types::Protocol;

/// First port that a program without privileges may bind by default (Linux `ip_unprivileged_port_start`).
const FIRST_UNPRIVILEGED_PORT: u16 = 1024;

/// The range from which Linux picks client ports by default (`ip_local_port_range`).
pub(crate) const EPHEMERAL_PORTS: std::ops::RangeInclusive<u16> = 32_768..=60_999;

/// Ports above 1023 of programs that students' computers often run (IANA service names, and vendors' documentation):
/// SOCKS, NFS, SSDP, MySQL, WS-Discovery, remote desktop, STUN, SIP, mDNS, LLMNR, VNC, Chromecast, Dropbox, Spotify,
/// Plex, printers, MQTT, PostgreSQL, Redis, X11.
const KNOWN_SERVICES: [u16; 27] = [
    1080, 1883, 1900, 2049, 3306, 3389, 3478, 3702, 4500, 5060, 5222, 5228, 5353, 5355, 5432, 5671, 5900, 5901, 6000,
    6379, 8009, 8883, 9100, 17_500, 32_400, 32_412, 57_621,
];

/// Whether the port is one that another program than the lab's is likely to stand on.
pub(crate) fn is_other_service(protocol: Protocol, port: u16) -> bool {
    port < FIRST_UNPRIVILEGED_PORT
        || KNOWN_SERVICES.binary_search(&port).is_ok()
        || (protocol == Protocol::Udp && matches!(port, 1194 | 51_820))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_can_be_searched() {
        assert!(KNOWN_SERVICES.is_sorted());
        assert!(is_other_service(Protocol::Tcp, 22) && is_other_service(Protocol::Udp, 5353));
        assert!(!is_other_service(Protocol::Tcp, 65_432) && !is_other_service(Protocol::Tcp, 12_000));
    }
}
