//! Ports that belong to other programs, and addresses that belong to no single host.

use std::net::{IpAddr, Ipv4Addr};

use socklab_packets::limits::LAB_CANDIDATES;
use socklab_packets::pipeline::CaptureFacts;
use socklab_packets::types::{Protocol, SocketAddress};

/// First port that a program without privileges may bind by default (Linux `ip_unprivileged_port_start`).
const FIRST_UNPRIVILEGED_PORT: u16 = 1024;

/// Ports that the bundled programs and common course material give to servers: Python's documentation, its textbooks and
/// tutorials.
const COURSE_PORTS: [u16; 7] = [5000, 9999, 12_000, 12_345, 50_007, 65_432, 65_433];

/// TCP ports above 1023 of programs that students' computers often run (IANA service names, and vendors' documentation):
/// SOCKS, Microsoft's and Oracle's databases, Snapcast, PPTP, MQTT, SSDP, RTMP, NFS, MySQL, remote desktop, STUN, WS-Discovery,
/// IPsec, OPC UA, SIP, XMPP, Google's push, mDNS, LLMNR, PostgreSQL, AMQP, VNC, X11, Redis, Chromecast, TLS on its second port,
/// MQTT over TLS, Kafka, printers, TLS on its third, memcached, Dropbox, MongoDB, Plex, MySQL's other protocol, Spotify, the
/// synchronisation of telephones.
const TCP_SERVICES: [u16; 40] = [
    1080, 1433, 1521, 1704, 1723, 1883, 1900, 1935, 2049, 3306, 3389, 3478, 3702, 4500, 4840, 5060, 5222, 5228, 5353,
    5355, 5432, 5671, 5900, 5901, 6000, 6379, 8009, 8443, 8883, 9092, 9100, 9443, 11_211, 17_500, 27_017, 32_400,
    32_412, 33_060, 57_621, 62_078,
];

/// The UDP ports of those that use datagrams, and of OpenVPN, L2TP, RADIUS, NetFlow, GTP, Teredo, IPFIX, VXLAN, what asks routers
/// for ports, Matter, CoAP, Geneve, sFlow, QUIC on the second port of TLS, and WireGuard.
const UDP_SERVICES: [u16; 30] = [
    1194, 1701, 1812, 1813, 1900, 2049, 2055, 2123, 2152, 3389, 3478, 3544, 3702, 4500, 4739, 4789, 5060, 5351, 5353,
    5355, 5540, 5683, 6081, 6343, 8443, 8472, 17_500, 32_412, 51_820, 57_621,
];

/// Whether the port is one that another program than the lab's is likely to use.
pub(crate) fn is_other_service(protocol: Protocol, port: u16) -> bool {
    let known: &[u16] = match protocol {
        Protocol::Tcp => &TCP_SERVICES,
        Protocol::Udp => &UDP_SERVICES,
    };
    is_privileged(port) || known.binary_search(&port).is_ok()
}

/// Those of the TCP ports above at which clients begin with binary data or TLS, as the protocols say: what begins with plain text
/// there is another program's. (An X11 client's first byte is `B` or `l`, and zeros follow: X Window System Protocol, section 8.)
const WITHOUT_TEXT: [u16; 19] = [
    1080, 1433, 1521, 1723, 1883, 1935, 2049, 3306, 3389, 4840, 5228, 5432, 5671, 6000, 8883, 9092, 27_017, 33_060,
    57_621,
];

/// Whether the service that a TCP port is known for is one in which plain text has no place.
pub(crate) fn has_no_text(protocol: Protocol, port: u16) -> bool {
    protocol == Protocol::Tcp && WITHOUT_TEXT.binary_search(&port).is_ok()
}

/// Whether a program needs privileges to bind the port.
pub(crate) fn is_privileged(port: u16) -> bool {
    port < FIRST_UNPRIVILEGED_PORT
}

/// Whether the port is one that courses give to their servers.
pub(crate) fn is_course_port(port: u16) -> bool {
    COURSE_PORTS.binary_search(&port).is_ok()
}

/// Whether systems pick clients' ports here: Linux from 32768 to 60999 (`ip_local_port_range`), Windows and macOS from
/// 49152 on (RFC 6335, section 6). A server may use such a port all the same, so this tells nothing alone.
pub(crate) fn may_be_ephemeral(port: u16) -> bool {
    port >= 32_768 && !is_course_port(port)
}

/// Whether an address is of the kind that a lab uses: private, link-local, loopback, or for documentation.
pub(crate) fn is_local(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.is_private() || ip.is_link_local() || ip.is_loopback(),
        IpAddr::V6(ip) => {
            ip.is_unique_local()
                || ip.is_unicast_link_local()
                || ip.is_loopback()
                || ip.segments()[..2] == [0x2001, 0xdb8]
        }
    }
}

/// Whether two addresses are of one computer: the same, or both of the loopback network.
pub(crate) fn same_computer(a: IpAddr, b: IpAddr) -> bool {
    computer(a) == computer(b)
}

/// The address that stands for all of a computer's in [`same_computer`].
pub(crate) fn computer(ip: IpAddr) -> IpAddr {
    if ip.is_loopback() { IpAddr::V4(Ipv4Addr::LOCALHOST) } else { ip }
}

/// Whether a socket address of another IP address may be the server's as well, from which it answers: one with its port, or of its
/// computer, by the MAC address.
pub(crate) fn is_other_socket(capture: &CaptureFacts, socket: SocketAddress, server: SocketAddress) -> bool {
    let neighbours = &capture.traffic.other().neighbours;
    let mac = |ip: IpAddr| neighbours.iter().find(|neighbour| neighbour.ip == ip).map(|neighbour| neighbour.mac);
    socket.port == server.port || mac(socket.ip).is_some_and(|own| own != [0; 6] && mac(server.ip) == Some(own))
}

/// Whether a capture has connections of a computer with itself over the loopback address.
pub(crate) fn has_loopback(capture: &CaptureFacts) -> bool {
    let mut ends = capture.traffic.ends(Protocol::Tcp, 0..LAB_CANDIDATES);
    ends.any(|ends| ends.addresses.iter().all(|address| address.ip.is_loopback()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lists_can_be_searched() {
        assert!(WITHOUT_TEXT.is_sorted() && WITHOUT_TEXT.iter().all(|port| TCP_SERVICES.contains(port)));
        assert!(TCP_SERVICES.is_sorted() && UDP_SERVICES.is_sorted() && COURSE_PORTS.is_sorted());
        assert!(is_other_service(Protocol::Tcp, 22) && is_other_service(Protocol::Udp, 5353));
        assert!(is_other_service(Protocol::Tcp, 6000) && !is_other_service(Protocol::Udp, 6000));
        assert!(!is_other_service(Protocol::Tcp, 65_432) && !is_other_service(Protocol::Tcp, 12_000));
    }
}
