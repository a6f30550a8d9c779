//! Whether two captures show the same TCP connection.

use crate::analyze::conversation::tcp::TcpSighting;
use socklab_packets::track::Close;

/// Bytes that an end may have sent while nobody captured: a few lines, or a small file. That another connection between the same
/// addresses is as near at both ends is next to impossible, since a system moves on its initial numbers all the time (RFC 9293,
/// section 3.4.1).
const SENT_UNSEEN: u64 = 1 << 16;

/// Whether two sightings are of one connection. The same four addresses and ports are not enough, because they can be
/// used again; the sequence numbers tell (RFC 9293, section 3.4.1: a new connection takes a new initial sequence number).
pub(super) fn same_connection(one: &TcpSighting, other: &TcpSighting) -> bool {
    if one.capture == other.capture || one.client() != other.client() || one.server() != other.server() {
        return false;
    }
    let (Some(a), Some(b)) = (one.client_base(), other.client_base()) else {
        return one.server_base().is_some() && one.server_base() == other.server_base();
    };
    a == b
        || began_later(one, other, a, b)
        || began_later(other, one, b, a)
        || goes_on(one, other)
        || goes_on(other, one)
}

/// Whether `late` has no handshake and starts within the sequence numbers that `whole` covers.
fn began_later(whole: &TcpSighting, late: &TcpSighting, whole_base: u32, late_base: u32) -> bool {
    let covered = whole.client_sent().payload_bytes.saturating_add(2);
    late.connection.syn.is_none() && later_by(whole_base, late_base) <= covered
}

/// By how many numbers a later base comes after an earlier one. A capture that begins with a keep-alive, which has the number before
/// the next one, has a base one less.
fn later_by(base: u32, later: u32) -> u64 {
    match later.wrapping_sub(base) {
        u32::MAX => 0,
        numbers => u64::from(numbers),
    }
}

/// Whether `late` has no handshake and goes on at both ends where `begun` was when its capture stopped, or a little later: the
/// capture was stopped and started again, and something may have been sent in between. One that had ended does not go on.
fn goes_on(begun: &TcpSighting, late: &TcpSighting) -> bool {
    let (client, server) = (begun.client_side, begun.client_side.other());
    let both_closed = begun.connection.fin(client).is_some() && begun.connection.fin(server).is_some();
    if late.connection.syn.is_some()
        || late.connection.syn_ack.is_some()
        || both_closed
        || begun.connection.close == Close::Reset
    {
        return false;
    }
    let is_near = |begin: Option<u32>, now: Option<u32>, sent: u64| {
        let most = sent.saturating_add(SENT_UNSEEN);
        begin.zip(now).is_some_and(|(begin, now)| later_by(begin, now) <= most)
    };
    is_near(begun.client_base(), late.client_base(), begun.client_sent().payload_bytes)
        && is_near(begun.server_base(), late.server_base(), begun.server_sent().payload_bytes)
}
