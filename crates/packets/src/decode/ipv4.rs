//! IPv4 headers (RFC 791): lengths, options, source routes, fragments.

use std::net::{IpAddr, Ipv4Addr};

use etherparse::Ipv4HeaderSlice;

use super::bytes::Bytes;
use super::fragments::{FragmentHeader, FragmentKey, Fragments};
use super::walk::{Layer, Step, Walk};
use crate::packet::{Content, IpAddresses, IpFragment};

/// Option kinds (IANA "IP Option Numbers").
mod options {
    pub(super) const END: u8 = 0;
    pub(super) const NO_OPERATION: u8 = 1;
    pub(super) const RECORD_ROUTE: u8 = 7;
    pub(super) const MTU_PROBE: u8 = 11;
    pub(super) const MTU_REPLY: u8 = 12;
    pub(super) const QUICK_START: u8 = 25;
    pub(super) const TIMESTAMP: u8 = 68;
    pub(super) const TRACEROUTE: u8 = 82;
    pub(super) const SECURITY: u8 = 130;
    pub(super) const LOOSE_SOURCE_ROUTE: u8 = 131;
    pub(super) const EXTENDED_SECURITY: u8 = 133;
    pub(super) const COMMERCIAL_SECURITY: u8 = 134;
    pub(super) const STREAM_ID: u8 = 136;
    pub(super) const STRICT_SOURCE_ROUTE: u8 = 137;
    pub(super) const ROUTER_ALERT: u8 = 148;
}

/// An IPv4 header, from its version on.
pub(super) fn header<'a>(walk: &mut Walk, fragments: &mut Fragments, bytes: Bytes<'a>) -> Option<Step<'a>> {
    let header = Ipv4HeaderSlice::from_slice(bytes.captured()).ok()?;
    let packet = by_total_length(usize::from(header.total_len()), header.slice().len(), bytes)?;
    walk.note_padding(bytes.length().saturating_sub(packet.length()));
    let destination = source_routed(header.options()).unwrap_or(header.destination_addr());
    walk.ip = Some(IpAddresses { source: IpAddr::V4(header.source_addr()), destination: IpAddr::V4(destination) });
    walk.hop_limit = Some(header.ttl());
    walk.identification = Some(header.identification());
    // 0 is left for the network card to fill in.
    walk.ip_length = match header.total_len() {
        0 => u32::try_from(packet.length()).ok(),
        length => Some(length.into()),
    };
    // In a quoted header they do not end dissection.
    if !walk.quoted && !options_are_readable(header.options()) {
        return None;
    }
    let payload = packet.skip(header.slice().len())?;
    let protocol = header.protocol().0;
    if !header.is_fragmenting_payload() {
        walk.first_fragment = false;
        return Some(Step::Next(Layer::IpProtocol(protocol), payload));
    }
    // Wireshark has one number of the three, so that other fragments than those of one datagram may meet.
    let identification =
        header.identification() ^ u16::from(protocol) ^ vlan_part(walk.vlan, header.source_addr(), destination);
    let fragment = FragmentHeader {
        key: FragmentKey {
            source: IpAddr::V4(header.source_addr()),
            destination: IpAddr::V4(destination),
            identification: u32::from(identification),
        },
        protocol,
        offset: u32::from(header.fragments_offset().value()).saturating_mul(8),
        more: header.more_fragments(),
    };
    let whole = packet.length() >= usize::from(header.total_len()) && payload.is_complete();
    Some(fragment_step(walk, fragments, fragment, payload, whole))
}

/// The VLAN identifier, where an address is one of a local network, so that it may occur in several VLANs.
fn vlan_part(vlan: u16, source: Ipv4Addr, destination: Ipv4Addr) -> u16 {
    let is_local = |address: Ipv4Addr| address.is_private() || address.is_link_local();
    if is_local(source) || is_local(destination) { vlan } else { 0 }
}

/// A fragment that was captured up to its total length waits for the others; the first of a datagram that was not is
/// dissected alone.
fn fragment_step<'a>(
    walk: &mut Walk,
    fragments: &mut Fragments,
    fragment: FragmentHeader,
    payload: Bytes<'a>,
    whole: bool,
) -> Step<'a> {
    if whole && payload.length() > 0 {
        return fragments.add(fragment, payload.captured());
    }
    if fragment.offset > 0 {
        let protocol = fragment.protocol;
        return Step::end(Content::Fragment(IpFragment { protocol, ports: None }));
    }
    walk.first_fragment = fragment.more;
    Step::Next(Layer::IpProtocol(fragment.protocol), payload)
}

/// The packet as long as its total length says. 0 is left to the network card (segmentation offload): the rest of the
/// frame counts. Below the header's length it is no IPv4.
fn by_total_length(total: usize, header: usize, bytes: Bytes<'_>) -> Option<Bytes<'_>> {
    match total {
        0 => Some(bytes),
        _ if total < header => None,
        _ => Some(bytes.truncate(total)),
    }
}

/// The last hop of a source route that is not used up (RFC 791, section 3.1: the pointer lies within the option).
fn source_routed(mut options: &[u8]) -> Option<Ipv4Addr> {
    while let [kind, rest @ ..] = options {
        match *kind {
            options::END => return None,
            options::NO_OPERATION => options = rest,
            _ => {
                let length = usize::from(*rest.first()?);
                let option = options.get(..length).filter(|_| length >= 2)?;
                if matches!(*kind, options::LOOSE_SOURCE_ROUTE | options::STRICT_SOURCE_ROUTE) {
                    return last_hop(option);
                }
                options = options.get(length..)?;
            }
        }
    }
    None
}

/// The last four bytes of a source route option whose pointer, a multiple of four, lies within it.
fn last_hop(option: &[u8]) -> Option<Ipv4Addr> {
    let pointer = usize::from(*option.get(2)?);
    let unused = pointer >= 4 && pointer % 4 == 0 && pointer <= option.len();
    let last: [u8; 4] = *option.last_chunk()?;
    unused.then_some(Ipv4Addr::from(last))
}

/// False where an option is too short for its own kind, which ends dissection in Wireshark. Unknown options, and lengths
/// below 2 or past the end of the header, do not.
fn options_are_readable(mut options: &[u8]) -> bool {
    while let [kind, rest @ ..] = options {
        if *kind == options::END {
            return true;
        }
        if *kind == options::NO_OPERATION {
            options = rest;
            continue;
        }
        let length = usize::from(rest.first().copied().unwrap_or(0));
        if length < 2 || length > options.len() {
            return true;
        }
        let (option, following) = options.split_at_checked(length).unwrap_or_default();
        if length < shortest(*kind, rest.get(1).copied()) || !security_tags_are_readable(option) {
            return false;
        }
        options = following;
    }
    true
}

/// The tags of a Commercial Security option (FIPS 188, CIPSO): false where one ends one byte after the option, or the
/// option after the type of an unknown one.
fn security_tags_are_readable(option: &[u8]) -> bool {
    if option.first() != Some(&options::COMMERCIAL_SECURITY) {
        return true;
    }
    let mut tags = option.get(6..).unwrap_or_default();
    while let [kind, rest @ ..] = tags {
        let length = usize::from(rest.first().copied().unwrap_or(1));
        let read = match *kind {
            0 => 1,
            1 | 6 | 7 => length,
            2 | 5 => length.saturating_sub(4) / 2 * 2 + 4,
            _ => return !rest.is_empty(),
        };
        if length == tags.len().saturating_add(1) && read > tags.len() {
            return false;
        }
        match tags.get(if *kind == 0 { 1 } else { length.max(1) }..) {
            Some(following) => tags = following,
            None => return true,
        }
    }
    true
}

/// The length that an option of this kind needs to be read, in bytes; `first` is its first byte after the length.
fn shortest(kind: u8, first: Option<u8>) -> usize {
    match kind {
        options::RECORD_ROUTE
        | options::SECURITY
        | options::LOOSE_SOURCE_ROUTE
        | options::EXTENDED_SECURITY
        | options::STRICT_SOURCE_ROUTE => 3,
        options::MTU_PROBE | options::MTU_REPLY | options::TIMESTAMP | options::STREAM_ID | options::ROUTER_ALERT => 4,
        options::COMMERCIAL_SECURITY => 6,
        // RFC 4782: a rate request or report has a nonce, other functions have not.
        options::QUICK_START => {
            if first.is_some_and(|byte| matches!(byte >> 4, 0 | 8)) {
                8
            } else {
                3
            }
        }
        options::TRACEROUTE => 12,
        _ => 2,
    }
}
