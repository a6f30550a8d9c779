//! What a fact must be, from tshark's fields.

use std::collections::BTreeMap;

use socklab_core::analyze::measure::Part;
use socklab_core::facts::{End, FlagName, Ordinal, Value};
use socklab_packets::types::Protocol;

use super::rows::{Row, Rows};

const FIN: u64 = 0x01;
const SYN: u64 = 0x02;
const RST: u64 = 0x04;
const PSH: u64 = 0x08;
const ACK: u64 = 0x10;

/// A value as both tell it.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Told {
    Number(u64),
    Time(i128),
    Rate(f64),
    Text(String),
    Flag(bool),
    Frames(Vec<u64>),
}

impl Told {
    pub(super) fn of(value: &Value) -> Told {
        match value {
            Value::Number(number) => Told::Number(*number),
            Value::Flags(flags) => Told::Number(u64::from(*flags)),
            Value::Time(nanoseconds) => Told::Time(*nanoseconds),
            Value::Rate { .. } => Told::Rate(value.per_second().unwrap()),
            Value::YesNo(yes) => Told::Flag(*yes),
            Value::Frames(frames) => Told::Frames(frames.iter().map(|frame| frame.0).collect()),
            Value::Average { .. } => Told::Rate(value.average().unwrap()),
            Value::Socket(_) | Value::Ip(_) | Value::Word(_) | Value::Words(_) | Value::Text(_) => {
                Told::Text(value.to_string())
            }
        }
    }
}

/// What must come out.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Expected {
    Value(Told),
    Nothing,
}

fn some(told: Option<Told>) -> Expected {
    told.map_or(Expected::Nothing, Expected::Value)
}

/// The end to which a flag's frame belongs.
fn flagged(rows: &Rows, flag: FlagName) -> Option<&Row> {
    let first = |wanted: &dyn Fn(&Row) -> bool| rows.all.iter().find(|row| wanted(row));
    let syn_ack = || first(&|row| row.flag(SYN | ACK));
    match flag {
        FlagName::Syn => first(&|row| row.flag(SYN) && !row.flag(ACK)),
        FlagName::SynAck => syn_ack(),
        FlagName::Ack => {
            let after = syn_ack()?.frame();
            first(&|row| row.frame() > after && row.flag(ACK) && !row.flag(SYN) && rows.is_of(row, Some(End::Client)))
        }
        FlagName::Fin => first(&|row| row.flag(FIN)),
        FlagName::Rst => first(&|row| row.flag(RST)),
    }
}

/// What tshark's fields say of a fact.
#[expect(clippy::too_many_lines, reason = "a table: what is compared with each fact")]
pub(super) fn of<'r>(key: &str, rows: &'r Rows, part: Part) -> Expected {
    let end = part.side;
    let at = |place: Ordinal, all: Vec<&'r Row>| match place {
        Ordinal::Nth(number) => all.get(number as usize - 1).copied(),
        Ordinal::Last => all.last().copied(),
    };
    let frame = || match (part.flag, part.segment, part.frame) {
        (Some(flag), _, _) => flagged(rows, flag),
        (_, Some(place), _) => at(place, rows.data(end)),
        (_, _, Some(place)) => at(place, rows.of(end).collect()),
        _ => None,
    };
    let tcp = rows.protocol == Protocol::Tcp;
    let (first, last) = (&rows.all[0], &rows.all[rows.all.len() - 1]);
    let one = |row: Option<&Row>, told: &dyn Fn(&Row) -> Option<Told>| some(row.and_then(told));
    let number = |field: &'static str| move |row: &Row| row.number(field).map(Told::Number);
    let list = |wanted: &dyn Fn(&Row) -> bool| {
        Expected::Value(Told::Frames(rows.of(end).filter(|row| wanted(row)).map(Row::frame).collect()))
    };
    let count = |wanted: &dyn Fn(&Row) -> bool| {
        Expected::Value(Told::Number(rows.of(end).filter(|row| wanted(row)).count() as u64))
    };
    let syn = || match end {
        Some(End::Server) => flagged(rows, FlagName::SynAck),
        _ => flagged(rows, FlagName::Syn),
    };
    let either =
        |a: &'static str, b: &'static str| move |row: &Row| row.number(a).or_else(|| row.number(b)).map(Told::Number);
    let duration = || last.time("frame.time_relative").zip(first.time("frame.time_relative")).map(|(b, a)| b - a);
    match key {
        "client_socket_address" => text(rows.client.clone()),
        "server_socket_address" => text(server(rows)),
        "client_address" => text(ip(&rows.client)),
        "server_address" => text(ip(&server(rows))),
        "client_port" => some(port(&rows.client).map(Told::Number)),
        "server_port" => some(port(&server(rows)).map(Told::Number)),
        "ip_version" => Expected::Value(Told::Number(if rows.client.starts_with('[') { 6 } else { 4 })),
        "protocol_number" => Expected::Value(Told::Number(if tcp { 6 } else { 17 })),
        "stream" => Expected::Value(Told::Number(rows.number)),
        "frames" => list(&|_| true),
        "frame_count" => count(&|_| true),
        "duration" => some(duration().map(Told::Time)),
        "payload_bytes" => Expected::Value(Told::Number(rows.of(end).map(Row::payload).sum())),
        "data_frames" => Expected::Value(Told::Frames(data_with_payload(rows, end))),
        "data_frame_count" => Expected::Value(Told::Number(data_with_payload(rows, end).len() as u64)),
        "data_bytes" => Expected::Value(Told::Number(data_bytes(rows, end))),
        "acknowledgement_frames" => list(&|row| row.flag(ACK) && !any(row, SYN | FIN | RST) && row.payload() == 0),
        "push_frames" => list(&|row| row.flag(PSH)),
        "first_data_frame" => some(rows.of(end).find(|row| row.payload() > 0).map(|row| Told::Number(row.frame()))),
        "first_data_by" => {
            let first = rows.of(None).find(|row| row.payload() > 0);
            let by = |row: &Row| if rows.is_of(row, Some(End::Client)) { "client" } else { "server" };
            one(first, &|row| Some(Told::Text(by(row).to_owned())))
        }
        "largest_payload" => some(rows.of(end).map(Row::payload).max().map(Told::Number)),
        "average_payload" => {
            let data: Vec<u64> = rows.data(end).into_iter().map(Row::payload).filter(|bytes| *bytes > 0).collect();
            let average = data.iter().sum::<u64>() as f64 / data.len() as f64;
            some((!data.is_empty()).then_some(Told::Rate(average)))
        }
        "frame_bytes" => Expected::Value(Told::Number(rows.of(end).filter_map(|row| row.number("frame.len")).sum())),
        "header_bytes" => {
            let headers = |row: &Row| row.number("frame.len").map(|length| length.saturating_sub(row.payload()));
            Expected::Value(Told::Number(rows.of(end).filter_map(headers).sum()))
        }
        "syn_frames" => list(&|row| row.flag(SYN)),
        "syn_ack_rtt" => {
            let both = flagged(rows, FlagName::Syn).zip(flagged(rows, FlagName::SynAck));
            let both = both.filter(|(syn, answer)| syn.source() != answer.source());
            some(both.and_then(|(syn, answer)| between(syn, answer)).map(Told::Time))
        }
        // Of options that are cut off nobody knows which they were.
        "syn_options" => one(syn(), &|row| options(row).filter(|_| !row.is_cut()).map(Told::Text)),
        "handshake_frames" => {
            let three = [FlagName::Syn, FlagName::SynAck, FlagName::Ack].map(|flag| flagged(rows, flag));
            Expected::Value(Told::Frames(three.into_iter().flatten().map(Row::frame).collect()))
        }
        "handshake_completed" => {
            let all =
                [FlagName::Syn, FlagName::SynAck, FlagName::Ack].iter().all(|flag| flagged(rows, *flag).is_some());
            Expected::Value(Told::Flag(all))
        }
        "initial_rtt" => {
            let shown = rows.all.iter().find_map(|row| row.time("tcp.analysis.initial_rtt"));
            some(shown.map(Told::Time))
        }
        "initial_sequence_number" => one(syn(), &number("tcp.seq_raw")),
        "syn_ack_acknowledges" => one(flagged(rows, FlagName::SynAck), &number("tcp.ack_raw")),
        "maximum_segment_size" => one(syn(), &number("tcp.options.mss_val")),
        "window_scale" => one(syn(), &number("tcp.options.wscale.shift")),
        "window_scale_factor" => one(syn(), &number("tcp.options.wscale.multiplier")),
        "sack_permitted" => one(syn(), &|row| Some(Told::Flag(row.has("tcp.options.sack_perm")))),
        "sack_usable" => {
            let both = flagged(rows, FlagName::Syn).zip(flagged(rows, FlagName::SynAck));
            some(both.map(|(a, b)| Told::Flag(a.has("tcp.options.sack_perm") && b.has("tcp.options.sack_perm"))))
        }
        "timestamps_offered" => one(syn(), &|row| Some(Told::Flag(row.has("tcp.options.timestamp.tsval")))),
        "timestamp_value" => one(syn(), &number("tcp.options.timestamp.tsval")),
        "window_at_syn" => one(syn(), &number("tcp.window_size_value")),
        "minimum_window" => {
            let windows = rows.of(end).filter(|row| !row.flag(RST)).filter_map(|row| row.number("tcp.window_size"));
            some(windows.min().map(Told::Number))
        }
        "maximum_window" => {
            let windows = rows.of(end).filter(|row| !row.flag(RST)).filter_map(|row| row.number("tcp.window_size"));
            some(windows.max().map(Told::Number))
        }
        "zero_window_frames" => list(&|row| row.has("tcp.analysis.zero_window")),
        "retransmitted_frames" => list(&|row| row.has("tcp.analysis.retransmission")),
        "fast_retransmissions" => list(&|row| row.has("tcp.analysis.fast_retransmission")),
        "out_of_order_frames" => list(&|row| row.has("tcp.analysis.out_of_order")),
        "duplicate_acknowledgements" => list(&|row| row.has("tcp.analysis.duplicate_ack")),
        "keep_alive_frames" => list(&|row| row.has("tcp.analysis.keep_alive")),
        "closed_by" => text(who(rows, FIN, RST)),
        "reset_by" => text(who(rows, RST, RST)),
        "reset" => Expected::Value(Told::Flag(rows.all.iter().any(|row| row.flag(RST)))),
        "fin_frames" => list(&|row| row.flag(FIN)),
        "rst_frames" => list(&|row| row.flag(RST)),
        "closing_frames" => list(&|row| any(row, FIN | RST) || acknowledges_fin(rows, row)),
        "closing_time" => {
            let closes = |row: &&Row| any(row, FIN | RST) || acknowledges_fin(rows, row);
            let closing: Vec<&Row> = rows.all.iter().filter(closes).collect();
            some(closing.first().zip(closing.last()).and_then(|(a, b)| between(a, b)).map(Told::Time))
        }
        "half_closed" => {
            let fin = |row: &Row| {
                rows.all.iter().any(|fin| fin.flag(FIN) && fin.frame() < row.frame() && fin.source() != row.source())
            };
            Expected::Value(Told::Flag(rows.data(None).into_iter().any(fin)))
        }
        "reset_reason" => text(reason(rows)),
        "throughput_acknowledged" => some(transfer(rows, end).and_then(|(bytes, passed)| rate(bytes, Some(passed)))),
        "transfer_time" => some(transfer(rows, end).map(|(_, passed)| Told::Time(passed))),
        "throughput_data" => some(rate(data_bytes(rows, end), duration())),
        "throughput_frames" => some(rate(rows.of(end).filter_map(|row| row.number("frame.len")).sum(), duration())),
        "typical_acknowledgement" => some(typical_acknowledgement(rows, end)),
        "frame_number" => one(frame(), &number("frame.number")),
        "time" => one(frame(), &|row| row.time("frame.time_relative").map(Told::Time)),
        "time_in_connection" => {
            one(frame(), &|row| {
                // tshark shows none for a datagram without payload.
                let shown = row.time("tcp.time_relative").or_else(|| row.time("udp.time_relative"));
                let counted = || Some(row.time("frame.time_relative")? - first.time("frame.time_relative")?);
                shown.or_else(counted).map(Told::Time)
            })
        }
        "time_since_previous" => {
            one(frame(), &|row| row.time("tcp.time_delta").or_else(|| row.time("udp.time_delta")).map(Told::Time))
        }
        "source_address" => one(frame(), &|row| Some(Told::Text(ip(&row.source())))),
        "destination_address" => one(frame(), &|row| Some(Told::Text(ip(&row.destination())))),
        "payload_text" => one(frame(), &|row| row.payload_text().map(Told::Text)),
        "source_socket_address" => one(frame(), &|row| Some(Told::Text(row.source()))),
        "destination_socket_address" => one(frame(), &|row| Some(Told::Text(row.destination()))),
        "source_port" => one(frame(), &either("tcp.srcport", "udp.srcport")),
        "destination_port" => one(frame(), &either("tcp.dstport", "udp.dstport")),
        "ttl" => one(frame(), &either("ip.ttl", "ipv6.hlim")),
        "ip_length" => {
            // 0 is that of a jumbogram, whose length is in an option (RFC 2675).
            let plen = |row: &Row| row.number("ipv6.plen").filter(|length| *length > 0);
            one(frame(), &|row| row.number("ip.len").or_else(|| Some(plen(row)? + 40)).map(Told::Number))
        }
        "frame_length" => one(frame(), &number("frame.len")),
        "header_length" if tcp => one(frame(), &number("tcp.hdr_len")),
        "header_length" => one(frame(), &|_| Some(Told::Number(8))),
        "payload_length" => one(frame(), &|row| Some(Told::Number(row.payload()))),
        "segment_length" => {
            one(frame(), &|row| Some(Told::Number(row.number("tcp.hdr_len").unwrap_or(8) + row.payload())))
        }
        "checksum" => one(frame(), &either("tcp.checksum", "udp.checksum")),
        "udp_length" => one(frame(), &number("udp.length")),
        "sequence_number" => one(frame(), &number("tcp.seq")),
        "raw_sequence_number" => one(frame(), &number("tcp.seq_raw")),
        "next_sequence_number" => one(frame(), &number("tcp.nxtseq")),
        "acknowledgement_number" => one(frame(), &number("tcp.ack")),
        "raw_acknowledgement_number" => one(frame(), &number("tcp.ack_raw")),
        "flags" => one(frame(), &|row| row.number("tcp.flags").map(|flags| Told::Number(flags & 0xff))),
        "window" => one(frame(), &number("tcp.window_size_value")),
        "scaled_window" => one(frame(), &number("tcp.window_size")),
        "acknowledging_frame" => one(answer(rows, frame()), &number("frame.number")),
        "acknowledging_time" => one(answer(rows, frame()), &|row| row.time("frame.time_relative").map(Told::Time)),
        "acknowledging_number" => one(answer(rows, frame()), &number("tcp.ack")),
        "raw_acknowledging_number" => one(answer(rows, frame()), &number("tcp.ack_raw")),
        "acknowledging_window" => one(answer(rows, frame()), &number("tcp.window_size")),
        "reply_frame" => one(frame().and_then(|row| next(rows, row, true)), &number("frame.number")),
        "reply_time" => some(frame().and_then(|row| between(row, next(rows, row, true)?)).map(Told::Time)),
        "time_to_next" => some(frame().and_then(|row| between(row, next(rows, row, false)?)).map(Told::Time)),
        "round_trip_time" => some(frame().and_then(|row| round_trip(rows, row)).map(Told::Time)),
        "ack_rtt" => {
            let sent = frame().map(Row::frame);
            // The measure has none where no frame acknowledges all of the segment.
            let by = rows.all.iter().find(|row| sent.is_some() && row.number("tcp.analysis.acks_frame") == sent);
            some(by.and_then(|row| row.time("tcp.analysis.ack_rtt")).map(Told::Time))
        }
        "estimated_rtt" => some(frame().and_then(|row| estimate(rows, end, row)).map(Told::Time)),
        other => match LISTS.iter().find(|(count, any, _)| [*count, *any].contains(&other)) {
            Some((count, _, list)) => match of(list, rows, part) {
                Expected::Value(Told::Frames(frames)) if other == *count => {
                    Expected::Value(Told::Number(frames.len() as u64))
                }
                Expected::Value(Told::Frames(frames)) => Expected::Value(Told::Flag(!frames.is_empty())),
                other => other,
            },
            None => panic!("{other} is not compared with tshark"),
        },
    }
}

/// Counts of lists, and whether there is any of them.
const LISTS: [(&str, &str, &str); 11] = [
    ("acknowledgement_count", "", "acknowledgement_frames"),
    ("push_count", "", "push_frames"),
    ("syn_count", "", "syn_frames"),
    ("fin_count", "", "fin_frames"),
    ("rst_count", "", "rst_frames"),
    ("closing_count", "", "closing_frames"),
    ("zero_window_count", "zero_window", "zero_window_frames"),
    ("fast_retransmission_count", "", "fast_retransmissions"),
    ("retransmissions", "retransmitted", "retransmitted_frames"),
    ("out_of_order_count", "", "out_of_order_frames"),
    ("duplicate_acknowledgement_count", "", "duplicate_acknowledgements"),
];

/// From one frame to another.
fn between(from: &Row, to: &Row) -> Option<i128> {
    Some(to.time("frame.time_relative")? - from.time("frame.time_relative")?)
}

/// The next segment with data, or datagram: the other side's, or the same side's.
fn next<'r>(rows: &'r Rows, row: &Row, is_reply: bool) -> Option<&'r Row> {
    let data = rows.data(None).into_iter();
    let mut data = data.filter(|other| other.frame() > row.frame() && (other.source() != row.source()) == is_reply);
    data.next()
}

/// The options of a SYN by name; `None` where there is another one.
fn options(row: &Row) -> Option<String> {
    let kinds: Vec<&str> =
        row.text("tcp.option_kind").split(',').filter(|kind| !matches!(*kind, "" | "0" | "1")).collect();
    let known = [("2", "maximum segment size"), ("3", "window scale"), ("4", "SACK permitted"), ("8", "timestamps")];
    let found: Vec<&str> = known.iter().filter(|(kind, _)| kinds.contains(kind)).map(|(_, name)| *name).collect();
    let all = kinds.iter().all(|kind| known.iter().any(|(other, _)| other == kind));
    all.then(|| if found.is_empty() { "none".to_owned() } else { found.join(", ") })
}

fn text(text: String) -> Expected {
    Expected::Value(Told::Text(text))
}

fn any(row: &Row, bits: u64) -> bool {
    row.number("tcp.flags").is_some_and(|flags| flags & bits != 0)
}

fn server(rows: &Rows) -> String {
    let first = &rows.all[0];
    if first.source() == rows.client { first.destination() } else { first.source() }
}

fn ip(address: &str) -> String {
    address.rsplit_once(':').unwrap().0.trim_matches(['[', ']']).to_owned()
}

fn port(address: &str) -> Option<u64> {
    address.rsplit_once(':')?.1.parse().ok()
}

fn data_with_payload(rows: &Rows, end: Option<End>) -> Vec<u64> {
    rows.data(end).into_iter().filter(|row| row.payload() > 0).map(Row::frame).collect()
}

/// Each byte of payload once.
fn data_bytes(rows: &Rows, end: Option<End>) -> u64 {
    if rows.protocol == Protocol::Udp {
        return rows.of(end).map(Row::payload).sum();
    }
    let mut bytes = 0;
    for one in [End::Client, End::Server] {
        if end.is_some_and(|end| end != one) {
            continue;
        }
        let sent = rows.of(Some(one)).filter(|row| row.payload() > 0 && !row.has("tcp.analysis.keep_alive"));
        let mut ranges: Vec<(u64, u64)> =
            sent.filter_map(|row| Some((row.number("tcp.seq")?, row.number("tcp.seq")? + row.payload()))).collect();
        ranges.sort_unstable();
        let mut covered = 0;
        for (from, to) in ranges {
            bytes += to.saturating_sub(from.max(covered));
            covered = covered.max(to);
        }
    }
    bytes
}

/// Whether a frame without payload acknowledges a FIN of the other side.
fn acknowledges_fin(rows: &Rows, row: &Row) -> bool {
    let bare = row.flag(ACK) && !any(row, SYN | FIN | RST) && row.payload() == 0;
    let is_third = flagged(rows, FlagName::Ack).is_some_and(|third| third.frame() == row.frame());
    let covers = |fin: &&Row| {
        fin.flag(FIN)
            && fin.frame() < row.frame()
            && fin.source() != row.source()
            && fin.number("tcp.nxtseq") <= row.number("tcp.ack")
    };
    // The first frame that acknowledges a FIN may carry data.
    let is_first = || {
        rows.all.iter().filter(|fin| covers(fin)).any(|fin| {
            let end = fin.number("tcp.nxtseq");
            let earlier = rows.all.iter().filter(|other| fin.frame() < other.frame() && other.frame() < row.frame());
            !earlier
                .filter(|other| other.source() == row.source() && other.flag(ACK))
                .any(|o| o.number("tcp.ack") >= end)
        })
    };
    let is_bare = bare && !is_third && !row.has("tcp.analysis.keep_alive") && rows.all.iter().any(|fin| covers(&fin));
    is_bare || row.flag(ACK) && is_first()
}

fn who(rows: &Rows, one: u64, other: u64) -> String {
    match rows.all.iter().find(|row| any(row, one | other)) {
        None => "nobody",
        Some(row) if rows.is_of(row, Some(End::Client)) => "client",
        Some(_) => "server",
    }
    .to_owned()
}

fn reason(rows: &Rows) -> String {
    let Some(rst) = rows.all.iter().find(|row| row.flag(RST)) else { return "none".to_owned() };
    let before = |wanted: &dyn Fn(&Row) -> bool| rows.all.iter().any(|row| row.frame() < rst.frame() && wanted(row));
    let syn = before(&|row| row.flag(SYN) && !row.flag(ACK) && row.source() != rst.source());
    if syn && !rows.all.iter().any(|row| row.flag(SYN | ACK)) {
        "refused".to_owned()
    } else if before(&|row| row.flag(FIN) && row.source() == rst.source()) {
        "after closing".to_owned()
    } else {
        "aborted".to_owned()
    }
}

fn rate(bytes: u64, nanoseconds: Option<i128>) -> Option<Told> {
    let nanoseconds = nanoseconds.filter(|passed| *passed > 0)?;
    Some(Told::Rate(bytes as f64 * 1e9 / nanoseconds as f64))
}

/// The first frame of the other side that acknowledges all of a segment.
fn answer<'r>(rows: &'r Rows, sent: Option<&Row>) -> Option<&'r Row> {
    let sent = sent?;
    let end = sent.number("tcp.nxtseq")?;
    rows.all.iter().find(|row| {
        row.frame() > sent.frame()
            && row.source() != sent.source()
            && row.flag(ACK)
            && row.number("tcp.ack").is_some_and(|number| number >= end)
    })
}

fn round_trip(rows: &Rows, sent: &Row) -> Option<i128> {
    let time = |row: &Row| row.time("frame.time_relative");
    Some(time(answer(rows, Some(sent))?)? - time(sent)?)
}

fn estimate(rows: &Rows, end: Option<End>, sent: &Row) -> Option<i128> {
    let mut estimate = None;
    for row in rows.data(end).into_iter().filter(|row| row.frame() <= sent.frame()) {
        let sample = round_trip(rows, row)?;
        estimate = Some(estimate.map_or(sample, |old: i128| (old * 7 + sample) / 8));
    }
    estimate
}

/// The bytes acknowledged, and the time from the first segment with data to the last frame that acknowledges more of them.
fn transfer(rows: &Rows, end: Option<End>) -> Option<(u64, i128)> {
    let first = *rows.data(end).first()?;
    let start = rows.data(end).into_iter().filter_map(|row| row.number("tcp.seq")).min()?;
    let behind = rows.data(end).into_iter().filter_map(|row| Some(row.number("tcp.seq")? + row.payload())).max()?;
    let (mut most, mut at) = (0, None);
    for row in rows.all.iter().filter(|row| !rows.is_of(row, end) && row.frame() > first.frame() && row.flag(ACK)) {
        let bytes = row.number("tcp.ack")?.min(behind).saturating_sub(start);
        if bytes > most {
            (most, at) = (bytes, row.time("frame.time_relative"));
        }
    }
    Some((most, at? - first.time("frame.time_relative")?))
}

fn typical_acknowledgement(rows: &Rows, end: Option<End>) -> Option<Told> {
    let mut counts: BTreeMap<u64, u64> = BTreeMap::new();
    let mut latest = None;
    for number in rows.of(end).filter(|row| row.flag(ACK)).filter_map(|row| row.number("tcp.ack")).filter(|n| *n > 0) {
        match latest {
            Some(before) if number > before && number - before < 1 << 31 => {
                *counts.entry(number - before).or_default() += 1
            }
            Some(_) => continue,
            None => {}
        }
        latest = Some(number);
    }
    counts.into_iter().max_by_key(|(bytes, count)| (*count, *bytes)).map(|(bytes, _)| Told::Number(bytes))
}
