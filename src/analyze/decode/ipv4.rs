//! IPv4 headers (RFC 791): lengths, options, source routes, fragments.

use std::net::{IpAddr, Ipv4Addr};

use etherparse::Ipv4HeaderSlice;

use super::bytes::Bytes;
use super::fragments::{Fragment, FragmentKey, Fragments};
use super::{Layer, Step, Walk};
use crate::analyze::packet::{Content, IpAddresses};

/// Option kinds (IANA "IP Option Numbers").
mod options {
    pub(super) const END: u8 = 0;
    pub(super) const NO_OPERATION: u8 = 1;
    pub(super) const MTU_PROBE: u8 = 11;
    pub(super) const MTU_REPLY: u8 = 12;
    pub(super) const LOOSE_SOURCE_ROUTE: u8 = 131;
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
    if !options_are_readable(header.options()) {
        return None;
    }
    let payload = packet.skip(header.slice().len())?;
    let protocol = header.protocol().0;
    if !header.is_fragmenting_payload() {
        return Some(Step::Next(Layer::IpProtocol(protocol), payload));
    }
    let fragment = Fragment {
        key: FragmentKey {
            source: IpAddr::V4(header.source_addr()),
            destination: IpAddr::V4(destination),
            identification: u32::from(header.identification()),
            protocol_and_vlan: (protocol, walk.vlan),
        },
        protocol,
        offset: u32::from(header.fragments_offset().value()).saturating_mul(8),
        more: header.more_fragments(),
    };
    let whole = packet.length() >= usize::from(header.total_len()) && payload.is_complete();
    Some(fragment_step(walk, fragments, fragment, payload, whole))
}

/// A fragment that was captured up to its total length waits for the others; the first of a datagram that was not is
/// dissected alone.
fn fragment_step<'a>(
    walk: &mut Walk,
    fragments: &mut Fragments,
    fragment: Fragment,
    payload: Bytes<'a>,
    whole: bool,
) -> Step<'a> {
    if whole && payload.length() > 0 {
        return fragments.add(fragment, payload.captured());
    }
    if fragment.offset > 0 {
        return Step::end(Content::Fragment);
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

/// The last address of a source route option whose pointer still points at one.
fn last_hop(option: &[u8]) -> Option<Ipv4Addr> {
    let pointer = usize::from(*option.get(2)?);
    let hops = option.get(3..)?;
    let unused = pointer >= 4 && pointer <= option.len();
    let last: [u8; 4] = *hops.last_chunk()?;
    unused.then_some(Ipv4Addr::from(last))
}

/// False where an option is too short for its own kind, which ends dissection in Wireshark. Unknown options, and lengths
/// below 2 or past the end of the header, do not.
fn options_are_readable(mut options: &[u8]) -> bool {
    while let [kind, rest @ ..] = options {
        if matches!(*kind, options::END | options::NO_OPERATION) {
            options = rest;
            if *kind == options::END {
                return true;
            }
            continue;
        }
        let length = usize::from(rest.first().copied().unwrap_or(0));
        if length < 2 || length > options.len() {
            return true;
        }
        if length == 3 && matches!(*kind, options::ROUTER_ALERT | options::MTU_PROBE | options::MTU_REPLY) {
            return false;
        }
        options = options.get(length..).unwrap_or_default();
    }
    true
}
