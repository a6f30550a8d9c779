//! IPv6 headers (RFC 8200) and the extension headers that change addresses or lengths.

use std::net::{IpAddr, Ipv6Addr};

use etherparse::{Ipv6FragmentHeaderSlice, Ipv6HeaderSlice, Ipv6RawExtHeaderSlice};

use super::bytes::Bytes;
use super::fragments::{Fragment, FragmentKey, Fragments};
use super::{Layer, Step, Walk};
use crate::analyze::packet::{Content, IpAddresses};

/// Option kinds (IANA "Destination Options and Hop-by-Hop Options").
const PAD1: u8 = 0x00;
const JUMBO_PAYLOAD: u8 = 0xc2;
const HOME_ADDRESS: u8 = 0xc9;

/// Bytes of the fixed header.
const HEADER: usize = 40;

/// An IPv6 header, from its version on.
pub(super) fn header<'a>(walk: &mut Walk, bytes: Bytes<'a>) -> Option<Step<'a>> {
    let header = Ipv6HeaderSlice::from_slice(bytes.captured()).ok()?;
    walk.ip = Some(IpAddresses {
        source: IpAddr::V6(header.source_addr()),
        destination: IpAddr::V6(header.destination_addr()),
    });
    let next = header.next_header().0;
    let rest = bytes.skip(HEADER)?;
    let length = match header.payload_length() {
        0 if next == 0 => jumbo_length(rest).unwrap_or(0),
        length => usize::from(length),
    };
    let payload = rest.truncate(length);
    walk.note_padding(rest.length().saturating_sub(payload.length()));
    if payload.length() == 0 {
        return None;
    }
    Some(Step::Next(Layer::IpProtocol(next), payload))
}

/// The length that a Jumbo Payload option in a hop-by-hop header tells (RFC 2675), counted from the end of the fixed
/// header.
fn jumbo_length(rest: Bytes<'_>) -> Option<usize> {
    let header = Ipv6RawExtHeaderSlice::from_slice(rest.captured()).ok()?;
    let mut found = None;
    each_option(header.slice(), |kind, data| {
        if let (JUMBO_PAYLOAD, Ok(length)) = (kind, <[u8; 4]>::try_from(data)) {
            found = usize::try_from(u32::from_be_bytes(length)).ok();
        }
    });
    found
}

/// A hop-by-hop or destination options header. A Home Address option (RFC 6275, section 6.3) replaces the source.
pub(super) fn options<'a>(walk: &mut Walk, bytes: Bytes<'a>) -> Option<Step<'a>> {
    let header = Ipv6RawExtHeaderSlice::from_slice(bytes.captured()).ok()?;
    let mut home = None;
    let readable = each_option(header.slice(), |kind, data| {
        if let (HOME_ADDRESS, Ok(address)) = (kind, <[u8; 16]>::try_from(data)) {
            home = Some(Ipv6Addr::from(address));
        }
    });
    if let (Some(home), Some(ip)) = (home, walk.ip.as_mut()) {
        ip.source = IpAddr::V6(home);
    }
    if !readable {
        return None;
    }
    Some(Step::Next(Layer::IpProtocol(header.next_header().0), bytes.skip(header.slice().len())?))
}

/// Calls `visit` with kind and data of each option; false where one runs past the end of the header.
fn each_option(header: &[u8], mut visit: impl FnMut(u8, &[u8])) -> bool {
    let mut options = header.get(2..).unwrap_or_default();
    while let [kind, rest @ ..] = options {
        if *kind == PAD1 {
            options = rest;
            continue;
        }
        let Some((&length, rest)) = rest.split_first() else { return false };
        let Some((data, rest)) = rest.split_at_checked(usize::from(length)) else { return false };
        visit(*kind, data);
        options = rest;
    }
    true
}

/// A routing header: with segments left, the final destination is one of the addresses that it lists.
pub(super) fn routing<'a>(walk: &mut Walk, bytes: Bytes<'a>) -> Option<Step<'a>> {
    let header = Ipv6RawExtHeaderSlice::from_slice(bytes.captured()).ok()?;
    if let (Some(destination), Some(ip)) = (routed_to(header.slice()), walk.ip.as_mut()) {
        ip.destination = IpAddr::V6(destination);
    }
    Some(Step::Next(Layer::IpProtocol(header.next_header().0), bytes.skip(header.slice().len())?))
}

/// The final destination in a routing header: types 0 (RFC 5095) and 3 (RPL, RFC 6554) list it last, types 2 (RFC 6275)
/// and 4 (segment routing, RFC 8754) first.
fn routed_to(header: &[u8]) -> Option<Ipv6Addr> {
    let (&[_, _, kind, segments_left], listed) = header.split_first_chunk::<4>()?;
    if segments_left == 0 {
        return None;
    }
    let addresses = listed.get(4..)?;
    let address: [u8; 16] = match kind {
        0 | 3 => *addresses.last_chunk()?,
        2 | 4 => *addresses.first_chunk()?,
        _ => return None,
    };
    Some(Ipv6Addr::from(address))
}

/// A fragment header. One that fragments nothing ("atomic", RFC 6946) is passed at once; a fragment that was not
/// captured whole is dropped.
pub(super) fn fragment<'a>(walk: &mut Walk, fragments: &mut Fragments, bytes: Bytes<'a>) -> Option<Step<'a>> {
    let header = Ipv6FragmentHeaderSlice::from_slice(bytes.captured()).ok()?;
    let payload = bytes.skip(8)?;
    let protocol = header.next_header().0;
    if !header.is_fragmenting_payload() {
        return Some(Step::Next(Layer::IpProtocol(protocol), payload));
    }
    if payload.length() == 0 || !payload.is_complete() {
        return Some(Step::end(Content::Fragment));
    }
    let addresses = walk.ip?;
    let fragment = Fragment {
        key: FragmentKey {
            source: addresses.source,
            destination: addresses.destination,
            identification: header.identification(),
            protocol_and_vlan: (0, 0),
        },
        protocol,
        offset: u32::from(header.fragment_offset().value()).saturating_mul(8),
        more: header.more_fragments(),
    };
    Some(fragments.add(fragment, payload.captured()))
}
