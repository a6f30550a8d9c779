//! The lab's five Python programs, under the sheet's names: what the students edit and run.
//!
//! Each begins with the server's address and port as constants, needs Python's standard library alone, and is short enough
//! to be read whole.

use std::net::{Ipv4Addr, SocketAddrV4};

use socklab_packets::types::Protocol;

/// One of the programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Script {
    /// The file's name on the sheet.
    pub file: &'static str,
    /// The protocol that it speaks.
    pub protocol: Protocol,
    /// socklab's own program that does the same.
    pub counterpart: &'static str,
    text: &'static str,
}

/// The address that stands in the programs: computer A's on the sheet.
const SHEET_ADDRESS: Ipv4Addr = Ipv4Addr::new(10, 0, 3, 1);

/// The five programs.
pub const SCRIPTS: [Script; 5] = [
    Script {
        file: "tcp_server.py",
        protocol: Protocol::Tcp,
        counterpart: "tcp-server",
        text: include_str!("tcp_server.py"),
    },
    Script {
        file: "tcp_client.py",
        protocol: Protocol::Tcp,
        counterpart: "tcp-client",
        text: include_str!("tcp_client.py"),
    },
    Script {
        file: "udp_server.py",
        protocol: Protocol::Udp,
        counterpart: "udp-server",
        text: include_str!("udp_server.py"),
    },
    Script {
        file: "udp_client.py",
        protocol: Protocol::Udp,
        counterpart: "udp-client",
        text: include_str!("udp_client.py"),
    },
    Script {
        file: "tcp-threaded-server.py",
        protocol: Protocol::Tcp,
        counterpart: "tcp-threaded-server",
        text: include_str!("tcp-threaded-server.py"),
    },
];

impl Script {
    /// The program as the sheet has it, for the server 10.0.3.1.
    pub fn text(&self) -> &'static str {
        self.text
    }

    /// The program for a server at another address.
    pub fn text_for(&self, server: SocketAddrV4) -> String {
        let lines = self.text.lines().map(|line| {
            let port = line.strip_prefix("SERVER_PORT = ").and_then(|rest| rest.split_once(' '));
            match port {
                Some((_, comment)) => format!("SERVER_PORT = {} {comment}\n", server.port()),
                None if line.starts_with("SERVER_ADDRESS = ") => {
                    format!("{line}\n").replace(&SHEET_ADDRESS.to_string(), &server.ip().to_string())
                }
                None => format!("{line}\n"),
            }
        });
        lines.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Longest program that is still read whole.
    const MOST_LINES: usize = 40;

    #[test]
    fn each_is_short_and_begins_with_what_is_edited() {
        for script in SCRIPTS {
            let lines: Vec<&str> = script.text().lines().collect();
            assert!(lines.len() <= MOST_LINES, "{}: {} lines", script.file, lines.len());
            assert!(lines.iter().all(|line| line.len() <= 88 && line.is_ascii()), "{}", script.file);
            let constant = |name: &str| lines.iter().take(6).any(|line| line.starts_with(name));
            assert!(constant("SERVER_ADDRESS = \"10.0.3.1\"") && constant("SERVER_PORT = "), "{}", script.file);
            for import in lines.iter().filter(|line| line.starts_with("import ") || line.starts_with("from ")) {
                assert!(["import socket", "import threading"].contains(import), "{}: {import}", script.file);
            }
        }
    }

    #[test]
    fn another_address_changes_the_constants_alone() {
        for script in SCRIPTS {
            let other = script.text_for(SocketAddrV4::new(Ipv4Addr::new(192, 168, 7, 9), 5000));
            let changed: Vec<(&str, &str)> =
                script.text().lines().zip(other.lines()).filter(|(before, after)| before != after).collect();
            assert_eq!(changed.len(), 2, "{changed:?}");
            assert!(changed[0].1.starts_with("SERVER_ADDRESS = \"192.168.7.9\"  #"), "{changed:?}");
            assert!(changed[1].1.starts_with("SERVER_PORT = 5000  #"), "{changed:?}");
            let port = if script.protocol == Protocol::Tcp { 65432 } else { 65433 };
            assert_eq!(script.text_for(SocketAddrV4::new(SHEET_ADDRESS, port)), script.text());
        }
    }
}
