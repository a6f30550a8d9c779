//! The list of this computer's interfaces.

use std::io::{self, Write};
use std::net::IpAddr;

use comfy_table::{ContentArrangement, LineStyle, Table, TableStyle};
use pnet_datalink::NetworkInterface;

use socklab_core::escape;
use socklab_core::lab::{Does, Sheet};

/// Writes the list; `server` is the lab's server, whose network marks the lab's interface.
///
/// # Errors
/// Those of `out`.
pub(super) fn list(out: &mut dyn Write, server: IpAddr, sheet: &Sheet) -> io::Result<()> {
    let mut table = Table::new();
    table
        .load_style(TableStyle::new().header_separator(LineStyle::none().fill('─')))
        .set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(["NAME", "STATE", "ADDRESSES", "LAB"]);
    let interfaces = pnet_datalink::interfaces();
    for interface in &interfaces {
        let addresses: Vec<String> = interface.ips.iter().map(ToString::to_string).collect();
        let name = escape::harmless(&interface.name).into_owned();
        table.add_row([&name, state(interface), &addresses.join("\n"), &role(interface, server)]);
    }
    for line in table.lines() {
        writeln!(out, "{}", line.trim_end().strip_prefix(' ').unwrap_or(&line))?;
    }
    if !interfaces.iter().any(|interface| in_lab(interface, server)) {
        let example = if server.is_ipv4() { "10.0.3.2/24" } else { "fd00:10:3::2/64" };
        writeln!(out, "\nNo interface is in the network of the lab's server, {server}.")?;
        match sheet.doing(Does::Addresses) {
            Some(step) => writeln!(out, "Step {} sets an address:", step.mention(step.number()))?,
            None => writeln!(out, "An address is set with:")?,
        }
        writeln!(out, "  sudo ip addr add {example} dev NAME && sudo ip link set NAME up")?;
        writeln!(out, "If your lab has other addresses, run socklab interfaces --server ADDRESS")?;
    }
    out.flush()
}

fn state(interface: &NetworkInterface) -> &'static str {
    match (interface.is_up(), interface.is_running()) {
        (false, _) => "down",
        (true, true) => "up",
        (true, false) => "up, no cable",
    }
}

fn in_lab(interface: &NetworkInterface, server: IpAddr) -> bool {
    !interface.is_loopback() && interface.ips.iter().any(|network| network.contains(server))
}

fn role(interface: &NetworkInterface, server: IpAddr) -> String {
    if !in_lab(interface, server) {
        String::new()
    } else if interface.ips.iter().any(|network| network.ip() == server) {
        "this computer is the lab's server".to_owned()
    } else {
        format!("the lab's network ({server})")
    }
}
