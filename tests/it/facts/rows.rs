//! What tshark shows of each frame.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use socklab_core::facts::End;
use socklab_packets::types::Protocol;

const FIELDS: [&str; 58] = [
    "frame.number",
    "frame.time_relative",
    "frame.len",
    "frame.cap_len",
    "frame.time_epoch",
    "_ws.col.Destination",
    "ip.src",
    "ip.dst",
    "ipv6.src",
    "ipv6.dst",
    "ipv6.routing.type",
    "ip.proto",
    "ip.ttl",
    "ip.len",
    "ipv6.plen",
    "ipv6.hlim",
    "tcp.stream",
    "tcp.srcport",
    "tcp.dstport",
    "tcp.seq",
    "tcp.seq_raw",
    "tcp.nxtseq",
    "tcp.ack",
    "tcp.ack_raw",
    "tcp.flags",
    "tcp.window_size_value",
    "tcp.window_size",
    "tcp.hdr_len",
    "tcp.len",
    "tcp.checksum",
    "tcp.time_relative",
    "tcp.completeness",
    "tcp.time_delta",
    "tcp.payload",
    "tcp.option_kind",
    "tcp.options.mss_val",
    "tcp.options.wscale.shift",
    "tcp.options.wscale.multiplier",
    "tcp.options.sack_perm",
    "tcp.options.timestamp.tsval",
    "tcp.analysis.initial_rtt",
    "tcp.analysis.ack_rtt",
    "tcp.analysis.acks_frame",
    "tcp.analysis.retransmission",
    "tcp.analysis.fast_retransmission",
    "tcp.analysis.out_of_order",
    "tcp.analysis.duplicate_ack",
    "tcp.analysis.keep_alive",
    "tcp.analysis.zero_window",
    "tcp.analysis.zero_window_probe",
    "udp.stream",
    "udp.srcport",
    "udp.dstport",
    "udp.length",
    "udp.checksum",
    "udp.time_relative",
    "udp.time_delta",
    "udp.payload",
];

/// A frame's fields.
#[derive(Debug, Clone)]
pub(super) struct Row(BTreeMap<&'static str, String>);

impl Row {
    pub(super) fn text(&self, field: &str) -> &str {
        self.0.get(field).map_or("", String::as_str)
    }

    pub(super) fn has(&self, field: &str) -> bool {
        !self.text(field).is_empty()
    }

    pub(super) fn number(&self, field: &str) -> Option<u64> {
        let text = self.text(field);
        match text.strip_prefix("0x") {
            Some(digits) => u64::from_str_radix(digits, 16).ok(),
            None => text.parse().ok(),
        }
    }

    /// A time in nanoseconds.
    pub(super) fn time(&self, field: &str) -> Option<i128> {
        let text = self.text(field);
        let (whole, decimals) = text.split_once('.')?;
        let digits = format!("{decimals:0<9}");
        let (negative, whole) = (whole.starts_with('-'), whole.trim_start_matches('-'));
        let all = whole.parse::<i128>().ok()? * 1_000_000_000 + digits.get(..9)?.parse::<i128>().ok()?;
        Some(if negative { -all } else { all })
    }

    pub(super) fn frame(&self) -> u64 {
        self.number("frame.number").unwrap()
    }

    fn address(&self, end: &str, port: &str) -> String {
        let protocol = if self.has("tcp.stream") { "tcp" } else { "udp" };
        let port = self.text(&format!("{protocol}.{port}"));
        match (self.text(&format!("ip.{end}")), self.text(&format!("ipv6.{end}"))) {
            // The column follows a routing header to its end, as streams do.
            ("", _) if end == "dst" && self.has("ipv6.routing.type") => {
                format!("[{}]:{port}", self.text("_ws.col.Destination"))
            }
            ("", ip) => format!("[{ip}]:{port}"),
            (ip, _) => format!("{ip}:{port}"),
        }
    }

    pub(super) fn source(&self) -> String {
        self.address("src", "srcport")
    }

    pub(super) fn destination(&self) -> String {
        self.address("dst", "dstport")
    }

    pub(super) fn flag(&self, bits: u64) -> bool {
        self.number("tcp.flags").is_some_and(|flags| flags & bits == bits)
    }

    /// Whether the TCP header was not captured whole, after which tshark shows nothing of its analysis.
    pub(super) fn is_cut(&self) -> bool {
        let headers = self.number("tcp.hdr_len").map_or(0, |header| header + 34);
        self.number("frame.cap_len").is_some_and(|captured| captured < headers)
    }

    /// Whether the TCP header claims to be longer than its segment.
    fn is_broken(&self) -> bool {
        self.has("tcp.stream") && !self.has("tcp.len")
    }

    /// Bytes of payload.
    pub(super) fn payload(&self) -> u64 {
        self.number("tcp.len").or_else(|| self.number("udp.length").map(|length| length.saturating_sub(8))).unwrap_or(0)
    }

    /// The payload as text, without the end of the line; `None` where it is not text.
    pub(super) fn payload_text(&self) -> Option<String> {
        let hex = format!("{}{}", self.text("tcp.payload"), self.text("udp.payload"));
        let bytes: Option<Vec<u8>> =
            (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(hex.get(at..at + 2)?, 16).ok()).collect();
        let text = String::from_utf8(bytes?).ok()?;
        let text = text.trim_end_matches('\0');
        let line = text.strip_suffix('\n').map_or(text, |line| line.strip_suffix('\r').unwrap_or(line));
        Some(line.to_owned())
    }

    /// Whether tshark shows several headers of one kind: a tunnel, or an ICMP error.
    fn is_plain(&self) -> bool {
        let single = ["ip.src", "ipv6.src", "tcp.stream", "udp.stream", "ip.ttl", "tcp.hdr_len"];
        let both = (self.has("ip.src") && self.has("ipv6.src")) || (self.has("tcp.stream") && self.has("udp.stream"));
        !both && !single.iter().any(|field| self.text(field).contains(','))
    }
}

/// All frames of a capture.
pub(super) struct Table(Vec<Row>);

/// The frames of one stream, in order.
pub(super) struct Rows {
    pub(super) protocol: Protocol,
    pub(super) number: u64,
    pub(super) client: String,
    pub(super) all: Vec<Row>,
}

/// What tshark tells of a capture; `None` where it cannot open it.
pub(super) fn of(path: &Path) -> Option<Table> {
    let no_preferences = tempfile::tempdir().unwrap();
    let output = Command::new("tshark")
        .env("WIRESHARK_CONFIG_DIR", no_preferences.path())
        .args(["-n", "-2", "-r"])
        .arg(path)
        .args(["-T", "fields", "-E", "occurrence=a"])
        .args(FIELDS.iter().flat_map(|field| ["-e", field]))
        .output()
        .expect("tshark must be installed for this test");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    if text.is_empty() {
        return None;
    }
    let row = |line: &str| Row(FIELDS.into_iter().zip(line.split('\t').map(str::to_owned)).collect());
    Some(Table(text.lines().map(row).collect()))
}

const SYN: u64 = 0x02;
const ACK: u64 = 0x10;

impl Table {
    /// Whether every frame has a time. For one without, Wireshark takes the beginning of 1970; socklab says that there is
    /// none.
    pub(super) fn is_timed(&self) -> bool {
        !self.0.iter().any(|row| matches!(row.text("frame.time_epoch"), "" | "0.000000000"))
    }

    /// The frames of a stream; `None` where some of them show more than one header of a kind.
    pub(super) fn stream(&self, protocol: Protocol, number: u64) -> Option<Rows> {
        let field = if protocol == Protocol::Tcp { "tcp.stream" } else { "udp.stream" };
        let is_of = |row: &&Row| row.text(field).split(',').any(|stream| stream == number.to_string());
        let all: Vec<Row> = self.0.iter().filter(is_of).cloned().collect();
        // Lengths that mean something else: see RFC 2675, section 4, and headers that are longer than their segment.
        let odd = |row: &Row| row.number("udp.length").is_some_and(|length| length < 8) || row.is_broken();
        if all.is_empty() || !all.iter().all(Row::is_plain) || all.iter().any(odd) {
            return None;
        }
        let syn = all.iter().find(|row| row.flag(SYN) && !row.flag(ACK)).map(Row::source);
        let syn_ack = || all.iter().find(|row| row.flag(SYN | ACK)).map(Row::destination);
        let client = syn.or_else(syn_ack).unwrap_or_else(|| all[0].source());
        Some(Rows { protocol, number, client, all })
    }
}

impl Rows {
    pub(super) fn frames(&self) -> BTreeSet<u64> {
        self.all.iter().map(Row::frame).collect()
    }

    /// Whether a frame is of an end. A stream from an address to itself is all the client's.
    pub(super) fn is_of(&self, row: &Row, end: Option<End>) -> bool {
        match end {
            None => true,
            Some(End::Client) => row.source() == self.client,
            Some(End::Server) => row.source() != self.client,
        }
    }

    pub(super) fn of(&self, end: Option<End>) -> impl Iterator<Item = &Row> + Clone {
        self.all.iter().filter(move |row| self.is_of(row, end))
    }

    /// Segments with data, or datagrams, of an end.
    pub(super) fn data(&self, end: Option<End>) -> Vec<&Row> {
        let again = ["tcp.analysis.retransmission", "tcp.analysis.keep_alive", "tcp.analysis.zero_window_probe"];
        let new = |row: &&Row| row.payload() > 0 && !again.iter().any(|field| row.has(field));
        self.of(end).filter(|row| self.protocol == Protocol::Udp || new(row)).collect()
    }
}
