//! Which addresses are near each other.

use std::net::IpAddr;

/// Whether two addresses look as if they were on one link: the same /24, or the same /64.
pub(crate) fn same_link(a: IpAddr, b: IpAddr) -> bool {
    match (a, b) {
        (IpAddr::V4(a), IpAddr::V4(b)) => a.octets()[..3] == b.octets()[..3],
        (IpAddr::V6(a), IpAddr::V6(b)) => a.segments()[..4] == b.segments()[..4],
        _ => false,
    }
}
