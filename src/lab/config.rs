//! What a lecturer or the command line sets: the server's address, the hosts, the ports, the points, the files' steps.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::str::FromStr;

use serde::Deserialize;

use crate::lab::sheet::{HostName, Question, Step};
use crate::types::{Protocol, SocketAddress};

/// What is known of the lab before any capture is read. All of it is optional; what is not set is worked out.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LabConfig {
    /// Addresses of the hosts.
    pub hosts: BTreeMap<HostName, IpAddr>,
    /// Port of the TCP servers.
    pub tcp_port: Option<u16>,
    /// Port of the UDP server.
    pub udp_port: Option<u16>,
    /// Ports of the servers where it is not said of which protocol: each counts for the protocols whose traffic uses it
    /// at A's address, and says nothing of the others.
    pub server_ports: BTreeSet<u16>,
    /// Points per question, where they differ from the sheet's.
    pub points: BTreeMap<Question, u32>,
    /// The step that a capture records, by the file's name as given.
    pub steps: BTreeMap<String, Step>,
}

/// Why a lab file could not be used. The text names the place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// Not TOML, or not of the expected form.
    #[error("{0}")]
    Form(String),
    /// A value that means nothing in the lab.
    #[error("{key}: {problem}")]
    Value {
        /// The key with the value.
        key: String,
        /// What is wrong with it.
        problem: String,
    },
}

/// The lab file as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LabFile {
    #[serde(default)]
    hosts: BTreeMap<String, IpAddr>,
    #[serde(default)]
    ports: Ports,
    #[serde(default)]
    points: BTreeMap<String, u32>,
    #[serde(default)]
    steps: BTreeMap<String, String>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct Ports {
    tcp: Option<u16>,
    udp: Option<u16>,
}

impl LabConfig {
    /// A lab file is a page of text: more bytes are none.
    pub const MOST_BYTES: u64 = 1 << 20;

    /// What to do about a lab file that can't be used.
    pub const HINT: &str = "A lab file has the tables hosts, ports, points and steps, each optional.";

    /// Reads a lab file (TOML): tables `hosts` (`A = "10.0.3.1"`), `ports` (`tcp`, `udp`), `points` (`"I.1a" = 2`) and
    /// `steps` (`"step8.pcapng" = "I.8"`), each optional.
    ///
    /// # Errors
    /// When it is no TOML, has unknown keys, or names hosts, questions or steps that the sheet does not have.
    pub fn from_toml(text: &str) -> Result<LabConfig, ConfigError> {
        let file: LabFile = toml::from_str(text).map_err(|error| ConfigError::Form(error.to_string()))?;
        Ok(LabConfig {
            hosts: keys(file.hosts, "hosts")?,
            tcp_port: file.ports.tcp,
            udp_port: file.ports.udp,
            server_ports: BTreeSet::new(),
            points: keys(file.points, "points")?,
            steps: file
                .steps
                .into_iter()
                .map(|(name, step)| match step.parse() {
                    Ok(step) => Ok((name, step)),
                    Err(problem) => Err(ConfigError::Value { key: format!("steps.{name}"), problem }),
                })
                .collect::<Result<_, _>>()?,
        })
    }

    /// The points of a question: the sheet's unless set otherwise.
    pub fn points(&self, question: Question) -> u32 {
        self.points.get(&question).copied().unwrap_or(question.points())
    }

    /// The port that was set for the servers of this protocol.
    pub fn port(&self, protocol: Protocol) -> Option<u16> {
        match protocol {
            Protocol::Tcp => self.tcp_port,
            Protocol::Udp => self.udp_port,
        }
    }

    /// Names the host that has this address, where it is set.
    pub fn host_of(&self, ip: IpAddr) -> Option<HostName> {
        self.hosts.iter().find(|(_, address)| **address == ip).map(|(name, _)| *name)
    }

    /// The step that was set for a file: under its name as given, or under its last component.
    pub fn step_of(&self, file: &str) -> Option<Step> {
        let base = file.rsplit(['/', '\\']).next().unwrap_or(file);
        self.steps.get(file).or_else(|| self.steps.get(base)).copied()
    }

    /// Sets the servers' address, and the ports that are said with it.
    ///
    /// # Errors
    /// If there are several addresses: what is wrong, and what to do.
    pub fn set_servers(&mut self, servers: &[(IpAddr, Option<u16>)]) -> Result<(), [&'static str; 2]> {
        for (ip, port) in servers {
            if self.hosts.insert(HostName::A, *ip).is_some_and(|earlier| earlier != *ip) {
                return Err([
                    "the lab's servers are all on one computer, host A",
                    "Give one address, with --server or --host A=, and as many ports as you like.",
                ]);
            }
            self.server_ports.extend(*port);
        }
        Ok(())
    }

    /// Takes from `other` whatever is set there; it wins over what is set here.
    pub fn override_with(&mut self, other: LabConfig) {
        self.hosts.extend(other.hosts);
        self.tcp_port = other.tcp_port.or(self.tcp_port);
        self.udp_port = other.udp_port.or(self.udp_port);
        self.server_ports.extend(other.server_ports);
        self.points.extend(other.points);
        self.steps.extend(other.steps);
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
        Ok(address) => Ok((address.ip, Some(address.port))),
        Err(_) => Err("expected an IP address, or an IP address and a port".to_owned()),
    }
}

/// Parses the keys of a table of the lab file.
fn keys<K: FromStr<Err = String> + Ord, V>(
    table: BTreeMap<String, V>,
    name: &str,
) -> Result<BTreeMap<K, V>, ConfigError> {
    table
        .into_iter()
        .map(|(key, value)| match key.parse() {
            Ok(parsed) => Ok((parsed, value)),
            Err(problem) => Err(ConfigError::Value { key: format!("{name}.{key}"), problem }),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lab_file_sets_hosts_ports_points_and_steps() {
        let config = LabConfig::from_toml(
            "[hosts]\nA = \"192.168.1.1\"\n[ports]\ntcp = 5000\n[points]\n\"I.1b\" = 4\n[steps]\n\"x.pcap\" = \"II.3\"\n",
        )
        .unwrap();
        assert_eq!(config.hosts[&HostName::A], IpAddr::from([192, 168, 1, 1]));
        assert_eq!(config.tcp_port, Some(5000));
        assert_eq!(config.points(Question::I1b), 4);
        assert_eq!(config.points(Question::I1a), 2);
        assert_eq!(config.steps["x.pcap"], Step::ThreadedAtC);
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
            ("[hosts]\nD = \"10.0.0.1\"", "hosts.D"),
            ("[points]\n\"III.1\" = 1", "points.III.1"),
            ("[steps]\n\"a\" = \"I.9\"", "steps.a"),
            ("[host]\n", "host"),
            ("[hosts\n", "line 1"),
        ] {
            let error = LabConfig::from_toml(text).unwrap_err().to_string();
            assert!(error.contains(place), "{error}");
        }
    }
}
