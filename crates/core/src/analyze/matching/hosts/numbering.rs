//! What the numbers of addresses tell of the hosts, where the network is another one than the sheet's.

use std::net::IpAddr;

use crate::lab::{HostName, Sheet};
use socklab_packets::types::last_byte;

/// Whether the last numbers of the server's address and of this one are on the sheet, the latter as a later host's.
pub(crate) fn are_numbers_of_sheet(sheet: &Sheet, server: IpAddr, ip: IpAddr) -> bool {
    let is_of = |name: HostName, ip: IpAddr| sheet.address_of(name).is_some_and(|own| last_byte(own) == last_byte(ip));
    is_of(sheet.server(), server) && sheet.later_hosts().into_iter().any(|name| is_of(name, ip))
}

/// Whether an address is as far from the server's as the sheet numbers a host that comes later: A .1, B .2, C .3.
pub(crate) fn is_later_address(sheet: &Sheet, server: Option<IpAddr>, ip: IpAddr) -> bool {
    let Some(server) = server else { return false };
    let distance = |from: IpAddr, to: IpAddr| match (from, to) {
        (IpAddr::V4(from), IpAddr::V4(to)) => to.to_bits().checked_sub(from.to_bits()).map(u128::from),
        (IpAddr::V6(from), IpAddr::V6(to)) => to.to_bits().checked_sub(from.to_bits()),
        _ => None,
    };
    let Some(on_sheet) = sheet.address_of(sheet.server()) else { return false };
    let apart = distance(server, ip);
    let of_later = sheet.later_hosts().into_iter().filter_map(|name| distance(on_sheet, sheet.address_of(name)?));
    apart.is_some() && of_later.into_iter().any(|later| Some(later) == apart)
}
