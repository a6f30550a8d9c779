//! What a user may want different from the sheet.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::lab::{HostName, Sheet};
use crate::rehearse::plan::{Host, JOURNAL, Kind, Range};

/// Variations of a rehearsal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// A, B and C with their addresses.
    pub hosts: [Host; 3],
    /// Port of the TCP servers.
    pub tcp_port: u16,
    /// Port of the UDP server.
    pub udp_port: u16,
    /// What the servers send back: `none`, `echo` or `upper`.
    pub reply: &'static str,
    /// The backlog of the iterative TCP server, where it is not the program's own.
    pub backlog: Option<u16>,
    /// Clients per host in Part II.
    pub clients: u8,
    /// The steps that are wanted.
    pub steps: Range,
    /// Further captures at A and C.
    pub extra_captures: bool,
    /// Other programs in place of socklab's own.
    pub programs: Templates,
}

/// Command lines that replace socklab's own programs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Templates {
    /// For every server that has none of its own.
    pub server: Option<Template>,
    /// For every client that has none of its own.
    pub client: Option<Template>,
    /// For one program.
    pub of: BTreeMap<Kind, Template>,
}

impl Templates {
    /// The template for a program, if it is replaced.
    pub fn of(&self, kind: Kind) -> Option<&Template> {
        let general = if kind.is_server() { &self.server } else { &self.client };
        self.of.get(&kind).or(general.as_ref())
    }
}

/// The words of a command line, with placeholders in braces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template(Vec<String>);

/// The placeholders and what stands for them.
const PLACEHOLDERS: [&str; 6] = ["{program}", "{address}", "{ip}", "{port}", "{reply}", "{backlog}"];

impl Template {
    /// Reads a command line as a shell cuts it into words; nothing of it is run by a shell.
    ///
    /// # Errors
    /// A command line that is empty, has an unclosed quote or an unknown placeholder.
    pub fn parse(text: &str) -> Result<Template, String> {
        let words = shell_words::split(text).map_err(|error| format!("'{text}': {error}"))?;
        if words.is_empty() {
            return Err("the command line is empty".to_owned());
        }
        for word in &words {
            let known = PLACEHOLDERS.iter().chain([&JOURNAL]);
            let rest = known.fold(word.clone(), |word, known| word.replace(known, ""));
            if rest.contains(['{', '}']) {
                let known = PLACEHOLDERS.join(" ");
                return Err(format!(
                    "'{word}' has an unknown placeholder\n  The placeholders are:\n  {known} {JOURNAL}"
                ));
            }
        }
        Ok(Template(words))
    }

    /// The command line with everything filled in.
    pub fn fill(&self, values: [&str; 6]) -> Vec<String> {
        let fill = |word: &String| {
            PLACEHOLDERS.iter().zip(values).fold(word.clone(), |word, (name, value)| word.replace(name, value))
        };
        self.0.iter().map(fill).collect()
    }
}

/// The hosts of the sheet: 10.0.3.1 to 10.0.3.3, or the same in an IPv6 network.
pub fn sheet_hosts(ipv6: bool) -> [Host; 3] {
    let network = if ipv6 {
        (IpAddr::V6(Ipv6Addr::new(0xfd00, 0x10, 3, 0, 0, 0, 0, 0)), 64)
    } else {
        (IpAddr::V4(Ipv4Addr::new(10, 0, 3, 0)), 24)
    };
    numbered(network.0, network.1)
}

/// A, B and C as the first three addresses of a network: `192.168.50.0/24`, `fd00:1::/64`.
///
/// # Errors
/// A text that is no network, or one with no room for three hosts.
pub fn hosts_in(network: &str) -> Result<[Host; 3], String> {
    let fault = || format!("'{network}' is not a network, such as 192.168.50.0/24 or fd00:1::/64");
    let (ip, prefix) = network.split_once('/').ok_or_else(fault)?;
    let ip: IpAddr = ip.trim().parse().map_err(|_| fault())?;
    let prefix: u8 = prefix.trim().parse().map_err(|_| fault())?;
    let longest = if ip.is_ipv4() { 29 } else { 125 };
    if prefix > longest {
        return Err(format!("'{network}' has no room for three hosts: its prefix may have at most {longest} bits"));
    }
    Ok(numbered(masked(ip, prefix), prefix))
}

/// Sets addresses of single hosts.
///
/// # Errors
/// Two hosts with one address, or hosts that are not in one network: without a router they could not reach each other.
pub fn with_addresses(mut hosts: [Host; 3], set: &[(HostName, IpAddr)]) -> Result<[Host; 3], String> {
    let was_ipv4 = hosts.iter().all(|host| host.ip.is_ipv4());
    for (name, ip) in set {
        for host in hosts.iter_mut().filter(|host| host.name == *name) {
            host.ip = *ip;
        }
    }
    let [a, b, c] = &hosts;
    let prefix = match (was_ipv4, a.ip.is_ipv4()) {
        (true, false) => 64,
        (false, true) => 24,
        _ => a.prefix,
    };
    for (one, other) in [(a, b), (a, c), (b, c)] {
        if one.ip == other.ip {
            return Err(format!("{} and {} can't both have {}", one.name, other.name, one.ip));
        }
        if masked(one.ip, prefix) != masked(other.ip, prefix) {
            return Err(format!(
                "{} {} and {} {} are not in one network (/{prefix}); set all three with --host, or use --subnet",
                one.name, one.ip, other.name, other.ip
            ));
        }
    }
    let unusable = |ip: &IpAddr| ip.is_unspecified() || ip.is_loopback() || ip.is_multicast();
    match hosts.iter().find(|host| unusable(&host.ip)) {
        Some(host) => Err(format!("a host can't have the address {}", host.ip)),
        None => Ok(hosts.map(|host| Host { prefix, ..host })),
    }
}

fn numbered(network: IpAddr, prefix: u8) -> [Host; 3] {
    let host = |name, number: u8| {
        let ip = match network {
            IpAddr::V4(ip) => IpAddr::V4((u32::from(ip) | u32::from(number)).into()),
            IpAddr::V6(ip) => IpAddr::V6((u128::from(ip) | u128::from(number)).into()),
        };
        Host { name, ip, prefix }
    };
    let names: Vec<HostName> = Sheet::built_in().hosts().iter().map(|host| host.name).collect();
    std::array::from_fn(|place| {
        host(names.get(place).copied().unwrap_or_default(), u8::try_from(place).unwrap_or(0) + 1)
    })
}

/// The address with the bits after the prefix cleared.
fn masked(ip: IpAddr, prefix: u8) -> IpAddr {
    let prefix = u32::from(prefix);
    match ip {
        IpAddr::V4(ip) => {
            let mask = u32::MAX.checked_shl(32u32.saturating_sub(prefix)).unwrap_or(0);
            IpAddr::V4((u32::from(ip) & mask).into())
        }
        IpAddr::V6(ip) => {
            let mask = u128::MAX.checked_shl(128u32.saturating_sub(prefix)).unwrap_or(0);
            IpAddr::V6((u128::from(ip) & mask).into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(name: &str) -> HostName {
        Sheet::built_in().host(name).unwrap()
    }

    fn shown(hosts: [Host; 3]) -> Vec<String> {
        hosts.iter().map(|host| format!("{} {}/{}", host.name, host.ip, host.prefix)).collect()
    }

    #[test]
    fn hosts_are_numbered_in_their_network() {
        assert_eq!(shown(sheet_hosts(false)), ["A 10.0.3.1/24", "B 10.0.3.2/24", "C 10.0.3.3/24"]);
        assert_eq!(shown(sheet_hosts(true)), ["A fd00:10:3::1/64", "B fd00:10:3::2/64", "C fd00:10:3::3/64"]);
        assert_eq!(shown(hosts_in("192.168.50.77/24").unwrap())[0], "A 192.168.50.1/24");
        assert_eq!(shown(hosts_in("fd00:9::/64").unwrap())[2], "C fd00:9::3/64");
        for wrong in ["192.168.50.0", "192.168.50.0/30", "::/126", "a/24", "10.0.0.0/x"] {
            assert!(hosts_in(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn single_hosts_can_be_set_within_one_network() {
        let set = |pairs: &[(HostName, &str)]| {
            let pairs: Vec<_> = pairs.iter().map(|(name, ip)| (*name, ip.parse().unwrap())).collect();
            with_addresses(sheet_hosts(false), &pairs)
        };
        assert_eq!(shown(set(&[(named("B"), "10.0.3.77")]).unwrap())[1], "B 10.0.3.77/24");
        assert!(set(&[(named("B"), "10.0.3.1")]).unwrap_err().contains("both"));
        assert!(set(&[(named("B"), "10.0.4.2")]).unwrap_err().contains("one network"));
        assert!(set(&[(named("B"), "fd00::2")]).unwrap_err().contains("one network"));
        let all = [(named("A"), "fd00::1"), (named("B"), "fd00::2"), (named("C"), "fd00::3")];
        assert_eq!(shown(set(&all).unwrap())[0], "A fd00::1/64");
    }

    #[test]
    fn templates_are_filled_in_word_by_word() {
        let template = Template::parse("python3 'my {program}.py' {ip} {port} --reply={reply}").unwrap();
        let words = template.fill(["tcp-server", "10.0.3.1:5", "10.0.3.1", "5", "none", "1"]);
        assert_eq!(words, ["python3", "my tcp-server.py", "10.0.3.1", "5", "--reply=none"]);
        assert!(Template::parse("python3 {adress}").unwrap_err().contains("{address}"));
        assert!(Template::parse("").is_err());
        assert!(Template::parse("python3 'x").is_err());
    }
}
