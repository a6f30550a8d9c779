//! Wireshark's rules for single segments, and the arithmetic of sequence numbers.

use super::arrival::Header;
use crate::packet::TcpFlags;

/// The bits of `tcp.completeness`.
pub(super) mod completeness {
    pub(in crate::track) const SYN: u8 = 1;
    pub(in crate::track) const SYN_ACK: u8 = 2;
    pub(in crate::track) const ACK: u8 = 4;
    pub(in crate::track) const DATA: u8 = 8;
    pub(in crate::track) const FIN: u8 = 16;
    pub(in crate::track) const RST: u8 = 32;
}

/// Both flags of a SYN-ACK.
pub(super) const SYN_ACK: TcpFlags = TcpFlags(TcpFlags::SYN.0 | TcpFlags::ACK.0);

/// Flags of a segment that is no keep-alive and no pure acknowledgement.
pub(super) const SYN_FIN_RST: u8 = TcpFlags::SYN.0 | TcpFlags::FIN.0 | TcpFlags::RST.0;

/// The completeness bits of a segment on its own. Without ACK, payload and FIN add nothing; payload takes the place of
/// the ACK bit; payload of a SYN does not count.
#[inline]
pub(super) fn completeness_of(header: &Header) -> u8 {
    let has_data = header.payload_length.is_some_and(|length| length > 0);
    let place = usize::from(header.flags.0 & 0x1f) | if has_data { 0x20 } else { 0 };
    COMPLETENESS.get(place).copied().unwrap_or(0)
}

/// [`completeness_of`] by the low five flags, and 0x20 for payload: a look costs less than the questions.
#[expect(clippy::indexing_slicing, reason = "computed by the compiler, which checks it")]
const COMPLETENESS: [u8; 0x40] = {
    let mut table = [0; 0x40];
    let mut place = 0;
    while place < table.len() {
        table[place] = completeness_bits(TcpFlags((place & 0x1f) as u8), place & 0x20 != 0);
        place += 1;
    }
    table
};

const fn completeness_bits(flags: TcpFlags, has_data: bool) -> u8 {
    let reset = if flags.has(TcpFlags::RST) { completeness::RST } else { 0 };
    if !flags.has(TcpFlags::ACK) {
        return reset;
    }
    let fin = if flags.has(TcpFlags::FIN) { completeness::FIN } else { 0 };
    let kind = if flags.has(TcpFlags::SYN) {
        completeness::SYN_ACK
    } else if has_data {
        completeness::DATA
    } else {
        completeness::ACK
    };
    reset | fin | kind
}

/// SYN set and ACK clear.
#[inline]
pub(super) fn is_syn(flags: TcpFlags) -> bool {
    flags.0 & SYN_ACK.0 == TcpFlags::SYN.0
}

/// Whether sequence number `a` comes after `b`, modulo 2^32 (RFC 9293, section 3.4).
#[inline]
pub(super) fn is_after(a: u32, b: u32) -> bool {
    a.wrapping_sub(b).wrapping_sub(1) < 0x7fff_ffff
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sequence_numbers_wrap() {
        assert!(is_after(1, 0) && is_after(0, u32::MAX) && is_after(0x7fff_ffff, 0));
        assert!(!is_after(0, 0) && !is_after(0, 1) && !is_after(u32::MAX, 0) && !is_after(0x8000_0000, 0));
    }
}
