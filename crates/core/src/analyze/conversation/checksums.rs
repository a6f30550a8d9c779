//! Checksums as the sender's system leaves them to its network card, which is how a capture there has them.

use crate::analyze::row::RowNote;
use std::net::IpAddr;

/// The number of TCP in the pseudo-header (RFC 9293, section 3.1).
const TCP: u32 = 6;

/// What the checksums of a connection begin with: the sum of both addresses and the protocol, which is the same both ways. A
/// system that leaves a checksum to the network card writes this and the segment's length into its place.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct PseudoHeader(u16);

impl PseudoHeader {
    /// That of a connection between these addresses.
    pub(super) fn of(addresses: [IpAddr; 2]) -> PseudoHeader {
        let words = |address: IpAddr| match address {
            IpAddr::V4(v4) => (v4.to_bits() >> 16).saturating_add(v4.to_bits() & 0xffff),
            IpAddr::V6(v6) => v6.segments().into_iter().map(u32::from).fold(0, u32::saturating_add),
        };
        let sum = addresses.into_iter().map(words).fold(TCP, u32::saturating_add);
        PseudoHeader(folded(sum))
    }

    /// The checksum that this segment has before the network card fills it in.
    pub(super) fn unfinished(self, note: &RowNote) -> u16 {
        let length = u32::from(note.header_length).saturating_add(note.payload_length);
        folded(u32::from(self.0).saturating_add(length))
    }
}

/// The sum in ones' complement (RFC 1071).
fn folded(mut sum: u32) -> u16 {
    loop {
        let (carry, word) = (sum >> 16, sum & 0xffff);
        if carry == 0 {
            return u16::try_from(word).unwrap_or(u16::MAX);
        }
        sum = word.saturating_add(carry);
    }
}
