//! What a user may want different from the sheet.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::rehearse::plan::{Host, JOURNAL, Kind, Range, pairs};
use socklab_core::lab::{HostName, LabConfig, Sheet};
use socklab_core::wording::count;

/// Variations of a rehearsal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// The lab that is played.
    pub sheet: Sheet,
    /// Its hosts with their addresses.
    pub hosts: Vec<Host>,
    /// Port of the TCP servers, where the sheet's steps fix none or the user wants another.
    pub tcp_port: Port,
    /// Port of the UDP servers, likewise.
    pub udp_port: Port,
    /// What the servers send back: `none`, `echo` or `upper`.
    pub reply: &'static str,
    /// The backlog of the iterative TCP server, where it is not the program's own.
    pub backlog: Option<u16>,
    /// Clients per host where they run side by side, if not as many as the sheet has.
    pub clients: Option<u8>,
    /// The steps that are wanted; without any, those that make the network alone.
    pub steps: Option<Range>,
    /// Further captures at A and C.
    pub extra_captures: bool,
    /// Other programs in place of socklab's own.
    pub programs: Templates,
}

/// A port that is set for all servers of a protocol, or that stands in where the sheet has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Port {
    /// The user wants it.
    Set(u16),
    /// It stands in.
    Usual(u16),
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
            if has_placeholder(&rest) {
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

/// Whether a word has a name in braces. Other braces are the program's own: JSON, or a program's text.
fn has_placeholder(word: &str) -> bool {
    word.split('{').skip(1).any(|rest| {
        let name = rest.split_once('}').map_or("", |(name, _)| name);
        !name.is_empty() && name.chars().all(|c| c.is_ascii_alphabetic() || "-_".contains(c))
    })
}

/// Hosts that a rehearsal can have.
const MOST_HOSTS: usize = 100;

/// The network of hosts for which no address is fixed.
const NETWORK: (IpAddr, u8) = (IpAddr::V4(Ipv4Addr::new(10, 0, 3, 0)), 24);
/// The same over IPv6.
const NETWORK_IPV6: (IpAddr, u8) = (IpAddr::V6(Ipv6Addr::new(0xfd00, 0x10, 3, 0, 0, 0, 0, 0)), 64);

/// The hosts of a lab with the addresses that it fixes; the others get further ones of the same network. With `ipv6` all get
/// IPv6 addresses, whatever the lab fixes.
///
/// # Errors
/// Two hosts with one address, hosts that are not in one network, or too many of them.
pub fn sheet_hosts(lab: &LabConfig, ipv6: bool) -> Result<Vec<Host>, String> {
    let fixed = |name: HostName| lab.hosts.get(&name).copied().or_else(|| lab.sheet.address_of(name));
    let fixed: Vec<(HostName, IpAddr)> =
        lab.sheet.hosts().iter().filter_map(|host| Some((host.name, fixed(host.name)?))).collect();
    let (network, prefix) = match fixed.first() {
        _ if ipv6 => NETWORK_IPV6,
        Some((_, ip)) => {
            let prefix = if ip.is_ipv4() { 24 } else { 64 };
            (masked(*ip, prefix), prefix)
        }
        None => NETWORK,
    };
    let hosts = numbered(&lab.sheet, network, prefix)?;
    if ipv6 { Ok(hosts) } else { with_addresses(hosts, &fixed) }
}

/// The hosts of a lab as the first addresses of a network: `192.168.50.0/24`, `fd00:1::/64`.
///
/// # Errors
/// A text that is no network, or one with no room for the hosts.
pub fn hosts_in(sheet: &Sheet, network: &str) -> Result<Vec<Host>, String> {
    let fault = || format!("'{network}' is not a network, such as 192.168.50.0/24 or fd00:1::/64");
    let (ip, prefix) = network.split_once('/').ok_or_else(fault)?;
    let ip: IpAddr = ip.trim().parse().map_err(|_| fault())?;
    let prefix: u8 = prefix.trim().parse().map_err(|_| fault())?;
    let bits: u8 = if ip.is_ipv4() { 32 } else { 128 };
    let free = bits.checked_sub(prefix).ok_or_else(fault)?;
    // The network's own address and the last one, for broadcast, are no host's.
    let room = 1_usize.checked_shl(free.into()).unwrap_or(usize::MAX).saturating_sub(2);
    let wanted = sheet.hosts().len();
    if room < wanted {
        return Err(format!("'{network}' has no room for {}", count(wanted as u64, "host")));
    }
    numbered(sheet, masked(ip, prefix), prefix)
}

/// Sets addresses of single hosts.
///
/// # Errors
/// Two hosts with one address, or hosts that are not in one network: without a router they could not reach each other.
pub fn with_addresses(mut hosts: Vec<Host>, set: &[(HostName, IpAddr)]) -> Result<Vec<Host>, String> {
    let was_ipv4 = hosts.iter().all(|host| host.ip.is_ipv4());
    for (name, ip) in set {
        for host in hosts.iter_mut().filter(|host| host.name == *name) {
            host.ip = *ip;
        }
    }
    let prefix = match (was_ipv4, hosts.first()) {
        (true, Some(host)) if host.ip.is_ipv6() => 64,
        (false, Some(host)) if host.ip.is_ipv4() => 24,
        (_, host) => host.map_or(24, |host| host.prefix),
    };
    for (one, other) in pairs(&hosts) {
        if one.ip == other.ip {
            return Err(format!("{} and {} can't both have {}", one.name, other.name, one.ip));
        }
        if masked(one.ip, prefix) != masked(other.ip, prefix) {
            return Err(format!(
                "{} {} and {} {} are not in one network (/{prefix}); set all of them with --host, or use --subnet",
                one.name, one.ip, other.name, other.ip
            ));
        }
    }
    // A computer that talks to itself alone may do so at any address of lo.
    let is_alone = hosts.len() == 1;
    let is_on_lo = |ip: &IpAddr| ip.is_loopback() && !is_alone;
    let unusable = |ip: &IpAddr| ip.is_unspecified() || is_on_lo(ip) || ip.is_multicast();
    match hosts.iter().find(|host| unusable(&host.ip)) {
        Some(host) => Err(format!("a host can't have the address {}", host.ip)),
        None => Ok(hosts.into_iter().map(|host| Host { prefix, ..host }).collect()),
    }
}

/// The hosts as the first addresses of a network.
fn numbered(sheet: &Sheet, network: IpAddr, prefix: u8) -> Result<Vec<Host>, String> {
    let hosts = sheet.hosts();
    if hosts.len() > MOST_HOSTS {
        return Err(format!("the lab has {} hosts, and a rehearsal has room for {MOST_HOSTS}", hosts.len()));
    }
    let host = |(number, name): (u8, HostName)| {
        let ip = match network {
            IpAddr::V4(ip) => IpAddr::V4((u32::from(ip) | u32::from(number)).into()),
            IpAddr::V6(ip) => IpAddr::V6((u128::from(ip) | u128::from(number)).into()),
        };
        Host { name, number, ip, prefix }
    };
    // The server first, as on the sheet that socklab knows.
    let server = sheet.server();
    let names = [server].into_iter().chain(hosts.iter().map(|host| host.name).filter(|name| *name != server));
    Ok((1..).zip(names).map(host).collect())
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

    fn usual(ipv6: bool) -> Vec<Host> {
        sheet_hosts(&LabConfig::default(), ipv6).unwrap()
    }

    fn within(network: &str) -> Result<Vec<Host>, String> {
        hosts_in(&Sheet::built_in(), network)
    }

    fn shown(hosts: Vec<Host>) -> Vec<String> {
        hosts.iter().map(|host| format!("{} {}/{}", host.name, host.ip, host.prefix)).collect()
    }

    #[test]
    fn hosts_are_numbered_in_their_network() {
        assert_eq!(shown(usual(false)), ["A 10.0.3.1/24", "B 10.0.3.2/24", "C 10.0.3.3/24"]);
        assert_eq!(shown(usual(true)), ["A fd00:10:3::1/64", "B fd00:10:3::2/64", "C fd00:10:3::3/64"]);
        assert_eq!(shown(within("192.168.50.77/24").unwrap())[0], "A 192.168.50.1/24");
        assert_eq!(shown(within("fd00:9::/64").unwrap())[2], "C fd00:9::3/64");
        for wrong in ["192.168.50.0", "192.168.50.0/31", "::/127", "10.0.0.0/33", "a/24", "10.0.0.0/x"] {
            assert!(within(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn hosts_of_a_lab_of_ones_own_have_its_addresses() {
        let lab = |text: &str| LabConfig::from_toml(&format!("{text}{STEP}")).unwrap();
        let two = "[[host]]\nname = \"left\"\nrole = \"client\"\n[[host]]\nname = \"right\"\nrole = \"server\"\n";
        let shown_of = |text: &str| shown(sheet_hosts(&lab(text), false).unwrap());
        assert_eq!(shown_of(two), ["right 10.0.3.1/24", "left 10.0.3.2/24"]);
        let fixed = format!("{two}address = \"192.0.2.9\"\n");
        assert_eq!(shown_of(&fixed), ["right 192.0.2.9/24", "left 192.0.2.2/24"]);
        let apart = two.replacen("role", "address = \"198.51.100.1\"\nrole", 1) + "address = \"192.0.2.9\"\n";
        assert!(sheet_hosts(&lab(&apart), false).unwrap_err().contains("one network"));
    }

    const STEP: &str = "[[step]]\nnumber = 1\ndoes = \"clients\"\nprotocol = \"tcp\"\nclient = \"left\"\n\
        [[question]]\nnumber = 1\ntitle = \"x\"\npoints = 1\nkind = \"tcp-frames\"\nsteps = \"1\"\nexplain = \"x\"\n";

    #[test]
    fn single_hosts_can_be_set_within_one_network() {
        let set = |pairs: &[(HostName, &str)]| {
            let pairs: Vec<_> = pairs.iter().map(|(name, ip)| (*name, ip.parse().unwrap())).collect();
            with_addresses(usual(false), &pairs)
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
        let own = Template::parse("node -e 'f({port}, () => {})' '{\"a\": 1}'").unwrap();
        assert_eq!(own.fill(["", "", "", "5", "", ""]), ["node", "-e", "f(5, () => {})", "{\"a\": 1}"]);
        assert!(Template::parse("").is_err());
        assert!(Template::parse("python3 'x").is_err());
    }
}
