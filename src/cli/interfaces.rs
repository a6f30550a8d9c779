//! The list of this computer's interfaces.

use std::io::{self, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use comfy_table::{ContentArrangement, LineStyle, Table, TableStyle};
use pnet_datalink::NetworkInterface;

use socklab_core::escape;
use socklab_core::lab::{Does, Sheet};

/// Writes the list; `server` is the lab's server, whose network marks the lab's interface. It is `assumed` where neither
/// an option nor a lab file names it.
///
/// # Errors
/// Those of `out`.
pub(super) fn list(out: &mut dyn Write, server: IpAddr, assumed: bool, sheet: &Sheet) -> io::Result<()> {
    let mut table = Table::new();
    table
        .load_style(TableStyle::new().header_separator(LineStyle::none().fill('─')))
        .set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(["NAME", "STATE", "ADDRESSES", "LAB"]);
    let interfaces = pnet_datalink::interfaces();
    for interface in &interfaces {
        let addresses: Vec<String> = interface.ips.iter().map(ToString::to_string).collect();
        let name = escape::harmless(&interface.name).into_owned();
        table.add_row([&name, state(interface), &addresses.join("\n"), &role(interface, server, sheet)]);
    }
    for line in table.lines() {
        writeln!(out, "{}", line.trim_end().strip_prefix(' ').unwrap_or(&line))?;
    }
    if !interfaces.iter().any(|interface| in_lab(interface, server, sheet)) {
        out.write_all(advice(server, assumed, sheet).as_bytes())?;
    }
    out.flush()
}

/// What to do where no interface is in the lab's network.
fn advice(server: IpAddr, assumed: bool, sheet: &Sheet) -> String {
    let mut text = format!("\nNo interface is in the network of the lab's server, {server}.\n");
    text.push_str(&match sheet.doing(Does::Addresses) {
        Some(step) => format!("Step {} sets an address:\n", step.mention(step.number())),
        None => "An address is set with:\n".to_owned(),
    });
    text.push_str(&format!("  sudo ip addr add {} dev NAME && sudo ip link set NAME up\n", beside(server)));
    if assumed {
        text.push_str("If your lab has other addresses, run socklab interfaces --server ADDRESS\n");
    }
    text
}

/// An address that reaches the server, with the prefix that a lab's network has: the next one, or the one before where
/// the next one is for broadcast.
fn beside(server: IpAddr) -> String {
    match server {
        IpAddr::V4(ip) => {
            let [a, b, c, last] = ip.octets();
            let next = if last < 254 { last.saturating_add(1) } else { last.saturating_sub(1) };
            format!("{}/24", Ipv4Addr::new(a, b, c, next))
        }
        IpAddr::V6(ip) => {
            let [a, b, c, d, e, f, g, last] = ip.segments();
            let next = last.checked_add(1).unwrap_or_else(|| last.saturating_sub(1));
            format!("{}/64", Ipv6Addr::new(a, b, c, d, e, f, g, next))
        }
    }
}

fn state(interface: &NetworkInterface) -> &'static str {
    match (interface.is_up(), interface.is_running()) {
        (false, _) => "down",
        (true, true) => "up",
        (true, false) => "up, no cable",
    }
}

/// Whether the lab's frames pass over an interface: that of its server's network, or lo where its programs run on one computer,
/// whichever address they have.
fn in_lab(interface: &NetworkInterface, server: IpAddr, sheet: &Sheet) -> bool {
    if server.is_loopback() || sheet.is_on_one_computer() {
        return interface.is_loopback();
    }
    !interface.is_loopback() && interface.ips.iter().any(|network| network.contains(server))
}

fn role(interface: &NetworkInterface, server: IpAddr, sheet: &Sheet) -> String {
    if !in_lab(interface, server, sheet) {
        String::new()
    } else if interface.is_loopback() {
        "the lab's programs talk over it".to_owned()
    } else if interface.ips.iter().any(|network| network.ip() == server) {
        "this computer is the lab's server".to_owned()
    } else {
        format!("the lab's network ({server})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_to_set_is_in_the_servers_network() {
        for (server, expected) in [
            ("10.0.3.1", "10.0.3.2/24"),
            ("192.168.77.10", "192.168.77.11/24"),
            ("10.9.9.254", "10.9.9.253/24"),
            ("fd00:10:3::1", "fd00:10:3::2/64"),
            ("fd00::ffff", "fd00::fffe/64"),
        ] {
            assert_eq!(beside(server.parse().unwrap()), expected);
        }
    }

    #[test]
    fn another_address_is_asked_for_only_where_none_is_given() {
        let shown = |assumed| advice("10.9.9.9".parse().unwrap(), assumed, &Sheet::built_in());
        assert!(shown(true).contains("--server ADDRESS") && !shown(false).contains("--server"));
        assert!(shown(false).contains("  sudo ip addr add 10.9.9.10/24 dev NAME"), "{}", shown(false));
    }
}
