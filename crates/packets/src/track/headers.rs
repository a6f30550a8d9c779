//! What only the notes on single frames remember of their headers.

use crate::decode::{TcpOptions, acknowledged_beyond};
use crate::types::Protocol;
use std::num::NonZeroU32;

/// Fields of a frame's headers that no connection is followed by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Fields {
    /// Bytes of the frame on the wire.
    pub(super) frame_length: u32,
    /// Bytes of the IP packet; 0 where its header does not tell.
    pub(super) ip_length: u32,
    /// The TCP window as sent.
    pub(super) window: u16,
    /// The checksum of TCP or UDP as sent.
    pub(super) checksum: u16,
    /// Bytes of the TCP or UDP header.
    pub(super) header_length: u8,
    /// Time to live or hop limit.
    pub(super) hop_limit: Option<u8>,
    /// Identification of the IPv4 header; 0 where there is none.
    pub(super) identification: u16,
    /// How far beyond its acknowledgement number a TCP segment acknowledges data selectively.
    pub(super) acknowledged_beyond: Option<NonZeroU32>,
}

/// What the notes remember of an IP header, where it tells.
#[derive(Debug, Clone, Copy)]
pub(super) struct IpFields {
    /// Time to live or hop limit.
    pub(super) hop_limit: Option<u8>,
    /// Bytes of the IP packet.
    pub(super) length: Option<u32>,
    /// Identification of the IPv4 header.
    pub(super) identification: Option<u16>,
}

impl Fields {
    /// Reads the captured bytes of a header; what was not captured is 0.
    pub(super) fn new(protocol: Protocol, header: &[u8], ip: IpFields, frame_length: u32) -> Fields {
        let (hop_limit, ip_length) = (ip.hop_limit, ip.length.unwrap_or(0));
        let identification = ip.identification.unwrap_or(0);
        let word =
            |at: usize| header.get(at..).and_then(|rest| rest.first_chunk()).copied().map_or(0, u16::from_be_bytes);
        match protocol {
            Protocol::Tcp => Fields {
                frame_length,
                ip_length,
                window: word(14),
                checksum: word(16),
                header_length: header.get(12).map_or(0, |offset| (offset >> 4).saturating_mul(4)),
                hop_limit,
                identification,
                acknowledged_beyond: acknowledged_beyond(header),
            },
            Protocol::Udp => Fields {
                frame_length,
                ip_length,
                window: 0,
                checksum: word(6),
                header_length: 8,
                hop_limit,
                identification,
                acknowledged_beyond: None,
            },
        }
    }
}

/// What a SYN offers, or `None` for any other frame. `has_syn` is true for a SYN.
pub(super) fn offered(has_syn: bool, header: &[u8]) -> Option<TcpOptions> {
    has_syn.then(|| TcpOptions::of_header(header))
}
