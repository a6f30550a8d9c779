//! The drawing of the hosts: A above, its clients below, and what went between them.

use std::net::IpAddr;

use crate::analyze::analysis::{Analysis, LabStream};
use crate::report::words;
use crate::wording;
use socklab_packets::types::Protocol;

/// Client hosts that are drawn; further ones are counted.
const CLIENTS: usize = 4;
/// Width of a host's box and the space between two.
const BOX: u32 = 220;
const SPACE: u32 = 40;

/// The drawing.
pub(super) struct Topology {
    pub(super) width: u32,
    pub(super) server: HostBox,
    pub(super) clients: Vec<Client>,
    /// The text alternative, a line for each pair.
    pub(super) lines: Vec<String>,
    /// What is not drawn.
    pub(super) left_out: Option<String>,
}

/// A host.
pub(super) struct HostBox {
    pub(super) letter: String,
    pub(super) ip: String,
    pub(super) x: u32,
}

impl HostBox {
    /// The middle of the box.
    pub(super) fn middle(&self) -> u32 {
        self.x.saturating_add(BOX / 2)
    }
}

/// A client host and what it did with the server.
pub(super) struct Client {
    pub(super) host: HostBox,
    pub(super) tcp: Option<String>,
    pub(super) udp: Option<String>,
}

/// What went between two hosts.
#[derive(Default)]
struct Talk {
    connections: u64,
    attempts: u64,
    datagrams: u64,
}

impl Talk {
    fn add(&mut self, stream: &LabStream) {
        match (stream.protocol, stream.established) {
            (Protocol::Tcp, true) => self.connections = self.connections.saturating_add(1),
            (Protocol::Tcp, false) => self.attempts = self.attempts.saturating_add(1),
            (Protocol::Udp, _) => self.datagrams = self.datagrams.saturating_add(stream.frames),
        }
    }

    fn tcp(&self) -> Option<String> {
        let connections = (self.connections > 0).then(|| wording::count(self.connections, "TCP connection"));
        let attempts = (self.attempts > 0).then(|| wording::count(self.attempts, "failed attempt"));
        let parts: Vec<String> = connections.into_iter().chain(attempts).collect();
        (!parts.is_empty()).then(|| parts.join(", "))
    }

    fn udp(&self) -> Option<String> {
        (self.datagrams > 0).then(|| wording::count(self.datagrams, "UDP datagram"))
    }
}

impl Topology {
    /// The hosts of the lab's streams; `None` where there are none.
    pub(super) fn new(analysis: &Analysis) -> Option<Topology> {
        let lab = &analysis.lab;
        let server = lab.streams.first().map(|stream| stream.server.ip)?;
        let mut clients: Vec<IpAddr> = Vec::new();
        let named = lab.hosts.iter().map(|host| host.address).filter(|ip| *ip != server);
        for ip in named.chain(lab.streams.iter().map(|stream| stream.client.ip)) {
            if !clients.contains(&ip) {
                clients.push(ip);
            }
        }
        let hidden = clients.len().saturating_sub(CLIENTS);
        clients.truncate(CLIENTS);
        let boxes = u32::try_from(clients.len()).unwrap_or(1).max(2);
        let width = boxes.saturating_mul(BOX + SPACE).saturating_sub(SPACE);
        let drawn = clients.iter().zip(0_u32..).map(|(ip, number)| {
            let mut talk = Talk::default();
            lab.streams.iter().filter(|stream| stream.client.ip == *ip).for_each(|stream| talk.add(stream));
            let free = width.saturating_sub(
                u32::try_from(clients.len()).unwrap_or(1).saturating_mul(BOX + SPACE).saturating_sub(SPACE),
            ) / 2;
            let x = number.saturating_mul(BOX + SPACE).saturating_add(free);
            Client { host: host(analysis, *ip, x), tcp: talk.tcp(), udp: talk.udp() }
        });
        let clients: Vec<Client> = drawn.collect();
        let server = host(analysis, server, width.saturating_sub(BOX) / 2);
        let lines = clients.iter().map(|client| line(client, &server)).collect();
        let left_out =
            (hidden > 0).then(|| format!("{} not drawn.", wording::count(hidden as u64, "further client host")));
        Some(Topology { width, server, clients, lines, left_out })
    }
}

fn host(analysis: &Analysis, ip: IpAddr, x: u32) -> HostBox {
    HostBox { letter: words::host_letter(&analysis.lab, ip).unwrap_or_else(|| "?".to_owned()), ip: ip.to_string(), x }
}

fn line(client: &Client, server: &HostBox) -> String {
    let parts: Vec<&str> = [&client.tcp, &client.udp].into_iter().flatten().map(String::as_str).collect();
    let what = if parts.is_empty() { "nothing in these files".to_owned() } else { parts.join(" and ") };
    format!("{} ({}) to {} ({}): {what}.", client.host.letter, client.host.ip, server.letter, server.ip)
}
