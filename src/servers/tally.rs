//! What a server did: its sockets, and what it received from each.
//!
//! Remembers [`TALLY_ROWS`] rows however long the server runs; further ones are counted together, and said to be.

use comfy_table::{CellAlignment, ContentArrangement, Table, presets};

use crate::servers::program::Endpoint;
use socklab_core::wording::{TABLE_COLUMNS, count};
use socklab_packets::limits::TALLY_ROWS;
use socklab_packets::types::SocketAddress;

/// What was received from one peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Received {
    /// Lines (TCP; a long line counts once) or datagrams (UDP).
    pub messages: u64,
    /// Those of the lines that ended without a newline.
    pub unfinished: u64,
    /// Bytes, newlines included.
    pub bytes: u64,
}

impl Received {
    /// Adds what another received.
    pub fn add(&mut self, other: Received) {
        self.messages = self.messages.saturating_add(other.messages);
        self.unfinished = self.unfinished.saturating_add(other.unfinished);
        self.bytes = self.bytes.saturating_add(other.bytes);
    }

    /// In words: `3 lines, 21 bytes`, `3 lines, 1 without a newline, 21 bytes`; the message called by `noun`.
    pub fn in_words(self, noun: &str) -> String {
        let unfinished = match self.unfinished {
            0 => String::new(),
            all if all == self.messages => " without a newline".to_owned(),
            some => format!(", {some} without a newline"),
        };
        format!("{}{unfinished}, {}", count(self.messages, noun), count(self.bytes, "byte"))
    }
}

/// The tally of a TCP server.
#[derive(Debug, Default)]
pub struct TcpTally {
    /// In the order of their numbers.
    rows: Vec<(Endpoint, Received)>,
    accepted: u64,
    /// From all, also from those without a row.
    total: Received,
    listed: Received,
}

impl TcpTally {
    /// `accept` created this socket.
    pub fn accepted(&mut self, socket: Endpoint) {
        self.accepted = self.accepted.saturating_add(1);
        if self.rows.len() < TALLY_ROWS {
            self.rows.push((socket, Received::default()));
        }
    }

    /// What was received from the socket of this number, once it is closed.
    pub fn received(&mut self, number: u32, received: Received) {
        self.total.add(received);
        if let Ok(at) = self.rows.binary_search_by_key(&number, |(socket, _)| socket.number)
            && let Some((_, row)) = self.rows.get_mut(at)
        {
            row.add(received);
            self.listed.add(received);
        }
    }

    /// The tally in at most 80 columns.
    pub fn render(&self, program: &str, listening: &Endpoint) -> String {
        let sockets = self.accepted.saturating_add(1);
        let mut text =
            format!("{program} created {}: 1 listening, {} connected.\n", count(sockets, "socket"), self.accepted);
        text.push_str(&format!("Received in all: {}.\n", self.total.in_words("line")));
        let mut table = table(["socket", "kind", "local address", "remote address", "lines", "bytes"], 4);
        table.add_row([listening.number.to_string(), "listening".into(), written(listening.local), "-".into()]);
        for (socket, received) in &self.rows {
            let (local, remote) = (written(socket.local), written(socket.remote));
            let (lines, bytes) = (received.messages.to_string(), received.bytes.to_string());
            table.add_row([socket.number.to_string(), "connected".into(), local, remote, lines, bytes]);
        }
        text.push_str(&finished(&table));
        let listed = self.rows.len() as u64;
        text.push_str(&further(
            self.accepted.saturating_sub(listed),
            "connected socket",
            self.total,
            self.listed,
            "line",
        ));
        text
    }
}

/// The tally of a UDP server: one socket, and its clients by address.
#[derive(Debug, Default)]
pub struct UdpTally {
    /// In the order of their first datagrams.
    rows: Vec<(SocketAddress, Received)>,
    empty: u64,
    total: Received,
    listed: Received,
}

impl UdpTally {
    /// A datagram of this many bytes came.
    pub fn received(&mut self, client: SocketAddress, bytes: u64) {
        let received = Received { messages: 1, unfinished: 0, bytes };
        self.empty = self.empty.saturating_add(u64::from(bytes == 0));
        self.total.add(received);
        if let Some((_, row)) = self.rows.iter_mut().find(|(address, _)| *address == client) {
            row.add(received);
        } else if self.rows.len() < TALLY_ROWS {
            self.rows.push((client, received));
        } else {
            return;
        }
        self.listed.add(received);
    }

    /// The tally in at most 80 columns.
    pub fn render(&self, program: &str, socket: &Endpoint) -> String {
        let mut text = format!(
            "{program} created 1 socket.\nIt is bound to {}.\nIt has no remote address: it receives from all clients.\n\
             Received in all: {}",
            written(socket.local),
            self.total.in_words("datagram")
        );
        text.push_str(&match self.empty {
            0 => ".\n".to_owned(),
            empty => format!("; {} without data.\n", count(empty, "datagram")),
        });
        if self.rows.is_empty() {
            return text;
        }
        let mut table = table(["client address", "datagrams", "bytes"], 1);
        for (client, received) in &self.rows {
            table.add_row([client.to_string(), received.messages.to_string(), received.bytes.to_string()]);
        }
        text.push_str(&finished(&table));
        text.push_str(&match self.total.messages.saturating_sub(self.listed.messages) {
            0 => String::new(),
            _ => further_received("From other clients", self.total, self.listed, "datagram"),
        });
        text
    }
}

fn written(address: Option<SocketAddress>) -> String {
    address.map_or_else(|| "-".to_owned(), |address| address.to_string())
}

/// A table without frame; the columns from `numbers` on hold numbers.
fn table<const N: usize>(header: [&str; N], numbers: usize) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic).set_width(TABLE_COLUMNS);
    table.set_header(header);
    table.column_iter_mut().skip(numbers).for_each(|column| {
        column.set_cell_alignment(CellAlignment::Right);
    });
    table
}

fn finished(table: &Table) -> String {
    let mut text = String::new();
    for line in table.lines() {
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

fn further(rows: u64, noun: &str, total: Received, listed: Received, message: &str) -> String {
    match rows {
        0 => String::new(),
        rows => further_received(&format!("And {}", count(rows, &format!("more {noun}"))), total, listed, message),
    }
}

fn further_received(whose: &str, total: Received, listed: Received, noun: &str) -> String {
    let received = Received {
        messages: total.messages.saturating_sub(listed.messages),
        unfinished: total.unfinished.saturating_sub(listed.unfinished),
        bytes: total.bytes.saturating_sub(listed.bytes),
    };
    format!(
        "{whose}: {}.\nThe table lists only the first {TALLY_ROWS}; a journal (--journal) has all of them.\n",
        received.in_words(noun)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use socklab_packets::types::Protocol;

    fn endpoint(number: u32, local: &str, remote: Option<&str>) -> Endpoint {
        let address = |text: &str| text.parse().unwrap();
        Endpoint { number, protocol: Protocol::Tcp, local: Some(address(local)), remote: remote.map(address) }
    }

    #[test]
    fn a_tcp_tally_lists_each_socket_with_both_addresses() {
        let mut tally = TcpTally::default();
        tally.accepted(endpoint(2, "10.0.3.1:65432", Some("10.0.3.2:40000")));
        tally.accepted(endpoint(3, "10.0.3.1:65432", Some("10.0.3.3:50000")));
        tally.received(3, Received { messages: 1, unfinished: 0, bytes: 6 });
        tally.received(2, Received { messages: 3, unfinished: 1, bytes: 21 });
        let text = tally.render("tcp-server", &endpoint(1, "10.0.3.1:65432", None));
        let expected = "\
tcp-server created 3 sockets: 1 listening, 2 connected.
Received in all: 4 lines, 1 without a newline, 27 bytes.
 socket  kind       local address   remote address  lines  bytes
 1       listening  10.0.3.1:65432  -
 2       connected  10.0.3.1:65432  10.0.3.2:40000      3     21
 3       connected  10.0.3.1:65432  10.0.3.3:50000      1      6
";
        assert_eq!(text, expected);
    }

    #[test]
    fn text_without_a_newline_is_counted_in_words() {
        let words = |messages, unfinished| Received { messages, unfinished, bytes: 10 }.in_words("line");
        assert_eq!(words(0, 0), "0 lines, 10 bytes");
        assert_eq!(words(1, 1), "1 line without a newline, 10 bytes");
        assert_eq!(words(2, 2), "2 lines without a newline, 10 bytes");
        assert_eq!(words(3, 1), "3 lines, 1 without a newline, 10 bytes");
    }

    #[test]
    fn a_long_tally_is_bounded_and_says_what_it_leaves_out() {
        let (mut tcp, mut udp) = (TcpTally::default(), UdpTally::default());
        for number in 0..1000 {
            let socket = endpoint(number + 2, "10.0.3.1:65432", Some(&format!("10.0.3.2:{}", 10_000 + number)));
            tcp.accepted(socket);
            tcp.received(socket.number, Received { messages: 2, unfinished: 0, bytes: 10 });
            udp.received(socket.remote.unwrap(), 5);
            udp.received(socket.remote.unwrap(), 0);
        }
        let listening = endpoint(1, "10.0.3.1:65432", None);
        let text = tcp.render("tcp-threaded-server", &listening);
        assert!(text.contains("created 1001 sockets: 1 listening, 1000 connected."));
        assert!(
            text.contains(
                "And 900 more connected sockets: 1800 lines, 9000 bytes.\nThe table lists only the first 100;"
            )
        );
        assert!(text.lines().count() < TALLY_ROWS + 10);
        let text = udp.render("udp-server", &listening);
        assert!(text.contains("Received in all: 2000 datagrams, 5000 bytes; 1000 datagrams without data."));
        assert!(text.contains("From other clients: 1800 datagrams, 4500 bytes.\nThe table lists only the first 100;"));
    }

    #[test]
    fn the_longest_addresses_fit_80_columns() {
        let address = "[2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff]:65432";
        let mut tally = TcpTally::default();
        tally.accepted(endpoint(2, address, Some(address)));
        tally.received(2, Received { messages: 1_000_000, unfinished: 10, bytes: 1_000_000_000 });
        let mut udp = UdpTally::default();
        udp.received(address.parse().unwrap(), 65_507);
        let listening = endpoint(1, address, None);
        let text = tally.render("tcp-threaded-server", &listening) + &udp.render("udp-server", &listening);
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    }
}
