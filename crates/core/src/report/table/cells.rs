//! Socket addresses in the cells of tables.

use crate::analyze::analysis::Analysis;
use crate::report::words;
use socklab_packets::types::SocketAddress;

/// Columns of a socket address in a table; a longer one is folded between its groups.
const ADDRESS_WIDTH: usize = 24;

/// A socket address with its host's letter before it: `B 10.0.3.2:40210`. A long one is folded after a colon.
pub(super) fn address(analysis: &Analysis, address: SocketAddress) -> String {
    fold(&words::socket_address(&analysis.lab, address))
}

/// The client's address, or the client's above the server's where the reader has to be told which server it is.
pub(super) fn ends(analysis: &Analysis, [client, server]: [SocketAddress; 2], both: bool) -> String {
    match both {
        true => format!("{}\n{}", address(analysis, client), address(analysis, server)),
        false => address(analysis, client),
    }
}

/// The title above [`ends`].
pub(super) const fn ends_title(both: bool) -> &'static str {
    if both { "Client, server below it" } else { "Client" }
}

/// Whether these servers are more than one.
pub(super) fn are_several(mut servers: impl Iterator<Item = SocketAddress>) -> bool {
    let first = servers.next();
    servers.any(|server| Some(server) != first)
}

fn fold(text: &str) -> String {
    let mut lines = vec![String::new()];
    for group in text.split_inclusive(':') {
        match lines.last_mut() {
            Some(line) if line.len().saturating_add(group.len()) <= ADDRESS_WIDTH => line.push_str(group),
            _ => lines.push(group.to_owned()),
        }
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_address_is_folded_between_its_groups() {
        assert_eq!(fold("B 10.0.3.2:40210"), "B 10.0.3.2:40210");
        assert_eq!(
            fold("B [2001:db8:1111:2222:ba27:ebff:fe12:3456]:65432"),
            "B [2001:db8:1111:2222:\nba27:ebff:fe12:3456]:\n65432"
        );
    }
}
