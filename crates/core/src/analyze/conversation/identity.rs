//! Whether two captures show the same TCP connection.

use crate::analyze::conversation::tcp::TcpSighting;

/// Whether two sightings are of one connection. The same four addresses and ports are not enough, because they can be
/// used again; the sequence numbers tell (RFC 9293, section 3.4.1: a new connection takes a new initial sequence number).
pub(super) fn same_connection(one: &TcpSighting, other: &TcpSighting) -> bool {
    if one.capture == other.capture || one.client() != other.client() || one.server() != other.server() {
        return false;
    }
    let (Some(a), Some(b)) = (one.client_base(), other.client_base()) else {
        return one.server_base().is_some() && one.server_base() == other.server_base();
    };
    a == b || began_later(one, other, a, b) || began_later(other, one, b, a)
}

/// Whether `late` has no handshake and starts within the sequence numbers that `whole` covers.
fn began_later(whole: &TcpSighting, late: &TcpSighting, whole_base: u32, late_base: u32) -> bool {
    let covered = whole.client_sent().payload_bytes.saturating_add(2);
    late.connection.syn.is_none() && u64::from(late_base.wrapping_sub(whole_base)) <= covered
}
