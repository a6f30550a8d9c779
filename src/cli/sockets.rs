//! `socklab sockets`: this computer's sockets, in the lab's words.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, IsTerminal, Write};
use std::net::IpAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use clap::Args;
use comfy_table::{ColumnConstraint, ContentArrangement, LineStyle, Table, TableStyle};
use textwrap::core::display_width;

use crate::cli::exit::{Exit, Failure};
use crate::cli::lab::{self, HostOption};
use crate::cli::number;
use crate::rehearse::options::sheet_hosts;
use crate::socket_table::{self, Entry, Owner, State};
use socklab_core::escape;
use socklab_core::lab::{HostName, LabConfig};
use socklab_core::wording::{self, COLUMNS, TABLE_COLUMNS};
use socklab_packets::types::{Protocol, SocketAddress};

/// Time between two looks with `--watch`.
const LOOK: Duration = Duration::from_millis(200);

/// Clears a terminal's window and begins at its top (ECMA-48: ED, CUP).
const CLEAR: &str = "\x1b[2J\x1b[H";

// What `socklab sockets` takes.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(super) struct Arguments {
    /// Show the table again whenever it changes, until Ctrl-C
    #[arg(long)]
    watch: bool,
    /// Only sockets with this port at one of the two ends
    #[arg(long, value_name = "PORT", value_parser = number::within(1..=u16::MAX))]
    port: Option<u16>,
    /// The address of a host of the lab, such as B=10.0.3.20 [default: 10.0.3.1 is A, 10.0.3.2 B, 10.0.3.3 C]
    #[arg(long, value_name = "HOST=ADDRESS", value_parser = lab::host)]
    host: Vec<HostOption>,
    /// A lab file (TOML) with the hosts of your own lab
    #[arg(long, value_name = "FILE")]
    lab: Option<PathBuf>,
}

const EXAMPLES: &str = "\
Examples:
  Who waits in the queue of the server of step 6, while it changes:
      socklab sockets --watch --port 65432
  The programs of other users too:
      sudo socklab sockets";

/// Runs the command.
pub(super) fn run(arguments: &Arguments) -> ExitCode {
    let config = lab::lab(arguments.lab.as_deref()).and_then(|mut config| {
        lab::set(&mut config, &arguments.host, &[], &[])?;
        Ok(config)
    });
    let hosts = match config {
        Ok(config) => hosts(&config),
        Err(failure) => return failure.unusable().into(),
    };
    match show(arguments, &hosts) {
        Ok(()) => Exit::Done.into(),
        // Nobody reads on.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Exit::Done.into(),
        Err(error) => Failure::new("sockets", error).unusable().into(),
    }
}

fn show(arguments: &Arguments, hosts: &BTreeMap<IpAddr, HostName>) -> io::Result<()> {
    let mut out = io::stdout().lock();
    let clear = if out.is_terminal() { CLEAR } else { "" };
    let mut shown = String::new();
    loop {
        let text = listed(arguments.port)?.render(hosts);
        if text != shown {
            let before = if arguments.watch { clear } else { "" };
            out.write_all(format!("{before}{text}").as_bytes())?;
            out.flush()?;
            shown = text;
        }
        if !arguments.watch {
            return Ok(());
        }
        thread::sleep(LOOK);
    }
}

/// The hosts by their addresses: those of options and lab file, else those that a rehearsal gives them.
fn hosts(config: &LabConfig) -> BTreeMap<IpAddr, HostName> {
    let of_sheet = LabConfig::of(config.sheet.clone());
    let usual = [false, true].into_iter().filter_map(|ipv6| sheet_hosts(&of_sheet, ipv6).ok()).flatten();
    let usual = usual.filter(|host| !config.hosts.contains_key(&host.name)).map(|host| (host.ip, host.name));
    usual.chain(config.hosts.iter().map(|(name, ip)| (*ip, *name))).collect()
}

fn listed(port: Option<u16>) -> io::Result<Listing> {
    let mut sockets = Vec::new();
    for protocol in [Protocol::Tcp, Protocol::Udp] {
        sockets.extend(socket_table::list(protocol)?.into_iter().map(|entry| (protocol, entry)));
    }
    sockets.retain(|(_, entry)| port.is_none_or(|port| [entry.local.port, entry.remote.port].contains(&port)));
    let (owners, is_complete) = socket_table::owners();
    Ok(Listing { port, sockets, owners, is_complete })
}

/// What a socket is, in the lab's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Role {
    Listening,
    Waiting,
    Handshake,
    Connecting,
    Connected,
    PeerClosed,
    HalfClosed,
    Closing,
    TimeWait,
    Bound,
    BoundToOne,
}

impl Role {
    fn of(protocol: Protocol, entry: &Entry) -> Role {
        match (protocol, entry.state) {
            (Protocol::Udp, State::ESTABLISHED) => Role::BoundToOne,
            (Protocol::Udp, _) => Role::Bound,
            (_, State::LISTEN) => Role::Listening,
            _ if entry.waits() => Role::Waiting,
            (_, State::SYN_SENT) => Role::Connecting,
            (_, State::SYN_RECEIVED | State::NEW_SYN_RECEIVED) => Role::Handshake,
            (_, State::ESTABLISHED) => Role::Connected,
            (_, State::CLOSE_WAIT) => Role::PeerClosed,
            (_, State::FIN_WAIT_2) => Role::HalfClosed,
            (_, State::TIME_WAIT) => Role::TimeWait,
            _ => Role::Closing,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Role::Listening => "listening",
            Role::Waiting => "waiting",
            Role::Handshake => "handshake",
            Role::Connecting => "connecting",
            Role::Connected => "connected",
            Role::PeerClosed => "closed by peer",
            Role::HalfClosed => "closed here",
            Role::Closing => "closing",
            Role::TimeWait => "time-wait",
            Role::Bound => "bound",
            Role::BoundToOne => "bound, one peer",
        }
    }

    /// One line for a student.
    fn explanation(self) -> &'static str {
        match self {
            Role::Listening => "listen() was called; clients can connect while the queue has room.",
            Role::Waiting => "the handshake is complete, but no accept() has returned it yet.",
            Role::Handshake => "a SYN was answered; the ACK has not come, or the queue was full.",
            Role::Connecting => "this system has sent a SYN; no answer has come yet.",
            Role::Connected => "the handshake is complete, and a program has the socket.",
            Role::PeerClosed => "FIN has come; the program here has not closed its socket yet.",
            Role::HalfClosed => "FIN was sent and acknowledged; none has come from the other side.",
            Role::Closing => "the side here is closed, but its FIN is not acknowledged yet.",
            Role::TimeWait => "both sides have closed; the system keeps the addresses for a minute.",
            Role::Bound => "it receives datagrams from everybody.",
            Role::BoundToOne => "connect() was called; it receives from that address only.",
        }
    }
}

/// The sockets of a computer at one moment.
struct Listing {
    /// Only sockets with this port are listed.
    port: Option<u16>,
    sockets: Vec<(Protocol, Entry)>,
    owners: BTreeMap<u64, Vec<Owner>>,
    /// The programs of all users could be looked at.
    is_complete: bool,
}

impl Listing {
    fn render(&self, hosts: &BTreeMap<IpAddr, HostName>) -> String {
        if self.sockets.is_empty() {
            let port = self.port.map(|port| format!(" with port {port}")).unwrap_or_default();
            return format!("There are no TCP or UDP sockets{port}.\n");
        }
        let mut sockets: Vec<(Role, &(Protocol, Entry))> =
            self.sockets.iter().map(|socket| (Role::of(socket.0, &socket.1), socket)).collect();
        // Connections stand below the listening socket that they came to.
        sockets
            .sort_by_key(|(role, (protocol, entry))| (*protocol, entry.local.port, *role, entry.local, entry.remote));
        let rows: Vec<[String; 5]> = sockets.iter().map(|(role, socket)| self.row(*role, socket, hosts)).collect();
        let mut text = self.own_letters(hosts);
        for line in table(rows).lines() {
            text.push_str(line.trim_end().strip_prefix(' ').unwrap_or(&line));
            text.push('\n');
        }
        text.push('\n');
        let roles: BTreeSet<Role> = sockets.iter().map(|(role, _)| *role).collect();
        for role in roles {
            text.push_str(&format!("{}: {}\n", role.name(), role.explanation()));
        }
        if !self.is_complete {
            text.push_str("Programs of other users are not named (?); sudo socklab sockets names them.\n");
        }
        text
    }

    /// Protocol, local and remote address, state and program.
    fn row(
        &self,
        role: Role,
        (protocol, entry): &(Protocol, Entry),
        hosts: &BTreeMap<IpAddr, HostName>,
    ) -> [String; 5] {
        let remote = match role {
            Role::Listening | Role::Bound => "-".to_owned(),
            _ => address(entry.remote, hosts),
        };
        [protocol.to_string(), entry.local.to_string(), remote, state(role, entry), self.program(role, entry)]
    }

    /// Which hosts of the lab this computer is, by the addresses of its sockets.
    fn own_letters(&self, hosts: &BTreeMap<IpAddr, HostName>) -> String {
        let own: BTreeSet<IpAddr> = self.sockets.iter().map(|(_, entry)| entry.local.ip).collect();
        let named = own.into_iter().filter_map(|ip| Some(format!("This computer is {}: {ip}.\n", hosts.get(&ip)?)));
        named.collect()
    }

    fn program(&self, role: Role, entry: &Entry) -> String {
        match self.owners.get(&entry.inode) {
            Some(owners) => {
                let named = owners.iter().map(|owner| format!("{} ({})", escape::harmless(&owner.name), owner.process));
                named.collect::<Vec<_>>().join(", ")
            }
            None if role == Role::Waiting => "none yet".to_owned(),
            None if !entry.opened() => "-".to_owned(),
            None => "?".to_owned(),
        }
    }
}

/// The rows below their heads. What is long goes on in the next line: programs that share a socket, and where addresses are
/// of IPv6, the remote one below the local one.
fn table(rows: Vec<[String; 5]>) -> Table {
    const HEAD: [&str; 5] = ["", "LOCAL ADDRESS", "REMOTE ADDRESS", "STATE", "PROGRAM"];
    let widest = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column).map(String::as_str)).chain(HEAD.get(column).copied());
        cells.map(display_width).max().unwrap_or(0)
    };
    let words = rows.iter().flat_map(|[.., program]| program.split(' ')).chain(HEAD.last().copied());
    let program = words.map(display_width).max().unwrap_or(0);
    // Two columns between any two.
    let needed = [widest(0), widest(1), widest(2), widest(3), program, 8].into_iter().fold(0, usize::saturating_add);
    let mut table = Table::new();
    table
        .load_style(TableStyle::new().header_separator(LineStyle::none().fill('─')))
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(TABLE_COLUMNS);
    let whole = if needed <= COLUMNS {
        table.set_header(HEAD);
        table.add_rows(rows);
        4
    } else {
        let stacked = |[protocol, local, remote, state, program]: [String; 5]| {
            [protocol, format!("{local}\n{remote}"), state, program]
        };
        table.set_header(stacked(HEAD.map(str::to_owned)));
        table.add_rows(rows.into_iter().map(stacked));
        2
    };
    table.column_iter_mut().take(whole).for_each(|column| {
        column.set_constraint(ColumnConstraint::ContentWidth);
    });
    table
}

fn address(address: SocketAddress, hosts: &BTreeMap<IpAddr, HostName>) -> String {
    hosts.get(&address.ip).map_or_else(|| address.to_string(), |host| format!("{address} ({host})"))
}

fn state(role: Role, entry: &Entry) -> String {
    let more = match role {
        _ if entry.unread == 0 => return role.name().to_owned(),
        Role::Listening if entry.unread == 1 => "1 waits".to_owned(),
        Role::Listening => format!("{} wait", entry.unread),
        Role::Waiting => wording::count(entry.unread.into(), "byte"),
        // The kernel counts the memory that datagrams take, not their bytes.
        Role::Bound | Role::BoundToOne => "datagrams unread".to_owned(),
        _ => format!("{} unread", wording::count(entry.unread.into(), "byte")),
    };
    format!("{} ({more})", role.name())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(local: &str, remote: &str, state: u8, unread: u32, inode: u64) -> Entry {
        let address = |text: &str| text.parse().unwrap();
        Entry { local: address(local), remote: address(remote), state: State(state), unacknowledged: 0, unread, inode }
    }

    fn listing(sockets: Vec<(Protocol, Entry)>) -> Listing {
        let owner = |process, name: &str| Owner { process, name: name.to_owned() };
        let owners = BTreeMap::from([
            (11, vec![owner(4711, "python3")]),
            (12, vec![owner(4711, "python3"), owner(4712, "python3")]),
        ]);
        Listing { port: None, sockets, owners, is_complete: true }
    }

    #[test]
    fn that_there_are_no_sockets_is_said_of_the_port_that_was_asked_for() {
        let none = |port| Listing { port, ..listing(Vec::new()) }.render(&hosts(&LabConfig::default()));
        assert_eq!(none(Some(1)), "There are no TCP or UDP sockets with port 1.\n");
        assert_eq!(none(None), "There are no TCP or UDP sockets.\n");
    }

    #[test]
    fn a_busy_server_is_shown_with_who_waits() {
        let sockets = vec![
            (Protocol::Tcp, entry("10.0.3.1:65432", "10.0.3.3:51194", 1, 18, 0)),
            (Protocol::Tcp, entry("10.0.3.1:65432", "10.0.3.2:45270", 1, 0, 12)),
            (Protocol::Udp, entry("10.0.3.1:65433", "0.0.0.0:0", 7, 0, 13)),
            (Protocol::Tcp, entry("10.0.3.1:65432", "0.0.0.0:0", 10, 1, 11)),
        ];
        let text = listing(sockets).render(&hosts(&LabConfig::default()));
        let expected = [
            "This computer is A: 10.0.3.1.",
            "TCP 10.0.3.1:65432 - listening (1 waits) python3 (4711)",
            "TCP 10.0.3.1:65432 10.0.3.3:51194 (C) waiting (18 bytes) none yet",
            "TCP 10.0.3.1:65432 10.0.3.2:45270 (B) connected python3",
            "UDP 10.0.3.1:65433 - bound ?",
        ];
        for row in expected {
            let is_it = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ").starts_with(row);
            assert!(text.lines().any(is_it), "{row}: {text}");
        }
        for role in [Role::Listening, Role::Waiting, Role::Connected, Role::Bound] {
            assert!(text.contains(&format!("\n{}: {}\n", role.name(), role.explanation())), "{text}");
        }
        assert!(!text.contains("time-wait"));
        assert!(text.lines().all(|line| line.chars().count() <= COLUMNS), "{text}");
    }

    #[test]
    fn every_explanation_fits_a_line() {
        let roles = (1..=12).flat_map(|state| {
            let entry = entry("1.1.1.1:1", "2.2.2.2:2", state, 0, u64::from(state % 2));
            [Role::of(Protocol::Tcp, &entry), Role::of(Protocol::Udp, &entry)]
        });
        for role in roles {
            let line = format!("{}: {}", role.name(), role.explanation());
            assert!(line.len() <= COLUMNS, "{line}");
        }
    }

    /// Whatever the addresses, programs and counts, lines have 80 columns at most and words stay whole.
    #[test]
    fn long_addresses_stand_below_each_other() {
        let (a, c) = ("[fd00:10:3:1234:aaaa:bbbb:cccc:1111]:65432", "[fd00:10:3:1234:aaaa:bbbb:cccc:2222]:36239");
        let sockets = vec![
            (Protocol::Tcp, entry(a, c, 1, 70_000, 0)),
            (Protocol::Tcp, entry(a, "[::]:0", 10, 2, 11)),
            (Protocol::Tcp, entry(c, a, 1, 128_672, 12)),
        ];
        let text = listing(sockets).render(&hosts(&LabConfig::default()));
        assert!(text.lines().all(|line| line.chars().count() <= COLUMNS), "{text}");
        for word in [a, c, "listening", "waiting", "(70000", "connected", "python3", "(4711)", "(4712)", "PROGRAM"] {
            assert!(text.split_whitespace().any(|own| own.trim_end_matches(',') == word), "{word}: {text}");
        }
        let lines: Vec<&str> = text.lines().collect();
        let waits = lines.iter().position(|line| line.contains("waiting")).unwrap();
        assert!(lines[waits].contains(a) && lines[waits + 1].contains(c), "{text}");
    }

    /// What Linux has as the length of a UDP socket's queue is memory: 1664 for two datagrams of 5 bytes each.
    #[test]
    fn no_bytes_are_told_of_datagrams_that_wait() {
        let text = listing(vec![(Protocol::Udp, entry("10.0.3.1:65433", "0.0.0.0:0", 7, 1664, 11))])
            .render(&hosts(&LabConfig::default()));
        assert!(text.contains("bound (datagrams unread)") && !text.contains("1664"), "{text}");
    }

    #[test]
    fn letters_are_the_users_where_set() {
        let mut config = LabConfig::default();
        config.hosts.insert(socklab_core::lab::testing::host("B"), "192.168.1.7".parse().unwrap());
        let set = hosts(&config);
        let shown = |text: &str| address(text.parse().unwrap(), &set);
        assert_eq!(shown("192.168.1.7:5"), "192.168.1.7:5 (B)");
        assert_eq!(shown("10.0.3.2:5"), "10.0.3.2:5");
        assert_eq!(shown("10.0.3.1:5"), "10.0.3.1:5 (A)");
    }

    #[test]
    fn every_state_of_the_kernel_has_a_role() {
        let role = |state: u8| Role::of(Protocol::Tcp, &entry("1.1.1.1:1", "2.2.2.2:2", state, 0, 9));
        let roles: Vec<Role> = (1..=12).map(role).collect();
        let expected = [
            Role::Connected,
            Role::Connecting,
            Role::Handshake,
            Role::Closing,
            Role::HalfClosed,
            Role::TimeWait,
            Role::Closing,
            Role::PeerClosed,
            Role::Closing,
            Role::Listening,
            Role::Closing,
            Role::Handshake,
        ];
        assert_eq!(roles, expected);
    }
}
