//! Answers as students write them: what is right in any sane writing, what is wrong in all of them, and what only a reader
//! can judge.

use socklab_core::facts::{Value, fact};
use socklab_packets::types::FrameNumber;

use super::judgement::judge;
use super::*;

pub(super) fn judged(key: &str, value: &Value, written: &str) -> Result<Judgement, String> {
    judge(fact(key).unwrap(), value, None, written)
}

/// A key, its value, answers that are right, others that are wrong, and others that are for a reader.
type Case = (&'static str, fn() -> Value, &'static [&'static str], &'static [&'static str], &'static [&'static str]);

const NUMBERS: &[Case] = &[
    (
        "payload_length",
        || Value::Number(1448),
        &[
            "1448",
            "1,448 B",
            "1448 Bytes",
            "1.448",
            "1 448",
            "1\u{202f}448 bytes",
            "1'448",
            "1’448",
            "1448 B.",
            "0x5A8",
            "= 1448",
            "Len: 1448",
            "len=1448",
            "1448 octets",
            "1460 - 12 = 1448",
            "about 1448 bytes",
            "11584 bits",
            "1448 (0x5a8)",
            "1448 bytes (payload only)",
            "1448 (bytes)",
            "1448 [B]",
            "11584 (bits)",
            "length (bytes) = 1448",
        ],
        &["1449", "1460 B", "14,48", "1448 bits", "-1448", "1448,0", "1448 (bits)", "1440"],
        &[
            "1.4 KB",
            "1448 or 1460",
            "1448-1460",
            "1448 (1460 with header)",
            "1460 = 1448",
            "1447 bits",
            "many",
            "1448 (kB)",
            "1448 B (bits)",
            "1448 (ms)",
            "1448 (wrong)",
            "1448 (?)",
            "0.001",
        ],
    ),
    (
        "protocol_number",
        || Value::Number(17),
        &["17", "0x11 (17)", "17 (UDP)", "17 = 0x11", "0x11", "17 (0x11)", "0x11 = 17", "number 17"],
        &["6", "0x17", "11"],
        &["17 (0x17)", "UDP", "6 = 17"],
    ),
    (
        "server_port",
        || Value::Number(8080),
        &["8080", "port 8080", "Port: 8080", "8,080", "no. 8080"],
        &["80", "8081", "808"],
        &["http-alt", "8080/80", "8080 and 8081"],
    ),
    (
        "retransmissions",
        || Value::Number(0),
        &["0", "none", "None.", "zero", "0 frames", "zero segments"],
        &["1", "two"],
        &["some", "-", "no idea"],
    ),
    ("udp_header_fields", || Value::Number(4), &["4", "four", "Four fields", "4 fields"], &["five", "8"], &["few"]),
    (
        "udp_field_length",
        || Value::Number(2),
        &["2", "2 bytes", "16 bits", "two bytes", "16 bits (2 bytes)"],
        &["16", "2 bits"],
        &["16 (2)"],
    ),
    (
        "initial_sequence_number",
        || Value::Number(3_532_357_947),
        &["3532357947", "3,532,357,947", "3.532.357.947", "3 532 357 947", "0xd28b813b", "3532357947 (raw)"],
        &["3532357948", "3,532,357,946"],
        &["3,532,357.947", "3532357947 (relative 0)", "35,3235,7947"],
    ),
    (
        "average_payload",
        || Value::Average { bytes: 4099, frames: 3 },
        &["1366.33", "1366 bytes", "1,366.3", "1366,3 B", "4099 / 3 = 1366.3", "1370", "~1400", "1366.3 (bytes)"],
        &["1300", "4099", "1466.3", "1360", "1380", "1.366.33", "1500"],
        &["1.4 kB", "1366 (kB)", "1366 (bits)"],
    ),
];

const MEASURES: &[Case] = &[
    (
        "round_trip_time",
        || Value::Time(20_521_000),
        &[
            "20.5ms",
            "0,0205 s",
            "0.020521",
            "20,521 ms",
            "20.5 msec",
            "≈ 20.5 ms",
            "~20.5 ms",
            "20521 µs",
            "20 521 us",
            "20,521 µs",
            "20.521 milliseconds",
            "RTT = 20.5 ms",
            "0.041177 - 0.020656 = 0.020521 s",
            "2.05e-2 s",
            "20.5 ms (0.0205 s)",
            "0.0205 s = 20.5 ms",
            "0.020521 seconds.",
            "20\u{a0}521\u{a0}000 ns",
            "20.5 (ms)",
            "20.5 [ms]",
            "20521 (in µs)",
            "20.5 ms (milliseconds)",
            "0.0205 (s)",
            "RTT (ms) = 20.5",
            "RTT in ms = 20.5",
            "20.5 (rounded, in ms)",
            "20500 µs",
            "21 ms",
            "21000 µs",
            "20000 µs",
            "20000000 ns",
        ],
        &[
            "20.5 (s)",
            "20.5 (µs)",
            "0.0205 (ms)",
            "RTT (s) = 20.5",
            "19000 µs",
            "22000 µs",
            "20.0 ms",
            "20.00 ms",
            "20.5",
            "0.0215 s",
            "22 ms",
            "\u{2212}20.5 ms",
            "2.05 ms",
            "20.5 µs",
            "0.2052 s",
            "20.5 s",
        ],
        &[
            "20.5 ms (0.0305 s)",
            "0.0205 s = 25 ms",
            "20.5 hours",
            "10-30 ms",
            "20.5.21 ms",
            "20.5 ms (s)",
            "20.5 (kB)",
            "20.5 (ms or µs)",
            "0.0205 (min)",
        ],
    ),
    (
        "throughput_acknowledged",
        || Value::Rate { bytes: 136_930, nanoseconds: 113_000_000 },
        &[
            "1.21 MB/s",
            "1211769 B/s",
            "1,211,769 bytes/s",
            "1 211 769 bytes per second",
            "9.69 Mbit/s",
            "9.69 Mbps",
            "9.7 Mb/s",
            "1183 KiB/s",
            "1.16 MiB/s",
            "1212 kB/s",
            "1212 KByte/sec",
            "1,21 MB/s",
            "1.2 MBps",
            "136930 / 0.113 = 1.21 MB/s",
            "1.21 MB/s (9.69 Mbit/s)",
            "1211769",
            "9694 kilobits per second",
            "1.21 megabytes/second",
            "9.69 (Mbit/s)",
            "1212 (kB/s)",
            "1.211.769 Byte/s",
            "1211769 (bytes per second)",
        ],
        &[
            "1211769 (GB/s)",
            "9.69 (MB/s)",
            "1211769 (bit/s)",
            "1.21 Mbit/s",
            "9.69 MB/s",
            "1.21 kB/s",
            "1.21",
            "1.4 MB/s",
            "136930 B/s",
            "1.21 Mbps",
        ],
        &["1.21 mb/s", "1.21 M", "fast", "1.21 MB/s (1.21 Mbit/s)", "1.21 (million)", "1.21 (ms)"],
    ),
];

const ADDRESSES: &[Case] = &[
    (
        "server_socket_address",
        || Value::Socket("192.0.2.1:8080".parse().unwrap()),
        &[
            "192.0.2.1:8080",
            "192.0.2.1 port 8080",
            "192.0.2.1, 8080",
            "IP 192.0.2.1, Port: 8080",
            "192.0.2.1 : 8080",
            "IP: 192.0.2.1; TCP port: 8080",
            "192.0.2.1:8080 (server)",
            "server: 192.0.2.1:8080",
            "('192.0.2.1', 8080)",
            "192.0.2.1 / 8080",
            "IP address = 192.0.2.1 and port = 8080.",
            "192.0.2.1, port no. 8080",
        ],
        &["192.0.2.1:80", "192.0.2.2:8080", "192.0.2.2 port 8080"],
        &[
            "192.0.2.1",
            "8080",
            "192.0.2.1:8080 and 192.0.2.2:8080",
            "the server",
            "not 192.0.2.1:8080",
            "anything but 192.0.2.1 port 8080",
            "192.0.2.1, 8080?",
        ],
    ),
    (
        "client_socket_address",
        || Value::Socket("[fd00:10:3::3]:47660".parse().unwrap()),
        &[
            "[fd00:10:3::3]:47660",
            "fd00:10:3::3 port 47660",
            "[fd00:10:3::3], 47660",
            "FD00:10:3:0:0:0:0:3, port 47660",
        ],
        &["[fd00:10:3::2]:47660", "fd00:10:3::3 port 47661"],
        &["fd00:10:3::3"],
    ),
    (
        "client_address",
        || Value::Ip("192.0.2.2".parse().unwrap()),
        &[
            "192.0.2.2",
            "client (192.0.2.2)",
            "192.0.2.2 (B)",
            "192.0.2.2:34150",
            "[192.0.2.2]",
            "IP: 192.0.2.2",
            "192.0.2.2.",
        ],
        &["192.0.2.1", "client (192.0.2.20)"],
        &[
            "client",
            "192.0.2",
            "192.0.2.2 and 192.0.2.1",
            "not 192.0.2.2",
            "192.0.2.2 is wrong",
            "it isn’t 192.0.2.2",
            "any other than 192.0.2.2",
        ],
    ),
];

const WORDS: &[Case] = &[
    (
        "flags",
        || Value::Flags(0x12),
        &[
            "SYN/ACK",
            "SYN+ACK",
            "[SYN, ACK]",
            "SYN-ACK",
            "syn ack",
            "ACK, SYN",
            "0x012",
            "0x012 (SYN, ACK)",
            "SYN, ACK (0x012)",
            "SYN and ACK flags are set",
            "SYN=1, ACK=1",
            "SYN: Set, ACK: Set",
            "SYN=1, ACK=1, FIN=0",
            "SYN & ACK",
            "Flags: 0x012 (SYN, ACK)",
            "(SYN,ACK)",
        ],
        &["SYN", "ACK", "SYN, ACK, PSH", "SYN=1, ACK=0", "0x002", "none"],
        &["0x002 (SYN, ACK)", "SIN, ACK", "", "not SYN", "18"],
    ),
    (
        "retransmitted_frames",
        || frames(&[75, 139]),
        &[
            "75 and 139",
            "#75 and #139",
            "75, 139",
            "frames 75 & 139",
            "No. 75, No. 139",
            "packets 75, 139",
            "75; 139.",
            "75 (first), 139 (second)",
            "(75, 139)",
        ],
        &["75", "75-139", "75, 139, 140", "none", "0"],
        &["two", "seventy-five", "75 (139)", "frames", "( )", "75 (not sure), 139", "not 75, 139"],
    ),
    (
        "handshake_frames",
        || frames(&[1, 2, 3]),
        &[
            "1-3",
            "1–3",
            "1, 2, 3",
            "frames 1, 2 and 3",
            "1 (SYN), 2 (SYN, ACK), 3 (ACK)",
            "1..3",
            "1 through 3",
            "1 to 3",
            "3 frames: 1-3",
            "1, 2, & 3",
            "#1-#3",
        ],
        &["1-4", "1, 2", "13"],
        &["3-1", "first three"],
    ),
    (
        "zero_window_frames",
        || frames(&[]),
        &["none", "0", "-", "no frames", "None.", "no", "—"],
        &["1", "12-14"],
        &["never mind"],
    ),
    ("frames", || frames(&[1234]), &["1234", "1,234", "#1234"], &["1, 234", "234"], &[]),
    ("frames", || frames(&[1, 234]), &["1,234", "1, 234", "1 and 234"], &["1234"], &[]),
    (
        "sack_usable",
        || Value::YesNo(true),
        &["yes", "Yes, both", "Yes. Both offer it.", "y", "TRUE", "yes both sides permit it", "1"],
        &["no", "No.", "No, only one", "false"],
        &[
            "perhaps",
            "yes and no",
            "yes, but not both",
            "no idea",
            "both",
            "10",
            "yes?",
            "yes, maybe",
            "yes, never",
            "yes (wrong)",
        ],
    ),
    (
        "reset",
        || Value::YesNo(false),
        &["No", "no, it is closed with FIN", "no - FIN", "n"],
        &["yes"],
        &["no idea", "not sure"],
    ),
    (
        "closed_by",
        || Value::Word("client"),
        &["client", "The client (B)", "Client sends the first FIN", "the client's side"],
        &["server", "nobody", "neither", "no one", "neither the client nor the server"],
        &[
            "client and server",
            "B",
            "both",
            "192.0.2.2",
            "the client, not the server",
            "not the server",
            "not the client",
            "everyone except the client",
            "anyone but the client",
            "the client never closes",
            "the opposite of the client",
            "Client: no",
            "the client didn't",
            "client?",
            "neither, the client",
            "not nobody",
        ],
    ),
    (
        "reset_reason",
        || Value::Word("none"),
        &["none", "no RST", "It is not reset.", "no reset"],
        &["refused", "aborted", "after closing", "refused, no server"],
        &["not none", "not refused", "never aborted", "without a reason", "not aborted"],
    ),
    (
        "syn_options",
        || Value::Words(vec!["maximum segment size", "window scale", "SACK permitted", "timestamps"]),
        &[
            "MSS, SACK permitted, timestamps, NOP, window scale",
            "Maximum segment size, Window scale, SACK, TS",
            "MSS=1460; SACK_PERM; TSval; WS=128",
            "mss (1460 bytes), window scaling (7), SACK-permitted and time stamps",
            "MSS: 1460, SACK permitted, Timestamps, No-Operation (NOP), Window scale: 7",
            "2, 4, 8, 1, 3",
            "2 4 8 1 3",
            "Kinds: 2, 4, 8, 1 and 3",
            "2 (MSS), 4 (SACK permitted), 8 (timestamps), 1 (NOP), 3 (window scale)",
            "kind 2, kind 4, kind 8, kind 1, kind 3",
            "Options: MSS, SACK permitted, timestamps, window scale",
        ],
        &["MSS", "MSS, window scale, SACK permitted", "none", "2, 4, 8, 1", "2"],
        &[
            "MSS, TFO",
            "four of them",
            "2, 4, 8, 1, 3, 34",
            "4 options",
            "MSS, window scale, SACK permitted: no, timestamps",
            "MSS, window scale, SACK permitted, timestamps (not used)",
            "not MSS",
            "020405b40402080a",
        ],
    ),
    (
        "udp_header_names",
        || Value::Words(vec!["source port", "destination port", "length", "checksum"]),
        &[
            "source port, destination port, length, checksum",
            "Source Port, Dest Port, Checksum and Length",
            "src port/dst port/length/checksum",
        ],
        &["source port, destination port, length"],
        &["port, address", "1, 2, 3, 4"],
    ),
    (
        "payload_text",
        || Value::Text("Hello Bob, are you there?".to_owned()),
        &[
            "Hello Bob, are you there?",
            "\"Hello Bob, are you there?\"",
            " hello bob, are you there? ",
            "“Hello Bob, are you there?”",
            "Hello Bob,  are you there?\\n",
            "'Hello Bob, are you there?\\r\\n'",
        ],
        &["Hello", "Hello Bob", "Hello Bob, are you here?", "", "\"\""],
        &[],
    ),
];

fn frames(numbers: &[u64]) -> Value {
    Value::Frames(numbers.iter().copied().map(FrameNumber).collect())
}

fn check(cases: &[Case]) {
    let mut failed = Vec::new();
    for (key, value, right, wrong, for_a_reader) in cases {
        let value = value();
        let mut expect = |list: &[&str], what: &str, is_met: &dyn Fn(&Result<Judgement, String>) -> bool| {
            for written in list {
                let judged = judged(key, &value, written);
                let is_readable = readable(fact(key).unwrap(), 1, written).is_ok();
                if !is_met(&judged) || is_readable != judged.is_ok() {
                    failed.push(format!("{key}: {written:?} should be {what}, but is {judged:?}"));
                }
            }
        };
        expect(right, "right", &|judged| *judged == Ok(Judgement::Right));
        // What cannot be such a value is not right either, and a reader sees it.
        expect(wrong, "wrong", &|judged| *judged != Ok(Judgement::Right));
        expect(for_a_reader, "for a reader", &Result::is_err);
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

#[test]
fn numbers_may_have_units_groups_and_words() {
    check(NUMBERS);
}

#[test]
fn times_and_rates_may_be_rounded_and_have_any_unit() {
    check(MEASURES);
}

#[test]
fn addresses_may_have_labels_and_names() {
    check(ADDRESSES);
}

#[test]
fn flags_frames_and_words_may_be_put_in_many_ways() {
    check(WORDS);
}

#[test]
fn lists_may_be_joined_by_words_and_marks() {
    let pair = |number: u64| (Value::Number(number), None);
    let wanted = [pair(1), pair(1449), pair(2897)];
    let all = Ok(vec![Judgement::Right; 3]);
    for text in
        ["1, 1449 and 2897", "1, 1,449, and 2,897", "1 | 1449 | 2897", "1\t1449\t2897", "Seq 1; Seq 1449; Seq 2897"]
    {
        assert_eq!(judge_each(fact("sequence_number").unwrap(), &wanted, text), all, "{text}");
    }
    // Ports of several connections are the same in any order, but each counts once.
    let ports = [pair(37110), pair(47660)];
    let judged = |text: &str| judge_each(fact("client_port").unwrap(), &ports, text).unwrap();
    assert_eq!(judged("47660, 37110"), [Judgement::Right; 2]);
    assert_eq!(judged("47660, 47660"), [Judgement::Wrong, Judgement::Right]);
    // One that is missing, and one too many.
    assert_eq!(judged("47660"), [Judgement::Wrong, Judgement::Right]);
    assert_eq!(judged("5000, 47660, 37110"), [Judgement::Right, Judgement::Right, Judgement::Wrong]);
    let lengths = judge_each(fact("payload_length").unwrap(), &wanted, "2897, 1449, 1").unwrap();
    assert_eq!(lengths, [Judgement::Wrong, Judgement::Right, Judgement::Wrong]);
    // Where any number of values may come, one that cannot be read is still one.
    assert!(readable(fact("client_port").unwrap(), 0, "the usual one").is_err());
    assert!(readable(fact("client_port").unwrap(), 0, "40001").is_ok());
}

/// What stands between two values may stand inside of one, which is then meant for both, or one is missing.
#[test]
fn one_value_with_a_comma_inside_is_not_taken_for_two() {
    let judged = |key: &str, wanted: [Value; 2], text: &str| {
        judge_each(fact(key).unwrap(), &wanted.map(|value| (value, None)), text)
    };
    let flags = |text: &str| judged("flags", [Value::Flags(0x18), Value::Flags(0x18)], text);
    for text in ["both PSH, ACK", "PSH, ACK (both)", "PSH, ACK each", "PSH, ACK; PSH, ACK", "beide PSH, ACK"] {
        assert_eq!(flags(text), Ok(vec![Judgement::Right; 2]), "{text}");
    }
    for text in ["PSH, ACK", "PSH ACK", "ACK, PSH"] {
        assert_eq!(flags(text), Err("2 values are asked for, and 1 is given".to_owned()), "{text}");
    }
    assert_eq!(flags("SYN, ACK"), Ok(vec![Judgement::Wrong; 2]));
    let handshake = [0x02, 0x12, 0x10].map(|flags| (Value::Flags(flags), None));
    let judged_handshake = judge_each(fact("flags").unwrap(), &handshake, "SYN; ACK; ACK").unwrap();
    assert_eq!(judged_handshake, [Judgement::Right, Judgement::Wrong, Judgement::Right]);
    let lengths = |text: &str| judged("payload_length", [Value::Number(1448), Value::Number(1448)], text);
    assert!(lengths("1,448").is_err());
    assert_eq!(lengths("1,448 both"), Ok(vec![Judgement::Right; 2]));
    assert_eq!(lengths("1,449"), Ok(vec![Judgement::Wrong; 2]));
    let two = judged("payload_length", [Value::Number(1), Value::Number(448)], "1,448");
    assert_eq!(two, Ok(vec![Judgement::Right; 2]));
}

#[test]
fn usual_answers_are_understood_as_they_stand() {
    for (key, value, right, wrong) in [
        ("ip_version", Value::Number(4), ["IPv4", "IPv4.", "ip version 4"], "IPv6"),
        ("protocol_number", Value::Number(6), ["TCP (6)", "6 (TCP)", "TCP = 6"], "UDP (17)"),
        (
            "payload_text",
            Value::Text("gr\u{fc}\u{df}e".to_owned()),
            ["gru\u{308}\u{df}e", "Gr\u{fc}\u{df}e", "'gr\u{fc}\u{df}e'"],
            "gruse",
        ),
    ] {
        let judged = |text: &str| judge_each(fact(key).unwrap(), &[(value.clone(), None)], text);
        assert_eq!(right.map(judged), [const { Judgement::Right }; 3].map(|right| Ok(vec![right])), "{key}");
        assert_eq!(judged(wrong), Ok(vec![Judgement::Wrong]), "{key}");
    }
    assert!(readable(fact("protocol_number").unwrap(), 1, "UDP (6)").is_err());
}

#[test]
fn a_unit_at_the_end_of_a_list_is_that_of_all() {
    use Judgement::{Right, Unclear, Wrong};
    let times = [20_521_000, 20_570_000, 20_560_000].map(|time| (Value::Time(time), None));
    let judged = |text: &str| judge_each(fact("round_trip_time").unwrap(), &times, text);
    for text in [
        "20.52, 20.57, 20.56 ms",
        "20.52; 20.57; 20.56 ms",
        "20.52 20.57 20.56 ms",
        "20.52, 20.57 and 20.56 ms.",
        "20,52; 20,57; 20,56 ms",
        "20521, 20570, 20560 µs",
        "20.52 / 20.57 / 20.56 (ms)".replace(" /", ",").as_str(),
        "0.02052, 0.02057, 0.02056 s",
        "20.52 ms, 20.57, 20.56 ms",
        "20.52 ms, 20.57, 20.56",
        "20.52 ms; 20.57 ms; 20.56",
        "20520 µs, 20.57 ms, 20.56",
        "20.52 ms; 20.57 ms; 20.56 ms",
        "0.02052; 0.02057; 0.02056",
    ] {
        assert_eq!(judged(text), Ok(vec![Right; 3]), "{text}");
        assert!(readable(fact("round_trip_time").unwrap(), 3, text).is_ok(), "{text}");
    }
    assert_eq!(judged("20.52, 20.57, 20.56 s"), Ok(vec![Wrong; 3]));
    assert_eq!(judged("0.02052, 0.02057, 0.02056 ms"), Ok(vec![Wrong; 3]));
    // Where some have units of their own, one without may be in seconds.
    assert_eq!(judged("0.02052, 20.57 ms, 20.56 ms"), Ok(vec![Unclear, Right, Right]));
    assert_eq!(judged("20.52 ms, 0.02057, 0.02056"), Ok(vec![Right, Unclear, Unclear]));
    let rates = [7, 8].map(|rate| (Value::Rate { bytes: rate * 1_000_000, nanoseconds: 1_000_000_000 }, None));
    assert_eq!(judge_each(fact("throughput_data").unwrap(), &rates, "7.0, 8.0 MB/s"), Ok(vec![Right; 2]));
    assert_eq!(judge_each(fact("throughput_data").unwrap(), &rates, "7.0, 8.0 (Mbit/s)"), Ok(vec![Wrong; 2]));
}

/// Most of the world sets thousands apart with a dot.
#[test]
fn a_dot_between_thousands_of_a_measure_is_for_a_person() {
    let rate = Value::Rate { bytes: 877_299, nanoseconds: 1_000_000_000 };
    let average = Value::Average { bytes: 1_441_370, frames: 1000 };
    for (key, value, written, judgement) in [
        ("throughput_data", &rate, "877.299 Byte/s", Judgement::Unclear),
        ("throughput_data", &rate, "877.299 kB/s", Judgement::Right),
        ("throughput_data", &rate, "877,299 B/s", Judgement::Right),
        ("throughput_data", &rate, "977.299 Byte/s", Judgement::Wrong),
        ("average_payload", &average, "1.441 Byte", Judgement::Unclear),
        ("average_payload", &average, "1.541 Byte", Judgement::Wrong),
        ("average_payload", &average, "1.44 Byte", Judgement::Wrong),
        ("duration", &Value::Time(20_521_000_000), "20.521 ms", Judgement::Unclear),
        ("duration", &Value::Time(156_081_338), "0.156", Judgement::Right),
        ("duration", &Value::Time(156_000_000_000), "0.156", Judgement::Wrong),
    ] {
        assert_eq!(judged(key, value, written), Ok(judgement), "{key}: {written}");
    }
}

/// One microsecond off is right, and a computer keeps neither value quite.
#[test]
fn a_time_is_right_in_whatever_unit_it_is_off_by_a_microsecond() {
    for text in ["10 µs", "0.00001", "0.01 ms", "0.000008", "0.008 ms"] {
        assert_eq!(judged("initial_rtt", &Value::Time(9_000), text), Ok(Judgement::Right), "{text}");
    }
    assert_eq!(judged("initial_rtt", &Value::Time(9_000), "0.000011"), Ok(Judgement::Wrong));
}
