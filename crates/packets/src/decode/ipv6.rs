//! IPv6 headers (RFC 8200) and the extension headers that change addresses or lengths.

use std::net::{IpAddr, Ipv6Addr};

use etherparse::{Ipv6FragmentHeaderSlice, Ipv6HeaderSlice, Ipv6RawExtHeaderSlice};

use super::bytes::Bytes;
use super::fragments::{FragmentHeader, FragmentKey, Fragments};
use super::walk::{Layer, Step, Walk};
use crate::packet::{Content, IpAddresses, IpFragment};

/// Option kinds (IANA "Destination Options and Hop-by-Hop Options").
mod kinds {
    pub(super) const PAD1: u8 = 0x00;
    pub(super) const TUNNEL_LIMIT: u8 = 0x04;
    pub(super) const ROUTER_ALERT: u8 = 0x05;
    pub(super) const CALIPSO: u8 = 0x07;
    pub(super) const SMF: u8 = 0x08;
    pub(super) const PERFORMANCE: u8 = 0x0f;
    pub(super) const QUICK_START: u8 = 0x26;
    pub(super) const PATH_MTU: u8 = 0x30;
    pub(super) const IN_SITU_OAM: u8 = 0x31;
    pub(super) const TUNNEL_PAYLOAD: u8 = 0x41;
    pub(super) const RPL: u8 = 0x63;
    pub(super) const MPL: u8 = 0x6d;
    pub(super) const JUMBO_PAYLOAD: u8 = 0xc2;
    pub(super) const HOME_ADDRESS: u8 = 0xc9;
    pub(super) const DEPTH_FIRST: u8 = 0xee;
}

/// Bytes of the fixed header.
const HEADER: usize = 40;

/// An IPv6 header, from its version on.
pub(super) fn header<'a>(walk: &mut Walk, bytes: Bytes<'a>) -> Option<Step<'a>> {
    let header = Ipv6HeaderSlice::from_slice(bytes.captured()).ok()?;
    walk.over_ipv6 = true;
    walk.ip = Some(IpAddresses {
        source: IpAddr::V6(header.source_addr()),
        destination: IpAddr::V6(header.destination_addr()),
    });
    walk.hop_limit = Some(header.hop_limit());
    walk.identification = None;
    walk.ip_length = match header.payload_length() {
        0 => None,
        length => Some(u32::from(length).saturating_add(40)),
    };
    let next = header.next_header().0;
    let rest = bytes.skip(HEADER)?;
    let length = match header.payload_length() {
        0 if next == 0 => jumbo_length(rest).unwrap_or(0),
        length => usize::from(length),
    };
    let payload = rest.truncate(length);
    (walk.ipv6_exceeds, walk.ipv6_reassembled) = (length > rest.length(), false);
    walk.note_padding(rest.length().saturating_sub(payload.length()));
    if payload.length() == 0 {
        return None;
    }
    Some(Step::Next(Layer::IpProtocol(next), payload))
}

/// The length that a Jumbo Payload option in a hop-by-hop header tells (RFC 2675), counted from the end of the fixed
/// header. Lengths that need no such option do not count.
fn jumbo_length(rest: Bytes<'_>) -> Option<usize> {
    let header_length = options_length(rest)?;
    let mut found = None;
    each_option(rest, header_length, |kind, length, data| {
        if kind == kinds::JUMBO_PAYLOAD && length == 4 && found.is_none() {
            found = data.u32(0).and_then(|length| usize::try_from(length).ok());
        }
        Some(())
    });
    found.filter(|&length| length > usize::from(u16::MAX))
}

/// A hop-by-hop or destination options header. A Home Address option (RFC 6275, section 6.3) replaces the source,
/// whatever its length field says.
pub(super) fn options<'a>(walk: &mut Walk, bytes: Bytes<'a>) -> Option<Step<'a>> {
    let header_length = options_length(bytes)?;
    each_option(bytes, header_length, |kind, _, data| {
        if kind == kinds::HOME_ADDRESS {
            let home: [u8; 16] = data.array(0)?;
            walk.ip.as_mut()?.source = IpAddr::V6(Ipv6Addr::from(home));
        }
        Some(())
    })?;
    Some(Step::Next(Layer::IpProtocol(bytes.u8(0)?), bytes.skip(header_length)?))
}

/// Length of an options header in bytes, where it was captured whole.
fn options_length(bytes: Bytes<'_>) -> Option<usize> {
    Some(Ipv6RawExtHeaderSlice::from_slice(bytes.captured()).ok()?.slice().len())
}

/// Calls `visit` with kind, length and data of each option that begins in the header. An option is as long as it says or
/// as the fields of its kind are, whichever is longer. It may run past the header but not past the packet; that, or
/// `None` from `visit`, ends dissection.
fn each_option<'a>(
    bytes: Bytes<'a>,
    header_length: usize,
    mut visit: impl FnMut(u8, usize, Bytes<'a>) -> Option<()>,
) -> Option<()> {
    let mut offset = 2;
    while offset < header_length {
        let kind = bytes.u8(offset)?;
        offset = offset.saturating_add(1);
        if kind == kinds::PAD1 {
            continue;
        }
        let length = usize::from(bytes.u8(offset)?);
        offset = offset.saturating_add(1);
        let data = bytes.skip(offset)?;
        visit(kind, length, data)?;
        offset = offset.saturating_add(length.max(fields_length(kind, length, data)?));
        bytes.skip(offset)?;
    }
    Some(())
}

/// Bytes that the fields of an option's kind take, whatever its length says. `None` where they cannot be told.
fn fields_length(kind: u8, length: usize, data: Bytes<'_>) -> Option<usize> {
    let first = data.u8(0).unwrap_or(0);
    Some(match kind {
        kinds::TUNNEL_LIMIT => 1,
        // RFC 6621: the first bit tells a hash from a tagger identifier, whose type and length the others tell; type 0 has
        // none.
        kinds::SMF => match (first >> 7, first >> 4) {
            (1, _) => 0,
            (_, 0) => 1,
            _ => usize::from(first & 15).saturating_add(2),
        },
        kinds::ROUTER_ALERT => 2,
        kinds::DEPTH_FIRST => 3,
        kinds::PATH_MTU | kinds::TUNNEL_PAYLOAD | kinds::RPL | kinds::JUMBO_PAYLOAD => 4,
        kinds::PERFORMANCE => 10,
        // RFC 9486: a reserved byte comes first, then a type, of which 0 and 1 are traces.
        kinds::IN_SITU_OAM if length == 0 => return None,
        kinds::IN_SITU_OAM if matches!(data.u8(1), Some(0 | 1)) => 10,
        kinds::IN_SITU_OAM => 2,
        kinds::HOME_ADDRESS => 16,
        // RFC 4782: a rate request or report has a nonce, other functions have not.
        kinds::QUICK_START if matches!(first >> 4, 0 | 8) => 6,
        // RFC 5570: the fifth byte counts the 32-bit words of a bitmap after eight bytes.
        kinds::CALIPSO => usize::from(data.u8(4)?).saturating_mul(4).saturating_add(8),
        // RFC 7731: the first two bits tell the length of the seed identifier.
        kinds::MPL => match first >> 6 {
            0 => 2,
            1 => 4,
            2 => 10,
            _ => 18,
        },
        _ => 0,
    })
}

/// A routing header: with segments left, the final destination is one of the addresses that it lists. After an IPv4
/// header, and in a packet that an error quotes, it changes nothing.
pub(super) fn routing<'a>(walk: &mut Walk, bytes: Bytes<'a>) -> Option<Step<'a>> {
    let header = Ipv6RawExtHeaderSlice::from_slice(bytes.captured()).ok()?;
    let next = Step::Next(Layer::IpProtocol(header.next_header().0), bytes.skip(header.slice().len())?);
    if walk.quoted {
        return Some(next);
    }
    let (&[_, _, kind, segments_left], rest) = header.slice().split_first_chunk::<4>()?;
    let (&fixed, listed) = rest.split_first_chunk::<4>()?;
    let ip = walk.ip.as_mut()?;
    let destination = match kind {
        0 => last_address(listed),
        2 => Some(*listed.first_chunk()?),
        3 => rpl_destination(fixed, listed, ip.destination)?,
        4 => Some(first_segment(fixed, listed)?),
        5 => compact_list_is_readable::<2>(segments_left, fixed, listed).then_some(None)?,
        6 => compact_list_is_readable::<4>(segments_left, fixed, listed).then_some(None)?,
        _ => None,
    };
    if let (true, Some(destination)) = (segments_left > 0 && ip.destination.is_ipv6(), destination) {
        ip.destination = IpAddr::V6(Ipv6Addr::from(destination));
    }
    Some(next)
}

/// Type 0 (RFC 5095): the last whole address.
fn last_address(listed: &[u8]) -> Option<[u8; 16]> {
    listed.chunks_exact(16).last()?.try_into().ok()
}

/// Segment routing (RFC 8754): the first address. `None` where the entries that the header counts are not all there.
fn first_segment([last_entry, ..]: [u8; 4], listed: &[u8]) -> Option<[u8; 16]> {
    let entries = usize::from(last_entry).saturating_add(1).saturating_mul(16);
    listed.get(..entries)?.first_chunk().copied()
}

/// Compact Routing (RFC 9631), whose segment identifiers of `N` bytes begin where other types have four fixed bytes.
/// They are no addresses. Wireshark reads them up to one of 0, so that a list without that ends dissection.
fn compact_list_is_readable<const N: usize>(segments_left: u8, fixed: [u8; 4], listed: &[u8]) -> bool {
    let identifiers = fixed.len().saturating_add(listed.len()) / N;
    let mut list = fixed.chunks_exact(N).chain(listed.chunks_exact(N));
    usize::from(segments_left) < identifiers && list.any(|identifier| identifier.iter().all(|byte| *byte == 0))
}

/// RPL (RFC 6554): the last address, its beginning left out and taken from the header's destination. `None` where the
/// addresses are not all there, `Some(None)` where there is none.
fn rpl_destination([compression, padding, ..]: [u8; 4], listed: &[u8], from: IpAddr) -> Option<Option<[u8; 16]>> {
    if listed.is_empty() {
        return Some(None);
    }
    let (each, last) = (16 - usize::from(compression >> 4), 16 - usize::from(compression & 15));
    let padding = usize::from(padding >> 4);
    // As in RFC 6554, section 3, but rounded towards zero where the padding is longer than the list.
    let before_last = match listed.len().checked_sub(padding.saturating_add(last)) {
        Some(bytes) => bytes / each,
        None if padding.saturating_add(last).saturating_sub(listed.len()) < each => 0,
        None => return Some(None),
    };
    let own = listed.get(before_last.saturating_mul(each)..)?.get(..last)?;
    let mut address = match from {
        IpAddr::V6(from) => from.octets(),
        IpAddr::V4(_) => [0; 16],
    };
    address.last_chunk_mut::<16>()?.get_mut(16 - last..)?.copy_from_slice(own);
    Some(Some(address))
}

/// A fragment header. One that fragments nothing ("atomic", RFC 6946) is passed at once, and so is any in a packet
/// without an IPv6 header, and a second one in a datagram put together; a fragment that is not there whole is dropped.
pub(super) fn fragment<'a>(walk: &mut Walk, fragments: &mut Fragments, bytes: Bytes<'a>) -> Option<Step<'a>> {
    let header = Ipv6FragmentHeaderSlice::from_slice(bytes.captured()).ok()?;
    let payload = bytes.skip(8)?;
    let protocol = header.next_header().0;
    let addresses = walk.ip?;
    if !header.is_fragmenting_payload() || !walk.over_ipv6 || walk.ipv6_reassembled {
        return Some(Step::Next(Layer::IpProtocol(protocol), payload));
    }
    if payload.length() == 0 || !payload.is_complete() || walk.ipv6_exceeds {
        return Some(Step::end(Content::Fragment(IpFragment { protocol, ports: None })));
    }
    walk.ipv6_reassembled = true;
    let fragment = FragmentHeader {
        key: FragmentKey {
            source: addresses.source,
            destination: addresses.destination,
            identification: header.identification(),
        },
        protocol,
        offset: u32::from(header.fragment_offset().value()).saturating_mul(8),
        more: header.more_fragments(),
    };
    Some(fragments.add(fragment, payload.captured()))
}
