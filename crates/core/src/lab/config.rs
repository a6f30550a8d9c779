//! What a lecturer or the command line sets: the lab itself, the server's address, the hosts, the ports, the points, the
//! files' steps.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use crate::lab::host::HostName;
use crate::lab::points::Points;
use crate::lab::sheet::{Question, Sheet};
use crate::lab::step::Step;
use socklab_packets::types::{Protocol, SocketAddress};

/// What is known of the lab before any capture is read. All of it is optional; what is not set is worked out.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LabConfig {
    /// The lab: its hosts, steps and questions.
    pub sheet: Sheet,
    /// Addresses of the hosts.
    pub hosts: BTreeMap<HostName, IpAddr>,
    /// Port of the TCP servers.
    pub tcp_port: Option<u16>,
    /// Port of the UDP server.
    pub udp_port: Option<u16>,
    /// Ports of the servers where it is not said of which protocol: each counts for the protocols whose traffic uses it
    /// at the server's address, and says nothing of the others.
    pub server_ports: BTreeSet<u16>,
    /// Points per question, where they differ from the sheet's.
    pub points: BTreeMap<Question, Points>,
    /// The step that a capture records, by the file's name as given.
    pub steps: BTreeMap<String, Step>,
    /// The lab file that it was read from, for command lines that people are told.
    pub file: Option<String>,
    /// Whether one clock was behind all captures and journals, as in a rehearsal: a ladder puts them on one time axis.
    pub one_clock: bool,
}

impl LabConfig {
    /// A lab file is a page of text: more bytes are none.
    pub const MOST_BYTES: u64 = 1 << 20;

    /// What to do about a lab file that can't be used.
    pub const HINT: &str = "'socklab lab' prints a lab file to start from; to change this lab, [hosts], [ports], [points] and [steps] are enough.";

    /// A lab of which nothing else is set.
    pub fn of(sheet: Sheet) -> LabConfig {
        LabConfig { sheet, ..LabConfig::default() }
    }

    /// The points of a question: the sheet's unless set otherwise.
    pub fn points(&self, question: &Question) -> Points {
        self.points.get(question).copied().unwrap_or(question.points())
    }

    /// The port that was set for the servers of this protocol.
    pub fn port(&self, protocol: Protocol) -> Option<u16> {
        match protocol {
            Protocol::Tcp => self.tcp_port,
            Protocol::Udp => self.udp_port,
        }
    }

    /// Whether this port was set for servers of the protocol, or for those of either.
    pub fn names_port(&self, protocol: Protocol, port: u16) -> bool {
        self.server_ports.contains(&port) || self.port(protocol) == Some(port)
    }

    /// The addresses that were set for computers, and those that the sheet has for its clients.
    pub fn known_addresses(&self) -> impl Iterator<Item = IpAddr> {
        let of_sheet = self.sheet.clients().filter_map(|host| self.sheet.address_of(host));
        self.hosts.values().copied().chain(of_sheet)
    }

    /// The address that was set for the servers' computer.
    pub fn server(&self) -> Option<IpAddr> {
        self.hosts.get(&self.sheet.server()).copied()
    }

    /// The step that was set for a file: under its name as given, or under its last component.
    pub fn step_of(&self, file: &str) -> Option<Step> {
        self.steps.get(file).or_else(|| self.steps.get(base(file))).cloned()
    }

    /// The files of which steps were set and that are not among these, by the rule of [`LabConfig::step_of`].
    pub fn files_not_among<'c>(&'c self, files: &[&str]) -> impl Iterator<Item = &'c str> {
        let there: BTreeSet<String> =
            files.iter().flat_map(|file| [(*file).to_owned(), base(file).to_owned()]).collect();
        self.steps.keys().filter(move |own| !there.contains(*own)).map(String::as_str)
    }

    /// Sets the servers' address, and the ports that are said with it.
    ///
    /// # Errors
    /// If there are several addresses: what is wrong, and what to do.
    pub fn set_servers(&mut self, servers: &[(IpAddr, Option<u16>)]) -> Result<(), [String; 2]> {
        for (ip, port) in servers {
            if self.hosts.insert(self.sheet.server(), *ip).is_some_and(|earlier| earlier != *ip) {
                let server = self.sheet.server();
                return Err([
                    format!("the lab's servers are all on one computer, host {server}"),
                    format!("Give one address, with --server or --host {server}=, and as many ports as you like."),
                ]);
            }
            self.server_ports.extend(*port);
        }
        Ok(())
    }

    /// Takes from `other` whatever is set there; it wins over what is set here. Of another lab it takes all.
    pub fn override_with(&mut self, other: LabConfig) {
        if other.sheet != self.sheet {
            *self = other;
            return;
        }
        self.hosts.extend(other.hosts);
        self.tcp_port = other.tcp_port.or(self.tcp_port);
        self.udp_port = other.udp_port.or(self.udp_port);
        self.server_ports.extend(other.server_ports);
        self.points.extend(other.points);
        self.steps.extend(other.steps);
        self.file = other.file.or(self.file.take());
        self.one_clock |= other.one_clock;
    }
}

/// Reads the servers' address as people write it, with a port or without: `10.0.3.1:65432`.
///
/// # Errors
/// What was expected.
pub fn server(text: &str) -> Result<(IpAddr, Option<u16>), String> {
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    if let Ok(ip) = bare.parse() {
        return Ok((ip, None));
    }
    match text.parse::<SocketAddress>() {
        Ok(address) if address.port == 0 => Err("no server has port 0".to_owned()),
        Ok(address) => Ok((address.ip, Some(address.port))),
        Err(_) => Err("expected an IP address, or an IP address and a port".to_owned()),
    }
}

/// The last component of a path.
fn base(file: &str) -> &str {
    file.rsplit(['/', '\\']).next().unwrap_or(file)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::Problem;

    fn read(text: &str) -> Result<LabConfig, Vec<Problem>> {
        LabConfig::from_toml(text)
    }

    #[test]
    fn a_lab_file_sets_hosts_ports_points_and_steps() {
        let config = read(
            "[hosts]\nA = \"192.168.1.1\"\n[ports]\ntcp = 5000\n[points]\n\"I.1b\" = 4.5\n[steps]\n\"x.pcap\" = \"II.3\"\n",
        )
        .unwrap();
        let sheet = Sheet::built_in();
        assert_eq!(config.server(), Some(IpAddr::from([192, 168, 1, 1])));
        assert_eq!(config.tcp_port, Some(5000));
        let points = |key: &str| config.points(&sheet.question(key).unwrap()).to_string();
        assert_eq!([points("I.1b"), points("I.1a")], ["4.5", "2"]);
        assert_eq!(config.steps["x.pcap"], sheet.step("II.3").unwrap());
    }

    #[test]
    fn servers_are_addresses_with_or_without_a_port() {
        let ip = |text: &str| text.parse::<IpAddr>().unwrap();
        assert_eq!(server("10.0.3.1"), Ok((ip("10.0.3.1"), None)));
        assert_eq!(server("10.0.3.1:5000"), Ok((ip("10.0.3.1"), Some(5000))));
        assert_eq!(server("fe80::1"), Ok((ip("fe80::1"), None)));
        assert_eq!(server("[fe80::1]"), Ok((ip("fe80::1"), None)));
        assert_eq!(server("[fe80::1]:5000"), Ok((ip("fe80::1"), Some(5000))));
        assert!(server("raspberrypi").is_err());
        assert!(server("10.0.3.1:99999").is_err());
    }

    #[test]
    fn a_lab_file_with_a_slip_is_refused_with_its_place() {
        for (text, place) in [
            ("[hosts]\nD = \"10.0.0.1\"", "line 2, column 1: hosts.D"),
            ("[points]\n\"III.1\" = 1", "line 2, column 1: points.III.1"),
            ("[steps]\n\"a\" = \"I.9\"", "line 2, column 7: steps.a"),
            ("[host]\n", "line 1"),
            (
                "title = \"x\"\n[host]\nname = \"A\"\n\n[[host]]\nname = \"B\"\n",
                "line 2, column 2: host: [host] begins a table",
            ),
            ("[hosts\n", "line 1"),
        ] {
            let problems = read(text).unwrap_err();
            assert!(problems[0].to_string().contains(place), "{problems:?}");
        }
    }
}
